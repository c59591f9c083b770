package ready

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/fixtures"
	"sheaf/ingest"
	"sheaf/jats"
	"sheaf/jats/jats4r"
)

// whole is an article that no rule finds wanting: the passing example of each. It is in Russian, with an English side.
const whole = `{
"articleType":"research-article","lang":"ru","version":{"type":"VoR"},
"journal":{"ids":[{"type":"publisher-id","value":"vm"}],"title":{"text":"Вестник материалов"},"abbrevTitles":[{"text":"Vestn. Mater."}],
  "issns":[{"type":"print","value":"1234-5679"},{"type":"electronic","value":"2049-3630"}],"publishers":[{"text":"Общество материалов"}]},
"ids":[{"type":"doi","value":"10.5555/whole.1"}],
"title":{"text":"О тонких плёнках и толстых слоях"},
"transTitles":[{"lang":"en","text":"On thin films and on thick layers"}],
"contribs":[{"type":"author","names":[{"surname":"Иванов","givenNames":"Иван"}],"ids":[{"type":"orcid","value":"https://orcid.org/0000-0002-1825-0097"}],"affs":["a1"]},
  {"type":"author","collab":[{"text":"Группа плёнок"}]}],
"affs":[{"id":"a1","forms":[{"institutions":[{"name":"Институт плёнок","ids":[{"type":"ror","value":"https://ror.org/05gq02987"}]}],"country":"Россия"}]}],
"pubDates":[{"type":"pub","format":"electronic","date":"2024-05-17"}],
"volume":"7","issue":"2","fpage":"11","lpage":"29",
"permissions":{"statements":[{"text":"© 2024 Общество материалов"}],"year":"2024","holders":[{"text":"Общество материалов"}],
  "licenses":[{"uri":"https://creativecommons.org/licenses/by/4.0/"}]},
"links":[{"url":"https://vm.example.org/7/2/11","mime":"text/html"},{"url":"https://vm.example.org/7/2/11.pdf","mime":"application/pdf"},{"url":"https://vm.example.org/7/2/11.xml","mime":"application/xml"}],
"subjGroups":[{"type":"udc","subjects":[{"text":"539.216"}]}],
"abstracts":[{"p":["Плёнки тонки."]},{"lang":"en","p":["Films are thin."]}],
"kwdGroups":[{"lang":"ru","kwds":[{"text":"плёнки"}]},{"lang":"en","kwds":[{"text":"films"}]}],
"funding":{"awards":[{"funders":[{"name":"European Commission","ids":[{"type":"doi","value":"10.13039/501100000780"}]}],"ids":["244909"]}]},
"refs":[{"citations":[{"text":"Петров П. Слои. 2001","ids":[{"type":"doi","value":"10.5555/layers"}]}]}]
}`

var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

const ownPage = element.Site + "/records/10.5555/whole.1"

// record is that of whole after a change.
func record(t *testing.T, change func(a *jats.Article)) *flat.Record {
	t.Helper()
	a, err := jats.DecodeJSON([]byte(whole))
	require.NoError(t, err)
	if change != nil {
		change(a)
	}
	return flat.Of(a, "10.5555/whole.1", ownPage, day)
}

// broken are the codes of the rules that a record fails, without those of JATS4R, whose examples are in package jats4r.
func broken(r *flat.Record) (codes []string) {
	for _, a := range Record(r) {
		for _, f := range a.Findings {
			if a.Service.Name != "jats4r" {
				codes = append(codes, f.Rule.Code)
			}
		}
	}
	slices.Sort(codes)
	return codes
}

// each names rules of several services by what follows the name of the service.
func each(rule string, services ...string) (codes []string) {
	for _, s := range services {
		codes = append(codes, s+"-"+rule)
	}
	return codes
}

func cat(lists ...[]string) []string { return slices.Concat(lists...) }

