package jats4r

import (
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// elements are the child elements of e.
func elements(e *etree.Element) iter.Seq[*etree.Element] {
	return func(yield func(*etree.Element) bool) {
		for _, t := range e.Child {
			if k, ok := t.(*etree.Element); ok && !yield(k) {
				return
			}
		}
	}
}

// kids are the children of e of one of these names.
func kids(e *etree.Element, tags ...string) (out []*etree.Element) {
	if e == nil {
		return nil
	}
	for k := range elements(e) {
		if slices.Contains(tags, k.Tag) {
			out = append(out, k)
		}
	}
	return out
}

// kid is the first child of a name, or nil; of several names, a path.
func kid(e *etree.Element, path ...string) *etree.Element {
	if e == nil || len(path) == 0 {
		return e
	}
	for k := range elements(e) {
		if k.Tag == path[0] {
			if f := kid(k, path[1:]...); f != nil {
				return f
			}
		}
	}
	return nil
}

// has tells whether e has a child of one of these names.
func has(e *etree.Element, tags ...string) bool {
	for k := range elements(e) {
		if slices.Contains(tags, k.Tag) {
			return true
		}
	}
	return false
}

// inner are the elements inside e, at any depth, of a name.
func inner(e *etree.Element, tag string) (out []*etree.Element) {
	for k := range elements(e) {
		if k.Tag == tag {
			out = append(out, k)
		}
		out = append(out, inner(k, tag)...)
	}
	return out
}

// up is the nearest element of one of these names that e stands in, or nil.
func up(e *etree.Element, tags ...string) *etree.Element {
	for p := e.Parent(); p != nil; p = p.Parent() {
		if slices.Contains(tags, p.Tag) {
			return p
		}
	}
	return nil
}

// under tells whether the parent of e has one of these names.
func under(e *etree.Element, tags ...string) bool {
	return e.Parent() != nil && slices.Contains(tags, e.Parent().Tag)
}

// attribute is the attribute of a name without a namespace, or nil.
func attribute(e *etree.Element, key string) *etree.Attr {
	for i := range e.Attr {
		if a := &e.Attr[i]; a.Space == "" && a.Key == key {
			return a
		}
	}
	return nil
}

// attr is the value of an attribute; "" when it is absent.
func attr(e *etree.Element, key string) string {
	if a := attribute(e, key); a != nil {
		return a.Value
	}
	return ""
}

// stated tells whether e has one of these attributes, be it empty.
func stated(e *etree.Element, keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return attribute(e, k) != nil })
}

// is tells whether an attribute has one of these values.
func is(e *etree.Element, key string, values ...string) bool {
	a := attribute(e, key)
	return a != nil && slices.Contains(values, a.Value)
}

// spaced is an attribute of a namespace, by its usual prefix or any other that is not xml.
func spaced(e *etree.Element, key string) (value string, ok bool) {
	for _, a := range e.Attr {
		if a.Space != "" && a.Space != "xml" && a.Space != "xmlns" && a.Key == key {
			return a.Value, true
		}
	}
	return "", false
}

func href(e *etree.Element) (string, bool) { return spaced(e, "href") }

func xmlLang(e *etree.Element) string {
	for _, a := range e.Attr {
		if a.Space == "xml" && a.Key == "lang" {
			return a.Value
		}
	}
	return ""
}

// text is all text inside e.
func text(e *etree.Element) string {
	if e == nil {
		return ""
	}
	if len(e.Child) == 1 {
		if c, ok := e.Child[0].(*etree.CharData); ok {
			return c.Data
		}
	}
	var b strings.Builder
	write(&b, e)
	return b.String()
}

func write(b *strings.Builder, e *etree.Element) {
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			b.WriteString(t.Data)
		case *etree.Element:
			write(b, t)
		}
	}
}

// folded is the text of e with single blanks and none at its ends.
func folded(e *etree.Element) string { return strings.Join(strings.Fields(text(e)), " ") }

// says tells whether e holds an element or a text that is not blank.
func says(e *etree.Element) bool {
	for range elements(e) {
		return true
	}
	return strings.TrimSpace(text(e)) != ""
}

// without says that a child is absent: the message of many rules.
func without(e *etree.Element, tag string) string { return "<" + e.Tag + "> has no <" + tag + ">" }

// lacks says that an attribute is absent.
func lacks(e *etree.Element, key string) string { return "<" + e.Tag + "> has no attribute " + key }

// number reads the digits of a page, as "e12" or "12A"; ok is false when there are none.
func number(s string) (n float64, ok bool) {
	s = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return -1
	}, s)
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// version is a version of JATS in the order in which they came out: NLM 2.3 and 3.0 before JATS 1.0, a draft before its version. The zero version is not known.
type version struct{ major, minor, draft int }

var versionText = regexp.MustCompile(`^([0-9]+)\.([0-9]+)(?:d([0-9]+))?$`)

func parseVersion(s string) version {
	m := versionText.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return version{}
	}
	v := version{draft: final}
	v.major, _ = strconv.Atoi(m[1])
	v.minor, _ = strconv.Atoi(m[2])
	if m[3] != "" {
		v.draft, _ = strconv.Atoi(m[3])
	}
	if v.major >= 2 { // NLM
		v.minor, v.major = v.major, 0
	}
	return v
}

const final = 1000 // as a draft: the last one

func (v version) known() bool { return v != version{} }

// from tells whether v is that version or later; a version that is not known is.
func (v version) from(w version) bool {
	return !v.known() || slices.Compare([]int{v.major, v.minor, v.draft}, []int{w.major, w.minor, w.draft}) >= 0
}

var (
	withLicenceRef = version{1, 1, 3} // the first with ali:license_ref
	withVocab      = version{1, 2, 1} // the first with @vocab and its kin
)
