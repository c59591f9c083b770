package dtd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fault is why a document is not valid.
type Fault struct {
	Line    int    // 1-based
	Element string // the element that is at fault, or in which the fault is; "" when the document is not well-formed
	Message string // what is wrong, and what was expected
}

func (f Fault) Error() string {
	if f.Element == "" {
		return fmt.Sprintf("line %d: %s", f.Line, f.Message)
	}
	return fmt.Sprintf("line %d: element %q: %s", f.Line, f.Element, f.Message)
}

// The bounds of a check.
const (
	maxFaults = 100 // told of one document
	maxDepth  = 512 // elements inside each other
)

// Validate checks a whole document, in UTF-8, by a DTD, whatever DOCTYPE it has, and returns its faults in the order in which they are found, at most 100;
// none when it is valid. Names are compared as they are written: a DTD knows no namespaces. The root may be any element that the DTD declares. No other file
// is opened: an entity that is not of the document itself is text. A document that is not well-formed has one fault that says so, after
// those that were found before.
//
// Source: XML 1.0 (5th ed.) §3, validity constraints.
func Validate(data []byte, v Variant) []Fault {
	c := checker{t: tables[v](), s: scanner{data: bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))}}
	c.document()
	return c.faults
}

// frame is an element that is open.
type frame struct {
	name  []byte
	e     *element // nil when it is not declared
	state int      // in the automaton of e; -1 after a fault
}

type checker struct {
	t      *table
	s      scanner
	faults []Fault
	stack  []frame
	ids    map[string]bool
	refs   []ref
}

// ref is a reference to an id, to be looked up when all ids are known.
type ref struct {
	pos     int
	element string
	id      string
}

func (c *checker) faultf(pos int, element, format string, args ...any) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, Fault{Line: c.s.line(pos), Element: element, Message: fmt.Sprintf(format, args...)})
	}
}

func (c *checker) document() {
	c.ids = map[string]bool{}
	seen := false
	for len(c.faults) < maxFaults {
		t := c.s.next()
		switch t.kind {
		case endOfInput:
			switch {
			case c.s.fault != "":
				c.faultf(t.pos, "", "the document is not well-formed: %s", c.s.fault)
			case len(c.stack) > 0:
				c.faultf(t.pos, "", "the document ends inside element %q", c.stack[len(c.stack)-1].name)
			case !seen:
				c.faultf(t.pos, "", "no element at all")
			default:
				for _, r := range c.refs {
					if !c.ids[r.id] {
						c.faultf(r.pos, r.element, "it refers to id %q, which no element has", r.id)
					}
				}
			}
			return
		case startTag:
			if len(c.stack) == 0 && seen {
				c.faultf(t.pos, string(t.name), "it follows the end of the document")
				return
			}
			seen = true
			if len(c.stack) >= maxDepth {
				c.faultf(t.pos, string(t.name), "it is nested more than %d deep", maxDepth)
				return
			}
			c.start(&t)
		case endTag:
			if len(c.stack) == 0 || !bytes.Equal(c.stack[len(c.stack)-1].name, t.name) {
				c.faultf(t.pos, "", "the end tag of %q closes nothing", t.name)
				return
			}
			c.end(t.pos)
		case text:
			c.text(&t)
		case hidden:
			if n := len(c.stack); n > 0 && c.stack[n-1].e != nil && c.stack[n-1].e.kind == isEmpty {
				c.faultf(t.pos, c.stack[n-1].e.name, "there is a comment or instruction in it, want it empty")
			}
		}
	}
}

func (c *checker) start(t *token) {
	n, known := c.t.numbers[string(t.name)]
	if !known {
		n = -1
	}
	if len(c.stack) > 0 {
		c.child(t, n)
	}
	f := frame{name: t.name}
	if n >= 0 {
		f.e = c.t.elements[n]
		c.attributes(t, f.e)
	} else {
		c.faultf(t.pos, string(t.name), "it is not declared")
	}
	c.stack = append(c.stack, f)
	if t.empty {
		c.end(t.pos)
	}
}

// child checks that the element of number n may stand where it does.
func (c *checker) child(t *token, n int) {
	top := &c.stack[len(c.stack)-1]
	if top.e == nil || n < 0 {
		top.state = -1
		return
	}
	switch top.e.kind {
	case isEmpty:
		c.faultf(t.pos, string(t.name), "it is inside %q, which must be empty", top.name)
	case isMixed:
		if !top.e.holds.has(n) {
			c.faultf(t.pos, string(t.name), "it may not be inside %q", top.name)
		}
	case isElements:
		if top.state < 0 {
			return
		}
		a := top.e.automaton()
		next := a.step(top.state, n)
		if next < 0 {
			c.faultf(t.pos, string(t.name), "it may not stand at this place inside %q, want %s", top.name, c.t.expected(a, top.state))
		}
		top.state = next
	}
}

