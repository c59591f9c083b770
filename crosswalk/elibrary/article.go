package elibrary

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

// article writes one article.
func (w *writer) article(r *flat.Record) {
	w.Open("article")
	w.Text("pages", pages(r))
	w.Text("artType", artType(r))
	if r.Lang != "" {
		w.Text("langPubl", side(r.Lang))
	}
	w.authors(r)
	w.titles(r)
	w.abstracts(r)
	w.codes(r)
	w.keywords(r)
	w.Open("dates")
	w.Text("dateReceived", day(r.Received))
	w.Text("dateAccepted", day(r.Accepted))
	w.Text("datePublication", day(r.Published))
	w.Close()
	w.references(r)
	w.files(r)
	w.Open("rubrics")
	for _, k := range r.Keywords {
		if k.Scheme == "grnti" {
			w.Text("rubric", k.Code)
		}
	}
	w.Close()
	w.fundings(r)
	w.Close()
}

// roles are the kinds of contributor that are not authors and yet stand among them.
//
// Source: eLIBRARY.RU, typeRole.
var roles = map[string]string{"editor": "0", "translator": "3", "compiler": "4", "reviewer": "23"}

// maxNumber is the greatest number of an author that the schema takes.
const maxNumber = 127

func (w *writer) authors(r *flat.Record) {
	affs := make(map[string]*jats.Aff, len(r.Article.Affs))
	for i := range r.Article.Affs {
		affs[r.Article.Affs[i].ID] = &r.Article.Affs[i]
	}
	w.Open("authors")
	n := 0
	for i := range r.Article.Contribs {
		c := &r.Article.Contribs[i]
		kind := strings.ToLower(c.Type)
		role, known := roles[kind]
		if !known && kind != "" && kind != "author" {
			continue
		}
		people := names(r, c)
		if w.author(r, c, people, role, n+1, affs) {
			n++
		}
		if groups := groups(r, c); w.author(r, c, groups, role, n+1, affs) {
			n++
		}
	}
	w.Close()
}

// form is a name in one language.
type form struct {
	side, surname, initials string
}

// names are the forms of a person's name, one for each language, at most three.
func names(r *flat.Record, c *jats.Contrib) (out []form) {
	var done sides
	for _, transliterated := range []bool{false, true} {
		for i := range c.Names {
			n := &c.Names[i]
			f := form{sideOf(r, n.Lang), n.Surname, n.GivenNames}
			if f.surname == "" {
				if f.surname, f.initials = f.initials, ""; f.surname == "" {
					f.surname = n.Full
				}
			}
			if isLatn(n.Lang) == transliterated && visible(f.surname) && len(out) < 3 && done.add(f.side) {
				out = append(out, f)
			}
		}
	}
	return out
}

// groups are the forms of a group's name.
func groups(r *flat.Record, c *jats.Contrib) (out []form) {
	var done sides
	for _, t := range c.Collab {
		f := form{side: sideOf(r, t.Lang), surname: t.Text.Plain()}
		if visible(f.surname) && len(out) < 3 && done.add(f.side) {
			out = append(out, f)
		}
	}
	return out
}

// author writes one author, and tells whether there was a name to write.
func (w *writer) author(r *flat.Record, c *jats.Contrib, names []form, role string, n int, affs map[string]*jats.Aff) bool {
	if len(names) == 0 {
		return false
	}
	num := ""
	if n <= maxNumber {
		num = strconv.Itoa(n)
	}
	w.Open("author", "num", num)
	w.Text("role", role)
	if c.Corresp {
		w.Text("correspondent", "1")
	}
	for _, f := range names {
		w.Open("individInfo", "lang", f.side)
		w.Text("surname", f.surname)
		w.Text("initials", f.initials)
		w.affiliations(r, c, f.side, affs)
		for _, p := range c.Positions {
			if sideOf(r, p.Lang) == f.side && visible(p.Text.Plain()) {
				w.Text("otherInfo", p.Text.Plain())
				break
			}
		}
		w.Close()
	}
	w.Open("authorCodes")
	for _, kind := range [][2]string{{"scopusid", "scopus"}, {"researcherid", "researcherid"}, {"orcid", "orcid"}, {"spin", "spin"}} {
		for _, id := range c.IDs {
			if strings.EqualFold(id.Type, kind[1]) {
				w.Text(kind[0], strings.TrimPrefix(id.Value, "https://orcid.org/"))
				break
			}
		}
	}
	w.Close()
	w.Close()
	return true
}

