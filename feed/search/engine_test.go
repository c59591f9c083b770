package search

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// engines returns the folder that has the jars of the real engines, made by Maven on the first call; the test is skipped unless SHEAF_ENGINES
// names one.
func engines(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("SHEAF_ENGINES")
	if dir == "" {
		t.Skipf("SHEAF_ENGINES names no folder for the jars of %s; Java 17 and Maven are needed too", name)
	}
	jars := filepath.Join(dir, name)
	if found, _ := filepath.Glob(filepath.Join(jars, "*.jar")); len(found) == 0 {
		pom, err := filepath.Abs("testdata/" + name + ".pom.xml")
		require.NoError(t, err)
		out, err := exec.Command("mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DoutputDirectory="+jars).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return jars
}

// process is a real engine.
type process struct {
	t       *testing.T
	args    []string
	address string
	log     string
	cmd     *exec.Cmd
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

func (p *process) start() {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(p.t, err)
	defer log.Close()
	p.cmd = exec.Command("java", p.args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	require.NoError(p.t, p.cmd.Start())
}

func (p *process) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

func (p *process) kill(*testing.T) {
	p.stop()
	p.start()
}

// ask sends a request and reads the JSON of the answer into v.
func (p *process) ask(ctx context.Context, method, path string, body []byte, v any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+p.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(v)
}

// ready waits until a path can be asked.
func (p *process) ready(path string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		var answer any
		return p.ask(bg, http.MethodGet, path, nil, &answer) == nil
	}, 2*time.Minute, 100*time.Millisecond, "%s does not come up: see %s", p.args, p.log)
}

// realOpenSearch is OpenSearch itself.
type realOpenSearch struct{ *process }

func (p realOpenSearch) url() string { return "http://" + p.address }

func (p realOpenSearch) contents(ctx context.Context) (map[string]string, error) {
	var refreshed any
	if err := p.ask(ctx, http.MethodPost, "/sheaf/_refresh", nil, &refreshed); err != nil {
		return nil, err
	}
	all := map[string]string{}
	for after := ""; ; {
		query := `{"size":5000,"version":true,"_source":["title"],"sort":[{"id":"asc"}]`
		if after != "" {
			query += fmt.Sprintf(`,"search_after":[%q]`, after)
		}
		var answer struct {
			Hits struct {
				Hits []struct {
					ID      string                 `json:"_id"`
					Version int64                  `json:"_version"`
					Source  struct{ Title string } `json:"_source"`
				}
			}
		}
		if err := p.ask(ctx, http.MethodPost, "/sheaf/_search", []byte(query+"}"), &answer); err != nil {
			return nil, err
		}
		for _, h := range answer.Hits.Hits {
			all[h.ID] = fmt.Sprintf("%d %s", h.Version, h.Source.Title)
			after = h.ID
		}
		if len(answer.Hits.Hits) == 0 {
			return all, nil
		}
	}
}

func TestRealOpenSearchIsKilled(t *testing.T) {
	jars := engines(t, "opensearch")
	port, home := freePort(t), t.TempDir()
	p := realOpenSearch{&process{t: t, address: "127.0.0.1:" + port, log: filepath.Join(home, "log"),
		args: []string{"-Xmx1g", "-cp", filepath.Join(jars, "*"), "testdata/OpenSearch.java", home, port}}}
	p.start()
	t.Cleanup(func() { p.stop() })
	p.ready("/")
	trial(t, p, "")
}

// realSolr is Solr itself.
type realSolr struct{ *process }

func (p realSolr) url() string { return "http://" + p.address + "/solr/sheaf" }

func (p realSolr) contents(ctx context.Context) (map[string]string, error) {
	all := map[string]string{}
	for mark := "*"; ; {
		query := url.Values{"q": {"*:*"}, "fl": {"id,stamp_dt,title_s"}, "sort": {"id asc"}, "rows": {"5000"}, "cursorMark": {mark}, "wt": {"json"}}
		var answer struct {
			Response struct {
				Docs []struct {
					ID    string `json:"id"`
					Stamp string `json:"stamp_dt"`
					Title string `json:"title_s"`
				}
			}
			Next string `json:"nextCursorMark"`
		}
		if err := p.ask(ctx, http.MethodGet, "/solr/sheaf/select?"+query.Encode(), nil, &answer); err != nil {
			return nil, err
		}
		for _, d := range answer.Response.Docs {
			stamp, err := time.Parse(time.RFC3339, d.Stamp)
			if err != nil {
				return nil, err
			}
			all[d.ID] = fmt.Sprintf("%d %s", stamp.Unix(), d.Title)
		}
		if answer.Next == mark {
			return all, nil
		}
		mark = answer.Next
	}
}

func TestRealSolrIsKilled(t *testing.T) {
	jars := engines(t, "solr")
	port, home := freePort(t), t.TempDir()
	conf := filepath.Join(home, "sheaf", "conf")
	require.NoError(t, os.MkdirAll(conf, 0o755))
	for _, name := range []string{"schema.xml", "solrconfig.xml"} {
		b, err := os.ReadFile(filepath.Join("testdata", "solr", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(conf, name), b, 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(home, "solr.xml"), []byte("<solr/>"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(home, "sheaf", "core.properties"), []byte("name=sheaf\n"), 0o644))
	p := realSolr{&process{t: t, address: "127.0.0.1:" + port, log: filepath.Join(home, "log"),
		args: []string{"-Xmx1g", "-cp", filepath.Join(jars, "*"), "testdata/Solr.java", home, port}}}
	p.start()
	t.Cleanup(func() { p.stop() })
	p.ready("/solr/sheaf/select?q=*:*")
	trial(t, p, "yes")
	if b, err := os.ReadFile(p.log); err == nil && strings.Contains(string(b), "OutOfMemory") {
		t.Error("Solr ran out of memory")
	}
}
