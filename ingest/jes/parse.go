package jes

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sheaf/jats"
)

// Recognise tells whether data looks like a landing page of the platform: it has labels that are the platform's own. It looks at the
// first and the last 32 KiB.
func Recognise(data []byte) bool {
	const part = 32 << 10
	if len(data) > maxPage {
		return false
	}
	if len(data) > 2*part {
		data = append(append(append([]byte(nil), data[:part]...), '\n'), data[len(data)-part+len(data)%2:]...) // UTF-16 stays in step
	}
	text, _, err := decode(data)
	if err != nil {
		return false
	}
	if t := strings.TrimSpace(text); t == "" || t[0] == '<' || t[0] == '{' || t[0] == '[' && !ordinalRE.MatchString(t) {
		return false
	}
	own, all := evidence(lines(text))
	return own > 0 && all > 1
}

// evidence counts the different labels, and those among them that hardly any other text has.
func evidence(ls []line) (own, all int) {
	seen := map[string]bool{}
	for _, l := range ls {
		h, ok := match(l.s)
		if !ok || seen[h.text] {
			continue
		}
		seen[h.text] = true
		all++
		switch h.field {
		case pii, pubType, characters, purchasers, rating, gate:
			own++
		case status:
			if h.lang == "ru" || len(h.text) > len("Status") || knownStatus[h.value] {
				own++
			}
		case journal, pubYear:
			if h.form != colon {
				own++
			}
		case bodyNav, foot:
			if h.text != "Cite" && h.text != "Comments" && h.text != "Комментарии" && h.text != "Download pdf" && h.text != "Цитировать" {
				own++
			}
		case position, affiliation:
			if h.form == colon {
				own++
			}
		}
	}
	return own, all
}

var knownStatus = map[string]bool{"Published": true, "Опубликовано": true, "Accepted": true, "Принято": true, "Draft": true, "Черновик": true}

// Read reads a landing page into an article. It refuses what is not the page of one article: with the reason in the error.
func Read(data []byte) (*jats.Article, []jats.Warning, error) {
	p, err := Parse(data)
	if err != nil {
		return nil, nil, err
	}
	if err := p.check(); err != nil {
		return nil, p.Warnings, err
	}
	return p.Article(), p.Warnings, nil
}

// check tells why p is no article.
func (p *Page) check() error {
	switch {
	case p.Title == nil && (len(p.Abstract) > 0 || len(p.References) > 0):
		return jats.Faultf("no-title", 0, "the page has no title, only what follows it: an article without a title is not kept")
	case p.Title == nil:
		return jats.Faultf("no-title", 0, "the page has no title")
	case p.PII == nil && p.DOI == nil && p.Type == nil && len(p.Authors) == 0 && len(p.Abstract) == 0 && len(p.Keywords) == 0 && len(p.References) == 0:
		return jats.Faultf("not-an-article", 0, "the page %q has nothing of an article: no identifier, type, author, abstract, keyword or reference", short(*p.Title))
	}
	return nil
}

// Parse reads the text of a landing page. What is wrong with a single value is a warning and leaves the value out. An error means that
// the text is not the page of one article; a page whose title was lost is one still.
func Parse(data []byte) (*Page, error) {
	text, inferred, err := decode(data)
	if err != nil {
		return nil, err
	}
	ls := lines(text)
	if len(ls) == 0 {
		return nil, jats.Faultf("empty", 0, "the text is empty")
	}
	if s := ls[0].s; s[0] == '<' || s[0] == '{' {
		return nil, jats.Faultf("not-recognised", 0, "the text begins with %q: it is markup or JSON and no page kept as plain text", s[:1])
	}
	own, all := evidence(ls)
	if own == 0 && all < 2 {
		return nil, jats.Faultf("not-recognised", 0, "the text has no label of the journal platform")
	}
	p := parser{lines: splitDetails(ls), page: Page{Authors: []Author{}, Abstract: []string{}, Keywords: []string{}, References: []string{}}}
	if inferred != "" {
		p.warn("encoding-inferred", "", 0, "the text is read as %s", inferred)
	}
	if err := p.run(); err != nil {
		return nil, err
	}
	return &p.page, nil
}

