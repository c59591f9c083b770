package jats

import (
	"bytes"
	"fmt"
	"html"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// The bounds of what is read. They keep a hostile input from using the machine up; no real article comes near them.
const (
	maxSize      = 64 << 20 // bytes of a document, after decoding
	maxDepth     = 256      // elements inside each other
	maxEntities  = 4096     // declared in an internal subset
	maxExpansion = 1 << 20  // bytes that declared entities may become, all uses together
	maxWarnings  = 200      // kept of one input
)

// A node is an element, or a run of text when its name is empty. Names have the prefixes mml, xlink, ali and xml whatever the
// source calls them; every other namespace is read as JATS.
type node struct {
	name  string
	text  string
	attrs []attr
	kids  []*node
	pos   int // offset in the input
}

type attr struct{ name, value string }

// attr returns the value of an attribute without white space around it, or "".
func (n *node) attr(name string) string {
	for i := range n.attrs {
		if n.attrs[i].name == name {
			return strings.TrimSpace(n.attrs[i].value)
		}
	}
	return ""
}

// child returns the first child element of that name, or nil.
func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// find returns the first element of that name inside n, at any depth, or nil.
func (n *node) find(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
		if f := k.find(name); f != nil {
			return f
		}
	}
	return nil
}

// isBlank tells whether a run of text is white space only.
func isBlank(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// Namespaces that keep a prefix.
var prefixes = map[string]string{
	"http://www.w3.org/1998/Math/MathML":                           "mml:",
	"http://www.w3.org/1999/xlink":                                 "xlink:",
	"http://www.niso.org/schemas/ali/1.0/":                         "ali:",
	"http://www.niso.org/schemas/ali/1.0":                          "ali:",
	"http://www.w3.org/XML/1998/namespace":                         "xml:",
	"http://www.w3.org/2001/XMLSchema-instance":                    "xsi:",
	"http://www.w3.org/2000/xmlns/":                                "xmlns:",
	"https://jats.nlm.nih.gov/ns/archiving/1.3/":                   "",
	"http://jats.nlm.nih.gov/ns/archiving/1.3/":                    "",
	"http://dtd.nlm.nih.gov/publishing/2.3":                        "",
	"https://dtd.nlm.nih.gov/ns/archiving/2.3/":                    "",
	"http://www.ncbi.nlm.nih.gov/JATS1":                            "",
	"http://www.openarchives.org/OAI/2.0/":                         "",
	"http://www.w3.org/1999/xhtml":                                 "",
	"http://www.plazi.org/taxpub":                                  "",
	"http://www.niso.org/standards/z39-96/ns/oasis-exchange/table": "",
}

type binding struct {
	depth       int
	prefix, uri string
}

// A parser reads XML without ever opening anything else. In lenient mode it reads fragments of HTML and JATS: nothing in them is an error
// but too much depth.
type parser struct {
	data     []byte
	pos      int
	lenient  bool
	ents     map[string]string // of the internal subset; an external one has the value externalEntity
	expanded int
	bindings []binding
	names    map[string]string // raw name to canonical name, under the bindings in force
	warnings []Warning

	// What the tree is made of, cut from larger pieces.
	nodes  []node // the rest of the last of pieces
	pieces []*[256]node
	kids   []*node         // their lists of children
	attrs  []attr          // their lists of attributes
	chars  strings.Builder // their text
	open   []*node         // children of the elements that are open
	tags   []attr          // of the start tag that is read

	full *fullText // of an article that has a body
}

const externalEntity = "\x00external"

func (p *parser) line(pos int) int {
	return 1 + bytes.Count(p.data[:min(pos, len(p.data))], []byte{'\n'})
}

func (p *parser) warn(pos int, code, path, format string, args ...any) {
	if len(p.warnings) < maxWarnings {
		w := Warning{Code: code, Path: path, Message: fmt.Sprintf(format, args...)}
		if !p.lenient {
			w.Line = p.line(pos)
		}
		p.warnings = append(p.warnings, w)
	}
}

// errorf is a fault of form.
func (p *parser) errorf(pos int, format string, args ...any) error {
	return p.fault(pos, "malformed", format, args...)
}

func (p *parser) fault(pos int, code, format string, args ...any) error {
	return Faultf(code, p.line(pos), format, args...)
}

func (p *parser) node() *node {
	if len(p.nodes) == 0 {
		piece := pieces.Get().(*[256]node)
		p.nodes, p.pieces = piece[:], append(p.pieces, piece)
	}
	n := &p.nodes[0]
	p.nodes = p.nodes[1:]
	return n
}

// pieces are nodes of trees that are read no more.
var pieces = sync.Pool{New: func() any { return new([256]node) }}

// free gives the nodes back. The tree is gone then; its strings stay.
func (p *parser) free() {
	for _, piece := range p.pieces {
		clear(piece[:])
		pieces.Put(piece)
	}
	p.nodes, p.pieces = nil, nil
}

// str is b as a string that shares its memory with others of the document. So an article that keeps one keeps a few kilobytes of the document, most of
// which it keeps anyway.
func (p *parser) str(b []byte) string {
	if p.chars.Cap()-p.chars.Len() < len(b) {
		p.chars.Reset()
		p.chars.Grow(max(len(b), min(4096, len(p.data))))
	}
	from := p.chars.Len()
	p.chars.Write(b)
	return p.chars.String()[from:]
}

// cut copies list to where there is room for it and more, in pieces of size; nil when it is empty.
func cut[T any](room *[]T, size int, list []T) []T {
	if len(list) == 0 {
		return nil
	}
	if cap(*room)-len(*room) < len(list) {
		*room = make([]T, 0, max(size, len(list)))
	}
	from := len(*room)
	*room = append(*room, list...)
	return (*room)[from:len(*room):len(*room)]
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == ':' || c >= 0x80
}

func isNameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == ':' || c >= 0x80
}

