package csl

import (
	"bytes"
	"encoding/json"
	"errors"
	"sort"
	"strconv"
	"strings"

	"sheaf/ingest/cut"
	"sheaf/ingest/ris/refman"
	"sheaf/jats"
)

// roles are the variables of people, in the order in which they are listed, and what they are.
//
// Source: CSL 1.0.2, appendix IV, name variables.
var roles = [][2]string{
	{"author", "author"}, {"editor", "editor"}, {"translator", "translator"}, {"editor-translator", "editor-translator"}, {"chair", "chair"}, {"collection-editor", "series-editor"}, {"compiler", "compiler"},
	{"composer", "composer"}, {"container-author", "book-author"}, {"contributor", "contributor"}, {"curator", "curator"}, {"director", "director"}, {"editorial-director", "editorial-director"},
	{"executive-producer", "executive-producer"}, {"guest", "guest"}, {"host", "host"}, {"illustrator", "illustrator"}, {"interviewer", "interviewer"}, {"narrator", "narrator"}, {"organizer", "organizer"},
	{"original-author", "original-author"}, {"performer", "performer"}, {"producer", "producer"}, {"recipient", "recipient"}, {"reviewed-author", "reviewed-author"}, {"script-writer", "script-writer"},
	{"series-creator", "series-creator"},
}

// leftOut are variables that tell of a copy or of a citation.
var leftOut = []string{"type", "id", "citation-key", "citation-label", "citation-number", "first-reference-note-number", "locator", "year-suffix", "call-number", "source", "accessed", "annote", "schema"}

// Read makes an article of one item. The error is a *jats.Fault: "malformed" where there is no JSON object, "too-large", "not-an-article" for a periodical. A variable in a
// form that it may not have is left out with a warning.
func Read(record []byte) (*jats.Article, []jats.Warning, error) {
	if len(record) > cut.MaxRecord {
		return nil, nil, jats.Faultf("too-large", 0, "an item of more than %d MiB", cut.MaxRecord>>20)
	}
	record = bytes.TrimSpace(bytes.TrimPrefix(record, []byte("\xef\xbb\xbf")))
	if len(record) > 0 && record[0] == '[' { // a list of one
		var list []json.RawMessage
		if err := json.Unmarshal(record, &list); err != nil {
			return nil, nil, malformed(record, err)
		}
		if len(list) != 1 {
			return nil, nil, jats.Faultf("malformed", 1, "a list of %d items, want one item", len(list))
		}
		record = list[0]
	}
	r := reader{a: new(jats.Article)}
	if err := json.Unmarshal(record, &r.item); err != nil {
		return nil, nil, malformed(record, err)
	}
	if r.item == nil {
		return nil, nil, jats.Faultf("malformed", 1, "no item: want a JSON object")
	}
	kind := r.text("type")
	if r.a.ArticleType = types[kind]; kind == "periodical" {
		return nil, nil, jats.Faultf("not-an-article", 1, "item type %q is no article", kind)
	}
	if r.a.ArticleType == "" {
		if r.a.ArticleType = refman.Type(kind); r.a.ArticleType == "" && kind != "" {
			r.a.ArticleType = "other"
			refman.Custom(r.a, "publication-type", kind)
		}
	}
	r.all(kind)
	return r.a, r.warnings, nil
}

func malformed(record []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at := min(int(syntax.Offset), len(record))
		return jats.Faultf("malformed", 1+bytes.Count(record[:at], []byte("\n")), "JSON: %v", err)
	}
	return jats.Faultf("malformed", 1, "no item: want a JSON object, got %.40q", record)
}

type reader struct {
	a        *jats.Article
	item     map[string]json.RawMessage // what has been read is taken out
	warnings []jats.Warning
}

func (r *reader) warn(code, path, message string) {
	r.warnings = append(r.warnings, jats.Warning{Code: code, Path: path, Message: message})
}

// take returns a variable and takes it out.
func (r *reader) take(name string) json.RawMessage {
	v, ok := r.item[name]
	if ok {
		delete(r.item, name)
	}
	return v
}

