package crosswalk

import (
	"bytes"
	"slices"
	"time"

	"sheaf/crosswalk/fulltext"
	"sheaf/jats"
)

// Document renders a as a document of its own, outside OAI-PMH: for jats and jats_fulltext without a namespace and with the
// DOCTYPE, for every other format its root element. A *flat.Cannot says that the format does not take it. site is the public address, without a slash at the end; at is now.
func Document(f Format, a *jats.Article, local, site string, at time.Time) ([]byte, error) {
	if f.Prefix == "jats" {
		return withSite(jats.AppendXML(nil, a, jats.WriteOptions{Standalone: true, LandingURL: landing(local)}), site), nil
	}
	if f.Prefix == fulltext.Prefix {
		b, err := fulltext.AppendDocument(nil, Record(a, local, at))
		return withSite(b, site), err
	}
	b, err := f.Append([]byte(`<?xml version="1.0" encoding="UTF-8"?>`+"\n"), Record(a, local, at))
	if err != nil {
		return nil, err
	}
	return append(withSite(b, site), '\n'), nil
}

func withSite(b []byte, site string) []byte {
	return bytes.ReplaceAll(b, []byte(BaseURL), []byte(site))
}

// Find returns the format of a metadataPrefix, which may be one of its aliases.
func Find(prefix string) (Format, bool) {
	for _, f := range All() {
		if f.Prefix == prefix || slices.Contains(f.Aliases, prefix) {
			return f, true
		}
	}
	return Format{}, false
}
