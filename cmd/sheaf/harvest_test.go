package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/oai/oaitest"
)

// The fixtures come from one Sheaf into another, once; the next run asks for what changed since, and a full one changes nothing.
func TestImportFromEndpoint(t *testing.T) {
	base, _ := start(t, "demo")
	db := tempDB(t)
	out, errs, code := sheaf(t, "", "import", db, "--rate=0", base+"/oai", "--dry-run")
	require.Zero(t, code, errs)
	n := summary.FindStringSubmatch(out)[1]
	require.NotEqual(t, "0", n)
	_, err := os.Stat(strings.TrimPrefix(db, "--db=") + ".harvest.json")
	assert.ErrorIs(t, err, os.ErrNotExist, "a dry run keeps nothing")

	out, errs, code = sheaf(t, "", "import", db, "--rate=0", base+"/oai")
	require.Zero(t, code, errs)
	assert.Equal(t, fmt.Sprintf("read=%[1]s created=%[1]s updated=0 unchanged=0 rejected=0\n", n), out)
	assert.Contains(t, errs, n+" records of jats, in ")
	assert.Contains(t, errs, "the next run asks from ")

	// The second of the harvest is asked for again: what it holds is unchanged.
	out, errs, code = sheaf(t, "", "import", db, "--rate=0", base+"/oai")
	require.Zero(t, code, errs)
	assert.Contains(t, out, " created=0 updated=0 ")
	assert.Contains(t, errs, "changed from ")
	before := list(t, db)
	out, errs, code = sheaf(t, "", "import", db, "--rate=0", "--full", base+"/oai")
	require.Zero(t, code, errs)
	assert.Equal(t, fmt.Sprintf("read=%[1]s created=0 updated=0 unchanged=%[1]s rejected=0\n", n), out)
	assert.Equal(t, before, list(t, db), "not a byte, no datestamp")

	_, errs, code = sheaf(t, "", "import", db, "--rate=0", base+"/")
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "is this the base URL of an endpoint?")
	// What came before the failure is stored, and files beside it too.
	out, _, code = sheaf(t, "", "import", tempDB(t), "--rate=0", base+"/", filepath.Join(articles(), "seed.txt"))
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, out, "created=1")
	for _, flag := range []string{"--rate=-1", "--overlap=-1h", "--delete-vanished --source-set=x", "--from=x --rate=0"} {
		_, errs, code = sheaf(t, "", append([]string{"import", db, base + "/oai"}, strings.Fields(flag)...)...)
		assert.NotZero(t, code, flag)
		assert.NotEmpty(t, errs)
	}
}

// list is everything that a store serves as jats.
func list(t testing.TB, db string) string {
	t.Helper()
	out, errs, code := sheaf(t, "", "export", db, "--prefix=jats")
	require.Zero(t, code, errs)
	return regexp.MustCompile(`<responseDate>[^<]*`).ReplaceAllString(out, "")
}

// harvested is a record as a harvester sees it, read without Sheaf's code.
type harvested struct {
	Header struct {
		Status     string `xml:"status,attr"`
		Identifier string `xml:"identifier"`
	} `xml:"header"`
	Metadata struct {
		XML []byte `xml:",innerxml"`
	} `xml:"metadata"`
	About []struct {
		XML []byte `xml:",innerxml"`
	} `xml:"about"`
}

// everything lists all records of a server, by identifier.
func everything(t testing.TB, site, prefix string) map[string]harvested {
	t.Helper()
	all := map[string]harvested{}
	query := "verb=ListRecords&metadataPrefix=" + prefix
	for {
		var doc struct {
			List struct {
				Records []harvested `xml:"record"`
				Token   string      `xml:"resumptionToken"`
			} `xml:"ListRecords"`
		}
		body := fetch(t, site+"/oai?"+query)
		require.NoError(t, xml.Unmarshal([]byte(body), &doc))
		for _, r := range doc.List.Records {
			all[r.Header.Identifier] = r
		}
		if doc.List.Token == "" {
			return all
		}
		query = "verb=ListRecords&resumptionToken=" + url.QueryEscape(doc.List.Token)
	}
}

