package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sheaf/store"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// queue starts a Put for each change while nobody can write, and returns when all wait; results gives what became of each.
func queue(t *testing.T, db *DB, contexts []context.Context, changes ...store.Change) (results func() []error) {
	conn := <-db.write
	errs := make([]error, len(changes))
	var wg sync.WaitGroup
	for i, c := range changes {
		wg.Go(func() {
			out, err := db.Put(contexts[i], []store.Change{c})
			if errs[i] = err; err == nil {
				assert.Equal(t, store.Created, out[0].Status)
				assert.Equal(t, c.Local, out[0].Local)
			}
		})
	}
	require.Eventually(t, func() bool {
		db.jobs.mu.Lock()
		defer db.jobs.mu.Unlock()
		return len(db.jobs.waiting) == len(changes)
	}, 10*time.Second, time.Millisecond)
	return func() []error {
		db.write <- conn
		wg.Wait()
		return errs
	}
}

func TestPutsShareATransaction(t *testing.T) {
	var commits atomic.Int64
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"), Options{Hold: func() { commits.Add(1) }})
	var changes []store.Change
	var contexts []context.Context
	for i := range 8 {
		changes = append(changes, change(fmt.Sprint(i), 10))
		contexts = append(contexts, t.Context())
	}
	given, cancel := context.WithCancel(t.Context())
	contexts[3] = given
	results := queue(t, db, contexts, changes...)
	cancel()
	require.Eventually(t, func() bool { // it goes away by itself, and leaves the others in peace
		db.jobs.mu.Lock()
		defer db.jobs.mu.Unlock()
		return len(db.jobs.waiting) == 7
	}, 10*time.Second, time.Millisecond)
	for i, err := range results() {
		if i == 3 {
			assert.ErrorIs(t, err, context.Canceled)
		} else {
			assert.NoError(t, err)
		}
	}
	assert.Equal(t, int64(1), commits.Load())
	_, err := db.Get(t.Context(), "3")
	assert.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, db.Check(t.Context(), func(p store.Problem) { t.Error(p) }))
}

// One that cannot be stored is refused alone.
func TestPutsShareNoFault(t *testing.T) {
	db := openTest(t, filepath.Join(t.TempDir(), "x.db"), Options{})
	_, err := db.Put(t.Context(), []store.Change{change("0", 10)})
	require.NoError(t, err)
	conn := <-db.write
	require.NoError(t, script(conn, "PRAGMA max_page_count = 100;"))
	db.write <- conn
	all := []context.Context{t.Context(), t.Context(), t.Context()}
	errs := queue(t, db, all, change("1", 10), change("2", 5_000_000), change("3", 10))()
	assert.NoError(t, errs[0])
	assert.ErrorIs(t, errs[1], store.ErrFull)
	assert.NoError(t, errs[2])
	require.NoError(t, db.Check(t.Context(), func(p store.Problem) { t.Error(p) }))
}
