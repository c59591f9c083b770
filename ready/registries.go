package ready

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
)

const (
	doajXML  = "DOAJ, XML documentation, elements"
	doajCode = "DOAJ, source code of its API, article.py and regex.py"
	doajHelp = "DOAJ, metadata help"
)

var (
	orcidForm = regexp.MustCompile(`^https://orcid\.org/[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$`)
	// What DOAJ takes for an address: a host of names that ends in letters, or a number.
	doajURL = regexp.MustCompile(`^https?://([^/:]+\.[a-z]{2,63}|([0-9]{1,3}\.){3}[0-9]{1,3})(:[0-9]+)?(/.*)?$`)
)

// texts are all that is printed of an article where DOAJ looks for scripts.
func texts(r *flat.Record) []string {
	out := []string{r.Journal.Title, r.Journal.Publisher()}
	for _, t := range r.Titles {
		out = append(out, t.Full())
	}
	for _, t := range r.Abstracts {
		out = append(out, t.Text)
	}
	for _, k := range r.Keywords {
		out = append(out, k.Text)
	}
	for i := range r.Authors {
		out = append(out, r.Authors[i].Direct())
		for _, f := range r.Authors[i].Affs {
			out = append(out, f.Name)
		}
	}
	return out
}

var doaj = Service{
	Name: "doaj", Title: "DOAJ", URL: "https://doaj.org/docs/xml/",
	Rules: []Rule{
		hasTitle.rule("doaj-title", Mandatory, "The article has no title. Give the title as printed.", doajXML),
		hasISSN.rule("doaj-issn", Mandatory, "There is no valid ISSN, by which DOAJ finds the journal. Give the print or electronic ISSN, exactly as DOAJ has it.", doajXML),
		check{"one ISSN for print and electronic", func(r *flat.Record) (bool, string) {
			return want(r.Journal.Print == "" || r.Journal.Print != r.Journal.Electronic, r.Journal.Print)
		}}.rule("doaj-issns", MandatoryIfApplicable, "The same ISSN is given as that of the print and of the electronic journal, and DOAJ wants them to differ. Give each its own, or leave one out.", doajCode),
		check{"ISSN of unknown kind", func(r *flat.Record) (bool, string) {
			return len(r.Journal.ISSNs) == 0 || r.Journal.Print != "" || r.Journal.Electronic != "", strings.Join(r.Journal.ISSNs, ", ")
		}}.rule("doaj-issn-kind", MandatoryIfApplicable, "It is not known whether the ISSN is that of the print or of the electronic journal, and DOAJ compares each with its own. Say which it is.", doajXML+", ISSN and EISSN"),
		hasJournal.rule("doaj-journal", Mandatory, "The journal has no title. Give it.", doajXML),
		hasDate.rule("doaj-date", Mandatory, "There is no usable date of publication. Give the year at least.", doajXML),
		check{"neither DOI nor full text", func(r *flat.Record) (bool, string) {
			return r.DOI != "" || len(r.Files) > 0 || r.Landing != "" && !strings.HasPrefix(r.Landing, element.Site), ""
		}}.rule("doaj-link", Mandatory, "There is neither a DOI nor an address of the full text, so a reader cannot get to the article. Give one of them.", "DOAJ, article metadata form (its test book)"),
		check{"DOI that is none", func(r *flat.Record) (bool, string) {
			rest, ok := strings.CutPrefix(r.DOI, "10.")
			before, after, slash := strings.Cut(rest, "/")
			return want(r.DOI == "" || ok && slash && before != "" && after != "" && !strings.ContainsAny(r.DOI, " \t\n"), r.DOI)
		}}.rule("doaj-doi", MandatoryIfApplicable, "What is given as the DOI is none. Correct it, or take it out.", doajCode),
		check{"address that is not taken", func(r *flat.Record) (bool, string) {
			urls := []string{r.Landing}
			for _, f := range r.Files {
				urls = append(urls, f.URL)
			}
			for _, u := range urls {
				if u != "" && !strings.HasPrefix(u, element.Site) && !doajURL.MatchString(u) {
					return false, quoted(u)
				}
			}
			return true, ""
		}}.rule("doaj-url", MandatoryIfApplicable, "An address of the full text is not one that DOAJ takes: the host must be a full name in small letters, or a number. Correct it.", doajCode),
		check{"ORCID iD that is none", func(r *flat.Record) (bool, string) {
			for i := range r.Authors {
				if o := r.Authors[i].ORCID; o != "" && !orcidForm.MatchString(o) {
					return false, quoted(o)
				}
			}
			return true, ""
		}}.rule("doaj-orcid", MandatoryIfApplicable, "An author's ORCID iD has not the form https://orcid.org/0000-0000-0000-0000. Correct it.", doajCode),
		check{"markup of a script in the text", func(r *flat.Record) (bool, string) {
			for _, t := range texts(r) {
				if strings.Contains(strings.ToLower(t), "<script") {
					return false, "<script"
				}
			}
			return true, ""
		}}.rule("doaj-script", MandatoryIfApplicable, "The text holds \"<script\", at which DOAJ refuses the article and writes to its staff. Take it out.", doajCode),
		check{"not open access", func(r *flat.Record) (bool, string) {
			return r.Access == flat.Open || r.Access == flat.Access{}, r.Access.Label
		}}.rule("doaj-open", MandatoryIfApplicable, "DOAJ is for open access without a delay, and this article is not open now. Correct its access if it is.", "general knowledge: DOAJ, basic criteria for inclusion: no embargo"),
		hasAuthor.rule("doaj-author", Recommended, "No author is named. Name the authors.", "DOAJ, article metadata form (its test book); API and XML take articles without"),
		hasAbstract.rule("doaj-abstract", Recommended, "There is no abstract. Add it.", doajHelp),
		hasDOI.rule("doaj-has-doi", Recommended, "There is no DOI, by which DOAJ and those who take from it know the article again. Give it if there is one.", doajHelp),
		hasKeywords.rule("doaj-keywords", Recommended, "There are no keywords. Add up to six.", doajHelp),
		check{"several ISSNs of one kind", func(r *flat.Record) (bool, string) {
			for _, i := range r.Article.Journal.ISSNs {
				if i.Type == "print" && i.Value != r.Journal.Print || i.Type == "electronic" && i.Value != r.Journal.Electronic {
					return false, quoted(i.Value)
				}
			}
			return true, ""
		}}.rule("doaj-issn-many", Recommended, "The journal has two ISSNs of one kind, and DOAJ knows one of each; the first is sent. Give only the one that DOAJ has.", doajXML+", ISSN and EISSN"),
		check{"publisher not named", anyPublisher.ok}.rule("doaj-publisher", Optional, "The publisher is not named. Name it; DOAJ puts its own record of the journal in its place.", doajXML),
		hasAffiliations.rule("doaj-affiliation", Optional, "An author has no affiliation. Add it.", doajXML),
		check{"more than six keywords", func(r *flat.Record) (bool, string) {
			n := 0
			for _, k := range r.Keywords {
				if k.Text != "" && flat.SameScript(k.Lang, r.Lang) {
					n++
				}
			}
			return n <= 6, fmt.Sprintf("%d keywords", n)
		}}.rule("doaj-six", Optional, "There are more than six keywords; DOAJ asks for six at most.", doajHelp),
		check{"language not in ISO 639-2", func(r *flat.Record) (bool, string) { return want(flat.ISO2B(r.Lang) != "", r.Lang) }}.
			rule("doaj-language", Optional, "The language of the article is not known. Give it.", doajXML),
	},
}

