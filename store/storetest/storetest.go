// Package storetest is what every backend of store must pass. Each case is named after a promise that a harvester or a depositor
// relies on.
package storetest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sheaf/store"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Options is how a case wants its store.
type Options struct {
	Dir string           // equal Dirs are one database, opened once more
	Now func() time.Time // the clock
}

// Damager is a store that can damage itself, for the cases that need it; others skip them.
type Damager interface {
	// Garble changes the kept bytes of a record, so that they can be read but are not what was stored.
	Garble(t *testing.T, local, prefix string)
	// Lose makes the bytes of a record unreadable.
	Lose(t *testing.T, local, prefix string)
	// Mislay takes an item out of the lists that are whole, those of no set.
	Mislay(t *testing.T, local string)
}

// Clock is a clock that stands still until it is set.
type Clock struct{ seconds atomic.Int64 }

// NewClock starts at a moment of 2026.
func NewClock() *Clock {
	c := &Clock{}
	c.seconds.Store(1790000000)
	return c
}

func (c *Clock) Now() time.Time { return time.Unix(c.seconds.Load(), 0) }
func (c *Clock) Add(n int64)    { c.seconds.Add(n) }
func (c *Clock) Seconds() int64 { return c.seconds.Load() }
func (c *Clock) Set(unix int64) { c.seconds.Store(unix) }

type opener func(t *testing.T, o Options) store.Store

// fixture is a fresh store with a clock of its own.
type fixture struct {
	store.Store
	t     *testing.T
	clock *Clock
	dir   string
	open  opener

	versions map[string]string // of each item, by the last put
}

// again opens the same database once more.
func (f *fixture) again() store.Store {
	return f.open(f.t, Options{Dir: f.dir, Now: f.clock.Now})
}

// Run runs the suite. open must close what it opens by t.Cleanup; closing twice must do no harm.
func Run(t *testing.T, open func(t *testing.T, o Options) store.Store) {
	for _, c := range []struct {
		name string
		run  func(*fixture)
	}{
		{"each item comes once at page edges with equal datestamps", testPageEdges},
		{"a list is in the order of datestamp and identifier", testOrder},
		{"from and until are inclusive", testFromUntil},
		{"a set holds its descendants", testSets},
		{"a tombstone keeps sets and formats and moves the datestamp", testTombstone},
		{"a deleted item can be revived", testRevive},
		{"an unchanged item does not move", testUnchanged},
		{"a change of the article alone does not move the datestamp", testArticleOnly},
		{"a moved set moves the datestamp", testSetMove},
		{"a format that is lost leaves a tombstone", testLostFormat},
		{"no two items share an alias", testAlias},
		{"changes of one item in one batch work in order", testSameLocal},
		{"a batch is all or nothing", testAllOrNothing},
		{"a format that an item lacks is not found", testMissingFormat},
		{"bytes come back as they were stored", testBytes},
		{"headers alone carry all but metadata", testHeaders},
		{"a clock that is set back keeps datestamps in order", testClockBack},
		{"a tick moves the clock and nothing else", testTick},
		{"earliest bounds every datestamp", testEarliest},
		{"sets come in pages", testSetPages},
		{"a set keeps its name", testSetNames},
		{"the latest source comes first, and a replaced one is forgotten", testSource},
		{"sources are dropped when a change says so", testDrop},
		{"the secret outlives the process", testSecret},
		{"a list is exact while others write", testExact},
		{"a harvester never misses a change", testHarvest},
		{"totals equal a full count", testTotals},
		{"every list is that of a plain model, whatever formats the items have", testClasses},
		{"a damaged bundle costs its own rare records only", testBundle},
		{"two openers of one database see each other", testTwoOpeners},
		{"check is silent about a sound store", testCheckClean},
		{"check finds a damaged record", testCheckGarbled},
		{"a record that cannot be read is left out and counted", testFaults},
		{"stats count items and records", testStats},
		{"a store can be closed while it is in use", testClose},
		{"a version changes with the article and with what is served", testVersion},
		{"a change is carried out only if its condition holds", testIf},
		{"of writers that saw the same version one wins", testIfRace},
		{"what must be rendered again is found", testOutdated},
		{"a token lives until it is revoked", testTokens},
		{"a mark is kept until it is taken away, and swapped only from what it was", testMarks},
		{"a repair writes anew and moves the datestamp", testAgain},
		{"rebuild mends the lists and moves no datestamp", testRebuild},
		{"a dump restores the whole store", testDump},
		{"a dump tells what it could not read", testDumpDamaged},
		{"an error of the visitor ends the list", testVisitorError},
		{"a cancelled context ends the work", testCancel},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			f := &fixture{t: t, clock: NewClock(), dir: t.TempDir(), open: open, versions: map[string]string{}}
			f.Store = f.again()
			c.run(f)
		})
	}
}

var bg = context.Background()

// article is a change with both formats, and with two that are rare, of which one is there for every other version; version makes its bytes differ.
func article(local string, version int, specs ...string) store.Change {
	c := store.Change{
		Local:   local,
		Article: []byte(fmt.Sprintf(`{"local":%q,"version":%d}`, local, version)),
		Records: []store.Record{
			{Prefix: "oai_dc", Metadata: []byte(fmt.Sprintf("<dc>%s %d</dc>", local, version))},
			{Prefix: "jats", Metadata: []byte(fmt.Sprintf("<article>%s %d</article>", local, version))},
			{Prefix: "mods", Metadata: []byte(fmt.Sprintf("<mods>%s %d</mods>", local, version)), Rare: true},
		},
	}
	if version%2 == 0 {
		c.Records = append(c.Records, store.Record{Prefix: "crossref", Metadata: []byte(fmt.Sprintf("<doi_batch>%s %d</doi_batch>", local, version)), Rare: true})
	}
	for _, s := range specs {
		c.Sets = append(c.Sets, store.Set{Spec: s})
	}
	return c
}

func tombstone(local string) store.Change { return store.Change{Local: local, Delete: true} }

