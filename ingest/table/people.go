package table

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sheaf/jats"
)

// A person is a contributor with what a table says of it by numbers.
type person struct {
	jats.Contrib
	refs []string // marks of its affiliations
}

// people reads contributors and affiliations. An author is written "Surname, Given [1,2] {ORCID} <e-mail>*": a comma parts the surname from the given names, and without one
// the name stays whole, because its parts would be a guess; [1,2] are the marks of affiliations, and * marks who answers letters.
func (r *reader) people() {
	marked := r.affiliations()
	authors := r.persons("author", r.authorCells(), marked)
	r.groups(&authors)
	n := len(authors)
	authors = append(authors, r.persons("editor", r.all(cEditors), marked)...)
	authors = append(authors, r.persons("translator", r.all(cTranslators), marked)...)
	authors = r.besideNames(authors, n)
	n = min(n, len(authors))
	r.link(authors[:n])
	for _, k := range [...]col{cORCID, cAuthorIDs, cResearcherID} {
		for _, c := range r.all(k) {
			r.identifiers(c, authors[:n])
		}
	}
	for _, c := range r.all(cCorresp) {
		r.correspondence(c, authors[:n])
	}
	for _, c := range r.all(cEmails) {
		r.emails(c, authors[:n])
	}
	for _, p := range authors {
		r.a.Contribs = append(r.a.Contribs, p.Contrib)
	}
}

// authorCells are the names in full, where an export has them, or else as they are.
func (r *reader) authorCells() []cell {
	if full := r.all(cFullNames); len(full) > 0 {
		return full
	}
	return r.all(cAuthors)
}

// persons reads the people of some cells: of those in the first language as they stand there; lists of as many in other languages are further forms of the names.
func (r *reader) persons(typ string, cells []cell, marked bool) []person {
	var out []person
	if len(cells) == 0 {
		return nil
	}
	cells = r.ours(cells)
	first := cells[0].lang
	for _, c := range cells {
		if c.lang == first {
			out = append(out, r.list(typ, c, marked)...)
		}
	}
	for i, c := range cells {
		if c.lang == first {
			continue
		}
		var more []person
		done := false
		for k, d := range cells {
			if d.lang == c.lang {
				done = done || k < i
				more = append(more, r.list(typ, d, marked)...)
			}
		}
		switch {
		case done:
		case len(more) != len(out):
			r.warn("bad-field", c.name, "%d names, column %q has %d: which are the same people is not told", len(more), cells[0].name, len(out))
			r.custom(c.name, c.text)
		default:
			for k := range out {
				out[k].Names = append(out[k].Names, more[k].Names...)
				out[k].Corresp = out[k].Corresp || more[k].Corresp
				if len(out[k].IDs) == 0 {
					out[k].IDs = more[k].IDs
				}
				if len(out[k].Emails) == 0 {
					out[k].Emails = more[k].Emails
				}
				if len(out[k].refs) == 0 {
					out[k].refs = more[k].refs
				}
			}
		}
	}
	return out
}

func (r *reader) list(typ string, c cell, marked bool) []person {
	names, ok := splitNames(c.text)
	if !ok {
		r.warn("bad-field", c.name, "%q may be one person or several and was kept as one; write \"Surname, Given\" and a semicolon between people", c.text)
	}
	out := make([]person, 0, len(names))
	for _, s := range names {
		switch normal(s) {
		case "et al", "и др", "и другие", "др", "等":
			r.warn("bad-field", c.name, "the list ends with %q: not everybody is given", s)
			continue
		}
		p, ok := r.person(s, c.lang, marked)
		if !ok {
			continue
		}
		p.Type = typ
		out = append(out, p)
	}
	return out
}

