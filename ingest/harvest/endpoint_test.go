package harvest_test

import (
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// An item of the endpoint: what it holds in each format.
type item struct {
	id      string
	stamp   time.Time
	deleted bool
	set     string
	text    string
	only    string // the one format that it has; "": all
}

// An endpoint is a repository as it should be, but for what its fields and its fault say.
type endpoint struct {
	items    []item
	now      time.Time // its clock
	size     int       // records in an answer
	days     bool      // granularity
	policy   string    // deletedRecord
	formats  [][2]string
	zone     *time.Location // of responseDate
	stamps   *time.Location // of datestamps
	noDate   bool           // no responseDate, no Date
	listSize func(int) int  // what completeListSize says
	token    func(string) string
	given    func(string) (string, bool) // the token of a request, as this endpoint reads it
	identify func() string

	mu    sync.Mutex
	asked []string // queries
	faulty
}

// faulty is what goes wrong: it may answer a request in place of the endpoint (true), or change the answer.
type faulty struct {
	instead func(w http.ResponseWriter, req *http.Request, n int) bool
	alter   func(body []byte, query url.Values, n int) []byte
	send    func(w http.ResponseWriter, body []byte, n int) bool
}

func newEndpoint(n int) *endpoint {
	e := &endpoint{size: 10, now: time.Date(2025, 3, 10, 12, 0, 0, 0, time.UTC), policy: "persistent",
		formats: [][2]string{{"oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc/"}}}
	for i := range n {
		e.items = append(e.items, item{id: fmt.Sprintf("oai:example.org:%d/a?b=c&d", i), stamp: e.now.Add(-time.Duration(n-i) * time.Hour), text: fmt.Sprintf("item %d <&> Ю", i),
			deleted: i%9 == 4, set: []string{"even", "odd"}[i%2]})
	}
	return e
}

func (e *endpoint) date(t time.Time) string {
	if e.days {
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02T15:04:05Z")
}

func in(t time.Time, zone *time.Location) time.Time {
	if zone == nil {
		return t
	}
	return t.In(zone)
}

func esc(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s))
	return b.String()
}

// ServeHTTP answers as the protocol says.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.asked)
	e.asked = append(e.asked, req.URL.RawQuery)
	if e.instead != nil && e.instead(w, req, n) {
		return
	}
	q := req.URL.Query()
	if e.given != nil {
		if _, raw, ok := strings.Cut(req.URL.RawQuery, "resumptionToken="); ok {
			token, good := e.given(raw)
			q.Set("resumptionToken", token)
			if !good {
				q.Set("resumptionToken", "refused")
			}
		}
	}
	body := e.answer(req, q)
	if token := q.Get("resumptionToken"); token != "" && e.token != nil { // as it was given
		q.Set("resumptionToken", e.token(token))
	}
	if e.alter != nil {
		body = e.alter(body, q, n)
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if e.noDate {
		w.Header()["Date"] = nil
	} else {
		w.Header().Set("Date", e.now.Format(http.TimeFormat))
	}
	if e.send != nil && e.send(w, body, n) {
		return
	}
	w.Write(body)
}

