package crosswalk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct{ doc, want string }{ // want: what the error says; "" for none
		{`<a/>`, ""},
		{`<a b="1" c='"' xmlns:x="u" x:b="2"><x:d/>t&amp;&#x20BB7;&#10;` + "\u00e9\U00020BB7\x00/" + `<e></e ></a>`, ""},
		{`<a href="` + BaseURL + `/records/1"/>`, ""},
		{`<a><b id="x"/><c rid="x y"/><d id="y"/></a>`, ""},

		{``, "want one element"},
		{`text`, "want one element"},
		{`<?xml version="1.0"?><a/>`, "not a tag"},
		{`<!DOCTYPE a><a/>`, "not a tag"},
		{`<a><!-- --></a>`, "a, byte 4: not a tag"},
		{`<a><b></a>`, "a/b, byte"},
		{`<a></a></a>`, "after the root element"},
		{`<a/><b/>`, "after the root element"},
		{`<a/>x`, "after the root element"},
		{`<a><b></b>`, "<a> is not closed"},
		{`<a`, "bad attribute"},
		{`<a b>`, "attribute b has no value"},
		{`<a b=1/>`, "attribute b is not quoted"},
		{`<a b="1/>`, "attribute b is not closed"},
		{`<a b="1"c="2"/>`, "bad attribute"},
		{`<a b="1" b="2"/>`, "attribute b twice"},
		{`<a b="<"/>`, "attribute b: < in the value"},
		{`<a b="&nbsp;"/>`, "attribute b: bad reference"},
		{`<a>R&D</a>`, `a, byte 4: bad reference`},
		{`<a>&#1;</a>`, "bad reference"},
		{`<a>&#xD800;</a>`, "bad reference"},
		{`<a>&#x+41;</a>`, "bad reference"},
		{`<a>&#;</a>`, "bad reference"},
		{"<a>\x01</a>", "U+0001 is not allowed"},
		{"<a>\x0b</a>", "U+000B is not allowed"},
		{"<a>\ufffe</a>", "U+FFFE is not allowed"},
		{"<a b='\uffff'/>", "U+FFFF is not allowed"},
		{"<a>\x00</a>", "U+0000 is not allowed"},
		{"<a>é\xff</a>", "byte 6: not valid UTF-8 after \"<a>é\""},
		{`<a>]]></a>`, "]]> in text"},
		{`<a><x:b/></a>`, "prefix of x:b is not declared"},
		{`<a><b xmlns:x="u"/><x:b/></a>`, "prefix of x:b is not declared"},
		{`<a x:b="1"/>`, "prefix of x:b is not declared"},
		{`<a xmlns:x=""/>`, "xmlns:x is empty"},
		{`<a :b="1"/>`, "bad attribute"},
		{`<1a/>`, "not a tag"},
		{`<a><b id="x"/><b id="x"/></a>`, `id "x" twice`},
		{`<a><b id="1x"/></a>`, `id "1x" is not an XML name`},
		{`<a><b rid="x"/></a>`, `rid "x" leads to no id`},
	} {
		err := check([]byte(c.doc))
		if c.want == "" {
			assert.NoError(t, err, "%q", c.doc)
			continue
		}
		assert.ErrorContains(t, err, c.want, "%q", c.doc)
	}
}

func TestRender(t *testing.T) {
	format := func(s string) Format {
		return Format{Prefix: "x", Append: func(dst []byte, _ *flat.Record) ([]byte, error) {
			return append(dst, s...), nil
		}}
	}
	_, err := Render(format("<a>\x02</a>"), Record(&jats.Article{}, "1", time.Now()))
	assert.EqualError(t, err, "crosswalk: x: a, byte 3: U+0002 is not allowed in XML")

	a := &jats.Article{Permissions: jats.Permissions{Licenses: []jats.License{{AppliesTo: "data", URI: "https://data.example.org/"}, {URI: "not a URI"}, {URI: "https://l.example.org/?a&b"}}}}
	got, err := Render(format("<a/>"), Record(a, "1", time.Now()))
	require.NoError(t, err)
	root, about, found := strings.Cut(string(got), AboutMark)
	assert.True(t, found)
	assert.Equal(t, "<a/>", root)
	assert.True(t, strings.HasSuffix(about, `<rightsReference ref="https://l.example.org/?a&amp;b"/></rights></about>`), about)

	a.Permissions.Licenses = a.Permissions.Licenses[:2]
	got, err = Render(format("<a/>"), Record(a, "1", time.Now()))
	require.NoError(t, err)
	assert.Equal(t, "<a/>", string(got))
}

func TestLandingAndIDPrefix(t *testing.T) {
	assert.Equal(t, BaseURL+"/records/10.5555/a(1);b%3Fc%253C", landing("10.5555/a(1);b?c%3C"))
	ids := func(local string) string { return Record(&jats.Article{}, local, time.Now()).IDPrefix() }
	assert.Regexp(t, `^[a-z][a-z0-9]+-$`, ids("10.5555/a"))
	assert.Equal(t, ids("a"), ids("a"))
	assert.NotEqual(t, ids("a"), ids("b"))
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`<a b="1" xmlns:x="u"><x:b id="q">&amp;</x:b></a>`))
	f.Fuzz(func(t *testing.T, b []byte) { _ = check(b) })
}

func BenchmarkCheck(b *testing.B) {
	var doc strings.Builder
	doc.WriteString(`<article xmlns:xlink="u">`)
	for i := 0; doc.Len() < 20<<10; i++ {
		fmt.Fprintf(&doc, `<ref id="r-%d"><mixed-citation publication-type="journal">Some words <italic>in a line</italic>, и ещё &amp; more <ext-link xlink:href="https://a.example.org/%d">it</ext-link></mixed-citation></ref>`, i, i)
	}
	doc.WriteString(`</article>`)
	d := []byte(doc.String())
	b.SetBytes(int64(len(d)))
	b.ReportAllocs()
	for b.Loop() {
		if err := check(d); err != nil {
			b.Fatal(err)
		}
	}
}
