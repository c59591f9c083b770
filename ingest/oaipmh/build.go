package oaipmh

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// A reader fills a from the elements of one record. The same facts come in all formats, so what makes a field of a text is here.
type reader struct {
	a        *jats.Article
	warnings []jats.Warning

	told   map[[4]string]bool // see once
	groups map[[4]string]int  // see group

	dates   []string    // plain dates whose meaning is not told
	formats []string    // media types of files that no link has told yet
	full    []jats.Link // links that may lead to the files
	types   []string    // types in words that no value of JATS was found for
	typed   int         // how particular the article type is that was set
}

// once tells whether it has not been asked of the same fact before: what a record repeats is kept once, at the same cost however long the record is.
func (r *reader) once(field string, key ...string) bool {
	k := [4]string{field}
	copy(k[1:], key)
	if r.told[k] {
		return false
	}
	if r.told == nil {
		r.told = map[[4]string]bool{}
	}
	r.told[k] = true
	return true
}

// group is the place in its list, which has n, of the thing with this key; n when it is new, and then it must be appended.
func (r *reader) group(n int, key ...string) int {
	k := [4]string{}
	copy(k[:], key)
	i, ok := r.groups[k]
	if !ok {
		if r.groups == nil {
			r.groups = map[[4]string]int{}
		}
		i = n
		r.groups[k] = n
	}
	return i
}

// blanks folds white space, but for no-break spaces.
func blanks(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' }), " ")
}

// textIn is all character data inside e, with a blank where elements stand side by side.
func textIn(e *etree.Element) string {
	if len(e.Child) == 1 {
		if t, ok := e.Child[0].(*etree.CharData); ok {
			return blanks(t.Data)
		}
	}
	var b strings.Builder
	addText(&b, e)
	return blanks(b.String())
}

func addText(b *strings.Builder, e *etree.Element) {
	for _, k := range e.Child {
		switch k := k.(type) {
		case *etree.CharData:
			b.WriteString(k.Data)
		case *etree.Element:
			b.WriteByte(' ')
			addText(b, k)
			b.WriteByte(' ')
		}
	}
}

// rawText is textIn with the line ends that are in it: blank lines part paragraphs. Markup inside e stays markup.
func rawText(e *etree.Element) string {
	if len(e.ChildElements()) == 0 {
		return e.Text()
	}
	doc := etree.NewDocument()
	doc.SetRoot(e.Copy())
	s, err := doc.WriteToString()
	if err != nil { // it is written to memory
		return textIn(e)
	}
	return "<p>" + s[strings.IndexByte(s, '>')+1:strings.LastIndexByte(s, '<')] + "</p>"
}

