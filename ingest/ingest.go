// Package ingest is the way in: it finds documents, recognises what they are, reads them into articles, checks them at the door, renders
// every format and stores the item in batches.
//
//	Walker ──> Input ──> read, clean, find its item, render ──> compose with the item's other sources ──> store.Change ──> Store.Put
//
// A [Walker] finds documents in files, folders, archives and streams. A file of many records is taken apart as it is read (package cut), by the [Reader] that
// knows its kind, so that each [Input] is one record that can be read alone, now and whenever its item is composed anew: it is kept as a source of the item.
//
// The door: an item is stored only when every record of it could be rendered and is valid in itself, and then whole, in one
// transaction. What is refused is refused alone, with the reason, a *jats.Fault.
//
// One article may come from several places. [NamesOf] says by which names an article is known, same.go what speaks against two being one, [compose] in merge.go which
// source stands where they disagree; docs/import.md has the rules. What a source takes back is taken out of its item again ([Importer.Remove]).
package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"sheaf/crosswalk"
	"sheaf/ingest/bibtex"
	"sheaf/ingest/crossref"
	"sheaf/ingest/csl"
	"sheaf/ingest/cut"
	"sheaf/ingest/doaj"
	"sheaf/ingest/jes"
	"sheaf/ingest/oaipmh"
	"sheaf/ingest/ojs"
	"sheaf/ingest/pubmed"
	"sheaf/ingest/ris"
	"sheaf/ingest/table"
	"sheaf/jats"
	"sheaf/store"
)

// Reader reads one kind of document.
type Reader struct {
	Name      string                                                   // as in --format; two may share one, which are told apart by content
	JSON      bool                                                     // its records are objects of JSON, which cut.JSON finds
	Recognise func(head []byte) bool                                   // by the beginning of a document: up to 64 KiB, in UTF-8
	Cut       func(r io.Reader, yield func(cut.Record) error) error    // takes a file of many records apart; nil: a document is one record
	Read      func(data []byte) (*jats.Article, []jats.Warning, error) // reads one record; the article is clean
}

// readers lists the kinds of document, in the order in which they are tried: those that claim little first.
var readers = []Reader{
	{"pubmed", false, pubmed.Recognise, pubmed.Cut, clean(pubmed.Read)},
	{"crossref", true, crossref.RecogniseJSON, nil, clean(crossref.ReadJSON)},
	{"crossref", false, crossref.RecogniseXML, crossref.CutXML, clean(crossref.ReadXML)},
	{"doaj", true, doaj.RecogniseJSON, nil, clean(doaj.ReadJSON)},
	{"doaj", false, doaj.RecogniseXML, doaj.CutXML, clean(doaj.ReadXML)},
	{"ojs", false, ojs.Recognise, ojs.Cut, clean(ojs.Read)},
	{"oai", false, oaipmh.Recognise, oaipmh.Cut, clean(readOAI)},
	{"jats", false, isArticleSet, cut.XML{Records: []string{"article"}}.Cut, jats.Read},
	{"jats", false, func(d []byte) bool { return first(d) == '<' }, nil, jats.Read},
	{"csl", true, csl.Recognise, nil, clean(csl.Read)},
	{"json", true, func(d []byte) bool { return first(d) == '{' }, nil, clean(readJSON)},
	{"ris", false, ris.Recognise, ris.Cut, clean(ris.Read)},
	{"nbib", false, ris.RecogniseMEDLINE, ris.CutMEDLINE, clean(ris.ReadMEDLINE)},
	{"bibtex", false, bibtex.Recognise, bibtex.Cut, clean(bibtex.Read)},
	{"table", false, table.Recognise, table.Cut, clean(table.Read)},
	{"jes", false, jes.Recognise, nil, clean(jes.Read)},
}

// recognise finds the reader of a document by its name and beginning; nil: none. Of those that share a name, the last takes what none of them knows.
func recognise(name string, head []byte) *Reader {
	if name == "" || shared(name) {
		head = plain(head[:min(len(head), headSize)])
	}
	for i := range readers {
		r := &readers[i]
		switch {
		case name != "" && name != r.Name:
			continue
		case name != "" && (i+1 == len(readers) || readers[i+1].Name != name):
			return r
		case r.Recognise(head):
			return r
		}
	}
	return nil
}

// KindOf tells the kind of a document by its content: the name of a Reader, "" when it is of none.
func KindOf(data []byte) string {
	if r := recognise("", data); r != nil {
		return r.Name
	}
	return ""
}

