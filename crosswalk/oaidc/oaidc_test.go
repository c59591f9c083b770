package oaidc

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/flat"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

// values returns the text of each element of one kind, in order, with its language in front as in "en|Title".
func values(t testing.TB, doc []byte, element string) []string {
	t.Helper()
	var root struct {
		Elements []struct {
			XMLName xml.Name
			Lang    string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	require.NoError(t, xml.Unmarshal(doc, &root), "%s", doc)
	var out []string
	for _, e := range root.Elements {
		if e.XMLName.Local == element {
			if e.Lang != "" {
				e.Text = e.Lang + "|" + e.Text
			}
			out = append(out, e.Text)
		}
	}
	return out
}

const page = "https://sheaf.example.org/records/x"

// day is before every embargo ends.
var day = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func rendered(t testing.TB, a *jats.Article) []byte {
	t.Helper()
	b, err := Append(nil, flat.Of(a, "x", page, day))
	require.NoError(t, err)
	return b
}

func TestAppend(t *testing.T) {
	name := func(lang, surname, given string) jats.Name {
		return jats.Name{Lang: lang, Surname: surname, GivenNames: given}
	}
	for _, c := range []struct {
		name, element string
		article       jats.Article
		want          []string
	}{
		{"title and subtitle", "title", jats.Article{Lang: "en", Title: jats.Title{Text: "On <italic>x</italic> &amp; y", Subtitles: []jats.Rich{"A study"}}}, []string{"en|On x & y: A study"}},
		{"subtitle after a question", "title", jats.Article{Title: jats.Title{Text: "Why?", Subtitles: []jats.Rich{"Because"}}}, []string{"Why? Because"}},
		{"original first, then the others", "title", jats.Article{Lang: "ru", Title: jats.Title{Text: "Имя"}, TransTitles: []jats.Title{{Lang: "en", Text: "Name"}, {Lang: "ru-Latn", Text: "Imya"}}},
			[]string{"ru|Имя", "en|Name", "ru-Latn|Imya"}},
		{"only a translated title", "title", jats.Article{TransTitles: []jats.Title{{Lang: "en", Text: "Name"}}}, []string{"en|Name"}},
		{"no xml:lang that is not a tag", "title", jats.Article{Lang: "русский", Title: jats.Title{Text: "A"}}, []string{"A"}},
		{"blank title", "title", jats.Article{Title: jats.Title{Text: " \n "}}, nil},

		{"inverted, in order", "creator", jats.Article{Contribs: []jats.Contrib{{Names: []jats.Name{name("", "Roe", "A. B.")}}, {Type: "author", Names: []jats.Name{name("", "Doe", "Jane")}}}}, []string{"Roe, A. B.", "Doe, Jane"}},
		{"one name, in the article's script", "creator", jats.Article{Lang: "ru", Contribs: []jats.Contrib{{Names: []jats.Name{name("ru-Latn", "Ivanov", "I."), name("en", "Ivanov", "I."), name("ru", "Иванов", "И.")}}}}, []string{"Иванов, И."}},
		{"region does not matter", "creator", jats.Article{Lang: "en-GB", Contribs: []jats.Contrib{{Names: []jats.Name{name("ru", "Иванов", "И."), name("en", "Ivanov", "I.")}}}}, []string{"Ivanov, I."}},
		{"as printed where no form fits", "creator", jats.Article{Lang: "de", Contribs: []jats.Contrib{{Names: []jats.Name{name("zh", "李", "亮"), name("en", "Li", "Liang")}}}}, []string{"李, 亮"}},
		{"nameless and anonymous give nothing", "creator", jats.Article{Contribs: []jats.Contrib{{Positions: []jats.Text{{Text: "PhD"}}}, {Anonymous: true}}}, nil},
		{"parts of a name", "creator", jats.Article{Contribs: []jats.Contrib{{Names: []jats.Name{{GivenNames: "Suparjo"}}}, {Names: []jats.Name{{Surname: "Plato"}}}, {Names: []jats.Name{{Full: "J. van der Zee"}}},
			{Names: []jats.Name{{Surname: "King", GivenNames: "M.", Suffix: "Jr."}}}, {Names: []jats.Name{{Style: "islensk", Surname: "Jónsdóttir", GivenNames: "Anna"}}}}},
			[]string{"Suparjo", "Plato", "J. van der Zee", "King, M., Jr.", "Anna Jónsdóttir"}},
		{"two people of one name", "creator", jats.Article{Contribs: []jats.Contrib{{Names: []jats.Name{name("", "Wang", "Z.")}}, {Names: []jats.Name{name("", "Wang", "Z.")}}}}, []string{"Wang, Z.", "Wang, Z."}},
		{"group", "creator", jats.Article{Contribs: []jats.Contrib{{Collab: []jats.Text{{Text: "The X Group"}}, Members: []jats.Contrib{{Names: []jats.Name{name("", "Roe", "A.")}}}}}}, []string{"The X Group"}},
		{"members and editors", "contributor", jats.Article{Contribs: []jats.Contrib{{Collab: []jats.Text{{Text: "The X Group"}}, Members: []jats.Contrib{{Names: []jats.Name{name("", "Roe", "A.")}}}}, {Type: "editor", Names: []jats.Name{name("", "Poe", "E.")}}}},
			[]string{"Roe, A.", "Poe, E."}},

		{"keywords and codes", "subject", jats.Article{Lang: "en", KwdGroups: []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "a"}, {Text: "b"}, {Text: "a"}}}, {Lang: "ru", Kwds: []jats.Kwd{{Text: "а"}}}},
			SubjGroups: []jats.SubjGroup{{Type: "heading", Subjects: []jats.Subject{{Text: "Articles"}}}, {Type: "udc", Subjects: []jats.Subject{{Text: "53.08"}}},
				{Type: "msc", Subjects: []jats.Subject{{Text: "Number theory", Code: "11A41", URI: "https://zbmath.org/classification/?q=cc%3A11A41"}}},
				{Type: "jel", Subjects: []jats.Subject{{Text: "Growth", Code: "O4"}}}, {Subjects: []jats.Subject{{Text: "Physics"}}, Groups: []jats.SubjGroup{{Subjects: []jats.Subject{{Text: "Optics"}}}}}}},
			[]string{"en|a", "en|b", "ru|а", "udc:53.08", "https://zbmath.org/classification/?q=cc%3A11A41", "en|Number theory", "jel:O4", "en|Growth", "en|Physics", "en|Optics"}},

		{"paragraphs and sections", "description", jats.Article{Lang: "en", Abstracts: []jats.Abstract{{P: []jats.Rich{"One.", "p&lt;0.05."}}, {Lang: "ru", Secs: []jats.Sec{{Title: "Цель", P: []jats.Rich{"Раз.", "Два."}}, {Title: "Итог."}}}, {Type: "graphical"}}},
			[]string{"en|One.\np<0.05.", "ru|Цель: Раз.\nДва.\nИтог."}},

		{"the electronic date, as precise as known", "date", jats.Article{PubDates: []jats.Date{{Type: "collection", Date: "2021"}, {Type: "pub", Format: "print", Date: "2020-12-31"}, {Type: "pub", Format: "electronic", Date: "2020-11"}}}, []string{"2020-11"}},
		{"year of the collection", "date", jats.Article{PubDates: []jats.Date{{Type: "collection", Date: "2021"}}}, []string{"2021"}},
		{"season", "date", jats.Article{PubDates: []jats.Date{{Type: "pub", Date: "2021", Season: "Spring"}}}, []string{"2021"}},
		{"no date", "date", jats.Article{PubDates: []jats.Date{{Type: "pub", Text: "some day"}}, History: []jats.Date{{Type: "received", Date: "2020"}}}, nil},
		{"embargo", "date", jats.Article{PubDates: []jats.Date{{Type: "pub", Date: "2026-01-01"}}, Permissions: jats.Permissions{EmbargoEnd: "2027-01-01"}}, []string{"2026-01-01", "info:eu-repo/date/embargoEnd/2027-01-01"}},
		{"free later than published", "date", jats.Article{PubDates: []jats.Date{{Type: "pub", Date: "2026-01"}}, Permissions: jats.Permissions{FreeToRead: true, FreeFrom: "2026-07-01"}}, []string{"2026-01", "info:eu-repo/date/embargoEnd/2026-07-01"}},

		{"type and version", "type", jats.Article{ArticleType: "review-article", Version: &jats.Version{Type: "VoR"}}, []string{"info:eu-repo/semantics/review", "info:eu-repo/semantics/publishedVersion", "review article"}},
		{"unknown type", "type", jats.Article{ArticleType: "Haiku"}, []string{"info:eu-repo/semantics/other", "Haiku"}},
		{"no type", "type", jats.Article{}, []string{"info:eu-repo/semantics/other"}},

		{"source", "source", jats.Article{Lang: "en", Journal: jats.Journal{Title: jats.Title{Text: "Notes &amp; Data"}, ISSNs: []jats.ISSN{{Type: "print", Value: "1234-5679"}}}, Volume: "12", Issue: "3", FPage: "101", LPage: "110",
			PubDates: []jats.Date{{Type: "pub", Date: "2026-02-01"}}}, []string{"Notes & Data; Vol. 12, No 3 (2026); 101-110", "1234-5679"}},
		{"source without volume", "source", jats.Article{Journal: jats.Journal{Title: jats.Title{Text: "J"}}, Issue: "2", ElocationID: "e7"}, []string{"J; No 2; e7"}},
		{"numbers in words", "source", jats.Article{Journal: jats.Journal{Title: jats.Title{Text: "J"}}, Volume: "XII", Issue: "Special issue", PageRange: "1-2, 9", FPage: "1", LPage: "9", IssueTitles: []jats.Text{{Text: "On x"}}},
			[]string{"J; Vol. XII, Special issue; On x; 1-2, 9"}},
		{"abbreviated title and conference", "source", jats.Article{Journal: jats.Journal{AbbrevTitle: []jats.AltTitle{{Text: "J. X."}}}, Conferences: []jats.Conference{{Name: "XConf", Date: "May 2020", Loc: "Oslo"}}}, []string{"J. X.", "XConf; May 2020; Oslo"}},

		{"language", "language", jats.Article{Lang: "zh-Hans"}, []string{"zho"}},
		{"no language", "language", jats.Article{Lang: "und"}, nil},

		{"grants, related works, files", "relation", jats.Article{IDs: []jats.ID{{Type: "doi", Value: "10.5555/A"}, {Type: "pmid", Value: "1"}},
			Funding: jats.Funding{Awards: []jats.Award{{Funders: []jats.Funder{{Name: "EC", IDs: []jats.ID{{Type: "doi", Value: "10.13039/501100007601"}}}}, IDs: []string{"654321", "see text"}},
				{Funders: []jats.Funder{{Name: "A Local Fund"}}, IDs: []string{"7"}}, {Funders: []jats.Funder{{IDs: []jats.ID{{Value: "https://doi.org/10.13039/100004440"}}}}, IDs: []string{"1/Z"}}}},
			Links:         []jats.Link{{URL: "https://j.example.org/1.pdf", MIME: "application/pdf"}, {URL: "https://j.example.org/1", MIME: "text/html"}},
			Related:       []jats.Related{{Type: "companion", IDType: "doi", ID: "10.5555/B"}, {Object: true, Type: "dataset", IDType: "doi", ID: "10.5555/data"}, {IDType: "pmid", ID: "3"}},
			Supplementary: []jats.Supplementary{{URL: "https://j.example.org/s1.csv"}, {URL: "s2.csv"}}},
			[]string{"info:eu-repo/grantAgreement/EC/H2020/654321", "info:eu-repo/grantAgreement/WT//1%2FZ", "info:eu-repo/semantics/altIdentifier/doi/10.5555/A", "info:eu-repo/semantics/altIdentifier/pmid/1",
				"https://j.example.org/1.pdf", "https://doi.org/10.5555/B", "info:eu-repo/semantics/dataset/doi/10.5555/data", "https://j.example.org/s1.csv"}},
		{"no other work's DOI where there is none of its own", "relation", jats.Article{Related: []jats.Related{{IDType: "doi", ID: "10.5555/B"}, {IDType: "uri", ID: "https://j.example.org/2"}}}, []string{"https://j.example.org/2"}},

		{"format", "format", jats.Article{Links: []jats.Link{{URL: "https://j.example.org/1.pdf", MIME: "application/pdf"}, {URL: "https://j.example.org/1", MIME: "text/html"}}}, []string{"application/pdf"}},

		{"access unknown", "rights", jats.Article{}, nil},
		{"open by licence", "rights", jats.Article{Permissions: jats.Permissions{Licenses: []jats.License{{URI: "https://creativecommons.org/licenses/by/4.0/"}, {AppliesTo: "data", URI: "https://creativecommons.org/publicdomain/zero/1.0/"}}, Statements: []jats.Text{{Text: "© 2020 A"}}}},
			[]string{"info:eu-repo/semantics/openAccess", "https://creativecommons.org/licenses/by/4.0/", "© 2020 A"}},
		{"a data licence does not open the article", "rights", jats.Article{Permissions: jats.Permissions{Licenses: []jats.License{{AppliesTo: "data", URI: "https://creativecommons.org/publicdomain/zero/1.0/"}}}}, nil},
		{"restricted by price, which is not told", "rights", jats.Article{Permissions: jats.Permissions{Price: &jats.Price{Amount: "100", Currency: "RUB"}, Year: "2022", Holders: []jats.Text{{Text: "The Academy"}}}},
			[]string{"info:eu-repo/semantics/restrictedAccess", "© 2022 The Academy"}},
		{"a price of nothing", "rights", jats.Article{Permissions: jats.Permissions{Price: &jats.Price{Amount: "0.00", Currency: "RUB"}}}, nil},
		{"free for a time only", "rights", jats.Article{Permissions: jats.Permissions{FreeToRead: true, FreeUntil: "2020-09-01"}}, nil},
		{"free since publication", "rights", jats.Article{PubDates: []jats.Date{{Date: "2020-05"}}, Permissions: jats.Permissions{FreeToRead: true, FreeFrom: "2020-05-09"}}, []string{"info:eu-repo/semantics/openAccess"}},
		{"as the source says", "rights", jats.Article{Permissions: jats.Permissions{Access: "closed"}}, []string{"info:eu-repo/semantics/closedAccess"}},
		{"open in the source's word", "rights", jats.Article{Permissions: jats.Permissions{Licenses: []jats.License{{Type: "open-access", P: []jats.Rich{"Free."}}}}}, []string{"info:eu-repo/semantics/openAccess", "Free."}},
		{"open in the licence's words", "rights", jats.Article{Permissions: jats.Permissions{Licenses: []jats.License{{P: []jats.Rich{"An open-access article under a Creative Commons licence."}}}}},
			[]string{"info:eu-repo/semantics/openAccess", "An open-access article under a Creative Commons licence."}},
		{"a licence in words", "rights", jats.Article{Lang: "en", Permissions: jats.Permissions{Licenses: []jats.License{{P: []jats.Rich{"For <italic>private</italic> use."}}}}}, []string{"en|For private use."}},

		{"own page first, DOI last", "identifier", jats.Article{IDs: []jats.ID{{Type: "doi", Value: "10.5555/A<1>#x"}, {Type: "handle", Value: "123/4"}, {Type: "publisher-id", Value: "P1"}}, Links: []jats.Link{{URL: "https://doi.org/10.5555/A", MIME: "text/html"}, {URL: "https://j.example.org/1.pdf", MIME: "application/pdf"}, {URL: "https://j.example.org/1", MIME: "text/html"}}},
			[]string{"https://j.example.org/1", "https://hdl.handle.net/123/4", "https://doi.org/10.5555/A%3C1%3E%23x"}},
		{"the page here", "identifier", jats.Article{Links: []jats.Link{{URL: "1.html", MIME: "text/html"}}}, []string{page}},

		{"publisher", "publisher", jats.Article{Lang: "ru", Journal: jats.Journal{Publishers: []jats.Text{{Text: "Наука"}, {Lang: "en", Text: "Nauka"}}}}, []string{"Наука", "en|Nauka"}},
	} {
		t.Run(c.element+"/"+c.name, func(t *testing.T) {
			assert.Equal(t, c.want, values(t, rendered(t, &c.article), c.element))
		})
	}
}

