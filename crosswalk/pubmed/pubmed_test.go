package pubmed_test

import (
	"encoding/xml"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/pubmed"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
)

// schema is of our own making, because the DTD could not be had.
func schema() string {
	return filepath.Join(fixturetest.Root(), "crosswalk", "pubmed", "testdata", "pubmed.xsd")
}

func article(dst []byte, r *flat.Record) ([]byte, error) { return pubmed.AppendArticle(dst, r, false) }

func TestGolden(t *testing.T) {
	crosswalktest.Golden(t, article, "rich", crosswalktest.Rich())
	crosswalktest.Golden(t, article, "thin-films", crosswalktest.Fixtures(t)["thin-films"])
}

// sent is an Article as PubMed reads it.
type sent struct {
	Journal struct {
		PublisherName, JournalTitle, Issn, Volume, Issue string
		PubDate                                          date
	}
	Replaces *struct {
		IdType string `xml:",attr"`
		Text   string `xml:",chardata"`
	}
	ArticleTitle, VernacularTitle string
	FirstPage, LastPage           string
	ELocationID                   []struct {
		EIdType string `xml:",attr"`
		Text    string `xml:",chardata"`
	}
	Language string
	Authors  []person `xml:"AuthorList>Author"`
	Groups   []struct {
		GroupName      string
		IndividualName []person
	} `xml:"GroupList>Group"`
	PublicationType string
	History         []date `xml:"History>PubDate"`
	Abstract        *abstract
	OtherAbstract   []abstract
	CoiStatement    string
	Objects         []struct {
		Type   string `xml:",attr"`
		Params []struct {
			Name string `xml:",attr"`
			Text string `xml:",chardata"`
		} `xml:"Param"`
	} `xml:"ObjectList>Object"`
	Citations []string `xml:"ReferenceList>Reference>Citation"`
}

type date struct {
	PubStatus                string `xml:",attr"`
	Year, Month, Season, Day string
}

func (d date) String() string {
	return strings.TrimRight(d.PubStatus+" "+d.Year+"/"+d.Month+"/"+d.Day+" "+d.Season, " /")
}

type person struct {
	FirstName struct {
		EmptyYN string `xml:",attr"`
		Text    string `xml:",chardata"`
	}
	LastName, Suffix, CollectiveName string
	Affs                             []string `xml:"AffiliationInfo>Affiliation"`
	Identifier                       string
}

func (p person) String() string {
	return p.FirstName.Text + "|" + p.LastName + "|" + p.Suffix + "|" + p.CollectiveName
}

type abstract struct {
	Language string `xml:",attr"`
	Type     string `xml:",attr"`
	Text     string `xml:",chardata"`
	Parts    []struct {
		Label string `xml:",attr"`
		Text  string `xml:",chardata"`
	} `xml:"AbstractText"`
}

func read(t testing.TB, a *jats.Article, replaces bool) *sent {
	t.Helper()
	doc, err := pubmed.AppendArticle(nil, crosswalktest.Record(a), replaces)
	require.NoError(t, err)
	out := new(sent)
	require.NoError(t, xml.Unmarshal(doc, out), "%s", doc)
	return out
}

// minimal is the least that PubMed takes.
func minimal() *jats.Article {
	return &jats.Article{
		Title: jats.Title{Text: "T"}, IDs: []jats.ID{{Type: "doi", Value: "10.5555/a"}}, PubDates: []jats.Date{{Type: "pub", Date: "2026"}}, Volume: "3",
		Journal: jats.Journal{Title: jats.Title{Text: "J"}, ISSNs: []jats.ISSN{{Value: "2049-3630"}}, Publishers: []jats.Text{{Text: "P"}}},
	}
}

