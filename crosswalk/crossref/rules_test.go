package crossref_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crossref"
	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

func yes() *bool { b := true; return &b }

// full is an article that has something for every row of the table.
func full() *jats.Article {
	return &jats.Article{
		ArticleType: "research-article", Lang: "ru", Version: &jats.Version{Type: "VoR"},
		IDs: []jats.ID{{Type: "doi", Value: "10.5555/Full.1"}, {Type: "pmid", Value: "123"}, {Type: "publisher-id", Value: "f-1"}},
		Journal: jats.Journal{Title: jats.Title{Lang: "ru", Text: "Журнал"}, TransTitles: []jats.Title{{Lang: "en", Text: "Journal"}},
			AbbrevTitle: []jats.AltTitle{{Text: "Ж."}}, ISSNs: []jats.ISSN{{Type: "print", Value: "1234-5679"}, {Type: "electronic", Value: "2049-3630"}},
			Publishers: []jats.Text{{Text: "Издатель"}}, PubLoc: "Москва"},
		Title:       jats.Title{Text: "О <italic>n</italic>-мерных H<sub>2</sub>O &amp; R", Subtitles: []jats.Rich{"Обзор", "Часть <bold>1</bold>"}},
		TransTitles: []jats.Title{{Lang: "en", Text: "On <sc>n</sc>-dimensional"}},
		Contribs: []jats.Contrib{
			{Names: []jats.Name{{Lang: "ru", Surname: "Иванов", GivenNames: "Иван", Suffix: "мл."}}, Affs: []string{"a1"}, IDs: []jats.ContribID{{Type: "orcid", Value: "https://orcid.org/0000-0002-1825-0097", Authenticated: yes()}}},
			{Names: []jats.Name{{GivenNames: "Сукарно"}}},
			{Names: []jats.Name{{Full: "J. van der Zee"}}},
			{Collab: []jats.Text{{Text: "Группа <bold>X</bold>"}}, Members: []jats.Contrib{{Names: []jats.Name{{Surname: "Член", GivenNames: "А."}}}}},
			{Type: "editor", Names: []jats.Name{{Surname: "Редактор", GivenNames: "Б."}}},
			{Type: "illustrator", Names: []jats.Name{{Surname: "Художник", GivenNames: "В."}}},
			{Names: []jats.Name{{Style: "islensk", Surname: "Jónsdóttir", GivenNames: "Anna"}}},
		},
		Affs:     []jats.Aff{{ID: "a1", Forms: []jats.AffForm{{Text: "МГУ, Москва", Institutions: []jats.Institution{{Name: "МГУ", IDs: []jats.ID{{Type: "ROR", Value: "https://ror.org/010pmpe69"}, {Type: "ISNI", Value: "0000 0001 2342 9668"}}}}}}}},
		PubDates: []jats.Date{{Type: "pub", Format: "electronic", Date: "2024-03-15"}, {Type: "pub", Format: "print", Date: "2024-04"}, {Type: "collection", Date: "2024"}},
		History:  []jats.Date{{Type: "received", Date: "2023-01-02"}, {Type: "accepted", Date: "2024-02"}},
		Volume:   "7", Issue: "2", Supplement: "Suppl 1", IssueTitles: []jats.Text{{Text: "Специальный <italic>выпуск</italic>"}}, FPage: "11", LPage: "29", PageRange: "11-29, 31",
		Abstracts: []jats.Abstract{
			{P: []jats.Rich{"Текст <italic>n</italic> <inline-formula><alternatives><tex-math>x</tex-math><mml:math><mml:mi>x</mml:mi></mml:math></alternatives></inline-formula> <email>a@example.org</email>."}},
			{Lang: "en", Type: "key-points", Title: "Key", Secs: []jats.Sec{{Title: "Aim", P: []jats.Rich{"To see."}}, {P: []jats.Rich{`<list list-type="bullet"><list-item><p>one</p></list-item></list>`}}}},
			{Lang: "en", Title: "Nothing below"},
		},
		KwdGroups: []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "слово"}}}},
		Funding: jats.Funding{Awards: []jats.Award{{Funders: []jats.Funder{{Name: "РФФИ", IDs: []jats.ID{{Type: "doi", Value: "10.13039/501100002261"}}}}, IDs: []string{"1-2", "3"}},
			{Funders: []jats.Funder{{Name: "Фонд"}}}, {IDs: []string{"no funder"}}}},
		Permissions: jats.Permissions{FreeToRead: true, FreeFrom: "2024-03-15", Licenses: []jats.License{{URI: "https://creativecommons.org/licenses/by/4.0/", Start: "2024-03-15"},
			{URI: "https://example.org/tdm", AppliesTo: "tdm"}, {URI: "https://creativecommons.org/publicdomain/zero/1.0/", AppliesTo: "data"}}},
		Links: []jats.Link{{URL: "https://journal.example.org/1", MIME: "text/html"}, {URL: "https://journal.example.org/1.xml", MIME: "application/jats+xml"}, {URL: "https://journal.example.org/1.pdf", MIME: "application/pdf"}},
		Related: []jats.Related{{Type: "preprint", IDType: "doi", ID: "10.5555/pre"}, {Type: "peer-review", IDType: "eid", ID: "e-1"}, {Type: "dataset", Object: true, IDType: "uri", ID: "https://data.example.org/1"},
			{Type: "corrected-article", IDType: "doi", ID: "10.5555/old", Text: "Erratum"}, {Type: "unheard-of", IDType: "doi", ID: "10.5555/x"}},
		Refs: []jats.Ref{{Citations: []jats.Citation{{PublicationType: "journal", Text: "Roe R. Earlier work. J Ex 2020;3:1-4.", PersonGroups: []jats.PersonGroup{{Type: "author", Persons: []jats.Person{{Names: []jats.Name{{Surname: "Roe", GivenNames: "R."}}}}}},
			Titles: []jats.Text{{Text: "Earlier <italic>work</italic>"}}, Sources: []jats.Text{{Text: "J Ex"}}, Date: "2020", Volume: "3", FPage: "1", IDs: []jats.ID{{Type: "doi", Value: "10.5555/sheaf.0"}}}}},
			{Citations: []jats.Citation{{PublicationType: "book", Elements: true, Text: "<source>Book</source>", Sources: []jats.Text{{Text: "Book"}}, Date: "2019"}}},
			{Citations: []jats.Citation{{Text: "As printed"}}}},
		CustomMeta: []jats.CustomMeta{{Name: "archive", Value: "CLOCKSS"}, {Name: "archive", Value: "PKP PN"}, {Name: "archive", Value: "A cellar"}},
	}
}

