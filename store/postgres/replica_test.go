package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sheaf/store"
	"sheaf/store/postgres/pgtest"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mirror is what a harvester holds.
type mirror map[string]string

// harvester is what it asks.
type harvester interface {
	Tick(context.Context) (int64, error)
	List(context.Context, store.Query, func(*store.Row) error) (store.Page, error)
}

// harvest lists all that changed since from, page by page through the nodes in turn, and returns the first responseDate.
func harvest(m mirror, nodes []harvester, r *rand.Rand, from int64) (int64, error) {
	ctx := context.Background()
	node := func() harvester { return nodes[r.IntN(len(nodes))] }
	first := node()
	clock, err := first.Tick(ctx)
	if err != nil {
		return 0, err
	}
	q := store.Query{Prefix: "jats", From: from, Limit: 7}
	for n := 0; ; n++ {
		s := first
		if n > 0 {
			s = node()
		}
		page, err := s.List(ctx, q, func(row *store.Row) error {
			m[string(row.Local)] = fmt.Sprint(row.Datestamp, row.Deleted, string(row.Metadata))
			return nil
		})
		if err != nil {
			return 0, err
		}
		if n == 0 {
			if page.Clock < clock {
				return 0, fmt.Errorf("a page of %d after a tick of %d", page.Clock, clock)
			}
			q.Until = page.Until
		}
		if q.After = page.Last; !page.More {
			return clock, nil
		}
	}
}

// Harvesters that read through replicas, one of them late, on two nodes in turn, miss nothing that two nodes write.
func TestReplicas(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{})
	prompt, late := c.Standby(t, 0), c.Standby(t, 1500*time.Millisecond)
	address := c.Database(t)
	name := nameOf(address)
	a := openTest(t, address, Options{Replicas: []string{prompt.URL(name), late.URL(name)}})
	b := openTest(t, address, Options{Replicas: []string{late.URL(name)}})
	alone := openTest(t, address, Options{})
	seed := rand.Uint64()
	if s, err := strconv.ParseUint(os.Getenv("SHEAF_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("SHEAF_SEED=%d", seed)
	var wg sync.WaitGroup
	var writing atomic.Int32
	var newest atomic.Int64
	end := time.Now().Add(6 * time.Second)
	for w, db := range []*DB{a, b, alone} {
		writing.Add(1)
		wg.Go(func() {
			defer writing.Add(-1)
			r := rand.New(rand.NewPCG(seed, uint64(w)))
			for n := 0; time.Now().Before(end); n++ {
				batch := make([]store.Change, 1+r.IntN(5))
				for i := range batch {
					batch[i] = change(strconv.Itoa(r.IntN(60)), 10)
					batch[i].Records[0].Metadata = []byte(fmt.Sprintf("<a>%d %d</a>", w, n))
					batch[i].Delete = r.IntN(5) == 0
				}
				out, err := db.Put(context.Background(), batch)
				if !assert.NoError(t, err) {
					return
				}
				for _, o := range out {
					raise(&newest, o.Datestamp)
				}
			}
		})
	}
	sets := [][]harvester{{a.Reads()}, {b.Reads()}, {a.Reads(), b.Reads(), alone.Reads()}}
	mirrors := make([]mirror, len(sets))
	var late1 atomic.Int64 // how far the answers of a late replica alone were behind, at most
	for h, nodes := range sets {
		mirrors[h] = mirror{}
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(100+h)))
			var from int64
			for {
				done := writing.Load() == 0
				h1 := alone.clock.Load()
				clock, err := harvest(mirrors[h], nodes, r, from)
				if !assert.NoError(t, err) {
					return
				}
				raise(&late1, h1-clock)
				if len(nodes) == 1 {
					assert.GreaterOrEqual(t, clock, from, "it never goes back")
				}
				from = clock
				if done && clock > newest.Load() {
					return
				}
			}
		})
	}
	wg.Wait()
	want := mirror{}
	_, err := harvest(want, []harvester{alone}, rand.New(rand.NewPCG(1, 1)), 0)
	require.NoError(t, err)
	for h := range mirrors {
		assert.Equal(t, want, mirrors[h], "harvester %d", h)
	}
	assert.Positive(t, late1.Load(), "the late replica was in fact late, and read from")
	st := a.Status(t.Context())
	require.Len(t, st.Replicas, 2)
	for _, r := range st.Replicas {
		assert.True(t, r.Healthy, "%+v", r)
		assert.Positive(t, r.Conns.Max)
	}
	assert.Less(t, st.Replicas[0].Lag, int64(3))
	sound(t, alone)
}

