package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"sheaf/store"
)

const (
	maxAhead     = 16      // stretches that wait to be asked for
	maxAheadSize = 1 << 20 // bytes of one
	aheadLife    = 10 * time.Second
	aheadLimit   = 8 // of a shorter stretch the next is not read ahead
)

// ahead reads the next stretch of a list while the last one is on its way to the harvester: otherwise the server, this process and the
// harvester would each wait for the two others all the time. What it holds was read from an older snapshot than the one that its reader
// would have got, of a list whose upper bound is fixed; an item that has changed since is as one that changed a moment after the answer, and is
// found by the next from. A first page is never read ahead.
//
// Where the next page goes to another node, reading ahead is in vain, and is left for most lists until it pays again.
type ahead struct {
	mu        sync.Mutex
	stretches map[aheadKey]*stretch
	score     int // how often it paid of late, less how often it did not
	asked     int
}

// aheadKey is which stretch of which list.
type aheadKey struct {
	prefix, set string
	from, until int64
	after       store.Key
	headers     bool
}

func keyOf(q store.Query) aheadKey {
	return aheadKey{q.Prefix, q.Set, q.From, q.Until, q.After, q.Headers}
}

// stretch is rows in memory.
type stretch struct {
	done chan struct{} // closed when the rest is there
	born time.Time
	page store.Page
	err  error
	rows []aheadRow
	data []byte
}

// aheadRow is a Row whose bytes lie in data, one after the other, up to these places.
type aheadRow struct {
	datestamp             int64
	deleted, bare         bool // bare: Metadata is nil
	local, sets, metadata int
}

// spare are stretches that were given out: to make new ones for each page costs more than all else here.
var spare = sync.Pool{New: func() any { return new(stretch) }}

type reader func(context.Context, store.Query, func(*store.Row) error) (store.Page, error)

// list is read, from what was read ahead where that is there.
func (a *ahead) list(ctx context.Context, q store.Query, visit func(*store.Row) error, read reader) (store.Page, error) {
	page, err := a.serve(ctx, q, visit, read)
	if err == nil && page.More && q.Limit >= aheadLimit {
		q.Until, q.After, q.Count = page.Until, page.Last, false
		a.start(q, read)
	}
	return page, err
}

func (a *ahead) serve(ctx context.Context, q store.Query, visit func(*store.Row) error, read reader) (store.Page, error) {
	s := a.take(q)
	if s == nil {
		return read(ctx, q, visit)
	}
	select {
	case <-s.done:
	case <-ctx.Done():
		return store.Page{}, ctx.Err()
	}
	if s.err != nil {
		return read(ctx, q, visit)
	}
	page := store.Page{Clock: s.page.Clock, Until: s.page.Until}
	at := 0
	for i, r := range s.rows {
		if page.Rows == q.Limit {
			break
		}
		row := store.Row{Local: s.data[at:r.local], Datestamp: r.datestamp, Deleted: r.deleted, Sets: s.data[r.local:r.sets]}
		if !r.bare {
			row.Metadata = s.data[r.sets:r.metadata]
		}
		at = r.metadata
		page.Last = store.Key{Datestamp: r.datestamp, Local: string(row.Local)}
		page.More = s.page.More || i+1 < len(s.rows)
		if err := visit(&row); err != nil {
			return page, err
		}
		page.Rows++
	}
	spare.Put(s)
	if page.Rows == q.Limit || !page.More {
		return page, nil
	}
	// The rest is more than was read ahead.
	given, clock, until := page.Rows, page.Clock, page.Until
	q.After, q.Limit = page.Last, q.Limit-given
	page, err := read(ctx, q, visit)
	page.Rows, page.Clock, page.Until = page.Rows+given, clock, until
	return page, err
}

// take gives out a stretch that was read ahead, or is being read; nil if there is none.
func (a *ahead) take(q store.Query) *stretch {
	if q.Count || q.After == (store.Key{}) || q.Limit < 1 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.stretches[keyOf(q)]
	if s == nil {
		return nil
	}
	delete(a.stretches, keyOf(q))
	if time.Since(s.born) > aheadLife {
		return nil
	}
	a.score = min(a.score+1, 8)
	return s
}

// start begins to read the stretch q, unless that is likely to be in vain.
func (a *ahead) start(q store.Query, read reader) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, s := range a.stretches {
		if time.Since(s.born) > aheadLife {
			delete(a.stretches, key)
			a.score = max(a.score-1, -8)
		}
	}
	a.asked++
	if len(a.stretches) >= maxAhead || a.stretches[keyOf(q)] != nil || a.score < 0 && a.asked%16 != 0 {
		return
	}
	s := spare.Get().(*stretch)
	*s = stretch{done: make(chan struct{}), born: time.Now(), rows: s.rows[:0], data: s.data[:0]}
	if a.stretches == nil {
		a.stretches = map[aheadKey]*stretch{}
	}
	a.stretches[keyOf(q)] = s
	go func() {
		defer close(s.done)
		ctx, cancel := context.WithTimeout(context.Background(), readWait)
		defer cancel()
		s.page, s.err = read(ctx, q, s.keep)
		if s.page.Faults > 0 {
			s.err = errors.New("rows were left out") // whoever asks is to be told, so it is read again
		}
	}()
}

// keep is the visitor that copies rows.
func (s *stretch) keep(r *store.Row) error {
	if len(s.data)+len(r.Local)+len(r.Sets)+len(r.Metadata) > maxAheadSize {
		return errors.New("too long to be read ahead")
	}
	row := aheadRow{datestamp: r.Datestamp, deleted: r.Deleted, bare: r.Metadata == nil}
	s.data = append(s.data, r.Local...)
	row.local = len(s.data)
	s.data = append(s.data, r.Sets...)
	row.sets = len(s.data)
	s.data = append(s.data, r.Metadata...)
	row.metadata = len(s.data)
	s.rows = append(s.rows, row)
	return nil
}
