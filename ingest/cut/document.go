package cut

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// Document parses a record that XML.Cut gave, or a whole document of XML in any encoding, and returns its root element. Characters that XML 1.0 forbids are
// left out; the entities of HTML are known, others stay as they are written. The error is a *jats.Fault.
func Document(data []byte) (*etree.Element, error) {
	in, err := decoded(bytes.NewReader(data))
	if err != nil {
		return nil, jats.Faultf("malformed", 0, "XML: %v", err)
	}
	text, err := io.ReadAll(io.LimitReader(in, MaxRecord+1))
	if err != nil {
		return nil, jats.Faultf("malformed", 0, "XML: %v", err)
	}
	if len(text) > MaxRecord {
		return nil, jats.Faultf("too-large", 0, "XML of more than %d MiB", MaxRecord>>20)
	}
	text = bytes.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xfffe && r != 0xffff {
			return r
		}
		return -1
	}, text)
	if err := check(text); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{
		Permissive:    true,
		Entity:        xml.HTMLEntity,
		CharsetReader: func(_ string, r io.Reader) (io.Reader, error) { return r, nil }, // it is UTF-8 by now, whatever the declaration says
	}
	if err := doc.ReadFromBytes(text); err != nil {
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) {
			return nil, jats.Faultf("malformed", syntax.Line, "XML: %s", syntax.Msg)
		}
		return nil, jats.Faultf("malformed", 0, "XML: %v", err)
	}
	if doc.Root() == nil {
		return nil, jats.Faultf("malformed", 0, "XML without an element")
	}
	return doc.Root(), nil
}

// check tells whether text is one well-formed element, no deeper than it may be.
func check(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	depth := 0
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			var syntax *xml.SyntaxError
			if errors.As(err, &syntax) {
				return jats.Faultf("malformed", syntax.Line, "XML: %s", syntax.Msg)
			}
			return jats.Faultf("malformed", 0, "XML: %v", err)
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; depth > MaxDepth {
				line, _ := d.InputPos()
				return jats.Faultf("too-deep", line, "elements more than %d inside each other", MaxDepth)
			}
		case xml.EndElement:
			depth--
		}
	}
}