func (f *fixture) put(changes ...store.Change) []store.Outcome {
	f.t.Helper()
	out, err := f.Put(bg, changes)
	require.NoError(f.t, err)
	require.Len(f.t, out, len(changes))
	for i := range out {
		f.versions[out[i].Local], out[i].Version = out[i].Version, ""
	}
	return out
}

// Entry is a Row that outlives its visitor.
type Entry struct {
	Local     string
	Datestamp int64
	Deleted   bool
	Sets      string
	Metadata  string
}

func entry(r *store.Row) Entry {
	return Entry{string(r.Local), r.Datestamp, r.Deleted, string(r.Sets), string(r.Metadata)}
}

// listAll follows q to its end, as a harvester does: the upper bound is fixed by the first page.
func listAll(s store.Store, q store.Query) (all []Entry, first store.Page, err error) {
	for n := 0; ; n++ {
		page, err := s.List(bg, q, func(r *store.Row) error {
			all = append(all, entry(r))
			return nil
		})
		if err != nil {
			return nil, first, err
		}
		if n == 0 {
			first = page
		}
		if !page.More {
			return all, first, nil
		}
		q.Until, q.After = first.Until, page.Last
	}
}

func (f *fixture) list(q store.Query) []Entry {
	f.t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	if q.Prefix == "" {
		q.Prefix = "oai_dc"
	}
	all, _, err := listAll(f, q)
	require.NoError(f.t, err)
	return all
}

func locals(entries []Entry) []string {
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Local)
	}
	return names
}

func (f *fixture) record(local, prefix string) Entry {
	f.t.Helper()
	var e Entry
	_, err := f.Record(bg, local, prefix, func(r *store.Row) error { e = entry(r); return nil })
	require.NoError(f.t, err)
	return e
}

// sound fails the test if Check finds something.
func (f *fixture) sound() {
	f.t.Helper()
	assert.Empty(f.t, f.problems())
}

func (f *fixture) problems() []store.Problem {
	f.t.Helper()
	var all []store.Problem
	require.NoError(f.t, f.Check(bg, func(p store.Problem) { all = append(all, p) }))
	return all
}

func testPageEdges(f *fixture) {
	var batch []store.Change
	var want []string
	for i := range 50 {
		want = append(want, fmt.Sprintf("a%02d", i))
		batch = append(batch, article(want[i], 1, "j"))
	}
	f.put(batch...)
	for _, set := range []string{"", "j"} {
		for limit := 1; limit < 60; limit += 3 {
			assert.Equal(f.t, want, locals(f.list(store.Query{Limit: limit, Set: set})), "limit %d", limit)
		}
	}
	page, err := f.List(bg, store.Query{Prefix: "jats", Limit: 50}, func(*store.Row) error { return nil })
	require.NoError(f.t, err)
	assert.False(f.t, page.More, "a full last page has nothing after it")
	assert.Equal(f.t, 50, page.Rows)
}

func testOrder(f *fixture) {
	f.put(article("b", 1), article("a", 1), article("ä", 1), article("B", 1))
	f.clock.Add(5)
	f.put(article("0", 1), article("a", 2))
	assert.Equal(f.t, []string{"B", "b", "ä", "0", "a"}, locals(f.list(store.Query{Limit: 2})), "by seconds, then by bytes")
}

func testFromUntil(f *fixture) {
	t0 := f.clock.Seconds()
	for i := range 5 {
		f.put(article(strconv.Itoa(i), 1, "s"))
		f.clock.Add(1)
	}
	for _, c := range []struct {
		from, until int64
		want        []string
	}{
		{0, 0, []string{"0", "1", "2", "3", "4"}},
		{t0 + 2, 0, []string{"2", "3", "4"}},
		{0, t0 + 2, []string{"0", "1", "2"}},
		{t0 + 1, t0 + 3, []string{"1", "2", "3"}},
		{t0 + 3, t0 + 3, []string{"3"}},
		{t0 + 5, 0, []string{}},
		{0, t0 - 1, []string{}},
		{t0 + 3, t0 + 1, []string{}},
		{t0 + 4, t0 + 9999, []string{"4"}},
	} {
		for _, set := range []string{"", "s"} {
			for _, limit := range []int{1, 2, 100} {
				q := store.Query{Prefix: "jats", Set: set, From: c.from, Until: c.until, Limit: limit, Count: true}
				all, first, err := listAll(f, q)
				require.NoError(f.t, err)
				assert.Equal(f.t, c.want, locals(all), "%+v", q)
				assert.Equal(f.t, len(c.want), first.Total, "%+v", q)
			}
		}
	}
}

func testSets(f *fixture) {
	f.put(article("1", 1, "j:a:1", "type:x"), article("2", 1, "j:a:2"), article("3", 1, "j:ab"), article("4", 1, "j"), article("5", 1))
	for set, want := range map[string][]string{
		"": {"1", "2", "3", "4", "5"}, "j": {"1", "2", "3", "4"}, "j:a": {"1", "2"}, "j:a:1": {"1"}, "j:ab": {"3"},
		"type": {"1"}, "type:x": {"1"}, "j:b": {}, "a": {},
	} {
		assert.Equal(f.t, want, locals(f.list(store.Query{Set: set})), "set %q", set)
	}
	assert.Equal(f.t, "j:a:1 type:x", f.list(store.Query{Set: "type"})[0].Sets, "the same header by every way")
	assert.Equal(f.t, "j:a:1 type:x", f.record("1", "oai_dc").Sets)
	f.sound()
}