// text is a variable as text; numbers and, where a list stands for a text, its first text are taken too.
func (r *reader) text(name string) string {
	v := r.take(name)
	if v == nil {
		return ""
	}
	s, ok := scalar(v)
	if !ok {
		var list []json.RawMessage
		if json.Unmarshal(v, &list) == nil && len(list) > 0 {
			s, ok = scalar(list[0])
		} else if err := json.Unmarshal(v, &list); err == nil {
			ok = true
		}
	}
	if !ok {
		r.warn("bad-field", name, "want a text, got "+strconv.Quote(string(v[:min(len(v), 60)])))
	}
	return strings.TrimSpace(s)
}

// scalar is a text or a number; null and false are none, but good.
func scalar(v json.RawMessage) (string, bool) {
	switch {
	case len(v) == 0:
		return "", true
	case v[0] == '"':
		var s string
		err := json.Unmarshal(v, &s)
		return s, err == nil
	case v[0] == '{' || v[0] == '[':
		return "", false
	case v[0] == 'n' || v[0] == 'f':
		return "", true
	}
	return string(v), true
}

// plain is text without its HTML-like markup.
func (r *reader) plain(name string) string { return flat(r.text(name)) }

func flat(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return refman.Collapse(s)
	}
	x, _ := refman.Text(s, jats.InlineMarkup)
	return x.Plain()
}

// rich is text with its markup.
func (r *reader) rich(name string, kind jats.MarkupKind) jats.Rich {
	s := r.text(name)
	if s == "" {
		return ""
	}
	return r.mark(s, name, kind)
}

func (r *reader) mark(s, name string, kind jats.MarkupKind) jats.Rich {
	x, ws := refman.Text(s, kind)
	for _, w := range ws {
		w.Path = name
		r.warnings = append(r.warnings, w)
	}
	return x
}

// first is the first of some variables that says anything, as plain text; the others are taken out too.
func (r *reader) first(names ...string) string {
	out := ""
	for _, n := range names {
		if s := r.plain(n); out == "" {
			out = s
		} else if !refman.Same(s, out) {
			refman.Custom(r.a, n, s)
		}
	}
	return out
}

func (r *reader) all(kind string) {
	id, _ := scalar(r.item["id"])
	for _, n := range leftOut {
		delete(r.item, n)
	}
	r.titles()
	r.container()
	for _, role := range roles {
		r.people(role[0], role[1])
	}
	r.dates()
	r.numbers(kind)
	r.ids(id)
	r.texts(kind)
	r.others()
}

func (r *reader) titles() {
	a := r.a
	a.Title.Text = r.rich("title", jats.InlineMarkup)
	for _, n := range [...]string{"title-short", "shortTitle"} {
		if t := r.rich(n, jats.InlineMarkup); t != "" && !refman.Same(string(t), string(a.Title.Text)) && (len(a.AltTitles) == 0 || a.AltTitles[0].Text != t) {
			a.AltTitles = append(a.AltTitles, jats.AltTitle{Type: "short", Text: t})
		}
	}
	if t := r.rich("translated-title", jats.InlineMarkup); t != "" {
		a.TransTitles = []jats.Title{{Text: t}}
	}
	if t := r.rich("reviewed-title", jats.InlineMarkup); t != "" {
		a.Products = []jats.Product{{Text: jats.Escape(t.Plain())}}
	}
	if g := r.plain("genre"); g != "" {
		if t := refman.Type(g); t != "" && t != "research-article" {
			a.ArticleType = t
		}
		refman.Custom(a, "publication-type", g)
	}
}

