// Package marc writes an article as MARC 21 for bibliographic data, in MARCXML.
//
//	kind of work          leader/06 a (m of data and software), leader/07 b with a host and m without (a of a chapter); 336; 655 with the COAR concept
//	local identifier      001; there is no 003, because Sheaf has no code in the MARC Code List for Organizations
//	date of publication   008/06-14 (e with a month, s with a year, n without any), 264 #1 $c
//	place, publisher      264 #1 $a $b; 008/15-17 is "xx ": a place in words is no code
//	language              008/35-37, 041 $a; languages of the abstracts 041 $b
//	online                007, 008/23 o, 337, 338: when there is a full text, a date of electronic publication or an article number
//	identifiers           024 7# doi, hdl, urn; 024 8# others with their name in front; 020 of a book
//	classifications       080 UDC, 050 #4 LCC, 084 with $2 for others that have a source code (DDC too: the edition is not known, which 082 demands)
//	first author          100 or 110: $a $c $e $u $0 (orcid) $1 https://orcid.org $4
//	all others            700 and 710, in their order; members of a group that is an author are $4 ctb
//	name in other scripts 880, linked with $6
//	title                 245 $a $b; second indicator by the title's language
//	other titles          246 31 translated, 246 37 running title, 246 3# transliterated and others
//	copyright             264 #4 $c, 542
//	series of a book      490
//	references            504: their number; MARC has no place for the list (510 is for works that describe the item)
//	access                506 with $g end of the embargo, $u COAR term
//	abstracts             520, 3 for the usual one; a long one is parted, because a field of ISO 2709 has at most 9999 bytes
//	grants, funding       536 $a $c
//	licence               540 $a $f $2 cc $u
//	keywords              650 of LCSH, MeSH and others with a source code, else 653
//	conference            711
//	journal               773 $t $p $g $x $q $z; for each further ISSN one that is not displayed, because $x is not repeatable
//	related works         787 $i $o; the reviewed work 787 $i $n
//	landing page, files   856 42, 856 40 (with $7, the state of access), supplementary files 856 42
//
// Left out: 005 and 008/00-05, because they are points in time at which a record was made: bytes do not change unless the article does, so 005 is not
// there and 008/00-05, where a fill character is not allowed, is 000000. Also roles in the words of CRediT, e-mail addresses, notes, counts.
//
// Choices: there is no ISBD punctuation between subfields, and leader/18 says n (non-ISBD punctuation omitted; 2016-DP24). The record has all scripts in the
// regular fields (model B, appendix D), as the article has them, for a regular field in a script that nobody printed would be made up; only other forms of a
// name, which have no regular field, are in 880. A title in 246 keeps its article.
//
// It refuses an article without any title (no-title): 245 is mandatory.
//
// Source: MARC 21 Format for Bibliographic Data, update 39 (fields as named above; leader; 007; 008 for books, continuing resources and computer files;
// appendixes A, D and F); MARCXML 1.2; source code lists of the Library of Congress; MARC proposals 2018-05 (script codes) and 2019-01 (506, 540, 856 $7).
package marc

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/loc"
)

// The names of the format.
const (
	Prefix    = "marc21"
	Namespace = "http://www.loc.gov/MARC21/slim"
	Schema    = "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd"
)

// Aliases are other prefixes that harvesters know the format by.
var Aliases = []string{"marcxml", "marc"}

const (
	rootOpen = `<record xmlns="` + Namespace + `" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="` + Namespace + ` ` + Schema +
		`" type="Bibliographic">`
	rootClose = `</record>`
)

// Append appends the record element of r to dst. The error is a *flat.Cannot.
func Append(dst []byte, r *flat.Record) ([]byte, error) {
	if len(r.Titles) == 0 {
		return nil, flat.Cannotf("no-title", "marc: the article has no title, which field 245 demands")
	}
	w := writer{Writer: element.Writer{B: append(dst, rootOpen...)}, r: r}
	w.level()
	w.online = len(r.Files) > 0 || r.Online != "" || r.Elocation != ""
	w.fixed()
	w.identifiers()
	w.languages()
	w.classifications()
	if len(r.Authors) > 0 {
		w.name("1", &r.Authors[0], false)
	}
	if !w.titles() {
		return nil, flat.Cannotf("no-title", "marc: the article's title %q cannot be seen, which field 245 demands", r.Titles[0].Full())
	}
	w.imprint()
	w.notes()
	w.subjects()
	for i := range r.Authors[min(1, len(r.Authors)):] {
		w.name("7", &r.Authors[i+1], false)
	}
	for i := range r.Others {
		w.name("7", &r.Others[i], r.Others[i].Role == "author")
	}
	w.conferences()
	w.host()
	w.related()
	w.links()
	w.B = append(w.B, w.linked...)
	return append(w.B, rootClose...), nil
}

