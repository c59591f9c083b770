package jats

import "strings"

// back writes notes, then the reference lists, one for each run of references under the same title.
func (w *writer) back(full string) {
	a := w.a
	mark := len(w.b)
	if full != "" {
		w.part(strings.TrimSuffix(full, "</back>"))
		mark = -1
	} else {
		w.raw("<back>\n")
	}
	body := len(w.b)
	for i := range a.Notes {
		if n := &a.Notes[i]; n.inBack() && !n.isConflict() {
			w.note(n, w.numbers[i])
		}
	}
	for i := 0; i < len(a.Refs); {
		j := i
		at := len(w.b)
		w.raw("<ref-list>")
		w.richEl("title", a.Refs[i].List)
		w.b = append(w.b, '\n')
		from := len(w.b)
		for ; j < len(a.Refs) && a.Refs[j].List == a.Refs[i].List; j++ {
			w.ref(j)
		}
		w.group(at, from, "ref-list")
		i = j
	}
	if mark < 0 {
		w.closeN("back")
	} else {
		w.group(mark, body, "back")
	}
}

// ref writes a reference: its forms as citation-alternatives, different works one after the other, then notes.
func (w *writer) ref(i int) {
	r := &w.a.Refs[i]
	mark := len(w.b)
	w.start("ref")
	if w.o.FullText && r.ID != "" {
		w.raw(` id="` + w.o.IDPrefix)
		w.b = append(appendEscaped(w.b, r.ID, true), '"')
	} else {
		w.id("id", "R", i+1)
	}
	w.b = append(w.b, '>')
	w.el("label", r.Label)
	body := len(w.b)
	if r.Distinct {
		for k := range r.Citations {
			w.forms(r.Citations[k : k+1])
		}
	} else {
		w.forms(r.Citations)
	}
	at := len(w.b)
	w.open("note")
	from := len(w.b)
	w.ps(r.Notes)
	w.group(at, from, "note")
	w.group(mark, body, "ref")
}

// forms writes the forms of one work: each as printed, in parts, or both.
func (w *writer) forms(cs []Citation) {
	n := 0
	for k := range cs {
		if cs[k].Text != "" {
			n++
		}
		if !cs[k].Text.HasMarkup() && cs[k].hasParts() {
			n++
		}
	}
	if n > 1 {
		w.open("citation-alternatives")
	}
	for k := range cs {
		c := &cs[k]
		if c.Text != "" {
			w.printed(c)
		}
		if !c.Text.HasMarkup() && c.hasParts() {
			w.parts(c)
		}
	}
	if n > 1 {
		w.close("citation-alternatives")
	}
}

// hasParts tells whether any part of a citation is known that is an element of its own. The language note alone is none: it only repeats
// what is printed.
func (c *Citation) hasParts() bool {
	return len(c.PersonGroups) > 0 || len(c.Titles) > 0 || len(c.ChapterTitles) > 0 || c.DataTitle != "" || len(c.Sources) > 0 || c.Edition != "" ||
		c.Series != "" || c.ConfName != "" || c.PublisherName != "" || c.PublisherLoc != "" || c.Date != "" || c.Year != "" || c.Season != "" ||
		c.Volume != "" || c.Issue != "" || c.Supplement != "" || c.FPage != "" || c.LPage != "" || c.PageRange != "" || c.ElocationID != "" ||
		c.Size != "" || c.ISBN != "" || c.ISSN != "" || c.Version != "" || hasID(c.IDs) || len(c.URLs) > 0 || c.AccessDate != "" ||
		len(c.Comments) > 0
}

// citationType writes publication-type, which JATS4R wants always. It wants parts in a citation of data and of a preprint; where they are
// not marked the type is "other" and specific-use says what it is.
//
// Source: JATS4R citations, data citations, preprint citations.
func (w *writer) citationType(t string, has func(string) bool) {
	use := ""
	switch t {
	case "":
		t = "other"
	case "data":
		if !has("source") && !has("data-title") || has("article-title") && !has("data-title") {
			t, use = "other", t
		}
	case "preprint":
		if !has("person-group") || !has("article-title") || !has("year") || !has("source") || !has("ext-link") && !has("pub-id") {
			t, use = "other", t
		}
	}
	if has("data-title") {
		t, use = "data", ""
	}
	w.attr("publication-type", t)
	w.attr("specific-use", use)
}

// printed writes a citation as printed: mixed-citation, or element-citation where it has elements only.
func (w *writer) printed(c *Citation) {
	name := "mixed-citation"
	if c.Elements && c.Text.HasMarkup() {
		name = "element-citation"
	}
	w.start(name)
	s := string(c.Text)
	w.citationType(c.PublicationType, func(el string) bool {
		for {
			i := strings.Index(s, el)
			if i < 0 {
				return false
			}
			if i > 0 && s[i-1] == '<' && i+len(el) < len(s) && (s[i+len(el)] == '>' || s[i+len(el)] == ' ') {
				s = string(c.Text)
				return true
			}
			s = s[i+len(el):]
		}
	})
	w.langAttr(c.Lang)
	w.b = append(w.b, '>')
	w.marked(string(c.Text), name == "element-citation")
	w.close(name)
}

