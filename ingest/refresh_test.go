package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
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
	"sheaf/store/postgres"
	"sheaf/store/postgres/pgtest"
	"sheaf/store/sqlite"
	"sheaf/store/storetest"
)

// embargoed is the JSON of an article whose embargo ends on a day.
func embargoed(n int, end string) []byte {
	return fmt.Appendf(nil, `{"title":{"text":"Of embargoes %d"},"ids":[{"type":"doi","value":"10.5555/embargo.%d"}],"pubDates":[{"type":"pub","date":"2026-01-05"}],
"permissions":{"access":"embargoed","embargoEnd":%q}}`, n, n, end)
}

func give(inputs ...[]byte) func(context.Context, func(ingest.Input) error) error {
	return func(_ context.Context, yield func(ingest.Input) error) error {
		for i, data := range inputs {
			if err := yield(ingest.Input{Name: fmt.Sprintf("%d.json", i), Data: data}); err != nil {
				return err
			}
		}
		return nil
	}
}

func dublinCore(t *testing.T, s store.Store, local string) (text string, stamp int64) {
	t.Helper()
	_, err := s.Record(t.Context(), local, "oai_dc", func(r *store.Row) error {
		text, stamp = string(r.Metadata), r.Datestamp
		return nil
	})
	require.NoError(t, err)
	return text, stamp
}

// Three nodes over one store watch an embargo end. Its record changes and its datestamp moves on that day, once.
func TestEmbargoEnds(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "sheaf.db")
		embargoEnds(t, func(now func() time.Time) (store.Store, error) { return sqlite.Open(path, sqlite.Options{Now: now}) })
	})
	t.Run("postgres", func(t *testing.T) {
		url := pgtest.Shared(t).Database(t)
		embargoEnds(t, func(now func() time.Time) (store.Store, error) { return postgres.Open(url, postgres.Options{Now: now}) })
	})
}

func embargoEnds(t *testing.T, open func(now func() time.Time) (store.Store, error)) {
	clock := storetest.NewClock()
	start := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
	clock.Set(start.Unix())
	var nodes []store.Store
	for range 3 {
		db, err := open(clock.Now)
		require.NoError(t, err)
		t.Cleanup(func() { db.Close() })
		nodes = append(nodes, db)
	}
	im := &ingest.Importer{Store: nodes[0], Now: clock.Now, Sets: []store.Set{{Spec: "extra:one", Name: "One"}}}
	report, err := im.Import(t.Context(), give(embargoed(1, "2026-11-24"), embargoed(2, "2026-11-25"), embargoed(3, "2026-11-23")))
	require.NoError(t, err)
	require.Equal(t, 3, report.Created)
	pass := func() (moved int) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		for _, s := range nodes {
			wg.Go(func() {
				done, err := (&ingest.Refresher{Store: s, Now: clock.Now}).Pass(t.Context())
				assert.NoError(t, err)
				mu.Lock()
				moved += done.Moved
				mu.Unlock()
			})
		}
		wg.Wait()
		return moved
	}
	access := func(n int) (term string, stamp int64) {
		text, stamp := dublinCore(t, nodes[1], fmt.Sprintf("10.5555/embargo.%d", n))
		_, rest, ok := strings.Cut(text, "<dc:rights>info:eu-repo/semantics/")
		require.True(t, ok, text)
		term, _, _ = strings.Cut(rest, "<")
		return term, stamp
	}
	assert.Zero(t, pass(), "nothing has ended yet")
	term, stamp := access(1)
	assert.Equal(t, "embargoedAccess", term)
	assert.Equal(t, start.Unix(), stamp)
	term, _ = access(3)
	assert.Equal(t, "openAccess", term, "its embargo was over when it came")

	midnight := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC).Unix()
	clock.Set(midnight + 30)
	assert.Equal(t, 1, pass(), "three nodes, one change")
	term, stamp = access(1)
	assert.Equal(t, "openAccess", term)
	assert.Equal(t, midnight+30, stamp)
	clock.Add(60)
	assert.Zero(t, pass())
	term, stamp = access(2)
	assert.Equal(t, "embargoedAccess", term)
	assert.Equal(t, start.Unix(), stamp)
	var listed []string
	_, err = nodes[2].List(t.Context(), store.Query{Prefix: "jats", Set: "extra", From: midnight, Limit: 10}, func(r *store.Row) error {
		listed = append(listed, string(r.Local))
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"10.5555/embargo.1"}, listed, "a harvester is told, and the set that somebody gave is kept")
}