// attr is an attribute of e by its name without prefix; "" if it has none.
func attr(e *etree.Element, name string) string {
	for _, a := range e.Attr {
		if a.Key == name && a.Space != "xmlns" {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

func langOf(e *etree.Element) string {
	if l := attr(e, "lang"); l != "" {
		return jats.ParseLang(l)
	}
	return ""
}

// htmlTags are the elements by which text is told to be HTML or JATS, and not plain text with a "<" in it.
var htmlTags = func() map[string]bool {
	m := map[string]bool{}
	for _, t := range strings.Fields("p br i b em strong sub sup u a span div ul ol li h1 h2 h3 h4 h5 h6 italic bold sc font sec title math small center blockquote table tr td") {
		m[t] = true
	}
	return m
}()

// hasMarkup tells whether s, which is text already, holds tags or entities that were escaped once more than XML demands.
func hasMarkup(s string) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '&':
			end := strings.IndexByte(s[i:min(len(s), i+12)], ';')
			if end > 2 && strings.IndexFunc(s[i+1:i+end], func(r rune) bool { return r != '#' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) < 0 {
				return true
			}
		case '<':
			rest := strings.TrimPrefix(s[i+1:min(len(s), i+24)], "/")
			end := strings.IndexAny(rest, " \t\r\n/>")
			if end <= 0 {
				continue
			}
			name := strings.ToLower(rest[:end])
			if _, local, ok := strings.Cut(name, ":"); ok {
				name = local
			}
			if htmlTags[name] {
				return true
			}
		}
	}
	return false
}

// rich makes rich text of s, which may have been meant as HTML.
func (r *reader) rich(s string, kind jats.MarkupKind) jats.Rich {
	s = blanks(s)
	if !hasMarkup(s) {
		return jats.Escape(s)
	}
	x, warnings, err := jats.ParseMarkup(s, kind)
	if err != nil {
		return jats.Escape(s)
	}
	r.warnings = append(r.warnings, warnings...)
	return x
}

var (
	paragraphTags = regexp.MustCompile(`(?i)</?(?:[a-z]+:)?(?:p|div|h[1-6]|blockquote|center)(?:\s[^<>]*)?>|(?:<br\s*/?>\s*){2,}`)
	blankLine     = regexp.MustCompile(`\n[ \t\r]*\n`)
)

// paragraphs makes the paragraphs of an abstract of s: those of its HTML, else what blank lines part.
func (r *reader) paragraphs(s string) []jats.Rich {
	parts := []string{s}
	if hasMarkup(s) {
		if !strings.Contains(s, "<li") {
			parts = paragraphTags.Split(s, -1)
		}
	} else if strings.Contains(s, "\n") {
		parts = blankLine.Split(s, -1)
	}
	var out []jats.Rich
	for _, p := range parts {
		if p = blanks(p); p != "" {
			out = append(out, r.rich(p, jats.ParaMarkup))
		}
	}
	return out
}

// meta keeps a fact that the article has no other place for.
func (r *reader) meta(name, value string) {
	value = blanks(value)
	if value == "" || !r.once("meta", name, value) {
		return
	}
	r.a.CustomMeta = append(r.a.CustomMeta, jats.CustomMeta{Name: jats.Escape(name), Value: r.rich(value, jats.InlineMarkup)})
}

// title takes in a title: the first is the article's; one in another language or script is a translation; any other is an alternative.
func (r *reader) title(t jats.Title) {
	a := r.a
	switch {
	case t.Text == "":
	case a.Title.Text == "":
		a.Title = t
	case t.Text == a.Title.Text && len(t.Subtitles) == len(a.Title.Subtitles):
	case t.Lang != a.Title.Lang && t.Lang != "" || isLatin(string(t.Text)) != isLatin(string(a.Title.Text)):
		a.TransTitles = append(a.TransTitles, t)
	default:
		text := t.Text
		for _, s := range t.Subtitles {
			text += ": " + s
		}
		a.AltTitles = append(a.AltTitles, jats.AltTitle{Type: "alternative", Lang: t.Lang, Text: text})
	}
}

// isLatin tells whether most letters of s are Latin.
func isLatin(s string) bool {
	latin := 0
	for _, c := range s {
		switch {
		case unicode.Is(unicode.Latin, c):
			latin++
		case unicode.IsLetter(c):
			latin--
		}
	}
	return latin >= 0
}

var (
	orcidIn   = regexp.MustCompile(`(?i)\s*[\[(,;]?\s*(?:orcid(?:\s*id)?\s*[:=]?\s*)?(?:https?://(?:www\.)?orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])\s*[\])]?`)
	roleAtEnd = regexp.MustCompile(`^(.*\S)\s*[\[(]\s*([\p{L}. -]{2,30})\s*[\])]$`)
	lifeDates = regexp.MustCompile(`^(.+,.+),\s*((?:b\.\s*|d\.\s*|ca?\.\s*)?\d{3,4}\s*[-–]?\s*(?:\d{3,4})?\.?)$`)
)

// person makes a contributor of a name as metadata formats give it in one string, which may hold an ORCID and years of life.
func person(kind, s string) jats.Contrib {
	c := jats.Contrib{Type: kind}
	s = blanks(s)
	if strings.Contains(s, "-") {
		if m := orcidIn.FindStringSubmatchIndex(s); m != nil {
			c.IDs = append(c.IDs, jats.ContribID{Type: "orcid", Value: s[m[2]:m[3]]})
			s = strings.TrimSpace(strings.TrimRight(s[:m[0]]+" "+s[m[1]:], " ,;"))
		}
	}
	if s == "" {
		return c
	}
	if s[len(s)-1] <= '9' || s[len(s)-1] == '.' || strings.HasSuffix(s, "-") {
		if m := lifeDates.FindStringSubmatch(s); m != nil {
			c.Comments = []jats.Rich{jats.Escape(m[2])}
			s = m[1]
		}
	}
	if isInstitution(s) {
		c.Names = []jats.Name{{Full: s}}
	} else {
		c.Names = []jats.Name{jats.ParseName(s)}
	}
	return c
}

// institutions are parts of words by which a name is told to be no person's, so that a comma in it parts no surname.
var institutions = strings.Fields(`universit institut academ college centre center laborator hospital school department faculty ministry gmbh foundation association society
	council agency consortium collaboration committee commission organization organisation library museum
	институт универс академ центр лаборат кафедра министерств общество фонд библиотек 大学 研究 学院 学会 中心 协会`)

func isInstitution(s string) bool {
	low := strings.ToLower(s)
	for _, w := range institutions {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// people makes contributors of one element. It holds one name as a rule; some repositories put all of them in it, or the affiliation after a semicolon.
func (r *reader) people(kind, s string) []jats.Contrib {
	s = blanks(s)
	parts := strings.Split(s, ";")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	switch {
	case len(parts) == 0:
		return nil
	case len(parts) == 1:
		return []jats.Contrib{person(kind, parts[0])}
	case len(parts) == 2 && isInstitution(parts[1]) && !isInstitution(parts[0]):
		c := person(kind, parts[0])
		c.Affs = []string{r.aff("", parts[1])}
		return []jats.Contrib{c}
	}
	for _, p := range parts {
		if isInstitution(p) || len(strings.Fields(p)) > 6 || strings.Count(p, ",") > 2 {
			return []jats.Contrib{{Type: kind, Names: []jats.Name{{Full: s}}}}
		}
	}
	var out []jats.Contrib
	for _, p := range parts {
		out = append(out, person(kind, p))
	}
	return out
}

// aff finds or makes an affiliation and returns its id.
func (r *reader) aff(lang, text string, ids ...jats.ID) string {
	text = blanks(text)
	i := r.group(len(r.a.Affs), "aff", lang, text)
	if i < len(r.a.Affs) {
		return r.a.Affs[i].ID
	}
	id := "aff" + strconv.Itoa(i+1)
	r.a.Affs = append(r.a.Affs, jats.Aff{ID: id, Forms: []jats.AffForm{{Lang: lang, Institutions: []jats.Institution{{Name: text, IDs: ids}}}}})
	return id
}

// subject adds a keyword to the group of its language and vocabulary, or a code to the group of its scheme.
func (r *reader) subject(lang, vocab, vocabID, text, code string) {
	text = blanks(text)
	if text == "" {
		return
	}
	if scheme := classifications[strings.ToLower(vocab)]; scheme != "" {
		r.code(scheme, text)
		return
	}
	if scheme, value, ok := strings.Cut(text, ":"); ok && code == "" {
		if kind := classifications[strings.ToLower(scheme)]; kind != "" && value != "" {
			r.code(kind, strings.TrimSpace(value))
			return
		}
	}
	if rest, ok := strings.CutPrefix(text, "info:eu-repo/classification/"); ok {
		if scheme, value, ok := strings.Cut(rest, "/"); ok {
			r.code(strings.ToLower(scheme), value)
			return
		}
	}
	kwd := jats.Kwd{Text: r.rich(text, jats.InlineMarkup), Code: code}
	i := r.group(len(r.a.KwdGroups), "kwd", lang, vocab, vocabID)
	if i == len(r.a.KwdGroups) {
		r.a.KwdGroups = append(r.a.KwdGroups, jats.KwdGroup{Lang: lang, Vocab: vocab, VocabID: vocabID})
	}
	if r.once("kwd", strconv.Itoa(i), string(kwd.Text), code) {
		r.a.KwdGroups[i].Kwds = append(r.a.KwdGroups[i].Kwds, kwd)
	}
}

// code adds a code of a classification.
func (r *reader) code(scheme, value string) {
	r.subjGroup(scheme, "", jats.Subject{Text: jats.Escape(value)})
}

func (r *reader) subjGroup(kind, lang string, s jats.Subject) {
	i := r.group(len(r.a.SubjGroups), "subject", kind, lang)
	if i == len(r.a.SubjGroups) {
		r.a.SubjGroups = append(r.a.SubjGroups, jats.SubjGroup{Type: kind, Lang: lang})
	}
	if r.once("subject", strconv.Itoa(i), string(s.Text)) {
		r.a.SubjGroups[i].Subjects = append(r.a.SubjGroups[i].Subjects, s)
	}
}

// classifications are the schemes of codes, by the names that they go under.
var classifications = map[string]string{
	"udc": "udc", "udk": "udc", "удк": "udc", "ddc": "ddc", "lcc": "lcc", "msc": "msc", "msc2010": "msc", "msc2020": "msc", "pacs": "pacs", "jel": "jel", "oecd": "oecd",
	"grnti": "grnti", "грнти": "grnti", "ббк": "bbk", "bbk": "bbk", "acm": "acm", "vak": "vak", "вак": "vak",
}

// split parts a list of keywords that stands in one element: only where semicolons part short pieces.
func split(s string) []string {
	s = strings.ReplaceAll(s, "；", "; ")
	if !strings.Contains(s, "; ") || strings.Count(s, ";") != strings.Count(s, "; ")+strings.Count(s[len(s)-1:], ";") {
		return []string{s}
	}
	parts := strings.Split(s, ";")
	for _, p := range parts {
		if len(strings.Fields(p)) > 6 || strings.Count(p, "(") != strings.Count(p, ")") || strings.ContainsAny(p, "&") {
			return []string{s}
		}
	}
	return parts
}

// issn adds an ISSN of the journal; it tells whether s is one by its form and check digit.
func (r *reader) issn(kind, s string) bool {
	s = strings.ToUpper(strings.TrimSpace(s))
	for _, prefix := range []string{"URN:ISSN:", "INFO:EU-REPO/SEMANTICS/ALTIDENTIFIER/ISSN/", "EISSN", "E-ISSN", "PISSN", "P-ISSN", "ISSN-L", "ISSN"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			s = strings.TrimLeft(rest, " :/")
			break
		}
	}
	if len(s) == 8 {
		s = s[:4] + "-" + s[4:]
	}
	if len(s) != 9 || s[4] != '-' {
		return false
	}
	sum, weight := 0, 8
	for i := 0; i < 9; i++ {
		switch c := s[i]; {
		case i == 4:
			continue
		case c >= '0' && c <= '9':
			sum += int(c-'0') * weight
		case c == 'X' && i == 8:
			sum += 10
		default:
			return false
		}
		weight--
	}
	if sum%11 != 0 || sum == 0 {
		return false
	}
	if i := r.group(len(r.a.Journal.ISSNs), "issn", s); i < len(r.a.Journal.ISSNs) {
		set(&r.a.Journal.ISSNs[i].Type, kind)
		return true
	}
	r.a.Journal.ISSNs = append(r.a.Journal.ISSNs, jats.ISSN{Type: kind, Value: s})
	return true
}

// isISBN tells whether s is one by its check digit.
//
// Source: ISO 2108.
func isISBN(s string) bool {
	var d []int
	for _, c := range strings.ToUpper(s) {
		switch {
		case c >= '0' && c <= '9':
			d = append(d, int(c-'0'))
		case c == 'X' && len(d) == 9:
			d = append(d, 10)
		case c == '-' || c == ' ':
		default:
			return false
		}
	}
	sum := 0
	switch len(d) {
	case 10:
		for i, n := range d {
			sum += (10 - i) * n
		}
		return sum%11 == 0
	case 13:
		for i, n := range d {
			sum += n * (1 + i%2*2)
		}
		return sum%10 == 0 && d[0] == 9 && d[1] == 7
	}
	return false
}

func (r *reader) isbn(s string) {
	if s = blanks(s); s != "" && r.once("isbn", s) {
		r.a.ISBNs = append(r.a.ISBNs, s)
	}
}

func (r *reader) id(kind, value string) {
	id := jats.ID{Type: kind, Value: blanks(value)}
	if id.Value != "" && r.once("id", kind, strings.ToLower(id.Value)) {
		r.a.IDs = append(r.a.IDs, id)
	}
}

func (r *reader) link(l jats.Link) {
	l.URL = strings.TrimSpace(l.URL)
	if l.MIME == "" && strings.HasSuffix(strings.ToLower(l.URL), ".pdf") {
		l.MIME = "application/pdf"
	}
	if i := r.group(len(r.a.Links), "link", l.URL); i < len(r.a.Links) {
		set(&r.a.Links[i].MIME, l.MIME)
		return
	}
	r.a.Links = append(r.a.Links, l)
}

func isURL(s string) bool {
	low := strings.ToLower(s[:min(len(s), 8)])
	return (strings.HasPrefix(low, "http://") || strings.HasPrefix(low, "https://") || strings.HasPrefix(low, "ftp://")) && !strings.ContainsAny(s, " \n\t")
}

// doiOf is the DOI that s is, without resolver or label; "" when it is none.
func doiOf(s string) string {
	s = strings.TrimSpace(s)
	i := strings.Index(s, "10.")
	if i < 0 {
		return ""
	}
	switch strings.ToLower(strings.TrimSpace(s[:i])) {
	case "", "doi:", "doi", "info:doi/", "urn:doi:", "doi.org/", "http://doi.org/", "https://doi.org/", "http://dx.doi.org/", "https://dx.doi.org/", "https://www.doi.org/", "http://www.doi.org/",
		"info:eu-repo/semantics/altidentifier/doi/", "doi:https://doi.org/":
	default:
		return ""
	}
	d := s[i:]
	prefix, suffix, ok := strings.Cut(d[3:], "/")
	if !ok || suffix == "" || len(prefix) < 2 || strings.Trim(prefix, "0123456789.") != "" || strings.ContainsAny(d, " \t\n") {
		return ""
	}
	return d
}

// altSchemes are the kinds of identifier that have a name in the info:eu-repo vocabulary, in labels before a colon and in attributes.
var altSchemes = map[string]string{
	"pmid": "pmid", "pubmed": "pmid", "pmcid": "pmcid", "pmc": "pmcid", "arxiv": "arxiv", "ark": "ark", "hdl": "handle", "handle": "handle", "urn": "urn", "purl": "purl",
	"wos": "wos", "isi": "wos", "scopus": "scopus", "eid": "scopus", "pii": "pii", "edn": "edn", "oai": "oai", "mr": "mr", "zbl": "zbl", "bibcode": "bibcode", "sici": "sici",
	"publisher-id": "publisher-id", "local": "local",
}

// identifier takes in an identifier of the article. kind is what the format calls it, "" if it does not say.
func (r *reader) identifier(kind, s string) {
	s = blanks(s)
	kind = strings.ToLower(strings.TrimPrefix(strings.TrimPrefix(kind, "dcterms:"), "dct:"))
	if s == "" {
		return
	}
	if d := doiOf(s); d != "" {
		r.id("doi", d)
		return
	}
	low := strings.ToLower(s)
	switch {
	case (kind == "" || strings.Contains(kind, "issn")) && r.issn("", s):
		return
	case strings.HasPrefix(low, "urn:isbn:"), strings.HasPrefix(low, "isbn"), kind == "isbn", kind == "" && isISBN(s):
		s = strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(low, "urn:"), "isbn"), " :")
		r.isbn(strings.ToUpper(s))
		return
	case isURL(s):
		if _, rest, ok := strings.Cut(low, "hdl.handle.net/"); ok && rest != "" {
			r.id("handle", s[len(s)-len(rest):])
		}
		if _, rest, ok := strings.Cut(low, "arxiv.org/abs/"); ok && rest != "" {
			r.id("arxiv", s[len(s)-len(rest):])
		}
		r.link(jats.Link{URL: s})
		return
	}
	for _, prefix := range []string{"info:eu-repo/semantics/altidentifier/", "info:"} {
		if rest, ok := strings.CutPrefix(low, prefix); ok {
			if scheme, value, ok := strings.Cut(rest, "/"); ok && altSchemes[scheme] != "" {
				r.id(altSchemes[scheme], s[len(s)-len(value):])
				return
			}
		}
	}
	if scheme, value, ok := strings.Cut(s, ":"); ok {
		switch scheme := strings.ToLower(scheme); {
		case scheme == "urn" || scheme == "ark" || scheme == "oai":
			r.id(scheme, s)
			return
		case altSchemes[scheme] != "" && value != "":
			r.id(altSchemes[scheme], value)
			return
		}
	}
	if known := altSchemes[kind]; known != "" {
		r.id(known, s)
		return
	}
	if kind == "citation" || kind == "bibliographiccitation" || len(strings.Fields(s)) > 5 { // EPrints and DSpace cite the article here
		if !r.source("", s) {
			r.meta("citation", s)
		}
		return
	}
	if kind == "" || kind == "uri" {
		kind = "other"
	}
	r.id(kind, s)
}

