package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// front is what every request passes before its handler: it gives the request an id, refuses what is too much, holds a slow client to
// deadlines, counts, and logs.
type front struct {
	next     http.Handler
	log      *slog.Logger
	access   slog.Level // of the line about each request
	proxies  *proxies
	pace     *pace
	harvests *slots // for harvesters and readers of pages
	deposits *slots // for the API, so that harvesters never keep out who writes
	metrics  *metrics
	patience time.Duration // how long a client may take for a piece of the response
	stopping atomic.Bool   // tell every client to close its connection

	unheeded sync.Once
}

// Kinds of requests, by path: how each is limited, and its label in the metrics.
const (
	kindOAI      = "oai"
	kindAPI      = "api"
	kindPage     = "page"
	kindOperator = "operator" // never limited
)

func kindOf(path string) string {
	switch {
	case path == "/oai" || strings.HasPrefix(path, "/oai/"):
		return kindOAI
	case strings.HasPrefix(path, "/api/"):
		return kindAPI
	case path == "/healthz" || path == "/readyz" || path == "/metrics":
		return kindOperator
	}
	return kindPage
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	id := requestID(r.Header.Get("X-Request-Id"))
	r = r.WithContext(withRequest(r.Context(), id))
	w.Header().Set("X-Request-Id", id)
	res := &response{ResponseWriter: w, control: http.NewResponseController(w), patience: f.patience, stopping: &f.stopping, h2: r.ProtoMajor == 2}
	kind := kindOf(r.URL.Path)
	client, heeded := f.proxies.client(r)
	if !heeded {
		f.unheeded.Do(func() {
			f.log.WarnContext(r.Context(), "the header of a peer that is not a trusted proxy is not heeded, so all its clients share one limit; if it is your proxy, give --trusted-proxy",
				"header", f.proxies.header, "peer", r.RemoteAddr)
		})
	}
	under := f.metrics.underWay.WithLabelValues(kind)
	under.Inc()
	defer func() {
		v := recover()
		if v != nil && v != http.ErrAbortHandler {
			f.log.ErrorContext(r.Context(), "a handler failed; please report it", "panic", v, "stack", string(debug.Stack()))
			if res.status == 0 {
				http.Error(res, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
				v = nil
			}
		}
		res.last()
		under.Dec()
		took := time.Since(began)
		f.metrics.answered(kind, res.status, v != nil, took)
		level := f.access
		if kind == kindOperator {
			level = slog.LevelDebug
		}
		if f.log.Enabled(r.Context(), level) {
			f.log.LogAttrs(r.Context(), level, "request", slog.String("method", r.Method), slog.String("uri", short(r.URL.RequestURI())), slog.Int("status", res.status),
				slog.Int64("bytes", res.bytes), slog.Float64("seconds", took.Seconds()), slog.String("client", client.String()), slog.String("agent", short(r.UserAgent())),
				slog.Bool("cut", v != nil))
		}
		if v != nil {
			panic(http.ErrAbortHandler)
		}
	}()
	if give := f.admit(res, kind, bucket(client)); give != nil {
		defer give()
		f.next.ServeHTTP(res, r)
	}
}

// short cuts what a client said to a length that a log can bear.
func short(s string) string {
	if len(s) > 1024 {
		return s[:1024] + "..."
	}
	return s
}

// admit lets a request in and returns what is to be done when it is over, or refuses it and returns nil. A harvester is told as OAI-PMH says: 503
// and when to come back.
//
// Source: OAI-PMH 2.0 §3.1.2.2; RFC 6585 §4.
func (f *front) admit(w http.ResponseWriter, kind string, client netip.Addr) (give func()) {
	if kind == kindOperator {
		return func() {}
	}
	slots := f.harvests
	if kind == kindAPI {
		slots = f.deposits
	}
	wait := f.pace.take(client, time.Now())
	reason := ""
	if wait > 0 {
		reason = tooOften
	} else if reason = slots.take(client, false, false); reason != "" {
		wait = time.Duration(2+rand.IntN(8)) * time.Second // not all at once
	} else {
		return func() { slots.give(client) }
	}
	f.metrics.refused.WithLabelValues(kind, reason).Inc()
	status, text := http.StatusTooManyRequests, "too many requests from your address"
	if kind == kindOAI || reason == allTaken {
		status = http.StatusServiceUnavailable
	}
	if reason == allTaken {
		text = "too many requests under way"
	}
	seconds := int(math.Ceil(wait.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	text = fmt.Sprintf("%s; try again in %d s", text, seconds)
	if kind != kindAPI {
		http.Error(w, text, status)
		return nil
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": text})
	return nil
}

// piece is how many bytes of a response are written under one deadline.
const piece = 256 << 10

// response counts what is written, and gives the client a deadline for each piece rather than for the whole: one that is slow gets all of a
// long response, one that has stopped reading is let go.
type response struct {
	http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	stopping *atomic.Bool
	h2       bool
	own      atomic.Bool // the handler sets the deadlines
	status   int         // 0: nothing written
	bytes    int64
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) WriteHeader(status int) {
	if status >= 200 {
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

// begin notes the status, and tells the client to close the connection when the server is about to.
func (w *response) begin(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	if w.stopping.Load() {
		w.Header().Set("Connection", "close") // in HTTP/2 it becomes a GOAWAY
	}
}

func (w *response) Write(b []byte) (n int, err error) {
	w.begin(http.StatusOK)
	for {
		part := b[n:min(len(b), n+piece)]
		w.hurry()
		m, err := w.ResponseWriter.Write(part)
		n += m
		w.bytes += int64(m)
		if err != nil {
			return n, err
		}
		if n == len(b) {
			w.relax()
			return n, nil
		}
	}
}

func (w *response) FlushError() error {
	w.begin(http.StatusOK)
	w.hurry()
	defer w.relax()
	return w.control.Flush()
}

// SetWriteDeadline is for a handler that knows better, such as one that streams both ways: from now on it sets all of them but the last.
func (w *response) SetWriteDeadline(deadline time.Time) error {
	w.own.Store(true)
	return w.control.SetWriteDeadline(deadline)
}

// hurry sets the deadline of what is written next. That there is none to set, as in a test without a connection, is no error.
func (w *response) hurry() {
	if !w.own.Load() {
		w.control.SetWriteDeadline(time.Now().Add(w.patience))
	}
}

// relax takes the deadline off where it would count while nothing is written: in HTTP/2 it is the stream's.
func (w *response) relax() {
	if w.h2 && !w.own.Load() {
		w.control.SetWriteDeadline(time.Time{})
	}
}

// last sets the deadline of what the server still holds of the response when the handler is done.
func (w *response) last() {
	w.begin(http.StatusOK)
	w.control.SetWriteDeadline(time.Now().Add(w.patience))
}