// The record of the full article is testdata/full.xml.
func TestFull(t *testing.T) {
	got, err := crossref.Append(nil, record(full()))
	require.NoError(t, err)
	shown := append(bytes.ReplaceAll(got, []byte("><"), []byte(">\n<")), '\n')
	path := filepath.Join("testdata", "full.xml")
	if os.Getenv("SHEAF_UPDATE") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, shown, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "SHEAF_UPDATE=1 makes it")
	assert.Equal(t, string(want), string(shown))
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	got, err := crossref.Append([]byte("x"), record(full()))
	require.NoError(t, err)
	assert.True(t, bytes.HasPrefix(got, []byte("x<body ")))
	assert.Equal(t, "journal", crossref.Kind(got[1:]))
}

// kinds of content, each from the full article and what its kind must have.
var works = map[string]func(a *jats.Article){
	"journal": func(*jats.Article) {},
	"conference": func(a *jats.Article) {
		a.ArticleType, a.ISBNs, a.VolumeSeries = "conference-paper", []string{"978-3-16-148410-0"}, "Series"
		a.Conferences = []jats.Conference{{Name: "Conference <italic>on</italic> X", Acronym: "CX", Num: "12", Date: "1-3 May 2024", Loc: "Prague", Sponsor: "S", Theme: "T"}}
	},
	"posted_content": func(a *jats.Article) {
		a.ArticleType, a.SubjGroups = "preprint", []jats.SubjGroup{{Type: "heading", Subjects: []jats.Subject{{Text: "Physics"}}}}
	},
	"dissertation": func(a *jats.Article) {
		a.ArticleType = "dissertation"
		a.CustomMeta = append(a.CustomMeta, jats.CustomMeta{Name: "institution", Value: "University"}, jats.CustomMeta{Name: "degree", Value: "PhD"})
	},
	"peer_review": func(a *jats.Article) {
		a.ArticleType = "referee-report"
		a.Related = append(a.Related, jats.Related{Type: "peer-reviewed-article", IDType: "doi", ID: "10.5555/reviewed"})
		a.CustomMeta = append(a.CustomMeta, jats.CustomMeta{Name: "review stage", Value: "pre-publication"}, jats.CustomMeta{Name: "review revision-round", Value: "2"}, jats.CustomMeta{Name: "review recommendation", Value: "burn"})
		a.Notes = []jats.Note{{Type: "coi-statement", P: []jats.Rich{"None <italic>known</italic>"}}}
	},
	"report-paper": func(a *jats.Article) {
		a.ArticleType, a.Volume, a.Issue = "report", "", ""
		a.CustomMeta = append(a.CustomMeta, jats.CustomMeta{Name: "contract-number", Value: "C-1"})
	},
	"book": func(a *jats.Article) { a.ArticleType, a.ISBNs = "book-chapter", []string{"9783161484100"} },
}

