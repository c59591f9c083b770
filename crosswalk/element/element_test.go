package element_test

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/element"
)

func TestWriter(t *testing.T) {
	for _, c := range []struct {
		name, want string
		write      func(w *element.Writer)
	}{
		{"text is folded and escaped", `<a>x &lt;y&gt; &amp; z</a>`, func(w *element.Writer) { w.Text("a", "  x\n\t<y> &   z ") }},
		{"attributes are escaped, blank ones left out", `<a b="&lt;&quot;'&amp;" d="1"/>`, func(w *element.Writer) { w.Empty("a", "b", `<"'&`, "c", " \n", "d", "1") }},
		{"a blank text is no element", ``, func(w *element.Writer) { w.Text("a", " \n\u2028\u00ad\u200b", "b", "1") }},
		{"an element without content is taken back", `<b><d>1</d></b>`, func(w *element.Writer) {
			w.Open("a", "x", "1")
			w.Open("c")
			w.Text("e", "")
			w.Close()
			w.Close()
			w.Open("b")
			w.Open("c")
			w.Close()
			w.Text("d", "1")
			w.Close()
		}},
		{"an empty element counts as content", `<a><b/></a>`, func(w *element.Writer) {
			w.Open("a")
			w.Empty("b")
			w.Close()
		}},
		{"what XML forbids is left out", "<a>x\U00020BB7y\uFFFD</a>", func(w *element.Writer) { w.Text("a", "\x01x\x08\ufffe\U00020BB7\uffff\x7f\u0084y\xff") }},
		{"line breaks stay, one at a time", "<a>x\ny</a>", func(w *element.Writer) {
			w.Text("a", element.LineBreak+"x "+element.LineBreak+" "+element.LineBreak+"y"+element.LineBreak)
		}},
		{"the site stands only before a path, at the beginning", "<a b=\"\x00/1\">\x00/2</a><c>/3 /4</c><d>x/5</d>", func(w *element.Writer) {
			w.Text("a", element.Site+"/2", "b", element.Site+"/1")
			w.Text("c", " "+element.Site+"/3 "+element.Site+"/4")
			w.Text("d", element.Site+"x"+element.Site+"/5")
		}},
		{"once", `<a>1</a><a>2</a>`, func(w *element.Writer) {
			for _, s := range []string{"1", "2", "1", "2"} {
				at := len(w.B)
				w.Text("a", s)
				w.Once(0, at)
			}
		}},
	} {
		w := element.Writer{}
		c.write(&w)
		assert.Equal(t, c.want, string(w.B), c.name)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a", "<&>\"'", "]]>", "\x00/x", "é\u0301 李 ال", "\xed\xa0\x80", "a\x0bb\r\n", "\u2028\ufeff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w := element.Writer{}
		w.Open("a")
		w.Text("b", s, "c", s)
		w.Empty("d", "e", s)
		w.Close()
		got := strings.ReplaceAll(string(w.B), element.Site+"/", "https://example.org/")
		var doc struct {
			B *struct {
				C    string `xml:"c,attr"`
				Text string `xml:",chardata"`
			} `xml:"b"`
		}
		require.NoError(t, xml.Unmarshal([]byte(got), &doc), "%q", got)
		if doc.B != nil {
			require.NotEmpty(t, strings.TrimSpace(doc.B.Text))
			require.Equal(t, doc.B.Text, strings.ReplaceAll(doc.B.Text, "  ", " "), "folded")
		}
	})
}

func BenchmarkText(b *testing.B) {
	s := strings.Repeat("Слово за слово, word & word <more> 李 ", 40)
	w := element.Writer{}
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		w.B = w.B[:0]
		w.Text("a", s)
	}
}
