// Package datacite writes an article in the DataCite Metadata Schema 4.6, kernel-4: the formats oai_datacite and datacite.
//
// datacite is the resource itself. oai_datacite is the same resource inside the envelope that DataCite's own OAI-PMH service and InvenioRDM give under that
// prefix: schemaVersion, datacentreSymbol and payload in http://schema.datacite.org/oai/oai-1.1/. The symbol is that of the account by which a DOI was
// registered at DataCite. An article does not say it, and most DOIs of articles are not DataCite's: the element is mandatory and is left empty, which
// its schema allows.
//
// Record to element:
//
//	DOI                          identifier, of type DOI; the schema takes others, DataCite does not
//	Authors                      creators: creatorName as "Family, Given", Personal or Organizational, givenName, familyName, ORCID as nameIdentifier, each
//	                               affiliation as printed, with ROR (else ISNI) as affiliationIdentifier
//	Others                       contributors: Editor, Translator, ..., else Other, as the members of a group of authors are
//	Titles                       titles: the first as printed, its subtitles as Subtitle, the others as TranslatedTitle with theirs behind a colon
//	AltTitles                    AlternativeTitle
//	Journal.Publishers           publisher: the first
//	Published                    publicationYear, dates: Issued
//	Type, TypeLabel              resourceType, resourceTypeGeneral
//	Keywords                     subjects: a code as classificationCode where the schema takes it, in any case as text when there is no other
//	Received, Accepted, Revised  dates: Submitted, Accepted, Updated
//	EmbargoEnd                   dates: Available, while the embargo lasts
//	Lang                         language
//	IDs, Landing                 alternateIdentifiers: publisher-id, pmid, pmcid, ...; the landing page as URL
//	ISSNs, ISBNs                 relatedIdentifiers: IsPublishedIn
//	Related                      relatedIdentifiers, as far as there is a term
//	Refs with a DOI              relatedIdentifiers: References
//	Extra                        relatedIdentifiers: IsSupplementedBy
//	Counts.Pages, Files          sizes, formats
//	Version                      version: as printed, else the term of JAV
//	Access, Licenses, Copyright  rightsList: info:eu-repo access right first, then each licence with its SPDX identifier, then statements of copyright
//	Abstracts                    descriptions: Abstract; other kinds are Other, a list of key points likewise
//	Grants                       fundingReferences: with the Open Funder Registry's identifier, else ROR, ISNI, GRID. A grant without a funder's name is left out
//	Journal, Volume, ...         relatedItems: the journal, book or proceedings that it is in, IsPublishedIn
//
// Left out: notes, counts but pages, conferences, and what has no type in the vocabularies.
//
// Refused, because mandatory properties cannot be filled from the article, and DataCite's codes for unknown values (":unav") are no facts:
//
//	no-doi        no DOI
//	no-author     no author: creators is mandatory
//	no-title      no title
//	no-publisher  no publisher
//	no-date       no year of publication
//
// Source: DataCite Metadata Schema 4.6 (2024-12-05), properties 1-20 and Appendix 1; metadata.xsd of kernel-4.6; DataCite OAI schema 1.1 (2017-12-29);
// OpenAIRE guidelines for data archives (access rights).
package datacite

import (
	"strconv"
	"strings"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
)

// The formats, as ListMetadataFormats names them.
const (
	Prefix    = "oai_datacite"
	Namespace = "http://schema.datacite.org/oai/oai-1.1/"
	Schema    = "http://schema.datacite.org/oai/oai-1.1/oai.xsd"

	ResourcePrefix    = "datacite"
	ResourceNamespace = "http://datacite.org/schema/kernel-4"
	ResourceSchema    = "http://schema.datacite.org/meta/kernel-4.6/metadata.xsd"
)

