package elibrary_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/elibrary"
	"sheaf/crosswalk/flat"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
)

const schema = "indexers/elibrary/journal3.xsd"

// issue is the document of an issue of one article.
func issue(dst []byte, r *flat.Record) ([]byte, error) {
	out, errs := elibrary.AppendIssue(dst, []*flat.Record{r})
	return out, errs[0]
}

// journal is the file as eLIBRARY reads it.
type journal struct {
	TitleID string `xml:"titleid"`
	ISSN    string `xml:"issn"`
	EISSN   string `xml:"eissn"`
	Info    []struct {
		Lang  string `xml:"lang,attr"`
		Title string `xml:"title"`
		Publ  string `xml:"publ"`
		Place string `xml:"placePubl"`
	} `xml:"journalInfo"`
	Volume   string    `xml:"issue>volume"`
	Number   string    `xml:"issue>number"`
	DateUni  string    `xml:"issue>dateUni"`
	Part     string    `xml:"issue>part"`
	Titles   []sided   `xml:"issue>issTitle"`
	Sections [][]sided `xml:"-"`
	Articles []article `xml:"issue>articles>article"`
}

type sided struct {
	Lang string `xml:"lang,attr"`
	Desc string `xml:"desc,attr"`
	Text string `xml:",innerxml"`
}

type article struct {
	Pages    string   `xml:"pages"`
	Type     string   `xml:"artType"`
	Lang     string   `xml:"langPubl"`
	Authors  []author `xml:"authors>author"`
	Titles   []sided  `xml:"artTitles>artTitle"`
	Abstract []sided  `xml:"abstracts>abstract"`
	Codes    struct {
		DOI     string   `xml:"doi"`
		EDN     string   `xml:"edn"`
		UDK     []string `xml:"udk"`
		VAK     []string `xml:"vak"`
		VAK21   []string `xml:"vak21"`
		JEL     []string `xml:"jel"`
		Anycode []string `xml:"anycode"`
	} `xml:"codes"`
	Keywords []struct {
		Lang  *string  `xml:"lang,attr"`
		Words []string `xml:"keyword"`
	} `xml:"keywords>kwdGroup"`
	Received   string      `xml:"dates>dateReceived"`
	Accepted   string      `xml:"dates>dateAccepted"`
	Published  string      `xml:"dates>datePublication"`
	References []reference `xml:"references>reference"`
	URLs       []sided     `xml:"files>furl"`
	Rubrics    []string    `xml:"rubrics>rubric"`
	Fundings   []sided     `xml:"fundings>funding"`
}

type author struct {
	Num           string  `xml:"num,attr"`
	Role          *string `xml:"role"`
	Correspondent string  `xml:"correspondent"`
	Info          []struct {
		Lang     string `xml:"lang,attr"`
		Surname  string `xml:"surname"`
		Initials string `xml:"initials"`
		Org      string `xml:"orgName"`
		Address  string `xml:"address"`
		Town     string `xml:"town"`
		Country  string `xml:"country"`
		Other    string `xml:"otherInfo"`
		Email    string `xml:"email"`
	} `xml:"individInfo"`
	ORCID string `xml:"authorCodes>orcid"`
	SPIN  string `xml:"authorCodes>spin"`
}

type reference struct {
	Info []struct {
		Lang     string `xml:"lang,attr"`
		Text     string `xml:"text"`
		Elements []struct {
			Field string `xml:"field,attr"`
			Text  string `xml:",chardata"`
		} `xml:"elements>element"`
	} `xml:"refInfo"`
}

func read(t testing.TB, doc []byte) *journal {
	t.Helper()
	j := new(journal)
	require.NoError(t, xml.Unmarshal(doc, j), "%s", doc)
	return j
}

// one is the article of an issue of one.
func one(t testing.TB, a *jats.Article) *article {
	t.Helper()
	doc, err := issue(nil, crosswalktest.Record(a))
	require.NoError(t, err)
	j := read(t, doc)
	require.Len(t, j.Articles, 1)
	return &j.Articles[0]
}

func TestGolden(t *testing.T) {
	crosswalktest.Golden(t, issue, "rich", crosswalktest.Rich())
	crosswalktest.Golden(t, issue, "thin-films", crosswalktest.Fixtures(t)["thin-films"])
}

