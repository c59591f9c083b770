package search

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"sheaf/feed"
)

// Mapping is the body that an index is made with when it is not there: its settings and mappings. It remembers deletions for an hour
// (index.gc_deletes), so that what a killed feed has left on the wire cannot bring a deleted item back.
//
//go:embed mapping.json
var Mapping []byte

// OpenSearch is an index of OpenSearch or Elasticsearch as a target. An item's datestamp is the external version of its document: the engine itself
// keeps what is newer, whatever arrives when, and in how many copies.
type OpenSearch struct {
	URL         string           // of the engine, with the path that it may be under
	Index       string           // index or alias
	Mapping     []byte           // to make the index with; nil: [Mapping]
	Credentials feed.Credentials // none: none are sent
	Client      *http.Client     // nil: feed.NewClient of 2 minutes
	Bytes       int              // most bytes of a request, unless one document alone has more; 0: 10 MiB
	Dir         string           // write the requests here and send nothing

	seen     bool      // the index is there
	missing  time.Time // since when the answers are that it is not
	whole    int       // items that Send is refused by the status of a request of their own
	requests int
}

var validIndex = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,254}$`)

// Check tells what is wrong with the settings.
func (o *OpenSearch) Check() error {
	if !validIndex.MatchString(o.Index) {
		return fmt.Errorf("search: index %q: expected at most 255 of a to z, 0 to 9, -, _ and ., the first a letter or digit", o.Index)
	}
	if o.Mapping != nil && !json.Valid(o.Mapping) {
		return errors.New("search: the mapping is no JSON")
	}
	return checkURL(o.URL)
}

// checkURL tells whether a target can be at an address: http or https, with a host, and without credentials, query and fragment.
func checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("search: the address cannot be read: expected https://HOST:PORT") // the parser's own words quote it, with a password
	case u.User != nil:
		return fmt.Errorf("search: address %q: expected no user and password in it; they come from the environment or a file", u.Redacted())
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("search: address %q: expected https://HOST:PORT, or http://", s)
	}
	return nil
}

// Send brings changes to the index by the bulk API, in as few requests as their size allows.
//
// Source: OpenSearch documentation, Bulk API; Elasticsearch reference, Bulk API, external versions.
func (o *OpenSearch) Send(ctx context.Context, changes []*feed.Change) ([]feed.Outcome, error) {
	if err := o.open(ctx); err != nil {
		return nil, err
	}
	outcomes := make([]feed.Outcome, len(changes))
	var body bytes.Buffer
	most := o.Bytes
	if most < 1 {
		most = 10 << 20
	}
	begin := 0
	o.whole = 0
	for i, c := range changes {
		at := body.Len()
		if err := o.action(&body, c); err != nil {
			return nil, err
		}
		if at > 0 && body.Len() > most {
			if err := o.post(ctx, changes[begin:i], body.Bytes()[:at], outcomes[begin:i]); err != nil {
				return partly(outcomes, begin, err)
			}
			rest := bytes.Clone(body.Bytes()[at:])
			body.Reset()
			body.Write(rest)
			begin = i
		}
	}
	if begin < len(changes) {
		if err := o.post(ctx, changes[begin:], body.Bytes(), outcomes[begin:]); err != nil {
			return partly(outcomes, begin, err)
		}
	}
	return outcomes, allRefused(o.whole, outcomes)
}

// allRefused is an error when a number of items were refused, and none was taken: then it is not for what they say, but of the index. whole is how many were refused by
// the status of a request of their own.
func allRefused(whole int, outcomes []feed.Outcome) error {
	for _, o := range outcomes {
		if o.Refused == "" {
			return nil
		}
	}
	if n := len(outcomes); n >= 20 || n > 1 && whole == n {
		return feed.Fatalf("search: each of %d items was refused, the last with %s", n, outcomes[n-1].Refused)
	}
	return nil
}

// partly is what Send returns when the requests before the change of that number were answered and the next was not.
func partly(outcomes []feed.Outcome, sent int, err error) ([]feed.Outcome, error) {
	var fatal *feed.Fatal
	if sent == 0 || errors.As(err, &fatal) {
		return nil, err
	}
	var later *feed.Later
	retry := feed.Outcome{Retry: true}
	if errors.As(err, &later) {
		retry.After = later.After
	}
	for i := sent; i < len(outcomes); i++ {
		outcomes[i] = retry
	}
	return outcomes, nil
}

// action appends the lines of one change.
func (o *OpenSearch) action(body *bytes.Buffer, c *feed.Change) error {
	type meta struct {
		Index       string `json:"_index"`
		ID          string `json:"_id"`
		Version     int64  `json:"version"`
		VersionType string `json:"version_type"`
	}
	m := meta{o.Index, c.Identifier, c.Datestamp, "external"}
	if c.Again {
		m.VersionType = "external_gte"
	}
	verb := "index"
	if c.Deleted {
		verb = "delete"
	}
	enc := json.NewEncoder(body) // it ends each line
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]meta{verb: m}); err != nil || c.Deleted {
		return err
	}
	return enc.Encode(NewDocument(c))
}

// post sends one bulk request and fills in what became of each of its changes.
func (o *OpenSearch) post(ctx context.Context, changes []*feed.Change, body []byte, outcomes []feed.Outcome) error {
	req, status, header, answer, err := o.do(ctx, http.MethodPost, "/_bulk", "application/x-ndjson", body, ".ndjson")
	if err != nil || o.Dir != "" {
		return err
	}
	switch {
	case status == http.StatusRequestEntityTooLarge || status == http.StatusBadRequest: // of the request as a whole
		if len(changes) > 1 {
			return o.halves(ctx, changes, outcomes)
		}
		o.whole++
		outcomes[0].Refused = feed.Answered(req, status, header, answer).Error()
		return nil
	case status == http.StatusNotFound:
		return o.absent(feed.Answered(req, status, header, answer))
	}
	if err := feed.Answered(req, status, header, answer); err != nil {
		return err
	}
	o.missing = time.Time{}
	return o.read(changes, answer, outcomes)
}

// halves sends what is too much for one request in two.
func (o *OpenSearch) halves(ctx context.Context, changes []*feed.Change, outcomes []feed.Outcome) error {
	for _, part := range [][2]int{{0, len(changes) / 2}, {len(changes) / 2, len(changes)}} {
		var body bytes.Buffer
		for _, c := range changes[part[0]:part[1]] {
			if err := o.action(&body, c); err != nil {
				return err
			}
		}
		if err := o.post(ctx, changes[part[0]:part[1]], body.Bytes(), outcomes[part[0]:part[1]]); err != nil {
			return err
		}
	}
	return nil
}

// failure is why the engine has not taken one item.
type failure struct {
	Type   string `json:"type"`
	Reason string `json:"reason"`
	Cause  *struct {
		Reason string `json:"reason"`
	} `json:"caused_by"`
}

// read reads the answer of a bulk request. One that does not tell of each item in turn says nothing.
func (o *OpenSearch) read(changes []*feed.Change, body []byte, outcomes []feed.Outcome) error {
	var answer struct {
		Items []map[string]struct {
			ID     string   `json:"_id"`
			Status int      `json:"status"`
			Error  *failure `json:"error"`
		} `json:"items"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("search: the answer to a bulk request cannot be read: %w", err)
	}
	if len(answer.Items) != len(changes) {
		return fmt.Errorf("search: a bulk request of %d items was answered with %d", len(changes), len(answer.Items))
	}
	for i, item := range answer.Items {
		verb := "index"
		if changes[i].Deleted {
			verb = "delete"
		}
		is, ok := item[verb]
		if !ok || is.ID != changes[i].Identifier {
			return fmt.Errorf("search: item %d of a bulk request, %s of %q, was answered as %q", i, verb, changes[i].Identifier, is.ID)
		}
		if outcomes[i] = o.outcome(is.Status, is.Error, changes[i]); is.Error != nil && is.Error.Type == "index_not_found_exception" {
			o.seen = false
		}
	}
	return nil
}

