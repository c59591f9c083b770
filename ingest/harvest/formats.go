package harvest

import (
	"strings"

	"sheaf/ingest/oaipmh"
)

const dcPrefix = "oai_dc"

// kinds are the formats that Sheaf reads, the best first: that which says most of an article. A namespace tells one whatever its prefix; of several formats of
// one kind the prefix decides.
var kinds = []struct {
	namespaces []string // each what one begins with, without its scheme
	prefixes   []string // the usual ones, the best first
}{
	{[]string{"jats.nlm.nih.gov", "www.ncbi.nlm.nih.gov/jats", "dtd.nlm.nih.gov"}, []string{"jats", "nlm", "pmc", "oai_jats", "oai_nlm", "pmc_fm"}},
	{[]string{"namespace.openaire.eu/schema/oaire"}, []string{"oai_openaire", "oai_openaire_jats", "openaire"}},
	{[]string{"www.loc.gov/marc21/slim", "www.loc.gov/marc21.slim"}, []string{"marcxml", "marc21", "oai_marcxml", "marc"}},
	{[]string{"www.loc.gov/mods"}, []string{"mods", "oai_mods"}},
	{[]string{"www.openarchives.org/oai/2.0/oai_dc"}, []string{dcPrefix}},
}

// Best returns the metadataPrefix of the format that says most among those that Sheaf reads: jats, nlm or pmc, oai_openaire, marcxml, mods, and else oai_dc,
// which every repository has.
func Best(formats []oaipmh.MetadataFormat) string {
	best, rank := dcPrefix, 1<<16
	for _, f := range formats {
		if n := rankOf(f); n < rank {
			best, rank = f.Prefix, n
		}
	}
	return best
}

// rankOf is lower for a better format; 1<<16 for one that Sheaf does not read.
func rankOf(f oaipmh.MetadataFormat) int {
	kind := -1
	_, ns, _ := strings.Cut(strings.ToLower(strings.TrimSpace(f.Namespace)), "://")
	for i, k := range kinds {
		for _, n := range k.namespaces {
			if kind < 0 && strings.HasPrefix(ns, n) {
				kind = i
			}
		}
	}
	for i, k := range kinds {
		for j, p := range k.prefixes {
			// A namespace of its own is some other format; none, or one that is not spelled as it should be, leaves the prefix to tell.
			if strings.EqualFold(p, f.Prefix) && (kind == i || kind < 0) {
				return i<<8 + j
			}
		}
	}
	if kind >= 0 {
		return kind<<8 + 255
	}
	return 1 << 16
}
