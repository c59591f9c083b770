// Command generate reads the DTDs of JATS 1.3 (Journal Publishing and Journal Archiving, both with MathML 3) from the folder of schemas, SHEAF_SCHEMAS or
// ../shared/schemas beside the module, and writes what they declare as ../table.txt, in the notation that package dtd explains. It is run by go generate
// in that package. Nothing of a DTD's text is written, only which elements and attributes there are.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	dir := os.Getenv("SHEAF_SCHEMAS")
	if dir == "" {
		dir = filepath.FromSlash("../../../shared/schemas") // from jats/dtd
	}
	t := table{sets: map[string]string{}, attrs: map[string]string{}}
	for _, v := range []struct{ mark, file string }{
		{"P", "JATS-journalpublishing1-3-mathml3.dtd"},
		{"A", "JATS-archivearticle1-3-mathml3.dtd"},
	} {
		d := declarations{dir: filepath.Join(dir, "jats", "1.3", "dtd"), entities: map[string]entity{}, elements: map[string]string{}, attrs: map[string][]attr{}}
		if err := d.file(v.file); err != nil {
			log.Fatalf("generate: %v", err)
		}
		if err := t.add(v.mark, &d); err != nil {
			log.Fatalf("generate: %v", err)
		}
	}
	if err := os.WriteFile("table.txt", []byte(t.String()), 0o644); err != nil {
		log.Fatalf("generate: %v", err)
	}
}

// declarations are what a DTD declares, its parameter entities resolved.
//
// Source: XML 1.0 (5th ed.) §2.8, §3.2, §3.3, §3.4, §4.2.
type declarations struct {
	dir      string
	entities map[string]entity // parameter entities; the first declaration counts
	elements map[string]string // content, without white space
	attrs    map[string][]attr
	depth    int
}

type entity struct{ value, file string }

// attr is an attribute in the notation of the table.
type attr struct{ name, text string }

func (d *declarations) file(name string) error {
	b, err := os.ReadFile(filepath.Join(d.dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	if err := d.subset(string(b)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// subset reads declarations one after the other.
func (d *declarations) subset(s string) error {
	if d.depth++; d.depth > 64 {
		return fmt.Errorf("entities are nested more than 64 deep")
	}
	defer func() { d.depth-- }()
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		switch {
		case s == "":
			return nil
		case strings.HasPrefix(s, "<!--"):
			_, rest, ok := strings.Cut(s[4:], "-->")
			if !ok {
				return fmt.Errorf("a comment is not closed")
			}
			s = rest
		case strings.HasPrefix(s, "<?"):
			_, rest, ok := strings.Cut(s, "?>")
			if !ok {
				return fmt.Errorf("an instruction is not closed")
			}
			s = rest
		case strings.HasPrefix(s, "<!["):
			word, rest, ok := strings.Cut(s[3:], "[")
			if !ok {
				return fmt.Errorf("a conditional section has no '['")
			}
			end := sectionEnd(rest)
			if end < 0 {
				return fmt.Errorf("a conditional section is not closed")
			}
			word, err := d.expand(word)
			if err != nil {
				return err
			}
			if strings.TrimSpace(word) == "INCLUDE" {
				if err := d.subset(rest[:end]); err != nil {
					return err
				}
			}
			s = rest[end+3:]
		case s[0] == '%':
			name, rest, ok := strings.Cut(s[1:], ";")
			if !ok {
				return fmt.Errorf("a reference is not closed: %.40q", s)
			}
			e, ok := d.entities[name]
			if !ok {
				return fmt.Errorf("parameter entity %q is not declared", name)
			}
			var err error
			if e.file != "" {
				err = d.file(e.file)
			} else {
				err = d.subset(e.value)
			}
			if err != nil {
				return err
			}
			s = rest
		case strings.HasPrefix(s, "<!"):
			end := declEnd(s)
			if end < 0 {
				return fmt.Errorf("a declaration is not closed: %.60q", s)
			}
			if err := d.declaration(s[2:end]); err != nil {
				return err
			}
			s = s[end+1:]
		default:
			return fmt.Errorf("no declaration: %.60q", s)
		}
	}
}

// sectionEnd is where the "]]>" is that closes a section, in what follows its "[".
func sectionEnd(s string) int {
	depth := 1
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "<!--"):
			j := strings.Index(s[i+4:], "-->")
			if j < 0 {
				return -1
			}
			i += 4 + j + 2
		case strings.HasPrefix(s[i:], "<!["):
			depth++
		case strings.HasPrefix(s[i:], "]]>"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// declEnd is where the '>' is that closes the declaration that s begins with.
func declEnd(s string) int {
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i
		}
	}
	return -1
}

// expand puts the values of parameter entities in their places.
func (d *declarations) expand(s string) (string, error) {
	for range 64 {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			return s, nil
		}
		var b strings.Builder
		for i >= 0 {
			b.WriteString(s[:i])
			name, rest, ok := strings.Cut(s[i+1:], ";")
			e, known := d.entities[name]
			if !ok || !known || e.file != "" {
				return "", fmt.Errorf("parameter entity %.40q is not declared", s[i:])
			}
			b.WriteString(e.value)
			s = rest
			i = strings.IndexByte(s, '%')
		}
		b.WriteString(s)
		s = b.String()
	}
	return "", fmt.Errorf("entities are nested more than 64 deep")
}

func (d *declarations) declaration(s string) error {
	kind, rest, _ := strings.Cut(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' {
			return ' '
		}
		return r
	}, s), " ")
	rest = strings.TrimSpace(rest)
	switch kind {
	case "ENTITY":
		return d.entity(rest)
	case "ELEMENT":
		rest, err := d.expand(rest)
		if err != nil {
			return err
		}
		name, content, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if _, twice := d.elements[name]; twice {
			return fmt.Errorf("element %q is declared twice", name)
		}
		d.elements[name] = strings.ReplaceAll(content, " ", "")
	case "ATTLIST":
		return d.attlist(rest)
	}
	return nil // NOTATION
}

