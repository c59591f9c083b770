package oaipmh

import (
	"regexp"
	"strings"

	"sheaf/jats"
)

var (
	volumeIn = regexp.MustCompile(`(?i)^(?:vol(?:ume)?\.?|v\.|том|т\.|bd\.|band|t\.|tomo|第)\s*№?\s*([\p{L}\d./–-]*\d[\p{L}\d./–-]*|[IVXLC]+)(?:卷)?`)
	issueIn  = regexp.MustCompile(`(?i)^(?:no\.?|nr\.?|núm\.?|num\.?|n\.?º|iss(?:ue)?\.?|№|выпуск|вып\.?|heft|h\.|n[o°º]\.?|第)\s*№?\s*([\p{L}\d./–-]*\d[\p{L}\d./–-]*(?:\s*\((?:\d{1,3}|\d{5,})\))?)(?:期)?`)
	yearIn   = regexp.MustCompile(`^\((\d{4})\)`)
	pagesIn  = regexp.MustCompile(`(?i)^(?:pp?\.?|pages?|с\.|стр\.|s\.)?\s*([a-z]{0,2}\d+[a-z]?)\s*(?:[-–—]{1,2}\s*([a-z]{0,2}\d+[a-z]?))?\.?$`)
	doajForm = regexp.MustCompile(`^(.+?), Vol\.? ([^,]+)(?:, (?:Iss|No)\.? ([^,]+))?(?:, (?:Pp?|Art\.?) ([^(]+?))? \((\d{4})\)$`)
)

// source takes in the place of publication in one string: the title of the journal, volume, issue, year and pages, as OJS, Janeway, DOAJ and Sheaf print them in
// dc:source and catalogues in fields of a host. It is taken apart only when every part is understood, and then source returns true.
//
//	Journal of Ferries; Vol. 12 No. 3 (2019): A special issue; 101-110
//	Journal of Ferries, Vol 12, Iss 3, Pp 101-110 (2019)
func (r *reader) source(lang, s string) bool {
	s = blanks(s)
	var p place
	if m := doajForm.FindStringSubmatch(s); m != nil {
		p = place{title: m[1], volume: m[2], issue: m[3], year: m[5]}
		if pg := pagesIn.FindStringSubmatch(m[4]); pg != nil {
			p.first, p.last = pg[1], pg[2]
		} else if m[4] != "" {
			return false
		}
	} else if !p.parts(s) {
		return false
	}
	r.place(lang, p)
	return true
}

// A place is where in a journal an article stands.
type place struct{ title, volume, issue, year, issueTitle, first, last string }

// parts reads what semicolons part: the title, the issue, the pages.
func (p *place) parts(s string) bool {
	parts := strings.Split(s, "; ")
	if len(parts) < 2 || len(parts) > 4 {
		return false
	}
	p.title = strings.TrimSpace(parts[0])
	rest := parts[1:]
	if m := pagesIn.FindStringSubmatch(rest[len(rest)-1]); m != nil {
		p.first, p.last = m[1], m[2]
		rest = rest[:len(rest)-1]
	}
	if len(rest) == 0 {
		return p.first != "" && p.last != ""
	}
	if !p.number(rest[0]) {
		return false
	}
	for _, t := range rest[1:] {
		if p.issueTitle != "" {
			return false
		}
		p.issueTitle = t
	}
	return true
}

// number reads "Vol. 12 No. 3 (2019): A special issue" in any part of it; what is left over must be after a colon.
func (p *place) number(s string) bool {
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimLeft(s, ", ") {
		switch {
		case p.volume == "" && volumeIn.MatchString(s) && !strings.HasPrefix(s, "第"), p.volume == "" && strings.HasPrefix(s, "第") && strings.Contains(s, "卷"):
			m := volumeIn.FindStringSubmatch(s)
			if m == nil {
				return false
			}
			p.volume, s = strings.TrimSuffix(m[1], "卷"), s[len(m[0]):]
		case p.issue == "" && issueIn.MatchString(s):
			m := issueIn.FindStringSubmatch(s)
			p.issue, s = strings.TrimSuffix(m[1], "期"), s[len(m[0]):]
		case p.year == "" && yearIn.MatchString(s):
			p.year, s = s[1:5], s[6:]
		case strings.HasPrefix(s, ":") && p.volume+p.issue+p.year != "":
			p.issueTitle = strings.TrimSpace(s[1:])
			return true
		default:
			return false
		}
	}
	return p.volume+p.issue+p.year != ""
}

// place makes fields of a place. The first tells, the same in another language adds what has a language.
func (r *reader) place(lang string, p place) {
	a := r.a
	r.journal(lang, p.title)
	set(&a.Volume, p.volume)
	set(&a.Issue, p.issue)
	if p.issueTitle != "" {
		if r.once("issue title", p.issueTitle) {
			a.IssueTitles = append(a.IssueTitles, jats.Text{Lang: lang, Text: jats.Escape(p.issueTitle)})
		}
	}
	r.pages(p.first, p.last)
	if p.year != "" {
		r.date("collection", p.year)
	}
}

func (r *reader) pages(first, last string) {
	a := r.a
	if first == "" || a.FPage != "" || a.ElocationID != "" {
		return
	}
	a.FPage = first
	if last != first {
		a.LPage = last
	}
}

// set gives a field its value unless it has one.
func set(to *string, value string) {
	if *to == "" {
		*to = blanks(value)
	}
}

// journal takes in the title of the journal, or of the book or series that holds the article.
func (r *reader) journal(lang, title string) {
	j := &r.a.Journal
	t := jats.Title{Lang: lang, Text: r.rich(title, jats.InlineMarkup)}
	switch {
	case t.Text == "" || t.Text == j.Title.Text:
	case j.Title.Text == "":
		j.Title = t
	case r.once("journal", string(t.Text)):
		if lang != "" && lang != j.Title.Lang || isLatin(title) != isLatin(string(j.Title.Text)) {
			j.TransTitles = append(j.TransTitles, t)
		} else {
			r.meta("source", title)
		}
	}
}
