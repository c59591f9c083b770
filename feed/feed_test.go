package feed

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/store"
	"sheaf/store/sqlite"
)

var bg = context.Background()

func open(t *testing.T, now func() time.Time) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{Now: now})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// article is a change that puts an item in a version, into some sets.
func article(local string, version int, sets ...string) store.Change {
	c := store.Change{
		Local: local, Article: fmt.Appendf(nil, `{"title":{"text":"Version %d of %s"},"ids":[{"type":"doi","value":"%s"}]}`, version, local, local),
		Records: []store.Record{{Prefix: "oai_dc", Metadata: fmt.Appendf(nil, "<dc>%d %s</dc>", version, local)}},
	}
	for _, s := range sets {
		c.Sets = append(c.Sets, store.Set{Spec: s})
	}
	return c
}

func put(t *testing.T, db store.Store, changes ...store.Change) {
	t.Helper()
	_, err := db.Put(bg, changes)
	require.NoError(t, err)
}

// notes is a target that writes down what it is brought, and answers as it is told.
type notes struct {
	lines  []string
	answer func(try int, changes []*Change) ([]Outcome, error)
	tries  int
}

func (n *notes) Send(_ context.Context, changes []*Change) ([]Outcome, error) {
	n.tries++
	if n.answer != nil {
		if out, err := n.answer(n.tries, changes); out != nil || err != nil {
			return out, err
		}
	}
	for _, c := range changes {
		if c.Deleted {
			n.lines = append(n.lines, "-"+c.Local)
			continue
		}
		n.lines = append(n.lines, strings.TrimPrefix(c.Record().Titles[0].Text, "Version "))
	}
	return make([]Outcome, len(changes)), nil
}

// said returns what was brought since it was last asked.
func (n *notes) said() string {
	s := strings.Join(n.lines, "; ")
	n.lines = nil
	return s
}

// clock is a time that tests move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// at returns a feed into n over db, for which no time passes while it waits: the clock moves instead.
func at(db Store, n Target, c *clock) *Feed {
	return &Feed{
		Store: db, Target: n, Name: "notes", To: "here", Reader: Reader{RepositoryID: "x.org", Site: "https://x.org"},
		wait: func(d time.Duration) <-chan time.Time {
			c.now = c.now.Add(d)
			done := make(chan time.Time, 1)
			done <- c.now
			return done
		},
	}
}

func TestFeedSendsWhatHasChangedOnceAndInOrder(t *testing.T) {
	c := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db := open(t, c.Now)
	n := &notes{}
	f := at(db, n, c)
	run := func() string {
		t.Helper()
		_, err := f.Run(bg)
		require.NoError(t, err)
		return n.said()
	}
	assert.Empty(t, run(), "an empty store")
	put(t, db, article("b", 1), article("a", 1))
	c.now = c.now.Add(time.Second)
	put(t, db, article("c", 1))
	assert.Equal(t, "1 of a; 1 of b; 1 of c", run())
	assert.Empty(t, run(), "nothing has changed")
	put(t, db, article("a", 2))
	put(t, db, store.Change{Local: "b", Delete: true})
	put(t, db, article("a", 3))
	assert.Equal(t, "3 of a; -b", run(), "two changes in one second are one")
	put(t, db, article("b", 4))
	assert.Equal(t, "4 of b", run())
	f.Restart = true
	assert.Equal(t, "1 of c; 3 of a; 4 of b", run())
	all, err := List(bg, db)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, "notes", all[0].Name)
	assert.Equal(t, 3, all[0].Sent)
	assert.Nil(t, all[0].Owner)
}

