package pubmed

import (
	"strings"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// deposit reads an article as its publisher sends it to PubMed.
//
// Source: PubMed Help, "PubMed XML Tagged Format"; DTD PubMed 2.8.
func (r *reader) deposit(e *etree.Element) {
	a, j := r.a, child(e, "Journal")
	r.languages(children(e, "Language"))
	r.types(children(e, "PublicationType"))
	if s := textAt(j, "PublisherName"); s != "" {
		a.Journal.Publishers = []jats.Text{{Text: jats.Escape(s)}}
	}
	a.Journal.Title.Text = jats.Escape(textAt(j, "JournalTitle"))
	for _, i := range children(j, "Issn") {
		a.Journal.ISSNs = append(a.Journal.ISSNs, jats.ISSN{Value: text(i)})
	}
	a.Volume, a.Issue, a.IssuePart = textAt(j, "Volume"), textAt(j, "Issue"), textAt(j, "Part")
	r.titles(child(e, "ArticleTitle"), child(e, "VernacularTitle"), false)
	r.pages(textAt(e, "FirstPage"), textAt(e, "LastPage"), "")
	r.ids(child(e, "ArticleIdList"))
	r.elocations(children(e, "ELocationID"))
	for _, x := range children(e, "Replaces") {
		kind := strings.ToLower(attr(x, "IdType"))
		if t := idTypes[kind]; t != "" {
			kind = t
		}
		if kind != "" && !r.hasID(kind) {
			r.id(kind, text(x))
		}
	}
	if d := child(j, "PubDate"); d != nil {
		if s := attr(d, "PubStatus"); s != "" {
			r.event(s, date(d))
		} else {
			r.published("", "pub", "", date(d))
		}
	}
	r.history(child(e, "History"), "PubDate")

	r.authors(child(e, "AuthorList"))
	for _, g := range children(child(e, "GroupList"), "Group") {
		r.members(g)
	}
	if x := child(e, "Abstract"); x != nil {
		r.abstract(x, "", r.english())
	}
	for _, x := range children(e, "OtherAbstract") {
		r.otherAbstract(x)
	}
	for _, x := range children(e, "PlainLanguageSummary") {
		r.abstract(x, "plain-language-summary", r.english())
	}
	r.ownFirst()
	r.copyright(child(e, "CopyrightInformation"))
	r.note("coi-statement", child(e, "CoiStatement"))
	r.objects(child(e, "ObjectList"))
	r.references(children(e, "ReferenceList"))
	for _, x := range children(e, "ArchiveCopySource") {
		l := jats.Link{URL: text(x)}
		switch strings.ToLower(attr(x, "DocType")) {
		case "pdf":
			l.MIME = "application/pdf"
		case "xml":
			l.MIME = "application/xml"
		}
		a.Links = append(a.Links, l)
	}
}

// members reads the people of a group: of the author of that name, if there is one.
func (r *reader) members(g *etree.Element) {
	t := r.rich(child(g, "GroupName"), jats.InlineMarkup)
	i, ok := r.named[t]
	if !ok {
		i = len(r.a.Contribs)
		r.a.Contribs = append(r.a.Contribs, jats.Contrib{Type: "investigator"})
		if t != "" {
			r.a.Contribs[i].Collab = []jats.Text{{Text: t}}
			r.addGroup(i, "")
		}
	}
	group := &r.a.Contribs[i]
	for _, e := range children(g, "IndividualName") {
		group.Members = r.contrib(group.Members, e, "")
	}
}
