// Package table reads articles from tables with a header row: CSV, TSV, tables parted by semicolons or bars, and XLSX; one article a row.
//
// What a column holds is told by its name, in English or Russian, as people write it and as Scopus, Web of Science, eLIBRARY, Zotero, Dimensions and the CSV plug-in of
// OJS do. [Columns] lists them, docs/tables.md is made of it, and [Template] is a table to begin with. A column may be given in several languages, as "title@ru",
// "Title (Russian)", "title_en" or "Название на английском". Columns whose names begin with "custom:" become CustomMeta, those that begin with "ignore:" are left out,
// and so are columns that are not known, which are named in one warning a file.
//
//	column                        article field
//	title, subtitle               Title, TransTitles; short title: AltTitles
//	journal, abbreviated journal  Journal.Title, TransTitles, AbbrevTitle; book title and series stand here, too
//	issn, pissn, eissn, coden     Journal.ISSNs, IDs
//	publisher, publisher place    Journal.Publishers, PubLoc
//	year, date, date online,
//	  date print                  PubDates ("collection", "pub")
//	received, revised, accepted   History
//	volume, issue, issue title,
//	  part, supplement, series    Volume, Issue, IssueTitles, IssuePart, Supplement, VolumeSeries
//	pages, first page, last page,
//	  article number, page count  FPage, LPage, PageRange, ElocationID, Counts.Pages
//	doi, pmid, pmcid, arxiv, edn,
//	  elibrary, eid, wos, id, ... IDs
//	url, pdf                      Links
//	language, type, status        Lang, ArticleType, Status; further languages and unknown types CustomMeta
//	authors, author full names,
//	  editors, translators, group Contribs
//	orcid, emails, author ids,
//	  corresponding author        Contrib.IDs, Emails, Corresp; Notes ("corresp")
//	affiliations, authors with
//	  affiliations                Affs, Contrib.Affs
//	abstract, keywords            Abstracts, KwdGroups; indexed keywords a group of type "index"
//	subjects, section, udc, ...   SubjGroups
//	funding, funder, award        Funding
//	licence, copyright ..., rights,
//	  access, embargo, price,
//	  currency                    Permissions
//	references                    Refs, taken apart by jats.ParseCitation
//	conference ...                Conferences
//	isbn                          ISBNs
//	conflict of interest, data
//	  availability, acknowledgements  Notes
//	note, custom:NAME             CustomMeta
//	cited by                      Metrics
//
// Left out of the exports: counts of uses, numbers of the exporting system (Zotero's key, the tags PT, GA, NR, U1 of Web of Science), names of its indexes, files on a
// reader's disk, abbreviated names where the full ones are there.
//
// Text is plain text with, at most, the simple tags of HTML. The encoding is found out; so are the delimiter and the header, which may stand below some lines of title.
//
// Bounds: a cell of 1 MiB, a row of 16 MiB, a header of 4096 columns within the first 64 KiB; of an XLSX 64 MiB, 512 MiB unzipped, 16 MiB a part that is no sheet.
//
// Source: RFC 4180 for CSV; ECMA-376 Part 1 §18 for XLSX.
package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// Recognise tells by the beginning of a document whether it is a table of articles as text: among its first lines is one with a column for a title and another known one.
func Recognise(head []byte) bool {
	switch first := bytes.TrimLeft(head, " \t\r\n"); {
	case len(first) == 0, first[0] == '<', first[0] == '{', first[0] == '[' && bytes.IndexByte(first, '\n') < 0:
		return false
	}
	_, ok := findHeader(head[:min(len(head), headSize)])
	return ok
}

const headSize = 64 << 10 // bytes among which the header is looked for

// Cut takes a table as text apart into its rows. The Data of each is a table of its own: UTF-8 with commas, a header and one row, without the columns that are empty in
// it. A table that has no column for a title is one record with Err.
func Cut(r io.Reader, yield func(cut.Record) error) error {
	in := newRows(r)
	head, err := in.head()
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return err
	}
	h, ok := findHeader(head)
	if !ok {
		return yield(cut.Record{Line: 1, Err: noTitle(head)})
	}
	in.comma, in.bare = h.comma, h.dialect == wos && h.comma == '\t'
	c := newCutter(h, yield)
	for {
		line, cells, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			var f *jats.Fault
			if !errors.As(err, &f) {
				return err
			}
			if line <= h.line {
				continue
			}
			if err := c.fault(line, f); err != nil {
				return stopped(err)
			}
			continue
		}
		if line <= h.line {
			continue
		}
		if err := c.row(line, cells); err != nil {
			return stopped(err)
		}
	}
}

// errStop ends a file with too many faults; they have been told.
var errStop = errors.New("stop")

