package fulltext_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/fulltext"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

// article is an open article in Russian with a body, without DOI, ISSN, authors and date.
func article(body string) *jats.Article {
	a := &jats.Article{Lang: "ru", Title: jats.Title{Text: "Название"}, FullText: &jats.FullText{Body: body}}
	a.Permissions.Access = "open"
	a.Refs = []jats.Ref{{ID: "b1", Citations: []jats.Citation{{Text: "Работа"}}}}
	a.Clean()
	return a
}

func record(a *jats.Article) *flat.Record {
	return flat.Of(a, "x", element.Site+"/records/x", today)
}

func TestRefused(t *testing.T) {
	none, closed, embargoed, unsaid := article("<body><p>a</p></body>"), article("<body><p>a</p></body>"), article("<body><p>a</p></body>"), article("<body><p>a</p></body>")
	none.FullText = nil
	closed.Permissions.Access = "closed"
	embargoed.Permissions.Access, embargoed.Permissions.EmbargoEnd = "embargoed", "2030-01-01"
	unsaid.Permissions.Access = ""
	for code, list := range map[string][]*jats.Article{
		"no-full-text":      {none},
		"not-open-access":   {closed, embargoed, unsaid},
		"full-text-invalid": {article(`<body><p>a <graphic xlink:href="x.tif">text</graphic></p></body>`), article(`<body><table xlink:href="a"/></body>`)},
	} {
		for i, a := range list {
			dst, err := fulltext.Append(nil, record(a))
			var cannot *flat.Cannot
			require.ErrorAs(t, err, &cannot, "%s %d", code, i)
			assert.Equal(t, code, cannot.Code, err)
			assert.Nil(t, dst)
		}
	}
	embargoed.Permissions.EmbargoEnd = "2020-01-01"
	_, err := fulltext.Append(nil, record(embargoed))
	assert.NoError(t, err, "open since its embargo ended")
}

// Ids and pointers have the item's prefix; addresses stay; the namespace is that of jats; a document of its own is valid by xmllint.
func TestAppend(t *testing.T) {
	a := article(`<body><p>Текст <xref ref-type="bibr" rid="b1">1</xref>, <xref ref-type="fig" rid="f1 gone">2</xref>, <foo>слово</foo></p><fig id="f1"><graphic xlink:href="f1.tif"/></fig></body>`)
	before := *a.FullText
	b, err := fulltext.Append(nil, record(a))
	require.NoError(t, err)
	s := string(b)
	_, after, _ := strings.Cut(s, `<fig id="`)
	prefix, _, _ := strings.Cut(after, "f1")
	for _, want := range []string{`<article xmlns="` + fulltext.Namespace + `"`, fulltext.Namespace + " " + fulltext.Schema, `rid="` + prefix + `b1"`, `<ref id="` + prefix + `b1">`,
		`rid="` + prefix + `f1">2`, `xlink:href="f1.tif"`, "</xref>, слово</p>"} {
		assert.Contains(t, s, want)
	}
	assert.Equal(t, before, *a.FullText, "the article is as it was")
	other := record(a)
	other.Local = "y"
	c, err := fulltext.Append(nil, other)
	require.NoError(t, err)
	assert.NotContains(t, string(c), prefix)

	other.Page = "https://sheaf.example.org/records/y"
	doc, err := fulltext.AppendDocument(nil, other)
	require.NoError(t, err)
	assert.Empty(t, fixturetest.DTD(t, fixturetest.Archiving, map[string][]byte{"doc": doc}))
}

func FuzzAppend(f *testing.F) {
	f.Add([]byte(`{"title":{"text":"T"},"permissions":{"access":"open"},"fullText":{"body":"<body><p>a</p></body>","back":"<back><ack><p>b</p></ack></back>"}}`))
	f.Add([]byte(`{"title":{"text":"T"},"permissions":{"access":"open"},"fullText":{"body":"<body>a<foo id='_'/><b>c</b></body>","floats":"<floats-wrap><fig/></floats-wrap>"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := jats.DecodeJSON(data)
		if err != nil {
			return
		}
		a.Clean()
		if len(a.Problems()) > 0 {
			return
		}
		r := record(a)
		r.Access = flat.Open
		b, err := fulltext.Append(nil, r)
		if err != nil {
			var cannot *flat.Cannot
			require.True(t, errors.As(err, &cannot), err)
			return
		}
		d := xml.NewDecoder(strings.NewReader(strings.ReplaceAll(string(b), element.Site, "https://e.org")))
		for {
			if _, err := d.Token(); err == io.EOF {
				return
			} else if err != nil {
				t.Fatalf("%v: %s", err, b)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	r := record(article("<body>" + strings.Repeat(`<sec><title>T</title><p>Some words and <italic>others</italic>, <xref ref-type="bibr" rid="b1">1</xref>.</p></sec>`, 500) + "</body>"))
	b.ReportAllocs()
	for b.Loop() {
		dst, err := fulltext.Append(nil, r)
		require.NoError(b, err)
		b.SetBytes(int64(len(dst)))
	}
}
