package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
)

// sheaf runs one command line and returns what it printed and its exit code.
func sheaf(t testing.TB, stdin string, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), args, stdio{strings.NewReader(stdin), &o, &e})
	return o.String(), e.String(), code
}

func articles() string { return filepath.Join(fixturetest.Root(), "fixtures", "articles") }

func tempDB(t testing.TB) string { return "--db=" + filepath.Join(t.TempDir(), "sheaf.db") }

var summary = regexp.MustCompile(`^read=(\d+) created=(\d+) updated=(\d+) unchanged=(\d+) rejected=(\d+)\n$`)

func TestImport(t *testing.T) {
	db := tempDB(t)
	out, errs, code := sheaf(t, "", "import", articles(), db)
	require.Zero(t, code, errs)
	m := summary.FindStringSubmatch(out)
	require.NotNil(t, m, out)
	assert.Equal(t, m[1], m[2], "every fixture is an item of its own")
	n := m[1]

	out, _, code = sheaf(t, "", "import", db, articles())
	assert.Zero(t, code)
	assert.Equal(t, fmt.Sprintf("read=%s created=0 updated=0 unchanged=%s rejected=0\n", n, n), out)

	out, _, code = sheaf(t, "", "check", db)
	assert.Zero(t, code)
	assert.Equal(t, fmt.Sprintf("ok items=%s deleted=0\n", n), out)
}

func TestImportRefuses(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.xml")
	require.NoError(t, os.WriteFile(bad, []byte("<article>\n<front>\n</article>"), 0o644))
	rejects := filepath.Join(dir, "rejects.jsonl")
	out, errs, code := sheaf(t, "", "import", tempDB(t), "--json", "--rejects", rejects, bad, filepath.Join(articles(), "seed.txt"), filepath.Join(dir, "none.xml"))
	assert.Equal(t, exitRefused, code)
	assert.JSONEq(t, `{"read":3,"created":1,"updated":0,"unchanged":0,"rejected":2}`, out)
	assert.Regexp(t, `(?m)^`+regexp.QuoteMeta(bad)+`:3: `, errs, "the place of the fault")
	assert.Regexp(t, `(?m)none\.xml: .*no such file`, errs)
	data, err := os.ReadFile(rejects)
	require.NoError(t, err)
	var r struct {
		Path, Reason string
		Line         int
	}
	require.NoError(t, json.Unmarshal(bytes.SplitN(data, []byte("\n"), 2)[0], &r))
	assert.Equal(t, bad, r.Path)
	assert.Equal(t, 3, r.Line)
	assert.NotEmpty(t, r.Reason)
}

func TestImportStdin(t *testing.T) {
	seed, err := os.ReadFile(filepath.Join(articles(), "seed.txt"))
	require.NoError(t, err)
	out, errs, code := sheaf(t, string(seed), "import", tempDB(t), "-")
	assert.Zero(t, code, errs)
	assert.Equal(t, "read=1 created=1 updated=0 unchanged=0 rejected=0\n", out)
}

func TestGetExportDelete(t *testing.T) {
	db := tempDB(t)
	_, errs, code := sheaf(t, "", "import", articles(), db)
	require.Zero(t, code, errs)

	out, errs, code := sheaf(t, "", "export", db, "--prefix", "oai_dc")
	require.Zero(t, code, errs)
	ids := regexp.MustCompile(`<identifier>(oai:sheaf\.example\.org:[^<]+)</identifier>`).FindAllStringSubmatch(out, -1)
	require.NotEmpty(t, ids)
	assert.Empty(t, fixturetest.Responses(t, map[string][]byte{"export": []byte(out)}))
	id := strings.ReplaceAll(ids[0][1], "&amp;", "&")

	out, _, code = sheaf(t, "", "get", db, id)
	assert.Zero(t, code)
	assert.True(t, json.Valid([]byte(out)))
	jatsXML, _, code := sheaf(t, "", "get", db, id, "--prefix=jats")
	assert.Zero(t, code)
	assert.Contains(t, jatsXML, "<!DOCTYPE article")
	_, errs, code = sheaf(t, "", "get", db, id, "--prefix=nope")
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, `"nope"`)

	dir := filepath.Join(t.TempDir(), "out")
	out, errs, code = sheaf(t, "", "export", db, "--prefix", "jats", "--out", dir)
	assert.Zero(t, code, errs)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, files, len(ids))
	assert.Equal(t, fmt.Sprintf("records=%d\n", len(ids)), out)

	out, _, code = sheaf(t, "", "delete", db, id)
	assert.Zero(t, code)
	assert.Equal(t, "deleted "+id+"\n", out)
	_, errs, code = sheaf(t, "", "get", db, id)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "deleted")
	_, _, code = sheaf(t, "", "delete", db, id, "oai:sheaf.example.org:never-was")
	assert.Equal(t, exitRefused, code)
	_, _, code = sheaf(t, "", "delete", db, "never-was")
	assert.Equal(t, exitFailed, code)
	out, _, _ = sheaf(t, "", "export", db, "--prefix", "oai_dc")
	assert.Equal(t, len(ids)-1, strings.Count(out, "<record>"), "live records only")
	out, _, code = sheaf(t, "", "stats", "--json", db)
	assert.Zero(t, code)
	assert.Contains(t, out, `"deleted":1`)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"nonsense"}, {"import"}, {"get"}, {"import", "--nonsense", "x"}, {"serve", "--page-size=0"}, {"serve", "--page-size=x"},
		{"stats", "--repository-id=a b"}, {"stats", "--admin-email=x@localhost"}, {"stats", "--base-url=example.org"},
		{"import", "--set=a b", "x"}, {"export", "--prefix=nope"}, {"export", "--prefix=jats", "--from=yesterday"}, {"export"},
	} {
		_, errs, code := sheaf(t, "", append(args, tempDB(t))...)
		assert.Equal(t, exitUsage, code, args)
		assert.NotEmpty(t, errs, args)
	}
	out, _, code := sheaf(t, "", "--help")
	assert.Zero(t, code)
	assert.Contains(t, out, "import")
	out, _, code = sheaf(t, "", "version")
	assert.Zero(t, code)
	assert.Contains(t, out, "sheaf ")
	_, errs, code := sheaf(t, "", "stats", tempDB(t))
	assert.Equal(t, exitFailed, code, "no store there")
	assert.Contains(t, errs, "sheaf import")
}

