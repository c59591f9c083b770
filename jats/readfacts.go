package jats

import (
	"strconv"
	"strings"
)

// date reads a date to the precision that is sound; what could not be read stays as printed.
func (r *reader) date(n *node) Date {
	d := Date{Type: n.attr("date-type"), Format: n.attr("publication-format")}
	if n.name == "pub-date" {
		switch t := n.attr("pub-type"); t {
		case "epub", "epublish", "epreprint":
			if d.Type == "" {
				d.Type = "pub"
			}
			d.Format = firstOf(d.Format, "electronic")
		case "ppub":
			if d.Type == "" {
				d.Type = "pub"
			}
			d.Format = firstOf(d.Format, "print")
		case "epub-ppub", "pub", "publication":
			d.Type = firstOf(d.Type, "pub")
		case "collection":
			d.Type = firstOf(d.Type, "collection")
		case "":
			d.Type = firstOf(d.Type, "pub")
		default:
			d.Type = firstOf(d.Type, t)
		}
		if d.Type == "publication" {
			d.Type = "pub"
		}
		switch d.Format {
		case "online", "epub":
			d.Format = "electronic"
		case "ppub":
			d.Format = "print"
		}
	}
	inner := n
	if s := n.child("string-date"); s != nil && n.child("year") == nil {
		inner = s
	}
	d.Date, d.Season, d.Text = r.dateParts(inner)
	if iso := n.attr("iso-8601-date"); iso != "" {
		if v := isoDate(iso); len(v) > len(d.Date) && strings.HasPrefix(v, d.Date) {
			d.Date, d.Text = v, ""
		} else if v == "" {
			r.warn(n, "date-mended", "date %q is not ISO 8601 and was left out", iso)
		}
	}
	if era := plainOf(n.child("era")); era != "" && d.Text == "" {
		d.Text = plainOf(n)
	}
	return d
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// dateParts reads day, month, season and year inside n. text is the whole as printed when there is no year, or a day or month could not be read.
func (r *reader) dateParts(n *node) (date, season, text string) {
	var y, m, d *node
	for _, k := range n.kids {
		switch k.name {
		case "year":
			y = k
		case "month":
			m = k
		case "day":
			d = k
		case "season":
			season = plainOf(k)
		}
	}
	if y == nil {
		text = plainOf(n)
		if text != "" {
			date = isoDate(text)
			if date != text {
				date = ""
			} else {
				text = ""
			}
		}
		return date, season, text
	}
	ys := plainOf(y)
	year, rest := yearOf(ys)
	if year == "" {
		r.warn(n, "date-mended", "year %q is none", ys)
		return "", season, plainOf(n)
	}
	if rest {
		text = plainOf(n)
	}
	yn, _ := strconv.Atoi(year)
	mn, dn := 0, 0
	if ms := plainOf(m); ms != "" {
		if mn = monthOf(ms); mn == 0 {
			if season == "" && !digits(ms) {
				season = ms
			}
			r.warn(n, "date-mended", "month %q is none; the year stands alone", ms)
		} else if !digits(ms) {
			r.warn(n, "date-mended", "month %q was read as %d", ms, mn)
		}
	}
	if ds := plainOf(d); ds != "" && mn != 0 {
		var err error
		if dn, err = strconv.Atoi(ds); err != nil {
			dn = -1
		}
	}
	date, cut := makeDate(yn, mn, dn)
	if cut {
		r.warn(n, "date-mended", "date %q is not possible and was cut to %q", plainOf(n), date)
	}
	return date, season, text
}

// pubHistory takes the dates of events that JATS 1.3 tells in pub-history, and their links. A link that says nothing itself has the
// description of its event.
func (r *reader) pubHistory(n *node) {
	for _, e := range n.kids {
		if e.name != "event" {
			continue
		}
		told := false
		for _, k := range e.kids {
			switch k.name {
			case "date":
				d := r.date(k)
				d.Type = firstOf(d.Type, e.attr("event-type"))
				r.a.History = append(r.a.History, d)
			case "article-id":
				r.articleIDOf(e, k)
			case "self-uri":
				x := Related{Object: true, Type: firstOf(k.attr("content-type"), e.attr("event-type"), "event"), IDType: "uri", ID: k.attr("xlink:href"), Text: r.rich(k, relatedMarkup)}
				if x.Text == "" {
					x.Text, told = r.rich(e.child("event-desc"), relatedMarkup), true
				}
				if d := bareDOI(x.ID); d != "" {
					x.ID, x.IDType = d, "doi"
				}
				if x.ID != "" {
					r.a.Related = append(r.a.Related, x)
				}
			}
		}
		if d := r.rich(e.child("event-desc"), ParaMarkup); d != "" && !told {
			r.a.Notes = append(r.a.Notes, Note{Place: "notes", Type: firstOf(e.attr("event-type"), "history"), P: []Rich{d}})
		}
	}
}

// articleIDOf keeps the identifier of another version of the article, such as its preprint.
func (r *reader) articleIDOf(event, n *node) {
	if v := plainOf(n); v != "" {
		r.a.Related = append(r.a.Related, Related{Object: true, Type: firstOf(event.attr("event-type"), "event"), IDType: n.attr("pub-id-type"), ID: v})
	}
}

func (r *reader) permissions(n *node) {
	p := &r.a.Permissions
	switch n.name {
	case "permissions":
		for _, k := range n.kids {
			if k.name != "" {
				r.permissions(k)
			}
		}
	case "copyright-statement":
		if t := r.text(n, linkMarkup); t.Text != "" {
			p.Statements = append(p.Statements, t)
		}
	case "copyright-year":
		v := plainOf(n)
		if y, rest := yearOf(v); y != "" && p.Year == "" {
			p.Year = y
			if rest {
				r.warn(n, "date-mended", "copyright year %q was read as %q", v, y)
			}
		}
	case "copyright-holder":
		if t := r.text(n, textMarkup); t.Text != "" {
			p.Holders = append(p.Holders, t)
		}
	case "ali:free_to_read", "free_to_read":
		p.FreeToRead = true
		p.FreeFrom, p.FreeUntil = fullDate(n.attr("start_date")), fullDate(n.attr("end_date"))
	case "license":
		r.license(n)
	case "ali:license_ref", "license_ref", "license-ref":
		if u := licenseURI(plainOf(n)); u != "" {
			p.Licenses = append(p.Licenses, License{URI: u, Start: fullDate(n.attr("start_date"))})
		}
	}
}

func fullDate(s string) string {
	if d := isoDate(s); len(d) == 10 {
		return d
	}
	return ""
}

func (r *reader) license(n *node) {
	p := &r.a.Permissions
	l := License{Type: n.attr("license-type"), Lang: r.lang(n), AppliesTo: n.attr("specific-use")}
	l.URI = licenseURI(n.attr("xlink:href"))
	var more []License
	inner := &node{name: n.name, pos: n.pos}
	for _, k := range n.kids {
		switch k.name {
		case "ali:license_ref", "license_ref", "license-ref":
			u := licenseURI(plainOf(k))
			switch {
			case u == "":
				if plainOf(k) != "" {
					r.warn(k, "license-unknown", "%q is no address of a licence", plainOf(k))
				}
			case l.URI == "" || l.URI == u || l.Start == "" && strings.TrimSuffix(l.URI, "/") == strings.TrimSuffix(u, "/"):
				l.URI, l.Start = u, fullDate(k.attr("start_date"))
			default:
				more = append(more, License{URI: u, Type: l.Type, Start: fullDate(k.attr("start_date")), AppliesTo: k.attr("specific-use")})
			}
		default:
			inner.kids = append(inner.kids, k)
		}
	}
	l.P = r.paras(inner)
	if l.URI == "" {
		l.URI = r.licenseIn(inner)
	}
	if l.URI == "" {
		l.URI = licenseURI(l.Type)
	}
	if l.URI != "" || l.Type != "" || len(l.P) > 0 {
		p.Licenses = append(p.Licenses, l)
	}
	p.Licenses = append(p.Licenses, more...)
	if len(p.Licenses) > 1 { // a waiver beside a licence is the one of the data
		for i := range p.Licenses {
			if isCC0(p.Licenses[i].URI) && p.Licenses[i].AppliesTo == "" {
				for j := range p.Licenses {
					if strings.Contains(p.Licenses[j].URI, "creativecommons.org/licenses/") {
						p.Licenses[i].AppliesTo = "data"
					}
				}
			}
		}
	}
}

func isCC0(uri string) bool { return strings.Contains(uri, "creativecommons.org/publicdomain/zero/") }

// licenseIn finds the address of a Creative Commons licence in the links or the text of a licence. When the text names CC0 beside another, it is the other that
// the article has; the waiver becomes a licence of the data.
func (r *reader) licenseIn(n *node) string {
	var found []string
	var look func(n *node)
	look = func(n *node) {
		for _, a := range [...]string{"xlink:href", "href"} {
			if u := licenseURI(n.attr(a)); strings.Contains(u, "creativecommons.org/licenses/") || isCC0(u) {
				found = appendNew(found, u)
			}
		}
		for _, k := range n.kids {
			look(k)
		}
		s := n.text
		for {
			i := strings.Index(s, "creativecommons.org/")
			if i < 0 {
				return
			}
			s = s[i:]
			end := strings.IndexFunc(s, func(c rune) bool {
				return c <= ' ' || c == ')' || c == '(' || c == ',' || c == ';' || c == ']' || c > 0x7E
			})
			if end < 0 {
				end = len(s)
			}
			if u := licenseURI(s[:end]); strings.Contains(u, "creativecommons.org/licenses/") || isCC0(u) {
				found = appendNew(found, u)
			}
			s = s[end:]
		}
	}
	look(n)
	uri := ""
	for _, u := range found {
		if uri == "" || isCC0(uri) && !isCC0(u) {
			uri = u
		}
	}
	if uri != "" && !isCC0(uri) {
		for _, u := range found {
			if isCC0(u) {
				r.a.Permissions.Licenses = append(r.a.Permissions.Licenses, License{URI: u, AppliesTo: "data"})
			}
		}
	}
	return uri
}

func (r *reader) funding(n *node) {
	f := &r.a.Funding
	switch n.name {
	case "funding-group":
		for _, k := range n.kids {
			if k.name != "" {
				r.funding(k)
			}
		}
	case "award-group":
		var a Award
		for _, k := range n.kids {
			switch k.name {
			case "funding-source", "support-source":
				if x := r.funder(k); x.Name != "" || len(x.IDs) > 0 {
					a.Funders = append(a.Funders, x)
				}
			case "award-id":
				if v := plainOf(k); v != "" {
					a.IDs = append(a.IDs, v)
				}
			case "principal-award-recipient":
				a.Recipients = append(a.Recipients, r.text(k, textMarkup))
			case "principal-investigator":
				a.Leaders = append(a.Leaders, r.text(k, textMarkup))
			}
		}
		if len(a.Funders)+len(a.IDs)+len(a.Recipients)+len(a.Leaders) > 0 {
			f.Awards = append(f.Awards, a)
		}
	case "funding-statement":
		if t := r.text(n, linkMarkup); t.Text != "" {
			f.Statements = append(f.Statements, t)
		}
	case "open-access":
		f.OpenAccess = append(f.OpenAccess, r.paras(n)...)
	case "contract-sponsor", "funding-source":
		if x := r.funder(n); x.Name != "" {
			f.Awards = append(f.Awards, Award{Funders: []Funder{x}})
			if id := n.attr("rid"); id != "" {
				r.awardOf(id, len(f.Awards)-1)
			}
		}
	case "contract-num", "award-id":
		v := plainOf(n)
		if v == "" {
			return
		}
		at := -1
		id, rid := n.attr("id"), n.attr("rid")
		if i, ok := r.awards[id]; ok && id != "" {
			at = i
		} else if i, ok := r.awards[rid]; ok && rid != "" {
			at = i
		}
		if at < 0 && id == "" && rid == "" && len(f.Awards) > 0 && len(f.Awards[len(f.Awards)-1].IDs) == 0 {
			at = len(f.Awards) - 1
		}
		if at < 0 {
			f.Awards = append(f.Awards, Award{})
			at = len(f.Awards) - 1
		}
		f.Awards[at].IDs = append(f.Awards[at].IDs, v)
	}
}

func (r *reader) awardOf(id string, i int) {
	if r.awards == nil {
		r.awards = map[string]int{}
	}
	r.awards[id] = i
}

func (r *reader) funder(n *node) Funder {
	f := Funder{Lang: r.lang(n), Country: elems["country"].mendAttr("country", n.attr("country"))}
	inner := &node{name: n.name}
	var walk func(n *node)
	walk = func(n *node) {
		for _, k := range n.kids {
			switch k.name {
			case "institution-id":
				if v := plainOf(k); v != "" {
					f.IDs = append(f.IDs, institutionID(k, v))
				}
			case "named-content":
				if v := plainOf(k); strings.Contains(k.attr("content-type"), "id") && v != "" {
					f.IDs = append(f.IDs, institutionID(&node{name: "institution-id"}, v))
				} else {
					walk(k)
				}
			case "institution-wrap", "institution":
				walk(k)
				inner.kids = append(inner.kids, &node{text: " "})
			default:
				inner.kids = append(inner.kids, k)
			}
		}
	}
	walk(n)
	f.Name = strings.TrimRight(plainOf(inner), " ")
	if d := bareDOI(n.attr("xlink:href")); strings.HasPrefix(d, "10.13039/") && len(f.IDs) == 0 {
		f.IDs = append(f.IDs, ID{"doi", d})
	}
	return f
}