// canonical gives a raw name its canonical prefix.
func (p *parser) canonical(raw string, isAttr bool) string {
	prefix, local, ok := strings.Cut(raw, ":")
	if !ok {
		prefix, local = "", raw
		if isAttr {
			return local
		}
	}
	if prefix == "xml" {
		return raw
	}
	for i := len(p.bindings) - 1; i >= 0; i-- {
		if b := &p.bindings[i]; b.prefix == prefix {
			return prefixes[b.uri] + local
		}
	}
	switch prefix { // the DTDs declare these for a document that does not
	case "mml", "xlink", "ali", "xsi":
		return raw
	case "m":
		return "mml:" + local
	}
	return local
}

func (p *parser) canonicalName(raw []byte) string {
	if s, ok := p.names[string(raw)]; ok {
		return s
	}
	name := p.str(raw)
	s := p.canonical(name, false)
	if p.names == nil {
		p.names = map[string]string{}
	}
	p.names[name] = s
	return s
}

// A startTag is what tag found.
type startTag struct {
	raw   []byte
	attrs []attr // raw names; only when wanted; good until the next tag is read
	empty bool
}

// tag reads a start tag at p.pos, which is at its '<'. ok is false, in lenient mode only, when it is no tag but text.
func (p *parser) tag(want bool) (t startTag, ok bool, err error) {
	d, i, start := p.data, p.pos+1, p.pos
	begin := i
	for i < len(d) && isNameByte(d[i]) {
		i++
	}
	t.raw, t.attrs = d[begin:i], p.tags[:0]
	if i == begin || !isNameStart(d[begin]) {
		if p.lenient {
			return t, false, nil
		}
		return t, false, p.errorf(p.pos, "a '<' that begins no tag")
	}
	bare := false
	for {
		sp := i
		for i < len(d) && (d[i] == ' ' || d[i] == '\n' || d[i] == '\t' || d[i] == '\r') {
			i++
		}
		if i >= len(d) {
			break
		}
		if d[i] == '>' {
			i++
			p.pos, ok = i, true
			break
		}
		if d[i] == '/' && i+1 < len(d) && d[i+1] == '>' {
			t.empty = true
			p.pos, ok = i+2, true
			break
		}
		if p.lenient && d[i] == '/' {
			i++
			continue
		}
		a := i
		for i < len(d) && isNameByte(d[i]) {
			i++
		}
		if i == a || sp == a && !p.lenient {
			break
		}
		name := d[a:i]
		for i < len(d) && (d[i] == ' ' || d[i] == '\n' || d[i] == '\t' || d[i] == '\r') {
			i++
		}
		if i >= len(d) || d[i] != '=' {
			if !p.lenient {
				break
			}
			bare = true
			continue
		}
		i++
		for i < len(d) && (d[i] == ' ' || d[i] == '\n' || d[i] == '\t' || d[i] == '\r') {
			i++
		}
		var val []byte
		if i < len(d) && (d[i] == '"' || d[i] == '\'') {
			j := bytes.IndexByte(d[i+1:], d[i])
			if j < 0 {
				break
			}
			val = d[i+1 : i+1+j]
			i += j + 2
		} else if p.lenient {
			a := i
			for i < len(d) && d[i] > ' ' && d[i] != '>' && d[i] != '<' {
				i++
			}
			val = d[a:i]
		} else {
			break
		}
		if !p.lenient && bytes.IndexByte(val, '<') >= 0 {
			return t, false, p.errorf(p.pos, "element %q: a '<' in attribute %q", t.raw, name)
		}
		if want {
			for _, a := range t.attrs {
				if a.name == string(name) {
					if !p.lenient {
						return t, false, p.errorf(p.pos, "element %q has attribute %q twice", t.raw, name)
					}
					name = nil
					break
				}
			}
			if name != nil {
				v, err := p.expand(val, 0)
				if err != nil {
					return t, false, err
				}
				t.attrs = append(t.attrs, attr{p.str(name), v})
				p.tags = t.attrs
			}
		}
	}
	if !ok && !p.lenient {
		return t, false, p.errorf(p.pos, "element %q: its tag is not well-formed", t.raw)
	}
	if ok && bare && !known[strings.ToLower(string(t.raw))] {
		p.pos = start
		return t, false, nil // "x<y and z>w"
	}
	return t, ok, nil
}

