package dtd

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kinds of token
type tokenKind int

const (
	endOfInput tokenKind = iota
	startTag
	endTag
	text   // characters, a CDATA section or a reference
	hidden // a comment or processing instruction
)

// token is a piece of a document.
type token struct {
	kind  tokenKind
	name  []byte
	attrs []attr // good until the next token
	empty bool   // of a start tag
	text  []byte // of text, as it stands; of a CDATA section what is inside
	cdata bool
	pos   int
}

// attr is an attribute; its value has its references resolved.
type attr struct{ name, value string }

// scanner cuts a document in UTF-8 into tokens. It sees to what a check of validity needs, not to all that makes a document well-formed.
type scanner struct {
	data  []byte
	pos   int
	attrs []attr
	names map[string]string // so that each name of an attribute is one string
	ents  map[string]string // of the internal subset
	fault string            // why it ended early
}

func (s *scanner) fail(pos int, what string) token {
	s.fault = what
	s.pos = len(s.data)
	return token{kind: endOfInput, pos: pos}
}

func (s *scanner) line(pos int) int {
	return 1 + bytes.Count(s.data[:min(pos, len(s.data))], []byte{'\n'})
}

// next reads a token.
func (s *scanner) next() token {
	d, pos := s.data, s.pos
	if pos >= len(d) {
		return token{kind: endOfInput, pos: pos}
	}
	if d[pos] != '<' {
		end := bytes.IndexByte(d[pos:], '<')
		if end < 0 {
			end = len(d) - pos
		}
		s.pos += end
		return token{kind: text, text: d[pos:s.pos], pos: pos}
	}
	rest := d[pos:]
	switch {
	case len(rest) > 1 && rest[1] == '/':
		end := bytes.IndexByte(rest, '>')
		if end < 0 {
			return s.fail(pos, "an end tag is not closed")
		}
		s.pos += end + 1
		return token{kind: endTag, name: bytes.TrimRight(rest[2:end], " \t\r\n"), pos: pos}
	case bytes.HasPrefix(rest, []byte("<!--")):
		end := bytes.Index(rest[4:], []byte("-->"))
		if end < 0 {
			return s.fail(pos, "a comment is not closed")
		}
		s.pos += 4 + end + 3
		return token{kind: hidden, pos: pos}
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		end := bytes.Index(rest, []byte("]]>"))
		if end < 0 {
			return s.fail(pos, "a CDATA section is not closed")
		}
		s.pos += end + 3
		return token{kind: text, text: rest[len("<![CDATA["):end], cdata: true, pos: pos}
	case len(rest) > 1 && rest[1] == '?':
		end := bytes.Index(rest, []byte("?>"))
		if end < 0 {
			return s.fail(pos, "a processing instruction is not closed")
		}
		s.pos += end + 2
		return token{kind: hidden, pos: pos}
	case bytes.HasPrefix(rest, []byte("<!DOCTYPE")):
		return s.doctype()
	}
	return s.tag()
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == ':' || c >= 0x80
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func (s *scanner) tag() token {
	d, start := s.data, s.pos
	i := start + 1
	for i < len(d) && isNameByte(d[i]) {
		i++
	}
	t := token{kind: startTag, name: d[start+1 : i], pos: start}
	if len(t.name) == 0 {
		return s.fail(start, "a '<' that begins no tag")
	}
	s.attrs = s.attrs[:0]
	for {
		for i < len(d) && isSpace(d[i]) {
			i++
		}
		if i >= len(d) {
			return s.fail(start, "a tag is not closed")
		}
		if d[i] == '>' {
			s.pos = i + 1
			t.attrs = s.attrs
			return t
		}
		if d[i] == '/' && i+1 < len(d) && d[i+1] == '>' {
			s.pos = i + 2
			t.attrs, t.empty = s.attrs, true
			return t
		}
		from := i
		for i < len(d) && isNameByte(d[i]) {
			i++
		}
		name := d[from:i]
		for i < len(d) && isSpace(d[i]) {
			i++
		}
		if len(name) == 0 || i+1 >= len(d) || d[i] != '=' {
			return s.fail(start, "a tag is not well-formed")
		}
		for i++; i < len(d) && isSpace(d[i]); i++ {
		}
		if i >= len(d) || d[i] != '"' && d[i] != '\'' {
			return s.fail(start, "an attribute has no quotes")
		}
		end := bytes.IndexByte(d[i+1:], d[i])
		if end < 0 {
			return s.fail(start, "an attribute is not closed")
		}
		s.attrs = append(s.attrs, attr{s.intern(name), s.resolve(d[i+1:i+1+end], true, 0)})
		i += end + 2
	}
}

func (s *scanner) intern(name []byte) string {
	if n, ok := s.names[string(name)]; ok {
		return n
	}
	if s.names == nil {
		s.names = map[string]string{}
	}
	n := string(name)
	s.names[n] = n
	return n
}

// resolve is the text of b: references to characters and to entities of the internal subset resolved, others as they stand. In an attribute white space is
// blanks.
//
// Source: XML 1.0 §3.3.3, §4.1.
func (s *scanner) resolve(b []byte, attr bool, depth int) string {
	plain := true
	for _, c := range b {
		if c == '&' || attr && c < ' ' {
			plain = false
			break
		}
	}
	if plain {
		return string(b)
	}
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		c := b[i]
		if attr && (c == '\n' || c == '\t' || c == '\r') {
			out.WriteByte(' ')
			continue
		}
		if c != '&' {
			out.WriteByte(c)
			continue
		}
		end := bytes.IndexByte(b[i:], ';')
		if end < 0 {
			out.WriteByte(c)
			continue
		}
		name := string(b[i+1 : i+end])
		if r, ok := character(name); ok {
			out.WriteRune(r)
		} else if v, ok := s.ents[name]; ok && depth < 8 && out.Len() < 1<<16 {
			out.WriteString(s.resolve([]byte(v), attr, depth+1))
		} else {
			out.Write(b[i : i+end+1])
		}
		i += end
	}
	return out.String()
}

