// Package crossref deposits works at Crossref, as a target of package feed.
//
// # Batches
//
// The works of one journal (of one kind, if they stand in none) go into one doi_batch, [Crossref.Items] of them at most. A batch has an identifier of
// its own, which is also the name of its file, and a timestamp that is higher than that of every batch before it: Crossref takes no work with a
// timestamp that is not higher than the last it took, so whatever a killed feed has left on the wire undoes nothing. Both are saved, with the items, before
// the batch is sent, as the state "batch/ID". After a network failure or a 5xx the same batch is sent again, byte for byte.
//
// # Outcomes
//
// Crossref queues a deposit and tells later what became of each DOI; [Crossref.Settle] asks for it under the name of the file, more and more seldom, and
// keeps it for each item (package deposit): taken, warning, conflict or refused. An outcome of an earlier state of an item never replaces that of a later one.
// A batch that a killed process left and that Crossref does not know has not arrived: it is forgotten, and the feed sends its items again.
//
// A DOI cannot be deleted: a deletion is only noted, and the page that the DOI leads to tells of it.
//
// # How sure this is
//
// The fields of the form, the address of the results and the states of a submission are Crossref's documentation ("HTTPS POST", "Using HTTPS to retrieve logs")
// and what several clients of it parse. The synchronous API (v2/deposits) is what OJS uses; Crossref's own description of it lists five statuses, of which
// 200, 401 and 403 are known here; Crossref's staff say that it is not for other clients.
package crossref

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sheaf/crosswalk/crossref"
	"sheaf/crosswalk/flat"
	"sheaf/feed"
	"sheaf/feed/deposit"
	"sheaf/store"
)

// Crossref's own servers.
const (
	Live = "https://doi.crossref.org"
	Test = "https://test.crossref.org"
)

// Crossref is a depositor's account as a target.
type Crossref struct {
	Server      string           // where deposits go, without a path: Live, Test
	Sync        bool             // by the API that answers at once, "/v2/deposits": for Live that is on api.crossref.org
	Credentials feed.Credentials // User ("name" or "name/role") and Password
	Depositor   string           // name, 1 to 130 characters
	Email       string           // where Crossref sends the results too
	Registrant  string           // "": the Depositor
	Policy      string           // DOI of the Crossmark policy; "": updates are not deposited
	Prefixes    []string         // of DOIs that are deposited: "10.5555"; what has another is passed over; none: all
	Version     string           // of the schema; "": the newest that is known
	State       feed.State
	Client      deposit.Client
	Items       int                                                           // most works in a batch; 0: 250
	Bytes       int                                                           // likewise bytes, unless one work alone has more; 0: 2 MiB
	Read        func(ctx context.Context, local string) (*feed.Change, error) // reads an item as it is now; nil: a batch that is refused as a whole is not tried in halves
	Poll        time.Duration                                                 // how soon to ask for an outcome first; 0: 10 s
	Unknown     time.Duration                                                 // after that long, a submission that Crossref took and does not know is refused; 0: 6 h
	Now         func() time.Time

	batches map[string]*batch // that are open, by ID; nil: not loaded
	newest  map[string]*batch // open batch of an item, the newest
	last    int64             // highest timestamp that was given
	waits   map[string]wait   // of batches
}

// batch is a submission, as it is kept until its outcome is known.
type batch struct {
	ID        string `json:"id"`
	Timestamp int64  `json:"timestamp"`
	Hash      string `json:"hash"` // of what is in it
	Sent      bool   `json:"sent"` // Crossref has said that it has it
	Tries     int    `json:"tries"`
	Begun     int64  `json:"begun"` // seconds since 1970
	Items     []item `json:"items"`
}

type item struct {
	Local     string `json:"local"`
	Datestamp int64  `json:"datestamp"`
	DOI       string `json:"doi"`
}

// wait is when to ask for a batch next, and how long it was waited last.
type wait struct {
	next time.Time
	last time.Duration
}

