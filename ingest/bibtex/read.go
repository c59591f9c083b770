package bibtex

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"sheaf/ingest/cut"
	"sheaf/ingest/ris/refman"
	"sheaf/jats"
)

// types are the entry types of BibTeX, biblatex and biblatex-software and the article types that they are. An empty one says nothing.
//
// Source: biblatex manual 3.20, §2.1.
var types = func() map[string]string {
	m := map[string]string{}
	for _, line := range []string{
		"research-article=article suppperiodical", "book=book mvbook booklet manual collection mvcollection proceedings mvproceedings reference mvreference",
		"book-chapter=inbook bookinbook suppbook incollection suppcollection inreference", "conference-paper=inproceedings conference", "dissertation=phdthesis mastersthesis masterthesis thesis",
		"report=techreport report", "dataset=dataset", "software=software softwareversion softwaremodule codefragment", "patent=patent", "standard=standard", "letter=letter",
		"other=unpublished commentary image jurisdiction legislation legal movie music performance video audio artwork", "=misc other online electronic www webpage custom",
	} {
		t, names, _ := strings.Cut(line, "=")
		for _, n := range strings.Fields(names) {
			m[n] = t
		}
	}
	return m
}()

// keys are biblatex's own names for types of theses and reports.
var keys = map[string]string{
	"phdthesis": "PhD thesis", "mathesis": "Master's thesis", "bathesis": "Bachelor's thesis", "candthesis": "Candidate thesis", "techreport": "Technical report", "resreport": "Research report",
	"inpress": "In press", "forthcoming": "Forthcoming", "submitted": "Submitted", "inpreparation": "In preparation", "prepublished": "Prepublished",
}

// housekeeping are fields that say nothing of the article.
var housekeeping = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`file localfile timestamp owner groups priority readstatus ranking printed relevance qualityassured bibsource biburl date-added date-modified __markedentry crossref xref xdata ids
		entryset execute gender options presort sortkey sortname sorttitle sortyear sortshorthand indextitle indexsorttitle label shorthand shorthandintro shortauthor shorteditor langidopts pagination bookpagination
		nameaddon key review comment annote annotation creationdate modificationdate added-at interhash intrahash username urldate lastchecked refid citation-subset pubmodel completed created revised medline-pst
		doc-delivery-number webofscience-index usage-count-last-180-days usage-count-since-2013 da oa da1 esi-highly-cited-paper esi-hot-paper related relatedoptions relatedstring relatedtype nlmuniqueid
		mendeley-groups mendeley-tags mendeley-source bibkey citekey lead keyword_suggestions optnote opturl source`) {
		m[n] = true
	}
	return m
}()

// Read makes an article of the first entry of a record; whatever else is in it is passed over. The error is a *jats.Fault: "malformed" where there is no entry, "too-large",
// "not-an-article" for types that are none.
func Read(record []byte) (*jats.Article, []jats.Warning, error) {
	if len(record) > cut.MaxRecord+maxInherited+1024 {
		return nil, nil, jats.Faultf("too-large", 0, "an entry of more than %d MiB", cut.MaxRecord>>20)
	}
	if !utf8.Valid(record) {
		var err error
		if record, err = io.ReadAll(cut.Text(bytes.NewReader(record))); err != nil {
			return nil, nil, jats.Faultf("malformed", 0, "text: %v", err)
		}
	}
	record = bytes.TrimLeft(bytes.TrimPrefix(record, []byte("\xef\xbb\xbf")), " \t\r\n")
	e := parse(strings.TrimRight(strings.ReplaceAll(string(record), "\r\n", "\n"), " \t\r\n"))
	switch {
	case e.kind == "" || len(record) == 0 || record[0] != '@':
		return nil, nil, jats.Faultf("malformed", 1, `no entry: want "@article{key, title = {...}}"`)
	case notEntries[e.kind] || e.kind == "periodical":
		return nil, nil, jats.Faultf("not-an-article", 1, "entry type %q is no article", e.kind)
	}
	r := reader{a: new(jats.Article), e: &e, used: make([]bool, len(e.fields))}
	r.entry()
	return r.a, r.warnings, nil
}

type reader struct {
	a        *jats.Article
	e        *entry
	used     []bool // of e.fields
	warnings []jats.Warning
}

