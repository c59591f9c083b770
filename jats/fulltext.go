package jats

import (
	"bytes"
	"slices"
	"strings"
)

// FullText is what an article says beyond its front and its references. Each part is one element of JATS as the source has it, well-formed by itself: with
// the prefixes mml, xlink and xml that need no declaration, without comments, processing instructions, entities, scripts and attributes of other
// namespaces. Elements of other namespaces are read as those of JATS, as everywhere. Ids, rids and addresses are the source's; an address that would run a
// program is left out. Nothing is made valid here: that is for who writes it.
//
// It is bounded: the parts have together at most 16 MiB, and no element stands inside more than 200 others; else the article has no FullText, and a warning says so.
type FullText struct {
	Body   string `json:"body"`             // the element body
	Back   string `json:"back,omitempty"`   // the element back, without what Notes and Refs have
	Floats string `json:"floats,omitempty"` // the element floats-group
}

// The bounds of a full text.
const (
	maxFullText      = 16 << 20 // bytes, all parts together
	maxFullTextDepth = 200      // elements inside each other; half of what readers of XML commonly take, with room for the envelope
)

// fullText is what the parser keeps of the full text while it reads an article.
type fullText struct {
	FullText
	back    backPart
	tooMuch string          // why it cannot be kept
	rids    map[string]bool // what the parts point at
}

// backPart is where the back begins, to be copied when the reader knows what of it the article has already.
type backPart struct {
	pos   int // 0: there is none
	depth int
	scope []binding
}

// beside reads the parts of an article that no tree is made of. It tells whether name is one.
func (p *parser) beside(depth int, name string, pos int) (bool, error) {
	switch name {
	case "body":
		if p.full != nil {
			return false, nil // a second body is none of JATS: it is read past
		}
		p.full = &fullText{}
		s, err := p.copyPart(pos, depth, "body", nil)
		p.full.Body = s
		return true, err
	case "floats-group", "floats-wrap":
		if p.full == nil || p.full.Floats != "" {
			return false, nil
		}
		s, err := p.copyPart(pos, depth, "floats-group", nil)
		p.full.Floats = s
		return true, err
	case "back":
		if p.full != nil {
			p.full.back = backPart{pos, depth, slices.Clone(p.bindings)}
		}
	}
	return false, nil
}

// copyBack copies the back without the elements that begin at the positions of taken.
func (p *parser) copyBack(taken map[int]bool) {
	f := p.full
	if f == nil || f.back.pos == 0 || f.tooMuch != "" {
		return
	}
	pos, bindings := p.pos, p.bindings
	p.bindings = f.back.scope
	clear(p.names)
	if s, err := p.copyPart(f.back.pos, f.back.depth, "back", taken); err == nil { // it was read before, so that it is well-formed
		f.Back = s
	}
	p.pos, p.bindings = pos, bindings
	clear(p.names)
}

// part is an element that is being copied.
type part struct {
	raw   []byte
	name  string // as it is written
	from  int    // where its start tag begins in the copy
	empty bool   // nothing was written in it yet
	cut   bool   // something in it was left out
	says  bool   // there is more in it than a title or label
	title bool   // it is a title or label
}