const (
	xsi      = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="`
	envelope = `<oai_datacite xmlns="` + Namespace + `"` + xsi + Namespace + " " + Schema + `"><schemaVersion>4.6</schemaVersion><datacentreSymbol/><payload>`
	resource = `<resource xmlns="` + ResourceNamespace + `"` + xsi + ResourceNamespace + " " + ResourceSchema + `">`
)

// Append appends the record of r in the format oai_datacite. The error is a *flat.Cannot, and then nothing is appended.
func Append(dst []byte, r *flat.Record) ([]byte, error) {
	dst, err := AppendResource(append(dst, envelope...), r)
	if err != nil {
		return nil, err
	}
	return append(dst, "</payload></oai_datacite>"...), nil
}

// AppendResource appends the record of r in the format datacite. The error is as that of [Append].
func AppendResource(dst []byte, r *flat.Record) ([]byte, error) {
	publisher := r.Journal.Publisher()
	switch {
	case r.DOI == "":
		return nil, flat.Cannotf("no-doi", "no DOI: the identifier of DataCite is a DOI")
	case len(r.Authors) == 0:
		return nil, flat.Cannotf("no-author", "no author: DataCite wants a creator")
	case len(r.Titles) == 0:
		return nil, flat.Cannotf("no-title", "no title")
	case publisher == "":
		return nil, flat.Cannotf("no-publisher", "no publisher: DataCite wants one")
	case r.Year() == "":
		return nil, flat.Cannotf("no-date", "no year of publication: DataCite wants one")
	}
	w := writer{r: r, Writer: element.Writer{B: append(dst, resource...)}}
	w.Text("identifier", r.DOI, "identifierType", "DOI")
	w.Open("creators")
	for i := range r.Authors {
		w.person("creator", &r.Authors[i])
	}
	w.Close()
	w.titles()
	w.Text("publisher", publisher, "xml:lang", tag(r.Journal.Publishers[0].Lang))
	w.Text("publicationYear", r.Year())
	if label := strings.TrimSpace(r.TypeLabel); label != "" {
		w.Text("resourceType", label, "resourceTypeGeneral", r.Type.DataCite)
	} else {
		w.Empty("resourceType", "resourceTypeGeneral", r.Type.DataCite)
	}
	w.subjects()
	w.Open("contributors")
	for i := range r.Others {
		w.person("contributor", &r.Others[i])
	}
	w.Close()
	w.dates()
	w.Text("language", tag(r.Lang))
	w.alternates()
	w.related()
	w.sizes()
	w.Text("version", w.version())
	w.rights()
	w.descriptions()
	w.funding()
	w.host()
	return append(w.B, "</resource>"...), nil
}

type writer struct {
	element.Writer
	r *flat.Record
}

// tag is a language tag as it may stand in xml:lang; else "".
func tag(lang string) string {
	if !flat.IsLang(lang) {
		return ""
	}
	return lang
}

// person writes a creator or contributor.
func (w *writer) person(name string, p *flat.Person) {
	if name == "creator" {
		w.Open(name)
	} else {
		kind := contributorTypes[p.Role]
		if kind == "" {
			kind = "Other"
		}
		w.Open(name, "contributorType", kind)
	}
	kind := "Personal"
	if p.Group != "" {
		kind = "Organizational"
	}
	if name == "creator" {
		w.Text("creatorName", p.Inverted(), "nameType", kind)
	} else {
		w.Text("contributorName", p.Inverted(), "nameType", kind)
	}
	if p.Group == "" {
		w.Text("givenName", p.Given)
		w.Text("familyName", p.Family)
	}
	w.Text("nameIdentifier", p.ORCID, "nameIdentifierScheme", "ORCID", "schemeURI", "https://orcid.org")
	for i := range p.Affs {
		a := &p.Affs[i]
		switch {
		case a.ROR != "":
			id := a.ROR
			if !strings.Contains(id, "/") { // its last part only
				id = "https://ror.org/" + id
			}
			w.Text("affiliation", a.Name, "affiliationIdentifier", id, "affiliationIdentifierScheme", "ROR", "schemeURI", "https://ror.org")
		case a.ISNI != "":
			w.Text("affiliation", a.Name, "affiliationIdentifier", a.ISNI, "affiliationIdentifierScheme", "ISNI", "schemeURI", "https://isni.org")
		default:
			w.Text("affiliation", a.Name)
		}
	}
	w.Close()
}

