package jats

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Namespaces and document types of what is written.
const (
	Namespace = "https://jats.nlm.nih.gov/ns/archiving/1.3/" // of an article inside OAI-PMH

	doctypePublishing = `<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Publishing DTD with MathML3 v1.3 20210610//EN" "https://jats.nlm.nih.gov/publishing/1.3/JATS-journalpublishing1-3-mathml3.dtd">` + "\n"
	doctypeArchiving  = `<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and Interchange DTD with MathML3 v1.3 20210610//EN" "https://jats.nlm.nih.gov/archiving/1.3/JATS-archivearticle1-3-mathml3.dtd">` + "\n"
)

// WriteOptions tells how an article is written. The zero value gives the form inside OAI-PMH without prefixes of ids.
type WriteOptions struct {
	Standalone     bool   // a document of its own: XML declaration, DOCTYPE, no namespace
	IDPrefix       string // put before every id and rid; a valid start of an XML name, e.g. "r1f3-"
	SchemaLocation string // where the schema of Namespace is; only inside OAI-PMH; empty: no xsi:schemaLocation
	LandingURL     string // written as self-uri when the article has no text/html link of its own; empty: none
	Emails         bool   // write e-mail addresses of contributors, and email elements in notes and affiliations
	Metrics        bool   // write Metrics
	FullText       bool   // write FullText; it is valid only as far as that is
	Archiving      bool   // with the DOCTYPE of Archiving although Publishing could hold the front
}

// Publishing tells whether the Journal Publishing DTD can hold a. It demands a journal-id, an ISSN and a title; the Archiving DTD does not.
//
// Source: JATS Journal Publishing 1.3, journal-meta and article-meta.
func (a *Article) Publishing() bool {
	return a.Title.Text != "" && hasID(a.Journal.IDs) && hasISSN(a.Journal.ISSNs)
}

func hasID(ids []ID) bool {
	for _, id := range ids {
		if id.Value != "" {
			return true
		}
	}
	return false
}

func hasISSN(issns []ISSN) bool {
	for _, i := range issns {
		if i.Value != "" {
			return true
		}
	}
	return false
}

// AppendXML appends a as JATS 1.3 to dst. It is pure and never fails, and writes nothing for absent data. The article must have been
// through Clean. It is valid by the Publishing DTD with MathML3 where [Article.Publishing] holds, and else by the Archiving DTD.
// SchemaLocation and LandingURL may hold a NUL byte, which is written as it is, for the caller to replace.
//
// What JATS has a place for only under conditions that a does not meet is written where it can stand: see permissions, conference
// and date in this file.
//
// Source: ANSI/NISO Z39.96-2021 (JATS 1.3); JATS4R recommendations.
func AppendXML(dst []byte, a *Article, o WriteOptions) []byte {
	w := &writer{b: dst, a: a, o: o, lang: a.Lang}
	if w.lang == "" {
		w.lang = a.Title.Lang
	}
	w.article()
	return w.b
}

// A writer appends one article to b.
type writer struct {
	b       []byte
	a       *Article
	o       WriteOptions
	lang    string         // of the article
	affs    map[string]int // Aff.ID to its index + 1, of those that are written
	notes   map[string]int // likewise for notes
	numbers []int          // of the notes by their index, 1-based; 0: not written
	meta    []CustomMeta   // facts that found no place of their own
	own     string         // put before every id that is not of the full text, behind the prefix, so that none is the same
}

func (w *writer) raw(s string)    { w.b = append(w.b, s...) }
func (w *writer) open(n string)   { w.b = append(append(append(w.b, '<'), n...), '>') }
func (w *writer) start(n string)  { w.b = append(append(w.b, '<'), n...) }
func (w *writer) close(n string)  { w.b = append(append(append(w.b, "</"...), n...), '>') }
func (w *writer) closeN(n string) { w.b = append(append(append(w.b, "</"...), n...), ">\n"...) }

// text writes plain text, escaped, without what XML forbids.
func (w *writer) text(s string) { w.b = appendEscaped(w.b, s, false) }

