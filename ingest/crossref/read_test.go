package crossref

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/jats"
)

type result struct {
	Article   *jats.Article  `json:"article,omitempty"`
	Warnings  []jats.Warning `json:"warnings,omitempty"`
	Withdrawn bool           `json:"withdrawn,omitempty"`
	Refused   string         `json:"refused,omitempty"`
}

// results reads all works of a file.
func results(t testing.TB, path string) (out []result) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	take, read := cut.JSON, ReadJSON
	if filepath.Ext(path) == ".xml" {
		take, read = CutXML, ReadXML
	}
	require.NoError(t, take(bytes.NewReader(data), func(r cut.Record) error {
		require.NoError(t, r.Err)
		a, ws, err := read(r.Data)
		switch {
		case errors.Is(err, jats.ErrWithdrawn):
			out = append(out, result{Article: a, Withdrawn: true})
		case err != nil:
			out = append(out, result{Refused: err.Error()})
		default:
			ws = append(ws, a.Clean()...)
			require.Empty(t, a.Problems(), "%s", r.Data)
			serve(t, path, a)
			out = append(out, result{Article: a, Warnings: ws})
		}
		return nil
	}))
	return out
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"works.json", "citeproc.json", "deposit.xml", "unixsd.xml", "query.xml"} {
		got, err := json.MarshalIndent(results(t, filepath.Join("testdata", "in", name)), "", "  ")
		require.NoError(t, err)
		fixturetest.Golden(t, "../../ingest/crossref/testdata/"+strings.TrimSuffix(strings.TrimSuffix(name, ".json"), ".xml")+".json", append(got, '\n'))
	}
}

// What both forms say of a work they say in the same words.
func TestTwins(t *testing.T) {
	byDOI := map[string]*jats.Article{}
	for _, r := range results(t, "testdata/in/deposit.xml") {
		if r.Article != nil {
			byDOI[r.Article.IDs[0].Value] = r.Article
		}
	}
	n := 0
	for _, r := range results(t, "testdata/in/works.json") {
		if r.Article == nil || byDOI[r.Article.IDs[0].Value] == nil {
			continue
		}
		n++
		j, x := r.Article, byDOI[r.Article.IDs[0].Value]
		name := j.IDs[0].Value
		assert.Equal(t, j.ArticleType, x.ArticleType, name)
		assert.Equal(t, ids(j.IDs), ids(x.IDs[:min(len(x.IDs), len(j.IDs))]), name)
		assert.Equal(t, j.Title.Text, x.Title.Text, name)
		assert.Equal(t, j.Title.Subtitles, x.Title.Subtitles, name)
		assert.Equal(t, j.Journal.Title.Text, x.Journal.Title.Text, name)
		assert.Equal(t, j.Journal.TransTitles, x.Journal.TransTitles, name)
		assert.Equal(t, j.Journal.ISSNs, x.Journal.ISSNs, name)
		assert.Equal(t, j.VolumeSeries, x.VolumeSeries, name)
		if name == "10.5555/fix.7" {
			continue // the rest of this one is particular to each
		}
		assert.Equal(t, j.PubDates, x.PubDates, name)
		assert.Equal(t, j.Permissions.Access, x.Permissions.Access, name)
		assert.Equal(t, j.Permissions.Licenses, x.Permissions.Licenses, name)
		assert.Equal(t, related(j.Related), related(x.Related), name)
		assert.Equal(t, j.FPage+"-"+j.LPage, x.FPage+"-"+x.LPage, name)
		assert.Equal(t, j.Funding, x.Funding, name)
		assert.Equal(t, j.Refs, x.Refs, name)
		assert.Equal(t, j.Conferences, x.Conferences, name)
		if name == "10.5555/Primer.2025.3.7" {
			assert.Equal(t, j.Affs, x.Affs)
			assert.Equal(t, j.Notes, x.Notes)
			assert.Equal(t, j.Abstracts[0].Secs, x.Abstracts[0].Secs)
			assert.Equal(t, j.Links, x.Links)
			require.Len(t, x.Contribs, len(j.Contribs))
			for i, c := range j.Contribs {
				if len(c.Names) > 0 {
					x.Contribs[i].Names = x.Contribs[i].Names[:1]
					x.Contribs[i].Names[0].Lang, x.Contribs[i].Names[0].Style = "", ""
				}
			}
			assert.Equal(t, j.Contribs, x.Contribs)
		}
	}
	assert.Equal(t, 10, n)
}

// related are the relations that both forms can tell of: XML alone has words with them, JSON alone the notices of the future.
func related(list []jats.Related) (out []jats.Related) {
	for _, r := range list {
		if r.Text = ""; r.Type != "correction-forward" {
			out = append(out, r)
		}
	}
	return out
}

// ids are values alone: JSON does not tell the kinds.
func ids(list []jats.ID) (out []string) {
	for _, id := range list {
		out = append(out, id.Value)
	}
	return out
}
