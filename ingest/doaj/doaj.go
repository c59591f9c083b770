// Package doaj reads articles as the Directory of Open Access Journals keeps and takes them: its JSON (API versions 1 to 4, data dumps and search results), its
// upload XML (records/record by doajArticles.xsd 1.3), and what it gives out over OAI-PMH (oai_doaj, an element doajArticle with the same children). Names are
// compared without their prefixes. Records that are not valid by the schema are read as far as they go.
//
//	JSON                                       XML                               article
//	bibjson.title                              title, title/@language            Title, TransTitles: of several, the one in the record's language is its own
//	bibjson.abstract                           abstract, abstract/@language      Abstracts, a paragraph for each p, blank line or line that ends a sentence
//	bibjson.year, month                        publicationDate                   PubDates "pub"; of doajArticle only what is not filled up with 01
//	bibjson.author: name                       author/name                       Contribs: "Surname, Given", else the name as printed
//	  affiliation                              affiliationId, affiliationName    Affs
//	  orcid_id                                 orcid_id                          ContribID "orcid"
//	  email                                    email                             Contrib.Emails
//	bibjson.journal: title, publisher          journalTitle, publisher           Journal.Title, Publishers
//	  country                                                                    Journal.PubLoc, a code of ISO 3166-1
//	  issns                                    issn, eissn                       Journal.ISSNs; issn and pissn print, eissn electronic
//	  volume, number                           volume, issue                     Volume, Issue
//	  language                                 language                          Lang, else that of the first title; several of a journal: CustomMeta "language"
//	  license                                                                    CustomMeta "journal-license": it is the journal's
//	bibjson.identifier: doi, pissn, eissn, ... doi                               IDs, Journal.ISSNs
//	bibjson.start_page, end_page               startPage, endPage                FPage, LPage
//	bibjson.link: url, content_type            fullTextUrl, @format              Links
//	bibjson.keywords                           keyword, keywords/@language       KwdGroups
//	bibjson.subject: scheme, term, code                                          SubjGroups by scheme
//	id, admin.publisher_record_id              publisherRecordId                 IDs "doaj", "publisher-id"
//	                                           documentType                      ArticleType; SubjGroups "article-type"
//
// Left out: the rest of admin, created_date, last_updated, es_type, index and what else DOAJ keeps for itself. An ISSN or ORCID that is wrong is left out by
// Article.Clean with a warning, as is a full-text address that is none.
//
// Source: DOAJ API documentation, article model; doajArticles.xsd.
package doaj

import (
	"slices"
	"strconv"
	"strings"

	"sheaf/jats"
)

// A reader fills one article.
type reader struct {
	a        *jats.Article
	warnings []jats.Warning
	affs     map[string]string // ids by what the affiliation says
}

func newReader() *reader { return &reader{a: &jats.Article{}, affs: map[string]string{}} }

func (r *reader) warn(code, path, message string) {
	r.warnings = append(r.warnings, jats.Warning{Code: code, Path: path, Message: message})
}

func (r *reader) id(kind, value string) {
	if value != "" {
		r.a.IDs = append(r.a.IDs, jats.ID{Type: kind, Value: value})
	}
}

func (r *reader) issn(kind, value string) {
	if value != "" {
		r.a.Journal.ISSNs = append(r.a.Journal.ISSNs, jats.ISSN{Type: kind, Value: value})
	}
}

// rich reads text that may be HTML.
func (r *reader) rich(path, s string, kind jats.MarkupKind) jats.Rich {
	x, warnings, err := jats.ParseMarkup(s, kind)
	if err != nil {
		r.warn("markup-mended", path, err.Error())
		return jats.Escape(s)
	}
	for _, w := range warnings {
		w.Path = path
		r.warnings = append(r.warnings, w)
	}
	return x
}

// lang is "" for the article's own language.
func (r *reader) lang(s string) string {
	if l := jats.ParseLang(s); l != r.a.Lang {
		return l
	}
	return ""
}

// abstract adds an abstract of one language.
func (r *reader) abstract(text, lang string) {
	ab := jats.Abstract{Lang: r.lang(lang)}
	for _, p := range paragraphs(text) {
		if x := r.rich("abstract", p, jats.ParaMarkup); x != "" {
			ab.P = append(ab.P, x)
		}
	}
	if len(ab.P) > 0 {
		r.a.Abstracts = append(r.a.Abstracts, ab)
	}
}

