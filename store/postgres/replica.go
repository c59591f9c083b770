package postgres

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"sheaf/store"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	refreshEvery = time.Second
	refreshWait  = time.Second     // how long that may take
	replicaWait  = 3 * time.Second // how long one reading from a replica may take
	pollPause    = 20 * time.Millisecond
	idleAfter    = 10 * time.Second

	// maxLag is how far the clock of a replica may be behind, in seconds, and still date what is told.
	maxLag = 60
)

// Reads answers harvesters from replicas, and from the primary where no replica can. It has one clock, told: the highest that this process has ever
// told anybody. Only Tick raises it, to what a replica has been seen to hold. No snapshot is used whose own clock is below it, or
// below the upper bound of a list that another node has begun; and nothing is told that is later than it, though the snapshot may hold more. So
// what comes from several replicas, each as late as it may be, is as if from one that never goes back.
//
// With no replicas it is the primary alone.
type Reads struct {
	db       *DB
	replicas []*replica
	told     atomic.Int64
	turn     atomic.Uint32 // which replica is asked first
	ahead    ahead

	refreshing sync.Mutex
	refreshed  atomic.Int64 // when last, in nanoseconds of uptime; 0: never
}

// replica is one of them. It is asked again after a second when it failed.
type replica struct {
	*pool
	polling atomic.Bool
	healthy atomic.Bool // answered when last asked, and is a replica of this store
	clock   atomic.Int64
	said    atomic.Bool
}

func newReads(db *DB, o Options) (*Reads, error) {
	r := &Reads{db: db}
	for _, address := range o.Replicas {
		p, err := connect(address, o.Readers, false, reading())
		if err != nil {
			r.close()
			return nil, err
		}
		r.replicas = append(r.replicas, &replica{pool: p})
	}
	return r, nil
}

func (r *Reads) close() {
	for _, p := range r.replicas {
		p.Close()
	}
}

// Reads gives the part of the store that reads for harvesters.
func (db *DB) Reads() *Reads { return db.reads }

// Tick brings the primary's clock up to now, if the primary is there, and returns one that all answers to come will have, or a later one.
func (r *Reads) Tick(ctx context.Context) (int64, error) {
	if len(r.replicas) == 0 {
		return r.db.Tick(ctx)
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if r.db.closed.Load() {
		return 0, errClosed
	}
	return r.current(ctx), nil
}

// current is told, refreshed if that was not done within a second.
func (r *Reads) current(ctx context.Context) int64 {
	last := time.Duration(r.refreshed.Load())
	since := store.Uptime() - last
	told := r.told.Load()
	if last != 0 && since < refreshEvery && (r.db.now == nil || r.db.now().Unix() <= told) {
		return told
	}
	if !r.refreshing.TryLock() {
		if last != 0 && since < idleAfter {
			return told // another one is at it
		}
		r.refreshing.Lock()
		defer r.refreshing.Unlock()
		return r.told.Load()
	}
	defer r.refreshing.Unlock()
	r.refresh(context.WithoutCancel(ctx), last == 0 || since > idleAfter)
	r.refreshed.Store(int64(store.Uptime()))
	return r.told.Load()
}

// refresh ticks the primary, asks each replica for its clock, and raises told. patient: it waits for a replica to have the tick, because
// what they hold now may be as old as the last request.
func (r *Reads) refresh(ctx context.Context, patient bool) {
	ticked := make(chan error, 1)
	go func() { ticked <- r.db.tick(ctx) }()
	bounded, cancel := context.WithTimeout(ctx, refreshWait)
	defer cancel()
	r.poll(bounded)
	away := true // the primary
	select {
	case err := <-ticked:
		away = err != nil
	case <-bounded.Done():
	}
	primary := r.db.clock.Load()
	for patient && !away && r.best() != 0 && r.best() < primary && bounded.Err() == nil {
		time.Sleep(pollPause)
		r.poll(bounded)
	}
	told := r.best()
	if !away && told < primary-maxLag || told == 0 && r.told.Load() == 0 {
		told = primary // none is there, or good for that
	}
	raise(&r.told, told)
	r.db.saw(told)
}

// best is the highest clock of a healthy replica; 0 if none is.
func (r *Reads) best() (clock int64) {
	for _, p := range r.replicas {
		if p.healthy.Load() {
			clock = max(clock, p.clock.Load())
		}
	}
	return clock
}

// poll asks each replica for its clock. It waits only for those that were healthy, or never asked.
func (r *Reads) poll(ctx context.Context) {
	var wg sync.WaitGroup
	for _, p := range r.replicas {
		if p.polling.Swap(true) {
			continue
		}
		ask := func() {
			defer p.polling.Store(false)
			r.ask(ctx, p)
		}
		if p.healthy.Load() || !p.said.Load() {
			wg.Go(ask)
		} else {
			go ask()
		}
	}
	wg.Wait()
}

// ask asks a replica for its clock.
func (r *Reads) ask(ctx context.Context, p *replica) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshWait)
	defer cancel()
	var s standing
	err := p.once(ctx, func(conn *pgxpool.Conn) error { return s.read(ctx, conn) })
	if err == nil && !r.ours(ctx, s.secret) {
		err = errors.New("it holds another store")
	}
	if err != nil {
		r.failed(p, err)
		return
	}
	p.clock.Store(s.clock)
	p.healthy.Store(true)
	if p.said.Swap(false) {
		r.db.log.Info("store/postgres: a replica is there again", "replica", p.name)
	}
}

