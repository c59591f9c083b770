package crossref_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crossref"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/fixtures"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
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

// read reads all fixtures, by name without the extension.
func read(t testing.TB) map[string]*jats.Article {
	t.Helper()
	out := map[string]*jats.Article{}
	entries, err := fs.ReadDir(fixtures.FS, "articles")
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name() != "README.md" {
			data, err := fs.ReadFile(fixtures.FS, "articles/"+e.Name())
			require.NoError(t, err)
			_, a, _, err := ingest.Parse(data, "")
			require.NoError(t, err, e.Name())
			out[strings.TrimSuffix(e.Name(), path.Ext(e.Name()))] = a
		}
	}
	return out
}

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
	bodies := works54(t)
	refused := map[string]string{}
	for name, a := range read(t) {
		b, err := crossref.Append(nil, record(a))
		var cannot *flat.Cannot
		if errors.As(err, &cannot) {
			refused[name] = cannot.Code
			continue
		}
		require.NoError(t, err, name)
		bodies["fixture "+name] = b
	}
	assert.Equal(t, map[string]string{"editorial": "no-doi", "islands": "no-doi", "no-journal-data": "no-doi", "seed": "no-doi"}, refused)
	stored(t, bodies)
	check(t, bodies)
}

// stored adds the records of the stored files to bodies: of each kind 60, or with SHEAF_ALL all.
func stored(t *testing.T, bodies map[string][]byte) {
	data := filepath.Join(fixturetest.Root(), "..", "shared", "data")
	kinds, err := os.ReadDir(data)
	if err != nil {
		t.Logf("%s is not on this machine", data)
		return
	}
	most := 60
	if os.Getenv("SHEAF_ALL") != "" {
		most = 1 << 30
	}
	for _, k := range kinds {
		counts, seen := map[string]int{}, 0
		w := &ingest.Walker{}
		enough := errors.New("enough")
		err := w.Walk(t.Context(), []string{filepath.Join(data, k.Name())}, func(in ingest.Input) error {
			if in.Err != nil {
				return nil
			}
			_, a, _, err := ingest.Parse(in.Data, in.Kind)
			if err != nil || a == nil {
				return nil
			}
			if seen == most {
				return enough
			}
			seen++
			b, err := crossref.Append(nil, record(a))
			var cannot *flat.Cannot
			if errors.As(err, &cannot) {
				counts["refused "+cannot.Code]++
				return nil
			}
			require.NoError(t, err)
			counts[crossref.Kind(b)]++
			bodies[fmt.Sprintf("%s %06d %s", k.Name(), seen, in.Name)] = b
			return nil
		})
		if !errors.Is(err, enough) {
			require.NoError(t, err)
		}
		t.Logf("%s: %d articles: %v", k.Name(), seen, counts)
	}
}
