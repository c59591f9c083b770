package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
)

// Arrows point down only: what each package may import of this module, tests aside.
func TestLayers(t *testing.T) {
	may := map[string][]string{
		"sheaf/jats":                     nil,
		"sheaf/jats/dtd":                 nil,
		"sheaf/jats/dtd/generate":        nil,
		"sheaf/jats/jats4r":              {"sheaf/jats"},
		"sheaf/jats/jatstest":            {"sheaf/jats"},
		"sheaf/fixtures":                 nil,
		"sheaf/crosswalk/element":        nil,
		"sheaf/crosswalk/flat":           {"sheaf/jats", "sheaf/crosswalk/element"},
		"sheaf/crosswalk/loc":            {"sheaf/crosswalk/flat", "sheaf/crosswalk/element"},
		"sheaf/crosswalk/qdc":            {"sheaf/crosswalk/loc", "sheaf/crosswalk/flat", "sheaf/crosswalk/element", "sheaf/jats"},
		"sheaf/crosswalk/mods":           {"sheaf/crosswalk/loc", "sheaf/crosswalk/flat", "sheaf/crosswalk/element", "sheaf/jats"},
		"sheaf/crosswalk/marc":           {"sheaf/crosswalk/loc", "sheaf/crosswalk/flat", "sheaf/crosswalk/element", "sheaf/jats"},
		"sheaf/crosswalk/crossref":       {"sheaf/crosswalk/flat", "sheaf/crosswalk/element", "sheaf/jats"},
		"sheaf/crosswalk/datacite":       {"sheaf/crosswalk/flat", "sheaf/crosswalk/element", "sheaf/jats"},
		"sheaf/crosswalk/doaj":           {"sheaf/crosswalk/flat", "sheaf/crosswalk/element"},
		"sheaf/crosswalk/elibrary":       {"sheaf/crosswalk/flat", "sheaf/crosswalk/element", "sheaf/jats"},
		"sheaf/crosswalk/pubmed":         {"sheaf/crosswalk/flat", "sheaf/crosswalk/element", "sheaf/jats"},
		"sheaf/crosswalk/fulltext":       {"sheaf/crosswalk/element", "sheaf/crosswalk/flat", "sheaf/jats", "sheaf/jats/dtd"},
		"sheaf/crosswalk/oaidc":          {"sheaf/crosswalk/element", "sheaf/crosswalk/flat"},
		"sheaf/crosswalk/openaire":       {"sheaf/crosswalk/flat", "sheaf/crosswalk/element"},
		"sheaf/crosswalk/rioxx":          {"sheaf/crosswalk/flat", "sheaf/crosswalk/element"},
		"sheaf/crosswalk":                {"sheaf/jats", "sheaf/crosswalk/element", "sheaf/crosswalk/flat", "sheaf/crosswalk/oaidc", "sheaf/crosswalk/crossref", "sheaf/crosswalk/datacite", "sheaf/crosswalk/doaj", "sheaf/crosswalk/fulltext", "sheaf/crosswalk/marc", "sheaf/crosswalk/mods", "sheaf/crosswalk/openaire", "sheaf/crosswalk/qdc", "sheaf/crosswalk/rioxx"},
		"sheaf/store":                    nil,
		"sheaf/store/sqlite":             {"sheaf/store"},
		"sheaf/store/postgres":           {"sheaf/store"},
		"sheaf/store/storetest":          {"sheaf/store"},
		"sheaf/ingest/jes":               {"sheaf/jats", "sheaf/ingest/cut"},
		"sheaf/ingest/cut":               {"sheaf/jats"},
		"sheaf/ingest/crossref":          {"sheaf/jats", "sheaf/ingest/cut"},
		"sheaf/ingest/harvest":           {"sheaf/jats", "sheaf/ingest/cut", "sheaf/ingest/oaipmh"},
		"sheaf/ingest/watch":             nil,
		"sheaf/ingest/oaipmh":            {"sheaf/jats", "sheaf/ingest/cut"},
		"sheaf/ingest/ojs":               {"sheaf/jats", "sheaf/ingest/cut"},
		"sheaf/ingest/table":             {"sheaf/jats", "sheaf/ingest/cut"},
		"sheaf/ingest/pubmed":            {"sheaf/jats", "sheaf/ingest/cut"},
		"sheaf/ingest/doaj":              {"sheaf/jats", "sheaf/ingest/cut"},
		"sheaf/ingest":                   {"sheaf/jats", "sheaf/crosswalk", "sheaf/crosswalk/flat", "sheaf/store", "sheaf/ingest/cut", "sheaf/ingest/jes", "sheaf/ingest/pubmed", "sheaf/ingest/ojs", "sheaf/ingest/oaipmh", "sheaf/ingest/ris", "sheaf/ingest/crossref", "sheaf/ingest/doaj", "sheaf/ingest/bibtex", "sheaf/ingest/csl", "sheaf/ingest/table"},
		"sheaf/oai":                      {"sheaf/crosswalk", "sheaf/store"},
		"sheaf/oai/oaitest":              {"sheaf/crosswalk", "sheaf/oai", "sheaf/store", "sheaf/store/storetest"},
		"sheaf/ready":                    {"sheaf/jats", "sheaf/jats/jats4r", "sheaf/crosswalk/flat", "sheaf/crosswalk/element"},
		"sheaf/api":                      {"sheaf/jats", "sheaf/crosswalk", "sheaf/store", "sheaf/ingest", "sheaf/ready", "sheaf/crosswalk/flat"},
		"sheaf/web":                      {"sheaf/jats", "sheaf/crosswalk", "sheaf/crosswalk/doaj", "sheaf/crosswalk/flat", "sheaf/crosswalk/qdc", "sheaf/store"},
		"sheaf/feed":                     {"sheaf/jats", "sheaf/crosswalk", "sheaf/crosswalk/flat", "sheaf/store"},
		"sheaf/feed/search":              {"sheaf/crosswalk/element", "sheaf/crosswalk/flat", "sheaf/feed", "sheaf/store"},
		"sheaf/feed/deposit":             {"sheaf/feed"},
		"sheaf/feed/crossref":            {"sheaf/crosswalk/crossref", "sheaf/crosswalk/flat", "sheaf/feed", "sheaf/feed/deposit", "sheaf/store"},
		"sheaf/feed/deposit/deposittest": {"sheaf/feed", "sheaf/store", "sheaf/store/sqlite"},
		"sheaf/feed/doaj":                {"sheaf/crosswalk/doaj", "sheaf/crosswalk/flat", "sheaf/feed", "sheaf/feed/deposit", "sheaf/store"},
		"sheaf/feed/metafora":            {"sheaf/crosswalk/elibrary", "sheaf/crosswalk/flat", "sheaf/feed", "sheaf/feed/deposit", "sheaf/store"},
		"sheaf/feed/pubmed":              {"sheaf/crosswalk/flat", "sheaf/crosswalk/pubmed", "sheaf/feed", "sheaf/feed/deposit", "sheaf/store"},
		"sheaf/feed/web":                 {"sheaf/crosswalk", "sheaf/oai", "sheaf/store"},
		"sheaf/cmd/sheaf":                {"sheaf/feed", "sheaf/feed/crossref", "sheaf/feed/deposit", "sheaf/feed/doaj", "sheaf/feed/metafora", "sheaf/feed/pubmed", "sheaf/feed/search", "sheaf/jats", "sheaf/jats/jats4r", "sheaf/crosswalk", "sheaf/store", "sheaf/store/sqlite", "sheaf/store/postgres", "sheaf/ingest", "sheaf/ingest/cut", "sheaf/ingest/harvest", "sheaf/ingest/table", "sheaf/ingest/watch", "sheaf/oai", "sheaf/web", "sheaf/api", "sheaf/feed/web", "sheaf/fixtures", "sheaf/ready", "sheaf/crosswalk/flat"},
		"sheaf/cmd/sheaf/bench":          {"sheaf/crosswalk", "sheaf/store/postgres/pgtest"},
		"sheaf/cmd/sheaf/release":        nil,
		"sheaf/fixtures/fixturetest":     nil,

		"sheaf/crosswalk/crosswalktest": {"sheaf/crosswalk/flat", "sheaf/crosswalk/element", "sheaf/jats", "sheaf/ingest", "sheaf/fixtures", "sheaf/fixtures/fixturetest"},
		"sheaf/store/postgres/pgtest":   {"sheaf/fixtures/fixturetest"},
		"sheaf/ingest/ris/refman":       {"sheaf/jats"},
		"sheaf/ingest/ris/refmantest":   {"sheaf/jats", "sheaf/crosswalk", "sheaf/fixtures/fixturetest"},
		"sheaf/ingest/ris":              {"sheaf/jats", "sheaf/ingest/cut", "sheaf/ingest/ris/refman"},
		"sheaf/ingest/bibtex":           {"sheaf/jats", "sheaf/ingest/cut", "sheaf/ingest/ris/refman"},
		"sheaf/ingest/csl":              {"sheaf/jats", "sheaf/ingest/cut", "sheaf/ingest/ris/refman"},
	}
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Dir = fixturetest.Root()
	out, err := list.Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		allowed, known := may[words[0]]
		assert.True(t, known, "%s: a new package: give it its place in this table", words[0])
		for _, imported := range words[1:] {
			if strings.HasPrefix(imported, "sheaf/") {
				assert.True(t, slices.Contains(allowed, imported), "%s imports %s", words[0], imported)
			}
		}
	}
}
