package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sheaf/store"
	"sheaf/store/storetest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
)

func openTest(t *testing.T, path string, o Options) *DB {
	db, err := Open(path, o)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// change has a record of size bytes that cannot be packed.
func change(local string, size int) store.Change {
	metadata := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(metadata)
	return store.Change{Local: local, Article: []byte("{}"), Sets: []store.Set{{Spec: "j"}},
		Records: []store.Record{{Prefix: "jats", Metadata: metadata}}}
}

func nothing(*store.Row) error { return nil }

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	require.NoError(t, os.WriteFile(text, []byte("no database at all"), 0o600))
	other := filepath.Join(dir, "other.db")
	conn, err := sqlite.OpenConn(other)
	require.NoError(t, err)
	require.NoError(t, script(conn, "CREATE TABLE t (a);"))
	require.NoError(t, conn.Close())
	newer := filepath.Join(dir, "newer.db")
	db, err := Open(newer, Options{})
	require.NoError(t, err)
	require.NoError(t, script(<-db.write, "PRAGMA user_version = 99;"))
	for _, c := range []struct {
		path, want string
		kind       error
	}{
		{text, "not a database of Sheaf", nil},
		{other, "not one of Sheaf", nil},
		{newer, "run a newer Sheaf", store.ErrNewer},
		{filepath.Join(dir, "none", "x.db"), "there is no folder", nil},
		{dir, "is a folder", nil},
	} {
		_, err := Open(c.path, Options{})
		require.ErrorContains(t, err, c.want)
		assert.True(t, c.kind == nil || errors.Is(err, c.kind), "%v", err)
	}
	got, err := os.ReadFile(text)
	require.NoError(t, err)
	assert.Equal(t, "no database at all", string(got), "it is left as it was")
}

// A list verb must be one search of the entries' key, bounded on both sides, and one row of the table beside it by its number.
func TestListPlan(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"), Options{})
	conn := <-db.write
	defer func() { db.write <- conn }()
	for query, beside := range map[string]string{listRecords: "SEARCH r USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN", listHeaders: "SEARCH i USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN", listEntries: ""} {
		var plan []string
		require.NoError(t, each(conn, func(s *sqlite.Stmt) error { plan = append(plan, s.ColumnText(3)); return nil }, "EXPLAIN QUERY PLAN "+query))
		assert.Equal(t, strings.TrimSpace("SEARCH e USING PRIMARY KEY (list=? AND (datestamp,local)>(?,?) AND (datestamp,local)<(?,?)) "+beside), strings.Join(plan, " "))
	}
}

// Two processes on one file: one that holds the write lock must not keep the other from answering.
func TestTickWaitsForNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	clock := storetest.NewClock()
	a := openTest(t, path, Options{Now: clock.Now})
	b := openTest(t, path, Options{Now: clock.Now, LockWait: 300 * time.Millisecond})
	_, err := a.Put(t.Context(), []store.Change{change("1", 10)})
	require.NoError(t, err)
	before := clock.Seconds()
	clock.Add(60)
	conn := <-a.write
	require.NoError(t, run(conn, `BEGIN IMMEDIATE`))
	begun := time.Now()
	for _, db := range []*DB{a, b} {
		h, err := db.Tick(t.Context())
		require.NoError(t, err)
		assert.LessOrEqual(t, h, before, "no more than what is committed")
		page, err := db.List(t.Context(), store.Query{Prefix: "jats", Limit: 1}, nothing)
		require.NoError(t, err)
		assert.Equal(t, 1, page.Rows)
	}
	assert.Less(t, time.Since(begun), 2*time.Second)
	_, err = b.Put(t.Context(), []store.Change{change("2", 10)})
	assert.ErrorIs(t, err, store.ErrBusy)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = a.Put(ctx, []store.Change{change("2", 10)})
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, run(conn, `ROLLBACK`))
	a.write <- conn
	h, err := b.Tick(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before+60, h)
}

func TestClockJump(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"), Options{})
	now, up := db.wall, db.wallUp
	db.now, db.uptime = func() time.Time { return now }, func() time.Duration { return up }
	step := func(wall, passed time.Duration) error {
		now, up = now.Add(wall), up+passed
		_, err := db.Put(t.Context(), []store.Change{change(now.String(), 10)})
		return err
	}
	require.NoError(t, step(10*time.Hour, 10*time.Hour), "time that has passed is no jump")
	require.NoError(t, step(store.MaxJump, 0))
	good := db.clock.Load()
	assert.ErrorIs(t, step(store.MaxJump+time.Second, 0), store.ErrClock)
	h, err := db.Tick(t.Context())
	require.NoError(t, err)
	assert.Equal(t, good, h, "nor does a tick follow it")
	require.NoError(t, step(-store.MaxJump, 0), "set right again")
	require.NoError(t, step(-time.Hour, 0), "set back")
}

