// Package crossref writes works as Crossref takes them: metadata deposit schema 5.4.0.
//
// # The format
//
// A deposit is a doi_batch: a head, which says who deposits it and when, and a body with the works. Who deposits is no fact of an article, and a timestamp
// would change a record that did not change; but head is mandatory, so a record of OAI-PMH cannot be a whole doi_batch without inventing one. The
// schema declares body as an element of its own, so a body with the one work is a valid document by the same schema, and that is the format "crossref":
// it is what a deposit holds, byte for byte. [AppendBatch] puts many of them under one head. Crossref's own OAI-PMH service gives its output format
// (unixref, prefix cr_unixml), which says who owns a DOI and when it was deposited, and which only Crossref can know; OJS makes deposits in its export
// and offers no such prefix.
//
// # The works
//
//	journal_article   all that stands in a journal; also papers of conferences without the facts of proceedings, reports, and chapters without an ISBN that do
//	conference_paper  with conference, proceedings title, publisher and ISBN; in a series when the article names one and there is an ISSN
//	posted_content    preprints and working papers
//	dissertation      theses, with the institution that granted the degree
//	peer_review       with what is reviewed and a full date
//	report-paper      reports
//	book              books and chapters, with ISBN and publisher; whether a book is edited or a monograph is not known: book_type is "other"
//
// # Record to element
//
//	Journal.Titles, Abbrev               full_title (its own, then translations), abbrev_title; proceedings_title; titles of the book
//	Journal.ISSNs                        issn; a medium only where known; one of kind "linking" only when it is alone
//	Journal.IDs "doi" and Journal.Links  journal_metadata/doi_data, when both are known
//	Volume, Issue, Supplement            journal_issue, also its publication_date: the date of the collection, else the year of print, else of the article; an
//	                                       article in no volume and no issue is ahead of print and has none
//	IssueTitles                          journal_issue/titles
//	Titles, with face markup             titles for each language, in journals; elsewhere the first only. In a work that says that it is a translation, and has
//	                                       one title in another language, that one is original_langtitle
//	Authors, Others                      person_name and organization in order, authors first; the roles are those that Crossref knows, others are left out, and so
//	                                       are members of a group of authors. A name whose parts are not known is a name
//	  Affs                               affiliations/institution, with institution_id of ROR and ISNI
//	  ORCID                              ORCID, authenticated where that is known
//	Abstracts, with all markup           jats:abstract; e-mail addresses are left out
//	Online, Print, Published             publication_date; without a known medium that of the journal's ISSNs, where those are of one, else "other". posted_date,
//	                                       approval_date and review_date likewise
//	Accepted                             acceptance_date
//	FPage, LPage, Pages                  pages
//	Elocation                            publisher_item/item_number, article_number
//	IDs: pii, sici, pmid, publisher-id   publisher_item/identifier
//	Grants                               fr:program, a fundgroup for each funder, with the id of the Open Funder Registry. The ROR of a funder is left out: fundref.xsd
//	                                       of 5.4.0 has no place for it, only that of 5.5.0. A grant without the name of its funder is left out
//	Permissions                          ai:program: free_to_read where the source says it, license_ref with applies_to where the version is known
//	Related                              rel:program; datasets and software are references: that they were made for the work, isSupplementedBy, is
//	                                       written only where it is said
//	Related: corrected, retracted, ...   crossmark/updates, dated with the full date of this notice. Crossmark demands the DOI of the publisher's policy: it is
//	                                       written only where the article has it (CustomMeta "crossmark-policy") or the depositor gives it
//	                                       ([AppendUnderPolicy]); else updates are left out
//	CustomMeta "archive"                 archive_locations, if one of the schema's
//	CustomMeta "institution", "degree"   institution, degree; "edition-number", "contract-number", "component-number", "review ..." likewise
//	DOI, Landing, Files                  doi_data: resource; collection text-mining, and crawler-based for iParadigms (Similarity Check)
//	Refs                                 citation_list: parts, DOI, unstructured_citation
//
// Left out: keywords and subjects, which the schema has no place for; counts; dates received and revised; alternative titles; names in further scripts; what
// is longer than the schema allows, where it is not mandatory (it is never cut); component_list; version_info, which 5.3.1 lacks.
//
// # What is refused
//
//	no-doi, doi-form      no DOI, or not 10., 4 to 9 digits, a slash and 1 to 200 characters
//	no-title              no title
//	no-landing-page       no address of a page of at most 2048 characters, not even here
//	no-date               no year of publication from 1400 to 2200
//	name-form             an author's name over 60 characters (a group's over 511), or with a question mark or numbers as no name has them
//	no-journal-title      an article without the title of its journal
//	journal-title-long    a title of a journal over 255 characters
//	no-issn               an article of a journal without an ISSN and without a DOI of its own: Crossref's rule beyond the schema
//	no-conference, no-proceedings-title, no-publisher, no-isbn   a paper of a conference, a book or a chapter that lacks what its kind must have
//	no-book-title         a chapter without the title of its book
//	no-author, no-institution       a thesis without them
//	no-reviewed-work, no-full-date  a review that does not say what it reviews, or lacks its day
//	kind-not-taken        a dataset, software, a standard
//
// Source: Crossref metadata deposit schema 5.4.0 and 5.3.1 with common, AccessIndicators.xsd 1.2, fundref.xsd, relations.xsd; JATS 1.3 in its namespace
// http://www.ncbi.nlm.nih.gov/JATS1.
package crossref

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

