package jats

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Rich is text with inline markup: a well-formed fragment of XML that holds only elements and attributes of the closed lists in
// markup.go, with the namespace prefixes mml, xlink and xml, and with & < and > escaped. It needs no further work to be written into JATS.
// Make one with [Escape] from plain text or with [ParseMarkup] from a fragment of JATS or HTML.
//
// Its JSON form is a plain string when there is no markup in it ("R&D, p<0.05": never read as XML), and else an object with one
// field, {"markup": "H<sub>2</sub>O &amp; more"}.
type Rich string

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Escape makes rich text of plain text: nothing in s is taken for markup.
func Escape(s string) Rich {
	if !strings.ContainsAny(s, "&<>") {
		return Rich(s)
	}
	return Rich(escaper.Replace(s))
}

// HasMarkup tells whether there is an element in r.
func (r Rich) HasMarkup() bool { return strings.IndexByte(string(r), '<') >= 0 }

// blockEnd lists the elements that are told apart by a blank in plain text.
var blockEnd = oneOf("p list-item list break disp-formula title label disp-quote")

// parts are elements that stand side by side with no text between them where a source marks parts instead of printing them; in plain text a blank parts those.
var parts = oneOf(`name string-name person-group surname given-names prefix suffix collab etal article-title trans-title chapter-title part-title data-title source
	trans-source year month day season volume issue supplement fpage lpage page-range elocation-id publisher-name publisher-loc conf-name conf-date conf-loc edition
	series isbn issn pub-id object-id date date-in-citation string-date comment size version patent std gov institution institution-wrap institution-id addr-line city state
	postal-code country ext-link email`)

// Plain is the one plain-text rendering that every flat format uses: elements vanish and their text stays, paragraphs, list
// items and line breaks are parted by a blank, and so are parts of a citation or affiliation that touch. Of a formula given as both TeX and MathML only the
// MathML text stays. White space is folded, but for no-break spaces.
func (r Rich) Plain() string {
	s := string(r)
	if strings.IndexByte(s, '<') < 0 {
		return unescape(s)
	}
	b := make([]byte, 0, len(s))
	closed := false // the last thing was the end tag of a part
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			i = len(s)
		}
		if i > 0 {
			b = append(b, unescape(s[:i])...)
			s, closed = s[i:], false
			continue
		}
		j := strings.IndexByte(s, '>')
		if j < 0 { // cannot be in a Rich; keep the text rather than lose it
			b = append(b, s...)
			break
		}
		name, end := strings.CutPrefix(s[1:j], "/")
		if k := strings.IndexAny(name, " /"); k >= 0 {
			name = name[:k]
		}
		s = s[j+1:]
		if name == "tex-math" && !end {
			k := strings.Index(s, "</tex-math>")
			if k >= 0 && strings.HasPrefix(s[k+len("</tex-math>"):], "<mml:math") {
				s = s[k+len("</tex-math>"):]
			}
			continue
		}
		isPart := parts[name]
		if blockEnd[name] || isPart && !end && closed {
			b = append(b, ' ')
		}
		closed = isPart && end || closed && !isPart
	}
	return foldBlanks(b)
}

// foldBlanks makes one blank of every run of them and leaves none at the ends.
func foldBlanks(b []byte) string {
	out := b[:0]
	blank := true
	for _, c := range b {
		if c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			if !blank {
				out = append(out, ' ')
			}
			blank = true
			continue
		}
		out, blank = append(out, c), false
	}
	return strings.TrimSuffix(string(out), " ")
}

// MarshalJSON writes the form that the type's comment describes.
func (r Rich) MarshalJSON() ([]byte, error) { return r.appendJSON(nil), nil }

func (r Rich) appendJSON(dst []byte) []byte {
	if r.HasMarkup() {
		return append(appendQuoted(append(dst, `{"markup":`...), string(r)), '}')
	}
	return appendQuoted(dst, unescape(string(r)))
}

// UnmarshalJSON reads the form that the type's comment describes. Markup that is not well-formed is mended; elements that are not in
// the closed list are dropped and their text is kept.
func (r *Rich) UnmarshalJSON(b []byte) error {
	var s string
	if len(b) > 0 && b[0] == '"' {
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*r = Escape(s)
		return nil
	}
	if len(b) == 0 || b[0] != '{' {
		return fmt.Errorf(`jats: rich text: want a string or {"markup": "..."}, not %.60s`, b)
	}
	var m struct {
		Markup *string `json:"markup"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("jats: rich text: %w", err)
	}
	if m.Markup == nil {
		return fmt.Errorf(`jats: rich text: want a string or {"markup": "..."}, not %.60s`, b)
	}
	x, _, err := ParseMarkup(*m.Markup, AnyMarkup)
	if err != nil {
		return fmt.Errorf("jats: rich text: %w", err)
	}
	*r = x
	return nil
}
