package jats

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

// Odd values for the fields of an article: text of many kinds, most of it wrong where it comes to stand.
var odd = []string{"", " ", "a", "A & B <i>", "10.5555/x", "https://example.org/?a=1&b=<2>", "2020", "2020-02-30", "2020-13", "2020-05", "0000", "ru", "en", "ru_RU", "x-1", "RU", "rus",
	"author", "corresp", "data", "preprint", "data-availability", "print", "linking", "\x00\x0b", "\xff", "\ufffe", "\"'>", "]]>", "王", "embargoed", "graphical", "given-only", "doi", "text/html", "1213", "8", "notes", "\r\n\t"}

var oddMarkup = []string{"", " ", "plain", "a &amp; b", "<italic>i</italic>", "<italic></italic>", "H<sub>2</sub>O", "<email>a@b.c</email>", `<ext-link ext-link-type="uri" xlink:href="https://e.org/">x</ext-link>`,
	`<inline-formula><mml:math><mml:mi>x</mml:mi></mml:math></inline-formula>`, `<list><list-item><p>a</p></list-item></list>`, "<p>a</p><p>b</p>", "a<break/>b", `<disp-formula><tex-math>x</tex-math></disp-formula>`,
	"<source>S</source>, <year>2001</year>", `<person-group><name><surname>A</surname></name></person-group>`, `<institution>I</institution> <country country="ru">R</country>`,
	`<mml:math><mml:mfrac><mml:mi>x</mml:mi></mml:mfrac></mml:math>`, "<date><year>2001</year><month>1</month></date>", "<name/>", "<sup>1</sup>b", "<xref rid='a'>1</xref>", "<table><tr><td>t</td></tr></table>"}

// fillOdd puts odd values into v, ever fewer the deeper.
func fillOdd(r *rand.Rand, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[Rich]() {
			x, _, err := ParseMarkup(oddMarkup[r.IntN(len(oddMarkup))], AnyMarkup)
			if err == nil {
				v.SetString(string(x))
			}
			return
		}
		v.SetString(odd[r.IntN(len(odd))])
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int:
		v.SetInt(int64(r.IntN(5) - 1))
	case reflect.Pointer:
		if r.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fillOdd(r, v.Elem(), depth+1)
		}
	case reflect.Slice:
		n := r.IntN(4)
		if depth > 3 {
			n = r.IntN(2)
		}
		if depth > 6 {
			n = 0
		}
		if n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				fillOdd(r, v.Index(i), depth+1)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if r.IntN(4) > 0 {
				fillOdd(r, v.Field(i), depth+1)
			}
		}
	}
}

// Whatever an article holds, once it is clean it is written validly.
func TestRandomArticlesAreValid(t *testing.T) {
	if testing.Short() {
		t.Skip("short: half a minute of xmllint")
	}
	all := map[string]*Article{}
	for i := range 60 {
		r := rand.New(rand.NewPCG(7, uint64(i)))
		a := &Article{}
		fillOdd(r, reflect.ValueOf(a).Elem(), 0)
		if i%2 == 0 { // what Publishing demands
			a.Title.Text, a.Journal.IDs, a.Journal.ISSNs = "T", []ID{{"publisher-id", "x"}}, []ISSN{{"print", "1234-5679"}}
		}
		a.Clean()
		all[fmt.Sprint("random ", i)] = a
		ids(t, AppendXML(nil, a, WriteOptions{IDPrefix: "x-"}))
	}
	for name, what := range checkAll(t, all, WriteOptions{}) {
		t.Errorf("%s: %.1500s", name, what)
	}
}
