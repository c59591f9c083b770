package crossref

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

func TestRecogniseJSON(t *testing.T) {
	for head, want := range map[string]bool{
		`{"status":"ok","message-type":"work","message":{"indexed":{}}}`:                                  true,
		`{"status":"ok","message-type":"member-list"`:                                                     true,
		`{"items":[{"indexed":{"date-parts":[[2020]]},"reference-count":0,"content-domain":{"domain":[]}`: true,
		`[ {"DOI":"10.5555/1","title":["T"]},`:                                                            true,
		`{"title":["T, \"]} quoted"],"DOI":"10.5555/1"}`:                                                  true,
		`{"DOI":"10.5555/1","title":"T","member":"1","prefix":"10.5555","type":"article-journal"}`:        true,
		`{"DOI":"10.5555/1","title":"T","type":"article-journal","issued":{"date-parts":[[2020]]}}`:       false, // CSL-JSON
		`{"id":"x","type":"article-journal","title":"T","DOI":"10.5555/1"}`:                               false,
		`[{"id":"x","type":"book","title":["T"]}]`:                                                        false,
		`{"title":{"text":"T"},"ids":[{"type":"doi","value":"10.5555/1"}]}`:                               false, // Sheaf's own
		`{"bibjson":{"title":"T","identifier":[]},"admin":{}}`:                                            false, // DOAJ
		`{"a":{"indexed":1,"DOI":2,"member":3,"prefix":4}}`:                                               false,
		`{"doi":"10.5555/1","title":["T"]}`:                                                               false,
		`{"id":"https://doi.org/10.5555/1","type":"JournalArticle","container":{},"titles":[]}`:           false,
		`{"indexed": "`: false, `{`: false, `[`: false, ``: false, `{"message":`: false, `{"items":[`: false, `TY  - JOUR`: false, `{"x`: false,
	} {
		assert.Equal(t, want, RecogniseJSON([]byte(head)), head)
	}
}

func TestRecogniseXML(t *testing.T) {
	for head, want := range map[string]bool{
		`<?xml version="1.0"?><doi_batch version="4.3.7" xmlns="http://www.crossref.org/schema/4.3.7"><head>`: true,
		`<doi_batch version="4.4.2"><head>`:                                                                                                           true,
		`<crossref_result xmlns="http://www.crossref.org/qrschema/3.0"><query_result>`:                                                                true,
		`<doi_records><doi_record owner="10.5555"><crossref><journal><journal_metadata>`:                                                              true,
		`<doi_records><doi_record><crossref><error>doi not found</error>`:                                                                             true,
		`<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><metadata><crossref xmlns="http://www.crossref.org/xschema/1.0">`: true,
		`<record><metadata><c:crossref xmlns:c="http://www.crossref.org/xschema/1.1">`:                                                                true,
		`<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><metadata><oai_dc:dc>`:                                            false,
		`<records><record><language>eng</language><publisher>P</publisher><journalTitle>J</journalTitle>`:                                             false, // DOAJ
		`<record xmlns="http://www.loc.gov/MARC21/slim">`:                                                                                             false,
		`<crossref><person>no work</person>`:                                                                                                          false,
		`<crossref xmlns="urn:other"><x/>`:                                                                                                            false,
		`<doi_batch xmlns="http://elsewhere.example.org/">`:                                                                                           false,
		`<article xmlns:crossref="http://www.crossref.org/schema/5.4.0">`:                                                                             false,
		`{"DOI":1}`: false, ``: false,
	} {
		assert.Equal(t, want, RecogniseXML([]byte(head)), head)
	}
}