// Whatever is written in a second that is not over is not sent: it may still change under the same datestamp.
func TestFeedWaitsForTheEndOfTheSecond(t *testing.T) {
	c := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db := open(t, c.Now)
	put(t, db, article("a", 1))
	versions := map[int64]int{}
	n := &notes{answer: func(try int, changes []*Change) ([]Outcome, error) {
		for _, ch := range changes {
			versions[ch.Datestamp]++
		}
		if try == 1 { // while the first is on its way it changes, as does the next
			put(t, db, article("a", 2), article("b", 2))
			put(t, db, article("a", 3))
		}
		return nil, nil
	}}
	f := at(db, n, c)
	_, err := f.Run(bg)
	require.NoError(t, err)
	_, err = f.Run(bg)
	require.NoError(t, err)
	assert.Equal(t, "1 of a; 3 of a; 2 of b", n.said())
	assert.Len(t, versions, 2)
}

func TestFeedHoldsABatchUntilAllOfItIsTaken(t *testing.T) {
	c := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db := open(t, c.Now)
	put(t, db, article("a", 1), article("b", 1), article("c", 1), article("d", 1))
	var sizes []int
	n := &notes{answer: func(try int, changes []*Change) ([]Outcome, error) {
		sizes = append(sizes, len(changes))
		switch try {
		case 1:
			return nil, &Later{errors.New("busy"), 7 * time.Second}
		case 2:
			return []Outcome{{}, {Retry: true}, {Refused: "too short"}}, nil
		}
		return nil, nil
	}}
	f := at(db, n, c)
	f.Items = 3
	var told []Refusal
	f.Refused = func(r Refusal) { told = append(told, r) }
	began := c.now
	rep, err := f.Run(bg)
	require.NoError(t, err)
	assert.Equal(t, []int{3, 3, 1, 1}, sizes)
	assert.Equal(t, "1 of b; 1 of d", n.said())
	assert.Equal(t, Report{Sent: 3, Refused: 1, Batches: 2, Retries: 2}, rep)
	assert.GreaterOrEqual(t, c.now.Sub(began), 7*time.Second)
	require.Len(t, told, 1)
	standing, err := Refusals(bg, db, "notes")
	require.NoError(t, err)
	assert.Equal(t, told, standing)

	f.Retry = true
	_, err = f.Run(bg)
	require.NoError(t, err)
	assert.Equal(t, "1 of c", n.said())
	standing, err = Refusals(bg, db, "notes")
	require.NoError(t, err)
	assert.Empty(t, standing)
}

func TestFeedEndsAtAFatalErrorAndAtTheEndOfPatience(t *testing.T) {
	c := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db := open(t, c.Now)
	put(t, db, article("a", 1))
	n := &notes{answer: func(int, []*Change) ([]Outcome, error) { return nil, Fatalf("who are you?") }}
	f := at(db, n, c)
	_, err := f.Run(bg)
	assert.EqualError(t, err, "who are you?")
	all, err := List(bg, db)
	require.NoError(t, err)
	assert.Equal(t, "who are you?", all[0].Error)
	n.answer = func(int, []*Change) ([]Outcome, error) { return nil, errors.New("down") }
	f.Patience = 1
	_, err = f.Run(bg)
	assert.ErrorIs(t, err, ErrPatience)
	n.answer = nil
	_, err = f.Run(bg)
	require.NoError(t, err)
	assert.Equal(t, "1 of a", n.said(), "nothing was lost")
}

// An item that leaves the feed's set is gone for its target.
func TestFeedOfASet(t *testing.T) {
	c := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db := open(t, c.Now)
	put(t, db, article("a", 1, "one"), article("b", 1, "one:deep"), article("c", 1, "oneness"))
	n := &notes{}
	f := at(db, n, c)
	f.Reader.Set = "one"
	_, err := f.Run(bg)
	require.NoError(t, err)
	assert.Equal(t, "1 of a; 1 of b; -c", n.said())
	put(t, db, article("a", 2, "two"), article("c", 2, "one"))
	_, err = f.Run(bg)
	require.NoError(t, err)
	assert.Equal(t, "-a; 2 of c", n.said())
	f.Reader.Set = "two"
	_, err = f.Run(bg)
	assert.ErrorIs(t, err, ErrOther)
}

