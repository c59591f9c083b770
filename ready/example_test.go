package ready_test

import (
	"fmt"
	"time"

	"sheaf/crosswalk/flat"
	"sheaf/jats"
	"sheaf/ready"
)

func Example() {
	a := &jats.Article{
		Lang:  "en",
		Title: jats.Title{Text: "On things"},
		IDs:   []jats.ID{{Type: "doi", Value: "10.5555/things"}},
	}
	r := flat.Of(a, "10.5555/things", "https://sheaf.example.org/records/10.5555/things", time.Now())
	answer := ready.Find("scholar").Answer(r)
	fmt.Println(answer.Service.Title, answer.Ready)
	for _, f := range answer.Findings {
		if f.Rule.Stops() {
			fmt.Println(f.Rule.Code, f.Rule.Level)
		}
	}
	// Output:
	// Google Scholar false
	// scholar-author mandatory
	// scholar-date mandatory
	// scholar-abstract mandatory
}
