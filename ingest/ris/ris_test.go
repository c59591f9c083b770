package ris_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/ingest/ris"
	"sheaf/ingest/ris/refmantest"
	"sheaf/jats"
)

func records(t testing.TB, data []byte) []cut.Record {
	t.Helper()
	var out []cut.Record
	require.NoError(t, ris.Cut(bytes.NewReader(data), func(r cut.Record) error {
		out = append(out, r)
		return nil
	}))
	return out
}

// notMapped are the tags that tell of the copy in a library and not of the article.
var notMapped = map[string]bool{"TY": true, "ER": true, "ID": true, "Y2": true, "DB": true, "DP": true, "LB": true, "CN": true, "AV": true, "U1": true, "U2": true}

// sourceWords reads a record by its own rules: every value of every tag. What two tags say alike is one fact: a value that was there already, a DOI behind "doi:"
// or an address beside DO, the year that a date begins with; and months in words are numbers.
func sourceWords(record string) []string {
	var out []string
	seen := map[string]bool{}
	doi, tag := "", ""
	for _, line := range strings.Split(record, "\n") {
		if strings.HasPrefix(line, "DO  -") {
			doi = bare(line[5:])
		}
	}
	for _, line := range strings.Split(record, "\n") {
		if len(line) >= 5 && line[2:5] == "  -" {
			tag, line = line[:2], line[5:]
		}
		value := strings.ToLower(strings.TrimSpace(line))
		switch {
		case notMapped[tag] || seen[value]:
			continue
		case tag == "DO":
			value = doi
		case doi != "" && bare(value) == doi && !strings.HasPrefix(value, "http"):
			continue
		case tag == "PY" && strings.Contains(record, "- "+value+"/"):
			continue
		}
		seen[value] = true
		for _, w := range refmantest.Words(value) {
			if w == "october" {
				w = "10"
			}
			out = append(out, w)
		}
	}
	return out
}

// bare is a DOI without what may stand before it.
func bare(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if i := strings.Index(s, "10."); i >= 0 {
		return s[i:]
	}
	return s
}

func TestRecall(t *testing.T) {
	dir := fixturetest.Shared(t, "data/ris")
	paths, err := filepath.Glob(filepath.Join(dir, "*.ris"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	refused := map[string]string{ // and why
		"rispy-example_custom_list_tags.ris": "no-title",
	}
	total, hits := 0, 0
	for _, path := range paths {
		name := filepath.Base(path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, ris.Recognise(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), name)
		assert.False(t, ris.RecogniseMEDLINE(data), name)
		all, found := 0, 0
		var lost []string
		recs := records(t, data)
		assert.NotEmpty(t, recs, name)
		for _, r := range recs {
			require.NoError(t, r.Err, name)
			a, _, err := ris.Read(r.Data)
			require.NoError(t, err, name)
			a.Clean()
			if refused[name] != "" {
				require.NotEmpty(t, a.Problems(), name)
				assert.Equal(t, refused[name], a.Problems()[0].Code)
				continue
			}
			assert.Empty(t, a.Problems(), name)
			words := sourceWords(string(r.Data))
			n, missing := refmantest.Recall(a, words)
			all, found, lost = all+len(words), found+n, append(lost, missing...)
			refmantest.Sound(t, name, a)
		}
		if all > 0 {
			t.Logf("%s: %d records, %.4f of %d words; missing %q", name, len(recs), float64(found)/float64(all), all, lost)
		}
		total, hits = total+all, hits+found
	}
	t.Logf("%d files; recall %.4f of %d words", len(paths), float64(hits)/float64(total), total)
	assert.GreaterOrEqual(t, float64(hits)/float64(total), 0.98)
}

func read(t testing.TB, record string) *jats.Article {
	t.Helper()
	a, _, err := ris.Read([]byte(record))
	require.NoError(t, err)
	return a
}
