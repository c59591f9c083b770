package crosswalk_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
)

// The pages name every prefix that is served, and no two formats share one.
func TestFormatsAreInTheDocs(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range []string{"README.md", "docs/formats.md"} {
		page, err := os.ReadFile(filepath.Join(fixturetest.Root(), filepath.FromSlash(name)))
		require.NoError(t, err)
		for _, f := range crosswalk.All() {
			for _, prefix := range append([]string{f.Prefix}, f.Aliases...) {
				if name == "docs/formats.md" || prefix == f.Prefix {
					assert.Contains(t, string(page), "`"+prefix+"`", name)
				}
				assert.False(t, seen[name+prefix], prefix)
				seen[name+prefix] = true
				got, ok := crosswalk.Find(prefix)
				assert.True(t, ok)
				assert.Equal(t, f.Prefix, got.Prefix)
			}
		}
	}
}
