package web

import (
	"context"

	"sheaf/store"
)

const (
	declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	sitemapNS   = `xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"`
)

// robots forbids nothing and names the sitemap.
//
// Source: RFC 9309 §2.2.4; sitemaps.org protocol, "Specifying the Sitemap location in your robots.txt file".
func (s *Source) robots(d *document) error {
	d.kind = "text/plain; charset=utf-8"
	d.add("User-agent: *\nDisallow:\n\nSitemap: ", s.SiteURL, "/sitemap.xml\n")
	return nil
}

// pages is the list of the items' pages: that of the format that every item has.
func (s *Source) pages() *list { return s.list(s.Formats[0].Prefix, "", s.partSize) }

// sitemapIndex names the parts. They lie beside it, because a sitemap speaks for its own folder and those below.
//
// Source: sitemaps.org protocol, "Sitemap file location".
func (s *Source) sitemapIndex(ctx context.Context, d *document) error {
	l := s.pages()
	clock, err := l.begin(ctx, d, s.about, whole)
	if err != nil {
		return err
	}
	d.add(declaration, "<sitemapindex ", sitemapNS, ">\n")
	err = l.index(ctx, d, true, clock, 0, whole.last, func(v span) error {
		d.add("<sitemap><loc>")
		d.text(s.SiteURL + "/sitemap-" + v.name() + ".xml")
		d.add("</loc>")
		if err := l.lastmod(ctx, d, v, clock); err != nil {
			return err
		}
		d.add("</sitemap>\n")
		return nil
	})
	d.add("</sitemapindex>\n")
	return err
}

// begin ticks the clock and returns it, after it has set the ETag of what shows the entries of v.
func (l *list) begin(ctx context.Context, d *document, about string, v span) (clock int64, err error) {
	if clock, err = l.items.Tick(ctx); err != nil {
		return 0, err
	}
	version, err := l.version(ctx, v)
	if err != nil {
		return 0, err
	}
	if version != "" {
		version = about + "-" + version
	}
	return clock, d.fresh(version)
}

// index calls visit for each part that has entries between two datestamps, live ones if alive says so; when there is none, for the one that is or will be
// there, because an index must name one.
//
// Source: siteindex.xsd.
func (l *list) index(ctx context.Context, d *document, alive bool, clock, first, last int64, visit func(span) error) error {
	none := true
	err := l.spans(ctx, first, last, func(v span) error {
		if alive {
			if alive, err := l.alive(ctx, v); err != nil || !alive {
				return err
			}
		}
		none = false
		if err := visit(v); err != nil {
			return err
		}
		return d.send()
	})
	if err != nil || !none {
		return err
	}
	v, _, err := l.at(ctx, min(last, clock))
	if err != nil {
		return err
	}
	return visit(v)
}

// lastmod adds when a part last got an entry: of one that time has passed by, the end of that time, which costs nothing to know.
func (l *list) lastmod(ctx context.Context, d *document, v span, clock int64) error {
	when := v.last
	if v.last >= clock {
		var err error
		if when, err = l.latest(ctx, v.first, v.last); err != nil || when == 0 {
			return err
		}
	}
	d.add("<lastmod>", datestamp(when), "</lastmod>")
	return nil
}

// sitemapPart names the pages of a part. One of which all were deleted meanwhile names the front page, because a sitemap must name one.
//
// Source: sitemaps.org protocol; sitemap.xsd.
func (s *Source) sitemapPart(ctx context.Context, d *document, part string) error {
	v, ok := parseSpan(part)
	if !ok {
		return errNoFile
	}
	l := s.pages()
	if _, err := l.begin(ctx, d, s.about, v); err != nil {
		return err
	}
	d.add(declaration, "<urlset ", sitemapNS, ">\n")
	n := 0
	err := l.entries(ctx, d, v, func(row *store.Row) {
		if row.Deleted {
			return
		}
		n++
		d.add("<url><loc>")
		d.text(s.page(row.Local))
		d.add("</loc><lastmod>", datestamp(row.Datestamp), "</lastmod></url>\n")
	})
	if n == 0 {
		d.add("<url><loc>")
		d.text(s.SiteURL + "/")
		d.add("</loc></url>\n")
	}
	d.add("</urlset>\n")
	return err
}

// entries calls visit for each entry of v that a file may hold, and sends what visit adds.
func (l *list) entries(ctx context.Context, d *document, v span, visit func(*store.Row)) error {
	n, limit := 0, min(mostEntries, l.size*5/3)
	return l.read(ctx, v, true, func(row *store.Row) error {
		if n++; n > limit || d.size() > mostBytes-4096 {
			return errEnough
		}
		visit(row)
		return nil
	}, d.send)
}
