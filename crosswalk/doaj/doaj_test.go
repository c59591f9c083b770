package doaj_test

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/doaj"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

func TestGolden(t *testing.T) {
	crosswalktest.Golden(t, doaj.Append, "rich", crosswalktest.Rich())
	crosswalktest.Golden(t, doaj.Append, "thin-films", crosswalktest.Fixtures(t)["thin-films"])
}

// The two XML forms differ in nothing but the names' prefix and the root.
func TestRecordIsTheSame(t *testing.T) {
	for name, a := range crosswalktest.Fixtures(t) {
		r := crosswalktest.Record(a)
		served, err := doaj.Append(nil, r)
		record, rerr := doaj.AppendRecord([]byte("x"), r)
		require.Equal(t, err, rerr, name)
		if err != nil {
			continue
		}
		s := strings.ReplaceAll(string(served), "oai_doaj:", "")
		_, s, ok := strings.Cut(s, ">")
		require.True(t, ok)
		assert.Equal(t, "x<record>"+strings.TrimSuffix(s, "</doajArticle>")+"</record>", string(record), name)
	}
}

// record is the upload XML as DOAJ reads it.
type record struct {
	Language    string   `xml:"language"`
	ISSN        string   `xml:"issn"`
	EISSN       string   `xml:"eissn"`
	Date        string   `xml:"publicationDate"`
	StartPage   string   `xml:"startPage"`
	EndPage     string   `xml:"endPage"`
	DOI         string   `xml:"doi"`
	Titles      []marked `xml:"title"`
	Authors     []author `xml:"authors>author"`
	Affs        []marked `xml:"affiliationsList>affiliationName"`
	Abstracts   []marked `xml:"abstract"`
	FullTextURL struct {
		Format string `xml:"format,attr"`
		URL    string `xml:",chardata"`
	} `xml:"fullTextUrl"`
	Keywords []struct {
		Language string   `xml:"language,attr"`
		Words    []string `xml:"keyword"`
	} `xml:"keywords"`
}

type marked struct {
	Language string `xml:"language,attr"`
	ID       string `xml:"affiliationId,attr"`
	Text     string `xml:",chardata"`
}

type author struct {
	Name  string `xml:"name"`
	Email string `xml:"email"`
	Aff   string `xml:"affiliationId"`
	ORCID string `xml:"orcid_id"`
}

// article is the body that the API takes.
type article struct {
	Admin struct {
		PublisherRecordID string `json:"publisher_record_id"`
	} `json:"admin"`
	Bibjson struct {
		Title      string `json:"title"`
		Year       string `json:"year"`
		Month      string `json:"month"`
		Abstract   string `json:"abstract"`
		Identifier []struct {
			Type string `json:"type"`
			ID   string `json:"id"`
		} `json:"identifier"`
		Author []struct {
			Name        string `json:"name"`
			Affiliation string `json:"affiliation"`
			ORCID       string `json:"orcid_id"`
		} `json:"author"`
		Keywords []string `json:"keywords"`
		Link     []struct {
			Type        string `json:"type"`
			URL         string `json:"url"`
			ContentType string `json:"content_type"`
		} `json:"link"`
		Journal struct {
			Volume    string   `json:"volume"`
			Number    string   `json:"number"`
			StartPage string   `json:"start_page"`
			EndPage   string   `json:"end_page"`
			Title     string   `json:"title"`
			Publisher string   `json:"publisher"`
			Language  []string `json:"language"`
		} `json:"journal"`
	} `json:"bibjson"`
}

func (a *article) id(kind string) string {
	for _, i := range a.Bibjson.Identifier {
		if i.Type == kind {
			return i.ID
		}
	}
	return ""
}

// decoded is what of a article of the API is in body; a field that the API does not know, or a number where it has a string, is an error.
func decoded(t testing.TB, body []byte) *article {
	t.Helper()
	out := new(article)
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(out), "%s", body)
	return out
}

