package jats

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// Read reads one article in JATS or NLM XML: Publishing, Archiving or Authoring, of versions 2.3 to 1.4, in any namespace and in the encoding that its byte
// order mark or declaration names. The article may stand alone or inside an envelope (OAI-PMH, pmc-articleset) that holds no other.
//
// What is read is the front and the reference lists, with the notes of the back that belong to the record; body, with the rest of the back, is kept as it
// stands, in [FullText]; sub-article and response are read past.
// What had to be mended or left aside is told in the warnings. An error says that the input is no well-formed XML, no article, more than one, or one with no title
// at all; it names the line. No other file is ever opened, and size, depth and the growth of entities are bounded.
//
// Source: ANSI/NISO Z39.96-2021; NLM Journal Publishing and Archiving DTDs 2.3 and 3.0.
func Read(data []byte) (*Article, []Warning, error) {
	text, warned, err := decode(data)
	if err != nil {
		return nil, nil, err
	}
	p := &parser{data: text, warnings: warned}
	defer p.free()
	root, err := p.article()
	if err != nil {
		return nil, p.warnings, err
	}
	r := &reader{p: p, a: &Article{}}
	r.article(root)
	full := r.fullText()
	ws := append(p.warnings, r.a.Clean()...)
	r.a.FullText = full // it is clean
	if !r.a.hasTitle() {
		return nil, ws, p.fault(root.pos, "no-title", "element %q has no title", "article")
	}
	return r.a, ws, nil
}

// decode returns data as clean UTF-8.
func decode(data []byte) ([]byte, []Warning, error) {
	if len(data) > maxSize {
		return nil, nil, Faultf("too-large", 0, "%d bytes, want at most %d", len(data), maxSize)
	}
	name := ""
	switch {
	case bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xFE\xFF")), bytes.HasPrefix(data, []byte("\x00<\x00?")):
		name = "utf-16be"
	case bytes.HasPrefix(data, []byte("\xFF\xFE")), bytes.HasPrefix(data, []byte("<\x00?\x00")):
		name = "utf-16le"
	default:
		name = declared(data)
	}
	if name != "" {
		enc, _ := charset.Lookup(name)
		if enc == nil {
			return nil, nil, Faultf("encoding-unknown", 1, "encoding %q is not known", name)
		}
		out, err := io.ReadAll(io.LimitReader(enc.NewDecoder().Reader(bytes.NewReader(data)), maxSize+1))
		if err != nil {
			return nil, nil, Faultf("encoding-unknown", 1, "encoding %q: %v", name, err)
		}
		if len(out) > maxSize {
			return nil, nil, Faultf("too-large", 0, "more than %d bytes in UTF-8", maxSize)
		}
		data = bytes.TrimPrefix(out, []byte("\uFEFF"))
	}
	var ws []Warning
	if !utf8.Valid(data) {
		ws = append(ws, Warning{Code: "char-dropped", Message: "bytes that are not UTF-8 became U+FFFD"})
		data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
	}
	for _, c := range data {
		if c < 0x20 && c != '\n' && c != '\t' && c != '\r' {
			ws = append(ws, Warning{Code: "char-dropped", Message: "control characters, which XML 1.0 forbids, were left out"})
			data = bytes.Map(func(r rune) rune {
				if isXMLChar(r) {
					return r
				}
				return -1
			}, data)
			break
		}
	}
	return data, ws, nil
}

// declared is the encoding that the XML declaration names, unless it is UTF-8.
func declared(data []byte) string {
	if !bytes.HasPrefix(data, []byte("<?xml")) {
		return ""
	}
	end := bytes.Index(data, []byte("?>"))
	if end < 0 {
		return ""
	}
	decl := string(data[:end])
	_, after, ok := strings.Cut(decl, "encoding")
	if !ok {
		return ""
	}
	after = strings.TrimLeft(after, " \t\r\n=")
	if len(after) < 2 || after[0] != '"' && after[0] != '\'' {
		return ""
	}
	name, _, ok := strings.Cut(after[1:], after[:1])
	switch low := strings.ToLower(strings.TrimSpace(name)); {
	case !ok, low == "utf-8", low == "utf8", low == "us-ascii", low == "ascii", strings.HasPrefix(low, "iso646"), strings.HasPrefix(low, "iso_646"):
		return ""
	case strings.HasPrefix(low, "utf-16"), strings.HasPrefix(low, "ucs-2"): // a lie: its declaration could be read
		return ""
	}
	return name
}

// envelopes are the elements that an article may stand inside of.
var envelopes = oneOf("OAI-PMH GetRecord ListRecords record metadata about header responseDate request pmc-articleset articles responseXML response")