// affiliations writes where a person works, in one language; several places are parted by semicolons.
func (w *writer) affiliations(r *flat.Record, c *jats.Contrib, lang string, affs map[string]*jats.Aff) {
	var orgs, addresses, towns, countries []string
	for _, id := range c.Affs {
		f := affs[id]
		if f == nil {
			continue
		}
		for i := range f.Forms {
			x := &f.Forms[i]
			if sideOf(r, x.Lang) != lang {
				continue
			}
			var inst []string
			for _, in := range x.Institutions {
				inst = append(inst, in.Name)
			}
			if org := joined(", ", inst...); org != "" {
				orgs = append(orgs, org)
				addresses = append(addresses, joined(", ", append(slices.Clone(x.Address), x.PostalCode)...))
				towns, countries = append(towns, x.City), append(countries, x.Country)
			} else {
				y := *x
				y.Text = jats.Rich(email.ReplaceAllString(string(x.Text), ""))
				orgs = append(orgs, y.Plain())
			}
			break
		}
	}
	w.Text("orgName", joined("; ", orgs...))
	w.Text("address", joined("; ", addresses...))
	w.Text("town", joined("; ", towns...))
	w.Text("country", joined("; ", countries...))
}

// email matches an address of e-mail that the source marks.
var email = regexp.MustCompile(`[\s,;]*<email(?:\s[^<>]*)?>[^<]*</email>`)

// joined puts sep between what of ss is not blank, and says each thing once.
func joined(sep string, ss ...string) string {
	var out []string
	for _, s := range ss {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, sep)
}

func (w *writer) titles(r *flat.Record) {
	var done sides
	w.Open("artTitles")
	for i := -1; i < len(r.Article.TransTitles); i++ {
		t := &r.Article.Title
		if i >= 0 {
			t = &r.Article.TransTitles[i]
		}
		s := markup(t.Text)
		for _, sub := range t.Subtitles {
			if x := markup(sub); s == "" {
				s = x
			} else if x != "" {
				s = flat.Join(s, ": ", x)
			}
		}
		if len(done) < 3 && !isLatn(t.Lang) && visible(jats.Rich(s).Plain()) && done.add(sideOf(r, t.Lang)) {
			w.marked("artTitle", s, sideOf(r, t.Lang))
		}
	}
	w.Close()
}

// marked writes an element that holds what markup gave.
func (w *writer) marked(name, s, lang string) {
	w.Open(name, "lang", lang)
	w.Raw(s)
	w.Close()
}

func (w *writer) abstracts(r *flat.Record) {
	var done sides
	w.Open("abstracts")
	for i := range r.Article.Abstracts {
		b := &r.Article.Abstracts[i]
		if s := strings.Join(paragraphs(b.P, b.Secs), "<br/>"); b.Type == "" && visible(jats.Rich(s).Plain()) && done.add(sideOf(r, b.Lang)) {
			w.marked("abstract", s, sideOf(r, b.Lang))
		}
	}
	w.Close()
}

// paragraphs are those of an abstract, each title of a section before what comes first in it.
func paragraphs(ps []jats.Rich, secs []jats.Sec) (out []string) {
	for _, p := range ps {
		if s := markup(p); s != "" {
			out = append(out, s)
		}
	}
	for i := range secs {
		in := paragraphs(secs[i].P, secs[i].Secs)
		if title := markup(secs[i].Title); title != "" && len(in) > 0 {
			in[0] = flat.Join(title, ": ", in[0])
		} else if title != "" {
			in = []string{title}
		}
		out = append(out, in...)
	}
	return out
}

