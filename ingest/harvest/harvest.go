// Package harvest takes everything from an OAI-PMH endpoint, completely and exactly, or stops with a clear error from which the next run goes on. It fetches and
// keeps its place; what a record says is read elsewhere (ingest/oaipmh), and what becomes of it is told by Ack.
//
//	Identify, ListMetadataFormats ──> the best format ──> ListRecords ──> what that format lacks, in oai_dc ──> what has vanished
//
// # Completeness
//
// The next run asks from the responseDate of the first response of the last complete run, as the endpoint told it, never from our clock: by the protocol
// nothing that changed since can be missed. An answer is used only when it came whole. A token that is refused begins the list again where it
// began; records that came already come to nothing, because they are told by their bytes. The place in a list is kept only up to the records whose
// outcomes are known (Ack), so that a kill loses none.
//
// An item may lack the format that is harvested: then it is in no list of it. Where that format is not oai_dc, which every item has, the headers of oai_dc are
// listed too, and the items that did not come are taken in oai_dc: one by one up to [fewMissing], else by a list. The headers are not listed to the end when
// the endpoint announces as many as came, for what has the better format has oai_dc as well.
//
// # Clocks that disagree
//
// An endpoint that writes local time, with an offset or without, has two readings of each instant: the earlier is taken. Where its responseDate and the
// Date of its HTTP header differ, or a datestamp is later than the response that it is in, its clock is not to be trusted, and a day is taken off.
// Local time behind UTC in datestamps alone cannot be seen from outside: for that there is Overlap.
package harvest

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"sheaf/ingest/cut"
	"sheaf/ingest/oaipmh"
)

// Limits bound what an endpoint may cost. A zero field is its default.
type Limits struct {
	Response int64         // bytes of one answer, unpacked; 256 MiB
	Time     time.Duration // for one answer; 15 minutes
	Idle     time.Duration // without a byte of it; 5 minutes, as some take long to begin a list
	Wait     time.Duration // longest that an endpoint may ask us to wait (Retry-After); 15 minutes. Longer: the run stops
	Tries    int           // of one request; 8. Of one that is answered with what is no OAI-PMH, or the same each time: 3
}

// Harvester takes what one endpoint holds. It is for one Walk.
type Harvester struct {
	URL            string        // base URL, http or https; a query of its own is kept
	Set            string        // setSpec; "": all
	Prefix         string        // metadataPrefix; "": the best that there is, see [Best]
	From, Until    string        // datestamps, both inclusive; a run with one of these is for itself, and the next does not begin where it ended
	Full           bool          // from the beginning, whatever the state says; one that was stopped goes on
	DeleteVanished bool          // yield a tombstone for what is gone without one, after GetRecord has confirmed it
	Overlap        time.Duration // ask from so much earlier than the responseDate of the last run
	Pause          time.Duration // least time between the beginnings of two requests
	UserAgent      string
	State          *State // nil: none is kept

	// Stored returns the source that is stored under the name that Walk gives records, of the item that an OAI identifier names; nil if there is none. A record
	// that came before, byte for byte, is yielded as it is stored: the same but for its envelope, which tells when it came. Nil: none is known.
	Stored func(ctx context.Context, identifier, name string) ([]byte, error)

	// Known yields the OAI identifiers of the live items that were harvested from one of these base URLs. Nil: what has vanished is not looked for.
	Known func(ctx context.Context, baseURLs []string, yield func(identifier string) error) error

	Client   *http.Client // nil: one of its own
	Limits   Limits
	Log      *slog.Logger                                     // nil: silence
	Now      func() time.Time                                 // for State.Completed, Retry-After and the pace; nil: time.Now
	Sleep    func(ctx context.Context, d time.Duration) error // nil: as it says
	Progress func(records, size int)                          // told after each answer: records so far and the size of the list, 0 if unknown; may be nil

	mu       sync.Mutex
	given    int    // records yielded
	acked    int    // outcomes told
	marks    []mark // places to be kept once the outcomes before them are told
	stateErr error
	summary  Summary
}

// A mark is what the state is to say when so many records have their outcome.
type mark struct {
	given int
	to    Source
}

