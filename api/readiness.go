package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"sheaf/crosswalk"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
	"sheaf/ready"
	"sheaf/store"
)

// What indexing services would say (package ready): of one item, of the whole repository, and which items fail one rule.
//
// The tally of the repository reads every article. It is made by one request at a time while others wait for it, a page of items at a time, so that it takes
// no more memory however many there are; and it is kept until an item changes or a new day begins. A repository that changes all the time is counted anew no
// oftener than leaves the counting a twentieth of the time: until then the last tally is given, with the time that it is of.

const (
	tallyPage = 256  // items that are read, and then judged, at a time
	tallyKeep = 10   // identifiers that the tally names for each rule
	tallyRest = 20   // how many times as long as it took, a tally that is out of date is given all the same
	maxJudged = 1024 // items judged for one page of those that fail a rule
)

// readiness is what services say of one item.
type readiness struct {
	Identifier string        `json:"identifier"`
	Local      string        `json:"local"`
	Datestamp  string        `json:"datestamp"`
	Day        string        `json:"day"` // UTC; an embargo may end
	Services   []answerOfOne `json:"services"`
}

type serviceOf struct {
	Service string `json:"service"`
	Title   string `json:"title"`
	URL     string `json:"url"`
}

type answerOfOne struct {
	serviceOf
	Ready    bool         `json:"ready"`
	Findings []findingOne `json:"findings"`
}

type ruleOf struct {
	Code   string      `json:"code"`
	Level  ready.Level `json:"level"`
	Stops  bool        `json:"stops"`
	Brief  string      `json:"brief"`
	Says   string      `json:"says"`
	Source string      `json:"source"`
}

type findingOne struct {
	ruleOf
	Found string `json:"found,omitempty"`
}

// readinessTally is what services say of all live items.
type readinessTally struct {
	Until    string        `json:"until"` // the tally is of what was so at this time
	Day      string        `json:"day"`
	Records  int           `json:"records"`
	Services []answerOfAll `json:"services"`
}

type answerOfAll struct {
	serviceOf
	Ready int         `json:"ready"`
	Text  string      `json:"text"`
	Rules []countRule `json:"rules"`
}

type countRule struct {
	ruleOf
	Records     int      `json:"records"`
	Identifiers []string `json:"identifiers"` // of the first
	More        string   `json:"more"`        // address of the list of all
}

// failures is a page of the items that fail a rule.
type failures struct {
	Rule    ruleOf    `json:"rule"`
	Service serviceOf `json:"service"`
	Records []failure `json:"records"`
	Until   string    `json:"until"`
	Next    string    `json:"next,omitempty"`
}

type failure struct {
	Identifier string `json:"identifier"`
	Local      string `json:"local"`
	Found      string `json:"found,omitempty"`
	URL        string `json:"url"` // of its readiness
}

func tellService(s *ready.Service) serviceOf { return serviceOf{s.Name, s.Title, s.URL} }

func tellRule(r *ready.Rule) ruleOf {
	return ruleOf{r.Code, r.Level, r.Stops(), r.Brief, r.Says, r.Source}
}

// asked are the services that the parameter "service" names, parted by commas or given several times; all without it.
func asked(query url.Values) ([]*ready.Service, error) {
	var names []string
	for name, values := range query {
		if name != "service" {
			return nil, badParameter(name, "there is no such parameter; want service")
		}
		for _, v := range values {
			names = append(names, strings.Split(v, ",")...)
		}
	}
	var out []*ready.Service
	for i := range ready.Services() {
		if s := &ready.Services()[i]; len(names) == 0 || slices.Contains(names, s.Name) {
			out = append(out, s)
		}
	}
	for _, name := range names {
		if ready.Find(name) == nil {
			var known []string
			for _, s := range ready.Services() {
				known = append(known, s.Name)
			}
			return nil, badParameter("service", "%q: want one of %s", name, strings.Join(known, ", "))
		}
	}
	return out, nil
}

func parseQuery(q *request) (url.Values, error) {
	query, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return nil, badParameter("query", "%q is not well percent-encoded", q.URL.RawQuery)
	}
	return query, nil
}