func TestAppendKeepsWhatIsThereAndThePlaceholder(t *testing.T) {
	a := &jats.Article{Title: jats.Title{Text: "A\x00\x01\x0b\ufffe\U00020BB7e\u0301\xff"}}
	b, err := Append([]byte("before"), flat.Of(a, "a&b", "\x00/records/a&b", day))
	require.NoError(t, err)
	got := string(b)
	assert.True(t, strings.HasPrefix(got, "before<oai_dc:dc "), got)
	assert.Contains(t, got, "<dc:identifier>\x00/records/a&amp;b</dc:identifier>")
	assert.Contains(t, got, "<dc:title>A\n\U00020BB7e\u0301\ufffd</dc:title>")
}

// randomArticle fills every field that the format reads with text that is as hostile as Go strings can be.
func randomArticle(r *rand.Rand) *jats.Article {
	bits := []string{"", " ", "a", "Z", "10.5", "/", "<", "&", ">", "\"", "'", "]]>", "\x00", "\x01", "\x0b", "\r\n", "\x7f", "\xff", "\xed\xa0\x80", "\ufffe", "\uffff", "\u0085", "\u2028", "\u00ad", "\u200b", "é", "李", "\U00020BB7", "ال", "https://", "2020", "-01", "en", "-", "ru", "open", "text/html", "doi", "author", "editor"}
	s := func() string {
		var b strings.Builder
		for n := r.Intn(5); n > 0; n-- {
			b.WriteString(bits[r.Intn(len(bits))])
		}
		return b.String()
	}
	rich := func() jats.Rich {
		if r.Intn(4) == 0 {
			return "<bold>" + jats.Escape(s()) + "</bold>" + jats.Escape(s())
		}
		return jats.Escape(s())
	}
	pick := func(of ...string) string {
		if r.Intn(3) == 0 {
			return s()
		}
		return of[r.Intn(len(of))]
	}
	lang := func() string { return pick("", "en", "ru", "ru-Latn", "zh-Hans") }
	texts := func() []jats.Text {
		return []jats.Text{{Lang: lang(), Text: rich()}, {Lang: lang(), Text: rich()}}[:r.Intn(3)]
	}
	title := func() jats.Title {
		return jats.Title{Lang: lang(), Text: rich(), Subtitles: []jats.Rich{rich()}[:r.Intn(2)]}
	}
	id := func() jats.ID {
		return jats.ID{Type: pick("doi", "pmid", "handle", "publisher-id"), Value: pick("10.5555/x", "https://a.example.org/")}
	}
	date := func() jats.Date {
		return jats.Date{Type: pick("pub", "collection"), Format: pick("print", "electronic"), Date: pick("2020", "2020-02", "2020-02-03")}
	}
	person := func() jats.Contrib {
		return jats.Contrib{Type: pick("", "author", "editor"), Names: []jats.Name{{Lang: lang(), Surname: s(), GivenNames: s(), Suffix: s(), Full: s()}, {Lang: lang(), Surname: s()}}[:r.Intn(3)], Collab: texts()}
	}
	link := func() jats.Link {
		return jats.Link{URL: pick("https://a.example.org/1", "https://doi.org/10.5555/x", "https://a.example.org/1.pdf"), MIME: pick("", "text/html", "application/pdf")}
	}
	group := person()
	group.Members = []jats.Contrib{person()}
	return &jats.Article{ArticleType: pick("research-article", "retraction"), Lang: lang(), Title: title(), TransTitles: []jats.Title{title()}, Version: &jats.Version{Type: pick("VoR", "AM")},
		Journal: jats.Journal{Title: title(), TransTitles: []jats.Title{title()}, AbbrevTitle: []jats.AltTitle{{Text: rich()}}, ISSNs: []jats.ISSN{{Value: s()}}, Publishers: texts()},
		IDs:     []jats.ID{id(), id()}, SubjGroups: []jats.SubjGroup{{Type: pick("udc", "heading"), Lang: lang(), Subjects: []jats.Subject{{Text: rich(), Code: s(), URI: s()}}}},
		Contribs: []jats.Contrib{person(), group, person()}, PubDates: []jats.Date{date(), date()}, Volume: s(), Issue: s(), FPage: s(), LPage: s(), PageRange: s(), ElocationID: s(), IssueTitles: texts(),
		Permissions: jats.Permissions{Statements: texts(), Year: s(), Holders: texts(), Access: pick("", "open", "embargoed"), FreeToRead: r.Intn(2) == 0, FreeFrom: pick("", "2020-02-03", "2021-01-01"), EmbargoEnd: pick("", "2022-01-01"),
			Licenses: []jats.License{{URI: pick("", "https://creativecommons.org/licenses/by/4.0/"), Start: pick("", "2020-02-03"), P: []jats.Rich{rich()}}}, Price: &jats.Price{Amount: s()}},
		Links: []jats.Link{link(), link()}, Related: []jats.Related{{Object: r.Intn(2) == 0, Type: pick("dataset"), IDType: pick("doi", "uri"), ID: s()}}, Supplementary: []jats.Supplementary{{URL: s()}},
		Abstracts: []jats.Abstract{{Lang: lang(), P: []jats.Rich{rich(), rich()}, Secs: []jats.Sec{{Title: rich(), P: []jats.Rich{rich()}, Secs: []jats.Sec{{Title: rich()}}}}}},
		KwdGroups: []jats.KwdGroup{{Lang: lang(), Kwds: []jats.Kwd{{Text: rich()}, {Text: rich()}}}}, Conferences: []jats.Conference{{Name: rich(), Date: s(), Loc: rich()}},
		Funding: jats.Funding{Awards: []jats.Award{{Funders: []jats.Funder{{Name: pick("Horizon 2020")}}, IDs: []string{s()}}}}}
}