// minimal is the least that Metafora takes.
func minimal() *jats.Article {
	return &jats.Article{
		Lang: "ru", Title: jats.Title{Text: "Заглавие"}, Contribs: []jats.Contrib{{Names: []jats.Name{{Surname: "Образцов"}}}},
		PubDates: []jats.Date{{Type: "collection", Date: "2026"}}, Volume: "3", FPage: "5", LPage: "9",
		Journal: jats.Journal{Title: jats.Title{Text: "Журнал"}, ISSNs: []jats.ISSN{{Value: "2049-3630"}}},
	}
}

func TestMinimal(t *testing.T) {
	doc, err := issue([]byte("x"), crosswalktest.Record(minimal()))
	require.NoError(t, err)
	assert.Equal(t, `x<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<journal><issn>2049-3630</issn><journalInfo lang="RUS"><title>Журнал</title></journalInfo><issue><volume>3</volume>`+
		`<dateUni>2026</dateUni><articles><article><pages>5-9</pages><langPubl>RUS</langPubl><authors><author num="1"><individInfo lang="RUS"><surname>Образцов</surname></individInfo>`+
		`</author></authors><artTitles><artTitle lang="RUS">Заглавие</artTitle></artTitles></article></articles></issue></journal>`+"\n", string(doc))
}

func code(t testing.TB, err error) string {
	t.Helper()
	var cannot *flat.Cannot
	if err == nil || !assert.True(t, errors.As(err, &cannot), "%v", err) {
		return ""
	}
	assert.Contains(t, cannot.Message, "elibrary: ")
	return cannot.Code
}

// What Metafora cannot take is left out with a reason, and the rest of the issue stays.
func TestLeftOut(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(a *jats.Article)
	}{
		{"no-title", func(a *jats.Article) { a.Title.Text = "" }},
		{"no-title", func(a *jats.Article) { a.Title = jats.Title{Lang: "ru-Latn", Text: "Zaglavie"} }},
		{"no-author", func(a *jats.Article) { a.Contribs = nil }},
		{"no-author", func(a *jats.Article) { a.Contribs[0] = jats.Contrib{Positions: []jats.Text{{Text: "PhD"}}} }},
		{"no-author", func(a *jats.Article) { a.Contribs[0].Type = "editor" }},
		{"no-pages", func(a *jats.Article) { a.FPage, a.LPage = "", "" }},
		{"no-issn", func(a *jats.Article) { a.Journal.ISSNs = nil }},
		{"no-issue", func(a *jats.Article) { a.Volume = "" }},
		{"no-date", func(a *jats.Article) { a.PubDates = nil }},
		{"another-issue", func(a *jats.Article) { a.Volume = "4" }},
		{"another-issue", func(a *jats.Article) { a.PubDates[0].Date = "2025" }},
		{"another-issue", func(a *jats.Article) { a.Journal.ISSNs[0].Value = "1234-5679" }},
	} {
		bad, second := minimal(), minimal()
		c.change(bad)
		second.FPage, second.LPage = "10", "12"
		out, errs := elibrary.AppendIssue([]byte("x"), []*flat.Record{crosswalktest.Record(minimal()), crosswalktest.Record(bad), crosswalktest.Record(second)})
		require.Len(t, errs, 3)
		assert.NoError(t, errs[0])
		assert.Equal(t, c.want, code(t, errs[1]))
		assert.NoError(t, errs[2])
		j := read(t, out[1:])
		if assert.Len(t, j.Articles, 2, c.want) {
			assert.Equal(t, "10-12", j.Articles[1].Pages)
		}
		if c.want != "another-issue" {
			out, errs = elibrary.AppendIssue([]byte("x"), []*flat.Record{crosswalktest.Record(bad)})
			assert.Equal(t, c.want, code(t, errs[0]))
			assert.Equal(t, "x", string(out), "nothing in it: no file")
		}
	}
	out, errs := elibrary.AppendIssue(nil, nil)
	assert.Empty(t, out)
	assert.Empty(t, errs)
}

