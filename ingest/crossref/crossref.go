// Package crossref reads what Crossref keeps of a work: the JSON of its REST API, as one work, as a list or as a snapshot of many, also as content negotiation gives
// it (where title and container-title are no lists), and its XML: deposits (doi_batch, schemas 4.3 to 5.5) and what its services give back of them (unixref 1.0 and
// 1.1, UNIXSD, crossref_result, the records of its OAI-PMH endpoint). Both make the same article of the same work as far as both carry the facts.
//
//	bytes ──> JSON values or XML elements ──> maker, which knows what the words of Crossref mean ──> jats.Article
//
// Books, chapters, theses, reports, preprints, standards, datasets, peer reviews and papers of proceedings are articles here. Journals, issues, series, sets, grants and
// components (figures and files of another work) are refused with the code not-an-article. A DOI that Crossref has put on its list of deleted ones is withdrawn.
//
//	REST API                                XML                                            article
//	DOI                                     doi_data/doi                                   IDs, "doi"
//	type, subtype, review.type              journal_article, conference_paper, ...,        ArticleType, see kinds; a notice that updates another work is a
//	                                          @book_type, @component_type, @type             "correction", "retraction", ..., see updates
//	language                                @language, @xml:lang                           Lang
//	status                                  posted_content/status/@type                    Status
//	version.version                         version_info/version                           Version.Text
//	title, subtitle                         titles/title, subtitle                         Title; further titles are TransTitles
//	original-title                          titles/original_language_title                 TransTitles; Title where the article's own language says so
//	short-title                             -                                              AltTitles, "short"
//	container-title                         full_title, proceedings_title, book titles     Journal.Title; of a journal's several titles the others TransTitles
//	container-title (two), of a book one    series_metadata/titles, set_metadata/titles    VolumeSeries of a chapter, paper or report in a series; Journal.Title of a book
//	short-container-title,
//	  container-title-short                 abbrev_title                                   Journal.AbbrevTitle
//	ISSN, issn-type                         issn/@media_type                               Journal.ISSNs
//	ISBN, isbn-type                         isbn                                           ISBNs
//	publisher, publisher-location           publisher, crm-item publisher-name             Journal.Publishers, PubLoc
//	-                                       doi_data of the journal, book or series, coden Journal.IDs "doi" and "coden", Journal.Links
//	-                                       journal_issue/doi_data, titles, contributors,  IssueIDs, IssueTitles, Journal.Contribs,
//	special-numbering                         special_numbering                              Supplement
//	-                                       journal_volume/doi_data                        VolumeIDs
//	volume, issue, journal-issue.issue      volume, issue                                  Volume, Issue
//	page                                    pages                                          FPage, LPage, PageRange
//	article-number                          item_number "article-number"                   ElocationID
//	-                                       item_number "sequence-number" of few digits    Seq
//	alternative-id                          publisher_item/identifier, item_number         IDs "publisher-id", "pii", "sici", "pmid", ...
//	author, editor, translator, chair       contributors, @contributor_role, role          Contribs in the order given, Corresp
//	  given, family, suffix, prefix           given_name, surname, suffix, prefix            Names
//	  -                                       name, alt-name, @language, @name-style         Names
//	  name                                    organization, anonymous                        Collab, Anonymous
//	  ORCID, authenticated-orcid              ORCID/@authenticated                           IDs
//	  affiliation: name, id, department,      affiliation; affiliations/institution          Affs, one for each different one
//	    place, acronym
//	  role (vocabulary credit)                role (vocab credit)                            Roles
//	editor of a chapter or paper            contributors of the book or the proceedings    Contribs; from XML Journal.Contribs
//	published-print, -online, -other        publication_date/@media_type                   PubDates, "pub"
//	posted                                  posted_date                                    PubDates, "pub", electronic
//	journal-issue.published-print, -online  journal_issue/publication_date                 PubDates, "collection"
//	published, issued                       approval_date, review_date, database_date      PubDates, "pub", where there is none of the above
//	accepted, approved                      acceptance_date, approval_date                 History
//	content-created, content-updated        creation_date, update_date                     History, "created", "updated"
//	abstract, description                   abstract, description                          Abstracts
//	license                                 ai:license_ref                                 Permissions.Licenses; am, tdm and stm-asf are AppliesTo
//	free-to-read                            ai:free_to_read                                Permissions.FreeToRead, FreeFrom, FreeUntil
//	funder: name, DOI, id, award            fr:program, fundgroup or not                   Funding.Awards, one for each funder
//	resource.primary.URL                    doi_data/resource                              Links, "text/html"
//	link                                    collection "text-mining", "syndication",       Links; Title is what they are for
//	                                          "unspecified", "list-based", crawler iParadigms
//	relation                                rel:program, crm-item relation                 Related, see relations
//	update-to, updated-by                   crossmark/updates                              Related, see updates; History "corrected" and "retracted"
//	update-policy                           crossmark_policy                               CustomMeta "crossmark-policy"
//	assertion                               crossmark/custom_metadata/assertion            History, Permissions, Notes, Funding; the others CustomMeta
//	clinical-trial-number                   ct:program                                     CustomMeta "clinical-trial-number"
//	reference                               citation_list/citation                         Refs
//	reference-count                         -                                              Counts.Refs where the references themselves are not given
//	subject, group-title                    group_title, proceedings_subject               SubjGroups; "heading" for the group of a preprint
//	event                                   event_metadata                                 Conferences
//	institution, standards-body, degree,    institution, standards_body, degree,           CustomMeta of these names
//	  edition-number, part-number,            edition_number, part_number,
//	  component-number, contract-number,      component_number, contract_number,
//	  archive, review                         archive_locations, peer_review/@...
//	competing-interest-statement            competing_interest_statement                   Notes, "coi-statement"
//	-                                       component_list                                 Supplementary
//	is-referenced-by-count                  crm-item citedby-count                         Metrics, "citations"
//
// Left out, because it tells of Crossref's dealings and not of the work: indexed, deposited, created, timestamp, member, prefix, owner, source, score, content-domain,
// crossmark_domains, references-count, asserted-by, sequence, head (with the depositor's address), other crm-items, scn_policies, noisbn,
// publication_type. Left out, because no field is for it: the keys of references; links for the crawlers of search engines and for countries; addresses of issues;
// the DOIs of components; explanations and order of assertions; the dates of updates in a notice; the start of a licence that is in force from a publication without a day.
//
// Bounds: a record of 16 MiB, 262,144 commas of JSON, 524,288 tags and 256 levels of XML, 65,536 references.
//
// Source: Crossref REST API, "api_format.md" and its OpenAPI description; crossref4.3.0 to crossref5.5.0.xsd, unixref1.1.xsd, crossref_query_output3.0.xsd,
// AccessIndicators.xsd, fundref.xsd, relations.xsd, clinicaltrials.xsd.
package crossref

