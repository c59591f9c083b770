// Package cut takes a stream that holds many records apart into its records, each of which can be read alone: it is all that the readers of
// ingest share. Nothing here knows what a record says.
//
// Bounds, whatever the stream holds: a record of at most [MaxRecord] bytes, elements at most [MaxDepth] inside each other, at most maxShared
// bytes of what the records of one file have in common, and memory in proportion to these alone, never to the stream. Nothing that a document
// points at is ever opened; entities that it declares are not expanded.
package cut

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html/charset"

	"sheaf/jats"
)

const (
	MaxRecord = 16 << 20 // bytes of one record of many
	MaxDepth  = 256      // elements inside each other
	MaxFaults = 1000     // places of one stream that are told of; after that it is not read on
	maxShared = 1 << 20  // bytes of what stands before a record and is handed out with it
)

// Record is one record of a stream. Either Data or Err is set.
type Record struct {
	Line int    // where it begins in the stream, 1-based
	Data []byte // a document of its own; a line of it is that line of the stream, counted from Line
	Err  error  // why it could not be cut out, a *jats.Fault; the records after it come all the same
}

// XML cuts XML. A record comes with the start tags of the elements around it and with what stands before it in them and is itself no record (the journal
// of a Crossref deposit, the request of an OAI-PMH answer), as a document of UTF-8 without prolog.
type XML struct {
	Records []string // elements that are a record each, by their names without prefix
	Drop    []string // elements whose content is left out: files that are embedded
}

// Cut calls yield for each record of r, and returns the error of yield or of reading r. What is not well-formed is yielded with Err; where it is
// inside a record, the next records follow.
func (x XML) Cut(r io.Reader, yield func(Record) error) error {
	in, err := decoded(r)
	if err != nil {
		return err
	}
	faults := 0
	c := cutter{XML: x, in: in, line: 1, yield: func(r Record) error {
		if err := yield(r); err != nil || r.Err == nil {
			return err
		}
		if faults++; faults == MaxFaults {
			return errStop
		}
		return nil
	}}
	if err := c.run(); !errors.Is(err, errStop) {
		return err
	}
	return nil
}

// errStop ends a stream in which nothing good is to be hoped for; it has been told.
var errStop = errors.New("stop")

// decoded makes UTF-8 of XML by its byte order mark or its declaration; without either it is UTF-8, or what Text infers.
func decoded(r io.Reader) (*bufio.Reader, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(1024)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return nil, err
	}
	if label := declared(head); label != "" && !strings.EqualFold(label, "utf-8") && !bytes.Contains(head, []byte{0}) {
		if enc, _ := charset.Lookup(label); enc != nil && bytes.HasPrefix(head, []byte("<")) {
			return bufio.NewReaderSize(enc.NewDecoder().Reader(br), 64<<10), nil
		}
	}
	return bufio.NewReaderSize(Text(br), 64<<10), nil
}

// declared is the encoding that an XML declaration names; "" if it names none.
func declared(head []byte) string {
	if !bytes.HasPrefix(head, []byte("<?xml")) {
		return ""
	}
	decl, _, _ := bytes.Cut(head, []byte("?>"))
	_, rest, ok := bytes.Cut(decl, []byte("encoding"))
	rest = bytes.TrimLeft(rest, " \t\r\n=")
	if !ok || len(rest) < 2 {
		return ""
	}
	label, _, _ := bytes.Cut(rest[1:], rest[:1])
	return string(label)
}

// Root tells the name of a document's first element without its prefix, and its namespace; "" when head, the beginning of a document in UTF-8, is no XML.
func Root(head []byte) (name, namespace string) {
	if i := bytes.IndexByte(head, '<'); i < 0 || i > 3 && len(bytes.TrimSpace(head[:i])) > 3 {
		return "", ""
	}
	c := cutter{in: bufio.NewReaderSize(bytes.NewReader(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))), 256), line: 1}
	for {
		if b, err := c.in.ReadByte(); err != nil || b != '<' && b > ' ' {
			return "", ""
		} else if b != '<' {
			continue
		}
		c.tag = c.tag[:0]
		kind, err := c.markup()
		if err != nil && kind != start {
			return "", ""
		}
		if kind != start && kind != empty {
			continue
		}
		raw := string(c.name())
		prefix, local, ok := strings.Cut(raw, ":")
		attr := "xmlns:" + prefix
		if !ok {
			attr, local = "xmlns", raw
		}
		return local, attribute(c.tag, attr)
	}
}

// attribute is the value of an attribute in a start tag, as it is written; "" if it has none.
func attribute(tag []byte, name string) string {
	for rest := tag; ; {
		i := bytes.Index(rest, []byte(name))
		if i < 0 {
			return ""
		}
		before := rest[max(i-1, 0)]
		rest = rest[i+len(name):]
		after := bytes.TrimLeft(rest, " \t\r\n")
		if before > ' ' || len(after) < 3 || after[0] != '=' {
			continue
		}
		after = bytes.TrimLeft(after[1:], " \t\r\n")
		if len(after) == 0 || after[0] != '"' && after[0] != '\'' {
			continue
		}
		value, _, _ := bytes.Cut(after[1:], after[:1])
		return string(value)
	}
}

