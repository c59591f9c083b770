package main

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sheaf/oai"
	"sheaf/store"
	"sheaf/store/postgres"
)

// metrics is what /metrics tells. Every label has few values, whatever a client sends.
type metrics struct {
	registry *prometheus.Registry

	http     *prometheus.CounterVec   // kind, code
	seconds  *prometheus.HistogramVec // kind
	underWay *prometheus.GaugeVec     // kind
	refused  *prometheus.CounterVec   // kind, reason

	oai      *prometheus.CounterVec   // verb, format, error
	page     *prometheus.HistogramVec // verb
	size     *prometheus.HistogramVec // verb
	entries  *prometheus.CounterVec   // verb, format
	begun    *prometheus.CounterVec   // verb, format
	finished *prometheus.CounterVec   // verb, format

	changes *prometheus.CounterVec // by, outcome
}

// newMetrics counts for a store and a repository.
func newMetrics(db store.Store, repository *oai.Repository, log *slog.Logger) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
		m.registry.MustRegister(h)
		return h
	}
	seconds := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
	m.http = counter("sheaf_http_requests_total", "Requests by kind (oai, api, page, operator) and status; cut: the connection was closed before the end of the response.", "kind", "code")
	m.seconds = histogram("sheaf_http_request_seconds", "Time to the end of sending.", seconds, "kind")
	m.underWay = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sheaf_http_requests_under_way", Help: "Requests being answered."}, []string{"kind"})
	m.registry.MustRegister(m.underWay)
	m.refused = counter("sheaf_http_refused_total", "Requests refused to keep others served: too many a second (rate), too many at a time from one client (client) or in all (full). Of kind connection: connections.", "kind", "reason")
	m.oai = counter("sheaf_oai_requests_total", "OAI-PMH requests by verb (other: none that is known), metadataPrefix and error: a code of the protocol, an HTTP status, or cut.", "verb", "format", "error")
	m.page = histogram("sheaf_oai_response_seconds", "Time to the end of sending of OAI-PMH responses without an error.", seconds, "verb")
	m.size = histogram("sheaf_oai_response_bytes", "Size of OAI-PMH responses without an error, as sent.", prometheus.ExponentialBuckets(1<<10, 4, 9), "verb")
	m.entries = counter("sheaf_oai_entries_total", "Records, headers and sets served.", "verb", "format")
	m.begun = counter("sheaf_oai_lists_begun_total", "Lists of which the first response was served.", "verb", "format")
	m.finished = counter("sheaf_oai_lists_finished_total", "Lists of which the last response was served.", "verb", "format")
	m.changes = counter("sheaf_changes_total", "Changes that this process asked of the store, by who asked (api, refresh) and outcome (created, updated, unchanged, deleted, stale, ...).", "by", "outcome")
	for _, kind := range []string{kindOAI, kindAPI, kindPage} { // a rate needs a zero to begin with
		for _, reason := range []string{tooOften, tooMany, allTaken} {
			m.refused.WithLabelValues(kind, reason)
		}
	}
	m.refused.WithLabelValues("connection", tooMany)
	for _, by := range []string{byAPI, byRefresh} {
		for _, outcome := range []store.Status{store.Created, store.Updated, store.Unchanged, store.Deleted} {
			m.changes.WithLabelValues(by, string(outcome))
		}
	}
	m.registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "sheaf_oai_record_faults_total", Help: "Records that could not be read and were left out of a list."},
			func() float64 { return float64(repository.Faults()) }),
		newStoreCollector(db, log),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	version, revision := build()
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sheaf_build_info", Help: "1; its labels say which build this is."}, []string{"version", "revision"})
	info.WithLabelValues(version, revision).Set(1)
	m.registry.MustRegister(info)
	return m
}

func (m *metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError)})
}

// answered counts a response.
func (m *metrics) answered(kind string, status int, cut bool, took time.Duration) {
	code := strconv.Itoa(status)
	if cut {
		code = "cut"
	}
	m.http.WithLabelValues(kind, code).Inc()
	m.seconds.WithLabelValues(kind).Observe(took.Seconds())
}

// observe counts an OAI-PMH response; it is for oai.Repository.
func (m *metrics) observe(a oai.Answered) {
	verb, fault := a.Verb, string(a.Code)
	if verb == "" {
		verb = "other"
	}
	switch a.Status {
	case http.StatusOK:
	case 0:
		fault = "cut"
	default:
		fault = strconv.Itoa(a.Status)
	}
	m.oai.WithLabelValues(verb, a.Prefix, fault).Inc()
	if fault != "" {
		return
	}
	m.page.WithLabelValues(verb).Observe(a.Took.Seconds())
	m.size.WithLabelValues(verb).Observe(float64(a.Bytes))
	if a.Entries > 0 {
		m.entries.WithLabelValues(verb, a.Prefix).Add(float64(a.Entries))
	}
	if a.First {
		m.begun.WithLabelValues(verb, a.Prefix).Inc()
	}
	if a.Last {
		m.finished.WithLabelValues(verb, a.Prefix).Inc()
	}
}

