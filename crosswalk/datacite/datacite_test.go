package datacite_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/datacite"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

func ptr(n int) *int { return &n }

// full is an article that has something for every row of the table.
func full() *jats.Article {
	return &jats.Article{
		ArticleType: "research-article", Lang: "ru", Version: &jats.Version{Type: "VoR", Text: "1.1"},
		IDs: []jats.ID{{Type: "doi", Value: "10.5555/Full.1"}, {Type: "pmid", Value: "123"}},
		Journal: jats.Journal{Title: jats.Title{Lang: "ru", Text: "Журнал"}, TransTitles: []jats.Title{{Lang: "en", Text: "Journal"}},
			ISSNs: []jats.ISSN{{Type: "print", Value: "1234-5679"}, {Type: "electronic", Value: "2049-3630"}}, Publishers: []jats.Text{{Lang: "ru", Text: "Издатель"}}},
		Title:       jats.Title{Text: "О <italic>n</italic> &amp; R", Subtitles: []jats.Rich{"Обзор"}},
		TransTitles: []jats.Title{{Lang: "en", Text: "On n", Subtitles: []jats.Rich{"A review"}}},
		AltTitles:   []jats.AltTitle{{Type: "short", Text: "n"}},
		Contribs: []jats.Contrib{
			{Names: []jats.Name{{Lang: "ru", Surname: "Иванов", GivenNames: "Иван", Suffix: "мл."}}, Affs: []string{"a1", "a2"}, IDs: []jats.ContribID{{Type: "orcid", Value: "https://orcid.org/0000-0002-1825-0097"}}},
			{Names: []jats.Name{{Full: "J. van der Zee"}}, Affs: []string{"a3"}},
			{Collab: []jats.Text{{Text: "Группа X"}}, Members: []jats.Contrib{{Names: []jats.Name{{Surname: "Член", GivenNames: "А."}}}}},
			{Type: "editor", Names: []jats.Name{{Surname: "Редактор", GivenNames: "Б."}}},
			{Type: "translator", Names: []jats.Name{{Surname: "Roe", GivenNames: "R."}}},
		},
		Affs: []jats.Aff{{ID: "a1", Forms: []jats.AffForm{{Text: "МГУ, Москва", Institutions: []jats.Institution{{Name: "МГУ", IDs: []jats.ID{{Type: "ROR", Value: "https://ror.org/010pmpe69"}}}}}}},
			{ID: "a2", Forms: []jats.AffForm{{Text: "ИОФ", Institutions: []jats.Institution{{Name: "ИОФ", IDs: []jats.ID{{Type: "ISNI", Value: "0000000123429668"}}}}}}}, {ID: "a3", Forms: []jats.AffForm{{Text: "Home"}}}},
		PubDates: []jats.Date{{Type: "pub", Format: "electronic", Date: "2024-03-15"}, {Type: "collection", Date: "2023"}},
		History:  []jats.Date{{Type: "received", Date: "2023-01-02"}, {Type: "rev-recd", Date: "2023-05"}, {Type: "accepted", Date: "2024"}},
		Volume:   "7", Issue: "2", FPage: "11", LPage: "29", Counts: jats.Counts{Pages: ptr(19)},
		Abstracts: []jats.Abstract{{P: []jats.Rich{"Первый.", "Второй."}}, {Lang: "en", Type: "plain-language-summary", P: []jats.Rich{"Simply."}}},
		KwdGroups: []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "слово"}, {Text: "слово"}}}, {Lang: "en", Vocab: "MeSH", Kwds: []jats.Kwd{{Text: "Light", Code: "D008027"}}}},
		SubjGroups: []jats.SubjGroup{{Type: "udc", Subjects: []jats.Subject{{Text: "53.08"}}}, {Type: "heading", Subjects: []jats.Subject{{Text: "Articles"}}},
			{Type: "msc", Subjects: []jats.Subject{{Code: "35Q [x]", Text: "PDE"}}}},
		Funding: jats.Funding{Awards: []jats.Award{{Funders: []jats.Funder{{Name: "РФФИ", IDs: []jats.ID{{Type: "doi", Value: "10.13039/501100002261"}}}}, IDs: []string{"1-2"}},
			{Funders: []jats.Funder{{Name: "NSF", IDs: []jats.ID{{Type: "ROR", Value: "https://ror.org/021nxhr62"}}}}}, {IDs: []string{"no funder"}}}},
		Permissions:   jats.Permissions{Year: "2024", Holders: []jats.Text{{Text: "Авторы"}}, Licenses: []jats.License{{URI: "https://creativecommons.org/licenses/by-nc/4.0/"}, {URI: "https://example.org/own", P: []jats.Rich{"Our own."}}}},
		Links:         []jats.Link{{URL: "https://journal.example.org/1", MIME: "text/html"}, {URL: "https://journal.example.org/1.pdf", MIME: "application/pdf"}},
		Supplementary: []jats.Supplementary{{URL: "https://journal.example.org/1.zip"}},
		Related: []jats.Related{{Type: "preprint", IDType: "doi", ID: "10.5555/pre"}, {Type: "dataset", Object: true, IDType: "uri", ID: "https://data.example.org/1"},
			{Type: "translated-article", IDType: "doi", ID: "10.5555/orig"}, {Type: "unheard-of", IDType: "doi", ID: "10.5555/x"}, {Type: "companion", IDType: "eid", ID: "e-1"}, {Type: "references", IDType: "doi", ID: "10.5555/FULL.1"}},
		Refs: []jats.Ref{{Citations: []jats.Citation{{Text: "A", IDs: []jats.ID{{Type: "doi", Value: "10.5555/a"}}}}}, {Citations: []jats.Citation{{Text: "A again", IDs: []jats.ID{{Type: "doi", Value: "10.5555/A"}}}}},
			{Citations: []jats.Citation{{Text: "No DOI"}}}},
	}
}

