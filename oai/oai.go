// Package oai answers OAI-PMH 2.0 requests from a store, as an [http.Handler].
//
// A list is streamed: the store gives a stretch of rows whose metadata was rendered when it was stored, and the bytes are appended to
// the response between a header and an end tag. Nothing is parsed or built on the way out, and no snapshot of the store is held
// while a client is being written to.
//
// # Stored bytes
//
//	ROOT-ELEMENT [ 0x01 ABOUT-ELEMENT... ]
//
// ROOT-ELEMENT declares its own namespaces. After crosswalk.AboutMark (0x01) stand whole <about>...</about> elements. Each
// crosswalk.BaseURL (NUL) in either stands for the public address of the site and is replaced while copying.
//
// # Clocks
//
// The responseDate is the store's clock, taken before anything is read; see package store on why from=responseDate then misses
// nothing. The upper bound of a list is the clock of the snapshot of its first stretch, and travels in the resumptionToken.
//
// What is met of the protocol, chosen or departed from is said in CONFORMANCE.md.
package oai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sheaf/crosswalk"
	"sheaf/store"
)

// Items is the part of a store that the protocol reads; package store says what each method does.
type Items interface {
	Get(ctx context.Context, local string) (*store.Item, error)
	Record(ctx context.Context, local, prefix string, visit func(*store.Row) error) (clock int64, err error)
	List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error)
	Sets(ctx context.Context, after string, limit int) ([]store.Set, error)
	Tick(ctx context.Context) (int64, error)
	Earliest(ctx context.Context) (int64, error)
	Secret(ctx context.Context) ([]byte, error)
}

// Repository is an OAI-PMH 2.0 repository. Its fields must not change once it serves. It is safe for use by many goroutines.
type Repository struct {
	Items        Items
	Formats      []crosswalk.Format // oai_dc among them (OAI-PMH §2.5)
	BaseURL      string             // public URL of this endpoint: what Identify says, whatever Host a request names
	SiteURL      string             // public URL of the whole site, without a slash at the end; takes the place of crosswalk.BaseURL
	RepositoryID string             // the namespace of oai identifiers, a domain name
	Name         string             // repositoryName
	AdminEmails  []string           // at least one (OAI-PMH §4.2)
	PageSize     int                // records, headers or sets in one response; 0: 100
	TokenLife    time.Duration      // how long a resumptionToken stays good; 0: a week
	Log          *slog.Logger       // nil: silence
	Now          func() time.Time   // for the life of tokens only; nil: time.Now
	Observe      func(Answered)     // told of every request when it is over; nil: nobody is

	scope    string // setSpec of the journal whose items these are; "": all
	journals journals

	once   sync.Once
	prefix string // of an identifier: "oai:REPOSITORY-ID:"
	site   string // SiteURL, escaped for XML
	html   *htmlPage

	mu  sync.Mutex
	key []byte // of tokens; nil until it could be read

	faults atomic.Int64
	sizes  []atomic.Int64 // for each format, bytes of a recent record and of a recent header
}

// Answered tells what became of one request, for those who count. All its strings are of a small known set, whatever the request said.
type Answered struct {
	Verb    string        // one of the six; "" when the request named no such one
	Prefix  string        // one of Formats; "" when the request named no such one
	Code    Code          // of the first fault of the request; "": none
	Status  int           // HTTP; 0: the response was cut, or nobody was there to get it
	Entries int           // records, headers or sets given
	First   bool          // it began a list
	Last    bool          // it ended one
	Bytes   int64         // of the body, as sent
	Took    time.Duration // to the end of sending
}

// Limits of a request. They are well above anything that a legal one needs.
const (
	maxQuery = 16 << 10 // bytes of a URL's query: beyond, 414
	maxBody  = 16 << 10 // bytes of a POST: beyond, 413
)