func (e *endpoint) answer(req *http.Request, q url.Values) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">`)
	if !e.noDate {
		date := e.now.Format("2006-01-02T15:04:05Z")
		if e.zone != nil {
			date = e.now.In(e.zone).Format(time.RFC3339)
		}
		b.WriteString("<responseDate>" + date + "</responseDate>")
	}
	fmt.Fprintf(&b, `<request verb="%s">http://%s/oai</request>`, esc(q.Get("verb")), req.Host)
	fail := func(code, text string) { fmt.Fprintf(&b, `<error code="%s">%s</error>`, code, text) }
	switch verb := q.Get("verb"); verb {
	case "Identify":
		if e.identify != nil {
			b.WriteString(e.identify())
			break
		}
		fmt.Fprintf(&b, `<Identify><repositoryName>R</repositoryName><baseURL>http://%s/oai</baseURL><protocolVersion>2.0</protocolVersion><adminEmail>a@example.org</adminEmail><earliestDatestamp>%s</earliestDatestamp><deletedRecord>%s</deletedRecord><granularity>%s</granularity></Identify>`,
			req.Host, e.date(e.now.AddDate(-10, 0, 0)), e.policy, map[bool]string{true: "YYYY-MM-DD", false: "YYYY-MM-DDThh:mm:ssZ"}[e.days])
	case "ListMetadataFormats":
		b.WriteString("<ListMetadataFormats>")
		for _, f := range e.formats {
			fmt.Fprintf(&b, "<metadataFormat><metadataPrefix>%s</metadataPrefix><schema>http://example.org/x.xsd</schema><metadataNamespace>%s</metadataNamespace></metadataFormat>", f[0], f[1])
		}
		b.WriteString("</ListMetadataFormats>")
	case "GetRecord":
		i := slices.IndexFunc(e.items, func(i item) bool { return i.id == q.Get("identifier") })
		switch prefix := q.Get("metadataPrefix"); {
		case i < 0:
			fail("idDoesNotExist", "none")
		case e.items[i].only != "" && e.items[i].only != prefix:
			fail("cannotDisseminateFormat", "none")
		default:
			b.WriteString("<GetRecord>")
			e.record(&b, e.items[i], prefix, false)
			b.WriteString("</GetRecord>")
		}
	case "ListRecords", "ListIdentifiers":
		e.list(&b, verb, q, fail)
	default:
		fail("badVerb", "none")
	}
	b.WriteString("</OAI-PMH>\n")
	return b.Bytes()
}

func (e *endpoint) record(b *bytes.Buffer, it item, prefix string, header bool) {
	if !header {
		b.WriteString("<record>")
	}
	status := ""
	if it.deleted {
		status = ` status="deleted"`
	}
	fmt.Fprintf(b, `<header%s><identifier>%s</identifier><datestamp>%s</datestamp><setSpec>%s</setSpec></header>`, status, esc(it.id), e.date(in(it.stamp, e.stamps)), it.set)
	if header {
		return
	}
	if !it.deleted {
		fmt.Fprintf(b, `<metadata><dc xmlns="urn:%s"><title>%s in %s</title></dc></metadata>`, prefix, esc(it.text), prefix)
	}
	b.WriteString("</record>\n")
}

func (e *endpoint) list(b *bytes.Buffer, verb string, q url.Values, fail func(code, text string)) {
	offset := 0
	if token := q.Get("resumptionToken"); token != "" {
		if len(q) != 2 {
			fail("badArgument", "a token is alone")
			return
		}
		state, err := base64.StdEncoding.DecodeString(token)
		if err != nil {
			fail("badResumptionToken", "not ours")
			return
		}
		if q, err = url.ParseQuery(string(state)); err != nil {
			fail("badResumptionToken", "not ours")
			return
		}
		offset, _ = strconv.Atoi(q.Get("offset"))
	}
	prefix := q.Get("metadataPrefix")
	if !slices.ContainsFunc(e.formats, func(f [2]string) bool { return f[0] == prefix }) {
		fail("cannotDisseminateFormat", "none")
		return
	}
	from := q.Get("from")
	if e.days && len(from) > len(time.DateOnly) {
		fail("badArgument", "granularity")
		return
	}
	var hits []item
	for _, it := range e.items {
		stamp := in(it.stamp, e.stamps)
		if (it.only == "" || it.only == prefix) && (from == "" || e.date(stamp) >= from) && (q.Get("until") == "" || e.date(stamp) <= q.Get("until")) && (q.Get("set") == "" || q.Get("set") == it.set) &&
			!(it.deleted && e.policy == "no") {
			hits = append(hits, it)
		}
	}
	slices.SortStableFunc(hits, func(x, y item) int { return cmp.Compare(x.id, y.id) }) // an order that has nothing to do with the datestamps
	if len(hits) == 0 {
		fail("noRecordsMatch", "none")
		return
	}
	b.WriteString("<" + verb + ">")
	end := min(offset+e.size, len(hits))
	for _, it := range hits[min(offset, end):end] {
		e.record(b, it, prefix, verb == "ListIdentifiers")
	}
	if len(hits) > e.size {
		token := ""
		if end < len(hits) {
			q.Set("offset", strconv.Itoa(end))
			q.Del("verb")
			token = base64.StdEncoding.EncodeToString([]byte(q.Encode()))
			if e.token != nil {
				token = e.token(token)
			}
		}
		size := len(hits)
		if e.listSize != nil {
			size = e.listSize(size)
		}
		attr := ""
		if size > 0 {
			attr = fmt.Sprintf(` completeListSize="%d" cursor="%d"`, size, offset)
		}
		fmt.Fprintf(b, "<resumptionToken%s>%s</resumptionToken>", attr, esc(token))
	}
	b.WriteString("</" + verb + ">")
}

