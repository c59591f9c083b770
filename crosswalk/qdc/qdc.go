// Package qdc writes an article as qualified Dublin Core: the fifteen elements, the refinements of the terms namespace, and the encoding schemes that the
// schema of 2006-01-06 has (it has neither ISO 639-3 nor RFC 4646, nor the terms that came later, such as dcterms:creator).
//
//	title                          dc:title; translations and other titles dcterms:alternative
//	authors                        dc:creator, "Family, Given", one form of each name
//	editors and others             dc:contributor
//	keywords, codes                dc:subject; UDC, DDC, LCC, MESH and LCSH with their scheme; codes of other schemes as "msc:11A41"
//	abstracts                      dcterms:abstract
//	publisher                      dc:publisher
//	date of publication            dcterms:issued (W3CDTF)
//	received, accepted             dcterms:dateSubmitted, dcterms:dateAccepted
//	end of an embargo              dcterms:available
//	year of the copyright          dcterms:dateCopyrighted
//	kind of work                   dc:type: term of the DCMI Type Vocabulary, address of the COAR concept, name
//	full texts                     dc:format (IMT) and dcterms:hasFormat
//	supplementary files            dcterms:hasPart
//	language                       dc:language (ISO 639-2/T, the codes that oai_dc has; where there is none, of ISO 639-3 and without a scheme)
//	journal, ISSN, conference      dcterms:isPartOf: urn:ISSN:..., titles; dcterms:bibliographicCitation with volume, issue and pages
//	references                     dcterms:references: the DOI, else as printed
//	grants                         dc:relation: info:eu-repo/grantAgreement/...
//	related works                  dcterms:isVersionOf of a preprint, an original or an earlier publication, dcterms:hasVersion of translations, else dc:relation
//	access, licence, copyright     dcterms:accessRights, dcterms:license, dc:rights, dcterms:rightsHolder
//	landing page, other ids, DOI   dc:identifier (URI), the DOI last
//
// Left out: affiliations, ORCID iDs, roles, the state of revision, counts, notes: Dublin Core has no place for them. An element called rights.license, which
// Unpaywall also looks for, is none of Dublin Core.
//
// It takes every article: no element is mandatory.
//
// Source: DCMI, "Guidelines for implementing Dublin Core in XML" (2003) and XML schemas of 2006-01-06; DCMI Metadata Terms; DCMI, "Guidelines for encoding
// bibliographic citation information in Dublin Core metadata".
package qdc

import (
	"strings"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/loc"
)

// The names of the format.
const (
	Prefix    = "qdc"
	Namespace = "http://dspace.org/qualifieddc/"
	Schema    = element.Site + "/schemas/qdc/qualifieddc.xsd"
)

const (
	rootOpen = `<qdc:qualifieddc xmlns:qdc="` + Namespace + `" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"` +
		` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="` + Namespace + ` ` + Schema + `">`
	rootClose = `</qdc:qualifieddc>`
)

// Append appends the qdc:qualifieddc element of r to dst. It never fails.
func Append(dst []byte, r *flat.Record) ([]byte, error) {
	w := writer{Writer: element.Writer{B: append(dst, rootOpen...)}, r: r}
	w.titles()
	w.people()
	w.subjects()
	w.kind()
	for _, a := range r.Abstracts {
		w.text("dcterms:abstract", a.Lang, a.Text)
	}
	w.kind()
	for _, p := range r.Journal.Publishers {
		w.text("dc:publisher", p.Lang, p.Text)
	}
	w.dates()
	w.types()
	w.kind()
	if code := loc.ISO639(r.Lang); code != "" {
		w.coded("dc:language", "ISO639-2", code)
	} else {
		w.text("dc:language", "", flat.ISO3(r.Lang))
	}
	w.host()
	w.relations()
	w.rights()
	w.identifiers()
	return append(w.B, rootClose...), nil
}

type writer struct {
	element.Writer
	r     *flat.Record
	start int // where the elements of the present kind begin
}

// kind begins another kind of element: within a kind none is written twice.
func (w *writer) kind() { w.start = len(w.B) }

func (w *writer) text(name, lang, value string) {
	if !flat.IsLang(lang) {
		lang = ""
	}
	mark := len(w.B)
	w.Text(name, value, "xml:lang", lang)
	w.Once(w.start, mark)
}