// rights takes in a statement of rights.
func (r *reader) rights(lang, s, uri string) {
	s, uri = blanks(s), strings.TrimSpace(uri)
	p := &r.a.Permissions
	if access := accessOf(s); access != "" && (p.Access == "" || p.Access == access) {
		p.Access = access
		return
	}
	if access := accessOf(uri); access != "" {
		p.Access = access
		if uri = ""; accessOf(s) != "" || s == "" {
			return
		}
	}
	if isURL(s) {
		if uri == "" {
			uri = s
		}
		if s = ""; uri != s {
			s = ""
		}
	}
	if uri == "" {
		uri = ccURI(s)
	}
	low := strings.ToLower(s)
	if uri == "" && (strings.HasPrefix(low, "copyright") || strings.HasPrefix(low, "©") || strings.HasPrefix(low, "(c)")) {
		if r.once("statement", lang, s) {
			p.Statements = append(p.Statements, jats.Text{Lang: lang, Text: r.rich(s, jats.InlineMarkup)})
		}
		return
	}
	if !r.once("licence", lang, s, uri) {
		return
	}
	var text []jats.Rich
	if s != "" {
		text = []jats.Rich{r.rich(s, jats.ParaMarkup)}
	}
	for i := range min(len(p.Licenses), 8) { // the name of a licence and its address often come apart
		l := &p.Licenses[i]
		if uri != "" && sameLicense(l.URI, uri) || uri != "" && l.URI == "" && len(text) == 0 && isLicenseName(l.P) || uri == "" && l.URI != "" && len(l.P) == 0 && isLicenseName(text) {
			if l.URI == "" {
				l.URI = uri
			}
			for _, t := range text {
				if !slices.Contains(l.P, t) {
					l.P, l.Lang = append(l.P, t), lang
				}
			}
			return
		}
	}
	if uri != "" || len(text) > 0 {
		l := jats.License{URI: uri, P: text}
		if len(text) > 0 {
			l.Lang = lang
		}
		p.Licenses = append(p.Licenses, l)
	}
}

