// Package dtd checks documents by the DTDs of JATS 1.3, Journal Publishing and Journal Archiving with MathML 3, and mends fragments of older and neighbouring
// vocabularies so that they become valid.
//
// What the DTDs declare is in table.txt, which generate makes of them, in a notation of its own, one declaration a line:
//
//	S12 bold italic ...      a set of elements
//	L7 id:ID rid:IDREFS! ... a list of attributes
//	P sec (label?,title,{S69}*,(sec)*) L160
//
// The last is an element: of Publishing (P), Archiving (A) or both (*), its name, its content and its list of attributes. A content is EMPTY, ANY, TEXT (text
// alone), TEXT{S1} (text and elements of the set, in any order), or an expression as a DTD has them, in which {S1} is a choice of the set's elements.
// An attribute is its name, its type unless that is CDATA (ID, IDREF, IDREFS, NMTOKEN, NMTOKENS or the values in brackets), "!" where it must be there, and
// "=" with its value where that is fixed.
//
// An expression becomes an automaton when it is first needed (one state for each name in it). The expressions of a DTD are deterministic, so that each
// child is looked at once, and the time of a check grows with the size of the document only.
//
// Source: XML 1.0 (5th ed.) §3.2, §3.3, appendix E; ANSI/NISO Z39.96-2021.
package dtd

import (
	_ "embed"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync"
)

//go:generate go run ./generate

//go:embed table.txt
var tableText string

// Variant is one of the DTDs.
type Variant int

const (
	Publishing Variant = iota // Journal Publishing ("Blue")
	Archiving                 // Journal Archiving and Interchange ("Green")
)

func (v Variant) String() string {
	if v == Archiving {
		return "JATS 1.3 Archiving"
	}
	return "JATS 1.3 Publishing"
}

// set is a set of elements by their numbers.
type set []uint64

func (s set) has(i int) bool { return i >= 0 && i>>6 < len(s) && s[i>>6]&(1<<(i&63)) != 0 }

// kinds of content
type kind int

const (
	isEmpty kind = iota
	isAny
	isMixed
	isElements
)

// element is what is declared of an element.
type element struct {
	name  string
	kind  kind
	holds set    // of mixed content
	model string // of element content, as in the table
	attrs map[string]*attribute
	must  []*attribute // of attrs, those that must be there

	once sync.Once
	auto *automaton
	t    *table
}

// attribute is what is declared of an attribute.
type attribute struct {
	name   string
	kind   string   // "CDATA", "ID", ...; "" for a list of values
	values []string // sorted
	must   bool
	fixed  string
}

// table is one DTD.
type table struct {
	numbers  map[string]int
	names    []string
	sets     map[string]set
	elements []*element // by number; nil: not of this DTD
}

var tables = [...]func() *table{
	Publishing: sync.OnceValue(func() *table { return load("P") }),
	Archiving:  sync.OnceValue(func() *table { return load("A") }),
}

// element is the declaration of an element, or nil.
func (t *table) element(name string) *element {
	if i, ok := t.numbers[name]; ok {
		return t.elements[i]
	}
	return nil
}

// number is the number of an element, or -1 when the table does not know it.
func (t *table) number(name string) int {
	if i, ok := t.numbers[name]; ok {
		return i
	}
	return -1
}

// load reads the table of one DTD.
func load(mark string) *table {
	t := &table{numbers: map[string]int{}, sets: map[string]set{}}
	var sets, elements [][]string
	lists := map[string]map[string]*attribute{}
	for line := range strings.Lines(tableText) {
		f := strings.Fields(line)
		switch {
		case f[0] == "#":
		case f[0] == "*" || f[0] == mark:
			t.numbers[f[1]] = len(t.names)
			t.names = append(t.names, f[1])
			elements = append(elements, f)
		case f[0][0] == 'S':
			sets = append(sets, f)
		case f[0][0] == 'L':
			list := make(map[string]*attribute, len(f)-1)
			for _, text := range f[1:] {
				a := parseAttribute(text)
				list[a.name] = a
			}
			lists[f[0]] = list
		}
	}
	for _, f := range sets {
		s := make(set, (len(t.names)+63)/64)
		for _, name := range f[1:] {
			if i, ok := t.numbers[name]; ok {
				s[i>>6] |= 1 << (i & 63)
			}
		}
		t.sets[f[0]] = s
	}
	for _, f := range elements {
		e := &element{name: f[1], t: t, attrs: lists[f[3]]}
		for _, a := range e.attrs {
			if a.must {
				e.must = append(e.must, a)
			}
		}
		slices.SortFunc(e.must, func(a, b *attribute) int { return strings.Compare(a.name, b.name) })
		switch c := f[2]; {
		case c == "EMPTY":
		case c == "ANY":
			e.kind = isAny
		case strings.HasPrefix(c, "TEXT"):
			e.kind = isMixed
			e.holds = t.sets[strings.Trim(c[len("TEXT"):], "{}")]
		default:
			e.kind, e.model = isElements, c
		}
		t.elements = append(t.elements, e)
	}
	return t
}

