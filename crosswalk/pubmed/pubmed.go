// Package pubmed writes articles as publishers send them to PubMed: an ArticleSet in the "PubMed XML tagged format", DTD 2.8. It
// is a file for the publisher's folder at NLM, no format of OAI-PMH.
//
// The elements of an Article, in the order of the DTD:
//
//	record                                        element
//	publisher, in English if it has such a name   Journal/PublisherName *
//	title abbreviation of NLM (nlm-ta), else      Journal/JournalTitle *
//	  another abbreviation, else the title
//	ISSN of the kind that the date is of          Journal/Issn *
//	volume; issue with its part and supplement    Journal/Volume, Issue
//	date of publication                           Journal/PubDate * [PubStatus]
//	PMID, else DOI, else PII                      Replaces [IdType], when told so
//	English title                                 ArticleTitle *1
//	title in another language                     VernacularTitle *1
//	first page or article number, last page       FirstPage *2, LastPage
//	DOI; an article number that is not only of    ELocationID [EIdType] *2
//	  letters and digits
//	language                                      Language
//	authors and author groups                     AuthorList/Author
//	members of author groups                      GroupList/Group
//	kind of work, if PubMed has it                PublicationType
//	publisher's identifier, DOI                   ArticleIdList/ArticleId
//	received, revised, accepted; the electronic   History/PubDate
//	  date beside another
//	abstract in English                           Abstract, AbstractText [Label]
//	abstracts in other languages, and plain-      OtherAbstract [Language, Type]
//	  language summaries
//	first copyright statement                     CopyrightInformation
//	statement of conflicts of interest            CoiStatement
//	keywords in English, grants, registered       ObjectList/Object
//	  trials, the article that a notice is about
//	references as printed                         ReferenceList/Reference/Citation
//
// * is demanded; *1: one of these; *2: one of these. A name is given in Latin script where the article has it so, and a name in one part
// is a LastName beside an empty FirstName, as NLM asks. A title in another language has no brackets: NLM puts those itself. An
// electronic date has a PubStatus only when its day is known. Without volume and issue an article is ahead of print. Left out: editors
// and all others who are no authors; e-mail addresses that the source marks; graphical abstracts and key points, which PubMed does not index; licences; markup
// (formulae and indices as plain text); identifiers of references.
//
// What is not taken, by the code of [flat.Cannot]:
//
//   - not-taken: PubMed takes no book reviews, announcements, advertisements and the like.
//   - no-title, no-publisher, no-journal-title, no-issn, no-date: what the DTD demands is not known.
//   - no-issue: neither volume nor issue, nor a day of electronic publication, by which it would be ahead of print.
//   - no-pages: neither a first page nor an article number nor a DOI.
//   - nothing-to-replace: the article is to replace an earlier citation, and has no identifier by which that could be found.
//
// How sure this is: the DTD itself could not be had. Its content models of Journal, of Author and of the end of Article, and that
// FirstPage or ELocationID is demanded, are quoted in a public project that checks by it; the order, and what each element is for, are
// those of NLM's own converter from JATS and of two publishers' generators. DeleteCitation at the end of the set, and Group, are as
// in NLM's DTD for distribution.
//
// Source: NLM, PubMed Help, "PubMed XML Tagged Format" (NBK3828); NLM, pmc2pubmed.xsl.
package pubmed

import (
	"regexp"
	"strings"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
)

// Submission is an article to be sent.
type Submission struct {
	Record   *flat.Record
	Replaces bool // it was sent before, and this is to stand in its place
}

const header = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
	`<!DOCTYPE ArticleSet PUBLIC "-//NLM//DTD PubMed 2.8//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/in/PubMed.dtd">` + "\n"

// AppendSet appends a document that holds the articles, and then the deletion of the citations that have these PMIDs. errs has an entry for each
// article: nil, or the *flat.Cannot for which it is not in the document. When nothing would be in it, nothing is appended.
func AppendSet(dst []byte, articles []Submission, deleted []string) (out []byte, errs []error) {
	errs = make([]error, len(articles))
	out = append(dst, header+"<ArticleSet>"...)
	empty := len(out)
	for i, a := range articles {
		b, err := AppendArticle(out, a.Record, a.Replaces)
		if errs[i] = err; err == nil {
			out = b
		}
	}
	w := element.Writer{B: out}
	w.Open("DeleteCitation")
	for _, pmid := range deleted {
		w.Text("PMID", pmid)
	}
	w.Close()
	if len(w.B) == empty {
		return dst, errs
	}
	return append(w.B, "</ArticleSet>\n"...), errs
}

