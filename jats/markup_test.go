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

	"sheaf/fixtures/fixturetest"
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
		{"parts of a citation that touch, in a paragraph", ParaMarkup, "<mixed-citation><day>26</day><month>07</month>, <source>Nature</source><volume>48</volume>(<issue>7</issue>)<ext-link>x</ext-link></mixed-citation>", "26 07, Nature 48(7)x"},
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

// quick is what articles have most of; it is told at once to be as it should.
var quick = []struct {
	s    string
	kind MarkupKind
}{
	{`<institution-wrap><institution-id institution-id-type="ROR">https://ror.org/0abc</institution-id><institution content-type="dept">A &amp; b</institution></institution-wrap>, <city>C</city>`, AffMarkup},
	{`<institution>A</institution>, <addr-line>B <sup>2</sup></addr-line>`, AffMarkup},
	{`<ext-link ext-link-type="uri" xlink:href="https://a.example/?b=1&amp;c=2" xlink:title="&quot;see&quot; &lt;a&gt;">here</ext-link> é–я 中`, ParaMarkup},
	{`<person-group person-group-type="author"><name name-style="western"><surname>A</surname><given-names>B</given-names></name> <etal/></person-group>, <year>2001</year>`, CitationMarkup},
	{`A <italic>b</italic> H<sub>2</sub>O &lt; 3`, InlineMarkup},
}

func TestQuickMarkup(t *testing.T) {
	for _, q := range quick {
		assert.True(t, canonical(q.s, q.kind), q.s)
		checkRich(t, Rich(q.s), q.kind)
	}
}

func TestWithoutTopBlanks(t *testing.T) {
	in := Rich(`<person-group person-group-type="author"><name><surname>A B</surname></name> <etal/></person-group> <etal/> <pub-id pub-id-type="doi">10.1/x</pub-id> <source>C <italic>d</italic> e</source>`)
	p := &parser{data: []byte(in)}
	n, err := p.fragment()
	require.NoError(t, err)
	r := renderer{elementsOnly: true}
	want, err := r.render(n, CitationMarkup)
	require.NoError(t, err)
	assert.Equal(t, want, withoutTopBlanks(in))
	assert.Equal(t, len(in)-3, len(want))
	assert.Equal(t, want, withoutTopBlanks(want))
}

