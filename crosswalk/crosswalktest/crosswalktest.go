// Package crosswalktest is what the tests of the formats share: articles to render, and the checks of what was rendered.
package crosswalktest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/fixtures"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
)

// Day is the day on which the records of these tests are served.
var Day = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// Append is the function of a format.
type Append func(dst []byte, r *flat.Record) ([]byte, error)

// Record is the flat record of a, with its page here.
func Record(a *jats.Article) *flat.Record {
	local := ingest.Local(a)
	return flat.Of(a, local, element.Site+"/records/"+local, Day)
}

// Fixtures are all fixtures, by name without the extension.
func Fixtures(t testing.TB) map[string]*jats.Article {
	t.Helper()
	out := map[string]*jats.Article{}
	entries, err := fs.ReadDir(fixtures.FS, "articles")
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name() == "README.md" {
			continue
		}
		data, err := fs.ReadFile(fixtures.FS, "articles/"+e.Name())
		require.NoError(t, err)
		_, a, _, err := ingest.Parse(data, "")
		require.NoError(t, err, e.Name())
		out[strings.TrimSuffix(e.Name(), path.Ext(e.Name()))] = a
	}
	require.GreaterOrEqual(t, len(out), 13)
	return out
}

// Golden compares the record of each fixture, and of each article of ours, with testdata/NAME.xml of the package under test.
func Golden(t *testing.T, render Append, name string, a *jats.Article) {
	t.Helper()
	doc, err := render(nil, Record(a))
	require.NoError(t, err)
	doc = []byte(strings.ReplaceAll(string(sited(doc)), "><", ">\n<") + "\n") // a line for each element: for people
	dir, err := os.Getwd()
	require.NoError(t, err)
	rel, err := filepath.Rel(filepath.Join(fixturetest.Root(), "fixtures", "golden"), filepath.Join(dir, "testdata", name+".xml"))
	require.NoError(t, err)
	fixturetest.Golden(t, filepath.ToSlash(rel), doc)
}

// perKind is how many records of each kind of data are taken; all with SHEAF_ALL=1.
const perKind = 60

// Everything renders what [Render] does, and checks each record by the schema too.
func Everything(t *testing.T, render Append, xsd string, check func(t testing.TB, name string, r *flat.Record, doc []byte)) {
	docs, _ := Render(t, render, check)
	assert.Empty(t, fixturetest.XSD(t, xsd, Sited(docs)))
}

// Render renders the fixtures and the data of the shared material, where that is on the machine, and hands each record to check, the address of the site
// in it. It returns the records as they are stored, by name, and the codes of the refusals of fixtures, by name. It logs how many of each kind were
// written, and how many were refused for which reason.
func Render(t testing.TB, render Append, check func(t testing.TB, name string, r *flat.Record, doc []byte)) (docs map[string][]byte, refused map[string]string) {
	t.Helper()
	docs, refused = map[string][]byte{}, map[string]string{}
	written, codes := map[string]int{}, map[string]map[string]int{}
	var kinds []string
	corpus(t, func(kind, name string, a *jats.Article) {
		if codes[kind] == nil {
			kinds, codes[kind] = append(kinds, kind), map[string]int{}
		}
		r := Record(a)
		doc, err := render(nil, r)
		var cannot *flat.Cannot
		if errors.As(err, &cannot) {
			require.Nil(t, doc)
			require.NotEmpty(t, cannot.Message)
			if codes[kind][cannot.Code]++; kind == "fixtures" {
				refused[name] = cannot.Code
			}
			return
		}
		require.NoError(t, err, name)
		again, err := render(nil, r)
		require.NoError(t, err)
		require.Equal(t, string(doc), string(again), "%s: not the same twice", name)
		require.NotContains(t, docs, name)
		docs[name] = doc
		doc = sited(doc)
		require.NotContains(t, string(doc), "\x00")
		written[kind]++
		check(t, name, r, doc)
	})
	require.Positive(t, written["fixtures"])
	for _, kind := range kinds {
		t.Logf("%-14s written %d refused %v", kind, written[kind], codes[kind])
	}
	return docs, refused
}

// corpus gives the fixtures, and a sample of each kind of shared data.
func corpus(t testing.TB, take func(kind, name string, a *jats.Article)) {
	t.Helper()
	for name, a := range Fixtures(t) {
		take("fixtures", name, a)
	}
	data := filepath.Join(fixturetest.Root(), "..", "shared", "data")
	entries, err := os.ReadDir(data)
	if err != nil {
		t.Logf("%s is not on this machine: fixtures only", data)
	}
	for _, e := range entries {
		kind, step := e.Name(), 1
		for i := range 2 { // first they are counted
			k := 0
			w := &ingest.Walker{}
			require.NoError(t, w.Walk(t.Context(), []string{filepath.Join(data, kind)}, func(in ingest.Input) error {
				if k++; in.Err != nil || i == 0 || k%step > 0 {
					return nil
				}
				if _, a, _, err := ingest.Parse(in.Data, in.Kind); err == nil {
					take(kind, fmt.Sprintf("%s:%d, %d of its kind", in.Name, in.Line, k), a)
				}
				return nil
			}))
			if os.Getenv("SHEAF_ALL") == "" {
				step = 1 + k/perKind
			}
		}
	}
}

