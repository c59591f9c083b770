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
var blockEnd = map[string]bool{"p": true, "list-item": true, "list": true, "break": true, "disp-formula": true, "title": true, "label": true, "disp-quote": true}

// Plain is the one plain-text rendering that every flat format uses: elements vanish and their text stays, paragraphs, list
// items and line breaks are parted by a blank. Of a formula given as both TeX and MathML only the MathML text stays.
func (r Rich) Plain() string {
	s := string(r)
	if !strings.ContainsAny(s, "<&") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		i := strings.IndexAny(s, "<&")
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		if s[0] == '&' {
			j := strings.IndexByte(s, ';')
			switch {
			case strings.HasPrefix(s, "&lt;"):
				b.WriteByte('<')
			case strings.HasPrefix(s, "&gt;"):
				b.WriteByte('>')
			case strings.HasPrefix(s, "&quot;"):
				b.WriteByte('"')
			default: // &amp;, the only other that a Rich holds
				b.WriteByte('&')
			}
			s = s[j+1:]
			continue
		}
		j := strings.IndexByte(s, '>')
		if j < 0 { // cannot be in a Rich; keep the text rather than lose it
			b.WriteString(s)
			break
		}
		tag := s[1:j]
		s = s[j+1:]
		name := strings.TrimPrefix(tag, "/")
		if k := strings.IndexAny(name, " /\t\n"); k >= 0 {
			name = name[:k]
		}
		if name == "tex-math" && tag[0] != '/' && strings.Contains(s, "<mml:math") {
			if k := strings.Index(s, "</tex-math>"); k >= 0 && strings.Contains(s[:k], "</alternatives>") == false {
				if m := strings.Index(s, "</alternatives>"); m >= 0 && strings.Contains(s[k:m], "<mml:math") {
					s = s[k+len("</tex-math>"):]
				}
			}
			continue
		}
		if blockEnd[name] && b.Len() > 0 {
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// MarshalJSON writes the form that the type's comment describes.
func (r Rich) MarshalJSON() ([]byte, error) {
	if r.HasMarkup() {
		return json.Marshal(struct {
			Markup string `json:"markup"`
		}{string(r)})
	}
	return json.Marshal(unescaper.Replace(string(r)))
}

var unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&")

// UnmarshalJSON reads the form that the type's comment describes. Markup that is not well-formed is an error; elements that are not in
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
