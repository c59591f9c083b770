package web

import (
	"context"
	"encoding/xml"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/store"
	"sheaf/store/postgres"
	"sheaf/store/postgres/pgtest"
	"sheaf/store/sqlite"
	"sheaf/store/storetest"
)

var bg = context.Background()

const site = "https://sheaf.example.org"

// fixture is an empty store with a clock of its own, and a Source over it with small parts.
type fixture struct {
	store.Store
	t      testing.TB
	clock  *storetest.Clock
	source *Source
}

type opener func(t testing.TB) *fixture

// both runs a test over either backend.
func both(t *testing.T, test func(*testing.T, opener)) {
	t.Run("sqlite", func(t *testing.T) { test(t, open) })
	t.Run("postgres", func(t *testing.T) {
		c := pgtest.Shared(t)
		test(t, func(t testing.TB) *fixture {
			clock := storetest.NewClock()
			db, err := postgres.Open(c.Database(t), postgres.Options{Now: clock.Now})
			require.NoError(t, err)
			return over(t, db, clock)
		})
	})
}

func open(t testing.TB) *fixture {
	clock := storetest.NewClock()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{Now: clock.Now})
	require.NoError(t, err)
	return over(t, db, clock)
}

func over(t testing.TB, db store.Store, clock *storetest.Clock) *fixture {
	t.Cleanup(func() { db.Close() })
	f := &fixture{Store: db, t: t, clock: clock}
	f.source = &Source{Items: db, Formats: formats(), RepositoryID: "sheaf.example.org", Name: "Tests & trials", SiteURL: site, partSize: 30, pageSize: 10}
	return f
}

func formats() []crosswalk.Format { return []crosswalk.Format{{Prefix: "oai_dc"}, {Prefix: "jats"}} }

func article(local string, version int) store.Change {
	dc := fmt.Sprintf(`<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">`+
		`<dc:identifier>%s/records/x</dc:identifier><dc:title xml:lang="en">Of x &amp; y, %d</dc:title><dc:title>Другое</dc:title>`+
		`<dc:creator>Kurz, A.</dc:creator><dc:creator>Lang, B.</dc:creator><dc:description>Short.</dc:description></oai_dc:dc>`, crosswalk.BaseURL, version)
	return store.Change{
		Local: local, Article: fmt.Appendf(nil, `{"local":%q,"version":%d}`, local, version),
		Records: []store.Record{
			{Prefix: "oai_dc", Metadata: []byte(dc + crosswalk.AboutMark + "<about><x>1</x></about>")},
			{Prefix: "jats", Metadata: fmt.Appendf(nil, `<article xmlns="j">%d</article>`, version)},
		},
		Sets: []store.Set{{Spec: fmt.Sprintf("type:%d", len(local)%2)}},
	}
}

func (f *fixture) put(changes ...store.Change) {
	for part := range slices.Chunk(changes, 500) {
		_, err := f.Put(bg, part)
		require.NoError(f.t, err)
	}
}

// fill puts n items, in seconds as a seed throws them: some alone, some hundreds together.
func (f *fixture) fill(n int, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	for i := 0; i < n; {
		var changes []store.Change
		for range min(n-i, 1+r.IntN(1+r.IntN(120))) {
			changes = append(changes, article(fmt.Sprintf("10.5555/i%05d", i), 1))
			i++
		}
		f.put(changes...)
		f.clock.Add(int64(1 + r.IntN(1+r.IntN(100000))))
	}
}

func (f *fixture) get(target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", strings.TrimPrefix(target, site), nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.source.ServeHTTP(w, r)
	return w
}

// urlset is a sitemap, an index of sitemaps, or one of ResourceSync's lists.
type urlset struct {
	MD   md `xml:"http://www.openarchives.org/rs/terms/ md"`
	URLs []struct {
		Loc     string `xml:"loc"`
		LastMod string `xml:"lastmod"`
		MD      md     `xml:"http://www.openarchives.org/rs/terms/ md"`
	} `xml:",any"`
}

type md struct {
	Capability string `xml:"capability,attr"`
	At         string `xml:"at,attr"`
	From       string `xml:"from,attr"`
	Until      string `xml:"until,attr"`
	Change     string `xml:"change,attr"`
	Datetime   string `xml:"datetime,attr"`
	Hash       string `xml:"hash,attr"`
	Length     int    `xml:"length,attr"`
	Path       string `xml:"path,attr"`
}