// both renders an article that both forms take.
func both(t testing.TB, a *jats.Article) (*record, *article) {
	t.Helper()
	r := crosswalktest.Record(a)
	doc, err := doaj.AppendRecord(nil, r)
	require.NoError(t, err)
	x := new(record)
	require.NoError(t, xml.Unmarshal(doc, x), "%s", doc)
	body, err := doaj.JSON(r)
	require.NoError(t, err)
	return x, decoded(t, body)
}

// minimal is the least that DOAJ takes.
func minimal() *jats.Article {
	return &jats.Article{
		Title: jats.Title{Text: "T"}, IDs: []jats.ID{{Type: "doi", Value: "10.5555/a"}}, PubDates: []jats.Date{{Type: "pub", Date: "2026"}},
		Journal: jats.Journal{Title: jats.Title{Text: "J"}, ISSNs: []jats.ISSN{{Type: "electronic", Value: "2049-3630"}}},
	}
}

func TestMinimal(t *testing.T) {
	x, j := both(t, minimal())
	assert.Equal(t, record{EISSN: "2049-3630", Date: "2026", DOI: "10.5555/a", Titles: []marked{{Text: "T"}}, FullTextURL: x.FullTextURL}, *x)
	assert.Equal(t, "https://doi.org/10.5555/a", x.FullTextURL.URL, "the page here is no full text")
	body, err := doaj.JSON(crosswalktest.Record(minimal()))
	require.NoError(t, err)
	assert.JSONEq(t, `{"admin":{"publisher_record_id":"10.5555/a"},"bibjson":{"title":"T","year":"2026","journal":{"title":"J"},
		"identifier":[{"type":"doi","id":"10.5555/a"},{"type":"eissn","id":"2049-3630"}]}}`, string(body))
	assert.Empty(t, j.Bibjson.Month, "no month is invented")
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, xml, json string // codes
		change          func(a *jats.Article)
	}{
		{"no title", "no-title", "no-title", func(a *jats.Article) { a.Title.Text = " " }},
		{"a title of markup", "no-title", "no-title", func(a *jats.Article) { a.Title.Text = "&lt;b&gt;&lt;/b&gt;" }},
		{"no ISSN", "no-issn", "no-issn", func(a *jats.Article) { a.Journal.ISSNs = nil }},
		{"an ISSN of unknown kind", "issn-kind", "issn-kind", func(a *jats.Article) { a.Journal.ISSNs[0].Type = "" }},
		{"only the linking ISSN", "issn-kind", "issn-kind", func(a *jats.Article) { a.Journal.ISSNs[0].Type = "linking" }},
		{"one ISSN for both", "same-issn", "same-issn", func(a *jats.Article) {
			a.Journal.ISSNs = append(a.Journal.ISSNs, jats.ISSN{Type: "print", Value: "2049-3630"})
		}},
		{"no journal title", "no-journal-title", "", func(a *jats.Article) { a.Journal.Title.Text = "" }},
		{"no date", "no-date", "", func(a *jats.Article) { a.PubDates = nil }},
		{"no DOI, no address", "no-full-text", "no-full-text", func(a *jats.Article) { a.IDs = nil }},
		{"a DOI that is none", "no-full-text", "no-full-text", func(a *jats.Article) { a.IDs[0].Value = "doi pending" }},
		{"an address that others cannot reach", "no-full-text", "no-full-text", func(a *jats.Article) {
			a.IDs, a.Links = nil, []jats.Link{{URL: "http://localhost:8080/1", MIME: "text/html"}, {URL: "http://127.0.0.1/1.pdf"}}
		}},
		{"no DOI, an address", "", "", func(a *jats.Article) { a.IDs, a.Links = nil, []jats.Link{{URL: "https://j.example.org/1"}} }},
		{"restricted", "not-open-access", "not-open-access", func(a *jats.Article) { a.Permissions.Access = "restricted" }},
		{"under embargo", "not-open-access", "not-open-access", func(a *jats.Article) { a.Permissions.Access, a.Permissions.EmbargoEnd = "embargoed", "2099-01-01" }},
		{"no longer under embargo", "", "", func(a *jats.Article) { a.Permissions.Access, a.Permissions.EmbargoEnd = "embargoed", "2020-01-01" }},
		{"a script in the title", "script-in-text", "script-in-text", func(a *jats.Article) { a.Title.Text = "The &lt;Script&gt; tag" }},
		{"a script in an affiliation", "script-in-text", "script-in-text", func(a *jats.Article) {
			a.Contribs = []jats.Contrib{{Names: []jats.Name{{Surname: "X"}}, Affs: []string{"a"}}}
			a.Affs = []jats.Aff{{ID: "a", Forms: []jats.AffForm{{Text: "U&lt;script src=x>"}}}}
		}},
		{"the word", "", "", func(a *jats.Article) { a.Title.Text = "Scripts and p &lt; script" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := minimal()
			c.change(a)
			r := crosswalktest.Record(a)
			for form, want := range map[string]string{"xml": c.xml, "json": c.json} {
				out, err := doaj.AppendRecord(nil, r)
				if form == "json" {
					out, err = doaj.JSON(r)
				}
				if want == "" {
					assert.NoError(t, err, form)
					continue
				}
				var cannot *flat.Cannot
				if assert.True(t, errors.As(err, &cannot), "%s: %v", form, err) {
					assert.Equal(t, want, cannot.Code, form)
					assert.Contains(t, cannot.Message, "doaj: ")
				}
				assert.Nil(t, out)
			}
		})
	}
}

