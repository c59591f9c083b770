package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/oai"
	"sheaf/store/sqlite"
)

// lines is a log that tests read.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// all returns the lines so far; they must be JSON objects.
func (l *lines) all(t testing.TB) (all []map[string]any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.b.Bytes()) {
		var m map[string]any
		require.NoError(t, json.Unmarshal(line, &m), string(line))
		all = append(all, m)
	}
	return all
}

// of returns the lines with one message.
func (l *lines) of(t testing.TB, msg string) (some []map[string]any) {
	t.Helper()
	for _, m := range l.all(t) {
		if m["msg"] == msg {
			some = append(some, m)
		}
	}
	return some
}

// newFront is a front before a handler of the test, without limits.
func newFront(t testing.TB, next http.HandlerFunc) (*front, *lines) {
	t.Helper()
	l := &lines{}
	log := newLog(l, "json", slog.LevelDebug)
	db, err := sqlite.Open(t.TempDir()+"/sheaf.db", sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return &front{
		next: next, log: log, access: slog.LevelInfo, proxies: &proxies{header: "X-Forwarded-For"}, harvests: newSlots(100), deposits: newSlots(100),
		metrics: newMetrics(db, &oai.Repository{}, log), patience: time.Minute,
	}, l
}

func ask(f http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// told returns what /metrics says of one series.
func (f *front) told(t testing.TB, series string) float64 {
	t.Helper()
	w := httptest.NewRecorder()
	f.metrics.handler(f.log).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			require.NoError(t, err)
			return v
		}
	}
	t.Fatalf("no %s in\n%s", series, w.Body)
	return 0
}

func TestRequestID(t *testing.T) {
	f, log := newFront(t, nil)
	f.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.log.WarnContext(r.Context(), "from within")
		f.log.With("a", 1).WithGroup("g").WarnContext(r.Context(), "from a child")
		fmt.Fprint(w, "hello")
	})
	for given, kept := range map[string]bool{"": false, "abc-1_2.3:4/5+6=7@8~9": true, "a b": false, "a\"b": false, "ä": false, strings.Repeat("x", 128): true, strings.Repeat("x", 129): false} {
		log.b.Reset()
		id := ask(f, "GET", "/x", "X-Request-Id", given, "User-Agent", "test").Header().Get("X-Request-Id")
		if kept {
			assert.Equal(t, given, id)
		} else {
			assert.Regexp(t, `^[A-Z2-7]{26}$`, id, given)
		}
		require.Len(t, log.all(t), 3)
		assert.Equal(t, id, log.of(t, "from within")[0]["request"])
		assert.Equal(t, id, log.of(t, "from a child")[0]["g"].(map[string]any)["request"])
		line := log.of(t, "request")[0]
		assert.Equal(t, id, line["request"])
		assert.Equal(t, "INFO", line["level"])
		assert.Subset(t, line, map[string]any{"method": "GET", "uri": "/x", "status": 200.0, "bytes": 5.0, "client": "192.0.2.1", "agent": "test", "cut": false})
	}
	assert.NotEqual(t, ask(f, "GET", "/x").Header(), ask(f, "GET", "/x").Header(), "every request has its own")
	log.b.Reset()
	ask(f, "GET", "/healthz")
	assert.Equal(t, "DEBUG", log.of(t, "request")[0]["level"])
}

