package jats

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures"
	"sheaf/fixtures/fixturetest"
)

// article is a document with the given article-meta after the title, and back.
func article(meta, back string) []byte {
	return []byte(`<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:ali="http://www.niso.org/schemas/ali/1.0/" xml:lang="en"><front><article-meta><title-group><article-title>A title</article-title></title-group>` +
		meta + `</article-meta></front><body><p>not read</p></body><back>` + back + `</back></article>`)
}

func mustRead(t testing.TB, data []byte) (*Article, []Warning) {
	t.Helper()
	a, ws, err := Read(data)
	require.NoError(t, err)
	return a, ws
}

func codes(ws []Warning) (out []string) {
	for _, w := range ws {
		out = append(out, w.Code)
	}
	return
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"nothing":            {"", "no element"},
		"text":               {"hello", "text outside"},
		"another root":       {"<html/>", `root element "html"`},
		"no title":           {"<article><front/></article>", "has no title"},
		"empty title":        {"<article><front><article-meta><title-group><article-title> </article-title></title-group></article-meta></front></article>", "has no title"},
		"cut short":          {"<article>\n<front>", `line 2: the document ends inside element "front"`},
		"cut in the body":    {"<article><front></front><body><p>x", `the document ends inside element "p"`},
		"wrong end tag":      {"<article>\n<front></article>", `line 2: element "front" is closed by "article"`},
		"two articles":       {"<pmc-articleset><article/><article/></pmc-articleset>", "a second article"},
		"attribute twice":    {`<article a="1" a="2"/>`, "twice"},
		"attribute unquoted": {`<article a=1/>`, "not well-formed"},
		"bare ampersand":     {`<article><front>a & b</front></article>`, "bare '&'"},
		"entity bomb": {`<!DOCTYPE article [<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">` +
			bomb() + `]><article><front>&b9;</front></article>`, "without bound"},
		"entity that holds itself": {`<!DOCTYPE article [<!ENTITY a "&a;">]><article><front>&a;</front></article>`, "without bound"},
		"too deep":                 {"<article><body>" + strings.Repeat("<a>", 300), "nested more than 256 deep"},
		"unknown encoding":         {`<?xml version="1.0" encoding="klingon"?><article/>`, `encoding "klingon"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Read([]byte(c.in))
			assert.ErrorContains(t, err, c.want)
			var fault *Fault
			assert.ErrorAs(t, err, &fault)
		})
	}
}

func bomb() string {
	s := ""
	last := "a"
	for i := range 10 {
		n := fmt.Sprintf("b%d", i)
		s += "<!ENTITY " + n + ` "` + strings.Repeat("&"+last+";", 10) + `">`
		last = n
	}
	return s
}

func TestReadEncodings(t *testing.T) {
	const doc = `<article><front><article-meta><title-group><article-title>Déjà vu</article-title></title-group></article-meta></front></article>`
	u16 := func(order binary.AppendByteOrder) []byte {
		var b []byte
		for _, c := range utf16.Encode([]rune("\uFEFF" + doc)) {
			b = order.AppendUint16(b, c)
		}
		return b
	}
	for name, data := range map[string][]byte{
		"UTF-8 with BOM": []byte("\uFEFF" + doc),
		"UTF-16LE":       u16(binary.LittleEndian),
		"UTF-16BE":       u16(binary.BigEndian),
		"Latin-1":        []byte(`<?xml version="1.0" encoding="ISO-8859-1"?>` + strings.NewReplacer("é", "\xe9", "à", "\xe0").Replace(doc)),
		"prefix":         []byte(strings.NewReplacer("</", "</j:", "<a", "<j:a", "<f", "<j:f", "<t", "<j:t").Replace(strings.Replace(doc, "<article>", `<article xmlns:j="https://jats.nlm.nih.gov/ns/archiving/1.3/">`, 1))),
		"OAI envelope":   []byte(`<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><GetRecord><record><header/><metadata>` + strings.Replace(doc, "<article>", `<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/">`, 1) + `</metadata></record></GetRecord></OAI-PMH>`),
	} {
		a, _, err := Read(data)
		if assert.NoError(t, err, name) {
			assert.Equal(t, Rich("Déjà vu"), a.Title.Text, name)
		}
	}
	a, _ := mustRead(t, []byte("<?xml version='1.0' encoding='windows-1251'?>"+strings.Replace(doc, "Déjà vu", "\xcd\xe0\xf3\xea\xe0", 1)))
	assert.Equal(t, Rich("Наука"), a.Title.Text)
}

