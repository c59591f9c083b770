package jats

import "strings"

// DisplayName is the contributor's name as printed, given names first where the parts are in Western order; "" for one without a name.
func (c Contrib) DisplayName() string {
	for _, n := range c.Names {
		return n.Display()
	}
	if len(c.Collab) > 0 {
		return c.Collab[0].Text.Plain()
	}
	return ""
}

// Display is the name for reading: "Given Surname", or "SurnameGiven" without a blank in Chinese, Japanese and Korean characters.
func (n Name) Display() string {
	switch {
	case n.Full != "":
		return n.Full
	case n.Style == "eastern" && n.Surname != "" && n.Surname[0] >= 0xe1 && isCJK(n.Surname):
		return n.Surname + n.GivenNames
	case n.Style == "eastern":
		return join(" ", n.Prefix, n.Surname, n.GivenNames, n.Suffix)
	}
	return join(" ", n.Prefix, n.GivenNames, n.Surname, n.Suffix)
}

func isCJK(s string) bool {
	for _, r := range s {
		return r >= 0x1100 && r <= 0x11ff || r >= 0x2e80 && r <= 0xd7ff || r >= 0xf900 && r <= 0xfaff || r >= 0x20000 && r <= 0x3ffff
	}
	return false
}

func join(sep string, parts ...string) string {
	var some []string
	for _, p := range parts {
		if p != "" {
			some = append(some, p)
		}
	}
	return strings.Join(some, sep)
}

// Plain is the affiliation in one line: as printed, or else of its parts.
func (f AffForm) Plain() string {
	if f.Text != "" {
		return f.Text.Plain()
	}
	var parts []string
	for _, i := range f.Institutions {
		parts = append(parts, i.Name)
	}
	parts = append(append(parts, f.Address...), f.City, f.State, f.PostalCode, f.Country)
	return join(", ", parts...)
}

// CiteLine is where the article stands: journal, volume, issue, year and pages, as far as known.
func (a *Article) CiteLine() string {
	volume := a.Volume
	switch {
	case a.Issue != "" && volume == "":
		volume = "no. " + a.Issue
	case a.Issue != "":
		volume += "(" + a.Issue + ")"
	}
	pages := a.PageRange
	if pages == "" && a.FPage != "" {
		pages = a.FPage
		if a.LPage != "" && a.LPage != a.FPage {
			pages += "–" + a.LPage
		}
	}
	if pages == "" {
		pages = a.ElocationID
	}
	date := ""
	if len(a.PubDates) > 0 {
		date = a.PubDates[0].Date
	}
	return join(", ", a.Journal.Title.Text.Plain(), volume, pages, date)
}

// Plain is the reference in one line: as printed, or else of its parts.
func (r Ref) Plain() string {
	var all []string
	for i, c := range r.Citations {
		if i > 0 && !r.Distinct {
			all = append(all, "/")
		}
		all = append(all, c.Plain())
	}
	for _, n := range r.Notes {
		all = append(all, n.Plain())
	}
	return join(" ", all...)
}

// Plain is the citation in one line: as printed, or else of its parts.
func (c Citation) Plain() string {
	if c.Text != "" && !c.Elements {
		return c.Text.Plain()
	}
	var people, parts []string
	for _, g := range c.PersonGroups {
		for _, p := range g.Persons {
			if len(p.Names) > 0 {
				people = append(people, join(" ", p.Names[0].Full, p.Names[0].Surname, p.Names[0].GivenNames))
			} else {
				people = append(people, p.Collab)
			}
		}
	}
	parts = append(parts, join(", ", people...))
	for _, texts := range [][]Text{c.ChapterTitles, c.Titles, c.Sources} {
		for _, t := range texts {
			parts = append(parts, t.Text.Plain())
		}
	}
	year := c.Year
	if year == "" {
		year = c.Date
	}
	pages := c.PageRange
	if pages == "" {
		pages = join("–", c.FPage, c.LPage)
	}
	parts = append(parts, c.DataTitle.Plain(), c.PublisherName, year, join(" ", c.Volume, c.Issue), join(" ", pages, c.ElocationID))
	for _, id := range c.IDs {
		parts = append(parts, id.Type+":"+id.Value)
	}
	return join(". ", parts...)
}
