package ready

import (
	"strings"

	"sheaf/crosswalk/flat"
)

const (
	publisherData = "NLM, XML for PubMed data providers, "
	pmcStyle      = "PMC Tagging Guidelines, "
	pmcGeneral    = "general knowledge: PMC, minimum criteria for participating journals"
)

// englishTitle wants a title in English: the article's own, or a translation.
var englishTitle = check{"no title in English", func(r *flat.Record) (bool, string) {
	for i := range r.Titles {
		if inLang(r.Titles[i].Lang, "eng") {
			return true, ""
		}
	}
	if len(r.Titles) == 0 {
		return true, "" // told by the rule that wants a title
	}
	if r.Titles[0].Lang == "" {
		return false, "its language is not known"
	}
	return false, r.Titles[0].Lang
}}

// englishAbstract wants one of the abstracts in English, if there are any.
var englishAbstract = check{"no abstract in English", func(r *flat.Record) (bool, string) {
	for i := range r.Abstracts {
		if inLang(r.Abstracts[i].Lang, "eng") {
			return true, ""
		}
	}
	return len(r.Abstracts) == 0, ""
}}

// abbreviated tells whether the journal's abbreviated title is known, as printed or as NLM's catalogue has it.
func abbreviated(r *flat.Record) bool {
	return r.Journal.Abbrev != "" || flat.FirstID(r.Article.Journal.IDs, "nlm-ta") != ""
}

var pubMed = Service{
	Name: "pubmed", Title: "PubMed", URL: "https://www.ncbi.nlm.nih.gov/books/NBK3828/",
	Rules: []Rule{
		hasTitle.rule("pubmed-title", Mandatory, "The article has no title. Give the title as printed.", publisherData+"ArticleTitle"),
		englishTitle.rule("pubmed-english-title", Recommended, "The title of the article is not in English, and there is no translation of it, so it goes in as the vernacular title alone. Add an English title, or the language of the article if it is English.", publisherData+"ArticleTitle, VernacularTitle"),
		has("no journal title", func(r *flat.Record) bool { return r.Journal.Title != "" || abbreviated(r) }).rule("pubmed-journal", Mandatory, "The journal has no title. Give it.", publisherData+"JournalTitle (R)"),
		anyPublisher.rule("pubmed-publisher", Mandatory, "The publisher is not named. Name it.", publisherData+"PublisherName (R)"),
		hasISSN.rule("pubmed-issn", Mandatory, "There is no valid ISSN. Give the print or electronic ISSN.", publisherData+"Issn (R)"),
		hasDate.rule("pubmed-date", Mandatory, "There is no usable date of publication. Give the year at least.", publisherData+"PubDate/Year (R)"),
		has("no page, article number or DOI", func(r *flat.Record) bool { return r.FPage != "" || r.Pages != "" || r.Elocation != "" || r.DOI != "" }).
			rule("pubmed-page", Mandatory, "There is nothing to place the article by. Give its first page, its article number or its DOI.", publisherData+"FirstPage, ELocationID"),
		hasParts.rule("pubmed-names", Recommended, "An author's name is one string, which goes in whole as the last name. Tell family name and given names apart.", publisherData+"Author/LastName (R)"),
		check{"kind of work not taken", func(r *flat.Record) (bool, string) {
			switch r.TypeLabel {
			case "book review", "product review", "books received", "announcement", "calendar":
				return false, quoted(r.TypeLabel)
			}
			return true, ""
		}}.rule("pubmed-kind", Mandatory, "PubMed takes no reviews of books, announcements and the like. Leave this one out of what is sent.", publisherData+"Article"),
		has("neither issue nor day", func(r *flat.Record) bool {
			return r.Volume != "" || r.Issue != "" || len(r.Online) == len("2006-01-02") && r.Print == ""
		}).
			rule("pubmed-volume", MandatoryIfApplicable, "There is neither volume nor issue, which may be so of an article ahead of print, with a day of electronic publication and none in print. Give the one or the other.", publisherData+"Volume, Issue, PubDate PubStatus=aheadofprint"),
		englishAbstract.rule("pubmed-english-abstract", Recommended, "No abstract is in English. Add one if the article has it.", publisherData+"Abstract, OtherAbstract"),
		hasAbstract.rule("pubmed-abstract", Recommended, "There is no abstract. Add it.", publisherData+"Abstract"),
		has("no abbreviated journal title", abbreviated).
			rule("pubmed-abbreviation", Recommended, "The journal has no abbreviated title. Give the one of the NLM catalogue.", publisherData+"JournalTitle, the standard abbreviation"),
		hasMonth.rule("pubmed-month", Recommended, "The month of publication is not known. Give it.", publisherData+"PubDate/Month (O)"),
		hasDOI.rule("pubmed-doi", Recommended, "There is no DOI, by which PubMed links to the article. Give it if there is one.", publisherData+"ArticleIdList"),
		hasAffiliations.rule("pubmed-affiliation", Recommended, "An author has no affiliation. Add it.", publisherData+"AffiliationInfo (O)"),
		hasORCID.rule("pubmed-orcid", Optional, "No author has an ORCID iD. Ask the authors for theirs.", publisherData+"Author/Identifier (O)"),
		hasKeywords.rule("pubmed-keywords", Optional, "There are no keywords. Add them.", publisherData+"ObjectList, keyword"),
		hasRefs.rule("pubmed-references", Optional, "There are no references. Add them.", publisherData+"ReferenceList (O)"),
	},
}

