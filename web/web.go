// Package web has the pages for people: the front page and one page for each item, its landing page.
package web

import (
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sheaf/crosswalk"
	"sheaf/crosswalk/doaj"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/qdc"
	"sheaf/jats"
	"sheaf/store"
)

//go:embed *.tmpl
var files embed.FS

var pages = template.Must(template.ParseFS(files, "*.tmpl"))

// Pages answers "/", "/records/..." and "/schemas/...".
type Pages struct {
	Store        store.Store
	RepositoryID string
	Name         string
	SiteURL      string // public address, without a slash at the end
	Log          *slog.Logger
}

const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (p *Pages) page(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name, data); err != nil {
		p.Log.WarnContext(r.Context(), "page not written", "page", name, "error", err)
	}
}

// Front is the front page.
func (p *Pages) Front(w http.ResponseWriter, r *http.Request) {
	st, err := p.Store.Stats(r.Context())
	if err != nil {
		p.failed(w, r, err)
		return
	}
	p.page(w, r, http.StatusOK, "front.tmpl", map[string]any{"P": p, "Stats": st, "Formats": crosswalk.All()})
}

func (p *Pages) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		p.Log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "error", err)
	}
	http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
}

// Record is "/records/LOCAL" and "/records/LOCAL/PREFIX.xml". LOCAL may hold slashes, plain or as %2F.
func (p *Pages) Record(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/records/")
	var format *crosswalk.Format
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		if prefix, ok := strings.CutSuffix(path[i+1:], ".xml"); ok {
			if f, ok := crosswalk.Find(prefix); ok {
				format, path = &f, path[:i]
			}
		}
	}
	item, err := p.find(r, path)
	if errors.Is(err, store.ErrNotFound) {
		p.page(w, r, http.StatusNotFound, "gone.tmpl", map[string]any{"P": p, "Text": "There is no such record here."})
		return
	}
	if err != nil {
		p.failed(w, r, err)
		return
	}
	if item.Deleted {
		p.page(w, r, http.StatusGone, "gone.tmpl", map[string]any{"P": p, "Text": "This record was deleted.", "When": store.Time(item.Datestamp)})
		return
	}
	a, err := jats.LoadJSON(item.Article)
	if err != nil {
		p.failed(w, r, err)
		return
	}
	w.Header().Set("Last-Modified", store.Time(item.Datestamp).Format(http.TimeFormat))
	if format == nil {
		formats := slices.DeleteFunc(crosswalk.All(), func(f crosswalk.Format) bool { return !slices.Contains(item.Prefixes, f.Prefix) })
		p.page(w, r, http.StatusOK, "record.tmpl", map[string]any{"P": p, "A": a, "Item": item, "Formats": formats, "When": store.Time(item.Datestamp)})
		return
	}
	b, err := crosswalk.Document(*format, a, item.Local, p.SiteURL, time.Now())
	var cannot *flat.Cannot
	if errors.As(err, &cannot) {
		p.page(w, r, http.StatusNotFound, "gone.tmpl", map[string]any{"P": p, "Text": "This record does not come as " + format.Prefix + ": " + cannot.Message + "."})
		return
	}
	if err != nil {
		p.failed(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Write(b)
}

// find looks for an item by its local identifier, which may itself hold percent signs: first as it stands in the path, then decoded.
func (p *Pages) find(r *http.Request, escaped string) (*store.Item, error) {
	item, err := p.Store.Get(r.Context(), escaped)
	if !errors.Is(err, store.ErrNotFound) {
		return item, err
	}
	local, uerr := url.PathUnescape(escaped)
	if uerr != nil || local == escaped {
		return nil, err
	}
	return p.Store.Get(r.Context(), local)
}

// Schemas serves the schemas that no standards body hosts, under /schemas/: a folder for each format that has some.
func Schemas() http.Handler {
	folders := http.NewServeMux()
	for name, files := range map[string]embed.FS{"jats": jats.Schemas, "qdc": qdc.Schemas, "doaj": doaj.Schemas} {
		sub, err := fs.Sub(files, "schema")
		if err != nil {
			panic(err) // the folder is compiled in
		}
		prefix := "/schemas/" + name + "/"
		folders.Handle(prefix, http.StripPrefix(prefix, http.FileServerFS(sub)))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		folders.ServeHTTP(w, r)
	})
}

// Identifier is the OAI identifier of an item.
func (p *Pages) Identifier(local string) string { return "oai:" + p.RepositoryID + ":" + local }

// OAI is the URL of an OAI-PMH request on one item.
func (p *Pages) OAI(local, prefix string) string {
	return p.SiteURL + "/oai?" + url.Values{"verb": {"GetRecord"}, "identifier": {p.Identifier(local)}, "metadataPrefix": {prefix}}.Encode()
}

// Self is the URL of an item's page.
func (p *Pages) Self(local string) string { return p.SiteURL + "/records/" + url.PathEscape(local) }