func (w *writer) titles() {
	w.Open("titles")
	from := len(w.B)
	for i := range w.r.Titles {
		t := &w.r.Titles[i]
		start := len(w.B)
		if i > 0 {
			w.Text("title", t.Full(), "xml:lang", tag(t.Lang), "titleType", "TranslatedTitle")
			w.Once(from, start)
			continue
		}
		subs := t.Subs
		if text := t.Text; text != "" {
			w.Text("title", text, "xml:lang", tag(t.Lang))
		} else {
			w.Text("title", subs[0], "xml:lang", tag(t.Lang))
			subs = subs[1:]
		}
		for _, s := range subs {
			w.Text("title", s, "xml:lang", tag(t.Lang), "titleType", "Subtitle")
		}
	}
	for i := range w.r.Article.AltTitles {
		t := &w.r.Article.AltTitles[i]
		start := len(w.B)
		w.Text("title", t.Text.Plain(), "xml:lang", tag(t.Lang), "titleType", "AlternativeTitle")
		w.Once(from, start)
	}
	w.Close()
}

func (w *writer) subjects() {
	w.Open("subjects")
	from := len(w.B)
	for i := range w.r.Keywords {
		k := &w.r.Keywords[i]
		start := len(w.B)
		scheme := k.Scheme
		if name := schemeNames[scheme]; name != "" {
			scheme = name
		}
		text, code, value := k.Text, k.Code, k.URI
		if text == "" {
			text = code
		}
		if text == "" {
			text = value
		}
		if !isURI(code) {
			if code != "" && code != text {
				text = code + " " + text
			}
			code = ""
		}
		if !isURI(value) {
			value = ""
		}
		w.Text("subject", text, "xml:lang", tag(k.Lang), "subjectScheme", scheme, "valueURI", value, "classificationCode", code)
		w.Once(from, start)
	}
	w.Close()
}

// isURI tells whether the schema takes s as an anyURI: as an address it must be a whole one, and as a code nothing that an address cannot hold.
//
// Source: XML Schema 1.0 part 2 §3.2.17, anyURI; RFC 3986 §2, §3.
func isURI(s string) bool {
	if s == "" || strings.ContainsAny(s, "\"<>\\^`{|}[] \t\n\r") || strings.Count(s, "#") > 1 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && !flat.IsEscape(s[i:]) {
			return false
		}
	}
	scheme, rest, ok := strings.Cut(s, ":")
	switch {
	case !ok:
		return true
	case !flat.IsHTTP(s): // a scheme begins with a letter
		return scheme != "" && (scheme[0]|0x20) >= 'a' && (scheme[0]|0x20) <= 'z' && !strings.HasPrefix(rest, "//")
	}
	return flat.HasHost(rest[2:])
}

func (w *writer) dates() {
	r := w.r
	w.Open("dates")
	w.Text("date", r.Published, "dateType", "Issued")
	w.Text("date", r.Received, "dateType", "Submitted")
	w.Text("date", r.Accepted, "dateType", "Accepted")
	w.Text("date", r.Revised, "dateType", "Updated")
	w.Text("date", r.EmbargoEnd, "dateType", "Available")
	w.Close()
}

func (w *writer) alternates() {
	w.Open("alternateIdentifiers")
	from := len(w.B)
	for _, id := range w.r.Article.IDs {
		if kind := strings.TrimSpace(id.Type); kind != "" && !strings.EqualFold(kind, "doi") {
			start := len(w.B)
			w.Text("alternateIdentifier", id.Value, "alternateIdentifierType", kind)
			w.Once(from, start)
		}
	}
	w.Text("alternateIdentifier", w.r.Landing, "alternateIdentifierType", "URL")
	w.Close()
}

