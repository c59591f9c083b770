package oai_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/oai"
	"sheaf/oai/oaitest"
	"sheaf/store/postgres"
	"sheaf/store/postgres/pgtest"
	"sheaf/store/sqlite"
)

// ops is how many changes a soak makes: SHEAF_SOAK, or few.
func ops() int {
	if n, err := strconv.Atoi(os.Getenv("SHEAF_SOAK")); err == nil {
		return n
	}
	return 2500
}

// backends are what the promises must hold on: each gives a fresh store, and opens node after node on it.
var backends = []struct {
	name string
	open func(t *testing.T) func(now func() time.Time, hold func()) (oaitest.Node, error)
}{
	{"sqlite", func(t *testing.T) func(func() time.Time, func()) (oaitest.Node, error) {
		path := filepath.Join(t.TempDir(), "sheaf.db")
		return func(now func() time.Time, hold func()) (oaitest.Node, error) {
			db, err := sqlite.Open(path, sqlite.Options{Now: now, Hold: hold})
			return oaitest.Node{Store: db, Items: db}, err
		}
	}},
	{"postgres", func(t *testing.T) func(func() time.Time, func()) (oaitest.Node, error) {
		url := pgtest.Shared(t).Database(t)
		return func(now func() time.Time, hold func()) (oaitest.Node, error) {
			db, err := postgres.Open(url, postgres.Options{Now: now, Hold: hold, Readers: 4})
			if err != nil {
				return oaitest.Node{}, err
			}
			return oaitest.Node{Store: db, Items: db.Reads()}, nil
		}
	}},
}

// A harvester never misses a change, and a list is exact (CONTRACT, promises 2, 3 and 4).
func TestNeverMissAChange(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			began := time.Now()
			result := oaitest.Run(t, oaitest.Soak{
				Ops: ops(), Writers: 4, Harvesters: 6, Nodes: 2, Kills: 100 * time.Millisecond, Seed: oaitest.Seed(t), Open: b.open(t),
			})
			t.Logf("%s in %s", result, time.Since(began).Round(time.Millisecond))
			assert.Empty(t, result.Broken)
		})
	}
}

// Nodes that answer from replicas, one of which is late, miss nothing either: a harvester goes from one node to the other, and each
// from one replica to the other.
func TestNeverMissAChangeThroughReplicas(t *testing.T) {
	primary := pgtest.Start(t, pgtest.Options{})
	late, prompt := primary.Standby(t, 300*time.Millisecond), primary.Standby(t, 0)
	address := primary.Database(t)
	name := address[strings.LastIndexByte(address, '/')+1:]
	replicas := [][]string{{late.URL(name)}, {prompt.URL(name), late.URL(name)}, {prompt.URL(name)}}
	var opened atomic.Int64
	began := time.Now()
	result := oaitest.Run(t, oaitest.Soak{
		Ops: ops(), Writers: 4, Harvesters: 6, Nodes: 3, Kills: 500 * time.Millisecond, Seed: oaitest.Seed(t),
		Open: func(now func() time.Time, hold func()) (oaitest.Node, error) {
			db, err := postgres.Open(address, postgres.Options{Now: now, Hold: hold, Readers: 3, Replicas: replicas[int(opened.Add(1))%len(replicas)]})
			if err != nil {
				return oaitest.Node{}, err
			}
			return oaitest.Node{Store: db, Items: db.Reads()}, nil
		},
	})
	t.Logf("%s in %s", result, time.Since(began).Round(time.Millisecond))
	assert.Empty(t, result.Broken)
	for _, replica := range []*pgtest.Cluster{late, prompt} {
		conn, err := pgx.Connect(t.Context(), replica.URL(name))
		require.NoError(t, err)
		var rows int
		require.NoError(t, conn.QueryRow(t.Context(), `SELECT sum(idx_tup_fetch) FROM pg_stat_user_tables WHERE relname = 'record'`).Scan(&rows))
		require.NoError(t, conn.Close(t.Context()))
		t.Logf("%d records were read from a replica", rows)
		assert.Greater(t, rows, 100, "it was not asked")
	}
}

// fast answers with a responseDate that is the time of now, as most servers do.
type fast struct {
	oai.Items
	now func() time.Time
}

func (f fast) Tick(ctx context.Context) (int64, error) {
	h, err := f.Items.Tick(ctx)
	return max(h, f.now().Unix()), err
}

// The test above must be one that can fail. Here the guard on the reading side is off: a responseDate of now claims more than was seen.
func TestResponseDateOfNowIsNoticed(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			seed := oaitest.Seed(t)
			for try := range uint64(6) {
				open := b.open(t)
				result := oaitest.Run(t, oaitest.Soak{
					Ops: 2000, Writers: 4, Harvesters: 6, Nodes: 2, Kills: 100 * time.Millisecond, Seed: seed + try,
					Open: func(now func() time.Time, hold func()) (oaitest.Node, error) {
						n, err := open(now, hold)
						n.Items = fast{n.Items, now}
						return n, err
					},
				})
				t.Log(result)
				if len(result.Broken) > 0 {
					return
				}
			}
			t.Error("a responseDate that claims too much was not noticed")
		})
	}
}

// And here the guard on the writing side is off: built with the tag sheafmutation, a store takes the datestamp before the lock.
func TestEarlyStampIsNoticed(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			cmd := exec.Command("go", "test", "-tags", "sheafmutation", "-count", "1", "-run", "^TestNeverMissAChange$/^"+b.name+"$", "./oai")
			cmd.Dir, cmd.Env = fixturetest.Root(), append(os.Environ(), "SHEAF_MUTATION=early-stamp", "SHEAF_SOAK=2500")
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "it passed without its guard")
			assert.Regexp(t, `[1-9]\d* broken promises`, string(out))
		})
	}
}
