package jats4r

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/beevik/etree"
)

var (
	citations = []string{"mixed-citation", "element-citation"}

	digitsOnly  = regexp.MustCompile(`^[0-9]*$`)
	plainYear   = regexp.MustCompile(`^(?:1[4-9]|20)[0-9]{2}$`)
	anyYear     = regexp.MustCompile(`^1[0-9]{3}$|20[0-9]{2}$`)
	fourDigits  = regexp.MustCompile(`^[0-9]{4}$`)
	isoCalendar = regexp.MustCompile(`^[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?$`)
)

var dataCitationRules = []Rule{{
	ID: "jats4r-data-citations-type", Topic: "data-citations", Severity: Error,
	Demand: "A citation with data-title has publication-type=\"data\".",
	Advice: "Write it so, or use another title element.",
	Fails:  citationExample("mixed-citation", `publication-type="journal"`, `<data-title>Counts</data-title>`),
	Passes: citationExample("mixed-citation", `publication-type="data"`, `<data-title>Counts</data-title>`),
	on:     citations,
	check: func(_ *visit, e *etree.Element) string {
		if has(e, "data-title") && !is(e, "publication-type", "data") {
			return fmt.Sprintf(`<%s> has <data-title> and publication-type %q, want "data"`, e.Tag, attr(e, "publication-type"))
		}
		return ""
	},
}, {
	ID: "jats4r-data-citations-title", Topic: "data-citations", Severity: Error,
	Demand: "A data citation has data-title or source.",
	Advice: "Mark the name of the data set as data-title, and the repository as source.",
	Fails:  citationExample("mixed-citation", `publication-type="data"`, `Counts`),
	Passes: citationExample("mixed-citation", `publication-type="data"`, `<data-title>Counts</data-title>`),
	on:     citations,
	check: func(_ *visit, e *etree.Element) string {
		if is(e, "publication-type", "data") && !has(e, "source", "data-title") {
			return "a data citation has neither <data-title> nor <source>"
		}
		return ""
	},
}, {
	ID: "jats4r-data-citations-article-title", Topic: "data-citations", Severity: Error,
	Demand: "The title of a data set is a data-title, not an article-title.",
	Advice: "Write data-title in place of article-title.",
	Fails:  citationExample("mixed-citation", `publication-type="data"`, `<article-title>Counts</article-title><source>Archive</source>`),
	Passes: citationExample("mixed-citation", `publication-type="data"`, `<data-title>Counts</data-title><source>Archive</source>`),
	on:     citations,
	check: func(_ *visit, e *etree.Element) string {
		if is(e, "publication-type", "data") && has(e, "article-title") && !has(e, "data-title") {
			return "a data citation has <article-title> and no <data-title>"
		}
		return ""
	},
}, {
	ID: "jats4r-data-citations-citation-type", Topic: "data-citations", Severity: Error,
	Demand: "The kind of what is cited stands in publication-type, not in citation-type.",
	Advice: "Write publication-type, and publication-format or publisher-type where that is meant.",
	Fails:  citationExample("mixed-citation", `publication-type="journal" citation-type="journal"`, `A`),
	Passes: citationExample("mixed-citation", `publication-type="journal"`, `A`),
	on:     citations,
	check: func(_ *visit, e *etree.Element) string {
		if stated(e, "citation-type") {
			return fmt.Sprintf("<%s> has citation-type %q", e.Tag, attr(e, "citation-type"))
		}
		return ""
	},
}, {
	ID: "jats4r-data-citations-year", Topic: "data-citations", Severity: Error,
	Demand: "A year in a citation is digits alone, or has the year of four digits in iso-8601-date.",
	Advice: "Add iso-8601-date, as in <year iso-8601-date=\"2019\">2019a</year>.",
	Fails:  citationExample("mixed-citation", `publication-type="journal"`, `<string-date><year>2019a</year></string-date>`),
	Passes: citationExample("mixed-citation", `publication-type="journal"`, `<string-date><year iso-8601-date="2019">2019a</year></string-date>`),
	on:     []string{"year"},
	check: func(_ *visit, e *etree.Element) string {
		if up(e, citations...) != nil && !under(e, "date") && !digitsOnly.MatchString(text(e)) && !plainYear.MatchString(attr(e, "iso-8601-date")) {
			return fmt.Sprintf("<year> %q is more than digits, and iso-8601-date is %q", text(e), attr(e, "iso-8601-date"))
		}
		return ""
	},
}, {
	ID: "jats4r-data-citations-version", Topic: "data-citations", Severity: Error,
	Demand: "version has its number for machines in designator.",
	Advice: "Add designator, as in <version designator=\"1.16.9\">16th version, ninth release</version>.",
	Fails:  `<p><version>First</version></p>`,
	Passes: `<p><version designator="1">First</version></p>`,
	on:     []string{"version"},
	check: func(_ *visit, e *etree.Element) string {
		if strings.TrimSpace(attr(e, "designator")) == "" {
			return fmt.Sprintf("<version> %q has no designator", folded(e))
		}
		return ""
	},
}, {
	ID: "jats4r-data-citations-nlm-citation", Topic: "data-citations", Severity: Error,
	Demand: "A reference holds no nlm-citation, which is deprecated.",
	Advice: "Write element-citation.",
	Fails:  `<ref id="r1"><nlm-citation/></ref>`,
	Passes: `<ref id="r1"><element-citation publication-type="journal"><person-group person-group-type="author"/></element-citation></ref>`,
	on:     []string{"ref"},
	check: func(_ *visit, e *etree.Element) string {
		if has(e, "nlm-citation") {
			return "<ref> has <nlm-citation>"
		}
		return ""
	},
}, {
	ID: "jats4r-data-citations-citation", Topic: "data-citations", Severity: Error,
	Demand: "A reference holds no citation, which is of NLM 2.3.",
	Advice: "Write mixed-citation.",
	Fails:  `<ref id="r1"><citation/></ref>`,
	Passes: `<ref id="r1"><mixed-citation publication-type="journal"><person-group person-group-type="author"/></mixed-citation></ref>`,
	on:     []string{"ref"},
	check: func(_ *visit, e *etree.Element) string {
		if has(e, "citation") {
			return "<ref> has <citation>"
		}
		return ""
	},
}, {
	ID: "jats4r-data-citations-ref-id", Topic: "data-citations", Severity: Error,
	Demand: "Each reference has an id.",
	Advice: "Add id.",
	Fails:  `<ref-list><ref/></ref-list>`,
	Passes: `<ref-list><ref id="r1"/></ref-list>`,
	on:     []string{"ref"},
	check: func(_ *visit, e *etree.Element) string {
		if !stated(e, "id") {
			return lacks(e, "id")
		}
		return ""
	},
}}

