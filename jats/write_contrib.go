package jats

import "strings"

// contribs writes the authors in one contrib-group and all others in a second, each in their order.
func (w *writer) contribs(cs []Contrib) {
	equal := 0
	for i := range cs {
		if isAuthor(&cs[i]) && cs[i].EqualContrib {
			equal++
		}
	}
	for _, authors := range [...]bool{true, false} {
		mark := len(w.b)
		w.raw("<contrib-group>\n")
		body := len(w.b)
		for i := range cs {
			if isAuthor(&cs[i]) == authors {
				w.contrib(&cs[i], false, equal > 1 || !authors)
			}
		}
		w.group(mark, body, "contrib-group")
	}
}

func isAuthor(c *Contrib) bool { return c.Type == "" || c.Type == "author" }

// contrib writes one contributor, or nothing when nothing of it can be shown. A member of a collab has no contrib-type "author", as
// JATS4R wants; equal-contrib is written where more than one author has it, because of one alone it says nothing.
func (w *writer) contrib(c *Contrib, member, equal bool) {
	mark := len(w.b)
	w.start("contrib")
	switch {
	case !isAuthor(c):
		w.attr("contrib-type", c.Type)
	case !member:
		w.raw(` contrib-type="author"`)
	}
	if c.Corresp {
		w.raw(` corresp="yes"`)
	}
	if c.EqualContrib && equal {
		w.raw(` equal-contrib="yes"`)
	}
	if c.Deceased {
		w.raw(` deceased="yes"`)
	}
	w.b = append(w.b, '>')
	body := len(w.b)
	for _, id := range c.IDs {
		if id.Value == "" || id.Type == "" {
			continue
		}
		w.start("contrib-id")
		w.attr("contrib-id-type", id.Type)
		if id.Authenticated != nil && *id.Authenticated {
			w.raw(` authenticated="true"`)
		} else if id.Authenticated != nil {
			w.raw(` authenticated="false"`)
		}
		w.b = append(w.b, '>')
		w.text(id.Value)
		w.close("contrib-id")
	}
	if c.Anonymous {
		w.raw("<anonymous/>")
	}
	w.collab(c)
	w.names(c.Names)
	for _, d := range c.Degrees {
		w.el("degrees", d)
	}
	for _, r := range c.Roles {
		w.role(r)
	}
	for _, p := range c.Positions {
		if w.says(p.Text) {
			w.raw(`<role content-type="position"`)
			w.otherLang(p.Lang)
			w.b = append(w.b, '>')
			w.rich(p.Text)
			w.close("role")
		}
	}
	w.xrefs(c)
	if w.o.Emails {
		for _, e := range c.Emails {
			w.el("email", e)
		}
	}
	for _, u := range c.URIs {
		if u != "" {
			w.raw(`<ext-link ext-link-type="uri"`)
			w.href(u)
			w.raw(` xlink:title="Web page">`)
			w.text(u)
			w.close("ext-link")
		}
	}
	w.richEl("on-behalf-of", c.OnBehalfOf)
	at := len(w.b)
	w.open("bio")
	from := len(w.b)
	w.ps(c.Bio)
	w.group(at, from, "bio")
	at = len(w.b)
	w.open("author-comment")
	from = len(w.b)
	w.ps(c.Comments)
	w.group(at, from, "author-comment")
	w.group(mark, body, "contrib")
}

// collab writes the group's name in each language, with its members in the first.
func (w *writer) collab(c *Contrib) {
	n := 0
	for _, t := range c.Collab {
		if w.says(t.Text) {
			n++
		}
	}
	if n == 0 && len(c.Members) == 0 {
		return
	}
	if n > 1 {
		w.open("collab-alternatives")
	}
	members := func() {
		mark := len(w.b)
		w.raw("<contrib-group>\n")
		body := len(w.b)
		for i := range c.Members {
			w.contrib(&c.Members[i], true, true)
		}
		w.group(mark, body, "contrib-group")
	}
	first := true
	for _, t := range c.Collab {
		if !w.says(t.Text) {
			continue
		}
		w.start("collab")
		if n > 1 {
			w.langAttr(t.Lang)
		} else {
			w.otherLang(t.Lang)
		}
		w.b = append(w.b, '>')
		w.rich(t.Text)
		if first {
			members()
		}
		first = false
		w.close("collab")
	}
	if n > 1 {
		w.close("collab-alternatives")
	}
	if n == 0 {
		mark := len(w.b)
		w.open("collab")
		body := len(w.b)
		members()
		if len(w.b) == body {
			w.b = w.b[:mark]
		} else {
			w.close("collab")
		}
	}
}

