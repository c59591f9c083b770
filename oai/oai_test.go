package oai

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/store"
	"sheaf/store/sqlite"
)

const (
	baseURL = "http://sheaf.example.org/oai"
	day0    = "2026-03-01"
	jatsNS  = "https://jats.nlm.nih.gov/ns/archiving/1.3/"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// rig is a repository with a clock that stands still until it is told to go.
type rig struct {
	*Repository
	t     testing.TB
	db    store.Store
	now   time.Time
	puts  map[string]int // by local
	valid *validator
}

// validator gathers the answers of all tests; when the tests are over, TestMain sees whether they are valid, in one run of xmllint for each
// schema, because reading that of JATS takes seconds.
type validator struct {
	mu       sync.Mutex
	dc, jats map[string][]byte
}

var answersSeen = &validator{dc: map[string][]byte{}, jats: map[string][]byte{}}

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && !testing.RunTests(func(_, _ string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "I01_AllAnswersAreValid", F: func(t *testing.T) {
		for xsd, docs := range map[string]map[string][]byte{"oai/oai-all.xsd": answersSeen.dc, "oai/oai-jats.xsd": answersSeen.jats} {
			if len(docs) > 0 {
				assert.Empty(t, fixturetest.XSD(t, xsd, docs))
			}
		}
	}}}) {
		code = 1
	}
	os.Exit(code)
}

func (v *validator) add(name string, body []byte) {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	to := v.dc
	if bytes.Contains(body, []byte(jatsNS+`"`)) {
		to = v.jats
	}
	to[fmt.Sprintf("%d %s", len(to), name)] = bytes.Clone(body)
}

func newRig(t testing.TB, v *validator) *rig {
	g := &rig{t: t, now: start, valid: v}
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{Now: func() time.Time { return g.now }})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	g.db = db
	g.Repository = &Repository{
		Items: g.db, BaseURL: baseURL, SiteURL: "http://sheaf.example.org", RepositoryID: "sheaf.example.org",
		Name: "Sheaf & friends", AdminEmails: []string{"admin@sheaf.example.org"}, PageSize: 3, TokenLife: 24 * time.Hour,
		Now: func() time.Time { return g.now },
		Formats: []crosswalk.Format{
			{Prefix: "oai_dc", Namespace: "http://www.openarchives.org/OAI/2.0/oai_dc/", Schema: "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"},
			{Prefix: "jats", Namespace: jatsNS, Schema: crosswalk.BaseURL + "/schemas/jats.xsd"},
		},
	}
	return g
}

// again is the repository after a restart, with another configuration.
func (g *rig) again(change func(*Repository)) *rig {
	r := &Repository{
		Items: g.Items, Formats: g.Formats, BaseURL: g.BaseURL, SiteURL: g.SiteURL, RepositoryID: g.RepositoryID, Name: g.Name,
		AdminEmails: g.AdminEmails, PageSize: g.PageSize, TokenLife: g.TokenLife, Now: g.Now,
	}
	change(r)
	return &rig{Repository: r, t: g.t, db: g.db, now: g.now, valid: g.valid}
}

func dc(local string) store.Record {
	return store.Record{Prefix: "oai_dc", Metadata: []byte(`<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/oai_dc/ http://www.openarchives.org/OAI/2.0/oai_dc.xsd"><dc:title xml:lang="en">Title of ` +
		strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(local) + `</dc:title><dc:identifier>` + crosswalk.BaseURL + `/records/x</dc:identifier></oai_dc:dc>`)}
}

func article(local string) store.Record {
	return store.Record{Prefix: "jats", Metadata: []byte(`<article xmlns="` + jatsNS + `" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="` + jatsNS + ` ` + crosswalk.BaseURL + `/schemas/jats.xsd" dtd-version="1.3" article-type="research-article" xml:lang="en"><front><journal-meta><journal-id journal-id-type="publisher-id">j</journal-id><issn publication-format="electronic">1234-5679</issn></journal-meta><article-meta><title-group><article-title>Title of ` +
		local + `</article-title></title-group><pub-date date-type="pub" publication-format="electronic" iso-8601-date="2020"><year>2020</year></pub-date><self-uri content-type="text/html" xlink:href="` + crosswalk.BaseURL + `/records/x" xlink:title="page"/></article-meta></front></article>` +
		crosswalk.AboutMark + `<about><rights xmlns="http://www.openarchives.org/OAI/2.0/rights/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/rights/ http://www.openarchives.org/OAI/2.0/rights.xsd"><rightsReference ref="` + crosswalk.BaseURL + `/rights/x"/></rights></about>`)}
}

// put stores an item as dc and jats, a second after all before it; again, with a change in both.
func (g *rig) put(local string, sets ...string) {
	records := []store.Record{dc(local), article(local)}
	for i := range records {
		records[i].Metadata = []byte(strings.Replace(string(records[i].Metadata), "Title of", "Title"+strings.Repeat(" again", g.puts[local])+" of", 1))
	}
	if g.puts == nil {
		g.puts = map[string]int{}
	}
	g.puts[local]++
	g.putAs(local, records, sets...)
}

func (g *rig) putAs(local string, records []store.Record, sets ...string) {
	g.now = g.now.Add(time.Second)
	g.change(store.Change{Local: local, Article: []byte(`{"title":{"text":"x"},"n":"` + g.now.String() + `"}`), Records: records, Sets: named(sets)})
}

func named(specs []string) (sets []store.Set) {
	for _, s := range specs {
		sets = append(sets, store.Set{Spec: s, Name: "Set " + s})
	}
	return sets
}

func (g *rig) delete(local string) {
	g.now = g.now.Add(time.Second)
	g.change(store.Change{Local: local, Delete: true})
}

