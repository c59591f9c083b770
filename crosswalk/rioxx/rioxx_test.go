package rioxx_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/rioxx"
	"sheaf/jats"
)

func record(a *jats.Article) *flat.Record {
	return flat.Of(a, "x", element.Site+"/records/x", crosswalktest.Day)
}

// rendered is the record of a with the site's address in it.
func rendered(t testing.TB, a *jats.Article) []byte {
	t.Helper()
	b, err := rioxx.Append(nil, record(a))
	require.NoError(t, err)
	return bytes.ReplaceAll(b, []byte(element.Site), []byte("https://sheaf.example.org"))
}

// open is an article that the format takes; change makes another of it.
func open(change func(*jats.Article)) *jats.Article {
	a := &jats.Article{ArticleType: "research-article", Lang: "en", Title: jats.Title{Text: "A"}, PubDates: []jats.Date{{Type: "pub", Date: "2026-03"}}, Permissions: jats.Permissions{Access: "open"},
		Contribs: []jats.Contrib{{Names: []jats.Name{{Surname: "Roe", GivenNames: "A."}}}}}
	if change != nil {
		change(a)
	}
	return a
}

func TestAppend(t *testing.T) {
	name := func(surname, given string) []jats.Name { return []jats.Name{{Surname: surname, GivenNames: given}} }
	for _, c := range []struct {
		name, element string // the lines that begin with it
		change        func(*jats.Article)
		want          []string
	}{
		{"the least", "", func(a *jats.Article) { a.PubDates, a.Permissions, a.ArticleType = nil, jats.Permissions{}, "" }, []string{"title lang=en|A", "identifier|https://sheaf.example.org/records/x", "language|eng",
			"type|https://purl.org/coar/resource_type/c_1843", "creator/name|Roe, A."}},
		{"one title", "title", func(a *jats.Article) {
			a.Title.Subtitles, a.TransTitles = []jats.Rich{"B"}, []jats.Title{{Lang: "ru", Text: "Р"}}
		}, []string{"title lang=en|A: B"}},
		{"the article's own page", "identifier", func(a *jats.Article) { a.Links = []jats.Link{{URL: "https://j.example.org/1", MIME: "text/html"}} }, []string{"identifier|https://j.example.org/1"}},
		{"Arabic", "language", func(a *jats.Article) { a.Lang = "ar" }, []string{"language|ara"}},

		{"type", "type", nil, []string{"type|https://purl.org/coar/resource_type/c_2df8fbb1"}},
		{"a newer type", "type", func(a *jats.Article) { a.ArticleType = "Correction" }, []string{"type|https://purl.org/coar/resource_type/c_7acd"}},
		{"a type that was withdrawn", "type", func(a *jats.Article) { a.ArticleType = "retraction" }, []string{"type|https://purl.org/coar/resource_type/c_6501"}},

		{"creators", "creator", func(a *jats.Article) {
			a.Contribs = []jats.Contrib{{Names: []jats.Name{{Full: "\x01"}}}, {Names: name("Примерова", "А."), IDs: []jats.ContribID{{Type: "orcid", Value: "https://orcid.org/0000-0001-0000-1116"}}}, {Collab: []jats.Text{{Text: "The X Group"}}}}
		}, []string{"creator/name|Примерова, А.", "creator/id|https://orcid.org/0000-0001-0000-1116", "creator/name|The X Group"}},
		{"contributors", "contributor", func(a *jats.Article) {
			a.Contribs = append(a.Contribs, jats.Contrib{Type: "editor", Names: name("Poe", "E.")})
		}, []string{"contributor/name|Poe, E."}},

		{"the electronic ISSN", "source", func(a *jats.Article) {
			a.Journal = jats.Journal{Title: jats.Title{Text: "J"}, ISSNs: []jats.ISSN{{Type: "print", Value: "9999-0008"}, {Type: "electronic", Value: "9999-0016"}}}
		}, []string{"source|9999-0016"}},
		{"an ISSN of no kind", "source", func(a *jats.Article) { a.Journal.ISSNs = []jats.ISSN{{Value: "9999-0008"}} }, []string{"source|9999-0008"}},
		{"proceedings", "source", func(a *jats.Article) { a.Journal.Title.Text, a.ISBNs = "J", []string{"9780000000002"} }, []string{"source|9780000000002"}},
		{"no numbers", "source", func(a *jats.Article) { a.Journal.Title.Text = "J" }, []string{"source|J"}},

		{"abstracts", "description", func(a *jats.Article) {
			a.Abstracts = []jats.Abstract{{P: []jats.Rich{"p &lt; 1."}}, {Lang: "zh", P: []jats.Rich{"摘要"}}}
		}, []string{"description lang=en|p < 1.", "description lang=zh|摘要"}},
		{"subjects", "subject", func(a *jats.Article) {
			a.KwdGroups = []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "a"}, {Text: "a"}}}}
			a.SubjGroups = []jats.SubjGroup{{Type: "udc", Subjects: []jats.Subject{{Text: "53.08"}}}, {Type: "msc", Subjects: []jats.Subject{{Text: "Number theory", Code: "11A41", URI: "https://zbmath.org/classification/?q=cc%3A11A41"}}}}
		}, []string{"subject lang=en|a", "subject|udc:53.08", "subject|https://zbmath.org/classification/?q=cc%3A11A41", "subject lang=en|Number theory"}},

		{"accepted", "dateAccepted", func(a *jats.Article) { a.History = []jats.Date{{Type: "accepted", Date: "2026-02"}} }, []string{"dateAccepted|2026-02"}},
		{"not known when accepted", "dateAccepted", nil, nil},
		{"published", "publication_date", nil, []string{"publication_date|2026-03"}},
		{"publisher", "publisher", func(a *jats.Article) { a.Journal.Publishers = []jats.Text{{Text: "Наука"}} }, []string{"publisher/name|Наука"}},

		{"files and names", "relation", func(a *jats.Article) {
			a.IDs = []jats.ID{{Type: "doi", Value: "10.5555/A"}, {Type: "handle", Value: "123/4"}}
			a.Version, a.Permissions = &jats.Version{Type: "VoR"}, jats.Permissions{Licenses: []jats.License{{URI: "https://creativecommons.org/licenses/by/4.0/"}}}
			a.Links = []jats.Link{{URL: "https://j.example.org/1.pdf"}, {URL: "https://j.example.org/1", MIME: "text/html"}}
			a.Supplementary = []jats.Supplementary{{URL: "https://j.example.org/s.csv", MIME: "text/csv"}}
		}, []string{"relation rel=item type=application/pdf coar_type=https://purl.org/coar/resource_type/c_2df8fbb1 coar_version=https://purl.org/coar/version/c_970fb48d4fbd8a85 access_rights=https://purl.org/coar/access_right/c_abf2" +
			" license_ref=https://creativecommons.org/licenses/by/4.0/|https://j.example.org/1.pdf",
			"relation rel=item type=text/csv|https://j.example.org/s.csv", "relation rel=cite-as|https://doi.org/10.5555/A", "relation rel=cite-as|https://hdl.handle.net/123/4"}},
		{"nothing known of a file", "relation", func(a *jats.Article) {
			a.Permissions, a.Links = jats.Permissions{}, []jats.Link{{URL: "http://j.example.org/1", MIME: "application/pdf"}}
		}, []string{"relation rel=item type=application/pdf coar_type=https://purl.org/coar/resource_type/c_2df8fbb1|http://j.example.org/1"}},

		{"works kept elsewhere", "ext_relation", func(a *jats.Article) {
			a.Related = []jats.Related{{Type: "preprint", IDType: "doi", ID: "10.5555/B"}, {Type: "version-of-record", IDType: "doi", ID: "10.5555/C"}, {Type: "companion", IDType: "uri", ID: "https://j.example.org/2"},
				{Object: true, Type: "dataset", IDType: "doi", ID: "10.5555/D"}, {Object: true, IDType: "hdl", ID: "1/2"}, {Type: "companion", IDType: "pmid", ID: "1"}}
			a.Refs = []jats.Ref{{Citations: []jats.Citation{{Text: "One", IDs: []jats.ID{{Type: "doi", Value: "10.5555/r1"}}}}}}
		}, []string{"ext_relation rel=cite-as coar_type=https://purl.org/coar/resource_type/c_816b|https://doi.org/10.5555/B",
			"ext_relation rel=cite-as coar_type=https://purl.org/coar/resource_type/c_6501 coar_version=https://purl.org/coar/version/c_970fb48d4fbd8a85|https://doi.org/10.5555/C",
			"ext_relation rel=related coar_type=https://purl.org/coar/resource_type/c_6501|https://j.example.org/2", "ext_relation rel=cite-as coar_type=https://purl.org/coar/resource_type/c_ddb1|https://doi.org/10.5555/D",
			"ext_relation rel=cite-as coar_type=https://purl.org/coar/resource_type/c_1843|https://hdl.handle.net/1/2"}},

		{"grants", "grant", func(a *jats.Article) {
			a.Funding.Awards = []jats.Award{{Funders: []jats.Funder{{Name: "EC", IDs: []jats.ID{{Type: "doi", Value: "10.13039/501100007601"}}}}, IDs: []string{"654321", "654321"}},
				{Funders: []jats.Funder{{Name: "A Fund", IDs: []jats.ID{{Type: "ISNI", Value: "0000 0004 0427 7672"}}}}, IDs: []string{"7"}}, {Funders: []jats.Funder{{Name: "no number"}}}, {IDs: []string{"nobody's"}}}
		}, []string{"grant funder_name=EC funder_id=https://doi.org/10.13039/501100007601|654321", "grant funder_name=A Fund funder_id=https://isni.org/isni/0000000404277672|7"}},
		{"projects", "project", func(a *jats.Article) {
			a.Funding.Awards = []jats.Award{{Funders: []jats.Funder{{Name: "EC", IDs: []jats.ID{{Type: "doi", Value: "10.13039/501100007601"}}}}, IDs: []string{"654321"}}}
		}, []string{"project|info:eu-repo/grantAgreement/EC/H2020/654321"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, l := range crosswalktest.Leaves(t, rendered(t, open(c.change))) {
				word := strings.FieldsFunc(l, func(r rune) bool { return r == '/' || r == ' ' || r == '|' })[0]
				if c.element == "" || word == c.element {
					got = append(got, l)
				}
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestTheFirstAuthorIsMarked(t *testing.T) {
	doc := string(rendered(t, open(func(a *jats.Article) {
		a.Contribs = []jats.Contrib{{Names: []jats.Name{{Full: "\x01"}}}, {Names: []jats.Name{{Surname: "Roe"}}}, {Names: []jats.Name{{Surname: "Doe"}}}}
	})))
	assert.Equal(t, 1, strings.Count(doc, "first-named-author"))
	assert.Contains(t, doc, `<rioxxterms:creator first-named-author="true"><rioxxterms:name>Roe<`)
}

func TestRefusals(t *testing.T) {
	for code, change := range map[string]func(*jats.Article){
		"no-title":    func(a *jats.Article) { a.Title.Text = " <italic>\u200b</italic> " },
		"no-language": func(a *jats.Article) { a.Lang = "und" },
		"no-author":   func(a *jats.Article) { a.Contribs[0].Type = "editor" },
	} {
		b, err := rioxx.Append([]byte("x"), record(open(change)))
		var cannot *flat.Cannot
		require.ErrorAs(t, err, &cannot, code)
		assert.Equal(t, code, cannot.Code)
		assert.Nil(t, b)
	}
}

func FuzzAppend(f *testing.F) { crosswalktest.Fuzz(f, rioxx.Append) }

func BenchmarkAppend(b *testing.B) {
	r := crosswalktest.Record(crosswalktest.Fixtures(b)["thin-films"])
	dst, err := rioxx.Append(nil, r)
	require.NoError(b, err)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = rioxx.Append(dst[:0], r)
	}
}
