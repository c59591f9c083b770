package doaj

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/feed"
	"sheaf/feed/deposit"
	. "sheaf/feed/deposit/deposittest"
	"sheaf/store"
)

var bg = context.Background()

func target(db store.Store, s *server) *DOAJ {
	r := feed.Reader{Store: db, RepositoryID: "x.org", Site: Site}
	return &DOAJ{Server: s.URL, Credentials: feed.Credentials{APIKey: key}, State: feed.State{Marks: db, Feed: "test"}, Pace: -1, Poll: time.Millisecond, Read: r.Read}
}

func item(t *testing.T, db store.Store, local string) deposit.Item {
	t.Helper()
	it, err := deposit.Load(bg, feed.State{Marks: db, Feed: "test"}, local)
	require.NoError(t, err)
	return it
}

// titles are those that are at DOAJ, by DOI.
func (s *server) titles() map[string]string {
	all := map[string]string{}
	for _, a := range s.articles {
		all[a.id("doi")] = a.Bibjson.Title
	}
	return all
}

// said returns the requests since it was last asked.
func (s *server) said() []string {
	r := s.requests
	s.requests = nil
	return r
}

func run(t *testing.T, f *feed.Feed) feed.Report {
	t.Helper()
	rep, err := f.Run(bg)
	require.NoError(t, err)
	return rep
}

func TestCreateUpdateDelete(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	f := Feed(db, target(db, s), log)
	Put(t, db, Article(1, "One"), Article(2, "Two"))
	assert.Equal(t, 2, run(t, f).Sent)
	assert.Equal(t, []string{"POST /api/v4/articles", "POST /api/v4/articles"}, s.said())
	one := item(t, db, Local(1))
	assert.Equal(t, "taken", one.Status)
	require.Contains(t, s.articles, one.ID)

	// The DOI and the address of an article change: it stays the same article, because its identifier is known.
	Put(t, db, Full(Local(1), strings.ReplaceAll(string(Article(1, "One, with another DOI").Article), `"10.5555/test.1"`, `"10.5555/new.1"`)))
	run(t, f)
	assert.Equal(t, []string{"PUT /api/v4/articles/" + one.ID}, s.said())
	assert.Equal(t, map[string]string{"10.5555/new.1": "One, with another DOI", Local(2): "Two"}, s.titles())

	Put(t, db, Delete(1))
	assert.Equal(t, 1, run(t, f).Deleted)
	assert.Equal(t, []string{"DELETE /api/v4/articles/" + one.ID}, s.said())
	assert.Equal(t, map[string]string{Local(2): "Two"}, s.titles())
	assert.Equal(t, "deleted", item(t, db, Local(1)).Status)
	Put(t, db, Article(1, "One is back"))
	run(t, f)
	assert.Equal(t, []string{"POST /api/v4/articles"}, s.said())

	// What somebody has deleted at DOAJ is created anew, and a deletion of it is none.
	clear(s.articles)
	Put(t, db, Article(2, "Two again"), Delete(1))
	assert.Zero(t, run(t, f).Refused)
	assert.Equal(t, map[string]string{Local(2): "Two again"}, s.titles())
	s.said()
	run(t, f)
	assert.Empty(t, s.said(), "nothing has changed")
	f.Restart = true
	run(t, f)
	assert.Equal(t, []string{"PUT /api/v4/articles/" + item(t, db, Local(2)).ID}, s.said(), "what is deleted and not there needs nothing")
}

// An article whose creation was not answered is created once all the same, and every answer that may be another next time is waited for.
func TestRetries(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	Put(t, db, Article(1, "One"), Article(2, "Two"))
	s.next = []func(http.ResponseWriter) bool{
		func(w http.ResponseWriter) bool { return false }, // lost
		func(w http.ResponseWriter) bool {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		},
		func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusBadGateway); return true },
	}
	began := time.Now()
	rep := run(t, Feed(db, target(db, s), log))
	assert.Equal(t, 3, rep.Retries)
	assert.GreaterOrEqual(t, time.Since(began), time.Second, "Retry-After")
	assert.Equal(t, map[string]string{Local(1): "One", Local(2): "Two"}, s.titles())
	assert.Contains(t, s.articles, item(t, db, Local(1)).ID)

	// What was sent before a failure in the same batch is not sent again.
	Put(t, db, Article(3, "Three"), Article(4, "Four"))
	s.said()
	s.next = []func(http.ResponseWriter) bool{nil, func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusBadGateway); return true }}
	run(t, Feed(db, target(db, s), log))
	assert.Len(t, s.said(), 3)
}

func TestRefusals(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	Put(t, db, Article(1, "Refuse me"), Full("other", strings.ReplaceAll(string(Article(2, "Of another account").Article), "1234-5679", "2434-561X")),
		Article(3, "Three"), Full("closed", `{"title": {"text": "Without a journal"}}`))
	var told []string
	f := Feed(db, target(db, s), log)
	f.Refused = func(r feed.Refusal) { told = append(told, r.Local+" "+r.Reason) }
	rep := run(t, f)
	assert.Equal(t, 1, rep.Sent)
	assert.Equal(t, []string{
		Local(1) + " 400: Field 'year' is not an integer (ref: 1)",
		"other 403: It is not possible to create an article for this journal. (ref: 1)",
		"closed no-issn: doaj: the journal has no ISSN, and DOAJ finds it by that",
	}, told)
	assert.Equal(t, "refused", item(t, db, "other").Status)
	Put(t, db, Article(1, "One, mended"))
	assert.Zero(t, run(t, f).Refused)
	assert.Equal(t, "taken", item(t, db, Local(1)).Status)
}

