// Package crosswalk is the list of metadata formats. Each is a pure function from an article to bytes, run once when an item is stored.
package crosswalk

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"sheaf/crosswalk/crossref"
	"sheaf/crosswalk/datacite"
	"sheaf/crosswalk/doaj"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/fulltext"
	"sheaf/crosswalk/marc"
	"sheaf/crosswalk/mods"
	"sheaf/crosswalk/oaidc"
	"sheaf/crosswalk/openaire"
	"sheaf/crosswalk/qdc"
	"sheaf/crosswalk/rioxx"
	"sheaf/jats"
)

// BaseURL stands in rendered bytes for the public address of the repository, which is known only when they are served: NUL, which no XML
// may hold. Whoever serves the bytes puts the address in its place.
const BaseURL = element.Site

// AboutMark stands in rendered bytes between the root element of the format and the record's about containers (OAI-PMH §2.5), if it has
// any: U+0001, which no XML may hold. Whoever serves the bytes ends the metadata element there.
const AboutMark = "\x01"

// Format is one metadata format (OAI-PMH §2.5).
type Format struct {
	Prefix    string // metadataPrefix
	Namespace string
	Schema    string // URL; may begin with BaseURL

	Aliases []string // other prefixes that harvesters know it by
	Rare    bool     // asked for seldom: kept packed, with the others that are (store.Record)

	// Append appends the root element of a record to dst, with its own namespace declarations and schemaLocation, and no XML declaration. A
	// *flat.Cannot says that the format does not take such an article, and why: the item then does not have it. Any other error means that this
	// article cannot be made a valid record.
	Append func(dst []byte, r *flat.Record) ([]byte, error)
}

// JATSSchema is where the profile schema of the jats format is served.
const JATSSchema = BaseURL + "/schemas/jats/sheaf-jats-1.3.xsd"

// All returns the formats in the order in which ListMetadataFormats names them: oai_dc first, which every repository must have. A format is one package
// and one line here (docs/formats.md).
func All() []Format {
	return []Format{
		{Prefix: oaidc.Prefix, Namespace: oaidc.Namespace, Schema: oaidc.Schema, Append: oaidc.Append},
		{Prefix: "jats", Aliases: []string{"oai_jats", "nlm"}, Namespace: jats.Namespace, Schema: JATSSchema, Append: appendJATS},
		{Prefix: fulltext.Prefix, Namespace: fulltext.Namespace, Schema: fulltext.Schema, Append: fulltext.Append, Rare: true},
		{Prefix: openaire.Prefix, Namespace: openaire.Namespace, Schema: openaire.Schema, Append: openaire.Append, Rare: true},
		{Prefix: datacite.Prefix, Namespace: datacite.Namespace, Schema: datacite.Schema, Append: datacite.Append, Rare: true},
		{Prefix: datacite.ResourcePrefix, Namespace: datacite.ResourceNamespace, Schema: datacite.ResourceSchema, Append: datacite.AppendResource, Rare: true},
		{Prefix: qdc.Prefix, Namespace: qdc.Namespace, Schema: qdc.Schema, Append: qdc.Append, Rare: true},
		{Prefix: marc.Prefix, Aliases: marc.Aliases, Namespace: marc.Namespace, Schema: marc.Schema, Append: marc.Append, Rare: true},
		{Prefix: mods.Prefix, Namespace: mods.Namespace, Schema: mods.Schema, Append: mods.Append, Rare: true},
		{Prefix: rioxx.Prefix, Namespace: rioxx.Namespace, Schema: rioxx.Schema, Append: rioxx.Append, Rare: true},
		{Prefix: crossref.Prefix, Namespace: crossref.Namespace, Schema: crossref.Schema, Append: crossref.Append, Rare: true},
		{Prefix: doaj.Prefix, Namespace: doaj.Namespace, Schema: doaj.Schema, Append: doaj.Append, Rare: true},
	}
}

func appendJATS(dst []byte, r *flat.Record) ([]byte, error) {
	return jats.AppendXML(dst, r.Article, jats.WriteOptions{IDPrefix: r.IDPrefix(), SchemaLocation: JATSSchema, LandingURL: r.Page}), nil
}

// Record works out what the formats ask of an article: the argument of [Render]. at is when it is served from, for what depends on the day.
func Record(a *jats.Article, local string, at time.Time) *flat.Record {
	return flat.Of(a, local, landing(local), at)
}

// Render makes the bytes that are stored for one format: the root element, then AboutMark and the about containers if there are any. It is
// the door: the error says which element is at fault and why, and then the article must not be stored; unless it is a *flat.Cannot. The bytes are
// good until [Due].
func Render(f Format, r *flat.Record) ([]byte, error) {
	buf := buffers.Get().(*[]byte)
	defer func() {
		if cap(*buf) < 1<<20 { // what grew for a large one is not kept
			buffers.Put(buf)
		}
	}()
	b, err := f.Append((*buf)[:0], r)
	if b != nil {
		*buf = b
	}
	if err != nil {
		return nil, fmt.Errorf("crosswalk: %s: %w", f.Prefix, err)
	}
	if err := check(b); err != nil {
		return nil, fmt.Errorf("crosswalk: %s: %w", f.Prefix, err)
	}
	root := len(b)
	b = AppendAbout(append(b, AboutMark...), r.Article)
	*buf = b
	if len(b) == root+len(AboutMark) {
		return bytes.Clone(b[:root]), nil
	}
	about := append(append([]byte("<record>"), b[root+len(AboutMark):]...), "</record>"...) // there may be several: they are checked as what they will be in
	if err := check(about); err != nil {
		return nil, fmt.Errorf("crosswalk: %s: about: %w", f.Prefix, err)
	}
	return bytes.Clone(b), nil
}

