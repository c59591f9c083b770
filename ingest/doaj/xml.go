package doaj

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// RecogniseXML tells whether a document begins as XML of DOAJ: a list of records or one, with an element that only DOAJ has, or a doajArticle.
func RecogniseXML(head []byte) bool {
	switch name, _ := cut.Root(head); name {
	case "doajArticle":
		return true
	case "records":
		return bytes.Contains(head, []byte("record>")) && (bytes.Contains(head, []byte("journalTitle>")) || bytes.Contains(head, []byte("publicationDate>")))
	case "record":
		return bytes.Contains(head, []byte("journalTitle>"))
	}
	return false
}

// CutXML yields each record.
func CutXML(r io.Reader, yield func(cut.Record) error) error {
	return cut.XML{Records: []string{"record", "doajArticle"}}.Cut(r, yield)
}

// ReadXML reads one record: a document that CutXML gave, or one whose only record it is. The error is a *jats.Fault ("malformed", "too-large", "too-deep",
// "not-recognised", "several-records").
func ReadXML(record []byte) (*jats.Article, []jats.Warning, error) {
	root, err := cut.Document(record)
	if err != nil {
		return nil, nil, err
	}
	found := find(root, nil)
	if len(found) != 1 {
		if len(found) == 0 {
			return nil, nil, jats.Faultf("not-recognised", 0, "XML %q without a record of DOAJ in it", root.Tag)
		}
		return nil, nil, jats.Faultf("several-records", 0, "more than one record, want one")
	}
	r := newReader()
	r.record(found[0])
	return r.a, r.warnings, nil
}

// find appends the records in e to found, and stops after the second. A record around a doajArticle is that of OAI-PMH.
func find(e *etree.Element, found []*etree.Element) []*etree.Element {
	if e.Tag == "doajArticle" {
		return append(found, e)
	}
	before := len(found)
	for _, k := range e.ChildElements() {
		if len(found) < 2 {
			found = find(k, found)
		}
	}
	if e.Tag == "record" && len(found) == before {
		found = append(found, e)
	}
	return found
}

