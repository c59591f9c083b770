package ingest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
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

// Each file of the collection is imported, or refused for one of the reasons that are good for its kind; all that is stored is valid in each of the formats that takes
// it, as OAI-PMH answers, and as an article of its own. Of thousands of inputs, and of the rare formats, a sample is checked; SHEAF_ALL=1: all. The log ends with how many records there are.
func TestSharedData(t *testing.T) {
	data := fixturetest.Shared(t, "data")
	var mu sync.Mutex
	served := map[string]map[string]int{} // records by kind and format; items under ""
	answers := map[string][]byte{}
	good := map[string][]string{
		"bibtex":        {"no-title"},
		"crossref-json": {"no-title", "not-an-article", "not-recognised"}, // commonmeta-*.json are in a format of their own
		"crossref-xml":  {"no-title"},
		"doaj":          {"no-title-column", "not-recognised"}, // lists of journals; bare text called .xml; another root element
		"jats":          {"no-title"},
		"jes":           {"no-title", "not-recognised"}, // one page without a title; what the pages are expected to become
		"oai-pmh":       {"no-records", "oai-error", "metadata-format", "no-title"},
		"ojs-native":    {"no-title", "not-published"},
		"pubmed":        nil,
		"ris":           {"no-title"},
	}
	importKind := func(t *testing.T, kind string, reasons []string) {
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
		most := 150 // inputs, of thousands: under the race detector each takes long
		if os.Getenv("SHEAF_ALL") != "" {
			most = math.MaxInt
		}
		walk := func(ctx context.Context, yield func(ingest.Input) error) error {
			n := 0
			return (&ingest.Walker{}).Walk(ctx, []string{filepath.Join(data, kind)}, func(in ingest.Input) error {
				if n++; n > most {
					return nil
				}
				return yield(in)
			})
		}
		report, err := im.Import(t.Context(), walk)
		require.NoError(t, err)
		require.Positive(t, report.Created)
		t.Logf("%s | refused %v | warned %v", report, refused, warned)
		require.NoError(t, db.Check(t.Context(), func(p store.Problem) { t.Errorf("%s: %s", p.Local, p.Message) }))

		again, err := im.Import(t.Context(), walk)
		require.NoError(t, err)
		assert.Zero(t, again.Created+again.Updated, "importing it again changes nothing: %s", again)
		counts, pages := valid(t, db)
		mu.Lock()
		defer mu.Unlock()
		served[kind] = counts
		for name, page := range pages {
			answers[kind+" "+name] = page
		}
	}
	t.Run("import", func(t *testing.T) { // ends when all kinds do
		for kind, reasons := range good {
			t.Run(kind, func(t *testing.T) {
				t.Parallel()
				importKind(t, kind, reasons)
			})
		}
	})
	t.Log("\n" + table(served))
	assert.Empty(t, fixturetest.Responses(t, answers)) // at once, because it takes long to read the schemas
}

// table is how many records there are, a line for each kind.
func table(served map[string]map[string]int) string {
	var b strings.Builder
	row := func(kind string, cell func(prefix string) any) {
		fmt.Fprintf(&b, "| %s | %v |", kind, cell(""))
		for _, f := range crosswalk.All() {
			fmt.Fprintf(&b, " %v |", cell(f.Prefix))
		}
		b.WriteByte('\n')
	}
	row("kind", func(prefix string) any { return cmp.Or(prefix, "items") })
	row("---", func(string) any { return "---" })
	sums := map[string]int{}
	for _, kind := range slices.Sorted(maps.Keys(served)) {
		row(kind, func(prefix string) any { return served[kind][prefix] })
		for prefix, n := range served[kind] {
			sums[prefix] += n
		}
	}
	row("all", func(prefix string) any { return sums[prefix] })
	return b.String()
}

var (
	headerIdentifier = regexp.MustCompile(`<header[^>]*><identifier>([^<]*)</identifier>`)
	resumption       = regexp.MustCompile(`<resumptionToken[^>]*>([^<]+)</resumptionToken>`)
)

// valid checks the articles that db serves, and returns how many records there are of each format, under "" of items, and answers with them to be checked.
func valid(t *testing.T, db store.Store) (counts map[string]int, answers map[string][]byte) {
	const pageSize = 100
	repository := &oai.Repository{Items: db, Formats: crosswalk.All(), BaseURL: servedSite + "/oai", SiteURL: servedSite, RepositoryID: "sheaf.example.org", Name: "x",
		AdminEmails: []string{"a@sheaf.example.org"}, PageSize: pageSize, TokenLife: time.Hour}
	answers, counts = map[string][]byte{}, map[string]int{}
	var identifiers []string
	for _, format := range crosswalk.All() {
		var pages [][]byte
		query := "verb=ListRecords&metadataPrefix=" + format.Prefix
		for query != "" {
			w := httptest.NewRecorder()
			repository.ServeHTTP(w, httptest.NewRequest("GET", "/oai?"+query, nil))
			data, err := io.ReadAll(w.Body)
			require.NoError(t, err)
			pages = append(pages, data)
			counts[format.Prefix] += bytes.Count(data, []byte("<metadata>"))
			if format.Prefix == "jats" {
				for _, m := range headerIdentifier.FindAllSubmatch(data, -1) {
					identifiers = append(identifiers, html.UnescapeString(string(m[1])))
				}
			}
			query = ""
			if m := resumption.FindSubmatch(data); m != nil {
				query = "verb=ListRecords&resumptionToken=" + string(m[1])
			}
		}
		step := 1
		if format.Rare && os.Getenv("SHEAF_ALL") == "" {
			step = 1 + len(pages)/3
		}
		for i := 0; i < len(pages); i += step {
			answers[fmt.Sprint(format.Prefix, " page ", i)] = pages[i]
		}
	}
	counts[""] = counts["oai_dc"]
	assert.Equal(t, counts["oai_dc"], counts["jats"], "every item has both")
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
	t.Logf("%v records; of the articles, %d valid by Publishing, %d by Archiving", counts, len(publishing), len(archiving))
	assert.False(t, slices.Contains(identifiers, ""))
	return counts, answers
}