// elements are the marks of JATS that the format has.
var elements = map[string]string{"italic": "i", "bold": "b", "sub": "sub", "sup": "sup"}

// blocks are elements that stand apart from what follows them.
var blocks = map[string]bool{"p": true, "list-item": true, "list": true, "disp-formula": true, "title": true, "label": true, "disp-quote": true}

// markup is rich text with the marks of the format; it is well-formed, and white space at its ends is gone.
func markup(t jats.Rich) string {
	s := string(t)
	if !t.HasMarkup() {
		return strings.TrimSpace(s)
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			i = len(s)
		}
		b.WriteString(s[:i])
		if s = s[i:]; s == "" {
			break
		}
		j := strings.IndexByte(s, '>')
		name, end := strings.CutPrefix(s[1:j], "/")
		empty := strings.HasSuffix(name, "/")
		if k := strings.IndexAny(name, " /\t\n"); k >= 0 {
			name = name[:k]
		}
		s = s[j+1:]
		switch e := elements[name]; {
		case name == "break":
			b.WriteString("<br/>")
		case name == "tex-math" && !end: // the MathML beside it says the same
			if k := strings.Index(s, "</tex-math>"); k >= 0 && strings.HasPrefix(s[k+len("</tex-math>"):], "<mml:math") {
				s = s[k+len("</tex-math>"):]
			}
		case end && blocks[name]:
			b.WriteByte(' ')
		case e == "" || empty:
		case end:
			b.WriteString("</" + e + ">")
		default:
			b.WriteString("<" + e + ">")
		}
	}
	return strings.TrimSpace(b.String())
}

// schemes are the classifications that have an element of their own.
var schemes = map[string]string{"udc": "udk", "bbk": "bbk", "jel": "jel", "msc": "msc", "pacs": "pacs"}

// since2021 matches codes of specialities in the list of 2021: "5.9.5"; those before are like "10.02.01".
var since2021 = regexp.MustCompile(`^[0-9]\.[0-9]{1,2}\.[0-9]{1,2}\.?$`)

func (w *writer) codes(r *flat.Record) {
	w.Open("codes")
	w.Text("doi", r.DOI)
	w.Text("edn", flat.FirstID(r.Article.IDs, "edn"))
	var done sides
	all := len(w.B)
	for _, k := range r.Keywords {
		start := len(w.B)
		switch name := schemes[k.Scheme]; {
		case k.Code == "" || k.Scheme == "grnti":
		case name != "":
			w.Text(name, k.Code)
		case k.Scheme == "vak":
			if name = "vak"; since2021.MatchString(k.Code) {
				name = "vak21"
			}
			if done.add(name) { // one of each
				w.Text(name, k.Code)
			}
		case flat.IsScheme(k.Scheme):
			w.Text("anycode", strings.ToUpper(k.Scheme)+" "+k.Code)
		}
		w.Once(all, start)
	}
	w.Close()
}

func (w *writer) keywords(r *flat.Record) {
	var langs sides
	for _, k := range r.Keywords {
		if visible(k.Text) {
			langs.add(side(k.Lang))
		}
	}
	w.Open("keywords")
	for _, lang := range langs {
		attr := lang
		if lang == unknown { // which eLIBRARY refuses here
			attr = ""
		}
		w.Open("kwdGroup", "lang", attr)
		all := len(w.B)
		for _, k := range r.Keywords {
			if side(k.Lang) == lang {
				start := len(w.B)
				w.Text("keyword", k.Text)
				w.Once(all, start)
			}
		}
		w.Close()
	}
	w.Close()
}

// references writes each cited work once: its first form as the Russian side, whatever its language, and another form as the English one.
func (w *writer) references(r *flat.Record) {
	w.Open("references")
	next := 0 // in r.Refs, which has an entry for each work
	for i := range r.Article.Refs {
		ref := &r.Article.Refs[i]
		works := min(1, len(ref.Citations))
		if ref.Distinct {
			works = len(ref.Citations)
		}
		for range works {
			x := &r.Refs[next]
			next++
			w.Open("reference")
			w.reference("RUS", x.Text, x.DOI, x.Cite)
			if !ref.Distinct {
				w.translation(ref.Citations)
			}
			w.Close()
		}
	}
	w.Close()
}

