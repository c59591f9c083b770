package oaipmh

import (
	"strings"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// Identify is an answer to Identify, as the repository spells it.
//
// Source: OAI-PMH 2.0 §4.2.
type Identify struct {
	ResponseDate      string // as [UTC] gives it
	RepositoryName    string
	BaseURL           string
	ProtocolVersion   string
	EarliestDatestamp string
	DeletedRecord     string // "no", "transient", "persistent"
	Granularity       string // "YYYY-MM-DD" or "YYYY-MM-DDThh:mm:ssZ"
	AdminEmails       []string
	Compressions      []string
	RepositoryID      string // of the oai-identifier description; "" if there is none
}

// A MetadataFormat is one format of an answer to ListMetadataFormats.
//
// Source: OAI-PMH 2.0 §4.4.
type MetadataFormat struct{ Prefix, Schema, Namespace string }

// A Set is one set of an answer to ListSets.
//
// Source: OAI-PMH 2.0 §4.6.
type Set struct{ Spec, Name string }

// ParseIdentify reads an answer to Identify. The error is an [Error] of the repository's, or a *jats.Fault when data is no such answer.
func ParseIdentify(data []byte) (Identify, error) {
	root, verb, err := answer(data, "Identify")
	if err != nil {
		return Identify{}, err
	}
	id := Identify{
		RepositoryName: textOf(verb, "repositoryName"), BaseURL: textOf(verb, "baseURL"), ProtocolVersion: textOf(verb, "protocolVersion"),
		EarliestDatestamp: textOf(verb, "earliestDatestamp"), DeletedRecord: textOf(verb, "deletedRecord"), Granularity: textOf(verb, "granularity"),
	}
	id.ResponseDate, _ = UTC(textOf(root, "responseDate"))
	for _, e := range verb.ChildElements() {
		switch s := blanks(e.Text()); {
		case e.Tag == "adminEmail" && s != "":
			id.AdminEmails = append(id.AdminEmails, s)
		case e.Tag == "compression" && s != "":
			id.Compressions = append(id.Compressions, s)
		case e.Tag == "description" && id.RepositoryID == "":
			if d := find(e, "repositoryIdentifier"); d != nil {
				id.RepositoryID = blanks(d.Text())
			}
		}
	}
	return id, nil
}

// ParseFormats reads an answer to ListMetadataFormats; errors as in [ParseIdentify]. A format without a prefix is left out.
func ParseFormats(data []byte) ([]MetadataFormat, error) {
	_, verb, err := answer(data, "ListMetadataFormats")
	if err != nil {
		return nil, err
	}
	var out []MetadataFormat
	for _, e := range children(verb, "metadataFormat") {
		f := MetadataFormat{Prefix: textOf(e, "metadataPrefix"), Schema: textOf(e, "schema"), Namespace: textOf(e, "metadataNamespace")}
		if f.Prefix != "" {
			out = append(out, f)
		}
	}
	return out, nil
}

// ParseSets reads an answer to ListSets; errors as in [ParseIdentify]. p says whether more sets follow, and its Records counts those of this page. A set
// without a setSpec is left out.
func ParseSets(data []byte) (sets []Set, p Page, err error) {
	p.Cursor = -1
	root, verb, err := answer(data, "ListSets")
	if err != nil {
		return nil, p, err
	}
	for _, e := range children(verb, "set") {
		if s := (Set{Spec: textOf(e, "setSpec"), Name: textOf(e, "setName")}); s.Spec != "" {
			sets = append(sets, s)
		}
	}
	if e := child(verb, "resumptionToken"); e != nil {
		p.HasToken = true
		p.token(e)
	}
	p.ResponseDate, _ = UTC(textOf(root, "responseDate"))
	p.Records, p.Complete = len(sets), true
	return sets, p, nil
}

// answer parses a whole answer and finds the element of its verb.
func answer(data []byte, verb string) (root, content *etree.Element, err error) {
	if from := begin(data[:min(len(data), headSize)]); from > 0 {
		data = data[from:]
	}
	root, err = cut.Document(data)
	if err != nil {
		return nil, nil, err
	}
	if content = find(root, verb); content != nil {
		return root, content, nil
	}
	if e := find(root, "error"); e != nil && root.Tag == "OAI-PMH" {
		return nil, nil, Error{Code: strings.TrimSpace(e.SelectAttrValue("code", "")), Message: blanks(e.Text())}
	}
	return nil, nil, jats.Faultf("not-recognised", 0, "root element %q is no answer of OAI-PMH to %s", root.Tag, verb)
}

// children are the child elements of e that have that name.
func children(e *etree.Element, name string) []*etree.Element {
	var out []*etree.Element
	for _, k := range e.Child {
		if k, ok := k.(*etree.Element); ok && k.Tag == name {
			out = append(out, k)
		}
	}
	return out
}

// child is the first child element of e that has that name; nil if e is nil or has none.
func child(e *etree.Element, name string) *etree.Element {
	if e == nil {
		return nil
	}
	for _, k := range e.Child {
		if k, ok := k.(*etree.Element); ok && k.Tag == name {
			return k
		}
	}
	return nil
}

// textOf is the text of the first child of that name, its blanks folded; "" if there is none.
func textOf(e *etree.Element, name string) string {
	if e = child(e, name); e == nil {
		return ""
	}
	return blanks(e.Text())
}
