package doaj

import "embed"

// Schemas holds the schema that the format names, schema/oai_doaj.xsd, to be served at [Schema].
//
//go:embed schema/*.xsd
var Schemas embed.FS