// attr writes an attribute, or nothing when it is empty.
func (w *writer) attr(name, value string) {
	if value == "" {
		return
	}
	w.b = append(append(append(append(w.b, ' '), name...), '='), '"')
	w.b = append(appendEscaped(w.b, value, true), '"')
}

// href writes xlink:href, with what may not stand in a URI percent-encoded; characters beyond ASCII stay.
//
// Source: RFC 3986 §2; RFC 3987 §3.1.
func (w *writer) href(uri string) {
	const bad = " \"<>\\^`{|}[]"
	fragment := false
	var b strings.Builder
	for i := 0; i < len(uri); i++ {
		c := uri[i]
		switch {
		case c < 0x20 || c == 0x7f:
			continue
		case strings.IndexByte(bad, c) >= 0, c == '#' && fragment, c == '%' && !isHex(uri[i+1:]):
			b.WriteByte('%')
			b.WriteByte("0123456789ABCDEF"[c>>4])
			b.WriteByte("0123456789ABCDEF"[c&15])
			continue
		}
		fragment = fragment || c == '#'
		b.WriteByte(c)
	}
	w.attr("xlink:href", b.String())
}

// isHex tells whether s begins with two hexadecimal digits.
func isHex(s string) bool {
	const hex = "0123456789abcdefABCDEF"
	return len(s) > 1 && strings.IndexByte(hex, s[0]) >= 0 && strings.IndexByte(hex, s[1]) >= 0
}

// place writes a URL that may hold NUL as an attribute.
func (w *writer) place(name, value string) {
	for i, s := range strings.Split(value, "\x00") {
		if i == 0 {
			w.b = append(append(append(append(w.b, ' '), name...), '='), '"')
		} else {
			w.b = append(w.b, 0)
		}
		w.b = appendEscaped(w.b, s, true)
	}
	w.b = append(w.b, '"')
}

// appendEscaped writes s for the content of an element or, with quotes and line ends escaped, of an attribute.
//
// Source: XML 1.0 §2.2, §2.4, §3.3.3.
func appendEscaped(b []byte, s string, attr bool) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		esc, n := "", 1
		switch {
		case c == '&':
			esc = "&amp;"
		case c == '<':
			esc = "&lt;"
		case c == '>':
			esc = "&gt;"
		case c == '\r':
			esc = "&#13;"
		case c == '"' && attr:
			esc = "&quot;"
		case c == '\n' && attr:
			esc = "&#10;"
		case c == '\t' && attr:
			esc = "&#9;"
		case c < 0x20 && c != '\n' && c != '\t':
		case c < utf8.RuneSelf:
			i++
			continue
		default:
			var r rune
			r, n = utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				esc = "\uFFFD"
			} else if r != 0xFFFE && r != 0xFFFF {
				i += n
				continue
			}
		}
		b = append(append(b, s[from:i]...), esc...)
		i += n
		from = i
	}
	return append(b, s[from:]...)
}

// langAttr writes xml:lang, or nothing when l is empty or no language tag.
func (w *writer) langAttr(l string) {
	if isLang(l) {
		w.attr("xml:lang", l)
	}
}

// otherLang writes xml:lang when l is not the article's language, as JATS4R wants of keywords and subjects.
func (w *writer) otherLang(l string) {
	if l != w.lang {
		w.langAttr(l)
	}
}

// isLang tells whether l has the form of a language tag: parts of one to eight letters or digits, the first of letters only.
func isLang(l string) bool {
	n, first := 0, true
	for i := 0; i < len(l); i++ {
		switch c := l[i]; {
		case c == '-':
			if n == 0 {
				return false
			}
			n, first = 0, false
		case 'a' <= c|0x20 && c|0x20 <= 'z' || !first && '0' <= c && c <= '9':
			if n++; n > 8 {
				return false
			}
		default:
			return false
		}
	}
	return n > 0
}

// sameLang tells whether two tags name one language in one script; regions do not count. An empty tag is the same as any.
func sameLang(a, b string) bool {
	return a == "" || b == "" || a == b || mainLang(a) == mainLang(b)
}

// mainLang is the language and the script of a tag, in lower case.
func mainLang(l string) string {
	l = strings.ToLower(l)
	prim, rest, _ := strings.Cut(l, "-")
	if script, _, _ := strings.Cut(rest, "-"); len(script) == 4 && script[0] > '9' {
		return prim + "-" + script
	}
	return prim
}

