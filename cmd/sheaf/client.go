package main

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// network is a range of addresses as people write it: 10.0.0.0/8, or one address.
type network struct{ netip.Prefix }

func (n *network) UnmarshalText(text []byte) error {
	s := string(text)
	if addr, err := netip.ParseAddr(s); err == nil {
		n.Prefix = netip.PrefixFrom(addr.Unmap().WithZone(""), addr.Unmap().BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		return fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", s)
	}
	n.Prefix = prefix.Masked()
	return nil
}

// proxies knows which peers may say on whose behalf they ask.
type proxies struct {
	trusted []network
	header  string // X-Forwarded-For or Forwarded
}

func (p *proxies) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(p.trusted, func(n network) bool { return n.Contains(addr) })
}

// client returns the address of whoever asks: of the peer, unless that is a trusted proxy; then the last address in its header that is not
// itself one of a trusted proxy. What stands before that was said by somebody who is not trusted. ok is false where a header was there
// but the peer may not set it.
//
// Source: RFC 7239 §4, §5.2 for Forwarded; X-Forwarded-For is a custom.
func (p *proxies) client(r *http.Request) (client netip.Addr, ok bool) {
	addr := peer(r.RemoteAddr)
	hops := r.Header.Values(p.header)
	if len(hops) == 0 {
		return addr, true
	}
	if !p.trusts(addr) {
		return addr, false
	}
	all := strings.Split(strings.Join(hops, ","), ",")
	for _, hop := range slices.Backward(all) {
		if p.header == "Forwarded" {
			hop = forwardedFor(hop)
		}
		said, ok := hopAddr(hop)
		if !ok {
			break // "unknown", or hidden by intent: the proxy that said so is all that is known
		}
		addr = said
		if !p.trusts(addr) {
			break
		}
	}
	return addr, true
}

// peer returns the address of "HOST:PORT"; the zero Addr if there is none in it.
func peer(hostPort string) netip.Addr {
	ap, err := netip.ParseAddrPort(hostPort)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// forwardedFor returns the for parameter of one element of Forwarded.
func forwardedFor(element string) string {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.EqualFold(name, "for") {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// hopAddr reads an address with or without a port; one of IPv6 may stand in brackets.
func hopAddr(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if addr, err := netip.ParseAddr(strings.Trim(hop, "[]")); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	addr := peer(hop)
	return addr, addr.IsValid()
}

// bucket is the address that a client is counted by: of IPv6 its /64, which one client has to itself.
func bucket(addr netip.Addr) netip.Addr {
	if addr.Is6() {
		p, _ := addr.Prefix(64) // 64 bits fit
		return p.Addr()
	}
	return addr
}