// enter makes the element of a start tag, its namespaces resolved.
func (p *parser) enter(t startTag, pos, depth int) *node {
	n := p.node()
	n.pos = pos
	p.bind(t.attrs, depth)
	n.name = p.canonicalName(t.raw)
	if len(t.attrs) > 0 {
		kept := t.attrs[:0]
		for _, a := range t.attrs {
			if a.name == "xmlns" || strings.HasPrefix(a.name, "xmlns:") {
				continue
			}
			if strings.IndexByte(a.name, ':') >= 0 {
				a.name = p.canonical(a.name, true)
			}
			kept = append(kept, a)
		}
		n.attrs = cut(&p.attrs, min(128, len(p.data)/64), kept)
	}
	return n
}

// bind notes the namespaces that a start tag declares.
func (p *parser) bind(attrs []attr, depth int) {
	for _, a := range attrs {
		prefix, ok := "", a.name == "xmlns"
		if !ok {
			prefix, ok = strings.CutPrefix(a.name, "xmlns:")
		}
		if !ok {
			continue
		}
		same := false
		for i := len(p.bindings) - 1; i >= 0; i-- {
			if p.bindings[i].prefix == prefix {
				same = p.bindings[i].uri == a.value
				break
			}
		}
		if !same {
			p.bindings = append(p.bindings, binding{depth, prefix, a.value})
			clear(p.names)
		}
	}
}

// leave drops the bindings of elements deeper than depth.
func (p *parser) leave(depth int) {
	for len(p.bindings) > 0 && p.bindings[len(p.bindings)-1].depth > depth {
		p.bindings = p.bindings[:len(p.bindings)-1]
		clear(p.names)
	}
}