// character is what the reference &name; stands for, if it is one of XML itself.
func character(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	num, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, false
	}
	base := 10
	if strings.HasPrefix(num, "x") {
		num, base = num[1:], 16
	}
	n, err := strconv.ParseUint(num, base, 32)
	return rune(n), err == nil && n <= utf8.MaxRune
}

// doctype reads past the document type declaration and keeps its general entities.
func (s *scanner) doctype() token {
	d, pos := s.data, s.pos
	quote, inside := byte(0), false
	for i := pos; i < len(d); i++ {
		c := d[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case bytes.HasPrefix(d[i:], []byte("<!--")):
			end := bytes.Index(d[i:], []byte("-->"))
			if end < 0 {
				return s.fail(pos, "a comment is not closed")
			}
			i += end + 2
		case c == '"' || c == '\'':
			quote = c
		case c == '[':
			inside = true
		case c == ']':
			inside = false
		case c == '>' && !inside:
			s.entities(d[pos:i])
			s.pos = i + 1
			return token{kind: hidden, pos: pos}
		}
	}
	return s.fail(pos, "the DOCTYPE is not closed")
}

func (s *scanner) entities(subset []byte) {
	for len(s.ents) < 4096 {
		_, after, ok := bytes.Cut(subset, []byte("<!ENTITY"))
		if !ok {
			return
		}
		subset = after
		after = bytes.TrimLeft(after, " \t\r\n")
		i := 0
		for i < len(after) && isNameByte(after[i]) {
			i++
		}
		name := string(after[:i])
		after = bytes.TrimLeft(after[i:], " \t\r\n")
		if name == "" || len(after) == 0 || after[0] != '"' && after[0] != '\'' {
			continue
		}
		value, _, ok := bytes.Cut(after[1:], after[:1])
		if _, twice := s.ents[name]; !ok || twice {
			continue
		}
		if s.ents == nil {
			s.ents = map[string]string{}
		}
		s.ents[name] = string(value)
	}
}