// raw takes the value of the first of the fields named, as it is written, and marks it as used.
func (r *reader) raw(names ...string) string {
	for _, name := range names {
		for i := range r.e.fields {
			f := &r.e.fields[i]
			if r.used[i] || f.name != name {
				continue
			}
			r.used[i] = true
			if v := strings.TrimSpace(f.value()); v != "" && v != "{}" {
				return v
			}
		}
	}
	return ""
}

// text is raw, as text without TeX.
func (r *reader) text(names ...string) string {
	v := r.raw(names...)
	if v == "" {
		return ""
	}
	return plain(v)
}

// rich is raw, as rich text.
func (r *reader) rich(kind jats.MarkupKind, names ...string) jats.Rich {
	v := r.raw(names...)
	if v == "" {
		return ""
	}
	return r.mark(v, kind, names[0])
}

func (r *reader) mark(v string, kind jats.MarkupKind, path string) jats.Rich {
	x, ws := rich(v, kind)
	for _, w := range ws {
		w.Path = path
		r.warnings = append(r.warnings, w)
	}
	return x
}

func (r *reader) custom(name, field string) {
	refman.Custom(r.a, name, plain(r.raw(field)))
}

func (r *reader) entry() {
	r.kind()
	r.titles()
	r.container()
	r.people()
	r.numbers()
	r.dates()
	r.ids()
	r.texts()
	r.others()
}

// kind finds the article type: that of the entry's, or what a type in words says.
func (r *reader) kind() {
	a, e := r.a, r.e
	known := false
	if a.ArticleType, known = types[e.kind]; !known {
		if a.ArticleType = refman.Type(e.kind); a.ArticleType == "" {
			a.ArticleType = "other"
			refman.Custom(a, "publication-type", e.kind)
		}
	}
	for _, name := range [...]string{"type", "entrysubtype", "pubtype"} {
		t := r.text(name)
		if k := keys[strings.ToLower(t)]; k != "" {
			t = k
		}
		if k := refman.Type(t); k != "" && k != "research-article" {
			a.ArticleType = k
		} else if k == "research-article" && a.ArticleType == "" {
			a.ArticleType = k
		}
		refman.Custom(a, "publication-type", t)
	}
	switch p := r.text("pubstate"); strings.ToLower(p) {
	case "ppublish", "epublish", "aheadofprint": // PubMed's own
	default:
		if a.Status = p; keys[strings.ToLower(p)] != "" {
			a.Status = keys[strings.ToLower(p)]
		}
	}
}

func (r *reader) titles() {
	a := r.a
	a.Title.Text = r.rich(jats.InlineMarkup, "title")
	if sub := r.rich(jats.InlineMarkup, "subtitle"); sub != "" {
		a.Title.Subtitles = []jats.Rich{sub}
	}
	if a.Title.Text == "" && whole[r.e.kind] { // the book is what its parts have as their booktitle
		a.Title.Text = r.rich(jats.InlineMarkup, "booktitle")
	}
	if short := r.rich(jats.InlineMarkup, "shorttitle"); short != "" {
		a.AltTitles = []jats.AltTitle{{Type: "short", Text: short}}
	}
	r.custom("title addition", "titleaddon")
}

// container finds what the article stands in, and where and by whom that was published.
func (r *reader) container() {
	j, e := &r.a.Journal, r.e
	j.Title.Text = jats.Escape(r.text("journaltitle", "journal", "fjournal"))
	if sub := r.text("journalsubtitle"); sub != "" {
		j.Title.Subtitles = []jats.Rich{jats.Escape(sub)}
	}
	book, bookSub := r.text("booktitle"), r.text("booksubtitle")
	main := r.text("maintitle")
	if book == "" {
		book, main = main, ""
	}
	if j.Title.Text == "" {
		j.Title.Text = jats.Escape(book)
		if bookSub != "" {
			j.Title.Subtitles = []jats.Rich{jats.Escape(bookSub)}
		}
	} else {
		refman.Custom(r.a, "book title", strings.TrimSpace(book+" "+bookSub))
	}
	refman.Custom(r.a, "main title", main)
	for _, name := range [...]string{"shortjournal", "journal-iso", "journal-abbreviation", "journal-iso4"} {
		if s := r.text(name); s != "" && !refman.Same(s, j.Title.Text.Plain()) {
			j.AbbrevTitle = append(j.AbbrevTitle, jats.AltTitle{Text: jats.Escape(s)})
		}
	}
	if p := r.text("publisher"); p != "" {
		j.Publishers = []jats.Text{{Text: jats.Escape(p)}}
	}
	conf := jats.Conference{Name: jats.Escape(r.text("eventtitle")), Loc: jats.Escape(r.text("venue", "eventvenue")), Date: r.text("eventdate")}
	refman.Custom(r.a, "event title addition", r.text("eventtitleaddon"))
	address, location := r.text("address", "publocation"), r.text("location")
	switch {
	case address == "":
		address = location
	case location != "" && (types[e.kind] == "conference-paper" || strings.HasSuffix(e.kind, "proceedings")) && conf.Loc == "": // as ACM's files have it
		conf.Loc = jats.Escape(location)
	case location != "":
		refman.Custom(r.a, "location", location)
	}
	j.PubLoc = jats.Escape(address)
	if o := r.text("organization"); conf.Name != "" {
		conf.Sponsor = jats.Escape(o)
	} else {
		refman.Custom(r.a, "organization", o)
	}
	for _, name := range [...]string{"school", "institution"} {
		r.custom("institution", name)
	}
	if conf != (jats.Conference{}) {
		r.a.Conferences = []jats.Conference{conf}
	}
	if v := r.text("nlm-id"); v != "" {
		j.IDs = []jats.ID{{Type: "nlm-id", Value: v}}
	}
}

