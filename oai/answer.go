package oai

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
)

const (
	piece     = 256 << 10 // fewer bytes of XML than this are not sent alone
	keep      = 1 << 20   // the largest buffer that is kept for the next answer
	gzipLevel = 1         // as fast as the client unpacks; for jats 5.3 to 1 where 2 gives 5.7 and 5 gives 6.2
)

// errHungUp says that the client went away while it was being written to.
var errHungUp = errors.New("oai: the client hung up")

// answer is one response on its way out. What is sent before the end is packed and written by a goroutine of its own, while the next
// stretch is read into the other buffer.
type answer struct {
	w       http.ResponseWriter
	buf     []byte       // what was not sent yet
	sending []byte       // the other buffer: what is being sent
	sent    chan error   // the outcome of that; one is to come while busy
	busy    bool         // sending is in use
	gz      *gzip.Writer // into out; nil: not compressed
	out     bytes.Buffer
	started bool // a part has been sent; there is no way back
	hold    bool // send nothing before finish
	kind    string
	told    Answered // what Observe is told; of its Bytes the sender keeps count
}

var (
	answers = sync.Pool{New: func() any { return &answer{sent: make(chan error, 1)} }}
	gzips   = sync.Pool{New: func() any {
		z, err := gzip.NewWriterLevel(nil, gzipLevel)
		if err != nil {
			panic(err) // the level is a constant
		}
		return z
	}}
)

func newAnswer(w http.ResponseWriter, compress bool) *answer {
	a := answers.Get().(*answer)
	a.w, a.kind = w, "text/xml; charset=utf-8"
	if compress {
		a.gz = gzips.Get().(*gzip.Writer)
		a.gz.Reset(&a.out)
	}
	return a
}

// release waits for what is being sent, gives the buffers back and returns what Observe is to be told. a must not be used afterwards.
func (a *answer) release() Answered {
	a.wait()
	told := a.told
	if a.gz != nil {
		gzips.Put(a.gz)
	}
	if cap(a.buf) > keep || cap(a.sending) > keep || a.out.Cap() > keep {
		return told
	}
	*a = answer{buf: a.buf[:0], sending: a.sending[:0], sent: a.sent, out: a.out}
	a.out.Reset()
	answers.Put(a)
	return told
}

// wait returns the outcome of what is being sent.
func (a *answer) wait() error {
	if !a.busy {
		return nil
	}
	a.busy = false
	return <-a.sent
}

// offer begins to send what there is, if it is worth it and nothing is being sent, so that store, compressor and client work side by side.
// It never waits: a snapshot of the store may be held. Its error is that of what was sent before.
func (a *answer) offer() error {
	if len(a.buf) < piece || a.hold {
		return nil
	}
	if a.busy {
		select {
		case err := <-a.sent:
			if a.busy = false; err != nil {
				return err
			}
		default:
			return nil
		}
	}
	a.header()
	a.buf, a.sending = a.sending[:0], a.buf
	a.busy = true
	go func() { a.sent <- a.pass(a.sending) }()
	return nil
}

// send is offer, but for what is being sent it waits: between two stretches, so that a slow client does not fill the memory.
func (a *answer) send() error {
	if len(a.buf) < piece || a.hold {
		return nil
	}
	if err := a.wait(); err != nil {
		return err
	}
	return a.offer()
}

// pass compresses b if that is wanted, and writes.
func (a *answer) pass(b []byte) error {
	if a.gz == nil {
		return a.write(b)
	}
	if _, err := a.gz.Write(b); err != nil {
		return err
	}
	if a.out.Len() == 0 {
		return nil
	}
	defer a.out.Reset()
	return a.write(a.out.Bytes())
}

// finish sends the rest. When nothing was sent before, the response has a Content-Length.
func (a *answer) finish() error {
	if err := a.wait(); err != nil {
		return err
	}
	b := a.buf
	if a.gz != nil {
		if _, err := a.gz.Write(b); err != nil {
			return err
		}
		if err := a.gz.Close(); err != nil {
			return err
		}
		b = a.out.Bytes()
	}
	if !a.started {
		a.w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	}
	a.header()
	return a.write(b)
}

// header sets the header of the response, once.
func (a *answer) header() {
	if a.started {
		return
	}
	a.started = true
	a.w.Header().Set("Content-Type", a.kind)
	if a.gz != nil {
		a.w.Header().Set("Content-Encoding", "gzip")
	}
}

func (a *answer) write(b []byte) error {
	n, err := a.w.Write(b)
	a.told.Bytes += int64(n)
	if err != nil {
		return errHungUp
	}
	return nil
}

// acceptsGzip tells whether a client takes gzip and does not like the plain form better.
//
// Source: RFC 9110 §12.5.3.
func acceptsGzip(h http.Header) bool {
	gzip, any, identity := -1.0, -1.0, 0.0
	for _, part := range strings.Split(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		coding, parameters, _ := strings.Cut(part, ";")
		q := 1.0
		if name, value, ok := strings.Cut(parameters, "="); ok && strings.EqualFold(strings.TrimSpace(name), "q") {
			var err error
			if q, err = strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil {
				q = 0
			}
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			gzip = max(gzip, q)
		case "*":
			any = q
		case "identity":
			identity = q
		}
	}
	if gzip < 0 {
		gzip = any
	}
	return gzip > 0 && gzip >= identity
}

// plainText has true for the bytes that stand for themselves in text and in attributes of XML.
var plainText = func() (t [256]bool) {
	for c := 0x20; c < 0x7F; c++ {
		t[c] = !strings.ContainsRune(`&<>"`, rune(c))
	}
	return t
}()

// appendText appends s escaped for text or for an attribute in double quotes. What XML cannot hold becomes U+FFFD.
func appendText(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		if plainText[s[i]] {
			i++
			continue
		}
		c, size := utf8.DecodeRuneInString(s[i:])
		var as string
		switch {
		case c == '&':
			as = "&amp;"
		case c == '<':
			as = "&lt;"
		case c == '>':
			as = "&gt;"
		case c == '"':
			as = "&quot;"
		case c == '\t':
			as = "&#9;"
		case c == '\n':
			as = "&#10;"
		case c == '\r':
			as = "&#13;"
		case !isXMLChar(c) || c == utf8.RuneError && size == 1:
			as = "\uFFFD"
		default:
			i += size
			continue
		}
		dst = append(append(dst, s[start:i]...), as...)
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}
