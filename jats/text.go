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

// isClean tells whether cleanString would leave s alone.
func isClean(s string) bool {
	blank, wide := true, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			if blank {
				return false
			}
			blank = true
		case c < 0x20:
			return false
		default:
			blank = false
			wide = wide || c >= 0x80
		}
	}
	if blank && s != "" {
		return false
	}
	if !wide {
		return true
	}
	for i := 0; i < len(s); {
		if s[i] < 0x80 {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if n == 1 || !cleanRune(r) {
			return false
		}
		i += n
	}
	return norm.NFC.IsNormalString(s)
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
