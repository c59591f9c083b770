package elibrary_test

import (
	"fmt"
	"strings"
	"time"

	"sheaf/crosswalk/elibrary"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

func ExampleAppendIssue() {
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	a := &jats.Article{
		Lang:        "ru",
		Title:       jats.Title{Text: "Вода H<sub>2</sub>O"},
		TransTitles: []jats.Title{{Lang: "en", Text: "Water H<sub>2</sub>O"}},
		Contribs:    []jats.Contrib{{Names: []jats.Name{{Surname: "Примерова", GivenNames: "А."}, {Lang: "en", Surname: "Primerova", GivenNames: "A."}}}},
		Journal:     jats.Journal{Title: jats.Title{Text: "Вода"}, ISSNs: []jats.ISSN{{Type: "print", Value: "2049-3630"}}},
		PubDates:    []jats.Date{{Type: "pub", Date: "2026-03"}},
		Issue:       "3", FPage: "5", LPage: "9",
	}
	b := *a
	b.FPage, b.LPage = "", ""
	first, second := flat.Of(a, "1", "", at), flat.Of(&b, "2", "", at)
	fmt.Println(elibrary.IssueKey(first))
	file, errs := elibrary.AppendIssue(nil, []*flat.Record{first, second})
	fmt.Println(errs)
	fmt.Println(strings.ReplaceAll(string(file[strings.Index(string(file), "<article>"):]), "><", ">\n<"))
	// Output:
	// 2049-3630/2026//3
	// [<nil> elibrary: neither pages nor an article number]
	// <article>
	// <pages>5-9</pages>
	// <langPubl>RUS</langPubl>
	// <authors>
	// <author num="1">
	// <individInfo lang="RUS">
	// <surname>Примерова</surname>
	// <initials>А.</initials>
	// </individInfo>
	// <individInfo lang="ENG">
	// <surname>Primerova</surname>
	// <initials>A.</initials>
	// </individInfo>
	// </author>
	// </authors>
	// <artTitles>
	// <artTitle lang="RUS">Вода H<sub>2</sub>O</artTitle>
	// <artTitle lang="ENG">Water H<sub>2</sub>O</artTitle>
	// </artTitles>
	// </article>
	// </articles>
	// </issue>
	// </journal>
}
