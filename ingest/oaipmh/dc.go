package oaipmh

import (
	"strings"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// dcNames are the fifteen elements of simple Dublin Core.
//
// Source: DCMES 1.1.
var dcNames = map[string]bool{
	"title": true, "creator": true, "subject": true, "description": true, "publisher": true, "contributor": true, "date": true, "type": true, "format": true,
	"identifier": true, "source": true, "language": true, "relation": true, "coverage": true, "rights": true,
}

// isDC tells whether e is a container of Dublin Core, whatever its own name and namespace.
func isDC(e *etree.Element, ns string) bool {
	if e.Tag == "dc" || e.Tag == "qualifieddc" || e.Tag == "dim" || strings.Contains(ns, "/oai_dc/") {
		return true
	}
	for _, k := range e.ChildElements() {
		if k.Tag == "title" {
			return strings.Contains(namespaceOf(k), "purl.org/dc/") || k.Space == "dc" || k.Space == "dcterms"
		}
	}
	return false
}

// refinements are the terms of DCMI that refine an element, with the qualifier that DSpace calls them by.
//
// Source: DCMI Metadata Terms 2020-01-20.
var refinements = map[string][2]string{
	"alternative": {"title", "alternative"}, "abstract": {"description", "abstract"}, "tableOfContents": {"description", "tableofcontents"}, "issued": {"date", "issued"},
	"created": {"date", "created"}, "available": {"date", "available"}, "dateAccepted": {"date", "accepted"}, "dateSubmitted": {"date", "submitted"}, "dateCopyrighted": {"date", "copyright"},
	"modified": {"date", "modified"}, "valid": {"date", "valid"}, "extent": {"format", "extent"}, "medium": {"format", "medium"}, "bibliographicCitation": {"identifier", "citation"},
	"isPartOf": {"relation", "ispartof"}, "hasPart": {"relation", "haspart"}, "isVersionOf": {"relation", "isversionof"}, "hasVersion": {"relation", "hasversion"},
	"replaces": {"relation", "replaces"}, "isReplacedBy": {"relation", "isreplacedby"}, "requires": {"relation", "requires"}, "isRequiredBy": {"relation", "isrequiredby"},
	"references": {"relation", "references"}, "isReferencedBy": {"relation", "isreferencedby"}, "isFormatOf": {"relation", "isformatof"}, "hasFormat": {"relation", "hasformat"},
	"conformsTo": {"relation", "conformsto"}, "spatial": {"coverage", "spatial"}, "temporal": {"coverage", "temporal"}, "accessRights": {"rights", "accessrights"},
	"license": {"rights", "license"}, "rightsHolder": {"rights", "holder"}, "journalTitle": {"source", "journal"}, "volume": {"source", "volume"}, "issue": {"source", "issue"},
	"startPage": {"source", "startpage"}, "endPage": {"source", "endpage"}, "issn": {"identifier", "issn"}, "isbn": {"identifier", "isbn"}, "doi": {"identifier", "doi"},
	"fullTextUrl": {"relation", "fulltext"}, "articleTitle": {"title", ""}, "keyword": {"subject", ""}, "keywords": {"subject", ""},
}

// dc reads a container of Dublin Core.
func (r *reader) dc(e *etree.Element) {
	// What stands in other elements needs the language and the page of the article.
	var sources, relations []dcValue
	for _, k := range e.ChildElements() {
		v := dcValue{el: k, name: k.Tag, lang: langOf(k), text: textIn(k)}
		if k.Tag == "field" { // dim: <field element="date" qualifier="issued">
			v.name, v.qualifier = attr(k, "element"), attr(k, "qualifier")
		} else if name, qualifier, ok := strings.Cut(k.Tag, "."); ok && (dcNames[name] || name == "identifier") {
			v.name, v.qualifier = name, qualifier
		} else if x, ok := refinements[k.Tag]; ok {
			v.name, v.qualifier = x[0], x[1]
		}
		v.qualifier = strings.ToLower(v.qualifier)
		if v.scheme = attr(k, "type"); v.scheme == "" {
			v.scheme = attr(k, "scheme")
		}
		if i := strings.IndexByte(v.scheme, ':'); i >= 0 {
			v.scheme = v.scheme[i+1:]
		}
		if v.text == "" {
			if u := attr(k, "resource"); u != "" {
				v.text = u
			} else {
				continue
			}
		}
		switch v.name {
		case "source":
			sources = append(sources, v)
		case "relation":
			relations = append(relations, v)
		default:
			r.dcElement(v)
		}
	}
	for _, v := range sources {
		r.dcSource(v)
	}
	for _, v := range relations {
		r.relation(v.qualifier, v.text)
	}
}

// A dcValue is one statement of Dublin Core.
type dcValue struct {
	el                    *etree.Element
	name, qualifier, lang string
	scheme                string // of xsi:type, without prefix
	text                  string
}

// contributorKinds are qualifiers of a contributor.
var contributorKinds = map[string]string{"author": "author", "editor": "editor", "advisor": "advisor", "illustrator": "illustrator", "translator": "translator", "reviewer": "reviewer", "referee": "reviewer"}

func (r *reader) dcElement(v dcValue) {
	a := r.a
	switch v.name {
	case "title":
		t := jats.Title{Lang: v.lang, Text: r.rich(v.text, jats.InlineMarkup)}
		if v.qualifier == "alternative" && v.lang == a.Title.Lang && a.Title.Text != "" {
			a.AltTitles = append(a.AltTitles, jats.AltTitle{Type: "alternative", Lang: v.lang, Text: t.Text})
			return
		}
		r.title(t)
	case "creator":
		a.Contribs = append(a.Contribs, withIDs(r.people("author", v.text), v.el)...)
	case "contributor":
		kind := contributorKinds[v.qualifier]
		text := v.text
		if kind == "" {
			kind = "contributor"
			if m := roleAtEnd.FindStringSubmatch(text); m != nil && relatorOf(m[2]) != "" {
				kind, text = relatorOf(m[2]), m[1]
			}
		}
		a.Contribs = append(a.Contribs, withIDs(r.people(kind, text), v.el)...)
	case "subject":
		vocab := v.scheme
		if vocab == "" && v.qualifier != "" && v.qualifier != "other" && v.qualifier != "keyword" && v.qualifier != "none" {
			vocab = v.qualifier
		}
		for _, s := range split(v.text) {
			r.subject(v.lang, vocab, "", s, "")
		}
	case "description":
		switch v.qualifier {
		case "", "abstract", "none":
			r.abstract(v.lang, "", rawText(v.el))
		case "sponsorship":
			a.Funding.Statements = append(a.Funding.Statements, jats.Text{Lang: v.lang, Text: r.rich(v.text, jats.InlineMarkup)})
		default:
			r.meta("description "+v.qualifier, v.text)
		}
	case "publisher":
		r.publisher(v.lang, v.text)
	case "date":
		r.dcDate(v)
	case "type":
		r.typ(v.text)
	case "format":
		r.format(v.text)
	case "identifier":
		kind := v.qualifier
		if kind == "" && v.scheme != "" {
			kind = v.scheme
		}
		r.identifier(kind, v.text)
	case "language":
		r.language(v.text)
	case "coverage":
		r.meta(strings.TrimSpace("coverage "+v.qualifier), v.text)
	case "rights":
		if v.qualifier == "holder" {
			a.Permissions.Holders = append(a.Permissions.Holders, jats.Text{Lang: v.lang, Text: r.rich(v.text, jats.InlineMarkup)})
			return
		}
		r.rights(v.lang, v.text, attr(v.el, "resource"))
	default:
		name := v.name
		if v.qualifier != "" {
			name += " " + v.qualifier
		}
		r.meta(name, v.text)
	}
}

// withIDs adds to one contributor the ORCID that an attribute of its element gives.
func withIDs(people []jats.Contrib, e *etree.Element) []jats.Contrib {
	if len(people) != 1 || len(people[0].IDs) > 0 {
		return people
	}
	for _, a := range e.Attr {
		if m := orcidIn.FindStringSubmatch(a.Value); m != nil && (strings.Contains(strings.ToLower(a.Value+a.Key), "orcid") || a.Key == "authority") {
			people[0].IDs = append(people[0].IDs, jats.ContribID{Type: "orcid", Value: m[1]})
			break
		}
	}
	return people
}

func (r *reader) abstract(lang, kind, s string) {
	ab := jats.Abstract{Lang: lang, Type: kind, P: r.paragraphs(s)}
	if len(ab.P) == 0 {
		return
	}
	if !r.once("abstract", lang, blanks(s)) {
		return
	}
	r.a.Abstracts = append(r.a.Abstracts, ab)
}

func (r *reader) publisher(lang, s string) {
	t := jats.Text{Lang: lang, Text: r.rich(s, jats.InlineMarkup)}
	if r.once("publisher", string(t.Text)) {
		r.a.Journal.Publishers = append(r.a.Journal.Publishers, t)
	}
}

// dateKinds are the events that a qualified date tells, as types of a date in JATS.
var dateKinds = map[string]string{"issued": "pub", "published": "pub", "accepted": "accepted", "submitted": "received", "updated": "modified", "modified": "modified"}

func (r *reader) dcDate(v dcValue) {
	if rest, ok := strings.CutPrefix(v.text, "info:eu-repo/date/"); ok {
		event, day, _ := strings.Cut(rest, "/")
		switch {
		case strings.EqualFold(event, "embargoEnd"):
			set(&r.a.Permissions.EmbargoEnd, day)
		default:
			r.date(event, day)
		}
		return
	}
	switch {
	case v.qualifier == "copyright" && r.a.Permissions.Year == "":
		r.a.Permissions.Year = v.text
	case v.qualifier == "" || v.qualifier == "none":
		if r.once("undated", v.text) {
			r.dates = append(r.dates, v.text)
		}
	case v.qualifier == "embargoend" || v.qualifier == "embargo":
		set(&r.a.Permissions.EmbargoEnd, v.text)
	case dateKinds[v.qualifier] != "":
		r.date(dateKinds[v.qualifier], v.text)
	default:
		r.date(v.qualifier, v.text)
	}
}

// format takes in a media type, or how large a thing is.
func (r *reader) format(s string) {
	if kind, sub, ok := strings.Cut(s, "/"); ok && sub != "" && !strings.ContainsAny(s, " ;,") && len(kind) < 12 {
		r.formats = append(r.formats, s)
		return
	}
	r.meta("format", s)
}

func (r *reader) dcSource(v dcValue) {
	a := r.a
	switch v.qualifier {
	case "volume":
		set(&a.Volume, v.text)
		return
	case "issue":
		set(&a.Issue, v.text)
		return
	case "startpage":
		r.pages(v.text, "")
		return
	case "endpage":
		set(&a.LPage, v.text)
		return
	case "journal":
		r.journal(v.lang, v.text)
		return
	}
	rest, ok := strings.CutSuffix(v.text, ".")
	if !ok {
		rest = v.text
	}
	switch {
	case r.issn("", v.text), r.source(v.lang, v.text), r.source(v.lang, rest):
	case isISBN(v.text):
		r.isbn(v.text)
	case doiOf(v.text) != "" || isURL(v.text):
		r.relation("source", v.text)
	case !strings.ContainsAny(v.text, "0123456789") && len(strings.Fields(v.text)) <= 16:
		r.journal(v.lang, v.text)
	default:
		r.meta("source", v.text)
	}
}

// partOf are the relations to what holds the article.
var partOf = map[string]bool{"ispartof": true, "ispartofseries": true, "ispartofjournal": true}

// relation takes in a relation to something else, or another identifier or a file of the article itself; kind is its name in lower case, "" when it has none.
func (r *reader) relation(kind, s string) {
	s = blanks(s)
	a := r.a
	if rest, ok := strings.CutPrefix(s, "info:eu-repo/"); ok {
		r.euRepo(rest, s)
		return
	}
	switch {
	case partOf[kind]:
		if isURL(s) || doiOf(s) != "" {
			break
		}
		if !r.issn("", s) && !r.source("", s) {
			if a.Journal.Title.Text == "" && kind != "ispartofseries" {
				r.journal("", s)
			} else {
				r.meta("series", s)
			}
		}
		return
	case kind == "fulltext" || kind == "" && isURL(s) && r.isOwnFile(s):
		r.full = append(r.full, jats.Link{URL: s})
		return
	case kind == "references":
		a.Refs = append(a.Refs, reference("other", s))
		return
	case kind == "uri" || kind == "none":
		kind = ""
	}
	r.related(kind, s)
}

// isOwnFile tells whether an address is one of a file of the article: it goes on where the address of the article's page ends, as those of OJS do, or ends as a
// file's name does.
func (r *reader) isOwnFile(url string) bool {
	low := strings.ToLower(url)
	if strings.HasSuffix(low, ".pdf") || strings.HasSuffix(low, ".epub") {
		return true
	}
	for _, l := range r.a.Links[:min(len(r.a.Links), 8)] {
		if rest, ok := strings.CutPrefix(url, strings.TrimSuffix(l.URL, "/")); ok && strings.HasPrefix(rest, "/") {
			return true
		}
	}
	return false
}

// reference is a reference to a work by its identifier, of which kind is the type where it does not say so itself, or in words.
func reference(kind, s string) jats.Ref {
	c := jats.Citation{}
	switch d := doiOf(s); {
	case d != "":
		c.IDs = []jats.ID{{Type: "doi", Value: d}}
	case isURL(s):
		c.URLs = []string{s}
	case strings.Contains(s, " "):
		c.Text = jats.Escape(s)
	default:
		c.IDs = []jats.ID{{Type: kind, Value: s}}
	}
	return jats.Ref{Citations: []jats.Citation{c}}
}

// related adds a related work, by its identifier or in words.
func (r *reader) related(kind, s string) {
	x := jats.Related{Type: kind}
	switch d := doiOf(s); {
	case d != "":
		if r.told[[4]string{"id", "doi", strings.ToLower(d)}] {
			return
		}
		x.IDType, x.ID = "doi", d
	case isURL(s):
		x.IDType, x.ID = "uri", s
	default:
		x.Object, x.Text = true, jats.Escape(s)
	}
	if r.once("related", kind, s) {
		r.a.Related = append(r.a.Related, x)
	}
}

// euRepo takes in a relation of the info:eu-repo vocabulary; rest is what follows its name.
//
// Source: OpenAIRE guidelines 3.0, relation; info:eu-repo/grantAgreement/Funder/Programme/ProjectID/Jurisdiction/Name/Acronym.
func (r *reader) euRepo(rest, s string) {
	kind, value, _ := strings.Cut(strings.TrimPrefix(rest, "semantics/"), "/")
	switch kind {
	case "grantAgreement":
		parts := strings.Split(value, "/")
		for i, p := range parts {
			parts[i] = blanks(strings.NewReplacer("%2F", "/", "%2f", "/", "%20", " ", "%25", "%").Replace(p))
		}
		for len(parts) < 3 {
			parts = append(parts, "")
		}
		award := jats.Award{}
		if name := blanks(parts[0] + " " + parts[1]); name != "" {
			award.Funders = []jats.Funder{{Name: name}}
		}
		if parts[2] != "" {
			award.IDs = []string{parts[2]}
		}
		if len(award.Funders)+len(award.IDs) > 0 {
			r.a.Funding.Awards = append(r.a.Funding.Awards, award)
		}
		if len(parts) > 3 {
			r.meta("award", strings.Join(parts[3:], " "))
		}
	case "altIdentifier":
		r.identifier("", s)
	case "reference":
		scheme, id, _ := strings.Cut(value, "/")
		if id == "" {
			id = value
		}
		if id != "" {
			r.a.Refs = append(r.a.Refs, reference(scheme, id))
		}
	case "dataset":
		scheme, id, _ := strings.Cut(value, "/")
		if scheme == "url" || scheme == "purl" {
			scheme = "uri"
		}
		r.a.Related = append(r.a.Related, jats.Related{Object: true, Type: "dataset", IDType: scheme, ID: id})
	default:
		r.related("", s)
	}
}
