package ingest

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"sheaf/crosswalk"
	"sheaf/jats"
	"sheaf/store"
)

func TestLocal(t *testing.T) {
	ids := func(kv ...string) []jats.ID {
		var out []jats.ID
		for i := 0; i < len(kv); i += 2 {
			out = append(out, jats.ID{Type: kv[i], Value: kv[i+1]})
		}
		return out
	}
	journal := jats.Journal{IDs: ids("publisher-id", "Notes")}
	date := []jats.Date{{Type: "collection", Date: "2021"}, {Type: "pub", Date: "2020-12-30"}}
	for _, c := range []struct {
		name    string
		article jats.Article
		want    string
	}{
		{"doi before all", jats.Article{IDs: ids("publisher-id", "p12345", "doi", "10.5555/AbC.1")}, "10.5555/abc.1"},
		{"doi with its resolver", jats.Article{IDs: ids("doi", "https://doi.org/10.5555/ABC")}, "10.5555/abc"},
		{"what is forbidden is encoded", jats.Article{IDs: ids("doi", `10.5555/(SICI)1(98)49:8<693::AID>3.0.CO;2-O#%é"`)}, "10.5555/(sici)1(98)49:8%3C693::aid%3E3.0.co;2-o%23%25%C3%A9%22"},
		{"not a doi", jats.Article{Journal: journal, IDs: ids("doi", "none", "publisher-id", "p12345")}, "notes/p12345"},
		{"pii of the platform", jats.Article{IDs: ids("pii", "s099999990020001-1-1")}, "S099999990020001-1"},
		{"pii with its version cut off", jats.Article{IDs: ids("publisher-id", "S099999990020001-1-")}, "S099999990020001-1"},
		{"pii with all its punctuation", jats.Article{IDs: ids("pii", "S0999-999X(06)00385-X")}, "S0999999X0600385-X"},
		{"a place in the issue is no identifier", jats.Article{Journal: journal, IDs: ids("publisher-id", "12"), PubDates: date, Title: jats.Title{Text: "On the nature of things"}}, "notes-2020-on-the-nature-of-things"},
		{"cyrillic", jats.Article{Journal: jats.Journal{Title: jats.Title{Text: "Журнал"}}, PubDates: date, Title: jats.Title{Text: "Ёж &amp; щука: объект <italic>эссе</italic>, № 5"}}, "zhurnal-2020-ezh-shchuka-obekt-esse-no-5"},
		{"marks and ligatures", jats.Article{Title: jats.Title{Text: "Über Straße, cœur, Łódź e\u0301tude ɛ\u0301 x"}}, "uber-strasse-coeur-lodz-etude-x-" + hash("\x00\x00Über Straße, cœur, Łódź e\u0301tude ɛ\u0301 x", 8)},
		{"few words are told apart", jats.Article{Journal: journal, PubDates: date, Volume: "3", Issue: "2", FPage: "7", Title: jats.Title{Text: "Editorial"}}, "notes-2020-3-2-7-editorial"},
	} {
		assert.Equal(t, c.want, Local(&c.article), c.name)
	}
}

var allowed = regexp.MustCompile(`^[a-zA-Z0-9\-_\.!~\*'\(\);/\?:@&=\+$,%]+$`)