// Each change makes just these rules fail: the failing examples of each rule.
func TestRules(t *testing.T) {
	english := func(lang string) bool { return strings.HasPrefix(lang, "en") }
	noCitation := []string{"openaire3-source", "openaire4-citation"}
	noISSN := slices.Clip(each("issn", "doaj", "pubmed", "pmc", "scholar", "elibrary")) // of what is no journal article
	noDOI := slices.Clip(cat(each("doi", "core", "crossref", "datacite", "pubmed", "unpaywall"), []string{"doaj-has-doi"}))
	grant := func(a *jats.Article) *jats.Award { return &a.Funding.Awards[0] }
	closed := []string{"doaj-open", "unpaywall-open"}
	changes := []struct {
		what   string
		change func(a *jats.Article)
		breaks []string
	}{
		{"nothing", func(*jats.Article) {}, nil},
		{"no title", func(a *jats.Article) { a.Title, a.TransTitles = jats.Title{}, nil },
			each("title", "openaire3", "openaire4", "base", "core", "doaj", "crossref", "pubmed", "pmc", "scholar", "datacite", "unpaywall", "elibrary")},
		{"no author", func(a *jats.Article) { a.Contribs = nil },
			cat(each("author", "openaire3", "openaire4", "base", "core", "doaj", "crossref", "scholar", "elibrary"), []string{"datacite-creator"})},
		{"a group alone", func(a *jats.Article) { a.Contribs = a.Contribs[1:] }, nil},
		{"a name whole", func(a *jats.Article) { a.Contribs[0].Names[0] = jats.Name{Full: "Иванов Иван"} },
			each("names", "openaire4", "crossref", "pubmed", "pmc", "elibrary")},
		{"a given name alone", func(a *jats.Article) { a.Contribs[0].Names[0] = jats.Name{GivenNames: "Иван"} },
			each("names", "openaire4", "crossref", "pubmed", "pmc", "elibrary")},
		{"no ORCID", func(a *jats.Article) { a.Contribs[0].IDs = nil }, each("orcid", "openaire4", "crossref", "pubmed", "datacite")},
		{"an ORCID of another form", func(a *jats.Article) { a.Contribs[0].IDs[0].Value = "0000-0002-1825-0097" }, []string{"doaj-orcid"}},
		{"no affiliation", func(a *jats.Article) { a.Contribs[0].Affs = nil },
			each("affiliation", "openaire4", "doaj", "crossref", "pubmed", "elibrary")},
		{"no ROR", func(a *jats.Article) { a.Affs[0].Forms[0].Institutions[0].IDs = nil }, []string{"crossref-ror"}},
		{"no date", func(a *jats.Article) { a.PubDates = nil },
			cat(each("date", "openaire3", "openaire4", "base", "core", "doaj", "crossref", "pubmed", "pmc", "scholar"), []string{"datacite-year", "elibrary-year"})},
		{"a date that is none", func(a *jats.Article) { a.PubDates[0].Date = "2024-02-31" },
			cat(each("date", "openaire3", "openaire4", "base", "core", "doaj", "crossref", "pubmed", "pmc", "scholar"), []string{"datacite-year", "elibrary-year"})},
		{"no day", func(a *jats.Article) { a.PubDates[0].Date = "2024-05" }, cat(each("day", "openaire3", "openaire4", "scholar"), []string{"datacite-date"})},
		{"no month", func(a *jats.Article) { a.PubDates[0].Date = "2024" },
			cat(each("day", "openaire3", "openaire4", "scholar"), []string{"datacite-date", "pubmed-month"})},
		{"no DOI", func(a *jats.Article) { a.IDs = nil }, noDOI},
		{"a DOI that is none", func(a *jats.Article) { a.IDs[0].Value = "films 1" },
			cat(each("doi", "core", "crossref", "datacite", "doaj", "pubmed", "unpaywall"), []string{"doaj-has-doi", "openaire3-identifier", "openaire4-identifier"})},
		{"a DOI with too short a prefix", func(a *jats.Article) { a.IDs[0].Value = "10.1/films" },
			cat(each("doi", "core", "crossref", "datacite", "pubmed", "unpaywall"), []string{"doaj-has-doi", "openaire3-identifier", "openaire4-identifier"})},
		{"no DOI and a short title", func(a *jats.Article) { a.IDs, a.Title.Text = nil, "Плёнки, плёнки, плёнки" }, append(noDOI, "unpaywall-match")},
		{"no DOI and no file", func(a *jats.Article) { a.IDs, a.Links = nil, a.Links[:1] },
			cat(noDOI, []string{"core-file", "core-pdf", "crossref-file", "elibrary-file", "openaire4-file", "pmc-pdf", "pmc-xml", "scholar-pdf", "unpaywall-pdf"})},
		{"no DOI and no link", func(a *jats.Article) { a.IDs, a.Links = nil, nil },
			cat(noDOI, []string{"core-file", "core-pdf", "crossref-file", "doaj-link", "elibrary-file", "openaire4-file", "pmc-pdf", "pmc-xml", "scholar-pdf", "unpaywall-pdf"})},
		{"no link and no abstract", func(a *jats.Article) { a.Links, a.Abstracts = nil, nil },
			cat(each("abstract", "openaire3", "openaire4", "base", "core", "doaj", "crossref", "pubmed", "pmc", "scholar", "elibrary"),
				[]string{"datacite-description", "core-file", "core-pdf", "crossref-file", "elibrary-file", "openaire4-file", "pmc-pdf", "pmc-xml", "scholar-pdf", "unpaywall-pdf"})},
		{"PDF only", func(a *jats.Article) { a.Links = a.Links[:2] }, []string{"pmc-xml"}},
		{"PDF, and the text here", func(a *jats.Article) { a.Links, a.FullText = a.Links[:2], &jats.FullText{} }, nil},
		{"XML only", func(a *jats.Article) { a.Links = append(a.Links[:1:1], a.Links[2]) }, append(each("pdf", "core", "pmc", "scholar", "unpaywall"), "elibrary-file")},
		{"PDF elsewhere", func(a *jats.Article) { a.Links[1].URL = "https://files.example.org/11.pdf" }, []string{"scholar-pdf-place"}},
		{"a page within doors", func(a *jats.Article) { a.Links[0].URL = "http://10.1.2.3/7/2/11" },
			cat(each("link", "base", "core", "crossref", "scholar", "unpaywall"), []string{"scholar-pdf-place"})},
		{"a page of the machine itself", func(a *jats.Article) { a.Links[0].URL = "http://localhost/7/2/11" },
			cat(each("link", "base", "core", "crossref", "scholar", "unpaywall"), []string{"scholar-pdf-place", "doaj-url"})},
		{"a file within doors", func(a *jats.Article) { a.Links[2].URL = "http://192.168.0.1/11.xml" }, []string{"core-file-address"}},
		{"a host in capitals", func(a *jats.Article) { a.Links[2].URL = "https://VM.EXAMPLE.ORG/11.xml" }, []string{"doaj-url"}},
		{"a PDF that is called a supplement", func(a *jats.Article) { a.Links[1].URL = "https://vm.example.org/7/11_supinfo.pdf" }, []string{"unpaywall-file-name"}},
		{"a PDF that is called an appendix", func(a *jats.Article) { a.Links[1].URL = "https://vm.example.org/7/Appendix-1.pdf" }, []string{"unpaywall-file-name"}},
		{"no licence", func(a *jats.Article) { a.Permissions.Licenses, a.Permissions.Access = nil, "open" },
			cat(each("license", "openaire3", "openaire4", "base", "core", "crossref", "unpaywall"), []string{"datacite-rights"})},
		{"a licence in words", func(a *jats.Article) {
			a.Permissions.Licenses[0], a.Permissions.Access = jats.License{P: []jats.Rich{"May be read."}}, "open"
		}, cat(each("license", "openaire3", "openaire4", "base", "core", "crossref", "unpaywall"), []string{"datacite-rights"})},
		{"no permissions", func(a *jats.Article) { a.Permissions = jats.Permissions{} },
			cat(each("license", "openaire3", "openaire4", "base", "core", "crossref", "unpaywall"), each("access", "openaire3", "openaire4", "base", "unpaywall"),
				[]string{"datacite-rights", "pmc-permissions"})},
		{"under embargo", func(a *jats.Article) { a.Permissions.Access, a.Permissions.EmbargoEnd = "embargoed", "2030-01-01" }, closed},
		{"under an embargo that is over", func(a *jats.Article) { a.Permissions.Access, a.Permissions.EmbargoEnd = "embargoed", "2025-01-01" }, nil},
		{"under an embargo without an end", func(a *jats.Article) { a.Permissions.Access = "embargoed" }, append(each("embargo", "openaire3", "openaire4"), closed...)},
		{"closed, and not funded", func(a *jats.Article) { a.Permissions.Access, a.Funding = "closed", jats.Funding{} }, append(closed, "openaire3-set")},
		{"closed, but funded", func(a *jats.Article) { a.Permissions.Access = "closed" }, closed},
		{"an award without a funder", func(a *jats.Article) { grant(a).Funders = nil }, []string{"openaire4-funder"}},
		{"a funder without an identifier", func(a *jats.Article) { grant(a).Funders[0].IDs = nil }, each("funder-id", "openaire4", "crossref")},
		{"an award that is no project number", func(a *jats.Article) { grant(a).IDs[0] = "FP7 grant WorkAble" }, []string{"openaire3-project"}},
		{"no publisher", func(a *jats.Article) { a.Journal.Publishers = nil }, each("publisher", "openaire3", "openaire4", "doaj", "pubmed", "pmc", "datacite")},
		{"no journal title", func(a *jats.Article) { a.Journal.Title, a.Journal.AbbrevTitle = jats.Title{}, nil },
			cat(each("journal", "doaj", "crossref", "pubmed", "pmc", "scholar", "elibrary"), noCitation, []string{"pubmed-abbreviation"})},
		{"neither journal nor publisher", func(a *jats.Article) {
			a.Journal.Title, a.Journal.AbbrevTitle, a.Journal.Publishers = jats.Title{}, nil, nil
		}, cat(each("journal", "doaj", "crossref", "pubmed", "pmc", "scholar", "elibrary"), each("publisher", "doaj", "pubmed", "pmc", "datacite"), noCitation, []string{"pubmed-abbreviation"})},
		{"no journal title but NLM's", func(a *jats.Article) {
			a.Journal.Title, a.Journal.AbbrevTitle, a.Journal.IDs = jats.Title{}, nil, []jats.ID{{Type: "nlm-ta", Value: "Vestn Mater"}}
		}, cat(each("journal", "doaj", "crossref", "pmc", "scholar", "elibrary"), noCitation)},
		{"no abbreviated title", func(a *jats.Article) { a.Journal.AbbrevTitle = nil }, []string{"pubmed-abbreviation"}},
		{"no ISSN", func(a *jats.Article) { a.Journal.ISSNs = nil }, each("issn", "doaj", "crossref", "pubmed", "pmc", "scholar", "elibrary")},
		{"an ISSN with a wrong digit", func(a *jats.Article) { a.Journal.ISSNs = a.Journal.ISSNs[:1]; a.Journal.ISSNs[0].Value = "1234-5678" },
			each("issn", "doaj", "crossref", "pubmed", "pmc", "scholar", "elibrary")},
		{"three ISSNs", func(a *jats.Article) {
			a.Journal.ISSNs = append(a.Journal.ISSNs, jats.ISSN{Type: "print", Value: "0317-8471"})
		}, []string{"doaj-issn-many"}},
		{"a linking ISSN", func(a *jats.Article) {
			a.Journal.ISSNs = append(a.Journal.ISSNs, jats.ISSN{Type: "linking", Value: "0317-8471"})
		}, nil},
		{"ISSNs of unknown kind", func(a *jats.Article) { a.Journal.ISSNs[0].Type, a.Journal.ISSNs[1].Type = "", "linking" }, []string{"doaj-issn-kind"}},
		{"one ISSN twice", func(a *jats.Article) { a.Journal.ISSNs[1].Value = "1234-5679" }, []string{"doaj-issns"}},
		{"no volume", func(a *jats.Article) { a.Volume = "" }, nil},
		{"neither volume nor issue", func(a *jats.Article) { a.Volume, a.Issue = "", "" },
			cat(each("volume", "pmc", "scholar"), noCitation, []string{"elibrary-issue"})},
		{"neither volume nor issue, in print", func(a *jats.Article) { a.Volume, a.Issue, a.PubDates[0].Format = "", "", "print" },
			cat(each("volume", "pmc", "pubmed", "scholar"), noCitation, []string{"elibrary-issue"})},
		{"an article number", func(a *jats.Article) { a.FPage, a.LPage, a.ElocationID = "", "", "e11" }, nil},
		{"no pages", func(a *jats.Article) { a.FPage, a.LPage = "", "" }, cat(each("page", "crossref", "pmc", "scholar"), noCitation, []string{"elibrary-pages"})},
		{"neither pages nor DOI", func(a *jats.Article) { a.FPage, a.LPage, a.IDs = "", "", nil },
			cat(noDOI, each("page", "crossref", "pmc", "pubmed", "scholar"), noCitation, []string{"elibrary-pages"})},
		{"no language", func(a *jats.Article) { a.Lang = "" }, each("language", "openaire3", "openaire4", "base", "core", "datacite", "doaj", "elibrary")},
		{"a language that is none", func(a *jats.Article) { a.Lang = "und" }, each("language", "openaire3", "openaire4", "base", "core", "datacite", "doaj", "elibrary")},
		{"no article type", func(a *jats.Article) { a.ArticleType = "" }, each("type", "openaire3", "openaire4", "base", "datacite", "elibrary", "pmc")},
		{"an article type of one's own", func(a *jats.Article) { a.ArticleType = "Заметка" }, each("type", "openaire3", "openaire4", "base", "datacite", "elibrary")},
		{"a book review", func(a *jats.Article) { a.ArticleType = "book-review" }, []string{"scholar-kind", "pubmed-kind"}},
		{"an editorial", func(a *jats.Article) {
			a.ArticleType, a.Abstracts, a.KwdGroups, a.SubjGroups, a.Refs = "editorial", nil, nil, nil, nil
		},
			[]string{"scholar-kind", "elibrary-code"}},
		{"a chapter", func(a *jats.Article) { a.ArticleType, a.ISBNs = "book-chapter", []string{"978-3-16-148410-0"} }, nil},
		{"a chapter in a series", func(a *jats.Article) { a.ArticleType = "book-chapter" }, nil},
		{"a report in a series", func(a *jats.Article) { a.ArticleType = "report" }, nil},
		{"a chapter without an ISBN", func(a *jats.Article) { a.ArticleType, a.Journal.ISSNs = "book-chapter", nil }, append(noISSN, "crossref-isbn")},
		{"a chapter without a publisher", func(a *jats.Article) {
			a.ArticleType, a.ISBNs, a.Journal.Publishers = "book-chapter", []string{"978-3-16-148410-0"}, nil
		}, each("publisher", "openaire3", "openaire4", "doaj", "crossref", "pubmed", "pmc", "datacite")},
		{"a paper of a conference", func(a *jats.Article) {
			a.ArticleType, a.ISBNs, a.Conferences = "conference-paper", []string{"978-3-16-148410-0"}, []jats.Conference{{Name: "Films 2024"}}
		}, nil},
		{"a paper of a conference in a journal", func(a *jats.Article) { a.ArticleType = "conference-paper" }, nil},
		{"a paper without its conference", func(a *jats.Article) {
			a.ArticleType, a.ISBNs, a.Journal.ISSNs = "conference-paper", []string{"978-3-16-148410-0"}, nil
		}, append(noISSN, "crossref-conference")},
		{"a paper without proceedings", func(a *jats.Article) {
			a.ArticleType, a.ISBNs, a.Conferences = "conference-paper", []string{"978-3-16-148410-0"}, []jats.Conference{{Name: "Films 2024"}}
			a.Journal.Title, a.Journal.AbbrevTitle, a.Journal.ISSNs = jats.Title{}, nil, nil
		}, cat(noISSN, each("journal", "doaj", "pubmed", "pmc", "scholar", "elibrary"), noCitation, []string{"pubmed-abbreviation", "crossref-proceedings"})},
		{"a review of a work", func(a *jats.Article) {
			a.ArticleType, a.Related = "reviewer-report", []jats.Related{{Type: "peer-reviewed-article", IDType: "doi", ID: "10.5555/reviewed"}}
		}, nil},
		{"a review of nothing", func(a *jats.Article) { a.ArticleType = "reviewer-report" }, []string{"crossref-reviewed"}},
		{"a review without a day", func(a *jats.Article) {
			a.ArticleType, a.Related = "reviewer-report", []jats.Related{{Type: "peer-reviewed-article", IDType: "doi", ID: "10.5555/reviewed"}}
			a.PubDates[0].Date = "2024-05"
		}, cat(each("day", "openaire3", "openaire4", "scholar"), []string{"datacite-date", "crossref-review-day"})},
		{"a thesis", func(a *jats.Article) {
			a.ArticleType, a.CustomMeta = "dissertation", []jats.CustomMeta{{Name: "institution", Value: "University of Films"}}
		}, nil},
		{"a thesis of nowhere", func(a *jats.Article) { a.ArticleType = "dissertation" }, []string{"crossref-institution"}},
		{"a thesis of nobody", func(a *jats.Article) {
			a.ArticleType, a.CustomMeta, a.Contribs = "dissertation", []jats.CustomMeta{{Name: "institution", Value: "University of Films"}}, nil
		}, cat(each("author", "openaire3", "openaire4", "base", "core", "doaj", "crossref", "scholar", "elibrary"), []string{"datacite-creator", "crossref-thesis-author"})},
		{"a dataset", func(a *jats.Article) { a.ArticleType = "dataset" }, []string{"crossref-kind"}},
		{"a journal with a DOI", func(a *jats.Article) {
			a.Journal.ISSNs, a.Journal.IDs = nil, []jats.ID{{Type: "doi", Value: "10.5555/journal"}}
		},
			each("issn", "doaj", "pubmed", "pmc", "scholar", "elibrary")},
		{"no version", func(a *jats.Article) { a.Version = nil }, each("version", "openaire3", "openaire4", "unpaywall")},
		{"no abstract", func(a *jats.Article) { a.Abstracts = nil },
			cat(each("abstract", "openaire3", "openaire4", "base", "core", "doaj", "crossref", "pubmed", "pmc", "elibrary"), []string{"datacite-description"})},
		{"no English abstract", func(a *jats.Article) { a.Abstracts = a.Abstracts[:1] }, []string{"pubmed-english-abstract", "elibrary-abstract-eng"}},
		{"no keywords", func(a *jats.Article) { a.KwdGroups, a.SubjGroups = nil, nil },
			cat(each("keywords", "openaire3", "openaire4", "base", "doaj", "pubmed", "elibrary"), []string{"datacite-subject", "elibrary-code"})},
		{"no code", func(a *jats.Article) { a.SubjGroups = nil }, []string{"elibrary-code"}},
		{"no English keywords", func(a *jats.Article) {
			a.KwdGroups = slices.DeleteFunc(a.KwdGroups, func(g jats.KwdGroup) bool { return english(g.Lang) })
		}, []string{"elibrary-keywords-eng"}},
		{"seven keywords", func(a *jats.Article) {
			for len(a.KwdGroups[0].Kwds) < 7 {
				a.KwdGroups[0].Kwds = append(a.KwdGroups[0].Kwds, jats.Kwd{Text: "слой"})
			}
		}, []string{"doaj-six"}},
		{"no English title", func(a *jats.Article) { a.TransTitles = nil }, []string{"pubmed-english-title", "elibrary-title-eng"}},
		{"in German", func(a *jats.Article) {
			a.Lang, a.TransTitles, a.Abstracts, a.KwdGroups = "de", nil, a.Abstracts[:1], a.KwdGroups[:1]
		},
			[]string{"pubmed-english-title", "pubmed-english-abstract"}},
		{"no references", func(a *jats.Article) { a.Refs = nil }, each("references", "crossref", "pubmed", "pmc", "elibrary")},
		{"references without DOIs", func(a *jats.Article) { a.Refs[0].Citations[0].IDs = nil }, []string{"datacite-related"}},
		{"a script", func(a *jats.Article) { a.Abstracts[0].P[0] = jats.Escape("Плёнки <SCRIPT>alert(1)</SCRIPT>") }, []string{"doaj-script"}},
	}
	shown := map[string]bool{}
	for _, c := range changes {
		want := slices.Clone(c.breaks)
		slices.Sort(want)
		assert.Equal(t, want, broken(record(t, c.change)), c.what)
		for _, code := range c.breaks {
			shown[code] = true
		}
	}
	for _, s := range Services() {
		for _, r := range s.Rules {
			assert.True(t, shown[r.Code] || s.Name == "jats4r", "%s has no failing example", r.Code)
		}
	}
}