// article finds the one article of the document and builds its front and back.
func (p *parser) article() (*node, error) {
	var root *node
	var stack [][]byte
	seen := false
	for {
		i := bytes.IndexByte(p.data[p.pos:], '<')
		gap := p.data[p.pos:]
		if i >= 0 {
			gap = gap[:i]
		}
		if len(stack) == 0 && len(bytes.TrimSpace(gap)) > 0 {
			return nil, p.errorf(p.pos, "text outside of the document element, want XML")
		}
		if i < 0 {
			break
		}
		p.pos += i
		pos, rest := p.pos, p.data[p.pos:]
		switch {
		case len(rest) > 1 && rest[1] == '/':
			raw, err := p.endTag()
			if err != nil {
				return nil, err
			}
			if len(stack) == 0 || !bytes.Equal(stack[len(stack)-1], raw) {
				return nil, p.errorf(pos, "element %q is closed but not open", raw)
			}
			stack = stack[:len(stack)-1]
			p.leave(len(stack))
		case bytes.HasPrefix(rest, []byte("<!DOCTYPE")):
			if err := p.doctype(); err != nil {
				return nil, err
			}
		case len(rest) > 1 && (rest[1] == '!' || rest[1] == '?'):
			if _, err := p.markup(); err != nil {
				return nil, err
			}
		default:
			t, _, err := p.tag(true)
			if err != nil {
				return nil, err
			}
			n := p.enter(t, pos, len(stack)+1)
			if len(stack) == 0 && seen {
				return nil, p.errorf(pos, "element %q after the end of the document", t.raw)
			}
			seen = true
			switch {
			case n.name == "article":
				if root != nil {
					return nil, p.fault(pos, "several-records", "a second article, want one in a document")
				}
				p.pos = pos
				p.leave(len(stack))
				if root, err = p.element(len(stack)+1, skipBody); err != nil {
					return nil, err
				}
				continue
			case len(stack) == 0 && !envelopes[n.name]:
				return nil, p.fault(pos, "not-recognised", "root element %q, want %q", t.raw, "article")
			}
			if t.empty {
				p.leave(len(stack))
			} else if len(stack) >= maxDepth {
				return nil, p.fault(pos, "too-deep", "element %q is nested more than %d deep", t.raw, maxDepth)
			} else {
				stack = append(stack, t.raw)
			}
		}
	}
	if len(stack) > 0 {
		return nil, p.errorf(len(p.data), "the document ends inside element %q", stack[len(stack)-1])
	}
	if root == nil {
		if !seen {
			return nil, Faultf("malformed", 1, "no element at all, want XML")
		}
		return nil, p.fault(p.pos, "not-recognised", "no element %q in the document", "article")
	}
	return root, nil
}

// skipBody says what of an article is read past.
func skipBody(depth int, name string) bool {
	switch name {
	case "body", "sub-article", "response", "floats-group", "floats-wrap", "processing-meta":
		return depth == 1
	case "table-wrap", "table", "glossary", "oasis:table":
		return true
	}
	return false
}

// A reader fills a from the elements of an article.
type reader struct {
	p      *parser
	a      *Article
	affs   map[string]string // id in the source to id of an Aff or Note
	notes  map[string]string
	awards map[string]int // contract-sponsor/@rid to its place in Funding.Awards
	taken  map[int]bool   // positions of the elements of the back that the article has, when there is a full text
	out    renderer       // of one rich text after the other
	both   writer         // of a citation in both its forms, to be compared
}

func (r *reader) warn(n *node, code, format string, args ...any) {
	pos := 0
	name := ""
	if n != nil {
		pos, name = n.pos, n.name
	}
	r.p.warn(pos, code, name, format, args...)
}

// rich is the rich text inside n.
func (r *reader) rich(n *node, kind MarkupKind) Rich {
	if n == nil {
		return ""
	}
	if len(n.kids) == 1 && n.kids[0].name == "" && strings.IndexByte(n.kids[0].text, '<') < 0 && strings.IndexByte(n.kids[0].text, '&') < 0 {
		return Escape(cleanString(n.kids[0].text))
	}
	r.out.reset()
	out, err := r.out.render(n, kind)
	if err != nil {
		r.warn(n, "markup-mended", "%v", err)
		return Escape(plainOf(n))
	}
	for _, w := range r.out.warnings {
		r.warn(n, w.Code, "%s", w.Message)
	}
	return out
}

// lang is the language that n itself names.
func (r *reader) lang(n *node) string {
	if !n.has("xml:lang") {
		return ""
	}
	v := n.attr("xml:lang")
	tag, ok := mendLang(v)
	if !ok || v == "" {
		r.warn(n, "lang-mended", "language %q was read as %q", v, tag)
	}
	return tag
}

func (r *reader) text(n *node, kind MarkupKind) Text {
	return Text{Lang: r.lang(n), Text: r.rich(n, kind)}
}