// parser goes over the lines once.
type parser struct {
	page  Page
	lines []line
	skip  map[int]bool // lines of the title
	start int          // first line of the title
	err   error        // the page is of several articles
	hits  []hit        // labels of the lines
	known []int8       // whether hits was filled: 0 not yet, 1 no label, 2 a label

	field   field // whose value is awaited or goes on
	pending bool  // the label of field stood alone and no value has come

	refs         [2]int // lines of the reference list: from, to (exclusive)
	author       *Author
	named        bool // authors come with names
	listing      bool // affiliations come one a line
	closed       bool // the author's last affiliation has its address
	inBody       bool // the full text has begun
	next         int  // running number of the next paragraph of the full text; 0: its paragraphs have none
	kwLines      []string
	onOwnLine    int // labels that stand alone
	withValue    int // labels with a value on their line
	en, ru       int // labels of each language
	portal       bool
	date, year   bool // published was given by a date, by a year
	metrics      bool // a metric was seen
	abstractOpen bool // the last paragraph may go on
}

// match is match of line i, done once.
func (p *parser) match(i int) (hit, bool) {
	if p.known == nil {
		p.hits, p.known = make([]hit, len(p.lines)), make([]int8, len(p.lines))
	}
	if p.known[i] == 0 {
		h, ok := match(p.lines[i].s)
		p.hits[i], p.known[i] = h, 1
		if ok {
			p.known[i] = 2
		}
	}
	return p.hits[i], p.known[i] == 2
}

func (p *parser) warn(code, path string, n int, format string, args ...any) {
	p.page.Warnings = append(p.page.Warnings, jats.Warning{Code: code, Path: path, Line: n, Message: fmt.Sprintf(format, args...)})
}

func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

func (p *parser) run() error {
	p.findRefs()
	p.findTitle()
	for i := 0; i < len(p.lines) && p.err == nil; {
		if i == p.refs[0] && p.refs[1] > i {
			p.finish()
			p.readRefs()
			i = p.refs[1]
			continue
		}
		if !p.skip[i] {
			p.line(i)
		}
		i++
	}
	p.finish()
	p.settle()
	return p.err
}

// line reads line i, which is outside the reference list.
func (p *parser) line(i int) {
	l := p.lines[i]
	h, ok := p.match(i)
	if ok && p.isValue(h, i) {
		ok = false
	}
	if p.inBody && (!ok || h.field != foot && h.field != gate && h.field != bodyNav && h.field != rating && h.field != views && h.field != purchasers) {
		p.bodyLine(l)
		return
	}
	if ok {
		p.finish()
		p.note(h)
		p.label(h, l)
		return
	}
	if p.pending && p.value(l) {
		return
	}
	switch p.field {
	case abstract:
		p.paragraph(l)
		return
	case keywords:
		if !l.gap || len(p.kwLines) == 0 {
			p.kwLines = append(p.kwLines, l.s)
			return
		}
	case authors, about, position, affiliation, address:
		if p.person(i) {
			return
		}
	case bodyNav:
		if len(p.page.Abstract) > 0 {
			p.bodyLine(l)
			return
		}
	}
	switch {
	case i < p.start:
	case p.startsBody(l):
		p.bodyLine(l)
	case p.nameBeforeDetails(i):
		p.startAuthor(&l.s)
		p.field = authors
	case len(p.page.Abstract) == 0 && p.field != foot && prose(l.s):
		p.finish()
		p.field = abstract
		p.paragraph(l)
	case p.field == foot || p.field == gate:
	default:
		p.warn("line-unknown", "", l.n, "the line %q is of no known kind", short(l.s))
	}
}

// isValue tells that a line which looks like a label is the value of the label before it: the only keyword "Status", say, or the status
// "Published".
func (p *parser) isValue(h hit, i int) bool {
	switch {
	case !p.pending || h.form != alone:
		return false
	case p.field == status:
		return h.field == published
	case p.field == keywords && !p.lines[i].gap && i+1 < len(p.lines):
		next, ok := p.match(i + 1)
		return ok && (h.field == nav || h.field == volume || h.field == issue || h.field == references) && next.field != h.field
	}
	return false
}

