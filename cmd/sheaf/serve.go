package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"time"

	"github.com/gorilla/mux"

	"sheaf/crosswalk"
	"sheaf/fixtures"
	"sheaf/ingest"
	"sheaf/oai"
	"sheaf/store"
	"sheaf/store/sqlite"
	"sheaf/web"
)

type serveCmd struct {
	Listen      string `default:"127.0.0.1:8080" help:"Address to listen on; port 0 picks a free one."`
	DebugListen string `hidden:"" help:"Address for net/http/pprof."`
}

func (c *serveCmd) Run(ctx context.Context, s *settings, io stdio) error {
	db, err := s.open(true)
	if err != nil {
		return err
	}
	defer db.Close()
	return c.serve(ctx, s, db, io, "")
}

type demoCmd struct {
	serveCmd
}

func (c *demoCmd) Run(ctx context.Context, s *settings, io stdio) error {
	dir, err := os.MkdirTemp("", "sheaf-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(filepath.Join(dir, "sheaf.db"), sqlite.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	importer := &ingest.Importer{Store: db, Each: func(o ingest.Outcome) {
		if o.Err != nil {
			fmt.Fprintln(io.err, o.Rejection())
		}
	}}
	if _, err := importer.Import(ctx, Fixtures); err != nil {
		return err
	}
	return c.serve(ctx, s, db, io, `
  Identify        %[1]s/oai?verb=Identify
  Dublin Core     %[1]s/oai?verb=ListRecords&metadataPrefix=oai_dc
  JATS            %[1]s/oai?verb=ListRecords&metadataPrefix=jats
  pages           %[1]s/

Stop with Ctrl-C; nothing is kept.
`)
}

// Fixtures yields the articles that sheaf demo serves.
func Fixtures(_ context.Context, yield func(ingest.Input) error) error {
	return fs.WalkDir(fixtures.FS, "articles", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) == ".md" {
			return err
		}
		data, err := fixtures.FS.ReadFile(name)
		if err != nil {
			return err
		}
		return yield(ingest.Input{Name: name, Data: data})
	})
}

// serve answers until ctx ends, then finishes the requests under way. hint is printed below the first line, with the site's address.
func (c *serveCmd) serve(ctx context.Context, s *settings, db store.Store, io stdio, hint string) error {
	log := s.log(io.err)
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", c.Listen, err)
	}
	site := s.BaseURL
	if site == "" {
		site = "http://" + l.Addr().String()
	}
	handler, err := routes(s, db, site, log)
	if err != nil {
		l.Close()
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      10 * time.Minute, // a page to a slow harvester
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	if c.DebugListen != "" {
		go http.ListenAndServe(c.DebugListen, profiles())
	}
	fmt.Fprintf(io.out, "sheaf: listening on http://%s\n", l.Addr())
	if hint != "" {
		fmt.Fprintf(io.out, hint, site)
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("stopping: finishing the requests under way")
	finish, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := server.Shutdown(finish); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// routes is everything that Sheaf answers (CONTRACT, HTTP).
func routes(s *settings, db store.Store, site string, log *slog.Logger) (http.Handler, error) {
	repository := &oai.Repository{
		Items:        db,
		Formats:      crosswalk.All(),
		BaseURL:      site + "/oai",
		SiteURL:      site,
		RepositoryID: s.RepositoryID,
		Name:         s.RepositoryName,
		AdminEmails:  s.AdminEmail,
		PageSize:     s.PageSize,
		TokenLife:    s.TokenLife,
		Log:          log,
	}
	pages := &web.Pages{Store: db, RepositoryID: s.RepositoryID, Name: s.RepositoryName, SiteURL: site, Log: log}
	m := &metrics{repository: repository, db: db}

	r := mux.NewRouter().UseEncodedPath().SkipClean(true)
	r.Handle("/oai", m.count(repository))
	r.Handle("/oai/xml", m.count(repository)) // XML for a person's browser too
	get := r.Methods(http.MethodGet, http.MethodHead).Subrouter()
	get.HandleFunc("/", pages.Front)
	get.PathPrefix("/records/").HandlerFunc(pages.Record)
	get.PathPrefix("/schemas/").Handler(web.Schemas())
	get.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	get.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) {
		if _, err := db.Earliest(r.Context()); err != nil {
			log.Error("not ready", "error", err)
			http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	get.HandleFunc("/metrics", m.serve)
	return r, nil
}

func profiles() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("/debug/pprof/", pprof.Index)
	m.HandleFunc("/debug/pprof/profile", pprof.Profile)
	m.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return m
}
