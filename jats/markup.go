package jats

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MarkupKind says which elements a piece of rich text may hold. A Rich made for a kind is, as it stands, content that JATS 1.3 Publishing
// allows in that place.
type MarkupKind int

const (
	InlineMarkup   MarkupKind = iota // a title: emphasis, sub- and superscript, links, formulas, breaks
	ParaMarkup                       // the inside of a p: InlineMarkup without break, lists and display formulas
	AffMarkup                        // the inside of an aff: emphasis, links, institution, country, ...
	CitationMarkup                   // the inside of a citation: emphasis, formulas, links, person-group, source, year, ...
	AnyMarkup                        // all of them; Article.Clean narrows it to what the field may hold
)

// ParseMarkup makes rich text of a fragment of JATS or HTML, of kind's closed list. What the list lacks is unwrapped, its text kept; scripts and style
// sheets go whole. A fragment that is not well-formed is mended. ParseMarkup of a Rich of the same kind gives it back unchanged.
// The only error is a fragment nested more than 256 deep or larger than 64 MiB.
func ParseMarkup(s string, kind MarkupKind) (Rich, []Warning, error) {
	if strings.IndexByte(s, '<') < 0 && strings.IndexByte(s, '&') < 0 && isClean(s) {
		return Escape(s), nil, nil
	}
	if canonical(s, kind) {
		return Rich(s), nil, nil
	}
	if len(s) > maxSize {
		return "", nil, fmt.Errorf("jats: markup: %d bytes, want at most %d", len(s), maxSize)
	}
	p := &parser{data: []byte(strings.ToValidUTF8(s, "\uFFFD"))}
	defer p.free()
	n, err := p.fragment()
	if err != nil {
		return "", nil, err
	}
	var r renderer
	out, err := r.render(n, kind)
	return out, append(p.warnings, r.warnings...), err
}

// maxRepairs bounds how often text is looked through for tags that were escaped twice.
const maxRepairs = 8

// render makes rich text of the children of n, with a renderer that has written nothing yet.
func (r *renderer) render(n *node, kind MarkupKind) (Rich, error) {
	r.children(n, kinds[kind])
	out := string(r.finish())
	for i := 0; strings.Contains(out, "lt;/"); i++ {
		s, ok := unescapeTags(out)
		if !ok {
			break
		}
		if i == maxRepairs {
			s = strings.NewReplacer("&lt;", "", "&amp;lt;", "").Replace(out)
		}
		r.warn("markup-mended", "", "tags that were escaped twice were read as tags")
		p := &parser{data: []byte(s)}
		defer p.free()
		n, err := p.fragment()
		if err != nil {
			return "", err
		}
		again := renderer{elementsOnly: r.elementsOnly, warnings: r.warnings}
		again.children(n, kinds[kind])
		out, r.warnings = string(again.finish()), again.warnings
	}
	return Rich(out), nil
}

// reset makes a renderer as good as new of one that was used, but for its memory. What it returned as string stays.
func (r *renderer) reset() {
	*r = renderer{out: r.out[:0], opens: r.opens[:0]}
}

// twice are the tags that are recognised when they were escaped once too often.
var twice = []string{"i", "b", "em", "strong", "sub", "sup", "u", "p", "italic", "bold", "sc", "span"}

// unescapeTags turns pairs of escaped simple tags in the markup s into tags.
func unescapeTags(s string) (string, bool) {
	did := false
	for _, amp := range [...]string{"&", "&amp;"} {
		if !strings.Contains(s, amp+"lt;/") {
			continue
		}
		for _, name := range twice {
			begin, end := amp+"lt;"+name+amp+"gt;", amp+"lt;/"+name+amp+"gt;"
			i := strings.Index(s, begin)
			if i < 0 || !strings.Contains(s[i:], end) {
				continue
			}
			s = strings.NewReplacer(begin, "<"+name+">", end, "</"+name+">").Replace(s)
			did = true
		}
	}
	return s, did
}

