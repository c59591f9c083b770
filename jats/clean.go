package jats

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxNesting bounds sections inside sections, subjects inside subjects and members inside groups.
const maxNesting = 16

// Clean makes of an Article from any source one that may be stored, and tells what it changed: text is trimmed and normal (NFC), holds no character that XML 1.0
// forbids, and every Rich only the markup that its field may hold; languages are BCP 47 tags; DOIs bare, ORCIDs full addresses, ISSNs NNNN-NNNC, all with their
// check digits right, else left out; dates real and cut to what is sound; addresses http, https, ftp or mailto; entries with nothing in them are gone;
// ids of Affs and Notes are unique and every reference to them finds one. Clean of a clean Article changes nothing.
func (a *Article) Clean() []Warning {
	c := cleaner{}
	c.article(a)
	return c.warnings
}

// Problems tells why a, which is clean, is not fit to be stored; nil when it is.
func (a *Article) Problems() []Warning {
	if !a.hasTitle() {
		return []Warning{{Code: "no-title", Path: "title", Message: "the article has no title"}}
	}
	return nil
}

func (a *Article) hasTitle() bool { return !blankRich(a.Title.Text) }

// blankRich tells whether there is nothing to read in r.
func blankRich(r Rich) bool {
	for i := 0; i < len(r); i++ {
		if r[i] == '<' {
			j := strings.IndexByte(string(r[i:]), '>')
			if j < 0 || strings.HasPrefix(string(r[i:]), "<ext-link") {
				return false
			}
			i += j
		} else if r[i] != ' ' {
			return false
		}
	}
	return true
}

// opens tells whether a licence lets everybody read the article, from the day of its publication.
func (l License) opens() bool {
	t := strings.ToLower(l.Type)
	return l.AppliesTo == "" && l.Start == "" && (strings.Contains(t, "open-access") || strings.Contains(t, "openaccess") || strings.HasPrefix(t, "cc") ||
		strings.Contains(l.URI, "creativecommons.org/"))
}

type cleaner struct {
	warnings []Warning
}

func (c *cleaner) warn(code, path, format string, args ...any) {
	if len(c.warnings) < maxWarnings {
		c.warnings = append(c.warnings, Warning{Code: code, Path: path, Message: fmt.Sprintf(format, args...)})
	}
}

// keep cleans each of a list and leaves out those that f says are empty; a list with none left is nil.
func keep[T any](list *[]T, f func(*T) bool) {
	if *list == nil {
		return
	}
	out := (*list)[:0]
	for i := range *list {
		v := (*list)[i]
		if f(&v) {
			out = append(out, v)
		}
	}
	clear((*list)[len(out):])
	if len(out) == 0 {
		out = nil
	}
	*list = out
}

func (c *cleaner) str(path string, s *string) bool {
	if *s == "" {
		return false
	}
	if !isClean(*s) {
		old := *s
		*s = cleanString(old)
		if hasForbidden(old) {
			c.warn("char-dropped", path, "characters that XML 1.0 forbids were left out of %q", *s)
		}
	}
	return *s != ""
}

func hasForbidden(s string) bool {
	for _, r := range s {
		if !isXMLChar(r) {
			return true
		}
	}
	return false
}

func (c *cleaner) strs(path string, list *[]string) {
	keep(list, func(s *string) bool { return c.str(path, s) })
}

func (c *cleaner) rich(path string, r *Rich, kind MarkupKind) bool {
	s := string(*r)
	if s == "" {
		return false
	}
	if strings.IndexByte(s, '<') < 0 {
		if strings.IndexByte(s, '&') < 0 && strings.IndexByte(s, '>') < 0 {
			if !isClean(s) {
				c.str(path, &s)
				*r = Rich(s)
			}
			return *r != ""
		}
		t := unescape(s)
		c.str(path, &t)
		*r = Escape(t)
		return *r != ""
	}
	if !canonical(s, kind) {
		x, ws, err := ParseMarkup(s, kind)
		if err != nil {
			x = Escape(cleanString(r.Plain()))
			c.warn("markup-mended", path, "%v", err)
		}
		for _, w := range ws {
			c.warn(w.Code, path, "%s", w.Message)
		}
		*r = x
	}
	return !blankRich(*r)
}

