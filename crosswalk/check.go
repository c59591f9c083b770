package crosswalk

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checker reads one rendered element once, from front to back.
type checker struct {
	b     []byte
	i     int
	open  [][]byte // names of the open elements
	scope []int    // for each open element, how many prefixes were declared before it
	known [][]byte // namespace prefixes declared so far
	ids   map[string]bool
	refs  []string
	attrs [][]byte // names of the tag's attributes
}

// check tells whether b is one element and well-formed with its namespaces: tags in balance, attributes quoted and each once, only the five
// entities of XML, only legal characters besides BaseURL before a path; and whether its ids are unique and every rid leads to one. b holds what the
// formats write, so comments, processing instructions, CDATA and a DOCTYPE are errors too.
//
// Source: XML 1.0 §2.1-2.4, §3.1, §4.1, validity constraints ID and IDREF; Namespaces in XML 1.0 §5.
func check(b []byte) error {
	c := checker{b: b, known: [][]byte{[]byte("xml")}}
	if err := c.run(); err != nil {
		place := bytes.Join(c.open, []byte("/"))
		if len(place) == 0 {
			return fmt.Errorf("byte %d: %w", c.i, err)
		}
		return fmt.Errorf("%s, byte %d: %w", place, c.i, err)
	}
	for _, r := range c.refs {
		if !c.ids[r] {
			return fmt.Errorf("rid %q leads to no id", r)
		}
	}
	return nil
}

func (c *checker) run() error {
	if !utf8.Valid(c.b) {
		for r, n := rune(0), 0; r != utf8.RuneError || n != 1; c.i += n {
			r, n = utf8.DecodeRune(c.b[c.i:])
		}
		return fmt.Errorf("not valid UTF-8 after %.20q", c.b[max(0, c.i-21):c.i-1])
	}
	if len(c.b) == 0 || c.b[0] != '<' {
		return fmt.Errorf("want one element, found %.20q", c.b)
	}
	for {
		if err := c.tag(); err != nil {
			return err
		}
		if len(c.open) == 0 {
			break
		}
		if err := c.text('<'); err != nil {
			return err
		}
		if c.i == len(c.b) {
			return fmt.Errorf("<%s> is not closed", c.open[len(c.open)-1])
		}
	}
	if c.i < len(c.b) {
		return fmt.Errorf("found %.20q after the root element", c.b[c.i:])
	}
	return nil
}

// tag reads the tag at c.i.
func (c *checker) tag() error {
	c.i++
	if c.peek() == '/' {
		c.i++
		if n := len(c.open); n > 0 && bytes.HasPrefix(c.b[c.i:], c.open[n-1]) {
			if end := c.i + len(c.open[n-1]); end < len(c.b) && c.b[end] == '>' {
				c.i = end + 1
				c.close()
				return nil
			}
		}
		name := c.name()
		c.space()
		if n := len(c.open); n == 0 || !bytes.Equal(c.open[n-1], name) || c.peek() != '>' {
			return fmt.Errorf("end tag </%.40s> is not that of the open element", name)
		}
		c.i++
		c.close()
		return nil
	}
	name := c.name()
	if len(name) == 0 {
		return fmt.Errorf("not a tag: %.20q", c.b[c.i-1:min(c.i+19, len(c.b))])
	}
	c.open, c.scope = append(c.open, name), append(c.scope, len(c.known))
	c.attrs = c.attrs[:0]
	for {
		spaced := c.space()
		switch c.peek() {
		case '>':
			c.i++
			return c.prefixes(name)
		case '/':
			c.i++
			if c.peek() != '>' {
				return fmt.Errorf("stray / in the tag")
			}
			c.i++
			if err := c.prefixes(name); err != nil {
				return err
			}
			c.close()
			return nil
		}
		attr := c.name()
		if len(attr) == 0 || !spaced {
			return fmt.Errorf("bad attribute at %.20q", c.b[c.i:min(c.i+20, len(c.b))])
		}
		for _, s := range c.attrs {
			if bytes.Equal(s, attr) {
				return fmt.Errorf("attribute %s twice", attr)
			}
		}
		c.attrs = append(c.attrs, attr)
		if c.peek() != '=' {
			return fmt.Errorf("attribute %s has no value", attr)
		}
		c.i++
		quote := c.peek()
		if quote != '"' && quote != '\'' {
			return fmt.Errorf("attribute %s is not quoted", attr)
		}
		c.i++
		start := c.i
		if err := c.text(quote); err != nil {
			return fmt.Errorf("attribute %s: %w", attr, err)
		}
		if c.peek() != quote {
			return fmt.Errorf("attribute %s is not closed", attr)
		}
		value := c.b[start:c.i]
		c.i++
		switch {
		case string(attr) == "id":
			if err := c.id(string(value)); err != nil {
				return err
			}
		case string(attr) == "rid":
			c.refs = append(c.refs, strings.Fields(string(value))...)
		case len(attr) > len("xmlns:") && string(attr[:len("xmlns:")]) == "xmlns:":
			if len(value) == 0 {
				return fmt.Errorf("%s is empty", attr)
			}
			c.known = append(c.known, attr[len("xmlns:"):])
		}
	}
}

