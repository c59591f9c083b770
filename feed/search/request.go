package search

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"sheaf/feed"
)

// timeout bounds one request: an engine under load may take long, one that is gone must be noticed.
const timeout = 2 * time.Minute

// do sends one request, or writes it into dir if that is not empty; n counts them.
func do(ctx context.Context, client *http.Client, cred feed.Credentials, dir string, n *int, method, address, kind string, body []byte, ext string) (*http.Request, int, http.Header, []byte, error) {
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, r)
	if err != nil {
		return nil, 0, nil, nil, err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("Accept", "application/json")
	cred.Authorize(req)
	if *n++; dir != "" {
		return req, 0, nil, nil, feed.WriteRequest(dir, *n, req, body, ext)
	}
	if client == nil {
		client = feed.NewClient(timeout)
	}
	status, header, answer, err := feed.Do(client, req)
	return req, status, header, answer, err
}
