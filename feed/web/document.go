package web

import (
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"sheaf/store"
)

var (
	errHungUp = errors.New("feed/web: the client hung up")
	errDone   = errors.New("feed/web: answered already")
)

// document is one file on its way out.
type document struct {
	w       http.ResponseWriter
	r       *http.Request
	kind    string // Content-Type
	buf     []byte // not sent yet
	sent    int    // bytes
	started bool   // something was sent, or the header
}

const piece = 128 << 10 // fewer bytes than this are not sent alone

// fresh sets the ETag to a version, unless that is "", and returns errDone when the client has that very file.
//
// Source: RFC 9110 §13.1.2.
func (d *document) fresh(version string) error {
	d.w.Header().Set("Cache-Control", "no-cache") // a part must not be older than the index that names it
	if version == "" {
		return nil
	}
	tag := `W/"` + version + `"`
	d.w.Header().Set("ETag", tag)
	for _, have := range strings.Split(strings.Join(d.r.Header.Values("If-None-Match"), ","), ",") {
		if have = strings.TrimSpace(have); have == "*" || strings.TrimPrefix(have, "W/") == strings.TrimPrefix(tag, "W/") {
			d.started = true
			d.w.WriteHeader(http.StatusNotModified)
			return errDone
		}
	}
	return nil
}

func (d *document) add(s ...string) {
	for _, s := range s {
		d.buf = append(d.buf, s...)
	}
}

// text adds s escaped for text or for an attribute in double quotes.
func (d *document) text(s string) { d.buf = appendText(d.buf, s) }

// size is how many bytes it has so far.
func (d *document) size() int { return d.sent + len(d.buf) }

// send sends what there is, if it is worth it.
func (d *document) send() error {
	if len(d.buf) < piece {
		return nil
	}
	return d.finish()
}

func (d *document) finish() error {
	if !d.started {
		d.w.Header().Set("Content-Type", d.kind)
	}
	d.started = true
	if d.r.Method == http.MethodHead {
		return errDone // the header is all, so nothing more need be read
	}
	n, err := d.w.Write(d.buf)
	d.sent += n
	d.buf = d.buf[:0]
	if err != nil {
		return errHungUp
	}
	return nil
}

var escapeText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\t", "&#9;", "\n", "&#10;", "\r", "&#13;")

// appendText appends s escaped for text or for an attribute in double quotes. What XML cannot hold becomes U+FFFD.
func appendText(dst []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c >= ' ' && c < utf8.RuneSelf && c != '&' && c != '<' && c != '>' && c != '"'
	}
	if plain {
		return append(dst, s...)
	}
	s = strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0xfffe || c == 0xffff {
			return utf8.RuneError
		}
		return c
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return append(dst, escapeText.Replace(s)...)
}

// escapePath is a local identifier in a path, where slashes stay, as most are DOIs.
//
// Source: RFC 3986 §3.3, pchar.
func escapePath(local []byte) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(local))
	for _, c := range local {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~!$&'()*+,;=:@/", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return b.String()
}

// datestamp is a time as all these files write it: UTC, to the second (RFC 3339, W3C datetime).
func datestamp(seconds int64) string { return store.Time(seconds).Format(time.RFC3339) }
