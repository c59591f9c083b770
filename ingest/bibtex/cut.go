package bibtex

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// Bounds beside those of package cut. Nothing that a file says grows beyond them, however its strings and cross-references are woven.
const (
	maxString    = 64 << 10 // bytes of one string
	maxStrings   = 8 << 20  // bytes of all strings of a file
	maxInherited = 64 << 10 // bytes that an entry takes over from others
	maxParents   = 32 << 20 // bytes of the entries of a file that others may point at; later ones are not found
	maxWaiting   = 32 << 20 // bytes of entries that wait for the one that they point at; the rest is handed out without
	entryCost    = 400      // bytes of memory that an entry takes beside its text, and
	fieldCost    = 200      // a field
	maxDepth     = 16       // entries that point at entries that point ...
	maxComment   = 1 << 20  // bytes of a comment in brackets; a longer one is no comment but a bracket that was never closed
)

// Cut takes a file apart. An entry whose crossref or xdata points at a later entry is handed out at the end. Each record is an entry by itself: the strings that it
// uses stand in it, and so do, in its last line, the fields that it inherits; its field crossref or xdata is then called xref, which inherits nothing. A pointer that
// leads nowhere stays as it is. Strings that the file does not define stay as they are written.
func Cut(r io.Reader, yield func(cut.Record) error) error {
	c := cutter{
		in: bufio.NewReaderSize(cut.Text(r), 64<<10), yield: yield, line: 1,
		strings: map[string]string{}, parents: map[string]*entry{},
	}
	return c.run()
}

type cutter struct {
	in    *bufio.Reader
	yield func(cut.Record) error
	line  int

	strings     map[string]string
	stringBytes int
	parents     map[string]*entry // by their keys in small letters
	parentBytes int
	waiting     []entry
	waitBytes   int

	found   bool
	faults  int
	rereads int
}

// maxRereads bounds how often a comment that is never closed is gone back into.
const maxRereads = 64

var errStop = errors.New("stop")

func (c *cutter) run() error {
	if err := c.scan(); !errors.Is(err, io.EOF) {
		if errors.Is(err, errStop) {
			return nil
		}
		return err
	}
	if err := c.release(); err != nil {
		if errors.Is(err, errStop) {
			return nil
		}
		return err
	}
	if !c.found {
		return c.yield(cut.Record{Line: 1, Err: jats.Faultf("malformed", 0, `no entry: want "@article{key, title = {...}}"`)})
	}
	return nil
}

func (c *cutter) byte() (byte, error) {
	b, err := c.in.ReadByte()
	if b == '\n' {
		c.line++
	}
	return b, err
}

// scan finds '@' and what follows. A '%' in front of it in its line makes it a comment.
func (c *cutter) scan() error {
	comment, blank := false, true
	for {
		b, err := c.byte()
		if err != nil {
			return err
		}
		switch {
		case b == '\n' || b == '\r':
			comment, blank = false, true
		case b == '%' && blank:
			comment = true
			c.found = true // a file of comments is a file of BibTeX
		case b == '@' && !comment:
			if !c.starts() {
				blank = false
				continue
			}
			if err := c.entry(); err != nil {
				return err
			}
			blank = false
		case b > ' ':
			blank = false
		}
	}
}

// starts tells whether what follows an '@' is a word and a bracket.
func (c *cutter) starts() bool {
	for n := 32; ; n *= 2 {
		head, err := c.in.Peek(n)
		name, _ := entryStart(strings.ReplaceAll(strings.ReplaceAll(string(head), "\n", " "), "\r", " "))
		if name != "" {
			return head[0] != '@'
		}
		if err != nil || n >= 256 || len(bytes.TrimLeft(head, " \t")) == 0 || !isNameByte(bytes.TrimLeft(head, " \t")[0]) {
			return false
		}
	}
}