import (
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"sheaf/jats"
)

// kinds are the types of the REST API and what they are as an article; the names that CSL has for them, which content negotiation may give, are there too.
var kinds = map[string]string{
	"journal-article": "research-article", "article-journal": "research-article", "article-magazine": "article", "article-newspaper": "article",
	"proceedings-article": "conference-paper", "paper-conference": "conference-paper",
	"book-chapter": "book-chapter", "book-part": "book-chapter", "book-section": "book-chapter", "book-track": "book-chapter", "reference-entry": "book-chapter",
	"chapter": "book-chapter", "entry-encyclopedia": "book-chapter", "entry-dictionary": "book-chapter",
	"book": "book", "monograph": "book", "edited-book": "book", "reference-book": "book", "proceedings": "book",
	"posted-content": "preprint", "article": "preprint", "dissertation": "dissertation", "thesis": "dissertation",
	"report": "report", "report-component": "report", "standard": "standard", "dataset": "dataset", "database": "dataset",
	"peer-review": "referee-report", "review": "referee-report", "other": "other",
}

// refused are the types that are no work of their own.
var refused = map[string]string{
	"journal": "a journal", "journal-volume": "a volume of a journal", "journal-issue": "an issue of a journal", "component": "a component of another work",
	"book-series": "a series of books", "book-set": "a set of books", "proceedings-series": "a series of proceedings", "report-series": "a series of reports",
	"standard-series": "a series of standards", "grant": "a grant", "sa_component": "a component of another work",
}

// posted are the subtypes of posted content.
var posted = map[string]string{
	"preprint": "preprint", "working_paper": "working-paper", "working-paper": "working-paper", "letter": "letter", "dissertation": "dissertation", "report": "report",
	"review": "review-article", "other": "other",
}

// reviews are the types of a peer review that are no report of a referee.
var reviews = map[string]string{"author-comment": "reply", "community-comment": "article-commentary", "manuscript": "other"}

// updates are the types of Crossmark updates: what the work that is updated is to the notice, the notice to the work, and what the notice is.
var updates = map[string]struct{ to, by, notice string }{
	"addendum":              {"addended-article", "addendum", "addendum"},
	"clarification":         {"corrected-article", "correction-forward", "correction"},
	"correction":            {"corrected-article", "correction-forward", "correction"},
	"corrigendum":           {"corrected-article", "correction-forward", "correction"},
	"erratum":               {"corrected-article", "correction-forward", "correction"},
	"expression_of_concern": {"object-of-concern", "expression-of-concern", "expression-of-concern"},
	"new_edition":           {"updated-article", "new-edition", ""},
	"new_version":           {"updated-article", "new-version", ""},
	"partial_retraction":    {"retracted-article", "partial-retraction", "partial-retraction"},
	"removal":               {"retracted-article", "retraction-forward", "retraction"},
	"retraction":            {"retracted-article", "retraction-forward", "retraction"},
	"withdrawal":            {"retracted-article", "retraction-forward", "retraction"},
}