// paras are the paragraphs inside n, wherever they are; loose text is a paragraph too. Titles of inner sections come first in them.
func (r *reader) paras(n *node) []Rich {
	var out []Rich
	if n == nil {
		return nil
	}
	var loose []*node
	end := func() {
		if len(loose) > 0 {
			if t := r.rich(&node{name: n.name, pos: n.pos, kids: loose}, ParaMarkup); t != "" {
				out = append(out, t)
			}
			loose = nil
		}
	}
	for _, k := range n.kids {
		switch k.name {
		case "p", "license-p", "copyright-statement", "attrib":
			end()
			if t := r.rich(k, ParaMarkup); t != "" {
				out = append(out, t)
			}
		case "title", "subtitle":
			end()
			if t := r.rich(k, ParaMarkup); t != "" {
				out = append(out, t)
			}
		case "sec", "fn", "fn-group", "notes", "caption", "fig", "fig-group", "disp-quote", "boxed-text", "boxed-text-group", "supplementary-material", "media", "speech", "statement", "verse-group", "app", "ack", "table-wrap-foot":
			end()
			out = append(out, r.paras(k)...)
		case "label", "object-id", "x":
			if n.name == "fn" || k.name == "object-id" {
				continue
			}
			loose = append(loose, k)
		case "":
			if !isBlank(k.text) || len(loose) > 0 {
				loose = append(loose, k)
			}
		case "ref-list", "graphic", "alternatives":
			if k.find("mml:math") != nil || k.find("tex-math") != nil {
				loose = append(loose, k)
			}
		default:
			loose = append(loose, k)
		}
	}
	end()
	return out
}

func (r *reader) article(root *node) {
	a := r.a
	a.ArticleType = root.attr("article-type")
	if root.has("xml:lang") {
		a.Lang = r.lang(root)
	}
	for _, k := range root.kids {
		switch k.name {
		case "front", "front-stub":
			meta := k
			if k.name == "front" {
				meta = nil
			}
			for _, f := range k.kids {
				switch f.name {
				case "journal-meta":
					r.journal(f)
				case "article-meta":
					meta = f
				case "notes", "ack", "bio", "fn-group", "author-notes", "sec":
				case "funding-group":
				}
			}
			if meta != nil {
				r.meta(meta)
			}
			for _, f := range k.kids {
				switch f.name {
				case "notes", "ack", "sec":
					r.frontNotes(f)
				case "fn-group", "author-notes":
					r.authorNotes(f)
				case "funding-group":
					r.funding(f)
				}
			}
		case "back":
			r.back(k)
		}
	}
}

// frontNotes keeps notes with their title and paragraphs.
func (r *reader) frontNotes(n *node) {
	note := Note{Place: "notes", Type: n.attr("notes-type"), Lang: r.lang(n), Title: r.rich(n.child("title"), InlineMarkup)}
	if n.name == "sec" || note.Type == "" && n.attr("sec-type") != "" {
		note.Type = n.attr("sec-type")
	}
	if note.Type == "" && n.attr("specific-use") == "data-availability" {
		note.Type = "data-availability"
	}
	if l := n.child("label"); l != nil {
		note.Label = plainOf(l)
	}
	rest := &node{name: "notes", pos: n.pos}
	for _, k := range n.kids {
		switch k.name {
		case "title", "label":
		case "notes":
			r.frontNotes(k)
		default:
			rest.kids = append(rest.kids, k)
		}
	}
	note.P = r.paras(rest)
	if len(note.P) > 0 || note.Title != "" {
		r.a.Notes = append(r.a.Notes, note)
	}
}

func (r *reader) journal(n *node) {
	j := &r.a.Journal
	for _, k := range n.kids {
		switch k.name {
		case "journal-id":
			if v := plainOf(k); v != "" {
				j.IDs = append(j.IDs, ID{Type: k.attr("journal-id-type"), Value: v})
			}
		case "journal-title", "trans-title-group", "abbrev-journal-title", "journal-subtitle", "trans-title", "trans-subtitle":
			r.journalTitle(k)
		case "journal-title-group":
			for _, t := range k.kids {
				r.journalTitle(t)
			}
		case "issn", "issn-l":
			v := plainOf(k)
			form, ok := issn(v)
			if !ok {
				r.warn(k, "issn-invalid", "ISSN %q is not valid and was left out", v)
				continue
			}
			t := ""
			switch pt, pf := k.attr("pub-type"), k.attr("publication-format"); {
			case k.name == "issn-l" || pt == "issn-l":
				t = "linking"
			case pt == "epub" || strings.HasPrefix(pf, "electronic") || pf == "online" || pt == "electronic":
				t = "electronic"
			case pt == "ppub" || pf == "print" || pt == "print":
				t = "print"
			}
			j.ISSNs = append(j.ISSNs, ISSN{Type: t, Value: form})
		case "isbn":
			r.a.ISBNs = append(r.a.ISBNs, plainOf(k))
		case "publisher":
			for _, f := range k.kids {
				switch f.name {
				case "publisher-name":
					j.Publishers = append(j.Publishers, Text{Lang: r.lang(f), Text: r.rich(f, textMarkup)})
				case "publisher-loc":
					loc := r.rich(f, textMarkup)
					if j.PubLoc != "" && loc != j.PubLoc {
						loc = j.PubLoc + "; " + loc
					}
					j.PubLoc = loc
				}
			}
		case "contrib-group":
			r.contribGroup(k, &j.Contribs)
		case "aff", "aff-alternatives":
			r.aff(k)
		case "notes":
			if ps := r.paras(k); len(ps) > 0 {
				j.Notes = append(j.Notes, Note{Place: "notes", Type: k.attr("notes-type"), Lang: r.lang(k), P: ps})
			}
		case "self-uri":
			r.link(k, &j.Links)
		case "uri", "ext-link":
			r.link(k, &j.Links)
		}
	}
}

