package cut

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// Document parses a record that XML.Cut gave, or a whole document of XML in any encoding, and returns its root element. Characters that XML 1.0 forbids are
// left out; the entities of HTML are known, others stay as they are written. The error is a *jats.Fault.
func Document(data []byte) (*etree.Element, error) {
	text, err := whole(data)
	if err != nil {
		return nil, err
	}
	if bytes.IndexFunc(text, forbidden) >= 0 {
		text = bytes.Map(func(r rune) rune {
			if forbidden(r) {
				return -1
			}
			return r
		}, text)
	}
	if err := shallow(text); err != nil {
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

// whole is a document as UTF-8.
func whole(data []byte) ([]byte, error) {
	label := declared(data[:min(len(data), 1024)])
	if (label == "" || strings.EqualFold(label, "utf-8")) && len(data) <= MaxRecord && !bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) && bytes.IndexByte(data, 0) < 0 && utf8.Valid(data) {
		return data, nil
	}
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
	return text, nil
}

// forbidden tells the characters that XML 1.0 does not allow.
//
// Source: XML 1.0 §2.2.
func forbidden(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
}

// shallow tells whether no element of text is deeper than it may be. It looks at no more than the angle brackets, because the parser tells the rest.
func shallow(text []byte) error {
	for at, depth := 0, 0; ; {
		i := bytes.IndexByte(text[at:], '<')
		if i < 0 || at+i+1 >= len(text) {
			return nil
		}
		at += i + 1
		skip := func(end string) {
			if i = bytes.Index(text[at:], []byte(end)); i < 0 {
				i = len(text) - at
			}
			at += i
		}
		switch c := text[at]; {
		case bytes.HasPrefix(text[at:], []byte("!--")):
			skip("-->")
		case bytes.HasPrefix(text[at:], []byte("![CDATA[")):
			skip("]]>")
		case c == '?':
			skip("?>")
		case c == '!':
		case c == '/':
			depth--
		default:
			begin := at
			for quote := byte(0); at < len(text) && (quote != 0 || text[at] != '>'); at++ {
				switch b := text[at]; {
				case quote == 0 && (b == '"' || b == '\''):
					quote = b
				case b == quote:
					quote = 0
				}
			}
			if at < len(text) && text[at-1] == '/' {
				continue
			}
			if depth++; depth > MaxDepth {
				return jats.Faultf("too-deep", 1+bytes.Count(text[:begin], []byte("\n")), "elements more than %d inside each other", MaxDepth)
			}
		}
	}
}

// Content is all character data inside an element, as it stands; "" of nil.
func Content(e *etree.Element) string {
	if e == nil {
		return ""
	}
	if len(e.Child) == 1 {
		if c, ok := e.Child[0].(*etree.CharData); ok {
			return c.Data
		}
	}
	var b strings.Builder
	appendContent(&b, e)
	return b.String()
}

func appendContent(b *strings.Builder, e *etree.Element) {
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			b.WriteString(t.Data)
		case *etree.Element:
			appendContent(b, t)
		}
	}
}

// HTML is what is inside an element that holds text with HTML, escaped or not; "" of nil.
func HTML(e *etree.Element) string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	appendHTML(&b, e)
	return strings.TrimSpace(b.String())
}

func appendHTML(b *strings.Builder, e *etree.Element) {
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.CharData:
			b.WriteString(t.Data)
		case *etree.Element:
			b.WriteString("<" + t.Tag + ">")
			appendHTML(b, t)
			b.WriteString("</" + t.Tag + ">")
		}
	}
}
