package ready

import "sheaf/crosswalk/flat"

const (
	journal3      = "eLIBRARY.RU, schema journal3, "
	eLibraryRules = "general knowledge: eLIBRARY.RU, requirements for issues that are sent as XML, "
)

// bothSides makes a check that an article in Russian has something in English too, for the foreign indexes: has tells it of a record. Of articles in other
// languages nothing is asked.
func bothSides(brief string, has func(r *flat.Record) bool) check {
	return check{brief, func(r *flat.Record) (bool, string) { return !inLang(r.Lang, "rus") || has(r), "" }}
}

var eLibrary = Service{
	Name: "elibrary", Title: "eLIBRARY.RU", URL: "https://www.elibrary.ru/",
	Rules: []Rule{
		hasTitle.rule("elibrary-title", Mandatory, "The article has no title. Give the title as printed.", eLibraryRules+"artTitles"),
		hasAuthor.rule("elibrary-author", Mandatory, "No author is named. Name the authors.", eLibraryRules+"authors"),
		hasParts.rule("elibrary-names", Recommended, "An author's name is one string, which goes in whole as the surname, so that eLIBRARY does not know the author again. Tell family name and given names apart.", journal3+"individInfo/surname"),
		hasISSN.rule("elibrary-issn", Mandatory, "There is no valid ISSN, by which eLIBRARY finds the journal. Give it.", eLibraryRules+"issn"),
		hasPlace.rule("elibrary-pages", Mandatory, "There are no pages and no article number. Give them.", eLibraryRules+"pages"),
		hasVolume.rule("elibrary-issue", Mandatory, "There is neither volume nor issue, and eLIBRARY takes whole issues. Give them.", eLibraryRules+"issue"),
		hasDate.rule("elibrary-year", Mandatory, "There is no usable date of publication. Give the year at least.", eLibraryRules+"dateUni"),
		hasLang.rule("elibrary-language", Recommended, "The language of the article is not known. Give it.", journal3+"langPubl"),
		hasType.rule("elibrary-type", Recommended, "The kind of work is not known. Give the article type.", journal3+"artType"),
		hasJournal.rule("elibrary-journal", Recommended, "The journal has no title. Give it.", journal3+"journalInfo/title"),
		bothSides("no English title of a Russian article", func(r *flat.Record) bool {
			ok, _ := englishTitle.ok(r)
			return ok
		}).rule("elibrary-title-eng", Recommended, "The article is in Russian and has no English title. Add it: it is the title that foreign indexes show.", eLibraryRules+"artTitle lang=ENG"),
		bothSides("no English abstract of a Russian article", func(r *flat.Record) bool {
			ok, _ := englishAbstract.ok(r)
			return ok
		}).rule("elibrary-abstract-eng", Recommended, "The article is in Russian and none of its abstracts is in English. Add one.", eLibraryRules+"abstract lang=ENG"),
		bothSides("no English keywords of a Russian article", func(r *flat.Record) bool {
			for i := range r.Keywords {
				if r.Keywords[i].Text != "" && inLang(r.Keywords[i].Lang, "eng") {
					return true
				}
			}
			return len(r.Keywords) == 0
		}).rule("elibrary-keywords-eng", Recommended, "The article is in Russian and has no English keywords. Add them.", eLibraryRules+"kwdGroup lang=ENG"),
		hasAbstract.rule("elibrary-abstract", Recommended, "There is no abstract. Add it.", eLibraryRules+"abstracts"),
		hasKeywords.rule("elibrary-keywords", Recommended, "There are no keywords. Add them.", eLibraryRules+"keywords"),
		hasRefs.rule("elibrary-references", Recommended, "There are no references, so the article cites nothing in the Russian citation index. Add them.", eLibraryRules+"references"),
		hasAffiliations.rule("elibrary-affiliation", Recommended, "An author has no affiliation, so the article does not count for an organisation. Add it.", eLibraryRules+"orgName"),
		hasPDF.rule("elibrary-file", Optional, "There is no PDF. Add it if the full text is to be read at eLIBRARY.", journal3+"files/file"),
		has("no subject code", func(r *flat.Record) bool {
			for i := range r.Keywords {
				if r.Keywords[i].Code != "" {
					return true
				}
			}
			return false
		}).rule("elibrary-code", Optional, "There is no UDC or other subject code. Add it if it is printed.", journal3+"codes/udk"),
	},
}
