package table

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode"

	"sheaf/jats"
)

// A key is what the name of a column says.
type key struct {
	col  col
	lang string // BCP 47, or ""
	kind string // what of its kind it holds: the type of an identifier, the vocabulary of a subject, the name of a custom column
}

// A dialect is a maker of tables whose cells are not as docs/tables.md says.
type dialect int

const (
	plain dialect = iota
	scopus
	wos // Web of Science: columns are called by two letters
	ojs // the CSV plug-in of OJS: "Given,Family,e-mail"
)

// A header is the row that names the columns.
type header struct {
	line    int // of its last line
	comma   byte
	names   []string
	columns []key
	dialect dialect
}

// headRows is how many rows may stand before the header.
const headRows = 25

var commas = [...]byte{',', '\t', ';', '|'}

// findHeader looks among the first rows of a table for the one that names the most columns, with a title among at least two. The rest of head, which may end anywhere, may
// be of any form.
func findHeader(head []byte) (best header, ok bool) {
	most := 0
	for _, comma := range commas {
		if bytes.IndexByte(head, comma) < 0 {
			continue
		}
		in := rowsOf(head)
		in.comma = comma
		for range headRows {
			_, cells, err := in.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				continue
			}
			h := headerOf(cells)
			if n := h.known(); n > most {
				most, best, ok = n, h, true
				best.comma, best.line = comma, in.line
				best.names = append([]string(nil), cells...)
				if in.line == 1 && h.complete() { // nothing can be better
					return best, true
				}
			}
		}
	}
	return best, ok
}

// complete tells whether every column of h is known.
func (h header) complete() bool {
	for _, k := range h.columns {
		if k.col == cUnknown {
			return false
		}
	}
	return true
}

// likelyComma is the delimiter that is most frequent in the first line.
func likelyComma(head []byte) byte {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	best, most := byte(','), 0
	for _, c := range commas {
		if n := bytes.Count(line, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

// headerOf reads a row as names of columns.
func headerOf(cells []string) header {
	h := header{names: cells, columns: make([]key, len(cells))}
	tags := 0
	for i, name := range cells {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		if len(name) == 2 && wosTags[name] != (key{}) {
			tags++
		}
		h.columns[i] = keyOf(name)
		switch h.columns[i].col {
		case cFullNames, cAuthorsAffs, cEID:
			if h.dialect == plain {
				h.dialect = scopus
			}
		case cTitle:
			if name == "articleTitle" {
				h.dialect = ojs
			}
		}
	}
	h.byName()
	if tags >= 2 {
		h.dialect = wos
		for i, name := range cells {
			h.columns[i] = wosTags[strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))]
			if name == toldColumn || strings.HasPrefix(name, ignorePrefix) {
				h.columns[i] = keyOf(name)
			}
		}
	}
	return h
}

// byName gives two columns that hold the same, one under an English and one under a Russian name ("Abstract", "Аннотация"), these languages.
func (h *header) byName() {
	var at [cols][2]int // the place of the one with an English and with a Russian name, from 1; -1: there are several
	for i, k := range h.columns {
		if !k.col.inLanguages() || k.lang != "" || k.kind != "" {
			continue
		}
		p := &at[k.col][0]
		if strings.IndexFunc(h.names[i], func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) >= 0 {
			p = &at[k.col][1]
		}
		if *p != 0 {
			*p = -1
		} else {
			*p = i + 1
		}
	}
	for _, p := range at {
		if p[0] > 0 && p[1] > 0 {
			h.columns[p[0]-1].lang, h.columns[p[1]-1].lang = "en", "ru"
		}
	}
}

// known tells how many things the columns of h hold when it is a header of a table of articles, else 0.
func (h header) known() int {
	n, named, title := 0, 0, false
	var seen [cols]bool
	for i, k := range h.columns {
		if strings.TrimSpace(h.names[i]) == "" {
			continue
		}
		if k.col.counts() || k.col == cUnknown {
			named++
		}
		if title = title || k.col == cTitle; k.col.counts() && !seen[k.col] {
			n++
		}
		seen[k.col] = true
	}
	if !title || n < 2 || n < 4 && n*5 < named { // words of a text are now and then names of columns
		return 0
	}
	return n
}

// maxName is how many bytes a name that is known may have at most.
const maxName = 150

// keyOf tells what a column holds by its name.
func keyOf(name string) key {
	name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
	if k, ok := names[name]; ok {
		return k
	}
	if len(name) > maxName {
		return key{}
	}
	if name == toldColumn {
		return key{col: cTold}
	}
	if prefix, rest, ok := strings.Cut(name, ":"); ok {
		switch strings.ToLower(strings.TrimSpace(prefix)) {
		case "custom", "доп", "дополнительно":
			if rest = strings.TrimSpace(rest); rest != "" {
				return key{col: cCustom, kind: rest}
			}
		case "ignore":
			return key{col: cIgnored}
		}
	}
	if stem, tag, ok := strings.Cut(name, "@"); ok {
		if k, ok := find(normal(stem)); ok && k.col.inLanguages() {
			if lang := languageOf(tag); lang != "" {
				k.lang = lang
				return k
			}
		}
		return key{}
	}
	if k, ok := find(normal(name)); ok {
		return k
	}
	if k, ok := find(normal(camel(name))); ok {
		return k
	}
	return key{}
}

// find knows a name in its normal form, also with a language before or behind it.
func find(name string) (key, bool) {
	if k, ok := names[name]; ok {
		return k, true
	}
	stem, n := name, 0
	for len(stem) > 0 && stem[len(stem)-1] >= '0' && stem[len(stem)-1] <= '9' { // "author 2"
		stem = stem[:len(stem)-1]
		n++
	}
	if n > 0 && n < 4 {
		if k, ok := names[strings.TrimSpace(stem)]; ok && k.col.isList() {
			return k, true
		}
	}
	words := strings.Fields(name)
	if len(words) > 10 {
		return key{}, false
	}
	for last := len(words) - 1; last > 0; last-- { // "title in english", "название на английском языке", "title en"
		tail := strings.TrimSuffix(strings.TrimSuffix(strings.Join(words[last:], " "), " языке"), " яз")
		stem := words[:last]
		if p := stem[len(stem)-1]; (p == "in" || p == "на") && len(stem) > 1 {
			stem = stem[:len(stem)-1]
		}
		if lang := languageOf(tail); lang != "" && tail != "id" && tail != "no" {
			if k, ok := names[strings.Join(stem, " ")]; ok && k.col.inLanguages() {
				k.lang = lang
				return k, true
			}
		}
	}
	if len(words) > 1 { // "english title"
		if lang := languageOf(words[0]); lang != "" {
			if k, ok := names[strings.Join(words[1:], " ")]; ok && k.col.inLanguages() {
				k.lang = lang
				return k, true
			}
		}
	}
	return key{}, false
}

// normal is the form in which names are compared: lower case, words parted by one blank, without punctuation.
func normal(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	blank := false
	for _, r := range s {
		r = unicode.ToLower(r)
		switch {
		case r == 'ё':
			r = 'е'
		case r == 0xAD || r == '\ufeff':
			continue
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r):
			blank = true
			continue
		}
		if blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteRune(r)
	}
	return b.String()
}

