package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// Credentials are what a service knows the feed by. They never read as text: not in a log, not in an error.
type Credentials struct {
	User     string `toml:"user"`
	Password string `toml:"password"`
	APIKey   string `toml:"api-key"`
	Token    string `toml:"token"`
}

// ReadCredentials reads a TOML file of user, password, api-key and token; without a file, SHEAF_FEED_USER, SHEAF_FEED_PASSWORD,
// SHEAF_FEED_API_KEY and SHEAF_FEED_TOKEN by getenv. A file that others may read is an error.
func ReadCredentials(file string, getenv func(string) string) (c Credentials, err error) {
	if file == "" {
		return Credentials{getenv("SHEAF_FEED_USER"), getenv("SHEAF_FEED_PASSWORD"), getenv("SHEAF_FEED_API_KEY"), getenv("SHEAF_FEED_TOKEN")}, nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return c, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && os.PathSeparator == '/' {
		return c, fmt.Errorf("feed: %s has mode %04o: expected a file that nobody else may read, such as 0600", file, mode)
	}
	meta, err := toml.DecodeFile(file, &c)
	if err != nil {
		return Credentials{}, fmt.Errorf("feed: %s is no TOML file of user, password, api-key, token", file) // the decoder's own words quote the file
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return Credentials{}, fmt.Errorf("feed: %s: %q: expected user, password, api-key, token", file, unknown[0].String())
	}
	return c, nil
}

func (Credentials) String() string       { return "[credentials]" }
func (Credentials) GoString() string     { return "[credentials]" }
func (Credentials) LogValue() slog.Value { return slog.StringValue("[credentials]") }

// Authorize sets the header Authorization of a request: a user and password as Basic, an API key as ApiKey, a token as Bearer; of several
// the first. A service that wants its key elsewhere takes it from the fields.
//
// Source: RFC 7617; RFC 6750.
func (c Credentials) Authorize(req *http.Request) {
	switch {
	case c.User != "":
		req.SetBasicAuth(c.User, c.Password)
	case c.APIKey != "":
		req.Header.Set("Authorization", "ApiKey "+c.APIKey)
	case c.Token != "":
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
}

// NewClient returns a client for targets: it follows no redirections, because a body that was sent elsewhere was not taken, and gives up a request after
// that time.
func NewClient(timeout time.Duration) *http.Client {
	return &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 256 << 20

// Do sends a request and reads the whole answer. An error means that it is not known what became of the request; an answer of any status is none.
// The error does not hold the query of the address, which may carry a key.
func Do(client *http.Client, req *http.Request) (status int, header http.Header, body []byte, err error) {
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%s %s: %w", req.Method, Address(req), cause(err))
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return 0, nil, nil, fmt.Errorf("%s %s: the answer %s broke off: %w", req.Method, Address(req), resp.Status, cause(err))
	case len(body) > maxAnswer:
		return 0, nil, nil, fmt.Errorf("%s %s: the answer is longer than %d bytes", req.Method, Address(req), maxAnswer)
	}
	return resp.StatusCode, resp.Header, body, nil
}

// cause is an error of net/http without the address that stands before it.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Address is where a request goes, without its query and without credentials.
func Address(req *http.Request) string {
	return req.URL.Scheme + "://" + req.URL.Host + req.URL.EscapedPath()
}

// Answered makes an error of a status that is not 2xx: [Later] for one that may be another next time (408, 425, 429, 5xx), with the time
// that Retry-After asks for; else [Fatal]. nil for 2xx. The text quotes the beginning of the body.
//
// Source: RFC 9110 §10.2.3, §15.
func Answered(req *http.Request, status int, header http.Header, body []byte) error {
	if status >= 200 && status < 300 {
		return nil
	}
	quote := strings.Join(strings.Fields(strings.ToValidUTF8(string(body[:min(len(body), 300)]), "")), " ")
	err := fmt.Errorf("%s %s: %d %s: %s", req.Method, Address(req), status, http.StatusText(status), quote)
	switch {
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500:
		return &Later{Err: err, After: RetryAfter(header, time.Now())}
	}
	return &Fatal{err}
}

// maxRetryAfter bounds how long a service may ask a feed to wait.
const maxRetryAfter = time.Hour

// RetryAfter is how long the header Retry-After asks to wait, at most an hour; 0 when it does not say.
//
// Source: RFC 9110 §10.2.3.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(header.Get("Retry-After"))
	if n, err := strconv.Atoi(v); err == nil {
		return min(max(time.Duration(min(n, 1<<20))*time.Second, 0), maxRetryAfter)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// WriteRequest writes a request that is not sent into the folder dir, made if it is not there: NNNNNN.http holds its line and header, without the
// values of Authorization and of headers and query parameters named as secret, and NNNNNN and the extension ext its body, byte for byte. n counts the requests.
func WriteRequest(dir string, n int, req *http.Request, body []byte, ext string, secret ...string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	shown := req.Clone(context.Background())
	shown.Body, shown.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	for _, h := range append(secret, "Authorization") {
		if shown.Header.Get(h) != "" {
			shown.Header.Set(h, "[credentials]")
		}
	}
	query := shown.URL.Query()
	for _, name := range secret {
		if query.Has(name) {
			query.Set(name, "[credentials]")
			shown.URL.RawQuery = query.Encode()
		}
	}
	head, err := httputil.DumpRequestOut(shown, false)
	if err != nil {
		return err
	}
	name := filepath.Join(dir, fmt.Sprintf("%06d", n))
	if err := os.WriteFile(name+".http", head, 0o644); err != nil || len(body) == 0 {
		return err
	}
	return os.WriteFile(name+ext, body, 0o644)
}