func TestReadEntities(t *testing.T) {
	a, ws := mustRead(t, []byte(`<!DOCTYPE article PUBLIC "-//x" "nowhere.dtd" [ <!ENTITY who "A &amp; B"> <!ENTITY file SYSTEM "file:///etc/passwd"> <!ENTITY % p SYSTEM "x"> %p; ]>
<article><front><article-meta><title-group><article-title>&eacute;&Agr;&b.alpha;&epsi; &who; &file;&nosuch;</article-title></title-group></article-meta></front></article>`))
	assert.Equal(t, Rich("éΑ𝛂ϵ A &amp; B &amp;nosuch;"), a.Title.Text)
	assert.ElementsMatch(t, []string{"entity-not-opened", "entity-not-opened", "entity-unknown"}, codes(ws))
}

// Every named character of the JATS entity sets is known.
func TestEntitySets(t *testing.T) {
	dir := filepath.Join(fixturetest.Schemas(t), "jats", "1.3", "dtd")
	decl := regexp.MustCompile(`<!ENTITY\s+([\w.]+)\s+"`)
	names := map[string]bool{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasPrefix(d.Name(), "iso") && !strings.HasPrefix(d.Name(), "mml") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, m := range decl.FindAllSubmatch(data, -1) {
			names[string(m[1])] = true
		}
		return err
	}))
	require.Greater(t, len(names), 1500)
	for n := range names {
		p := &parser{}
		s, err := p.reference(n, 0)
		assert.NoError(t, err, n)
		assert.Empty(t, p.warnings, n)
		assert.NotEmpty(t, s, n)
	}
}