const (
	deposit       = "Crossref, schema 5.4.0, "
	participation = "Crossref, participation reports, "
)

// deposited is the kind of content (see [flat.Type]) that a deposit makes of r. A paper of a conference, a report or a chapter that stands in an issue of a journal or series, and
// cannot be shown as part of a book, is an article of that journal.
func deposited(r *flat.Record) string {
	kind, isbn, issn := r.Type.Crossref, len(r.Article.ISBNs) > 0, len(r.Journal.ISSNs) > 0
	inIssue := issn && (r.Volume != "" || r.Issue != "")
	switch {
	case kind == "conference_paper" && issn && (!isbn || r.Conference == nil || r.Journal.Title == "" || r.Journal.Publisher() == ""),
		kind == "report" && inIssue,
		kind == "book" && inIssue && !isbn && r.Type.DataCite == "BookChapter":
		return "journal_article"
	}
	return kind
}

// only makes a check that looks at those kinds of content only.
func only(c check, kinds ...string) check {
	return check{c.brief, func(r *flat.Record) (bool, string) {
		if !slices.Contains(kinds, deposited(r)) {
			return true, ""
		}
		return c.ok(r)
	}}
}

var taken = check{"kind of work not taken", func(r *flat.Record) (bool, string) {
	switch r.Type.Crossref {
	case "dataset", "standard":
		return false, r.Type.Name
	}
	return true, ""
}}

