package ojs

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// A reader makes a of source.
type reader struct {
	source *etree.Element // article
	pub    *etree.Element // what holds the metadata: a publication, or article itself
	issue  *etree.Element // or nil
	a      *jats.Article

	affs     map[string]string // ids of the affiliations by what they say
	warnings []jats.Warning
}

func (r *reader) warn(code, path, format string, args ...any) {
	r.warnings = append(r.warnings, jats.Warning{Code: code, Path: path, Message: fmt.Sprintf(format, args...)})
}

// rich makes rich text of HTML.
func (r *reader) rich(path, s string, kind jats.MarkupKind) jats.Rich {
	x, ws, err := jats.ParseMarkup(s, kind)
	if err != nil {
		r.warn("markup-mended", path, "%v", err)
		return jats.Escape(s)
	}
	for _, w := range ws {
		r.warn(w.Code, path, "%s", w.Message)
	}
	return x
}

// other is lang, or "" where that is the article's own.
func (r *reader) other(lang string) string {
	if lang == r.a.Lang {
		return ""
	}
	return lang
}

// attr is an attribute of the publication or, where that has none, of the article.
func (r *reader) attr(name string) string {
	return strings.TrimSpace(r.pub.SelectAttrValue(name, r.source.SelectAttrValue(name, "")))
}

func (r *reader) read() error {
	r.choose()
	if err := r.published(); err != nil {
		return err
	}
	r.a.Lang = langOf(r.source)
	r.ids()
	r.titles()
	r.authors()
	r.texts()
	r.subjects()
	r.inIssue()
	r.dates()
	r.rights()
	r.files()
	r.journal()
	r.unknown()
	for _, c := range children(child(r.pub, "citations"), "citation") {
		r.reference(cut.HTML(c))
	}
	return nil
}

// The states of a submission and of a publication.
//
// Source: PKPSubmission::STATUS_* and PKPPublication of pkp-lib.
var states = map[string]string{"1": "queued", "3": "published", "4": "declined", "5": "scheduled"}

const published = "3"

// choose finds the publication to read: the current one, or, where that is not published, the last that is.
func (r *reader) choose() {
	pubs := children(r.source, "publication")
	if len(pubs) == 0 {
		r.pub = r.source
		return
	}
	id := r.source.SelectAttrValue("current_publication_id", "")
	r.pub = pubs[len(pubs)-1]
	for _, p := range pubs {
		if id != "" && (internalID(p) == id || p.SelectAttrValue("id", "") == id) {
			r.pub = p
		}
	}
	if r.pub.SelectAttrValue("status", published) != published {
		for _, p := range pubs {
			if p.SelectAttrValue("status", "") == published {
				r.pub = p
			}
		}
	}
	if len(pubs) > 1 {
		r.warn("version-left-out", "publication", "%d other versions of the article were left out; version %q is the current one", len(pubs)-1, version(r.pub))
	}
}

func internalID(e *etree.Element) string {
	for _, id := range children(e, "id") {
		if id.SelectAttrValue("type", "") == "internal" {
			return cut.HTML(id)
		}
	}
	return ""
}

// version is the number of a publication, as "2" or "1.1".
func version(pub *etree.Element) string {
	if major := pub.SelectAttrValue("version_major", ""); major != "" {
		return major + "." + pub.SelectAttrValue("version_minor", "0")
	}
	return pub.SelectAttrValue("version", "")
}

// published refuses what readers of the journal cannot see.
func (r *reader) published() error {
	status := r.attr("status")
	if s := r.source.SelectAttrValue("status", ""); states[s] == "declined" { // its publication stays queued
		status = s
	}
	if name := states[status]; name != "" && status != published {
		return jats.Faultf("not-published", 0, "OJS: the submission is %s (status %s), want a published one (status %s)", name, status, published)
	}
	if status != "" {
		r.a.Status = states[status]
		return nil
	}
	if stage := r.source.SelectAttrValue("stage", ""); stage != "" && stage != "production" {
		return jats.Faultf("not-published", 0, "OJS: the submission is in stage %q, want \"production\"", stage)
	}
	if r.issue != nil && r.issue.SelectAttrValue("published", "") == "0" {
		return jats.Faultf("not-published", 0, "OJS: the issue is not published (published=\"0\")")
	}
	return nil
}

func (r *reader) ids() {
	for _, e := range []*etree.Element{r.pub, r.source} {
		for _, id := range children(e, "id") {
			typ := strings.TrimSpace(id.SelectAttrValue("type", ""))
			one := jats.ID{Type: typ, Value: cut.HTML(id)}
			if typ == "internal" || one.Value == "" {
				continue
			}
			if !contains(r.a.IDs, one) {
				r.a.IDs = append(r.a.IDs, one)
			}
		}
		if e == r.source { // one element in the old form
			break
		}
	}
	stage, number := r.pub.SelectAttrValue("version_stage", ""), version(r.pub)
	if stage != "" || number != "" && number != "1" {
		r.a.Version = &jats.Version{Type: stage, Text: number}
	}
}

