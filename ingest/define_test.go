package ingest_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/ingest"
	"sheaf/store"
	"sheaf/store/sqlite"
	"sheaf/store/storetest"
)

// Items go into a defined set and out of it when the definition changes, with new datestamps for those and for no others; sets that somebody put an item in stay.
func TestDefinedSets(t *testing.T) {
	ctx := t.Context()
	clock := storetest.NewClock()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{Now: clock.Now})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	imported := func(from, to int) {
		im := &ingest.Importer{Store: db, Now: clock.Now, Sets: []store.Set{{Spec: "by-hand", Name: "By hand"}}}
		report, err := im.Import(ctx, func(_ context.Context, yield func(ingest.Input) error) error {
			for i := from; i < to; i++ {
				data := fmt.Appendf(nil, `{"lang":%q,"title":{"text":"Of sets %d"},"ids":[{"type":"doi","value":"10.5555/s.%d"}],"pubDates":[{"date":"%d"}],"kwdGroups":[{"kwds":[{"text":"plasma"}]}]}`,
					[]string{"en", "ru"}[i%2], i, i, 2015+i)
				if err := yield(ingest.Input{Name: fmt.Sprint(i), Data: data}); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, err)
		require.Zero(t, report.Rejected)
	}
	members := func(spec string) (locals []string) {
		_, err := db.List(ctx, store.Query{Prefix: "oai_dc", Set: spec, Limit: 100, Headers: true}, func(r *store.Row) error {
			if !r.Deleted {
				locals = append(locals, string(r.Local))
			}
			return nil
		})
		require.NoError(t, err)
		return locals
	}
	define := func(sets ...ingest.SetDefinition) int {
		clock.Add(100)
		changed, err := ingest.Define(ctx, db, sets)
		require.NoError(t, err)
		require.True(t, changed)
		again, err := ingest.Define(ctx, db, sets)
		require.NoError(t, err)
		require.False(t, again)
		done, err := (&ingest.Refresher{Store: db, Now: clock.Now}).Pass(ctx)
		require.NoError(t, err)
		rest, err := (&ingest.Refresher{Store: db, Now: clock.Now}).Pass(ctx)
		require.NoError(t, err)
		assert.Zero(t, rest)
		return done.Moved
	}
	imported(0, 4)
	russian := ingest.SetDefinition{Spec: "own:russian", Name: "Russian plasma", Description: "D", Query: `lang == "ru" and any(keywords, # contains "plasma") and "lang:ru" in sets`}
	assert.Equal(t, 2, define(russian))
	assert.Equal(t, []string{"10.5555/s.1", "10.5555/s.3"}, members("own:russian"))
	imported(4, 6)
	assert.Equal(t, []string{"10.5555/s.1", "10.5555/s.3", "10.5555/s.5"}, members("own"))

	late := ingest.SetDefinition{Spec: "late", Name: "Late", Query: `year >= 2017 and titles[0] != ""`}
	second := ingest.SetDefinition{Spec: "second", Name: "Second", Query: `titles[1] != ""`} // no item has a second title
	assert.Equal(t, 4, define(russian, late, second))
	assert.Len(t, members("late"), 4)
	assert.Empty(t, members("second"))

	assert.Equal(t, 3, define(late), "those that were in own:russian")
	assert.Empty(t, members("own"))
	late.Query = `year >= 2019`
	assert.Equal(t, 2, define(late))
	assert.Len(t, members("late"), 2)
	assert.Equal(t, 2, define())
	assert.Empty(t, members("late"))
	assert.Len(t, members("by-hand"), 6)

	sets, err := db.Sets(ctx, "", 100)
	require.NoError(t, err)
	assert.Contains(t, sets, store.Set{Spec: "own:russian", Name: "Russian plasma", Description: "D"})
	require.NoError(t, db.Check(ctx, func(p store.Problem) { t.Error(p) }))
}

func TestDefineRefuses(t *testing.T) {
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	good := ingest.SetDefinition{Spec: "a", Name: "A", Query: "true"}
	for want, sets := range map[string][]ingest.SetDefinition{
		`set "a b": want a setSpec`:                                       {{Spec: "a b", Name: "A", Query: "true"}},
		`set "journal:x": sets under "journal" are given by the articles`: {{Spec: "journal:x", Name: "A", Query: "true"}},
		`set "a": defined twice`:                                          {good, good},
		`set "b": it has no name`:                                         {good, {Spec: "b", Query: "true"}},
		`set "b": query: unknown name nothing`:                            {good, {Spec: "b", Name: "B", Query: "nothing == 1"}},
		`set "b": query: invalid operation: == (mismatched`:               {good, {Spec: "b", Name: "B", Query: `year == "2020"`}},
		`set "b": query: expected bool`:                                   {good, {Spec: "b", Name: "B", Query: `title`}},
		`set "b": query: unexpected token`:                                {good, {Spec: "b", Name: "B", Query: ``}},
	} {
		_, err := ingest.Define(t.Context(), db, sets)
		assert.ErrorContains(t, err, want)
	}
	d, err := ingest.LoadDefinitions(t.Context(), db)
	require.NoError(t, err)
	assert.Empty(t, d.Sets, "nothing was kept")
}
