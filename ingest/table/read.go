package table

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sheaf/jats"
)

// A cell is one that is not empty.
type cell struct {
	key
	name string // of its column
	text string
}

// A reader makes a of one row.
type reader struct {
	a        *jats.Article
	cells    []cell
	dialect  dialect
	warnings []jats.Warning
}

func newReader(h header, row []string) *reader {
	r := &reader{a: new(jats.Article), dialect: h.dialect, cells: make([]cell, 0, len(row))}
	var left []string
	for i, s := range row {
		if i >= len(h.names) {
			break
		}
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		switch k := h.columns[i]; k.col {
		case cUnknown:
			left = append(left, h.names[i])
		case cIgnored:
		case cTold:
			for _, line := range strings.Split(s, "\n") {
				switch code, message, _ := strings.Cut(line, ": "); code {
				case "unknown-column":
					r.warn("unknown-column", "", "%s", message)
				case "sheet-left-out":
					r.warn("sheet-left-out", "", "%s", message)
				}
			}
		default:
			r.cells = append(r.cells, cell{k, h.names[i], s})
		}
	}
	if len(left) > 0 {
		r.warn("unknown-column", "", "%s", unknown(make([]key, len(left)), left))
	}
	return r
}

func (r *reader) warn(code, column, format string, args ...any) {
	r.warnings = append(r.warnings, jats.Warning{Code: code, Path: column, Message: fmt.Sprintf(format, args...)})
}

// all are the cells of a column, in the order of the table.
func (r *reader) all(c col) []cell {
	var out []cell
	for i := range r.cells {
		if r.cells[i].col == c {
			if out == nil && (i+1 == len(r.cells) || r.cells[i+1].col != c) && !r.more(c, i+1) {
				return r.cells[i : i+1 : i+1]
			}
			out = append(out, r.cells[i])
		}
	}
	return out
}

func (r *reader) more(c col, from int) bool {
	for i := from; i < len(r.cells); i++ {
		if r.cells[i].col == c {
			return true
		}
	}
	return false
}

// one is the text of a column that has one value; others that say something else are told of.
func (r *reader) one(c col) string {
	list := r.all(c)
	if len(list) == 0 {
		return ""
	}
	for _, x := range list[1:] {
		if x.text != list[0].text {
			r.warn("bad-field", x.name, "%q was left out, column %q says %q", x.text, list[0].name, list[0].text)
		}
	}
	return list[0].text
}

// other is lang, or "" where that is the article's own.
func (r *reader) other(lang string) string {
	if lang == r.a.Lang {
		return ""
	}
	return lang
}

// ours puts the cells in the article's language, or in none, first.
func (r *reader) ours(list []cell) []cell {
	for i, c := range list {
		if c.lang == "" || c.lang == r.a.Lang {
			if i == 0 {
				return list
			}
			out := append([]cell{c}, list[:i]...)
			return append(out, list[i+1:]...)
		}
	}
	return list
}

// rich makes rich text of a cell: plain text, in which tags and entities of HTML count where they are plainly that.
func (r *reader) rich(column, s string, kind jats.MarkupKind) jats.Rich {
	switch {
	case strings.Contains(s, "</") || strings.Contains(s, "<br"):
	case strings.IndexByte(s, '&') >= 0 && strings.IndexByte(s, ';') >= 0:
		s = strings.ReplaceAll(s, "<", "&lt;")
	default:
		return jats.Escape(s)
	}
	x, ws, err := jats.ParseMarkup(s, kind)
	if err != nil {
		r.warn("markup-mended", column, "%v", err)
		return jats.Escape(s)
	}
	for _, w := range ws {
		r.warn(w.Code, column, "%s", w.Message)
	}
	return x
}

func (r *reader) custom(name, value string) {
	r.a.CustomMeta = append(r.a.CustomMeta, jats.CustomMeta{Name: jats.Escape(name), Value: r.rich(name, value, jats.InlineMarkup)})
}

// several are the values of a cell: parted by semicolons or lines that stand in no brackets, or else by bars.
func several(s string) []string {
	if strings.Contains(s, "；") {
		s = strings.ReplaceAll(s, "；", ";")
	}
	if !strings.ContainsAny(s, ";\n") {
		if strings.IndexByte(s, '|') < 0 {
			return []string{s}
		}
		return parts(s, "|")
	}
	return parts(s, ";\n")
}

