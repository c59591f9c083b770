package watch_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/ingest/watch"
	"sheaf/oai/oaitest"
)

// A shelf stands for the store: each line of a file is an item, named by itself; an item has a source for each file it was taken from, but for one that has the
// same bytes as another.
type shelf struct {
	t     *testing.T
	dir   string
	state string
	mu    sync.Mutex
	items map[string]map[string]bool // sources by item
	bytes map[string]bool            // that were taken
	takes int
	fail  bool
	looks chan struct{}
	stop  func()
}

func newShelf(t *testing.T) *shelf {
	return &shelf{t: t, dir: t.TempDir(), state: filepath.Join(t.TempDir(), "watch.json"), items: map[string]map[string]bool{}, bytes: map[string]bool{}, looks: make(chan struct{}, 1)}
}

func (s *shelf) start(change ...func(*watch.Watcher)) {
	s.t.Helper()
	state, err := watch.OpenState(s.state)
	require.NoError(s.t, err)
	w := &watch.Watcher{Dirs: []string{s.dir}, State: state, Take: s.take, Gone: s.gone, Settle: 20 * time.Millisecond, Every: 50 * time.Millisecond, Looked: func() {
		select {
		case s.looks <- struct{}{}:
		default:
		}
	}}
	for _, c := range change {
		c(w)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		assert.NoError(s.t, <-done)
	})
	s.t.Cleanup(s.stop)
}

func (s *shelf) take(_ context.Context, paths []string) (map[string][]watch.Piece, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		return nil, errors.New("the store is away")
	}
	out := map[string][]watch.Piece{}
	for _, p := range paths {
		s.takes++
		data, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		out[p] = nil
		for line := range strings.Lines(string(data)) {
			line = strings.TrimSpace(line)
			item, _, _ := strings.Cut(line, "=")
			known := s.bytes[line] && len(s.items[item]) > 0
			if !known {
				if s.items[item] == nil {
					s.items[item] = map[string]bool{}
				}
				s.items[item][p], s.bytes[line] = true, true
			}
			out[p] = append(out[p], watch.Piece{Local: item, Name: p, Stored: !known})
		}
	}
	return out, nil
}

func (s *shelf) gone(_ context.Context, pieces []watch.Piece) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail {
		return errors.New("the store is away")
	}
	for _, p := range pieces {
		delete(s.items[p.Local], p.Name)
		if len(s.items[p.Local]) == 0 {
			delete(s.items, p.Local)
		}
	}
	return nil
}

func (s *shelf) live() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.items))
}

// becomes waits until these items are there.
func (s *shelf) becomes(want ...string) {
	s.t.Helper()
	slices.Sort(want)
	deadline := time.After(20 * time.Second)
	for !slices.Equal(s.live(), want) {
		select {
		case <-s.looks:
		case <-deadline:
			require.Equal(s.t, want, s.live())
		}
	}
}

// looked waits for n whole looks.
func (s *shelf) looked(n int) {
	for range n + 1 {
		<-s.looks
	}
}

func (s *shelf) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	require.NoError(s.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(s.t, os.WriteFile(path, []byte(text), 0o644))
}

func TestWatch(t *testing.T) {
	s := newShelf(t)
	s.write("a.xml", "a=1\n")
	s.write("sub/b.xml", "b=1\nc=1\n")
	s.write(".hidden", "h=1\n")
	s.write("half.part", "p=1\n")
	s.start()
	s.becomes("a", "b", "c")
	s.write("sub/deeper/d.xml", "d=1\n")
	s.becomes("a", "b", "c", "d")
	s.write("sub/b.xml", "b=2\n") // one of its records is gone
	s.becomes("a", "b", "d")
	require.NoError(t, os.Rename(filepath.Join(s.dir, "half.part"), filepath.Join(s.dir, "half.xml")))
	s.becomes("a", "b", "d", "p")
	require.NoError(t, os.Remove(filepath.Join(s.dir, "a.xml")))
	s.becomes("b", "d", "p")
	require.NoError(t, os.RemoveAll(filepath.Join(s.dir, "sub")))
	s.becomes("p")
	s.write("sub/b.xml", "b=3\n") // another folder of that name
	s.becomes("b", "p")

	s.stop() // what changes while nobody looks
	takes := s.takes
	s.write("n.xml", "n=1\n")
	require.NoError(t, os.Remove(filepath.Join(s.dir, "half.xml")))
	s.start()
	s.becomes("b", "n")
	assert.Equal(t, takes+1, s.takes, "only what is new is read")
}

