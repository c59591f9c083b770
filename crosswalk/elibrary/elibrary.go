// Package elibrary writes an issue of a journal in the XML that eLIBRARY.RU (the Russian Science Citation Index) and RCSI Metafora take:
// "journal3", one issue a file.
//
// Most elements stand once for each language, with lang="RUS", "ENG" and so on: the Russian and the English side. What has no language
// of its own is in that of the article; where that is unknown the code is ANY, or there is none.
//
//	record                                    element
//	journal-id elibrary, rinc or risc         journal/titleid
//	print ISSN, else one of unknown kind      issn *1
//	electronic ISSN                           eissn *1
//	titles of the journal, publisher, place   journalInfo[lang]/title, publ, placePubl
//	volume, issue, part                       issue/volume *2, number *2, part
//	year of the issue                         issue/dateUni *
//	title of the issue                        issue/issTitle[lang]
//	DOI and EDN of the issue                  issue/codes/doi, edn
//	section of the issue                      articles/section/secTitle[lang], before its first article
//
// and of each article:
//
//	pages, else the article number            pages *
//	kind of work                              artType: RAR, REV, BRV, ...
//	language                                  langPubl
//	authors; editors, translators, compilers  authors/author[num]/role, correspondent
//	  and reviewers by their role
//	  their names; of a group, its name       individInfo[lang]/surname, initials *
//	  affiliations                            individInfo[lang]/orgName, address, town, country
//	  post                                    individInfo[lang]/otherInfo
//	  ORCID, SPIN, Scopus, ResearcherID       authorCodes/orcid, spin, scopusid, researcherid
//	titles                                    artTitles/artTitle[lang] *
//	abstracts without a kind                  abstracts/abstract[lang], one of a language
//	DOI, EDN                                  codes/doi, edn
//	codes of UDC, BBK, VAK, JEL, MSC, PACS    codes/udk, bbk, vak, vak21, jel, msc, pacs
//	codes of others                           codes/anycode, as "OECD 1.02"
//	keywords                                  keywords/kwdGroup[lang]/keyword
//	received, accepted, published             dates/dateReceived, dateAccepted, datePublication, as dd.mm.yyyy
//	references                                references/reference/refInfo[lang]/text, elements/element[field]
//	full texts, own page                      files/furl[desc]
//	GRNTI codes                               rubrics/rubric
//	funding statements, else the grants       fundings/funding[lang]
//
// * is demanded; *1: one of these; *2: one of these. Italics, bold, indices and line breaks are kept in titles and abstracts (i, b, sub, sup, br). A
// name in Latin transliteration is the English side when there is no English one. A reference stands under RUS, as Metafora
// demands, in whatever language it is printed; its other form (a translation, a transliteration) stands under ENG. A name whose
// parts are not known is a surname. Left out: e-mail addresses; the text of the article (eLIBRARY reads it from the PDF, and its own
// schema has an element for it that Metafora's does not demand); dates that are not known to the day; titles in Latin
// transliteration; abstracts for a purpose; operCard, which tells of the program that made the file.
//
// An article that cannot be in the file is left out of it, and the others stay. Why, by the code of [flat.Cannot]:
//
//   - no-title, no-author, no-pages: Metafora takes no article without a title, a named author, or pages.
//   - no-issn: the journal has no ISSN.
//   - no-issue: the article names neither volume nor issue.
//   - no-date: the year of the issue is not known.
//   - another-issue: the article is of another issue than the first one that is taken.
//
// Source: journal3.xsd as RCSI Metafora uses it; eLIBRARY.RU, lists of codes in its own schema of the same format (article types, languages, roles,
// fields of references, kinds of files), as a client of both documents them.
package elibrary

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
)

