package jats

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDecodeJSON(t *testing.T) {
	a, err := DecodeJSON([]byte(`{"lang":"en","title":{"text":"R&D: p<0.05"},"transTitles":[{"lang":"ru","text":{"markup":"H<sub>2</sub>O &amp; <b>x</b>"}}]}`))
	require.NoError(t, err)
	assert.Equal(t, Rich("R&amp;D: p&lt;0.05"), a.Title.Text, "a plain string is never read as markup")
	assert.Equal(t, Rich("H<sub>2</sub>O &amp; <bold>x</bold>"), a.TransTitles[0].Text)

	for in, want := range map[string]string{
		"{\n\"tittle\": 1,\n\"lang\": \"en\"}": `line 2: unknown field "tittle"`,
		"{\n\"lang\": 7}":                      `line 2: field "lang": want string`,
		"{\"lang\": ":                          "ends in the middle",
		"{} {}":                                "follows",
		`{"title":{"text":{"html":"x"}}}`:      "rich text",
		`{"title":{"text":7}}`:                 "rich text",
	} {
		_, err := DecodeJSON([]byte(in))
		require.Error(t, err, in)
		assert.Contains(t, err.Error(), want)
	}
}

func TestRichMarshalsLikeAString(t *testing.T) {
	for _, s := range []string{"", "plain", "a \"b\" \\ c", "tab\tline\n\x01", "R&D p<0.05 > x", "Ж 王 \U00020BB7 e\u0301 \u2028"} {
		want, err := json.Marshal(s)
		require.NoError(t, err)
		got, err := json.Marshal(Escape(s))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got))
	}
	got, err := json.Marshal(Rich(`x<sub>"2"</sub> &amp;`))
	require.NoError(t, err)
	var m struct{ Markup string }
	require.NoError(t, json.Unmarshal(got, &m))
	assert.Equal(t, `x<sub>"2"</sub> &amp;`, m.Markup)
}