// related writes the related identifiers, each once.
func (w *writer) related() {
	r := w.r
	w.Open("relatedIdentifiers")
	from := len(w.B)
	add := func(id, kind, relation, general string) {
		start := len(w.B)
		w.Text("relatedIdentifier", id, "resourceTypeGeneral", general, "relatedIdentifierType", kind, "relationType", relation)
		w.Once(from, start)
	}
	seen := map[string]bool{strings.ToLower(r.DOI): true} // what is referenced
	kind := w.hostType()
	for _, issn := range r.Journal.ISSNs {
		add(issn, "ISSN", "IsPublishedIn", "Journal")
	}
	for _, isbn := range r.Article.ISBNs {
		if kind == "Book" || kind == "ConferenceProceeding" {
			add(isbn, "ISBN", "IsPublishedIn", kind)
		}
	}
	for i := range r.Related {
		x := &r.Related[i]
		relation, scheme := relationTypes[x.Kind], identifierTypes[x.Scheme]
		if relation == "" || scheme == "" || scheme == "DOI" && strings.EqualFold(x.ID, r.DOI) {
			continue
		}
		general := ""
		switch x.Kind {
		case "dataset", "data":
			general = "Dataset"
		case "software", "code":
			general = "Software"
		case "preprint", "has-preprint":
			general = "Preprint"
		}
		add(x.ID, scheme, relation, general)
		if scheme == "DOI" && relation == "References" {
			seen[strings.ToLower(x.ID)] = true
		}
	}
	for i := range r.Extra {
		add(r.Extra[i].URL, "URL", "IsSupplementedBy", "")
	}
	for i := range r.Refs {
		if doi := r.Refs[i].DOI; doi != "" && !seen[strings.ToLower(doi)] {
			seen[strings.ToLower(doi)] = true
			w.Text("relatedIdentifier", doi, "relatedIdentifierType", "DOI", "relationType", "References")
		}
	}
	w.Close()
}

func (w *writer) sizes() {
	if n := w.r.Article.Counts.Pages; n != nil && *n > 0 {
		unit := " pages"
		if *n == 1 {
			unit = " page"
		}
		w.Raw("<sizes>")
		w.Text("size", strconv.Itoa(*n)+unit)
		w.Raw("</sizes>")
	}
	w.Open("formats")
	from := len(w.B)
	for i := range w.r.Files {
		start := len(w.B)
		w.Text("format", w.r.Files[i].MIME)
		w.Once(from, start)
	}
	w.Close()
}

// version is the version as printed, else the term for its stage.
func (w *writer) version() string {
	if v := w.r.Article.Version; v != nil {
		if s := strings.TrimSpace(v.Text); s != "" {
			return s
		}
	}
	return w.r.Version.JAV
}

func (w *writer) rights() {
	r := w.r
	w.Open("rightsList")
	if r.Access != (flat.Access{}) {
		w.Text("rights", r.Access.Label, "rightsURI", "info:eu-repo/semantics/"+r.Access.EURepo)
	}
	for i := range r.Licenses {
		l := &r.Licenses[i]
		switch {
		case !flat.IsHTTP(l.URI):
			w.Text("rights", l.Text, "xml:lang", tag(l.Lang))
			continue
		case !isURI(l.URI):
			w.Text("rights", l.URI)
			continue
		}
		if id, name := spdx(l.URI); id != "" {
			w.Text("rights", name, "rightsURI", l.URI, "rightsIdentifier", id, "rightsIdentifierScheme", "SPDX", "schemeURI", "https://spdx.org/licenses/", "xml:lang", "en")
		} else if strings.TrimSpace(l.Text) != "" {
			w.Text("rights", l.Text, "rightsURI", l.URI, "xml:lang", tag(l.Lang))
		} else {
			w.Empty("rights", "rightsURI", l.URI)
		}
	}
	for i := range r.Copyright {
		w.Text("rights", r.Copyright[i].Text, "xml:lang", tag(r.Copyright[i].Lang))
	}
	w.Close()
}

