package ingest_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
	"sheaf/oai"
	"sheaf/store"
)

// Each file of the collection is imported, or refused for one of the reasons that are good for its kind; all that is stored is valid in both formats, as OAI-PMH answers
// and as documents of their own.
func TestSharedData(t *testing.T) {
	data := fixturetest.Shared(t, "data")
	good := map[string][]string{
		"bibtex":        {"no-title"},
		"crossref-json": {"no-title", "not-an-article", "not-recognised"}, // commonmeta-*.json are in a format of their own
		"crossref-xml":  {"no-title"},
		"doaj":          {"no-title-column", "not-recognised"}, // lists of journals; bare text called .xml; another root element
		"jes":           {"no-title", "not-recognised"},        // one page without a title; what the pages are expected to become
		"oai-pmh":       {"no-records", "oai-error", "metadata-format", "no-title"},
		"ojs-native":    {"no-title", "not-published"},
		"pubmed":        nil,
		"ris":           {"no-title"},
	}
	for kind, reasons := range good {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			refused, warned := map[string]int{}, map[string]int{}
			im := &ingest.Importer{Store: db, Each: func(o ingest.Outcome) {
				for _, w := range o.Warnings {
					warned[w.Code]++
				}
				if o.Err != nil {
					r := o.Rejection()
					refused[r.Code]++
					assert.NotEmpty(t, r.Reason)
					assert.Contains(t, reasons, r.Code, r.String())
				}
			}}
			w := &ingest.Walker{}
			report, err := im.Import(t.Context(), func(ctx context.Context, yield func(ingest.Input) error) error {
				return w.Walk(ctx, []string{filepath.Join(data, kind)}, yield)
			})
			require.NoError(t, err)
			require.Positive(t, report.Created)
			t.Logf("%s | refused %v | warned %v", report, refused, warned)
			require.NoError(t, db.Check(t.Context(), func(p store.Problem) { t.Errorf("%s: %s", p.Local, p.Message) }))

			again, err := im.Import(t.Context(), func(ctx context.Context, yield func(ingest.Input) error) error {
				return w.Walk(ctx, []string{filepath.Join(data, kind)}, yield)
			})
			require.NoError(t, err)
			assert.Zero(t, again.Created+again.Updated, "importing it again changes nothing: %s", again)
			valid(t, db)
		})
	}
}

// valid checks all that db serves.
func valid(t *testing.T, db store.Store) {
	repository := &oai.Repository{Items: db, Formats: crosswalk.All(), BaseURL: servedSite + "/oai", SiteURL: servedSite, RepositoryID: "sheaf.example.org", Name: "x",
		AdminEmails: []string{"a@sheaf.example.org"}, PageSize: 500, TokenLife: time.Hour}
	answers := map[string][]byte{}
	var identifiers []string
	for _, prefix := range []string{"oai_dc", "jats"} {
		query := "verb=ListRecords&metadataPrefix=" + prefix
		for page := 0; query != ""; page++ {
			w := httptest.NewRecorder()
			repository.ServeHTTP(w, httptest.NewRequest("GET", "/oai?"+query, nil))
			data, err := io.ReadAll(w.Body)
			require.NoError(t, err)
			answers[fmt.Sprint(prefix, page)] = data
			var answer struct {
				Identifiers []string `xml:"ListRecords>record>header>identifier"`
				Token       string   `xml:"ListRecords>resumptionToken"`
			}
			require.NoError(t, xml.Unmarshal(data, &answer))
			if prefix == "jats" {
				identifiers = append(identifiers, answer.Identifiers...)
			}
			if query = ""; answer.Token != "" {
				query = "verb=ListRecords&resumptionToken=" + url.QueryEscape(answer.Token)
			}
		}
	}
	assert.Empty(t, fixturetest.Responses(t, answers))
	publishing, archiving := map[string][]byte{}, map[string][]byte{}
	f, _ := crosswalk.Find("jats")
	step := 1 + len(identifiers)/60 // of thousands a sample: the answers hold all, and each is written by the same code
	for i, identifier := range identifiers {
		if i%step > 0 {
			continue
		}
		local := strings.TrimPrefix(identifier, "oai:sheaf.example.org:")
		item, err := db.Get(t.Context(), local)
		require.NoError(t, err)
		if item.Deleted {
			continue
		}
		a := new(jats.Article)
		require.NoError(t, json.Unmarshal(item.Article, a))
		doc, err := crosswalk.Document(f, a, local, servedSite, time.Now())
		require.NoError(t, err)
		if a.Publishing() {
			publishing[local] = doc
		} else {
			archiving[local] = doc
		}
	}
	if len(publishing) > 0 {
		assert.Empty(t, fixturetest.DTD(t, fixturetest.Publishing, publishing))
	}
	if len(archiving) > 0 {
		assert.Empty(t, fixturetest.DTD(t, fixturetest.Archiving, archiving))
	}
	t.Logf("%d records in each format valid, %d by Publishing, %d by Archiving", len(identifiers), len(publishing), len(archiving))
	assert.False(t, slices.Contains(identifiers, ""))
}
