package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"sheaf/ingest"
	"sheaf/ingest/cut"
	"sheaf/ingest/harvest"
	"sheaf/store"
)

// stateFlag says where the state of harvests is kept.
type stateFlag struct {
	HarvestState string `help:"File that keeps how far harvests have come; the default is the --db file's name with .harvest.json, or sheaf.harvest.json here for PostgreSQL." placeholder:"FILE"`
}

// state opens the state of harvests.
func (f stateFlag) state(s *settings) (*harvest.State, error) {
	path := f.HarvestState
	switch {
	case path != "":
	case isPostgres(s.DB):
		path = "sheaf.harvest.json"
	default:
		path = s.DB + ".harvest.json"
	}
	return harvest.OpenState(path)
}

// harvestFlags are those of an import that speak of OAI-PMH endpoints.
type harvestFlags struct {
	stateFlag
	From           string        `help:"Of an endpoint: what changed on this day or later, YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ; such a run is for itself, and the next does not go on from it." placeholder:"DATE"`
	Until          string        `help:"Of an endpoint: what changed until this day, inclusive." placeholder:"DATE"`
	SourceSet      string        `help:"Of an endpoint: only this set of its own." placeholder:"SPEC"`
	Prefix         string        `help:"Of an endpoint: take this metadataPrefix; the default is the best that it offers, and oai_dc for items that lack it." placeholder:"PREFIX"`
	Full           bool          `help:"Of an endpoint: take everything again, not only what changed since the last run; a full run that was stopped goes on."`
	Rate           float64       `default:"1" help:"Of an endpoint: requests a second, at most; one at a time. 0: no limit, for a server of your own."`
	Overlap        time.Duration `help:"Of an endpoint: ask from so much earlier than it said the last run began; for one that writes local time. 24h covers every zone."`
	DeleteVanished bool          `help:"Of an endpoint that keeps no deletions: after a full run, leave tombstones for what it no longer knows. The default is to tell how many."`
}

// Validate is called by kong.
func (f *harvestFlags) Validate() error {
	switch {
	case f.Rate < 0:
		return fmt.Errorf("--rate %g: want 0 or more", f.Rate)
	case f.Overlap < 0:
		return fmt.Errorf("--overlap %s: want 0 or more", f.Overlap)
	case f.DeleteVanished && (f.From != "" || f.Until != "" || f.SourceSet != ""):
		return errors.New("--delete-vanished: only a full run of the whole endpoint tells what has vanished: want no --from, --until, --source-set")
	}
	return nil
}

// isAddress tells whether a path of the command line is an endpoint.
func isAddress(path string) bool {
	return strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://")
}

// harvester makes one for an endpoint. state may be nil.
func (f *harvestFlags) harvester(s *settings, db store.Store, url string, state *harvest.State) *harvest.Harvester {
	h := &harvest.Harvester{
		URL: url, Set: f.SourceSet, Prefix: f.Prefix, From: f.From, Until: f.Until, Full: f.Full, DeleteVanished: f.DeleteVanished, Overlap: f.Overlap,
		State: state, Stored: storedSource(db), Known: harvestedFrom(db), UserAgent: s.userAgent(),
	}
	if f.Rate > 0 {
		h.Pause = time.Duration(float64(time.Second) / f.Rate)
	}
	return h
}

// userAgent tells an endpoint who asks and whom to write to.
//
// Source: OAI-PMH 2.0 Implementation Guidelines for Harvester Implementers §2.1.
func (s *settings) userAgent() string {
	v, _ := build()
	var who []string
	if s.BaseURL != "" {
		who = append(who, "+"+s.BaseURL)
	}
	for _, a := range s.AdminEmail {
		if !strings.HasSuffix(a, "@sheaf.example.org") { // the default is nobody's
			who = append(who, "mailto:"+a)
		}
	}
	if len(who) == 0 {
		return "Sheaf/" + v
	}
	return "Sheaf/" + v + " (" + strings.Join(who, "; ") + ")"
}

// storedSource finds what an item has from a harvested record, by the names that package ingest gives both.
func storedSource(db store.Store) func(ctx context.Context, identifier, name string) ([]byte, error) {
	return func(ctx context.Context, identifier, name string) ([]byte, error) {
		owners, err := db.Resolve(ctx, []string{"oai:" + identifier})
		if err != nil || len(owners) == 0 || owners[0] == "" {
			return nil, err
		}
		sources, err := db.Source(ctx, owners[0])
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		for _, src := range sources {
			if src.Name == name {
				return src.Data, nil
			}
		}
		return nil, err
	}
}