func (c *checker) end(pos int) {
	top := &c.stack[len(c.stack)-1]
	if top.e != nil && top.e.kind == isElements && top.state >= 0 {
		if a := top.e.automaton(); !a.ends[top.state] {
			c.faultf(pos, string(top.name), "it ends too early, want %s", c.t.expected(a, top.state))
		}
	}
	c.stack = c.stack[:len(c.stack)-1]
}

func isBlank(b []byte) bool {
	for _, c := range b {
		if !isSpace(c) {
			return false
		}
	}
	return true
}

func (c *checker) text(t *token) {
	if len(c.stack) == 0 {
		if !isBlank(t.text) || t.cdata {
			c.faultf(t.pos, "", "there is text outside of the document element")
		}
		return
	}
	top := &c.stack[len(c.stack)-1]
	if top.e == nil {
		return
	}
	switch top.e.kind {
	case isEmpty:
		c.faultf(t.pos, top.e.name, "there is text in it, want it empty")
	case isElements:
		if !isBlank(t.text) {
			c.faultf(t.pos, top.e.name, "there is text %.30q in it, want elements only", bytes.TrimSpace(t.text))
		}
	}
}

func (c *checker) attributes(t *token, e *element) {
	for i := range t.attrs {
		a := &t.attrs[i]
		d := e.attrs[a.name]
		if d == nil {
			c.faultf(t.pos, e.name, "attribute %q is not declared", a.name)
			continue
		}
		if slices.ContainsFunc(t.attrs[:i], func(b attr) bool { return b.name == a.name }) {
			c.faultf(t.pos, e.name, "attribute %q is there twice", a.name)
			continue
		}
		if want := d.wants(a.value); want != "" {
			c.faultf(t.pos, e.name, "attribute %q is %.80q, want %s", a.name, a.value, want)
			continue
		}
		switch d.kind {
		case "ID":
			id := strings.TrimSpace(a.value)
			if c.ids[id] {
				c.faultf(t.pos, e.name, "id %q is there twice", id)
			}
			c.ids[id] = true
		case "IDREF", "IDREFS":
			for _, id := range strings.Fields(a.value) {
				c.refs = append(c.refs, ref{t.pos, e.name, id})
			}
		}
	}
	for _, d := range e.must {
		if !slices.ContainsFunc(t.attrs, func(a attr) bool { return a.name == d.name }) {
			c.faultf(t.pos, e.name, "attribute %q is missing", d.name)
		}
	}
}

// wants is what the value of an attribute should be, or "" when it is right.
//
// Source: XML 1.0 §3.3.1.
func (d *attribute) wants(value string) string {
	if d.fixed != "" && value != d.fixed {
		return fmt.Sprintf("%q", d.fixed)
	}
	switch d.kind {
	case "CDATA":
		return ""
	case "":
		if _, ok := slices.BinarySearch(d.values, strings.TrimSpace(value)); ok {
			return ""
		}
		if len(d.values) > maxNamed {
			return fmt.Sprintf("one of %s or %d more", strings.Join(d.values[:maxNamed], ", "), len(d.values)-maxNamed)
		}
		return "one of " + strings.Join(d.values, ", ")
	case "ID", "IDREF", "ENTITY":
		if !isName(strings.TrimSpace(value), true) {
			return "a name"
		}
		return ""
	}
	words := strings.Fields(value)
	if len(words) == 0 || d.kind == "NMTOKEN" && len(words) > 1 {
		return "a name"
	}
	for _, w := range words {
		if !isName(w, d.kind == "IDREFS") {
			return "names"
		}
	}
	return ""
}

// isName tells whether s is a name, or without begin a name token.
//
// Source: XML 1.0 §2.3, productions 4 to 7.
func isName(s string, begin bool) bool {
	if s == "" {
		return false
	}
	for i, r := range s {
		switch {
		case r < utf8.RuneSelf:
			c := byte(r)
			if !isNameByte(c) || i == 0 && begin && (c == '-' || c == '.' || c >= '0' && c <= '9') {
				return false
			}
		case r == 0xD7 || r == 0xF7 || r < 0xC0 && r != 0xB7 || i == 0 && begin && (r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040):
			return false
		case r >= 0x2000 && r < 0x200C || r > 0x200D && r < 0x203F || r > 0x2040 && r < 0x2070 || r > 0x218F && r < 0x2C00 || r > 0x2FEF && r < 0x3001 || r == 0x37E || unicode.IsControl(r):
			return false
		}
	}
	return true
}