func (c *cleaner) riches(path string, list *[]Rich, kind MarkupKind) {
	keep(list, func(r *Rich) bool { return c.rich(path, r, kind) })
}

func (c *cleaner) lang(path string, s *string) {
	if *s == "" {
		return
	}
	tag, ok := mendLang(*s)
	if !ok {
		c.warn("lang-mended", path, "language %q became %q", *s, tag)
	}
	*s = tag
}

func (c *cleaner) text(path string, t *Text, kind MarkupKind) bool {
	if t.Lang != "" {
		c.lang(path+"/lang", &t.Lang)
	}
	return c.rich(path, &t.Text, kind)
}

func (c *cleaner) texts(path string, list *[]Text, kind MarkupKind) {
	keep(list, func(t *Text) bool { return c.text(path, t, kind) })
}

func (c *cleaner) title(path string, t *Title, kind MarkupKind) bool {
	c.lang(path+"/lang", &t.Lang)
	c.riches(path+"/subtitles", &t.Subtitles, kind)
	if !c.rich(path, &t.Text, kind) {
		t.Text = ""
	}
	return t.Text != "" || len(t.Subtitles) > 0
}

func (c *cleaner) url(path string, s *string) bool {
	if *s == "" {
		return false
	}
	c.str(path, s)
	u := mendURL(*s)
	if u == "" && *s != "" {
		c.warn("url-dropped", path, "%q is no address that may be linked", *s)
	}
	*s = u
	return u != ""
}

func (c *cleaner) ids(path string, list *[]ID) {
	keep(list, func(id *ID) bool {
		c.str(path, &id.Type)
		if !c.str(path, &id.Value) {
			return false
		}
		if strings.EqualFold(id.Type, "doi") {
			id.Type = "doi"
			d := bareDOI(id.Value)
			if d == "" {
				c.warn("doi-invalid", path, "%q is no DOI", id.Value)
				id.Type = "other"
				return true
			}
			id.Value = d
		}
		return true
	})
}

// date cuts a date to what is sound; what is none at all is returned as rest.
func (c *cleaner) date(path string, s *string) (rest string) {
	if *s == "" {
		return ""
	}
	old := *s
	*s = isoDate(old)
	if *s != old {
		c.warn("date-mended", path, "date %q became %q", old, *s)
		if *s == "" {
			return cleanString(old)
		}
	}
	return ""
}

func (c *cleaner) day(path string, s *string) {
	if *s == "" {
		return
	}
	if d := isoDate(*s); d != *s || len(d) != 10 {
		if len(d) != 10 {
			c.warn("date-mended", path, "%q is no date YYYY-MM-DD and was left out", *s)
			d = ""
		}
		*s = d
	}
}

func (c *cleaner) dates(path string, list *[]Date) {
	keep(list, func(d *Date) bool {
		c.str(path, &d.Type)
		c.str(path, &d.Format)
		c.str(path, &d.Season)
		c.str(path, &d.Text)
		if rest := c.date(path, &d.Date); rest != "" && d.Text == "" {
			d.Text = rest
		}
		return d.Date != "" || d.Season != "" || d.Text != ""
	})
}

func (c *cleaner) links(path string, list *[]Link) {
	keep(list, func(l *Link) bool {
		c.str(path, &l.MIME)
		c.lang(path, &l.Lang)
		c.str(path, &l.Title)
		c.rich(path, &l.Text, phraseMarkup)
		there := c.url(path, &l.URL)
		if l.MIME == "" && len(l.URL) > 4 && strings.EqualFold(l.URL[len(l.URL)-4:], ".pdf") {
			l.MIME = "application/pdf"
		}
		return there
	})
}