// What a late replica may be asked, and what must go to the primary.
func TestLateReplica(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{})
	late := c.Standby(t, time.Hour)
	address := c.Database(t)
	db := openTest(t, address, Options{})
	put(t, db, change("1", 10))
	// It replays up to here, and then stands still.
	late.Set(t, "recovery_min_apply_delay", "0")
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(t.Context(), late.URL(nameOf(address)))
		if err != nil {
			return false
		}
		defer conn.Close(t.Context())
		var n int
		return conn.QueryRow(t.Context(), `SELECT count(*) FROM item`).Scan(&n) == nil && n == 1
	}, time.Minute, 20*time.Millisecond)
	late.Exec(t, "postgres", `SELECT pg_wal_replay_pause()`)
	node := openTest(t, address, Options{Replicas: []string{late.URL(nameOf(address))}, LockWait: 500 * time.Millisecond})
	r := node.Reads()
	old, err := r.Tick(t.Context())
	require.NoError(t, err)
	time.Sleep(time.Until(store.Time(old + 2))) // so that what follows is dated later
	stamp := put(t, db, change("2", 10))[0].Datestamp
	require.Greater(t, stamp, old)

	list := func(q store.Query) (page store.Page, names []string, err error) {
		q.Prefix, q.Limit = "jats", 9
		page, err = r.List(t.Context(), q, func(row *store.Row) error { names = append(names, string(row.Local)); return nil })
		return page, names, err
	}
	ofReplica := func() {
		t.Helper()
		h, err := r.Tick(t.Context())
		require.NoError(t, err)
		assert.Equal(t, old, h, "no more than the replica holds")
		page, names, err := list(store.Query{Count: true})
		require.NoError(t, err)
		assert.Equal(t, []string{"1"}, names)
		assert.Equal(t, store.Page{Clock: old, Until: old, Last: page.Last, Rows: 1, Total: 1}, page)
	}
	ofReplica()
	clock, err := r.Record(t.Context(), "2", "jats", nothing)
	require.NoError(t, err, "what the replica does not have the primary is asked for")
	assert.Equal(t, old, clock)
	it, err := r.Get(t.Context(), "2")
	require.NoError(t, err)
	assert.Equal(t, stamp, it.Datestamp)
	_, err = r.Get(t.Context(), "3")
	assert.ErrorIs(t, err, store.ErrNotFound)
	token := store.Query{After: store.Key{Datestamp: old, Local: "1"}, Until: stamp}
	page, names, err := list(token)
	require.NoError(t, err)
	assert.Equal(t, []string{"2"}, names, "the list was begun by a node that had seen more")
	assert.Equal(t, stamp, page.Until)
	ofReplica()
	st := node.Status(t.Context())
	assert.True(t, st.Replicas[0].Healthy)
	assert.Positive(t, st.Replicas[0].Lag)

	c.Kill(t)
	ofReplica()
	_, _, err = list(token)
	assert.ErrorIs(t, err, store.ErrBusy)
	_, err = r.Get(t.Context(), "2")
	assert.ErrorIs(t, err, store.ErrBusy, "it may be there")
	_, err = r.Record(t.Context(), "1", "jats", nothing)
	assert.NoError(t, err)
	secret, err := r.Secret(t.Context())
	require.NoError(t, err)
	assert.Len(t, secret, 32)
	earliest, err := r.Earliest(t.Context())
	require.NoError(t, err)
	assert.LessOrEqual(t, earliest, old)
	sets, err := r.Sets(t.Context(), "", 9)
	require.NoError(t, err)
	assert.Len(t, sets, 1)

	late.Kill(t)
	_, _, err = list(store.Query{})
	assert.ErrorIs(t, err, store.ErrBusy)
	h, err := r.Tick(t.Context())
	require.NoError(t, err)
	assert.Equal(t, old, h)
	c.Restart(t)
	require.Eventually(t, func() bool { // the primary alone
		_, names, err := list(store.Query{})
		return err == nil && len(names) == 2
	}, time.Minute, 50*time.Millisecond)
}