func contains(list []jats.ID, id jats.ID) bool {
	for _, x := range list {
		if x == id {
			return true
		}
	}
	return false
}

func (r *reader) titles() {
	prefixes, titles, subtitles := locals(r.pub, "prefix"), locals(r.pub, "title"), locals(r.pub, "subtitle")
	for _, lang := range langs(r.a.Lang, titles, subtitles) {
		s := in(titles, lang)
		if p := in(prefixes, lang); p != "" && s != "" {
			if s = p + " " + s; strings.HasSuffix(p, "'") || strings.HasSuffix(p, "’") { // "L'" stands close
				s = p + in(titles, lang)
			}
		}
		t := jats.Title{Lang: r.other(lang), Text: r.rich("title", s, jats.InlineMarkup)}
		if sub := in(subtitles, lang); sub != "" {
			t.Subtitles = []jats.Rich{r.rich("subtitle", sub, jats.InlineMarkup)}
		}
		if r.a.Title.Text == "" && len(r.a.Title.Subtitles) == 0 {
			r.a.Title = t
		} else {
			r.a.TransTitles = append(r.a.TransTitles, t)
		}
	}
}

// texts reads abstracts, keywords and what people wrote of the article in words.
func (r *reader) texts() {
	abstracts := locals(r.pub, "abstract")
	for _, lang := range langs(r.a.Lang, abstracts) {
		ab := jats.Abstract{Lang: lang}
		for _, p := range paragraphs(in(abstracts, lang)) {
			ab.P = append(ab.P, r.rich("abstract", p, jats.ParaMarkup))
		}
		r.a.Abstracts = append(r.a.Abstracts, ab)
	}
	for _, list := range children(r.pub, "keywords") {
		g := jats.KwdGroup{Type: "author", Lang: r.other(langOf(list))}
		for _, k := range children(list, "keyword") {
			for _, s := range strings.Split(entry(k), ";") {
				g.Kwds = append(g.Kwds, jats.Kwd{Text: r.rich("keywords", strings.TrimSpace(s), jats.InlineMarkup), Code: cut.HTML(child(k, "identifier"))})
			}
		}
		r.a.KwdGroups = append(r.a.KwdGroups, g)
	}
	for _, l := range locals(r.pub, "type") {
		switch t := articleTypes[strings.ToLower(l.text)]; {
		case t != "" && (r.a.ArticleType == "" || r.a.ArticleType == t):
			r.a.ArticleType = t
		default:
			r.custom("type", l.text)
		}
	}
	for _, l := range locals(r.pub, "source") {
		r.custom("source", l.text)
	}
	for _, list := range children(r.pub, "languages") {
		for _, k := range children(list, "language") {
			if s := cut.HTML(k); s != "" && jats.ParseLang(s) != r.a.Lang {
				r.custom("language", s)
			}
		}
	}
	if s := r.attr("language"); s != "" && jats.ParseLang(s) != r.a.Lang {
		r.custom("language", s)
	}
	for _, list := range children(r.pub, "agencies") {
		for _, k := range children(list, "agency") {
			f := jats.Funder{Lang: langOf(list), Name: entry(k)}
			if id := cut.HTML(child(k, "identifier")); id != "" {
				f.IDs = []jats.ID{{Type: funderID(id), Value: id}}
			}
			r.a.Funding.Awards = append(r.a.Funding.Awards, jats.Award{Funders: []jats.Funder{f}})
		}
	}
}

// funderID is the kind of a funder's identifier.
func funderID(id string) string {
	switch {
	case strings.Contains(id, "ror.org/"):
		return "ROR"
	case strings.Contains(id, "10.13039/"):
		return "doi"
	}
	return ""
}

// custom keeps a fact that JATS has no element for, once.
func (r *reader) custom(name, value string) {
	m := jats.CustomMeta{Name: jats.Rich(name), Value: r.rich(name, value, jats.InlineMarkup)}
	for _, x := range r.a.CustomMeta {
		if x == m {
			return
		}
	}
	r.a.CustomMeta = append(r.a.CustomMeta, m)
}

// articleTypes are what people write as the type of a submission and JATS has a value for.
var articleTypes = map[string]string{
	"research article": "research-article", "original article": "research-article", "article": "research-article", "научная статья": "research-article",
	"review": "review-article", "review article": "review-article", "обзор": "review-article", "обзорная статья": "review-article", "book review": "book-review",
	"рецензия": "book-review", "editorial": "editorial", "редакционная статья": "editorial", "letter": "letter", "letter to the editor": "letter", "case report": "case-report",
	"conference paper": "conference-paper", "data paper": "data-paper", "erratum": "correction", "correction": "correction", "retraction": "retraction", "interview": "interview",
}

