package loc

import (
	"strings"
	"unicode"

	"sheaf/crosswalk/flat"
)

// Form is another form of a name: in another language or script. Only the name's parts are set.
type Form struct {
	flat.Person
	Lang   string
	Script string // ISO 15924
}

// Forms are the forms of a name other than the one that p has, in the order of the source.
func Forms(p *flat.Person) (out []Form) {
	add := func(x flat.Person, lang string) {
		if s := x.Inverted(); s != "" && s != p.Inverted() {
			out = append(out, Form{Person: x, Lang: lang, Script: Script(s)})
		}
	}
	for i := range p.Groups {
		add(flat.Person{Group: strings.TrimSpace(p.Groups[i].Text.Plain())}, p.Groups[i].Lang)
	}
	for i := range p.Names {
		add(flat.PersonOf(&p.Names[i]), p.Names[i].Lang)
	}
	return out
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
