package jats

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxCitation bounds, in bytes, the references that are taken apart; a longer one is no reference, and only its text is kept.
const maxCitation = 16 << 10

// ParseCitation takes a printed reference apart as far as that is safe: what has two readings is left out. Text keeps the whole
// string as printed, whatever else is found; ParseCitation never fails and adds nothing that is not printed.
//
// Forms that it knows: authors as "Ivanov I.I., Petrov P.P.", "I.I. Ivanov" and "Smith, J. (2012)"; a title in its own script or in
// transliteration with its translation in brackets; "Title // Source"; "Place: Publisher, year"; volume, issue and pages by their
// words in English, Russian and Chinese; "2012;10(4):1-9"; DOI, links and the day they were visited; and the note that names the
// language of the work. Titles in Latin letters of a work whose note names a language of another script are marked "-Latn".
//
// Source: JATS 1.3 <mixed-citation>, <article-title>, <trans-title>, <source>; BCP 47 for the languages.
func ParseCitation(printed string) Citation {
	s := cleanString(printed)
	c := Citation{Text: Escape(s)}
	if s == "" || len(s) > maxCitation {
		return c
	}
	p := citationParser{c: &c, rest: s}
	p.note()
	p.visited()
	p.links()
	p.size()
	if !p.chinese() && !p.apa() {
		p.general()
	}
	p.kind()
	// Where a link or a note stood inside a title, what is left of it is not printed so.
	plain := strings.Join(strings.Fields(s), " ")
	for _, texts := range []*[]Text{&c.Titles, &c.Sources, &c.ChapterTitles} {
		*texts = slices.DeleteFunc(*texts, func(t Text) bool { return !strings.Contains(plain, strings.Join(strings.Fields(t.Text.Plain()), " ")) })
		if len(*texts) == 0 {
			*texts = nil
		}
	}
	for _, v := range []*string{&c.PublisherName, &c.PublisherLoc, &c.Size} {
		if !strings.Contains(s, *v) {
			*v = ""
		}
	}
	return c
}

// citationParser holds what is not yet taken from a reference.
type citationParser struct {
	c      *Citation
	rest   string
	web    bool // a link is said to be the place of the work
	parted bool // "//" stood between title and source
}

// --- what stands anywhere

// languageWords are the words for languages in notes such as "In Russ." and "на рус. яз.".
var languageWords = map[string]string{
	"russ": "ru", "russian": "ru", "rus": "ru", "рус": "ru", "русск": "ru", "русском": "ru",
	"chin": "zh", "chinese": "zh", "кит": "zh", "китайском": "zh",
	"eng": "en", "engl": "en", "english": "en", "англ": "en", "английском": "en",
	"germ": "de", "ger": "de", "german": "de", "нем": "de", "немецком": "de",
	"fr": "fr", "fren": "fr", "french": "fr", "фр": "fr", "франц": "fr", "французском": "fr",
	"jap": "ja", "jpn": "ja", "japanese": "ja", "яп": "ja", "японск": "ja", "японском": "ja",
	"kor": "ko", "korean": "ko", "кор": "ko", "корейском": "ko",
	"span": "es", "spanish": "es", "исп": "es", "испанском": "es",
	"ital": "it", "italian": "it", "ит": "it", "итал": "it", "итальянском": "it",
	"pol": "pl", "polish": "pl", "польск": "pl", "польском": "pl",
	"ukr": "uk", "ukrainian": "uk", "укр": "uk", "украинском": "uk",
	"turk": "tr", "turkish": "tr", "тур": "tr", "турецк": "tr", "турецком": "tr",
	"arab": "ar", "arabic": "ar", "араб": "ar", "арабском": "ar",
	"pers": "fa", "persian": "fa", "перс": "fa", "персидском": "fa",
	"port": "pt", "portuguese": "pt", "порт": "pt", "португальском": "pt",
	"bulg": "bg", "bulgarian": "bg", "болг": "bg", "болгарском": "bg",
	"serb": "sr", "serbian": "sr", "серб": "sr", "сербском": "sr",
	"czech": "cs", "чеш": "cs", "чешском": "cs", "hung": "hu", "hungarian": "hu", "венг": "hu", "венгерском": "hu",
	"belarusian": "be", "белор": "be", "белорусском": "be", "kazakh": "kk", "каз": "kk", "казахском": "kk",
	"mong": "mn", "mongolian": "mn", "монг": "mn", "монгольском": "mn", "vietnamese": "vi", "viet": "vi", "вьетн": "vi", "вьетнамском": "vi",
	"swedish": "sv", "швед": "sv", "finnish": "fi", "фин": "fi", "norwegian": "no", "норв": "no", "danish": "da", "дат": "da",
	"greek": "el", "греч": "el", "hebr": "he", "hebrew": "he", "hindi": "hi", "хинди": "hi", "dutch": "nl", "голл": "nl",
	"armenian": "hy", "арм": "hy", "georgian": "ka", "груз": "ka", "latin": "la", "лат": "la",
}

// otherScript names the script that a language is written in, where that is not Latin.
var otherScript = map[string]*unicode.RangeTable{
	"ru": unicode.Cyrillic, "uk": unicode.Cyrillic, "be": unicode.Cyrillic, "bg": unicode.Cyrillic, "mn": unicode.Cyrillic,
	"zh": unicode.Han, "ja": unicode.Han, "ko": unicode.Hangul, "ar": unicode.Arabic, "fa": unicode.Arabic,
	"el": unicode.Greek, "he": unicode.Hebrew, "hi": unicode.Devanagari, "hy": unicode.Armenian, "ka": unicode.Georgian,
}

var noteRE = regexp.MustCompile(`[(\[]\s*((?i:in|на)\s+(\p{L}+)\.?(?:\s+(?:language|языке|яз\.?))?(?:[,;][^()\[\]]{0,40})?)\s*[)\]]\.?`)

