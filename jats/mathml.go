package jats

import (
	"strings"
)

// mathElem tells how many children an element of MathML has: exactly kids, or any number when kids is -1. tokens hold text only.
type mathElem struct {
	kids  int
	token bool
	attrs string // beyond those that every one of its kind has
}

// mathElems is the closed list of presentation MathML.
//
// Source: MathML 3.0 §3.1.3.2 (required arguments) and its DTD.
var mathElems = map[string]mathElem{
	"math": {kids: -1, attrs: "display alttext overflow"},
	"mi":   {token: true}, "mn": {token: true}, "mtext": {token: true}, "ms": {token: true, attrs: "lquote rquote"},
	"mo":     {token: true, attrs: "form fence separator lspace rspace stretchy symmetric maxsize minsize largeop movablelimits accent linebreak"},
	"mspace": {attrs: "width height depth linebreak"},
	"mrow":   {kids: -1}, "mstyle": {kids: -1, attrs: "displaystyle scriptlevel"}, "msqrt": {kids: -1}, "merror": {kids: -1}, "mphantom": {kids: -1},
	"mpadded": {kids: -1, attrs: "height depth width lspace voffset"}, "menclose": {kids: -1, attrs: "notation"},
	"mfenced": {kids: -1, attrs: "open close separators"},
	"mfrac":   {kids: 2, attrs: "linethickness numalign denomalign bevelled"}, "mroot": {kids: 2},
	"msub": {kids: 2}, "msup": {kids: 2}, "msubsup": {kids: 3},
	"munder": {kids: 2, attrs: "accentunder align"}, "mover": {kids: 2, attrs: "accent align"}, "munderover": {kids: 3, attrs: "accent accentunder align"},
	"mmultiscripts": {kids: -1}, "mprescripts": {}, "none": {},
	"mtable": {kids: -1, attrs: "align rowalign columnalign columnwidth width rowspacing columnspacing rowlines columnlines frame framespacing equalrows equalcolumns displaystyle side minlabelspacing"},
	"mtr":    {kids: -1, attrs: "rowalign columnalign"}, "mlabeledtr": {kids: -1, attrs: "rowalign columnalign"},
	"mtd": {kids: -1, attrs: "rowspan columnspan rowalign columnalign"},
}

var yesNo = oneOf("true false")

// mathValues lists what an attribute with a closed list of values may say.
var mathValues = map[string]map[string]bool{
	"mathvariant": oneOf("normal bold italic bold-italic double-struck bold-fraktur script bold-script fraktur sans-serif bold-sans-serif sans-serif-italic sans-serif-bold-italic monospace initial tailed looped stretched"),
	"dir":         oneOf("ltr rtl"), "display": oneOf("block inline"), "overflow": oneOf("linebreak scroll elide truncate scale"),
	"form": oneOf("prefix infix postfix"), "linebreak": oneOf("auto newline nobreak goodbreak badbreak"), "frame": oneOf("none solid dashed"),
	"numalign": oneOf("left center right"), "denomalign": oneOf("left center right"), "side": oneOf("left right leftoverlap rightoverlap"),
	"fence": yesNo, "separator": yesNo, "stretchy": yesNo, "symmetric": yesNo, "largeop": yesNo, "movablelimits": yesNo, "accent": yesNo,
	"accentunder": yesNo, "bevelled": yesNo, "equalrows": yesNo, "equalcolumns": yesNo, "displaystyle": yesNo,
}

var alignLists = map[string]map[string]bool{
	"mtd rowalign": oneOf("top bottom center baseline axis"), "mtr rowalign": oneOf("top bottom center baseline axis"), "mlabeledtr rowalign": oneOf("top bottom center baseline axis"),
	"mtd columnalign": oneOf("left center right"), "munder align": oneOf("left right center"), "mover align": oneOf("left right center"), "munderover align": oneOf("left right center"),
}

