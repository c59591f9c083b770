package qdc

import "embed"

// Schemas holds the schema that the format names, schema/qualifieddc.xsd, to be served at [Schema].
//
//go:embed schema/*.xsd
var Schemas embed.FS