func TestRules(t *testing.T) {
	a := crosswalktest.Rich()
	a.Journal.ISSNs = append(a.Journal.ISSNs, jats.ISSN{Type: "linking", Value: "1234-5679"})
	a.KwdGroups = []jats.KwdGroup{
		{Lang: "de", Kwds: []jats.Kwd{{Text: "Garbe"}}},
		{Lang: "en", Kwds: []jats.Kwd{{Text: "a"}, {Text: "A"}, {Text: "b"}, {Text: "c"}, {Text: "d"}, {Text: "e"}, {Text: "f"}, {Text: "g"}, {Text: "h"}}},
		{Lang: "en-GB", Kwds: []jats.Kwd{{Text: "colour"}}},
	}
	a.Abstracts = []jats.Abstract{{Type: "graphical", P: []jats.Rich{"No."}}, {Lang: "de", P: []jats.Rich{"Eins."}}, {P: []jats.Rich{"One. Contact: x@lab.example.org", "Two &lt;i&gt;E. coli&lt;/i&gt;."}}}
	a.Affs[0].Forms[0].Text = "University of Oslo, Norway; e-mail: jane@uio.example.org"
	a.Affs[0].Forms[0].Institutions = nil
	a.Contribs[1].Emails = []string{"king@uio.example.org"}
	a.Contribs[1].IDs = []jats.ContribID{{Type: "orcid", Value: "0000-0002-1825-0097"}} // not the form that DOAJ takes
	a.PubDates = []jats.Date{{Type: "pub", Format: "electronic", Date: "2026-02"}}
	a.TransTitles = []jats.Title{{Lang: "ru-Latn", Text: "Snop"}, {Lang: "de", Text: "Garbe"}}
	x, j := both(t, a)

	assert.Equal(t, "1234-5679", x.ISSN)
	assert.Equal(t, "2049-3630", x.EISSN)
	assert.Equal(t, "1234-5679", j.id("pissn"))
	assert.Equal(t, "2049-3630", j.id("eissn"))
	assert.Equal(t, "2026-02", x.Date)
	assert.Equal(t, "2026", j.Bibjson.Year)
	assert.Equal(t, "02", j.Bibjson.Month)
	assert.Equal(t, "10.5555/Rich.1", x.DOI, "in the case of the source")
	assert.Equal(t, []marked{{Language: "eng", Text: "The sheaf & its stalks: a study: part two"}, {Language: "ger", Text: "Garbe"}}, x.Titles, "no transliteration")
	assert.Equal(t, "The sheaf & its stalks: a study: part two", j.Bibjson.Title)

	names := []string{"Ivan I. Ivanov", "Martin King Jr.", "J. van der Zee", "Suparjo", "Anna Jónsdóttir", "The Sheaf Group"}
	for i, want := range names {
		assert.Equal(t, want, x.Authors[i].Name, "in reading order")
		assert.Equal(t, want, j.Bibjson.Author[i].Name)
		assert.Empty(t, x.Authors[i].Email)
	}
	assert.Len(t, x.Authors, len(names), "no editors, no members of groups")
	assert.Len(t, j.Bibjson.Author, len(names))
	assert.Equal(t, "https://orcid.org/0000-0002-1825-0097", x.Authors[0].ORCID)
	assert.Equal(t, "https://orcid.org/0000-0002-1825-0097", j.Bibjson.Author[0].ORCID)
	assert.Empty(t, x.Authors[1].ORCID)
	assert.Empty(t, j.Bibjson.Author[1].ORCID)
	assert.Equal(t, []marked{{ID: "1", Text: "University of Oslo, Norway"}}, x.Affs, "the first of each author, once, without the address of e-mail")
	assert.Equal(t, "1", x.Authors[0].Aff)
	assert.Equal(t, "1", x.Authors[1].Aff)
	assert.Equal(t, "University of Oslo, Norway", j.Bibjson.Author[1].Affiliation)

	require.Len(t, x.Abstracts, 2)
	assert.Equal(t, marked{Language: "eng", Text: "One\nTwo E. coli."}, x.Abstracts[0], "that in the article's language comes first")
	assert.Equal(t, "ger", x.Abstracts[1].Language)
	assert.Equal(t, "One\nTwo E. coli.", j.Bibjson.Abstract)
	require.Len(t, x.Keywords, 2)
	assert.Equal(t, []string{"a", "b", "c", "d", "e", "f"}, x.Keywords[1].Words, "six, and none twice")
	assert.Equal(t, []string{"a", "b", "c", "d", "e", "f"}, j.Bibjson.Keywords)

	assert.Equal(t, "https://j.example.org/1", x.FullTextURL.URL)
	assert.Equal(t, "html", x.FullTextURL.Format)
	require.Len(t, j.Bibjson.Link, 1)
	assert.Equal(t, "https://j.example.org/1", j.Bibjson.Link[0].URL)
	assert.Equal(t, "HTML", j.Bibjson.Link[0].ContentType)
	assert.Equal(t, []string{"EN"}, j.Bibjson.Journal.Language)
	assert.Equal(t, "101", j.Bibjson.Journal.StartPage)

	a.Links = a.Links[1:]
	x, j = both(t, a)
	assert.Equal(t, "https://j.example.org/1.pdf", x.FullTextURL.URL)
	assert.Equal(t, "pdf", x.FullTextURL.Format)
	assert.Equal(t, "PDF", j.Bibjson.Link[0].ContentType)
}