// variants are works that are written in another way.
var variants = map[string]func(a *jats.Article){
	"book, a whole one": func(a *jats.Article) { a.ArticleType, a.ISBNs = "book", []string{"9783161484100"} },
	"book, whole and in no series": func(a *jats.Article) {
		a.ArticleType, a.ISBNs, a.Journal.ISSNs = "book", []string{"9783161484100"}, nil
	},
	"book, a chapter in a series": func(a *jats.Article) {
		a.ArticleType, a.ISBNs, a.VolumeSeries = "book-chapter", []string{"9783161484100"}, "Series"
	},
	"conference, not in a series": func(a *jats.Article) { works["conference"](a); a.VolumeSeries = "" },
	"journal, a conference in it": func(a *jats.Article) { works["conference"](a); a.ISBNs = nil },
	"journal, a report in it":     func(a *jats.Article) { a.ArticleType = "report" },
	"posted_content, working":     func(a *jats.Article) { a.ArticleType = "working-paper" },
	"journal, crossmark": func(a *jats.Article) {
		a.CustomMeta = append(a.CustomMeta, jats.CustomMeta{Name: "crossmark-policy", Value: "10.5555/policy"})
	},
	"journal, crossmark and nothing in it": func(a *jats.Article) {
		a.CustomMeta = append(a.CustomMeta, jats.CustomMeta{Name: "crossmark-policy", Value: "10.5555/policy"})
		a.Funding, a.Permissions, a.Related = jats.Funding{}, jats.Permissions{}, nil
	},
	"journal, ahead of print": func(a *jats.Article) { a.Volume, a.Issue = "", "" },
	"journal, bare": func(a *jats.Article) {
		*a = jats.Article{Title: a.Title, IDs: a.IDs, PubDates: []jats.Date{{Date: "2024"}}, Journal: jats.Journal{Title: a.Journal.Title, ISSNs: []jats.ISSN{{Value: "1234-5679"}}}}
	},
	"journal with a DOI and no ISSN": func(a *jats.Article) {
		a.Journal.ISSNs, a.Journal.IDs = nil, []jats.ID{{Type: "doi", Value: "10.5555/j"}}
		a.Journal.Links = []jats.Link{{URL: "https://journal.example.org/"}}
	},
	"journal, anonymous": func(a *jats.Article) { a.Contribs = []jats.Contrib{{Anonymous: true}} },
	"journal, addresses that are none": func(a *jats.Article) {
		a.Links = nil
		for _, u := range []string{"https://a.org/87[1:x]2.pdf", "https://a.org/a#b#c", "https://a.org/%zz", "https://a.org:port/", "https://[a/", "https://a@b@c.org/", "https://журнал.рф/я",
			"https://a.org:8080/x@y:z", "https://a.org/%5b%7Ex", "https://u:p@a.org/"} {
			a.Links = append(a.Links, jats.Link{URL: u, MIME: "application/pdf"})
			a.Permissions.Licenses = append(a.Permissions.Licenses, jats.License{URI: u})
			a.Related = append(a.Related, jats.Related{Type: "dataset", IDType: "uri", ID: u})
		}
		a.Links = append(a.Links, jats.Link{URL: "https://a.org:port/landing", MIME: "text/html"})
	},
	"journal, everything too long": func(a *jats.Article) {
		long := strings.Repeat("длинный ", 400)
		a.Volume, a.Issue, a.FPage, a.ElocationID, a.Supplement = long, long, long, long, jats.Rich(long)
		a.Journal.AbbrevTitle[0].Text = jats.Rich(long)
		a.Contribs[0].Names[0].Suffix = long
		a.Refs[0].Citations[0].Volume, a.Refs[0].Citations[0].FPage = long, long
		a.Links[2].URL = "https://journal.example.org/" + strings.Repeat("x", 3000)
	},
}