// copyPart copies the element whose start tag is at pos, as root; "" when there is nothing in it. It leaves p.pos behind the element.
func (p *parser) copyPart(pos, depth int, root string, taken map[int]bool) (string, error) {
	out := make([]byte, 0, 64<<10)
	base := len(p.full.Body) + len(p.full.Back) + len(p.full.Floats)
	var stack []part
	p.pos = pos
	d := p.data
	for {
		i := bytes.IndexByte(d[p.pos:], '<')
		if i < 0 {
			return "", p.errorf(len(d), "the document ends inside element %q", stack[len(stack)-1].raw)
		}
		if i > 0 {
			var err error
			if out, err = p.copyText(out, d[p.pos:p.pos+i], stack); err != nil {
				return "", err
			}
			p.pos += i
		}
		if len(out)+base > maxFullText {
			p.full.tooMuch = "it is larger than 16 MiB"
		}
		if p.full.tooMuch != "" {
			out = out[:0]
		}
		pos, rest := p.pos, d[p.pos:]
		switch {
		case len(rest) > 1 && rest[1] == '/':
			raw, err := p.endTag()
			if err != nil {
				return "", err
			}
			top := &stack[len(stack)-1]
			if !bytes.Equal(raw, top.raw) {
				return "", p.errorf(pos, "element %q is closed by %q", top.raw, raw)
			}
			p.leave(depth + len(stack) - 2)
			out = closePart(out, stack, p.full.tooMuch != "")
			if stack = stack[:len(stack)-1]; len(stack) == 0 {
				return p.partText(out), nil
			}
		case len(rest) > 1 && (rest[1] == '!' || rest[1] == '?'):
			text, err := p.markup()
			if err != nil {
				return "", err
			}
			if len(text) > 0 {
				mark(stack, text)
				out = appendText(out, text)
			}
		default:
			t, _, err := p.tag(true)
			if err != nil {
				return "", err
			}
			if len(stack) > maxFullTextDepth {
				p.full.tooMuch = "elements in it are nested more than 200 deep"
			}
			if depth+len(stack) > maxDepth {
				return "", p.fault(pos, "too-deep", "element %q is nested more than %d deep", t.raw, maxDepth)
			}
			p.bind(t.attrs, depth+len(stack))
			name := p.canonicalName(t.raw)
			if name == "script" || name == "style" || taken[pos] {
				p.leave(depth + len(stack) - 1)
				if !t.empty {
					if err := p.skip(t.raw, depth+len(stack)); err != nil {
						return "", err
					}
				}
				if len(stack) == 0 {
					return "", nil
				}
				stack[len(stack)-1].cut = true
				continue
			}
			if len(stack) == 0 {
				name = root
			}
			k := part{raw: t.raw, name: name, from: len(out), empty: true, title: name == "title" || name == "label"}
			if len(stack) > 0 {
				stack[len(stack)-1].empty = false
			}
			stack = append(stack, k)
			out = append(append(out, '<'), name...)
			out = p.copyAttrs(out, t.attrs)
			out = append(out, '>')
			if t.empty {
				p.leave(depth + len(stack) - 2)
				out = closePart(out, stack, p.full.tooMuch != "")
				if stack = stack[:len(stack)-1]; len(stack) == 0 {
					return p.partText(out), nil
				}
			}
		}
	}
}

// partText is the copy of a part that is complete; "" when there is nothing in it.
func (p *parser) partText(out []byte) string {
	if len(out) == 0 || out[len(out)-2] == '/' {
		return ""
	}
	_, inside, _ := bytes.Cut(out, []byte{'>'})
	if end := bytes.LastIndexByte(inside, '<'); end < 0 || isBlankBytes(inside[:end]) {
		return ""
	}
	return string(out)
}

func isBlankBytes(b []byte) bool { return len(bytes.TrimLeft(b, " \t\r\n")) == 0 }

// closePart writes the end of the last of stack. One of which all but its title was left out goes whole.
func closePart(out []byte, stack []part, lost bool) []byte {
	top := &stack[len(stack)-1]
	if lost {
		return out[:0]
	}
	var up *part
	if len(stack) > 1 {
		up = &stack[len(stack)-2]
	}
	switch {
	case top.cut && !top.says && up != nil:
		up.cut = true
		return out[:top.from]
	case top.empty:
		out = append(out[:len(out)-1], "/>"...)
	default:
		out = append(append(append(out, "</"...), top.name...), '>')
	}
	if up != nil && !top.title {
		up.says = true
	}
	return out
}

// mark notes that text is written into the last of stack.
func mark(stack []part, text []byte) {
	top := &stack[len(stack)-1]
	top.empty = false
	top.says = top.says || !top.title && !isBlankBytes(text)
}

func (p *parser) copyText(out, b []byte, stack []part) ([]byte, error) {
	if len(stack) == 1 && stack[0].name == "back" && isBlankBytes(b) {
		return out, nil // it would tell where something was left out
	}
	mark(stack, b)
	if bytes.IndexByte(b, '&') < 0 {
		return appendText(out, b), nil
	}
	s, err := p.expand(b, 0)
	if err != nil {
		return out, err
	}
	return appendText(out, []byte(s)), nil
}