// parts cuts s at any of marks outside of brackets, in trimmed values that are not empty. Where brackets are not in pairs they count for nothing.
func parts(s, marks string) []string {
	out := make([]string, 0, 8)
	add := func(p string) {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	depth, from := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			if depth--; depth < 0 {
				return cutAt(s, marks)
			}
		case depth == 0 && strings.IndexByte(marks, c) >= 0:
			add(s[from:i])
			from = i + 1
		}
	}
	if depth != 0 {
		return cutAt(s, marks)
	}
	add(s[from:])
	return out
}

func cutAt(s, marks string) []string {
	var out []string
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return r < utf8.RuneSelf && strings.IndexByte(marks, byte(r)) >= 0 }) {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// number takes away the ".0" that spreadsheets put behind whole numbers.
func number(s string) string {
	if n, ok := strings.CutSuffix(s, ".0"); ok && isDigits(n) {
		return n
	}
	return s
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func (r *reader) article() {
	r.language()
	r.ids()
	r.titles()
	r.journal()
	r.place()
	r.dates()
	r.people()
	r.texts()
	r.subjects()
	r.funding()
	r.rights()
	r.links()
	r.references()
	for _, c := range r.all(cCustom) {
		r.custom(c.kind, c.text)
	}
	for _, c := range r.all(cRemark) {
		r.custom("note", c.text)
	}
	for _, c := range r.all(cCitedBy) {
		r.a.Metrics = append(r.a.Metrics, jats.Metric{Name: "cited-by", Value: number(c.text)})
	}
}

func (r *reader) language() {
	for _, c := range r.all(cLanguage) {
		for _, s := range several(c.text) {
			for _, s := range strings.Split(s, ",") {
				lang := languageOf(s)
				switch {
				case r.a.Lang == "" && lang != "":
					r.a.Lang = lang
				case lang == "" || lang != r.a.Lang:
					r.custom("language", strings.TrimSpace(s))
				}
			}
		}
	}
	for _, c := range r.all(cType) {
		r.kind(c.text)
	}
	r.a.Status = r.one(cStatus)
}

func (r *reader) ids() {
	for _, c := range append(r.all(cID), r.all(cEID)...) {
		for _, s := range several(c.text) {
			if s = number(s); strings.EqualFold(s, "n/a") || s == "-" {
				continue
			}
			r.a.IDs = append(r.a.IDs, jats.ID{Type: c.kind, Value: s})
		}
	}
	for _, c := range r.all(cISBN) {
		for _, s := range several(c.text) {
			r.a.ISBNs = append(r.a.ISBNs, number(s))
		}
	}
}

func (r *reader) titles() {
	for _, c := range r.ours(r.all(cTitle)) {
		text := c.text
		for _, p := range r.all(cPrefix) {
			if p.lang == c.lang {
				text = p.text + " " + text
			}
		}
		t := jats.Title{Lang: r.other(c.lang), Text: r.rich(c.name, text, jats.InlineMarkup)}
		switch {
		case r.a.Title.Text == "":
			r.a.Title = t
		case c.lang == "" && t.Text != r.a.Title.Text:
			r.a.AltTitles = append(r.a.AltTitles, jats.AltTitle{Text: t.Text})
		case t.Text != r.a.Title.Text:
			r.a.TransTitles = append(r.a.TransTitles, t)
		}
	}
	for _, c := range r.all(cSubtitle) {
		sub, lang := r.rich(c.name, c.text, jats.InlineMarkup), r.other(c.lang)
		at := &r.a.Title
		for i := range r.a.TransTitles {
			if r.a.TransTitles[i].Lang == lang && lang != r.a.Title.Lang {
				at = &r.a.TransTitles[i]
			}
		}
		if at == &r.a.Title && lang != at.Lang && lang != "" {
			r.a.TransTitles = append(r.a.TransTitles, jats.Title{Lang: lang})
			at = &r.a.TransTitles[len(r.a.TransTitles)-1]
		}
		at.Subtitles = append(at.Subtitles, sub)
	}
	for _, c := range r.all(cShortTitle) {
		r.a.AltTitles = append(r.a.AltTitles, jats.AltTitle{Type: "running-head", Lang: r.other(c.lang), Text: r.rich(c.name, c.text, jats.InlineMarkup)})
	}
}

// databases are what "source" may mean beside a journal.
const databases = "|scopus|pubmed|medline|crossref|web of science|wos|dimensions|elibrary|openalex|zotero|scholar|"

func (r *reader) journal() {
	j := &r.a.Journal
	add := func(list []cell, beside bool) {
		for _, c := range r.ours(list) {
			t := jats.Title{Lang: r.other(c.lang), Text: r.rich(c.name, c.text, jats.InlineMarkup)}
			switch {
			case j.Title.Text == "":
				j.Title = t
			case t.Text == j.Title.Text:
			case beside:
				r.custom(strings.ToLower(c.name), c.text)
			default:
				j.TransTitles = append(j.TransTitles, t)
			}
		}
	}
	add(r.all(cJournal), false)
	add(r.all(cBookTitle), true)
	for _, c := range r.all(cDatabase) {
		if !strings.Contains(databases, "|"+strings.ToLower(c.text)+"|") {
			add([]cell{c}, true)
		}
	}
	for _, c := range r.all(cAbbrev) {
		j.AbbrevTitle = append(j.AbbrevTitle, jats.AltTitle{Lang: r.other(c.lang), Text: r.rich(c.name, c.text, jats.InlineMarkup)})
	}
	for _, c := range r.all(cISSN) {
		for _, s := range strings.FieldsFunc(c.text, func(r rune) bool { return r == ';' || r == ',' || r == '\n' || r == '|' || r == '/' }) {
			r.issn(c, s)
		}
	}
	for _, c := range r.all(cJournalID) {
		j.IDs = append(j.IDs, jats.ID{Type: c.kind, Value: number(c.text)})
	}
	for _, c := range r.ours(r.all(cPublisher)) {
		j.Publishers = append(j.Publishers, jats.Text{Lang: r.other(c.lang), Text: r.rich(c.name, c.text, jats.InlineMarkup)})
	}
	if s := r.one(cPlace); s != "" {
		j.PubLoc = jats.Escape(s)
	}
}

// issn reads one ISSN, which may have its kind beside it: "1234-5679 (print)".
func (r *reader) issn(c cell, s string) {
	kind, low := c.kind, strings.ToLower(s)
	switch {
	case kind != "":
	case strings.Contains(low, "print") || strings.Contains(low, "печат"):
		kind = "print"
	case strings.Contains(low, "online") || strings.Contains(low, "electr") || strings.Contains(low, "эл") || strings.Contains(low, "eissn") || strings.Contains(low, "e-issn"):
		kind = "electronic"
	}
	for _, w := range strings.Fields(number(strings.TrimSpace(s))) {
		if w = strings.Trim(w, "()[].:"); w != "" && w[0] >= '0' && w[0] <= '9' {
			r.a.Journal.ISSNs = append(r.a.Journal.ISSNs, jats.ISSN{Type: kind, Value: w})
		}
	}
}

// place reads where in the journal the article stands.
func (r *reader) place() {
	a := r.a
	a.Volume, a.Issue, a.IssuePart = number(r.one(cVolume)), number(r.one(cIssue)), r.one(cPart)
	a.VolumeSeries = r.one(cSeries)
	a.Supplement = jats.Escape(r.one(cSupplement))
	for _, c := range r.all(cIssueTitle) {
		a.IssueTitles = append(a.IssueTitles, jats.Text{Lang: r.other(c.lang), Text: r.rich(c.name, c.text, jats.InlineMarkup)})
	}
	a.ElocationID = number(r.one(cArticleNumber))
	if s := r.one(cPages); s != "" {
		r.pages(number(s))
	}
	if s := number(r.one(cFPage)); s != "" {
		a.FPage = s
	}
	if s := number(r.one(cLPage)); s != "" {
		a.LPage = s
	}
	if s := r.one(cPageCount); s != "" {
		if n, err := strconv.Atoi(number(s)); err == nil && n >= 0 {
			a.Counts.Pages = &n
		} else {
			r.warn("bad-field", "page count", "%q is no number of pages", s)
		}
	}
	conf := jats.Conference{Name: jats.Escape(r.one(cConference)), Date: r.one(cConfDate)}
	var places []string
	for _, c := range r.all(cConfPlace) {
		places = append(places, c.text)
	}
	conf.Loc, conf.Sponsor = jats.Escape(strings.Join(places, ", ")), jats.Escape(r.one(cConfSponsor))
	if conf != (jats.Conference{}) {
		a.Conferences = []jats.Conference{conf}
	}
}

// pages takes "10-12", "pp. 10–12", "7" and "e5" apart; what is none of them stays a range as printed.
func (r *reader) pages(s string) {
	a := r.a
	t := s
	for _, p := range [...]string{"pp.", "pp ", "p.", "стр.", "С.", "с.", "C.", "c."} {
		if rest, ok := strings.CutPrefix(t, p); ok {
			t = strings.TrimSpace(rest)
			break
		}
	}
	t = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(t, " с."), " p."))
	first, rest := t, ""
	if i := strings.IndexAny(t, "-–—−"); i >= 0 {
		first, rest = strings.TrimSpace(t[:i]), strings.TrimSpace(strings.TrimLeft(t[i:], "-–—− "))
	}
	switch {
	case len(t) == 10 && jats.ParseDate(t).Date == t:
		r.warn("bad-field", "pages", "%q is a date: spreadsheets make dates of pages; write them as text", s)
		a.PageRange = s
	case !isPage(first) || rest != "" && !isPage(rest):
		a.PageRange = s
		if isPage(first) {
			a.FPage = first
		}
	case rest == "" && (first[0] == 'e' || first[0] == 'E') && a.ElocationID == "":
		a.ElocationID = first
	default:
		a.FPage, a.LPage = first, rest
	}
}

