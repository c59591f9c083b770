package sqlite

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"sheaf/store"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A process ends between stamp and commit, as by kill -9: nothing of its transaction was there, neither item nor clock, and the store goes on.
func TestCrashBetweenStampAndCommit(t *testing.T) {
	const variable = "SHEAF_TEST_CRASH"
	now := func() time.Time { return time.Unix(1790000000, 0) }
	if path := os.Getenv(variable); path != "" { // the process that ends
		db, err := Open(path, Options{Now: func() time.Time { return now().Add(time.Hour) }, Hold: func() { os.Exit(7) }})
		require.NoError(t, err)
		db.Put(context.Background(), []store.Change{change("1", 100_000), change("2", 10)})
		t.Fatal("it should have ended")
	}
	path := filepath.Join(t.TempDir(), "x.db")
	db := openTest(t, path, Options{Now: now})
	before, err := db.Put(t.Context(), []store.Change{change("1", 10)})
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0], "-test.run", "^TestCrashBetweenStampAndCommit$")
	cmd.Env = append(os.Environ(), variable+"="+path)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit) && exit.ExitCode() == 7, "%v: %s", err, out)

	page, err := db.List(t.Context(), store.Query{Prefix: "jats", Limit: 9}, nothing)
	require.NoError(t, err)
	assert.Equal(t, store.Page{Clock: before[0].Datestamp, Until: before[0].Datestamp, Last: store.Key{Datestamp: before[0].Datestamp, Local: "1"}, Rows: 1}, page)
	after, err := db.Put(t.Context(), []store.Change{change("2", 10)})
	require.NoError(t, err)
	assert.Equal(t, before[0].Datestamp, after[0].Datestamp)
	again := openTest(t, path, Options{Now: now})
	require.NoError(t, again.Check(t.Context(), func(p store.Problem) { t.Error(p) }))
}
