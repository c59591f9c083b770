package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/crosswalk/flat"
	"sheaf/ingest"
	"sheaf/store"
	"sheaf/store/sqlite"
)

// service is the API over a store of its own.
type service struct {
	testing.TB
	db      store.Store
	handler http.Handler
	url     string // up to /api/v1
	write   string // tokens
	read    string
	revoked string
	log     *syncBuffer
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func openStore(t testing.TB) store.Store {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func serve(t testing.TB, change ...func(*Options)) *service {
	t.Helper()
	s := &service{TB: t, db: openStore(t), log: &syncBuffer{}}
	o := Options{Store: s.db, RepositoryID: "sheaf.example.org", Site: testSite, Log: slog.New(slog.NewTextHandler(s.log, nil))}
	for _, f := range change {
		f(&o)
	}
	s.handler = New(o)
	server := httptest.NewServer(s.handler)
	t.Cleanup(server.Close)
	s.url = server.URL + "/api/v1"
	s.write, s.read, s.revoked = s.token("writer", true), s.token("reader", false), s.token("former", true)
	require.NoError(t, s.db.RevokeToken(context.Background(), "former", 1))
	return s
}

func (s *service) token(name string, write bool) string {
	s.Helper()
	text, t, err := NewToken(name, write, time.Now())
	require.NoError(s, err)
	require.NoError(s, s.db.PutToken(context.Background(), t))
	return text
}

// reply is an answer, read whole.
type reply struct {
	status int
	head   http.Header
	body   string
}

func (r reply) problem(t testing.TB) (p problem) {
	t.Helper()
	require.Equal(t, "application/problem+json", r.head.Get("Content-Type"), r.body)
	require.NoError(t, json.Unmarshal([]byte(r.body), &p), r.body)
	assert.Equal(t, r.status, p.Status)
	assert.Equal(t, r.head.Get("X-Request-Id"), p.Instance)
	return p
}

func (r reply) stored(t testing.TB) (d stored) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(r.body), &d), r.body)
	return d
}