type writer struct {
	element.Writer
	r      *flat.Record
	linked []byte // fields 880, which come last
	pairs  int

	kind, bib byte // leader/06 and 07
	online    bool
}

// level finds type and bibliographic level. An article without a journal is not said to be part of one.
func (w *writer) level() {
	r := w.r
	hosted := r.Journal.Title != "" || len(r.Journal.ISSNs) > 0
	w.kind, w.bib = 'a', 'm'
	switch r.Type.DataCite {
	case "Dataset", "Software":
		w.kind = 'm'
	case "Book", "Dissertation", "Report", "Standard":
	case "BookChapter":
		if hosted {
			w.bib = 'a'
		}
	default:
		if hosted {
			w.bib = 'b'
		}
	}
}

// part tells whether the work is a component part of another.
func (w *writer) part() bool { return w.bib != 'm' }

// fixed writes the leader and the control fields.
func (w *writer) fixed() {
	w.B = append(w.B, "<leader>00000n"...) // lengths and addresses have no meaning in XML
	w.B = append(w.B, w.kind, w.bib)
	w.B = append(w.B, " a22000003n 4500</leader>"...) // 09 Unicode; 17 abbreviated level; 18 no punctuation
	w.Text("controlfield", w.r.Local, "tag", "001")
	if w.online {
		w.B = append(w.B, `<controlfield tag="007">cr |n|||||||||</controlfield>`...)
	}
	w.B = append(w.B, `<controlfield tag="008">`...)
	w.B = w.appendCodes(w.B)
	w.B = append(w.B, "</controlfield>"...)
}

// appendCodes appends the 40 characters of field 008.
func (w *writer) appendCodes(b []byte) []byte {
	b = append(b, "000000"...) // 00-05 date entered on file: see the package
	switch d := loc.Date(w.r.Published); len(d) {
	case 4:
		b = append(append(append(b, 's'), d...), "    "...)
	case 7:
		b = append(append(append(append(b, 'e'), d[:4]...), d[5:]...), "  "...)
	case 10:
		b = append(append(append(append(b, 'e'), d[:4]...), d[5:7]...), d[8:]...)
	default:
		b = append(b, "nuuuuuuuu"...)
	}
	b = append(b, "xx "...)
	form, conference := byte('|'), byte('|')
	if w.online {
		form = 'o'
	}
	if w.r.Conference != nil || w.r.Type.EURepo == "conferenceObject" {
		conference = '1'
	}
	switch { // 18-34
	case w.kind == 'm':
		use := byte('|')
		if w.r.Type.DataCite == "Software" {
			use = 'b'
		}
		b = append(append(b, "    |"...), form, ' ', ' ', use, ' ', '|')
		b = append(b, "      "...)
	case w.bib == 'b': // of the serial: nothing of it is known here
		b = append(append(b, "|| ||"...), form)
		b = append(append(b, "|||||"...), conference)
		b = append(b, "   ||"...)
	default:
		b = append(append(b, "|||||"...), form)
		thesis := byte('|')
		if w.r.Type.DataCite == "Dissertation" {
			thesis = 'm'
		}
		b = append(b, thesis)
		if thesis == 'm' {
			b = append(b, "   |"...)
		} else {
			b = append(b, "||||"...)
		}
		b = append(append(b, conference), "|| ||"...)
	}
	language := loc.Language(w.r.Lang)
	if language == "" {
		language = "   " // no information provided
	}
	return append(append(b, language...), " d"...) // 38 not modified, 39 other source of cataloguing
}

