package oaitest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/oai"
	"sheaf/store"
	"sheaf/store/storetest"
)

// Node is one of the processes over a store, or what stands for one.
type Node struct {
	Store store.Store // writers write here
	Items oai.Items   // harvesters are answered from here
}

// Soak says what a run is made of.
type Soak struct {
	Ops        int // changes to carry out, at least
	Writers    int
	Harvesters int // each of another format or set
	Nodes      int // open at a time; harvesters go from one to the other

	// Open opens one more node on the one store. now is a clock that runs fast, stands, and is set back and forth; hold must be called by the
	// store between stamp and commit. What it opens is closed by Node.Store.Close.
	Open func(now func() time.Time, hold func()) (Node, error)

	Kills   time.Duration // a node is given up and another one opened this often on average; 0: never
	Disturb func()        // called now and then while all runs; nil: nothing
	Seed    uint64
}

// Seed is that of SHEAF_SEED, or a new one; it is logged, and with it a run makes the same choices again.
func Seed(t testing.TB) uint64 {
	n, err := strconv.ParseUint(os.Getenv("SHEAF_SEED"), 10, 64)
	if err != nil {
		n = rand.Uint64()
	}
	t.Logf("SHEAF_SEED=%d", n)
	return n
}

// Result tells what a run did and which promises were broken.
type Result struct {
	Ops, Lists, Pages, Kills int
	Broken                   []string // what a mirror lacks or has too much of, and what a list did wrong; nothing, if all promises hold
}

func (r Result) String() string {
	return fmt.Sprintf("%d changes, %d lists, %d pages, %d nodes given up, %d broken promises", r.Ops, r.Lists, r.Pages, r.Kills, len(r.Broken))
}

const (
	items = 240 // that writers change
	still = 60  // that they do not
)

func local(n int) string { return fmt.Sprintf("10.5555/soak.%03d", n) }

const repositoryID = "sheaf.example.org"

// change makes a random change of an item. Its bytes name its version, which no other change of it has.
func change(r *rand.Rand, n int, version string) store.Change {
	c := store.Change{Local: local(n), Article: []byte(`{"v":"` + version + `"}`)}
	if r.IntN(6) == 0 {
		c.Delete = true
		return c
	}
	c.Records = []store.Record{
		{Prefix: "oai_dc", Metadata: fmt.Appendf(nil, `<dc v="%s"/>`, version)},
		{Prefix: "jats", Metadata: fmt.Appendf(nil, `<article v="%s">%s</article>`, version, strings.Repeat("a b ", r.IntN(8)*r.IntN(500)))},
	}
	for _, spec := range []string{"s:a", "s:b", "t"} {
		if r.IntN(2) == 0 {
			c.Sets = append(c.Sets, store.Set{Spec: spec})
		}
	}
	if r.IntN(10) == 0 {
		c.Aliases = []string{"doi:" + c.Local}
	}
	return c
}

// running is a Node that answers.
type running struct {
	Node
	handler http.Handler
}

type soak struct {
	Soak
	clock  *storetest.Clock
	ops    atomic.Int64
	kills  atomic.Int64
	mu     sync.Mutex
	nodes  []*running
	broken []string
	holds  *rand.Rand // under mu
}

// Run carries out a soak. It fails the test only where it could not be carried out; what it found out is in the result.
func Run(t testing.TB, in Soak) Result {
	s := &soak{Soak: in, clock: storetest.NewClock(), holds: rand.New(rand.NewPCG(in.Seed, 1))}
	for range s.Nodes {
		n, err := s.open()
		require.NoError(t, err)
		s.nodes = append(s.nodes, n)
	}
	defer func() {
		for _, n := range s.nodes {
			assert.NoError(t, n.Store.Close())
		}
	}()
	for i := range still {
		r := rand.New(rand.NewPCG(in.Seed, uint64(i)))
		c := change(r, items+i, "still")
		for c.Delete {
			c = change(r, items+i, "still")
		}
		_, err := s.nodes[0].Store.Put(context.Background(), []store.Change{c})
		require.NoError(t, err)
	}
	stop := make(chan struct{})
	var background, writers, harvesters sync.WaitGroup
	background.Go(func() { s.runClock(stop) })
	background.Go(func() { s.runKills(t, stop) })
	for w := range s.Writers {
		writers.Go(func() { s.write(w) })
	}
	var all []*Harvester
	for i := range s.Harvesters {
		h := &Harvester{
			Prefix: []string{"oai_dc", "jats"}[i%2], Set: []string{"", "", "s", "s:a", "t", ""}[i%6], Still: map[string]bool{},
			Random: rand.New(rand.NewPCG(in.Seed, 1000+uint64(i))),
		}
		for n := range still {
			h.Still["oai:"+repositoryID+":"+local(items+n)] = true
		}
		h.Do = s.ask(rand.New(rand.NewPCG(in.Seed, 2000+uint64(i))))
		all = append(all, h)
		harvesters.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := h.Harvest(); err != nil {
					s.report("harvester %d: %v", i, err)
					return
				}
				time.Sleep(time.Duration(h.Random.IntN(20)) * time.Millisecond)
			}
		})
	}
	writers.Wait()
	close(stop)
	harvesters.Wait()
	background.Wait()

	result := Result{Ops: int(s.ops.Load()), Kills: int(s.kills.Load())}
	s.clock.Add(100)
	for i, h := range all { // what was written since its last list
		h.Random = nil
		if err := h.Harvest(); err != nil {
			s.report("harvester %d: %v", i, err)
		}
		result.Lists += h.Lists
		result.Pages += h.Pages
		s.compare(t, i, h)
	}
	var problems []store.Problem
	require.NoError(t, s.nodes[0].Store.Check(context.Background(), func(p store.Problem) { problems = append(problems, p) }))
	for _, p := range problems {
		if !strings.HasPrefix(p.Message, "clock:") { // it was set forward
			s.report("check: %s: %s", p.Local, p.Message)
		}
	}
	result.Broken = s.broken
	return result
}