// id writes the attribute name with the prefixed id: kind and a 1-based number.
func (w *writer) id(name, kind string, n int) {
	w.b = append(append(append(append(w.b, ' '), name...), '='), '"')
	w.raw(w.o.IDPrefix)
	w.raw(w.own)
	w.raw(kind)
	w.b = append(strconv.AppendInt(w.b, int64(n), 10), '"')
}

// el writes an element of plain text, or nothing when s is empty.
func (w *writer) el(name, s string) {
	if s != "" {
		w.open(name)
		w.text(s)
		w.close(name)
	}
}

// langEl is el with a language.
func (w *writer) langEl(name, l, s string) {
	if s != "" {
		w.start(name)
		w.langAttr(l)
		w.b = append(w.b, '>')
		w.text(s)
		w.close(name)
	}
}

// typed is el with one attribute, which may be empty.
func (w *writer) typed(name, attr, value, s string) {
	if s != "" {
		w.start(name)
		w.attr(attr, value)
		w.b = append(w.b, '>')
		w.text(s)
		w.close(name)
	}
}

// rich writes rich text. Outside of citations e-mail addresses are left out unless asked for.
func (w *writer) rich(r Rich) {
	s := string(r)
	if !w.o.Emails && r.HasMarkup() && strings.Contains(s, "<email") {
		s = withoutEmails(s)
	}
	w.raw(s)
}

// withoutEmails takes the email elements out of rich text, and the blanks that stood around them.
func withoutEmails(s string) string {
	left := ""
	for left != s { // what is left of an element may be blank
		left, s = s, strings.TrimSpace(emptied.ReplaceAllString(blanks.ReplaceAllString(cutEmails(s), " "), ""))
	}
	return s
}

var (
	blanks  = regexp.MustCompile(`[ \t\r\n]+`)
	emptied = regexp.MustCompile(`<(bold|italic|sup|sub|sc|underline|monospace|p|list-item|list)( [^<>]*)?> ?</(bold|italic|sup|sub|sc|underline|monospace|p|list-item|list)>`)
)

func cutEmails(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "<email")
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		if j := strings.Index(s, "</email>"); j >= 0 {
			s = s[j+len("</email>"):]
		} else {
			s = s[strings.IndexByte(s, '>')+1:]
		}
	}
	b.WriteString(s)
	return b.String()
}

// says tells whether anything of r is left when it is written.
func (w *writer) says(r Rich) bool {
	if r == "" || w.o.Emails || !strings.Contains(string(r), "<email") {
		return r != ""
	}
	return Rich(withoutEmails(string(r))).Plain() != ""
}

// richEl writes an element of rich text, or nothing when there is none.
func (w *writer) richEl(name string, r Rich) { w.richLang(name, "", r) }

// richLang is richEl with a language.
func (w *writer) richLang(name, l string, r Rich) {
	if w.says(r) {
		w.start(name)
		w.langAttr(l)
		w.b = append(w.b, '>')
		w.rich(r)
		w.close(name)
	}
}

// ps writes paragraphs.
func (w *writer) ps(ps []Rich) {
	for _, p := range ps {
		w.richEl("p", p)
	}
}

func (w *writer) article() {
	a := w.a
	if w.o.Standalone {
		w.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
		if a.Publishing() && !w.o.Archiving {
			w.raw(doctypePublishing)
		} else {
			w.raw(doctypeArchiving)
		}
		w.start("article")
	} else {
		w.raw(`<article xmlns="` + Namespace + `"`)
	}
	w.raw(` xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML" xmlns:ali="http://www.niso.org/schemas/ali/1.0/"`)
	if !w.o.Standalone {
		w.raw(` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`)
		if w.o.SchemaLocation != "" {
			w.place("xsi:schemaLocation", Namespace+" "+w.o.SchemaLocation)
		}
	}
	w.raw(` dtd-version="1.3"`)
	w.attr("article-type", a.ArticleType)
	if isLang(w.lang) {
		w.attr("xml:lang", w.lang)
	} else {
		w.raw(` xml:lang="und"`) // without it the DTD says "en"
	}
	full := w.fullText()
	w.raw(">\n<front>\n")
	w.index()
	w.journal()
	w.articleMeta()
	w.raw("</front>\n")
	w.part(full.Body)
	w.back(full.Back)
	w.part(full.Floats)
	w.raw("</article>")
	if w.o.Standalone {
		w.b = append(w.b, '\n')
	}
}

