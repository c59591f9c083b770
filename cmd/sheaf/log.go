package main

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
)

// newLog makes the log that --log-format and --log-level ask for. A line that is written with the context of a request has its id.
func newLog(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(w, options)
	if format == "json" {
		h = slog.NewJSONHandler(w, options)
	}
	return slog.New(idHandler{h})
}

// idHandler adds the id of the request that a line is about.
type idHandler struct{ slog.Handler }

func (h idHandler) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(requestKey{}).(string); ok {
		r.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h idHandler) WithAttrs(a []slog.Attr) slog.Handler { return idHandler{h.Handler.WithAttrs(a)} }
func (h idHandler) WithGroup(name string) slog.Handler   { return idHandler{h.Handler.WithGroup(name)} }

// requestKey is where the context of a request holds its id.
type requestKey struct{}

func withRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// requestID returns the id that a client or a proxy gave a request, if it is fit for a log, or a new one of 26 random letters and digits.
func requestID(given string) string {
	if len(given) == 0 || len(given) > 128 {
		return rand.Text()
	}
	for _, c := range []byte(given) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '-', c == '_', c == '.', c == '~', c == ':', c == '/', c == '+', c == '=', c == '@':
		default:
			return rand.Text()
		}
	}
	return given
}
