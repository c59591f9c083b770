// Package deposit has what the targets that deposit at services share: what they keep of an item, so that it can be shown what became of it, and how
// they send a request or, in a dry run, write it down.
package deposit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"sheaf/feed"
)

// What became of an item at a service.
const (
	Waiting  = "waiting"  // submitted; the service has not answered yet
	Taken    = "taken"    // it is there
	Warning  = "warning"  // it is there, and the service has something to say about it
	Conflict = "conflict" // it is there, and the service has the same work under another identifier
	Refused  = "refused"  // what was sent last is not there
	Deleted  = "deleted"
)

// Item is what a target keeps of an item, with [feed.State] under "item/" and its local identifier.
type Item struct {
	Local     string `json:"local"`
	Datestamp int64  `json:"datestamp"`         // of the state of the item that Status is of
	Status    string `json:"status"`            // one of those above
	ID        string `json:"id,omitempty"`      // what the service calls it
	DOI       string `json:"doi,omitempty"`     // that it was sent with, where the service goes by it
	Batch     string `json:"batch,omitempty"`   // the submission that it was in
	Message   string `json:"message,omitempty"` // the service's words
	Seen      bool   `json:"seen,omitempty"`    // the service has taken it in some state
	At        int64  `json:"at"`                // when this was known, seconds since 1970, UTC
}

// There tells whether the service has the item in that state.
func (i *Item) There() bool {
	return i.Status == Taken || i.Status == Warning || i.Status == Conflict
}

// maxMessage bounds what is kept of a service's words, in bytes.
const maxMessage = 500

// Cut is what is kept of a service's words: on one line, and not too long.
func Cut(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "..."
	}
	return s
}

// Load reads what is kept of an item; the zero Item when that is nothing.
func Load(ctx context.Context, state feed.State, local string) (item Item, err error) {
	_, err = state.Load(ctx, "item/"+local, &item)
	return item, err
}

// Save keeps item.
func Save(ctx context.Context, state feed.State, item Item) error {
	item.Message = Cut(item.Message)
	return state.Save(ctx, "item/"+item.Local, item)
}

// Each calls visit with what is kept of each item.
func Each(ctx context.Context, state feed.State, visit func(Item) error) error {
	return state.Each(ctx, "item/", func(key string, value []byte) error {
		var item Item
		if err := json.Unmarshal(value, &item); err != nil {
			return fmt.Errorf("deposit: what is kept of %q cannot be read: %w", key, err)
		}
		return visit(item)
	})
}

// Client sends requests to one service.
type Client struct {
	HTTP     *http.Client  // nil: feed.NewClient of Timeout
	Timeout  time.Duration // of one request; 0: 2 minutes
	Dir      string        // write the requests here and send nothing
	Secret   []string      // headers and parameters of the query whose values are not written down
	requests int
}

// Answer is what a service answered. In a dry run its Status is 0.
type Answer struct {
	Request *http.Request
	Status  int
	Header  http.Header
	Body    []byte
}

// Err is the answer as an error, as [feed.Answered] makes it.
func (a *Answer) Err() error { return feed.Answered(a.Request, a.Status, a.Header, a.Body) }

// Do sends a request with a body of a media type, written down with the extension ext. An error means that it is not known what became of it.
func (c *Client) Do(ctx context.Context, method, address, kind string, body []byte, ext string, header http.Header) (*Answer, error) {
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, r)
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if c.requests++; c.Dir != "" {
		return &Answer{Request: req}, feed.WriteRequest(c.Dir, c.requests, req, body, ext, c.Secret...)
	}
	if c.HTTP == nil {
		t := c.Timeout
		if t <= 0 {
			t = 2 * time.Minute
		}
		c.HTTP = feed.NewClient(t)
	}
	a := &Answer{Request: req}
	a.Status, a.Header, a.Body, err = feed.Do(c.HTTP, req)
	return a, err
}

// Field is one part of a form.
type Field struct{ Name, Value string }

// Form is the body of a multipart form of fields and one XML file, and its media type. The same fields give the same bytes.
//
// Source: RFC 7578.
func Form(fields []Field, name, file string, data []byte) (body []byte, kind string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary(data)); err != nil {
		return nil, "", err
	}
	for _, f := range fields {
		if err := w.WriteField(f.Name, f.Value); err != nil {
			return nil, "", err
		}
	}
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="%s"; filename="%s"`, name, file)},
		"Content-Type":        {"application/xml"},
	})
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(data); err != nil {
		return nil, "", err
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}

// boundary is a line that is not in data.
func boundary(data []byte) string {
	s := "sheaf-form-boundary"
	for bytes.Contains(data, []byte(s)) {
		s += "-0"
	}
	return s
}

// CheckURL tells whether a service can be at an address: http or https, with a host, and without credentials, query and fragment.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return errors.New("deposit: the address cannot be read: expected https://HOST") // the parser's own words quote it, with a password
	case u.User != nil:
		return fmt.Errorf("deposit: address %q: expected no user and password in it; they come from the environment or a file", u.Redacted())
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("deposit: address %q: expected https://HOST, or http://", s)
	}
	return nil
}