// AppendArticle appends the Article element of r. With replaces it names the citation in whose place it is to stand. The error is a *flat.Cannot.
func AppendArticle(dst []byte, r *flat.Record, replaces bool) ([]byte, error) {
	if reviews[strings.ToLower(r.Article.ArticleType)] {
		return nil, flat.Cannotf("not-taken", "pubmed: PubMed takes no work of the kind %q", r.Article.ArticleType)
	}
	w := writer{Writer: element.Writer{B: dst}, r: r}
	w.Open("Article")
	beside, err := w.journal()
	if err != nil {
		return nil, err
	}
	if replaces && !w.replaces() {
		return nil, flat.Cannotf("nothing-to-replace", "pubmed: no PMID, DOI or publisher's identifier by which PubMed could find what this replaces")
	}
	if !w.titles() {
		return nil, flat.Cannotf("no-title", "pubmed: the article has no title")
	}
	if !w.place() {
		return nil, flat.Cannotf("no-pages", "pubmed: neither a first page nor an article number nor a DOI")
	}
	w.Text("Language", strings.ToUpper(flat.ISO1(r.Lang)))
	w.authors()
	w.Text("PublicationType", publicationTypes[strings.ToLower(r.Article.ArticleType)])
	w.Open("ArticleIdList")
	w.Text("ArticleId", pii(r), "IdType", "pii")
	w.Text("ArticleId", r.DOI, "IdType", "doi")
	w.Close()
	w.history(beside)
	w.abstracts()
	if len(r.Copyright) > 0 {
		w.Text("CopyrightInformation", r.Copyright[0].Text)
	}
	w.conflicts()
	w.objects()
	w.Open("ReferenceList")
	for i := range r.Refs {
		w.Open("Reference")
		w.Text("Citation", r.Refs[i].Text)
		w.Close()
	}
	w.Close()
	w.Close()
	return w.B, nil
}

// writer appends the elements of one article.
type writer struct {
	element.Writer
	r *flat.Record
}

// must writes an element that has to be there, and tells whether it is.
func (w *writer) must(name, value string, attrs ...string) bool {
	before := len(w.B)
	w.Text(name, value, attrs...)
	return len(w.B) > before
}

// journal writes the Journal, and gives the dates that stand beside that of publication, by their PubStatus.
func (w *writer) journal() (beside [][2]string, err error) {
	r := w.r
	status, date, beside := published(r)
	publisher, title := "", flat.FirstID(r.Article.Journal.IDs, "nlm-ta")
	for _, p := range r.Journal.Publishers {
		if publisher == "" || isEnglish(p.Lang) && p.Lang != "" {
			if publisher = p.Text; isEnglish(p.Lang) {
				break
			}
		}
	}
	if title == "" {
		title = r.Journal.Abbrev
	}
	if title == "" {
		title = r.Journal.Title
	}
	w.Open("Journal")
	switch {
	case !w.must("PublisherName", publisher):
		return nil, flat.Cannotf("no-publisher", "pubmed: the publisher is not named")
	case !w.must("JournalTitle", title):
		return nil, flat.Cannotf("no-journal-title", "pubmed: the journal is not named")
	case !w.must("Issn", issn(r)):
		return nil, flat.Cannotf("no-issn", "pubmed: the journal has no ISSN")
	case date == "":
		return nil, flat.Cannotf("no-date", "pubmed: no date of publication")
	}
	issue := strings.Join(parts(r.Issue, prefixed("Pt ", r.Article.IssuePart), prefixed("Suppl ", r.Article.Supplement.Plain())), " ")
	volume := w.must("Volume", r.Volume)
	if !w.must("Issue", issue) && !volume && status != "aheadofprint" {
		return nil, flat.Cannotf("no-issue", "pubmed: neither volume nor issue, nor a day of electronic publication, by which it would be ahead of print")
	}
	season := ""
	for _, d := range r.Article.PubDates {
		if d.Date == date && len(date) == 4 && season == "" {
			season = d.Season
		}
	}
	w.date(status, date, season)
	w.Close()
	return beside, nil
}

// prefixed puts a word before s unless s begins with it in some form, as "Supplement 2" and "S2" do.
func prefixed(word, s string) string {
	if s = strings.TrimSpace(s); s == "" || strings.HasPrefix(strings.ToLower(s), strings.ToLower(word[:1])) {
		return s
	}
	return word + s
}