var crossref = Service{
	Name: "crossref", Title: "Crossref", URL: "https://www.crossref.org/documentation/schema-library/markup-guide-record-types/journals-and-articles/",
	Rules: []Rule{
		hasDOI.rule("crossref-doi", Mandatory, "There is no well-formed DOI to register. Give one with the prefix that Crossref gave to the publisher.", deposit+"doi"),
		hasTitle.rule("crossref-title", Mandatory, "The article has no title. Give the title as printed.", deposit+"titles"),
		taken.rule("crossref-kind", MandatoryIfApplicable, "A work of this kind is not deposited by Sheaf, which registers articles, papers of conferences, preprints, theses, reviews, reports and books. Register its DOI elsewhere.", "Sheaf: kinds of content that it deposits"),
		only(hasJournal, "journal_article").rule("crossref-journal", MandatoryIfApplicable, "The journal has no title. Give it exactly as Crossref has it.", deposit+"journal_metadata/full_title"),
		only(check{"no ISSN", func(r *flat.Record) (bool, string) {
			if flat.FirstID(r.Article.Journal.IDs, "doi") != "" {
				return true, ""
			}
			return hasISSN.ok(r)
		}}, "journal_article").rule("crossref-issn", MandatoryIfApplicable, "There is no valid ISSN of the journal, nor a DOI of it. Give the print or electronic ISSN.", "general knowledge: Crossref wants an ISSN or a DOI of the journal"),
		only(has("no ISBN", func(r *flat.Record) bool { return len(r.Article.ISBNs) > 0 }), "book", "conference_paper").
			rule("crossref-isbn", MandatoryIfApplicable, "The book or volume of proceedings has no ISBN. Give it.", deposit+"proceedings_metadata, book_metadata: isbn or noisbn"),
		only(anyPublisher, "book", "conference_paper").
			rule("crossref-publisher", MandatoryIfApplicable, "The publisher of the book or proceedings is not named. Name it.", deposit+"publisher/publisher_name"),
		only(has("no conference", func(r *flat.Record) bool { return r.Conference != nil && r.Conference.Name.Plain() != "" }), "conference_paper").
			rule("crossref-conference", MandatoryIfApplicable, "The conference has no name. Give it.", deposit+"event_metadata/conference_name"),
		only(check{"no title of the proceedings", hasJournal.ok}, "conference_paper").rule("crossref-proceedings", MandatoryIfApplicable, "The volume of proceedings has no title. Give it.", deposit+"proceedings_metadata/proceedings_title"),
		only(has("no institution", func(r *flat.Record) bool {
			for _, m := range r.Article.CustomMeta {
				if m.Name == "institution" && m.Value.Plain() != "" {
					return true
				}
			}
			return false
		}), "dissertation").rule("crossref-institution", MandatoryIfApplicable, "The institution that granted the degree is not named. Give it as custom metadata called \"institution\".", deposit+"dissertation/institution"),
		only(hasAuthor, "dissertation").rule("crossref-thesis-author", MandatoryIfApplicable, "The thesis has no author. Name the author.", deposit+"dissertation/person_name"),
		only(hasDay, "peer_review").rule("crossref-review-day", MandatoryIfApplicable, "A review is registered by its day, and only the year or month is known. Give the day.", deposit+"peer_review/review_date"),
		only(has("reviewed work not named", func(r *flat.Record) bool { return len(r.Related) > 0 }), "peer_review").
			rule("crossref-reviewed", MandatoryIfApplicable, "The review does not say what it reviews. Give the DOI of the reviewed work as a related article.", deposit+"peer_review, rel:program with isReviewOf"),
		hasDate.rule("crossref-date", Mandatory, "There is no usable date of publication. Give the year at least.", deposit+"publication_date/year"),
		hasPage.rule("crossref-link", Mandatory, "The article's address cannot be opened from elsewhere, so the DOI would lead nowhere. Give its public page.", deposit+"doi_data/resource"),
		hasRefs.rule("crossref-references", Recommended, "There are no references. Add them.", participation+"references"),
		hasAbstract.rule("crossref-abstract", Recommended, "There is no abstract. Add it.", participation+"abstracts"),
		hasORCID.rule("crossref-orcid", Recommended, "No author has an ORCID iD. Ask the authors for theirs.", participation+"ORCID iDs"),
		hasAffiliations.rule("crossref-affiliation", Recommended, "An author has no affiliation. Add it.", participation+"affiliations"),
		hasROR.rule("crossref-ror", Recommended, "No affiliation has a ROR id. Add them.", participation+"ROR IDs"),
		hasFunderID.rule("crossref-funder-id", Recommended, "A funder has no identifier. Give that of ROR or of the Open Funder Registry.", participation+"funder registry IDs"),
		hasLicense.rule("crossref-license", Recommended, "No licence with an address is given. Give it.", participation+"license URLs"),
		hasParts.rule("crossref-names", Recommended, "An author's name is one string, which goes into the surname whole. Tell family name and given names apart.", deposit+"person_name"),
		hasAuthor.rule("crossref-author", Recommended, "No author is named. Name the authors.", deposit+"contributors"),
		hasPlace.rule("crossref-page", Recommended, "There is neither a first page nor an article number, by which references are matched. Give one.", deposit+"pages, publisher_item"),
		hasFile.rule("crossref-file", Optional, "There is no file of the full text, for text mining and similarity check. Add its address.", participation+"text mining URLs"),
	},
}

