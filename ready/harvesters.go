package ready

import (
	"net/url"
	"strings"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
)

const golden = "BASE, Golden Rules for Repository Managers, "

var base = Service{
	Name: "base", Title: "BASE", URL: "https://www.base-search.net/about/en/faq_oai.php",
	Rules: []Rule{
		hasTitle.rule("base-title", Mandatory, "The article has no title. Give the title as printed.", golden+"Comprehensive metadata"),
		hasPage.rule("base-link", Mandatory, "The article's address cannot be opened from elsewhere. Give its public page, with http or https.", golden+"Identifier (URLs) working"),
		hasAuthor.rule("base-author", Recommended, "No author is named, so the article is hard to find. Name the authors.", golden+"Comprehensive metadata"),
		hasDate.rule("base-date", Recommended, "There is no usable date of publication, so the article is left out when one searches by year. Give the year at least.", golden+"Comprehensive metadata"),
		hasAbstract.rule("base-abstract", Recommended, "There is no abstract. Add it: BASE searches it.", golden+"Comprehensive metadata"),
		hasType.rule("base-type", Recommended, "The kind of work is not known, so BASE files it under \"unknown\". Give the article type.", golden+"Comprehensive metadata, info:eu-repo vocabulary"),
		hasAccess.rule("base-access", Recommended, "It is not known who may read the full text, so the article does not count as open access. Give the access or the licence.", golden+"Comprehensive metadata, info:eu-repo vocabulary"),
		hasLang.rule("base-language", Recommended, "The language of the article is not known. Give it.", "general knowledge: BASE filters by ISO 639 language"),
		hasLicense.rule("base-license", Recommended, "No licence with an address is given. Give it: BASE filters by Creative Commons licence.", "general knowledge: BASE, terms of re-use"),
		hasKeywords.rule("base-keywords", Optional, "There are no keywords. Add them, and a Dewey class if the journal has one.", "general knowledge: BASE, subject search"),
	},
}

const coreGuide = "CORE, Recommendations for repositories, "

var core = Service{
	Name: "core", Title: "CORE", URL: "https://core.ac.uk/documentation/data-providers-guide",
	Rules: []Rule{
		hasTitle.rule("core-title", Mandatory, "The article has no title. Give the title as printed.", "general knowledge: CORE keeps no output without a title"),
		hasPage.rule("core-link", Mandatory, "The article's address cannot be opened from elsewhere. Give its public page, with http or https.", coreGuide+"dc:identifier"),
		publicFiles.rule("core-file-address", MandatoryIfApplicable, "The address of a full-text file cannot be opened from elsewhere, so CORE cannot fetch it. Correct it.", coreGuide+"location of the full text"),
		hasOpenFile.rule("core-file", Recommended, "The article is open access, but no address of its PDF is given: CORE has to search for it on the page, and keeps the metadata only if it finds none. Add the address of the file.", coreGuide+"location of the full text"),
		hasPDF.rule("core-pdf", Recommended, "There is no PDF. CORE harvests full texts in PDF.", "CORE blog, 7 tips for successful harvesting (2015)"),
		hasAuthor.rule("core-author", Recommended, "No author is named. Name the authors.", "general knowledge: CORE, fields of an output"),
		hasDate.rule("core-date", Recommended, "There is no usable date of publication. Give the year at least.", "general knowledge: CORE, fields of an output"),
		hasAbstract.rule("core-abstract", Recommended, "There is no abstract. Add it.", "general knowledge: CORE, fields of an output"),
		hasDOI.rule("core-doi", Recommended, "There is no DOI, by which CORE joins copies of a work. Give it if there is one.", "general knowledge: CORE, fields of an output"),
		hasLicense.rule("core-license", Recommended, "No licence with an address is given. Give it.", "general knowledge: CORE Data Provider's Guide, licence"),
		hasLang.rule("core-language", Optional, "The language of the article is not known. Give it.", "general knowledge: CORE, fields of an output"),
	},
}

const inclusion = "Google Scholar, Inclusion Guidelines for Webmasters, "

// sameHost wants the PDF where the page is; which folder it is in depends on the server too.
var sameHost = check{"PDF on another host than the page", func(r *flat.Record) (bool, string) {
	file := pdf(r)
	if file == "" || strings.HasPrefix(file, element.Site) {
		return true, ""
	}
	f, err := url.Parse(file)
	if err != nil {
		return false, quoted(file)
	}
	l, err := url.Parse(strings.TrimPrefix(r.Landing, element.Site))
	return want(err == nil && strings.EqualFold(f.Hostname(), l.Hostname()), f.Hostname())
}}

