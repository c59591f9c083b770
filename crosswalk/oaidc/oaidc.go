// Package oaidc writes an article as simple Dublin Core, the format that every OAI-PMH repository must offer.
package oaidc

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"sheaf/jats"
)

// The names of the format.
const (
	Prefix    = "oai_dc"
	Namespace = "http://www.openarchives.org/OAI/2.0/oai_dc/"
	Schema    = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
)

const (
	rootOpen = `<oai_dc:dc xmlns:oai_dc="` + Namespace + `" xmlns:dc="http://purl.org/dc/elements/1.1/"` +
		` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="` + Namespace + ` ` + Schema + `">`
	rootClose = `</oai_dc:dc>`
	semantics = "info:eu-repo/semantics/"
)

// Append appends the oai_dc:dc element of a to dst. It never fails: an absent value is an absent element, because every element
// of simple Dublin Core is optional, and a character that XML forbids is left out. landing is the address of the record's page here; it
// comes first among the identifiers when the article names no page of its own, and may begin with a NUL byte, which is written as it is. day
// is today, YYYY-MM-DD: an embargo that has ended by then is open access.
//
// The order within an element kind matters to harvesters: the original title, the working URL, the access term and the controlled type
// come first, and the article's DOI is the last identifier, because Unpaywall takes the last DOI that it meets for the article's own.
//
// Source: OAI-PMH 2.0 §5; DCMES 1.1; OpenAIRE guidelines for literature repositories 3.0; BASE golden rules.
func Append(dst []byte, a *jats.Article, landing, day string) []byte {
	w := writer{dst: append(dst, rootOpen...), article: a, doi: first(a.IDs, "doi")}
	w.access, w.embargoEnd = accessOf(a, day)
	w.titles()
	w.creators()
	w.subjects()
	w.descriptions()
	w.publishers()
	w.contributors()
	w.dates()
	w.types()
	w.formats()
	w.sources()
	w.kind()
	if l := iso639(a.Lang); l != "" {
		w.add("language", "", l)
	}
	w.relations()
	w.rights()
	w.identifiers(landing)
	return append(w.dst, rootClose...)
}

// writer appends the elements of one record.
type writer struct {
	dst     []byte
	start   int // where the elements of the present kind begin
	article *jats.Article
	doi     string

	access, embargoEnd string // see accessOf
}

// kind begins another kind of element.
func (w *writer) kind() { w.start = len(w.dst) }

// add appends one element, unless value is blank or the very same element is there already.
func (w *writer) add(name, lang, value string) { w.addAfter(name, lang, "", value) }

// addAfter is add with bytes before the value that are written as they are.
func (w *writer) addAfter(name, lang, before, value string) {
	mark := len(w.dst)
	w.dst = append(w.dst, "<dc:"...)
	w.dst = append(w.dst, name...)
	if isLang(lang) {
		w.dst = append(w.dst, ` xml:lang="`...)
		w.dst = append(w.dst, lang...)
		w.dst = append(w.dst, '"')
	}
	w.dst = append(w.dst, '>')
	w.dst = append(w.dst, before...)
	var ok bool
	if w.dst, ok = appendText(w.dst, value); !ok && before == "" {
		w.dst = w.dst[:mark]
		return
	}
	w.dst = append(w.dst, "</dc:"...)
	w.dst = append(w.dst, name...)
	w.dst = append(w.dst, '>')
	if w.start < mark && bytes.Contains(w.dst[w.start:mark], w.dst[mark:]) {
		w.dst = w.dst[:mark]
	}
}

// lang is the language of a part: its own, else the article's.
func (w *writer) lang(own string) string {
	if own != "" {
		return own
	}
	return w.article.Lang
}

func (w *writer) titles() {
	w.kind()
	w.add("title", w.lang(w.article.Title.Lang), titleText(w.article.Title))
	for _, t := range w.article.TransTitles {
		w.add("title", w.lang(t.Lang), titleText(t))
	}
}

// titleText joins a title and its subtitles with ": ", or with a blank after a title that ends in such a mark itself.
func titleText(t jats.Title) string {
	s := t.Text.Plain()
	for _, sub := range t.Subtitles {
		p := strings.TrimSpace(sub.Plain())
		switch {
		case p == "":
		case strings.TrimSpace(s) == "":
			s = p
		default:
			s = join(s, ": ", p)
		}
	}
	return s
}

