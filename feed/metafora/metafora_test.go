package metafora

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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

const key = "geheim-metafora-4711"

// server answers as Metafora's API v2 does, as far as its clients know.
type server struct {
	*httptest.Server
	t        *testing.T
	mu       sync.Mutex
	requests []string
	uploads  []file // that were taken
	files    map[string]*file
	hashes   map[[32]byte]string // file_uid of a content
	slow     int                 // how often a file is not processed yet
	broken   bool                // files cannot be processed
	refuse   string              // an article with this title is refused
	status   int                 // of the next upload, in place of all else
}

type file struct {
	Doc      string
	polls    int
	ISSN     string   `xml:"issn"`
	EISSN    string   `xml:"eissn"`
	Number   string   `xml:"issue>number"`
	Articles []string `xml:"issue>articles>article>artTitles>artTitle"`
	Pages    []string `xml:"issue>articles>article>pages"`
}

func serve(t *testing.T) *server {
	s := &server{t: t, files: map[string]*file{}, hashes: map[[32]byte]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v2/files/journal/{$}", s.upload)
	mux.HandleFunc("GET /api/v2/files/status/{$}", s.state)
	mux.HandleFunc("DELETE /api/v2/files/{uid}", func(w http.ResponseWriter, r *http.Request) {
		uid := r.PathValue("uid")
		if s.files[uid] == nil {
			s.say(w, 404, `{"message": "not found"}`)
			return
		}
		s.drop(uid)
		w.WriteHeader(http.StatusNoContent)
	})
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		if r.Header.Get("Api-Key") != key {
			s.say(w, 401, `{"message": "API key deactivated"}`)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) drop(uid string) {
	delete(s.hashes, sha256.Sum256([]byte(s.files[uid].Doc)))
	delete(s.files, uid)
}

func (s *server) say(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, body)
}

func (s *server) upload(w http.ResponseWriter, r *http.Request) {
	part, _, err := r.FormFile("xml")
	if err != nil {
		s.say(w, 400, `{"message": "no xml"}`)
		return
	}
	doc, err := io.ReadAll(part)
	require.NoError(s.t, err)
	if s.status != 0 {
		s.say(w, s.status, `{"message": "as the test says"}`)
		s.status = 0
		return
	}
	f := file{Doc: string(doc)}
	if err := xml.Unmarshal(doc, &f); err != nil || f.ISSN == "" && f.EISSN == "" || len(f.Pages) != len(f.Articles) {
		s.say(w, 422, `{"message": "Missing required data", "error": "MISSING_REQUIRED_DATA", "data": {"errors": ["ISSN"]}}`)
		return
	}
	if s.refuse != "" && slices.Contains(f.Articles, s.refuse) {
		b, _ := json.Marshal(map[string]any{"message": "Missing required data", "error": "MISSING_REQUIRED_DATA",
			"data": map[string]any{"errors": []string{"Публикация «" + s.refuse + "»: необходимо указать диапазон страниц."}}})
		s.say(w, 422, string(b))
		return
	}
	sum := sha256.Sum256(doc)
	if uid := s.hashes[sum]; uid != "" {
		s.say(w, 409, fmt.Sprintf(`{"message": "XML file already exists", "error": "XML_ALREADY_EXISTS", "data": {"exists_file_uid": %q}}`, uid))
		return
	}
	s.uploads = append(s.uploads, f)
	uid := fmt.Sprintf("file-%d", len(s.uploads))
	s.files[uid], s.hashes[sum] = &f, uid
	s.say(w, 200, fmt.Sprintf(`{"message": "Success", "data": {"file_uid": %q}}`, uid))
}

func (s *server) state(w http.ResponseWriter, r *http.Request) {
	uid := r.URL.Query().Get("file_uid")
	f := s.files[uid]
	if f == nil {
		s.say(w, 404, `{"message": "not found"}`)
		return
	}
	f.polls++
	code, text := 3, "Processed"
	switch {
	case f.polls <= s.slow:
		code, text = min(f.polls, 2), "In process"
	case s.broken:
		code, text = 4, "Error"
	}
	s.say(w, 200, fmt.Sprintf(`{"data": {"file_uid": %q, "xml": {"status": {"code": %d, "status_text": %q}}, "articles": ["a1"]}}`, uid, code, text))
}

func target(db store.Store, s *server) *Metafora {
	r := feed.Reader{Store: db, RepositoryID: "x.org", Site: Site}
	return &Metafora{Server: s.URL, Credentials: feed.Credentials{APIKey: key}, State: feed.State{Marks: db, Feed: "test"}, Quiet: -1, Poll: time.Millisecond, Read: r.Read}
}

func run(t *testing.T, f *feed.Feed) feed.Report {
	t.Helper()
	rep, err := f.Run(bg)
	require.NoError(t, err)
	return rep
}

func item(t *testing.T, db store.Store, local string) deposit.Item {
	t.Helper()
	it, err := deposit.Load(bg, feed.State{Marks: db, Feed: "test"}, local)
	require.NoError(t, err)
	return it
}

func TestIssuesAreUploadedWhole(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	s.slow = 2
	for _, n := range []int{3, 1, 2, 11} {
		Put(t, db, Article(n, fmt.Sprintf("Article %d", n)))
	}
	m := target(db, s)
	m.Quiet = time.Second
	f := Feed(db, m, log)
	f.Items = 1 // an issue that comes article by article is uploaded once all the same
	assert.Equal(t, 4, run(t, f).Sent)
	m.Quiet, f.Items = -1, 0
	require.Len(t, s.uploads, 2)
	assert.Equal(t, []string{"Article 1", "Article 2", "Article 3"}, s.uploads[0].Articles)
	assert.Equal(t, []string{"Article 11"}, s.uploads[1].Articles)
	assert.Equal(t, []string{"10-19", "20-29", "30-39"}, s.uploads[0].Pages)
	assert.Equal(t, "taken", item(t, db, Local(1)).Status)
	assert.Contains(t, item(t, db, Local(1)).Message, "file-1")

	// One article changes: its issue goes again, whole, and the other does not.
	Put(t, db, Article(2, "Article 2, corrected"))
	run(t, f)
	require.Len(t, s.uploads, 3)
	assert.Equal(t, []string{"Article 1", "Article 2, corrected", "Article 3"}, s.uploads[2].Articles)

	// It moves to the other issue, and then that loses its articles.
	Put(t, db, Full(Local(2), strings.ReplaceAll(string(Article(2, "Article 2, moved").Article), `"issue": "1"`, `"issue": "2"`)))
	run(t, f)
	require.Len(t, s.uploads, 5)
	assert.Equal(t, []string{"Article 1", "Article 3"}, s.uploads[3].Articles)
	assert.Equal(t, []string{"Article 11", "Article 2, moved"}, slices.Sorted(slices.Values(s.uploads[4].Articles)))
	Put(t, db, Delete(2), Delete(11))
	assert.Equal(t, 2, run(t, f).Deleted)
	assert.NotContains(t, s.files, "file-5")
	assert.Equal(t, "deleted", item(t, db, Local(11)).Status)
	assert.Len(t, s.uploads, 5)

	n := len(s.requests)
	run(t, f)
	assert.Len(t, s.requests, n, "nothing has changed")
	t.Run("schema", func(t *testing.T) {
		assert.Empty(t, fixturetest.XSD(t, "indexers/elibrary/journal3.xsd", map[string][]byte{"issue": []byte(s.uploads[0].Doc)}))
	})
}

// A feed that dies after an upload whose answer was lost finds the file that is there.
func TestAFileThatIsThereAlready(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	Put(t, db, Article(1, "One"))
	run(t, Feed(db, target(db, s), log))
	marks, err := db.Marks(bg, "")
	require.NoError(t, err)
	for _, m := range marks { // as if nothing of it had been kept
		require.NoError(t, db.SetMark(bg, m.Name, nil))
	}
	rep := run(t, Feed(db, target(db, s), log))
	assert.Zero(t, rep.Refused)
	assert.Len(t, s.uploads, 1)
	assert.Equal(t, "taken", item(t, db, Local(1)).Status)
	assert.Contains(t, item(t, db, Local(1)).Message, "file-1")
}

func TestRefusals(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	noAuthor := Full("none", strings.Replace(string(Article(4, "Without an author").Article), `{"type": "author"`, `{"type": "editor"`, 1))
	s.refuse = "Bad one"
	Put(t, db, Article(1, "One"), Article(2, "Bad one"), noAuthor, Article(3, "Three"), Full("loose", `{"title": {"text": "In no issue"}}`))
	var told []string
	f := Feed(db, target(db, s), log)
	f.Refused = func(r feed.Refusal) { told = append(told, r.Local+" "+r.Reason) }
	rep := run(t, f)
	assert.Equal(t, 3, rep.Refused)
	require.Len(t, s.uploads, 1)
	assert.Equal(t, []string{"One", "Three"}, s.uploads[0].Articles)
	assert.Equal(t, []string{
		"loose no-issue: the article does not say in which journal, year and volume or issue it stands",
		Local(2) + " 422: Публикация «Bad one»: необходимо указать диапазон страниц.",
		"none no-author: elibrary: no author is named",
	}, told)
	assert.Equal(t, "refused", item(t, db, Local(2)).Status)
	assert.Equal(t, "taken", item(t, db, Local(3)).Status)
	Put(t, db, Article(2, "Mended one"))
	run(t, f)
	assert.Equal(t, []string{"One", "Mended one", "Three"}, s.uploads[1].Articles)
	assert.Equal(t, "taken", item(t, db, Local(2)).Status)

	// What names no article refuses the issue.
	s.status = 403
	Put(t, db, Article(2, "No right to this journal"))
	rep = run(t, f)
	assert.Equal(t, 3, rep.Refused)
	assert.Equal(t, "refused", item(t, db, Local(1)).Status)
	f.Retry = true
	run(t, f)
	assert.Equal(t, "taken", item(t, db, Local(1)).Status)
	f.Retry = false

	s.broken = true
	Put(t, db, Article(1, "It cannot be processed"))
	rep = run(t, f)
	assert.Equal(t, 3, rep.Refused)
	assert.Contains(t, item(t, db, Local(3)).Message, "could not be processed: Error")
}

func TestTheKey(t *testing.T) {
	db, s, log := Store(t), serve(t), &Log{}
	Put(t, db, Article(1, "One"))
	m := target(db, s)
	m.Credentials.APIKey = "falsch-0815"
	_, err := Feed(db, m, log).Run(bg)
	var fatal *feed.Fatal
	require.ErrorAs(t, err, &fatal)
	assert.Contains(t, err.Error(), "401")
	assert.NotContains(t, err.Error()+log.String(), "0815")
	run(t, Feed(db, target(db, s), log)) // what was due still is
	assert.Len(t, s.uploads, 1)
	s.status = 503
	Put(t, db, Article(1, "One, corrected"))
	rep := run(t, Feed(db, target(db, s), log))
	assert.Equal(t, 1, rep.Retries)
	assert.Len(t, s.uploads, 2)

	s.Close()
	Put(t, db, Article(2, "Two"))
	f := Feed(db, target(db, s), log)
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
	require.Error(t, (&Metafora{Server: Live}).Check())
}

// An issue that is still changing is not uploaded yet.
func TestQuiet(t *testing.T) {
	db, s := Store(t), serve(t)
	m := target(db, s)
	now := time.Now()
	m.Quiet, m.Now = time.Minute, func() time.Time { return now }
	Put(t, db, Article(1, "One"))
	f := Feed(db, m, &Log{})
	f.NoWait = true
	run(t, f)
	now = now.Add(50 * time.Second)
	Put(t, db, Article(2, "Two"))
	run(t, f)
	now = now.Add(50 * time.Second)
	run(t, f)
	assert.Empty(t, s.uploads)
	now = now.Add(50 * time.Second)
	run(t, f)
	require.Len(t, s.uploads, 1)
	assert.Equal(t, []string{"One", "Two"}, s.uploads[0].Articles)
}

func TestDryRun(t *testing.T) {
	db, s, dir := Store(t), serve(t), t.TempDir()
	Put(t, db, Article(1, "One"), Article(2, "Two"))
	m := target(db, s)
	m.Client.Dir = dir
	f := Feed(db, m, &Log{})
	f.Dry = true
	run(t, f)
	assert.Empty(t, s.requests)
	head, err := os.ReadFile(filepath.Join(dir, "000001.http"))
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(head), "POST /api/v2/files/journal/ HTTP/1.1\r\n"))
	assert.NotContains(t, string(head), key)
	run(t, Feed(db, target(db, s), &Log{}))
	form, err := os.ReadFile(filepath.Join(dir, "000001.form"))
	require.NoError(t, err)
	assert.Contains(t, string(form), s.uploads[0].Doc)
	assert.NoFileExists(t, filepath.Join(dir, "000002.http"))
}