// Check tells what is wrong with the settings.
func (c *Crossref) Check() error {
	switch {
	case c.Client.Dir == "" && (c.Credentials.User == "" || c.Credentials.Password == ""):
		return errors.New("crossref: no user and password: they come from SHEAF_FEED_USER and SHEAF_FEED_PASSWORD, or a file")
	case c.Depositor == "" || c.Email == "":
		return errors.New("crossref: expected the depositor's name and e-mail address: every deposit names them")
	}
	return deposit.CheckURL(c.Server)
}

// address is that of deposits.
func (c *Crossref) address() string {
	switch {
	case !c.Sync:
		return strings.TrimRight(c.Server, "/") + "/servlet/deposit"
	case strings.TrimRight(c.Server, "/") == Live:
		return "https://api.crossref.org/v2/deposits"
	}
	return strings.TrimRight(c.Server, "/") + "/v2/deposits"
}

func (c *Crossref) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// load reads the batches that are open.
func (c *Crossref) load(ctx context.Context) error {
	if c.batches != nil {
		return nil
	}
	batches := map[string]*batch{}
	if c.Client.Dir == "" {
		if _, err := c.State.Load(ctx, "timestamp", &c.last); err != nil {
			return err
		}
		err := c.State.Each(ctx, "batch/", func(key string, value []byte) error {
			b := &batch{}
			if err := json.Unmarshal(value, b); err != nil {
				return fmt.Errorf("crossref: %q cannot be read: %w", key, err)
			}
			batches[b.ID] = b
			return nil
		})
		if err != nil {
			return err
		}
	}
	c.batches, c.waits, c.newest = batches, map[string]wait{}, map[string]*batch{}
	for _, b := range batches {
		c.index(b)
	}
	return nil
}

// index makes b the newest batch of its items, unless there is a newer one.
func (c *Crossref) index(b *batch) {
	for _, it := range b.Items {
		if was := c.newest[it.Local]; was == nil || was.Timestamp < b.Timestamp {
			c.newest[it.Local] = b
		}
	}
}

// chunk is what goes into one batch.
type chunk struct {
	key   string // what its works have in common
	works []work
	bytes int
	dois  map[string]bool
}

// at is the place in the changes of a work.
func (k *chunk) at(local string) int {
	return k.works[slices.IndexFunc(k.works, func(w work) bool { return w.Local == local })].at
}

type work struct {
	item
	at    int // in the changes
	body  []byte
	issue string
}

// Send deposits changes.
func (c *Crossref) Send(ctx context.Context, changes []*feed.Change) ([]feed.Outcome, error) {
	if err := c.load(ctx); err != nil {
		return nil, err
	}
	outcomes := make([]feed.Outcome, len(changes))
	var chunks []*chunk
	for i, ch := range changes {
		w, reason, err := c.work(ctx, ch, c.newest[ch.Local])
		if err != nil {
			return nil, err
		}
		if reason != "" {
			outcomes[i].Refused = reason
			continue
		}
		if w == nil {
			continue
		}
		w.at = i
		if reason := c.place(&chunks, *w, ch.Record()); reason != "" {
			outcomes[i].Refused = reason
		}
	}
	for n, k := range chunks {
		refused, err := c.submit(ctx, k)
		if err == nil {
			for _, f := range refused {
				outcomes[k.at(f.Local)].Refused = f.Reason
			}
			continue
		}
		var fatal *feed.Fatal
		if n == 0 || errors.As(err, &fatal) {
			return nil, err
		}
		var later *feed.Later
		retry := feed.Outcome{Retry: true}
		if errors.As(err, &later) {
			retry.After = later.After
		}
		for _, rest := range chunks[n:] {
			for _, w := range rest.works {
				outcomes[w.at] = retry
			}
		}
		break
	}
	return outcomes, nil
}

