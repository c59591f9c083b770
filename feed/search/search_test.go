package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/feed"
	"sheaf/fixtures"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/store"
	"sheaf/store/sqlite"
)

// stored is a store of the fixtures.
func stored(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func feedTo(db feed.Store, to feed.Target) *feed.Feed {
	return &feed.Feed{Store: db, Target: to, Name: "test", To: "here", Reader: feed.Reader{RepositoryID: "x.org", Site: "https://x.org"}, Pause: time.Millisecond}
}

// changesOf stores articles of JSON and returns the changes that a feed makes of them.
func changesOf(t *testing.T, articles ...store.Change) []*feed.Change {
	t.Helper()
	db := stored(t)
	_, err := db.Put(bg, articles)
	require.NoError(t, err)
	r := feed.Reader{Store: db, RepositoryID: "x.org", Site: "https://x.org"}
	var out []*feed.Change
	for _, a := range articles {
		c, err := r.Read(bg, a.Local)
		require.NoError(t, err)
		out = append(out, c)
	}
	return out
}

// Every fixture is taken by a strict engine, and reads there as the golden file says.
func TestDocumentsOfTheFixtures(t *testing.T) {
	db := stored(t)
	names := map[string]string{} // by local
	importer := &ingest.Importer{Store: db}
	files, err := fixtures.FS.ReadDir("articles")
	require.NoError(t, err)
	for _, f := range files {
		data, err := fixtures.FS.ReadFile("articles/" + f.Name())
		require.NoError(t, err)
		importer.Each = func(o ingest.Outcome) {
			if o.Err == nil {
				names[o.Local] = strings.TrimSuffix(f.Name(), filepath.Ext(f.Name()))
			}
		}
		if filepath.Ext(f.Name()) != ".xml" && filepath.Ext(f.Name()) != ".json" {
			continue
		}
		_, err = importer.Import(bg, func(_ context.Context, yield func(ingest.Input) error) error {
			return yield(ingest.Input{Name: f.Name(), Data: data})
		})
		require.NoError(t, err)
	}
	require.GreaterOrEqual(t, len(names), 10)
	e := newEngine(t, false)
	report, err := feedTo(db, &OpenSearch{URL: e.url(), Index: "sheaf"}).Run(bg)
	require.NoError(t, err)
	assert.Empty(t, e.wrong)
	assert.Equal(t, len(names), report.Sent)
	assert.Len(t, e.docs, len(names))
	r := feed.Reader{Store: db, RepositoryID: "x.org", Site: "https://x.org"}
	for local, name := range names {
		c, err := r.Read(bg, local)
		require.NoError(t, err)
		d := NewDocument(c)
		d.Stamp, d.Sets = "2026-01-01T00:00:00Z", []string{"journal", "journal:x"} // of the moment; of other packages
		all := map[string]any{"opensearch": d}
		for profile, of := range profiles {
			doc := map[string]any{}
			for _, f := range of(d) {
				_, twice := doc[f.name]
				assert.False(t, twice, "%s: %s has %s twice", name, profile, f.name)
				doc[f.name] = f.value
			}
			all[profile] = doc
		}
		got, err := json.MarshalIndent(all, "", " ")
		require.NoError(t, err)
		fixturetest.Golden(t, "../../feed/search/testdata/golden/"+name+".json", append(got, '\n'))
	}
}

// One article that an engine refuses for what it says holds up no other.
func TestOneBadDocumentHoldsUpNoOther(t *testing.T) {
	for _, solr := range []bool{false, true} {
		db := stored(t)
		var changes []store.Change
		for i := range 40 {
			changes = append(changes, article(i, 1))
		}
		_, err := db.Put(bg, changes)
		require.NoError(t, err)
		e := newEngine(t, solr)
		e.refuse = func(id string) bool { return strings.HasSuffix(id, ".13") || strings.HasSuffix(id, ".31") }
		f := feedTo(db, &OpenSearch{URL: e.url(), Index: "sheaf"})
		if solr {
			f.Target = &Solr{URL: e.url()}
		}
		report, err := f.Run(bg)
		require.NoError(t, err)
		assert.Equal(t, 38, report.Sent)
		assert.Equal(t, 2, report.Refused)
		assert.Len(t, e.docs, 38)
		assert.Empty(t, e.wrong)
		standing, err := feed.Refusals(bg, db, "test")
		require.NoError(t, err)
		require.Len(t, standing, 2)
		assert.Contains(t, standing[0].Reason, "400")
		e.refuse = func(string) bool { return false }
		_, err = db.Put(bg, []store.Change{article(13, 2)})
		require.NoError(t, err)
		_, err = f.Run(bg)
		require.NoError(t, err)
		standing, err = feed.Refusals(bg, db, "test")
		require.NoError(t, err)
		assert.Len(t, standing, 1, "the one that changed was sent again")
		f.Retry = true
		_, err = f.Run(bg)
		require.NoError(t, err)
		assert.Len(t, e.docs, 40)
	}
}

// answering is a server that answers each bulk request as it is told, and remembers what came.
func answering(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body string)) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			return
		}
		var b bytes.Buffer
		b.ReadFrom(r.Body)
		answer(w, r, b.String())
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// What an engine may say of one item, and what is made of it.
func TestOutcomesOfItems(t *testing.T) {
	c := changesOf(t, article(1, 1))[0]
	gone := *c
	gone.Deleted = true
	for _, x := range []struct {
		item  string
		gone  bool
		tries int
		want  string
	}{
		{`"status":201`, false, 0, "taken"},
		{`"status":200,"result":"noop"`, false, 0, "taken"},
		{`"status":409,"error":{"type":"version_conflict_engine_exception","reason":"newer"}`, false, 0, "taken"},
		{`"status":409,"error":{"type":"version_conflict_engine_exception","reason":"newer"}`, true, 0, "taken"},
		{`"status":404,"result":"not_found"`, true, 0, "taken"},
		{`"status":404,"error":{"type":"index_not_found_exception","reason":"no such index"}`, true, 0, "retry"},
		{`"status":404,"error":{"type":"index_not_found_exception","reason":"no such index"}`, false, 0, "retry"},
		{`"status":429,"error":{"type":"es_rejected_execution_exception","reason":"full"}`, false, 99, "retry"},
		{`"status":503,"error":{"type":"unavailable_shards_exception","reason":"primary"}`, false, 99, "retry"},
		{`"status":403,"error":{"type":"cluster_block_exception","reason":"read-only"}`, false, 0, "retry"},
		{`"status":500,"error":{"type":"illegal_state_exception","reason":"bug"}`, false, 0, "retry"},
		{`"status":500,"error":{"type":"illegal_state_exception","reason":"bug"}`, false, maxFailures, "500 illegal_state_exception: bug"},
		{`"status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse","caused_by":{"reason":"no date"}}`, false, 0,
			"400 mapper_parsing_exception: failed to parse (no date)"},
	} {
		change, verb := *c, "index"
		if x.gone {
			change, verb = gone, "delete"
		}
		change.Tries = x.tries
		url := answering(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
			w.Write([]byte(`{"took":1,"errors":true,"items":[{"` + verb + `":{"_index":"sheaf","_id":"` + c.Identifier + `",` + x.item + `}}]}`))
		})
		outcomes, err := (&OpenSearch{URL: url, Index: "sheaf"}).Send(bg, []*feed.Change{&change})
		require.NoError(t, err, x.item)
		got := "taken"
		switch {
		case outcomes[0].Retry:
			got = "retry"
		case outcomes[0].Refused != "":
			got = outcomes[0].Refused
		}
		assert.Equal(t, x.want, got, x.item)
	}
}