var elements = map[string]bool{"title": true, "creator": true, "subject": true, "description": true, "publisher": true, "contributor": true, "date": true, "type": true,
	"format": true, "identifier": true, "source": true, "language": true, "relation": true, "coverage": true, "rights": true}

var embargoEnd = regexp.MustCompile(`^info:eu-repo/date/embargoEnd/\d{4}-\d\d-\d\d$`)

// Whatever a clean article holds, the record is well-formed, has only the fifteen elements and none that is empty.
func TestAnyArticleGivesAGoodRecord(t *testing.T) {
	docs := map[string][]byte{}
	for seed := int64(0); seed < 3000; seed++ {
		a := randomArticle(rand.New(rand.NewSource(seed)))
		a.Clean()
		doc := rendered(t, a)
		require.Equal(t, doc, rendered(t, a), "seed %d: not the same twice", seed)
		require.True(t, utf8.Valid(doc), "seed %d", seed)
		d := xml.NewDecoder(bytes.NewReader(doc))
		var text strings.Builder
		for depth := 0; ; {
			tok, err := d.Token()
			if err == io.EOF {
				break
			}
			require.NoError(t, err, "seed %d: %q", seed, doc)
			switch tok := tok.(type) {
			case xml.StartElement:
				if depth++; depth == 2 {
					require.True(t, elements[tok.Name.Local], "seed %d: %s", seed, tok.Name.Local)
					require.Equal(t, "http://purl.org/dc/elements/1.1/", tok.Name.Space)
				}
				text.Reset()
			case xml.CharData:
				text.Write(tok)
			case xml.EndElement:
				if depth--; depth == 1 {
					require.NotEmpty(t, strings.TrimSpace(text.String()), "seed %d: empty %s", seed, tok.Name.Local)
				}
			}
		}
		dates := values(t, doc, "date")
		require.LessOrEqual(t, len(dates), 2, "seed %d", seed)
		for i, x := range dates {
			require.True(t, flat.IsDate(x) && i == 0 || embargoEnd.MatchString(x), "seed %d: date %q", seed, x)
		}
		if seed < 400 {
			docs[fmt.Sprint(seed)] = doc
		}
	}
	assert.Empty(t, fixturetest.XSD(t, "oai/oai_dc.xsd", docs))
}