// readinessOfOne answers with what the services say of an item. An item that is itself called ".../readiness" comes first.
func (h *handler) readinessOfOne(w http.ResponseWriter, q *request) error {
	whole, err := h.name(q.Context(), q.local+"/readiness")
	if err == nil {
		if _, err := h.Store.Get(q.Context(), whole); !errors.Is(err, store.ErrNotFound) {
			q.local += "/readiness"
			return h.get(w, q)
		}
	}
	query, err := parseQuery(q)
	if err != nil {
		return err
	}
	services, err := asked(query)
	if err != nil {
		return err
	}
	item, err := h.live(q)
	if err != nil {
		return err
	}
	a, err := jats.LoadJSON(item.Article)
	if err != nil {
		return err
	}
	now := h.Now()
	out := readiness{h.identifier(item.Local), item.Local, datestamp(item.Datestamp), now.UTC().Format(time.DateOnly), []answerOfOne{}}
	r := crosswalk.Record(a, item.Local, now)
	for _, s := range services {
		answer := s.Answer(r)
		one := answerOfOne{tellService(s), answer.Ready, []findingOne{}}
		for _, f := range answer.Findings {
			one.Findings = append(one.Findings, findingOne{tellRule(f.Rule), f.Found})
		}
		out.Services = append(out.Services, one)
	}
	w.Header().Set("Cache-Control", "no-cache")
	return writeJSON(w, http.StatusOK, out)
}

// live is the item that the path names, which is there and not deleted.
func (h *handler) live(q *request) (*store.Item, error) {
	local, err := h.name(q.Context(), q.local)
	var p *problem
	if errors.As(err, &p) {
		return nil, fail("not-found", "there is no item called %q", q.local)
	}
	if err != nil {
		return nil, err
	}
	item, err := h.Store.Get(q.Context(), local)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, fail("not-found", "there is no item %s", h.identifier(local))
	case err != nil:
		return nil, err
	case item.Deleted:
		return nil, h.gone(item)
	}
	return item, nil
}

// tallies keeps the last tally of the repository.
type tallies struct {
	busy chan struct{} // holds one while a tally is made or looked at

	tally ready.Tally
	until int64 // datestamp up to which it is exact; 0: there is none
	day   string
	done  time.Time
	took  time.Duration
}

// readinessOfAll answers with the tally of the repository.
func (h *handler) readinessOfAll(w http.ResponseWriter, q *request) error {
	query, err := parseQuery(q)
	if err != nil {
		return err
	}
	services, err := asked(query)
	if err != nil {
		return err
	}
	out, err := h.tallied(q, newFlow(w), services)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-cache")
	return writeJSON(w, http.StatusOK, out)
}

// tallied is the tally as far as it is of those services.
func (h *handler) tallied(q *request, flow *flow, services []*ready.Service) (out readinessTally, err error) {
	flow.moved() // it may take longer than a request is given otherwise
	t := &h.tallies
	select {
	case t.busy <- struct{}{}:
		defer func() { <-t.busy }()
	case <-q.Context().Done():
		return out, q.Context().Err()
	}
	if err := h.recount(q, flow); err != nil {
		return out, err
	}
	out = readinessTally{datestamp(t.until), t.day, t.tally.Records, []answerOfAll{}}
	for _, s := range services {
		all := answerOfAll{serviceOf: tellService(s), Rules: []countRule{}}
		sum := &ready.Sum{Service: s}
		if i := slices.IndexFunc(t.tally.Sums, func(x ready.Sum) bool { return x.Service == s }); i >= 0 {
			sum = &t.tally.Sums[i]
		}
		all.Ready, all.Text = sum.Ready, sum.String()
		for _, c := range sum.Counts {
			all.Rules = append(all.Rules, countRule{tellRule(c.Rule), c.Records, c.Identifiers, h.Site + "/api/v1/readiness/" + c.Rule.Code})
		}
		out.Services = append(out.Services, all)
	}
	return out, nil
}

// recount makes the tally anew if it must be.
func (h *handler) recount(q *request, flow *flow) error {
	t := &h.tallies
	began := h.Now()
	day := began.UTC().Format(time.DateOnly)
	if _, err := h.Store.Tick(q.Context()); err != nil {
		return err
	}
	if t.until != 0 && t.day == day {
		page, err := h.Store.List(q.Context(), store.Query{Prefix: "oai_dc", From: t.until, Limit: 1, Headers: true}, func(*store.Row) error { return nil })
		if err != nil {
			return err
		}
		if page.Rows+page.Faults == 0 || began.Sub(t.done) < tallyRest*t.took {
			return nil
		}
	}
	tally := ready.Tally{Keep: tallyKeep}
	until, after := int64(0), store.Key{}
	for more := true; more; {
		flow.moved()
		if h.Stopping() {
			return fail("unavailable", "the server is about to end")
		}
		page, err := h.judge(q.Context(), store.Query{Prefix: "oai_dc", Until: until, After: after, Limit: tallyPage, Headers: true}, began, ready.Record,
			func(row store.Key, answers []ready.Answer) { tally.Add(h.identifier(row.Local), answers) })
		if err != nil {
			return err
		}
		if page.Faults > 0 {
			q.log.ErrorContext(q.Context(), "api: records left out of the readiness tally: they cannot be read", "count", page.Faults, "upto", page.Last)
		}
		until, after, more = min(page.Until, page.Clock), page.Last, page.More
	}
	t.tally, t.until, t.day, t.done = tally, until, day, h.Now()
	t.took = t.done.Sub(began)
	return nil
}

