package ojs

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
	"sheaf/jats"
	"sheaf/jats/jatstest"
)

// records cuts a file that has no fault.
func records(t testing.TB, data []byte) (out [][]byte) {
	t.Helper()
	require.NoError(t, Cut(bytes.NewReader(data), func(r cut.Record) error {
		require.NoError(t, r.Err)
		out = append(out, r.Data)
		return nil
	}))
	return out
}

type result struct {
	Article  *jats.Article  `json:"article,omitempty"`
	Warnings []jats.Warning `json:"warnings,omitempty"`
	Refused  string         `json:"refused,omitempty"`
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.xml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, Recognise(data), path)
		var results []result
		for _, rec := range records(t, data) {
			a, ws, err := Read(rec)
			if err != nil {
				results = append(results, result{Refused: err.Error()})
				continue
			}
			ws = append(ws, a.Clean()...)
			results = append(results, result{Article: a, Warnings: ws})
		}
		got, err := json.MarshalIndent(results, "", "  ")
		require.NoError(t, err)
		fixturetest.Golden(t, "../../ingest/ojs/"+strings.TrimSuffix(path, ".xml")+".json", append(got, '\n'))
	}
}

func TestRecognise(t *testing.T) {
	for head, want := range map[string]bool{
		`<?xml version="1.0"?><issue xmlns="http://pkp.sfu.ca">`:                  true,
		`<o:articles xmlns:o="http://pkp.sfu.ca"><o:article>`:                     true,
		`<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/">`:            false,
		`<article article-type="research-article">`:                               false,
		`<articles><article><journal>no namespace</journal></article></articles>`: false,
		`<user_groups xmlns="http://pkp.sfu.ca"><user_group/></user_groups>`:      false,
		`{"title":"x"}`: false,
		``:              false,
	} {
		assert.Equal(t, want, Recognise([]byte(head)), head)
	}
}

// What readers of the journal cannot see is refused, and with the reason.
func TestNotPublished(t *testing.T) {
	const pub = `<publication status="%"><id type="internal">1</id><title locale="en">T</title></publication>`
	for _, c := range []struct{ doc, want string }{
		{`<article xmlns="http://pkp.sfu.ca" status="1" stage="externalReview"><publication><title>T</title></publication></article>`, "queued"},
		{`<article xmlns="http://pkp.sfu.ca" status="3">` + strings.Replace(pub, "%", "4", 1) + `</article>`, "declined"},
		{`<article xmlns="http://pkp.sfu.ca" status="5">` + strings.Replace(pub, "%", "5", 1) + `</article>`, "scheduled"},
		{`<article xmlns="http://pkp.sfu.ca" stage="editorial"><title>T</title></article>`, `stage "editorial"`},
		{`<issue xmlns="http://pkp.sfu.ca" published="0"><articles><article stage="production"><title>T</title></article></articles></issue>`, "issue is not published"},
		{`<article xmlns="http://pkp.sfu.ca" status="3">` + strings.Replace(pub, "%", "3", 1) + strings.Replace(pub, "%", "1", 1) + `</article>`, ""},
		{`<issue xmlns="http://pkp.sfu.ca" published="1"><articles><article stage="production"><title>T</title></article></articles></issue>`, ""},
		{`<article xmlns="http://pkp.sfu.ca" status="3" current_publication_id="2">` + strings.Replace(pub, "%", "3", 1) +
			`<publication status="1"><id type="internal">2</id><title>Draft</title></publication></article>`, ""},
	} {
		a, _, err := Read([]byte(c.doc))
		if c.want == "" {
			require.NoError(t, err, c.doc)
			assert.Equal(t, jats.Rich("T"), a.Title.Text)
			continue
		}
		var f *jats.Fault
		require.ErrorAs(t, err, &f, c.doc)
		assert.Equal(t, "not-published", f.Code)
		assert.Contains(t, f.Message, c.want)
	}
}

func TestPages(t *testing.T) {
	for in, want := range map[string][4]string{
		"10-12":     {"10", "12"},
		"10 – 12":   {"10", "12"},
		"7":         {"7"},
		"S1-S9":     {"S1", "S9"},
		"xii-xv":    {"xii", "xv"},
		"e5":        {"", "", "", "e5"},
		"10-12, 15": {"10", "", "10-12, 15"},
		"in press":  {"", "", "in press"},
	} {
		r := reader{a: new(jats.Article)}
		r.pages(in)
		assert.Equal(t, want, [4]string{r.a.FPage, r.a.LPage, r.a.PageRange, r.a.ElocationID}, in)
	}
}

func TestParagraphs(t *testing.T) {
	for in, want := range map[string][]string{
		"<p>a</p>\n<p class=\"x\">b</p>":        {"a", "b"},
		"a<br>b":                                {"a<br>b"},
		"a<br /> <br/>b":                        {"a<br />", "b"},
		"<h3>A</h3>b<ul><li><p>c</p></li></ul>": {"A", "b<ul><li><p>c</p></li></ul>"},
		"1 < 2":                                 {"1 < 2"},
		"<p>a<p>b":                              {"a", "b"},
		"":                                      nil,
		"<p></p>":                               nil,
		"a<br>&nbsp;<br>b":                      {"a<br>&nbsp;", "b"},
		"a <b>c</b><br>d<br>e":                  {"a <b>c</b><br>d<br>e"},
	} {
		assert.Equal(t, want, paragraphs(in), in)
	}
}

func TestLang(t *testing.T) {
	for in, want := range map[string]string{"en_US": "en", "ru": "ru", "zh_Hans": "zh-Hans", "sr_RS@latin": "sr-Latn", "sr@cyrillic": "sr-Cyrl", "zh_CN": "zh", "": "", "nonsense!": ""} {
		doc, err := cut.Document([]byte(`<t locale="` + in + `"/>`))
		require.NoError(t, err)
		assert.Equal(t, want, langOf(doc), in)
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.xml")
	require.NoError(f, err)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
		for _, rec := range records(f, data) {
			f.Add(rec)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		Recognise(data)
		require.NoError(t, Cut(bytes.NewReader(data), func(r cut.Record) error {
			if r.Err == nil {
				Read(r.Data)
			}
			return nil
		}))
		if a, _, err := Read(data); err == nil {
			jatstest.Sound(t, a)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile("testdata/issue34.xml")
	require.NoError(b, err)
	rec := records(b, data)[0]
	b.SetBytes(int64(len(rec)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Read(rec); err != nil {
			b.Fatal(err)
		}
	}
}