var scholar = Service{
	Name: "scholar", Title: "Google Scholar", URL: "https://scholar.google.com/intl/en/scholar/inclusion.html",
	Rules: []Rule{
		hasTitle.rule("scholar-title", Mandatory, "The article has no title. Give the title as printed.", inclusion+"Indexing, citation_title"),
		hasAuthor.rule("scholar-author", Mandatory, "No author is named; a page without citation_author is passed over. Name the authors.", inclusion+"Indexing, citation_author"),
		hasDate.rule("scholar-date", Mandatory, "There is no usable date of publication; a page without citation_publication_date is passed over. Give the year at least.", inclusion+"Indexing, citation_publication_date"),
		hasPage.rule("scholar-link", Mandatory, "The article's address cannot be opened from elsewhere. Give its public page.", inclusion+"Crawling"),
		has("nothing to read", func(r *flat.Record) bool { return len(r.Abstracts) > 0 || len(r.Files) > 0 }).
			rule("scholar-abstract", Mandatory, "The page has neither an abstract nor a link to the full text, and readers must get to see one of them. Add the abstract or the file.", inclusion+"Content"),
		check{"kind of work not taken", func(r *flat.Record) (bool, string) {
			switch r.TypeLabel {
			case "editorial", "book review", "product review", "news", "announcement", "books received", "calendar", "obituary", "in brief":
				return false, quoted(r.TypeLabel)
			}
			return true, ""
		}}.rule("scholar-kind", Recommended, "Google Scholar is for scholarly articles: news, reviews of books and editorials are not meant for it, and may be left out.", inclusion+"Content"),
		hasPDF.rule("scholar-pdf", Recommended, "There is no PDF. Add its address; it should end in .pdf.", inclusion+"Indexing, citation_pdf_url"),
		sameHost.rule("scholar-pdf-place", Recommended, "The PDF is on another host than the article's page, and Google Scholar wants it in the same folder as the page. Give the page beside the PDF as the article's page.", inclusion+"Indexing, citation_pdf_url"),
		hasJournal.rule("scholar-journal", Recommended, "The journal has no title. Give it.", inclusion+"Indexing, citation_journal_title"),
		hasISSN.rule("scholar-issn", Recommended, "There is no valid ISSN. Give it.", inclusion+"Indexing, citation_issn"),
		hasVolume.rule("scholar-volume", Recommended, "There is neither volume nor issue. Give what there is.", inclusion+"Indexing, citation_volume, citation_issue"),
		hasPlace.rule("scholar-page", Recommended, "There is neither a first page nor an article number. Give one.", inclusion+"Indexing, citation_firstpage"),
		hasDay.rule("scholar-day", Optional, "The day of publication is not known. Give the full date.", inclusion+"Indexing, citation_publication_date"),
	},
}

const finder = "Unpaywall, source code of its repository harvester (oadoi), "

// dropped are endings of addresses of files that Unpaywall does not take for the article.
func dropped(address string) bool {
	u := strings.ToLower(address)
	name := u[strings.LastIndexByte(u, '/')+1:]
	return strings.HasSuffix(u, "supinfo.pdf") || strings.HasSuffix(u, ".supplemental.pdf") || strings.HasSuffix(u, "issue/current") ||
		strings.HasPrefix(name, "appendix") && strings.HasSuffix(name, ".pdf")
}

const shortTitle = 21 // letters of the longest title that Unpaywall does not look up

var unpaywall = Service{
	Name: "unpaywall", Title: "Unpaywall", URL: "https://unpaywall.org/sources",
	Rules: []Rule{
		hasTitle.rule("unpaywall-title", Mandatory, "The article has no title. Give the title as printed.", finder+"matching by title"),
		check{"no DOI, and too short a title", func(r *flat.Record) (bool, string) {
			if doiForm.MatchString(r.DOI) || len(r.Titles) == 0 {
				return true, ""
			}
			t := r.Titles[0].Full()
			return want(letters(t) > shortTitle, t)
		}}.rule("unpaywall-match", Mandatory, "Without a DOI Unpaywall finds the work by its title, and this one is too short for that. Give the DOI.", finder+"matching by title"),
		hasPage.rule("unpaywall-link", Mandatory, "The article's address cannot be opened from elsewhere. Give its public page.", finder+"choice of URL"),
		check{"not open access", func(r *flat.Record) (bool, string) {
			return r.Access == flat.Open || r.Access == flat.Access{}, r.Access.Label
		}}.rule("unpaywall-open", MandatoryIfApplicable, "Unpaywall lists open copies only, and this one is not open now. Nothing is to be done if that is so.", finder+"open locations"),
		check{"file name that is passed over", func(r *flat.Record) (bool, string) {
			for _, f := range r.Files {
				if dropped(f.URL) {
					return false, quoted(f.URL)
				}
			}
			return true, ""
		}}.rule("unpaywall-file-name", MandatoryIfApplicable, "A full-text file is named like a supplement, and is passed over. Rename it.", finder+"choice of URL"),
		hasAccess.rule("unpaywall-access", Recommended, "It is not known who may read the full text. Give the access or the licence.", finder+"dc:rights"),
		hasLicense.rule("unpaywall-license", Recommended, "No licence with an address is given. Give it.", finder+"dc:rights"),
		hasDOI.rule("unpaywall-doi", Recommended, "There is no DOI, so the work must be guessed by its title. Give the DOI.", finder+"dc:identifier"),
		hasPDF.rule("unpaywall-pdf", Recommended, "There is no PDF. Add its address, so that Unpaywall need not search the page.", finder+"choice of URL"),
		hasVersion.rule("unpaywall-version", Optional, "It is not said which version of the text this is. Say so.", "general knowledge: Unpaywall, version of a location"),
	},
}
