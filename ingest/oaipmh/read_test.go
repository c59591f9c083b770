package oaipmh_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/ingest/oaipmh"
	"sheaf/jats"
)

// A result is what became of one record.
type result struct {
	Line     int            `json:"line"`
	Article  *jats.Article  `json:"article,omitempty"`
	Error    string         `json:"error,omitempty"`
	Warnings []jats.Warning `json:"warnings,omitempty"`
}

func readAll(t testing.TB, data []byte) (out []result) {
	require.NoError(t, oaipmh.Cut(bytes.NewReader(data), func(rec cut.Record) error {
		r := result{Line: rec.Line}
		err := rec.Err
		if err == nil {
			r.Article, r.Warnings, err = oaipmh.Read(rec.Data)
		}
		if err != nil {
			r.Error = err.Error()
		}
		if r.Article != nil {
			r.Warnings = append(r.Warnings, r.Article.Clean()...)
		}
		out = append(out, r)
		return nil
	}))
	return out
}

// The records in testdata hold every field of the tables in the package comment.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.xml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.True(t, oaipmh.Recognise(data[:min(len(data), 64<<10)]))
			results := readAll(t, data)
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			require.NoError(t, enc.Encode(results))
			fixturetest.Golden(t, "../../ingest/oaipmh/"+strings.TrimSuffix(path, ".xml")+".json", b.Bytes())
			for _, r := range results {
				if r.Error == "" {
					check(t, path, r.Article)
				}
			}
		})
	}
}

func readOne(t testing.TB, doc string) *jats.Article {
	t.Helper()
	a, _, err := oaipmh.Read([]byte(doc))
	require.NoError(t, err, doc)
	a.Clean()
	return a
}

// dc is an article of elements of Dublin Core.
func dc(t testing.TB, elements string) *jats.Article {
	return readOne(t, `<dc xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>T</dc:title>`+elements+`</dc>`)
}

func TestRecognise(t *testing.T) {
	for doc, want := range map[string]bool{
		`<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">`: true,
		`<o:OAI-PMH xmlns:o="http://www.openarchives.org/OAI/2.0/">`:                  true,
		`<OAI-PMH>`: true,
		`<record xmlns="http://www.openarchives.org/OAI/2.0/">`:                                                              true,
		`<record><header/><metadata>`:                                                                                        true,
		`<records><oai_dc:dc xmlns:oai_dc="x">`:                                                                              true,
		`<collection xmlns="http://www.loc.gov/MARC21/slim">`:                                                                true,
		`<marc:collection xmlns:marc="http://www.loc.gov/MARC21/slim">`:                                                      true,
		`<record><leader/><datafield tag="1">`:                                                                               true,
		`<modsCollection xmlns="http://www.loc.gov/mods/v3">`:                                                                true,
		`<mods:mods xmlns:mods="http://www.loc.gov/mods/v3">`:                                                                true,
		`<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">`: true,
		`<oaire:resource xmlns:oaire="http://namespace.openaire.eu/schema/oaire/">`:                                          true,
		`<resource xmlns="http://datacite.org/schema/kernel-4">`:                                                             true,
		`<dim:dim xmlns:dim="http://www.dspace.org/xmlns/dspace/dim">`:                                                       true,

		`<article><front>`: false, `<records><record><language>eng</language><publisher>`: false, // of DOAJ
		`<resource xmlns="urn:other">`: false, `<record><title>x</title></record>`: false, `<collection><item/></collection>`: false, `<dc/>`: false,
		`<PubmedArticleSet>`: false, `<doi_batch>`: false, `<html>`: false, `{"OAI-PMH":1}`: false, ``: false, `OAI-PMH`: false, `TY  - JOUR`: false,
	} {
		assert.Equal(t, want, oaipmh.Recognise([]byte(doc)), doc)
	}
}

