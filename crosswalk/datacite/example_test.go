package datacite_test

import (
	"fmt"
	"strings"
	"time"

	"sheaf/crosswalk/datacite"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

func ExampleAppendResource() {
	a := &jats.Article{
		ArticleType: "data-paper",
		IDs:         []jats.ID{{Type: "doi", Value: "10.5555/1"}},
		Title:       jats.Title{Lang: "en", Text: "On <italic>n</italic>"},
		Contribs:    []jats.Contrib{{Names: []jats.Name{{Surname: "Doe", GivenNames: "Jane"}}}},
		Journal:     jats.Journal{Publishers: []jats.Text{{Text: "Example Press"}}},
		PubDates:    []jats.Date{{Type: "pub", Date: "2024-03"}},
	}
	doc, err := datacite.AppendResource(nil, flat.Of(a, "10.5555/1", "https://sheaf.example.org/records/10.5555/1", time.Now()))
	_, shown, _ := strings.Cut(string(doc), ">")
	fmt.Println(strings.ReplaceAll(shown, "><", ">\n<"), err)
	// Output:
	// <identifier identifierType="DOI">10.5555/1</identifier>
	// <creators>
	// <creator>
	// <creatorName nameType="Personal">Doe, Jane</creatorName>
	// <givenName>Jane</givenName>
	// <familyName>Doe</familyName>
	// </creator>
	// </creators>
	// <titles>
	// <title xml:lang="en">On n</title>
	// </titles>
	// <publisher>Example Press</publisher>
	// <publicationYear>2024</publicationYear>
	// <resourceType resourceTypeGeneral="DataPaper">data paper</resourceType>
	// <dates>
	// <date dateType="Issued">2024-03</date>
	// </dates>
	// <alternateIdentifiers>
	// <alternateIdentifier alternateIdentifierType="URL">https://sheaf.example.org/records/10.5555/1</alternateIdentifier>
	// </alternateIdentifiers>
	// </resource> <nil>
}