func TestIssueKey(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(a *jats.Article)
	}{
		{"2049-3630/2026/3/", func(a *jats.Article) {}},
		{"2049-3630/2026/3/2", func(a *jats.Article) { a.Issue = "2" }},
		{"2049-3630/2026//2", func(a *jats.Article) { a.Volume, a.Issue = "", "2" }},
		{"2049-3630/2026/3/1%2F2", func(a *jats.Article) { a.Issue = "1/2" }},
		{"2049-3630/2026/3/2/Suppl%201", func(a *jats.Article) { a.Issue, a.Supplement = "2", "Suppl 1" }},
		{"2049-3630/2026/3/2/B", func(a *jats.Article) { a.Issue, a.IssuePart = "2", "B" }},
		{"1234-5679/2026/3/", func(a *jats.Article) {
			a.Journal.ISSNs = []jats.ISSN{{Type: "electronic", Value: "2049-3630"}, {Type: "print", Value: "1234-5679"}}
		}},
		{"%D0%B6%D1%83%D1%80%D0%BD%D0%B0%D0%BB/2026/3/", func(a *jats.Article) { a.Journal.ISSNs = nil }},
		{"2049-3630/2025/3/", func(a *jats.Article) { // an article may be out before its issue, or after
			a.PubDates = []jats.Date{{Type: "pub", Format: "electronic", Date: "2026-01-02"}, {Type: "collection", Date: "2025"}}
		}},
		{"", func(a *jats.Article) { a.Journal = jats.Journal{} }},
		{"", func(a *jats.Article) { a.PubDates = nil }},
		{"", func(a *jats.Article) { a.Volume = "" }},
	} {
		a := minimal()
		c.change(a)
		assert.Equal(t, c.want, elibrary.IssueKey(crosswalktest.Record(a)))
	}
}

// Articles stand in the order of their pages, and a section is named once, before the first of its articles.
func TestOrder(t *testing.T) {
	var rs []*flat.Record
	for _, p := range []struct{ page, section string }{{"101", "Physics"}, {"9", "History"}, {"e5", ""}, {"10", "History"}, {"20", "Physics"}} {
		a := minimal()
		a.FPage, a.LPage = p.page, ""
		if p.section != "" {
			a.SubjGroups = []jats.SubjGroup{{Type: "udc", Subjects: []jats.Subject{{Text: "53"}}}, {Type: "heading", Lang: "en", Subjects: []jats.Subject{{Text: jats.Rich(p.section)}}},
				{Type: "heading", Lang: "ru", Subjects: []jats.Subject{{Text: jats.Rich("Раздел " + p.section)}}}}
		}
		rs = append(rs, crosswalktest.Record(a))
	}
	out, errs := elibrary.AppendIssue(nil, rs)
	for _, err := range errs {
		require.NoError(t, err)
	}
	var order []string
	d := xml.NewDecoder(strings.NewReader(string(out)))
	for {
		tok, err := d.Token()
		if err != nil {
			break
		}
		if s, ok := tok.(xml.StartElement); ok && (s.Name.Local == "pages" || s.Name.Local == "secTitle") {
			text, err := d.Token()
			require.NoError(t, err)
			order = append(order, string(text.(xml.CharData)))
		}
	}
	assert.Equal(t, []string{"History", "Раздел History", "9", "10", "Physics", "Раздел Physics", "20", "101", "e5"}, order)
	assert.Empty(t, fixturetest.XSD(t, schema, map[string][]byte{"issue": out}))
}

