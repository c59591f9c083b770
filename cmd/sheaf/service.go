package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// service is the server as it runs and as it stops.
type service struct {
	front   *front
	log     *slog.Logger
	cert    *certificate // nil: plain HTTP
	conns   *connections
	http    *http.Server
	delay   time.Duration // between being asked to stop and refusing connections; /readyz says no meanwhile
	linger  time.Duration // how long an idle connection stays open while stopping, for a request may be on its way in it
	timeout time.Duration // how long requests under way may take when stopping
}

// Deadlines of a connection. That of a response is front.patience, for each piece.
const (
	headerTime  = 10 * time.Second
	requestTime = 30 * time.Second // the API takes it off for its streams
	idleTime    = 2 * time.Minute
	patience    = time.Minute // for each 256 KB: 4 KB a second are enough
	lingerTime  = time.Second
	maxHeader   = 32 << 10 // bytes; a resumptionToken is well under one KB
)

func newService(f *front, cert *certificate, log *slog.Logger) *service {
	s := &service{front: f, log: log, cert: cert, conns: &connections{since: map[net.Conn]time.Time{}, state: map[net.Conn]http.ConnState{}}, linger: lingerTime}
	s.http = &http.Server{
		Handler:           f,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       requestTime,
		WriteTimeout:      f.patience, // of what the server says by itself: 100 Continue, 400
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 100, SendPingTimeout: idleTime / 4, WriteByteTimeout: f.patience},
		ConnState:         s.conns.note,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	if cert != nil {
		s.http.TLSConfig = &tls.Config{GetCertificate: cert.get, MinVersion: tls.VersionTLS12}
	}
	return s
}

// run answers what l accepts until ctx ends, and then stops so that no request is lost: readiness goes first, then no connection is taken any more,
// responses tell their clients to close, and what is under way is finished.
func (s *service) run(ctx context.Context, l net.Listener) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	failed := make(chan error, 1)
	go func() {
		if s.cert != nil {
			failed <- s.http.ServeTLS(l, "", "")
			return
		}
		failed <- s.http.Serve(l)
	}()
	for done := false; !done; {
		select {
		case err := <-failed:
			return err
		case <-hangup:
			if s.cert != nil {
				s.cert.reload()
			}
		case <-ctx.Done():
			done = true
		}
	}
	s.front.stopping.Store(true)
	s.log.Info("stopping: finishing the requests under way", "connections", s.conns.open())
	if s.delay > 0 {
		time.Sleep(s.delay)
	}
	l.Close()
	end, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	s.conns.settle(end, s.linger)
	err := s.http.Shutdown(end)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("stopped before all requests were finished: --stop-timeout is over", "connections", s.conns.open())
		err = nil
	}
	s.http.Close()
	return err
}

// connections knows what each open connection is doing, and since when.
type connections struct {
	mu    sync.Mutex
	state map[net.Conn]http.ConnState
	since map[net.Conn]time.Time
}

func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state == http.StateClosed || state == http.StateHijacked {
		delete(c.state, conn)
		delete(c.since, conn)
		return
	}
	c.state[conn], c.since[conn] = state, time.Now()
}

func (c *connections) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.state)
}

// settle returns when every connection has been idle for linger, or ctx ends.
func (c *connections) settle(ctx context.Context, linger time.Duration) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !c.settled(linger) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (c *connections) settled(linger time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn, state := range c.state {
		if state == http.StateActive || time.Since(c.since[conn]) < linger {
			return false
		}
	}
	return true
}
