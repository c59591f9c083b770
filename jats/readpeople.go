package jats

import (
	"strconv"
	"strings"
)

// collectNotes keeps author-notes, wherever they stand in the metadata, before those who point at them are read.
func (r *reader) collectNotes(m *node) {
	for _, k := range m.kids {
		switch k.name {
		case "author-notes":
			r.authorNotes(k)
		case "contrib-group":
			r.collectNotes(k)
			for _, c := range k.kids {
				if c.name == "fn" || c.name == "corresp" {
					r.note(c, "author-notes")
				}
			}
		}
	}
}

func (r *reader) authorNotes(n *node) {
	title := r.rich(n.child("title"), InlineMarkup)
	rest := &node{name: n.name, pos: n.pos}
	for _, k := range n.kids {
		switch k.name {
		case "corresp", "fn":
			r.note(k, "author-notes")
			if title != "" && len(r.a.Notes) > 0 {
				if last := &r.a.Notes[len(r.a.Notes)-1]; last.Title == "" {
					last.Title = title
				}
				title = ""
			}
		case "fn-group":
			r.authorNotes(k)
		case "title", "label":
		default:
			rest.kids = append(rest.kids, k)
		}
	}
	if ps := r.paras(rest); len(ps) > 0 {
		r.a.Notes = append(r.a.Notes, Note{P: ps, Title: title})
	}
}

// note keeps a corresp or fn and remembers its id.
func (r *reader) note(n *node, place string) string {
	id := n.attr("id")
	if have := r.notes[id]; id != "" && have != "" {
		return have
	}
	note := Note{Type: n.attr("fn-type"), Lang: r.lang(n)}
	if place != "author-notes" {
		note.Place = place
	}
	if n.name == "corresp" {
		note.Type = "corresp"
	}
	if note.Type == "conflict" || note.Type == "COI-statement" {
		note.Type = "coi-statement"
	}
	if note.Type == "custom" && n.attr("custom-type") != "" {
		note.Type = n.attr("custom-type")
	}
	note.Label = plainOf(n.child("label"))
	if note.Label == "" && n.attr("symbol") != "" {
		note.Label = n.attr("symbol")
	}
	inner := &node{name: n.name, pos: n.pos}
	for _, k := range n.kids {
		switch k.name {
		case "label":
		case "title":
			note.Title = r.rich(k, InlineMarkup)
		case "contrib":
			if k.find("surname") != nil || k.find("given-names") != nil || k.find("string-name") != nil || k.find("collab") != nil {
				r.contrib(k, &r.a.Contribs, nil)
				continue
			}
			inner.kids = append(inner.kids, &node{name: "p", pos: k.pos, kids: k.kids})
		default:
			inner.kids = append(inner.kids, k)
		}
	}
	if n.name == "corresp" {
		if t := r.rich(inner, ParaMarkup); t != "" {
			note.P = []Rich{t}
		}
	} else {
		note.P = r.paras(inner)
	}
	if len(note.P) == 0 && note.Label == "" && note.Title == "" {
		return ""
	}
	note.ID = "n" + strconv.Itoa(len(r.a.Notes)+1)
	if id != "" {
		if r.notes == nil {
			r.notes = map[string]string{}
		}
		r.notes[id] = note.ID
	}
	r.a.Notes = append(r.a.Notes, note)
	return note.ID
}

// aff keeps an affiliation, or several forms of one, and returns its id in the article.
func (r *reader) aff(n *node) string {
	id := n.attr("id")
	if have := r.affs[id]; id != "" && have != "" {
		return have
	}
	var a Aff
	forms := []*node{n}
	if n.name == "aff-alternatives" {
		forms = nil
		for _, k := range n.kids {
			if k.name == "aff" {
				forms = append(forms, k)
			}
		}
	}
	for _, f := range forms {
		if l := plainOf(f.child("label")); a.Label == "" {
			a.Label = l
		}
		if form := r.affForm(f); form.Text != "" || len(form.Institutions) > 0 {
			a.Forms = append(a.Forms, form)
		}
	}
	if len(a.Forms) == 0 {
		return ""
	}
	a.ID = "aff" + strconv.Itoa(len(r.a.Affs)+1)
	if r.affs == nil {
		r.affs = map[string]string{}
	}
	if id != "" {
		r.affs[id] = a.ID
	}
	for _, f := range forms { // an xref may point at one of the forms
		if i := f.attr("id"); i != "" {
			r.affs[i] = a.ID
		}
	}
	r.a.Affs = append(r.a.Affs, a)
	return a.ID
}