// appendText writes text: what XML forbids left out, & < > escaped, ends of lines as line feeds.
func appendText(out, b []byte) []byte {
	from := 0
	for i := 0; i < len(b); i++ {
		esc := ""
		switch c := b[i]; {
		case c >= 0x40 && c < 0xEF || c == '\n' || c == '\t': // most of all
			continue
		case c == '&':
			esc = "&amp;"
		case c == '<':
			esc = "&lt;"
		case c == '>':
			esc = "&gt;"
		case c == '\r':
			if i+1 == len(b) || b[i+1] != '\n' {
				esc = "\n"
			}
		case c < 0x20:
		case c == 0xEF && i+2 < len(b) && b[i+1] == 0xBF && b[i+2] >= 0xBE: // U+FFFE, U+FFFF
			out = append(out, b[from:i]...)
			from = i + 3
			i += 2
			continue
		default:
			continue
		}
		out = append(append(out, b[from:i]...), esc...)
		from = i + 1
	}
	return append(out, b[from:]...)
}

// copyAttrs writes the attributes that a full text keeps.
func (p *parser) copyAttrs(out []byte, attrs []attr) []byte {
	from := len(out)
	for _, a := range attrs {
		name, v := a.name, a.value
		if prefix, _, ok := strings.Cut(name, ":"); ok {
			if prefix == "xmlns" {
				continue
			}
			name = p.canonical(name, true)
			if !strings.HasPrefix(name, "xlink:") && !strings.HasPrefix(name, "xml:") {
				continue
			}
		}
		switch name {
		case "xmlns":
			continue
		case "id":
			v = strings.Join(strings.Fields(v), " ")
		case "rid", "headers":
			v = strings.Join(strings.Fields(v), " ")
			if name == "rid" && v != "" {
				if p.full.rids == nil {
					p.full.rids = map[string]bool{}
				}
				for _, id := range strings.Fields(v) {
					p.full.rids[id] = true
				}
			}
		case "xlink:href", "href", "src":
			if v = strings.TrimSpace(v); runs(v) {
				continue
			}
		}
		if strings.ContainsAny(v, "\n\t\r") {
			v = strings.Map(func(r rune) rune {
				if r == '\n' || r == '\t' || r == '\r' {
					return ' '
				}
				return r
			}, v)
		}
		if name != a.name && bytes.Contains(out[from:], []byte(" "+name+`="`)) {
			continue // under another prefix of the same namespace
		}
		out = append(append(append(append(out, ' '), name...), '='), '"')
		out = append(appendEscaped(out, v, true), '"')
	}
	return out
}

// runs tells whether an address would run a program.
func runs(address string) bool {
	scheme, _, ok := strings.Cut(address, ":")
	if !ok {
		return false
	}
	switch strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, scheme)) {
	case "javascript", "vbscript", "data":
		return true
	}
	return false
}

// fullText is the full text of the article; the references at which it points keep their ids.
func (r *reader) fullText() *FullText {
	f := r.p.full
	if f == nil {
		return nil
	}
	r.p.copyBack(r.taken)
	for i := range r.a.Refs {
		ref := &r.a.Refs[i]
		if !f.rids[ref.ID] {
			ref.ID = ""
		}
	}
	if f.tooMuch != "" {
		r.warn(nil, "fulltext-dropped", "the full text was left aside: %s", f.tooMuch)
		f.Body = ""
	}
	if f.Body == "" {
		for i := range r.a.Refs {
			r.a.Refs[i].ID = ""
		}
		return nil
	}
	full := f.FullText
	return &full
}

// take notes that the article has what n holds.
func (r *reader) take(n *node) {
	if r.p.full == nil {
		return
	}
	if r.taken == nil {
		r.taken = map[int]bool{}
	}
	r.taken[n.pos] = true
}

// refID is the id by which the full text points at a reference: its own or that of a citation in it.
func (r *reader) refID(n *node) string {
	if r.p.full == nil {
		return ""
	}
	id := n.attr("id")
	if !r.p.full.rids[id] {
		for _, k := range n.kids {
			if other := k.attr("id"); r.p.full.rids[other] {
				return other
			}
			for _, l := range k.kids {
				if other := l.attr("id"); r.p.full.rids[other] {
					return other
				}
			}
		}
	}
	return id
}