func (w *writer) descriptions() {
	w.Open("descriptions")
	for i := range w.r.Abstracts {
		a := &w.r.Abstracts[i]
		kind := "Abstract"
		switch strings.ToLower(a.Kind) {
		case "", "abstract", "short", "executive-summary", "summary":
		default:
			kind = "Other"
		}
		w.Text("description", a.Text, "descriptionType", kind, "xml:lang", tag(a.Lang))
	}
	w.Close()
}

func (w *writer) funding() {
	w.Open("fundingReferences")
	for i := range w.r.Grants {
		g := &w.r.Grants[i]
		if g.Funder == "" {
			continue
		}
		w.Open("fundingReference")
		w.Text("funderName", g.Funder)
		switch {
		case g.FundRef != "":
			w.Text("funderIdentifier", "https://doi.org/"+g.FundRef, "funderIdentifierType", "Crossref Funder ID", "schemeURI", "https://doi.org")
		case g.ROR != "":
			w.Text("funderIdentifier", g.ROR, "funderIdentifierType", "ROR", "schemeURI", "https://ror.org")
		case g.ISNI != "":
			w.Text("funderIdentifier", g.ISNI, "funderIdentifierType", "ISNI", "schemeURI", "https://isni.org")
		case g.GRID != "":
			w.Text("funderIdentifier", g.GRID, "funderIdentifierType", "GRID", "schemeURI", "https://www.grid.ac")
		}
		w.Text("awardNumber", g.Award)
		w.Close()
	}
	w.Close()
}

// hostType is the kind of thing that the article is published in.
func (w *writer) hostType() string {
	switch w.r.Type.DataCite {
	case "BookChapter":
		return "Book"
	case "ConferencePaper":
		if len(w.r.Journal.ISSNs) == 0 {
			return "ConferenceProceeding"
		}
	case "Book", "Dissertation", "Report", "Preprint", "Dataset", "Software", "Standard":
		if len(w.r.Journal.ISSNs) == 0 { // stands alone
			return ""
		}
	}
	return "Journal"
}

// host writes the journal, book or proceedings as a related item.
func (w *writer) host() {
	r, kind := w.r, w.hostType()
	if kind == "" || r.Journal.Title == "" {
		return
	}
	w.Open("relatedItems")
	w.Open("relatedItem", "relatedItemType", kind, "relationType", "IsPublishedIn")
	switch {
	case kind == "Journal" && r.Journal.Electronic != "":
		w.Text("relatedItemIdentifier", r.Journal.Electronic, "relatedItemIdentifierType", "ISSN")
	case kind == "Journal" && len(r.Journal.ISSNs) > 0:
		w.Text("relatedItemIdentifier", r.Journal.ISSNs[0], "relatedItemIdentifierType", "ISSN")
	case kind != "Journal" && len(r.Article.ISBNs) > 0:
		w.Text("relatedItemIdentifier", r.Article.ISBNs[0], "relatedItemIdentifierType", "ISBN")
	}
	w.Open("titles")
	if len(r.Journal.Titles) == 0 {
		w.Text("title", r.Journal.Title)
	}
	for i := range r.Journal.Titles {
		t := &r.Journal.Titles[i]
		translated := ""
		if i > 0 {
			translated = "TranslatedTitle"
		}
		w.Text("title", t.Full(), "xml:lang", tag(t.Lang), "titleType", translated)
	}
	w.Close()
	w.Text("publicationYear", r.IssueYear())
	w.Text("volume", r.Volume)
	w.Text("issue", r.Issue)
	w.Text("number", r.Elocation, "numberType", "Article")
	w.Text("firstPage", r.FPage)
	w.Text("lastPage", r.LPage)
	w.Text("publisher", r.Journal.Publisher())
	w.Close()
	w.Close()
}
