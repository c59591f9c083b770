package openaire_test

import (
	"bytes"
	"fmt"
	"time"

	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/openaire"
	"sheaf/jats"
)

func ExampleAppend() {
	a := &jats.Article{ArticleType: "editorial", Lang: "en", Title: jats.Title{Text: "On Sheaves"}, PubDates: []jats.Date{{Date: "2026-03"}}}
	r := flat.Of(a, "on-sheaves", "https://sheaf.example.org/records/on-sheaves", time.Now())
	_, err := openaire.Append(nil, r)
	fmt.Println(err)

	a.Permissions.Access = "open"
	b, _ := openaire.Append(nil, flat.Of(a, r.Local, r.Page, time.Now()))
	fmt.Printf("%s\n", bytes.ReplaceAll(b[bytes.IndexByte(b, '>')+1:], []byte("><"), []byte(">\n<")))
	// Output:
	// openaire: it is not known who may read the article, which is mandatory: a licence, or the access
	// <datacite:titles>
	// <datacite:title xml:lang="en">On Sheaves</datacite:title>
	// </datacite:titles>
	// <datacite:identifier identifierType="URL">https://sheaf.example.org/records/on-sheaves</datacite:identifier>
	// <datacite:dates>
	// <datacite:date dateType="Issued">2026-03</datacite:date>
	// </datacite:dates>
	// <dc:language>eng</dc:language>
	// <oaire:resourceType resourceTypeGeneral="literature" uri="http://purl.org/coar/resource_type/c_b239">editorial</oaire:resourceType>
	// <datacite:rights rightsURI="http://purl.org/coar/access_right/c_abf2">open access</datacite:rights>
	// </oaire:resource>
}