// What is no record, and what is only nearly one.
func TestReadRefuses(t *testing.T) {
	const meta = `<metadata><dc><title>A</title></dc></metadata>`
	for doc, code := range map[string]string{
		`<OAI-PMH><error code="badVerb">No verb</error></OAI-PMH>`:                             "oai-error",
		`<OAI-PMH><Identify/></OAI-PMH>`:                                                       "no-records",
		`<OAI-PMH><ListRecords/></OAI-PMH>`:                                                    "no-records",
		`<OAI-PMH><ListRecords><record>` + meta + `</record><record/></ListRecords></OAI-PMH>`: "several-records",
		`<record><header><identifier>1</identifier></header></record>`:                         "no-metadata",
		`<record><header/><metadata> none </metadata></record>`:                                "no-metadata",
		`<record><header/><metadata><foo xmlns="urn:foo"/></metadata></record>`:                "metadata-format",
		`<record><header/><metadata><d:doajArticle xmlns:d="urn:doaj"/></metadata></record>`:   "metadata-format",
		`<html/>`: "metadata-format", `<OAI-PMH><ListRecords>`: "malformed", `no XML`: "malformed", ``: "malformed",
		`<record><header/><metadata><![CDATA[<dc><title>]]></metadata></record>`: "malformed",
	} {
		a, _, err := oaipmh.Read([]byte(doc))
		assert.Nil(t, a, doc)
		var f *jats.Fault
		require.ErrorAs(t, err, &f, doc)
		assert.Equal(t, code, f.Code, doc)
	}
	for _, doc := range []string{
		`<ListRecords xmlns="urn:wrong"><record>` + meta + `</record></ListRecords>`, `<record><header status=""/>` + meta + `</record>`,
		`<records><record><header/><metadata>&lt;dc>&lt;title>A&lt;/title>&lt;/dc></metadata></record></records>`,
		"<OAI-PMH><GetRecord><record><metadata><x:dc><x:title>A\x01</x:title></x:dc></metadata></record></GetRecord></OAI-PMH>",
		"\n<br />\n<b>Notice</b>: x\n<OAI-PMH><GetRecord><record>" + meta + `</record></GetRecord></OAI-PMH>`,
	} {
		assert.Equal(t, jats.Rich("A"), readOne(t, doc).Title.Text, doc)
	}
}

// A format of another package is read by its reader, alone and with the namespaces around it.
func TestReadWith(t *testing.T) {
	doc := `<OAI-PMH xmlns:d="urn:doaj"><responseDate>2026-03-01</responseDate><request>https://a.example/oai</request><GetRecord><record><header><identifier>i</identifier><datestamp>2026-01-01</datestamp></header>` +
		`<metadata><d:doajArticle><d:title>A &amp; B</d:title></d:doajArticle></metadata></record></GetRecord></OAI-PMH>`
	a, ws, err := oaipmh.ReadWith([]byte(doc), func(name, ns string) oaipmh.ReadFunc {
		assert.Equal(t, "doajArticle urn:doaj", name+" "+ns)
		return func(data []byte) (*jats.Article, []jats.Warning, error) {
			assert.Equal(t, `<d:doajArticle xmlns:d="urn:doaj"><d:title>A &amp; B</d:title></d:doajArticle>`, string(data))
			return &jats.Article{Title: jats.Title{Text: "A"}}, []jats.Warning{{Code: "x"}}, nil
		}
	})
	require.NoError(t, err)
	assert.Len(t, ws, 1)
	assert.Equal(t, &jats.Origin{BaseURL: "https://a.example/oai", Identifier: "i", Datestamp: "2026-01-01", MetadataNamespace: "urn:doaj", HarvestDate: "2026-03-01", Altered: true}, a.Origin)
}

