package crosswalk_test

import (
	"fmt"

	"sheaf/crosswalk"
)

func ExampleAll() {
	for _, f := range crosswalk.All() {
		fmt.Println(f.Prefix, f.Namespace)
	}
	// Output:
	// oai_dc http://www.openarchives.org/OAI/2.0/oai_dc/
	// jats https://jats.nlm.nih.gov/ns/archiving/1.3/
}