// element builds the element whose start tag is at p.pos, with all that is inside it; skip names elements that are read past and not built.
func (p *parser) element(depth int, skip func(depth int, name string) bool) (*node, error) {
	type frame struct {
		n    *node
		raw  []byte
		kids int // where its children begin in p.open
	}
	pos := p.pos
	t, _, err := p.tag(true)
	if err != nil {
		return nil, err
	}
	root := p.enter(t, pos, depth)
	if t.empty {
		p.leave(depth - 1)
		return root, nil
	}
	stack := append(make([]frame, 0, 16), frame{root, t.raw, len(p.open)})
	for {
		d := p.data
		i := bytes.IndexByte(d[p.pos:], '<')
		if i < 0 {
			return nil, p.errorf(len(d), "the document ends inside element %q", stack[len(stack)-1].raw)
		}
		if i > 0 {
			k, err := p.textNode(d[p.pos:p.pos+i], p.pos)
			if err != nil {
				return nil, err
			}
			if k != nil {
				p.open = append(p.open, k)
			}
			p.pos += i
		}
		pos := p.pos
		rest := d[pos:]
		switch {
		case len(rest) > 1 && rest[1] == '/':
			raw, err := p.endTag()
			if err != nil {
				return nil, err
			}
			top := stack[len(stack)-1]
			if !bytes.Equal(raw, top.raw) {
				return nil, p.errorf(pos, "element %q is closed by %q", top.raw, raw)
			}
			top.n.kids = cut(&p.kids, min(512, len(p.data)/32), p.open[top.kids:])
			p.open = p.open[:top.kids]
			stack = stack[:len(stack)-1]
			p.leave(depth + len(stack) - 1)
			if len(stack) == 0 {
				return root, nil
			}
		case len(rest) > 1 && (rest[1] == '!' || rest[1] == '?'):
			text, err := p.markup()
			if err != nil {
				return nil, err
			}
			if text != nil {
				k := p.node()
				k.text, k.pos = p.str(text), pos
				p.open = append(p.open, k)
			}
		default:
			t, _, err := p.tag(true)
			if err != nil {
				return nil, err
			}
			if depth+len(stack) >= maxDepth {
				return nil, p.fault(pos, "too-deep", "element %q is nested more than %d deep", t.raw, maxDepth)
			}
			k := p.enter(t, pos, depth+len(stack))
			if skip != nil && len(stack) == 1 {
				if done, err := p.beside(depth+len(stack), k.name, pos); err != nil {
					return nil, err
				} else if done {
					continue
				}
			}
			if skip != nil && skip(len(stack), k.name) {
				p.leave(depth + len(stack) - 1)
				if !t.empty {
					if err := p.skip(t.raw, depth+len(stack)); err != nil {
						return nil, err
					}
				}
				continue
			}
			p.open = append(p.open, k)
			if t.empty {
				p.leave(depth + len(stack) - 1)
			} else {
				stack = append(stack, frame{k, t.raw, len(p.open)})
			}
		}
	}
}

// skip reads past the rest of the element raw, whose start tag is behind; it only sees to it that tags match.
func (p *parser) skip(raw []byte, depth int) error {
	stack := [][]byte{raw}
	for len(stack) > 0 {
		i := bytes.IndexByte(p.data[p.pos:], '<')
		if i < 0 {
			return p.errorf(len(p.data), "the document ends inside element %q", stack[len(stack)-1])
		}
		p.pos += i
		pos := p.pos
		switch next := p.data[pos:]; {
		case len(next) > 1 && next[1] == '/':
			end, err := p.endTag()
			if err != nil {
				return err
			}
			if top := stack[len(stack)-1]; !bytes.Equal(end, top) {
				return p.errorf(pos, "element %q is closed by %q", top, end)
			}
			stack = stack[:len(stack)-1]
		case len(next) > 1 && (next[1] == '!' || next[1] == '?'):
			if _, err := p.markup(); err != nil {
				return err
			}
		default:
			t, _, err := p.tag(false)
			if err != nil {
				return err
			}
			if !t.empty {
				if depth+len(stack) >= maxDepth {
					return p.fault(pos, "too-deep", "element %q is nested more than %d deep", t.raw, maxDepth)
				}
				stack = append(stack, t.raw)
			}
		}
	}
	return nil
}

// endTag reads the end tag at p.pos.
func (p *parser) endTag() ([]byte, error) {
	j := bytes.IndexByte(p.data[p.pos:], '>')
	if j < 0 {
		return nil, p.errorf(p.pos, "an end tag is not closed")
	}
	raw := bytes.TrimRight(p.data[p.pos+2:p.pos+j], " \t\r\n")
	p.pos += j + 1
	return raw, nil
}

