package postgres

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"sheaf/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// One transaction takes at most so much of several calls.
const (
	maxShared      = 500
	maxSharedBytes = 8 << 20
)

// call is one Put that waits for its transaction.
type call struct {
	ctx   context.Context
	ready []*store.Ready
	bytes int
	leads bool      // it carries out the next transaction
	turn  chan bool // true: it leads; false: its outcome is there
	out   []store.Outcome
	err   error
}

// Put carries out changes in one transaction; see store.Store. An alias stays with its item when a later change does not name it. Calls that
// would wait for each other share a transaction; that one fails does not bear on the others.
func (db *DB) Put(ctx context.Context, changes []store.Change) ([]store.Outcome, error) {
	if err := ctx.Err(); err != nil || len(changes) == 0 {
		return nil, err
	}
	c := &call{ctx: ctx, ready: make([]*store.Ready, len(changes)), turn: make(chan bool, 1)}
	for i := range changes {
		var err error
		if c.ready[i], err = store.Prepare(&changes[i]); err != nil {
			return nil, fmt.Errorf("store/postgres: %w", err)
		}
		shrink(c.ready[i])
		c.bytes += len(c.ready[i].PackedJSON) + len(c.ready[i].PackedInput)
		for _, r := range c.ready[i].Packed {
			c.bytes += len(r.Data)
		}
	}
	if db.closed.Load() {
		return nil, errClosed
	}
	if db.enqueue(c) {
		db.lead()
	}
	return c.out, c.err
}

// shrink packs small metadata too, where store.Prepare leaves them as they are. What goes through a socket in pieces of 8 KB costs more than
// to unpack it; and pages that are half as many fit into the server's memory.
func shrink(r *store.Ready) {
	for i := range r.Packed {
		if p := &r.Packed[i]; p.Size == 0 && len(p.Data) >= 512 {
			p.Size, p.Data = store.Pack(p.Data)
		}
	}
}

// enqueue queues c and returns true when c is to lead, false when c.out and c.err are there.
func (db *DB) enqueue(c *call) bool {
	db.mu.Lock()
	db.waiting = append(db.waiting, c)
	if !db.leading {
		db.leading, c.leads = true, true
		db.mu.Unlock()
		return true
	}
	db.mu.Unlock()
	select {
	case lead := <-c.turn:
		return lead
	case <-c.ctx.Done():
	}
	db.mu.Lock()
	if i := slices.Index(db.waiting, c); i >= 0 && !c.leads {
		db.waiting = slices.Delete(db.waiting, i, i+1)
		c.err = c.ctx.Err()
		db.mu.Unlock()
		return false
	}
	db.mu.Unlock()
	return <-c.turn // its transaction has begun, or it must lead for the others
}

// lead carries out a transaction of those that wait, and hands the lead to the next one.
func (db *DB) lead() {
	db.mu.Lock()
	var calls, late []*call
	changes, bytes := 0, 0
	for len(db.waiting) > 0 {
		c := db.waiting[0]
		if c.err = c.ctx.Err(); c.err != nil {
			late = append(late, c)
		} else if len(calls) == 0 || changes+len(c.ready) <= maxShared && bytes+c.bytes <= maxSharedBytes {
			changes, bytes = changes+len(c.ready), bytes+c.bytes
			calls = append(calls, c)
		} else {
			break
		}
		db.waiting = db.waiting[1:]
	}
	db.mu.Unlock()

	db.share(calls)
	for _, c := range append(calls, late...) {
		if !c.leads {
			c.turn <- false
		}
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.leading = len(db.waiting) > 0; db.leading {
		db.waiting[0].leads = true
		db.waiting[0].turn <- true
	}
}

// share carries out calls in one transaction, or each in its own when that fails for a reason that may lie in one of them. A transaction
// ends early only when nobody waits for it any more.
func (db *DB) share(calls []*call) {
	if len(calls) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(calls[0].ctx))
	defer cancel()
	var ready []*store.Ready
	var left atomic.Int64
	left.Store(int64(len(calls)))
	for _, c := range calls {
		ready = append(ready, c.ready...)
		defer context.AfterFunc(c.ctx, func() {
			if left.Add(-1) == 0 {
				cancel()
			}
		})()
	}
	out, err := db.put(ctx, ready)
	if err != nil && len(calls) > 1 && !known(err) {
		for _, c := range calls {
			c.out, c.err = db.put(c.ctx, c.ready)
		}
		return
	}
	for _, c := range calls {
		if c.err = err; err != nil {
			if c.ctx.Err() != nil {
				c.err = c.ctx.Err()
			}
			continue
		}
		c.out, out = out[:len(c.ready):len(c.ready)], out[len(c.ready):]
	}
}

