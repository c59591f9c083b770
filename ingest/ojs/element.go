package ojs

import (
	"strings"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// child is the first child of e with one of these names, or nil; e may be nil.
func child(e *etree.Element, names ...string) *etree.Element {
	if e != nil {
		for _, k := range e.Child {
			if k, ok := k.(*etree.Element); ok {
				for _, name := range names {
					if k.Tag == name {
						return k
					}
				}
			}
		}
	}
	return nil
}

// children are the children of e with a name, in order; e may be nil.
func children(e *etree.Element, name string) (out []*etree.Element) {
	if e != nil {
		for _, k := range e.Child {
			if k, ok := k.(*etree.Element); ok && k.Tag == name {
				out = append(out, k)
			}
		}
	}
	return out
}

// A local is a text in one language.
type local struct{ lang, text string }

// locals are the texts of the children of e with a name that hold any, in order. Of two locales of one language ("en_US", "en_GB") the second keeps its country.
func locals(e *etree.Element, name string) (out []local) {
	for _, k := range children(e, name) {
		s := cut.HTML(k)
		if s == "" {
			continue
		}
		lang := langOf(k)
		if in(out, lang) != "" {
			lang = jats.ParseLang(k.SelectAttrValue("locale", ""))
		}
		out = append(out, local{lang, s})
	}
	return out
}

// in is the text of a language, or "".
func in(list []local, lang string) string {
	for _, l := range list {
		if l.lang == lang {
			return l.text
		}
	}
	return ""
}

// langs are the languages of some lists, first first, each once.
func langs(first string, lists ...[]local) []string {
	var out []string
	add := func(lang string) {
		for _, l := range out {
			if l == lang {
				return
			}
		}
		out = append(out, lang)
	}
	for _, list := range lists {
		if in(list, first) != "" {
			add(first)
		}
	}
	for _, list := range lists {
		for _, l := range list {
			add(l.lang)
		}
	}
	return out
}

// langOf is the language of an element by its locale. The country in a locale ("en_US", "ru_RU") tells which translation of OJS is meant, not which kind of the
// language, and is left away; the script is kept ("sr_RS@latin").
func langOf(e *etree.Element) string {
	locale, script, _ := strings.Cut(strings.TrimSpace(e.SelectAttrValue("locale", "")), "@")
	parts := strings.Split(strings.ReplaceAll(locale, "-", "_"), "_")
	lang := parts[0]
	for _, p := range parts[1:] {
		if len(p) == 4 {
			lang += "-" + p
		}
	}
	switch script {
	case "latin":
		lang += "-Latn"
	case "cyrillic":
		lang += "-Cyrl"
	}
	return jats.ParseLang(lang)
}

// paragraphs parts HTML at its paragraphs, headings and double line breaks; lists stay whole.
func paragraphs(s string) []string {
	var out []string
	from, list, brk := 0, 0, -1 // brk: where the text after the last break begins
	part := func(i int) {
		if p := strings.TrimSpace(s[from:i]); p != "" {
			out = append(out, p)
		}
	}
	for i := 0; i < len(s); {
		j := strings.IndexByte(s[i:], '<')
		if j < 0 {
			break
		}
		if brk >= 0 && strings.TrimSpace(strings.ReplaceAll(s[brk:i+j], "&nbsp;", " ")) != "" {
			brk = -1
		}
		begin := i + j
		k := strings.IndexByte(s[begin:], '>')
		if k < 0 {
			break
		}
		i = begin + k + 1
		name, end := strings.CutPrefix(strings.ToLower(s[begin+1:i-1]), "/")
		if k := strings.IndexAny(name, " \t\n/"); k >= 0 {
			name = name[:k]
		}
		switch name {
		case "ul", "ol":
			if end {
				list = max(0, list-1)
			} else {
				list++
			}
		case "p", "div", "h1", "h2", "h3", "h4", "h5", "h6":
			if list == 0 {
				part(begin)
				from = i
			}
		case "br":
			if brk >= 0 && list == 0 {
				part(begin)
				from = i
			}
			brk = i
		}
	}
	part(len(s))
	return out
}
