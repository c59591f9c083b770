// Package ris reads RIS, the tagged format of reference managers, and PubMed's own tagged format (MEDLINE, .nbib), which looks like it.
//
// There is no standard that all writers keep to: the definition of Research Information Systems of 2001, that of Reference Manager and EndNote of 2011, which
// gives the tags another meaning for each type of reference, and the dialects of Scopus, Web of Science, eLIBRARY, Zotero, Mendeley, publishers' sites and OJS.
// A tag is read as most of them use it. A record begins with TY, or with the first tag after the last record's end, and ends with ER or before the next TY. Tags in
// small letters, indented, or with one blank too few are known where no other reading is likely; a line without a tag goes on with the value before it.
//
// An article is made of these tags (types of reference in brackets where it matters):
//
//	TY               articleType: JOUR EJOUR MGZN NEWS(news) GEN(none) INPR(with status "In press") ABST BOOK.. CHAP.. CONF CPAPER THES RPRT ..; see types below;
//	                 JFULL and GRANT are refused: they are no article
//	TI T1 CT         title; a second one that differs: altTitles. BT is the title of BOOK and UNPB when there is no other
//	TT, ST           transTitles; altTitles (short)
//	AU A1            contribs (author); A2 ED: editor; A3: editor of BOOK, advisor of THES, else series-editor; A4: translator (CONF CPAPER: other);
//	                 TA: the authors' names in another script, or the journal's abbreviation
//	AD               affs, joined to the author whose AU stands before it where each author has one, or to the only author
//	T2 JF JO BT C3   journal.title: of the journal, the book (CHAP..), the proceedings (CONF CPAPER: C3, else JF, BT, T2; T2 is the conference's name beside them); T2 of BOOK,
//	                 RPRT, ..: volumeSeries
//	JO JA J1 J2      journal.abbrevTitles
//	T3               volumeSeries (CHAP CONF BOOK RPRT ..), else customMeta "tertiary title"
//	PY Y1 DA         pubDates, each that tells more than the others; YYYY/MM/DD/season, or as people write them
//	VL VO, IS CP     volume, issue
//	SP EP M2         fpage, lpage; "110-118" in SP; SP alone that is no page (e0205444): elocationId; of a whole book, thesis or report the number of pages: counts
//	C7               elocationId
//	SN               ISSNs and ISBNs, of RPRT, PAT, STAND its number
//	PB, CY PP C1     publisher; its place (CONF CPAPER: CY is the conference's when C1 has the publisher's)
//	AB N2            abstract; a blank line or a repeated tag begins a paragraph, one in another script another abstract
//	KW               keywords: one a line, or parted by semicolons
//	DO, UR L1-L4 LK  DOI; links (L1: application/pdf). M3, N1, UR that are a DOI give it where DO is missing
//	AN               ids: PMID, Web of Science, Scopus, PMC by their form; else customMeta "accession number". C2 with a PMC number
//	LA               lang
//	M3               a type of work: articleType where it is known, and customMeta "publication-type"
//	N1 RI            notes; products (the work that is reviewed)
//	SE               subjGroups (heading) of articles, when it is no number
//	ET NV SV M1 OP CA C1-C8 and tags that are not of RIS: customMeta
//
// Left out, because they tell of the copy in somebody's library and not of the article: ID LB CN AV DB DP RP RN H1 H2 U1-U5 Y2 (date of access), and addresses of
// files on somebody's own disk.
package ris

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// maxLines bounds the lines of one record; a collaboration of 5,000 authors has far fewer.
const maxLines = 100_000

// tags are those of the definitions of 2001 and 2011 and of Zotero.
var tags = func() map[string]bool {
	m := map[string]bool{}
	for _, t := range strings.Fields(`TY ER A1 A2 A3 A4 AB AD AN AU AV BT C1 C2 C3 C4 C5 C6 C7 C8 CA CN CP CT CY DA DB DO DP ED EP ET H1 H2 ID IS J1 J2 JA JF JO KW
		L1 L2 L3 L4 LA LB LK M1 M2 M3 N1 N2 NV OP PB PP PY RI RN RP SE SN SP ST SV T1 T2 T3 TA TI TT U1 U2 U3 U4 U5 UR VL VO Y1 Y2`) {
		m[t] = true
	}
	return m
}()

// tagLine takes a line apart. Two capitals, two blanks and a hyphen are a tag whatever the letters; with other blanks or small letters only a tag of RIS is one.
func tagLine(line string) (tag, value string, ok bool) {
	indent := 0
	for indent < len(line) && indent < 8 && (line[indent] == ' ' || line[indent] == '\t') {
		indent++
	}
	s := line[indent:]
	if len(s) < 3 || !isAlnum(s[0]) || !isAlnum(s[1]) || s[0] <= '9' {
		return "", "", false
	}
	blanks := 2
	for blanks < len(s) && (s[blanks] == ' ' || s[blanks] == '\t') {
		blanks++
	}
	if blanks == len(s) || s[blanks] != '-' || blanks > 6 {
		return "", "", false
	}
	tag, rest := s[:2], s[blanks+1:]
	spaced := rest == "" || rest[0] == ' ' || rest[0] == '\t'
	exact := blanks == 4 && spaced
	upper := strings.ToUpper(tag) == tag
	switch {
	case exact && upper && indent == 0:
	case exact && tags[strings.ToUpper(tag)]:
	case upper && tags[tag] && (spaced || blanks == 4):
	default:
		return "", "", false
	}
	return strings.ToUpper(tag), strings.TrimSpace(rest), true
}

