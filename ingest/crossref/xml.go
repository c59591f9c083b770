package crossref

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// items are the elements that are a work each.
var items = names("journal_article conference_paper content_item posted_content preprint dissertation dataset peer_review pending_publication query")

// containers are the elements that tell of what works stand in, and the elements of those works. They are works of their own where they have a DOI in a deposit,
// or where no work in them is told of.
var containers = map[string]string{
	"book_metadata": "content_item", "book_series_metadata": "content_item", "book_set_metadata": "content_item",
	"report-paper_metadata": "content_item", "report-paper_series_metadata": "content_item", "standard_metadata": "content_item",
	"proceedings_metadata": "conference_paper", "proceedings_series_metadata": "conference_paper", "database_metadata": "dataset",
}

func names(s string) map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(s) {
		m[name] = true
	}
	return m
}

// RecogniseXML tells by the beginning of a document, up to 64 KiB of it, whether it is XML of Crossref: a deposit or the answer of one of its services.
func RecogniseXML(head []byte) bool {
	name, namespace := cut.Root(head)
	own := namespace == "" || strings.Contains(namespace, "crossref.org/")
	switch name {
	case "doi_batch", "crossref_result", "query_result", "doi_records", "doi_record":
		return own
	case "crossref":
		return own && (holds(head, items) || hasContainer(head) || holds(head, others))
	case "OAI-PMH", "record", "records": // these say only inside what they hold
		return holds(head, envelopes)
	}
	return false
}

// others are the elements of what is no article; envelopes are the elements that any record of Crossref has.
var (
	others    = names("error journal_metadata sa_component grant")
	envelopes = names("crossref crossref_result doi_record")
)

func hasContainer(head []byte) bool {
	for name := range containers {
		if find(head, name) >= 0 {
			return true
		}
	}
	return false
}

func holds(head []byte, any map[string]bool) bool {
	for name := range any {
		if find(head, name) >= 0 {
			return true
		}
	}
	return false
}

// find is where the first start tag of an element is, by its name without prefix; -1 if there is none.
func find(doc []byte, name string) int {
	for from := 0; ; {
		i := bytes.Index(doc[from:], []byte(name))
		if i < 0 {
			return -1
		}
		i += from
		from = i + len(name)
		if from < len(doc) && strings.IndexByte(" \t\r\n/>", doc[from]) < 0 {
			continue
		}
		begin := tagBefore(doc, i)
		if begin < 0 {
			continue
		}
		prefix := doc[begin+1 : i]
		if len(prefix) == 0 || prefix[len(prefix)-1] == ':' && !bytes.ContainsAny(prefix, " \t\r\n/>!?'\"") {
			return begin
		}
	}
}

// findEnd is where the first end tag of an element ends; -1 if there is none.
func findEnd(doc []byte, name string) int {
	for from := 0; ; {
		i := bytes.Index(doc[from:], []byte(name+">"))
		if i < 0 {
			return -1
		}
		i += from
		from = i + len(name) + 1
		if begin := tagBefore(doc, i); begin >= 0 && doc[begin+1] == '/' && (begin+2 == i || doc[i-1] == ':') {
			return from
		}
	}
}

// maxPrefix bounds the prefix of a name, so that text full of names takes no longer than other text.
const maxPrefix = 64

// tagBefore is the last '<' before a name; -1 if there is none near.
func tagBefore(doc []byte, i int) int {
	from := max(0, i-maxPrefix)
	begin := bytes.LastIndexByte(doc[from:i], '<')
	if begin < 0 {
		return -1
	}
	return from + begin
}

// CutXML takes a stream apart into works. A chapter, paper or dataset comes with the metadata of the book, proceedings or database that it is in; those are records
// themselves when the stream is a deposit that gives them a DOI, or tells of no work in them. In a stream without any work a fault says so.
func CutXML(r io.Reader, yield func(cut.Record) error) error {
	c := cutter{yield: yield}
	x := cut.XML{}
	for name := range items {
		x.Records = append(x.Records, name)
	}
	for name := range containers {
		x.Records = append(x.Records, name)
	}
	if err := x.Cut(r, c.record); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	if !c.any {
		return yield(cut.Record{Line: 1, Err: jats.Faultf("not-an-article", 0, "XML of Crossref without any work in it: want an article, a chapter, a preprint or the like")})
	}
	return nil
}

// A cutter keeps the container that was met last.
type cutter struct {
	yield     func(cut.Record) error
	any       bool // a record was yielded
	container cut.Record
	name      string // of the container; empty: there is none
	told      bool   // it needs no record of its own any more
}

