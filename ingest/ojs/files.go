package ojs

import (
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// files reads the galleys and submission files that have an address; the others are named in one warning.
func (r *reader) files() {
	byID := map[string]*etree.Element{}
	var all []*etree.Element
	for _, e := range []*etree.Element{r.source, r.pub} {
		for _, k := range e.ChildElements() {
			if strings.HasSuffix(k.Tag, "_file") {
				byID[k.SelectAttrValue("id", "")] = k
				all = append(all, k)
			}
		}
		if r.pub == r.source {
			break
		}
	}
	var lost []string
	shown := map[*etree.Element]bool{}
	for _, g := range children(r.pub, "article_galley") {
		name := strings.Join(texts(locals(g, "name"), r.a.Lang), ", ")
		link := jats.Link{Lang: langOf(g), Title: name, MIME: mime(name)}
		if remote := child(g, "remote"); remote != nil {
			link.URL = remote.SelectAttrValue("src", "")
		}
		for _, ref := range children(g, "submission_file_ref") {
			f := byID[ref.SelectAttrValue("id", "")]
			if f == nil {
				continue
			}
			shown[f] = true
			address, typ, embedded := source(f)
			switch {
			case address != "":
				r.a.Links = append(r.a.Links, jats.Link{URL: address, MIME: typ, Lang: link.Lang, Title: name})
			case embedded:
				lost = append(lost, fmt.Sprintf("%q", fileName(f, name)))
			}
		}
		if link.URL != "" {
			r.a.Links = append(r.a.Links, link)
		}
	}
	for _, f := range all {
		if shown[f] {
			continue
		}
		address, typ, embedded := source(f)
		stage := f.SelectAttrValue("stage", "proof")
		if address == "" || stage != "proof" && stage != "public" { // manuscripts and reviews are not for readers
			if embedded {
				lost = append(lost, fmt.Sprintf("%q", fileName(f, "")))
			}
			continue
		}
		s := jats.Supplementary{URL: address, MIME: typ, Lang: jats.ParseLang(f.SelectAttrValue("language", cut.HTML(child(f, "language"))))}
		s.Title = jats.Escape(strings.Join(texts(locals(f, "name"), r.a.Lang), ", "))
		for _, d := range texts(locals(f, "description"), r.a.Lang) {
			s.Caption = append(s.Caption, r.rich("description", d, jats.ParaMarkup))
		}
		r.a.Supplementary = append(r.a.Supplementary, s)
	}
	if n := len(lost); n > 0 {
		more := ""
		if n > 5 {
			lost, more = lost[:5], fmt.Sprintf(" and %d more", n-5)
		}
		r.warn("file-left-out", "submission_file", "embedded files were left out, only addresses of files are kept: %s%s", strings.Join(lost, ", "), more)
	}
}

// texts are the texts of a list, that in the first language before the others.
func texts(list []local, first string) (out []string) {
	for _, lang := range langs(first, list) {
		if s := in(list, lang); len(out) == 0 || out[len(out)-1] != s {
			out = append(out, s)
		}
	}
	return out
}

// source is the address of a file, if it is one that others can open, with its type; embedded tells that the file itself is in the document.
func source(f *etree.Element) (address, typ string, embedded bool) {
	holders := append(children(f, "file"), children(f, "revision")...) // revision: up to 3.2
	for _, h := range append(holders, f) {
		if child(h, "embed") != nil {
			embedded = true
		}
		if href := child(h, "href"); href != nil {
			u := strings.TrimSpace(href.SelectAttrValue("src", ""))
			if low := strings.ToLower(u); strings.HasPrefix(low, "http://") || strings.HasPrefix(low, "https://") || strings.HasPrefix(low, "ftp://") {
				address, typ = u, href.SelectAttrValue("mime_type", "")
			} else if u != "" {
				embedded = true // a path on the server that made the export: not there either
			}
		}
		if typ == "" {
			typ = h.SelectAttrValue("filetype", "")
		}
	}
	return address, typ, embedded
}

func fileName(f *etree.Element, galley string) string {
	for _, e := range append(children(f, "revision"), f) {
		if s := e.SelectAttrValue("filename", ""); s != "" {
			return s
		}
		if names := locals(e, "name"); len(names) > 0 {
			return names[0].text
		}
	}
	return galley
}

// mime is the type of a galley, which by custom is called by it. HTML is not told, because a link of that type would be the landing page.
func mime(name string) string {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "pdf":
		return "application/pdf"
	case "epub":
		return "application/epub+zip"
	case "xml", "jats", "jats xml":
		return "application/xml"
	}
	return ""
}