// do sends a request with the token that may write; header is "Name: value", and "Authorization:" alone takes the token away.
func (s *service) do(method, path, body string, header ...string) reply {
	s.Helper()
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	require.NoError(s, err)
	req.Header.Set("Authorization", "Bearer "+s.write)
	for _, h := range header {
		name, value, _ := strings.Cut(h, ":")
		if req.Header.Del(name); strings.TrimSpace(value) != "" {
			req.Header.Set(name, strings.TrimSpace(value))
		}
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(s, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(s, err)
	assert.NotEmpty(s, res.Header.Get("X-Request-Id"))
	return reply{res.StatusCode, res.Header, string(b)}
}

func (s *service) put(path, article string, header ...string) reply {
	s.Helper()
	return s.do("PUT", path, article, append([]string{"Content-Type: application/json"}, header...)...)
}

func article(title string, more ...string) string {
	return fmt.Sprintf(`{"lang":"en","title":{"text":%q}%s}`, title, strings.Join(append([]string{""}, more...), ","))
}

func doi(d string) string { return fmt.Sprintf(`"ids":[{"type":"doi","value":%q}]`, d) }

func TestRecord(t *testing.T) {
	s := serve(t)
	const path = "/records/10.5555/things"
	r := s.put(path, article("On things"))
	require.Equal(t, 201, r.status, r.body)
	d := r.stored(t)
	assert.Equal(t, "oai:sheaf.example.org:10.5555/things", d.Identifier)
	assert.Equal(t, "10.5555/things", d.Local)
	assert.Equal(t, store.Created, d.Status)
	assert.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, d.Datestamp)
	assert.Contains(t, r.body, `"warnings":[]`)
	assert.Equal(t, testSite+"/api/v1"+path, r.head.Get("Location"))
	first := r.head.Get("ETag")
	assert.Regexp(t, `^"\w+"$`, first)

	again := s.put(path, article("On things"))
	assert.Equal(t, 200, again.status)
	assert.Equal(t, store.Unchanged, again.stored(t).Status)
	assert.Equal(t, d.Datestamp, again.stored(t).Datestamp)
	assert.Equal(t, first, again.head.Get("ETag"))

	got := s.do("GET", path, "", "Authorization:")
	assert.Equal(t, 200, got.status)
	assert.Equal(t, "application/json", got.head.Get("Content-Type"))
	assert.JSONEq(t, article("On things"), got.body)
	assert.Equal(t, first, got.head.Get("ETag"))
	stamp, err := time.Parse(http.TimeFormat, got.head.Get("Last-Modified"))
	require.NoError(t, err)
	assert.Equal(t, d.Datestamp, datestamp(stamp.Unix()))
	head := s.do("HEAD", path, "")
	assert.Equal(t, 200, head.status)
	assert.Empty(t, head.body)
	assert.Equal(t, first, head.head.Get("ETag"))
	assert.Equal(t, fmt.Sprint(len(got.body)), head.head.Get("Content-Length"))

	tags := map[string]bool{first: true}
	for _, kind := range []string{"application/jats+xml", "application/xml"} {
		x := s.do("GET", path, "", "Accept: "+kind)
		assert.Equal(t, 200, x.status)
		assert.True(t, strings.HasPrefix(x.head.Get("Content-Type"), kind))
		assert.Contains(t, x.body, "<!DOCTYPE article")
		assert.False(t, tags[x.head.Get("ETag")], "a tag of its own for each form")
		tags[x.head.Get("ETag")] = true
		assert.Equal(t, 304, s.do("GET", path, "", "Accept: "+kind, "If-None-Match: "+x.head.Get("ETag")).status)
		assert.Equal(t, 200, s.put(path, article("On things"), "If-Match: "+x.head.Get("ETag")).status)
	}
	same := s.do("GET", path, "", `If-None-Match: "x", W/`+first)
	assert.Equal(t, 304, same.status)
	assert.Equal(t, first, same.head.Get("ETag"))
	assert.Equal(t, 200, s.do("GET", path, "", `If-None-Match: "x"`).status)
	assert.Equal(t, 406, s.do("GET", path, "", "Accept: text/turtle").status)

	changed := s.put(path, article("On other things"), "If-Match: "+first)
	assert.Equal(t, 200, changed.status)
	assert.Equal(t, store.Updated, changed.stored(t).Status)
	second := changed.head.Get("ETag")
	assert.NotEqual(t, first, second)
	for method, body := range map[string]string{"PUT": article("Lost"), "DELETE": ""} {
		lost := s.do(method, path, body, "Content-Type: application/json", "If-Match: "+first)
		assert.Equal(t, 412, lost.status)
		assert.Equal(t, second, lost.head.Get("ETag"))
		assert.Equal(t, second, lost.problem(t).ETag)
		assert.Equal(t, 412, s.do(method, path, body, "Content-Type: application/json", "If-Match: W/"+second).status, "a weak tag never matches")
		bad := s.do(method, path, body, "Content-Type: application/json", "If-Match: abc")
		assert.Equal(t, 400, bad.status)
		assert.Equal(t, "If-Match", bad.problem(t).Errors[0].Path)
	}
	assert.Equal(t, 412, s.put(path, article("x"), "If-None-Match: *").status)
	assert.Equal(t, 412, s.put(path, article("x"), "If-None-Match: "+second).status)
	assert.Equal(t, 412, s.put(path, article("x"), `If-None-Match: "x", W/`+second).status)
	assert.Contains(t, s.do("GET", path, "").body, "On other things")

	assert.Equal(t, 204, s.do("DELETE", path, "", "If-Match: "+second).status)
	for _, header := range []string{"", "If-Match: " + second, "If-Match: *"} {
		r := s.do("DELETE", path, "", "Accept: */*", header)
		assert.Equal(t, 204, r.status, "a delete that is sent again")
		assert.Empty(t, r.body)
	}
	gone := s.do("GET", path, "")
	assert.Equal(t, 410, gone.status)
	p := gone.problem(t)
	assert.Equal(t, d.Identifier, p.Identifier)
	assert.GreaterOrEqual(t, p.Datestamp, d.Datestamp)
	assert.Equal(t, "/sheaf/api/v1/problems#gone", p.Type)
	assert.Equal(t, 412, s.put(path, article("x"), "If-Match: *").status)
	back := s.put(path, article("On things"), "If-None-Match: *")
	assert.Equal(t, 201, back.status)
	assert.Equal(t, store.Created, back.stored(t).Status)
	assert.Equal(t, first, back.head.Get("ETag"), "the same bytes are the same version")

	assert.Equal(t, 404, s.do("GET", "/records/nothing", "").status)
	assert.Equal(t, 404, s.do("DELETE", "/records/nothing", "").status)
	assert.Equal(t, 404, s.do("DELETE", "/records/nothing", "", "If-Match: *").status)
	missing := s.put("/records/nothing", article("x"), "If-Match: *")
	assert.Equal(t, 412, missing.status)
	assert.Empty(t, missing.head.Get("ETag"))
}

// One item has one name, however its address is written.
func TestNames(t *testing.T) {
	s := serve(t)
	for path, local := range map[string]string{
		"10.5555/a":                             "10.5555/a",
		"10.5555%2Fb":                           "10.5555/b",
		"a%20b":                                 "a%20b",
		"%D0%B6":                                "%D0%B6",
		"oai:sheaf.example.org:10.5555/c":       "10.5555/c",
		"10.1002/(SICI)1234%3C1:a%3E3.0.CO;2-x": "10.1002/(SICI)1234%3C1:a%3E3.0.CO;2-x",
		"a//b/":                                 "a//b/",
		"x%25":                                  "x%25",
		"q%3Fr%23s":                             "q%3Fr%23s",
		"semi;colon,comma=1&2+3@4!$'":           "semi;colon,comma=1&2+3@4!$'",
	} {
		want := strings.NewReplacer("%3F", "?").Replace(local) // an OAI identifier may hold a question mark
		r := s.put("/records/"+path, article("Called "+path))
		require.Equal(t, 201, r.status, r.body)
		assert.Equal(t, want, r.stored(t).Local, path)
		address := strings.TrimPrefix(r.head.Get("Location"), testSite+"/api/v1")
		for _, other := range []string{"/records/" + path, address, strings.ReplaceAll(address, "/records/", "/records/oai:sheaf.example.org:")} {
			got := s.do("GET", other, "")
			assert.Equal(t, 200, got.status, other)
			assert.Equal(t, r.head.Get("ETag"), got.head.Get("ETag"), other)
			assert.Equal(t, store.Unchanged, s.put(other, article("Called "+path)).stored(t).Status, other)
		}
		assert.Equal(t, 204, s.do("DELETE", address, "").status)
		assert.Equal(t, 410, s.do("GET", "/records/"+path, "").status)
	}
	for _, path := range []string{strings.Repeat("x", store.MaxLocal+1), strings.Repeat("%00", 70), "a/%2E%2E/b", "%2e"} {
		r := s.put("/records/"+path, article("x"))
		assert.Equal(t, 400, r.status, path)
		assert.Contains(t, r.problem(t).Type, "#bad-name")
		assert.Equal(t, 404, s.do("GET", "/records/"+path, "").status, path)
	}
	assert.Equal(t, 404, s.put("/records/", article("x")).status)
}

// An article is one item, whoever names it.
func TestIdentity(t *testing.T) {
	s := serve(t)
	post := func(body string, header ...string) reply {
		return s.do("POST", "/records", body, append([]string{"Content-Type: application/json"}, header...)...)
	}
	r := post(article("First", doi("10.5555/One")))
	assert.Equal(t, 201, r.status, r.body)
	assert.Equal(t, "10.5555/one", r.stored(t).Local)
	assert.Equal(t, testSite+"/api/v1/records/10.5555/one", r.head.Get("Location"))
	r = post(article("First", doi("10.5555/one")))
	assert.Equal(t, store.Updated, r.stored(t).Status, "the DOI is spelled otherwise, so a record changes")
	r = post(article("First", doi("10.5555/one")))
	assert.Equal(t, 200, r.status)
	assert.Equal(t, store.Unchanged, r.stored(t).Status)
	assert.Equal(t, 412, post(article("First"+"!", doi("10.5555/one")), "If-None-Match: *").status)

	assert.Equal(t, 201, s.put("/records/mine", article("Mine", doi("10.5555/two"))).status, "the depositor's name wins")
	r = post(article("Mine again", doi("10.5555/two")))
	assert.Equal(t, "mine", r.stored(t).Local, "and stays")
	assert.Equal(t, store.Updated, r.stored(t).Status)

	r = s.put("/records/other", article("Mine", doi("10.5555/TWO")))
	assert.Equal(t, 409, r.status)
	assert.Equal(t, "oai:sheaf.example.org:mine", r.problem(t).Identifier)
	assert.Equal(t, 404, s.do("GET", "/records/other", "").status)
	r = s.put("/records/mine", article("Mine", doi("10.5555/one")))
	assert.Equal(t, 409, r.status)
	assert.Equal(t, "oai:sheaf.example.org:10.5555/one", r.problem(t).Identifier)
	both := `"ids":[{"type":"doi","value":"10.5555/one"},{"type":"doi","value":"10.5555/two"}]`
	assert.Equal(t, 409, post(article("Both", both)).status, "its names belong to two items")

	require.Equal(t, 204, s.do("DELETE", "/records/mine", "").status)
	r = s.put("/records/other", article("Mine", doi("10.5555/two")))
	assert.Equal(t, 409, r.status, "a tombstone keeps its names")
	assert.Contains(t, r.problem(t).Detail, "deleted")
	r = post(article("Mine", doi("10.5555/two")))
	assert.Equal(t, 201, r.status)
	assert.Equal(t, "mine", r.stored(t).Local)
}

func TestRefusals(t *testing.T) {
	s := serve(t, func(o *Options) { o.MaxRecord = 1000 })
	for _, c := range []struct {
		kind, body string
		status     int
		code, path string
		line       int
	}{
		{"application/json", "{\n\"title\": {", 400, "malformed", "", 2},
		{"application/json", "", 400, "malformed", "", 0},
		{"application/json", " \n", 400, "malformed", "", 0},
		{"application/json", `{"title":{"text":"x"}} {}`, 400, "malformed", "", 1},
		{"application/json", "{\"lang\":\"en\",\n\"tittle\":{\"text\":\"x\"}}", 422, "unknown-field", "tittle", 2},
		{"application/json", "{\"title\":\n{\"text\":\n7}}", 422, "bad-field", "title/text", 3},
		{"application/json", `{"lang":"en"}`, 422, "no-title", "title", 0},
		{"application/json", `<article/>`, 400, "malformed", "", 1},
		{"application/jats+xml", "<article>\n<front></article>", 400, "malformed", "", 2},
		{"application/xml", "<article>\n<front/></article>", 422, "no-title", "", 1},
		{"application/xml", "<html/>", 422, "not-recognised", "", 1},
		{"application/xml", `{"title":{"text":"x"}}`, 400, "malformed", "", 1},
		{"application/json; charset=utf-8", strings.Repeat(" ", 1001), 413, "", "", 0},
		{"application/json; charset=latin1", "{}", 415, "", "", 0},
		{"text/plain", "{}", 415, "", "", 0},
		{"", "{}", 415, "", "", 0},
	} {
		for _, r := range []reply{s.do("PUT", "/records/x", c.body, "Content-Type: "+c.kind), s.do("POST", "/records", c.body, "Content-Type: "+c.kind)} {
			require.Equal(t, c.status, r.status, "%s %s: %s", c.kind, c.body, r.body)
			p := r.problem(t)
			assert.NotEmpty(t, p.Detail)
			assert.NotContains(t, p.Detail, "jats:")
			if c.code != "" && len(p.Errors) > 0 {
				assert.Equal(t, c.code, p.Errors[0].Code, c.body)
				assert.Equal(t, c.path, p.Errors[0].Path, c.body)
				assert.Equal(t, c.line, p.Errors[0].Line, c.body)
			} else if c.code != "" {
				assert.True(t, strings.HasSuffix(p.Type, "#"+c.code), p.Type)
			}
			if c.status == 415 {
				assert.Equal(t, "application/jats+xml, application/json, application/xml", r.head.Get("Accept"))
			}
		}
	}
	r := s.put("/records/x", `{"tittle":1,"lnag":2,"contribs":[{"naems":[]}],"lang":3}`)
	var paths []string
	for _, e := range r.problem(t).Errors {
		paths = append(paths, e.Path)
	}
	assert.Equal(t, []string{"tittle", "lnag", "contribs/0/naems", "lang"}, paths, "every fault at once")
	assert.Contains(t, r.body, `is \"title\" meant?`)
	r = s.put("/records/x", "{}", "Content-Encoding: gzip")
	assert.Equal(t, 415, r.status)
	assert.Equal(t, 404, s.do("GET", "/records/x", "").status, "nothing of all this was stored")

	r = s.put("/records/x", `{"lang":"en_us","title":{"text":"x"},"ids":[{"type":"doi","value":"nonsense"}]}`)
	assert.Equal(t, 201, r.status)
	codes := map[string]string{}
	for _, w := range r.stored(t).Warnings {
		codes[w.Code] = w.Path
	}
	assert.Equal(t, map[string]string{"lang-mended": "lang", "doi-invalid": "ids"}, codes)
}

// What cannot be made a valid record is refused at the door.
func TestDoor(t *testing.T) {
	s := serve(t, func(o *Options) {
		o.Formats = crosswalk.All()
		o.Formats[1].Append = func(dst []byte, _ *flat.Record) ([]byte, error) {
			return append(dst, "<article><b></article>"...), nil
		}
	})
	r := s.put("/records/x", article("x"))
	assert.Equal(t, 422, r.status)
	assert.Contains(t, r.problem(t).Detail, "jats")
	assert.Equal(t, 404, s.do("GET", "/records/x", "").status)
	_, lines, last := s.imports(article("x"))
	assert.Equal(t, "rejected", lines[0].Status)
	assert.Equal(t, 422, lines[0].Error.Status)
	assert.Equal(t, ingest.Report{Read: 1, Rejected: 1}, last.Summary)
}

func TestRouting(t *testing.T) {
	s := serve(t)
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"POST", "/records/x", 405, "DELETE, GET, HEAD, PUT"},
		{"OPTIONS", "/records/x", 405, "DELETE, GET, HEAD, PUT"},
		{"PUT", "/records", 405, "GET, HEAD, POST"},
		{"GET", "/import", 405, "POST"},
		{"POST", "/schema", 405, "GET, HEAD"},
		{"GET", "/", 404, ""},
		{"GET", "/nothing", 404, ""},
		{"GET", "/recordsx", 404, ""},
		{"GET", "/openapi.json/x", 404, ""},
	} {
		for _, header := range []string{"X-Any: 1", "Authorization:"} {
			r := s.do(c.method, c.path, "", header)
			assert.Equal(t, c.status, r.status, c.path)
			assert.Equal(t, c.allow, r.head.Get("Allow"), c.path)
			r.problem(t)
			assert.Empty(t, r.head.Get("Access-Control-Allow-Origin"))
		}
	}
	for path, kind := range map[string]string{"/schema": "application/schema+json", "/openapi.json": "application/json", "/problems": "text/html; charset=utf-8"} {
		r := s.do("GET", path, "", "Authorization:")
		assert.Equal(t, 200, r.status)
		assert.Equal(t, kind, r.head.Get("Content-Type"))
		assert.Equal(t, 304, s.do("GET", path, "", "If-None-Match: "+r.head.Get("ETag")).status)
	}
	for _, k := range kinds {
		assert.Contains(t, string(problemPage()), `id="`+k.code+`"`)
	}
}