// markup reads past a comment or processing instruction at p.pos, or returns the text of a CDATA section.
func (p *parser) markup() ([]byte, error) {
	rest := p.data[p.pos:]
	begin, end := "<?", "?>"
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		begin, end = "<!--", "-->"
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		begin, end = "<![CDATA[", "]]>"
	case rest[1] == '!':
		return nil, p.errorf(p.pos, "a declaration inside an element")
	}
	j := bytes.Index(rest[len(begin):], []byte(end))
	if j < 0 {
		return nil, p.errorf(p.pos, "%q is not closed by %q", begin, end)
	}
	p.pos += len(begin) + j + len(end)
	if begin == "<![CDATA[" {
		return rest[len(begin) : len(begin)+j], nil
	}
	return nil, nil
}

// textNode makes a run of text, or nil where nothing is left of it.
func (p *parser) textNode(b []byte, pos int) (*node, error) {
	s, err := p.expand(b, 0)
	if err != nil || s == "" {
		return nil, err
	}
	k := p.node()
	k.text, k.pos = s, pos
	return k, nil
}

// expand resolves the references in text or in the value of an attribute.
func (p *parser) expand(b []byte, level int) (string, error) {
	i := bytes.IndexByte(b, '&')
	if i < 0 {
		return p.str(b), nil
	}
	var out strings.Builder
	out.Grow(len(b))
	for i >= 0 {
		out.Write(b[:i])
		b = b[i:]
		j := 1
		for j < len(b) && j < 64 && (isNameByte(b[j]) || b[j] == '#') {
			j++
		}
		if j == 1 || j >= len(b) || b[j] != ';' {
			if !p.lenient {
				return "", p.errorf(p.pos, "a bare '&': %.20q", b)
			}
			out.WriteByte('&')
			b = b[1:]
			i = bytes.IndexByte(b, '&')
			continue
		}
		s, err := p.reference(string(b[1:j]), level)
		if err != nil {
			return "", err
		}
		out.WriteString(s)
		b = b[j+1:]
		i = bytes.IndexByte(b, '&')
	}
	out.Write(b)
	return out.String(), nil
}

// reference is the text of the reference &name;.
func (p *parser) reference(name string, level int) (string, error) {
	switch name {
	case "amp":
		return "&", nil
	case "lt":
		return "<", nil
	case "gt":
		return ">", nil
	case "quot":
		return `"`, nil
	case "apos":
		return "'", nil
	}
	if num, ok := strings.CutPrefix(name, "#"); ok {
		base := 10
		if strings.HasPrefix(num, "x") || p.lenient && strings.HasPrefix(num, "X") {
			num, base = num[1:], 16
		}
		n, err := strconv.ParseUint(num, base, 32)
		switch r := rune(n); {
		case err != nil:
			if !p.lenient {
				return "", p.errorf(p.pos, "&%s; is no character reference", name)
			}
			return "&" + name + ";", nil
		case n > utf8.MaxRune || !isXMLChar(r):
			p.warn(p.pos, "char-dropped", "", "&%s; is no character of XML 1.0 and was left out", name)
			return "", nil
		default:
			return string(r), nil
		}
	}
	if v, ok := p.ents[name]; ok {
		if v == externalEntity {
			p.warn(p.pos, "entity-not-opened", "", "entity &%s; stands for another file, which is never opened", name)
			return "", nil
		}
		p.expanded += len(v)
		if level >= 16 || p.expanded > maxExpansion {
			return "", p.fault(p.pos, "entity-bomb", "entity &%s; expands without bound", name)
		}
		if strings.IndexByte(v, '<') >= 0 {
			return "", p.errorf(p.pos, "entity &%s; holds markup, want text only", name)
		}
		return p.expand([]byte(v), level+1)
	}
	if s, ok := isoEntities[name]; ok {
		return s, nil
	}
	if s := html.UnescapeString("&" + name + ";"); !strings.HasSuffix(s, ";") || s == ";" {
		return s, nil
	}
	p.warn(p.pos, "entity-unknown", "", "entity &%s; is not known and was kept as text", name)
	return "&" + name + ";", nil
}

