package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/jats"
	"sheaf/ready"
	"sheaf/store"
)

// get reads the JSON of an answer into v.
func (s *service) get(path string, v any) reply {
	s.Helper()
	r := s.do("GET", path, "", "Authorization:")
	require.Equal(s, 200, r.status, r.body)
	require.NoError(s, json.Unmarshal([]byte(r.body), v))
	return r
}

const authored = `"contribs":[{"type":"author","names":[{"surname":"Doe","givenNames":"Jane"}]}]`

func TestReadinessOfOne(t *testing.T) {
	s := serve(t)
	require.Equal(t, 201, s.put("/records/10.5555/a", article("A", doi("10.5555/a"), authored)).status)
	var r readiness
	s.get("/records/10.5555/a/readiness", &r)
	assert.Equal(t, "oai:sheaf.example.org:10.5555/a", r.Identifier)
	assert.Equal(t, "10.5555/a", r.Local)
	require.Len(t, r.Services, len(ready.Services()))
	s.get("/records/10.5555%2Fa/readiness?service=doaj,openaire4&service=base", &r)
	require.Len(t, r.Services, 3)
	assert.Equal(t, "openaire4", r.Services[0].Service, "in the order of the services")
	assert.False(t, r.Services[0].Ready)
	codes := map[string]findingOne{}
	for _, a := range r.Services {
		for _, f := range a.Findings {
			codes[f.Code] = f
		}
	}
	assert.NotContains(t, codes, "openaire4-author")
	assert.Equal(t, findingOne{ruleOf: tellRule(ready.Find("doaj").Rule("doaj-issn"))}, codes["doaj-issn"])
	assert.True(t, codes["doaj-issn"].Stops)

	p := s.do("GET", "/records/10.5555/a/readiness?service=scopus", "").problem(t)
	assert.Equal(t, 400, p.Status)
	assert.Contains(t, p.Detail, `"scopus": want one of openaire3, `)
	assert.Equal(t, 404, s.do("GET", "/records/10.5555/none/readiness", "").problem(t).Status)
	require.Equal(t, 204, s.do("DELETE", "/records/10.5555/a", "").status)
	assert.Equal(t, 410, s.do("GET", "/records/10.5555/a/readiness", "").problem(t).Status)
}

// An item may itself be called so: it can be written and read, and so can its readiness.
func TestReadinessAsName(t *testing.T) {
	s := serve(t)
	assert.Equal(t, 201, s.put("/records/10.5555/readiness", article("Readiness")).status)
	r := s.do("GET", "/records/10.5555/readiness", "")
	assert.Equal(t, 200, r.status)
	assert.Contains(t, r.body, `"Readiness"`)
	var one readiness
	s.get("/records/10.5555/readiness/readiness", &one)
	assert.Equal(t, "10.5555/readiness", one.Local)
	assert.Equal(t, 201, s.put("/records/readiness", article("Alone")).status)
	assert.Contains(t, s.do("GET", "/records/readiness", "").body, `"Alone"`)
	assert.Equal(t, 204, s.do("DELETE", "/records/10.5555/readiness", "").status)
	assert.Equal(t, 410, s.do("GET", "/records/10.5555/readiness", "").status)
	assert.Equal(t, "DELETE, GET, HEAD, PUT", s.do("PATCH", "/records/10.5555/readiness", "").head.Get("Allow"))
}

// rule finds a rule's count in a tally; the zero countRule when no item fails it.
func (t readinessTally) rule(code string) (c countRule) {
	for _, s := range t.Services {
		for _, r := range s.Rules {
			if r.Code == code {
				c = r
			}
		}
	}
	return c
}

// The tally is that of the items one by one, and is made anew when one of them changes.
func TestReadinessOfAll(t *testing.T) {
	now := time.Now()
	s := serve(t, func(o *Options) { o.Now = func() time.Time { return now } })
	var tally readinessTally
	s.get("/readiness", &tally)
	assert.Zero(t, tally.Records)
	assert.Len(t, tally.Services, len(ready.Services()))
	assert.Equal(t, "DOAJ: 0 of 0 ready", tally.Services[4].Text)

	want := ready.Tally{}
	for i := range tallyPage + 60 { // two pages
		name, fields := fmt.Sprintf("n%03d", i), []string{authored}
		if i%3 == 0 {
			fields = nil
		}
		require.Equal(t, 201, s.put("/records/"+name, article(fmt.Sprint("Title ", i), fields...)).status)
		if i%50 == 0 {
			require.Equal(t, 204, s.do("DELETE", "/records/"+name, "").status)
			continue
		}
		want.Records++
	}
	s.get("/readiness?service=base,openaire4", &tally)
	assert.Equal(t, want.Records, tally.Records)
	require.Len(t, tally.Services, 2)
	n := 0
	for i := range tallyPage + 60 {
		if i%3 == 0 && i%50 != 0 {
			n++
		}
	}
	c := tally.rule("base-author")
	assert.Equal(t, n, c.Records)
	require.Len(t, c.Identifiers, tallyKeep)
	assert.Equal(t, testSite+"/api/v1/readiness/base-author", c.More)
	assert.Zero(t, tally.rule("base-title").Records)
	assert.Equal(t, "BASE", tally.Services[1].Title)
	assert.Equal(t, fmt.Sprintf("BASE: %d of %d ready", want.Records, want.Records), tally.Services[1].Text)

	require.Equal(t, 200, s.put("/records/n003", article("Title 3", authored)).status)
	s.get("/readiness", &tally)
	assert.Equal(t, n-1, tally.rule("base-author").Records, "an item has changed")
	require.Equal(t, 204, s.do("DELETE", "/records/n006", "").status)
	s.get("/readiness", &tally)
	assert.Equal(t, n-2, tally.rule("base-author").Records, "an item is gone")
	assert.Equal(t, want.Records-1, tally.Records)
}

