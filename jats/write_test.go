package jats

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
)

func ptr[T any](v T) *T { return &v }

// richArticle has something in nearly every field.
func richArticle() *Article {
	return &Article{
		ArticleType: "research-article", Lang: "ru", Status: "Published", Version: &Version{Type: "VoR"},
		Journal: Journal{
			IDs:         []ID{{"publisher-id", "vpe"}, {"", "x"}},
			Title:       Title{Lang: "ru", Text: "Вестник примеров", Subtitles: []Rich{"Серия A"}},
			TransTitles: []Title{{Lang: "en", Text: "Bulletin of R&amp;D", Subtitles: []Rich{"Series A"}}},
			AbbrevTitle: []AltTitle{{Type: "publisher", Lang: "en", Text: "Bull."}},
			ISSNs:       []ISSN{{"print", "1234-5679"}, {"electronic", "2345-678X"}, {"linking", "1234-5679"}, {"", "0000-0019"}},
			Publishers:  []Text{{"ru", "Издательство"}, {"en", "Publisher"}}, PubLoc: "Казань",
			Contribs: []Contrib{{Type: "editor", Names: []Name{{Surname: "Главный"}}}},
			Notes:    []Note{{P: []Rich{"Founded 1900"}}}, Links: []Link{{URL: "https://example.org/j"}},
		},
		IDs: []ID{{"doi", "10.5555/12345678"}, {"edn", "ABCDEF"}, {"", "7"}},
		SubjGroups: []SubjGroup{
			{Type: "heading", Lang: "ru", Subjects: []Subject{{Text: "Статьи"}}},
			{Type: "udc", Vocab: "udc", VocabID: "https://udcsummary.info", Subjects: []Subject{{Text: "Physics", Code: "53.08", URI: "https://udcdata.info/1"}, {Code: "54"}},
				Groups: []SubjGroup{{Groups: []SubjGroup{{Subjects: []Subject{{Text: "a <italic>b</italic>"}}}}}}},
		},
		Title: Title{Lang: "ru", Text: `Измерение <italic>x</italic> при <inline-formula><mml:math><mml:msup><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:msup></mml:math></inline-formula>`,
			Subtitles: []Rich{"итоги"}},
		TransTitles: []Title{{Lang: "en", Text: "Measuring &lt;x&gt;", Subtitles: []Rich{"results"}}, {Lang: "ru-Latn", Text: "Izmerenie"}, {Lang: "zh-Hans", Text: "测量"}},
		AltTitles:   []AltTitle{{Type: "running-head", Text: "x"}},
		Contribs: []Contrib{
			{Names: []Name{{Lang: "ru", Surname: "Иванов", GivenNames: "И. П."}, {Lang: "en", Surname: "Ivanov", GivenNames: "I. P.", Style: "western", Prefix: "Dr", Suffix: "Jr"}},
				IDs:       []ContribID{{"orcid", "https://orcid.org/0000-0002-1825-0097", ptr(true)}, {"spin", "1", ptr(false)}, {"scopus", "2", nil}},
				Roles:     []Role{{Credit: "Writing – original draft", Degree: "Lead"}, {Credit: "Formal analysis", Text: "analysis"}, {Text: "<italic>cook</italic>", Lang: "en"}, {Credit: "Tea"}},
				Positions: []Text{{"ru", "профессор"}, {"en", "professor"}}, Degrees: []string{"д-р"}, Emails: []string{"i@example.org"}, URIs: []string{"https://example.org/~i"},
				Corresp: true, EqualContrib: true, Affs: []string{"a", "b", "gone"}, Notes: []string{"c", "k", "d", "gone"}, Bio: []Rich{"Born."}, OnBehalfOf: "us", Comments: []Rich{"hm"}},
			{Type: "editor", Names: []Name{{Full: "Ред. Редактор"}}},
			{Type: "author", Names: []Name{{Lang: "zh-Hans", Surname: "王", GivenNames: "小明"}}, EqualContrib: true, Deceased: true},
			{Names: []Name{{GivenNames: "Сухарто"}}}, {Anonymous: true}, {Names: []Name{{Prefix: "Dr", Suffix: "III"}}},
			{Collab: []Text{{"ru", "Коллаборация"}, {"en", "Collaboration"}}, Members: []Contrib{{Names: []Name{{Surname: "A"}}, Affs: []string{"b"}}, {Type: "editor", Names: []Name{{Surname: "B"}}}}},
			{Collab: []Text{{"", "One"}}}, {Members: []Contrib{{Names: []Name{{Surname: "C"}}}}},
			{Positions: []Text{{"ru", "доцент"}}, Affs: []string{"c"}}, // nameless
			{}, {Emails: []string{"only@example.org"}},
		},
		Affs: []Aff{
			{ID: "a", Label: "1", Forms: []AffForm{
				{Lang: "ru", Institutions: []Institution{{Name: "КУП", IDs: []ID{{"ROR", "https://ror.org/05gq02987"}}}, {Name: "Кафедра", Type: "dept"}}, Address: []string{"ул. Ленина, 1"}, City: "Казань", PostalCode: "420000", Country: "Россия", CountryCode: "RU"},
				{Lang: "en", Text: "Kazan University of Examples, Kazan, Russia", Institutions: []Institution{{Name: "Kazan University of Examples", IDs: []ID{{"", "x1"}}}}, City: "Kazan", Country: "Russia", CountryCode: "RU"}}},
			{ID: "b", Forms: []AffForm{{Text: `<institution>Institute &amp; Co</institution>, <country country="CN">China</country> <email>x@example.org</email>`}}},
			{ID: "c", Forms: []AffForm{{CountryCode: "FR"}, {}}}, {ID: "empty", Label: "9"},
			{ID: "mail", Forms: []AffForm{{Text: "<email>y@example.org</email>"}}},
			{ID: "d", Forms: []AffForm{{Text: "Some where, Paris", Institutions: []Institution{{Name: "Elsewhere", IDs: []ID{{"ROR", "https://ror.org/1"}}}}, City: "Paris", Country: "France"}}},
		},
		Notes: []Note{
			{ID: "c", Type: "corresp", Label: "*", Title: "For letters", P: []Rich{"E-mail: <email>i@example.org</email>", `see <list list-type="bullet"><list-item><p>one</p></list-item></list>`}},
			{ID: "k", Type: "competing-interests", Place: "notes", P: []Rich{"None."}},
			{ID: "d", Type: "data-availability", Title: "Data availability", P: []Rich{"Here."}},
			{Type: "data availability", P: []Rich{"There."}}, {Type: "oddity", Title: "T", P: []Rich{"P"}}, {Type: "con", P: []Rich{"P"}},
			{ID: "n", Type: "disclaimer", Place: "notes", Lang: "en", Label: "L", Title: "T", P: []Rich{"<bold>P</bold>"}}, {ID: "empty"},
		},
		PubDates: []Date{{Type: "pub", Format: "electronic", Date: "2026-01-15"}, {Type: "collection", Date: "2026"}, {Type: "x", Date: "2026", Season: "Spring"}, {Type: "pub", Text: "long ago"}},
		Volume:   "12", Issue: "3", Seq: "7", VolumeIDs: []ID{{"doi", "10.5555/v"}}, VolumeSeries: "A", IssueIDs: []ID{{"publisher-id", "12-3"}},
		IssueTitles: []Text{{"ru", "Спец"}, {"en", "Special"}}, IssueSponsor: []Rich{"S"}, IssuePart: "2", Supplement: "Suppl. <italic>2</italic>", ISBNs: []string{"978-3-16-148410-0"},
		FPage: "101", LPage: "110", PageRange: "101-110", ElocationID: "e1",
		Products:      []Product{{Type: "book", Text: "<source>Book</source>, <year>1999</year>"}},
		Supplementary: []Supplementary{{URL: "https://example.org/s.zip", MIME: "application/zip", Lang: "en", Label: "S1", Title: "Data", Caption: []Rich{"c"}}, {}},
		History:       []Date{{Type: "received", Date: "2025-09-01"}, {Type: "rev-recd", Date: "2025-10"}, {Type: "accepted", Date: "2025"}, {Type: "accepted", Text: "?"}},
		Permissions: Permissions{Statements: []Text{{"", "© 2026 Иванов"}}, Year: "2026", Holders: []Text{{"", "Иванов"}},
			Licenses: []License{{URI: "https://creativecommons.org/licenses/by/4.0/", Type: "open-access", Lang: "en", Start: "2026-01-15", P: []Rich{"CC BY"}},
				{URI: "https://creativecommons.org/publicdomain/zero/1.0/", AppliesTo: "data", Start: "2026-01-15"}, {Type: "empty"}},
			Access: "embargoed", EmbargoEnd: "2027-01-01", FreeUntil: "2028-01-01", Price: &Price{"100", "RUB"}},
		Links:   []Link{{URL: "https://example.org/a.pdf?x=1&y=2", MIME: "application/pdf", Lang: "ru"}, {URL: "https://example.org/b", Text: "the text", Title: ""}, {URL: "https://example.org/c", Text: "https://example.org/c"}},
		Related: []Related{{Type: "companion", IDType: "doi", ID: "10.5555/1"}, {Object: true, Type: "dataset", ID: "https://example.org/d", Text: "<data-title>D</data-title>"}, {ID: "10.5555/2"}, {}},
		Abstracts: []Abstract{
			{Lang: "en", P: []Rich{"First.", "Second."}}, {Lang: "ru", Title: "Аннотация", Secs: []Sec{{P: []Rich{"x"}}, {Title: "Цель", P: []Rich{"H<sub>2</sub>O"}}, {P: []Rich{"more"}}, {Title: "Методы", Secs: []Sec{{Title: "s", P: []Rich{"y"}}}}}},
			{P: []Rich{"again"}}, {Secs: []Sec{{Title: "Only", P: []Rich{"one"}}}}, {Type: "graphical", P: []Rich{"g"}}, {Type: "key-points", Lang: "ru", P: []Rich{`<list list-type="bullet"><list-item><p>k</p></list-item></list>`}}, {},
		},
		KwdGroups: []KwdGroup{{Type: "author", Lang: "ru", Title: "Ключевые слова", Kwds: []Kwd{{Text: "а"}, {Text: "<italic>б</italic>"}}}, {Lang: "en", Vocab: "MSC", VocabID: "https://msc2020.org/", Kwds: []Kwd{{Text: "a", Code: "00A"}, {Code: "00B"}}}, {Lang: "de"}},
		Funding: Funding{Awards: []Award{
			{Funders: []Funder{{Lang: "en", Name: "Foundation", Country: "RU", IDs: []ID{{"doi", "10.13039/501100000001"}}}, {Name: "Other", IDs: []ID{{"ROR", "https://ror.org/2"}}}}, IDs: []string{"26-11", "27"}, Recipients: []Text{{"", "A. Ivanov"}}, Leaders: []Text{{"en", "B"}}},
			{Funders: []Funder{{IDs: []ID{{"doi", "10.13039/2"}}}}}},
			Statements: []Text{{"en", `Supported by <ext-link ext-link-type="uri" xlink:href="https://example.org/">ESF</ext-link>.`}}, OpenAccess: []Rich{"Paid."}},
		Conferences: []Conference{{Name: "Conf", Acronym: "C", Num: "1", Date: "May 2026", Loc: "Kazan", Sponsor: "S", Theme: "<italic>T</italic>"}, {Acronym: "D", Date: "2025"}, {Name: "No date", Loc: "Perm"}},
		Counts:      Counts{Characters: ptr(31942), Figs: ptr(0), Tables: ptr(1), Equations: ptr(2), Refs: ptr(3), Pages: ptr(10), Words: ptr(3120), Others: []Count{{"photo", 2}}},
		CustomMeta:  []CustomMeta{{Name: "n", Value: "<bold>v</bold>", SpecificUse: "u"}, {Name: "half"}},
		Metrics:     []Metric{{"views", "1520"}},
		Refs: []Ref{
			{Label: "1.", Citations: []Citation{
				{Lang: "ru", PublicationType: "journal", Text: "Петров А.А. Об измерениях // Физика. 2019."},
				{Lang: "en", PublicationType: "journal", Text: "Petrov A. On measurements. (In Russ.)", LangNote: "In Russ.", Date: "2019-05-02", Volume: "5", Issue: "2", FPage: "1213", LPage: "8", ElocationID: "e9", Size: "20 p.",
					PersonGroups: []PersonGroup{{Type: "author", EtAl: true, Persons: []Person{{Names: []Name{{Surname: "Petrov", GivenNames: "A."}}}, {Collab: "Group & Co"}}}, {Type: "cook", Persons: []Person{{Names: []Name{{Lang: "ru", Full: "Повар"}, {Lang: "en", Full: "Cook"}}}}}, {}},
					Titles:       []Text{{"zh", "测量"}, {"zh-Latn", "Celiang"}, {"en", "On <italic>it</italic>"}}, Sources: []Text{{"ru-Latn", "Fizika"}, {"en", "Physics"}}, ChapterTitles: []Text{{"", "Ch"}},
					Edition: "2nd", Series: "S", ConfName: "C", PublisherName: "P", PublisherLoc: "L", Supplement: "1", ISBN: "978", ISSN: "1234-5679", Version: "1.0", IDs: []ID{{"doi", "10.5555/2"}, {"edn", "Q"}}, URLs: []string{"https://example.org/x"}, AccessDate: "2020-01-02", Comments: []Rich{"c"}},
			}},
			{Citations: []Citation{{PublicationType: "data", Text: "data set"}, {PublicationType: "data", Titles: []Text{{"en", "T"}}, Year: "2020a"}}, Distinct: true, Notes: []Rich{"a note"}},
			{Citations: []Citation{{Text: "<source>S</source>, <year>2001</year>", PublicationType: "book", Volume: "1"}}},
			{Citations: []Citation{{Text: "<source>S</source><year>2001</year>", Elements: true}}}, {Notes: []Rich{"note"}}, {},
			{List: "Further reading", Citations: []Citation{{Year: "in press", Titles: []Text{{"", "T"}}}}},
			{List: "Further reading", Label: "x", Citations: []Citation{{PublicationType: "preprint", Text: "p"}, {Text: "plain &amp; &lt;odd&gt;"}}},
		},
	}
}