// relations are the relations that JATS has a name for; the others keep theirs ("is-part-of").
//
// Source: JATS 1.3, @related-article-type.
var relations = map[string]string{
	"has-preprint": "preprint", "is-preprint-of": "version-of-record", "is-comment-on": "commentary-article", "has-comment": "commentary",
	"is-review-of": "peer-reviewed-article", "has-review": "peer-review", "is-translation-of": "translated-article", "has-translation": "translation",
}

// objects are the relations to things that are no articles.
var objects = map[string]bool{
	"based-on-data": true, "is-based-on-data": true, "is-supplemented-by": true, "is-data-basis-for": true, "is-compiled-by": true, "compiles": true, "requires": true,
	"is-required-by": true, "finances": true, "is-financed-by": true, "is-documented-by": true, "documents": true, "is-part-of": true, "has-part": true,
}

// A maker makes an article of what either reader finds. What is empty it leaves out.
type maker struct {
	a        *jats.Article
	warnings []jats.Warning
	affs     map[string]string // what is in an affiliation to its id
	asserted []assertion       // to be placed when all else is known
	fallback []jats.Date       // of publication, where no better one is found
	cites    citeBlocks
}

func (m *maker) warn(code, path, message string) {
	m.warnings = append(m.warnings, jats.Warning{Code: code, Path: path, Message: message})
}

// rich makes rich text of markup. Crossref's own face markup has two names that neither JATS nor HTML knows.
func (m *maker) rich(path, s string, kind jats.MarkupKind) jats.Rich {
	if s == "" {
		return ""
	}
	if strings.IndexByte(s, '<') >= 0 && (strings.Contains(s, "<scp>") || strings.Contains(s, "<ovl>")) {
		s = faces.Replace(s)
	}
	r, ws, err := jats.ParseMarkup(s, kind)
	if err != nil {
		m.warn("markup-mended", path, err.Error())
		return jats.Escape(s)
	}
	for _, w := range ws {
		w.Path = path
		m.warnings = append(m.warnings, w)
	}
	return r
}

var faces = strings.NewReplacer("<scp>", "<sc>", "</scp>", "</sc>", "<ovl>", "<overline>", "</ovl>", "</overline>")

// plain is text without markup that may have entities in it: in JSON Crossref gives strings as they stood in XML, some escaped twice.
func plain(s string) string {
	if strings.IndexByte(s, '&') >= 0 {
		if s = html.UnescapeString(s); strings.Contains(s, "&amp;") {
			s = html.UnescapeString(s)
		}
	}
	return strings.TrimSpace(s)
}

// lookBack is how many of a list are looked through for what is to be added, so that a hostile record costs no more than its length.
const lookBack = 64

func recent[T any](list []T) []T { return list[max(0, len(list)-lookBack):] }

func (m *maker) meta(name, value string) {
	if value != "" {
		m.a.CustomMeta = append(m.a.CustomMeta, jats.CustomMeta{Name: jats.Rich(name), Value: jats.Escape(value)})
	}
}

// id adds an identifier that is not there yet.
func (m *maker) id(kind, value string) {
	if value == "" {
		return
	}
	for _, id := range recent(m.a.IDs) {
		if strings.EqualFold(id.Value, value) {
			return
		}
	}
	m.a.IDs = append(m.a.IDs, jats.ID{Type: kind, Value: value})
}

// kind sets the article's type; an error says that it is no article.
func (m *maker) kind(kind, sub string) error {
	if what, ok := refused[kind]; ok {
		return jats.Faultf("not-an-article", 0, "a record of %s, want one of an article, a chapter, a preprint or the like", what)
	}
	m.a.ArticleType = kinds[kind]
	switch {
	case kind == "posted-content" && posted[sub] != "":
		m.a.ArticleType = posted[sub]
	case kind == "peer-review" && reviews[sub] != "":
		m.a.ArticleType = reviews[sub]
	case m.a.ArticleType == "":
		m.a.ArticleType = kind
	}
	return nil
}

// inContainer tells whether a work of this kind is part of a book or of proceedings, which may stand in a series.
func inContainer(kind string) bool {
	switch kinds[kind] {
	case "book-chapter", "conference-paper", "report":
		return true
	}
	return false
}

// title adds a title: the first is the article's.
func (m *maker) title(lang, text string, subtitles []string) {
	t := jats.Title{Lang: lang, Text: m.rich("title", text, jats.InlineMarkup)}
	for _, s := range subtitles {
		if s != "" {
			t.Subtitles = append(t.Subtitles, m.rich("title", s, jats.InlineMarkup))
		}
	}
	switch a := m.a; {
	case t.Text == "" && len(t.Subtitles) == 0:
	case a.Title.Text == "" && len(a.Title.Subtitles) == 0:
		a.Title = t
	default:
		same := func(o jats.Title) bool {
			return o.Text == t.Text && len(t.Subtitles) == 0 && (t.Lang == "" || t.Lang == o.Lang)
		}
		if same(a.Title) || slices.ContainsFunc(recent(a.TransTitles), same) {
			return
		}
		a.TransTitles = append(a.TransTitles, t)
	}
}

