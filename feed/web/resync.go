package web

import (
	"context"
	"strings"

	"sheaf/store"
)

const resyncNS = sitemapNS + ` xmlns:rs="http://www.openarchives.org/rs/terms/"`

// Each metadata format is a set of resources of its own, with its own capability list: an aggregator that wants JATS follows those documents alone. A
// resource is an item's document in the format, SITE/records/LOCAL/PREFIX.xml, and describes the item's page.

// open begins a ResourceSync document: root is urlset or sitemapindex, up what it is advertised by, attributes those of rs:md.
func (d *document) open(root, up, attributes string) {
	d.add(declaration, "<", root, " ", resyncNS, ">\n")
	if up != "" {
		d.add(`<rs:ln rel="up" href="`)
		d.text(up)
		d.add("\"/>\n")
	}
	d.add("<rs:md ", attributes, "/>\n")
}

// capability adds an entry for a document of ResourceSync.
func (d *document) capability(name, url string) {
	d.add("<url><loc>")
	d.text(url)
	d.add(`</loc><rs:md capability="`, name, "\"/></url>\n")
}

// description is the source description.
//
// Source: ResourceSync 1.1 §8.
func (s *Source) description(d *document) error {
	d.open("urlset", "", `capability="description"`)
	for _, f := range s.Formats {
		d.capability("capabilitylist", s.capabilities(f.Prefix))
	}
	d.add("</urlset>\n")
	return nil
}

func (s *Source) resync(prefix, file string) string {
	return s.SiteURL + "/resourcesync/" + prefix + "/" + file
}
func (s *Source) capabilities(prefix string) string { return s.resync(prefix, "capabilitylist.xml") }

// resourceSync answers PREFIX/FILE.xml and PREFIX/LIST/PART.xml.
func (s *Source) resourceSync(ctx context.Context, d *document, path string) error {
	prefix, file, _ := strings.Cut(path, "/")
	if !s.format(prefix) {
		return errNoFile
	}
	if part, ok := between(file, "resourcelist/", ".xml"); ok {
		return s.resourceList(ctx, d, prefix, part)
	}
	if part, ok := between(file, "changelist/", ".xml"); ok {
		return s.changePart(ctx, d, prefix, part)
	}
	switch file {
	case "capabilitylist.xml":
		return s.capabilityList(d, prefix)
	case "resourcelist.xml":
		return s.resourceListIndex(ctx, d, prefix)
	case "changelist.xml":
		return s.changeLists(ctx, d, prefix)
	case "resourcedump.xml":
		return s.resourceDump(d, prefix)
	}
	return errNoFile
}

// capabilityList names what there is of one format.
//
// Source: ResourceSync 1.1 §9.
func (s *Source) capabilityList(d *document, prefix string) error {
	d.open("urlset", s.SiteURL+"/.well-known/resourcesync", `capability="capabilitylist"`)
	d.capability("resourcelist", s.resync(prefix, "resourcelist.xml"))
	d.capability("changelist", s.resync(prefix, "changelist.xml"))
	if m := s.manifest(); m != nil && len(m.packages(prefix)) > 0 {
		d.capability("resourcedump", s.resync(prefix, "resourcedump.xml"))
	}
	d.add("</urlset>\n")
	return nil
}

// resourceListIndex names the parts of the resource list. Its at is safe to ask for changes from.
//
// Source: ResourceSync 1.1 §10.2.
func (s *Source) resourceListIndex(ctx context.Context, d *document, prefix string) error {
	l := s.list(prefix, "", s.partSize)
	clock, err := l.begin(ctx, d, s.about, whole)
	if err != nil {
		return err
	}
	at := `at="` + datestamp(clock) + `"`
	d.open("sitemapindex", s.capabilities(prefix), `capability="resourcelist" `+at)
	err = l.index(ctx, d, true, clock, 0, whole.last, func(v span) error {
		d.add("<sitemap><loc>")
		d.text(s.resync(prefix, "resourcelist/"+v.name()+".xml"))
		d.add("</loc>")
		if err := l.lastmod(ctx, d, v, clock); err != nil {
			return err
		}
		d.add("<rs:md ", at, "/></sitemap>\n")
		return nil
	})
	d.add("</sitemapindex>\n")
	return err
}

