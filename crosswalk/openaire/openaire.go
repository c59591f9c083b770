// Package openaire writes an article in the format of the OpenAIRE guidelines for literature repositories, version 4: what OpenAIRE, LA Referencia and
// RCAAP harvest as oai_openaire.
//
// The schema is one choice without end, so it takes elements in any order, and a record that holds nothing but a language; what the guidelines call
// mandatory is enforced here. An article cannot be had in this format without
//
//   - a title: no-title
//   - a date of publication: no-date. The guidelines would take any other date for it; a date that is not that of publication is not
//     given out as if it were.
//   - a known right of access: no-access-right
//   - the day when its embargo ends, if it is embargoed: embargo-without-end. The guidelines demand it, and OpenAIRE reads an embargo without one as
//     open access.
//
// An identifier and a type there always are: the page of the article, and "other".
//
// # What goes where
//
//	Titles            datacite:titles/title; the subtitles of the first with titleType Subtitle, other languages as TranslatedTitle, other scripts
//	                  of the article's language as AlternativeTitle
//	Authors           datacite:creators/creator: creatorName ("Family, Given"), givenName, familyName, nameIdentifier (ORCID), affiliation
//	Others            datacite:contributors/contributor; a role that the list of types lacks is Other
//	Grants            oaire:fundingReferences/fundingReference, its children in the oaire namespace; not without the funder's name
//	Landing, IDs      datacite:alternateIdentifiers/alternateIdentifier, besides the one that is the identifier
//	Journal.ISSNs     datacite:relatedIdentifiers/relatedIdentifier, IsPartOf (IsPublishedIn of the text of 4.1 is not in its schema)
//	Related           the same; kinds that the list of relations has no word for are left out
//	Refs              the same, Cites; those with a DOI
//	Published         datacite:dates/date Issued, as precise as it is known
//	EmbargoEnd        two more: Accepted, where an embargo begins, which is at publication, and Available, where it ends; only while it lasts
//	Lang              dc:language, ISO 639-3
//	Publishers        dc:publisher; the first is the one that OpenAIRE reads
//	Type              oaire:resourceType, as COAR URI; what the list of schema 4.0 lacks (a correction, a peer review) is its nearest wider concept
//	Abstracts         dc:description
//	DOI               datacite:identifier as a link; else the Handle, else Landing
//	Access            datacite:rights, one
//	Keywords          datacite:subjects/subject
//	License           oaire:licenseCondition, one; its name, or its words where it has no URI that has a name
//	Pages counted     datacite:sizes/size
//	Version           oaire:version, as COAR URI
//	Files             dc:format, oaire:file objectType fulltext; Extra: the same, objectType other. Only https addresses of the file itself
//	Journal, Volume,  oaire:citationTitle, citationVolume, citationIssue, citationStartPage (the article number, where there are no pages),
//	Issue, pages      citationEndPage
//	Conference        oaire:citationConferencePlace; citationConferenceDate where it is a day or a span of days in digits
//
// COAR URIs are http, as the schema has them. Left out: further dates, copyright statements, running heads, the text of references, e-mail addresses.
//
// Source: OpenAIRE Guidelines for Literature Repository Managers 4.0, application profile, and its schema 4.0; how OpenAIRE reads a record, from its
// transformation of version 4 records (dnet-hadoop, xslt_cleaning_oaiOpenaire_datacite).
package openaire

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
)

// The names of the format.
const (
	Prefix    = "oai_openaire"
	Namespace = "http://namespace.openaire.eu/schema/oaire/"
	Schema    = "https://www.openaire.eu/schema/repo-lit/4.0/openaire.xsd"
)

const (
	rootOpen = `<oaire:resource xmlns:oaire="` + Namespace + `" xmlns:datacite="http://datacite.org/schema/kernel-4" xmlns:dc="http://purl.org/dc/elements/1.1/"` +
		` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="` + Namespace + ` ` + Schema + `">`
	rootClose = `</oaire:resource>`
	coar      = "http://purl.org/coar/"
)