// entry is the name of a keyword and the like: the element's text, or that of its name.
func entry(e *etree.Element) string {
	if name := child(e, "name"); name != nil {
		return cut.HTML(name)
	}
	return cut.HTML(e)
}

func (r *reader) subjects() {
	r.section()
	for _, v := range [...]struct{ list, one, typ string }{{"subjects", "subject", "subject"}, {"disciplines", "discipline", "discipline"}} {
		for _, list := range children(r.pub, v.list) {
			g := jats.SubjGroup{Type: v.typ, Lang: r.other(langOf(list))}
			for _, k := range children(list, v.one) {
				s := jats.Subject{Text: r.rich(v.list, entry(k), jats.InlineMarkup)}
				if id := cut.HTML(child(k, "identifier")); strings.Contains(id, "://") {
					s.URI = id
				} else {
					s.Code = id
				}
				g.Subjects = append(g.Subjects, s)
			}
			r.a.SubjGroups = append(r.a.SubjGroups, g)
		}
	}
	for _, l := range locals(r.pub, "coverage") {
		r.a.SubjGroups = append(r.a.SubjGroups, jats.SubjGroup{Type: "coverage", Lang: r.other(l.lang),
			Subjects: []jats.Subject{{Text: r.rich("coverage", l.text, jats.InlineMarkup)}}})
	}
}

// section reads the section of the issue that the article stands in.
func (r *reader) section() {
	ref := r.attr("section_ref")
	if ref == "" {
		return
	}
	for _, s := range children(child(r.issue, "sections"), "section") {
		titles := locals(s, "title")
		if s.SelectAttrValue("ref", "") != ref || len(titles) == 0 {
			continue
		}
		for _, lang := range langs(r.a.Lang, titles) {
			r.a.SubjGroups = append(r.a.SubjGroups, jats.SubjGroup{Type: "heading", Lang: r.other(lang),
				Subjects: []jats.Subject{{Text: r.rich("section", in(titles, lang), jats.InlineMarkup)}}})
		}
		return
	}
	r.custom("section", ref)
}

// inIssue reads what places the article in an issue.
func (r *reader) inIssue() {
	ident := child(r.pub, "issue_identification")
	if ident == nil {
		ident = child(r.issue, "issue_identification")
	}
	r.a.Volume, r.a.Issue = cut.HTML(child(ident, "volume")), cut.HTML(child(ident, "number"))
	titles := locals(ident, "title")
	for _, lang := range langs(r.a.Lang, titles) {
		r.a.IssueTitles = append(r.a.IssueTitles, jats.Text{Lang: r.other(lang), Text: r.rich("issue title", in(titles, lang), jats.InlineMarkup)})
	}
	for _, id := range children(r.issue, "id") {
		if typ, v := id.SelectAttrValue("type", ""), cut.HTML(id); typ != "internal" && v != "" {
			r.a.IssueIDs = append(r.a.IssueIDs, jats.ID{Type: typ, Value: v})
		}
	}
	if s := r.attr("seq"); s != "0" {
		r.a.Seq = s
	}
	r.pages(cut.HTML(child(r.pub, "pages")))
	if year := cut.HTML(child(ident, "year")); year != "" {
		r.date(&r.a.PubDates, "collection", year)
	}
}

// pages takes "10-12", "10–12, 15", "7" and "e5" apart; what is none of them stays a range as printed.
func (r *reader) pages(s string) {
	s = strings.TrimSpace(s)
	first, rest := s, ""
	if i := strings.IndexAny(s, "-–—"); i >= 0 {
		first, rest = strings.TrimSpace(s[:i]), strings.TrimSpace(strings.TrimLeft(s[i:], "-–— "))
	}
	switch {
	case s == "":
	case !isPage(first) || rest != "" && !isPage(rest):
		r.a.PageRange = s
		if isPage(first) {
			r.a.FPage = first
		}
	case rest == "" && (first[0] == 'e' || first[0] == 'E'):
		r.a.ElocationID = first
	default:
		r.a.FPage, r.a.LPage = first, rest
	}
}

// isPage tells whether s is a page or an article number: digits with at most a few letters about them.
func isPage(s string) bool {
	digit := false
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		switch {
		case s[i] >= '0' && s[i] <= '9':
			digit = true
		case c < 'a' || c > 'z':
			return false
		}
	}
	roman := s != "" && strings.Trim(strings.ToLower(s), "ivxlc") == ""
	return digit || roman
}