// roles are the fields of people and what they are.
var roles = [][2]string{
	{"author", "author"}, {"editor", "editor"}, {"translator", "translator"}, {"annotator", "annotator"}, {"commentator", "commentator"}, {"introduction", "introduction"}, {"foreword", "foreword"},
	{"afterword", "afterword"}, {"bookauthor", "book-author"}, {"holder", "patent-holder"}, {"investigator", "investigator"}, {"advisor", "advisor"}, {"supervisor", "advisor"},
	{"editora", "editor"}, {"editorb", "editor"}, {"editorc", "editor"}, {"collaboration", "author"},
}

func (r *reader) people() {
	a := r.a
	for _, role := range roles {
		list := r.raw(role[0])
		as := role[1]
		if role[0] == "author" {
			r.raw("authortype")
		}
		if t := r.text(role[0] + "type"); t != "" && strings.HasPrefix(role[0], "editor") {
			as = t
		}
		switch {
		case list == "":
		case role[0] == "collaboration":
			a.Contribs = append(a.Contribs, jats.Contrib{Type: as, Collab: []jats.Text{{Text: jats.Escape(plain(list))}}})
		default:
			a.Contribs = append(a.Contribs, people(as, list)...)
		}
	}
	only := -1 // the author, if there is one
	for i := range a.Contribs {
		if a.Contribs[i].Type == "author" {
			if only >= 0 {
				only = -1
				break
			}
			only = i
		}
	}
	for _, name := range [...]string{"affiliation", "affiliations"} {
		if text := r.text(name); text != "" {
			id := refman.Aff(a, text)
			if only >= 0 {
				a.Contribs[only].Affs = append(a.Contribs[only].Affs, id)
			}
		}
	}
	for _, name := range [...]string{"author-email", "author_email", "email"} {
		switch v := r.text(name); {
		case v == "":
		case only >= 0 && !strings.ContainsAny(v, " ;,"):
			a.Contribs[only].Emails = append(a.Contribs[only].Emails, v)
		default:
			refman.Custom(a, name, v)
		}
	}
}

