package crossref

import (
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// An xmlReader fills the article of maker from the element of a work and those around it.
type xmlReader struct{ maker }

// text is the text in an element, with white space folded; "" where there is no element.
func text(e *etree.Element) string { return plain(strings.Join(strings.Fields(cut.Content(e)), " ")) }

// own is the text of an element without that of the elements in it.
func own(e *etree.Element) string {
	var b strings.Builder
	for _, t := range e.Child {
		if c, ok := t.(*etree.CharData); ok {
			b.WriteString(c.Data)
		}
	}
	return plain(strings.Join(strings.Fields(b.String()), " "))
}

// at follows a path of names; nil if it leads nowhere.
func at(e *etree.Element, path ...string) *etree.Element {
	for _, name := range path {
		if e == nil {
			return nil
		}
		e = e.SelectElement(name)
	}
	return e
}

func texts(list []*etree.Element) (out []string) {
	for _, e := range list {
		if s := text(e); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// langOf is the language that an element states in either way.
func langOf(e *etree.Element) string {
	if e == nil {
		return ""
	}
	return e.SelectAttrValue("language", e.SelectAttrValue("lang", ""))
}

// inner is the markup in an element.
func inner(e *etree.Element) string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	addMarkup(&b, e)
	return strings.TrimSpace(b.String())
}

func addMarkup(b *strings.Builder, e *etree.Element) {
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			b.WriteString(string(jats.Escape(t.Data)))
		case *etree.Element:
			name := t.FullTag()
			b.WriteString("<" + name)
			for _, a := range t.Attr {
				if a.Space != "xmlns" && a.Key != "xmlns" {
					b.WriteString(" " + a.FullKey() + `="` + strings.ReplaceAll(string(jats.Escape(a.Value)), `"`, "&quot;") + `"`)
				}
			}
			if len(t.Child) == 0 {
				b.WriteString("/>")
				continue
			}
			b.WriteByte('>')
			addMarkup(b, t)
			b.WriteString("</" + name + ">")
		}
	}
}

// document finds the work in a document and reads it.
func (r *xmlReader) document(root *etree.Element) error {
	var works, holders []*etree.Element
	other := ""
	var walk func(e *etree.Element)
	walk = func(e *etree.Element) {
		switch {
		case e.Tag == "query" && e.FindElement(".//doi_record") != nil:
		case items[e.Tag]:
			if len(e.ChildElements()) > 0 { // a chapter that was left out of its book is empty
				works = append(works, e)
			}
			return
		case containers[e.Tag] != "":
			holders = append(holders, e)
			return
		case e.Tag == "journal_metadata":
			other = "a journal"
		case e.Tag == "journal_issue":
			other = "an issue of a journal"
		case e.Tag == "sa_component", e.Tag == "grant":
			other = refused[e.Tag]
		case e.Tag == "error" && other == "":
			other = "the error " + strconv.Quote(text(e))
		}
		for _, c := range e.ChildElements() {
			walk(c)
		}
	}
	walk(root)
	switch {
	case len(works) == 1:
		return r.work(works[0])
	case len(works) > 1:
		return jats.Faultf("several-records", 0, "%d works in one record, want one", len(works))
	case len(holders) == 1:
		return r.work(holders[0])
	case len(holders) > 1:
		return jats.Faultf("several-records", 0, "%d books or proceedings in one record, want one", len(holders))
	case other != "":
		return jats.Faultf("not-an-article", 0, "a record of %s, want one of an article, a chapter, a preprint or the like", other)
	}
	return jats.Faultf("not-an-article", 0, "element %q without any work in it, want an article, a chapter, a preprint or the like", root.Tag)
}

