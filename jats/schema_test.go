package jats

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
)

// profile is the path of the profile schema.
func profile(t *testing.T) string {
	t.Helper()
	_, err := Schemas.ReadFile("schema/sheaf-jats-1.3.xsd")
	require.NoError(t, err)
	return filepath.Join(fixturetest.Root(), "jats", "schema", "sheaf-jats-1.3.xsd")
}

// The profile refuses each of these faults, one in each document.
func TestProfileRefuses(t *testing.T) {
	good := string(AppendXML(nil, richArticle(), WriteOptions{IDPrefix: "r-"}))
	docs := map[string][]byte{}
	for name, repl := range map[string][2]string{
		"unknown element":             {"<title-group>", "<made-up/><title-group>"},
		"unknown element within text": {"First.", "<span>First.</span>"},
		"wrong order":                 {"<volume>", "<fpage>1</fpage><volume>"},
		"year before month":           {"<day>15</day><month>01</month><year>2026</year>", "<year>2026</year><month>01</month><day>15</day>"},
		"rid that leads nowhere":      {`rid="r-aff1"`, `rid="r-aff99"`},
		"id twice":                    {`id="r-R2"`, `id="r-R1"`},
		"id that is no name":          {`id="r-R2"`, `id="1"`},
		"no namespace":                {` xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/"`, ""},
		"empty volume":                {"<volume>", "<volume/><volume>"},
		"empty attribute":             {`article-type="research-article"`, `article-type=""`},
		"language that is none":       {`xml:lang="zh-Hans"`, `xml:lang="zh_Hans"`},
		"unknown attribute":           {"<title-group>", `<title-group made="up">`},
		"loose text":                  {"<title-group>", "<title-group>text"},
		"fraction of one part":        {"<mml:msup><mml:mi>x</mml:mi>", "<mml:msup>"},
		"unknown MathML":              {"<mml:mi>x</mml:mi>", "<mml:maction>x</mml:maction>"},
		"date that is none":           {`start_date="2026-01-15"`, `start_date="2026-01-32"`},
		"element of XHTML":            {"First.", `<p xmlns="http://www.w3.org/1999/xhtml">First.</p>`},
		"citation without type":       {`<mixed-citation publication-type="journal"`, `<mixed-citation`},
		"abstract with one section":   {"<p>First.</p><p>Second.</p>", "<sec><title>T</title><p>First.</p></sec>"},
		"section without title":       {"<title>Цель</title>", ""},
	} {
		require.Contains(t, good, repl[0], name)
		docs[name] = []byte(strings.Replace(good, repl[0], repl[1], 1))
	}
	docs["good"] = []byte(good)
	bad := fixturetest.XSD(t, profile(t), docs)
	for name := range docs {
		if name == "good" {
			assert.NotContains(t, bad, name)
		} else {
			assert.Contains(t, bad, name, "passed")
		}
	}
}

// What the profile imports is there, by a relative location.
func TestSchemasAreWhole(t *testing.T) {
	main, err := Schemas.ReadFile("schema/sheaf-jats-1.3.xsd")
	require.NoError(t, err)
	assert.Contains(t, string(main), `targetNamespace="`+Namespace+`"`)
	n := 0
	for _, part := range strings.Split(string(main), `schemaLocation="`)[1:] {
		file, _, _ := strings.Cut(part, `"`)
		_, err := Schemas.ReadFile("schema/" + file)
		assert.NoError(t, err)
		n++
	}
	assert.Equal(t, 4, n)
}