func TestLocalIsBoundedAndItsOwn(t *testing.T) {
	articles := map[string]*jats.Article{
		"nothing at all":            {},
		"long doi":                  {IDs: []jats.ID{{Type: "doi", Value: "10.5555/" + strings.Repeat("<x", 150)}}},
		"another long doi":          {IDs: []jats.ID{{Type: "doi", Value: "10.5555/" + strings.Repeat("<x", 150) + "y"}}},
		"long title":                {Title: jats.Title{Text: jats.Rich(strings.Repeat("word ", 60))}},
		"another long title":        {Title: jats.Title{Text: jats.Rich(strings.Repeat("word ", 61))}},
		"chinese":                   {Title: jats.Title{Text: "薄膜"}},
		"another chinese":           {Title: jats.Title{Text: "薄膜论"}},
		"arabic":                    {Title: jats.Title{Text: "مقال"}},
		"one long word":             {Title: jats.Title{Text: jats.Rich(strings.Repeat("w", 300))}},
		"other page of one heading": {Title: jats.Title{Text: "Editorial"}, FPage: "1"},
		"page":                      {Title: jats.Title{Text: "Editorial"}, FPage: "9"},
	}
	seen := map[string]string{}
	for name, a := range articles {
		l := Local(a)
		assert.LessOrEqual(t, len(l), store.MaxLocal, name)
		assert.Regexp(t, allowed, l, name)
		assert.NotRegexp(t, `%($|.$|[^0-9A-F]|.[^0-9A-F])`, l, name)
		assert.Equal(t, l, Local(a), name)
		assert.Empty(t, seen[l], "%s and %s are both %s", name, seen[l], l)
		seen[l] = name
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		name string
		ids  []jats.ID
		want []string
	}{
		{"of no kind that is known everywhere", []jats.ID{{Type: "publisher-id", Value: "p12345"}, {Type: "other", Value: "1"}, {Type: "pmid", Value: "x"}}, nil},
		{"archives", []jats.ID{{Type: "pmid", Value: "12"}, {Type: "pmcid", Value: "pmc34"}, {Type: "arxiv", Value: "arXiv:2001.00001v3"}, {Type: "edn", Value: "abcdef"}, {Type: "handle", Value: "https://hdl.handle.net/1/AB"}, {Type: "ark", Value: "https://x.example/ark:/12/3"}},
			[]string{"pmid:12", "pmcid:34", "arxiv:2001.00001", "edn:ABCDEF", "hdl:1/ab", "ark:/12/3"}},
		{"doi", []jats.ID{{Type: "doi", Value: "10.5555/AbC<1>"}, {Type: "doi", Value: "doi:10.5555/abc<1>"}}, []string{"doi:10.5555/abc<1>"}},
		{"the platform's doi holds the pii", []jats.ID{{Type: "doi", Value: "10.55555/S099999990020001-1"}, {Type: "pii", Value: "S099999990020001-1-1"}}, []string{"doi:10.55555/s099999990020001-1", "pii:S0999999900200011"}},
		{"pii in lower case", []jats.ID{{Type: "publisher-id", Value: "s099999990020001-1"}}, []string{"pii:S0999999900200011"}},
		{"another check character is another article", []jats.ID{{Type: "pii", Value: "S099999990020001-X-1"}}, []string{"pii:S099999990020001X"}},
		{"a shorter number of the platform's", []jats.ID{{Type: "pii", Value: "S12345-6-1"}}, []string{"pii:S123456"}},
		{"not a pii", []jats.ID{{Type: "pii", Value: "S099999990020001"}, {Type: "pii", Value: "1471-2105-7-1"}}, nil},
	} {
		assert.Equal(t, c.want, NamesOf(&jats.Article{IDs: c.ids}).Strong, c.name)
	}
}

var setSpec = regexp.MustCompile(`^([A-Za-z0-9\-_\.!~\*'\(\)])+(:[A-Za-z0-9\-_\.!~\*'\(\)]+)*$`)

