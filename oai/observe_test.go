package oai

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Observe is told of every request once, and of nothing that a client could make up.
func TestObserve(t *testing.T) {
	g := repoA(t, nil) // 11 entries of oai_dc, 10 of jats, 3 a page
	var all []Answered
	g.Observe = func(a Answered) { all = append(all, a) }
	last := func() Answered {
		t.Helper()
		require.NotEmpty(t, all)
		a := all[len(all)-1]
		assert.Positive(t, a.Took)
		a.Took = 0
		return a
	}
	for i, query := range []string{"verb=ListRecords&metadataPrefix=oai_dc", "verb=ListIdentifiers&metadataPrefix=jats"} {
		verb, prefix, _ := strings.Cut(strings.TrimPrefix(query, "verb="), "&metadataPrefix=")
		r := g.get(query)
		assert.Equal(t, Answered{Verb: verb, Prefix: prefix, Status: 200, Entries: 3, First: true, Bytes: int64(r.Body.Len())}, last())
		r = g.resume(verb, r)
		assert.Equal(t, Answered{Verb: verb, Prefix: prefix, Status: 200, Entries: 3, Bytes: int64(r.Body.Len())}, last())
		r = g.resume(verb, g.resume(verb, r))
		assert.Equal(t, Answered{Verb: verb, Prefix: prefix, Status: 200, Entries: 2 - i, Last: true, Bytes: int64(r.Body.Len())}, last())
	}
	for query, want := range map[string]Answered{
		"verb=Identify": {Verb: "Identify", Status: 200},
		"verb=ListSets": {Verb: "ListSets", Status: 200, Entries: 3, First: true},
		"verb=GetRecord&metadataPrefix=jats&identifier=oai:sheaf.example.org:r1":  {Verb: "GetRecord", Prefix: "jats", Status: 200, Entries: 1},
		"verb=GetRecord&metadataPrefix=jats&identifier=oai:sheaf.example.org:no":  {Verb: "GetRecord", Prefix: "jats", Status: 200, Code: IDDoesNotExist},
		"verb=GetRecord&metadataPrefix=ja&identifier=oai:sheaf.example.org:r1":    {Verb: "GetRecord", Status: 200, Code: CannotDisseminateFormat},
		"verb=ListRecords&metadataPrefix=oai_dc&from=2026-03-01&until=2026-03-01": {Verb: "ListRecords", Prefix: "oai_dc", Status: 200, Entries: 3, First: true},
		"verb=ListRecords&metadataPrefix=oai_dc&from=2027-03-01":                  {Verb: "ListRecords", Prefix: "oai_dc", Status: 200, Code: NoRecordsMatch},
		"verb=ListRecords&metadataPrefix=oai_dc&set=j:s1":                         {Verb: "ListRecords", Prefix: "oai_dc", Status: 200, Entries: 2, First: true, Last: true},
		"verb=ListEverything": {Status: 200, Code: BadVerb},
	} {
		r := g.get(query)
		want.Bytes = int64(r.Body.Len())
		assert.Equal(t, want, last(), query)
	}

	n := len(all)
	assert.Equal(t, 405, g.serve(httptest.NewRequest("PUT", "/oai?verb=Identify", nil)).Code)
	assert.Equal(t, Answered{Status: 405}, all[n])
	g.Items = &broken{Items: g.db, tick: errDown}
	assert.Equal(t, 503, g.serve(httptest.NewRequest("GET", "/oai?verb=Identify", nil)).Code)
	assert.Equal(t, Answered{Status: 503}, last())
	assert.Len(t, all, n+2, "once for each")
}