// work is what of a change is to be deposited; nil when nothing is, or a reason why it cannot be.
func (c *Crossref) work(ctx context.Context, ch *feed.Change, opened *batch) (*work, string, error) {
	dry := c.Client.Dir != ""
	var kept deposit.Item
	var err error
	if !dry {
		if kept, err = deposit.Load(ctx, c.State, ch.Local); err != nil {
			return nil, "", err
		}
	}
	if ch.Deleted {
		if !dry && kept.Seen && kept.Status != deposit.Deleted {
			kept.Datestamp, kept.Status, kept.At, kept.Message = ch.Datestamp, deposit.Deleted, c.now().Unix(), "a DOI cannot be deleted: it leads to a page that tells of the deletion"
			return nil, "", deposit.Save(ctx, c.State, kept)
		}
		return nil, "", nil
	}
	r := ch.Record()
	if !c.ours(r.DOI) {
		return nil, "", nil
	}
	if !dry && !ch.Again {
		if kept.Datestamp == ch.Datestamp && kept.There() {
			return nil, "", nil
		}
		if opened != nil && opened.Sent && slices.ContainsFunc(opened.Items, func(it item) bool { return it.Local == ch.Local && it.Datestamp == ch.Datestamp }) {
			return nil, "", nil
		}
	}
	body, err := crossref.AppendUnderPolicy(nil, r, c.Policy)
	if err != nil {
		if !dry {
			kept.Local, kept.Datestamp, kept.Status, kept.Message, kept.At = ch.Local, ch.Datestamp, deposit.Refused, err.Error(), c.now().Unix()
			if err := deposit.Save(ctx, c.State, kept); err != nil {
				return nil, "", err
			}
		}
		var cannot *flat.Cannot
		if errors.As(err, &cannot) {
			return nil, cannot.Code + ": " + cannot.Message, nil
		}
		return nil, err.Error(), nil
	}
	return &work{item: item{ch.Local, ch.Datestamp, strings.ToLower(r.DOI)}, body: body, issue: r.IssueYear() + "\x00" + r.Volume + "\x00" + r.Issue}, "", nil
}

// ours tells whether DOIs with the prefix of that one are deposited.
func (c *Crossref) ours(doi string) bool {
	prefix, _, _ := strings.Cut(doi, "/")
	return len(c.Prefixes) == 0 || slices.Contains(c.Prefixes, prefix)
}

// place puts a work into the chunk that it belongs to, or says why it can be in none.
func (c *Crossref) place(chunks *[]*chunk, w work, r *flat.Record) string {
	key := crossref.Kind(w.body) + "\x00" + r.Journal.Title
	if len(r.Journal.ISSNs) > 0 {
		key = crossref.Kind(w.body) + "\x00" + r.Journal.ISSNs[0]
	}
	most, bytes := c.Items, c.Bytes
	if most < 1 {
		most = 250
	}
	if bytes < 1 {
		bytes = 2 << 20
	}
	for _, k := range *chunks {
		if k.key == key && k.dois[w.DOI] {
			return "same-doi: another item has the DOI " + w.DOI
		}
	}
	for _, k := range *chunks {
		if k.key == key && len(k.works) < most && k.bytes+len(w.body) <= bytes {
			k.works, k.bytes, k.dois[w.DOI] = append(k.works, w), k.bytes+len(w.body), true
			return ""
		}
	}
	*chunks = append(*chunks, &chunk{key: key, works: []work{w}, bytes: len(w.body), dois: map[string]bool{w.DOI: true}})
	return ""
}

