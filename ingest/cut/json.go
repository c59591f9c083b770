package cut

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"sheaf/jats"
)

// JSON calls yield for each object of r: of a file that holds one, of several one after the other (JSON lines), of an array, and of the list in an answer of a
// service, {"items": [...]}, {"results": [...]} or {"message": {"items": [...]}}. It returns the error of yield or of reading r. What is no JSON is yielded with Err;
// of JSON lines, those after a broken one follow. The line of an object that is the whole file is 0.
func JSON(r io.Reader, yield func(Record) error) error {
	c := jsonCutter{in: bufio.NewReaderSize(Text(r), 64<<10), line: 1}
	faults := 0
	c.yield = func(r Record) error {
		if r.Err != nil {
			if faults++; faults == MaxFaults {
				if err := yield(r); err != nil {
					return err
				}
				return errStop
			}
		}
		return yield(r)
	}
	err := c.run()
	if errors.Is(err, errStop) {
		err = nil
	}
	return err
}

type jsonCutter struct {
	in    *bufio.Reader
	head  []byte // what in has in its buffer
	at    int    // of head has been read
	yield func(Record) error
	line  int // of the next byte
	buf   []byte
	stack []byte // the brackets that are open in the value that is being read
}

// fill brings something unread into head. The error is that of reading, io.EOF at the end.
func (c *jsonCutter) fill() error {
	if c.at < len(c.head) {
		return nil
	}
	c.in.Discard(len(c.head))
	c.head, c.at = nil, 0
	if _, err := c.in.Peek(1); err != nil {
		return err
	}
	c.head, _ = c.in.Peek(c.in.Buffered())
	return nil
}

// byte reads one; c.at-- gives it back.
func (c *jsonCutter) byte() (byte, error) {
	if c.at == len(c.head) {
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
	b := c.head[c.at]
	c.at++
	if b == '\n' {
		c.line++
	}
	return b, nil
}

// blank reads past white space and returns the byte after it.
func (c *jsonCutter) blank() (byte, error) {
	for {
		b, err := c.byte()
		if err != nil || b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			return b, err
		}
	}
}

// errSyntax is a fault that was told; what to do after it depends on where it is.
var errSyntax = errors.New("syntax")

func (c *jsonCutter) fault(line int, code, format string, args ...any) error {
	if err := c.yield(Record{Line: line, Err: jats.Faultf(code, 0, format, args...)}); err != nil {
		return err
	}
	return errSyntax
}

func (c *jsonCutter) cutShort(line int, err error) error {
	if errors.Is(err, io.EOF) {
		if err := c.fault(line, "malformed", "JSON ends in the middle of a value"); !errors.Is(err, errSyntax) {
			return err
		}
		return errStop
	}
	return err
}

