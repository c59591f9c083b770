package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"sheaf/store"
	"sheaf/store/postgres/pgtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What was read ahead is what would be read, whatever its reader asks for.
func TestAhead(t *testing.T) {
	db := openTest(t, pgtest.Shared(t).Database(t), Options{})
	var batch []store.Change
	for i := range 100 {
		c := change(fmt.Sprintf("%03d", i), i*10)
		if c.Delete = i%7 == 3; c.Delete {
			put(t, db, change(c.Local, 10))
		}
		batch = append(batch, c)
	}
	put(t, db, batch...)
	var reads atomic.Int32
	counted := func(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
		reads.Add(1)
		return db.list(ctx, q, visit)
	}
	for _, headers := range []bool{false, true} {
		for _, limits := range [][]int{{10}, {30, 20}, {9, 25}, {100}, {3}} {
			a := &ahead{}
			wait := func() { // for what is being read
				for _, s := range a.stretches {
					<-s.done
				}
			}
			want, got := []string{}, []string{}
			live, q := store.Query{Prefix: "jats", Headers: headers}, store.Query{Prefix: "jats", Headers: headers}
			for n := 0; ; n++ {
				live.Limit = limits[n%len(limits)]
				q.Limit = live.Limit
				visit := func(to *[]string) func(*store.Row) error {
					return func(r *store.Row) error {
						*to = append(*to, fmt.Sprint(string(r.Local), r.Datestamp, r.Deleted, string(r.Sets), r.Metadata, r.Metadata == nil))
						return nil
					}
				}
				expected, err := db.list(t.Context(), live, visit(&want))
				require.NoError(t, err)
				wait()
				page, err := a.list(t.Context(), q, visit(&got), counted)
				require.NoError(t, err)
				require.Equal(t, expected, page)
				require.Equal(t, want, got)
				if live.After, live.Until = page.Last, page.Until; !page.More {
					break
				}
				q.After, q.Until = page.Last, page.Until
			}
			assert.Len(t, got, 100)
		}
	}

	a := &ahead{}
	reads.Store(0)
	q := store.Query{Prefix: "jats", Limit: 10}
	page, err := a.list(t.Context(), q, nothing, counted)
	require.NoError(t, err)
	q.After, q.Until = page.Last, page.Until
	<-a.stretches[keyOf(q)].done
	assert.EqualValues(t, 2, reads.Load())
	_, err = a.list(t.Context(), q, func(*store.Row) error { return os.ErrClosed }, counted)
	assert.Equal(t, os.ErrClosed, err)
	assert.Empty(t, a.stretches)
	assert.EqualValues(t, 2, reads.Load(), "it was there")

	a.start(q, counted)
	for _, s := range a.stretches {
		<-s.done
		s.born = time.Now().Add(-2 * aheadLife)
	}
	_, err = a.list(t.Context(), q, nothing, counted)
	require.NoError(t, err)
	for _, s := range a.stretches {
		<-s.done
	}
	assert.EqualValues(t, 5, reads.Load(), "what is old is read again, and what follows")
	broken := func(context.Context, store.Query, func(*store.Row) error) (store.Page, error) {
		return store.Page{}, errors.New("broken")
	}
	a = &ahead{}
	a.start(q, broken)
	page, err = a.list(t.Context(), q, nothing, counted)
	require.NoError(t, err, "what could not be read ahead is read")
	assert.Equal(t, 10, page.Rows)

	// To one who asks for other pages than the next, nothing is read ahead but now and then.
	a = &ahead{}
	began := 0
	for i := range 1000 {
		other := q
		other.From = int64(i + 1)
		before := len(a.stretches)
		a.start(other, broken)
		if len(a.stretches) > before {
			began++
		}
		for _, s := range a.stretches {
			s.born = time.Now().Add(-2 * aheadLife)
		}
	}
	assert.Less(t, began, 100)
}
