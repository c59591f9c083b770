package jats

import "embed"

// Schemas holds the profile schema of what AppendXML writes inside OAI-PMH, schema/sheaf-jats-1.3.xsd with the target namespace
// [Namespace], and beside it the schemas that it imports by relative schemaLocation.
//
//go:embed schema/*.xsd
var Schemas embed.FS
