package jats

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A form is how a type of the model stands in JSON. It is made once of the struct tags, so that encoding/json and the code here go by the same list:
// what is written here is byte for byte what json.Marshal writes, several times faster because rich text is not scanned again.
type form struct {
	kind   reflect.Kind
	rich   bool    // a Rich
	elem   *form   // of a slice or pointer
	fields []field // of a struct, in the order in which they are written
	typ    reflect.Type
}

type field struct {
	name      string
	head      string // the name as it is written: "name":
	at        int    // which field of the struct
	omitEmpty bool
	omitZero  bool
	*form
}

var articleForm = formOf(reflect.TypeFor[Article](), map[reflect.Type]*form{})

// formOf makes the form of t; made holds those of the types around it, because some hold themselves.
func formOf(t reflect.Type, made map[reflect.Type]*form) *form {
	if f := made[t]; f != nil {
		return f
	}
	f := &form{kind: t.Kind(), rich: t == reflect.TypeFor[Rich](), typ: t}
	made[t] = f
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int:
	case reflect.Slice, reflect.Pointer:
		f.elem = formOf(t.Elem(), made)
	case reflect.Struct:
		for i := range t.NumField() {
			name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			f.fields = append(f.fields, field{name: name, head: `"` + name + `":`, at: i, omitEmpty: options == "omitempty", omitZero: options == "omitzero",
				form: formOf(t.Field(i).Type, made)})
		}
	default:
		panic("jats: no JSON form for " + t.String()) // a field was added that TestForm would not let pass
	}
	return f
}

// AppendJSON appends the JSON form of a to dst: the bytes of json.Marshal(a).
func (a *Article) AppendJSON(dst []byte) []byte {
	if a == nil {
		return append(dst, "null"...)
	}
	return articleForm.append(dst, reflect.ValueOf(a).Elem())
}

func (f *form) append(dst []byte, v reflect.Value) []byte {
	switch f.kind {
	case reflect.String:
		if f.rich {
			return Rich(v.String()).appendJSON(dst)
		}
		return appendQuoted(dst, v.String())
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool())
	case reflect.Int:
		return strconv.AppendInt(dst, v.Int(), 10)
	case reflect.Pointer:
		if v.IsNil() {
			return append(dst, "null"...)
		}
		return f.elem.append(dst, v.Elem())
	case reflect.Slice:
		if v.IsNil() {
			return append(dst, "null"...)
		}
		dst = append(dst, '[')
		for i := range v.Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = f.elem.append(dst, v.Index(i))
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i := range f.fields {
		k := &f.fields[i]
		x := v.Field(k.at)
		if k.omitEmpty && k.empty(x) || k.omitZero && x.IsZero() {
			continue
		}
		dst = append(k.append(append(dst, k.head...), x), ',')
	}
	if last := len(dst) - 1; dst[last] == ',' {
		dst = dst[:last]
	}
	return append(dst, '}')
}

// empty is what omitempty means.
func (f *form) empty(v reflect.Value) bool {
	switch f.kind {
	case reflect.String, reflect.Slice:
		return v.Len() == 0
	case reflect.Bool:
		return !v.Bool()
	case reflect.Int:
		return v.Int() == 0
	case reflect.Pointer:
		return v.IsNil()
	}
	return false // a struct never is
}

// jsonByte marks the bytes that a JSON string holds as they are; U+2028 and U+2029 begin with E2.
var jsonByte = func() (t [256]bool) {
	for i := ' '; i < 256; i++ {
		t[i] = true
	}
	for _, c := range []byte("\"\\<>&\xe2") {
		t[c] = false
	}
	return t
}()

// appendQuoted appends s as a JSON string, as json.Marshal writes it.
func appendQuoted(dst []byte, s string) []byte {
	if !utf8.ValidString(s) {
		b, _ := json.Marshal(s) // of a string it cannot fail
		return append(dst, b...)
	}
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if jsonByte[c] {
			continue
		}
		if c == 0xe2 {
			if next := s[i : i+3]; next == "\u2028" || next == "\u2029" {
				dst = append(append(append(dst, s[start:i]...), `\u202`...), '8'+next[2]-0xa8)
				i += 2
				start = i + 1
			}
			continue
		}
		dst = append(dst, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[start:]...), '"')
}