func (r *Repository) setUp() {
	if r.PageSize <= 0 {
		r.PageSize = 100
	}
	if r.TokenLife <= 0 {
		r.TokenLife = 7 * 24 * time.Hour
	}
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	r.prefix = "oai:" + r.RepositoryID + ":"
	r.site = string(appendText(nil, r.SiteURL))
	r.html = newHTMLPage()
	r.sizes = make([]atomic.Int64, 2*len(r.Formats))
}

// Faults is the number of records that could not be read and were left out of a list since the start.
func (r *Repository) Faults() int64 {
	n := r.faults.Load()
	r.journals.Lock()
	defer r.journals.Unlock()
	for _, j := range r.journals.by {
		n += j.faults.Load()
	}
	return n
}

// ServeHTTP answers one request. A fault of the request is told inside a 200 response; a fault of the store is logged and is a bare 503,
// or 500 where the data are damaged. When it happens after a part of the response was sent, the connection is cut,
// so that a broken list never looks whole.
//
// Source: OAI-PMH 2.0 §3.1, §3.6.
func (r *Repository) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.once.Do(r.setUp)
	w.Header().Set("Vary", "Accept, Accept-Encoding, Sec-Fetch-Dest, Upgrade-Insecure-Requests")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	query, faults, status := arguments(w, req)
	if status != 0 {
		if status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, HEAD, POST")
		}
		http.Error(w, http.StatusText(status), status)
		if r.Observe != nil {
			r.Observe(Answered{Status: status})
		}
		return
	}
	a := newAnswer(w, acceptsGzip(req.Header))
	defer r.done(a, time.Now())
	a.hold = isPerson(req)
	err := r.answer(req.Context(), a, query, faults)
	if err == nil && a.hold {
		err = r.html.render(r, a, query)
	}
	if err == nil {
		err = a.finish()
	}
	switch {
	case err == nil:
		a.told.Status = http.StatusOK
	case errors.Is(err, errHungUp):
	case req.Context().Err() != nil: // the client has gone: nobody to tell
		if a.started {
			panic(http.ErrAbortHandler)
		}
	case a.started:
		r.Log.ErrorContext(req.Context(), "oai: broke off", "query", query, "error", err)
		panic(http.ErrAbortHandler)
	default:
		r.Log.ErrorContext(req.Context(), "oai: no answer", "query", query, "error", err)
		status := http.StatusServiceUnavailable
		if errors.Is(err, store.ErrCorrupt) {
			status = http.StatusInternalServerError
		} else {
			w.Header().Set("Retry-After", "30")
		}
		http.Error(w, http.StatusText(status), status)
		a.told.Status = status
	}
}

// done ends an answer and tells Observe of it.
func (r *Repository) done(a *answer, began time.Time) {
	told := a.release()
	if r.Observe != nil {
		told.Took = time.Since(began)
		r.Observe(told)
	}
}

// arguments returns the arguments of a request, still encoded, or the HTTP status that refuses it. Those of a POST stand in its body; in
// its URL only when the body is empty. Arguments in both are a fault: the protocol knows no such request.
//
// Source: OAI-PMH 2.0 §3.1.1.
func arguments(w http.ResponseWriter, req *http.Request) (query string, faults Errors, status int) {
	if len(req.URL.RawQuery) > maxQuery {
		return "", nil, http.StatusRequestURITooLong
	}
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		return req.URL.RawQuery, nil, 0
	case http.MethodPost:
	default:
		return "", nil, http.StatusMethodNotAllowed
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return "", nil, http.StatusRequestEntityTooLarge
	case err != nil:
		return "", nil, http.StatusBadRequest
	case len(body) == 0:
		return req.URL.RawQuery, nil, 0
	}
	if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" || (err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter)) {
		return "", nil, http.StatusUnsupportedMediaType
	}
	if req.URL.RawQuery != "" {
		faults.add(BadArgument, "a POST has its arguments in its body; there are others in the URL")
	}
	return strings.TrimRight(string(body), "\r\n"), faults, 0
}

// envelope is the beginning of every response, up to the responseDate.
//
// Source: OAI-PMH 2.0 §3.2.
const envelope = `<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">
<responseDate>`

