package flat_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"sheaf/crosswalk/flat"
)

func TestHandleURL(t *testing.T) {
	for in, want := range map[string]string{"123/4": "https://hdl.handle.net/123/4", "hdl:123/4": "https://hdl.handle.net/123/4", "https://hdl.handle.net/123/4": "https://hdl.handle.net/123/4", "1 2": "", "hdl:": "", "": ""} {
		assert.Equal(t, want, flat.HandleURL(in), in)
	}
}

func TestMediaType(t *testing.T) {
	for want, f := range map[string]flat.File{"text/x": {MIME: "text/x", URL: "https://a/b.pdf"}, "application/pdf": {MIME: "pdf", URL: "https://a/b.PDF"}, "application/xml": {URL: "https://a/b.xml"},
		"application/epub+zip": {URL: "https://a/b.epub"}, "": {URL: "https://a/b"}} {
		assert.Equal(t, want, f.MediaType())
	}
}

func TestParts(t *testing.T) {
	for in, want := range map[string]bool{"%41": true, "%aFx": true, "%4": false, "%4g": false, "a41": false, "": false} {
		assert.Equal(t, want, flat.IsEscape(in), in)
	}
	for in, want := range map[string]bool{"a.org/%zz@@": true, "u@a.org:80/": true, "[::1]/x": true, "a@b@c": false, "%zz": false, "a.org:port/x": false} {
		assert.Equal(t, want, flat.HasHost(in), in)
	}
}
