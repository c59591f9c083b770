package table

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// Bounds of a workbook. The parts that are no sheets and no texts of sheets are held in memory.
const (
	maxWorkbook = 64 << 20  // bytes of the file
	maxUnzipped = 512 << 20 // bytes of all its parts
	maxPart     = 16 << 20  // bytes of a part that is no sheet
	maxInMemory = 4 << 20   // bytes of a sheet, or of the texts, that are held in memory; larger ones go through a temporary file
	maxParts    = 10000
)

// CutXLSX takes the rows of a workbook apart, as Cut does those of a text: those of each visible sheet that has a header with a column for a title; which sheets were left
// out is told in a warning. Dates are written as ISO 8601 to the precision that the cell's style shows, other numbers as they are stored, formulas as their last value.
// Line is the number of the row. In a sheet of at most 4 MiB merged cells count for each row that they cover; in larger ones for the first.
func CutXLSX(r io.ReaderAt, size int64, yield func(cut.Record) error) (err error) {
	refuse := func(code, format string, args ...any) error {
		return yield(cut.Record{Line: 1, Err: jats.Faultf(code, 0, format, args...)})
	}
	if size > maxWorkbook {
		return refuse("too-large", "a workbook of %d MiB, want at most %d", size>>20, maxWorkbook>>20)
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return refuse("malformed", "XLSX: %v", err)
	}
	if len(z.File) > maxParts {
		return refuse("too-large", "a workbook of %d parts, want at most %d", len(z.File), maxParts)
	}
	var total, sheets uint64
	for _, f := range z.File {
		name := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))
		sheet := strings.HasPrefix(name, "xl/worksheets/sheet")
		if total += f.UncompressedSize64; f.UncompressedSize64 > maxUnzipped || total > maxUnzipped {
			return refuse("too-large", "a workbook of more than %d MiB unzipped", maxUnzipped>>20)
		}
		if sheet {
			sheets += f.UncompressedSize64
		} else if name != "xl/sharedstrings.xml" && f.UncompressedSize64 > maxPart {
			return refuse("too-large", "part %q of the workbook has more than %d MiB", f.Name, maxPart>>20)
		}
	}

	w, err := openWorkbook(r, size)
	if err != nil {
		return refuse("malformed", "XLSX: %v", err)
	}
	defer w.Close()
	isoDates(w)

	type found struct {
		name string
		h    header
	}
	var use []found
	var left []string
	var first [][]string // rows of the first sheet, to say what it has instead of a title
	for _, name := range w.GetSheetList() {
		if visible, err := w.GetSheetVisible(name); err != nil || !visible {
			left = append(left, fmt.Sprintf("%q (hidden)", name))
			continue
		}
		rows, err := headOf(w, name)
		if err != nil {
			if err := refuse("malformed", "sheet %q: %v", name, err); err != nil {
				return err
			}
			continue
		}
		h, ok := headerIn(rows)
		switch {
		case ok:
			use = append(use, found{name, h})
		case len(rows) > 0:
			left = append(left, fmt.Sprintf("%q (no column for a title)", name))
			if first == nil {
				first = rows
			}
		}
	}
	if len(use) == 0 {
		var head []byte
		for _, row := range first[:min(len(first), 1)] {
			for i, s := range row {
				if i > 0 {
					head = append(head, ',')
				}
				head = appendCell(head, s)
			}
		}
		return yield(cut.Record{Line: 1, Err: noTitle(head)})
	}
	for i, s := range use {
		c := newCutter(s.h, yield)
		if i == 0 && len(left) > 0 {
			c.tell("sheet-left-out", "sheets that were left out: "+strings.Join(left[:min(len(left), 20)], ", "))
		}
		if len(use) > 1 {
			c.sheet = s.name
		}
		if err := c.sheetRows(w, s.name, s.h.line, sheets <= maxInMemory); err != nil {
			return stopped(err)
		}
	}
	return nil
}

// openWorkbook opens a workbook; a file that the library fails on is damaged.
func openWorkbook(r io.ReaderAt, size int64) (w *excelize.File, err error) {
	defer guard(&err)
	return excelize.OpenReader(io.NewSectionReader(r, 0, size), excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxInMemory})
}

// guard makes an error of a panic of the library, which reads what anybody sends.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("damaged: %v", p)
	}
}

// headOf returns the first rows of a sheet that have cells; those before them are empty.
func headOf(w *excelize.File, sheet string) (out [][]string, err error) {
	defer guard(&err)
	rows, err := w.Rows(sheet)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	some := false
	for len(out) < headRows && rows.Next() {
		cells, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		out = append(out, cells)
		some = some || len(cells) > 0
	}
	if !some {
		return nil, rows.Error()
	}
	return out, rows.Error()
}

// headerIn finds the header among rows.
func headerIn(rows [][]string) (best header, ok bool) {
	most := 0
	for i, row := range rows {
		if len(row) > maxColumns {
			continue
		}
		h := headerOf(row)
		if n := h.known(); n > most {
			most, best, ok = n, h, true
			best.line = i + 1
		}
	}
	return best, ok
}

