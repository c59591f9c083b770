// Package mods writes an article as MODS 3.7, the Metadata Object Description Schema of the Library of Congress.
//
//	title                    titleInfo: nonSort (an article of the title's language), title, subTitle
//	other titles             titleInfo[@type=translated], or alternative when it is the article's language in another script, a running title or the like
//	people, groups           name[@type]: namePart family, given, termsOfAddress; the first author is primary; role by relator code, and in words when there is
//	                         no code; CRediT roles; affiliation; ORCID as nameIdentifier; other forms of the name as alternativeName
//	conference               name[@type=conference]
//	kind of work             typeOfResource; genre with the address of the COAR concept, and the source's own word
//	publisher, dates         originInfo: place, publisher, dateIssued (key date), copyrightDate, dateOther of types received, accepted, available (end of an embargo)
//	language                 language/languageTerm (ISO 639-2/B)
//	media types              physicalDescription/internetMediaType
//	abstracts                abstract, with the kind as @type
//	keywords                 subject/topic, with @authority of MeSH, LCSH and others that have a source code
//	codes                    classification[@authority], or @displayLabel for those without a source code
//	funding                  note[@type=funding]
//	journal                  relatedItem[@type=host]: titles, ISSNs, ISBNs, part
//	related works            relatedItem with @type, or @otherType in the words of JATS; reviewed works reviewOf; supplementary files constituent
//	references               relatedItem[@type=references]: identifier and note[@type=citation/reference]
//	identifiers              identifier[@type]
//	landing page, files      location/url: object in context, raw object
//	access, licence          accessCondition: restriction on access, use and reproduction, copyright
//	local identifier         recordInfo/recordIdentifier
//
// Left out: dates of the record, because bytes do not change unless the article does; notes, counts, e-mail addresses.
//
// It takes every article: the schema has no mandatory element.
//
// Source: MODS 3.7 schema and User Guidelines; source code lists of the Library of Congress.
package mods

import (
	"strings"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/loc"
)

// The names of the format.
const (
	Prefix    = "mods"
	Namespace = "http://www.loc.gov/mods/v3"
	Schema    = "http://www.loc.gov/standards/mods/v3/mods-3-7.xsd"
)

const (
	rootOpen = `<mods xmlns="` + Namespace + `" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"` +
		` version="3.7" xsi:schemaLocation="` + Namespace + ` ` + Schema + `">`
	rootClose = `</mods>`
	coar      = "http://purl.org/coar/"
)

// Append appends the mods element of r to dst. It never fails.
func Append(dst []byte, r *flat.Record) ([]byte, error) {
	w := writer{Writer: element.Writer{B: append(dst, rootOpen...)}, r: r}
	w.titles()
	w.names()
	w.kind()
	w.origin()
	if code := loc.Language(r.Lang); code != "" {
		w.Open("language")
		w.Text("languageTerm", code, "type", "code", "authority", "iso639-2b")
		w.Close()
	} else if code := flat.ISO3(r.Lang); code != "" {
		w.Open("language")
		w.Text("languageTerm", code, "type", "code", "authority", "iso639-3")
		w.Close()
	}
	w.mediaTypes()
	for _, a := range r.Abstracts {
		w.Text("abstract", a.Text, "type", a.Kind, "lang", loc.Language(a.Lang))
	}
	w.funding()
	w.subjects()
	w.host()
	w.related()
	w.references()
	w.identifiers()
	w.locations()
	w.access()
	w.Open("recordInfo")
	w.Text("recordIdentifier", r.Local)
	w.Close()
	return append(w.B, rootClose...), nil
}

type writer struct {
	element.Writer
	r *flat.Record
}

// script is the ISO 15924 code that a language tag names, as in "ru-Latn".
func script(tag string) string {
	if _, rest, ok := strings.Cut(tag, "-"); ok {
		if s, _, _ := strings.Cut(rest, "-"); len(s) == 4 {
			return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
		}
	}
	return ""
}

