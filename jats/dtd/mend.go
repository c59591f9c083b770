package dtd

import (
	"slices"
	"strconv"
	"strings"
)

// Mend makes fragments of one document valid as far as nothing of them is lost by it, and returns them in the same order; the caller checks the
// whole by [Validate]. Each fragment is one element, well-formed, without a DOCTYPE; one that is not comes back as it is. ids are those that the rest of the document has.
//
// No word, no address and no id that something points at goes. What is done:
//   - elements that have another name in JATS 1.3 get that name: those of NLM 2 and 3, of JATS 1.4 and of TaxPub; tables of OASIS become tables of XHTML;
//   - elements that JATS 1.3 does not have, or not in that place, are unwrapped; one that has neither text nor link nor id goes;
//   - text and inline elements where only blocks may stand are put into a paragraph, parts in the wrong order into the right one, and an empty title is put
//     where there must be one;
//   - attributes that JATS 1.3 does not have are left out; a value that is not in its list becomes custom-type where there is that, else is left out;
//   - of two equal ids the second is left out, and so is a pointer to an id that nothing has.
//
// The time is bounded: each element is looked at a bounded number of times.
func Mend(v Variant, fragments, ids []string) []string {
	m := mender{t: tables[v](), ids: map[string]bool{}, used: map[string]bool{}}
	roots := make([]*node, len(fragments))
	for _, id := range ids {
		m.ids[id] = true
	}
	for i, s := range fragments {
		if roots[i] = parse(s); roots[i] != nil {
			m.collect(roots[i])
		}
	}
	out := slices.Clone(fragments)
	for _, id := range ids {
		m.taken(id)
	}
	for i, n := range roots {
		if n != nil {
			m.mend(n)
			out[i] = string(n.append(make([]byte, 0, len(fragments[i])+1024)))
		}
	}
	return out
}

// node is an element, or text when it has no name.
type node struct {
	name  string
	attrs []attr
	kids  []*node
	text  string // escaped
}

// parse makes a tree of a fragment, or nil when it is not well-formed.
func parse(fragment string) *node {
	s := scanner{data: []byte(fragment)}
	top := &node{}
	stack := []*node{top}
	for {
		t := s.next()
		up := stack[len(stack)-1]
		switch t.kind {
		case endOfInput:
			if s.fault != "" || len(stack) > 1 || len(top.kids) != 1 || top.kids[0].name == "" {
				return nil
			}
			return top.kids[0]
		case text:
			if t.cdata {
				up.kids = append(up.kids, &node{text: string(appendEscaped(nil, string(t.text), false))})
			} else {
				up.kids = append(up.kids, &node{text: string(t.text)})
			}
		case startTag:
			n := &node{name: string(t.name), attrs: slices.Clone(t.attrs)}
			up.kids = append(up.kids, n)
			if !t.empty {
				if stack = append(stack, n); len(stack) > maxDepth {
					return nil
				}
			}
		case endTag:
			if up.name != string(t.name) || len(stack) == 1 {
				return nil
			}
			stack = stack[:len(stack)-1]
		}
	}
}

func (n *node) append(b []byte) []byte {
	if n.name == "" {
		return append(b, n.text...)
	}
	b = append(append(b, '<'), n.name...)
	for _, a := range n.attrs {
		b = append(append(append(append(b, ' '), a.name...), '='), '"')
		b = append(appendEscaped(b, a.value, true), '"')
	}
	if len(n.kids) == 0 {
		return append(b, "/>"...)
	}
	b = append(b, '>')
	for _, k := range n.kids {
		b = k.append(b)
	}
	return append(append(append(b, "</"...), n.name...), '>')
}

// appendEscaped writes s for the content of an element or attribute.
func appendEscaped(b []byte, s string, attr bool) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '&':
			b = append(b, "&amp;"...)
		case c == '<':
			b = append(b, "&lt;"...)
		case c == '>':
			b = append(b, "&gt;"...)
		case c == '"' && attr:
			b = append(b, "&quot;"...)
		default:
			b = append(b, c)
		}
	}
	return b
}

func (n *node) get(name string) string {
	for i := range n.attrs {
		if n.attrs[i].name == name {
			return n.attrs[i].value
		}
	}
	return ""
}

func (n *node) set(name, value string) {
	for i := range n.attrs {
		if n.attrs[i].name == name {
			n.attrs[i].value = value
			return
		}
	}
	n.attrs = append(n.attrs, attr{name, value})
}

func (n *node) drop(name string) {
	n.attrs = slices.DeleteFunc(n.attrs, func(a attr) bool { return a.name == name })
}

func (n *node) blank() bool { return n.name == "" && strings.Trim(n.text, " \t\r\n") == "" }

