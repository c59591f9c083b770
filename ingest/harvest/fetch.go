package harvest

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"sheaf/ingest/oaipmh"
)

// A fetcher sends one request at a time and keeps the answer in one file of its own.
type fetcher struct {
	h        *Harvester
	client   *http.Client
	limits   Limits
	at       string // base URL as it is asked, where redirects have led
	spool    *os.File
	last     time.Time // when the last request began
	answered bool      // the endpoint has answered as one should, once
	rebased  bool      // a redirect that dropped the query was followed by hand
}

// stopError ends a harvest; the next run may go on.
type stopError struct{ err error }

func (e *stopError) Error() string { return e.err.Error() }
func (e *stopError) Unwrap() error { return e.err }

// tryAgain is a failure that may pass.
type tryAgain struct {
	err     error
	after   time.Duration // as the endpoint asks; 0: it does not say
	tries   int           // in all, at most; 0: Limits.Tries
	strange bool          // what came is no OAI-PMH: only worth another try where OAI-PMH came before
}

func (e *tryAgain) Error() string { return e.err.Error() }
func (e *tryAgain) Unwrap() error { return e.err }

func newFetcher(h *Harvester) (*fetcher, error) {
	f := &fetcher{h: h, client: h.Client, limits: h.Limits, at: h.URL}
	l := &f.limits
	l.Response = or(l.Response, 256<<20)
	l.Time = or(l.Time, 15*time.Minute)
	l.Idle = or(l.Idle, 5*time.Minute)
	l.Wait = or(l.Wait, 15*time.Minute)
	l.Tries = or(l.Tries, 8)
	if f.client == nil {
		f.client = &http.Client{Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:    30 * time.Second,
			MaxResponseHeaderBytes: 1 << 20,
			MaxIdleConns:           2,
			IdleConnTimeout:        time.Minute,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // it is unpacked here, deflate too
		}}
	}
	client := *f.client
	client.CheckRedirect = redirect
	f.client = &client
	var err error
	f.spool, err = os.CreateTemp("", "sheaf-harvest-*.xml")
	if err != nil {
		return nil, fmt.Errorf("harvest: a file for the answers: %w", err)
	}
	return f, nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func (f *fetcher) close() {
	f.spool.Close()
	os.Remove(f.spool.Name())
	f.client.CloseIdleConnections()
}

// redirect follows up to ten redirects, and none twice.
func redirect(req *http.Request, via []*http.Request) error {
	for _, v := range via {
		if v.URL.String() == req.URL.String() {
			return fmt.Errorf("it redirects in a circle, by way of %s", req.URL)
		}
	}
	if len(via) >= 10 {
		return errors.New("it redirects more than 10 times")
	}
	return nil
}

// An answer is one response, in a file.
type answer struct {
	file *os.File
	url  string // that was asked for
	sent time.Time
}

func (a *answer) bytes() ([]byte, error) {
	const most = 16 << 20 // for what is no list
	data, err := io.ReadAll(io.LimitReader(a.file, most))
	if err == nil && len(data) == most {
		err = &stopError{fmt.Errorf("harvest: %s: more than %d MiB", a.url, most>>20)}
	}
	return data, err
}

// head is the beginning of the answer; the file is at its beginning afterwards.
func (a *answer) head() (string, error) {
	head, err := io.ReadAll(io.LimitReader(a.file, 64<<10))
	if err == nil {
		_, err = a.file.Seek(0, io.SeekStart)
	}
	return string(bytes.ReplaceAll(head, []byte{0}, nil)), err
}

// holds tells whether one of the texts is in the answer.
func (a *answer) holds(texts ...string) bool {
	if _, err := a.file.Seek(0, io.SeekStart); err != nil {
		return false
	}
	in := bufio.NewReaderSize(a.file, 64<<10)
	for tail := ""; ; {
		piece := make([]byte, 32<<10)
		n, err := in.Read(piece)
		tail += string(bytes.ReplaceAll(piece[:n], []byte{0}, nil))
		for _, t := range texts {
			if strings.Contains(tail, t) {
				return true
			}
		}
		if err != nil {
			return false
		}
		tail = tail[max(0, len(tail)-64):]
	}
}