// containers sets what the work stands in. A part of a book has the book last; what is before it is a series.
func (m *maker) containers(kind string, titles []jats.Title) {
	j := &m.a.Journal
	if inContainer(kind) && len(titles) > 1 {
		j.Title, m.a.VolumeSeries = titles[len(titles)-1], titles[0].Text.Plain()
		titles = titles[1 : len(titles)-1]
	} else if len(titles) > 0 {
		j.Title, titles = titles[0], titles[1:]
	}
	for _, t := range titles {
		if t.Text != j.Title.Text {
			j.TransTitles = append(j.TransTitles, t)
		}
	}
}

// abbrev adds a short form of the journal's title that is not the title itself.
func (m *maker) abbrev(s string) {
	r := m.rich("journal/abbrevTitles", s, jats.InlineMarkup)
	if r == "" || r == m.a.Journal.Title.Text {
		return
	}
	for _, t := range recent(m.a.Journal.AbbrevTitle) {
		if t.Text == r {
			return
		}
	}
	m.a.Journal.AbbrevTitle = append(m.a.Journal.AbbrevTitle, jats.AltTitle{Text: r})
}

// issn adds an ISSN; kind is "print", "electronic" or empty. An untyped one that is there with a type is the same.
func (m *maker) issn(kind, value string) {
	value = bare(value)
	for _, i := range recent(m.a.Journal.ISSNs) {
		if kind == "" && strings.ReplaceAll(i.Value, "-", "") == strings.ReplaceAll(value, "-", "") {
			return
		}
	}
	if value != "" {
		m.a.Journal.ISSNs = append(m.a.Journal.ISSNs, jats.ISSN{Type: kind, Value: value})
	}
}

func (m *maker) isbn(value string) {
	value = bare(value)
	for _, i := range recent(m.a.ISBNs) {
		if strings.ReplaceAll(i, "-", "") == strings.ReplaceAll(value, "-", "") {
			return
		}
	}
	if value != "" {
		m.a.ISBNs = append(m.a.ISBNs, value)
	}
}

// bare takes the resolver from an ISSN or ISBN ("http://id.crossref.org/issn/1234-5679").
func bare(s string) string {
	return s[strings.LastIndexByte(s, '/')+1:]
}

// makeDate makes a date of numbers, 0 for what is not known. Months from 21 are seasons, from 31 quarters.
//
// Source: crossref5.4.0.xsd, month; Crossref documentation, "Publication dates".
func makeDate(year, month, day int) jats.Date {
	if year < 1000 || year > 9999 {
		return jats.Date{}
	}
	d := jats.Date{Date: strconv.Itoa(year)}
	switch {
	case month >= 21 && month <= 24:
		d.Season = [...]string{"Spring", "Summer", "Autumn", "Winter"}[month-21]
	case month >= 31 && month <= 34:
		d.Season = [...]string{"First Quarter", "Second Quarter", "Third Quarter", "Fourth Quarter"}[month-31]
	case month >= 1 && month <= 12:
		d.Date += "-" + two(month)
		if day >= 1 && day <= 31 {
			d.Date += "-" + two(day)
		}
	}
	return d
}

func two(n int) string {
	return string([]byte{byte('0' + n/10), byte('0' + n%10)})
}

// pubDate adds a date of publication of the type "pub" or "collection"; media is as Crossref has it.
func (m *maker) pubDate(kind, media string, d jats.Date) {
	if d.Date == "" {
		return
	}
	d.Type = kind
	switch media {
	case "print":
		d.Format = "print"
	case "online":
		d.Format = "electronic"
	}
	if slices.Contains(recent(m.a.PubDates), d) {
		return
	}
	m.a.PubDates = append(m.a.PubDates, d)
}

func (m *maker) history(kind string, d jats.Date) {
	if d.Date == "" {
		return
	}
	for _, o := range recent(m.a.History) {
		if o.Type == kind && o.Date == d.Date {
			return
		}
	}
	d.Type = kind
	m.a.History = append(m.a.History, d)
}

