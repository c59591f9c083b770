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
	"sync"
	"time"

	"github.com/gorilla/mux"

	"sheaf/api"
	"sheaf/crosswalk"
	"sheaf/fixtures"
	"sheaf/ingest"
	"sheaf/oai"
	"sheaf/store"
	"sheaf/store/postgres"
	"sheaf/store/sqlite"
	"sheaf/web"
)

type serveCmd struct {
	Listen          string        `default:"127.0.0.1:8080" help:"Address to listen on; port 0 picks a free one."`
	TLSCert         string        `help:"Serve HTTPS with this certificate (PEM, with its chain); read again when it changes and on SIGHUP." placeholder:"FILE"`
	TLSKey          string        `help:"The key of --tls-cert (PEM)." placeholder:"FILE"`
	RateLimit       float64       `default:"100" help:"Requests a second from one client, with a burst of twice that; beyond, 503 or 429 with Retry-After. 0: no limit."`
	MaxRequests     int           `default:"256" help:"Requests under way at a time, of harvesters and of the API each; a client has at most a quarter."`
	MaxConnections  int           `default:"1024" help:"Connections open at a time; a client that is no trusted proxy has at most a quarter."`
	TrustedProxy    []network     `help:"Address or network of a proxy whose --forwarded-header tells the client's address; may be given several times." placeholder:"CIDR"`
	ForwardedHeader string        `enum:"X-Forwarded-For,Forwarded" default:"X-Forwarded-For" help:"Header in which trusted proxies tell it: X-Forwarded-For or Forwarded."`
	MaxRecord       int64         `default:"16" help:"Largest document that the deposit API takes, in MiB."`
	MaxImport       int64         `default:"4096" help:"Largest body of an import over the API, in MiB."`
	StopTimeout     time.Duration `default:"30s" help:"How long requests under way may take after SIGTERM."`
	StopDelay       time.Duration `default:"0s" help:"How long to go on taking connections after SIGTERM, while /readyz says no: for a load balancer to notice."`
	AccessLog       bool          `help:"Log a line for each request."`
	DebugListen     string        `hidden:"" help:"Address for net/http/pprof."`
	harvestServe
	watchServe
	publishServe
}

// Validate is called by kong.
func (c *serveCmd) Validate() error {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key: want both or neither")
	case c.RateLimit < 0:
		return fmt.Errorf("--rate-limit %g: want 0 or more", c.RateLimit)
	case c.MaxRequests < 1:
		return fmt.Errorf("--max-requests %d: want 1 or more", c.MaxRequests)
	case c.MaxConnections < 1:
		return fmt.Errorf("--max-connections %d: want 1 or more", c.MaxConnections)
	case c.MaxRecord < 1 || c.MaxImport < 1:
		return errors.New("--max-record and --max-import: want 1 or more")
	case c.StopTimeout < 0 || c.StopDelay < 0:
		return errors.New("--stop-timeout and --stop-delay: want 0 or more")
	}
	return errors.Join(c.harvestServe.Validate(), c.publishServe.Validate())
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
	c.HarvestState, c.WatchState = filepath.Join(dir, "harvest.json"), filepath.Join(dir, "watch.json")
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
	scheme := "http://"
	var cert *certificate
	if c.TLSCert != "" {
		var err error
		if cert, err = loadCertificate(c.TLSCert, c.TLSKey, log); err != nil {
			return err
		}
		scheme = "https://"
	}
	listen := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 15 * time.Second, Count: 4}}
	l, err := listen.Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", c.Listen, err)
	}
	site := s.BaseURL
	if site == "" {
		site = scheme + l.Addr().String()
	}
	sets, err := s.define(ctx, db)
	if err != nil {
		l.Close()
		return err
	}
	f := c.front(s, db, site, sets, log)
	if cert != nil {
		f.metrics.expiring(cert)
	}
	if c.DebugListen != "" {
		go http.ListenAndServe(c.DebugListen, profiles())
	}
	background, stop := context.WithCancel(ctx)
	defer stop()
	harvested, err := c.harvestServe.start(background, s, db, f.metrics, log)
	if err != nil {
		return err
	}
	watched, err := c.watchServe.start(background, s, db, f.metrics, log)
	if err != nil {
		stop()
		harvested()
		return err
	}
	dumped := c.publishServe.start(background, s, db, site, log)
	fmt.Fprintf(io.out, "sheaf: listening on %s%s\n", scheme, l.Addr())
	if hint != "" {
		fmt.Fprintf(io.out, hint, site)
	}
	var refreshing sync.WaitGroup
	refreshing.Go(func() { (&ingest.Refresher{Store: f.metrics.counted(db, byRefresh), Log: log}).Run(background) })
	defer func() {
		stop()
		refreshing.Wait()
		harvested()
		watched()
		dumped()
	}()
	service := newService(f, cert, log)
	service.delay, service.timeout = c.StopDelay, c.StopTimeout
	f.metrics.open(service.conns)
	return service.run(ctx, &listener{Listener: l, slots: newSlots(c.MaxConnections), proxies: f.proxies, refused: func(reason string) {
		f.metrics.refused.WithLabelValues("connection", reason).Inc()
	}})
}