// What an engine may say of a request, and what is made of it.
func TestAnswersToRequests(t *testing.T) {
	changes := changesOf(t, article(1, 1), article(2, 1))
	items := func(ids ...string) string {
		s := `{"items":[`
		for i, id := range ids {
			if i > 0 {
				s += ","
			}
			s += `{"index":{"_id":"` + id + `","status":201}}`
		}
		return s + "]}"
	}
	for _, x := range []struct {
		status int
		body   string
		after  string
		want   string // "fatal", "later" or "unsure"
		wait   time.Duration
	}{
		{200, items(changes[0].Identifier), "", "unsure", 0},
		{200, items(changes[1].Identifier, changes[0].Identifier), "", "unsure", 0},
		{200, items(changes[0].Identifier, changes[1].Identifier)[:40], "", "unsure", 0},
		{200, "<html>maintenance</html>", "", "unsure", 0},
		{401, `{"error":"who"}`, "", "fatal", 0},
		{403, `{"error":"no"}`, "", "fatal", 0},
		{301, "", "", "fatal", 0},
		{400, "no", "", "fatal", 0}, // of each alone too
		{413, "too large", "", "fatal", 0},
		{404, "no such path", "", "later", 0},
		{429, "", "7", "later", 7 * time.Second},
		{503, "", "99999999999", "later", time.Hour},
		{503, "", "", "later", 0},
		{502, "", "soon", "later", 0},
	} {
		url := answering(t, func(w http.ResponseWriter, _ *http.Request, _ string) {
			if x.after != "" {
				w.Header().Set("Retry-After", x.after)
			}
			w.WriteHeader(x.status)
			w.Write([]byte(x.body))
		})
		_, err := (&OpenSearch{URL: url, Index: "sheaf"}).Send(bg, changes)
		require.Error(t, err, x.body)
		var fatal *feed.Fatal
		var later *feed.Later
		got := "unsure"
		switch {
		case errors.As(err, &fatal):
			got = "fatal"
		case errors.As(err, &later):
			got = "later"
			assert.Equal(t, x.wait, later.After)
		}
		assert.Equal(t, x.want, got, "%d %s: %v", x.status, x.body, err)
	}
}