// splitNames takes a list of people apart: at semicolons and lines, or else at bars, or else at commas where it is plain that they part people: each is "Surname I. I.", or
// has three words or more, or of more than two each has two; or every second is initials alone. ok is false when it is not plain.
func splitNames(s string) (list []string, ok bool) {
	list = several(s)
	if len(list) != 1 {
		return list, true
	}
	s = list[0]
	if strings.IndexByte(s, ',') < 0 {
		return list, true
	}
	p := parts(s, ",")
	if len(p) < 2 {
		return list, true
	}
	initials, two, three, second := true, true, true, len(p)%2 == 0
	for i, x := range p {
		words := strings.Fields(bareName(x))
		n := len(words)
		initials = initials && n > 1 && (isInitials(words[n-1]) || isInitials(words[0]))
		two, three = two && n > 1, three && n > 2
		if i%2 == 1 {
			for _, w := range words {
				second = second && isInitials(w)
			}
			second = second && n > 0
		} else {
			second = second && n > 0 && !isInitials(words[n-1])
		}
	}
	switch {
	case second && len(p) > 2:
		for i := 0; i < len(p); i += 2 {
			p[i/2] = p[i] + ", " + p[i+1]
		}
		return p[:len(p)/2], true
	case initials || three || two && len(p) > 2:
		return p, true
	case len(p) == 2:
		return list, !two
	case jats.ParseName(bareName(s)).Full == "":
		return list, true
	}
	return list, false
}

// bareName is a name without what stands in brackets or is a mark behind it.
func bareName(s string) string {
	if i := strings.IndexAny(s, "[{<("); i > 0 {
		s = s[:i]
	}
	return strings.TrimRight(s, " *0123456789,⁰¹²³⁴⁵⁶⁷⁸⁹")
}

// isInitials tells whether a word is initials: "I.", "И.И.", "J.-P.", "JP".
func isInitials(w string) bool {
	letters, lower, dot := 0, 0, false
	for i, c := range w {
		switch {
		case unicode.IsLetter(c):
			if letters++; !unicode.IsUpper(c) {
				lower++
			}
		case c == '.':
			dot = true
		case c == '-' && i > 0:
		default:
			return false
		}
	}
	if letters == 0 || unicode.Is(unicode.Han, firstRune(w)) {
		return false
	}
	if dot {
		return strings.HasSuffix(w, ".") && letters <= 4+lower && lower <= 2*strings.Count(w, ".") && strings.Count(w, ".") >= letters-lower
	}
	return lower == 0 && letters <= 3
}

func firstRune(s string) rune {
	c, _ := utf8.DecodeRuneInString(s)
	return c
}

// person reads one author.
func (r *reader) person(s, lang string, marked bool) (person, bool) {
	var p person
	if r.dialect == ojs {
		if f := strings.Split(s, ","); len(f) >= 2 { // Given,Family,e-mail,affiliation
			n := jats.Name{GivenNames: strings.TrimSpace(f[0]), Surname: strings.TrimSpace(f[1]), Lang: lang}
			if len(f) > 2 && strings.Contains(f[2], "@") {
				p.Emails = []string{strings.TrimSpace(f[2])}
			}
			if len(f) > 3 {
				p.Affs = []string{r.aff(strings.TrimSpace(strings.Join(f[3:], ",")), lang)}
			}
			p.Names = []jats.Name{n}
			return p, n.GivenNames+n.Surname != ""
		}
	}
	if strings.ContainsAny(s, "[{<*(") {
		s = r.marks(&p, s)
	}
	s = strings.TrimSpace(s)
	if bare := strings.TrimRight(s, "⁰¹²³⁴⁵⁶⁷⁸⁹˒,'"); len(bare) < len(s) && bare != "" && strings.ContainsAny(s[len(bare):], "⁰¹²³⁴⁵⁶⁷⁸⁹") {
		p.refs = append(p.refs, strings.FieldsFunc(superscripts.Replace(s[len(bare):]), notDigit)...)
		s = bare
	}
	if bare := strings.TrimRight(s, "0123456789, "); marked && len(bare) < len(s) && bare != "" {
		p.refs = append(p.refs, strings.FieldsFunc(s[len(bare):], notDigit)...)
		s = bare
	}
	s = strings.TrimRight(s, " ,")
	if s == "" {
		return p, len(p.IDs)+len(p.Emails) > 0
	}
	n := jats.ParseName(s)
	n.Lang = lang
	p.Names = []jats.Name{n}
	return p, true
}

