// Package doaj writes an article as the Directory of Open Access Journals takes it: a record of its upload XML ([AppendRecord], schema version
// 1.3), the JSON of its API v4 ([JSON]), and oai_doaj ([Append]), which DOAJ serves itself.
//
// The elements of the two XML forms are the same; oai_doaj has them in a namespace. The published schema has no target namespace, so that no
// oai_doaj document is valid by it, DOAJ's own included; and OAI-PMH wants what is in an answer declared in a schema of its namespace. So the
// format names a schema of this project's own, which says what is written here and is served with the records ([Schemas]).
//
//	record                        XML                              JSON, under bibjson
//	language of the article       language (ISO 639-2/B)           journal.language (ISO 639-1, capitals)
//	first publisher               publisher                        journal.publisher
//	journal                       journalTitle *                   journal.title
//	print ISSN                    issn *1                          identifier, type pissn *1
//	electronic ISSN               eissn *1                         identifier, type eissn *1
//	date of publication           publicationDate *                year, month
//	volume, issue                 volume, issue                    journal.volume, journal.number
//	first and last page           startPage, endPage               journal.start_page, journal.end_page
//	article number                startPage                        journal.start_page
//	DOI                           doi                              identifier, type doi *2
//	local identifier              publisherRecordId                admin.publisher_record_id
//	kind of work                  documentType
//	titles                        title * [language]               title * (the first)
//	authors and author groups     authors/author/name              author[].name
//	first affiliation of each     affiliationId, affiliationsList  author[].affiliation
//	ORCID                         orcid_id                         author[].orcid_id
//	abstracts without a kind      abstract [language]              abstract (of the article's language, else the first)
//	full text                     fullTextUrl * [format]           link, type fulltext *2
//	keywords, six of a language   keywords [language]              keywords (of the article's language, else the first)
//
// * is demanded; *1: one of these; *2: one of these. The full text is the article's own page, else a file, else (XML) the DOI's
// address; the page here is none. Left out: titles in Latin transliteration; e-mail addresses, also where they stand in an affiliation or an abstract; markup that is
// written as text ("<i>"); editors and all others who are no authors; codes of classifications; abstracts for a purpose; what
// there is of an abstract after 30,000 characters; the country of the journal, which DOAJ knows better. DOAJ itself replaces journal.title,
// publisher, country and language by what it has, shows one title, and takes one affiliation of each author.
//
// What is not taken, by the code of [flat.Cannot]:
//
//   - no-title: no title in any language.
//   - no-journal-title (XML only): the journal is not named.
//   - no-issn: the journal has no ISSN.
//   - issn-kind: of no ISSN it is known whether it is the print or the electronic one, and DOAJ compares each with its own.
//   - same-issn: one ISSN is called both print and electronic.
//   - no-date (XML only): no date of publication.
//   - no-full-text: neither a DOI nor an address of the full text that others can reach (localhost and private addresses are none).
//   - not-open-access: the article is known to be embargoed, restricted or closed.
//   - script-in-text: a text holds "<script", which DOAJ refuses and reports to its staff.
//
// Source: DOAJ, doajArticles.xsd 1.3; DOAJ's published code, which checks what the API is given (IncomingArticleDO) and makes oai_doaj.
package doaj

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
)

// The names of the format.
const (
	Prefix    = "oai_doaj"
	Namespace = "http://doaj.org/features/oai_doaj/1.0/"
	Schema    = element.Site + "/schemas/doaj/oai_doaj.xsd"
)

// Append appends the doajArticle element of r, in the namespace of oai_doaj. The error is a *flat.Cannot.
func Append(dst []byte, r *flat.Record) ([]byte, error) {
	return appendXML(dst, r, "oai_doaj:", "doajArticle",
		` xmlns:oai_doaj="`+Namespace+`" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="`+Namespace+` `+Schema+`"`)
}

// AppendRecord appends the record element of r, of which any number stand in a records element: DOAJ's upload. The error is a *flat.Cannot.
func AppendRecord(dst []byte, r *flat.Record) ([]byte, error) {
	return appendXML(dst, r, "", "record", "")
}

