package jats4r

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

// sources are the XML files of the shared data, by their path inside it.
func sources(t testing.TB) map[string][]byte {
	dir := fixturetest.Shared(t, "data/jats")
	files := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) == ".md" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	}))
	require.NotEmpty(t, files)
	return files
}

// What the rules find in the source files is what they found when they were compared with the schematron of JATS4R; see the package comment for
// what differed then.
func TestSources(t *testing.T) {
	files := sources(t)
	breached := map[string]map[string]int{} // by file and rule
	var table bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		d, err := Parse(files[name])
		require.NoError(t, err, name)
		n := map[string]int{}
		breached[name] = n
		for _, f := range d.Check() {
			n[f.Rule.ID]++
			assert.Positive(t, f.Line, "%s: %s", name, f.Path)
		}
		for _, id := range slices.Sorted(maps.Keys(n)) {
			fmt.Fprintf(&table, "%s\t%s\t%d\n", name, id, n[id])
		}
	}
	fixturetest.Golden(t, "../../jats/jats4r/testdata/sources.tsv", table.Bytes())
	t.Run("served", func(t *testing.T) { testServed(t, files, breached) })
}

// The rules whose errors may be left in what is served, because only a fact that the source does not state could mend them.
var absentFacts = map[string]string{
	"jats4r-auths-affs-aff-link":          "the source does not say whose affiliation it is",
	"jats4r-funding-source-missing":       "the source gives an award without its funder",
	"jats4r-data-citations-year":          `the source has words where the year would be ("in prep.")`,
	"jats4r-general-citations-year":       "the source has words, or a slip, where the year would be",
	"jats4r-general-citations-page-order": "the source gives a last page before the first, and does not say which is right",
}

// knownFaults are breaches that only what is served has.
//
// Package jats writes the affiliations of a journal's editors into article-meta, and leaves out the xref of the editors in journal-meta.
var knownFaults = map[string]bool{
	"elementa-bioone/journal.elementa.000011.xml jats4r-auths-affs-aff-link": true,
	"elementa-bioone/journal.elementa.000012.xml jats4r-auths-affs-aff-link": true,
}

// What Sheaf serves of these articles breaches no rule of severity error but for want of a fact, which the source breaches as well then.
func testServed(t *testing.T, files map[string][]byte, breached map[string]map[string]int) {
	warnings := map[string]int{}
	for name, data := range files {
		a, _, err := jats.Read(data)
		if err != nil { // samples of one feature, without a title
			continue
		}
		d, err := Parse(jats.AppendXML(nil, a, jats.WriteOptions{Standalone: true}))
		require.NoError(t, err, name)
		for _, f := range d.Check() {
			if f.Rule.Severity == Warning {
				warnings[f.Rule.ID]++
				continue
			}
			assert.Contains(t, absentFacts, f.Rule.ID, "%s: %s: %s", name, f.Path, f.Message)
			assert.True(t, breached[name][f.Rule.ID] > 0 || knownFaults[name+" "+f.Rule.ID], "%s: %s: %s", name, f.Path, f.Message)
		}
		if len(name)%8 > 0 { // one in eight will do
			continue
		}
		inside, err := Parse(jats.AppendXML(nil, a, jats.WriteOptions{})) // in the namespace that it has in OAI-PMH
		require.NoError(t, err, name)
		assert.Len(t, Check(inside.Root), len(d.Check()), name)
	}
	for _, id := range slices.Sorted(maps.Keys(warnings)) {
		t.Logf("%6d %s", warnings[id], id)
	}
}

