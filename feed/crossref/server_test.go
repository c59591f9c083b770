package crossref

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// server answers as Crossref does, as far as it documents that: deposits are queued and looked at when they are asked for often enough.
type server struct {
	*httptest.Server
	t        *testing.T
	mu       sync.Mutex
	posts    []post // that were received whole
	polls    int
	queue    map[string]*submission             // by file name: the first of each
	versions map[string]int64                   // timestamps of DOIs
	docs     map[string]string                  // that a DOI was last taken in
	say      map[string]string                  // by DOI: "Failure", "Warning" or "Conflict" in place of Success
	invalid  string                             // a batch whose document has this breaks the schema
	next     []func(w http.ResponseWriter) bool // answers of the next deposits; false: as always, after it
	slow     int                                // how often a submission is not done yet
	pending  int                                // most that may be queued; 0: 10,000
}

type post struct {
	file string
	body string // of the whole request
	doc  string
	head head
}

type head struct {
	ID        string   `xml:"head>doi_batch_id"`
	Timestamp int64    `xml:"head>timestamp"`
	Depositor string   `xml:"head>depositor>depositor_name"`
	Email     string   `xml:"head>depositor>email_address"`
	Journals  []string `xml:"body>journal>journal_metadata>full_title"`
	DOIs      []string `xml:"body>journal>journal_article>doi_data>doi"`
}

type submission struct {
	post
	polls  int
	report string
}

// sent are the deposits that were received.
func (s *server) sent() []post {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.posts)
}

// version is the timestamp of a DOI.
func (s *server) version(doi string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.versions[doi]
}

func serve(t *testing.T) *server {
	s := &server{t: t, queue: map[string]*submission{}, versions: map[string]int64{}, docs: map[string]string{}, say: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /servlet/deposit", func(w http.ResponseWriter, r *http.Request) {
		s.deposit(w, r, "login_id", "login_passwd", "fname", false)
	})
	mux.HandleFunc("POST /v2/deposits", func(w http.ResponseWriter, r *http.Request) { s.deposit(w, r, "usr", "pwd", "mdFile", true) })
	mux.HandleFunc("GET /servlet/submissionDownload", s.result)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

const (
	user     = "press@example.org/press"
	password = "geheim-4711"
)

func (s *server) deposit(w http.ResponseWriter, r *http.Request, usr, pwd, file string, sync bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(raw)))
	if !assert.NoError(s.t, r.ParseMultipartForm(32<<20)) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	assert.Equal(s.t, "doMDUpload", r.FormValue("operation"))
	if r.FormValue(usr) != user || r.FormValue(pwd) != password {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, "<html><head><title>401 Unauthorized</title></head></html>")
		return
	}
	most := s.pending
	if most == 0 {
		most = 10000
	}
	if len(s.queue) >= most {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	f, h, err := r.FormFile(file)
	require.NoError(s.t, err)
	doc, err := io.ReadAll(f)
	require.NoError(s.t, err)
	p := post{file: h.Filename, body: string(raw), doc: string(doc)}
	require.NoError(s.t, xml.Unmarshal(doc, &p.head))
	assert.Equal(s.t, p.head.ID+".xml", p.file)
	var answer func(http.ResponseWriter) bool
	if len(s.next) > 0 {
		answer, s.next = s.next[0], s.next[1:]
		if answer != nil && answer(w) {
			return
		}
	}
	s.posts = append(s.posts, p)
	sub := s.queue[p.file]
	if sub == nil {
		sub = &submission{post: p}
		s.queue[p.file] = sub
		if s.slow == 0 || sync {
			s.process(sub)
		}
	}
	if answer != nil {
		panic(http.ErrAbortHandler) // received, and the answer is lost
	}
	if sync {
		s.process(sub)
		if !strings.Contains(sub.report, `"Success"`) {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprint(w, sub.report)
		return
	}
	fmt.Fprint(w, "\n<html>\n<head><title>SUCCESS</title>\n</head>\n<body>\n<h2>SUCCESS</h2>\n<p>Your batch submission was successfully received.</p>\n</body>\n</html>\n")
}

// process takes what is in a submission.
func (s *server) process(sub *submission) {
	if sub.report != "" {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<doi_batch_diagnostic status=\"completed\" sp=\"cs\">\n<submission_id>1</submission_id>\n<batch_id>%s</batch_id>\n", sub.head.ID)
	if s.invalid != "" && strings.Contains(sub.doc, s.invalid) {
		b.WriteString("<record_diagnostic status=\"Failure\"><doi /><msg>Error validating schema crossref5.4.0.xsd : Error: cvc-complex-type</msg></record_diagnostic>")
		sub.report = b.String() + "</doi_batch_diagnostic>"
		return
	}
	for _, doi := range sub.head.DOIs {
		if sub.head.Timestamp <= s.versions[doi] {
			fmt.Fprintf(&b, "<record_diagnostic status=\"Failure\"><doi>%s</doi><msg>Record not processed because submitted version: %d is less or equal to previously submitted version (DOI match)</msg></record_diagnostic>", doi, sub.head.Timestamp)
			continue
		}
		switch s.say[doi] {
		case "Failure":
			fmt.Fprintf(&b, "<record_diagnostic status=\"Failure\"><doi>%s</doi><msg>User not allowed to add records for prefix: 10.5555</msg></record_diagnostic>", doi)
			continue
		case "Warning":
			fmt.Fprintf(&b, "<record_diagnostic status=\"Warning\"><doi>%s</doi><msg>Added with a title that differs</msg></record_diagnostic>", doi)
		case "Conflict":
			fmt.Fprintf(&b, "<record_diagnostic status=\"Warning\"><doi>%s</doi><msg>Added with conflict</msg><conflict_id>286</conflict_id><dois_in_conflict><doi>10.5555/other</doi></dois_in_conflict></record_diagnostic>", doi)
		default:
			fmt.Fprintf(&b, "<record_diagnostic status=\"Success\"><doi>%s</doi><msg>Successfully added</msg></record_diagnostic>", strings.ToUpper(doi))
		}
		s.versions[doi] = sub.head.Timestamp
		s.docs[doi] = sub.doc
	}
	sub.report = b.String() + "</doi_batch_diagnostic>"
}

func (s *server) result(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.polls++
	q := r.URL.Query()
	assert.Equal(s.t, "result", q.Get("type"))
	if q.Get("usr") != user || q.Get("pwd") != password {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	sub := s.queue[q.Get("file_name")]
	if sub == nil {
		fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?><doi_batch_diagnostic status="unknown_submission"><submission_id>0</submission_id><batch_id /></doi_batch_diagnostic>`)
		return
	}
	if sub.polls++; sub.polls > s.slow {
		s.process(sub)
		fmt.Fprint(w, sub.report)
		return
	}
	status := []string{"unknown_submission", "queued", "in_process"}[min(sub.polls-1, 2)]
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><doi_batch_diagnostic status="%s"><submission_id>1</submission_id></doi_batch_diagnostic>`, status)
}