// Append appends the oaire:resource element of r to dst. An error is a [flat.Cannot]: see the package comment.
func Append(dst []byte, r *flat.Record) ([]byte, error) {
	switch {
	case r.Published == "":
		return nil, flat.Cannotf("no-date", "openaire: the article has no date of publication, which is mandatory")
	case r.Access.COAR == "":
		return nil, flat.Cannotf("no-access-right", "openaire: it is not known who may read the article, which is mandatory: a licence, or the access")
	case r.Access == flat.Embargoed && r.EmbargoEnd == "":
		return nil, flat.Cannotf("embargo-without-end", "openaire: the article is embargoed, and the day when the embargo ends is not known")
	}
	w := writer{Writer: element.Writer{B: append(dst, rootOpen...)}, r: r}
	start := len(w.B)
	w.titles()
	if len(w.B) == start {
		return nil, flat.Cannotf("no-title", "openaire: the article has no title, which is mandatory")
	}
	w.people()
	w.funding()
	w.identifiers()
	w.relations()
	w.dates()
	w.texts()
	w.rights()
	w.files()
	w.citation()
	return append(w.B, rootClose...), nil
}

// writer appends the elements of one record.
type writer struct {
	element.Writer
	r *flat.Record
}

// lang is what may stand in xml:lang; "" for what may not.
func lang(tag string) string {
	if flat.IsLang(tag) {
		return tag
	}
	return ""
}

// address is s if it is a web address that xs:anyURI takes; else "".
func address(s string) string {
	if !flat.IsHTTP(s) {
		return ""
	}
	if _, err := url.Parse(s); err != nil {
		return ""
	}
	return s
}

func (w *writer) titles() {
	w.Open("datacite:titles")
	for i, t := range w.r.Titles {
		const name = "datacite:title"
		switch {
		case i > 0 && flat.ISO3(t.Lang) != "" && flat.ISO3(t.Lang) == flat.ISO3(w.r.Titles[0].Lang):
			w.Text(name, t.Full(), "xml:lang", lang(t.Lang), "titleType", "AlternativeTitle")
		case i > 0:
			w.Text(name, t.Full(), "xml:lang", lang(t.Lang), "titleType", "TranslatedTitle")
		case t.Text == "":
			w.Text(name, t.Full(), "xml:lang", lang(t.Lang))
		default:
			w.Text(name, t.Text, "xml:lang", lang(t.Lang))
			for _, s := range t.Subs {
				w.Text(name, s, "xml:lang", lang(t.Lang), "titleType", "Subtitle")
			}
		}
	}
	w.Close()
}

func (w *writer) people() {
	w.Open("datacite:creators")
	for i := range w.r.Authors {
		w.person("datacite:creator", "datacite:creatorName", &w.r.Authors[i])
	}
	w.Close()
	w.Open("datacite:contributors")
	for i := range w.r.Others {
		p := &w.r.Others[i]
		kind := contributorTypes[p.Role]
		if kind == "" {
			kind = "Other"
		}
		w.person("datacite:contributor", "datacite:contributorName", p, "contributorType", kind)
	}
	w.Close()
}

// contributorTypes are roles that the list of contributor types has a word for.
//
// Source: OpenAIRE guidelines 4.0, contributor type.
var contributorTypes = map[string]string{
	"editor": "Editor", "guest-editor": "Editor", "academic-editor": "Editor", "handling-editor": "Editor", "editor-in-chief": "Editor", "series-editor": "Editor",
	"volume-editor": "Editor", "section-editor": "Editor", "supervisor": "Supervisor", "sponsor": "Sponsor", "data-collector": "DataCollector",
	"data-curator": "DataCurator", "data-manager": "DataManager", "producer": "Producer", "distributor": "Distributor", "project-leader": "ProjectLeader",
	"project-manager": "ProjectManager", "project-member": "ProjectMember", "researcher": "Researcher", "research-group": "ResearchGroup",
	"rights-holder": "RightsHolder", "contact-person": "ContactPerson", "work-package-leader": "WorkPackageLeader",
}

func (w *writer) person(entry, name string, p *flat.Person, attrs ...string) {
	start := len(w.B)
	w.Open(entry, attrs...)
	kind := "Personal"
	if p.Group != "" {
		kind = "Organizational"
	}
	before := len(w.B)
	w.Text(name, p.Inverted(), "nameType", kind)
	if len(w.B) == before { // no name that can be seen
		w.Close()
		w.B = w.B[:start]
		return
	}
	w.Text("datacite:givenName", p.Given)
	w.Text("datacite:familyName", p.Family)
	if id, ok := strings.CutPrefix(p.ORCID, "https://orcid.org/"); ok {
		w.Text("datacite:nameIdentifier", id, "nameIdentifierScheme", "ORCID", "schemeURI", "https://orcid.org")
	}
	for i := range p.Affs {
		w.Text("datacite:affiliation", p.Affs[i].Name)
	}
	w.Close()
}

