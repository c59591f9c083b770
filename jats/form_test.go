package jats

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures"
)

// sameAsStandard holds the JSON of a against what encoding/json writes.
func sameAsStandard(t *testing.T, name string, a *Article) []byte {
	t.Helper()
	want, err := json.Marshal(a)
	require.NoError(t, err)
	got := a.AppendJSON(nil)
	if string(got) != string(want) {
		i := 0
		for i < min(len(got), len(want)) && got[i] == want[i] {
			i++
		}
		t.Errorf("%s: at byte %d %.100q, want %.100q", name, i, got[max(0, i-20):], want[max(0, i-20):])
	}
	return want
}

// randomArticles are full of odd values, half of them clean.
func randomArticles(n int) map[string]*Article {
	all := map[string]*Article{}
	for i := range n {
		a := &Article{}
		fillOdd(rand.New(rand.NewPCG(11, uint64(i))), reflect.ValueOf(a).Elem(), 0)
		if i%2 == 0 {
			a.Clean()
		}
		all[fmt.Sprint("random ", i)] = a
	}
	return all
}

func fixtureArticles(t testing.TB) map[string]*Article {
	all := map[string]*Article{}
	files, err := fs.Glob(fixtures.FS, "articles/*.xml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		data, err := fs.ReadFile(fixtures.FS, name)
		require.NoError(t, err)
		if a, _, err := Read(data); err == nil {
			all[name] = a
		}
	}
	require.NotEmpty(t, all)
	return all
}

func TestAppendJSONIsMarshal(t *testing.T) {
	sameAsStandard(t, "nil", nil)
	sameAsStandard(t, "zero", &Article{})
	for name, a := range fixtureArticles(t) {
		sameAsStandard(t, name, a)
	}
	for name, a := range randomArticles(200) {
		sameAsStandard(t, name, a)
	}
	sameAsStandard(t, "lists without entries", &Article{IDs: []ID{}, Journal: Journal{ISSNs: []ISSN{}}, KwdGroups: []KwdGroup{{}, {Kwds: []Kwd{}}}})
	assert.Equal(t, "x{}", string(new(Article).AppendJSON([]byte("x"))))
}

func TestAppendJSONIsMarshalShared(t *testing.T) {
	for name, a := range corpus(t) {
		sameAsStandard(t, name, a)
	}
}

// A struct tag that the form does not understand, or a field that it forgets, fails here.
func TestForm(t *testing.T) {
	a := &Article{}
	fillAll(reflect.ValueOf(a).Elem(), map[reflect.Type]int{})
	js := string(sameAsStandard(t, "full", a))
	seen := map[*form]bool{}
	var look func(f *form)
	look = func(f *form) {
		if f == nil || seen[f] {
			return
		}
		seen[f] = true
		if look(f.elem); f.kind != reflect.Struct {
			return
		}
		require.Len(t, f.fields, f.typ.NumField(), f.typ)
		require.LessOrEqual(t, len(f.fields), 64, "%s: the reader counts fields in a uint64", f.typ)
		for i, k := range f.fields {
			tag := f.typ.Field(i).Tag.Get("json")
			want := k.name + map[[2]bool]string{{true, false}: ",omitempty", {false, true}: ",omitzero"}[[2]bool{k.omitEmpty, k.omitZero}]
			assert.Equal(t, want, tag, "%s.%s", f.typ, f.typ.Field(i).Name)
			assert.NotEmpty(t, k.name)
			assert.Contains(t, js, k.head, "%s.%s", f.typ, f.typ.Field(i).Name)
			look(k.form)
		}
	}
	look(articleForm)
	assert.Greater(t, len(seen), 40)
}

// fillAll gives every field of v a value; a type that holds itself does so once.
func fillAll(v reflect.Value, inside map[reflect.Type]int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(7)
	case reflect.Pointer:
		if inside[v.Type().Elem()] < 2 {
			v.Set(reflect.New(v.Type().Elem()))
			fillAll(v.Elem(), inside)
		}
	case reflect.Slice:
		if inside[v.Type().Elem()] < 2 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fillAll(v.Index(0), inside)
			fillAll(v.Index(1), inside)
		}
	case reflect.Struct:
		inside[v.Type()]++
		for i := range v.NumField() {
			fillAll(v.Field(i), inside)
		}
		inside[v.Type()]--
	default:
		panic(v.Type())
	}
}

func TestQuotedLikeTheStandard(t *testing.T) {
	var every strings.Builder
	for i := range 256 {
		every.WriteRune(rune(i))
	}
	for _, s := range []string{"", every.String(), "\u2027\u2028\u2029\u202a\u00e2é", "\xe2", "a\xe2\x80", "\xff\xfe<", "王\U00020BB7\ufffd"} {
		want, err := json.Marshal(s)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(appendQuoted(nil, s)))
	}
}

// strict is what encoding/json makes of data.
func strict(data []byte) (*Article, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	a := new(Article)
	if err := dec.Decode(a); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows")
	}
	return a, nil
}

// sameScan holds what the scanner makes of data against encoding/json, and tells whether it made anything of it.
func sameScan(t *testing.T, name string, data []byte) bool {
	t.Helper()
	got := new(Article)
	if !scanJSON(data, got) {
		return false
	}
	want, err := strict(data)
	if assert.NoError(t, err, "%s: %.200s", name, data) {
		assert.True(t, reflect.DeepEqual(want, got), "%s: %.200s", name, data)
	}
	return true
}