// marked writes the text of a citation whose parts are marked, and adds what JATS4R wants of them: the year in numbers for "2001a", a type
// for a pub-id, a designator for a version, a title for a link that shows nothing but an address. Of pages "1213-8", where the last
// is less than the first, the last stays text, or in element-citation gets a page-range.
//
// Source: JATS4R citations, data citations, accessibility.
func (w *writer) marked(s string, elements bool) {
	for i := 0; ; i++ { // what is before s[i] is written as it stands, unless something is to be added
		next := strings.IndexByte(s[i:], '<')
		if next < 0 {
			break
		}
		if i += next; i+1 == len(s) || strings.IndexByte("efpvy", s[i+1]) < 0 {
			continue
		}
		end := strings.IndexByte(s[i:], '>')
		if end < 0 { // cannot be in a Rich
			break
		}
		tag, body := s[i+1:i+end], s[i+end+1:]
		content := body
		if k := strings.IndexByte(body, '<'); k >= 0 {
			content = body[:k]
		}
		before := s[:i]
		switch {
		case tag == "year" && isoYear(content) != content:
			w.raw(before)
			w.start("year")
			w.attr("iso-8601-date", isoYear(content))
			w.b = append(w.b, '>')
		case tag == "pub-id" && strings.HasPrefix(content, "10."):
			w.raw(before)
			w.raw(`<pub-id pub-id-type="doi">`)
		case tag == "pub-id":
			w.raw(before)
			w.raw(`<pub-id pub-id-type="other">`)
		case tag == "version" && content != "":
			w.raw(before)
			w.start("version")
			w.attr("designator", unescape(content))
			w.b = append(w.b, '>')
		case strings.HasPrefix(tag, "ext-link ") && isURL(linkText(body)) && !strings.Contains(tag, "xlink:title"):
			w.raw(before)
			w.b = append(append(w.b, '<'), tag...)
			w.raw(` xlink:title="Online copy">`)
		case tag == "fpage":
			sep, last, rest, ok := cutLastPage(body, content)
			if !ok {
				continue
			}
			w.raw(before)
			w.raw("<fpage>" + content + "</fpage>" + sep)
			if elements {
				w.raw("<lpage>" + last + "</lpage><page-range>" + content + "-" + last + "</page-range>")
			} else {
				w.raw(last)
			}
			body = rest
		default:
			continue
		}
		s, i = body, -1
	}
	w.raw(s)
}

// linkText is the plain text of a link whose content s begins with.
func linkText(s string) string {
	if i := strings.Index(s, "</ext-link>"); i >= 0 {
		s = s[:i]
	}
	return Rich(s).Plain()
}

// cutLastPage finds in what follows "<fpage>" the last page, when only loose text stands before it and it is less than the first, and what
// follows. ok is false where it is not so, or where the citation has a page-range.
func cutLastPage(s, first string) (sep, last, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, first+"</fpage>")
	if !ok || strings.Contains(s, "<page-range") {
		return "", "", "", false
	}
	sep, s, ok = strings.Cut(s, "<lpage>")
	if !ok || strings.IndexByte(sep, '<') >= 0 {
		return "", "", "", false
	}
	last, rest, ok = strings.Cut(s, "</lpage>")
	return sep, last, rest, ok && pageLess(last, first)
}