func (r *reader) container() {
	j := &r.a.Journal
	title := r.plain("container-title")
	j.Title.Text = jats.Escape(title)
	for _, n := range [...]string{"container-title-short", "journalAbbreviation"} {
		short := jats.AltTitle{Text: jats.Escape(r.plain(n))}
		if short.Text != "" && !refman.Same(short.Text.Plain(), title) && (len(j.AbbrevTitle) == 0 || j.AbbrevTitle[0] != short) {
			j.AbbrevTitle = append(j.AbbrevTitle, short)
		}
	}
	r.a.VolumeSeries = r.plain("collection-title")
	if p := r.plain("publisher"); p != "" {
		j.Publishers = []jats.Text{{Text: jats.Escape(p)}}
	}
	j.PubLoc = jats.Escape(r.plain("publisher-place"))
	conf := jats.Conference{Name: jats.Escape(r.first("event-title", "event")), Loc: jats.Escape(r.plain("event-place")), Date: r.printed("event-date")}
	if conf != (jats.Conference{}) {
		r.a.Conferences = []jats.Conference{conf}
	}
}

// A name is one name of a name variable.
//
// Source: csl-data.json, name-variable; ORCID, affiliation and isInstitution are those of Crossref and Zotero.
type name struct {
	Family      string          `json:"family"`
	Given       string          `json:"given"`
	Dropping    string          `json:"dropping-particle"`
	NonDropping string          `json:"non-dropping-particle"`
	Suffix      string          `json:"suffix"`
	Literal     string          `json:"literal"`
	Static      json.RawMessage `json:"static-ordering"`
	Institution json.RawMessage `json:"isInstitution"`
	ORCID       string          `json:"ORCID"`
	Affiliation json.RawMessage `json:"affiliation"`
}

func (r *reader) people(variable, as string) {
	v := r.take(variable)
	if len(v) == 0 {
		return
	}
	var list []json.RawMessage
	if v[0] == '{' {
		list = []json.RawMessage{v}
	} else if err := json.Unmarshal(v, &list); err != nil {
		if s, ok := scalar(v); ok && s != "" { // a name in words
			list = []json.RawMessage{v}
		} else if !ok {
			r.warn("bad-field", variable, "want a list of names")
		}
	}
	for _, v := range list {
		var n name
		if len(v) == 0 || v[0] == 'n' {
			continue
		}
		if v[0] == '"' {
			var s string
			if json.Unmarshal(v, &s) == nil && strings.TrimSpace(s) != "" {
				r.a.Contribs = append(r.a.Contribs, jats.Contrib{Type: as, Names: []jats.Name{jats.ParseName(s)}})
			}
			continue
		}
		if err := json.Unmarshal(v, &n); err != nil {
			r.warn("bad-field", variable, "want a name, got "+strconv.Quote(string(v[:min(len(v), 60)])))
			continue
		}
		r.a.Contribs = append(r.a.Contribs, r.person(n, as))
	}
}

func yes(v json.RawMessage) bool {
	s, _ := scalar(v)
	return s != "" && s != "0" && s != "false"
}

func (r *reader) person(n name, as string) jats.Contrib {
	c := jats.Contrib{Type: as}
	switch {
	case n.Literal != "" && n.Family == "":
		c.Collab = []jats.Text{{Text: jats.Escape(flat(n.Literal))}}
	case yes(n.Institution) && n.Given == "":
		c.Collab = []jats.Text{{Text: jats.Escape(flat(n.Family))}}
	default:
		p := jats.Name{Surname: particle(n.NonDropping, n.Family), GivenNames: strings.TrimSpace(flat(n.Given) + " " + flat(n.Dropping)), Suffix: flat(n.Suffix)}
		if yes(n.Static) {
			p.Style = "eastern"
		}
		c.Names = []jats.Name{p}
	}
	if n.ORCID != "" {
		c.IDs = []jats.ContribID{{Type: "orcid", Value: n.ORCID}}
	}
	var affs []struct {
		Name string `json:"name"`
	}
	if n.Affiliation != nil && json.Unmarshal(n.Affiliation, &affs) == nil {
		for _, f := range affs {
			if f.Name != "" {
				c.Affs = append(c.Affs, refman.Aff(r.a, flat(f.Name)))
			}
		}
	}
	return c
}