// articles are the hand-made articles that every form is checked with.
func articles() map[string]*Article {
	bare := richArticle()
	bare.Journal = Journal{}
	noISSN := richArticle()
	noISSN.Journal.ISSNs = nil
	link := richArticle()
	link.Journal.ISSNs = []ISSN{{"linking", "1234-5679"}}
	link.Lang, link.Title.Lang = "", ""
	link.PubDates = []Date{{Season: "Spring"}}
	link.FPage, link.PageRange = "", "15–22, 30"
	link.Permissions = Permissions{Statements: []Text{{"", "All rights reserved."}}, Year: "2020", FreeToRead: true}
	link.Related, link.Refs, link.Notes = nil, nil, nil
	eloc := richArticle()
	eloc.FPage, eloc.LPage, eloc.PageRange, eloc.Issue = "", "", "", ""
	eloc.Permissions = Permissions{Holders: []Text{{"", "H"}}, Licenses: []License{{P: []Rich{"p"}}}}
	return map[string]*Article{"rich": richArticle(), "bare": bare, "no-issn": noISSN, "link": link, "eloc": eloc, "empty": {}, "title": {Title: Title{Text: "T"}}}
}

// checkAll writes every article in every form and checks each by the schemas that it must be valid by. It returns what is wrong. The form
// inside OAI-PMH is checked as one response with all of the articles, by the profile and by the XSD of JATS.
func checkAll(t *testing.T, all map[string]*Article, options ...WriteOptions) map[string]string {
	t.Helper()
	blue, green := map[string][]byte{}, map[string][]byte{}
	var every, publishing []byte
	n := 0
	for name, a := range all {
		for _, o := range options {
			n++
			o.LandingURL = "https://sheaf.example.org/records/1?a=1&b=2"
			name := fmt.Sprintf("%s, emails %v", name, o.Emails)
			o.Standalone = true
			doc := AppendXML(nil, a, o)
			if a.Publishing() {
				blue[name] = doc
				assert.Contains(t, string(doc[:300]), "Journal Publishing DTD with MathML3 v1.3")
			} else {
				green[name] = doc
				assert.Contains(t, string(doc[:300]), "Archiving and Interchange DTD with MathML3 v1.3")
			}
			o.Standalone = false
			o.IDPrefix, o.SchemaLocation = fmt.Sprintf("r%d-", n), "https://sheaf.example.org/schemas/sheaf-jats-1.3.xsd"
			doc = AppendXML(append(record(n), "<metadata>"...), a, o)
			doc = append(doc, "</metadata></record>\n"...)
			every = append(every, doc...)
			if a.Publishing() {
				publishing = append(publishing, doc...)
			}
		}
	}
	bad := fixturetest.DTD(t, fixturetest.Publishing, blue)
	for _, m := range []map[string]string{
		fixturetest.DTD(t, fixturetest.Archiving, green),
		fixturetest.XSD(t, "oai/oai-jats.xsd", map[string][]byte{"response, JATS": response(publishing)}),
		fixturetest.XSD(t, responseSchema(t), map[string][]byte{"response, profile": response(every)}),
	} {
		for k, v := range m {
			bad[k] = v
		}
	}
	return bad
}