func testTombstone(f *fixture) {
	f.put(article("1", 1, "j:a"), article("2", 1, "j:a"))
	f.clock.Add(10)
	out := f.put(tombstone("1"), tombstone("none"))
	now := f.clock.Seconds()
	assert.Equal(f.t, []store.Outcome{{Status: store.Deleted, Local: "1", Datestamp: now}, {Status: store.Missing, Local: "none"}}, out)
	want := Entry{Local: "1", Datestamp: now, Deleted: true, Sets: "j:a"}
	for _, prefix := range []string{"oai_dc", "jats", "mods"} {
		for _, set := range []string{"", "j", "j:a"} {
			for _, headers := range []bool{false, true} {
				all := f.list(store.Query{Prefix: prefix, Set: set, Headers: headers})
				require.Equal(f.t, []string{"2", "1"}, locals(all))
				assert.Equal(f.t, want, all[1])
			}
		}
		assert.Equal(f.t, want, f.record("1", prefix))
	}
	it, err := f.Get(bg, "1")
	require.NoError(f.t, err)
	assert.True(f.t, it.Deleted)
	assert.Equal(f.t, []string{"j:a"}, it.Sets)
	assert.Equal(f.t, []string{"jats", "mods", "oai_dc"}, it.Prefixes)
	assert.NotEmpty(f.t, it.Article, "nothing is lost")
	f.clock.Add(10)
	assert.Equal(f.t, store.Outcome{Status: store.Unchanged, Local: "1", Datestamp: now}, f.put(tombstone("1"))[0])
	f.sound()
}

func testRevive(f *fixture) {
	f.put(article("1", 1, "j"))
	f.clock.Add(1)
	f.put(tombstone("1"))
	f.clock.Add(1)
	out := f.put(article("1", 1, "j"))
	assert.Equal(f.t, store.Outcome{Status: store.Created, Local: "1", Datestamp: f.clock.Seconds()}, out[0])
	all := f.list(store.Query{Set: "j"})
	require.Len(f.t, all, 1, "one entry only")
	assert.Equal(f.t, Entry{"1", f.clock.Seconds(), false, "j", "<dc>1 1</dc>"}, all[0])
	f.sound()
}

func testUnchanged(f *fixture) {
	c := article("1", 1, "b", "a")
	c.Source = &store.Source{Name: "x.xml", Type: "jats", Data: []byte("x")}
	first := f.put(c)[0]
	f.clock.Add(100)
	c.Sets[0], c.Sets[1] = c.Sets[1], c.Sets[0]
	c.Records[0], c.Records[1] = c.Records[1], c.Records[0]
	assert.Equal(f.t, store.Outcome{Status: store.Unchanged, Local: "1", Datestamp: first.Datestamp}, f.put(c)[0], "order means nothing")
	c.Source = &store.Source{Name: "y.xml", Type: "jats", Data: []byte("y")}
	assert.Equal(f.t, store.Unchanged, f.put(c)[0].Status)
	_, _, ok, err := f.HasSource(bg, sha256.Sum256([]byte("y")))
	require.NoError(f.t, err)
	assert.True(f.t, ok, "a new input of the same content is kept")
	c.Records[0].Metadata = []byte("<other/>")
	assert.Equal(f.t, store.Outcome{Status: store.Updated, Local: "1", Datestamp: f.clock.Seconds()}, f.put(c)[0])
}

func testArticleOnly(f *fixture) {
	c := article("1", 1)
	first := f.put(c)[0]
	f.clock.Add(100)
	c.Article = []byte(`{"new":true}`)
	assert.Equal(f.t, store.Outcome{Status: store.Updated, Local: "1", Datestamp: first.Datestamp}, f.put(c)[0])
	it, err := f.Get(bg, "1")
	require.NoError(f.t, err)
	assert.Equal(f.t, `{"new":true}`, string(it.Article))
	assert.Equal(f.t, first.Datestamp, it.Datestamp)
	assert.Equal(f.t, store.Unchanged, f.put(c)[0].Status)
}

func testSetMove(f *fixture) {
	f.put(article("1", 1, "j:a"))
	f.clock.Add(7)
	assert.Equal(f.t, store.Outcome{Status: store.Updated, Local: "1", Datestamp: f.clock.Seconds()}, f.put(article("1", 1, "j:b"))[0])
	assert.Empty(f.t, f.list(store.Query{Set: "j:a"}))
	assert.Equal(f.t, []string{"1"}, locals(f.list(store.Query{Set: "j:b", From: f.clock.Seconds()})))
	assert.Equal(f.t, "j:b", f.record("1", "jats").Sets)
	f.sound()
}

func testLostFormat(f *fixture) {
	f.put(article("1", 1, "j"))
	f.clock.Add(7)
	c := article("1", 1, "j")
	c.Records = c.Records[:1]
	f.put(c)
	want := Entry{Local: "1", Datestamp: f.clock.Seconds(), Deleted: true, Sets: "j"}
	assert.Equal(f.t, []Entry{want}, f.list(store.Query{Prefix: "jats"}), "what was served does not vanish")
	assert.Equal(f.t, want, f.record("1", "jats"))
	assert.False(f.t, f.record("1", "oai_dc").Deleted)
	it, err := f.Get(bg, "1")
	require.NoError(f.t, err)
	assert.Equal(f.t, []string{"oai_dc"}, it.Prefixes)
	f.sound()
	f.put(tombstone("1"))
	f.sound()
	f.put(article("1", 1, "j"))
	assert.False(f.t, f.record("1", "jats").Deleted)
	f.sound()
}

func testAlias(f *fixture) {
	a := article("a", 1)
	a.Aliases = []string{"doi:10.5555/x", "pii:1"}
	first := f.put(a)[0]
	f.clock.Add(3)
	b := article("b", 1)
	b.Aliases = []string{"pii:2", "doi:10.5555/x"}
	assert.Equal(f.t, store.Outcome{Status: store.Conflict, Local: "a", Datestamp: first.Datestamp}, f.put(b)[0])
	_, err := f.Get(bg, "b")
	assert.ErrorIs(f.t, err, store.ErrNotFound, "nothing was written")
	resolve := func(names ...string) string {
		locals, err := f.Resolve(bg, names)
		require.NoError(f.t, err)
		require.Len(f.t, locals, len(names))
		return strings.Join(locals, " ")
	}
	assert.Equal(f.t, "", resolve("pii:2"), "nothing was written")
	assert.Equal(f.t, " a", resolve("pii:2", "pii:1"))
	assert.Equal(f.t, "", resolve())
	f.put(tombstone("a"))
	assert.Equal(f.t, "a", resolve("pii:1"), "a deleted item keeps its names")
	b.Aliases = []string{"pii:2"}
	c := article("c", 1)
	c.Aliases = []string{"pii:2"}
	out := f.put(c, b)
	assert.Equal(f.t, store.Created, out[0].Status, "the first of a batch is the first, whatever its identifier")
	assert.Equal(f.t, store.Conflict, out[1].Status)
	assert.Equal(f.t, "c", out[1].Local)
	c.Aliases = []string{"pii:3"}
	assert.Equal(f.t, store.Unchanged, f.put(c)[0].Status)
	assert.Equal(f.t, "c", resolve("pii:3"), "a new name of an unchanged article")
}

