package oai

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/store"
)

// journal is the endpoint of one journal of a rig.
func (g *rig) journal(key string) *rig {
	g.t.Helper()
	r, err := g.Journal(context.Background(), key, "", nil)
	require.NoError(g.t, err)
	return &rig{Repository: r, t: g.t, db: g.db, now: g.now, valid: g.valid}
}

func TestJournalEndpoint(t *testing.T) {
	g := newRig(t, answersSeen)
	require.NoError(t, g.db.PutSets(t.Context(), []store.Set{{Spec: "journal:a", Name: "Journal of A"}}))
	for i := range 12 {
		key := []string{"a", "b", "a-b"}[i%3]
		sets := []string{"journal:" + key + fmt.Sprintf(":2020-%d", i/6), "lang:" + []string{"ru", "en"}[i%2]}
		if i == 9 {
			sets = append(sets, "own")
		}
		g.put(fmt.Sprintf("r%d", i), sets...)
	}
	g.put("none")
	g.delete("r3")
	g.now = g.now.Add(time.Minute)
	a := g.journal("a") // 0, 3, 6, 9

	t.Run("Identify", func(t *testing.T) {
		r := a.get("verb=Identify")
		assert.Equal(t, "Journal of A", r.text("//repositoryName"))
		assert.Equal(t, baseURL+"/a", r.text("//baseURL"))
		assert.Equal(t, baseURL+"/a", r.text("//request"))
		assert.Equal(t, "oai:sheaf.example.org:r0", r.text("//sampleIdentifier"))
		named, err := g.Journal(t.Context(), "a", "Annals of A", []string{"a@a.example.org"})
		require.NoError(t, err)
		own := &rig{Repository: named, t: t, db: g.db, valid: g.valid}
		assert.Equal(t, "Annals of A", own.get("verb=Identify").text("//repositoryName"))
		assert.Equal(t, "a@a.example.org", own.get("verb=Identify").text("//adminEmail"))
		same, err := g.Journal(t.Context(), "a", "Annals of A", []string{"a@a.example.org"})
		require.NoError(t, err)
		assert.Same(t, named, same, "it is made once")
		assert.Same(t, g.journal("b").Repository, g.journal("b").Repository, "also with the addresses of the whole")
	})
	t.Run("Lists", func(t *testing.T) {
		for query, want := range map[string]string{
			"":                                  "r0 r6 r9 -r3",
			"&set=journal":                      "r0 r6 r9 -r3",
			"&set=journal:a":                    "r0 r6 r9 -r3",
			"&set=journal:a:2020-1":             "r6 r9",
			"&set=lang:ru":                      "r0 r6",
			"&set=lang":                         "r0 r6 r9 -r3",
			"&set=own":                          "r9",
			"&from=" + g.at("r6"):               "r6 r9 -r3",
			"&set=lang:en&until=" + g.at("r11"): "r9",
		} {
			for _, verb := range []string{"ListRecords", "ListIdentifiers"} {
				assert.Equal(t, want, strings.Join(allIDs(a.walk("verb="+verb+"&metadataPrefix=oai_dc"+query)), " "), "%s %s", verb, query)
			}
		}
		for _, set := range []string{"journal:b", "journal:a-b", "journal:b:2020-0", "nothing", "lang:r"} {
			assert.Equal(t, []string{"noRecordsMatch"}, a.get("verb=ListRecords&metadataPrefix=oai_dc&set="+set).codes(), set)
		}
		first := a.get("verb=ListRecords&metadataPrefix=oai_dc")
		assert.Equal(t, "4", first.token().SelectAttrValue("completeListSize", ""))
	})
	t.Run("Sets", func(t *testing.T) {
		var specs []string
		for _, r := range a.walk("verb=ListSets") {
			for _, e := range r.root.FindElements("//setSpec") {
				specs = append(specs, e.Text())
			}
		}
		assert.Equal(t, "journal journal:a journal:a:2020-0 journal:a:2020-1 lang lang:en lang:ru own", strings.Join(specs, " "))
		assert.True(t, slices.IsSorted(specs))
	})
	t.Run("Items", func(t *testing.T) {
		for local, want := range map[string][]string{"r0": nil, "r3": nil, "r1": {"idDoesNotExist"}, "r2": {"idDoesNotExist"}, "none": {"idDoesNotExist"}, "nope": {"idDoesNotExist"}} {
			assert.Equal(t, want, a.get("verb=GetRecord&metadataPrefix=oai_dc&identifier="+id+local).codes(), local)
			assert.Equal(t, want, a.get("verb=ListMetadataFormats&identifier="+id+local).codes(), local)
		}
	})
	t.Run("TokensAreItsOwn", func(t *testing.T) {
		token := func(g *rig) string { return g.get("verb=ListRecords&metadataPrefix=oai_dc").token().Text() }
		assert.Empty(t, a.get("verb=ListRecords&resumptionToken="+token(a)).codes())
		assert.Equal(t, []string{"badResumptionToken"}, g.get("verb=ListRecords&resumptionToken="+token(a)).codes())
		assert.Equal(t, []string{"badResumptionToken"}, a.get("verb=ListRecords&resumptionToken="+token(g)).codes())
		assert.Equal(t, []string{"badResumptionToken"}, g.journal("b").get("verb=ListRecords&resumptionToken="+token(a)).codes())
	})
	t.Run("NoSuchJournal", func(t *testing.T) {
		for _, key := range []string{"", "c", "a:2020-0", "xml", "a b", "A"} {
			_, err := g.Journal(t.Context(), key, "", nil)
			assert.ErrorIs(t, err, store.ErrNotFound, key)
		}
	})
}

