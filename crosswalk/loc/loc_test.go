package loc

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLanguage(t *testing.T) {
	for tag, want := range map[string][2]string{
		"en": {"eng", "eng"}, "en-GB": {"eng", "eng"}, "de": {"ger", "deu"}, "ger": {"ger", "deu"}, "cs": {"cze", "ces"}, "zh-Hans": {"chi", "zho"}, "cmn": {"chi", "zho"}, "yue": {"chi", "zho"},
		"ru-Latn": {"rus", "rus"}, "fa": {"per", "fas"}, "arz": {"ara", "ara"}, "nb": {"nob", "nob"}, "cnr": {"cnr", "cnr"}, "ckb": {"kur", "kur"},
		"": {}, "und": {}, "russian": {}, "rcf": {}, "sr-Latn": {"srp", "srp"}, // rcf: in ISO 639-3 only
	} {
		assert.Equal(t, want, [2]string{Language(tag), ISO639(tag)}, tag)
	}
	codes := strings.Fields(languages)
	for i, c := range codes {
		assert.Len(t, c, 3)
		if i > 0 {
			assert.Less(t, codes[i-1], c, "in order, each once")
		}
	}
}

func TestRelator(t *testing.T) {
	assert.Equal(t, "aut", Relator("author", false))
	assert.Equal(t, "ctb", Relator("author", true), "the group is the author")
	assert.Equal(t, "trl", Relator("translator", true))
	assert.Equal(t, "ctb", Relator("juggler", false))
}

func TestUnsorted(t *testing.T) {
	for _, c := range []struct{ lang, title, want string }{
		{"en", "The sheaf", "The "}, {"en-GB", "A  sheaf", "A "}, {"en", "An “odd” sheaf", "An “"}, {"en", "“The sheaf” again", "“The "}, {"en", "Theory", ""}, {"en", "A priori bounds", ""},
		{"en", "A la carte", ""}, {"en", "The", ""}, {"en", "The …", ""}, {"en", "A-posets", ""}, {"en", "A. fumigatus", ""}, {"en", "[The] \"sheaf\"", ""}, {"en", "Der Garben", ""},
		{"de", "Die Garbe", "Die "}, {"de", "Die. Garbe", ""}, {"de", "The sheaf", ""}, {"de", "Diese Garbe", ""}, {"fr", "L'étude", "L'"}, {"fr", "L’étude", "L’"}, {"fr", "«L’ étude", "«L’ "},
		{"fr", "Les gerbes", "Les "}, {"fr", "La Rochelle et la mer", ""}, {"es", "El Niño, 1998", ""}, {"es", "El niño y la mar", ""}, {"es", "Las gavillas", "Las "}, {"it", "Gli uomini", "Gli "},
		{"it", "Un'ora", "Un'"}, {"nl", "'t Veld", "'t "}, {"nl", "’t Veld", "’t "}, {"nl", "Het veld", "Het "}, {"pt-BR", "Os feixes", "Os "}, {"hu", "Az út", "Az "}, {"el", "Η ιδέα", "Η "}, {"el-Latn", "Η idea", ""},
		{"ru", "А и Б", ""}, {"ar", "الكتاب", ""}, {"zh", "一本书", ""}, {"", "The sheaf", ""}, {"und", "The sheaf", ""}, {"en", "", ""}, {"en", "—— ((((((( The sheaf", ""}, {"no", "En bok", "En "},
		{"nor", "En bok", "En "}, {"eng", "The sheaf", "The "},
	} {
		skipped, rest := Unsorted(c.lang, c.title)
		assert.Equal(t, c.want, skipped, c.lang+" "+c.title)
		assert.Equal(t, strings.Join(strings.Fields(c.title), " "), skipped+rest)
	}
}

func TestDate(t *testing.T) {
	for in, want := range map[string]string{"2026-02-28": "2026-02-28", "2026-02-30": "2026-02", "2026-13": "2026", "2026": "2026", "0000": "", "": "", "2026-1": "2026", "20261": "", "2026-00-00": "2026", "1850-05": "1850-05"} {
		assert.Equal(t, want, Date(in), in)
	}
}

func TestLicence(t *testing.T) {
	for in, want := range map[string]string{
		"https://creativecommons.org/licenses/by/4.0/": "CC BY 4.0", "http://www.creativecommons.org/licenses/by-nc-nd/3.0/us/legalcode": "CC BY-NC-ND 3.0 US",
		"https://creativecommons.org/publicdomain/zero/1.0/": "CC0 1.0", "https://creativecommons.org/publicdomain/mark/1.0/": "PDM 1.0", "https://creativecommons.org/licenses/by/": "",
		"https://creativecommons.org/licenses/sampling+/1.0/": "", "https://example.org/licenses/by/4.0/": "", "CC BY": "", "": "", "https://creativecommons.org/licenses/by/4.0/deed.de": "CC BY 4.0",
	} {
		assert.Equal(t, want, Licence(in), in)
	}
}

func TestVocabularies(t *testing.T) {
	assert.Equal(t, "jelc", Classification("JEL"))
	assert.Equal(t, "", Classification("vak"))
	assert.Equal(t, "mesh", Subjects("Medical Subject Headings"))
	assert.Equal(t, "", Subjects("author"))
}

func TestURI(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example.org/x?y=z#q": "https://a.example.org/x?y=z#q", "https://a.example.org/100%": "https://a.example.org/100%25", "https://a.example.org/%zz%41": "https://a.example.org/%25zz%41",
		"https://a.example.org/a[1]": "https://a.example.org/a%5B1%5D", "https://[::1]/x": "https://[::1]/x", "https://a.example.org/#a#b": "https://a.example.org/#a%23b",
		"https://a.example.org/a b|c": "https://a.example.org/a%20b%7Cc", "https://a.example.org/статья": "https://a.example.org/статья", "\x00/records/x": "\x00/records/x", "": "",
	} {
		assert.Equal(t, want, URI(in), in)
	}
}