// join puts sep between a and b, or only a blank where a ends with a mark that does sep's work.
func join(a, sep, b string) string {
	a = strings.TrimSpace(a)
	if last, _ := utf8.DecodeLastRuneInString(a); strings.ContainsRune(":?!.…：？！。", last) {
		sep = " "
	}
	return a + sep + b
}

// creators gives one element for each author that has a name, in order: a second form of the name would look like another author.
func (w *writer) creators() {
	w.start = len(w.dst) + 1<<30 // two authors may well share a name
	for i := range w.article.Contribs {
		if c := &w.article.Contribs[i]; isAuthor(c) {
			w.person("creator", c)
		}
	}
}

// contributors gives editors, translators and all others who are not authors, and the members of author groups.
func (w *writer) contributors() {
	w.kind()
	for i := range w.article.Contribs {
		c := &w.article.Contribs[i]
		if !isAuthor(c) {
			w.person("contributor", c)
		}
		for j := range c.Members {
			w.person("contributor", &c.Members[j])
		}
	}
}

func isAuthor(c *jats.Contrib) bool { return c.Type == "" || strings.EqualFold(c.Type, "author") }

func (w *writer) person(element string, c *jats.Contrib) {
	if n := w.name(c.Names); n != nil {
		w.add(element, "", inverted(n))
	}
	if t := w.text(c.Collab); t != nil {
		w.add(element, "", t.Text.Plain())
	}
}