func (s *soak) report(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = append(s.broken, fmt.Sprintf(format, args...))
}

func (s *soak) open() (*running, error) {
	n, err := s.Open(s.clock.Now, s.hold)
	if err != nil {
		return nil, err
	}
	return &running{Node: n, handler: &oai.Repository{
		Items: n.Items, BaseURL: "http://" + repositoryID + "/oai", SiteURL: "http://" + repositoryID, RepositoryID: repositoryID, Name: "Soak",
		AdminEmails: []string{"admin@" + repositoryID}, PageSize: 23, Formats: crosswalk.All(), Now: s.clock.Now, Log: slog.New(slog.DiscardHandler),
	}}, nil
}

// hold makes one transaction of some long.
func (s *soak) hold() {
	s.mu.Lock()
	n := s.holds.IntN(100)
	s.mu.Unlock()
	if n < 10 {
		time.Sleep(time.Duration(n) * time.Millisecond)
	}
}

// runClock lets the clock run some hundred times as fast as real time, with pauses and steps in both directions.
func (s *soak) runClock(stop <-chan struct{}) {
	r := rand.New(rand.NewPCG(s.Seed, 2))
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
		}
		switch n := r.IntN(200); {
		case n == 0:
			s.clock.Add(-int64(r.IntN(60)))
		case n == 1:
			s.clock.Add(int64(r.IntN(60)))
		case n < 100:
			s.clock.Add(1)
		}
		if s.Disturb != nil && r.IntN(3000) == 0 {
			s.Disturb()
		}
	}
}

// runKills gives up nodes: their requests are cut off, and a new one takes their place.
func (s *soak) runKills(t testing.TB, stop <-chan struct{}) {
	if s.Kills == 0 {
		return
	}
	r := rand.New(rand.NewPCG(s.Seed, 3))
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(r.Int64N(int64(2 * s.Kills)))):
		}
		fresh, err := s.open()
		if !assert.NoError(t, err) {
			return
		}
		s.mu.Lock()
		i := r.IntN(len(s.nodes))
		old := s.nodes[i]
		s.nodes[i] = fresh
		s.mu.Unlock()
		s.kills.Add(1)
		assert.NoError(t, old.Store.Close()) // while it is in use
	}
}

func (s *soak) node(r *rand.Rand) *running {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nodes[r.IntN(len(s.nodes))]
}

func (s *soak) ask(r *rand.Rand) func(url.Values) (*http.Response, error) {
	return func(query url.Values) (*http.Response, error) {
		return Ask(s.node(r).handler, query)
	}
}

func (s *soak) write(w int) {
	r := rand.New(rand.NewPCG(s.Seed, 100+uint64(w)))
	for n := 0; s.ops.Load() < int64(s.Ops); n++ {
		batch := make([]store.Change, 1+r.IntN(5)*r.IntN(5))
		for i := range batch {
			batch[i] = change(r, r.IntN(items), fmt.Sprintf("%d-%d-%d", w, n, i))
		}
		for try := 0; ; try++ {
			_, err := s.node(r).Store.Put(context.Background(), batch)
			if err == nil {
				break
			}
			if try == 100 {
				s.report("writer %d: %v", w, err)
				return
			}
			if !errors.Is(err, store.ErrBusy) {
				time.Sleep(time.Duration(try) * time.Millisecond) // the node was given up
			}
		}
		s.ops.Add(int64(len(batch)))
		if r.IntN(4) == 0 {
			time.Sleep(time.Duration(r.IntN(3)) * time.Millisecond)
		}
	}
}

// compare holds a mirror against the store. An item that left the harvester's set is not told to it (OAI-PMH §2.7.2 knows no such thing): what
// is in the set must be there as it is.
func (s *soak) compare(t testing.TB, i int, h *Harvester) {
	kept := map[string]Entry{}
	q := store.Query{Prefix: h.Prefix, Limit: 1000}
	for more := true; more; {
		page, err := s.nodes[0].Store.List(context.Background(), q, func(row *store.Row) error {
			e := Entry{Datestamp: store.Time(row.Datestamp).Format("2006-01-02T15:04:05Z"), Deleted: row.Deleted, Sets: string(row.Sets), Metadata: string(row.Metadata)}
			if h.Set == "" || slices.ContainsFunc(strings.Fields(e.Sets), func(spec string) bool { return spec == h.Set || strings.HasPrefix(spec, h.Set+":") }) {
				kept["oai:"+repositoryID+":"+string(row.Local)] = e
			}
			return nil
		})
		require.NoError(t, err)
		more, q.After = page.More, page.Last
	}
	for id, want := range kept {
		if got, ok := h.Mirror[id]; !ok {
			s.report("harvester %d (%s, set %q) never got %s of %s", i, h.Prefix, h.Set, id, want.Datestamp)
		} else if got != want {
			s.report("harvester %d (%s, set %q) has %s of %s %.40q, and it is of %s %.40q", i, h.Prefix, h.Set, id, got.Datestamp, got.Metadata, want.Datestamp, want.Metadata)
		}
	}
	for id := range h.Mirror {
		if _, ok := kept[id]; !ok && h.Set == "" {
			s.report("harvester %d (%s) has %s, which is not there", i, h.Prefix, id)
		}
	}
}
