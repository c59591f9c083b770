package jats

import (
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A scanner reads the JSON form of an article by the table that it is written by, several times faster than encoding/json. It is made for what is as it
// should be: whatever is not (a name that the form does not have, or has in another case, or comes twice; null; a wrong type; bad JSON) it gives up, and
// encoding/json says what that means.
type scanner struct {
	s   string
	i   int
	buf []byte // a string with escapes
}

// maxScan bounds how deep values may be inside each other.
const maxScan = 200

// scanJSON reads the whole of data into a, which is empty. When it returns false nothing is known of data, and a is to be thrown away.
func scanJSON(data []byte, a *Article) bool {
	sc := scanner{s: string(data)} // strings of the article are parts of it
	return utf8.Valid(data) && sc.value(articleForm, reflect.ValueOf(a).Elem(), 0) && sc.next() == 0 && sc.i == len(sc.s)
}

// next is the byte after white space, which is not read yet; 0 at the end.
func (sc *scanner) next() byte {
	for ; sc.i < len(sc.s); sc.i++ {
		if c := sc.s[sc.i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
	}
	return 0
}

// take reads c, if it comes next.
func (sc *scanner) take(c byte) bool {
	if sc.next() != c {
		return false
	}
	sc.i++
	return true
}

// word reads w, if it comes next.
func (sc *scanner) word(w string) bool {
	sc.next()
	if !strings.HasPrefix(sc.s[sc.i:], w) {
		return false
	}
	sc.i += len(w)
	return true
}

func (sc *scanner) value(f *form, v reflect.Value, depth int) bool {
	switch f.kind {
	case reflect.String:
		if f.rich {
			r, ok := sc.richText()
			v.SetString(string(r))
			return ok
		}
		s, ok := sc.text()
		v.SetString(s)
		return ok
	case reflect.Bool:
		switch {
		case sc.word("true"):
			v.SetBool(true)
		case !sc.word("false"):
			return false
		}
		return true
	case reflect.Int:
		n, ok := sc.integer()
		v.SetInt(n)
		return ok
	case reflect.Pointer:
		v.Set(reflect.New(f.elem.typ))
		return sc.value(f.elem, v.Elem(), depth)
	case reflect.Slice:
		return depth < maxScan && sc.list(f, v, depth+1)
	}
	return depth < maxScan && sc.object(f, v, depth+1)
}

func (sc *scanner) list(f *form, v reflect.Value, depth int) bool {
	if !sc.take('[') {
		return false
	}
	if sc.take(']') {
		v.Set(reflect.MakeSlice(f.typ, 0, 0))
		return true
	}
	for n := 0; ; n++ {
		if n == v.Cap() {
			v.Grow(max(n, 1))
		}
		v.SetLen(n + 1)
		if !sc.value(f.elem, v.Index(n), depth) {
			return false
		}
		if sc.take(']') {
			return true
		}
		if !sc.take(',') {
			return false
		}
	}
}

// object reads the fields of a struct. They mostly come in the order in which they are written, so the search for one begins behind the last.
func (sc *scanner) object(f *form, v reflect.Value, depth int) bool {
	if !sc.take('{') {
		return false
	}
	if sc.take('}') {
		return true
	}
	var seen uint64 // fields, by their place in the form
	last := -1
	for {
		name, ok := sc.text()
		if !ok || !sc.take(':') {
			return false
		}
		at := f.find(name, last+1)
		if at < 0 || seen&(1<<at) != 0 {
			return false
		}
		seen |= 1 << at
		last = at
		if k := &f.fields[at]; !sc.value(k.form, v.Field(k.at), depth) {
			return false
		}
		if sc.take('}') {
			return true
		}
		if !sc.take(',') {
			return false
		}
	}
}

// find is the place of the field of that name, looked for from a place on and around; -1 when there is none.
func (f *form) find(name string, from int) int {
	for i := range f.fields {
		at := from + i
		if at >= len(f.fields) {
			at -= len(f.fields)
		}
		if f.fields[at].name == name {
			return at
		}
	}
	return -1
}

// richText reads what [Rich] is in JSON.
func (sc *scanner) richText() (Rich, bool) {
	if sc.next() == '"' {
		s, ok := sc.text()
		return Escape(s), ok
	}
	if !sc.take('{') {
		return "", false
	}
	if name, ok := sc.text(); !ok || name != "markup" || !sc.take(':') {
		return "", false
	}
	s, ok := sc.text()
	if !ok || !sc.take('}') {
		return "", false
	}
	r, _, err := ParseMarkup(s, AnyMarkup)
	return r, err == nil
}

// integer reads a whole number; one too large for an int is not ok.
func (sc *scanner) integer() (int64, bool) {
	sc.next()
	from := sc.i
	if sc.i < len(sc.s) && sc.s[sc.i] == '-' {
		sc.i++
	}
	first := sc.i
	for sc.i < len(sc.s) && sc.s[sc.i] >= '0' && sc.s[sc.i] <= '9' {
		sc.i++
	}
	if sc.i == first || sc.s[first] == '0' && sc.i > first+1 {
		return 0, false
	}
	n, err := strconv.Atoi(sc.s[from:sc.i])
	return int64(n), err == nil // a fraction or exponent that follows is no end of a value
}

// text reads a string.
func (sc *scanner) text() (string, bool) {
	if !sc.take('"') {
		return "", false
	}
	from := sc.i
	for ; sc.i < len(sc.s); sc.i++ {
		switch c := sc.s[sc.i]; {
		case c == '"':
			sc.i++
			return sc.s[from : sc.i-1], true
		case c == '\\':
			return sc.escaped(from)
		case c < ' ':
			return "", false
		}
	}
	return "", false
}

// escaped reads the rest of a string that began at from and has the first of its escapes at sc.i.
func (sc *scanner) escaped(from int) (string, bool) {
	b := sc.buf[:0]
	for sc.i < len(sc.s) {
		switch c := sc.s[sc.i]; {
		case c == '"':
			b = append(b, sc.s[from:sc.i]...)
			sc.i++
			sc.buf = b
			return string(b), true
		case c < ' ':
			return "", false
		case c != '\\':
			sc.i++
			continue
		}
		b = append(b, sc.s[from:sc.i]...)
		rest := sc.s[sc.i+1:]
		if rest == "" {
			return "", false
		}
		if rest[0] != 'u' {
			k := strings.IndexByte(`"\/bfnrt`, rest[0])
			if k < 0 {
				return "", false
			}
			b = append(b, "\"\\/\b\f\n\r\t"[k])
			sc.i += 2
		} else {
			if len(rest) < 5 {
				return "", false
			}
			switch rest[1:5] {
			case "003c": // of markup most escapes are these
				b = append(b, '<')
			case "003e":
				b = append(b, '>')
			case "0026":
				b = append(b, '&')
			default:
				r, err := strconv.ParseUint(rest[1:5], 16, 16)
				if err != nil || r >= 0xD800 && r <= 0xDFFF { // half of a pair
					return "", false
				}
				b = utf8.AppendRune(b, rune(r))
			}
			sc.i += 6
		}
		from = sc.i
	}
	return "", false
}