// shared tells whether several readers have that name.
func shared(name string) bool {
	n := 0
	for _, r := range readers {
		if r.Name == name {
			n++
		}
	}
	return n > 1
}

// isArticleSet tells the sets in which PubMed Central hands articles out.
func isArticleSet(head []byte) bool {
	root, _ := cut.Root(head)
	return root == "pmc-articleset"
}

// plain is the beginning of a document as UTF-8 without byte order mark.
func plain(head []byte) []byte {
	end := len(head)
	for i := 1; i < utf8.UTFMax && i <= end; i++ { // it may end inside a character
		if utf8.RuneStart(head[end-i]) {
			if !utf8.FullRune(head[end-i:]) {
				end -= i
			}
			break
		}
	}
	if utf8.Valid(head[:end]) && !bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) && bytes.IndexByte(head, 0) < 0 {
		return head[:end]
	}
	text, _ := io.ReadAll(cut.Text(bytes.NewReader(head)))
	return text
}

// takesJSON tells whether records of a kind may be objects of JSON; "" is any kind.
func takesJSON(kind string) bool {
	return slices.ContainsFunc(readers, func(r Reader) bool { return r.JSON && (kind == "" || r.Name == kind) })
}

// Kinds are the names of the readers, each once.
func Kinds() []string {
	var all []string
	for _, r := range readers {
		if !slices.Contains(all, r.Name) {
			all = append(all, r.Name)
		}
	}
	return all
}

// first returns the first character of a text that is not a blank; that of UTF-16 too.
func first(data []byte) byte {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for _, bom := range []string{"\xff\xfe", "\xfe\xff"} {
		if rest, ok := bytes.CutPrefix(data, []byte(bom)); ok && len(rest) > 1 {
			return rest[0] + rest[1] // one of the two is 0 for '<' and '{'
		}
	}
	data = bytes.TrimLeft(data, " \t\r\n")
	if len(data) == 0 {
		return 0
	}
	return data[0]
}

// clean makes a Read of one that does not clean.
func clean(read func([]byte) (*jats.Article, []jats.Warning, error)) func([]byte) (*jats.Article, []jats.Warning, error) {
	return func(data []byte) (*jats.Article, []jats.Warning, error) {
		a, warnings, err := read(data)
		if err == nil {
			warnings = append(warnings, a.Clean()...)
		}
		return a, warnings, err
	}
}

func readJSON(data []byte) (*jats.Article, []jats.Warning, error) {
	a, err := jats.DecodeJSON(data)
	var top map[string]json.RawMessage
	if err == nil || json.Unmarshal(data, &top) != nil {
		return a, nil, err
	}
	var strange []string
	for name := range top {
		if field, _ := fieldOf(reflect.TypeFor[jats.Article](), name); field == nil {
			strange = append(strange, name)
		}
	}
	if slices.Sort(strange); len(strange)*2 > len(top) {
		return nil, nil, jats.Faultf("not-recognised", 0, "JSON of no kind that Sheaf reads: an article has no field %q", strange[0])
	}
	return nil, nil, err
}

// readOAI reads a record of an OAI-PMH answer, also one whose metadata is in a format of its own reader.
func readOAI(data []byte) (*jats.Article, []jats.Warning, error) {
	return oaipmh.ReadWith(data, func(name, _ string) oaipmh.ReadFunc {
		if name == "doajArticle" {
			return doaj.ReadXML
		}
		return nil
	})
}

// Report counts what became of the inputs.
type Report struct {
	Read      int `json:"read"`
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Rejected  int `json:"rejected"`
	Deleted   int `json:"deleted,omitempty"` // sources that withdraw articles
}

// String is the line that an import ends with.
func (r Report) String() string {
	s := fmt.Sprintf("read=%d created=%d updated=%d unchanged=%d rejected=%d", r.Read, r.Created, r.Updated, r.Unchanged, r.Rejected)
	if r.Deleted > 0 {
		s += fmt.Sprintf(" deleted=%d", r.Deleted)
	}
	return s
}

// Outcome is what became of one input.
type Outcome struct {
	Name     string
	Line     int
	Local    string
	Status   store.Status // "" when it was refused
	Err      error        // why it was refused
	Warnings []jats.Warning

	Datestamp int64  // of the item, seconds since 1970; 0 when refused or in a dry run
	Version   string // of the item, as in store.Item; "" also for an input that is there already, byte for byte
}

