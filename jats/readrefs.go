package jats

import (
	"bytes"
	"slices"
	"strings"
)

// back reads the reference lists, wherever they stand in the back, and the notes that belong to the record.
func (r *reader) back(n *node) {
	var lists []*node
	var look func(n *node, title string)
	look = func(n *node, title string) {
		for _, k := range n.kids {
			switch k.name {
			case "ref-list":
				lists = append(lists, k)
				r.take(k)
			case "fn-group":
				r.backNotes(k, strings.ToLower(title+" "+plainOf(k.child("title"))))
			case "fn":
				r.backNote(k, "")
			case "sec", "notes":
				t := firstOf(k.attr("sec-type"), k.attr("notes-type"))
				if k.name == "notes" && n.name == "back" && k.find("ref-list") == nil && k.find("fn-group") == nil || t == "data-availability" || t == "coi-statement" || t == "COI-statement" {
					r.frontNotes(k)
					r.take(k)
					continue
				}
				look(k, plainOf(k.child("title")))
			case "app-group", "app", "back", "ack", "bio":
				look(k, "")
			}
		}
	}
	look(n, "")
	if len(lists) == 1 && lists[0].child("ref-list") == nil {
		r.refList(lists[0], "")
		return
	}
	for _, l := range lists {
		r.refList(l, r.rich(l.child("title"), InlineMarkup))
	}
	refs := r.a.Refs
	if len(refs) > 0 && !slices.ContainsFunc(refs, func(x Ref) bool { return x.List != refs[0].List }) { // the others were empty
		for i := range refs {
			refs[i].List = ""
		}
	}
}

// recordNotes are the kinds of footnotes in the back that say something of the record, not of a place in the text.
var recordNotes = map[string]string{"conflict": "coi-statement", "coi-statement": "coi-statement", "COI-statement": "coi-statement", "con": "con",
	"financial-disclosure": "financial-disclosure", "supported-by": "supported-by"}

func (r *reader) backNotes(n *node, title string) {
	for _, k := range n.kids {
		if k.name == "fn" {
			r.backNote(k, title)
		}
	}
}

func (r *reader) backNote(n *node, title string) {
	t, ok := recordNotes[n.attr("fn-type")]
	if !ok && (strings.Contains(title, "competing interest") || strings.Contains(title, "conflict of interest") || strings.Contains(title, "conflicts of interest")) {
		t, ok = "coi-statement", true
	}
	if !ok {
		return
	}
	r.take(n)
	if id := r.note(n, "author-notes"); id != "" {
		for i := range r.a.Notes {
			if r.a.Notes[i].ID == id {
				r.a.Notes[i].Type = t
			}
		}
	}
}

func (r *reader) refList(n *node, title Rich) {
	for _, k := range n.kids {
		switch k.name {
		case "ref":
			r.ref(k, title)
		case "ref-list":
			own := r.rich(k.child("title"), InlineMarkup)
			if own == "" {
				own = title
			}
			r.refList(k, own)
		case "p", "note":
			if ps := r.paras(&node{name: "note", pos: k.pos, kids: []*node{k}}); len(ps) > 0 {
				r.a.Refs = append(r.a.Refs, Ref{List: title, Notes: ps})
			}
		}
	}
}

func (r *reader) ref(n *node, list Rich) {
	ref := Ref{ID: r.refID(n), List: list, Label: plainOf(n.child("label"))}
	works := 0
	var add func(kids []*node, alternatives bool)
	add = func(kids []*node, alternatives bool) {
		for _, k := range kids {
			switch k.name {
			case "mixed-citation", "element-citation", "citation", "nlm-citation":
				if c, ok := r.citation(k, &ref); ok {
					ref.Citations = append(ref.Citations, c)
					if !alternatives {
						works++
					}
				}
			case "citation-alternatives":
				works++
				from := len(ref.Citations)
				add(k.kids, true)
				ref.Citations = append(ref.Citations[:from], joined(ref.Citations[from:])...)
			case "label", "":
				if k.name == "" && !isBlank(k.text) {
					ref.Notes = append(ref.Notes, Escape(cleanString(k.text)))
				}
			case "note":
				if l := k.child("label"); l != nil && ref.Label == "" {
					ref.Label = plainOf(l)
				}
				ref.Notes = append(ref.Notes, r.paras(k)...)
			case "ref":
				add(k.kids, false)
			default:
				ref.Notes = append(ref.Notes, r.paras(&node{name: "note", pos: k.pos, kids: []*node{k}})...)
			}
		}
	}
	add(n.kids, false)
	ref.Distinct = works > 1
	if len(ref.Citations)+len(ref.Notes) > 0 {
		r.a.Refs = append(r.a.Refs, ref)
	} else if ref.Label != "" {
		r.warn(n, "ref-dropped", "reference %q is empty", ref.Label)
	}
}