// A harvester is told what OAI-PMH says, a client of the API what HTTP says; who watches is never refused.
func TestRateLimit(t *testing.T) {
	f, _ := newFront(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	f.proxies.trusted = networks(t, "192.0.2.1")
	f.pace = newPace(0.5)
	first := func(from string) { require.Equal(t, 200, ask(f, "GET", "/oai", "X-Forwarded-For", from).Code) }
	first("198.51.100.1")
	w := ask(f, "GET", "/oai?verb=Identify", "X-Forwarded-For", "198.51.100.1")
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, "2", w.Header().Get("Retry-After"))
	assert.Equal(t, 200, ask(f, "GET", "/oai", "X-Forwarded-For", "198.51.100.2").Code, "another client")
	w = ask(f, "PUT", "/api/v1/records/x", "X-Forwarded-For", "198.51.100.1")
	assert.Equal(t, 429, w.Code)
	assert.Equal(t, "2", w.Header().Get("Retry-After"))
	assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	assert.JSONEq(t, `{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"too many requests from your address; try again in 2 s"}`, w.Body.String())
	assert.Equal(t, 429, ask(f, "GET", "/records/x", "X-Forwarded-For", "198.51.100.1").Code)
	for range 10 {
		assert.Equal(t, 200, ask(f, "GET", "/healthz", "X-Forwarded-For", "198.51.100.1").Code)
	}
	first("2001:db8:1:2::1")
	assert.Equal(t, 503, ask(f, "GET", "/oai", "X-Forwarded-For", "2001:db8:1:2:ffff::2").Code, "the same /64")
	first("2001:db8:1:3::1")
	assert.Equal(t, 2.0, f.told(t, `sheaf_http_refused_total{kind="oai",reason="rate"}`))
	assert.Equal(t, 1.0, f.told(t, `sheaf_http_refused_total{kind="api",reason="rate"}`))
}

// What is under way is bounded; harvesters do not keep out who deposits.
func TestMaxRequests(t *testing.T) {
	begun, end := make(chan bool), make(chan bool)
	f, _ := newFront(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oai" {
			begun <- true
			<-end
		}
		fmt.Fprint(w, "hello")
	})
	f.proxies.trusted = networks(t, "192.0.2.1")
	f.harvests = newSlots(4)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			assert.Equal(t, 200, ask(f, "GET", "/oai", "X-Forwarded-For", netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}).String()).Code)
		})
		<-begun
	}
	for from, reason := range map[string]string{"198.51.100.1": tooMany, "198.51.100.9": allTaken} {
		w := ask(f, "GET", "/oai", "X-Forwarded-For", from)
		assert.Equal(t, 503, w.Code)
		after, err := strconv.Atoi(w.Header().Get("Retry-After"))
		require.NoError(t, err)
		assert.True(t, after >= 1 && after <= 10, after)
		assert.Equal(t, 1.0, f.told(t, `sheaf_http_refused_total{kind="oai",reason="`+reason+`"}`))
	}
	assert.Equal(t, 200, ask(f, "PUT", "/api/v1/records/x", "X-Forwarded-For", "198.51.100.1").Code)
	assert.Equal(t, 4.0, f.told(t, `sheaf_http_requests_under_way{kind="oai"}`))
	close(end)
	all.Wait()
	assert.Equal(t, 200, ask(f, "GET", "/", "X-Forwarded-For", "198.51.100.1").Code)
	assert.Zero(t, f.harvests.taken)
}

// A fault of a handler is logged with the request's id, and never looks like a whole answer.
func TestPanic(t *testing.T) {
	f, log := newFront(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/late" {
			fmt.Fprint(w, "half")
		}
		if r.URL.Path == "/cut" {
			panic(http.ErrAbortHandler)
		}
		panic("oh")
	})
	assert.Equal(t, 500, ask(f, "GET", "/early", "X-Request-Id", "a").Code)
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() { ask(f, "GET", "/late", "X-Request-Id", "b") })
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() { ask(f, "GET", "/cut", "X-Request-Id", "c") })
	said := log.of(t, "a handler failed; please report it")
	require.Len(t, said, 2, "cutting is no fault")
	assert.Subset(t, said[0], map[string]any{"panic": "oh", "request": "a", "level": "ERROR"})
	assert.Contains(t, said[1]["stack"], "front_test.go")
	assert.Equal(t, 2.0, f.told(t, `sheaf_http_requests_total{code="cut",kind="page"}`))
	assert.Zero(t, f.harvests.taken)
	assert.Zero(t, f.told(t, `sheaf_http_requests_under_way{kind="page"}`))
}

