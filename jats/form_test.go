package jats

import (
	"encoding/json"
	"fmt"
	"io/fs"
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
	b.Run("standard", func(b *testing.B) {
		b.SetBytes(int64(len(buf)))
		b.ReportAllocs()
		for b.Loop() {
			_, err := json.Marshal(a)
			require.NoError(b, err)
		}
	})
}