const (
	Prefix    = "crossref"
	Namespace = "http://www.crossref.org/schema/5.4.0"
	Schema    = "https://www.crossref.org/schemas/crossref5.4.0.xsd"
)

const (
	namespaces = `" xmlns:ai="http://www.crossref.org/AccessIndicators.xsd" xmlns:fr="http://www.crossref.org/fundref.xsd" xmlns:jats="http://www.ncbi.nlm.nih.gov/JATS1"` +
		` xmlns:mml="http://www.w3.org/1998/Math/MathML" xmlns:rel="http://www.crossref.org/relations.xsd" xmlns:xlink="http://www.w3.org/1999/xlink"` +
		` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="`
	startBody = `<body xmlns="` + Namespace + namespaces + Namespace + " " + Schema + `">`
	endBody   = "</body>"
)

// Append appends the record of r: a body that holds the one work. The error is a *flat.Cannot, and then nothing is appended.
func Append(dst []byte, r *flat.Record) ([]byte, error) { return AppendUnderPolicy(dst, r, "") }

// AppendUnderPolicy is Append for a depositor whose Crossmark policy has that DOI: an article that updates others and does not name a policy itself is
// deposited under it, with its updates. Without a policy Crossref takes no updates.
func AppendUnderPolicy(dst []byte, r *flat.Record, policy string) ([]byte, error) {
	w := writer{r: r, policy: policy, Writer: element.Writer{B: append(dst, startBody...)}}
	if err := w.work(); err != nil {
		return nil, err
	}
	return append(w.B, endBody...), nil
}

type writer struct {
	element.Writer
	r      *flat.Record
	policy string // DOI of the depositor's Crossmark policy
	medium string // of publication, where a date does not say: "online", "print", "other"
}