// What is no article is refused, and with the reason.
func TestRefused(t *testing.T) {
	for doc, want := range map[string]string{
		`{"DOI":"10.5555/1","type":"journal-issue","title":["x"]}`:                               "not-an-article: a record of an issue of a journal",
		`{"status":"ok","message-type":"work-agency","message":{"DOI":"10.5555/1","agency":{}}}`: `not-an-article: a message of type "work-agency"`,
		`{"DOI":"10.5555/1","agency":{"id":"datacite"}}`:                                         "not-an-article",
		`{"title":"Journal","last-status-check-time":1,"counts":{}}`:                             "not-an-article: an object of Crossref that is no work",
		`{"message-type":"work-list","message":{"items":[]}}`:                                    "several-records: a list of 0 works",
		`{"items":[{"DOI":"10.5555/1","title":["x"]},{"DOI":"10.5555/2","title":["y"]}]}`:        "several-records: a list of 2 works",
		`[]`:                          "malformed: a JSON array",
		`{"DOI":`:                     "malformed: JSON",
		strings.Repeat(`{"a":`, 1000): "malformed: JSON",
		`[` + strings.Repeat("0,", maxCommas+1) + `0]`: "too-large",
		`<doi_batch><body><journal><journal_metadata><full_title>J</full_title></journal_metadata></journal></body></doi_batch>`: "not-an-article: a record of a journal",
		`<doi_records><doi_record><crossref><error>doi not found</error></crossref></doi_record></doi_records>`:                  `not-an-article: a record of the error "doi not found"`,
		`<crossref><sa_component parent_doi="10.5555/1"/></crossref>`:                                                            "not-an-article: a record of a component",
		`<crossref><grant><doi>10.5555/1</doi></grant></crossref>`:                                                               "not-an-article: a record of a grant",
		`<doi_batch/>`: `not-an-article: element "doi_batch" without any work`,
		`<journal><journal_article><titles/></journal_article><journal_article><titles/></journal_article></journal>`:                           "several-records: 2 works",
		`<b><book><book_metadata><titles/></book_metadata></book><book><book_metadata><titles/></book_metadata></book></b>`:                     "several-records: 2 books",
		"<a>" + strings.Repeat("<b/>", maxTags) + "</a>":                                                                                        "too-large: XML with 524290 tags",
		`{"DOI":"10.5555/1","reference":[{}` + strings.Repeat(",{}", maxRefs) + `],"title":["x"]}`:                                              "too-large: a work with 65537 references",
		`<journal><journal_article><citation_list>` + strings.Repeat("<citation/>", maxRefs+1) + `</citation_list></journal_article></journal>`: "too-large: a work with 65537 references",
		`<doi_batch>`:              "malformed: XML",
		strings.Repeat("<a>", 300): "too-deep",
	} {
		read := ReadJSON
		if doc[0] == '<' {
			read = ReadXML
		}
		a, _, err := read([]byte(doc))
		assert.Nil(t, a)
		var f *jats.Fault
		if assert.ErrorAs(t, err, &f, "%.100s", doc) {
			assert.Contains(t, f.Code+": "+f.Message, want, "%.100s", doc)
		}
	}
}

// A single work in the answer of the API, and a list of one, are that work.
func TestUnwrap(t *testing.T) {
	for _, doc := range []string{`{"status":"ok","message-type":"work","message":{"DOI":"10.5555/1","title":["x"]}}`, `{"message":{"items":[{"DOI":"10.5555/1","title":"x"}]}}`} {
		a, _, err := ReadJSON([]byte(doc))
		require.NoError(t, err)
		assert.Equal(t, jats.Rich("x"), a.Title.Text)
	}
}

func TestPages(t *testing.T) {
	for in, want := range map[string][3]string{
		"10-12": {"10", "12"}, "7": {"7"}, "S1-S9": {"S1", "S9"}, "A-1-A-7": {"A-1", "A-7"}, "10-12, 15": {"10", "12", "10-12, 15"}, "n/a-n/a": {}, "": {}, "1-2-3": {"", "", "1-2-3"},
		"10–12": {"10", "12"}, "e5": {"e5"}, "10-": {"10"},
	} {
		m := maker{a: new(jats.Article)}
		m.pages(in)
		assert.Equal(t, want, [3]string{m.a.FPage, m.a.LPage, m.a.PageRange}, in)
	}
}

func TestAbstract(t *testing.T) {
	for in, want := range map[string]string{
		"":                            ``,
		"plain, p < 0.05":             `{"p":["plain, p < 0.05"]}`,
		"<p>one</p> <p>two</p>":       `{"p":["one","two"]}`,
		"<jats:title>A</jats:title>x": `{"title":"A","p":["x"]}`,
		"<p>no end":                   `{"p":["no end"]}`,
		"loose<p>inside</p>loose":     `{"p":["loose","inside","loose"]}`,
		"<p>a<list><list-item><p>b</p></list-item></list>c</p>":                                          `{"p":[{"markup":"a<list><list-item><p>b</p></list-item></list>c"}]}`,
		"<title>B</title><p>b</p><title>M</title><p>m</p><p>n</p>":                                       `{"title":"B","p":["b"],"secs":[{"title":"M","p":["m","n"]}]}`,
		"<title>Abstract</title><title>B</title><p>b</p><title>M</title><p>m</p>":                        `{"title":"Abstract","secs":[{"title":"B","p":["b"]},{"title":"M","p":["m"]}]}`,
		"<j:sec><j:title>B</j:title><j:p>b</j:p><j:sec><j:title>C</j:title><j:p>c</j:p></j:sec></j:sec>": `{"secs":[{"title":"B","p":["b"],"secs":[{"title":"C","p":["c"]}]}]}`,
		"</sec></p><sec/><p/><sec><p>x</p>":                                                              `{"secs":[{"p":["x"]}]}`,
		"<title>A</title><p>a</p><title>B</title><p>b</p><sec><title>C</title><p>c</p></sec>":            `{"title":"A","p":["a"],"secs":[{"title":"B","p":["b"]},{"title":"C","p":["c"]}]}`,
	} {
		m := maker{a: new(jats.Article)}
		m.abstract("", "", in)
		got := ""
		for _, ab := range m.a.Abstracts {
			js, err := json.Marshal(ab)
			require.NoError(t, err)
			got += string(js)
		}
		got = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(got)
		assert.Equal(t, want, got, in)
	}
	m := maker{a: new(jats.Article)}
	m.abstract("", "", strings.Repeat("<sec><p>x</p>", 10000))
	m.a.Clean()
	assert.NotEmpty(t, m.a.Abstracts)
}