// names writes one person's names: name-alternatives where there are several.
func (w *writer) names(ns []Name) {
	n := 0
	for i := range ns {
		if ns[i].says() {
			n++
		}
	}
	if n > 1 {
		w.open("name-alternatives")
	}
	for i := range ns {
		if ns[i].says() {
			w.name(&ns[i], n > 1)
		}
	}
	if n > 1 {
		w.close("name-alternatives")
	}
}

func (n *Name) says() bool {
	return n.Surname != "" || n.GivenNames != "" || n.Full != "" || n.Prefix != "" || n.Suffix != ""
}

// name writes name, or string-name when no surname or given name is known. The style is stated where the DTD's default, "western", is
// wrong: for a name of given names only, and in Chinese, Japanese and Korean characters.
func (w *writer) name(n *Name, alternative bool) {
	parts := n.Surname != "" || n.GivenNames != ""
	el, style := "name", n.Style
	if !parts {
		el = "string-name"
	}
	switch style {
	case "western", "eastern", "islensk", "given-only":
	default:
		switch {
		case !parts:
			style = ""
		case n.Surname == "":
			style = "given-only"
		case isCJK(n.Surname):
			style = "eastern"
		default:
			style = ""
		}
	}
	w.start(el)
	w.attr("name-style", style)
	if alternative {
		w.langAttr(n.Lang)
	} else {
		w.otherLang(n.Lang)
	}
	w.b = append(w.b, '>')
	if parts {
		w.el("surname", n.Surname)
		w.el("given-names", n.GivenNames)
		w.el("prefix", n.Prefix)
		w.el("suffix", n.Suffix)
	} else if n.Full != "" {
		w.text(n.Full)
	} else {
		w.el("prefix", n.Prefix)
		if n.Prefix != "" && n.Suffix != "" {
			w.b = append(w.b, ' ')
		}
		w.el("suffix", n.Suffix)
	}
	w.close(el)
}

// creditRoles are the terms of CRediT, spelt as the JATS4R schematron has them, with the last part of their URI.
//
// Source: ANSI/NISO Z39.104-2022; JATS4R CRediT taxonomy recommendation.
var creditRoles = func() map[string]creditTerm {
	m := map[string]creditTerm{}
	for _, t := range []creditTerm{
		{"Conceptualization", "conceptualization"},
		{"Data curation", "data-curation"},
		{"Formal Analysis", "formal-analysis"},
		{"Funding acquisition", "funding-acquisition"},
		{"Investigation", "investigation"},
		{"Methodology", "methodology"},
		{"Project administration", "project-administration"},
		{"Resources", "resources"},
		{"Software", "software"},
		{"Supervision", "supervision"},
		{"Validation", "validation"},
		{"Visualization", "visualization"},
		{"Writing – original draft", "writing-original-draft"},
		{"Writing – review & editing", "writing-review-editing"},
	} {
		m[roleKey(t.term)] = t
	}
	return m
}()

type creditTerm struct{ term, slug string }

// roleKey is the letters of a term in lower case, so that every dash and spelling of "and" is the same.
func roleKey(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r
		}
		return -1
	}, strings.ReplaceAll(strings.ToLower(s), " and ", " "))
}

func (w *writer) role(r Role) {
	c, ok := creditRoles[roleKey(r.Credit)]
	switch {
	case ok:
		w.raw(`<role vocab="credit" vocab-identifier="https://credit.niso.org/"`)
		w.attr("vocab-term", c.term)
		w.raw(` vocab-term-identifier="https://credit.niso.org/contributor-roles/` + c.slug + `/"`)
	case w.says(r.Text) || r.Credit != "":
		w.start("role")
	default:
		return
	}
	w.attr("degree-contribution", r.Degree)
	w.otherLang(r.Lang)
	w.b = append(w.b, '>')
	switch {
	case w.says(r.Text):
		w.rich(r.Text)
	case ok:
		w.text(c.term)
	default:
		w.text(r.Credit)
	}
	w.close("role")
}