// A replica of something else is not read from.
func TestForeignReplica(t *testing.T) {
	c := pgtest.Shared(t)
	other := openTest(t, c.Database(t), Options{})
	put(t, other, change("other", 10))
	db := openTest(t, c.Database(t), Options{Replicas: []string{other.address, c.URL("nowhere")}})
	put(t, db, change("1", 10))
	_, err := db.Reads().Tick(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"1"}, locals(t, db.Reads(), store.Query{}))
	for _, r := range db.Status(t.Context()).Replicas {
		assert.False(t, r.Healthy)
	}
}

// The primary is killed and a standby promoted: the process goes on by itself, and nothing acknowledged is lost.
func TestFailover(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{Durable: true})
	s := c.Standby(t, 0)
	c.Set(t, "synchronous_standby_names", "*")
	name := nameOf(c.Database(t))
	address := fmt.Sprintf("postgres://postgres@%s,%s/%s", c.Host(), s.Host(), name)
	nodes := []*DB{
		openTest(t, address, Options{}),
		openTest(t, address, Options{Replicas: []string{c.URL(name), s.URL(name)}}),
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	acked := map[string]bool{}
	var last atomic.Int64 // time of the last acknowledgement
	stop := make(chan struct{})
	for w := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				local := fmt.Sprintf("%d-%d", w, n)
				_, err := nodes[w%2].Put(t.Context(), []store.Change{change(local, 10)})
				if err != nil {
					assert.ErrorIs(t, err, store.ErrBusy, "nothing else")
					continue
				}
				mu.Lock()
				acked[local] = true
				mu.Unlock()
				last.Store(time.Now().UnixNano())
			}
		})
	}
	m := mirror{}
	wg.Go(func() {
		var from int64
		r := rand.New(rand.NewPCG(1, 2))
		for {
			select {
			case <-stop:
				return
			default:
			}
			clock, err := harvest(m, []harvester{nodes[0].Reads(), nodes[1].Reads()}, r, from)
			if err != nil {
				assert.ErrorIs(t, err, store.ErrBusy, "nothing else")
				continue
			}
			from = clock
		}
	})
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(acked) }
	require.Eventually(t, func() bool { return count() > 50 }, time.Minute, 10*time.Millisecond)
	c.Kill(t)
	killed := time.Now()
	h, err := nodes[1].Reads().Tick(t.Context())
	require.NoError(t, err)
	require.Eventually(t, func() bool { // what is acknowledged is on the standby's disk, and shown when replayed
		page, err := nodes[1].Reads().List(t.Context(), store.Query{Prefix: "jats", Limit: 10}, nothing)
		if err != nil {
			assert.ErrorIs(t, err, store.ErrBusy, "nothing else") // the machine was too busy for the standby's answer
			return false
		}
		return assert.GreaterOrEqual(t, page.Clock, h) && page.Rows == 10
	}, time.Minute, 10*time.Millisecond)
	s.Promote(t)
	promoted := time.Now()
	before := count()
	require.Eventually(t, func() bool { return count() > before+50 }, time.Minute, time.Millisecond)
	t.Logf("promoted %v after the kill; 50 more acknowledged %v after that", promoted.Sub(killed).Round(time.Millisecond), time.Since(promoted).Round(time.Millisecond))
	close(stop)
	wg.Wait()
	have := map[string]bool{}
	for _, local := range locals(t, nodes[0], store.Query{}) {
		have[local] = true
	}
	for local := range acked {
		assert.True(t, have[local], "%s was acknowledged", local)
	}
	sound(t, nodes[0])
	assert.NotContains(t, strings.Join(locals(t, nodes[1].Reads(), store.Query{}), " "), "none")
}
