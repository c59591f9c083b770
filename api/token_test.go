package api

import (
	"context"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/store"
)

// Nothing that is answered tells bad tokens apart, nor whether there are any.
func TestTokens(t *testing.T) {
	s := serve(t)
	writes := [][3]string{
		{"PUT", "/records/x", article("x")}, {"DELETE", "/records/x", ""}, {"DELETE", "/records/nothing", ""},
		{"POST", "/records", article("x")}, {"POST", "/import", article("x")},
	}
	reads := [][3]string{{"GET", "/records", ""}, {"GET", "/records/nothing", ""}, {"GET", "/schema", ""}, {"GET", "/openapi.json", ""}, {"GET", "/problems", ""}}
	instance := regexp.MustCompile(`"instance":"[^"]*"`)
	id, secret := s.write[6:22], s.write[23:]
	bad := []string{
		"Bearer " + s.revoked,
		"Bearer sheaf_" + strings.Repeat("0", 16) + "_" + strings.Repeat("0", 64),
		"Bearer sheaf_" + strings.Repeat("a", 16) + "_" + secret,
		"Bearer sheaf_" + id + "_" + strings.Repeat("0", 64),
		"Bearer sheaf_" + id + "_" + secret[:63],
		"Bearer sheaf_" + id + "_" + strings.ToUpper(secret),
		"Bearer " + secret, "Bearer", "Bearer x", "Basic d3JpdGVyOng=", s.write, "Bearer " + s.write + " x",
	}
	empty := serve(t)
	for _, text := range []string{"writer", "reader"} {
		require.NoError(t, empty.db.RevokeToken(context.Background(), text, 1))
	}
	var bodies []string
	for _, w := range writes {
		for _, header := range append([]string{""}, bad...) {
			for _, on := range []*service{s, empty} {
				r := on.do(w[0], w[1], w[2], "Authorization: "+header, "Content-Type: application/json")
				assert.Equal(t, 401, r.status, "%s %s %q", w[0], w[1], header)
				want := `Bearer realm="sheaf", error="invalid_token"`
				if header == "" {
					want = `Bearer realm="sheaf"`
				}
				assert.Equal(t, want, r.head.Get("WWW-Authenticate"))
				bodies = append(bodies, instance.ReplaceAllString(r.body, ""))
			}
		}
		r := s.do(w[0], w[1], w[2], "Authorization: Bearer "+s.read, "Content-Type: application/json")
		assert.Equal(t, 403, r.status)
		assert.Contains(t, r.head.Get("WWW-Authenticate"), `error="insufficient_scope", scope="write"`)
		assert.Contains(t, r.problem(t).Detail, "--scope write")
	}
	for _, body := range bodies {
		require.Equal(t, bodies[0], body)
	}
	for _, q := range reads {
		for _, header := range []string{"", "Bearer " + s.read, "bearer " + s.write} {
			assert.NotEqual(t, 401, s.do(q[0], q[1], "", "Authorization: "+header).status, "%s %q", q[1], header)
		}
		for _, header := range bad {
			assert.Equal(t, 401, s.do(q[0], q[1], "", "Authorization: "+header).status, "%s %q", q[1], header)
		}
	}
	req := httptest.NewRequest("GET", "/api/v1/records", nil)
	req.Header["Authorization"] = []string{"Bearer " + s.write, "Bearer " + s.write}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, req)
	assert.Equal(t, 401, w.Code, "one credential only")

	assert.Equal(t, 201, s.put("/records/x", article("x")).status)
	require.NoError(t, s.db.RevokeToken(context.Background(), "writer", time.Now().Unix()))
	assert.Equal(t, 401, s.put("/records/x", article("y")).status, "a revocation counts at once")
	assert.Contains(t, s.do("GET", "/records/x", "", "Authorization:").body, `"x"`)
	assert.NotContains(t, s.log.String(), secret)
}

// uses counts the notes of use.
type uses struct {
	store.Store
	n atomic.Int64
}

func (u *uses) UseToken(ctx context.Context, id string, at int64) error {
	defer u.n.Add(1)
	return u.Store.UseToken(ctx, id, at)
}

// When a token was last used is kept to the minute, and written once in it.
func TestTokenUse(t *testing.T) {
	var now atomic.Int64
	now.Store(time.Date(2100, 1, 31, 12, 0, 30, 0, time.UTC).Unix())
	var u *uses
	s := serve(t, func(o *Options) {
		u = &uses{Store: o.Store}
		o.Store, o.Now = u, func() time.Time { return time.Unix(now.Load(), 0) }
	})
	for minute := range int64(3) {
		for range 5 {
			require.Equal(t, 200, s.do("GET", "/records", "").status)
			now.Add(1)
		}
		assert.Eventually(t, func() bool { return u.n.Load() == minute+1 }, 10*time.Second, time.Millisecond)
		all, err := s.db.Tokens(context.Background())
		require.NoError(t, err)
		assert.Equal(t, time.Date(2100, 1, 31, 12, int(minute), 0, 0, time.UTC).Unix(), all[0].Used)
		assert.Zero(t, all[1].Used)
		now.Add(55)
	}
}

func TestNewToken(t *testing.T) {
	text, tok, err := NewToken("cms", true, time.Unix(1000, 0))
	require.NoError(t, err)
	assert.Regexp(t, `^sheaf_[0-9a-f]{16}_[0-9a-f]{64}$`, text)
	assert.Equal(t, text[6:22], tok.ID)
	assert.True(t, tok.Write)
	assert.EqualValues(t, 1000, tok.Created)
	other, second, err := NewToken("cms", true, time.Unix(1000, 0))
	require.NoError(t, err)
	assert.NotEqual(t, text, other)
	assert.NotEqual(t, tok.Hash, second.Hash)
	for _, name := range []string{"", " x", "x ", "a\nb", strings.Repeat("x", 101), "0123456789abcdef"} {
		_, _, err := NewToken(name, false, time.Now())
		assert.Error(t, err, name)
	}
	for _, name := range []string{"x", "OJS at example.org", "редакция", strings.Repeat("x", 100)} {
		_, _, err := NewToken(name, false, time.Now())
		assert.NoError(t, err, name)
	}
}