// isXMLChar tells whether XML 1.0 allows r.
//
// Source: XML 1.0 (5th ed.) §2.2, production 2.
func isXMLChar(r rune) bool {
	return r >= 0x20 && r <= 0xD7FF || r == '\t' || r == '\n' || r == '\r' || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

// doctype reads the document type declaration at p.pos. Only general entities with a literal value are kept; nothing is fetched.
func (p *parser) doctype() error {
	start := p.pos
	d := p.data
	i := p.pos + len("<!DOCTYPE")
	quote := byte(0)
	for ; i < len(d); i++ {
		c := d[i]
		if quote != 0 {
			if c == quote {
				quote = 0
			}
			continue
		}
		switch c {
		case '"', '\'':
			quote = c
			continue
		case '>':
			p.pos = i + 1
			return nil
		}
		if c == '[' {
			break
		}
	}
	for i++; i < len(d); {
		switch c := d[i]; {
		case c == ']':
			j := bytes.IndexByte(d[i:], '>')
			if j < 0 {
				return p.errorf(start, "the DOCTYPE is not closed")
			}
			p.pos = i + j + 1
			return nil
		case c == '%':
			j := bytes.IndexByte(d[i:], ';')
			if j < 0 {
				return p.errorf(i, "the DOCTYPE is not well-formed")
			}
			p.warn(i, "entity-not-opened", "", "parameter entity %.60s was not opened", d[i:i+j+1])
			i += j + 1
		case c == '<' && bytes.HasPrefix(d[i:], []byte("<!--")):
			j := bytes.Index(d[i+4:], []byte("-->"))
			if j < 0 {
				return p.errorf(i, "a comment is not closed")
			}
			i += 4 + j + 3
		case c == '<' && bytes.HasPrefix(d[i:], []byte("<?")):
			j := bytes.Index(d[i:], []byte("?>"))
			if j < 0 {
				return p.errorf(i, "a processing instruction is not closed")
			}
			i += j + 2
		case c == '<':
			j, q := i, byte(0)
			for ; j < len(d) && (q != 0 || d[j] != '>'); j++ {
				if q != 0 && d[j] == q {
					q = 0
				} else if q == 0 && (d[j] == '"' || d[j] == '\'') {
					q = d[j]
				}
			}
			if j >= len(d) {
				return p.errorf(i, "a declaration is not closed")
			}
			if err := p.entityDecl(d[i:j], i); err != nil {
				return err
			}
			i = j + 1
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			i++
		default:
			return p.errorf(i, "the DOCTYPE is not well-formed")
		}
	}
	return p.errorf(start, "the DOCTYPE is not closed")
}

// entityDecl notes the entity that decl, without its '>', declares; other declarations are nothing to it.
func (p *parser) entityDecl(decl []byte, pos int) error {
	rest, ok := bytes.CutPrefix(decl, []byte("<!ENTITY"))
	if !ok {
		return nil
	}
	rest = bytes.TrimLeft(rest, " \t\r\n")
	j := 0
	for j < len(rest) && isNameByte(rest[j]) {
		j++
	}
	if j == 0 { // a parameter entity
		return nil
	}
	name := string(rest[:j])
	rest = bytes.TrimLeft(rest[j:], " \t\r\n")
	if p.ents == nil {
		p.ents = map[string]string{}
	}
	if _, ok := p.ents[name]; ok { // the first declaration counts
		return nil
	}
	if len(p.ents) >= maxEntities {
		return p.fault(pos, "entity-bomb", "more than %d entities are declared", maxEntities)
	}
	if len(rest) > 0 && (rest[0] == '"' || rest[0] == '\'') {
		k := bytes.IndexByte(rest[1:], rest[0])
		if k < 0 {
			return p.errorf(pos, "entity %q is not well-formed", name)
		}
		p.ents[name] = string(rest[1 : 1+k])
		return nil
	}
	p.ents[name] = externalEntity
	return nil
}

// voids are the elements of HTML that have no end tag.
var voids = map[string]bool{"br": true, "hr": true, "img": true, "wbr": true, "input": true, "meta": true, "link": true, "col": true}

// fragment reads p.data as the inside of an element, mending what is not well-formed.
func (p *parser) fragment() (*node, error) {
	p.lenient = true
	root := &node{name: "fragment"}
	stack := []*node{root}
	raws := []string{""}
	text := func(b []byte) error {
		k, err := p.textNode(b, p.pos)
		if k != nil {
			top := stack[len(stack)-1]
			top.kids = append(top.kids, k)
		}
		return err
	}
	d := p.data
	for p.pos < len(d) {
		i := bytes.IndexByte(d[p.pos:], '<')
		if i < 0 {
			i = len(d) - p.pos
		}
		if i > 0 {
			if err := text(d[p.pos : p.pos+i]); err != nil {
				return nil, err
			}
			p.pos += i
			continue
		}
		rest := d[p.pos:]
		switch {
		case bytes.HasPrefix(rest, []byte("</")) && len(rest) > 2 && isNameStart(rest[2]) && bytes.IndexByte(rest, '>') > 0:
			raw, _ := p.endTag()
			name := strings.ToLower(string(raw))
			at := -1
			for k := len(raws) - 1; k > 0; k-- {
				if raws[k] == name {
					at = k
					break
				}
			}
			if at < 0 {
				p.warn(p.pos, "markup-mended", "", "end tag %q closes nothing", raw)
				continue
			}
			if at != len(raws)-1 {
				p.warn(p.pos, "markup-mended", "", "element %q is not closed", raws[len(raws)-1])
			}
			stack, raws = stack[:at], raws[:at]
			p.leave(len(stack) - 1)
		case len(rest) > 1 && (rest[1] == '!' || rest[1] == '?'):
			t, err := p.markup()
			if err != nil {
				j := bytes.IndexByte(rest, '>')
				if j < 0 {
					if err := text([]byte("&lt;")); err != nil {
						return nil, err
					}
					p.pos++
					continue
				}
				p.pos += j + 1
				p.warn(p.pos, "markup-mended", "", "a declaration was left out")
			} else if t != nil {
				k := p.node()
				k.text = string(t)
				top := stack[len(stack)-1]
				top.kids = append(top.kids, k)
			}
		default:
			t, ok, err := p.tag(true)
			if err != nil {
				return nil, err
			}
			if !ok {
				if err := text([]byte("&lt;")); err != nil {
					return nil, err
				}
				p.pos++
				continue
			}
			name := strings.ToLower(string(t.raw))
			if name == "script" || name == "style" {
				if j := indexFold(d[p.pos:], "</"+name); j >= 0 && !t.empty {
					p.pos += j
					if k := bytes.IndexByte(d[p.pos:], '>'); k >= 0 {
						p.pos += k + 1
					}
				}
				p.warn(p.pos, "markup-dropped", name, "element %q was left out", name)
				continue
			}
			if len(stack) >= maxDepth {
				return nil, Faultf("too-deep", 0, "markup: element %q is nested more than %d deep", name, maxDepth)
			}
			k := p.enter(t, p.pos, len(stack))
			if strings.IndexByte(k.name, ':') < 0 && known[strings.ToLower(k.name)] {
				k.name = strings.ToLower(k.name)
			}
			top := stack[len(stack)-1]
			if (k.name == "li" || k.name == "p") && top.name == k.name { // HTML lets the end tag away
				stack, raws = stack[:len(stack)-1], raws[:len(raws)-1]
				top = stack[len(stack)-1]
			}
			top.kids = append(top.kids, k)
			if t.empty || voids[k.name] {
				p.leave(len(stack) - 1)
			} else {
				stack, raws = append(stack, k), append(raws, name)
			}
		}
	}
	if len(raws) > 1 {
		p.warn(p.pos, "markup-mended", "", "element %q is not closed", raws[len(raws)-1])
	}
	return root, nil
}

// indexFold is the first place of an ASCII lower-case word in b, in any case, or -1.
func indexFold(b []byte, word string) int {
	for i := 0; i+len(word) <= len(b); i++ {
		j := bytes.IndexByte(b[i:], word[0])
		if j < 0 || i+j+len(word) > len(b) {
			return -1
		}
		i += j
		if strings.EqualFold(string(b[i:i+len(word)]), word) {
			return i
		}
	}
	return -1
}