// attr is an attribute, with any prefix.
func attr(e *etree.Element, name string) string {
	for _, a := range e.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

func children(e *etree.Element, name string) []*etree.Element {
	if e == nil {
		return nil
	}
	return e.SelectElements(name)
}

func (r *reader) record(e *etree.Element) {
	a := r.a
	one := func(name string) string { return cut.HTML(e.SelectElement(name)) }
	if s := one("language"); s != "" {
		if a.Lang = jats.ParseLang(s); a.Lang == "" {
			r.warn("lang-mended", "language", "language "+strconv.Quote(s)+" is none of ISO 639-2 and was left out")
		}
	}
	for _, t := range e.SelectElements("title") {
		if a.Lang == "" { // where the record says none it is the title's
			a.Lang = jats.ParseLang(attr(t, "language"))
		}
	}
	r.id("doi", one("doi"))
	r.id("publisher-id", one("publisherRecordId"))
	r.issn("print", one("issn"))
	r.issn("electronic", one("eissn"))
	a.Journal.Title.Text = r.rich("journalTitle", one("journalTitle"), jats.InlineMarkup)
	if s := one("publisher"); s != "" {
		a.Journal.Publishers = []jats.Text{{Text: r.rich("publisher", s, jats.InlineMarkup)}}
	}
	a.Volume, a.Issue, a.FPage, a.LPage = one("volume"), one("issue"), one("startPage"), one("endPage")
	r.publishedOn(one("publicationDate"), e.Tag == "doajArticle")
	r.documentType(one("documentType"))
	for _, t := range e.SelectElements("title") {
		r.title(t)
	}
	affiliations, used := map[string]string{}, map[string]bool{}
	list := children(e.SelectElement("affiliationsList"), "affiliationName")
	for _, x := range list {
		if id := attr(x, "affiliationId"); affiliations[id] == "" {
			affiliations[id] = cut.HTML(x)
		}
	}
	for _, x := range children(e.SelectElement("authors"), "author") {
		var at []string
		for _, e := range x.SelectElements("affiliationId") {
			id := cut.HTML(e)
			if s, ok := affiliations[id]; ok {
				at = append(at, s)
				used[id] = true
			} else if id != "" {
				r.warn("rid-dropped", "author/affiliationId", strconv.Quote(id)+" is no affiliationId of this record's affiliationsList")
			}
		}
		r.author(cut.HTML(x.SelectElement("name")), at, cut.HTML(x.SelectElement("orcid_id")), cut.HTML(x.SelectElement("email")))
	}
	for _, x := range list { // of nobody, as far as is said
		if !used[attr(x, "affiliationId")] {
			r.affiliation(cut.HTML(x))
		}
	}
	for _, x := range e.SelectElements("abstract") {
		r.abstract(cut.HTML(x), attr(x, "language"))
	}
	slices.SortStableFunc(a.Abstracts, func(a, b jats.Abstract) int { return min(len(a.Lang), 1) - min(len(b.Lang), 1) }) // the article's own language first
	for _, x := range e.SelectElements("fullTextUrl") {
		r.link(cut.HTML(x), attr(x, "format"))
	}
	for _, x := range e.SelectElements("keywords") {
		var list []string
		for _, k := range x.SelectElements("keyword") {
			list = append(list, cut.HTML(k))
		}
		r.keywords(list, attr(x, "language"))
	}
}

// publishedOn reads a date. Over OAI-PMH DOAJ, which knows no days, fills up what it lacks with 01: that is taken away again, and with it a January that may be
// filled up too.
func (r *reader) publishedOn(s string, filled bool) {
	if s == "" {
		return
	}
	d := jats.ParseDate(s)
	if filled {
		d.Date = strings.TrimSuffix(strings.TrimSuffix(d.Date, "-01"), "-01")
	}
	d.Type = "pub"
	r.a.PubDates = append(r.a.PubDates, d)
}

// title adds a title: the article's own is the first in its language, or in none that is said; before that one comes, the first of all.
func (r *reader) title(e *etree.Element) {
	a := r.a
	t := jats.Title{Lang: r.lang(attr(e, "language")), Text: r.rich("title", cut.HTML(e), jats.InlineMarkup)}
	switch {
	case t.Text == "":
	case a.Title.Text == "":
		a.Title = t
	case t.Lang == "" && a.Title.Lang != "":
		a.Title, a.TransTitles = t, append([]jats.Title{a.Title}, a.TransTitles...)
	default:
		a.TransTitles = append(a.TransTitles, t)
	}
}

// documentTypes are kinds of article in the words that publishers use; DOAJ has no list of them.
var documentTypes = map[string]string{
	"article": "research-article", "journal article": "research-article", "original article": "research-article", "original paper": "research-article",
	"original research": "research-article", "research": "research-article", "research article": "research-article", "research paper": "research-article",
	"full paper": "research-article", "regular article": "research-article", "artículo": "research-article", "artigo": "research-article", "статья": "research-article",
	"научная статья": "research-article", "论文": "research-article", "review": "review-article", "review article": "review-article", "review paper": "review-article",
	"обзор": "review-article", "systematic review": "systematic-review", "case report": "case-report", "case study": "case-report", "editorial": "editorial",
	"letter": "letter", "letter to the editor": "letter", "commentary": "article-commentary", "comment": "article-commentary", "book review": "book-review",
	"рецензия": "book-review", "correction": "correction", "corrigendum": "correction", "erratum": "correction", "retraction": "retraction",
	"conference paper": "conference-paper", "short communication": "short-communication", "brief communication": "brief-report", "brief report": "brief-report",
	"data paper": "data-paper", "technical note": "technical-note", "interview": "interview", "obituary": "obituary", "news": "news", "abstract": "abstract",
	"report": "report", "preprint": "preprint", "thesis": "dissertation", "dissertation": "dissertation", "protocol": "protocol", "study protocol": "protocol",
}

func (r *reader) documentType(s string) {
	if s == "" {
		return
	}
	if r.a.ArticleType = documentTypes[strings.ToLower(s)]; r.a.ArticleType == "" {
		r.a.ArticleType = "other"
	}
	r.a.SubjGroups = append(r.a.SubjGroups, jats.SubjGroup{Type: "article-type", Subjects: []jats.Subject{{Text: jats.Escape(s)}}})
}