// A request that is too large for the engine is cut in halves, and one that is larger than Bytes never made.
func TestSizeOfRequests(t *testing.T) {
	var articles []store.Change
	for i := range 32 {
		articles = append(articles, article(i, 1))
	}
	changes := changesOf(t, articles...)
	var sizes []int
	e := newEngine(t, false)
	e.mapping = mapped(t)
	url := answering(t, func(w http.ResponseWriter, r *http.Request, body string) {
		sizes = append(sizes, len(body))
		if len(body) > 5000 && r.URL.Path == "/_bulk" {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(body))
		e.ServeHTTP(w, r)
	})
	for _, most := range []int{0, 3000} {
		sizes = nil
		outcomes, err := (&OpenSearch{URL: url, Index: "sheaf", Bytes: most}).Send(bg, changes)
		require.NoError(t, err)
		assert.Equal(t, make([]feed.Outcome, len(changes)), outcomes)
		for _, n := range sizes {
			assert.False(t, most > 0 && n > most, "%d bytes", n)
		}
	}
	assert.Len(t, e.docs, len(changes))
	assert.Equal(t, []string(nil), e.wrong)
}

// A restarted feed writes also what is there in the same version.
func TestRestartWritesAnew(t *testing.T) {
	db := stored(t)
	_, err := db.Put(bg, []store.Change{article(1, 1)})
	require.NoError(t, err)
	e := newEngine(t, false)
	f := feedTo(db, &OpenSearch{URL: e.url(), Index: "sheaf"})
	_, err = f.Run(bg)
	require.NoError(t, err)
	before := e.docs["oai:x.org:10.5555/feed.1"].doc
	e.docs["oai:x.org:10.5555/feed.1"] = held{version: e.docs["oai:x.org:10.5555/feed.1"].version, doc: "of an older program"}
	f.Restart = true
	_, err = f.Run(bg)
	require.NoError(t, err)
	assert.Equal(t, before, e.docs["oai:x.org:10.5555/feed.1"].doc)
}