var (
	issnForm  = regexp.MustCompile(`^[0-9]{4}-[0-9]{3}[0-9X]$`)
	orcidForm = regexp.MustCompile(`^https://orcid\.org/[0-9]{4}-[0-9]{4}-[0-9]{4}-\d{3}[\dX]$`)
	doiForm   = regexp.MustCompile(`^10\.\S+/\S+$`)
	urlForm   = regexp.MustCompile(`^https?://([^/:]+\.[\p{L}][\p{L}0-9-]+|([0-9]{1,3}\.){3}[0-9]{1,3})(:[0-9]+)?([/?#].*)?$`)
)

// accepted checks what DOAJ's own code checks of an article, and what its guide asks.
func accepted(t testing.TB, name string, body []byte) {
	t.Helper()
	b := decoded(t, body).Bibjson
	assert.NotEmpty(t, b.Title, name)
	seen := map[string]string{}
	for _, id := range b.Identifier {
		assert.Contains(t, []string{"doi", "pissn", "eissn"}, id.Type, name)
		assert.Empty(t, seen[id.Type], "%s: two of one type", name)
		seen[id.Type] = id.ID
		if id.Type == "doi" {
			assert.Regexp(t, doiForm, id.ID, name)
		} else {
			assert.Regexp(t, issnForm, id.ID, name)
		}
	}
	assert.NotEmpty(t, seen["pissn"]+seen["eissn"], name)
	assert.NotEqual(t, seen["pissn"], seen["eissn"], name)
	assert.True(t, seen["doi"] != "" || len(b.Link) > 0, name)
	for _, l := range b.Link {
		assert.Equal(t, "fulltext", l.Type, name)
		assert.Regexp(t, urlForm, l.URL, name)
		assert.Contains(t, []string{"", "PDF", "HTML", "ePUB", "XML"}, l.ContentType, name)
	}
	for _, p := range b.Author {
		assert.NotEmpty(t, strings.TrimSpace(p.Name), name)
		assert.NotContains(t, p.Affiliation, "@", name)
		if p.ORCID != "" {
			assert.Regexp(t, orcidForm, p.ORCID, name)
		}
	}
	assert.LessOrEqual(t, len(b.Keywords), 6, name)
	if b.Month != "" {
		assert.Regexp(t, `^[0-9]{2}$`, b.Month, name)
		assert.NotEmpty(t, b.Year, name)
	}
	for _, s := range append(b.Keywords, b.Title, b.Abstract) {
		assert.Equal(t, strings.TrimSpace(s), s, name)
		assert.Negative(t, strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }), name)
	}
	assert.NotContains(t, strings.ToLower(string(body)), `\u003cscript`, name)
	assert.NotContains(t, string(body), `\u0000`, name)
}