func appendXML(dst []byte, r *flat.Record, prefix, root, attrs string) ([]byte, error) {
	f, err := factsOf(r)
	switch {
	case err != nil:
		return nil, err
	case !visible(clean(r.Journal.Title)):
		return nil, flat.Cannotf("no-journal-title", "doaj: the journal is not named, and an upload must name it")
	case r.Published == "":
		return nil, flat.Cannotf("no-date", "doaj: no date of publication, and an upload must have one")
	}
	w := writer{Writer: element.Writer{B: dst}, prefix: prefix}
	w.Raw("<" + prefix + root + attrs + ">")
	w.text("language", language(r.Lang))
	w.text("publisher", clean(r.Journal.Publisher()))
	w.text("journalTitle", clean(r.Journal.Title))
	w.text("issn", f.print)
	w.text("eissn", f.electronic)
	w.text("publicationDate", r.Published)
	w.text("volume", r.Volume)
	w.text("issue", r.Issue)
	w.text("startPage", firstPage(r))
	w.text("endPage", r.LPage)
	w.text("doi", f.doi)
	w.text("publisherRecordId", r.Local)
	w.text("documentType", r.TypeLabel)
	for i, t := range r.Titles {
		if i == 0 || !strings.HasSuffix(t.Lang, "-Latn") { // a transliteration would look like another title in that language
			w.text("title", clean(t.Full()), "language", language(t.Lang))
		}
	}
	w.authors(r.Authors)
	if i := mainAbstract(r); i >= 0 { // first, because DOAJ takes the first
		w.abstract(&r.Abstracts[i])
		for k := range r.Abstracts {
			if k != i && r.Abstracts[k].Kind == "" {
				w.abstract(&r.Abstracts[k])
			}
		}
	}
	if f.link != "" {
		w.text("fullTextUrl", f.link, "format", f.format)
	} else {
		w.text("fullTextUrl", flat.DOIURL(f.doi), "format", "html")
	}
	for _, g := range keywords(r) {
		w.Open(w.prefix+"keywords", "language", g.lang)
		for _, k := range g.words {
			w.text("keyword", k)
		}
		w.Close()
	}
	w.Raw("</" + prefix + root + ">")
	if hasScript(w.B[len(dst):], "&lt;") {
		return nil, errScript
	}
	return w.B, nil
}

// writer appends the elements of one record.
type writer struct {
	element.Writer
	prefix string // of the names of elements, with the colon
}

func (w *writer) text(name, value string, attrs ...string) {
	w.Text(w.prefix+name, value, attrs...)
}

func (w *writer) abstract(a *flat.Text) {
	w.text("abstract", cut(withoutMail(clean(a.Text))), "language", language(a.Lang))
}

// authors writes the authors, and after them the affiliations that they name by number.
func (w *writer) authors(people []flat.Person) {
	numbers, names := map[string]string{}, []string{}
	w.Open(w.prefix + "authors")
	for i := range people {
		p := &people[i]
		name := clean(p.Direct())
		if !visible(name) {
			continue
		}
		w.Open(w.prefix + "author")
		w.text("name", name)
		if aff := affiliation(p); aff != "" {
			if numbers[aff] == "" {
				names = append(names, aff)
				numbers[aff] = strconv.Itoa(len(names))
			}
			w.text("affiliationId", numbers[aff])
		}
		w.text("orcid_id", orcid(p))
		w.Close()
	}
	w.Close()
	w.Open(w.prefix + "affiliationsList")
	for i, name := range names {
		w.text("affiliationName", name, "affiliationId", strconv.Itoa(i+1))
	}
	w.Close()
}

// facts are what both forms must have.
type facts struct {
	print, electronic string // ISSN
	doi               string // "" also when it is none that DOAJ takes
	link, format      string // of the full text: address, and pdf, html, xml or epub if known
}