// judge reads the live items of one page, several at a time, and tells what is said of each in the order of the page. An item that was deleted since the page was
// read is left out; one whose article cannot be read counts as a fault.
func (h *handler) judge(ctx context.Context, query store.Query, at time.Time, ask func(*flat.Record) []ready.Answer, tell func(at store.Key, answers []ready.Answer)) (store.Page, error) {
	var rows []store.Key
	page, err := h.Store.List(ctx, query, func(row *store.Row) error {
		if !row.Deleted {
			rows = append(rows, store.Key{Datestamp: row.Datestamp, Local: string(row.Local)})
		}
		return nil
	})
	if err != nil {
		return page, err
	}
	answers, damaged := make([][]ready.Answer, len(rows)), 0
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, row := range rows {
		g.Go(func() error { // each writes a place of its own
			item, err := h.Store.Get(ctx, row.Local)
			if errors.Is(err, store.ErrNotFound) || err == nil && item.Deleted {
				return nil
			}
			var a *jats.Article
			if err == nil {
				a, err = jats.LoadJSON(item.Article)
			} else if !errors.Is(err, store.ErrCorrupt) {
				return err
			}
			if err != nil {
				mu.Lock()
				damaged++
				mu.Unlock()
				return nil
			}
			answers[i] = ask(crosswalk.Record(a, row.Local, at))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return page, err
	}
	for i, row := range rows {
		if answers[i] != nil {
			tell(row, answers[i])
		}
	}
	page.Faults += damaged
	return page, nil
}

// failingRule answers with a page of the items that fail a rule, in the order and by the parameters of a list of records.
func (h *handler) failingRule(w http.ResponseWriter, q *request) error {
	var service *ready.Service
	var rule *ready.Rule
	for i := range ready.Services() {
		if s := &ready.Services()[i]; rule == nil {
			service, rule = s, s.Rule(q.local)
		}
	}
	if rule == nil {
		return fail("not-found", "there is no rule called %q", q.local)
	}
	query, err := parseQuery(q)
	if err != nil {
		return err
	}
	if query.Has("deleted") {
		return badParameter("deleted", "a deleted item is asked nothing")
	}
	limit := defaultLimit
	if s := query.Get("limit"); query.Has("limit") {
		if limit, err = strconv.Atoi(s); err != nil || limit < 1 || limit > maxLimit {
			return badParameter("limit", "%q: want 1 to %d", s, maxLimit)
		}
	}
	f, first, err := filterOf(query)
	if err != nil {
		return err
	}
	if first {
		if _, err := h.Store.Tick(q.Context()); err != nil {
			return err
		}
	}
	flow, now := newFlow(w), h.Now()
	out := failures{Rule: tellRule(rule), Service: tellService(service), Records: []failure{}}
	ask := func(r *flat.Record) []ready.Answer {
		a := ready.Answer{Service: service}
		if ok, found := rule.Check(r); !ok {
			a.Findings = []ready.Finding{{Rule: rule, Found: found}}
		}
		return []ready.Answer{a}
	}
	more := true
	for judged := 0; more && len(out.Records) < limit && judged < maxJudged; {
		flow.moved()
		rest := false // whether the page holds items beyond the limit
		page, err := h.judge(q.Context(), store.Query{
			Prefix: "oai_dc", Set: f.Set, From: f.From, Until: f.Until, After: store.Key{Datestamp: f.Datestamp, Local: f.Local}, Limit: tallyPage, Headers: true,
		}, now, ask, func(row store.Key, answers []ready.Answer) {
			if rest = len(out.Records) == limit; rest {
				return
			}
			for _, x := range answers[0].Findings {
				out.Records = append(out.Records, failure{h.identifier(row.Local), row.Local, x.Found, h.self(row.Local) + "/readiness"})
			}
			f.Datestamp, f.Local = row.Datestamp, row.Local
		})
		if err != nil {
			return err
		}
		if first {
			f.Until, first = min(page.Until, page.Clock), false
		}
		if !rest && page.More {
			f.Datestamp, f.Local = page.Last.Datestamp, page.Last.Local
		}
		judged += page.Rows + page.Faults
		more = rest || page.More
	}
	out.Until = datestamp(f.Until)
	if more {
		next := url.Values{"cursor": {f.cursor()}}
		if query.Has("limit") {
			next.Set("limit", strconv.Itoa(limit))
		}
		out.Next = h.Site + "/api/v1/readiness/" + rule.Code + "?" + next.Encode()
		w.Header().Set("Link", "<"+out.Next+`>; rel="next"`)
	}
	w.Header().Set("Cache-Control", "no-cache")
	return writeJSON(w, http.StatusOK, out)
}
