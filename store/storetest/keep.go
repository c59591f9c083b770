package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"sheaf/store"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (f *fixture) version(local string) string {
	f.t.Helper()
	it, err := f.Get(bg, local)
	require.NoError(f.t, err)
	assert.Equal(f.t, it.Version, f.versions[local], "the outcome told it")
	return it.Version
}

// testClose closes a store that is in use: whoever waits for it, or comes late, gets an error and is not kept for ever.
func testClose(f *fixture) {
	f.put(article("1", 1))
	for range 20 {
		s := f.again()
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for n := range 30 {
			wg.Go(func() {
				<-begin
				for i := range 10 {
					var err error
					if n%3 == 0 {
						_, err = s.Put(bg, []store.Change{article(strconv.Itoa(n), i)})
					} else {
						_, err = s.List(bg, store.Query{Prefix: "jats", Limit: 5}, func(*store.Row) error { return nil })
					}
					if err != nil {
						return
					}
				}
			})
		}
		close(begin)
		assert.NoError(f.t, s.Close())
		wg.Wait()
		_, err := s.Get(bg, "1")
		assert.Error(f.t, err)
	}
	f.sound()
}

func testVersion(f *fixture) {
	seen := map[string]bool{}
	next := func(c store.Change, what string) {
		f.t.Helper()
		f.put(c)
		v := f.version("1")
		assert.Regexp(f.t, `^[A-Za-z0-9]+$`, v)
		assert.False(f.t, seen[v], what)
		seen[v] = true
		f.clock.Add(9)
		f.put(c)
		assert.Equal(f.t, v, f.version("1"), "the same again")
	}
	c := article("1", 1, "a")
	next(c, "new")
	c.Article = []byte(`{"other":1}`)
	next(c, "another article, the same records")
	c.Records[1].Metadata = []byte("<other/>")
	next(c, "another record")
	c.Sets = nil
	next(c, "another set")
	c.Records = c.Records[:1]
	next(c, "a format less")
	before := f.version("1")
	c.Source, c.Aliases, c.Due, c.Revision = &store.Source{Name: "x", Type: "jats", Data: []byte("x")}, []string{"doi:1"}, 5, 7
	f.put(c)
	assert.Equal(f.t, before, f.version("1"), "nothing of this is served")
	f.put(tombstone("1"))
	it, err := f.Get(bg, "1")
	require.NoError(f.t, err)
	assert.Empty(f.t, it.Version)
	f.put(c)
	assert.Equal(f.t, before, f.version("1"), "revived as it was")
}

func testIf(f *fixture) {
	t0 := f.clock.Seconds()
	try := func(c store.Change, condition string, want store.Status) {
		f.t.Helper()
		c.If = condition
		out, err := f.Put(bg, []store.Change{c})
		require.NoError(f.t, err)
		assert.Equal(f.t, want, out[0].Status)
		assert.Equal(f.t, "1", out[0].Local)
		it, err := f.Get(bg, "1")
		if err == nil {
			assert.Equal(f.t, it.Version, out[0].Version)
			assert.Equal(f.t, it.Datestamp, out[0].Datestamp)
		} else {
			assert.Zero(f.t, out[0].Datestamp)
		}
	}
	try(article("1", 1), "abc", store.Stale)
	try(tombstone("1"), "abc", store.Stale)
	try(tombstone("1"), store.IfAbsent, store.Missing)
	assert.Empty(f.t, f.list(store.Query{}))
	try(article("1", 1), store.IfAbsent, store.Created)
	f.versions["1"] = ""
	it, err := f.Get(bg, "1")
	require.NoError(f.t, err)
	first := it.Version
	f.clock.Add(5)
	try(article("1", 2), store.IfAbsent, store.Stale)
	try(article("1", 1), store.IfAbsent, store.Stale)
	try(article("1", 1), first, store.Unchanged)
	assert.Equal(f.t, t0, f.record("1", "jats").Datestamp, "nothing was written")
	try(article("1", 2), first, store.Updated)
	try(article("1", 3), first, store.Stale)
	try(tombstone("1"), first, store.Stale)
	it, err = f.Get(bg, "1")
	require.NoError(f.t, err)
	try(tombstone("1"), it.Version, store.Deleted)
	try(article("1", 2), it.Version, store.Stale)
	try(article("1", 2), store.IfAbsent, store.Created)
	// In one batch each condition is about what the changes before it have made.
	c, d := article("2", 1), article("2", 2)
	c.If, d.If = store.IfAbsent, store.IfAbsent
	out := f.put(c, d)
	assert.Equal(f.t, store.Created, out[0].Status)
	assert.Equal(f.t, store.Stale, out[1].Status)
	assert.Equal(f.t, "<dc>2 1</dc>", f.record("2", "oai_dc").Metadata)
	f.sound()
}