func (r *reader) affForm(n *node) AffForm {
	f := AffForm{Lang: r.lang(n)}
	labels := 0
	inner := &node{name: n.name, pos: n.pos}
	for _, k := range n.kids {
		if k.name == "label" {
			if labels++; labels == 1 {
				continue
			}
		}
		inner.kids = append(inner.kids, k)
	}
	f.Text = r.rich(inner, AffMarkup)
	r.affParts(n, &f)
	// An affiliation whose source is only elements, with no punctuation between, is written from its parts.
	return f
}

func (r *reader) affParts(n *node, f *AffForm) {
	for _, k := range n.kids {
		e := lookup(k, affText)
		if e == nil {
			if k.name != "" {
				r.affParts(k, f)
			}
			continue
		}
		switch e.name {
		case "institution":
			if v := plainOf(k); v != "" {
				t := k.attr("content-type")
				if k.name == "named-content" || k.name == "addr-line" {
					t = "dept"
				}
				f.Institutions = append(f.Institutions, Institution{Name: v, Type: t})
			}
		case "institution-wrap":
			r.institutionWrap(k, f)
		case "institution-id":
			if v := plainOf(k); v != "" {
				f.Institutions = append(f.Institutions, Institution{IDs: []ID{institutionID(k, v)}})
			}
		case "addr-line":
			if hasElements(k) {
				var sub AffForm
				r.affParts(k, &sub)
				if sub.City+sub.State+sub.PostalCode+sub.Country != "" || len(sub.Institutions) > 0 {
					r.affParts(k, f)
					continue
				}
			}
			v := plainOf(k)
			if v == "" {
				continue
			}
			switch k.attr("content-type") {
			case "city":
				f.City = v
			case "state":
				f.State = v
			case "postcode", "postal-code":
				f.PostalCode = v
			case "country":
				f.Country = v
			default:
				f.Address = append(f.Address, v)
			}
		case "city":
			f.City = plainOf(k)
		case "state":
			f.State = plainOf(k)
		case "postal-code":
			f.PostalCode = plainOf(k)
		case "country":
			if f.Country == "" {
				f.Country = plainOf(k)
			}
			if c := e.mendAttr("country", k.attr("country")); c != "" && f.CountryCode == "" {
				f.CountryCode = c
			}
		default:
			r.affParts(k, f)
		}
	}
}

func institutionID(n *node, v string) ID {
	t := elems["institution-id"].mendAttr("institution-id-type", n.attr("institution-id-type"))
	if t == "" {
		t = institutionIDType(v)
	}
	if strings.EqualFold(t, "FundRef") || strings.Contains(v, "10.13039/") || strings.EqualFold(t, "open-funder-registry") {
		if d := bareDOI(v); d != "" {
			return ID{"doi", d}
		}
	}
	return ID{t, v}
}

// institutionWrap adds one Institution for the name or names with the identifiers beside them.
func (r *reader) institutionWrap(n *node, f *AffForm) {
	var ids []ID
	at := -1
	for _, k := range n.kids {
		switch k.name {
		case "institution":
			if v := plainOf(k); v != "" {
				f.Institutions = append(f.Institutions, Institution{Name: v, Type: k.attr("content-type")})
				if at < 0 || k.attr("content-type") == "" && f.Institutions[at].Type != "" {
					at = len(f.Institutions) - 1
				}
			}
		case "institution-id":
			if v := plainOf(k); v != "" {
				ids = append(ids, institutionID(k, v))
			}
		}
	}
	if len(ids) > 0 {
		if at < 0 {
			f.Institutions = append(f.Institutions, Institution{})
			at = len(f.Institutions) - 1
		}
		f.Institutions[at].IDs = ids
	}
}

