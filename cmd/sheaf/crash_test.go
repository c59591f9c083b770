package main_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/url"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An import is killed twenty times at random moments. Each time the store opens, "check" finds nothing, and what was served
// before is still there, under its datestamp. In the end importing again completes the store, and a harvester who came by from
// time to time has missed nothing.
func TestKillImport(t *testing.T) {
	const items, kills = 2000, 20 // four transactions
	bin, tar := build(t), archive(t, items)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	whole := time.Now()
	db := filepath.Join(t.TempDir(), "sheaf.db")
	require.Equal(t, summary{Read: items, Created: items}, importAll(t, bin, db, tar))
	longest := time.Since(whole)

	killed, partial := 0, 0 // partial: times that the store was neither empty nor whole
	for deadline := time.Now().Add(3 * time.Minute); killed < kills || partial < kills/4; {
		require.True(t, time.Now().Before(deadline), "only %d kills, %d of them half way", killed, partial)
		db := filepath.Join(t.TempDir(), "sheaf.db")
		seen := map[string]string{} // identifier to datestamp
		from := ""                  // where the harvester goes on
		for finished := false; !finished; {
			s := serve(t, bin, db, "--page-size", "1000")
			cmd := exec.Command(bin, "import", "--db", db, tar)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			require.NoError(t, cmd.Start())
			time.Sleep(time.Duration(random.Int64N(int64(longest))))
			from = s.follow(t, from, seen)
			require.NoError(t, cmd.Process.Kill())
			err := cmd.Wait()
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
				killed++
			} else {
				require.NoError(t, err, out.String())
				finished = true
			}
			if random.IntN(2) == 0 {
				s.stop(t)
			} else {
				s.kill()
			}
			run(t, bin, "check", "--db", db)
			s = serve(t, bin, db, "--page-size", "1000")
			all, _ := s.harvest(t, "ListIdentifiers", url.Values{"metadataPrefix": {"oai_dc"}})
			s.stop(t)
			there := map[string]string{}
			for _, item := range all {
				_, twice := there[item.Identifier]
				require.False(t, twice, "%s is listed twice", item.Identifier)
				there[item.Identifier] = item.Datestamp
			}
			for id, datestamp := range seen {
				require.Equal(t, datestamp, there[id], "%s was served before", id)
			}
			if n := len(all); n > 0 && n < items {
				partial++
			}
		}
		before := len(seen)
		again := importAll(t, bin, db, tar)
		require.Equal(t, items, again.Read)
		require.Equal(t, items, again.Created+again.Unchanged)
		require.GreaterOrEqual(t, again.Unchanged, before)

		s := serve(t, bin, db)
		all, _ := s.harvest(t, "ListIdentifiers", url.Values{"metadataPrefix": {"oai_dc"}})
		require.Len(t, all, items)
		s.follow(t, from, seen)
		s.stop(t)
		require.Len(t, seen, items, "a harvester missed items")
		for _, item := range all {
			require.Equal(t, item.Datestamp, seen[item.Identifier])
		}
	}
	t.Logf("%d kills, %d of them half way", killed, partial)
}

// follow harvests what changed since from ("" for all) into seen and returns where to go on.
func (s *server) follow(t *testing.T, from string, seen map[string]string) string {
	t.Helper()
	args := url.Values{"metadataPrefix": {"oai_dc"}}
	if from != "" {
		args.Set("from", from)
	}
	items, next := s.harvest(t, "ListIdentifiers", args)
	for _, item := range items {
		seen[item.Identifier] = item.Datestamp
	}
	return next
}
