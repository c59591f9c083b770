package sqlite

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"sheaf/store"

	"golang.org/x/sync/errgroup"
	"zombiezen.com/go/sqlite"
)

// job is one Put. Those that wait for the write lock at the same time are carried out by one of them in one transaction, because most of the
// time of a small one goes into making it durable.
type job struct {
	ctx      context.Context
	changes  []store.Change
	ready    []*store.Ready
	began    int64
	out      []store.Outcome
	err      error
	finished chan struct{}
}

// togetherMost is how many changes one transaction carries, if they are not of one Put.
const togetherMost = 256

// jobs are those that nobody has taken up yet, the oldest first.
type jobs struct {
	mu      sync.Mutex
	waiting []*job
}

func (q *jobs) add(j *job) {
	q.mu.Lock()
	q.waiting = append(q.waiting, j)
	q.mu.Unlock()
}

// withdraw tells whether nobody had taken j up; now nobody will.
func (q *jobs) withdraw(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.waiting, j)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

// take takes up the oldest.
func (q *jobs) take() []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, changes := 0, 0
	for n < len(q.waiting) && (n == 0 || changes+len(q.waiting[n].changes) <= togetherMost) {
		changes += len(q.waiting[n].changes)
		n++
	}
	taken := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return taken
}

// Put carries out changes in one transaction; see store.Store. An alias stays with its item when a later change does not name it.
func (db *DB) Put(ctx context.Context, changes []store.Change) ([]store.Outcome, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	j := &job{ctx: ctx, changes: changes, ready: make([]*store.Ready, len(changes)), began: db.now().Unix(), finished: make(chan struct{})}
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for part := range slices.Chunk(j.ready, 32) {
		at := changes[:len(part)]
		changes = changes[len(part):]
		prepare := func() (err error) {
			for i := range part {
				if part[i], err = store.Prepare(&at[i]); err != nil {
					return fmt.Errorf("store/sqlite: %w", err)
				}
			}
			return nil
		}
		if len(j.ready) == len(part) { // a few are done sooner here
			if err := prepare(); err != nil {
				return nil, err
			}
			break
		}
		work.Go(prepare)
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	db.jobs.add(j)
	for {
		conn, err := db.lock(ctx, "put", j.finished)
		if err != nil && db.jobs.withdraw(j) {
			return nil, err
		}
		if conn == nil { // somebody has taken it up
			<-j.finished
			return j.out, j.err
		}
		db.together(conn, db.jobs.take()) // j among them, unless there are too many for one transaction
		db.write <- conn
	}
}

// together carries out jobs in the transaction that conn has begun. If that fails, each is tried alone.
func (db *DB) together(conn *sqlite.Conn, taken []*job) {
	err := db.transact(conn, "put", taken[0].began, func(w *writer) error {
		for _, j := range taken {
			if err := j.do(w); err != nil {
				return err
			}
		}
		return nil
	})
	for _, j := range taken {
		if j.err = err; err != nil && len(taken) > 1 {
			if j.err = db.begin(j.ctx, conn, "put", time.Now()); j.err == nil {
				j.err = db.transact(conn, "put", j.began, j.do)
			}
		}
		if j.err != nil {
			j.out = nil
			if j.ctx.Err() != nil {
				j.err = j.ctx.Err()
			}
		}
		close(j.finished)
	}
}

// do carries out one job.
func (j *job) do(w *writer) error {
	j.out = make([]store.Outcome, len(j.changes))
	for _, i := range inOrder(j.changes) {
		if err := j.ctx.Err(); err != nil {
			return err
		}
		var err error
		if j.out[i], err = w.change(j.ready[i]); err != nil {
			return fmt.Errorf("%q: %w", j.changes[i].Local, err)
		}
	}
	return nil
}