// The article has no page of its own, and the repository none: nobody could find it.
func TestNoPage(t *testing.T) {
	a := record(t, func(a *jats.Article) { a.Links = a.Links[1:] }).Article
	assert.Subset(t, broken(flat.Of(a, "x", "", day)), each("link", "base", "core", "crossref", "scholar", "unpaywall"))
	assert.NotContains(t, broken(flat.Of(a, "x", ownPage, day)), "base-link", "the page here is the operator's to see to")
}

// What a list of rules must be: codes that are unique and say whose they are, words for people, and a source.
func TestServices(t *testing.T) {
	names, codes := map[string]bool{}, map[string]bool{}
	for _, s := range Services() {
		assert.Regexp(t, `^[a-z][a-z0-9]*$`, s.Name)
		assert.False(t, names[s.Name], s.Name)
		names[s.Name] = true
		assert.Regexp(t, `^https://`, s.URL)
		assert.NotEmpty(t, s.Title)
		stopping := 0
		for i := range s.Rules {
			r := &s.Rules[i]
			assert.True(t, strings.HasPrefix(r.Code, s.Name+"-"), r.Code)
			assert.False(t, codes[r.Code], r.Code)
			codes[r.Code] = true
			assert.Contains(t, []Level{Mandatory, MandatoryIfApplicable, Recommended, Optional}, r.Level, r.Code)
			assert.False(t, r.Unsure && r.Level != MandatoryIfApplicable, r.Code)
			assert.NotEmpty(t, r.Brief, r.Code)
			assert.NotEmpty(t, r.Source, r.Code)
			assert.Regexp(t, `^\S.*\.$`, r.Says, r.Code)
			assert.Same(t, r, s.Rule(r.Code))
			if r.Stops() {
				stopping++
			}
		}
		assert.NotZero(t, stopping, s.Name)
		require.NotNil(t, Find(s.Name))
		assert.Equal(t, s.Title, Find(s.Name).Title)
	}
	for _, name := range []string{"openaire3", "openaire4", "base", "core", "doaj", "crossref", "pubmed", "pmc", "scholar", "datacite", "unpaywall", "elibrary", "jats4r"} {
		assert.True(t, names[name], name)
	}
	assert.Nil(t, Find("none"))
	assert.Nil(t, Services()[0].Rule("none"))
}