func TestFeedHasOneRunner(t *testing.T) {
	c := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db := open(t, c.Now)
	put(t, db, article("a", 1))
	n := &notes{}
	f := at(db, n, c)
	n.answer = func(int, []*Change) ([]Outcome, error) {
		_, err := at(db, &notes{}, c).Run(bg)
		assert.ErrorIs(t, err, ErrRunning)
		c.now = c.now.Add(2 * time.Minute) // the lease is over, and the other takes it
		other := &notes{}
		_, err = at(db, other, c).Run(bg)
		assert.NoError(t, err)
		assert.Equal(t, "1 of a", other.said())
		n.answer = nil
		return nil, nil
	}
	_, err := f.Run(bg)
	assert.ErrorIs(t, err, ErrRunning, "the first finds that it has lost")
}

// later is a target that is answered when asked again.
type later struct {
	notes
	State State
	asked int
}

func (l *later) Settle(ctx context.Context) ([]Refusal, time.Duration, error) {
	l.asked++
	var open []string
	if ok, err := l.State.Load(ctx, "open", &open); !ok || err != nil {
		return nil, 0, err
	}
	if l.asked < 4 {
		return nil, time.Nanosecond, nil
	}
	return []Refusal{{Local: open[0], Reason: "no"}}, 0, l.State.Forget(ctx, "open")
}

func TestFeedWaitsForAnswers(t *testing.T) {
	c := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db := open(t, c.Now)
	put(t, db, article("a", 1), article("b", 1))
	l := &later{State: State{db, "notes"}}
	l.answer = func(_ int, changes []*Change) ([]Outcome, error) {
		return nil, l.State.Save(bg, "open", []string{changes[0].Local})
	}
	rep, err := at(db, l, c).Run(bg)
	require.NoError(t, err)
	assert.Equal(t, Report{Sent: 2, Refused: 1, Batches: 1}, rep)
	standing, err := Refusals(bg, db, "notes")
	require.NoError(t, err)
	assert.Equal(t, []Refusal{{Local: "a", Reason: "no"}}, standing)
}

func TestStateOfLongNames(t *testing.T) {
	db := open(t, nil)
	s := State{db, "crossref"}
	long := "item/" + strings.Repeat("я", 100)
	require.NoError(t, s.Save(bg, long+"1", "one"))
	require.NoError(t, s.Save(bg, long+"2", "two"))
	require.NoError(t, s.Save(bg, "item/b", "b"))
	for key, want := range map[string]string{long + "1": "one", long + "2": "two", "item/b": "b"} {
		var got string
		ok, err := s.Load(bg, key, &got)
		require.NoError(t, err)
		assert.True(t, ok)
		assert.Equal(t, want, got)
	}
	require.NoError(t, s.Forget(bg, long+"2"))
	var all []string
	require.NoError(t, s.Each(bg, "item/", func(_ string, v []byte) error { all = append(all, string(v)); return nil }))
	assert.Equal(t, []string{`"b"`, `"one"`}, all)
	list, err := List(bg, db)
	require.NoError(t, err)
	assert.Empty(t, list, "what a target keeps is no feed")
}

// told is a target that tells a channel of each item.
type told chan string