func TestReadMends(t *testing.T) {
	a, ws := mustRead(t, []byte(strings.Replace(string(article(`
<contrib-group><contrib contrib-type="author" corresp="yes">
 <contrib-id contrib-id-type="orcid" authenticated="true">http://orcid.org/0000-0002-1825-0097</contrib-id>
 <name-alternatives><name xml:lang="ru_RU"><surname>Иванов</surname><given-names>И.</given-names></name><name xml:lang="EN"><surname>Ivanov</surname><given-names>I.</given-names></name></name-alternatives>
 <role vocab="CRediT" vocab-term="Writing - Original Draft">Writing</role><role content-type="position">Professor</role>
 <xref ref-type="aff" rid="a1">1</xref><xref ref-type="aff" rid="a9">9</xref><xref ref-type="corresp" rid="c1">*</xref></contrib>
 <contrib><contrib-id contrib-id-type="orcid">0000-0002-1825-0098</contrib-id><collab>The <italic>X</italic> Group<contrib-group><contrib><name><surname>Member</surname></name></contrib></contrib-group></collab></contrib></contrib-group>
<aff id="a1"><label>1</label><institution>ORNL</institution>, <country country="US">USA</country></aff>
<author-notes><corresp id="c1">mail <email>a@b.example</email></corresp></author-notes>
<pub-date pub-type="epub"><day>31</day><month>September</month><year>2020</year></pub-date><pub-date pub-type="ppub"><month>Sept.</month><year>2020</year></pub-date><pub-date pub-type="collection"><season>Spring</season><year>2021</year></pub-date>
<volume>1</volume><fpage>10</fpage><lpage>12</lpage>
<permissions><license license-type="open-access" xlink:href="http://www.creativecommons.org/licenses/by/4.0"><license-p>Text. Data: <ext-link xlink:href="https://creativecommons.org/publicdomain/zero/1.0/">CC0</ext-link></license-p></license></permissions>
`, "")), `xml:lang="en"`, `xml:lang="EN"`, 1)))
	assert.Equal(t, "en", a.Lang)
	require.Len(t, a.Contribs, 2)
	c := a.Contribs[0]
	yes := true
	assert.Equal(t, []ContribID{{"orcid", "https://orcid.org/0000-0002-1825-0097", &yes}}, c.IDs)
	assert.Equal(t, []Name{{Lang: "ru-RU", Surname: "Иванов", GivenNames: "И."}, {Lang: "en", Surname: "Ivanov", GivenNames: "I."}}, c.Names)
	assert.Equal(t, []Role{{Credit: "Writing – original draft", Text: "Writing"}}, c.Roles)
	assert.Equal(t, []Text{{Text: "Professor"}}, c.Positions)
	assert.Equal(t, []string{"aff1"}, c.Affs)
	assert.True(t, c.Corresp)
	assert.Empty(t, a.Contribs[1].IDs)
	assert.Equal(t, []Text{{Text: "The <italic>X</italic> Group"}}, a.Contribs[1].Collab)
	assert.Equal(t, "Member", a.Contribs[1].Members[0].Names[0].Surname)
	assert.Equal(t, []Aff{{ID: "aff1", Label: "1", Forms: []AffForm{{Text: `<institution>ORNL</institution>, <country country="US">USA</country>`,
		Institutions: []Institution{{Name: "ORNL"}}, Country: "USA", CountryCode: "US"}}}}, a.Affs)
	assert.Equal(t, []Date{{Type: "pub", Format: "electronic", Date: "2020-09"}, {Type: "pub", Format: "print", Date: "2020-09"}, {Type: "collection", Date: "2021", Season: "Spring"}}, a.PubDates)
	assert.Equal(t, "open", a.Permissions.Access)
	var uris []string
	for _, l := range a.Permissions.Licenses {
		uris = append(uris, l.URI+" "+l.AppliesTo)
	}
	assert.Contains(t, uris, "https://creativecommons.org/licenses/by/4.0/ ")
	for _, want := range []string{"lang-mended", "date-mended", "orcid-invalid", "rid-dropped"} {
		assert.Contains(t, codes(ws), want)
	}
}

// The mark of a footnote is no part of a title, raised or not; a raised number that points nowhere is.
func TestReadTitleMarks(t *testing.T) {
	for in, want := range map[string]Rich{
		`Mosses<sup><xref ref-type="fn" rid="f1">1</xref></sup>`:                                                           "Mosses",
		`Mosses<xref ref-type="fn" rid="f1"><sup>1</sup></xref>`:                                                           "Mosses",
		`<italic>Mosses<sup> <xref ref-type="fn" rid="f1">1</xref>, <xref ref-type="aff" rid="f2">2</xref></sup></italic>`: "<italic>Mosses</italic>",
		`Mosses on 5 m<sup>2</sup>`:                                     "Mosses on 5 m<sup>2</sup>",
		`<sup>14<xref ref-type="fn" rid="f1">*</xref></sup>C in mosses`: "<sup>14*</sup>C in mosses",
	} {
		a, _ := mustRead(t, []byte(`<article><front><article-meta><title-group><article-title>`+in+`</article-title><trans-title-group xml:lang="fr"><trans-title>`+in+
			`</trans-title></trans-title-group></title-group></article-meta></front></article>`))
		assert.Equal(t, want, a.Title.Text, in)
		assert.Equal(t, []Title{{Lang: "fr", Text: want}}, a.TransTitles, in)
	}
}

// A date in elements is believed before the same date as printed.
func TestReadDateBesideString(t *testing.T) {
	a, _ := mustRead(t, article(`<pub-date pub-type="ppub"><day>02</day><month>01</month><year>2022</year><string-date>February 2022</string-date></pub-date>
<pub-date pub-type="epub"><string-date><day>3</day> <month>May</month> <year>2021</year></string-date></pub-date>`, ""))
	assert.Equal(t, []Date{{Type: "pub", Format: "print", Date: "2022-01-02"}, {Type: "pub", Format: "electronic", Date: "2021-05-03"}}, a.PubDates)
}