// fullText makes of a full text from any source what Read makes of one.
func (c *cleaner) fullText(a *Article) {
	f := a.FullText
	if f == nil {
		return
	}
	p := &parser{full: &fullText{}}
	for _, x := range [...]struct {
		name string
		text *string
	}{{"body", &f.Body}, {"back", &f.Back}, {"floats-group", &f.Floats}} {
		if *x.text == "" {
			continue
		}
		why := ""
		*x.text, why = p.cleanPart(*x.text, x.name)
		if why != "" {
			c.warn("fulltext-dropped", "fullText", "element %q was left aside: %s", x.name, why)
			*x.text = ""
		}
	}
	if p.full.tooMuch != "" || f.Body == "" {
		if p.full.tooMuch != "" {
			c.warn("fulltext-dropped", "fullText", "the full text was left aside: %s", p.full.tooMuch)
		}
		a.FullText = nil
	}
}

// cleanPart copies s, which should be one element of that name. why says what is wrong with it.
func (p *parser) cleanPart(s, name string) (out, why string) {
	data, _, err := decode([]byte(s))
	if err != nil {
		return "", err.Error()
	}
	p.data, p.pos, p.names, p.bindings = data, 0, nil, nil
	p.pos = len(data) - len(bytes.TrimLeft(data, " \t\r\n"))
	if p.pos == len(data) || data[p.pos] != '<' || p.pos+1 < len(data) && !isNameStart(data[p.pos+1]) {
		return "", "it is no element"
	}
	start := p.pos
	t, _, err := p.tag(true)
	if err != nil {
		return "", err.Error()
	}
	p.bind(t.attrs, 1)
	got := p.canonicalName(t.raw)
	p.leave(0)
	if got != name && (got != "floats-wrap" || name != "floats-group") {
		return "", "it is element \"" + got + "\""
	}
	out, err = p.copyPart(start, 1, name, nil)
	switch {
	case err != nil:
		return "", err.Error()
	case p.full.tooMuch == "" && !isBlankBytes(p.data[p.pos:]):
		return "", "something follows it"
	}
	if out == s { // so that the article does not keep a copy
		return s, ""
	}
	p.keep(name, out)
	return out, ""
}

// fullText is the full text to be written; all of its parts are empty when there is none.
func (w *writer) fullText() FullText {
	if !w.o.FullText || w.a.FullText == nil {
		return FullText{}
	}
	f := *w.a.FullText
	w.own = "_"
	for clashes(f, w.a.Refs, w.own) {
		w.own += "_"
	}
	return f
}

// clashes tells whether an id of a full text begins with s.
func clashes(f FullText, refs []Ref, s string) bool {
	for _, part := range [...]string{f.Body, f.Back, f.Floats} {
		if strings.Contains(part, ` id="`+s) {
			return true
		}
	}
	return slices.ContainsFunc(refs, func(r Ref) bool { return strings.HasPrefix(r.ID, s) })
}

// pointers are the attributes that hold an id, or several.
var pointers = oneOf("id rid headers xref continued-from glyph-data pointer-to-explained pointer-to-question")

// part writes a part of the full text, with the prefix before its ids and before what points at them.
func (w *writer) part(s string) {
	if s == "" {
		return
	}
	if w.o.IDPrefix == "" {
		w.raw(s)
		w.b = append(w.b, '\n')
		return
	}
	for s != "" {
		i := strings.IndexByte(s, '<') + 1
		if i == 0 {
			break
		}
		end := i + strings.IndexByte(s[i:], '>') + 1 // an attribute holds none as it stands
		w.raw(s[:i])
		w.tag(s[i:end])
		s = s[end:]
	}
	w.raw(s)
	w.b = append(w.b, '\n')
}

// tag writes the rest of a tag.
func (w *writer) tag(s string) {
	for {
		i := strings.IndexByte(s, '=')
		if i < 0 || i+1 == len(s) {
			break
		}
		name := s[strings.LastIndexByte(s[:i], ' ')+1 : i]
		end := i + 2 + strings.IndexByte(s[i+2:], '"')
		value := s[i+2 : end]
		w.raw(s[:i+2])
		switch {
		case pointers[name]:
			for k, id := range strings.Fields(value) {
				if k > 0 {
					w.b = append(w.b, ' ')
				}
				w.raw(w.o.IDPrefix)
				w.raw(id)
			}
		case name == "xlink:href" && len(value) > 1 && value[0] == '#':
			w.raw("#" + w.o.IDPrefix + value[1:])
		default:
			w.raw(value)
		}
		s = s[end:]
	}
	w.raw(s)
}

// keep counts a part that was copied.
func (p *parser) keep(name, s string) {
	switch name {
	case "body":
		p.full.Body = s
	case "back":
		p.full.Back = s
	default:
		p.full.Floats = s
	}
}
