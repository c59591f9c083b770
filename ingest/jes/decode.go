package jes

import (
	"bytes"
	"sheaf/ingest/cut"
	"sheaf/jats"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/unicode/norm"

	xunicode "golang.org/x/text/encoding/unicode"
)

// maxPage bounds a page, in bytes. The longest full text seen is far under one megabyte.
const maxPage = 16 << 20

// decode makes text of data: UTF-8 or UTF-16 (by its mark or by its zero bytes), and else Windows-1251, in which older pages were
// kept. The second value names an encoding that was only inferred. Damaged UTF-8 stays UTF-8 with U+FFFD where it is damaged.
func decode(data []byte) (text, inferred string, err error) {
	if len(data) > maxPage {
		return "", "", jats.Faultf("too-large", 0, "%d bytes are too many for a landing page", len(data))
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(data, []byte("\x00\x00\xfe\xff")):
		data, err = utf32.UTF32(utf32.BigEndian, utf32.UseBOM).NewDecoder().Bytes(data)
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		data, err = xunicode.UTF16(xunicode.BigEndian, xunicode.UseBOM).NewDecoder().Bytes(data)
	default:
		if order, ok := cut.BareUTF16(data[:min(len(data), 4096)]); ok {
			inferred = "UTF-16"
			data, err = xunicode.UTF16(order, xunicode.IgnoreBOM).NewDecoder().Bytes(data)
		}
	}
	if err != nil {
		return "", "", jats.Faultf("encoding-unknown", 0, "the text cannot be decoded: %v", err)
	}
	if !utf8.Valid(data) {
		if mostlyUTF8(data) {
			inferred = "damaged UTF-8"
		} else {
			inferred = "Windows-1251"
			if data, err = charmap.Windows1251.NewDecoder().Bytes(data); err != nil {
				return "", "", jats.Faultf("encoding-unknown", 0, "the text cannot be decoded: %v", err)
			}
		}
	}
	return clean(string(data)), inferred, nil
}

// mostlyUTF8 tells damaged UTF-8 from a one-byte encoding.
func mostlyUTF8(data []byte) bool {
	var good, bad int
	for len(data) > 0 {
		if data[0] < utf8.RuneSelf {
			data = data[1:]
			continue
		}
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		data = data[n:]
	}
	return good > 4*bad
}

// clean removes what XML forbids and what is not seen, and brings line ends and the normal form (NFC) in order. No-break spaces stay.
//
// Source: XML 1.0 §2.2, UAX #15.
func clean(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\v' || r == '\f':
			return '\n'
		case r == '\t' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return ' '
		case r < 0x20 || r == 0x7f || r == '\u00ad' || r == '\u200b' || r == '\ufeff' || r&0xfffe == 0xfffe:
			return -1
		}
		return r
	}, s)
	return norm.NFC.String(strings.ToValidUTF8(s, "\ufffd"))
}

// line is a line with something on it.
type line struct {
	s   string // trimmed
	n   int    // 1-based
	gap bool   // an empty line is before it
}

func lines(text string) []line {
	var out []line
	gap := false
	n := 0
	for s := range strings.SplitSeq(text, "\n") {
		n++
		s = strings.TrimFunc(s, unicode.IsSpace)
		if s == "" {
			gap = true
			continue
		}
		out = append(out, line{s: s, n: n, gap: gap && len(out) > 0})
		gap = false
	}
	return out
}

// flat makes every run of white space, no-break spaces too, one blank.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }
