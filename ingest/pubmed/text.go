package pubmed

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// child is the first child of a name; nil where there is none, also of nil.
func child(e *etree.Element, path ...string) *etree.Element {
	for _, name := range path {
		if e == nil {
			return nil
		}
		var found *etree.Element
		for _, t := range e.Child {
			if k, ok := t.(*etree.Element); ok && k.Tag == name {
				found = k
				break
			}
		}
		e = found
	}
	return e
}

// children are all children of a name.
func children(e *etree.Element, name string) []*etree.Element {
	var out []*etree.Element
	if e != nil {
		for _, t := range e.Child {
			if k, ok := t.(*etree.Element); ok && k.Tag == name {
				out = append(out, k)
			}
		}
	}
	return out
}

// attr is the value of an attribute, also of nil.
func attr(e *etree.Element, name string) string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.SelectAttrValue(name, ""))
}

// text is the text inside e, without elements.
func text(e *etree.Element) string { return strings.TrimSpace(cut.Content(e)) }

// textAt is the text of an element below e.
func textAt(e *etree.Element, path ...string) string { return text(child(e, path...)) }

// rich is what is inside e with its markup, but for the elements that are named.
func (r *reader) rich(e *etree.Element, kind jats.MarkupKind, but ...string) jats.Rich {
	if e == nil {
		return ""
	}
	if len(e.Child) == 1 {
		if c, ok := e.Child[0].(*etree.CharData); ok && !strings.ContainsAny(c.Data, "&<>") {
			return jats.Rich(strings.TrimSpace(c.Data))
		}
	}
	var b strings.Builder
	appendMarkup(&b, e, but)
	x, warnings, err := jats.ParseMarkup(b.String(), kind)
	if err != nil {
		r.warn("markup-mended", e.Tag, err.Error())
		return jats.Escape(text(e))
	}
	for _, w := range warnings {
		w.Path = e.Tag
		r.warnings = append(r.warnings, w)
	}
	return x
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// elements are the names of those that JATS has another name for; ParseMarkup knows the others.
var elements = map[string]string{"math": "mml:math", "DispFormula": "disp-formula"}

func appendMarkup(b *strings.Builder, e *etree.Element, but []string) {
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			escaper.WriteString(b, t.Data)
		case *etree.Element:
			if contains(but, t.Tag) {
				continue
			}
			name := t.FullTag()
			if to := elements[name]; to != "" {
				name = to
			}
			b.WriteString("<" + name)
			for _, a := range t.Attr {
				b.WriteString(" " + a.FullKey() + `="`)
				escaper.WriteString(b, a.Value)
				b.WriteByte('"')
			}
			b.WriteByte('>')
			appendMarkup(b, t, nil)
			b.WriteString("</" + name + ">")
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// lower makes a name of the source's one for a type: "NOTNLM" "notnlm", "Space Flight" "space-flight".
func lower(s string) string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), " ", "-")
}

// date reads Year, Month, Day, Season and MedlineDate. A month that is none, as "Jan-Feb", is a season.
func date(e *etree.Element) jats.Date {
	if e == nil {
		return jats.Date{}
	}
	year, month, day, season := textAt(e, "Year"), textAt(e, "Month"), textAt(e, "Day"), textAt(e, "Season")
	if year == "" {
		return medlineDate(textAt(e, "MedlineDate"))
	}
	if !isYear(year) {
		return jats.ParseDate(strings.TrimSpace(year + " " + month + " " + day + " " + season))
	}
	d := jats.Date{Date: year, Season: season}
	m := jats.ParseMonth(month)
	switch {
	case m > 0:
		d.Season = ""
		d.Date = fmt.Sprintf("%s-%02d", year, m)
		if n, err := strconv.Atoi(day); err == nil && n > 0 && n < 32 {
			d.Date = fmt.Sprintf("%s-%02d", d.Date, n)
		}
	case season == "" && month != "" && !isNumber(month):
		d.Season = month
	}
	return d
}

// medlineDate reads what PubMed writes where a date is a span: "1998 Dec-1999 Jan", "2000 Spring", "1975-1976". It begins with its year; the rest is kept as
// the season.
func medlineDate(s string) jats.Date {
	if s == "" {
		return jats.Date{}
	}
	if len(s) < 4 || !isYear(s[:4]) || len(s) > 4 && isNumber(s[4:5]) {
		return jats.Date{Text: s}
	}
	rest := strings.TrimLeft(s[4:], " ")
	if m := jats.ParseMonth(rest); m > 0 {
		return jats.Date{Date: fmt.Sprintf("%s-%02d", s[:4], m)}
	}
	if strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "/") { // "1975-1976"
		rest = s
	}
	return jats.Date{Date: s[:4], Season: rest}
}

func isYear(s string) bool { return len(s) == 4 && isNumber(s) && s > "0999" }

