package qdc_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/qdc"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

// values returns the elements of one kind, in order, each as "language|scheme|text" without what it lacks.
func values(t testing.TB, a *jats.Article, name string) (out []string) {
	t.Helper()
	doc, err := qdc.Append(nil, crosswalktest.Record(a))
	require.NoError(t, err)
	var root struct {
		Elements []struct {
			XMLName xml.Name
			Lang    string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
			Type    string `xml:"http://www.w3.org/2001/XMLSchema-instance type,attr"`
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	require.NoError(t, xml.Unmarshal([]byte(strings.ReplaceAll(string(doc), element.Site, "https://sheaf.example.org")), &root), "%s", doc)
	for _, e := range root.Elements {
		prefix := "dcterms:"
		if e.XMLName.Space == "http://purl.org/dc/elements/1.1/" {
			prefix = "dc:"
		}
		if prefix+e.XMLName.Local != name {
			continue
		}
		s := e.Text
		if e.Type != "" {
			s = strings.TrimPrefix(e.Type, "dcterms:") + "|" + s
		}
		if e.Lang != "" {
			s = e.Lang + "|" + s
		}
		out = append(out, s)
	}
	return out
}

func TestAppend(t *testing.T) {
	rich := crosswalktest.Rich()
	for _, c := range []struct {
		element string
		article *jats.Article
		want    []string
	}{
		{"dc:title", rich, []string{"en|The sheaf & its stalks: a study: part two"}},
		{"dcterms:alternative", rich, []string{"de|Die Garbe und ihre Halme", "en-Cyrl|Зе шиф", "en|Sheaf and stalks", "en|Sheaf"}},
		{"dc:creator", rich, []string{"Ivanov, Ivan I.", "King, Martin, Jr.", "J. van der Zee", "Suparjo", "Anna Jónsdóttir", "The Sheaf Group"}},
		{"dc:contributor", rich, []string{"Member, M.", "Poe, E.", "Ball, B."}},
		{"dc:subject", rich, []string{"en|sheaf", "en|stalk", "de|Garbe", "MESH|Plant Stems", "UDC|53.08", "DDC|530", "LCC|QA612", "msc:18F20", "en|Sheaves", "vak:01.01.04"}},
		{"dcterms:abstract", rich, []string{"en|One.\nTwo < three.", "de|Eins.", "en|Simply."}},
		{"dc:publisher", rich, []string{"Sheaf Press"}},
		{"dcterms:issued", rich, []string{"W3CDTF|2026-02-03"}},
		{"dcterms:dateSubmitted", rich, []string{"W3CDTF|2025-10"}},
		{"dcterms:dateAccepted", rich, []string{"W3CDTF|2026-01-15"}},
		{"dcterms:dateCopyrighted", rich, []string{"W3CDTF|2026"}},
		{"dcterms:available", &jats.Article{PubDates: []jats.Date{{Type: "pub", Date: "2026"}}, Permissions: jats.Permissions{EmbargoEnd: "2027-01-01"}}, []string{"W3CDTF|2027-01-01"}},
		{"dcterms:available", &jats.Article{PubDates: []jats.Date{{Type: "pub", Date: "2025"}}, Permissions: jats.Permissions{EmbargoEnd: "2026-01-01"}}, nil},
		{"dcterms:issued", &jats.Article{PubDates: []jats.Date{{Type: "pub", Date: "2026-02-31"}}}, []string{"W3CDTF|2026-02"}},
		{"dcterms:issued", &jats.Article{PubDates: []jats.Date{{Type: "pub", Text: "some day"}}}, nil},
		{"dc:type", rich, []string{"DCMIType|Text", "URI|http://purl.org/coar/resource_type/c_2df8fbb1", "research article"}},
		{"dc:type", &jats.Article{ArticleType: "dataset"}, []string{"DCMIType|Dataset", "URI|http://purl.org/coar/resource_type/c_ddb1", "dataset"}},
		{"dc:format", rich, []string{"IMT|application/pdf"}},
		{"dcterms:hasFormat", rich, []string{"URI|https://j.example.org/1.pdf"}},
		{"dcterms:hasPart", rich, []string{"URI|https://j.example.org/s1.csv"}},
		{"dc:language", rich, []string{"ISO639-2|eng"}},
		{"dc:language", &jats.Article{Lang: "de-AT"}, []string{"ISO639-2|deu"}},
		{"dc:language", &jats.Article{Lang: "cmn"}, []string{"ISO639-2|zho"}},
		{"dc:language", &jats.Article{Lang: "rcf"}, []string{"rcf"}},
		{"dc:language", &jats.Article{Lang: "und"}, nil},
		{"dcterms:isPartOf", rich, []string{"URI|urn:ISSN:1234-5679", "URI|urn:ISSN:2049-3630", "Journal of Sheaves", "fr|Revue des gerbes", "SheafConf; May 2025; Oslo"}},
		{"dcterms:bibliographicCitation", rich, []string{"Journal of Sheaves 12(3), 101-110 (2026)"}},
		{"dcterms:bibliographicCitation", &jats.Article{Journal: jats.Journal{Title: jats.Title{Text: "J"}}, ElocationID: "e7"}, []string{"J, e7"}},
		{"dcterms:bibliographicCitation", &jats.Article{Volume: "1"}, nil},
		{"dcterms:references", rich, []string{"URI|https://doi.org/10.5555/cited", "Doe J. Uncited. 1999."}},
		{"dc:relation", rich, []string{"URI|info:eu-repo/grantAgreement/EC/H2020/654321", "URI|https://doi.org/10.5555/B", "URI|https://doi.org/10.5555/data", "URI|https://j.example.org/2"}},
		{"dcterms:isVersionOf", rich, []string{"URI|https://doi.org/10.5555/pre"}},
		{"dc:relation", &jats.Article{Related: rich.Related}, []string{"URI|https://j.example.org/2"}}, // no other work's DOI where there is none of its own
		{"dcterms:accessRights", rich, []string{"open access", "URI|http://purl.org/coar/access_right/c_abf2"}},
		{"dcterms:license", rich, []string{"URI|https://creativecommons.org/licenses/by/4.0/"}},
		{"dc:rights", rich, []string{"© 2026 The Authors"}},
		{"dc:rights", &jats.Article{Permissions: jats.Permissions{Licenses: []jats.License{{P: []jats.Rich{"For private use."}}}}}, []string{"For private use."}},
		{"dcterms:rightsHolder", rich, []string{"The Authors"}},
		{"dc:identifier", rich, []string{"URI|https://j.example.org/1", "pmid:123", "URI|https://hdl.handle.net/20.500/1", "URI|https://doi.org/10.5555/Rich.1"}},
		{"dc:identifier", &jats.Article{Links: []jats.Link{{URL: "https://j.example.org/a|b", MIME: "text/html"}}}, []string{"URI|https://j.example.org/a%7Cb"}},
	} {
		assert.Equal(t, c.want, values(t, c.article, c.element), c.element)
	}
}

func TestGolden(t *testing.T) { crosswalktest.Golden(t, qdc.Append, "rich", crosswalktest.Rich()) }

// xsd is the schema that is served, with its include led to where the schemas are on this machine.
func xsd(t testing.TB) string {
	t.Helper()
	data, err := qdc.Schemas.ReadFile("schema/qualifieddc.xsd")
	require.NoError(t, err)
	const public = "http://dublincore.org/schemas/xmls/qdc/2006/01/06/qualifieddc.xsd"
	require.Contains(t, string(data), public)
	path := filepath.Join(t.TempDir(), "qualifieddc.xsd")
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(data), public, fixturetest.Shared(t, "schemas/indexers/dc/qualifieddc.xsd"))), 0o644))
	return path
}