// field writes a data field of subfields, given as codes and values in turn; none when all of those in need, which are codes, have no value.
func (w *writer) field(need, tag, indicators string, subfields ...string) {
	start, there := len(w.B), false
	w.B = append(append(w.B, `<datafield tag="`...), tag...)
	w.B = append(append(w.B, `" ind1="`...), indicators[0])
	w.B = append(append(w.B, `" ind2="`...), indicators[1])
	w.B = append(w.B, `">`...)
	for i := 0; i+1 < len(subfields); i += 2 {
		before := len(w.B)
		w.Text("subfield", subfields[i+1], "code", subfields[i])
		there = there || len(w.B) > before && strings.Contains(need, subfields[i])
	}
	if !there {
		w.B = w.B[:start]
		return
	}
	w.B = append(w.B, "</datafield>"...)
}

// identifierSources are kinds of identifier by their source codes.
//
// Source: Standard Identifier Source Codes (loc.gov/standards/sourcelist/standard-identifier.html).
var identifierSources = map[string]string{"doi": "doi", "handle": "hdl", "hdl": "hdl", "urn": "urn"}

func (w *writer) identifiers() {
	if !w.part() {
		for _, isbn := range w.r.Article.ISBNs {
			w.field("a", "020", "  ", "a", isbn)
		}
	}
	for _, id := range w.r.Article.IDs {
		switch kind := strings.ToLower(id.Type); {
		case identifierSources[kind] != "":
			w.field("a", "024", "7 ", "a", id.Value, "2", identifierSources[kind])
		case kind == "pmid" || kind == "pmcid" || kind == "arxiv" || kind == "ark" || kind == "edn":
			w.field("a", "024", "8 ", "a", prefixed(kind, strings.TrimSpace(id.Value)))
		}
	}
}

// prefixed puts the name of a kind before an identifier, unless it is there.
func prefixed(kind, id string) string {
	if id == "" || len(id) > len(kind) && strings.EqualFold(id[:len(kind)], kind) {
		return id
	}
	return kind + ":" + id
}

func (w *writer) languages() {
	r := w.r
	translated := "  "
	if r.TypeLabel == "translation" {
		translated = "1 "
	}
	subfields := make([]string, 0, 8)
	if l := loc.Language(r.Lang); l != "" {
		subfields = append(subfields, "a", l)
	}
	seen := ""
	for _, a := range r.Abstracts {
		if l := loc.Language(a.Lang); l != "" && !strings.Contains(seen, l) {
			seen += l + " "
			subfields = append(subfields, "b", l)
		}
	}
	w.field("ab", "041", translated, subfields...)
}

func (w *writer) classifications() {
	for _, c := range [][3]string{{"lcc", "050", " 4"}, {"udc", "080", "  "}} {
		for _, k := range w.r.Keywords {
			if k.Scheme == c[0] {
				w.field("a", c[1], c[2], "a", k.Code)
			}
		}
	}
	for _, k := range w.r.Keywords {
		if code := loc.Classification(k.Scheme); code != "" && code != "lcc" && code != "udc" && k.Code != "" {
			w.field("a", "084", "  ", "a", k.Code, "2", code)
		}
	}
}

// name writes a person or a group as a main entry (1) or an added entry (7), and beside it the first form of the name in each other script.
func (w *writer) name(entry string, p *flat.Person, inGroup bool) {
	tag := entry + "00"
	if p.Group != "" {
		tag = entry + "10"
	}
	link := ""
	own := loc.Script(p.Inverted())
	for _, form := range loc.Forms(p) {
		if form.Script == "" || own == "" || form.Script == own || w.pairs >= 99 {
			continue
		}
		if link == "" {
			w.pairs++
			link = strconv.Itoa(w.pairs + 100)[1:]
		}
		indicators, a, c := heading(&form.Person)
		start := len(w.B)
		w.field("a", "880", indicators, "6", tag+"-"+link+"/"+scriptCode(form.Script), "a", a, "c", c)
		w.linked = append(w.linked, w.B[start:]...)
		w.B = w.B[:start]
		break
	}
	if link != "" {
		link = "880-" + link
	}
	indicators, a, c := heading(p)
	code := loc.Relator(p.Role, inGroup)
	words := ""
	if code == "ctb" && !inGroup && p.Role != "contributor" && p.Role != "collaborator" {
		words = p.Role
	}
	places := ""
	for _, f := range p.Affs {
		if f.Name != "" && places != "" {
			places += "; "
		}
		places += f.Name
	}
	orcid := ""
	if i := strings.LastIndexByte(p.ORCID, '/'); i >= 0 && flat.IsHTTP(p.ORCID) {
		orcid = "(orcid)" + p.ORCID[i+1:]
	}
	w.field("a", tag, indicators, "6", link, "a", a, "c", c, "e", words, "u", places, "0", orcid, "1", strings.TrimSpace(p.ORCID), "4", code)
}