// An open element outside of records, or inside the one that is being read.
type element struct {
	name string
	line int
	at   int  // where its start tag begins in cutter.shared
	held bool // a record was found in it
}

// A cutter reads markup a byte at a time. What is outside of records gathers in shared, what is inside in record.
type cutter struct {
	XML
	in    *bufio.Reader
	yield func(Record) error
	line  int // of the next byte

	tag     []byte // the markup that was read last, from its '<'
	tagLine int

	shared []byte
	open   []element
	full   bool // shared is as long as it may be

	record []byte
	depth  int // how many of open are outside of the record that is being read; 0: none is
	from   int // line of the record
	over   bool
}

type kind int

const (
	other kind = iota // a comment, a processing instruction, a DOCTYPE
	text              // a CDATA section
	start
	empty
	end
)

func (c *cutter) byte() (byte, error) {
	b, err := c.in.ReadByte()
	if b == '\n' {
		c.line++
	}
	return b, err
}

// maxTag bounds one tag with its attributes, in bytes.
const maxTag = 1 << 20

var errTag = errors.New("tag too long")

// markup reads what begins with '<', which has been read already, into c.tag. Of comments and the like only the beginning is kept.
func (c *cutter) markup() (kind, error) {
	c.tag = append(c.tag[:0], '<')
	c.tagLine = c.line
	var quote byte
	for {
		b, err := c.byte()
		if err != nil {
			return other, err
		}
		if len(c.tag) > maxTag {
			return other, errTag
		}
		c.tag = append(c.tag, b)
		switch {
		case len(c.tag) == 2 && b == '?':
			return other, c.past("?>", false)
		case len(c.tag) == 4 && string(c.tag) == "<!--":
			return other, c.past("-->", false)
		case len(c.tag) == 9 && string(c.tag) == "<![CDATA[":
			return text, c.past("]]>", true)
		case len(c.tag) == 9 && strings.EqualFold(string(c.tag), "<!doctype"):
			return other, c.doctype()
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			if c.tag[1] != '/' && c.tag[1] != '!' {
				quote = b
			}
		case b == '<': // a tag that was never closed
			return other, errTag
		case b == '>':
			switch {
			case c.tag[1] == '/':
				return end, nil
			case c.tag[1] == '!':
				return other, nil
			case c.tag[len(c.tag)-2] == '/':
				return empty, nil
			}
			return start, nil
		}
	}
}

// past reads up to the end of what c.tag began; keep tells whether it is wanted.
func (c *cutter) past(until string, keep bool) error {
	n, last := len(c.tag), until[len(until)-1]
	var tail [3]byte // the bytes read last
	for {
		b, err := c.byte()
		if err != nil {
			return err
		}
		if keep && len(c.tag)-n <= MaxRecord {
			c.tag = append(c.tag, b)
		}
		tail = [3]byte{tail[1], tail[2], b}
		if b == last && string(tail[3-len(until):]) == until {
			return nil
		}
	}
}

// doctype reads past a DOCTYPE with its internal subset.
func (c *cutter) doctype() error {
	var quote byte
	for inside := 1; inside > 0; {
		b, err := c.byte()
		switch {
		case err != nil:
			return err
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '<' || b == '[':
			inside++
		case b == '>' || b == ']':
			inside--
		}
	}
	return nil
}

// name is the name in c.tag, with its prefix.
func (c *cutter) name() []byte {
	t := c.tag[1:]
	if len(t) > 0 && t[0] == '/' {
		t = t[1:]
	}
	for i, b := range t {
		if b <= ' ' || b == '>' || b == '/' {
			return t[:i]
		}
	}
	return t
}

func local(name []byte) string {
	if i := bytes.IndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	return string(name)
}

func one(of []string, name string) bool {
	for _, s := range of {
		if s == name {
			return true
		}
	}
	return false
}

func (c *cutter) fault(line int, code, format string, args ...any) error {
	f := jats.Faultf(code, 0, format, args...)
	return c.yield(Record{Line: line, Err: f})
}

func (c *cutter) run() error {
	elements := 0
	for {
		b, err := c.byte()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if b != '<' {
			c.add(b)
			continue
		}
		kind, err := c.markup()
		switch {
		case errors.Is(err, errTag):
			if c.depth == 0 && elements == 0 {
				return c.fault(c.tagLine, "malformed", "not XML: %.40q begins no tag", c.tag)
			}
			if err := c.broken("a tag that does not end: %.40q", c.tag); err != nil {
				return err
			}
			c.in.UnreadByte() // its '<' may begin one
			continue
		case errors.Is(err, io.EOF):
			if elements == 0 && len(c.open) == 0 {
				return c.fault(c.tagLine, "malformed", "not XML: it ends inside %.40q", c.tag)
			}
			return c.cutShort()
		case err != nil:
			return err
		}
		switch kind {
		case text:
			for _, b := range c.tag {
				c.add(b)
			}
		case start, empty:
			elements++
			if err := c.start(kind == empty); err != nil {
				return err
			}
		case end:
			if err := c.end(); err != nil {
				return err
			}
		}
	}
	if len(c.open) > 0 {
		return c.cutShort()
	}
	if elements == 0 {
		return c.fault(1, "malformed", "not XML: it holds no element")
	}
	return nil
}

