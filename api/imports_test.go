package api

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/ingest"
)

// imports sends a body whole and reads the answer after it.
func (s *service) imports(body string, header ...string) (r reply, lines []line, last lastLine) {
	s.Helper()
	return s.importNamed("", body, header...)
}

func (s *service) importNamed(name, body string, header ...string) (r reply, lines []line, last lastLine) {
	s.Helper()
	r = s.do("POST", "/import?"+url.Values{"name": {name}}.Encode(), body, append([]string{"Content-Type: application/x-ndjson"}, header...)...)
	if r.status != 200 {
		return r, nil, last
	}
	lines, last = readLines(s, r.body)
	return r, lines, last
}

func readLines(t testing.TB, body string) (lines []line, last lastLine) {
	t.Helper()
	all := strings.SplitAfter(body, "\n")
	require.Empty(t, all[len(all)-1], "whole lines")
	all = all[:len(all)-1]
	for i, text := range all {
		if i == len(all)-1 {
			require.NoError(t, json.Unmarshal([]byte(text), &last))
			continue
		}
		var l line
		require.NoError(t, json.Unmarshal([]byte(text), &l))
		lines = append(lines, l)
	}
	return lines, last
}

func TestImportLines(t *testing.T) {
	s := serve(t)
	body := article("One", doi("10.5555/1")) + "\n" +
		`{"tittle":1}` + "\n" +
		"{]\n" +
		article("Two", doi("10.5555/2")) + "\n" +
		article("One more", doi("10.5555/1")) + "\n"
	r, lines, last := s.imports(body)
	assert.Equal(t, "application/x-ndjson", r.head.Get("Content-Type"))
	require.Len(t, lines, 5)
	for i, want := range []struct {
		line   int
		status string
		local  string
	}{{1, "created", "10.5555/1"}, {2, "rejected", ""}, {3, "rejected", ""}, {4, "created", "10.5555/2"}, {5, "updated", "10.5555/1"}} {
		assert.Equal(t, want.line, lines[i].Line)
		assert.Equal(t, want.status, lines[i].Status, r.body)
		assert.Equal(t, want.local, lines[i].Local)
		assert.Equal(t, "-", lines[i].Name)
		if want.status != "rejected" {
			assert.Equal(t, "oai:sheaf.example.org:"+want.local, lines[i].Identifier)
			assert.Regexp(t, `Z$`, lines[i].Datestamp)
		}
	}
	assert.Equal(t, 422, lines[1].Error.Status)
	assert.Equal(t, []fault{{"unknown-field", "tittle", 2, `unknown field "tittle"; is "title" meant?`}}, lines[1].Error.Errors)
	assert.Equal(t, 400, lines[2].Error.Status)
	assert.Equal(t, lastLine{Summary: ingest.Report{Read: 5, Created: 2, Updated: 1, Rejected: 2}, Complete: true}, last)

	_, lines, last = s.imports(article("One more", doi("10.5555/1")) + "\n" + article("Two", doi("10.5555/2")))
	assert.Equal(t, ingest.Report{Read: 2, Unchanged: 2}, last.Summary)
	assert.Equal(t, "10.5555/2", lines[1].Local)
	assert.Equal(t, s.put("/records/10.5555/2", article("Two", doi("10.5555/2"))).stored(t).Datestamp, lines[1].Datestamp)

	sources, err := s.db.Source(context.Background(), "10.5555/1")
	require.NoError(t, err)
	assert.Len(t, sources, 1, "a deposit takes the place of the earlier one")
}

