package mods_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/mods"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

const schema = "indexers/mods/mods-3-7.xsd"

// rows returns the children of the root that are called name, as written.
func rows(t testing.TB, a *jats.Article, name string) (out []string) {
	t.Helper()
	doc, err := mods.Append(nil, crosswalktest.Record(a))
	require.NoError(t, err)
	require.NoError(t, crosswalktest.WellFormed(doc))
	s := string(doc)
	s = strings.TrimSuffix(s[strings.IndexByte(s, '>')+1:], "</mods>")
	for s != "" { // one child after another
		tag := s[1:strings.IndexAny(s, " >")]
		depth, end := 0, 0
		for i := 0; i < len(s); i++ {
			rest := s[i:]
			switch {
			case strings.HasPrefix(rest, "<"+tag+" ") || strings.HasPrefix(rest, "<"+tag+">"):
				depth++
			case strings.HasPrefix(rest, "</"+tag+">"):
				depth--
				end = i + len(tag) + 3
			}
			if depth == 0 {
				break
			}
		}
		require.Positive(t, end)
		if tag == name {
			out = append(out, s[:end])
		}
		s = s[end:]
	}
	return out
}

func TestAppend(t *testing.T) {
	rich := crosswalktest.Rich()
	aut := `<role><roleTerm type="code" authority="marcrelator" authorityURI="http://id.loc.gov/vocabulary/relators" valueURI="http://id.loc.gov/vocabulary/relators/aut">aut</roleTerm></role>`
	ctb := strings.ReplaceAll(aut, "aut<", "ctb<")
	ctb = strings.ReplaceAll(ctb, `/aut"`, `/ctb"`)
	for _, c := range []struct {
		element string
		article *jats.Article
		want    []string
	}{
		{"titleInfo", rich, []string{
			`<titleInfo lang="eng"><nonSort xml:space="preserve">The </nonSort><title>sheaf &amp; its stalks</title><subTitle>a study</subTitle><subTitle>part two</subTitle></titleInfo>`,
			`<titleInfo type="translated" lang="ger"><nonSort xml:space="preserve">Die </nonSort><title>Garbe und ihre Halme</title></titleInfo>`,
			`<titleInfo type="alternative" lang="eng" script="Cyrl"><title>Зе шиф</title></titleInfo>`,
			`<titleInfo type="alternative" lang="eng"><title>Sheaf and stalks</title></titleInfo>`, `<titleInfo type="alternative" lang="eng"><title>Sheaf</title></titleInfo>`}},
		{"titleInfo", &jats.Article{Lang: "fr", Title: jats.Title{Text: "L’été"}}, []string{`<titleInfo lang="fre"><nonSort>L’</nonSort><title>été</title></titleInfo>`}},
		{"name", rich, []string{
			`<name type="personal" usage="primary"><namePart type="family">Ivanov</namePart><namePart type="given">Ivan I.</namePart><alternativeName lang="rus" script="Cyrl"><namePart type="family">Иванов</namePart>` +
				`<namePart type="given">Иван И.</namePart></alternativeName>` + aut + `<role><roleTerm type="text" authorityURI="https://credit.niso.org/">Writing – original draft</roleTerm></role>` +
				`<affiliation>University of Oslo, Norway</affiliation><affiliation>Institute B</affiliation>` +
				`<nameIdentifier type="orcid" typeURI="http://id.loc.gov/vocabulary/identifiers/orcid">https://orcid.org/0000-0002-1825-0097</nameIdentifier></name>`,
			`<name type="personal"><namePart type="family">King</namePart><namePart type="given">Martin</namePart><namePart type="termsOfAddress">Jr.</namePart>` + aut + `<affiliation>University of Oslo, Norway</affiliation></name>`,
			`<name type="personal"><namePart>J. van der Zee</namePart>` + aut + `</name>`, `<name type="personal"><namePart type="given">Suparjo</namePart>` + aut + `</name>`,
			`<name type="personal"><namePart type="family">Jónsdóttir</namePart><namePart type="given">Anna</namePart><displayForm>Anna Jónsdóttir</displayForm>` + aut + `</name>`,
			`<name type="corporate"><namePart>The Sheaf Group</namePart>` + aut + `</name>`, `<name type="personal"><namePart type="family">Member</namePart><namePart type="given">M.</namePart>` + ctb + `</name>`,
			`<name type="personal"><namePart type="family">Poe</namePart><namePart type="given">E.</namePart>` + strings.ReplaceAll(strings.ReplaceAll(aut, "aut<", "edt<"), `/aut"`, `/edt"`) + `</name>`,
			`<name type="personal"><namePart type="family">Ball</namePart><namePart type="given">B.</namePart>` + strings.Replace(ctb, "</role>", `<roleTerm type="text">juggler</roleTerm></role>`, 1) + `</name>`,
			`<name type="conference"><namePart>SheafConf</namePart><namePart>3</namePart><namePart>Oslo</namePart><namePart type="date">May 2025</namePart></name>`}},
		{"typeOfResource", rich, []string{"<typeOfResource>text</typeOfResource>"}},
		{"typeOfResource", &jats.Article{ArticleType: "dataset"}, []string{"<typeOfResource>software, multimedia</typeOfResource>"}},
		{"genre", rich, []string{`<genre authorityURI="http://purl.org/coar/resource_type" valueURI="http://purl.org/coar/resource_type/c_2df8fbb1">research article</genre>`}},
		{"originInfo", rich, []string{`<originInfo eventType="publication"><place><placeTerm type="text">Oslo</placeTerm></place><publisher>Sheaf Press</publisher><dateIssued encoding="w3cdtf" keyDate="yes">2026-02-03</dateIssued>` +
			`<copyrightDate encoding="w3cdtf">2026</copyrightDate><dateOther type="received" encoding="w3cdtf">2025-10</dateOther><dateOther type="accepted" encoding="w3cdtf">2026-01-15</dateOther></originInfo>`}},
		{"originInfo", &jats.Article{}, nil},
		{"language", rich, []string{`<language><languageTerm type="code" authority="iso639-2b">eng</languageTerm></language>`}},
		{"language", &jats.Article{Lang: "zh-Hans"}, []string{`<language><languageTerm type="code" authority="iso639-2b">chi</languageTerm></language>`}},
		{"language", &jats.Article{Lang: "rcf"}, []string{`<language><languageTerm type="code" authority="iso639-3">rcf</languageTerm></language>`}},
		{"language", &jats.Article{}, nil},
		{"physicalDescription", rich, []string{"<physicalDescription><internetMediaType>application/pdf</internetMediaType></physicalDescription>"}},
		{"abstract", rich, []string{"<abstract lang=\"eng\">One.\nTwo &lt; three.</abstract>", `<abstract lang="ger">Eins.</abstract>`, `<abstract type="plain-language-summary" lang="eng">Simply.</abstract>`}},
		{"note", rich, []string{`<note type="funding" xlink:href="info:eu-repo/grantAgreement/EC/H2020/654321">European Commission (654321)</note>`, `<note type="funding">Funded by the EC.</note>`}},
		{"subject", rich, []string{`<subject lang="eng"><topic>sheaf</topic></subject>`, `<subject lang="eng"><topic>stalk</topic></subject>`, `<subject lang="ger"><topic>Garbe</topic></subject>`,
			`<subject authority="mesh" lang="eng"><topic>Plant Stems</topic></subject>`, `<subject lang="eng"><topic>Sheaves</topic></subject>`}},
		{"classification", rich, []string{`<classification authority="udc">53.08</classification>`, `<classification authority="ddc">530</classification>`, `<classification authority="lcc">QA612</classification>`,
			`<classification authority="msc">18F20</classification>`, `<classification displayLabel="vak">01.01.04</classification>`}},
		{"relatedItem", rich, []string{
			`<relatedItem type="host"><titleInfo><title>Journal of Sheaves</title></titleInfo><titleInfo type="translated" lang="fre"><title>Revue des gerbes</title></titleInfo><titleInfo type="abbreviated"><title>J. Sheaves</title></titleInfo>` +
				`<identifier type="issn">1234-5679</identifier><identifier type="issn">2049-3630</identifier><part><detail type="volume"><number>12</number></detail><detail type="issue"><number>3</number></detail>` +
				`<extent unit="pages"><start>101</start><end>110</end></extent><date encoding="w3cdtf">2026</date></part></relatedItem>`,
			`<relatedItem type="otherVersion"><identifier type="doi">10.5555/pre</identifier></relatedItem>`, `<relatedItem otherType="corrected-article"><identifier type="doi">10.5555/B</identifier></relatedItem>`,
			`<relatedItem otherType="dataset"><identifier type="doi">10.5555/data</identifier></relatedItem>`, `<relatedItem otherType="companion"><identifier type="uri">https://j.example.org/2</identifier></relatedItem>`,
			`<relatedItem type="reviewOf"><note type="citation/reference">Doe J. On stalks. 2025.</note></relatedItem>`,
			`<relatedItem type="constituent" displayLabel="Table S1"><physicalDescription><internetMediaType>text/csv</internetMediaType></physicalDescription><location><url>https://j.example.org/s1.csv</url></location></relatedItem>`,
			`<relatedItem type="references"><note type="citation/reference">Roe R. Cited. 2001.</note><identifier type="doi">10.5555/cited</identifier></relatedItem>`,
			`<relatedItem type="references"><note type="citation/reference">Doe J. Uncited. 1999.</note></relatedItem>`}},
		{"relatedItem", &jats.Article{Journal: jats.Journal{Title: jats.Title{Text: "J"}}, FPage: "1", LPage: "9", PageRange: "1-2, 9"},
			[]string{`<relatedItem type="host"><titleInfo><title>J</title></titleInfo><part><extent unit="pages"><list>1-2, 9</list></extent></part></relatedItem>`}},
		{"relatedItem", &jats.Article{Journal: jats.Journal{Title: jats.Title{Text: "J"}}, ElocationID: "e7"},
			[]string{`<relatedItem type="host"><titleInfo><title>J</title></titleInfo><part><detail type="article"><number>e7</number></detail></part></relatedItem>`}},
		{"identifier", rich, []string{`<identifier type="doi">10.5555/Rich.1</identifier>`, `<identifier type="pmid">123</identifier>`, `<identifier type="hdl">20.500/1</identifier>`, `<identifier type="local">P-1</identifier>`}},
		{"location", rich, []string{`<location><url access="object in context" usage="primary">https://j.example.org/1</url><url access="raw object">https://j.example.org/1.pdf</url></location>`}},
		{"accessCondition", rich, []string{`<accessCondition type="restriction on access" xlink:href="http://purl.org/coar/access_right/c_abf2">open access</accessCondition>`,
			`<accessCondition type="use and reproduction" lang="eng" xlink:href="https://creativecommons.org/licenses/by/4.0/">Distributed under CC BY.</accessCondition>`,
			`<accessCondition type="copyright">© 2026 The Authors</accessCondition>`}},
		{"accessCondition", &jats.Article{Permissions: jats.Permissions{Access: "closed", Licenses: []jats.License{{URI: "https://creativecommons.org/licenses/by-nd/4.0/"}, {URI: "https://j.example.org/terms"}}}},
			[]string{`<accessCondition type="restriction on access" xlink:href="http://purl.org/coar/access_right/c_14cb">metadata only access</accessCondition>`,
				`<accessCondition type="use and reproduction" xlink:href="https://creativecommons.org/licenses/by-nd/4.0/">CC BY-ND 4.0</accessCondition>`,
				`<accessCondition type="use and reproduction" xlink:href="https://j.example.org/terms">https://j.example.org/terms</accessCondition>`}},
	} {
		assert.Equal(t, c.want, rows(t, c.article, c.element), c.element)
	}
}

