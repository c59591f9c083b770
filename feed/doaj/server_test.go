package doaj

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

const key = "geheim-doaj-4711"

// server answers as DOAJ's API v4 does, by its published code.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string // method and path
	articles map[string]article
	ids      int
	uploads  map[string]*bulk
	slow     int                                // how often an upload is pending
	next     []func(w http.ResponseWriter) bool // answers to the next requests; nil: as always; false: none of its own, but the answer that there is gets lost
	issns    []string                           // of the account's journals
}

type article struct {
	Bibjson struct {
		Title      string `json:"title"`
		Identifier []struct{ Type, ID string }
		Link       []struct{ Type, URL string }
		Author     []struct{ Name string }
	} `json:"bibjson"`
}

type bulk struct {
	raw   []json.RawMessage
	polls int
	done  map[string]any
}

// id is the identifier of a type.
func (a *article) id(kind string) string {
	for _, i := range a.Bibjson.Identifier {
		if i.Type == kind {
			return strings.ToLower(i.ID)
		}
	}
	return ""
}

func (a *article) link() string {
	if len(a.Bibjson.Link) == 0 {
		return ""
	}
	return a.Bibjson.Link[0].URL
}

func serve(t *testing.T) *server {
	s := &server{articles: map[string]article{}, uploads: map[string]*bulk{}, issns: []string{"1234-5679", "2049-3630"}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func refuse(w http.ResponseWriter, status int, name, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"status": name, "error": why + " (ref: 1)"})
}

var path = regexp.MustCompile(`^/api/v4/(bulk/articles|articles|search/articles)(?:/(.+))?$`)

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	lost := false
	if len(s.next) > 0 {
		answer := s.next[0]
		s.next = s.next[1:]
		if answer != nil {
			if answer(w) {
				return
			}
			lost = true
		}
	}
	if lost {
		s.answer(httptest.NewRecorder(), r, body)
		panic(http.ErrAbortHandler)
	}
	s.answer(w, r, body)
}

func (s *server) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	if r.URL.Query().Get("api_key") != key {
		refuse(w, 401, "unauthorised", "An API Key is required to access this.")
		return
	}
	m := path.FindStringSubmatch(r.URL.Path)
	if m == nil {
		refuse(w, 404, "not_found", "No endpoint")
		return
	}
	switch r.Method + " " + m[1] {
	case "POST articles":
		id, status, why := s.take("", body)
		if status != 0 {
			refuse(w, status, "no", why)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"status": "created", "id": %q, "location": "/api/v4/articles/%s"}`, id, id)
	case "PUT articles":
		if _, ok := s.articles[m[2]]; !ok {
			refuse(w, 404, "not_found", "")
			return
		}
		if _, status, why := s.take(m[2], body); status != 0 {
			refuse(w, status, "no", why)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	case "DELETE articles":
		if _, ok := s.articles[m[2]]; !ok {
			refuse(w, 404, "not_found", "")
			return
		}
		delete(s.articles, m[2])
		w.WriteHeader(http.StatusNoContent)
	case "POST bulk/articles":
		b := &bulk{}
		if json.Unmarshal(body, &b.raw) != nil {
			refuse(w, 400, "bad_request", "Supplied data was not valid JSON")
			return
		}
		s.ids++
		id := fmt.Sprintf("upload%d", s.ids)
		s.uploads[id] = b
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, `{"msg": "being processed", "upload_id": %q, "status": "/api/v4/bulk/articles/%s"}`, id, id)
	case "GET bulk/articles":
		b := s.uploads[m[2]]
		if b == nil {
			refuse(w, 400, "bad_request", "upload_id is invalid")
			return
		}
		if b.polls++; b.polls <= s.slow {
			fmt.Fprintf(w, `{"id": %q, "status": "pending"}`, m[2])
			return
		}
		s.process(b)
		json.NewEncoder(w).Encode(b.done)
	case "GET search/articles":
		var results []map[string]string
		for id, a := range s.articles {
			if m[2] == `doi:"`+a.id("doi")+`"` {
				results = append(results, map[string]string{"id": id})
			}
		}
		json.NewEncoder(w).Encode(map[string]any{"total": len(results), "results": results})
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// process takes an upload: all of it, or, when an ISSN is at fault, none.
func (s *server) process(b *bulk) {
	if b.done != nil {
		return
	}
	was := map[string]article{}
	for id, a := range s.articles {
		was[id] = a
	}
	for _, raw := range b.raw {
		if _, status, why := s.take("", raw); status != 0 {
			s.articles = was
			b.done = map[string]any{"status": "failed", "error": why, "failure_reasons": map[string]any{"unmatched": []string{"1111-1111"}}}
			return
		}
	}
	b.done = map[string]any{"status": "processed", "results": map[string]int{"imported": len(b.raw), "failed": 0, "new": len(b.raw)}}
}

// take takes an article as a new one, or in place of one, as DOAJ's article service does. A status that is not 0 says that it does not.
func (s *server) take(id string, body []byte) (string, int, string) {
	var a article
	if err := json.Unmarshal(body, &a); err != nil || a.Bibjson.Title == "" {
		return "", 400, "Field 'title' is required"
	}
	if strings.Contains(a.Bibjson.Title, "Refuse me") {
		return "", 400, "Field 'year' is not an integer"
	}
	if a.id("pissn") == "" && a.id("eissn") == "" || a.id("doi") == "" && a.link() == "" {
		return "", 400, "an ISSN and a DOI or full text are required"
	}
	for _, issn := range []string{a.id("pissn"), a.id("eissn")} {
		if issn != "" && !slices.Contains(s.issns, issn) {
			return "", 403, "It is not possible to create an article for this journal."
		}
	}
	for other, b := range s.articles {
		doi, link := a.id("doi") != "" && a.id("doi") == b.id("doi"), a.link() != "" && a.link() == b.link()
		switch {
		case !doi && !link:
		case id != "" && other != id, id == "" && a.id("doi") != "" && a.link() != "" && doi != link:
			return "", 403, "This article duplicates another"
		case id == "":
			id = other
		}
	}
	if id == "" {
		s.ids++
		id = fmt.Sprintf("%032x", s.ids)
	}
	s.articles[id] = a
	return id, 0, ""
}