// entry reads up to the bracket that closes what the '@' before it begins, or to a line that begins the next entry.
func (c *cutter) entry() error {
	from := c.line
	raw := []byte{'@'}
	var open byte
	depth, over, lineStart, quoted, isComment := 0, false, false, false, false
	for {
		if lineStart {
			if head, _ := c.in.Peek(1); len(head) == 1 && head[0] == '@' && !isComment {
				if next, _ := c.in.Peek(256); startsEntry(next) {
					return c.fault(from, "malformed", "the entry that begins with %.60q has no end before the next", raw)
				}
			}
		}
		b, err := c.byte()
		if errors.Is(err, io.EOF) {
			if isComment {
				return c.reread(raw, from)
			}
			if err := c.fault(from, "malformed", "the file ends inside the entry that begins with %.60q", raw); err != nil {
				return err
			}
			return io.EOF
		}
		if err != nil {
			return err
		}
		if b == '\r' || b == '\n' && depth == 0 && open == 0 {
			b = ' ' // a line end before the bracket
		}
		if b != '\r' {
			if over = over || len(raw) >= cut.MaxRecord; !over {
				raw = append(raw, b)
			}
		}
		lineStart = b == '\n' || lineStart && (b == ' ' || b == '\t')
		switch {
		case open == 0:
			if b == '{' || b == '(' {
				open = b
				if b == '{' {
					depth = 1
				}
				name, _ := entryStart(string(raw))
				isComment = name == "comment"
			}
		case b == '{':
			depth++
		case b == '}' && depth > 0:
			depth--
			if depth == 0 && open == '{' {
				return c.done(raw, from, over)
			}
		case b == '"' && depth == 0 && raw[len(raw)-2] != '\\':
			quoted = !quoted
		case b == ')' && open == '(' && depth == 0 && !quoted:
			return c.done(raw, from, over)
		}
		if isComment && len(raw) > maxComment {
			return c.reread(raw, from)
		}
	}
}

// startsEntry tells whether a line begins an entry beyond doubt.
func startsEntry(line []byte) bool {
	if i := bytes.IndexAny(line, "\r\n"); i >= 0 {
		line = line[:i]
	}
	name, rest := entryStart(string(line))
	if name == "" {
		return false
	}
	key := strings.TrimSpace(strings.SplitN(rest, ",", 2)[0])
	return name == "comment" || name == "string" || name == "preamble" || !strings.ContainsAny(key, " {}\\")
}

// reread goes back into a comment whose bracket is never closed: there may be entries in it.
func (c *cutter) reread(raw []byte, from int) error {
	if c.rereads++; c.rereads > maxRereads {
		return c.fault(from, "malformed", "a comment that has no end within %d KiB", maxComment>>10)
	}
	body := raw[1:]
	c.line = from
	c.in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(body), c.in), 64<<10)
	return nil
}

func (c *cutter) fault(line int, code, format string, args ...any) error {
	c.found = true
	if err := c.yield(cut.Record{Line: line, Err: jats.Faultf(code, 0, format, args...)}); err != nil {
		return err
	}
	if c.faults++; c.faults == cut.MaxFaults {
		return errStop
	}
	return nil
}

// done takes in an entry that is whole.
func (c *cutter) done(raw []byte, line int, over bool) error {
	c.found = true
	name, _ := entryStart(string(raw[:min(len(raw), 300)]))
	if name == "comment" || name == "preamble" {
		return nil
	}
	if over {
		return c.fault(line, "too-large", "an entry of more than %d MiB", cut.MaxRecord>>20)
	}
	e := parse(string(raw))
	e.line = line
	if e.kind == "string" {
		return c.define(&e)
	}
	if err := c.expand(&e); err != nil {
		return c.yieldFault(line, err)
	}
	c.remember(&e)
	if notEntries[e.kind] {
		return nil
	}
	if len(e.fields) == 0 {
		return nil // nothing is said
	}
	if c.waits(&e) {
		if c.waitBytes += len(e.raw) + entryCost + len(e.fields)*fieldCost; c.waitBytes > maxWaiting {
			if err := c.release(); err != nil {
				return err
			}
		}
		c.waiting = append(c.waiting, e)
		return nil
	}
	return c.hand(&e)
}

func (c *cutter) yieldFault(line int, err error) error {
	var f *jats.Fault
	if errors.As(err, &f) {
		return c.fault(line, f.Code, "%s", f.Message)
	}
	return err
}

// define takes in an @string. A string is made of those before it, so that none can hold itself.
func (c *cutter) define(e *entry) error {
	if err := c.expand(e); err != nil {
		return c.yieldFault(e.line, err)
	}
	for i := range e.fields {
		f := &e.fields[i]
		v := f.value()
		if c.stringBytes += len(v) + len(f.name); len(v) > maxString || c.stringBytes > maxStrings {
			c.stringBytes -= len(v) + len(f.name)
			if err := c.fault(e.line, "too-large", "string %.60q: more than %d KiB, or strings of more than %d MiB", f.name, maxString>>10, maxStrings>>20); err != nil {
				return err
			}
			continue
		}
		c.strings[strings.Clone(f.name)] = strings.Clone(v) // of the entry's text nothing else is to stay in memory
	}
	return nil
}