func isAlnum(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
}

// Recognise tells RIS by a TY line near the beginning, or, where a file lacks it, by a tag in the first line and an ER line after it.
func Recognise(head []byte) bool {
	seen, tagFirst := 0, false
	for line := range bytes.FieldsFuncSeq(head, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if seen == 0 && bytes.ContainsRune([]byte("{[<@%#"), rune(bytes.TrimSpace(line)[0])) {
			return false
		}
		seen++
		tag, value, ok := tagLine(string(line[:min(len(line), 200)]))
		switch {
		case ok && tag == "TY":
			return isType(value) && (seen <= 40 || tagFirst)
		case ok && tag == "ER":
			return tagFirst
		case ok && seen == 1:
			tagFirst = tags[tag] && bytes.HasPrefix(line, []byte(tag+"  -"))
		}
		if seen > 40 && !tagFirst {
			return false
		}
	}
	return false
}

// isType tells the form of a type of reference.
func isType(s string) bool {
	if len(s) < 2 || len(s) > 30 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i] | 0x20; (c < 'a' || c > 'z') && s[i] != ' ' {
			return false
		}
	}
	return true
}

// Cut takes a file apart. What stands between records is passed over, and so are records with nothing in them.
func Cut(r io.Reader, yield func(cut.Record) error) error {
	c := cutter{yield: yield}
	return c.run(r, func(line string) bounds {
		tag, value, ok := tagLine(line)
		switch {
		case !ok:
			return inside
		case tag == "TY":
			return begins
		case tag == "ER":
			return ends
		case value == "":
			return inside
		case c.open:
			return says
		case tags[tag]:
			return begins | says
		}
		return inside
	}, `no reference: want lines such as "TY  - JOUR"`)
}

// bounds is what a line means for the taking apart of a file.
type bounds int

const (
	inside bounds = 0 // part of a record, or nothing outside of one
	begins bounds = 1 << iota
	says          // it gives the record something to be read for
	ends
)

// A cutter gathers the lines of a record.
type cutter struct {
	yield func(cut.Record) error

	buf   []byte
	from  int
	lines int
	open  bool // a record has begun
	says  bool
	over  bool // it is larger than it may be
	found bool
}

// run gives each line of r to is, and each record to yield; none is what to say of a file without records.
func (c *cutter) run(r io.Reader, is func(line string) bounds, none string) error {
	lines := cut.NewLines(r)
	for {
		raw, err := lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		long := errors.Is(err, cut.ErrLine)
		if err != nil && !long {
			return err
		}
		for first := true; first || raw != nil; first = false {
			line := raw // the lines of old Macintosh files end in CR alone
			if i := bytes.IndexByte(raw, '\r'); i >= 0 {
				line, raw = raw[:i], raw[i+1:]
			} else {
				raw = nil
			}
			if err := c.line(string(line), lines.N, long, is); err != nil {
				return err
			}
		}
	}
	if err := c.flush(); err != nil || c.found {
		return err
	}
	return c.yield(cut.Record{Line: 1, Err: jats.Faultf("malformed", 0, "%s", none)})
}

func (c *cutter) line(line string, n int, long bool, is func(string) bounds) error {
	b := is(line)
	if b&begins != 0 {
		if err := c.flush(); err != nil {
			return err
		}
		c.open, c.from = true, n
	}
	if !c.open {
		return nil
	}
	c.says = c.says || b&says != 0
	if c.lines++; long || len(c.buf)+len(line) > cut.MaxRecord || c.lines > maxLines {
		c.over = true
	}
	if !c.over {
		c.buf = append(append(c.buf, line...), '\n')
	}
	if b&ends != 0 {
		return c.flush()
	}
	return nil
}

// flush hands out the record that has been gathered, if it says anything.
func (c *cutter) flush() error {
	r := cut.Record{Line: c.from}
	switch {
	case !c.open:
		return nil
	case c.over:
		r.Err = jats.Faultf("too-large", 0, "a record of more than %d MiB or %d lines", cut.MaxRecord>>20, maxLines)
	case c.says:
		r.Data = bytes.Clone(c.buf)
	}
	if c.buf, c.lines, c.open, c.says, c.over = c.buf[:0], 0, false, false, false; cap(c.buf) > 1<<20 {
		c.buf = nil
	}
	c.found = true
	if r.Data == nil && r.Err == nil {
		return nil
	}
	return c.yield(r)
}
