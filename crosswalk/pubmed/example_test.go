package pubmed_test

import (
	"fmt"
	"strings"
	"time"

	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/pubmed"
	"sheaf/jats"
)

func ExampleAppendSet() {
	a := &jats.Article{
		ArticleType: "letter",
		Lang:        "ru",
		Title:       jats.Title{Text: "Вода"},
		TransTitles: []jats.Title{{Lang: "en", Text: "Water"}},
		Contribs:    []jats.Contrib{{Names: []jats.Name{{Surname: "Примерова", GivenNames: "А."}, {Lang: "en", Surname: "Primerova", GivenNames: "A."}}}},
		Journal: jats.Journal{Title: jats.Title{Text: "Voda"}, ISSNs: []jats.ISSN{{Type: "electronic", Value: "2049-3630"}},
			Publishers: []jats.Text{{Text: "Example Press"}}},
		PubDates: []jats.Date{{Type: "pub", Format: "electronic", Date: "2026-03-09"}},
		Volume:   "3",
		IDs:      []jats.ID{{Type: "doi", Value: "10.5555/water"}},
	}
	r := flat.Of(a, "10.5555/water", "", time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	file, errs := pubmed.AppendSet(nil, []pubmed.Submission{{Record: r, Replaces: true}}, []string{"12345678"})
	fmt.Println(errs)
	fmt.Print(strings.ReplaceAll(string(file[strings.Index(string(file), "<Replaces"):]), "><", ">\n<"))
	// Output:
	// [<nil>]
	// <Replaces IdType="doi">10.5555/water</Replaces>
	// <ArticleTitle>Water</ArticleTitle>
	// <VernacularTitle>Вода</VernacularTitle>
	// <ELocationID EIdType="doi">10.5555/water</ELocationID>
	// <Language>RU</Language>
	// <AuthorList>
	// <Author>
	// <FirstName>A.</FirstName>
	// <LastName>Primerova</LastName>
	// </Author>
	// </AuthorList>
	// <PublicationType>Letter</PublicationType>
	// <ArticleIdList>
	// <ArticleId IdType="doi">10.5555/water</ArticleId>
	// </ArticleIdList>
	// </Article>
	// <DeleteCitation>
	// <PMID>12345678</PMID>
	// </DeleteCitation>
	// </ArticleSet>
}