// works54 are works of every kind, with everything that an article can say.
func works54(t testing.TB) map[string][]byte {
	bodies := map[string][]byte{}
	for _, list := range []map[string]func(*jats.Article){works, variants} {
		for name, change := range list {
			a := full()
			change(a)
			b, err := crossref.Append(nil, record(a))
			require.NoError(t, err, name)
			kind, _, _ := strings.Cut(strings.ReplaceAll(name, ",", " "), " ")
			assert.Equal(t, kind, crossref.Kind(b), name)
			bodies[name] = b
		}
	}
	for _, name := range oddNames {
		a := full()
		a.Contribs[0].Names[0].Surname = name
		b, err := crossref.Append(nil, record(a))
		require.NoError(t, err, name)
		bodies["name "+name] = b
	}
	b, err := crossref.AppendUnderPolicy(nil, record(full()), "10.5555/ours")
	require.NoError(t, err)
	bodies["under a policy"] = b
	return bodies
}

// oddNames look odd and are taken, because the schema takes them: the other side of name-form.
var oddNames = []string{"O’Neil-Smith", "X2", "Smith3rd", "李", "X AE A-12", "Who are you?", "María José", strings.Repeat("я", 60)}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(a *jats.Article)
		want   string // in the record
		not    string // not in it
	}{
		{"a title in each language", nil, "<titles><title>On <scp>n</scp>-dimensional</title></titles>", "original_language_title"},
		{"face markup only", func(a *jats.Article) {
			a.Title.Text = `<bold>a</bold><underline>b</underline><strike>c</strike><ext-link xlink:href="x">d</ext-link>`
		}, "<title><b>a</b><u>b</u>cd</title>", "strike"},
		{"TeX goes where there is MathML", func(a *jats.Article) {
			a.Title.Text = `<inline-formula><alternatives><tex-math>\x</tex-math><mml:math><mml:mi>x</mml:mi></mml:math></alternatives></inline-formula> <inline-formula><tex-math>\y</tex-math></inline-formula>`
		}, `<title><mml:math><mml:mi>x</mml:mi></mml:math> \y</title>`, `\x`},
		{"only a subtitle", func(a *jats.Article) { a.Title = jats.Title{Subtitles: []jats.Rich{"S"}} }, "<title>S</title></titles>", "<subtitle>"},
		{"a translation", func(a *jats.Article) { a.ArticleType = "translation" }, `<original_language_title language="en">On <scp>n</scp>-dimensional</original_language_title></titles><contributors>`, ""},
		{"a translation of one of two", func(a *jats.Article) {
			a.ArticleType, a.TransTitles = "translation", append(a.TransTitles, jats.Title{Lang: "de", Text: "Über"})
		}, "<titles><title>Über</title></titles>", "original_language_title"},
		{"a name in parts that are not known", nil, `<person_name sequence="additional" contributor_role="author"><name>J. van der Zee</name></person_name>`, ""},
		{"roles that Crossref lacks, and members, are left out", nil, `contributor_role="editor"`, "Художник"},
		{"members", nil, `<organization sequence="additional" contributor_role="author">Группа X</organization>`, "Член"},
		{"ORCID not authenticated", func(a *jats.Article) { a.Contribs[0].IDs[0].Authenticated = nil }, "<ORCID>https://orcid.org/0000-0002-1825-0097</ORCID>", "authenticated"},
		{"no ORCID that the schema refuses", func(a *jats.Article) { a.Contribs[0].IDs[0].Value = "0000-0002" }, "", "ORCID"},
		{"no e-mail address", nil, "", "a@example.org"},
		{"a ROR of bare form", func(a *jats.Article) { a.Affs[0].Forms[0].Institutions[0].IDs[0].Value = "010pmpe69" }, `<institution_id type="ror">https://ror.org/010pmpe69</institution_id>`, ""},
		{"no month that is not known", func(a *jats.Article) { a.PubDates = []jats.Date{{Type: "pub", Format: "electronic", Date: "2024"}} }, `<publication_date media_type="online"><year>2024</year></publication_date>`, "<day>"},
		{"the medium of an electronic journal", func(a *jats.Article) {
			a.PubDates, a.Journal.ISSNs = []jats.Date{{Date: "2024"}}, a.Journal.ISSNs[1:]
		}, `<publication_date media_type="online"><year>2024</year></publication_date>`, ""},
		{"no medium known", func(a *jats.Article) { a.PubDates = []jats.Date{{Date: "2024"}} }, `<publication_date media_type="other"><year>2024</year></publication_date>`, ""},
		{"the year of print is that of the issue", func(a *jats.Article) { a.PubDates = a.PubDates[:2] }, `<journal_issue><titles><title>Специальный <i>выпуск</i></title></titles><publication_date media_type="print"><year>2024</year></publication_date>`, ""},
		{"a linking ISSN does not stand beside others", func(a *jats.Article) {
			a.Journal.ISSNs = append(a.Journal.ISSNs, jats.ISSN{Type: "linking", Value: "1111-1119"})
		}, "", "1111-1119"},
		{"a linking ISSN alone", func(a *jats.Article) { a.Journal.ISSNs = []jats.ISSN{{Type: "linking", Value: "1111-1119"}} }, "<issn>1111-1119</issn>", ""},
		{"language of three letters", func(a *jats.Article) { a.Lang = "sah" }, "<journal_article>", `language="sah"`},
		{"language of a region", func(a *jats.Article) { a.Lang = "zh-Hant-TW" }, `<journal_article language="zh">`, ""},
		{"article number", func(a *jats.Article) { a.FPage, a.LPage, a.PageRange, a.ElocationID = "", "", "", "e12" }, `<item_number item_number_type="article_number">e12</item_number>`, "<pages>"},
		{"licence of any version", func(a *jats.Article) { a.Version = nil }, `<ai:license_ref start_date="2024-03-15">https://creativecommons.org/licenses/by/4.0/</ai:license_ref>`, "content_version"},
		{"licence of the data is not the article's", nil, "", "publicdomain"},
		{"a day that is none", func(a *jats.Article) { a.Permissions.FreeFrom = "2024" }, "<ai:free_to_read/>", ""},
		{"a relation in words", func(a *jats.Article) { a.Related[0].Text = "The <italic>preprint</italic>" }, `<rel:related_item><rel:description>The preprint</rel:description><rel:intra_work_relation`, ""},
		{"a relation without an identifier", func(a *jats.Article) { a.Related[0].ID = " " }, `<rel:program name="relations"><rel:related_item><rel:inter_work_relation relationship-type="hasReview"`, ""},
		{"no update without a policy", nil, "", "crossmark"},
		{"update with what it is called", variants["journal, crossmark"], `<crossmark><crossmark_policy>10.5555/policy</crossmark_policy><updates><update type="erratum" date="2024-03-15">10.5555/old</update></updates><custom_metadata><fr:program`, ""},
		{"update of unknown day", func(a *jats.Article) {
			variants["journal, crossmark"](a)
			a.PubDates = []jats.Date{{Date: "2024-03"}}
		}, "<crossmark_policy>", "<update "},
		{"partial retraction", func(a *jats.Article) {
			variants["journal, crossmark"](a)
			a.ArticleType, a.Related = "partial-retraction", []jats.Related{{Type: "retracted-article", IDType: "doi", ID: "10.5555/old"}}
		}, `<update type="partial_retraction"`, ""},
		{"archives are those of the list", nil, `<archive_locations><archive name="CLOCKSS"/><archive name="PKP PN"/></archive_locations>`, "cellar"},
		{"an address with brackets", variants["journal, addresses that are none"], `<resource mime_type="application/pdf" content_version="vor">https://a.org/87%5B1:x%5D2.pdf</resource>`, "%5Ba/"},
		{"a landing page that is no address", variants["journal, addresses that are none"], "<resource>" + element.Site + "/records/x</resource>", "landing"},
		{"landing page here", func(a *jats.Article) { a.Links = nil }, "<resource>" + element.Site + "/records/x</resource>", "collection"},
		{"one text for the crawler", nil, `<collection property="crawler-based"><item crawler="iParadigms"><resource>https://journal.example.org/1.pdf</resource></item></collection>`, ""},
		{"no kind of file that the schema lacks", nil, `<item><resource content_version="vor">https://journal.example.org/1.xml</resource></item>`, "jats+xml"},
		{"printed and in parts", nil, `<citation key="ref1"><journal_title>J Ex</journal_title><author>Roe</author><volume>3</volume><first_page>1</first_page><cYear>2020</cYear><doi>10.5555/sheaf.0</doi><article_title>Earlier work</article_title><unstructured_citation>Roe R. Earlier work. J Ex 2020;3:1-4.</unstructured_citation></citation>`, ""},
		{"in parts only", nil, `<citation key="ref2"><cYear>2019</cYear><volume_title>Book</volume_title></citation>`, ""},
		{"a DOI that is none in a reference", func(a *jats.Article) { a.Refs[0].Citations[0].IDs[0].Value = "10.1/x" }, "", "10.1/x"},
		{"Arabic", func(a *jats.Article) { a.Lang, a.Title = "ar", jats.Title{Text: "عنوان"} }, `<journal_article language="ar"><titles><title>عنوان</title></titles>`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := full()
			if c.change != nil {
				c.change(a)
			}
			b, err := crossref.Append(nil, record(a))
			require.NoError(t, err)
			assert.Contains(t, string(b), c.want)
			if c.not != "" {
				assert.NotContains(t, string(b), c.not)
			}
		})
	}
}

