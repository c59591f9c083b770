package pubmed

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// authors reads an AuthorList.
func (r *reader) authors(list *etree.Element) {
	kind := "author"
	if strings.HasPrefix(attr(list, "Type"), "editor") || strings.HasPrefix(attr(list, "ListType"), "editor") {
		kind = "editor"
	}
	for _, e := range children(list, "Author") {
		n := len(r.a.Contribs)
		r.a.Contribs = r.contrib(r.a.Contribs, e, kind)
		if len(r.a.Contribs) > n && len(r.a.Contribs[n].Collab) > 0 {
			r.addGroup(n, attr(child(e, "CollectiveName"), "Investigators"))
		}
	}
	if attr(list, "CompleteYN") == "N" {
		r.meta("author-list", "incomplete")
	}
}

// addGroup takes note of a group, and of the list that it names its investigators by.
func (r *reader) addGroup(i int, list string) {
	if r.sole = i; len(r.named) > 0 {
		r.sole = -1
	}
	r.named[r.a.Contribs[i].Collab[0].Text] = i
	if list != "" {
		r.lists[list] = i
	}
}

// contrib appends one author or investigator, unless PubMed has marked the entry as wrong.
func (r *reader) contrib(to []jats.Contrib, e *etree.Element, kind string) []jats.Contrib {
	if attr(e, "ValidYN") == "N" {
		return to
	}
	r.people++
	c := jats.Contrib{Type: kind, EqualContrib: attr(e, "EqualContrib") == "Y"}
	if n := name(e); n != (jats.Name{}) {
		c.Names = []jats.Name{n}
	}
	if t := r.rich(child(e, "CollectiveName"), jats.InlineMarkup); t != "" {
		c.Collab = []jats.Text{{Text: t}}
	}
	for _, id := range children(e, "Identifier") {
		if s := text(id); s != "" {
			c.IDs = append(c.IDs, jats.ContribID{Type: lower(attr(id, "Source")), Value: s})
		}
	}
	for _, info := range children(e, "AffiliationInfo") {
		r.affiliation(&c, child(info, "Affiliation"), children(info, "Identifier"))
	}
	for _, aff := range children(e, "Affiliation") { // before 2015, and in deposits
		r.affiliation(&c, aff, nil)
	}
	if len(c.Names)+len(c.Collab)+len(c.IDs)+len(c.Affs)+len(c.Emails) == 0 {
		return to
	}
	return append(to, c)
}

// name reads a name by its parts. Initials stand for a given name only where there is none.
func name(e *etree.Element) jats.Name {
	n := jats.Name{Surname: textAt(e, "LastName"), GivenNames: textAt(e, "ForeName"), Suffix: textAt(e, "Suffix")}
	if n.GivenNames == "" {
		n.GivenNames = strings.TrimSpace(textAt(e, "FirstName") + " " + textAt(e, "MiddleName"))
	}
	if n.GivenNames == "" {
		n.GivenNames = textAt(e, "Initials")
	}
	return n
}

// institutionIDs are the kinds of identifier of an affiliation, as Source of Identifier, in the words of JATS.
var institutionIDs = map[string]string{"ror": "ROR", "grid": "GRID", "isni": "ISNI", "ringgold": "Ringgold"}

// affiliation links c to an affiliation, which it makes when nobody has had the same before. Addresses of e-mail are the person's.
func (r *reader) affiliation(c *jats.Contrib, e *etree.Element, ids []*etree.Element) {
	t, emails := cutEmails(r.rich(e, jats.AffMarkup))
	person := strconv.Itoa(r.people)
	for _, s := range emails {
		if r.once("email "+person, s) {
			c.Emails = append(c.Emails, s)
		}
	}
	form := jats.AffForm{Text: t}
	key := string(t)
	if len(ids) > 0 {
		in := jats.Institution{Name: t.Plain()}
		for _, id := range ids {
			kind, value := attr(id, "Source"), text(id)
			if k := institutionIDs[strings.ToLower(kind)]; k != "" {
				kind = k
			}
			if kind == "ROR" && value != "" && !strings.Contains(value, "/") {
				value = "https://ror.org/" + value
			}
			if value != "" {
				in.IDs = append(in.IDs, jats.ID{Type: kind, Value: value})
				key += "\x00" + kind + "\x00" + value
			}
		}
		var b strings.Builder // marked as JATS marks an institution with its identifiers
		b.WriteString("<institution-wrap><institution>" + string(jats.Escape(in.Name)) + "</institution>")
		for _, id := range in.IDs {
			b.WriteString(`<institution-id institution-id-type="` + escaper.Replace(id.Type) + `">` + string(jats.Escape(id.Value)) + "</institution-id>")
		}
		b.WriteString("</institution-wrap>")
		form = jats.AffForm{Text: jats.Rich(b.String()), Institutions: []jats.Institution{in}}
	}
	if key == "" {
		return
	}
	id := r.affs[key]
	if id == "" {
		id = "aff" + strconv.Itoa(len(r.a.Affs)+1)
		r.affs[key] = id
		r.a.Affs = append(r.a.Affs, jats.Aff{ID: id, Forms: []jats.AffForm{form}})
	}
	if r.once("aff "+person, id) {
		c.Affs = append(c.Affs, id)
	}
}

// labels are what stands before an e-mail address in an affiliation, in lower case and without the colon.
var labels = []string{"electronic address", "e-mail address", "email address", "e-mail", "email"}

var angles = strings.NewReplacer("&lt;", "(", "&gt;", ")")

// cutEmails takes the e-mail addresses out of an affiliation, with the words that announce them.
func cutEmails(t jats.Rich) (rest jats.Rich, emails []string) {
	if strings.IndexByte(string(t), '@') < 0 {
		return t, nil
	}
	var out []byte
	for _, word := range strings.SplitAfter(string(t), " ") {
		mail := strings.Trim(angles.Replace(word), " .,;:()[]")
		if !isEmail(mail) {
			out = append(out, word...)
			continue
		}
		emails = append(emails, mail)
		out = bytes.TrimRight(out, " :,(")
		for _, l := range labels {
			if n := len(out) - len(l); n >= 0 && strings.EqualFold(string(out[n:]), l) {
				out = out[:n]
				break
			}
		}
		out = bytes.TrimRight(out, " ,(")
		if strings.HasSuffix(strings.TrimSpace(word), ";") && len(out) > 0 && out[len(out)-1] != ';' {
			out = append(out, ';')
		}
		if len(out) > 0 {
			out = append(out, ' ')
		}
	}
	if len(emails) == 0 {
		return t, nil
	}
	return jats.Rich(strings.TrimRight(strings.TrimSpace(string(out)), ";, ")), emails
}

// isEmail tells whether s is an address of e-mail and nothing else.
func isEmail(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(host) < 4 || !strings.Contains(host[1:len(host)-1], ".") {
		return false
	}
	return !strings.ContainsAny(s, "<>&/\"(),;:") && !strings.Contains(host, "@")
}

// investigators reads who belongs to a group: to the one that names their list, or to the only group there is; else it is not known to which.
func (r *reader) investigators(list *etree.Element) {
	group, ok := r.lists[attr(list, "ID")]
	if !ok {
		group = r.sole
	}
	to, kind := &r.a.Contribs, "investigator"
	if group >= 0 {
		to, kind = &r.a.Contribs[group].Members, ""
	}
	for _, e := range children(list, "Investigator") {
		*to = r.contrib(*to, e, kind)
	}
}