// testIfRace counts up by compare-and-swap: no count may be lost.
func testIfRace(f *fixture) {
	f.put(article("n", 0))
	stores := []store.Store{f.Store, f.again()}
	var won atomic.Int64
	var wg sync.WaitGroup
	for w := range 6 {
		s := stores[w%2]
		wg.Go(func() {
			for range 10 {
				it, err := s.Get(bg, "n")
				if !assert.NoError(f.t, err) {
					return
				}
				var n int
				_, err = fmt.Sscanf(string(it.Article), `{"local":"n","version":%d}`, &n)
				assert.NoError(f.t, err)
				c := article("n", n+1)
				c.If = it.Version
				out, err := s.Put(bg, []store.Change{c})
				if !assert.NoError(f.t, err) {
					return
				}
				if out[0].Status == store.Updated {
					won.Add(1)
				} else {
					assert.Equal(f.t, store.Stale, out[0].Status)
				}
			}
		})
	}
	wg.Wait()
	it, err := f.Get(bg, "n")
	require.NoError(f.t, err)
	assert.Equal(f.t, fmt.Sprintf(`{"local":"n","version":%d}`, won.Load()), string(it.Article))
}

func testOutdated(f *fixture) {
	put := func(local string, due int64, revision int) store.Outcome {
		c := article(local, 1)
		c.Due, c.Revision = due, revision
		return f.put(c)[0]
	}
	outdated := func(now int64, revision, limit int) []string {
		locals, err := f.Outdated(bg, now, revision, limit)
		require.NoError(f.t, err)
		return locals
	}
	put("never", 0, 3)
	put("old", 0, 2)
	put("100", 100, 3)
	put("200", 200, 3)
	put("both", 200, 1)
	assert.Empty(f.t, outdated(99, 1, 10))
	assert.Equal(f.t, []string{"100"}, outdated(100, 1, 10))
	assert.ElementsMatch(f.t, []string{"100", "200", "both"}, outdated(200, 0, 10))
	assert.ElementsMatch(f.t, []string{"old", "both"}, outdated(0, 3, 10))
	assert.ElementsMatch(f.t, []string{"old", "both", "100", "200"}, outdated(999, 3, 10), "each once")
	assert.Len(f.t, outdated(999, 3, 2), 2)
	stamp := f.record("old", "jats").Datestamp
	f.clock.Add(10)
	assert.Equal(f.t, store.Outcome{Status: store.Unchanged, Local: "old", Datestamp: stamp}, put("old", 0, 3), "rendered to the same bytes: nothing moves")
	put("both", 0, 3)
	assert.Empty(f.t, outdated(0, 3, 10))
	f.put(tombstone("100"))
	assert.Equal(f.t, []string{"200"}, outdated(999, 3, 10), "not of a deleted item")
	f.sound()
}