func factsOf(r *flat.Record) (f facts, err error) {
	title := false
	for _, t := range r.Titles {
		title = title || visible(clean(t.Full()))
	}
	f.print, f.electronic = r.Journal.Print, r.Journal.Electronic
	if isDOI(r.DOI) {
		f.doi = r.DOI
	}
	f.link, f.format = fullText(r)
	switch {
	case !title:
		return f, flat.Cannotf("no-title", "doaj: the article has no title")
	case len(r.Journal.ISSNs) == 0:
		return f, flat.Cannotf("no-issn", "doaj: the journal has no ISSN, and DOAJ finds it by that")
	case f.print == "" && f.electronic == "":
		return f, flat.Cannotf("issn-kind", "doaj: ISSN %s: not known whether of the print or of the electronic journal, and DOAJ compares each with its own",
			r.Journal.ISSNs[0])
	case f.print == f.electronic:
		return f, flat.Cannotf("same-issn", "doaj: ISSN %s is called both the print and the electronic one", f.print)
	case f.doi == "" && f.link == "":
		return f, flat.Cannotf("no-full-text", "doaj: neither a DOI nor an address of the full text that others can reach")
	case r.Access != (flat.Access{}) && r.Access != flat.Open:
		return f, flat.Cannotf("not-open-access", "doaj: access is %s, and DOAJ lists open articles", r.Access.Name)
	}
	return f, nil
}

// visible tells whether there is anything to see in s: what an element is written for.
func visible(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && !unicode.IsControl(r) }) >= 0
}

// isDOI tells whether DOAJ takes s for a DOI.
func isDOI(s string) bool {
	prefix, suffix, ok := strings.Cut(s, "/")
	return ok && strings.HasPrefix(prefix, "10.") && len(prefix) > 3 && suffix != "" && !strings.ContainsAny(s, " \t\n\u00a0")
}

// firstPage is where the article begins, else its number.
func firstPage(r *flat.Record) string {
	if r.FPage != "" {
		return r.FPage
	}
	return r.Elocation
}

// formats are the kinds of file that DOAJ tells apart.
var formats = map[string]string{
	"application/pdf": "pdf", "text/html": "html", "application/xhtml+xml": "html", "application/xml": "xml", "text/xml": "xml",
	"application/jats+xml": "xml", "application/epub+zip": "epub",
}

// fullText is the address of the full text: the article's own page, else the first file.
func fullText(r *flat.Record) (address, format string) {
	if r.Landing != r.Page && reachable(r.Landing) {
		return r.Landing, "html"
	}
	for _, f := range r.Files {
		if !reachable(f.URL) {
			continue
		}
		mime, _, _ := strings.Cut(f.MIME, ";")
		if format = formats[strings.ToLower(strings.TrimSpace(mime))]; format == "" && mime == "" {
			for _, ending := range []string{"pdf", "xml", "epub"} {
				if strings.HasSuffix(strings.ToLower(f.URL), "."+ending) {
					format = ending
				}
			}
		}
		return f.URL, format
	}
	return "", ""
}

// orcid is the ORCID of p in the form that DOAJ takes.
func orcid(p *flat.Person) string {
	if !isORCID.MatchString(p.ORCID) {
		return ""
	}
	return p.ORCID
}

var isORCID = regexp.MustCompile(`^https://orcid\.org/[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$`)

// affiliation is the first affiliation of p that has a name.
func affiliation(p *flat.Person) string {
	for i := range p.Affs {
		s := p.Affs[i].Name
		if strings.Contains(s, "://ror.org/") {
			s = ror.ReplaceAllString(s, "")
		}
		if s = withoutMail(clean(s)); visible(s) {
			return strings.TrimSpace(s)
		}
	}
	return ""
}

// ror matches an identifier that is printed in the midst of an affiliation.
var ror = regexp.MustCompile(`\s*https?://ror\.org/0[a-z0-9]{8}\b`)

// mainAbstract is the place of the abstract that stands for the article: in its language, else the first; -1 if there is none.
func mainAbstract(r *flat.Record) int {
	first := -1
	for i := range r.Abstracts {
		switch a := &r.Abstracts[i]; {
		case a.Kind != "":
		case flat.SameScript(a.Lang, r.Lang):
			return i
		case first < 0:
			first = i
		}
	}
	return first
}

// group is the keywords of one language.
type group struct {
	lang  string // ISO 639-2/B
	words []string
}

// most is how many keywords DOAJ takes.
const most = 6

