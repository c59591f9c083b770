package marc_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/loc"
	"sheaf/crosswalk/marc"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

const schema = "indexers/marc21/MARC21slim.xsd"

type subfield struct {
	Code string `xml:"code,attr"`
	Text string `xml:",chardata"`
}

type field struct {
	Tag       string     `xml:"tag,attr"`
	Ind1      string     `xml:"ind1,attr"`
	Ind2      string     `xml:"ind2,attr"`
	Subfields []subfield `xml:"subfield"`
	Text      string     `xml:",chardata"`
}

type record struct {
	XMLName xml.Name `xml:"http://www.loc.gov/MARC21/slim record"`
	Leader  string   `xml:"leader"`
	Control []field  `xml:"controlfield"`
	Data    []field  `xml:"datafield"`
}

func parse(t testing.TB, doc []byte) (r record) {
	t.Helper()
	require.NoError(t, xml.Unmarshal([]byte(strings.ReplaceAll(string(doc), element.Site, "https://sheaf.example.org")), &r), "%s", doc)
	return r
}

func render(t testing.TB, a *jats.Article) record {
	t.Helper()
	doc, err := marc.Append(nil, crosswalktest.Record(a))
	require.NoError(t, err)
	return parse(t, doc)
}

func (r record) control(tag string) string {
	for _, f := range r.Control {
		if f.Tag == tag {
			return f.Text
		}
	}
	return ""
}

// fields returns the fields with a tag as librarians write them: "10 $aThe title$bsubtitle", # for a blank indicator.
func (r record) fields(tag string) (out []string) {
	for _, f := range r.Data {
		if f.Tag == tag {
			s := strings.ReplaceAll(f.Ind1+f.Ind2, " ", "#") + " "
			for _, x := range f.Subfields {
				s += "$" + x.Code + x.Text
			}
			out = append(out, s)
		}
	}
	return out
}

// with is an article with a title and what change gives it.
func with(change func(a *jats.Article)) *jats.Article {
	a := &jats.Article{Title: jats.Title{Text: "X"}}
	change(a)
	return a
}

