package oaipmh

import (
	"strings"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// mods reads a record of MODS 3.
func (r *reader) mods(e *etree.Element) {
	a := r.a
	for _, l := range children(e, "language") { // first: other elements need it
		r.modsLanguage(l)
	}
	for _, k := range e.ChildElements() {
		text := textIn(k)
		switch k.Tag {
		case "titleInfo":
			r.modsTitle(k)
		case "name":
			a.Contribs = append(a.Contribs, r.modsName(k))
		case "typeOfResource":
			r.typ(text)
		case "genre":
			r.typ(text)
		case "originInfo":
			r.modsOrigin(k, "")
		case "language":
		case "abstract":
			kind := ""
			if t := strings.ToLower(attr(k, "type")); t != "" && t != "abstract" && t != "summary" {
				kind = t
			}
			r.abstract(langOf(k), kind, rawText(k))
		case "tableOfContents":
			r.meta("contents", text)
		case "note":
			r.modsNote(k)
		case "subject":
			r.modsSubject(k)
		case "classification":
			if authority := attr(k, "authority"); classifications[strings.ToLower(authority)] != "" {
				r.code(classifications[strings.ToLower(authority)], text)
			} else if text != "" {
				r.subjGroup(authority, langOf(k), jats.Subject{Text: jats.Escape(text)})
			}
		case "relatedItem":
			r.modsRelated(k)
		case "identifier":
			kind := attr(k, "type")
			if attr(k, "invalid") == "yes" {
				r.meta("invalid "+kind, text)
			} else {
				r.identifier(kind, text)
			}
		case "location":
			r.modsLocation(k)
		case "accessCondition":
			uri := attr(k, "href")
			r.rights(langOf(k), text, uri)
		case "part":
			r.modsPart(k)
		case "physicalDescription":
			for _, p := range k.ChildElements() {
				switch p.Tag {
				case "internetMediaType":
					r.format(textIn(p))
				case "extent":
					r.meta("extent", textIn(p))
				default:
					r.meta("physical description", textIn(p))
				}
			}
		case "targetAudience":
			r.meta("audience", text)
		case "recordInfo", "extension": // of the catalogue and of its software
		default:
			r.meta(k.Tag, text)
		}
	}
}

func (r *reader) modsLanguage(e *etree.Element) {
	code := ""
	for _, t := range children(e, "languageTerm") {
		if code == "" || attr(t, "type") == "code" {
			code = textIn(t)
		}
	}
	if code == "" {
		code = textIn(e)
	}
	if code != "" {
		r.language(code)
	}
}

// titleText is a titleInfo as a title with subtitle; the number and name of a part follow the title.
func (r *reader) titleText(e *etree.Element) jats.Title {
	t := jats.Title{Lang: langOf(e)}
	if s := attr(e, "transliteration"); s != "" && t.Lang != "" && !strings.Contains(t.Lang, "-") {
		t.Lang += "-Latn"
	}
	var title, part string
	for _, k := range e.ChildElements() {
		s := textIn(k)
		switch k.Tag {
		case "nonSort":
			if title = s; s != "" && !strings.HasSuffix(s, "'") && !strings.HasSuffix(s, "’") {
				title += " "
			}
		case "title":
			title += s
		case "subTitle":
			if s != "" {
				t.Subtitles = append(t.Subtitles, r.rich(s, jats.InlineMarkup))
			}
		case "partNumber", "partName":
			if s != "" {
				part += ". " + s
			}
		}
	}
	if title == "" {
		title = textIn(e)
		t.Subtitles, part = nil, ""
	}
	t.Text = r.rich(title+part, jats.InlineMarkup)
	return t
}

func (r *reader) modsTitle(e *etree.Element) {
	t := r.titleText(e)
	if t.Text == "" {
		return
	}
	a := r.a
	switch kind := attr(e, "type"); {
	case kind == "translated" && a.Title.Text != "", kind == "" && t.Lang != "" && a.Title.Text != "" && t.Lang != a.Title.Lang:
		a.TransTitles = append(a.TransTitles, t)
	case kind != "" && kind != "translated":
		text := t.Text
		for _, s := range t.Subtitles {
			text += ": " + s
		}
		a.AltTitles = append(a.AltTitles, jats.AltTitle{Type: kind, Lang: t.Lang, Text: text})
	default:
		r.title(t)
	}
}

func (r *reader) modsName(e *etree.Element) jats.Contrib {
	c := jats.Contrib{}
	lang := langOf(e)
	n := jats.Name{Lang: lang}
	var whole []string
	var roles []string
	for _, k := range e.ChildElements() {
		text := textIn(k)
		if text == "" && k.Tag != "alternativeName" {
			continue
		}
		switch k.Tag {
		case "namePart":
			switch attr(k, "type") {
			case "family":
				n.Surname = strings.TrimSpace(n.Surname + " " + text)
			case "given":
				n.GivenNames = strings.TrimSpace(n.GivenNames + " " + text)
			case "termsOfAddress":
				n.Suffix = text
			case "date":
				c.Comments = append(c.Comments, jats.Escape(text))
			default:
				whole = append(whole, text)
			}
		case "displayForm":
			if child(e, "namePart") == nil {
				whole = append(whole, text)
			}
		case "role":
			for _, t := range k.ChildElements() {
				roles = append(roles, textIn(t))
			}
		case "affiliation":
			c.Affs = append(c.Affs, r.aff(langOf(k), text))
		case "nameIdentifier":
			kind := strings.ToLower(attr(k, "type"))
			if strings.Contains(text, "orcid.org/") {
				kind = "orcid"
			}
			c.IDs = append(c.IDs, jats.ContribID{Type: kind, Value: text})
		case "alternativeName":
			alt := r.modsName(k)
			c.Names = append(c.Names, alt.Names...)
		case "description":
			c.Comments = append(c.Comments, jats.Escape(text))
		}
	}
	if uri := attr(e, "valueURI"); uri != "" {
		kind := "uri"
		if strings.Contains(uri, "orcid.org/") {
			kind = "orcid"
		}
		c.IDs = append(c.IDs, jats.ContribID{Type: kind, Value: uri})
	}
	for _, role := range roles {
		if kind := relatorOf(role); kind != "" {
			c.Type = kind
		} else {
			c.Roles = append(c.Roles, jats.Role{Text: jats.Escape(role)})
		}
	}
	if c.Type == "" {
		if c.Type = "author"; len(roles) > 0 {
			c.Type = "contributor"
		}
	}
	switch kind := attr(e, "type"); {
	case kind == "corporate" || kind == "conference":
		if len(whole) > 0 {
			c.Collab = []jats.Text{{Lang: lang, Text: jats.Escape(strings.Join(whole, ". "))}}
		}
		if kind == "conference" && len(c.Collab) > 0 {
			r.conference().Name = c.Collab[0].Text
			return jats.Contrib{}
		}
	case n.Surname != "" || n.GivenNames != "":
		c.Names = append([]jats.Name{n}, c.Names...)
		for _, w := range whole {
			c.Names = append(c.Names, jats.ParseName(w))
		}
	case len(whole) > 0:
		p := person("", strings.Join(whole, " "))
		p.Names[0].Lang, p.Names[0].Suffix = lang, strings.TrimSpace(p.Names[0].Suffix+" "+n.Suffix)
		c.Names, c.IDs, c.Comments = append(p.Names, c.Names...), append(p.IDs, c.IDs...), append(p.Comments, c.Comments...)
	}
	return c
}

// modsDates are the dates of originInfo.
var modsDates = map[string]string{"dateIssued": "pub", "dateCreated": "created", "dateCaptured": "captured", "dateValid": "valid", "dateModified": "modified", "dateOther": "other"}

// modsOrigin takes in where and when the article or, with a name for it, something else came out.
func (r *reader) modsOrigin(e *etree.Element, of string) {
	a := r.a
	dated := map[string]bool{}
	for _, d := range e.ChildElements() { // a date for machines stands for the same one as printed
		if attr(d, "keyDate") == "yes" || attr(d, "encoding") != "" {
			dated[d.Tag+attr(d, "point")] = true
		}
	}
	for _, k := range e.ChildElements() {
		text := textIn(k)
		switch {
		case text == "":
		case k.Tag == "publisher":
			r.publisher(langOf(k), text)
		case k.Tag == "place":
			if t := child(k, "placeTerm"); a.Journal.PubLoc == "" && t != nil && attr(t, "type") != "code" {
				a.Journal.PubLoc = jats.Escape(text)
			} else {
				r.meta("place", text)
			}
		case k.Tag == "copyrightDate":
			set(&a.Permissions.Year, text)
		case modsDates[k.Tag] != "":
			if dated[k.Tag] && attr(k, "keyDate") != "yes" && attr(k, "encoding") == "" || attr(k, "point") == "end" {
				r.meta("date", text)
				continue
			}
			kind := modsDates[k.Tag]
			if t := attr(k, "type"); k.Tag == "dateOther" && t != "" {
				kind = t
			}
			if of != "" && kind == "pub" {
				kind = "collection"
			}
			if strings.EqualFold(kind, "embargo") || strings.EqualFold(kind, "embargoEnd") {
				set(&a.Permissions.EmbargoEnd, text)
				continue
			}
			r.date(kind, text)
		case k.Tag == "issuance" || k.Tag == "frequency" || k.Tag == "edition":
			r.meta(strings.TrimSpace(of+" "+k.Tag), text)
		default:
			r.meta(k.Tag, text)
		}
	}
}

func (r *reader) modsNote(e *etree.Element) {
	text, kind := textIn(e), attr(e, "type")
	switch kind {
	case "funding":
		r.a.Funding.Statements = append(r.a.Funding.Statements, jats.Text{Lang: langOf(e), Text: r.rich(text, jats.InlineMarkup)})
	case "":
		r.meta("note", text)
	default:
		r.meta(kind, text)
	}
}

// modsSubject makes one keyword of a subject, its parts joined as catalogues print them.
func (r *reader) modsSubject(e *etree.Element) {
	var parts []string
	for _, k := range e.ChildElements() {
		if s := textIn(k); s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		parts = []string{textIn(e)}
	}
	lang, vocab := langOf(e), attr(e, "authority")
	if len(parts) == 1 {
		for _, s := range split(parts[0]) {
			r.subject(lang, vocab, attr(e, "authorityURI"), s, attr(e, "valueURI"))
		}
		return
	}
	r.subject(lang, vocab, attr(e, "authorityURI"), strings.Join(parts, " -- "), attr(e, "valueURI"))
}

func (r *reader) modsLocation(e *etree.Element) {
	for _, k := range e.ChildElements() {
		text := textIn(k)
		switch {
		case k.Tag == "url" && isURL(text):
			l := jats.Link{URL: text, Title: attr(k, "displayLabel")}
			if l.Title == "" {
				l.Title = attr(k, "note")
			}
			r.link(l)
		default:
			r.meta(k.Tag, text)
		}
	}
}

// modsPart takes in volume, issue, pages and date of the part of the host.
func (r *reader) modsPart(e *etree.Element) {
	a := r.a
	for _, k := range e.ChildElements() {
		switch k.Tag {
		case "detail":
			n := textOf(k, "number")
			if n == "" {
				n = textOf(k, "caption")
			}
			switch attr(k, "type") {
			case "volume":
				set(&a.Volume, n)
			case "issue", "number":
				set(&a.Issue, n)
			case "article", "article-number", "e-location":
				set(&a.ElocationID, n)
			case "page":
				r.pages(n, "")
			default:
				r.meta(strings.TrimSpace("part "+attr(k, "type")), n)
			}
			if t := textOf(k, "title"); t != "" {
				a.IssueTitles = append(a.IssueTitles, jats.Text{Lang: langOf(k), Text: jats.Escape(t)})
			}
		case "extent":
			if first := textOf(k, "start"); first != "" {
				r.pages(first, textOf(k, "end"))
			} else if list := textOf(k, "list"); list != "" {
				if m := pagesIn.FindStringSubmatch(list); m != nil {
					r.pages(m[1], m[2])
				} else {
					set(&a.PageRange, list)
				}
			}
			if total := textOf(k, "total"); total != "" {
				r.meta("extent", total)
			}
		case "date":
			r.date("collection", textIn(k))
		default:
			r.meta("part "+k.Tag, textIn(k))
		}
	}
}

func (r *reader) modsRelated(e *etree.Element) {
	a := r.a
	kind := attr(e, "type")
	switch kind {
	case "host":
		for _, k := range e.ChildElements() {
			text := textIn(k)
			switch k.Tag {
			case "titleInfo":
				t := r.titleText(k)
				if attr(k, "type") == "abbreviated" {
					a.Journal.AbbrevTitle = append(a.Journal.AbbrevTitle, jats.AltTitle{Lang: t.Lang, Text: t.Text})
					continue
				}
				for _, s := range t.Subtitles {
					t.Text += ": " + s
				}
				r.journal(t.Lang, t.Text.Plain())
			case "part":
				r.modsPart(k)
			case "originInfo":
				r.modsOrigin(k, "host")
			case "identifier":
				switch id := strings.ToLower(attr(k, "type")); {
				case strings.Contains(id, "issn") && r.issn(map[string]string{"eissn": "electronic", "issn-e": "electronic", "pissn": "print", "issn-l": "linking"}[id], text):
				case id == "isbn":
					r.isbn(text)
				case text != "":
					a.Journal.IDs = append(a.Journal.IDs, jats.ID{Type: id, Value: text})
				}
			case "name":
				c := r.modsName(k)
				if c.Type == "author" {
					c.Type = "editor"
					if len(children(k, "role")) == 0 {
						c.Type = "contributor"
					}
				}
				a.Contribs = append(a.Contribs, c)
			case "location":
				for _, u := range children(k, "url") {
					if s := textIn(u); isURL(s) {
						a.Journal.Links = append(a.Journal.Links, jats.Link{URL: s})
					}
				}
			case "recordInfo":
			case "relatedItem":
				r.meta("series", textIn(k))
			default:
				r.meta("host "+k.Tag, text)
			}
		}
	case "series":
		r.meta("series", textIn(e))
	case "references":
		a.Refs = append(a.Refs, jats.Ref{Citations: []jats.Citation{{Text: jats.Escape(textIn(e))}}})
	default:
		x := jats.Related{Object: true, Type: kind}
		var text []string
		for _, k := range e.ChildElements() {
			s := textIn(k)
			if d := doiOf(s); k.Tag == "identifier" && d != "" && x.ID == "" {
				x.Object, x.IDType, x.ID = false, "doi", d
			} else if k.Tag != "recordInfo" && s != "" {
				text = append(text, s)
			}
		}
		x.Text = jats.Escape(strings.Join(text, " "))
		if href := attr(e, "href"); x.ID == "" && isURL(href) {
			x.Object, x.IDType, x.ID = false, "uri", href
		}
		if x.ID != "" || x.Text != "" {
			a.Related = append(a.Related, x)
		}
	}
}
