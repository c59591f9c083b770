// Package oaipmh reads what OAI-PMH 2.0 repositories answer, and the metadata formats that stand in their records or in files of their own.
//
//	answer ──> CutPage (a harvester) or Cut (a file) ──> one record with what the answer says of all ──> Read ──> header, provenance: Origin
//	                                                                                             └──> metadata, by its root element ──> jats.Article
//
// What is read: answers to ListRecords and GetRecord; their records alone (record, records, ListRecords), such as "sheaf export" writes; simple and qualified Dublin
// Core, DIM, MARC 21, MODS, OpenAIRE and DataCite with no envelope; JATS and NLM in an envelope by package jats. Other formats of a record are left to the reader that
// the caller names ([ReadWith]). Answers to other verbs and errors are refused whole. The faults of real repositories do not matter: wrong or missing namespaces and
// prefixes that are not declared, metadata as CDATA or escaped text, without a root or without a date, control characters, local time, what scripts print before the answer.
//
// Nothing is guessed. A name without a comma, or with the name of an institution in it, stays whole; a list in one element is taken apart only at semicolons between
// short pieces; a source is read as journal, volume, issue and pages only when all of it is understood; an uncertain year or a span of them stays as printed.
// Text that holds tags or entities of HTML, once escaped, is read as HTML, any other as it stands.
//
// The record and what is around it:
//
//	request, header/identifier, datestamp       Origin.BaseURL, Identifier, Datestamp
//	responseDate                                Origin.HarvestDate, in UTC
//	namespace of the metadata                   Origin.MetadataNamespace
//	header/@status "deleted"                    jats.ErrWithdrawn
//	header/setSpec                              HeaderOf, not in the article
//	about/provenance                            Origin.Origin, at most 16 of a chain
//	about/rights                                CustomMeta "licence of the metadata", when the article has no such licence: it is not the article's
//
// Dublin Core (oai_dc, and the terms of DCMI and qualifiers of DSpace that refine its elements; DCMES 1.1, DCMI Metadata Terms, OpenAIRE guidelines for literature 3.0):
//
//	title; alternative                  the first: Title; in another language or script: TransTitles; else AltTitles "alternative"
//	creator                             Contribs "author", with ORCID in brackets or attribute; years of life in Comments; "Name; Institution" with its Affs
//	contributor                         Contribs "contributor", or by its qualifier or "(role)": "editor", "advisor", ...
//	subject                             KwdGroups by language and vocabulary; codes (udc:, info:eu-repo/classification/, schemes): SubjGroups
//	description, abstract               Abstracts; sponsorship: Funding.Statements; other qualifiers: CustomMeta
//	publisher                           Journal.Publishers
//	date                                the earliest with no time of day, or when there is none the earliest of all: PubDates "pub"; the others: History "other".
//	                                    Repositories write accession and availability, which they do not mark, to the second
//	issued, created, available, ...     PubDates "pub"; History "created", "available", "accepted", "received" (submitted), "modified"; copyrighted: Permissions.Year
//	info:eu-repo/date/embargoEnd/       Permissions.EmbargoEnd
//	type                                ArticleType by the most particular; stages of publication: Version; words that say more: SubjGroups "article-type"
//	format, extent                      Links.MIME when there are as many as full texts; else CustomMeta "format"
//	identifier, bibliographicCitation   IDs (doi, handle, arxiv, pmid, pmcid, urn, ark, ...), Journal.ISSNs, ISBNs, Links; a citation in words as source, or CustomMeta "citation"
//	source                              Journal.Title, Volume, Issue, IssueTitles, FPage, LPage, PubDates "collection"; ISSNs; else CustomMeta "source"
//	isPartOf                            the same, or CustomMeta "series"
//	language                            Lang; further ones and what is no language: CustomMeta "language"
//	relation and its refinements        Related; addresses below the article's page, and of PDF: Links; info:eu-repo/grantAgreement: Funding.Awards (programme, jurisdiction
//	                                    and title: CustomMeta "award"); altIdentifier: IDs; reference, references: Refs; dataset: Related
//	rights, license, accessRights       Permissions.Access, Licenses, Statements ("Copyright ..."); rightsHolder: Holders
//	coverage, spatial, temporal         CustomMeta "coverage"
//	journalTitle, volume, issue, startPage, endPage, fullTextUrl (Janeway)   as they say
//	any other element                   CustomMeta by its name
//
// OpenAIRE guidelines for literature repositories 4.0 (oai_openaire) and DataCite 3 and 4 (resource, oai_datacite):
//
//	titles (titleType)                  Title, Title.Subtitles, TransTitles, AltTitles
//	creators, contributors              Contribs with Names or Collab, IDs, Affs with their IDs; funders: Funding.Awards; rights holders: Permissions.Holders; other kinds: Roles
//	identifier, alternateIdentifiers    IDs, Links
//	relatedIdentifiers, relatedItems    Journal (IsPartOf, IsPublishedIn), Refs (References, Cites), Related
//	fundingReferences                   Funding.Awards; awardTitle, awardURI, fundingStream: CustomMeta
//	dates, publicationYear              PubDates, History, Permissions.EmbargoEnd (Available of what is embargoed), Permissions.Year
//	rights, licenseCondition            Permissions.Access, Licenses with Start
//	descriptions                        Abstracts; other kinds: CustomMeta
//	subjects, language, publisher, resourceType, version, format, coverage    as in Dublin Core, Version
//	file                                Links
//	citationTitle, -Volume, -Issue, -StartPage, -EndPage, -ConferencePlace, -ConferenceDate    Journal.Title, Volume, Issue, FPage, LPage, Conferences
//	sizes, geoLocations, source, audience, citationEdition, any other         CustomMeta
//
// MARC 21 (marcxml, marc21; 2024 update; field 880 gives the form as printed and the linked field the transliterated one, "ru-Latn"):
//
//	leader/07, 502, 655, 980            ArticleType; words that say more: SubjGroups "article-type"; 502: CustomMeta too
//	001, 020, 022, 024                  IDs "publisher-id", ISBNs, Journal.ISSNs, IDs
//	008/35-37, 041 $a $d                Lang; 008/07-10: the year when 260 and 264 give none
//	050, 060, 080, 082, 084             SubjGroups
//	100, 110, 700, 710, 720             Contribs: Names or Collab, Type and Roles by $e $4, Affs $u, IDs $0 $1, Comments $b $c $d $q; with $t: Related
//	111, 711                            Conferences
//	245, 242, 246, 210, 222, 247, 740   Title, TransTitles, AltTitles; $c and $h: CustomMeta
//	260, 264                            Journal.Publishers, PubLoc, PubDates; 264 with second indicator 4: Permissions.Year
//	506, 540, 542                       Permissions
//	520                                 Abstracts
//	536                                 Funding.Awards
//	600 to 662, 690, 691                KwdGroups by vocabulary, subdivisions after " -- "
//	760 to 787                          Related; 773: Journal, Volume, Issue, pages, PubDates "collection"
//	856                                 Links; related resources (second indicator 2): Related
//	4xx, 8xx                            CustomMeta "series"
//	any other 2xx, 3xx, 5xx, 6xx, 7xx   CustomMeta by what the field is called, else by its tag
//
// MODS 3.0 to 3.8:
//
//	titleInfo                           Title, TransTitles, AltTitles
//	name                                Contribs: Names, Collab, Type and Roles, IDs, Affs, Comments (years of life); a conference: Conferences
//	genre, typeOfResource               ArticleType, SubjGroups "article-type"
//	originInfo                          Journal.Publishers, PubLoc, PubDates, History, Permissions.Year; edition, issuance, frequency: CustomMeta
//	language, abstract, identifier, accessCondition, classification           Lang, Abstracts, IDs, Permissions, SubjGroups
//	subject                             KwdGroups, its parts joined by " -- "
//	relatedItem                         host: Journal, Volume, Issue, pages; references: Refs; series: CustomMeta; others: Related
//	location/url                        Links
//	note, physicalDescription, tableOfContents, targetAudience, any other     CustomMeta; a note of funding: Funding.Statements
//
// Left out, because they are about the catalogue and not about the article: of MARC 21 the other 0xx, 841 to 887 but for 856, and 9xx, the other
// codes of 008 and the leader, and the subfields $0 to $8 and $w that link and number; of MODS recordInfo and extension; of DataCite schemaVersion and datacentreSymbol.
package oaipmh

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// Namespaces by which documents are told.
const (
	nsOAI  = "http://www.openarchives.org/OAI/2.0/"
	nsMARC = "http://www.loc.gov/MARC21/slim"
	nsMODS = "http://www.loc.gov/mods/v3"
)

