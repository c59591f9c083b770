package api

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"sheaf/ingest"
	"sheaf/jats"
)

const (
	typeLines = "application/x-ndjson"
	pause     = 20 * time.Millisecond // of the sender; what came until then is stored and answered
	lastWait  = 5 * time.Second       // for what a client still sends after its last line
	recheck   = time.Second           // how often it is asked whether to go on
)

// importable are the media types of an import, or none. What a body is, is seen in its content, also that it is packed by gzip.
var importable = map[string]string{
	"":        "",
	typeLines: typeLines, "application/jsonl": typeLines, typeJSON: "", typeJATS: "", typeXML: "", "text/xml": "", "text/plain": "", "application/zip": "",
	"application/x-tar": "", "application/gzip": "", "application/x-gzip": "", "application/octet-stream": "",
}

// line is what became of one input.
type line struct {
	Name       string   `json:"name"` // of the entry in the archive, or of the body
	Line       int      `json:"line,omitempty"`
	Status     string   `json:"status"` // of the store, or "rejected"
	Identifier string   `json:"identifier,omitempty"`
	Local      string   `json:"local,omitempty"`
	Datestamp  string   `json:"datestamp,omitempty"`
	Warnings   []fault  `json:"warnings"`
	Error      *problem `json:"error,omitempty"` // why it was rejected
}

// lastLine ends every import that could be answered to its end.
type lastLine struct {
	Summary  ingest.Report `json:"summary"`
	Skipped  int           `json:"skipped"`         // files of an archive that by their names are of other kinds
	Complete bool          `json:"complete"`        // all of the body was read, and all that was read is answered above
	Error    *problem      `json:"error,omitempty"` // why not
}

// imports stores a stream of articles. It answers while it reads: each line when what it says is durable. Lines that the client does not
// take in time wait in a file, so that a client which sends all before it reads anything is not held up.
func (h *handler) imports(w http.ResponseWriter, q *request) error {
	if strings.EqualFold(q.Header.Get("Content-Encoding"), "gzip") {
		q.Header.Del("Content-Encoding")
	}
	kind, err := mediaType(q.Request, importable)
	if err != nil {
		return err
	}
	if q.ContentLength > h.MaxImport {
		return &http.MaxBytesError{Limit: h.MaxImport}
	}
	name := q.URL.Query().Get("name")
	if len(name) > 200 || strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return badParameter("name", "%.60q: want at most 200 bytes that can be printed", name)
	}
	lines, err := newQueue()
	if err != nil {
		return err
	}
	defer lines.close()
	// The request's context ends with what the client sends, though it may still read: the import ends when nothing can be sent to it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(q.Context()))
	defer cancel()
	control := http.NewResponseController(w)
	flow := newFlow(w)
	sent := make(chan struct{})
	send := func() {
		defer close(sent)
		for {
			b, err := lines.next()
			if err != nil { // io.EOF: all is sent
				return
			}
			if _, err = w.Write(b); err == nil {
				err = control.Flush()
			}
			if err != nil && !errors.Is(err, http.ErrNotSupported) { // nobody reads
				cancel()
				return
			}
		}
	}
	w.Header().Set("Content-Type", typeLines)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx: pass it on line by line
	duplex := control.EnableFullDuplex() == nil
	if duplex {
		go send()
	}
	q.Request = q.WithContext(ctx)
	s := &stream{h: h, q: q, lines: lines, name: cmp.Or(name, "-"), body: &upload{r: reader{q.Body, flow}, limit: h.MaxImport}, inLines: kind == typeLines}
	last := s.run(ctx)
	lines.put(last)
	lines.end()
	if !duplex {
		go send()
	}
	<-sent
	q.log.InfoContext(q.Context(), "api: import", "read", last.Summary.Read, "created", last.Summary.Created, "updated", last.Summary.Updated,
		"unchanged", last.Summary.Unchanged, "rejected", last.Summary.Rejected, "complete", last.Complete)
	cancel()
	s.leave(control)
	return nil
}