// A dry run writes the very requests, without credentials, and neither sends nor keeps anything.
func TestDryRun(t *testing.T) {
	for _, solr := range []bool{false, true} {
		db := stored(t)
		_, err := db.Put(bg, []store.Change{article(1, 1), article(2, 1)})
		require.NoError(t, err)
		_, err = db.Put(bg, []store.Change{{Local: article(2, 1).Local, Delete: true}})
		require.NoError(t, err)
		dir := t.TempDir()
		secret := feed.Credentials{User: "anna", Password: "geheim"}
		e := newEngine(t, solr)
		f := feedTo(db, &OpenSearch{URL: e.url(), Index: "sheaf", Dir: dir, Credentials: secret})
		name := "000002"
		if solr {
			f.Target, name = &Solr{URL: e.url(), Dir: dir, Credentials: secret}, "000001"
		}
		f.Dry = true
		report, err := f.Run(bg)
		require.NoError(t, err)
		assert.Equal(t, 1, report.Sent)
		assert.Equal(t, 1, report.Deleted)
		assert.Zero(t, e.requests)
		all, err := feed.List(bg, db)
		require.NoError(t, err)
		assert.Empty(t, all)
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		var body []byte
		for _, path := range files {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.NotContains(t, string(b), "geheim")
			assert.NotContains(t, string(b), "YW5uYT") // anna: in base64
			if strings.HasPrefix(filepath.Base(path), name) && filepath.Ext(path) != ".http" {
				body = b
			}
		}
		path, kind := "/_bulk", "application/x-ndjson"
		if solr {
			path, kind = "/solr/sheaf/update?commitWithin=10", "application/json"
		}
		e.mapping = map[string]any{}
		require.NoError(t, json.Unmarshal(Mapping, &struct {
			Mappings struct{ Properties *map[string]any }
		}{struct{ Properties *map[string]any }{&e.mapping}}))
		resp, err := http.Post("http://"+e.address+path, kind, bytes.NewReader(body))
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		assert.Len(t, e.docs, 1)
		assert.Empty(t, e.wrong)
	}
}

// mapped are the fields of Sheaf's own mapping.
func mapped(t *testing.T) map[string]any {
	t.Helper()
	var index struct {
		Mappings struct{ Properties map[string]any }
	}
	require.NoError(t, json.Unmarshal(Mapping, &index))
	return index.Mappings.Properties
}

func TestCheckSettings(t *testing.T) {
	for url, want := range map[string]string{
		"https://host:9200":        "",
		"http://host/under/a/path": "",
		"host:9200":                "expected https://HOST:PORT",
		"https://":                 "expected https://HOST:PORT",
		"https://host?x=1":         "expected https://HOST:PORT",
		"https://anna:geheim@host": "expected no user and password",
		"https://anna:geh eim@ho^": "expected https://HOST:PORT",
	} {
		err := (&OpenSearch{URL: url, Index: "sheaf"}).Check()
		if want == "" {
			assert.NoError(t, err)
			continue
		}
		if assert.ErrorContains(t, err, want, url) {
			assert.NotContains(t, err.Error(), "geh")
		}
	}
	assert.Error(t, (&OpenSearch{URL: "https://host", Index: "Sheaf"}).Check())
	assert.Error(t, (&OpenSearch{URL: "https://host", Index: "_all"}).Check())
	assert.Error(t, (&OpenSearch{URL: "https://host", Index: "sheaf", Mapping: []byte("{")}).Check())
	assert.Error(t, (&Solr{URL: "https://host/solr/x", Profile: "koha"}).Check())
	assert.Equal(t, []string{"blacklight", "sheaf", "vufind"}, Profiles())
}

// The names of VuFind's profile that are in its schema as single values must never be lists, and the others never single.
func TestFieldsOfVuFind(t *testing.T) {
	single := map[string]bool{"id": true, "record_format": true, "title": true, "title_short": true, "title_sub": true, "title_full": true, "title_sort": true, "author_sort": true,
		"description": true, "container_title": true, "container_volume": true, "container_issue": true, "container_start_page": true, "publishDateSort": true, "last_indexed": true}
	c := changesOf(t, article(1, 1))[0]
	seen := 0
	for _, f := range vufind(NewDocument(c)) {
		_, list := f.value.([]string)
		if f.name == "allfields" { // takes both
			continue
		}
		assert.NotEqual(t, single[f.name], list, f.name)
		if single[f.name] {
			seen++
		}
	}
	assert.Greater(t, seen, 8)
}
