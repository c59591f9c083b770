package jats

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
)

// corpus reads every article of the shared collection that can be read.
func corpus(t testing.TB) map[string]*Article {
	t.Helper()
	dir := fixturetest.Shared(t, "data/jats")
	all := map[string]*Article{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".xml" && filepath.Ext(path) != ".nxml" {
			return err
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		a, _, err := Read(data)
		if err != nil {
			return nil // TestReadShared tells which are refused, and why
		}
		name, _ := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = a
		return nil
	}))
	require.NotEmpty(t, all)
	return all
}

func TestCorpusIsValid(t *testing.T) {
	if testing.Short() {
		t.Skip("short: half a minute of xmllint")
	}
	all := corpus(t)
	bad := checkAll(t, all, WriteOptions{})
	for name, what := range bad {
		t.Errorf("%s: %.600s", name, what)
	}
	publishing := 0
	for _, a := range all {
		if a.Publishing() {
			publishing++
		}
		ids(t, AppendXML(nil, a, WriteOptions{IDPrefix: "x-"}))
	}
	t.Logf("%d articles, %d of them by the Publishing DTD; %d faults", len(all), publishing, len(bad))
	assert.Greater(t, publishing, len(all)/2)
}
