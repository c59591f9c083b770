package oaipmh_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/ingest/oaipmh"
	"sheaf/jats"
	"sheaf/oai"
	"sheaf/store"
)

const site = "https://sheaf.example.org"

// served is an answer of a Sheaf with one record of an article in one format.
func served(t testing.TB, prefix string, a *jats.Article, at time.Time) (answer, rendered []byte) {
	f, ok := crosswalk.Find(prefix)
	require.True(t, ok)
	rendered, err := crosswalk.Render(f, crosswalk.Record(a, "x", at))
	require.NoError(t, err)
	e := oai.NewEncoder("sheaf.example.org", site)
	answer = e.AppendOpen(nil, at.Unix(), prefix)
	answer = e.AppendRecord(answer, &store.Row{Local: []byte("x"), Datestamp: at.Unix() - 60, Metadata: rendered})
	return e.AppendClose(answer), rendered
}

// A Sheaf that harvests another serves the same bytes, but for the address of the site.
func TestHarvestOfSheaf(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	articles := map[string]*jats.Article{}
	add := func(name string, data []byte) {
		var a *jats.Article
		var err error
		if strings.HasSuffix(name, ".xml") {
			a, _, err = jats.Read(data)
		} else if strings.HasSuffix(name, ".json") {
			a, err = jats.DecodeJSON(data)
		}
		if err == nil && a != nil {
			a.Clean()
			articles[name] = a
		}
	}
	require.NoError(t, fs.WalkDir(fixtures.FS, ".", func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if !d.IsDir() {
			data, err := fs.ReadFile(fixtures.FS, path)
			require.NoError(t, err)
			add(path, data)
		}
		return nil
	}))
	own := len(articles)
	require.Greater(t, own, 8)
	shared := filepath.Join(fixturetest.Root(), "..", "shared", "data", "jats", "*", "*.xml")
	paths, _ := filepath.Glob(shared) // as many as there are on this machine
	for i, p := range paths {
		if i%4 > 0 {
			continue
		}
		data, err := os.ReadFile(p)
		require.NoError(t, err)
		add(p, data)
	}
	// reads is an article as a Sheaf has it that has harvested an answer of another.
	reads := func(name string, answer []byte) (out *jats.Article) {
		require.NoError(t, oaipmh.Cut(bytes.NewReader(answer), func(rec cut.Record) error {
			require.NoError(t, rec.Err)
			require.Nil(t, out, "one record")
			var err error
			out, _, err = oaipmh.Read(rec.Data)
			require.NoError(t, err, name)
			assert.Equal(t, &jats.Origin{
				BaseURL: site + "/oai", Identifier: "oai:sheaf.example.org:x", Datestamp: "2026-03-01T11:59:00Z", MetadataNamespace: "https://jats.nlm.nih.gov/ns/archiving/1.3/",
				HarvestDate: "2026-03-01T12:00:00Z", Altered: true,
			}, out.Origin)
			out.Origin = nil
			return nil
		}))
		require.NotNil(t, out, name)
		return out
	}
	metadata := func(rendered []byte) []byte {
		b, _, _ := bytes.Cut(bytes.ReplaceAll(rendered, []byte(crosswalk.BaseURL), []byte(site)), []byte(crosswalk.AboutMark))
		return b
	}
	for name, a := range articles {
		answer, rendered := served(t, "jats", a, at)
		_, second := served(t, "jats", reads(name, answer), at)
		if !bytes.Equal(metadata(rendered), metadata(second)) {
			t.Errorf("%s: %s", filepath.Base(name), firstDifference(metadata(rendered), metadata(second)))
		}
	}
	t.Logf("%d articles, %d of our own", len(articles), own)
}

// firstDifference shows where two texts part.
func firstDifference(a, b []byte) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	show := func(s []byte) string { return string(s[max(0, i-60):min(len(s), i+90)]) }
	return "want " + show(a) + "\n got " + show(b)
}
