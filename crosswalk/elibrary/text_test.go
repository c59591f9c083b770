package elibrary

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"sheaf/jats"
)

func TestMarkup(t *testing.T) {
	for in, want := range map[jats.Rich]string{
		"plain &amp; p &lt; 5": "plain &amp; p &lt; 5",
		"H<sub>2</sub>O <italic>E. <bold>coli</bold></italic><sup>3</sup>": "H<sub>2</sub>O <i>E. <b>coli</b></i><sup>3</sup>",
		"one<break/>two": "one<br/>two",
		`see <xref rid="r1">1</xref> and <sc>x</sc>`:                                                                                    "see 1 and x",
		`<list><list-item><p>a;</p></list-item><list-item><p>b</p></list-item></list>`:                                                  "a;  b",
		`<inline-formula><tex-math>x^2</tex-math><mml:math><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:math></inline-formula> is <bold/>`: "x2 is",
		`<inline-formula><tex-math>x^2</tex-math></inline-formula>`:                                                                     "x^2",
	} {
		assert.Equal(t, want, markup(in), string(in))
	}
}

func TestSide(t *testing.T) {
	for tag, want := range map[string]string{
		"ru": "RUS", "en-GB": "ENG", "de": "DEU", "cs": "CES", "fr": "FRE", "es-MX": "ESP", "zh-Hans": "CHN", "kk": "KKZ", "ja": "JPN", "uk": "UKR", "ar": "ARA",
		"ru-Latn": "ENG", "": "ANY", "русский": "ANY", "und": "ANY",
	} {
		assert.Equal(t, want, side(tag), tag)
	}
}

func TestDay(t *testing.T) {
	assert.Equal(t, "09.03.2026", day("2026-03-09"))
	for _, d := range []string{"", "2026", "2026-03", "09.03.2026"} {
		assert.Empty(t, day(d), "no day is invented: %s", d)
	}
}
