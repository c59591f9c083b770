// Package element appends XML to bytes: what every format is written with. A value is plain text, folded and escaped here; nothing that XML forbids
// comes through, and nothing empty is written.
package element

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Writer appends elements to B. Elements are closed in the reverse order of their opening.
type Writer struct {
	B    []byte
	open []mark
}

type mark struct {
	name  string
	start int // of the start tag in B
	end   int // of B after it
}

// Open begins an element. attrs are names and values in turn; an attribute whose value is blank is not written.
func (w *Writer) Open(name string, attrs ...string) {
	start := len(w.B)
	w.tag(name, attrs)
	w.B = append(w.B, '>')
	w.open = append(w.open, mark{name, start, len(w.B)})
}

// Close ends the element that was opened last. One that holds nothing is taken back, and with it its start tag.
func (w *Writer) Close() {
	m := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	if len(w.B) == m.end {
		w.B = w.B[:m.start]
		return
	}
	w.end(m.name)
}

// Text writes an element that holds text, unless the text is blank.
func (w *Writer) Text(name, value string, attrs ...string) {
	start := len(w.B)
	w.tag(name, attrs)
	w.B = append(w.B, '>')
	var seen bool
	if w.B, seen = AppendText(w.B, value); !seen {
		w.B = w.B[:start]
		return
	}
	w.end(name)
}

// Empty writes an element without content.
func (w *Writer) Empty(name string, attrs ...string) {
	w.tag(name, attrs)
	w.B = append(w.B, "/>"...)
}

// Raw appends markup that is known to be well-formed.
func (w *Writer) Raw(markup string) { w.B = append(w.B, markup...) }

// Once takes back what was appended since start if the same bytes stand between from and start: for elements that may come only once.
func (w *Writer) Once(from, start int) {
	if bytes.Contains(w.B[from:start], w.B[start:]) {
		w.B = w.B[:start]
	}
}

func (w *Writer) tag(name string, attrs []string) {
	w.B = append(append(w.B, '<'), name...)
	for i := 0; i+1 < len(attrs); i += 2 {
		start := len(w.B)
		w.B = append(append(append(w.B, ' '), attrs[i]...), `="`...)
		var seen bool
		value := len(w.B)
		if w.B, seen = AppendText(w.B, attrs[i+1]); !seen {
			w.B = w.B[:start]
			continue
		}
		if bytes.IndexByte(w.B[value:], '"') >= 0 {
			w.B = append(w.B[:value], strings.ReplaceAll(string(w.B[value:]), `"`, "&quot;")...)
		}
		w.B = append(w.B, '"')
	}
}

func (w *Writer) end(name string) { w.B = append(append(append(w.B, "</"...), name...), '>') }

// Site stands at the beginning of an address for the public address of the site, which is known only when the bytes are served: NUL, which no XML
// may hold. A path follows it.
const Site = "\x00"

// LineBreak is a break that AppendText keeps; all other white space becomes one blank.
const LineBreak = "\x0b"

// AppendText appends s escaped, without characters that XML 1.0 forbids, with white space folded, and tells whether there was anything to see. [Site] at
// the beginning, before a path, stays.
//
// Source: XML 1.0 §2.2.
func AppendText(dst []byte, s string) (out []byte, seen bool) {
	if strings.HasPrefix(s, Site+"/") {
		dst, s = append(dst, Site...), s[len(Site):]
	}
	n := 0
	for n < len(s) && (simple[s[n]] || s[n] == ' ' && n > 0 && n+1 < len(s) && simple[s[n+1]]) {
		n++
	}
	if dst = append(dst, s[:n]...); n == len(s) { // most values
		return dst, n > 0
	}
	seen = n > 0
	gap := byte(0) // white space that is due before the next character
	valid := utf8.ValidString(s[n:])
	for i := n; i < len(s); {
		c := s[i]
		if seen && valid && plain[c] { // most of any text
			j := i + 1
			for j < len(s) && (plain[s[j]] || s[j] == ' ' && j+1 < len(s) && plain[s[j+1]]) {
				j++
			}
			dst = append(appendGap(dst, &gap, true), s[i:j]...)
			i = j
			continue
		}
		if c > ' ' && c < 0x7f {
			i++
			dst = appendGap(dst, &gap, seen)
			seen = true
			switch c {
			case '&':
				dst = append(dst, "&amp;"...)
			case '<':
				dst = append(dst, "&lt;"...)
			case '>':
				dst = append(dst, "&gt;"...)
			default:
				dst = append(dst, c)
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == LineBreak[0]:
			gap = '\n'
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
			if gap == 0 {
				gap = ' '
			}
		case c < ' ' || r == 0xfffe || r == 0xffff || r >= 0x7f && r < 0xa0:
		case r == utf8.RuneError && n == 1:
			dst = appendGap(dst, &gap, seen)
			dst = append(dst, "\uFFFD"...)
			seen = true
		default:
			dst = appendGap(dst, &gap, seen)
			dst = append(dst, s[i:i+n]...)
			seen = seen || !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r)
		}
		i += n
	}
	return dst, seen
}

func appendGap(dst []byte, gap *byte, seen bool) []byte {
	if *gap != 0 && seen {
		dst = append(dst, *gap)
	}
	*gap = 0
	return dst
}

// simple marks the characters of ASCII that are written as they are.
var simple = func() (t [256]bool) {
	for c := byte('!'); c < 0x7f; c++ {
		t[c] = c != '&' && c != '<' && c != '>'
	}
	return t
}()

// plain marks the bytes of valid UTF-8 that are written as they are: not the lead bytes of U+0080-U+00BF, U+2000-U+2FFF and U+F000-U+FFFF, where
// the characters are that need a look.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c > ' ' && c != 0x7f && c != '&' && c != '<' && c != '>' && c != 0xc2 && c != 0xe2 && c != 0xef
	}
	return t
}()
