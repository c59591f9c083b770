package jats

import (
	"slices"
	"strings"
)

// Merge completes base with what other, another source of the same article, has and base has not; nothing that base has is changed or
// lost. Where other is in another language, its title, abstracts, keywords, names and affiliations become translations. Lists whose
// entries cannot be told to be the same (contributors of different number or name, references) stay as they are in base; a date becomes more
// precise where other agrees with it. Where base was harvested from (Origin) stays as it is. It returns a new Article.
func Merge(base, other *Article) *Article {
	m := *base
	translated := base.Lang != "" && other.Lang != "" && base.Lang != other.Lang

	fill(&m.ArticleType, other.ArticleType)
	fill(&m.Lang, other.Lang)
	fill(&m.Status, other.Status)
	if m.Version == nil {
		m.Version = other.Version
	}
	m.IDs = unite(base.IDs, other.IDs, func(id ID) string { return strings.ToLower(id.Type + ":" + id.Value) })
	m.Links = unite(base.Links, other.Links, func(l Link) string { return l.URL })
	m.Title, m.TransTitles = mergeTitles(base.Lang, base.Title, base.TransTitles, other.Lang, other.Title, other.TransTitles)
	m.Journal.Title, m.Journal.TransTitles = mergeTitles(base.Lang, base.Journal.Title, base.Journal.TransTitles, other.Lang, other.Journal.Title, other.Journal.TransTitles)
	m.Journal.IDs = unite(base.Journal.IDs, other.Journal.IDs, func(id ID) string { return strings.ToLower(id.Type + ":" + id.Value) })
	m.Journal.ISSNs = mergeISSNs(base.Journal.ISSNs, other.Journal.ISSNs)
	fillList(&m.Journal.AbbrevTitle, other.Journal.AbbrevTitle)
	fillList(&m.Journal.Publishers, other.Journal.Publishers)
	fill(&m.Journal.PubLoc, other.Journal.PubLoc)

	m.SubjGroups = unite(base.SubjGroups, other.SubjGroups, func(g SubjGroup) string { return g.Type + "\x00" + g.Vocab + "\x00" + g.Lang })
	fillList(&m.AltTitles, other.AltTitles)
	fillList(&m.Notes, other.Notes)
	if m.FullText == nil { // what it points at in other's references is written without the pointer, when base has its own
		m.FullText = other.FullText
	}
	switch {
	case len(base.Contribs) == 0 && len(base.Affs) == 0:
		m.Contribs, m.Affs = other.Contribs, other.Affs
		if len(base.Notes) > 0 { // the notes are base's, so that the ids of other's mean nothing
			m.Contribs = slices.Clone(m.Contribs)
			for i := range m.Contribs {
				m.Contribs[i].Notes = nil
			}
		}
	case !translated:
		m.Contribs, m.Affs = mergePeople(base, other)
	case len(base.Contribs) == len(other.Contribs):
		m.Contribs = slices.Clone(base.Contribs)
		for i := range m.Contribs {
			m.Contribs[i] = mergeContrib(m.Contribs[i], base.Lang, other.Contribs[i], other.Lang)
		}
		if len(base.Affs) == len(other.Affs) {
			m.Affs = slices.Clone(base.Affs)
			for i := range m.Affs {
				m.Affs[i].Forms = append(inLang(base.Affs[i].Forms, base.Lang, affLang), absent(base.Affs[i].Forms, base.Lang, other.Affs[i].Forms, other.Lang, affLang)...)
			}
		}
	}

	m.PubDates = mergeDates(base.PubDates, other.PubDates)
	m.History = unite(mergeDates(base.History, other.History), other.History, func(d Date) string { return d.Type })
	fill(&m.Volume, other.Volume)
	fill(&m.Issue, other.Issue)
	fill(&m.Seq, other.Seq)
	fillList(&m.IssueTitles, other.IssueTitles)
	if m.FPage == "" && m.ElocationID == "" && m.PageRange == "" {
		m.FPage, m.LPage, m.PageRange, m.ElocationID = other.FPage, other.LPage, other.PageRange, other.ElocationID
	}
	if more := absent(base.Abstracts, base.Lang, other.Abstracts, other.Lang, abstractLang); len(more) > 0 {
		m.Abstracts = slices.Concat(inLang(base.Abstracts, base.Lang, abstractLang), more)
	}
	own := inLang(base.KwdGroups, base.Lang, kwdLang)
	if all := unite(own, inLang(other.KwdGroups, other.Lang, kwdLang), func(g KwdGroup) string { return g.Lang + "\x00" + g.Vocab }); len(all) > len(own) {
		m.KwdGroups = all
	}
	if len(m.Permissions.Licenses) == 0 && m.Permissions.Access == "" {
		price := m.Permissions.Price
		statements := m.Permissions.Statements
		m.Permissions = other.Permissions
		fillList(&m.Permissions.Statements, statements)
		if price != nil {
			m.Permissions.Price = price
		}
	} else if m.Permissions.Price == nil {
		m.Permissions.Price = other.Permissions.Price
	}
	fillList(&m.Funding.Awards, other.Funding.Awards)
	fillList(&m.Funding.Statements, other.Funding.Statements)
	fillList(&m.Conferences, other.Conferences)
	fillList(&m.Supplementary, other.Supplementary)
	m.Related = unite(base.Related, other.Related, func(r Related) string { return r.Type + "\x00" + strings.ToLower(r.ID) + "\x00" + string(r.Text) })
	m.CustomMeta = unite(base.CustomMeta, other.CustomMeta, func(c CustomMeta) string { return string(c.Name) })
	fillList(&m.Refs, other.Refs)
	for _, c := range []struct{ to, from **int }{
		{&m.Counts.Characters, &other.Counts.Characters}, {&m.Counts.Figs, &other.Counts.Figs}, {&m.Counts.Tables, &other.Counts.Tables},
		{&m.Counts.Equations, &other.Counts.Equations}, {&m.Counts.Refs, &other.Counts.Refs}, {&m.Counts.Pages, &other.Counts.Pages},
		{&m.Counts.Words, &other.Counts.Words},
	} {
		if *c.to == nil {
			*c.to = *c.from
		}
	}
	fillList(&m.Metrics, other.Metrics)
	return &m
}

