package main

import (
	"math"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace holds each client to so many requests a second, with a burst of twice that. It knows the last few thousand clients; one that is
// forgotten begins anew, which does no harm.
type pace struct {
	limit rate.Limit
	burst int
	most  int // clients in one generation

	mu       sync.Mutex
	now, old map[netip.Addr]*rate.Limiter // the clients seen last, and those seen last before now was begun
}

// newPace returns nil, which holds nobody, when perSecond is 0.
func newPace(perSecond float64) *pace {
	if perSecond <= 0 {
		return nil
	}
	return &pace{limit: rate.Limit(perSecond), burst: max(1, int(math.Ceil(2*perSecond))), most: 8192, now: map[netip.Addr]*rate.Limiter{}}
}

// take counts a request of a client, unless it comes too soon: then it returns how long the client should wait.
func (p *pace) take(client netip.Addr, now time.Time) (wait time.Duration) {
	if p == nil {
		return 0
	}
	r := p.of(client).ReserveN(now, 1)
	wait = r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

func (p *pace) of(client netip.Addr) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.now[client]
	if l != nil {
		return l
	}
	if l = p.old[client]; l == nil {
		l = rate.NewLimiter(p.limit, p.burst)
	}
	if len(p.now) >= p.most {
		p.now, p.old = make(map[netip.Addr]*rate.Limiter, p.most), p.now
	}
	p.now[client] = l
	return l
}

// slots are things that only so many may have at a time, and one client only a part of them.
type slots struct {
	most, each int

	mu    sync.Mutex
	free  sync.Cond // a slot came free
	taken int
	by    map[netip.Addr]int
}

// newSlots gives one client at most a quarter, so that it cannot keep out all others.
func newSlots(most int) *slots {
	s := &slots{most: most, each: max(1, (most+3)/4), by: map[netip.Addr]int{}}
	s.free.L = &s.mu
	return s
}

// Why a request was refused, as the metrics tell it.
const (
	tooOften = "rate"   // --rate-limit
	tooMany  = "client" // the client has its share
	allTaken = "full"
)

// take takes a slot for a client, or says why it gets none. free: the client is not held to its share. wait: wait while all are taken.
func (s *slots) take(client netip.Addr, free, wait bool) (refused string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !free && s.by[client] >= s.each {
		return tooMany
	}
	for s.taken >= s.most {
		if !wait {
			return allTaken
		}
		s.free.Wait()
	}
	s.taken++
	s.by[client]++
	return ""
}

func (s *slots) give(client netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	if s.by[client]--; s.by[client] == 0 {
		delete(s.by, client)
	}
	s.free.Signal()
}

// listener bounds the connections that are open, so that files for the store are left. Those beyond wait to be accepted; those beyond a
// client's share are closed. Proxies that are trusted may have as many as there are.
type listener struct {
	net.Listener
	slots   *slots
	proxies *proxies
	refused func(reason string)
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		addr := peer(c.RemoteAddr().String())
		client := bucket(addr)
		if reason := l.slots.take(client, l.proxies.trusts(addr), true); reason != "" {
			l.refused(reason)
			c.Close()
			continue
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok { // cannot be: serve listens on TCP
			return c, nil
		}
		return &conn{TCPConn: tcp, give: sync.OnceFunc(func() { l.slots.give(client) })}, nil
	}
}

// conn is a connection that gives its slot back. It is still a TCP connection to net/http, which closes its halves one by one.
type conn struct {
	*net.TCPConn
	give func()
}

func (c *conn) Close() error {
	defer c.give()
	return c.TCPConn.Close()
}