func (f *fixture) urls(target string) (set urlset) {
	w := f.get(target)
	require.Equal(f.t, http.StatusOK, w.Code, "%s: %s", target, w.Body)
	require.NoError(f.t, xml.Unmarshal(w.Body.Bytes(), &set), target)
	set.URLs = slices.DeleteFunc(set.URLs, func(u struct {
		Loc     string `xml:"loc"`
		LastMod string `xml:"lastmod"`
		MD      md     `xml:"http://www.openarchives.org/rs/terms/ md"`
	}) bool {
		return u.Loc == "" // rs:ln
	})
	return set
}

// changed is what the change list at an address tells, whether it is one or an index of several.
func (f *fixture) changed(target string, visit func(local string, m md)) {
	set := f.urls(target)
	require.Equal(f.t, "changelist", set.MD.Capability)
	before := ""
	for _, u := range set.URLs {
		if u.MD.Change == "" {
			f.changed(u.Loc, visit)
			continue
		}
		assert.LessOrEqual(f.t, before, u.MD.Datetime, "in the order of the changes")
		assert.Equal(f.t, u.LastMod, u.MD.Datetime)
		before = u.MD.Datetime
		visit(localOf(f.t, u.Loc, "/jats.xml"), u.MD)
	}
}

// state is what a list of the store holds: for each item its datestamp, and a minus before it when it is deleted.
func (f *fixture) state(prefix string) map[string]string {
	state := map[string]string{}
	q := store.Query{Prefix: prefix, Headers: true, Limit: 1 << 20}
	_, err := f.List(bg, q, func(row *store.Row) error {
		state[string(row.Local)] = mark(row.Deleted) + datestamp(row.Datestamp)
		return nil
	})
	require.NoError(f.t, err)
	return state
}

func mark(deleted bool) string {
	if deleted {
		return "-"
	}
	return ""
}

func live(state map[string]string) map[string]string {
	out := maps.Clone(state)
	maps.DeleteFunc(out, func(_, v string) bool { return v[0] == '-' })
	return out
}

// localOf is the item that an address is of.
func localOf(t testing.TB, loc, suffix string) string {
	rest, ok := between(loc, site+"/records/", suffix)
	require.True(t, ok, loc)
	local, err := url.PathUnescape(rest)
	require.NoError(t, err)
	return local
}

// Every item is in one part, and no part is larger than it may be, whatever the seconds in which the items came.
func TestSitemap(t *testing.T) { both(t, testSitemap) }

func testSitemap(t *testing.T, open opener) {
	for seed := range uint64(2) {
		f := open(t)
		f.fill(700, seed)
		f.put(store.Change{Local: "10.5555/i00003", Delete: true}, article("a b/ж?#%[1]&'.xml", 1))
		f.clock.Add(10)
		seen := map[string]string{}
		index := f.urls("/sitemap.xml")
		for i, part := range index.URLs {
			require.Regexp(t, `^`+site+`/sitemap-[^/]+\.xml$`, part.Loc)
			set := f.urls(part.Loc)
			assert.LessOrEqual(t, len(set.URLs), f.source.partSize)
			for _, u := range set.URLs {
				local := localOf(t, u.Loc, "")
				assert.NotContains(t, seen, local)
				assert.LessOrEqual(t, u.LastMod, part.LastMod)
				seen[local] = u.LastMod
			}
			if i > 0 {
				assert.LessOrEqual(t, index.URLs[i-1].LastMod, part.LastMod, "in order")
			}
		}
		assert.Equal(t, live(f.state("oai_dc")), seen)
		assert.Greater(t, len(index.URLs), 700/f.source.partSize)
		assert.Less(t, len(index.URLs), 700/f.source.partSize*8, "parts are not much smaller than they may be")
	}
}

// A store without a live item still has a sitemap that readers take.
func TestSitemapEmpty(t *testing.T) {
	f := open(t)
	check := func() {
		index := f.urls("/sitemap.xml")
		require.Len(t, index.URLs, 1)
		part := f.urls(index.URLs[0].Loc)
		require.Len(t, part.URLs, 1)
		assert.Equal(t, site+"/", part.URLs[0].Loc)
	}
	check()
	f.put(article("x", 1))
	f.put(store.Change{Local: "x", Delete: true})
	check()
}

func TestRobots(t *testing.T) {
	w := open(t).get("/robots.txt")
	assert.Equal(t, "User-agent: *\nDisallow:\n\nSitemap: "+site+"/sitemap.xml\n", w.Body.String())
	assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
}