// keywords are at most six for each language, in the order of the source.
func keywords(r *flat.Record) (groups []group) {
next:
	for _, k := range r.Keywords {
		word := clean(k.Text)
		if !visible(word) {
			continue
		}
		code := language(k.Lang)
		var g *group
		for i := range groups {
			if groups[i].lang == code {
				g = &groups[i]
			}
		}
		if g == nil {
			groups = append(groups, group{lang: code})
			g = &groups[len(groups)-1]
		}
		for _, there := range g.words {
			if strings.EqualFold(there, word) {
				continue next
			}
		}
		if len(g.words) < most {
			g.words = append(g.words, word)
		}
	}
	return groups
}

// languages are the codes that the schema takes: of ISO 639-2/B, those of languages that have a two-letter code.
//
// Source: DOAJ, iso_639-2b.xsd 1.1.
const languages = " aar abk afr aka alb amh ara arg arm asm ava ave aym aze bak bam baq bel ben bis bos bre bul bur cat cha che chi chu chv cor cos " +
	"cre cze dan div dut dzo eng epo est ewe fao fij fin fre fry ful geo ger gla gle glg glv gre grn guj hat hau hbs heb her hin hmo hrv hun ibo " +
	"ice ido iii iku ile ina ind ipk ita jav jpn kal kan kas kau kaz khm kik kin kir kom kon kor kua kur lao lat lav lim lin lit ltz lub lug mac " +
	"mah mal mao mar may mlg mlt mon nau nav nbl nde ndo nep nno nob nor nya oci oji ori orm oss pan per pli pol por pus que roh rum run rus sag " +
	"san sin slo slv sme smo sna snd som sot spa srd srp ssw sun swa swe tah tam tat tel tgk tgl tha tib tir ton tsn tso tuk tur twi uig ukr urd " +
	"uzb ven vie vol wel wln wol xho yid yor zha zul "

// language is the code of a BCP 47 tag that the schema takes; "" when there is none.
func language(tag string) string {
	code := flat.ISO2B(tag)
	if code == "" || !strings.Contains(languages, " "+code+" ") {
		return ""
	}
	return code
}

// clean drops markup that is written as text.
func clean(s string) string {
	for i := 0; i+1 < len(s); i++ {
		k := strings.IndexByte(s[i:], '<')
		if k < 0 {
			break
		}
		if i += k; i+1 < len(s) && (s[i+1] == '/' || s[i+1]|0x20 >= 'a' && s[i+1]|0x20 <= 'z') && strings.IndexByte(s[i:], '>') > 0 { // most of "<" is "p < 0.05"
			return tag.ReplaceAllString(s, "")
		}
	}
	return s
}

// tag matches the tags that authors and editors type into forms. A "<" of mathematics is none.
var tag = regexp.MustCompile(`(?i)</?(?:jats:|mml:)?(?:a|abbr|article-title|b|big|bold|br|center|cite|code|div|em|font|h[1-6]|hr|i|inline-formula|` +
	`italic|li|ol|p|pre|sc|sec|small|span|strike|strong|sub|sup|title|tt|u|ul|underline)` +
	`(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))*\s*/?>`)

// withoutMail drops addresses of e-mail, and what announces them.
func withoutMail(s string) string {
	if strings.IndexByte(s, '@') < 0 {
		return s
	}
	return mail.ReplaceAllString(s, "")
}

var mail = regexp.MustCompile(`(?i)[\s,;.(\[<]*(?:(?:e-?mails?|correspondence|contact|эл\.? ?почта|электронная почта)(?: address(?:es)?)?\s*:?\s*)?` +
	`[\p{L}\p{N}._%+'-]+@\s?[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+[)\]>]*`)

// longest is how much of an abstract DOAJ keeps, in characters.
const longest = 30000

func cut(s string) string {
	if len(s) <= longest || utf8.RuneCountInString(s) <= longest {
		return s
	}
	n := 0
	for i := range s {
		if n++; n > longest {
			return s[:i]
		}
	}
	return s
}

var errScript = flat.Cannotf("script-in-text", `doaj: a text holds "<script", which DOAJ refuses and reports`)

// hasScript tells whether b holds "<script" in any case; less is how "<" is written in it.
func hasScript(b []byte, less string) bool {
	const word = "script"
	for {
		i := bytes.Index(b, []byte(less))
		if i < 0 {
			return false
		}
		b = b[i+len(less):]
		if len(b) >= len(word) && bytes.EqualFold(b[:len(word)], []byte(word)) {
			return true
		}
	}
}