// expand puts the strings that e names into it, and into its text.
func (c *cutter) expand(e *entry) error {
	var edits []edit
	size := len(e.raw)
	for i := range e.fields {
		f := &e.fields[i]
		for j := range f.pieces {
			p := &f.pieces[j]
			if !p.bare {
				continue
			}
			v, ok := c.strings[strings.ToLower(p.text)]
			if !ok {
				continue
			}
			if size += len(v); size > cut.MaxRecord {
				return jats.Faultf("too-large", 0, "an entry of more than %d MiB with its strings", cut.MaxRecord>>20)
			}
			edits = append(edits, edit{p.at, p.stop, "{" + oneLine(v) + "}"})
		}
	}
	if edits != nil {
		line := e.line
		*e = parse(splice(e.raw, edits))
		e.line = line
	}
	return nil
}

// oneLine keeps a line of the record a line of the file.
func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }

// An edit replaces a part of an entry's text.
type edit struct {
	at, stop int
	text     string
}

// splice carries out edits that are in order.
func splice(s string, edits []edit) string {
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(s[at:e.at])
		b.WriteString(e.text)
		at = e.stop
	}
	b.WriteString(s[at:])
	return b.String()
}

// remember keeps an entry that others may point at.
func (c *cutter) remember(e *entry) {
	if e.key == "" || len(e.fields) == 0 {
		return
	}
	key := strings.Clone(strings.ToLower(e.key)) // clones, because of the entry's text nothing else is to stay in memory
	keep := entry{kind: strings.Clone(e.kind), key: key, line: e.line}
	size := entryCost
	for _, f := range e.fields {
		if v := f.value(); (!private[f.name] || f.name == "crossref" || f.name == "xdata") && len(v) <= maxInherited {
			keep.fields = append(keep.fields, field{name: strings.Clone(f.name), pieces: []piece{{text: strings.Clone(v), bare: len(f.pieces) == 1 && f.pieces[0].bare}}})
			size += len(f.name) + len(v) + fieldCost
		}
	}
	if c.parentBytes += size; c.parentBytes > maxParents {
		c.parentBytes -= size
		return
	}
	if c.parents[key] == nil {
		c.parents[key] = &keep
	}
}

// pointers are the keys that e takes fields from.
func (e *entry) pointers() (crossref string, xdata []string) {
	if f := e.field("crossref"); f != nil {
		crossref = strings.ToLower(strings.TrimSpace(f.value()))
	}
	if f := e.field("xdata"); f != nil {
		for _, k := range strings.Split(f.value(), ",") {
			if k = strings.ToLower(strings.TrimSpace(k)); k != "" && len(xdata) < maxDepth {
				xdata = append(xdata, k)
			}
		}
	}
	return crossref, xdata
}

// waits tells whether e, or an entry that it points at, points at one that has not come yet.
func (c *cutter) waits(e *entry) bool {
	for at, depth := e, 0; at != nil && depth < maxDepth; depth++ {
		crossref, xdata := at.pointers()
		for _, k := range xdata {
			if c.parents[k] == nil {
				return true
			}
		}
		if crossref == "" {
			return false
		}
		if at = c.parents[crossref]; at == nil {
			return true
		}
	}
	return false
}

// release hands out what waits.
func (c *cutter) release() error {
	waiting := c.waiting
	c.waiting, c.waitBytes = nil, 0
	for i := range waiting {
		if err := c.hand(&waiting[i]); err != nil {
			return err
		}
	}
	return nil
}

// hand gives an entry out, with what it inherits.
func (c *cutter) hand(e *entry) error {
	crossref, xdata := e.pointers()
	if crossref == "" && len(xdata) == 0 {
		return c.yield(cut.Record{Line: e.line, Data: []byte(e.raw)})
	}
	h := heir{cutter: c, left: maxInherited}
	fields, found, err := h.all(e, map[*entry]bool{}, strings.ToLower(e.key))
	if err != nil {
		return c.yieldFault(e.line, err)
	}
	var edits []edit
	for i := range e.fields {
		f := &e.fields[i]
		if (f.name == "crossref" || f.name == "xdata") && found[f.name] {
			edits = append(edits, edit{f.at, f.stop, "xref"})
		}
	}
	var b strings.Builder
	if n := len(strings.TrimRight(e.raw[:e.end], " \t\n")); n > 0 && e.raw[n-1] != ',' {
		b.WriteString(",")
	}
	for _, f := range fields[len(e.fields):] {
		b.WriteString(" " + f.name + " = ")
		if f.pieces[0].bare {
			b.WriteString(f.pieces[0].text + ",")
		} else {
			b.WriteString("{" + oneLine(f.pieces[0].text) + "},")
		}
	}
	if len(fields) > len(e.fields) {
		edits = append(edits, edit{e.end, e.end, b.String()})
	}
	return c.yield(cut.Record{Line: e.line, Data: []byte(splice(e.raw, edits))})
}

