package pubmed

import (
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// citation reads a MedlineCitation and the PubmedData beside it; each may be nil.
func (r *reader) citation(c, data *etree.Element) {
	a, article := r.a, child(c, "Article")
	r.languages(children(article, "Language"))
	r.pmid(child(c, "PMID"))
	if v := attr(c, "VersionID"); v != "" && a.Version == nil {
		a.Version = &jats.Version{Text: v}
	}
	r.ids(child(data, "ArticleIdList"))
	for _, e := range children(c, "OtherID") {
		r.otherID(attr(e, "Source"), text(e))
	}
	r.types(append(children(child(article, "PublicationTypeList"), "PublicationType"), children(article, "PublicationType")...))
	r.journal(child(article, "Journal"), child(c, "MedlineJournalInfo"))
	r.titles(child(article, "ArticleTitle"), child(article, "VernacularTitle"), true)
	r.dates(article)
	p := child(article, "Pagination")
	r.pages(textAt(p, "StartPage"), textAt(p, "EndPage"), textAt(p, "MedlinePgn"))
	r.elocations(children(article, "ELocationID"))

	r.authors(child(article, "AuthorList"))
	if e := child(article, "Affiliation"); e != nil && len(a.Contribs) > 0 { // before 2003: the first author's
		r.affiliation(&a.Contribs[0], e, nil)
	}
	for _, list := range children(c, "InvestigatorList") {
		r.investigators(list)
	}
	if x := child(article, "Abstract"); x != nil {
		r.abstract(x, "", r.english())
	}
	for _, x := range children(c, "OtherAbstract") {
		r.otherAbstract(x)
	}
	r.ownFirst()
	for _, x := range children(c, "KeywordList") {
		r.keywords(x)
	}
	r.headings(c)
	r.note("coi-statement", child(c, "CoiStatement"))
	for _, x := range children(c, "GeneralNote") {
		r.note("general", x)
	}
	r.dataBanks(child(article, "DataBankList"))
	r.grants(child(article, "GrantList"))
	if n, err := strconv.Atoi(textAt(c, "NumberOfReferences")); err == nil {
		a.Counts.Refs = &n
	}

	r.pubmedData(data)
	r.corrections(child(c, "CommentsCorrectionsList"))
}

// pubmedData reads what PubMed keeps beside a citation or book, but for its ids.
func (r *reader) pubmedData(data *etree.Element) {
	r.history(child(data, "History"), "PubMedPubDate")
	r.a.Status = textAt(data, "PublicationStatus")
	r.objects(child(data, "ObjectList"))
	r.references(children(data, "ReferenceList"))
}

func (r *reader) languages(list []*etree.Element) {
	for _, e := range list {
		switch l := jats.ParseLang(text(e)); {
		case l == "":
			if s := text(e); s != "" && !strings.EqualFold(s, "und") {
				r.warn("lang-mended", "Language", "language "+strconv.Quote(s)+" is none of ISO 639-2 and was left out")
			}
		case r.a.Lang == "":
			r.a.Lang = l
		default:
			r.meta("language", l)
		}
	}
}

func (r *reader) pmid(e *etree.Element) {
	r.id("pmid", text(e))
	if v := attr(e, "Version"); v != "" && v != "1" {
		r.a.Version = &jats.Version{Text: v}
	}
}

// idTypes are PubMed's names of identifiers, as IdType of ArticleId, in the words of JATS.
var idTypes = map[string]string{"pubmed": "pmid", "doi": "doi", "pii": "pii", "mid": "manuscript", "pmpid": "publisher-id", "pmcpid": "publisher-id", "medline": "medline", "sici": "sici"}

func (r *reader) ids(list *etree.Element) {
	for _, e := range children(list, "ArticleId") {
		kind, value := strings.ToLower(attr(e, "IdType")), text(e)
		switch kind {
		case "pmc", "pmcid":
			r.id("pmcid", pmcid(value))
		case "url":
			r.a.Links = append(r.a.Links, jats.Link{URL: value})
		case "":
			r.id("pmid", value) // the DTD's default
		default:
			if t := idTypes[kind]; t != "" {
				kind = t
			}
			r.id(kind, value)
		}
	}
}

// pmcid is the PMCID in s ("PMC123", "123", "pmc-id: PMC123;manuscript-id: ..."), or s as it is.
func pmcid(s string) string {
	if isNumber(s) {
		return "PMC" + s
	}
	i := strings.Index(s, "PMC")
	if i < 0 {
		return s
	}
	n := i + 3
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == i+3 {
		return s
	}
	return s[i:n]
}

// otherID keeps an identifier that a data centre has given. NLM's are those of PMC and of manuscripts, some with "[Available on 01/01/09]" behind them.
func (r *reader) otherID(source, value string) {
	id, _, _ := strings.Cut(value, " ")
	switch {
	case source == "NLM" && strings.HasPrefix(id, "PMC"):
		r.id("pmcid", pmcid(id))
	case source == "NLM" && strings.Contains(id, "MS") && !isNumber(id): // NIHMS123, UKMS123
		r.id("manuscript", id)
	default:
		r.id(lower(source), value)
	}
}

func (r *reader) journal(j, info *etree.Element) {
	to := &r.a.Journal
	if s := textAt(info, "MedlineTA"); s != "" {
		to.IDs = append(to.IDs, jats.ID{Type: "nlm-ta", Value: s})
	}
	for _, name := range [...]string{"NlmUniqueID", "NLMUniqueID"} {
		if s := textAt(info, name); s != "" {
			to.IDs = append(to.IDs, jats.ID{Type: "nlm-journal-id", Value: s})
		}
	}
	to.Title.Text = r.rich(child(j, "Title"), jats.InlineMarkup)
	if t := r.rich(child(info, "VernacularTitle"), jats.InlineMarkup); t != "" {
		to.TransTitles = append(to.TransTitles, jats.Title{Text: t})
	}
	if s := textAt(j, "ISOAbbreviation"); s != "" {
		to.AbbrevTitle = append(to.AbbrevTitle, jats.AltTitle{Type: "iso", Text: jats.Escape(s)})
	}
	for _, e := range children(j, "ISSN") {
		to.ISSNs = append(to.ISSNs, jats.ISSN{Type: strings.ToLower(attr(e, "IssnType")), Value: text(e)})
	}
	if s := textAt(info, "ISSNLinking"); s != "" {
		to.ISSNs = append(to.ISSNs, jats.ISSN{Type: "linking", Value: s})
	}
	to.PubLoc = jats.Escape(textAt(info, "Country"))
	r.a.Volume, r.a.Issue = textAt(j, "JournalIssue", "Volume"), textAt(j, "JournalIssue", "Issue")
}

// dates reads the date of the issue, whose kind the way of publication tells, and that of the article.
//
// Source: NLM, MEDLINE/PubMed XML data elements, PubModel.
func (r *reader) dates(article *etree.Element) {
	var own []jats.Date
	for _, e := range children(article, "ArticleDate") {
		own = append(own, date(e))
	}
	kind, format := "pub", ""
	switch model := attr(article, "PubModel"); model {
	case "Print", "Print-Electronic", "Electronic-Print":
		format = "print"
	case "Electronic", "Electronic-eCollection":
		format = "electronic"
		if model == "Electronic-eCollection" || len(own) > 0 { // the article came before its issue
			kind = "collection"
		}
	}
	for _, d := range own {
		r.published("", "pub", "electronic", d)
	}
	r.published("", kind, format, date(child(article, "Journal", "JournalIssue", "PubDate")))
}

func (r *reader) history(list *etree.Element, name string) {
	for _, e := range children(list, name) {
		r.event(attr(e, "PubStatus"), date(e))
	}
}

// titles reads the title as PubMed has it, English or in brackets, and the one in the article's language. nlm: PubMed has ended them with a full stop.
func (r *reader) titles(title, vernacular *etree.Element, nlm bool) {
	t, v := r.rich(title, jats.InlineMarkup), r.rich(vernacular, jats.InlineMarkup)
	t, translated := unbracket(t)
	if nlm {
		t, v = withoutStop(t), withoutStop(v)
	}
	own := jats.Title{Text: t}
	if translated || v != "" {
		own.Lang = r.english()
	}
	switch {
	case v == "":
		r.a.Title = own
	case t == "":
		r.a.Title = jats.Title{Text: v}
	case r.english() == "": // English, and yet with a title in another language
		r.a.Title, r.a.TransTitles = own, []jats.Title{{Text: v}}
	default:
		r.a.Title, r.a.TransTitles = jats.Title{Text: v}, []jats.Title{own}
	}
}

// elocations reads the DOI and PII. A PII that does not have the form of the standard (S or B and a number) is the article's number in its volume: it is
// where the article stands when that has no pages, and else an identifier.
func (r *reader) elocations(list []*etree.Element) {
	for _, e := range list {
		value := text(e)
		if value == "" || attr(e, "ValidYN") == "N" {
			continue
		}
		switch kind := strings.ToLower(attr(e, "EIdType")); {
		case kind == "pii" && r.a.FPage == "" && r.a.PageRange == "" && r.a.ElocationID == "" && !isPII(value):
			r.a.ElocationID = value
		case kind == "pii" && (value == r.a.ElocationID || value == r.a.FPage):
		default:
			r.id(kind, value)
		}
	}
}

// isPII tells whether s has the form of a publisher item identifier: S and an ISSN, or B and an ISBN, and further digits.
func isPII(s string) bool {
	if len(s) < 17 || s[0] != 'S' && s[0] != 'B' {
		return false
	}
	n := 0
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == 'X' || c == 'x':
			n++
		case c != '-' && c != '(' && c != ')' && c != '.' && c != '/':
			return false
		}
	}
	return n >= 15
}