// citationExample is a citation with an author, which breaches no rule.
func citationExample(tag, attrs, inside string) string {
	return `<` + tag + ` ` + attrs + `><person-group person-group-type="author"/>` + inside + `</` + tag + `>`
}

var citationRules = []Rule{{
	ID: "jats4r-general-citations-type", Topic: "general-citations", Severity: Error,
	Demand: "A citation has a publication-type.",
	Advice: "Add publication-type, such as \"journal\" or \"book\".",
	Fails:  citationExample("mixed-citation", ``, `A`),
	Passes: citationExample("mixed-citation", `publication-type="journal"`, `A`),
	on:     citations,
	check: func(_ *visit, e *etree.Element) string {
		if !stated(e, "publication-type") {
			return lacks(e, "publication-type")
		}
		return ""
	},
}, {
	ID: "jats4r-general-citations-locator", Topic: "general-citations", Severity: Error,
	Demand: "A citation has pages or an elocation-id, not both.",
	Advice: "Keep the one that is printed.",
	Fails:  citationExample("mixed-citation", `publication-type="journal"`, `<elocation-id>e1</elocation-id><fpage>1</fpage>`),
	Passes: citationExample("mixed-citation", `publication-type="journal"`, `<elocation-id>e1</elocation-id>`),
	on:     citations,
	check: func(_ *visit, e *etree.Element) string {
		if has(e, "elocation-id") && has(e, "fpage", "lpage", "page-range") {
			return "<" + e.Tag + "> has <elocation-id> and pages"
		}
		return ""
	},
}, {
	ID: "jats4r-general-citations-page-order", Topic: "general-citations", Severity: Error,
	Demand: "The last page of a citation is not before the first.",
	Advice: "Write the last page in full: 1235–1241, not 1235–41; or add page-range.",
	Fails:  citationExample("mixed-citation", `publication-type="journal"`, `<fpage>1235</fpage><lpage>41</lpage>`),
	Passes: citationExample("mixed-citation", `publication-type="journal"`, `<fpage>1235</fpage><lpage>1241</lpage>`),
	on:     citations,
	check: func(_ *visit, e *etree.Element) string {
		first, last := kid(e, "fpage"), kid(e, "lpage")
		if last == nil || first == nil || has(e, "page-range") {
			return ""
		}
		from, ok1 := number(text(first))
		to, ok2 := number(text(last))
		if ok1 && ok2 && from > to {
			return fmt.Sprintf("<lpage> %q is before <fpage> %q", folded(last), folded(first))
		}
		return ""
	},
}, {
	ID: "jats4r-general-citations-year", Topic: "general-citations", Severity: Error,
	Demand: "A year of a citation has four digits, there or in iso-8601-date.",
	Advice: "Add iso-8601-date with the year.",
	Fails:  citationExample("mixed-citation", `publication-type="journal"`, `<year>19</year>`),
	Passes: citationExample("mixed-citation", `publication-type="journal"`, `<year iso-8601-date="2019">19</year>`),
	on:     []string{"year"},
	check: func(_ *visit, e *etree.Element) string {
		if under(e, citations...) && !anyYear.MatchString(text(e)) && !anyYear.MatchString(attr(e, "iso-8601-date")) {
			return fmt.Sprintf("<year> %q is no year of four digits, and iso-8601-date is %q", text(e), attr(e, "iso-8601-date"))
		}
		return ""
	},
}, {
	ID: "jats4r-general-citations-pub-id-type", Topic: "general-citations", Severity: Error,
	Demand: "An identifier of what is cited says what kind it is.",
	Advice: "Add pub-id-type, such as \"doi\" or \"pmid\".",
	Fails:  citationExample("mixed-citation", `publication-type="journal"`, `<pub-id>10.5555/a</pub-id>`),
	Passes: citationExample("mixed-citation", `publication-type="journal"`, `<pub-id pub-id-type="doi">10.5555/a</pub-id>`),
	on:     []string{"pub-id"},
	check: func(_ *visit, e *etree.Element) string {
		if under(e, citations...) && !stated(e, "pub-id-type") {
			return lacks(e, "pub-id-type")
		}
		return ""
	},
}, {
	ID: "jats4r-general-citations-other", Topic: "general-citations", Severity: Warning,
	Demand: "publication-type is not \"other\".",
	Advice: "Say what it is: \"journal\", \"book\", \"web\", \"report\", ...",
	Fails:  citationExample("mixed-citation", `publication-type="other"`, `A`),
	Passes: citationExample("mixed-citation", `publication-type="web"`, `A`),
	on:     citations,
	check: func(_ *visit, e *etree.Element) string {
		if is(e, "publication-type", "other") {
			return "<" + e.Tag + `> has publication-type "other"`
		}
		return ""
	},
}, {
	ID: "jats4r-general-citations-person-group", Topic: "general-citations", Severity: Warning,
	Demand: "The contributors of what is cited stand in a person-group that says what they did.",
	Advice: "Put them into person-group with person-group-type, such as \"author\".",
	Fails:  `<mixed-citation publication-type="journal">A</mixed-citation>`,
	Passes: citationExample("mixed-citation", `publication-type="journal"`, `A`),
	on:     citations,
	check: func(_ *visit, e *etree.Element) string {
		for _, g := range kids(e, "person-group") {
			if stated(g, "person-group-type") {
				return ""
			}
		}
		return "<" + e.Tag + "> has no <person-group> with person-group-type"
	},
}, {
	ID: "jats4r-general-citations-name", Topic: "general-citations", Severity: Warning,
	Demand: "A name in a citation stands in a person-group that says what the person did.",
	Advice: "Put it into person-group with person-group-type.",
	Fails:  citationExample("mixed-citation", `publication-type="journal"`, `<string-name>A. Writer</string-name>`),
	Passes: citationExample("mixed-citation", `publication-type="journal"`, `<person-group person-group-type="editor"><string-name>A. Writer</string-name></person-group>`),
	on:     []string{"name", "string-name"},
	check: func(_ *visit, e *etree.Element) string {
		in := "element-citation"
		if e.Tag == "string-name" {
			in = "mixed-citation"
		}
		if up(e, in) == nil || under(e, "person-group") && stated(e.Parent(), "person-group-type") {
			return ""
		}
		return fmt.Sprintf("<%s> %.60q stands in <%s>, not in a <person-group> with person-group-type", e.Tag, folded(e), e.Parent().Tag)
	},
}}