func testSameLocal(f *fixture) {
	out := f.put(article("1", 1, "a"), article("1", 2, "b"), tombstone("1"), tombstone("1"), article("1", 3, "c"), article("1", 3, "c"), article("0", 1))
	var got []store.Status
	for _, o := range out {
		got = append(got, o.Status)
		assert.Equal(f.t, f.clock.Seconds(), o.Datestamp)
	}
	assert.Equal(f.t, []store.Status{store.Created, store.Updated, store.Deleted, store.Unchanged, store.Created, store.Unchanged, store.Created}, got)
	assert.Equal(f.t, []string{"0", "1"}, locals(f.list(store.Query{})))
	assert.Equal(f.t, "<dc>1 3</dc>", f.record("1", "oai_dc").Metadata)
	assert.Empty(f.t, f.list(store.Query{Set: "a"}))
	f.sound()
}

func testAllOrNothing(f *fixture) {
	for name, bad := range map[string]store.Change{
		"no identifier": {}, "long": {Local: strings.Repeat("x", store.MaxLocal+1), Delete: true}, "not UTF-8": {Local: "\xff"},
		"set": article("2", 1, "a b"), "empty set": article("2", 1, ""),
		"twice the format": {Local: "2", Records: []store.Record{{Prefix: "jats"}, {Prefix: "jats"}}},
	} {
		_, err := f.Put(bg, []store.Change{article("1", 1), bad})
		assert.Error(f.t, err, name)
	}
	assert.Empty(f.t, f.list(store.Query{}))
	out, err := f.Put(bg, nil)
	assert.NoError(f.t, err)
	assert.Empty(f.t, out)
	f.sound()
}

func testMissingFormat(f *fixture) {
	c := article("1", 1)
	c.Records = c.Records[:1]
	f.put(c, article("2", 1))
	never := func(*store.Row) error { f.t.Error("visited"); return nil }
	for _, q := range [][2]string{{"1", "jats"}, {"1", "nope"}, {"1", ""}, {"nope", "jats"}, {"1", "oai"}, {"2", "oai_dc jats"}} {
		_, err := f.Record(bg, q[0], q[1], never)
		assert.ErrorIs(f.t, err, store.ErrNotFound, "%q", q)
	}
	assert.Equal(f.t, []string{"2"}, locals(f.list(store.Query{Prefix: "jats"})))
	assert.Empty(f.t, f.list(store.Query{Prefix: "nope"}))
	_, err := f.Get(bg, "nope")
	assert.ErrorIs(f.t, err, store.ErrNotFound)
	_, err = f.Source(bg, "nope")
	assert.ErrorIs(f.t, err, store.ErrNotFound)
}

func testBytes(f *fixture) {
	for _, n := range []int{0, 1, 1000, 8000, 16000, 20000, 70000, 3000000} {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i * 7) // NUL and bytes that are not UTF-8 among them
		}
		local := "10.5555/ж " + strconv.Itoa(n)
		c := store.Change{Local: local, Article: data, Records: []store.Record{{Prefix: "jats", Metadata: data}}, Source: &store.Source{Name: "s", Type: "jats", Data: data}}
		f.put(c)
		assert.True(f.t, f.record(local, "jats").Metadata == string(data), "record of %d bytes", n)
		it, err := f.Get(bg, local)
		require.NoError(f.t, err)
		assert.True(f.t, string(it.Article) == string(data), "article of %d bytes", n)
		src, err := f.Source(bg, local)
		require.NoError(f.t, err)
		require.Len(f.t, src, 1)
		assert.True(f.t, string(src[0].Data) == string(data), "source of %d bytes", n)
		assert.Equal(f.t, store.Unchanged, f.put(c)[0].Status)
	}
	for _, e := range f.list(store.Query{Prefix: "jats", Limit: 3}) {
		_, n, _ := strings.Cut(e.Local, " ")
		assert.Equal(f.t, n, strconv.Itoa(len(e.Metadata)))
	}
	f.sound()
}

func testHeaders(f *fixture) {
	f.put(article("1", 1, "j"), article("2", 1), article("3", 1, "j", "k:l"), tombstone("2"))
	want := f.list(store.Query{})
	for i := range want {
		want[i].Metadata = ""
	}
	assert.Equal(f.t, want, f.list(store.Query{Headers: true, Limit: 2}))
}

func testClockBack(f *fixture) {
	first := f.put(article("1", 1))[0].Datestamp
	f.clock.Add(-1000)
	h, err := f.Tick(bg)
	require.NoError(f.t, err)
	assert.Equal(f.t, first, h)
	assert.Equal(f.t, first, f.put(article("2", 1))[0].Datestamp)
	again := f.again()
	out, err := again.Put(bg, []store.Change{article("3", 1)})
	require.NoError(f.t, err)
	assert.Equal(f.t, first, out[0].Datestamp, "nor after a restart")
	assert.Len(f.t, f.list(store.Query{From: first}), 3)
	problems := f.problems()
	require.Len(f.t, problems, 1, "a store from the future is told of")
	assert.Contains(f.t, problems[0].Message, "clock")
	f.clock.Add(1000)
	f.sound()
}