// The record of the full article is testdata/full.xml, and valid.
func TestFull(t *testing.T) {
	got, err := datacite.Append(nil, record(full()))
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
	check(t, map[string][]byte{"full": got})
}

// What the schemas refuse is seen by the check that the tests make.
func TestCheckSees(t *testing.T) {
	got, err := datacite.AppendResource(nil, record(full()))
	require.NoError(t, err)
	bad := bytes.ReplaceAll(got, []byte(`dateType="Issued"`), []byte(`dateType="Printed"`))
	for _, kernel := range []string{"4.6", "4.7"} {
		xsd := "indexers/datacite/kernel-" + kernel + "/metadata.xsd"
		assert.Empty(t, fixturetest.XSD(t, xsd, map[string][]byte{"good": bytes.ReplaceAll(got, []byte(element.Site), []byte(site))}))
		assert.Contains(t, fixturetest.XSD(t, xsd, map[string][]byte{"bad": bad})["bad"], "Printed")
	}
}

// Whatever an address or a code looks like, the record is valid.
func TestOddAddresses(t *testing.T) {
	records := map[string][]byte{}
	for _, u := range []string{"https://a.org/87[1:x]2.pdf", "https://a.org/a#b#c", "https://a.org/%zz", "https://a.org:port/", "https://[a/", "https://a@b@c.org/", "https://журнал.рф/я",
		"https://a.org/a|b", "53.08:621", "a%", ":x", "1a:b", "a:b", "//x", "x//[y", "https://%5Ba/", "я:1", "http:x", "info:eu-repo/x", "a^b", "https:///x"} {
		a := full()
		a.Permissions.Licenses[0].URI = u
		a.SubjGroups[0].Subjects = []jats.Subject{{Code: u, Text: "x"}, {URI: u, Text: "y"}, {Code: u}}
		b, err := datacite.Append(nil, record(a))
		require.NoError(t, err)
		records[u] = b
	}
	check(t, records)
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(a *jats.Article)
		want   string // in the record
		not    string // not in it
	}{
		{"the identifier is a DOI", nil, `<identifier identifierType="DOI">10.5555/Full.1</identifier>`, ""},
		{"a name in parts", nil, `<creatorName nameType="Personal">Иванов, Иван, мл.</creatorName><givenName>Иван</givenName><familyName>Иванов</familyName>`, ""},
		{"a name whose parts are not known", nil, `<creatorName nameType="Personal">J. van der Zee</creatorName><affiliation>Home</affiliation></creator>`, ""},
		{"a group", nil, `<creatorName nameType="Organizational">Группа X</creatorName></creator>`, ""},
		{"a member", nil, `<contributor contributorType="Other"><contributorName nameType="Personal">Член, А.</contributorName>`, ""},
		{"a ROR of bare form", func(a *jats.Article) { a.Affs[0].Forms[0].Institutions[0].IDs[0].Value = "010pmpe69" }, `affiliationIdentifier="https://ror.org/010pmpe69"`, ""},
		{"a type without a name", func(a *jats.Article) { a.ArticleType = "" }, `<resourceType resourceTypeGeneral="Text"/>`, ""},
		{"a type of their own words", func(a *jats.Article) { a.ArticleType = "Обзор" }, `<resourceType resourceTypeGeneral="Text">Обзор</resourceType>`, ""},
		{"only a subtitle", func(a *jats.Article) { a.Title = jats.Title{Subtitles: []jats.Rich{"S"}} }, `<titles><title xml:lang="ru">S</title><title xml:lang="en"`, ""},
		{"a keyword once", nil, `<subject xml:lang="ru">слово</subject><subject xml:lang="en" subjectScheme="MeSH" classificationCode="D008027">Light</subject>`, "Articles"},
		{"a code that is no URI", nil, `<subject xml:lang="ru" subjectScheme="MSC">35Q [x] PDE</subject>`, `classificationCode="35Q`},
		{"dates as far as known", nil, `<dates><date dateType="Issued">2024-03-15</date><date dateType="Submitted">2023-01-02</date><date dateType="Accepted">2024</date><date dateType="Updated">2023-05</date></dates>`, "Available"},
		{"an embargo that lasts", func(a *jats.Article) { a.Permissions.EmbargoEnd = "2030-01-01" }, `<date dateType="Available">2030-01-01</date>`, "openAccess"},
		{"an embargo that is over", func(a *jats.Article) { a.Permissions.EmbargoEnd = "2026-01-01" }, `rightsURI="info:eu-repo/semantics/openAccess"`, "Available"},
		{"no language that is no tag", func(a *jats.Article) { a.Lang = "русский" }, "<publicationYear>", "<language>"},
		{"a licence of Creative Commons", nil, `<rights rightsURI="https://creativecommons.org/licenses/by-nc/4.0/" rightsIdentifier="CC-BY-NC-4.0" rightsIdentifierScheme="SPDX" schemeURI="https://spdx.org/licenses/" xml:lang="en">Creative Commons Attribution Non Commercial 4.0 International</rights>`, ""},
		{"a licence fitted to a country", func(a *jats.Article) {
			a.Permissions.Licenses[0].URI = "https://creativecommons.org/licenses/by/3.0/cz/"
		}, `<rights rightsURI="https://creativecommons.org/licenses/by/3.0/cz/"/>`, "SPDX"},
		{"a licence at no address", func(a *jats.Article) { a.Permissions.Licenses[0].URI = "https://example.org/[x]" }, "<rights>https://example.org/[x]</rights>", ""},
		{"CC0", func(a *jats.Article) {
			a.Permissions.Licenses[0].URI = "https://creativecommons.org/publicdomain/zero/1.0/"
		}, `rightsIdentifier="CC0-1.0"`, ""},
		{"a licence of the data is not the article's", func(a *jats.Article) { a.Permissions.Licenses[0].AppliesTo = "data" }, "", "by-nc"},
		{"landing page here", func(a *jats.Article) { a.Links = nil }, `<alternateIdentifier alternateIdentifierType="URL">` + element.Site + "/records/x</alternateIdentifier>", ""},
		{"a reference once, and never the work itself", nil, `<relatedIdentifier relatedIdentifierType="DOI" relationType="References">10.5555/a</relatedIdentifier></relatedIdentifiers>`, `References">10.5555/FULL`},
		{"a dataset that is a reference too", func(a *jats.Article) { a.Related[1].IDType, a.Related[1].ID = "doi", "10.5555/A" }, `<relatedIdentifier resourceTypeGeneral="Dataset" relatedIdentifierType="DOI" relationType="References">10.5555/A</relatedIdentifier>`, "10.5555/a<"},
		{"a relation without a term", nil, `relationType="IsTranslationOf">10.5555/orig`, "10.5555/x"},
		{"an identifier without a type", nil, "", "e-1"},
		{"the issue's year is of the issue", nil, `</titles><publicationYear>2023</publicationYear><volume>7</volume><issue>2</issue><firstPage>11</firstPage><lastPage>29</lastPage><publisher>Издатель</publisher></relatedItem>`, ""},
		{"an article number", func(a *jats.Article) { a.FPage, a.LPage, a.ElocationID = "", "", "e12" }, `<number numberType="Article">e12</number>`, "firstPage"},
		{"a chapter", func(a *jats.Article) {
			a.ArticleType, a.ISBNs, a.Journal.ISSNs = "book-chapter", []string{"9783161484100"}, nil
		},
			`<relatedItem relatedItemType="Book" relationType="IsPublishedIn"><relatedItemIdentifier relatedItemIdentifierType="ISBN">9783161484100</relatedItemIdentifier>`, ""},
		{"a paper of a conference", func(a *jats.Article) { a.ArticleType, a.Journal.ISSNs = "conference-paper", nil }, `relatedItemType="ConferenceProceeding"`, ""},
		{"a thesis stands alone", func(a *jats.Article) { a.ArticleType, a.Journal.ISSNs = "dissertation", nil }, `resourceTypeGeneral="Dissertation"`, "relatedItem "},
		{"a grant without a funder", nil, `<fundingReference><funderName>NSF</funderName><funderIdentifier funderIdentifierType="ROR" schemeURI="https://ror.org">https://ror.org/021nxhr62</funderIdentifier></fundingReference>`, "no funder"},
		{"paragraphs", nil, "<description descriptionType=\"Abstract\" xml:lang=\"ru\">Первый.\nВторой.</description>", ""},
		{"the version in words", func(a *jats.Article) { a.Version.Text = "" }, "<version>VoR</version>", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := full()
			if c.change != nil {
				c.change(a)
			}
			b, err := datacite.AppendResource(nil, record(a))
			require.NoError(t, err)
			assert.Contains(t, string(b), c.want)
			if c.not != "" {
				assert.NotContains(t, string(b), c.not)
			}
		})
	}
}