// record is the beginning of a record of OAI-PMH.
func record(n int) []byte {
	return fmt.Appendf(nil, "<record><header><identifier>oai:x.org:%d</identifier><datestamp>2026-01-01T00:00:00Z</datestamp></header>", n)
}

func response(records []byte) []byte {
	return []byte(`<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-01-01T00:00:00Z</responseDate>` +
		`<request verb="ListRecords" metadataPrefix="jats">https://x.org/oai</request><ListRecords>` + string(records) + `</ListRecords></OAI-PMH>`)
}

// responseSchema is a schema of responses of OAI-PMH with articles of the profile in them.
func responseSchema(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "response.xsd")
	require.NoError(t, os.WriteFile(path, []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">`+
		`<xs:import namespace="http://www.openarchives.org/OAI/2.0/" schemaLocation="`+filepath.Join(fixturetest.Schemas(t), "oai", "OAI-PMH.xsd")+`"/>`+
		`<xs:import namespace="`+Namespace+`" schemaLocation="`+profile(t)+`"/></xs:schema>`), 0o644))
	return path
}

func TestAppendXMLIsValid(t *testing.T) {
	for name, what := range checkAll(t, articles(), WriteOptions{}, WriteOptions{Emails: true, Metrics: true}) {
		t.Errorf("%s: %.2000s", name, what)
	}
}