// start serves e and returns its base URL.
func (e *endpoint) start(t testing.TB) string {
	t.Helper()
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	return s.URL + "/oai"
}

// want is what a harvest of e in one format must come to, with oai_dc for the items that lack it: text by identifier; of a deleted one "deleted".
func (e *endpoint) want(prefix string) map[string]string {
	out := map[string]string{}
	for _, it := range e.items {
		switch {
		case it.deleted && e.policy == "no":
		case it.deleted:
			out[it.id] = "deleted"
		case it.only == "" || it.only == prefix:
			out[it.id] = it.text + " in " + prefix
		case it.only == "oai_dc":
			out[it.id] = it.text + " in oai_dc"
		}
	}
	return out
}

// faults are what real endpoints do, each at random requests. once makes one that a harvest gets over by itself.
func faults(r *rand.Rand) map[string]func(e *endpoint) {
	some := func(p float64) bool { return r.Float64() < p }
	status := func(code int, header http.Header, body string) func(*endpoint) {
		return func(e *endpoint) {
			e.instead = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
				if !some(.3) {
					return false
				}
				for k, v := range header {
					w.Header()[k] = v
				}
				w.WriteHeader(code)
				fmt.Fprint(w, body)
				return true
			}
		}
	}
	send := func(f func(w http.ResponseWriter, body []byte)) func(*endpoint) {
		return func(e *endpoint) {
			e.send = func(w http.ResponseWriter, body []byte, n int) bool {
				if n < 2 || !some(.3) {
					return false
				}
				f(w, body)
				return true
			}
		}
	}
	alter := func(p float64, f func(body []byte, q url.Values) []byte) func(*endpoint) {
		return func(e *endpoint) {
			e.alter = func(body []byte, q url.Values, n int) []byte {
				if n < 2 || !some(p) {
					return body
				}
				return f(body, q)
			}
		}
	}
	hang := func(w http.ResponseWriter) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			c.Close()
		}
	}
	const page = "<!DOCTYPE html><html><head><title>We are down\n for maintenance</title></head><body>Sorry<br></body></html>"
	oaiStatus := func(code int) func(*endpoint) {
		return send(func(w http.ResponseWriter, body []byte) { w.WriteHeader(code); w.Write(body) })
	}
	token := func(body []byte, f func(string) string) []byte {
		before, rest, ok := bytes.Cut(body, []byte("<resumptionToken"))
		attrs, rest, ok2 := bytes.Cut(rest, []byte(">"))
		old, rest, ok3 := bytes.Cut(rest, []byte("</resumptionToken>"))
		if !ok || !ok2 || !ok3 || len(old) == 0 {
			return body
		}
		return slices.Concat(before, []byte("<resumptionToken"), attrs, []byte(">"), []byte(esc(f(html.UnescapeString(string(old))))), []byte("</resumptionToken>"), rest)
	}
	var lastToken string
	return map[string]func(*endpoint){
		"none":                    func(*endpoint) {},
		"503 with seconds":        status(503, http.Header{"Retry-After": {"20"}}, "busy"),
		"503 with a date":         status(503, http.Header{"Retry-After": {"Mon, 10 Mar 2025 12:00:30 GMT"}, "Date": {"Mon, 10 Mar 2025 12:00:00 GMT"}}, "busy"),
		"503 without Retry-After": status(503, nil, "busy"),
		"429":                     status(429, http.Header{"Retry-After": {"1"}}, ""),
		"403 with Retry-After":    status(403, http.Header{"Retry-After": {"5"}}, "slowly"),
		"500":                     status(500, nil, "Internal Server Error"),
		"502 with a page":         status(502, nil, page),
		"a page for an answer": send(func(w http.ResponseWriter, _ []byte) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, page)
		}),
		"an empty answer":    send(func(w http.ResponseWriter, _ []byte) { w.WriteHeader(200) }),
		"wrong content type": send(func(w http.ResponseWriter, b []byte) { w.Header().Set("Content-Type", "text/html"); w.Write(b) }),
		"404 with an answer": oaiStatus(404),
		"422 with an answer": oaiStatus(422),
		"400 with an answer": oaiStatus(400),
		"500 with an answer": oaiStatus(500),
		"dropped before":     send(func(w http.ResponseWriter, _ []byte) { hang(w) }),
		"dropped in the middle": send(func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Length", strconv.Itoa(len(b)))
			w.Write(b[:len(b)/2])
			hang(w)
		}),
		"cut short, length unsaid": alter(.3, func(b []byte, _ url.Values) []byte { return b[:len(b)*2/3] }),
		"gzip": send(func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(b)
			z.Close()
		}),
		"gzip cut short": send(func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Encoding", "gzip")
			var out bytes.Buffer
			z := gzip.NewWriter(&out)
			z.Write(b)
			z.Close()
			w.Write(out.Bytes()[:out.Len()/2])
		}),
		"gzip that says nothing": send(func(w http.ResponseWriter, b []byte) {
			z := gzip.NewWriter(w)
			z.Write(b)
			z.Close()
		}),
		"gzip that is none": send(func(w http.ResponseWriter, b []byte) { w.Header().Set("Content-Encoding", "gzip"); w.Write(b) }),
		"deflate": send(func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Encoding", "deflate")
			z := zlib.NewWriter(w)
			z.Write(b)
			z.Close()
		}),
		"deflate without a frame": send(func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Encoding", "deflate")
			z, _ := flate.NewWriter(w, 5)
			z.Write(b)
			z.Close()
		}),
		"control characters": alter(.5, func(b []byte, _ url.Values) []byte {
			return bytes.ReplaceAll(b, []byte(" in oai_dc"), []byte("\x0b in\x00 oai_dc"))
		}),
		"the same token again": alter(.4, func(b []byte, q url.Values) []byte {
			if q.Get("resumptionToken") == "" {
				return b
			}
			return token(b, func(string) string { return q.Get("resumptionToken") })
		}),
		"a token of before": alter(1, func(b []byte, q url.Values) []byte {
			if q.Get("resumptionToken") == "" {
				lastToken = "" // one of another list would lead into that, and nobody could tell
			}
			return token(b, func(now string) string {
				was := cmp.Or(lastToken, now)
				lastToken = now
				if some(.1) {
					return was
				}
				return now
			})
		}),
		"badResumptionToken at times": alter(.05, func(b []byte, q url.Values) []byte {
			if q.Get("resumptionToken") == "" {
				return b
			}
			return []byte(`<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2025-03-10T12:00:00Z</responseDate><request>x</request><error code="badResumptionToken">expired</error></OAI-PMH>`)
		}),
		"an answer of nothing": alter(.2, func(b []byte, q url.Values) []byte {
			if !strings.HasPrefix(q.Get("verb"), "List") {
				return b
			}
			return []byte(`<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2025-03-10T12:00:00Z</responseDate><request>x</request></OAI-PMH>`)
		}),
		"a token that cannot be read": alter(.2, func(b []byte, _ url.Values) []byte {
			return bytes.Replace(b, []byte("</resumptionToken>"), []byte("</resumptionTokn>"), 1)
		}),
		"warnings before the answer": alter(.5, func(b []byte, _ url.Values) []byte {
			return append([]byte("<br />\n<b>Warning</b>: mysql_connect() in <b>/var/www/oai.php</b><br />\n"), b...)
		}),
		"records twice": alter(1, func(b []byte, _ url.Values) []byte {
			if i, j := bytes.Index(b, []byte("<record>")), bytes.Index(b, []byte("</record>")); i > 0 {
				return slices.Concat(b[:j+9], b[i:j+9], b[j+9:])
			}
			return b
		}),
		"tokens that need escaping": func(e *endpoint) { odd(e, "+/=&?#%;Ю \"<") },
		"tokens of blanks":          func(e *endpoint) { odd(e, "a  b") },
		"tokens encoded already":    encoded,
		"tokens escaped twice":      func(e *endpoint) { escapedTwice(e) },
		"a token of blanks around": func(e *endpoint) {
			e.alter = func(b []byte, _ url.Values, _ int) []byte {
				return token(b, func(s string) string { return "\n  " + s + "\n" })
			}
		},
		"completeListSize too low":  func(e *endpoint) { e.listSize = func(n int) int { return 3 } },
		"completeListSize too high": func(e *endpoint) { e.listSize = func(n int) int { return 10 * n } },
		"no completeListSize":       func(e *endpoint) { e.listSize = func(n int) int { return 0 } },
		"Identify without most":     func(e *endpoint) { e.identify = func() string { return "<Identify><repositoryName/></Identify>" } },
		"Identify is an error":      func(e *endpoint) { e.identify = func() string { return `<error code="badVerb">no</error>` } },
		"no dates":                  func(e *endpoint) { e.noDate = true },
		"days":                      func(e *endpoint) { e.days = true },
		"days, told as seconds": func(e *endpoint) {
			e.days = true
			e.identify = func() string { return "<Identify><granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>" }
		},
		"pages without a record":      alter(.3, empty),
		"datestamps without a reason": func(e *endpoint) { e.items[3].stamp = e.now.AddDate(100, 0, 0); e.items[5].stamp = time.Time{} },
	}
}