func (r *reader) numbers() {
	a, e := r.a, r.e
	a.Volume = r.text("volume")
	a.VolumeSeries = r.text("series")
	number, issue := r.text("number"), r.text("issue")
	switch types[e.kind] {
	case "report", "standard":
		refman.ID(a, "report-number", number)
		a.Issue = issue
	case "patent":
		refman.ID(a, "patent", number)
	case "book", "book-chapter", "conference-paper":
		if e.kind == "article" || a.VolumeSeries == "" {
			a.Issue = number
		} else {
			refman.Custom(a, "number in the series", number)
		}
		if a.Issue == "" {
			a.Issue = issue
		} else {
			refman.Custom(a, "issue", issue)
		}
	default:
		if a.Issue = number; number == "" {
			a.Issue = issue
		} else if issue != number {
			refman.Custom(a, "issue", issue)
		}
	}
	if t := r.text("issuetitle"); t != "" {
		a.IssueTitles = []jats.Text{{Text: jats.Escape(t)}}
	}
	refman.Custom(a, "issue subtitle", r.text("issuesubtitle"))
	a.IssuePart = r.text("part")
	r.custom("edition", "edition")
	r.custom("number of volumes", "volumes")
	r.custom("chapter", "chapter")
	if p := r.raw("pages"); p != "" {
		refman.Pages(a, strings.NewReplacer("{", "", "}", "", `\textendash`, "–", `\textemdash`, "–", `\,`, "", "~", " ").Replace(p))
	}
	for _, name := range [...]string{"eid", "articleno", "article-number", "elocation-id"} {
		switch v := r.text(name); {
		case v == "" || v == a.ElocationID:
		case a.FPage == "" && a.ElocationID == "":
			a.ElocationID = v
		default:
			refman.Custom(a, "article number", v)
		}
	}
	for _, name := range [...]string{"pagetotal", "numpages"} {
		v := r.text(name)
		if n, err := strconv.Atoi(v); err == nil && n > 0 && a.Counts.Pages == nil {
			a.Counts.Pages = &n
		} else {
			refman.Custom(a, "number of pages", v)
		}
	}
	if n, err := strconv.Atoi(r.text("number-of-cited-references")); err == nil {
		a.Counts.Refs = &n
	}
	if n := r.text("times-cited"); n != "" {
		a.Metrics = append(a.Metrics, jats.Metric{Name: "times-cited", Value: n})
	}
	for _, name := range [...]string{"issn", "eissn", "issn-print", "issn-electronic", "issn-linking", "isbn"} {
		before := len(a.Journal.ISSNs)
		if rest := refman.Serials(a, verbatim(r.raw(name))); rest != "" {
			refman.Custom(a, name, rest)
		}
		for i := range a.Journal.ISSNs[before:] {
			switch name {
			case "eissn", "issn-electronic":
				a.Journal.ISSNs[before+i].Type = "electronic"
			case "issn-print":
				a.Journal.ISSNs[before+i].Type = "print"
			case "issn-linking":
				a.Journal.ISSNs[before+i].Type = "linking"
			}
		}
	}
}

func (r *reader) dates() {
	a := r.a
	date, year, month, day, season := verbatim(r.raw("date")), r.text("year"), r.text("month"), r.text("day"), r.text("season")
	var d jats.Date
	switch {
	case date != "":
		d = edtf(date)
	case year != "":
		d = yearMonth(year, month, day)
	case month != "":
		refman.Custom(a, "month", month)
	}
	if d != (jats.Date{}) {
		if season != "" && d.Season == "" {
			d.Season = season
		}
		d.Type = "pub"
		a.PubDates = []jats.Date{d}
	}
	r.custom("original date", "origdate")
}

// edtf reads a date of biblatex: a date or the beginning of a span, perhaps with a season in the place of the month or a mark of doubt.
//
// Source: ISO 8601-2:2019, levels 0 and 1; biblatex manual 3.20, §2.3.8.
func edtf(s string) jats.Date {
	s = strings.TrimSpace(s)
	from, _, isSpan := strings.Cut(s, "/")
	from = strings.TrimSpace(from)
	clear := strings.TrimRight(from, "?~%")
	d := jats.ParseDate(clear)
	if len(clear) == 7 && clear[4] == '-' && clear[5] == '2' && clear[6] >= '1' && clear[6] <= '4' {
		d = jats.Date{Date: clear[:4], Season: [...]string{"Spring", "Summer", "Autumn", "Winter"}[clear[6]-'1']}
	}
	if len(clear) > 7 && strings.HasSuffix(clear, "-uu") { // of former versions
		d = jats.ParseDate(strings.TrimSuffix(clear, "-uu"))
	}
	if d.Text != "" || isSpan || clear != from {
		d.Text = s
	}
	return d
}

// yearMonth reads the fields year, month and day as people fill them: "2005", "c. 2005", "2005/2006", "in press"; "jan", "Juni", "1~feb", "Jan-Feb", "12".
func yearMonth(year, month, day string) jats.Date {
	if len(year) != 4 || strings.Trim(year, "0123456789") != "" {
		if d := edtf(year); d.Date != "" && len(d.Date) > 4 { // a whole date
			return d
		}
		d := jats.Date{Text: year}
		for i := 0; i+4 <= len(year); i++ { // the year that it begins with
			if y := year[i : i+4]; strings.Trim(y, "0123456789") == "" && (i+4 == len(year) || year[i+4] < '0' || year[i+4] > '9') && y > "1000" {
				d.Date = y
				break
			}
		}
		return d
	}
	if month == "" {
		return jats.Date{Date: year}
	}
	if m := jats.ParseMonth(month); m != 0 {
		d := jats.Date{Date: year + "-" + string([]byte{'0' + byte(m/10), '0' + byte(m%10)})}
		if n, err := strconv.Atoi(day); err == nil && n > 0 && n < 32 {
			if full := jats.ParseDate(d.Date + "-" + string([]byte{'0' + byte(n/10), '0' + byte(n%10)})); len(full.Date) == 10 {
				return full
			}
		}
		return d
	}
	if d := jats.ParseDate(month + " " + year); d.Text == "" {
		return d
	}
	return jats.Date{Date: year, Season: month}
}

