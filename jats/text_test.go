package jats

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/text/unicode/norm"
)

// What is called steady needs none of the tables of Unicode: they would say the same of every such character.
func TestSteady(t *testing.T) {
	n := 0
	for r := rune(0x80); r <= 0x10FFFF; r++ {
		if !steady(r) {
			continue
		}
		n++
		p := norm.NFC.PropertiesString(string(r))
		if !cleanRune(r) || !p.BoundaryBefore() || p.CCC() != 0 || !norm.NFC.IsNormalString(string(r)) {
			t.Errorf("%U is not steady", r)
		}
	}
	assert.Greater(t, n, 20000)
}

func TestIsClean(t *testing.T) {
	for s, want := range map[string]bool{"": true, "a": true, "a b": true, " a": false, "a ": false, "a  b": false, " ": false, "a\tb": false, "\x00": false, "\x7f": true,
		"é": true, "e\u0301": false, "Рост плёнок": true, "и\u0306": false, "a\u00adb": false, "\ufeff": false, "a\u2028b": false, "\u0085": false, "a\xffb": false, "\xc3": false,
		"\ufffe": false, "\ufffd": true, "a\u00a0b": true, "\u0340": false, "\u0301a": true, "각": true, "\u1100\u1161": false, "中文": true, "\uf900": false, "– “x”": true} {
		assert.Equal(t, want, isClean(s), "%q", s)
		assert.Equal(t, s, map[bool]string{true: cleanString(s), false: s}[want])
		assert.Equal(t, want, cleanString(s) == s, "%q", s)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "a", "&amp;": "&", "&amp;lt;": "&lt;", "a&lt;b&gt;c&quot;&apos;&": `a<b>c"&apos;&`, "&&amp;&am": "&&&am", "&lt": "&lt"} {
		assert.Equal(t, want, unescape(in), in)
	}
}
