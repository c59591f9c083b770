package loc

import (
	"strings"
	"unicode"

	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

// Form is another form of a name: in another language or script. Only the name's parts are set.
type Form struct {
	flat.Person
	Lang   string
	Script string // ISO 15924
}

// Forms finds the other forms of the names of a record's people, who are asked for in their order in the record.
type Forms struct {
	contribs []*jats.Contrib
	at       int
}

// NewForms begins with the first contributor of a.
func NewForms(a *jats.Article) *Forms {
	f := &Forms{contribs: make([]*jats.Contrib, 0, len(a.Contribs))}
	for i := range a.Contribs {
		f.contribs = append(f.contribs, &a.Contribs[i])
		for k := range a.Contribs[i].Members {
			f.contribs = append(f.contribs, &a.Contribs[i].Members[k])
		}
	}
	return f
}

// Of gives the forms of a name other than the one that p has, in the order of the source.
func (f *Forms) Of(p *flat.Person) (out []Form) {
	for i := f.at; i < len(f.contribs); i++ {
		all, found := forms(f.contribs[i], p)
		if !found {
			continue
		}
		f.at = i // the same contributor may be a person and a group
		for _, x := range all {
			if s := x.Inverted(); s != "" && s != p.Inverted() {
				x.Script = Script(s)
				out = append(out, x)
			}
		}
		return out
	}
	return nil
}

// forms are the names of c as a person or as a group, as p is one; found tells whether p's own is among them.
func forms(c *jats.Contrib, p *flat.Person) (out []Form, found bool) {
	if p.Group != "" {
		for _, t := range c.Collab {
			name := strings.TrimSpace(t.Text.Plain())
			found = found || name == p.Group
			out = append(out, Form{Person: flat.Person{Group: name}, Lang: t.Lang})
		}
		return out, found
	}
	for i := range c.Names {
		n := &c.Names[i]
		x := flat.Person{Given: strings.TrimSpace(n.GivenNames), Family: strings.TrimSpace(n.Surname), Suffix: strings.TrimSpace(n.Suffix), GivenFirst: n.Style == "islensk"}
		if x.Given == "" && x.Family == "" {
			x.Whole = strings.TrimSpace(n.Full)
		}
		found = found || x.Given == p.Given && x.Family == p.Family && x.Suffix == p.Suffix && x.Whole == p.Whole
		out = append(out, Form{Person: x, Lang: n.Lang})
	}
	return out, found
}

// scripts are those that are told apart.
var scripts = []struct {
	code  string
	table *unicode.RangeTable
}{
	{"Latn", unicode.Latin}, {"Cyrl", unicode.Cyrillic}, {"Hani", unicode.Han}, {"Jpan", unicode.Hiragana}, {"Jpan", unicode.Katakana}, {"Kore", unicode.Hangul}, {"Arab", unicode.Arabic},
	{"Grek", unicode.Greek}, {"Hebr", unicode.Hebrew}, {"Armn", unicode.Armenian}, {"Geor", unicode.Georgian}, {"Deva", unicode.Devanagari}, {"Beng", unicode.Bengali}, {"Thai", unicode.Thai},
	{"Taml", unicode.Tamil}, {"Ethi", unicode.Ethiopic},
}

// Script is the ISO 15924 code of the first letter of s that is of a script told apart here; "" if there is none.
func Script(s string) string {
	for _, r := range s {
		for i := range scripts {
			if unicode.Is(scripts[i].table, r) && unicode.IsLetter(r) {
				return scripts[i].code
			}
		}
	}
	return ""
}
