// Package rioxx writes an article by the Rioxx metadata profile, version 3.0: what CORE and the funders of research in the UK read.
//
// An article cannot be had in this format without what the profile calls mandatory:
//
//   - a title: no-title
//   - a language that ISO 639-3 has a code for: no-language
//   - an author with a name: no-author
//
// A page and a type there always are.
//
// # What goes where
//
//	Titles            dc:title, one: the first, with its subtitles
//	Landing           dc:identifier, one
//	Lang              dc:language, ISO 639-3
//	Type              dc:type, as COAR URI
//	Authors           rioxxterms:creator: name ("Family, Given"), id (ORCID); the first with first-named-author
//	Others            rioxxterms:contributor: the same
//	Journal           dc:source, one: the electronic ISSN, else another, else the ISBN, else the title
//	Abstracts         dc:description
//	Keywords          dc:subject: the URI where there is one, else the code with its scheme, else the words
//	Accepted          dcterms:dateAccepted
//	Published         rioxxterms:publication_date
//	Publishers        rioxxterms:publisher: name
//	Files, Extra      dc:relation rel="item": type, and of the full texts coar_type, coar_version, access_rights, license_ref
//	DOI, Handle       dc:relation rel="cite-as"
//	Related           rioxxterms:ext_relation rel="cite-as", or rel="related" for a bare address; those of datasets and so on with their COAR type
//	Grants            rioxxterms:grant with funder_name and funder_id: those that have a number; rioxxterms:project where OpenAIRE has a name for it
//
// Dates are as precise as they are known. Left out, because the article does not say them: the day of deposit, the day when a file or the record
// was first shown, identifiers of the publisher. Left out for want of a place: translated titles, affiliations, volume, issue and pages, references.
//
// COAR URIs are https here, and of the vocabulary's newer versions, as in the profile's examples; OpenAIRE's are http and older.
//
// # Profile and schema
//
// The XML schema that is published beside the profile contradicts it, and the profile wins; only its namespaces are taken from the schema, where the
// profile's examples have others for rioxxterms. The schema demands a project, a day of acceptance and an id of each creator; it admits one only of
// what the profile lets repeat, creators among them; it has no attributes for dc:relation, no content for ext_relation and grant, no rel="cite-as",
// names of versions instead of their URIs, and no day of publication that is less than a whole day. So most records do not validate by it.
//
// Source: Rioxx 3.0 final application profile, each property; its rioxx.xsd and rioxxterms.xsd of 2023-12-05; COAR Resource Types 3.1.
package rioxx

import (
	"cmp"
	"strings"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
)

// The names of the format.
const (
	Prefix    = "rioxx"
	Namespace = "http://www.rioxx.net/schema/v3.0/rioxx/"
	Schema    = "http://www.rioxx.net/schema/v3.0/rioxx/rioxx.xsd"
)

const (
	rootOpen = `<rioxx xmlns="` + Namespace + `" xmlns:rioxxterms="http://www.rioxx.net/schema/v3.0/rioxxterms/" xmlns:dc="http://purl.org/dc/elements/1.1/"` +
		` xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="` + Namespace + ` ` + Schema + `">`
	rootClose = `</rioxx>`

	types    = "https://purl.org/coar/resource_type/"
	versions = "https://purl.org/coar/version/"
	rights   = "https://purl.org/coar/access_right/"
)

