// Package refman reads what the files of reference managers (RIS, BibTeX, CSL-JSON) print alike, whatever the file is: pages, standard numbers, addresses,
// kinds of work and languages. Each function puts what it finds into an article and says what it could not read; none guesses.
package refman

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"sheaf/jats"
)

// lookBack is how many of a list are looked through for what is to be added, so that a hostile file costs no more than its length.
const lookBack = 200

// Pages reads pages as printed into a: "12-18", "12--18", "110–118", "1141-8", "15-22, 30", "7", "e0205444", "Article 12". What is a number of an electronic
// article and no page ("e1", a number with a zero in front) becomes ElocationID. Values that say nothing ("n/a", "-") are left out.
func Pages(a *jats.Article, s string) {
	s = strings.TrimSpace(s)
	for _, p := range [...]string{"pp.", "pp ", "p.", "С.", "с.", "Pages ", "pages "} {
		s = strings.TrimSpace(strings.TrimPrefix(s, p))
	}
	low := strings.ToLower(s)
	if strings.HasPrefix(low, "n/a") || strings.Trim(s, "-–—?. ") == "" {
		return
	}
	for _, p := range [...]string{"article no.", "article number", "article id", "article", "art. no.", "art.", "id"} {
		rest := strings.TrimLeft(low[min(len(p), len(low)):], " :.")
		if strings.HasPrefix(low, p) && rest != "" && !strings.ContainsAny(rest, "-–— ,;") && strings.ContainsAny(rest, "0123456789") {
			a.ElocationID = s[len(s)-len(rest):]
			return
		}
	}
	first, last, ok := cutRange(s)
	switch {
	case !ok && isElocation(s):
		a.ElocationID = s
	case !ok && strings.ContainsAny(s, ",; "):
		a.FPage, a.PageRange = firstField(s), s
	case !ok:
		a.FPage = s
	default:
		a.FPage, a.LPage = first, last
		switch {
		case strings.ContainsAny(first+last, ",;+ "): // several ranges: from the first page to the last
			a.PageRange = s
			a.FPage = firstField(first)
			if f, _, ok := cutRange(a.FPage); ok {
				a.FPage = f
			}
			fields := strings.FieldsFunc(last, isListMark)
			a.LPage = ""
			if len(fields) > 0 {
				a.LPage = fields[len(fields)-1]
				if _, l, ok := cutRange(a.LPage); ok {
					a.LPage = l
				}
			}
		case len(last) < len(first) && allDigits(last) && allDigits(first): // "1141-8"
			a.LPage, a.PageRange = first[:len(first)-len(last)]+last, s
		}
	}
}

func isListMark(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '+' }

func firstField(s string) string {
	if f := strings.FieldsFunc(s, isListMark); len(f) > 0 {
		return f[0]
	}
	return ""
}

// cutRange parts a range at its first dash; a hyphen parts only where it is the only one, because pages may have hyphens themselves ("3-1--3-8").
func cutRange(s string) (first, last string, ok bool) {
	for _, dash := range [...]string{"---", "--", "–", "—", "−", "‐", "‑"} {
		if first, last, ok = strings.Cut(s, dash); ok {
			break
		}
	}
	if !ok {
		if strings.Count(s, "-") != 1 && !strings.ContainsAny(s, ",;") {
			return "", "", false
		}
		first, last, ok = strings.Cut(s, "-")
	}
	first, last = strings.TrimSpace(first), strings.Trim(last, "-–— ")
	if !ok || first == "" {
		return "", "", false
	}
	return first, last, true
}