// The depositor's policy is for what updates something and names none itself.
func TestAppendUnderPolicy(t *testing.T) {
	const mark = `<crossmark><crossmark_policy>10.5555/ours</crossmark_policy><updates><update type="erratum" date="2024-03-15">10.5555/old</update></updates>`
	for _, c := range []struct {
		name   string
		change func(a *jats.Article)
		want   bool
	}{
		{"updates", func(*jats.Article) {}, true},
		{"names one itself", variants["journal, crossmark"], false},
		{"updates nothing", func(a *jats.Article) { a.Related = nil }, false},
		{"no day", func(a *jats.Article) { a.PubDates = []jats.Date{{Date: "2024"}} }, false},
	} {
		a := full()
		c.change(a)
		b, err := crossref.AppendUnderPolicy(nil, record(a), "10.5555/ours")
		require.NoError(t, err)
		if c.want {
			assert.Contains(t, string(b), mark, c.name)
			continue
		}
		plain, err := crossref.Append(nil, record(a))
		require.NoError(t, err)
		assert.Equal(t, string(plain), string(b), c.name)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		code   string
		change func(a *jats.Article)
	}{
		{"no-doi", func(a *jats.Article) { a.IDs = nil }},
		{"doi-form", func(a *jats.Article) { a.IDs[0].Value = "10.123/x" }},
		{"doi-form", func(a *jats.Article) { a.IDs[0].Value = "10.5555/" + strings.Repeat("x", 201) }},
		{"no-landing-page", func(a *jats.Article) {
			a.Links[0].URL = "https://journal.example.org/" + strings.Repeat("x", 3000)
		}},
		{"no-title", func(a *jats.Article) { a.Title, a.TransTitles = jats.Title{}, nil }},
		{"no-date", func(a *jats.Article) { a.PubDates = nil }},
		{"no-date", func(a *jats.Article) { a.PubDates = []jats.Date{{Date: "1399"}} }},
		{"name-form", func(a *jats.Article) { a.Contribs[0].Names[0].Surname = strings.Repeat("я", 61) }},
		{"name-form", func(a *jats.Article) { a.Contribs[0].Names[0].Surname = "A1 B2" }},
		{"name-form", func(a *jats.Article) { a.Contribs[2].Names[0].Full = "?" }},
		{"name-form", func(a *jats.Article) { a.Contribs[3].Collab[0].Text = jats.Rich(strings.Repeat("я", 512)) }},
		{"no-journal-title", func(a *jats.Article) {
			a.Journal.Title, a.Journal.TransTitles, a.Journal.AbbrevTitle = jats.Title{}, nil, nil
		}},
		{"journal-title-long", func(a *jats.Article) { a.Journal.Title.Text = jats.Rich(strings.Repeat("я", 256)) }},
		{"no-issn", func(a *jats.Article) { a.Journal.ISSNs = nil }},
		{"no-issn", func(a *jats.Article) {
			a.Journal.ISSNs, a.Journal.IDs = nil, []jats.ID{{Type: "doi", Value: "10.5555/j"}}
		}}, // leads nowhere
		{"no-conference", func(a *jats.Article) { a.ArticleType, a.Journal.ISSNs = "conference-paper", nil }},
		{"no-proceedings-title", func(a *jats.Article) {
			works["conference"](a)
			a.Journal = jats.Journal{Publishers: a.Journal.Publishers}
		}},
		{"no-publisher", func(a *jats.Article) { works["conference"](a); a.Journal = jats.Journal{Title: a.Journal.Title} }},
		{"no-isbn", func(a *jats.Article) { works["conference"](a); a.Journal.ISSNs, a.ISBNs = nil, nil }},
		{"no-isbn", func(a *jats.Article) { a.ArticleType = "book" }},
		{"no-publisher", func(a *jats.Article) { works["book"](a); a.Journal.Publishers = nil }},
		{"no-book-title", func(a *jats.Article) {
			works["book"](a)
			a.Journal.Title, a.Journal.TransTitles, a.Journal.AbbrevTitle = jats.Title{}, nil, nil
		}},
		{"no-author", func(a *jats.Article) { works["dissertation"](a); a.Contribs = nil }},
		{"no-institution", func(a *jats.Article) { a.ArticleType = "dissertation" }},
		{"no-reviewed-work", func(a *jats.Article) { a.ArticleType = "referee-report" }},
		{"no-full-date", func(a *jats.Article) { works["peer_review"](a); a.PubDates = []jats.Date{{Date: "2024-03"}} }},
		{"kind-not-taken", func(a *jats.Article) { a.ArticleType = "dataset" }},
	} {
		a := full()
		c.change(a)
		r := record(a)
		if c.code == "no-landing-page" {
			r.Page = a.Links[0].URL
		}
		b, err := crossref.Append([]byte("x"), r)
		var cannot *flat.Cannot
		if assert.True(t, errors.As(err, &cannot), c.code) {
			assert.Equal(t, c.code, cannot.Code)
			assert.NotEmpty(t, cannot.Message)
		}
		assert.Nil(t, b)
	}
}