// pages takes "12-15", "12", "S1-S9" or "12-15, 20" apart; what has no certain reading is kept as printed.
func (m *maker) pages(s string) {
	s = strings.ReplaceAll(strings.TrimSpace(s), "–", "-")
	first, _, several := strings.Cut(s, ",")
	a := m.a
	if several {
		a.PageRange = s
	}
	parts := strings.Split(first, "-")
	for i := range parts {
		if parts[i] = strings.TrimSpace(parts[i]); strings.EqualFold(parts[i], "n/a") {
			parts[i] = ""
		}
	}
	switch n := len(parts); {
	case n == 1:
		a.FPage = parts[0]
	case n%2 == 0: // "A-1-A-7" too
		a.FPage, a.LPage = strings.Join(parts[:n/2], "-"), strings.Join(parts[n/2:], "-")
	default:
		a.PageRange = s
	}
}

// aff gives the id of an affiliation, which is made when it is met first.
func (m *maker) aff(key string, form func() jats.AffForm) string {
	id, ok := m.affs[key]
	if !ok {
		if m.affs == nil {
			m.affs = map[string]string{}
		}
		id = "aff" + strconv.Itoa(len(m.a.Affs)+1)
		m.affs[key] = id
		m.a.Affs = append(m.a.Affs, jats.Aff{ID: id, Forms: []jats.AffForm{form()}})
	}
	return id
}

// An institution is an affiliation, or where a thesis or a report was made.
type institution struct {
	name                          string
	ids                           []jats.ID
	acronyms, departments, places []string
}

// affOf gives the id of an affiliation; "" if there is nothing in it.
func (m *maker) affOf(x institution) string {
	if len(x.ids)+len(x.acronyms)+len(x.departments)+len(x.places) == 0 {
		if x.name == "" {
			return ""
		}
		return m.aff(x.name, func() jats.AffForm { return jats.AffForm{Text: jats.Escape(x.name)} })
	}
	var key strings.Builder
	key.WriteString(x.name)
	for i, list := range [...][]string{x.acronyms, x.departments, x.places} {
		for _, s := range list {
			key.WriteByte(byte(i))
			key.WriteString(s)
		}
	}
	for _, id := range x.ids {
		key.WriteByte(3)
		key.WriteString(id.Value)
	}
	return m.aff(key.String(), func() jats.AffForm {
		var f jats.AffForm
		for _, s := range x.departments {
			f.Institutions = append(f.Institutions, jats.Institution{Name: s, Type: "dept"})
		}
		f.Institutions = append(f.Institutions, jats.Institution{Name: x.name, IDs: x.ids})
		for _, s := range x.acronyms {
			f.Institutions = append(f.Institutions, jats.Institution{Name: s, Type: "acronym"})
		}
		f.Address = x.places
		return f
	})
}

// String is an institution in one line: "Name (ACR), Department, Place".
func (x institution) String() string {
	s := x.name
	if len(x.acronyms) > 0 && s != "" {
		s += " (" + strings.Join(x.acronyms, ", ") + ")"
	} else if s == "" {
		s = strings.Join(x.acronyms, ", ")
	}
	for _, list := range [...][]string{x.departments, x.places} {
		for _, p := range list {
			if s != "" {
				s += ", "
			}
			s += p
		}
	}
	for _, id := range x.ids {
		s += " " + id.Value
	}
	return strings.TrimSpace(s)
}

// institutionID types the identifier of an institution or funder.
func institutionID(kind, value string) jats.ID {
	value = strings.TrimSpace(value)
	low := strings.ToLower(value)
	switch kind = strings.ToLower(kind); {
	case kind == "ror" || strings.Contains(low, "ror.org/"):
		return jats.ID{Type: "ROR", Value: "https://ror.org/" + bare(value)}
	case kind == "isni" || strings.Contains(low, "isni.org/"):
		return jats.ID{Type: "ISNI", Value: value}
	case kind == "wikidata" || strings.Contains(low, "wikidata.org/"):
		return jats.ID{Type: "Wikidata", Value: value}
	case strings.Contains(value, "10.13039/"):
		return jats.ID{Type: "doi", Value: strings.TrimSpace(value[strings.Index(value, "10.13039/"):])}
	case kind == "doi":
		return jats.ID{Type: "doi", Value: value}
	case len(value) >= 9 && (strings.HasPrefix(value, "1000") || strings.HasPrefix(value, "501100")) && digits(value):
		return jats.ID{Type: "doi", Value: "10.13039/" + value} // the number of the registry alone
	case kind != "":
		return jats.ID{Type: kind, Value: value}
	}
	return jats.ID{Type: "other", Value: value}
}

// role sets what a contributor is.
func setRole(c *jats.Contrib, role string) {
	switch role {
	case "corresponding-author":
		c.Type, c.Corresp = "author", true
	default:
		c.Type = role
	}
}

// contribRole adds one of the roles that the schema of 2024 has; vocabulary is "credit" or "crossref".
func contribRole(c *jats.Contrib, vocabulary, role string) {
	switch {
	case strings.EqualFold(vocabulary, "credit"):
		c.Roles = append(c.Roles, jats.Role{Credit: credit(role)})
	case role == "corresponding-author":
		c.Corresp = true
	case role != "" && c.Type == "":
		c.Type = role
	case role != "" && role != c.Type:
		c.Roles = append(c.Roles, jats.Role{Text: jats.Escape(role)})
	}
}