// index finds the affiliations and notes that will be written, so that no xref leads nowhere.
func (w *writer) index() {
	if n := len(w.a.Affs); n > 0 {
		w.affs = make(map[string]int, n)
		for i := range w.a.Affs {
			if f := &w.a.Affs[i]; w.affs[f.ID] == 0 && w.affSays(f) {
				w.affs[f.ID] = i + 1
			}
		}
	}
	if n := len(w.a.Notes); n > 0 {
		w.numbers = make([]int, n)
		count := 0
		for _, back := range [...]bool{false, true} { // in the order in which they are written, and read
			for i := range w.a.Notes {
				if f := &w.a.Notes[i]; (f.inBack() && !f.isConflict()) == back && w.noteSays(f) {
					count++
					w.numbers[i] = count
				}
			}
		}
		w.notes = make(map[string]int, n)
		for i := range w.a.Notes {
			if f := &w.a.Notes[i]; f.ID != "" && w.notes[f.ID] == 0 && w.noteSays(f) {
				w.notes[f.ID] = i + 1
			}
		}
	}
}

// journal writes journal-meta when there is anything in it.
func (w *writer) journal() {
	j := &w.a.Journal
	mark := len(w.b)
	w.raw("<journal-meta>\n")
	body := len(w.b)
	for _, id := range j.IDs {
		w.typed("journal-id", "journal-id-type", id.Type, id.Value)
	}
	if j.Title.Text != "" || len(j.TransTitles)+len(j.AbbrevTitle) > 0 {
		at := len(w.b)
		w.open("journal-title-group")
		from := len(w.b)
		w.richLang("journal-title", j.Title.Lang, j.Title.Text)
		for _, s := range j.Title.Subtitles {
			w.richLang("journal-subtitle", j.Title.Lang, s)
		}
		w.transTitles(j.TransTitles)
		for _, t := range j.AbbrevTitle {
			if t.Text == "" {
				continue
			}
			w.start("abbrev-journal-title")
			w.attr("abbrev-type", t.Type)
			w.langAttr(t.Lang)
			w.b = append(w.b, '>')
			w.rich(t.Text)
			w.close("abbrev-journal-title")
		}
		w.group(at, from, "journal-title-group")
	}
	w.contribs(j.Contribs)
	w.issns(j.ISSNs)
	first := true
	for _, p := range j.Publishers {
		if !w.says(p.Text) {
			continue
		}
		if first {
			w.open("publisher")
		}
		w.richLang("publisher-name", p.Lang, p.Text)
		if first {
			w.richEl("publisher-loc", j.PubLoc)
		}
		first = false
	}
	if !first {
		w.closeN("publisher")
	}
	for i := range j.Notes {
		w.note(&j.Notes[i], 0)
	}
	for i := range j.Links {
		w.link(&j.Links[i])
	}
	if len(w.b) == body {
		w.b = w.b[:mark]
		return
	}
	w.closeN("journal-meta")
}

// group ends the element that began at mark and whose content begins at body, or takes it away when it has none.
func (w *writer) group(mark, body int, name string) {
	if len(w.b) == body {
		w.b = w.b[:mark]
	} else {
		w.closeN(name)
	}
}

// issns writes issn, each with both attributes that readers look for, and issn-l. A linking ISSN alone is written as issn too, because
// it is the ISSN of one of the media.
func (w *writer) issns(issns []ISSN) {
	link, n := "", 0
	for _, i := range issns {
		switch {
		case i.Value == "":
			continue
		case i.Type == "linking":
			if link == "" {
				link = i.Value
			}
			continue
		case i.Type == "print":
			w.raw(`<issn pub-type="ppub" publication-format="print">`)
		case i.Type == "electronic":
			w.raw(`<issn pub-type="epub" publication-format="electronic">`)
		default:
			w.raw("<issn>")
		}
		n++
		w.text(i.Value)
		w.raw("</issn>\n")
	}
	if link != "" && n == 0 {
		w.el("issn", link)
	}
	w.el("issn-l", link)
}