// A renderer writes rich text. Tags are written when the first text inside them comes, and white space before them, so that no element is empty and
// blanks stand outside of elements.
type renderer struct {
	out          []byte
	opens        []string // start tags that wait for text
	space        bool     // a blank is due
	lead         bool     // white space came before the first text
	brk          bool     // a break is due
	elementsOnly bool     // white space between elements of the top is nothing
	loose        bool     // text stood where only elements may
	wide         bool     // there is a character that may have to be normalised
	depth        int
	partEnd      int // where in out an unwrapped part of a citation ended, if nothing follows it yet
	inLink       bool
	warnings     []Warning
}

func (r *renderer) warn(code, path, format string, args ...any) {
	if len(r.warnings) < maxWarnings {
		r.warnings = append(r.warnings, Warning{Code: code, Path: path, Message: fmt.Sprintf(format, args...)})
	}
}

// flush writes what waits for text.
func (r *renderer) flush() {
	if r.space || r.brk || len(r.opens) > 0 {
		r.catchUp()
	}
}

func (r *renderer) catchUp() {
	if len(r.out) == 0 {
		r.lead = r.lead || r.space
	} else if r.beforeBlock() {
		// parted by what it is
	} else if r.brk {
		r.out = append(r.out, "<break/>"...)
	} else if r.space {
		r.out = append(r.out, ' ')
	}
	r.space, r.brk = false, false
	for i, t := range r.opens {
		r.out = append(r.out, t...)
		r.opens[i] = ""
	}
	r.opens = r.opens[:0]
}

// beforeBlock tells whether the first thing to be written is a list, a part of one or a display formula.
func (r *renderer) beforeBlock() bool {
	for _, t := range r.opens {
		if strings.HasPrefix(t, "<list") || t == "<p>" || t == "<label>" || t == "<disp-formula>" {
			return true
		}
	}
	return false
}

// finish returns what was written, in normal form C.
func (r *renderer) finish() []byte {
	if !r.wide {
		return r.out
	}
	return nfcMarkup(r.out)
}

// nfcMarkup normalises the text between tags; a tag's own '>' never takes part.
func nfcMarkup(b []byte) []byte {
	if norm.NFC.IsNormal(b) {
		return b
	}
	var out []byte
	for len(b) > 0 {
		if b[0] == '<' {
			j := bytes.IndexByte(b, '>') + 1
			if j == 0 {
				j = len(b)
			}
			out = append(out, b[:j]...) // values of attributes are normal already
			b = b[j:]
			continue
		}
		j := bytes.IndexByte(b, '<')
		if j < 0 {
			j = len(b)
		}
		out = append(out, norm.NFC.Bytes(b[:j])...)
		b = b[j:]
	}
	return out
}

// plainByte marks the bytes that text holds as they are.
var plainByte = func() (t [256]bool) {
	for i := 0x21; i < 0x7F; i++ {
		t[i] = i != '<' && i != '>' && i != '&'
	}
	return
}()

// text writes a run of text: white space folded, forbidden characters left out, & < > escaped.
func (r *renderer) text(s string) {
	for i := 0; i < len(s); {
		if plainByte[s[i]] {
			j := i + 1
			for j < len(s) && (plainByte[s[j]] || s[j] == ' ' && j+1 < len(s) && plainByte[s[j+1]]) {
				j++
			}
			r.flush()
			r.out = append(r.out, s[i:j]...)
			i = j
			continue
		}
		switch c := s[i]; {
		case c == '&':
			r.flush()
			r.out = append(r.out, "&amp;"...)
		case c == '<':
			r.flush()
			r.out = append(r.out, "&lt;"...)
		case c == '>':
			r.flush()
			r.out = append(r.out, "&gt;"...)
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			r.space = true
		case c < 0x80: // a control character
			if c == 0x7F {
				r.flush()
				r.out = append(r.out, c)
			} else {
				r.warn("char-dropped", "", "character %U is none of XML 1.0 and was left out", c)
			}
		default:
			ch, n := utf8.DecodeRuneInString(s[i:])
			switch {
			case ch == utf8.RuneError && n == 1:
				r.flush()
				r.wide = true
				r.out = append(r.out, "\uFFFD"...)
				r.warn("char-dropped", "", "byte %#x is not UTF-8 and became U+FFFD", c)
			case ch == 0x85 || ch == 0x2028 || ch == 0x2029:
				r.space = true
			case ch == 0xAD || ch == 0xFEFF: // soft hyphen, byte order mark
			case !isXMLChar(ch):
				r.warn("char-dropped", "", "character %U is none of XML 1.0 and was left out", ch)
			default:
				r.flush()
				r.wide = r.wide || !steady(ch)
				r.out = append(r.out, s[i:i+n]...)
			}
			i += n
			continue
		}
		i++
	}
}