func parseAttribute(text string) *attribute {
	a := &attribute{kind: "CDATA"}
	text, a.fixed, _ = strings.Cut(text, "=")
	if s, ok := strings.CutSuffix(text, "!"); ok {
		text, a.must = s, true
	}
	a.name = text
	// Names may hold a colon: the type is behind the last one, and is in capitals or brackets.
	if i := strings.IndexByte(text, '('); i > 0 {
		a.name, a.kind = text[:i-1], ""
		a.values = strings.Split(strings.Trim(text[i:], "()"), "|")
		slices.Sort(a.values)
	} else if i := strings.LastIndexByte(text, ':'); i > 0 && text[i+1:] == strings.ToUpper(text[i+1:]) {
		a.name, a.kind = text[:i], text[i+1:]
	}
	return a
}

// automaton is a content model. State 0 is the beginning; the others each stand for a name, or a set, in the model.
type automaton struct {
	takes []set   // by state: what leads to it; nil for state 0
	next  [][]int // by state: the states that may follow
	ends  []bool  // by state: whether the content may end there
}

// automaton is that of e, which has element content.
func (e *element) automaton() *automaton {
	e.once.Do(func() {
		b := &builder{t: e.t, rest: e.model, a: &automaton{takes: []set{nil}, next: [][]int{nil}}}
		p := b.particle()
		if b.rest != "" {
			panic("dtd: the table is broken: " + e.model)
		}
		b.a.next[0] = p.first
		b.a.ends = make([]bool, len(b.a.takes))
		b.a.ends[0] = p.empty
		for _, i := range p.last {
			b.a.ends[i] = true
		}
		for i := range b.a.next {
			slices.Sort(b.a.next[i])
			b.a.next[i] = slices.Compact(b.a.next[i])
		}
		e.auto = b.a
	})
	return e.auto
}

// step is the state after an element of that number in state, or -1 when it may not stand there.
func (a *automaton) step(state, number int) int {
	for _, n := range a.next[state] {
		if a.takes[n].has(number) {
			return n
		}
	}
	return -1
}

// builder makes the automaton of a model: the Glushkov construction.
type builder struct {
	t    *table
	rest string
	a    *automaton
}

// piece is a part of a model: whether it may be empty, and the states that it may begin and end with.
type piece struct {
	empty       bool
	first, last []int
}

func (b *builder) leaf(s set) piece {
	n := len(b.a.takes)
	b.a.takes, b.a.next = append(b.a.takes, s), append(b.a.next, nil)
	return piece{first: []int{n}, last: []int{n}}
}

// then makes next follow p.
func (b *builder) then(p, next piece) {
	for _, i := range p.last {
		b.a.next[i] = append(b.a.next[i], next.first...)
	}
}

func (b *builder) particle() piece {
	var p piece
	switch b.rest[0] {
	case '(':
		b.rest = b.rest[1:]
		p = b.particle()
		for b.rest[0] != ')' {
			sep := b.rest[0]
			b.rest = b.rest[1:]
			q := b.particle()
			if sep == ',' {
				b.then(p, q)
				all := piece{empty: p.empty && q.empty, first: p.first, last: q.last}
				if p.empty {
					all.first = slices.Concat(p.first, q.first)
				}
				if q.empty {
					all.last = slices.Concat(p.last, q.last)
				}
				p = all
			} else {
				p = piece{empty: p.empty || q.empty, first: slices.Concat(p.first, q.first), last: slices.Concat(p.last, q.last)}
			}
		}
		b.rest = b.rest[1:]
	case '{':
		name, rest, _ := strings.Cut(b.rest[1:], "}")
		b.rest = rest
		p = b.leaf(b.t.sets[name])
	default:
		i := strings.IndexAny(b.rest, ",|)?*+")
		if i < 0 {
			i = len(b.rest)
		}
		s := make(set, (len(b.t.names)+63)/64)
		if n := b.t.number(b.rest[:i]); n >= 0 {
			s[n>>6] |= 1 << (n & 63)
		}
		b.rest = b.rest[i:]
		p = b.leaf(s)
	}
	if b.rest == "" {
		return p
	}
	switch b.rest[0] {
	case '?':
		p.empty = true
	case '*':
		p.empty = true
		b.then(p, p)
	case '+':
		b.then(p, p)
	default:
		return p
	}
	b.rest = b.rest[1:]
	return p
}

// maxNamed bounds how many names a message lists.
const maxNamed = 8

// expected tells what may follow state, for a message.
func (t *table) expected(a *automaton, state int) string {
	all := make(set, (len(t.names)+63)/64)
	for _, n := range a.next[state] {
		for i, w := range a.takes[n] {
			all[i] |= w
		}
	}
	var names []string
	more := 0
	for i, w := range all {
		for ; w != 0; w &= w - 1 {
			if len(names) < maxNamed {
				names = append(names, t.names[i<<6+bits.TrailingZeros64(w)])
			} else {
				more++
			}
		}
	}
	s := strings.Join(names, ", ")
	if more > 0 {
		s += fmt.Sprintf(" or one of %d more", more)
	}
	switch {
	case a.ends[state] && s == "":
		return "its end"
	case a.ends[state]:
		return s + " or its end"
	case s == "":
		return "nothing"
	}
	return s
}