// Summary tells what a Walk did.
type Summary struct {
	Format    string   // metadataPrefix that was harvested
	From      string   // as asked for; "": everything
	Resumed   bool     // it went on where a run before had stopped
	Next      string   // where the next run begins; "" while this one is not complete, or for itself
	Requests  int      // answers that were asked for, tries included
	Records   int      // yielded
	Repeated  int      // came more than once and were yielded once
	Announced int      // completeListSize of the list of records; 0: none
	OtherForm int      // of Records, items taken in oai_dc because they lack the format
	Vanished  []string // identifiers that we have and the endpoint no longer lists, at most [maxVanished]
	Gone      int      // how many there are in all
	Notes     []string // what was odd: for people
}

const (
	fewMissing  = 100  // items that are asked for one by one
	maxVanished = 1000 // that are named
	maxRestarts = 3    // of one list, after its token was refused
	maxStale    = 100  // answers in a row without anything new
	doubt       = 24 * time.Hour
	disagree    = 5 * time.Minute // clocks that are apart by no more agree
)

// Summary returns what Walk has done so far.
func (h *Harvester) Summary() Summary {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.summary
}

// Ack tells that the outcome of the next record, in the order in which Walk yielded them, is known and durable. It is safe to call while Walk runs.
func (h *Harvester) Ack() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acked++
	h.settle()
}

// settle keeps the last place whose records all have their outcome.
func (h *Harvester) settle() {
	n := 0
	for n < len(h.marks) && h.marks[n].given <= h.acked {
		n++
	}
	if n == 0 {
		return
	}
	to := h.marks[n-1].to
	h.marks = h.marks[n:]
	if h.State != nil && h.stateErr == nil {
		h.stateErr = h.State.put(to)
	}
}

// mark sets where the next run goes on, once all that was yielded has its outcome.
func (h *Harvester) mark(to Source) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.marks = append(h.marks, mark{h.given, to})
	h.settle()
}

// Finish returns the error of keeping the state, when all outcomes are told. The records are safe; the next run may ask for more than it needs.
func (h *Harvester) Finish() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stateErr
}

func (h *Harvester) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	h.Log.Warn("harvest: "+text, "url", h.URL)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.summary.Notes) < maxVanished {
		h.summary.Notes = append(h.summary.Notes, text)
	}
}

func (h *Harvester) sum(f func(*Summary)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(&h.summary)
}

// Name is what a record is called: the address that shows it.
func (h *Harvester) Name(prefix, identifier string) string {
	return join(h.URL, "verb=GetRecord&metadataPrefix="+escape(prefix)+"&identifier="+url.PathEscape(identifier))
}

// key is the entry of the state that belongs to this harvest.
func (h *Harvester) key() Source {
	return Source{URL: h.URL, Set: h.Set, Prefix: h.Prefix, From: h.From, Until: h.Until}
}

// window tells whether the run is for itself.
func (h *Harvester) window() bool { return h.From != "" || h.Until != "" }