// recordElements are the elements that Cut takes for a record; of those inside each other the outermost counts.
var recordElements = []string{"record", "mods", "dc", "qualifieddc", "nsdl_dc", "dim", "resource", "oai_openaire"}

// answersWithout are the elements of answers that hold no records.
var answersWithout = []string{"Identify", "ListMetadataFormats", "ListSets", "ListIdentifiers"}

// Recognise tells whether a document is an answer of OAI-PMH, records taken from one, or records of Dublin Core, MARC 21, MODS or OpenAIRE alone, by its
// first element. An answer counts as such whatever it answers: Cut and Read say why one that holds no records is none.
func Recognise(head []byte) bool {
	name, ns := cut.Root(head)
	switch name {
	case "OAI-PMH":
		return true
	case "record", "records", "collection", "ListRecords", "GetRecord":
		if ns == nsMARC || ns == nsOAI {
			return true
		}
		for _, sign := range []string{"<header", "<qdc:qualifieddc", "oai_dc:dc", "/MARC21/slim", "<datafield ", "<mods", "/mods/v3"} {
			if bytes.Contains(head, []byte(sign)) && (sign != "<header" || bytes.Contains(head, []byte("<metadata"))) {
				return true
			}
		}
	case "mods", "modsCollection":
		return ns == "" || strings.HasPrefix(ns, "http://www.loc.gov/mods")
	case "dc", "qualifieddc", "nsdl_dc", "dim":
		return bytes.Contains(head, []byte("purl.org/dc/")) || strings.HasPrefix(ns, "http://www.dspace.org/") || ns == "" && bytes.Contains(head, []byte("<dc:"))
	case "resource", "oai_openaire":
		return isResource(ns)
	}
	return false
}

