package jats

import (
	"strings"
)

// A class is a set of elements that the DTD allows in the same places.
type class uint64

const (
	cText     class = 1 << iota
	cEmph           // bold, italic, ..., sub, sup
	cBreak          //
	cLink           // ext-link
	cEmail          //
	cFormula        // inline-formula
	cDisp           // disp-formula
	cMath           // mml:math, tex-math, alternatives
	cList           //
	cLabel          //
	cP              //
	cItem           // list-item
	cInst           // institution, institution-wrap
	cInstID         //
	cAddrLine       //
	cAddr           // city, country, fax, phone, postal-code, state
	cNameKid        // surname, given-names, prefix, suffix
	cDegrees        //
	cName           // name, string-name
	cNames          // name-alternatives
	cCollab         //
	cEtal           //
	cAnon           //
	cRole           //
	cPersons        // person-group
	cYMD            // day, month, year
	cSeason         //
	cEra            //
	cPubID          //
	cSource         //
	cStdOrg         //
	cPart           // the other parts of a citation
)

const (
	emph     = cText | cEmph
	phrase   = emph | cLink | cEmail | cFormula
	title    = phrase | cBreak
	para     = phrase | cList | cDisp
	place    = cInst | cAddr
	affText  = emph | cBreak | cLink | cEmail | place | cAddrLine
	citation = emph | cFormula | cLink | cEmail | cInst | cName | cNames | cCollab | cEtal | cRole | cPersons | cYMD | cSeason | cPubID | cSource | cPart
)

// Kinds of places that are narrower than those of the exported list. The reader and Clean keep a field to its kind.
const (
	textMarkup    MarkupKind = iota + AnyMarkup + 1 // text only: conf-name, meta-name
	emphMarkup                                      // emphasis, sub, sup: kwd, role
	subjectMarkup                                   // emphMarkup and inline-formula: subject, collab, label, supplement
	linkMarkup                                      // emphMarkup, ext-link, email: copyright-statement, funding-statement
	phraseMarkup                                    // InlineMarkup without break: meta-value, self-uri
	relatedMarkup                                   // CitationMarkup without inline-formula: related-article
)

var kinds = [...]class{
	InlineMarkup: title, ParaMarkup: para, AffMarkup: affText, CitationMarkup: citation, AnyMarkup: title | para | affText | citation,
	textMarkup: cText, emphMarkup: emph, subjectMarkup: emph | cFormula, linkMarkup: emph | cLink | cEmail, phraseMarkup: phrase,
	relatedMarkup: citation &^ cFormula,
}

// An elem is what JATS 1.3 Publishing says of an element, so far as it may stand in rich text.
type elem struct {
	name  string
	class class
	holds class
	attrs []string // in the order in which they are written
	bare  string   // its start tag without any
}

var lang = []string{"xml:lang"}

