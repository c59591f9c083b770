package ojs

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"html"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/jats"
)

// words are the tokens of text: runs of letters and digits.
func words(s string) []string {
	s = strings.NewReplacer("http:", "https:", "\u00AD", "").Replace(s)
	return strings.FieldsFunc(norm.NFC.String(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// tags takes the tags out of HTML.
func tags(s string) string {
	var b strings.Builder
	in := false
	for _, c := range s {
		switch {
		case c == '<':
			in = true
			b.WriteByte(' ')
		case c == '>' && in:
			in = false
		case !in:
			b.WriteRune(c)
		}
	}
	return html.UnescapeString(b.String())
}

// sourceWords are the words of all text of a record, and of the dates in its attributes. Left out is what the package's comment says that no field is for.
func sourceWords(t *testing.T, data []byte) (out []string) {
	left := map[string]bool{"embed": true, "cover": true, "cover_image": true, "policy": true, "abbrev": true, "description": true, "date_published": true, "last_modified": true,
		"open_access_date": true, "seq": true, "submission_file": true, "article_galley": true, "contributor_role_id": true, "contextPrimaryLocale": true, "fundings": true}
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		switch tok := tok.(type) {
		case xml.StartElement:
			skip := left[tok.Name.Local]
			for _, a := range tok.Attr {
				switch {
				case a.Name.Local == "type" && a.Value == "internal":
					skip = true
				case strings.HasPrefix(a.Name.Local, "date_") || a.Name.Local == "src":
					out = append(out, words(a.Value)...)
				}
			}
			if skip {
				require.NoError(t, d.Skip())
			}
		case xml.CharData:
			out = append(out, words(tags(string(tok)))...)
		}
	}
}

// articleWords are the words of all strings of an article.
func articleWords(t *testing.T, a *jats.Article) map[string]int {
	js, err := json.Marshal(a)
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(js, &tree))
	have := map[string]int{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			for _, w := range words(v) {
				have[w]++
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for k, x := range v {
				if s, ok := x.(string); ok && k == "markup" {
					x = tags(s)
				}
				walk(x)
			}
		}
	}
	walk(tree)
	return have
}

// check holds an article to what every article that is let in must bear: a JSON form that gives it back, a record in every format, and JATS that is read back.
func check(t *testing.T, name string, a *jats.Article) {
	js, err := json.Marshal(a)
	require.NoError(t, err)
	back := new(jats.Article)
	require.NoError(t, json.Unmarshal(js, back))
	assert.Equal(t, a, back, name)
	assert.Empty(t, back.Clean(), name)
	_, err = crosswalk.RenderAll(crosswalk.All(), crosswalk.Record(a, "x", time.Unix(0, 0)))
	assert.NoError(t, err, "%s", name)
	again, _, err := jats.Read(jats.AppendXML(nil, a, jats.WriteOptions{}))
	require.NoError(t, err, name)
	assert.Equal(t, a.Title, again.Title, name)
	assert.Equal(t, len(a.Contribs), len(again.Contribs), name)
	assert.Equal(t, len(a.Affs), len(again.Affs), name)
	assert.Equal(t, len(a.Refs), len(again.Refs), name)
	once := jats.AppendXML(nil, again, jats.WriteOptions{})
	third, _, err := jats.Read(once)
	require.NoError(t, err, name)
	assert.Equal(t, string(once), string(jats.AppendXML(nil, third, jats.WriteOptions{})), "%s: what JATS can say of it is stable", name)
}

func TestRecall(t *testing.T) {
	refused := map[string]string{ // of the templates, which are blank
		"gontsa-issue-blank.xml":                    "the issue is not published",
		"gontsa-one-article-without-embed-file.xml": "no-title",
	}
	files, err := filepath.Glob("testdata/*.xml")
	require.NoError(t, err)
	own := len(files)
	shared, err := filepath.Glob(filepath.Join(fixturetest.Shared(t, "data/ojs-native"), "*.xml"))
	require.NoError(t, err)
	hits, total := 0, 0
	for i, path := range append(files, shared...) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		name := filepath.Base(path)
		fileHits, fileTotal, read := 0, 0, 0
		require.NoError(t, Cut(bytes.NewReader(data), func(r cut.Record) error {
			require.NoError(t, r.Err)
			a, _, err := Read(r.Data)
			if err == nil {
				a.Clean()
				if len(a.Problems()) > 0 {
					assert.Equal(t, "no-title", refused[name], name)
					return nil
				}
			} else {
				assert.True(t, i < own || refused[name] != "" && strings.Contains(err.Error(), refused[name]), "%s: %v", name, err)
				return nil
			}
			read++
			have := articleWords(t, a)
			var lost []string
			for _, w := range sourceWords(t, r.Data) {
				fileTotal++
				if have[w] > 0 {
					have[w]--
					fileHits++
				} else {
					lost = append(lost, w)
				}
			}
			if len(lost) > 0 {
				t.Logf("%s:%d: lost %q", name, r.Line, lost)
			}
			check(t, name, a)
			return nil
		}))
		t.Logf("%s: %d articles, %d of %d words", name, read, fileHits, fileTotal)
		if i >= own {
			hits, total = hits+fileHits, total+fileTotal
		}
	}
	require.NotZero(t, total)
	t.Logf("recall %.4f", float64(hits)/float64(total))
	assert.GreaterOrEqual(t, float64(hits)/float64(total), 0.98)
}
