package main

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func networks(t testing.TB, texts ...string) (all []network) {
	t.Helper()
	for _, text := range texts {
		var n network
		require.NoError(t, n.UnmarshalText([]byte(text)))
		all = append(all, n)
	}
	return all
}

func TestNetwork(t *testing.T) {
	for text, want := range map[string]string{
		"10.1.2.3/8": "10.0.0.0/8", "127.0.0.1": "127.0.0.1/32", "::1": "::1/128", "2001:db8::1/32": "2001:db8::/32", "::ffff:10.0.0.1": "10.0.0.1/32",
	} {
		assert.Equal(t, want, networks(t, text)[0].String(), text)
	}
	for _, text := range []string{"", "nginx", "10.0.0.0/33", "10.0.0", "10.0.0.1:80"} {
		assert.ErrorContains(t, new(network).UnmarshalText([]byte(text)), "10.0.0.0/8", text)
	}
}

// Only what trusted proxies said is believed, and of that the last word about somebody else.
func TestClientAddress(t *testing.T) {
	trusted := networks(t, "127.0.0.0/8", "10.0.0.0/8", "fd00::/8")
	for _, c := range []struct{ name, peer, header, said, want string }{
		{"no header", "192.0.2.1:1234", "X-Forwarded-For", "", "192.0.2.1"},
		{"IPv6 peer", "[2001:db8::1]:1234", "X-Forwarded-For", "", "2001:db8::1"},
		{"mapped peer", "[::ffff:192.0.2.1]:1234", "X-Forwarded-For", "", "192.0.2.1"},
		{"peer with a zone", "[fe80::1%eth0]:1234", "X-Forwarded-For", "", "fe80::1"},
		{"not trusted", "192.0.2.1:1234", "X-Forwarded-For", "198.51.100.7", "192.0.2.1"},
		{"trusted", "127.0.0.1:1234", "X-Forwarded-For", "198.51.100.7", "198.51.100.7"},
		{"forged before", "127.0.0.1:1234", "X-Forwarded-For", "203.0.113.9, 198.51.100.7", "198.51.100.7"},
		{"two proxies", "127.0.0.1:1234", "X-Forwarded-For", "203.0.113.9,198.51.100.7 , 10.3.3.3", "198.51.100.7"},
		{"over several lines", "127.0.0.1:1234", "X-Forwarded-For", "203.0.113.9|198.51.100.7|10.3.3.3", "198.51.100.7"},
		{"only proxies", "127.0.0.1:1234", "X-Forwarded-For", "10.1.1.1, 10.2.2.2", "10.1.1.1"},
		{"with ports", "127.0.0.1:1234", "X-Forwarded-For", "198.51.100.7:4711", "198.51.100.7"},
		{"IPv6", "127.0.0.1:1234", "X-Forwarded-For", "2001:db8::7", "2001:db8::7"},
		{"IPv6 with a port", "[fd00::1]:1", "X-Forwarded-For", "[2001:db8::7]:4711", "2001:db8::7"},
		{"nonsense last", "127.0.0.1:1234", "X-Forwarded-For", "198.51.100.7, unknown", "127.0.0.1"},
		{"nonsense in the middle", "127.0.0.1:1234", "X-Forwarded-For", "198.51.100.7, what?, 10.0.0.5", "10.0.0.5"},
		{"empty", "127.0.0.1:1234", "X-Forwarded-For", " ", "127.0.0.1"},
		{"Forwarded", "127.0.0.1:1234", "Forwarded", `for=198.51.100.7;proto=https;by=10.0.0.1`, "198.51.100.7"},
		{"Forwarded, forged before", "127.0.0.1:1234", "Forwarded", `for=203.0.113.9, For="198.51.100.7:80"`, "198.51.100.7"},
		{"Forwarded, IPv6", "127.0.0.1:1234", "Forwarded", `proto=http; for="[2001:db8::7]:4711"`, "2001:db8::7"},
		{"Forwarded, hidden", "127.0.0.1:1234", "Forwarded", `for=203.0.113.9, for=_gazonk`, "127.0.0.1"},
		{"Forwarded, two proxies", "127.0.0.1:1234", "Forwarded", `for=198.51.100.7, for=10.9.9.9`, "198.51.100.7"},
		{"no address at all", "pipe", "X-Forwarded-For", "", "invalid IP"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
		if c.said != "" {
			r.Header[c.header] = strings.Split(c.said, "|")
		}
		got, heeded := (&proxies{trusted, c.header}).client(r)
		assert.Equal(t, c.want, got.String(), c.name)
		assert.Equal(t, c.name != "not trusted", heeded, c.name)
		if c.header == "Forwarded" { // the other header says nothing then
			r.Header.Set("X-Forwarded-For", "192.0.2.99")
			got, _ = (&proxies{trusted, c.header}).client(r)
			assert.Equal(t, c.want, got.String(), c.name)
		}
	}
}

func TestBucket(t *testing.T) {
	for addr, want := range map[string]string{"192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::"} {
		assert.Equal(t, want, bucket(netip.MustParseAddr(addr)).String())
	}
	assert.Equal(t, netip.Addr{}, bucket(netip.Addr{}))
}