func TestSides(t *testing.T) {
	a := minimal()
	a.ArticleType = "review-article"
	a.TransTitles = []jats.Title{{Lang: "ru-Latn", Text: "Zaglavie"}, {Lang: "en", Text: "A <italic>title</italic>", Subtitles: []jats.Rich{"of mine"}}}
	yes := true
	a.Contribs = []jats.Contrib{
		{Names: []jats.Name{{Surname: "Примерова", GivenNames: "А. С."}, {Lang: "ru-Latn", Surname: "Primerova (latn)"}, {Lang: "en", Surname: "Primerova", GivenNames: "A."}}, Corresp: true,
			IDs:       []jats.ContribID{{Type: "orcid", Value: "https://orcid.org/0000-0002-1825-0097", Authenticated: &yes}, {Type: "spin", Value: "1111-2222"}},
			Positions: []jats.Text{{Lang: "ru", Text: "доцент"}, {Lang: "en", Text: "reader"}}, Emails: []string{"a@b.example.org"}, Affs: []string{"1", "2", "no"}},
		{Names: []jats.Name{{Lang: "ru", Surname: "Образцов"}, {Lang: "ru-Latn", Surname: "Obraztsov"}}},
		{Names: []jats.Name{{Full: "Ли Бо"}}}, {Names: []jats.Name{{GivenNames: "Супарджо"}}}, {Positions: []jats.Text{{Text: "nobody"}}},
		{Collab: []jats.Text{{Text: "Группа"}, {Lang: "en", Text: "The Group"}}, Members: []jats.Contrib{{Names: []jats.Name{{Surname: "Член"}}}}},
		{Type: "translator", Names: []jats.Name{{Lang: "en", Surname: "Wordsmith"}}}, {Type: "juggler", Names: []jats.Name{{Surname: "Жонглёр"}}},
	}
	a.Affs = []jats.Aff{
		{ID: "1", Forms: []jats.AffForm{{Institutions: []jats.Institution{{Name: "Институт"}, {Name: "Отдел"}}, Address: []string{"ул. 1"}, City: "Томск", PostalCode: "634000", Country: "Россия"},
			{Lang: "en", Institutions: []jats.Institution{{Name: "Institute"}}, City: "Tomsk", Country: "Russia"}}},
		{ID: "2", Forms: []jats.AffForm{{Text: "Университет, Омск; <email>a@omsk.example.org</email>"}}},
	}
	x := one(t, a)
	assert.Equal(t, "REV", x.Type)
	assert.Equal(t, "RUS", x.Lang)
	assert.Equal(t, []sided{{Lang: "RUS", Text: "Заглавие"}, {Lang: "ENG", Text: "A <i>title</i>: of mine"}}, x.Titles)

	require.Len(t, x.Authors, 6)
	p := x.Authors[0]
	assert.Equal(t, "1", p.Num)
	assert.Nil(t, p.Role)
	assert.Equal(t, "1", p.Correspondent)
	require.Len(t, p.Info, 2)
	assert.Equal(t, "RUS Примерова А. С. доцент", p.Info[0].Lang+" "+p.Info[0].Surname+" "+p.Info[0].Initials+" "+p.Info[0].Other)
	assert.Equal(t, "Институт, Отдел; Университет, Омск|ул. 1, 634000|Томск|Россия", p.Info[0].Org+"|"+p.Info[0].Address+"|"+p.Info[0].Town+"|"+p.Info[0].Country)
	assert.Equal(t, "ENG Primerova A. reader", p.Info[1].Lang+" "+p.Info[1].Surname+" "+p.Info[1].Initials+" "+p.Info[1].Other, "the English name before the transliteration")
	assert.Equal(t, "Institute", p.Info[1].Org)
	assert.Empty(t, p.Info[0].Email)
	assert.Equal(t, "0000-0002-1825-0097", p.ORCID)
	assert.Equal(t, "1111-2222", p.SPIN)
	require.Len(t, x.Authors[1].Info, 2)
	assert.Equal(t, "ENG Obraztsov", x.Authors[1].Info[1].Lang+" "+x.Authors[1].Info[1].Surname)
	assert.Equal(t, "Ли Бо", x.Authors[2].Info[0].Surname, "parts are not guessed")
	assert.Empty(t, x.Authors[2].Info[0].Initials)
	assert.Equal(t, "Супарджо", x.Authors[3].Info[0].Surname)
	assert.Equal(t, "The Group", x.Authors[4].Info[1].Surname)
	assert.Equal(t, "3", *x.Authors[5].Role)
	assert.Equal(t, "6", x.Authors[5].Num)
}

