package doaj

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"sheaf/fixtures/fixturetest"
)

func TestReachable(t *testing.T) {
	for _, u := range []string{
		"https://journal.example.org/1", "http://journal.example.org", "https://j.example.org:8443/a?b=c#d", "http://93.184.215.14/x", "http://xn--80ak6aa92e.xn--p1ai/1",
		"https://журнал.рф/статья/1", "https://example.international/1", "https://localhost.example.org/",
	} {
		assert.True(t, reachable(u), u)
	}
	for _, u := range []string{
		"", "http://localhost/1", "http://localhost:8080/records/1", "https://localhost.localdomain/", "http://ojs.local/1", "http://test.localhost/", "http://server/1", "http://127.0.0.1/1",
		"http://10.1.2.3/", "http://192.168.0.1/", "http://[::1]/", "http://[2001:db8::1]/", "http://0.0.0.0/", "ftp://j.example.org/1", "//j.example.org/1", "j.example.org/1",
		"https://u:p@j.example.org/", "https://j.example.org./", "https://.org/", "https://j.example.1x/", "https://j.example.org/a b", "https://j.example.org/%zz",
	} {
		assert.False(t, reachable(u), u)
	}
}

func TestWithoutMail(t *testing.T) {
	for in, want := range map[string]string{
		"University of Oslo, Norway":                                         "University of Oslo, Norway",
		"University of Oslo, Norway. E-mail: jane.doe@uio.example.org":       "University of Oslo, Norway",
		"University of Oslo (jane@uio.example.org), Norway":                  "University of Oslo, Norway",
		"Дом, Томск, эл. почта: a_b@дом.рф":                                  "Дом, Томск",
		"We made a tool. Contact: a.b+c@lab.example.org; see the supplement": "We made a tool; see the supplement",
		"Two: a@b.example.org, c@d.example.org":                              "Two:",
		"Little Rock, USA, jane@ uams.example.edu":                           "Little Rock, USA",
		"jane@uio.example.org":                                               "",
		"5 @ 3 is no address, nor is @home":                                  "5 @ 3 is no address, nor is @home",
	} {
		assert.Equal(t, want, withoutMail(in), in)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"H<sub>2</sub>O and <i class=\"x\">E. coli</i><br/>again": "H2O and E. coliagain",
		"p<b and c>d":                    "p<b and c>d", // no tag of HTML is closed here
		"a <jats:italic>b</jats:italic>": "a b",
		"IgE < 5 IU/ml and x<y":          "IgE < 5 IU/ml and x<y",
		"List<String> of <SCRIPT>":       "List<String> of <SCRIPT>",
	} {
		assert.Equal(t, want, clean(in), in)
	}
	assert.Equal(t, "One two\nthree", fold(" One\t two \vthree\v \v"))
	assert.Equal(t, strings.Repeat("я", longest), cut(strings.Repeat("я", longest+7)))
	assert.Equal(t, "short", cut("short"))
}

// What we take for a language is what the schema takes.
func TestLanguages(t *testing.T) {
	assert.Equal(t, "ger", language("de-AT"))
	assert.Equal(t, "chi", language("zh-Hans"))
	assert.Equal(t, "rus", language("ru-Latn"))
	assert.Empty(t, language("grc"), "ancient Greek is in ISO 639-2, and not in DOAJ's list")
	assert.Empty(t, language("русский"))
	docs := map[string][]byte{}
	for code := range strings.FieldsSeq(languages) {
		docs[code] = []byte(`<records><record><language>` + code + `</language><journalTitle>J</journalTitle><publicationDate>2026</publicationDate><title>T</title>` +
			`<fullTextUrl>https://j.example.org/1</fullTextUrl></record></records>`)
	}
	docs["grc"] = []byte(strings.ReplaceAll(string(docs["eng"]), "eng", "grc"))
	bad := fixturetest.XSD(t, "indexers/doaj/doajArticles.xsd", docs)
	assert.Len(t, bad, 1)
	assert.Contains(t, bad, "grc")
}