// All documents by the schemas of Sitemaps and of ResourceSync. That of the latter is of version 0.9.1, which does not know the datetime of 1.1.
func TestSchemas(t *testing.T) {
	f := open(t)
	f.fill(200, 1)
	for local := range f.state("jats") {
		if local < "10.5555/i00100" {
			f.put(store.Change{Local: local, Delete: true})
			f.clock.Add(1)
		}
	}
	dir := t.TempDir()
	f.source.DumpDir = dir
	_, err := f.dumper(dir, true).Make(bg)
	require.NoError(t, err)
	f.fill(3, 9)

	sets, indexes := map[string][]byte{}, map[string][]byte{}
	var collect func(target string)
	collect = func(target string) {
		target = strings.TrimPrefix(target, site)
		w := f.get(target)
		require.Equal(t, http.StatusOK, w.Code, target)
		assert.Equal(t, "application/xml; charset=utf-8", w.Header().Get("Content-Type"))
		doc := w.Body.Bytes()
		if strings.Contains(w.Body.String(), "<sitemapindex") {
			indexes[target] = doc
		} else {
			sets[target] = datetime.ReplaceAll(doc, nil)
		}
		for _, u := range f.urls(target).URLs {
			if loc := strings.TrimPrefix(u.Loc, site); Serves(loc) && strings.HasSuffix(loc, ".xml") {
				collect(loc)
			}
		}
	}
	for _, target := range []string{"/sitemap.xml", "/.well-known/resourcesync", "/resourcesync/jats/changelist.xml?from=2026-01-01"} {
		collect(target)
	}
	assert.Contains(t, sets, "/resourcesync/jats/capabilitylist.xml")
	assert.Contains(t, sets, "/resourcesync/oai_dc/resourcedump.xml")
	assert.Contains(t, indexes, "/resourcesync/jats/resourcelist.xml")
	assert.Empty(t, fixturetest.XSD(t, "indexers/resourcesync/sitemap-plus-rs.xsd", sets))
	assert.Empty(t, fixturetest.XSD(t, indexSchema(t), indexes))
}