func (r *reader) ids() {
	a := r.a
	if v := verbatim(r.raw("doi")); v != "" {
		refman.FieldDOI(a, v)
	}
	for _, id := range [][2]string{{"pmid", "pmid"}, {"pmcid", "pmcid"}, {"pmc", "pmcid"}, {"pii", "pii"}, {"arxiv", "arxiv"}, {"arxivid", "arxiv"}, {"handle", "handle"}, {"mrnumber", "mr"}, {"zblnumber", "zbl"}, {"zbl", "zbl"},
		{"hal_id", "hal"}, {"reportnumber", "report-number"}, {"bibcode", "bibcode"}, {"adsbibcode", "bibcode"}, {"jstor", "jstor"}, {"isrn", "isrn"}, {"lccn", "lccn"}, {"oclc", "oclc"}, {"ark", "ark"}, {"edn", "edn"}} {
		refman.ID(a, id[1], verbatim(r.raw(id[0])))
	}
	if v := strings.ReplaceAll(verbatim(r.raw("swhid")), " ", ""); v != "" {
		refman.ID(a, "swh", v)
	}
	if v := verbatim(r.raw("unique-id")); strings.HasPrefix(v, "WOS:") || strings.HasPrefix(v, "ISI:") {
		refman.ID(a, "wos", v)
	} else {
		refman.Custom(a, "unique-id", v)
	}
	r.eprint()
	for i := range r.e.fields {
		f := &r.e.fields[i]
		if r.used[i] {
			continue
		}
		switch name := f.name; {
		case name == "url", name == "adsurl", name == "ee", name == "link", name == "bdsk-url", strings.HasPrefix(name, "bdsk-url-"):
			r.used[i] = true
			if v := verbatim(f.value()); v != "" && !refman.Links(a, v, "") && !refman.DOI(a, v) {
				r.warnings = append(r.warnings, jats.Warning{Code: "url-dropped", Path: name, Message: strconv.Quote(v) + " is no address that may be linked"})
			}
		case name == "pdf":
			r.used[i] = true
			refman.Links(a, verbatim(f.value()), "application/pdf")
		case name == "howpublished" && strings.Contains(f.value(), "://"):
			if v := verbatim(f.value()); !strings.Contains(v, " ") && refman.Links(a, v, "") {
				r.used[i] = true
			}
		}
	}
	for _, l := range a.Links {
		if strings.Contains(l.URL, "doi.org/") {
			refman.DOI(a, l.URL)
		}
	}
	r.custom("how published", "howpublished")
}

// eprint takes the number in an archive, with the archive's name.
func (r *reader) eprint() {
	a := r.a
	id, archive := verbatim(r.raw("eprint")), verbatim(r.raw("eprinttype", "archiveprefix"))
	class := r.text("eprintclass", "primaryclass")
	if id == "" {
		return
	}
	switch low := strings.ToLower(archive); {
	case strings.HasPrefix(id, "http"):
		refman.Links(a, id, "")
	case low == "arxiv" || archive == "" && strings.HasPrefix(strings.ToLower(id), "arxiv:"):
		refman.ID(a, "arxiv", strings.TrimPrefix(strings.TrimPrefix(id, "arXiv:"), "arxiv:"))
		if class != "" {
			a.SubjGroups = append(a.SubjGroups, jats.SubjGroup{Type: "arxiv", Subjects: []jats.Subject{{Text: jats.Escape(class)}}})
		}
		if a.ArticleType == "" && a.Journal.Title.Text == "" {
			a.ArticleType = "preprint"
		}
		return
	case low == "pubmed" || low == "medline":
		refman.ID(a, "pmid", id)
	case low == "hdl":
		refman.ID(a, "handle", id)
	case low == "":
		refman.Custom(a, "eprint", id)
	default:
		refman.ID(a, low, id)
	}
	refman.Custom(a, "eprint class", class)
}