func testTokens(f *fixture) {
	hash := sha256.Sum256([]byte("secret"))
	a := store.Token{ID: "a1", Name: "Анна's laptop", Hash: hash, Write: true, Created: 100}
	b := store.Token{ID: "b2", Name: "reader", Hash: sha256.Sum256([]byte("b")), Created: 200}
	require.NoError(f.t, f.PutToken(bg, a))
	require.NoError(f.t, f.PutToken(bg, b))
	for _, twin := range []store.Token{{ID: "c3", Name: "reader"}, {ID: "a1", Name: "another"}} {
		assert.ErrorIs(f.t, f.PutToken(bg, twin), store.ErrExists)
	}
	got, err := f.again().Token(bg, "a1")
	require.NoError(f.t, err)
	assert.Equal(f.t, a, got, "another process sees it")
	for _, id := range []string{"", "A1", "reader", "a1 "} {
		_, err = f.Token(bg, id)
		assert.ErrorIs(f.t, err, store.ErrNotFound, "%q", id)
	}
	require.NoError(f.t, f.UseToken(bg, "a1", 500))
	require.NoError(f.t, f.UseToken(bg, "a1", 400))
	require.NoError(f.t, f.RevokeToken(bg, "reader", 600))
	assert.ErrorIs(f.t, f.RevokeToken(bg, "reader", 700), store.ErrNotFound)
	require.NoError(f.t, f.RevokeToken(bg, "a1", 601))
	again := store.Token{ID: "d4", Name: "reader", Created: 300}
	require.NoError(f.t, f.PutToken(bg, again), "a revoked one's name is free")
	a.Used, a.Revoked, b.Revoked = 500, 601, 600
	all, err := f.Tokens(bg)
	require.NoError(f.t, err)
	assert.Equal(f.t, []store.Token{a, b, again}, all)
	f.sound()
}