// Who asks for changes: the deposit API, and what renders outdated records anew. An import by the command line is another process.
const (
	byAPI     = "api"
	byRefresh = "refresh"
)

// counted is a store whose changes are counted.
type counted struct {
	store.Store
	by      string
	changes *prometheus.CounterVec
}

func (m *metrics) counted(db store.Store, by string) *counted { return &counted{db, by, m.changes} }

func (c *counted) Put(ctx context.Context, changes []store.Change) ([]store.Outcome, error) {
	outcomes, err := c.Store.Put(ctx, changes)
	if err == nil {
		for _, o := range outcomes {
			c.changes.WithLabelValues(c.by, string(o.Status)).Inc()
		}
	}
	return outcomes, err
}

// expiring tells when the certificate in use ends.
func (m *metrics) expiring(c *certificate) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sheaf_tls_certificate_expires_seconds", Help: "When the certificate in use ends, in seconds since 1970."},
		func() float64 { return float64(c.expires().Unix()) }))
}

// open tells how many connections are open.
func (m *metrics) open(c *connections) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sheaf_http_connections", Help: "Open connections."},
		func() float64 { return float64(c.open()) }))
}

// storeCollector asks the store when it is asked.
type storeCollector struct {
	db  store.Store
	log *slog.Logger

	up, items, deleted, sets, records, bytes, clock, lag *prometheus.Desc
	conns, maxConns, healthy, replicaLag                 *prometheus.Desc // of a store with a Status
}

// statuser is a store that is reached through pools of connections.
type statuser interface {
	Status(context.Context) postgres.Status
}

func newStoreCollector(db store.Store, log *slog.Logger) *storeCollector {
	gauge := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &storeCollector{
		db:      db,
		log:     log,
		up:      gauge("sheaf_store_up", "Whether the store answers."),
		items:   gauge("sheaf_items", "Live items."),
		deleted: gauge("sheaf_items_deleted", "Tombstones."),
		sets:    gauge("sheaf_sets", "Sets."),
		records: gauge("sheaf_records", "Records, live and deleted, by metadataPrefix.", "format"),
		bytes:   gauge("sheaf_store_bytes", "Size of the database."),
		clock:   gauge("sheaf_store_clock_seconds", "The responseDate that a harvester would be told now, in seconds since 1970."),
		lag:     gauge("sheaf_store_clock_lag_seconds", "How far that is behind this machine's clock: more than some seconds when a writer holds the store or a replica is behind."),

		conns:      gauge("sheaf_store_connections", "Connections to PostgreSQL by pool (write, read, or a replica) and state (used, idle).", "pool", "state"),
		maxConns:   gauge("sheaf_store_connections_max", "Most connections that a pool may have.", "pool"),
		healthy:    gauge("sheaf_store_replica_healthy", "Whether a replica answered when it was last asked.", "replica"),
		replicaLag: gauge("sheaf_store_replica_lag_seconds", "How far its clock was behind the primary's.", "replica"),
	}
}

func (c *storeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.items, c.deleted, c.sets, c.records, c.bytes, c.clock, c.lag, c.conns, c.maxConns, c.healthy, c.replicaLag} {
		ch <- d
	}
}

func (c *storeCollector) Collect(ch chan<- prometheus.Metric) {
	give := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if db, ok := c.db.(statuser); ok {
		pool := func(name string, conns postgres.Conns) {
			give(c.conns, float64(conns.InUse), name, "used")
			give(c.conns, float64(conns.Idle), name, "idle")
			give(c.maxConns, float64(conns.Max), name)
		}
		st := db.Status(ctx)
		pool("write", st.Write)
		pool("read", st.Read)
		for _, r := range st.Replicas {
			pool(r.Name, r.Conns)
			healthy := 0.0
			if r.Healthy {
				healthy = 1
			}
			give(c.healthy, healthy, r.Name)
			give(c.replicaLag, float64(r.Lag), r.Name)
		}
	}
	clock, err := c.db.Tick(ctx)
	if err == nil {
		var st store.Stats
		if st, err = c.db.Stats(ctx); err == nil {
			give(c.items, float64(st.Items))
			give(c.deleted, float64(st.Deleted))
			give(c.sets, float64(st.Sets))
			for prefix, n := range st.Records {
				give(c.records, float64(n), prefix)
			}
			give(c.bytes, float64(st.Bytes))
			give(c.clock, float64(clock))
			give(c.lag, max(0, time.Since(store.Time(clock)).Seconds()))
		}
	}
	if err != nil {
		c.log.Error("metrics: the store does not answer", "error", err)
		give(c.up, 0)
		return
	}
	give(c.up, 1)
}