func (w *writer) transTitles(ts []Title) {
	for _, t := range ts {
		if !w.says(t.Text) {
			continue
		}
		w.start("trans-title-group")
		w.langAttr(t.Lang)
		w.b = append(w.b, '>')
		w.richEl("trans-title", t.Text)
		for _, s := range t.Subtitles {
			w.richEl("trans-subtitle", s)
		}
		w.closeN("trans-title-group")
	}
}

// articleMeta writes the parts of article-meta in the order of the DTD.
//
// Source: JATS 1.3, article-meta.
func (w *writer) articleMeta() {
	a := w.a
	w.raw("<article-meta>\n")
	for _, id := range a.IDs {
		if id.Value != "" {
			w.start("article-id")
			w.pubIDType(id.Type)
			w.b = append(w.b, '>')
			w.text(id.Value)
			w.closeN("article-id")
		}
	}
	w.version()
	mark := len(w.b)
	w.open("article-categories")
	body := len(w.b)
	for i := range a.SubjGroups {
		w.subjGroup(&a.SubjGroups[i])
	}
	w.group(mark, body, "article-categories")
	w.titles()
	w.contribs(a.Contribs)
	for i := range a.Affs {
		w.aff(i)
	}
	w.authorNotes()
	w.dates()
	w.issue()
	for i := range a.Products {
		if p := &a.Products[i]; w.says(p.Text) {
			w.start("product")
			w.attr("product-type", p.Type)
			w.b = append(w.b, '>')
			w.rich(p.Text)
			w.closeN("product")
		}
	}
	for i := range a.Supplementary {
		w.supplementary(i)
	}
	mark = len(w.b)
	w.open("history")
	body = len(w.b)
	for _, d := range a.History {
		w.date("date", d)
	}
	w.group(mark, body, "history")
	w.permissions()
	w.links()
	for i := range a.Related {
		w.related(i)
	}
	w.abstracts()
	for i := range a.KwdGroups {
		w.kwdGroup(&a.KwdGroups[i])
	}
	w.funding()
	for i := range a.Conferences {
		w.conference(&a.Conferences[i])
	}
	w.counts()
	w.customMeta()
	w.closeN("article-meta")
}

// pubIDType writes pub-id-type, which is a closed list; other types go to custom-type.
//
// Source: JATS 1.3 Publishing, attribute pub-id-type.
func (w *writer) pubIDType(t string) {
	switch t {
	case "accession", "archive", "ark", "art-access-id", "arxiv", "coden", "doaj", "doi", "handle", "index", "isbn", "manuscript", "medline",
		"mr", "other", "pii", "pmcid", "pmid", "publisher-id", "sici", "std-designation", "zbl":
		w.attr("pub-id-type", t)
	case "", "custom":
		w.raw(` pub-id-type="other"`)
	default:
		w.raw(` pub-id-type="custom"`)
		w.attr("custom-type", t)
	}
}

// javTerms are the terms of the JAV vocabulary.
//
// Source: NISO RP-8-2008.
var javTerms = map[string]string{
	"AO": "Author's Original", "SMUR": "Submitted Manuscript Under Review", "AM": "Accepted Manuscript", "P": "Proof",
	"VoR": "Version of Record", "CVoR": "Corrected Version of Record", "EVoR": "Enhanced Version of Record",
}

func (w *writer) version() {
	v := w.a.Version
	if v == nil || v.Type == "" && v.Text == "" {
		return
	}
	w.start("article-version")
	w.attr("article-version-type", v.Type)
	text := v.Text
	if term := javTerms[v.Type]; term != "" {
		w.raw(` vocab="JAV" vocab-identifier="http://www.niso.org/publications/rp/RP-8-2008.pdf"`)
		w.attr("vocab-term", term)
		if text == "" {
			text = term
		}
	}
	if text == "" {
		text = v.Type
	}
	w.b = append(w.b, '>')
	w.text(text)
	w.closeN("article-version")
}

