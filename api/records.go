package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"sheaf/crosswalk"
	"sheaf/ingest"
	"sheaf/jats"
	"sheaf/store"
)

const (
	typeJSON = "application/json"
	typeJATS = "application/jats+xml"
	typeXML  = "application/xml"
)

// get answers with the article, as JSON or as a JATS document of its own.
func (h *handler) get(w http.ResponseWriter, q *request) error {
	local, err := h.name(q.Context(), q.local)
	if err != nil {
		var p *problem
		if errors.As(err, &p) {
			return fail("not-found", "there is no item called %q", q.local)
		}
		return err
	}
	item, err := h.Store.Get(q.Context(), local)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fail("not-found", "there is no item %s", h.identifier(local))
	case err != nil:
		return err
	case item.Deleted:
		return h.gone(item)
	}
	w.Header().Set("Vary", "Accept")
	kind := accepted(q.Header.Values("Accept"), typeJSON, typeJATS, typeXML)
	var body []byte
	tag := `"` + item.Version + `"`
	switch kind {
	case "":
		return fail("not-acceptable", "the record is to be had as %s, %s or %s", typeJSON, typeJATS, typeXML)
	case typeJSON:
		body = append(item.Article, '\n')
	default:
		if body, err = h.document(item); err != nil {
			return err
		}
		// The document depends on the day and on the site's address too.
		form := "jats"
		if kind == typeXML {
			form = "xml"
		}
		tag = fmt.Sprintf(`"%s-%s-%s"`, item.Version, form, digest(body))
	}
	head := w.Header()
	head.Set("ETag", tag)
	head.Set("Last-Modified", store.Time(item.Datestamp).Format(http.TimeFormat))
	head.Set("Cache-Control", "no-cache")
	if match, ok := parseTags(q.Header.Values("If-Match")); ok && !match.version(item.Version, false) {
		return h.failed(item.Local, item.Version)
	}
	if noneMatch, ok := parseTags(q.Header.Values("If-None-Match")); ok && noneMatch.weakly(tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if kind == typeXML {
		kind += "; charset=utf-8"
	}
	head.Set("Content-Type", kind)
	head.Set("Content-Length", fmt.Sprint(len(body)))
	w.Write(body)
	return nil
}

// document is an item's article as JATS.
func (h *handler) document(item *store.Item) ([]byte, error) {
	a, err := jats.LoadJSON(item.Article)
	if err != nil {
		return nil, fmt.Errorf("api: article of %q: %w", item.Local, err)
	}
	f, ok := crosswalk.Find("jats")
	if !ok {
		return nil, errors.New("api: there is no format jats")
	}
	return crosswalk.Document(f, a, item.Local, h.Site, h.Now())
}

// stored is the answer to a deposit.
type stored struct {
	Identifier string       `json:"identifier"`
	Local      string       `json:"local"`
	Datestamp  string       `json:"datestamp"`
	Status     store.Status `json:"status"`
	Warnings   []fault      `json:"warnings"`
}

// put stores the body under the name in the path, which wins over what the article itself would give.
func (h *handler) put(w http.ResponseWriter, q *request) error {
	local, err := h.name(q.Context(), q.local)
	if err != nil {
		return err
	}
	return h.deposit(w, q, local)
}

// post stores the body under what the article itself gives.
func (h *handler) post(w http.ResponseWriter, q *request) error { return h.deposit(w, q, "") }

func (h *handler) deposit(w http.ResponseWriter, q *request, local string) error {
	format, err := mediaType(q.Request, map[string]string{typeJSON: "json", typeJATS: "jats", typeXML: "jats"})
	if err != nil {
		return err
	}
	holds, err := condition(q.Request)
	if err != nil {
		return err
	}
	data, err := h.body(w, q)
	if err != nil {
		return err
	}
	if local != "" {
		defer h.turn(local)()
	}
	importer := &ingest.Importer{Store: h.Store, Formats: h.Formats, Now: h.Now}
	out, warnings, err := importer.Deposit(q.Context(), ingest.Deposit{Data: data, Format: format, Local: local, If: holds})
	switch {
	case err != nil:
		return err
	case out.Status == store.Stale:
		return h.failed(out.Local, out.Version)
	case out.Status == store.Conflict:
		p := fail("conflict", "an identifier of the article belongs to %s", h.identifier(out.Local))
		p.Identifier, p.Datestamp = h.identifier(out.Local), datestamp(out.Datestamp)
		if out.Version == "" {
			p.Detail += ", which was deleted and would be revived there"
		}
		p.Errors = []fault{{"conflict", "ids", 0, p.Detail}}
		return p
	}
	head := w.Header()
	head.Set("Location", h.self(out.Local))
	head.Set("ETag", `"`+out.Version+`"`)
	status := http.StatusOK
	if out.Status == store.Created {
		status = http.StatusCreated
	}
	return writeJSON(w, status, stored{h.identifier(out.Local), out.Local, datestamp(out.Datestamp), out.Status, faults(warnings)})
}