// ask sends a request until its answer is one that good takes, or no further try is worth it. Between tries it waits as the endpoint asks, or else from one
// second on twice as long each time, up to a minute, give or take a half. The error of good, of ctx, or of the last try is returned.
func (f *fetcher) ask(ctx context.Context, query string, good func(*answer) error) error {
	for try := 1; ; try++ {
		err := f.once(ctx, query, good)
		var again *tryAgain
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.As(err, &again):
			return err
		}
		if most := min(f.limits.Tries, or(again.tries, f.limits.Tries)); try >= most || again.strange && !f.answered {
			text := fmt.Errorf("harvest: %s: %w", join(f.at, query), again.err)
			if try > 1 {
				text = fmt.Errorf("%w (tried %d times)", text, try)
			}
			return &stopError{text}
		}
		wait := again.after
		if wait == 0 {
			wait = min(time.Second<<(try-1), time.Minute)
			wait += time.Duration((rand.Float64() - 0.5) * float64(wait))
		}
		if wait > f.limits.Wait {
			return &stopError{fmt.Errorf("harvest: %s: %w: it wants to be asked again in %s, not earlier", f.h.URL, again.err, wait.Round(time.Second))}
		}
		f.h.Log.Info("harvest: it is tried again", "url", f.h.URL, "error", again.err, "in", wait.Round(time.Millisecond), "try", try)
		if err := f.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func (f *fetcher) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	if f.h.Sleep != nil {
		return f.h.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errIdle and errLong end an answer that does not come.
var (
	errIdle = errors.New("no byte came for a long time")
	errLong = errors.New("the answer takes too long")
)

// once sends one request and gives the answer to good.
func (f *fetcher) once(ctx context.Context, query string, good func(*answer) error) error {
	if err := f.sleep(ctx, f.h.Pause-f.h.Now().Sub(f.last)); err != nil {
		return err
	}
	f.last = f.h.Now()
	f.h.sum(func(s *Summary) { s.Requests++ })
	whole, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer time.AfterFunc(f.limits.Time, func() { cancel(errLong) }).Stop()
	idle := time.AfterFunc(f.limits.Idle, func() { cancel(errIdle) })
	defer idle.Stop()
	failed := func(err error) error {
		if cause := context.Cause(whole); cause != nil && ctx.Err() == nil {
			return &tryAgain{err: cause, tries: 3}
		}
		var unknown *net.DNSError
		return &tryAgain{err: err, strange: errors.As(err, &unknown) && unknown.IsNotFound}
	}

	address := join(f.at, query)
	req, err := http.NewRequestWithContext(whole, http.MethodGet, address, nil)
	if err != nil {
		return &stopError{fmt.Errorf("harvest: %w", err)}
	}
	if f.h.UserAgent != "" {
		req.Header.Set("User-Agent", f.h.UserAgent)
	}
	req.Header.Set("Accept", "text/xml, application/xml;q=0.9, */*;q=0.1")
	req.Header.Set("Accept-Encoding", "gzip, deflate")
	resp, err := f.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the address is told anyway
		}
		if strings.Contains(err.Error(), "it redirects") {
			return &tryAgain{err: err, tries: 3, strange: true}
		}
		return failed(err)
	}
	defer resp.Body.Close()
	a := &answer{file: f.spool, url: address}
	a.sent, _ = http.ParseTime(resp.Header.Get("Date"))
	size, err := f.keep(resp, func() { idle.Reset(f.limits.Idle) })
	after := f.retryAfter(resp.Header.Get("Retry-After"), a.sent)
	switch status := resp.StatusCode; {
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests, after > 0 && (status == http.StatusForbidden || status == http.StatusAccepted):
		return &tryAgain{err: errors.New(resp.Status), after: after}
	case errors.Is(err, errEndless):
		return &tryAgain{err: err, tries: 2}
	case err != nil:
		return failed(err)
	}
	isOAI, title, err := f.recognise()
	switch status := resp.StatusCode; {
	case err != nil:
		return err
	case isOAI:
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return &tryAgain{err: errors.New(resp.Status), after: after}
	case f.led(resp.Request.URL, query) && !f.rebased:
		f.rebased = true // once: a site that leads everything to one page is no endpoint
		return f.once(ctx, query, good)
	case status != http.StatusOK:
		return &tryAgain{err: errors.New(resp.Status), tries: 3, strange: true}
	case size == 0:
		return &tryAgain{err: errors.New("an empty answer")}
	default:
		return &tryAgain{err: fmt.Errorf("it answers with %s, not with OAI-PMH: is this the base URL of an endpoint?", title), tries: 3, strange: true}
	}
	if resp.Request.URL.String() != address {
		f.led(resp.Request.URL, query)
	}
	err = good(a)
	var complaint oaipmh.Error
	if err == nil || errors.As(err, &complaint) {
		f.answered = true
	}
	return err
}