func (r *reader) journalTitle(n *node) {
	j := &r.a.Journal
	switch n.name {
	case "journal-title":
		t := Title{Lang: r.lang(n), Text: r.rich(n, textMarkup)}
		if j.Title.Text == "" {
			t.Subtitles = j.Title.Subtitles
			j.Title = t
		} else if t.Text != "" {
			j.TransTitles = append(j.TransTitles, t)
		}
	case "journal-subtitle":
		j.Title.Subtitles = append(j.Title.Subtitles, r.rich(n, textMarkup))
	case "abbrev-journal-title":
		if t := r.rich(n, textMarkup); t != "" {
			j.AbbrevTitle = append(j.AbbrevTitle, AltTitle{Type: n.attr("abbrev-type"), Lang: r.lang(n), Text: t})
		}
	case "trans-title":
		j.TransTitles = append(j.TransTitles, Title{Lang: r.lang(n), Text: r.rich(n, textMarkup)})
	case "trans-title-group":
		t := Title{Lang: r.lang(n)}
		for _, k := range n.kids {
			switch k.name {
			case "trans-title":
				t.Text = r.rich(k, textMarkup)
				if t.Lang == "" {
					t.Lang = r.lang(k)
				}
			case "trans-subtitle":
				t.Subtitles = append(t.Subtitles, r.rich(k, textMarkup))
			}
		}
		j.TransTitles = append(j.TransTitles, t)
	}
}

func (r *reader) link(n *node, to *[]Link) {
	l := Link{URL: n.attr("xlink:href"), Lang: r.lang(n), Title: n.attr("xlink:title")}
	if l.URL == "" {
		l.URL = plainOf(n)
	} else if t := r.rich(n, phraseMarkup); t.Plain() != l.URL {
		l.Text = t
	}
	if t := n.attr("content-type"); strings.Contains(t, "/") {
		l.MIME = t
	} else if m := n.attr("mimetype"); m != "" && n.attr("mime-subtype") != "" {
		l.MIME = m + "/" + n.attr("mime-subtype")
	} else {
		switch t {
		case "pdf", "full-pdf", "pdf-fulltext", "fulltext-pdf", "print-pdf", "online-pdf":
			l.MIME = "application/pdf"
		case "html", "abstract-page", "landing-page", "fulltext-html":
			l.MIME = "text/html"
		case "xml":
			l.MIME = "application/xml"
		}
	}
	if l.Title == linkTitle(l.MIME) && l.Text == "" { // the writer's
		l.Title = ""
	}
	if l.URL != "" {
		*to = append(*to, l)
	}
}