func TestReadPubHistory(t *testing.T) {
	a, _ := mustRead(t, article(`<pub-date><year>2020</year></pub-date><pub-history>
<event><event-desc>Posted</event-desc><date date-type="preprint"><day>9</day><month>10</month><year>2024</year></date><self-uri content-type="preprint" xlink:href="https://doi.org/10.5555/p"/></event>
<event><event-desc>Reviewed</event-desc><self-uri content-type="review" xlink:href="https://doi.org/10.5555/q">Review 1</self-uri></event></pub-history>`, ""))
	assert.Equal(t, []Date{{Type: "preprint", Date: "2024-10-09"}}, a.History)
	assert.Equal(t, []Related{{Object: true, Type: "preprint", IDType: "doi", ID: "10.5555/p", Text: "Posted"}, {Object: true, Type: "review", IDType: "doi", ID: "10.5555/q", Text: "Review 1"}}, a.Related)
	require.Len(t, a.Notes, 1)
	assert.Equal(t, []Rich{"Reviewed"}, a.Notes[0].P)
}

func TestReadReferences(t *testing.T) {
	a, _ := mustRead(t, article("", `<ref-list><title>References</title>
<ref id="r1"><label>1.</label><element-citation publication-type="journal"><person-group person-group-type="author"><name><surname>Ng</surname><given-names>A</given-names></name><etal/></person-group>
 <article-title xml:lang="ru-Latn">Nauka</article-title> <trans-title xml:lang="en">Science</trans-title> <source>J</source> <year>2001a</year> <month>May</month> <volume>2</volume> <fpage>3</fpage> <lpage>4</lpage> <pub-id pub-id-type="doi">https://doi.org/10.5555/x</pub-id></element-citation></ref>
<ref><citation-alternatives><mixed-citation xml:lang="ru">Один</mixed-citation><mixed-citation xml:lang="en">One (In Russ.)</mixed-citation></citation-alternatives></ref>
<ref><mixed-citation>First</mixed-citation><mixed-citation>Second</mixed-citation></ref>
<ref><note><p>No citation</p></note></ref>
<ref><nlm-citation citation-type="book"><source>B</source><access-date>12 March 2020</access-date></nlm-citation></ref></ref-list>`))
	require.Len(t, a.Refs, 5)
	c := a.Refs[0].Citations[0]
	assert.Equal(t, "1.", a.Refs[0].Label)
	assert.True(t, c.Elements)
	assert.Equal(t, []PersonGroup{{Type: "author", Persons: []Person{{Names: []Name{{Surname: "Ng", GivenNames: "A"}}}}, EtAl: true}}, c.PersonGroups)
	assert.Equal(t, []Text{{"ru-Latn", "Nauka"}, {"en", "Science"}}, c.Titles)
	assert.Equal(t, "2001-05", c.Date)
	assert.Equal(t, "2001a", c.Year)
	assert.Equal(t, []ID{{"doi", "10.5555/x"}}, c.IDs)
	assert.False(t, a.Refs[1].Distinct)
	assert.Equal(t, "In Russ.", a.Refs[1].Citations[1].LangNote)
	assert.True(t, a.Refs[2].Distinct)
	assert.Equal(t, []Rich{"No citation"}, a.Refs[3].Notes)
	assert.Equal(t, "2020-03-12", a.Refs[4].Citations[0].AccessDate)
	assert.Empty(t, a.Refs[0].List)
}