func TestGolden(t *testing.T) { crosswalktest.Golden(t, mods.Append, "rich", crosswalktest.Rich()) }

func TestEverything(t *testing.T) {
	crosswalktest.Everything(t, mods.Append, schema, func(t testing.TB, name string, r *flat.Record, doc []byte) {
		require.NoError(t, crosswalktest.WellFormed(doc), name)
		s := string(doc)
		assert.LessOrEqual(t, strings.Count(s, `keyDate="yes"`), 1, name)
		assert.LessOrEqual(t, strings.Count(s, `<name type="personal" usage="primary"`)+strings.Count(s, `<name type="corporate" usage="primary"`), 1, name)
		n := 0
		for _, ref := range r.Refs {
			if ref.Text != "" || ref.DOI != "" { // some have notes only, or an identifier of another kind
				n++
			}
		}
		assert.Equal(t, n, strings.Count(s, `<relatedItem type="references"`), "%s: references", name)
	})
}

func TestSchemaRefuses(t *testing.T) {
	doc, err := mods.Append(nil, crosswalktest.Record(crosswalktest.Rich()))
	require.NoError(t, err)
	good := strings.ReplaceAll(string(doc), element.Site, "https://sheaf.example.org")
	bad := fixturetest.XSD(t, schema, map[string][]byte{"good": []byte(good), "type": []byte(strings.Replace(good, `type="host"`, `type="guest"`, 1)), "element": []byte(strings.ReplaceAll(good, "titleInfo", "title"))})
	assert.Len(t, bad, 2)
	assert.NotContains(t, bad, "good")
}

func FuzzAppend(f *testing.F) { crosswalktest.Fuzz(f, mods.Append) }

func BenchmarkAppend(b *testing.B) {
	r := crosswalktest.Record(crosswalktest.Rich())
	dst, err := mods.Append(nil, r)
	require.NoError(b, err)
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = mods.Append(dst[:0], r)
	}
}
