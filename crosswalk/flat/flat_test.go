package flat_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

var day = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func of(a *jats.Article) *flat.Record { return flat.Of(a, "x", "\x00/records/x", day) }

func TestLanguageCodes(t *testing.T) {
	for tag, want := range map[string][3]string{ // ISO 639-3, 639-2/B, 639-1
		"en": {"eng", "eng", "en"}, "en-US": {"eng", "eng", "en"}, "ru-Latn": {"rus", "rus", "ru"}, "de": {"deu", "ger", "de"}, "ger": {"deu", "ger", "de"}, "deu": {"deu", "ger", "de"},
		"cs": {"ces", "cze", "cs"}, "zh": {"zho", "chi", "zh"}, "ja": {"jpn", "jpn", "ja"}, "ar": {"ara", "ara", "ar"}, "fa": {"fas", "per", "fa"}, "he": {"heb", "heb", "he"},
		"no": {"nor", "nor", "no"}, "nb": {"nob", "nob", "nb"}, "tt": {"tat", "tat", "tt"}, "kk": {"kaz", "kaz", "kk"}, "tyv": {"tyv", "tyv", "tyv"}, "EN": {"eng", "eng", "en"},
		"": {}, "x-klingon": {}, "english": {}, "q9": {}, "und": {},
	} {
		assert.Equal(t, want, [3]string{flat.ISO3(tag), flat.ISO2B(tag), flat.ISO1(tag)}, tag)
	}
}

func TestPeople(t *testing.T) {
	yes := true
	r := of(&jats.Article{Lang: "ru",
		Affs: []jats.Aff{
			{ID: "a1", Forms: []jats.AffForm{{Lang: "en", Text: "Institute, Moscow", City: "Moscow", Country: "Russia", CountryCode: "RU"}, {Lang: "ru", Text: "Институт, Москва", City: "Москва",
				Institutions: []jats.Institution{{Name: "Институт", IDs: []jats.ID{{Type: "ROR", Value: "https://ror.org/05qrfxd25"}}}}}}},
			{ID: "a3", Forms: []jats.AffForm{{Text: `<institution-wrap><institution-id institution-id-type="ROR">https://ror.org/05h992307</institution-id><institution>Lab</institution></institution-wrap>, Bern <email>a@example.org</email>`}}},
			{ID: "a2", Forms: []jats.AffForm{{Institutions: []jats.Institution{{Name: "One", IDs: []jats.ID{{Type: "ROR", Value: "https://ror.org/1"}}}, {Name: "Two", IDs: []jats.ID{{Type: "ROR", Value: "https://ror.org/2"}}}}, City: "Bern"}}},
		},
		Contribs: []jats.Contrib{
			{Names: []jats.Name{{Lang: "en", Surname: "Ivanov", GivenNames: "I."}, {Lang: "ru", Surname: "Иванов", GivenNames: "И."}}, Affs: []string{"a1", "gone", "a2", "a3"}, Corresp: true,
				IDs: []jats.ContribID{{Type: "orcid", Value: "https://orcid.org/0000-0001-0000-1116", Authenticated: &yes}}, Roles: []jats.Role{{Credit: "Software"}}},
			{Collab: []jats.Text{{Lang: "en", Text: "Group"}, {Lang: "ru", Text: "Группа"}}, Members: []jats.Contrib{{Names: []jats.Name{{Full: "Member"}}}}},
			{Anonymous: true}, {Type: "Editor", Names: []jats.Name{{Surname: "Ed"}}},
		}})
	if assert.Len(t, r.Authors, 2) {
		p := r.Authors[0]
		assert.Equal(t, []any{"Иванов, И.", "И. Иванов", "https://orcid.org/0000-0001-0000-1116", true, true, []string{"Software"}, "author"},
			[]any{p.Inverted(), p.Direct(), p.ORCID, p.Verified, p.Corresponding, p.Credit, p.Role})
		assert.Equal(t, []flat.Affiliation{{ID: "a1", Name: "Институт, Москва", ROR: "https://ror.org/05qrfxd25", City: "Москва", Code: "RU"}, {ID: "a2", Name: "One, Two, Bern", City: "Bern"}, {ID: "a3", Name: "Lab, Bern"}}, p.Affs)
		assert.Equal(t, "Группа", r.Authors[1].Inverted())
	}
	if assert.Len(t, r.Others, 2) {
		assert.Equal(t, []string{"Member", "author", "Ed", "editor"}, []string{r.Others[0].Direct(), r.Others[0].Role, r.Others[1].Inverted(), r.Others[1].Role})
	}
}