// paragraphs cuts a text at p elements and blank lines, and at the end of a line that ends a sentence. Other line ends are only where the text was broken.
func paragraphs(s string) []string {
	if strings.IndexByte(s, '<') >= 0 {
		s = pTags.Replace(openP(s))
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	if strings.IndexByte(s, '\n') < 0 {
		return []string{s}
	}
	var out []string
	begin := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '\n' {
			continue
		}
		line := strings.TrimRight(s[begin:i], " \t\n")
		next := strings.TrimLeft(s[i+1:], " \t")
		if line == "" || strings.HasPrefix(next, "\n") || strings.ContainsRune(".:;?!。？！", lastRune(line)) {
			out = append(out, s[begin:i])
			begin = i + 1
		}
	}
	out = append(out, s[begin:])
	return slices.DeleteFunc(out, func(p string) bool { return strings.TrimSpace(p) == "" })
}

var pTags = strings.NewReplacer("<p>", "\n\n", "</p>", "\n\n", "<P>", "\n\n", "</P>", "\n\n", "<br/><br/>", "\n\n", "<br><br>", "\n\n", "<br /><br />", "\n\n")

// openP takes the attributes from p elements.
func openP(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "<p ")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		b.WriteString("<p>")
		if _, s, ok = strings.Cut(rest, ">"); !ok {
			return b.String()
		}
	}
}

func lastRune(s string) rune {
	var last rune
	for i := max(0, len(s)-4); i < len(s); i++ {
		if s[i] < 0x80 || s[i] >= 0xC0 {
			last = []rune(s[i:])[0]
		}
	}
	return last
}

// author adds a person with affiliations as printed.
func (r *reader) author(name string, affiliations []string, orcid, email string) {
	c := jats.Contrib{Type: "author"}
	if name = strings.TrimSpace(name); name != "" {
		c.Names = []jats.Name{jats.ParseName(name)}
	}
	if orcid != "" {
		c.IDs = []jats.ContribID{{Type: "orcid", Value: orcid}}
	}
	if email != "" {
		c.Emails = []string{email}
	}
	have := map[string]bool{}
	for _, s := range affiliations {
		if id := r.affiliation(s); id != "" && !have[id] {
			have[id] = true
			c.Affs = append(c.Affs, id)
		}
	}
	if len(c.Names)+len(c.IDs)+len(c.Emails)+len(c.Affs) > 0 {
		r.a.Contribs = append(r.a.Contribs, c)
	}
}

// affiliation is the id of an affiliation as printed, which is made when nobody has had the same before; "" for none.
func (r *reader) affiliation(s string) string {
	t := r.rich("affiliation", s, jats.AffMarkup)
	if t == "" {
		return ""
	}
	id := r.affs[string(t)]
	if id == "" {
		id = "aff" + strconv.Itoa(len(r.a.Affs)+1)
		r.affs[string(t)] = id
		r.a.Affs = append(r.a.Affs, jats.Aff{ID: id, Forms: []jats.AffForm{{Text: t}}})
	}
	return id
}

// link adds an address of the full text.
func (r *reader) link(url, format string) {
	if url == "" {
		return
	}
	l := jats.Link{URL: url}
	switch format = strings.ToLower(format); format {
	case "html", "htm", "abstract":
		l.MIME = "text/html"
	case "pdf":
		l.MIME = "application/pdf"
	case "xml":
		l.MIME = "application/xml"
	case "epub":
		l.MIME = "application/epub+zip"
	case "":
		if strings.HasSuffix(strings.ToLower(url), ".pdf") { // as package jats tells it
			l.MIME = "application/pdf"
		}
	default:
		if strings.Contains(format, "/") {
			l.MIME = format
		}
	}
	r.a.Links = append(r.a.Links, l)
}

// keywords adds keywords of one language. Some sources leave the semicolons between them in.
func (r *reader) keywords(list []string, lang string) {
	g := jats.KwdGroup{Lang: r.lang(lang)}
	for _, s := range list {
		t := strings.Trim(strings.TrimSpace(s), ";,；")
		parts := []string{t}
		if !strings.ContainsAny(t, "&<") { // no entity
			parts = strings.FieldsFunc(t, func(c rune) bool { return c == ';' || c == '；' })
		}
		for _, p := range parts {
			if x := r.rich("keywords", strings.TrimSpace(p), jats.InlineMarkup); x != "" {
				g.Kwds = append(g.Kwds, jats.Kwd{Text: x})
			}
		}
	}
	if len(g.Kwds) > 0 {
		r.a.KwdGroups = append(r.a.KwdGroups, g)
	}
}