// abstract reads AbstractText elements, or text without them, as deposits may have it.
func (r *reader) abstract(e *etree.Element, kind, lang string) {
	ab := jats.Abstract{Type: kind, Lang: lang}
	parts := children(e, "AbstractText")
	if len(parts) == 0 {
		if p := r.rich(e, jats.ParaMarkup, "CopyrightInformation"); p != "" {
			ab.P = append(ab.P, p)
		}
	}
	for _, part := range parts {
		p := r.rich(part, jats.ParaMarkup)
		label := attr(part, "Label")
		switch n := len(ab.Secs); {
		case p == "" || isPlaceholder(p):
		case label != "" && !strings.EqualFold(label, "UNLABELLED"):
			ab.Secs = append(ab.Secs, jats.Sec{Title: jats.Escape(label), P: []jats.Rich{p}})
		case n > 0: // without a label it goes on with the section before
			ab.Secs[n-1].P = append(ab.Secs[n-1].P, p)
		default:
			ab.P = append(ab.P, p)
		}
	}
	if len(ab.P) == 0 && len(ab.Secs) == 1 { // one section alone is none
		ab.Title, ab.P, ab.Secs = ab.Secs[0].Title, ab.Secs[0].P, nil
	}
	if len(ab.P)+len(ab.Secs) > 0 {
		r.a.Abstracts = append(r.a.Abstracts, ab)
	}
	r.copyright(child(e, "CopyrightInformation"))
}

