package crossref

import (
	"context"
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
	"sheaf/fixtures/fixturetest"
	"sheaf/store"
)

var bg = context.Background()

func target(db store.Store, s *server) *Crossref {
	r := feed.Reader{Store: db, RepositoryID: "x.org", Site: Site}
	return &Crossref{Server: s.URL, Depositor: "Example Press", Email: "deposits@example.org", Poll: time.Millisecond, Read: r.Read,
		Credentials: feed.Credentials{User: user, Password: password}, State: feed.State{Marks: db, Feed: "test"}}
}

// kept is what is kept of each item: its status and the words, by local.
func kept(t *testing.T, db store.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, deposit.Each(bg, feed.State{Marks: db, Feed: "test"}, func(it deposit.Item) error {
		all[it.Local] = it.Status + ": " + it.Message
		return nil
	}))
	return all
}

// open is how many batches are kept as open.
func open(t *testing.T, db store.Store) (n int) {
	t.Helper()
	require.NoError(t, feed.State{Marks: db, Feed: "test"}.Each(bg, "batch/", func(string, []byte) error { n++; return nil }))
	return n
}

func TestOutcomesAreKeptForEachDOI(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	s.slow = 3
	s.say[Local(2)], s.say[Local(3)], s.say[Local(4)] = "Warning", "Conflict", "Failure"
	Put(t, db, Article(1, "One"), Article(2, "Two"), Article(3, "Three"), Article(4, "Four"), Full("none", `{"title": {"text": "Without a DOI"}}`))
	f := Feed(db, target(db, s), log)
	var told []string
	f.Refused = func(r feed.Refusal) { told = append(told, r.Local+" "+r.Reason) }
	rep, err := f.Run(bg)
	require.NoError(t, err)
	assert.Equal(t, 4, rep.Sent)
	assert.Equal(t, 2, rep.Refused)
	require.Len(t, s.sent(), 1, "articles of one journal are one batch")
	p := s.sent()[0]
	assert.Equal(t, []string{Local(1), Local(2), Local(3), Local(4)}, p.head.DOIs)
	assert.Equal(t, []string{"Journal of Tests"}, p.head.Journals, "articles of one issue share the journal")
	assert.Equal(t, "Example Press deposits@example.org", p.head.Depositor+" "+p.head.Email)
	assert.Contains(t, p.doc, "<resource>"+Site+"/records/")
	assert.Equal(t, map[string]string{
		Local(1): "taken: Successfully added",
		Local(2): "warning: Added with a title that differs",
		Local(3): "conflict: Added with conflict (conflict 286 with 10.5555/other)",
		Local(4): "refused: User not allowed to add records for prefix: 10.5555",
		"none":   "refused: no DOI: Crossref takes only what has one",
	}, kept(t, db))
	assert.Equal(t, []string{"none no-doi: no DOI: Crossref takes only what has one", Local(4) + " User not allowed to add records for prefix: 10.5555"}, told)
	standing, err := feed.Refusals(bg, db, "test")
	require.NoError(t, err)
	assert.Len(t, standing, 2)
	assert.Zero(t, open(t, db))

	// A change is deposited again, with a higher timestamp; what was refused is, when it is asked for.
	delete(s.say, Local(4))
	Put(t, db, Article(1, "One, corrected"), Delete(2), store.Change{Local: "none", Delete: true})
	f.Retry = true
	rep, err = f.Run(bg)
	require.NoError(t, err)
	require.Len(t, s.sent(), 3)
	assert.Greater(t, s.sent()[1].head.Timestamp, p.head.Timestamp)
	assert.Greater(t, s.sent()[2].head.Timestamp, s.sent()[1].head.Timestamp)
	assert.Contains(t, s.sent()[2].doc, "One, corrected")
	now := kept(t, db)
	assert.Equal(t, "taken: Successfully added", now[Local(4)])
	assert.True(t, strings.HasPrefix(now[Local(2)], "deleted: a DOI cannot be deleted"), now[Local(2)])
	standing, err = feed.Refusals(bg, db, "test")
	require.NoError(t, err)
	assert.Empty(t, standing)

	posts := len(s.sent())
	f.Retry = false
	_, err = f.Run(bg)
	require.NoError(t, err)
	assert.Len(t, s.sent(), posts, "nothing has changed")
	f.Restart = true
	_, err = f.Run(bg)
	require.NoError(t, err)
	assert.Len(t, s.sent(), posts+1, "a restart deposits all anew")
	assert.Equal(t, []string{Local(3), Local(4), Local(1)}, s.sent()[posts].head.DOIs)
	assert.Equal(t, "taken: Successfully added", kept(t, db)[Local(1)])
}