// note takes the note that names the work's language.
func (p *citationParser) note() {
	all := noteRE.FindAllStringSubmatchIndex(p.rest, -1)
	for _, m := range slices.Backward(all) {
		if lang := languageWords[strings.ToLower(p.rest[m[4]:m[5]])]; lang != "" {
			p.c.Lang, p.c.LangNote = lang, p.rest[m[2]:m[3]]
			p.cut(m[0], m[1])
			return
		}
	}
}

// cut takes rest[from:to] away.
func (p *citationParser) cut(from, to int) {
	p.rest = strings.TrimSpace(strings.TrimRight(p.rest[:from], " ") + " " + strings.TrimLeft(p.rest[to:], " "))
}

const dayPattern = `\d{1,2}\.\d{1,2}\.\d{4}|\d{4}-\d{2}-\d{2}|\d{1,2} \p{L}+\.? \d{4}|\p{L}+\.? \d{1,2}, \d{4}`

var visitedRE = regexp.MustCompile(`[(\[]?\s*(?i:last accessed|date accessed|date of access|access date|accessed|дата обращения|data obrashcheniya|data obrashheniya)(?:\s+on)?\s*:?\s*(` + dayPattern + `)(?:\s*г\.)?\s*[)\]]?`)

// visited takes the day on which a link was visited.
func (p *citationParser) visited() {
	if m := visitedRE.FindStringSubmatchIndex(p.rest); m != nil {
		p.c.AccessDate, _ = citedDay(p.rest[m[2]:m[3]])
		p.web = true
		p.cut(m[0], m[1])
	}
}

var citedMonths = map[string]string{
	"january": "01", "jan": "01", "января": "01", "february": "02", "feb": "02", "февраля": "02", "march": "03", "mar": "03", "марта": "03",
	"april": "04", "apr": "04", "апреля": "04", "may": "05", "мая": "05", "june": "06", "jun": "06", "июня": "06", "july": "07", "jul": "07", "июля": "07",
	"august": "08", "aug": "08", "августа": "08", "september": "09", "sept": "09", "sep": "09", "сентября": "09", "october": "10", "oct": "10", "октября": "10",
	"november": "11", "nov": "11", "ноября": "11", "december": "12", "dec": "12", "декабря": "12",
}