func (c *cleaner) altTitles(path string, list *[]AltTitle, kind MarkupKind) {
	keep(list, func(t *AltTitle) bool {
		c.str(path, &t.Type)
		c.lang(path, &t.Lang)
		return c.rich(path, &t.Text, kind)
	})
}

func (c *cleaner) notes(path string, list *[]Note) {
	keep(list, func(n *Note) bool {
		c.str(path, &n.ID)
		c.str(path, &n.Type)
		c.str(path, &n.Place)
		if n.Place != "" && n.Place != "notes" {
			n.Place = ""
		}
		c.str(path, &n.Label)
		c.lang(path, &n.Lang)
		c.rich(path, &n.Title, phraseMarkup) // where a note has no title it is a paragraph
		c.riches(path, &n.P, ParaMarkup)
		return len(n.P) > 0 || n.Title != "" || n.Label != ""
	})
}

// unique makes the id that *id is a use of particular among seen.
func unique(id *string, seen map[string]bool) {
	want := *id
	for i := 2; seen[*id]; i++ {
		*id = want + "-" + strconv.Itoa(i)
	}
	seen[*id] = true
}

func (c *cleaner) article(a *Article) {
	c.str("articleType", &a.ArticleType)
	c.lang("lang", &a.Lang)
	c.str("status", &a.Status)
	if v := a.Version; v != nil {
		c.str("version", &v.Type)
		c.str("version", &v.Text)
		if *v == (Version{}) {
			a.Version = nil
		}
	}
	c.ids("ids", &a.IDs)
	c.subjGroups(&a.SubjGroups, 0)
	c.title("title", &a.Title, InlineMarkup)
	keep(&a.TransTitles, func(t *Title) bool { return c.title("transTitles", t, InlineMarkup) })
	if a.Title.Text == "" {
		for i := range a.TransTitles {
			if t := a.TransTitles[i]; t.Text != "" {
				t.Subtitles = append(t.Subtitles, a.Title.Subtitles...)
				a.Title = t
				a.TransTitles = append(a.TransTitles[:i:i], a.TransTitles[i+1:]...)
				if len(a.TransTitles) == 0 {
					a.TransTitles = nil
				}
				c.warn("title-moved", "title", "there is no title in the article's language; the translated one %q stands for it", t.Text.Plain())
				break
			}
		}
	}
	c.altTitles("altTitles", &a.AltTitles, InlineMarkup)
	c.notes("notes", &a.Notes)
	c.affs(a)
	ids := ownIDs{}
	for i := range a.Affs {
		ids.affs = append(ids.affs, a.Affs[i].ID)
	}
	seen := map[string]bool{}
	for i := range a.Notes {
		if n := &a.Notes[i]; n.ID != "" {
			unique(&n.ID, seen)
			ids.notes = append(ids.notes, n.ID)
		}
	}
	c.contribs("contribs", &a.Contribs, ids, 0)
	c.journal(&a.Journal, ids)

	c.dates("pubDates", &a.PubDates)
	c.dates("history", &a.History)
	for _, s := range [...]*string{&a.Volume, &a.Issue, &a.Seq, &a.VolumeSeries, &a.IssuePart, &a.FPage, &a.LPage, &a.PageRange, &a.ElocationID} {
		c.str("volume, issue or pages", s)
	}
	if a.LPage != "" && a.FPage == "" {
		c.warn("lpage-moved", "lpage", "a last page %q without a first one", a.LPage)
		if a.PageRange == "" {
			a.PageRange = a.LPage
		}
		a.LPage = ""
	}
	c.ids("volumeIds", &a.VolumeIDs)
	c.ids("issueIds", &a.IssueIDs)
	c.texts("issueTitles", &a.IssueTitles, textMarkup)
	c.riches("issueSponsors", &a.IssueSponsor, textMarkup)
	c.rich("supplement", &a.Supplement, subjectMarkup)
	c.strs("isbns", &a.ISBNs)
	keep(&a.Products, func(p *Product) bool {
		c.str("products", &p.Type)
		return c.rich("products", &p.Text, CitationMarkup)
	})
	keep(&a.Supplementary, func(s *Supplementary) bool {
		if c.str("supplementary", &s.URL); badScheme(s.URL) {
			c.url("supplementary", &s.URL)
		}
		c.str("supplementary", &s.MIME)
		c.lang("supplementary", &s.Lang)
		c.str("supplementary", &s.Label)
		c.rich("supplementary", &s.Title, InlineMarkup)
		c.riches("supplementary", &s.Caption, ParaMarkup)
		return s.URL != "" || s.Label != "" || s.Title != "" || len(s.Caption) > 0
	})
	c.permissions(&a.Permissions)
	c.links("links", &a.Links)
	keep(&a.Related, func(x *Related) bool {
		c.str("related", &x.Type)
		c.str("related", &x.IDType)
		c.str("related", &x.ID)
		c.lang("related", &x.Lang)
		c.rich("related", &x.Text, relatedMarkup)
		if d := bareDOI(x.ID); x.IDType == "doi" && d != "" {
			x.ID = d
		} else if badScheme(x.ID) && x.IDType != "doi" && (x.IDType == "" || x.IDType == "uri") {
			c.url("related", &x.ID)
		}
		return x.ID != "" || x.Text != ""
	})
	keep(&a.Abstracts, func(ab *Abstract) bool {
		c.str("abstracts", &ab.Type)
		c.lang("abstracts", &ab.Lang)
		c.rich("abstracts", &ab.Title, InlineMarkup)
		c.riches("abstracts", &ab.P, ParaMarkup)
		c.secs(&ab.Secs, 0)
		return len(ab.P) > 0 || len(ab.Secs) > 0
	})
	keep(&a.KwdGroups, func(g *KwdGroup) bool {
		c.str("kwdGroups", &g.Type)
		c.lang("kwdGroups", &g.Lang)
		c.rich("kwdGroups", &g.Title, InlineMarkup)
		c.str("kwdGroups", &g.Vocab)
		c.str("kwdGroups", &g.VocabID)
		keep(&g.Kwds, func(k *Kwd) bool {
			c.str("kwdGroups/kwds", &k.Code)
			return c.rich("kwdGroups/kwds", &k.Text, emphMarkup)
		})
		return len(g.Kwds) > 0
	})
	c.funding(&a.Funding)
	keep(&a.Conferences, func(f *Conference) bool {
		c.rich("conferences", &f.Name, textMarkup)
		c.str("conferences", &f.Acronym)
		c.str("conferences", &f.Num)
		c.str("conferences", &f.Date)
		c.rich("conferences", &f.Loc, textMarkup)
		c.rich("conferences", &f.Sponsor, textMarkup)
		c.rich("conferences", &f.Theme, subjectMarkup)
		return *f != (Conference{})
	})
	for _, n := range [...]**int{&a.Counts.Characters, &a.Counts.Figs, &a.Counts.Tables, &a.Counts.Equations, &a.Counts.Refs, &a.Counts.Pages, &a.Counts.Words} {
		if *n != nil && **n < 0 {
			c.warn("count-dropped", "counts", "count %d is below zero", **n)
			*n = nil
		}
	}
	keep(&a.Counts.Others, func(n *Count) bool { return c.str("counts", &n.Type) && n.Count >= 0 })
	keep(&a.CustomMeta, func(m *CustomMeta) bool {
		c.str("customMeta", &m.SpecificUse)
		c.rich("customMeta", &m.Name, textMarkup)
		c.rich("customMeta", &m.Value, phraseMarkup)
		return m.Name != "" || m.Value != ""
	})
	keep(&a.Metrics, func(m *Metric) bool {
		c.str("metrics", &m.Value)
		return c.str("metrics", &m.Name)
	})
	keep(&a.Refs, func(r *Ref) bool { return c.ref(r) })
	c.fullText(a)
}