func body(t testing.TB, change func(a *jats.Article)) []byte {
	t.Helper()
	a := full()
	if change != nil {
		change(a)
	}
	b, err := crossref.Append(nil, record(a))
	require.NoError(t, err)
	return b
}

func TestAppendBatch(t *testing.T) {
	one := body(t, nil)
	two := body(t, func(a *jats.Article) { a.IDs[0].Value = "10.5555/full.2" })
	other := body(t, func(a *jats.Article) { a.Issue, a.IDs[0].Value = "3", "10.5555/full.3" })
	doc, err := crossref.AppendBatch([]byte("before"), head, [][]byte{one, two, other})
	require.NoError(t, err)
	doc, ok := bytes.CutPrefix(doc, []byte("before"))
	require.True(t, ok)
	var got struct {
		XMLName xml.Name
		Version string `xml:"version,attr"`
		Head    struct {
			ID    string `xml:"doi_batch_id"`
			Stamp string `xml:"timestamp"`
			Name  string `xml:"depositor>depositor_name"`
			Email string `xml:"depositor>email_address"`
			For   string `xml:"registrant"`
		} `xml:"head"`
		Journals []struct {
			Issue string   `xml:"journal_issue>issue"`
			DOIs  []string `xml:"journal_article>doi_data>doi"`
		} `xml:"body>journal"`
	}
	require.NoError(t, xml.Unmarshal(doc, &got))
	assert.Equal(t, xml.Name{Space: crossref.Namespace, Local: "doi_batch"}, got.XMLName)
	assert.Equal(t, "5.4.0", got.Version)
	assert.Equal(t, "sheaf-1", got.Head.ID)
	assert.Equal(t, "20261123123045678", got.Head.Stamp)
	assert.Equal(t, "Example Press", got.Head.Name)
	assert.Equal(t, "deposits@example.org", got.Head.Email)
	assert.Equal(t, "Example Press", got.Head.For)
	require.Len(t, got.Journals, 2, "articles of one issue share a journal")
	assert.Equal(t, []string{"10.5555/Full.1", "10.5555/full.2"}, got.Journals[0].DOIs)
	assert.Equal(t, []string{"10.5555/full.3"}, got.Journals[1].DOIs)
	part := one[bytes.Index(one, []byte("<journal_article")) : len(one)-len("</journal></body>")]
	assert.Contains(t, string(doc), string(part), "the same bytes as in the format")
}