// isElocation tells a number of an electronic article: no page has a letter e or a zero in front.
func isElocation(s string) bool {
	return len(s) > 2 && (s[0] == 'e' || s[0] == 'E') && s[1] >= '0' && s[1] <= '9' || len(s) > 3 && s[0] == '0' && allDigits(s)
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Serials reads ISSNs and ISBNs, one or many and with words beside them ("2325-9671 (electronic)", "00012345 (ISSN); 9781234567897 (ISBN)"), and returns what
// is neither.
func Serials(a *jats.Article, s string) (rest string) {
	if isISBN(s) { // with blanks inside
		a.ISBNs = append(a.ISBNs, strings.TrimSpace(s))
		return ""
	}
	last := -1 // the ISSN that a word after it speaks of
	var left []string
	for _, word := range strings.FieldsFunc(s, func(r rune) bool {
		return r == ' ' || r == ',' || r == ';' || r == '(' || r == ')' || r == '\n' || r == ':'
	}) {
		switch low := strings.ToLower(word); {
		case isISSN(word):
			last = len(a.Journal.ISSNs)
			a.Journal.ISSNs = append(a.Journal.ISSNs, jats.ISSN{Value: word})
		case isISBN(word):
			a.ISBNs = append(a.ISBNs, word)
		case low == "issn" || low == "isbn":
		case low == "linking":
			if last >= 0 {
				a.Journal.ISSNs[last].Type = "linking"
			}
		case strings.HasPrefix(low, "electronic") || low == "online" || low == "e-issn" || low == "eissn":
			if last >= 0 {
				a.Journal.ISSNs[last].Type = "electronic"
			}
		case strings.HasPrefix(low, "print"):
			if last >= 0 {
				a.Journal.ISSNs[last].Type = "print"
			}
		default:
			left = append(left, word)
		}
	}
	return strings.Join(left, " ")
}

// isISSN tells the form NNNN-NNNX, with or without its hyphen; the check digit is for Clean.
func isISSN(s string) bool {
	if len(s) == 9 && s[4] == '-' {
		s = s[:4] + s[5:]
	}
	return len(s) == 8 && allDigits(s[:7]) && (allDigits(s[7:]) || s[7] == 'x' || s[7] == 'X')
}

// isISBN tells ten or thirteen digits, with hyphens or blanks between them.
func isISBN(s string) bool {
	n, x := 0, false
	for _, r := range s {
		switch {
		case x:
			return false
		case r >= '0' && r <= '9':
			n++
		case (r == 'x' || r == 'X') && n == 9:
			n, x = n+1, true
		case r != '-' && r != ' ' && r != '‐' && r != '‑' && r != '–':
			return false
		}
	}
	return n == 13 || n == 10
}

// DOI takes the DOI that s is, bare or behind "doi:" or a resolver's address, and tells whether it is now, or was before, the article's. An article that has
// another one keeps that.
func DOI(a *jats.Article, s string) bool {
	s = strings.TrimRight(strings.TrimSpace(s), ".,;")
	i := strings.Index(s, "10.")
	if i < 0 || strings.ContainsAny(s[i:], " \t\n") || !isRegistrant(s[i+len("10."):]) {
		return false
	}
	switch before := strings.ToLower(strings.TrimSpace(s[:i])); before {
	case "", "doi:", "doi", "info:doi/", "urn:doi:":
	default:
		if !strings.HasSuffix(before, "doi.org/") {
			return false
		}
	}
	return addDOI(a, s, s[i:])
}

// FieldDOI takes the value of a field that is for the DOI alone: whatever stands before it there is an address of some resolver.
func FieldDOI(a *jats.Article, s string) {
	s = strings.TrimSpace(s)
	for i := 0; i+3 < len(s); i++ {
		if s[i:i+3] == "10." && isRegistrant(s[i+3:]) && (i == 0 || s[i-1] < '0' || s[i-1] > '9') {
			if end := strings.IndexAny(s[i:], " \t\n"); end > 0 {
				s = s[:i+end]
			}
			addDOI(a, s[i:], s[i:])
			return
		}
	}
	if s != "" {
		a.IDs = append(a.IDs, jats.ID{Type: "doi", Value: s}) // Clean tells that it is none
	}
}

func addDOI(a *jats.Article, s, bare string) bool {
	for _, id := range a.IDs[:min(len(a.IDs), lookBack)] {
		if id.Type == "doi" {
			return strings.HasSuffix(strings.ToLower(id.Value), strings.ToLower(bare))
		}
	}
	a.IDs = append(a.IDs, jats.ID{Type: "doi", Value: s})
	return true
}

// ID adds an identifier, unless it is there already.
func ID(a *jats.Article, kind, value string) {
	id := jats.ID{Type: kind, Value: value}
	for _, have := range a.IDs[:min(len(a.IDs), lookBack)] {
		if have == id {
			return
		}
	}
	if value != "" {
		a.IDs = append(a.IDs, id)
	}
}

// isRegistrant tells whether s begins with the number of a registrant and a slash.
func isRegistrant(s string) bool {
	n, _, ok := strings.Cut(s, "/")
	return ok && len(n) >= 3 && allDigits(strings.ReplaceAll(n, ".", ""))
}

// Links adds the addresses in s, which may be several, parted by semicolons or white space; those of files on somebody's own machine are left out. ok is
// false when s holds something else.
func Links(a *jats.Article, s, mime string) (ok bool) {
	ok = true
	fields := strings.Fields(s)
	for i := 0; i < len(fields); i++ {
		for _, u := range splitURLs(fields[i]) {
			low := strings.ToLower(u)
			switch {
			case strings.HasPrefix(u, "//"): // as the page that it was copied from has it: of either scheme
				u = "https:" + u
			case strings.HasPrefix(low, "www."):
				u = "http://" + u
			case strings.HasPrefix(low, "http://"), strings.HasPrefix(low, "https://"), strings.HasPrefix(low, "ftp://"):
			case strings.HasPrefix(low, "file:"), strings.HasPrefix(low, "internal-pdf:"):
				return ok
			default:
				ok = false
				continue
			}
			addLink(a, u, mime)
		}
	}
	return ok
}

func addLink(a *jats.Article, u, mime string) {
	for i := range a.Links[:min(len(a.Links), lookBack)] {
		if a.Links[i].URL == u {
			return
		}
	}
	a.Links = append(a.Links, jats.Link{URL: u, MIME: mime})
}

// splitURLs parts addresses at a semicolon with another one after it; an address may hold semicolons itself.
func splitURLs(s string) []string {
	var out []string
	for {
		i := strings.Index(s, ";http")
		if j := strings.Index(s, ";www."); i < 0 || j >= 0 && j < i {
			i = j
		}
		if i < 0 {
			return append(out, strings.TrimRight(s, ";"))
		}
		out, s = append(out, s[:i]), s[i+1:]
	}
}

// types are kinds of work as databases and catalogues print them, in lower case.
//
// Source: JATS 1.3, @article-type, suggested values; document types of Scopus, Web of Science and eLIBRARY.
var types = func() map[string]string {
	m := map[string]string{}
	for _, line := range []string{
		"research-article=article|journal article|journal-article|original article|original paper|original research|research article|research paper|research-article|статья|научная статья|оригинальная статья|期刊论文",
		"review-article=review|review article|review-article|literature review|short survey|обзор|обзорная статья",
		"systematic-review=systematic review", "editorial=editorial|editorial material|редакционная статья", "letter=letter|letter to the editor|письмо в редакцию",
		"book-review=book review|book-review|рецензия", "case-report=case report|case reports|case study|case-report", "brief-report=brief report|short communication|краткое сообщение|brief-report",
		"correction=correction|erratum|corrigendum|published erratum|исправление", "retraction=retraction|retracted|retraction of publication", "expression-of-concern=expression of concern",
		"abstract=abstract|meeting abstract|conference abstract|тезисы", "conference-paper=conference paper|conference-paper|conference proceeding|proceedings paper|conference article|материалы конференции",
		"book-chapter=book chapter|book-chapter|chapter|book section|глава", "book=book|monograph|книга|монография",
		"dissertation=dissertation|thesis|phd thesis|doctoral thesis|doctoral dissertation|master thesis|master's thesis|masters thesis|диссертация|автореферат",
		"preprint=preprint|препринт", "working-paper=working paper|working-paper", "report=report|technical report|research report|отчет", "data-paper=data paper|data-paper",
		"software-paper=software paper", "dataset=dataset|data set", "software=software|computer program", "patent=patent|патент", "news=news|news item", "interview=interview", "obituary=obituary",
		"article-commentary=commentary|comment", "protocol=protocol|study protocol", "translation=translation|перевод", "technical-note=technical note",
	} {
		t, words, _ := strings.Cut(line, "=")
		for _, w := range strings.Split(words, "|") {
			m[w] = t
		}
	}
	return m
}()

// Type is the article/@article-type that a kind of work in words stands for; "" when the words are not known.
func Type(s string) string {
	if len(s) > 64 {
		return ""
	}
	return types[strings.ToLower(strings.TrimSpace(s))]
}

// languages are names of languages beyond those that jats.ParseLang knows: those of babel and polyglossia, and Russian ones.
var languages = map[string]string{
	"american": "en-US", "usenglish": "en-US", "british": "en-GB", "ukenglish": "en-GB", "australian": "en-AU", "canadian": "en-CA", "newzealand": "en-NZ",
	"ngerman": "de", "austrian": "de-AT", "naustrian": "de-AT", "nswissgerman": "de-CH", "swissgerman": "de-CH", "francais": "fr", "frenchb": "fr", "acadian": "fr-CA", "canadien": "fr-CA",
	"brazil": "pt-BR", "brazilian": "pt-BR", "portuges": "pt", "dutch": "nl", "swedish": "sv", "danish": "da", "norwegian": "no", "norsk": "nb", "nynorsk": "nn", "finnish": "fi", "icelandic": "is",
	"czech": "cs", "slovak": "sk", "slovene": "sl", "slovenian": "sl", "croatian": "hr", "serbian": "sr", "serbianc": "sr-Cyrl", "bulgarian": "bg", "macedonian": "mk", "belarusian": "be",
	"hungarian": "hu", "magyar": "hu", "romanian": "ro", "greek": "el", "hebrew": "he", "persian": "fa", "farsi": "fa", "hindi": "hi", "vietnamese": "vi", "thai": "th", "indonesian": "id", "bahasai": "id",
	"latin": "la", "catalan": "ca", "galician": "gl", "basque": "eu", "estonian": "et", "latvian": "lv", "lithuanian": "lt", "armenian": "hy", "georgian": "ka", "kazakh": "kk", "uzbek": "uz", "mongolian": "mn",
	"русский": "ru", "английский": "en", "немецкий": "de", "французский": "fr", "испанский": "es", "китайский": "zh", "украинский": "uk", "казахский": "kk", "中文": "zh", "英文": "en",
}

// Lang is the BCP 47 tag of a language in words or codes; of several ("English; Russian") that of the first. "" when it is none.
func Lang(s string) string {
	s = strings.TrimSpace(s)
	if first, _, ok := strings.Cut(s, ";"); ok {
		s = first
	} else if first, _, ok := strings.Cut(s, ","); ok {
		s = first
	}
	if len(s) > 40 {
		return ""
	}
	if l := languages[strings.ToLower(strings.TrimSpace(s))]; l != "" {
		return l
	}
	l := jats.ParseLang(s)
	if main, _, _ := strings.Cut(l, "-"); len(main) > 3 {
		return ""
	}
	return l
}

// Text makes rich text of s, which may hold the odd tag or entity of HTML although the format is of plain text. The warnings tell what was mended.
func Text(s string, kind jats.MarkupKind) (jats.Rich, []jats.Warning) {
	r, ws, err := jats.ParseMarkup(s, kind)
	if err != nil {
		return jats.Escape(s), []jats.Warning{{Code: "markup-mended", Message: err.Error()}}
	}
	return r, ws
}

// Plain is s with the entities of HTML decoded, which plain fields of these files are full of.
func Plain(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return html.UnescapeString(s)
}

// Note makes rich text of plain text with its e-mail addresses marked, because they are personal data and not to be shown.
func Note(s string) jats.Rich {
	if strings.IndexByte(s, '@') < 0 {
		return jats.Escape(s)
	}
	var b strings.Builder
	for s != "" {
		at := strings.IndexByte(s, '@')
		if at < 0 {
			break
		}
		from, to := at, at+1
		for from > 0 && isAddressByte(s[from-1]) {
			from--
		}
		for to < len(s) && isAddressByte(s[to]) {
			to++
		}
		for to > at && (s[to-1] == '.' || s[to-1] == '-') {
			to--
		}
		if from < at && strings.IndexByte(s[at:to], '.') > 1 {
			b.WriteString(string(jats.Escape(s[:from])) + "<email>" + string(jats.Escape(s[from:to])) + "</email>")
		} else {
			to = max(to, at+1)
			b.WriteString(string(jats.Escape(s[:to])))
		}
		s = s[to:]
	}
	b.WriteString(string(jats.Escape(s)))
	return jats.Rich(b.String())
}

func isAddressByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' || c == '+'
}