// kindOf is the type that the REST API has for a work, and its subtype.
func kindOf(e *etree.Element) (kind, sub string) {
	switch e.Tag {
	case "journal_article":
		return "journal-article", ""
	case "conference_paper":
		return "proceedings-article", ""
	case "proceedings_metadata", "proceedings_series_metadata":
		return "proceedings", ""
	case "content_item":
		if p := e.Parent(); p != nil && p.Tag == "report-paper" {
			return "report-component", ""
		}
		switch t := e.SelectAttrValue("component_type", ""); t {
		case "section", "part", "track":
			return "book-" + t, ""
		case "reference_entry":
			return "reference-entry", ""
		}
		return "book-chapter", ""
	case "book_metadata", "book_series_metadata", "book_set_metadata":
		if p := e.Parent(); p != nil {
			switch t := p.SelectAttrValue("book_type", ""); t {
			case "edited_book":
				return "edited-book", ""
			case "monograph":
				return t, ""
			case "reference":
				return "reference-book", ""
			}
		}
		return "book", ""
	case "report-paper_metadata", "report-paper_series_metadata":
		return "report", ""
	case "standard_metadata":
		return "standard", ""
	case "dataset", "database_metadata":
		return "dataset", ""
	case "dissertation":
		return "dissertation", ""
	case "peer_review":
		return "peer-review", e.SelectAttrValue("type", "")
	case "preprint":
		return "posted-content", "preprint"
	case "posted_content":
		return "posted-content", e.SelectAttrValue("type", "preprint")
	case "query":
		t := e.SelectElement("doi")
		if t == nil {
			return "", ""
		}
		switch t := t.SelectAttrValue("type", ""); t {
		case "journal_article":
			return "journal-article", ""
		case "conference_paper":
			return "proceedings-article", ""
		case "book_content":
			return "book-chapter", ""
		case "book_title":
			return "book", ""
		case "journal_title":
			return "journal", ""
		case "journal_issue":
			return "journal-issue", ""
		case "journal_volume":
			return "journal-volume", ""
		default:
			return strings.ReplaceAll(t, "_", "-"), ""
		}
	}
	return "journal-article", "" // pending_publication
}

func (r *xmlReader) work(e *etree.Element) error {
	a := r.a
	kind, sub := kindOf(e)
	doi := at(e, "doi_data", "doi")
	if doi == nil {
		doi = e.SelectElement("doi")
	}
	r.id("doi", text(doi))
	if deleted(text(at(e, "doi_data", "resource"))) {
		return jats.ErrWithdrawn
	}
	if e.Tag == "query" {
		if s := e.SelectAttrValue("status", ""); s == "unresolved" || s == "malformed" || s == "multiresolved" {
			return jats.Faultf("not-an-article", 0, "a query of the status %q, want a work that was found", s)
		}
		if err := r.kind(kind, sub); err != nil {
			return err
		}
		r.query(e)
		r.crmItems(e)
		r.finish()
		return nil
	}
	if err := r.kind(kind, sub); err != nil {
		return err
	}
	a.Lang = langOf(e)
	if err := r.citations(e.SelectElement("citation_list")); err != nil {
		return err
	}
	r.children(e)
	r.around(e, kind)
	r.crmItems(e)
	if e.Tag == "pending_publication" {
		a.Status = "pending"
	}
	if e.Tag == "peer_review" {
		for _, key := range [...]string{"type", "stage", "recommendation", "revision-round"} {
			r.meta("review "+key, e.SelectAttrValue(key, ""))
		}
		r.meta("review running-number", text(e.SelectElement("running_number")))
	}
	r.finish()
	return nil
}

// children reads what is in a work. An element means the same wherever it may stand.
func (r *xmlReader) children(e *etree.Element) {
	a := r.a
	for _, c := range e.ChildElements() {
		switch c.Tag {
		case "titles":
			r.titles(c)
		case "proceedings_title":
			r.title("", inner(c), nil)
		case "contributors":
			r.people(c, &a.Contribs)
		case "person_name": // of a thesis before 4.4
			r.person(c, &a.Contribs)
		case "abstract":
			r.abstract(c.SelectAttrValue("abstract-type", ""), langOf(c), inner(c))
		case "description":
			r.abstract("", langOf(c), inner(c))
		case "publication_date":
			r.pubDate("pub", c.SelectAttrValue("media_type", ""), r.date(c))
		case "posted_date":
			r.pubDate("pub", "online", r.date(c))
		case "acceptance_date":
			r.history("accepted", r.date(c))
		case "approval_date":
			r.history("approved", r.date(c))
			r.fallback = append(r.fallback, r.date(c))
		case "review_date":
			r.fallback = append(r.fallback, r.date(c))
		case "database_date":
			for _, d := range c.SelectElements("publication_date") {
				r.pubDate("pub", d.SelectAttrValue("media_type", ""), r.date(d))
			}
			r.history("created", r.date(c.SelectElement("creation_date")))
			r.history("updated", r.date(c.SelectElement("update_date")))
			r.fallback = append(r.fallback, r.date(c.SelectElement("creation_date")))
		case "pages":
			r.pagesOf(c)
		case "publisher_item":
			r.numbers(c)
		case "item_number":
			r.number(c)
		case "crossmark":
			r.crossmark(c)
		case "program":
			r.program(c)
		case "archive_locations":
			r.archives(c)
		case "version_info":
			if s := text(c.SelectElement("version")); s != "" {
				a.Version = &jats.Version{Text: s}
			}
		case "status":
			a.Status = c.SelectAttrValue("type", text(c))
		case "doi_data":
			r.links(c)
		case "component_list":
			r.components(c)
		case "institution":
			r.meta("institution", r.institution(c).String())
		case "standards_body":
			r.meta("standards-body", institution{name: text(c.SelectElement("standards_body_name")), acronyms: texts(c.SelectElements("standards_body_acronym"))}.String())
		case "designators":
			for _, d := range c.FindElements(".//std_designator") {
				r.id("std-designation", text(d))
			}
		case "degree", "edition_number", "part_number", "component_number", "contract_number":
			r.meta(strings.ReplaceAll(c.Tag, "_", "-"), text(c))
		case "isbn":
			r.isbn(text(c))
		case "publisher":
			r.publisher(c)
		case "volume":
			a.Volume = text(c)
		case "group_title":
			r.subjects("heading", nonEmpty(text(c)))
		case "proceedings_subject":
			r.subjects("", nonEmpty(text(c)))
		case "competing_interest_statement":
			r.note("coi-statement", "", "", inner(c))
		}
	}
}