func TestHeaderOf(t *testing.T) {
	doc := `<OAI-PMH><ListRecords><record><header status="deleted"><identifier> a </identifier><datestamp>2026-01-01</datestamp><setSpec>1:1</setSpec><setSpec>1:1</setSpec><setSpec>b</setSpec></header></record></ListRecords></OAI-PMH>`
	assert.Equal(t, oaipmh.Header{Identifier: "a", Datestamp: "2026-01-01", Deleted: true, SetSpecs: []string{"1:1", "b"}}, oaipmh.HeaderOf([]byte(doc)))
	assert.Equal(t, oaipmh.Header{}, oaipmh.HeaderOf([]byte(`<record><leader/></record>`)))
	assert.Equal(t, oaipmh.Header{}, oaipmh.HeaderOf([]byte(`<`)))
}

// A chain of provenance is bounded.
func TestProvenance(t *testing.T) {
	doc := `<record><header/><metadata><dc><title>A</title></dc></metadata><about><provenance>` + strings.Repeat("<originDescription><baseURL>u</baseURL>", 40) +
		strings.Repeat("</originDescription>", 40) + `</provenance></about></record>`
	n := 0
	for o := readOne(t, doc).Origin; o != nil; o = o.Origin {
		n++
	}
	assert.Equal(t, 16, n)
}

// One element of Dublin Core, and what it says.
func TestSource(t *testing.T) {
	for in, want := range map[string]string{
		"Journal of Ferries; Vol. 12 No. 3 (2019): Title; 101-110": "Journal of Ferries|12|3|101|110|Title|2019",
		"Journal of Ferries; Vol. 12, No 3 (2026); 101-110":        "Journal of Ferries|12|3|101|110||2026",
		"Journal of Ferries; Vol 1, No 2 (2010); e5":               "Journal of Ferries|1|2|e5|||2010",
		"Journal of Ferries; No. 7 (2019); 1-5":                    "Journal of Ferries||7|1|5||2019",
		"Journal of Ferries; Bd. 3 Nr. 1 (2018): Wasser":           "Journal of Ferries|3|1|||Wasser|2018",
		"Journal of Ferries; Vol. 5, No 3 (105) (2019); 7":         "Journal of Ferries|5|3 (105)|7|||2019",
		"Вестник; Том 2 № 1 (2020); 5-9":                           "Вестник|2|1|5|9||2020",
		"渡轮; 第12卷 第3期 (2026); 1-2":                                 "渡轮|12|3|1|2||2026",
		"Ferries, Vol 12, Iss 3, Pp 101-110 (2019)":                "Ferries|12|3|101|110||2019",
		"Ferries, Vol 12, Pp 101-110 (2019)":                       "Ferries|12||101|110||2019",
		"Ferries; (2019)":                                          "Ferries|||||\u200b|2019",
		"Annals of Weirs":                                          "Annals of Weirs||||||",
		"A box in the attic, no. 7":                                "||||||",
		"One; two; three":                                          "One; two; three||||||",
	} {
		a := dc(t, "<dc:source>"+in+"</dc:source>")
		title, year := "", ""
		if len(a.IssueTitles) > 0 {
			title = string(a.IssueTitles[0].Text)
		}
		if len(a.PubDates) > 0 {
			year = a.PubDates[0].Date
		}
		got := strings.Join([]string{string(a.Journal.Title.Text), a.Volume, a.Issue, a.FPage, a.LPage, title, year}, "|")
		assert.Equal(t, strings.ReplaceAll(want, "\u200b", ""), got, in)
	}
}