// isLicenseName tells whether a text names a licence of Creative Commons, in short or in full.
func isLicenseName(p []jats.Rich) bool {
	return len(p) == 1 && (strings.HasPrefix(string(p[0]), "CC") || strings.HasPrefix(string(p[0]), "Attribution") || strings.HasPrefix(string(p[0]), "Creative Commons"))
}

func sameLicense(a, b string) bool {
	fold := func(s string) string {
		_, s, _ = strings.Cut(strings.ToLower(s), "://")
		return strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/"), "/legalcode")
	}
	return a != "" && fold(a) == fold(b)
}

var (
	ccAddress = regexp.MustCompile(`(?i)https?://(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/[a-z0-9./+-]+`)
	ccShort   = regexp.MustCompile(`(?i)^CC[ -]BY((?:-NC)?(?:-SA|-ND)?)[ -](\d\.\d)$`)
)

// ccURI is the address of the Creative Commons licence that a text names for certain; "" if it names none.
func ccURI(s string) string {
	if !strings.Contains(strings.ToLower(s), "creativecommons") && !strings.HasPrefix(strings.ToUpper(s), "CC") {
		return ""
	}
	if u := ccAddress.FindString(s); u != "" {
		return strings.TrimRight(u, ".")
	}
	if m := ccShort.FindStringSubmatch(s); m != nil {
		return "https://creativecommons.org/licenses/by" + strings.ToLower(m[1]) + "/" + m[2] + "/"
	}
	if strings.EqualFold(s, "CC0 1.0") || strings.EqualFold(s, "CC0-1.0") {
		return "https://creativecommons.org/publicdomain/zero/1.0/"
	}
	return ""
}