// work writes the work as the kind of content that it is.
func (w *writer) work() error {
	r := w.r
	switch {
	case r.DOI == "":
		return flat.Cannotf("no-doi", "no DOI: Crossref takes only what has one")
	case !isDOI(r.DOI):
		return flat.Cannotf("doi-form", "DOI %q: Crossref wants 10., a number of 4 to 9 digits, a slash and 1 to 200 characters", r.DOI)
	case len(r.Titles) == 0:
		return flat.Cannotf("no-title", "no title")
	case address(r.Landing) == "" && address(r.Page) == "":
		return flat.Cannotf("no-landing-page", "no address of a page that Crossref takes: %q has more than 2048 characters", r.Page)
	case !isYear(r.Published):
		return flat.Cannotf("no-date", "no year of publication from 1400 to 2200: Crossref wants one")
	}
	if err := w.checkNames(); err != nil {
		return err
	}
	w.medium = "other"
	switch j := &r.Journal; {
	case j.Electronic != "" && j.Print == "":
		w.medium = "online"
	case j.Print != "" && j.Electronic == "":
		w.medium = "print"
	}
	kind := r.Type.Crossref
	switch inJournal := len(r.Journal.ISSNs) > 0 && (r.Volume != "" || r.Issue != ""); kind {
	case "conference_paper":
		if lack := w.lacksProceedings(); lack != nil {
			if len(r.Journal.ISSNs) == 0 {
				return lack
			}
			kind = "journal_article" // of a conference, in a journal
		}
	case "report":
		if inJournal {
			kind = "journal_article"
		}
	case "book":
		if w.isbn() == "" && r.Type.DataCite == "BookChapter" && inJournal {
			kind = "journal_article"
		}
	}
	switch kind {
	case "journal_article":
		return w.journal()
	case "conference_paper":
		return w.conference()
	case "posted_content":
		return w.posted()
	case "dissertation":
		return w.dissertation()
	case "peer_review":
		return w.peerReview()
	case "report":
		return w.report()
	case "book":
		return w.book()
	}
	return flat.Cannotf("kind-not-taken", "a %s: Sheaf deposits articles, papers of conferences, preprints, theses, reviews, reports, books and chapters", r.Type.Name)
}

// journal writes an article of a journal.
func (w *writer) journal() error {
	r := w.r
	doi, resource := w.journalDOI()
	switch {
	case r.Journal.Title == "":
		return flat.Cannotf("no-journal-title", "no title of the journal")
	case len(r.Journal.ISSNs) == 0 && doi == "":
		return flat.Cannotf("no-issn", "no ISSN of the journal: Crossref wants one")
	}
	title := r.Journal.Title
	if utf8.RuneCountInString(title) > 255 && len(r.Journal.Titles) > 0 {
		title = r.Journal.Titles[0].Text
	}
	if utf8.RuneCountInString(title) > 255 {
		return flat.Cannotf("journal-title-long", "the title of the journal has more than 255 characters")
	}
	w.Open("journal")
	var own string
	if len(r.Journal.Titles) > 0 {
		own = language(r.Journal.Titles[0].Lang)
	}
	w.Open("journal_metadata", "language", own)
	from := len(w.B)
	w.Text("full_title", title)
	for i := 1; i < len(r.Journal.Titles) && i < 10; i++ {
		start := len(w.B)
		w.upTo(255, "full_title", r.Journal.Titles[i].Full())
		w.Once(from, start)
	}
	w.upTo(150, "abbrev_title", r.Journal.Abbrev)
	w.issns()
	if doi != "" {
		w.Open("doi_data")
		w.Text("doi", doi)
		w.Text("resource", resource)
		w.Close()
	}
	w.Close()
	w.issue()
	w.Open("journal_article", "language", language(r.Lang))
	for i := 0; i < len(r.Titles) && i < 20; i++ {
		w.titles(i, w.original(i))
	}
	w.contributors()
	w.abstracts()
	w.dates("publication_date")
	w.date("acceptance_date", "", r.Accepted)
	w.pages()
	w.rest()
	w.Close()
	w.Close()
	return nil
}

// journalDOI is the DOI of the journal and where it leads; "" unless both are known.
func (w *writer) journalDOI() (doi, resource string) {
	doi = flat.FirstID(w.r.Article.Journal.IDs, "doi")
	if !isDOI(doi) {
		return "", ""
	}
	for i := range w.r.Article.Journal.Links {
		if u := address(w.r.Article.Journal.Links[i].URL); flat.IsHTTP(u) && !flat.OnDOI(u) {
			return doi, u
		}
	}
	return "", ""
}