// submit sends a batch, and returns what Crossref refuses at once.
func (c *Crossref) submit(ctx context.Context, k *chunk) (refused []feed.Refusal, err error) {
	slices.SortStableFunc(k.works, func(a, b work) int { return cmp.Compare(a.issue, b.issue) }) // articles of an issue share its element
	b, err := c.begin(ctx, k)
	if err != nil {
		return nil, err
	}
	bodies := make([][]byte, len(k.works))
	for i, w := range k.works {
		bodies[i] = w.body
	}
	head := crossref.Head{BatchID: b.ID, Timestamp: b.Timestamp, Depositor: c.Depositor, Email: c.Email, Registrant: c.Registrant, Version: c.Version}
	doc, err := crossref.AppendBatch(nil, head, bodies)
	if err != nil {
		return nil, &feed.Fatal{Err: err}
	}
	answer, err := c.post(ctx, b, doc)
	if err != nil || c.Client.Dir != "" {
		return nil, err
	}
	d, ok := read(answer.Body)
	switch {
	case answer.Status == http.StatusUnauthorized: // it was not taken, so there is nothing to ask for later
		return nil, errors.Join(feed.Fatalf("crossref: %w: the user or the password is not right", answer.Err()), c.forget(ctx, b))
	case ok && d.done() && (answer.Status == http.StatusOK || answer.Status == http.StatusForbidden):
		return c.finish(ctx, b, d)
	case answer.Status == http.StatusForbidden:
		return nil, errors.Join(feed.Fatalf("crossref: %w: this user may not deposit", answer.Err()), c.forget(ctx, b))
	}
	if err := answer.Err(); err != nil {
		return nil, err
	}
	if !ok && !bytes.Contains(bytes.ToUpper(answer.Body), []byte("SUCCESS")) {
		return nil, fmt.Errorf("crossref: %s was answered with what says neither that it was received nor what became of it: %q", b.ID, deposit.Cut(string(answer.Body)))
	}
	b.Sent = true
	return nil, c.State.Save(ctx, "batch/"+b.ID, b)
}

// begin gives a chunk its batch: the one that it was sent as before, if it was, else a new one.
func (c *Crossref) begin(ctx context.Context, k *chunk) (*batch, error) {
	sum := sha256.New()
	for _, w := range k.works {
		fmt.Fprintf(sum, "%q %d %x\n", w.Local, w.Datestamp, sha256.Sum256(w.body))
	}
	hash := hex.EncodeToString(sum.Sum(nil)[:16])
	now := c.now()
	for _, b := range c.batches {
		if b.Hash == hash && !b.Sent {
			b.Tries++
			return b, c.save(ctx, b)
		}
	}
	c.last = max(crossref.Timestamp(now), c.last+1)
	b := &batch{ID: fmt.Sprintf("sheaf-%d-%s", c.last, hash[:8]), Timestamp: c.last, Hash: hash, Tries: 1, Begun: now.Unix()}
	for _, w := range k.works {
		b.Items = append(b.Items, w.item)
	}
	if c.Client.Dir == "" {
		if err := c.State.Save(ctx, "timestamp", c.last); err != nil {
			return nil, err
		}
		c.batches[b.ID] = b
		c.index(b)
	}
	return b, c.save(ctx, b)
}

func (c *Crossref) save(ctx context.Context, b *batch) error {
	if c.Client.Dir != "" {
		return nil
	}
	return c.State.Save(ctx, "batch/"+b.ID, b)
}

// post sends the document of a batch.
//
// Source: Crossref documentation, "HTTPS POST"; for the synchronous API, "Synchronous REST API Deposit v2".
func (c *Crossref) post(ctx context.Context, b *batch, doc []byte) (*deposit.Answer, error) {
	user, password := c.Credentials.User, c.Credentials.Password
	if c.Client.Dir != "" {
		user, password = "[credentials]", "[credentials]"
	}
	fields, file := []deposit.Field{{Name: "operation", Value: "doMDUpload"}, {Name: "login_id", Value: user}, {Name: "login_passwd", Value: password}}, "fname"
	if c.Sync {
		fields, file = []deposit.Field{{Name: "operation", Value: "doMDUpload"}, {Name: "usr", Value: user}, {Name: "pwd", Value: password}}, "mdFile"
	}
	form, kind, err := deposit.Form(fields, file, b.ID+".xml", doc)
	if err != nil {
		return nil, err
	}
	return c.Client.Do(ctx, http.MethodPost, c.address(), kind, form, ".form", nil)
}