// Every kind of body, by its content.
func TestImportBodies(t *testing.T) {
	files := fixtureFiles(t)
	var names []string
	var tarred, zipped, packed bytes.Buffer
	tw, zw := tar.NewWriter(&tarred), zip.NewWriter(&zipped)
	for name, data := range files {
		names = append(names, name)
		require.NoError(t, tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}))
		_, err := tw.Write(data)
		require.NoError(t, err)
		f, err := zw.Create(name)
		require.NoError(t, err)
		_, err = f.Write(data)
		require.NoError(t, err)
	}
	require.NoError(t, tw.WriteHeader(&tar.Header{Name: "cover.png", Size: 1}))
	_, err := tw.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, tw.Close())
	require.NoError(t, zw.Close())
	gz := gzip.NewWriter(&packed)
	_, err = gz.Write(tarred.Bytes())
	require.NoError(t, err)
	require.NoError(t, gz.Close())

	for kind, body := range map[string]string{"application/x-tar": tarred.String(), "application/zip": zipped.String(), "application/gzip": packed.String()} {
		s := serve(t)
		_, lines, last := s.imports(body, "Content-Type: "+kind)
		assert.Equal(t, len(files), last.Summary.Created, kind)
		assert.True(t, last.Complete)
		var got []string
		for _, l := range lines {
			got = append(got, l.Name)
			assert.Equal(t, "created", l.Status, "%s: %+v", l.Name, l.Error)
		}
		assert.Equal(t, names, got, "in order")
		if kind == "application/x-tar" {
			assert.Equal(t, 1, last.Skipped)
			_, _, last = s.imports(packed.String(), "Content-Type: application/x-tar", "Content-Encoding: gzip")
			assert.Equal(t, len(files), last.Summary.Unchanged)
		}
	}
	s := serve(t)
	for name, data := range files {
		_, lines, last := s.imports(string(data), "Content-Type:")
		assert.Equal(t, ingest.Report{Read: 1, Created: 1}, last.Summary, name)
		assert.Zero(t, lines[0].Line)
	}
	_, _, last := s.imports("")
	assert.Equal(t, ingest.Report{Read: 1, Rejected: 1}, last.Summary)
	_, lines, _ := s.imports("neither this\nnor that")
	assert.Equal(t, 400, lines[0].Error.Status)
	assert.Equal(t, "not-recognised", lines[0].Error.Errors[0].Code)
	r, _, _ := s.imports("{}", "Content-Type: image/png")
	assert.Equal(t, 415, r.status)
	r, _, _ = s.importNamed("a\nb", "{}")
	assert.Equal(t, 400, r.status)
	_, lines, _ = s.importNamed("page.txt", "neither")
	assert.Equal(t, "page.txt", lines[0].Name)
	r, _, _ = s.imports("{}", "Content-Encoding: br")
	assert.Equal(t, 415, r.status)
}

// conversation is an import whose lines are sent and answered one by one.
type conversation struct {
	testing.TB
	send    *io.PipeWriter
	answers chan *http.Response
	in      *bufio.Reader
}

func (s *service) converse(client *http.Client, url string) *conversation {
	pr, pw := io.Pipe()
	c := &conversation{TB: s, send: pw, answers: make(chan *http.Response, 1)}
	req, err := http.NewRequest("POST", url+"/import", pr)
	require.NoError(s, err)
	req.Header.Set("Authorization", "Bearer "+s.write)
	req.Header.Set("Content-Type", "application/x-ndjson")
	go func() {
		res, err := client.Do(req)
		assert.NoError(s, err)
		c.answers <- res
	}()
	s.Cleanup(func() { pw.Close() })
	return c
}

func (c *conversation) answer() string {
	c.Helper()
	if c.in == nil {
		res := <-c.answers
		require.NotNil(c, res)
		c.Cleanup(func() { res.Body.Close() })
		c.in = bufio.NewReader(res.Body)
	}
	text, err := c.in.ReadString('\n')
	require.NoError(c, err)
	return text
}

// Each line is answered when it is stored, while the rest has not been sent; over HTTP/1.1 and HTTP/2. When the token is revoked or the server is to
// stop, the import ends with a last line that says so.
func TestImportAnswersAtOnce(t *testing.T) {
	var stopping atomic.Bool
	s := serve(t, func(o *Options) { o.Stopping = stopping.Load })
	h2 := httptest.NewUnstartedServer(s.handler)
	h2.EnableHTTP2 = true
	h2.StartTLS()
	t.Cleanup(h2.Close)
	n := 0
	for _, c := range []struct {
		name   string
		client *http.Client
		url    string
		end    func()
		status int
	}{
		{"HTTP/1.1", http.DefaultClient, s.url, func() { stopping.Store(true) }, 503},
		{"HTTP/2", h2.Client(), h2.URL + "/api/v1", func() {
			stopping.Store(false)
			require.NoError(t, s.db.RevokeToken(context.Background(), "writer", time.Now().Unix()))
		}, 401},
	} {
		stopping.Store(false)
		talk := s.converse(c.client, c.url)
		for i := range 3 {
			n++
			fmt.Fprintf(talk.send, "%s\n", article("Title", doi(fmt.Sprintf("10.5555/%d", n))))
			var l line
			require.NoError(t, json.Unmarshal([]byte(talk.answer()), &l))
			assert.Equal(t, fmt.Sprintf("10.5555/%d", n), l.Local)
			assert.Equal(t, i+1, l.Line)
			_, err := s.db.Get(context.Background(), l.Local)
			assert.NoError(t, err, "it is there when it is answered")
		}
		c.end()
		var last lastLine
		require.NoError(t, json.Unmarshal([]byte(talk.answer()), &last), "though nothing more was sent")
		assert.Equal(t, c.status, last.Error.Status, c.name)
		assert.False(t, last.Complete)
		assert.Equal(t, ingest.Report{Read: 3, Created: 3}, last.Summary)
	}
}