// Walk yields each record of the endpoint that is new since the last complete run, as a document that is read alone, in the order of its lists, with its
// name. Of one that came several times only what differs is yielded. The error is that of yield, of ctx, or why the harvest stopped; then the next run goes on.
func (h *Harvester) Walk(ctx context.Context, yield func(name string, r cut.Record) error) error {
	r, err := newRun(h, func(name string, rec cut.Record) error {
		h.sum(func(s *Summary) { s.Records++ })
		h.mu.Lock()
		h.given++
		h.mu.Unlock()
		return yield(name, rec)
	})
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.run(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	return nil
}

// A run is one Walk.
type run struct {
	*Harvester
	*fetcher
	yield func(name string, r cut.Record) error

	identify oaipmh.Identify
	base     string // text of a request element: what the endpoint calls itself
	format   string
	dc       bool // oai_dc is offered
	place    Source
	began    time.Time       // of the list: the first responseDate, by its earliest reading
	doubtful bool            // the endpoint's clock is not to be trusted
	seen     map[uint64]seen // by hash of the identifier
	whole    bool            // seen has all of the list, from its beginning
}

// seen is what came of an identifier.
type seen struct {
	sum   uint64 // of the record
	stamp int64
}

func newRun(h *Harvester, yield func(string, cut.Record) error) (*run, error) {
	u, err := url.Parse(h.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("harvest: %q is no base URL: want http:// or https://", h.URL)
	}
	u.Fragment = ""
	h.URL = u.String()
	for _, d := range []string{h.From, h.Until} {
		if _, ok := oaipmh.UTC(d); d != "" && !ok {
			return nil, fmt.Errorf("harvest: %q is no datestamp: want YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ", d)
		}
	}
	if h.Log == nil {
		h.Log = slog.New(slog.DiscardHandler)
	}
	if h.Now == nil {
		h.Now = time.Now
	}
	f, err := newFetcher(h)
	if err != nil {
		return nil, err
	}
	return &run{Harvester: h, fetcher: f, yield: yield, seen: map[uint64]seen{}}, nil
}

func (r *run) run(ctx context.Context) error {
	if err := r.introduce(ctx); err != nil {
		return err
	}
	r.place = r.key()
	if r.State != nil {
		r.place = r.State.Source(r.key())
	}
	if r.place.Format != r.format { // another format than the last time: of that nothing is here
		r.place.Since, r.place.Open = "", nil
	}
	r.place.Format = r.format
	if open := r.place.Open; open != nil && r.Full && open.From != "" {
		r.place.Open = nil
	}
	if r.place.Open == nil {
		r.place.Open = &Open{From: r.from()}
	}
	open := r.place.Open
	r.sum(func(s *Summary) {
		s.Format, s.From, s.Resumed = r.format, open.From, open.Token != "" || open.Listed
	})
	r.began, r.doubtful = instant(open.Began), open.Doubtful
	r.whole = open.Token == "" && !open.Listed
	if !open.Listed {
		if err := r.records(ctx); err != nil {
			return err
		}
	}
	if err := r.others(ctx); err != nil {
		return err
	}
	if err := r.vanished(ctx); err != nil {
		return err
	}
	return r.complete()
}

// introduce asks who is there and what it offers. An endpoint that answers neither well is harvested all the same: only the lists are needed.
func (r *run) introduce(ctx context.Context) error {
	err := r.ask(ctx, "verb=Identify", func(a *answer) (err error) {
		data, err := a.bytes()
		if err == nil {
			r.identify, err = oaipmh.ParseIdentify(data)
		}
		return err
	})
	if err := r.odd(ctx, "Identify", err); err != nil {
		return err
	}
	var formats []oaipmh.MetadataFormat
	err = r.ask(ctx, "verb=ListMetadataFormats", func(a *answer) (err error) {
		data, err := a.bytes()
		if err == nil {
			formats, err = oaipmh.ParseFormats(data)
		}
		return err
	})
	if err := r.odd(ctx, "ListMetadataFormats", err); err != nil {
		return err
	}
	r.format = r.Prefix
	if r.format == "" {
		r.format = Best(formats)
	}
	for _, f := range formats {
		r.dc = r.dc || f.Prefix == dcPrefix
	}
	r.dc = r.dc || len(formats) == 0
	return nil
}

// odd takes note of an answer that OAI-PMH does not know; any other error stops the harvest.
func (r *run) odd(ctx context.Context, verb string, err error) error {
	var stop *stopError
	if err == nil || ctx.Err() != nil || errors.As(err, &stop) {
		return err
	}
	r.note("%s is not answered well: %v", verb, err)
	return nil
}

// from is where a new run begins.
func (r *run) from() string {
	switch {
	case r.window():
		return r.granular(r.From, false)
	case r.Full || r.place.Since == "":
		return ""
	}
	since := instant(r.place.Since)
	if since.IsZero() {
		return ""
	}
	return r.granular(since.Add(-r.Overlap).Format(seconds), false)
}

const seconds = "2006-01-02T15:04:05Z"

// granular writes a datestamp as finely as the endpoint takes it; as a day, which all take, where it does not say. A day that is too coarse becomes its
// first second, or where it is an end its last: from and until must be of one granularity (OAI-PMH 2.0 §2.7.1).
func (r *run) granular(date string, end bool) string {
	fine := len(r.identify.Granularity) > len(time.DateOnly) || r.identify.Granularity == "" && len(r.identify.EarliestDatestamp) > len(time.DateOnly)
	switch utc, _ := oaipmh.UTC(date); {
	case utc == "":
		return ""
	case !fine:
		return utc[:len(time.DateOnly)]
	case len(utc) > len(time.DateOnly):
		return utc
	case end:
		return utc + "T23:59:59Z"
	default:
		return utc + "T00:00:00Z"
	}
}

// instant reads what UTC gives; the zero time if it is none.
func instant(s string) time.Time {
	utc, ok := oaipmh.UTC(s)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(seconds, utc)
	if err != nil {
		t, _ = time.Parse(time.DateOnly, utc)
	}
	return t
}

// records yields the list of records in the chosen format.
func (r *run) records(ctx context.Context) error {
	size := 0
	visit := func(p *page) error {
		r.clock(p)
		if err := r.each(ctx, p, r.format, nil); err != nil {
			return err
		}
		if p.CompleteListSize > 0 {
			size = p.CompleteListSize
			r.sum(func(s *Summary) { s.Announced = size })
		}
		r.progress(size)
		open := Open{From: r.place.Open.From, Began: r.beganText(), Doubtful: r.doubtful, Token: p.Token, Records: r.place.Open.Records + p.Records, Listed: p.Token == ""}
		r.place.Open = &open
		r.mark(r.place)
		return nil
	}
	err := r.list(ctx, &listing{verb: "ListRecords", prefix: r.format, from: r.place.Open.From, token: r.place.Open.Token}, visit, func() { r.whole = true })
	var fault oaipmh.Error
	switch {
	case errors.As(err, &fault) && fault.Code == "badArgument" && !r.window() && r.place.Open.From != "" && r.place.Open.Token == "":
		r.note("%v; from=%s is not understood, so everything is taken", fault, r.place.Open.From)
		r.place.Open = &Open{}
		r.whole = true
		return r.records(ctx)
	case errors.As(err, &fault) && fault.Code == "cannotDisseminateFormat" && r.Prefix == "" && r.format != dcPrefix && r.dc:
		r.note("%v; %s is taken instead", fault, dcPrefix)
		r.format, r.place.Format = dcPrefix, dcPrefix
		r.place.Since, r.place.Open = "", &Open{From: r.granular(r.From, false)}
		return r.records(ctx)
	case err != nil:
		return err
	}
	r.mu.Lock()
	came, announced := len(r.seen), r.summary.Announced
	r.mu.Unlock()
	if r.whole && announced > came {
		r.note("%d records were announced, %d came", announced, came)
	}
	return nil
}

func (r *run) progress(size int) {
	if r.Progress != nil {
		r.Progress(r.Summary().Records, size)
	}
}

// clock takes from the first answer of a list when it began, and from all whether the clock is to be trusted.
func (r *run) clock(p *page) {
	if r.base == "" {
		r.base = p.request
	}
	now := earliest(p.date)
	if !now.IsZero() && !p.sent.IsZero() && now.Sub(p.sent).Abs() > disagree {
		r.doubtful = true
	}
	if r.began.IsZero() {
		if r.began = now; now.IsZero() || !p.sent.IsZero() && p.sent.Before(now) {
			r.began = p.sent
		}
	}
}

// future notes a datestamp that is later than the answer it came in.
func (r *run) future(p *page, stamp string) {
	now := earliest(p.date)
	if at := instant(stamp); !now.IsZero() && at.Sub(now) > disagree {
		r.doubtful = true
	}
}

// earliest is the earlier reading of an instant: as UTC by its offset, and by its figures alone, as local time that passes for UTC.
func earliest(s string) time.Time {
	s = strings.TrimSpace(s)
	t := instant(s)
	if len(s) >= 19 {
		if plain, err := time.Parse("2006-01-02T15:04:05", strings.Replace(s[:19], " ", "T", 1)); err == nil && plain.Before(t) {
			return plain
		}
	}
	return t
}

func (r *run) beganText() string {
	if r.began.IsZero() {
		return ""
	}
	return r.began.UTC().Format(seconds)
}

// each yields the records of an answer; only those of wanted, if it is not nil.
func (r *run) each(ctx context.Context, p *page, prefix string, wanted map[string]bool) error {
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	fresh := false
	_, err := oaipmh.CutPage(p.file, func(rec cut.Record) error {
		if rec.Err != nil {
			if wanted != nil {
				return nil // it was told of when the headers were listed, or is none of those
			}
			return r.yield(p.url, rec)
		}
		h, at, ok := headerOf(rec.Data)
		if !ok {
			return r.yield(p.url, rec) // the reader says what is wrong
		}
		if wanted != nil && !wanted[h.identifier] {
			return nil
		}
		r.future(p, h.stamp)
		id, now := hash(h.identifier), seen{hash(rec.Data[at:]), instant(h.stamp).Unix()}
		if before, again := r.seen[id]; again && (before.sum == now.sum || now.stamp < before.stamp) {
			r.sum(func(s *Summary) { s.Repeated++ })
			return nil
		}
		r.seen[id], fresh = now, true
		name := r.Name(prefix, h.identifier)
		if r.Stored != nil && !h.deleted {
			data, err := r.Stored(ctx, h.identifier, name)
			if err != nil {
				return err
			}
			if _, was, ok := headerOf(data); ok && bytes.Equal(data[was:], rec.Data[at:]) {
				rec.Data = data
			}
		}
		if wanted != nil {
			r.sum(func(s *Summary) { s.OtherForm++ })
		}
		return r.yield(name, rec)
	})
	p.fresh = fresh
	return err
}

// others yields in oai_dc the items that have it alone. Where the list of records was not read from its beginning, the headers of oai_dc also tell what there is.
func (r *run) others(ctx context.Context) error {
	looking := r.vanishing() && !r.whole
	if r.format == dcPrefix && !looking || r.format != dcPrefix && !r.dc || r.Prefix != "" && !looking {
		return nil
	}
	came := len(r.seen)
	missing := map[string]bool{}
	listed := map[uint64]bool{}
	enough := errors.New("enough")
	err := r.list(ctx, &listing{verb: "ListIdentifiers", prefix: dcPrefix, from: r.place.Open.From}, func(p *page) error {
		for _, h := range p.headers {
			id := hash(h.identifier)
			p.fresh = p.fresh || !listed[id]
			listed[id] = true
			if _, ok := r.seen[id]; ok || r.format == dcPrefix || r.Prefix != "" {
				continue
			}
			if at := instant(h.stamp); !r.window() && r.State != nil && !r.began.IsZero() && !at.Before(r.began) {
				continue // it has changed since the list began, and comes in the next run
			}
			if h.deleted { // its deletion is in no list of the better format
				if err := r.lost(ctx, h); err != nil {
					return err
				}
				continue
			}
			have, err := r.have(ctx, h)
			if err != nil {
				return err
			}
			if !have {
				missing[h.identifier] = true
			}
		}
		if r.whole && len(missing) == 0 && p.CompleteListSize == came {
			return enough
		}
		return nil
	}, nil)
	switch {
	case errors.Is(err, enough):
		return nil
	case err != nil:
		return err
	}
	if !r.whole {
		for id := range listed {
			if _, ok := r.seen[id]; !ok {
				r.seen[id] = seen{}
			}
		}
		r.whole = true
	}
	if len(missing) == 0 {
		return nil
	}
	r.Log.Info("harvest: items that have only oai_dc", "count", len(missing), "url", r.URL)
	if len(missing) <= fewMissing {
		for id := range missing {
			if _, err := r.one(ctx, dcPrefix, id, func(p *page) error { return r.each(ctx, p, dcPrefix, missing) }); err != nil {
				return err
			}
		}
		return nil
	}
	return r.list(ctx, &listing{verb: "ListRecords", prefix: dcPrefix, from: r.place.Open.From}, func(p *page) error {
		defer r.progress(0)
		err := r.each(ctx, p, dcPrefix, missing)
		p.fresh = true // what is not wanted is no sign of standing still; the headers came to an end
		return err
	}, nil)
}

// have tells whether an item that did not come in this process is stored as its header says: the run before this was stopped.
func (r *run) have(ctx context.Context, h header) (bool, error) {
	if r.Stored == nil {
		return false, nil
	}
	for _, prefix := range []string{r.format, dcPrefix} {
		data, err := r.Stored(ctx, h.identifier, r.Name(prefix, h.identifier))
		if err != nil {
			return false, err
		}
		if was, _, ok := headerOf(data); ok && was.stamp == h.stamp {
			return true, nil
		}
	}
	return false, nil
}

// lost yields a tombstone for a deleted item, if it is here in oai_dc.
func (r *run) lost(ctx context.Context, h header) error {
	name := r.Name(dcPrefix, h.identifier)
	if r.Stored != nil {
		if data, err := r.Stored(ctx, h.identifier, name); err != nil || data == nil {
			return err
		}
	}
	return r.yield(name, cut.Record{Line: 1, Data: r.tombstone(h)})
}

// one asks for one record and gives the answer to visit; gone tells that the endpoint does not know the identifier.
func (r *run) one(ctx context.Context, prefix, identifier string, visit func(*page) error) (gone bool, err error) {
	p, err := r.page(ctx, &listing{verb: "GetRecord"}, "verb=GetRecord&metadataPrefix="+escape(prefix)+"&identifier="+escape(identifier), "")
	if err != nil {
		return false, err
	}
	switch p.code() {
	case "":
		return false, visit(p)
	case "idDoesNotExist":
		return true, nil
	case "cannotDisseminateFormat", "noMetadataFormats", "noRecordsMatch":
		return false, nil
	}
	return false, p.Errors[0]
}

// vanishing tells whether items may be gone without a tombstone, and whether this run can see it.
func (r *run) vanishing() bool {
	return r.Known != nil && r.place.Open.From == "" && r.Until == "" && r.Set == "" && r.identify.DeletedRecord != "persistent"
}

// vanished finds what is here from the endpoint and was not in its list.
func (r *run) vanished(ctx context.Context) error {
	if !r.vanishing() || !r.whole || len(r.seen) == 0 { // an empty list is more likely a fault than the end of a repository
		return nil
	}
	bases := []string{r.URL}
	if r.base != "" && r.base != r.URL {
		bases = append(bases, r.base)
	}
	var gone []string
	err := r.Known(ctx, bases, func(identifier string) error {
		if _, ok := r.seen[hash(identifier)]; !ok {
			gone = append(gone, identifier)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.sum(func(s *Summary) { s.Gone, s.Vanished = len(gone), gone[:min(len(gone), maxVanished)] })
	if !r.DeleteVanished {
		return nil
	}
	for _, identifier := range gone {
		gone, err := r.one(ctx, r.format, identifier, func(p *page) error { return r.each(ctx, p, r.format, map[string]bool{identifier: true}) })
		if err != nil {
			return err
		}
		if gone {
			if err := r.yield(r.Name(r.format, identifier), cut.Record{Line: 1, Data: r.tombstone(header{identifier: identifier, stamp: r.beganText()})}); err != nil {
				return err
			}
		}
	}
	return nil
}

// tombstone is a deleted record, of which only the header is known.
func (r *run) tombstone(h header) []byte {
	base := r.base
	if base == "" {
		base = r.URL
	}
	var b bytes.Buffer
	b.WriteString(`<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>` + r.beganText() + `</responseDate><request>`)
	xml.EscapeText(&b, []byte(base))
	b.WriteString(`</request><ListRecords><record><header status="deleted"><identifier>`)
	xml.EscapeText(&b, []byte(h.identifier))
	b.WriteString(`</identifier><datestamp>`)
	xml.EscapeText(&b, []byte(h.stamp))
	b.WriteString(`</datestamp></header></record></ListRecords></OAI-PMH>`)
	return b.Bytes()
}

// complete marks the end of the run.
func (r *run) complete() error {
	done := r.place
	done.Open = nil
	done.Completed = r.Now().UTC().Format(seconds)
	if !r.window() {
		since := r.began
		if r.doubtful && !since.IsZero() {
			since = since.Add(-doubt)
			r.note("the endpoint's clock, its responseDate and its datestamps do not agree: the next run begins a day earlier")
		}
		if done.Since = ""; !since.IsZero() {
			done.Since = since.UTC().Format(seconds)
		}
		r.sum(func(s *Summary) { s.Next = done.Since })
	}
	r.mark(done)
	return nil
}

func hash[T string | []byte](s T) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// header is the header of a record.
//
// Source: OAI-PMH 2.0 §2.5.
type header struct {
	identifier, stamp string
	deleted           bool
}

// headerOf reads the first header in data and tells where the record that it is in begins; 0 where no record is around it.
func headerOf(data []byte) (h header, record int, ok bool) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict, d.Entity = false, xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	inside := false
	var text *string
	for {
		at := int(d.InputOffset())
		t, err := d.RawToken()
		if err != nil {
			return h, record, false
		}
		switch t := t.(type) {
		case xml.StartElement:
			text = nil
			switch name := t.Name.Local; {
			case !inside && name == "record":
				record = at
			case !inside && name == "header":
				inside = true
				for _, a := range t.Attr {
					h.deleted = h.deleted || a.Name.Local == "status" && strings.EqualFold(strings.TrimSpace(a.Value), "deleted")
				}
			case inside && name == "identifier" && h.identifier == "":
				text = &h.identifier
			case inside && name == "datestamp" && h.stamp == "":
				text = &h.stamp
			}
		case xml.CharData:
			if text != nil {
				*text += string(t)
			}
		case xml.EndElement:
			text = nil
			if inside && t.Name.Local == "header" {
				h.identifier, h.stamp = strings.TrimSpace(h.identifier), strings.TrimSpace(h.stamp)
				return h, record, h.identifier != ""
			}
			if t.Name.Local == "record" {
				return h, record, false
			}
		}
	}
}