// around reads what the work stands in.
func (r *xmlReader) around(e *etree.Element, kind string) {
	p := e.Parent()
	if pub := e.SelectElement("publication"); pub != nil { // of a work that is yet to come
		r.journal(pub)
	}
	if s := e.SelectElement("series_metadata"); s != nil {
		r.containers(kind, r.titlesIn(s))
		r.series(s)
	}
	if s := e.SelectElement("set_metadata"); s != nil {
		r.containers(kind, r.titlesIn(s))
		r.series(s)
	}
	if p == nil {
		return
	}
	switch p.Tag {
	case "journal":
		if j := p.SelectElement("journal_metadata"); j != nil {
			r.journal(j)
		}
		if i := p.SelectElement("journal_issue"); i != nil {
			r.issue(i)
		}
	case "conference":
		r.event(p.SelectElement("event_metadata"))
		r.people(p.SelectElement("contributors"), &r.a.Journal.Contribs)
	}
	for _, h := range p.ChildElements() {
		if containers[h.Tag] != "" && h != e {
			r.holder(h, kind)
		}
	}
}

// holder reads the book, proceedings, report or database that a work is part of.
func (r *xmlReader) holder(h *etree.Element, kind string) {
	a := r.a
	r.holderLinks(h)
	var all []jats.Title
	for _, name := range [...]string{"series_metadata", "set_metadata"} {
		if s := h.SelectElement(name); s != nil {
			if t := r.titlesIn(s); len(t) > 0 {
				all = append(all, t[0])
			}
			r.series(s)
		}
	}
	all = append(all, r.titlesIn(h)...)
	r.containers(kind, all)
	if a.Lang == "" {
		a.Lang = langOf(h)
	}
	dated := len(a.PubDates) > 0
	for _, c := range h.ChildElements() {
		switch c.Tag {
		case "isbn":
			r.isbn(text(c))
		case "publisher":
			r.publisher(c)
		case "volume":
			if a.Volume == "" {
				a.Volume = text(c)
			}
		case "edition_number":
			r.meta("edition-number", text(c))
		case "proceedings_subject":
			r.subjects("", nonEmpty(text(c)))
		case "contributors":
			r.people(c, &a.Journal.Contribs)
		case "institution":
			r.meta("institution", r.institution(c).String())
		case "archive_locations":
			r.archives(c)
		case "publication_date":
			if !dated {
				r.pubDate("pub", c.SelectAttrValue("media_type", ""), r.date(c))
			}
		case "approval_date":
			r.fallback = append(r.fallback, r.date(c))
		}
	}
}

// series reads the series or set that a book is in.
func (r *xmlReader) series(s *etree.Element) {
	for _, i := range s.SelectElements("issn") {
		r.issn(i.SelectAttrValue("media_type", ""), text(i))
	}
	r.people(s.SelectElement("contributors"), &r.a.Journal.Contribs)
	r.meta("part-number", text(s.SelectElement("part_number")))
	if n := text(s.SelectElement("series_number")); n != "" && r.a.Volume == "" {
		r.a.Volume = n
	}
	for _, c := range s.SelectElements("coden") {
		r.coden(c)
	}
	for _, n := range s.FindElements("publisher_item/item_number") {
		r.journalID("publisher-id", text(n))
	}
	r.holderLinks(s)
}