// issns writes the ISSNs. One whose medium is not known has no attribute; a linking ISSN stands in for others only.
func (w *writer) issns() {
	n := 0
	for _, linking := range []bool{false, true} {
		for _, i := range w.r.Article.Journal.ISSNs {
			if n == 6 || (i.Type == "linking") != linking || linking && n > 0 || !isISSN(i.Value) {
				continue
			}
			n++
			kind := i.Type
			if kind != "print" && kind != "electronic" {
				kind = ""
			}
			w.Text("issn", i.Value, "media_type", kind)
		}
	}
}

// issue writes the issue that the article is in; nothing when it is in none yet. Its date is that of the collection, else the year of what was printed,
// else the year of the article.
func (w *writer) issue() {
	r, a := w.r, w.r.Article
	if r.Volume == "" && r.Issue == "" {
		return
	}
	w.Open("journal_issue")
	for i := range a.IssueTitles {
		if t := &a.IssueTitles[i]; t.Lang == "" || flat.SameScript(t.Lang, r.Lang) || i == len(a.IssueTitles)-1 {
			w.Open("titles")
			w.rich("title", t.Text)
			w.Close()
			break
		}
	}
	date, medium := "", w.medium
	for _, d := range a.PubDates {
		if (d.Type == "collection" || d.Type == "issue-pub") && flat.IsDate(d.Date) && isYear(d.Date) {
			date = d.Date
			switch d.Format {
			case "electronic":
				medium = "online"
			case "print":
				medium = "print"
			}
			break
		}
	}
	switch {
	case date != "":
	case isYear(r.Print):
		date, medium = r.Print[:4], "print"
	default:
		date = r.Published[:4]
	}
	w.date("publication_date", medium, date)
	w.Open("journal_volume")
	w.upTo(32, "volume", r.Volume)
	w.Close()
	w.upTo(32, "issue", r.Issue)
	w.upTo(15, "special_numbering", a.Supplement.Plain())
	w.Close()
}

// lacksProceedings says what proceedings need that the article does not have; nil if it has all.
func (w *writer) lacksProceedings() error {
	r := w.r
	switch {
	case r.Conference == nil || !between(3, 512, r.Conference.Name.Plain()):
		return flat.Cannotf("no-conference", "a paper of a conference without the name of the conference, of 3 to 512 characters")
	case !between(1, 511, r.Journal.Title):
		return flat.Cannotf("no-proceedings-title", "a paper of a conference without the title of the proceedings, of 1 to 511 characters")
	case !between(1, 255, r.Journal.Publisher()):
		return flat.Cannotf("no-publisher", "a paper of a conference without the publisher of the proceedings")
	case w.isbn() == "":
		return flat.Cannotf("no-isbn", "a paper of a conference without an ISBN of the proceedings")
	}
	return nil
}

// conference writes a paper of a conference. In proceedings that are a volume of a series, the series comes first.
func (w *writer) conference() error {
	r, c := w.r, w.r.Conference
	w.Open("conference")
	w.Open("event_metadata")
	w.Text("conference_name", c.Name.Plain())
	w.upTo(255, "conference_theme", c.Theme.Plain())
	w.upTo(127, "conference_acronym", c.Acronym)
	w.upTo(255, "conference_sponsor", c.Sponsor.Plain())
	w.upTo(15, "conference_number", c.Num)
	if loc := c.Loc.Plain(); between(2, 255, loc) {
		w.Text("conference_location", loc)
	}
	w.upTo(100, "conference_date", c.Date)
	w.Close()
	series := strings.TrimSpace(r.Article.VolumeSeries)
	if series != "" && len(r.Journal.ISSNs) > 0 {
		w.Open("proceedings_series_metadata")
		w.Open("series_metadata")
		w.Open("titles")
		w.Text("title", series)
		w.Close()
		w.issns()
		w.Close()
		w.Text("proceedings_title", r.Journal.Title)
		w.upTo(32, "volume", r.Volume)
	} else {
		w.Open("proceedings_metadata", "language", language(w.journalLang()))
		w.Text("proceedings_title", r.Journal.Title)
	}
	w.publisher(5)
	w.date("publication_date", w.medium, r.Published)
	w.isbns()
	w.Close()
	w.Open("conference_paper", "language", language(r.Lang))
	w.contributors()
	w.titles(0, w.original(0))
	w.abstracts()
	w.dates("publication_date")
	w.date("acceptance_date", "", r.Accepted)
	w.pages()
	w.rest()
	w.Close()
	w.Close()
	return nil
}