func testTick(f *fixture) {
	stamp := f.put(article("1", 1))[0].Datestamp
	f.clock.Add(50)
	page, err := f.List(bg, store.Query{Prefix: "jats", Limit: 1}, func(*store.Row) error { return nil })
	require.NoError(f.t, err)
	assert.Equal(f.t, stamp, page.Clock, "the clock is the store's, not the machine's")
	h, err := f.Tick(bg)
	require.NoError(f.t, err)
	assert.Equal(f.t, stamp+50, h)
	all, page, err := listAll(f, store.Query{Prefix: "jats", Limit: 1})
	require.NoError(f.t, err)
	assert.Equal(f.t, stamp+50, page.Clock)
	assert.Equal(f.t, stamp+50, page.Until)
	assert.Equal(f.t, stamp, all[0].Datestamp)
	clock, err := f.Record(bg, "1", "jats", func(*store.Row) error { return nil })
	require.NoError(f.t, err)
	assert.Equal(f.t, stamp+50, clock)
	_, page, err = listAll(f, store.Query{Prefix: "jats", Limit: 1, Until: stamp + 9999})
	require.NoError(f.t, err)
	assert.Equal(f.t, stamp+50, page.Until, "a list cannot end after what is known")
}

func testEarliest(f *fixture) {
	made := f.clock.Seconds()
	earliest := func() int64 {
		e, err := f.Earliest(bg)
		require.NoError(f.t, err)
		return e
	}
	f.clock.Add(10)
	assert.Equal(f.t, made, earliest(), "no items: when it was made")
	first := f.put(article("1", 1))[0].Datestamp
	f.clock.Add(10)
	f.put(tombstone("1"))
	e := earliest()
	assert.LessOrEqual(f.t, e, first)
	assert.Empty(f.t, f.list(store.Query{Until: e - 1}))
}

func testSetPages(f *fixture) {
	var want []string
	var sets []store.Set
	for i := range 250 {
		want = append(want, fmt.Sprintf("j:%03d", i))
		sets = append(sets, store.Set{Spec: want[i], Name: "One name for all"})
	}
	want = append([]string{"j"}, want...)
	require.NoError(f.t, f.PutSets(bg, sets))
	assert.Error(f.t, f.PutSets(bg, []store.Set{{Spec: "a b"}}))
	var got []string
	for after := ""; ; {
		page, err := f.Sets(bg, after, 7)
		require.NoError(f.t, err)
		if len(page) == 0 {
			break
		}
		assert.LessOrEqual(f.t, len(page), 7)
		for _, s := range page {
			got = append(got, s.Spec)
		}
		after = got[len(got)-1]
	}
	assert.Equal(f.t, want, got, "an ancestor is a set too")
}

func testSetNames(f *fixture) {
	c := article("1", 1)
	c.Sets = []store.Set{{Spec: "j:a", Name: "Journal A", Description: "About A"}}
	f.put(c)
	f.put(article("2", 1, "j:a"))
	stamp := f.record("1", "jats").Datestamp
	f.clock.Add(9)
	require.NoError(f.t, f.PutSets(bg, []store.Set{{Spec: "j", Name: "Journals"}, {Spec: "j:a", Name: "The Journal A"}}))
	sets, err := f.Sets(bg, "", 10)
	require.NoError(f.t, err)
	assert.Equal(f.t, []store.Set{{Spec: "j", Name: "Journals"}, {Spec: "j:a", Name: "The Journal A", Description: "About A"}}, sets)
	assert.Equal(f.t, stamp, f.record("1", "jats").Datestamp, "no record says the name")
}

func testSource(f *fixture) {
	put := func(version int, name, data string) {
		c := article("1", version)
		c.Source = &store.Source{Name: name, Type: "jats", Data: []byte(data)}
		f.put(c)
	}
	has := func(data string) bool {
		local, stamp, ok, err := f.HasSource(bg, sha256.Sum256([]byte(data)))
		require.NoError(f.t, err)
		if ok {
			assert.Equal(f.t, "1", local)
			assert.Equal(f.t, f.record("1", "jats").Datestamp, stamp)
		}
		return ok
	}
	assert.False(f.t, has("one"))
	put(1, "a.xml", "one")
	put(2, "b.xml", "two")
	f.clock.Add(1)
	assert.True(f.t, has("one"))
	put(3, "a.xml", "three")
	assert.False(f.t, has("one"), "replaced by a later one of the same name")
	assert.True(f.t, has("two"))
	assert.True(f.t, has("three"))
	src, err := f.Source(bg, "1")
	require.NoError(f.t, err)
	assert.Equal(f.t, []store.Source{{Name: "a.xml", Type: "jats", Data: []byte("three")}, {Name: "b.xml", Type: "jats", Data: []byte("two")}}, src)
	f.put(tombstone("1"))
	assert.False(f.t, has("three"), "not of a deleted item")
	src, err = f.Source(bg, "1")
	require.NoError(f.t, err)
	assert.Len(f.t, src, 2, "but it is kept")
}

func testDrop(f *fixture) {
	put := func(version int, source string, drop ...string) store.Status {
		c := article("1", version)
		if c.Drop = drop; source != "" {
			c.Source = &store.Source{Name: source, Type: "jats", Data: []byte(source)}
		}
		out, err := f.Put(bg, []store.Change{c})
		require.NoError(f.t, err)
		return out[0].Status
	}
	names := func() (all []string) {
		src, err := f.Source(bg, "1")
		require.NoError(f.t, err)
		for _, s := range src {
			all = append(all, s.Name)
		}
		return all
	}
	put(1, "a")
	put(2, "b")
	put(3, "c", "a", "nothing")
	assert.Equal(f.t, []string{"c", "b"}, names())
	assert.Equal(f.t, store.Unchanged, put(3, "", "b"), "what is served is as it was")
	assert.Equal(f.t, []string{"c"}, names())
	put(3, "d")
	put(3, "e")
	put(4, "d", "*")
	assert.Equal(f.t, []string{"d"}, names(), "the change's own stays")
	_, _, ok, err := f.HasSource(bg, sha256.Sum256([]byte("e")))
	require.NoError(f.t, err)
	assert.False(f.t, ok)

	of := func(source string, drop ...string) store.Change {
		c := article("1", 5)
		c.Drop, c.Source = drop, &store.Source{Name: source, Type: "jats", Data: []byte(source + "5")}
		return c
	}
	f.put(of("d"), of("x"), of("y", "x", "d")) // in one transaction
	assert.Equal(f.t, []string{"y"}, names())
	assert.Equal(f.t, store.Unchanged, put(5, "", "*"))
	assert.Empty(f.t, names())
}