// holderLinks reads the DOI and the page of what a work stands in.
func (r *xmlReader) holderLinks(e *etree.Element) {
	d := e.SelectElement("doi_data")
	if d == nil {
		return
	}
	r.journalID("doi", text(d.SelectElement("doi")))
	if s := text(d.SelectElement("resource")); s != "" {
		r.a.Journal.Links = append(r.a.Journal.Links, jats.Link{URL: s, MIME: "text/html"})
	}
}

func (r *xmlReader) journalID(kind, value string) {
	if value != "" {
		r.a.Journal.IDs = append(r.a.Journal.IDs, jats.ID{Type: kind, Value: value})
	}
}

func (r *xmlReader) coden(c *etree.Element) { r.journalID("coden", text(c)) }

// titlesIn are the titles of a journal, a book, proceedings or a series.
func (r *xmlReader) titlesIn(e *etree.Element) (out []jats.Title) {
	for _, c := range e.ChildElements() {
		switch c.Tag {
		case "full_title", "proceedings_title":
			if t := r.rich("journal/title", inner(c), jats.InlineMarkup); t != "" {
				out = append(out, jats.Title{Text: t})
			}
		case "titles":
			groups := titleGroups(c)
			if len(groups) == 0 {
				continue
			}
			t := groups[0] // a title in the original language is not one of several containers
			x := jats.Title{Lang: t.lang, Text: r.rich("journal/title", t.text, jats.InlineMarkup)}
			for _, s := range t.subtitles {
				x.Subtitles = append(x.Subtitles, r.rich("journal/title", s, jats.InlineMarkup))
			}
			if x.Text != "" {
				out = append(out, x)
			}
		}
	}
	return out
}

type titleGroup struct {
	lang, text string
	subtitles  []string
}

// titleGroups are the titles in a titles element, each with the subtitles that follow it.
func titleGroups(e *etree.Element) (out []titleGroup) {
	for _, c := range e.ChildElements() {
		s := inner(c)
		switch {
		case c.Tag == "subtitle" && len(out) > 0:
			if s != "" {
				out[len(out)-1].subtitles = append(out[len(out)-1].subtitles, s)
			}
		case c.Tag == "title", c.Tag == "original_language_title", c.Tag == "subtitle":
			lang := langOf(c)
			if lang == "" {
				lang = langOf(e)
			}
			out = append(out, titleGroup{lang: lang, text: s})
		}
	}
	return out
}

func (r *xmlReader) titles(e *etree.Element) {
	for _, t := range titleGroups(e) {
		r.title(t.lang, t.text, t.subtitles)
	}
}

func (r *xmlReader) journal(j *etree.Element) {
	r.containers("", r.titlesIn(j))
	for _, t := range j.SelectElements("abbrev_title") {
		r.abbrev(inner(t))
	}
	for _, i := range j.SelectElements("issn") {
		r.issn(i.SelectAttrValue("media_type", ""), text(i))
	}
	for _, i := range j.SelectElements("isbn") {
		r.isbn(text(i))
	}
	for _, c := range j.SelectElements("coden") {
		r.coden(c)
	}
	r.holderLinks(j)
	r.archives(j.SelectElement("archive_locations"))
}

func (r *xmlReader) issue(e *etree.Element) {
	a := r.a
	for _, d := range e.SelectElements("publication_date") {
		r.pubDate("collection", d.SelectAttrValue("media_type", ""), r.date(d))
	}
	a.Volume, a.Issue = text(at(e, "journal_volume", "volume")), text(e.SelectElement("issue"))
	a.Supplement = r.rich("supplement", inner(e.SelectElement("special_numbering")), jats.InlineMarkup)
	if s := text(at(e, "doi_data", "doi")); s != "" {
		a.IssueIDs = append(a.IssueIDs, jats.ID{Type: "doi", Value: s})
	}
	if s := text(at(e, "journal_volume", "doi_data", "doi")); s != "" {
		a.VolumeIDs = append(a.VolumeIDs, jats.ID{Type: "doi", Value: s})
	}
	if t := e.SelectElement("titles"); t != nil {
		for _, g := range titleGroups(t) {
			for _, s := range append([]string{g.text}, g.subtitles...) {
				if x := r.rich("issueTitles", s, jats.InlineMarkup); x != "" {
					a.IssueTitles = append(a.IssueTitles, jats.Text{Lang: g.lang, Text: x})
				}
			}
		}
	}
	r.people(e.SelectElement("contributors"), &a.Journal.Contribs)
	r.archives(e.SelectElement("archive_locations"))
	r.archives(at(e, "journal_volume", "archive_locations"))
}