// B harvests A again and again while A changes: it never misses a change, also when it is stopped in between. C harvests B. The jats metadata are the same in all
// three, byte for byte but for the address of the site, and each tells the way that its records have come.
func TestChainOfSheafs(t *testing.T) {
	random := rand.New(rand.NewPCG(oaitest.Seed(t), 1))
	a, b, c := tempDB(t), tempDB(t), tempDB(t)
	siteA, _ := start(t, "serve", a, "--page-size=7", "--rate-limit=0")
	_, errs, code := sheaf(t, "", "import", a, articles())
	require.Zero(t, code, errs)

	stop := make(chan struct{})
	var load sync.WaitGroup
	quiet := func(in string, args ...string) (string, int) {
		var o, e bytes.Buffer
		code := run(context.Background(), args, stdio{strings.NewReader(in), &o, &e})
		return o.String() + e.String(), code
	}
	change := func(r *rand.Rand) (said string, code int) {
		local := fmt.Sprintf("10.5555/chain.%d", r.IntN(30))
		if r.IntN(4) == 0 {
			said, code = quiet("", "delete", a, local)
			if code == exitFailed { // it is not there
				code = 0
			}
			return said, code
		}
		var in strings.Builder
		for range 1 + r.IntN(3) {
			fmt.Fprintf(&in, `{"title":{"text":"Version %d of %s, R&D < 3 IU"},"ids":[{"type":"doi","value":"%s"}],"pubDates":[{"type":"pub","date":"2026-01-05"}],"contribs":[{"type":"author","names":[{"surname":"Маклеод","givenNames":"A."}]}]}`+"\n",
				r.IntN(1e9), local, local)
			local = fmt.Sprintf("10.5555/chain.%d", r.IntN(30))
		}
		return quiet(in.String(), "import", a, "-")
	}
	seed := random.Uint64()
	load.Go(func() {
		r := rand.New(rand.NewPCG(seed, 2))
		for {
			select {
			case <-stop:
				return
			default:
			}
			if said, code := change(r); code != 0 {
				t.Errorf("%d: %s", code, said)
				return
			}
		}
	})
	for round := range 8 {
		if round%3 == 2 { // stopped somewhere
			ctx, cancel := context.WithCancel(context.Background())
			go func() {
				time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
				cancel()
			}()
			var o, e bytes.Buffer
			run(ctx, []string{"import", b, "--rate=0", siteA + "/oai"}, stdio{strings.NewReader(""), &o, &e})
			cancel()
			continue
		}
		out, code := quiet("", "import", b, "--rate=0", siteA+"/oai")
		require.Zero(t, code, out)
	}
	close(stop)
	load.Wait()
	if t.Failed() {
		return
	}
	out, code := quiet("", "import", b, "--rate=0", siteA+"/oai") // incremental: it asks from where the last complete run began
	require.Zero(t, code, out)

	siteB, _ := start(t, "serve", b, "--rate-limit=0")
	out, code = quiet("", "import", c, "--rate=0", siteB+"/oai")
	require.Zero(t, code, out)
	siteC, _ := start(t, "serve", c, "--rate-limit=0")
	inA, inB, inC := everything(t, siteA, "jats"), everything(t, siteB, "jats"), everything(t, siteC, "jats")
	live := 0
	docs := map[string][]byte{"B": []byte(fetch(t, siteB+"/oai?verb=ListRecords&metadataPrefix=jats")), "C": []byte(fetch(t, siteC+"/oai?verb=ListRecords&metadataPrefix=oai_dc"))}
	address := strings.NewReplacer(siteA, "SITE", siteB, "SITE", siteC, "SITE")
	of := func(r harvested) string { return address.Replace(string(r.Metadata.XML)) }
	for id, r := range inA {
		if r.Header.Status == "deleted" {
			for name, there := range map[string]map[string]harvested{"B": inB, "C": inC} {
				if copied, ok := there[id]; ok { // what was deleted before it was harvested was never there
					assert.Equal(t, "deleted", copied.Header.Status, "%s in %s", id, name)
				}
			}
			continue
		}
		live++
		assert.Equal(t, of(r), of(inB[id]), "%s in B", id)
		assert.Equal(t, of(inB[id]), of(inC[id]), "%s in C", id)
		assert.NotContains(t, about(r), "<provenance", id)
		assert.Equal(t, []string{siteA + "/oai"}, origins(inB[id]), id)
		assert.Equal(t, []string{siteB + "/oai", siteA + "/oai"}, origins(inC[id]), id)
	}
	assert.Greater(t, live, 14)
	for id, r := range inB {
		if r.Header.Status != "deleted" {
			assert.Contains(t, inA, id, "B has nothing else")
		}
	}
	assert.Empty(t, fixturetest.Responses(t, docs))

	out, code = quiet("", "import", c, "--rate=0", "--full", siteB+"/oai")
	require.Zero(t, code, out)
	assert.Contains(t, out, " updated=0 ", "that it was harvested once more changes nothing")
}

func about(r harvested) string {
	var all string
	for _, a := range r.About {
		all += string(a.XML)
	}
	return all
}

// origins are the base URLs that a record says it has come by, the nearest first.
func origins(r harvested) (bases []string) {
	for _, m := range regexp.MustCompile(`<baseURL>([^<]*)</baseURL>`).FindAllStringSubmatch(about(r), -1) {
		bases = append(bases, m[1])
	}
	return bases
}

// becomes waits until the site's page of metrics says so.
func becomes(t testing.TB, site, metric string) string {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		body := fetch(t, site+"/metrics")
		if regexp.MustCompile(`(?m)^` + metric + `$`).MatchString(body) {
			return body
		}
		require.True(t, time.Now().Before(deadline), "%s never came:\n%s", metric, body)
		time.Sleep(20 * time.Millisecond)
	}
}