func notDigit(c rune) bool { return c < '0' || c > '9' }

var superscripts = strings.NewReplacer("⁰", "0", "¹", "1", "²", "2", "³", "3", "⁴", "4", "⁵", "5", "⁶", "6", "⁷", "7", "⁸", "8", "⁹", "9")

// marks takes what stands in brackets, and the star, out of a name.
func (r *reader) marks(p *person, s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.IndexAny(s, "[{<*(")
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		open := s[i]
		if s = s[i+1:]; open == '*' {
			p.Corresp = true
			continue
		}
		j := strings.IndexByte(s, map[byte]byte{'[': ']', '{': '}', '<': '>', '(': ')'}[open])
		if j < 0 {
			b.WriteByte(open)
			continue
		}
		inside := strings.TrimSpace(s[:j])
		switch {
		case strings.Contains(inside, "@") && open != '[':
			p.Emails = append(p.Emails, inside)
		case open == '[':
			p.refs = append(p.refs, strings.FieldsFunc(inside, func(c rune) bool { return c == ',' || c == ';' || c == ' ' })...)
		case open == '{', open == '(' && isORCID(inside):
			for _, id := range cutAt(inside, ",;") {
				p.IDs = append(p.IDs, personID(id))
			}
		case open == '(' && isDigits(inside) && len(inside) > 6:
			p.IDs = append(p.IDs, jats.ContribID{Type: "scopus", Value: inside})
		default:
			b.WriteByte(open)
			continue
		}
		s = s[j+1:]
	}
	b.WriteString(s)
	return b.String()
}

// isORCID tells whether s has the form of an ORCID iD, bare or at the end of an address.
func isORCID(s string) bool {
	s = strings.TrimRight(s, "/ ")
	if i := strings.LastIndexByte(s, '/'); i >= 0 {
		s = s[i+1:]
	}
	if len(s) != 19 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i%5 == 4:
			if c != '-' {
				return false
			}
		case c < '0' || c > '9':
			if i != 18 || c|0x20 != 'x' {
				return false
			}
		}
	}
	return true
}

// personID tells the kind of an identifier by its form or by the word before it: "SPIN: 1234-5678".
func personID(s string) jats.ContribID {
	if isORCID(s) || strings.Contains(s, "orcid") {
		return jats.ContribID{Type: "orcid", Value: strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(s, "ORCID"), ":"))}
	}
	if kind, id, ok := strings.Cut(s, ":"); ok && !strings.HasPrefix(id, "//") {
		return jats.ContribID{Type: strings.ReplaceAll(normal(kind), " ", "-"), Value: strings.TrimSpace(id)}
	}
	return jats.ContribID{Type: "other", Value: s}
}

func (r *reader) groups(authors *[]person) {
	n := len(*authors)
	for i, c := range r.ours(r.all(cGroup)) {
		list := several(c.text)
		for k, s := range list {
			t := jats.Text{Lang: r.other(c.lang), Text: jats.Escape(s)}
			if i > 0 && c.lang != "" && len(list) == len(*authors)-n {
				(*authors)[n+k].Collab = append((*authors)[n+k].Collab, t)
				continue
			}
			*authors = append(*authors, person{Contrib: jats.Contrib{Type: "author", Collab: []jats.Text{t}}})
		}
	}
}

