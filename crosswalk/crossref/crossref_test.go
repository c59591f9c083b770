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
	assert.Empty(t, fixturetest.XSD(t, xsd54, cur), "5.4.0")
	assert.Empty(t, fixturetest.XSD(t, xsd53, old), "5.3.1")
}

func TestFixtures(t *testing.T) {
	bodies, refused := map[string][]byte{}, map[string]string{}
	for name, a := range read(t) {
		b, err := crossref.Append(nil, record(a))
		var cannot *flat.Cannot
		if errors.As(err, &cannot) {
			assert.Nil(t, b)
			refused[name] = cannot.Code
			continue
		}
		require.NoError(t, err, name)
		bodies[name] = b
	}
	t.Logf("%d written, refused: %v", len(bodies), refused)
	check(t, bodies)
}

// Every stored file is written and valid by both schemas, or refused for a reason.
func TestSharedData(t *testing.T) {
	data := fixturetest.Shared(t, "data")
	kinds, err := os.ReadDir(data)
	require.NoError(t, err)
	most := 60
	if os.Getenv("SHEAF_ALL") != "" {
		most = 1 << 30
	}
	bodies := map[string][]byte{}
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
	check(t, bodies)
}