func TestRequestID(t *testing.T) {
	s := serve(t)
	r := s.put("/records/x", "{", "X-Request-Id: abc-123")
	assert.Equal(t, "abc-123", r.problem(t).Instance)
	assert.Equal(t, "abc-123", r.head.Get("X-Request-Id"))
	assert.Contains(t, s.log.String(), "request=abc-123")
	for _, bad := range []string{strings.Repeat("x", 129), "a b", `"x"`, "ж"} {
		assert.NotEqual(t, bad, s.put("/records/x", "{", "X-Request-Id: "+bad).head.Get("X-Request-Id"))
	}
	r = s.do("GET", "/records", "")
	assert.NotEqual(t, r.head.Get("X-Request-Id"), s.do("GET", "/records", "").head.Get("X-Request-Id"))

	// Whoever calls the handler may have chosen one.
	w := httptest.NewRecorder()
	w.Header().Set("X-Request-Id", "outer")
	s.handler.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/nothing", nil))
	assert.Equal(t, "outer", w.Header().Get("X-Request-Id"))
	assert.Contains(t, w.Body.String(), `"instance":"outer"`)
}

// failing is a store in which something is wrong.
type failing struct {
	store.Store
	err error
}

func (f failing) Put(context.Context, []store.Change) ([]store.Outcome, error) { return nil, f.err }