// A client that reads nothing until it has sent all is answered all the same.
func TestImportSendsFirst(t *testing.T) {
	s := serve(t)
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), "/api/v1"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(64<<10))
	const n = 4000                                                                          // each way, more than what the two ends of a connection hold
	bad := `{"x":1` + strings.Repeat(`,"x":1`, 50) + "}" + strings.Repeat(" ", 4000) + "\n" // is answered by as much
	fmt.Fprintf(conn, "POST /api/v1/import HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n", s.write, n*len(bad))
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, strings.Repeat(bad, n))
	require.NoError(t, err, "the server reads on, though its answer is not read")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	lines, last := readLines(t, string(body))
	assert.Len(t, lines, n)
	assert.Equal(t, ingest.Report{Read: n, Rejected: n}, last.Summary)
	assert.True(t, last.Complete)
}

// A body that breaks off: what came is stored and answered, and the last line says that it is not all.
func TestImportBroken(t *testing.T) {
	s := serve(t)
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), "/api/v1"))
	require.NoError(t, err)
	defer conn.Close()
	whole := article("One", doi("10.5555/1")) + "\n"
	fmt.Fprintf(conn, "POST /api/v1/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: 10000\r\n\r\n%s{\"lang\":", s.write, whole)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	lines, last := readLines(t, string(body))
	assert.Equal(t, "10.5555/1", lines[0].Local)
	assert.False(t, last.Complete)
	assert.Equal(t, 400, last.Error.Status)
	assert.Contains(t, last.Error.Detail, "broke off after")
	assert.Equal(t, 200, s.do("GET", "/records/10.5555/1", "").status)

	_, lines, last = s.imports(whole + strings.Repeat(" ", 3) + "{")
	assert.Equal(t, "unchanged", lines[0].Status)
	assert.Equal(t, "rejected", lines[1].Status)
	assert.True(t, last.Complete, "the body was sent whole, though it ends in the middle of a value")
}

func TestImportLimits(t *testing.T) {
	s := serve(t, func(o *Options) { o.MaxRecord, o.MaxImport = 300, 2000 })
	r, _, _ := s.imports(strings.Repeat(" ", 2001))
	assert.Equal(t, 413, r.status)
	small, large := article("Small"), article(strings.Repeat("Large ", 60))
	_, lines, last := s.imports(large + "\n" + small)
	assert.Equal(t, "rejected", lines[0].Status)
	assert.Contains(t, lines[0].Error.Detail, "300 bytes")
	assert.Equal(t, "created", lines[1].Status)
	assert.True(t, last.Complete)

	// Of unknown length: what came before the limit is stored.
	req, err := http.NewRequest("POST", s.url+"/import", io.MultiReader(strings.NewReader(small+"\n"), strings.NewReader(strings.Repeat("\n", 3000))))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+s.write)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	lines, last = readLines(t, string(body))
	assert.Equal(t, "unchanged", lines[0].Status)
	assert.False(t, last.Complete)
	assert.Equal(t, 413, last.Error.Status)
}

// What was made elsewhere is a source beside a deposit and completes it; it is no deposit itself.
func TestImportOfOtherKinds(t *testing.T) {
	s := serve(t)
	_, _, last := s.importNamed("export.json", article("One", doi("10.5555/1"))+"\n"+
		`{"indexed":{"date-parts":[[2021,1,1]]},"DOI":"10.5555/1","type":"journal-article","prefix":"10.5555","member":"1","title":["One, as Crossref has it"],"volume":"7","deposited":{"date-parts":[[2020,1,2]]},"issued":{"date-parts":[[2020]]}}`+"\n")
	require.True(t, last.Complete)
	sources, err := s.db.Source(t.Context(), "10.5555/1")
	require.NoError(t, err)
	kinds := map[string]string{}
	for _, src := range sources {
		kinds[src.Type] = src.Name
	}
	require.Len(t, kinds, 2)
	assert.Equal(t, ingest.DepositSource, kinds["json"])
	assert.NotEqual(t, ingest.DepositSource, kinds["crossref"])
	item, err := s.db.Get(t.Context(), "10.5555/1")
	require.NoError(t, err)
	var kept struct {
		Title  struct{ Text string }
		Volume string
	}
	require.NoError(t, json.Unmarshal(item.Article, &kept))
	assert.Equal(t, "One", kept.Title.Text, "the deposit stands")
	assert.Equal(t, "7", kept.Volume, "and is completed")
}