// put carries out changes in one transaction.
func (db *DB) put(ctx context.Context, changes []*store.Ready) (out []store.Outcome, err error) {
	begun := time.Now()
	err = db.write.again(ctx, db.wait, func(conn *pgxpool.Conn) error {
		for {
			out, err = db.transact(ctx, conn, changes)
			if e := pgError(err); e == nil || e.Code != lockTimeout || time.Since(begun) >= db.wait {
				return err
			}
			if _, err := conn.Exec(ctx, `ROLLBACK`); err != nil {
				return err
			}
			if _, err := conn.Exec(ctx, endStuck, db.idle.Seconds()); err != nil {
				return err
			}
		}
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, db.wrap("put", err)
	}
	return out, nil
}

// endStuck ends what has begun a transaction and then stopped in the middle of sending it, $1 seconds ago: a process that was frozen. Only
// between two round trips does the server itself notice that.
const endStuck = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user
	AND state = 'active' AND wait_event = 'ClientRead' AND backend_xid IS NOT NULL AND state_change < clock_timestamp() - make_interval(secs => $1)`

// transact is one attempt at a transaction, in two round trips: the lock and all that must be read, then all that is written and
// the commit.
func (db *DB) transact(ctx context.Context, conn *pgxpool.Conn, changes []*store.Ready) ([]store.Outcome, error) {
	early, err := db.earlyStamp(ctx, conn)
	if err != nil {
		return nil, err
	}
	r, err := db.begin(ctx, conn, changes)
	if err != nil {
		return nil, err
	}
	f := newFold(func() (int64, error) {
		if early != 0 {
			return early, nil
		}
		return db.stamp(r.hwm, r.now)
	})
	for _, it := range r.items {
		f.know(it)
	}
	for key, it := range r.owners {
		f.owners[key] = f.know(it)
	}
	for _, o := range r.origins {
		f.target(o.local).origins[o.name] = origin{o.seq, o.sum}
	}
	out := make([]store.Outcome, len(changes))
	for i, c := range changes {
		if out[i], err = f.change(c); err != nil {
			return nil, err
		}
	}
	if db.hold != nil {
		db.hold()
	}
	rows := f.rows(r.last)
	b := &pgx.Batch{}
	if !rows.empty() {
		rows.queue(b)
	}
	if f.stamp != 0 {
		b.Queue(updateClock, f.stamp, rows.live, rows.deleted)
	}
	b.Queue(`COMMIT`)
	if err := commit(ctx, conn, b); err != nil {
		return nil, err
	}
	if f.stamp != 0 {
		db.saw(f.stamp)
	}
	return out, nil
}

// commitWait is how long a transaction may take to be written and committed. A synchronous standby that is away takes longer than that.
const commitWait = time.Minute

// commit sends a batch whose last statement is COMMIT. It is not cancelled any more: whoever gave up then would not know what became of it.
func commit(ctx context.Context, conn *pgxpool.Conn, b *pgx.Batch) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitWait)
	defer cancel()
	err := conn.SendBatch(ctx, b).Close()
	if err != nil && !refused(err) {
		return &unknownError{err}
	}
	return err
}

// state is what a write must know.
type state struct {
	hwm, now, last int64
	items          []item
	owners         map[string]item // by alias key
	origins        []struct {
		local, name string
		origin
	}
}

// begin begins a transaction, takes the lock and reads what changes touch.
func (db *DB) begin(ctx context.Context, conn *pgxpool.Conn, changes []*store.Ready) (*state, error) {
	s := &state{owners: map[string]item{}}
	var locals, keys, withSource []string
	for _, c := range changes {
		locals = append(locals, c.Local)
		for _, name := range c.Aliases {
			keys = append(keys, aliasKey(name))
		}
		if c.Source != nil || len(c.Drop) > 0 {
			withSource = append(withSource, c.Local)
		}
	}
	b := &pgx.Batch{}
	b.Queue(`BEGIN`)
	b.Queue(lock).QueryRow(func(row pgx.Row) error { return row.Scan(&s.hwm) })
	b.Queue(loadLast).QueryRow(func(row pgx.Row) error { return row.Scan(&s.now, &s.last) })
	b.Queue(loadItems, distinct(locals)).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var it item
			if err := it.scan(rows); err != nil {
				return err
			}
			s.items = append(s.items, it)
		}
		return rows.Err()
	})
	if len(keys) > 0 {
		b.Queue(loadOwners, distinct(keys)).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var it item
				var key string
				if err := it.scan(rows, &key); err != nil {
					return err
				}
				s.owners[key] = it
			}
			return rows.Err()
		})
	}
	if len(withSource) > 0 {
		b.Queue(loadOrigins, distinct(withSource)).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var o struct {
					local, name string
					origin
				}
				if err := rows.Scan(&o.local, &o.name, &o.seq, &o.sum); err != nil {
					return err
				}
				s.origins = append(s.origins, o)
			}
			return rows.Err()
		})
	}
	return s, conn.SendBatch(ctx, b).Close()
}

// scan reads the columns itemColumns, and more.
func (it *item) scan(row pgx.Row, more ...any) error {
	return row.Scan(append([]any{&it.id, &it.local, &it.datestamp, &it.deleted, &it.sets, &it.formats, &it.gone, &it.hash, &it.due, &it.revision, &it.articleHash}, more...)...)
}

func distinct(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// unknownError says that the connection broke while a transaction was being committed.
type unknownError struct{ error }

func (e *unknownError) Unwrap() error { return e.error }

// refused tells that a transaction was surely not committed: the server said so.
func refused(err error) bool {
	e := pgError(err)
	return e != nil && (e.SeverityUnlocalized == "ERROR" || e.Code == idleTooLong)
}

// PutSets defines sets, which may be empty of items. It needs no lock: nothing is stamped.
func (db *DB) PutSets(ctx context.Context, sets []store.Set) error {
	for _, s := range sets {
		if !store.ValidSetSpec(s.Spec) {
			return fmt.Errorf("store/postgres: sets: setSpec %q is not one of OAI-PMH", s.Spec)
		}
	}
	f := newFold(nil)
	f.putSets(sets)
	specs, names, descriptions := setColumns(f.rows(0).sets)
	_, err := db.exec(ctx, "sets", upsertSets, specs, names, descriptions)
	return err
}

// exec carries out one statement that writes without a datestamp, and returns how many rows it touched.
func (db *DB) exec(ctx context.Context, op, statement string, args ...any) (rows int64, err error) {
	err = db.write.again(ctx, db.wait, func(conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, statement, args...)
		if rows = tag.RowsAffected(); err != nil && !refused(err) && !pgconn.SafeToRetry(err) {
			return &unknownError{err}
		}
		return err
	})
	if err != nil && ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return rows, db.wrap(op, err)
}
