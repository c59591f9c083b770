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

// Solr is a core or collection of Solr as a target. Before a request is made, what the core holds of its items is asked for: what is as new is not sent, and all else
// only on the condition that the core still holds what it answered (its _version_). So a request that a killed feed has left on the wire
// cannot undo what its successor sends, save one: the addition of an item that was not there and was deleted since.
// The core must have an update log, as all that come with Solr, VuFind and Blacklight have: it makes readable what is not yet committed. A batch is taken when it is committed, without
// opening a searcher: the log alone does not outlive being killed several times.
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
	s.whole = 0
	outcomes := make([]feed.Outcome, len(changes))
	for begin := 0; begin < len(changes); begin += mostIDs {
		end := min(begin+mostIDs, len(changes))
		there, err := s.held(ctx, changes[begin:end])
		if err != nil {
			return partly(outcomes, begin, err)
		}
		open := &part{}
		for i := begin; i < end; i++ {
			c := changes[i]
			held, is := there[c.Identifier]
			switch {
			case s.Dir != "":
			case is && (held.stamp > c.Datestamp || held.stamp == c.Datestamp && !c.Deleted && !c.Again), !is && c.Deleted:
				continue // taken: it is as it should be, or newer
			case !is:
				held.version = absent
			}
			command, err := s.command(c, held.version)
			if err != nil {
				return nil, err
			}
			if open.bytes > 0 && open.bytes+len(command) > most {
				if err := s.post(ctx, open); err != nil {
					return partly(outcomes, begin, err)
				}
				open = &part{}
			}
			open.changes, open.commands, open.outcomes = append(open.changes, c), append(open.commands, command), append(open.outcomes, &outcomes[i])
			open.bytes += len(command) + 2
		}
		if err := s.post(ctx, open); err != nil {
			return partly(outcomes, begin, err)
		}
	}
	if err := s.commit(ctx); err != nil {
		return nil, err
	}
	return outcomes, allRefused(s.whole, outcomes)
}

// commit makes durable what the core has taken, also in an earlier try. It does not make it found: commitWithin does.
func (s *Solr) commit(ctx context.Context) error {
	req, status, header, answer, err := s.do(ctx, "/update?wt=json", "application/json", []byte(`{"commit":{"openSearcher":false}}`), ".json")
	if err != nil || s.Dir != "" {
		return err
	}
	if err := feed.Answered(req, status, header, message(answer)); err != nil {
		return err
	}
	return check(answer)
}

// mostIDs is how many items are asked for at a time, and go in one request.
const mostIDs = 1000

// inCore is what a core holds of an item.
type inCore struct {
	version int64 // Solr's own
	stamp   int64 // the datestamp; 0: not known
}

// absent is the _version_ of a document that must not be there.
const absent = -1

// held asks what the core holds of items, whether or not it is committed.
//
// Source: Solr Reference Guide, Realtime Get.
func (s *Solr) held(ctx context.Context, changes []*feed.Change) (map[string]inCore, error) {
	if s.Dir != "" {
		return nil, nil
	}
	stamp := stamps[s.profile()]
	form := url.Values{"fl": {"id,_version_," + stamp}, "wt": {"json"}}
	for _, c := range changes {
		form.Add("id", c.Identifier)
	}
	if len(changes) == 1 {
		form.Add("id", changes[0].Identifier) // of one alone Solr answers in another form
	}
	req, status, header, body, err := s.do(ctx, "/get", "application/x-www-form-urlencoded", []byte(form.Encode()), "")
	if err != nil {
		return nil, err
	}
	if err = feed.Answered(req, status, header, message(body)); status == http.StatusNotFound {
		return nil, perhapsLater(err, &s.missing)
	} else if err != nil {
		return nil, err
	}
	var answer struct {
		Response *struct {
			Docs []map[string]any `json:"docs"`
		} `json:"response"`
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber() // versions have more digits than a float64
	if err := dec.Decode(&answer); err != nil || answer.Response == nil {
		return nil, fmt.Errorf("search: Solr answered what it holds with %.200q", body)
	}
	there := make(map[string]inCore, len(answer.Response.Docs))
	for _, d := range answer.Response.Docs {
		id, _ := d["id"].(string)
		number, _ := d["_version_"].(json.Number)
		var in inCore
		if in.version, err = number.Int64(); err != nil || id == "" {
			return nil, feed.Fatalf("search: Solr gives no _version_ of %q: the field must be in its schema, stored or with docValues", id)
		}
		text, _ := d[stamp].(string)
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			in.stamp = t.Unix()
		}
		there[id] = in
	}
	return there, nil
}

// part is what goes in one request.
type part struct {
	changes  []*feed.Change
	commands [][]byte
	outcomes []*feed.Outcome
	bytes    int
}

// command is one change as a member of the object of commands, to be carried out if the core still holds that version; 0: whatever it holds.
func (s *Solr) command(c *feed.Change, version int64) ([]byte, error) {
	doc := fields{{"id", c.Identifier}}
	verb, open, end := "delete", "{", "}"
	if !c.Deleted {
		verb, open, end = "add", `{"doc":{`, "}}"
		doc = profiles[s.profile()](NewDocument(c))
	}
	if version != 0 {
		doc = append(doc, field{"_version_", version})
	}
	var b bytes.Buffer
	b.WriteString(`"` + verb + `":` + open)
	for i, f := range doc {
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
	b.WriteString(end)
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
func (s *Solr) post(ctx context.Context, p *part) error {
	if len(p.commands) == 0 {
		return nil
	}
	within := s.CommitWithin
	if within <= 0 {
		within = 10 * time.Second
	}
	query := url.Values{"commitWithin": {strconv.FormatInt(within.Milliseconds(), 10)}, "wt": {"json"}}
	body := append(append([]byte{'{'}, bytes.Join(p.commands, []byte(",\n"))...), '}')
	req, status, header, answer, err := s.do(ctx, "/update?"+query.Encode(), "application/json", body, ".json")
	if err != nil || s.Dir != "" {
		return err
	}
	err = feed.Answered(req, status, header, message(answer))
	switch {
	case err == nil:
		s.missing = time.Time{}
		return check(answer)
	case status == http.StatusConflict: // something else was written since held: look again
		for _, o := range p.outcomes {
			o.Retry = true
		}
		return nil
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge,
		status == http.StatusInternalServerError && p.changes[0].Tries >= maxFailures:
		n := len(p.commands)
		if n == 1 {
			s.whole++
			p.outcomes[0].Refused = err.Error()
			return nil
		}
		// What Solr has taken before it stopped has other versions now, and the second half may conflict with itself: then it is tried again.
		if err := s.post(ctx, &part{p.changes[:n/2], p.commands[:n/2], p.outcomes[:n/2], 0}); err != nil {
			return err
		}
		return s.post(ctx, &part{p.changes[n/2:], p.commands[n/2:], p.outcomes[n/2:], 0})
	case status == http.StatusNotFound:
		return perhapsLater(err, &s.missing)
	}
	return err
}

// do sends one request, or writes it down.
func (s *Solr) do(ctx context.Context, path, kind string, body []byte, ext string) (*http.Request, int, http.Header, []byte, error) {
	return do(ctx, s.Client, s.Credentials, s.Dir, &s.requests, http.MethodPost, strings.TrimRight(s.URL, "/")+path, kind, body, ext)
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
