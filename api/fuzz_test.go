package api

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whatever is put, under whatever name and of whatever kind, is stored or refused with a problem that the client can act on, never with a
// failure of the server. What is stored is as the schema says, and putting it again changes nothing.
func FuzzPut(f *testing.F) {
	for _, data := range fixtureFiles(f) {
		kind := "application/json"
		if data[0] == '<' {
			kind = "application/jats+xml"
		}
		f.Add("10.5555/x", kind, "", data)
	}
	f.Add("a%20b", "application/json", `"x"`, []byte(`{"title":{"text":{"markup":"<i>x</i> & <y"}},"refs":[{"citations":[{}]}]}`))
	f.Add("%", "application/json; charset=x", "*", []byte(`{"tittle":1}`))
	f.Add("..", "", "W/", []byte(`{"contribs":[{"members":[{"members":7}]}]}`))
	s := serve(f)
	d := describe(f)
	problemSchema, stored, article := d.schema("#/components/schemas/Problem"), d.schema("#/components/schemas/Deposited"), articleSchema(f)
	send := func(t *testing.T, method, name, kind, match string, body []byte) *httptest.ResponseRecorder {
		r, err := http.NewRequest(method, "http://x/api/v1/records/", bytes.NewReader(body))
		require.NoError(t, err)
		r.URL.RawPath = "/api/v1/records/" + name
		r.URL.Path = r.URL.RawPath
		if p, err := url.PathUnescape(name); err == nil {
			r.URL.Path = "/api/v1/records/" + p
		}
		r.Header.Set("Authorization", "Bearer "+s.write)
		r.Header.Set("Content-Type", kind)
		if match != "" {
			r.Header.Set("If-Match", match)
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		return w
	}
	f.Fuzz(func(t *testing.T, name, kind, match string, body []byte) {
		w := send(t, "PUT", name, kind, match, body)
		got, _, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
		require.NoError(t, err)
		if w.Code != 200 && w.Code != 201 {
			require.True(t, w.Code >= 400 && w.Code < 500, "%d: %s", w.Code, w.Body)
			assert.Equal(t, "application/problem+json", got)
			assert.NoError(t, problemSchema.Validate(instance(t, w.Body.Bytes())))
			return
		}
		assert.NoError(t, stored.Validate(instance(t, w.Body.Bytes())))
		var out struct{ Local string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
		again := send(t, "PUT", name, kind, "", body)
		assert.Equal(t, 200, again.Code)
		assert.Contains(t, again.Body.String(), `"unchanged"`)
		assert.Equal(t, w.Header().Get("ETag"), again.Header().Get("ETag"))
		kept := send(t, "GET", strings.TrimPrefix(w.Header().Get("Location"), testSite+"/api/v1/records/"), "", "", nil)
		assert.Equal(t, 200, kept.Code, out.Local)
		assert.NoError(t, article.Validate(instance(t, kept.Body.Bytes())))
		assert.Equal(t, w.Header().Get("ETag"), kept.Header().Get("ETag"))
	})
}