// posted writes a preprint or working paper.
func (w *writer) posted() error {
	r := w.r
	kind := "preprint"
	if r.Type.EURepo == "workingPaper" {
		kind = "working_paper"
	}
	w.Open("posted_content", "type", kind, "language", language(r.Lang))
	for _, g := range r.Article.SubjGroups {
		if g.Type == "heading" && len(g.Subjects) > 0 && between(1, 1024, g.Subjects[0].Text.Plain()) {
			w.Text("group_title", g.Subjects[0].Text.Plain())
			break
		}
	}
	w.contributors()
	w.titles(0, w.original(0))
	w.date("posted_date", "online", r.Published)
	w.date("acceptance_date", "", r.Accepted)
	w.institutions(5)
	w.abstracts()
	w.programs(false)
	w.relations()
	w.doiData()
	w.citations()
	w.Close()
	return nil
}

// dissertation writes a thesis.
func (w *writer) dissertation() error {
	r := w.r
	switch {
	case len(r.Authors) == 0:
		return flat.Cannotf("no-author", "a thesis without an author")
	case w.meta("institution") == "":
		return flat.Cannotf("no-institution", "a thesis without the institution that granted the degree")
	}
	w.Open("dissertation", "language", language(r.Lang))
	w.contributors()
	w.titles(0, w.original(0))
	w.abstracts()
	approved := r.Published
	for _, d := range r.Article.History {
		if strings.EqualFold(d.Type, "approved") && flat.IsDate(d.Date) && isYear(d.Date) {
			approved = d.Date
			break
		}
	}
	w.date("approval_date", "", approved)
	w.institutions(6)
	if degree := w.meta("degree"); between(2, 255, degree) {
		w.Text("degree", degree)
	}
	w.isbns()
	w.rest()
	w.Close()
	return nil
}

// peerReview writes a review of another work.
func (w *writer) peerReview() error {
	r := w.r
	reviews := false
	for i := range r.Related {
		reviews = reviews || related[r.Related[i].Kind].name == "isReviewOf"
	}
	switch {
	case !reviews:
		return flat.Cannotf("no-reviewed-work", "a review that does not say what it reviews: Crossref wants its identifier")
	case len(r.Published) != 10:
		return flat.Cannotf("no-full-date", "a review that is dated %q: Crossref wants its day", r.Published)
	}
	attrs := []string{"language", language(r.Lang)}
	for _, f := range [...]struct{ attr, values string }{
		{"stage", "pre-publication post-publication"},
		{"type", "referee-report editor-report author-comment community-comment manuscript aggregate recommendation"},
		{"recommendation", "major-revision minor-revision reject reject-with-resubmit accept accept-with-reservation"},
	} {
		if v := w.meta("review " + f.attr); v != "" && contains(f.values, v) {
			attrs = append(attrs, f.attr, v)
		} else if f.attr == "type" && (r.Article.ArticleType == "referee-report" || r.Article.ArticleType == "reviewer-report") {
			attrs = append(attrs, f.attr, "referee-report")
		}
	}
	if n := w.meta("review revision-round"); n != "" && len(n) < 9 && strings.Trim(n, "0123456789") == "" {
		attrs = append(attrs, "revision-round", n)
	}
	w.Open("peer_review", attrs...)
	w.contributors()
	w.titles(0, w.original(0))
	w.Raw("<review_date><month>" + r.Published[5:7] + "</month><day>" + r.Published[8:] + "</day><year>" + r.Published[:4] + "</year></review_date>")
	w.institutions(5)
	for i := range r.Article.Notes {
		if n := &r.Article.Notes[i]; n.Type == "coi-statement" && len(n.P) > 0 {
			w.rich("competing_interest_statement", n.P[0])
			break
		}
	}
	w.upTo(100, "running_number", w.meta("review running-number"))
	w.access()
	w.relations()
	w.doiData()
	w.Close()
	return nil
}