func testSecret(f *fixture) {
	a, err := f.Secret(bg)
	require.NoError(f.t, err)
	assert.GreaterOrEqual(f.t, len(a), 32)
	require.NoError(f.t, f.Close())
	require.NoError(f.t, f.Close(), "twice does no harm")
	again := f.again()
	b, err := again.Secret(bg)
	require.NoError(f.t, err)
	assert.Equal(f.t, a, b)
	other, err := f.open(f.t, Options{Dir: f.t.TempDir(), Now: f.clock.Now}).Secret(bg)
	require.NoError(f.t, err)
	assert.NotEqual(f.t, a, other)
}

// testExact lists while others write: whatever stays as it was comes exactly once.
func testExact(f *fixture) {
	var batch []store.Change
	for i := range 200 {
		batch = append(batch, article(fmt.Sprintf("%03d", i), 1, "j"))
	}
	for part := range slices.Chunk(batch, 20) {
		f.put(part...)
		f.clock.Add(1)
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for w := range 2 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				local := fmt.Sprintf("%03d", (i*2+w)%40*5) // every fifth item is touched
				_, err := f.Put(bg, []store.Change{article(local, i+2, "j"), article(fmt.Sprintf("new-%d-%d", w, i), 1, "j")})
				assert.NoError(f.t, err)
				f.clock.Add(int64(i % 2))
			}
		})
	}
	for _, set := range []string{"", "j", "", "j"} {
		all, _, err := listAll(f, store.Query{Prefix: "oai_dc", Set: set, Limit: 7})
		assert.NoError(f.t, err)
		seen := map[string]int{}
		for _, e := range all {
			seen[e.Local]++
		}
		for i := range 200 {
			if i%5 != 0 {
				assert.Equal(f.t, 1, seen[fmt.Sprintf("%03d", i)], "item %d", i)
			}
		}
	}
	close(stop)
	wg.Wait()
	f.sound()
}

// seed is that of SHEAF_SEED, or a new one; it is logged.
func seed(t *testing.T) uint64 {
	n, err := strconv.ParseUint(os.Getenv("SHEAF_SEED"), 10, 64)
	if err != nil {
		n = rand.Uint64()
	}
	t.Logf("SHEAF_SEED=%d", n)
	return n
}

// Harvest lets writers write through stores while a harvester harvests each of them again and again, from the clock of its last
// list, and returns how the mirrors differ from the stores in the end: nothing, if no change is ever missed.
func Harvest(stores []store.Store, clock *Clock, seed uint64) (differences []string, err error) {
	var wg, writers sync.WaitGroup
	var mu sync.Mutex
	fail := func(e error) {
		mu.Lock()
		defer mu.Unlock()
		if e != nil && err == nil {
			err = e
		}
	}
	done := make(chan struct{})
	for w := range 4 {
		writers.Add(1)
		wg.Go(func() {
			defer writers.Done()
			r := rand.New(rand.NewPCG(seed, uint64(w)))
			for n := range 40 {
				batch := make([]store.Change, 1+r.IntN(6)*r.IntN(6))
				for i := range batch {
					batch[i] = article(strconv.Itoa(r.IntN(60)), n*100+w, fmt.Sprintf("s:%d", r.IntN(3)))
					batch[i].Delete = r.IntN(5) == 0
				}
				_, err := stores[w%len(stores)].Put(bg, batch)
				fail(err)
				if r.IntN(3) == 0 {
					clock.Add(1)
				}
			}
		})
	}
	go func() { writers.Wait(); close(done) }()
	mirrors := make([]map[string]Entry, len(stores))
	for h, s := range stores {
		mirrors[h] = map[string]Entry{}
		wg.Go(func() {
			var from int64
			for last := false; !last; {
				select {
				case <-done:
					last = true
				default:
				}
				if _, err := s.Tick(bg); err != nil {
					fail(err)
					return
				}
				all, first, err := listAll(s, store.Query{Prefix: "jats", From: from, Limit: 5})
				if err != nil {
					fail(err)
					return
				}
				for _, e := range all {
					mirrors[h][e.Local] = e
				}
				from = first.Clock
			}
		})
	}
	wg.Wait()
	if err != nil {
		return nil, err
	}
	for h, s := range stores {
		all, _, err := listAll(s, store.Query{Prefix: "jats", Limit: 1000})
		if err != nil {
			return nil, err
		}
		if len(all) != len(mirrors[h]) {
			differences = append(differences, fmt.Sprintf("mirror %d holds %d items of %d", h, len(mirrors[h]), len(all)))
		}
		for _, e := range all {
			if got := mirrors[h][e.Local]; got != e {
				differences = append(differences, fmt.Sprintf("mirror %d: has %+v, not %+v", h, got, e))
			}
		}
	}
	return differences, nil
}

func testHarvest(f *fixture) {
	stores := []store.Store{f.Store, f.again()}
	differences, err := Harvest(stores, f.clock, seed(f.t))
	require.NoError(f.t, err)
	assert.Empty(f.t, differences)
	f.sound()
}

