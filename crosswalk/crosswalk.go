// Package crosswalk is the list of metadata formats. Each is a pure function from an article to bytes, run once when an item is stored.
package crosswalk

import "sheaf/jats"

// BaseURL stands in rendered bytes for the public address of the repository, which is known only when they are served: NUL, which no XML
// may hold. Whoever serves the bytes puts the address in its place.
const BaseURL = "\x00"

// Format is one metadata format (OAI-PMH §2.5).
type Format struct {
	Prefix    string // metadataPrefix
	Namespace string
	Schema    string // URL; may begin with BaseURL

	// Append appends the root element of a's record to dst, with its own namespace declarations and schemaLocation, and no XML declaration.
	// local is the item's local identifier. An error means that this article cannot be made a valid record.
	Append func(dst []byte, a *jats.Article, local string) ([]byte, error)
}