func TestFacts(t *testing.T) {
	a := minimal()
	a.IDs = []jats.ID{{Type: "doi", Value: "10.5555/А<b"}, {Type: "edn", Value: "ABCDEF"}}
	subject := func(kind string, codes ...string) jats.SubjGroup {
		g := jats.SubjGroup{Type: kind}
		for _, c := range codes {
			g.Subjects = append(g.Subjects, jats.Subject{Text: jats.Rich(c)})
		}
		return g
	}
	a.SubjGroups = []jats.SubjGroup{subject("udc", "53", "54", "53"), subject("vak", "10.02.01", "5.9.5.", "5.9.6"), subject("jel", "C10"), subject("grnti", "27.21.15"), subject("oecd", "1.02")}
	a.KwdGroups = []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "слово"}, {Text: "слово"}}}, {Lang: "en", Kwds: []jats.Kwd{{Text: "word"}}}, {Lang: "x-none", Kwds: []jats.Kwd{{Text: "?"}}}}
	a.History = []jats.Date{{Type: "received", Date: "2025-10-01"}, {Type: "accepted", Date: "2026-01"}}
	a.PubDates = append(a.PubDates, jats.Date{Type: "pub", Format: "electronic", Date: "2026-03-09"})
	a.Abstracts = []jats.Abstract{{P: []jats.Rich{"Раз."}, Secs: []jats.Sec{{Title: "Цель", P: []jats.Rich{"Два.", "Три."}}}}, {Lang: "ru", P: []jats.Rich{"Ещё."}}, {Type: "graphical", Lang: "en", P: []jats.Rich{"No."}},
		{Lang: "en", P: []jats.Rich{"One &lt; <sup>2</sup>."}}}
	a.Refs = []jats.Ref{
		{Citations: []jats.Citation{{Text: "Иванов И.И. Работа. 2001."}, {Lang: "ru-Latn", Text: "Ivanov I.I. Rabota. 2001."}, {Lang: "en", Text: "Ivanov I. A work."}}},
		{Distinct: true, Citations: []jats.Citation{{Text: "Первая."}, {Text: "Вторая."}}},
		{Citations: []jats.Citation{{Elements: true, PersonGroups: []jats.PersonGroup{{Persons: []jats.Person{{Names: []jats.Name{{Surname: "Roe", GivenNames: "R."}}}, {Collab: "The Team"}}}},
			Titles: []jats.Text{{Text: "Work"}}, Sources: []jats.Text{{Text: "Notes"}}, Date: "2020-05", Volume: "7", Issue: "1", FPage: "3", LPage: "4", IDs: []jats.ID{{Type: "doi", Value: "10.5555/r"}}}}},
		{Notes: []jats.Rich{"See also."}},
	}
	a.Links = []jats.Link{{URL: "https://j.example.org/1", MIME: "text/html"}, {URL: "https://j.example.org/1.pdf", Lang: "ru"}}
	a.Funding = jats.Funding{Awards: []jats.Award{{Funders: []jats.Funder{{Name: "РНФ"}}, IDs: []string{"26-1"}}}}
	x := one(t, a)
	assert.Equal(t, "10.5555/А<b", x.Codes.DOI)
	assert.Equal(t, "ABCDEF", x.Codes.EDN)
	assert.Equal(t, []string{"53", "54"}, x.Codes.UDK)
	assert.Equal(t, []string{"10.02.01"}, x.Codes.VAK)
	assert.Equal(t, []string{"5.9.5."}, x.Codes.VAK21, "one of each")
	assert.Equal(t, []string{"C10"}, x.Codes.JEL)
	assert.Equal(t, []string{"OECD 1.02"}, x.Codes.Anycode)
	assert.Equal(t, []string{"27.21.15"}, x.Rubrics)
	require.Len(t, x.Keywords, 3)
	assert.Equal(t, "RUS", *x.Keywords[0].Lang)
	assert.Equal(t, []string{"слово"}, x.Keywords[0].Words)
	assert.Equal(t, "ENG", *x.Keywords[1].Lang)
	assert.Nil(t, x.Keywords[2].Lang, "eLIBRARY refuses ANY here")
	assert.Equal(t, "01.10.2025||09.03.2026", x.Received+"|"+x.Accepted+"|"+x.Published, "no day is invented")
	assert.Equal(t, []sided{{Lang: "RUS", Text: "Раз.<br/>Цель: Два.<br/>Три."}, {Lang: "ENG", Text: "One &lt; <sup>2</sup>."}}, x.Abstract)

	require.Len(t, x.References, 4)
	require.Len(t, x.References[0].Info, 2)
	assert.Equal(t, "RUS Иванов И.И. Работа. 2001.", x.References[0].Info[0].Lang+" "+x.References[0].Info[0].Text)
	assert.Equal(t, "ENG Ivanov I.I. Rabota. 2001.", x.References[0].Info[1].Lang+" "+x.References[0].Info[1].Text)
	assert.Equal(t, "Вторая.", x.References[2].Info[0].Text)
	fields := ""
	for _, e := range x.References[3].Info[0].Elements {
		fields += e.Field + "=" + e.Text + ";"
	}
	assert.Equal(t, "Authors=Roe R., The Team;Name=Work;Title=Notes;YearPubl=2020;Volume=7;Issue=1;Pages=3-4;DOI=10.5555/r;", fields)
	assert.Equal(t, []sided{{Lang: "RUS", Desc: "fullText", Text: "https://j.example.org/1.pdf"}, {Desc: "description", Text: "https://j.example.org/1"}}, x.URLs)
	assert.Equal(t, []sided{{Lang: "RUS", Text: "РНФ, 26-1"}}, x.Fundings)
	a.Funding.Statements = []jats.Text{{Text: "За счёт РНФ."}, {Lang: "en", Text: "Paid by RSF."}}
	assert.Equal(t, []sided{{Lang: "RUS", Text: "За счёт РНФ."}, {Lang: "ENG", Text: "Paid by RSF."}}, one(t, a).Fundings)
	a.Refs, a.Links = nil, nil
	x = one(t, a)
	assert.Empty(t, x.References)
	assert.Empty(t, x.URLs, "the page here is not the article's own")
}