func (r *reader) texts() {
	a := r.a
	if v := r.raw("abstract"); v != "" {
		var ab jats.Abstract
		for _, p := range paragraphs(v) {
			if x := r.mark(p, jats.ParaMarkup, "abstract"); x != "" {
				ab.P = append(ab.P, x)
			}
		}
		a.Abstracts = []jats.Abstract{ab}
	}
	for _, g := range [...][3]string{{"keywords", "", ""}, {"keyword", "", ""}, {"author-keywords", "author", ""}, {"author_keywords", "author", ""}, {"keywords-plus", "keywords-plus", ""}, {"mesh", "", "MeSH"}} {
		if v := r.raw(g[0]); v != "" {
			r.keywords(v, jats.KwdGroup{Type: g[1], Vocab: g[2]})
		}
	}
	language := r.text("langid", "hyphenation")
	if l := r.text("language"); language == "" {
		language = l
	}
	if a.Lang = refman.Lang(language); a.Lang == "" {
		refman.Custom(a, "language", language)
	}
	for _, name := range [...]string{"copyright", "rights", "license", "licence"} {
		switch v := r.raw(name); {
		case v == "":
		case strings.HasPrefix(verbatim(v), "http"):
			a.Permissions.Licenses = append(a.Permissions.Licenses, jats.License{URI: verbatim(v)})
		case name == "license" || name == "licence":
			a.Permissions.Licenses = append(a.Permissions.Licenses, jats.License{P: []jats.Rich{jats.Escape(plain(v))}})
		default:
			a.Permissions.Statements = append(a.Permissions.Statements, jats.Text{Text: jats.Escape(plain(v))})
		}
	}
	for _, name := range [...]string{"note", "addendum"} {
		v := r.text(name)
		if v == "" || refman.DOI(a, v) {
			continue
		}
		a.Notes = append(a.Notes, jats.Note{Place: "notes", P: []jats.Rich{refman.Note(v)}})
	}
	if v := r.text("cited-references"); v != "" { // of Web of Science: each ends with a full stop, and holds none before a blank
		for _, ref := range strings.Split(strings.TrimSuffix(v, "."), ". ") {
			a.Refs = append(a.Refs, jats.Ref{Citations: []jats.Citation{{Text: jats.Escape(ref)}}})
		}
	}
}

// paragraphs parts text at its blank lines.
func paragraphs(s string) []string {
	if !strings.Contains(s, "\n") {
		return []string{s}
	}
	var out []string
	from, at := 0, 0
	for line := range strings.Lines(s) {
		if strings.TrimSpace(line) == "" {
			out = append(out, s[from:at])
			from = at + len(line)
		}
		at += len(line)
	}
	return append(out, s[from:])
}

// keywords are parted by semicolons where there are any, else by commas, outside of braces.
func (r *reader) keywords(v string, g jats.KwdGroup) {
	at := byte(',')
	if len(splitTop(v, ';')) > 1 {
		at = ';'
	}
	for _, k := range splitTop(v, at) {
		if x := r.mark(k, jats.InlineMarkup, "keywords"); x != "" {
			g.Kwds = append(g.Kwds, jats.Kwd{Text: x})
		}
	}
	if len(g.Kwds) > 0 {
		r.a.KwdGroups = append(r.a.KwdGroups, g)
	}
}

// others keeps the fields that nothing has asked for, but for housekeeping, by their names.
func (r *reader) others() {
	for i := range r.e.fields {
		f := &r.e.fields[i]
		switch {
		case r.used[i] || housekeeping[f.name] && f.name != "crossref" && f.name != "xdata" || strings.HasPrefix(f.name, "bdsk-file"):
		case f.name == "crossref" || f.name == "xdata":
			r.warnings = append(r.warnings, jats.Warning{Code: "crossref-unknown", Path: f.name, Message: strconv.Quote(f.value()) + " is no entry of this file, so nothing was taken over from it"})
		case f.name == "status" && r.e.field("pmid") != nil: // PubMed's own
		case f.name == "status" && r.a.Status == "":
			r.a.Status = plain(f.value())
		default:
			refman.Custom(r.a, f.name, plain(f.value()))
		}
	}
	for i := range r.e.fields {
		for _, p := range r.e.fields[i].pieces {
			if p.bare && jats.ParseMonth(p.text) == 0 && !strings.ContainsAny(p.text[:1], "0123456789") {
				r.warnings = append(r.warnings, jats.Warning{Code: "string-unknown", Path: r.e.fields[i].name, Message: "the file defines no string " + strconv.Quote(p.text) + "; its name was taken for its value"})
			}
		}
	}
}