// Collapse folds white space to single blanks.
func Collapse(s string) string {
	if !strings.ContainsAny(s, "\n\t\r") && !strings.Contains(s, "  ") {
		return strings.Trim(s, " ")
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' }), " ")
}

// Same tells whether two texts are the same but for case, blanks and a full stop at the end.
func Same(a, b string) bool {
	return strings.EqualFold(strings.TrimRight(strings.TrimSpace(a), "."), strings.TrimRight(strings.TrimSpace(b), "."))
}

// Script tells the script of most letters in s: 'L' Latin, 'C' Cyrillic, 'H' Chinese, Japanese or Korean, 'O' another, 0 for none.
func Script(s string) byte {
	var n [256]int
	for i, r := range s {
		if i > 4096 {
			break
		}
		switch {
		case r < utf8.RuneSelf:
			if r|0x20 >= 'a' && r|0x20 <= 'z' {
				n['L']++
			}
		case r >= 0x400 && r < 0x530:
			n['C']++
		case r >= 0x3040 && r < 0xA000 || r >= 0xAC00 && r < 0xD7B0 || r >= 0x20000 && r < 0x30000:
			n['H'] += 2 // such a character is worth more than a letter
		case r >= 0x370 && r < 0x2000 && (r < 0x1E00 || r >= 0x1F00):
			n['O']++
		}
	}
	best := byte(0)
	for _, c := range []byte("LCHO") {
		if n[c] > 0 && (best == 0 || n[c] > n[best]) {
			best = c
		}
	}
	return best
}

// Custom adds a fact that an article has no field for, unless it is there already.
func Custom(a *jats.Article, name, value string) {
	value = Collapse(value)
	if value == "" {
		return
	}
	m := jats.CustomMeta{Name: jats.Escape(name), Value: Note(Plain(value))}
	for i := range a.CustomMeta[:min(len(a.CustomMeta), lookBack)] {
		if a.CustomMeta[i] == m {
			return
		}
	}
	a.CustomMeta = append(a.CustomMeta, m)
}

// Aff adds an affiliation as printed and returns its ID.
func Aff(a *jats.Article, text string) string {
	text = Collapse(text)
	for i := range a.Affs[:min(len(a.Affs), lookBack)] {
		if a.Affs[i].Forms[0].Text.Plain() == text {
			return a.Affs[i].ID
		}
	}
	id := "aff" + strconv.Itoa(len(a.Affs)+1)
	a.Affs = append(a.Affs, jats.Aff{ID: id, Forms: []jats.AffForm{{Text: Note(text)}}})
	return id
}
