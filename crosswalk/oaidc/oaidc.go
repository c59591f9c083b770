// Package oaidc writes an article as simple Dublin Core, the format that every OAI-PMH repository must offer.
package oaidc

import (
	"strings"
	"unicode"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
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

// Append appends the oai_dc:dc element of r to dst. It never fails: an absent value is an absent element, because every element of simple Dublin
// Core is optional.
//
// The order within an element kind matters to harvesters: the original title, the working URL, the access term and the controlled type
// come first, and the article's DOI is the last identifier, because Unpaywall takes the last DOI that it meets for the article's own.
//
// Source: OAI-PMH 2.0 §5; DCMES 1.1; OpenAIRE guidelines for literature repositories 3.0; BASE golden rules.
func Append(dst []byte, r *flat.Record) ([]byte, error) {
	w := writer{Writer: element.Writer{B: append(dst, rootOpen...)}, r: r}
	w.titles()
	w.creators()
	w.subjects()
	w.descriptions()
	w.kind()
	for _, p := range r.Journal.Publishers {
		w.add("publisher", p.Lang, p.Text)
	}
	w.contributors()
	w.kind()
	w.add("date", "", r.Published)
	if r.EmbargoEnd != "" {
		w.add("date", "", "info:eu-repo/date/embargoEnd/"+r.EmbargoEnd)
	}
	w.types()
	w.formats()
	w.sources()
	w.kind()
	w.add("language", "", flat.ISO3(r.Lang))
	w.relations()
	w.rights()
	w.identifiers()
	return append(w.B, rootClose...), nil
}

// writer appends the elements of one record.
type writer struct {
	element.Writer
	r     *flat.Record
	start int // where the elements of the present kind begin
}

// kind begins another kind of element.
func (w *writer) kind() { w.start = len(w.B) }

// add appends one element, unless value is blank or the very same element is there already.
func (w *writer) add(name, lang, value string) {
	mark := len(w.B)
	w.append(name, lang, value)
	w.Once(w.start, mark)
}

func (w *writer) append(name, lang, value string) {
	if !flat.IsLang(lang) {
		lang = ""
	}
	w.Text("dc:"+name, value, "xml:lang", lang)
}

func (w *writer) titles() {
	w.kind()
	for _, t := range w.r.Titles {
		w.add("title", t.Lang, t.Full())
	}
}

// creators gives one element for each author that has a name, in order: a second form of the name would look like another author, and two authors
// may well share a name.
func (w *writer) creators() {
	for i := range w.r.Authors {
		w.append("creator", "", w.r.Authors[i].Inverted())
	}
}

// contributors gives editors, translators and all others who are not authors, and the members of author groups.
func (w *writer) contributors() {
	w.kind()
	for i := range w.r.Others {
		w.add("contributor", "", w.r.Others[i].Inverted())
	}
}

// subjects gives keywords, and codes with the name of their scheme in front.
func (w *writer) subjects() {
	w.kind()
	for _, k := range w.r.Keywords {
		switch {
		case k.URI != "":
			w.add("subject", "", k.URI)
		case k.Code == "" || !flat.IsScheme(k.Scheme):
		case k.Scheme == "ddc" || k.Scheme == "acm":
			w.add("subject", "", "info:eu-repo/classification/"+k.Scheme+"/"+k.Code)
		default:
			w.add("subject", "", k.Scheme+":"+k.Code)
		}
		w.add("subject", k.Lang, k.Text)
	}
}

// descriptions gives each abstract as plain text, its paragraphs on lines of their own.
func (w *writer) descriptions() {
	w.kind()
	for _, a := range w.r.Abstracts {
		w.add("description", a.Lang, a.Text)
	}
}

func (w *writer) types() {
	w.kind()
	w.add("type", "", semantics+w.r.Type.EURepo)
	if v := w.r.Version.EURepo; v != "" {
		w.add("type", "", semantics+v)
	}
	w.add("type", "", w.r.TypeLabel)
}

// formats gives the media type of each full text.
func (w *writer) formats() {
	w.kind()
	for _, f := range w.r.Files {
		if strings.Contains(f.MIME, "/") {
			w.add("format", "", f.MIME)
		}
	}
}

// sources gives the journal with the place in it, then each ISSN alone.
func (w *writer) sources() {
	w.kind()
	r := w.r
	pages := r.Pages
	if r.Elocation != "" {
		pages = r.Elocation
	}
	w.add("source", "", joined("; ", r.Journal.Title, w.issue(), pages))
	for _, t := range r.Journal.Titles[min(1, len(r.Journal.Titles)):] {
		w.add("source", t.Lang, t.Full())
	}
	for _, issn := range r.Journal.ISSNs {
		w.add("source", "", issn)
	}
	for i := range r.Article.Conferences {
		c := &r.Article.Conferences[i]
		w.add("source", "", joined("; ", c.Name.Plain(), c.Date, c.Loc.Plain()))
	}
}

// issue is the issue, as in "Vol. 12, No 3 (2026)", with the titles of a special issue after it. With no volume and no issue there is none.
func (w *writer) issue() string {
	r := w.r
	s := joined(", ", numbered("Vol. ", r.Volume), numbered("No ", r.Issue), r.Article.Supplement.Plain(), r.Article.IssuePart)
	if y := r.IssueYear(); s != "" && y != "" {
		s += " (" + y + ")"
	}
	if t := r.Pick(r.Article.IssueTitles); t != nil {
		s = joined("; ", s, t.Text.Plain())
	}
	return s
}

// numbered puts the label before a number ("12", "3 (105)", "S1", "XII"), and leaves alone what is printed in words ("Suppl. 2").
func numbered(label, s string) string {
	if s == "" || (s[0] < '0' || s[0] > '9') && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsUpper(r) && !unicode.IsDigit(r) && r != '-' && r != '/' }) >= 0 {
		return s
	}
	return label + s
}

