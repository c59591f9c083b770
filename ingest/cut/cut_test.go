package cut

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func cutAll(t *testing.T, x XML, r io.Reader) (out []Record) {
	require.NoError(t, x.Cut(r, func(r Record) error {
		out = append(out, r)
		return nil
	}))
	return out
}

func TestCut(t *testing.T) {
	x := XML{Records: []string{"article"}, Drop: []string{"embed"}}
	for name, c := range map[string]struct {
		doc  string
		want []string // "LINE:DATA", or "LINE!what is wrong"
	}{
		"records with what they share": {`<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y>">]>
<a:set xmlns:a="urn:a"><head
 date="1 > 0">
H</head>
 <j><m>one</m><article n="1">
x</article><article/></j><j><m>two</m><a:article>y<article>z</article></a:article></j></a:set>`, []string{
			"5:<a:set xmlns:a=\"urn:a\"><head  date=\"1 > 0\">H</head><j><m>one</m><article n=\"1\">\nx</article></j></a:set>",
			"6:<a:set xmlns:a=\"urn:a\"><head  date=\"1 > 0\">H</head><j><m>one</m><article/></j></a:set>",
			"6:<a:set xmlns:a=\"urn:a\"><head  date=\"1 > 0\">H</head><j><m>two</m><a:article>y<article>z</article></a:article></j></a:set>",
		}},
		"a record alone": {"<article><![CDATA[</article>]]><!-- </article> --><?x </article>?></article>", []string{"1:<article><![CDATA[</article>]]></article>"}},
		"embedded files": {"<s><article><embed e='b'>AAAA<x/><y></y>\n</embed>t</article></s>", []string{"1:<s><article><embed e='b'></embed>t</article></s>"}},
		"one broken of three": {"<s>\n<article><p></article>\n<article>b<q></article></s>\n<s><article>c</article></s>", []string{
			`2!element "p" is closed by "article"`, `3!element "q" is closed by "article"`, "4:<s><article>c</article></s>"}},
		"cut short":       {"<s><article>1</article>\n<article>", []string{"1:<s><article>1</article></s>", `2!the file ends inside element "article", which begins in line 2`}},
		"inside a tag":    {"<s><article", []string{`1!the file ends inside element "s", which begins in line 1`}},
		"no XML":          {"TY  - JOUR", []string{"1!not XML: it holds no element"}},
		"empty":           {"", []string{"1!not XML: it holds no element"}},
		"a tag unclosed":  {"<s><article><p </article><article>b</article></s>", []string{`1!a tag that does not end: "<p <"`, "1:<s><article>b</article></s>"}},
		"nothing of ours": {"<html><body/></html>", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.doc), iotest.OneByteReader(strings.NewReader(c.doc))} {
				var got []string
				for _, r := range cutAll(t, x, r) {
					if r.Err != nil {
						got = append(got, string(rune('0'+r.Line))+"!"+strings.TrimPrefix(r.Err.Error(), "line 1: "))
					} else {
						got = append(got, string(rune('0'+r.Line))+":"+string(r.Data))
					}
				}
				assert.Equal(t, c.want, got)
			}
		})
	}
}

// An endless file takes no more memory than its bounds say, whatever it is made of.
func TestCutEndless(t *testing.T) {
	x := XML{Records: []string{"article"}}
	for name, part := range map[string]string{
		"<s><article>": "text without end ", "<s>": "<p>shared</p>", "<s><head>": "text", "<s><!--": "comment", "<s><p a='": "attribute",
		"": "<a>", "<![CDATA[": "data", "<!DOCTYPE a [": "<!ENTITY b 'c'>", "<s><article><![CDATA[": "data", "no XML": " at all",
	} {
		t.Run(name, func(t *testing.T) {
			r := io.MultiReader(strings.NewReader(name), io.LimitReader(&forever{part: part}, 18<<20))
			n := 0
			require.NoError(t, x.Cut(r, func(r Record) error {
				n++
				assert.Error(t, r.Err)
				assert.LessOrEqual(t, len(r.Data), MaxRecord+maxShared)
				return nil
			}))
			assert.Positive(t, n, "it is told that something is wrong")
		})
	}
}

type forever struct {
	part string
	at   int
}

func (f *forever) Read(p []byte) (int, error) {
	n := copy(p, f.part[f.at:])
	for n < len(p) {
		n += copy(p[n:], f.part)
	}
	f.at = (f.at + len(p)) % len(f.part)
	return len(p), nil
}