// The client is told what to do, and nothing of the store's own words.
func TestStoreFails(t *testing.T) {
	for err, status := range map[error]int{store.ErrBusy: 503, store.ErrFull: 507, store.ErrReadOnly: 503, store.ErrClock: 503, store.ErrCorrupt: 500, io.ErrClosedPipe: 500} {
		s := serve(t, func(o *Options) { o.Store = failing{o.Store, fmt.Errorf("secret words: %w", err)} })
		for _, r := range []reply{s.put("/records/x", article("x")), s.do("DELETE", "/records/x", ""), s.do("POST", "/records", article("x"), "Content-Type: application/json")} {
			assert.Equal(t, status, r.status, err)
			r.problem(t)
			assert.NotContains(t, r.body, "secret")
			assert.NotContains(t, r.body, err.Error())
			assert.Equal(t, err == store.ErrBusy, r.head.Get("Retry-After") != "", err)
		}
		res, lines, last := s.imports(article("x"))
		assert.Equal(t, 200, res.status)
		assert.Empty(t, lines)
		assert.False(t, last.Complete)
		assert.Equal(t, status, last.Error.Status)
		assert.NotContains(t, res.body, "secret")
		assert.Contains(t, s.log.String(), "secret words")
	}
}

// Of many who change one item by If-Match none undoes what another did.
func TestConcurrentEdits(t *testing.T) {
	s := serve(t)
	require.Equal(t, 201, s.put("/records/n", article("0")).status)
	const writers, edits = 4, 5
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for done := 0; done < edits; {
				got := s.do("GET", "/records/n", "")
				var a struct{ Title struct{ Text string } }
				if !assert.NoError(t, json.Unmarshal([]byte(got.body), &a)) {
					return
				}
				n := 0
				fmt.Sscan(a.Title.Text, &n)
				r := s.put("/records/n", article(fmt.Sprint(n+1)), "If-Match: "+got.head.Get("ETag"))
				switch r.status {
				case 200:
					done++
				case 412:
				default:
					assert.Fail(t, r.body)
					return
				}
			}
		})
	}
	wg.Wait()
	assert.JSONEq(t, article(fmt.Sprint(writers*edits)), s.do("GET", "/records/n", "").body)

	// Without a condition the last one wins, and everyone is told that it is done.
	for i := range writers {
		wg.Go(func() {
			for j := range edits {
				assert.Equal(t, 200, s.put("/records/n", article(fmt.Sprint(i, j))).status)
			}
		})
	}
	wg.Wait()
}