func TestReadingOrder(t *testing.T) {
	for want, n := range map[string]jats.Name{"Ann Roe Jr.": {Surname: "Roe", GivenNames: "Ann", Suffix: "Jr."}, "李亮": {Surname: "李", GivenNames: "亮"}, "Liszt Ferenc": {Surname: "Liszt", GivenNames: "Ferenc", Style: "eastern"},
		"Anna Jónsdóttir": {Surname: "Jónsdóttir", GivenNames: "Anna", Style: "islensk"}, "Plato": {Surname: "Plato"}} {
		r := of(&jats.Article{Contribs: []jats.Contrib{{Names: []jats.Name{n}}}})
		assert.Equal(t, want, r.Authors[0].Direct())
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		dates                    []jats.Date
		published, online, print string
	}{
		{[]jats.Date{{Type: "collection", Date: "2019"}}, "2019", "", ""},
		{[]jats.Date{{Type: "collection", Date: "2019"}, {Type: "ppub", Format: "print", Date: "2020-02"}}, "2020-02", "", "2020-02"},
		{[]jats.Date{{Type: "pub", Format: "print", Date: "2020-02"}, {Type: "pub", Format: "electronic", Date: "2019-12-01"}}, "2019-12-01", "2019-12-01", "2020-02"},
		{[]jats.Date{{Type: "epub", Date: "2018-01"}, {Date: "2017"}}, "2018-01", "2018-01", ""},
		{[]jats.Date{{Type: "pub", Date: "in press"}, {Type: "retracted", Date: "2020"}}, "", "", ""},
	} {
		r := of(&jats.Article{PubDates: c.dates})
		assert.Equal(t, []string{c.published, c.online, c.print}, []string{r.Published, r.Online, r.Print})
	}
	r := of(&jats.Article{History: []jats.Date{{Type: "received", Date: "2020-01"}, {Type: "rev-recd", Date: "2020-02"}, {Type: "rev-recd", Date: "2020-03"}, {Type: "accepted", Date: "2020-04"}}})
	assert.Equal(t, []string{"2020-01", "2020-03", "2020-04"}, []string{r.Received, r.Revised, r.Accepted})
}

func TestPlaceInTheJournal(t *testing.T) {
	for _, c := range []struct {
		article                 jats.Article
		first, last, pages, eno string
	}{
		{jats.Article{FPage: "3", LPage: "9"}, "3", "9", "3-9", ""},
		{jats.Article{FPage: "3", LPage: "3"}, "3", "", "3", ""},
		{jats.Article{FPage: "3", LPage: "30", PageRange: "3-5, 30"}, "3", "30", "3-5, 30", ""},
		{jats.Article{FPage: "3", ElocationID: "e7"}, "3", "", "3", ""},
		{jats.Article{ElocationID: "e7"}, "", "", "", "e7"},
	} {
		r := of(&c.article)
		assert.Equal(t, []string{c.first, c.last, c.pages, c.eno}, []string{r.FPage, r.LPage, r.Pages, r.Elocation})
	}
	r := of(&jats.Article{Journal: jats.Journal{AbbrevTitle: []jats.AltTitle{{Text: "J."}}, ISSNs: []jats.ISSN{{Type: "electronic", Value: "2234-5678"}, {Value: "1234-5679"}, {Type: "print", Value: "0000-0000"}}}})
	assert.Equal(t, flat.Journal{Title: "J.", Abbrev: "J.", ISSNs: []string{"2234-5678", "1234-5679", "0000-0000"}, Print: "0000-0000", Electronic: "2234-5678"}, r.Journal)
}