// Settle asks what became of the batches that are open.
//
// Source: Crossref documentation, "Using HTTPS to retrieve logs".
func (c *Crossref) Settle(ctx context.Context) (refused []feed.Refusal, again time.Duration, err error) {
	if err := c.load(ctx); err != nil {
		return nil, 0, err
	}
	first := c.Poll
	if first <= 0 {
		first = 10 * time.Second
	}
	ids := make([]string, 0, len(c.batches))
	for id := range c.batches {
		ids = append(ids, id)
	}
	slices.Sort(ids) // by timestamp
	for _, id := range ids {
		b, now := c.batches[id], c.now()
		w, known := c.waits[id]
		if !known && b.Sent && now.Unix()-b.Begun < int64(first/time.Second) { // just sent
			w = wait{now.Add(first), first}
			c.waits[id] = w
		}
		if left := w.next.Sub(now); left > 0 {
			again = earlier(again, left)
			continue
		}
		list, open, err := c.ask(ctx, b)
		refused = append(refused, list...)
		if err != nil {
			return refused, 0, err
		}
		if !open {
			continue
		}
		next := min(max(w.last*3/2, first), 10*time.Minute)
		c.waits[id] = wait{now.Add(next), next}
		again = earlier(again, next)
	}
	for id := range c.batches {
		if !slices.Contains(ids, id) { // half of another, just sent
			again = earlier(again, first)
		}
	}
	return refused, again, nil
}

