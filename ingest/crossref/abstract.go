package crossref

import (
	"strings"

	"sheaf/jats"
)

// maxSections bounds sections inside sections; what is deeper is part of the section around it.
const maxSections = 16

// abstract makes an abstract of the markup inside of one: JATS with any prefix, or what depositors made of it, which may be paragraphs without sections, sections
// without an element of their own (a title, then paragraphs, then the next title), HTML, or bare text.
func (m *maker) abstract(kind, lang, markup string) {
	if markup == "" {
		return
	}
	p := abstractParser{m: m, text: make([]byte, 0, len(markup))}
	p.levels = append(p.levels, level{sec: new(jats.Sec)})
	p.parse(markup)
	top := p.levels[0].sec
	if top.Title != "" || len(top.P) > 0 || len(top.Secs) > 0 {
		m.a.Abstracts = append(m.a.Abstracts, jats.Abstract{Type: kind, Lang: lang, Title: top.Title, P: top.P, Secs: top.Secs})
	}
}

// A level is a section that is open.
type level struct {
	sec     *jats.Sec
	implied bool // begun by a title alone
}

type abstractParser struct {
	m      *maker
	levels []level
	skip   int    // sections that are open beyond maxSections
	text   []byte // what is to become a paragraph or a title
}

func (p *abstractParser) top() *jats.Sec { return p.levels[len(p.levels)-1].sec }

// flush ends a paragraph.
func (p *abstractParser) flush() {
	if len(p.text) == 0 {
		return
	}
	if r := p.m.rich("abstracts", string(p.text), jats.ParaMarkup); r != "" {
		p.top().P = append(p.top().P, r)
	}
	p.text = p.text[:0]
}

// pop ends the innermost section and adds it to the one around it.
func (p *abstractParser) pop() {
	n := len(p.levels) - 1
	s := *p.levels[n].sec
	p.levels = p.levels[:n]
	if s.Title != "" || len(s.P)+len(s.Secs) > 0 {
		p.top().Secs = append(p.top().Secs, s)
	}
}

func (p *abstractParser) push(implied bool) {
	p.levels = append(p.levels, level{sec: new(jats.Sec), implied: implied})
}

// title ends a title. A second one in a section, or one after paragraphs, begins a section.
func (p *abstractParser) title() {
	r := p.m.rich("abstracts", string(p.text), jats.InlineMarkup)
	p.text = p.text[:0]
	if r == "" {
		return
	}
	if p.levels[len(p.levels)-1].implied {
		p.pop()
	}
	if s := p.top(); s.Title != "" || len(s.P)+len(s.Secs) > 0 {
		p.push(true)
	}
	p.top().Title = r
}

func (p *abstractParser) parse(s string) {
	inside, depth := "", 0 // the element whose content is taken as it is, and how many of its name are open
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			i = len(s)
		}
		p.text = append(p.text, s[:i]...)
		if s = s[i:]; s == "" {
			break
		}
		j := strings.IndexByte(s, '>')
		name, end, empty := tagName(s[:j+1])
		if name == "" { // a sign "less than"
			p.text, s = append(p.text, '<'), s[1:]
			continue
		}
		tag := s[:j+1]
		s = s[j+1:]
		if inside != "" {
			if name == inside && !empty {
				if end {
					depth--
				} else {
					depth++
				}
			}
			if depth == 0 {
				switch inside {
				case "p":
					p.flush()
				case "title":
					p.title()
				default:
					p.text = append(p.text, tag...)
				}
				inside = ""
			} else {
				p.text = append(p.text, tag...)
			}
			continue
		}
		switch name {
		case "sec":
			p.flush()
			switch {
			case empty:
			case !end && len(p.levels) > maxSections:
				p.skip++
			case !end:
				if p.levels[len(p.levels)-1].implied {
					p.pop()
				}
				p.push(false)
			case p.skip > 0:
				p.skip--
			default:
				for len(p.levels) > 1 && p.levels[len(p.levels)-1].implied {
					p.pop()
				}
				if len(p.levels) > 1 {
					p.pop()
				}
			}
		case "p", "title":
			p.flush()
			if !end && !empty {
				inside, depth = name, 1
			}
		case "abstract": // of an envelope in the string
			p.flush()
		case "list", "def-list", "disp-quote", "ul", "ol", "table", "table-wrap":
			p.text = append(p.text, tag...)
			if !end && !empty {
				inside, depth = name, 1
			}
		default:
			p.text = append(p.text, tag...)
		}
	}
	if inside == "title" {
		p.title()
	}
	p.flush()
	for len(p.levels) > 1 {
		p.pop()
	}
}

// tagName is the name in a tag, without prefix and in lower case; "" if it is no tag.
func tagName(tag string) (name string, end, empty bool) {
	if len(tag) < 3 {
		return "", false, false
	}
	name, empty = strings.CutSuffix(tag[1:len(tag)-1], "/")
	name, end = strings.CutPrefix(name, "/")
	if i := strings.IndexAny(name, " \t\r\n"); i >= 0 {
		name = name[:i]
	}
	if i := strings.IndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	for i := 0; i < len(name); i++ {
		if c := name[i] | 0x20; (c < 'a' || c > 'z') && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return "", false, false
		}
	}
	return strings.ToLower(name), end, empty
}