func TestAnswer(t *testing.T) {
	s := Find("openaire4")
	a := s.Answer(record(t, func(a *jats.Article) { a.Abstracts, a.Version = nil, nil }))
	assert.True(t, a.Ready, "what may not apply, and what is recommended, stops nothing")
	assert.Len(t, a.Findings, 2)
	a = s.Answer(record(t, func(a *jats.Article) { a.Abstracts, a.Lang, a.IDs[0].Value = nil, "", "films" }))
	assert.False(t, a.Ready)
	var found []string
	for _, f := range a.Findings {
		found = append(found, f.Rule.Code+" "+f.Found)
	}
	assert.Equal(t, []string{`openaire4-identifier "films"`, "openaire4-language ", "openaire4-abstract "}, found)
}

// Of the rules of JATS4R both ways of asking say the same.
func TestJATS4R(t *testing.T) {
	s := Find("jats4r")
	r := record(t, func(a *jats.Article) { a.Permissions = jats.Permissions{} })
	a := s.Answer(r)
	assert.False(t, a.Ready)
	var codes []string
	for _, f := range a.Findings {
		codes = append(codes, f.Rule.Code)
		ok, found := f.Rule.Check(r)
		assert.False(t, ok)
		assert.Equal(t, f.Found, found)
	}
	assert.Contains(t, codes, "jats4r-permissions-missing")
	ok, _ := s.Rule("jats4r-permissions-missing").Check(record(t, nil))
	assert.True(t, ok)
	assert.True(t, s.Answer(record(t, nil)).Ready)
}