func TestMinimal(t *testing.T) {
	doc, errs := pubmed.AppendSet([]byte("x"), []pubmed.Submission{{Record: crosswalktest.Record(minimal())}}, nil)
	assert.Equal(t, []error{nil}, errs)
	assert.Equal(t, `x<?xml version="1.0" encoding="UTF-8"?>`+"\n"+
		`<!DOCTYPE ArticleSet PUBLIC "-//NLM//DTD PubMed 2.8//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/in/PubMed.dtd">`+"\n"+
		`<ArticleSet><Article><Journal><PublisherName>P</PublisherName><JournalTitle>J</JournalTitle><Issn>2049-3630</Issn><Volume>3</Volume><PubDate><Year>2026</Year></PubDate></Journal>`+
		`<ArticleTitle>T</ArticleTitle><ELocationID EIdType="doi">10.5555/a</ELocationID><ArticleIdList><ArticleId IdType="doi">10.5555/a</ArticleId></ArticleIdList></Article></ArticleSet>`+"\n",
		string(doc))
}

func code(t testing.TB, err error) string {
	t.Helper()
	var cannot *flat.Cannot
	if err == nil || !assert.True(t, errors.As(err, &cannot), "%v", err) {
		return ""
	}
	assert.Contains(t, cannot.Message, "pubmed: ")
	return cannot.Code
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(a *jats.Article)
	}{
		{"", func(a *jats.Article) {}},
		{"no-title", func(a *jats.Article) { a.Title.Text = " " }},
		{"no-publisher", func(a *jats.Article) { a.Journal.Publishers = nil }},
		{"no-journal-title", func(a *jats.Article) { a.Journal.Title.Text = "" }},
		{"no-issn", func(a *jats.Article) { a.Journal.ISSNs = nil }},
		{"no-date", func(a *jats.Article) { a.PubDates = nil }},
		{"no-issue", func(a *jats.Article) { a.Volume = "" }},
		{"", func(a *jats.Article) { a.Volume, a.Issue = "", "4" }},
		{"", func(a *jats.Article) {
			a.Volume, a.PubDates[0] = "", jats.Date{Type: "pub", Format: "electronic", Date: "2026-01-02"}
		}},
		{"no-pages", func(a *jats.Article) { a.IDs = nil }},
		{"", func(a *jats.Article) { a.IDs, a.ElocationID = nil, "e5" }},
		{"not-taken", func(a *jats.Article) { a.ArticleType = "Book-Review" }},
	} {
		a := minimal()
		c.change(a)
		b, err := pubmed.AppendArticle(nil, crosswalktest.Record(a), false)
		assert.Equal(t, c.want, code(t, err))
		assert.Equal(t, err == nil, b != nil)
	}
	a := minimal()
	a.IDs, a.FPage = nil, "7"
	_, err := pubmed.AppendArticle(nil, crosswalktest.Record(a), true)
	assert.Equal(t, "nothing-to-replace", code(t, err))
}

// What is refused leaves nothing behind, the others stay, and deletions come last.
func TestSet(t *testing.T) {
	bad := minimal()
	bad.Title.Text = ""
	doc, errs := pubmed.AppendSet([]byte("x"), []pubmed.Submission{{Record: crosswalktest.Record(minimal())}, {Record: crosswalktest.Record(bad)}, {Record: crosswalktest.Record(crosswalktest.Rich()), Replaces: true}},
		[]string{"123", "456"})
	require.Len(t, errs, 3)
	assert.NoError(t, errs[0])
	assert.Equal(t, "no-title", code(t, errs[1]))
	assert.NoError(t, errs[2])
	assert.Equal(t, 2, strings.Count(string(doc), "<Article>"))
	assert.Equal(t, 1, strings.Count(string(doc), `<Replaces IdType="pubmed">123</Replaces>`))
	assert.True(t, strings.HasSuffix(string(doc), "</Article><DeleteCitation><PMID>123</PMID><PMID>456</PMID></DeleteCitation></ArticleSet>\n"))
	only, errs := pubmed.AppendSet(nil, nil, []string{"7"})
	assert.Empty(t, errs)
	assert.Empty(t, fixturetest.XSD(t, schema(), map[string][]byte{"set": doc[1:], "only deletions": only}))

	doc, errs = pubmed.AppendSet([]byte("x"), []pubmed.Submission{{Record: crosswalktest.Record(bad)}}, nil)
	assert.Equal(t, "no-title", code(t, errs[0]))
	assert.Equal(t, "x", string(doc), "nothing in it: no file")
}