// citedDay reads a day as dayPattern has it.
func citedDay(s string) (string, bool) {
	if w := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' }); len(w) == 3 {
		if unicode.IsLetter(firstRune(w[0])) {
			w[0], w[1] = w[1], w[0]
		}
		m := citedMonths[strings.ToLower(strings.TrimSuffix(w[1], "."))]
		if m == "" {
			return "", false
		}
		s = w[0] + "." + m + "." + w[2]
	}
	for _, layout := range []string{"2.1.2006", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1000 {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

var (
	citedURL  = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"«»“”„。，；）]+`)
	citedDOI  = regexp.MustCompile(`(?i)(?:^|[\s(\[:;,])(?:doi\s*:?\s*)?(10\.\d{4,9}(?:\.\d+)*/[^\s<>"«»“”„。，；）]+)`)
	doiURL    = regexp.MustCompile(`(?i)^https?://(?:dx\.|www\.)?doi\.org/(10\.\d{4,9}(?:\.\d+)*/\S+)$`)
	lineToURL = regexp.MustCompile(`(?i)(?:available (?:at|from|online)|retrieved from|режим доступа|rezhim dostupa|\burl|\bdoi|\[?electronic resource\]?|\[?электронный ресурс\]?)\s*[:.]?\s*$`)
	isbnRE    = regexp.MustCompile(`(?i)\bISBN(?:-1[03])?:?\s*([0-9][0-9 -]{8,15}[0-9Xx])\b`)
)

// links takes DOIs, links and the ISBN.
func (p *citationParser) links() {
	doi := func(v string) {
		v = trimLink(v)
		if !slices.ContainsFunc(p.c.IDs, func(id ID) bool { return strings.EqualFold(id.Value, v) }) {
			p.c.IDs = append(p.c.IDs, ID{Type: "doi", Value: v})
		}
	}
	take := func(re *regexp.Regexp, group int, found func(string)) {
		var b strings.Builder
		from := 0
		for _, m := range re.FindAllStringSubmatchIndex(p.rest, -1) {
			lo, v := m[0], trimLink(p.rest[m[2*group]:m[2*group+1]])
			hi := m[2*group] + len(v)
			found(v)
			before := p.rest[from:lo]
			if l := lineToURL.FindStringIndex(before); l != nil {
				before = before[:l[0]]
			}
			b.WriteString(before + " ")
			from = hi
		}
		b.WriteString(p.rest[from:])
		p.rest = strings.TrimSpace(b.String())
	}
	take(citedURL, 0, func(v string) {
		if m := doiURL.FindStringSubmatch(v); m != nil {
			doi(m[1])
			return
		}
		p.c.URLs = append(p.c.URLs, v)
	})
	take(citedDOI, 1, doi)
	if m := isbnRE.FindStringSubmatchIndex(p.rest); m != nil {
		v := p.rest[m[2]:m[3]]
		if n := len(strings.NewReplacer("-", "", " ", "").Replace(v)); n == 10 || n == 13 {
			p.c.ISBN = v
			p.cut(m[0], m[1])
		}
	}
}

// trimLink takes away the punctuation that follows a link, but not a bracket that the link opened.
func trimLink(v string) string {
	for v != "" {
		last, n := utf8.DecodeLastRuneInString(v)
		switch last {
		case '.', ',', ';', ':', '\'', '’', '>':
		case ')':
			if strings.Count(v, "(") >= strings.Count(v, ")") {
				return v
			}
		case ']':
			if strings.Count(v, "[") >= strings.Count(v, "]") {
				return v
			}
		default:
			return v
		}
		v = v[:len(v)-n]
	}
	return v
}

var sizeRE = regexp.MustCompile(`(?:[.,;—–]|[.,;—–-] )\s*(\d{1,4}\s*(?:pp?|[sс]|стр)\.?)[\s.,;—–-]*$`)

// size takes the number of pages of a book, which stands at the end: "656 p.".
func (p *citationParser) size() {
	if m := sizeRE.FindStringSubmatchIndex(p.rest); m != nil {
		p.c.Size = p.rest[m[2]:m[3]]
		p.rest = strings.TrimRight(p.rest[:m[2]], " —–-") // the period before it stays
	}
}

// --- brackets

// hideNested returns s with everything inside brackets and quotation marks overwritten, byte for byte, so that what is found in the
// result is outside of them. Brackets without a partner hide nothing. groups are the outermost round and square brackets, as the
// places of the opening bracket and of the byte after the closing one.
func hideNested(s string) (hidden string, groups [][2]int) {
	closer := map[rune]rune{')': '(', ']': '[', '»': '«', '”': '“', '）': '（', '》': '《'}
	type open struct {
		r  rune
		at int
	}
	var stack []open
	var spans [][2]int // in the order of their ends
	for i, r := range s {
		switch r {
		case '(', '[', '«', '“', '（', '《':
			stack = append(stack, open{r, i})
		case '"':
			if n := len(stack); n > 0 && stack[n-1].r == '"' {
				spans = append(spans, [2]int{stack[n-1].at, i + 1})
				stack = stack[:n-1]
			} else {
				stack = append(stack, open{r, i})
			}
		default:
			want, ok := closer[r]
			if !ok {
				continue
			}
			n := len(stack) - 1
			for lost := 0; n >= 0 && stack[n].r != want && lost < 3; lost++ { // a few may have lost their partner
				n--
			}
			if n >= 0 && stack[n].r == want {
				spans = append(spans, [2]int{stack[n].at, i + utf8.RuneLen(r)})
				stack = stack[:n]
			}
		}
	}
	b := []byte(s)
	end := len(s)
	for _, sp := range slices.Backward(spans) { // outermost first
		if sp[1] > end {
			continue
		}
		for i := sp[0]; i < sp[1]; i++ {
			b[i] = 1
		}
		if r := firstRune(s[sp[0]:]); r == '(' || r == '[' || r == '（' {
			groups = append(groups, sp)
		}
		end = sp[0]
	}
	slices.Reverse(groups)
	return string(b), groups
}

// inside is the text of a group without its brackets.
func inside(s string, g [2]int) string {
	t := s[g[0]:g[1]]
	_, a := utf8.DecodeRuneInString(t)
	_, z := utf8.DecodeLastRuneInString(t)
	return strings.TrimSpace(t[a : len(t)-z])
}

// --- people

const (
	surnamePattern  = `(?:(?:de|da|di|del|della|van|von|der|den|la|le|el|al|ibn|фон|ван|де|дер)[ -]){0,3}\p{Lu}[\p{L}\p{M}'’ʹʼ]+(?:[-‑–]\p{Lu}[\p{L}\p{M}'’ʹʼ]+)*`
	initialPattern  = `\p{Lu}\p{Ll}{0,2}['’]?\.`
	initialsPattern = initialPattern + `(?:-?` + initialPattern + `){0,3}`
)

var (
	surnameFirst = regexp.MustCompile(`^(` + surnamePattern + `) (` + initialsPattern + `)`)
	moreInitial  = regexp.MustCompile(`^ ` + initialPattern)
	initialFirst = regexp.MustCompile(`^(` + initialsPattern + `(?: ` + initialPattern + `){0,2}) ?(` + surnamePattern + `)`)
	apaAuthor    = regexp.MustCompile(`^(` + surnamePattern + `), (` + initialsPattern + `(?: ` + initialPattern + `){0,2})`)
	personSep    = regexp.MustCompile(`^(?:,? (?:and|und|i|и) |,? & |[,;] ?(?:& |and )?)`)
	othersRE     = regexp.MustCompile(`^,? (?:et al\.?|и др\.|i dr\.)`)
	editorsRE    = regexp.MustCompile(`^,? (?:\((?i:eds?|ред|отв\. ред|под ред|red)\.?\)|eds?\.(?:,|$| )|(?:отв\. )?ред\.)`)
	yearComes    = regexp.MustCompile(`^[,.]? ?(?:1[5-9]|20)\d\d[a-z]?[.,]`)
	noSurname    = regexp.MustCompile(`^(?i:vitamin|hepatitis|type|part|vol|volume|chapter|category|group|class|series|plan|factor|section|appendix|page|no|том|часть|глава|витамин|гепатит|тип|группа|раздел|серия|выпуск|tom|vypusk)$`)
	noInitials   = regexp.MustCompile(`^(?:U\.S\.|U\.N\.|U\.K\.|E\.U\.|С\.Ш\.|U\.S\.S\.R\.|U\.S\.A\.)`)
)

// people takes the authors from the beginning of s and tells where they end. No people, or people in a form that is not known for
// sure: 0.
func (p *citationParser) people(s string) int {
	for _, read := range []func(string) (Name, int){surnameThenInitials, initialsThenSurname} {
		g := PersonGroup{Type: "author"}
		at := 0
		for {
			n, length := read(s[at:])
			if length == 0 {
				at = 0
				break
			}
			g.Persons = append(g.Persons, Person{Names: []Name{n}})
			at += length
			if m := othersRE.FindStringIndex(s[at:]); m != nil {
				g.EtAl = true
				at += m[1]
				break
			}
			if m := editorsRE.FindStringIndex(s[at:]); m != nil {
				g.Type = "editor"
				at += m[1]
				break
			}
			if yearComes.MatchString(s[at:]) {
				break
			}
			m := personSep.FindStringIndex(s[at:])
			if m == nil {
				break
			}
			at += m[1]
		}
		if at == 0 || at == len(s) {
			continue
		}
		next := strings.TrimLeft(s[at:], " .,:")
		if r := firstRune(next); next == "" || unicode.IsLower(r) || len(next) == len(s[at:]) {
			continue
		}
		if last := s[at-1]; last != '.' && s[at] != '.' && s[at] != ',' && !g.EtAl && g.Type == "author" {
			continue
		}
		p.c.PersonGroups = append(p.c.PersonGroups, g)
		return len(s) - len(next)
	}
	return 0
}

func surnameThenInitials(s string) (Name, int) {
	m := surnameFirst.FindStringSubmatchIndex(s)
	if m == nil || noSurname.MatchString(s[m[2]:m[3]]) {
		return Name{}, 0
	}
	end := m[5]
	if strings.Count(s[m[4]:end], ".") == 1 { // "G. H.", but not the "U." of "U.S. Policy" nor the last word of a title
		for range 2 {
			x := moreInitial.FindStringIndex(s[end:])
			if x == nil || end+x[1] >= len(s) || !strings.ContainsRune(" ,;", rune(s[end+x[1]])) {
				break
			}
			end += x[1]
		}
	}
	return Name{Surname: s[m[2]:m[3]], GivenNames: s[m[4]:end]}, end
}

func initialsThenSurname(s string) (Name, int) {
	m := initialFirst.FindStringSubmatchIndex(s)
	if m == nil || noInitials.MatchString(s) {
		return Name{}, 0
	}
	return Name{Surname: s[m[4]:m[5]], GivenNames: strings.TrimSpace(s[m[2]:m[3]])}, m[1]
}

// --- Chinese

var (
	hanAuthors = regexp.MustCompile(`^(\p{Han}[\p{Han}·]{1,8}(?:\s*[,，、;；]\s*\p{Han}[\p{Han}·]{1,8})*)\s*[:：]\s*`)
	hanQuoted  = regexp.MustCompile(`^[“"«《]`)
	hanList    = regexp.MustCompile(`\s*[,，、;；]\s*`)
	hanEditor  = regexp.MustCompile(`^(\p{Han}{2,4}?)(?:主编|编著|编)$`)
	hanHouse   = regexp.MustCompile(`^(\p{Han}{2,6})\s*[:：]\s*(\p{Han}*(?:出版社|出版公司|书局|印书馆|书店))$`)
	latinName  = regexp.MustCompile(`^\p{Lu}[\p{L}'’-]+(?: \p{Lu}[\p{L}'’-]+){1,2}$`)
	hanTitle   = regexp.MustCompile(`^\p{Han}[\p{Han}\d·：:，,、 “”‘’"()（）《》?？!！-]*$`)
)

// chinese reads a work whose title is printed in Chinese characters, with a translation in brackets: authors and a quoted title for an
// article, the bare title for a book.
func (p *citationParser) chinese() bool {
	s := p.rest
	if !unicode.Is(unicode.Han, firstRune(s)) || p.c.Lang != "" && p.c.Lang != "zh" {
		return false
	}
	lang := p.c.Lang
	if lang == "" && strings.Contains(s, "期") && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
	}) {
		lang = "zh" // only Chinese counts issues so
		p.c.Lang = lang
	}
	var names []string
	if m := hanAuthors.FindStringSubmatchIndex(s); m != nil && hanQuoted.MatchString(s[m[1]:]) {
		names = hanList.Split(s[m[2]:m[3]], -1)
		s = s[m[1]:]
	}
	hidden, groups := hideNested(s)
	title, after := "", ""
	var trans string
	for _, g := range groups {
		if strings.ContainsFunc(s[g[0]:g[1]], func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			continue
		}
		title, trans, after = strings.TrimSpace(s[:g[0]]), inside(s, g), s[g[1]:]
		hidden = hidden[g[1]:]
		break
	}
	if title == "" { // no translation: a quoted title ends with its quotation mark, any other is not sure
		if names == nil {
			return false
		}
		n := strings.LastIndex(hidden, "\x01") + 1
		if i := strings.IndexFunc(hidden, func(r rune) bool { return r != 1 }); i > 0 {
			n = i
		}
		title, after, hidden = s[:n], s[n:], hidden[n:]
	}
	quoted := hanQuoted.MatchString(title)
	if quoted {
		title = unquote(title)
	}
	if title == "" || !quoted && !hanTitle.MatchString(title) {
		return false
	}
	g := PersonGroup{Type: "author"}
	for _, n := range names {
		g.Persons = append(g.Persons, Person{Names: []Name{{Lang: lang, Full: n}}})
	}
	if dot := strings.Index(trans, ". "); dot > 0 && names != nil {
		latin := hanList.Split(trans[:dot], -1)
		if len(latin) == len(names) && !slices.ContainsFunc(latin, func(n string) bool { return !latinName.MatchString(n) }) {
			for i, n := range latin {
				g.Persons[i].Names = append(g.Persons[i].Names, Name{Lang: latn(lang), Full: n})
			}
			trans = strings.TrimSpace(trans[dot+2:])
		} else {
			trans = ""
		}
	} else if names != nil && trans != "" && slices.ContainsFunc([]string{trans}, latinName.MatchString) {
		trans = "" // as likely the author's name
	}
	titles := []Text{{Lang: lang, Text: Escape(title)}}
	if trans != "" && !strings.ContainsFunc(trans, func(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) }) {
		l := "en"
		if pinyin(trans) {
			l = latn(lang)
		} else if !english(trans) && strings.ContainsFunc(trans, func(r rune) bool { return r >= 0x80 && unicode.IsLetter(r) }) {
			l = ""
		}
		if l != "" {
			titles = append(titles, Text{Lang: l, Text: Escape(trans)})
		}
	}
	if len(g.Persons) > 0 {
		p.c.PersonGroups = append(p.c.PersonGroups, g)
	}
	if strings.Contains(hidden, "//") {
		p.parted = true
	}
	tail := p.tail(after, hidden)
	var source []string
	for _, part := range strings.Split(strings.NewReplacer("//", ". ", "。", ". ").Replace(after[:tail]), ". ") {
		if part = strings.Trim(part, " .,，;"); part == "" {
			continue
		}
		if m := hanEditor.FindStringSubmatch(part); m != nil && !quoted {
			p.c.PersonGroups = append(p.c.PersonGroups, PersonGroup{Type: "editor", Persons: []Person{{Names: []Name{{Lang: lang, Full: m[1]}}}}})
			continue
		}
		if m := hanHouse.FindStringSubmatch(part); m != nil {
			p.c.PublisherLoc, p.c.PublisherName = m[1], m[2]
			continue
		}
		source = append(source, part)
	}
	switch {
	case p.c.PublisherName != "" && !quoted:
		p.c.Sources = titles
	default:
		p.c.Titles = titles
		if len(source) == 1 {
			p.c.Sources = []Text{{Lang: lang, Text: Escape(source[0])}}
		}
	}
	return true
}