// isResource tells whether ns is one of the namespaces in which a resource is described by the OpenAIRE guidelines 4 or by DataCite.
func isResource(ns string) bool {
	return strings.Contains(ns, "namespace.openaire.eu/schema/oaire") || strings.HasPrefix(strings.TrimPrefix(ns, "https:"), "http://datacite.org/schema/kernel-") ||
		strings.Contains(ns, "//datacite.org/schema/kernel-")
}

// Cut takes a document apart into its records; a Data is a document with one record and what the answer says of all of them. A document that holds no record
// is yielded as one Err: "oai-error" with the repository's own code and words, "no-records" for an answer to another verb or an empty list.
func Cut(r io.Reader, yield func(cut.Record) error) error {
	head, err := io.ReadAll(io.LimitReader(r, headSize))
	if err != nil {
		return err
	}
	from := max(begin(head), 0)
	before := bytes.Count(head[:from], []byte{'\n'})
	root := rootOf(head[from:])
	var complaint *cut.Record
	any := false
	records := recordElements
	x := cut.XML{Records: records}
	if root == "OAI-PMH" {
		x = cut.XML{Records: append([]string{"record", "error"}, answersWithout...), Drop: answersWithout}
	}
	err = x.Cut(io.MultiReader(bytes.NewReader(head[from:]), r), func(rec cut.Record) error {
		rec.Line += before
		if rec.Err == nil && root == "OAI-PMH" {
			if name := recordName(rec.Data); name != "record" {
				if complaint == nil {
					complaint = &cut.Record{Line: rec.Line, Err: refusal(rec.Data)}
				}
				return nil
			}
		}
		any = true
		return yield(rec)
	})
	switch {
	case err != nil || any:
		return err
	case complaint != nil:
		return yield(*complaint)
	}
	return yield(cut.Record{Line: 1, Err: jats.Faultf("no-records", 0, "element %q holds no record", root)})
}