func TestISSN(t *testing.T) {
	for issn, want := range map[string]bool{"1234-5679": true, "2434-561X": true, "2434-561x": true, "0000-0000": false, "1234-5678": false, "12345679": false,
		"1234 5679": false, "X434-5610": false, "": false, "1234-567": false, "１234-5679": false} {
		assert.Equal(t, want, isISSN(issn), issn)
	}
}

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"https://journal.example.org/1": true, "http://93.184.216.34/1": true, "https://xn--80ak6aa92e.com/": true, "https://[2606:2800:220:1::1]/": true, element.Site + "/records/1": true,
		"http://localhost:8080/1": false, "http://127.0.0.1/1": false, "http://192.168.1.7/": false, "http://[::1]/": false, "http://repo/1": false, "https://repo.local/1": false,
		"https://a.localhost/": false, "ftp://journal.example.org/1": false, "/records/1": false, "": false, "https://%zz/": false,
	} {
		assert.Equal(t, want, public(address), address)
	}
}

// What is read of the XML that is written is what any reader reads of it, and what is not written so is left to one.
func TestTree(t *testing.T) {
	r := record(t, func(a *jats.Article) {
		a.Title.Text = jats.Escape(`«<A> & "B's"»`)
		a.Abstracts[0].P[0] = `H<sub>2</sub>O &amp;lt; <inline-formula><mml:math><mml:mi>x</mml:mi></mml:math></inline-formula>`
	})
	var small tree // used again, as those of a pool are
	for _, o := range []jats.WriteOptions{{}, {}, {IDPrefix: "r1-", LandingURL: `https://x.example.org/?a="b"&c=<d>`}} {
		doc := jats.AppendXML(nil, r.Article, o)
		want, err := jats4r.Parse(doc)
		require.NoError(t, err)
		root := small.read(string(doc))
		require.NotNil(t, root)
		text := func(e *etree.Element) string {
			s, err := etree.NewDocumentWithRoot(e).WriteToString()
			require.NoError(t, err)
			return s
		}
		assert.Equal(t, text(want.Root), text(root))
		small.done()
	}
	for _, doc := range []string{"", "x", "<a>", "</a>", "<a></b>", "<a/><b/>", "<a b='c'/>", `<a b="c/>`, `<a  b="c"/>`, "<a b/>", "<a", "<>", "<!-- --><a/>", "<?xml version='1.0'?><a/>", "<x:a></y:a>"} {
		assert.Nil(t, small.read(doc), doc)
	}
}

// Of every fixture the small reader reads what any reader does.
func TestTreeOfFixtures(t *testing.T) {
	files, err := fs.Glob(fixtures.FS, "articles/*.*ml")
	require.NoError(t, err)
	more, err := fs.Glob(fixtures.FS, "articles/*.json")
	require.NoError(t, err)
	n := 0
	for _, name := range append(files, more...) {
		data, err := fs.ReadFile(fixtures.FS, name)
		require.NoError(t, err)
		_, a, _, err := ingest.Parse(data, "")
		if err != nil {
			continue
		}
		n++
		doc := jats.AppendXML(nil, a, jats.WriteOptions{})
		whole, err := jats4r.Parse(doc)
		require.NoError(t, err, name)
		small := trees.Get().(*tree)
		root := small.read(string(doc))
		require.NotNil(t, root, name)
		want, got := whole.Check(), jats4r.Check(root)
		require.Len(t, got, len(want), name)
		for i := range want {
			assert.Equal(t, want[i].Rule.ID+want[i].Path+want[i].Message, got[i].Rule.ID+got[i].Path+got[i].Message, name)
		}
		small.done()
	}
	assert.Greater(t, n, 10)
}