var (
	scheme = regexp.MustCompile(`xsi:type="dcterms:(\w+(?:-2)?)"`)
	known  = map[string]bool{"LCSH": true, "MESH": true, "DDC": true, "LCC": true, "UDC": true, "W3CDTF": true, "DCMIType": true, "IMT": true, "URI": true, "ISO639-2": true}
)

func TestEverything(t *testing.T) {
	crosswalktest.Everything(t, qdc.Append, xsd(t), func(t testing.TB, name string, r *flat.Record, doc []byte) {
		require.NoError(t, crosswalktest.WellFormed(doc), name)
		for _, m := range scheme.FindAllStringSubmatch(string(doc), -1) {
			require.True(t, known[m[1]], "%s: %s", name, m[1])
		}
		if r.DOI != "" {
			require.Contains(t, string(doc), strings.NewReplacer("&", "&amp;", "'", "'").Replace(flat.DOIURL(r.DOI))+"</dc:identifier></qdc:qualifieddc>", "the article's DOI is the last identifier")
		}
	})
}

// The schema takes what it should not and refuses what it should: it is not the reason why all pass.
func TestSchemaRefuses(t *testing.T) {
	doc, err := qdc.Append(nil, crosswalktest.Record(crosswalktest.Rich()))
	require.NoError(t, err)
	good := strings.ReplaceAll(string(doc), element.Site, "https://sheaf.example.org")
	bad := fixturetest.XSD(t, xsd(t), map[string][]byte{"good": []byte(good), "scheme": []byte(strings.ReplaceAll(good, "dcterms:ISO639-2", "dcterms:ISO639-3")),
		"date": []byte(strings.ReplaceAll(good, ">2026-02-03<", ">3 February<")), "element": []byte(strings.ReplaceAll(good, "dcterms:issued", "dcterms:creator"))})
	assert.Len(t, bad, 3)
	assert.NotContains(t, bad, "good")
}

func FuzzAppend(f *testing.F) { crosswalktest.Fuzz(f, qdc.Append) }

func BenchmarkAppend(b *testing.B) {
	r := crosswalktest.Record(crosswalktest.Rich())
	dst, err := qdc.Append(nil, r)
	require.NoError(b, err)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = qdc.Append(dst[:0], r)
	}
}