func stopped(err error) error {
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// noTitle tells why a table is none of articles, by its first row.
func noTitle(head []byte) error {
	in := rowsOf(head)
	in.comma = likelyComma(head)
	_, cells, _ := in.next()
	var names []string
	for _, c := range cells {
		if c = strings.TrimSpace(c); c != "" && len(names) < 8 {
			if r := []rune(c); len(r) > 40 {
				c = string(r[:40]) + "..."
			}
			names = append(names, fmt.Sprintf("%q", c))
		}
	}
	if len(names) == 0 {
		return jats.Faultf("no-title-column", 0, "the table is empty: want a header row with a column \"title\"")
	}
	return jats.Faultf("no-title-column", 0, "no column for a title: the first row has %s; want a header row with \"title\" and at least one more known column", strings.Join(names, ", "))
}

// A cutter makes records of rows.
type cutter struct {
	columns []key
	names   []string
	written []string // the names as they stand in the records
	title   string   // the first of them that is a title,
	second  string   // and the first that is another known column
	sheet   string   // of a workbook with several that hold articles; else ""
	told    string   // warnings that go with the next record
	yield   func(cut.Record) error
	faults  int
	data    []byte
}

func newCutter(h header, yield func(cut.Record) error) *cutter {
	c := &cutter{columns: h.columns, names: h.names, yield: yield}
	if list := unknown(c.columns, c.names); list != "" {
		c.tell("unknown-column", list)
	}
	c.written = make([]string, len(c.names))
	for i, k := range c.columns {
		switch name := c.names[i]; {
		case k.col == cUnknown:
			c.written[i] = ignorePrefix + name
		case k.lang != "" && keyOf(name).lang == "": // told by another column, which may be empty in a row
			c.written[i] = name + "@" + k.lang
		default:
			c.written[i] = name
		}
		switch {
		case k.col == cTitle && c.title == "":
			c.title = c.written[i]
		case k.col != cTitle && k.col.counts() && c.second == "":
			c.second = c.written[i]
		}
	}
	return c
}

// The columns that Cut writes beside those of the table.
const (
	ignorePrefix = "ignore:"
	toldColumn   = "sheaf:told" // warnings about the whole file, "CODE: MESSAGE", one a line; they go with its first record
	sheetColumn  = "ignore:sheet"
)

func (c *cutter) tell(code, message string) {
	if c.told != "" {
		c.told += "\n"
	}
	c.told += code + ": " + message
}

// unknown names the columns that are not known, or is "".
func unknown(columns []key, names []string) string {
	var list []string
	n := 0
	for i, k := range columns {
		if k.col == cUnknown && strings.TrimSpace(names[i]) != "" {
			if n++; n <= 30 {
				list = append(list, fmt.Sprintf("%q", strings.Join(strings.Fields(names[i]), " ")))
			}
		}
	}
	switch {
	case n == 0:
		return ""
	case n > len(list):
		return fmt.Sprintf("columns that are not known were left out: %s and %d more", strings.Join(list, ", "), n-len(list))
	case n == 1:
		return fmt.Sprintf("a column that is not known was left out: %s", list[0])
	}
	return "columns that are not known were left out: " + strings.Join(list, ", ")
}

func (c *cutter) fault(line int, err error) error {
	if c.sheet != "" {
		var f *jats.Fault
		if errors.As(err, &f) {
			err = jats.Faultf(f.Code, f.Line, "sheet %q: %s", c.sheet, f.Message)
		}
	}
	if err := c.yield(cut.Record{Line: line, Err: err}); err != nil {
		return err
	}
	if c.faults++; c.faults == cut.MaxFaults {
		return errStop
	}
	return nil
}

// row yields one row as a table of its own. Blank rows and repetitions of the header are none.
func (c *cutter) row(line int, cells []string) error {
	blank, header := true, true
	for i, s := range cells {
		if s != "" && strings.TrimSpace(s) != "" {
			blank = false
			if i >= len(c.names) {
				return c.fault(line, jats.Faultf("bad-row", 0, "the row has %d cells, the header %d; the first that is too many holds %.60q", len(cells), len(c.names), s))
			}
		}
		header = header && i < len(c.names) && s == c.names[i]
	}
	if blank || header {
		return nil
	}
	head, row := c.data[:0], make([]byte, 0, 512)
	put := func(name, value string) {
		if len(head) > 0 {
			head, row = append(head, ','), append(row, ',')
		}
		head, row = appendCell(head, name), appendCell(row, value)
	}
	titled, more := false, false
	for i, s := range cells {
		if i >= len(c.names) || s == "" || strings.TrimSpace(s) == "" {
			continue
		}
		put(c.written[i], s)
		switch k := c.columns[i].col; {
		case k == cTitle:
			titled = true
		case k.counts():
			more = true
		}
	}
	if !titled { // so that it is a table of articles still, with one that has no title
		put(c.title, "")
	}
	if !more {
		put(c.second, "")
	}
	if c.sheet != "" {
		put(sheetColumn, c.sheet)
	}
	if c.told != "" {
		put(toldColumn, c.told)
		c.told = ""
	}
	c.data = head
	doc := make([]byte, 0, len(head)+len(row)+2)
	doc = append(append(append(append(doc, head...), '\n'), row...), '\n')
	if len(doc) > cut.MaxRecord {
		return c.fault(line, jats.Faultf("too-large", 0, "a row of more than %d MiB", cut.MaxRecord>>20))
	}
	return c.yield(cut.Record{Line: line, Data: doc})
}

// appendCell appends s as a cell of CSV.
func appendCell(dst []byte, s string) []byte {
	if !strings.ContainsAny(s, ",\"\n\r") && s != "" && s[0] != ' ' {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

// Read makes an article of a table with one row, which Cut made or which has any of the forms that Cut reads.
func Read(record []byte) (*jats.Article, []jats.Warning, error) {
	in := rowsOf(record)
	head, _ := in.head()
	h, ok := findHeader(head)
	if !ok {
		return nil, nil, noTitle(head)
	}
	in.comma, in.bare = h.comma, h.dialect == wos && h.comma == '\t'
	var row []string
	for {
		line, cells, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if line <= h.line || strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		if row != nil {
			return nil, nil, jats.Faultf("several-records", line, "a second row, want one: import the file as a table")
		}
		if len(cells) > len(h.names) && strings.TrimSpace(strings.Join(cells[len(h.names):], "")) != "" {
			return nil, nil, jats.Faultf("bad-row", line, "the row has %d cells, the header %d", len(cells), len(h.names))
		}
		row = cells
	}
	if row == nil {
		return nil, nil, jats.Faultf("bad-row", 0, "a header without a row")
	}
	r := newReader(h, row)
	r.article()
	return r.a, r.warnings, nil
}