// An heir gathers what one entry inherits.
type heir struct {
	*cutter
	left   int // bytes that it may yet inherit
	visits int // entries that were looked at
}

// maxVisits bounds the entries that one entry takes fields from.
const maxVisits = 100

// all returns the fields of e and behind them those that it inherits; found tells which of "crossref" and "xdata" led somewhere.
func (h *heir) all(e *entry, above map[*entry]bool, first string) (fields []field, found map[string]bool, err error) {
	fields = e.fields[:len(e.fields):len(e.fields)]
	found = map[string]bool{}
	crossref, xdata := e.pointers()
	have := map[string]bool{}
	for _, f := range fields {
		have[f.name] = true
	}
	take := func(name string, f field) {
		if have[name] || len(f.pieces) == 0 {
			return
		}
		if h.left -= len(name) + len(f.pieces[0].text); h.left < 0 {
			return
		}
		have[name] = true
		f.name = name
		fields = append(fields, f)
	}
	for i, key := range append(xdata, crossref) {
		if key == "" {
			continue
		}
		from := h.parents[key]
		kind := "xdata"
		if i == len(xdata) {
			kind = "crossref"
		}
		if from == nil {
			continue
		}
		if h.visits++; above[from] || key == first || len(above) >= maxDepth || h.visits > maxVisits {
			return nil, nil, jats.Faultf("crossref-cycle", 0, "%s %q leads back to itself, or over more than %d entries", kind, key, maxDepth)
		}
		above[from] = true
		inherited, _, err := h.all(from, above, first)
		delete(above, from)
		if err != nil {
			return nil, nil, err
		}
		found[kind] = true
		for _, f := range inherited {
			if private[f.name] {
				continue
			}
			if kind == "xdata" {
				take(f.name, f)
				continue
			}
			name := inherits(from.kind, e.kind, f.name)
			if name == "booktitle" && f.name == "title" && from.field("booktitle") != nil {
				continue // as files for BibTeX have it, where all fields keep their names
			}
			take(name, f)
			if f.name == "title" && e.kind == "inbook" {
				take("title", f) // a BibTeX entry for pages of a book has no title of its own
			}
		}
	}
	return fields, found, nil
}

// private are fields that are an entry's own.
//
// Source: biblatex manual, appendix B; of an abstract or identifier of the whole none is that of a part.
var private = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(`ids crossref xref xdata entryset entrysubtype execute label options presort related relatedoptions relatedstring relatedtype shorthand shorthandintro sortkey
		abstract keywords keyword doi url urldate eprint eprinttype eprintclass archiveprefix primaryclass pmid pmcid pii file pdf note annote annotation comment pages pagetotal swhid timestamp owner groups
		shorttitle sorttitle indextitle indexsorttitle cited-references unique-id key`) {
		m[n] = true
	}
	return m
}()

// whole and part are the types between which a title becomes the title of the book.
var (
	whole = map[string]bool{"book": true, "mvbook": true, "collection": true, "mvcollection": true, "proceedings": true, "mvproceedings": true, "reference": true, "mvreference": true, "booklet": true, "manual": true}
	part  = map[string]bool{"inbook": true, "bookinbook": true, "suppbook": true, "incollection": true, "suppcollection": true, "inreference": true, "inproceedings": true, "conference": true}
)

// inherits is the name by which an entry of type to has a field of one of type from that it points at; "" if it is none of its business. In BibTeX all fields have
// the same name in both; in biblatex the title of the whole is the book's title of its part.
//
// Source: bibtex.web §§277, 278; biblatex manual 3.20, appendix B.
func inherits(from, to, name string) string {
	switch {
	case whole[from] && part[to]:
		switch name {
		case "title":
			return "booktitle"
		case "subtitle":
			return "booksubtitle"
		case "titleaddon":
			return "booktitleaddon"
		case "author":
			if to == "inbook" || to == "bookinbook" || to == "suppbook" {
				return "author"
			}
			return "bookauthor"
		}
	case from == "periodical" && (to == "article" || to == "suppperiodical"):
		switch name {
		case "title":
			return "journaltitle"
		case "subtitle":
			return "journalsubtitle"
		}
	}
	return name
}