// A deposit that comes between reading and writing anew is not undone.
func TestRefreshYields(t *testing.T) {
	clock := storetest.NewClock()
	clock.Set(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC).Unix())
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{Now: clock.Now})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	put := func(data []byte) {
		_, err := (&ingest.Importer{Store: db, Now: clock.Now}).Import(t.Context(), give(data))
		require.NoError(t, err)
	}
	put(embargoed(1, "2026-11-24"))
	clock.Add(100_000)
	between := &intercepted{Store: db, before: func() { put(bytes.ReplaceAll(embargoed(1, "2026-11-24"), []byte("Of embargoes"), []byte("Corrected"))) }}
	_, err = (&ingest.Refresher{Store: between, Now: clock.Now}).Pass(t.Context())
	require.NoError(t, err)
	text, _ := dublinCore(t, db, "10.5555/embargo.1")
	assert.Contains(t, text, "Corrected 1")
	assert.Contains(t, text, "openAccess")
}

// intercepted does something before the first Put.
type intercepted struct {
	store.Store
	before func()
}

func (s *intercepted) Put(ctx context.Context, changes []store.Change) ([]store.Outcome, error) {
	if f := s.before; f != nil {
		s.before = nil
		f()
	}
	return s.Store.Put(ctx, changes)
}

// Changed crosswalks render all again; only items whose bytes change move. What cannot be rendered any more stays as it was, and is told once.
func TestRevisionRenders(t *testing.T) {
	clock := storetest.NewClock()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{Now: clock.Now})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	const n = 150
	var inputs [][]byte
	for i := range n {
		inputs = append(inputs, fmt.Appendf(nil, `{"title":{"text":"Of revisions %d"},"ids":[{"type":"doi","value":"10.5555/r.%03d"}]}`, i, i))
	}
	// As if an older Sheaf had stored them: every tenth with other bytes.
	for i, data := range inputs {
		_, a, _, err := ingest.Parse(data, "")
		require.NoError(t, err)
		c, err := ingest.NewChange(a, ingest.Local(a), crosswalk.All()[:2], nil, clock.Now())
		require.NoError(t, err)
		c.Revision--
		if i%10 == 0 {
			c.Records[0].Metadata = []byte("<old/>")
		}
		if i == 7 {
			c.Article = []byte(`{"title":{"text":"<no"}}`)
		}
		_, err = db.Put(t.Context(), []store.Change{*c})
		require.NoError(t, err)
	}
	before := clock.Seconds()
	clock.Add(500)
	var log bytes.Buffer
	r := &ingest.Refresher{Store: db, Now: clock.Now, Log: slog.New(slog.NewTextHandler(&log, nil)), Formats: append(crosswalk.All()[:1:1], picky(crosswalk.All()[1]))}
	for pass := range 2 {
		done, err := r.Pass(t.Context())
		require.NoError(t, err)
		if pass == 0 {
			assert.Equal(t, ingest.Refreshed{Rendered: n - 1, Moved: n / 10, Refused: 1}, done)
		} else {
			assert.Equal(t, ingest.Refreshed{}, done)
		}
	}
	assert.Equal(t, 1, strings.Count(log.String(), "cannot be rendered anew"))
	assert.Contains(t, log.String(), "10.5555/r.007")
	for i := range n {
		text, stamp := dublinCore(t, db, fmt.Sprintf("10.5555/r.%03d", i))
		assert.Contains(t, text, "Of revisions")
		assert.Equal(t, i%10 == 0, stamp > before, "item %d", i)
	}
	require.NoError(t, db.Check(t.Context(), func(p store.Problem) { t.Error(p) }))
}

// picky refuses a title that begins with "<".
func picky(f crosswalk.Format) crosswalk.Format {
	whole := f.Append
	f.Append = func(dst []byte, r *flat.Record) ([]byte, error) {
		if a := r.Article; strings.HasPrefix(string(a.Title.Text), "<no") || strings.HasPrefix(a.Title.Text.Plain(), "<no") {
			return nil, fmt.Errorf("no such title")
		}
		return whole(dst, r)
	}
	return f
}

// Two nodes take in the two language pages of one article at the same time: whichever is first, both are in it.
func TestPagesRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sheaf.db")
	for round := range 8 {
		var wg sync.WaitGroup
		for lang, page := range map[string]string{"en": pageEN, "ru": pageRU} {
			page = strings.ReplaceAll(page, "S099999990020001", fmt.Sprintf("S09999999002%04d", round))
			db, err := sqlite.Open(path, sqlite.Options{})
			require.NoError(t, err)
			t.Cleanup(func() { db.Close() })
			wg.Go(func() {
				_, err := (&ingest.Importer{Store: db}).Import(t.Context(), func(_ context.Context, yield func(ingest.Input) error) error {
					return yield(ingest.Input{Name: lang + ".txt", Data: []byte(page)})
				})
				assert.NoError(t, err)
			})
		}
		wg.Wait()
	}
	db, err := sqlite.Open(path, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	n := 0
	_, err = db.List(t.Context(), store.Query{Prefix: "jats", Limit: 100}, func(r *store.Row) error {
		n++
		assert.Contains(t, string(r.Metadata), "Counting models", string(r.Local))
		assert.Contains(t, string(r.Metadata), "Счётные модели", string(r.Local))
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, 8, n, "one item for each article")
}
