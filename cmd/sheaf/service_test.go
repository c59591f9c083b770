package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
)

// While a service stops, what is under way is finished, idle connections may still be used for a moment and are told to close, and
// nobody is taken any more.
func TestStop(t *testing.T) {
	begun, end := make(chan bool), make(chan bool)
	f, _ := newFront(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/oai" {
			begun <- true
			<-end
		}
		fmt.Fprint(w, "hello")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := newService(f, nil, f.log)
	s.linger, s.timeout = time.Minute, time.Minute // only what the clients do ends it
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.run(ctx, l) }()

	type client struct {
		net.Conn
		r *bufio.Reader
	}
	dial := func() client {
		c, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return client{c, bufio.NewReader(c)}
	}
	send := func(c client, path string) { fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path) }
	read := func(c client) (closes bool) {
		t.Helper()
		res, err := http.ReadResponse(c.r, nil)
		require.NoError(t, err)
		b, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		assert.Equal(t, "hello", string(b))
		return res.Close
	}
	busy, idle := dial(), dial()
	send(idle, "/")
	assert.False(t, read(idle))
	send(busy, "/oai")
	<-begun
	stop()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			c.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	}, 10*time.Second, time.Millisecond)
	send(idle, "/")
	assert.True(t, read(idle), "told to close")
	close(end)
	assert.True(t, read(busy))
	assert.NoError(t, <-done)
}

// What is not finished when the time is over is cut, and said to be.
func TestStopTimeout(t *testing.T) {
	begun := make(chan bool)
	f, log := newFront(t, func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := newService(f, nil, f.log)
	s.timeout = 10 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.run(ctx, l) }()
	got := make(chan error)
	go func() {
		_, err := http.Get("http://" + l.Addr().String() + "/oai")
		got <- err
	}()
	<-begun
	stop()
	assert.NoError(t, <-done)
	assert.Error(t, <-got)
	assert.Len(t, log.of(t, "stopped before all requests were finished: --stop-timeout is over"), 1)
}

// SIGTERM in the middle of a crowd: whoever the server heard, by its own log, got a whole answer, and nobody got a part of one.
func TestStopUnderLoad(t *testing.T) {
	dir := t.TempDir()
	bin, db := filepath.Join(dir, "sheaf"), filepath.Join(dir, "sheaf.db")
	make := exec.Command("go", "build", "-o", bin, ".")
	out, err := make.CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.Command(bin, "import", "--db", db, filepath.Join(fixturetest.Root(), "fixtures", "articles")).CombinedOutput()
	require.NoError(t, err, "%s", out)

	for _, keep := range []bool{true, false} {
		t.Run(fmt.Sprintf("keep-alive=%t", keep), func(t *testing.T) {
			cmd := exec.Command(bin, "serve", "--db", db, "--listen", "127.0.0.1:0", "--access-log", "--log-format=json", "--rate-limit=0")
			var log bytes.Buffer
			cmd.Stderr = &log
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			defer cmd.Process.Kill() // does nothing when it has ended
			line, err := bufio.NewReader(stdout).ReadString('\n')
			require.NoError(t, err)
			url := strings.TrimPrefix(strings.TrimSpace(line), "sheaf: listening on ") + "/oai?verb=ListRecords&metadataPrefix=jats"

			var crowd sync.WaitGroup
			var whole, none sync.Map // ids
			var n atomic.Int64
			cut := func(id string, err error) { t.Errorf("%s: %v", id, err) }
			for i := range 16 {
				crowd.Go(func() {
					client := &http.Client{Transport: &http.Transport{DisableKeepAlives: !keep}}
					defer client.CloseIdleConnections()
					for j := 0; ; j++ {
						id := fmt.Sprintf("%d-%d", i, j)
						req, err := http.NewRequest("GET", url, nil)
						if err != nil {
							cut(id, err)
							return
						}
						req.Header.Set("X-Request-Id", id)
						res, err := client.Do(req)
						if errors.Is(err, syscall.ECONNREFUSED) {
							return
						}
						if err != nil { // it may have knocked as the door was shut; the log tells whether it was heard
							none.Store(id, err)
							continue
						}
						body, err := io.ReadAll(res.Body)
						res.Body.Close()
						if err != nil || res.StatusCode != 200 || !bytes.HasSuffix(body, []byte("</OAI-PMH>\n")) {
							cut(id, fmt.Errorf("%s, %d bytes: %w", res.Status, len(body), err))
							return
						}
						whole.Store(id, true)
						if n.Add(1) == 500 {
							assert.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
						}
					}
				})
			}
			crowd.Wait()
			assert.NoError(t, cmd.Wait(), "exit code 0")
			answered := 0
			for line := range bytes.Lines(log.Bytes()) {
				var said struct{ Msg, Request string }
				require.NoError(t, json.Unmarshal(line, &said), "%s", line)
				if said.Msg != "request" {
					continue
				}
				answered++
				_, ok := whole.Load(said.Request)
				assert.True(t, ok, "%s was heard and got no answer", said.Request)
			}
			assert.GreaterOrEqual(t, answered, 500)
			none.Range(func(id, err any) bool {
				t.Logf("not heard: %s: %v", id, err)
				return true
			})
		})
	}
}
