package crosswalk_test

import (
	"fmt"
	"math/rand"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
)

// bits are what random strings are made of: values that mean something in some field, and characters that are trouble in XML.
var bits = []string{
	"", " ", "a", "Zz", "10.5555/", "<", "&", ">", `"`, "'", "]]>", "\x00", "\x01", "\x0b", "\r\n", "\x7f", "\xff", "\xed\xa0\x80", "\ufffe", "\uffff", "\u0085", "\u2028", "\u00ad", "\u200b", "é", "李",
	"\U00020BB7", "ال", "e\u0301", "https://a.example.org/", "2020", "2020-02", "2020-02-30", "en", "ru-Latn", "zh_Hans", "xx-", "open", "embargoed", "text/html", "application/pdf", "doi", "orcid", "author", "editor",
	"pub", "collection", "electronic", "print", "1", "-5", "12a", "coi-statement", "corresp", "data-availability", "notes", "islensk", "given-only", "heading", "graphical", "RU", "Data curation", "lead", "data",
	"journal", "confproc", "corrected-article", "0000-0001-0000-1116", "ROR", "VoR", "s1", "application/", "#x",
}

var markup = []string{"<italic>%s</italic>", "x<sub>%s</sub>", "<bold>%s <sup>2</sup></bold>", `<ext-link ext-link-type="uri" xlink:href="https://a.example.org/">%s</ext-link>`,
	"<inline-formula><mml:math><mml:mi>%s</mml:mi></mml:math></inline-formula>", "<inline-formula><tex-math>%s</tex-math></inline-formula>"}

// random fills every field of v, at any depth, from bits.
func random(r *rand.Rand, v reflect.Value, depth int) {
	text := func() string {
		var b strings.Builder
		for n := 1 + r.Intn(3); n > 0; n-- {
			b.WriteString(bits[r.Intn(len(bits))])
		}
		return b.String()
	}
	switch {
	case v.Type() == reflect.TypeFor[jats.Rich]():
		s := string(jats.Escape(text()))
		if r.Intn(3) == 0 {
			s = fmt.Sprintf(markup[r.Intn(len(markup))], s)
		}
		v.SetString(s)
	case v.Kind() == reflect.String:
		if r.Intn(3) > 0 {
			v.SetString(bits[r.Intn(len(bits))])
		} else {
			v.SetString(text())
		}
	case v.Kind() == reflect.Bool:
		v.SetBool(r.Intn(2) == 0)
	case v.Kind() == reflect.Int:
		v.SetInt(int64(r.Intn(2000) - 10))
	case v.Kind() == reflect.Pointer:
		if r.Intn(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			random(r, v.Elem(), depth)
		}
	case v.Kind() == reflect.Slice:
		if depth > 6 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), r.Intn(3), 3))
		for i := range v.Len() {
			random(r, v.Index(i), depth+1)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if r.Intn(4) > 0 || depth == 0 && i < 8 {
				random(r, v.Field(i), depth+1)
			}
		}
	}
}

// Whatever is deposited, the article that passes intake makes records that are well-formed and valid, and the same ones again from its JSON.
func TestRandomArticlesMakeValidRecords(t *testing.T) {
	dc, inside, full := map[string][]byte{}, map[string][]byte{}, map[string][]byte{}
	dcFormat, _ := crosswalk.Find("oai_dc")
	jatsFormat, _ := crosswalk.Find("jats")
	kept := 0
	for seed := int64(700); seed < 1100; seed++ {
		a := new(jats.Article)
		random(rand.New(rand.NewSource(seed)), reflect.ValueOf(a).Elem(), 0)
		a.Clean()
		if len(a.Problems()) > 0 {
			continue
		}
		kept++
		local := ingest.Local(a)
		_, err := crosswalk.RenderAll(crosswalk.All(), crosswalk.Record(a, local, today))
		require.NoError(t, err, "seed %d", seed)
		inside[fmt.Sprint("seed ", seed)], _ = render(t, jatsFormat, a)
		if kept > 40 { // xmllint reads the DTD anew for each document
			continue
		}
		b, err := crosswalk.Document(dcFormat, a, local, site, today)
		require.NoError(t, err)
		dc[fmt.Sprint("seed ", seed)] = b
		b, err = crosswalk.Document(jatsFormat, a, local, site, today)
		require.NoError(t, err)
		full[fmt.Sprint("seed ", seed)] = b
	}
	assert.Greater(t, kept, 100, "too few random articles pass intake for this to say anything")
	assert.Empty(t, fixturetest.XSD(t, "oai/oai_dc.xsd", dc))
	assert.Empty(t, fixturetest.XSD(t, filepath.Join(fixturetest.Root(), "jats", "schema", "sheaf-jats-1.3.xsd"), inside))
	assert.Empty(t, fixturetest.DTD(t, fixturetest.Archiving, full))
}

// No article that is clean can pretend to be the site's address.
func TestCleanLeavesNoPlaceholder(t *testing.T) {
	for seed := int64(0); seed < 400; seed++ {
		a := new(jats.Article)
		random(rand.New(rand.NewSource(seed)), reflect.ValueOf(a).Elem(), 0)
		a.Clean()
		a.Origin = nil // which the about containers are made of: they tell only what is sound
		form := string(a.AppendJSON(nil))
		require.NotContains(t, form, `\u0000`, "seed %d", seed)
	}
}