// badScheme tells whether s has a scheme, such as javascript:, that may not be linked.
func badScheme(s string) bool {
	scheme, _, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || strings.ContainsAny(scheme, "/.?#") {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp", "mailto", "doi":
		return false
	}
	return true
}

func (c *cleaner) subjGroups(list *[]SubjGroup, level int) {
	if level >= maxNesting {
		if *list != nil {
			c.warn("nesting", "subjGroups", "subjects nested more than %d deep were left out", maxNesting)
			*list = nil
		}
		return
	}
	keep(list, func(g *SubjGroup) bool {
		c.str("subjGroups", &g.Type)
		c.lang("subjGroups", &g.Lang)
		c.str("subjGroups", &g.Vocab)
		c.str("subjGroups", &g.VocabID)
		keep(&g.Subjects, func(s *Subject) bool {
			c.str("subjGroups", &s.Code)
			c.str("subjGroups", &s.URI)
			c.rich("subjGroups", &s.Text, subjectMarkup)
			return s.Text != "" || s.Code != ""
		})
		c.subjGroups(&g.Groups, level+1)
		return len(g.Subjects)+len(g.Groups) > 0
	})
}

func (c *cleaner) secs(list *[]Sec, level int) {
	if level >= maxNesting {
		if *list != nil {
			c.warn("nesting", "abstracts", "sections nested more than %d deep were left out", maxNesting)
			*list = nil
		}
		return
	}
	keep(list, func(s *Sec) bool {
		c.rich("abstracts/secs", &s.Title, InlineMarkup)
		c.riches("abstracts/secs", &s.P, ParaMarkup)
		c.secs(&s.Secs, level+1)
		return s.Title != "" || len(s.P)+len(s.Secs) > 0
	})
}

