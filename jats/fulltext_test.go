package jats

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
)

// withBody is an article with a body, and after it what else an article has.
func withBody(body, rest string) []byte {
	return []byte(`<article><front><article-meta><title-group><article-title>T</article-title></title-group></article-meta></front>` + body + rest + `</article>`)
}

func TestReadFullText(t *testing.T) {
	for name, x := range map[string]struct{ body, want string }{
		"as it is":             {`<body id="b"><sec><title>A &amp; B</title><p>x <italic>y</italic></p></sec></body>`, `<body id="b"><sec><title>A &amp; B</title><p>x <italic>y</italic></p></sec></body>`},
		"comments, CDATA":      {`<body><!-- c --><p>a<?x y?><![CDATA[<b>]]>&#x20;&#233;</p></body>`, `<body><p>a&lt;b&gt; é</p></body>`},
		"other prefixes":       {`<body xmlns:m="http://www.w3.org/1998/Math/MathML" xmlns:l="http://www.w3.org/1999/xlink"><p><m:math><m:mi l:href="u">x</m:mi></m:math></p></body>`, `<body><p><mml:math><mml:mi xlink:href="u">x</mml:mi></mml:math></p></body>`},
		"other namespaces":     {`<body xmlns:q="urn:q"><p q:a="1" xml:lang="en"><q:z>x</q:z></p></body>`, `<body><p xml:lang="en"><z>x</z></p></body>`},
		"programs":             {`<body xmlns:xlink="http://www.w3.org/1999/xlink"><p><script>alert(1)</script>a<ext-link xlink:href=" java&#10;script:alert(1)">b</ext-link></p></body>`, `<body><p>a<ext-link>b</ext-link></p></body>`},
		"ends of lines":        {"<body><p>a\r\nb\rc</p></body>", "<body><p>a\nb\nc</p></body>"},
		"nothing":              {`<body> <!-- --> </body>`, ``},
		"empty":                {`<body/>`, ``},
		"none":                 {``, ``},
		"quotes in attributes": {`<body><p content-type='a"&gt;&lt;b'>x</p></body>`, `<body><p content-type="a&quot;&gt;&lt;b">x</p></body>`},
	} {
		a, _, err := Read(withBody(x.body, ""))
		require.NoError(t, err, name)
		if x.want == "" {
			assert.Nil(t, a.FullText, name)
			continue
		}
		require.NotNil(t, a.FullText, name)
		assert.Equal(t, x.want, a.FullText.Body, name)
		before := *a.FullText
		assert.Empty(t, a.Clean(), name)
		assert.Equal(t, before, *a.FullText, "%s: clean already", name)
	}
}

// What the notes and references have is not in the back a second time; the references that the text points at keep their ids.
func TestReadFullTextBack(t *testing.T) {
	a, _, err := Read(withBody(`<body><p><xref ref-type="bibr" rid="b2">2</xref></p></body>`, `<back><ack><p>Thanks</p></ack>
<sec><title>Notes</title><fn-group><fn fn-type="conflict"><p>None</p></fn></fn-group></sec><ref-list><ref id="b1"><mixed-citation>One</mixed-citation></ref><ref id="b2"><mixed-citation>Two</mixed-citation></ref></ref-list>
<app-group><app id="a1"><title>App</title><table-wrap><table><tr><td>c</td></tr></table></table-wrap></app></app-group></back><floats-group><fig id="f1"/></floats-group>`))
	require.NoError(t, err)
	assert.Equal(t, &FullText{
		Body:   `<body><p><xref ref-type="bibr" rid="b2">2</xref></p></body>`,
		Back:   `<back><ack><p>Thanks</p></ack><app-group><app id="a1"><title>App</title><table-wrap><table><tr><td>c</td></tr></table></table-wrap></app></app-group></back>`,
		Floats: `<floats-group><fig id="f1"/></floats-group>`,
	}, a.FullText)
	require.Len(t, a.Refs, 2)
	assert.Equal(t, [2]string{"", "b2"}, [2]string{a.Refs[0].ID, a.Refs[1].ID})
	assert.Len(t, a.Notes, 1)

	plain := string(AppendXML(nil, a, WriteOptions{IDPrefix: "x-"}))
	assert.NotContains(t, plain, "<body>", "only when asked for")
	assert.Contains(t, plain, `<ref id="x-R2">`)
	full := string(AppendXML(nil, a, WriteOptions{IDPrefix: "x-", FullText: true}))
	for _, want := range []string{`rid="x-b2"`, `<ref id="x-b2">`, `<ref id="x-_R1">`, `<app id="x-a1">`, `<fig id="x-f1"/>`} {
		assert.Contains(t, full, want)
	}
	again, _, err := Read(AppendXML(nil, a, WriteOptions{FullText: true}))
	require.NoError(t, err)
	assert.Equal(t, a.FullText, again.FullText)
	assert.Equal(t, a.Refs, again.Refs)

	data, err := json.Marshal(a)
	require.NoError(t, err)
	b, err := DecodeJSON(data)
	require.NoError(t, err)
	assert.Equal(t, a, b)
	assert.Equal(t, a.FullText, Merge(&Article{Title: a.Title}, a).FullText)
}

// A full text that is too deep or too large is left aside, and one from JSON that is no XML; the article stays.
func TestFullTextBounds(t *testing.T) {
	deep := strings.Repeat("<sec>", 210) + "x" + strings.Repeat("</sec>", 210)
	a, ws, err := Read(withBody("<body>"+deep+"</body>", ""))
	require.NoError(t, err)
	assert.Nil(t, a.FullText)
	require.Len(t, ws, 1)
	assert.Equal(t, "fulltext-dropped", ws[0].Code)
	a, ws, err = Read(withBody("<body><p>"+strings.Repeat("0123456789abcdef", 1<<20)+"x</p></body>", ""))
	require.NoError(t, err)
	assert.Nil(t, a.FullText)
	require.Len(t, ws, 1)
	_, _, err = Read(withBody("<body>"+strings.Repeat("<sec>", 300)+"</body>", ""))
	assert.ErrorContains(t, err, "nested more than 256 deep")
	_, _, err = Read(withBody("<body><p>a</body>", ""))
	assert.ErrorContains(t, err, `element "p" is closed by "body"`)
	bomb := `<!DOCTYPE article [<!ENTITY a "` + strings.Repeat("x", 1000) + `"><!ENTITY b "` + strings.Repeat("&a;", 1000) + `"><!ENTITY c "` + strings.Repeat("&b;", 1000) + `">]>`
	_, _, err = Read(append([]byte(bomb), withBody("<body><p>&c;</p></body>", "")...))
	assert.ErrorContains(t, err, "expands without bound")

	for _, bad := range []string{"text", "<p/>", "<body><p>", "<body>a</body>b", "<body>&x</body>", "<!-- -->", "<body><p>a</p></body><body/>", "<", "<body", "</body>"} {
		a := &Article{Title: Title{Text: "T"}, FullText: &FullText{Body: bad}}
		assert.NotEmpty(t, a.Clean(), bad)
		assert.Nil(t, a.FullText, bad)
	}
}

func BenchmarkReadShared(b *testing.B) {
	for _, name := range []string{"elife/elife.xml", "bmc/1471-2180-11-174.xml", "mdpi/mdpi_climate-11-00147.xml"} {
		b.Run(name, func(b *testing.B) {
			data, err := os.ReadFile(fixturetest.Shared(b, "data/jats/"+name))
			require.NoError(b, err)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Read(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