// date takes in a date of the article's life; kind is a @date-type of JATS.
func (r *reader) date(kind, s string) {
	if d := parseDate(s); d.Date != "" || d.Season != "" || d.Text != "" {
		d.Type = kind
		list := &r.a.History
		if kind == "pub" || kind == "collection" {
			list = &r.a.PubDates
		}
		if r.once("date", kind, d.Date+d.Season, d.Text) {
			*list = append(*list, d)
		}
	}
}

// parseDate is jats.ParseDate of a date without the brackets and signs of catalogues; a span of years, and what is marked as uncertain, stays as it is printed.
func parseDate(s string) jats.Date {
	s = blanks(s)
	bare := strings.Trim(s, "[]., ")
	for _, prefix := range []string{"cop.", "©", "c", "p", "℗"} {
		if rest, ok := strings.CutPrefix(bare, prefix); ok && rest != "" && strings.Trim(strings.TrimSpace(rest), "0123456789") == "" {
			bare = strings.TrimSpace(rest)
		}
	}
	years := 0
	for i := 0; i+4 <= len(bare); i++ {
		if strings.Trim(bare[i:i+4], "0123456789") == "" && (i == 0 || bare[i-1] < '0' || bare[i-1] > '9') && (i+4 == len(bare) || bare[i+4] < '0' || bare[i+4] > '9') {
			years++
		}
	}
	if years > 1 && !strings.Contains(bare, "T") || strings.ContainsAny(bare, "?[]") || strings.HasSuffix(bare, "-") {
		return jats.Date{Text: s}
	}
	if len(bare) == 4 && strings.Trim(bare, "0123456789") == "" && (bare < "1000" || bare > "2100") {
		return jats.Date{Text: s}
	}
	d := jats.ParseDate(bare)
	if d.Text == bare {
		d.Text = s
	}
	return d
}