// translation writes the form of a cited work for English readers, which comes after the first.
func (w *writer) translation(forms []jats.Citation) {
	for k := 1; k < len(forms); k++ {
		if c := &forms[k]; c.Lang == "" || side(c.Lang) == "ENG" {
			w.reference("ENG", c.Plain(), flat.FirstID(c.IDs, "doi"), c)
			return
		}
	}
}

func (w *writer) reference(lang, text, doi string, c *jats.Citation) {
	if !visible(text) {
		return
	}
	w.Open("refInfo", "lang", lang)
	w.Text("text", text)
	w.Open("elements")
	for _, e := range [][2]string{
		{"Authors", people(c)}, {"Name", firstOf(c.Titles, c.ChapterTitles)}, {"Title", firstOf(c.Sources)}, {"YearPubl", year(c)}, {"Volume", c.Volume},
		{"Issue", c.Issue}, {"Pages", pageRange(c)}, {"DOI", doi}, {"PMID", flat.FirstID(c.IDs, "pmid")}, {"ArXiv", flat.FirstID(c.IDs, "arxiv")},
		{"EDN", flat.FirstID(c.IDs, "edn")}, {"ISBN", c.ISBN},
	} {
		w.Text("element", e[1], "field", e[0])
	}
	for _, u := range c.URLs {
		w.Text("element", u, "field", "URL")
		break
	}
	w.Close()
	w.Close()
}

func people(c *jats.Citation) string {
	var out []string
	for i := range c.PersonGroups {
		g := &c.PersonGroups[i]
		if g.Type != "" && g.Type != "author" {
			continue
		}
		for k := range g.Persons {
			p := &g.Persons[k]
			name := p.Collab
			if len(p.Names) > 0 {
				n := &p.Names[0]
				if name = joined(" ", n.Surname, n.GivenNames); name == "" {
					name = n.Full
				}
			}
			out = append(out, name)
		}
	}
	return joined(", ", out...)
}

func firstOf(lists ...[]jats.Text) string {
	for _, l := range lists {
		for _, t := range l {
			if s := t.Text.Plain(); s != "" {
				return s
			}
		}
	}
	return ""
}

func year(c *jats.Citation) string {
	if flat.IsDate(c.Date) {
		return c.Date[:4]
	}
	return c.Year
}

func pageRange(c *jats.Citation) string {
	switch {
	case c.PageRange != "":
		return c.PageRange
	case c.FPage != "" && c.LPage != "" && c.LPage != c.FPage:
		return c.FPage + "-" + c.LPage
	case c.FPage != "":
		return c.FPage
	}
	return c.ElocationID
}

// files writes where the full texts are, and the article's own page.
func (w *writer) files(r *flat.Record) {
	w.Open("files")
	for _, f := range r.Files {
		lang := ""
		if f.Lang != "" {
			lang = side(f.Lang)
		}
		w.Text("furl", f.URL, "desc", "fullText", "lang", lang)
	}
	if r.Landing != r.Page {
		w.Text("furl", r.Landing, "desc", "description")
	}
	w.Close()
}

// fundings writes who paid: in the words of the article, else by its grants.
func (w *writer) fundings(r *flat.Record) {
	w.Open("fundings")
	empty := len(w.B)
	for _, s := range r.Article.Funding.Statements {
		w.Text("funding", s.Text.Plain(), "lang", sideOf(r, s.Lang))
	}
	if len(w.B) == empty {
		for i := range r.Grants {
			start := len(w.B)
			w.Text("funding", joined(", ", r.Grants[i].Funder, r.Grants[i].Award), "lang", side(r.Lang))
			w.Once(empty, start)
		}
	}
	w.Close()
}
