package crossref

import (
	"strings"
	"unicode/utf8"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

// faces are the elements of JATS that Crossref has face markup for.
//
// Source: Crossref deposit schema 5.4.0, face_markup.
var faces = map[string]string{
	"bold": "b", "italic": "i", "underline": "u", "overline": "ovl", "sup": "sup", "sub": "sub", "sc": "scp", "monospace": "tt",
}

// appendFace appends rich text with Crossref's face markup. Formulas stay as MathML where there is any, else as their text; of all else the text stays.
func appendFace(dst []byte, r jats.Rich) []byte {
	s := string(r)
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return appendRun(dst, s)
		}
		dst = appendRun(dst, s[:i])
		s = s[i:]
		if strings.HasPrefix(s, "<mml:math") {
			end := strings.Index(s, "</mml:math>") + len("</mml:math>")
			if end < len("</mml:math>") {
				return dst
			}
			dst, s = appendRun(dst, s[:end]), s[end:]
			continue
		}
		name, end, rest := tag(s)
		if name == "tex-math" && !end {
			if k := strings.Index(rest, "</tex-math>"); k >= 0 && strings.HasPrefix(rest[k+len("</tex-math>"):], "<mml:math") {
				rest = rest[k+len("</tex-math>"):]
			}
		}
		s = rest
		face, ok := faces[name]
		switch {
		case ok && end:
			dst = append(append(append(dst, "</"...), face...), '>')
		case ok:
			dst = append(append(append(dst, '<'), face...), '>')
		case name == "break", name == "p" && end, name == "list-item" && end:
			dst = append(dst, ' ')
		}
	}
	return dst
}

// appendJATS appends rich text with the prefix jats on its elements, MathML apart. E-mail addresses are left out.
func appendJATS(dst []byte, r jats.Rich) []byte {
	s := string(r)
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return appendRun(dst, s)
		}
		dst = appendRun(dst, s[:i])
		s = s[i:]
		name, end, rest := tag(s)
		whole := s[:len(s)-len(rest)]
		s = rest
		switch {
		case name == "email" && !end:
			if k := strings.Index(s, "</email>"); k >= 0 {
				s = s[k+len("</email>"):]
			}
		case strings.HasPrefix(name, "mml:"):
			dst = appendRun(dst, whole)
		case end:
			dst = appendRun(append(dst, "</jats:"...), whole[2:])
		default:
			dst = appendRun(append(dst, "<jats:"...), whole[1:])
		}
	}
	return dst
}

// tag reads the tag that s begins with.
func tag(s string) (name string, end bool, rest string) {
	j := strings.IndexByte(s, '>')
	if j < 0 { // cannot be in a Rich
		return "", false, ""
	}
	name, end = strings.CutPrefix(s[1:j], "/")
	for k := 0; k < len(name); k++ {
		if name[k] == ' ' || name[k] == '/' {
			name = name[:k]
			break
		}
	}
	return name, end, s[j+1:]
}

// appendRun appends text that is escaped already, or a tag, without what XML 1.0 forbids.
func appendRun(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == '\t' || c == '\n' || c == '\r' || c == '\v':
			dst = append(append(dst, s[from:i]...), ' ')
		case c < ' ' || r == 0xfffe || r == 0xffff || r >= 0x7f && r < 0xa0:
			dst = append(dst, s[from:i]...)
		case r == utf8.RuneError && n == 1:
			dst = append(append(dst, s[from:i]...), "\uFFFD"...)
		default:
			i += n
			continue
		}
		i += n
		from = i
	}
	return append(dst, s[from:]...)
}

// address is an address with what it cannot hold percent-encoded: brackets, a percent sign that begins no code, a second "#". It is "" when it is longer
// than the schema takes or its host is of no known form.
//
// Source: RFC 3986 §2; XML Schema 1.0 part 2 §3.2.17, anyURI; Crossref deposit schema 5.4.0, resource_t.
func address(s string) string {
	scheme := strings.IndexByte(s, ':')
	if strings.ContainsAny(s, "[]%#") {
		b := make([]byte, 0, len(s)+8)
		hash := false
		for i := 0; i < len(s); i++ {
			switch c := s[i]; {
			case c == '[', c == ']', c == '#' && hash, c == '%' && !flat.IsEscape(s[i:]):
				b = append(b, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
			default:
				hash = hash || c == '#'
				b = append(b, c)
			}
		}
		s = string(b)
	}
	if len(s) > 2048 {
		return ""
	}
	if host := s[scheme+1:]; !strings.HasPrefix(s, element.Site) && strings.ContainsAny(host, ":@%") && !flat.HasHost(strings.TrimPrefix(host, "//")) {
		return ""
	}
	return s
}