// name returns the form of a name that is in the article's language and script, else the one as printed; nil if there is none.
func (w *writer) name(names []jats.Name) *jats.Name {
	for i := range names {
		if names[i].Lang == "" || strings.EqualFold(names[i].Lang, w.article.Lang) {
			return &names[i]
		}
	}
	for i := range names {
		if sameScript(names[i].Lang, w.article.Lang) {
			return &names[i]
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &names[0]
}

// text returns the text that is in the article's language, else the first; nil if there is none.
func (w *writer) text(texts []jats.Text) *jats.Text {
	for i := range texts {
		if texts[i].Lang == "" || sameScript(texts[i].Lang, w.article.Lang) {
			return &texts[i]
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return &texts[0]
}

// sameScript tells whether two language tags have the same base, and the same script as far as they name one: "en-GB" and "en" do,
// "ru" and "ru-Latn" do not.
func sameScript(a, b string) bool {
	ab, as := baseScript(a)
	bb, bs := baseScript(b)
	return strings.EqualFold(ab, bb) && strings.EqualFold(as, bs)
}

func baseScript(tag string) (base, script string) {
	base, rest, _ := strings.Cut(tag, "-")
	if sub, _, _ := strings.Cut(rest, "-"); len(sub) == 4 {
		script = sub
	}
	return base, script
}

// inverted is a name as "Surname, Given-names, Suffix". Icelanders are sorted by their given names, so theirs stay in front.
func inverted(n *jats.Name) string {
	surname, given, suffix := strings.TrimSpace(n.Surname), strings.TrimSpace(n.GivenNames), strings.TrimSpace(n.Suffix)
	s := surname
	switch {
	case surname == "" && given == "":
		return n.Full
	case surname == "":
		s = given
	case given == "":
	case n.Style == "islensk":
		s = given + " " + surname
	default:
		s = surname + ", " + given
	}
	if suffix != "" {
		s += ", " + suffix
	}
	return s
}

// kinds of subject group that tell where in the issue an article stands or what sort of article it is, not what it is about.
var headings = map[string]bool{"heading": true, "toc-heading": true, "section": true, "article-type": true, "display-channel": true, "display-channel-group": true, "subheading": true}

// schemes of codes: a subject of such a group is a code with the scheme in front of it.
var schemes = map[string]string{
	"udc": "udc:", "msc": "msc:", "pacs": "pacs:", "jel": "jel:", "lcc": "lcc:", "oecd": "oecd:", "grnti": "grnti:", "vak": "vak:", "bbk": "bbk:",
	"ddc": "info:eu-repo/classification/ddc/", "acm": "info:eu-repo/classification/acm/",
}

func (w *writer) subjects() {
	w.kind()
	for i := range w.article.KwdGroups {
		g := &w.article.KwdGroups[i]
		for _, k := range g.Kwds {
			w.add("subject", w.lang(g.Lang), k.Text.Plain())
		}
	}
	for i := range w.article.SubjGroups {
		w.subjGroup(&w.article.SubjGroups[i])
	}
}

func (w *writer) subjGroup(g *jats.SubjGroup) {
	kind := strings.ToLower(g.Type)
	if headings[kind] {
		return
	}
	scheme, coded := schemes[kind]
	if !coded {
		scheme, coded = schemes[strings.ToLower(g.Vocab)]
	}
	for _, s := range g.Subjects {
		text := s.Text.Plain()
		code := s.Code
		if coded && code == "" {
			code, text = text, ""
		}
		switch {
		case s.URI != "":
			w.add("subject", "", s.URI)
		case coded && code != "":
			w.add("subject", "", scheme+code)
		}
		if text != code {
			w.add("subject", w.lang(g.Lang), text)
		}
	}
	for i := range g.Groups {
		w.subjGroup(&g.Groups[i])
	}
}

// descriptions gives each abstract as plain text, its paragraphs on lines of their own.
func (w *writer) descriptions() {
	w.kind()
	for i := range w.article.Abstracts {
		b := &w.article.Abstracts[i]
		if len(b.P) == 1 && len(b.Secs) == 0 {
			w.add("description", w.lang(b.Lang), b.P[0].Plain())
			continue
		}
		var s strings.Builder
		paragraphs(&s, "", b.P)
		sections(&s, b.Secs)
		w.add("description", w.lang(b.Lang), s.String())
	}
}

func sections(s *strings.Builder, secs []jats.Sec) {
	for i := range secs {
		paragraphs(s, secs[i].Title.Plain(), secs[i].P)
		sections(s, secs[i].Secs)
	}
}

func paragraphs(s *strings.Builder, title string, ps []jats.Rich) {
	title = strings.TrimSpace(title)
	for _, p := range ps {
		t := strings.TrimSpace(p.Plain())
		if t == "" {
			continue
		}
		if s.Len() > 0 {
			s.WriteString(lineBreak)
		}
		if title != "" {
			t = join(title, ": ", t)
			title = ""
		}
		s.WriteString(t)
	}
	if title != "" { // a heading over narrower sections, or over nothing
		if s.Len() > 0 {
			s.WriteString(lineBreak)
		}
		s.WriteString(title)
	}
}

func (w *writer) publishers() {
	w.kind()
	for _, p := range w.article.Journal.Publishers {
		w.add("publisher", p.Lang, p.Text.Plain())
	}
}

func (w *writer) dates() {
	w.kind()
	w.add("date", "", published(w.article))
	if w.access == embargoed && w.embargoEnd != "" {
		w.add("date", "", "info:eu-repo/date/embargoEnd/"+w.embargoEnd)
	}
}

// published is the one date of publication, to the precision that is known: the electronic one before the printed one, and the year of
// the collection only when there is nothing else.
func published(a *jats.Article) string {
	best, rank := "", 0
	for _, d := range a.PubDates {
		if !isDate(d.Date) {
			continue
		}
		r := 0
		switch strings.ToLower(d.Type) {
		case "pub", "epub", "ppub", "epub-ppub", "":
			switch {
			case d.Format == "electronic" || strings.HasPrefix(strings.ToLower(d.Type), "epub"):
				r = 5
			case d.Format == "":
				r = 4
			default:
				r = 3
			}
		case "issue-pub":
			r = 2
		case "collection":
			r = 1
		}
		if r > rank {
			best, rank = d.Date, r
		}
	}
	return best
}

// isDate tells whether s is YYYY, YYYY-MM or YYYY-MM-DD.
func isDate(s string) bool {
	if len(s) != 4 && len(s) != 7 && len(s) != 10 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if i == 4 || i == 7 {
			if s[i] != '-' {
				return false
			}
		} else if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (w *writer) types() {
	w.kind()
	t := typeOf(w.article.ArticleType)
	w.add("type", "", semantics+t.term)
	if v := w.article.Version; v != nil {
		if term := versions[strings.ToUpper(v.Type)]; term != "" {
			w.add("type", "", semantics+term)
		}
	}
	w.add("type", "", t.label)
}

// formats gives the media type of each full text.
func (w *writer) formats() {
	w.kind()
	for i := range w.article.Links {
		if l := &w.article.Links[i]; isFullText(l) && strings.Contains(l.MIME, "/") {
			w.add("format", "", l.MIME)
		}
	}
}

// sources gives the journal with the place in it, then each ISSN alone.
func (w *writer) sources() {
	w.kind()
	a := w.article
	title := titleText(a.Journal.Title)
	if strings.TrimSpace(title) == "" {
		for _, t := range a.Journal.AbbrevTitle {
			if title = t.Text.Plain(); strings.TrimSpace(title) != "" {
				break
			}
		}
	}
	w.add("source", "", strings.Join(nonEmpty(title, issueText(a), pages(a)), "; "))
	for _, t := range a.Journal.TransTitles {
		w.add("source", w.lang(t.Lang), titleText(t))
	}
	for _, i := range a.Journal.ISSNs {
		w.add("source", "", i.Value)
	}
	for i := range a.Conferences {
		c := &a.Conferences[i]
		w.add("source", "", strings.Join(nonEmpty(c.Name.Plain(), c.Date, c.Loc.Plain()), "; "))
	}
}

// issueText is the issue, as in "Vol. 12, No 3 (2026)", with the titles of a special issue after it. With no volume and no issue there is none.
func issueText(a *jats.Article) string {
	parts := nonEmpty(numbered("Vol. ", a.Volume), numbered("No ", a.Issue), a.Supplement.Plain(), a.IssuePart)
	s := strings.Join(parts, ", ")
	if s != "" {
		if y := issueYear(a); y != "" {
			s += " (" + y + ")"
		}
	}
	if t := (&writer{article: a}).text(a.IssueTitles); t != nil {
		s = strings.Join(nonEmpty(s, t.Text.Plain()), "; ")
	}
	return s
}

// numbered puts the label before a number ("12", "3 (105)", "S1", "XII"), and leaves alone what is printed in words ("Suppl. 2").
func numbered(label, s string) string {
	s = strings.TrimSpace(s)
	if s == "" || (s[0] < '0' || s[0] > '9') && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsUpper(r) && !unicode.IsDigit(r) && r != '-' && r != '/' }) >= 0 {
		return s
	}
	return label + s
}

// issueYear is the year of the issue, else that of publication.
func issueYear(a *jats.Article) string {
	for _, d := range a.PubDates {
		if d.Type == "collection" && isDate(d.Date) {
			return d.Date[:4]
		}
	}
	if d := published(a); d != "" {
		return d[:4]
	}
	return ""
}

func pages(a *jats.Article) string {
	switch {
	case a.FPage != "" && a.PageRange != "":
		return a.PageRange
	case a.FPage != "" && a.LPage != "" && a.LPage != a.FPage:
		return a.FPage + "-" + a.LPage
	case a.FPage != "":
		return a.FPage
	case a.ElocationID != "":
		return a.ElocationID
	}
	return a.PageRange
}

// relations gives grants, other identifiers, related works and files. The article without a DOI names no other work's DOI, because a
// harvester would take it for the article's own.
func (w *writer) relations() {
	w.kind()
	a := w.article
	for i := range a.Funding.Awards {
		for _, g := range grants(&a.Funding.Awards[i]) {
			w.add("relation", "", g)
		}
	}
	for _, id := range a.IDs {
		if scheme := altSchemes[strings.ToLower(id.Type)]; scheme != "" {
			v := strings.TrimSpace(id.Value)
			if scheme == "arxiv" || scheme == "doi" {
				v = strings.TrimPrefix(strings.TrimPrefix(v, "arXiv:"), "doi:")
			}
			if v != "" {
				w.add("relation", "", semantics+"altIdentifier/"+scheme+"/"+v)
			}
		}
	}
	for i := range a.Links {
		if l := &a.Links[i]; isFullText(l) {
			w.add("relation", "", l.URL)
		}
	}
	for i := range a.Related {
		w.foreign(related(&a.Related[i]))
	}
	for i := range a.Supplementary {
		if u := a.Supplementary[i].URL; isHTTP(u) {
			w.foreign(u)
		}
	}
}

// foreign adds a relation to another work.
func (w *writer) foreign(value string) {
	if w.doi == "" && holdsDOI(value) {
		return
	}
	w.add("relation", "", value)
}

// holdsDOI tells whether a harvester may find a DOI in s: "10." and a digit.
func holdsDOI(s string) bool {
	for {
		i := strings.Index(s, "10.")
		if i < 0 {
			return false
		}
		if s = s[i+3:]; s != "" && s[0] >= '0' && s[0] <= '9' {
			return true
		}
	}
}

// altSchemes are the kinds of identifier that info:eu-repo has a name for.
//
// Source: OpenAIRE guidelines 3.0, alternative identifier.
var altSchemes = map[string]string{"doi": "doi", "pmid": "pmid", "arxiv": "arxiv", "ark": "ark", "handle": "hdl", "hdl": "hdl", "urn": "urn", "purl": "purl", "wos": "wos"}

func related(r *jats.Related) string {
	id := strings.TrimSpace(r.ID)
	switch strings.ToLower(r.IDType) {
	case "doi":
		if id == "" {
			return ""
		}
		if r.Object && strings.Contains(strings.ToLower(r.Type), "data") {
			return semantics + "dataset/doi/" + id
		}
		return DOIURL(id)
	default:
		if isHTTP(id) {
			return id
		}
	}
	return ""
}

func (w *writer) rights() {
	w.kind()
	a := w.article
	if access := w.access; access != "" {
		w.add("rights", "", semantics+access)
	}
	for i := range a.Permissions.Licenses {
		l := &a.Permissions.Licenses[i]
		switch {
		case l.AppliesTo != "":
		case l.URI != "":
			w.add("rights", "", l.URI)
		default:
			var s strings.Builder
			paragraphs(&s, "", l.P)
			w.add("rights", w.lang(l.Lang), s.String())
		}
	}
	for _, s := range a.Permissions.Statements {
		w.add("rights", s.Lang, s.Text.Plain())
	}
	if h := w.text(a.Permissions.Holders); len(a.Permissions.Statements) == 0 && h != nil {
		w.add("rights", "", "© "+strings.Join(nonEmpty(a.Permissions.Year, h.Text.Plain()), " "))
	}
}

// identifiers gives the landing page, other addresses, and the article's DOI last.
func (w *writer) identifiers(landing string) {
	w.kind()
	if own := landingPage(w.article.Links); own != "" {
		w.add("identifier", "", own)
	} else if rest, ok := strings.CutPrefix(landing, "\x00"); ok {
		w.addAfter("identifier", "", "\x00", rest)
	} else {
		w.add("identifier", "", landing)
	}
	for _, id := range w.article.IDs {
		switch v := strings.TrimSpace(id.Value); {
		case isHTTP(v) && !onDOI(v):
			w.add("identifier", "", v)
		case v != "" && (id.Type == "handle" || id.Type == "hdl"):
			w.add("identifier", "", "https://hdl.handle.net/"+v)
		}
	}
	if w.doi != "" {
		w.add("identifier", "", DOIURL(w.doi))
	}
}

// landingPage is the first web page among the links, leaving aside the DOI, which has its own place; "" if there is none.
func landingPage(links []jats.Link) string {
	for i := range links {
		if l := &links[i]; isHTTP(l.URL) && !onDOI(l.URL) && strings.HasPrefix(l.MIME, "text/html") {
			return l.URL
		}
	}
	for i := range links {
		if l := &links[i]; isHTTP(l.URL) && !onDOI(l.URL) && l.MIME == "" && !isFile(l.URL) {
			return l.URL
		}
	}
	return ""
}

// isFullText tells whether a link leads to a file that holds the article.
func isFullText(l *jats.Link) bool {
	if !isHTTP(l.URL) || strings.HasPrefix(l.MIME, "text/html") {
		return false
	}
	return l.MIME != "" || isFile(l.URL)
}

func isFile(url string) bool {
	u := strings.ToLower(url)
	return strings.HasSuffix(u, ".pdf") || strings.HasSuffix(u, ".xml") || strings.HasSuffix(u, ".epub")
}

// isHTTP tells whether s is a whole web address, without blanks.
func isHTTP(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "http://")
	}
	return ok && rest != "" && strings.IndexFunc(rest, func(r rune) bool { return r <= ' ' || unicode.IsSpace(r) }) < 0
}

func onDOI(url string) bool {
	_, host, _ := strings.Cut(url, "://")
	return strings.HasPrefix(host, "doi.org/") || strings.HasPrefix(host, "dx.doi.org/")
}

// DOIURL is a DOI as an address, with what an address cannot hold percent-encoded.
//
// Source: DOI Handbook §2.5.2.4; RFC 3986 §2.
func DOIURL(doi string) string {
	const prefix = "https://doi.org/"
	clean := true
	for i := 0; i < len(doi) && clean; i++ {
		clean = doi[i] > ' ' && doi[i] < 0x7f && !strings.ContainsRune("%\"#?<>[]{}|\\^`", rune(doi[i]))
	}
	if clean {
		return prefix + doi
	}
	const hex = "0123456789ABCDEF"
	b := []byte(prefix)
	for i := 0; i < len(doi); i++ {
		if c := doi[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("%\"#?<>[]{}|\\^`", c) >= 0 {
			b = append(b, '%', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// first is the first identifier of a kind; "" if there is none.
func first(ids []jats.ID, kind string) string {
	for _, id := range ids {
		if strings.EqualFold(id.Type, kind) && strings.TrimSpace(id.Value) != "" {
			return strings.TrimSpace(id.Value)
		}
	}
	return ""
}

func nonEmpty(ss ...string) []string {
	out := ss[:0]
	for _, s := range ss {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// iso639 is the ISO 639-3 code of the language that a BCP 47 tag begins with; "" when there is none.
func iso639(tag string) string {
	base, _ := baseScript(tag)
	if len(base) != 2 && len(base) != 3 {
		return ""
	}
	base = strings.ToLower(base)
	if code := bibliographic[base]; code != "" {
		return code
	}
	b, err := language.ParseBase(base)
	if err != nil {
		return ""
	}
	if code := b.ISO3(); len(code) == 3 && code != "und" {
		return code
	}
	return ""
}

// isLang tells whether s may stand in xml:lang.
//
// Source: XML Schema 1.0 part 2 §3.3.3, language.
func isLang(s string) bool {
	n, parts := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '-':
			if n == 0 {
				return false
			}
			n = 0
			parts++
			continue
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', parts > 0 && c >= '0' && c <= '9':
		default:
			return false
		}
		if n++; n > 8 {
			return false
		}
	}
	return n > 0
}

// lineBreak is a break that appendText keeps; all other white space becomes one blank.
const lineBreak = "\x0b"

// appendText appends s escaped, without characters that XML 1.0 forbids, with white space folded, and tells whether there was anything to see.
//
// Source: XML 1.0 §2.2.
func appendText(dst []byte, s string) (out []byte, seen bool) {
	gap := byte(0) // white space that is due before the next character
	valid := utf8.ValidString(s)
	for i := 0; i < len(s); {
		c := s[i]
		if seen && valid && plain[c] { // most of any text
			j := i + 1
			for j < len(s) && (plain[s[j]] || s[j] == ' ' && j+1 < len(s) && plain[s[j+1]]) {
				j++
			}
			dst = append(appendGap(dst, &gap, true), s[i:j]...)
			i = j
			continue
		}
		if c > ' ' && c < 0x7f {
			i++
			dst = appendGap(dst, &gap, seen)
			seen = true
			switch c {
			case '&':
				dst = append(dst, "&amp;"...)
			case '<':
				dst = append(dst, "&lt;"...)
			case '>':
				dst = append(dst, "&gt;"...)
			default:
				dst = append(dst, c)
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == lineBreak[0]:
			gap = '\n'
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
			if gap == 0 {
				gap = ' '
			}
		case c < ' ' || r == 0xfffe || r == 0xffff || r >= 0x7f && r < 0xa0:
		case r == utf8.RuneError && n == 1:
			dst = appendGap(dst, &gap, seen)
			dst = append(dst, "\uFFFD"...)
			seen = true
		default:
			dst = appendGap(dst, &gap, seen)
			dst = append(dst, s[i:i+n]...)
			seen = seen || !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r)
		}
		i += n
	}
	return dst, seen
}

func appendGap(dst []byte, gap *byte, seen bool) []byte {
	if *gap != 0 && seen {
		dst = append(dst, *gap)
	}
	*gap = 0
	return dst
}

// plain marks the bytes of valid UTF-8 that are written as they are: not the lead bytes of U+0080-U+00BF, U+2000-U+2FFF and U+F000-U+FFFF, where
// the characters are that need a look.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c > ' ' && c != 0x7f && c != '&' && c != '<' && c != '>' && c != 0xc2 && c != 0xe2 && c != 0xef
	}
	return t
}()
