package main_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
)

// build makes the program as users get it and returns its path.
func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "sheaf")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/sheaf")
	cmd.Dir = fixturetest.Root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return bin
}

// run carries out one command to its end and returns its standard output; any exit code but 0 ends the test.
func run(t *testing.T, bin string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(bin, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), "sheaf %s\n%s%s", strings.Join(args, " "), stdout.String(), stderr.String())
	return stdout.String()
}

type summary struct{ Read, Created, Updated, Unchanged, Rejected int }

// importAll imports path and returns what the summary says.
func importAll(t *testing.T, bin, db, path string) (s summary) {
	t.Helper()
	out := run(t, bin, "import", "--db", db, "--json", path)
	require.NoError(t, json.Unmarshal([]byte(out), &s), out)
	return s
}

// server is a "sheaf serve" that runs until the test ends.
type server struct {
	base string // of the OAI-PMH endpoint
	cmd  *exec.Cmd
}

func serve(t *testing.T, bin, db string, args ...string) *server {
	t.Helper()
	cmd := exec.Command(bin, append([]string{"serve", "--db", db, "--listen", "127.0.0.1:0", "--rate-limit", "0"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	s := &server{cmd: cmd}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			s.stop(t)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		s.kill()
		t.Fatalf("serve: %v\n%s", err, stderr.String())
	}
	at, ok := strings.CutPrefix(strings.TrimSpace(line), "sheaf: listening on ")
	require.True(t, ok, "first line of serve: %q", line)
	s.base = at + "/oai"
	return s
}

// stop asks the server to finish, which it must do with exit code 0.
func (s *server) stop(t *testing.T) {
	t.Helper()
	assert.NoError(t, s.cmd.Process.Signal(syscall.SIGTERM))
	late := time.AfterFunc(30*time.Second, func() { s.cmd.Process.Kill() })
	defer late.Stop()
	assert.NoError(t, s.cmd.Wait(), "serve after SIGTERM")
}

// kill ends the server as a power cut would.
func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

// listed is one header of a list, as read without any of Sheaf's code.
type listed struct{ Identifier, Datestamp, Status, Root string }

func (l listed) String() string {
	return l.Identifier + " " + l.Datestamp + " " + l.Status + " " + l.Root
}

// harvest reads a whole list, page by page, and returns its items in order and the first responseDate.
func (s *server) harvest(t *testing.T, verb string, args url.Values) (items []listed, began string) {
	t.Helper()
	type header struct {
		Status     string `xml:"status,attr"`
		Identifier string `xml:"identifier"`
		Datestamp  string `xml:"datestamp"`
	}
	type list struct {
		Headers []header `xml:"header"`
		Records []struct {
			Header   header `xml:"header"`
			Metadata *struct {
				Root struct{ XMLName xml.Name } `xml:",any"`
			} `xml:"metadata"`
		} `xml:"record"`
		Token string `xml:"resumptionToken"`
	}
	add := func(h header, root string) {
		if h.Status == "" {
			h.Status = "live"
		}
		items = append(items, listed{h.Identifier, h.Datestamp, h.Status, root})
	}
	query := url.Values{"verb": {verb}}
	for k, v := range args {
		query[k] = v
	}
	for {
		resp, err := http.Get(s.base + "?" + query.Encode())
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode, "%s", body)
		var doc struct {
			ResponseDate    string `xml:"responseDate"`
			ListIdentifiers list
			ListRecords     list
			Error           []struct {
				Code string `xml:"code,attr"`
				Text string `xml:",chardata"`
			} `xml:"error"`
		}
		require.NoError(t, xml.Unmarshal(body, &doc), "%s", body)
		if began == "" {
			began = doc.ResponseDate
		}
		if len(doc.Error) == 1 && doc.Error[0].Code == "noRecordsMatch" && len(items) == 0 {
			return nil, began
		}
		require.Empty(t, doc.Error)
		for _, h := range doc.ListIdentifiers.Headers {
			add(h, "-")
		}
		for _, r := range doc.ListRecords.Records {
			root := "-"
			if r.Metadata != nil {
				root = r.Metadata.Root.XMLName.Local
			}
			add(r.Header, root)
		}
		token := doc.ListIdentifiers.Token + doc.ListRecords.Token
		if token == "" {
			return items, began
		}
		query = url.Values{"verb": {verb}, "resumptionToken": {token}}
	}
}

// archive writes a tar of n small articles, made by this test, and returns its path.
func archive(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "articles.tar")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	w := tar.NewWriter(f)
	for i := range n {
		doc := fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<article article-type="research-article" dtd-version="1.3" xml:lang="en"><front>
<journal-meta><journal-id journal-id-type="publisher-id">made</journal-id><journal-title-group><journal-title>Journal of Made Things</journal-title></journal-title-group>
<issn publication-format="electronic">2049-3630</issn><publisher><publisher-name>Maker</publisher-name></publisher></journal-meta>
<article-meta><article-id pub-id-type="doi">10.5555/made.%[1]d</article-id>
<title-group><article-title>Of the made thing number %[1]d</article-title></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Maker-%[2]d</surname><given-names>Ann</given-names></name></contrib></contrib-group>
<pub-date date-type="pub" publication-format="electronic"><day>%02[2]d</day><month>03</month><year>2024</year></pub-date>
<volume>%[2]d</volume><issue>1</issue><elocation-id>e%[1]d</elocation-id>
<abstract><p>What was made, the %[1]dth time.</p></abstract></article-meta></front></article>
`, i, i%28+1)
		require.NoError(t, w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%02d/%06d.xml", i%100, i), Mode: 0o644, Size: int64(len(doc))}))
		_, err := w.Write(doc)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return path
}