// Nothing stands in for what is mandatory and not known.
func TestRefused(t *testing.T) {
	for code, change := range map[string]func(a *jats.Article){
		"no-doi":       func(a *jats.Article) { a.IDs = nil },
		"no-author":    func(a *jats.Article) { a.Contribs = []jats.Contrib{{Anonymous: true}} },
		"no-title":     func(a *jats.Article) { a.Title, a.TransTitles = jats.Title{}, nil },
		"no-publisher": func(a *jats.Article) { a.Journal.Publishers = nil },
		"no-date":      func(a *jats.Article) { a.PubDates = []jats.Date{{Text: "осень"}} },
	} {
		a := full()
		change(a)
		for _, format := range []func([]byte, *flat.Record) ([]byte, error){datacite.Append, datacite.AppendResource} {
			b, err := format([]byte("x"), record(a))
			var cannot *flat.Cannot
			if assert.True(t, errors.As(err, &cannot), code) {
				assert.Equal(t, code, cannot.Code)
			}
			assert.Nil(t, b)
		}
	}
}

func FuzzAppend(f *testing.F) {
	data, err := json.Marshal(full())
	require.NoError(f, err)
	f.Add(data)
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
		b, err := datacite.Append(nil, r)
		if err != nil {
			require.ErrorAs(t, err, new(*flat.Cannot))
			return
		}
		again, err := datacite.Append(nil, r)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
		crosswalktest.Leaves(t, bytes.ReplaceAll(b, []byte(element.Site), []byte(site))) // well-formed
	})
}

func BenchmarkAppend(b *testing.B) {
	r := record(crosswalktest.Fixtures(b)["thin-films"])
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = datacite.Append(buf[:0], r); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}