func TestReplaces(t *testing.T) {
	a := minimal()
	assert.Nil(t, read(t, a, false).Replaces)
	x := read(t, a, true)
	assert.Equal(t, "doi 10.5555/a", x.Replaces.IdType+" "+x.Replaces.Text)
	a.IDs = []jats.ID{{Type: "publisher-id", Value: "P-1"}}
	a.FPage = "1"
	x = read(t, a, true)
	assert.Equal(t, "pii P-1", x.Replaces.IdType+" "+x.Replaces.Text)
	a.IDs = append(a.IDs, jats.ID{Type: "pmid", Value: "77"})
	x = read(t, a, true)
	assert.Equal(t, "pubmed 77", x.Replaces.IdType+" "+x.Replaces.Text)
}

func TestDates(t *testing.T) {
	online, print := jats.Date{Type: "pub", Format: "electronic", Date: "2026-02-03"}, jats.Date{Type: "pub", Format: "print", Date: "2026-03"}
	for _, c := range []struct {
		name          string
		dates         []jats.Date
		want, history string
		change        func(a *jats.Article)
	}{
		{"electronic", []jats.Date{online}, "epublish 2026/02/03", "", nil},
		{"print", []jats.Date{print}, "ppublish 2026/03", "", nil},
		{"both", []jats.Date{online, print}, "ppublish 2026/03", "epublish 2026/02/03", nil},
		{"volume of a year", []jats.Date{online, {Type: "collection", Date: "2025"}}, " 2025", "epublish 2026/02/03", nil},
		{"electronic, no day", []jats.Date{{Type: "pub", Format: "electronic", Date: "2026-02"}}, " 2026/02", "", nil},
		{"unknown kind", []jats.Date{{Type: "pub", Date: "2026-02-03"}}, " 2026/02/03", "", nil},
		{"season", []jats.Date{{Type: "pub", Format: "print", Date: "2026", Season: "Spring"}}, "ppublish 2026// Spring", "", nil},
		{"ahead of print", []jats.Date{online}, "aheadofprint 2026/02/03", "", func(a *jats.Article) { a.Volume = "" }},
		{"history", []jats.Date{online}, "epublish 2026/02/03", "received 2025/10/01;accepted 2026/01/15", func(a *jats.Article) {
			a.History = []jats.Date{{Type: "accepted", Date: "2026-01-15"}, {Type: "received", Date: "2025-10-01"}, {Type: "rev-recd", Date: "2025-12"}}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := minimal()
			a.PubDates = c.dates
			if c.change != nil {
				c.change(a)
			}
			x := read(t, a, false)
			assert.Equal(t, c.want, x.Journal.PubDate.String())
			var history []string
			for _, d := range x.History {
				history = append(history, d.String())
			}
			assert.Equal(t, c.history, strings.Join(history, ";"))
		})
	}
}

func TestJournal(t *testing.T) {
	a := crosswalktest.Rich()
	x := read(t, a, false)
	assert.Equal(t, "J. Sheaves", x.Journal.JournalTitle)
	assert.Equal(t, "2049-3630", x.Journal.Issn, "that of the electronic journal, as its date")
	a.Journal.IDs = []jats.ID{{Type: "nlm-ta", Value: "J Sheaves (Oslo)"}}
	a.PubDates = []jats.Date{{Type: "pub", Format: "print", Date: "2026"}}
	a.Supplement, a.IssuePart = "2", "Part B"
	a.Journal.Publishers = []jats.Text{{Lang: "ru", Text: "Издательство"}, {Lang: "en", Text: "House"}}
	x = read(t, a, false)
	assert.Equal(t, "J Sheaves (Oslo)", x.Journal.JournalTitle)
	assert.Equal(t, "1234-5679", x.Journal.Issn)
	assert.Equal(t, "3 Part B Suppl 2", x.Journal.Issue)
	assert.Equal(t, "House", x.Journal.PublisherName)
}