func TestAppendXML(t *testing.T) {
	const (
		emails = 1 << iota
		metrics
		landing
	)
	for _, tt := range []struct {
		name    string
		options int
		a       Article
		has     []string
		not     []string
	}{
		{name: "nothing is written of nothing", a: Article{}, has: []string{`xml:lang="und"`, "<pub-date-not-available/>"},
			not: []string{"title", "contrib", "permissions", "<back", "journal-meta", "custom-meta", "counts", "volume"}},
		{name: "types of ids that JATS has not", a: Article{IDs: []ID{{"edn", "A"}, {"doi", "10.1/X"}}},
			has: []string{`<article-id pub-id-type="custom" custom-type="edn">A</article-id>`, `<article-id pub-id-type="doi">10.1/X</article-id>`}},
		{name: "ISSN", a: Article{Journal: Journal{ISSNs: []ISSN{{"print", "1234-5679"}, {"linking", "1234-5679"}}}},
			has: []string{`<issn pub-type="ppub" publication-format="print">1234-5679</issn>`, "<issn-l>1234-5679</issn-l>"}, not: []string{"<issn>"}},
		{name: "place without a publisher", a: Article{Journal: Journal{PubLoc: "Kazan", IDs: []ID{{"x", "y"}}}}, not: []string{"Kazan"}},
		{name: "a name's style", a: Article{Contribs: []Contrib{{Names: []Name{{Surname: "王", GivenNames: "明"}}}, {Names: []Name{{GivenNames: "Su"}}}, {Names: []Name{{Surname: "Li"}}}}},
			has: []string{`<name name-style="eastern"><surname>王</surname>`, `<name name-style="given-only"><given-names>Su`, "<name><surname>Li"}},
		{name: "one name needs no alternatives", a: Article{Lang: "ru", Contribs: []Contrib{{Names: []Name{{}, {Lang: "ru", Surname: "И"}}}}}, has: []string{"<name><surname>И"}, not: []string{"alternatives"}},
		{name: "nameless", a: Article{Contribs: []Contrib{{Positions: []Text{{"ru", "доцент"}}, Affs: []string{"x"}}}, Affs: []Aff{{ID: "x", Forms: []AffForm{{City: "Казань"}}}}},
			has: []string{`<contrib contrib-type="author"><role content-type="position" xml:lang="ru">доцент</role><xref ref-type="aff" rid="aff1"/></contrib>`, `<aff id="aff1"><city>Казань</city></aff>`}},
		{name: "a contributor of nothing", a: Article{Contribs: []Contrib{{}, {Affs: []string{"gone"}}, {Emails: []string{"a@b.c"}}}}, not: []string{"contrib"}},
		{name: "anonymous is said", a: Article{Contribs: []Contrib{{Anonymous: true}}}, has: []string{"<anonymous/>"}},
		{name: "CRediT", a: Article{Contribs: []Contrib{{Roles: []Role{{Credit: "Writing - Review and Editing"}}}}},
			has: []string{`<role vocab="credit" vocab-identifier="https://credit.niso.org/" vocab-term="Writing – review &amp; editing" vocab-term-identifier="https://credit.niso.org/contributor-roles/writing-review-editing/">Writing – review &amp; editing</role>`}},
		{name: "equal contribution of one says nothing", a: Article{Contribs: []Contrib{{EqualContrib: true, Anonymous: true}}}, not: []string{"equal-contrib"}},
		{name: "members of a group are no authors of their own", a: Article{Contribs: []Contrib{{Collab: []Text{{"", "G"}}, Members: []Contrib{{Anonymous: true}}}}},
			has: []string{`<collab>G<contrib-group>`, "<contrib><anonymous/></contrib>"}},
		{name: "editors after authors", a: Article{Contribs: []Contrib{{Type: "editor", Anonymous: true}, {Anonymous: true}}},
			has: []string{"<contrib-group>\n<contrib contrib-type=\"author\"><anonymous/></contrib>\n</contrib-group>\n<contrib-group>\n<contrib contrib-type=\"editor\">"}},
		{name: "e-mail is personal", a: Article{Contribs: []Contrib{{Anonymous: true, Emails: []string{"a@b.c"}}}, Notes: []Note{{Type: "corresp", P: []Rich{"Write to <email>a@b.c</email>"}}, {P: []Rich{"<email>a@b.c</email>"}}}},
			has: []string{"Write to</corresp>"}, not: []string{"a@b.c", "<fn"}},
		{name: "e-mail when asked for", options: emails, a: Article{Contribs: []Contrib{{Anonymous: true, Emails: []string{"a@b.c"}}}, Notes: []Note{{Type: "corresp", P: []Rich{"Write to <email>d@e.f</email>"}}}},
			has: []string{"<email>a@b.c</email></contrib>", "<email>d@e.f</email></corresp>"}},
		{name: "affiliation in two languages", a: Article{Affs: []Aff{{ID: "1", Forms: []AffForm{{Lang: "ru", City: "К"}, {Lang: "en", City: "K"}}}}},
			has: []string{"<aff-alternatives id=\"aff1\">\n<aff xml:lang=\"ru\"><city>К</city></aff>\n<aff xml:lang=\"en\">"}},
		{name: "parts found in the affiliation as printed", a: Article{Affs: []Aff{{Forms: []AffForm{{Text: "Dept of A &amp; B, MIT, Cambridge, USA", Institutions: []Institution{{Name: "MIT", IDs: []ID{{"ROR", "https://ror.org/042nb2s44"}}}}, City: "Cambridge", Country: "USA", CountryCode: "US"}}}}},
			has: []string{`<aff id="aff1">Dept of A &amp; B, <institution-wrap><institution>MIT</institution><institution-id institution-id-type="ROR">https://ror.org/042nb2s44</institution-id></institution-wrap>, <city>Cambridge</city>, <country country="US">USA</country></aff>`}},
		{name: "precision of dates", a: Article{PubDates: []Date{{Type: "pub", Date: "2020"}}, History: []Date{{Type: "received", Date: "2019-07"}, {Type: "accepted", Date: "2019-08-09"}}},
			has: []string{`<pub-date date-type="pub" iso-8601-date="2020"><year>2020</year></pub-date>`, `iso-8601-date="2019-07"><month>07</month><year>2019`, `<day>09</day><month>08</month><year>2019</year>`}},
		{name: "season", a: Article{PubDates: []Date{{Date: "2020", Season: "Spring"}}}, has: []string{"<season>Spring</season><year>2020</year>"}, not: []string{"iso-8601"}},
		{name: "a date in words is kept", a: Article{PubDates: []Date{{Type: "pub", Text: "Easter"}}}, has: []string{"<pub-date-not-available/>", `<custom-meta specific-use="date"><meta-name>pub</meta-name><meta-value>Easter</meta-value>`}},
		{name: "pages before elocation-id", a: Article{FPage: "1", ElocationID: "e1"}, has: []string{"<fpage>1</fpage>"}, not: []string{"elocation"}},
		{name: "range without first page", a: Article{PageRange: "15–22, 30"}, has: []string{"<fpage>15</fpage><page-range>15–22, 30</page-range>"}},
		{name: "last page alone", a: Article{LPage: "9"}, not: []string{"lpage"}},
		{name: "copyright read from the statement", a: Article{Permissions: Permissions{Statements: []Text{{"", "Copyright © 2020 Wang et al."}}}},
			has: []string{"<copyright-year>2020</copyright-year><copyright-holder>Wang et al</copyright-holder>"}},
		{name: "copyright not complete", a: Article{Permissions: Permissions{Statements: []Text{{"", "All rights reserved"}}, Holders: []Text{{"", "H"}}}},
			has: []string{"<license><license-p>All rights reserved</license-p></license>", "<meta-name>copyright-holder</meta-name><meta-value>H</meta-value>"}, not: []string{"<copyright"}},
		{name: "licence", a: Article{Permissions: Permissions{Licenses: []License{{URI: "https://creativecommons.org/licenses/by/4.0/", Start: "2020-02-30", P: []Rich{"p"}}}}},
			has: []string{`<license xlink:href="https://creativecommons.org/licenses/by/4.0/"><ali:license_ref>https://creativecommons.org/licenses/by/4.0/</ali:license_ref><license-p>p</license-p></license>`}},
		{name: "embargo", a: Article{Permissions: Permissions{Access: "embargoed", EmbargoEnd: "2027-01-01"}}, has: []string{`<ali:free_to_read start_date="2027-01-01"/>`, "embargo-end", "<meta-value>embargoed</meta-value>"}},
		{name: "price", a: Article{Permissions: Permissions{Price: &Price{"100", "RUB"}}}, has: []string{`<custom-meta specific-use="access"><meta-name>price</meta-name><meta-value>100 RUB</meta-value>`}},
		{name: "landing page", options: landing, a: Article{Links: []Link{{URL: "https://e.org/a.pdf", MIME: "application/pdf"}}},
			has: []string{`<self-uri content-type="text/html" xlink:href="` + "\x00" + `/records/1" xlink:title="Landing page"/>`, `xlink:title="Full text, PDF"`}},
		{name: "landing page of its own", options: landing, a: Article{Links: []Link{{URL: "https://e.org/a", MIME: "text/html"}}}, not: []string{"\x00/records"}},
		{name: "abstracts", a: Article{Lang: "ru", Abstracts: []Abstract{{Lang: "en", P: []Rich{"e"}}, {Lang: "ru", P: []Rich{"r"}}, {Lang: "ru", P: []Rich{"s"}}, {Lang: "ru-Latn", P: []Rich{"t"}}}},
			has: []string{"<abstract xml:lang=\"ru\"><p>r</p></abstract>\n<abstract abstract-type=\"other\" xml:lang=\"ru\"><p>s</p></abstract>\n<trans-abstract xml:lang=\"en\"><p>e</p></trans-abstract>\n<trans-abstract xml:lang=\"ru-Latn\">"}},
		{name: "one section is none", a: Article{Abstracts: []Abstract{{Secs: []Sec{{Title: "T", P: []Rich{"p"}}}}}}, has: []string{"<abstract><title>T</title><p>p</p></abstract>"}},
		{name: "sections without title", a: Article{Abstracts: []Abstract{{Secs: []Sec{{P: []Rich{"a"}}, {Title: "T", P: []Rich{"b"}}, {P: []Rich{"c"}}}}}},
			has: []string{"<p>a</p><sec><title>T</title><p>b</p><p>c</p></sec>"}},
		{name: "keywords in the article's language", a: Article{Lang: "ru", KwdGroups: []KwdGroup{{Lang: "ru", Kwds: []Kwd{{Text: "а"}}}, {Lang: "en", Kwds: []Kwd{{Text: "a"}}}, {Lang: "de", Title: "Leer"}}},
			has: []string{"<kwd-group><kwd>а", `<kwd-group xml:lang="en">`}, not: []string{"Leer"}},
		{name: "one funder in each award", a: Article{Funding: Funding{Awards: []Award{{IDs: []string{"7"}, Funders: []Funder{{Name: "A", IDs: []ID{{"doi", "10.13039/1"}}}, {Name: "B"}}}}}},
			has: []string{`<award-group><funding-source><institution-wrap><institution>A</institution><institution-id institution-id-type="doi" vocab="open-funder-registry" vocab-identifier="10.13039/open_funder_registry">10.13039/1</institution-id></institution-wrap></funding-source><award-id>7</award-id></award-group>`,
				"<institution>B</institution></institution-wrap></funding-source><award-id>7</award-id>"}},
		{name: "counts", a: Article{Counts: Counts{Characters: ptr(31942), Figs: ptr(0), Pages: ptr(3)}}, has: []string{`<counts><count count-type="character" count="31942"/><fig-count count="0"/><page-count count="3"/></counts>`}},
		{name: "metrics are not there by default", a: Article{Metrics: []Metric{{"views", "1"}}}, not: []string{"views"}},
		{name: "metrics", options: metrics, a: Article{Metrics: []Metric{{"views", "1"}}}, has: []string{`<custom-meta specific-use="metrics"><meta-name>views</meta-name><meta-value>1</meta-value>`}},
		{name: "printed and parts", a: Article{Refs: []Ref{{Label: "1", Citations: []Citation{{Lang: "zh", PublicationType: "journal", Text: "A. (In Chin.)", LangNote: "In Chin.", Titles: []Text{{"zh", "测"}, {"zh-Latn", "Ce"}, {"en", "T"}}, Date: "2019"}}}}},
			has: []string{`<ref id="R1"><label>1</label><citation-alternatives><mixed-citation publication-type="journal" xml:lang="zh">A. (In Chin.)</mixed-citation><element-citation publication-type="journal" xml:lang="zh">` +
				`<article-title xml:lang="zh">测</article-title><trans-title xml:lang="zh-Latn">Ce</trans-title><trans-title xml:lang="en">T</trans-title><year iso-8601-date="2019">2019</year><comment>(In Chin.)</comment></element-citation></citation-alternatives></ref>`}},
		{name: "works under one label", a: Article{Refs: []Ref{{Distinct: true, Citations: []Citation{{Text: "a"}, {Text: "b"}}}}},
			has: []string{`<ref id="R1"><mixed-citation publication-type="other">a</mixed-citation><mixed-citation publication-type="other">b</mixed-citation></ref>`}},
		{name: "a marked text stands alone", a: Article{Refs: []Ref{{Citations: []Citation{{Text: "<source>S</source>", Elements: true, Volume: "1"}}}}}, has: []string{`<element-citation publication-type="other"><source>S</source></element-citation>`}, not: []string{"volume"}},
		{name: "what JATS4R wants of marked parts", a: Article{Refs: []Ref{{Citations: []Citation{{Text: `<year>2001a</year> <year>in press</year> <year>2002</year> <pub-id>10.1/x</pub-id> <version>R "3"</version> <fpage>1213</fpage>–<lpage>8</lpage> <ext-link ext-link-type="uri" xlink:href="https://e.org/"><underline>https://e.org/</underline></ext-link>`}}}}},
			has: []string{`<year iso-8601-date="2001">2001a</year> <year>in press</year> <year>2002</year> <pub-id pub-id-type="doi">10.1/x</pub-id> <version designator="R &quot;3&quot;">R "3"</version> <fpage>1213</fpage>–8 <ext-link ext-link-type="uri" xlink:href="https://e.org/" xlink:title="Online copy"><underline>https://e.org/</underline></ext-link></mixed-citation>`}},
		{name: "pages cut short in elements", a: Article{Refs: []Ref{{Citations: []Citation{{Elements: true, Text: `<fpage>1213</fpage><lpage>8</lpage><issue>1</issue>`}, {Elements: true, Text: `<fpage>12</fpage><lpage>18</lpage>`}}}}},
			has: []string{`<fpage>1213</fpage><lpage>8</lpage><page-range>1213-8</page-range><issue>1</issue></element-citation>`, `<fpage>12</fpage><lpage>18</lpage></element-citation>`}},
		{name: "raised mark of an affiliation", a: Article{Affs: []Aff{{Forms: []AffForm{{Text: "<sup>1</sup> A <sup>2</sup>"}}}}}, has: []string{`<aff id="aff1"><label>1</label>A <sup>2</sup></aff>`}},
		{name: "a title where p stands", a: Article{Notes: []Note{{Title: "a<break/>b", P: []Rich{"c"}}}}, has: []string{"<p>a b</p><p>c</p>"}},
		{name: "a section titled by an address alone", a: Article{Abstracts: []Abstract{{Secs: []Sec{{Title: "T", P: []Rich{"a"}}, {Title: "<email>a@b.c</email>", P: []Rich{"b"}}}}}}, has: []string{"<abstract><title>T</title><p>a</p><p>b</p></abstract>"}},
		{name: "address of odd characters", a: Article{Links: []Link{{URL: "https://e.org/a b?x=[1]&y=ё#1#2%zz%20", Title: "t"}}}, has: []string{`xlink:href="https://e.org/a%20b?x=%5B1%5D&amp;y=ё#1%232%25zz%20"`}},
		{name: "two lists", a: Article{Refs: []Ref{{Citations: []Citation{{Text: "a"}}}, {List: "More", Citations: []Citation{{Text: "b"}}}}}, has: []string{"</ref-list>\n<ref-list><title>More</title>\n<ref id=\"R2\">"}},
		{name: "data", a: Article{Refs: []Ref{{Citations: []Citation{{PublicationType: "data", Text: "d", Titles: []Text{{"", "T"}}}}}}},
			has: []string{`<mixed-citation publication-type="other" specific-use="data">`, `<element-citation publication-type="data"><data-title>T</data-title>`}},
		{name: "what XML forbids", a: Article{Volume: "a\x00b\x0bc\xff<&>\"\ufffe", Seq: "1\n\"<"}, has: []string{"<volume seq=\"1&#10;&quot;&lt;\">abc\ufffd&lt;&amp;&gt;\"</volume>"}},
		{name: "no language tag", a: Article{Lang: "ru_RU", TransTitles: nil, KwdGroups: []KwdGroup{{Lang: "a b", Kwds: []Kwd{{Text: "k"}}}}}, has: []string{`xml:lang="und"`, "<kwd-group>"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := WriteOptions{Standalone: true, Emails: tt.options&emails != 0, Metrics: tt.options&metrics != 0}
			if tt.options&landing != 0 {
				o.LandingURL = "\x00/records/1"
			}
			got := string(AppendXML(nil, &tt.a, o))
			for _, s := range tt.has {
				assert.Contains(t, got, s)
			}
			for _, s := range tt.not {
				assert.NotContains(t, got[strings.Index(got, "<front>"):], s)
			}
		})
	}
}