// xrefs writes the links of a contributor to affiliations and notes that are there.
func (w *writer) xrefs(c *Contrib) {
	for _, id := range c.Affs {
		if i := w.affs[id]; i > 0 {
			w.raw(`<xref ref-type="aff"`)
			w.id("rid", "aff", i)
			w.label(w.affLabel(&w.a.Affs[i-1]))
		}
	}
	for _, id := range c.Notes {
		i := w.notes[id]
		if i == 0 {
			continue
		}
		n := &w.a.Notes[i-1]
		switch n.kind() {
		case "cor":
			w.raw(`<xref ref-type="corresp"`)
		case "fn":
			w.raw(`<xref ref-type="fn"`)
		default:
			w.raw(`<xref ref-type="other"`)
		}
		w.id("rid", n.kind(), w.numbers[i-1])
		w.label(n.Label)
	}
}

func (w *writer) label(s string) {
	if s == "" {
		w.raw("/>")
		return
	}
	w.b = append(w.b, '>')
	w.text(s)
	w.close("xref")
}

// affSays tells whether there is anything to write of an affiliation.
func (w *writer) affSays(a *Aff) bool {
	for i := range a.Forms {
		if w.formSays(&a.Forms[i]) {
			return true
		}
	}
	return false
}

func (w *writer) formSays(f *AffForm) bool {
	if w.says(f.Text) || len(f.Address) > 0 || f.City != "" || f.State != "" || f.PostalCode != "" || f.Country != "" || isCountry(f.CountryCode) {
		return true
	}
	for _, i := range f.Institutions {
		if i.Name != "" || hasID(i.IDs) {
			return true
		}
	}
	return false
}

// isCountry tells whether c has the form of a code of ISO 3166-1 alpha-2.
func isCountry(c string) bool {
	return len(c) == 2 && 'A' <= c[0] && c[0] <= 'Z' && 'A' <= c[1] && c[1] <= 'Z'
}

// aff writes the affiliation at index i: aff, or aff-alternatives where it is there in several languages.
func (w *writer) aff(i int) {
	a := &w.a.Affs[i]
	n := 0
	for k := range a.Forms {
		if w.formSays(&a.Forms[k]) {
			n++
		}
	}
	if n > 1 {
		w.start("aff-alternatives")
		w.id("id", "aff", i+1)
		w.raw(">\n")
	}
	for k := range a.Forms {
		f := &a.Forms[k]
		if !w.formSays(f) {
			continue
		}
		w.start("aff")
		if n == 1 {
			w.id("id", "aff", i+1)
			w.otherLang(f.Lang)
		} else {
			w.langAttr(f.Lang)
		}
		w.b = append(w.b, '>')
		label, text := a.Label, f.Text
		if label == "" {
			label, text = cutMark(text)
		}
		w.el("label", label)
		switch {
		case !w.says(text):
			w.affParts(f)
		case text.HasMarkup():
			w.rich(text)
		default:
			w.affText(f)
		}
		w.closeN("aff")
	}
	if n > 1 {
		w.closeN("aff-alternatives")
	}
}

// affLabel is the label that an affiliation is written with.
func (w *writer) affLabel(a *Aff) string {
	for k := range a.Forms {
		if f := &a.Forms[k]; a.Label == "" && w.formSays(f) {
			label, _ := cutMark(f.Text)
			return label
		}
	}
	return a.Label
}

// cutMark takes a raised mark of a few characters, which JATS4R wants as a label, from the beginning of an affiliation.
func cutMark(r Rich) (label string, rest Rich) {
	if s, ok := strings.CutPrefix(string(r), "<sup>"); ok {
		mark, s, ok := strings.Cut(s, "</sup>")
		if ok && mark != "" && len(mark) <= 4 && strings.IndexByte(mark, '<') < 0 {
			return unescape(mark), Rich(strings.TrimLeft(s, " "))
		}
	}
	return "", r
}