func TestTitles(t *testing.T) {
	for _, c := range []struct {
		lang                string
		title               jats.Title
		trans               []jats.Title
		english, vernacular string
	}{
		{"en", jats.Title{Text: "A <sub>2</sub>", Subtitles: []jats.Rich{"b"}}, []jats.Title{{Lang: "de", Text: "D"}}, "A 2: b", ""},
		{"", jats.Title{Text: "A"}, nil, "A", ""},
		{"ru", jats.Title{Text: "Р"}, []jats.Title{{Lang: "ru-Latn", Text: "R"}, {Lang: "en-GB", Text: "E"}}, "E", "Р"},
		{"zh-Hans", jats.Title{Text: "中"}, nil, "", "中"},
		{"fr", jats.Title{Lang: "en", Text: "E"}, []jats.Title{{Lang: "fr", Text: "F"}}, "E", "F"},
	} {
		a := minimal()
		a.Lang, a.Title, a.TransTitles = c.lang, c.title, c.trans
		x := read(t, a, false)
		assert.Equal(t, c.english, x.ArticleTitle, "no brackets: NLM puts them")
		assert.Equal(t, c.vernacular, x.VernacularTitle)
	}
}

func TestPlace(t *testing.T) {
	for _, c := range []struct{ fpage, lpage, number, want string }{
		{"5", "9", "", "5-9 doi:10.5555/a"}, {"5", "5", "", "5- doi:10.5555/a"}, {"", "", "e1234", "e1234- doi:10.5555/a"},
		{"", "", "12/34", "- pii:12/34 doi:10.5555/a"}, {"", "", "10.5555/a", "- doi:10.5555/a"}, {"7", "", "e5", "7- doi:10.5555/a"},
	} {
		a := minimal()
		a.FPage, a.LPage, a.ElocationID = c.fpage, c.lpage, c.number
		x := read(t, a, false)
		got := x.FirstPage + "-" + x.LastPage
		for _, e := range x.ELocationID {
			got += " " + e.EIdType + ":" + e.Text
		}
		assert.Equal(t, c.want, got)
	}
}