// aff is the id of the affiliation that says s; one that is not there is added.
func (r *reader) aff(s, lang string) string {
	text := r.rich("affiliations", s, jats.AffMarkup)
	for _, a := range r.a.Affs {
		for _, f := range a.Forms {
			if f.Text == text {
				return a.ID
			}
		}
	}
	id := "aff" + strconv.Itoa(len(r.a.Affs)+1)
	r.a.Affs = append(r.a.Affs, jats.Aff{ID: id, Forms: []jats.AffForm{{Lang: lang, Text: text}}})
	return id
}

// affiliations reads the column of that name, and tells whether its entries bear marks. Those of another language are forms of the ones with the same mark or place.
func (r *reader) affiliations() (marked bool) {
	cells := r.ours(r.all(cAffs))
	for i, c := range cells {
		if r.dialect == wos && strings.HasPrefix(c.text, "[") {
			continue // besideNames reads it
		}
		list := affList(c.text)
		had := len(r.a.Affs)
		for k, item := range list {
			f := jats.AffForm{Lang: c.lang, Text: r.rich(c.name, item.text, jats.AffMarkup)}
			at := -1
			if i > 0 && c.lang != cells[0].lang {
				for n := range r.a.Affs[:had] {
					if item.label != "" && r.a.Affs[n].Label == item.label || item.label == "" && len(list) == had && n == k {
						at = n
					}
				}
			}
			if at >= 0 {
				r.a.Affs[at].Forms = append(r.a.Affs[at].Forms, f)
				continue
			}
			marked = marked || item.label != ""
			r.a.Affs = append(r.a.Affs, jats.Aff{ID: "aff" + strconv.Itoa(len(r.a.Affs)+1), Label: item.label, Forms: []jats.AffForm{f}})
		}
	}
	return marked
}

type affItem struct{ label, text string }

// affList takes "1: Institute; 2: University" apart, one a line or parted by semicolons. Where entries have marks a semicolon that no mark follows is part of the text; where
// there are lines, one without a mark stands in one line.
func affList(s string) []affItem {
	var out []affItem
	marked := false
	list := several(s)
	for _, p := range list {
		label, text := affMark(p)
		if label == "" && marked && len(out) > 0 && !strings.Contains(s, "\n") {
			out[len(out)-1].text += "; " + p
			continue
		}
		marked = marked || label != ""
		if text != "" && text != "-" {
			out = append(out, affItem{label, text})
		}
	}
	if !marked && strings.Contains(s, "\n") {
		out = out[:0]
		for _, line := range strings.Split(s, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				out = append(out, affItem{"", line})
			}
		}
	}
	return out
}

// affMark takes the mark off an affiliation: "1: ", "1. ", "[1] ", "(1) ", "¹", "a) ".
func affMark(s string) (label, rest string) {
	if t := strings.TrimLeft(s, "⁰¹²³⁴⁵⁶⁷⁸⁹"); len(t) < len(s) {
		return superscripts.Replace(s[:len(s)-len(t)]), strings.TrimSpace(t)
	}
	t := s
	closing := byte(0)
	if t != "" && (t[0] == '[' || t[0] == '(') {
		closing = map[byte]byte{'[': ']', '(': ')'}[t[0]]
		t = t[1:]
	}
	i := 0
	for i < len(t) && i < 3 && t[i] >= '0' && t[i] <= '9' {
		i++
	}
	if i == 0 && len(t) > 1 && t[0] >= 'a' && t[0] <= 'z' {
		i = 1
	}
	if i == 0 || i == len(t) {
		return "", s
	}
	mark := t[i]
	switch {
	case closing != 0 && mark == closing:
	case closing == 0 && (mark == ':' || mark == ')' || mark == '.' && t[0] <= '9' && i+1 < len(t) && t[i+1] == ' '):
	default:
		return "", s
	}
	return t[:i], strings.TrimSpace(strings.TrimLeft(t[i+1:], ":. "))
}

