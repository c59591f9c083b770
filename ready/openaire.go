package ready

import "sheaf/crosswalk/flat"

const (
	v3 = "OpenAIRE Guidelines for Literature Repositories 3.0, "
	v4 = "OpenAIRE Guidelines for Literature Repository Managers 4.0, "
)

// inSet wants what puts a work into the set that OpenAIRE harvests. Where the access is not known, that alone is told.
var inSet = check{"neither open nor of a funded project", func(r *flat.Record) (bool, string) {
	if r.Access == flat.Open || r.Access == (flat.Access{}) {
		return true, ""
	}
	for i := range r.Grants {
		if r.Grants[i].EURepo != "" {
			return true, ""
		}
	}
	return false, r.Access.Label
}}

var openAIRE3 = Service{
	Name: "openaire3", Title: "OpenAIRE v3", URL: "https://guidelines.openaire.eu/en/latest/literature/index.html",
	Rules: []Rule{
		hasTitle.rule("openaire3-title", Mandatory, "The article has no title. Give the title as printed.", v3+"Title (M)"),
		hasAuthor.rule("openaire3-author", Mandatory, "No author is named. Name the authors, or the body that speaks in the article.", v3+"Creator (M)"),
		hasDate.rule("openaire3-date", Mandatory, "There is no usable date of publication. Give the year at least.", v3+"Publication date (M)"),
		soundDOI.rule("openaire3-identifier", Mandatory, "What is given as the DOI is none, so the record's link leads nowhere. Correct it, or take it out.", v3+"Resource identifier (M)"),
		hasAccess.rule("openaire3-access", Mandatory, "It is not known who may read the full text. Give the access (open, embargoed, restricted, closed), or a licence that tells it.", v3+"Access level (M)"),
		inSet.rule("openaire3-set", Mandatory, "OpenAIRE v3 takes works that are open access, or that came out of a project with an identifier. This one is neither; if it was funded, give funder and project number.", v3+"Use of OAI-PMH, set content"),
		hasEmbargoEnd.rule("openaire3-embargo", MandatoryIfApplicable, "The work is under an embargo, but the day when it ends is not known. Give that day.", v3+"Embargo end date (MA)"),
		hasProject.unsure("openaire3-project", "An award of the European Commission has something else than the project's number (six digits, nine since 2021). Give the bare number, unless the project is older than FP7: those have none.", v3+"Project identifier (MA)"),
		hasPublisher.rule("openaire3-publisher", MandatoryIfApplicable, "The publisher of the journal is not named. Name it.", v3+"Publisher (MA)"),
		hasAbstract.unsure("openaire3-abstract", "There is no abstract. If the article has one, add it.", v3+"Description (MA)"),
		hasKeywords.unsure("openaire3-keywords", "There are no keywords. If the article has some, add them.", v3+"Subject (MA)"),
		hasType.rule("openaire3-type", Recommended, "The kind of work is not known, so it is shown as \"other\". Give the article type.", v3+"Publication type (M; \"other\" is one of its terms)"),
		hasLang.rule("openaire3-language", Recommended, "The language of the article is not known. Give it.", v3+"Language (R)"),
		hasLicense.rule("openaire3-license", Recommended, "No licence with an address is given. Give the address of the licence, such as https://creativecommons.org/licenses/by/4.0/.", v3+"License condition (R)"),
		hasVersion.rule("openaire3-version", Recommended, "It is not said which version of the text this is. Say whether it is the published version, the accepted manuscript or another.", v3+"Publication version (R)"),
		hasCitation.rule("openaire3-source", Recommended, "What one would cite the article by is not complete. Add journal, volume or issue, and page or article number.", v3+"Source (R)"),
		hasDay.rule("openaire3-day", Optional, "The day of publication is not known. Give the full date.", v3+"Publication date, form YYYY-MM-DD"),
	},
}

var openAIRE4 = Service{
	Name: "openaire4", Title: "OpenAIRE v4", URL: "https://openaire-guidelines-for-literature-repository-managers.readthedocs.io/",
	Rules: []Rule{
		hasTitle.rule("openaire4-title", Mandatory, "The article has no title. Give the title as printed.", v4+"1 Title (M)"),
		hasAuthor.rule("openaire4-author", Mandatory, "No author is named. Name the authors, or the body that speaks in the article.", v4+"2 Creator (M)"),
		hasDate.rule("openaire4-date", Mandatory, "There is no usable date of publication. Give the year at least.", v4+"10 Publication Date (M)"),
		soundDOI.rule("openaire4-identifier", Mandatory, "What is given as the DOI is none, so the record's identifier leads nowhere. Correct it, or take it out.", v4+"Resource Identifier (M)"),
		hasAccess.rule("openaire4-access", Mandatory, "It is not known who may read the full text. Give the access (open, embargoed, restricted, closed), or a licence that tells it.", v4+"Access Rights (M)"),
		hasEmbargoEnd.rule("openaire4-embargo", MandatoryIfApplicable, "The work is under an embargo, but the day when it ends is not known. Give that day.", v4+"7 Embargo Period Date"),
		hasFunder.rule("openaire4-funder", MandatoryIfApplicable, "An award is given without its funder, and cannot be shown. Name the funder.", v4+"4 Funding Reference (MA), funderName (M)"),
		hasLang.rule("openaire4-language", MandatoryIfApplicable, "The language of the article is not known. Give it.", v4+"Language (MA)"),
		hasPublisher.rule("openaire4-publisher", MandatoryIfApplicable, "The publisher of the journal is not named. Name it.", v4+"Publisher (MA)"),
		hasAbstract.unsure("openaire4-abstract", "There is no abstract. If the article has one, add it.", v4+"Description (MA)"),
		hasKeywords.unsure("openaire4-keywords", "There are no keywords. If the article has some, add them.", v4+"Subject (MA)"),
		hasOpenFile.unsure("openaire4-file", "The article is open access, but no address of its PDF or XML file is given. Add it.", v4+"File Location (MA)"),
		hasType.rule("openaire4-type", Recommended, "The kind of work is not known, so it is shown as \"other\". Give the article type.", v4+"Resource Type (M; \"other\" is one of its terms)"),
		hasLicense.rule("openaire4-license", Recommended, "No licence with an address is given. Give the address of the licence, such as https://creativecommons.org/licenses/by/4.0/.", v4+"18 License Condition (R)"),
		hasVersion.rule("openaire4-version", Recommended, "It is not said which version of the text this is. Say whether it is the published version, the accepted manuscript or another.", v4+"Resource Version (R)"),
		hasCitation.rule("openaire4-citation", Recommended, "What one would cite the article by is not complete. Add journal, volume or issue, and page or article number.", v4+"Citation Title to Citation End Page (R)"),
		hasParts.rule("openaire4-names", Recommended, "An author's name is one string. Tell family name and given names apart.", v4+"2 Creator, givenName and familyName (R)"),
		hasORCID.rule("openaire4-orcid", Recommended, "No author has an ORCID iD. Ask the authors for theirs.", v4+"2 Creator, nameIdentifier (R)"),
		hasAffiliations.rule("openaire4-affiliation", Recommended, "An author has no affiliation. Add it.", v4+"2 Creator, affiliation (R)"),
		hasFunderID.rule("openaire4-funder-id", Recommended, "A funder has no identifier. Give that of ROR or of the Open Funder Registry.", v4+"4 Funding Reference, funderIdentifier (R)"),
		hasDay.rule("openaire4-day", Optional, "The day of publication is not known. Give the full date.", v4+"10 Publication Date, form YYYY-MM-DD"),
	},
}
