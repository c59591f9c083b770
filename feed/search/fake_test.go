package search

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// held is a document of an index.
type held struct {
	version int64
	doc     string // JSON
	solr    int64  // Solr's _version_
}

// engine is a search engine of the tests: it takes what the documented protocol allows and nothing else, and keeps what it has taken while its
// listener comes and goes.
type engine struct {
	mu       sync.Mutex
	docs     map[string]held
	gone     map[string]int64  // versions of deletions
	seen     map[string]string // what each version of each document was: it must always be the same
	wrong    []string          // what a client did against the protocol
	requests int
	versions int64           // the last _version_ of Solr
	undo     map[string]held // of what Solr has not committed: how it was; the zero held: not there
	faults   int
	random   *rand.Rand // nil: no faults
	mapping  map[string]any
	refuse   func(id string) bool // documents that are refused for what they say
	solr     bool
	address  string
	server   *http.Server
}

func newEngine(t *testing.T, solr bool) *engine {
	e := &engine{docs: map[string]held{}, gone: map[string]int64{}, seen: map[string]string{}, undo: map[string]held{}, solr: solr, refuse: func(string) bool { return false }}
	e.start(t)
	t.Cleanup(func() { e.server.Close() })
	return e
}

// start listens, at the same address as before if it has stopped.
func (e *engine) start(t *testing.T) {
	t.Helper()
	address := e.address
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	e.address, e.server = l.Addr().String(), &http.Server{Handler: e}
	go e.server.Serve(l)
}

// stop cuts all connections, whatever is under way, and loses what was not committed.
func (e *engine) stop() {
	e.server.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, h := range e.undo {
		if delete(e.docs, id); h.doc != "" {
			e.docs[id] = h
		}
	}
	e.undo = map[string]held{}
}

func (e *engine) url() string {
	if e.solr {
		return "http://" + e.address + "/solr/sheaf"
	}
	return "http://" + e.address
}

func (e *engine) complain(format string, args ...any) {
	if len(e.wrong) < 20 {
		e.wrong = append(e.wrong, fmt.Sprintf(format, args...))
	}
}

// cut ends a request without an answer.
func cut() { panic(http.ErrAbortHandler) }