func (w *writer) titles() {
	r := w.r
	for i := range r.Titles {
		kind := ""
		if i > 0 {
			kind = "translated"
			if a, b := flat.ISO1(r.Titles[0].Lang), flat.ISO1(r.Titles[i].Lang); a == b {
				kind = "alternative"
			}
		}
		w.title(&r.Titles[i], kind)
	}
	for i := range r.Article.AltTitles {
		t := &r.Article.AltTitles[i]
		lang := t.Lang
		if lang == "" {
			lang = r.Lang
		}
		w.title(&flat.Title{Lang: lang, Text: t.Text.Plain()}, "alternative")
	}
}

func (w *writer) title(t *flat.Title, kind string) {
	w.Open("titleInfo", "type", kind, "lang", loc.Language(t.Lang), "script", script(t.Lang))
	skipped, rest := loc.Unsorted(t.Lang, t.Text)
	if skipped != "" && !strings.HasSuffix(skipped, " ") {
		w.Text("nonSort", skipped)
	} else if skipped != "" { // the blank at its end would be folded
		w.Raw(`<nonSort xml:space="preserve">`)
		w.B, _ = element.AppendText(w.B, skipped)
		w.Raw(" </nonSort>")
	}
	w.Text("title", rest)
	for _, s := range t.Subs {
		w.Text("subTitle", s)
	}
	w.Close()
}

func (w *writer) names() {
	r := w.r
	for i := range r.Authors {
		usage := ""
		if i == 0 {
			usage = "primary"
		}
		w.name(&r.Authors[i], usage, false)
	}
	for i := range r.Others {
		w.name(&r.Others[i], "", r.Others[i].Role == "author")
	}
	for i := range r.Article.Conferences {
		c := &r.Article.Conferences[i]
		if name := c.Name.Plain(); strings.TrimSpace(name) != "" {
			w.Open("name", "type", "conference")
			w.Text("namePart", name)
			w.Text("namePart", c.Num)
			w.Text("namePart", c.Loc.Plain())
			w.Text("namePart", c.Date, "type", "date")
			w.Close()
		}
	}
}

func (w *writer) name(p *flat.Person, usage string, inGroup bool) {
	kind := "personal"
	if p.Group != "" {
		kind = "corporate"
	}
	w.Open("name", "type", kind, "usage", usage)
	w.nameParts(p)
	for _, f := range loc.Forms(p) {
		w.Open("alternativeName", "lang", loc.Language(f.Lang), "script", f.Script)
		w.nameParts(&f.Person)
		w.Close()
	}
	code := loc.Relator(p.Role, inGroup)
	w.Raw(`<role><roleTerm type="code" authority="marcrelator" authorityURI="http://id.loc.gov/vocabulary/relators" valueURI="http://id.loc.gov/vocabulary/relators/` +
		code + `">` + code + `</roleTerm>`)
	if code == "ctb" && !inGroup && p.Role != "contributor" {
		w.Text("roleTerm", p.Role, "type", "text")
	}
	w.Raw("</role>")
	for _, c := range p.Credit {
		w.Open("role")
		w.Text("roleTerm", c, "type", "text", "authorityURI", "https://credit.niso.org/")
		w.Close()
	}
	for _, f := range p.Affs {
		w.Text("affiliation", f.Name)
	}
	w.Text("nameIdentifier", p.ORCID, "type", "orcid", "typeURI", "http://id.loc.gov/vocabulary/identifiers/orcid")
	w.Close()
}

func (w *writer) nameParts(p *flat.Person) {
	switch {
	case p.Group != "":
		w.Text("namePart", p.Group)
	case p.Family == "" && p.Given == "":
		w.Text("namePart", p.Whole)
	default:
		w.Text("namePart", p.Family, "type", "family")
		w.Text("namePart", p.Given, "type", "given")
		w.Text("namePart", p.Suffix, "type", "termsOfAddress")
		if p.GivenFirst {
			w.Text("displayForm", p.Direct())
		}
	}
}

