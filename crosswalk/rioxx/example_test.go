package rioxx_test

import (
	"bytes"
	"fmt"
	"time"

	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/rioxx"
	"sheaf/jats"
)

func ExampleAppend() {
	a := &jats.Article{ArticleType: "editorial", Lang: "en", Title: jats.Title{Text: "On Sheaves"}}
	r := flat.Of(a, "on-sheaves", "https://sheaf.example.org/records/on-sheaves", time.Now())
	_, err := rioxx.Append(nil, r)
	fmt.Println(err)

	a.Contribs = []jats.Contrib{{Names: []jats.Name{{Surname: "Roe", GivenNames: "A. B."}}}}
	b, _ := rioxx.Append(nil, flat.Of(a, r.Local, r.Page, time.Now()))
	fmt.Printf("%s\n", bytes.ReplaceAll(b[bytes.IndexByte(b, '>')+1:], []byte("><"), []byte(">\n<")))
	// Output:
	// rioxx: the article has no author with a name, which is mandatory
	// <dc:title xml:lang="en">On Sheaves</dc:title>
	// <dc:identifier>https://sheaf.example.org/records/on-sheaves</dc:identifier>
	// <dc:language>eng</dc:language>
	// <dc:type>https://purl.org/coar/resource_type/c_b239</dc:type>
	// <rioxxterms:creator first-named-author="true">
	// <rioxxterms:name>Roe, A. B.</rioxxterms:name>
	// </rioxxterms:creator>
	// </rioxx>
}
