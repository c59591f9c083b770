package oaipmh

import (
	"slices"
	"strings"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// resource reads a resource of the OpenAIRE guidelines for literature repositories 4, whose elements are those of DataCite, Dublin Core and its own, or of DataCite alone.
func (r *reader) resource(e *etree.Element) {
	a := r.a
	if l := child(e, "language"); l != nil {
		r.language(textIn(l))
	}
	for _, k := range children(e, "rights") { // before the dates, one of which may end an embargo
		if access := accessOf(attr(k, "rightsURI")); access != "" {
			a.Permissions.Access = access
		}
	}
	year := ""
	for _, k := range e.ChildElements() {
		text := textIn(k)
		switch k.Tag {
		case "identifier":
			if kind := strings.ToLower(attr(k, "identifierType")); kind == "doi" || kind == "url" || kind == "urn" {
				r.identifier("", text)
			} else {
				r.identifier(kind, text)
			}
		case "alternateIdentifiers", "alternativeIdentifiers":
			for _, x := range k.ChildElements() {
				r.identifier(attr(x, "alternateIdentifierType")+attr(x, "alternativeIdentifierType"), textIn(x))
			}
		case "creators", "authors":
			for _, x := range k.ChildElements() {
				a.Contribs = append(a.Contribs, r.agent("author", x))
			}
		case "contributors":
			for _, x := range k.ChildElements() {
				r.contributor(x)
			}
		case "titles":
			for _, x := range k.ChildElements() {
				r.dataciteTitle(x)
			}
		case "title":
			r.dataciteTitle(k)
		case "publisher":
			r.publisher(langOf(k), text)
		case "publicationYear":
			year = text
		case "dates":
			for _, x := range k.ChildElements() {
				r.dataciteDate(x)
			}
		case "date":
			r.dataciteDate(k)
		case "subjects":
			for _, x := range k.ChildElements() {
				r.dataciteSubject(x)
			}
		case "subject":
			r.dataciteSubject(k)
		case "resourceType":
			if uri := attr(k, "uri"); uri != "" {
				r.typ(uri)
			}
			r.typ(text)
			if a.ArticleType == "" {
				r.typ(attr(k, "resourceTypeGeneral"))
			}
		case "rightsList":
			for _, x := range k.ChildElements() {
				r.rights(langOf(x), textIn(x), attr(x, "rightsURI"))
			}
		case "rights":
			r.rights(langOf(k), text, attr(k, "rightsURI")+attr(k, "uri"))
		case "licenseCondition":
			n := len(a.Permissions.Licenses)
			r.rights(langOf(k), text, attr(k, "uri"))
			if start := attr(k, "startDate"); start != "" && len(a.Permissions.Licenses) > n {
				a.Permissions.Licenses[n].Start = start
			}
		case "descriptions":
			for _, x := range k.ChildElements() {
				r.description(x)
			}
		case "description":
			r.description(k)
		case "fundingReferences":
			for _, x := range k.ChildElements() {
				r.award(x)
			}
		case "relatedIdentifiers":
			for _, x := range k.ChildElements() {
				r.relatedIdentifier(x)
			}
		case "relatedItems":
			for _, x := range k.ChildElements() {
				r.relatedItem(x)
			}
		case "file":
			r.link(jats.Link{URL: text, MIME: attr(k, "mimeType"), Title: attr(k, "objectType")})
			if access := accessOf(attr(k, "accessRightsURI")); access != "" && a.Permissions.Access == "" {
				a.Permissions.Access = access
			}
		case "citationTitle":
			r.journal(langOf(k), text)
		case "citationVolume":
			set(&a.Volume, text)
		case "citationIssue":
			set(&a.Issue, text)
		case "citationStartPage":
			set(&a.FPage, text)
		case "citationEndPage":
			set(&a.LPage, text)
		case "citationConferencePlace":
			r.conference().Loc = jats.Escape(text)
		case "citationConferenceDate":
			r.conference().Date = text
		case "citationEdition":
			r.meta("edition", text)
		case "version":
			if v := versionTerms[strings.ToLower(lastPart(attr(k, "uri")))]; v != "" {
				a.Version = &jats.Version{Type: v, Text: text}
			} else if v := versionTerms[strings.ToLower(text)]; v != "" {
				a.Version = &jats.Version{Type: v, Text: text}
			} else if text != "" {
				a.Version = &jats.Version{Text: text}
			}
		case "language", "schemaVersion", "datacentreSymbol":
		case "formats":
			for _, x := range k.ChildElements() {
				r.format(textIn(x))
			}
		case "format":
			r.format(text)
		case "sizes":
			for _, x := range k.ChildElements() {
				r.meta("size", textIn(x))
			}
		case "geoLocations":
			for _, x := range k.ChildElements() {
				r.meta("coverage", textIn(x))
			}
		default:
			r.meta(k.Tag, text)
		}
	}
	i := slices.IndexFunc(a.PubDates, func(d jats.Date) bool { return d.Type == "pub" })
	switch {
	case i < 0 && len(r.dates) == 0:
		r.date("pub", year)
	case i < 0 || !strings.HasPrefix(a.PubDates[i].Date, year):
		r.date("collection", year)
	}
}

func lastPart(s string) string {
	s = strings.TrimRight(s, "/")
	return s[strings.LastIndexByte(s, '/')+1:]
}

// conference is the one conference of the article.
func (r *reader) conference() *jats.Conference {
	if len(r.a.Conferences) == 0 {
		r.a.Conferences = []jats.Conference{{}}
	}
	return &r.a.Conferences[0]
}

func (r *reader) dataciteTitle(e *etree.Element) {
	t := jats.Title{Lang: langOf(e), Text: r.rich(textIn(e), jats.InlineMarkup)}
	switch kind := attr(e, "titleType"); {
	case kind == "Subtitle" && r.a.Title.Text != "":
		r.a.Title.Subtitles = append(r.a.Title.Subtitles, t.Text)
	case kind == "TranslatedTitle" && r.a.Title.Text != "":
		r.a.TransTitles = append(r.a.TransTitles, t)
	case kind == "AlternativeTitle" && r.a.Title.Text != "":
		r.a.AltTitles = append(r.a.AltTitles, jats.AltTitle{Type: "alternative", Lang: t.Lang, Text: t.Text})
	default:
		r.title(t)
	}
}

// agent makes a contributor of a creator or contributor of DataCite: its name, of which the parts may be given too, identifiers and affiliations.
func (r *reader) agent(kind string, e *etree.Element) jats.Contrib {
	c := jats.Contrib{Type: kind}
	var full *etree.Element
	given, family := textOf(e, "givenName"), textOf(e, "familyName")
	lang := ""
	for _, k := range e.ChildElements() {
		text := textIn(k)
		switch k.Tag {
		case "creatorName", "contributorName":
			if full == nil {
				full, lang = k, langOf(k)
			} else if text != "" {
				c.Names = append(c.Names, jats.ParseName(text))
			}
		case "nameIdentifier":
			scheme := strings.ToLower(attr(k, "nameIdentifierScheme"))
			if strings.Contains(text, "orcid.org/") {
				scheme = "orcid"
			}
			if text != "" {
				c.IDs = append(c.IDs, jats.ContribID{Type: scheme, Value: text})
			}
		case "affiliation":
			if text == "" {
				break
			}
			var ids []jats.ID
			if id := attr(k, "affiliationIdentifier"); id != "" {
				ids = append(ids, jats.ID{Type: attr(k, "affiliationIdentifierScheme"), Value: id})
			}
			c.Affs = append(c.Affs, r.aff(langOf(k), text, ids...))
		}
	}
	text := ""
	if full != nil {
		text = textIn(full)
	}
	switch {
	case full != nil && strings.EqualFold(attr(full, "nameType"), "Organizational"):
		if text != "" {
			c.Collab = append(c.Collab, jats.Text{Lang: lang, Text: jats.Escape(text)})
		}
	case family != "":
		c.Names = append([]jats.Name{{Lang: lang, Surname: family, GivenNames: given}}, c.Names...)
	case text != "":
		p := person(kind, text)
		c.Names, c.IDs, c.Comments = append(p.Names, c.Names...), append(p.IDs, c.IDs...), p.Comments
		c.Names[0].Lang = lang
	case given != "":
		c.Names = append(c.Names, jats.Name{Lang: lang, GivenNames: given})
	}
	return c
}

// contributor takes in a contributor of DataCite; those that are institutions by their kind tell other things of the article.
func (r *reader) contributor(e *etree.Element) {
	kind := attr(e, "contributorType")
	switch kind {
	case "Funder":
		if name := textOf(e, "contributorName"); name != "" {
			r.a.Funding.Awards = append(r.a.Funding.Awards, jats.Award{Funders: []jats.Funder{{Name: name}}})
		}
		return
	case "RightsHolder":
		if name := textOf(e, "contributorName"); name != "" {
			r.a.Permissions.Holders = append(r.a.Permissions.Holders, jats.Text{Text: jats.Escape(name)})
		}
		return
	}
	as := relatorOf(kind)
	if as == "" {
		as = "contributor"
	}
	c := r.agent(as, e)
	if as == "contributor" && kind != "" && kind != "Other" {
		c.Roles = []jats.Role{{Text: jats.Escape(kind)}}
	}
	r.a.Contribs = append(r.a.Contribs, c)
}

// dataciteDates are the dateTypes of DataCite.
var dataciteDates = map[string]string{
	"Issued": "pub", "Accepted": "accepted", "Submitted": "received", "Updated": "modified", "Created": "created", "Withdrawn": "withdrawn", "Collected": "collected",
}

func (r *reader) dataciteDate(e *etree.Element) {
	text, kind := textIn(e), attr(e, "dateType")
	switch {
	case text == "":
	case kind == "":
		r.dates = append(r.dates, text)
	case kind == "Available" && r.a.Permissions.Access == "embargoed" && len(jats.ParseDate(text).Date) == len("2006-01-02"):
		set(&r.a.Permissions.EmbargoEnd, text)
	case kind == "Copyrighted":
		set(&r.a.Permissions.Year, text)
	case dataciteDates[kind] != "":
		r.date(dataciteDates[kind], text)
	default:
		r.date(strings.ToLower(kind), text)
	}
}

func (r *reader) dataciteSubject(e *etree.Element) {
	for _, s := range split(textIn(e)) {
		if s = blanks(s); s != "" {
			r.subject(langOf(e), attr(e, "subjectScheme"), attr(e, "schemeURI"), s, attr(e, "valueURI"))
		}
	}
}

func (r *reader) description(e *etree.Element) {
	switch kind := attr(e, "descriptionType"); kind {
	case "", "Abstract":
		r.abstract(langOf(e), "", rawText(e))
	case "SeriesInformation":
		if text := textIn(e); !r.source(langOf(e), text) {
			r.meta("series", text)
		}
	default:
		r.meta("description "+strings.ToLower(kind), textIn(e))
	}
}

func (r *reader) award(e *etree.Element) {
	f := jats.Funder{Name: textOf(e, "funderName")}
	if id := child(e, "funderIdentifier"); id != nil {
		text, kind := textIn(id), attr(id, "funderIdentifierType")
		switch {
		case doiOf(text) != "":
			f.IDs = []jats.ID{{Type: "doi", Value: doiOf(text)}}
		case text != "":
			f.IDs = []jats.ID{{Type: kind, Value: text}}
		}
	}
	w := jats.Award{}
	if f.Name != "" || len(f.IDs) > 0 {
		w.Funders = []jats.Funder{f}
	}
	if n := textOf(e, "awardNumber"); n != "" {
		w.IDs = []string{n}
	}
	if n := child(e, "awardNumber"); n != nil && attr(n, "awardURI") != "" {
		r.meta("award", attr(n, "awardURI"))
	}
	r.a.Funding.Awards = append(r.a.Funding.Awards, w)
	r.meta("award", textOf(e, "awardTitle"))
	r.meta("funding stream", textOf(e, "fundingStream"))
}

func (r *reader) relatedIdentifier(e *etree.Element) {
	text, kind, scheme := textIn(e), attr(e, "relationType"), strings.ToLower(attr(e, "relatedIdentifierType"))
	switch {
	case text == "":
	case kind == "IsPartOf" && (scheme == "issn" || scheme == "eissn" || scheme == "lissn"):
		if !r.issn(map[string]string{"eissn": "electronic", "lissn": "linking"}[scheme], text) {
			r.meta("ISSN", text)
		}
	case kind == "IsPartOf" && scheme == "isbn":
		r.isbn(text)
	case kind == "References" || kind == "Cites":
		r.a.Refs = append(r.a.Refs, reference(scheme, text))
	case doiOf(text) != "":
		r.a.Related = append(r.a.Related, jats.Related{Type: kind, IDType: "doi", ID: doiOf(text)})
	case isURL(text):
		r.a.Related = append(r.a.Related, jats.Related{Type: kind, IDType: "uri", ID: text})
	default:
		r.a.Related = append(r.a.Related, jats.Related{Type: kind, IDType: scheme, ID: text})
	}
}

// relatedItem takes in a related item of DataCite 4.4: the journal that an article is published in, or another work in words.
func (r *reader) relatedItem(e *etree.Element) {
	a := r.a
	if attr(e, "relationType") != "IsPublishedIn" && attr(e, "relationType") != "IsPartOf" {
		r.a.Related = append(r.a.Related, jats.Related{Object: true, Type: attr(e, "relationType"), Text: jats.Escape(textIn(e))})
		return
	}
	for _, k := range e.ChildElements() {
		text := textIn(k)
		switch k.Tag {
		case "titles":
			for _, t := range k.ChildElements() {
				r.journal(langOf(t), textIn(t))
			}
		case "volume":
			set(&a.Volume, text)
		case "issue":
			set(&a.Issue, text)
		case "firstPage":
			set(&a.FPage, text)
		case "lastPage":
			set(&a.LPage, text)
		case "publisher":
			r.publisher(langOf(k), text)
		case "relatedItemIdentifier":
			if !r.issn("", text) {
				r.meta("container", text)
			}
		case "publicationYear":
			r.date("collection", text)
		default:
			r.meta("container "+k.Tag, text)
		}
	}
}