// Chapters come with their book, whole; lines are those of the file, and journals without articles leave nothing behind.
func TestCutXML(t *testing.T) {
	data, err := os.ReadFile("testdata/in/deposit.xml")
	require.NoError(t, err)
	lines := bytes.Split(data, []byte("\n"))
	n := 0
	require.NoError(t, CutXML(iotest.HalfReader(bytes.NewReader(data)), func(r cut.Record) error {
		require.NoError(t, r.Err)
		n++
		name, at := recordName(r.Data)
		if name == "book_series_metadata" {
			name, at = "book_series_metadata", find(r.Data, "book_series_metadata")
		}
		assert.Zero(t, bytes.Count(r.Data[:at], []byte("\n")), "the record begins in the first line")
		if containers[name] != "" && find(r.Data, containers[name]) >= 0 {
			name = containers[name]
			assert.NotContains(t, string(r.Data[:find(r.Data, name)]), "\n")
		}
		assert.GreaterOrEqual(t, find(lines[r.Line-1], name), 0, "line %d: %s", r.Line, name)
		assert.NotContains(t, string(r.Data), "A journal alone")
		assert.NotContains(t, string(r.Data), "parent_doi")
		return nil
	}))
	assert.Equal(t, 13, n)

	for doc, want := range map[string]string{
		`<doi_batch><body/></doi_batch>`: "!not-an-article",
		`<crossref><book><book_metadata><titles/></book_metadata></book><book><book_metadata><doi/></book_metadata><content_item>1</content_item><content_item>2</content_item></book></crossref>`: "book_metadata book_metadata+content_item book_metadata+content_item",
		`<doi_batch><book><book_metadata><doi_data/></book_metadata><content_item>1</content_item></book></doi_batch>`:                                                                             "book_metadata book_metadata+content_item",
		`<doi_batch><book><book_metadata/></book><journal><journal_article/></journal></doi_batch>`:                                                                                                "book_metadata journal_article",
		`<doi_batch><conference><proceedings_metadata/></conference></doi_batch>`:                                                                                                                  "!not-an-article",
		`<r><book><book_metadata><a></b></book_metadata></book><journal><journal_article/></journal></r>`:                                                                                          "!malformed journal_article",
		`<r><conference><proceedings_metadata>x</proceedings_metadata><conference_paper/></conference><book><content_item/></book></r>`:                                                            "proceedings_metadata+conference_paper content_item",
		`not xml`: "!malformed",
	} {
		var got []string
		require.NoError(t, CutXML(strings.NewReader(doc), func(r cut.Record) error {
			if r.Err != nil {
				var f *jats.Fault
				require.ErrorAs(t, r.Err, &f)
				got = append(got, "!"+f.Code)
				return nil
			}
			name, _ := recordName(r.Data)
			if item := containers[name]; item != "" && find(r.Data, item) >= 0 {
				name += "+" + item
			}
			got = append(got, name)
			return nil
		}))
		assert.Equal(t, want, strings.Join(got, " "), doc)
	}
}

func TestDates(t *testing.T) {
	for in, want := range map[[3]int]jats.Date{
		{2020, 0, 0}: {Date: "2020"}, {2020, 2, 0}: {Date: "2020-02"}, {2020, 2, 3}: {Date: "2020-02-03"}, {2020, 0, 3}: {Date: "2020"}, {2020, 24, 1}: {Date: "2020", Season: "Winter"},
		{2020, 34, 0}: {Date: "2020", Season: "Fourth Quarter"}, {0, 1, 1}: {}, {20200, 1, 1}: {}, {2020, 13, 1}: {Date: "2020"}, {2020, 1, 40}: {Date: "2020-01"},
	} {
		assert.Equal(t, want, makeDate(in[0], in[1], in[2]), in)
	}
}

