package jats

import (
	"strings"
	"time"
)

// dates writes pub-date, or pub-date-not-available where no date can be written.
func (w *writer) dates() {
	mark := len(w.b)
	for _, d := range w.a.PubDates {
		w.date("pub-date", d)
	}
	if len(w.b) == mark {
		w.raw("<pub-date-not-available/>\n")
	}
}

// date writes a date to the precision known, in numbers. Publishing demands a year; a date without one is kept among the custom-meta.
//
// Source: JATS 1.3, pub-date, date; ISO 8601 calendar dates.
func (w *writer) date(name string, d Date) {
	year, month, day := dateParts(d.Date)
	if year == "" {
		kind := d.Type
		if kind == "" {
			kind = name
		}
		text := d.Text
		if text == "" {
			text = d.Season
		}
		w.keep("date", kind, Escape(text))
		return
	}
	w.start(name)
	w.attr("date-type", d.Type)
	w.attr("publication-format", d.Format)
	if d.Season == "" || month != "" {
		w.attr("iso-8601-date", d.Date)
	}
	w.b = append(w.b, '>')
	w.el("day", day)
	w.el("month", month)
	if month == "" {
		w.el("season", d.Season)
	}
	w.el("year", year)
	w.closeN(name)
}

// dateParts cuts "2006", "2006-01" or "2006-01-02"; a string of any other shape has no parts.
func dateParts(s string) (year, month, day string) {
	for i := 0; i < len(s); i++ {
		if dash := i == 4 || i == 7; dash != (s[i] == '-') || !dash && (s[i] < '0' || s[i] > '9') {
			return "", "", ""
		}
	}
	switch len(s) {
	case 4:
		return s, "", ""
	case 7:
		return s[:4], s[5:], ""
	case 10:
		return s[:4], s[5:7], s[8:]
	}
	return "", "", ""
}