func TestAppend(t *testing.T) {
	rich := crosswalktest.Rich()
	for _, c := range []struct {
		tag     string
		article *jats.Article
		want    []string
	}{
		{"020", rich, nil},
		{"024", rich, []string{"7# $a10.5555/Rich.1$2doi", "8# $apmid:123", "7# $a20.500/1$2hdl"}},
		{"041", rich, []string{"## $aeng$beng$bger"}},
		{"041", with(func(a *jats.Article) { a.ArticleType, a.Lang = "translation", "cs" }), []string{"1# $acze"}},
		{"050", rich, []string{"#4 $aQA612"}},
		{"080", rich, []string{"## $a53.08"}},
		{"084", rich, []string{"## $a530$2ddc", "## $a18F20$2msc"}},
		{"100", rich, []string{"1# $6880-01$aIvanov, Ivan I.$uUniversity of Oslo, Norway; Institute B$0(orcid)0000-0002-1825-0097$1https://orcid.org/0000-0002-1825-0097$4aut"}},
		{"700", rich, []string{"1# $aKing, Martin$cJr.$uUniversity of Oslo, Norway$4aut", "0# $aJ. van der Zee$4aut", "0# $aSuparjo$4aut", "0# $aAnna Jónsdóttir$4aut",
			"1# $aMember, M.$4ctb", "1# $aPoe, E.$4edt", "1# $aBall, B.$ejuggler$4ctb"}},
		{"710", rich, []string{"2# $aThe Sheaf Group$4aut"}},
		{"110", with(func(a *jats.Article) { a.Contribs = rich.Contribs[5:6] }), []string{"2# $aThe Sheaf Group$4aut"}},
		{"100", with(func(a *jats.Article) { a.Contribs = rich.Contribs[6:7] }), nil},
		{"880", rich, []string{"1# $6100-01/(N$aИванов, Иван И."}},
		{"880", with(func(a *jats.Article) {
			a.Lang, a.Contribs = "ar", []jats.Contrib{{Type: "editor", Names: []jats.Name{{Lang: "en", Surname: "Haddad", GivenNames: "S."}, {Lang: "ar", Surname: "حداد", GivenNames: "سامي"}}},
				{Names: []jats.Name{{Lang: "ar", Surname: "علي"}, {Lang: "en", Surname: "Ali"}, {Lang: "fr", Surname: "Aly"}}}}
		}), []string{"1# $6100-01/(B$aAli", "1# $6700-02/(B$aHaddad, S."}},
		{"245", rich, []string{"14 $aThe sheaf & its stalks$ba study : part two"}},
		{"245", with(func(*jats.Article) {}), []string{"00 $aX"}},
		{"245", with(func(a *jats.Article) {
			a.Title, a.Lang = jats.Title{Text: "«L’été»", Subtitles: []jats.Rich{"b"}}, "fr"
		}), []string{"03 $a«L’été»$bb"}},
		{"245", with(func(a *jats.Article) { a.Title, a.Lang = jats.Title{Lang: "de", Text: "The sheaf"}, "en" }), []string{"00 $aThe sheaf"}},
		{"245", with(func(a *jats.Article) {
			a.Title = jats.Title{}
			a.TransTitles = []jats.Title{{Lang: "en", Text: "The sheaf"}}
		}), []string{"04 $aThe sheaf"}},
		{"246", rich, []string{"31 $aDie Garbe und ihre Halme", "3# $aЗе шиф", "37 $aSheaf and stalks", "3# $aSheaf"}},
		{"264", rich, []string{"#1 $aOslo$bSheaf Press$c2026-02-03", "#4 $c©2026"}},
		{"264", with(func(*jats.Article) {}), nil},
		{"336", rich, []string{"## $atext$btxt$2rdacontent"}},
		{"338", rich, []string{"## $aonline resource$bcr$2rdacarrier"}},
		{"338", with(func(*jats.Article) {}), nil},
		{"490", with(func(a *jats.Article) { a.ArticleType, a.Journal, a.Volume = "book", rich.Journal, "7" }), []string{"0# $aJournal of Sheaves$x1234-5679$vVol. 7"}},
		{"504", rich, []string{"## $aIncludes bibliographical references$b2"}},
		{"506", rich, []string{"0# $aopen access$fUnrestricted online access$uhttp://purl.org/coar/access_right/c_abf2$2star"}},
		{"506", with(func(a *jats.Article) { a.Permissions.EmbargoEnd = "2027-01-31" }), []string{"1# $aembargoed access$g20270131$uhttp://purl.org/coar/access_right/c_f1cf"}},
		{"506", with(func(a *jats.Article) { a.Permissions.EmbargoEnd = "2026-01-31" }), []string{"0# $aopen access$fUnrestricted online access$uhttp://purl.org/coar/access_right/c_abf2$2star"}},
		{"506", with(func(*jats.Article) {}), nil},
		{"520", rich, []string{"3# $aOne. Two < three.", "3# $aEins.", "## $aSimply."}},
		{"536", rich, []string{"## $aEuropean Commission$c654321", "## $aFunded by the EC."}},
		{"540", rich, []string{"## $aDistributed under CC BY.$fCC BY 4.0$uhttps://creativecommons.org/licenses/by/4.0/$2cc"}},
		{"540", with(func(a *jats.Article) { a.Permissions.Licenses = []jats.License{{URI: "https://j.example.org/terms"}} }), []string{"## $uhttps://j.example.org/terms"}},
		{"542", rich, []string{"## $dThe Authors$f© 2026 The Authors$g2026"}},
		{"650", rich, []string{"#2 $aPlant Stems"}},
		{"653", rich, []string{"## $asheaf", "## $astalk", "## $aGarbe", "## $aSheaves", "## $avak:01.01.04"}},
		{"655", rich, []string{"#4 $aresearch article$0http://purl.org/coar/resource_type/c_2df8fbb1"}},
		{"655", with(func(a *jats.Article) { a.ArticleType = "Haiku" }), []string{"#4 $aother$0http://purl.org/coar/resource_type/c_1843", "#4 $aHaiku"}},
		{"711", rich, []string{"2# $aSheafConf$n3$dMay 2025$cOslo"}},
		{"773", rich, []string{"0# $7nnas$tJournal of Sheaves$gVol. 12, no. 3 (2026), p. 101-110$x1234-5679$pJ. Sheaves$q12:3<101", "1# $7nnas$tJournal of Sheaves$x2049-3630"}},
		{"773", with(func(a *jats.Article) { a.Journal.Title.Text, a.Issue, a.ElocationID = "J", "Suppl. 2", "e7" }), []string{"0# $7nnas$tJ$gSuppl. 2, e7"}},
		{"773", with(func(*jats.Article) {}), nil},
		{"787", rich, []string{"08 $ipreprint$ohttps://doi.org/10.5555/pre", "08 $icorrected article$ohttps://doi.org/10.5555/B", "08 $idataset$ohttps://doi.org/10.5555/data", "08 $icompanion$ohttps://j.example.org/2",
			"08 $ireview of$nDoe J. On stalks. 2025."}},
		{"856", rich, []string{"40 $uhttps://j.example.org/1.pdf$qapplication/pdf$70", "42 $3Landing page$uhttps://j.example.org/1", "42 $3Table S1$uhttps://j.example.org/s1.csv$qtext/csv"}},
		{"856", with(func(a *jats.Article) { a.IDs = []jats.ID{{Type: "doi", Value: "10.5555/y"}} }), []string{"42 $3Landing page$uhttps://sheaf.example.org/records/10.5555/y"}},
	} {
		assert.Equal(t, c.want, render(t, c.article).fields(c.tag), c.tag)
	}
}