// A server keeps the records of an endpoint up to date: of the command line or of a table in the file of settings. A source that fails stops nothing.
func TestServeHarvest(t *testing.T) {
	a, _ := start(t, "demo")
	live := len(everything(t, a, "oai_dc"))
	config := filepath.Join(t.TempDir(), "sheaf.toml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "page-size = 7\n[[harvest]]\nurl = %q\nrate = 0\nevery = \"2h\"\n[[harvest]]\nurl = %q\nset = \"lang:ru\"\nprefix = \"oai_dc\"\nrate = 0.5\n", a+"/oai", a+"/nothing"), 0o644))
	for _, args := range [][]string{{"--harvest=" + a + "/oai;rate=0;every=2h"}, {"--config=" + config}} {
		db := tempDB(t)
		b, stop := start(t, append([]string{"serve", db}, args...)...)
		metrics := becomes(t, b, `sheaf_harvest_runs_total\{outcome="complete",source="`+regexp.QuoteMeta(a)+`/oai"\} 1`)
		assert.Contains(t, metrics, fmt.Sprintf("sheaf_items %d\n", live))
		assert.Contains(t, metrics, fmt.Sprintf(`sheaf_harvest_records_total{outcome="created",source="%s/oai"} %d`, a, live))
		assert.Contains(t, metrics, fmt.Sprintf(`sheaf_changes_total{by="harvest",outcome="created"} %d`, live))
		assert.Len(t, everything(t, b, "oai_dc"), live)
		if len(args[0]) > 0 && strings.HasPrefix(args[0], "--config") {
			becomes(t, b, `sheaf_harvest_runs_total\{outcome="stopped",source="`+regexp.QuoteMeta(a)+`/nothing"\} 1`)
		}
		assert.Zero(t, stop())
		b, stop = start(t, append([]string{"serve", db}, args...)...) // it is not due again
		assert.NotContains(t, fetch(t, b+"/metrics"), `outcome="complete"`)
		assert.Zero(t, stop())
	}
	for _, bad := range []string{"example.org", "https://x;every=1s", "https://x;every=x", "https://x;nonsense=1", "https://x;rate=x", "https://x;rate=-1", "https://x;overlap=1"} {
		_, errs, code := sheaf(t, "", "serve", tempDB(t), "--harvest="+bad)
		assert.Equal(t, exitUsage, code, bad)
		assert.NotEmpty(t, errs)
	}
	for _, bad := range []string{"[[harvest]]\nset = \"x\"\n", "[[harvest]]\nurl = \"https://x\"\nnonsense = 1\n", "[[harvest]]\nurl = 1\n", "harvest-every = \"1s\"\n"} {
		require.NoError(t, os.WriteFile(config, []byte(bad), 0o644))
		_, _, code := sheaf(t, "", "serve", tempDB(t), "--config="+config)
		assert.Equal(t, exitUsage, code, bad)
	}
}

// A server follows a folder: what appears is served, what changes is changed, what vanishes is deleted if that is asked for.
func TestServeWatch(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, titles ...string) {
		var lines strings.Builder
		for _, title := range titles {
			doi, _, _ := strings.Cut(title, " ")
			fmt.Fprintf(&lines, `{"title":{"text":%q},"ids":[{"type":"doi","value":"10.5555/%s"}],"pubDates":[{"type":"pub","date":"2026-01-05"}]}`+"\n", title, doi)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(lines.String()), 0o644))
	}
	db := tempDB(t)
	write("a.jsonl", "a first", "b first")
	write("other.jsonl", "c first")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.xml"), []byte("<article><front>"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "image.png"), []byte("\x89PNG"), 0o644))
	args := []string{"serve", db, "--watch=" + dir, "--watch-delete", "--watch-settle=30ms"}
	site, stop := start(t, args...)
	becomes(t, site, "sheaf_items 3")
	write("a.jsonl", "a second") // b is not in it any more
	becomes(t, site, "sheaf_items_deleted 1")
	assert.Contains(t, fetch(t, site+"/records/10.5555/a"), "a second")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
	require.NoError(t, os.Rename(filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "sub", "a.jsonl")))
	write("d.jsonl", "d first")
	becomes(t, site, "sheaf_items 3")
	assert.Zero(t, stop())
	require.NoError(t, os.Remove(filepath.Join(dir, "sub", "a.jsonl"))) // while nobody looks
	site, stop = start(t, args...)
	becomes(t, site, "sheaf_items 2")
	resp, err := http.Get(site + "/records/10.5555/a")
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, http.StatusGone, resp.StatusCode)
	assert.Zero(t, stop())
	_, errs, code := sheaf(t, "", "check", db)
	assert.Zero(t, code, errs)
	var state map[string]any
	data, err := os.ReadFile(strings.TrimPrefix(db, "--db=") + ".watch.json")
	require.NoError(t, err)
	assert.NoError(t, json.Unmarshal(data, &state))
}