// refusal says why an answer without records is refused.
func refusal(doc []byte) error {
	root, err := cut.Document(doc)
	if err != nil {
		return err
	}
	if e := child(root, "error"); e != nil {
		told := Error{Code: strings.TrimSpace(e.SelectAttrValue("code", "")), Message: blanks(e.Text())}
		return jats.Faultf("oai-error", 0, "%s; there is no record in it", told.Error())
	}
	for _, verb := range answersWithout {
		if child(root, verb) != nil {
			return jats.Faultf("no-records", 0, "an answer to %s, which holds no records, want ListRecords or GetRecord", verb)
		}
	}
	return jats.Faultf("no-records", 0, "element %q holds no record", root.Tag)
}

// A ReadFunc reads one record of some format.
type ReadFunc func(record []byte) (*jats.Article, []jats.Warning, error)

// Read makes an article of one record that Cut has given, or of a document that holds one record only.
//
// A record that the repository has deleted gives an article with its Origin and jats.ErrWithdrawn. Faults: "oai-error" and "no-records" as Cut has them,
// "several-records" for a document with more than one, "no-metadata" for a record with a header alone that is not deleted, "metadata-format" for metadata
// in a format that is not read here, and those of jats.Read for JATS.
func Read(record []byte) (*jats.Article, []jats.Warning, error) { return ReadWith(record, nil) }

// ReadWith is Read that asks other for a reader of the metadata whose root element has that name, without prefix, and namespace, before it looks at its own formats;
// other may be nil and may return nil. The reader is given the metadata as a document of its own; the Origin is added to what it returns.
func ReadWith(record []byte, other func(name, namespace string) ReadFunc) (*jats.Article, []jats.Warning, error) {
	if from := begin(record[:min(len(record), headSize)]); from > 0 {
		record = record[from:]
	}
	root, err := cut.Document(record)
	if err != nil {
		return nil, nil, err
	}
	one, err := oneRecord(root)
	if err != nil {
		return nil, nil, err
	}
	header := child(one, "header")
	metadata := child(one, "metadata")
	if header == nil && metadata == nil { // a record of a format, with no envelope
		return readMetadata(one, record, other)
	}
	origin := originOf(root, one)
	if header != nil && strings.EqualFold(strings.TrimSpace(header.SelectAttrValue("status", "")), "deleted") {
		return &jats.Article{Origin: origin}, nil, jats.ErrWithdrawn
	}
	content, data, err := contentOf(metadata, record)
	if err != nil {
		return nil, nil, err
	}
	if root.Tag != "OAI-PMH" { // jats.Read knows no other envelope
		data = document(content)
	}
	a, warnings, err := readMetadata(content, data, other)
	if a != nil {
		if content == metadata {
			content = content.ChildElements()[0]
		}
		origin.MetadataNamespace = namespaceOf(content)
		if a.Origin == nil {
			a.Origin = origin
		}
		if uri := rightsOf(one); uri != "" && !slices.ContainsFunc(a.Permissions.Licenses, func(l jats.License) bool { return sameLicense(l.URI, uri) }) {
			a.CustomMeta = append(a.CustomMeta, jats.CustomMeta{Name: "licence of the metadata", Value: jats.Escape(uri)})
		}
	}
	return a, warnings, err
}

// oneRecord finds the record in a document.
func oneRecord(root *etree.Element) (*etree.Element, error) {
	var found []*etree.Element
	collect(root, 0, &found)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, jats.Faultf("several-records", 0, "%d records in element %q, want one", len(found), root.Tag)
	}
	if root.Tag != "OAI-PMH" {
		return root, nil // readMetadata tells whether it is one
	}
	if e := child(root, "error"); e != nil {
		told := Error{Code: strings.TrimSpace(e.SelectAttrValue("code", "")), Message: blanks(e.Text())}
		return nil, jats.Faultf("oai-error", 0, "%s; there is no record in it", told.Error())
	}
	for _, verb := range answersWithout {
		if child(root, verb) != nil {
			return nil, jats.Faultf("no-records", 0, "an answer to %s, which holds no records, want ListRecords or GetRecord", verb)
		}
	}
	return nil, jats.Faultf("no-records", 0, "element %q holds no record", root.Tag)
}