// testTotals compares Page.Total with what the list gives, under random filters after random histories.
func testTotals(f *fixture) {
	r := rand.New(rand.NewPCG(seed(f.t), 0))
	start := f.clock.Seconds()
	for range 120 {
		batch := make([]store.Change, 1+r.IntN(4))
		for i := range batch {
			c := article(strconv.Itoa(r.IntN(40)), r.IntN(4), fmt.Sprintf("s:%d", r.IntN(3)), fmt.Sprintf("t:%d:%d", r.IntN(2), r.IntN(2)))
			c.Delete = r.IntN(6) == 0
			c.Records = c.Records[r.IntN(2):]
			batch[i] = c
		}
		f.put(batch...)
		f.clock.Add(int64(r.ExpFloat64() * []float64{1, 200, 30000, 4000000}[r.IntN(4)]))
	}
	end := f.clock.Seconds()
	bounds := []int64{0}
	for _, e := range f.list(store.Query{}) {
		bounds = append(bounds, e.Datestamp-1, e.Datestamp, e.Datestamp+1)
	}
	pick := func() int64 {
		if r.IntN(2) == 0 {
			return bounds[r.IntN(len(bounds))]
		}
		return start - 100 + r.Int64N(end-start+200)
	}
	for range 300 {
		q := store.Query{Prefix: []string{"oai_dc", "jats", "mods", "crossref"}[r.IntN(4)], Set: []string{"", "s", "s:1", "t", "t:0", "t:1:1", "none"}[r.IntN(7)],
			From: pick(), Until: pick(), Limit: 1000, Count: true}
		all, first, err := listAll(f, q)
		require.NoError(f.t, err)
		assert.Equal(f.t, len(all), first.Total, "%+v", q)
		for _, e := range all {
			assert.True(f.t, e.Datestamp >= q.From && (q.Until == 0 || e.Datestamp <= q.Until), "%+v", q)
		}
	}
	f.sound()
}

// testClasses compares every list with one made by hand, after random histories in which items have, lose and regain formats.
func testClasses(f *fixture) {
	formats := []store.Record{{Prefix: "a"}, {Prefix: "a.b"}, {Prefix: "b*"}, {Prefix: "r", Rare: true}, {Prefix: "r%", Rare: true}, {Prefix: "_", Rare: true}}
	sets := []string{"", "s", "s:x", "s:y", "t"}
	type item struct {
		Entry
		own, ever map[string]string // metadata by prefix; of what it once had, ""
	}
	model := map[string]*item{}
	r := rand.New(rand.NewPCG(seed(f.t), 0))
	compare := func() {
		f.t.Helper()
		for _, format := range append(formats, store.Record{Prefix: "none"}) {
			for _, set := range sets {
				want := []Entry{}
				for _, it := range model {
					metadata, live := it.own[format.Prefix]
					_, had := it.ever[format.Prefix]
					if !had || set != "" && !slices.ContainsFunc(strings.Fields(it.Sets), func(s string) bool { return s == set || strings.HasPrefix(s, set+":") }) {
						continue
					}
					e := it.Entry
					if e.Deleted = e.Deleted || !live; !e.Deleted {
						e.Metadata = metadata
					}
					want = append(want, e)
				}
				slices.SortFunc(want, func(a, b Entry) int {
					return cmp.Or(cmp.Compare(a.Datestamp, b.Datestamp), strings.Compare(a.Local, b.Local))
				})
				q := store.Query{Prefix: format.Prefix, Set: set, Limit: 1 + r.IntN(7), Headers: r.IntN(3) == 0, Count: true}
				if len(want) > 0 && r.IntN(2) == 0 {
					q.From = want[r.IntN(len(want))].Datestamp
				}
				want = slices.DeleteFunc(want, func(e Entry) bool { return e.Datestamp < q.From })
				for i := range want {
					if q.Headers {
						want[i].Metadata = ""
					}
				}
				got, first, err := listAll(f, q)
				require.NoError(f.t, err)
				require.Equal(f.t, want, append([]Entry{}, got...), "%+v", q)
				require.Equal(f.t, len(want), first.Total, "%+v", q)
				if len(got) > 0 {
					e := got[r.IntN(len(got))]
					one := f.record(e.Local, format.Prefix)
					require.Equal(f.t, e.Deleted, one.Deleted)
					require.True(f.t, q.Headers || one == e)
				}
			}
		}
	}
	for step := range 60 {
		c := store.Change{Local: strconv.Itoa(r.IntN(12)), Delete: r.IntN(6) == 0, Article: []byte("{}")}
		metadata := map[string]string{}
		for i, n := range r.Perm(len(formats))[:r.IntN(len(formats)+1)] {
			rec := formats[n]
			rec.Metadata = []byte(fmt.Sprintf("<%d>%s", step, strings.Repeat("x", i*r.IntN(9000))))
			c.Records, metadata[rec.Prefix] = append(c.Records, rec), string(rec.Metadata)
		}
		if set := sets[r.IntN(len(sets))]; set != "" {
			c.Sets = []store.Set{{Spec: set}}
		}
		out := f.put(c)[0]
		it := model[c.Local]
		switch {
		case it == nil && c.Delete, out.Status == store.Unchanged:
		case c.Delete:
			if !it.Deleted {
				it.Datestamp, it.Deleted = f.clock.Seconds(), true
			}
		default:
			if it == nil {
				it = &item{ever: map[string]string{}}
				model[c.Local] = it
			}
			it.Entry = Entry{Local: c.Local, Datestamp: f.clock.Seconds()}
			if len(c.Sets) > 0 {
				it.Sets = c.Sets[0].Spec
			}
			it.own = metadata
			for prefix := range metadata {
				it.ever[prefix] = ""
			}
		}
		f.clock.Add(int64(r.IntN(2)))
		if step%12 == 11 {
			compare()
			f.sound()
		}
	}
	require.NoError(f.t, f.Rebuild(bg))
	compare()
}