func (c *checker) id(v string) error {
	if v == "" || v[0] < 'A' && v[0] != ':' || strings.ContainsAny(v, " \t\n:/") {
		return fmt.Errorf("id %q is not an XML name", v)
	}
	if c.ids == nil {
		c.ids = map[string]bool{}
	}
	if c.ids[v] {
		return fmt.Errorf("id %q twice", v)
	}
	c.ids[v] = true
	return nil
}

// prefixes checks that those of an element and its attributes are declared.
func (c *checker) prefixes(element []byte) error {
	if err := c.prefix(element); err != nil {
		return err
	}
	for _, a := range c.attrs {
		if err := c.prefix(a); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) prefix(name []byte) error {
	i := bytes.IndexByte(name, ':')
	if i < 0 || string(name[:i]) == "xmlns" {
		return nil
	}
	if i == len(name)-1 || bytes.IndexByte(name[i+1:], ':') >= 0 {
		return fmt.Errorf("%q is not a name", name)
	}
	for j := len(c.known) - 1; j >= 0; j-- {
		if bytes.Equal(c.known[j], name[:i]) {
			return nil
		}
	}
	return fmt.Errorf("prefix of %s is not declared", name)
}

func (c *checker) close() {
	n := len(c.open) - 1
	c.known = c.known[:c.scope[n]]
	c.open, c.scope = c.open[:n], c.scope[:n]
}

// peek is the byte at c.i; 0 at the end.
func (c *checker) peek() byte {
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

// name reads a name; an empty one if there is none.
func (c *checker) name() []byte {
	rest := c.b[c.i:]
	n := 0
	for n < len(rest) && (nameByte[rest[n]] == 2 || nameByte[rest[n]] == 1 && n > 0) {
		n++
	}
	c.i += n
	return rest[:n]
}

// nameByte is 2 for a byte that may begin a name, 1 for one that may only follow. Beyond ASCII every character passes.
var nameByte = func() (t [256]byte) {
	for i := range t {
		switch b := byte(i); {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '_', b >= utf8.RuneSelf:
			t[b] = 2
		case b >= '0' && b <= '9', b == '-', b == '.', b == ':':
			t[b] = 1
		}
	}
	return t
}()

func (c *checker) space() bool {
	start := c.i
	for c.i < len(c.b) && (c.b[c.i] == ' ' || c.b[c.i] == '\n' || c.b[c.i] == '\t' || c.b[c.i] == '\r') {
		c.i++
	}
	return c.i > start
}

// suspect marks the bytes that text has to look at.
var suspect = func() (t [256]bool) {
	for i := 0; i < ' '; i++ {
		t[i] = i != '\t' && i != '\n' && i != '\r'
	}
	for _, b := range []byte("&<>\"'\xef") { // U+FFFE and U+FFFF begin with EF
		t[b] = true
	}
	return t
}()

// text goes on to the next end byte, or the end, and checks the characters and references up to there. end is '<' in content and the quote in
// an attribute.
func (c *checker) text(end byte) error {
	for {
		rest := c.b[c.i:]
		n := 0
		for n < len(rest) && !suspect[rest[n]] {
			n++
		}
		c.i += n
		if n == len(rest) {
			return nil
		}
		rest = rest[n:]
		b := rest[0]
		switch {
		case b == end:
			return nil
		case b == BaseURL[0] && len(rest) > 1 && rest[1] == '/':
		case b < ' ':
			return fmt.Errorf("U+%04X is not allowed in XML", b)
		case b == 0xef:
			if r, _ := utf8.DecodeRune(rest); r == 0xfffe || r == 0xffff {
				return fmt.Errorf("U+%04X is not allowed in XML", r)
			}
		case b == '&' && !entity(rest):
			return fmt.Errorf("bad reference %.20q", rest)
		case b == '<':
			return fmt.Errorf("< in the value")
		case b == '>' && end == '<' && bytes.HasSuffix(c.b[:c.i], []byte("]]")):
			return fmt.Errorf("]]> in text")
		}
		c.i++
	}
}

// entity tells whether s begins with a reference to a legal character.
func entity(s []byte) bool {
	end := bytes.IndexByte(s[:min(len(s), 12)], ';')
	if end < 0 {
		return false
	}
	switch string(s[1:end]) {
	case "amp", "lt", "gt", "quot", "apos":
		return true
	}
	if end < 3 || s[1] != '#' {
		return false
	}
	digits, base := string(s[2:end]), 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	r, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return false
	}
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 && r <= 0x10ffff
}