func (e *engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil { // the client was killed
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.requests++
	roll := func(n int) bool {
		if e.random == nil || e.random.IntN(n) != 0 {
			return false
		}
		e.faults++
		return true
	}
	switch {
	case roll(25):
		cut()
	case roll(25):
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case roll(25):
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case roll(40):
		w.Write([]byte("<html>a proxy's word</html>"))
		return
	}
	var status int
	var answer []byte
	if e.solr {
		status, answer = e.update(r, body, roll)
	} else {
		status, answer = e.opensearch(r, body, roll)
	}
	switch {
	case roll(25):
		cut() // all was done, and nobody is told
	case roll(25): // the answer breaks off
		w.Header().Set("Content-Length", fmt.Sprint(len(answer)+1))
		w.WriteHeader(status)
		w.Write(answer[:len(answer)/2])
		cut()
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(answer)
}

// opensearch answers the three requests that a feed makes.
func (e *engine) opensearch(r *http.Request, body []byte, roll func(int) bool) (int, []byte) {
	switch r.Method + " " + r.URL.Path {
	case "HEAD /sheaf":
		if e.mapping == nil {
			return http.StatusNotFound, nil
		}
		return http.StatusOK, nil
	case "PUT /sheaf":
		if e.mapping != nil {
			return http.StatusBadRequest, []byte(`{"error":{"type":"resource_already_exists_exception","reason":"index [sheaf] already exists"},"status":400}`)
		}
		var index struct {
			Mappings struct{ Properties map[string]any }
		}
		if r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(body, &index) != nil || len(index.Mappings.Properties) == 0 {
			e.complain("an index is made with %q as %q", body, r.Header.Get("Content-Type"))
		}
		e.mapping = index.Mappings.Properties
		return http.StatusOK, []byte(`{"acknowledged":true,"shards_acknowledged":true,"index":"sheaf"}`)
	case "POST /_bulk":
		return e.bulk(r, body, roll)
	}
	e.complain("%s %s: no such thing", r.Method, r.URL)
	return http.StatusBadRequest, []byte(`{"error":{"type":"illegal_argument_exception"},"status":400}`)
}

// bulk is strict in framing: every line ends in a line feed, holds one JSON object, and an index action has its document on the next.
func (e *engine) bulk(r *http.Request, body []byte, roll func(int) bool) (int, []byte) {
	if r.Header.Get("Content-Type") != "application/x-ndjson" {
		e.complain("a bulk request is of type %q", r.Header.Get("Content-Type"))
	}
	if len(body) > 15<<20 {
		e.complain("a bulk request has %d bytes", len(body))
	}
	if !bytes.HasSuffix(body, []byte("\n")) {
		e.complain("a bulk request does not end in a line feed")
		return http.StatusBadRequest, []byte(`{"error":{"type":"illegal_argument_exception","reason":"The bulk request must be terminated by a newline [\\n]"},"status":400}`)
	}
	var items []string
	failed := false
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	stop := len(lines)
	if roll(25) {
		stop = e.random.IntN(len(lines)) // the engine ends in the middle of it
	}
	for i := 0; i < len(lines); i++ {
		if i >= stop {
			cut()
		}
		var action map[string]struct {
			Index       string `json:"_index"`
			ID          string `json:"_id"`
			Version     int64  `json:"version"`
			VersionType string `json:"version_type"`
		}
		dec := json.NewDecoder(strings.NewReader(lines[i]))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&action); err != nil || dec.More() || len(action) != 1 {
			e.complain("an action line reads %q", lines[i])
			return http.StatusBadRequest, []byte(`{"error":{"type":"illegal_argument_exception","reason":"Malformed action/metadata line"},"status":400}`)
		}
		for verb, m := range action {
			if m.Index != "sheaf" || m.ID == "" || len(m.ID) > 512 || m.Version < 1 || m.VersionType != "external" && m.VersionType != "external_gte" {
				e.complain("an action line reads %q", lines[i])
			}
			doc := ""
			switch verb {
			case "index":
				if i++; i == len(lines) {
					e.complain("the last action has no document")
					return http.StatusBadRequest, []byte(`{"status":400}`)
				}
				doc = lines[i]
			case "delete":
			default:
				e.complain("an action is %q", verb)
			}
			status, kind := e.apply(m.ID, m.Version, m.VersionType == "external_gte", doc, roll)
			if kind != "" {
				failed = true
				items = append(items, fmt.Sprintf(`{"%s":{"_index":"sheaf","_id":%q,"status":%d,"error":{"type":%q,"reason":"of the tests"}}}`, verb, m.ID, status, kind))
			} else {
				items = append(items, fmt.Sprintf(`{"%s":{"_index":"sheaf","_id":%q,"_version":%d,"status":%d}}`, verb, m.ID, m.Version, status))
			}
		}
	}
	return http.StatusOK, fmt.Appendf(nil, `{"took":1,"errors":%t,"items":[%s]}`, failed, strings.Join(items, ","))
}

// apply carries out one action with an external version, and returns its status, and the type of the error if there is one.
func (e *engine) apply(id string, version int64, orEqual bool, doc string, roll func(int) bool) (int, string) {
	if roll(2000) {
		return http.StatusTooManyRequests, "es_rejected_execution_exception"
	}
	if roll(2000) {
		return http.StatusServiceUnavailable, "unavailable_shards_exception"
	}
	e.same(id, version, doc)
	if e.refuse(id) && doc != "" {
		return http.StatusBadRequest, "mapper_parsing_exception"
	}
	if doc != "" {
		if fault := e.check(doc); fault != "" {
			e.complain("%s: %s", id, fault)
			return http.StatusBadRequest, "mapper_parsing_exception"
		}
	}
	have, live := e.docs[id]
	if !live {
		have.version = e.gone[id]
	}
	if have.version > version || have.version == version && !orEqual {
		return http.StatusConflict, "version_conflict_engine_exception"
	}
	if doc == "" {
		delete(e.docs, id)
		e.gone[id] = version
		if !live {
			return http.StatusNotFound, ""
		}
		return http.StatusOK, ""
	}
	delete(e.gone, id)
	e.docs[id] = held{version: version, doc: doc}
	if live {
		return http.StatusOK, ""
	}
	return http.StatusCreated, ""
}

// same finds two different documents that are sent as the same version.
func (e *engine) same(id string, version int64, doc string) {
	key := fmt.Sprintf("%s@%d", id, version)
	if was, ok := e.seen[key]; ok && was != doc {
		e.complain("version %d of %s is\n%s\nand\n%s", version, id, was, doc)
	}
	e.seen[key] = doc
}

// check holds a document against the mapping: each field is there and has values of its type.
func (e *engine) check(doc string) string {
	var fields map[string]any
	if err := json.Unmarshal([]byte(doc), &fields); err != nil {
		return err.Error()
	}
	return checkFields(fields, e.mapping, "")
}

var indexDate = regexp.MustCompile(`^\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\dZ)?)?)?$`)

func checkFields(fields, mapping map[string]any, path string) string {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		m, ok := mapping[name].(map[string]any)
		if !ok {
			return fmt.Sprintf("field %s%s is not mapped", path, name)
		}
		values, ok := fields[name].([]any)
		if !ok {
			values = []any{fields[name]}
		}
		for _, v := range values {
			fault := false
			switch m["type"] {
			case nil, "nested":
				inner, isObject := v.(map[string]any)
				if fault = !isObject; !fault {
					if s := checkFields(inner, m["properties"].(map[string]any), path+name+"."); s != "" {
						return s
					}
				}
			case "object":
				_, isObject := v.(map[string]any)
				fault = !isObject
			case "keyword", "text":
				s, isString := v.(string)
				fault = !isString || s == ""
			case "short":
				n, isNumber := v.(float64)
				fault = !isNumber || n != float64(int16(n))
			case "date":
				s, isString := v.(string)
				fault = !isString || !indexDate.MatchString(s)
			default:
				fault = true
			}
			if fault {
				return fmt.Sprintf("field %s%s of type %v has %v", path, name, m["type"], v)
			}
		}
	}
	return ""
}