// at is the datestamp of a live item.
func (g *rig) at(local string) string {
	item, err := g.db.Get(context.Background(), local)
	require.NoError(g.t, err)
	return store.Time(item.Datestamp).Format(time.RFC3339)
}

// An alias is another name of the same records, whatever the verb; a token goes on under either.
func TestAliases(t *testing.T) {
	g := repoA(t, answersSeen).again(func(r *Repository) {
		r.Formats = slices.Clone(r.Formats)
		r.Formats[1].Aliases = []string{"oai_jats", "nlm"}
	})
	metadata := func(r reply) string { return r.Body.String()[strings.Index(r.Body.String(), "</request>"):] }
	for _, alias := range []string{"oai_jats", "nlm"} {
		for _, query := range []string{"verb=GetRecord&identifier=" + id + "r1", "verb=ListRecords&until=" + stamp(2), "verb=ListIdentifiers&until=" + stamp(2), "verb=GetRecord&identifier=" + id + "r99"} {
			want, got := g.get(query+"&metadataPrefix=jats"), g.get(query+"&metadataPrefix="+alias)
			assert.Equal(t, metadata(want), metadata(got))
			assert.Contains(t, strings.Join(got.attributes(), " "), "metadataPrefix="+alias, "the request as it was made")
		}
		assert.Equal(t, allIDs(g.walk("verb=ListRecords&metadataPrefix=jats")), allIDs(g.walk("verb=ListRecords&metadataPrefix="+alias)))
	}
	assert.Equal(t, []string{"cannotDisseminateFormat"}, g.get("verb=GetRecord&identifier="+id+"r9&metadataPrefix=nlm").codes(), "r9 has no jats")
	for query, want := range map[string]string{"": "oai_dc jats oai_jats nlm", "&identifier=" + id + "r9": "oai_dc", "&identifier=" + id + "r1": "oai_dc jats oai_jats nlm"} {
		var all []string
		for _, e := range g.get("verb=ListMetadataFormats" + query).root.FindElements("//metadataPrefix") {
			all = append(all, e.Text())
		}
		assert.Equal(t, want, strings.Join(all, " "))
	}
}