func (c *cutter) give(r cut.Record) error {
	c.any = true
	return c.yield(r)
}

// flush gives out the container when there was no work in it.
func (c *cutter) flush() error {
	name := c.name
	c.name = ""
	if name == "" || c.told {
		return nil
	}
	return c.give(c.container)
}

func (c *cutter) record(r cut.Record) error {
	if r.Err != nil {
		c.name = ""
		return c.give(r)
	}
	name, at := recordName(r.Data)
	r.Data, at = prune(r.Data, at)
	if item, ok := containers[name]; ok {
		if err := c.flush(); err != nil {
			return err
		}
		c.container, c.name, c.told = r, name, false
		if root, _ := cut.Root(r.Data); root == "doi_batch" {
			if find(r.Data[at:], "doi_data") >= 0 {
				c.told = true
				return c.give(r)
			}
			c.told = item == "conference_paper" // proceedings without a DOI are nothing that was registered
		}
		return nil
	}
	if c.name == "" || containers[c.name] != name {
		if err := c.flush(); err != nil {
			return err
		}
		return c.give(r)
	}
	c.told = true
	inner, ok := element(c.container.Data, c.name)
	if !ok || len(r.Data)+len(inner) > cut.MaxRecord+cut.MaxRecord/8 {
		return c.give(r)
	}
	doc := make([]byte, 0, len(r.Data)+len(inner))
	doc = append(doc, r.Data[:at]...)
	for _, b := range inner {
		if b == '\n' || b == '\r' { // a line of the record stays a line of the stream
			b = ' '
		}
		doc = append(doc, b)
	}
	r.Data = append(doc, r.Data[at:]...)
	return c.give(r)
}

// whole are the elements that have no work in them where they end before one begins: the records of journals and issues that came before it.
var whole = [...]string{"record", "doi_record", "crossref_metadata", "journal", "sa_component"}

// prune takes them out of what stands before a work, which begins at a place in doc.
func prune(doc []byte, at int) ([]byte, int) {
	for _, name := range whole {
		if findEnd(doc[:at], name) < 0 {
			continue
		}
		var kept []byte
		rest := doc[:at]
		for end := findEnd(rest, name); end >= 0; end = findEnd(rest, name) {
			if begin := find(rest[:end], name); begin >= 0 {
				kept = append(kept, rest[:begin]...)
			} else {
				kept = append(kept, rest[:end]...)
			}
			rest = rest[end:]
		}
		kept = append(kept, rest...)
		doc, at = append(kept, doc[at:]...), len(kept)
	}
	return doc, at
}

// recordName is the name of the element that was cut out, and where it begins.
func recordName(doc []byte) (name string, at int) {
	at = len(doc)
	for n := range items {
		if i := find(doc[:at], n); i >= 0 {
			name, at = n, i
		}
	}
	for n := range containers {
		if i := find(doc[:at], n); i >= 0 {
			name, at = n, i
		}
	}
	return name, at
}

// element is the first element of a name, with its tags, in a document that has but one such.
func element(doc []byte, name string) ([]byte, bool) {
	begin := find(doc, name)
	if begin < 0 {
		return nil, false
	}
	end := bytes.LastIndex(doc, []byte(name+">"))
	if end < begin || bytes.LastIndex(doc[:end], []byte("</")) < begin {
		return nil, false
	}
	return doc[begin : end+len(name)+1], true
}

// maxTags bounds the elements of a record, and so the memory that it takes when it is parsed: about 200 bytes each.
const maxTags = 1 << 19

// ReadXML reads one work, with what stands around it, in XML of Crossref. The error is a *jats.Fault (malformed, too-large, too-deep, not-an-article,
// several-records) or, beside an article that has its IDs only, jats.ErrWithdrawn.
func ReadXML(record []byte) (*jats.Article, []jats.Warning, error) {
	if n := bytes.Count(record, []byte("<")); n > maxTags {
		return nil, nil, jats.Faultf("too-large", 0, "XML with %d tags, want at most %d", n, maxTags)
	}
	root, err := cut.Document(record)
	if err != nil {
		return nil, nil, err
	}
	r := xmlReader{maker: maker{a: new(jats.Article)}}
	err = r.document(root)
	if err != nil && !errors.Is(err, jats.ErrWithdrawn) {
		return nil, r.warnings, err
	}
	return r.a, r.warnings, err
}