// preprint makes a rule of preprint citations: lacking tells what a citation lacks.
func preprint(id, demand, advice, fails string, lacking func(*etree.Element) string) Rule {
	return Rule{
		ID: "jats4r-preprint-citations-" + id, Topic: "preprint-citations", Severity: Error, Demand: demand, Advice: advice,
		Fails: `<mixed-citation publication-type="preprint">` + fails + `</mixed-citation>`, Passes: preprintExample,
		on: citations,
		check: func(_ *visit, e *etree.Element) string {
			if isPreprint(e) {
				return lacking(e)
			}
			return ""
		},
	}
}

func isPreprint(e *etree.Element) bool {
	return e != nil && (e.Tag == "mixed-citation" || e.Tag == "element-citation") && is(e, "publication-type", "preprint")
}

// The parts of a citation of a preprint.
const (
	exPeople = `<person-group person-group-type="author"/>`
	exTitle  = `<article-title>Growth</article-title>`
	exYear   = `<year>2021</year>`
	exSource = `<source>Example Archive</source>`
	exID     = `<pub-id pub-id-type="doi">10.5555/p</pub-id>`
	exSeen   = `<date-in-citation content-type="access-date">2 May 2022</date-in-citation>`

	preprintExample = `<mixed-citation publication-type="preprint">` + exPeople + exTitle + exYear + exSource + exID + exSeen + `</mixed-citation>`
)