// mathKids are the children of n that count, with wrappers that say nothing of the looks (semantics, maction) replaced by what they show.
// ok is false when there is loose text or an element of another kind.
func mathKids(n *node) (kids []*node, ok bool) {
	for _, k := range n.kids {
		if k.name == "" {
			if !isBlank(k.text) {
				return nil, false
			}
			continue
		}
		name := mathName(k)
		switch name {
		case "semantics", "maction":
			inner, ok := mathKids(k)
			if !ok || len(inner) == 0 {
				return nil, false
			}
			kids = append(kids, inner[0])
			continue
		case "maligngroup", "malignmark":
			continue
		case "annotation", "annotation-xml":
			if mathName(n) == "semantics" {
				continue
			}
			return nil, false
		}
		if _, ok := mathElems[name]; !ok || name == "math" {
			return nil, false
		}
		kids = append(kids, k)
	}
	return kids, true
}

func mathName(n *node) string { return strings.TrimPrefix(n.name, "mml:") }

// appendMath writes n as sound MathML; ok is false, and dst of no use, when n is not sound.
func appendMath(dst []byte, n *node) (out []byte, ok bool) {
	name := mathName(n)
	e := mathElems[name]
	dst = append(append(dst, "<mml:"...), name...)
	last := ""
	for _, want := range [...]string{"mathvariant mathsize mathcolor mathbackground dir", e.attrs} {
		for _, a := range strings.Fields(want) {
			v := n.attr(a)
			if v == "" && a != "open" && a != "close" && a != "separators" {
				continue
			}
			if v == "" && !n.has(a) {
				continue
			}
			if !e.token && name != "mspace" && name != "mstyle" && name != "math" && (a == "mathvariant" || a == "mathsize" || a == "dir") {
				continue
			}
			if list := mathValues[a]; list != nil && !list[v] {
				continue
			}
			if list := alignLists[name+" "+a]; list != nil && !list[v] {
				continue
			}
			if a == last {
				continue
			}
			last = a
			dst = append(append(append(dst, ' '), a...), '=', '"')
			dst = append(appendAttr(dst, v), '"')
		}
	}
	if e.token {
		dst = append(dst, '>')
		var b renderer
		b.texts(n)
		dst = append(dst, b.finish()...)
		return append(append(append(dst, "</mml:"...), name...), '>'), true
	}
	kids, ok := mathKids(n)
	if !ok || e.kids >= 0 && len(kids) != e.kids {
		return dst, false
	}
	switch name {
	case "mtable":
		for _, k := range kids {
			if m := mathName(k); m != "mtr" && m != "mlabeledtr" {
				return dst, false
			}
		}
	case "mtr", "mlabeledtr":
		for _, k := range kids {
			if mathName(k) != "mtd" {
				return dst, false
			}
		}
		if name == "mlabeledtr" && len(kids) == 0 {
			return dst, false
		}
	case "mmultiscripts":
		pres := 0
		for i, k := range kids {
			m := mathName(k)
			if m == "mprescripts" {
				pres++
			}
			if i == 0 && (m == "none" || m == "mprescripts") || pres > 1 {
				return dst, false
			}
		}
		if len(kids) == 0 {
			return dst, false
		}
	}
	for _, k := range kids {
		switch m := mathName(k); {
		case (m == "mtr" || m == "mlabeledtr") && name != "mtable", m == "mtd" && name != "mtr" && name != "mlabeledtr",
			(m == "none" || m == "mprescripts") && name != "mmultiscripts":
			return dst, false
		}
	}
	if len(kids) == 0 {
		if name == "math" {
			return dst, false
		}
		return append(dst, "/>"...), true
	}
	dst = append(dst, '>')
	for _, k := range kids {
		if dst, ok = appendMath(dst, k); !ok {
			return dst, false
		}
	}
	return append(append(append(dst, "</mml:"...), name...), '>'), true
}

func (n *node) has(attr string) bool {
	for i := range n.attrs {
		if n.attrs[i].name == attr {
			return true
		}
	}
	return false
}