// parts writes element-citation from what is known.
func (w *writer) parts(c *Citation) {
	titles, data := c.Titles, c.DataTitle
	if c.PublicationType == "data" && data == "" && len(titles) > 0 { // JATS4R: the title of data is data-title
		data, titles = Escape(titles[0].Text.Plain()), titles[1:]
	}
	year := c.Year
	if year == "" && len(c.Date) >= 4 {
		year = c.Date[:4]
	}
	iso := isoYear(c.Date)
	if iso == "" {
		iso = isoYear(year)
	}

	w.start("element-citation")
	w.citationType(c.PublicationType, func(el string) bool {
		switch el {
		case "person-group":
			return len(c.PersonGroups) > 0
		case "article-title":
			return len(titles) > 0
		case "data-title":
			return data != ""
		case "source":
			return len(c.Sources) > 0
		case "year":
			return iso != ""
		case "ext-link":
			return len(c.URLs) > 0
		}
		return hasID(c.IDs)
	})
	w.langAttr(c.Lang)
	w.b = append(w.b, '>')
	for i := range c.PersonGroups {
		w.personGroup(&c.PersonGroups[i])
	}
	w.richEl2("data-title", "", data)
	w.originals("article-title", "trans-title", titles)
	for _, t := range c.ChapterTitles {
		w.richEl2("chapter-title", t.Lang, t.Text)
	}
	w.originals("source", "trans-source", c.Sources)
	w.el("edition", c.Edition)
	w.el("series", c.Series)
	w.el("conf-name", c.ConfName)
	w.el("publisher-loc", c.PublisherLoc)
	w.el("publisher-name", c.PublisherName)
	if iso != "" {
		w.typed("year", "iso-8601-date", iso, year)
		if y, month, day := dateParts(c.Date); y != "" {
			w.el("month", month)
			w.el("day", day)
		}
	} else {
		w.el("comment", year) // "in press": JATS4R wants a number in year
	}
	w.el("season", c.Season)
	w.el("volume", c.Volume)
	w.el("issue", c.Issue)
	w.el("supplement", c.Supplement)
	w.el("fpage", c.FPage)
	w.el("lpage", c.LPage)
	switch {
	case c.PageRange != "":
		w.el("page-range", c.PageRange)
	case c.LPage != "" && pageLess(c.LPage, c.FPage): // "1213-8": JATS4R takes the range as printed then
		w.el("page-range", c.FPage+"-"+c.LPage)
	}
	if c.FPage == "" && c.LPage == "" && c.PageRange == "" {
		w.el("elocation-id", c.ElocationID)
	}
	w.typed("size", "units", "pages", c.Size)
	w.el("isbn", c.ISBN)
	w.el("issn", c.ISSN)
	w.typed("version", "designator", c.Version, c.Version)
	for _, id := range c.IDs {
		if id.Value != "" {
			w.start("pub-id")
			w.pubIDType(id.Type)
			w.b = append(w.b, '>')
			w.text(id.Value)
			w.close("pub-id")
		}
	}
	for _, u := range c.URLs {
		if u != "" {
			w.raw(`<ext-link ext-link-type="uri"`)
			w.href(u)
			w.raw(` xlink:title="Online copy">`)
			w.text(u)
			w.close("ext-link")
		}
	}
	if c.AccessDate != "" {
		w.raw(`<date-in-citation`)
		if y, _, _ := dateParts(c.AccessDate); y != "" {
			w.attr("iso-8601-date", c.AccessDate)
		}
		w.raw(` content-type="access-date">`)
		w.text(c.AccessDate)
		w.close("date-in-citation")
	}
	for _, r := range c.Comments {
		w.richEl2("comment", "", r)
	}
	if c.LangNote != "" {
		w.el("comment", "("+c.LangNote+")")
	}
	w.close("element-citation")
}

// richEl2 is richLang with e-mail addresses kept: references are no personal data of the authors.
func (w *writer) richEl2(name, l string, r Rich) {
	if r != "" {
		w.start(name)
		w.langAttr(l)
		w.b = append(w.b, '>')
		w.raw(string(r))
		w.close(name)
	}
}

// originals writes the first title as it is and all others as its translations.
func (w *writer) originals(first, others string, ts []Text) {
	name := first
	for _, t := range ts {
		if t.Text != "" {
			w.richEl2(name, t.Lang, t.Text)
			name = others
		}
	}
}

// isoYear is the first four digits in s that stand alone, if they are a year of the past or present of print.
func isoYear(s string) string {
	for s != "" {
		n := leadingDigits(s)
		if n == 4 && (s[0] == '1' || s[:2] == "20") {
			return s[:4]
		}
		s = s[max(n, 1):]
	}
	return ""
}

// pageLess tells whether the number in a is less than that in b.
func pageLess(a, b string) bool {
	x, y := pageNumber(a), pageNumber(b)
	return x != "" && y != "" && (len(x) < len(y) || len(x) == len(y) && x < y)
}

// pageNumber is the digits of s without leading zeros.
func pageNumber(s string) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s), "0")
}

// personGroup writes the people of a citation; person-group-type is a closed list, other types go to custom-type.
//
// Source: JATS 1.3 Publishing, attribute person-group-type.
func (w *writer) personGroup(g *PersonGroup) {
	mark := len(w.b)
	w.start("person-group")
	switch g.Type {
	case "":
	case "allauthors", "assignee", "author", "compiler", "curator", "director", "editor", "guest-editor", "illustrator", "inventor",
		"research-assistant", "translator", "transed":
		w.attr("person-group-type", g.Type)
	default:
		w.raw(` person-group-type="custom"`)
		w.attr("custom-type", g.Type)
	}
	w.b = append(w.b, '>')
	body := len(w.b)
	for i := range g.Persons {
		p := &g.Persons[i]
		w.names(p.Names)
		w.el("collab", p.Collab)
	}
	if g.EtAl {
		w.raw("<etal/>")
	}
	if len(w.b) == body {
		w.b = w.b[:mark]
		return
	}
	w.close("person-group")
}
