package doaj_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"sheaf/crosswalk/doaj"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

func ExampleJSON() {
	a := &jats.Article{
		Lang:     "en",
		Title:    jats.Title{Text: "Water H<sub>2</sub>O"},
		Contribs: []jats.Contrib{{Names: []jats.Name{{Surname: "Primerova", GivenNames: "A."}}}},
		Journal:  jats.Journal{Title: jats.Title{Text: "Journal of Water"}, ISSNs: []jats.ISSN{{Type: "electronic", Value: "2049-3630"}}},
		PubDates: []jats.Date{{Type: "pub", Date: "2026-03"}},
		IDs:      []jats.ID{{Type: "doi", Value: "10.5555/water"}},
	}
	r := flat.Of(a, "10.5555/water", "https://sheaf.example.org/records/10.5555/water", time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	body, _ := doaj.JSON(r)
	var lines bytes.Buffer
	json.Indent(&lines, body, "", " ")
	fmt.Println(lines.String())

	a.Journal.ISSNs = nil
	_, err := doaj.JSON(flat.Of(a, "10.5555/water", "", time.Now()))
	fmt.Println(err)
	// Output:
	// {
	//  "admin": {
	//   "publisher_record_id": "10.5555/water"
	//  },
	//  "bibjson": {
	//   "title": "Water H2O",
	//   "identifier": [
	//    {
	//     "type": "doi",
	//     "id": "10.5555/water"
	//    },
	//    {
	//     "type": "eissn",
	//     "id": "2049-3630"
	//    }
	//   ],
	//   "journal": {
	//    "title": "Journal of Water",
	//    "language": [
	//     "EN"
	//    ]
	//   },
	//   "year": "2026",
	//   "month": "03",
	//   "author": [
	//    {
	//     "name": "A. Primerova"
	//    }
	//   ]
	//  }
	// }
	// doaj: the journal has no ISSN, and DOAJ finds it by that
}