func fill[T comparable](to *T, from T) {
	var zero T
	if *to == zero {
		*to = from
	}
}

func fillList[T any](to *[]T, from []T) {
	if len(*to) == 0 {
		*to = from
	}
}

// unite returns a and those of b whose key none of a has.
func unite[T any](a, b []T, key func(T) string) []T {
	if len(b) == 0 {
		return a
	}
	have := map[string]bool{}
	for _, x := range a {
		have[key(x)] = true
	}
	all := slices.Clone(a)
	for _, x := range b {
		if !have[key(x)] {
			all = append(all, x)
		}
	}
	return all
}

// mergeISSNs adds what base lacks, and the medium of an ISSN that base has without one.
func mergeISSNs(base, other []ISSN) []ISSN {
	all := slices.Clone(base)
	for _, x := range other {
		i := slices.IndexFunc(all, func(y ISSN) bool { return x.Value == y.Value && (x.Type == y.Type || x.Type == "" || y.Type == "") })
		if i < 0 {
			all = append(all, x)
		} else {
			fill(&all[i].Type, x.Type)
		}
	}
	return all
}

// mergeDates takes the dates of other where base has none, and else those that say the same as one of base, only more precisely.
func mergeDates(base, other []Date) []Date {
	if len(base) == 0 {
		return other
	}
	all := slices.Clone(base)
	for i, d := range all {
		for _, x := range other {
			if d.Date != "" && x.Type == d.Type && (x.Format == d.Format || x.Format == "" || d.Format == "") && strings.HasPrefix(x.Date, d.Date+"-") {
				all[i].Date = x.Date
				break
			}
		}
	}
	return all
}