func parts(ss ...string) (out []string) {
	for _, s := range ss {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// issn is that of the kind of the date of publication, else any.
func issn(r *flat.Record) string {
	first, second := r.Journal.Print, r.Journal.Electronic
	if r.Print == "" && r.Online != "" {
		first, second = second, first
	}
	if first == "" {
		first = second
	}
	if first == "" && len(r.Journal.ISSNs) > 0 {
		first = r.Journal.ISSNs[0]
	}
	return first
}

// published is the date of the citation with its PubStatus, and what else there is to tell of publication. Beside a printed date, or the year of the
// volume, the electronic one is history; on its own it is the date.
//
// Source: NLM, pmc2pubmed.xsl, PubDate.
func published(r *flat.Record) (status, date string, beside [][2]string) {
	online := "" // with its day, which a PubStatus demands
	if len(r.Online) == 10 {
		online = r.Online
	}
	collection := ""
	for _, d := range r.Article.PubDates {
		if d.Type == "collection" && flat.IsDate(d.Date) && collection == "" {
			collection = d.Date
		}
	}
	switch {
	case r.Volume == "" && r.Issue == "" && online != "" && r.Print == "":
		return "aheadofprint", online, nil
	case r.Print != "":
		status, date = "ppublish", r.Print
	case collection != "" && r.Online != "":
		date = collection
	case online != "":
		return "epublish", online, nil
	default:
		return "", r.Published, nil
	}
	if online != "" && online != date {
		beside = [][2]string{{"epublish", online}}
	}
	return status, date, beside
}

// date writes a date as far as it is known; season only where there is no month.
func (w *writer) date(status, date, season string) {
	w.Open("PubDate", "PubStatus", status)
	w.Text("Year", date[:4])
	switch {
	case len(date) >= 7:
		w.Text("Month", date[5:7])
		if len(date) == 10 {
			w.Text("Day", date[8:])
		}
	case season != "":
		w.Text("Season", season)
	}
	w.Close()
}

// pii is the identifier that the publisher gave the article.
func pii(r *flat.Record) string {
	if id := flat.FirstID(r.Article.IDs, "pii"); id != "" {
		return id
	}
	return flat.FirstID(r.Article.IDs, "publisher-id")
}

func (w *writer) replaces() bool {
	for _, id := range [][2]string{{"pubmed", flat.FirstID(w.r.Article.IDs, "pmid")}, {"doi", w.r.DOI}, {"pii", pii(w.r)}} {
		if w.must("Replaces", id[1], "IdType", id[0]) {
			return true
		}
	}
	return false
}

// isEnglish tells whether a text in this language counts as English: one of unknown language does.
func isEnglish(tag string) bool {
	return tag == "" || flat.SameScript(tag, "en")
}

// titles writes the English title, and that in the article's own language if it is another.
func (w *writer) titles() bool {
	english, vernacular := "", ""
	for i, t := range w.r.Titles {
		switch {
		case isEnglish(t.Lang):
			if english == "" {
				english = t.Full()
			}
		case i == 0 || vernacular == "" && flat.SameScript(t.Lang, w.r.Lang):
			vernacular = t.Full()
		}
	}
	title := w.must("ArticleTitle", english)
	return w.must("VernacularTitle", vernacular) || title
}

var alphanumeric = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// place writes where the article stands. An article number is a first page to PubMed.
//
// Source: NLM, pmc2pubmed.xsl, elocation-id.
func (w *writer) place() bool {
	first, last, number := w.r.FPage, w.r.LPage, ""
	if first == "" {
		if alphanumeric.MatchString(w.r.Elocation) {
			first, last = w.r.Elocation, ""
		} else if w.r.Elocation != w.r.DOI {
			number = w.r.Elocation
		}
	}
	ok := w.must("FirstPage", first, "LZero", "save")
	if ok {
		w.Text("LastPage", last)
	}
	ok = w.must("ELocationID", number, "EIdType", "pii") || ok
	return w.must("ELocationID", w.r.DOI, "EIdType", "doi") || ok
}

// history writes the dates before publication that are known to the day, and those beside it.
func (w *writer) history(beside [][2]string) {
	w.Open("History")
	for _, d := range append([][2]string{{"received", w.r.Received}, {"revised", w.r.Revised}, {"accepted", w.r.Accepted}}, beside...) {
		if len(d[1]) == 10 {
			w.date(d[0], d[1], "")
		}
	}
	w.Close()
}