func (p *parser) note(h hit) {
	switch h.lang {
	case "en":
		p.en++
	case "ru":
		p.ru++
	}
	switch h.field {
	case pii, pubType, status, journal, edition, pages, keywords, received, published, characters:
		if h.form == alone {
			p.onOwnLine++
		} else {
			p.withValue++
		}
	case doi:
		if h.form != alone {
			p.withValue++
		}
	case purchasers, views, rating:
		p.metrics = true
		if h.form == alone {
			p.onOwnLine++
		} else {
			p.withValue++
		}
	case about, pubYear:
		p.portal = true
	}
}

// label begins h's field.
func (p *parser) label(h hit, l line) {
	p.field, p.pending = h.field, h.form == alone
	switch h.field {
	case nav, foot, abstract, keywords, authors, about, gate, bodyNav, references:
		p.pending = false
	}
	switch h.field {
	case authors, about:
		p.named = p.named || h.value != ""
		p.names(h.value)
	case position, affiliation, address:
		p.detail(h.field, h.value)
	case abstract:
		if h.value != "" {
			p.paragraph(line{s: h.value, n: l.n, gap: true})
		}
	case keywords:
		p.kwLines = nil
		p.pending = h.form == alone
		if h.value != "" {
			p.kwLines = []string{h.value}
		}
	case gate:
		p.page.Subscribe = true
	default:
		if h.form != alone {
			p.set(h.field, h.value, l.n)
		}
	}
}

// value takes l as the value of the label that stood alone before it, if it can be that.
func (p *parser) value(l line) bool {
	f := p.field
	p.pending = false
	v := flat(l.s)
	switch f {
	case keywords:
		p.kwLines = append(p.kwLines, l.s)
		return true
	case position, affiliation, address:
		return false // person decides
	case pubType, status, journal, classifier:
		if utf8.RuneCountInString(v) > 200 {
			return false
		}
	case rating:
		if !strings.Contains(v, "(") && !votesRE.MatchString(v) || !fits(hit{label: label{field: f}, form: colon, value: v}) {
			return false
		}
	default:
		if !fits(hit{label: label{field: f}, form: colon, value: v}) {
			return false
		}
	}
	p.field = none
	p.set(f, v, l.n)
	return true
}

// set stores the value of a field. A second and different identifier means that the page is of several articles.
func (p *parser) set(f field, v string, n int) {
	pg := &p.page
	text := func(to **string) {
		if v = strings.TrimRight(v, " ,;"); v != "" && *to == nil {
			*to = &v
		}
	}
	number := func(to **int, s string) {
		if *to != nil {
			return
		}
		x, err := strconv.Atoi(digits(s))
		if err != nil {
			p.warn("number-refused", "", n, "%q is no number", short(s))
			return
		}
		*to = &x
	}
	switch f {
	case pii:
		if pg.PII != nil && *pg.PII != v {
			p.err = jats.Faultf("several-records", n, "a second article %q on the page of %q", v, *pg.PII)
		}
		text(&pg.PII)
		if pg.PII != nil && !wholePII.MatchString(v) {
			p.warn("pii-damaged", "pii", n, "the PII %q is damaged: it is kept as printed", v)
		}
	case doi:
		v = strings.TrimRight(doiRE.FindStringSubmatch(v)[1], ".,;")
		if !wholeDOI.MatchString(v) {
			p.warn("doi-refused", "doi", n, "%q is no DOI", short(v))
			return
		}
		if pg.DOI != nil && !strings.EqualFold(*pg.DOI, v) {
			p.err = jats.Faultf("several-records", n, "a second article %q on the page of %q", v, *pg.DOI)
		}
		text(&pg.DOI)
	case pubType:
		text(&pg.Type)
	case status:
		text(&pg.Status)
	case journal:
		text(&pg.Journal)
	case classifier:
		text(&pg.Classifier)
	case edition:
		p.setEdition(v)
	case volume:
		text(&pg.Volume)
	case issue:
		text(&pg.Issue)
	case pages:
		v = pagesRE.FindStringSubmatch(v)[1]
		text(&pg.Pages)
	case received:
		p.setDate(&pg.Received, "received", v, n)
	case published:
		if pg.Published == nil || p.year && !p.date {
			pg.Published = nil
			p.setDate(&pg.Published, "published", v, n)
			p.date = pg.Published != nil
		}
	case pubYear:
		if pg.Published == nil {
			v = v[:4]
			p.setDate(&pg.Published, "published", v, n)
			p.year = true
		}
	case characters:
		number(&pg.Characters, v)
	case price:
		amount, currency := parsePrice(v)
		switch {
		case amount == "" || pg.Price != nil:
		case currency == "":
			p.warn("price-refused", "price", n, "the price %q names no currency", v)
		default:
			pg.Price = &Price{Amount: json.Number(amount), Currency: currency}
		}
	case purchasers:
		number(&pg.Purchasers, leadingInt(v))
		if m := viewsRE.FindStringSubmatch(v); m != nil {
			number(&pg.Views, m[1])
		}
	case views:
		number(&pg.Views, leadingInt(v))
	case rating:
		p.setRating(v)
	}
}