// heading gives indicators, $a and $c of a name. A name whose parts are not known, or that has none but the given one, is in direct order; so is one
// that is sorted by the given name.
func heading(p *flat.Person) (indicators, a, c string) {
	switch {
	case p.Group != "":
		return "2 ", p.Group, ""
	case p.Family == "" || p.GivenFirst:
		q := *p
		q.Suffix = ""
		return "0 ", q.Inverted(), p.Suffix
	default:
		q := *p
		q.Suffix = ""
		return "1 ", q.Inverted(), p.Suffix
	}
}

// scriptCode is the code of a script in $6: the one of MARC-8 where there is one, as all systems know those; and the orientation.
//
// Source: MARC 21 Bibliographic, appendix A, $6.
func scriptCode(script string) string {
	switch script {
	case "Latn":
		return "(B"
	case "Cyrl":
		return "(N"
	case "Grek":
		return "(S"
	case "Hani", "Jpan", "Kore":
		return "$1"
	case "Arab":
		return "(3/r"
	case "Hebr":
		return "(2/r"
	}
	return script
}

// titles tells whether there is one.
func (w *writer) titles() bool {
	r := w.r
	first := "0"
	if len(r.Authors) > 0 {
		first = "1"
	}
	t := r.Titles[0]
	text := t.Text
	subs := t.Subs
	if text == "" { // a title of subtitles only
		text, subs = subs[0], subs[1:]
	}
	skipped, _ := loc.Unsorted(t.Lang, text)
	start := len(w.B)
	w.field("a", "245", first+strconv.Itoa(utf8.RuneCountInString(skipped)), "a", text, "b", strings.Join(subs, " : "))
	if len(w.B) == start {
		return false
	}
	for _, x := range r.Titles[1:] {
		second := "1" // parallel title
		if a, b := flat.ISO1(t.Lang), flat.ISO1(x.Lang); a == b {
			second = " "
		}
		w.field("a", "246", "3"+second, "a", x.Text, "b", strings.Join(x.Subs, " : "))
	}
	for i := range r.Article.AltTitles {
		second := " "
		if x := &r.Article.AltTitles[i]; x.Type == "running-head" || x.Type == "right-running" || x.Type == "left-running" || x.Type == "running-title" {
			second = "7"
		}
		w.field("a", "246", "3"+second, "a", r.Article.AltTitles[i].Text.Plain())
	}
	return true
}

func (w *writer) imprint() {
	r := w.r
	w.field("abc", "264", " 1", "a", r.Journal.Place, "b", r.Journal.Publisher(), "c", loc.Date(r.Published))
	if y := loc.Date(strings.TrimSpace(r.Article.Permissions.Year)); y != "" {
		w.field("abc", "264", " 4", "c", "©"+y)
	}
	switch {
	case w.kind == 'a':
		w.field("a", "336", "  ", "a", "text", "b", "txt", "2", "rdacontent")
	case r.Type.DataCite == "Software":
		w.field("a", "336", "  ", "a", "computer program", "b", "cop", "2", "rdacontent")
	default:
		w.field("a", "336", "  ", "a", "computer dataset", "b", "cod", "2", "rdacontent")
	}
	if w.online {
		w.field("a", "337", "  ", "a", "computer", "b", "c", "2", "rdamedia")
		w.field("a", "338", "  ", "a", "online resource", "b", "cr", "2", "rdacarrier")
	}
	if !w.part() && r.Journal.Title != "" {
		issn := ""
		if len(r.Journal.ISSNs) > 0 {
			issn = r.Journal.ISSNs[0]
		}
		w.field("a", "490", "0 ", "a", r.Journal.Title, "x", issn, "v", w.volume())
	}
}

// maxField is how long a field may be, of the 9999 bytes that ISO 2709 has for one, with what frames it.
const maxField = 9900