// Who may read it is a state of time: an embargo that is over is open access.
func TestAccess(t *testing.T) {
	pub := []jats.Date{{Type: "pub", Date: "2026-01-05"}}
	for _, c := range []struct {
		name string
		p    jats.Permissions
		want flat.Access
		end  string
	}{
		{"nothing said", jats.Permissions{}, flat.Access{}, ""},
		{"CC licence", jats.Permissions{Licenses: []jats.License{{URI: "http://creativecommons.org/licenses/by/4.0/"}}}, flat.Open, ""},
		{"licence of the data", jats.Permissions{Licenses: []jats.License{{AppliesTo: "data", URI: "http://creativecommons.org/licenses/by/4.0/"}}}, flat.Access{}, ""},
		{"another licence", jats.Permissions{Licenses: []jats.License{{URI: "https://www.elsevier.com/tdm/userlicense/1.0/"}}}, flat.Access{}, ""},
		{"embargo to come to an end", jats.Permissions{EmbargoEnd: "2026-11-25"}, flat.Embargoed, "2026-11-25"},
		{"embargo that ends today", jats.Permissions{EmbargoEnd: "2026-11-24"}, flat.Open, ""},
		{"licence that begins later", jats.Permissions{Licenses: []jats.License{{URI: "http://creativecommons.org/licenses/by/4.0/", Start: "2027-01-05"}}}, flat.Embargoed, "2027-01-05"},
		{"said to be closed", jats.Permissions{Access: "closed", Licenses: []jats.License{{URI: "http://creativecommons.org/licenses/by/4.0/"}}}, flat.Closed, ""},
		{"a price", jats.Permissions{Price: &jats.Price{Amount: "800.00"}}, flat.Restricted, ""},
		{"free, with a price for print", jats.Permissions{FreeToRead: true, Price: &jats.Price{Amount: "800.00"}}, flat.Open, ""},
		{"free for a while", jats.Permissions{FreeToRead: true, FreeUntil: "2026-12-31"}, flat.Access{}, ""},
	} {
		r := of(&jats.Article{PubDates: pub, Permissions: c.p})
		assert.Equal(t, c.want, r.Access, c.name)
		assert.Equal(t, c.end, r.EmbargoEnd, c.name)
	}
}

func TestGrants(t *testing.T) {
	r := of(&jats.Article{Funding: jats.Funding{Awards: []jats.Award{
		{Funders: []jats.Funder{{Name: "European Commission", IDs: []jats.ID{{Type: "fundref", Value: "https://doi.org/10.13039/100010661"}}}, {Name: "RSF"}}, IDs: []string{"863420", "no number"}},
		{Funders: []jats.Funder{{Name: "Only a name", IDs: []jats.ID{{Type: "ror", Value: "https://ror.org/05qrfxd25"}}}}},
		{IDs: []string{"an award alone"}},
		{Funders: []jats.Funder{{Name: "Wellcome", IDs: []jats.ID{{Value: "10.13039/100010269"}}}}, IDs: []string{"20/5 A", "WT/7"}},
	}}})
	const ec = "10.13039/100010661"
	assert.Equal(t, []flat.Grant{
		{Funder: "European Commission", FundRef: ec, Award: "863420", EURepo: "info:eu-repo/grantAgreement/EC/H2020/863420"},
		{Funder: "European Commission", FundRef: ec, Award: "no number"},
		{Funder: "RSF", Award: "863420"}, {Funder: "RSF", Award: "no number"},
		{Funder: "Only a name", ROR: "https://ror.org/05qrfxd25"},
		{Award: "an award alone"},
		{Funder: "Wellcome", FundRef: "10.13039/100010269", Award: "20/5 A"},
		{Funder: "Wellcome", FundRef: "10.13039/100010269", Award: "WT/7", EURepo: "info:eu-repo/grantAgreement/WT//WT%2F7"},
	}, r.Grants)
}

