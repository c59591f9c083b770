package oaipmh

import (
	"bytes"
	"errors"
	"strings"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// Header is the header of a record, as the repository spells it.
//
// Source: OAI-PMH 2.0 §2.5.
type Header struct {
	Identifier string
	Datestamp  string
	Deleted    bool
	SetSpecs   []string
}

// HeaderOf reads the header of a record that Cut or CutPage has given; the zero Header when there is none.
func HeaderOf(record []byte) Header {
	var e *etree.Element
	stop := errors.New("found")
	cut.XML{Records: []string{"header"}}.Cut(bytes.NewReader(record), func(rec cut.Record) error {
		if e = inner(rec.Data, "header"); e == nil || e.Parent() == nil || e.Parent().Tag != "record" {
			e = nil
		}
		return stop
	})
	if e == nil {
		return Header{}
	}
	h := Header{Identifier: textOf(e, "identifier"), Datestamp: textOf(e, "datestamp"), Deleted: strings.EqualFold(strings.TrimSpace(e.SelectAttrValue("status", "")), "deleted")}
	seen := map[string]bool{}
	for _, s := range children(e, "setSpec") {
		if spec := blanks(s.Text()); spec != "" && !seen[spec] {
			seen[spec] = true
			h.SetSpecs = append(h.SetSpecs, spec)
		}
	}
	return h
}

// maxOrigins bounds how many repositories of a chain are told.
const maxOrigins = 16

// originOf tells where a record comes from: the answer and the header of the record, and the provenance that the repository gives.
func originOf(root, record *etree.Element) *jats.Origin {
	header := child(record, "header")
	o := &jats.Origin{BaseURL: textOf(root, "request"), Identifier: textOf(header, "identifier"), Datestamp: textOf(header, "datestamp"), Altered: true}
	o.HarvestDate, _ = UTC(textOf(root, "responseDate"))
	for _, about := range children(record, "about") {
		if p := find(about, "provenance"); p != nil {
			o.Origin = provenance(child(p, "originDescription"), 1)
			break
		}
	}
	return o
}

func provenance(e *etree.Element, level int) *jats.Origin {
	if e == nil || level >= maxOrigins {
		return nil
	}
	o := &jats.Origin{
		BaseURL: textOf(e, "baseURL"), Identifier: textOf(e, "identifier"), Datestamp: textOf(e, "datestamp"), MetadataNamespace: textOf(e, "metadataNamespace"),
		Altered: strings.TrimSpace(e.SelectAttrValue("altered", "")) == "true",
		Origin:  provenance(child(e, "originDescription"), level+1),
	}
	o.HarvestDate, _ = UTC(e.SelectAttrValue("harvestDate", ""))
	return o
}

// rightsOf is the address of the licence in a record's about containers; "" if there is none. It is that of the metadata, by the guideline, and not of the
// article: most repositories waive all rights in the one and few in the other.
//
// Source: OAI guideline "Conveying rights expressions about metadata".
func rightsOf(record *etree.Element) string {
	for _, about := range children(record, "about") {
		rights := find(about, "rights")
		if rights == nil {
			continue
		}
		if e := find(rights, "rightsReference"); e != nil {
			return strings.TrimSpace(e.SelectAttrValue("ref", ""))
		}
	}
	return ""
}