func (w *writer) notes() {
	r := w.r
	if n := len(r.Refs); n > 0 {
		w.field("a", "504", "  ", "a", "Includes bibliographical references", "b", strconv.Itoa(n))
	}
	switch r.Access {
	case flat.Access{}:
	case flat.Open:
		w.field("a", "506", "0 ", "a", r.Access.Label, "f", "Unrestricted online access", "u", "http://purl.org/coar/access_right/"+r.Access.COAR, "2", "star")
	default:
		w.field("a", "506", "1 ", "a", r.Access.Label, "g", strings.ReplaceAll(r.EmbargoEnd, "-", ""), "u", "http://purl.org/coar/access_right/"+r.Access.COAR)
	}
	for _, a := range r.Abstracts {
		kind := "  "
		if a.Kind == "" {
			kind = "3 "
		}
		for _, part := range parts(strings.ReplaceAll(a.Text, element.LineBreak, " "), maxField) {
			w.field("a", "520", kind, "a", part)
		}
	}
	for _, g := range r.Grants {
		w.field("ac", "536", "  ", "a", g.Funder, "c", g.Award)
	}
	for _, s := range r.Article.Funding.Statements {
		w.field("ac", "536", "  ", "a", s.Text.Plain())
	}
	for _, l := range r.Licenses {
		text, source, name := strings.ReplaceAll(l.Text, element.LineBreak, " "), "", loc.Licence(l.URI)
		if name != "" {
			source = "cc"
		}
		if text == "" {
			text = name
		}
		for i, part := range parts(text, maxField) {
			if i == 0 {
				w.field("afu", "540", "  ", "a", part, "f", name, "u", l.URI, "2", source)
			} else {
				w.field("afu", "540", "  ", "a", part)
			}
		}
	}
	holder := ""
	if h := r.Pick(r.Article.Permissions.Holders); h != nil {
		holder = h.Text.Plain()
	}
	for i, c := range r.Copyright {
		if i == 0 {
			w.field("dfg", "542", "  ", "d", holder, "f", c.Text, "g", strings.TrimSpace(r.Article.Permissions.Year))
		} else {
			w.field("dfg", "542", "  ", "f", c.Text)
		}
	}
}

// parts cuts text between words into pieces of at most n bytes; at least one piece, which may be empty.
func parts(text string, n int) (out []string) {
	for len(text) > n {
		cut := strings.LastIndexByte(text[:n], ' ')
		if cut <= 0 { // no blanks, as in Chinese
			for cut = n; !utf8.RuneStart(text[cut]); cut-- {
			}
		}
		out = append(out, text[:cut])
		text = text[cut:]
	}
	return append(out, text)
}

func (w *writer) subjects() {
	controlled := func(k *flat.Keyword) string { return loc.Subjects(k.Scheme) }
	for i := range w.r.Keywords {
		k := &w.r.Keywords[i]
		uri := ""
		if flat.IsHTTP(k.URI) {
			uri = k.URI
		}
		switch code := controlled(k); {
		case code == "" || k.Text == "":
		case code == "lcsh":
			w.field("a", "650", " 0", "a", k.Text, "0", uri)
		case code == "mesh":
			w.field("a", "650", " 2", "a", k.Text, "0", uri)
		default:
			w.field("a", "650", " 7", "a", k.Text, "0", uri, "2", code)
		}
	}
	from := len(w.B)
	for i := range w.r.Keywords {
		k := &w.r.Keywords[i]
		if controlled(k) != "" {
			continue
		}
		if k.Code != "" && flat.IsScheme(k.Scheme) && loc.Classification(k.Scheme) == "" {
			w.once(from, "653", "  ", "a", k.Scheme+":"+k.Code)
		}
		w.once(from, "653", "  ", "a", k.Text)
	}
	from = len(w.B)
	w.field("a", "655", " 4", "a", w.r.Type.Name, "0", "http://purl.org/coar/resource_type/"+w.r.Type.COAR)
	if w.r.TypeLabel != w.r.Type.Name {
		w.once(from, "655", " 4", "a", w.r.TypeLabel)
	}
}

// once is field with $a, unless the same stands since from.
func (w *writer) once(from int, tag, indicators string, subfields ...string) {
	start := len(w.B)
	w.field("a", tag, indicators, subfields...)
	w.Once(from, start)
}

