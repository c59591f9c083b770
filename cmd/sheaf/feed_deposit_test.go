package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/feed/deposit"
)

// statuses are what feed status says of each item.
func statuses(t *testing.T, db, name string, more ...string) map[string]deposit.Item {
	t.Helper()
	out, errs, code := sheaf(t, "", append([]string{"feed", "status", name, db, "--json"}, more...)...)
	require.Zero(t, code, errs)
	all := map[string]deposit.Item{}
	for line := range strings.Lines(out) {
		var it deposit.Item
		require.NoError(t, json.Unmarshal([]byte(line), &it), line)
		all[it.Local] = it
	}
	return all
}

func TestFeedCrossrefCommand(t *testing.T) {
	db := tempDB(t)
	_, errs, code := sheaf(t, "", "import", filepath.Join(articles(), "thin-films.xml"), filepath.Join(articles(), "kanji.json"), filepath.Join(articles(), "islands.json"), db)
	require.Zero(t, code, errs)
	doi := regexp.MustCompile(`<doi>([^<]+)</doi><resource>`)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("usr") != "press/role" || r.FormValue("pwd") != "geheim-4711" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		doc, _, err := r.FormFile("mdFile")
		if !assert.NoError(t, err) {
			return
		}
		b := make([]byte, 1<<20)
		n, _ := doc.Read(b)
		fmt.Fprint(w, `<doi_batch_diagnostic status="completed">`)
		for _, m := range doi.FindAllStringSubmatch(string(b[:n]), -1) {
			fmt.Fprintf(w, `<record_diagnostic status="Success"><doi>%s</doi><msg>Successfully added</msg></record_diagnostic>`, m[1])
		}
		fmt.Fprint(w, `</doi_batch_diagnostic>`)
	}))
	t.Cleanup(s.Close)
	args := func(more ...string) []string {
		return append([]string{"feed", "crossref", db, "--url", s.URL, "--sync", "--depositor", "Example Press", "--email", "deposits@example.org", "--base-url", "https://x.org"}, more...)
	}
	_, errs, code = sheaf(t, "", args()...)
	assert.Equal(t, exitUsage, code, "no credentials")
	assert.Contains(t, errs, "SHEAF_FEED_USER")
	t.Setenv("SHEAF_FEED_USER", "press/role")
	t.Setenv("SHEAF_FEED_PASSWORD", "falsch-0815")
	_, errs, code = sheaf(t, "", args()...)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "the user or the password is not right")
	assert.NotContains(t, errs, "0815")
	t.Setenv("SHEAF_FEED_PASSWORD", "geheim-4711")
	dry := t.TempDir()
	out, errs, code := sheaf(t, "", args("--dry-run", dry)...)
	assert.Equal(t, exitRefused, code, errs)
	assert.Equal(t, "sent=2 deleted=0 refused=1\n", out)
	assert.Empty(t, statuses(t, db, "crossref", "--status", "taken"), "a dry run keeps nothing")
	out, errs, code = sheaf(t, "", args("--patience", "5s")...)
	assert.Equal(t, exitRefused, code)
	assert.Equal(t, "sent=2 deleted=0 refused=1\n", out)
	assert.Contains(t, errs, "refused: no-doi")

	all := statuses(t, db, "crossref")
	assert.Len(t, all, 3)
	film := all["10.5555/jtf.2026.0101"]
	assert.Equal(t, "taken Successfully added 10.5555/jtf.2026.0101", film.Status+" "+film.Message+" "+film.DOI)
	assert.Len(t, statuses(t, db, "crossref", "--status", "refused"), 1)
	assert.Len(t, statuses(t, db, "crossref", "oai:sheaf.example.org:10.5555/jtf.2026.0101"), 1)
	out, _, code = sheaf(t, "", "feed", "status", "crossref", db)
	assert.Zero(t, code)
	assert.Contains(t, out, "Successfully added")
	listed, _, _ := sheaf(t, "", "feed", "list", db, "--json")
	files, err := filepath.Glob(filepath.Join(dry, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		listed += string(b)
	}
	assert.NotContains(t, listed+errs+out, "geheim-4711")
	assert.NotContains(t, listed+errs+out, "press/role")
}

func TestFeedDOAJAndMetaforaCommands(t *testing.T) {
	db := tempDB(t)
	_, errs, code := sheaf(t, "", "import", filepath.Join(articles(), "thin-films.xml"), db)
	require.Zero(t, code, errs)
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.URL.Path)
		switch {
		case r.URL.Query().Get("api_key") != "geheim-4711" && r.Header.Get("Api-Key") != "geheim-4711":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/api/v4/articles":
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"status": "created", "id": "abc"}`)
		case r.Method == "POST":
			fmt.Fprint(w, `{"data": {"file_uid": "f1"}}`)
		default:
			fmt.Fprint(w, `{"data": {"xml": {"status": {"code": 3}}}}`)
		}
	}))
	t.Cleanup(s.Close)
	key := filepath.Join(t.TempDir(), "key.toml")
	require.NoError(t, os.WriteFile(key, []byte("api-key = \"geheim-4711\"\n"), 0o600))
	for _, args := range [][]string{{"doaj", "--pace", "1ms"}, {"metafora", "--quiet", "0s"}} {
		got = nil
		out, errs, code := sheaf(t, "", append([]string{"feed", args[0], db, "--url", s.URL, "--credentials", key, "--base-url", "https://x.org"}, args[1:]...)...)
		require.Zero(t, code, errs)
		assert.Equal(t, "sent=1 deleted=0 refused=0\n", out)
		assert.Equal(t, "taken", statuses(t, db, args[0])["10.5555/jtf.2026.0101"].Status)
		assert.NotContains(t, errs, "geheim")
		assert.NotEmpty(t, got)
		_, errs, code = sheaf(t, "", "feed", args[0], db, "--url", s.URL)
		assert.Equal(t, exitUsage, code, "no key")
		assert.Contains(t, errs, "SHEAF_FEED_API_KEY")
	}
	assert.Equal(t, "abc", statuses(t, db, "doaj")["10.5555/jtf.2026.0101"].ID)
}

func TestFeedPubMedCommand(t *testing.T) {
	db, dir := tempDB(t), filepath.Join(t.TempDir(), "out")
	_, errs, code := sheaf(t, "", "import", filepath.Join(articles(), "thin-films.xml"), db)
	require.Zero(t, code, errs)
	out, errs, code := sheaf(t, "", "feed", "pubmed", db, "--out", dir)
	require.Zero(t, code, errs)
	assert.Equal(t, "sent=1 deleted=0 refused=0\n", out)
	files, err := filepath.Glob(filepath.Join(dir, "sheaf-*.xml"))
	require.NoError(t, err)
	assert.Len(t, files, 1)
	assert.Equal(t, filepath.Base(files[0]), statuses(t, db, "pubmed")["10.5555/jtf.2026.0101"].Batch)
}