func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		"2019": "pub 2019", "2019-05-06": "pub 2019-05-06", "2020-05-06T07:08:09Z 2019": "pub 2019,other 2020-05-06", "2011-03-26T00:00:00Z": "pub 2011-03-26",
		"2003-04-15T10:18:51Z 2003-04-15T10:18:51Z": "pub 2003-04-15", "2009-06-18T02:49:30Z 2002-09-19T18:01:07Z": "pub 2002-09-19,other 2009-06-18", "2019 2018-01-02": "pub 2018-01-02,other 2019",
		"c2003": "pub 2003", "[2015]": "pub 2015", "[2015?]": "pub [2015?]", "2003-2005": "pub 2003-2005", "1850-": "pub 1850-", "undated": "pub undated", "9999": "pub 9999",
		"info:eu-repo/date/embargoEnd/2027-01-01": "", "2019-13-40": "pub 2019",
	} {
		elements := ""
		for _, d := range strings.Fields(in) {
			elements += "<dc:date>" + d + "</dc:date>"
		}
		a := dc(t, elements)
		var got []string
		for _, d := range append(a.PubDates, a.History...) {
			got = append(got, d.Type+" "+d.Date+d.Text)
		}
		assert.Equal(t, want, strings.Join(got, ","), in)
	}
}

func TestIdentifiers(t *testing.T) {
	for in, want := range map[string]string{
		"10.5555/a": "doi 10.5555/a", "doi:10.5555/a": "doi 10.5555/a", "https://doi.org/10.5555/a": "doi 10.5555/a", "info:doi/10.5555/a": "doi 10.5555/a", "DOI 10.5555/a": "doi 10.5555/a",
		"http://hdl.handle.net/1/2": "handle 1/2,link http://hdl.handle.net/1/2", "hdl:1/2": "handle 1/2", "urn:nbn:de:1": "urn urn:nbn:de:1", "arXiv:2601.00001": "arxiv 2601.00001",
		"https://arxiv.org/abs/2601.00001": "arxiv 2601.00001,link https://arxiv.org/abs/2601.00001", "PMID: 123": "pmid 123", "info:pmid/123": "pmid 123",
		"ISSN 2434-561X": "issn 2434-561X", "urn:ISSN:2434561x": "issn 2434-561X", "2434-561X": "issn 2434-561X", "2434-5611": "other 2434-5611", "0000-0000": "other 0000-0000",
		"ISBN: 978-3-16-148410-0": "isbn 978-3-16-148410-0", "9783161484100": "isbn 9783161484100", "urn:isbn:3-16-148410-X": "isbn 3-16-148410-X", "oai:a.example:1": "oai oai:a.example:1",
		"https://a.example/1": "link https://a.example/1", "No. 7": "other No. 7", "info:eu-repo/semantics/altIdentifier/ark/12/3": "ark 12/3", "javascript:alert(1)": "other javascript:alert(1)",
	} {
		a := dc(t, "<dc:identifier>"+in+"</dc:identifier>")
		var got []string
		for _, id := range a.IDs {
			got = append(got, id.Type+" "+id.Value)
		}
		for _, i := range a.Journal.ISSNs {
			got = append(got, "issn "+i.Value)
		}
		for _, s := range a.ISBNs {
			got = append(got, "isbn "+s)
		}
		for _, l := range a.Links {
			got = append(got, "link "+l.URL)
		}
		assert.Equal(t, want, strings.Join(got, ","), in)
	}
}