// coded writes a value in an encoding scheme of the terms namespace.
func (w *writer) coded(name, scheme, value string) {
	if scheme == "URI" {
		value = loc.URI(value)
	}
	mark := len(w.B)
	w.Text(name, value, "xsi:type", "dcterms:"+scheme)
	w.Once(w.start, mark)
}

func (w *writer) titles() {
	w.kind()
	for i, t := range w.r.Titles {
		if i == 0 {
			w.text("dc:title", t.Lang, t.Full())
		} else {
			w.text("dcterms:alternative", t.Lang, t.Full())
		}
	}
	for i := range w.r.Article.AltTitles {
		t := &w.r.Article.AltTitles[i]
		lang := t.Lang
		if lang == "" {
			lang = w.r.Lang
		}
		w.text("dcterms:alternative", lang, t.Text.Plain())
	}
}

// people gives one element for each: two authors may well share a name.
func (w *writer) people() {
	for i := range w.r.Authors {
		w.Text("dc:creator", w.r.Authors[i].Inverted())
	}
	w.kind()
	for i := range w.r.Others {
		w.text("dc:contributor", "", w.r.Others[i].Inverted())
	}
}

// schemes are the encoding schemes of subjects.
var schemes = map[string]string{"udc": "UDC", "ddc": "DDC", "lcc": "LCC"}

// vocabularies are those of subject terms.
var vocabularies = map[string]string{"mesh": "MESH", "lcsh": "LCSH"}

func (w *writer) subjects() {
	w.kind()
	for _, k := range w.r.Keywords {
		scheme := strings.ToLower(k.Scheme)
		switch {
		case k.Code != "" && schemes[scheme] != "":
			w.coded("dc:subject", schemes[scheme], k.Code)
		case k.Code != "" && flat.IsScheme(scheme):
			w.text("dc:subject", "", scheme+":"+k.Code)
		case flat.IsHTTP(k.URI):
			w.coded("dc:subject", "URI", k.URI)
		}
		if v := vocabularies[loc.Subjects(k.Scheme)]; v != "" {
			w.coded("dc:subject", v, k.Text)
		} else {
			w.text("dc:subject", k.Lang, k.Text)
		}
	}
}

func (w *writer) dates() {
	w.kind()
	r := w.r
	w.coded("dcterms:dateSubmitted", "W3CDTF", loc.Date(r.Received))
	w.coded("dcterms:dateAccepted", "W3CDTF", loc.Date(r.Accepted))
	w.coded("dcterms:issued", "W3CDTF", loc.Date(r.Published))
	w.coded("dcterms:available", "W3CDTF", loc.Date(r.EmbargoEnd))
	w.coded("dcterms:dateCopyrighted", "W3CDTF", loc.Date(strings.TrimSpace(r.Article.Permissions.Year)))
}

func (w *writer) types() {
	w.kind()
	switch w.r.Type.DataCite {
	case "Dataset", "Software":
		w.coded("dc:type", "DCMIType", w.r.Type.DataCite)
	default:
		w.coded("dc:type", "DCMIType", "Text")
	}
	w.coded("dc:type", "URI", "http://purl.org/coar/resource_type/"+w.r.Type.COAR)
	w.text("dc:type", "", w.r.TypeLabel)
	w.kind()
	for _, f := range w.r.Files {
		if strings.Contains(f.MIME, "/") {
			w.coded("dc:format", "IMT", f.MIME)
		}
	}
}

// host gives the journal and the place in it.
func (w *writer) host() {
	w.kind()
	r := w.r
	for _, issn := range r.Journal.ISSNs {
		w.coded("dcterms:isPartOf", "URI", "urn:ISSN:"+issn)
	}
	w.text("dcterms:isPartOf", "", r.Journal.Title)
	for _, t := range r.Journal.Titles[min(1, len(r.Journal.Titles)):] {
		w.text("dcterms:isPartOf", t.Lang, t.Full())
	}
	for i := range r.Article.Conferences {
		c := &r.Article.Conferences[i]
		w.text("dcterms:isPartOf", "", joined("; ", c.Name.Plain(), c.Date, c.Loc.Plain()))
	}
	w.text("dcterms:bibliographicCitation", "", citation(r))
}

