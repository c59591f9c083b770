package oaipmh_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/ingest/oaipmh"
	"sheaf/jats"
)

// A result is what became of one record.
type result struct {
	Line     int            `json:"line"`
	Article  *jats.Article  `json:"article,omitempty"`
	Error    string         `json:"error,omitempty"`
	Warnings []jats.Warning `json:"warnings,omitempty"`
}

func readAll(t testing.TB, data []byte) (out []result) {
	require.NoError(t, oaipmh.Cut(bytes.NewReader(data), func(rec cut.Record) error {
		r := result{Line: rec.Line}
		err := rec.Err
		if err == nil {
			r.Article, r.Warnings, err = oaipmh.Read(rec.Data)
		}
		if err != nil {
			r.Error = err.Error()
		}
		if r.Article != nil {
			r.Warnings = append(r.Warnings, r.Article.Clean()...)
		}
		out = append(out, r)
		return nil
	}))
	return out
}

// The records in testdata hold every field of the tables in the package comment.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.xml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.True(t, oaipmh.Recognise(data[:min(len(data), 64<<10)]))
			results := readAll(t, data)
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			require.NoError(t, enc.Encode(results))
			fixturetest.Golden(t, "../../ingest/oaipmh/"+strings.TrimSuffix(path, ".xml")+".json", b.Bytes())
			for _, r := range results {
				if r.Error == "" {
					check(t, path, r.Article)
				}
			}
		})
	}
}