func (r *reader) meta(m *node) {
	a := r.a
	r.collectNotes(m)
	for _, k := range m.kids { // what contributors point at
		switch k.name {
		case "aff", "aff-alternatives":
			r.aff(k)
		case "contrib-group":
			for _, c := range k.kids {
				if c.name == "aff" || c.name == "aff-alternatives" {
					r.aff(c)
				}
			}
		}
	}
	for _, k := range m.kids {
		switch k.name {
		case "article-id":
			r.articleID(k)
		case "article-version":
			a.Version = &Version{Type: k.attr("article-version-type"), Text: plainOf(k)}
		case "article-version-alternatives":
			if v := k.child("article-version"); v != nil {
				a.Version = &Version{Type: v.attr("article-version-type"), Text: plainOf(v)}
				for _, o := range k.kids {
					if t := o.attr("article-version-type"); javTypes[t] && !javTypes[a.Version.Type] {
						a.Version.Type = t
					}
				}
			}
		case "article-categories":
			for _, g := range k.kids {
				switch g.name {
				case "subj-group":
					if s := r.subjGroup(g); len(s.Subjects)+len(s.Groups) > 0 {
						a.SubjGroups = append(a.SubjGroups, s)
					}
				case "series-title", "series-text":
					a.SubjGroups = append(a.SubjGroups, SubjGroup{Type: g.name, Subjects: []Subject{{Text: r.rich(g, subjectMarkup)}}})
				}
			}
		case "title-group":
			r.titleGroup(k)
		case "article-title", "trans-title-group", "alt-title", "subtitle", "trans-title":
			r.titlePart(k)
		case "contrib-group":
			r.contribGroup(k, &a.Contribs)
		case "pub-date":
			a.PubDates = append(a.PubDates, r.date(k))
		case "volume":
			a.Volume = plainOf(k)
			r.seq(k)
		case "issue":
			a.Issue = joinNonEmpty(a.Issue, plainOf(k))
			r.seq(k)
		case "fpage":
			a.FPage = plainOf(k)
			r.seq(k)
		case "lpage":
			a.LPage = plainOf(k)
		case "page-range":
			a.PageRange = plainOf(k)
		case "elocation-id":
			a.ElocationID = plainOf(k)
			r.seq(k)
		case "volume-id":
			a.VolumeIDs = append(a.VolumeIDs, ID{k.attr("pub-id-type"), plainOf(k)})
		case "volume-series":
			a.VolumeSeries = plainOf(k)
		case "issue-id":
			a.IssueIDs = append(a.IssueIDs, ID{k.attr("pub-id-type"), plainOf(k)})
		case "issue-title":
			a.IssueTitles = append(a.IssueTitles, r.text(k, textMarkup))
		case "issue-title-group":
			for _, t := range k.kids {
				if t.name == "issue-title" || t.name == "issue-subtitle" {
					a.IssueTitles = append(a.IssueTitles, r.text(t, textMarkup))
				}
			}
		case "issue-sponsor":
			a.IssueSponsor = append(a.IssueSponsor, r.rich(k, textMarkup))
		case "issue-part":
			a.IssuePart = plainOf(k)
		case "supplement":
			a.Supplement = r.rich(k, subjectMarkup)
		case "isbn":
			a.ISBNs = append(a.ISBNs, plainOf(k))
		case "product":
			if t := r.rich(k, CitationMarkup); t != "" {
				a.Products = append(a.Products, Product{Type: k.attr("product-type"), Text: t})
			}
		case "supplementary-material":
			r.supplementary(k)
		case "history":
			for _, d := range k.kids {
				switch d.name {
				case "date", "string-date":
					a.History = append(a.History, r.date(d))
				case "fn", "p":
					a.Notes = append(a.Notes, Note{Type: "history", P: r.paras(&node{name: "history", pos: d.pos, kids: []*node{d}})})
				}
			}
		case "pub-history":
			r.pubHistory(k)
		case "permissions", "copyright-statement", "copyright-year", "copyright-holder", "license":
			r.permissions(k)
		case "self-uri":
			r.link(k, &a.Links)
		case "ext-link", "uri":
			r.link(k, &a.Links)
		case "related-article", "related-object":
			r.related(k)
		case "abstract", "trans-abstract":
			r.abstract(k)
		case "kwd-group":
			r.kwdGroup(k)
		case "funding-group", "contract-num", "contract-sponsor", "award-group", "funding-statement":
			r.funding(k)
		case "conference":
			r.conference(k)
		case "counts":
			r.counts(k)
		case "page-count", "word-count":
			r.counts(&node{name: "counts", kids: []*node{k}})
		case "custom-meta-group", "custom-meta-wrap":
			for _, c := range k.kids {
				if c.name == "custom-meta" {
					r.customMeta(c)
				}
			}
		case "custom-meta":
			r.customMeta(k)
		case "email", "author-notes", "aff", "aff-alternatives":
		case "":
		default:
			if hasText(k) {
				r.warn(k, "element-dropped", "element %q is not known here and was left aside", k.name)
			}
		}
	}
}

var javTypes = oneOf("AO SMUR AM P VoR CVoR EVoR")

func joinNonEmpty(a, b string) string {
	if a == "" || a == b {
		return b
	}
	return a + " " + b
}

func (r *reader) seq(n *node) {
	if s := n.attr("seq"); s != "" && r.a.Seq == "" {
		r.a.Seq = s
	}
}

func (r *reader) articleID(n *node) {
	t, v := n.attr("pub-id-type"), plainOf(n)
	if v == "" {
		return
	}
	if t == "custom" && n.attr("custom-type") != "" {
		t = n.attr("custom-type")
	}
	if low := strings.ToLower(t); low == "doi" || pubIDAliases[low] != "" {
		t = low
	}
	if m := pubIDAliases[t]; m != "" {
		t = m
	}
	if t == "" && bareDOI(v) != "" {
		t = "doi"
	}
	r.a.IDs = append(r.a.IDs, ID{Type: t, Value: v})
}

func (r *reader) subjGroup(n *node) SubjGroup {
	g := SubjGroup{Type: n.attr("subj-group-type"), Lang: r.lang(n), Vocab: n.attr("vocab"), VocabID: n.attr("vocab-identifier")}
	for _, k := range n.kids {
		switch k.name {
		case "subject":
			s := Subject{Text: r.rich(k, subjectMarkup), Code: k.attr("vocab-term"), URI: k.attr("vocab-term-identifier")}
			if s.Code != "" && Escape(s.Code) == s.Text {
				s.Code = ""
			}
			if s.Text != "" {
				g.Subjects = append(g.Subjects, s)
			}
		case "compound-subject":
			g.Subjects = append(g.Subjects, r.compound(k, "compound-subject-part"))
		case "subj-group":
			if s := r.subjGroup(k); len(s.Subjects)+len(s.Groups) > 0 {
				g.Groups = append(g.Groups, s)
			}
		}
	}
	return g
}