// A flag beats the environment, which beats the file.
func TestSettings(t *testing.T) {
	config := filepath.Join(t.TempDir(), "sheaf.toml")
	require.NoError(t, os.WriteFile(config, []byte("repository-name = \"From file\"\nadmin-email = [\"a@example.org\", \"b@example.org\"]\npage-size = 7\n"), 0o644))
	base, _ := serve(t, "--config="+config)
	body := fetch(t, base+"/oai?verb=Identify")
	assert.Contains(t, body, "<repositoryName>From file</repositoryName>")
	assert.Contains(t, body, "<adminEmail>a@example.org</adminEmail>")
	assert.Contains(t, body, "<adminEmail>b@example.org</adminEmail>")

	t.Setenv("SHEAF_REPOSITORY_NAME", "From env")
	base, _ = serve(t, "--config="+config)
	assert.Contains(t, fetch(t, base+"/oai?verb=Identify"), "<repositoryName>From env</repositoryName>")
	base, _ = serve(t, "--config="+config, "--repository-name=From flag", "--base-url=https://oai.example.org/x/")
	body = fetch(t, base+"/oai?verb=Identify")
	assert.Contains(t, body, "<repositoryName>From flag</repositoryName>")
	assert.Contains(t, body, "<baseURL>https://oai.example.org/x/oai</baseURL>")
}

// serve runs "sheaf serve" on a free port; stop ends it as SIGTERM does and returns its exit code.
func serve(t testing.TB, args ...string) (base string, stop func() int) {
	t.Helper()
	return start(t, append([]string{"serve", tempDB(t)}, args...)...)
}

func start(t testing.TB, args ...string) (base string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	done := make(chan int, 1)
	var errs bytes.Buffer
	go func() {
		done <- run(ctx, append(args, "--listen=127.0.0.1:0"), stdio{strings.NewReader(""), w, &errs})
		w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		cancel()
		t.Fatalf("it did not start: exit %d\n%s", <-done, errs.String())
	}
	go io.Copy(io.Discard, r)
	base, ok := strings.CutPrefix(strings.TrimSpace(line), "sheaf: listening on ")
	require.True(t, ok, line)
	code := -1
	stop = func() int {
		cancel()
		if code < 0 {
			code = <-done
		}
		return code
	}
	t.Cleanup(func() { stop() })
	return base, stop
}

func fetch(t testing.TB, url string) string {
	t.Helper()
	res, err := http.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode, url)
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(b)
}

func TestDemo(t *testing.T) {
	base, stop := start(t, "demo")
	body := fetch(t, base+"/oai?verb=ListRecords&metadataPrefix=jats")
	assert.Empty(t, fixturetest.Responses(t, map[string][]byte{"demo": []byte(body)}))
	assert.Contains(t, body, "The views of Chinese and Russian experts")
	assert.Contains(t, fetch(t, base+"/"), "OAI-PMH 2.0")
	assert.Contains(t, fetch(t, base+"/metrics"), "sheaf_items ")
	assert.Equal(t, "ok\n", fetch(t, base+"/healthz"))
	assert.Equal(t, "ok\n", fetch(t, base+"/readyz"))
	for _, schema := range regexp.MustCompile(regexp.QuoteMeta(base)+`/schemas/[^ "<]+`).FindAllString(body, -1)[:1] {
		assert.Contains(t, fetch(t, schema), "<xs:schema")
	}
	assert.Zero(t, stop())
}