// fullXML is the address of a full text in XML; "" if there is none.
func fullXML(r *flat.Record) string {
	for _, f := range r.Files {
		if strings.HasSuffix(f.MIME, "/xml") || strings.HasSuffix(f.MIME, "+xml") && f.MIME != "application/xhtml+xml" || f.MIME == "" && strings.HasSuffix(strings.ToLower(f.URL), ".xml") {
			return f.URL
		}
	}
	return ""
}

var pmc = Service{
	Name: "pmc", Title: "PMC", URL: "https://www.ncbi.nlm.nih.gov/pmc/pmcdoc/tagging-guidelines/article/style.html",
	Rules: []Rule{
		hasTitle.rule("pmc-title", Mandatory, "The article has no title. Give the title as printed.", pmcStyle+"article-title"),
		hasJournal.rule("pmc-journal", Mandatory, "The journal has no title. Give it.", pmcStyle+"journal-meta"),
		hasISSN.rule("pmc-issn", Mandatory, "There is no valid ISSN. Give the print or electronic ISSN.", pmcStyle+"issn"),
		anyPublisher.rule("pmc-publisher", Mandatory, "The publisher is not named. Name it.", pmcStyle+"publisher"),
		hasDate.rule("pmc-date", Mandatory, "There is no usable date of publication. Give the year at least.", pmcStyle+"pub-date"),
		hasPlace.rule("pmc-page", Mandatory, "There is neither a first page nor an article number. Give one.", pmcStyle+"fpage, elocation-id"),
		check{"no full text in XML", func(r *flat.Record) (bool, string) { return r.Article.FullText != nil || fullXML(r) != "", "" }}.
			rule("pmc-xml", Mandatory, "PMC takes the whole text as XML, and there is none. Import the article with its body, or add the address of the JATS file.", pmcGeneral),
		check{"article type not given", func(r *flat.Record) (bool, string) { return r.Article.ArticleType != "", "" }}.
			rule("pmc-type", Mandatory, "The article type is not given. Give it, such as research-article.", pmcStyle+"article, article-type"),
		hasVolume.unsure("pmc-volume", "There is neither volume nor issue. Give them, unless the article is ahead of print.", pmcStyle+"volume, issue"),
		check{"neither copyright nor licence", func(r *flat.Record) (bool, string) { return len(r.Copyright) > 0 || len(r.Licenses) > 0, "" }}.
			rule("pmc-permissions", Recommended, "There is neither a copyright statement nor a licence. Add what is printed.", pmcStyle+"permissions"),
		hasPDF.rule("pmc-pdf", Recommended, "There is no PDF. Add its address.", pmcGeneral),
		hasParts.rule("pmc-names", Recommended, "An author's name is one string. Tell family name and given names apart.", pmcStyle+"name"),
		hasAbstract.rule("pmc-abstract", Recommended, "There is no abstract. Add it.", pmcStyle+"abstract"),
		hasRefs.rule("pmc-references", Recommended, "There are no references. Add them.", pmcStyle+"ref-list"),
	},
}