func FuzzParseMarkup(f *testing.F) {
	for _, s := range []string{"a <b>c</i> &amp;lt;i&amp;gt;x&amp;lt;/i&amp;gt;", `<a href="x:y">z</a><ul>a<li>b<ol>c`, "<math><mfrac><mi>a</mi></mfrac></math>",
		"<name><surname>a</surname>b</name><date><year>1</year></date>", "<aff><label>1</label><institution-id>x</institution-id></aff>",
		"<list><list-item><label>1</label>\u00AD</list-item></list>", "e<i></i>\u0301", "<i>a</i>\u0338<!--x--><![CDATA[<y>]]>", "<ext-link xlink:href='https://a.b/\"'>\u00AD</ext-link>",
		quick[0].s, quick[1].s, quick[2].s, quick[3].s, quick[4].s, "<institution-wrap><institution-wrap><institution>a</institution></institution-wrap></institution-wrap>",
		"<institution-wrap><institution-id>grid.1</institution-id> <institution-id institution-id-type='ror'>b</institution-id></institution-wrap>",
		"<person-group><etal/> <etal>a</etal><etal> </etal></person-group>", "<person-group person-group-type='a&amp;quot;'><collab>b</collab></person-group>"} {
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
		var rd renderer
		slow, err := rd.render(n, kind)
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

// nasty are fragments that break the rules of the DTD in one way each.
var nasty = []string{
	"<p>a<p>b</p></p>", "<list>x</list>", "<list><label>1</label></list>", "<list-item><label>1</label></list-item>", "<ul><li><label>1</label></li><li><ul><li>x</li></ul></li></ul>",
	"<ol><li><p>a</p>b<list><list-item>c</list-item></list></li></ol>", "<disp-formula><label>1</label><mml:math><mml:mi>a</mml:mi></mml:math></disp-formula>",
	"<disp-formula>x<break/>y</disp-formula>", "<inline-formula><inline-formula>x</inline-formula><inline-graphic xlink:href='a'/></inline-formula>",
	"<alternatives><inline-graphic xlink:href='a'/></alternatives>", "<alternatives><tex-math>a</tex-math></alternatives>", "<bold><mml:math><mml:mi>a</mml:mi></mml:math></bold>",
	"<mml:math><mml:mtable><mml:mtr><mml:mtd/></mml:mtr></mml:mtable></mml:math>", "<mml:math><mml:mtr/></mml:math>", "<mml:math display='odd' id='x'><mml:mo stretchy='maybe' lspace=''>+</mml:mo></mml:math>",
	"<mml:math><mml:semantics><mml:mi>a</mml:mi><mml:annotation>b</mml:annotation></mml:semantics></mml:math>", "<mml:math><mml:mmultiscripts><mml:mi>a</mml:mi><mml:none/><mml:prescripts/></mml:mmultiscripts></mml:math>",
	"<mml:math><mml:mmultiscripts><mml:mi>a</mml:mi><mml:none/><mml:mi>b</mml:mi><mml:mprescripts/><mml:mi>c</mml:mi><mml:none/></mml:mmultiscripts></mml:math>",
	"<mml:math><mml:msub><mml:mi>a</mml:mi></mml:msub></mml:math>", "<mml:math><mml:mfenced open='' close='|' separators=''><mml:mspace width='1em' mathvariant='bold'/></mml:mfenced></mml:math>", "<mml:math>x</mml:math>", "<mml:math/>",
	"<mml:math><mml:mrow><mml:apply/></mml:mrow></mml:math>", "<mml:math><mml:mtable frame='box' columnalign='left right'><mml:mlabeledtr><mml:mtd columnalign='wrong'><mml:mn>1</mml:mn></mml:mtd></mml:mlabeledtr></mml:mtable></mml:math>",
	"<name/>", "<name><prefix>Dr</prefix></name>", "<name><surname>a</surname><surname>b</surname></name>", "<name><given-names>a</given-names></name>", "<name name-style='odd' xml:lang=''><surname>a</surname><suffix>Jr</suffix><prefix>Dr</prefix></name>",
	"<name><suffix>Jr</suffix> <surname>x</surname><degrees>PhD</degrees></name>", "<name-alternatives>x</name-alternatives>", "<name-alternatives><name><surname>a</surname></name><name>b</name></name-alternatives>", "<name-alternatives><collab>a</collab></name-alternatives>",
	"<person-group person-group-type='odd'><name>a<surname>b</surname></name>, <etal/><anonymous/><aff>x</aff><role>ed.</role></person-group>", "<person-group/>",
	"<collab>x<contrib-group><contrib><name><surname>a</surname></name></contrib></contrib-group></collab>", "<date><day>1</day></date>", "<date><year>2001</year><month>1</month></date>", "<date><season>Fall</season><year>2001</year></date>", "<date><day>1</day><season>x</season><year>2001</year></date>",
	"<size>5 p.</size>", "<size units='page'>5</size>", "<page-count count='3'/>", "<pub-id pub-id-type='odd thing'>x<b>y</b></pub-id>", "<pub-id xlink:href='javascript:x'>y</pub-id>", "<std><source>x</source><std-organization>ISO <institution>y</institution></std-organization><volume>1</volume></std>",
	"<annotation><p>a</p></annotation>", "<comment><list><list-item><p>a</p></list-item></list></comment>", "<italic><source>a</source> b</italic>", "<source>a <volume>1</volume></source>", "<volume><bold>1</bold></volume>", "<article-title>a<fn><p>b</p></fn><break/>c</article-title>",
	"<institution-id>https://ror.org/1</institution-id>", "<institution-wrap>a<institution>b</institution></institution-wrap>", "<institution><bold>a</bold><sub>2</sub></institution>", "<addr-line><named-content content-type='city'>x</named-content> <postal-code>1</postal-code></addr-line>", "<addr-line content-type='city'>x</addr-line>", "<country country='USA'>x</country>",
	"<label>1</label>", "<xref rid='x'>1</xref>", "<sup><break/>a</sup>", "<sub><p>a</p></sub>", "<ext-link xlink:href='https://a.example/'><ext-link xlink:href='https://b.example/'>x</ext-link></ext-link>", "<ext-link>x</ext-link>", "<email><b>a@b.example</b></email>", "<uri>no address</uri>", "<conf-loc><city>x</city>, <bold>y</bold></conf-loc>",
	"<publisher-name><institution-wrap><institution>x</institution></institution-wrap></publisher-name>", "<publisher-loc>a <ext-link xlink:href='https://a.example/'>b</ext-link></publisher-loc>", "<edition>2<sup>nd</sup></edition>", "<etal>et al.</etal>", "<supplement><title>a</title></supplement>", "<series><source>x</source></series>",
	"<data-title><inline-formula>x</inline-formula><ext-link xlink:href='10.5555/x'>y</ext-link></data-title>", "<chapter-title>a<break/>b</chapter-title>", "<year iso-8601-date='soon'>2001</year>", "<date-in-citation iso-8601-date='2001-02-30'><year>2001</year>, x</date-in-citation>", "<access-date>2001</access-date>", "<isbn><bold>1</bold></isbn>",
	"<related-article related-article-type='x'>a</related-article>", "<named-content content-type='x'>a</named-content>", "<mixed-citation><source>x</source></mixed-citation>", "<tex-math>\\alpha<b>x</b></tex-math>",
}

// A Rich of a kind is valid in its place, whatever it was made of.
func TestRichIsValid(t *testing.T) {
	make := func(kind MarkupKind) (out []Rich) {
		for _, s := range nasty {
			for _, around := range [...]string{"%", "<bold>a %</bold>", "x <italic>%</italic><source>y</source>", "<ext-link xlink:href='https://a.example/'>%</ext-link>"} {
				r, _, err := ParseMarkup(strings.Replace(around, "%", s, 1), kind)
				require.NoError(t, err, s)
				checkRich(t, r, kind)
				if r != "" {
					out = append(out, r)
				}
			}
		}
		return
	}
	a := &Article{Title: Title{Text: "T"}, Journal: Journal{IDs: []ID{{"publisher-id", "x"}}, ISSNs: []ISSN{{"print", "0378-5955"}}}}
	for _, r := range make(InlineMarkup) {
		a.TransTitles = append(a.TransTitles, Title{Lang: "en", Text: r})
	}
	a.Abstracts = []Abstract{{P: make(ParaMarkup)}}
	for _, r := range make(AffMarkup) {
		a.Affs = append(a.Affs, Aff{Forms: []AffForm{{Text: r}}})
	}
	for _, r := range make(CitationMarkup) {
		a.Refs = append(a.Refs, Ref{Citations: []Citation{{Text: r}}})
		a.Products = append(a.Products, Product{Text: r})
	}
	for _, r := range make(relatedMarkup) {
		a.Related = append(a.Related, Related{Type: "companion", Text: r})
	}
	kwds := KwdGroup{}
	for _, r := range make(emphMarkup) {
		kwds.Kwds = append(kwds.Kwds, Kwd{Text: r})
	}
	a.KwdGroups = []KwdGroup{kwds}
	for _, r := range make(AnyMarkup) {
		a.Refs = append(a.Refs, Ref{Citations: []Citation{{Text: r, Elements: true}}, Notes: []Rich{r}})
		a.Conferences = append(a.Conferences, Conference{Name: r, Theme: r})
		a.CustomMeta = append(a.CustomMeta, CustomMeta{Name: r, Value: r})
		a.SubjGroups = append(a.SubjGroups, SubjGroup{Subjects: []Subject{{Text: r}}})
		a.Permissions.Statements = append(a.Permissions.Statements, Text{Text: r})
		a.Contribs = append(a.Contribs, Contrib{Collab: []Text{{Text: r}}, Roles: []Role{{Text: r}}, Bio: []Rich{r}})
	}
	a.Clean()
	require.Empty(t, a.Clean())
	bad := fixturetest.DTD(t, fixturetest.Publishing, map[string][]byte{"nasty": AppendXML(nil, a, WriteOptions{Standalone: true, Emails: true})})
	assert.Empty(t, bad)
}

func BenchmarkParseMarkup(b *testing.B) {
	for name, s := range map[string]string{"clean": strings.Repeat("A sentence with <italic>emphasis</italic> and 10<sup>2</sup> more words.", 20),
		"html": strings.Repeat("A sentence with <i>emphasis</i> &amp; 10<SUP>2</SUP> more words.<br>", 20)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				_, _, err := ParseMarkup(s, ParaMarkup)
				require.NoError(b, err)
			}
		})
	}
}