// elems is the closed list.
//
// Source: JATS Journal Publishing 1.3 DTD, the content model and attributes of each.
var elems = func() map[string]*elem {
	m := map[string]*elem{}
	add := func(c, holds class, attrs []string, names ...string) {
		for _, n := range names {
			m[n] = &elem{n, c, holds, attrs, "<" + n + ">"}
		}
	}
	add(cEmph, phrase, nil, "bold", "italic", "monospace", "overline", "roman", "sans-serif", "sc", "strike", "underline", "sub", "sup")
	add(cBreak, 0, nil, "break")
	add(cLink, emph, []string{"ext-link-type", "xlink:href", "xlink:title"}, "ext-link")
	add(cEmail, cText, nil, "email")
	add(cFormula, emph|cMath, nil, "inline-formula")
	add(cDisp, emph|cMath|cLink|cEmail|cFormula|cLabel, nil, "disp-formula")
	add(cMath, cMath, nil, "alternatives")
	add(cMath, cText, nil, "tex-math")
	add(cMath, 0, nil, "mml:math")
	add(cList, cItem, []string{"list-type"}, "list")
	add(cItem, cLabel|cP|cList, nil, "list-item")
	add(cP, para, nil, "p")
	add(cLabel, emph|cFormula, nil, "label")

	add(cInst, cText|cEmph, []string{"content-type", "xml:lang"}, "institution")
	m["institution"].holds = cText // its sub and sup would hold everything else
	add(cInst, cInst|cInstID, nil, "institution-wrap")
	add(cInstID, cText, []string{"institution-id-type", "vocab", "vocab-identifier"}, "institution-id")
	add(cAddrLine, emph|cFormula|place, []string{"content-type"}, "addr-line")
	add(cAddr, cText, nil, "city", "fax", "phone", "postal-code", "state")
	add(cAddr, cText, []string{"country"}, "country")

	add(cNameKid, cText, nil, "surname", "given-names", "prefix", "suffix")
	add(cDegrees, cText, nil, "degrees")
	add(cName, cNameKid, []string{"name-style", "xml:lang"}, "name")
	add(cName, cText|cNameKid|cDegrees, []string{"name-style", "xml:lang"}, "string-name")
	add(cNames, cName, nil, "name-alternatives")
	add(cCollab, emph|cFormula|cLink|cEmail|place|cAddrLine|cRole, []string{"collab-type", "xml:lang"}, "collab")
	add(cEtal, cText, nil, "etal")
	add(cAnon, 0, nil, "anonymous")
	add(cRole, emph, nil, "role")
	add(cPersons, cText|cName|cNames|cCollab|cEtal|cAnon|cRole, []string{"person-group-type", "custom-type", "xml:lang"}, "person-group")

	add(cYMD, cText, nil, "day", "month")
	add(cYMD, cText, []string{"iso-8601-date"}, "year")
	add(cSeason, cText, nil, "season")
	add(cEra, cText, nil, "era")
	add(cPart, cYMD|cSeason|cEra, []string{"date-type", "iso-8601-date"}, "date")
	add(cPart, cText|cYMD|cSeason|cEra, []string{"iso-8601-date", "content-type"}, "string-date", "date-in-citation")
	add(cPubID, cText, []string{"pub-id-type", "custom-type", "assigning-authority", "xlink:href"}, "pub-id")
	add(cPart, cText, []string{"pub-id-type"}, "object-id")
	add(cSource, phrase, lang, "source")
	add(cPart, phrase, lang, "article-title", "trans-title", "trans-source", "chapter-title", "part-title")
	add(cPart, emph|cLink|cEmail, lang, "data-title")
	add(cPart, phrase, []string{"content-type", "xml:lang"}, "comment")
	add(cPart, cText, nil, "conf-acronym", "conf-date", "conf-name", "elocation-id", "fpage", "lpage", "page-range",
		"issue", "issue-id", "issue-part", "issn", "issn-l", "volume", "volume-id", "volume-series")
	add(cPart, cText, lang, "issue-title")
	add(cPart, cText, []string{"content-type"}, "isbn")
	add(cPart, cText, []string{"country"}, "patent")
	add(cPart, cText, []string{"units"}, "size")
	add(cPart, cText|cInst, nil, "conf-sponsor")
	add(cPart, cText|cInst, lang, "publisher-name")
	add(cPart, cText|place|cAddrLine, nil, "conf-loc")
	add(cPart, cText|place|cAddrLine|cLink|cEmail, nil, "publisher-loc")
	add(cPart, cText, []string{"designator"}, "edition", "version")
	add(cPart, emph, nil, "series", "gov")
	add(cPart, emph|cPubID|cSource|cYMD|cStdOrg, nil, "std")
	add(cStdOrg, cText|cInst, nil, "std-organization")
	add(cPart, emph|cFormula, nil, "supplement")
	return m
}()