// undated settles what the dates mean that the record does not explain. One without a time of day is the earliest of them the date of publication, because
// repositories write their own events (accession, availability) to the second; with no such date the earliest of all is. The others are kept as events.
func (r *reader) undated() {
	if len(r.dates) == 0 {
		return
	}
	plain := slices.DeleteFunc(slices.Clone(r.dates), isInstant)
	from := plain
	if len(plain) == 0 {
		from = r.dates
	}
	best, bestText := -1, ""
	for i, s := range from {
		if d := parseDate(s); d.Date != "" && (best < 0 || d.Date < bestText) {
			best, bestText = i, d.Date
		}
	}
	if best < 0 {
		best = 0
	}
	published := false
	for _, d := range r.a.PubDates {
		published = published || d.Type == "pub"
	}
	for _, s := range r.dates {
		switch {
		case !published && s == from[best]:
			r.date("pub", s)
			published = true
		case s == from[best]:
		default:
			r.date("other", s)
		}
	}
}

// isInstant tells whether a date has a time of day that is more than the midnight that some software adds.
func isInstant(s string) bool {
	_, clock, ok := strings.Cut(s, "T")
	return ok && len(clock) >= 5 && clock[2] == ':' && !strings.HasPrefix(clock, "00:00")
}

// language takes in a language of the article; the first is the article's own.
func (r *reader) language(s string) {
	tag := jats.ParseLang(s)
	switch tag {
	case "", "mul", "zxx", "mis", "und":
		if tag = languageNames[strings.ToLower(strings.TrimSpace(s))]; tag == "" {
			r.meta("language", s)
			return
		}
	}
	switch r.a.Lang {
	case "":
		r.a.Lang = tag
	case tag:
	default:
		r.meta("language", tag)
	}
}