var (
	wholePII = regexp.MustCompile(`^[A-Za-z][0-9()-]*[0-9X]-[0-9X]-[0-9]+$`)
	wholeDOI = regexp.MustCompile(`^10\.\d{4,9}(?:\.\d+)*/\S+$`)
	intRE    = regexp.MustCompile(`^\d{1,3}(?:[ ,]\d{3})+|^\d+`)
)

// leadingInt cuts the number off s, thousands parted or not.
func leadingInt(s string) string { return intRE.FindString(s) }

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, leadingInt(strings.TrimSpace(s)))
}

func (p *parser) setEdition(v string) {
	pg := &p.page
	if m := numbersRE.FindStringSubmatch(v); m != nil {
		if m[2] != "" { // 57 (1)
			setIfNil(&pg.Volume, m[1])
			setIfNil(&pg.Issue, m[2])
		} else {
			setIfNil(&pg.Issue, m[1])
		}
		return
	}
	rest := v
	if m := volumeRE.FindStringSubmatchIndex(rest); m != nil {
		setIfNil(&pg.Volume, rest[m[2]:m[3]])
		rest = rest[:m[0]] + " " + rest[m[1]:]
	}
	if m := issueRE.FindStringSubmatch(rest); m != nil {
		setIfNil(&pg.Issue, m[1])
	}
}

func setIfNil(to **string, v string) {
	if *to == nil && v != "" {
		*to = &v
	}
}

func (p *parser) setRating(v string) {
	if p.page.Rating != nil {
		return
	}
	r := &Rating{}
	if m := scoreRE.FindStringSubmatch(v); m != nil {
		r.Value = &m[1]
	}
	if m := votesRE.FindStringSubmatch(v); m != nil {
		if n, err := strconv.Atoi(m[1] + m[2]); err == nil {
			r.Votes = &n
		}
	}
	p.page.Rating = r
}

// setDate stores a date cut to what is printed; one that is in no calendar is refused.
func (p *parser) setDate(to **string, name, v string, n int) {
	if *to != nil {
		return
	}
	iso, ok := parseDate(v)
	if !ok {
		p.warn("date-refused", name, n, "%q is no date", short(v))
		return
	}
	*to = &iso
}

// parseDate reads DD.MM.YYYY, the only form that was seen, and its near kin: MM.YYYY, YYYY, YYYY-MM-DD, DD/MM/YYYY.
func parseDate(v string) (string, bool) {
	v = strings.TrimSpace(strings.TrimRight(v, " год.а"))
	for _, f := range [][2]string{{"2.1.2006", "2006-01-02"}, {"2/1/2006", "2006-01-02"}, {"2-1-2006", "2006-01-02"}, {"2006-1-2", "2006-01-02"}, {"1.2006", "2006-01"}, {"2006-1", "2006-01"}, {"2006", "2006"}} {
		if t, err := time.Parse(f[0], v); err == nil && t.Year() >= 1600 {
			return t.Format(f[1]), true
		}
	}
	return "", false
}

// paragraph adds l to the abstract, or to its last paragraph when the line was broken in the middle of a sentence.
func (p *parser) paragraph(l line) {
	pg := &p.page
	if n := len(pg.Abstract); n > 0 && !l.gap && p.abstractOpen && continues(pg.Abstract[n-1], l.s) {
		pg.Abstract[n-1] += " " + l.s
		return
	}
	if len(pg.Abstract) > 0 && !p.abstractOpen { // a second abstract on the page
		p.warn("abstract-again", "abstract", l.n, "the page has a second abstract: both are kept")
	}
	pg.Abstract = append(pg.Abstract, l.s)
	p.abstractOpen = true
}

