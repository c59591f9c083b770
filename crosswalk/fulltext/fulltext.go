// Package fulltext is the format jats_fulltext: the record of the format jats with the article's body, the rest of its back and its floats.
//
//	record                                     element
//	what the format jats has                   the same elements
//	Article.FullText.Body                      body
//	Article.FullText.Back                      back, before the notes and reference lists of jats
//	Article.FullText.Floats                    floats-group
//	Ref.ID                                     ref/@id, so that the text's xref find their references
//
// Left out: sub-article, response and processing-meta, which the article does not keep.
//
// Ids and what points at them (rid, headers, "#..." in xlink:href) are those of the source behind the item's prefix, so that no two records share one. The
// ids that the format jats makes up have "_" or more behind the prefix, so that they never equal one of the source. Addresses are those of the source as they
// stand: the address of a picture is most often the name of a file in the publisher's package, and neither the landing page nor a link to a full text says
// where that package is; an absolute address would be invented. E-mail addresses inside the text stay, because they were published in it; those of
// contributors are left out as in jats.
//
// Every record is valid by the JATS 1.3 Journal Publishing DTD, or by the Archiving DTD where the article lacks what Publishing demands of the front or only
// Archiving takes its body; what was written for other versions is mended as far as nothing is lost (see [dtd.Mend]). A record's namespace is not of the DTD,
// which knows none: it is checked as it is without.
//
// An article does not have this format for one of these reasons:
//
//	no-full-text       the article has no body here
//	not-open-access    it is not known to be open to everybody today
//	full-text-invalid  its text is not valid by either DTD and cannot be mended without loss; the message names the first fault
//
// Source: ANSI/NISO Z39.96-2021 (JATS 1.3).
package fulltext

import (
	"bytes"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
	"sheaf/jats/dtd"
)

// The format as ListMetadataFormats says it. The namespace is that of the format jats; the schema is our own, because the published ones of JATS have no
// namespace, and the profile of jats has no body.
const (
	Prefix    = "jats_fulltext"
	Namespace = jats.Namespace
	Schema    = element.Site + "/schemas/jats/sheaf-jats-fulltext-1.3.xsd"
)

// Append appends the article with its full text.
func Append(dst []byte, r *flat.Record) ([]byte, error) {
	return render(dst, r, jats.WriteOptions{FullText: true, IDPrefix: r.IDPrefix(), SchemaLocation: Schema, LandingURL: r.Page})
}

// AppendDocument appends it as a document of its own, with the DOCTYPE of the DTD that it is valid by and no namespace. r.Page must not hold
// NUL.
func AppendDocument(dst []byte, r *flat.Record) ([]byte, error) {
	return render(dst, r, jats.WriteOptions{FullText: true, Standalone: true, LandingURL: r.Page})
}

func render(dst []byte, r *flat.Record, o jats.WriteOptions) ([]byte, error) {
	if r.Article.FullText == nil {
		return nil, flat.Cannotf("no-full-text", "the article has no body here")
	}
	if r.Access != flat.Open {
		return nil, flat.Cannotf("not-open-access", "the article is not known to be open access today")
	}
	from := len(dst)
	var first *dtd.Fault
	for _, v := range [...]dtd.Variant{dtd.Publishing, dtd.Archiving} {
		if v == dtd.Publishing && !r.Article.Publishing() {
			continue
		}
		o.Archiving = v == dtd.Archiving
		for _, mended := range [...]bool{false, true} {
			a := r.Article
			if mended {
				a = mend(a, v)
			}
			dst = jats.AppendXML(dst[:from], a, o)
			faults := dtd.Validate(document(dst[from:], o), v)
			if len(faults) == 0 {
				return dst, nil
			}
			if mended && first == nil {
				first = &faults[0]
			}
		}
	}
	return nil, flat.Cannotf("full-text-invalid", "the full text is not valid by %s: element %q: %s", variantOf(r.Article), first.Element, first.Message)
}

// variantOf is the DTD that the article should be valid by.
func variantOf(a *jats.Article) dtd.Variant {
	if a.Publishing() {
		return dtd.Publishing
	}
	return dtd.Archiving
}

// mend is a with a full text that is valid by v as far as it can be made so without loss.
func mend(a *jats.Article, v dtd.Variant) *jats.Article {
	ids := make([]string, 0, len(a.Refs))
	for i := range a.Refs {
		if id := a.Refs[i].ID; id != "" {
			ids = append(ids, id)
		}
	}
	var parts []string
	for _, s := range [...]string{a.FullText.Body, a.FullText.Back, a.FullText.Floats} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	parts = dtd.Mend(v, parts, ids)
	out := *a
	out.FullText = &jats.FullText{}
	for _, x := range [...]struct{ from, to *string }{{&a.FullText.Body, &out.FullText.Body}, {&a.FullText.Back, &out.FullText.Back}, {&a.FullText.Floats, &out.FullText.Floats}} {
		if *x.from != "" {
			*x.to, parts = parts[0], parts[1:]
		}
	}
	return &out
}

// document is the record without the namespace and the schema's place in its root, which the DTD does not declare.
func document(record []byte, o jats.WriteOptions) []byte {
	if o.Standalone {
		return record
	}
	end := bytes.IndexByte(record, '>')
	root := record[:end]
	for _, name := range [...]string{` xmlns="`, ` xsi:schemaLocation="`} {
		if i := bytes.Index(root, []byte(name)); i >= 0 {
			value := root[i+len(name):]
			after := value[bytes.IndexByte(value, '"')+1:]
			root = append(append(make([]byte, 0, len(record)), root[:i]...), after...)
		}
	}
	return append(root, record[end:]...)
}