// link gives authors the affiliations that their marks name. A lone author has all of them.
func (r *reader) link(authors []person) {
	for i := range authors {
		p := &authors[i]
		for _, ref := range p.refs {
			id := ""
			for _, a := range r.a.Affs {
				if a.Label == ref {
					id = a.ID
				}
			}
			if n, err := strconv.Atoi(ref); id == "" && err == nil && n >= 1 && n <= len(r.a.Affs) && r.a.Affs[n-1].Label == "" {
				id = r.a.Affs[n-1].ID
			}
			if id == "" {
				r.warn("bad-field", "authors", "there is no affiliation %q", ref)
				continue
			}
			p.Affs = append(p.Affs, id)
		}
	}
	if len(authors) == 1 && len(authors[0].Affs) == 0 {
		for _, a := range r.a.Affs {
			authors[0].Affs = append(authors[0].Affs, a.ID)
		}
	}
}

// besideNames reads affiliations that stand with the names: "Surname I., Institute, City; ..." of Scopus, "Surname, Given (Institute; ...); ..." of Dimensions and
// "[Surname, Given; ...] Institute; ..." of Web of Science. authors[:n] are authors; those who are named nowhere else are added to them.
func (r *reader) besideNames(authors []person, n int) []person {
	if r.dialect == wos {
		for _, c := range r.all(cAffs) {
			for _, s := range wosAddresses(c.text) {
				id := r.aff(s.text, "")
				for _, name := range s.names {
					if i := findPerson(authors[:n], jats.ParseName(name)); i >= 0 {
						authors[i].Affs = append(authors[i].Affs, id)
					}
				}
			}
		}
	}
	for _, c := range r.all(cAuthorsAffs) {
		list := several(c.text)
		var short []string
		for _, a := range r.all(cAuthors) {
			names, _ := splitNames(a.text)
			short = append(short, names...)
		}
		for i, s := range list {
			name, rest, bracketed := nameBefore(s, short)
			parsed := jats.ParseName(name)
			at := -1
			switch {
			case n == 0:
				authors = append(authors, person{Contrib: jats.Contrib{Type: "author", Names: []jats.Name{parsed}}})
				at = len(authors) - 1
			case len(list) == n:
				at = i
			default:
				at = findPerson(authors[:n], parsed)
			}
			var ids []string
			for _, a := range r.a.Affs {
				for _, f := range a.Forms {
					if !bracketed && strings.Contains(rest, f.Text.Plain()) {
						ids = append(ids, a.ID)
					}
				}
			}
			if len(ids) == 0 && rest != "" {
				for _, a := range several(rest) {
					ids = append(ids, r.aff(a, c.lang))
				}
			}
			if at >= 0 {
				authors[at].Affs = append(authors[at].Affs, ids...)
			}
		}
	}
	return authors
}

type address struct {
	names []string
	text  string
}

// wosAddresses reads "[Surname, Given; ...] Institute, City; [...] ..."; addresses without names are parted by semicolons.
func wosAddresses(s string) (out []address) {
	for s != "" {
		rest, ok := strings.CutPrefix(s, "[")
		names, text, ok2 := strings.Cut(rest, "] ")
		if !ok || !ok2 {
			if len(out) == 0 {
				return nil // affiliations reads it
			}
			for _, t := range several(s) {
				out = append(out, address{nil, t})
			}
			return out
		}
		text, s, _ = strings.Cut(text, "; [")
		if s != "" {
			s = "[" + s
		}
		out = append(out, address{cutAt(names, ";"), strings.TrimSuffix(strings.TrimSpace(text), ";")})
	}
	return out
}

// nameBefore parts the name that stands before an affiliation from it, which may be bracketed; known are names that it may be.
func nameBefore(s string, known []string) (name, rest string, bracketed bool) {
	if i := strings.Index(s, " ("); i > 0 && strings.HasSuffix(s, ")") {
		return s[:i], s[i+2 : len(s)-1], true
	}
	for _, k := range known {
		if rest, ok := strings.CutPrefix(s, k+","); ok {
			return k, strings.TrimSpace(rest), false
		}
	}
	f := strings.SplitN(s, ",", 3)
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	switch {
	case len(f) == 3 && isInitials(strings.ReplaceAll(f[1], " ", "")):
		return f[0] + ", " + f[1], f[2], false
	case len(f) > 1:
		return f[0], strings.TrimSpace(s[strings.IndexByte(s, ',')+1:]), false
	}
	return s, "", false
}