// The address of this site is put in; without it such a batch is refused.
func TestAppendBatchSite(t *testing.T) {
	here := body(t, func(a *jats.Article) { a.Links = nil })
	doc, err := crossref.AppendBatch(nil, head, [][]byte{here})
	require.NoError(t, err)
	assert.Contains(t, string(doc), "<resource>"+site+"/records/x</resource>")
	h := head
	h.Site = ""
	_, err = crossref.AppendBatch(nil, h, [][]byte{here})
	assert.ErrorContains(t, err, "Head.Site")
	_, err = crossref.AppendBatch(nil, h, [][]byte{body(t, nil)})
	assert.NoError(t, err)
}

func TestAppendBatchOfOlderSchema(t *testing.T) {
	h := head
	h.Version = "5.3.1"
	doc, err := crossref.AppendBatch(nil, h, [][]byte{body(t, func(a *jats.Article) { a.Lang = "zu" })})
	require.NoError(t, err)
	assert.Contains(t, string(doc), `<doi_batch version="5.3.1" xmlns="http://www.crossref.org/schema/5.3.1"`)
	assert.Contains(t, string(doc), "<surname>J. van der Zee</surname>")
	assert.Contains(t, string(doc), `<archive_locations><archive name="CLOCKSS"/></archive_locations>`)
	assert.NotContains(t, string(doc), ` language="zu"`)
	assert.NotContains(t, string(doc), "5.4.0")
}