func TestClean(t *testing.T) {
	a := &Article{Lang: "EN", Title: Title{Text: "<b>T</b>  x\x01"}, IDs: []ID{{"doi", "https://doi.org/10.5555/A"}, {"doi", "none"}, {}},
		Affs:     []Aff{{ID: "a", Forms: []AffForm{{City: "X"}}}, {ID: "a", Forms: []AffForm{{City: "Y"}}}, {ID: "b"}},
		Contribs: []Contrib{{}, {Affs: []string{"a", "zz", "a"}, Names: []Name{{Full: " A  B "}}, IDs: []ContribID{{Type: "orcid", Value: "0000-0002-1825-009"}}}},
		Journal:  Journal{ISSNs: []ISSN{{Value: "03785955"}, {Value: "1234-5678"}}}, PubDates: []Date{{Date: "2021-02-30"}, {Date: "soon"}},
		Links: []Link{{URL: "javascript:alert(1)"}, {URL: "https://a.example/"}}, LPage: "9"}
	ws := a.Clean()
	assert.Equal(t, &Article{Lang: "en", Title: Title{Text: "<bold>T</bold> x"}, IDs: []ID{{"doi", "10.5555/A"}, {"other", "none"}},
		Affs:     []Aff{{ID: "a", Forms: []AffForm{{City: "X"}}}, {ID: "a-2", Forms: []AffForm{{City: "Y"}}}},
		Contribs: []Contrib{{Affs: []string{"a"}, Names: []Name{{Full: "A B"}}}},
		Journal:  Journal{ISSNs: []ISSN{{Value: "0378-5955"}}}, PubDates: []Date{{Date: "2021-02"}, {Text: "soon"}},
		Links: []Link{{URL: "https://a.example/"}}, PageRange: "9"}, a)
	assert.Subset(t, codes(ws), []string{"lang-mended", "char-dropped", "doi-invalid", "rid-dropped", "orcid-invalid", "issn-invalid", "date-mended", "url-dropped", "lpage-moved"})
	assert.Empty(t, a.Clean())
	assert.Empty(t, a.Problems())
	assert.NotEmpty(t, (&Article{}).Problems())
}

func TestSmallReaders(t *testing.T) {
	for in, want := range map[string]string{"EN": "en", "ru_RU": "ru-RU", "eng": "en", "zh-hans-cn": "zh-Hans-CN", "ru-latn": "ru-Latn", "English": "en", "x": "", "12": "", "en--us": "", "": "", "de-1996": "de-1996"} {
		got, _ := mendLang(in)
		assert.Equal(t, want, got, in)
	}
	for in, want := range map[string]int{"September": 9, "Sept.": 9, "09": 9, "мая": 5, "août": 8, "13": 0, "": 0, "Spring": 0} {
		assert.Equal(t, want, monthOf(in), in)
	}
	for in, want := range map[string]string{"2020-02-29": "2020-02-29", "2021-02-29": "2021-02", "20200102": "2020-01-02", "2020-13": "2020", "2020-01-01T00:00:00Z": "2020-01-01", "0000": "", "x": "", "2020-00-10": "2020"} {
		assert.Equal(t, want, isoDate(in), in)
	}
	for in, want := range map[string]string{"http://dx.doi.org/10.5555/A%28b": "10.5555/A(b", "doi: 10.5555/x": "10.5555/x", "10.5555/": "", "see 10.5555/x": "", "10.5555/a b": ""} {
		assert.Equal(t, want, bareDOI(in), in)
	}
	for in, want := range map[string]string{"http://www.creativecommons.org/licenses/by/4.0/legalcode": "https://creativecommons.org/licenses/by/4.0/", "https://a.example/L": "https://a.example/L", "CC BY": ""} {
		assert.Equal(t, want, licenseURI(in), in)
	}
	for in, want := range map[string]string{"Writing – Review & Editing": "Writing – review & editing", "https://credit.niso.org/contributor-roles/data-curation/": "Data curation", "Author": ""} {
		assert.Equal(t, want, credit(in), in)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(article("", ""))
	f.Add(article(`<contrib-group><contrib><collab>x<contrib-group/></collab></contrib></contrib-group><aff-alternatives><aff id="a"/></aff-alternatives>`, `<ref-list><ref><mixed-citation><year>2001</year></mixed-citation></ref></ref-list>`))
	f.Add([]byte(`<!DOCTYPE article [<!ENTITY a "b">]><article><front><article-meta><title-group><article-title>&a;&lt;i&gt;x&lt;/i&gt;</article-title></title-group><abstract><sec><title>A</title><list><list-item><p>x</p></list-item></list></sec></abstract></article-meta></front></article>`))
	f.Add(article(`<permissions><license><ali:license_ref>x</ali:license_ref></license></permissions><funding-group><award-group><funding-source/></award-group></funding-group><kwd-group><kwd>a</kwd></kwd-group><pub-date><year>1</year></pub-date>`, ""))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		start := time.Now()
		a, _, err := Read(data)
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("%v for %d bytes", took, len(data))
		}
		if err != nil {
			return
		}
		js, err := json.Marshal(a)
		require.NoError(t, err)
		var back Article
		require.NoError(t, json.Unmarshal(js, &back))
		require.Equal(t, a, &back)
		if ws := back.Clean(); len(ws) > 0 {
			t.Fatalf("a clean article had to be cleaned: %v", ws)
		}
		js2, err := json.Marshal(&back)
		require.NoError(t, err)
		if !bytes.Equal(js, js2) {
			t.Fatalf("Clean changed\n%s\nto\n%s", js, js2)
		}
	})
}