func (c *cleaner) journal(j *Journal, ids ownIDs) {
	c.ids("journal/ids", &j.IDs)
	c.title("journal/title", &j.Title, textMarkup)
	keep(&j.TransTitles, func(t *Title) bool { return c.title("journal/transTitles", t, textMarkup) })
	c.altTitles("journal/abbrevTitles", &j.AbbrevTitle, textMarkup)
	seen := [8]ISSN{}
	n := 0
	keep(&j.ISSNs, func(i *ISSN) bool {
		c.str("journal/issns", &i.Type)
		form, ok := issn(i.Value)
		if !ok {
			c.warn("issn-invalid", "journal/issns", "ISSN %q is not valid and was left out", i.Value)
			return false
		}
		i.Value = form
		for _, s := range seen[:n] {
			if s == *i {
				return false
			}
		}
		if n < len(seen) {
			seen[n] = *i
			n++
		}
		return true
	})
	c.texts("journal/publishers", &j.Publishers, textMarkup)
	c.rich("journal/publisherLoc", &j.PubLoc, textMarkup)
	c.contribs("journal/contribs", &j.Contribs, ids, 0)
	c.notes("journal/notes", &j.Notes)
	c.links("journal/links", &j.Links)
}

// ownIDs are the ids that a contributor may point at.
type ownIDs struct{ affs, notes []string }

func (c *cleaner) rids(path string, list *[]string, have []string) {
	n := 0
	keep(list, func(s *string) bool {
		for _, id := range (*list)[:n] {
			if id == *s {
				return false
			}
		}
		for _, id := range have {
			if id == *s {
				n++
				return true
			}
		}
		c.warn("rid-dropped", path, "%q is no id here", *s)
		return false
	})
}

func (c *cleaner) names(path string, list *[]Name) {
	keep(list, func(n *Name) bool {
		c.lang(path, &n.Lang)
		if n.Style != "" && !nameStyles[n.Style] {
			c.warn("name-style", path, "name style %q is none of JATS", n.Style)
			n.Style = ""
		}
		c.str(path, &n.Surname)
		c.str(path, &n.GivenNames)
		c.str(path, &n.Prefix)
		c.str(path, &n.Suffix)
		c.str(path, &n.Full)
		return n.Surname != "" || n.GivenNames != "" || n.Full != ""
	})
}

