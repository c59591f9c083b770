package ojs

import (
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

func (r *reader) authors() {
	for _, e := range inOrder(children(child(r.pub, "authors"), "author")) {
		r.author(e)
	}
}

func (r *reader) author(e *etree.Element) {
	c := jats.Contrib{Type: "author"}
	group := strings.TrimSpace(e.SelectAttrValue("user_group_ref", ""))
	if t := roles[strings.ToLower(group)]; t != "" {
		c.Type = t
	} else if group != "" {
		c.Roles = []jats.Role{{Text: jats.Escape(group)}}
	}
	r.names(e, &c)
	id := e.SelectAttrValue("id", "")
	c.Corresp = id != "" && id == r.pub.SelectAttrValue("primary_contact_id", "") || isTrue(e.SelectAttrValue("primary_contact", ""))
	if s := cut.HTML(child(e, "orcid")); s != "" {
		c.IDs = []jats.ContribID{{Type: "orcid", Value: s}}
	}
	if s := cut.HTML(child(e, "email")); s != "" {
		c.Emails = []string{s}
	}
	if s := cut.HTML(child(e, "url")); s != "" {
		c.URIs = []string{s}
	}
	bios := locals(e, "biography")
	for _, lang := range langs(r.a.Lang, bios) {
		for _, p := range paragraphs(in(bios, lang)) {
			c.Bio = append(c.Bio, r.rich("biography", p, jats.ParaMarkup))
		}
	}
	for _, l := range append(locals(e, "competingInterests"), locals(e, "competing_interests")...) {
		n := jats.Note{ID: "coi" + strconv.Itoa(len(r.a.Notes)+1), Type: "coi-statement", Lang: l.lang}
		for _, p := range paragraphs(l.text) {
			n.P = append(n.P, r.rich("competingInterests", p, jats.ParaMarkup))
		}
		r.a.Notes, c.Notes = append(r.a.Notes, n), append(c.Notes, n.ID)
	}
	r.affiliations(e, &c)
	r.a.Contribs = append(r.a.Contribs, c)
}

func isTrue(s string) bool { return s == "true" || s == "1" }

// roles are the names of the user groups that OJS sets up, in the languages of its users.
var roles = func() map[string]string {
	m := map[string]string{}
	for role, names := range map[string]string{
		"author":     "author|автор|аўтар|autor|autor/a|autora|auteur|auteur-e|auteur·e|autore|forfatter|författare|kirjoittaja|yazar|penulis|作者|著者|저자|المؤلف|مؤلف|نویسنده|avtor|autorius|autors|συγγραφέας",
		"translator": "translator|переводчик|перекладач|traductor|traductor/a|traducteur|traducteur-trice|traducteur·trice|tradutor|traduttore|übersetzer|übersetzer/in|tłumacz|çevirmen|penerjemah|译者|翻訳者|번역가|المترجم|مترجم",
		"editor":     "editor|редактор|éditeur|editor/a|redakteur|redaktor|redactor|volume editor|редактор тома|编辑|編集者",
	} {
		for _, n := range strings.Split(names, "|") {
			m[n] = role
		}
	}
	return m
}()

// names reads the forms of a name, that in the article's language first. The name that a person wants to be printed stands before its parts.
func (r *reader) names(e *etree.Element, c *jats.Contrib) {
	given, family := locals(e, "givenname"), locals(e, "familyname")
	if len(given)+len(family) == 0 { // 3.1
		given, family = locals(e, "firstname"), locals(e, "lastname")
		for _, m := range locals(e, "middlename") {
			found := false
			for i := range given {
				if given[i].lang == m.lang {
					given[i].text, found = given[i].text+" "+m.text, true
				}
			}
			if !found {
				given = append(given, m)
			}
		}
	}
	preferred := append(locals(e, "preferredPublicName"), locals(e, "preferred_public_name")...)
	kind := strings.ToLower(e.SelectAttrValue("contributor_type", ""))
	if kind == "anonymous" {
		c.Anonymous = true
		return
	}
	for _, lang := range langs(r.a.Lang, given, family, preferred) {
		g, f, p := in(given, lang), in(family, lang), in(preferred, lang)
		if kind == "organization" || kind == "organisation" {
			c.Collab = append(c.Collab, jats.Text{Lang: lang, Text: jats.Escape(strings.TrimSpace(p + " " + g + " " + f))})
			continue
		}
		if p != "" {
			c.Names = append(c.Names, jats.Name{Lang: lang, Full: p})
		}
		if g != "" || f != "" {
			c.Names = append(c.Names, jats.Name{Lang: lang, Surname: f, GivenNames: g})
		}
	}
}

// affiliations reads the affiliations of a person. Up to 3.4 there is one, in several languages; later there are several, each with names. An affiliation that
// several people share is one.
func (r *reader) affiliations(e *etree.Element, c *jats.Contrib) {
	country := strings.ToUpper(cut.HTML(child(e, "country")))
	var affs []jats.Aff
	var one jats.Aff
	for _, k := range e.ChildElements() {
		names := locals(k, "name")
		switch {
		case k.Tag == "affiliation" && child(k, "name") == nil:
			if s := cut.HTML(k); s != "" {
				one.Forms = append(one.Forms, form(langOf(k), s, country, ""))
			}
		case k.Tag == "affiliation" || k.Tag == "rorAffiliation":
			var a jats.Aff
			ror := cut.HTML(child(k, "ror"))
			for _, lang := range langs(r.a.Lang, names) {
				a.Forms = append(a.Forms, form(lang, in(names, lang), country, ror))
			}
			affs = append(affs, a)
		}
	}
	if len(one.Forms) > 0 {
		for i, f := range one.Forms { // that in the article's language stands first
			if f.Lang == r.a.Lang {
				copy(one.Forms[1:i+1], one.Forms[:i])
				one.Forms[0] = f
				break
			}
		}
		affs = append(affs, one)
	}
	if len(affs) == 0 && country != "" {
		affs = []jats.Aff{{Forms: []jats.AffForm{{CountryCode: country}}}}
	}
	for _, a := range affs {
		key := ""
		for _, f := range a.Forms {
			key += f.Lang + "\x00" + string(f.Text) + "\x00" + f.CountryCode + "\x00"
			for _, i := range f.Institutions {
				key += i.Name + "\x00"
				for _, id := range i.IDs {
					key += id.Value + "\x00"
				}
			}
		}
		if key == "" {
			continue
		}
		id := r.affs[key]
		if id == "" {
			if r.affs == nil {
				r.affs = map[string]string{}
			}
			id = "aff" + strconv.Itoa(len(r.a.Affs)+1)
			r.affs[key] = id
			a.ID = id
			r.a.Affs = append(r.a.Affs, a)
		}
		c.Affs = append(c.Affs, id)
	}
}

// form is an affiliation in one language. With a country or an identifier the text is the institution's name, because that is how OJS asks for it, and because the
// country, which is only known by its code, is no part of the text.
func form(lang, s, country, ror string) jats.AffForm {
	f := jats.AffForm{Lang: lang, CountryCode: country}
	if country == "" && ror == "" {
		f.Text = jats.Escape(s)
		return f
	}
	in := jats.Institution{Name: s}
	if ror != "" {
		in.IDs = []jats.ID{{Type: "ROR", Value: ror}}
	}
	f.Institutions = []jats.Institution{in}
	return f
}
