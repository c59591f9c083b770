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
	// jats_fulltext https://jats.nlm.nih.gov/ns/archiving/1.3/
	// oai_openaire http://namespace.openaire.eu/schema/oaire/
	// oai_datacite http://schema.datacite.org/oai/oai-1.1/
	// datacite http://datacite.org/schema/kernel-4
	// qdc http://dspace.org/qualifieddc/
	// marc21 http://www.loc.gov/MARC21/slim
	// mods http://www.loc.gov/mods/v3
	// rioxx http://www.rioxx.net/schema/v3.0/rioxx/
	// crossref http://www.crossref.org/schema/5.4.0
	// oai_doaj http://doaj.org/features/oai_doaj/1.0/
}