// says tells whether there is text, a picture or a link in n.
func (n *node) says() bool {
	if n.name == "" {
		return !n.blank()
	}
	if n.get("xlink:href") != "" {
		return true
	}
	return slices.ContainsFunc(n.kids, (*node).says)
}

type mender struct {
	t     *table
	ids   map[string]bool // that elements have, or had
	used  map[string]bool // that something points at
	given map[string]bool // that an element has in what is made
}

// taken notes that an id is given; it tells whether it was before.
func (m *mender) taken(id string) bool {
	if m.given == nil {
		m.given = map[string]bool{}
	}
	if m.given[id] {
		return true
	}
	m.given[id] = true
	return false
}

func (m *mender) collect(n *node) {
	for _, a := range n.attrs {
		switch a.name {
		case "id":
			m.ids[strings.TrimSpace(a.value)] = true
		case "rid", "headers":
			for _, id := range strings.Fields(a.value) {
				m.used[id] = true
			}
		case "href", "xlink:href":
			if id, ok := strings.CutPrefix(a.value, "#"); ok || a.name == "href" {
				m.used[id] = true
			}
		}
	}
	for _, k := range n.kids {
		m.collect(k)
	}
}

// renamed are the elements that JATS 1.3 calls otherwise.
//
// Source: NLM Journal Archiving and Interchange DTD 2.3 and 3.0, change reports; JATS 1.4, change report; TaxPub 1.0.
var renamed = map[string]string{
	"citation": "mixed-citation", "nlm-citation": "mixed-citation", "floats-wrap": "floats-group", "custom-meta-wrap": "custom-meta-group",
	"chem-struct-wrapper": "chem-struct-wrap", "gloss-group": "glossary", "access-date": "date-in-citation", "time-stamp": "date-in-citation",
	"contract-num": "award-id", "contract-sponsor": "funding-source", "corporate-author": "collab",
	"taxon-treatment": "sec", "treatment-sec": "sec", "treatment-group": "sec", "treatment-p": "p", "nomenclature": "p", "nomenclature-citation-list": "p",
	"nomenclature-citation": "p", "taxon-name": "named-content", "block-media": "media", "block-quote": "disp-quote",
	"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "tt": "monospace", "br": "break", "ul": "list", "ol": "list", "li": "list-item",
	"blockquote": "disp-quote",
}

// mend makes what is inside n valid for what n is.
func (m *mender) mend(n *node) {
	if n.name == "table" {
		m.oasis(n)
	}
	n.kids = m.known(n, n.kids)
	e := m.t.element(n.name)
	if e == nil {
		return
	}
	m.attributes(n, e)
	if len(n.kids) == 0 && (e.kind != isElements || e.automaton().ends[0]) {
		return
	}
	for _, k := range n.kids {
		if k.name != "" {
			m.mend(k)
		}
	}
	n.kids = slices.DeleteFunc(n.kids, func(k *node) bool { return m.hollow(k) })
	switch e.kind {
	case isEmpty:
		if !slices.ContainsFunc(n.kids, (*node).says) {
			n.kids = nil
		}
	case isMixed:
		n.kids = m.mixed(e, n.kids, 0)
	case isElements:
		n.kids = m.elements(e, n.kids)
	}
}

// hollow tells whether k has nothing in it although it must.
func (m *mender) hollow(k *node) bool {
	e := m.t.element(k.name)
	if e == nil || e.kind != isElements || k.says() || m.pointedAt(k) {
		return false
	}
	end := m.run(e.automaton(), k.kids)
	return end < 0 || !e.automaton().ends[end]
}

// known renames the elements of kids that are not declared, or unwraps them.
func (m *mender) known(up *node, kids []*node) []*node {
	clean := true
	for _, k := range kids {
		if k.name != "" && m.t.number(k.name) < 0 {
			clean = false
		}
	}
	if clean {
		return kids
	}
	var out []*node
	for _, k := range kids {
		if m.t.number(k.name) < 0 && k.get("href") != "" {
			m.link(k)
		}
		switch name := renamed[k.name]; {
		case k.name == "" || m.t.number(k.name) >= 0:
			out = append(out, k)
		case name != "" && m.t.number(name) >= 0:
			switch {
			case name == "sec" && k.get("sec-type") == "":
				k.set("sec-type", k.name)
			case name == "named-content":
				k.set("content-type", k.name)
			}
			k.name = name
			out = append(out, k)
		case m.pointedAt(k) || k.get("xlink:href") != "":
			if e := m.t.element(up.name); e != nil && e.kind == isMixed && e.holds.has(m.t.number("named-content")) { // it holds an id, and a link
				k.set("content-type", k.name)
				k.name = "named-content"
			}
			out = append(out, k)
		default:
			out = append(out, m.known(up, k.kids)...)
		}
	}
	return out
}