// Values of every wrong kind are left out, and the rest is read.
func TestWrongKinds(t *testing.T) {
	var tree struct {
		Message struct{ Items []map[string]any }
	}
	data, err := os.ReadFile("testdata/in/works.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &tree))
	for _, wrong := range []any{nil, true, 7, "text", []any{}, []any{[]any{}}, []any{nil}, []any{7}, []any{"x"}, []any{map[string]any{"date-parts": "x"}}, map[string]any{}, map[string]any{"date-parts": []any{7}}} {
		for key, value := range tree.Message.Items[0] {
			if key == "DOI" || key == "title" || key == "type" {
				continue
			}
			tree.Message.Items[0][key] = wrong
			doc, err := json.Marshal(tree.Message.Items[0])
			require.NoError(t, err)
			a, _, err := ReadJSON(doc)
			require.NoError(t, err, "%s: %v", key, wrong)
			a.Clean()
			assert.NotEmpty(t, a.Title.Text)
			tree.Message.Items[0][key] = value
		}
	}
}

// check holds what must be so of anything that was read.
func check(t *testing.T, a *jats.Article, err error) {
	if err != nil {
		var f *jats.Fault
		if !errors.Is(err, jats.ErrWithdrawn) && !errors.As(err, &f) {
			t.Fatalf("an error of no kind: %v", err)
		}
		return
	}
	a.Clean()
	js, err := json.Marshal(a)
	require.NoError(t, err)
	var back jats.Article
	require.NoError(t, json.Unmarshal(js, &back))
	again, err := json.Marshal(&back)
	require.NoError(t, err)
	require.Equal(t, string(js), string(again))
	if len(a.Problems()) == 0 {
		_, _, err = jats.Read(jats.AppendXML(nil, a, jats.WriteOptions{Standalone: true}))
		require.NoError(t, err)
	}
}

func seeds(f *testing.F, ext string) {
	files, err := filepath.Glob("testdata/in/*" + ext)
	require.NoError(f, err)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
		take := cut.JSON
		if ext == ".xml" {
			take = CutXML
		}
		require.NoError(f, take(bytes.NewReader(data), func(r cut.Record) error {
			f.Add(r.Data)
			return nil
		}))
	}
}

func FuzzReadJSON(f *testing.F) {
	seeds(f, ".json")
	f.Fuzz(func(t *testing.T, data []byte) {
		RecogniseJSON(data)
		a, _, err := ReadJSON(data)
		check(t, a, err)
	})
}

func FuzzReadXML(f *testing.F) {
	seeds(f, ".xml")
	f.Fuzz(func(t *testing.T, data []byte) {
		RecogniseXML(data)
		a, _, err := ReadXML(data)
		check(t, a, err)
		require.NoError(t, CutXML(bytes.NewReader(data), func(r cut.Record) error {
			if r.Err == nil {
				a, _, err := ReadXML(r.Data)
				check(t, a, err)
			}
			return nil
		}))
	})
}