func (w *writer) kind() {
	t := &w.r.Type
	if t.DataCite == "Dataset" || t.DataCite == "Software" {
		w.Raw("<typeOfResource>software, multimedia</typeOfResource>")
	} else {
		w.Raw("<typeOfResource>text</typeOfResource>")
	}
	w.Text("genre", t.Name, "authorityURI", coar+"resource_type", "valueURI", coar+"resource_type/"+t.COAR)
	if w.r.TypeLabel != t.Name {
		w.Text("genre", w.r.TypeLabel)
	}
}

func (w *writer) origin() {
	r := w.r
	w.Open("originInfo", "eventType", "publication")
	if r.Journal.Place != "" {
		w.Open("place")
		w.Text("placeTerm", r.Journal.Place, "type", "text")
		w.Close()
	}
	for _, p := range r.Journal.Publishers {
		w.Text("publisher", p.Text, "lang", loc.Language(p.Lang))
	}
	w.Text("dateIssued", loc.Date(r.Published), "encoding", "w3cdtf", "keyDate", "yes")
	w.Text("copyrightDate", loc.Date(strings.TrimSpace(r.Article.Permissions.Year)), "encoding", "w3cdtf")
	w.Text("dateOther", loc.Date(r.Received), "type", "received", "encoding", "w3cdtf")
	w.Text("dateOther", loc.Date(r.Accepted), "type", "accepted", "encoding", "w3cdtf")
	w.Text("dateOther", loc.Date(r.EmbargoEnd), "type", "available", "encoding", "w3cdtf")
	w.Close()
}

func (w *writer) mediaTypes() {
	w.Open("physicalDescription")
	from := len(w.B)
	for _, f := range w.r.Files {
		if strings.Contains(f.MIME, "/") {
			start := len(w.B)
			w.Text("internetMediaType", f.MIME)
			w.Once(from, start)
		}
	}
	w.Close()
}

func (w *writer) funding() {
	for _, g := range w.r.Grants {
		s := g.Funder
		switch {
		case g.Award == "":
		case s == "":
			s = g.Award
		default:
			s += " (" + g.Award + ")"
		}
		w.Text("note", s, "type", "funding", "xlink:href", loc.URI(g.EURepo))
	}
	for _, s := range w.r.Article.Funding.Statements {
		w.Text("note", s.Text.Plain(), "type", "funding", "lang", loc.Language(s.Lang))
	}
}

func (w *writer) subjects() {
	for _, k := range w.r.Keywords {
		uri := ""
		if flat.IsHTTP(k.URI) {
			uri = loc.URI(k.URI)
		}
		if strings.TrimSpace(k.Text) != "" {
			w.Open("subject", "authority", loc.Subjects(k.Scheme), "lang", loc.Language(k.Lang))
			w.Text("topic", k.Text, "valueURI", uri)
			w.Close()
		}
	}
	for _, k := range w.r.Keywords {
		switch authority := loc.Classification(k.Scheme); {
		case k.Code == "" || !flat.IsScheme(k.Scheme):
		case authority != "":
			w.Text("classification", k.Code, "authority", authority)
		default:
			w.Text("classification", k.Code, "displayLabel", k.Scheme)
		}
	}
}

// host writes the journal and the place in it.
func (w *writer) host() {
	r := w.r
	if r.Journal.Title == "" && len(r.Journal.ISSNs) == 0 && len(r.Article.ISBNs) == 0 && r.Volume == "" {
		return
	}
	w.Open("relatedItem", "type", "host")
	for i := range r.Journal.Titles {
		t, kind := r.Journal.Titles[i], ""
		if i > 0 {
			kind = "translated"
		}
		if i == 0 && r.Article.Journal.Title.Lang == "" { // it need not be in the article's language
			t.Lang = ""
		}
		w.title(&t, kind)
	}
	if r.Journal.Abbrev != "" {
		kind := "abbreviated"
		if len(r.Journal.Titles) == 0 {
			kind = ""
		}
		w.title(&flat.Title{Text: r.Journal.Abbrev}, kind)
	}
	for _, issn := range r.Journal.ISSNs {
		w.Text("identifier", issn, "type", "issn")
	}
	for _, isbn := range r.Article.ISBNs {
		w.Text("identifier", isbn, "type", "isbn")
	}
	w.part()
	w.Close()
}