// languageNames are names of languages that jats.ParseLang does not know.
var languageNames = map[string]string{
	"русский": "ru", "английский": "en", "китайский": "zh", "中文": "zh", "英文": "en", "deutsch": "de", "français": "fr", "español": "es", "português": "pt", "italiano": "it", "日本語": "ja",
	"українська": "uk", "dutch": "nl", "swedish": "sv", "norwegian": "no", "danish": "da", "finnish": "fi", "czech": "cs", "indonesian": "id", "persian": "fa", "hungarian": "hu", "greek": "el", "romanian": "ro",
}

// finish settles what only the whole record tells.
func (r *reader) finish() {
	a := r.a
	r.undated()
	if a.Lang != "" && a.Title.Lang != "" && a.Title.Lang != a.Lang { // the title in the article's language is its own
		for i, t := range a.TransTitles {
			if t.Lang == a.Lang {
				a.Title, a.TransTitles[i] = t, a.Title
				break
			}
		}
	}
	if base, _, ok := strings.Cut(a.Title.Lang, "-"); ok && base == a.Lang { // "en-US" of all texts, where the record says "eng"
		a.Lang = a.Title.Lang
	}
	if p := &a.Permissions; p.Access == "" { // as jats.Read has it
		switch {
		case p.EmbargoEnd != "":
			p.Access = "embargoed"
		case slices.ContainsFunc(p.Licenses, func(l jats.License) bool { return strings.Contains(strings.ToLower(l.URI), "creativecommons.org/") }):
			p.Access = "open"
		}
	}
	r.files()
	for _, s := range r.types {
		r.subjGroup("article-type", "", jats.Subject{Text: jats.Escape(s)})
	}
}

// files matches media types with full texts: one of each, or as many of the one as of the other, in order.
func (r *reader) files() {
	a := r.a
	for _, f := range r.full {
		r.link(f)
	}
	full, kinds := map[string]bool{}, map[string]bool{"": true}
	for _, f := range r.full {
		full[strings.TrimSpace(f.URL)] = true
	}
	for _, f := range r.formats {
		kinds[f] = true
	}
	var bare []int
	for i, l := range a.Links {
		if full[l.URL] && kinds[l.MIME] {
			bare = append(bare, i)
		}
	}
	if len(bare) > 0 && len(bare) == len(r.formats) {
		for i, at := range bare {
			a.Links[at].MIME = r.formats[i]
		}
		return
	}
	told := map[string]bool{}
	for _, l := range a.Links {
		told[l.MIME] = true
	}
	for _, f := range r.formats {
		if !told[f] {
			r.meta("format", f)
		}
	}
}
