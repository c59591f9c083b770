package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// callAPI sends one request to the deposit API and returns the status and the body.
func callAPI(t testing.TB, method, url, token, kind, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", kind)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(b)
}

// From no token to a deposited, harvested, deleted record, with the program as people use it; and what a token may, it may only as long as it is good.
func TestTokenAndDeposit(t *testing.T) {
	db := tempDB(t)
	out, errs, code := sheaf(t, "", "token", "create", db, "ojs")
	require.Zero(t, code, errs)
	token, rest, _ := strings.Cut(out, "\n")
	assert.Regexp(t, `^sheaf_[0-9a-f]{16}_[0-9a-f]{64}$`, token, "the token alone")
	assert.Empty(t, rest)
	assert.Contains(t, errs, "cannot be shown again")
	out, _, code = sheaf(t, "", "token", "create", db, "monitor", "--scope=read")
	require.Zero(t, code)
	reader := strings.TrimSpace(out)
	_, errs, code = sheaf(t, "", "token", "create", db, "ojs")
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "sheaf token revoke")
	_, _, code = sheaf(t, "", "token", "create", db, "a\nb")
	assert.Equal(t, exitUsage, code)
	_, _, code = sheaf(t, "", "token", "create", db, "x", "--scope=admin")
	assert.Equal(t, exitUsage, code)

	base, stop := start(t, "serve", db, "--max-record=1", "--max-import=2")
	kanji, err := os.ReadFile(filepath.Join(articles(), "kanji.json"))
	require.NoError(t, err)
	record := base + "/api/v1/records/my/kanji"
	status, body := callAPI(t, "PUT", record, token, "application/json", string(kanji))
	require.Equal(t, 201, status, body)
	assert.Contains(t, body, `"identifier":"oai:sheaf.example.org:my/kanji"`)
	assert.Contains(t, fetch(t, base+"/oai?verb=ListRecords&metadataPrefix=jats"), "oai:sheaf.example.org:my/kanji")
	assert.Contains(t, fetch(t, base+"/records/my/kanji"), "<h1>")
	for tok, want := range map[string]int{"": 401, "nonsense": 401, reader: 403} {
		status, _ = callAPI(t, "PUT", record, tok, "application/json", string(kanji))
		assert.Equal(t, want, status)
	}
	status, _ = callAPI(t, "PUT", record, token, "application/json", strings.Repeat(" ", 1<<20+1))
	assert.Equal(t, 413, status)
	status, _ = callAPI(t, "POST", base+"/api/v1/import", token, "application/x-ndjson", strings.Repeat(" ", 2<<20+1))
	assert.Equal(t, 413, status)
	status, body = callAPI(t, "POST", base+"/api/v1/import", token, "application/x-ndjson", strings.ReplaceAll(string(kanji), "\n", " "))
	assert.Equal(t, 200, status)
	assert.Contains(t, body, `"status":"unchanged"`)
	assert.Contains(t, body, `"complete":true`)
	status, _ = callAPI(t, "GET", base+"/api/v1", "", "", "")
	assert.Equal(t, 404, status)

	out, _, code = sheaf(t, "", "token", "list", db, "--json")
	require.Zero(t, code)
	var list []listedToken
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Len(t, list, 2)
	assert.Equal(t, "ojs", list[0].Name)
	assert.Equal(t, "write", list[0].Scope)
	assert.Equal(t, token[6:22], list[0].ID)
	assert.NotEmpty(t, list[0].Created)
	assert.Equal(t, "read", list[1].Scope)

	out, _, code = sheaf(t, "", "token", "revoke", db, "ojs")
	assert.Zero(t, code)
	assert.Equal(t, "revoked ojs\n", out)
	status, _ = callAPI(t, "DELETE", record, token, "", "")
	assert.Equal(t, 401, status, "revoked by another process, at once")
	_, errs, code = sheaf(t, "", "token", "revoke", db, "ojs")
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "sheaf token list")
	out, _, code = sheaf(t, "", "token", "list", db)
	assert.Zero(t, code)
	assert.Regexp(t, `(?m)^NAME +ID +SCOPE +CREATED +LAST USED +REVOKED$`, out)
	assert.Regexp(t, `(?m)^ojs +[0-9a-f]{16} +write +\S+Z +\S+ +\S+Z$`, out)
	assert.Regexp(t, `(?m)^monitor +[0-9a-f]{16} +read +\S+Z +\S+ +-$`, out)
	out, _, _ = sheaf(t, "", "token", "create", db, "ojs")
	status, _ = callAPI(t, "DELETE", record, strings.TrimSpace(out), "", "")
	assert.Equal(t, 204, status, "a new token of the same name")
	assert.Zero(t, stop())
}