func (g *rig) change(c ...store.Change) {
	out, err := g.db.Put(context.Background(), c)
	require.NoError(g.t, err)
	require.Len(g.t, out, len(c))
}

// repoA is r1 to r10 with a second between them, then d1, deleted; r9 has no jats. r1 to r4 are in j, r5 and r6 in j:s1, r7 to
// r10 in k; d1 was in k; e is empty.
func repoA(t testing.TB, v *validator) *rig {
	g := newRig(t, v)
	require.NoError(t, g.db.PutSets(context.Background(), []store.Set{{Spec: "e", Name: "Empty <set> & co", Description: "No items; a < b & c"}}))
	for i := 1; i <= 10; i++ {
		local, set := fmt.Sprintf("r%d", i), "j"
		switch {
		case i > 6:
			set = "k"
		case i > 4:
			set = "j:s1"
		}
		if i == 9 {
			g.putAs(local, []store.Record{dc(local)}, set)
		} else {
			g.put(local, set)
		}
	}
	g.put("d1", "k")
	g.delete("d1")
	g.now = g.now.Add(time.Minute)
	return g
}

// stamp is the datestamp of r1 to r10 of repoA.
func stamp(i int) string { return start.Add(time.Duration(i) * time.Second).Format(time.RFC3339) }

// reply is one answer, read.
type reply struct {
	*httptest.ResponseRecorder
	root *etree.Element
}

func (g *rig) serve(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.ServeHTTP(w, req)
	return w
}

// get asks and demands a 200 with an OAI-PMH response.
func (g *rig) get(query string) reply {
	g.t.Helper()
	return g.read(query, g.serve(httptest.NewRequest("GET", "/oai?"+query, nil)))
}

func (g *rig) read(name string, w *httptest.ResponseRecorder) reply {
	g.t.Helper()
	require.Equal(g.t, 200, w.Code, "%s\n%s", name, w.Body)
	require.Equal(g.t, "text/xml; charset=utf-8", w.Header().Get("Content-Type"))
	doc := etree.NewDocument()
	require.NoError(g.t, doc.ReadFromBytes(w.Body.Bytes()), "%s\n%s", name, w.Body)
	require.Equal(g.t, "OAI-PMH", doc.Root().Tag)
	require.True(g.t, strings.HasSuffix(w.Body.String(), "</OAI-PMH>\n"), "I15")
	require.Equal(g.t, 1, strings.Count(w.Body.String(), "<?xml"), "I06")
	require.NotContains(g.t, w.Body.String(), "<!DOCTYPE", "I06")
	for _, path := range []string{"//datestamp", "//identifier", "//setSpec", "//setName", "//responseDate"} {
		for _, e := range doc.FindElements(path) {
			require.NotEmpty(g.t, e.Text(), "I15: %s", path)
		}
	}
	g.valid.add(name, w.Body.Bytes())
	return reply{w, doc.Root()}
}

// codes are the error codes of an answer; none when it has content.
func (r reply) codes() (codes []string) {
	for _, e := range r.root.SelectElements("error") {
		codes = append(codes, e.SelectAttrValue("code", ""))
	}
	return codes
}

// ids are the local identifiers of the headers, each with a minus before it when it is deleted.
func (r reply) ids() (ids []string) {
	for _, h := range r.root.FindElements("//header") {
		id := strings.TrimPrefix(h.SelectElement("identifier").Text(), "oai:sheaf.example.org:")
		if h.SelectAttrValue("status", "") == "deleted" {
			id = "-" + id
		}
		ids = append(ids, id)
	}
	return ids
}

func (r reply) token() *etree.Element {
	for _, list := range []string{"ListRecords", "ListIdentifiers", "ListSets"} {
		if e := r.root.SelectElement(list); e != nil {
			return e.SelectElement("resumptionToken")
		}
	}
	return nil
}

// attributes of the request element, as "name=value".
func (r reply) attributes() (all []string) {
	for _, a := range r.root.SelectElement("request").Attr {
		all = append(all, a.Key+"="+a.Value)
	}
	return all
}

func (r reply) text(path string) string {
	if e := r.root.FindElement(path); e != nil {
		return e.Text()
	}
	return ""
}

// walk follows a list to its end.
func (g *rig) walk(query string) (replies []reply) {
	g.t.Helper()
	verb, err := url.ParseQuery(query)
	require.NoError(g.t, err)
	for range 2000 {
		r := g.get(query)
		require.Empty(g.t, r.codes(), query)
		replies = append(replies, r)
		e := r.token()
		if e == nil || e.Text() == "" {
			return replies
		}
		query = "verb=" + verb.Get("verb") + "&resumptionToken=" + e.Text()
	}
	g.t.Fatal("the list does not end")
	return nil
}

func allIDs(replies []reply) (ids []string) {
	for _, r := range replies {
		ids = append(ids, r.ids()...)
	}
	return ids
}

// resume asks for the next part after r.
func (g *rig) resume(verb string, r reply) reply {
	g.t.Helper()
	require.NotNil(g.t, r.token())
	require.NotEmpty(g.t, r.token().Text())
	return g.get("verb=" + verb + "&resumptionToken=" + r.token().Text())
}

// broken is a store that fails.
type broken struct {
	Items
	tick, list error
	after      int // lists that still work
}

func (b *broken) Tick(ctx context.Context) (int64, error) {
	if b.tick != nil {
		return 0, b.tick
	}
	return b.Items.Tick(ctx)
}

func (b *broken) List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	if b.after--; b.after < 0 && b.list != nil {
		return store.Page{}, b.list
	}
	return b.Items.List(ctx, q, visit)
}

var errDown = errors.New("the disk is gone")
