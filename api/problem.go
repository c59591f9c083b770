package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"sheaf/ingest"
	"sheaf/jats"
	"sheaf/store"
)

// problem is an error that the client is told of.
//
// Source: RFC 9457 §3.
type problem struct {
	Type     string  `json:"type"`
	Title    string  `json:"title"`
	Status   int     `json:"status"`
	Detail   string  `json:"detail"`
	Instance string  `json:"instance,omitempty"` // the request's id
	Errors   []fault `json:"errors,omitempty"`   // each place at fault

	Identifier string `json:"identifier,omitempty"` // the item that the problem is about
	Datestamp  string `json:"datestamp,omitempty"`  // of that item
	ETag       string `json:"etag,omitempty"`       // that the item has now

	Code    string            `json:"-"` // the fragment of Type
	headers map[string]string // besides those that every problem has
	cause   error             // for the log
}

// fault is one place of a document or a request that is at fault.
type fault struct {
	Code    string `json:"code"`           // stable, for programs
	Path    string `json:"path,omitempty"` // field, element or parameter; of JSON a JSON Pointer without its first slash
	Line    int    `json:"line,omitempty"` // 1-based
	Message string `json:"message"`
}

// kinds are the problems that there are, by code.
var kinds = []struct {
	code   string
	status int
	title  string
	help   string
}{
	{"malformed", 400, "Malformed document", "The body is no well-formed JSON or XML, or broke off. Nothing was stored. Send it again whole."},
	{"bad-parameter", 400, "Bad parameter", "A parameter of the query or a header cannot be understood. The errors name it."},
	{"bad-name", 400, "Bad name", "No item can be called what the path names: 1 to 200 bytes, after percent-encoding what an OAI identifier may not hold."},
	{"unauthorized", 401, "A token is needed", "The request needs a bearer token, or the one it has is not good. The operator makes one with: sheaf token create NAME."},
	{"forbidden", 403, "Not with this token", "The token may only read. The operator makes one that may write with: sheaf token create NAME --scope write."},
	{"not-found", 404, "Not found", "There is no such item, and never was, or nothing at that path."},
	{"method-not-allowed", 405, "Method not allowed", "The Allow header tells the methods of this path."},
	{"not-acceptable", 406, "Not acceptable", "The record is not to be had in any of the media types that Accept names."},
	{"conflict", 409, "It belongs to another item", "A DOI or another identifier of the article is that of another item, which is named. Put the article there, or take the identifier out of it."},
	{"gone", 410, "Deleted", "The item was deleted; a tombstone is kept. PUT revives it."},
	{"precondition-failed", 412, "Precondition failed", "If-Match or If-None-Match did not hold: somebody else has changed the item. Get it again, and make the change anew."},
	{"too-large", 413, "Too large", "The body is larger than is taken in one piece. Many articles go to import."},
	{"unsupported-media-type", 415, "Unsupported media type", "The Accept header of the answer tells what may be sent here."},
	{"refused", 422, "The article is refused", "The document is well-formed, but no article that could be kept: a field is unknown or of another type, there is no title, or a record made of it would not be valid. The errors tell where."},
	{"internal", 500, "Internal error", "Something failed in Sheaf itself. The log has it under the request's id."},
	{"unavailable", 503, "Not available now", "The store cannot be written or read at the moment. Nothing was stored. Try again later."},
	{"storage-full", 507, "No room", "The disk is full. Nothing was stored."},
}

// fail makes a problem of a code in kinds.
func fail(code, format string, args ...any) *problem {
	for _, k := range kinds {
		if k.code == code {
			return &problem{Code: code, Title: k.title, Status: k.status, Detail: fmt.Sprintf(format, args...)}
		}
	}
	panic("api: no problem is called " + code)
}

func (p *problem) Error() string { return p.Code + ": " + p.Detail }

func (p *problem) header(name, value string) {
	if p.headers == nil {
		p.headers = map[string]string{}
	}
	p.headers[name] = value
}