// subjGroup writes a group of subjects; the narrower groups of one that has no subject itself are written in its place.
func (w *writer) subjGroup(g *SubjGroup) {
	some := false
	for _, s := range g.Subjects {
		some = some || s.Text != "" || s.Code != ""
	}
	if some {
		w.start("subj-group")
		w.attr("subj-group-type", g.Type)
		w.attr("vocab", g.Vocab)
		w.attr("vocab-identifier", g.VocabID)
		w.otherLang(g.Lang)
		w.b = append(w.b, '>')
		for _, s := range g.Subjects {
			if s.Text == "" && s.Code == "" {
				continue
			}
			w.start("subject")
			w.attr("vocab-term", s.Code)
			w.attr("vocab-term-identifier", s.URI)
			w.b = append(w.b, '>')
			if s.Text != "" {
				w.rich(s.Text)
			} else {
				w.text(s.Code)
			}
			w.close("subject")
		}
	}
	for i := range g.Groups {
		w.subjGroup(&g.Groups[i])
	}
	if some {
		w.closeN("subj-group")
	}
}

func (w *writer) titles() {
	a := w.a
	if !w.says(a.Title.Text) { // title-group needs article-title; Archiving does without either
		return
	}
	w.raw("<title-group>\n")
	w.richLang("article-title", w.titleLang(a.Title.Lang), a.Title.Text)
	for _, s := range a.Title.Subtitles {
		w.richLang("subtitle", w.titleLang(a.Title.Lang), s)
	}
	w.transTitles(a.TransTitles)
	for _, t := range a.AltTitles {
		if w.says(t.Text) {
			w.start("alt-title")
			w.attr("alt-title-type", t.Type)
			w.otherLang(t.Lang)
			w.b = append(w.b, '>')
			w.rich(t.Text)
			w.closeN("alt-title")
		}
	}
	w.closeN("title-group")
}

func (w *writer) titleLang(l string) string {
	if l == w.lang {
		return ""
	}
	return l
}

func (w *writer) issue() {
	a := w.a
	seqOn := "volume"
	switch {
	case a.Issue != "":
		seqOn = "issue"
	case a.Volume == "" && a.FPage != "":
		seqOn = "fpage"
	case a.Volume == "":
		seqOn = "elocation-id"
	}
	seq := func(name string) string {
		if name == seqOn {
			return a.Seq
		}
		return ""
	}
	w.typed("volume", "seq", seq("volume"), a.Volume)
	for _, id := range a.VolumeIDs {
		w.typed("volume-id", "pub-id-type", id.Type, id.Value)
	}
	w.el("volume-series", a.VolumeSeries)
	w.typed("issue", "seq", seq("issue"), a.Issue)
	for _, id := range a.IssueIDs {
		w.typed("issue-id", "pub-id-type", id.Type, id.Value)
	}
	for _, t := range a.IssueTitles {
		w.richLang("issue-title", w.titleLang(t.Lang), t.Text)
	}
	for _, s := range a.IssueSponsor {
		w.richEl("issue-sponsor", s)
	}
	w.el("issue-part", a.IssuePart)
	for _, s := range a.ISBNs {
		w.el("isbn", s)
	}
	w.richEl("supplement", a.Supplement)
	if fpage := firstPage(a.FPage, a.PageRange); fpage != "" {
		w.typed("fpage", "seq", seq("fpage"), fpage)
		w.el("lpage", a.LPage)
		w.el("page-range", a.PageRange)
	} else {
		w.typed("elocation-id", "seq", seq("elocation-id"), a.ElocationID)
	}
	w.b = append(w.b, '\n')
}

// firstPage is the first page, which the DTD wants before a page-range: the one that the range begins with when it is not given.
func firstPage(fpage, pages string) string {
	if fpage != "" || pages == "" {
		return fpage
	}
	if i := strings.IndexAny(pages, "-\u2010\u2011\u2012\u2013\u2014\u2212,; "); i > 0 {
		return pages[:i]
	}
	return pages
}