// continues tells that b goes on with the sentence that a left open.
func continues(a, b string) bool {
	last, _ := utf8.DecodeLastRuneInString(a)
	first, _ := utf8.DecodeRuneInString(b)
	return !strings.ContainsRune(".!?…:;»”\")。", last) && (unicode.IsLower(first) || strings.ContainsRune(",-–—", last))
}

// prose tells a sentence from a stray word of the site.
func prose(s string) bool {
	return utf8.RuneCountInString(s) >= 60 || len(strings.Fields(s)) >= 5 && strings.ContainsAny(s[len(s)-1:], ".!?")
}

// finish ends the field that was going on.
func (p *parser) finish() {
	if p.field == keywords {
		p.setKeywords()
	}
	p.abstractOpen = false
	p.field, p.pending = none, false
}

// setKeywords splits the list at semicolons, or at commas where there are none; lines without either hold one keyword each.
func (p *parser) setKeywords() {
	if len(p.kwLines) == 0 {
		return
	}
	sep := ','
	list := strings.Join(p.kwLines, " ")
	switch {
	case strings.ContainsRune(list, ';'):
		sep = ';'
	case !strings.ContainsRune(list, ',') && len(p.kwLines) > 1:
		sep = '\n'
		list = strings.Join(p.kwLines, "\n")
	}
	p.kwLines = nil
	for _, k := range splitOutside(list, sep) {
		if k = strings.Trim(flat(k), " ,;"); k != "" {
			p.page.Keywords = append(p.page.Keywords, k)
		}
	}
	if n := len(p.page.Keywords); n > 0 { // the period that ends the list; not that of "U.S." or "etc."
		last := p.page.Keywords[n-1]
		if w := strings.Fields(last); strings.HasSuffix(last, ".") && strings.Count(w[len(w)-1], ".") == 1 && utf8.RuneCountInString(w[len(w)-1]) > 4 {
			p.page.Keywords[n-1] = strings.TrimSuffix(last, ".")
		}
	}
}

// splitOutside splits s at sep where it is in no brackets. Brackets that do not match count for nothing.
func splitOutside(s string, sep rune) []string {
	var out []string
	depth, from := 0, 0
	if strings.Count(s, "(") != strings.Count(s, ")") {
		return strings.Split(s, string(sep))
	}
	for i, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == sep && depth <= 0:
			out = append(out, s[from:i])
			from = i + utf8.RuneLen(r)
		}
	}
	return append(out, s[from:])
}

// settle decides what only the whole page tells.
func (p *parser) settle() {
	pg := &p.page
	switch {
	case p.en > p.ru:
		pg.Language = "en"
	case p.ru > p.en:
		pg.Language = "ru"
	default:
		text := strings.Join(pg.Abstract, " ")
		if pg.Title != nil {
			text = *pg.Title + " " + text
		}
		pg.Language = "en"
		if cyrillic(text) {
			pg.Language = "ru"
		}
	}
	switch {
	case p.portal && pg.PII == nil && pg.Type == nil:
		pg.Variant = "portal"
	case p.withValue+p.onOwnLine == 0 && len(pg.Authors) == 0:
		pg.Variant = "stripped"
	case p.withValue >= p.onOwnLine:
		pg.Variant = "compact"
	default:
		pg.Variant = "long-" + pg.Language
	}
	p.bareKeywords()
	pg.RefCount = len(pg.References)
}

// bareKeywords takes the last paragraph of an abstract for keywords when it is a list of short items, on a page without labels.
func (p *parser) bareKeywords() {
	pg := &p.page
	n := len(pg.Abstract)
	if n < 2 || len(pg.Keywords) > 0 || pg.Variant != "stripped" {
		return
	}
	last := pg.Abstract[n-1]
	if strings.ContainsAny(last, ".!?:") {
		return
	}
	items := strings.FieldsFunc(last, func(r rune) bool { return r == ',' || r == ';' })
	if len(items) < 3 {
		return
	}
	for _, it := range items {
		if len(strings.Fields(it)) > 4 {
			return
		}
	}
	pg.Abstract = pg.Abstract[:n-1]
	p.kwLines = []string{last}
	p.setKeywords()
}

// cyrillic tells that most letters of s are Cyrillic.
func cyrillic(s string) bool {
	var cyr, other int
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Cyrillic, r):
			cyr++
		case unicode.IsLetter(r):
			other++
		}
	}
	return cyr > other
}