// delete leaves a tombstone. One that is there already is what the client wants, whatever its condition was.
func (h *handler) delete(w http.ResponseWriter, q *request) error {
	holds, err := condition(q.Request)
	if err != nil {
		return err
	}
	local, err := h.name(q.Context(), q.local)
	if err != nil {
		return err
	}
	defer h.turn(local)()
	change := store.Change{Local: local, Delete: true}
	for range 8 { // another process may change the item between the look and the write
		if holds != nil {
			item, err := h.Store.Get(q.Context(), local)
			switch {
			case errors.Is(err, store.ErrNotFound):
			case err != nil:
				return err
			case !item.Deleted && !holds(item.Version):
				return h.failed(local, item.Version)
			case !item.Deleted:
				change.If = item.Version
			}
		}
		out, err := h.Store.Put(q.Context(), []store.Change{change})
		switch {
		case err != nil:
			return err
		case out[0].Status == store.Missing:
			return fail("not-found", "there is no item %s", h.identifier(local))
		case out[0].Status == store.Stale && out[0].Version != "":
			continue
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return store.ErrBusy
}

// mediaType returns what the Content-Type of a request stands for in known, "" where there is none.
func mediaType(r *http.Request, known map[string]string) (string, error) {
	given := r.Header.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(given)
	if given == "" {
		err = nil
	}
	value, ok := known[kind]
	var types []string
	for t := range known {
		if t != "" {
			types = append(types, t)
		}
	}
	slices.Sort(types)
	charset := strings.ToLower(params["charset"])
	var p *problem
	switch {
	case r.Header.Get("Content-Encoding") != "" && !strings.EqualFold(r.Header.Get("Content-Encoding"), "identity"):
		p = fail("unsupported-media-type", "Content-Encoding %q: send the body as it is", r.Header.Get("Content-Encoding"))
		p.header("Accept-Encoding", "identity")
	case err != nil || !ok:
		p = fail("unsupported-media-type", "Content-Type %q: want %s", given, strings.Join(types, ", "))
	case kind == typeJSON && charset != "" && charset != "utf-8" && charset != "utf8":
		p = fail("unsupported-media-type", "charset %q: JSON is UTF-8 (RFC 8259 §8.1)", params["charset"])
	default:
		return value, nil
	}
	p.header("Accept", strings.Join(types, ", "))
	return "", p
}

// body reads the document that a request carries.
func (h *handler) body(w http.ResponseWriter, q *request) ([]byte, error) {
	if q.ContentLength > h.MaxRecord {
		return nil, &http.MaxBytesError{Limit: h.MaxRecord}
	}
	flow := newFlow(w)
	var b bytes.Buffer
	if q.ContentLength > 0 {
		b.Grow(int(q.ContentLength) + bytes.MinRead)
	}
	_, err := b.ReadFrom(reader{http.MaxBytesReader(w, q.Body, h.MaxRecord), flow})
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, err
	case err != nil:
		return nil, fail("malformed", "the body broke off after %d bytes", b.Len())
	case len(bytes.TrimSpace(b.Bytes())) == 0:
		return nil, fail("malformed", "the body is empty: want one article")
	}
	return b.Bytes(), nil
}

// flow keeps a request alive while its data move, however long that takes: each byte moves the deadlines of the connection on. The server has set
// them for requests as short as a harvester's.
type flow struct {
	control *http.ResponseController
	last    time.Time
}

const (
	patience = time.Minute      // how long no byte may come in
	stubborn = 10 * time.Minute // how long none may go out after one came in: a client may send all before it reads, and the store may be busy
)

func newFlow(w http.ResponseWriter) *flow { return &flow{control: http.NewResponseController(w)} }

// moved is called for data that came in.
func (f *flow) moved() {
	now := time.Now()
	if now.Sub(f.last) < time.Second {
		return
	}
	f.last = now
	f.control.SetReadDeadline(now.Add(patience)) // where there is no connection, as in a test, there is none to keep
	f.control.SetWriteDeadline(now.Add(stubborn))
}

// reader tells a flow of what is read.
type reader struct {
	io.Reader
	flow *flow
}

func (r reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		r.flow.moved()
	}
	return n, err
}