// funding gives each award, and each funder without one. The names of the funder's identifiers and of the streams of the European Commission are
// those that OpenAIRE finds its projects by.
func (w *writer) funding() {
	w.Open("oaire:fundingReferences")
	from := len(w.B)
	for i := range w.r.Grants {
		g := &w.r.Grants[i]
		start := len(w.B)
		w.Open("oaire:fundingReference")
		named := len(w.B)
		w.Text("oaire:funderName", g.Funder)
		if named = len(w.B) - named; named > 0 {
			switch {
			case g.FundRef != "":
				w.Text("oaire:funderIdentifier", flat.DOIURL(g.FundRef), "funderIdentifierType", "Crossref Funder ID")
			case g.ROR != "":
				w.Text("oaire:funderIdentifier", g.ROR, "funderIdentifierType", "ROR")
			case g.ISNI != "":
				w.Text("oaire:funderIdentifier", g.ISNI, "funderIdentifierType", "ISNI")
			case g.GRID != "":
				w.Text("oaire:funderIdentifier", g.GRID, "funderIdentifierType", "GRID")
			}
			if name, ok := strings.CutPrefix(g.EURepo, "info:eu-repo/grantAgreement/"); ok {
				_, stream, _ := strings.Cut(name, "/")
				stream, _, _ = strings.Cut(stream, "/")
				w.Text("oaire:fundingStream", stream)
			}
			w.Text("oaire:awardNumber", g.Award, "awardURI", address(g.Award))
		}
		w.Close()
		if named > 0 {
			w.Once(from, start)
		}
	}
	w.Close()
}

// idTypes are kinds of identifiers in the spelling of the lists. The list of alternate identifiers is a suggestion: what it lacks keeps its own name.
//
// Source: OpenAIRE guidelines 4.0, related identifier type, alternate identifier type.
var idTypes = map[string]string{
	"ark": "ARK", "arxiv": "arXiv", "bibcode": "bibcode", "doi": "DOI", "ean13": "EAN13", "handle": "Handle", "hdl": "Handle", "isbn": "ISBN", "lsid": "LSID",
	"pmid": "PMID", "purl": "PURL", "urn": "URN", "wos": "WOS", "uri": "URL", "url": "URL",
}

// identifiers gives the one identifier, a link, and all others. There is one DOI at most: OpenAIRE takes any in either place for the article's.
func (w *writer) identifiers() {
	r := w.r
	handle := address(flat.HandleURL(flat.FirstID(r.Article.IDs, "handle")))
	if handle == "" {
		handle = address(flat.HandleURL(flat.FirstID(r.Article.IDs, "hdl")))
	}
	switch {
	case r.DOI != "":
		w.Text("datacite:identifier", flat.DOIURL(r.DOI), "identifierType", "DOI")
	case handle != "":
		w.Text("datacite:identifier", handle, "identifierType", "HANDLE")
	default:
		w.Text("datacite:identifier", r.Landing, "identifierType", "URL")
	}
	w.Open("datacite:alternateIdentifiers")
	if r.DOI != "" || handle != "" {
		w.Text("datacite:alternateIdentifier", r.Landing, "alternateIdentifierType", "URL")
	}
	for _, id := range r.Article.IDs {
		kind := idTypes[strings.ToLower(id.Type)]
		if kind == "" {
			kind = id.Type
		}
		if kind == "DOI" || strings.TrimSpace(kind) == "" || kind == "Handle" && r.DOI == "" {
			continue
		}
		w.Text("datacite:alternateIdentifier", id.Value, "alternateIdentifierType", kind)
	}
	w.Close()
}