// A file that is moved stays, also when it is then changed, and goes when it goes.
func TestMoved(t *testing.T) {
	s := newShelf(t)
	s.write("a.xml", "a=1\n")
	s.write("keep.xml", "k=1\n")
	s.start()
	s.becomes("a", "k")
	require.NoError(t, os.Rename(filepath.Join(s.dir, "a.xml"), filepath.Join(s.dir, "b.xml")))
	s.looked(8)
	assert.Equal(t, []string{"a", "k"}, s.live())
	s.write("b.xml", "a=2 \n")
	deadline := time.Now().Add(20 * time.Second)
	for {
		s.mu.Lock()
		sources := slices.Sorted(maps.Keys(s.items["a"]))
		s.mu.Unlock()
		if slices.Equal(sources, []string{filepath.Join(s.dir, "b.xml")}) {
			break // the old name is taken back
		}
		require.True(t, time.Now().Before(deadline), "%v", sources)
		<-s.looks
	}
	require.NoError(t, os.Rename(filepath.Join(s.dir, "b.xml"), filepath.Join(s.dir, "c.xml")))
	s.looked(8)
	require.NoError(t, os.Remove(filepath.Join(s.dir, "c.xml")))
	s.becomes("k")
}

// A disk that is not there deletes nothing, and a store that is away is tried again.
func TestNothingIsLost(t *testing.T) {
	s := newShelf(t)
	s.write("a.xml", "a=1\n")
	s.fail = true
	s.start()
	s.looked(6)
	s.mu.Lock()
	s.fail = false
	s.mu.Unlock()
	s.becomes("a")
	require.NoError(t, os.Rename(s.dir, s.dir+".away"))
	s.looked(6)
	assert.Equal(t, []string{"a"}, s.live())
	require.NoError(t, os.Mkdir(s.dir, 0o755)) // the folder that it was mounted on
	s.looked(6)
	assert.Equal(t, []string{"a"}, s.live())
	require.NoError(t, os.Remove(s.dir))
	require.NoError(t, os.Rename(s.dir+".away", s.dir))
	s.write("b.xml", "b=1\n")
	s.becomes("a", "b")
	s.mu.Lock()
	s.fail = true
	s.mu.Unlock()
	require.NoError(t, os.Remove(filepath.Join(s.dir, "a.xml")))
	s.looked(6)
	s.stop()
	s.fail = false
	s.start()
	s.becomes("b")
}

// A file is not read while it is being written.
func TestSettles(t *testing.T) {
	s := newShelf(t)
	s.write("other.xml", "o=1\n")
	s.start(func(w *watch.Watcher) { w.Settle = 400 * time.Millisecond })
	s.becomes("o")
	f, err := os.Create(filepath.Join(s.dir, "slow.xml"))
	require.NoError(t, err)
	for i := range 10 { // each time well before it has stood still
		fmt.Fprintf(f, "s%d=1\n", i)
		s.looked(0)
	}
	require.NoError(t, f.Close())
	s.becomes("o", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9")
	assert.LessOrEqual(t, s.takes, 5)
}

// Files are written, moved, changed and deleted at random, with stops between: in the end what is there is what the files say.
func TestRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(oaitest.Seed(t), 1))
	s := newShelf(t)
	s.write("always.xml", "always=1\n")
	s.start()
	name := func() string { return fmt.Sprintf("%c/%c.xml", 'a'+r.IntN(3), 'a'+r.IntN(4)) }
	for range 15 {
		for range r.IntN(8) {
			from, to := filepath.Join(s.dir, name()), name()
			switch r.IntN(5) {
			case 0:
				os.Remove(from)
			case 1:
				if err := os.MkdirAll(filepath.Dir(filepath.Join(s.dir, to)), 0o755); err == nil {
					os.Rename(from, filepath.Join(s.dir, to))
				}
			case 2:
				os.RemoveAll(filepath.Join(s.dir, to[:1]))
			default:
				var lines strings.Builder
				for range 1 + r.IntN(4) {
					fmt.Fprintf(&lines, "%d=%d\n", r.IntN(12), r.IntN(3))
				}
				s.write(to, lines.String())
			}
		}
		switch r.IntN(3) {
		case 0:
			s.stop()
			s.start()
		case 1:
			s.looked(r.IntN(3))
		}
	}
	want := map[string]bool{}
	require.NoError(t, filepath.Walk(s.dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for line := range strings.Lines(string(data)) {
			item, _, _ := strings.Cut(line, "=")
			want[item] = true
		}
		return err
	}))
	s.becomes(slices.Sorted(maps.Keys(want))...)
}

func TestRefuses(t *testing.T) {
	s := newShelf(t)
	state, err := watch.OpenState(s.state)
	require.NoError(t, err)
	for _, dir := range []string{filepath.Join(s.dir, "none"), os.Args[0]} {
		assert.ErrorContains(t, (&watch.Watcher{Dirs: []string{dir}, State: state}).Run(context.Background()), "watch: ")
	}
	require.NoError(t, os.WriteFile(s.state, []byte(`{"version":9}`), 0o644))
	_, err = watch.OpenState(s.state)
	assert.ErrorContains(t, err, s.state)
}
