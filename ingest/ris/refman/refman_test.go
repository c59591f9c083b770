package refman

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"sheaf/jats"
)

func TestPages(t *testing.T) {
	for in, want := range map[string]string{
		"12-18": "12|18||", "12--18": "12|18||", "110–118": "110|118||", "1141-8": "1141|1148|1141-8|", "15-22, 30": "15|30|15-22, 30|", "15-22, 30-35": "15|35|15-22, 30-35|", "7": "7|||", "3-1--3-8": "3-1|3-8||", "3-1-8": "3-1-8|||",
		"e0205444": "|||e0205444", "047002": "|||047002", "Article 12": "|||12", "Art. No. 7": "|||7", "n/a-n/a": "|||", "--": "|||", "?": "|||", "pp. 5-7": "5|7||", "С. 5–7": "5|7||", "xi-xv": "xi|xv||", "12:1--12:18": "12:1|12:18||",
		"S1-S5": "S1|S5||", "12, 15": "12||12, 15|", "12+": "12+|||", "5-": "5|||", "-5": "-5|||", "": "|||", "id 5": "|||5", "idle": "idle|||", "18-12": "18|12||",
	} {
		var a jats.Article
		Pages(&a, in)
		assert.Equal(t, want, strings.Join([]string{a.FPage, a.LPage, a.PageRange, a.ElocationID}, "|"), in)
	}
}

func TestNote(t *testing.T) {
	for in, want := range map[string]jats.Rich{
		"no address & more": "no address &amp; more", "to a.b@example.org.": "to <email>a.b@example.org</email>.", "<a@example.org>": "&lt;<email>a@example.org</email>&gt;", "@": "@", "a @ b": "a @ b", "x@y": "x@y", "a@@b.c": "a@@b.c",
		"one@example.org, two@example.org": "<email>one@example.org</email>, <email>two@example.org</email>", "@x.org": "@x.org", "a@b.": "a@b.",
	} {
		assert.Equal(t, want, Note(in), in)
		kept, _, err := jats.ParseMarkup(string(Note(in)), jats.ParaMarkup)
		assert.NoError(t, err)
		assert.Equal(t, want, kept)
	}
}

func TestDOI(t *testing.T) {
	for in, want := range map[string]bool{
		"10.5555/x": true, "doi: 10.5555/x.": true, "https://dx.doi.org/10.5555/x": true, "see 10.5555/x": false, "10.5555/x and more": false, "10.5555": false, "version 10.1/2": false, "https://example.org/10.5555/x": false, "10.x/y": false, "": false,
	} {
		var a jats.Article
		assert.Equal(t, want, DOI(&a, in), in)
		assert.Equal(t, want, len(a.IDs) == 1, in)
	}
	var a jats.Article
	assert.True(t, DOI(&a, "10.5555/X"))
	assert.True(t, DOI(&a, "https://doi.org/10.5555/x"), "the same")
	assert.False(t, DOI(&a, "10.5555/y"), "another")
	assert.Len(t, a.IDs, 1)
	for in, want := range map[string]string{"http://doi.acm.org/10.1145/1.2": "10.1145/1.2", "10.5555/x y": "10.5555/x", "none": "none", "v110.5555/x": "v110.5555/x"} {
		var a jats.Article
		FieldDOI(&a, in)
		assert.Equal(t, []jats.ID{{Type: "doi", Value: want}}, a.IDs, in)
	}
}

func TestLinks(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x;y": "https://a.example/x;y", "https://a.example; http://b.example": "https://a.example http://b.example", "http://a.example;www.b.example": "http://a.example http://www.b.example",
		"//a.example/x": "https://a.example/x", "file:///c:/x.pdf": "", "internal-pdf://1/x y.pdf": "", "nothing": "!", "HTTP://A.example": "HTTP://A.example", "http://a.example http://a.example": "http://a.example", "": "",
	} {
		var a jats.Article
		ok := Links(&a, in, "")
		var got []string
		for _, l := range a.Links {
			got = append(got, l.URL)
		}
		if !ok {
			got = append(got, "!")
		}
		assert.Equal(t, want, strings.Join(got, " "), in)
	}
}

func TestLang(t *testing.T) {
	for in, want := range map[string]string{"English": "en", "eng": "en", "ngerman": "de", "русский": "ru", "ru_RU": "ru-RU", "English; Russian": "en", "Klingonese": "", "brazil": "pt-BR", "中文": "zh", "": "", strings.Repeat("x", 100): ""} {
		assert.Equal(t, want, Lang(in), in)
	}
}
