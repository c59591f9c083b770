package bibtex

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sheaf/jats"
)

// people reads a list of names, parted by "and" outside of braces.
//
// Source: bibtex.web §§370 ff.; O. Patashnik, Designing BibTeX Styles, §4.
func people(as, list string) []jats.Contrib {
	var out []jats.Contrib
	for _, n := range splitAnd(list) {
		if c, ok := person(n); ok {
			c.Type = as
			out = append(out, c)
		}
	}
	return out
}

// splitAnd parts a list at the words "and" outside of braces.
func splitAnd(s string) []string {
	var out []string
	depth, from := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ' ', '\n', '\t', '\r':
			if depth <= 0 && len(s) > i+4 && strings.EqualFold(s[i+1:i+4], "and") && isBlank(s[i+4]) {
				out = append(out, s[min(from, i):i])
				from, i = i+5, i+3
			}
		}
	}
	return append(out, s[from:])
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// person reads one name; ok is false for what is none ("others").
func person(s string) (c jats.Contrib, ok bool) {
	s = strings.TrimSpace(oneSpace(s))
	switch strings.ToLower(strings.Trim(s, ". ")) {
	case "", "others", "et al", "and":
		return c, false
	case "anonymous", "{anonymous}":
		return jats.Contrib{Anonymous: true}, true
	}
	if s[0] == '{' && group(s, 0) == len(s)-1 && !strings.HasPrefix(s, `{\`) {
		return jats.Contrib{Collab: []jats.Text{{Text: jats.Escape(plain(s))}}}, true
	}
	if strings.Contains(s, "family=") || strings.Contains(s, "given=") {
		if n, ok := extended(s); ok {
			return jats.Contrib{Names: []jats.Name{n}}, true
		}
	}
	var n jats.Name
	switch parts := splitTop(s, ','); {
	case len(parts) == 1:
		n = firstVonLast(s)
	case len(parts) == 2:
		n = jats.Name{Surname: plain(parts[0]), GivenNames: plain(parts[1])}
	case len(parts) == 3:
		n = jats.Name{Surname: plain(parts[0]), Suffix: plain(parts[1]), GivenNames: plain(parts[2])}
	default: // "too many commas", says BibTeX
		n = jats.Name{Full: plain(s)}
	}
	if n == (jats.Name{}) {
		return c, false
	}
	if n.Surname == "" && n.GivenNames == "" && n.Full == "" {
		n = jats.Name{Full: plain(s)}
	}
	return jats.Contrib{Names: []jats.Name{n}}, true
}

// splitTop parts s at a byte outside of braces and trims the parts.
func splitTop(s string, at byte) []string {
	var out []string
	depth, from := 0, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '{':
			depth++
		case s[i] == '}':
			depth--
		case s[i] == at && depth <= 0:
			out = append(out, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return append(out, strings.TrimSpace(s[from:]))
}

// firstVonLast reads a name without commas: the last word is the surname, with the words from the first in small letters on.
func firstVonLast(s string) jats.Name {
	words := splitTop(strings.ReplaceAll(s, "~", " "), ' ')
	last := len(words) - 1
	for i, w := range words[:last] {
		if isSmall(w) {
			last = i
			break
		}
	}
	return jats.Name{GivenNames: plain(strings.Join(words[:last], " ")), Surname: plain(strings.Join(words[last:], " "))}
}

// isSmall tells whether a word begins with a small letter, as BibTeX sees it: letters in braces do not count, but for those of a command.
func isSmall(w string) bool {
	if strings.HasPrefix(w, "{") && !strings.HasPrefix(w, `{\`) {
		return false
	}
	for _, r := range plain(w[:min(len(w), 64)]) {
		if unicode.IsLetter(r) {
			return unicode.IsLower(r)
		}
	}
	return false
}

// extended reads a name of biblatex's extended form, "family=Hasselt, given=Jan, prefix=van, suffix=Jr".
func extended(s string) (jats.Name, bool) {
	var n jats.Name
	prefix := ""
	for _, p := range splitTop(s, ',') {
		k, v, ok := strings.Cut(p, "=")
		if !ok {
			return n, false
		}
		v = plain(strings.Trim(strings.TrimSpace(v), `"`))
		switch strings.TrimSpace(k) {
		case "family":
			n.Surname = v
		case "given":
			n.GivenNames = v
		case "suffix":
			n.Suffix = v
		case "prefix":
			prefix = v
		}
	}
	if prefix != "" {
		n.Surname = strings.TrimSpace(prefix + " " + n.Surname)
	}
	return n, n.Surname+n.GivenNames != "" && utf8.ValidString(s)
}