// After a 5xx, and after a deposit whose answer was lost, the same batch is sent again, byte for byte; that Crossref has it already is no failure.
func TestTheSameBatchIsSentAgain(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	var bodies []string
	s.next = []func(http.ResponseWriter) bool{
		func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusServiceUnavailable); return true },
		func(w http.ResponseWriter) bool { return false }, // taken, and the connection cut
		func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusBadGateway); return true },
	}
	Put(t, db, Article(1, "One"), Article(2, "Two"))
	rep, err := Feed(db, target(db, s), log).Run(bg)
	require.NoError(t, err)
	assert.Equal(t, 2, rep.Sent)
	assert.Zero(t, rep.Refused)
	assert.Equal(t, 3, rep.Retries)
	for _, p := range s.sent() {
		bodies = append(bodies, p.body)
	}
	require.Len(t, bodies, 2)
	assert.Equal(t, bodies[0], bodies[1])
	assert.Equal(t, "taken: Successfully added", kept(t, db)[Local(1)])
}

// A feed that dies between the deposit and its answer finds it at Crossref, and does not deposit again.
func TestAKilledFeedFindsItsDeposit(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	s.slow = 2
	Put(t, db, Article(1, "One"), Article(2, "Two"))
	s.next = []func(http.ResponseWriter) bool{func(http.ResponseWriter) bool { return false }}
	f := Feed(db, target(db, s), log)
	f.Patience = time.Nanosecond
	_, err := f.Run(bg)
	require.ErrorIs(t, err, feed.ErrPatience)
	require.Len(t, s.sent(), 1)
	require.Equal(t, 1, open(t, db))

	Put(t, db, Article(2, "Two, corrected")) // meanwhile
	rep, err := Feed(db, target(db, s), log).Run(bg)
	require.NoError(t, err)
	assert.Equal(t, 2, rep.Sent)
	assert.Zero(t, rep.Refused)
	assert.Zero(t, open(t, db))
	last := s.sent()[len(s.sent())-1]
	assert.Contains(t, last.doc, "Two, corrected")
	assert.Equal(t, s.version(Local(2)), last.head.Timestamp, "the later state is there")
	assert.Equal(t, "taken: Successfully added", kept(t, db)[Local(2)])
}

// A batch that never arrived is forgotten, and its items are sent in a new one.
func TestADepositThatNeverArrivedIsSentAgain(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	Put(t, db, Article(1, "One"))
	s.next = []func(http.ResponseWriter) bool{func(http.ResponseWriter) bool { panic(http.ErrAbortHandler) }}
	f := Feed(db, target(db, s), log)
	f.Patience = time.Nanosecond
	_, err := f.Run(bg)
	require.ErrorIs(t, err, feed.ErrPatience)
	require.Empty(t, s.sent())
	_, err = Feed(db, target(db, s), log).Run(bg)
	require.NoError(t, err)
	require.Len(t, s.sent(), 1)
	assert.Equal(t, "taken: Successfully added", kept(t, db)[Local(1)])
	assert.Zero(t, open(t, db))
}

// The outcome of an earlier deposit never replaces that of a later one, in whatever order they are known.
func TestAnEarlierOutcomeReplacesNothing(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	s.slow = 1 << 20
	c := target(db, s)
	Put(t, db, Article(1, "One"))
	f := Feed(db, c, log)
	f.NoWait = true
	_, err := f.Run(bg)
	require.NoError(t, err)
	Put(t, db, Article(1, "One, corrected"))
	_, err = f.Run(bg)
	require.NoError(t, err)
	require.Len(t, s.sent(), 2)
	require.Equal(t, 2, open(t, db))
	later := s.sent()[1].file
	s.mu.Lock()
	s.process(s.queue[later]) // Crossref takes the later first, and so refuses the earlier
	s.slow = 0
	s.mu.Unlock()
	f.NoWait = false
	rep, err := f.Run(bg)
	require.NoError(t, err)
	assert.Zero(t, rep.Refused)
	assert.Equal(t, "taken: Successfully added", kept(t, db)[Local(1)])
	assert.Zero(t, open(t, db))
}

