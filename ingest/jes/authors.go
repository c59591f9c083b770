package jes

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	institutionRE = regexp.MustCompile(`(?i)universit|institut|academ|college|school|facult|department|laborator|\bcent(?:re|er)\b|polytechnic|museum|librar|foundation|compan|agency|ministry|committee|hospital|clinic|observator|bureau|council|corporation|society|association|branch|\bRAS\b|университет|институт|академи|колледж|школ|факультет|кафедр|лаборатори|центр|политехн|музей|библиотек|фонд|агентств|министерств|комитет|больниц|клиник|обсерватори|бюро|совет\b|корпораци|общество|ассоциаци|филиал|\bРАН\b|отделение|управление|организаци`)
	positionRE    = regexp.MustCompile(`(?i)research(?:er| fellow| assistant| associate)|professor|\bfellow\b|candidate|student|lecturer|director|\bhead\b|\bchief\b|\bdean\b|\brector\b|\beditor\b|\bPhD\b|\bDr\.|doctor|аспирант|студент|сотрудник|профессор|доцент|преподавател|директор|заведующ|начальник|декан|ректор|редактор|кандидат|доктор|магистр|бакалавр|стажер|стажёр`)
	detailRE      = regexp.MustCompile(`\s(?:Occupation|Position|Affiliations?|Address|Должность|Аффилиаци[ия]|Место работы|Организация|Адрес):`)
	particles     = map[string]bool{"de": true, "da": true, "di": true, "del": true, "della": true, "van": true, "von": true, "der": true, "den": true, "la": true, "le": true, "ibn": true, "bin": true, "al": true, "оглы": true, "кызы": true, "оглу": true, "фон": true, "де": true, "ван": true, "дер": true, "oglu": true, "ogly": true, "kyzy": true}
)

// splitDetails puts each of several details of an author that share a line on a line of its own.
func splitDetails(ls []line) []line {
	var out []line
	for _, l := range ls {
		if h, ok := match(l.s); ok && (h.field == position || h.field == affiliation || h.field == address) {
			for at := detailRE.FindStringIndex(l.s); at != nil; at = detailRE.FindStringIndex(l.s) {
				out = append(out, line{s: strings.TrimSpace(l.s[:at[0]]), n: l.n, gap: l.gap})
				l.s, l.gap = strings.TrimSpace(l.s[at[0]:]), false
			}
		}
		out = append(out, l)
	}
	return out
}

// startAuthor begins an author; name is nil where it was lost.
func (p *parser) startAuthor(name *string) {
	if name != nil {
		n := strings.TrimRight(flat(*name), " ,;*0123456789¹²³")
		name = &n
		p.named = true
	}
	p.page.Authors = append(p.page.Authors, Author{Name: name, Affiliations: []string{}})
	p.author = &p.page.Authors[len(p.page.Authors)-1]
	p.listing, p.closed = false, false
}

// names reads one or more names from a line.
func (p *parser) names(v string) {
	if v = flat(v); v == "" {
		return
	}
	parts := strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' })
	for _, n := range parts {
		if !nameLike(flat(n)) || len(strings.Fields(n)) < 2 {
			parts = []string{v}
			break
		}
	}
	for _, n := range parts {
		p.startAuthor(&n)
	}
}

// detail adds a position, an affiliation or an address to the author at hand. Where names are lost, a position opens the next author,
// and so does an affiliation after an address; where they are not, only a name does.
func (p *parser) detail(f field, v string) {
	v = strings.TrimRight(flat(v), " ,;")
	a := p.author
	switch {
	case a == nil,
		!p.named && f == position && (a.Position != nil || len(a.places) > 0),
		!p.named && f == affiliation && p.closed:
		p.startAuthor(nil)
		a = p.author
	}
	p.listing = f == affiliation && v == ""
	if v == "" {
		return
	}
	switch f {
	case position:
		if a.Position != nil {
			v = *a.Position + "; " + v
		}
		a.Position = &v
	case affiliation:
		a.Affiliations = append(a.Affiliations, v)
		a.places = append(a.places, place{aff: v})
		p.closed = false
	case address:
		open := 0
		for _, pl := range a.places {
			if pl.address == "" {
				open++
			}
		}
		if n := len(a.places); open == 1 && n > 0 && a.places[n-1].address == "" {
			a.places[n-1].address = v
		} else {
			a.places = append(a.places, place{address: v})
		}
		switch {
		case a.Address == nil:
			a.Address = &v
		case !slices.Contains(strings.Split(*a.Address, "; "), v):
			v = *a.Address + "; " + v
			a.Address = &v
		}
		p.closed = true
	}
}