// A peer that is no trusted proxy is told of once: without --trusted-proxy all its clients would share one limit.
func TestProxyNotTrusted(t *testing.T) {
	f, log := newFront(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	for range 3 {
		ask(f, "GET", "/oai", "X-Forwarded-For", "198.51.100.1")
	}
	n := 0
	for _, line := range log.all(t) {
		if msg := line["msg"].(string); strings.Contains(msg, "--trusted-proxy") {
			n++
			assert.Equal(t, "192.0.2.1:1234", line["peer"])
		} else {
			assert.Equal(t, "192.0.2.1", line["client"])
		}
	}
	assert.Equal(t, 1, n)
}

// listen runs a service for f on a free port until the test ends, and returns its address.
func listen(t testing.TB, f *front, change func(*service)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := newService(f, nil, f.log)
	if change != nil {
		change(s)
	}
	done := make(chan error, 1)
	ctx := t.Context() // ends before the cleanups
	go func() { done <- s.run(ctx, l) }()
	t.Cleanup(func() { assert.NoError(t, <-done) })
	return l.Addr().String()
}

// A client that stops reading is let go, and what it held with it; one that reads slowly gets all.
func TestSlowReader(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MB: more than the system takes for a client
	over := make(chan error, 2)
	f, _ := newFront(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := w.Write(body)
		over <- err
	})
	f.patience = 500 * time.Millisecond
	addr := listen(t, f, func(s *service) { s.http.ReadTimeout = 100 * time.Millisecond })

	dead, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer dead.Close()
	fmt.Fprint(dead, "GET /oai HTTP/1.1\r\nHost: x\r\n\r\n")
	assert.Error(t, <-over, "nothing is read")
	assert.Eventually(t, func() bool { f.harvests.mu.Lock(); defer f.harvests.mu.Unlock(); return f.harvests.taken == 0 }, 10*time.Second, time.Millisecond)

	slow, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer slow.Close()
	require.NoError(t, slow.(*net.TCPConn).SetReadBuffer(64<<10))
	fmt.Fprint(slow, "GET /oai HTTP/1.1\r\nHost: x\r\n\r\n")
	began := time.Now()
	res, err := http.ReadResponse(bufio.NewReader(slow), nil)
	require.NoError(t, err)
	n := 0
	part := make([]byte, 1<<20)
	for n < len(body) {
		m, err := io.ReadFull(res.Body, part)
		n += m
		require.NoError(t, err, "after %d", n)
		time.Sleep(80 * time.Millisecond) // the client's own slowness, which is what is tested
	}
	assert.NoError(t, <-over)
	assert.Greater(t, time.Since(began), 2*f.patience, "longer than any one deadline")
}

// In HTTP/2 a deadline is the stream's, and must not count while the handler is busy with something else.
func TestSlowReaderHTTP2(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MB: as much as a client takes unread
	over := make(chan error, 1)
	f, log := newFront(t, nil)
	f.patience = 500 * time.Millisecond
	f.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" {
			w.Write(body[:10])
			time.Sleep(3 * f.patience) // the handler's own slowness
			w.Write(body[:10])
			return
		}
		var err error
		for range 8 {
			if _, err = w.Write(body); err != nil {
				break
			}
		}
		over <- err
	})
	dir := t.TempDir()
	writeCertificate(t, dir, 1)
	cert, err := loadCertificate(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), newLog(log, "json", slog.LevelInfo))
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := newService(f, cert, f.log)
	s.linger = 0
	done := make(chan error, 1)
	ctx := t.Context()
	go func() { done <- s.run(ctx, l) }()
	t.Cleanup(func() { assert.NoError(t, <-done) })
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()

	res, err := client.Get("https://" + l.Addr().String() + "/busy")
	require.NoError(t, err)
	assert.Equal(t, 2, res.ProtoMajor)
	b, err := io.ReadAll(res.Body)
	assert.NoError(t, err)
	assert.Len(t, b, 20)
	res.Body.Close()

	res, err = client.Get("https://" + l.Addr().String() + "/dead")
	require.NoError(t, err)
	assert.Error(t, <-over, "nothing is read")
	_, err = io.Copy(io.Discard, res.Body)
	assert.Error(t, err, "and what was sent does not look whole")
	res.Body.Close()
}