func TestAppendBatchRefuses(t *testing.T) {
	journal, posted := body(t, nil), body(t, works["posted_content"])
	for _, c := range []struct {
		say    string
		change func(h *crossref.Head)
		bodies [][]byte
	}{
		{"one kind", nil, [][]byte{journal, posted}},
		{"one kind", nil, [][]byte{[]byte("<body/>")}},
		{"one kind", nil, [][]byte{journal, nil}},
		{"nothing", nil, nil},
		{`batch id "x"`, func(h *crossref.Head) { h.BatchID = "x" }, [][]byte{journal}},
		{"timestamp 0", func(h *crossref.Head) { h.Timestamp = 0 }, [][]byte{journal}},
		{`depositor ""`, func(h *crossref.Head) { h.Depositor = "" }, [][]byte{journal}},
		{`e-mail address "a@b"`, func(h *crossref.Head) { h.Email = "a@b" }, [][]byte{journal}},
		{`schema version "4.4.2"`, func(h *crossref.Head) { h.Version = "4.4.2" }, [][]byte{journal}},
	} {
		h := head
		if c.change != nil {
			c.change(&h)
		}
		got, err := crossref.AppendBatch([]byte("before"), h, c.bodies)
		assert.ErrorContains(t, err, c.say)
		assert.Equal(t, "before", string(got))
	}
}

func TestTimestampGrows(t *testing.T) {
	before := int64(0)
	for _, at := range []string{"1999-12-31T23:59:59.999Z", "2000-01-01T00:00:00Z", "2000-01-01T00:00:00.001Z", "2000-01-01T02:00:00+01:00", "2000-02-01T00:00:00Z"} {
		moment, err := time.Parse(time.RFC3339Nano, at)
		require.NoError(t, err)
		n := crossref.Timestamp(moment)
		assert.Greater(t, n, before, at)
		before = n
	}
	assert.Equal(t, int64(20000201000000000), before)
}

func FuzzAppend(f *testing.F) {
	for _, list := range []map[string]func(*jats.Article){works, variants} {
		for _, change := range list {
			a := full()
			change(a)
			data, err := json.Marshal(a)
			require.NoError(f, err)
			f.Add(data)
		}
	}
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
		r := record(a)
		b, err := crossref.Append(nil, r)
		if err != nil {
			require.ErrorAs(t, err, new(*flat.Cannot))
			return
		}
		again, err := crossref.Append(nil, r)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
		for _, version := range []string{"5.4.0", "5.3.1"} {
			h := head
			h.Version = version
			doc, err := crossref.AppendBatch(nil, h, [][]byte{b, b})
			require.NoError(t, err)
			crosswalktest.Leaves(t, doc) // well-formed
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	r := record(crosswalktest.Fixtures(b)["thin-films"])
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = crossref.Append(buf[:0], r); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}
