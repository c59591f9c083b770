package datacite

import "strings"

// contributorTypes are what contributors are called; the others are "Other".
//
// Source: DataCite Metadata Schema 4.6, Appendix 1, contributorType.
var contributorTypes = map[string]string{
	"editor": "Editor", "guest-editor": "Editor", "volume-editor": "Editor", "series-editor": "Editor", "translator": "Translator", "supervisor": "Supervisor",
	"advisor": "Supervisor", "data-curator": "DataCurator", "sponsor": "Sponsor", "funder": "Sponsor", "producer": "Producer", "distributor": "Distributor",
	"researcher": "Researcher", "research-group": "ResearchGroup", "contact": "ContactPerson", "rights-holder": "RightsHolder",
}

// relationTypes are how this work is related to another of that kind.
//
// Source: JATS 1.3, @related-article-type; relations.xsd of Crossref; DataCite Metadata Schema 4.6, Appendix 1, relationType.
var relationTypes = map[string]string{
	"preprint": "IsVersionOf", "version-of-record": "HasVersion", "translated-article": "IsTranslationOf", "translation": "HasTranslation",
	"peer-reviewed-article": "Reviews", "peer-review": "IsReviewedBy", "commentary-article": "References", "commentary": "IsReferencedBy",
	"article-reference": "References", "corrected-article": "References", "correction-forward": "IsReferencedBy", "retracted-article": "References",
	"retraction-forward": "IsReferencedBy", "addended-article": "References", "addendum": "IsReferencedBy", "object-of-concern": "References",
	"expression-of-concern": "IsReferencedBy", "partial-retraction": "IsReferencedBy",
	"dataset": "References", "data": "References", "software": "References", "code": "References",
	"supplement": "IsSupplementedBy", "supplementary": "IsSupplementedBy",

	"is-supplement-to": "IsSupplementTo", "is-supplemented-by": "IsSupplementedBy", "is-continued-by": "IsContinuedBy", "continues": "Continues",
	"is-new-version-of": "IsNewVersionOf", "is-previous-version-of": "IsPreviousVersionOf", "is-part-of": "IsPartOf", "has-part": "HasPart",
	"is-referenced-by": "IsReferencedBy", "references": "References", "is-documented-by": "IsDocumentedBy", "documents": "Documents",
	"is-compiled-by": "IsCompiledBy", "compiles": "Compiles", "is-variant-form-of": "IsVariantFormOf", "is-original-form-of": "IsOriginalFormOf",
	"is-identical-to": "IsIdenticalTo", "is-same-as": "IsIdenticalTo", "is-review-of": "Reviews", "reviews": "Reviews", "has-review": "IsReviewedBy",
	"is-reviewed-by": "IsReviewedBy", "is-derived-from": "IsDerivedFrom", "has-derivation": "IsSourceOf", "is-source-of": "IsSourceOf",
	"has-version": "HasVersion", "is-version-of": "IsVersionOf", "requires": "Requires", "is-required-by": "IsRequiredBy", "is-translation-of": "IsTranslationOf",
	"has-translation": "HasTranslation", "is-replaced-by": "IsObsoletedBy", "replaces": "Obsoletes", "is-obsoleted-by": "IsObsoletedBy", "obsoletes": "Obsoletes",
	"cites": "Cites", "is-cited-by": "IsCitedBy", "based-on-data": "IsDerivedFrom", "is-based-on-data": "IsDerivedFrom", "is-data-basis-for": "IsSourceOf",
	"is-comment-on": "References", "has-comment": "IsReferencedBy", "is-reply-to": "References", "has-reply": "IsReferencedBy",
	"is-preprint-of": "HasVersion", "has-preprint": "IsVersionOf", "describes": "Describes", "is-described-by": "IsDescribedBy",
}

// identifierTypes are the kinds of identifiers of related works, by what an article calls them.
//
// Source: DataCite Metadata Schema 4.6, Appendix 1, relatedIdentifierType.
var identifierTypes = map[string]string{
	"doi": "DOI", "uri": "URL", "url": "URL", "pmid": "PMID", "arxiv": "arXiv", "ark": "ARK", "handle": "Handle", "hdl": "Handle", "urn": "URN", "purl": "PURL",
	"issn": "ISSN", "isbn": "ISBN", "bibcode": "bibcode", "igsn": "IGSN", "lsid": "LSID", "rrid": "RRID", "cstr": "CSTR", "w3id": "w3id",
}

// schemeNames are classifications as they are known.
var schemeNames = map[string]string{
	"udc": "UDC", "msc": "MSC", "pacs": "PACS", "jel": "JEL", "lcc": "LCC", "oecd": "OECD FOS", "grnti": "GRNTI", "vak": "VAK", "bbk": "BBK", "ddc": "DDC", "acm": "ACM CCS",
	"mesh": "MeSH", "lcsh": "LCSH", "agrovoc": "AGROVOC",
}

// spdx is the SPDX identifier of a Creative Commons licence, and its name there; "" if the address is none of theirs, or of one that was fitted to a country, of which SPDX
// has only some.
//
// Source: SPDX License List 3.
func spdx(uri string) (id, name string) {
	_, rest, _ := strings.Cut(strings.ToLower(uri), "://")
	rest = strings.TrimSuffix(strings.TrimPrefix(rest, "www."), "/")
	for _, suffix := range [...]string{"/legalcode", "/deed.en"} {
		rest = strings.TrimSuffix(rest, suffix)
	}
	if rest == "creativecommons.org/publicdomain/zero/1.0" {
		return "CC0-1.0", "Creative Commons Zero v1.0 Universal"
	}
	rest, ok := strings.CutPrefix(rest, "creativecommons.org/licenses/")
	if !ok {
		return "", ""
	}
	kind, version, _ := strings.Cut(rest, "/")
	name, ok = kinds[kind]
	if !ok || len(version) != 3 || !strings.Contains("1.0 2.0 2.5 3.0 4.0", version) {
		return "", ""
	}
	port := ""
	switch version {
	case "4.0":
		port = " International"
	case "3.0":
		port = " Unported"
	case "2.0", "2.5", "1.0":
		port = " Generic"
	}
	return "CC-" + strings.ToUpper(kind) + "-" + version, "Creative Commons " + name + " " + version + port
}

var kinds = map[string]string{
	"by": "Attribution", "by-sa": "Attribution Share Alike", "by-nd": "Attribution No Derivatives", "by-nc": "Attribution Non Commercial",
	"by-nc-sa": "Attribution Non Commercial Share Alike", "by-nc-nd": "Attribution Non Commercial No Derivatives",
}