// site is what stands for [element.Site] in the records that are checked.
const site = "https://sheaf.example.org"

func sited(doc []byte) []byte { return bytes.ReplaceAll(doc, []byte(element.Site), []byte(site)) }

// Sited are the records as they are served: the site's address in them.
func Sited(docs map[string][]byte) map[string][]byte {
	out := make(map[string][]byte, len(docs))
	for name, doc := range docs {
		out[name] = sited(doc)
	}
	return out
}

// Fuzz feeds articles as JSON to a format: what comes out is one well-formed element without an empty one in it, the same twice.
func Fuzz(f *testing.F, render Append) {
	for _, a := range Fixtures(f) {
		data, err := json.Marshal(a)
		require.NoError(f, err)
		f.Add(data)
	}
	for _, seed := range []string{`{}`, `{"title":{"text":"A\u0000\u000b\ufffe&amp;"},"lang":"-"}`, `{"title":{"text":"The"},"lang":"en","contribs":[{"names":[{"full":"X"}]},{"collab":[{"text":"G"}],"members":[{}]}]}`,
		`{"title":{"text":"\u0000&lt;"},"pubDates":[{"date":"2026"}],"permissions":{"access":"open"},"ids":[{"type":"hdl","value":"%zz"}],"links":[{"url":"https://a\"b/c.pdf"}]}`,
		`{"title":{"text":"x"},"ids":[{"type":"doi","value":"<>"}],"links":[{"url":"https://a/%"}],"pubDates":[{"type":"pub","date":"2026-13-40"}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a := new(jats.Article)
		if json.Unmarshal(data, a) != nil {
			return
		}
		a.Clean()
		r := flat.Of(a, "x", site+"/records/x", Day)
		doc, err := render(nil, r)
		if err != nil {
			require.ErrorAs(t, err, new(*flat.Cannot))
			return
		}
		again, err := render([]byte("x"), r)
		require.NoError(t, err)
		require.Equal(t, "x"+string(doc), string(again))
		require.NoError(t, WellFormed(doc))
	})
}

// WellFormed tells what is wrong with a document: it is not well-formed, or holds an element without content.
func WellFormed(doc []byte) error {
	d := xml.NewDecoder(bytes.NewReader(bytes.ReplaceAll(doc, []byte(element.Site+"/"), []byte("/"))))
	empty := ""
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %q", err, doc)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			empty = tok.Name.Local
		case xml.CharData:
			empty = ""
		case xml.EndElement:
			if empty != "" {
				return fmt.Errorf("empty %s: %q", empty, doc)
			}
		}
	}
}

// Leaves are the elements of a document that hold text, in order, without the root: as in "creator/name lang=en|Roe, A.".
func Leaves(t testing.TB, doc []byte) (out []string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(doc))
	var path []string
	var tag, text string
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		require.NoError(t, err, "%s", doc)
		switch x := token.(type) {
		case xml.StartElement:
			path, tag, text = append(path, x.Name.Local), "", ""
			for _, a := range x.Attr {
				tag += " " + a.Name.Local + "=" + a.Value
			}
		case xml.CharData:
			text += string(x)
		case xml.EndElement:
			if text != "" {
				out = append(out, strings.Join(path[1:], "/")+tag+"|"+text)
			}
			path, text = path[:len(path)-1], ""
		}
	}
}

// Rich is a made-up article that has something of nearly everything.
func Rich() *jats.Article {
	return &jats.Article{
		ArticleType: "research-article", Lang: "en", Version: &jats.Version{Type: "VoR"},
		Journal: jats.Journal{Title: jats.Title{Text: "Journal of Sheaves"}, TransTitles: []jats.Title{{Lang: "fr", Text: "Revue des gerbes"}}, AbbrevTitle: []jats.AltTitle{{Text: "J. Sheaves"}},
			ISSNs: []jats.ISSN{{Type: "print", Value: "1234-5679"}, {Type: "electronic", Value: "2049-3630"}}, Publishers: []jats.Text{{Text: "Sheaf Press"}}, PubLoc: "Oslo"},
		IDs: []jats.ID{{Type: "doi", Value: "10.5555/Rich.1"}, {Type: "pmid", Value: "123"}, {Type: "handle", Value: "20.500/1"}, {Type: "publisher-id", Value: "P-1"}},
		SubjGroups: []jats.SubjGroup{{Type: "heading", Subjects: []jats.Subject{{Text: "Articles"}}}, {Type: "udc", Subjects: []jats.Subject{{Text: "53.08"}}}, {Type: "ddc", Subjects: []jats.Subject{{Text: "530"}}},
			{Type: "lcc", Subjects: []jats.Subject{{Text: "QA612"}}}, {Type: "msc", Subjects: []jats.Subject{{Text: "Sheaves", Code: "18F20"}}}, {Type: "vak", Subjects: []jats.Subject{{Text: "01.01.04"}}}},
		Title:       jats.Title{Text: "The <italic>sheaf</italic> &amp; its stalks", Subtitles: []jats.Rich{"a study", "part two"}},
		TransTitles: []jats.Title{{Lang: "de", Text: "Die Garbe und ihre Halme"}, {Lang: "en-Cyrl", Text: "Зе шиф"}}, AltTitles: []jats.AltTitle{{Type: "running-head", Text: "Sheaf and stalks"}, {Type: "short", Text: "Sheaf"}},
		Contribs: []jats.Contrib{
			{Names: []jats.Name{{Lang: "en", Surname: "Ivanov", GivenNames: "Ivan I."}, {Lang: "ru", Surname: "Иванов", GivenNames: "Иван И."}}, IDs: []jats.ContribID{{Type: "orcid", Value: "https://orcid.org/0000-0002-1825-0097"}},
				Corresp: true, Affs: []string{"a1", "a2"}, Roles: []jats.Role{{Credit: "Writing – original draft"}}},
			{Names: []jats.Name{{Surname: "King", GivenNames: "Martin", Suffix: "Jr."}}, Affs: []string{"a1"}}, {Names: []jats.Name{{Full: "J. van der Zee"}}}, {Names: []jats.Name{{GivenNames: "Suparjo"}}},
			{Names: []jats.Name{{Style: "islensk", Surname: "Jónsdóttir", GivenNames: "Anna"}}},
			{Collab: []jats.Text{{Text: "The Sheaf Group"}}, Members: []jats.Contrib{{Names: []jats.Name{{Surname: "Member", GivenNames: "M."}}}}},
			{Type: "editor", Names: []jats.Name{{Surname: "Poe", GivenNames: "E."}}}, {Type: "juggler", Names: []jats.Name{{Surname: "Ball", GivenNames: "B."}}},
		},
		Affs: []jats.Aff{{ID: "a1", Forms: []jats.AffForm{{Text: "University of Oslo, Norway", CountryCode: "NO", Institutions: []jats.Institution{{Name: "University of Oslo", IDs: []jats.ID{{Type: "ROR", Value: "https://ror.org/01xtthb56"}}}}}}},
			{ID: "a2", Forms: []jats.AffForm{{Text: "Institute B"}}}},
		PubDates: []jats.Date{{Type: "pub", Format: "electronic", Date: "2026-02-03"}, {Type: "collection", Date: "2026"}}, History: []jats.Date{{Type: "received", Date: "2025-10"}, {Type: "accepted", Date: "2026-01-15"}},
		Volume: "12", Issue: "3", FPage: "101", LPage: "110",
		Permissions: jats.Permissions{Year: "2026", Holders: []jats.Text{{Text: "The Authors"}}, Statements: []jats.Text{{Text: "© 2026 The Authors"}},
			Licenses: []jats.License{{URI: "https://creativecommons.org/licenses/by/4.0/", P: []jats.Rich{"Distributed under CC BY."}}}},
		Links: []jats.Link{{URL: "https://j.example.org/1", MIME: "text/html"}, {URL: "https://j.example.org/1.pdf", MIME: "application/pdf", Lang: "en"}},
		Related: []jats.Related{{Type: "preprint", IDType: "doi", ID: "10.5555/pre"}, {Type: "corrected-article", IDType: "doi", ID: "10.5555/B"}, {Object: true, Type: "dataset", IDType: "doi", ID: "10.5555/data"},
			{Type: "companion", IDType: "uri", ID: "https://j.example.org/2"}},
		Supplementary: []jats.Supplementary{{URL: "https://j.example.org/s1.csv", MIME: "text/csv", Label: "Table S1"}}, Products: []jats.Product{{Type: "book", Text: "Doe J. <source>On stalks</source>. 2025."}},
		Abstracts: []jats.Abstract{{P: []jats.Rich{"One.", "Two &lt; three."}}, {Lang: "de", P: []jats.Rich{"Eins."}}, {Type: "plain-language-summary", P: []jats.Rich{"Simply."}}},
		KwdGroups: []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "sheaf"}, {Text: "stalk"}}}, {Lang: "de", Kwds: []jats.Kwd{{Text: "Garbe"}}}, {Vocab: "MeSH", Kwds: []jats.Kwd{{Text: "Plant Stems"}}}},
		Funding: jats.Funding{Awards: []jats.Award{{Funders: []jats.Funder{{Name: "European Commission", IDs: []jats.ID{{Type: "doi", Value: "10.13039/501100007601"}}}}, IDs: []string{"654321"}}},
			Statements: []jats.Text{{Text: "Funded by the EC."}}},
		Conferences: []jats.Conference{{Name: "SheafConf", Num: "3", Date: "May 2025", Loc: "Oslo"}},
		Refs:        []jats.Ref{{Citations: []jats.Citation{{Text: "Roe R. Cited. 2001.", IDs: []jats.ID{{Type: "doi", Value: "10.5555/cited"}}}}}, {Citations: []jats.Citation{{Text: "Doe J. Uncited. 1999."}}}},
	}
}
