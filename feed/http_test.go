package feed

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCredentials(t *testing.T) {
	env := map[string]string{"SHEAF_FEED_USER": "anna", "SHEAF_FEED_PASSWORD": "geheim"}
	getenv := func(name string) string { return env[name] }
	c, err := ReadCredentials("", getenv)
	require.NoError(t, err)
	assert.Equal(t, Credentials{User: "anna", Password: "geheim"}, c)
	req := httptest.NewRequest("GET", "/", nil)
	c.Authorize(req)
	user, password, ok := req.BasicAuth()
	assert.True(t, ok)
	assert.Equal(t, "anna geheim", user+" "+password)

	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "credentials", c, "fmt", fmt.Sprintf("%v %+v %#v %s", c, c, c, c))
	assert.NotContains(t, log.String(), "geheim")
	assert.NotContains(t, log.String(), "anna")

	file := filepath.Join(t.TempDir(), "credentials.toml")
	write := func(mode os.FileMode, text string) {
		os.Remove(file)
		require.NoError(t, os.WriteFile(file, []byte(text), mode))
	}
	write(0o600, `api-key = "geheim"`)
	c, err = ReadCredentials(file, getenv)
	require.NoError(t, err)
	assert.Equal(t, Credentials{APIKey: "geheim"}, c, "the file stands alone")
	req = httptest.NewRequest("GET", "/", nil)
	c.Authorize(req)
	assert.Equal(t, "ApiKey geheim", req.Header.Get("Authorization"))
	for _, x := range []struct {
		mode os.FileMode
		text string
	}{{0o644, `token = "geheim"`}, {0o600, `token = geheim`}, {0o600, `pass = "geheim"`}} {
		write(x.mode, x.text)
		_, err = ReadCredentials(file, getenv)
		if assert.Error(t, err, x.text) {
			assert.NotContains(t, err.Error(), "geheim")
		}
	}
	_, err = ReadCredentials(file+"x", getenv)
	assert.Error(t, err)
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for v, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "1.5": 0, "999999999999999": time.Hour,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second, "Sun, 01 Mar 2026 11:00:00 GMT": 0, "Mon, 02 Mar 2026 12:00:00 GMT": time.Hour,
	} {
		assert.Equal(t, want, RetryAfter(http.Header{"Retry-After": {v}}, now), v)
	}
}

// An error of a request never tells its query, where some services want their key.
func TestErrorsKeepTheKey(t *testing.T) {
	req := httptest.NewRequest("POST", "http://127.0.0.1:1/api?api_key=geheim", nil)
	req.RequestURI = ""
	_, _, _, err := Do(NewClient(time.Second), req)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "geheim")
	assert.Contains(t, err.Error(), "POST http://127.0.0.1:1/api")
	for _, status := range []int{400, 503} {
		err = Answered(req, status, nil, []byte("no"))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "geheim")
	}
	assert.NoError(t, Answered(req, 201, nil, nil))
}

func TestDoTellsAnAnswerThatBreaksOff(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/", http.StatusTemporaryRedirect)
			return
		}
		w.Header().Set("Content-Length", "10")
		w.Write([]byte("half"))
	}))
	defer s.Close()
	req, err := http.NewRequest("GET", s.URL, nil)
	require.NoError(t, err)
	_, _, _, err = Do(NewClient(time.Minute), req)
	assert.ErrorContains(t, err, "broke off")
	req, err = http.NewRequest("POST", s.URL+"/moved", nil)
	require.NoError(t, err)
	status, _, _, err := Do(NewClient(time.Minute), req)
	require.NoError(t, err)
	assert.Equal(t, http.StatusTemporaryRedirect, status, "not followed")
}

func TestWriteRequest(t *testing.T) {
	req, err := http.NewRequest("POST", "https://host/api?api_key=geheim&x=1", nil)
	require.NoError(t, err)
	req.Header.Set("Api-Key", "geheim")
	req.Header.Set("Content-Type", "application/json")
	Credentials{Token: "geheim"}.Authorize(req)
	dir := filepath.Join(t.TempDir(), "new")
	require.NoError(t, WriteRequest(dir, 7, req, []byte("{}"), ".json", "Api-Key", "api_key"))
	head, err := os.ReadFile(filepath.Join(dir, "000007.http"))
	require.NoError(t, err)
	assert.NotContains(t, string(head), "geheim")
	assert.Contains(t, string(head), "x=1")
	assert.Contains(t, string(head), "Content-Length: 2\r\n")
	body, err := os.ReadFile(filepath.Join(dir, "000007.json"))
	require.NoError(t, err)
	assert.Equal(t, "{}", string(body))
	assert.Equal(t, "geheim", req.URL.Query().Get("api_key"), "the request itself stays as it is")
}