// led takes the address that a redirect led to as the one to be asked from now on, and tells whether that is another one.
func (f *fetcher) led(to *url.URL, query string) bool {
	base := *to
	base.Fragment = ""
	base.RawQuery = strings.TrimRight(strings.TrimSuffix(base.RawQuery, query), "&")
	if strings.Contains(base.RawQuery, "verb=") || base.String() == f.at {
		return false
	}
	f.h.Log.Info("harvest: redirected", "from", f.at, "to", base.String())
	f.at = base.String()
	return true
}

var errEndless = errors.New("the answer is larger than is taken")

// keep writes the body of a response, unpacked, to the file and goes back to its beginning.
func (f *fetcher) keep(resp *http.Response, alive func()) (int64, error) {
	if err := f.spool.Truncate(0); err != nil {
		return 0, &stopError{err}
	}
	if _, err := f.spool.Seek(0, io.SeekStart); err != nil {
		return 0, &stopError{err}
	}
	body, err := unpack(&watched{resp.Body, alive}, resp.Header.Get("Content-Encoding"))
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f.spool, io.LimitReader(body, f.limits.Response+1))
	switch {
	case err != nil:
		return n, err
	case n > f.limits.Response:
		return n, fmt.Errorf("%w: more than %d MiB", errEndless, f.limits.Response>>20)
	}
	_, err = f.spool.Seek(0, io.SeekStart)
	return n, err
}

// watched tells of each piece that is read.
type watched struct {
	io.Reader
	alive func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.alive()
	}
	return n, err
}

// unpack undoes the coding of a body: that which it has by its first bytes, for the header is not always right.
func unpack(body io.Reader, coding string) (io.Reader, error) {
	br := bufio.NewReaderSize(body, 64<<10)
	head, err := br.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	coding = strings.ToLower(strings.TrimSpace(coding))
	switch {
	case len(head) < 2:
		return br, nil
	case head[0] == 0x1f && head[1] == 0x8b:
		return gzip.NewReader(br)
	case coding == "deflate" && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0:
		return zlib.NewReader(br)
	case coding == "deflate" && head[0] != '<' && head[0] != 0xef && head[0] > ' ': // without the frame of zlib, as some send it
		return flate.NewReader(br), nil
	}
	return br, nil
}

// retryAfter reads a Retry-After header: seconds, or a date by the endpoint's clock, which tells when the answer was sent; 0 if it says nothing.
//
// Source: RFC 9110 §10.2.3.
func (f *fetcher) retryAfter(s string, sent time.Time) time.Duration {
	if s = strings.TrimSpace(s); s == "" {
		return 0
	}
	const most = 365 * 24 * time.Hour
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return time.Duration(min(max(n, 0), most.Seconds()) * float64(time.Second))
	}
	if t, err := http.ParseTime(s); err == nil {
		return min(max(t.Sub(or(sent, f.h.Now())), time.Second), most)
	}
	return 0
}

var (
	oaiRoot   = regexp.MustCompile(`<([\w.-]+:)?OAI-PMH[\s>]`)
	pageTitle = regexp.MustCompile(`(?is)<title[^>]*>\s*(.*?)\s*</title>`)
)

// recognise tells whether the answer is one of OAI-PMH, and else what it is, for people.
func (f *fetcher) recognise() (isOAI bool, title string, err error) {
	head, err := (&answer{file: f.spool}).head()
	if err != nil {
		return false, "", err
	}
	if oaiRoot.MatchString(head) {
		return true, "", nil
	}
	if m := pageTitle.FindStringSubmatch(head); m != nil {
		return false, fmt.Sprintf("a web page, %.100q", strings.Join(strings.Fields(m[1]), " ")), nil
	}
	return false, fmt.Sprintf("%.60q", strings.TrimSpace(head)), nil
}
