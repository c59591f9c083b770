package crossref_test

import (
	"fmt"
	"strings"
	"time"

	"sheaf/crosswalk/crossref"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

// A deposit of one article.
func ExampleAppendBatch() {
	a := &jats.Article{
		IDs:      []jats.ID{{Type: "doi", Value: "10.5555/1"}},
		Title:    jats.Title{Text: "On <italic>n</italic>"},
		Journal:  jats.Journal{Title: jats.Title{Text: "Journal of Examples"}, ISSNs: []jats.ISSN{{Type: "electronic", Value: "2049-3630"}}},
		PubDates: []jats.Date{{Type: "pub", Format: "electronic", Date: "2024-03"}},
	}
	at := time.Date(2024, 3, 15, 12, 0, 0, 0, time.UTC)
	body, err := crossref.Append(nil, flat.Of(a, "10.5555/1", "https://sheaf.example.org/records/10.5555/1", at))
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := crossref.AppendBatch(nil, crossref.Head{BatchID: "sheaf-1", Timestamp: crossref.Timestamp(at), Depositor: "Example Press",
		Email: "deposits@example.org"}, [][]byte{body})
	_, shown, _ := strings.Cut(string(doc), "<head>")
	fmt.Println(strings.ReplaceAll(shown, "><", ">\n<"), err)
	// Output:
	// <doi_batch_id>sheaf-1</doi_batch_id>
	// <timestamp>20240315120000000</timestamp>
	// <depositor>
	// <depositor_name>Example Press</depositor_name>
	// <email_address>deposits@example.org</email_address>
	// </depositor>
	// <registrant>Example Press</registrant>
	// </head>
	// <body>
	// <journal>
	// <journal_metadata>
	// <full_title>Journal of Examples</full_title>
	// <issn media_type="electronic">2049-3630</issn>
	// </journal_metadata>
	// <journal_article>
	// <titles>
	// <title>On <i>n</i>
	// </title>
	// </titles>
	// <publication_date media_type="online">
	// <month>03</month>
	// <year>2024</year>
	// </publication_date>
	// <doi_data>
	// <doi>10.5555/1</doi>
	// <resource>https://sheaf.example.org/records/10.5555/1</resource>
	// </doi_data>
	// </journal_article>
	// </journal>
	// </body>
	// </doi_batch>
	//  <nil>
}