// compound reads a compound subject or keyword: one part is its text, a part that is a code is its code, further ones join the text.
func (r *reader) compound(n *node, part string) Subject {
	var s Subject
	for _, k := range n.kids {
		if k.name != part {
			continue
		}
		t := r.rich(k, emphMarkup)
		if ct := strings.ToLower(k.attr("content-type")); strings.Contains(ct, "code") && s.Code == "" {
			s.Code = t.Plain()
		} else if s.Text == "" {
			s.Text = t
		} else if t != "" {
			s.Text += ": " + t
		}
	}
	if s.Text == "" {
		s.Text, s.Code = Escape(s.Code), ""
	}
	return s
}

func (r *reader) titleGroup(n *node) {
	for _, k := range n.kids {
		switch k.name {
		case "fn-group":
			r.authorNotes(k)
		case "abstract":
			r.abstract(k)
		default:
			r.titlePart(k)
		}
	}
}

func (r *reader) titlePart(k *node) {
	a := r.a
	switch k.name {
	case "article-title":
		t := r.titleText(k)
		if a.Title.Text == "" {
			a.Title.Text, a.Title.Lang = t, r.lang(k)
		} else if t != "" {
			a.TransTitles = append(a.TransTitles, Title{Lang: r.lang(k), Text: t})
		}
	case "subtitle":
		if t := r.titleText(k); t != "" {
			a.Title.Subtitles = append(a.Title.Subtitles, t)
		}
	case "trans-title":
		if t := r.titleText(k); t != "" {
			a.TransTitles = append(a.TransTitles, Title{Lang: r.lang(k), Text: t})
		}
	case "trans-subtitle":
		if t := r.rich(k, InlineMarkup); t != "" && len(a.TransTitles) > 0 {
			last := &a.TransTitles[len(a.TransTitles)-1]
			last.Subtitles = append(last.Subtitles, t)
		}
	case "trans-title-group":
		t := Title{Lang: r.lang(k)}
		for _, f := range k.kids {
			switch f.name {
			case "trans-title":
				if t.Text != "" {
					a.TransTitles = append(a.TransTitles, t)
					t = Title{Lang: t.Lang}
				}
				t.Text = r.titleText(f)
				if l := r.lang(f); l != "" && (t.Lang == "" || len(l) > len(t.Lang)) {
					t.Lang = l
				}
			case "trans-subtitle":
				if s := r.rich(f, InlineMarkup); s != "" {
					t.Subtitles = append(t.Subtitles, s)
				}
			}
		}
		if t.Text != "" {
			a.TransTitles = append(a.TransTitles, t)
		}
	case "alt-title":
		if t := r.rich(k, InlineMarkup); t != "" {
			a.AltTitles = append(a.AltTitles, AltTitle{Type: k.attr("alt-title-type"), Lang: r.lang(k), Text: t})
		}
	}
}

// titleText is a title without its footnotes, which are kept as notes, and without the marks of those.
func (r *reader) titleText(n *node) Rich {
	r.titleNotes(n)
	return r.rich(withoutMarks(n), InlineMarkup)
}

// withoutMarks is n without the raised text in it that is nothing but marks of notes. Marks outside of raised text are left out by [render].
func withoutMarks(n *node) *node {
	out := *n
	out.kids = nil
	for _, k := range n.kids {
		if k.name == "sup" && onlyMarks(k) {
			continue
		}
		if k.name != "" {
			k = withoutMarks(k)
		}
		out.kids = append(out.kids, k)
	}
	return &out
}

// onlyMarks tells whether n holds marks of notes and at most punctuation beside them.
func onlyMarks(n *node) bool {
	marks := 0
	for _, k := range n.kids {
		switch {
		case k.name == "" && !hasLetter(k.text):
		case k.name == "xref" && noteMarks[k.attr("ref-type")]:
			marks++
		default:
			return false
		}
	}
	return marks > 0
}

var noteMarks = oneOf("fn author-notes corresp aff")

// titleNotes keeps the footnotes that stand inside a title.
func (r *reader) titleNotes(n *node) {
	for _, k := range n.kids {
		if k.name == "fn" {
			r.note(k, "author-notes")
			continue
		}
		if k.name != "" {
			r.titleNotes(k)
		}
	}
}