func TestLinks(t *testing.T) {
	r := of(&jats.Article{Links: []jats.Link{{URL: "https://doi.org/10.5555/1"}, {URL: "https://a.example.org/1.pdf"}, {URL: "https://a.example.org/page"}, {URL: "https://a.example.org/html", MIME: "text/html"},
		{URL: "https://a.example.org/x", MIME: "application/xml", Lang: "en"}, {URL: "ftp://a.example.org/1.pdf"}},
		Supplementary: []jats.Supplementary{{URL: "https://a.example.org/s.zip", Label: "S1"}, {URL: "s2.zip"}},
		Related:       []jats.Related{{Type: "Companion", IDType: "DOI", ID: " 10.5555/2 "}, {ID: "https://b.example.org"}, {Type: "x"}}})
	assert.Equal(t, "https://a.example.org/html", r.Landing)
	assert.Equal(t, []flat.File{{URL: "https://a.example.org/1.pdf"}, {URL: "https://a.example.org/x", MIME: "application/xml", Lang: "en"}}, r.Files)
	assert.Equal(t, []flat.File{{URL: "https://a.example.org/s.zip", Label: "S1"}}, r.Extra)
	assert.Equal(t, []flat.Related{{Kind: "companion", Scheme: "doi", ID: "10.5555/2"}, {Scheme: "uri", ID: "https://b.example.org"}}, r.Related)
	assert.Equal(t, "\x00/records/x", of(&jats.Article{Links: []jats.Link{{URL: "https://doi.org/10.5555/1"}}}).Landing)
}

func TestRefs(t *testing.T) {
	doi := func(s string) []jats.ID { return []jats.ID{{Type: "doi", Value: s}} }
	r := of(&jats.Article{Refs: []jats.Ref{
		{Citations: []jats.Citation{{Text: "As <italic>printed</italic>"}, {Text: "In English", IDs: doi("10.5555/1")}}},
		{Distinct: true, Citations: []jats.Citation{{Text: "One"}, {Text: "Two", IDs: doi("10.5555/2")}}},
		{Notes: []jats.Rich{"no citation"}},
		{Citations: []jats.Citation{{PersonGroups: []jats.PersonGroup{{Persons: []jats.Person{{Names: []jats.Name{{Surname: "Roe", GivenNames: "A."}}}, {Collab: "Group"}}}},
			Titles: []jats.Text{{Text: "Title"}}, Sources: []jats.Text{{Text: "J."}}, Date: "2001-02", Volume: "3", Issue: "4", FPage: "5", LPage: "6"}}},
		{Citations: []jats.Citation{{URLs: []string{"https://a.example.org"}}}},
	}})
	var got [][3]string
	for _, x := range r.Refs {
		got = append(got, [3]string{x.Key, x.DOI, x.Text})
	}
	assert.Equal(t, [][3]string{{"ref1", "10.5555/1", "As printed"}, {"ref2", "", "One"}, {"ref3", "10.5555/2", "Two"}, {"ref4", "", "Roe A., Group. Title. J. 2001-02; 3(4): 5-6"}, {"ref5", "", "https://a.example.org"}}, got)
}

func TestKeywords(t *testing.T) {
	r := of(&jats.Article{Lang: "en", KwdGroups: []jats.KwdGroup{{Vocab: "MSC", Kwds: []jats.Kwd{{Text: "plasma"}, {Text: "Groups", Code: "20"}, {Text: " "}}}},
		SubjGroups: []jats.SubjGroup{{Type: "heading", Subjects: []jats.Subject{{Text: "Articles"}}}, {Type: "UDC", Subjects: []jats.Subject{{Text: "537.5"}}},
			{Subjects: []jats.Subject{{Text: "Physics", URI: "https://v.example.org/1"}}, Groups: []jats.SubjGroup{{Lang: "ru", Subjects: []jats.Subject{{Text: "Физика"}}}}}}})
	assert.Equal(t, []flat.Keyword{{Lang: "en", Scheme: "msc", Text: "plasma"}, {Lang: "en", Scheme: "msc", Code: "20", Text: "Groups"}, {Lang: "en", Scheme: "udc", Code: "537.5"},
		{Lang: "en", URI: "https://v.example.org/1", Text: "Physics"}, {Lang: "ru", Text: "Физика"}}, r.Keywords)
}

func TestDOIURL(t *testing.T) {
	for doi, want := range map[string]string{"10.5555/a(1);b": "https://doi.org/10.5555/a(1);b", "10.5555/<a> #b%ф": "https://doi.org/10.5555/%3Ca%3E%20%23b%25%D1%84"} {
		assert.Equal(t, want, flat.DOIURL(doi))
	}
}