func TestTypes(t *testing.T) {
	for kind, want := range map[string]string{"": "", "research-article": "RAR", "article": "RAR", "Editorial": "EDI", "book-review": "BRV", "review-article": "REV", "letter": "COR", "proceedings-paper": "CNF",
		"brief-report": "SCO", "correction": "MIS", "obituary": "PER", "никакой": "MIS", "case-report": "RAR"} {
		a := minimal()
		a.ArticleType = kind
		assert.Equal(t, want, one(t, a).Type, kind)
	}
}

// The schema takes no number above 127, and some papers have thousands of authors.
func TestManyAuthors(t *testing.T) {
	a := minimal()
	for i := range 300 {
		a.Contribs = append(a.Contribs, jats.Contrib{Names: []jats.Name{{Surname: fmt.Sprint("A", i)}}})
	}
	doc, err := issue(nil, crosswalktest.Record(a))
	require.NoError(t, err)
	x := read(t, doc).Articles[0]
	require.Len(t, x.Authors, 301)
	assert.Equal(t, "127", x.Authors[126].Num)
	assert.Empty(t, x.Authors[127].Num)
	assert.Empty(t, fixturetest.XSD(t, schema, map[string][]byte{"many": doc}))
}

// The pages of the seed's journal platform lack what Metafora demands (ISSN, and often the issue or the names); with what the publisher adds, those that
// name their authors and pages make an issue.
func TestJES(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixturetest.Shared(t, "data/jes"), "*.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var rs []*flat.Record
	why, later := map[string]int{}, map[string]int{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		_, a, _, err := ingest.Parse(data, "")
		if err != nil {
			continue // a page without a title
		}
		_, errs := elibrary.AppendIssue(nil, []*flat.Record{crosswalktest.Record(a)})
		why[code(t, errs[0])]++
		a.Journal.ISSNs = []jats.ISSN{{Type: "print", Value: "2049-3630"}}
		a.Volume, a.Issue = "57", "1"
		a.PubDates = append(a.PubDates, jats.Date{Type: "collection", Date: "2022"})
		rs = append(rs, crosswalktest.Record(a))
	}
	doc, errs := elibrary.AppendIssue(nil, rs)
	for _, err := range errs {
		if err != nil {
			later[code(t, err)]++
		}
	}
	t.Logf("as they are: %v; completed: %d articles, left out %v", why, len(read(t, doc).Articles), later)
	assert.Zero(t, why[""])
	assert.NotEmpty(t, read(t, doc).Articles)
	assert.Equal(t, len(rs), len(read(t, doc).Articles)+later["no-author"]+later["no-pages"], "only what they lack")
	assert.Empty(t, fixturetest.XSD(t, schema, map[string][]byte{"issue": doc}))
}

// All that there is of articles is in a valid file, or left out for a reason; and so are whole issues.
func TestEverything(t *testing.T) {
	issues := map[string][]*flat.Record{}
	crosswalktest.Everything(t, issue, schema, func(t testing.TB, name string, r *flat.Record, doc []byte) {
		assert.Len(t, read(t, doc).Articles, 1, name)
		require.NotEmpty(t, elibrary.IssueKey(r), name)
		issues[elibrary.IssueKey(r)] = append(issues[elibrary.IssueKey(r)], r)
	})
	docs, several := map[string][]byte{}, 0
	for key, rs := range issues {
		if len(rs) < 2 {
			continue
		}
		several++
		doc, errs := elibrary.AppendIssue(nil, rs)
		for _, err := range errs {
			require.NoError(t, err, key)
		}
		require.Len(t, read(t, doc).Articles, len(rs), key)
		docs[key] = doc
	}
	if len(docs) > 0 {
		assert.Empty(t, fixturetest.XSD(t, schema, docs))
	}
	t.Logf("%d issues, %d of several articles", len(issues), several)
}

func FuzzAppend(f *testing.F) {
	crosswalktest.Fuzz(f, func(dst []byte, r *flat.Record) ([]byte, error) {
		out, err := issue(dst, r)
		return bytes.ReplaceAll(out, []byte("<br/>"), []byte(" ")), err // the one element that is empty by its nature
	})
}

func BenchmarkAppend(b *testing.B) {
	r := []*flat.Record{crosswalktest.Record(crosswalktest.Fixtures(b)["thin-films"])}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = elibrary.AppendIssue(buf[:0], r)
	}
	require.NotEmpty(b, buf)
}