// aliases are the names that HTML, NLM and other JATS tag sets have for elements of the list.
var aliases = map[string]string{
	"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "cite": "italic", "u": "underline", "ins": "underline", "s": "strike", "del": "strike", "tt": "monospace",
	"h1": "bold", "h2": "bold", "h3": "bold", "h4": "bold", "h5": "bold", "h6": "bold",
	"a": "ext-link", "uri": "ext-link", "br": "break", "ul": "list", "ol": "list", "li": "list-item", "math": "mml:math",
	"access-date": "date-in-citation", "annotation": "comment", "page-count": "size", "italics": "italic", "superscript": "sup", "subscript": "sub",
	"article_title": "article-title", "given_names": "given-names", "inline-equation": "inline-formula", "publisher": "publisher-name",
}

// blocks are parted from their neighbours by a blank when they are unwrapped.
var blocks = map[string]bool{
	"p": true, "div": true, "title": true, "sec": true, "section": true, "list-item": true, "list": true, "def": true, "def-item": true, "term": true,
	"disp-formula": true, "disp-quote": true, "blockquote": true, "label": true, "caption": true, "td": true, "th": true, "tr": true, "table": true,
	"fn": true, "ref": true, "break": true, "bold-block": true, "dt": true, "dd": true, "ul": true, "ol": true, "li": true, "hr": true, "pre": true, "verse-line": true,
	"speech": true, "statement": true, "fig": true, "table-wrap": true, "boxed-text": true, "preformat": true, "attrib": true, "alt-text": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "compound-kwd-part": true, "aff": true, "contrib": true,
	"collab": true, "surname": true, "given-names": true, "institution": true, "institution-id": true, "email": true, "city": true, "country": true, "addr-line": true,
}

// known are the names that a fragment's tag is recognised by when nothing else speaks for its being one.
var known = func() map[string]bool {
	m := map[string]bool{}
	for n := range elems {
		m[n] = true
	}
	for n := range aliases {
		m[n] = true
	}
	for n := range blocks {
		m[n] = true
	}
	for _, n := range []string{"span", "font", "small", "big", "center", "img", "abstract", "xref", "fn", "named-content", "styled-content", "jats:p", "tbody", "thead"} {
		m[n] = true
	}
	return m
}()

func oneOf(list string) map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields(list) {
		m[s] = true
	}
	return m
}

var (
	personGroupTypes = oneOf("allauthors assignee author compiler curator director editor guest-editor illustrator inventor research-assistant translator transed custom")
	pubIDTypes       = oneOf("accession archive ark art-access-id arxiv coden doaj doi handle index isbn manuscript medline mr other pii pmcid pmid publisher-id sici std-designation zbl custom")
	nameStyles       = oneOf("western eastern islensk given-only")
	pubIDAliases     = map[string]string{"pmc": "pmcid", "pubmed": "pmid", "medline-id": "medline", "pmc-id": "pmcid", "pubmed-id": "pmid", "hdl": "handle", "genbank": "accession", "arXiv": "arxiv", "mathscinet": "mr", "zblmath": "zbl", "zmath": "zbl"}
)

// mendAttr is the value to write for an attribute of e, or "" to leave it out. It is idempotent.
func (e *elem) mendAttr(name, value string) string {
	switch name {
	case "xml:lang":
		l, _ := mendLang(value)
		return l
	case "iso-8601-date":
		return isoDate(value)
	case "country":
		if v := strings.ToUpper(value); len(v) == 2 && v[0] >= 'A' && v[0] <= 'Z' && v[1] >= 'A' && v[1] <= 'Z' {
			return v
		}
		return ""
	case "name-style":
		if !nameStyles[value] {
			return ""
		}
	case "xlink:href":
		return mendURL(value)
	case "institution-id-type":
		switch strings.ToLower(value) {
		case "ror":
			return "ROR"
		case "isni", "grid":
			return strings.ToUpper(value)
		case "doi":
			return "doi"
		}
	}
	return value
}
