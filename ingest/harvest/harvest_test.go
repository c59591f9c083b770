package harvest_test

import (
	"context"
	"encoding/xml"
	"maps"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/ingest/cut"
	"sheaf/ingest/harvest"
	"sheaf/oai/oaitest"
)

// A keeper stands for the store: it has what was yielded and acknowledged.
type keeper struct {
	t     testing.TB
	state *harvest.State
	clock time.Time // moved by waiting alone
	slept []time.Duration
	has   map[string]string // text by identifier, or "deleted"
	data  map[string][]byte // sources by name
	ids   map[string]string // identifiers by name
	with  func(*harvest.Harvester)
}

func newKeeper(t testing.TB) *keeper {
	t.Helper()
	state, err := harvest.OpenState(filepath.Join(t.TempDir(), "harvest.json"))
	require.NoError(t, err)
	return &keeper{t: t, state: state, clock: time.Date(2025, 3, 10, 12, 0, 0, 0, time.UTC), has: map[string]string{}, data: map[string][]byte{}, ids: map[string]string{}}
}

type record struct {
	Header struct {
		Status     string `xml:"status,attr"`
		Identifier string `xml:"identifier"`
	} `xml:"header"`
	Title string `xml:"metadata>dc>title"`
}

// read reads a record by none of Sheaf's code.
func read(t testing.TB, data []byte) record {
	t.Helper()
	var doc struct {
		Lists []struct {
			Record []record `xml:"record"`
		} `xml:",any"`
	}
	clean := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, string(data))
	require.NoError(t, xml.Unmarshal([]byte(clean), &doc), "%s", data)
	for _, l := range doc.Lists {
		if len(l.Record) == 1 {
			return l.Record[0]
		}
	}
	t.Fatalf("no record in %s", data)
	return record{}
}

func (k *keeper) harvester(base string) *harvest.Harvester {
	h := &harvest.Harvester{URL: base, State: k.state, Now: func() time.Time { return k.clock },
		Sleep: func(ctx context.Context, d time.Duration) error {
			k.slept = append(k.slept, d)
			k.clock = k.clock.Add(d)
			return ctx.Err()
		},
		Stored: func(_ context.Context, _, name string) ([]byte, error) { return k.data[name], nil },
		Limits: harvest.Limits{Idle: 300 * time.Millisecond},
	}
	if k.with != nil {
		k.with(h)
	}
	return h
}

// walk harvests once and returns the identifiers in the order in which they came. What was yielded is acknowledged late: up to 25 records behind.
func (k *keeper) walk(h *harvest.Harvester) (came []string, err error) {
	behind := 0
	err = h.Walk(context.Background(), func(name string, r cut.Record) error {
		require.NoError(k.t, r.Err)
		rec := read(k.t, r.Data)
		id := rec.Header.Identifier
		came = append(came, id)
		if rec.Header.Status == "deleted" {
			k.has[id] = "deleted"
			delete(k.data, name)
		} else {
			k.has[id], k.data[name] = rec.Title, r.Data
		}
		k.ids[name] = id
		if behind++; behind > 25 {
			behind--
			h.Ack()
		}
		return nil
	})
	for ; behind > 0 && err == nil; behind-- {
		h.Ack()
	}
	require.NoError(k.t, h.Finish())
	return came, err
}

// settle harvests until it is complete, and returns how often that stopped.
func (k *keeper) settle(base string) (stops int) {
	for {
		_, err := k.walk(k.harvester(base))
		if err == nil {
			return stops
		}
		assert.NotContains(k.t, err.Error(), "%!", "a message for people")
		k.t.Logf("stopped: %v", err)
		if stops++; stops > 40 {
			k.t.Fatalf("it never comes to an end: %v", err)
		}
	}
}

// Each fault by itself: what is here in the end is what is there, exactly, and an answer without changes brings nothing but what changed in its second.
func TestFaults(t *testing.T) {
	seed := oaitest.Seed(t)
	names := slices.Sorted(maps.Keys(faults(rand.New(rand.NewPCG(seed, 1)))))
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(73)
			faults(rand.New(rand.NewPCG(seed, 2)))[name](e)
			base, k := e.start(t), newKeeper(t)
			stops := k.settle(base)
			assert.Equal(t, e.want("oai_dc"), k.has)
			t.Logf("%d requests, %d stops", len(e.asked), stops)

			// What changes afterwards comes with the next run.
			e.change()
			k.settle(base)
			assert.Equal(t, e.want("oai_dc"), k.has, "after changes")
		})
	}
}

// change lets an hour pass, in which items are changed, deleted, added and revived.
func (e *endpoint) change() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range 12 {
		it := &e.items[i*5%len(e.items)]
		it.stamp, it.text, it.deleted = e.now.Add(time.Duration(i)*time.Minute), it.text+" again", i%3 == 0
	}
	e.items = append(e.items, item{id: "oai:example.org:new", stamp: e.now.Add(time.Minute), text: "new"})
	e.now = e.now.Add(time.Hour)
}

// Several faults at a time, at random.
func TestFaultsMixed(t *testing.T) {
	seed := oaitest.Seed(t)
	r := rand.New(rand.NewPCG(seed, 3))
	for round := range 25 {
		e := newEndpoint(20 + r.IntN(120))
		all := faults(r)
		names := slices.Sorted(maps.Keys(all))
		var chosen []string
		for range 1 + r.IntN(5) { // a later one may take the place of an earlier of its kind
			name := names[r.IntN(len(names))]
			chosen = append(chosen, name)
			all[name](e)
		}
		k := newKeeper(t)
		base := e.start(t)
		k.settle(base)
		assert.Equal(t, e.want("oai_dc"), k.has, "round %d: %v", round, chosen)
		e.change()
		k.settle(base)
		require.Equal(t, e.want("oai_dc"), k.has, "round %d: after changes: %v", round, chosen)
	}
}

// In one run without faults each identifier comes once, and the next asks from the first responseDate.
func TestEachOnce(t *testing.T) {
	e := newEndpoint(95)
	base, k := e.start(t), newKeeper(t)
	h := k.harvester(base)
	h.Pause = time.Second
	began := e.now.Format("2006-01-02T15:04:05Z")
	e.alter = func(b []byte, _ url.Values, _ int) []byte { e.now = e.now.Add(time.Second); return b }
	came, err := k.walk(h)
	require.NoError(t, err)
	assert.Len(t, came, 95)
	slices.Sort(came)
	assert.Len(t, slices.Compact(came), 95)
	s := h.Summary()
	assert.Equal(t, 95, s.Records)
	assert.Equal(t, 95, s.Announced)
	assert.Empty(t, s.Notes)
	assert.Len(t, e.asked, 12)
	for _, d := range k.slept {
		assert.LessOrEqual(t, d, time.Second)
	}
	assert.Len(t, k.slept, 11, "a second between two requests")

	first, err := time.Parse(time.RFC3339, began)
	require.NoError(t, err)
	assert.Equal(t, first.Add(2*time.Second).Format("2006-01-02T15:04:05Z"), s.Next, "the responseDate of the first answer of the list, which is the third of all")
	e.asked = nil
	h = k.harvester(base)
	came, err = k.walk(h)
	require.NoError(t, err)
	assert.Empty(t, came)
	assert.Contains(t, e.asked[2], "&from="+strings.ReplaceAll(s.Next, ":", "%3A"))
	assert.Equal(t, s.Next, h.Summary().From)
}