// Many 403 in a row mean the account, and end the run.
func TestAnAccountWithoutTheJournalEndsTheRun(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	s.issns = nil
	for n := range 2 * maxForbidden {
		Put(t, db, Article(n, "Article"))
	}
	_, err := Feed(db, target(db, s), log).Run(bg)
	var fatal *feed.Fatal
	require.ErrorAs(t, err, &fatal)
	assert.Contains(t, err.Error(), fmt.Sprintf("%d articles in a row", maxForbidden))
	assert.Len(t, s.requests, maxForbidden)
}

func TestTheKeyIsNeverTold(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	Put(t, db, Article(1, "One"))
	d := target(db, s)
	d.Credentials.APIKey = "falsch-0815"
	_, err := Feed(db, d, log).Run(bg)
	var fatal *feed.Fatal
	require.ErrorAs(t, err, &fatal)
	assert.Contains(t, err.Error(), "401")
	assert.NotContains(t, err.Error()+log.String(), "0815")
	d = target(db, s)
	f := Feed(db, d, log)
	run(t, f)
	s.CloseClientConnections()
	s.Close()
	Put(t, db, Article(2, "Two"))
	f.Patience = time.Nanosecond
	_, err = f.Run(bg)
	require.ErrorIs(t, err, feed.ErrPatience)
	said := err.Error() + log.String()
	marks, err := db.Marks(bg, "")
	require.NoError(t, err)
	for _, m := range marks {
		said += string(m.Value)
	}
	assert.NotContains(t, said, key)
	require.Error(t, (&DOAJ{Server: Live}).Check())
}

func TestPace(t *testing.T) {
	db, s := Store(t), serve(t)
	Put(t, db, Article(1, "One"), Article(2, "Two"), Article(3, "Three"))
	d := target(db, s)
	d.Pace = 30 * time.Millisecond
	began := time.Now()
	run(t, Feed(db, d, &Log{}))
	assert.GreaterOrEqual(t, time.Since(began), 2*d.Pace)
}

func TestBulk(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	s.slow = 2
	d := target(db, s)
	d.Bulk = 3
	for n := 1; n <= 4; n++ {
		Put(t, db, Article(n, "Article"))
	}
	f := Feed(db, d, log)
	rep := run(t, f)
	assert.Equal(t, 4, rep.Sent)
	assert.Equal(t, []string{"POST /api/v4/bulk/articles", "GET /api/v4/bulk/articles/upload1", "GET /api/v4/bulk/articles/upload1", "GET /api/v4/bulk/articles/upload1"}, s.said())
	assert.Len(t, s.articles, 4)
	assert.Equal(t, "taken", item(t, db, Local(4)).Status)

	// Their identifiers are found when they are needed.
	Put(t, db, Article(1, "Article, corrected"), Delete(2))
	run(t, f)
	assert.Equal(t, map[string]string{Local(1): "Article, corrected", Local(3): "Article", Local(4): "Article"}, s.titles())
	assert.NotEmpty(t, item(t, db, Local(1)).ID)
	s.said()

	// What is at fault in an upload is found by sending each by itself.
	Put(t, db, Article(5, "Five"), Article(6, "Refuse me"), Article(7, "Seven"))
	rep = run(t, f)
	assert.Equal(t, 1, rep.Refused)
	assert.Len(t, s.articles, 5)
	assert.Equal(t, "refused", item(t, db, Local(6)).Status)
	assert.Equal(t, "taken", item(t, db, Local(7)).Status)
	assert.NotEmpty(t, item(t, db, Local(7)).ID)

	// A change of what is in an upload under way waits for it, so that the upload cannot undo it.
	f.NoWait = true
	s.slow = 1 << 20
	Put(t, db, Article(8, "Eight"), Article(9, "Nine"), Article(10, "Ten"))
	run(t, f)
	Put(t, db, Article(8, "Eight, corrected"), Delete(9))
	s.mu.Lock()
	for _, b := range s.uploads {
		b.polls = s.slow - 6 // four polls from now
	}
	s.mu.Unlock()
	assert.Zero(t, run(t, f).Refused)
	assert.Equal(t, "Eight, corrected", s.titles()[Local(8)])
	assert.NotContains(t, s.titles(), Local(9))
	var open int
	require.NoError(t, feed.State{Marks: db, Feed: "test"}.Each(bg, "upload/", func(string, []byte) error { open++; return nil }))
	assert.Zero(t, open)
}

func TestDryRun(t *testing.T) {
	db, s, dir := Store(t), serve(t), t.TempDir()
	Put(t, db, Article(1, "One"))
	d := target(db, s)
	d.Client.Dir = dir
	f := Feed(db, d, &Log{})
	f.Dry = true
	run(t, f)
	assert.Empty(t, s.requests)
	head, err := os.ReadFile(filepath.Join(dir, "000001.http"))
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(head), "POST /api/v4/articles?api_key=%5Bcredentials%5D HTTP/1.1"))
	assert.NotContains(t, string(head), key)
	body, err := os.ReadFile(filepath.Join(dir, "000001.json"))
	require.NoError(t, err)
	id, status, why := s.take("", body)
	assert.NotEmpty(t, id, "%d %s", status, why)
	marks, err := db.Marks(bg, "")
	require.NoError(t, err)
	assert.Empty(t, marks)
}
