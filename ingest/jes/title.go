package jes

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// findTitle finds the title among the first lines. A line that is printed twice there is it: journal sites print the title above and
// below their navigation. Else it is the first line that is no label, unless that reads like an abstract.
func (p *parser) findTitle() {
	p.skip = map[int]bool{}
	end := min(len(p.lines), 16)
	if p.refs[1] > 0 {
		end = min(end, p.refs[0])
	}
	for i := range end {
		if !p.mayBeTitle(i) {
			continue
		}
		for j := i + 1; j < end; j++ {
			if p.lines[j].s != p.lines[i].s {
				continue
			}
			n := 1
			for i+n < j && j+n < end && p.lines[i+n].s == p.lines[j+n].s && p.mayBeTitle(i+n) {
				n++
			}
			p.setTitle(i, n)
			for k := range n {
				p.skip[j+k] = true
			}
			return
		}
	}
	for i := range end {
		if h, ok := p.match(i); ok && h.field == nav {
			continue
		}
		if !p.mayBeTitle(i) {
			return
		}
		n := 1
		for i+n < end && !p.lines[i+n].gap && p.mayBeTitle(i+n) && (continues(p.lines[i+n-1].s, p.lines[i+n].s) || strings.HasSuffix(p.lines[i+n-1].s, ":")) {
			n++
		}
		var next hit
		if i+n < len(p.lines) && i+n != p.refs[0] {
			next, _ = p.match(i + n)
		}
		if titled(p.join(i, n), next.field) {
			p.setTitle(i, n)
		}
		return
	}
}

func (p *parser) setTitle(i, n int) {
	title := p.join(i, n)
	p.page.Title = &title
	p.start = i
	for k := range n {
		p.skip[i+k] = true
	}
}

func (p *parser) join(i, n int) string {
	var parts []string
	for _, l := range p.lines[i : i+n] {
		parts = append(parts, l.s)
	}
	return flat(strings.Join(parts, " "))
}

// mayBeTitle tells that line i is no label. "Status quo ante", "Keywords in context" are none; and neither is a title a number.
func (p *parser) mayBeTitle(i int) bool {
	s := p.lines[i].s
	h, ok := match(s)
	switch {
	case !ok:
		return strings.ContainsFunc(s, func(r rune) bool { return r > '9' })
	case h.form == spaced && h.field == status:
		return !knownStatus[h.value]
	case h.form == spaced && (h.field == keywords || h.field == journal):
		return true
	}
	return false
}

var sentenceEnd = regexp.MustCompile(`[\p{Ll}\d)»”"]{2}[.!?]\s+[\p{Lu}«“"]`)

// titled tells whether s, the first text of a page, is its title; next is the label that follows. An abstract that lost its title ends
// with a period, has several sentences, or is long.
func titled(s string, next field) bool {
	words := len(strings.Fields(s))
	sentences := len(sentenceEnd.FindAllString(s, 4)) + 1
	if utf8.RuneCountInString(s) > 500 || words > 60 || sentences > 1 && words > 30 {
		return false
	}
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "…") || abbreviated(s) {
		return true
	}
	switch next { // a period after a title is a slip that only the labels around it reveal
	case pii, doi, pubType, status, authors, journal, nav, abstract, position, affiliation:
		return sentences == 1 && words <= 40
	}
	return false
}

// abbreviated tells that the period which ends s is that of an abbreviation: "U.S.", "etc.", "XX в.".
func abbreviated(s string) bool {
	w := s[strings.LastIndexByte(s, ' ')+1:]
	core := strings.TrimSuffix(w, ".")
	switch strings.ToLower(core) {
	case "etc", "гг", "вв", "др", "пр", "jr", "inc", "ltd":
		return true
	}
	return strings.Contains(core, ".") || utf8.RuneCountInString(core) == 1
}