func (w *writer) supplementary(i int) {
	s := &w.a.Supplementary[i]
	if s.URL == "" && s.Label == "" && !w.says(s.Title) && len(s.Caption) == 0 {
		return
	}
	w.start("supplementary-material")
	w.id("id", "S", i+1)
	if kind, sub, ok := strings.Cut(s.MIME, "/"); ok {
		w.attr("mimetype", kind)
		w.attr("mime-subtype", sub)
	}
	w.otherLang(s.Lang)
	w.href(s.URL)
	w.b = append(w.b, '>')
	w.el("label", s.Label)
	mark := len(w.b)
	w.open("caption")
	body := len(w.b)
	w.richEl("title", s.Title)
	w.ps(s.Caption)
	if len(w.b) == body {
		w.b = w.b[:mark]
	} else {
		w.close("caption")
	}
	w.closeN("supplementary-material")
}

// links writes self-uri. JATS4R wants each to have a title or text that is not the URL.
func (w *writer) links() {
	landing := w.o.LandingURL != ""
	for i := range w.a.Links {
		if l := &w.a.Links[i]; l.URL != "" && l.MIME == "text/html" {
			landing = false
		}
	}
	if landing {
		w.raw(`<self-uri content-type="text/html"`)
		w.place("xlink:href", w.o.LandingURL)
		w.raw(" xlink:title=\"Landing page\"/>\n")
	}
	for i := range w.a.Links {
		w.link(&w.a.Links[i])
	}
}

// linkTitle is what a link is called that has no title, because JATS4R wants one.
func linkTitle(mime string) string {
	switch mime {
	case "text/html":
		return "Landing page"
	case "application/pdf":
		return "Full text, PDF"
	case "application/xml", "text/xml":
		return "Full text, XML"
	}
	return "Full text"
}

func (w *writer) link(l *Link) {
	if l.URL == "" {
		return
	}
	w.start("self-uri")
	w.attr("content-type", l.MIME)
	w.langAttr(l.Lang)
	w.href(l.URL)
	title := l.Title
	if title == "" && (l.Text == "" || isURL(string(l.Text)) || string(l.Text) == l.URL) {
		title = linkTitle(l.MIME)
	}
	w.attr("xlink:title", title)
	if l.Text == "" {
		w.raw("/>\n")
		return
	}
	w.b = append(w.b, '>')
	w.text(l.Text.Plain())
	w.closeN("self-uri")
}

// isURL tells whether s begins as an address on the web.
func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "ftp://")
}

// related writes related-article or related-object. The type of a related-article, which JATS demands, is "other" where there is none.
func (w *writer) related(i int) {
	r := &w.a.Related[i]
	if r.ID == "" && !w.says(r.Text) {
		return
	}
	name := "related-article"
	if r.Object {
		name = "related-object"
	}
	w.start(name)
	w.id("id", "ra", i+1)
	switch {
	case r.Object:
		w.attr("content-type", r.Type)
	case r.Type == "":
		w.raw(` related-article-type="other"`)
	default:
		w.attr("related-article-type", r.Type)
	}
	if r.ID != "" {
		t := r.IDType
		switch {
		case t != "":
		case isURL(r.ID):
			t = "uri"
		case strings.HasPrefix(r.ID, "10."):
			t = "doi"
		}
		w.attr("ext-link-type", t)
		w.href(r.ID)
	}
	w.otherLang(r.Lang)
	if !w.says(r.Text) {
		w.raw("/>\n")
		return
	}
	w.b = append(w.b, '>')
	w.rich(r.Text)
	w.closeN(name)
}

func (w *writer) kwdGroup(g *KwdGroup) {
	mark := len(w.b)
	w.start("kwd-group")
	w.attr("kwd-group-type", g.Type)
	w.attr("vocab", g.Vocab)
	w.attr("vocab-identifier", g.VocabID)
	w.otherLang(g.Lang)
	w.b = append(w.b, '>')
	w.richEl("title", g.Title)
	body := len(w.b)
	for _, k := range g.Kwds {
		switch {
		case k.Code != "":
			w.open("compound-kwd")
			w.typed("compound-kwd-part", "content-type", "code", k.Code)
			if w.says(k.Text) {
				w.raw(`<compound-kwd-part content-type="text">`)
				w.rich(k.Text)
				w.close("compound-kwd-part")
			}
			w.close("compound-kwd")
		default:
			w.richEl("kwd", k.Text)
		}
	}
	w.group(mark, body, "kwd-group")
}