func (r *reader) supplementary(n *node) {
	s := Supplementary{URL: n.attr("xlink:href"), Lang: r.lang(n), Label: plainOf(n.child("label"))}
	if m, sub := n.attr("mimetype"), n.attr("mime-subtype"); m != "" && sub != "" {
		s.MIME = m + "/" + sub
	}
	if s.URL == "" {
		for _, name := range [...]string{"media", "ext-link", "graphic", "inline-supplementary-material"} {
			if m := n.find(name); m != nil && m.attr("xlink:href") != "" {
				s.URL = m.attr("xlink:href")
				if mt, sub := m.attr("mimetype"), m.attr("mime-subtype"); mt != "" && sub != "" && s.MIME == "" {
					s.MIME = mt + "/" + sub
				}
				break
			}
		}
	}
	rest := &node{name: "caption", pos: n.pos}
	var add func(kids []*node)
	add = func(kids []*node) {
		for _, k := range kids {
			switch k.name {
			case "label":
			case "title":
				s.Title = r.rich(k, InlineMarkup)
			case "caption", "media":
				add(k.kids)
			default:
				rest.kids = append(rest.kids, k)
			}
		}
	}
	add(n.kids)
	s.Caption = r.paras(rest)
	if s.URL != "" || s.Label != "" || s.Title != "" || len(s.Caption) > 0 {
		r.a.Supplementary = append(r.a.Supplementary, s)
	}
}

// abstract reads paragraphs and sections. A figure or table inside leaves its caption.
func (r *reader) abstract(n *node) {
	ab := Abstract{Type: n.attr("abstract-type"), Lang: r.lang(n)}
	switch use := n.attr("specific-use"); { // both as the writer has them
	case ab.Type == "other":
		ab.Type = ""
	case ab.Type == "" && (use == "graphical" || use == "video" || use == "audio"):
		ab.Type = use
	}
	ab.Title, ab.P, ab.Secs = r.section(n)
	if ab.Type == "" && n.name == "abstract" && n.attr("specific-use") == "graphical" {
		ab.Type = "graphical"
	}
	if ab.Title != "" || len(ab.P) > 0 || len(ab.Secs) > 0 {
		r.a.Abstracts = append(r.a.Abstracts, ab)
	}
}

func (r *reader) section(n *node) (title Rich, ps []Rich, secs []Sec) {
	rest := &node{name: n.name, pos: n.pos}
	var label Rich
	end := func() {
		got := r.paras(rest)
		rest.kids = nil
		if len(got) == 0 {
			return
		}
		if len(secs) == 0 {
			ps = append(ps, got...)
		} else { // text after a section: only a section may follow it
			secs[len(secs)-1].P = append(secs[len(secs)-1].P, got...)
		}
	}
	for _, k := range n.kids {
		switch k.name {
		case "title":
			if title == "" {
				title = r.rich(k, InlineMarkup)
			} else {
				rest.kids = append(rest.kids, k)
			}
		case "label":
			label = r.rich(k, InlineMarkup)
		case "sec":
			end()
			var s Sec
			s.Title, s.P, s.Secs = r.section(k)
			if s.Title != "" || len(s.P) > 0 || len(s.Secs) > 0 {
				secs = append(secs, s)
			}
		case "object-id", "sec-meta":
		default:
			rest.kids = append(rest.kids, k)
		}
	}
	end()
	if label != "" {
		if title == "" {
			title = label
		} else {
			title = label + " " + title
		}
	}
	return title, ps, secs
}

func (r *reader) kwdGroup(n *node) {
	g := KwdGroup{Type: n.attr("kwd-group-type"), Lang: r.lang(n), Title: r.rich(n.child("title"), InlineMarkup), Vocab: n.attr("vocab"), VocabID: n.attr("vocab-identifier")}
	if l := n.child("label"); l != nil && g.Title == "" {
		g.Title = r.rich(l, InlineMarkup)
	}
	var add func(n *node)
	add = func(n *node) {
		for _, k := range n.kids {
			switch k.name {
			case "kwd":
				if t := r.rich(k, emphMarkup); t != "" {
					g.Kwds = append(g.Kwds, Kwd{Text: t, Code: k.attr("vocab-term-identifier")})
				}
			case "compound-kwd":
				if s := r.compound(k, "compound-kwd-part"); s.Text != "" {
					g.Kwds = append(g.Kwds, Kwd{Text: s.Text, Code: s.Code})
				}
			case "nested-kwd", "unstructured-kwd-group":
				if k.name[0] == 'u' {
					for _, s := range strings.FieldsFunc(plainOf(k), func(c rune) bool { return c == ';' || c == ',' }) {
						if s = cleanString(s); s != "" {
							g.Kwds = append(g.Kwds, Kwd{Text: Escape(s)})
						}
					}
					continue
				}
				add(k)
			}
		}
	}
	add(n)
	if len(g.Kwds) > 0 {
		r.a.KwdGroups = append(r.a.KwdGroups, g)
	}
}