func TestFixedFields(t *testing.T) {
	journal := jats.Journal{Title: jats.Title{Text: "J"}}
	online := []jats.Date{{Type: "pub", Format: "electronic", Date: "2026-02-03"}}
	for _, c := range []struct {
		name, leader, code string
		article            *jats.Article
	}{
		{"article online", "00000nab a22000003n 4500", "000000e20260203xx || ||o||||||   ||rus d", with(func(a *jats.Article) { a.Lang, a.Journal, a.PubDates = "ru", journal, online })},
		{"month", "00000nab a22000003n 4500", "000000e202602  xx || |||||||||   ||chi d", with(func(a *jats.Article) {
			a.Lang, a.Journal, a.PubDates = "zh-Hans", journal, []jats.Date{{Date: "2026-02"}}
		})},
		{"year", "00000nab a22000003n 4500", "000000s2026    xx || |||||||||   ||ara d", with(func(a *jats.Article) { a.Lang, a.Journal, a.PubDates = "ar", journal, []jats.Date{{Date: "2026"}} })},
		{"no host, no date, no language", "00000nam a22000003n 4500", "000000nuuuuuuuuxx |||||||||||||| ||    d", with(func(*jats.Article) {})},
		{"conference paper", "00000nab a22000003n 4500", "000000nuuuuuuuuxx || ||||||||1   ||    d", with(func(a *jats.Article) { a.ArticleType, a.Journal = "conference-paper", journal })},
		{"thesis", "00000nam a22000003n 4500", "000000nuuuuuuuuxx ||||||m   |||| ||    d", with(func(a *jats.Article) { a.ArticleType = "dissertation" })},
		{"chapter", "00000naa a22000003n 4500", "000000nuuuuuuuuxx |||||||||||||| ||    d", with(func(a *jats.Article) { a.ArticleType, a.Journal = "book-chapter", journal })},
		{"dataset", "00000nmm a22000003n 4500", "000000nuuuuuuuuxx     ||  | |          d", with(func(a *jats.Article) { a.ArticleType = "dataset" })},
		{"software", "00000nmm a22000003n 4500", "000000nuuuuuuuuxx     |o  b |          d", with(func(a *jats.Article) {
			a.ArticleType = "software"
			a.Links = []jats.Link{{URL: "https://a.example.org/x.zip", MIME: "application/zip"}}
		})},
	} {
		r := render(t, c.article)
		assert.Equal(t, c.leader, r.Leader, c.name)
		assert.Equal(t, c.code, r.control("008"), c.name)
	}
}