// ours tells whether a replica's secret is that of the primary. While the primary is away nobody can tell.
func (r *Reads) ours(ctx context.Context, secret []byte) bool {
	if known := r.db.secret.Load(); known != nil && bytes.Equal(*known, secret) {
		return true
	}
	s, err := r.db.standing(ctx, "secret")
	if err != nil {
		return r.db.secret.Load() == nil
	}
	r.db.secret.Store(&s.secret)
	return bytes.Equal(s.secret, secret)
}

// failed leaves a replica alone until it answers a poll.
func (r *Reads) failed(p *replica, err error) {
	p.healthy.Store(false)
	if gone(err) {
		p.Reset()
	}
	if !p.said.Swap(true) && !r.db.closed.Load() {
		r.db.log.Warn("store/postgres: a replica cannot be read from; others are asked", "replica", p.name, "error", wrap(p.name, "replica", err))
	}
}

// do calls read with a connection to a healthy replica, then to another, and at last to the primary.
func (r *Reads) do(ctx context.Context, op string, read func(conn *pgxpool.Conn, primary bool) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	first := int(r.turn.Add(1))
	for i := range r.replicas {
		p := r.replicas[(first+i)%len(r.replicas)]
		if !p.healthy.Load() {
			continue
		}
		within, cancel := context.WithTimeout(ctx, replicaWait)
		err := p.once(within, func(conn *pgxpool.Conn) error { return read(conn, false) })
		cancel()
		var v visitError
		switch {
		case err == nil, errors.As(err, &v), ctx.Err() != nil:
			return r.db.fault(ctx, op, err)
		case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrCorrupt): // of it alone, it may be
		case !errors.Is(err, errLags):
			r.failed(p, err)
		}
	}
	return r.db.fault(ctx, op, r.db.read.again(ctx, r.db.look, func(conn *pgxpool.Conn) error { return read(conn, true) }))
}

// List calls visit for each entry that q asks for; see store.Store.
func (r *Reads) List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	if len(r.replicas) == 0 {
		return r.db.List(ctx, q, visit)
	}
	return r.ahead.list(ctx, q, visit, r.list)
}

func (r *Reads) list(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	l, err := r.db.newListing(q, visit)
	if err != nil {
		return store.Page{}, err
	}
	l.most = r.current(ctx)
	need := l.most
	if q.After != (store.Key{}) {
		// The list was begun by a node that had seen more: it is carried on up to the same bound, of which every later page claims no more.
		l.most = max(l.most, q.Until)
		need = l.most
	}
	err = r.do(ctx, "list", func(conn *pgxpool.Conn, primary bool) error {
		if l.need = need; primary {
			l.need = 0
		}
		return l.read(ctx, conn)
	})
	return l.page, err
}