func TestCredentials(t *testing.T) {
	for _, sync := range []bool{false, true} {
		db, s, log := Store(t), serve(t), &Log{}
		Put(t, db, Article(1, "One"))
		c := target(db, s)
		c.Sync = sync
		c.Credentials.Password = "falsch-0815"
		_, err := Feed(db, c, log).Run(bg)
		var fatal *feed.Fatal
		require.ErrorAs(t, err, &fatal)
		assert.Contains(t, err.Error(), "401")
		assert.Contains(t, err.Error(), "the user or the password is not right")
		assert.Empty(t, s.sent())
		assert.Zero(t, open(t, db), "what was not taken is not asked for")
		assert.NotContains(t, log.String()+err.Error(), "0815")

		c = target(db, s)
		c.Sync = sync
		s.next = []func(http.ResponseWriter) bool{func(w http.ResponseWriter) bool {
			w.WriteHeader(http.StatusForbidden)
			w.Write([]byte("<html>no role</html>"))
			return true
		}}
		_, err = Feed(db, c, log).Run(bg)
		require.ErrorAs(t, err, &fatal)
		assert.Contains(t, err.Error(), "403")
		_, err = Feed(db, c, log).Run(bg)
		require.NoError(t, err)

		// A server that is gone: the address of the results holds the password.
		Put(t, db, Article(2, "Two"))
		s.slow = 1 << 20
		f := Feed(db, c, log)
		f.NoWait = true
		_, err = f.Run(bg)
		require.NoError(t, err)
		s.CloseClientConnections()
		s.Close()
		Put(t, db, Article(3, "Three"))
		f.Patience = time.Nanosecond
		c.waits = map[string]wait{}
		_, err = f.Run(bg)
		require.Error(t, err)
		marks, err2 := db.Marks(bg, "")
		require.NoError(t, err2)
		said := log.String() + err.Error()
		for _, m := range marks {
			said += string(m.Value)
		}
		assert.NotContains(t, said, password)
		assert.NotContains(t, said, user)
	}
	require.Error(t, (&Crossref{Server: Live, Depositor: "x", Email: "y@example.org"}).Check())
	err := (&Crossref{Server: "https://anna:" + password + "@example.org", Depositor: "x", Email: "y@example.org", Credentials: feed.Credentials{User: user, Password: password}}).Check()
	require.Error(t, err)
	assert.NotContains(t, err.Error(), password)
}

func TestSynchronousDeposits(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	Put(t, db, Article(1, "One"), Article(2, "Two"))
	s.say[Local(2)] = "Failure"
	c := target(db, s)
	c.Sync = true
	rep, err := Feed(db, c, log).Run(bg)
	require.NoError(t, err)
	assert.Equal(t, 1, rep.Sent)
	assert.Equal(t, 1, rep.Refused)
	assert.Zero(t, s.polls)
	Put(t, db, Article(2, "Two, still not")) // all of a batch fail: 403 with the report
	rep, err = Feed(db, c, log).Run(bg)
	require.NoError(t, err)
	assert.Equal(t, 1, rep.Refused)
	assert.Equal(t, "refused: User not allowed to add records for prefix: 10.5555", kept(t, db)[Local(2)])
	assert.Equal(t, "https://api.crossref.org/v2/deposits", (&Crossref{Server: Live, Sync: true}).address())
	assert.Equal(t, "https://test.crossref.org/v2/deposits", (&Crossref{Server: Test, Sync: true}).address())
	assert.Equal(t, "https://test.crossref.org/servlet/deposit", (&Crossref{Server: Test}).address())
}

// A work that breaks a whole batch is found by halves, and spoils none but itself.
func TestOneWorkSpoilsNoBatch(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	for n := 1; n <= 7; n++ {
		Put(t, db, Article(n, "Article"))
	}
	s.invalid = "<doi>" + Local(5) + "</doi>"
	rep, err := Feed(db, target(db, s), log).Run(bg)
	require.NoError(t, err)
	assert.Equal(t, 1, rep.Refused)
	all := kept(t, db)
	for n := 1; n <= 7; n++ {
		if n == 5 {
			assert.Contains(t, all[Local(n)], "refused: Error validating schema")
		} else {
			assert.Equal(t, "taken: Successfully added", all[Local(n)])
		}
	}
	assert.Zero(t, open(t, db))
}

func TestBatchesArePerJournalAndOfBoundedSize(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	other := Full(Local(9), strings.ReplaceAll(strings.ReplaceAll(string(Article(9, "Of another journal").Article), "Journal of Tests", "Other Journal"), "1234-5679", "2434-561X"))
	foreign := Full("foreign", strings.ReplaceAll(string(Article(8, "Harvested").Article), "10.5555/", "10.9999/"))
	twin := Full("twin", string(Article(1, "The same DOI").Article))
	Put(t, db, Article(1, "One"), other, Article(2, "Two"), foreign, Article(3, "Three"), twin)
	c := target(db, s)
	c.Items, c.Prefixes = 2, []string{"10.5555"}
	rep, err := Feed(db, c, log).Run(bg)
	require.NoError(t, err)
	assert.Equal(t, 1, rep.Refused, "the twin")
	var dois [][]string
	for _, p := range s.sent() {
		dois = append(dois, p.head.DOIs)
	}
	assert.Equal(t, [][]string{{Local(1), Local(2)}, {Local(9)}, {Local(3)}}, dois)
	assert.NotContains(t, kept(t, db), "foreign")
}