func TestText(t *testing.T) {
	russian := "Магнитные свойства тонких плёнок. Иванов И. И., Петров П. П. Институт физики, Москва, 2019. "
	chinese := "薄膜的磁性研究。张三，李四。物理研究所，北京。本文研究了薄膜在低温下的磁性，并与理论作了比较。"
	french := "Les propriétés magnétiques des couches minces à basse température: une étude théorique. "
	ascii := strings.Repeat("Plain words only, for a while. ", 300)
	for name, c := range map[string]struct {
		text string
		enc  encoding.Encoding
	}{
		"UTF-8":              {russian + chinese, encoding.Nop},
		"UTF-8 marked":       {russian, unicode.UTF8BOM},
		"UTF-16 LE":          {russian, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
		"UTF-16 BE":          {russian, unicode.UTF16(unicode.BigEndian, unicode.UseBOM)},
		"UTF-16 unmarked":    {"TY  - JOUR\nTI  - " + russian, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		"Windows-1251":       {russian, charmap.Windows1251},
		"Windows-1251 later": {ascii + russian, charmap.Windows1251},
		"KOI8-R":             {russian, charmap.KOI8R},
		"GB18030":            {chinese, simplifiedchinese.GB18030},
		"GB18030 later":      {ascii + chinese, simplifiedchinese.GB18030},
		"Windows-1252":       {french, charmap.Windows1252},
	} {
		t.Run(name, func(t *testing.T) {
			coded, err := c.enc.NewEncoder().Bytes([]byte(c.text))
			require.NoError(t, err)
			for _, r := range []io.Reader{bytes.NewReader(coded), iotest.HalfReader(bytes.NewReader(coded))} {
				got, err := io.ReadAll(Text(r))
				require.NoError(t, err)
				assert.Equal(t, c.text, string(got))
			}
		})
	}
	got, err := io.ReadAll(Text(strings.NewReader("Свойства \xff плёнок")))
	require.NoError(t, err)
	assert.Equal(t, "Свойства \uFFFD плёнок", string(got), "damaged UTF-8 stays UTF-8")
}

func TestDeclared(t *testing.T) {
	coded, err := charmap.KOI8R.NewEncoder().String("<?xml version='1.0' encoding='koi8-r'?><s><article>плёнки</article></s>")
	require.NoError(t, err)
	got := cutAll(t, XML{Records: []string{"article"}}, strings.NewReader(coded))
	require.Len(t, got, 1)
	assert.Equal(t, "<s><article>плёнки</article></s>", string(got[0].Data))
	root, err := Document([]byte(coded))
	require.NoError(t, err)
	assert.Equal(t, "плёнки", root.SelectElement("article").Text())
}

func TestRoot(t *testing.T) {
	for doc, want := range map[string][2]string{
		"<a/>": {"a", ""},
		"\xef\xbb\xbf <?xml version='1.0'?><!-- <b> --><!DOCTYPE x [<!ENTITY c '<d>'>]>\n<x:article a='1'\nxmlns:x = 'urn:x'>": {"article", "urn:x"},
		`<set xmlns:y="urn:y" xmlns="urn:z">`: {"set", "urn:z"},
		"text":                                {"", ""},
		"{}":                                  {"", ""},
		"":                                    {"", ""},
	} {
		name, ns := Root([]byte(doc))
		assert.Equal(t, want, [2]string{name, ns}, doc)
	}
}

func TestDocument(t *testing.T) {
	root, err := Document([]byte("<a>&eacute;&unknown;\x01 x &amp; y</a>"))
	require.NoError(t, err)
	assert.Equal(t, "é&unknown; x & y", root.Text())
	for doc, want := range map[string]string{
		strings.Repeat("<a>", 300): "line 1: elements more than 256 inside each other",
		"":                         "XML without an element",
		"<a>\n<b":                  "line 2: XML: unexpected EOF",
	} {
		_, err := Document([]byte(doc))
		assert.EqualError(t, err, want)
	}
}

func FuzzCut(f *testing.F) {
	for _, s := range []string{"<s><article>1</article></s>", "<s><article><p></article><article/></s>", "<!DOCTYPE a [<!ENTITY", "<a b='>'><![CDATA[]]></a>", "<s><embed>x</embed><article/></s>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		require.NoError(t, XML{Records: []string{"article"}, Drop: []string{"embed"}}.Cut(bytes.NewReader(data), func(r Record) error {
			assert.True(t, (r.Data == nil) != (r.Err == nil))
			assert.Positive(t, r.Line)
			if r.Err == nil {
				again := cutAll(t, XML{Records: []string{"article"}}, bytes.NewReader(r.Data))
				require.Len(t, again, 1, "a record is a document with one record")
				assert.Equal(t, string(r.Data), string(again[0].Data))
			}
			return nil
		}))
		Root(data)
		Document(data)
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte("\xcc\xe0\xe3"), []byte("x"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		data := append(a, b...)
		whole, err := io.ReadAll(Text(bytes.NewReader(data)))
		if err != nil {
			return // UTF-16 that is none
		}
		parts, err := io.ReadAll(Text(iotest.HalfReader(bytes.NewReader(data))))
		require.NoError(t, err)
		assert.Equal(t, string(whole), string(parts))
		lines := NewLines(bytes.NewReader(data))
		for {
			if _, err := lines.Next(); err != nil {
				assert.ErrorIs(t, err, io.EOF)
				return
			}
		}
	})
}