func (r *xmlReader) event(e *etree.Element) {
	if e == nil {
		return
	}
	c := jats.Conference{
		Name: jats.Escape(text(e.SelectElement("conference_name"))), Acronym: text(e.SelectElement("conference_acronym")), Num: text(e.SelectElement("conference_number")),
		Loc: jats.Escape(text(e.SelectElement("conference_location"))), Theme: jats.Escape(text(e.SelectElement("conference_theme"))),
		Sponsor: jats.Escape(strings.Join(texts(e.SelectElements("conference_sponsor")), "; ")),
	}
	if d := e.SelectElement("conference_date"); d != nil {
		number := func(key string) int {
			n, _ := strconv.Atoi(d.SelectAttrValue(key, ""))
			return n
		}
		if c.Date = text(d); c.Date == "" {
			c.Date = span(makeDate(number("start_year"), number("start_month"), number("start_day")), makeDate(number("end_year"), number("end_month"), number("end_day")))
		}
	}
	r.a.Conferences = append(r.a.Conferences, c)
}

// date reads month, day and year.
func (r *xmlReader) date(e *etree.Element) jats.Date {
	if e == nil {
		return jats.Date{}
	}
	number := func(name string) int {
		n, _ := strconv.Atoi(text(e.SelectElement(name)))
		return n
	}
	month := number("month")
	if month == 0 {
		month = jats.ParseMonth(text(e.SelectElement("month")))
	}
	return makeDate(number("year"), month, number("day"))
}

func (r *xmlReader) pagesOf(e *etree.Element) {
	first, last, others := text(e.SelectElement("first_page")), text(e.SelectElement("last_page")), text(e.SelectElement("other_pages"))
	if strings.EqualFold(first, "n/a") {
		first = ""
	}
	if strings.EqualFold(last, "n/a") {
		last = ""
	}
	r.a.FPage, r.a.LPage = first, last
	if others != "" {
		r.a.PageRange = strings.Join(nonEmpty(strings.Join(nonEmpty(first, last), "-"), others), ", ")
	}
}

// numbers reads a publisher's own identifiers; those with a meaning of their own come before the mere numbers.
func (r *xmlReader) numbers(e *etree.Element) {
	for _, x := range e.SelectElements("identifier") {
		kind := strings.ToLower(x.SelectAttrValue("id_type", ""))
		switch kind {
		case "", "other", "doi":
			kind = "publisher-id"
		}
		r.id(kind, text(x))
	}
	for _, x := range e.SelectElements("item_number") {
		r.number(x)
	}
}

func (r *xmlReader) number(x *etree.Element) {
	s := text(x)
	switch kind := strings.ReplaceAll(strings.ToLower(x.SelectAttrValue("item_number_type", "")), "_", "-"); {
	case kind == "article-number" || kind == "articlenumber":
		r.a.ElocationID = s
	case kind == "sequence-number" && len(s) <= 4 && digits(s):
		r.a.Seq = s
	default:
		r.id("publisher-id", s)
	}
}

func (r *xmlReader) publisher(e *etree.Element) {
	j := &r.a.Journal
	if s := r.rich("journal/publishers", inner(e.SelectElement("publisher_name")), jats.InlineMarkup); s != "" {
		for _, p := range recent(j.Publishers) {
			if p.Text == s {
				return
			}
		}
		j.Publishers = append(j.Publishers, jats.Text{Text: s})
	}
	if j.PubLoc == "" {
		j.PubLoc = r.rich("journal/publisherLoc", inner(e.SelectElement("publisher_place")), jats.InlineMarkup)
	}
}

func (r *xmlReader) archives(e *etree.Element) {
	if e == nil {
		return
	}
	for _, x := range e.SelectElements("archive") {
		r.meta("archive", x.SelectAttrValue("name", ""))
	}
}

func (r *xmlReader) people(e *etree.Element, list *[]jats.Contrib) {
	if e == nil {
		return
	}
	for _, c := range e.ChildElements() {
		switch c.Tag {
		case "person_name", "organization", "anonymous", "contributor":
			r.person(c, list)
		}
	}
}