// joined makes one of a citation as printed and the same in parts, which is how [writer.forms] writes one that has both.
func joined(cs []Citation) []Citation {
	out := cs[:0]
	for _, c := range cs {
		if n := len(out); n > 0 && c.Text == "" && !out[n-1].Text.HasMarkup() && !out[n-1].hasParts() && c.Lang == out[n-1].Lang && c.PublicationType == out[n-1].PublicationType {
			c.Text = out[n-1].Text
			if k := len(c.Comments); k > 0 && c.LangNote != "" && c.Comments[k-1].Plain() == "("+c.LangNote+")" { // the writer's
				c.Comments = c.Comments[: k-1 : k-1]
			} else if c.LangNote == "" {
				c.LangNote = out[n-1].LangNote
			}
			out[n-1] = c
			continue
		}
		out = append(out, c)
	}
	return out
}

// citation reads a citation: its text with the elements of a citation marked, and its parts.
func (r *reader) citation(n *node, ref *Ref) (Citation, bool) {
	c := Citation{Lang: r.lang(n), PublicationType: firstOf(n.attr("publication-type"), n.attr("citation-type"))}
	if use := n.attr("specific-use"); c.PublicationType == "other" && (use == "data" || use == "preprint") { // citationType writes it so
		c.PublicationType = use
	}
	if l := n.child("label"); l != nil {
		rest := &node{name: n.name, pos: n.pos, attrs: n.attrs}
		first := true
		for _, k := range n.kids {
			if k.name == "label" && first && (ref.Label == "" || ref.Label == plainOf(k)) {
				ref.Label = plainOf(k)
				first = false
				continue
			}
			rest.kids = append(rest.kids, k)
		}
		n = rest
	}
	switch n.name {
	case "element-citation", "nlm-citation":
		c.Elements = true
	case "citation":
		c.Elements = hasElements(n)
		for _, k := range n.kids {
			c.Elements = c.Elements && (k.name != "" || isBlank(k.text))
		}
	}
	if c.Elements {
		r.out.reset()
		r.out.elementsOnly = true
		r.out.children(n, kinds[CitationMarkup])
		out := string(r.out.finish())
		if c.Text = Rich(out); r.out.loose || strings.Contains(out, "lt;/") {
			c.Text, c.Elements = "", false
		}
	}
	if !c.Elements {
		c.Text = r.rich(n, CitationMarkup)
	}
	r.citationParts(n, &c, nil)
	if c.LangNote == "" {
		c.LangNote = langNote(n)
	}
	if d := c.Date; len(d) >= 4 && c.Year == d[:4] {
		c.Year = ""
	}
	if c.PublicationType == "other" { // which the writer, too, says of one that it does not know
		c.PublicationType = ""
	}
	if c.Text == "" {
		return c, false
	}
	if c.Elements && r.inParts(&c) {
		c.Text, c.Elements = "", false
	}
	return c, true
}

// inParts tells whether the parts of a citation of elements say all that its text says: it would be written of them as it stands.
func (r *reader) inParts(c *Citation) bool {
	if !c.hasParts() {
		return false
	}
	w := &r.both
	w.b = w.b[:0]
	w.printed(c)
	n := len(w.b)
	w.parts(c)
	return bytes.Equal(w.b[:n], w.b[n:])
}