func TestJSON(t *testing.T) {
	for name, c := range map[string]struct {
		doc  string
		want []string
	}{
		"one":           {" {\"a\":\n1}\n", []string{"0:{\"a\":\n1}"}},
		"lines":         {"{\"a\":1}\n{\"b\":[]}\n\n{\"c\":{\"d\":[1,-2.5e3,true,null,\"\\\"}\"]}}", []string{`1:{"a":1}`, `2:{"b":[]}`, `4:{"c":{"d":[1,-2.5e3,true,null,"\"}"]}}`}},
		"one in line 2": {"\n{}", []string{"2:{}"}},
		"an array":      {"\xef\xbb\xbf[\n{\"a\":1},\n\n{\"a\":2}]", []string{`2:{"a":1}`, `4:{"a":2}`}},
		"an answer": {`{"status":"ok","message":{"facets":{"items":[1]},"total":2,"items":[{"a":"}"},
{"message":{"items":[{}]}}],"x":1},"y":"z"}
{"items":[]}{"results":[{"b":1}]}`, []string{`1:{"a":"}"}`, `2:{"message":{"items":[{}]}}`, `3:{"b":1}`}},
		"an answer of one": {`{"message":{"DOI":"x"}}`, []string{`0:{"message":{"DOI":"x"}}`}},
		"broken lines": {"{nonsense}\n{\"a\":1}\n{\"a\":2 ]\nmore\n{\"a\":3}\n{\"a\":4\n{\"a\":5}\n{\"a\":\"6\n{\"a\":7}\n{\"a\":", []string{
			`1!JSON: want a key or }, not 'n'`, `2:{"a":1}`, `3!JSON: want a comma or the end of the object or array, not ']'`, `5:{"a":3}`,
			`6!JSON: want a comma or the end of the object or array, not '{'`, `7:{"a":5}`, `8!JSON: a string is not closed in its line`, `9:{"a":7}`,
			`:!JSON ends in the middle of a value`}},
		"a broken array":    {"[{\"a\":1},\n{\"a\" 2},\n{\"a\":3}]", []string{`1:{"a":1}`, `2!JSON: want a colon, not '2'`}},
		"an array cut":      {`[{"a":1},`, []string{`1:{"a":1}`, `1!JSON ends in the middle of a value`}},
		"no object":         {"5", []string{`1!JSON: want an object, not '5'`}},
		"an array of texts": {`["a"]`, []string{`1!JSON: want an object in the array, not '"'`}},
		"too deep":          {`{"a":` + strings.Repeat("[", 1000), []string{`1!JSON nested more than 1000 deep`}},
		"nothing":           {" \n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.doc), iotest.OneByteReader(strings.NewReader(c.doc))} {
				var got []string
				require.NoError(t, JSON(r, func(r Record) error {
					if r.Err != nil {
						got = append(got, string(rune('0'+r.Line))+"!"+r.Err.Error())
					} else {
						got = append(got, string(rune('0'+r.Line))+":"+string(r.Data))
					}
					return nil
				}))
				assert.Equal(t, c.want, got)
			}
		})
	}
}

// Whatever the decoder of the standard library takes is handed out whole.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":"\u00e9\\"}]}`, "{}\n{]\n{}", `[{},{"a":1}]`, `{"message":{"items":[{}]}}`, `{"a":-0.5e+3,"b":null}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got []Record
		require.NoError(t, JSON(bytes.NewReader(data), func(r Record) error {
			assert.True(t, (r.Data == nil) != (r.Err == nil))
			got = append(got, r)
			return nil
		}))
		trimmed := bytes.Trim(data, " \t\r\n")
		if !utf8.Valid(data) || !json.Valid(trimmed) || trimmed[0] != '{' || bytes.Contains(data, []byte("items")) || bytes.Contains(data, []byte("results")) {
			return
		}
		require.Len(t, got, 1)
		require.NoError(t, got[0].Err)
		assert.Equal(t, string(trimmed), string(got[0].Data))
	})
}
