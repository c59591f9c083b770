package oaipmh

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// Page is what an answer to ListRecords or GetRecord says beside its records.
//
// Source: OAI-PMH 2.0 §3.2, §3.5, §3.6.
type Page struct {
	ResponseDate     string  // as [UTC] gives it; "" if it is absent or no date
	Token            string  // of the resumptionToken, without blanks around it; "": the list ends here
	HasToken         bool    // there is a resumptionToken, be it empty
	CompleteListSize int     // 0: not told
	Cursor           int     // records before this page; -1: not told
	Errors           []Error // what the repository complains of
	Records          int     // records in it, with those that could not be cut out
	Complete         bool    // the end tag of the answer came; without it the connection broke off, and records may be missing
}

// Error is a fault that a repository answers with.
type Error struct {
	Code    string // as spelled in OAI-PMH 2.0 §3.6: "badResumptionToken", "noRecordsMatch", ...
	Message string
}

func (e Error) Error() string {
	if e.Message == "" {
		return "the repository answers " + e.Code
	}
	return "the repository answers " + e.Code + ": " + e.Message
}

// maxErrors bounds Page.Errors.
const maxErrors = 100

// CutPage reads an answer to ListRecords or GetRecord once, yields each record as [Cut] does and returns the rest. Anything before the first tag, as
// the warnings of a server's scripts, is read past. The error is that of yield or of reading r, or a *jats.Fault "not-recognised" when what came
// is no answer of OAI-PMH at all; nothing was yielded then.
func CutPage(r io.Reader, yield func(cut.Record) error) (Page, error) {
	p := Page{Cursor: -1}
	head, err := io.ReadAll(io.LimitReader(r, headSize))
	if err != nil {
		return p, err
	}
	from := begin(head)
	if from < 0 {
		return p, jats.Faultf("not-recognised", 0, "%.60q begins no answer of OAI-PMH, want an element OAI-PMH", bytes.TrimSpace(head))
	}
	before := bytes.Count(head[:from], []byte{'\n'})
	head = head[from:]
	t := &tail{Reader: io.MultiReader(bytes.NewReader(head), r)}
	err = cut.XML{Records: []string{"record", "resumptionToken", "error"}}.Cut(t, func(rec cut.Record) error {
		name := "record"
		if rec.Err == nil {
			name = recordName(rec.Data)
		}
		switch name {
		case "resumptionToken":
			p.HasToken = true
			if e := inner(rec.Data, name); e != nil {
				p.token(e)
			}
			return nil
		case "error":
			if e := inner(rec.Data, name); e != nil && len(p.Errors) < maxErrors {
				p.Errors = append(p.Errors, Error{Code: strings.TrimSpace(e.SelectAttrValue("code", "")), Message: blanks(e.Text())})
			}
			return nil
		}
		p.Records++
		rec.Line += before
		return yield(rec)
	})
	p.ResponseDate = responseDate(head)
	p.Complete = endTag.Match(t.end())
	return p, err
}

var (
	rootTag = regexp.MustCompile(`<([\w.-]+:)?OAI-PMH[\s>]`)
	endTag  = regexp.MustCompile(`</([\w.-]+:)?OAI-PMH\s*>`)
)

// headSize is how much of a document tells what it is.
const headSize = 64 << 10

// begin is where in head, the beginning of a document, an answer begins: 0, but for what a server's scripts print before it; -1 when there is none.
func begin(head []byte) int {
	if bytes.HasPrefix(head, []byte("<OAI-PMH")) {
		return 0
	}
	if rootOf(head) == "OAI-PMH" {
		return 0
	}
	if at := rootTag.FindIndex(head); at != nil {
		return at[0]
	}
	return -1
}

// rootOf is the name of the first element of a document in any encoding that begins with head.
func rootOf(head []byte) string {
	if bytes.IndexByte(head, 0) >= 0 { // UTF-16, UTF-32
		head, _ = io.ReadAll(cut.Text(bytes.NewReader(head))) // what was decoded before an error will do
	}
	name, _ := cut.Root(head)
	return name
}

func (p *Page) token(e *etree.Element) {
	p.Token = strings.TrimSpace(e.Text())
	if n, err := strconv.Atoi(strings.TrimSpace(e.SelectAttrValue("completeListSize", ""))); err == nil && n > 0 {
		p.CompleteListSize = n
	}
	if n, err := strconv.Atoi(strings.TrimSpace(e.SelectAttrValue("cursor", ""))); err == nil && n >= 0 {
		p.Cursor = n
	}
}

// responseDate is that of an answer that begins with head.
func responseDate(head []byte) (date string) {
	stop := errors.New("found")
	cut.XML{Records: []string{"responseDate"}}.Cut(bytes.NewReader(head), func(rec cut.Record) error {
		if rec.Err != nil {
			return nil // head may end anywhere
		}
		if e := inner(rec.Data, "responseDate"); e != nil {
			date, _ = UTC(e.Text())
		}
		return stop
	})
	return date
}

// recordName is the name of what cut.XML has cut out: of the first element in doc that a cutter of ours stops at.
func recordName(doc []byte) string {
	for rest := doc; ; {
		i := bytes.IndexByte(rest, '<')
		if i < 0 {
			return ""
		}
		rest = rest[i+1:]
		end := bytes.IndexAny(rest, " \t\r\n/>")
		if end <= 0 {
			continue
		}
		name := rest[:end]
		if j := bytes.IndexByte(name, ':'); j >= 0 {
			name = name[j+1:]
		}
		switch string(name) {
		case "record", "resumptionToken", "error":
			return string(name)
		}
	}
}

// inner is the first element of that name in doc; nil if there is none.
func inner(doc []byte, name string) *etree.Element {
	root, err := cut.Document(doc)
	if err != nil {
		return nil
	}
	return find(root, name)
}

// find is e, or the first element inside it, in the order of the document, that has one of the names.
func find(e *etree.Element, names ...string) *etree.Element {
	for _, n := range names {
		if e.Tag == n {
			return e
		}
	}
	for _, k := range e.Child {
		if k, ok := k.(*etree.Element); ok {
			if found := find(k, names...); found != nil {
				return found
			}
		}
	}
	return nil
}

// A tail keeps the last bytes that were read.
type tail struct {
	io.Reader
	last [4096]byte
	n    int // bytes read
}

func (t *tail) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	from := max(0, n-len(t.last))
	for _, b := range p[from:n] {
		t.last[t.n%len(t.last)] = b
		t.n++
	}
	return n, err
}

// end is what was read last, in order, without the zero bytes of UTF-16.
func (t *tail) end() []byte {
	at := t.n % len(t.last)
	b := append([]byte(nil), t.last[at:]...)
	return bytes.ReplaceAll(append(b, t.last[:at]...), []byte{0}, nil)
}

// layouts are the ways in which repositories write an instant. Without a zone it is taken for UTC, as the protocol demands of all of them.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", time.RFC1123, time.RFC1123Z,
}

// UTC makes of an instant as repositories write it (with an offset, with fractions of a second, with a blank for the T, with no zone at all) the UTCdatetime
// that the protocol wants, "2006-01-02T15:04:05Z"; a day stays a day. ok is false when s is neither.
//
// Source: OAI-PMH 2.0 §3.3.
func UTC(s string) (date string, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) == 10 {
		if _, err := time.Parse(time.DateOnly, s); err == nil {
			return s, true
		}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil && t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 {
			return t.UTC().Format("2006-01-02T15:04:05Z"), true
		}
	}
	return "", false
}