func TestScanIsUnmarshal(t *testing.T) {
	all := fixtureArticles(t)
	maps.Copy(all, randomArticles(200))
	full := &Article{}
	fillAll(reflect.ValueOf(full).Elem(), map[reflect.Type]int{})
	all["full"] = full
	for name, a := range all {
		a.Clean()
		data := a.AppendJSON(nil)
		assert.True(t, sameScan(t, name, data), "%s: given up: %.300s", name, data)
		var wide bytes.Buffer
		require.NoError(t, json.Indent(&wide, data, " ", "\t"))
		assert.True(t, sameScan(t, name, wide.Bytes()), name)

		const oddBytes = "\"\\{}[],:0-nN \xff<&u9"
		// Whatever a change makes of it, the two agree, or the scanner says nothing.
		r := rand.New(rand.NewPCG(3, uint64(len(data))))
		for range 30 {
			b := bytes.Clone(data)
			for range 1 + r.IntN(2) {
				if i := r.IntN(len(b)); r.IntN(3) == 0 {
					b = append(b[:i], b[i+1:]...)
				} else {
					b[i] = oddBytes[r.IntN(len(oddBytes))]
				}
			}
			sameScan(t, name, b)
		}
	}
	sc := func(s string) bool { return sameScan(t, s, []byte(s)) }
	for _, s := range []string{`{}`, " {\n}\t", `{"lang":"a\"\\\/\b\f\n\r\t\u00e9\u2028z"}`, `{"counts":{"figs":0,"pages":-12}}`, `{"refs":[{"citations":[{}]}],"lang":"en"}`,
		`{"title":{"text":{"markup":"a<i>b"}}}`, `{"ids":[],"kwdGroups":[{"kwds":[]}]}`, `{"journal":{}}`} {
		assert.True(t, sc(s), s)
	}
	for _, s := range []string{``, `null`, `[]`, `{`, `{} {}`, `{"lang":null}`, `{"Lang":"en"}`, `{"lang":"en","lang":"de"}`, `{"langs":"en"}`, `{"lang":"\ud83d\ude00"}`, `{"lang":"\ud83d"}`, `{"lang":"\x"}`,
		"{\"lang\":\"\n\"}", "{\"lang\":\"\xff\"}", `{"lang":7}`, `{"counts":{"figs":1.5}}`, `{"counts":{"figs":01}}`, `{"counts":{"figs":1e2}}`, `{"counts":{"figs":99999999999999999999}}`, `{"lang":"en",}`,
		`{"title":{"text":{"markup":"a","markup":"b"}}}`, `{"title":{"text":7}}`, `{"version":{"type":"P"}`, strings.Repeat(`{"origin":`, 10000)} {
		assert.False(t, sc(s), s)
	}
	a, err := DecodeJSON([]byte(`{"LANG":"\ud83d\ude00","kwdGroups":null}`))
	require.NoError(t, err)
	assert.Equal(t, "\U0001F600", a.Lang)
	a, err = LoadJSON([]byte(`{"lang":"en","later":{"x":[1]}}`))
	require.NoError(t, err, "a field of a later version")
	assert.Equal(t, &Article{Lang: "en"}, a)
	_, err = LoadJSON([]byte(`{"lang":`))
	assert.Error(t, err)
}

func TestScanIsUnmarshalShared(t *testing.T) {
	for name, a := range corpus(t) {
		assert.True(t, sameScan(t, name, a.AppendJSON(nil)), name)
	}
}

// FuzzScan: the scanner and encoding/json agree on whatever comes, or the scanner leaves it to the other.
func FuzzScan(f *testing.F) {
	full := &Article{}
	fillAll(reflect.ValueOf(full).Elem(), map[reflect.Type]int{})
	full.Clean()
	f.Add(full.AppendJSON(nil))
	for _, a := range fixtureArticles(f) {
		f.Add(a.AppendJSON(nil))
	}
	f.Add([]byte(`{"lang":"a\"\\\u00e9\ud83d\ude00","counts":{"figs":-1},"title":{"text":{"markup":"a<i>b</i>"}},"kwdGroups":[{"kwds":[]},null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		sameScan(t, "fuzz", data)
		if a, err := DecodeJSON(data); err == nil {
			sameAsStandard(t, "fuzz", a)
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	a, _, err := Read(benchmarkArticle(b))
	require.NoError(b, err)
	buf := a.AppendJSON(nil)
	b.Run("append", func(b *testing.B) {
		b.SetBytes(int64(len(buf)))
		b.ReportAllocs()
		for b.Loop() {
			buf = a.AppendJSON(buf[:0])
		}
	})
	b.Run("load", func(b *testing.B) {
		b.SetBytes(int64(len(buf)))
		b.ReportAllocs()
		for b.Loop() {
			_, err := LoadJSON(buf)
			require.NoError(b, err)
		}
	})
	b.Run("standard unmarshal", func(b *testing.B) {
		b.SetBytes(int64(len(buf)))
		b.ReportAllocs()
		for b.Loop() {
			require.NoError(b, json.Unmarshal(buf, new(Article)))
		}
	})
	b.Run("standard marshal", func(b *testing.B) {
		b.SetBytes(int64(len(buf)))
		b.ReportAllocs()
		for b.Loop() {
			_, err := json.Marshal(a)
			require.NoError(b, err)
		}
	})
}