// person takes line i, which has no label, as a name or a detail, if it can be one.
func (p *parser) person(i int) bool {
	l := p.lines[i]
	v := flat(l.s)
	length := utf8.RuneCountInString(v)
	if length > 250 || length >= 80 && ended(v) {
		return false
	}
	pending := p.pending
	p.pending = false
	switch p.field {
	case position, address:
		if pending && !p.isName(i) {
			p.detail(p.field, v)
			return true
		}
	case affiliation:
		if p.listing && !p.isName(i) {
			p.detail(affiliation, v)
			p.listing = true
			return true
		}
	case authors, about:
		switch {
		case p.author != nil && positionRE.MatchString(v) && !institutionRE.MatchString(v):
			p.detail(position, v)
		case p.author != nil && (institutionRE.MatchString(v) || acronym(v)):
			p.detail(affiliation, v)
		case nameLike(v) || length <= 100 && strings.Count(v, ",") > 0 && !ended(v) || p.author == nil && length <= 60:
			p.names(v)
		case p.field == about && p.author != nil:
			p.detail(affiliation, v)
		default:
			return false
		}
		return true
	}
	if p.isName(i) {
		p.startAuthor(&v)
		p.field = authors
		return true
	}
	return false
}

// isName tells that line i is a name: it looks like one, and an author's details or another name follow it.
func (p *parser) isName(i int) bool {
	if !nameLike(flat(p.lines[i].s)) || !p.named && p.field == affiliation && p.listing {
		return false
	}
	if i+1 >= len(p.lines) {
		return !p.listing
	}
	h, ok := p.match(i + 1)
	switch {
	case ok && (h.field == position || h.field == affiliation):
		return true
	case ok && h.field == address:
		return !p.listing
	}
	return !p.listing && p.named && len(strings.Fields(p.lines[i].s)) >= 2
}

// nameBeforeDetails tells that line i is the name of an author although no label says so: the details of one follow it.
func (p *parser) nameBeforeDetails(i int) bool {
	if i+1 >= len(p.lines) || !nameLike(flat(p.lines[i].s)) {
		return false
	}
	h, ok := p.match(i + 1)
	return ok && (h.field == position || h.field == affiliation) && len(p.page.Abstract) == 0
}

// nameLike tells that s may be a person's name: up to five words that begin with capitals, and no word of an institution or a post.
func nameLike(s string) bool {
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 5 || utf8.RuneCountInString(s) > 60 || institutionRE.MatchString(s) || positionRE.MatchString(s) || acronym(s) {
		return false
	}
	for _, w := range words {
		r, _ := utf8.DecodeRuneInString(w)
		if particles[strings.ToLower(w)] {
			continue
		}
		if !unicode.IsUpper(r) && !unicode.Is(unicode.Han, r) {
			return false
		}
		if strings.ContainsFunc(strings.TrimRight(w, ",;*0123456789¹²³"), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsMark(r) && !strings.ContainsRune(".'’ʹ-‑", r)
		}) {
			return false
		}
	}
	return true
}

// acronym tells that s has a word in capitals among words that are not, as institutions have and names have not.
func acronym(s string) bool {
	upper, lower := false, false
	for _, w := range strings.Fields(s) {
		w = strings.Trim(w, ".,;()«»\"")
		if n := utf8.RuneCountInString(w); n >= 3 && w == strings.ToUpper(w) && w != strings.ToLower(w) && !strings.Contains(w, ".") {
			upper = true
		} else if n > 1 && w != strings.ToUpper(w) {
			lower = true
		}
	}
	return upper && lower
}