// isPage tells whether s is a page or an article number: digits with letters about them, or a Roman number.
func isPage(s string) bool {
	digit := false
	for i := 0; i < len(s); i++ {
		switch c := s[i] | 0x20; {
		case s[i] >= '0' && s[i] <= '9':
			digit = true
		case c < 'a' || c > 'z':
			return false
		}
	}
	return digit || s != "" && strings.Trim(strings.ToLower(s), "ivxlc") == ""
}

func (r *reader) dates() {
	for _, c := range r.all(cDate) {
		r.date(&r.a.PubDates, jats.Date{Type: "pub", Format: c.kind}, c.text)
	}
	if s := number(r.one(cYear)); s != "" {
		typ := "collection"
		if len(r.a.PubDates) == 0 {
			typ = "pub"
		}
		d := jats.Date{}
		if month := number(r.one(cMonth)); month != "" {
			if n := jats.ParseMonth(month); n != 0 && len(s) == 4 {
				d.Date = fmt.Sprintf("%s-%02d", s, n)
			} else if d = jats.ParseDate(month + " " + s); d.Date == "" {
				d = jats.ParseDate(s)
				d.Season = month
			}
			d.Type = typ
			r.a.PubDates = append(r.a.PubDates, d)
		} else {
			r.date(&r.a.PubDates, jats.Date{Type: typ}, s)
		}
	}
	for _, c := range r.all(cHistory) {
		r.date(&r.a.History, jats.Date{Type: c.kind}, c.text)
	}
}

