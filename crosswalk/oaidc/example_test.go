package oaidc_test

import (
	"fmt"
	"strings"
	"time"

	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/oaidc"
	"sheaf/jats"
)

func ExampleAppend() {
	a := &jats.Article{
		ArticleType: "letter",
		Lang:        "ru",
		Title:       jats.Title{Text: "Вода H<sub>2</sub>O"},
		TransTitles: []jats.Title{{Lang: "en", Text: "Water H<sub>2</sub>O"}},
		Contribs:    []jats.Contrib{{Names: []jats.Name{{Lang: "en", Surname: "Primerova", GivenNames: "A."}, {Lang: "ru", Surname: "Примерова", GivenNames: "А."}}}},
		PubDates:    []jats.Date{{Type: "pub", Date: "2026-03"}},
		IDs:         []jats.ID{{Type: "doi", Value: "10.5555/water"}},
	}
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	record, _ := oaidc.Append(nil, flat.Of(a, "10.5555/water", "https://sheaf.example.org/records/10.5555/water", at))
	fmt.Println(strings.ReplaceAll(string(record[strings.Index(string(record), "<dc:"):]), "><", ">\n<"))
	// Output:
	// <dc:title xml:lang="ru">Вода H2O</dc:title>
	// <dc:title xml:lang="en">Water H2O</dc:title>
	// <dc:creator>Примерова, А.</dc:creator>
	// <dc:date>2026-03</dc:date>
	// <dc:type>info:eu-repo/semantics/contributionToPeriodical</dc:type>
	// <dc:type>letter</dc:type>
	// <dc:language>rus</dc:language>
	// <dc:relation>info:eu-repo/semantics/altIdentifier/doi/10.5555/water</dc:relation>
	// <dc:identifier>https://sheaf.example.org/records/10.5555/water</dc:identifier>
	// <dc:identifier>https://doi.org/10.5555/water</dc:identifier>
	// </oai_dc:dc>
}
