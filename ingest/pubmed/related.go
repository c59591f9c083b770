package pubmed

import (
	"strings"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// relations are the RefTypes of CommentsCorrections in the words of JATS: what the other article is to this one.
//
// Source: pubmed_250101.dtd, CommentsCorrections; JATS 1.3, @related-article-type.
var relations = map[string]string{
	"AssociatedPublication": "companion", "CommentIn": "commentary", "CommentOn": "commentary-article", "CorrectedandRepublishedFrom": "republished-article",
	"CorrectedandRepublishedIn": "republication", "ErratumFor": "corrected-article", "ErratumIn": "correction-forward", "ExpressionOfConcernFor": "object-of-concern",
	"ExpressionOfConcernIn": "expression-of-concern", "OriginalReportIn": "original-article", "PartialRetractionIn": "partial-retraction", "PartialRetractionOf": "retracted-article",
	"ReprintIn": "republication", "ReprintOf": "republished-article", "RepublishedFrom": "republished-article", "RepublishedIn": "republication",
	"RetractedandRepublishedFrom": "republished-article", "RetractedandRepublishedIn": "republication", "RetractionIn": "retraction-forward", "RetractionOf": "retracted-article",
	"SummaryForPatientsIn": "companion", "UpdateIn": "update", "UpdateOf": "updated-article",
}

// corrections reads what else is about this article, and what it is about.
func (r *reader) corrections(list *etree.Element) {
	cited := len(r.a.Refs) == 0
	for _, e := range children(list, "CommentsCorrections") {
		kind, pmid, said := attr(e, "RefType"), textAt(e, "PMID"), jats.Escape(textAt(e, "RefSource"))
		if note := textAt(e, "Note"); note != "" {
			said = jats.Rich(strings.TrimSpace(string(said) + " " + string(jats.Escape(note))))
		}
		if kind == "Cites" {
			if c := (jats.Citation{Text: said, IDs: appendID(nil, "pubmed", pmid)}); cited && (c.Text != "" || pmid != "") {
				r.a.Refs = append(r.a.Refs, jats.Ref{Citations: []jats.Citation{c}})
			}
			continue
		}
		x := jats.Related{Object: kind == "AssociatedDataset", Type: relations[kind], Lang: r.english(), Text: said}
		switch {
		case x.Object:
			x.Type = "dataset"
		case x.Type == "":
			x.Type = lower(kind)
		}
		if x.IDType, x.ID = "pmid", pmid; pmid == "" {
			x.IDType, x.ID = doiIn(string(said))
		}
		if x.ID != "" || x.Text != "" {
			r.a.Related = append(r.a.Related, x)
		}
	}
}

// doiIn finds a DOI after "doi:" in a citation.
func doiIn(s string) (kind, doi string) {
	_, rest, ok := strings.Cut(s, "doi:")
	rest = strings.TrimLeft(rest, " ")
	rest, _, _ = strings.Cut(rest, " ")
	if rest = strings.TrimRight(rest, ".,;"); !ok || !strings.HasPrefix(rest, "10.") {
		return "", ""
	}
	return "doi", rest
}

// registries are the data banks of clinical trials, as DataBankName.
//
// Source: NLM, databanks with accession numbers in MEDLINE.
var registries = map[string]bool{
	"ANZCTR": true, "ChiCTR": true, "ClinicalTrials.gov": true, "CRiS": true, "CTIS": true, "CTRI": true, "DRKS": true, "EudraCT": true, "IRCT": true, "ISRCTN": true,
	"JapicCTI": true, "JMACCT": true, "JPRN": true, "jRCT": true, "KCT": true, "LBCTR": true, "NTR": true, "OMON": true, "PACTR": true, "ReBec": true, "REPEC": true,
	"RPCEC": true, "SLCTR": true, "TCTR": true, "TCTIR": true, "UMIN CTR": true, "UMIN-CTR": true,
}

func (r *reader) dataBanks(list *etree.Element) {
	for _, b := range children(list, "DataBank") {
		bank := textAt(b, "DataBankName")
		numbers := children(child(b, "AccessionNumberList"), "AccessionNumber")
		for _, n := range numbers {
			r.accession(bank, text(n))
		}
		if len(numbers) == 0 {
			r.accession(bank, "")
		}
	}
}

// accession keeps an entry of a data bank.
func (r *reader) accession(bank, number string) {
	x := jats.Related{Object: true, Type: "dataset", IDType: bank, ID: number, Text: jats.Escape(bank)}
	if registries[bank] {
		x.Type = "clinical-trial"
	}
	if strings.HasPrefix(number, "10.") && strings.Contains(number, "/") {
		x.IDType = "doi"
	}
	if number == "" {
		x.IDType = ""
	}
	if number != "" || bank != "" {
		r.a.Related = append(r.a.Related, x)
	}
}

func (r *reader) grants(list *etree.Element) {
	for _, e := range children(list, "Grant") {
		r.grant(textAt(e, "GrantID"), textAt(e, "Acronym"), r.rich(child(e, "Agency"), jats.InlineMarkup).Plain(), textAt(e, "Country"))
	}
}

// grant keeps an award. NLM's acronym is that of the institute that pays, within the agency.
func (r *reader) grant(number, acronym, agency, country string) {
	var award jats.Award
	if number != "" {
		award.IDs = []string{number}
	}
	f := jats.Funder{Name: agency, Country: countries[country]}
	if acronym != "" {
		f.IDs = []jats.ID{{Type: "nlm-acronym", Value: acronym}}
	}
	if f.Name != "" || len(f.IDs) > 0 {
		award.Funders = []jats.Funder{f}
	}
	if len(award.IDs)+len(award.Funders) > 0 {
		r.a.Funding.Awards = append(r.a.Funding.Awards, award)
	}
}

// countries are the codes of ISO 3166-1 for the countries of funders as NLM writes them. A country that is not here, and "International", is left out.
var countries = map[string]string{
	"Argentina": "AR", "Australia": "AU", "Austria": "AT", "Belgium": "BE", "Brazil": "BR", "Canada": "CA", "Chile": "CL", "China": "CN", "Czech Republic": "CZ",
	"Denmark": "DK", "Finland": "FI", "France": "FR", "Germany": "DE", "Greece": "GR", "Hong Kong": "HK", "Hungary": "HU", "India": "IN", "Ireland": "IE", "Israel": "IL",
	"Italy": "IT", "Japan": "JP", "Korea (South)": "KR", "Luxembourg": "LU", "Mexico": "MX", "Netherlands": "NL", "New Zealand": "NZ", "Norway": "NO", "Poland": "PL",
	"Portugal": "PT", "Russia": "RU", "Russia (Federation)": "RU", "Russian Federation": "RU", "Singapore": "SG", "South Africa": "ZA", "South Korea": "KR", "Spain": "ES",
	"Sweden": "SE", "Switzerland": "CH", "Turkey": "TR", "Ukraine": "UA", "United Kingdom": "GB", "United States": "US",
}

// objectRelations are the Types of Object that tell what article a deposited one is about.
//
// Source: PubMed Help, XML tags, Object.
var objectRelations = map[string]string{
	"comment": "commentary-article", "erratum": "corrected-article", "expression of concern": "object-of-concern", "originalreport": "original-article",
	"partial retraction": "retracted-article", "patient summary": "companion", "reprint": "republished-article", "republished": "republished-article",
	"retraction": "retracted-article", "update": "updated-article", "corrected and republished": "republished-article", "retracted and republished": "republished-article",
}

// objects reads an ObjectList: keywords, grants, entries of data banks, related articles. What else there is goes to the CustomMeta.
func (r *reader) objects(list *etree.Element) {
	var kwds []jats.Kwd
	for _, o := range children(list, "Object") {
		kind := attr(o, "Type")
		params := map[string]string{}
		var others []string
		for _, p := range children(o, "Param") {
			if name := strings.ToLower(attr(p, "Name")); params[name] == "" {
				params[name] = text(p)
			}
			if s := text(p); s != "" {
				others = append(others, s)
			}
		}
		low := strings.ToLower(kind)
		switch {
		case low == "keyword":
			for _, p := range children(o, "Param") {
				if t := r.rich(p, jats.InlineMarkup); t != "" {
					kwds = append(kwds, jats.Kwd{Text: t})
				}
			}
		case low == "grant":
			r.grant(params["id"], params["acronym"], params["grantor"], params["country"])
		case objectRelations[low] != "":
			x := jats.Related{Type: objectRelations[low], ID: params["id"], IDType: strings.ToLower(params["type"])}
			if t := idTypes[x.IDType]; t != "" {
				x.IDType = t
			}
			if x.ID != "" {
				r.a.Related = append(r.a.Related, x)
			}
		case low == "dataset" && params["id"] != "":
			r.accession(params["type"], params["id"])
		case params["id"] != "" && len(others) == 1:
			r.accession(kind, params["id"])
		default:
			r.meta(kind, strings.Join(others, "; "))
		}
	}
	r.group("author", "", kwds)
}
