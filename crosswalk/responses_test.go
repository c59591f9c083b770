package crosswalk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
)

// All records of a format that the fixtures have are valid in one answer, where no id may come twice.
func TestResponses(t *testing.T) {
	records := map[string]map[string][]byte{}
	for name, a := range articles(t) {
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
	for prefix, r := range records {
		for _, answer := range response(r) {
			answers[prefix] = answer
		}
		t.Logf("%s: %d", prefix, len(r))
	}
	for _, f := range crosswalk.All() {
		if f.Prefix != "jats_fulltext" { // no fixture has its text
			assert.NotEmpty(t, records[f.Prefix], f.Prefix)
		}
	}
	assert.Empty(t, fixturetest.Responses(t, answers))
}

// The check of answers is one: what is not of the format's schema, or has none, is not valid, each in its own answer.
func TestResponsesRefuses(t *testing.T) {
	a := articles(t)["thin-films"]
	answers, spoilt := map[string][]byte{}, map[string]bool{}
	for _, f := range crosswalk.All() {
		record, _ := render(t, f, a)
		if record == nil {
			continue
		}
		i := strings.LastIndex(string(record), "</")
		for what, s := range map[string]string{
			"foreign": string(record[:i]) + `<x xmlns="http://example.org/none"/>` + string(record[i:]),
			"good":    string(record),
		} {
			for _, answer := range response(map[string][]byte{"x": []byte("<metadata>" + s + "</metadata>")}) {
				answers[f.Prefix+" "+what] = answer
			}
		}
		spoilt[f.Prefix+" foreign"] = true
	}
	for _, answer := range response(map[string][]byte{"x": []byte(`<metadata><x xmlns="http://example.org/none"/></metadata>`)}) {
		answers["unknown root"] = answer
		spoilt["unknown root"] = true
	}
	bad := fixturetest.Responses(t, answers)
	for name := range bad {
		assert.True(t, spoilt[name], "%s: %s", name, bad[name])
	}
	for name := range spoilt {
		if name == "unknown root" || strings.HasPrefix(name, "oai_dc ") || strings.HasPrefix(name, "jats ") || strings.HasPrefix(name, "oai_doaj ") { // the others only with the indexers' schemas
			require.Contains(t, bad, name)
		}
	}
	t.Logf("%d of %d spoilt answers refused", len(bad), len(spoilt))
}