// Rendered is a record in one format, as it is stored.
type Rendered struct {
	Format   *Format
	Metadata []byte
}

// RenderAll renders r in each of the formats that takes it. The error is that of the first which does take it and cannot be made valid.
func RenderAll(formats []Format, r *flat.Record) ([]Rendered, error) {
	out := make([]Rendered, 0, len(formats))
	for i := range formats {
		b, err := Render(formats[i], r)
		var cannot *flat.Cannot
		switch {
		case errors.As(err, &cannot):
		case err != nil:
			return nil, err
		default:
			out = append(out, Rendered{&formats[i], b})
		}
	}
	return out, nil
}

// buffers are where records are written; what is returned is a copy of their size, because many records are kept at a time until they are stored.
var buffers = sync.Pool{New: func() any { return new(make([]byte, 0, 16<<10)) }}

// Revision must grow by one whenever a change of the code changes the bytes of any record, so that what is stored is rendered again. A test
// holds it against the golden files.
const Revision = 3

// Due is when a record that was rendered at that time will read otherwise although nothing was changed, in seconds since 1970; 0: never. An
// embargo ends at the beginning of its day, UTC.
func Due(a *jats.Article, at time.Time) int64 {
	end, err := time.Parse(time.DateOnly, flat.EmbargoEnd(a, at.UTC().Format(time.DateOnly)))
	if err != nil {
		return 0
	}
	return end.Unix()
}

// AppendAbout appends the about containers of a, or nothing when there are none: its licence, and where the record was harvested from.
//
// Source: OAI-PMH 2.0 §2.5.
func AppendAbout(dst []byte, a *jats.Article) []byte {
	return appendProvenance(appendRights(dst, a), a.Origin)
}

// appendRights appends the container that names the licence of a; nothing when no licence URI is known. A licence of the data alone is not
// the article's.
//
// Source: OAI guideline "Conveying rights expressions about metadata" §3.
func appendRights(dst []byte, a *jats.Article) []byte {
	for _, l := range a.Permissions.Licenses {
		uri := strings.TrimSpace(l.URI)
		if uri == "" || l.AppliesTo != "" || strings.IndexFunc(uri, func(r rune) bool { return r <= ' ' || r == '"' || r == 0xfffd }) >= 0 {
			continue
		}
		const ns = "http://www.openarchives.org/OAI/2.0/rights/"
		dst = append(dst, `<about><rights xmlns="`+ns+`" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="`+ns+
			` http://www.openarchives.org/OAI/2.0/rights.xsd"><rightsReference ref="`...)
		dst = append(dst, jats.Escape(uri)...)
		return append(dst, `"/></rights></about>`...)
	}
	return dst
}

// maxOrigins bounds how far back the way of a record is told.
const maxOrigins = 16

// appendProvenance appends the container that tells where a record was harvested from, and where that place had it from. An origin that lacks a part which
// the schema demands, or holds what it forbids, cannot be told, nor what is behind it.
//
// Source: OAI-PMH 2.0 Implementation Guidelines, "XML schema to hold provenance information" (originDescription).
func appendProvenance(dst []byte, o *jats.Origin) []byte {
	n := 0
	for at := o; at != nil && n < maxOrigins && tellable(at); at = at.Origin {
		n++
	}
	if n == 0 {
		return dst
	}
	const ns = "http://www.openarchives.org/OAI/2.0/provenance"
	dst = append(dst, `<about><provenance xmlns="`+ns+`" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="`+ns+
		` http://www.openarchives.org/OAI/2.0/provenance.xsd">`...)
	for range n {
		dst = append(dst, `<originDescription harvestDate="`+o.HarvestDate+`" altered="`...)
		dst = strconv.AppendBool(dst, o.Altered)
		dst = append(dst, `">`...)
		for _, e := range [][2]string{{"baseURL", o.BaseURL}, {"identifier", o.Identifier}, {"datestamp", o.Datestamp}, {"metadataNamespace", o.MetadataNamespace}} {
			dst = append(dst, "<"+e[0]+">"+string(jats.Escape(e[1]))+"</"+e[0]+">"...)
		}
		o = o.Origin
	}
	for range n {
		dst = append(dst, "</originDescription>"...)
	}
	return append(dst, "</provenance></about>"...)
}

// tellable tells whether an originDescription can be made of o.
func tellable(o *jats.Origin) bool {
	for _, uri := range []string{o.BaseURL, o.Identifier, o.MetadataNamespace} {
		if _, err := url.Parse(uri); err != nil || uri == "" || strings.IndexFunc(uri, func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0xfffd }) >= 0 {
			return false
		}
	}
	for _, date := range []string{o.Datestamp, o.HarvestDate} {
		_, day := time.Parse(time.DateOnly, date)
		_, second := time.Parse("2006-01-02T15:04:05Z", date)
		if day != nil && second != nil {
			return false
		}
	}
	return true
}

// landing is the address of the item's page here. Slashes stay, as most identifiers are DOIs.
func landing(local string) string {
	return BaseURL + "/records/" + pathEscaper.Replace(local)
}

// pathEscaper escapes what of the characters of a local identifier has a meaning in a path (RFC 3986 §3.3).
var pathEscaper = strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23", " ", "%20", `"`, "%22", "<", "%3C", ">", "%3E")