func (w *writer) part() {
	r := w.r
	detail := func(kind, number string) {
		w.Open("detail", "type", kind)
		w.Text("number", number)
		w.Close()
	}
	w.Open("part")
	detail("volume", r.Volume)
	detail("issue", r.Issue)
	detail("supplement", r.Article.Supplement.Plain())
	detail("article", r.Elocation)
	w.Open("extent", "unit", "pages")
	if r.FPage == "" || strings.Contains(r.Pages, ",") {
		w.Text("list", r.Pages)
	} else {
		w.Text("start", r.FPage)
		w.Text("end", r.LPage)
	}
	w.Close()
	w.Text("date", r.IssueYear(), "encoding", "w3cdtf")
	w.Close()
}

// relations are kinds of related work that MODS has a type for.
//
// Source: JATS 1.3, @related-article-type; MODS 3.7, relatedItem/@type.
var relations = map[string]string{
	"original": "original", "original-article": "original", "translated-article": "original", "translation-of": "original",
	"preprint": "otherVersion", "version-of-record": "otherVersion", "translation": "otherVersion", "republished-article": "otherVersion", "concurrent-pub": "otherVersion",
	"reviewed-article": "reviewOf", "peer-reviewed-article": "reviewOf",
}

func (w *writer) related() {
	for _, x := range w.r.Related {
		kind, other := relations[x.Kind], ""
		if kind == "" {
			other = x.Kind
		}
		w.Open("relatedItem", "type", kind, "otherType", other)
		w.Text("identifier", x.ID, "type", x.Scheme)
		w.Close()
	}
	for i := range w.r.Article.Products {
		w.Open("relatedItem", "type", "reviewOf")
		w.Text("note", w.r.Article.Products[i].Text.Plain(), "type", "citation/reference")
		w.Close()
	}
	for _, f := range w.r.Extra {
		w.Open("relatedItem", "type", "constituent", "displayLabel", f.Label)
		w.Open("physicalDescription")
		if strings.Contains(f.MIME, "/") {
			w.Text("internetMediaType", f.MIME)
		}
		w.Close()
		w.Open("location")
		w.Text("url", loc.URI(f.URL))
		w.Close()
		w.Close()
	}
}

func (w *writer) references() {
	for i := range w.r.Refs {
		ref := &w.r.Refs[i]
		w.Open("relatedItem", "type", "references")
		w.Text("note", ref.Text, "type", "citation/reference")
		w.Text("identifier", ref.DOI, "type", "doi")
		w.Close()
	}
}

func (w *writer) identifiers() {
	for _, id := range w.r.Article.IDs {
		kind := strings.ToLower(id.Type)
		switch kind {
		case "handle":
			kind = "hdl"
		case "publisher-id", "":
			kind = "local"
		}
		w.Text("identifier", id.Value, "type", kind)
	}
}

func (w *writer) locations() {
	r := w.r
	w.Open("location")
	w.Text("url", loc.URI(r.Landing), "access", "object in context", "usage", "primary")
	for _, f := range r.Files {
		w.Text("url", loc.URI(f.URL), "access", "raw object", "displayLabel", f.Label)
	}
	w.Close()
}

func (w *writer) access() {
	r := w.r
	if r.Access.COAR != "" {
		w.Text("accessCondition", r.Access.Label, "type", "restriction on access", "xlink:href", coar+"access_right/"+r.Access.COAR)
	}
	for _, l := range r.Licenses {
		text, uri := l.Text, ""
		if flat.IsHTTP(l.URI) {
			uri = loc.URI(l.URI)
		}
		for _, s := range []string{loc.Licence(l.URI), l.URI} {
			if strings.TrimSpace(text) == "" {
				text = s
			}
		}
		lang := ""
		if l.Text != "" {
			lang = loc.Language(l.Lang)
		}
		w.Text("accessCondition", text, "type", "use and reproduction", "lang", lang, "xlink:href", uri)
	}
	for _, c := range r.Copyright {
		w.Text("accessCondition", c.Text, "type", "copyright", "lang", loc.Language(c.Lang))
	}
}