// resourceList names the documents of a part.
//
// Source: ResourceSync 1.1 §10.1.
func (s *Source) resourceList(ctx context.Context, d *document, prefix, part string) error {
	v, ok := parseSpan(part)
	if !ok {
		return errNoFile
	}
	l := s.list(prefix, "", s.partSize)
	clock, err := l.begin(ctx, d, s.about, v)
	if err != nil {
		return err
	}
	d.open("urlset", s.capabilities(prefix), `capability="resourcelist" at="`+datestamp(clock)+`"`)
	err = l.entries(ctx, d, v, func(row *store.Row) {
		if !row.Deleted {
			s.resource(d, prefix, row, `type="application/xml"`)
		}
	})
	d.add("</urlset>\n")
	return err
}

// resource adds an entry for an item's document; attributes are those of rs:md.
func (s *Source) resource(d *document, prefix string, row *store.Row, attributes string) {
	page := s.page(row.Local)
	d.add("<url><loc>")
	d.text(page + "/" + prefix + ".xml")
	d.add("</loc><lastmod>", datestamp(row.Datestamp), "</lastmod><rs:md ", attributes, "/>")
	if !row.Deleted {
		d.add(`<rs:ln rel="describes" href="`)
		d.text(page)
		d.add(`"/>`)
	}
	d.add("</url>\n")
}

// changeLists tells all changes, which go back to the beginning; with from and until in the query (datestamps, inclusive) those of that time. It is a list where
// that does, because many clients know no other for changes, else the index of its parts that may hold something of that time.
//
// Source: ResourceSync 1.1 §12.2.
func (s *Source) changeLists(ctx context.Context, d *document, prefix string) error {
	first, last, err := bounds(d.r)
	if err != nil {
		return err
	}
	l := s.list(prefix, "", s.partSize)
	all := span{first: first, last: last}
	clock, err := l.begin(ctx, d, s.about, all)
	if err != nil {
		return err
	}
	n, _, err := l.count(ctx, first, last)
	if err != nil {
		return err
	}
	if n <= l.size {
		return s.changeList(ctx, d, prefix, all, clock)
	}
	d.open("sitemapindex", s.capabilities(prefix), changes(all, clock))
	err = l.index(ctx, d, false, clock, first, last, func(v span) error {
		d.add("<sitemap><loc>")
		d.text(s.resync(prefix, "changelist/"+v.name()+".xml"))
		d.add("</loc>")
		if err := l.lastmod(ctx, d, v, clock); err != nil {
			return err
		}
		d.add("<rs:md ", strings.TrimPrefix(changes(v, clock), `capability="changelist" `), "/></sitemap>\n")
		return nil
	})
	d.add("</sitemapindex>\n")
	return err
}

// changes are the attributes of a change list: one that is still being written to has no until.
func changes(v span, clock int64) string {
	s := `capability="changelist" from="` + datestamp(v.first) + `"`
	if v.last < clock {
		s += ` until="` + datestamp(v.last+1) + `"`
	}
	return s
}

// changePart is a part of the change list.
func (s *Source) changePart(ctx context.Context, d *document, prefix, part string) error {
	v, ok := parseSpan(part)
	if !ok {
		return errNoFile
	}
	clock, err := s.list(prefix, "", s.partSize).begin(ctx, d, s.about, v)
	if err != nil {
		return err
	}
	return s.changeList(ctx, d, prefix, v, clock)
}

// changeList tells the changes of v, in their order: of each item the last one, because the store keeps no other. Whether the item was
// there before it does not keep either, so what is not deleted is updated.
//
// Source: ResourceSync 1.1 §12.1.
func (s *Source) changeList(ctx context.Context, d *document, prefix string, v span, clock int64) error {
	d.open("urlset", s.capabilities(prefix), changes(v, clock))
	err := s.list(prefix, "", s.partSize).entries(ctx, d, v, func(row *store.Row) {
		when := ` datetime="` + datestamp(row.Datestamp) + `"`
		if row.Deleted {
			s.resource(d, prefix, row, `change="deleted"`+when)
		} else {
			s.resource(d, prefix, row, `change="updated"`+when+` type="application/xml"`)
		}
	})
	d.add("</urlset>\n")
	return err
}