// Append appends the rioxx element of r to dst. An error is a [flat.Cannot]: see the package comment.
func Append(dst []byte, r *flat.Record) ([]byte, error) {
	w := writer{Writer: element.Writer{B: append(dst, rootOpen...)}, r: r}
	start := len(w.B)
	if len(r.Titles) > 0 {
		w.text("dc:title", r.Titles[0].Lang, r.Titles[0].Full())
	}
	if len(w.B) == start {
		return nil, flat.Cannotf("no-title", "rioxx: the article has no title, which is mandatory")
	}
	language := flat.ISO3(r.Lang)
	if language == "" {
		return nil, flat.Cannotf("no-language", "rioxx: the article's language %q has no code of ISO 639-3, which is mandatory", r.Lang)
	}
	w.Text("dc:identifier", r.Landing)
	w.Text("dc:language", language)
	w.Text("dc:type", typeOf(r))
	start = len(w.B)
	w.creators()
	if len(w.B) == start {
		return nil, flat.Cannotf("no-author", "rioxx: the article has no author with a name, which is mandatory")
	}
	for i := range r.Others {
		w.person("rioxxterms:contributor", &r.Others[i])
	}
	w.Text("dc:source", source(r))
	for _, a := range r.Abstracts {
		w.text("dc:description", a.Lang, a.Text)
	}
	w.subjects()
	w.Text("dcterms:dateAccepted", r.Accepted)
	w.Text("rioxxterms:publication_date", r.Published)
	for _, p := range r.Journal.Publishers {
		w.Open("rioxxterms:publisher")
		w.Text("rioxxterms:name", p.Text)
		w.Close()
	}
	w.relations()
	w.related()
	w.grants()
	return append(w.B, rootClose...), nil
}

// writer appends the elements of one record.
type writer struct {
	element.Writer
	r *flat.Record
}

// text writes an element that has a language.
func (w *writer) text(name, lang, value string) {
	if !flat.IsLang(lang) {
		lang = ""
	}
	w.Text(name, value, "xml:lang", lang)
}

// newer are types of work that COAR Resource Types has a concept for since its version 3, by article-type.
var newer = map[string]string{
	"article-commentary": "D97F-VB57", "commentary": "D97F-VB57", "correction": "c_7acd", "referee-report": "H9BQ-739P", "reviewer-report": "H9BQ-739P",
	"software-paper": "c_7bab",
}

// typeOf is the type of the work. "Contribution to journal" was withdrawn from the vocabulary, which has journal article for it.
func typeOf(r *flat.Record) string {
	coar := cmp.Or(newer[strings.ToLower(strings.TrimSpace(r.Article.ArticleType))], r.Type.COAR)
	if coar == "c_3e5a" {
		coar = "c_6501"
	}
	return types + coar
}

func (w *writer) creators() {
	for i, first := 0, true; i < len(w.r.Authors); i++ {
		start := len(w.B)
		if first {
			w.person("rioxxterms:creator", &w.r.Authors[i], "first-named-author", "true")
		} else {
			w.person("rioxxterms:creator", &w.r.Authors[i])
		}
		first = first && len(w.B) == start
	}
}

// person writes a person or group, unless there is no name that can be seen.
func (w *writer) person(entry string, p *flat.Person, attrs ...string) {
	start := len(w.B)
	w.Open(entry, attrs...)
	before := len(w.B)
	w.Text("rioxxterms:name", p.Inverted())
	named := len(w.B) > before
	if named {
		w.Text("rioxxterms:id", p.ORCID)
	}
	w.Close()
	if !named {
		w.B = w.B[:start]
	}
}

func source(r *flat.Record) string {
	j := &r.Journal
	issn, isbn := "", ""
	if len(j.ISSNs) > 0 {
		issn = j.ISSNs[0]
	}
	if len(r.Article.ISBNs) > 0 {
		isbn = r.Article.ISBNs[0]
	}
	return cmp.Or(j.Electronic, j.Print, issn, isbn, j.Title)
}

func (w *writer) subjects() {
	from := len(w.B)
	for i := range w.r.Keywords {
		k := &w.r.Keywords[i]
		start := len(w.B)
		switch {
		case k.URI != "":
			w.Text("dc:subject", k.URI)
		case k.Code != "" && flat.IsScheme(k.Scheme):
			w.Text("dc:subject", k.Scheme+":"+k.Code)
		}
		w.Once(from, start)
		start = len(w.B)
		w.text("dc:subject", k.Lang, k.Text)
		w.Once(from, start)
	}
}