func (r *reader) conference(n *node) {
	var c Conference
	for _, k := range n.kids {
		t := r.rich(k, textMarkup)
		if t == "" {
			continue
		}
		switch k.name {
		case "conf-name":
			c.Name = t
		case "string-conf":
			if c.Name == "" {
				c.Name = t
			}
		case "conf-acronym":
			c.Acronym = t.Plain()
		case "conf-num":
			c.Num = t.Plain()
		case "conf-date":
			c.Date = t.Plain()
		case "conf-loc":
			c.Loc = t
		case "conf-sponsor":
			c.Sponsor = t
		case "conf-theme":
			c.Theme = r.rich(k, subjectMarkup)
		}
	}
	if c != (Conference{}) {
		r.a.Conferences = append(r.a.Conferences, c)
	}
}

func (r *reader) counts(n *node) {
	c := &r.a.Counts
	for _, k := range n.kids {
		if k.name == "" {
			continue
		}
		v := k.attr("count")
		i, err := strconv.Atoi(v)
		if err != nil || i < 0 {
			if v != "" {
				r.warn(k, "count-dropped", "count %q is no number", v)
			}
			continue
		}
		switch k.name {
		case "fig-count":
			c.Figs = &i
		case "table-count":
			c.Tables = &i
		case "equation-count":
			c.Equations = &i
		case "ref-count":
			c.Refs = &i
		case "page-count":
			c.Pages = &i
		case "word-count":
			c.Words = &i
		case "count":
			if t := k.attr("count-type"); t == "character" || t == "characters" {
				c.Characters = &i
			} else if t != "" {
				c.Others = append(c.Others, Count{t, i})
			}
		}
	}
}

func (r *reader) customMeta(n *node) {
	m := CustomMeta{Name: r.rich(n.child("meta-name"), textMarkup), Value: r.rich(n.child("meta-value"), phraseMarkup), SpecificUse: n.attr("specific-use")}
	if m.SpecificUse == "metrics" && m.Name != "" && m.Value != "" {
		r.a.Metrics = append(r.a.Metrics, Metric{Name: m.Name.Plain(), Value: m.Value.Plain()})
		return
	}
	if m.Name == "price" && r.a.Permissions.Price == nil {
		if amount, cur, ok := strings.Cut(m.Value.Plain(), " "); ok && isAmount(amount) && isCurrency(cur) {
			r.a.Permissions.Price = &Price{Amount: amount, Currency: cur}
			return
		}
	}
	// What the writer puts here for want of an element goes back to its field, so that a record reads as it was.
	value, known := m.Value.Plain(), (*string)(nil)
	switch {
	case m.SpecificUse == "access" && m.Name == "access-type" && (value == "open" || value == "embargoed" || value == "restricted" || value == "closed"):
		known, r.a.Permissions.Access = &r.a.Permissions.Access, "" // said in words, it stands above what free_to_read lets one think
	case m.SpecificUse == "access" && m.Name == "embargo-end" && isDay(value):
		known = &r.a.Permissions.EmbargoEnd
	case m.SpecificUse == "" && m.Name == "publication-status":
		known = &r.a.Status
	}
	if known != nil && value != "" && (*known == "" || *known == value) {
		*known = value
		return
	}
	if m.Name != "" || m.Value != "" {
		r.a.CustomMeta = append(r.a.CustomMeta, m)
	}
}

func isCurrency(s string) bool {
	return len(s) == 3 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z' && s[2] >= 'A' && s[2] <= 'Z'
}

func isAmount(s string) bool {
	whole, frac, dot := strings.Cut(s, ".")
	return digits(whole) && (!dot || digits(frac))
}

func (r *reader) related(n *node) {
	x := Related{Object: n.name == "related-object", Type: n.attr("related-article-type"), IDType: n.attr("ext-link-type"), ID: n.attr("xlink:href"), Lang: r.lang(n), Text: r.rich(n, relatedMarkup)}
	if x.Object {
		x.Type = n.attr("content-type")
		if x.Type == "" {
			x.Type = n.attr("link-type")
		}
		if x.Type == "" {
			x.Type = n.attr("document-type")
		}
		if x.Type == "" {
			x.Type = n.attr("object-type")
		}
		for _, p := range [...]string{"document-id", "object-id", "source-id"} {
			if x.ID == "" && n.attr(p) != "" {
				x.ID, x.IDType = n.attr(p), n.attr(p+"-type")
			}
		}
	}
	if x.Text == "" {
		var parts []string
		for _, p := range [...]string{"journal-id", "vol", "issue", "page", "elocation-id"} {
			if v := n.attr(p); v != "" && n.attr("xlink:href") == "" {
				parts = append(parts, v)
			}
		}
		x.Text = Escape(strings.Join(parts, " "))
	}
	if d := bareDOI(x.ID); d != "" {
		x.ID = d
		if x.IDType == "" || x.IDType == "uri" {
			x.IDType = "doi"
		}
	}
	if x.ID != "" || x.Text != "" {
		r.a.Related = append(r.a.Related, x)
	}
}
