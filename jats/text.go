package jats

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// cleanRune tells whether text keeps r, which is beyond ASCII, as it is.
func cleanRune(r rune) bool {
	switch {
	case r == 0x85, r == 0xAD, r == 0x2028, r == 0x2029, r == 0xFEFF:
		return false
	}
	return isXMLChar(r)
}

// steady tells whether r, which is beyond ASCII, stays as it is whatever stands beside it: text keeps it, it is in normal form C, and it never combines. The
// list has the letters that most text is of, so that the tables need not be asked; a character that it lacks may be steady, too.
func steady(r rune) bool {
	switch {
	case r < 0x300:
		return r >= 0xA0 && r != 0xAD
	case r < 0x2000:
		return r >= 0x388 && r <= 0x482 || r >= 0x48A && r <= 0x52F // Greek, Cyrillic
	case r < 0x3000:
		return r >= 0x2010 && r <= 0x2027 || r >= 0x2030 && r <= 0x205E // dashes, quotation marks
	}
	return r >= 0x4E00 && r <= 0x9FFF // Chinese characters
}

// isClean tells whether cleanString would leave s alone.
func isClean(s string) bool {
	same := true // in normal form C, surely
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c > ' ' && c < utf8.RuneSelf:
			i++
		case c == ' ':
			if i == 0 || i+1 == len(s) || s[i-1] == ' ' {
				return false
			}
			i++
		case c < ' ':
			return false
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if !steady(r) {
				if n == 1 || !cleanRune(r) {
					return false
				}
				same = false
			}
			i += n
		}
	}
	return same || norm.NFC.IsNormalString(s)
}

// cleanString is the hygiene of every plain string: characters that XML 1.0 forbids, soft hyphens and byte order marks left out, line ends and other
// white space folded to one blank (a no-break space stays), none at the ends, normal form C.
func cleanString(s string) string {
	if isClean(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	blank := false
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
			blank = true
		case r == 0xAD || r == 0xFEFF:
		case !isXMLChar(r):
		default:
			if blank && b.Len() > 0 {
				b.WriteByte(' ')
			}
			blank = false
			b.WriteRune(r) // U+FFFD for what is not UTF-8
		}
		i += n
	}
	return norm.NFC.String(b.String())
}