// citationParts fills the parts of c from the elements inside n; group is the person-group that n is.
func (r *reader) citationParts(n *node, c *Citation, group *PersonGroup) {
	var month, day string
	loose := func() *PersonGroup { // people outside of any group
		if group != nil {
			return group
		}
		if k := len(c.PersonGroups); k == 0 || c.PersonGroups[k-1].Type != "" {
			c.PersonGroups = append(c.PersonGroups, PersonGroup{})
		}
		return &c.PersonGroups[len(c.PersonGroups)-1]
	}
	for _, k := range n.kids {
		if k.name == "" {
			continue
		}
		switch k.name {
		case "person-group":
			g := PersonGroup{Type: k.attr("person-group-type")}
			if g.Type == "custom" && k.attr("custom-type") != "" {
				g.Type = k.attr("custom-type")
			}
			r.citationParts(k, c, &g)
			if len(g.Persons) > 0 || g.EtAl {
				c.PersonGroups = append(c.PersonGroups, g)
			}
		case "name", "string-name":
			if nm, ok := r.name(k); ok {
				g := loose()
				g.Persons = append(g.Persons, Person{Names: []Name{nm}})
			}
		case "name-alternatives":
			var p Person
			for _, f := range k.kids {
				if f.name == "name" || f.name == "string-name" {
					if nm, ok := r.name(f); ok {
						p.Names = append(p.Names, nm)
					}
				}
			}
			if len(p.Names) > 0 {
				g := loose()
				g.Persons = append(g.Persons, p)
			}
		case "collab", "collab-name":
			if v := plainOf(k); v != "" {
				g := loose()
				g.Persons = append(g.Persons, Person{Collab: v})
			}
		case "etal":
			loose().EtAl = true
		case "article-title", "trans-title":
			if t := r.text(k, phraseMarkup); t.Text != "" {
				c.Titles = append(c.Titles, t)
			}
		case "chapter-title", "part-title":
			if t := r.text(k, phraseMarkup); t.Text != "" {
				c.ChapterTitles = append(c.ChapterTitles, t)
			}
		case "data-title":
			c.DataTitle = r.rich(k, linkMarkup)
		case "source", "trans-source":
			if t := r.text(k, phraseMarkup); t.Text != "" {
				c.Sources = append(c.Sources, t)
			}
		case "edition":
			c.Edition = plainOf(k)
		case "series":
			c.Series = plainOf(k)
		case "conf-name":
			c.ConfName = plainOf(k)
		case "publisher-name":
			c.PublisherName = plainOf(k)
		case "publisher-loc":
			c.PublisherLoc = plainOf(k)
		case "year":
			v := plainOf(k)
			if c.Year == "" {
				c.Year = v
			}
			if y, _ := yearOf(v); y != "" && c.Date == "" {
				c.Date = y
			}
			if iso := isoDate(k.attr("iso-8601-date")); len(iso) > len(c.Date) && strings.HasPrefix(iso, c.Date) {
				c.Date = iso
			}
		case "month":
			month = plainOf(k)
		case "day":
			day = plainOf(k)
		case "season":
			c.Season = plainOf(k)
		case "date", "string-date":
			r.citationParts(k, c, nil)
		case "volume":
			c.Volume = plainOf(k)
		case "issue":
			c.Issue = plainOf(k)
		case "supplement":
			c.Supplement = plainOf(k)
		case "fpage":
			c.FPage = plainOf(k)
		case "lpage":
			c.LPage = plainOf(k)
		case "page-range":
			c.PageRange = plainOf(k)
		case "elocation-id":
			c.ElocationID = plainOf(k)
		case "size":
			c.Size = plainOf(k)
		case "page-count":
			c.Size = k.attr("count")
		case "isbn":
			c.ISBN = plainOf(k)
		case "issn":
			c.ISSN = plainOf(k)
		case "version":
			c.Version = plainOf(k)
		case "pub-id", "object-id":
			r.citationID(c, k.attr("pub-id-type"), plainOf(k))
			if k.attr("pub-id-type") == "custom" && k.attr("custom-type") != "" && len(c.IDs) > 0 {
				c.IDs[len(c.IDs)-1].Type = k.attr("custom-type")
			}
		case "ext-link", "uri":
			r.citationLink(c, k)
		case "date-in-citation", "access-date":
			c.AccessDate = r.accessDate(k)
		case "comment", "annotation":
			if t := r.rich(k, phraseMarkup); t != "" {
				c.Comments = append(c.Comments, t)
			}
			r.citationParts(k, c, nil)
		case "role", "institution", "institution-wrap", "gov", "patent", "std", "mml:math", "inline-formula":
		default:
			r.citationParts(k, c, group)
		}
	}
	if month != "" && len(c.Date) == 4 {
		dn := 0
		if day != "" {
			if dn = -1; digits(day) && len(day) <= 2 {
				dn = int(day[0] - '0')
				if len(day) == 2 {
					dn = dn*10 + int(day[1]-'0')
				}
			}
		}
		y := 0
		for _, ch := range c.Date {
			y = y*10 + int(ch-'0')
		}
		if d, _ := makeDate(y, monthOf(month), dn); d != "" {
			c.Date = d
		}
	}
}