func (r *reader) contribGroup(n *node, to *[]Contrib) {
	before := len(*to)
	var role []Role
	for _, k := range n.kids {
		switch k.name {
		case "contrib":
			r.contrib(k, to, n)
		case "aff", "aff-alternatives":
			r.aff(k)
		case "on-behalf-of":
			if t := r.rich(k, emphMarkup); t != "" && len(*to) > before {
				(*to)[len(*to)-1].OnBehalfOf = t
			} else if t != "" {
				*to = append(*to, Contrib{OnBehalfOf: t})
			}
		case "role":
			role = append(role, r.role(k))
		case "author-comment":
			if len(*to) > before {
				c := &(*to)[len(*to)-1]
				c.Comments = append(c.Comments, r.paras(k)...)
			}
		case "email":
			if len(*to) > before {
				c := &(*to)[len(*to)-1]
				c.Emails = append(c.Emails, plainOf(k))
			}
		case "contrib-group":
			r.contribGroup(k, to)
		}
	}
	for i := before; i < len(*to); i++ {
		c := &(*to)[i]
		if len(c.Roles) == 0 {
			c.Roles = append(c.Roles, role...)
		}
	}
}

// contrib reads a contributor and the notes and affiliations inside it or pointed at.
func (r *reader) contrib(n *node, to *[]Contrib, group *node) {
	c := Contrib{Type: n.attr("contrib-type"), Corresp: n.attr("corresp") == "yes", EqualContrib: n.attr("equal-contrib") == "yes", Deceased: n.attr("deceased") == "yes"}
	if c.Type == "" && group != nil {
		switch t := group.attr("content-type"); t {
		case "author", "authors":
			c.Type = "author"
		case "editor", "editors", "section", "senior-editor":
			c.Type = "editor"
		}
	}
	if c.Type == "person" {
		c.Type = ""
	}
	r.rids(n, &c, "")
	r.contribParts(n, &c, to)
	*to = append(*to, c)
}

func (r *reader) rids(n *node, c *Contrib, refType string) {
	for _, id := range strings.Fields(n.attr("rid")) {
		switch {
		case r.affs[id] != "":
			c.Affs = appendNew(c.Affs, r.affs[id])
		case r.notes[id] != "":
			c.Notes = appendNew(c.Notes, r.notes[id])
			for i := range r.a.Notes {
				if r.a.Notes[i].ID == r.notes[id] {
					c.Corresp = c.Corresp || r.a.Notes[i].Type == "corresp"
					c.EqualContrib = c.EqualContrib || r.a.Notes[i].Type == "equal"
					c.Deceased = c.Deceased || r.a.Notes[i].Type == "deceased"
				}
			}
		case refType == "aff" || refType == "corresp" || refType == "author-notes":
			r.warn(n, "rid-dropped", "%q is no id of an affiliation or note here", id)
		}
	}
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}

func (r *reader) contribParts(n *node, c *Contrib, to *[]Contrib) {
	for _, k := range n.kids {
		switch k.name {
		case "name", "string-name":
			if nm, ok := r.name(k); ok {
				c.Names = append(c.Names, nm)
			}
		case "name-alternatives", "collab-alternatives", "collab-wrap":
			r.contribParts(k, c, to)
		case "collab", "collab-name":
			r.collab(k, c)
		case "collab-name-alternatives":
			r.contribParts(k, c, to)
		case "anonymous":
			c.Anonymous = true
		case "contrib-id":
			id := ContribID{Type: k.attr("contrib-id-type"), Value: plainOf(k)}
			switch k.attr("authenticated") {
			case "true":
				id.Authenticated = new(bool)
				*id.Authenticated = true
			case "false":
				id.Authenticated = new(bool)
			}
			if id.Value != "" {
				c.IDs = append(c.IDs, id)
			}
		case "role":
			if t := k.attr("content-type"); t == "position" || t == "occupation" {
				if p := r.text(k, emphMarkup); p.Text != "" {
					c.Positions = append(c.Positions, p)
				}
				continue
			}
			if ro := r.role(k); ro.Credit != "" || ro.Text != "" {
				c.Roles = append(c.Roles, ro)
			}
		case "degrees":
			if v := plainOf(k); v != "" {
				c.Degrees = append(c.Degrees, v)
			}
		case "email":
			if v := plainOf(k); v != "" {
				c.Emails = append(c.Emails, v)
			}
		case "uri", "ext-link":
			u := k.attr("xlink:href")
			if u == "" {
				u = plainOf(k)
			}
			if id, ok := orcid(u); ok && strings.Contains(u, "orcid.org") {
				c.IDs = append(c.IDs, ContribID{Type: "orcid", Value: id})
			} else if u != "" {
				c.URIs = appendNew(c.URIs, u)
			}
		case "address":
			r.contribParts(k, c, to)
		case "phone", "fax":
		case "xref":
			r.rids(k, c, k.attr("ref-type"))
		case "aff", "aff-alternatives":
			if id := r.aff(k); id != "" {
				c.Affs = appendNew(c.Affs, id)
			}
		case "fn", "corresp":
			if id := r.note(k, "author-notes"); id != "" {
				c.Notes = appendNew(c.Notes, id)
			}
		case "bio":
			c.Bio = append(c.Bio, r.paras(k)...)
		case "on-behalf-of":
			c.OnBehalfOf = r.rich(k, emphMarkup)
		case "author-comment":
			c.Comments = append(c.Comments, r.paras(k)...)
		case "contrib-group":
			r.contribGroup(k, &c.Members)
		case "label", "x", "":
		default:
			if hasText(k) {
				r.warn(k, "element-dropped", "element %q of a contributor was left aside", k.name)
			}
		}
	}
}

