// Package refmantest is what the tests of the readers of reference managers' files share: the comparison of an article with the words of its source, and what must
// hold of every article that such a reader made.
package refmantest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

// Words are the tokens of text: runs of letters and digits in NFC.
func Words(s string) []string {
	s = strings.NewReplacer("http:", "https:", "\u00AD", "").Replace(s)
	return strings.FieldsFunc(norm.NFC.String(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

// Recall tells how many of the words of a source, in any case of letters, the strings of a hold, and which they do not.
func Recall(a *jats.Article, source []string) (found int, missing []string) {
	have := map[string]int{}
	collect(reflect.ValueOf(a), func(s string) {
		for _, w := range Words(s) {
			have[strings.ToLower(w)]++
		}
	})
	for _, w := range source {
		if k := strings.ToLower(w); have[k] > 0 {
			have[k]--
			found++
		} else {
			missing = append(missing, w)
		}
	}
	return found, missing
}

func collect(v reflect.Value, add func(string)) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[jats.Rich]() {
			add(jats.Rich(v.String()).Plain())
			return
		}
		add(v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			collect(v.Field(i), add)
		}
	case reflect.Slice:
		for i := range v.Len() {
			collect(v.Index(i), add)
		}
	case reflect.Int:
		add(strings.TrimSpace(string(mustJSON(v.Interface()))))
	case reflect.Pointer:
		if !v.IsNil() {
			collect(v.Elem(), add)
		}
	}
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// Golden compares the articles, made clean, with testdata/NAME.json of the package ingest/DIR; -update rewrites it.
func Golden(t testing.TB, dir, name string, articles []*jats.Article) {
	t.Helper()
	for _, a := range articles {
		a.Clean()
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	require.NoError(t, enc.Encode(articles))
	fixturetest.Golden(t, "../../ingest/"+dir+"/testdata/"+name+".json", b.Bytes())
}

// Sound checks what must hold of a when it has been cleaned: Clean finds no more to do; its JSON form gives it back; it is written in every format; and the
// JATS that is written is read as the same article, so far as titles, people, places, dates, numbers, texts and keywords go.
func Sound(t testing.TB, name string, a *jats.Article) {
	t.Helper()
	js, err := json.Marshal(a)
	require.NoError(t, err, name)
	back := new(jats.Article)
	require.NoError(t, json.Unmarshal(js, back), name)
	again, err := json.Marshal(back)
	require.NoError(t, err, name)
	require.Equal(t, string(js), string(again), name)
	require.Empty(t, back.Clean(), "%s: clean, and cleaned again", name)
	again, err = json.Marshal(back)
	require.NoError(t, err, name)
	require.Equal(t, string(js), string(again), "%s: Clean changed what was clean", name)
	if a.Problems() != nil {
		return
	}
	_, err = crosswalk.RenderAll(crosswalk.All(), crosswalk.Record(a, "10.5555/x", time.Unix(1_800_000_000, 0)))
	require.NoError(t, err, "%s: %s", name, js)
	served, _, err := jats.Read(jats.AppendXML(nil, a, jats.WriteOptions{Emails: true, Metrics: true}))
	require.NoError(t, err, "%s: %s", name, js)
	assert.Equal(t, facts(a), facts(served), "%s: read again from JATS", name)
}

// facts are those parts of an article that JATS has a place for without condition.
func facts(a *jats.Article) map[string]string {
	m := map[string]string{}
	put := func(name string, v any) {
		if b := mustJSON(v); !bytes.Equal(b, []byte("null")) {
			m[name] = string(b)
		}
	}
	lang := func(l string) string { // a part in the article's language need not say so
		if l == a.Lang {
			return ""
		}
		return l
	}
	put("title", []any{a.Title.Text, a.Title.Subtitles})
	put("type", a.ArticleType)
	put("lang", a.Lang)
	put("volume", []string{a.Volume, a.Issue, a.FPage, a.LPage})
	put("journal", a.Journal.Title.Text)
	for _, t := range a.TransTitles {
		put("trans-title "+lang(t.Lang)+string(t.Text), t.Subtitles)
	}
	var ids, people, dates []string
	for _, id := range a.IDs {
		ids = append(ids, strings.ToLower(id.Value))
	}
	sort.Strings(ids)
	put("ids", ids)
	for _, c := range a.Contribs {
		if c.Type == "" {
			c.Type = "author"
		}
		names := append([]jats.Name(nil), c.Names...)
		for i := range names {
			names[i].Lang, names[i].Style = "", "" // the writer says which names are eastern
		}
		people = append(people, string(mustJSON([]any{c.Type, names, c.Collab, c.IDs, len(c.Affs)})))
	}
	sort.SliceStable(people, func(i, j int) bool { return authorFirst(people[i]) && !authorFirst(people[j]) })
	put("people", people)
	for _, d := range a.PubDates {
		if d.Date != "" {
			dates = append(dates, d.Date)
		}
	}
	put("dates", dates)
	for _, ab := range a.Abstracts {
		put("abstract "+strings.Join(strings.Fields(string(mustJSON(ab.P))), " "), ab.Secs)
	}
	for _, g := range a.KwdGroups {
		for _, k := range g.Kwds {
			m["keyword "+string(k.Text)] = k.Code
		}
	}
	return m
}

func authorFirst(s string) bool { return strings.HasPrefix(s, `["author"`) }

// Survives checks what must hold of any article that was cleaned, whatever its source held: its JSON form gives it back, and what is written of it in JATS can be read
// again.
func Survives(t testing.TB, a *jats.Article) {
	t.Helper()
	js, err := json.Marshal(a)
	require.NoError(t, err)
	back := new(jats.Article)
	require.NoError(t, json.Unmarshal(js, back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.Equal(t, string(js), string(again))
	if a.Problems() == nil {
		_, _, err = jats.Read(jats.AppendXML(nil, a, jats.WriteOptions{Standalone: true, Emails: true, Metrics: true}))
		require.NoError(t, err, "%s", js)
	}
}