// surnameOf is what a name is compared by: surname and initials, in lower case; initials are "" where the parts of the name are not told.
func surnameOf(n jats.Name) (surname, initials string) {
	given := n.GivenNames
	if surname = n.Surname; surname == "" {
		words := strings.Fields(n.Full)
		switch last := len(words) - 1; {
		case last > 0 && isInitials(words[last]):
			for last > 1 && isInitials(words[last-1]) {
				last--
			}
			surname, given = strings.Join(words[:last], " "), strings.Join(words[last:], " ")
		case last > 0 && isInitials(words[0]):
			first := 1
			for first < last && isInitials(words[first]) {
				first++
			}
			surname, given = strings.Join(words[first:], " "), strings.Join(words[:first], " ")
		default:
			return normal(n.Full), ""
		}
	}
	for _, w := range strings.FieldsFunc(given, func(c rune) bool { return c == ' ' || c == '.' || c == '-' }) {
		if isInitials(w) { // "JP"
			initials += strings.ToLower(w)
		} else {
			initials += strings.ToLower(string(firstRune(w)))
		}
	}
	return normal(surname), initials
}

// findPerson is the place of the one person that a name can be, or -1.
func findPerson(people []person, name jats.Name) int {
	surname, initials := surnameOf(name)
	whole := normal(name.Display())
	at := -1
	for i, p := range people {
		for _, n := range p.Names {
			s, in := surnameOf(n)
			same := s == surname && in != "" && initials != "" && (strings.HasPrefix(in, initials) || strings.HasPrefix(initials, in)) || whole != "" && normal(n.Display()) == whole ||
				normal(n.Surname+" "+n.GivenNames) == whole
			if !same || at == i {
				continue
			}
			if at >= 0 {
				return -1
			}
			at = i
		}
	}
	return at
}

// identifiers gives authors the ids of a cell: by the name before each ("Name: id", "Name/id"), or in their order when there are as many.
func (r *reader) identifiers(c cell, authors []person) {
	kind := c.kind
	if c.col == cORCID {
		kind = "orcid"
	}
	list := several(c.text)
	if p := parts(c.text, ","); len(list) == 1 && len(p) == len(authors) {
		bare := true
		for _, s := range p {
			name, id := nameAndID(s)
			bare = bare && name == "" && strings.IndexByte(id, ' ') < 0
		}
		if bare {
			list = p
		}
	}
	var lost []string
	for i, s := range list {
		name, id := nameAndID(s)
		at := -1
		if name != "" {
			at = findPerson(authors, jats.ParseName(name))
		} else if len(list) == len(authors) {
			at = i
		}
		switch {
		case id == "-" || id == "–" || id == "—" || id == "":
		case at < 0:
			lost = append(lost, s)
		default:
			x, has := jats.ContribID{Type: kind, Value: number(id)}, false
			for _, y := range authors[at].IDs {
				has = has || x == y
			}
			if !has {
				authors[at].IDs = append(authors[at].IDs, x)
			}
		}
	}
	if len(lost) > 0 {
		r.warn("bad-field", c.name, "%d of %d identifiers could not be given to one of %d authors: write as many as there are authors, with - for none, or \"Name: identifier\"", len(lost), len(list), len(authors))
		r.custom(strings.ToLower(c.name), strings.Join(lost, "; "))
	}
}