func TestPeople(t *testing.T) {
	a := minimal()
	a.Lang = "ru"
	a.Contribs = []jats.Contrib{
		{Names: []jats.Name{{Surname: "Иванов", GivenNames: "И."}, {Lang: "ru-Latn", Surname: "Ivanov (l)"}, {Lang: "en", Surname: "Ivanov", GivenNames: "I.", Suffix: "Jr."}}, Affs: []string{"1"},
			IDs: []jats.ContribID{{Type: "orcid", Value: "https://orcid.org/0000-0002-1825-0097"}}, Emails: []string{"a@b.example.org"}},
		{Names: []jats.Name{{Surname: "Петров", GivenNames: "П."}}}, {Names: []jats.Name{{GivenNames: "Suparjo"}}}, {Names: []jats.Name{{Full: "J. van der Zee"}}},
		{Anonymous: true}, {Type: "editor", Names: []jats.Name{{Surname: "Ed"}}},
		{Collab: []jats.Text{{Lang: "en", Text: "The Group"}}, Members: []jats.Contrib{{Names: []jats.Name{{Surname: "Member", GivenNames: "M."}}}, {}}},
		{Collab: []jats.Text{{Text: "\u200b"}}, Members: []jats.Contrib{{Names: []jats.Name{{Surname: "Of", GivenNames: "Nothing"}}}}},
		{Names: []jats.Name{{Surname: "For"}}, Collab: []jats.Text{{Lang: "en", Text: "No Members"}}},
	}
	a.Affs = []jats.Aff{{ID: "1", Forms: []jats.AffForm{{Text: "Институт, Томск"}, {Lang: "en", Text: `<institution-wrap><institution>Institute</institution><institution-id institution-id-type="ROR">https://ror.org/0zzzz0161</institution-id></institution-wrap>, Tomsk; <email>i@tomsk.example.org</email>`}}}}
	x := read(t, a, false)
	var got []string
	for _, p := range x.Authors {
		got = append(got, p.String())
		assert.Equal(t, p.CollectiveName == "" && p.FirstName.Text == "", p.FirstName.EmptyYN == "Y")
	}
	assert.Equal(t, []string{"I.|Ivanov|Jr.|", "П.|Петров||", "|Suparjo||", "|J. van der Zee||", "|||The Group", "|For||", "|||No Members"}, got)
	assert.Equal(t, []string{"Institute, Tomsk"}, x.Authors[0].Affs)
	assert.Equal(t, "https://orcid.org/0000-0002-1825-0097", x.Authors[0].Identifier)
	require.Len(t, x.Groups, 1)
	assert.Equal(t, "The Group", x.Groups[0].GroupName)
	require.Len(t, x.Groups[0].IndividualName, 1)
	assert.Equal(t, "M.|Member||", x.Groups[0].IndividualName[0].String())
}

func TestAbstracts(t *testing.T) {
	a := minimal()
	a.Lang = "ru"
	a.Abstracts = []jats.Abstract{
		{P: []jats.Rich{"Раз."}}, {Lang: "en", Type: "graphical", P: []jats.Rich{"No."}}, {Lang: "en", Type: "key-points", P: []jats.Rich{"No."}},
		{Lang: "en", P: []jats.Rich{" "}},
		{Lang: "en", P: []jats.Rich{"Before."}, Secs: []jats.Sec{{Title: "Aim", P: []jats.Rich{"A.", "B."}}, {P: []jats.Rich{"C."}}}},
		{Lang: "en", P: []jats.Rich{"A second."}}, {Lang: "en", Type: "plain-language-summary", P: []jats.Rich{"Simply."}}, {Lang: "x", P: []jats.Rich{"Of no language."}},
	}
	x := read(t, a, false)
	require.NotNil(t, x.Abstract)
	require.Len(t, x.Abstract.Parts, 3)
	assert.Equal(t, "Before.", x.Abstract.Parts[0].Text)
	assert.Equal(t, "Aim A. B.", x.Abstract.Parts[1].Label+" "+x.Abstract.Parts[1].Text)
	require.Len(t, x.OtherAbstract, 2)
	assert.Equal(t, abstract{Language: "rus", Text: "Раз."}, x.OtherAbstract[0])
	assert.Equal(t, abstract{Language: "eng", Type: "plain-language-summary", Text: "Simply."}, x.OtherAbstract[1])

	a.Abstracts = a.Abstracts[:1]
	x = read(t, a, false)
	assert.Nil(t, x.Abstract)
	assert.Len(t, x.OtherAbstract, 1)
	a.Lang = ""
	assert.Equal(t, "Раз.", read(t, a, false).Abstract.Text, "of unknown language")
}