// indexSchema makes a schema of what an index of ResourceSync is made of, as sitemap-plus-rs.xsd is for the other documents.
func indexSchema(t *testing.T) string {
	dir := filepath.Join(fixturetest.Schemas(t), "indexers")
	path := filepath.Join(t.TempDir(), "index.xsd")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<xsd:import namespace="http://www.openarchives.org/rs/terms/" schemaLocation=%q/>
<xsd:import namespace="http://www.sitemaps.org/schemas/sitemap/0.9" schemaLocation=%q/></xsd:schema>`,
		filepath.Join(dir, "resourcesync", "resourcesync.xsd"), filepath.Join(dir, "sitemap", "siteindex.xsd")), 0o644))
	return path
}

// busy writes between any two reads.
type busy struct {
	Items
	write func()
}

func (b *busy) List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	b.write()
	return b.Items.List(ctx, q, visit)
}

// writer returns a function that changes and deletes some items at random, and lets time pass.
func (f *fixture) writer(n int, seed uint64) func() {
	r := rand.New(rand.NewPCG(seed, 1))
	version := 2
	return func() {
		for range 1 + r.IntN(3) {
			local := fmt.Sprintf("10.5555/i%05d", r.IntN(n+n/10))
			if r.IntN(4) == 0 {
				f.put(store.Change{Local: local, Delete: true})
			} else {
				f.put(article(local, version))
			}
			version++
		}
		if r.IntN(3) == 0 {
			f.clock.Add(1)
		}
	}
}

// Who takes the resource list and then the changes since its at has what the store has, whatever was written meanwhile. The parts are taken from the last to
// the first, so that items go where they were looked for already; with the clock of the end in place of at they are missed.
func TestResourceSyncMissesNothing(t *testing.T) { both(t, testResourceSyncMissesNothing) }

func testResourceSyncMissesNothing(t *testing.T, open opener) {
	for seed := range uint64(2) {
		f := open(t)
		f.fill(300, seed)
		f.source.Items = &busy{f.Store, f.writer(300, seed)}
		listed := map[string]string{}
		index := f.urls("/resourcesync/jats/resourcelist.xml")
		assert.Equal(t, "resourcelist", index.MD.Capability)
		for _, part := range slices.Backward(index.URLs) {
			for _, u := range f.urls(part.Loc).URLs {
				local := localOf(t, u.Loc, "/jats.xml")
				listed[local] = max(listed[local], u.LastMod)
			}
		}
		f.source.Items = f.Store
		f.clock.Add(1)
		since := func(at string) map[string]string {
			got := maps.Clone(listed)
			f.changed("/resourcesync/jats/changelist.xml?from="+at, func(local string, m md) {
				if m.Datetime < at {
					return // the parts of an index begin before
				}
				if got[local] = m.Datetime; m.Change == "deleted" {
					delete(got, local)
				} else {
					assert.Equal(t, "updated", m.Change)
				}
			})
			return got
		}
		assert.Equal(t, live(f.state("jats")), since(index.MD.At))
		assert.NotEqual(t, live(f.state("jats")), since(datestamp(f.clock.Seconds())))
	}
}

// A part that has grown beyond what a part may hold, since an index named it, is cut where the entries are newer than the index.
func TestGrownPart(t *testing.T) {
	f := open(t)
	f.put(article("10.5555/b", 1))
	f.clock.Add(1)
	index := f.urls("/resourcesync/jats/resourcelist.xml")
	require.Len(t, index.URLs, 1)
	f.fill(200, 1)
	f.put(article("10.5555/a", 1)) // in its order before the item of then, if names were all
	got := map[string]string{}
	part := f.urls(index.URLs[0].Loc)
	assert.Len(t, part.URLs, f.source.partSize*5/3)
	for _, u := range part.URLs {
		got[localOf(t, u.Loc, "/jats.xml")] = u.LastMod
	}
	assert.Contains(t, got, "10.5555/b")
	f.changed("/resourcesync/jats/changelist.xml?from="+index.MD.At, func(local string, m md) { got[local] = m.Datetime })
	assert.Equal(t, f.state("jats"), got)
}

// The change list goes back to the beginning: alone it tells of every item, also of the deleted ones.
func TestChangeList(t *testing.T) { both(t, testChangeList) }

func testChangeList(t *testing.T, open opener) {
	f := open(t)
	f.fill(300, 3)
	f.put(store.Change{Local: "10.5555/i00000", Delete: true}, store.Change{Local: "10.5555/i00007", Delete: true})
	f.clock.Add(5)
	got := map[string]string{}
	f.changed("/resourcesync/jats/changelist.xml", func(local string, m md) {
		assert.NotContains(t, got, local)
		got[local] = mark(m.Change == "deleted") + m.Datetime
	})
	assert.Equal(t, f.state("jats"), got)
	index := f.urls("/resourcesync/jats/changelist.xml")
	for i, part := range index.URLs[1:] {
		if before := index.URLs[i].MD; before.From != part.MD.From {
			assert.LessOrEqual(t, before.Until, part.MD.From)
		}
	}

	// What fits into one part is told at once, exactly.
	var stamps []string
	for _, stamp := range got {
		stamps = append(stamps, strings.TrimPrefix(stamp, "-"))
	}
	slices.Sort(stamps)
	from, until := stamps[len(stamps)-20], stamps[len(stamps)-3]
	var some []string
	f.changed("/resourcesync/jats/changelist.xml?from="+from+"&until="+until, func(_ string, m md) { some = append(some, m.Datetime) })
	assert.Equal(t, slices.DeleteFunc(stamps, func(s string) bool { return s < from || s > until }), some)
	set := f.urls("/resourcesync/jats/changelist.xml?from=" + from)
	assert.Equal(t, from, set.MD.From)
	assert.Empty(t, set.MD.Until, "it is still written to")
	assert.Empty(t, f.urls("/resourcesync/jats/changelist.xml?from=2100-01-01").URLs)

	for query, reason := range map[string]string{"from=yesterday": "yesterday", "until=2026-13-01": "2026-13-01", "from=2026-02-02&until=2026-02-01": "later"} {
		w := f.get("/resourcesync/oai_dc/changelist.xml?" + query)
		assert.Equal(t, http.StatusBadRequest, w.Code)
		assert.Contains(t, w.Body.String(), reason)
	}
}

// A part that time has passed by stays the same for caches until an entry leaves it; the ETag of one that is written to changes.
func TestFresh(t *testing.T) { both(t, testFresh) }

func testFresh(t *testing.T, open opener) {
	f := open(t)
	f.fill(300, 5)
	index := f.urls("/sitemap.xml").URLs
	first, last := index[0].Loc, site+"/sitemap-"+whole.name()+".xml" // into which something will be written at any time
	one, end, all := f.get(first), f.get(last), f.get("/sitemap.xml")
	again := func(target, tag string) int { return f.get(target, "If-None-Match", tag).Code }
	tags := []string{one.Header().Get("ETag"), end.Header().Get("ETag"), all.Header().Get("ETag")}
	for i, target := range []string{first, last, "/sitemap.xml"} {
		require.NotEmpty(t, tags[i])
		assert.Equal(t, http.StatusNotModified, again(target, tags[i]))
		assert.Equal(t, http.StatusNotModified, again(target, `"x", `+tags[i]))
		assert.Equal(t, http.StatusOK, again(target, `"x"`))
	}

	f.put(article("new", 1))
	assert.Equal(t, http.StatusOK, again("/sitemap.xml", tags[2]), "in the second in which something was written")
	assert.Empty(t, f.get("/sitemap.xml").Header().Get("ETag"), "the item may yet be deleted in this second, and its entry would have the same place")
	f.clock.Add(2)
	assert.Equal(t, http.StatusNotModified, again(first, tags[0]))
	assert.Equal(t, http.StatusOK, again(last, tags[1]))
	assert.Equal(t, http.StatusOK, again("/sitemap.xml", tags[2]))

	local := localOf(t, f.urls(first).URLs[0].Loc, "")
	f.put(article(local, 2))
	assert.Equal(t, http.StatusOK, again(first, tags[0]), "an entry has left")

	// As many as before, but others: one goes from the last part and comes again.
	f.clock.Add(2)
	tag := f.get(last).Header().Get("ETag")
	f.put(article("new", 3))
	f.clock.Add(2)
	assert.Equal(t, http.StatusOK, again(last, tag))
}

func TestNotThere(t *testing.T) {
	f := open(t)
	f.fill(100, 1)
	for _, target := range []string{"/sitemap-.xml", "/sitemap-1-5.xml", "/sitemap-0-68719476735", "/sitemap-00-68719476735.xml", "/sitemap--1-0.xml", "/sitemap-2-5.xml",
		"/sitemap-0-137438953471.xml", "/sitemap-8-8.!.xml", "/resourcesync/mods/resourcelist.xml", "/resourcesync/jats/resourcelist/x.xml", "/resourcesync/jats", "/resourcesync/",
		"/resourcesync/jats/resourcedump.xml", "/atom/1.xml", "/dump/", "/dump", "/dump/manifest.json"} {
		assert.True(t, Serves(target), target)
		assert.Equal(t, http.StatusNotFound, f.get(target).Code, target)
	}
	assert.False(t, Serves("/oai"))
	assert.False(t, Serves("/records/robots.txt"))

	w := httptest.NewRecorder()
	f.source.ServeHTTP(w, httptest.NewRequest("POST", "/sitemap.xml", nil))
	assert.Equal(t, http.StatusMethodNotAllowed, w.Code)
	w = httptest.NewRecorder()
	f.source.ServeHTTP(w, httptest.NewRequest("HEAD", "/sitemap.xml", nil))
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Empty(t, w.Body.String())
	assert.Equal(t, "application/xml; charset=utf-8", w.Header().Get("Content-Type"))
}

// broken fails after some reads.
type broken struct {
	Items
	left int
}

func (b *broken) List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	if b.left--; b.left < 0 {
		return store.Page{}, store.ErrBusy
	}
	return b.Items.List(ctx, q, visit)
}

// A file that breaks off must not look whole, and one that was not begun is a 503.
func TestBroken(t *testing.T) {
	f := open(t)
	f.source.partSize = 0 // as in earnest, so that there is something to send before the end
	var many []store.Change
	for i := range 3 * stretch {
		many = append(many, article(fmt.Sprintf("10.5555/i%05d", i), 1))
	}
	f.put(many...)
	f.clock.Add(1)
	part := f.urls("/resourcesync/jats/resourcelist.xml").URLs[0].Loc
	whole := 0
	counted := &broken{f.Store, 1 << 20}
	f.source.Items = counted
	f.get(part)
	whole = 1<<20 - counted.left

	f.source.Items = &broken{f.Store, 0}
	w := f.get(part)
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Empty(t, w.Header().Get("ETag"))
	f.source.Items = &broken{f.Store, whole - 1}
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() { f.get(part) })
}

func FuzzSpan(f *testing.F) {
	f.Add("0-68719476735")
	f.Add("1790000000-1790000000.MTAuNTU1NS94.")
	f.Add("1790000000-1790000001")
	f.Fuzz(func(t *testing.T, name string) {
		v, ok := parseSpan(name)
		if !ok {
			return
		}
		assert.Equal(t, name, v.name())
		assert.True(t, 0 <= v.first && v.first <= v.last && v.last < horizon)
		if v.first < v.last {
			a, b := v.halves()
			for _, half := range []span{a, b} {
				again, ok := parseSpan(half.name())
				assert.True(t, ok)
				assert.Equal(t, half, again)
			}
			assert.Equal(t, [3]int64{v.first, a.last + 1, v.last}, [3]int64{a.first, b.first, b.last})
		}
	})
}
