package jes

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	ordinalRE = regexp.MustCompile(`^(?:\[(\d{1,4})\]|(\d{1,4})[.)])(?:\s*$|\s+(\S.*)$|([^\s\d.,)].*)$)`)
	refLikeRE = regexp.MustCompile(`(?:^|[^\d])(?:1[5-9]|20)\d\d(?:[^\d]|$)|//|https?:|\b10\.\d{4,}/|\([Ii]n [A-Z][a-z]+\.?\)|\b[PpCcСс]{1,2}\. ?\d|№`)
	runningRE = regexp.MustCompile(`^(\d{1,4})(?:\s+\S.*)?$`)
)

// ordinal cuts the number off an entry of a reference list: "1.", "1)" or "[1]".
func ordinal(s string) (n int, rest string, ok bool) {
	if s == "" || s[0] != '[' && (s[0] < '0' || s[0] > '9') {
		return 0, "", false
	}
	m := ordinalRE.FindStringSubmatch(s)
	if m == nil {
		return 0, "", false
	}
	n, err := strconv.Atoi(m[1] + m[2])
	return n, m[3] + m[4], err == nil
}

// findRefs finds the reference list: it begins at an entry numbered 1 or below a heading, its entries read like references or nothing
// but what stands under a page follows it, and hardly anything in it is no entry. A numbered list inside an abstract is none.
func (p *parser) findRefs() {
	tried := 0
	for i := range p.lines {
		h, ok := p.match(i)
		heading := ok && h.field == references && i+1 < len(p.lines)
		n, _, numbered := ordinal(p.lines[i].s)
		if !heading && (!numbered || n != 1) {
			continue
		}
		if tried++; tried > 10 { // of a text made to be slow
			return
		}
		from := i
		if heading {
			from++
		}
		if to, ok := p.refsEnd(from, heading); ok {
			p.refs = [2]int{from, to}
			return
		}
	}
}

// refsEnd goes over the list that would begin at from.
func (p *parser) refsEnd(from int, heading bool) (to int, ok bool) {
	body := 0 // running numbers before from: a list inside a full text is none when the text goes on after it
	for _, l := range p.lines[:from] {
		if next := strconv.Itoa(body + 1); l.s == next || strings.HasPrefix(l.s, next+" ") {
			body++
		}
	}
	entries, like, stray, last := 0, 0, 0, 0
	var field field
	for to = from; to < len(p.lines); to++ {
		l := p.lines[to]
		if h, ok := p.match(to); ok && (to == from || l.gap || ended(p.lines[to-1].s)) && endsList(h) {
			field = h.field
			break
		}
		n, rest, numbered := ordinal(l.s)
		switch {
		case numbered && follows(n, last, l):
			entries++
			last = n
			if refLikeRE.MatchString(rest) || rest == "" {
				like++
			}
		case last > 0 && body > 2 && strings.HasPrefix(l.s, strconv.Itoa(body+1)+" "):
			return 0, false
		case last == 0 && heading: // entries without numbers
			if to == from || l.gap || ended(p.lines[to-1].s) {
				entries++
				if refLikeRE.MatchString(l.s) {
					like++
				}
			}
		case l.gap && !refLikeRE.MatchString(l.s):
			stray++
		}
	}
	if entries == 0 || stray*4 > entries+3 {
		return 0, false
	}
	if heading && last > 0 || like*2 >= entries {
		return to, true
	}
	tail := to == len(p.lines) || field == foot || field == gate
	return to, tail && from > 0 && p.afterMetrics(from)
}

// afterMetrics tells that the last label before line i is one of those that end the metadata.
func (p *parser) afterMetrics(i int) bool {
	for j := i - 1; j >= max(0, i-3); j-- {
		if h, ok := p.match(j); ok {
			return h.field == rating || h.field == views || h.field == purchasers || h.field == keywords || h.field == references
		}
	}
	return false
}

// endsList tells whether a line with this label cannot be part of a reference. DOI, pages and numbers of volumes can.
func endsList(h hit) bool {
	switch h.field {
	case doi, pages, edition, volume, issue, price, pubYear, nav, references, journal, classifier:
		return false
	case abstract, authors, keywords:
		return h.form == alone || h.form == glued
	case status, pubType:
		return h.form != spaced || knownStatus[h.value]
	}
	return true
}

// follows tells whether n may be the number of the entry after the one numbered last. A larger step and a list that begins anew need an
// empty line: else it is a year or a number that a line break put first.
func follows(n, last int, l line) bool {
	return n == last+1 || l.gap && (n == 1 || n > last && n <= last+5)
}

// ended tells that s ends a sentence.
func ended(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return strings.ContainsRune(".!?)»”\"。", r)
}

func (p *parser) readRefs() {
	var refs []string
	last, numbered := 0, false
	for i := p.refs[0]; i < p.refs[1]; i++ {
		l := p.lines[i]
		for _, f := range labels {
			if f.field == foot && strings.HasSuffix(l.s, f.text) && strings.Contains(f.text, "Orphus") { // glued to the last reference
				l.s = strings.TrimSpace(strings.TrimSuffix(l.s, f.text))
			}
		}
		n, rest, ok := ordinal(l.s)
		switch {
		case l.s == "":
		case ok && (len(refs) == 0 || numbered) && follows(n, last, l):
			refs = append(refs, rest)
			last, numbered = n, true
		case len(refs) == 0:
			refs = append(refs, l.s)
		case !numbered && (l.gap || ended(refs[len(refs)-1])):
			refs = append(refs, l.s)
		case numbered && l.gap && ended(refs[len(refs)-1]):
			if refLikeRE.MatchString(l.s) {
				refs = append(refs, l.s)
			} else {
				p.warn("line-unknown", "references", l.n, "the line %q is no reference", short(l.s))
			}
		case refs[len(refs)-1] == "" || strings.HasSuffix(refs[len(refs)-1], "-"):
			refs[len(refs)-1] += l.s
		default:
			refs[len(refs)-1] += " " + l.s
		}
	}
	for _, r := range refs {
		if r != "" {
			p.page.References = append(p.page.References, r)
		}
	}
	p.field = foot
}

// startsBody tells that l opens the full text: after the metrics, with running number 1.
func (p *parser) startsBody(l line) bool {
	return p.metrics && len(p.page.Abstract) > 0 && (l.s == "1" || strings.HasPrefix(l.s, "1 ") || strings.HasPrefix(l.s, "1\u00a0"))
}

// bodyLine counts the paragraphs of the full text: by their running numbers, or one a line when they have none.
func (p *parser) bodyLine(l line) {
	p.inBody = true
	if m := runningRE.FindStringSubmatch(l.s); m != nil {
		if n, _ := strconv.Atoi(m[1]); n == max(p.next, 1) {
			p.page.Paragraphs = n
			p.next = n + 1
			return
		}
	}
	if p.next == 0 {
		p.page.Paragraphs++
	}
}