func testMarks(f *fixture) {
	mark := func(name string) string {
		value, err := f.Mark(bg, name)
		require.NoError(f.t, err)
		return string(value)
	}
	value, err := f.Mark(bg, "feed/a")
	require.NoError(f.t, err)
	assert.Nil(f.t, value)
	f.put(article("1", 1))
	clock, err := f.Tick(bg)
	require.NoError(f.t, err)
	for name, value := range map[string]string{"feed/b": "2", "feed/a": "1", "feed": "0", "feee": "x", "ОБМЕН/%_": "\x00\xff"} {
		require.NoError(f.t, f.SetMark(bg, name, []byte(value)))
	}
	require.NoError(f.t, f.SetMark(bg, "feed/b", []byte("3")))
	assert.Equal(f.t, "3", mark("feed/b"))
	assert.Equal(f.t, "\x00\xff", mark("ОБМЕН/%_"))
	marks, err := f.Marks(bg, "feed/")
	require.NoError(f.t, err)
	assert.Equal(f.t, []store.Mark{{Name: "feed/a", Value: []byte("1")}, {Name: "feed/b", Value: []byte("3")}}, marks)
	marks, err = f.Marks(bg, "")
	require.NoError(f.t, err)
	assert.Len(f.t, marks, 5)
	marks, err = f.Marks(bg, "ОБМЕН/%")
	require.NoError(f.t, err)
	assert.Len(f.t, marks, 1)

	for _, c := range []struct {
		was, value []byte
		ok         bool
	}{
		{nil, []byte("x"), false}, {[]byte("0"), []byte("x"), false}, {[]byte(""), []byte("x"), false}, {[]byte("1"), []byte("2"), true}, {[]byte("1"), nil, false},
		{[]byte("2"), nil, true}, {[]byte("2"), []byte("x"), false}, {nil, nil, true}, {nil, []byte(""), true}, {nil, []byte("x"), false}, {[]byte(""), []byte("4"), true},
	} {
		ok, err := f.SwapMark(bg, "feed/a", c.was, c.value)
		require.NoError(f.t, err)
		assert.Equal(f.t, c.ok, ok, "%q to %q", c.was, c.value)
	}
	assert.Equal(f.t, "4", mark("feed/a"))
	var won atomic.Int32
	var wg sync.WaitGroup
	other := f.again()
	for n := range 8 {
		wg.Go(func() {
			s := f.Store
			if n%2 == 0 {
				s = other
			}
			if ok, err := s.SwapMark(bg, "feed/a", []byte("4"), fmt.Appendf(nil, "by %d", n)); assert.NoError(f.t, err) && ok {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(f.t, 1, won.Load())
	require.NoError(f.t, f.SetMark(bg, "feed/a", nil))
	assert.Empty(f.t, mark("feed/a"))
	now, err := f.Tick(bg)
	require.NoError(f.t, err)
	assert.Equal(f.t, clock, now, "no datestamp moves")
	f.sound()
}

func (f *fixture) again1(c store.Change) store.Outcome {
	c.Again = true
	return f.put(c)[0]
}

func testAgain(f *fixture) {
	d := f.damager()
	f.put(article("1", 1, "j:a"), article("2", 1), article("3", 1))
	d.Garble(f.t, "1", "jats")
	d.Lose(f.t, "3", "oai_dc")
	f.clock.Add(60)
	now := f.clock.Seconds()
	assert.Equal(f.t, store.Outcome{Status: store.Updated, Local: "1", Datestamp: now}, f.again1(article("1", 1, "j:a")), "a harvester may have got the wrong bytes, or none")
	assert.Equal(f.t, store.Outcome{Status: store.Updated, Local: "3", Datestamp: now}, f.again1(article("3", 1)))
	assert.Equal(f.t, "<article>1 1</article>", f.record("1", "jats").Metadata)
	assert.Equal(f.t, []string{"1", "3"}, locals(f.list(store.Query{From: now})))
	assert.Equal(f.t, []string{"1"}, locals(f.list(store.Query{From: now, Set: "j"})))
	f.sound()
}

func testRebuild(f *fixture) {
	d := f.damager()
	c := article("4", 1, "j:b")
	f.put(article("1", 1, "j:a"), article("2", 1, "j:a", "k"), article("3", 1, "j:b"), c)
	f.clock.Add(700)
	f.put(article("2", 2, "j:b"), tombstone("3"))
	c.Records = c.Records[:1]
	f.put(c)
	whole := func() (all [][]Entry) {
		for _, set := range []string{"", "j", "j:a", "j:b", "k"} {
			for _, prefix := range []string{"jats", "oai_dc", "mods", "crossref"} {
				all = append(all, f.list(store.Query{Prefix: prefix, Set: set}))
			}
		}
		return all
	}
	want := whole()
	stats, err := f.Stats(bg)
	require.NoError(f.t, err)
	for _, local := range []string{"1", "2"} {
		d.Mislay(f.t, local)
	}
	assert.NotEqual(f.t, want, whole())
	assert.NotEmpty(f.t, f.problems())
	require.NoError(f.t, f.Rebuild(bg))
	assert.Equal(f.t, want, whole())
	got, err := f.Stats(bg)
	require.NoError(f.t, err)
	got.Bytes = stats.Bytes
	assert.Equal(f.t, stats, got)
	f.sound()
	f.put(article("5", 1))
	f.sound()
}

// dump gives everything of a store.
func dump(t *testing.T, s store.Store) (state store.State, items []*store.Kept, problems []store.Problem) {
	require.NoError(t, s.Dump(bg, func(s store.State) error { state = s; return nil },
		func(k *store.Kept) error { items = append(items, k); return nil },
		func(p store.Problem) { problems = append(problems, p) }))
	return state, items, problems
}

func restore(s store.Store, state store.State, items []*store.Kept) error {
	i := 0
	return s.Restore(bg, state, func() (*store.Kept, error) {
		if i == len(items) {
			return nil, nil
		}
		i++
		return items[i-1], nil
	})
}

func testDump(f *fixture) {
	r := rand.New(rand.NewPCG(seed(f.t), 0))
	for n := range 60 {
		c := article(strconv.Itoa(r.IntN(25)), r.IntN(9), fmt.Sprintf("s:%d", r.IntN(3)), "t")
		c.Aliases = []string{"doi:" + c.Local}
		c.Records = c.Records[r.IntN(2):]
		c.Delete = r.IntN(5) == 0
		c.Due, c.Revision = int64(r.IntN(2)*100), r.IntN(3)
		if r.IntN(2) == 0 {
			c.Source = &store.Source{Name: fmt.Sprint("file ", r.IntN(3)), Type: "jats", Data: []byte(strconv.Itoa(n))}
		}
		f.put(c)
		f.clock.Add(int64(r.IntN(3) * r.IntN(2000)))
	}
	require.NoError(f.t, f.PutSets(bg, []store.Set{{Spec: "s:1", Name: "Set one", Description: "Of ones"}, {Spec: "empty", Name: "Nobody"}}))
	require.NoError(f.t, f.PutToken(bg, store.Token{ID: "a", Name: "A", Hash: [32]byte{1, 2}, Write: true, Created: 5, Used: 6}))
	require.NoError(f.t, f.SetMark(bg, "feed/x", []byte("\x00at")))
	state, items, problems := dump(f.t, f)
	assert.Empty(f.t, problems)
	other := &fixture{t: f.t, clock: f.clock, dir: f.t.TempDir(), open: f.open, versions: map[string]string{}}
	other.Store = other.again()
	require.NoError(f.t, restore(other, state, items))
	other.sound()
	kept, err := other.Mark(bg, "feed/x")
	require.NoError(f.t, err)
	assert.Equal(f.t, "\x00at", string(kept))
	for _, prefix := range []string{"oai_dc", "jats", "mods", "crossref"} {
		for _, set := range []string{"", "s", "s:0", "s:1", "s:2", "t"} {
			q := store.Query{Prefix: prefix, Set: set}
			assert.Equal(f.t, f.list(q), other.list(q))
		}
	}
	for _, k := range items {
		want, err := f.Get(bg, k.Local)
		require.NoError(f.t, err)
		got, err := other.Get(bg, k.Local)
		require.NoError(f.t, err)
		assert.Equal(f.t, want, got)
		wantSource, err := f.Source(bg, k.Local)
		require.NoError(f.t, err)
		gotSource, err := other.Source(bg, k.Local)
		require.NoError(f.t, err)
		assert.Equal(f.t, wantSource, gotSource)
		locals, err := other.Resolve(bg, []string{"doi:" + k.Local})
		require.NoError(f.t, err)
		assert.Equal(f.t, []string{k.Local}, locals)
	}
	for _, revision := range []int{0, 2} {
		want, err := f.Outdated(bg, 100, revision, 100)
		require.NoError(f.t, err)
		got, err := other.Outdated(bg, 100, revision, 100)
		require.NoError(f.t, err)
		assert.ElementsMatch(f.t, want, got)
	}
	want, err := f.Stats(bg)
	require.NoError(f.t, err)
	got, err := other.Stats(bg)
	require.NoError(f.t, err)
	got.Bytes = want.Bytes
	assert.Equal(f.t, want, got)
	state2, items2, _ := dump(f.t, other)
	assert.Equal(f.t, state, state2)
	assert.ElementsMatch(f.t, items, items2)
	assert.ErrorIs(f.t, restore(other, state, items), store.ErrExists)
	out, err := other.Put(bg, []store.Change{article("new", 1)})
	require.NoError(f.t, err)
	assert.GreaterOrEqual(f.t, out[0].Datestamp, state.Clock)
}

func testDumpDamaged(f *fixture) {
	d := f.damager()
	f.put(article("1", 1, "j"), article("2", 1))
	d.Lose(f.t, "1", "jats")
	state, items, problems := dump(f.t, f)
	require.Len(f.t, problems, 1)
	assert.Equal(f.t, "1", problems[0].Local)
	assert.Contains(f.t, problems[0].Message, "jats")
	other := &fixture{t: f.t, clock: f.clock, dir: f.t.TempDir(), open: f.open, versions: map[string]string{}}
	other.Store = other.again()
	require.NoError(f.t, restore(other, state, items))
	found := other.problems()
	assert.NotEmpty(f.t, found)
	for _, p := range found {
		assert.Equal(f.t, "1", p.Local)
	}
	other.again1(article("1", 1, "j"))
	other.sound()
	ctx, cancel := context.WithCancel(bg)
	cancel()
	assert.ErrorIs(f.t, f.Dump(ctx, func(store.State) error { return nil }, func(*store.Kept) error { return nil }, func(store.Problem) {}), context.Canceled)
}