// relations gives what is in the repository's own keeping: the files, and the article's persistent identifiers.
func (w *writer) relations() {
	r := w.r
	license, version, access := "", "", ""
	if l := r.License(); l != nil && flat.IsHTTP(l.URI) {
		license = l.URI
	}
	if r.Version.COAR != "" {
		version = versions + r.Version.COAR
	}
	if r.Access.COAR != "" {
		access = rights + r.Access.COAR
	}
	kind := typeOf(r)
	for i := range r.Files {
		f := &r.Files[i]
		w.Text("dc:relation", f.URL, "rel", "item", "type", f.MediaType(), "coar_type", kind, "coar_version", version, "access_rights", access, "license_ref", license)
	}
	for i := range r.Extra { // what they are, and who may read them, is not said
		w.Text("dc:relation", r.Extra[i].URL, "rel", "item", "type", r.Extra[i].MediaType())
	}
	if r.DOI != "" {
		w.Text("dc:relation", flat.DOIURL(r.DOI), "rel", "cite-as")
	}
	w.Text("dc:relation", flat.HandleURL(cmp.Or(flat.FirstID(r.Article.IDs, "handle"), flat.FirstID(r.Article.IDs, "hdl"))), "rel", "cite-as")
}

// relatedTypes are what a related article is, by the kind of the link; any other is a journal article.
//
// Source: JATS 1.3, @related-article-type.
var relatedTypes = map[string]string{
	"preprint": "c_816b", "peer-review": "H9BQ-739P", "correction-forward": "c_7acd", "commentary": "D97F-VB57", "letter": "c_545b",
}

// objectTypes are what a related object is; any other is only said to be related.
var objectTypes = map[string]string{
	"dataset": "c_ddb1", "data": "c_ddb1", "software": "c_5ce6", "code": "c_5ce6", "book": "c_2f33", "book-chapter": "c_3248", "chapter": "c_3248", "video": "c_12ce",
	"image": "c_c513",
}

// related gives works that are kept elsewhere, as far as they have an address.
func (w *writer) related() {
	for i := range w.r.Related {
		x := &w.r.Related[i]
		coar, version := cmp.Or(relatedTypes[x.Kind], "c_6501"), ""
		if x.Object {
			coar = cmp.Or(objectTypes[x.Kind], "c_1843")
		} else if x.Kind == "version-of-record" {
			version = versions + "c_970fb48d4fbd8a85"
		}
		rel, uri := "cite-as", ""
		switch {
		case x.Scheme == "doi":
			uri = flat.DOIURL(x.ID)
		case x.Scheme == "handle" || x.Scheme == "hdl":
			uri = flat.HandleURL(x.ID)
		case flat.IsHTTP(x.ID):
			if uri = x.ID; !flat.OnDOI(uri) {
				rel = "related"
			}
		}
		w.Text("rioxxterms:ext_relation", uri, "rel", rel, "coar_type", types+coar, "coar_version", version)
	}
}

// grants gives each award that has a number and a funder, and as projects those that have a name of their own in the whole of Europe.
func (w *writer) grants() {
	from := len(w.B)
	for i := range w.r.Grants {
		g := &w.r.Grants[i]
		id := ""
		switch {
		case g.ROR != "":
			id = g.ROR
		case g.FundRef != "":
			id = flat.DOIURL(g.FundRef)
		case flat.IsHTTP(g.ISNI):
			id = g.ISNI
		default:
			if isni := spaces.Replace(g.ISNI); len(isni) == 16 {
				id = "https://isni.org/isni/" + isni
			}
		}
		if strings.TrimSpace(g.Funder+id) == "" {
			continue
		}
		start := len(w.B)
		w.Text("rioxxterms:grant", g.Award, "funder_name", g.Funder, "funder_id", id)
		w.Once(from, start)
	}
	from = len(w.B)
	for i := range w.r.Grants {
		start := len(w.B)
		w.Text("rioxxterms:project", w.r.Grants[i].EURepo)
		w.Once(from, start)
	}
}

// spaces are what an ISNI is printed with.
var spaces = strings.NewReplacer(" ", "", "-", "")