// sheetRows yields the rows below line head.
func (c *cutter) sheetRows(w *excelize.File, sheet string, head int, small bool) (err error) {
	var merged []span
	if small {
		merged = spans(w, sheet)
	}
	rows, err := w.Rows(sheet)
	if err != nil {
		return c.fault(head, jats.Faultf("malformed", 0, "XLSX: %v", err))
	}
	defer rows.Close()
	for line := 1; ; line++ {
		cells, more, err := nextRow(rows)
		if err != nil {
			return c.fault(line, jats.Faultf("malformed", 0, "XLSX: %v", err))
		}
		if !more {
			return nil
		}
		if line <= head {
			continue
		}
		for i, s := range cells {
			switch {
			case len(s) > maxCell:
				cells[i] = ""
				if err := c.fault(line, jats.Faultf("too-large", 0, "a cell of more than %d MiB", maxCell>>20)); err != nil {
					return err
				}
			case s != "" && s[0] == '#' && formulaErrors[s]:
				cells[i] = ""
			}
		}
		if len(cells) > 0 {
			for _, m := range merged {
				if line > m.from && line <= m.to && m.col < len(c.names) {
					for len(cells) <= m.col {
						cells = append(cells, "")
					}
					if cells[m.col] == "" {
						cells[m.col] = m.text
					}
				}
			}
		}
		if err := c.row(line, cells); err != nil {
			return err
		}
	}
}

func nextRow(rows *excelize.Rows) (cells []string, more bool, err error) {
	defer guard(&err)
	if !rows.Next() {
		return nil, false, rows.Error()
	}
	cells, err = rows.Columns()
	return cells, true, err
}

// formulaErrors are what a formula gives that has no value.
var formulaErrors = map[string]bool{"#N/A": true, "#REF!": true, "#VALUE!": true, "#NAME?": true, "#DIV/0!": true, "#NULL!": true, "#NUM!": true, "#Н/Д": true, "#ССЫЛКА!": true,
	"#ЗНАЧ!": true, "#ИМЯ?": true, "#ДЕЛ/0!": true}

// A span is a merged cell of one column and several rows.
type span struct {
	col, from, to int // col from 0, rows from 1
	text          string
}

const maxSpans = 1000

func spans(w *excelize.File, sheet string) (out []span) {
	var err error
	defer guard(&err)
	merged, err := w.GetMergeCells(sheet)
	if err != nil {
		return nil
	}
	for _, m := range merged {
		col, from, err1 := excelize.CellNameToCoordinates(m.GetStartAxis())
		last, to, err2 := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err := errors.Join(err1, err2); err != nil || col != last || from == to || len(out) == maxSpans {
			continue
		}
		out = append(out, span{col - 1, from, to, m.GetCellValue()})
	}
	return out
}

// isoDates gives every style that shows a date a format of ISO 8601 of the same precision, and every other style none, so that numbers come as they are stored.
func isoDates(w *excelize.File) {
	if w.Styles == nil || w.Styles.CellXfs == nil {
		return
	}
	codes := map[int]string{}
	if w.Styles.NumFmts != nil {
		for _, f := range w.Styles.NumFmts.NumFmt {
			if f != nil {
				codes[f.NumFmtID] = f.FormatCode
			}
		}
	}
	formats := [4]int{-1, -1, -1, -1}
	for precision, code := range [4]string{1: "yyyy", 2: "yyyy-mm", 3: "yyyy-mm-dd"} {
		if precision == 0 {
			continue
		}
		style, err := w.NewStyle(&excelize.Style{CustomNumFmt: &code})
		if err != nil || style >= len(w.Styles.CellXfs.Xf) || w.Styles.CellXfs.Xf[style].NumFmtID == nil {
			return
		}
		formats[precision] = *w.Styles.CellXfs.Xf[style].NumFmtID
	}
	none := -1 // there is no such format
	for i := range w.Styles.CellXfs.Xf {
		id := 0
		if p := w.Styles.CellXfs.Xf[i].NumFmtID; p != nil {
			id = *p
		}
		code, custom := codes[id]
		precision := 0
		switch {
		case custom:
			precision = datePrecision(code)
		case id == 14 || id == 15 || id == 22 || id >= 27 && id <= 31 || id == 36 || id >= 50 && id <= 54 || id >= 57 && id <= 58:
			precision = 3
		case id == 17 || id == 55:
			precision = 2
		case id == 16 || id == 56: // day and month without the year: what was typed was most likely no date
			precision = 3
		}
		to := none
		if precision > 0 {
			to = formats[precision]
		}
		for p, f := range formats {
			if p > 0 && id == f {
				to = f
			}
		}
		w.Styles.CellXfs.Xf[i].NumFmtID = &to
	}
}

// datePrecision tells what of a date a number format shows: 1 the year, 2 the month, too, 3 the day, 0 none.
//
// Source: ECMA-376 Part 1 §18.8.31.
func datePrecision(code string) int {
	code, _, _ = strings.Cut(code, ";")
	var year, month, day, time bool
	for i := 0; i < len(code); i++ {
		switch c := code[i] | 0x20; {
		case code[i] == '"':
			j := strings.IndexByte(code[i+1:], '"')
			if j < 0 {
				return 0
			}
			i += j + 1
		case code[i] == '[':
			j := strings.IndexByte(code[i+1:], ']')
			if j < 0 {
				return 0
			}
			i += j + 1
		case code[i] == '\\' || code[i] == '_' || code[i] == '*':
			i++
		case c == 'y':
			year = true
		case c == 'm':
			month = true
		case c == 'd':
			day = true
		case c == 'h' || c == 's':
			time = true
		}
	}
	switch {
	case day && month, year && time:
		return 3
	case year && month:
		return 2
	case year:
		return 1
	}
	return 0
}