// work is an ordinary work with n references.
func work(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"indexed":{"date-parts":[[2025,1,1]],"date-time":"2025-01-01T00:00:00Z","timestamp":1735689600000},"reference-count":30,"publisher":"Example Press","issue":"3",` +
		`"license":[{"start":{"date-parts":[[2025,1,1]],"date-time":"2025-01-01T00:00:00Z","timestamp":1735689600000},"content-version":"vor","delay-in-days":0,"URL":"https://creativecommons.org/licenses/by/4.0/"}],` +
		`"funder":[{"DOI":"10.13039/501100000000","name":"Example Science Foundation","doi-asserted-by":"publisher","award":["EX-1"]}],"content-domain":{"domain":[],"crossmark-restriction":false},` +
		`"short-container-title":["J. Ex."],"published-print":{"date-parts":[[2025,1]]},"DOI":"10.5555/bench.1","type":"journal-article","created":{"date-parts":[[2025,1,1]]},"page":"1-20","source":"Crossref",` +
		`"title":["The properties of ice and water under pressure"],"prefix":"10.5555","volume":"12","author":[`)
	for i := range 5 {
		fmt.Fprintf(&b, `%s{"ORCID":"https://orcid.org/0000-0002-1825-0097","authenticated-orcid":false,"given":"A. B.","family":"Author%d","sequence":"additional","affiliation":[{"name":"Institute of Examples %d, Example City"}]}`, comma(i), i, i%2)
	}
	b.WriteString(`],"member":"1","reference":[`)
	for i := range n {
		if i%4 == 3 {
			fmt.Fprintf(&b, `,{"key":"ref%d","unstructured":"Coldman A. The book of ice number %d. Example City: Example Press, 1999. 200 p."}`, i, i)
			continue
		}
		fmt.Fprintf(&b, `%s{"key":"ref%d","doi-asserted-by":"publisher","article-title":"On the properties of ice number %d","volume":"4","author":"Coldman","first-page":"%d","year":"1999","journal-title":"Journal of Ice","DOI":"10.5555/ref.%d"}`, comma(i), i, i, i, i)
	}
	b.WriteString(`],"container-title":["Journal of Examples"],"language":"en","abstract":"<jats:p>` + strings.Repeat("Ice is cold, and <jats:italic>water</jats:italic> is not. ", 20) + `</jats:p>",` +
		`"link":[{"URL":"https://press.example.org/1.pdf","content-type":"application/pdf","content-version":"vor","intended-application":"text-mining"}],"deposited":{"date-parts":[[2025,1,1]]},"score":1,` +
		`"resource":{"primary":{"URL":"https://press.example.org/1"}},"issued":{"date-parts":[[2025,1]]},"references-count":30,"journal-issue":{"issue":"3"},"URL":"http://dx.doi.org/10.5555/bench.1",` +
		`"ISSN":["1234-5679"],"issn-type":[{"value":"1234-5679","type":"print"}],"published":{"date-parts":[[2025,1]]}}`)
	return []byte(b.String())
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

func BenchmarkReadJSON(b *testing.B) {
	data := work(30)
	require.True(b, json.Valid(data))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ReadJSON(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadXML(b *testing.B) {
	data, err := os.ReadFile("testdata/in/deposit.xml")
	require.NoError(b, err)
	var record []byte
	require.NoError(b, CutXML(bytes.NewReader(data), func(r cut.Record) error {
		if record == nil {
			record = r.Data
		}
		return nil
	}))
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ReadXML(record); err != nil {
			b.Fatal(err)
		}
	}
}

// A record that repeats one thing for as long as a record may be costs no more than its length.
func TestRepeated(t *testing.T) {
	for name, part := range map[string]string{
		"alternative-id": `"%d"`, "title": `"t%d"`, "ISSN": `"%d"`, "ISBN": `"%d"`, "short-container-title": `"a%d"`, "issn-type": `{"value":"%d"}`, "update-to": `{"DOI":"10.5555/%d"}`,
		"link": `{"URL":"https://a.example.org/%d"}`, "license": `{"URL":"https://a.example.org/%d"}`, "author": `{"name":"a%d"}`, "reference": `{"year":"%d"}`, "assertion": `{"name":"received","value":"%d"}`,
	} {
		var b strings.Builder
		for i := range 20000 {
			fmt.Fprintf(&b, "%s"+part, comma(i), i)
		}
		a, _, err := ReadJSON([]byte(`{"DOI":"10.5555/1","title":["x"],"` + name + `":[` + b.String() + `]}`))
		require.NoError(t, err, name)
		assert.NotEmpty(t, a.Title.Text)
	}
	for _, part := range []string{
		`<titles><title>t%d</title></titles>`, `<isbn>%d</isbn>`, `<publication_date><year>%d</year></publication_date>`, `<program><assertion name="funder_name">f%d</assertion><assertion name="award_number">%[1]d</assertion></program>`,
		`<publisher><publisher_name>p%d</publisher_name></publisher>`, `<publisher_item><identifier>%d</identifier></publisher_item>`, `<acceptance_date><year>%d</year></acceptance_date>`,
		`<contributors><person_name><surname>s%d</surname><affiliation>a%[1]d</affiliation></person_name></contributors>`,
	} {
		var b strings.Builder
		for i := range 5000 {
			fmt.Fprintf(&b, part, i+1000)
		}
		_, _, err := ReadXML([]byte(`<journal><journal_article>` + b.String() + `</journal_article></journal>`))
		require.NoError(t, err, part)
	}
	program := strings.Repeat(`<assertion name="funder_name">f</assertion><assertion name="award_number">1</assertion>`, 10000)
	a, _, err := ReadXML([]byte(`<journal><journal_article><program>` + program + `</program></journal_article></journal>`))
	require.NoError(t, err)
	assert.Len(t, a.Funding.Awards, 10001)
}
