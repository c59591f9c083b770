package search

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sheaf/feed"
)

// Solr is a core or collection of Solr as a target. Solr takes the commands of a request in their order, and a feed sends one request at a time, so a
// document is never older than what was sent before it. The core must have an update log, as all that come with Solr, VuFind and Blacklight have: it is what
// makes an answered request outlive Solr's own end.
type Solr struct {
	URL          string           // of the core or collection: https://HOST:PORT/solr/NAME
	Profile      string           // names of the fields: "sheaf", "vufind" or "blacklight"; "": sheaf
	CommitWithin time.Duration    // how soon a change can be found; 0: 10 s
	Credentials  feed.Credentials // none: none are sent
	Client       *http.Client     // nil: feed.NewClient of 2 minutes
	Bytes        int              // most bytes of a request, unless one document alone has more; 0: 10 MiB
	Dir          string           // write the requests here and send nothing

	missing  time.Time // since when the answers are that there is no such core
	whole    int       // items that Send is refused by the status of a request of their own
	requests int
}

// Check tells what is wrong with the settings.
func (s *Solr) Check() error {
	if _, ok := profiles[s.profile()]; !ok {
		return fmt.Errorf("search: profile %q: expected one of %s", s.Profile, strings.Join(Profiles(), ", "))
	}
	return checkURL(s.URL)
}

func (s *Solr) profile() string {
	if s.Profile == "" {
		return "sheaf"
	}
	return s.Profile
}

// Send brings changes to the core by JSON update commands, in as few requests as their size allows.
//
// Source: Solr Reference Guide, Indexing with Update Handlers, "JSON Formatted Index Updates".
func (s *Solr) Send(ctx context.Context, changes []*feed.Change) ([]feed.Outcome, error) {
	most := s.Bytes
	if most < 1 {
		most = 10 << 20
	}
	commands := make([][]byte, len(changes))
	for i, c := range changes {
		var err error
		if commands[i], err = s.command(c); err != nil {
			return nil, err
		}
	}
	s.whole = 0
	outcomes := make([]feed.Outcome, len(changes))
	for begin := 0; begin < len(changes); {
		end, size := begin+1, len(commands[begin])
		for end < len(changes) && size+len(commands[end]) < most {
			size += len(commands[end])
			end++
		}
		if err := s.post(ctx, changes[begin:end], commands[begin:end], outcomes[begin:end]); err != nil {
			return partly(outcomes, begin, err)
		}
		begin = end
	}
	return outcomes, allRefused(s.whole, outcomes)
}

// command is one change as a member of the object of commands.
func (s *Solr) command(c *feed.Change) ([]byte, error) {
	if c.Deleted {
		id, err := encode(c.Identifier)
		return fmt.Appendf(nil, `"delete":{"id":%s}`, id), err
	}
	var b bytes.Buffer
	b.WriteString(`"add":{"doc":{`)
	for i, f := range profiles[s.profile()](NewDocument(c)) {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := encode(f.name)
		if err != nil {
			return nil, err
		}
		value, err := encode(f.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteString("}}")
	return b.Bytes(), nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// post sends one request. Solr stops at the first command that it does not take, so what is refused is found by sending halves.
func (s *Solr) post(ctx context.Context, changes []*feed.Change, commands [][]byte, outcomes []feed.Outcome) error {
	within := s.CommitWithin
	if within <= 0 {
		within = 10 * time.Second
	}
	query := url.Values{"commitWithin": {strconv.FormatInt(within.Milliseconds(), 10)}, "wt": {"json"}}
	body := append(append([]byte{'{'}, bytes.Join(commands, []byte(",\n"))...), '}')
	req, status, header, answer, err := do(ctx, s.Client, s.Credentials, s.Dir, &s.requests, http.MethodPost,
		strings.TrimRight(s.URL, "/")+"/update?"+query.Encode(), "application/json", body, ".json")
	if err != nil || s.Dir != "" {
		return err
	}
	err = feed.Answered(req, status, header, message(answer))
	switch {
	case err == nil:
		s.missing = time.Time{}
		return check(answer)
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusConflict,
		status == http.StatusInternalServerError && changes[0].Tries >= maxFailures:
		if len(changes) == 1 {
			s.whole++
			outcomes[0].Refused = err.Error()
			return nil
		}
		half := len(changes) / 2
		if err := s.post(ctx, changes[:half], commands[:half], outcomes[:half]); err != nil {
			return err
		}
		return s.post(ctx, changes[half:], commands[half:], outcomes[half:])
	case status == http.StatusNotFound:
		return perhapsLater(err, &s.missing)
	}
	return err
}

// check reads the answer of a request that was taken: nothing else may answer 200 for Solr.
func check(body []byte) error {
	var answer struct {
		Header *struct {
			Status int `json:"status"`
		} `json:"responseHeader"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Header == nil || answer.Header.Status != 0 {
		return fmt.Errorf("search: Solr answered 200 without a responseHeader of status 0: %.200q", body)
	}
	return nil
}

// message is what Solr says of a failure, else the whole answer.
func message(body []byte) []byte {
	var answer struct {
		Error struct {
			Msg string `json:"msg"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.Error.Msg != "" {
		return []byte(answer.Error.Msg)
	}
	return body
}