func (r *reader) date(list *[]jats.Date, d jats.Date, s string) {
	x := parseDate(number(s))
	x.Type, x.Format = d.Type, d.Format
	*list = append(*list, x)
}

// parseDate is jats.ParseDate that knows "15/06/2020", where only one number can be the month, and cuts "05/06/2020" to its year.
func parseDate(s string) jats.Date {
	if p := strings.Split(s, "/"); len(p) == 3 && len(p[2]) == 4 && isDigits(p[0]) && isDigits(p[1]) && isDigits(p[2]) && len(p[0]) < 3 && len(p[1]) < 3 {
		a, _ := strconv.Atoi(p[0])
		b, _ := strconv.Atoi(p[1])
		switch {
		case a > 12 || a == b:
			return jats.ParseDate(p[0] + "." + p[1] + "." + p[2])
		case b > 12:
			return jats.ParseDate(p[1] + "." + p[0] + "." + p[2])
		}
		return jats.Date{Date: p[2]}
	}
	return jats.ParseDate(s)
}

func (r *reader) texts() {
	for _, c := range r.ours(r.all(cAbstract)) {
		ab := jats.Abstract{Lang: c.lang}
		for _, p := range blocks(c.text) {
			ab.P = append(ab.P, r.rich(c.name, p, jats.ParaMarkup))
		}
		r.a.Abstracts = append(r.a.Abstracts, ab)
	}
	for _, c := range r.ours(r.all(cKeywords)) {
		r.keywords(c, "author")
	}
	for _, c := range r.all(cIndexed) {
		r.keywords(c, "index")
	}
	for i, c := range r.all(cNote) {
		n := jats.Note{ID: "n" + strconv.Itoa(i+1), Type: c.kind, Place: "notes", Lang: r.other(c.lang)}
		for _, p := range blocks(c.text) {
			n.P = append(n.P, r.rich(c.name, p, jats.ParaMarkup))
		}
		r.a.Notes = append(r.a.Notes, n)
	}
}

