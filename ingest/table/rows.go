package table

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

const (
	maxCell    = 1 << 20 // bytes of a cell in quotation marks
	maxColumns = 4096
)

// rows reads a table as text, a row at a time.
//
// encoding/csv is not used: with a quotation mark that stands where none should it fails or, when lenient, takes the rest of the file for one cell. Here a cell in quotation
// marks goes beyond its line only when the marks on its lines are right; otherwise the mark that it began with is text, and the next line is the next row. A line that
// begins such a cell ends the search for the end of an earlier one, so no line is looked at more than twice.
type rows struct {
	in    *bufio.Reader // UTF-8
	comma byte
	bare  bool // quotation marks are text, as in the files of Web of Science
	line  int  // of the last line that was read, 1-based

	ahead []string // lines that were read and given back
	cells []string
	text  strings.Builder
}

func newRows(r io.Reader) *rows {
	return &rows{in: bufio.NewReaderSize(cut.Text(r), headSize), comma: ','}
}

// rowsOf reads a table that is in memory.
func rowsOf(data []byte) *rows {
	if !utf8.Valid(data) || bytes.IndexByte(data[:min(len(data), 16)], 0) >= 0 {
		return newRows(bytes.NewReader(data))
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	return &rows{in: bufio.NewReaderSize(bytes.NewReader(data), min(len(data)+16, headSize)), comma: ','} // 16: the end is seen at once
}

// head is the beginning of the table; it is not read away.
func (t *rows) head() ([]byte, error) { return t.in.Peek(headSize) }

// readLine returns the next line without its end.
func (t *rows) readLine() (string, error) {
	t.line++
	if len(t.ahead) > 0 {
		s := t.ahead[0]
		t.ahead = t.ahead[1:]
		return s, nil
	}
	part, err := t.in.ReadSlice('\n')
	if err == nil {
		return trimEnd(string(part)), nil
	}
	var line []byte
	over := false
	for {
		if over = over || len(line)+len(part) > cut.MaxRecord; !over {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			part, err = t.in.ReadSlice('\n')
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0):
			return "", err
		case over:
			return "", jats.Faultf("too-large", 0, "a line of more than %d MiB", cut.MaxRecord>>20)
		}
		return trimEnd(string(line)), nil
	}
}

func trimEnd(s string) string { return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r") }

// next returns the cells of the next row, good until the next call, and the line in which it begins. A *jats.Fault is one of the row: the next follows.
func (t *rows) next() (line int, cells []string, err error) {
	s, err := t.readLine()
	line = t.line
	if err != nil {
		return line, nil, err
	}
	t.cells = t.cells[:0]
	for {
		if len(t.cells) == maxColumns {
			return line, nil, jats.Faultf("bad-row", 0, "a row of more than %d cells", maxColumns)
		}
		if s != "" && s[0] == '"' && !t.bare {
			cell, rest, more, err := t.quoted(s[1:])
			if err != nil {
				return line, nil, err
			}
			if cell != nil {
				t.cells = append(t.cells, *cell)
				if !more {
					return line, t.cells, nil
				}
				s = rest
				continue
			}
		}
		i := strings.IndexByte(s, t.comma)
		if i < 0 {
			t.cells = append(t.cells, strings.TrimSpace(s))
			return line, t.cells, nil
		}
		t.cells = append(t.cells, strings.TrimSpace(s[:i]))
		s = s[i+1:]
	}
}

// quoted reads a cell whose opening mark was read, from s and the lines after it. cell is nil when the mark turns out to be text; rest is what follows the cell in its last
// line, and more tells that another cell does. In a cell of one line a mark that is not doubled is text when no delimiter follows it.
func (t *rows) quoted(s string) (cell *string, rest string, more bool, err error) {
	if text, rest, more, ok := t.closes(s, true); ok {
		return &text, rest, more, nil
	}
	if text, _, _, ok := t.closes(s, false); ok || text == "" && s != "" { // the marks in this line are wrong
		return nil, "", false, nil
	}
	// It goes on in the next line.
	var read []string
	size := len(s)
	t.text.Reset()
	t.text.WriteString(undouble(s))
	for {
		next, err := t.readLine()
		if err != nil {
			if !errors.Is(err, io.EOF) { // a line that is too long: it goes with this row
				t.giveBack(read)
				return nil, "", false, err
			}
			t.line--
			t.giveBack(read)
			return nil, "", false, nil
		}
		read = append(read, next)
		if size += len(next) + 1; size > maxCell {
			t.giveBack(read)
			return nil, "", false, jats.Faultf("too-large", 0, "a cell that begins with a quotation mark does not end within %d MiB", maxCell>>20)
		}
		t.text.WriteByte('\n')
		if text, rest, more, ok := t.closes(next, false); ok {
			t.text.WriteString(text)
			whole := t.text.String()
			return &whole, rest, more, nil
		} else if text == "" && next != "" {
			t.giveBack(read)
			return nil, "", false, nil
		}
		t.text.WriteString(undouble(next))
	}
}

func (t *rows) giveBack(read []string) {
	t.line -= len(read)
	t.ahead = append(read, t.ahead...)
}

func undouble(s string) string {
	if strings.IndexByte(s, '"') < 0 {
		return s
	}
	return strings.ReplaceAll(s, `""`, `"`)
}

// closes looks in s, which stands inside quotation marks, for the mark that closes the cell: one that is not doubled and that a delimiter or the end of the line follows.
// Any other single mark is text when lenient; else text is "" and ok false. Without a closing mark text is s.
func (t *rows) closes(s string, lenient bool) (text, rest string, more, ok bool) {
	doubled := false
	for i := 0; i < len(s); i++ {
		j := strings.IndexByte(s[i:], '"')
		if j < 0 {
			break
		}
		i += j
		if i+1 < len(s) && s[i+1] == '"' {
			doubled = true
			i++
			continue
		}
		after := s[i+1:]
		if after != "" && after[0] != t.comma {
			after = strings.TrimLeft(after, " ")
		}
		if after != "" && after[0] != t.comma {
			if !lenient {
				return "", "", false, false
			}
			continue
		}
		if text = s[:i]; doubled {
			text = undouble(text)
		}
		if after == "" {
			return text, "", false, true
		}
		return text, after[1:], true, true
	}
	return s, "", false, false
}