// collect finds the records in e and its lists; an answer has them two levels down.
func collect(e *etree.Element, level int, found *[]*etree.Element) {
	for _, name := range recordElements {
		if e.Tag == name {
			*found = append(*found, e)
			return
		}
	}
	switch e.Tag {
	case "OAI-PMH", "ListRecords", "GetRecord", "records", "collection", "modsCollection":
		for _, k := range e.ChildElements() {
			if level < 4 {
				collect(k, level+1, found)
			}
		}
	}
}

// contentOf is the root element of the metadata, and the metadata as a document. The metadata may be given as text, CDATA or escaped; a metadata element that
// holds the elements of Dublin Core directly is itself the root.
func contentOf(metadata *etree.Element, record []byte) (*etree.Element, []byte, error) {
	if metadata == nil {
		return nil, nil, jats.Faultf("no-metadata", 0, "the record is not deleted and has no metadata")
	}
	inside := metadata.ChildElements()
	switch {
	case len(inside) == 0:
		text := strings.TrimSpace(metadata.Text())
		if !strings.HasPrefix(text, "<") {
			return nil, nil, jats.Faultf("no-metadata", 0, "the metadata is %.40q, want an element", text)
		}
		root, err := cut.Document([]byte(text))
		return root, []byte(text), err
	case len(inside) > 1 && dcNames[inside[0].Tag] && dcNames[inside[1].Tag]:
		return metadata, record, nil
	}
	return inside[0], record, nil
}

// readMetadata reads the metadata whose root element is e; data is a document that holds it and no other.
func readMetadata(e *etree.Element, data []byte, other func(name, namespace string) ReadFunc) (*jats.Article, []jats.Warning, error) {
	ns := namespaceOf(e)
	if other != nil {
		if read := other(e.Tag, ns); read != nil {
			return read(document(e))
		}
	}
	if e.Tag == "article" || e.Tag == "pmc-articleset" || e.Tag == "articles" {
		return jats.Read(data)
	}
	r := &reader{a: &jats.Article{}}
	switch {
	case e.Tag == "record" && (ns == nsMARC || child(e, "datafield") != nil || child(e, "leader") != nil):
		r.marc(e)
	case e.Tag == "collection" && child(e, "record") != nil:
		r.marc(child(e, "record"))
	case e.Tag == "mods":
		r.mods(e)
	case e.Tag == "modsCollection" && child(e, "mods") != nil:
		r.mods(child(e, "mods"))
	case (e.Tag == "resource" || e.Tag == "oai_openaire") && (isResource(ns) || child(e, "titles") != nil):
		r.resource(e)
	case e.Tag == "oai_datacite" && find(e, "resource") != nil:
		r.resource(find(e, "resource"))
	case isDC(e, ns):
		r.dc(e)
	default:
		return nil, nil, jats.Faultf("metadata-format", 0,
			"metadata in element %q of namespace %q, want oai_dc, qualified Dublin Core, jats, nlm, pmc, marcxml, mods or oai_openaire", e.Tag, ns)
	}
	r.finish()
	return r.a, r.warnings, nil
}

// document is e as a document of its own, with the namespaces that are declared around it.
func document(e *etree.Element) []byte {
	c := e.Copy()
	for up := e.Parent(); up != nil; up = up.Parent() {
		for _, a := range up.Attr {
			if (a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns") && c.SelectAttr(a.FullKey()) == nil {
				c.CreateAttr(a.FullKey(), a.Value)
			}
		}
	}
	doc := etree.NewDocument()
	doc.SetRoot(c)
	out, err := doc.WriteToBytes()
	if err != nil { // it is written to memory
		return nil
	}
	return out
}

// namespaceOf is the namespace of e by the declarations around it; "" when its prefix is not declared.
func namespaceOf(e *etree.Element) string {
	for up := e; up != nil; up = up.Parent() {
		for _, a := range up.Attr {
			if e.Space == "" && a.Space == "" && a.Key == "xmlns" || e.Space != "" && a.Space == "xmlns" && a.Key == e.Space {
				return strings.TrimSpace(a.Value)
			}
		}
	}
	return ""
}
