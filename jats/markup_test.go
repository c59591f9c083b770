package jats

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

func TestParseMarkup(t *testing.T) {
	for _, c := range []struct {
		name string
		kind MarkupKind
		in   string
		want string
	}{
		{"plain text", InlineMarkup, "R&D, p<0.05", "R&amp;D, p&lt;0.05"},
		{"a comparison that looks like a tag", InlineMarkup, "x<y and z>w", "x&lt;y and z&gt;w"},
		{"HTML emphasis", InlineMarkup, "<b>a</b> <strong>b</strong> <i>c</i> <em>d</em> <u>e</u>", "<bold>a</bold> <bold>b</bold> <italic>c</italic> <italic>d</italic> <underline>e</underline>"},
		{"blanks move out of elements", InlineMarkup, " a<i> b </i>c ", "a <italic>b</italic> c"},
		{"empty elements go", InlineMarkup, "a<i> </i>b<b></b>", "a b"},
		{"case of HTML", InlineMarkup, "<I>E. coli</I>", "<italic>E. coli</italic>"},
		{"other tags keep their text", InlineMarkup, `<span class="x">a</span><font>b</font>`, "ab"},
		{"scripts go whole", InlineMarkup, "a<script>alert(1)</script>b<style>p{}</style>", "ab"},
		{"not closed", InlineMarkup, "<i>a <b>b</i> c", "<italic>a <bold>b</bold></italic> c"},
		{"closed but not open", InlineMarkup, "a</i>b", "ab"},
		{"entities once", InlineMarkup, "&eacute;&nbsp;&amp;lt;", "é\u00A0&amp;lt;"},
		{"tags escaped twice", InlineMarkup, "&lt;i&gt;E. coli&lt;/i&gt; and &amp;lt;sub&amp;gt;2&amp;lt;/sub&amp;gt;", "<italic>E. coli</italic> and <sub>2</sub>"},
		{"a tag that the text is about", InlineMarkup, "The &lt;b&gt; element", "The &lt;b&gt; element"},
		{"break in a title", InlineMarkup, "a<br>b<br/>", "a<break/>b"},
		{"break in a paragraph", ParaMarkup, "a<br>b", "a b"},
		{"paragraphs", ParaMarkup, "<p>a</p><p>b</p>", "a b"},
		{"heading", ParaMarkup, "<h2>Aim</h2>text", "<bold>Aim</bold>text"},
		{"link", ParaMarkup, `see <a href="https://a.example/x?a=1&amp;b=2">here</a>`, `see <ext-link ext-link-type="uri" xlink:href="https://a.example/x?a=1&amp;b=2">here</ext-link>`},
		{"link that runs code", ParaMarkup, `<a href="javascript:alert(1)">here</a>`, "here"},
		{"link without text", ParaMarkup, `<ext-link xlink:href="https://a.example/"/>`, `<ext-link ext-link-type="uri" xlink:href="https://a.example/" xlink:title="https://a.example/"></ext-link>`},
		{"uri", InlineMarkup, "<uri>https://a.example/</uri>", `<ext-link ext-link-type="uri" xlink:href="https://a.example/" xlink:title="https://a.example/">https://a.example/</ext-link>`},
		{"link in link", ParaMarkup, `<a href="https://a.example/">x <b><a href="https://b.example/">y</a></b></a>`, `<ext-link ext-link-type="uri" xlink:href="https://a.example/">x <bold>y</bold></ext-link>`},
		{"HTML list", ParaMarkup, "<ul><li>a<li>b</ul>", `<list list-type="bullet"><list-item><p>a</p></list-item><list-item><p>b</p></list-item></list>`},
		{"list in a title", InlineMarkup, "<ul><li>a</li><li>b</li></ul>", "a b"},
		{"ids go", InlineMarkup, `<italic id="i1">a</italic><xref rid="b1" ref-type="bibr">1</xref>`, "<italic>a</italic>1"},
		{"math", InlineMarkup, `<mml:math id="m1"><mml:mfrac><mml:mi>a</mml:mi><mml:mn>2</mml:mn></mml:mfrac></mml:math>`, "<inline-formula><mml:math><mml:mfrac><mml:mi>a</mml:mi><mml:mn>2</mml:mn></mml:mfrac></mml:math></inline-formula>"},
		{"math of HTML", InlineMarkup, `<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>a</mi></math>`, "<inline-formula><mml:math><mml:mi>a</mml:mi></mml:math></inline-formula>"},
		{"math with a child missing", InlineMarkup, "<mml:math><mml:mfrac><mml:mi>a</mml:mi></mml:mfrac></mml:math>", "a"},
		{"TeX and math", ParaMarkup, "<alternatives><tex-math>$a$</tex-math><mml:math><mml:mi>a</mml:mi></mml:math></alternatives>", "<inline-formula><alternatives><tex-math>$a$</tex-math><mml:math><mml:mi>a</mml:mi></mml:math></alternatives></inline-formula>"},
		{"characters", InlineMarkup, "a\u00ADb\u2028c\x01d\u00A0e e\u0301 \xff", "ab cd\u00A0e \u00E9 \uFFFD"},
		{"a mark after a tag stays outside of it", InlineMarkup, "<i>a</i>\u0338", "<italic>a</italic>\u0338"},
		{"affiliation", AffMarkup, `<label>1</label><institution-wrap><institution-id institution-id-type="ror">https://ror.org/05h992307</institution-id><institution>ORNL</institution></institution-wrap>, <country country="us">USA</country>`,
			`1 <institution-wrap><institution-id institution-id-type="ROR">https://ror.org/05h992307</institution-id><institution>ORNL</institution></institution-wrap>, <country country="US">USA</country>`},
		{"institution in emphasis", AffMarkup, "<bold><institution>ORNL</institution></bold>", "<institution>ORNL</institution>"},
		{"citation", CitationMarkup, `<person-group person-group-type="authors"><name><surname>Ng</surname> <given-names>A</given-names></name></person-group> <source>J <i>X</i></source> <pub-id pub-id-type="PMC">1</pub-id>`,
			`<person-group person-group-type="author"><name><surname>Ng</surname><given-names>A</given-names></name></person-group> <source>J <italic>X</italic></source> <pub-id pub-id-type="pmcid">1</pub-id>`},
		{"a name with text between", CitationMarkup, "<name><surname>Ng</surname>, <given-names>A</given-names></name>", "<string-name><surname>Ng</surname>, <given-names>A</given-names></string-name>"},
		{"a name in the wrong order", CitationMarkup, "<name><given-names>A</given-names><surname>Ng</surname></name>", "<name><surname>Ng</surname><given-names>A</given-names></name>"},
		{"parts of a citation in a title", InlineMarkup, "<source>Nature</source> today", "Nature today"},
		{"a date that is none", CitationMarkup, "<date><month>May</month></date>", "<string-date><month>May</month></string-date>"},
		{"keyword", emphMarkup, `<i>a</i> <a href="https://a.example/">b</a>`, "<italic>a</italic> b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := ParseMarkup(c.in, c.kind)
			require.NoError(t, err)
			assert.Equal(t, c.want, string(got))
			again, ws, err := ParseMarkup(string(got), c.kind)
			require.NoError(t, err)
			assert.Equal(t, got, again, "a second time")
			assert.Empty(t, ws)
		})
	}
}