func TestObjects(t *testing.T) {
	a := minimal()
	a.Lang, a.ArticleType = "ru", "correction"
	a.KwdGroups = []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "слово"}}}, {Lang: "en", Kwds: []jats.Kwd{{Text: "word"}, {Text: "word"}}}}
	a.SubjGroups = []jats.SubjGroup{{Type: "udc", Lang: "en", Subjects: []jats.Subject{{Text: "53"}}}}
	a.Funding.Awards = []jats.Award{{Funders: []jats.Funder{{Name: "NIH"}}, IDs: []string{"R01", "R02"}}, {Funders: []jats.Funder{{Name: "Club"}}}}
	a.Related = []jats.Related{{Type: "corrected-article", IDType: "doi", ID: "10.5555/b"}, {Type: "retracted-article", IDType: "pmid", ID: "9"}, {Type: "corrected-article", IDType: "uri", ID: "https://x.example.org"},
		{Object: true, Type: "clinical-trial", IDType: "ClinicalTrials.gov", ID: "NCT01234567"}, {Object: true, Type: "dataset", IDType: "doi", ID: "10.5555/d"}, {Type: "preprint", IDType: "doi", ID: "10.5555/p"}}
	a.Notes = []jats.Note{{Type: "con", Lang: "en", P: []jats.Rich{"A wrote."}}, {Type: "coi-statement", P: []jats.Rich{"Нет."}}, {Type: "coi-statement", Lang: "en", P: []jats.Rich{"None.", "At all."}}}
	a.Refs = []jats.Ref{{Citations: []jats.Citation{{Text: "Roe R. <source>S</source>. 2001."}}}, {Notes: []jats.Rich{"no work"}}}
	x := read(t, a, false)
	var got []string
	for _, o := range x.Objects {
		s := o.Type
		for _, p := range o.Params {
			s += " " + p.Name + "=" + p.Text
		}
		got = append(got, s)
	}
	assert.Equal(t, []string{"keyword value=word", "grant id=R01 grantor=NIH", "grant id=R02 grantor=NIH", "grant grantor=Club", "Erratum type=doi id=10.5555/b", "Retraction type=pmid id=9", "NCT id=NCT01234567"}, got)
	assert.Equal(t, "None. At all.", x.CoiStatement)
	assert.Equal(t, []string{"Roe R. S. 2001."}, x.Citations)
	assert.Equal(t, "Published Erratum", x.PublicationType)
	assert.Equal(t, "RU", x.Language)
}

// What is sent can be read again by Sheaf's own reader of deposits, and says the same.
func TestReadBack(t *testing.T) {
	for name, a := range crosswalktest.Fixtures(t) {
		r := crosswalktest.Record(a)
		doc, errs := pubmed.AppendSet(nil, []pubmed.Submission{{Record: r}}, nil)
		if errs[0] != nil {
			continue
		}
		_, back, _, err := ingest.Parse(doc, "")
		require.NoError(t, err, name)
		b := crosswalktest.Record(back)
		assert.Equal(t, flat.ISO3(r.Lang), flat.ISO3(b.Lang), name)
		assert.Equal(t, r.DOI, b.DOI, name)
		assert.Equal(t, r.Titles[0].Full(), b.Titles[0].Full(), name)
		assert.Len(t, b.Authors, len(r.Authors), name)
		assert.Len(t, b.Refs, len(r.Refs), name)
		assert.Equal(t, r.Volume, b.Volume, name)
		assert.Equal(t, r.FPage+r.Elocation, b.FPage+b.Elocation, "%s: an article number is a first page to PubMed", name)
		assert.Equal(t, r.LPage, b.LPage, name)
	}
}

func TestEverything(t *testing.T) {
	crosswalktest.Everything(t, article, schema(), func(t testing.TB, name string, r *flat.Record, doc []byte) {})
}

func FuzzAppend(f *testing.F) {
	crosswalktest.Fuzz(f, func(dst []byte, r *flat.Record) ([]byte, error) {
		out, err := pubmed.AppendArticle(dst, r, true)
		return []byte(strings.ReplaceAll(string(out), `<FirstName EmptyYN="Y"/>`, "")), err // empty by what NLM asks
	})
}

func BenchmarkAppend(b *testing.B) {
	r := crosswalktest.Record(crosswalktest.Fixtures(b)["thin-films"])
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		buf, err = pubmed.AppendArticle(buf[:0], r, false)
		require.NoError(b, err)
	}
}