func (c *cutter) cutShort() error {
	line := c.line
	if c.depth > 0 {
		line = c.from
	}
	if len(c.open) == 0 {
		return c.fault(line, "malformed", "the file ends inside a tag")
	}
	last := c.open[len(c.open)-1]
	return c.fault(line, "malformed", "the file ends inside element %q, which begins in line %d", last.name, last.line)
}

// add keeps a byte of text.
func (c *cutter) add(b byte) {
	if c.depth > 0 {
		if len(c.record) < MaxRecord {
			c.record = append(c.record, b)
		} else {
			c.over = true
		}
		return
	}
	if len(c.open) == 0 || c.full {
		return
	}
	if b <= ' ' { // so that a line of the document is a line of the stream
		if n := len(c.shared); c.shared[n-1] == '>' || c.shared[n-1] == ' ' {
			return
		}
		b = ' '
	}
	c.share(b)
}

func (c *cutter) share(b ...byte) {
	if c.full = c.full || len(c.shared)+len(b) > maxShared; !c.full {
		c.shared = append(c.shared, b...)
	}
}

// start takes in the start tag in c.tag.
func (c *cutter) start(empty bool) error {
	name := local(c.name())
	record := c.depth == 0 && one(c.Records, name)
	if len(c.open) >= MaxDepth {
		if err := c.fault(c.tagLine, "too-deep", "elements more than %d inside each other; what follows was not read", MaxDepth); err != nil {
			return err
		}
		return errStop
	}
	if record {
		for i := range c.open {
			c.open[i].held = true
		}
		c.depth, c.from = len(c.open)+1, c.tagLine
		c.record, c.over = c.record[:0], false
	}
	e := element{name: string(c.name()), line: c.tagLine, at: len(c.shared)}
	if c.depth > 0 {
		if c.over = c.over || len(c.record)+len(c.tag) > MaxRecord; !c.over {
			c.record = append(c.record, c.tag...)
		}
	} else {
		tag := bytes.Map(func(r rune) rune {
			if r < ' ' {
				return ' '
			}
			return r
		}, c.tag)
		c.share(tag...)
	}
	if empty {
		if record {
			return c.finish()
		}
		return nil
	}
	c.open = append(c.open, e)
	if one(c.Drop, name) {
		return c.drop()
	}
	return nil
}

// drop reads up to the end tag of the element that was opened last, and keeps nothing of what is in it.
func (c *cutter) drop() error {
	for inside := 1; ; {
		b, err := c.byte()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil // run tells
			}
			return err
		}
		if b != '<' {
			continue
		}
		kind, err := c.markup()
		if err != nil && !errors.Is(err, errTag) && !errors.Is(err, io.EOF) {
			return err
		}
		switch kind {
		case start:
			inside++
		case end:
			if inside--; inside == 0 {
				return c.end()
			}
		}
	}
}

// end takes in the end tag in c.tag.
func (c *cutter) end() error {
	n := len(c.open) - 1
	if n >= 0 && c.open[n].name == string(c.name()) {
		e := c.open[n]
		c.open = c.open[:n]
		switch {
		case c.depth > 0:
			if c.over = c.over || len(c.record)+len(c.tag) > MaxRecord; !c.over {
				c.record = append(c.record, c.tag...)
			}
			if len(c.open) < c.depth {
				return c.finish()
			}
		case e.held || c.full && e.at < len(c.shared): // what held records, or could not be kept whole, is no part of the next
			c.shared, c.full = c.shared[:e.at], false
		default:
			c.share(c.tag...)
		}
		return nil
	}
	if c.depth > 0 {
		return c.broken("element %q is closed by %q", c.open[n].name, c.name())
	}
	for i := n; i >= 0; i-- { // what a broken record left open
		if c.open[i].name == string(c.name()) {
			c.open = c.open[:i+1]
			return c.end()
		}
	}
	return nil
}

// broken gives up the record that is being read; outside of one it is told of, too.
func (c *cutter) broken(format string, args ...any) error {
	line := c.tagLine
	if c.depth > 0 {
		line = c.from
		c.open = c.open[:c.depth-1]
		c.depth = 0
	}
	f := jats.Faultf("malformed", c.tagLine-line+1, format, args...)
	return c.yield(Record{Line: line, Err: f})
}

// finish hands out the record that has ended.
func (c *cutter) finish() error {
	c.depth = 0
	if c.over {
		return c.fault(c.from, "too-large", "a record of more than %d MiB", MaxRecord>>20)
	}
	doc := make([]byte, 0, len(c.shared)+len(c.record)+16*len(c.open))
	doc = append(append(doc, c.shared...), c.record...)
	for i := len(c.open) - 1; i >= 0; i-- {
		doc = append(append(append(doc, "</"...), c.open[i].name...), '>')
	}
	if cap(c.record) > 1<<20 {
		c.record = nil
	}
	return c.yield(Record{Line: c.from, Data: doc})
}