func (c *cleaner) contribs(path string, list *[]Contrib, ids ownIDs, level int) {
	if level >= maxNesting {
		if *list != nil {
			c.warn("nesting", path, "members nested more than %d deep were left out", maxNesting)
			*list = nil
		}
		return
	}
	if *list == nil {
		return
	}
	names, collab, positions, degrees, bio, comments := path+"/names", path+"/collab", path+"/positions", path+"/degrees", path+"/bio", path+"/comments"
	affs, notes, members := path+"/affs", path+"/notes", path+"/members" // made once, not for each contributor
	keep(list, func(p *Contrib) bool {
		c.str(path, &p.Type)
		c.names(names, &p.Names)
		c.texts(collab, &p.Collab, subjectMarkup)
		keep(&p.IDs, func(id *ContribID) bool {
			c.str(path, &id.Type)
			if !c.str(path, &id.Value) {
				return false
			}
			if id.Type == "" && strings.Contains(id.Value, "orcid.org/") {
				id.Type = "orcid"
			}
			if strings.EqualFold(id.Type, "orcid") {
				uri, ok := orcid(id.Value)
				if !ok {
					c.warn("orcid-invalid", path, "ORCID %q is not valid and was left out", id.Value)
					return false
				}
				id.Type, id.Value = "orcid", uri
			}
			return true
		})
		keep(&p.Roles, func(r *Role) bool {
			if r.Credit != "" {
				if t := credit(r.Credit); t != r.Credit {
					if t == "" && r.Text == "" {
						r.Text = Escape(r.Credit)
					}
					c.warn("role-mended", path, "CRediT term %q became %q", r.Credit, t)
					r.Credit = t
				}
			}
			c.str(path, &r.Degree)
			c.lang(path, &r.Lang)
			c.rich(path, &r.Text, emphMarkup)
			return r.Credit != "" || r.Text != ""
		})
		c.texts(positions, &p.Positions, emphMarkup)
		c.strs(degrees, &p.Degrees)
		keep(&p.Emails, func(s *string) bool {
			if !c.str(path, s) {
				return false
			}
			*s = strings.TrimPrefix(*s, "mailto:")
			if !strings.Contains(*s, "@") {
				c.warn("email-dropped", path, "%q is no e-mail address", *s)
				return false
			}
			return true
		})
		keep(&p.URIs, func(s *string) bool { return c.url(path, s) })
		c.rids(affs, &p.Affs, ids.affs)
		c.rids(notes, &p.Notes, ids.notes)
		c.riches(bio, &p.Bio, ParaMarkup)
		c.rich(path, &p.OnBehalfOf, emphMarkup)
		c.riches(comments, &p.Comments, ParaMarkup)
		c.contribs(members, &p.Members, ids, level+1)
		return len(p.Names)+len(p.Collab)+len(p.IDs)+len(p.Roles)+len(p.Positions)+len(p.Degrees)+len(p.Emails)+len(p.URIs)+len(p.Affs)+
			len(p.Notes)+len(p.Bio)+len(p.Comments)+len(p.Members) > 0 || p.Anonymous || p.OnBehalfOf != ""
	})
}