func (t told) Send(ctx context.Context, changes []*Change) ([]Outcome, error) {
	for _, c := range changes {
		select {
		case t <- c.Local:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return make([]Outcome, len(changes)), nil
}

// Of two that follow one sends and the other stands by, until the first has stopped; nothing is sent twice.
func TestFeedThatFollowsIsTakenOver(t *testing.T) {
	db := open(t, nil)
	first, second := make(told), make(told)
	start := func(to told) (stop func()) {
		ctx, cancel := context.WithCancel(bg)
		done := make(chan error, 1)
		f := &Feed{Store: db, Target: to, Name: "notes", To: "here", Follow: true, Every: time.Millisecond, Lease: time.Second}
		go func() {
			_, err := f.Run(ctx)
			done <- err
		}()
		return func() {
			cancel()
			assert.NoError(t, <-done)
		}
	}
	receive := func(from, not told) string {
		select {
		case local := <-from:
			return local
		case local := <-not:
			t.Errorf("%s is sent by the other", local)
		case <-time.After(time.Minute):
			t.Error("nothing is sent")
		}
		return ""
	}
	stop := start(first)
	put(t, db, article("a", 1))
	assert.Equal(t, "a", receive(first, second))
	stopSecond := start(second)
	put(t, db, article("b", 1))
	assert.Equal(t, "b", receive(first, second))
	stop()
	put(t, db, article("c", 1))
	assert.Equal(t, "c", receive(second, first))
	stopSecond()
}

// What is under way when a feed is asked to stop is finished, and kept.
func TestFeedFinishesTheBatchUnderWay(t *testing.T) {
	c := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db := open(t, c.Now)
	put(t, db, article("a", 1), article("b", 1))
	ctx, cancel := context.WithCancel(bg)
	n := &notes{}
	n.answer = func(int, []*Change) ([]Outcome, error) {
		cancel()
		return nil, nil
	}
	f := at(db, n, c)
	f.Items = 1
	_, err := f.Run(ctx)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, "1 of a", n.said())
	n.answer = nil
	_, err = f.Run(bg)
	require.NoError(t, err)
	assert.Equal(t, "1 of b", n.said())
}

// A deleted item is sent with what is kept of its article, and one with addresses as people have them.
func TestChangesHaveWholeAddresses(t *testing.T) {
	c := &clock{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db := open(t, c.Now)
	put(t, db, article("10.5555/a b?", 1, "x:y"))
	r := Reader{Store: db, RepositoryID: "x.org", Site: "https://x.org"}
	ch, err := r.Read(bg, "10.5555/a b?")
	require.NoError(t, err)
	assert.Equal(t, "oai:x.org:10.5555/a b?", ch.Identifier)
	assert.Equal(t, "https://x.org/records/10.5555/a%20b%3F", ch.Record().Page)
	assert.Equal(t, ch.Record().Page, ch.Record().Landing)
	assert.Equal(t, []string{"x", "x:y"}, ch.Sets)
	put(t, db, store.Change{Local: "10.5555/a b?", Delete: true})
	ch, err = r.Read(bg, "10.5555/a b?")
	require.NoError(t, err)
	assert.True(t, ch.Deleted)
	assert.Equal(t, "10.5555/a b?", ch.Record().DOI)
	_, err = r.Read(bg, "none")
	assert.ErrorIs(t, err, store.ErrNotFound)
}

// nothing is a target that takes all.
type nothing struct{}

func (nothing) Send(_ context.Context, changes []*Change) ([]Outcome, error) {
	return make([]Outcome, len(changes)), nil
}

// BenchmarkFeed reads the log of 5,000 items for a target that takes all at once.
func BenchmarkFeed(b *testing.B) {
	db, err := sqlite.Open(filepath.Join(b.TempDir(), "sheaf.db"), sqlite.Options{})
	require.NoError(b, err)
	defer db.Close()
	const n = 5000
	var changes []store.Change
	for i := range n {
		changes = append(changes, article(fmt.Sprintf("10.5555/%d", i), 1))
	}
	_, err = db.Put(bg, changes)
	require.NoError(b, err)
	now, err := db.Tick(bg)
	require.NoError(b, err)
	for now == 0 || store.Time(now+1).After(time.Now()) { // its second is over
		time.Sleep(50 * time.Millisecond)
	}
	for b.Loop() {
		f := &Feed{Store: db, Target: nothing{}, Name: "bench", Follow: true, Restart: true, Every: time.Hour}
		ctx, cancel := context.WithCancel(bg)
		f.Sent = func(r Report) {
			if r.Sent == n {
				cancel()
			}
		}
		_, err := f.Run(ctx)
		require.NoError(b, err)
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "items/s")
}