// relationTypes say what this article is to the related one, by the kind of the link. References stands for every sort of being about another work:
// the list has no word for a correction or a retraction.
//
// Source: JATS 1.3, @related-article-type; OpenAIRE guidelines 4.0, relation type.
var relationTypes = map[string]string{
	"addended-article": "IsSupplementTo", "addendum": "IsSupplementedBy",
	"commentary-article": "References", "corrected-article": "References", "retracted-article": "References", "partially-retracted-article": "References",
	"object-of-concern": "References", "article-reference": "References", "letter-article": "References",
	"commentary": "IsReferencedBy", "correction-forward": "IsReferencedBy", "retraction-forward": "IsReferencedBy", "expression-of-concern": "IsReferencedBy",
	"letter": "IsReferencedBy", "reply": "IsReferencedBy",
	"continues": "Continues", "continued-by": "IsContinuedBy",
	"peer-review": "IsReviewedBy", "peer-reviewed-article": "Reviews", "reviewed-article": "Reviews",
	"preprint": "IsNewVersionOf", "updated-article": "IsNewVersionOf", "update": "IsPreviousVersionOf", "version-of-record": "IsPreviousVersionOf",
	"translated-article": "IsDerivedFrom", "translation": "IsSourceOf",
}

// objectTypes are the same for objects that are no articles.
var objectTypes = map[string]string{"dataset": "IsSupplementedBy", "data": "IsSupplementedBy", "software": "IsSupplementedBy", "code": "IsSupplementedBy", "video": "IsSupplementedBy"}

func (w *writer) relations() {
	const name = "datacite:relatedIdentifier"
	w.Open("datacite:relatedIdentifiers")
	for _, i := range w.r.Article.Journal.ISSNs {
		kind := "ISSN"
		switch i.Type {
		case "print":
			kind = "PISSN"
		case "electronic":
			kind = "EISSN"
		case "linking":
			kind = "LISSN"
		}
		w.Text(name, i.Value, "relatedIdentifierType", kind, "relationType", "IsPartOf")
	}
	for _, isbn := range w.r.Article.ISBNs {
		w.Text(name, isbn, "relatedIdentifierType", "ISBN", "relationType", "IsPartOf")
	}
	for i := range w.r.Related {
		x := &w.r.Related[i]
		relation := relationTypes[x.Kind]
		if x.Object {
			relation = objectTypes[x.Kind]
		}
		if kind := idTypes[x.Scheme]; kind != "" && relation != "" {
			w.Text(name, x.ID, "relatedIdentifierType", kind, "relationType", relation)
		}
	}
	for i := range w.r.Refs {
		if doi := w.r.Refs[i].DOI; doi != "" {
			w.Text(name, doi, "relatedIdentifierType", "DOI", "relationType", "Cites")
		}
	}
	w.Close()
}

func (w *writer) dates() {
	w.Open("datacite:dates")
	w.Text("datacite:date", w.r.Published, "dateType", "Issued")
	if w.r.EmbargoEnd != "" {
		w.Text("datacite:date", w.r.Published, "dateType", "Accepted")
		w.Text("datacite:date", w.r.EmbargoEnd, "dateType", "Available")
	}
	w.Close()
}

// texts gives what describes the article.
func (w *writer) texts() {
	r := w.r
	w.Text("dc:language", flat.ISO3(r.Lang))
	for _, p := range r.Journal.Publishers {
		w.Text("dc:publisher", p.Text, "xml:lang", lang(p.Lang))
	}
	general := "literature"
	switch r.Type.DataCite {
	case "Dataset":
		general = "dataset"
	case "Software":
		general = "software"
	}
	w.Text("oaire:resourceType", r.Type.Name, "resourceTypeGeneral", general, "uri", coar+"resource_type/"+r.Type.COAR)
	for _, a := range r.Abstracts {
		w.Text("dc:description", a.Text, "xml:lang", lang(a.Lang))
	}
	w.Open("datacite:subjects")
	from := len(w.B)
	for i := range r.Keywords {
		k := &r.Keywords[i]
		scheme := k.Scheme
		if flat.IsScheme(scheme) {
			scheme = strings.ToUpper(scheme)
		}
		text := k.Text
		switch {
		case text == "" && k.Code == "":
			text = k.URI
		case k.Code != "":
			text = strings.TrimSpace(k.Code + " " + text)
		}
		start := len(w.B)
		w.Text("datacite:subject", text, "xml:lang", lang(k.Lang), "subjectScheme", scheme, "valueURI", address(k.URI))
		w.Once(from, start)
	}
	w.Close()
	if n := r.Article.Counts.Pages; n != nil && *n > 0 {
		w.Open("datacite:sizes")
		w.Text("datacite:size", strconv.Itoa(*n)+" pages")
		w.Close()
	}
}