func TestRefuses(t *testing.T) {
	for _, a := range []*jats.Article{{}, {Title: jats.Title{Text: "\u200b"}}} {
		doc, err := marc.Append([]byte("x"), crosswalktest.Record(a))
		var cannot *flat.Cannot
		require.ErrorAs(t, err, &cannot)
		assert.Equal(t, "no-title", cannot.Code)
		assert.Nil(t, doc)
	}
}

// A long abstract is parted between words, or between characters where there are no blanks, and nothing of it is lost.
func TestLongAbstract(t *testing.T) {
	for _, text := range []string{strings.Repeat("слово ", 3000), strings.Repeat("文", 9000)} {
		a := with(func(a *jats.Article) { a.Abstracts = []jats.Abstract{{P: []jats.Rich{jats.Rich(text)}}} })
		var all []string
		for _, f := range render(t, a).Data {
			if f.Tag == "520" {
				require.LessOrEqual(t, len(f.Subfields[0].Text), 9900)
				all = append(all, f.Subfields[0].Text)
			}
		}
		require.Greater(t, len(all), 2)
		assert.Equal(t, strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(strings.Join(all, ""), " ", ""))
		check(t, "long", crosswalktest.Record(a), must(marc.Append(nil, crosswalktest.Record(a))))
	}
}

func must(doc []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return doc
}

func TestGolden(t *testing.T) { crosswalktest.Golden(t, marc.Append, "rich", crosswalktest.Rich()) }

// formats is what MARC 21 says of the fields that are written: tag, R or NR, values of the two indicators (_ for a blank), subfields, with + the repeatable ones.
//
// Source: MARC 21 Format for Bibliographic Data.
const formats = `
020 R _ _ a c q+ z+ 6 8+
024 R 0123478 _01 a c d q+ z+ 2 6 8+
041 R _01 _7 a+ b+ d+ e+ f+ g+ h+ i+ j+ k+ m+ n+ p+ q+ r+ t+ 2 6 8+
050 R _01 04 a+ b 0+ 1+ 3 6 8+
080 R _01 _ a b x+ 0+ 1+ 2 6 8+
084 R _ _ a+ b q 0+ 1+ 2 6 8+
100 NR 013 _ a b c+ d e+ f g+ j+ k+ l n+ p+ q t u 0+ 1+ 2 4+ 6 8+
110 NR 012 _ a b+ c+ d+ e+ f g+ k+ l n+ p+ t u 0+ 1+ 2 4+ 6 8+
245 NR 01 0123456789 a b c f g h k+ n+ p+ s 6 8+
246 R 0123 _012345678 a b f g h i n+ p+ 5 6 8+
264 R _23 01234 a+ b+ c+ 3 6 8+
336 R _ _ a+ b+ 0+ 1+ 2 3 6 8+
337 R _ _ a+ b+ 0+ 1+ 2 3 6 8+
338 R _ _ a+ b+ 0+ 1+ 2 3 6 8+
490 R 01 _ a+ l v+ x+ 3 6 8+
504 R _ _ a b 6 8+
506 R _01 _ a b+ c+ d+ e+ f+ g+ q u+ 2 3 5 6 8+
520 R _012348 _ a b c u+ 2 3 6 8+
536 R _ _ a b+ c+ d+ e+ f+ g+ h+ 6 8+
540 R _ _ a b c d f+ g+ q u+ 2 3 5 6 8+
542 R _01 _ a b c d+ e+ f+ g h+ i j+ k+ l m n+ o p+ q+ r s u+ 3 6 8+
650 R _012 01234567 a b c d e+ g+ 4+ v+ x+ y+ z+ 0+ 1+ 2 3 6 8+
653 R _012 _0123456 a+ 6 8+
655 R _0 01234567 a b+ c+ v+ x+ y+ z+ 0+ 1+ 2 3 5 6 8+
700 R 013 _2 a b c+ d e+ f g+ h i+ j+ k+ l m+ n+ o p+ q r s t u x 0+ 1+ 2 3 4+ 5 6 8+
710 R 012 _2 a b+ c+ d+ e+ f g+ h i+ k+ l m+ n+ o p+ r s t u x 0+ 1+ 2 3 4+ 5 6 8+
711 R 012 _2 a c+ d+ e+ f g+ h i+ j+ k+ l n+ p+ q s t u x 0+ 1+ 2 3 4+ 5 6 8+
773 R 01 _8 a b d g+ h i+ k+ m n+ o+ p q r+ s t u w+ x y z+ 3 4+ 6 7 8+
787 R 01 _8 a b c d g+ h i+ k+ m n+ o+ r+ s t u w+ x y z+ 4+ 6 7 8+
856 R _012347 _01238 a+ c+ d+ f+ g+ h+ l+ m+ n+ o p q+ r+ s+ t+ u+ v+ w+ x+ y+ z+ 2 3 6 7 8+
`