// Rejection is why an input was refused, in the form of --rejects.
type Rejection struct {
	Path   string `json:"path"`
	Line   int    `json:"line,omitempty"`
	Code   string `json:"code"` // as in docs/codes.md
	Reason string `json:"reason"`
}

// Rejection returns o's reason; only for a refused input.
func (o Outcome) Rejection() Rejection {
	f := fault(o.Err)
	r := Rejection{Path: o.Name, Line: o.Line, Code: f.Code, Reason: f.Message}
	if f.Line > 0 { // the readers name the line of the document, the report that of the file
		r.Line = max(o.Line, 1) + f.Line - 1
	}
	return r
}

// fault is what an error says of the input that it keeps out.
func fault(err error) jats.Warning {
	var f *jats.Fault
	if errors.As(err, &f) {
		return f.Warning
	}
	w := jats.Warning{Code: "refused", Message: err.Error()}
	for _, p := range []string{"ingest: ", "jats: ", "jes: "} { // the message is for people
		w.Message = strings.TrimPrefix(w.Message, p)
	}
	return w
}

// String is "PATH[:LINE]: reason".
func (r Rejection) String() string { return r.Place() + ": " + r.Reason }

// Place is "PATH[:LINE]".
func (r Rejection) Place() string {
	if r.Line > 0 {
		return fmt.Sprintf("%s:%d", r.Path, r.Line)
	}
	return r.Path
}

// Importer stores articles.
type Importer struct {
	Store   store.Store
	Formats []crosswalk.Format // empty: all
	Sets    []store.Set        // put every item in these sets too
	DryRun  bool               // read, check and render, but store nothing
	Replace bool               // each input takes the place of all that its item came from, also where it says less
	Now     func() time.Time   // nil: time.Now
	Each    func(Outcome)      // told of each input in the order they came, once what it says is durable; may be nil

	defined *Definitions   // sets of the store
	seen    map[string]int // how often a file of many records gave an item
}

// ready is an importer of its own for one piece of work, which knows the formats, and the sets that are defined now.
func (im *Importer) ready(ctx context.Context) (*Importer, error) {
	own := *im
	if len(own.Formats) == 0 {
		own.Formats = crosswalk.All()
	}
	var err error
	own.defined, err = LoadDefinitions(ctx, im.Store)
	return &own, err
}

func (im *Importer) now() time.Time {
	if im.Now != nil {
		return im.Now()
	}
	return time.Now()
}

const (
	batchItems = 512
	batchBytes = 2 << 20 // of inputs, so that a batch of large ones does not fill the memory
	partsEach  = 4       // parts of a batch that each processor prepares, one after the other
)

// Import stores what walk yields. One input that is refused never stops the others; the error is that of the store, of ctx or of walk.
func (im *Importer) Import(ctx context.Context, walk func(ctx context.Context, yield func(Input) error) error) (Report, error) {
	im, err := im.ready(ctx)
	if err != nil {
		return Report{}, err
	}
	var report Report
	g, ctx := errgroup.WithContext(ctx)
	read, ready := make(chan []Input, 1), make(chan []*prepared, 1)

	g.Go(func() error { // find: batches of inputs
		defer close(read)
		var batch []Input
		size := 0
		flush := func() error {
			if len(batch) == 0 {
				return nil
			}
			select {
			case read <- batch:
				batch, size = nil, 0
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		began := time.Now()
		err := walk(ctx, func(in Input) error {
			if len(batch) == 0 {
				began = time.Now()
			}
			batch = append(batch, in)
			size += len(in.Data)
			if len(batch) >= batchItems || size >= batchBytes || time.Since(began) > time.Second {
				return flush()
			}
			return nil
		})
		if err != nil {
			return err
		}
		return flush()
	})
	g.Go(func() error { // read, check and render, in parallel within a batch
		defer close(ready)
		for batch := range read {
			out := make([]*prepared, len(batch))
			var work errgroup.Group
			work.SetLimit(runtime.GOMAXPROCS(0))
			size := len(batch)/(partsEach*runtime.GOMAXPROCS(0)) + 1
			for at := 0; at < len(batch); at += size {
				end := min(at+size, len(batch))
				work.Go(func() error { return im.prepare(ctx, batch[at:end], out[at:end]) })
			}
			if err := work.Wait(); err != nil {
				return err
			}
			select {
			case ready <- out:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	g.Go(func() error { // store
		for batch := range ready {
			if err := im.put(ctx, batch, &report); err != nil {
				return err
			}
		}
		return nil
	})
	err = g.Wait()
	return report, err
}
