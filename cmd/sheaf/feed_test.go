package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/feed"
)

// bulkServer is a server that answers bulk requests as OpenSearch does: each item with the status that status gives for its identifier.
func bulkServer(t *testing.T, status func(id string) int) (url string, sent map[string]string) {
	sent = map[string]string{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "anna" || password != "geheim" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path != "/_bulk" {
			return
		}
		var items []string
		lines := bufio.NewScanner(r.Body)
		lines.Buffer(nil, 10<<20)
		for lines.Scan() {
			var action map[string]struct {
				ID string `json:"_id"`
			}
			if json.Unmarshal(lines.Bytes(), &action) != nil {
				continue
			}
			for _, verb := range []string{"index", "delete"} {
				if id := action[verb].ID; id != "" {
					sent[id] = verb
					items = append(items, fmt.Sprintf(`{"%s":{"_id":%q,"status":%d}}`, verb, id, status(id)))
				}
			}
			if action["index"].ID != "" {
				lines.Scan() // the document
			}
		}
		fmt.Fprintf(w, `{"items":[%s]}`, strings.Join(items, ","))
	}))
	t.Cleanup(s.Close)
	return s.URL, sent
}

func TestFeedCommand(t *testing.T) {
	db := tempDB(t)
	_, errs, code := sheaf(t, "", "import", filepath.Join(articles(), "thin-films.xml"), filepath.Join(articles(), "kanji.json"), db)
	require.Zero(t, code, errs)
	refused := ""
	url, sent := bulkServer(t, func(id string) int {
		if id == refused {
			return 400
		}
		return 201
	})
	key := filepath.Join(t.TempDir(), "key.toml")
	require.NoError(t, os.WriteFile(key, []byte("user = \"anna\"\npassword = \"geheim\"\n"), 0o600))
	args := func(more ...string) []string {
		return append([]string{"feed", "opensearch", db, "--url", url, "--credentials", key, "--base-url", "https://x.org"}, more...)
	}
	list := func() (l listedFeed) {
		t.Helper()
		out, errs, code := sheaf(t, "", "feed", "list", db, "--json")
		require.Zero(t, code, errs)
		if out != "" {
			require.NoError(t, json.Unmarshal([]byte(out), &l), out)
		}
		return l
	}

	out, errs, code := sheaf(t, "", "feed", "opensearch", db, "--url", url)
	assert.Equal(t, exitFailed, code, "no credentials")
	assert.Contains(t, errs, "401")
	assert.Contains(t, list().Error, "401")
	assert.Equal(t, "sent=0 deleted=0 refused=0\n", out)

	out, errs, code = sheaf(t, "", args()...)
	assert.Zero(t, code, errs)
	assert.Equal(t, "sent=2 deleted=0 refused=0\n", out)
	assert.Empty(t, list().Error)
	out, _, code = sheaf(t, "", args("--json")...)
	assert.Zero(t, code)
	assert.JSONEq(t, `{"sent":0,"deleted":0,"refused":0,"batches":0,"retries":0}`, out)

	_, _, code = sheaf(t, "", "delete", "10.5555/jtf.2026.0101", db)
	require.Zero(t, code)
	refused = "oai:sheaf.example.org:10.5555/jtf.2026.0101"
	out, errs, code = sheaf(t, "", args()...)
	assert.Equal(t, exitRefused, code)
	assert.Equal(t, "sent=0 deleted=0 refused=1\n", out)
	assert.Contains(t, errs, refused+": refused: status 400")
	require.Len(t, list().Refusals, 1)
	refused = ""
	out, _, code = sheaf(t, "", args("--retry")...)
	assert.Zero(t, code)
	assert.Equal(t, "sent=0 deleted=1 refused=0\n", out)
	assert.Equal(t, "delete", sent["oai:sheaf.example.org:10.5555/jtf.2026.0101"])

	l := list()
	assert.Equal(t, "opensearch", l.Name)
	assert.Equal(t, url+"/sheaf", l.To)
	assert.Zero(t, l.Lag)
	assert.Empty(t, l.Refusals)
	out, _, code = sheaf(t, "", "feed", "list", db)
	assert.Zero(t, code)
	assert.Contains(t, out, "LAST ERROR\nopensearch")

	_, errs, code = sheaf(t, "", args("--index", "other")...)
	assert.Equal(t, exitFailed, code, "another index under the same name")
	assert.Contains(t, errs, feed.ErrOther.Error())
	for _, wrong := range [][]string{{"--from", "yesterday"}, {"--index", "Sheaf"}} {
		_, _, code = sheaf(t, "", args(wrong...)...)
		assert.Equal(t, exitUsage, code, wrong)
	}
	_, errs, code = sheaf(t, "", "feed", "solr", db, "--url", "https://anna:geheim@host/solr/x")
	assert.Equal(t, exitUsage, code)
	assert.NotContains(t, errs, "geheim")
	require.NoError(t, os.Chmod(key, 0o644))
	_, errs, code = sheaf(t, "", args()...)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "0644")
}

// A dry run of a feed to Solr writes what would be sent, and needs no server.
func TestFeedCommandDry(t *testing.T) {
	db, dir := tempDB(t), t.TempDir()
	_, errs, code := sheaf(t, "", "import", filepath.Join(articles(), "thin-films.xml"), db)
	require.Zero(t, code, errs)
	out, errs, code := sheaf(t, "", "feed", "solr", db, "--url", "http://127.0.0.1:1/solr/x", "--fields", "vufind", "--dry-run", dir)
	require.Zero(t, code, errs)
	assert.Equal(t, "sent=1 deleted=0 refused=0\n", out)
	body, err := os.ReadFile(filepath.Join(dir, "000001.json"))
	require.NoError(t, err)
	var command struct{ Add struct{ Doc map[string]any } }
	require.NoError(t, json.Unmarshal(body, &command))
	assert.Equal(t, "12", command.Add.Doc["container_volume"])
	out, _, _ = sheaf(t, "", "feed", "list", db, "--json")
	assert.Empty(t, out)
}