// count writes one count when it is known.
func (w *writer) count(name string, n *int) {
	if n != nil && *n >= 0 {
		w.start(name)
		w.raw(` count="`)
		w.b = strconv.AppendInt(w.b, int64(*n), 10)
		w.raw(`"/>`)
	}
}

func (w *writer) counts() {
	c := &w.a.Counts
	mark := len(w.b)
	w.open("counts")
	body := len(w.b)
	w.count(`count count-type="character"`, c.Characters)
	for i := range c.Others {
		if o := &c.Others[i]; o.Type != "" && o.Count >= 0 {
			w.start("count")
			w.attr("count-type", o.Type)
			w.raw(` count="`)
			w.b = strconv.AppendInt(w.b, int64(o.Count), 10)
			w.raw(`"/>`)
		}
	}
	w.count("fig-count", c.Figs)
	w.count("table-count", c.Tables)
	w.count("equation-count", c.Equations)
	w.count("ref-count", c.Refs)
	w.count("page-count", c.Pages)
	w.count("word-count", c.Words)
	w.group(mark, body, "counts")
}

// customMeta writes the facts that JATS has no element for: access, embargo, price, status, those that found no valid place, the
// source's own and, when asked for, the metrics.
func (w *writer) customMeta() {
	p := &w.a.Permissions
	mark := len(w.b)
	w.raw("<custom-meta-group>\n")
	body := len(w.b)
	w.metaEl("access", "access-type", Escape(p.Access))
	if isDay(p.EmbargoEnd) {
		w.metaEl("access", "embargo-end", Rich(p.EmbargoEnd))
	}
	if p.Price != nil && p.Price.Amount != "" {
		price := p.Price.Amount
		if p.Price.Currency != "" {
			price += " " + p.Price.Currency
		}
		w.metaEl("access", "price", Escape(price))
	}
	w.metaEl("", "publication-status", Escape(w.a.Status))
	for _, m := range w.meta {
		w.metaEl(m.SpecificUse, m.Name, m.Value)
	}
	for _, m := range w.a.CustomMeta {
		w.metaEl(m.SpecificUse, m.Name, m.Value)
	}
	if w.o.Metrics {
		for _, m := range w.a.Metrics {
			w.metaEl("metrics", Escape(m.Name), Escape(m.Value))
		}
	}
	w.group(mark, body, "custom-meta-group")
}

func (w *writer) metaEl(use string, name, value Rich) {
	if name == "" || !w.says(value) {
		return
	}
	w.start("custom-meta")
	w.attr("specific-use", use)
	w.b = append(w.b, '>')
	w.richEl("meta-name", name)
	w.richEl("meta-value", value)
	w.closeN("custom-meta")
}

// keep puts a fact that has no valid place of its own among the custom-meta.
func (w *writer) keep(use string, name string, value Rich) {
	if value != "" {
		w.meta = append(w.meta, CustomMeta{Name: Escape(name), Value: value, SpecificUse: use})
	}
}

// conference writes conference, which needs a date and a name or acronym. One that lacks them goes to custom-meta, part by part.
func (w *writer) conference(c *Conference) {
	if c.Date == "" || c.Name == "" && c.Acronym == "" {
		w.keep("conference", "conf-name", c.Name)
		w.keep("conference", "conf-acronym", Escape(c.Acronym))
		w.keep("conference", "conf-date", Escape(c.Date))
		w.keep("conference", "conf-num", Escape(c.Num))
		w.keep("conference", "conf-loc", Escape(c.Loc.Plain()))
		w.keep("conference", "conf-sponsor", Escape(c.Sponsor.Plain()))
		w.keep("conference", "conf-theme", Escape(c.Theme.Plain()))
		return
	}
	w.open("conference")
	w.el("conf-date", c.Date)
	w.richEl("conf-name", c.Name)
	w.el("conf-acronym", c.Acronym)
	w.el("conf-num", c.Num)
	w.richEl("conf-loc", c.Loc)
	w.richEl("conf-sponsor", c.Sponsor)
	w.richEl("conf-theme", c.Theme)
	w.closeN("conference")
}