// answer writes the whole response to one request. Its error is Sheaf's own fault; those of the request are written.
func (r *Repository) answer(ctx context.Context, a *answer, query string, faults Errors) error {
	clock, err := r.Items.Tick(ctx)
	if err != nil {
		return fmt.Errorf("oai: clock: %w", err)
	}
	a.buf = append(a.buf, envelope...)
	a.buf = appendDatestamp(a.buf, clock)
	a.buf = append(a.buf, "</responseDate>\n"...)
	mark := len(a.buf)

	q, more := r.parse(query)
	faults = append(faults, more...)
	a.told.Verb = q.verb
	a.told.Prefix = q.prefix
	if len(faults) == 1 && faults[0].Code == CannotDisseminateFormat && q.args[argIdentifier] != "" {
		if _, err := r.item(ctx, q.args[argIdentifier]); errors.As(err, &more) {
			faults = append(faults, more...)
		} else if err != nil {
			return err
		}
	}
	if len(faults) == 0 {
		a.buf = r.appendRequest(a.buf, &q)
		err = r.verb(ctx, a, &q)
		if errors.As(err, &faults) {
			a.buf = a.buf[:mark] // a fault of the request is found before anything is sent
			err = nil
		}
		if err != nil {
			return fmt.Errorf("oai: %s: %w", q.verb, err)
		}
	}
	if len(faults) > 0 {
		a.told.Code = faults[0].Code
		a.buf = r.appendFaults(a.buf, &q, faults)
	}
	a.buf = append(a.buf, "</OAI-PMH>\n"...)
	return nil
}

func (r *Repository) verb(ctx context.Context, a *answer, q *request) error {
	switch q.verb {
	case "Identify":
		return r.identify(ctx, a)
	case "ListMetadataFormats":
		return r.listMetadataFormats(ctx, a, q)
	case "ListSets":
		return r.listSets(ctx, a, q)
	case "GetRecord":
		return r.getRecord(ctx, a, q)
	default: // ListIdentifiers, ListRecords: parse knows no other
		return r.list(ctx, a, q)
	}
}

// appendRequest appends the request element, with the arguments as attributes.
//
// Source: OAI-PMH 2.0 §3.2.
func (r *Repository) appendRequest(dst []byte, q *request) []byte {
	dst = append(dst, `<request`...)
	attribute := func(name, value string) {
		if value != "" {
			dst = append(append(append(append(dst, ' '), name...), `="`...), appendText(nil, value)...)
			dst = append(dst, '"')
		}
	}
	attribute("verb", q.verb)
	for i, name := range argumentNames {
		attribute(name, q.args[i])
	}
	dst = append(dst, '>')
	dst = appendText(dst, r.BaseURL)
	return append(dst, "</request>\n"...)
}

// appendFaults appends the request element and an error element for each fault. After a badVerb or badArgument the request has no attributes.
//
// Source: OAI-PMH 2.0 §3.2, §3.6.
func (r *Repository) appendFaults(dst []byte, q *request, faults Errors) []byte {
	for _, f := range faults {
		if f.Code == BadVerb || f.Code == BadArgument {
			q = &request{}
		}
	}
	dst = r.appendRequest(dst, q)
	for _, f := range faults {
		dst = append(append(append(dst, `<error code="`...), f.Code...), `">`...)
		dst = append(appendText(dst, f.Message), "</error>\n"...)
	}
	return dst
}

// isPerson tells whether a request comes from a person's browser that opens a page. Accept alone does not tell: Java's default begins
// with text/html. Under BaseURL/xml the answer is XML for everybody.
func isPerson(req *http.Request) bool {
	return strings.Contains(strings.Join(req.Header.Values("Accept"), ","), "text/html") &&
		(req.Header.Get("Sec-Fetch-Dest") == "document" || req.Header.Get("Upgrade-Insecure-Requests") == "1") &&
		!strings.HasSuffix(req.URL.Path, "/xml")
}