func earlier(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// ask asks for the outcome of a batch; open: it is not known yet.
func (c *Crossref) ask(ctx context.Context, b *batch) (refused []feed.Refusal, open bool, err error) {
	q := url.Values{"usr": {c.Credentials.User}, "pwd": {c.Credentials.Password}, "file_name": {b.ID + ".xml"}, "type": {"result"}}
	answer, err := c.Client.Do(ctx, http.MethodGet, strings.TrimRight(c.Server, "/")+"/servlet/submissionDownload?"+q.Encode(), "", nil, "", nil)
	if err != nil {
		return nil, true, err
	}
	if err := answer.Err(); err != nil {
		if answer.Status == http.StatusUnauthorized {
			err = feed.Fatalf("crossref: %w: the user or the password is not right", err)
		}
		return nil, true, err
	}
	d, ok := read(answer.Body)
	switch {
	case !ok:
		return nil, true, fmt.Errorf("crossref: the outcome of %s cannot be read: %q", b.ID, deposit.Cut(string(answer.Body)))
	case d.done():
		refused, err = c.finish(ctx, b, d)
		return refused, err != nil, err
	case d.Status != "unknown_submission":
		if b.Sent {
			return nil, true, nil
		}
		b.Sent = true // it arrived, and the answer was lost
		return nil, true, c.save(ctx, b)
	case !b.Sent: // it has not arrived: the feed sends its items again
		return nil, false, c.forget(ctx, b)
	}
	unknown := c.Unknown
	if unknown <= 0 {
		unknown = 6 * time.Hour
	}
	if c.now().Sub(time.Unix(b.Begun, 0)) < unknown {
		return nil, true, nil
	}
	refused, err = c.finish(ctx, b, &diagnostic{Status: "completed", Records: []record{{Status: "Failure", Msg: "Crossref took the submission " + b.ID + " and does not know it"}}})
	return refused, err != nil, err
}

func (c *Crossref) forget(ctx context.Context, b *batch) error {
	if err := c.State.Forget(ctx, "batch/"+b.ID); err != nil {
		return err
	}
	for _, it := range b.Items {
		if c.newest[it.Local] == b {
			delete(c.newest, it.Local)
		}
	}
	delete(c.batches, b.ID)
	delete(c.waits, b.ID)
	return nil
}

// diagnostic is Crossref's report on a submission.
type diagnostic struct {
	XMLName xml.Name `xml:"doi_batch_diagnostic"`
	Status  string   `xml:"status,attr"` // completed, queued, in_process, unknown_submission, ...
	Records []record `xml:"record_diagnostic"`
}

type record struct {
	Status   string   `xml:"status,attr"` // Success, Warning, Failure
	DOI      string   `xml:"doi"`         // empty, or words, when the record could not be read so far
	Msg      string   `xml:"msg"`
	Conflict string   `xml:"conflict_id"`
	With     []string `xml:"dois_in_conflict>doi"`
}

// done tells whether the report is the last.
func (d *diagnostic) done() bool { return d.Status == "completed" }

func read(body []byte) (*diagnostic, bool) {
	var d diagnostic
	if err := xml.Unmarshal(bytes.TrimSpace(body), &d); err != nil {
		return nil, false
	}
	return &d, true
}

// stale is in Crossref's words when a work is there with the same timestamp or a higher one.
const stale = "previously submitted version"

// finish keeps what became of each item of a batch, and forgets the batch.
func (c *Crossref) finish(ctx context.Context, b *batch, d *diagnostic) (refused []feed.Refusal, err error) {
	records := map[string]*record{}
	var of string // a failure that names no DOI
	for i := range d.Records {
		r := &d.Records[i]
		doi := strings.ToLower(strings.TrimSpace(r.DOI))
		if !strings.HasPrefix(doi, "10.") {
			if r.Status == "Failure" && of == "" {
				of = r.Msg
			}
			continue
		}
		if was := records[doi]; was == nil || was.Status == "Success" {
			records[doi] = r
		}
	}
	if len(records) == 0 && of != "" && len(b.Items) > 1 && c.Read != nil {
		return c.halve(ctx, b)
	}
	for _, it := range b.Items {
		kept, err := deposit.Load(ctx, c.State, it.Local)
		if err != nil {
			return refused, err
		}
		was := kept
		kept.Local, kept.Datestamp, kept.Batch, kept.At, kept.DOI = it.Local, it.Datestamp, b.ID, c.now().Unix(), it.DOI
		kept.Status, kept.Message = outcome(records[it.DOI], of, b.Tries > 1)
		kept.Seen = kept.Seen || kept.There()
		newer := was.Datestamp > it.Datestamp || was.Datestamp == it.Datestamp && was.Batch > b.ID
		if n := c.newest[it.Local]; n != nil && n.Timestamp > b.Timestamp {
			newer = true // and its outcome is to come
		}
		if newer {
			if kept.Seen == was.Seen {
				continue
			}
			was.Local, was.Seen = it.Local, true
			kept = was
		} else if kept.Status == deposit.Refused {
			refused = append(refused, feed.Refusal{Local: it.Local, Datestamp: it.Datestamp, Reason: kept.Message})
		}
		if err := deposit.Save(ctx, c.State, kept); err != nil {
			return refused, err
		}
	}
	return refused, c.forget(ctx, b)
}

// halve sends what was in a batch that was refused as a whole (a schema that it breaks, say) in two: so one work spoils none but itself.
func (c *Crossref) halve(ctx context.Context, b *batch) (refused []feed.Refusal, err error) {
	for _, part := range [][]item{b.Items[:len(b.Items)/2], b.Items[len(b.Items)/2:]} {
		k := &chunk{}
		for _, it := range part {
			ch, err := c.Read(ctx, it.Local)
			switch {
			case errors.Is(err, store.ErrNotFound), err == nil && (ch.Datestamp != it.Datestamp || ch.Deleted): // the log has it
				continue
			case err != nil:
				return refused, err
			}
			body, err := crossref.AppendUnderPolicy(nil, ch.Record(), c.Policy)
			if err != nil {
				return refused, err
			}
			k.works = append(k.works, work{item: it, body: body})
		}
		if len(k.works) == 0 {
			continue
		}
		list, err := c.submit(ctx, k)
		refused = append(refused, list...)
		if err != nil {
			return refused, err
		}
	}
	return refused, c.forget(ctx, b)
}

// outcome is what a record of the report says; of is a failure of the report that names no DOI. again: the batch was sent more than once.
func outcome(r *record, of string, again bool) (status, message string) {
	switch {
	case r == nil && of != "":
		return deposit.Refused, of
	case r == nil:
		return deposit.Refused, "Crossref's report does not name it"
	case r.Conflict != "":
		return deposit.Conflict, strings.TrimSpace(r.Msg + " (conflict " + r.Conflict + " with " + strings.Join(r.With, ", ") + ")")
	case r.Status == "Success":
		return deposit.Taken, r.Msg
	case r.Status == "Warning":
		return deposit.Warning, r.Msg
	case again && strings.Contains(r.Msg, stale): // it is this very batch that was there before
		return deposit.Taken, r.Msg
	}
	return deposit.Refused, r.Msg
}