// particle puts a particle before a name: "van" and "d'" differ in the blank.
func particle(p, family string) string {
	p, family = flat(p), flat(family)
	if p == "" || strings.HasSuffix(p, "'") || strings.HasSuffix(p, "’") || strings.HasSuffix(p, "-") {
		return p + family
	}
	return strings.TrimSpace(p + " " + family)
}

// A date is a date variable.
//
// Source: csl-data.json, date-variable.
type date struct {
	Parts   [][]json.RawMessage `json:"date-parts"`
	Season  json.RawMessage     `json:"season"`
	Circa   json.RawMessage     `json:"circa"`
	Literal string              `json:"literal"`
	Raw     string              `json:"raw"`
	EDTF    string              `json:"edtf"`
}

// date reads a date variable: an object, a text (EDTF or as printed) or a year.
func (r *reader) date(name string) (d jats.Date, ok bool) {
	v := r.take(name)
	if v == nil {
		return d, false
	}
	if s, isText := scalar(v); isText {
		d = fromText(s)
		return d, d != (jats.Date{})
	}
	var x date
	if err := json.Unmarshal(v, &x); err != nil {
		r.warn("bad-field", name, "want a date, got "+strconv.Quote(string(v[:min(len(v), 60)])))
		return d, false
	}
	season := seasonName(x.Season)
	var from, to string
	if len(x.Parts) > 0 {
		from, d.Season = fromParts(x.Parts[0])
		if len(x.Parts) > 1 {
			to, _ = fromParts(x.Parts[1])
		}
		d.Date = from
	}
	if season != "" {
		d.Season = season
	}
	if d.Date == "" {
		for _, s := range [...]string{x.EDTF, x.Raw, x.Literal} {
			if s != "" {
				d = fromText(s)
				break
			}
		}
		if season != "" && d.Season == "" {
			d.Season = season
		}
	} else if x.Literal != "" && x.Literal != d.Date {
		d.Text = x.Literal
	}
	switch {
	case to != "" && to != from:
		d.Text = from + "/" + to
	case yes(x.Circa) && d.Text == "":
		d.Text = "circa " + d.Date
	}
	return d, d != (jats.Date{})
}

// fromText reads a date in words or EDTF, of a span its beginning.
func fromText(s string) jats.Date {
	s = strings.TrimSpace(s)
	if s == "" {
		return jats.Date{}
	}
	from, _, span := strings.Cut(s, "/")
	if len(from) != 4 && len(from) != 7 && len(from) != 10 || strings.Count(s, "/") != 1 {
		from, span = s, false
	}
	clear := strings.TrimRight(from, "?~%")
	d := jats.ParseDate(clear)
	if len(clear) == 7 && clear[4] == '-' && clear[5] == '2' && clear[6] >= '1' && clear[6] <= '4' {
		d = jats.Date{Date: clear[:4], Season: seasons[clear[6]-'1']}
	}
	if span || clear != from {
		d.Text = s
	}
	return d
}

var seasons = [...]string{"Spring", "Summer", "Autumn", "Winter"}

func seasonName(v json.RawMessage) string {
	s, _ := scalar(v)
	if n, err := strconv.Atoi(s); err == nil {
		switch {
		case n >= 1 && n <= 4:
			return seasons[n-1]
		case n >= 21 && n <= 24:
			return seasons[n-21]
		}
		return ""
	}
	return strings.TrimSpace(s)
}

// fromParts makes a date of year, month and day. A month of 13 to 16 or 21 to 24 is a season.
func fromParts(parts []json.RawMessage) (date, season string) {
	var n [3]int
	for i := range parts[:min(len(parts), 3)] {
		s, _ := scalar(parts[i])
		v, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil {
			break
		}
		n[i] = v
	}
	if n[0] < 1000 || n[0] > 9999 {
		return "", ""
	}
	date = strconv.Itoa(n[0])
	switch m := n[1]; {
	case m >= 13 && m <= 16:
		return date, seasons[m-13]
	case m >= 21 && m <= 24:
		return date, seasons[m-21]
	case m < 1 || m > 12:
		return date, ""
	default:
		date += "-" + two(m)
	}
	if n[2] > 0 && n[2] < 32 {
		if d := jats.ParseDate(date + "-" + two(n[2])); len(d.Date) == 10 {
			return d.Date, ""
		}
	}
	return date, ""
}