func TestParseMarkupBounds(t *testing.T) {
	_, _, err := ParseMarkup(strings.Repeat("<i>", 300)+"x", InlineMarkup)
	assert.ErrorContains(t, err, "nested more than 256 deep")
}

func TestPlain(t *testing.T) {
	for in, want := range map[Rich]string{
		"R&amp;D &lt;i&gt;":      "R&D <i>",
		"&amp;lt;":               "&lt;",
		"H<sub>2</sub>O":         "H2O",
		"a<break/>b":             "a b",
		"a\u00A0 <bold>b</bold>": "a\u00A0 b",
		"<list><list-item><p>a</p></list-item><list-item><p>b</p></list-item></list>":                                                   "a b",
		"<name><surname>Ng</surname><given-names>A</given-names></name><year>2001</year>.":                                              "Ng A 2001.",
		"<inline-formula><alternatives><tex-math>$a$</tex-math><mml:math><mml:mi>b</mml:mi></mml:math></alternatives></inline-formula>": "b",
		"<inline-formula><tex-math>$a$</tex-math></inline-formula> <mml:math><mml:mi>b</mml:mi></mml:math>":                             "$a$ b",
		"<fpage>1</fpage>–<lpage>2</lpage>": "1–2",
	} {
		assert.Equal(t, want, in.Plain(), string(in))
	}
}

func FuzzParseMarkup(f *testing.F) {
	for _, s := range []string{"a <b>c</i> &amp;lt;i&amp;gt;x&amp;lt;/i&amp;gt;", `<a href="x:y">z</a><ul>a<li>b<ol>c`, "<math><mfrac><mi>a</mi></mfrac></math>",
		"<name><surname>a</surname>b</name><date><year>1</year></date>", "<aff><label>1</label><institution-id>x</institution-id></aff>",
		"<list><list-item><label>1</label>\u00AD</list-item></list>", "e<i></i>\u0301", "<i>a</i>\u0338<!--x--><![CDATA[<y>]]>", "<ext-link xlink:href='https://a.b/\"'>\u00AD</ext-link>"} {
		for k := range len(kinds) {
			f.Add(s, k)
		}
	}
	f.Fuzz(func(t *testing.T, s string, k int) {
		if k < 0 || k >= len(kinds) || len(s) > 1<<16 {
			return
		}
		r, _, err := ParseMarkup(s, MarkupKind(k))
		if err != nil {
			return
		}
		checkRich(t, r, MarkupKind(k))
	})
}

// checkRich fails when r is not well-formed, not in normal form or not what ParseMarkup makes of itself.
func checkRich(t *testing.T, r Rich, kind MarkupKind) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader("<x>" + string(r) + "</x>"))
	for {
		tok, err := d.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%q: %v", r, err)
		}
		if s, ok := tok.(xml.StartElement); ok {
			for _, a := range s.Attr {
				if a.Name.Local == "id" || a.Name.Local == "rid" {
					t.Fatalf("%q: an id", r)
				}
				if a.Name.Local == "href" && strings.Contains(strings.ToLower(a.Value), "script:") && !strings.Contains(a.Value, "//") && !strings.HasPrefix(a.Value, "mailto:") {
					t.Fatalf("%q: a link that runs code", r)
				}
			}
		}
	}
	again, _, err := ParseMarkup(string(r), kind)
	if err != nil || again != r {
		t.Fatalf("%q became %q (%v)", r, again, err)
	}
	if canonical(string(r), kind) {
		n, err := (&parser{data: []byte(r)}).fragment()
		require.NoError(t, err)
		slow, _, err := render(n, kind, false)
		require.NoError(t, err)
		if slow != r {
			t.Fatalf("%q is taken for canonical but would become %q", r, slow)
		}
	}
	js, err := json.Marshal(r)
	require.NoError(t, err)
	var back Rich
	require.NoError(t, json.Unmarshal(js, &back))
	if back != r && kind == AnyMarkup {
		t.Fatalf("%q became %q in JSON", r, back)
	}
	_ = r.Plain()
	if !r.HasMarkup() && !norm.NFC.IsNormalString(string(r)) {
		t.Fatalf("%q is not NFC", r)
	}
}