// harvestedFrom finds the live items that say they were harvested from one of some base URLs.
func harvestedFrom(db store.Store) func(ctx context.Context, bases []string, yield func(string) error) error {
	return func(ctx context.Context, bases []string, yield func(string) error) error {
		q := store.Query{Prefix: "oai_dc", Limit: 500, Headers: true}
		for {
			var locals []string
			page, err := db.List(ctx, q, func(r *store.Row) error {
				if !r.Deleted {
					locals = append(locals, string(r.Local))
				}
				return nil
			})
			if err != nil {
				return err
			}
			for _, local := range locals {
				item, err := db.Get(ctx, local)
				if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrCorrupt) {
					continue
				}
				if err != nil {
					return err
				}
				var a struct {
					Origin struct{ BaseURL, Identifier string }
				}
				if json.Unmarshal(item.Article, &a) != nil || item.Deleted || a.Origin.Identifier == "" || !slices.Contains(bases, a.Origin.BaseURL) {
					continue
				}
				if err := yield(a.Origin.Identifier); err != nil {
					return err
				}
			}
			if !page.More {
				return nil
			}
			q.After, q.Until = page.Last, page.Until
		}
	}
}

// owed remembers whose the inputs are that an importer has not reported on yet, in their order: it reports on all, in order.
type owed struct {
	mu    sync.Mutex
	queue []func(ingest.Outcome) // nil: nobody's
}

func (o *owed) push(tell func(ingest.Outcome)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = append(o.queue, tell)
}

// told passes on the next outcome.
func (o *owed) told(out ingest.Outcome) {
	o.mu.Lock()
	tell := o.queue[0]
	o.queue = o.queue[1:]
	o.mu.Unlock()
	if tell != nil {
		tell(out)
	}
}

// walk yields what h harvests. Where the harvest stops for a reason of its own, why is in stopped, and the walk ends well: what has come is to be stored.
func (o *owed) walk(ctx context.Context, h *harvest.Harvester, yield func(ingest.Input) error) (stopped, err error) {
	ack := func(ingest.Outcome) { h.Ack() }
	var ours error
	err = h.Walk(ctx, func(name string, r cut.Record) error {
		o.push(ack)
		in := ingest.Input{Name: name, Kind: "oai", Data: r.Data, Err: r.Err}
		if r.Err != nil {
			in.Line = r.Line // of the answer; a record that can be read has an address of its own
		}
		ours = yield(in)
		return ours
	})
	if ours != nil || ctx.Err() != nil {
		return nil, err
	}
	return err, nil
}

// walk yields what the paths of an import hold, files and endpoints.
func (c *importCmd) walk(ctx context.Context, s *settings, db store.Store, walker *ingest.Walker, o *owed, b *bar, errs io.Writer, yield func(ingest.Input) error) error {
	for _, path := range c.Path {
		if !isAddress(path) {
			err := walker.Walk(ctx, []string{path}, func(in ingest.Input) error {
				o.push(nil)
				return yield(in)
			})
			if err != nil {
				return err
			}
			continue
		}
		var state *harvest.State
		if !c.DryRun {
			var err error
			if state, err = c.state(s); err != nil {
				return err
			}
		}
		h := c.harvester(s, db, path, state)
		h.Progress = b.records
		if s.Verbose {
			h.Log = s.log(errs)
		}
		stopped, err := o.walk(ctx, h, yield)
		b.clear()
		tellHarvest(errs, h, errors.Join(stopped, err))
		c.harvests, c.stopped = append(c.harvests, h), errors.Join(c.stopped, stopped)
		if err != nil {
			return err
		}
	}
	return nil
}

// finished returns why harvests stopped and the error of keeping their state, after the import.
func (c *importCmd) finished() error {
	all := []error{c.stopped}
	for _, h := range c.harvests {
		all = append(all, h.Finish())
	}
	return errors.Join(all...)
}

// tellHarvest tells people what a harvest did beside the records themselves.
func tellHarvest(w io.Writer, h *harvest.Harvester, err error) {
	sum := h.Summary()
	for _, n := range sum.Notes {
		fmt.Fprintf(w, "sheaf: %s: %s\n", h.URL, n)
	}
	if sum.Gone > 0 {
		fmt.Fprintf(w, "sheaf: %s: %d items are no longer listed there", h.URL, sum.Gone)
		if h.DeleteVanished {
			fmt.Fprintln(w, "; those that it does not know any more are deleted here")
		} else {
			fmt.Fprintf(w, ", such as %s; --full --delete-vanished leaves tombstones\n", sum.Vanished[0])
		}
	}
	if sum.Format == "" {
		return
	}
	fmt.Fprintf(w, "sheaf: %s: %d records of %s", h.URL, sum.Records, sum.Format)
	if sum.OtherForm > 0 {
		fmt.Fprintf(w, " (%d have only oai_dc)", sum.OtherForm)
	}
	if sum.From != "" {
		fmt.Fprintf(w, ", changed from %s on", sum.From)
	}
	fmt.Fprintf(w, ", in %d requests", sum.Requests)
	switch {
	case err != nil:
		fmt.Fprint(w, "; it stopped, and the next run goes on from there")
	case sum.Next != "":
		fmt.Fprintf(w, "; the next run asks from %s on", sum.Next)
	}
	fmt.Fprintln(w)
}

