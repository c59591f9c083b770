// Package api is the deposit API: HTTP under /api/v1/ through which records are put, read, listed and deleted, one at a time or as a stream.
//
//	records/LOCAL   GET, PUT, DELETE one article, as JSON (jats.Article) or as JATS
//	records         GET lists, POST deposits one, Sheaf choosing the identifier
//	import          POST a stream of articles; one line of JSON answers each
//	readiness       GET what indexing services would find wanting in all that is stored; records/LOCAL/readiness: in one article
//	schema, openapi.json, problems   what may be sent, what is answered, and what can go wrong
//
// A document goes through the door of package ingest, as a file of sheaf import does, so that the same article gets the same identifier
// and the same bytes whichever way it comes. An answer is given when what it says is durable.
//
// # Trying again
//
// Every write may be sent again when its answer was lost, and there is no Idempotency-Key: PUT and DELETE are idempotent by their nature,
// and so is POST here, because an article's identifier follows from what it says of itself. The second time, the status is "unchanged", no
// datestamp moves and the code is 200. Of a DELETE the second is 204 too. An import that broke off is sent again whole.
//
// # Who may write
//
// Reading needs no token: the same records are public over OAI-PMH. Writing needs one of scope "write". A token that is sent must be good,
// also for reading. Nothing that is answered tells whether a token is unknown, revoked or malformed, nor whether there are any.
//
// # Conditions
//
// The version of an item (store.Item.Version) is its ETag, with a suffix for the forms other than JSON; any of them serves in If-Match.
// The store compares the version in the transaction that writes, so of two clients that edit the same version one gets 412.
//
// Errors are problem documents (RFC 9457); the table of them is in problem.go and is served. CORS is not allowed to any origin.
package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"hash/fnv"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"sheaf/crosswalk"
	"sheaf/ingest"
	"sheaf/store"
)

// Options are what the API is made of.
type Options struct {
	Store        store.Store
	RepositoryID string             // the namespace of oai: identifiers
	Site         string             // public address, without a slash at the end
	Formats      []crosswalk.Format // that records are rendered in; empty: all
	MaxRecord    int64              // bytes of one document; 0: 16 MiB
	MaxImport    int64              // bytes of one import, as it is sent; 0: 4 GiB
	Stopping     func() bool        // whether the server is about to end, so that an import is ended in order; nil: never
	Log          *slog.Logger       // nil: silence
	Now          func() time.Time   // nil: time.Now
}

type handler struct {
	Options
	root     string // path of the site's address and the API's below it: "/api/v1/"
	routes   []route
	schema   []byte
	openapi  []byte
	problems []byte

	tallies tallies

	mu   sync.Mutex
	used map[string]int64 // by token: the minute whose use was noted

	// Writes to one item take turns within a process: else of many at once each but one would find, when it is about to store, that the item has
	// changed, and begin anew. Which turn an item takes part in is by the hash of its name.
	turns [256]sync.Mutex
}

// turn waits until no other write to the item is under way here, and returns what ends this one.
func (h *handler) turn(local string) (end func()) {
	sum := fnv.New32a()
	sum.Write([]byte(local))
	m := &h.turns[sum.Sum32()%uint32(len(h.turns))]
	m.Lock()
	return m.Unlock
}

// endpoint answers one method of one route. An error is answered as a problem; the endpoint must not have written then.
type endpoint func(w http.ResponseWriter, r *request) error

type route struct {
	path    string // "records/{local}": a part in braces takes all that follows
	methods map[string]endpoint
}

// request is what of a request the endpoints share.
type request struct {
	*http.Request
	id    string       // X-Request-Id
	local string       // of the path, as it was sent
	token *store.Token // nil: none was sent
	log   *slog.Logger
}