// name reads a name; loose or doubled parts leave it as printed.
func (r *reader) name(n *node) (Name, bool) {
	nm := Name{Lang: r.lang(n)}
	if s := n.attr("name-style"); nameStyles[s] {
		nm.Style = s
	}
	loose := false
	seen := map[string]bool{}
	for _, k := range n.kids {
		if k.name == "" {
			loose = loose || hasLetter(k.text)
			continue
		}
		v := plainOf(k)
		loose = loose || seen[k.name] && v != ""
		seen[k.name] = true
		switch k.name {
		case "surname":
			nm.Surname = v
		case "given-names":
			nm.GivenNames = v
		case "prefix":
			nm.Prefix = v
		case "suffix":
			nm.Suffix = v
		case "x":
		default:
			loose = true
		}
	}
	if loose || nm.Surname == "" && nm.GivenNames == "" {
		nm.Surname, nm.GivenNames, nm.Prefix, nm.Suffix = "", "", "", ""
		nm.Full = plainOf(n)
	}
	return nm, nm.Surname+nm.GivenNames+nm.Full != ""
}

func hasLetter(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0xC0 && !(c >= 0x2000 && c < 0x3040) && c != 0x3000 && !(c >= 0xFF00 && c < 0xFF21)
	}) >= 0
}

func (r *reader) collab(n *node, c *Contrib) {
	inner := &node{name: n.name, pos: n.pos}
	for _, k := range n.kids {
		switch k.name {
		case "contrib-group":
			r.contribGroup(k, &c.Members)
		case "contrib":
			r.contrib(k, &c.Members, nil)
		case "xref":
			r.rids(k, c, k.attr("ref-type"))
		case "aff", "aff-alternatives":
			if id := r.aff(k); id != "" {
				c.Affs = appendNew(c.Affs, id)
			}
		case "email":
			c.Emails = append(c.Emails, plainOf(k))
		case "address":
			r.contribParts(k, c, nil)
		case "fn":
			if id := r.note(k, "author-notes"); id != "" {
				c.Notes = appendNew(c.Notes, id)
			}
		default:
			inner.kids = append(inner.kids, k)
		}
	}
	if t := r.rich(inner, subjectMarkup); t != "" {
		c.Collab = append(c.Collab, Text{Lang: r.lang(n), Text: t})
	}
}

// role reads a role and knows the terms of CRediT by term, address or loose spelling.
func (r *reader) role(n *node) Role {
	ro := Role{Lang: r.lang(n), Text: r.rich(n, emphMarkup)}
	text := ro.Text.Plain()
	for _, s := range [...]string{n.attr("vocab-term-identifier"), n.attr("vocab-term"), n.attr("content-type"), text} {
		if ro.Credit = credit(s); ro.Credit != "" {
			break
		}
	}
	if ro.Credit == text {
		ro.Text = ""
	}
	switch d := strings.ToLower(n.attr("degree-contribution")); d {
	case "lead", "equal", "supporting":
		ro.Degree = strings.ToUpper(d[:1]) + d[1:]
	}
	return ro
}