// affParts writes the parts of an affiliation, parted by commas.
func (w *writer) affParts(f *AffForm) {
	from := len(w.b)
	sep := func() {
		if len(w.b) > from {
			w.raw(", ")
		}
	}
	for i := range f.Institutions {
		if in := &f.Institutions[i]; in.Name != "" || hasID(in.IDs) {
			sep()
			w.institution(in, in.Name)
		}
	}
	for _, s := range f.Address {
		if s != "" {
			sep()
			w.el("addr-line", s)
		}
	}
	for _, p := range [...]struct{ name, s string }{{"city", f.City}, {"state", f.State}, {"postal-code", f.PostalCode}} {
		if p.s != "" {
			sep()
			w.el(p.name, p.s)
		}
	}
	if f.Country != "" || isCountry(f.CountryCode) {
		sep()
		w.country(f, f.Country)
	}
}

// country writes country; one that is only known by its code says the code.
func (w *writer) country(f *AffForm, name string) {
	w.start("country")
	if isCountry(f.CountryCode) {
		w.attr("country", f.CountryCode)
		if name == "" {
			name = f.CountryCode
		}
	}
	w.b = append(w.b, '>')
	w.text(name)
	w.close("country")
}

// institution writes institution, in institution-wrap with its identifiers when it has any.
func (w *writer) institution(in *Institution, name string) {
	wrap := hasID(in.IDs)
	if wrap {
		w.open("institution-wrap")
	}
	w.typed("institution", "content-type", in.Type, name)
	for _, id := range in.IDs {
		w.institutionID(id)
	}
	if wrap {
		w.close("institution-wrap")
	}
}

// institutionID writes institution-id; JATS4R wants a type always, and three attributes for an id of the Open Funder Registry.
func (w *writer) institutionID(id ID) {
	if id.Value == "" {
		return
	}
	t := id.Type
	if t == "" {
		t = "other"
	}
	w.start("institution-id")
	w.attr("institution-id-type", t)
	if t == "doi" && strings.HasPrefix(id.Value, "10.13039/") {
		w.raw(` vocab="open-funder-registry" vocab-identifier="10.13039/open_funder_registry"`)
	}
	w.b = append(w.b, '>')
	w.text(id.Value)
	w.close("institution-id")
}

// affText writes an affiliation as printed, with those of its parts marked that are found in it in their order. Identifiers of an
// institution whose name is not found follow the text.
func (w *writer) affText(f *AffForm) {
	rest := unescape(string(f.Text))
	mark := func(s string, write func()) bool {
		i := strings.Index(rest, s)
		if s == "" || i < 0 {
			return false
		}
		w.text(rest[:i])
		write()
		rest = rest[i+len(s):]
		return true
	}
	var lost []*Institution
	for i := range f.Institutions {
		in := &f.Institutions[i]
		if !mark(in.Name, func() { w.institution(in, in.Name) }) && hasID(in.IDs) {
			lost = append(lost, in)
		}
	}
	for _, s := range f.Address {
		mark(s, func() { w.el("addr-line", s) })
	}
	// These three stand in any order, so the text says which comes first.
	type part struct{ name, s string }
	parts := []part{{"city", f.City}, {"state", f.State}, {"postal-code", f.PostalCode}, {"country", f.Country}}
	for len(parts) > 0 {
		best, at := -1, len(rest)
		for k, p := range parts {
			if i := strings.Index(rest, p.s); p.s != "" && i >= 0 && i < at {
				best, at = k, i
			}
		}
		if best < 0 {
			break
		}
		p := parts[best]
		mark(p.s, func() {
			if p.name == "country" {
				w.country(f, p.s)
			} else {
				w.el(p.name, p.s)
			}
		})
		parts = append(parts[:best], parts[best+1:]...)
	}
	w.text(rest)
	for _, in := range lost {
		w.raw(" ")
		w.institution(in, "")
	}
}

// inBack tells whether a note is written in back and not in author-notes.
func (n *Note) inBack() bool { return n.Place != "" && n.Place != "author-notes" || n.isData() }

// isData tells whether a note is a data availability statement, which JATS4R wants as a sec of back.
func (n *Note) isData() bool {
	return strings.HasPrefix(strings.ToLower(strings.NewReplacer(" ", "-", "_", "-").Replace(n.Type)), "data-availability")
}