const kernel = "DataCite Metadata Schema 4.6, "

var dataCite = Service{
	Name: "datacite", Title: "DataCite", URL: "https://datacite-metadata-schema.readthedocs.io/",
	Rules: []Rule{
		hasDOI.rule("datacite-doi", Mandatory, "There is no well-formed DOI. Give one; if it is of Crossref, it is only described here, not registered again.", kernel+"1 Identifier"),
		hasAuthor.rule("datacite-creator", Mandatory, "No author is named. Name the authors, or the body that speaks in the article.", kernel+"2 Creator"),
		hasTitle.rule("datacite-title", Mandatory, "The article has no title. Give the title as printed.", kernel+"3 Title"),
		anyPublisher.rule("datacite-publisher", Mandatory, "The publisher is not named. Name it.", kernel+"4 Publisher"),
		hasDate.rule("datacite-year", Mandatory, "There is no usable date of publication. Give the year at least.", kernel+"5 PublicationYear"),
		hasType.rule("datacite-type", Recommended, "The kind of work is not known, so it is registered as \"Text\". Give the article type.", kernel+"10 ResourceType (M)"),
		hasKeywords.rule("datacite-subject", Recommended, "There are no keywords. Add them.", kernel+"6 Subject"),
		hasAbstract.rule("datacite-description", Recommended, "There is no abstract. Add it.", kernel+"17 Description"),
		hasDay.rule("datacite-date", Recommended, "The day of publication is not known. Give the full date.", kernel+"8 Date"),
		hasORCID.rule("datacite-orcid", Recommended, "No author has an ORCID iD. Ask the authors for theirs.", kernel+"2.4 nameIdentifier"),
		check{"nothing related", func(r *flat.Record) (bool, string) {
			for i := range r.Refs {
				if r.Refs[i].DOI != "" {
					return true, ""
				}
			}
			return len(r.Related) > 0 || len(r.Refs) == 0, fmt.Sprintf("%d references, none with a DOI", len(r.Refs))
		}}.rule("datacite-related", Recommended, "None of the references has a DOI, so none can be linked. Add the DOIs.", kernel+"12 RelatedIdentifier"),
		hasLicense.rule("datacite-rights", Optional, "No licence with an address is given. Give it.", kernel+"16 Rights"),
		hasLang.rule("datacite-language", Optional, "The language of the article is not known. Give it.", kernel+"9 Language"),
	},
}