func TestAppendXMLForms(t *testing.T) {
	a := richArticle()
	alone := string(AppendXML([]byte("before"), a, WriteOptions{Standalone: true}))
	assert.True(t, strings.HasPrefix(alone, "before<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE article PUBLIC"), "it appends")
	assert.NotContains(t, alone, `xmlns="`)

	inside := string(AppendXML(nil, a, WriteOptions{SchemaLocation: "\x00/schemas/sheaf-jats-1.3.xsd", IDPrefix: "p-"}))
	assert.True(t, strings.HasPrefix(inside, `<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/" xmlns:xlink="http://www.w3.org/1999/xlink" `), inside[:200])
	assert.Contains(t, inside, `xsi:schemaLocation="https://jats.nlm.nih.gov/ns/archiving/1.3/ `+"\x00"+`/schemas/sheaf-jats-1.3.xsd"`)
	assert.True(t, strings.HasSuffix(inside, "</article>"))
}

var (
	idAttr  = regexp.MustCompile(` id="([^"]*)"`)
	ridAttr = regexp.MustCompile(` rid="([^"]*)"`)
)

// ids are the ids of a document; it fails the test when one is there twice or when a rid has none.
func ids(t *testing.T, doc []byte) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, m := range idAttr.FindAllSubmatch(doc, -1) {
		assert.False(t, all[string(m[1])], "id %q twice", m[1])
		all[string(m[1])] = true
	}
	for _, m := range ridAttr.FindAllSubmatch(doc, -1) {
		assert.True(t, all[string(m[1])], "rid %q leads nowhere", m[1])
	}
	return all
}