func (r *reader) dates() {
	date := r.attr("date_published")
	if date == "" {
		date = cut.HTML(child(r.issue, "date_published"))
	}
	r.date(&r.a.PubDates, "pub", date)
	r.date(&r.a.History, "received", r.source.SelectAttrValue("date_submitted", ""))
}

// date adds a date; what is none, such as the words of a template, is left out with a warning.
func (r *reader) date(list *[]jats.Date, typ, s string) {
	if s = strings.TrimSpace(s); s == "" {
		return
	}
	d := jats.ParseDate(s)
	if d.Type = typ; d.Date == "" {
		r.warn("date-mended", typ, "%q is no date and was left out, want YYYY-MM-DD", s)
		return
	}
	*list = append(*list, d)
}

func (r *reader) rights() {
	p := &r.a.Permissions
	for _, l := range locals(r.pub, "rights") {
		p.Statements = append(p.Statements, jats.Text{Lang: r.other(l.lang), Text: r.rich("rights", l.text, jats.InlineMarkup)})
	}
	for _, l := range locals(r.pub, "copyrightHolder") {
		p.Holders = append(p.Holders, jats.Text{Lang: r.other(l.lang), Text: r.rich("copyrightHolder", l.text, jats.InlineMarkup)})
	}
	p.Year = cut.HTML(child(r.pub, "copyrightYear"))
	if u := cut.HTML(child(r.pub, "licenseUrl")); u != "" {
		p.Licenses = []jats.License{{URI: u}}
	}
	access := r.attr("access_status") // 1: open; 0: as the issue, where 1 is open and 2 for subscribers
	if access == "0" || access == "" {
		access = ""
		if r.issue != nil {
			access = r.issue.SelectAttrValue("access_status", "")
		}
	}
	switch access {
	case "1":
		p.Access = "open"
	case "2":
		p.Access = "restricted"
		if d := jats.ParseDate(cut.HTML(child(r.issue, "open_access_date"))); len(d.Date) == len("2006-01-02") {
			p.Access, p.EmbargoEnd = "embargoed", d.Date
		}
	}
}

func (r *reader) journal() {
	j := &r.a.Journal
	names := locals(r.pub, "contextName")
	for i, lang := range langs(r.a.Lang, names) {
		t := jats.Title{Lang: r.other(lang), Text: jats.Escape(in(names, lang))}
		if i == 0 {
			j.Title = t
		} else {
			j.TransTitles = append(j.TransTitles, t)
		}
	}
	for _, l := range locals(r.pub, "contextAbbreviation") {
		j.AbbrevTitle = append(j.AbbrevTitle, jats.AltTitle{Lang: l.lang, Text: jats.Escape(l.text)})
	}
	j.PubLoc = jats.Escape(cut.HTML(child(r.pub, "publisherLocation")))
	if len(names) == 0 {
		r.warn("no-journal", "journal", "OJS does not export the journal's name with an article; the record has none")
	}
}

func (r *reader) reference(s string) {
	if s == "" {
		return
	}
	x := r.rich("citations", s, jats.CitationMarkup)
	c := jats.Citation{Text: x}
	if !x.HasMarkup() {
		c = jats.ParseCitation(x.Plain())
	}
	r.a.Refs = append(r.a.Refs, jats.Ref{Citations: []jats.Citation{c}})
}

// known are the children of article and publication that are read, or left out for a reason that the package's comment gives.
var known = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields(`id title prefix subtitle abstract coverage type source rights licenseUrl copyrightHolder copyrightYear keywords agencies languages disciplines
		subjects authors article_galley citations submission_file artwork_file supplementary_file issue_identification pages covers cover publication
		contextName contextAbbreviation contextPrimaryLocale publisherLocation comments_to_editor pkppublication representation`) {
		m[s] = true
	}
	return m
}()

// unknown tells of elements that this package has no place for; plug-ins add them.
func (r *reader) unknown() {
	told := map[string]bool{}
	for _, e := range []*etree.Element{r.source, r.pub} {
		for _, k := range e.ChildElements() {
			if !known[k.Tag] && !told[k.Tag] {
				told[k.Tag] = true
				r.warn("element-dropped", e.Tag+"/"+k.Tag, "element %q is not known in the native XML of OJS and was left out", k.Tag)
			}
		}
	}
}

// inOrder sorts elements by their seq; those without keep their places after the others.
func inOrder(list []*etree.Element) []*etree.Element {
	seq := func(e *etree.Element) int {
		n, err := strconv.Atoi(e.SelectAttrValue("seq", ""))
		if err != nil {
			return 1 << 30
		}
		return n
	}
	sort.SliceStable(list, func(i, j int) bool { return seq(list[i]) < seq(list[j]) })
	return list
}