func two(n int) string { return string([]byte{'0' + byte(n/10), '0' + byte(n%10)}) }

// printed is a date as text.
func (r *reader) printed(name string) string {
	d, ok := r.date(name)
	if !ok {
		return ""
	}
	if d.Text != "" {
		return d.Text
	}
	return strings.TrimSpace(d.Season + " " + d.Date)
}

func (r *reader) dates() {
	a := r.a
	if d, ok := r.date("issued"); ok {
		d.Type = "pub"
		a.PubDates = append(a.PubDates, d)
	}
	if d, ok := r.date("available-date"); ok {
		d.Type, d.Format = "pub", "electronic"
		a.PubDates = append(a.PubDates, d)
	}
	if d, ok := r.date("submitted"); ok {
		d.Type = "received"
		a.History = append(a.History, d)
	}
	refman.Custom(a, "original date", r.printed("original-date"))
}

func (r *reader) numbers(kind string) {
	a := r.a
	a.Volume, a.Issue = r.plain("volume"), r.plain("issue")
	a.Supplement = jats.Escape(r.first("supplement", "supplement-number"))
	a.IssuePart = r.first("part", "part-number")
	switch page, pageFirst := r.plain("page"), r.plain("page-first"); {
	case page != "":
		refman.Pages(a, page)
	default:
		refman.Pages(a, pageFirst)
	}
	pages := r.plain("number-of-pages")
	if n, err := strconv.Atoi(pages); err == nil && n > 0 {
		a.Counts.Pages = &n
	} else {
		refman.Custom(a, "number of pages", pages)
	}
	number := r.plain("number")
	switch {
	case number == "":
	case kind == "report":
		a.IDs = append(a.IDs, jats.ID{Type: "report-number", Value: number})
	case kind == "patent" || kind == "standard":
		a.IDs = append(a.IDs, jats.ID{Type: kind, Value: number})
	case strings.HasPrefix(kind, "article") && a.ElocationID == "" && a.FPage == "": // CSL has no other place for the number of an electronic article
		a.ElocationID = number
	default:
		refman.Custom(a, "number", number)
	}
	if v := r.plain("version"); v != "" {
		a.Version = &jats.Version{Text: v}
	}
}

func (r *reader) ids(id string) {
	a := r.a
	if doi := r.text("DOI"); doi != "" {
		refman.FieldDOI(a, doi)
	}
	for _, x := range [...][2]string{{"PMID", "pmid"}, {"PMCID", "pmcid"}} {
		refman.ID(a, x[1], r.text(x[0]))
	}
	for _, n := range [...]string{"ISSN", "ISBN"} {
		if v := r.take(n); v != nil {
			s, _ := scalar(v)
			var list []string
			if s == "" && json.Unmarshal(v, &list) == nil {
				s = strings.Join(list, ", ")
			}
			refman.Custom(a, n, refman.Serials(a, s))
		}
	}
	if u := r.text("URL"); u != "" && !refman.Links(a, u, "") && !refman.DOI(a, u) {
		r.warn("url-dropped", "URL", strconv.Quote(u)+" is no address that may be linked")
	}
	for _, s := range append([]string{id}, urls(a.Links)...) {
		if strings.Contains(s, "doi.org/10.") || strings.HasPrefix(s, "10.") {
			refman.DOI(a, s)
		}
	}
}

func urls(links []jats.Link) []string {
	var out []string
	for _, l := range links {
		out = append(out, l.URL)
	}
	return out
}