func isNumber(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// published adds a date of publication. Where one of the same kind is there, the more precise of two that agree stays; what says something else is an event
// of the history under its own name.
func (r *reader) published(status, kind, format string, d jats.Date) {
	if d == (jats.Date{}) {
		return
	}
	d.Type, d.Format = kind, format
	for i := range min(len(r.a.PubDates), maxIDs) {
		p := &r.a.PubDates[i]
		if p.Type != kind || p.Format != format {
			continue
		}
		switch {
		case d.Date != "" && strings.HasPrefix(p.Date, d.Date):
		case p.Season == "" && p.Date != "" && strings.HasPrefix(d.Date, p.Date):
			p.Date = d.Date
		case status != "":
			d.Type, d.Format = status, ""
			r.a.History = append(r.a.History, d)
		default:
			continue
		}
		return
	}
	r.a.PubDates = append(r.a.PubDates, d)
}

// event adds a date of the history by its PubStatus.
func (r *reader) event(status string, d jats.Date) {
	if d == (jats.Date{}) {
		return
	}
	switch status = strings.ToLower(status); status {
	case "pubmed", "pubmedr", "premedline", "medline", "medliner", "entrez", "pmc", "pmcr": // when PubMed or PMC took it in
		return
	case "epublish", "aheadofprint":
		r.published(status, "pub", "electronic", d)
		return
	case "ppublish":
		r.published(status, "pub", "print", d)
		return
	case "ecollection":
		r.published(status, "collection", "electronic", d)
		return
	case "revised":
		status = "rev-recd"
	}
	d.Type = status
	r.a.History = append(r.a.History, d)
}

// pages reads where the article stands: the first and the last page where they are told apart, and PubMed's short form of both.
func (r *reader) pages(first, last, medline string) {
	a := r.a
	if strings.ContainsAny(medline, ",;") || first == "" && !isRange(medline) {
		a.PageRange = medline
	}
	if first == "" && medline != "" {
		span := medline
		if i := strings.IndexAny(span, ",;"); i >= 0 {
			span = span[:i]
		}
		if !isRange(span) {
			return
		}
		first, last, _ = strings.Cut(span, "-")
		last = wholePage(first, last)
	}
	if last == first {
		last = ""
	}
	if last == "" && a.PageRange == "" && len(first) > 1 && (first[0] == 'e' || first[0] == 'E') && isNumber(first[1:]) {
		a.ElocationID = first
		return
	}
	a.FPage, a.LPage = first, last
}

// isRange tells whether s is a page or two of them: "12", "S12-9", "e100".
func isRange(s string) bool {
	first, last, two := strings.Cut(s, "-")
	return first != "" && !strings.ContainsAny(first, " \t") && !strings.ContainsAny(last, " \t-") && (!two || last != "")
}

// wholePage completes a last page of which PubMed gives only what differs: "764", "9" is "769"; "S8", "12" is "S12".
func wholePage(first, last string) string {
	i := len(first)
	for i > 0 && first[i-1] >= '0' && first[i-1] <= '9' {
		i--
	}
	prefix, number := first[:i], first[i:]
	if !isNumber(last) {
		return last
	}
	return prefix + number[:max(len(number)-len(last), 0)] + last
}

// unbracket takes away the brackets around a title that PubMed has translated, and what it writes for one that it does not have.
func unbracket(t jats.Rich) (title jats.Rich, translated bool) {
	s := strings.TrimSuffix(string(t), ".")
	if len(s) < 2 || s[0] != '[' || s[len(s)-1] != ']' {
		return t, false
	}
	depth := 0
	for i := 0; i < len(s)-1; i++ {
		switch s[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 { // "[A] and [B]"
				return t, false
			}
		}
	}
	s = strings.TrimSpace(s[1 : len(s)-1])
	switch strings.ToLower(strings.TrimSuffix(s, ".")) {
	case "not available", "in process citation":
		return "", true
	}
	return jats.Rich(s), true
}

// shortened are words that end in a full stop of their own.
var shortened = map[string]bool{"al": true, "co": true, "corp": true, "etc": true, "inc": true, "jr": true, "ltd": true, "nov": true, "sp": true, "spp": true, "sr": true, "ssp": true, "subsp": true, "var": true, "vs": true}

// withoutStop takes away the full stop that PubMed ends titles with, and leaves one that seems the title's own.
func withoutStop(t jats.Rich) jats.Rich {
	s, ok := strings.CutSuffix(string(t), ".")
	if !ok || strings.HasSuffix(s, ".") || strings.HasSuffix(s, " ") {
		return t
	}
	word := s[strings.LastIndexAny(s, " >(-/")+1:]
	if strings.Contains(word, ".") || len(word) == 1 && word[0]|0x20 >= 'a' && word[0]|0x20 <= 'z' || shortened[strings.ToLower(word)] {
		return t
	}
	return jats.Rich(s)
}