// A handler that sets deadlines of its own keeps them.
func TestOwnDeadline(t *testing.T) {
	over := make(chan error, 1)
	f, _ := newFront(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, http.NewResponseController(w).SetWriteDeadline(time.Time{}))
		for range 16 {
			if _, err := w.Write(bytes.Repeat([]byte("0123456789abcdef"), 1<<16)); err != nil { // 16 MB: more than the system takes for a client
				over <- err
				return
			}
		}
		over <- http.NewResponseController(w).Flush()
	})
	f.patience = 200 * time.Millisecond
	addr := listen(t, f, nil)
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer c.Close()
	fmt.Fprint(c, "GET /oai HTTP/1.1\r\nHost: x\r\n\r\n")
	time.Sleep(6 * f.patience) // the client's own slowness
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, res.Body)
	assert.NoError(t, err)
	assert.EqualValues(t, 16<<20, n)
	assert.NoError(t, <-over)
}

// Half a request is not waited for, neither half a header nor half a body.
func TestHalfRequest(t *testing.T) {
	f, _ := newFront(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, "no body", 400)
		}
	})
	addr := listen(t, f, func(s *service) {
		s.http.ReadHeaderTimeout, s.http.ReadTimeout, s.http.IdleTimeout = 100*time.Millisecond, 200*time.Millisecond, 300*time.Millisecond
	})
	for name, text := range map[string]string{
		"nothing":       "",
		"half a line":   "GET /oai",
		"half a header": "GET /oai HTTP/1.1\r\nHost: x\r\n",
		"half a body":   "POST /oai HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
		"then idle":     "GET /oai HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		c, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		defer c.Close()
		fmt.Fprint(c, text)
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, err = io.Copy(io.Discard, c)
		assert.NoError(t, err, "%s: the server must close it", name)
	}
	c, err := net.Dial("tcp", listen(t, f, nil))
	require.NoError(t, err)
	defer c.Close()
	go fmt.Fprintf(c, "GET /oai HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", 1<<20))
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	assert.Equal(t, 431, res.StatusCode)
}

// One client cannot take all connections, and no more are open than there may be.
func TestMaxConnections(t *testing.T) {
	f, _ := newFront(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refused := make(chan string, 10)
	l := &listener{Listener: inner, slots: newSlots(8), proxies: f.proxies, refused: func(reason string) { refused <- reason }}
	s := newService(f, nil, f.log)
	s.linger = 0
	done := make(chan error, 1)
	go func() { done <- s.run(t.Context(), l) }()
	t.Cleanup(func() { assert.NoError(t, <-done) })

	dial := func(from string) net.Conn {
		t.Helper()
		c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c
	}
	answers := func(c net.Conn) bool {
		fmt.Fprint(c, "GET /oai HTTP/1.1\r\nHost: x\r\n\r\n")
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err == nil
	}
	one, two := dial("127.0.0.1"), dial("127.0.0.1")
	assert.True(t, answers(one))
	assert.True(t, answers(two))
	three := dial("127.0.0.1")
	assert.Equal(t, tooMany, <-refused)
	assert.False(t, answers(three))
	for i := range 6 {
		assert.True(t, answers(dial(fmt.Sprintf("127.0.0.%d", 2+i))), "another client")
	}
	late := dial("127.0.0.9")
	fmt.Fprint(late, "GET /oai HTTP/1.1\r\nHost: x\r\n\r\n")
	one.Close()
	late.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, err = http.ReadResponse(bufio.NewReader(late), nil)
	assert.NoError(t, err, "it is served when another has gone")
}