// blocks parts a text at its empty lines, and at the paragraphs of HTML.
func blocks(s string) []string {
	if strings.Contains(s, "</p>") {
		s = strings.NewReplacer("<p>", "\n\n", "</p>", "\n\n").Replace(s)
	}
	if !strings.Contains(s, "\n") {
		return []string{s}
	}
	var out []string
	for _, p := range strings.Split(strings.ReplaceAll(s, "\r", ""), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// keywords are parted by semicolons, lines or bars; where there are none, by commas.
func (r *reader) keywords(c cell, typ string) {
	g := jats.KwdGroup{Type: typ, Lang: r.other(c.lang)}
	list := several(c.text)
	if len(list) == 1 {
		list = parts(list[0], ",")
	}
	for _, s := range list {
		if t, ok := strings.CutSuffix(s, "."); ok && !strings.Contains(t, ".") {
			s = t
		}
		g.Kwds = append(g.Kwds, jats.Kwd{Text: r.rich(c.name, s, jats.InlineMarkup)})
	}
	r.a.KwdGroups = append(r.a.KwdGroups, g)
}

func (r *reader) subjects() {
	add := func(typ string, c cell, list []string) {
		g := jats.SubjGroup{Type: typ, Lang: r.other(c.lang)}
		for _, s := range list {
			g.Subjects = append(g.Subjects, jats.Subject{Text: r.rich(c.name, s, jats.InlineMarkup)})
		}
		r.a.SubjGroups = append(r.a.SubjGroups, g)
	}
	for _, c := range r.ours(r.all(cSection)) {
		add("heading", c, []string{c.text})
	}
	for _, c := range r.all(cSubjects) {
		list := several(c.text)
		if c.kind != "subject" && len(list) == 1 {
			list = parts(list[0], ",")
		}
		add(c.kind, c, list)
	}
}

func (r *reader) references() {
	seen := 0
	for _, c := range r.ours(r.all(cRefs)) {
		var list []string
		switch {
		case strings.Contains(c.text, "||"):
			list = strings.Split(c.text, "||")
		case strings.Contains(c.text, "\n"):
			list = strings.Split(c.text, "\n")
		case r.dialect == wos:
			list = strings.Split(c.text, "; ")
		case r.dialect == scopus: // each ends with its year in brackets
			list = strings.SplitAfter(c.text, "); ")
			for i := range list {
				list[i] = strings.TrimSuffix(list[i], "; ")
			}
		default:
			list = []string{c.text}
		}
		n := 0
		for _, s := range list {
			label, s := numbered(strings.TrimSpace(s))
			if s == "" {
				continue
			}
			cite := r.citation(c, s)
			if seen > 0 && n < seen && c.lang != "" { // the same list in another language
				ref := &r.a.Refs[n]
				if cite.Lang == "" {
					cite.Lang = c.lang
				}
				ref.Citations = append(ref.Citations, cite)
			} else {
				r.a.Refs = append(r.a.Refs, jats.Ref{Label: label, Citations: []jats.Citation{cite}})
			}
			n++
		}
		if seen != 0 && n != seen {
			r.warn("bad-field", c.name, "%d references, the first list has %d", n, seen)
		}
		seen = max(seen, n)
	}
}

func (r *reader) citation(c cell, s string) jats.Citation {
	x := r.rich(c.name, s, jats.CitationMarkup)
	if x.HasMarkup() {
		return jats.Citation{Text: x}
	}
	return jats.ParseCitation(x.Plain())
}

// numbered parts the number of an entry in a list from it: "1. ", "[1] ", "1) ".
func numbered(s string) (label, rest string) {
	t := strings.TrimPrefix(s, "[")
	i := 0
	for i < len(t) && i < 4 && t[i] >= '0' && t[i] <= '9' {
		i++
	}
	if i == 0 || i == 4 || i == len(t) {
		return "", s
	}
	if mark := t[i]; len(t) < len(s) && mark != ']' || len(t) == len(s) && mark != '.' && mark != ')' {
		return "", s
	}
	if rest = t[i+1:]; rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return "", s
	}
	return t[:i], strings.TrimSpace(rest)
}

func (r *reader) links() {
	for _, c := range r.all(cURL) {
		for _, s := range several(c.text) {
			l := jats.Link{URL: s, MIME: "text/html"}
			if strings.Contains(s, "scopus.com/") { // the index's page of it
				l.MIME = ""
			}
			r.a.Links = append(r.a.Links, l)
		}
	}
	for _, c := range r.all(cPDF) {
		for _, s := range several(c.text) {
			l := jats.Link{URL: s}
			if name, _, _ := strings.Cut(strings.ToLower(s), "?"); strings.HasSuffix(name, ".pdf") || strings.Contains(normal(c.name), "pdf") {
				l.MIME = "application/pdf"
			}
			r.a.Links = append(r.a.Links, l)
		}
	}
}
