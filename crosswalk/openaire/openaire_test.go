package openaire_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/openaire"
	"sheaf/jats"
)

func record(a *jats.Article) *flat.Record {
	return flat.Of(a, "x", element.Site+"/records/x", crosswalktest.Day)
}

// rendered is the record of a with the site's address in it.
func rendered(t testing.TB, a *jats.Article) []byte {
	t.Helper()
	b, err := openaire.Append(nil, record(a))
	require.NoError(t, err)
	return bytes.ReplaceAll(b, []byte(element.Site), []byte("https://sheaf.example.org"))
}

// open is an article that the format takes; change makes another of it.
func open(change func(*jats.Article)) *jats.Article {
	a := &jats.Article{ArticleType: "research-article", Lang: "en", Title: jats.Title{Text: "A"}, PubDates: []jats.Date{{Type: "pub", Date: "2026-03"}}, Permissions: jats.Permissions{Access: "open"}}
	if change != nil {
		change(a)
	}
	return a
}

func TestAppend(t *testing.T) {
	name := func(surname, given string) []jats.Name { return []jats.Name{{Surname: surname, GivenNames: given}} }
	three := 3
	for _, c := range []struct {
		name, element string // the lines that begin with it
		change        func(*jats.Article)
		want          []string
	}{
		{"the least", "", nil, []string{"titles/title lang=en|A", "identifier identifierType=URL|https://sheaf.example.org/records/x", "dates/date dateType=Issued|2026-03", "language|eng",
			"resourceType resourceTypeGeneral=literature uri=http://purl.org/coar/resource_type/c_2df8fbb1|research article", "rights rightsURI=http://purl.org/coar/access_right/c_abf2|open access"}},

		{"titles", "titles", func(a *jats.Article) {
			a.Lang, a.Title.Subtitles = "ru", []jats.Rich{"B"}
			a.TransTitles = []jats.Title{{Lang: "en", Text: "E", Subtitles: []jats.Rich{"F"}}, {Lang: "ru-Latn", Text: "L"}}
		}, []string{"titles/title lang=ru|A", "titles/title lang=ru titleType=Subtitle|B", "titles/title lang=en titleType=TranslatedTitle|E: F", "titles/title lang=ru-Latn titleType=AlternativeTitle|L"}},
		{"only a translated title", "titles", func(a *jats.Article) { a.Title, a.TransTitles = jats.Title{}, []jats.Title{{Lang: "zh", Text: "名"}} }, []string{"titles/title lang=zh|名"}},

		{"authors", "creators", func(a *jats.Article) {
			a.Affs = []jats.Aff{{ID: "a1", Forms: []jats.AffForm{{Text: "An Institute, Oslo"}}}}
			a.Contribs = []jats.Contrib{{Names: name("Roe", "A. B."), IDs: []jats.ContribID{{Type: "orcid", Value: "https://orcid.org/0000-0001-0000-1116"}, {Type: "spin", Value: "1"}}, Affs: []string{"a1"}},
				{Names: []jats.Name{{Full: "J. van der Zee"}}}, {Names: name("Plato", "")}, {Names: []jats.Name{{Full: "\x01"}}}, {Collab: []jats.Text{{Text: "The X Group"}}}}
		}, []string{"creators/creator/creatorName nameType=Personal|Roe, A. B.", "creators/creator/givenName|A. B.", "creators/creator/familyName|Roe",
			"creators/creator/nameIdentifier nameIdentifierScheme=ORCID schemeURI=https://orcid.org|0000-0001-0000-1116", "creators/creator/affiliation|An Institute, Oslo",
			"creators/creator/creatorName nameType=Personal|J. van der Zee", "creators/creator/creatorName nameType=Personal|Plato", "creators/creator/familyName|Plato",
			"creators/creator/creatorName nameType=Organizational|The X Group"}},
		{"contributors", "contributors", func(a *jats.Article) {
			a.Contribs = []jats.Contrib{{Type: "editor", Names: name("Poe", "E.")}, {Type: "translator", Names: name("Wordsmith", "")}, {Collab: []jats.Text{{Text: "G"}}, Members: []jats.Contrib{{Names: name("Moe", "")}}}}
		}, []string{"contributors/contributor/contributorName nameType=Personal|Poe, E.", "contributors/contributor/givenName|E.", "contributors/contributor/familyName|Poe",
			"contributors/contributor/contributorName nameType=Personal|Wordsmith", "contributors/contributor/familyName|Wordsmith",
			"contributors/contributor/contributorName nameType=Personal|Moe", "contributors/contributor/familyName|Moe"}},

		{"funding", "fundingReferences", func(a *jats.Article) {
			a.Funding.Awards = []jats.Award{{Funders: []jats.Funder{{Name: "European Commission", IDs: []jats.ID{{Type: "doi", Value: "10.13039/501100007601"}, {Type: "ROR", Value: "https://ror.org/00k4n6c32"}}}}, IDs: []string{"654321", "654321"}},
				{Funders: []jats.Funder{{Name: "A Fund", IDs: []jats.ID{{Type: "ROR", Value: "https://ror.org/0zzzz0258"}}}}}, {Funders: []jats.Funder{{Name: "B Fund", IDs: []jats.ID{{Type: "GRID", Value: "grid.1"}}}}, IDs: []string{"https://f.example.org/p/7"}},
				{IDs: []string{"nobody's"}}}
		}, []string{"fundingReferences/fundingReference/funderName|European Commission", "fundingReferences/fundingReference/funderIdentifier funderIdentifierType=Crossref Funder ID|https://doi.org/10.13039/501100007601",
			"fundingReferences/fundingReference/fundingStream|H2020", "fundingReferences/fundingReference/awardNumber|654321", "fundingReferences/fundingReference/funderName|A Fund",
			"fundingReferences/fundingReference/funderIdentifier funderIdentifierType=ROR|https://ror.org/0zzzz0258", "fundingReferences/fundingReference/funderName|B Fund",
			"fundingReferences/fundingReference/funderIdentifier funderIdentifierType=GRID|grid.1", "fundingReferences/fundingReference/awardNumber awardURI=https://f.example.org/p/7|https://f.example.org/p/7"}},

		{"a DOI, and other names", "identifier", func(a *jats.Article) { a.IDs = []jats.ID{{Type: "doi", Value: "10.5555/A<1>"}} }, []string{"identifier identifierType=DOI|https://doi.org/10.5555/A%3C1%3E"}},
		{"other names beside a DOI", "alternateIdentifiers", func(a *jats.Article) {
			a.IDs = []jats.ID{{Type: "doi", Value: "10.5555/A"}, {Type: "doi", Value: "10.5555/B"}, {Type: "pmid", Value: "1"}, {Type: "handle", Value: "123/4"}, {Type: "edn", Value: "ABCDEF"}}
		}, []string{"alternateIdentifiers/alternateIdentifier alternateIdentifierType=URL|https://sheaf.example.org/records/x", "alternateIdentifiers/alternateIdentifier alternateIdentifierType=PMID|1",
			"alternateIdentifiers/alternateIdentifier alternateIdentifierType=Handle|123/4", "alternateIdentifiers/alternateIdentifier alternateIdentifierType=edn|ABCDEF"}},
		{"a Handle", "identifier", func(a *jats.Article) { a.IDs = []jats.ID{{Type: "hdl", Value: "123/4"}} }, []string{"identifier identifierType=HANDLE|https://hdl.handle.net/123/4"}},
		{"no name but the page", "alternateIdentifiers", nil, nil},
		{"the article's own page", "identifier", func(a *jats.Article) { a.Links = []jats.Link{{URL: "https://j.example.org/1", MIME: "text/html"}} }, []string{"identifier identifierType=URL|https://j.example.org/1"}},

		{"relations", "relatedIdentifiers", func(a *jats.Article) {
			a.Journal.ISSNs = []jats.ISSN{{Type: "print", Value: "9999-0008"}, {Type: "electronic", Value: "9999-0016"}, {Value: "9999-0024"}, {Type: "linking", Value: "9999-0008"}}
			a.Related = []jats.Related{{Type: "corrected-article", IDType: "doi", ID: "10.5555/B"}, {Type: "companion", IDType: "doi", ID: "10.5555/C"}, {Object: true, Type: "dataset", IDType: "uri", ID: "https://d.example.org/1"},
				{Type: "preprint", IDType: "accession", ID: "x"}}
			a.Refs = []jats.Ref{{Citations: []jats.Citation{{Text: "One", IDs: []jats.ID{{Type: "doi", Value: "10.5555/r1"}}}}}, {Citations: []jats.Citation{{Text: "Two"}}}}
		}, []string{"relatedIdentifiers/relatedIdentifier relatedIdentifierType=PISSN relationType=IsPartOf|9999-0008", "relatedIdentifiers/relatedIdentifier relatedIdentifierType=EISSN relationType=IsPartOf|9999-0016",
			"relatedIdentifiers/relatedIdentifier relatedIdentifierType=ISSN relationType=IsPartOf|9999-0024", "relatedIdentifiers/relatedIdentifier relatedIdentifierType=LISSN relationType=IsPartOf|9999-0008",
			"relatedIdentifiers/relatedIdentifier relatedIdentifierType=DOI relationType=References|10.5555/B", "relatedIdentifiers/relatedIdentifier relatedIdentifierType=URL relationType=IsSupplementedBy|https://d.example.org/1",
			"relatedIdentifiers/relatedIdentifier relatedIdentifierType=DOI relationType=Cites|10.5555/r1"}},

		{"other dates are not told", "dates", func(a *jats.Article) {
			a.History = []jats.Date{{Type: "accepted", Date: "2026-01-01"}, {Type: "received", Date: "2025"}}
		}, []string{"dates/date dateType=Issued|2026-03"}},
		{"an embargo", "dates", func(a *jats.Article) { a.Permissions = jats.Permissions{Access: "embargoed", EmbargoEnd: "2027-03-01"} },
			[]string{"dates/date dateType=Issued|2026-03", "dates/date dateType=Accepted|2026-03", "dates/date dateType=Available|2027-03-01"}},
		{"its right", "rights", func(a *jats.Article) { a.Permissions = jats.Permissions{Access: "embargoed", EmbargoEnd: "2027-03-01"} }, []string{"rights rightsURI=http://purl.org/coar/access_right/c_f1cf|embargoed access"}},
		{"an embargo that has ended", "dates", func(a *jats.Article) { a.Permissions = jats.Permissions{Access: "embargoed", EmbargoEnd: "2026-11-23"} }, []string{"dates/date dateType=Issued|2026-03"}},
		{"its right after that", "rights", func(a *jats.Article) { a.Permissions = jats.Permissions{Access: "embargoed", EmbargoEnd: "2026-11-23"} }, []string{"rights rightsURI=http://purl.org/coar/access_right/c_abf2|open access"}},
		{"restricted", "rights", func(a *jats.Article) {
			a.Permissions = jats.Permissions{Price: &jats.Price{Amount: "100", Currency: "RUB"}}
		}, []string{"rights rightsURI=http://purl.org/coar/access_right/c_16ec|restricted access"}},
		{"closed", "rights", func(a *jats.Article) { a.Permissions.Access = "closed" }, []string{"rights rightsURI=http://purl.org/coar/access_right/c_14cb|metadata only access"}},

		{"no language", "language", func(a *jats.Article) { a.Lang = "" }, nil},
		{"Chinese", "language", func(a *jats.Article) { a.Lang = "zh-Hans" }, []string{"language|zho"}},
		{"publishers", "publisher", func(a *jats.Article) {
			a.Journal.Publishers = []jats.Text{{Text: "Наука"}, {Lang: "en", Text: "Nauka"}}
		}, []string{"publisher|Наука", "publisher lang=en|Nauka"}},

		{"a wider type", "resourceType", func(a *jats.Article) { a.ArticleType = "correction" }, []string{"resourceType resourceTypeGeneral=literature uri=http://purl.org/coar/resource_type/c_3e5a|contribution to journal"}},
		{"data", "resourceType", func(a *jats.Article) { a.ArticleType = "dataset" }, []string{"resourceType resourceTypeGeneral=dataset uri=http://purl.org/coar/resource_type/c_ddb1|dataset"}},
		{"software", "resourceType", func(a *jats.Article) { a.ArticleType = "software" }, []string{"resourceType resourceTypeGeneral=software uri=http://purl.org/coar/resource_type/c_5ce6|software"}},
		{"an unknown type", "resourceType", func(a *jats.Article) { a.ArticleType = "Haiku" }, []string{"resourceType resourceTypeGeneral=literature uri=http://purl.org/coar/resource_type/c_1843|other"}},

		{"abstracts", "description", func(a *jats.Article) {
			a.Abstracts = []jats.Abstract{{P: []jats.Rich{"One.", "p &lt; 1."}}, {Lang: "ar", P: []jats.Rich{"ملخص"}}}
		}, []string{"description lang=en|One.\np < 1.", "description lang=ar|ملخص"}},

		{"subjects", "subjects", func(a *jats.Article) {
			a.KwdGroups = []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "a"}, {Text: "a"}}}, {Lang: "ru", Kwds: []jats.Kwd{{Text: "а"}}}}
			a.SubjGroups = []jats.SubjGroup{{Type: "heading", Subjects: []jats.Subject{{Text: "Articles"}}}, {Type: "udc", Subjects: []jats.Subject{{Text: "53.08"}}},
				{Type: "msc", Subjects: []jats.Subject{{Text: "Number theory", Code: "11A41", URI: "https://zbmath.org/classification/?q=cc%3A11A41"}}}}
		}, []string{"subjects/subject lang=en|a", "subjects/subject lang=ru|а", "subjects/subject lang=en subjectScheme=UDC|53.08",
			"subjects/subject lang=en subjectScheme=MSC valueURI=https://zbmath.org/classification/?q=cc%3A11A41|11A41 Number theory"}},
		{"size", "sizes", func(a *jats.Article) { a.Counts.Pages = &three }, []string{"sizes/size|3 pages"}},

		{"one licence, by its name", "licenseCondition", func(a *jats.Article) {
			a.Permissions = jats.Permissions{Licenses: []jats.License{{P: []jats.Rich{"In words."}}, {URI: "https://creativecommons.org/licenses/by-nc-nd/4.0/", Start: "2026-03-09"}, {URI: "https://creativecommons.org/licenses/by/4.0/"},
				{AppliesTo: "data", URI: "https://creativecommons.org/publicdomain/zero/1.0/"}}}
		}, []string{"licenseCondition startDate=2026-03-09 uri=https://creativecommons.org/licenses/by-nc-nd/4.0/|Creative Commons Attribution-NonCommercial-NoDerivatives 4.0"}},
		{"a licence in words", "licenseCondition", func(a *jats.Article) {
			a.Permissions.Licenses = []jats.License{{P: []jats.Rich{"For <italic>private</italic> use."}}}
		}, []string{"licenseCondition|For private use."}},
		{"a licence without words", "licenseCondition", func(a *jats.Article) { a.Permissions.Licenses = []jats.License{{URI: "https://j.example.org/licence"}} }, []string{"licenseCondition uri=https://j.example.org/licence|https://j.example.org/licence"}},
		{"ported", "licenseCondition", func(a *jats.Article) {
			a.Permissions.Licenses = []jats.License{{URI: "https://creativecommons.org/licenses/by/3.0/us/"}}
		},
			[]string{"licenseCondition uri=https://creativecommons.org/licenses/by/3.0/us/|Creative Commons Attribution 3.0 US"}},
		{"the public domain", "licenseCondition", func(a *jats.Article) {
			a.Permissions.Licenses = []jats.License{{URI: "https://creativecommons.org/publicdomain/zero/1.0/"}}
		},
			[]string{"licenseCondition uri=https://creativecommons.org/publicdomain/zero/1.0/|CC0 1.0"}},
		{"a licence of nobody", "licenseCondition", func(a *jats.Article) {
			a.Permissions.Licenses = []jats.License{{URI: "https://creativecommons.org/licenses/sampling/1.0/"}}
		},
			[]string{"licenseCondition uri=https://creativecommons.org/licenses/sampling/1.0/|https://creativecommons.org/licenses/sampling/1.0/"}},
		{"version", "version", func(a *jats.Article) { a.Version = &jats.Version{Type: "AM"} }, []string{"version uri=http://purl.org/coar/version/c_ab4af688f83e57aa|AM"}},

		{"files", "file", func(a *jats.Article) {
			a.Links = []jats.Link{{URL: "https://j.example.org/1.pdf"}, {URL: "http://j.example.org/2.pdf", MIME: "application/pdf"}, {URL: "https://doi.org/10.5555/a.pdf", MIME: "application/pdf"}, {URL: "https://j.example.org/1", MIME: "text/html"}}
			a.Supplementary = []jats.Supplementary{{URL: "https://j.example.org/s.csv", MIME: "text/csv"}}
		}, []string{"file accessRightsURI=http://purl.org/coar/access_right/c_abf2 mimeType=application/pdf objectType=fulltext|https://j.example.org/1.pdf", "file mimeType=text/csv objectType=other|https://j.example.org/s.csv"}},
		{"formats", "format", func(a *jats.Article) {
			a.Links = []jats.Link{{URL: "https://j.example.org/1.pdf", MIME: "application/pdf"}, {URL: "https://j.example.org/2.pdf"}, {URL: "https://j.example.org/1.xml"}}
		},
			[]string{"format|application/pdf", "format|application/xml"}},

		{"citation", "citation", func(a *jats.Article) {
			a.Journal.Title, a.Volume, a.Issue, a.FPage, a.LPage = jats.Title{Text: "Notes", Subtitles: []jats.Rich{"and data"}}, "12", "3", "101", "110"
		}, []string{"citationTitle|Notes: and data", "citationVolume|12", "citationIssue|3", "citationStartPage|101", "citationEndPage|110"}},
		{"article number", "citation", func(a *jats.Article) { a.ElocationID, a.LPage = "e7", "9" }, []string{"citationStartPage|e7"}},
		{"conference", "citation", func(a *jats.Article) {
			a.Conferences = []jats.Conference{{Name: "XConf", Date: "2026-01-02/2026-01-04", Loc: "Oslo"}}
		},
			[]string{"citationTitle|XConf", "citationConferencePlace|Oslo", "citationConferenceDate|2026-01-02 - 2026-01-04"}},
		{"a date in words", "citation", func(a *jats.Article) { a.Conferences = []jats.Conference{{Date: "2-4 January 2026"}} }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, l := range crosswalktest.Leaves(t, rendered(t, open(c.change))) {
				word := strings.FieldsFunc(l, func(r rune) bool { return r == '/' || r == ' ' || r == '|' })[0]
				if c.element == "" || word == c.element || c.element == "citation" && strings.HasPrefix(word, "citation") {
					got = append(got, l)
				}
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestRefusals(t *testing.T) {
	for code, change := range map[string]func(*jats.Article){
		"no-title": func(a *jats.Article) { a.Title.Text = " <italic>\u200b</italic> " },
		"no-date": func(a *jats.Article) {
			a.PubDates, a.History = nil, []jats.Date{{Type: "accepted", Date: "2026-01-01"}}
		},
		"no-access-right":     func(a *jats.Article) { a.Permissions = jats.Permissions{} },
		"embargo-without-end": func(a *jats.Article) { a.Permissions = jats.Permissions{Access: "embargoed", EmbargoEnd: "2027"} },
	} {
		b, err := openaire.Append([]byte("x"), record(open(change)))
		var cannot *flat.Cannot
		require.ErrorAs(t, err, &cannot, code)
		assert.Equal(t, code, cannot.Code)
		assert.Nil(t, b)
	}
}

// The fixed parts of the guidelines, on a record that has everything: each of these happens once, in the namespaces that OpenAIRE looks for.
func TestEachOnceAndInItsNamespace(t *testing.T) {
	doc := string(rendered(t, open(func(a *jats.Article) {
		a.IDs = []jats.ID{{Type: "doi", Value: "10.5555/A"}}
		a.Permissions.Licenses = []jats.License{{URI: "https://creativecommons.org/licenses/by/4.0/"}, {URI: "https://j.example.org/licence"}}
		a.Funding.Awards = []jats.Award{{Funders: []jats.Funder{{Name: "F"}}, IDs: []string{"7"}}}
		a.Related = []jats.Related{{Type: "preprint", IDType: "doi", ID: "10.5555/B"}}
		a.Contribs = []jats.Contrib{{Type: "Guest-Editor", Names: []jats.Name{{Surname: "Poe"}}}, {Type: "translator", Names: []jats.Name{{Surname: "Wordsmith"}}}}
	})))
	for _, once := range []string{"<datacite:identifier ", "<datacite:rights ", `dateType="Issued"`, "<oaire:resourceType ", "<oaire:licenseCondition ", "<oaire:fundingReference>", "<oaire:funderName>", "<oaire:awardNumber>"} {
		assert.Equal(t, 1, strings.Count(doc, once), once)
	}
	assert.Contains(t, doc, `<datacite:contributor contributorType="Editor">`)
	assert.Contains(t, doc, `<datacite:contributor contributorType="Other">`, "a translator")
	assert.NotContains(t, doc, "https://purl.org", "COAR URIs are http")
	assert.NotContains(t, doc, "IsPublishedIn")
	assert.True(t, strings.HasPrefix(doc, `<oaire:resource xmlns:oaire="http://namespace.openaire.eu/schema/oaire/"`))
}

func FuzzAppend(f *testing.F) { crosswalktest.Fuzz(f, openaire.Append) }

func BenchmarkAppend(b *testing.B) {
	r := crosswalktest.Record(crosswalktest.Fixtures(b)["thin-films"])
	dst, err := openaire.Append(nil, r)
	require.NoError(b, err)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = openaire.Append(dst[:0], r)
	}
}
