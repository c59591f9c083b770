package doaj_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/doaj"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

// ours is the schema that is served.
func ours() string {
	return filepath.Join(fixturetest.Root(), "crosswalk", "doaj", "schema", "oai_doaj.xsd")
}

// All that there is of articles is valid by the format's own schema, or refused.
func TestEverythingByOurSchema(t *testing.T) {
	crosswalktest.Everything(t, doaj.Append, ours(), func(t testing.TB, name string, _ *flat.Record, doc []byte) {
		require.True(t, bytes.HasPrefix(doc, []byte("<oai_doaj:doajArticle ")), name)
	})
}

// The schema has every language that a record can name: those of all two-letter and three-letter tags that come to a code.
func TestSchemaHasTheLanguages(t *testing.T) {
	a := minimal()
	const letters = "abcdefghijklmnopqrstuvwxyz"
	for _, x := range letters {
		for _, y := range letters {
			a.TransTitles = append(a.TransTitles, jats.Title{Lang: string([]rune{x, y}), Text: "T"})
			for _, z := range letters {
				a.TransTitles = append(a.TransTitles, jats.Title{Lang: string([]rune{x, y, z}), Text: "T"})
			}
		}
	}
	b, err := doaj.Append(nil, crosswalktest.Record(a))
	require.NoError(t, err)
	assert.Greater(t, strings.Count(string(b), `<oai_doaj:title language="`), 180)
	assert.Empty(t, fixturetest.XSD(t, ours(), map[string][]byte{"languages": []byte(strings.ReplaceAll(string(b), element.Site, "https://sheaf.example.org"))}))
}

// The schema is the reason why records are valid: it takes nothing that DOAJ would not know what to do with.
func TestSchemaRefuses(t *testing.T) {
	b, err := doaj.Append(nil, crosswalktest.Record(crosswalktest.Rich()))
	require.NoError(t, err)
	good := strings.ReplaceAll(string(b), element.Site, "https://sheaf.example.org")
	docs := map[string][]byte{"good": []byte(good)}
	for what, swap := range map[string][2]string{
		"another namespace":   {"http://doaj.org/features/oai_doaj/1.0/", "http://doaj.org/features/oai_doaj/2.0/"},
		"a two-letter code":   {`<oai_doaj:language>eng<`, `<oai_doaj:language>en<`},
		"no address":          {`<oai_doaj:fullTextUrl format="html">http`, `<oai_doaj:fullTextUrl format="html">ftp`},
		"a format":            {`<oai_doaj:fullTextUrl format="html"`, `<oai_doaj:fullTextUrl format="docx"`},
		"no such affiliation": {`<oai_doaj:affiliationId>1<`, `<oai_doaj:affiliationId>99<`},
		"a number twice":      {`</oai_doaj:affiliationsList>`, `<oai_doaj:affiliationName affiliationId="1">B</oai_doaj:affiliationName></oai_doaj:affiliationsList>`},
		"a month 13":          {`<oai_doaj:publicationDate>`, `<oai_doaj:publicationDate>2020-13-01</oai_doaj:publicationDate><oai_doaj:volume>`},
		"an ORCID alone":      {`<oai_doaj:orcid_id>https://orcid.org/`, `<oai_doaj:orcid_id>`},
		"an e-mail address":   {`</oai_doaj:name>`, `</oai_doaj:name><oai_doaj:email>a@example.org</oai_doaj:email>`},
	} {
		require.Contains(t, good, swap[0], what)
		docs[what] = []byte(strings.Replace(good, swap[0], swap[1], 1))
	}
	bad := fixturetest.XSD(t, ours(), docs)
	for what := range docs {
		assert.Equal(t, what != "good", bad[what] != "", "%s: %s", what, bad[what])
	}
}