// texts writes all the text inside n, without elements.
func (r *renderer) texts(n *node) {
	for _, k := range n.kids {
		if k.name == "" {
			r.text(k.text)
			continue
		}
		if dropped(k) {
			continue
		}
		r.edge(k.name)
		r.texts(k)
		r.edge(k.name)
	}
}

func (r *renderer) edge(name string) {
	if blocks[name] {
		r.space = true
	}
}

// dropped tells whether an element goes with its text: pictures' machine descriptions and pointers that mean nothing without their target.
func dropped(n *node) bool {
	switch n.name {
	case "script", "style", "index-term", "textual-form", "object-id":
		return n.name != "object-id"
	}
	return false
}

// appendAttr writes the value of an attribute, cleaned.
func appendAttr(dst []byte, v string) []byte {
	var r renderer
	r.text(v)
	for _, c := range r.finish() {
		if c == '"' {
			dst = append(dst, "&quot;"...)
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// children writes what is inside n, where the elements of allow may stand.
func (r *renderer) children(n *node, allow class) {
	for _, k := range n.kids {
		if k.name == "" {
			switch {
			case allow&cText != 0 && !(r.elementsOnly && r.depth == 0):
				r.text(k.text)
			case !isBlank(k.text):
				r.loose = true
				r.text(k.text)
			}
			continue
		}
		r.element(k, allow)
	}
}

// unwrap writes what is inside n and leaves n away. Parts of a citation that touched stay parted, as in [Rich.Plain].
func (r *renderer) unwrap(n *node, allow class) {
	if dropped(n) {
		return
	}
	loose := !r.elementsOnly || r.depth > 0
	b, part := blocks[n.name] && loose, parts[n.name] && loose
	r.space = r.space || b || part && r.partEnd > 0 && r.partEnd == len(r.out)
	r.children(n, allow)
	r.space = r.space || b
	if part {
		r.partEnd = len(r.out)
	}
}

// lookup is the element of the closed list that n is or stands for, in a place that allows allow.
func lookup(n *node, allow class) *elem {
	if e := elems[n.name]; e != nil {
		return e
	}
	if a, ok := aliases[n.name]; ok {
		return elems[a]
	}
	if n.name == "named-content" || n.name == "addr-line" || n.name == "styled-content" {
		switch t := n.attr("content-type"); t {
		case "city", "country", "state", "institution":
			return elems[t]
		case "postcode", "postal-code":
			return elems["postal-code"]
		case "organisation-division", "department":
			return elems["institution"]
		}
	}
	return nil
}

func (r *renderer) element(n *node, allow class) {
	e := lookup(n, allow)
	if e == nil {
		switch n.name {
		case "xref":
			if t := n.attr("ref-type"); allow&cBreak != 0 && allow&(cInst|cMath) == 0 && (t == "fn" || t == "author-notes" || t == "corresp" || t == "aff") {
				return // the mark of a note to the title
			}
		case "fn":
			if allow&cBreak != 0 && allow&(cInst|cMath) == 0 {
				r.warn("markup-dropped", "fn", "a footnote inside a title was left out of it")
				return
			}
		}
		r.unwrap(n, allow)
		return
	}
	switch e.name {
	case "break":
		r.space = true
		if allow&cBreak != 0 && r.depth == 0 && len(r.opens) == 0 {
			r.brk = true
		}
		return
	case "mml:math", "tex-math", "alternatives":
		r.formula(n, allow)
		return
	case "institution-id":
		if allow&cInstID == 0 && allow&cInst != 0 && hasText(n) {
			r.push("<institution-wrap>")
			r.simple(n, e)
			r.pop("institution-wrap")
			return
		}
	case "ext-link":
		if r.link(n, allow) {
			return
		}
		r.unwrap(n, allow)
		return
	case "name":
		if allow&cName != 0 && !wellNamed(n) {
			e = elems["string-name"]
			if allow&cText == 0 && allow != cName {
				break
			}
		}
	case "institution-wrap":
		if !onlyKids(n, "institution", "institution-id") {
			r.unwrap(n, allow)
			return
		}
	case "name-alternatives":
		if !onlyKids(n, "name", "string-name") || !hasText(n) {
			r.unwrap(n, allow)
			return
		}
	case "date":
		if !wellDated(n) {
			e = elems["string-date"]
		}
	case "anonymous":
		if allow&cAnon != 0 {
			r.flush()
			r.out = append(r.out, "<anonymous/>"...)
		}
		return
	case "etal":
		if allow&cEtal != 0 && !hasText(n) {
			r.flush()
			r.out = append(r.out, "<etal/>"...)
			return
		}
	case "size":
		if n.name == "page-count" && allow&e.class != 0 {
			if c := n.attr("count"); c != "" && allow&e.class != 0 {
				r.push(`<size units="page">`)
				r.text(c)
				r.pop("size")
			}
			return
		}
	case "addr-line":
		if sub := n.attr("content-type"); allow&cAddrLine == 0 || sub == "" {
			break
		}
		switch t := n.attr("content-type"); t {
		case "city", "country", "state":
			if allow&cAddr != 0 && !hasElements(n) {
				e = elems[t]
			}
		case "postcode", "postal-code":
			if allow&cAddr != 0 && !hasElements(n) {
				e = elems["postal-code"]
			}
		}
	case "list":
		if allow&cList != 0 {
			r.list(n)
			return
		}
	case "disp-formula":
		if allow&cDisp == 0 && allow&cFormula != 0 {
			e = elems["inline-formula"]
		}
	}
	if allow&e.class == 0 || e.class == cEmph && r.hidesPart(n, allow) {
		r.unwrap(n, allow)
		return
	}
	r.simple(n, e)
}

// hidesPart tells whether an emphasis stands around an element that may be here but not inside it, such as source: the emphasis then goes, not the element.
func (r *renderer) hidesPart(n *node, allow class) bool {
	if allow&^title == 0 {
		return false
	}
	for _, k := range n.kids {
		if k.name != "" {
			if e := lookup(k, allow); e != nil && phrase&e.class == 0 && allow&e.class != 0 && e.class != cMath {
				return true
			}
		}
	}
	return false
}

// simple writes n as e with its attributes and all that e may hold.
func (r *renderer) simple(n *node, e *elem) {
	r.push(r.startTag(n, e))
	holds := e.holds
	if r.inLink {
		holds &^= cLink | cEmail
	}
	switch e.name {
	case "list-item":
		r.item(n)
	case "name":
		for _, part := range [...]string{"surname", "given-names", "prefix", "suffix"} {
			if k := n.child(part); k != nil {
				r.simple(k, elems[part])
			}
		}
		r.space = false
	default:
		if holds == cText {
			r.texts(n)
		} else {
			r.children(n, holds)
		}
	}
	r.pop(e.name)
}

func (r *renderer) push(tag string) {
	r.opens = append(r.opens, tag)
	r.depth++
}

func (r *renderer) pop(name string) {
	r.depth--
	if len(r.opens) > 0 { // nothing was written inside
		r.opens = r.opens[:len(r.opens)-1]
		return
	}
	r.out = append(append(append(r.out, "</"...), name...), '>')
}

// startTag makes the start tag of e with the attributes of n.
func (r *renderer) startTag(n *node, e *elem) string {
	tag := append(make([]byte, 0, 64), '<')
	tag = append(tag, e.name...)
	for _, a := range e.attrs {
		v := ""
		switch {
		case a == "person-group-type" || a == "pub-id-type" && e.class == cPubID:
			t := n.attr(a)
			list, low := personGroupTypes, strings.TrimSuffix(strings.ToLower(t), "s")
			if a == "pub-id-type" {
				list, low = pubIDTypes, strings.ToLower(t)
			}
			if m, ok := pubIDAliases[low]; ok && a == "pub-id-type" {
				low = m
			}
			switch {
			case t == "":
				continue
			case list[t]:
				v = t
			case list[low]:
				v = low
			default:
				tag = append(append(append(append(tag, ' '), a...), `="custom" custom-type="`...), appendAttr(nil, t)...)
				tag = append(tag, '"')
				continue
			}
		case a == "custom-type":
			if t := n.attr("person-group-type"); e.class == cPersons && t != "custom" {
				continue
			}
			if t := n.attr("pub-id-type"); e.class == cPubID && t != "custom" {
				continue
			}
			v = n.attr(a)
		case a == "units":
			if v = n.attr(a); v == "" {
				v = "page"
				if s := plainOf(n); !strings.Contains(s, "p") && !strings.Contains(s, "P") && !strings.Contains(s, "с") {
					v = "unknown"
				}
			}
		case a == "content-type" && n.name == "access-date":
			v = "access-date"
		case a == "institution-id-type" && n.attr(a) == "":
			v = institutionIDType(plainOf(n))
		case a == "list-type" && n.name == "ul":
			v = "bullet"
		case a == "list-type" && n.name == "ol":
			v = "order"
		default:
			v = n.attr(a)
		}
		if v != "" {
			if v = e.mendAttr(a, string(appendAttrText(v))); v != "" {
				tag = append(append(append(tag, ' '), a...), '=', '"')
				tag = append(appendAttr(tag, v), '"')
			}
		}
	}
	if len(tag) == len("<")+len(e.name) {
		return e.bare
	}
	return string(append(tag, '>'))
}

// appendAttrText is v with the hygiene of text but without escapes.
func appendAttrText(v string) string { return cleanString(v) }

// link writes n as an ext-link, or tells that it has no address that may be kept.
func (r *renderer) link(n *node, allow class) bool {
	if allow&cLink == 0 || r.inLink {
		return false
	}
	href := n.attr("xlink:href")
	if href == "" {
		href = n.attr("href")
	}
	if href == "" && n.name == "uri" {
		href = plainOf(n)
	}
	kind := n.attr("ext-link-type")
	if kind == "doi" && strings.HasPrefix(href, "10.") {
		href = "https://doi.org/" + href
	}
	href = mendURL(cleanString(href))
	if href == "" {
		return false
	}
	inner := renderer{inLink: true, depth: 1, warnings: r.warnings}
	inner.children(n, emph)
	text := inner.finish()
	r.warnings, r.wide, r.loose = inner.warnings, r.wide || inner.wide, r.loose || inner.loose
	if kind = cleanString(kind); kind == "" {
		kind = "uri"
	}
	name := cleanString(n.attr("xlink:title"))
	if name == "" && (len(text) == 0 || isURLText(text)) {
		name = href
	}
	r.space = r.space || inner.lead
	r.flush()
	r.out = append(appendAttr(append(r.out, `<ext-link ext-link-type="`...), kind), `" xlink:href="`...)
	r.out = append(appendAttr(r.out, href), '"')
	if name != "" {
		r.out = append(appendAttr(append(r.out, ` xlink:title="`...), name), '"')
		r.wide = true
	}
	r.out = append(append(append(r.out, '>'), text...), "</ext-link>"...)
	r.space = inner.space && len(text) > 0
	return true
}

// isURLText tells whether a link's text says no more than its address.
func isURLText(b []byte) bool {
	if bytes.ContainsAny(b, " <") {
		return false
	}
	for _, p := range [...]string{"http://", "https://", "www.", "ftp://", "doi:", "10."} {
		if bytes.HasPrefix(b, []byte(p)) {
			return true
		}
	}
	return false
}

// formula writes MathML and TeX. MathML that is not sound becomes its text.
func (r *renderer) formula(n *node, allow class) {
	var tex, math *node
	var mathOut []byte
	var look func(n *node)
	look = func(n *node) {
		switch n.name {
		case "tex-math":
			if tex == nil && hasText(n) {
				tex = n
			}
		case "mml:math", "math":
			if math == nil {
				if out, ok := appendMath(nil, n); ok {
					math, mathOut = n, out
				}
			}
		case "alternatives":
			for _, k := range n.kids {
				look(k)
			}
		}
	}
	look(n)
	if allow&(cMath|cFormula) == 0 || tex == nil && math == nil {
		if n.name == "mml:math" || n.name == "math" {
			r.warn("math-dropped", "mml:math", "a formula became its text")
			r.texts(n)
			return
		}
		if n.name == "alternatives" { // of several forms of one thing, one
			for _, k := range n.kids {
				if k.name != "" && hasText(k) {
					r.unwrap(k, allow)
					return
				}
			}
			return
		}
		r.texts(n)
		return
	}
	if allow&cMath == 0 {
		r.push("<inline-formula>")
		defer r.pop("inline-formula")
	}
	if tex != nil && math != nil {
		r.push("<alternatives>")
		defer r.pop("alternatives")
	}
	if tex != nil {
		r.push("<tex-math>")
		r.texts(tex)
		r.pop("tex-math")
		r.space = false
	}
	if math != nil {
		r.flush()
		r.out = append(r.out, mathOut...)
		r.wide = true
	}
}

// list writes a list; what is no item becomes one.
func (r *renderer) list(n *node) {
	before := len(r.out)
	r.push(r.startTag(n, elems["list"]))
	for _, k := range n.kids {
		if k.name == "" && isBlank(k.text) {
			continue
		}
		r.push("<list-item>")
		if k.name == "list-item" || k.name == "li" {
			r.item(k)
		} else {
			r.item(&node{name: "list-item", kids: []*node{k}})
		}
		r.space = false
		r.pop("list-item")
	}
	r.pop("list")
	r.space = len(r.out) == before // a list that came to nothing is a blank
}

// item writes the inside of a list-item: a label, then paragraphs and lists.
func (r *renderer) item(n *node) {
	kids := n.kids
	for len(kids) > 0 && kids[0].name == "" && isBlank(kids[0].text) {
		kids = kids[1:]
	}
	if len(kids) > 1 && kids[0].name == "label" && hasText(&node{kids: kids[1:]}) {
		// The rest may come to nothing yet, when it is all soft hyphens; then the label stays a paragraph.
		var rest renderer
		rest.children(&node{kids: kids[1:]}, para)
		if len(rest.out) > 0 {
			r.space = false
			r.simple(kids[0], elems["label"])
			r.space = false
			kids = kids[1:]
		}
	}
	var run []*node
	end := func() {
		if len(run) > 0 {
			r.push("<p>")
			r.children(&node{kids: run}, para&^cList)
			r.pop("p")
			r.space, run = false, nil
		}
	}
	var each func(kids []*node)
	each = func(kids []*node) {
		for _, k := range kids {
			switch k.name {
			case "p", "title", "div":
				end()
				each(k.kids)
				end()
			case "list", "ul", "ol":
				end()
				r.list(k)
				r.space = false
			default:
				run = append(run, k)
			}
		}
	}
	each(kids)
	end()
}

// hasText tells whether there is a character in n that is not white space.
func hasText(n *node) bool {
	for _, k := range n.kids {
		if k.name == "" {
			if cleanString(k.text) != "" {
				return true
			}
		} else if hasText(k) {
			return true
		}
	}
	return false
}

func hasElements(n *node) bool {
	return slices.ContainsFunc(n.kids, func(k *node) bool { return k.name != "" })
}

// onlyKids tells whether n holds nothing but elements of these names.
func onlyKids(n *node, names ...string) bool {
	for _, k := range n.kids {
		if k.name == "" && !isBlank(k.text) || k.name != "" && !slices.Contains(names, k.name) {
			return false
		}
	}
	return true
}

// wellNamed tells whether n can be a name: a surname or given names, no part twice, no loose text.
func wellNamed(n *node) bool {
	count := map[string]int{}
	text := false
	for _, k := range n.kids {
		if k.name == "" {
			if !isBlank(k.text) {
				return false
			}
			continue
		}
		count[k.name]++
		switch k.name {
		case "surname", "given-names":
			text = text || hasText(k)
		case "prefix", "suffix":
		default:
			return false
		}
		if count[k.name] > 1 {
			return false
		}
	}
	return text
}

// wellDated tells whether n can be a date: ((day?, month?) | season)?, year, era?.
func wellDated(n *node) bool {
	order := map[string]int{"day": 1, "month": 2, "season": 2, "year": 3, "era": 4}
	last, year, day := 0, false, false
	for _, k := range n.kids {
		if k.name == "" {
			if !isBlank(k.text) {
				return false
			}
			continue
		}
		o := order[k.name]
		if o <= last || !hasText(k) || k.name == "season" && day {
			return false
		}
		last, year, day = o, year || k.name == "year", day || k.name == "day"
	}
	return year
}

// plainOf is all the text inside n.
func plainOf(n *node) string {
	if n == nil {
		return ""
	}
	if len(n.kids) == 1 && n.kids[0].name == "" {
		return cleanString(n.kids[0].text)
	}
	var r renderer
	r.texts(n)
	return unescape(string(r.finish()))
}

// unescape is the text of rich text that has no elements.
func unescape(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
next:
	for ; i >= 0; i = strings.IndexByte(s, '&') {
		b, s = append(b, s[:i]...), s[i:]
		for _, e := range &escapes {
			if strings.HasPrefix(s, e.ref) {
				b, s = append(b, e.char), s[len(e.ref):]
				continue next
			}
		}
		b, s = append(b, '&'), s[1:]
	}
	return string(append(b, s...))
}

var escapes = [...]struct {
	ref  string
	char byte
}{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}}

func institutionIDType(v string) string {
	switch {
	case strings.Contains(v, "ror.org/"):
		return "ROR"
	case strings.HasPrefix(v, "grid."):
		return "GRID"
	case strings.Contains(v, "10.13039/"):
		return "doi"
	case strings.Contains(v, "isni.org/"):
		return "ISNI"
	}
	return ""
}

// canonical tells whether s is surely what ParseMarkup would make of it. It is a quick look: false may also mean that it cannot say.
func canonical(s string, kind MarkupKind) bool {
	var stack [32]*elem
	depth := 0
	allow := kinds[kind]
	blank := true // a blank may not come here
	opened := false
	same := true // in normal form C, surely
	for i := 0; i < len(s); {
		c := s[i]
		if plainByte[c] {
			blank, opened = false, false
			if allow&cText == 0 {
				return false
			}
			for i++; i < len(s) && plainByte[s[i]]; i++ {
			}
			continue
		}
		switch {
		case c == ' ':
			if blank || i+1 == len(s) || s[i+1] == '<' && i+2 < len(s) && s[i+2] == '/' || allow&cText == 0 {
				return false
			}
			blank = true
			i++
		case c == '&':
			n := 0
			for _, e := range [...]string{"&amp;", "&lt;", "&gt;"} {
				if strings.HasPrefix(s[i:], e) {
					n = len(e)
				}
			}
			if n == 0 || allow&cText == 0 || strings.HasPrefix(s[i+n:], "lt;/") || strings.HasPrefix(s[i:], "&lt;/") {
				return false
			}
			blank, opened = false, false
			i += n
		case c == '<':
			j := strings.IndexByte(s[i:], '>')
			if j < 0 {
				return false
			}
			tag := s[i+1 : i+j]
			i += j + 1
			if strings.HasPrefix(tag, "/") {
				if depth == 0 || opened || stack[depth-1].name != tag[1:] {
					return false
				}
				depth--
				allow = kinds[kind]
				if depth > 0 {
					allow = stack[depth-1].holds
				}
				blank = false
				continue
			}
			if tag == "etal/" && allow&cEtal != 0 {
				blank, opened = false, false
				continue
			}
			name, attrs, _ := strings.Cut(tag, " ")
			e := elems[name]
			if e == nil || allow&e.class == 0 || depth == len(stack) {
				return false
			}
			switch e.class {
			case cList, cItem, cMath, cDisp, cNames, cAnon, cBreak, cFormula:
				return false
			case cInst: // a wrap holds no other
				if e.name == "institution-wrap" && depth > 0 && stack[depth-1] == e {
					return false
				}
			case cInstID: // its type may be told by its text
				if !strings.HasPrefix(attrs, "institution-id-type=") {
					return false
				}
			case cAddrLine:
				if attrs != "" {
					return false
				}
			case cLink:
				if !strings.HasSuffix(attrs, `"`) || !strings.Contains(attrs, " xlink:title=") || depth > 0 && stack[depth-1].class == cEmph {
					return false
				}
			case cName:
				if e.name == "name" {
					if !plainName(s[i:]) {
						return false
					}
				}
			case cEmph:
				for k := range depth {
					if stack[k].class == cLink {
						return false
					}
				}
			case cPart:
				if e.name == "date" || e.name == "size" || e.name == "std" || e.name == "publisher-name" || e.name == "publisher-loc" || e.name == "conf-loc" {
					if e.name != "publisher-name" && e.name != "publisher-loc" && e.name != "conf-loc" {
						return false
					}
				}
			}
			if !canonicalAttrs(e, attrs) {
				return false
			}
			stack[depth] = e
			depth++
			allow = e.holds
			blank, opened = true, true
		case c < 0x80:
			return false
		default:
			if allow&cText == 0 {
				return false
			}
			r, n := utf8.DecodeRuneInString(s[i:])
			if !steady(r) {
				if n == 1 || !cleanRune(r) {
					return false
				}
				same = false
			}
			blank, opened = false, false
			i += n
		}
	}
	return depth == 0 && (same || norm.NFC.IsNormalString(s))
}

// plainName tells whether s begins with the inside of a name: surname, given names, each with plain text.
func plainName(s string) bool {
	end := strings.Index(s, "</name>")
	if end < 0 {
		return false
	}
	s = s[:end]
	parts := 0
	for _, p := range [...]string{"surname", "given-names", "prefix", "suffix"} {
		if len(s) > len(p)+2 && s[0] == '<' && s[1:1+len(p)] == p && s[1+len(p)] == '>' {
			j := strings.IndexByte(s[1:], '<')
			if j < 0 || !strings.HasPrefix(s[1+j:], "</") {
				return false
			}
			k := strings.IndexByte(s[1+j:], '>')
			if k < 0 {
				return false
			}
			s = s[1+j+k+1:]
			if p == "surname" || p == "given-names" {
				parts++
			}
		}
	}
	return s == "" && parts > 0
}

// canonicalAttrs tells whether attrs, the inside of a start tag after the name, are as startTag writes them.
func canonicalAttrs(e *elem, attrs string) bool {
	next := 0
	for attrs != "" {
		name, rest, ok := strings.Cut(attrs, `="`)
		if !ok {
			return false
		}
		value, rest, ok := strings.Cut(rest, `"`)
		if !ok || value == "" || strings.ContainsAny(value, "<>") {
			return false
		}
		if strings.IndexByte(value, '&') >= 0 {
			written := value
			if value = unescape(value); string(appendAttr(nil, value)) != written {
				return false
			}
		}
		if !isClean(value) {
			return false
		}
		at := -1
		for i := next; i < len(e.attrs); i++ {
			if e.attrs[i] == name {
				at = i
				break
			}
		}
		if at < 0 {
			return false
		}
		next = at + 1
		switch {
		case name == "person-group-type":
			ok = personGroupTypes[value]
		case name == "pub-id-type" && e.class == cPubID:
			ok = pubIDTypes[value]
		case name == "custom-type":
			ok = false
		default:
			ok = e.mendAttr(name, value) == value
		}
		if !ok {
			return false
		}
		if rest == "" {
			return true
		}
		if rest[0] != ' ' {
			return false
		}
		attrs = rest[1:]
	}
	return true
}