// A broken chain of pages in the file costs its own record only.
func TestDamagedPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path, Options{})
	for i := range 10 {
		_, err := db.Put(t.Context(), []store.Change{change(fmt.Sprint(i), 4*pageSize)})
		require.NoError(t, err)
	}
	var pages []int64
	conn := <-db.write
	require.NoError(t, each(conn, func(s *sqlite.Stmt) error { pages = append(pages, s.ColumnInt64(0)); return nil },
		`SELECT pageno FROM dbstat WHERE name = 'record' AND pagetype = 'overflow' AND path LIKE '%+000001' ORDER BY path`))
	db.write <- conn
	require.Len(t, pages, 10)
	require.NoError(t, db.Close())
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	for _, n := range []int{0, 4, 5} {
		_, err = f.WriteAt([]byte{0xff, 0xff, 0xff, 0xff}, (pages[n]-1)*pageSize) // the number of the next page
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())

	db = openTest(t, path, Options{})
	var got []string
	page, err := db.List(t.Context(), store.Query{Prefix: "jats", Limit: 9}, func(r *store.Row) error {
		assert.Equal(t, 4*pageSize, len(r.Metadata))
		got = append(got, string(r.Local))
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"1", "2", "3", "6", "7", "8"}, got)
	assert.Equal(t, 3, page.Faults)
	assert.True(t, page.More)
	assert.Equal(t, "8", page.Last.Local)
	_, err = db.Record(t.Context(), "4", "jats", nothing)
	assert.ErrorIs(t, err, store.ErrCorrupt)
	found := map[string]bool{}
	require.NoError(t, db.Check(t.Context(), func(p store.Problem) { found[p.Local] = true }))
	assert.True(t, found["0"] && found["4"] && found["5"], "%v", found)
	assert.False(t, found["1"])
}

func TestBackup(t *testing.T) {
	dir := t.TempDir()
	db := openTest(t, filepath.Join(dir, "x.db"), Options{})
	_, err := db.Put(t.Context(), []store.Change{change("1", 50000), change("2", 10)})
	require.NoError(t, err)
	path := filepath.Join(dir, "it's a copy.db")
	require.NoError(t, db.Backup(t.Context(), path))
	assert.ErrorContains(t, db.Backup(t.Context(), path), "is there already")
	_, err = db.Put(t.Context(), []store.Change{change("3", 10)})
	require.NoError(t, err)
	copied := openTest(t, path, Options{})
	require.NoError(t, copied.Check(t.Context(), func(p store.Problem) { t.Error(p) }))
	page, err := copied.List(t.Context(), store.Query{Prefix: "jats", Limit: 9}, nothing)
	require.NoError(t, err)
	assert.Equal(t, 2, page.Rows)
	want, _ := db.Secret(t.Context())
	got, err := copied.Secret(t.Context())
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestDiskFull(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"), Options{})
	_, err := db.Put(t.Context(), []store.Change{change("1", 10)})
	require.NoError(t, err)
	conn := <-db.write
	require.NoError(t, script(conn, "PRAGMA max_page_count = 100;"))
	db.write <- conn
	_, err = db.Put(t.Context(), []store.Change{change("2", 10), change("3", 5_000_000)})
	assert.ErrorIs(t, err, store.ErrFull)
	_, err = db.Get(t.Context(), "2")
	assert.ErrorIs(t, err, store.ErrNotFound)
	_, err = db.Put(t.Context(), []store.Change{change("2", 10)})
	assert.NoError(t, err, "it goes on when there is room")
	require.NoError(t, db.Check(t.Context(), func(p store.Problem) { t.Error(p) }))
}

// early is a store that claims to have seen more than it has.
type early struct{ store.Store }

func (e early) List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	page, err := e.Store.List(ctx, q, visit)
	page.Clock++
	return page, err
}

// The property test of storetest must notice a responseDate that is too late.
func TestHarvestNotices(t *testing.T) {
	for seed := range uint64(20) {
		clock := storetest.NewClock()
		db := openTest(t, filepath.Join(t.TempDir(), "x.db"), Options{Now: clock.Now})
		differences, err := storetest.Harvest([]store.Store{early{db}}, clock, seed)
		require.NoError(t, err)
		if len(differences) > 0 {
			return
		}
	}
	t.Error("a harvest that loses changes was not noticed")
}

// Who waits for a connection when the store is closed is told so.
func TestCloseReleasesWhoWaits(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"), Options{Readers: 1})
	db.reading <- struct{}{}
	conn := <-db.write
	waiting := make(chan error, 2)
	go func() {
		_, err := db.List(context.Background(), store.Query{Prefix: "jats", Limit: 1}, nothing)
		waiting <- err
	}()
	go func() {
		_, err := db.Put(context.Background(), []store.Change{change("1", 10)})
		waiting <- err
	}()
	time.Sleep(20 * time.Millisecond) // they wait by now; if not, the test proves less, but holds
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	for range 2 {
		select {
		case err := <-waiting:
			assert.ErrorContains(t, err, "closed")
		case <-time.After(10 * time.Second):
			t.Fatal("it waits for ever")
		}
	}
	<-db.reading
	db.write <- conn
	assert.NoError(t, <-closed)
}