// publishedOn tells whether e has a date of publication.
func publishedOn(e *etree.Element) bool {
	for _, d := range kids(e, "date") {
		if is(d, "date-type", "published") {
			return true
		}
	}
	return false
}

func needs(tags ...string) func(*etree.Element) string {
	return func(e *etree.Element) string {
		if !has(e, tags...) {
			return "the citation of a preprint has no <" + strings.Join(tags, "> or <") + ">"
		}
		return ""
	}
}

var preprintRules = []Rule{
	func() Rule {
		r := preprint("person-group", "The citation of a preprint has a person-group.", "Put the authors into person-group.",
			exTitle+exYear+exSource+exID+exSeen, needs("person-group"))
		r.Also = []string{"jats4r-general-citations-person-group"}
		return r
	}(),
	preprint("article-title", "The citation of a preprint has an article-title.", "Mark its title as article-title.",
		exPeople+exYear+exSource+exID+exSeen, needs("article-title")),
	preprint("date", "The citation of a preprint has a year, or a date with date-type=\"published\".", "Add year or date.",
		exPeople+exTitle+exSource+exID+exSeen, func(e *etree.Element) string {
			if !has(e, "year") && !publishedOn(e) {
				return `the citation of a preprint has neither <year> nor <date date-type="published">`
			}
			return ""
		}),
	preprint("one-date", "The citation of a preprint has a year or a date, not both.", "Keep the date, which says more.",
		exPeople+exTitle+exYear+`<date date-type="published"><year>2021</year></date>`+exSource+exID+exSeen, func(e *etree.Element) string {
			if has(e, "year") && publishedOn(e) {
				return `the citation of a preprint has both <year> and <date date-type="published">`
			}
			return ""
		}),
	preprint("source", "The citation of a preprint has a source.", "Mark the server that it is on as source.",
		exPeople+exTitle+exYear+exID+exSeen, needs("source")),
	preprint("link", "The citation of a preprint has an ext-link or a pub-id.", "Add its DOI as pub-id.",
		exPeople+exTitle+exYear+exSource+exSeen, needs("ext-link", "pub-id")),
	{
		ID: "jats4r-preprint-citations-person-group-type", Topic: "preprint-citations", Severity: Error,
		Demand: "The person-group of a preprint says what they did.",
		Advice: "Add person-group-type, such as \"author\".",
		Fails:  `<mixed-citation publication-type="preprint">` + exPeople + `<person-group/>` + exTitle + exYear + exSource + exID + exSeen + `</mixed-citation>`,
		Passes: preprintExample,
		on:     []string{"person-group"},
		check: func(_ *visit, e *etree.Element) string {
			if isPreprint(e.Parent()) && !stated(e, "person-group-type") {
				return lacks(e, "person-group-type")
			}
			return ""
		},
	}, {
		ID: "jats4r-preprint-citations-year", Topic: "preprint-citations", Severity: Error,
		Demand: "The year of a preprint is digits alone, or has the year of four digits in iso-8601-date.",
		Advice: "Add iso-8601-date.",
		Fails:  `<mixed-citation publication-type="preprint">` + exPeople + exTitle + `<year>c. 2021</year>` + exSource + exID + exSeen + `</mixed-citation>`,
		Passes: preprintExample,
		Also:   []string{"jats4r-data-citations-year"},
		on:     []string{"year"},
		check: func(_ *visit, e *etree.Element) string {
			if isPreprint(e.Parent()) && !digitsOnly.MatchString(text(e)) && !fourDigits.MatchString(attr(e, "iso-8601-date")) {
				return fmt.Sprintf("<year> %q is more than digits, and iso-8601-date is %q", text(e), attr(e, "iso-8601-date"))
			}
			return ""
		},
	}, {
		ID: "jats4r-preprint-citations-date-year", Topic: "preprint-citations", Severity: Error,
		Demand: "The date of a preprint has a year of digits, or a date of ISO 8601 in iso-8601-date.",
		Advice: "Add iso-8601-date, such as \"2021-05-02\".",
		Fails:  `<mixed-citation publication-type="preprint">` + exPeople + exTitle + `<date date-type="published"><year>2021a</year></date>` + exSource + exID + exSeen + `</mixed-citation>`,
		Passes: preprintExample,
		on:     []string{"date"},
		check: func(_ *visit, e *etree.Element) string {
			if isPreprint(e.Parent()) && !digitsOnly.MatchString(text(kid(e, "year"))) && !isoCalendar.MatchString(attr(e, "iso-8601-date")) {
				return fmt.Sprintf("<year> %q is more than digits, and iso-8601-date is %q", text(kid(e, "year")), attr(e, "iso-8601-date"))
			}
			return ""
		},
	}, {
		ID: "jats4r-preprint-citations-access-date", Topic: "preprint-citations", Severity: Warning,
		Demand: "The citation of a preprint says when it was looked at.",
		Advice: "Add date-in-citation with content-type=\"access-date\".",
		Fails:  `<mixed-citation publication-type="preprint">` + exPeople + exTitle + exYear + exSource + exID + `</mixed-citation>`,
		Passes: preprintExample,
		on:     citations,
		check: func(_ *visit, e *etree.Element) string {
			if !isPreprint(e) {
				return ""
			}
			for _, d := range kids(e, "date-in-citation") {
				if is(d, "content-type", "access-date") {
					return ""
				}
			}
			return `the citation of a preprint has no <date-in-citation content-type="access-date">`
		},
	},
}
