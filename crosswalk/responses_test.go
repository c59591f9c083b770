package crosswalk_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

// withText is an article that has what no fixture has: its full text.
func withText(body string) *jats.Article {
	a := &jats.Article{Lang: "en", Title: jats.Title{Text: "T"}, FullText: &jats.FullText{Body: body}}
	a.Permissions.Access = "open"
	a.Clean()
	return a
}

// All records of a format that the fixtures have are valid in one answer, where no id may come twice.
func TestResponses(t *testing.T) {
	all := articles(t)
	all["text"] = withText(`<body><sec id="s1"><title>One</title><p>See <xref ref-type="sec" rid="s1">there</xref>.</p></sec></body>`)
	all["text again"] = withText(`<body><sec id="s1"><title>Two</title><p>See <xref ref-type="sec" rid="s1">there</xref>.</p></sec></body>`)
	all["text again"].Title.Text = "Another"
	records := map[string]map[string][]byte{}
	for name, a := range all {
		for _, f := range crosswalk.All() {
			record, about := render(t, f, a)
			if record == nil {
				continue
			}
			if records[f.Prefix] == nil {
				records[f.Prefix] = map[string][]byte{}
			}
			records[f.Prefix][name] = fmt.Appendf(nil, "<metadata>%s</metadata>%s", record, about)
		}
	}
	answers := map[string][]byte{}
	for _, f := range crosswalk.All() {
		assert.GreaterOrEqual(t, len(records[f.Prefix]), 2, f.Prefix)
		for _, answer := range response(records[f.Prefix]) {
			answers[f.Prefix] = answer
		}
		t.Logf("%s: %d", f.Prefix, len(records[f.Prefix]))
	}
	assert.Empty(t, fixturetest.Responses(t, answers))
}

// The check of answers is one: what the format's schema does not have, or no schema at all, is not valid.
func TestResponsesRefuses(t *testing.T) {
	answers, spoilt := map[string][]byte{}, map[string]bool{}
	add := func(name, record string, good bool) {
		for _, answer := range response(map[string][]byte{"x": []byte("<metadata>" + record + "</metadata>")}) {
			answers[name], spoilt[name] = answer, !good
		}
	}
	for _, f := range crosswalk.All() {
		a := articles(t)["thin-films"]
		if f.Prefix == "jats_fulltext" {
			a = withText(`<body><p id="p1">x</p></body>`)
		}
		b, _ := render(t, f, a)
		require.NotEmpty(t, b, f.Prefix)
		record := string(b)
		i := strings.LastIndex(record, "</")
		add(f.Prefix+" good", record, true)
		add(f.Prefix+" foreign", record[:i]+`<x xmlns="http://example.org/none"/>`+record[i:], false)
		if f.Prefix == "jats_fulltext" {
			add("an id twice", record+"</metadata></record><record><header><identifier>oai:x:y</identifier><datestamp>2026-01-01T00:00:00Z</datestamp></header><metadata>"+record, false)
		}
	}
	add("unknown root", `<x xmlns="http://example.org/none"/>`, false)
	bad := fixturetest.Responses(t, answers)
	for name := range bad {
		assert.True(t, spoilt[name], "%s: %s", name, bad[name])
	}
	everywhere := []string{"oai_dc foreign", "jats foreign", "rioxx foreign", "oai_doaj foreign", "an id twice", "unknown root"} // the others only with the indexers' schemas
	if _, err := os.Stat(filepath.Join(fixturetest.Schemas(t), "indexers")); err == nil {
		everywhere = slices.Collect(maps.Keys(answers))
	}
	for _, name := range everywhere {
		assert.Equal(t, spoilt[name], bad[name] != "", name)
	}
	t.Logf("%d of %d answers refused", len(bad), len(answers))
}