func (c *jsonCutter) run() error {
	var held *Record // the first object, until it is known whether another follows
	for {
		b, err := c.blank()
		if errors.Is(err, io.EOF) && held != nil {
			held.Line = 0
			return c.yield(*held)
		}
		if held != nil {
			if err := c.yield(*held); err != nil {
				return err
			}
			held = nil
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line := c.line
		switch b {
		case '[':
			if err = c.elements(); errors.Is(err, errSyntax) {
				return nil // where the array goes on cannot be told
			}
		case '{':
			var data []byte
			if data, err = c.value(true); err == nil && data != nil {
				held = &Record{Line: line, Data: data}
			}
		default:
			err = c.fault(line, "malformed", "JSON: want an object, not %q", b)
		}
		if errors.Is(err, errSyntax) {
			err = c.nextObject()
		}
		if err != nil {
			return err
		}
		if held != nil && held.Line > 1 { // something came before it
			if err := c.yield(*held); err != nil {
				return err
			}
			held = nil
		}
	}
}

// elements yields the objects of an array, whose opening bracket has been read.
func (c *jsonCutter) elements() error {
	began := c.line
	for first := true; ; first = false {
		b, err := c.blank()
		if err == nil && b == ']' {
			return nil
		}
		if err == nil && !first {
			if b != ',' {
				return c.fault(c.line, "malformed", "JSON: want a comma or ] between the objects of an array, not %q", b)
			}
			b, err = c.blank()
		}
		if err != nil {
			return c.cutShort(began, err)
		}
		if b != '{' {
			return c.fault(c.line, "malformed", "JSON: want an object in the array, not %q", b)
		}
		line := c.line
		data, err := c.value(false)
		if err != nil {
			return err
		}
		if err := c.yield(Record{Line: line, Data: data}); err != nil {
			return err
		}
	}
}

// lists are the keys under which services put their lists of records.
var lists = []string{"items", "results"}

// value reads an object, whose opening brace has been read. Of one that only wraps a list, which top allows, the list's objects are yielded instead, and nil is returned.
func (c *jsonCutter) value(top bool) ([]byte, error) {
	began := c.line
	c.buf = append(c.buf[:0], '{')
	c.stack = append(c.stack[:0], '{')
	wrapper := false
	var key, outer string // the key of the value that is read, and at depth 2 that of the object around it
	want := byte('k')     // k: a key or }, K: a key, ':', v: a value, V: a value or ], ',': a comma or the end
	for {
		b, err := c.byte()
		if err != nil {
			return nil, c.cutShort(began, err)
		}
		if len(c.buf) >= MaxRecord {
			return nil, c.fault(began, "too-large", "an object of more than %d MiB", MaxRecord>>20)
		}
		if !wrapper {
			c.buf = append(c.buf, b)
		}
		if b == ' ' || b == '\t' || b == '\r' || b == '\n' {
			continue
		}
		wrong := false
		switch {
		case b == '"' && want != ':' && want != ',':
			at := len(c.buf)
			if err := c.text(began, !wrapper); err != nil {
				return nil, err
			}
			if want == 'v' || want == 'V' {
				want = ','
				break
			}
			if key = ""; top && len(c.stack) <= 2 && !wrapper {
				key = string(c.buf[at : len(c.buf)-1])
			}
			want = ':'
		case b == ':' && want == ':':
			want = 'v'
		case b == ',' && want == ',':
			if want = 'v'; c.stack[len(c.stack)-1] == '{' {
				want = 'K'
			}
		case (b == '{' || b == '[') && (want == 'v' || want == 'V'):
			if b == '[' && top && one(lists, key) && (len(c.stack) == 1 || len(c.stack) == 2 && outer == "message") {
				stack := bytes.Clone(c.stack) // the list's objects are read by value, too
				if err := c.elements(); err != nil {
					return nil, err
				}
				c.stack, c.buf = stack, c.buf[:0]
				wrapper, want = true, ','
				break
			}
			if len(c.stack) == maxJSONDepth {
				return nil, c.fault(c.line, "too-deep", "JSON nested more than %d deep", maxJSONDepth)
			}
			if len(c.stack) == 1 {
				outer = key
			}
			c.stack = append(c.stack, b)
			if want = 'V'; b == '{' {
				want = 'k'
			}
		case b == '}' && (want == 'k' || want == ',') && c.stack[len(c.stack)-1] == '{',
			b == ']' && (want == 'V' || want == ',') && c.stack[len(c.stack)-1] == '[':
			if c.stack = c.stack[:len(c.stack)-1]; len(c.stack) == 0 {
				if wrapper {
					return nil, nil
				}
				return bytes.Clone(c.buf), nil
			}
			want = ','
		case (want == 'v' || want == 'V') && (b == '-' || b >= '0' && b <= '9' || b == 't' || b == 'f' || b == 'n'):
			if err := c.scalar(!wrapper); err != nil {
				return nil, c.cutShort(began, err)
			}
			want = ','
		default:
			wrong = true
		}
		if wrong {
			line := c.line
			if b == '{' && len(c.buf) > 1 && c.buf[len(c.buf)-2] == '\n' { // the next of JSON lines: this one lacks its end
				c.at--
				line--
			}
			return nil, c.fault(line, "malformed", "JSON: want %s, not %q", wants[want], b)
		}
	}
}

const maxJSONDepth = 1000

var wants = map[byte]string{'k': "a key or }", 'K': "a key", ':': "a colon", 'v': "a value", 'V': "a value or ]", ',': "a comma or the end of the object or array"}

// text reads a string up to its end. A line break, which JSON forbids in one, ends it as an error.
func (c *jsonCutter) text(began int, keep bool) error {
	for escaped := false; ; {
		if err := c.fill(); err != nil {
			return c.cutShort(began, err)
		}
		part := c.head[c.at:]
		if keep {
			if len(c.buf) >= MaxRecord {
				c.at++
				return c.fault(began, "too-large", "an object of more than %d MiB", MaxRecord>>20)
			}
			part = part[:min(len(part), MaxRecord-len(c.buf))]
		}
		n, end := 0, byte(0)
		for n < len(part) && end == 0 {
			b := part[n]
			switch {
			case b == '\n':
				end = b
				continue
			case escaped:
				escaped = false
			case b == '\\':
				escaped = true
			case b == '"':
				end = b
			}
			n++
		}
		c.at += n
		if keep {
			c.buf = append(c.buf, part[:n]...)
		}
		switch end {
		case '\n':
			return c.fault(c.line, "malformed", "JSON: a string is not closed in its line")
		case '"':
			return nil
		}
	}
}

// scalar reads the rest of a number, true, false or null.
func (c *jsonCutter) scalar(keep bool) error {
	for {
		if err := c.fill(); err != nil {
			return err
		}
		b := c.head[c.at]
		if b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b == '.' || b == '-' || b == '+' || b == 'E' {
			if c.at++; keep && len(c.buf) < MaxRecord {
				c.buf = append(c.buf, b)
			}
			continue
		}
		return nil
	}
}

// nextObject reads up to the next line that begins with an opening brace.
func (c *jsonCutter) nextObject() error {
	if c.fill() == nil && c.head[c.at] == '{' {
		return nil
	}
	for {
		b, err := c.byte()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if b != '\n' {
			continue
		}
		if c.fill() == nil && c.head[c.at] == '{' {
			return nil
		}
	}
}