// counting counts how often items are read.
type counting struct {
	store.Store
	mu   sync.Mutex
	gets int
	slow func() // called for each
}

func (c *counting) Get(ctx context.Context, local string) (*store.Item, error) {
	c.mu.Lock()
	c.gets++
	c.mu.Unlock()
	if c.slow != nil {
		c.slow()
	}
	return c.Store.Get(ctx, local)
}

// While nothing changes the tally is made once, however many ask; where things change all the time it is not made all the time.
func TestReadinessIsKept(t *testing.T) {
	var db *counting
	var mu sync.Mutex
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	pass := func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(d)
	}
	s := serve(t, func(o *Options) {
		db = &counting{Store: o.Store, slow: func() { pass(time.Second) }}
		o.Store, o.Now = db, clock
	})
	for i := range 5 {
		require.Equal(t, 201, s.put(fmt.Sprint("/records/", i), article(fmt.Sprint(i))).status)
	}
	var tally readinessTally
	count := func() int {
		db.mu.Lock()
		defer db.mu.Unlock()
		return db.gets
	}
	s.get("/readiness", &tally)
	before := count()
	assert.Equal(t, 5, tally.Records)
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() { s.do("GET", "/readiness?service=doaj", "") })
	}
	g.Wait()
	assert.Equal(t, before, count(), "kept: nothing changed since, or not long enough ago")

	require.Equal(t, 201, s.put("/records/6", article("6")).status)
	s.get("/readiness", &tally)
	assert.Equal(t, 5, tally.Records, "it took 5 seconds, which was a moment ago")
	pass(tallyRest * 5 * time.Second)
	s.get("/readiness", &tally)
	assert.Equal(t, 6, tally.Records)

	before = count()
	pass(24 * time.Hour)
	s.get("/readiness", &tally)
	assert.Equal(t, 6, count()-before, "a new day: an embargo may have ended")
	assert.Equal(t, clock().Format(time.DateOnly), tally.Day)
}

// A server that is about to end does not go on counting.
func TestReadinessStops(t *testing.T) {
	s := serve(t, func(o *Options) { o.Stopping = func() bool { return true } })
	assert.Equal(t, 503, s.do("GET", "/readiness", "").problem(t).Status)
}

// Each item that fails is in the list once, whatever the size of the pages.
func TestFailingRule(t *testing.T) {
	s := serve(t)
	want := map[string]bool{}
	for i := range 30 {
		name, fields := fmt.Sprintf("n%02d", i), []string{authored}
		if i%4 == 0 {
			fields, want[name] = nil, true
		}
		require.Equal(t, 201, s.put("/records/"+name, article(fmt.Sprint("Title ", i), fields...)).status)
	}
	require.Equal(t, 204, s.do("DELETE", "/records/n04", "").status)
	delete(want, "n04")
	for _, limit := range []int{1, 2, 7, 100} {
		got := map[string]bool{}
		pages := 0
		for path := fmt.Sprint("/readiness/openaire4-author?limit=", limit); path != ""; pages++ {
			var page failures
			r := s.get(path, &page)
			assert.LessOrEqual(t, len(page.Records), limit)
			assert.Equal(t, "openaire4", page.Service.Service)
			assert.Equal(t, "openaire4-author", page.Rule.Code)
			for _, x := range page.Records {
				assert.False(t, got[x.Local], x.Local)
				got[x.Local] = true
				assert.Equal(t, "oai:sheaf.example.org:"+x.Local, x.Identifier)
				var one readiness
				s.get(strings.TrimPrefix(x.URL, testSite+"/api/v1"), &one)
				assert.Equal(t, x.Local, one.Local)
			}
			assert.Equal(t, page.Next != "", r.head.Get("Link") != "")
			path = strings.TrimPrefix(page.Next, testSite+"/api/v1")
			require.Less(t, pages, 50)
		}
		assert.Equal(t, want, got, limit)
	}
	var page failures
	s.get("/readiness/doaj-title", &page)
	assert.Empty(t, page.Records)
	assert.Empty(t, page.Next)
	s.get("/readiness/openaire4-author?set=journal:none", &page)
	assert.Empty(t, page.Records)
	assert.Equal(t, 404, s.do("GET", "/readiness/openaire4", "").problem(t).Status)
	for _, query := range []string{"limit=0", "limit=1001", "deleted=false", "cursor=x", "x=1", "%zz"} {
		assert.Equal(t, 400, s.do("GET", "/readiness/doaj-issn?"+query, "").problem(t).Status, query)
	}
}

// A client that goes away does not hold up the next.
func TestReadinessBrokenOff(t *testing.T) {
	s := serve(t)
	require.Equal(t, 201, s.put("/records/a", article("A")).status)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/api/v1/readiness", nil))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	var tally readinessTally
	s.get("/readiness", &tally)
	assert.Equal(t, 1, tally.Records)
}

// The tally of a whole repository: what it costs for each article, reading it from the store included.
func BenchmarkReadinessTally(b *testing.B) {
	s := serve(b)
	a, err := jats.DecodeJSON(fixtureFiles(b)["articles/plain-language.json"])
	require.NoError(b, err)
	const n = 512
	for i := range n {
		a.IDs = []jats.ID{{Type: "doi", Value: fmt.Sprint("10.5555/", i)}}
		require.Equal(b, 201, s.put(fmt.Sprint("/records/n", i), string(a.AppendJSON(nil))).status)
	}
	h := s.handler.(*handler)
	for b.Loop() {
		h.tallies.until = 0
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/readiness?service=doaj", nil))
		require.Contains(b, w.Body.String(), fmt.Sprint(`"records":`, n))
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "articles/s")
}