type rule struct {
	once       bool
	ind1, ind2 string
	subfields  map[string]bool // whether repeatable
}

var rules = func() map[string]rule {
	out := map[string]rule{}
	for line := range strings.Lines(strings.TrimSpace(formats)) {
		w := strings.Fields(line)
		r := rule{once: w[1] == "NR", ind1: strings.ReplaceAll(w[2], "_", " "), ind2: strings.ReplaceAll(w[3], "_", " "), subfields: map[string]bool{}}
		for _, s := range w[4:] {
			r.subfields[s[:1]] = strings.HasSuffix(s, "+")
		}
		out[w[0]] = r
	}
	return out
}()

// problems tells what is wrong with a record by the rules of MARC 21 that no schema has.
func problems(r record) (out []string) {
	bad := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if len(r.Leader) != 24 {
		bad("leader of %d characters", len(r.Leader))
		return out
	}
	level := r.Leader[6:8]
	for _, x := range []struct {
		at    int
		codes string
	}{{5, "acdnp"}, {6, "acdefgijkmoprt"}, {7, "abcdims"}, {8, " a"}, {9, " a"}, {10, "2"}, {11, "2"}, {17, " 1234578uz"}, {18, " acinu"}, {19, " abc"}} {
		if !strings.Contains(x.codes, r.Leader[x.at:x.at+1]) {
			bad("leader/%02d %q", x.at, r.Leader[x.at])
		}
	}
	seen := map[string]int{}
	last := ""
	for _, c := range r.Control {
		seen[c.Tag]++
		if c.Tag <= last {
			bad("control field %s after %s", c.Tag, last)
		}
		last = c.Tag
	}
	if seen["001"] != 1 || seen["008"] != 1 {
		bad("001 and 008 once each: %v", seen)
	}
	code := r.control("008")
	if utf8.RuneCountInString(code) != 40 || len(code) != 40 {
		bad("008 of %d characters", len(code))
		return out
	}
	if f := r.control("007"); f != "" && (len(f) != 14 || f[:2] != "cr") {
		bad("007 %q", f)
	}
	dates := code[7:15]
	switch code[6] {
	case 's':
		if loc.Date(dates[:4]) == "" || dates[4:] != "    " {
			bad("008/07-14 %q", dates)
		}
	case 'e':
		if day := dates[:4] + "-" + dates[4:6] + "-" + dates[6:]; loc.Date(strings.TrimSuffix(day, "-  ")) != strings.TrimSuffix(day, "-  ") {
			bad("008/07-14 %q", dates)
		}
	case 'n':
		if dates != "uuuuuuuu" {
			bad("008/07-14 %q", dates)
		}
	default:
		bad("008/06 %q", code[6])
	}
	if strings.Trim(code[:6], "0123456789") != "" {
		bad("008/00-05 %q", code[:6])
	}
	if lang := code[35:38]; lang != "   " && loc.Language(lang) != lang {
		bad("008/35-37 %q", lang)
	}
	allowed := map[string][]string{ // 18-34, by position
		"b": {" abcdefghijkmqstuwz|", " nrux|", " ", " dlmnpw|", " abcdefoqs|", " abcdfoqrs|", " abcdefghiklmnopqrstuvwyz56|", " |", " |", " |", " acfilmosuz|", "01|", " ", " ", " ", " abcdefghijkluz|", "012|"},
		"m": {" a|", " |", " |", " |", " abcdefgj|", " abcdfoqrs|", " abcdefgijklmnopqrstuvwyz256|", " |", " |", " |", " acfilmosuz|", "01|", "01|", "01|", " ", "01cdefhijmpsu|", " abcd|"},
		"f": {" ", " ", " ", " ", " abcdefgj|", " oq|", " ", " ", "abcdefghijmuz|", " ", " acfilmosuz|", " ", " ", " ", " ", " ", " "},
	}
	config := "m"
	if level[0] == 'm' {
		config = "f"
	} else if strings.Contains("bis", level[1:]) {
		config = "b"
	}
	for i, codes := range allowed[config] {
		if !strings.Contains(codes, code[18+i:19+i]) {
			bad("008/%d %q", 18+i, code[18+i])
		}
	}
	links := map[string]int{}
	last = ""
	for _, f := range r.Data {
		seen[f.Tag]++
		if sorted := strings.Replace(f.Tag, "710", "700", 1); sorted < last {
			bad("%s after %s", f.Tag, last)
		} else {
			last = sorted
		}
		tag := f.Tag
		if tag == "880" {
			tag = f.Subfields[0].Text[:3]
		}
		rule, ok := rules[tag]
		if !ok {
			bad("%s is no field of these", f.Tag)
			continue
		}
		if rule.once && seen[f.Tag] > 1 {
			bad("%s twice", f.Tag)
		}
		if !strings.Contains(rule.ind1, f.Ind1) || !strings.Contains(rule.ind2, f.Ind2) || len(f.Ind1) != 1 || len(f.Ind2) != 1 {
			bad("%s has indicators %q %q", f.Tag, f.Ind1, f.Ind2)
		}
		size := 0
		codes := ""
		for _, s := range f.Subfields {
			repeatable, ok := rule.subfields[s.Code]
			if !ok || !repeatable && strings.Contains(codes, s.Code) {
				bad("%s $%s", f.Tag, s.Code)
			}
			codes += s.Code
			size += len(s.Text) + 2
			if strings.ContainsAny(s.Text, "\n\t") || strings.TrimSpace(s.Text) == "" {
				bad("%s $%s holds %q", f.Tag, s.Code, s.Text)
			}
			switch {
			case s.Code == "6":
				if codes != "6" {
					bad("%s $6 is not the first", f.Tag)
				}
				if f.Tag == "880" {
					links[s.Text[:6]]++
				} else {
					links[f.Tag+s.Text[3:6]] += 100
				}
			case s.Code == "4" && (len(s.Text) != 3 || strings.Trim(s.Text, "abcdefghijklmnopqrstuvwxyz") != ""):
				bad("%s $4 %q", f.Tag, s.Text)
			case f.Tag == "041" && loc.Language(s.Text) != s.Text:
				bad("041 %q", s.Text)
			case f.Tag == "856" && s.Code == "u" && !flat.IsHTTP(s.Text):
				bad("856 $u %q", s.Text)
			}
		}
		if size+3 > 9999 {
			bad("%s of %d bytes", f.Tag, size)
		}
		sourced := strings.Contains(codes, "2")
		switch f.Tag {
		case "024":
			if (f.Ind1 == "7") != sourced {
				bad("024 %s with $%s", f.Ind1, codes)
			}
		case "650", "655":
			if (f.Ind2 == "7") != sourced {
				bad("%s %s with $%s", f.Tag, f.Ind2, codes)
			}
		case "084", "336", "337", "338":
			if !sourced {
				bad("%s without $2", f.Tag)
			}
		}
	}
	for link, n := range links {
		if n != 101 {
			bad("field and 880 %s are not a pair", link)
		}
	}
	if main := seen["100"] + seen["110"]; main > 1 || seen["245"] != 1 {
		bad("%d main entries, %d titles", main, seen["245"])
	} else if title := r.fields("245")[0]; title[0] != byte('0'+main) {
		bad("245 %q with %d main entries", title[:2], main)
	}
	if hosted := seen["773"] > 0; hosted != (level[1] == 'a' || level[1] == 'b') {
		bad("leader/07 %q with %d fields 773", level[1], seen["773"])
	}
	return out
}

