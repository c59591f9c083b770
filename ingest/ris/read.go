package ris

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

// A field is one tag with its value; of a value of several lines the line ends are kept.
type field struct {
	tag   string
	value string
	line  int // in the record, 1-based
}

// fields takes a record apart, up to its end.
func fields(record string) []field {
	out := make([]field, 0, 32)
	at, start := 0, 0 // start is where the value of the last field begins
	for n := 1; at < len(record); n++ {
		line, next := record[at:], len(record)
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line, next = line[:i], at+i+1
		}
		tag, value, ok := tagLine(line)
		if ok && (tag != "TY" || len(out) == 0) {
			if tag == "ER" {
				break
			}
			out = append(out, field{tag, value, n})
			start = at + strings.IndexByte(line, '-') + 1
		} else if ok { // TY again: the record before it has no end
			break
		} else if len(out) > 0 {
			out[len(out)-1].value = strings.TrimSpace(record[start : at+len(line)])
		}
		at = next
	}
	return out
}

// decoded is a record as UTF-8 with LF alone at the ends of lines.
func decoded(record []byte) (string, error) {
	if len(record) > cut.MaxRecord+1 {
		return "", jats.Faultf("too-large", 0, "a record of more than %d MiB", cut.MaxRecord>>20)
	}
	record = bytes.TrimPrefix(record, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(record) {
		var err error
		if record, err = io.ReadAll(cut.Text(bytes.NewReader(record))); err != nil {
			return "", jats.Faultf("malformed", 0, "text: %v", err)
		}
	}
	s := string(record)
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return s, nil
}

// A kind is what a type of reference is.
type kind struct {
	articleType string
	group       group
}

type group int

const (
	periodical group = iota // an article in something that appears again and again
	chapter                 // a part of a book
	conference              // a paper of a conference
	whole                   // a book or something else that stands alone
	thesis
	report
	refused
)

// kinds are the types of reference.
//
// Source: RIS Format Specifications 2001, "Reference types"; Reference Manager 12 and EndNote, RIS export.
var kinds = map[string]kind{
	"JOUR": {"research-article", periodical}, "EJOUR": {"research-article", periodical}, "INPR": {"research-article", periodical}, "MGZN": {"article", periodical},
	"NEWS": {"news", periodical}, "ABST": {"abstract", periodical}, "GEN": {"", periodical},
	"CHAP": {"book-chapter", chapter}, "ECHAP": {"book-chapter", chapter}, "ENCYC": {"book-chapter", chapter}, "DICT": {"book-chapter", chapter},
	"CONF": {"conference-paper", conference}, "CPAPER": {"conference-paper", conference}, "SLIDE": {"oration", conference},
	"BOOK": {"book", whole}, "EBOOK": {"book", whole}, "EDBOOK": {"book", whole}, "CLSWK": {"book", whole}, "SER": {"book", whole}, "ANCIENT": {"book", whole},
	"THES": {"dissertation", thesis}, "RPRT": {"report", report}, "GOVDOC": {"report", report}, "STAND": {"standard", report}, "STD": {"standard", report},
	"UNPB": {"other", whole}, "UNPD": {"other", whole}, "MANSCPT": {"other", whole}, "PAMP": {"other", whole}, "DATA": {"dataset", whole}, "AGGR": {"dataset", whole}, "DBASE": {"dataset", whole},
	"COMP": {"software", whole}, "PAT": {"patent", report}, "BLOG": {"other", periodical}, "ELEC": {"other", periodical}, "WEB": {"other", periodical}, "ICOMM": {"other", whole}, "PCOMM": {"letter", whole},
	"MAP": {"other", whole}, "ART": {"other", whole}, "ADVS": {"other", whole}, "VIDEO": {"other", whole}, "MPCT": {"other", whole}, "SOUND": {"other", whole}, "MUSIC": {"other", whole}, "MULTI": {"other", whole},
	"CHART": {"other", whole}, "FIGURE": {"other", whole}, "EQUA": {"other", whole}, "CTLG": {"other", whole}, "CASE": {"other", whole}, "BILL": {"other", whole}, "UNBILL": {"other", whole}, "STAT": {"other", whole},
	"HEAR": {"other", whole}, "LEGAL": {"other", whole},
	"JFULL": {"", refused}, "GRANT": {"", refused}, "GRNT": {"", refused},
}

// Read makes an article of one record. The error is a *jats.Fault: "too-large", "malformed" where there is no tag, "not-an-article".
func Read(record []byte) (*jats.Article, []jats.Warning, error) {
	text, err := decoded(record)
	if err != nil {
		return nil, nil, err
	}
	fs := fields(text)
	if len(fs) == 0 {
		return nil, nil, jats.Faultf("malformed", 1, `no tag: want lines such as "TY  - JOUR"`)
	}
	r := reader{a: new(jats.Article)}
	for _, f := range fs {
		if f.tag == "TY" {
			if err := r.ty(f); err != nil {
				return nil, nil, err
			}
			break
		}
	}
	for _, f := range fs {
		if f.value != "" {
			r.field(f)
		}
	}
	r.finish()
	return r.a, r.warnings, nil
}

// A reader gathers the values of tags that depend on one another.
type reader struct {
	a        *jats.Article
	kind     kind
	warnings []jats.Warning

	titles                                         []string
	bt, t2, t3, jf, jo, c1, c3, cy, pp, sp, ep, m2 string
	abbrevs                                        []string
	au, a1, a2, ta                                 []string
	y1, da, py                                     string
	doi                                            string
	mayBeDOI                                       []string // M3, N1
	urls                                           []string
	ads                                            []address
	abstracts                                      []string
	hasEditor                                      bool // A3 or ED, beside which A2 of a book is the series' editor
	article                                        string
}

// address is an AD and how many AU stand before it.
type address struct {
	text  string
	after int
}

// ty takes in the type of reference.
func (r *reader) ty(f field) error {
	name := strings.ToUpper(f.value)
	k, known := kinds[name]
	if k.group == refused {
		return jats.Faultf("not-an-article", f.line, "reference type %q is no article", f.value)
	}
	if !known {
		if k.articleType = refman.Type(f.value); k.articleType == "" && name != "" {
			k.articleType = "other"
			refman.Custom(r.a, "publication-type", f.value)
		}
	}
	if name == "INPR" {
		r.a.Status = "In press"
	}
	r.kind, r.a.ArticleType = k, k.articleType
	return nil
}

// one is a value that stands on one line.
func one(f field) string { return refman.Plain(refman.Collapse(f.value)) }

func (r *reader) field(f field) {
	a := r.a
	switch f.tag {
	case "TY", "ID", "LB", "CN", "AV", "DB", "DP", "RP", "RN", "H1", "H2", "U1", "U2", "U3", "U4", "U5", "Y2":
	case "TI", "T1", "CT":
		r.titles = append(r.titles, f.value)
	case "TT":
		a.TransTitles = append(a.TransTitles, jats.Title{Text: r.rich(f, jats.InlineMarkup)})
	case "ST":
		a.AltTitles = append(a.AltTitles, jats.AltTitle{Type: "short", Text: r.rich(f, jats.InlineMarkup)})
	case "AU":
		r.au = append(r.au, f.value)
	case "A1":
		r.a1 = append(r.a1, f.value)
	case "A2":
		r.a2 = append(r.a2, f.value)
	case "A3":
		switch r.kind.group {
		case whole:
			r.people("editor", f.value)
			r.hasEditor = true
		case thesis:
			r.people("advisor", f.value)
		default:
			r.people("series-editor", f.value)
		}
	case "ED":
		r.people("editor", f.value)
		r.hasEditor = true
	case "A4":
		if r.kind.group == conference {
			r.people("other", f.value)
		} else {
			r.people("translator", f.value)
		}
	case "TA":
		r.ta = append(r.ta, one(f))
	case "AD":
		r.ads = append(r.ads, address{one(f), len(r.au) + len(r.a1)})
	case "BT":
		first(&r.bt, f, r)
	case "T2":
		first(&r.t2, f, r)
	case "JF":
		first(&r.jf, f, r)
	case "JO":
		first(&r.jo, f, r)
	case "JA", "J1", "J2":
		r.abbrevs = append(r.abbrevs, one(f))
	case "T3":
		first(&r.t3, f, r)
	case "C1":
		first(&r.c1, f, r)
	case "C3":
		first(&r.c3, f, r)
	case "PY":
		first(&r.py, f, r)
	case "Y1":
		first(&r.y1, f, r)
	case "DA":
		first(&r.da, f, r)
	case "VL":
		first(&a.Volume, f, r)
	case "VO":
		if a.Volume == "" {
			a.Volume = one(f)
		}
	case "IS", "CP":
		first(&a.Issue, f, r)
	case "SP":
		first(&r.sp, f, r)
	case "EP":
		first(&r.ep, f, r)
	case "M2":
		first(&r.m2, f, r)
	case "C7":
		first(&r.article, f, r)
	case "SN":
		r.serial(f)
	case "PB":
		a.Journal.Publishers = append(a.Journal.Publishers, jats.Text{Text: jats.Escape(one(f))})
	case "CY":
		first(&r.cy, f, r)
	case "PP":
		first(&r.pp, f, r)
	case "AB", "N2":
		r.abstracts = append(r.abstracts, f.value)
	case "KW":
		r.keywords(f)
	case "DO":
		if r.doi == "" {
			r.doi = one(f)
			refman.FieldDOI(a, r.doi)
		} else if !refman.DOI(a, one(f)) {
			refman.Custom(a, "DOI", f.value)
		}
	case "UR", "L2", "L3", "L4", "LK":
		r.link(f, "")
	case "L1":
		r.link(f, "application/pdf")
	case "AN":
		r.accession(one(f))
	case "C2":
		if pmc := one(f); strings.HasPrefix(strings.ToUpper(pmc), "PMC") {
			refman.ID(a, "pmcid", pmc)
		} else {
			refman.Custom(a, "custom 2", f.value)
		}
	case "LA":
		if a.Lang = refman.Lang(f.value); a.Lang == "" {
			refman.Custom(a, "language", f.value)
		}
	case "M3":
		if strings.Contains(f.value, "10.") {
			r.mayBeDOI = append(r.mayBeDOI, f.value)
			return
		}
		if t := refman.Type(f.value); t != "" && (t != "research-article" || r.kind.articleType == "") {
			a.ArticleType = t
		}
		refman.Custom(a, "publication-type", f.value)
	case "N1":
		r.mayBeDOI = append(r.mayBeDOI, "\x00"+f.value)
	case "RI":
		a.Products = append(a.Products, jats.Product{Text: jats.Escape(one(f))})
	case "SE":
		r.section(f)
	case "ET":
		refman.Custom(a, "edition", f.value)
	case "NV":
		refman.Custom(a, "number of volumes", f.value)
	case "SV":
		refman.Custom(a, "series volume", f.value)
	case "M1":
		refman.Custom(a, "number", f.value)
	case "OP":
		refman.Custom(a, "original publication", f.value)
	case "CA":
		refman.Custom(a, "caption", f.value)
	case "C4", "C5", "C6", "C8":
		refman.Custom(a, "custom "+f.tag[1:], f.value)
	default:
		refman.Custom(a, f.tag, f.value)
	}
}

// first keeps the first value of a tag that may stand once; others are kept among the custom-meta.
func first(to *string, f field, r *reader) {
	v := one(f)
	switch {
	case *to == "":
		*to = v
	case *to != v:
		refman.Custom(r.a, f.tag, v)
	}
}

// rich is text in which the odd tag of HTML may stand.
func (r *reader) rich(f field, kind jats.MarkupKind) jats.Rich {
	x, ws := refman.Text(refman.Collapse(f.value), kind)
	for _, w := range ws {
		w.Path, w.Line = f.tag, f.line
		r.warnings = append(r.warnings, w)
	}
	return x
}

// people adds the people of one tag: one, or several parted by semicolons.
func (r *reader) people(as, value string) {
	for rest := value; rest != ""; {
		var name string
		if i := strings.IndexAny(rest, ";\n"); i >= 0 {
			name, rest = rest[:i], rest[i+1:]
		} else {
			name, rest = rest, ""
		}
		name = refman.Plain(strings.TrimSpace(name))
		switch strings.ToLower(strings.Trim(name, ". ")) {
		case "", "et al", "и др":
			continue
		case "[anonymous]", "anonymous":
			r.a.Contribs = append(r.a.Contribs, jats.Contrib{Type: as, Anonymous: true})
			continue
		}
		r.a.Contribs = append(r.a.Contribs, jats.Contrib{Type: as, Names: []jats.Name{jats.ParseName(name)}})
	}
}

func (r *reader) serial(f field) {
	rest := refman.Serials(r.a, one(f))
	switch {
	case rest == "":
	case r.kind.articleType == "patent":
		refman.ID(r.a, "patent", rest)
	case r.kind.group == report:
		refman.ID(r.a, "report-number", rest)
	default:
		refman.Custom(r.a, "serial number", rest)
	}
}

// keywords adds those of one tag: one a line, or parted by semicolons. The star that Ovid puts before a major subject is no part of it.
func (r *reader) keywords(f field) {
	if len(r.a.KwdGroups) == 0 {
		r.a.KwdGroups = []jats.KwdGroup{{}}
	}
	g := &r.a.KwdGroups[0]
	value := f.value
	if strings.IndexByte(value, '&') >= 0 { // the semicolon of an entity parts nothing
		value = refman.Plain(value)
	}
	for rest := value; rest != ""; {
		var w string
		if i := strings.IndexAny(rest, ";\n"); i >= 0 {
			w, rest = rest[:i], rest[i+1:]
		} else {
			w, rest = rest, ""
		}
		if w = strings.TrimSpace(strings.TrimLeft(w, " *")); w != "" {
			g.Kwds = append(g.Kwds, jats.Kwd{Text: r.rich(field{f.tag, w, f.line}, jats.InlineMarkup)})
		}
	}
}

// link adds addresses. A DOI may stand where they do.
func (r *reader) link(f field, mime string) {
	v := one(f)
	if !strings.Contains(v, "://") && refman.DOI(r.a, v) {
		return
	}
	r.urls = append(r.urls, v)
	if !refman.Links(r.a, v, mime) && f.tag == "UR" {
		r.warnings = append(r.warnings, jats.Warning{Code: "url-dropped", Path: f.tag, Line: f.line, Message: strconv.Quote(v) + " is no address that may be linked"})
	}
}

// accession adds the number that a database gave the record, if its form tells which database that is.
func (r *reader) accession(v string) {
	low := strings.ToLower(v)
	switch {
	case strings.HasPrefix(low, "wos:"), strings.HasPrefix(low, "isi:"):
		refman.ID(r.a, "wos", v)
	case strings.HasPrefix(low, "2-s2.0-"):
		refman.ID(r.a, "scopus", v)
	case strings.HasPrefix(low, "pmc") && len(v) > 3 && v[3] <= '9':
		refman.ID(r.a, "pmcid", v)
	case strings.HasPrefix(low, "pmid"):
		refman.ID(r.a, "pmid", strings.TrimLeft(v[4:], ": "))
	case strings.HasPrefix(low, "arxiv:"):
		refman.ID(r.a, "arxiv", v[6:])
	default:
		refman.Custom(r.a, "accession number", v)
	}
}

// section takes SE: of an article the section of the issue, or, as EndNote has it, its first page.
func (r *reader) section(f field) {
	v := one(f)
	switch {
	case r.kind.group == periodical && strings.ContainsAny(v, "0123456789"):
		if r.m2 == "" {
			r.m2 = v
		}
	case r.kind.group == periodical:
		r.a.SubjGroups = append(r.a.SubjGroups, jats.SubjGroup{Type: "heading", Subjects: []jats.Subject{{Text: jats.Escape(v)}}})
	default:
		refman.Custom(r.a, "section", v)
	}
}

// finish makes of what was gathered what depends on one another.
func (r *reader) finish() {
	r.title()
	r.container()
	r.authors()
	r.place()
	r.published()
	r.pages()
	r.abstract()
	r.leftover()
}

func (r *reader) title() {
	a := r.a
	if len(r.titles) == 0 && r.bt != "" && r.kind.group == whole {
		r.titles, r.bt = []string{r.bt}, ""
	}
	for i, t := range r.titles {
		x := r.rich(field{tag: "TI", value: t}, jats.InlineMarkup)
		switch {
		case i == 0:
			a.Title.Text = x
		case !refman.Same(string(x), string(a.Title.Text)):
			a.AltTitles = append(a.AltTitles, jats.AltTitle{Text: x})
		}
	}
	if len(a.AltTitles) > 0 { // the short title is often the title itself
		kept := a.AltTitles[:0]
		for _, t := range a.AltTitles {
			if !refman.Same(string(t.Text), string(a.Title.Text)) {
				kept = append(kept, t)
			}
		}
		a.AltTitles = kept
	}
}

// container finds what the article stands in among the tags that may name it.
func (r *reader) container() {
	a := r.a
	var conf jats.Conference
	names := []string{r.jf, r.t2, r.bt, r.jo} // the likeliest first
	series := &r.t3
	switch r.kind.group {
	case conference:
		names = []string{r.c3, r.jf, r.bt, r.t2, r.jo}
		r.c3 = ""
		conf.Name = jats.Escape(r.t2)
	case whole, thesis, report:
		names = []string{r.jf, r.bt, r.jo}
		if r.t2 != "" {
			if r.t3 != "" {
				refman.Custom(a, "tertiary title", r.t3)
			}
			series = &r.t2
		}
	case periodical:
		if r.t3 != "" {
			refman.Custom(a, "tertiary title", r.t3)
		}
		r.t3 = ""
	}
	a.VolumeSeries = *series
	title := ""
	for _, n := range names {
		switch {
		case n == "":
		case title == "":
			title = n
		case refman.Same(n, title), n == r.t2 && r.kind.group == conference:
		case n == r.jo:
			r.abbrevs = append([]string{n}, r.abbrevs...)
		default:
			refman.Custom(a, "secondary title", n)
		}
	}
	a.Journal.Title.Text = jats.Escape(title)
	r.abbreviations(title)
	if r.kind.group == conference {
		if r.c1 != "" && r.cy != "" {
			conf.Loc = jats.Escape(r.cy)
			r.cy, r.c1 = r.c1, ""
		}
		if d := jats.ParseDate(r.y1); d.Text != "" && !strings.Contains(r.y1, "/") { // "4-6 Sept. 2013"
			conf.Date, r.y1 = r.y1, d.Date
		}
		if title == string(conf.Name.Plain()) && conf.Date == "" && conf.Loc == "" {
			return // one name for both: that of what it was printed in
		}
		if conf != (jats.Conference{}) {
			a.Conferences = append(a.Conferences, conf)
		}
	}
}

// abbreviations adds the short names of the journal. Where TA has no comma it is one of them, and else a name of the author.
func (r *reader) abbreviations(title string) {
	a := r.a
	var people []string
	for _, t := range r.ta {
		if strings.Contains(t, ",") {
			people = append(people, t)
		} else {
			r.abbrevs = append(r.abbrevs, t)
		}
	}
	r.ta = people
	for i, s := range r.abbrevs {
		again := refman.Same(s, title)
		for _, before := range r.abbrevs[:min(i, 10)] {
			again = again || refman.Same(s, before)
		}
		if !again {
			a.Journal.AbbrevTitle = append(a.Journal.AbbrevTitle, jats.AltTitle{Text: jats.Escape(s)})
		}
	}
}

// authors puts the authors before all others. Some write each author by both of AU and A1.
func (r *reader) authors() {
	a := r.a
	others := a.Contribs
	a.Contribs = make([]jats.Contrib, 0, len(r.au)+len(r.a1)+len(others)+len(r.a2))
	names := append(r.a1, r.au...)
	if len(r.a1) == len(r.au) {
		same := true
		for i := range r.au {
			same = same && refman.Same(r.au[i], r.a1[i])
		}
		if same {
			names = r.au
		}
	}
	var end []int // how many authors there are after each name
	for _, n := range names {
		r.people("author", n)
		end = append(end, len(a.Contribs))
	}
	if len(r.ta) > 0 && len(r.ta) == len(a.Contribs) {
		for i, t := range r.ta {
			if len(a.Contribs[i].Names) > 0 {
				a.Contribs[i].Names = append(a.Contribs[i].Names, jats.ParseName(t))
			}
		}
	} else {
		for _, t := range r.ta {
			refman.Custom(a, "translated author", t)
		}
	}
	r.addresses(names, end)
	as := "editor"
	if r.kind.group == whole && r.hasEditor {
		as = "series-editor"
	}
	for _, n := range r.a2 {
		r.people(as, n)
	}
	a.Contribs = append(a.Contribs, others...)
}

// addresses adds the affiliations. They are an author's own only where they stand among the authors, or where there is one author.
func (r *reader) addresses(names []string, end []int) {
	among := false
	for _, ad := range r.ads {
		among = among || ad.after > 0 && ad.after < len(names)
	}
	for _, ad := range r.ads {
		id := refman.Aff(r.a, ad.text)
		at := -1
		switch {
		case len(r.a.Contribs) == 1:
			at = 0
		case among && ad.after > 0 && ad.after <= len(end):
			at = end[ad.after-1] - 1
		}
		if at >= 0 {
			r.a.Contribs[at].Affs = append(r.a.Contribs[at].Affs, id)
		}
	}
}

func (r *reader) place() {
	j := &r.a.Journal
	loc := r.cy
	if loc == "" {
		loc = r.pp
	} else if r.pp != "" && r.pp != loc {
		refman.Custom(r.a, "place", r.pp)
	}
	j.PubLoc = jats.Escape(loc)
	if r.c1 != "" {
		refman.Custom(r.a, "custom 1", r.c1)
	}
	if r.c3 != "" {
		refman.Custom(r.a, "custom 3", r.c3)
	}
}

// published adds each date that says more than the others.
func (r *reader) published() {
	year := jats.ParseDate(strings.Trim(r.py, "/ ")).Date
	if len(year) > 4 {
		year = year[:4]
	}
	var dates []jats.Date
	for _, s := range [...]string{r.y1, r.da, r.py} {
		d := parseDate(s, year)
		if d == (jats.Date{}) {
			continue
		}
		d.Type = "pub"
		known := false
		for i := range dates {
			switch have := &dates[i]; {
			case strings.HasPrefix(have.Date, d.Date) && (d.Season == "" || d.Season == have.Season) && (d.Text == "" || d.Text == have.Text):
				known = true
			case have.Date != "" && strings.HasPrefix(d.Date, have.Date) && have.Season == "" && have.Text == "":
				*have, known = d, true
			}
			if known {
				break
			}
		}
		if !known {
			dates = append(dates, d)
		}
	}
	r.a.PubDates = dates
}

// parseDate reads YYYY/MM/DD/other, any part of which may be missing, or a date as people write it. A date without a year takes year.
func parseDate(s, year string) jats.Date {
	parts := strings.SplitN(s, "/", 5)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	y := parts[0]
	switch {
	case s == "":
		return jats.Date{}
	case len(y) == 4 && (len(parts) > 1 || s == y) && strings.Trim(y, "0123456789") == "":
		d := jats.Date{Date: y}
		if len(parts) > 1 && parts[1] != "" {
			if m := jats.ParseMonth(parts[1]); m > 0 {
				d.Date += "-" + string([]byte{'0' + byte(m/10), '0' + byte(m%10)})
				if len(parts) > 2 && parts[2] != "" {
					if full := jats.ParseDate(d.Date + "-" + zero(parts[2])); len(full.Date) == 10 {
						d.Date = full.Date
					} else {
						d.Text = s
					}
				}
			} else if season := jats.ParseDate(parts[1] + " " + y); season.Date == y && season.Season != "" {
				d.Season = season.Season
			} else {
				d.Text = s
			}
		}
		if len(parts) > 3 && parts[3] != "" {
			d.Season = parts[3]
		}
		return d
	}
	d := jats.ParseDate(strings.Trim(s, "/"))
	if d.Date == "" && year != "" {
		if with := jats.ParseDate(strings.Trim(s, "/") + " " + year); with.Date != "" && with.Text == "" {
			return with
		}
	}
	return d
}

func zero(day string) string {
	if len(day) == 1 {
		return "0" + day
	}
	return day
}

func (r *reader) pages() {
	a := r.a
	if strings.EqualFold(r.ep, "n/a") {
		r.ep = ""
	}
	if r.sp == "" {
		r.sp, r.m2 = r.m2, ""
	}
	if r.m2 != "" && r.m2 != r.sp {
		refman.Custom(a, "start page", r.m2)
	}
	alone := r.kind.group == whole || r.kind.group == thesis || r.kind.group == report
	n, err := strconv.Atoi(r.sp)
	switch {
	case r.ep == "" && alone && err == nil && n > 0:
		a.Counts.Pages = &n
	case r.ep == "" || strings.ContainsAny(r.sp, "-–—") && strings.HasSuffix(r.sp, r.ep):
		refman.Pages(a, r.sp)
	case r.sp == "":
		refman.Pages(a, r.ep)
	case strings.ContainsAny(r.sp+r.ep, "-–— ,;") || r.sp == r.ep:
		a.FPage, a.LPage = r.sp, r.ep
	default:
		refman.Pages(a, r.sp+"-"+r.ep)
	}
	switch {
	case r.article == "":
	case a.FPage == "" && (a.ElocationID == "" || a.ElocationID == r.article):
		a.ElocationID = r.article
	default:
		refman.Custom(a, "article number", r.article)
	}
}

// abstract makes paragraphs of lines parted by a blank one and of repeated tags; where the script changes another abstract begins.
func (r *reader) abstract() {
	a := r.a
	script := byte(0)
	for i, s := range r.abstracts {
		if i > 0 && s == r.abstracts[i-1] { // AB and N2 alike
			continue
		}
		if now := refman.Script(s); len(a.Abstracts) == 0 || now != script {
			script = now
			a.Abstracts = append(a.Abstracts, jats.Abstract{})
		}
		ab := &a.Abstracts[len(a.Abstracts)-1]
		for _, p := range paragraphs(s) {
			if x := r.rich(field{tag: "AB", value: p}, jats.ParaMarkup); x != "" {
				ab.P = append(ab.P, x)
			}
		}
	}
}

// paragraphs parts text at its blank lines.
func paragraphs(s string) []string {
	if strings.IndexByte(s, '\n') < 0 {
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

// leftover takes what may be a DOI for one where there is none yet, and else for what its tag says.
func (r *reader) leftover() {
	a := r.a
	for _, s := range r.mayBeDOI {
		s, note := strings.CutPrefix(s, "\x00")
		if refman.DOI(a, s) {
			continue
		}
		if !note {
			refman.Custom(a, "publication-type", s)
			continue
		}
		n := jats.Note{Place: "notes"}
		for _, p := range paragraphs(s) {
			if p = refman.Collapse(p); p != "" {
				n.P = append(n.P, refman.Note(refman.Plain(p)))
			}
		}
		a.Notes = append(a.Notes, n)
	}
	for _, u := range r.urls {
		if strings.Contains(u, "doi.org/") {
			refman.DOI(a, u)
		}
	}
	if len(a.KwdGroups) > 0 && len(a.KwdGroups[0].Kwds) == 0 {
		a.KwdGroups = nil
	}
}
