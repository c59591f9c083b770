package bibtex_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/bibtex"
	"sheaf/ingest/cut"
	"sheaf/ingest/ris/refmantest"
	"sheaf/jats"
)

func records(t testing.TB, data string) []cut.Record {
	t.Helper()
	var out []cut.Record
	require.NoError(t, bibtex.Cut(strings.NewReader(data), func(r cut.Record) error {
		out = append(out, r)
		return nil
	}))
	return out
}

var (
	fieldLine = regexp.MustCompile(`(?m)^[ \t]*([A-Za-z_0-9-]+)\s*=\s*`)
	noise     = regexp.MustCompile(`[^\s{},"]*[\\$][^\s]*`) // what TeX makes of these words is tested elsewhere
)

// notMapped are fields of the library that the file was saved by, not of the article, and what is said of them. Author lists are split at "and".
var notMapped = regexp.MustCompile(`^(file|timestamp|owner|groups|priority|readstatus|ranking|bibsource|biburl|crossref|xref|comment|citation-subset|pubmodel|completed|created|revised|medline-pst|doc-delivery-number|refid|status|pubstate|month)$`)

// sourceWords reads an entry by its lines: what stands behind "name =" up to the next.
func sourceWords(entry string) []string {
	entry = entry[strings.IndexByte(entry, '\n')+1:]
	var out []string
	marks := fieldLine.FindAllStringSubmatchIndex(entry, -1)
	for i, m := range marks {
		name, end := strings.ToLower(entry[m[2]:m[3]]), len(entry)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		if notMapped.MatchString(name) {
			continue
		}
		value := entry[m[1]:end]
		if name == "author" || name == "editor" {
			value = strings.ReplaceAll(strings.Join(strings.Fields(value), " "), " and ", " ")
		}
		if name != "doi" && !strings.HasPrefix(name, "url") && !strings.HasPrefix(name, "bdsk") {
			value = noise.ReplaceAllString(value, " ")
		} else if i := strings.Index(value, "10."); name == "doi" && i >= 0 {
			value = value[i:]
		}
		out = append(out, refmantest.Words(strings.NewReplacer("{", "", "}", "").Replace(value))...)
	}
	return out
}

func TestRecall(t *testing.T) {
	dir := fixturetest.Shared(t, "data/bibtex")
	paths, err := filepath.Glob(filepath.Join(dir, "*.bib"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	total, hits, entries := 0, 0, 0
	refused := map[string]int{}
	for _, path := range paths {
		name := filepath.Base(path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		head := data
		if !utf8.Valid(head) {
			head = bytes.ToValidUTF8(head, []byte("?"))
		}
		assert.True(t, bibtex.Recognise(head), name)
		all, found := 0, 0
		var lost []string
		recs := records(t, string(data))
		for _, r := range recs {
			require.NoError(t, r.Err, "%s:%d", name, r.Line)
			a, _, err := bibtex.Read(r.Data)
			require.NoError(t, err, "%s:%d", name, r.Line)
			a.Clean()
			if p := a.Problems(); p != nil {
				refused[name+": "+p[0].Code]++
				continue
			}
			entries++
			words := sourceWords(string(r.Data))
			n, missing := refmantest.Recall(a, words)
			all, found, lost = all+len(words), found+n, append(lost, missing...)
			refmantest.Sound(t, name, a)
		}
		if all > 0 {
			t.Logf("%s: %d records, %.4f of %d words; missing %q", name, len(recs), float64(found)/float64(all), all, lost[:min(len(lost), 60)])
		}
		total, hits = total+all, hits+found
	}
	t.Logf("%d files, %d entries; recall %.4f of %d words; without a title: %v", len(paths), entries, float64(hits)/float64(total), total, refused)
	assert.GreaterOrEqual(t, float64(hits)/float64(total), 0.98)
	// These have no title, nor has the entry that they point at one.
	assert.Equal(t, map[string]int{"jabref-articleWithMonths.bib: no-title": 2, "jabref-othertype.bib: no-title": 1}, refused)
}

func read(t testing.TB, entry string) *jats.Article {
	t.Helper()
	a, _, err := bibtex.Read([]byte(entry))
	require.NoError(t, err)
	return a
}
