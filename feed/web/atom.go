package web

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sheaf/crosswalk"
	"sheaf/store"
)

const (
	// feedSize is how many entries a page of the feed may hold.
	feedSize = 250
	// feedLeast is how many entries the feed itself has at least, if there are as many.
	feedLeast = 50
)

// feed is the Atom feed of changes: the newest entries, the newest first. What is older is in the archive, of which each page names the one
// before it. With set in the query it is of that set alone.
//
// Source: RFC 4287; RFC 5005 §4; RFC 6721 for what was deleted.
func (s *Source) feed(ctx context.Context, d *document) error {
	l, set := s.changes(d.r)
	clock, err := l.begin(ctx, d, s.about, whole)
	if err != nil {
		return err
	}
	second, err := l.latest(ctx, 0, whole.last)
	if err != nil {
		return err
	}
	var pages []span
	updated := clock
	if second > 0 {
		updated = second
		v, n, err := l.at(ctx, second)
		for total := 0; err == nil && n > 0; {
			pages = append(pages, v)
			if total += n; total >= min(feedLeast, l.size) {
				break
			}
			v, n, err = l.before(ctx, v)
		}
		if err != nil {
			return err
		}
	}
	self := s.SiteURL + "/atom.xml" + set
	return s.atom(ctx, d, l, pages, self, self, set, updated)
}

// feedPage is a page of the archive.
func (s *Source) feedPage(ctx context.Context, d *document, part string) error {
	v, ok := parseSpan(part)
	if !ok {
		return errNoFile
	}
	l, set := s.changes(d.r)
	if _, err := l.begin(ctx, d, s.about, v); err != nil {
		return err
	}
	updated, err := l.latest(ctx, v.first, v.last)
	if err != nil {
		return err
	}
	if updated == 0 {
		return &refusal{http.StatusGone, "all that was on this page has changed since: it is on later ones"}
	}
	return s.atom(ctx, d, l, []span{v}, s.SiteURL+"/atom.xml"+set, s.SiteURL+"/atom/"+v.name()+".xml"+set, set, updated)
}

// changes is the list that the feed is of, and what an address of it has for a query.
func (s *Source) changes(r *http.Request) (l *list, set string) {
	if spec := r.URL.Query().Get("set"); spec != "" {
		return s.list(s.Formats[0].Prefix, spec, s.pageSize), "?" + url.Values{"set": {spec}}.Encode()
	}
	return s.list(s.Formats[0].Prefix, "", s.pageSize), ""
}

// atom writes the entries of pages, which are in the order from the newest on.
func (s *Source) atom(ctx context.Context, d *document, l *list, pages []span, current, self, set string, updated int64) error {
	d.kind = "application/atom+xml; charset=utf-8"
	d.add(declaration, `<feed xmlns="http://www.w3.org/2005/Atom"`)
	if current != self {
		d.add(` xmlns:fh="http://purl.org/syndication/history/1.0"`)
	}
	d.add(` xmlns:at="http://purl.org/atompub/tombstones/1.0">`, "\n<id>")
	d.text(current)
	d.add("</id>\n<title>")
	d.text(s.Name)
	d.add("</title>\n<updated>", datestamp(updated), "</updated>\n<author><name>")
	d.text(s.Name)
	d.add("</name></author>\n")
	if current != self {
		d.add("<fh:archive/>\n")
		d.link("current", current, "")
	}
	d.link("self", self, "application/atom+xml")
	d.link("alternate", s.SiteURL+"/", "text/html")
	if len(pages) > 0 {
		before, n, err := l.before(ctx, pages[len(pages)-1])
		if err != nil {
			return err
		}
		if n > 0 {
			older := s.SiteURL + "/atom/" + before.name() + ".xml" + set
			d.link("prev-archive", older, "application/atom+xml")
			d.link("next", older, "application/atom+xml") // RFC 5005 §3: for those that know pages only
		}
	}
	for _, v := range pages {
		var entries [][]byte
		err := l.read(ctx, v, false, func(row *store.Row) error {
			if len(entries) >= 2*l.size {
				return errEnough
			}
			entries = append(entries, s.entry(row))
			return nil
		}, func() error { return nil })
		if err != nil {
			return err
		}
		for _, entry := range slices.Backward(entries) {
			d.buf = append(d.buf, entry...)
		}
		if err := d.send(); err != nil {
			return err
		}
	}
	d.add("</feed>\n")
	return nil
}

func (d *document) link(rel, href, kind string) {
	d.add(`<link rel="`, rel, `" href="`)
	d.text(href)
	if kind != "" {
		d.add(`" type="`, kind)
	}
	d.add("\"/>\n")
}

// entry is one item of the feed.
func (s *Source) entry(row *store.Row) []byte {
	d := &document{}
	id := "oai:" + s.RepositoryID + ":" + string(row.Local)
	if row.Deleted {
		d.add(`<at:deleted-entry ref="`)
		d.text(id)
		d.add(`" when="`, datestamp(row.Datestamp), "\"/>\n")
		return d.buf
	}
	b := s.brief(row.Metadata)
	if b.title == "" {
		b.title = id // an entry must have one, and nothing else is known that names the item
	}
	d.add("<entry")
	if b.lang != "" {
		d.add(` xml:lang="`)
		d.text(b.lang)
		d.add(`"`)
	}
	d.add(">\n<id>")
	d.text(id)
	d.add("</id>\n<title>")
	d.text(b.title)
	d.add("</title>\n<updated>", datestamp(row.Datestamp), "</updated>\n")
	for _, name := range b.creators {
		d.add("<author><name>")
		d.text(name)
		d.add("</name></author>\n")
	}
	page := s.page(row.Local)
	d.link("alternate", page, "text/html")
	d.link("related", page+"/"+s.Formats[0].Prefix+".xml", "application/xml")
	if b.description != "" {
		d.add("<summary>")
		d.text(b.description)
		d.add("</summary>\n")
	}
	d.add("</entry>\n")
	return d.buf
}

// brief is what of a Dublin Core record an entry shows.
type brief struct {
	title, lang string // the first title, and its language
	creators    []string
	description string // the first
}

// brief reads a record as it is stored. One that cannot be read shows nothing.
func (s *Source) brief(metadata []byte) (b brief) {
	if i := bytes.IndexByte(metadata, crosswalk.AboutMark[0]); i >= 0 {
		metadata = metadata[:i]
	}
	metadata = bytes.ReplaceAll(metadata, []byte(crosswalk.BaseURL), appendText(nil, s.SiteURL))
	var record struct {
		Elements []struct {
			XMLName xml.Name
			Lang    string `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	if err := xml.Unmarshal(metadata, &record); err != nil {
		return brief{}
	}
	for _, e := range record.Elements {
		text := strings.TrimSpace(e.Text)
		switch {
		case text == "":
		case e.XMLName.Local == "title" && b.title == "":
			b.title, b.lang = text, e.Lang
		case e.XMLName.Local == "creator":
			b.creators = append(b.creators, text)
		case e.XMLName.Local == "description" && b.description == "":
			b.description = text
		}
	}
	return b
}
