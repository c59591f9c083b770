package jats

import "slices"

// Merge completes base with what other, another source of the same article, has and base has not; nothing that base has is changed or
// lost. Where other is in another language, its title, abstracts, keywords, names and affiliations become translations. Lists whose
// entries cannot be told to be the same (contributors of different number) stay as they are in base. It returns a new Article.
func Merge(base, other *Article) *Article {
	m := *base
	translated := base.Lang != "" && other.Lang != "" && base.Lang != other.Lang

	fill(&m.ArticleType, other.ArticleType)
	fill(&m.Lang, other.Lang)
	fill(&m.Status, other.Status)
	if m.Version == nil {
		m.Version = other.Version
	}
	m.IDs = union(base.IDs, other.IDs)
	m.Links = union(base.Links, other.Links)
	m.Title, m.TransTitles = mergeTitles(base.Lang, base.Title, base.TransTitles, other.Lang, other.Title, other.TransTitles)
	m.Journal.Title, m.Journal.TransTitles = mergeTitles(base.Lang, base.Journal.Title, base.Journal.TransTitles, other.Lang, other.Journal.Title, other.Journal.TransTitles)
	m.Journal.IDs = union(base.Journal.IDs, other.Journal.IDs)
	m.Journal.ISSNs = union(base.Journal.ISSNs, other.Journal.ISSNs)
	fillList(&m.Journal.Publishers, other.Journal.Publishers)
	fill(&m.Journal.PubLoc, other.Journal.PubLoc)

	fillList(&m.SubjGroups, other.SubjGroups)
	fillList(&m.AltTitles, other.AltTitles)
	fillList(&m.Notes, other.Notes)
	switch {
	case len(base.Contribs) == 0 && len(base.Affs) == 0:
		m.Contribs, m.Affs = other.Contribs, other.Affs
	case translated && len(base.Contribs) == len(other.Contribs):
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

	fillList(&m.PubDates, other.PubDates)
	fillList(&m.History, other.History)
	fill(&m.Volume, other.Volume)
	fill(&m.Issue, other.Issue)
	fill(&m.Seq, other.Seq)
	fillList(&m.IssueTitles, other.IssueTitles)
	if m.FPage == "" && m.ElocationID == "" && m.PageRange == "" {
		m.FPage, m.LPage, m.PageRange, m.ElocationID = other.FPage, other.LPage, other.PageRange, other.ElocationID
	}
	m.Abstracts = slices.Concat(inLang(base.Abstracts, base.Lang, abstractLang), absent(base.Abstracts, base.Lang, other.Abstracts, other.Lang, abstractLang))
	m.KwdGroups = slices.Concat(inLang(base.KwdGroups, base.Lang, kwdLang), absent(base.KwdGroups, base.Lang, other.KwdGroups, other.Lang, kwdLang))
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
	fillList(&m.Related, other.Related)
	fillList(&m.CustomMeta, other.CustomMeta)
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

func union[T comparable](a, b []T) []T {
	all := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(all, x) {
			all = append(all, x)
		}
	}
	return all
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