func check(t testing.TB, name string, r *flat.Record, doc []byte) {
	require.NoError(t, crosswalktest.WellFormed(doc), name)
	m := parse(t, doc)
	assert.Empty(t, problems(m), "%s: %s", name, doc)
	title := m.fields("245")[0]
	if n := int(title[1] - '0'); n > 0 {
		runes := []rune(strings.TrimPrefix(title[3:], "$a"))
		assert.True(t, n < len(runes) && strings.ContainsRune(" '’", runes[n-1]) || strings.ContainsRune("“\"«([-", runes[n-1]), "%s: %s", name, title)
		t.Logf("%s: %s", r.Titles[0].Lang, title)
	}
	if len(r.Authors)+len(r.Others) > 0 {
		assert.Len(t, append(append(append(m.fields("100"), m.fields("110")...), m.fields("700")...), m.fields("710")...), len(r.Authors)+len(r.Others), name)
	}
}

func TestEverything(t *testing.T) { crosswalktest.Everything(t, marc.Append, schema, check) }

// The rules see what they are there for.
func TestProblems(t *testing.T) {
	good := string(must(marc.Append(nil, crosswalktest.Record(crosswalktest.Rich()))))
	require.Empty(t, problems(parse(t, []byte(good))))
	for _, c := range [][2]string{
		{"00000nab a22", "00000nab a2"}, {"nab a22", "nxb a22"}, {`000000e2026`, `000000e20260`}, {"e20260203", "e20261303"}, {"e20260203", "s20260203"}, {"||eng d", "||xxx d"},
		{`tag="001"`, `tag="009"`}, {`tag="245" ind1="1"`, `tag="245" ind1="0"`}, {`tag="245" ind1="1" ind2="4"`, `tag="245" ind1="1" ind2=" "`}, {`code="4">aut`, `code="4">author`},
		{`<subfield code="2">doi</subfield>`, ""}, {`code="6">880-01`, `code="6">880-02`}, {`tag="520"`, `tag="521"`}, {`tag="653"`, `tag="110"`}, {`code="b">a study`, `code="a">a study`},
		{`tag="773"`, `tag="787"`}, {`code="u">https://j.example.org/1.pdf`, `code="u">1.pdf`}, {"22000003n", "22000003x"}, {"xx || ||o", "xx ||x||o"}, {`code="a">eng`, `code="a">en`},
		{`>One. Two`, ">One.\nTwo"}, {`>One. Two`, ">" + strings.Repeat("x", 9999)}, {`tag="336"`, `tag="999"`}, {`cr |n`, `cr n`},
	} {
		require.Contains(t, good, c[0])
		assert.NotEmpty(t, problems(parse(t, []byte(strings.Replace(good, c[0], c[1], 1)))), c[1])
	}
}

func TestSchemaRefuses(t *testing.T) {
	good := strings.ReplaceAll(string(must(marc.Append(nil, crosswalktest.Record(crosswalktest.Rich())))), element.Site, "https://sheaf.example.org")
	bad := fixturetest.XSD(t, schema, map[string][]byte{"good": []byte(good), "leader": []byte(strings.Replace(good, "00000nab", "0000nab", 1)), "tag": []byte(strings.Replace(good, `tag="245"`, `tag="24"`, 1))})
	assert.Len(t, bad, 2)
	assert.NotContains(t, bad, "good")
}

func FuzzAppend(f *testing.F) { crosswalktest.Fuzz(f, marc.Append) }

func BenchmarkAppend(b *testing.B) {
	r := crosswalktest.Record(crosswalktest.Rich())
	dst := must(marc.Append(nil, r))
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = marc.Append(dst[:0], r)
	}
}
