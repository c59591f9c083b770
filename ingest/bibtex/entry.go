package bibtex

import (
	"strings"
)

// An entry is what stands between '@' and the bracket that closes it.
type entry struct {
	kind   string // in small letters
	key    string
	fields []field
	raw    string
	line   int // in the file
	end    int // of raw: where the closing bracket is
}

// A field is a name with the pieces that '#' joins. Positions are those in entry.raw.
type field struct {
	name     string // in small letters
	at, stop int    // of the name
	pieces   []piece
}

// A piece is a string, or the name of one when bare.
type piece struct {
	text     string
	bare     bool
	at, stop int
}

// maxFields bounds the fields of one entry.
const maxFields = 2000

// parse takes an entry apart, leniently: what is no field is passed over to the next comma.
func parse(raw string) entry {
	e := entry{raw: raw, end: len(raw)}
	name, rest := entryStart(raw)
	if e.kind = name; name == "" {
		return e
	}
	p := scanner{s: raw, i: len(raw) - len(rest)}
	if n := len(raw); n > 0 && (raw[n-1] == '}' || raw[n-1] == ')') {
		e.end = n - 1
	}
	p.s = raw[:e.end]
	// The key goes up to the comma; an entry may lack it.
	start := p.i
	for p.i < len(p.s) && p.s[p.i] != ',' && p.s[p.i] != '=' {
		p.i++
	}
	if p.i < len(p.s) && p.s[p.i] == '=' || e.kind == "string" {
		p.i = start
	} else {
		e.key = strings.TrimSpace(p.s[start:p.i])
	}
	for len(e.fields) < maxFields {
		for p.i < len(p.s) && !isNameByte(p.s[p.i]) {
			if p.i++; p.s[p.i-1] == '%' { // a comment, as biber has it
				p.to('\n')
			}
		}
		if p.i == len(p.s) {
			break
		}
		f := field{at: p.i}
		for p.i < len(p.s) && isNameByte(p.s[p.i]) {
			p.i++
		}
		f.stop, f.name = p.i, strings.ToLower(p.s[f.at:p.i])
		p.blanks()
		if p.i == len(p.s) || p.s[p.i] != '=' { // no field
			p.to(',')
			continue
		}
		p.i++
		for {
			x, ok := p.piece()
			if !ok {
				break
			}
			f.pieces = append(f.pieces, x)
			p.blanks()
			if p.i == len(p.s) || p.s[p.i] != '#' {
				break
			}
			p.i++
		}
		if len(f.pieces) > 0 {
			e.fields = append(e.fields, f)
		}
	}
	return e
}

type scanner struct {
	s string
	i int
}

func (p *scanner) blanks() {
	for p.i < len(p.s) && p.s[p.i] <= ' ' {
		p.i++
	}
}

// to goes to the next c outside of braces.
func (p *scanner) to(c byte) {
	for depth := 0; p.i < len(p.s); p.i++ {
		switch b := p.s[p.i]; {
		case b == '{':
			depth++
		case b == '}':
			depth--
		case b == c && depth <= 0:
			return
		}
	}
}

// piece reads a string in braces or quotes, a number or a name.
func (p *scanner) piece() (piece, bool) {
	p.blanks()
	x := piece{at: p.i}
	if p.i == len(p.s) {
		return x, false
	}
	switch open := p.s[p.i]; open {
	case '{', '"':
		p.i++
		from, depth := p.i, 0
		for ; p.i < len(p.s); p.i++ {
			b := p.s[p.i]
			if depth == 0 && (open == '{' && b == '}' || open == '"' && b == '"' && !escaped(p.s, p.i)) {
				break
			}
			if b == '{' {
				depth++
			} else if b == '}' {
				depth--
			}
		}
		x.text = p.s[from:p.i]
		p.i = min(p.i+1, len(p.s))
	case ',', '#', '=':
		return x, false
	default:
		for p.i < len(p.s) && p.s[p.i] > ' ' && !strings.ContainsRune(`,#={}"`, rune(p.s[p.i])) {
			p.i++
		}
		if p.i == x.at {
			return x, false
		}
		x.text, x.bare = p.s[x.at:p.i], true
		if x.text[0] >= '0' && x.text[0] <= '9' {
			x.bare = strings.Trim(x.text, "0123456789-./") != ""
		}
	}
	x.stop = p.i
	return x, true
}

// escaped tells whether the quote at i is an accent, \".
func escaped(s string, i int) bool { return i > 0 && s[i-1] == '\\' && (i < 2 || s[i-2] != '\\') }

// value joins the pieces of a field. The names of strings that are not known stay as they are.
func (f *field) value() string {
	if len(f.pieces) == 1 {
		return f.pieces[0].text
	}
	var b strings.Builder
	for _, p := range f.pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

// field returns the first field of a name, or nil.
func (e *entry) field(name string) *field {
	for i := range e.fields {
		if e.fields[i].name == name {
			return &e.fields[i]
		}
	}
	return nil
}