// citation is the place of the article, as in "Journal 12(3), 101-110 (2026)"; "" without a journal.
func citation(r *flat.Record) string {
	if r.Journal.Title == "" {
		return ""
	}
	number := r.Volume
	if r.Issue != "" {
		number += "(" + r.Issue + ")"
	}
	number = joined(" ", number, r.Article.Supplement.Plain(), r.Article.IssuePart)
	pages := r.Pages
	if pages == "" {
		pages = r.Elocation
	}
	s := joined(", ", joined(" ", r.Journal.Title, number), pages)
	if y := r.IssueYear(); y != "" {
		s += " (" + y + ")"
	}
	return s
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

// refinements are kinds of related work that have one; the others are written as dc:relation.
//
// Source: JATS 1.3, @related-article-type.
var refinements = map[string]string{
	"preprint": "dcterms:isVersionOf", "original": "dcterms:isVersionOf", "original-article": "dcterms:isVersionOf", "translated-article": "dcterms:isVersionOf",
	"translation-of": "dcterms:isVersionOf", "republished-article": "dcterms:isVersionOf", "concurrent-pub": "dcterms:isVersionOf",
	"translation": "dcterms:hasVersion", "version-of-record": "dcterms:hasVersion",
}

// relations gives files, grants, related works and references. A harvester that collects every DOI of dc:relation takes the last one that it sees for the
// article's own when the article has none among its identifiers (Unpaywall does): a record without a DOI names no other work's DOI there.
func (w *writer) relations() {
	w.kind()
	r := w.r
	for _, f := range r.Files {
		w.coded("dcterms:hasFormat", "URI", f.URL)
	}
	for _, f := range r.Extra {
		w.coded("dcterms:hasPart", "URI", f.URL)
	}
	for _, g := range r.Grants {
		w.coded("dc:relation", "URI", g.EURepo)
	}
	for _, x := range r.Related {
		name := refinements[x.Kind]
		if name == "" {
			name = "dc:relation"
		}
		address := ""
		switch {
		case x.Scheme == "doi":
			address = flat.DOIURL(x.ID)
		case flat.IsHTTP(x.ID):
			address = x.ID
		}
		if name != "dc:relation" || r.DOI != "" || !holdsDOI(address) {
			w.coded(name, "URI", address)
		}
	}
	w.kind()
	for i := range r.Refs {
		if ref := &r.Refs[i]; ref.DOI != "" {
			w.coded("dcterms:references", "URI", flat.DOIURL(ref.DOI))
		} else {
			w.text("dcterms:references", "", ref.Text)
		}
	}
}

// holdsDOI tells whether a harvester may find a DOI in s: "10." and a digit.
func holdsDOI(s string) bool {
	for i := strings.Index(s, "10."); i >= 0; i = strings.Index(s, "10.") {
		if s = s[i+3:]; s != "" && s[0] >= '0' && s[0] <= '9' {
			return true
		}
	}
	return false
}

func (w *writer) rights() {
	w.kind()
	r := w.r
	if r.Access.COAR != "" {
		w.text("dcterms:accessRights", "", r.Access.Label)
		w.coded("dcterms:accessRights", "URI", "http://purl.org/coar/access_right/"+r.Access.COAR)
	}
	for _, l := range r.Licenses {
		if flat.IsHTTP(l.URI) {
			w.coded("dcterms:license", "URI", l.URI)
		} else {
			w.text("dc:rights", l.Lang, joined(" ", l.URI, l.Text))
		}
	}
	for _, c := range r.Copyright {
		w.text("dc:rights", c.Lang, c.Text)
	}
	for _, h := range r.Article.Permissions.Holders {
		w.text("dcterms:rightsHolder", h.Lang, h.Text.Plain())
	}
}

// identifiers gives the landing page first and the article's DOI last.
func (w *writer) identifiers() {
	w.kind()
	w.coded("dc:identifier", "URI", w.r.Landing)
	for _, id := range w.r.Article.IDs {
		switch v := strings.TrimSpace(id.Value); {
		case flat.IsHTTP(v) && !flat.OnDOI(v):
			w.coded("dc:identifier", "URI", v)
		case v != "" && (id.Type == "handle" || id.Type == "hdl"):
			w.coded("dc:identifier", "URI", flat.HandleURL(v))
		case v != "" && (id.Type == "pmid" || id.Type == "pmcid" || id.Type == "arxiv"):
			w.text("dc:identifier", "", id.Type+":"+v)
		}
	}
	if w.r.DOI != "" {
		w.coded("dc:identifier", "URI", flat.DOIURL(w.r.DOI))
	}
}