// leave reads what is left of the body, for a little while: a client that gets its last line early may be about to stop. The server cannot do
// it after an answer that began before the body's end, so where there is more the connection is broken.
func (s *stream) leave(control *http.ResponseController) {
	control.SetReadDeadline(time.Now().Add(lastWait))
	<-s.walked
	_, err := io.Copy(io.Discard, s.q.Body)
	if server, ok := s.q.Context().Value(http.ServerContextKey).(*http.Server); ok && server.WriteTimeout == 0 {
		control.SetWriteDeadline(time.Time{}) // else the server sets that of the next request
	}
	if err != nil && s.q.ProtoMajor == 1 {
		panic(http.ErrAbortHandler)
	}
}

// stream is one import under way.
type stream struct {
	h     *handler
	q     *request
	lines *queue
	body  *upload
	name  string // of the body

	inLines bool // the client says that the body is JSON lines
	walked  chan struct{}

	mu      sync.Mutex
	waiting []ingest.Input // handed to the importer and not yet answered, in order
}

// run reads, stores and answers all of the body, or as far as it goes. The body may still be being read when it returns, until ctx ends.
func (s *stream) run(ctx context.Context) lastLine {
	ctx, cancel := context.WithCancel(ctx)
	walker := &ingest.Walker{}
	inputs := make(chan ingest.Input)
	s.walked = make(chan struct{})
	var walking error
	go func() {
		defer close(s.walked)
		defer close(inputs)
		walking = s.walk(ctx, walker, func(in ingest.Input) error {
			select {
			case inputs <- in:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	var last lastLine
	importer := &ingest.Importer{Store: s.h.Store, Formats: s.h.Formats, Now: s.h.Now, Each: s.answer}
	err := s.bursts(ctx, importer, inputs, &last.Summary)
	cancel()
	if err == nil {
		<-s.walked // as inputs is closed
		last.Skipped = walker.Skipped
		if err = walking; s.body.err != nil {
			err = s.body.err
		}
	}
	if err == nil {
		last.Complete = true
		return last
	}
	last.Error = s.h.problemOf(s.q, err)
	if last.Error.cause != nil {
		s.q.log.ErrorContext(s.q.Context(), "api: import stopped", "error", err)
	}
	return last
}

// walk yields the documents of the body. JSON lines are yielded each when it has come; what else the body may be, a Walker finds out, which
// wants more of it for that.
func (s *stream) walk(ctx context.Context, walker *ingest.Walker, yield func(ingest.Input) error) error {
	body := bufio.NewReaderSize(s.body, 64<<10)
	walker.Stdin = body
	if first, err := body.Peek(1); !s.inLines || err != nil || first[0] != '{' {
		return walker.Walk(ctx, []string{"-"}, yield)
	}
	for n := 1; ; n++ {
		text, cut, err := readLine(body, int(s.h.MaxRecord))
		if n == 1 && !cut && !json.Valid(text) { // one article spread over lines
			walker.Stdin = io.MultiReader(bytes.NewReader(text), body)
			return walker.Walk(ctx, []string{"-"}, yield)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil // s.body knows why; of a line that broke off there is nothing to say
		}
		in := ingest.Input{Name: "-", Line: n, Data: text}
		if cut {
			in.Data, in.Err = nil, tooLong(s.h.MaxRecord)
		}
		if cut || len(bytes.TrimSpace(text)) > 0 {
			if err := yield(in); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

// readLine reads to the end of a line, or of r. Of a line longer than most bytes, without its end, it keeps the beginning, and cut is true.
func readLine(r *bufio.Reader, most int) (text []byte, cut bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if room := most - len(text); len(part) > room+1 {
			part, cut = part[:max(room, 0)], true
		}
		text = append(text, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, cut, err
		}
	}
}

func tooLong(most int64) error { return fmt.Errorf("larger than %d bytes", most) }

// bursts imports until inputs is closed. What came before a pause of the sender is one import of its own: so it is stored and answered
// without waiting for more. When the import may not go on, what was taken is stored and answered all the same.
func (s *stream) bursts(ctx context.Context, importer *ingest.Importer, inputs <-chan ingest.Input, sum *ingest.Report) error {
	clock := time.NewTicker(recheck)
	defer clock.Stop()
	for {
		var first ingest.Input
		var ok bool
		select {
		case first, ok = <-inputs:
			if !ok {
				return nil
			}
		case <-clock.C:
			if err := s.stop(); err != nil {
				return err
			}
			continue
		}
		var stopped error
		report, err := importer.Import(ctx, func(ctx context.Context, yield func(ingest.Input) error) error {
			idle := time.NewTimer(pause)
			defer idle.Stop()
			for in, ok := first, true; ok; {
				if err := yield(s.take(in)); err != nil {
					return err
				}
				idle.Reset(pause)
				select {
				case in, ok = <-inputs:
				case <-idle.C:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
				select {
				case <-clock.C:
					if stopped = s.stop(); stopped != nil {
						return nil
					}
				default:
				}
			}
			return nil
		})
		sum.Read += report.Read
		sum.Created += report.Created
		sum.Updated += report.Updated
		sum.Unchanged += report.Unchanged
		sum.Rejected += report.Rejected
		if err = cmp.Or(err, stopped); err != nil {
			return err
		}
	}
}

// stop tells why the import may not go on; nil: it may.
func (s *stream) stop() error {
	if s.h.Stopping() {
		return fail("unavailable", "the server is stopping; what is answered above is stored, send the rest again")
	}
	return s.h.admit(s.q, true)
}

// take notes an input that is handed to the importer, and gives the source of an article that is handed in as such the name that a deposit has: so it
// takes the place of the item's earlier one. What was made elsewhere (a landing page, a work of Crossref) is a source beside it, with its own name.
func (s *stream) take(in ingest.Input) ingest.Input {
	if in.Name = strings.TrimPrefix(in.Name, "-!/"); in.Name == "-" {
		in.Name = s.name
	}
	if limit := s.h.MaxRecord; int64(len(in.Data)) > limit {
		in.Data, in.Err = nil, tooLong(limit)
	}
	s.mu.Lock()
	s.waiting = append(s.waiting, in)
	s.mu.Unlock()
	if in.Kind == "" {
		in.Kind = ingest.KindOf(in.Data)
	}
	switch in.Kind {
	case "json", "jats":
		in.Name, in.Line = ingest.DepositSource, 0
	}
	return in
}

// answer is told by the importer of each input in turn.
func (s *stream) answer(o ingest.Outcome) {
	s.mu.Lock()
	in := s.waiting[0]
	s.waiting[0] = ingest.Input{}
	s.waiting = s.waiting[1:]
	s.mu.Unlock()
	l := line{Name: in.Name, Line: in.Line, Status: string(o.Status), Warnings: placed(o.Warnings, in.Line)}
	if o.Err == nil {
		l.Identifier, l.Local, l.Datestamp = s.h.identifier(o.Local), o.Local, datestamp(o.Datestamp)
		s.lines.put(l)
		return
	}
	r := &ingest.Refusal{Malformed: true, Faults: []jats.Warning{{Code: "unreadable", Message: o.Err.Error()}}}
	if in.Err == nil {
		r = ingest.Explain(in.Data, "", o.Err)
	}
	l.Status, l.Error = "rejected", refused(r)
	l.Error.Type, l.Error.Errors = s.h.root+"problems#"+l.Error.Code, placed(r.Faults, in.Line)
	s.lines.put(l)
}

// placed tells faults with their lines in the body, where the document begins at a line of it.
func placed(ws []jats.Warning, begin int) []fault {
	out := faults(ws)
	for i := range out {
		if out[i].Line > 0 && begin > 0 {
			out[i].Line += begin - 1
		}
	}
	return out
}

// upload is the body of an import: it knows how it ended.
type upload struct {
	r     io.Reader
	limit int64
	n     int64
	err   error // why it broke off; nil: it did not, so far
}

func (u *upload) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.r.Read(p)
	u.n += int64(n)
	switch {
	case u.n > u.limit:
		u.err = fail("too-large", "the body is larger than %d bytes; what is answered above is stored", u.limit)
	case err != nil && !errors.Is(err, io.EOF):
		u.err = fail("malformed", "the body broke off after %d bytes; what is answered above is stored, send it again whole", u.n)
	}
	if u.err != nil {
		return n, u.err
	}
	return n, err
}