// unquote takes the quotation marks around s away.
func unquote(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	z, m := utf8.DecodeLastRuneInString(s)
	if len(s) >= n+m && strings.ContainsRune("“\"«《", r) && strings.ContainsRune("”\"»》", z) {
		return strings.TrimSpace(s[n : len(s)-m])
	}
	return strings.TrimSpace(s)
}

// latn is the tag of lang written in Latin letters.
func latn(lang string) string {
	if lang == "" {
		return ""
	}
	return lang + "-Latn"
}

var syllable = regexp.MustCompile(`^(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|an|en|in|un|ai|ei|ao|ou|ia|ie|iu|ua|uo|ui|ue|üe|er|[aeiouü])'?)+$`)

// pinyin tells that every word of s is made of syllables of Chinese in Latin letters.
func pinyin(s string) bool {
	for _, w := range strings.Fields(s) {
		if w = strings.ToLower(strings.Trim(w, ".,:;?!\"“”'’()")); w != "" && !syllable.MatchString(w) {
			return false
		}
	}
	return true
}

// --- the rest

var (
	wordEN   = regexp.MustCompile(`(?i)^(?:the|of|and|in|on|for|to|an|is|are|was|were|with|between|from|how|why|what|when|where|who|by|at|its|their|under|into|after|before|as|or|not|new|history|dictionary|world|modern|theory|issues|problems|international|relations|policy|politics|economy|economic|development|analysis|study|studies|research|law|science|society|culture|security|state|states|russian|chinese|american|european|asian|soviet|military|national)$`)
	suffixEN = regexp.MustCompile(`(?i)(?:[a-z]{3}(?:tion|tions|sion|ment|ments|ness|ship|ity|ities|ing|ings|ology|ics|ence|ance|ary|ory|ous|ical)|th|ght|ck|ew|aw|ow|wn|ph|ee|ea[dlmnrst]|oo[dklmnrt])$`)
	translit = regexp.MustCompile(`(?i)(?:[bcdfghklmnprstvz]['’ʹ](?:$|[^st]|[st].)|(?:iya|ija|aya|aja|oye|ogo|ykh|yh|ikh|ii|iy|yi|yj|skii|skij|skoi|oj|ov|ova|ev|eva|nykh|nyi|nye|ye|iyu|uyu|tsii|stvo|stva|ost|osti|eniya|enii|enie)$|shch|zhd)`)
)