// When Crossref's queue is full it answers 503, and the feed waits.
func TestAFullQueueIsWaitedFor(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	s.pending = 1
	Put(t, db, Article(1, "One"), Article(2, "Two"), Article(3, "Three"))
	c := target(db, s)
	c.Items = 1
	done := make(chan error, 1)
	go func() {
		_, err := Feed(db, c, log).Run(bg)
		done <- err
	}()
	require.Eventually(t, func() bool { return strings.Contains(log.String(), "2 of 3 items were not taken now") }, 10*time.Second, time.Millisecond, "what went through is not sent again")
	s.mu.Lock()
	s.pending = 3
	s.mu.Unlock()
	require.NoError(t, <-done)
	assert.Len(t, s.sent(), 3)
}

// What says nothing is never taken for a success.
func TestAnswersThatSayNothing(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	Put(t, db, Article(1, "One"))
	for _, answer := range []string{"", "<html>Maintenance</html>", "{}"} {
		s.next = append(s.next, func(w http.ResponseWriter) bool { w.Write([]byte(answer)); return true })
	}
	rep, err := Feed(db, target(db, s), log).Run(bg)
	require.NoError(t, err)
	assert.Equal(t, 3, rep.Retries)
	require.Len(t, s.sent(), 1)
	for _, body := range []string{"", "x", "<html/>", `<doi_batch_diagnostic status="completed">`} {
		_, ok := read([]byte(body))
		assert.False(t, ok, body)
	}
	status, message := outcome(nil, "", false)
	assert.Equal(t, deposit.Refused, status, message)

	// Crossref took it, and knows nothing of it for long.
	c := target(db, s)
	c.Unknown = time.Hour
	now := time.Now()
	c.Now = func() time.Time { return now }
	Put(t, db, Article(2, "Two"))
	f := Feed(db, c, log)
	f.NoWait = true
	s.slow = 1 << 20
	_, err = f.Run(bg)
	require.NoError(t, err)
	s.mu.Lock()
	clear(s.queue)
	s.mu.Unlock()
	now = now.Add(30 * time.Minute)
	_, err = f.Run(bg)
	require.NoError(t, err)
	require.Equal(t, 1, open(t, db))
	now = now.Add(time.Hour)
	rep, err = f.Run(bg)
	require.NoError(t, err)
	assert.Equal(t, 1, rep.Refused)
	assert.Contains(t, kept(t, db)[Local(2)], "does not know it")
}

// A dry run writes the requests as they would be sent, without what is secret, and keeps nothing.
func TestDryRun(t *testing.T) {
	db, s, dir := Store(t), serve(t), t.TempDir()
	Put(t, db, Article(1, "One"), Article(2, "Two"))
	c := target(db, s)
	c.Client.Dir = dir
	f := Feed(db, c, &Log{})
	f.Dry = true
	rep, err := f.Run(bg)
	require.NoError(t, err)
	assert.Equal(t, 2, rep.Sent)
	assert.Empty(t, s.sent())
	marks, err := db.Marks(bg, "")
	require.NoError(t, err)
	assert.Empty(t, marks)
	line, err := os.ReadFile(filepath.Join(dir, "000001.http"))
	require.NoError(t, err)
	form, err := os.ReadFile(filepath.Join(dir, "000001.form"))
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(line), "POST /servlet/deposit HTTP/1.1\r\n"))
	assert.NotContains(t, string(line)+string(form), password)
	assert.NotContains(t, string(line)+string(form), user)

	// With the credentials in their place it is the request that is sent.
	c2 := target(db, s)
	_, err = Feed(db, c2, &Log{}).Run(bg)
	require.NoError(t, err)
	id := s.sent()[0].head.ID
	was := string(form)[strings.Index(string(form), "sheaf-2"):]
	was = was[:strings.Index(was, ".xml")]
	sent := strings.NewReplacer(user, "[credentials]", password, "[credentials]", id, was).Replace(s.sent()[0].body)
	stamp := func(id string) string { return strings.Split(id, "-")[1] }
	assert.Equal(t, string(form), strings.ReplaceAll(sent, stamp(id), stamp(was)))
	t.Run("schema", func(t *testing.T) {
		assert.Empty(t, fixturetest.XSD(t, "indexers/crossref/5.4.0/crossref5.4.0.xsd", map[string][]byte{"batch": []byte(s.sent()[0].doc)}))
	})
}