// isDay tells whether s is a day of the calendar, "2006-01-02".
func isDay(s string) bool {
	if len(s) != 10 {
		return false
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// permissions writes the copyright, ali:free_to_read and the licences.
//
// JATS4R wants statement, year and holder together or none of them. Where the year or the holder is absent and the statement says it
// ("© 2020 The Authors"), it is taken from there; what then is still incomplete is kept: the statement as the last license-p, the
// others among the custom-meta.
//
// Source: JATS4R permissions, recommendations 1 to 8; NISO RP-22-2021 (ALI).
func (w *writer) permissions() {
	p := &w.a.Permissions
	mark := len(w.b)
	w.raw("<permissions>\n")
	body := len(w.b)

	year, holder := p.Year, ""
	for _, s := range p.Statements {
		y, h := readStatement(s.Text.Plain())
		if year == "" {
			year = y
		}
		if holder == "" {
			holder = h
		}
	}
	holders := p.Holders
	if !w.saysAny(holders) && holder != "" {
		holders = []Text{{Text: Escape(holder)}}
	}
	statements := p.Statements
	if isYear(year) && w.saysAny(holders) {
		for _, s := range statements {
			w.richLang("copyright-statement", w.titleLang(s.Lang), s.Text)
		}
		w.el("copyright-year", year)
		for _, h := range holders {
			w.richLang("copyright-holder", w.titleLang(h.Lang), h.Text)
		}
		w.b = append(w.b, '\n')
		statements = nil
	} else {
		w.keep("permissions", "copyright-year", Escape(p.Year))
		for _, h := range p.Holders {
			w.keep("permissions", "copyright-holder", h.Text)
		}
	}
	w.freeToRead()
	last := -1
	for i := range p.Licenses {
		if w.licenseSays(&p.Licenses[i]) {
			last = i
		}
	}
	for i := range p.Licenses {
		switch {
		case i == last:
			w.license(&p.Licenses[i], statements)
		case w.licenseSays(&p.Licenses[i]):
			w.license(&p.Licenses[i], nil)
		}
	}
	if last < 0 && w.saysAny(statements) {
		w.license(&License{}, statements)
	}
	w.group(mark, body, "permissions")
}

func (w *writer) saysAny(ts []Text) bool {
	for _, t := range ts {
		if w.says(t.Text) {
			return true
		}
	}
	return false
}

func isYear(s string) bool {
	y, m, _ := dateParts(s)
	return y != "" && m == "" && y[0] != '0'
}

// freeToRead writes ali:free_to_read where the source says so; the end of an embargo is the day from which it holds.
func (w *writer) freeToRead() {
	p := &w.a.Permissions
	from, until := p.FreeFrom, p.FreeUntil
	if from == "" && p.Access == "embargoed" {
		from = p.EmbargoEnd
	}
	if !isDay(from) {
		from = ""
	}
	if !isDay(until) || until < from {
		until = ""
	}
	if p.FreeToRead || from != "" || until != "" {
		w.raw("<ali:free_to_read")
		w.attr("start_date", from)
		w.attr("end_date", until)
		w.raw("/>\n")
	}
}

func (w *writer) licenseSays(l *License) bool {
	if l.URI != "" {
		return true
	}
	for _, p := range l.P {
		if w.says(p) {
			return true
		}
	}
	return false
}

// license writes one licence and after its text the statements given. A URI is in ali:license_ref and the same in xlink:href.
func (w *writer) license(l *License, statements []Text) {
	w.start("license")
	w.attr("license-type", l.Type)
	w.attr("specific-use", l.AppliesTo)
	w.href(l.URI)
	w.otherLang(l.Lang)
	w.b = append(w.b, '>')
	if l.URI != "" {
		w.start("ali:license_ref")
		if isDay(l.Start) {
			w.attr("start_date", l.Start)
		}
		w.b = append(w.b, '>')
		w.text(l.URI)
		w.close("ali:license_ref")
	}
	for _, p := range l.P {
		w.richEl("license-p", p)
	}
	for _, s := range statements {
		w.richEl("license-p", s.Text)
	}
	w.closeN("license")
}

// readStatement takes the year and the holder from a copyright statement that is nothing but a sign, one year and a name, in either order:
// "© 2020 The Authors", "Copyright (c) 2020, A. Author", "© A. Author, 2020". What it does not read for certain is "".
func readStatement(s string) (year, holder string) {
	at := -1
	for i := 0; i+4 <= len(s); i++ {
		if (s[i] == '1' || s[i] == '2') && leadingDigits(s[i:]) == 4 {
			if at >= 0 && s[at:at+4] != s[i:i+4] {
				return "", "" // two years
			}
			if at < 0 {
				at = i
			}
			i += 3
		} else if n := leadingDigits(s[i:]); n > 0 {
			i += n - 1
		}
	}
	if at < 0 {
		return "", ""
	}
	year = s[at : at+4]
	before, signed := cutSign(s[:at])
	after := strings.Trim(s[at+4:], " .,;:\u00a0")
	after = strings.TrimPrefix(after, "by ")
	holder = strings.Trim(before, " .,;:\u00a0")
	switch {
	case !signed:
		return year, ""
	case holder == "":
		holder = after
	case after != "":
		return year, ""
	}
	low := strings.ToLower(holder)
	for _, word := range []string{"right", "licen", "distribut", "publish", "http", "access", "©", "(c)", "copyright", "лиценз", "права", ". "} {
		if strings.Contains(low, word) && !(word == ". " && len(holder) < 60) {
			return year, ""
		}
	}
	if len(holder) > 200 {
		return year, ""
	}
	return year, holder
}

// cutSign takes the copyright sign or word from the beginning of s.
func cutSign(s string) (rest string, ok bool) {
	rest = strings.TrimSpace(s)
	for again := true; again; {
		again = false
		for _, sign := range []string{"©", "copyright", "(c)", "ⓒ"} {
			if len(rest) >= len(sign) && strings.EqualFold(rest[:len(sign)], sign) {
				rest = strings.TrimLeft(rest[len(sign):], " :\u00a0")
				ok, again = true, true
			}
		}
	}
	return rest, ok
}

// leadingDigits counts the digits at the beginning of s.
func leadingDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// abstracts writes abstract for the article's language and trans-abstract for others. Where no language of the article is known the
// first abstract's counts.
//
// Source: JATS4R abstracts.
func (w *writer) abstracts() {
	main := w.lang
	if main == "" && len(w.a.Abstracts) > 0 {
		main = w.a.Abstracts[0].Lang
	}
	plain := 0
	for _, trans := range [...]bool{false, true} {
		for i := range w.a.Abstracts {
			ab := &w.a.Abstracts[i]
			if sameLang(main, ab.Lang) == trans {
				continue
			}
			w.abstract(ab, trans, &plain)
		}
	}
}

// abstract writes one abstract. plain counts those of the article's language and of no type: after the first each has the type "other",
// because JATS4R wants them told apart.
func (w *writer) abstract(ab *Abstract, trans bool, plain *int) {
	p, secs := w.titledSecs(ab.P, ab.Secs)
	title := ab.Title
	for len(p) == 0 && len(secs) == 1 { // JATS4R: one section alone is none
		if title == "" {
			title = secs[0].Title
		} else if secs[0].Title != "" {
			p = []Rich{asParagraph(secs[0].Title)}
		}
		p, secs = w.titledSecs(append(p, secs[0].P...), secs[0].Secs)
	}
	mark := len(w.b)
	name := "abstract"
	if trans {
		name = "trans-abstract"
	}
	w.start(name)
	typ := ab.Type
	switch typ {
	case "graphical", "video", "audio": // JATS4R wants the picture or the film in these, and that is not kept
		w.attr("specific-use", typ)
		typ = ""
	case "":
		if !trans {
			if *plain > 0 {
				typ = "other"
			}
			*plain++
		}
	}
	w.attr("abstract-type", typ)
	switch {
	case !trans:
		w.langAttr(ab.Lang)
	case isLang(ab.Lang):
		w.langAttr(ab.Lang)
	default:
		w.raw(` xml:lang="und"`)
	}
	w.b = append(w.b, '>')
	w.richEl("title", title)
	body := len(w.b)
	w.ps(p)
	for i := range secs {
		w.sec(&secs[i])
	}
	if len(w.b) == body && !trans && ab.Type == "" {
		*plain--
	}
	w.group(mark, body, name)
}

// asParagraph is a title for where p stands, which holds no break.
func asParagraph(title Rich) Rich { return Rich(strings.ReplaceAll(string(title), "<break/>", " ")) }

// sec writes a section, which has a title.
func (w *writer) sec(s *Sec) {
	p, secs := w.titledSecs(s.P, s.Secs)
	w.open("sec")
	w.richEl("title", s.Title)
	w.ps(p)
	for i := range secs {
		w.sec(&secs[i])
	}
	w.closeN("sec")
}

// titledSecs joins what sections without a title hold to what stands before them, because a sec must have a title.
func (w *writer) titledSecs(p []Rich, secs []Sec) ([]Rich, []Sec) {
	all := true
	for i := range secs {
		all = all && w.says(secs[i].Title)
	}
	if all {
		return p, secs
	}
	p = append([]Rich(nil), p...)
	var out []Sec
	var add func(secs []Sec)
	add = func(secs []Sec) {
		for _, s := range secs {
			switch {
			case w.says(s.Title):
				out = append(out, s)
			case len(out) == 0:
				p = append(p, s.P...)
				add(s.Secs)
			default:
				last := &out[len(out)-1]
				if len(last.Secs) > 0 {
					last.Secs = append(append([]Sec(nil), last.Secs...), s)
				} else {
					last.P = append(append([]Rich(nil), last.P...), s.P...)
					last.Secs = s.Secs
				}
			}
		}
	}
	add(secs)
	return p, out
}

// funding writes one funding-group. An award of several funders becomes one award-group for each, because JATS4R wants one
// funding-source in each.
//
// Source: JATS4R funding.
func (w *writer) funding() {
	f := &w.a.Funding
	mark := len(w.b)
	w.raw("<funding-group>\n")
	body := len(w.b)
	for i := range f.Awards {
		a := &f.Awards[i]
		n := 0
		for k := range a.Funders {
			if fu := &a.Funders[k]; fu.Name != "" || hasID(fu.IDs) {
				w.award(a, fu)
				n++
			}
		}
		if n == 0 {
			w.award(a, nil)
		}
	}
	for _, s := range f.Statements {
		w.richLang("funding-statement", w.titleLang(s.Lang), s.Text)
	}
	at := len(w.b)
	w.open("open-access")
	from := len(w.b)
	w.ps(f.OpenAccess)
	w.group(at, from, "open-access")
	w.group(mark, body, "funding-group")
}

func (w *writer) award(a *Award, f *Funder) {
	mark := len(w.b)
	w.open("award-group")
	body := len(w.b)
	if f != nil {
		w.start("funding-source")
		if isCountry(f.Country) {
			w.attr("country", f.Country)
		}
		w.otherLang(f.Lang)
		w.raw("><institution-wrap>")
		w.el("institution", f.Name)
		for _, id := range f.IDs {
			w.institutionID(id)
		}
		w.raw("</institution-wrap></funding-source>")
	}
	for _, id := range a.IDs {
		w.el("award-id", id)
	}
	w.people("principal-award-recipient", a.Recipients)
	w.people("principal-investigator", a.Leaders)
	w.group(mark, body, "award-group")
}

func (w *writer) people(name string, ts []Text) {
	for _, t := range ts {
		if s := strings.TrimSpace(t.Text.Plain()); s != "" {
			w.open(name)
			w.langEl("string-name", w.titleLang(t.Lang), s)
			w.close(name)
		}
	}
}
