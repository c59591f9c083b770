package search

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/feed"
	"sheaf/store"
	"sheaf/store/sqlite"
)

var bg = context.Background()

// size is how many articles the trial has: SHEAF_FEED, or few.
func size() int {
	if n, err := strconv.Atoi(os.Getenv("SHEAF_FEED")); err == nil && n > 0 {
		return n
	}
	return 1500
}

// child is what the test tells its own program, started again, to run as a process that can be killed.
type child struct{ DB, URL, Solr string }

func TestMain(m *testing.M) {
	var c child
	if json.Unmarshal([]byte(os.Getenv("SHEAF_FEED_CHILD")), &c) == nil && c.DB != "" {
		os.Exit(c.run())
	}
	os.Exit(m.Run())
}

func (c *child) run() int {
	ctx, stop := signal.NotifyContext(bg, syscall.SIGTERM)
	defer stop()
	fmt.Println("ready") // to be stopped by SIGTERM
	db, err := sqlite.Open(c.DB, sqlite.Options{})
	if err == nil {
		defer db.Close()
		f := c.feed(db)
		f.Follow = true
		_, err = f.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// feed is the feed of the trial: small batches, so that there are many to be killed in.
func (c *child) feed(db feed.Store) *feed.Feed {
	f := &feed.Feed{
		Store: db, Name: "trial", To: c.URL, Reader: feed.Reader{RepositoryID: "x.org", Site: "https://x.org"},
		Items: max(size()/60, 20), Every: 20 * time.Millisecond, Pause: 5 * time.Millisecond,
	}
	if c.Solr != "" {
		f.Target = &Solr{URL: c.URL, Bytes: 200_000, CommitWithin: time.Second}
	} else {
		f.Target = &OpenSearch{URL: c.URL, Index: "sheaf", Bytes: 200_000}
	}
	return f
}

// start starts the process; what it prints goes to the test's own output.
func (c *child) start(t *testing.T) *exec.Cmd {
	t.Helper()
	config, err := json.Marshal(c)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SHEAF_FEED_CHILD="+string(config))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	return cmd
}

// article is the n-th article in a version, as a change of the store.
func article(n, version int) store.Change {
	local := fmt.Sprintf("10.5555/feed.%d", n)
	return store.Change{
		Local: local,
		Article: fmt.Appendf(nil, `{"articleType":"research-article","lang":"en","ids":[{"type":"doi","value":"%[1]s"}],"title":{"text":"Version %[3]d of %[2]d"},"journal":{"title":{"text":"Trials"},
"issns":[{"type":"electronic","value":"2049-3630"}]},"transTitles":[{"lang":"ru","text":"Версия %[3]d"}],"contribs":[{"type":"author","names":[{"surname":"Maker-%[4]d","givenNames":"Ann"}],"affs":["a"]}],
"affs":[{"id":"a","forms":[{"text":"Institute of Trials, Oslo"}]}],"pubDates":[{"type":"pub","date":"20%02[5]d-0%[6]d"}],"volume":"%[4]d","fpage":"%[4]d","abstracts":[{"p":["What was tried, the %[2]dth time."]}],
"kwdGroups":[{"lang":"en","kwds":[{"text":"trial"}]}],"refs":[{"id":"r1","citations":[{"ids":[{"type":"doi","value":"10.5555/FEED.%[7]d"}],"text":"Before."}]}]}`, local, n, version, n%50+1, n%25, n%9+1, n/2),
		Records: []store.Record{{Prefix: "oai_dc", Metadata: fmt.Appendf(nil, "<dc>%d %d</dc>", n, version)}},
		Sets:    []store.Set{{Spec: fmt.Sprintf("journal:%d", n%7)}},
	}
}

// index is what the trial asks of an engine: that it can be ended at any moment and comes back, and what it holds in the end.
type index interface {
	url() string
	kill(t *testing.T) // ends it as a power cut would, and brings it back
	contents(context.Context) (map[string]string, error)
}

func (e *engine) kill(t *testing.T) {
	e.stop()
	e.start(t)
}

// Feed and engine are killed again and again, while articles are stored, changed and deleted, several times in one second. In the end the index
// holds what the store holds.
func TestOpenSearchIsKilled(t *testing.T) {
	e := newEngine(t, false)
	e.random = rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	trial(t, e, "")
	assert.Empty(t, e.wrong)
	t.Logf("%d requests, %d faults made", e.requests, e.faults)
}

func TestSolrIsKilled(t *testing.T) {
	e := newEngine(t, true)
	e.random = rand.New(rand.NewPCG(2, uint64(time.Now().UnixNano())))
	trial(t, e, "yes")
	assert.Empty(t, e.wrong)
	t.Logf("%d requests, %d faults made", e.requests, e.faults)
}

func trial(t *testing.T, e index, solr string) {
	n := size()
	began := time.Now()
	path := filepath.Join(t.TempDir(), "sheaf.db")
	db, err := sqlite.Open(path, sqlite.Options{})
	require.NoError(t, err)
	defer db.Close()
	random := rand.New(rand.NewPCG(3, uint64(began.UnixNano())))
	c := &child{DB: path, URL: e.url(), Solr: solr}

	status := func() (st feed.Status) {
		all, err := feed.List(bg, db)
		assert.NoError(t, err)
		if len(all) == 1 {
			st = all[0]
		}
		return st
	}
	var feeds, engines atomic.Int32 // killed
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { // kills the feed when it has come somewhat further, and now and then the engine
		defer close(done)
		for {
			cmd := c.start(t)
			before, batches, life := status(), random.IntN(6), time.Now().Add(8*time.Second)
			for stopped := false; !stopped; {
				select {
				case <-stop:
					assert.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
					assert.NoError(t, cmd.Wait(), "a feed that was asked to stop")
					return
				case <-time.After(time.Duration(1+random.IntN(30)) * time.Millisecond):
				}
				now := status()
				stopped = now.Sent+now.Deleted-before.Sent-before.Deleted > batches*c.feed(db).Items || time.Now().After(life)
			}
			if random.IntN(4) == 0 {
				e.kill(t)
				engines.Add(1)
			}
			assert.NoError(t, cmd.Process.Kill())
			assert.Error(t, cmd.Wait())
			feeds.Add(1)
		}
	}()
	var last int64 // datestamp
	put := func(changes []store.Change) {
		outcomes, err := db.Put(bg, changes)
		require.NoError(t, err)
		last = outcomes[0].Datestamp
	}
	catchUp := func() {
		require.Eventually(t, func() bool { return status().Cursor.Datestamp >= last }, 5*time.Minute, 20*time.Millisecond, "the feed does not come on")
	}
	var batch []store.Change
	for i := range n {
		if batch = append(batch, article(i, 1)); len(batch) == 500 {
			put(batch)
			batch = nil
		}
	}
	put([]store.Change{{Local: article(0, 1).Local, Delete: true}})
	require.Eventually(t, func() bool { return status().Sent > n/2 }, 10*time.Minute, 20*time.Millisecond, "the feed does not come on")
	version := map[int]int{}
	changes := rand.New(rand.NewPCG(4, 4))
	puts := 0
	for i := 0; i < n/10 || feeds.Load() < 8 || engines.Load() < 3; puts++ {
		batch = nil
		seen := map[int]bool{}
		for range 1 + changes.IntN(max(n/1000, 8)) {
			k := changes.IntN(n)
			if changes.IntN(3) == 0 { // some change again and again, also within a second
				k = changes.IntN(10)
			}
			if seen[k] {
				continue
			}
			seen[k] = true
			i++
			if version[k]++; changes.IntN(4) == 0 {
				batch = append(batch, store.Change{Local: article(k, 0).Local, Delete: true})
			} else {
				batch = append(batch, article(k, version[k]+1))
			}
		}
		put(batch)
		if puts%20 == 19 {
			catchUp()
		}
	}
	close(stop)
	<-done
	report, err := c.feed(db).Run(bg)
	require.NoError(t, err)
	t.Logf("%d articles, %d changes of the store, %d kills of the feed, %d of the engine, in %s; the last run sent %+v", n, puts, feeds.Load(), engines.Load(), time.Since(began).Round(time.Millisecond), report)
	standing, err := feed.Refusals(bg, db, "trial")
	require.NoError(t, err)
	assert.Empty(t, standing)
	equal(t, db, e)
	report, err = c.feed(db).Run(bg)
	require.NoError(t, err)
	assert.Zero(t, report.Sent+report.Deleted, "all was sent")
}

// equal holds what an index has against the store: each live item, in its version and with its title, and nothing else.
func equal(t *testing.T, db *sqlite.DB, e index) {
	t.Helper()
	want := map[string]string{}
	q := store.Query{Prefix: "oai_dc", Limit: 1000, Headers: true}
	for {
		var locals []string
		page, err := db.List(bg, q, func(r *store.Row) error {
			if !r.Deleted {
				locals = append(locals, string(r.Local))
			}
			return nil
		})
		require.NoError(t, err)
		for _, local := range locals {
			item, err := db.Get(bg, local)
			require.NoError(t, err)
			var a struct{ Title struct{ Text string } }
			require.NoError(t, json.Unmarshal(item.Article, &a))
			want["oai:x.org:"+local] = fmt.Sprintf("%d %s", item.Datestamp, a.Title.Text)
		}
		if q.After = page.Last; !page.More {
			break
		}
	}
	var got map[string]string
	for till := time.Now().Add(20 * time.Second); len(got) != len(want) && time.Now().Before(till); time.Sleep(50 * time.Millisecond) {
		var err error
		got, err = e.contents(bg) // what was sent last may not be found yet
		require.NoError(t, err)
	}
	assert.Len(t, got, len(want), "documents of the index, and live items of the store")
	wrong := 0
	for id, w := range want {
		if got[id] != w && wrong < 10 {
			wrong++
			assert.Equal(t, w, got[id], id)
		}
	}
	t.Logf("%d documents are as %d live items are", len(got), len(want))
}