func testBundle(f *fixture) {
	d := f.damager()
	f.put(article("1", 2), article("2", 2), article("3", 1))
	d.Lose(f.t, "2", store.Bundle)
	for prefix, want := range map[string][]string{"oai_dc": {"1", "2", "3"}, "jats": {"1", "2", "3"}, "mods": {"1", "3"}, "crossref": {"1"}} {
		var got []string
		page, err := f.List(bg, store.Query{Prefix: prefix, Limit: 10}, func(r *store.Row) error { got = append(got, string(r.Local)); return nil })
		require.NoError(f.t, err)
		assert.Equal(f.t, want, got)
		assert.Equal(f.t, map[string]int{"mods": 1, "crossref": 1}[prefix], page.Faults, prefix)
	}
	_, err := f.Record(bg, "2", "mods", func(*store.Row) error { return nil })
	assert.ErrorIs(f.t, err, store.ErrCorrupt)
	_, err = f.Record(bg, "3", "crossref", func(*store.Row) error { return nil })
	assert.ErrorIs(f.t, err, store.ErrNotFound)
	for _, p := range f.problems() {
		assert.Equal(f.t, "2", p.Local)
	}
	assert.NotEmpty(f.t, f.problems())
	f.clock.Add(1)
	c := article("2", 2)
	c.Again = true
	f.put(c)
	assert.Equal(f.t, "<mods>2 2</mods>", f.record("2", "mods").Metadata)
	f.sound()
	c.Again, c.Records = false, c.Records[:2]
	f.put(c)
	assert.True(f.t, f.record("2", "mods").Deleted)
	f.sound()
	f.put(tombstone("1"))
	f.sound()
}

func testTwoOpeners(f *fixture) {
	b := f.again()
	f.put(article("1", 1, "j"))
	out, err := b.Put(bg, []store.Change{article("1", 2, "j"), article("2", 1, "k")})
	require.NoError(f.t, err)
	assert.Equal(f.t, store.Updated, out[0].Status)
	assert.Equal(f.t, []string{"1", "2"}, locals(f.list(store.Query{})))
	assert.Equal(f.t, []string{"2"}, locals(f.list(store.Query{Set: "k"})))
	f.put(article("3", 1, "k"))
	all, _, err := listAll(b, store.Query{Prefix: "jats", Set: "k", Limit: 1})
	require.NoError(f.t, err)
	assert.Equal(f.t, []string{"2", "3"}, locals(all))
	f.sound()
}

func testCheckClean(f *fixture) {
	f.sound()
	c := article("1", 1, "j:a", "j:b", "k")
	c.Aliases = []string{"doi:1"}
	c.Source = &store.Source{Name: "a", Type: "jats", Data: []byte(strings.Repeat("x", 100000))}
	f.put(c, article("2", 1))
	f.clock.Add(2)
	f.put(tombstone("2"))
	f.sound()
}

func (f *fixture) damager() Damager {
	d, ok := f.Store.(Damager)
	if !ok {
		f.t.Skip("this store cannot damage itself")
	}
	return d
}

func testCheckGarbled(f *fixture) {
	d := f.damager()
	f.put(article("1", 1, "j"), article("2", 1), article("3", 1))
	d.Garble(f.t, "1", "jats")
	d.Lose(f.t, "3", "oai_dc")
	found := map[string]bool{}
	for _, p := range f.problems() {
		found[p.Local] = true
	}
	assert.True(f.t, found["1"])
	assert.True(f.t, found["3"])
	assert.False(f.t, found["2"])
}

func testFaults(f *fixture) {
	d := f.damager()
	var batch []store.Change
	for i := range 10 {
		batch = append(batch, article(strconv.Itoa(i), 1))
	}
	f.put(batch...)
	for _, local := range []string{"0", "4", "5", "9"} {
		d.Lose(f.t, local, "jats")
	}
	for limit := 1; limit < 12; limit++ {
		var got []string
		faults := 0
		q := store.Query{Prefix: "jats", Limit: limit}
		for more := true; more; {
			page, err := f.List(bg, q, func(r *store.Row) error { got = append(got, string(r.Local)); return nil })
			require.NoError(f.t, err)
			faults += page.Faults
			more, q.After = page.More, page.Last
		}
		assert.Equal(f.t, []string{"1", "2", "3", "6", "7", "8"}, got, "limit %d", limit)
		assert.Equal(f.t, 4, faults, "limit %d", limit)
	}
	assert.Len(f.t, f.list(store.Query{}), 10, "the other format is whole")
	_, err := f.Record(bg, "4", "jats", func(*store.Row) error { return nil })
	assert.ErrorIs(f.t, err, store.ErrCorrupt, "not deleted, and not unknown")
}

func testStats(f *fixture) {
	c := article("1", 1, "j:a")
	c.Records = c.Records[:1]
	f.put(c, article("2", 1), article("3", 1), tombstone("3"))
	st, err := f.Stats(bg)
	require.NoError(f.t, err)
	assert.Positive(f.t, st.Bytes)
	st.Bytes = 0
	now := f.clock.Seconds()
	assert.Equal(f.t, store.Stats{Items: 2, Deleted: 1, Sets: 2, Records: map[string]int{"oai_dc": 3, "jats": 2, "mods": 2}, Earliest: now, Clock: now}, st)
}

func testVisitorError(f *fixture) {
	f.put(article("1", 1), article("2", 1))
	n := 0
	_, err := f.List(bg, store.Query{Prefix: "jats", Limit: 10}, func(*store.Row) error { n++; return os.ErrClosed })
	assert.Equal(f.t, os.ErrClosed, err)
	assert.Equal(f.t, 1, n)
	_, err = f.Record(bg, "1", "jats", func(*store.Row) error { return os.ErrClosed })
	assert.Equal(f.t, os.ErrClosed, err)
	assert.Len(f.t, f.list(store.Query{}), 2, "and does no harm")
	_, err = f.List(bg, store.Query{Prefix: "jats"}, func(*store.Row) error { return nil })
	assert.Error(f.t, err, "no limit")
}

func testCancel(f *fixture) {
	ctx, cancel := context.WithCancel(bg)
	cancel()
	_, err := f.Put(ctx, []store.Change{article("1", 1)})
	assert.ErrorIs(f.t, err, context.Canceled)
	_, err = f.List(ctx, store.Query{Prefix: "jats", Limit: 1}, func(*store.Row) error { return nil })
	assert.ErrorIs(f.t, err, context.Canceled)
	assert.ErrorIs(f.t, f.Check(ctx, func(store.Problem) {}), context.Canceled)
	assert.Empty(f.t, f.list(store.Query{}))
}