// items is what harvesters are answered from: of PostgreSQL the replicas, if there are any.
func items(db store.Store) oai.Items {
	if p, ok := db.(*postgres.DB); ok {
		return p.Reads()
	}
	return db
}

// front is everything that Sheaf answers (CONTRACT, HTTP), behind its limits.
func (c *serveCmd) front(s *settings, db store.Store, site string, sets *setsFile, log *slog.Logger) *front {
	repository := &oai.Repository{
		Items:        items(db),
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
	m := newMetrics(db, repository, log)
	repository.Observe = m.observe
	f := &front{
		log:      log,
		access:   slog.LevelDebug,
		proxies:  &proxies{c.TrustedProxy, c.ForwardedHeader},
		pace:     newPace(c.RateLimit),
		harvests: newSlots(c.MaxRequests),
		deposits: newSlots(c.MaxRequests),
		metrics:  m,
		patience: patience,
	}
	if c.AccessLog {
		f.access = slog.LevelInfo
	}
	f.next = routes(s, db, site, sets, log, repository, f, api.New(api.Options{Store: m.counted(db, byAPI), RepositoryID: s.RepositoryID, Site: site,
		MaxRecord: c.MaxRecord << 20, MaxImport: c.MaxImport << 20, Log: log, Stopping: f.stopping.Load}))
	f.next = c.published(s, db, site, log, f.next)
	return f
}

func routes(s *settings, db store.Store, site string, sets *setsFile, log *slog.Logger, repository *oai.Repository, f *front, deposits http.Handler) http.Handler {
	pages := &web.Pages{Store: db, RepositoryID: s.RepositoryID, Name: s.RepositoryName, SiteURL: site, Log: log}

	r := mux.NewRouter().UseEncodedPath().SkipClean(true)
	r.Handle("/oai", repository)
	r.Handle("/oai/xml", repository) // XML for a person's browser too
	r.Handle("/oai/{journal}", journals(repository, sets))
	r.Handle("/oai/{journal}/xml", journals(repository, sets))
	r.PathPrefix("/api/").Handler(deposits)
	get := r.Methods(http.MethodGet, http.MethodHead).Subrouter()
	get.HandleFunc("/", pages.Front)
	get.PathPrefix("/records/").HandlerFunc(pages.Record)
	get.PathPrefix("/schemas/").Handler(web.Schemas())
	get.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	get.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) {
		if f.stopping.Load() {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		if _, err := db.Earliest(ctx); err != nil {
			log.ErrorContext(ctx, "not ready", "error", err)
			http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	get.Handle("/metrics", f.metrics.handler(log))
	return r
}

func profiles() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("/debug/pprof/", pprof.Index)
	m.HandleFunc("/debug/pprof/profile", pprof.Profile)
	m.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return m
}