// What a harvester of an index does at a new endpoint: it looks what there is, and harvests it, whole and by sets, also from a journal's own endpoint.
func TestEveryWayOut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sets.toml")
	require.NoError(t, os.WriteFile(file, []byte(`
[[set]]
spec = "own:films"
name = "Films"
query = '"journal:jtf" in sets and year == 2026'

[[journal]]
key = "jtf"
name = "The Films"
admin-email = ["films@example.org"]
`), 0o644))
	base, _ := start(t, "demo", "--sets", file, "--rate-limit", "0")
	text := func(body, element string) (all []string) {
		for _, m := range regexp.MustCompile("<"+element+">([^<]*)<").FindAllStringSubmatch(body, -1) {
			all = append(all, m[1])
		}
		return all
	}
	prefixes := text(fetch(t, base+"/oai?verb=ListMetadataFormats"), "metadataPrefix")
	assert.Subset(t, prefixes, []string{"oai_dc", "jats", "jats_fulltext", "oai_openaire", "oai_datacite", "datacite", "qdc", "marc21", "marcxml", "mods", "rioxx", "crossref", "oai_doaj"})
	given := map[string]int{}
	answers := map[string][]byte{}
	for _, prefix := range prefixes {
		body := fetch(t, base+"/oai?verb=ListRecords&metadataPrefix="+prefix)
		given[prefix] = strings.Count(body, "<record>")
		if given[prefix] == 0 {
			assert.Contains(t, body, `code="noRecordsMatch"`, prefix)
			continue
		}
		answers[prefix] = []byte(body)
	}
	assert.Empty(t, fixturetest.Responses(t, answers))
	assert.Equal(t, given["marc21"], given["marcxml"])
	for _, prefix := range []string{"oai_dc", "oai_openaire", "qdc", "marc21", "mods", "rioxx", "crossref", "oai_datacite", "oai_doaj"} {
		assert.Greater(t, given[prefix], 3, prefix)
	}

	sets := text(fetch(t, base+"/oai?verb=ListSets"), "setSpec")
	assert.Subset(t, sets, []string{"openaire", "driver", "open_access", "rioxx", "journal:jtf", "lang:ru", "license:cc-by", "own", "own:films"})
	for _, set := range sets {
		assert.Contains(t, fetch(t, base+"/oai?verb=ListIdentifiers&metadataPrefix=oai_dc&set="+set), "<header>", set)
	}
	journal := fetch(t, base+"/oai/jtf?verb=Identify")
	assert.Contains(t, journal, "<repositoryName>The Films</repositoryName>")
	assert.Contains(t, journal, "<adminEmail>films@example.org</adminEmail>")
	own, set := fetch(t, base+"/oai/jtf?verb=ListIdentifiers&metadataPrefix=oai_dc"), fetch(t, base+"/oai?verb=ListIdentifiers&metadataPrefix=oai_dc&set=own:films")
	assert.Equal(t, text(set, "identifier"), text(own, "identifier"))
	for path, status := range map[string]int{"/oai/nothing": 404, "/oai/jtf/xml?verb=Identify": 200, "/oai/jtf/": 404} {
		res, err := http.Get(base + path)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, status, res.StatusCode, path)
	}
}

// Each identifier has a landing page and a document in each format, as oai_dc's first dc:identifier says.
func TestLandingPages(t *testing.T) {
	base, _ := start(t, "demo")
	body := fetch(t, base+"/oai?verb=ListRecords&metadataPrefix=oai_dc")
	pages := regexp.MustCompile(`<dc:identifier>(`+regexp.QuoteMeta(base)+`/records/[^<]+)</dc:identifier>`).FindAllStringSubmatch(body, -1)
	require.NotEmpty(t, pages)
	docs := map[string][]byte{}
	for _, p := range pages {
		assert.Contains(t, fetch(t, p[1]), "<h1>")
		docs[p[1]] = []byte(fetch(t, p[1]+"/jats.xml"))
		assert.Contains(t, fetch(t, p[1]+"/oai_dc.xml"), "<oai_dc:dc")
	}
	assert.Empty(t, fixturetest.DTD(t, fixturetest.Archiving, docs))
	for _, p := range pages { // a page links to the formats that the item has, and the others say why not
		page := fetch(t, p[1])
		for _, f := range crosswalk.All() {
			address := p[1] + "/" + f.Prefix + ".xml"
			res, err := http.Get(address)
			require.NoError(t, err)
			text, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			res.Body.Close()
			if strings.Contains(page, `title="`+f.Prefix+`" href=`) {
				assert.Equal(t, 200, res.StatusCode, address)
				assert.True(t, strings.HasPrefix(string(text), "<?xml"), address)
			} else {
				assert.Equal(t, 404, res.StatusCode, address)
				assert.Contains(t, string(text), "does not come as "+f.Prefix+": ")
			}
		}
	}
	for path, status := range map[string]int{"/records/nothing": 404, "/nothing": 404, "/schemas/": 404, "/schemas/jats/../../go.mod": 404} {
		res, err := http.Get(base + path)
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, status, res.StatusCode, path)
	}
}
