package pubmed

import (
	"slices"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// book reads a book or, where it has a title of its own, a chapter of one.
func (r *reader) book(d, data *etree.Element) {
	a, b := r.a, child(d, "Book")
	r.languages(children(d, "Language"))
	r.pmid(child(d, "PMID"))
	r.ids(child(d, "ArticleIdList"))
	r.ids(child(data, "ArticleIdList"))
	r.types(append(children(child(d, "PublicationTypeList"), "PublicationType"), children(d, "PublicationType")...))
	if s := r.rich(child(b, "Publisher", "PublisherName"), jats.InlineMarkup); s != "" {
		a.Journal.Publishers = []jats.Text{{Text: s}}
	}
	a.Journal.PubLoc = jats.Escape(textAt(b, "Publisher", "PublisherLocation"))
	bookTitle := r.rich(child(b, "BookTitle"), jats.InlineMarkup)
	r.titles(child(d, "ArticleTitle"), child(d, "VernacularTitle"), true)
	chapter := a.Title.Text != ""
	published := date(child(b, "PubDate"))
	if chapter {
		a.ArticleType = "book-chapter"
		a.Journal.Title.Text = bookTitle
		r.published("", "pub", "", date(child(d, "ContributionDate")))
		r.published("", "collection", "", published)
	} else {
		a.Title.Text = bookTitle
		r.published("", "pub", "", published)
	}
	r.event("updated", date(child(d, "DateRevised")))
	a.Volume, a.VolumeSeries = textAt(b, "Volume"), textAt(b, "CollectionTitle")
	for _, e := range children(b, "Isbn") {
		a.ISBNs = append(a.ISBNs, text(e))
	}
	r.meta("volume-title", textAt(b, "VolumeTitle"))
	r.meta("edition", textAt(b, "Edition"))
	r.meta("medium", textAt(b, "Medium"))
	r.span("beginning-date", child(b, "BeginningDate"))
	r.span("ending-date", child(b, "EndingDate"))
	for _, e := range children(d, "LocationLabel") {
		kind := attr(e, "Type")
		if kind == "" {
			kind = "location"
		}
		r.meta(kind, text(e))
	}
	p := child(d, "Pagination")
	r.pages(textAt(p, "StartPage"), textAt(p, "EndPage"), textAt(p, "MedlinePgn"))
	own := a.IDs
	r.elocations(children(b, "ELocationID"))
	r.id("report-number", textAt(b, "ReportNumber"))
	if chapter { // these are the book's
		a.Journal.IDs, a.IDs = slices.Clone(a.IDs[len(own):]), own
	}

	for _, list := range children(d, "AuthorList") {
		r.authors(list)
	}
	for _, list := range children(d, "InvestigatorList") {
		r.investigators(list)
	}
	authors := a.Contribs
	if chapter {
		a.Contribs = nil
		r.noGroups()
	}
	for _, list := range children(b, "AuthorList") {
		r.authors(list)
	}
	for _, list := range children(b, "InvestigatorList") {
		r.investigators(list)
	}
	if chapter {
		a.Journal.Contribs, a.Contribs = a.Contribs, authors
	}

	if x := child(d, "Abstract"); x != nil {
		r.abstract(x, "", r.english())
	}
	for _, x := range children(d, "KeywordList") {
		r.keywords(x)
	}
	for _, x := range children(d, "ItemList") {
		r.group(lower(attr(x, "ListType")), "", terms(x, "Item"))
	}
	r.sections(child(d, "Sections"))
	r.note("coi-statement", child(d, "CoiStatement"))
	r.grants(child(d, "GrantList"))
	r.references(children(d, "ReferenceList"))
	r.pubmedData(data)
}

// span keeps a date between which and another the book came out.
func (r *reader) span(name string, e *etree.Element) {
	d := date(e)
	switch {
	case d.Season != "":
		r.meta(name, d.Season+" "+d.Date)
	case d.Date != "":
		r.meta(name, d.Date)
	default:
		r.meta(name, d.Text)
	}
}

// sections lists what a book holds, its parts before their parts.
func (r *reader) sections(e *etree.Element) {
	for _, s := range children(e, "Section") {
		t := r.rich(child(s, "SectionTitle"), jats.InlineMarkup)
		if l := textAt(s, "LocationLabel"); l != "" {
			t = jats.Escape(l) + " " + t
		}
		if t != "" {
			r.a.CustomMeta = append(r.a.CustomMeta, jats.CustomMeta{Name: "contents", Value: t})
		}
		r.sections(s)
	}
}