// newHarvestBar is the progress of an import from endpoints: in records, of the size that they announce.
func newHarvestBar(w io.Writer) *bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	return &bar{b: progressbar.NewOptions64(-1, progressbar.OptionSetWriter(f), progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetDescription("0 articles"), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth())}
}

// records shows how many records of a list have come.
func (b *bar) records(n, size int) {
	if b.b == nil {
		return
	}
	if size > 0 {
		b.b.ChangeMax(max(size, n))
	}
	b.b.Set(n)
}

// source is an endpoint that serve harvests again and again, as --harvest names it: URL[;NAME=VALUE...].
type source struct {
	harvestFlags
	url   string
	every time.Duration // 0: --harvest-every
}

// sourceOptions are what may follow the URL.
var sourceOptions = []string{"set", "prefix", "every", "rate", "overlap", "delete-vanished"}

func (c *source) UnmarshalText(text []byte) (err error) {
	parts := strings.Split(string(text), ";")
	c.url, c.Rate = strings.TrimSpace(parts[0]), 1
	if !isAddress(c.url) {
		return fmt.Errorf("%q is no endpoint: want http:// or https://", c.url)
	}
	for _, p := range parts[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		switch name {
		case "set":
			c.SourceSet = value
		case "prefix":
			c.Prefix = value
		case "every":
			if c.every, err = time.ParseDuration(value); err == nil && c.every < time.Minute {
				err = errors.New("want a minute or more")
			}
		case "rate":
			c.Rate, err = strconv.ParseFloat(value, 64)
		case "overlap":
			c.Overlap, err = time.ParseDuration(value)
		case "delete-vanished":
			if c.DeleteVanished = true; value != "" {
				c.DeleteVanished, err = strconv.ParseBool(value)
			}
		default:
			return fmt.Errorf("%q is no option of a harvest: want %s", p, strings.Join(sourceOptions, ", "))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return c.Validate()
}

// harvestTables writes the tables [[harvest]] of a file of settings as the flag has them.
func harvestTables(tables []map[string]any) (flags []any, err error) {
	for _, t := range tables {
		url, _ := t["url"].(string)
		if !isAddress(url) {
			return nil, errors.New("--config: [[harvest]]: want url = \"https://...\"")
		}
		flag := url
		for _, name := range slices.Sorted(maps.Keys(t)) {
			switch {
			case name == "url":
			case slices.Contains(sourceOptions, name):
				flag += fmt.Sprintf(";%s=%v", name, t[name])
			default:
				return nil, fmt.Errorf("--config: [[harvest]]: %q is no setting: want url, %s", name, strings.Join(sourceOptions, ", "))
			}
		}
		flags = append(flags, flag)
	}
	return flags, nil
}

// harvestServe are the flags of serve for what it harvests.
type harvestServe struct {
	stateFlag
	Harvest      []source      `help:"Keep an OAI-PMH endpoint's records here up to date; may be given several times. Options: set=SPEC, prefix=PREFIX, every=24h, rate=1, overlap=24h, delete-vanished." sep:"none" placeholder:"URL[;OPTION...]"`
	HarvestEvery time.Duration `default:"24h" help:"How often each --harvest is asked for what changed."`
}

// Validate is called by kong.
func (c *harvestServe) Validate() error {
	if c.HarvestEvery < time.Minute {
		return fmt.Errorf("--harvest-every %s: want a minute or more", c.HarvestEvery)
	}
	return nil
}

// A scheduler harvests one endpoint again and again.
type scheduler struct {
	source
	every   time.Duration
	state   *harvest.State
	db      store.Store
	s       *settings
	log     *slog.Logger
	metrics *harvestMetrics
}

// start begins to harvest what the flags name; the function that it returns waits until all have stopped, after the end of ctx.
func (c *harvestServe) start(ctx context.Context, s *settings, db store.Store, m *metrics, log *slog.Logger) (wait func(), err error) {
	var running sync.WaitGroup
	if len(c.Harvest) == 0 {
		return running.Wait, nil
	}
	state, err := c.state(s)
	if err != nil {
		return nil, err
	}
	counts := m.harvesting()
	for _, src := range c.Harvest {
		h := &scheduler{source: src, every: src.every, state: state, db: m.counted(db, byHarvest), s: s, log: log.With("harvest", src.url), metrics: counts}
		if h.every == 0 {
			h.every = c.HarvestEvery
		}
		running.Go(func() { h.run(ctx) })
	}
	return running.Wait, nil
}

// run harvests when the state says it is due, until ctx ends. After a failure it is tried again sooner than the next time would be: after a minute at first, then
// twice as long each time. No error ends it.
func (h *scheduler) run(ctx context.Context) {
	due := h.state.Due(harvest.Source{URL: h.url, Set: h.SourceSet, Prefix: h.Prefix}, h.every)
	for failed := 0; ; {
		wait := time.Until(due)
		if wait > 0 { // so that many sources, or nodes, do not all begin at once
			wait += time.Duration(rand.Float64() * float64(min(h.every/10, 10*time.Minute)))
		}
		select {
		case <-time.After(max(wait, 0)):
		case <-ctx.Done():
			return
		}
		err := h.once(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			pause := min(time.Minute<<min(failed, 20), h.every)
			failed++
			due = time.Now().Add(pause)
			h.log.Error("harvest stopped; it goes on later", "error", err, "in", pause)
		default:
			failed = 0
			due = time.Now().Add(h.every)
		}
	}
}

// once harvests what is new.
func (h *scheduler) once(ctx context.Context) error {
	hv := h.harvester(h.s, h.db, h.url, h.state)
	hv.Log = h.log
	var o owed
	importer := &ingest.Importer{Store: h.db, Each: func(out ingest.Outcome) {
		if out.Err != nil {
			h.log.Warn("refused", "record", out.Name, "reason", out.Err)
		}
		o.told(out)
	}}
	began := time.Now()
	var stopped error
	report, err := importer.Import(ctx, func(ctx context.Context, yield func(ingest.Input) error) (err error) {
		stopped, err = o.walk(ctx, hv, yield)
		return err
	})
	err = errors.Join(err, stopped, hv.Finish())
	sum := hv.Summary()
	h.metrics.told(h.url, err, report, began)
	if sum.Gone > 0 {
		h.log.Warn("items are no longer listed", "count", sum.Gone, "such as", sum.Vanished[0], "deleted", hv.DeleteVanished)
	}
	h.log.Info("harvested", "records", sum.Records, "format", sum.Format, "from", sum.From, "requests", sum.Requests, "created", report.Created, "updated", report.Updated,
		"unchanged", report.Unchanged, "deleted", report.Deleted, "rejected", report.Rejected, "took", time.Since(began).Round(time.Millisecond))
	return err
}

// byHarvest is who asks for changes: --harvest.
const byHarvest = "harvest"

// harvestMetrics is what /metrics tells of --harvest. The sources are those of the command line.
type harvestMetrics struct {
	runs, records *prometheus.CounterVec // source, outcome
	last, took    *prometheus.GaugeVec   // source
}

func (m *metrics) harvesting() *harvestMetrics {
	h := &harvestMetrics{
		runs:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sheaf_harvest_runs_total", Help: "Harvests by source and outcome (complete, stopped)."}, []string{"source", "outcome"}),
		records: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sheaf_harvest_records_total", Help: "Harvested records by source and outcome (created, updated, unchanged, deleted, rejected)."}, []string{"source", "outcome"}),
		last:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sheaf_harvest_complete_seconds", Help: "When a harvest of the source was last complete, in seconds since 1970; 0: not since the start."}, []string{"source"}),
		took:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sheaf_harvest_seconds", Help: "How long the last harvest of the source took."}, []string{"source"}),
	}
	m.registry.MustRegister(h.runs, h.records, h.last, h.took)
	return h
}

// told counts a harvest.
func (m *harvestMetrics) told(url string, err error, r ingest.Report, began time.Time) {
	outcome := "complete"
	if err != nil {
		outcome = "stopped"
	} else {
		m.last.WithLabelValues(url).Set(float64(time.Now().Unix()))
	}
	m.runs.WithLabelValues(url, outcome).Inc()
	m.took.WithLabelValues(url).Set(time.Since(began).Seconds())
	for name, n := range map[string]int{"created": r.Created, "updated": r.Updated, "unchanged": r.Unchanged, "deleted": r.Deleted, "rejected": r.Rejected} {
		m.records.WithLabelValues(url, name).Add(float64(n))
	}
}