// english tells that s is surely English, and no transliteration.
func english(s string) bool {
	score := 0
	for _, w := range strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(".,:;?!\"“”()[]«»—–-/", r)
	}) {
		for _, r := range w {
			if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
				return false
			}
		}
		switch {
		case wordEN.MatchString(w):
			score += 2
		case translit.MatchString(w):
			score -= 2
		case suffixEN.MatchString(w):
			score++
		}
	}
	return score > 0
}

// langOf is the language of a title in the work's language: its transliteration when it is in Latin letters and the language is not.
func (p *citationParser) langOf(s string) string {
	lang := p.c.Lang
	script := otherScript[lang]
	switch {
	case lang == "":
		return ""
	case script == nil:
		for _, r := range s {
			if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
				return "" // Kazakh or Serbian, say, which have two scripts
			}
		}
		return lang
	}
	own, latin := 0, 0
	for _, r := range s {
		switch {
		case unicode.Is(script, r) || lang == "ja" && unicode.In(r, unicode.Hiragana, unicode.Katakana):
			own++
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	switch {
	case own > latin:
		return lang
	case own == 0 && latin > 0:
		return latn(lang)
	}
	return ""
}

var russianOnly = regexp.MustCompile(`[ыэЫЭ]`)

// russian tells that s is Russian: Cyrillic letters of the Russian alphabet alone, and one of those that its neighbours lack.
func russian(s string) bool {
	if !russianOnly.MatchString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsLetter(r) && (r < 'А' || r > 'я') && r != 'ё' && r != 'Ё' {
			return false
		}
	}
	return true
}

var (
	apaYear   = regexp.MustCompile(`^ \(((?:1[5-9]|20)\d\d)([a-z]?)\)[.,]? `)
	apaSource = regexp.MustCompile(`^([^.]+), (\d{1,4})(?:\((\d{1,4}(?:[-–/]\d{1,4})?)\))?(?:, (?:pp?\. ?)?([A-Za-z]?\d+)(?:[-–]([A-Za-z]?\d+))?)?\.?$`)
)

