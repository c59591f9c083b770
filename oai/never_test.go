package oai_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

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