func (r *xmlReader) person(e *etree.Element, list *[]jats.Contrib) {
	c := jats.Contrib{Anonymous: e.Tag == "anonymous"}
	setRole(&c, e.SelectAttrValue("contributor_role", ""))
	lang, style := langOf(e), e.SelectAttrValue("name-style", "")
	if e.Tag == "organization" {
		name := own(e)
		if name == "" {
			name = text(e.SelectElement("name"))
		}
		if name != "" {
			c.Collab = []jats.Text{{Lang: lang, Text: jats.Escape(name)}}
		}
	} else if n, ok := nameOf(e, lang, style); ok {
		c.Names = append(c.Names, n)
	}
	for _, x := range e.ChildElements() {
		switch x.Tag {
		case "name": // the whole name, as it is cited
			if s := text(x); s != "" && len(x.ChildElements()) == 0 && e.Tag != "organization" {
				c.Names = append(c.Names, jats.Name{Lang: langOf(x), Full: s})
			}
		case "organization_name", "alt-name":
			for _, n := range x.ChildElements() {
				switch n.Tag {
				case "name":
					if form, ok := nameOf(n, langOf(n), n.SelectAttrValue("name-style", "")); ok {
						c.Names = append(c.Names, form)
					}
				case "string-name":
					if s := text(n); s != "" {
						c.Names = append(c.Names, jats.Name{Lang: langOf(n), Style: n.SelectAttrValue("name-style", ""), Full: s})
					}
				}
			}
		case "ORCID":
			yes := x.SelectAttrValue("authenticated", "false") == "true" // the default of the schema
			c.IDs = append(c.IDs, jats.ContribID{Type: "orcid", Value: text(x), Authenticated: &yes})
		case "role":
			contribRole(&c, x.SelectAttrValue("vocab", ""), x.SelectAttrValue("type", text(x)))
		case "degrees":
			c.Degrees = append(c.Degrees, nonEmpty(text(x))...)
		case "affiliation":
			if id := r.affOf(institution{name: text(x)}); id != "" {
				c.Affs = append(c.Affs, id)
			}
		case "affiliations":
			for _, i := range x.SelectElements("institution") {
				if id := r.affOf(r.institution(i)); id != "" {
					c.Affs = append(c.Affs, id)
				}
			}
		}
	}
	r.contrib(list, c)
}

// nameOf reads the parts of a name.
func nameOf(e *etree.Element, lang, style string) (jats.Name, bool) {
	n := jats.Name{Surname: text(e.SelectElement("surname")), GivenNames: text(e.SelectElement("given_name")), Suffix: text(e.SelectElement("suffix")), Prefix: text(e.SelectElement("prefix"))}
	if n == (jats.Name{}) {
		return n, false
	}
	n.Lang, n.Style = lang, style
	return n, true
}

func (r *xmlReader) institution(e *etree.Element) institution {
	i := institution{name: text(e.SelectElement("institution_name")), acronyms: texts(e.SelectElements("institution_acronym")),
		departments: texts(e.SelectElements("institution_department")), places: texts(e.SelectElements("institution_place"))}
	if i.name == "" {
		i.name = own(e)
	}
	for _, x := range e.SelectElements("institution_id") {
		if s := text(x); s != "" {
			i.ids = append(i.ids, institutionID(x.SelectAttrValue("type", ""), s))
		}
	}
	return i
}

// program reads what the modules of the schema say: access, funding, relations, clinical trials.
func (r *xmlReader) program(e *etree.Element) {
	for _, c := range e.ChildElements() {
		switch c.Tag {
		case "free_to_read":
			p := &r.a.Permissions
			p.FreeToRead, p.FreeFrom, p.FreeUntil = true, c.SelectAttrValue("start_date", ""), c.SelectAttrValue("end_date", "")
		case "license_ref":
			r.license(text(c), c.SelectAttrValue("applies_to", ""), c.SelectAttrValue("start_date", ""))
		case "related_item":
			desc := r.rich("related", inner(c.SelectElement("description")), jats.InlineMarkup)
			for _, x := range c.ChildElements() {
				if x.Tag == "inter_work_relation" || x.Tag == "intra_work_relation" {
					r.relation(kebab(x.SelectAttrValue("relationship-type", "")), x.SelectAttrValue("identifier-type", ""), text(x), desc)
				}
			}
		case "clinical-trial-number":
			r.trial(text(c), c.SelectAttrValue("registry", ""), c.SelectAttrValue("type", ""))
		}
	}
	if list := e.SelectElements("assertion"); len(list) > 0 {
		r.funding(list)
	}
}