// isPlaceholder tells whether PubMed says only that there is an abstract elsewhere.
func isPlaceholder(p jats.Rich) bool {
	return len(p) < 80 && strings.HasSuffix(strings.ToLower(strings.TrimRight(string(p), ".")), "abstract available from the publisher")
}

// copyright keeps a statement, once.
func (r *reader) copyright(e *etree.Element) {
	t := r.rich(e, jats.InlineMarkup)
	if t != "" && r.once("copyright", string(t)) {
		r.a.Permissions.Statements = append(r.a.Permissions.Statements, jats.Text{Text: t})
	}
}

func (r *reader) otherAbstract(e *etree.Element) {
	lang := jats.ParseLang(attr(e, "Language"))
	if attr(e, "Language") == "" {
		lang = "en" // the DTD's default
	}
	if lang == r.a.Lang {
		lang = ""
	}
	kind := lower(attr(e, "Type"))
	if kind == "publisher" {
		kind = ""
	}
	r.abstract(e, kind, lang)
}

// ownFirst puts the abstracts in the article's language before the others.
func (r *reader) ownFirst() {
	slices.SortStableFunc(r.a.Abstracts, func(a, b jats.Abstract) int { return min(len(a.Lang), 1) - min(len(b.Lang), 1) })
}

func (r *reader) note(kind string, e *etree.Element) {
	if p := r.rich(e, jats.ParaMarkup); p != "" {
		r.a.Notes = append(r.a.Notes, jats.Note{ID: "n" + strconv.Itoa(len(r.a.Notes)+1), Type: kind, P: []jats.Rich{p}})
	}
}

// maxIDs bounds the identifiers of a reference, and the dates that another is compared with.
const maxIDs = 16

// references reads lists of references inside each other. The title of one that is not the only one is told with each reference in it.
func (r *reader) references(lists []*etree.Element) {
	alone := len(lists) == 1 && len(children(lists[0], "ReferenceList")) == 0
	var read func(e *etree.Element)
	read = func(e *etree.Element) {
		var title jats.Rich
		if !alone {
			title = r.rich(child(e, "Title"), jats.InlineMarkup)
		}
		for _, x := range children(e, "Reference") {
			c := jats.Citation{Text: r.rich(child(x, "Citation"), jats.CitationMarkup)}
			for _, id := range children(child(x, "ArticleIdList"), "ArticleId") {
				if len(c.IDs) < maxIDs {
					c.IDs = appendID(c.IDs, attr(id, "IdType"), text(id))
				}
			}
			c.Text = withIDs(c.Text, c.IDs)
			if c.Text != "" || len(c.IDs) > 0 {
				r.a.Refs = append(r.a.Refs, jats.Ref{List: title, Citations: []jats.Citation{c}})
			}
		}
		for _, x := range children(e, "ReferenceList") {
			read(x)
		}
	}
	for _, e := range lists {
		read(e)
	}
}

// withIDs puts the identifiers of a reference behind its text where that has markup: such a text is written alone, and they would be lost.
func withIDs(t jats.Rich, ids []jats.ID) jats.Rich {
	if !t.HasMarkup() {
		return t
	}
	for _, id := range ids {
		t += jats.Rich(` <pub-id pub-id-type="` + escaper.Replace(id.Type) + `">` + string(jats.Escape(id.Value)) + "</pub-id>")
	}
	return t
}

// appendID appends an identifier of a reference unless it is there.
func appendID(ids []jats.ID, kind, value string) []jats.ID {
	switch kind = strings.ToLower(kind); kind {
	case "":
		kind = "pmid"
	case "pmc", "pmcid":
		kind, value = "pmcid", pmcid(value)
	default:
		if t := idTypes[kind]; t != "" {
			kind = t
		}
	}
	for _, id := range ids {
		if id.Type == kind && id.Value == value {
			return ids
		}
	}
	if value == "" {
		return ids
	}
	return append(ids, jats.ID{Type: kind, Value: value})
}