func (d *declarations) entity(s string) error {
	s, ok := strings.CutPrefix(s, "% ")
	if !ok {
		return nil // characters
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	rest = strings.TrimSpace(rest)
	if _, ok := d.entities[name]; ok {
		return nil
	}
	literal := func() string {
		rest = strings.TrimSpace(rest)
		if rest == "" {
			return ""
		}
		v, after, _ := strings.Cut(rest[1:], rest[:1])
		rest = after
		return v
	}
	switch {
	case strings.HasPrefix(rest, "PUBLIC"):
		rest = rest[len("PUBLIC"):]
		literal()
		d.entities[name] = entity{file: literal()}
	case strings.HasPrefix(rest, "SYSTEM"):
		rest = rest[len("SYSTEM"):]
		d.entities[name] = entity{file: literal()}
	default:
		v, err := d.expand(literal())
		if err != nil {
			return err
		}
		d.entities[name] = entity{value: v}
	}
	return nil
}

// attlist reads the attributes of an element: name, type and default, as many as there are.
func (d *declarations) attlist(s string) error {
	s, err := d.expand(s)
	if err != nil {
		return err
	}
	el, s, _ := strings.Cut(strings.TrimSpace(s), " ")
	word := func() string {
		s = strings.TrimLeft(s, " ")
		end := strings.IndexByte(s, ' ')
		switch {
		case s == "":
			return ""
		case s[0] == '(':
			end = strings.IndexByte(s, ')') + 1
		case s[0] == '"' || s[0] == '\'':
			end = strings.IndexByte(s[1:], s[0]) + 2
		}
		if end < 0 {
			end = len(s)
		}
		w := s[:end]
		s = s[end:]
		return w
	}
	for name := word(); name != ""; name = word() {
		kind, def := word(), word()
		text := name
		switch {
		case strings.HasPrefix(kind, "("):
			text += ":" + strings.ReplaceAll(kind, " ", "")
		case kind == "CDATA":
		default:
			text += ":" + kind
		}
		switch def {
		case "#REQUIRED":
			text += "!"
		case "#FIXED":
			text += "=" + strings.Trim(word(), `"'`)
		}
		if strings.ContainsAny(text, " ;") {
			return fmt.Errorf("attribute %q of %q cannot be written in the table", text, el)
		}
		if !slices.ContainsFunc(d.attrs[el], func(a attr) bool { return a.name == name }) {
			d.attrs[el] = append(d.attrs[el], attr{name, text})
		}
	}
	return nil
}

// table is what is written.
type table struct {
	sets, attrs map[string]string // text to its name
	setList     []string
	attrList    []string
	lines       []line
}

type line struct{ name, mark, text string }

func (t *table) add(mark string, d *declarations) error {
	for name, content := range d.elements {
		model, err := t.model(content)
		if err != nil {
			return fmt.Errorf("element %q: %w", name, err)
		}
		list := make([]string, 0, len(d.attrs[name]))
		for _, a := range d.attrs[name] {
			list = append(list, a.text)
		}
		slices.Sort(list)
		text := model + " " + t.name(t.attrs, &t.attrList, strings.Join(list, " "))
		if i := slices.Index(t.lines, line{name, "P", text}); i >= 0 {
			t.lines[i].mark = "*"
			continue
		}
		t.lines = append(t.lines, line{name, mark, text})
	}
	return nil
}

// name is the number of a text among those of its kind, from which the table makes its name when it is complete.
func (t *table) name(names map[string]string, list *[]string, text string) string {
	n, ok := names[text]
	if !ok {
		n = fmt.Sprintf("<%d>", len(names))
		names[text] = n
		*list = append(*list, text)
	}
	return n
}

// model is a content model in the table's notation: what a DTD says, with each choice of more than two single elements replaced by the name of a set.
func (t *table) model(s string) (string, error) {
	switch {
	case s == "EMPTY", s == "ANY":
		return s, nil
	case strings.HasPrefix(s, "(#PCDATA"):
		all := strings.FieldsFunc(strings.TrimPrefix(s, "(#PCDATA"), func(r rune) bool { return r == '|' || r == ')' || r == '(' || r == '*' })
		slices.Sort(all)
		all = slices.Compact(all)
		if len(all) == 0 {
			return "TEXT", nil
		}
		return "TEXT{" + t.name(t.sets, &t.setList, strings.Join(all, " ")) + "}", nil
	}
	out, rest, err := t.part(s)
	if err == nil && rest != "" {
		err = fmt.Errorf("content model goes on with %.40q", rest)
	}
	return out, err
}

// part reads one particle: a name or a group, with what says how often.
func (t *table) part(s string) (out, rest string, err error) {
	if s == "" {
		return "", "", fmt.Errorf("content model ends early")
	}
	if s[0] != '(' {
		i := strings.IndexAny(s, ",|)?*+")
		if i < 0 {
			i = len(s)
		}
		out, rest = s[:i], s[i:]
	} else {
		var parts []string
		sep := byte(0)
		single := true
		rest = s[1:]
		for {
			var p string
			if p, rest, err = t.part(rest); err != nil {
				return "", "", err
			}
			parts = append(parts, p)
			single = single && !strings.ContainsAny(p, "(){}?*+,|")
			if rest == "" {
				return "", "", fmt.Errorf("content model ends early")
			}
			c := rest[0]
			rest = rest[1:]
			if c == ')' {
				break
			}
			if sep != 0 && c != sep || c != ',' && c != '|' {
				return "", "", fmt.Errorf("content model has %q where %q was before", c, sep)
			}
			sep = c
		}
		switch {
		case single && sep == '|' && len(parts) > 2:
			slices.Sort(parts)
			out = "{" + t.name(t.sets, &t.setList, strings.Join(slices.Compact(parts), " ")) + "}"
		case len(parts) == 1 && (rest == "" || strings.IndexByte("?*+", rest[0]) < 0):
			out = parts[0]
		default:
			out = "(" + strings.Join(parts, string(max(sep, ','))) + ")"
		}
	}
	if rest != "" && strings.IndexByte("?*+", rest[0]) >= 0 {
		out, rest = out+rest[:1], rest[1:]
	}
	return out, rest, nil
}

func (t *table) String() string {
	slices.SortFunc(t.lines, func(a, b line) int { return strings.Compare(a.name+"\x00"+a.mark, b.name+"\x00"+b.mark) })
	var b strings.Builder
	b.WriteString("# Code generated by sheaf/jats/dtd/generate from the DTDs of JATS 1.3 with MathML 3; DO NOT EDIT.\n")
	// The lists are numbered in the order in which the elements use them, so that the same DTDs always make the same table.
	for _, k := range []struct {
		mark string
		list []string
	}{{"S", t.setList}, {"L", t.attrList}} {
		sorted := slices.Clone(k.list)
		slices.Sort(sorted)
		place := make(map[string]string, len(sorted))
		for i, text := range sorted {
			fmt.Fprintf(&b, "%s%d %s\n", k.mark, i, text)
			place[fmt.Sprintf("<%d>", slices.Index(k.list, text))] = fmt.Sprintf("%s%d", k.mark, i)
		}
		for i := range t.lines {
			text := t.lines[i].text
			model, attrs, _ := strings.Cut(text, " ")
			if k.mark == "S" {
				t.lines[i].text = named(model, place) + " " + attrs
			} else {
				t.lines[i].text = model + " " + named(attrs, place)
			}
		}
	}
	for _, l := range t.lines {
		fmt.Fprintf(&b, "%s %s %s\n", l.mark, l.name, l.text)
	}
	return b.String()
}

// named puts names in the places of numbers.
func named(s string, names map[string]string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		j := strings.IndexByte(s, '>') + 1
		b.WriteString(s[:i])
		b.WriteString(names[s[i:j]])
		s = s[j:]
	}
}