// maxFailures is how often an item may fail for no reason of its own before it is put aside.
const maxFailures = 8

func (o *OpenSearch) outcome(status int, f *failure, c *feed.Change) feed.Outcome {
	reason := fmt.Sprintf("status %d", status)
	if f != nil {
		reason = fmt.Sprintf("%d %s: %s", status, f.Type, f.Reason)
		if f.Cause != nil && f.Cause.Reason != "" {
			reason += " (" + f.Cause.Reason + ")"
		}
	}
	switch {
	case status >= 200 && status < 300 && f == nil:
		return feed.Outcome{}
	case status == http.StatusConflict: // the same is there, or something newer
		return feed.Outcome{}
	case status == http.StatusNotFound && c.Deleted && f == nil:
		return feed.Outcome{}
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return feed.Outcome{Retry: true}
	case status == http.StatusNotFound, status == http.StatusForbidden, status == http.StatusUnauthorized, status >= 500: // of the index or the engine
		if c.Tries < maxFailures {
			return feed.Outcome{Retry: true}
		}
	}
	return feed.Outcome{Refused: reason}
}

// open sees to it that the index is there.
func (o *OpenSearch) open(ctx context.Context) error {
	if o.seen {
		return nil
	}
	body := o.Mapping
	if body == nil {
		body = Mapping
	}
	if o.Dir == "" {
		req, status, header, answer, err := o.do(ctx, http.MethodHead, "/"+o.Index, "", nil, "")
		if err != nil {
			return err
		}
		if status == http.StatusOK {
			o.seen = true
			return nil
		}
		if status != http.StatusNotFound {
			return feed.Answered(req, status, header, answer)
		}
	}
	req, status, header, answer, err := o.do(ctx, http.MethodPut, "/"+o.Index, "application/json", body, ".json")
	switch {
	case err != nil:
		return err
	case o.Dir != "", status == http.StatusBadRequest && strings.Contains(string(answer), "resource_already_exists_exception"):
	case status == http.StatusNotFound:
		return o.absent(feed.Answered(req, status, header, answer))
	default:
		if err := feed.Answered(req, status, header, answer); err != nil {
			return err
		}
	}
	o.seen = true
	return nil
}

// absent is the error of a 404.
func (o *OpenSearch) absent(err error) error {
	o.seen = false
	return perhapsLater(err, &o.missing)
}

// starting is how long an engine may say that it knows no such address before it is believed: one that starts says so too.
const starting = 2 * time.Minute

// perhapsLater makes of a fatal error one to be tried again, unless it has come for too long; since is when it came first, zero when it did not.
func perhapsLater(err error, since *time.Time) error {
	if since.IsZero() {
		*since = time.Now()
	}
	var fatal *feed.Fatal
	if time.Since(*since) < starting && errors.As(err, &fatal) {
		return &feed.Later{Err: fatal.Err}
	}
	return err
}

// do sends one request, or writes it down.
func (o *OpenSearch) do(ctx context.Context, method, path, kind string, body []byte, ext string) (*http.Request, int, http.Header, []byte, error) {
	return do(ctx, o.Client, o.Credentials, o.Dir, &o.requests, method, strings.TrimRight(o.URL, "/")+path, kind, body, ext)
}