func (r *reader) citationID(c *Citation, t, v string) {
	if v == "" {
		return
	}
	if low := strings.ToLower(t); pubIDTypes[low] {
		t = low
	}
	if m := pubIDAliases[strings.ToLower(t)]; m != "" {
		t = m
	}
	if d := bareDOI(v); d != "" && (t == "" || t == "doi" || t == "other") {
		t, v = "doi", d
	}
	for _, have := range c.IDs {
		if have.Type == t && strings.EqualFold(have.Value, v) {
			return
		}
	}
	c.IDs = append(c.IDs, ID{t, v})
}

func (r *reader) citationLink(c *Citation, n *node) {
	href := n.attr("xlink:href")
	if href == "" {
		href = plainOf(n)
	}
	if d := bareDOI(href); d != "" {
		r.citationID(c, "doi", d)
		return
	}
	switch t := n.attr("ext-link-type"); t {
	case "pmid", "pmcid", "pubmed", "pmc", "arxiv":
		if !strings.Contains(href, "/") {
			r.citationID(c, t, href)
			return
		}
	}
	if u := mendURL(href); u != "" {
		c.URLs = appendNew(c.URLs, u)
	}
}

// accessDate is when a source was looked at.
func (r *reader) accessDate(n *node) string {
	if d := isoDate(n.attr("iso-8601-date")); d != "" {
		return d
	}
	if d, _, text := r.dateParts(n); text == "" {
		return d
	}
	return readDate(plainOf(n))
}

// readDate reads a date with a month's name in it, "12 March 2020" or "March 12, 2020" with words around; anything less clear is "".
func readDate(s string) string {
	if d := isoDate(s); d == s && d != "" {
		return d
	}
	f := strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == ',' || c == ';' || c == ')' || c == '(' || c == '\u00A0' })
	for i, w := range f {
		if digits(w) {
			continue
		}
		m := monthOf(w)
		if m == 0 {
			continue
		}
		num := func(i int, size int) int {
			if i < 0 || i >= len(f) {
				return 0
			}
			w := strings.TrimRight(f[i], ".")
			w = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(w, "th"), "st"), "nd"), "rd")
			if !digits(w) || len(w) > size || size == 4 && len(w) != 4 {
				return 0
			}
			v := 0
			for _, ch := range w {
				v = v*10 + int(ch-'0')
			}
			return v
		}
		y, d := num(i+1, 4), num(i-1, 2)
		if y == 0 {
			y, d = num(i+2, 4), num(i+1, 2)
		}
		if date, _ := makeDate(y, m, d); date != "" {
			return date
		}
	}
	return ""
}

// noteLangs begin the name of a language in a note such as "In Russ.".
var noteLangs = []string{"Russ", "Chin", "Germ", "French", "Fr.", "Japan", "Jap.", "Ukr", "Engl", "Eng.", "Span", "Ital", "Pol", "Kor", "Port", "Czech", "Turk", "Bulg", "Serb", "Belarus", "Kaz", "Lat", "Arab", "Pers", "Hung", "Dutch", "Swed", "Norw", "Dan", "Finn", "Greek", "Roman", "Slov", "Croat", "Latv", "Lith", "Eston", "Georg", "Armen", "Azer", "Uzb", "Tatar", "Mongol", "Viet"}

// langNote is the note inside n that names the language of the cited work: "In Russ." of "(In Russ.)" or "[in Russian]", or a comment that is nothing else.
func langNote(n *node) string {
	for _, k := range n.kids {
		if k.name == "" {
			if t := bracketedLang(k.text); t != "" {
				return t
			}
			continue
		}
		if k.name == "comment" {
			s := strings.Trim(plainOf(k), "()[] ")
			if isLangNote(strings.TrimRight(s, ",;")) {
				return strings.TrimRight(s, ",;")
			}
		}
		if t := langNote(k); t != "" {
			return t
		}
	}
	return ""
}

func isLangNote(s string) bool {
	if len(s) < 6 || len(s) > 60 || s[0]|0x20 != 'i' || s[1] != 'n' || s[2] != ' ' {
		return false
	}
	for _, l := range noteLangs {
		if len(s) >= 3+len(l) && strings.EqualFold(s[3:3+len(l)], l) {
			return true
		}
	}
	return false
}

func bracketedLang(s string) string {
	for i := 0; i+4 < len(s); i++ {
		if s[i] != '(' && s[i] != '[' {
			continue
		}
		if j := strings.IndexAny(s[i:], ")]"); j > 0 {
			if t := strings.TrimSpace(s[i+1 : i+j]); isLangNote(t) {
				return cleanString(t)
			}
		}
	}
	return ""
}
