package csl_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/ingest/csl"
	"sheaf/ingest/ris/refmantest"
	"sheaf/jats"
)

func items(t testing.TB) []json.RawMessage {
	t.Helper()
	data, err := os.ReadFile("testdata/items.csl")
	require.NoError(t, err)
	var list []json.RawMessage
	require.NoError(t, json.Unmarshal(data, &list))
	return list
}

func TestGolden(t *testing.T) {
	var all []*jats.Article
	for _, item := range items(t) {
		assert.True(t, csl.Recognise(item), "%.60s", item)
		a, _, err := csl.Read(item)
		require.NoError(t, err)
		all = append(all, a)
	}
	refmantest.Golden(t, "csl", "items", all)
	for _, a := range all {
		refmantest.Sound(t, string(a.Title.Text), a)
	}
}

// left are variables that no field of an article is for.
var left = map[string]bool{"id": true, "type": true, "event": true, "accessed": true, "annote": true, "call-number": true, "language": true, "deep": true, "static-ordering": true, "circa": true, "season": true}

// strings of the JSON tree, of any item, but for what is left out.
func texts(v any, add func(string)) {
	switch v := v.(type) {
	case string:
		add(v)
	case json.Number:
		add(v.String())
	case []any:
		for _, x := range v {
			texts(x, add)
		}
	case map[string]any:
		for k, x := range v {
			if k == "date-parts" { // months and days are written with two digits
				for _, date := range x.([]any) {
					for i, n := range date.([]any) {
						if s := fmt.Sprint(n); i == 0 || len(s) > 1 {
							add(s)
						} else {
							add("0" + s)
						}
					}
				}
			} else if !left[k] {
				texts(x, add)
			}
		}
	}
}

func TestRecall(t *testing.T) {
	total, hits := 0, 0
	for _, item := range items(t) {
		a, _, err := csl.Read(item)
		require.NoError(t, err)
		a.Clean()
		dec := json.NewDecoder(strings.NewReader(string(item)))
		dec.UseNumber()
		var tree any
		require.NoError(t, dec.Decode(&tree))
		var words []string
		texts(tree, func(s string) {
			s = strings.NewReplacer("<span class=\"nocase\">", "", "</span>", "", "<i>", "", "</i>", "", "<sub>", "", "</sub>", "", "<jats:p>", "", "</jats:p>", " ", "&amp;", "&", "&lt;", "<", "PMID:", "").Replace(s)
			s = strings.TrimPrefix(strings.TrimPrefix(s, "https://doi.org/"), "javascript:alert(1)")
			words = append(words, refmantest.Words(s)...)
		})
		n, missing := refmantest.Recall(a, words)
		t.Logf("%s: %d of %d words; missing %q", a.Title.Text, n, len(words), missing)
		total, hits = total+len(words), hits+n
	}
	t.Logf("recall %.4f of %d", float64(hits)/float64(total), total)
	assert.GreaterOrEqual(t, float64(hits)/float64(total), 0.98)
}

func TestRecognise(t *testing.T) {
	for head, want := range map[string]bool{
		`[{"id":"a","type":"book","title":"T"}]`: true, `{"type":"article-journal","title":"T"}`: true, ` {"type":"thesis","issued":{"date-parts":[[2020`: true,
		`{"type":"book","title":"T"}`: false, `{"type":"journal-article","title":["T"],"DOI":"10.5555/x"}`: false, `{"type":"book","title":["T"],"DOI":"10.5555/x","author":[]}`: false,
		`{"type":"dataset","indexed":{},"id":"x","author":[]}`: false, `{"articleType":"x","title":{"text":"T"}}`: false, `{"title":{"text":"T"},"type":"book","id":"x"}`: false,
		`{"@type":"ScholarlyArticle","type":"article-journal"}`: false, `{"itemType":"book","title":"T"}`: false, `[]`: false, `{}`: false, ``: false, `"x"`: false, `{"type":"article-journal"`: true,
		`{"type":"periodical","id":"p","title":"J"}`: true, `{"type":5,"id":"p"}`: false, `{"id":"x","bibjson":{"title":"T"}}`: false,
	} {
		assert.Equal(t, want, csl.Recognise([]byte(head)), head)
	}
}

func TestRefuses(t *testing.T) {
	for in, code := range map[string]string{
		``: "malformed", `null`: "malformed", `5`: "malformed", `{"type":`: "malformed", `[{},{}]`: "malformed", `{"type":"periodical","title":"J"}`: "not-an-article",
	} {
		_, _, err := csl.Read([]byte(in))
		var f *jats.Fault
		require.ErrorAs(t, err, &f, in)
		assert.Equal(t, code, f.Code, in)
	}
}

// A variable in a wrong form loses itself and nothing else.
func TestMends(t *testing.T) {
	a, ws, err := csl.Read([]byte(`{"type":"article-journal","title":"T","volume":{"a":1},"author":[5,{"family":7},null,"Doe, Jane"],"issued":{"date-parts":"x"},"page":["5-7"],"DOI":"doi:10.5555/z","foo":"bar","obj":{"a":"b"}}`))
	require.NoError(t, err)
	var got []string
	for _, w := range ws {
		got = append(got, w.Code+" "+w.Path)
	}
	assert.Equal(t, []string{"bad-field author", "bad-field author", "bad-field issued", "bad-field volume", "bad-field obj"}, got)
	assert.Equal(t, []jats.Contrib{{Type: "author", Names: []jats.Name{{Surname: "Doe", GivenNames: "Jane"}}}}, a.Contribs)
	assert.Equal(t, "5", a.FPage)
	assert.Equal(t, []jats.CustomMeta{{Name: "foo", Value: "bar"}}, a.CustomMeta)
}

func FuzzRead(f *testing.F) {
	for _, item := range items(f) {
		f.Add([]byte(item))
	}
	f.Add([]byte(`{"type":"book","title":"\ud800 <i>x","custom":{"custom":{"custom":{}}},"issued":[[]],"author":[[]],"note":"doi: 10.\n@"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		csl.Recognise(data)
		a, _, err := csl.Read(data)
		if err != nil {
			var fault *jats.Fault
			require.ErrorAs(t, err, &fault)
			return
		}
		a.Clean()
		refmantest.Survives(t, a)
	})
}

func BenchmarkRead(b *testing.B) {
	item := items(b)[0]
	b.SetBytes(int64(len(item)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := csl.Read(item); err != nil {
			b.Fatal(err)
		}
	}
}