// mergePeople completes the contributors of base by those of other, where both name the same people in the same order: identifiers, roles and
// addresses that a person lacks, and affiliations where base has none at all.
func mergePeople(base, other *Article) ([]Contrib, []Aff) {
	if len(base.Contribs) != len(other.Contribs) {
		return base.Contribs, base.Affs
	}
	for i := range base.Contribs {
		if a, b := familyName(base.Contribs[i]), familyName(other.Contribs[i]); a == "" || a != b {
			return base.Contribs, base.Affs
		}
	}
	contribs, affs := slices.Clone(base.Contribs), base.Affs
	for i := range contribs {
		c, o := &contribs[i], other.Contribs[i]
		fillList(&c.IDs, o.IDs)
		fillList(&c.Roles, o.Roles)
		fillList(&c.Emails, o.Emails)
		fillList(&c.Positions, o.Positions)
		fillList(&c.Bio, o.Bio)
		c.Corresp = c.Corresp || o.Corresp
		if len(base.Affs) == 0 {
			c.Affs = o.Affs
		}
	}
	if len(affs) == 0 {
		affs = other.Affs
	}
	return contribs, affs
}

// familyName is what two sources' names of one person share, in lower case; of a group its name.
func familyName(c Contrib) string {
	for _, n := range c.Names {
		switch {
		case n.Surname != "":
			return strings.ToLower(n.Surname)
		case n.Full != "":
			words := strings.Fields(n.Full)
			return strings.ToLower(words[len(words)-1])
		}
	}
	if len(c.Collab) > 0 {
		return strings.ToLower(c.Collab[0].Text.Plain())
	}
	return ""
}

func affLang(f *AffForm) *string       { return &f.Lang }
func abstractLang(a *Abstract) *string { return &a.Lang }
func kwdLang(k *KwdGroup) *string      { return &k.Lang }
func nameLang(n *Name) *string         { return &n.Lang }
func textLang(t *Text) *string         { return &t.Lang }

// inLang returns a copy of list where what names no language is in lang.
func inLang[T any](list []T, lang string, of func(*T) *string) []T {
	all := slices.Clone(list)
	for i := range all {
		fill(of(&all[i]), lang)
	}
	return all
}

// absent returns those of other whose language base has none of.
func absent[T any](base []T, baseLang string, other []T, otherLang string, of func(*T) *string) []T {
	have := map[string]bool{}
	for _, x := range inLang(base, baseLang, of) {
		have[*of(&x)] = true
	}
	return slices.DeleteFunc(inLang(other, otherLang, of), func(x T) bool { return have[*of(&x)] })
}

func mergeContrib(c Contrib, lang string, other Contrib, otherLang string) Contrib {
	if len(c.Names) > 0 {
		c.Names = append(inLang(c.Names, lang, nameLang), absent(c.Names, lang, other.Names, otherLang, nameLang)...)
	} else {
		c.Names = other.Names
	}
	c.Positions = append(inLang(c.Positions, lang, textLang), absent(c.Positions, lang, other.Positions, otherLang, textLang)...)
	fillList(&c.IDs, other.IDs)
	fillList(&c.Roles, other.Roles)
	fillList(&c.Emails, other.Emails)
	return c
}

func mergeTitles(lang string, own Title, trans []Title, otherLang string, other Title, otherTrans []Title) (Title, []Title) {
	if own.Text == "" {
		if other.Text != "" {
			fill(&other.Lang, otherLang)
		}
		return other, slices.Concat(trans, otherTrans)
	}
	have := map[string]bool{}
	mark := func(t Title, lang string) {
		fill(&t.Lang, lang)
		have[t.Lang] = true
	}
	mark(own, lang)
	all := slices.Clone(trans)
	for _, t := range trans {
		mark(t, lang)
	}
	for i, t := range append([]Title{other}, otherTrans...) {
		if i == 0 {
			fill(&t.Lang, otherLang)
		}
		if t.Text != "" && t.Lang != "" && !have[t.Lang] {
			have[t.Lang] = true
			all = append(all, t)
		}
	}
	return own, all
}