// odd gives tokens a tail of awkward characters.
func odd(e *endpoint, tail string) {
	e.token = func(s string) string { return s + tail }
	e.given = func(raw string) (string, bool) {
		s, _ := url.QueryUnescape(raw)
		return strings.CutSuffix(s, tail)
	}
}

// encoded gives tokens that are percent-encoded already, and takes them only as they are.
func encoded(e *endpoint) {
	e.token = func(s string) string { return url.QueryEscape(s + "|1") }
	e.given = func(raw string) (string, bool) {
		if strings.Contains(raw, "%25") {
			return "", false
		}
		s, _ := url.QueryUnescape(raw)
		return strings.CutSuffix(s, "|1")
	}
}

// escapedTwice writes tokens with the references of XML in them.
func escapedTwice(e *endpoint) {
	e.token = func(s string) string { return html.EscapeString(s + "&x=<") }
	e.given = func(raw string) (string, bool) {
		s, _ := url.QueryUnescape(raw)
		return strings.CutSuffix(s, "&x=<")
	}
}

// empty takes the records out of an answer that another follows, and its place is kept by a token for the same records.
func empty(b []byte, q url.Values) []byte {
	if q.Get("verb") != "ListRecords" || strings.Contains(q.Get("resumptionToken"), "\n") {
		return b
	}
	given := q.Get("resumptionToken")
	i, j := bytes.Index(b, []byte("<record>")), bytes.LastIndex(b, []byte("</record>"))
	k, l := bytes.Index(b, []byte("<resumptionToken")), bytes.Index(b, []byte("</resumptionToken>"))
	if i < 0 || k < 0 || l < 0 || len(given) < 9 || strings.ContainsAny(given, "%&") {
		return b
	}
	// The token that was given, with blanks that base64 reads over, leads to the same records again.
	return slices.Concat(b[:i], []byte("<!-- "), fmt.Appendf(nil, "%d records later", j-i), []byte(" --><resumptionToken>"), []byte(given[:8]+"\n"+given[8:]), b[l:])
}
