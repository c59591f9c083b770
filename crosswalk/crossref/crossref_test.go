package crossref_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crossref"
	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

const (
	site  = "https://sheaf.example.org"
	xsd54 = "indexers/crossref/5.4.0/crossref5.4.0.xsd"
	xsd53 = "indexers/crossref/5.4.0/crossref5.3.1.xsd"
)

var (
	now  = time.Date(2026, 11, 23, 12, 30, 45, 678e6, time.UTC)
	head = crossref.Head{BatchID: "sheaf-1", Timestamp: crossref.Timestamp(now), Depositor: "Example Press", Email: "deposits@example.org", Site: site}
)

func record(a *jats.Article) *flat.Record { return flat.Of(a, "x", element.Site+"/records/x", now) }

// check validates bodies, by name: each as a document by 5.4.0, and all in batches by both schemas.
func check(t testing.TB, bodies map[string][]byte) {
	t.Helper()
	const batch = 100 // of one kind in a document
	kinds := map[string][]string{}
	single := map[string][]byte{}
	for name, b := range bodies {
		k := crossref.Kind(b)
		require.NotEmpty(t, k, name)
		kinds[k] = append(kinds[k], name)
	}
	old, cur := map[string][]byte{}, map[string][]byte{}
	for k, names := range kinds {
		slices.Sort(names)
		single[k+"/"+names[0]] = bytes.ReplaceAll(bodies[names[0]], []byte(element.Site), []byte(site))
		for i := 0; len(names) > 0; i++ {
			n := min(batch, len(names))
			var in [][]byte
			for _, name := range names[:n] {
				in = append(in, bodies[name])
			}
			names = names[n:]
			for _, version := range []string{"5.4.0", "5.3.1"} {
				h := head
				h.Version = version
				doc, err := crossref.AppendBatch(nil, h, in)
				require.NoError(t, err)
				doc = bytes.ReplaceAll(doc, []byte("><"), []byte(">\n<"))
				if version == "5.4.0" {
					cur[fmt.Sprint(k, i)] = doc
				} else {
					old[fmt.Sprint(k, i)] = doc
				}
			}
		}
	}
	for name, doc := range single {
		cur[name] = doc
	}
	for xsd, docs := range map[string]map[string][]byte{xsd54: cur, xsd53: old} {
		for _, doc := range docs { // one that is not valid shows that the check sees
			docs["bad"] = bytes.Replace(doc, []byte("<doi_data>"), []byte("<doi_date>x</doi_date><doi_data>"), 1)
			break
		}
		bad := fixturetest.XSD(t, xsd, docs)
		assert.Contains(t, bad["bad"], "doi_date")
		delete(bad, "bad")
		assert.Empty(t, bad, xsd)
	}
}

// Everything that the tests make and all that is stored is valid by both schemas, or refused for a reason. It is one test because the schemas take long to load.
func TestValid(t *testing.T) {
	kinds := map[string]int{}
	bodies, refused := crosswalktest.Render(t, crossref.Append, func(_ testing.TB, _ string, _ *flat.Record, doc []byte) { kinds[crossref.Kind(doc)]++ })
	assert.Equal(t, map[string]string{"editorial": "no-doi", "islands": "no-doi", "no-journal-data": "no-doi", "seed": "no-doi"}, refused)
	t.Log(kinds)
	maps.Copy(bodies, works54(t))
	check(t, bodies)
}
