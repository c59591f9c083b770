package main

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPace(t *testing.T) {
	p := newPace(2)
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	now := time.Unix(1e9, 0)
	for range 4 {
		require.Zero(t, p.take(a, now), "a burst of two seconds' worth")
	}
	assert.Equal(t, 500*time.Millisecond, p.take(a, now))
	assert.Equal(t, 500*time.Millisecond, p.take(a, now), "who asks too soon is not held longer for it")
	assert.Zero(t, p.take(b, now), "others are served")
	now = now.Add(500 * time.Millisecond)
	assert.Zero(t, p.take(a, now), "who waits as told is served")
	assert.Positive(t, p.take(a, now))
	slow := newPace(0.1)
	assert.Zero(t, slow.take(a, now))
	assert.Equal(t, 10*time.Second, slow.take(a, now))
	assert.Nil(t, newPace(0))
	assert.Zero(t, newPace(0).take(a, now), "no limit")
}

// However many clients come, few are kept; one that keeps coming is.
func TestPaceForgets(t *testing.T) {
	p := newPace(0.001)
	p.most = 100
	busy := netip.MustParseAddr("192.0.2.1")
	now := time.Unix(1e9, 0)
	require.Zero(t, p.take(busy, now))
	for i := range 10_000 {
		p.take(netip.MustParseAddr(fmt.Sprintf("10.%d.%d.1", i/250, i%250)), now)
		if i%50 == 0 {
			require.Positive(t, p.take(busy, now), "after %d others", i)
		}
		require.LessOrEqual(t, len(p.now)+len(p.old), 200)
	}
	for i := range 200 {
		p.take(netip.MustParseAddr(fmt.Sprintf("10.99.%d.2", i)), now)
	}
	assert.Zero(t, p.take(busy, now), "forgotten when 200 others came since")
}

func TestSlots(t *testing.T) {
	s := newSlots(8)
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	assert.Empty(t, s.take(a, false, false))
	assert.Empty(t, s.take(a, false, false))
	assert.Equal(t, tooMany, s.take(a, false, false), "a quarter")
	for range 6 {
		assert.Empty(t, s.take(b, true, false), "free of its share")
	}
	assert.Equal(t, allTaken, s.take(netip.MustParseAddr("192.0.2.3"), false, false))

	got := make(chan string)
	go func() { got <- s.take(netip.MustParseAddr("192.0.2.3"), false, true) }()
	s.give(a)
	assert.Empty(t, <-got, "who waits gets what comes free")
	s.give(a)
	for range 6 {
		s.give(b)
	}
	s.give(netip.MustParseAddr("192.0.2.3"))
	assert.Zero(t, s.taken)
	assert.Empty(t, s.by, "nothing is kept of who has nothing")
	assert.Equal(t, 1, newSlots(1).each)
}