// IssueKey names the issue that r stands in: the same for all articles of an issue that give the journal the same ISSNs. It is a path of the journal (an
// ISSN, else the title), the year, volume, issue and part, each escaped as in an address; "" when the journal, the year, or both volume and issue are
// not known.
func IssueKey(r *flat.Record) string {
	j := r.Journal.Print
	for _, s := range append([]string{r.Journal.Electronic}, r.Journal.ISSNs...) {
		if j == "" {
			j = s
		}
	}
	if j == "" {
		j = strings.ToLower(r.Journal.Title)
	}
	year := r.IssueYear()
	if j == "" || year == "" || r.Volume == "" && r.Issue == "" {
		return ""
	}
	parts := []string{j, year, r.Volume, r.Issue}
	if p := part(r); p != "" {
		parts = append(parts, p)
	}
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// part is the part or supplement of the issue.
func part(r *flat.Record) string {
	if s := strings.TrimSpace(r.Article.IssuePart); s != "" {
		return s
	}
	return strings.TrimSpace(r.Article.Supplement.Plain())
}

// AppendIssue appends the document of the issue that the articles are of, in the order of their pages. errs has an entry for each article: nil, or the
// *flat.Cannot for which it is not in the document. When none can be in it, nothing is appended.
func AppendIssue(dst []byte, articles []*flat.Record) (out []byte, errs []error) {
	errs = make([]error, len(articles))
	key := ""
	var taken []*flat.Record
	for i, r := range articles {
		switch err := check(r); {
		case err != nil:
			errs[i] = err
		case key != "" && IssueKey(r) != key:
			errs[i] = flat.Cannotf("another-issue", "elibrary: of the issue %s, and the file is of %s", IssueKey(r), key)
		default:
			key = IssueKey(r)
			taken = append(taken, r)
		}
	}
	if len(taken) == 0 {
		return dst, errs
	}
	slices.SortStableFunc(taken, byPage)
	w := writer{Writer: element.Writer{B: append(dst, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"...)}}
	w.Open("journal")
	w.journal(taken)
	w.Open("issue")
	w.issue(taken)
	w.Raw("<articles>") // it has to be there
	section := ""
	for _, r := range taken {
		if s := w.section(r); s != "" && s != section {
			w.Raw(s)
			section = s
		}
		w.article(r)
	}
	w.Raw("</articles>")
	w.Close()
	w.Close()
	return append(w.B, '\n'), errs
}

// check tells why r cannot be in a file.
func check(r *flat.Record) error {
	titled, author := false, false
	for _, t := range r.Titles {
		titled = titled || visible(t.Full()) && !isLatn(t.Lang)
	}
	for i := range r.Authors {
		author = author || visible(r.Authors[i].Direct())
	}
	switch {
	case len(r.Journal.ISSNs) == 0:
		return flat.Cannotf("no-issn", "elibrary: the journal has no ISSN")
	case !titled:
		return flat.Cannotf("no-title", "elibrary: the article has no title")
	case !author:
		return flat.Cannotf("no-author", "elibrary: no author is named")
	case !visible(pages(r)):
		return flat.Cannotf("no-pages", "elibrary: neither pages nor an article number")
	case r.Volume == "" && r.Issue == "":
		return flat.Cannotf("no-issue", "elibrary: neither volume nor issue, and a file is of an issue")
	case r.IssueYear() == "":
		return flat.Cannotf("no-date", "elibrary: the year of the issue is not known")
	}
	return nil
}

// visible tells whether there is anything to see in s.
func visible(s string) bool {
	_, seen := element.AppendText(nil, s)
	return seen
}

func pages(r *flat.Record) string {
	if r.Pages != "" {
		return r.Pages
	}
	return r.Elocation
}

// byPage is the order of articles in an issue: by the first page, in numbers where it is one; what has none comes last.
func byPage(a, b *flat.Record) int {
	x, xs := page(a)
	y, ys := page(b)
	if x != y {
		return x - y
	}
	return strings.Compare(xs, ys)
}

func page(r *flat.Record) (n int, s string) {
	s = r.FPage
	if s == "" {
		s = r.Elocation
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1e6 {
		return 1e6 + 1, s
	}
	return n, ""
}

// writer appends the elements of one file.
type writer struct {
	element.Writer
}

// journal writes what the articles tell of the journal, each fact as the first of them has it.
func (w *writer) journal(articles []*flat.Record) {
	first := func(value func(r *flat.Record) string) string {
		for _, r := range articles {
			if s := value(r); s != "" {
				return s
			}
		}
		return ""
	}
	w.Text("titleid", first(func(r *flat.Record) string {
		for _, kind := range []string{"elibrary", "rinc", "risc"} {
			if id := flat.FirstID(r.Article.Journal.IDs, kind); id != "" {
				return id
			}
		}
		return ""
	}))
	electronic := first(func(r *flat.Record) string { return r.Journal.Electronic })
	w.Text("issn", first(func(r *flat.Record) string {
		if r.Journal.Print == "" && r.Journal.Electronic == "" && len(r.Journal.ISSNs) > 0 && r.Journal.ISSNs[0] != electronic {
			return r.Journal.ISSNs[0]
		}
		return r.Journal.Print
	}))
	w.Text("eissn", electronic)
	var done sides
	for _, transliterated := range []bool{false, true} { // only where nothing else is for English readers
		for _, r := range articles {
			for _, t := range r.Journal.Titles {
				lang := side(t.Lang)
				if isLatn(t.Lang) != transliterated || !visible(t.Full()) || !done.add(lang) {
					continue
				}
				w.Open("journalInfo", "lang", lang)
				w.Text("title", t.Full())
				w.publisher(r, lang)
				w.Close()
			}
		}
	}
	if len(done) == 0 {
		w.Open("journalInfo")
		w.Text("abbrTitle", first(func(r *flat.Record) string { return r.Journal.Abbrev }))
		w.Close()
	}
}

// publisher writes the publisher and its place, as far as they are in that language.
func (w *writer) publisher(r *flat.Record, lang string) {
	for _, p := range r.Journal.Publishers {
		if sideOf(r, p.Lang) == lang {
			w.Text("publ", p.Text)
			break
		}
	}
	if side(r.Lang) == lang {
		w.Text("placePubl", r.Journal.Place)
	}
}

// sides are languages that something was written in.
type sides []string

// add tells whether lang is a new one.
func (s *sides) add(lang string) bool {
	if slices.Contains(*s, lang) {
		return false
	}
	*s = append(*s, lang)
	return true
}

func (w *writer) issue(taken []*flat.Record) {
	r := taken[0]
	w.Text("volume", r.Volume)
	w.Text("number", r.Issue)
	w.Text("dateUni", r.IssueYear())
	w.Text("part", part(r))
	for _, t := range r.Article.IssueTitles {
		if visible(t.Text.Plain()) {
			w.Text("issTitle", t.Text.Plain(), "lang", side(or(t.Lang, r.Lang)))
			break // the schema has place for one
		}
	}
	w.Open("codes")
	w.Text("doi", flat.FirstID(r.Article.IssueIDs, "doi"))
	w.Text("edn", flat.FirstID(r.Article.IssueIDs, "edn"))
	w.Close()
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// section is the element for the section that r stands in; "" if there is none.
func (w *writer) section(r *flat.Record) string {
	s := writer{}
	var done sides
	s.Open("section")
	for i := range r.Article.SubjGroups {
		g := &r.Article.SubjGroups[i]
		if kind := strings.ToLower(g.Type); kind != "heading" && kind != "toc-heading" && kind != "section" || len(g.Subjects) == 0 {
			continue
		}
		if t := g.Subjects[0].Text.Plain(); visible(t) && done.add(side(or(g.Lang, r.Lang))) {
			s.Text("secTitle", t, "lang", side(or(g.Lang, r.Lang)))
		}
	}
	s.Close()
	return string(s.B)
}

// types are the kinds of article, by article/@article-type.
//
// Source: eLIBRARY.RU, typeArticleType.
var types = map[string]string{
	"abstract": "ABS", "book-review": "BRV", "books-received": "BRV", "product-review": "BRV", "conference-paper": "CNF", "proceedings-paper": "CNF",
	"meeting-report": "CNF", "letter": "COR", "reply": "COR", "correspondence": "COR", "editorial": "EDI", "introduction": "EDI", "obituary": "PER",
	"report": "REP", "review-article": "REV", "review": "REV", "systematic-review": "REV", "reprint": "RPR", "short-communication": "SCO",
	"brief-report": "SCO", "rapid-communication": "SCO",
}

// artType is the kind of r; "" when the source does not say it.
func artType(r *flat.Record) string {
	kind := strings.ToLower(strings.TrimSpace(r.Article.ArticleType))
	switch t := types[kind]; {
	case kind == "":
		return ""
	case t != "":
		return t
	}
	switch r.Type.EURepo {
	case "article":
		return "RAR"
	case "review":
		return "REV"
	case "conferenceObject":
		return "CNF"
	case "report":
		return "REP"
	}
	return "MIS"
}

// codes are languages that eLIBRARY has other codes for than ISO 639-3.
//
// Source: eLIBRARY.RU, typeLang.
var codes = map[string]string{"fra": "FRE", "spa": "ESP", "zho": "CHN", "kaz": "KKZ", "kat": "GEO", "bul": "BGR"}

// unknown is the code for any language.
const unknown = "ANY"

// isLatn tells whether a language tag names Latin transliteration.
func isLatn(tag string) bool { return strings.HasSuffix(tag, "-Latn") }

// side is the code of the language that a BCP 47 tag begins with. What is transliterated to Latin script is for English readers.
func side(tag string) string {
	if isLatn(tag) {
		return "ENG"
	}
	switch tag { // most of all there is
	case "ru":
		return "RUS"
	case "en":
		return "ENG"
	}
	code := flat.ISO3(tag)
	switch {
	case code == "":
		return unknown
	case codes[code] != "":
		return codes[code]
	}
	return strings.ToUpper(code)
}

// sideOf is the side of a form of a text; the article's when it has no language of its own.
func sideOf(r *flat.Record, lang string) string { return side(or(lang, r.Lang)) }

// day is a date as eLIBRARY has it, dd.mm.yyyy; "" if the day is not known.
func day(date string) string {
	if len(date) != 10 || !flat.IsDate(date) {
		return ""
	}
	return date[8:] + "." + date[5:7] + "." + date[:4]
}