// link makes a link of an element of another vocabulary that is one, such as a of HTML.
func (m *mender) link(k *node) {
	to := strings.TrimSpace(k.get("href"))
	if id := strings.TrimPrefix(to, "#"); m.ids[id] {
		k.name = "xref"
		k.set("rid", id)
		m.used[id] = true
	} else if strings.HasPrefix(to, "https://") || strings.HasPrefix(to, "http://") || strings.HasPrefix(to, "ftp://") || strings.HasPrefix(to, "mailto:") {
		k.name = "ext-link"
		k.set("ext-link-type", "uri")
		k.set("xlink:href", to)
	}
}

func (m *mender) pointedAt(n *node) bool { return m.used[n.get("id")] && n.get("id") != "" }

// frames are what OASIS calls the rules around a table.
var frames = map[string]string{"topbot": "hsides", "all": "box", "sides": "vsides", "none": "void", "top": "above", "bottom": "below"}

// attributes makes the attributes of n those that e has.
func (m *mender) attributes(n *node, e *element) {
	for _, a := range slices.Clone(n.attrs) {
		d := e.attrs[a.name]
		if d == nil {
			if a.name != "xlink:href" && (a.name != "id" || !m.pointedAt(n)) {
				n.drop(a.name)
			}
			continue
		}
		value := strings.TrimSpace(a.value)
		switch {
		case d.fixed != "" && a.value != d.fixed:
			n.drop(a.name)
		case d.kind == "ID":
			if !isName("x"+value, true) || m.taken(value) { // a prefix will stand before it
				n.drop(a.name)
			}
		case d.kind == "IDREF" || d.kind == "IDREFS":
			left := slices.DeleteFunc(strings.Fields(value), func(id string) bool { return !m.ids[id] || !isName("x"+id, true) })
			if d.kind == "IDREF" && len(left) > 1 {
				left = left[:1]
			}
			if len(left) == 0 {
				n.drop(a.name)
			} else {
				n.set(a.name, strings.Join(left, " "))
			}
		case d.kind == "":
			if d.wants(value) == "" {
				continue
			}
			low := strings.ToLower(value)
			if a.name == "frame" && frames[low] != "" {
				low = frames[low]
			}
			switch {
			case d.wants(low) == "":
				n.set(a.name, low)
			case d.wants("custom") == "" && e.attrs["custom-type"] != nil && n.get("custom-type") == "" && value != "":
				n.set(a.name, "custom")
				n.set("custom-type", value)
			default:
				n.drop(a.name)
			}
		case d.wants(a.value) != "":
			n.drop(a.name)
		}
	}
}

// loose tells whether n can be unwrapped and nothing but its markup is lost.
func (m *mender) loose(n *node) bool {
	return n.name != "" && n.get("xlink:href") == "" && !m.pointedAt(n)
}

// mixed makes kids those that e, which holds text, may hold.
func (m *mender) mixed(e *element, kids []*node, depth int) []*node {
	if !slices.ContainsFunc(kids, func(k *node) bool { return k.name != "" && !e.holds.has(m.t.number(k.name)) }) {
		return kids
	}
	var out []*node
	for _, k := range kids {
		switch {
		case k.name == "" || e.holds.has(m.t.number(k.name)):
			out = append(out, k)
		case !k.says() && !m.pointedAt(k):
		case m.loose(k) && depth < 8:
			if blocks[k.name] && len(out) > 0 { // so that words do not touch
				out = append(out, &node{text: " "})
			}
			out = append(out, m.mixed(e, k.kids, depth+1)...)
			if blocks[k.name] {
				out = append(out, &node{text: " "})
			}
		default:
			out = append(out, k)
		}
	}
	return out
}

var blocks = map[string]bool{"p": true, "title": true, "label": true, "list-item": true, "def-item": true, "sec": true, "td": true, "th": true, "tr": true, "caption": true,
	"fig": true, "table-wrap": true, "disp-quote": true, "disp-formula": true, "attrib": true, "term": true, "def": true, "mixed-citation": true, "break": true}

// maxBack bounds how far an element is moved back to where it may stand.
const maxBack = 64