// Trees share memory with those that were read before them; articles share none.
func TestReadAtATime(t *testing.T) {
	files, err := fs.Glob(fixtures.FS, "articles/*.xml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	first := map[string]*Article{}
	for round := range 4 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		for _, name := range files {
			wg.Go(func() {
				data, err := fs.ReadFile(fixtures.FS, name)
				assert.NoError(t, err)
				a, _, err := Read(data)
				if err != nil {
					return // another format
				}
				mu.Lock()
				defer mu.Unlock()
				if round == 0 {
					first[name] = a
				}
				assert.Equal(t, first[name], a, name)
			})
		}
		wg.Wait()
	}
	assert.NotEmpty(t, first)
}

func benchmarkArticle(b *testing.B) []byte {
	var refs strings.Builder
	for i := range 30 {
		fmt.Fprintf(&refs, `<ref id="r%d"><label>%d</label><element-citation publication-type="journal"><person-group person-group-type="author"><name><surname>Surname%d</surname><given-names>A</given-names></name><name><surname>Other</surname><given-names>B C</given-names></name></person-group>
<article-title>On the matter of things number %d</article-title><source>Journal of Things</source><year>2001</year><volume>12</volume><issue>3</issue><fpage>101</fpage><lpage>110</lpage><pub-id pub-id-type="doi">10.5555/ref.%d</pub-id></element-citation></ref>`, i, i, i, i, i)
	}
	return article(`<contrib-group><contrib contrib-type="author"><name><surname>Ng</surname><given-names>A</given-names></name><xref ref-type="aff" rid="a1"/></contrib></contrib-group><aff id="a1">Somewhere</aff>
<abstract><p>`+strings.Repeat("A sentence with <italic>emphasis</italic> and 10<sup>2</sup> more words. ", 40)+`</p></abstract>`, "<ref-list>"+refs.String()+"</ref-list>")
}

func BenchmarkRead(b *testing.B) {
	data := benchmarkArticle(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Read(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkClean(b *testing.B) {
	a, _, err := Read(benchmarkArticle(b))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		a.Clean()
	}
}

// What JATS has no element for comes back from what the writer wrote.
func TestReadsItsOwnFacts(t *testing.T) {
	a := &Article{
		Lang: "en", Title: Title{Text: "A"}, Status: "Published",
		Permissions: Permissions{Access: "embargoed", EmbargoEnd: "2027-01-31", Price: &Price{"100", "RUB"}},
		CustomMeta:  []CustomMeta{{Name: "shelf", Value: "7"}},
	}
	a.Clean()
	b, _, err := Read(AppendXML(nil, a, WriteOptions{Standalone: true}))
	require.NoError(t, err)
	assert.Equal(t, a.Status, b.Status)
	assert.Equal(t, "embargoed", b.Permissions.Access)
	assert.Equal(t, "2027-01-31", b.Permissions.EmbargoEnd)
	assert.Equal(t, a.Permissions.Price, b.Permissions.Price)
	assert.Equal(t, a.CustomMeta, b.CustomMeta)
}