// Record calls visit with the record of an item in one format; see store.Store. What a replica does not have the primary is asked for.
func (r *Reads) Record(ctx context.Context, local, prefix string, visit func(*store.Row) error) (clock int64, err error) {
	if len(r.replicas) == 0 {
		return r.db.Record(ctx, local, prefix, visit)
	}
	told := r.current(ctx)
	g := recording{local: local, prefix: prefix, visit: visit}
	err = r.do(ctx, "record", func(conn *pgxpool.Conn, primary bool) error {
		if g.need = told; primary {
			g.need = 0
		}
		return g.read(ctx, conn)
	})
	if err != nil {
		return 0, err
	}
	return min(told, g.clock), nil
}

// Get returns an item; see store.Store. What a replica does not have the primary is asked for.
func (r *Reads) Get(ctx context.Context, local string) (*store.Item, error) {
	if len(r.replicas) == 0 {
		return r.db.Get(ctx, local)
	}
	told := r.current(ctx)
	g := getting{local: local}
	err := r.do(ctx, "get", func(conn *pgxpool.Conn, primary bool) error {
		if g.need = told; primary {
			g.need = 0
		}
		return g.read(ctx, conn)
	})
	return g.item, err
}

// Sets returns at most limit sets whose Spec is greater than after, in byte order.
func (r *Reads) Sets(ctx context.Context, after string, limit int) ([]store.Set, error) {
	if len(r.replicas) == 0 {
		return r.db.Sets(ctx, after, limit)
	}
	told := r.current(ctx)
	s := setting{after: after, limit: limit}
	err := r.do(ctx, "sets", func(conn *pgxpool.Conn, primary bool) error {
		if s.need = told; primary {
			s.need = 0
		}
		return s.read(ctx, conn)
	})
	return s.sets, err
}

// Earliest returns a datestamp that no item has or had an earlier one than.
func (r *Reads) Earliest(ctx context.Context) (int64, error) {
	s, err := r.standing(ctx, "earliest")
	return s.earliest(), err
}

// Secret returns the store's own random key of 32 bytes.
func (r *Reads) Secret(ctx context.Context) ([]byte, error) {
	s, err := r.standing(ctx, "secret")
	return s.secret, err
}

func (r *Reads) standing(ctx context.Context, op string) (s standing, err error) {
	if len(r.replicas) == 0 {
		return r.db.standing(ctx, op)
	}
	told := r.current(ctx)
	err = r.do(ctx, op, func(conn *pgxpool.Conn, primary bool) error {
		err := s.read(ctx, conn)
		if err == nil && !primary && s.clock < told {
			err = errLags
		}
		return err
	})
	return s, err
}

// Status is how a DB does, for those who watch it.
type Status struct {
	Write, Read Conns // to the primary
	Clock       int64 // the highest that this process knows to be committed
	Replicas    []ReplicaStatus
}

// ReplicaStatus is how a replica does.
type ReplicaStatus struct {
	Name    string // hosts and database
	Healthy bool   // it answered when last asked
	Lag     int64  // how many seconds its clock was behind the primary's
	Conns   Conns
}

// Status tells how connections and replicas do. It asks the replicas unless that was done within a second.
func (db *DB) Status(ctx context.Context) Status {
	if len(db.reads.replicas) > 0 && !db.closed.Load() {
		db.reads.current(ctx)
	}
	s := Status{Write: db.write.conns(), Read: db.read.conns(), Clock: db.clock.Load()}
	for _, p := range db.reads.replicas {
		s.Replicas = append(s.Replicas, ReplicaStatus{Name: p.name, Healthy: p.healthy.Load(), Lag: max(0, s.Clock-p.clock.Load()), Conns: p.conns()})
	}
	return s
}