func (w *writer) conferences() {
	for i := range w.r.Article.Conferences {
		c := &w.r.Article.Conferences[i]
		name := c.Name.Plain()
		if strings.TrimSpace(name) == "" {
			name = c.Acronym
		}
		if strings.TrimSpace(name) != "" {
			w.field("a", "711", "2 ", "a", name, "n", c.Num, "d", c.Date, "c", c.Loc.Plain())
		}
	}
}

// host writes where the article stands.
func (w *writer) host() {
	r := w.r
	if !w.part() {
		return
	}
	control := "nnas" // no main entry; language material; serial
	if w.bib == 'a' {
		control = "nnam"
	}
	abbreviated := r.Journal.Abbrev
	if abbreviated == r.Journal.Title {
		abbreviated = ""
	}
	subfields := []string{"7", control, "t", r.Journal.Title, "g", w.place()}
	issns := r.Journal.ISSNs
	if len(issns) > 0 {
		subfields = append(subfields, "x", issns[0])
	}
	subfields = append(subfields, "p", abbreviated, "q", w.enumeration())
	for _, isbn := range r.Article.ISBNs {
		subfields = append(subfields, "z", isbn)
	}
	w.field("tgx", "773", "0 ", subfields...)
	for _, issn := range issns[min(1, len(issns)):] {
		w.field("tgx", "773", "1 ", "7", control, "t", r.Journal.Title, "x", issn)
	}
}

// place is where in the journal the article is, for people: "Vol. 12, no. 3 (2026), p. 101-110".
func (w *writer) place() string {
	r := w.r
	s := w.volume()
	if y := r.IssueYear(); y != "" {
		s = strings.TrimSpace(s + " (" + y + ")")
	}
	pages := r.Elocation
	if r.Pages != "" {
		pages = "p. " + r.Pages
	}
	switch {
	case pages == "":
		return s
	case s == "":
		return pages
	}
	return s + ", " + pages
}

func (w *writer) volume() string {
	s := numbered("Vol. ", w.r.Volume)
	if i := numbered("no. ", w.r.Issue); i != "" {
		if s != "" {
			s += ", "
		}
		s += i
	}
	return s
}

// numbered puts the label before a number ("12", "3 (105)", "S1", "XII"), and leaves alone what is printed in words ("Suppl. 2").
func numbered(label, s string) string {
	if s == "" || !unicode.IsDigit(rune(s[0])) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsUpper(r) && !unicode.IsDigit(r) && r != '-' && r != '/' }) >= 0 {
		return s
	}
	return label + s
}

// enumeration is the same for machines: "12:3<101"; "" without a volume.
func (w *writer) enumeration() string {
	r := w.r
	s := r.Volume
	if s == "" {
		return ""
	}
	if r.Issue != "" {
		s += ":" + r.Issue
	}
	first := r.FPage
	if first == "" {
		first = r.Elocation
	}
	if first != "" {
		s += "<" + first
	}
	return s
}

func (w *writer) related() {
	for _, x := range w.r.Related {
		id := ""
		switch {
		case x.Scheme == "doi":
			id = flat.DOIURL(x.ID)
		case flat.IsHTTP(x.ID):
			id = x.ID
		default:
			id = prefixed(x.Scheme, x.ID)
		}
		kind := strings.ReplaceAll(x.Kind, "-", " ")
		if kind == "" {
			kind = "related work"
		}
		w.field("on", "787", "08", "i", kind, "o", id)
	}
	for i := range w.r.Article.Products {
		if text := w.r.Article.Products[i].Text.Plain(); strings.TrimSpace(text) != "" {
			w.field("on", "787", "08", "i", "review of", "n", text)
		}
	}
}

func (w *writer) links() {
	r := w.r
	status := ""
	switch r.Access.Name {
	case "":
	case "open":
		status = "0"
	default:
		status = "1"
	}
	for _, f := range r.Files {
		mime := f.MIME
		if !strings.Contains(mime, "/") {
			mime = ""
		}
		w.field("u", "856", "40", "u", f.URL, "q", mime, "y", f.Label, "7", status)
	}
	w.field("u", "856", "42", "3", "Landing page", "u", r.Landing)
	for _, f := range r.Extra {
		label := f.Label
		if strings.TrimSpace(label) == "" {
			label = "Supplementary material"
		}
		mime := f.MIME
		if !strings.Contains(mime, "/") {
			mime = ""
		}
		w.field("u", "856", "42", "3", label, "u", f.URL, "q", mime)
	}
}