func TestTypesAndRights(t *testing.T) {
	for in, want := range map[string]string{
		"info:eu-repo/semantics/article": "research-article", "info:eu-repo/semantics/review": "review-article", "info:eu-repo/semantics/doctoralThesis": "dissertation", "Journal Article": "research-article",
		"http://purl.org/coar/resource_type/c_0640": "other", "http://purl.org/coar/resource_type/c_5794": "conference-paper", "Editorial|info:eu-repo/semantics/article": "editorial", "Статья": "research-article",
		"text": "", "info:eu-repo/semantics/conferenceObject": "conference-paper", "PeerReviewed|Conference or Workshop Item": "conference-paper", "Dataset": "other", "Книжка": "", "http://purl.org/coar/resource_type/H9BQ-739P/": "reviewer-report",
	} {
		assert.Equal(t, want, dc(t, "<dc:type>"+strings.ReplaceAll(in, "|", "</dc:type><dc:type>")+"</dc:type>").ArticleType, in)
	}
	for in, want := range map[string]string{
		"info:eu-repo/semantics/openAccess": "open", "http://purl.org/coar/access_right/c_16ec": "restricted", "Restricted access": "restricted", "All rights reserved": "|+All rights reserved",
		"CC BY 4.0": "open|https://creativecommons.org/licenses/by/4.0/+CC BY 4.0", "CC-BY": "|+CC-BY", "http://creativecommons.org/licenses/by-nc-nd/3.0/us/": "open|https://creativecommons.org/licenses/by-nc-nd/3.0/us/+",
		"Licensed under https://creativecommons.org/licenses/by/4.0/.":              "open|https://creativecommons.org/licenses/by/4.0/+Licensed under https://creativecommons.org/licenses/by/4.0/.",
		"Attribution 4.0 International|http://creativecommons.org/licenses/by/4.0/": "open|https://creativecommons.org/licenses/by/4.0/+Attribution 4.0 International",
		"http://creativecommons.org/licenses/by/4.0/|Attribution 4.0 International": "open|https://creativecommons.org/licenses/by/4.0/+Attribution 4.0 International",
		"http://rightsstatements.org/vocab/InC/1.0/":                                "|http://rightsstatements.org/vocab/InC/1.0/+", "Copyright (c) 2020 A. Author": "©Copyright (c) 2020 A. Author",
		"info:eu-repo/semantics/embargoedAccess|https://creativecommons.org/licenses/by/4.0/": "embargoed|https://creativecommons.org/licenses/by/4.0/+",
	} {
		p := dc(t, "<dc:rights>"+strings.ReplaceAll(in, "|", "</dc:rights><dc:rights>")+"</dc:rights>").Permissions
		got := p.Access
		for _, l := range p.Licenses {
			got += "|" + l.URI + "+"
			for _, s := range l.P {
				got += s.Plain()
			}
		}
		for _, s := range p.Statements {
			got += "©" + string(s.Text)
		}
		assert.Equal(t, want, got, in)
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"Ferrier, Tom": "Ferrier/Tom", "John Doe": "John Doe", "Doe, John; Roe, Ann": "Doe/John|Roe/Ann", "Lee, Ann; Moscow State University, Physics": "Lee/Ann", "Universität Oslo, Norwegen": "Universität Oslo, Norwegen",
		"Mole, Q., 1950-2001": "Mole/Q.", "Roe, Ann [0000-0002-1825-0097]": "Roe/Ann+https://orcid.org/0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097 Roe, Ann": "Roe/Ann+https://orcid.org/0000-0002-1825-0097",
		"Иванов, И. И.": "Иванов/И. И.", "李, 明": "李/明", "World Health Organization": "World Health Organization", ";": "", "A; B; the Institute of C; D": "A; B; the Institute of C; D",
	} {
		var got []string
		for _, c := range dc(t, "<dc:creator>"+in+"</dc:creator>").Contribs {
			n := c.Names[0]
			s := n.Full
			if n.Surname != "" {
				s = n.Surname + "/" + n.GivenNames
			}
			for _, id := range c.IDs {
				s += "+" + id.Value
			}
			got = append(got, s)
		}
		assert.Equal(t, want, strings.Join(got, "|"), in)
	}
}

// A record of very many statements costs in proportion to them.
func TestManyStatements(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		for _, name := range []string{"subject", "identifier", "relation", "type", "rights", "date", "publisher", "source", "description", "creator", "format", "language", "title"} {
			fmt.Fprintf(&b, "<dc:%s>x %d y</dc:%s>", name, i, name)
		}
		fmt.Fprintf(&b, "<dc:identifier>https://a.example/%d</dc:identifier><dc:relation>https://a.example/%d/b</dc:relation><dc:creator>A, B; Institute %d</dc:creator>", i, i, i)
	}
	a := dc(t, b.String())
	assert.Len(t, a.KwdGroups[0].Kwds, 5000)
	assert.Len(t, a.Affs, 5000)
}