// report writes a report.
func (w *writer) report() error {
	r := w.r
	w.Open("report-paper")
	w.Open("report-paper_metadata", "language", language(r.Lang))
	w.contributors()
	w.titles(0, w.original(0))
	w.upTo(15, "edition_number", w.meta("edition-number"))
	w.abstracts()
	w.dates("publication_date")
	w.isbns()
	w.publisher(1)
	w.institutions(5)
	w.item()
	if n := w.meta("contract-number"); between(2, 255, n) {
		w.Text("contract_number", n)
	}
	w.programs(true)
	w.relations()
	w.archive()
	w.doiData()
	w.citations()
	w.Close()
	w.Close()
	return nil
}

// book writes a book, or a chapter of one.
func (w *writer) book() error {
	r := w.r
	chapter := r.Type.DataCite == "BookChapter"
	switch {
	case w.isbn() == "":
		return flat.Cannotf("no-isbn", "a %s without the ISBN of the book", r.TypeLabel)
	case !between(1, 255, r.Journal.Publisher()):
		return flat.Cannotf("no-publisher", "a %s without the publisher of the book", r.TypeLabel)
	case chapter && r.Journal.Title == "":
		return flat.Cannotf("no-book-title", "a chapter without the title of its book")
	}
	w.Open("book", "book_type", "other")
	series := strings.TrimSpace(r.Article.VolumeSeries)
	if !chapter {
		if series = r.Journal.Title; series == r.Titles[0].Full() || series == r.Titles[0].Text {
			series = ""
		}
	}
	inSeries := series != "" && len(r.Journal.ISSNs) > 0
	metadata, lang := "book_metadata", language(r.Lang)
	if inSeries {
		metadata = "book_series_metadata"
	}
	if chapter {
		lang = language(w.journalLang())
	}
	w.Open(metadata, "language", lang)
	if inSeries {
		w.Open("series_metadata")
		w.Open("titles")
		w.Text("title", series)
		w.Close()
		w.issns()
		w.Close()
	}
	if chapter {
		w.Open("titles")
		w.Text("title", r.Journal.Title)
		w.Close()
	} else {
		w.contributors()
		w.titles(0, w.original(0))
		w.abstracts()
	}
	if inSeries {
		w.upTo(32, "volume", r.Volume)
	}
	w.upTo(15, "edition_number", w.meta("edition-number"))
	if chapter {
		w.date("publication_date", w.medium, r.Published)
	} else {
		w.dates("publication_date")
	}
	if !chapter && !inSeries {
		w.date("acceptance_date", "", r.Accepted)
	}
	w.isbns()
	w.publisher(1)
	if !chapter {
		w.rest()
		w.Close()
		w.Close()
		return nil
	}
	w.Close()
	w.Open("content_item", "component_type", "chapter", "language", language(r.Lang))
	w.contributors()
	w.titles(0, w.original(0))
	w.abstracts()
	w.upTo(50, "component_number", w.meta("component-number"))
	w.dates("publication_date")
	w.date("acceptance_date", "", r.Accepted)
	w.pages()
	w.rest()
	w.Close()
	w.Close()
	return nil
}

// rest writes what most kinds of content end with.
func (w *writer) rest() {
	w.item()
	w.programs(true)
	w.relations()
	w.archive()
	w.doiData()
	w.citations()
}

// upTo writes an element of text that has at most so many characters; what is longer is left out rather than cut.
func (w *writer) upTo(most int, name, value string, attrs ...string) {
	if between(1, most, value) {
		w.Text(name, value, attrs...)
	}
}