// nameAndID parts "Name: id" and "Name/id"; the word for the kind of the id is no name.
func nameAndID(s string) (name, id string) {
	if i := strings.Index(s, ": "); i > 0 {
		name, id = strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+2:])
	} else if i := strings.LastIndexByte(strings.TrimRight(s, "/"), '/'); i > 0 && !strings.Contains(s, "orcid.org") && !strings.Contains(s, "://") {
		name, id = strings.TrimSpace(s[:i]), strings.TrimSpace(s[i+1:])
	} else if i := strings.IndexByte(s, ':'); i > 0 && !strings.Contains(s, "://") {
		name, id = s[:i], s[i+1:]
	} else {
		return "", s
	}
	switch normal(name) {
	case "orcid", "orcid id", "scopus", "scopus id", "spin", "spin код", "researcherid":
		name = ""
	}
	return name, id
}

// correspondence marks who answers letters. What is more than a name, and who is not in the list, stays as a note; e-mail addresses go to the person.
func (r *reader) correspondence(c cell, authors []person) {
	var note, mails []string
	at := -1
	for _, s := range several(c.text) {
		if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= len(authors) {
			authors[n-1].Corresp = true
			continue
		}
		if strings.Contains(s, "@") {
			var words []string
			for _, w := range strings.Fields(s) {
				if strings.Contains(w, "@") {
					mails = append(mails, strings.Trim(w, ".,;:()<>"))
				} else if l := normal(w); l != "email" && l != "e mail" {
					words = append(words, w)
				}
			}
			if s = strings.Join(words, " "); s == "" {
				continue
			}
		}
		name, _, more := strings.Cut(s, " (")
		if !more && r.dialect != plain {
			var rest string
			name, rest, _ = nameBefore(s, nil)
			more = rest != ""
			if full := findPerson(authors, jats.ParseName(s)); full >= 0 {
				name, more = s, false
			}
		}
		if i := findPerson(authors, jats.ParseName(strings.TrimSpace(name))); i >= 0 {
			authors[i].Corresp, at = true, i
			if !more && r.dialect == plain {
				continue
			}
		}
		note = append(note, s)
	}
	if at >= 0 {
		authors[at].Emails = append(authors[at].Emails, mails...)
	} else if len(mails) > 0 {
		r.warn("email-dropped", c.name, "an e-mail address belongs to none of the authors and was left out")
	}
	if len(note) > 0 {
		r.a.Notes = append(r.a.Notes, jats.Note{Type: "corresp", P: []jats.Rich{jats.Escape(strings.Join(note, "; "))}})
	}
}

// emails gives authors the addresses of a cell, in their order when there are as many, or by the name before each; one address is of the one who answers letters.
func (r *reader) emails(c cell, authors []person) {
	list := several(c.text)
	if len(list) == 1 && !strings.Contains(c.text, ":") {
		list = parts(c.text, ", ")
	}
	corresp := -1
	for i, p := range authors {
		if p.Corresp {
			if corresp >= 0 {
				corresp = -2
				break
			}
			corresp = i
		}
	}
	lost := 0
	for i, s := range list {
		at, mail := -1, strings.Trim(s, "<> ")
		switch name, rest, ok := strings.Cut(s, ":"); {
		case ok && strings.Contains(rest, "@") && !strings.EqualFold(strings.TrimSpace(name), "mailto"):
			at, mail = findPerson(authors, jats.ParseName(name)), strings.TrimSpace(rest)
		case len(list) == len(authors) && r.dialect != wos:
			at = i
		case len(list) == 1 && corresp >= 0:
			at = corresp
		}
		switch {
		case !strings.Contains(mail, "@"):
		case at < 0:
			lost++
		default:
			has := false
			for _, m := range authors[at].Emails {
				has = has || m == mail
			}
			if !has {
				authors[at].Emails = append(authors[at].Emails, mail)
			}
		}
	}
	if lost > 0 {
		r.warn("email-dropped", c.name, "%d e-mail addresses could not be given to one of %d authors and were left out", lost, len(authors))
	}
}