// New makes the handler of every path below /api/v1.
func New(o Options) http.Handler {
	if len(o.Formats) == 0 {
		o.Formats = crosswalk.All()
	}
	if o.MaxRecord == 0 {
		o.MaxRecord = 16 << 20
	}
	if o.MaxImport == 0 {
		o.MaxImport = 4 << 30
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Stopping == nil {
		o.Stopping = func() bool { return false }
	}
	h := &handler{Options: o, root: "/api/v1/", used: map[string]int64{}, tallies: tallies{busy: make(chan struct{}, 1)}}
	if u, err := url.Parse(o.Site); err == nil {
		h.root = strings.TrimRight(u.Path, "/") + h.root
	}
	h.schema, h.openapi, h.problems = schemaDocument(o.Site), openAPI(o.Site), problemPage()
	h.routes = []route{
		{"records", map[string]endpoint{"GET": h.list, "POST": h.post}},
		{"records/{local}/readiness", map[string]endpoint{"GET": h.readinessOfOne}}, // before the next, which takes all that follows
		{"records/{local}", map[string]endpoint{"GET": h.get, "PUT": h.put, "DELETE": h.delete}},
		{"readiness", map[string]endpoint{"GET": h.readinessOfAll}},
		{"readiness/{rule}", map[string]endpoint{"GET": h.failingRule}},
		{"import", map[string]endpoint{"POST": h.imports}},
		{"schema", map[string]endpoint{"GET": still(h.schema, "application/schema+json")}},
		{"openapi.json", map[string]endpoint{"GET": still(h.openapi, "application/json")}},
		{"problems", map[string]endpoint{"GET": still(h.problems, "text/html; charset=utf-8")}},
	}
	return h
}

// find returns the route of an escaped path that has the method, else of the path alone, and what stands for the part in braces. So an item whose name ends as a
// narrower route does can be written.
func (h *handler) find(escaped, method string) (methods map[string]endpoint, local string) {
	path, ok := strings.CutPrefix(escaped, "/api/v1/")
	for _, r := range h.routes {
		part := ""
		if before, rest, open := strings.Cut(r.path, "{"); open {
			_, after, _ := strings.Cut(rest, "}")
			if !ok || !strings.HasPrefix(path, before) || !strings.HasSuffix(path, after) || len(path) <= len(before)+len(after) {
				continue
			}
			part = path[len(before) : len(path)-len(after)]
		} else if !ok || path != r.path {
			continue
		}
		if methods, local = r.methods, part; methods[method] != nil {
			break
		}
	}
	return methods, local
}

// Writing methods need a token of scope write.
func writes(method string) bool { return method != http.MethodGet && method != http.MethodHead }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := h.Now()
	q := &request{Request: r, log: h.Log, id: w.Header().Get("X-Request-Id")}
	if q.id == "" { // else who called this has chosen one, and logs it
		q.id = requestID(r.Header.Get("X-Request-Id"))
		w.Header().Set("X-Request-Id", q.id)
		q.log = h.Log.With("request", q.id)
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	err := h.serve(w, q)
	var p *problem
	if err != nil {
		p = h.problemOf(q, err)
		h.answer(w, q, p)
	}
	if !writes(r.Method) && (p == nil || p.Status < 500) {
		return
	}
	by := ""
	if q.token != nil {
		by = q.token.Name
	}
	attrs := []any{"method", r.Method, "path", r.URL.EscapedPath(), "token", by, "took", h.Now().Sub(began)}
	if p != nil {
		attrs = append(attrs, "problem", p.Code, "detail", p.Detail)
	}
	q.log.InfoContext(r.Context(), "api", attrs...)
}

// serve finds the endpoint, looks at the token and runs it.
func (h *handler) serve(w http.ResponseWriter, q *request) error {
	method := q.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	var methods map[string]endpoint
	if methods, q.local = h.find(q.URL.EscapedPath(), method); methods == nil {
		return fail("not-found", "there is nothing at this path; %sopenapi.json tells what there is", h.root)
	}
	run, ok := methods[method]
	if !ok {
		p := fail("method-not-allowed", "%s is not done here", q.Method)
		p.header("Allow", allowed(methods))
		return p
	}
	if err := h.admit(q, writes(q.Method)); err != nil {
		return err
	}
	return run(w, q)
}

func allowed(methods map[string]endpoint) string {
	var all []string
	for m := range methods {
		all = append(all, m)
		if m == http.MethodGet {
			all = append(all, http.MethodHead)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// requestID returns the id that the client gave, if it is fit for a log, or a new random one.
func requestID(given string) string {
	for i := range len(given) {
		c := given[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~:/+=@", c) >= 0 {
			continue
		}
		return rand.Text()
	}
	if given == "" || len(given) > 128 {
		return rand.Text()
	}
	return given
}

// still answers with a document that never changes while the program runs.
func still(doc []byte, kind string) endpoint {
	tag := `"` + digest(doc) + `"`
	return func(w http.ResponseWriter, q *request) error {
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache")
		if noneMatch, ok := parseTags(q.Header.Values("If-None-Match")); ok && noneMatch.weakly(tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		w.Header().Set("Content-Type", kind)
		w.Write(doc)
		return nil
	}
}

// writeJSON answers with v as JSON.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	b, err := encode(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b)
	return nil
}

// encode makes one line of JSON, < and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// identifier is the OAI identifier of an item.
func (h *handler) identifier(local string) string { return "oai:" + h.RepositoryID + ":" + local }

// self is the address of an item in this API.
func (h *handler) self(local string) string {
	return h.Site + "/api/v1/records/" + (&url.URL{Path: local}).EscapedPath()
}

// datestamp writes a datestamp as OAI-PMH does.
func datestamp(stamp int64) string { return store.Time(stamp).Format("2006-01-02T15:04:05Z") }

// name returns the local identifier that the path of a request names, whether or not there is such an item. An item may itself hold
// percent signs: one that is called what the path says as it stands comes first, as on the pages for people.
func (h *handler) name(ctx context.Context, escaped string) (string, error) {
	raw, err := url.PathUnescape(escaped)
	if err != nil {
		return "", fail("bad-name", "the path %q is not well percent-encoded", escaped)
	}
	local, err := ingest.Named(strings.TrimPrefix(raw, "oai:"+h.RepositoryID+":"))
	if local != escaped {
		_, gerr := h.Store.Get(ctx, escaped)
		if !errors.Is(gerr, store.ErrNotFound) {
			return escaped, gerr
		}
	}
	if err != nil {
		return "", fail("bad-name", "%s", strings.TrimPrefix(err.Error(), "ingest: "))
	}
	return local, nil
}
