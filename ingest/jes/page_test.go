package jes

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
)

// fields decodes a JSON object; numbers keep their spelling.
func fields(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(data, &m))
	delete(m, "note") // a remark to the reader of the expectation
	return m
}

// comparePages compares every page of a folder with what a careful reader takes from it.
func comparePages(t *testing.T, dir string, want int) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(files), want)
	for _, file := range files {
		name := filepath.Base(file)
		expected, err := os.ReadFile(file[:len(file)-len(".txt")] + ".expected.json")
		if os.IsNotExist(err) {
			continue // a page that is refused
		}
		t.Run(name, func(t *testing.T) {
			require.NoError(t, err)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.True(t, Recognise(data), "recognised")
			page, err := Parse(data)
			require.NoError(t, err)
			got, err := json.Marshal(page)
			require.NoError(t, err)
			w, g := fields(t, expected), fields(t, got)
			for key, value := range w {
				assert.Equal(t, value, g[key], key)
				delete(g, key)
			}
			assert.Empty(t, g, "fields that the expectation has not")
		})
	}
}

func TestSharedPages(t *testing.T) { comparePages(t, fixturetest.Shared(t, "data/jes"), 7) }

func TestOwnPages(t *testing.T) { comparePages(t, "testdata", 5) }