// apa reads "Smith, J., & Doe, A. (2012). Title. Source, 3(2), 11-29."
func (p *citationParser) apa() bool {
	s := p.rest
	g := PersonGroup{Type: "author"}
	at := 0
	for {
		m := apaAuthor.FindStringSubmatchIndex(s[at:])
		if m == nil {
			return false
		}
		g.Persons = append(g.Persons, Person{Names: []Name{{Surname: s[at+m[2] : at+m[3]], GivenNames: s[at+m[4] : at+m[5]]}}})
		at += m[1]
		if x := othersRE.FindStringIndex(s[at:]); x != nil {
			g.EtAl = true
			at += x[1]
		}
		if apaYear.MatchString(s[at:]) {
			break
		}
		x := personSep.FindStringIndex(s[at:])
		if x == nil {
			return false
		}
		at += x[1]
	}
	y := apaYear.FindStringSubmatchIndex(s[at:])
	p.c.PersonGroups = append(p.c.PersonGroups, g)
	p.c.Date = s[at+y[2] : at+y[3]]
	if y[4] < y[5] {
		p.c.Year = s[at+y[2] : at+y[5]]
	}
	parts := sentences(s[at+y[1]:])
	if len(parts) != 2 {
		return true
	}
	m := apaSource.FindStringSubmatch(parts[1])
	if m == nil {
		return true
	}
	p.setTitles(parts[0], "")
	p.c.Sources = []Text{{Lang: p.langOf(m[1]), Text: Escape(m[1])}}
	p.c.Volume, p.c.Issue, p.c.FPage, p.c.LPage = m[2], m[3], m[4], m[5]
	return true
}

var notEnd = regexp.MustCompile(`(?:^|[\s.(«“"—–-])(?:\p{Lu}|St|Mr|Mrs|Dr|Prof|vs|v|Ch|Pt|Op|cf|ed|eds|им|св|Св|т|г|гг|обл|ред|Red|red|pod|Pod|под|Под|отв|изд|izd|СПб|SPb)$`)

// sentences splits s at periods that end a sentence, outside of brackets. Those of initials and common abbreviations do not.
func sentences(s string) []string {
	hidden, _ := hideNested(s)
	var out []string
	from := 0
	for i := 0; i+1 < len(hidden); i++ {
		if hidden[i] != '.' || hidden[i+1] != ' ' || notEnd.MatchString(hidden[max(from, lastRunes(hidden, i, 12)):i]) {
			continue
		}
		if part := strings.Trim(s[from:i], " .,;—–"); part != "" {
			out = append(out, part)
		}
		from = i + 1
	}
	if part := strings.Trim(s[from:], " .,;—–"); part != "" {
		out = append(out, part)
	}
	return out
}

// lastRunes is the place at most n bytes before end at which a rune begins.
func lastRunes(s string, end, n int) int {
	at := max(0, end-n)
	for at < end && !utf8.RuneStart(s[at]) {
		at++
	}
	return at
}

// general reads the other forms: authors, title, source or house, and what begins with a year, a volume, an issue or pages.
func (p *citationParser) general() {
	s := p.rest
	at := p.people(s)
	authors := at > 0
	s = s[at:]
	hidden, groups := hideNested(s)
	if m := leadingYear.FindStringSubmatch(s); m != nil && authors { // Brown C., 2012. Title
		p.c.Date = m[1]
		if m[2] != "" {
			p.c.Year = m[1] + m[2]
		}
		s, hidden = s[len(m[0]):], hidden[len(m[0]):]
		groups = nil // their places moved; a translation in this form is not known
	}
	if m := vancouver.FindStringSubmatch(s); m != nil {
		p.c.Date, p.c.Volume, p.c.Issue, p.c.FPage, p.c.LPage = m[1], m[2], m[3], m[4], m[5]
		return // authors and titles of this style have no initials with periods and no sure end
	}
	if i := strings.Index(hidden, "//"); i >= 0 {
		p.parted = true
		tail := i + 2 + p.tail(s[i+2:], hidden[i+2:])
		p.slashed(s[:i], s[i+2:tail], groups, authors)
		return
	}
	if p.c.Lang != "" && p.c.Lang != "en" {
		if open, end, ok := p.translation(s, hidden, groups, authors); ok {
			tail := end + p.tail(s[end:], hidden[end:])
			p.setTitles(s[:open], inside(s, [2]int{open, end}))
			p.source(s[end:tail])
			return
		}
	}
	tail := p.tail(s, hidden)
	parts := sentences(s[:tail])
	house := len(parts) > 0 && p.house(parts[len(parts)-1])
	switch {
	case !authors || len(parts) != 2:
	case house:
		p.setTitles(parts[0], "")
		p.book()
	case p.c.Volume != "" || p.c.Issue != "" || p.c.FPage != "" || p.web && len(p.c.URLs) > 0:
		p.setTitles(parts[0], "")
		p.c.Sources = []Text{{Lang: p.langOf(parts[1]), Text: Escape(parts[1])}}
	}
}

var (
	leadingYear = regexp.MustCompile(`^((?:1[5-9]|20)\d\d)([a-z]?)[.,] `)
	vancouver   = regexp.MustCompile(`\b((?:1[5-9]|20)\d\d)(?: [A-Z][a-z]{2})?; ?(\d{1,4})(?:\((\d{1,4}(?:[-–/]\d{1,4})?)\))?: ?([A-Za-z]?\d{1,6})(?:[-–]([A-Za-z]?\d{1,6}))?\b`)
)

// translation finds the bracket that holds the translation of a title: English, and the end of a sentence. What is before it is the title.
func (p *citationParser) translation(s, hidden string, groups [][2]int, authors bool) (open, end int, ok bool) {
	for _, g := range groups {
		after := strings.TrimLeft(hidden[g[1]:], " ")
		title := strings.Trim(s[:g[0]], " ")
		if after != "" && !strings.ContainsRune(".,;/—–", firstRune(after)) || title == "" || !english(inside(s, g)) {
			continue
		}
		if !authors && strings.Contains(hidden[:g[0]], ". ") { // the authors may be in there
			return 0, 0, false
		}
		if tailRE.MatchString(hidden[:g[0]]) { // the bracket is after the year: a translated journal
			return 0, 0, false
		}
		return g[0], g[1], true
	}
	return 0, 0, false
}

