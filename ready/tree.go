package ready

import (
	"html"
	"strings"
	"sync"

	"github.com/beevik/etree"
)

// tree reads the XML that package jats writes into elements: well-formed, without comments, references to entities other than those of XML, or CDATA sections.
// It takes a tenth of the time of a reader of all XML, and a tally reads every article. What it reads is good until it reads again.
type tree struct {
	elements []*etree.Element // made so far; they are used again
	texts    []*etree.CharData
	e, t     int // how many of them are in use
}

var trees = sync.Pool{New: func() any { return new(tree) }}

// done gives back a tree that is not looked at any more.
func (t *tree) done() {
	const most = 1 << 16 // elements that are kept for the next
	if len(t.elements) > most || len(t.texts) > most {
		return
	}
	for _, e := range t.elements[:t.e] {
		clear(e.Child)
		clear(e.Attr)
		*e = etree.Element{Child: e.Child[:0], Attr: e.Attr[:0]}
	}
	for _, c := range t.texts[:t.t] {
		*c = etree.CharData{}
	}
	t.e, t.t = 0, 0
	trees.Put(t)
}

func (t *tree) element(name string) *etree.Element {
	if t.e == len(t.elements) {
		t.elements = append(t.elements, new(etree.Element))
	}
	e := t.elements[t.e]
	t.e++
	e.Space, e.Tag = split(name)
	return e
}

func (t *tree) text(s string) *etree.CharData {
	if t.t == len(t.texts) {
		t.texts = append(t.texts, new(etree.CharData))
	}
	c := t.texts[t.t]
	t.t++
	c.Data = s
	return c
}

// split parts the prefix of a name from the rest.
func split(name string) (space, local string) {
	if before, after, ok := strings.Cut(name, ":"); ok {
		return before, after
	}
	return "", name
}

// read returns the root element of a document; nil where it is not written as package jats writes, and must be read by a reader of all XML.
func (t *tree) read(doc string) *etree.Element {
	var root, at *etree.Element
	for len(doc) > 0 {
		if doc[0] != '<' {
			n := strings.IndexByte(doc, '<')
			if n < 0 {
				n = len(doc)
			}
			if at != nil {
				at.AddChild(t.text(value(doc[:n])))
			}
			doc = doc[n:]
			continue
		}
		end := strings.IndexByte(doc, '>') // in an attribute it is escaped
		if end < 2 || doc[1] == '!' || doc[1] == '?' {
			return nil
		}
		tag := doc[1:end]
		doc = doc[end+1:]
		if tag[0] == '/' {
			if at == nil {
				return nil
			}
			if space, local := split(tag[1:]); local != at.Tag || space != at.Space {
				return nil
			}
			at = at.Parent()
			continue
		}
		empty := tag[len(tag)-1] == '/'
		if empty {
			tag = tag[:len(tag)-1]
		}
		n := strings.IndexByte(tag, ' ')
		if n < 0 {
			n = len(tag)
		}
		e := t.element(tag[:n])
		for rest := tag[n:]; len(rest) > 0; {
			eq := strings.IndexByte(rest, '=')
			if eq < 2 || rest[0] != ' ' || strings.IndexByte(rest[1:eq], ' ') >= 0 || eq+1 >= len(rest) || rest[eq+1] != '"' {
				return nil
			}
			quote := strings.IndexByte(rest[eq+2:], '"')
			if quote < 0 {
				return nil
			}
			space, key := split(rest[1:eq])
			e.Attr = append(e.Attr, etree.Attr{Space: space, Key: key, Value: value(rest[eq+2 : eq+2+quote])})
			rest = rest[eq+2+quote+1:]
		}
		switch {
		case at != nil:
			at.AddChild(e)
		case root == nil:
			root = e
		default:
			return nil
		}
		if !empty {
			at = e
		}
	}
	if at != nil {
		return nil
	}
	return root
}

// value is the text of what stands between tags or quotes.
func value(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return html.UnescapeString(s)
}