func TestParse(t *testing.T) {
	utf16 := func(s string) []byte {
		b := []byte{0xff, 0xfe}
		for _, r := range s {
			b = append(b, byte(r), byte(r>>8))
		}
		return b
	}
	for name, doc := range map[string][]byte{
		"UTF-8 with a mark": []byte("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n\n<sec>Ы</sec>"),
		"UTF-16":            utf16("<?xml version='1.0' encoding='UTF-16'?>\n\n<sec>Ы</sec>"),
		"windows-1251":      []byte("<?xml version='1.0' encoding='windows-1251'?>\n\n<sec>\xdb</sec>"),
	} {
		d, err := Parse(doc)
		require.NoError(t, err, name)
		assert.Equal(t, "Ы", text(d.Root), name)
		found := d.Check()
		require.Len(t, found, 1, name)
		assert.Equal(t, Finding{found[0].Rule, 3, "/sec", "<sec> has no <title>"}, found[0], name)
		assert.Equal(t, "jats4r-accessibility-section-title", found[0].Rule.ID)
	}
	for doc, want := range map[string]jats.Warning{
		"":                                {Code: "malformed", Message: "XML without an element"},
		"<a>\n<b></a>":                    {Code: "malformed", Line: 2, Message: "XML: </a> ends no element that is open"},
		"<a>\n<b>":                        {Code: "malformed", Line: 2, Message: "XML: <b> is never ended"},
		"<a/>\n<b/>":                      {Code: "malformed", Line: 2, Message: `XML: a second root element "b"`},
		"<a/>\nx":                         {Code: "malformed", Line: 1, Message: `XML: text "x" outside of the root element`},
		"\n<a \x00/>":                     {Code: "malformed", Line: 2, Message: "XML: illegal character code U+0000"},
		strings.Repeat("<a>", maxDepth+1): {Code: "too-deep", Line: 1, Message: "elements more than 256 inside each other"},
		"<a>\n" + strings.Repeat("<a/>", maxElements): {Code: "too-large", Line: 2, Message: "more than 524288 elements"},
	} {
		_, err := Parse([]byte(doc))
		var fault *jats.Fault
		require.ErrorAs(t, err, &fault, doc)
		if doc == "\n<a \x00/>" { // the text is that of encoding/xml
			fault.Message = want.Message
		}
		assert.Equal(t, want, fault.Warning, doc)
	}
}

func TestVersions(t *testing.T) {
	order := []string{"2.3", "3.0", "1.0", "1.1d1", "1.1d3", "1.1", "1.2d1", "1.2", "1.3", "1.4"}
	for i := range order[1:] {
		a, b := parseVersion(order[i]), parseVersion(order[i+1])
		assert.True(t, b.from(a) && !a.from(b), "%s comes before %s", order[i], order[i+1])
	}
	assert.False(t, parseVersion("new").known())
	for doc, want := range map[string]string{
		`<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Publishing DTD v1.1d3 20150301//EN" "x.dtd"><article/>`: "1.1d3",
		`<!DOCTYPE article PUBLIC " -//NLM//DTD Journal Archiving and Interchange DTD v3.0 20080202//EN" "x.dtd"><article/>`: "3.0",
		`<!DOCTYPE article SYSTEM "http://jats.nlm.nih.gov/archiving/1.2/JATS-archivearticle1.dtd"><article/>`:               "1.2",
		`<!DOCTYPE article [<!ENTITY v "v1.1 ">]><article/>`:                                                                 "",
	} {
		d, err := Parse([]byte(doc))
		require.NoError(t, err)
		assert.Equal(t, parseVersion(want), d.version, doc)
	}
}

// Time goes with the length of a document: the rules that look at siblings do not look at them all over again.
func TestManySiblings(t *testing.T) {
	for name, part := range map[string]string{
		"aff":       `<aff>x</aff><contrib/>`,
		"graphic":   `<graphic><long-desc/></graphic>`,
		"statement": `<copyright-statement>x</copyright-statement><copyright-year>y</copyright-year>`,
	} {
		d, err := Parse([]byte("<fig>" + strings.Repeat(part, 20000) + "</fig>"))
		require.NoError(t, err)
		assert.LessOrEqual(t, len(d.Check()), maxFindings, name)
	}
}

func FuzzCheck(f *testing.F) {
	for _, r := range Rules() {
		f.Add([]byte(r.Fails))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data)
		if err != nil {
			var fault *jats.Fault
			require.ErrorAs(t, err, &fault)
			return
		}
		for _, found := range d.Check() {
			require.NotEmpty(t, found.Message)
			require.True(t, strings.HasPrefix(found.Path, "/"+d.Root.Tag))
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	files := sources(b)
	size := 0
	for _, data := range files {
		size += len(data)
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		for _, data := range files {
			if d, err := Parse(data); err == nil {
				d.Check()
			}
		}
	}
}