// setTitles sets the title and its translation, if there is one.
func (p *citationParser) setTitles(title, trans string) {
	hidden, _ := hideNested(title)
	if i := strings.Index(hidden, " / "); i > 0 { // who is responsible
		title = title[:i]
	}
	title = strings.TrimRight(strings.Trim(title, " ,;—–"), " ")
	if !strings.HasSuffix(title, "..") {
		title = strings.TrimSuffix(title, ".")
	}
	if title == "" {
		return
	}
	if p.c.Lang == "" && russian(title) {
		p.c.Lang = "ru"
	}
	p.c.Titles = []Text{{Lang: p.langOf(title), Text: Escape(title)}}
	if trans != "" {
		p.c.Titles = append(p.c.Titles, Text{Lang: "en", Text: Escape(trans)})
	}
}

// source reads what stands between a title and the year: a journal, when it has a volume, an issue or pages, or a place and a house.
func (p *citationParser) source(s string) {
	parts := sentences(s)
	switch {
	case len(parts) == 0:
	case p.house(parts[len(parts)-1]):
		if len(parts) == 1 {
			p.book()
		}
	case p.c.Volume != "" || p.c.Issue != "" || p.c.FPage != "":
		p.setSource(s)
	}
}

// setSource sets the source, with its translation when one stands in brackets at its end.
func (p *citationParser) setSource(s string) {
	hidden, _ := hideNested(s)
	if i := strings.Index(hidden, " / "); i > 0 { // who is responsible
		s = s[:i]
	}
	s = strings.Trim(s, " .,;—–")
	if s == "" {
		return
	}
	_, groups := hideNested(s)
	if n := len(groups); n > 0 && groups[n-1][1] == len(s) && groups[n-1][0] > 0 && p.c.Lang != "" && p.c.Lang != "en" && english(inside(s, groups[n-1])) {
		own := strings.TrimSpace(s[:groups[n-1][0]])
		p.c.Sources = []Text{{Lang: p.langOf(own), Text: Escape(own)}, {Lang: "en", Text: Escape(inside(s, groups[n-1]))}}
		return
	}
	p.c.Sources = []Text{{Lang: p.langOf(s), Text: Escape(s)}}
}

// slashed reads "title // source".
func (p *citationParser) slashed(title, source string, groups [][2]int, authors bool) {
	trans := ""
	if n := len(groups); p.c.Lang != "" && p.c.Lang != "en" {
		for _, g := range groups[:n] {
			if g[1] <= len(title) && strings.Trim(title[g[1]:], " .") == "" && g[0] > 0 && english(inside(title, g)) {
				trans = inside(title, g)
				title = title[:g[0]]
				break
			}
		}
	}
	if authors || len(sentences(title)) == 1 {
		p.setTitles(title, trans)
	}
	parts := sentences(source)
	if n := len(parts); n > 1 && p.house(parts[n-1]) {
		i := strings.LastIndex(source, parts[n-1])
		p.c.ChapterTitles, p.c.Titles = p.c.Titles, nil
		p.setSource(source[:i])
		return
	}
	if p.c.PublisherName == "" && len(parts) > 0 {
		p.setSource(source)
	}
}

// book makes the title that of a book, which JATS calls the source.
func (p *citationParser) book() { p.c.Sources, p.c.Titles = p.c.Titles, nil }

var (
	houseRE    = regexp.MustCompile(`^(\p{Lu}[\p{L}.'’-]*(?:(?:\s*[;,—–]\s*|\s+(?:and|&|и|i)\s+|\s+)\p{Lu}[\p{L}.'’-]*){0,4})\s*:\s*(\S.*)$`)
	houseWord  = regexp.MustCompile(`(?i)\b(?:press|publ|publishers?|publishing|books|verlag|university|univ|universitet|izdatel'?stvo|izd|nauka|springer|elsevier|wiley|routledge|brill)\b|издательств|изд-во|наука|университет|пресс`)
	knownPlace = regexp.MustCompile(`(?i)^(?:moscow|moskva|москва|m\.|м\.|m|м|saint petersburg|st\.? petersburg|sankt-peterburg|санкт-петербург|spb\.?|спб\.?|leningrad|ленинград|l\.|л\.|novosibirsk|новосибирск|kazan'?|казань|ekaterinburg|екатеринбург|minsk|минск|kiev|kyiv|киев|london|new york|n\.y\.|cambridge|oxford|paris|berlin|chicago|princeton|boston|washington|beijing|shanghai|tokyo|toronto|amsterdam|leiden|dordrecht|heidelberg|munich|münchen|vienna|wien|rome|roma|milan|madrid|cham|basel|geneva|hoboken|ithaca|stanford|berkeley|los angeles|baltimore|philadelphia|edinburgh|dublin|singapore|hong kong|delhi|new delhi|warsaw|prague|budapest|stockholm|helsinki)(?:$|[\s,;—–])`)
)

// house takes s as the place and the house of a publication, if it surely is that: the place or the house must be known for one.
func (p *citationParser) house(s string) bool {
	m := houseRE.FindStringSubmatch(s)
	if m == nil || !knownPlace.MatchString(m[1]) && !houseWord.MatchString(m[2]) {
		return false
	}
	if utf8.RuneCountInString(m[2]) > 100 {
		return false
	}
	p.c.PublisherLoc, p.c.PublisherName = m[1], m[2]
	return true
}

const (
	citedYear   = `(?:1[5-9]|20)\d\d`
	volumeWords = `(?:[Vv]ol\.|[Vv]olume|V\.|[Тт]\.|[Тт]ом|[Tt]\.|[Bb]d\.)`
	issueWords  = `(?:[Nn]os?\.|N\.?|№№?|[Ii]ss\.|[Ii]ssue|[Вв]ып\.|[Vv]yp\.|[Nn]r\.?|[Hh]\.)`
	pageWords   = `(?:[Pp]{1,2}\.|[Сс]{1,2}\.|[Сс]тр\.|[Ss]\.)`
	number      = `\d{1,4}(?:[-–/]\d{1,4})?`
)