// badParameter tells which parameter or header is at fault.
func badParameter(name, format string, args ...any) *problem {
	text := fmt.Sprintf(format, args...)
	p := fail("bad-parameter", "%s: %s", name, text)
	p.Errors = []fault{{"bad-parameter", name, 0, text}}
	return p
}

// problemOf makes of any error what the client is told. Of the store's and Sheaf's own errors that is never their text.
func (h *handler) problemOf(q *request, err error) *problem {
	var p *problem
	var refusal *ingest.Refusal
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &refusal):
		p = refused(refusal)
	case errors.As(err, &tooLarge):
		p = fail("too-large", "the body is larger than %d bytes", tooLarge.Limit)
	case errors.Is(err, store.ErrBusy):
		p = fail("unavailable", "another writer holds the store; nothing was stored, try again")
		p.header("Retry-After", "5")
	case errors.Is(err, store.ErrFull):
		p = fail("storage-full", "the disk is full; nothing was stored")
	case errors.Is(err, store.ErrReadOnly):
		p = fail("unavailable", "the store cannot be written; nothing was stored")
	case errors.Is(err, store.ErrClock):
		p = fail("unavailable", "the clock of the server is wrong, so nothing can be dated; nothing was stored")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = fail("unavailable", "the request was broken off")
	default:
		p = fail("internal", "something failed here; the log has it under the id of this request")
	}
	if p.Status >= 500 {
		p.cause = err
	}
	p.Type, p.Instance = h.root+"problems#"+p.Code, q.id
	return p
}

// refused makes a problem of what is wrong with a document.
func refused(r *ingest.Refusal) *problem {
	p := fail("refused", "")
	if r.Malformed {
		p = fail("malformed", "")
	}
	p.Errors = faults(r.Faults)
	first := p.Errors[0]
	p.Detail = first.Message
	if first.Line > 0 {
		p.Detail = fmt.Sprintf("line %d: %s", first.Line, first.Message)
	}
	if n := len(p.Errors) - 1; n > 0 {
		p.Detail += fmt.Sprintf("; and %d more", n)
	}
	return p
}

func faults(ws []jats.Warning) []fault {
	out := make([]fault, len(ws)) // never nil: in JSON it is a list
	for i, w := range ws {
		out[i] = fault(w)
	}
	return out
}

// answer writes a problem.
func (h *handler) answer(w http.ResponseWriter, q *request, p *problem) {
	if p.cause != nil && q.Context().Err() == nil { // else the client has gone
		q.log.ErrorContext(q.Context(), "api: failed", "method", q.Method, "path", q.URL.EscapedPath(), "error", p.cause)
	}
	head := w.Header()
	for name, value := range p.headers {
		head.Set(name, value)
	}
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Type", "application/problem+json")
	b, err := encode(p)
	if err != nil {
		q.log.ErrorContext(q.Context(), "api: a problem cannot be written", "error", err)
	}
	w.WriteHeader(p.Status)
	w.Write(b)
}

var problemTemplate = template.Must(template.New("").Parse(strings.TrimSpace(`
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Problems of the deposit API</title></head><body>
<h1>Problems of the deposit API</h1>
<dl>{{range .}}
<dt id="{{.Code}}"><code>{{.Code}}</code> ({{.Status}}) {{.Title}}</dt><dd>{{.Help}}</dd>{{end}}
</dl></body></html>
`) + "\n"))

// problemPage is where the type of a problem leads a person.
func problemPage() []byte {
	type row struct {
		Code        string
		Status      int
		Title, Help string
	}
	var rows []row
	for _, k := range kinds {
		rows = append(rows, row{k.code, k.status, k.title, k.help})
	}
	var b bytes.Buffer
	if err := problemTemplate.Execute(&b, rows); err != nil {
		panic(err) // the template is compiled in
	}
	return b.Bytes()
}