// credit is the term that the slug of a CRediT role stands for ("writing-original-draft").
func credit(slug string) string {
	switch slug {
	case "writing-original-draft":
		return "Writing – original draft"
	case "writing-review-editing":
		return "Writing – review & editing"
	}
	s := strings.ReplaceAll(slug, "-", " ")
	if s != "" {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return s
}

func (m *maker) contrib(list *[]jats.Contrib, c jats.Contrib) {
	if len(c.Names)+len(c.Collab)+len(c.IDs)+len(c.Affs) > 0 || c.Anonymous {
		*list = append(*list, c)
	}
}

// license adds a licence; version is what of the work it is for, start YYYY-MM-DD or empty.
func (m *maker) license(uri, version, start string) {
	switch version {
	case "vor", "unspecified":
		version = ""
	}
	if uri = strings.TrimSpace(uri); uri != "" {
		m.a.Permissions.Licenses = append(m.a.Permissions.Licenses, jats.License{URI: uri, Start: start, AppliesTo: version})
	}
}

func (m *maker) funder(name string, ids []jats.ID, awards []string) {
	f := jats.Funder{Name: name}
	for _, id := range ids {
		again := id.Value == ""
		for _, o := range recent(f.IDs) {
			again = again || strings.EqualFold(o.Value, id.Value)
		}
		if !again {
			f.IDs = append(f.IDs, id)
		}
	}
	a := jats.Award{IDs: awards}
	if f.Name != "" || len(f.IDs) > 0 {
		a.Funders = []jats.Funder{f}
	}
	if len(a.Funders)+len(a.IDs) > 0 {
		m.a.Funding.Awards = append(m.a.Funding.Awards, a)
	}
}

// link adds an address of the work itself; use is what it is for, version the version of the text that is there.
func (m *maker) link(url, mime, use, version string) {
	if mime == "unspecified" {
		mime = ""
	}
	if use == "unspecified" {
		use = ""
	}
	if version == "am" {
		use = strings.TrimPrefix(use+", accepted manuscript", ", ")
	}
	if url = strings.TrimSpace(url); url == "" {
		return
	}
	links := recent(m.a.Links)
	for i := range links {
		if l := &links[i]; l.URL == url && (mime == "" || l.MIME == "" || l.MIME == mime) {
			if l.MIME == "" {
				l.MIME = mime
			}
			if use != "" && !strings.Contains(l.Title, use) {
				l.Title = strings.TrimPrefix(l.Title+", "+use, ", ")
			}
			return
		}
	}
	if mime == "" && strings.HasSuffix(strings.ToLower(url), ".pdf") { // as jats.Read has it
		mime = "application/pdf"
	}
	m.a.Links = append(m.a.Links, jats.Link{URL: url, MIME: mime, Title: use})
}

// landing adds the page of the work. It comes first.
func (m *maker) landing(url string) {
	if url = strings.TrimSpace(url); url != "" {
		m.a.Links = append([]jats.Link{{URL: url, MIME: "text/html"}}, m.a.Links...)
	}
}

// deleted tells whether an address is that of Crossref's page for deleted DOIs.
func deleted(url string) bool {
	_, rest, _ := strings.Cut(strings.ToLower(url), "://")
	return strings.TrimPrefix(rest, "www.") == "crossref.org/deleted_doi.html"
}

// deletedTitle is the journal that Crossref keeps deleted DOIs in.
const deletedTitle = "crossref listing of deleted dois"

// relation adds a related work; kind is the relation in words with hyphens ("is-part-of").
func (m *maker) relation(kind, idType, id string, text jats.Rich) {
	name := relations[kind]
	if name == "" {
		name = kind
	}
	r := jats.Related{Object: objects[kind], Type: name, IDType: idType, ID: strings.TrimSpace(id), Text: text}
	if r.ID != "" || r.Text != "" {
		m.a.Related = append(m.a.Related, r)
	}
}

// update adds the work that this one updates, or with by the notice that updates this one.
func (m *maker) update(by bool, kind, doi, label string, d jats.Date) {
	if doi = strings.TrimSpace(doi); doi == "" {
		return
	}
	kind = strings.ReplaceAll(strings.ToLower(kind), "-", "_")
	u, known := updates[kind]
	if !known {
		u.to, u.by = "updated-article", "update"
	}
	r := jats.Related{Type: u.to, IDType: "doi", ID: doi, Text: jats.Escape(label)}
	if by {
		r.Type = u.by
		switch u.notice {
		case "correction":
			m.history("corrected", d)
		case "retraction":
			m.history("retracted", d)
		}
	} else if u.notice != "" {
		m.a.ArticleType = u.notice
	}
	m.a.Related = append(m.a.Related, r)
}

// An assertion is what a publisher says in Crossmark about a work.
type assertion struct{ name, label, group, value, url string }

// place finds the place of an assertion in the article.
func (m *maker) place(x assertion) {
	if x.value == "" {
		return
	}
	a, p := m.a, &m.a.Permissions
	switch name := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(x.name)); name {
	case "received", "accepted", "revised", "revision-received":
		if d := jats.ParseDate(plain(x.value)); d.Date != "" && d.Text == "" {
			if strings.HasPrefix(name, "revis") {
				name = "rev-recd"
			}
			m.history(name, d)
			return
		}
	case "published", "published-online", "first-online", "published-print":
		if d := jats.ParseDate(plain(x.value)); d.Date != "" && d.Text == "" {
			for _, o := range recent(a.PubDates) {
				if o.Date == d.Date {
					return
				}
			}
			m.history(name, d)
			return
		}
	case "copyright", "copyright-statement":
		p.Statements = append(p.Statements, jats.Text{Text: m.rich("assertion", x.value, jats.InlineMarkup)})
		return
	case "copyright-holder":
		p.Holders = append(p.Holders, jats.Text{Text: m.rich("assertion", x.value, jats.InlineMarkup)})
		return
	case "copyright-year":
		if p.Year == "" {
			p.Year = plain(x.value)
			return
		}
	case "copyright-licence", "copyright-license", "license", "licence":
		text := m.rich("assertion", x.value, jats.ParaMarkup)
		for i := range p.Licenses[:min(len(p.Licenses), lookBack)] {
			if l := &p.Licenses[i]; l.AppliesTo == "" {
				l.P = append(l.P, text)
				return
			}
		}
		p.Licenses = append(p.Licenses, jats.License{P: []jats.Rich{text}})
		return
	case "conflict-of-interest", "conflicts-of-interest", "competing-interests", "competing-interest", "coi-statement", "conflict-of-interest-statement":
		m.note("coi-statement", "", "", x.value)
		return
	case "data-availability", "data-availability-statement":
		m.note("data-availability", "notes", x.label, x.value)
		return
	case "funding", "funding-statement":
		a.Funding.Statements = append(a.Funding.Statements, jats.Text{Text: m.rich("assertion", x.value, jats.ParaMarkup)})
		return
	}
	name := x.label
	if name == "" {
		name = x.group
	} else if x.group != "" && x.group != name {
		name = x.group + ": " + name
	}
	if name == "" {
		name = x.name
	}
	value := m.rich("assertion", x.value, jats.ParaMarkup)
	if x.url != "" && !value.HasMarkup() && strings.Contains(x.url, "://") {
		value = m.rich("assertion", `<ext-link ext-link-type="uri" xlink:href="`+html.EscapeString(x.url)+`">`+string(value)+`</ext-link>`, jats.ParaMarkup)
	}
	a.CustomMeta = append(a.CustomMeta, jats.CustomMeta{Name: m.rich("assertion", name, jats.InlineMarkup), Value: value})
}