func (w *writer) rights() {
	r := w.r
	w.Text("datacite:rights", r.Access.Label, "rightsURI", coar+"access_right/"+r.Access.COAR)
	if l := r.License(); l != nil {
		w.Text("oaire:licenseCondition", cmp.Or(licenseName(l.URI), strings.TrimSpace(l.Text), l.URI), "startDate", l.Start, "uri", address(l.URI))
	}
	if v := r.Version; v.COAR != "" {
		w.Text("oaire:version", v.JAV, "uri", coar+"version/"+v.COAR)
	}
}

// licenseName is the name of a licence of Creative Commons, without the words that its publisher puts after the version; "" for any other.
func licenseName(uri string) string {
	_, rest, ok := strings.Cut(uri, "creativecommons.org/")
	part := strings.Split(strings.Trim(rest, "/"), "/")
	switch {
	case !ok || len(part) < 3:
		return ""
	case part[0] == "publicdomain" && part[1] == "zero":
		return "CC0 " + part[2]
	case part[0] == "publicdomain" && part[1] == "mark":
		return "Public Domain Mark " + part[2]
	case part[0] != "licenses":
		return ""
	}
	name := "Creative Commons "
	for i, term := range strings.Split(part[1], "-") {
		word := licenseTerms[term]
		if word == "" {
			return ""
		}
		if i > 0 {
			name += "-"
		}
		name += word
	}
	name += " " + part[2]
	if len(part) > 3 && len(part[3]) == 2 { // ported to the law of a country
		name += " " + strings.ToUpper(part[3])
	}
	return name
}

var licenseTerms = map[string]string{"by": "Attribution", "nc": "NonCommercial", "nd": "NoDerivatives", "sa": "ShareAlike"}

func (w *writer) files() {
	r := w.r
	from := len(w.B)
	for i := range r.Files {
		start := len(w.B)
		w.Text("dc:format", r.Files[i].MediaType())
		w.Once(from, start)
	}
	from = len(w.B)
	for i := range r.Files {
		if f := &r.Files[i]; direct(f.URL) {
			start := len(w.B)
			w.Text("oaire:file", f.URL, "accessRightsURI", coar+"access_right/"+r.Access.COAR, "mimeType", f.MediaType(), "objectType", "fulltext")
			w.Once(from, start)
		}
	}
	for i := range r.Extra { // who may read them is not said
		if f := &r.Extra[i]; direct(f.URL) {
			w.Text("oaire:file", f.URL, "mimeType", f.MediaType(), "objectType", "other")
		}
	}
}

// direct tells whether an address is that of the file itself, without the detour over a resolver, and safe.
func direct(u string) bool {
	return strings.HasPrefix(u, "https://") && flat.IsHTTP(u) && !flat.OnDOI(u)
}

func (w *writer) citation() {
	r := w.r
	title := r.Journal.Title
	if title == "" && r.Conference != nil {
		title = r.Conference.Name.Plain()
	}
	w.Text("oaire:citationTitle", title)
	w.Text("oaire:citationVolume", r.Volume)
	w.Text("oaire:citationIssue", r.Issue)
	if r.FPage != "" {
		w.Text("oaire:citationStartPage", r.FPage)
		w.Text("oaire:citationEndPage", r.LPage)
	} else {
		w.Text("oaire:citationStartPage", r.Elocation)
	}
	if c := r.Conference; c != nil {
		w.Text("oaire:citationConferencePlace", c.Loc.Plain())
		w.Text("oaire:citationConferenceDate", conferenceDate(c.Date))
	}
}

// conferenceDate is a date as printed in the form YYYY-MM-DD or YYYY-MM-DD - YYYY-MM-DD; "" when it is printed otherwise.
//
// Source: OpenAIRE guidelines 4.0, citation conference date.
func conferenceDate(s string) string {
	s = strings.TrimSpace(s)
	day := func(s string) bool { return len(s) == 10 && flat.IsDate(s) }
	if day(s) {
		return s
	}
	if len(s) < 21 || !day(s[:10]) || !day(s[len(s)-10:]) {
		return ""
	}
	switch strings.TrimSpace(s[10 : len(s)-10]) {
	case "-", "–", "—", "/":
		return s[:10] + " - " + s[len(s)-10:]
	}
	return ""
}