// solrFields are the names that the default configset, and so the own profile, allows.
var solrFields = regexp.MustCompile(`^(id|[a-z][a-z0-9_]*_(t|txt|s|ss|i|dt))$`)

// update takes JSON update commands one by one, and stops at the first that is none.
func (e *engine) update(r *http.Request, body []byte, roll func(int) bool) (int, []byte) {
	refuse := func(code int, format string, args ...any) (int, []byte) {
		msg, _ := json.Marshal(fmt.Sprintf(format, args...))
		return code, fmt.Appendf(nil, `{"responseHeader":{"status":%d,"QTime":1},"error":{"msg":%s,"code":%d}}`, code, msg, code)
	}
	if r.URL.Path == "/solr/sheaf/get" {
		return e.get(r, body)
	}
	if r.Method != http.MethodPost || r.URL.Path != "/solr/sheaf/update" || r.Header.Get("Content-Type") != "application/json" {
		e.complain("%s %s as %q", r.Method, r.URL, r.Header.Get("Content-Type"))
		return refuse(400, "no such thing")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		e.complain("commands begin with %v", token)
		return refuse(400, "no commands")
	}
	for n := 0; dec.More(); n++ {
		if n > 0 && roll(5000) {
			cut()
		}
		command, err := dec.Token()
		if err != nil {
			return refuse(400, "%v", err)
		}
		var value struct {
			ID      string
			Open    *bool `json:"openSearcher"`
			Version int64 `json:"_version_"`
			Doc     map[string]any
		}
		conflict := func(id string, given int64) bool { // as Solr's optimistic concurrency has it
			have, is := e.docs[id]
			return given > 1 && (!is || have.solr != given) || given < 0 && is || given == 1 && !is
		}
		if err := dec.Decode(&value); err != nil {
			e.complain("command %v: %v", command, err)
			return refuse(400, "%v", err)
		}
		if command != "commit" && r.URL.Query().Get("commitWithin") == "" {
			e.complain("%s %s: a change that is never found", r.Method, r.URL)
		}
		switch {
		case command == "commit" && value.Open != nil && !*value.Open:
			e.undo = map[string]held{}
		case command == "delete" && value.ID != "":
			if conflict(value.ID, value.Version) {
				return refuse(409, "version conflict for %s", value.ID)
			}
			e.remember(value.ID)
			delete(e.docs, value.ID)
		case command == "add" && value.Doc["id"] != nil:
			id := value.Doc["id"].(string)
			given, _ := value.Doc["_version_"].(json.Number)
			version, _ := given.Int64()
			if conflict(id, version) {
				return refuse(409, "version conflict for %s", id)
			}
			delete(value.Doc, "_version_")
			for name := range value.Doc {
				if !solrFields.MatchString(name) {
					return refuse(400, "ERROR: [doc=%s] unknown field '%s'", id, name)
				}
			}
			if e.refuse(id) {
				return refuse(400, "ERROR: [doc=%s] Error adding field", id)
			}
			stamp, err := time.Parse(time.RFC3339, value.Doc["stamp_dt"].(string))
			if err != nil {
				return refuse(400, "ERROR: [doc=%s] Invalid Date String", id)
			}
			doc, _ := json.Marshal(value.Doc)
			e.same(id, stamp.Unix(), string(doc))
			e.remember(id)
			e.versions += 1 << 20
			e.docs[id] = held{stamp.Unix(), string(doc), 1<<60 + e.versions}
		default:
			e.complain("a command is %v", command)
			return refuse(400, "Unknown command '%v'", command)
		}
	}
	if token, err := dec.Token(); err != nil || token != json.Delim('}') || dec.More() {
		return refuse(400, "no end")
	}
	return http.StatusOK, []byte(`{"responseHeader":{"status":0,"QTime":1}}`)
}