// between tells whether s has that many characters, blanks at its ends apart.
func between(least, most int, s string) bool {
	if len(s) <= most && len(s) > 4*least {
		return true
	}
	n := utf8.RuneCountInString(strings.TrimSpace(s))
	return n >= least && n <= most
}

// contains tells whether word is one of words.
func contains(words, word string) bool {
	for _, w := range strings.Fields(words) {
		if w == word {
			return true
		}
	}
	return false
}

// meta is the value of a fact that has no field of its own; "" if it is not known.
func (w *writer) meta(name string) string {
	for i := range w.r.Article.CustomMeta {
		if m := &w.r.Article.CustomMeta[i]; string(m.Name) == name {
			if v := strings.TrimSpace(m.Value.Plain()); v != "" {
				return v
			}
		}
	}
	return ""
}

// isDOI tells whether s is a DOI as the schema has it.
//
// Source: Crossref deposit schema 5.4.0, doi_t.
func isDOI(s string) bool {
	rest, ok := strings.CutPrefix(s, "10.")
	if !ok {
		return false
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 4 || slash > 9 || strings.Trim(rest[:slash], "0123456789") != "" {
		return false
	}
	n := utf8.RuneCountInString(rest[slash+1:])
	return n >= 1 && n <= 200 && strings.IndexFunc(rest, func(r rune) bool {
		return r <= ' ' || r == utf8.RuneError || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029
	}) < 0
}

// isYear tells whether a date begins with a year that the schema takes.
func isYear(date string) bool {
	if len(date) < 4 {
		return false
	}
	n, err := strconv.Atoi(date[:4])
	return err == nil && n >= 1400 && n <= 2200
}

func isISSN(s string) bool {
	if len(s) == 9 && s[4] == '-' {
		s = s[:4] + s[5:]
	}
	return len(s) == 8 && strings.Trim(s[:7], "0123456789") == "" && strings.IndexByte("0123456789X", s[7]) >= 0
}

// isbn is the first ISBN; "" if there is none.
func (w *writer) isbn() string {
	for _, i := range w.r.Article.ISBNs {
		if isISBN(i) {
			return i
		}
	}
	return ""
}

// isISBN tells whether s is an ISBN as the schema has it.
//
// Source: Crossref deposit schema 5.4.0, isbn_t.
func isISBN(s string) bool {
	if len(s) < 10 || len(s) > 17 || s[0] < '0' || s[0] > '9' || strings.Trim(s[:len(s)-1], "0123456789 -") != "" {
		return false
	}
	return strings.IndexByte("0123456789X", s[len(s)-1]) >= 0
}

func (w *writer) isbns() {
	n := 0
	for _, i := range w.r.Article.ISBNs {
		if isISBN(i) && n < 6 {
			w.Text("isbn", i)
			n++
		}
	}
}

func (w *writer) publisher(most int) {
	n := 0
	for i := range w.r.Journal.Publishers {
		p := &w.r.Journal.Publishers[i]
		if n == most || !between(1, 255, p.Text) {
			continue
		}
		w.Open("publisher")
		w.Text("publisher_name", p.Text)
		if place := w.r.Journal.Place; n == 0 && between(2, 255, place) {
			w.Text("publisher_place", place)
		}
		w.Close()
		n++
	}
}

func (w *writer) institutions(most int) {
	n := 0
	for i := range w.r.Article.CustomMeta {
		m := &w.r.Article.CustomMeta[i]
		if name := strings.TrimSpace(m.Value.Plain()); string(m.Name) == "institution" && n < most && between(1, 1024, name) {
			w.Open("institution")
			w.Text("institution_name", name)
			w.Close()
			n++
		}
	}
}

// rich writes an element of rich text with face markup.
func (w *writer) rich(name string, t jats.Rich, attrs ...string) {
	w.Open(name, attrs...)
	w.B = appendFace(w.B, t)
	w.Close()
}