// isConflict tells whether a note is a conflict of interest statement, of which JATS4R knows one spelling.
//
// Source: JATS4R conflict of interest statements.
func (n *Note) isConflict() bool {
	switch strings.ToLower(strings.ReplaceAll(n.Type, "_", "-")) {
	case "coi-statement", "conflict", "conflict-statement", "conflict-of-interest", "conflict-of-interests", "conflicts-of-interest",
		"competing-interest", "competing-interests", "conflict-interest":
		return true
	}
	return false
}

// kind is the beginning of the note's id.
func (n *Note) kind() string {
	switch {
	case n.inBack() && !n.isConflict():
		return "n"
	case n.Type == "corresp":
		return "cor"
	}
	return "fn"
}

func (w *writer) noteSays(n *Note) bool {
	if w.says(n.Title) {
		return true
	}
	for _, p := range n.P {
		if w.says(p) {
			return true
		}
	}
	return false
}

// authorNotes writes author-notes: corresp, then fn.
func (w *writer) authorNotes() {
	mark := len(w.b)
	w.raw("<author-notes>\n")
	body := len(w.b)
	for i := range w.a.Notes {
		n := &w.a.Notes[i]
		if n.inBack() && !n.isConflict() || !w.noteSays(n) {
			continue
		}
		if n.Type == "corresp" {
			w.start("corresp")
			w.id("id", "cor", w.numbers[i])
			w.otherLang(n.Lang)
			w.b = append(w.b, '>')
			w.el("label", n.Label)
			sep := false
			for _, p := range append([]Rich{asParagraph(n.Title)}, n.P...) {
				if w.says(p) {
					if sep {
						w.b = append(w.b, ' ')
					}
					w.corresp(p)
					sep = true
				}
			}
			w.closeN("corresp")
			continue
		}
		w.start("fn")
		w.id("id", "fn", w.numbers[i])
		w.fnType(n)
		w.otherLang(n.Lang)
		w.b = append(w.b, '>')
		w.el("label", n.Label)
		w.richEl("p", asParagraph(n.Title)) // fn has no title
		w.ps(n.P)
		w.closeN("fn")
	}
	w.group(mark, body, "author-notes")
}

// corresp writes a paragraph in corresp, which holds neither lists nor formulas: one that has some is written as plain text.
func (w *writer) corresp(p Rich) {
	s := string(p)
	if !strings.Contains(s, "<list") && !strings.Contains(s, "-formula") && !strings.Contains(s, "<alternatives") {
		w.rich(p)
		return
	}
	if !w.o.Emails {
		s = withoutEmails(s)
	}
	w.text(Rich(s).Plain())
}

// fnType writes fn-type, a closed list; other types go to custom-type.
//
// Source: JATS 1.3 Publishing, attribute fn-type.
func (w *writer) fnType(n *Note) {
	if n.isConflict() {
		w.raw(` fn-type="coi-statement"`)
		return
	}
	switch n.Type {
	case "":
	case "abbr", "com", "con", "corresp", "current-aff", "deceased", "edited-by", "equal", "financial-disclosure", "on-leave",
		"participating-researchers", "presented-at", "presented-by", "present-address", "previously-at", "study-group-members",
		"supplementary-material", "supported-by", "other":
		w.attr("fn-type", n.Type)
	case "custom":
		w.raw(` fn-type="other"`)
	default:
		w.raw(` fn-type="custom"`)
		w.attr("custom-type", n.Type)
	}
}

// note writes a note outside of author-notes. i is its index + 1 for the id, 0 for none. A data availability statement is the sec that
// JATS4R wants if it has a title, which a sec must have; else it is notes marked by specific-use.
func (w *writer) note(n *Note, i int) {
	if !w.noteSays(n) {
		return
	}
	el := "notes"
	if n.isData() && w.says(n.Title) && i > 0 {
		el = "sec"
	}
	w.start(el)
	if i > 0 {
		w.id("id", "n", i)
	}
	switch {
	case el == "sec":
		w.raw(` sec-type="data-availability"`)
	case n.isData():
		w.raw(` specific-use="data-availability"`)
	default:
		w.attr("notes-type", n.Type)
	}
	w.otherLang(n.Lang)
	w.b = append(w.b, '>')
	w.el("label", n.Label)
	w.richEl("title", n.Title)
	w.ps(n.P)
	w.closeN(el)
}