func (c *cleaner) affs(a *Article) {
	seen := map[string]bool{}
	n := 0
	keep(&a.Affs, func(f *Aff) bool {
		n++
		c.str("affs", &f.Label)
		keep(&f.Forms, func(f *AffForm) bool {
			c.lang("affs", &f.Lang)
			c.rich("affs", &f.Text, AffMarkup)
			keep(&f.Institutions, func(i *Institution) bool {
				c.str("affs", &i.Name)
				c.str("affs", &i.Type)
				c.ids("affs", &i.IDs)
				return i.Name != "" || len(i.IDs) > 0
			})
			c.strs("affs", &f.Address)
			c.str("affs", &f.City)
			c.str("affs", &f.State)
			c.str("affs", &f.PostalCode)
			c.str("affs", &f.Country)
			if f.CountryCode != "" {
				code := elems["country"].mendAttr("country", f.CountryCode)
				if code == "" {
					c.warn("country-code", "affs", "country code %q is none of ISO 3166-1 alpha-2", f.CountryCode)
				}
				f.CountryCode = code
			}
			return f.Text != "" || len(f.Institutions)+len(f.Address) > 0 || f.City+f.State+f.PostalCode+f.Country+f.CountryCode != ""
		})
		c.str("affs", &f.ID)
		if f.ID == "" {
			f.ID = "aff" + strconv.Itoa(n)
		}
		if len(f.Forms) == 0 {
			return false
		}
		unique(&f.ID, seen)
		return true
	})
}

func (c *cleaner) permissions(p *Permissions) {
	c.texts("permissions/statements", &p.Statements, linkMarkup)
	c.texts("permissions/holders", &p.Holders, textMarkup)
	if p.Year != "" {
		y, rest := yearOf(p.Year)
		if rest {
			c.warn("date-mended", "permissions/year", "copyright year %q became %q", p.Year, y)
		}
		p.Year = y
	}
	keep(&p.Licenses, func(l *License) bool {
		if c.str("permissions/licenses", &l.URI) {
			u := licenseURI(l.URI)
			if u == "" {
				c.warn("url-dropped", "permissions/licenses", "%q is no address of a licence", l.URI)
			}
			l.URI = u
		}
		c.str("permissions/licenses", &l.Type)
		c.lang("permissions/licenses", &l.Lang)
		c.day("permissions/licenses", &l.Start)
		c.str("permissions/licenses", &l.AppliesTo)
		c.riches("permissions/licenses", &l.P, ParaMarkup)
		return l.URI != "" || l.Type != "" || len(l.P) > 0
	})
	switch p.Access {
	case "", "open", "embargoed", "restricted", "closed":
	default:
		c.warn("access", "permissions/access", "access %q is none of open, embargoed, restricted, closed", p.Access)
		p.Access = ""
	}
	if p.Access == "" && p.EmbargoEnd == "" && (p.FreeToRead || slices.ContainsFunc(p.Licenses, License.opens)) {
		p.Access = "open"
	}
	c.day("permissions/freeFrom", &p.FreeFrom)
	c.day("permissions/freeUntil", &p.FreeUntil)
	c.day("permissions/embargoEnd", &p.EmbargoEnd)
	if x := p.Price; x != nil {
		c.str("permissions/price", &x.Amount)
		c.str("permissions/price", &x.Currency)
		x.Currency = strings.ToUpper(x.Currency)
		if !isAmount(x.Amount) || !isCurrency(x.Currency) {
			c.warn("price-dropped", "permissions/price", "price %q %q is none, want a decimal number and a code of ISO 4217", x.Amount, x.Currency)
			p.Price = nil
		}
	}
}

func (c *cleaner) funding(f *Funding) {
	keep(&f.Awards, func(a *Award) bool {
		keep(&a.Funders, func(x *Funder) bool {
			c.lang("funding", &x.Lang)
			c.str("funding", &x.Name)
			if x.Country != "" {
				x.Country = elems["country"].mendAttr("country", x.Country)
			}
			c.ids("funding", &x.IDs)
			return x.Name != "" || len(x.IDs) > 0
		})
		c.strs("funding", &a.IDs)
		c.texts("funding", &a.Recipients, textMarkup)
		c.texts("funding", &a.Leaders, textMarkup)
		return len(a.Funders)+len(a.IDs)+len(a.Recipients)+len(a.Leaders) > 0
	})
	c.texts("funding/statements", &f.Statements, linkMarkup)
	c.riches("funding/openAccess", &f.OpenAccess, ParaMarkup)
}