const schema = "indexers/doaj/doajArticles.xsd"

// upload is the document of one record.
func upload(dst []byte, r *flat.Record) ([]byte, error) {
	dst, err := doaj.AppendRecord(append(dst, "<records>"...), r)
	if err != nil {
		return nil, err
	}
	return append(dst, "</records>"...), nil
}

// All that there is of articles is valid, in both forms, or refused for a reason.
func TestEverything(t *testing.T) {
	crosswalktest.Everything(t, upload, schema, func(t testing.TB, name string, r *flat.Record, doc []byte) {
		body, err := doaj.JSON(r)
		require.NoError(t, err, "%s: the upload is harder to please", name)
		accepted(t, name, body)
	})
}

func FuzzAppend(f *testing.F) { crosswalktest.Fuzz(f, doaj.Append) }

func FuzzJSON(f *testing.F) {
	for _, a := range crosswalktest.Fixtures(f) {
		data, err := json.Marshal(a)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a := new(jats.Article)
		if json.Unmarshal(data, a) != nil {
			return
		}
		a.Clean()
		r := flat.Of(a, "x", "https://sheaf.example.org/records/x", crosswalktest.Day)
		body, err := doaj.JSON(r)
		if err != nil {
			_, xmlErr := doaj.Append(nil, r)
			require.Error(t, xmlErr, "the upload is harder to please")
			return
		}
		accepted(t, "fuzz", body)
	})
}

func BenchmarkAppend(b *testing.B) {
	r := crosswalktest.Record(crosswalktest.Fixtures(b)["thin-films"])
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		buf, err = doaj.Append(buf[:0], r)
		require.NoError(b, err)
	}
}

func BenchmarkJSON(b *testing.B) {
	r := crosswalktest.Record(crosswalktest.Fixtures(b)["thin-films"])
	b.ReportAllocs()
	for b.Loop() {
		_, err := doaj.JSON(r)
		require.NoError(b, err)
	}
}