func (r *reader) texts(kind string) {
	a := r.a
	if s := r.text("abstract"); s != "" {
		var ab jats.Abstract
		for _, p := range paragraphs(s) {
			if x := r.mark(p, "abstract", jats.ParaMarkup); x != "" {
				ab.P = append(ab.P, x)
			}
		}
		a.Abstracts = []jats.Abstract{ab}
	}
	if s := r.text("keyword"); s != "" {
		at := ","
		if strings.Contains(refman.Plain(s), ";") {
			s, at = refman.Plain(s), ";"
		}
		var g jats.KwdGroup
		for _, k := range strings.Split(s, at) {
			if k = strings.TrimSpace(k); k != "" {
				g.Kwds = append(g.Kwds, jats.Kwd{Text: r.mark(k, "keyword", jats.InlineMarkup)})
			}
		}
		if len(g.Kwds) > 0 {
			a.KwdGroups = []jats.KwdGroup{g}
		}
	}
	var categories []string
	if v := r.take("categories"); v != nil && json.Unmarshal(v, &categories) == nil && len(categories) > 0 {
		g := jats.SubjGroup{}
		for _, c := range categories {
			g.Subjects = append(g.Subjects, jats.Subject{Text: jats.Escape(flat(c))})
		}
		a.SubjGroups = append(a.SubjGroups, g)
	}
	if s := r.plain("section"); strings.HasPrefix(kind, "article") && s != "" {
		a.SubjGroups = append(a.SubjGroups, jats.SubjGroup{Type: "heading", Subjects: []jats.Subject{{Text: jats.Escape(s)}}})
	} else {
		refman.Custom(a, "section", s)
	}
	if l := r.plain("language"); l != "" {
		if a.Lang = refman.Lang(l); a.Lang == "" {
			refman.Custom(a, "language", l)
		}
	}
	a.Status = r.plain("status")
	r.note(r.text("note"))
}

// note parts from a note the lines "PMID: 1" by which Zotero carries what it has no field for.
func (r *reader) note(s string) {
	a := r.a
	var n jats.Note
	for line := range strings.Lines(s) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		kind := map[string]string{"pmid": "pmid", "pmcid": "pmcid", "doi": "doi", "arxiv": "arxiv"}[strings.ToLower(key)]
		switch {
		case strings.TrimSpace(line) == "":
		case kind == "doi" && strings.HasPrefix(value, "10."):
			refman.DOI(a, value)
		case kind != "" && kind != "doi" && value != "" && !strings.Contains(value, " "):
			refman.ID(a, kind, value)
		default:
			n.P = append(n.P, refman.Note(flat(line)))
		}
	}
	if len(n.P) > 0 {
		n.Place = "notes"
		a.Notes = append(a.Notes, n)
	}
}

// paragraphs parts text at blank lines and at the ends of p elements.
func paragraphs(s string) []string {
	s = strings.NewReplacer("</p>", "</p>\n\n", "</jats:p>", "</jats:p>\n\n").Replace(s)
	var out []string
	for _, p := range strings.Split(s, "\n\n") {
		if strings.TrimSpace(p) != "" {
			out = append(out, p)
		}
	}
	return out
}

// others keeps the variables that have no field of their own, by their names in order.
func (r *reader) others() {
	names := make([]string, 0, len(r.item))
	for n := range r.item {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		v := r.item[n]
		if n == "custom" {
			var m map[string]json.RawMessage
			if json.Unmarshal(v, &m) != nil {
				continue
			}
			inner := reader{a: r.a, item: m, warnings: r.warnings}
			delete(m, "custom")
			inner.others()
			r.warnings = inner.warnings
			continue
		}
		if s, ok := scalar(v); ok {
			refman.Custom(r.a, n, flat(s))
			continue
		}
		var list []json.RawMessage
		if json.Unmarshal(v, &list) != nil {
			r.warn("bad-field", n, "an object is no value of CSL and was left out")
			continue
		}
		for _, v := range list {
			if s, ok := scalar(v); ok {
				refman.Custom(r.a, n, flat(s))
			} else {
				r.warn("bad-field", n, "a list of objects is no value of CSL and was left out")
				break
			}
		}
	}
}