var (
	// tailRE finds where the year, the date, the volume, the issue or the pages begin, whichever is first.
	tailRE = regexp.MustCompile(`(?:[.,;，。]|[\s\x01][—–])\s*(?:[—–]\s*)?(?:` + citedYear + `(?:年|[a-z])?\s*(?:г\.)?(?:[.,;:，。]|\s*[—–]|\s*$|\s*\x01)|\d{1,2}\.\d{1,2}\.\d{4}|\d{1,2} \p{L}+\.? ` + citedYear + `\b|\p{L}+ \d{1,2}, ` + citedYear + `\b)` +
		`|[.,;\s—–\x01](?:` + volumeWords + `\s*(?:\d|[IVXLC]+\b)|` + issueWords + `\s*\d|` + pageWords + `\s*\d)|第\s*\d+\s*[期卷]`)
	tailVolume = regexp.MustCompile(`(?:^|[.,;\s—–])` + volumeWords + `\s*(` + number + `|[IVXLC]+\b)`)
	tailIssue  = regexp.MustCompile(`(?:^|[.,;\s—–])` + issueWords + `\s*(` + number + `)`)
	tailPages  = regexp.MustCompile(`(?:^|[.,;\s—–])` + pageWords + `\s*([A-Za-z]?\d{1,6})(?:\s?[-–—]\s?([A-Za-z]?\d{1,6}))?((?:,\s*\d{1,6}(?:[-–]\d{1,6})?)*)`)
	hanVolume  = regexp.MustCompile(`第\s*(\d{1,4})\s*卷`)
	hanIssue   = regexp.MustCompile(`第\s*(\d{1,4}(?:[-–]\d{1,4})?)\s*期`)
	whole      = regexp.MustCompile(`^\s*\((\d{1,4}(?:[-–]\d{1,4})?)\)`)
	tailDay    = regexp.MustCompile(`(?:^|[.,;\s—–])(` + dayPattern + `)(?:[.,;\s]|$)`)
	tailYear   = regexp.MustCompile(`(?:^|[^\d\p{L}–-])(` + citedYear + `)(年|[a-z]\b)?(?:[^\d\p{L}–-]|$|г\.)`)
)

// tail reads year, volume, issue and pages from s and tells where they begin; hidden is s with its brackets hidden.
func (p *citationParser) tail(s, hidden string) int {
	at := len(s)
	if m := tailRE.FindStringIndex(hidden); m != nil {
		at = m[0]
	}
	s, hidden = s[at:], hidden[at:]
	blank := func(from, to int) { hidden = hidden[:from] + strings.Repeat(" ", to-from) + hidden[to:] }
	if m := tailPages.FindStringSubmatchIndex(hidden); m != nil {
		p.c.FPage = hidden[m[2]:m[3]]
		if m[4] >= 0 {
			p.c.LPage = hidden[m[4]:m[5]]
		}
		if m[6] < m[7] {
			p.c.PageRange = hidden[m[2]:m[7]]
		}
		blank(m[0], m[1])
	}
	for _, re := range []*regexp.Regexp{hanIssue, tailIssue} {
		if m := re.FindStringSubmatchIndex(hidden); m != nil {
			p.c.Issue = hidden[m[2]:m[3]]
			if w := whole.FindStringSubmatch(s[m[3]:]); w != nil { // 3 (105): in the year, and in all
				p.c.Issue += " (" + w[1] + ")"
			}
			blank(m[0], m[1])
			break
		}
	}
	for _, re := range []*regexp.Regexp{hanVolume, tailVolume} {
		if m := re.FindStringSubmatchIndex(hidden); m != nil {
			p.c.Volume = hidden[m[2]:m[3]]
			if w := whole.FindStringSubmatch(s[m[3]:]); w != nil && p.c.Issue == "" { // Vol. 10 (4)
				p.c.Issue = w[1]
			}
			blank(m[0], m[1])
			break
		}
	}
	if p.c.Date != "" {
		return at
	}
	if m := tailDay.FindStringSubmatch(hidden); m != nil {
		if day, ok := citedDay(m[1]); ok {
			p.c.Date = day
			return at
		}
	}
	years := map[string]bool{}
	letter := ""
	for from := 0; ; {
		m := tailYear.FindStringSubmatchIndex(hidden[from:])
		if m == nil {
			break
		}
		years[hidden[from+m[2]:from+m[3]]] = true
		if m[4] >= 0 && hidden[from+m[4]:from+m[5]] != "年" {
			letter = hidden[from+m[4] : from+m[5]]
		}
		from += m[3]
	}
	if len(years) == 1 { // two years: one may be of the title, of a first edition, of anything
		for y := range years {
			p.c.Date = y
			if letter != "" {
				p.c.Year = y + letter
			}
		}
	}
	return at
}

var (
	thesisRE = regexp.MustCompile(`(?i)ph\.?\s?d\.? (?:thesis|diss)|(?:master|doctoral)(?:['’]s)? thesis|doctoral dissertation|автореф|avtoref|\bdis(?:s)?\. (?:kand|dokt|d-ra|\.\.\.)|(?:^|[\s.:])дисс?\. (?:канд|докт|д-ра|\.\.\.)|(?:cand|dr)\. sci\.[^.]*diss`)
	confRE   = regexp.MustCompile(`(?i)proceedings of|conference|симпозиум|конференци|symposium|konferents|тезисы докладов|tezisy dokladov`)
)

// kind tells the type of publication, if the parts leave no doubt.
func (p *citationParser) kind() {
	c := p.c
	numbered := c.Volume != "" || c.Issue != ""
	switch {
	case !numbered && thesisRE.MatchString(p.rest):
		c.PublicationType = "thesis"
	case c.PublisherName != "" && (len(c.Titles) == 0 || len(c.ChapterTitles) > 0):
		c.PublicationType = "book"
	case len(c.Sources) > 0 && p.parted && !numbered && confRE.MatchString(string(c.Sources[0].Text)):
		c.PublicationType = "confproc"
	case len(c.Sources) > 0 && numbered && c.PublisherName == "":
		c.PublicationType = "journal"
	case p.web && len(c.URLs) > 0 && !numbered && c.PublisherName == "" && c.FPage == "":
		c.PublicationType = "web"
	}
}