func TestSets(t *testing.T) {
	for _, c := range []struct {
		name    string
		article jats.Article
		want    []store.Set
	}{
		{"all of them", jats.Article{ArticleType: "research-article", Lang: "ru-RU", Issue: "3 (105)", Volume: "7", PubDates: []jats.Date{{Type: "pub", Date: "2019-12-01"}, {Type: "collection", Date: "2020"}},
			Journal: jats.Journal{IDs: []jats.ID{{Type: "nlm-ta", Value: "J. Thin Films"}, {Type: "publisher-id", Value: "JTF"}}, Title: jats.Title{Text: "Плёнки"}}},
			[]store.Set{{Spec: "journal", Name: "Journals"}, {Spec: "journal:jtf", Name: "Плёнки"}, {Spec: "journal:jtf:2020-3-105", Name: "Плёнки, 2020, No 3 (105)"},
				{Spec: "type", Name: "Article types"}, {Spec: "type:research-article", Name: "Research article"}, {Spec: "lang", Name: "Languages"}, {Spec: "lang:ru", Name: "Russian"}}},
		{"title in Cyrillic, volume only", jats.Article{Volume: "7", PubDates: []jats.Date{{Date: "2020"}}, Journal: jats.Journal{Title: jats.Title{Text: "Проблемы Дальнего Востока"}}},
			[]store.Set{{Spec: "journal", Name: "Journals"}, {Spec: "journal:problemy-dalnego-vostoka", Name: "Проблемы Дальнего Востока"}, {Spec: "journal:problemy-dalnego-vostoka:2020-v7", Name: "Проблемы Дальнего Востока, 2020, Vol. 7"}}},
		{"a word for number", jats.Article{Issue: "№ 04", PubDates: []jats.Date{{Date: "2020"}}, Journal: jats.Journal{Title: jats.Title{Text: "J"}}},
			[]store.Set{{Spec: "journal", Name: "Journals"}, {Spec: "journal:j", Name: "J"}, {Spec: "journal:j:2020-4", Name: "J, 2020, No 4"}}},
		{"abbreviation, no year", jats.Article{Issue: "1", Journal: jats.Journal{AbbrevTitle: []jats.AltTitle{{Text: "Ann. Phys."}}, ISSNs: []jats.ISSN{{Value: "1234-567X"}}}},
			[]store.Set{{Spec: "journal", Name: "Journals"}, {Spec: "journal:ann-phys", Name: "Ann. Phys."}}},
		{"issn", jats.Article{Journal: jats.Journal{ISSNs: []jats.ISSN{{Type: "electronic", Value: "2234-567X"}, {Type: "linking", Value: "1234-567X"}}}},
			[]store.Set{{Spec: "journal", Name: "Journals"}, {Spec: "journal:1234-567x", Name: "1234-567x"}}},
		{"a title that ASCII cannot write", jats.Article{Journal: jats.Journal{Title: jats.Title{Text: "世界知识"}}},
			[]store.Set{{Spec: "journal", Name: "Journals"}, {Spec: "journal:" + hash("世界知识", 8), Name: "世界知识"}}},
		{"open, with a file, paid for by the Commission", jats.Article{Permissions: jats.Permissions{Licenses: []jats.License{{URI: "https://creativecommons.org/licenses/by-nc/4.0/deed.de"}}},
			Links: []jats.Link{{URL: "https://a.example.org/1.pdf"}}, Funding: jats.Funding{Awards: []jats.Award{{Funders: []jats.Funder{{Name: "European Commission"}}, IDs: []string{"283595"}}}}},
			[]store.Set{{Spec: "license", Name: "Licences"}, {Spec: "license:cc-by-nc", Name: "CC BY-NC"}, {Spec: "open_access", Name: "Open access"}, {Spec: "openaire", Name: "OpenAIRE"},
				{Spec: "driver", Name: "Open Access DRIVERset"}, {Spec: "ec_fundedresources", Name: "EC funded resources"}}},
		{"closed, and paid for by another", jats.Article{Permissions: jats.Permissions{Access: "closed", Licenses: []jats.License{{URI: "http://www.example.org/Terms/2?a=b"}}},
			Funding: jats.Funding{Awards: []jats.Award{{Funders: []jats.Funder{{Name: "RSF"}}, IDs: []string{"1"}}}}},
			[]store.Set{{Spec: "license", Name: "Licences"}, {Spec: "license:example-org-terms-2-a-b", Name: "http://www.example.org/Terms/2?a=b"}, {Spec: "openaire", Name: "OpenAIRE"}}},
		{"dataset under CC0", jats.Article{ArticleType: "dataset", Permissions: jats.Permissions{Licenses: []jats.License{{URI: "http://creativecommons.org/publicdomain/zero/1.0"}}}},
			[]store.Set{{Spec: "type", Name: "Article types"}, {Spec: "type:dataset", Name: "Dataset"}, {Spec: "license", Name: "Licences"}, {Spec: "license:cc0", Name: "CC0"},
				{Spec: "open_access", Name: "Open access"}, {Spec: "openaire", Name: "OpenAIRE"}, {Spec: "openaire_data", Name: "OpenAIRE data"}}},
		{"embargoed until after today", jats.Article{Permissions: jats.Permissions{EmbargoEnd: "2030-01-01"}}, nil},
		{"embargoed until before today", jats.Article{Permissions: jats.Permissions{EmbargoEnd: "2020-01-01"}}, []store.Set{{Spec: "open_access", Name: "Open access"}, {Spec: "openaire", Name: "OpenAIRE"}}},
		{"nothing said, no set", jats.Article{Lang: "und", Title: jats.Title{Text: "A"}}, nil},
	} {
		got := Sets(crosswalk.Record(&c.article, "x", time.Unix(1_790_000_000, 0)), nil)
		assert.Equal(t, c.want, got, c.name)
		for _, s := range got {
			assert.Regexp(t, setSpec, s.Spec)
		}
	}
}