func (c *cleaner) ref(r *Ref) bool {
	c.str("refs", &r.ID)
	c.rich("refs", &r.List, InlineMarkup)
	c.str("refs", &r.Label)
	keep(&r.Citations, func(x *Citation) bool { return c.citation(x) })
	c.riches("refs/notes", &r.Notes, ParaMarkup)
	r.Distinct = r.Distinct && len(r.Citations) > 1
	return len(r.Citations)+len(r.Notes) > 0
}

func (c *cleaner) citation(x *Citation) bool {
	const path = "refs/citations"
	c.lang(path, &x.Lang)
	c.str(path, &x.PublicationType)
	c.rich(path, &x.Text, CitationMarkup)
	if x.Elements {
		switch topText(string(x.Text)) {
		case 'x':
			x.Elements = false
		case ' ':
			x.Text = withoutTopBlanks(x.Text)
		}
		x.Elements = x.Elements && x.Text != ""
	}
	keep(&x.PersonGroups, func(g *PersonGroup) bool {
		c.str(path, &g.Type)
		keep(&g.Persons, func(p *Person) bool {
			c.names(path, &p.Names)
			c.str(path, &p.Collab)
			return len(p.Names) > 0 || p.Collab != ""
		})
		return len(g.Persons) > 0 || g.EtAl
	})
	c.texts(path, &x.Titles, phraseMarkup)
	c.texts(path, &x.ChapterTitles, phraseMarkup)
	c.rich(path, &x.DataTitle, linkMarkup)
	c.texts(path, &x.Sources, phraseMarkup)
	for _, s := range [...]*string{&x.Edition, &x.Series, &x.ConfName, &x.PublisherName, &x.PublisherLoc, &x.Year, &x.Season, &x.Volume, &x.Issue, &x.Supplement,
		&x.FPage, &x.LPage, &x.PageRange, &x.ElocationID, &x.Size, &x.ISBN, &x.ISSN, &x.Version, &x.LangNote} {
		c.str(path, s)
	}
	if rest := c.date(path, &x.Date); rest != "" && x.Year == "" {
		x.Year = rest
	}
	c.date(path, &x.AccessDate)
	c.ids(path, &x.IDs)
	keep(&x.URLs, func(s *string) bool { return c.url(path, s) })
	c.riches(path, &x.Comments, phraseMarkup)
	return x.Text != "" || len(x.PersonGroups)+len(x.Titles)+len(x.ChapterTitles)+len(x.Sources)+len(x.IDs)+len(x.URLs)+len(x.Comments) > 0 || x.DataTitle != "" ||
		x.Date != "" || x.Year != "" || x.ConfName != "" || x.PublisherName != "" || x.Volume != "" || x.ISBN != ""
}

// withoutTopBlanks is r, which has no text outside of elements but blanks, without these.
func withoutTopBlanks(r Rich) Rich {
	b := make([]byte, 0, len(r))
	depth, end := 0, false
	for i := range len(r) {
		switch c := r[i]; {
		case c == '<':
			if end = r[i+1] == '/'; !end {
				depth++
			}
		case c == '>' && (end || r[i-1] == '/'):
			depth--
			end = false
		case c == ' ' && depth == 0:
			continue
		}
		b = append(b, r[i])
	}
	return Rich(b)
}

// topText tells whether there is text outside of elements in s: 'x' for some, ' ' for blanks only, 0 for none.
func topText(s string) byte {
	depth, found := 0, byte(0)
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '<':
			j := strings.IndexByte(s[i:], '>')
			if j < 0 {
				return 'x'
			}
			if s[i+1] == '/' {
				depth--
			} else if s[i+j-1] != '/' {
				depth++
			}
			i += j
		case depth == 0 && s[i] == ' ':
			found = ' '
		case depth == 0:
			return 'x'
		}
	}
	return found
}