func TestIDsOfTwoRecordsDiffer(t *testing.T) {
	for name, a := range articles() {
		one := ids(t, AppendXML(nil, a, WriteOptions{IDPrefix: "a-"}))
		two := ids(t, AppendXML(nil, a, WriteOptions{IDPrefix: "b-"}))
		require.Len(t, two, len(one), name)
		if name == "rich" {
			assert.Greater(t, len(one), 15)
		}
		for id := range one {
			assert.False(t, two[id], "%s: %s is in both", name, id)
		}
	}
}

func TestAppendXMLChangesNothing(t *testing.T) {
	a := richArticle()
	first := AppendXML(nil, a, WriteOptions{})
	assert.Equal(t, richArticle(), a)
	assert.True(t, bytes.Equal(first, AppendXML(nil, a, WriteOptions{})))
}

func TestReadStatement(t *testing.T) {
	for _, tt := range []struct{ in, year, holder string }{
		{"© 2020 The Author(s)", "2020", "The Author(s)"},
		{"Copyright © 2020, Wang et al.", "2020", "Wang et al"},
		{"(c) A. Author, 2019", "2019", "A. Author"},
		{"© Иванов И.П., 2021", "2021", "Иванов И.П"},
		{"© 2019-2020 X", "", ""},
		{"© 2020 X. All rights reserved.", "2020", ""},
		{"Published 2020 by X", "2020", ""},
		{"All rights reserved", "", ""},
		{"© 12345 X", "", ""},
	} {
		y, h := readStatement(tt.in)
		assert.Equal(t, [2]string{tt.year, tt.holder}, [2]string{y, h}, tt.in)
	}
}

func BenchmarkAppendXML(b *testing.B) {
	for name, a := range map[string]*Article{"rich": richArticle(), "header": {Title: Title{Text: "T"}, Lang: "en", Journal: Journal{Title: Title{Text: "J"}, ISSNs: []ISSN{{"print", "1234-5679"}}, IDs: []ID{{"publisher-id", "j"}}},
		IDs: []ID{{"doi", "10.5555/1"}}, Contribs: []Contrib{{Names: []Name{{Surname: "A", GivenNames: "B"}}}, {Names: []Name{{Surname: "C", GivenNames: "D"}}}}, PubDates: []Date{{Type: "pub", Date: "2020-01-02"}}, Volume: "1", Issue: "2", FPage: "3", Abstracts: []Abstract{{P: []Rich{"An abstract."}}}}} {
		b.Run(name, func(b *testing.B) {
			buf := AppendXML(nil, a, WriteOptions{})
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				buf = AppendXML(buf[:0], a, WriteOptions{})
			}
		})
	}
}