// joined joins what is not blank.
func joined(sep string, ss ...string) string {
	out := ss[:0]
	for _, s := range ss {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, sep)
}

// relations gives grants, other identifiers, files and related works. References are not among them, and the article without a DOI names no other
// work's DOI, because a harvester would take it for the article's own.
func (w *writer) relations() {
	w.kind()
	r := w.r
	for _, g := range r.Grants {
		w.add("relation", "", g.EURepo)
	}
	for _, id := range r.Article.IDs {
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
	for _, f := range r.Files {
		w.add("relation", "", f.URL)
	}
	for i := range r.Related {
		w.foreign(related(&r.Related[i]))
	}
	for _, f := range r.Extra {
		w.foreign(f.URL)
	}
}

// foreign adds a relation to another work.
func (w *writer) foreign(value string) {
	if w.r.DOI == "" && holdsDOI(value) {
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

func related(x *flat.Related) string {
	switch {
	case x.Scheme == "doi" && x.Object && strings.Contains(x.Kind, "data"):
		return semantics + "dataset/doi/" + x.ID
	case x.Scheme == "doi":
		return flat.DOIURL(x.ID)
	case flat.IsHTTP(x.ID):
		return x.ID
	}
	return ""
}

func (w *writer) rights() {
	w.kind()
	r := w.r
	if r.Access.EURepo != "" {
		w.add("rights", "", semantics+r.Access.EURepo)
	}
	for _, l := range r.Licenses {
		if l.URI != "" {
			w.add("rights", "", l.URI)
		} else {
			w.add("rights", l.Lang, l.Text)
		}
	}
	for _, c := range r.Copyright {
		w.add("rights", c.Lang, c.Text)
	}
}

// identifiers gives the landing page, other addresses, and the article's DOI last.
func (w *writer) identifiers() {
	w.kind()
	w.add("identifier", "", w.r.Landing)
	for _, id := range w.r.Article.IDs {
		switch v := strings.TrimSpace(id.Value); {
		case flat.IsHTTP(v) && !flat.OnDOI(v):
			w.add("identifier", "", v)
		case v != "" && (id.Type == "handle" || id.Type == "hdl"):
			w.add("identifier", "", flat.HandleURL(v))
		}
	}
	if w.r.DOI != "" {
		w.add("identifier", "", flat.DOIURL(w.r.DOI))
	}
}