func (m *maker) note(kind, place, title, markup string) {
	if text := m.rich("notes", markup, jats.ParaMarkup); text != "" {
		m.a.Notes = append(m.a.Notes, jats.Note{ID: "n" + strconv.Itoa(len(m.a.Notes)+1), Type: kind, Place: place, Title: jats.Escape(plain(title)),
			P: []jats.Rich{text}})
	}
}

func (m *maker) trial(number, registry, stage string) {
	if number != "" {
		m.meta("clinical-trial-number", strings.Join(nonEmpty(number, registry, stage), ", "))
	}
}

func nonEmpty(list ...string) (out []string) {
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// A reference is an entry of the list, as both forms have it.
type reference struct {
	kind, doi, unstructured, author, year, articleTitle, journalTitle, volumeTitle, seriesTitle, volume, issue, firstPage, elocation, edition, component, issn, isbn,
	designator, body string
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// citationTypes are the types of a citation since schema 5.4.
var citationTypes = map[string]string{
	"journal": "journal", "journal_article": "journal", "book": "book", "book_chapter": "book", "collection": "book", "conference_paper": "confproc",
	"conference_proceedings": "confproc", "dataset": "data", "dissertation": "thesis", "patent": "patent", "preprint": "preprint", "report": "report",
	"software": "software", "standard": "standard", "web_resource": "web", "blog": "web", "blog_post": "web",
}

// citeBlocks are the parts of all citations, each kind in one piece of memory: there may be hundreds of references, and each has few of a kind.
type citeBlocks struct {
	citations []jats.Citation
	groups    []jats.PersonGroup
	persons   []jats.Person
	names     []jats.Name
	texts     []jats.Text
	ids       []jats.ID
}

// one puts v at the end of a block and returns it as a list of one.
func one[T any](block *[]T, v T) []T {
	*block = append(*block, v)
	n := len(*block)
	return (*block)[n-1 : n : n]
}

// maxRefs bounds the references of a work, each of which takes a kilobyte when it is read.
const maxRefs = 1 << 16

// expect makes room for n references; an error says that they are too many.
func (m *maker) expect(n int) error {
	if n == 0 {
		return nil
	}
	if n > maxRefs {
		return jats.Faultf("too-large", 0, "a work with %d references, want at most %d", n, maxRefs)
	}
	m.a.Refs = make([]jats.Ref, 0, n)
	m.cites = citeBlocks{make([]jats.Citation, 0, n), make([]jats.PersonGroup, 0, n), make([]jats.Person, 0, n), make([]jats.Name, 0, n), make([]jats.Text, 0, 2*n), make([]jats.ID, 0, n)}
	return nil
}

func (m *maker) reference(x *reference) {
	block := &m.cites.citations
	if n := len(*block); n < cap(*block) {
		*block = (*block)[:n+1]
	} else {
		*block = append(*block, jats.Citation{})
	}
	n := len(*block)
	c := &(*block)[n-1] // filled where it is: it is large
	m.a.Refs = append(m.a.Refs, jats.Ref{Citations: (*block)[n-1 : n : n]})
	c.Text = m.rich("refs", x.unstructured, jats.CitationMarkup)
	c.Series, c.Edition, c.PublisherName = plain(x.seriesTitle), x.edition, plain(x.body)
	c.Volume, c.Issue, c.FPage, c.ElocationID = x.volume, x.issue, x.firstPage, x.elocation
	c.ISSN, c.ISBN = bare(x.issn), bare(x.isbn)
	if x.kind != "" {
		c.PublicationType = citationTypes[strings.ReplaceAll(x.kind, "-", "_")]
	}
	if c.PublicationType == "" && x.journalTitle != "" {
		c.PublicationType = "journal"
	}
	if x.author != "" {
		person := jats.Person{Names: one(&m.cites.names, jats.Name{Full: plain(x.author)})}
		c.PersonGroups = one(&m.cites.groups, jats.PersonGroup{Type: "author", Persons: one(&m.cites.persons, person)})
	}
	if len(x.year) == 4 && digits(x.year) {
		c.Date = x.year
	} else {
		c.Year = x.year
	}
	if t := m.rich("refs", x.articleTitle, jats.InlineMarkup); t != "" {
		c.Titles = one(&m.cites.texts, jats.Text{Text: t})
	}
	for _, s := range [...]string{x.journalTitle, x.volumeTitle} {
		if t := m.rich("refs", s, jats.InlineMarkup); t != "" {
			if text := one(&m.cites.texts, jats.Text{Text: t}); c.Sources == nil {
				c.Sources = text
			} else {
				c.Sources = append(c.Sources, text...)
			}
		}
	}
	if x.doi != "" {
		c.IDs = one(&m.cites.ids, jats.ID{Type: "doi", Value: x.doi})
	}
	if x.designator != "" {
		c.IDs = append(c.IDs, jats.ID{Type: "std-designation", Value: x.designator})
	}
	if x.component != "" {
		c.Comments = []jats.Rich{jats.Escape(x.component)}
	}
}

// finish settles what depends on the whole.
func (m *maker) finish() {
	a := m.a
	if len(a.PubDates) == 0 {
		for _, d := range m.fallback {
			if d.Date != "" {
				m.pubDate("pub", "", d)
				break
			}
		}
	}
	for _, x := range m.asserted {
		m.place(x)
	}
	if a.ElocationID != "" && strings.EqualFold(a.FPage, a.ElocationID) {
		a.FPage = ""
	}
	if a.FPage == "" && a.LPage != "" {
		a.LPage, a.PageRange = "", a.LPage
	}
	for _, l := range a.Permissions.Licenses {
		if l.AppliesTo == "" && strings.Contains(l.URI, "creativecommons.org/") && !m.later(l.Start) {
			a.Permissions.Access = "open"
		}
	}
	if p := &a.Permissions; p.FreeToRead && p.FreeUntil == "" && !m.later(p.FreeFrom) {
		p.Access = "open"
	}
	if len(a.TransTitles) > 0 && a.Lang != "" && a.Title.Lang == "" { // the title in the original language is the article's own
		for i, t := range a.TransTitles {
			if t.Lang != "" && jats.ParseLang(t.Lang) == jats.ParseLang(a.Lang) {
				a.Title, a.TransTitles[i] = t, a.Title
				break
			}
		}
	}
}

// later tells whether a day is after the publication, as far as that is known.
func (m *maker) later(day string) bool {
	if len(day) != len(time.DateOnly) {
		return false
	}
	for _, d := range recent(m.a.PubDates) {
		if len(d.Date) <= len(day) && day[:len(d.Date)] <= d.Date {
			return false
		}
	}
	return len(m.a.PubDates) > 0
}