// remember keeps how a document is that is about to change.
func (e *engine) remember(id string) {
	if _, ok := e.undo[id]; !ok {
		e.undo[id] = e.docs[id]
	}
}

// get is Solr's realtime get of several documents.
func (e *engine) get(r *http.Request, body []byte) (int, []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || len(form["id"]) < 2 || form.Get("fl") != "id,_version_,stamp_dt" {
		e.complain("%s %s as %q: %.200s", r.Method, r.URL, r.Header.Get("Content-Type"), body)
	}
	var docs []string
	for _, id := range form["id"] {
		if h, ok := e.docs[id]; ok {
			docs = append(docs, fmt.Sprintf(`{"id":%q,"stamp_dt":%q,"_version_":%d}`, id, time.Unix(h.version, 0).UTC().Format(time.RFC3339), h.solr))
		}
	}
	return http.StatusOK, fmt.Appendf(nil, `{"response":{"numFound":%d,"start":0,"docs":[%s]}}`, len(docs), strings.Join(docs, ","))
}

// contents returns the versions and titles of what the index holds, by id.
func (e *engine) contents(context.Context) (map[string]string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := map[string]string{}
	for id, h := range e.docs {
		var d map[string]any
		if err := json.Unmarshal([]byte(h.doc), &d); err != nil {
			return nil, err
		}
		title := d["title"]
		if e.solr {
			title = d["title_s"]
		}
		all[id] = fmt.Sprintf("%d %v", h.version, title)
	}
	return all, nil
}
