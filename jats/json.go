package jats

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// LoadJSON reads an article from the JSON form in which it was stored, as json.Unmarshal does but faster: what another version of the form added is passed over.
func LoadJSON(data []byte) (*Article, error) {
	if a := new(Article); scanJSON(data, a) {
		return a, nil
	}
	a := new(Article)
	if err := json.Unmarshal(data, a); err != nil {
		return nil, err
	}
	return a, nil
}

// DecodeJSON reads an article from its JSON form. A field that the form does not have is an error, so that a misspelt name never loses
// a value in silence. Call Clean on the result.
func DecodeJSON(data []byte) (*Article, error) {
	if a := new(Article); scanJSON(data, a) {
		return a, nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	a := new(Article)
	if err := dec.Decode(a); err != nil {
		line := 1 + bytes.Count(data[:min(int(dec.InputOffset()), len(data))], []byte("\n"))
		var wrong *json.UnmarshalTypeError
		switch {
		case errors.As(err, &wrong):
			return nil, Faultf("bad-field", 1+bytes.Count(data[:min(int(wrong.Offset), len(data))], []byte("\n")), "field %q: want %s, not a JSON %s", wrong.Field, wrong.Type, wrong.Value)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, Faultf("malformed", line, "JSON ends in the middle of a value")
		}
		text, code := strings.TrimPrefix(err.Error(), "json: "), "malformed"
		if name, ok := strings.CutPrefix(text, "unknown field "); ok { // the decoder tells the end of the object only
			code = "unknown-field"
			if i := bytes.Index(data, []byte(name)); i >= 0 {
				line = 1 + bytes.Count(data[:i], []byte("\n"))
			}
		}
		return nil, Faultf(code, line, "%s", text)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, Faultf("malformed", 0, "something follows the article's JSON")
	}
	return a, nil
}