// camel parts the words of "articleTitle".
func camel(s string) string {
	var b strings.Builder
	var last rune
	for _, r := range s {
		if unicode.IsUpper(r) && unicode.IsLower(last) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

// languageOf is the language that a word in the name of a column or a cell means, or "".
func languageOf(s string) string {
	s = strings.TrimSpace(s)
	if l := languages[strings.TrimRight(strings.ToLower(s), ".")]; l != "" {
		return l
	}
	low := strings.ToLower(s)
	if primary, _, _ := strings.Cut(strings.ReplaceAll(low, "_", "-"), "-"); languages[primary] != "" && len(primary) <= 3 { // "zh-Hans"
		return jats.ParseLang(s)
	}
	return ""
}

// languages are the words by which tables name languages; the codes are those that journals are published in, so that no other short word is taken for one.
var languages = func() map[string]string {
	m := map[string]string{}
	for lang, words := range map[string]string{
		"ru": "rus russian русский рус русском russe", "en": "eng english английский англ анг английском anglais englisch inglés", "zh": "chi zho chinese китайский кит китайском 中文 cn",
		"de": "ger deu german немецкий нем немецком deutsch", "fr": "fre fra french французский фр французском français", "es": "spa spanish испанский исп испанском español",
		"it": "ita italian итальянский", "pt": "por portuguese португальский português", "uk": "ukr ukrainian украинский укр украинском ua", "be": "bel belarusian белорусский",
		"kk": "kaz kazakh казахский каз казахском", "ky": "kir kyrgyz киргизский", "uz": "uzb uzbek узбекский", "tt": "tat tatar татарский", "ja": "jpn japanese японский", "ko": "kor korean корейский",
		"ar": "ara arabic арабский", "fa": "per fas persian персидский", "he": "heb hebrew", "tr": "tur turkish турецкий", "pl": "pol polish польский", "cs": "cze ces czech чешский",
		"sk": "slo slk slovak", "bg": "bul bulgarian болгарский", "sr": "srp serbian сербский", "hr": "hrv croatian", "sl": "slv slovenian slovene", "ro": "rum ron romanian", "hu": "hun hungarian",
		"el": "gre ell greek", "fi": "fin finnish", "sv": "swe swedish", "nb": "nob", "no": "nor norwegian", "da": "dan danish", "nl": "dut nld dutch", "lt": "lit lithuanian", "lv": "lav latvian",
		"et": "est estonian", "ka": "geo kat georgian", "hy": "arm hye armenian армянский", "az": "aze azerbaijani азербайджанский", "id": "ind indonesian", "ms": "may msa malay", "vi": "vie vietnamese",
		"th": "tha thai", "hi": "hin hindi", "la": "lat latin латинский", "mn": "mon mongolian монгольский", "tg": "tgk tajik таджикский",
	} {
		m[lang] = lang
		for _, w := range strings.Fields(words) {
			m[w] = lang
		}
	}
	return m
}()