// kebab writes "isPartOf" as "is-part-of".
func kebab(s string) string {
	var b strings.Builder
	for i, c := range s {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte('-')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// maxAwards bounds the pairs of funder and award in a group; where there are more the awards stand apart.
const maxAwards = 4096

// funding reads a group of assertions on money: each funder in it gave each of its awards.
func (r *xmlReader) funding(list []*etree.Element) {
	type funder struct {
		name string
		ids  []jats.ID
	}
	var funders []funder
	var awards []string
	var groups [][]*etree.Element
	for _, x := range list {
		kind := x.SelectAttrValue("name", "")
		switch kind {
		case "fundgroup":
			groups = append(groups, x.SelectElements("assertion"))
		case "funder_name":
			f := funder{name: own(x)}
			for _, id := range x.SelectElements("assertion") {
				switch k := id.SelectAttrValue("name", ""); k {
				case "funder_identifier", "ror":
					f.ids = append(f.ids, institutionID(strings.TrimPrefix(k, "funder_identifier"), own(id)))
				case "award_number", "funding_identifier":
					awards = append(awards, own(id))
				}
			}
			funders = append(funders, f)
		case "funder_identifier", "ror":
			id := institutionID(strings.TrimPrefix(kind, "funder_identifier"), own(x))
			if n := len(funders); n > 0 && len(funders[n-1].ids) == 0 {
				funders[n-1].ids = append(funders[n-1].ids, id)
			} else {
				funders = append(funders, funder{ids: []jats.ID{id}})
			}
		case "award_number", "funding_identifier":
			awards = append(awards, own(x))
		}
	}
	each := awards
	if len(funders) == 0 || len(funders)*len(awards) > maxAwards {
		each = nil
		r.funder("", nil, awards)
	}
	for _, f := range funders {
		r.funder(f.name, f.ids, slices.Clone(each))
	}
	for _, g := range groups {
		r.funding(g)
	}
}

func (r *xmlReader) crossmark(e *etree.Element) {
	r.meta("crossmark-policy", doiOf(text(e.SelectElement("crossmark_policy"))))
	for _, u := range e.FindElements("updates/update") {
		r.update(false, u.SelectAttrValue("type", ""), text(u), u.SelectAttrValue("label", ""), jats.Date{})
	}
	for _, c := range e.SelectElements("custom_metadata") {
		for _, x := range c.ChildElements() {
			switch x.Tag {
			case "assertion":
				as := assertion{name: x.SelectAttrValue("name", ""), label: x.SelectAttrValue("label", ""), value: inner(x), url: x.SelectAttrValue("href", "")}
				as.group = x.SelectAttrValue("group_label", x.SelectAttrValue("group_name", ""))
				r.asserted = append(r.asserted, as)
			case "program":
				r.program(x)
			}
		}
	}
}

// links reads the addresses of the work.
func (r *xmlReader) links(e *etree.Element) {
	if x := e.SelectElement("resource"); x != nil {
		r.landing(text(x))
	}
	for _, c := range e.SelectElements("collection") {
		property := c.SelectAttrValue("property", "")
		for _, i := range c.SelectElements("item") {
			use := property
			switch property {
			case "crawler-based":
				if crawler := strings.ToLower(i.SelectAttrValue("crawler", "")); crawler != "iparadigms" && crawler != "similarity-check" {
					continue
				}
				use = "similarity-checking"
			case "country-based", "link-header":
				continue
			case "list-based":
				use = i.SelectAttrValue("label", "")
			}
			for _, x := range i.SelectElements("resource") {
				r.link(text(x), x.SelectAttrValue("mime_type", ""), use, x.SelectAttrValue("content_version", ""))
			}
		}
	}
}

func (r *xmlReader) citations(e *etree.Element) error {
	if e == nil {
		return nil
	}
	list := e.SelectElements("citation")
	if err := r.expect(len(list)); err != nil {
		return err
	}
	for _, c := range list {
		x := reference{kind: c.SelectAttrValue("type", "")}
		for _, p := range c.ChildElements() {
			switch p.Tag {
			case "doi":
				x.doi = text(p)
			case "unstructured_citation":
				x.unstructured = inner(p)
			case "author":
				x.author = text(p)
			case "cYear":
				x.year = text(p)
			case "article_title":
				x.articleTitle = inner(p)
			case "journal_title":
				x.journalTitle = inner(p)
			case "volume_title":
				x.volumeTitle = inner(p)
			case "series_title":
				x.seriesTitle = text(p)
			case "volume":
				x.volume = text(p)
			case "issue":
				x.issue = text(p)
			case "first_page":
				x.firstPage = text(p)
			case "elocation_id":
				x.elocation = text(p)
			case "edition_number":
				x.edition = text(p)
			case "component_number":
				x.component = text(p)
			case "issn":
				x.issn = text(p)
			case "isbn":
				x.isbn = text(p)
			case "std_designator":
				x.designator = text(p)
			case "standards_body":
				x.body = institution{name: text(p.SelectElement("standards_body_name")), acronyms: texts(p.SelectElements("standards_body_acronym"))}.String()
			}
		}
		r.reference(&x)
	}
	return nil
}

// components reads the files beside the work.
func (r *xmlReader) components(e *etree.Element) {
	for _, c := range e.SelectElements("component") {
		s := jats.Supplementary{URL: text(at(c, "doi_data", "resource")), Lang: langOf(c), Title: r.rich("supplementary", inner(at(c, "titles", "title")), jats.InlineMarkup)}
		if s.URL == "" {
			doi := text(at(c, "doi_data", "doi"))
			if doi == "" {
				doi = text(c.SelectElement("doi"))
			}
			if doi != "" {
				s.URL = "https://doi.org/" + doi
			}
		}
		if f := c.SelectElement("format"); f != nil {
			s.MIME = f.SelectAttrValue("mime_type", "")
		}
		for _, name := range [...]string{"description", "format"} {
			if p := r.rich("supplementary", inner(c.SelectElement(name)), jats.ParaMarkup); p != "" {
				s.Caption = append(s.Caption, p)
			}
		}
		r.a.Supplementary = append(r.a.Supplementary, s)
	}
}

// query reads the flat form of an answer: the fields of a work without any structure.
//
// Source: crossref_query_output2.0.xsd and 3.0, query.
func (r *xmlReader) query(e *etree.Element) {
	a := r.a
	r.title("", inner(e.SelectElement("article_title")), nil)
	kind, _ := kindOf(e)
	var all []jats.Title
	for _, name := range [...]string{"series_title", "journal_title", "volume_title"} {
		t := jats.Title{Text: r.rich("journal/title", inner(e.SelectElement(name)), jats.InlineMarkup)}
		switch {
		case t.Text == "":
		case name == "volume_title" && a.Title.Text == "": // the book itself
			a.Title = t
		default:
			all = append(all, t)
		}
	}
	r.containers(kind, all)
	for _, x := range e.SelectElements("issn") {
		r.issn(x.SelectAttrValue("type", x.SelectAttrValue("media_type", "")), text(x))
	}
	for _, x := range e.SelectElements("isbn") {
		r.isbn(text(x))
	}
	r.people(e.SelectElement("contributors"), &a.Contribs)
	if s := text(e.SelectElement("author")); s != "" && len(a.Contribs) == 0 {
		a.Contribs = []jats.Contrib{{Type: "author", Names: []jats.Name{{Full: s}}}}
	}
	a.Volume, a.Issue, a.FPage, a.LPage = text(e.SelectElement("volume")), text(e.SelectElement("issue")), text(e.SelectElement("first_page")), text(e.SelectElement("last_page"))
	for _, y := range e.SelectElements("year") {
		n, _ := strconv.Atoi(text(y))
		r.pubDate("pub", y.SelectAttrValue("media_type", ""), makeDate(n, 0, 0))
	}
	for _, name := range [...]string{"component_number", "edition_number"} {
		r.meta(strings.ReplaceAll(name, "_", "-"), text(e.SelectElement(name)))
	}
}

// crmItems reads what Crossref itself says of a work, beside the deposit.
func (r *xmlReader) crmItems(e *etree.Element) {
	for ; e != nil; e = e.Parent() {
		for _, x := range e.SelectElements("crm-item") {
			switch x.SelectAttrValue("name", "") {
			case "publisher-name":
				if s := text(x); s != "" && len(r.a.Journal.Publishers) == 0 {
					r.a.Journal.Publishers = []jats.Text{{Text: jats.Escape(s)}}
				}
			case "citedby-count":
				if s := text(x); s != "" && len(r.a.Metrics) == 0 {
					r.a.Metrics = []jats.Metric{{Name: "citations", Value: s}}
				}
			case "relation":
				if claim := x.SelectAttrValue("claim", ""); claim != "" {
					r.relation(kebab(claim), x.SelectAttrValue("type", ""), text(x), "")
				}
			}
		}
	}
}