// elements makes kids those that e, which holds elements only, may hold.
func (m *mender) elements(e *element, kids []*node) []*node {
	a := e.automaton()
	var out []*node
	state := 0
	push := func(k *node) bool {
		if next := a.step(state, m.t.number(k.name)); next >= 0 {
			out, state = append(out, k), next
			return true
		}
		return false
	}
	para := m.t.element("p")
	var run *node // a paragraph that takes loose text
	budget := 4 * (len(kids) + 16)
	queue := slices.Clone(kids)
	for len(queue) > 0 {
		if budget--; budget < 0 {
			out = append(out, queue...)
			break
		}
		k := queue[0]
		queue = queue[1:]
		switch {
		case k.blank():
			if run != nil {
				run.kids = append(run.kids, k)
			} else {
				out = append(out, k)
			}
			continue
		case k.name != "" && run == nil && push(k):
			continue
		case run != nil && (k.name == "" || inline[k.name] && para.holds.has(m.t.number(k.name))):
			run.kids = append(run.kids, k)
			continue
		case k.name != "" && push(k):
			run = nil
			continue
		}
		run = nil
		if (k.name == "" || inline[k.name] && para.holds.has(m.t.number(k.name))) && e.name != "p" {
			p := &node{name: "p", kids: []*node{k}}
			if push(p) || m.titled(a, &out, &state, p) {
				run = p
				continue
			}
		}
		if k.name == "" {
			out = append(out, k)
			continue
		}
		switch {
		case m.titled(a, &out, &state, k):
		case m.moved(a, &out, &state, k):
		case !k.says() && !m.pointedAt(k):
		case para.holds.has(m.t.number(k.name)) && push(&node{name: "p", kids: []*node{k}}):
		case m.loose(k) && slices.ContainsFunc(k.kids, func(x *node) bool { return x.name != "" }) || m.loose(k) && inline[k.name]:
			queue = append(slices.Clone(k.kids), queue...)
		default:
			out = append(out, k)
		}
	}
	if !a.ends[state] {
		for _, name := range [...]string{"title", "p"} {
			if next := a.step(state, m.t.number(name)); next >= 0 && a.ends[next] {
				out = append(out, &node{name: name})
				break
			}
		}
	}
	return out
}

// titled puts an empty title before k, if k may stand there then.
func (m *mender) titled(a *automaton, out *[]*node, state *int, k *node) bool {
	t := a.step(*state, m.t.number("title"))
	if t < 0 {
		return false
	}
	next := a.step(t, m.t.number(k.name))
	if next < 0 {
		return false
	}
	*out = append(*out, &node{name: "title"}, k)
	*state = next
	return true
}

// moved puts k before elements that it should stand before, as far behind as it can be.
func (m *mender) moved(a *automaton, out *[]*node, state *int, k *node) bool {
	for i := len(*out) - 1; i >= max(0, len(*out)-maxBack); i-- {
		if (*out)[i].name == "" {
			continue
		}
		if end := m.run(a, slices.Concat((*out)[:i], []*node{k}, (*out)[i:])); end >= 0 {
			*out = slices.Insert(*out, i, k)
			*state = end
			return true
		}
	}
	return false
}

// run is the state after kids, or -1.
func (m *mender) run(a *automaton, kids []*node) int {
	state := 0
	for _, k := range kids {
		if k.name != "" {
			if state = a.step(state, m.t.number(k.name)); state < 0 {
				return -1
			}
		}
	}
	return state
}

// inline are the elements that stand among words.
var inline = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range strings.Fields(`bold italic sup sub sc underline overline strike monospace roman sans-serif ext-link uri email xref named-content styled-content inline-formula inline-graphic
		inline-supplementary-material abbrev break x milestone-start milestone-end target fixed-case related-article related-object`) {
		m[s] = true
	}
	return m
}()

// oasis makes a table of XHTML of one of OASIS (CALS).
//
// Source: OASIS TR 9503:1995, Exchange Table Model; XHTML 1.1 tables as JATS has them.
func (m *mender) oasis(n *node) {
	var groups []*node
	for _, k := range n.kids {
		if k.name == "tgroup" {
			groups = append(groups, k)
		}
	}
	if len(groups) != 1 {
		return
	}
	var columns []string
	var kids []*node
	for _, k := range n.kids {
		if k.name != "tgroup" {
			kids = append(kids, k)
			continue
		}
		for _, x := range k.kids {
			switch x.name {
			case "colspec":
				columns = append(columns, x.get("colname"))
				x.name = "col"
				if number, err := strconv.Atoi(x.get("colnum")); err == nil && number > len(columns) && number < 1000 {
					for len(columns) < number {
						columns = slices.Insert(columns, len(columns)-1, "")
					}
				}
			case "thead", "tbody", "tfoot":
				for _, row := range x.kids {
					if row.name == "row" {
						row.name = "tr"
						for _, c := range row.kids {
							if c.name == "entry" {
								cell(c, columns, x.name == "thead")
							}
						}
					}
				}
			}
			kids = append(kids, x)
		}
	}
	n.kids = kids
}

// cell makes a cell of an entry.
func cell(c *node, columns []string, head bool) {
	c.name = "td"
	if head {
		c.name = "th"
	}
	if from, to := slices.Index(columns, c.get("namest")), slices.Index(columns, c.get("nameend")); c.get("namest") != "" && from >= 0 && to > from {
		c.set("colspan", strconv.Itoa(to-from+1))
	}
	if more, err := strconv.Atoi(c.get("morerows")); err == nil && more > 0 && more < 1000 {
		c.set("rowspan", strconv.Itoa(more+1))
	}
}