func BenchmarkAppend(b *testing.B) {
	a := &jats.Article{ArticleType: "research-article", Lang: "ru", Title: jats.Title{Text: "Измерение <italic>x</italic> в тонких плёнках"}, IDs: []jats.ID{{Type: "doi", Value: "10.5555/x.1"}},
		Journal: jats.Journal{Title: jats.Title{Text: "Журнал"}, ISSNs: []jats.ISSN{{Value: "1234-5679"}}, Publishers: []jats.Text{{Text: "Наука"}}}, Volume: "1", Issue: "2", FPage: "3", LPage: "9",
		PubDates: []jats.Date{{Type: "pub", Format: "electronic", Date: "2020-02-03"}}, Permissions: jats.Permissions{Licenses: []jats.License{{URI: "https://creativecommons.org/licenses/by/4.0/"}}},
		Abstracts: []jats.Abstract{{P: []jats.Rich{jats.Rich(strings.Repeat("Слово за слово, и так весь реферат. ", 40))}}, {Lang: "en", P: []jats.Rich{jats.Rich(strings.Repeat("Word for word, the abstract &amp; no more. ", 40))}}}}
	for i := 0; i < 10; i++ {
		a.Contribs = append(a.Contribs, jats.Contrib{Names: []jats.Name{{Lang: "en", Surname: "Surname", GivenNames: "Given"}, {Lang: "ru", Surname: "Фамилия", GivenNames: "Имя"}}})
		a.KwdGroups = append(a.KwdGroups, jats.KwdGroup{Kwds: []jats.Kwd{{Text: jats.Rich(fmt.Sprint("слово ", i))}}})
	}
	dst := rendered(b, a)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = Append(dst[:0], flat.Of(a, "x", page, day))
	}
}
