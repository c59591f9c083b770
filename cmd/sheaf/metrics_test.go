package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/api"
	"sheaf/oai"
	"sheaf/store/sqlite"
)

// What a harvester did is counted; what it made up is not kept.
func TestMetrics(t *testing.T) {
	base, _ := start(t, "demo", "--page-size=10")
	body := fetch(t, base+"/oai?verb=ListRecords&metadataPrefix=jats")
	token := regexp.MustCompile(`<resumptionToken[^>]*>([^<]+)<`).FindStringSubmatch(body)
	require.NotNil(t, token)
	fetch(t, base+"/oai?verb=ListRecords&resumptionToken="+token[1])
	fetch(t, base+"/oai?verb=ListIdentifiers&metadataPrefix=jats")
	for _, made := range []string{"verb=Made-up-1", "verb=ListRecords&metadataPrefix=Made-up-2", "verb=GetRecord&metadataPrefix=jats&identifier=Made-up-3"} {
		fetch(t, base+"/oai?"+made)
	}
	res, err := http.Get(base + "/Made-up-4")
	require.NoError(t, err)
	res.Body.Close()
	said := fetch(t, base+"/metrics")
	for _, line := range []string{
		`sheaf_oai_requests_total{error="",format="jats",verb="ListRecords"} 2`,
		`sheaf_oai_requests_total{error="badVerb",format="",verb="other"} 1`,
		`sheaf_oai_requests_total{error="cannotDisseminateFormat",format="",verb="ListRecords"} 1`,
		`sheaf_oai_lists_begun_total{format="jats",verb="ListRecords"} 1`,
		`sheaf_oai_lists_finished_total{format="jats",verb="ListRecords"} 1`,
		`sheaf_oai_lists_begun_total{format="jats",verb="ListIdentifiers"} 1`,
		`sheaf_oai_entries_total{format="jats",verb="ListIdentifiers"} 10`,
		`sheaf_oai_response_seconds_count{verb="ListRecords"} 2`,
		`sheaf_oai_response_bytes_count{verb="ListRecords"} 2`,
		`sheaf_http_requests_total{code="200",kind="oai"} 6`,
		`sheaf_http_requests_total{code="404",kind="page"} 1`,
		`sheaf_http_requests_under_way{kind="oai"} 0`,
		`sheaf_store_up 1`,
		`sheaf_items_deleted 0`,
	} {
		assert.Contains(t, said, "\n"+line+"\n")
	}
	assert.Regexp(t, `\nsheaf_oai_response_bytes_sum\{verb="ListRecords"\} [1-9]`, said)
	assert.NotContains(t, said, "Made-up")
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes", "process_open_fds", "sheaf_build_info{", "sheaf_store_clock_lag_seconds", "sheaf_http_connections"} {
		assert.Contains(t, said, "\n"+name)
	}
	assert.NotContains(t, said, `sheaf_oai_lists_finished_total{format="jats",verb="ListIdentifiers"}`)
}

// When the store does not answer, that is told, and the rest is still there.
func TestMetricsWithoutStore(t *testing.T) {
	f, log := newFront(t, nil)
	db, err := sqlite.Open(t.TempDir()+"/gone.db", sqlite.Options{})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	w := httptest.NewRecorder()
	newMetrics(db, &oai.Repository{}, f.log).handler(f.log).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	assert.Equal(t, 200, w.Code)
	assert.Contains(t, w.Body.String(), "\nsheaf_store_up 0\n")
	assert.NotContains(t, w.Body.String(), "\nsheaf_items ")
	assert.Contains(t, w.Body.String(), "\ngo_goroutines ")
	assert.Len(t, log.of(t, "metrics: the store does not answer"), 1)

	c := &serveCmd{MaxRequests: 1}
	site := c.front(&settings{RepositoryID: "sheaf.example.org"}, db, "http://sheaf.example.org", &setsFile{}, f.log)
	w = ask(site, "GET", "/readyz")
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, 200, ask(site, "GET", "/healthz").Code)
}

// Readiness goes as soon as the server is asked to stop.
func TestNotReadyWhileStopping(t *testing.T) {
	f, _ := newFront(t, nil)
	db, err := sqlite.Open(t.TempDir()+"/sheaf.db", sqlite.Options{})
	require.NoError(t, err)
	defer db.Close()
	site := (&serveCmd{MaxRequests: 1}).front(&settings{RepositoryID: "sheaf.example.org"}, db, "http://sheaf.example.org", &setsFile{}, f.log)
	assert.Equal(t, 200, ask(site, "GET", "/readyz").Code)
	site.stopping.Store(true)
	w := ask(site, "GET", "/readyz")
	assert.Equal(t, 503, w.Code)
	assert.Equal(t, "close", w.Header().Get("Connection"))
	assert.Equal(t, "stopping", strings.TrimSpace(w.Body.String()))
	assert.Equal(t, 200, ask(site, "GET", "/healthz").Code, "alive all the same")
}

// What the API changes is counted by its outcome.
func TestMetricsOfDeposits(t *testing.T) {
	f, _ := newFront(t, nil)
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{})
	require.NoError(t, err)
	defer db.Close()
	site := (&serveCmd{MaxRequests: 4}).front(&settings{RepositoryID: "sheaf.example.org"}, db, "http://sheaf.example.org", &setsFile{}, f.log)
	text, token, err := api.NewToken("test", true, time.Now())
	require.NoError(t, err)
	require.NoError(t, db.PutToken(t.Context(), token))
	article, err := os.ReadFile(filepath.Join(articles(), "editorial.json"))
	require.NoError(t, err)
	for i, method := range []string{"PUT", "PUT", "DELETE", "PUT"} {
		body := article
		if i == 3 {
			body = article[:50]
		}
		r := httptest.NewRequest(method, "/api/v1/records/a", bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+text)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		require.Equal(t, []int{201, 200, 204, 400}[i], w.Code, w.Body)
	}
	for outcome, n := range map[string]float64{"created": 1, "unchanged": 1, "deleted": 1, "updated": 0} {
		assert.Equal(t, n, site.told(t, `sheaf_changes_total{by="api",outcome="`+outcome+`"}`), outcome)
	}
	assert.Equal(t, 1.0, site.told(t, `sheaf_http_requests_total{code="400",kind="api"}`))
}
