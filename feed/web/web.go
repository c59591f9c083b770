// Package web has the files by which the web follows a repository without OAI-PMH: a sitemap, the lists of ResourceSync 1.1, an Atom feed of
// changes, and dumps, of which a new aggregator takes one and goes on by OAI-PMH from its responseDate.
//
// # Parts
//
// All of them are made of the one list that OAI-PMH has: the entries of a format in the order (datestamp, local). A list of any length is cut into
// parts ([span]) by time, not by number: the time axis is halved, and each half again, until what falls into a piece is no more than a part may hold.
// How many fall into it the store sums from its tallies, so an index of a million items costs some hundred small questions and nothing is
// kept. An item that changes goes to the end of the list, so a part that time has passed by only ever loses entries, its address stays, and
// the number of its entries says whether it is still the same: that is its ETag. Only the entries of one second, if they are too many, are cut
// by their names.
//
// # Nothing is missed
//
// An index is answered with the store's clock H of before it was made. Whoever takes it and all its parts, and then the changes from H on (which is
// inclusive), misses nothing: an entry that was there at H and does not change stays where it was, in a part that the index named; and one that
// changes comes again with a datestamp of H or more. When more came into a part since than it may hold, it is cut at its end, where all
// entries are of H or later.
//
// A part is written in stretches, and between them no snapshot of the store is held; memory does not grow with the list.
package web

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzhttp"

	"sheaf/crosswalk"
	"sheaf/oai"
	"sheaf/store"
)

// Items is the part of a store that is read; package store says what each method does.
type Items interface {
	List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error)
	Tick(ctx context.Context) (int64, error)
}

// Source answers for all the files, as an [http.Handler]. Its fields must not change once it serves. It is safe for use by many goroutines.
type Source struct {
	Items        Items              // the primary: an index and its parts are read one after the other, and the later must not know less
	Formats      []crosswalk.Format // the first is one that every item has
	RepositoryID string             // the namespace of oai identifiers
	Name         string             // of the repository, for people
	SiteURL      string             // public address, without a slash at the end
	DumpDir      string             // where a [Dumper] puts its files; "": there are none
	Log          *slog.Logger       // nil: silence

	partSize int // tests make it small; 0: partSize
	pageSize int // likewise, of the feed

	once    sync.Once
	handler http.Handler
	about   string // a short hash of all that is in the files and not in the store
	cuts    cuts
}

// Serves tells whether a path is one of the files'.
func Serves(path string) bool {
	switch path {
	case "/robots.txt", "/sitemap.xml", "/atom.xml", "/.well-known/resourcesync", "/dump":
		return true
	}
	for _, p := range []string{"/sitemap-", "/atom/", "/resourcesync/", "/dump/"} {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

func (s *Source) setUp() {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.partSize == 0 {
		s.partSize = partSize
	}
	if s.pageSize == 0 {
		s.pageSize = feedSize
	}
	h := fnv.New32a()
	fmt.Fprintf(h, "1\x00%s\x00%s\x00%s", s.SiteURL, s.RepositoryID, s.Name) // 1: grows whenever the files read otherwise
	s.about = fmt.Sprintf("%x", h.Sum32())
	s.handler = gzhttp.GzipHandler(http.HandlerFunc(s.answer))
}

// ServeHTTP answers a GET or a HEAD of one of the paths of [Serves].
func (s *Source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.once.Do(s.setUp)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
	case strings.HasPrefix(r.URL.Path, "/dump"):
		s.dump(w, r) // packed already, and asked for in ranges
	default:
		s.handler.ServeHTTP(w, r)
	}
}

// A refusal is a fault of the request.
type refusal struct {
	status int
	reason string
}

func (e *refusal) Error() string { return e.reason }

var errNoFile = &refusal{http.StatusNotFound, "there is no such file here"}

// answer answers for all but the dumps.
func (s *Source) answer(w http.ResponseWriter, r *http.Request) {
	d := &document{w: w, r: r, kind: "application/xml; charset=utf-8"}
	err := s.write(r.Context(), d, r.URL.Path)
	if err == nil {
		err = d.finish()
	}
	var refused *refusal
	switch {
	case err == nil || errors.Is(err, errDone):
	case errors.As(err, &refused):
		http.Error(w, refused.reason, refused.status)
	case d.started: // it must not look whole
		if r.Context().Err() == nil && !errors.Is(err, errHungUp) {
			s.Log.ErrorContext(r.Context(), "feed/web: broke off", "path", r.URL.Path, "error", err)
		}
		panic(http.ErrAbortHandler)
	case r.Context().Err() != nil:
	default:
		s.Log.ErrorContext(r.Context(), "feed/web: no answer", "path", r.URL.Path, "error", err)
		w.Header().Del("ETag")
		w.Header().Set("Retry-After", "30")
		http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
	}
}

func (s *Source) write(ctx context.Context, d *document, path string) error {
	if part, ok := between(path, "/sitemap-", ".xml"); ok {
		return s.sitemapPart(ctx, d, part)
	}
	if part, ok := between(path, "/atom/", ".xml"); ok {
		return s.feedPage(ctx, d, part)
	}
	if rest, ok := strings.CutPrefix(path, "/resourcesync/"); ok {
		return s.resourceSync(ctx, d, rest)
	}
	switch path {
	case "/robots.txt":
		return s.robots(d)
	case "/sitemap.xml":
		return s.sitemapIndex(ctx, d)
	case "/atom.xml":
		return s.feed(ctx, d)
	case "/.well-known/resourcesync":
		return s.description(d)
	}
	return errNoFile
}

func between(s, prefix, suffix string) (string, bool) {
	s, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(s, suffix)
}

// list is the list of a format, cut into parts of at most size entries.
func (s *Source) list(prefix, set string, size int) *list {
	return &list{items: s.Items, prefix: prefix, set: set, size: size, cuts: &s.cuts}
}

// format returns the format of a metadataPrefix.
func (s *Source) format(prefix string) bool {
	for i := range s.Formats {
		if s.Formats[i].Prefix == prefix {
			return true
		}
	}
	return false
}

// page is the address of an item's page, as the records name it.
func (s *Source) page(local []byte) string { return s.SiteURL + "/records/" + escapePath(local) }

// bounds reads from and until of a query, datestamps as in OAI-PMH; without them 0 and the end of time.
func bounds(r *http.Request) (first, last int64, err error) {
	first, last = 0, horizon-1
	q := r.URL.Query()
	if v := q.Get("from"); v != "" {
		if first, _, err = oai.ParseDatestamp(v); err != nil {
			return 0, 0, &refusal{http.StatusBadRequest, "from: " + err.Error()}
		}
	}
	if v := q.Get("until"); v != "" {
		if _, last, err = oai.ParseDatestamp(v); err != nil {
			return 0, 0, &refusal{http.StatusBadRequest, "until: " + err.Error()}
		}
	}
	if first > last {
		return 0, 0, &refusal{http.StatusBadRequest, fmt.Sprintf("from %q is later than until %q", q.Get("from"), q.Get("until"))}
	}
	return first, last, nil
}
