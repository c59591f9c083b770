package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sheaf/store/postgres/pgtest"
)

// postgres imports the same articles into a PostgreSQL server of its own, with fsync, and sets its harvests beside those of the SQLite
// store, in turns.
func (r *run) postgres(db, archive string) error {
	cluster, err := pgtest.New(pgtest.Options{Durable: true, Settings: map[string]string{"shared_buffers": "'512MB'", "max_wal_size": "'4GB'"}})
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: no PostgreSQL:", err)
		return nil
	}
	defer cluster.Stop()
	address := cluster.URL("postgres")
	cmd := exec.Command("./sheaf", "import", "--db", address, archive)
	cmd.Stderr = os.Stderr
	began := time.Now()
	if out, err := cmd.Output(); err != nil {
		return fmt.Errorf("import: %w: %s", err, out)
	}
	took := time.Since(began).Seconds()
	r.add("PostgreSQL: import of JATS", "", true, "%.0f/s (%.0f us CPU each here, without the server's)", float64(r.n)/took,
		(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()).Seconds()/float64(r.n)*1e6)
	if out, err := exec.Command("./sheaf", "stats", "--db", address).Output(); err == nil {
		fmt.Fprintf(os.Stderr, "%s", out)
	}
	var servers []*server
	for _, at := range []string{address, db} {
		s, err := start("./sheaf", "serve", "--db", at, "--listen", "127.0.0.1:0", "--rate-limit", "0")
		if err != nil {
			return err
		}
		defer s.stop()
		s.base += "/oai"
		servers = append(servers, s)
	}
	for _, prefix := range []string{"oai_dc", "jats"} {
		for _, mode := range []struct {
			name string
			args []string
		}{{"plain", []string{"full"}}, {"gzip", []string{"full", "-gzip"}}} {
			var ratios, ours, theirs, depth []float64
			var peak float64
			for range r.rounds {
				a, err := r.measure(servers[0], prefix, mode.args...)
				if err != nil {
					return err
				}
				b, err := r.measure(servers[1], prefix, mode.args...)
				if err != nil {
					return err
				}
				if a.Records != b.Records {
					return fmt.Errorf("%s: PostgreSQL gave %d records, SQLite %d", prefix, a.Records, b.Records)
				}
				ratios, ours, theirs = append(ratios, a.RecordsPerS/b.RecordsPerS), append(ours, a.RecordsPerS), append(theirs, b.RecordsPerS)
				depth, peak = append(depth, a.Depth), max(peak, a.PeakMB)
			}
			r.add("PostgreSQL: "+prefix+" "+mode.name, ">= 0.50 x SQLite", median(ratios) >= 0.5, "%.2f x (%.0f/s, SQLite %.0f/s)", median(ratios), median(ours), median(theirs))
			if mode.name == "plain" {
				r.add("PostgreSQL: "+prefix+" last 20 / first 20 pages", "<= 1.20", median(depth) <= 1.2, "%.2f (peak %.0f MB)", median(depth), peak)
			}
		}
	}
	return nil
}

var articleDOI = regexp.MustCompile(`<article-id pub-id-type="doi">([^<]+)<`)

// some returns documents of the archive.
func some(archive string, n int) (docs [][]byte, err error) {
	f, err := os.Open(archive)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for t := tar.NewReader(f); len(docs) < n; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		b, err := io.ReadAll(t)
		if err != nil {
			return nil, err
		}
		if !articleDOI.Match(b) {
			return nil, fmt.Errorf("%s: no DOI", h.Name)
		}
		docs = append(docs, b)
	}
	return docs, nil
}

// deposits lets 8 clients PUT one article after the other, each acknowledged when it is durable.
func (r *run) deposits(name, db, archive string) error {
	const clients, length = 8, 10 * time.Second
	docs, err := some(archive, 500)
	if err != nil {
		return err
	}
	token, err := exec.Command("./sheaf", "token", "create", "--scope", "write", "--db", db, "bench").Output()
	if err != nil {
		return fmt.Errorf("token: %w", err)
	}
	s, err := start("./sheaf", "serve", "--db", db, "--listen", "127.0.0.1:0", "--rate-limit", "0")
	if err != nil {
		return err
	}
	defer s.stop()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	var n, failed atomic.Int64
	var first atomic.Pointer[string]
	var wg sync.WaitGroup
	began := time.Now()
	for range clients {
		wg.Go(func() {
			for time.Since(began) < length {
				i := n.Add(1)
				doc := docs[int(i)%len(docs)]
				doi := string(articleDOI.FindSubmatch(doc)[1])
				doc = bytes.ReplaceAll(doc, []byte(doi), fmt.Appendf(nil, "%s.%d", doi, i))
				req, err := http.NewRequest(http.MethodPut, fmt.Sprintf("%s/api/v1/records/%s.%d", s.base, doi, i), bytes.NewReader(doc))
				if err != nil {
					panic(err) // the address is ours
				}
				req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
				req.Header.Set("Content-Type", "application/jats+xml")
				resp, err := client.Do(req)
				if err == nil {
					var b []byte
					b, err = io.ReadAll(resp.Body)
					resp.Body.Close()
					if err == nil && resp.StatusCode != http.StatusCreated {
						err = fmt.Errorf("%s: %s", resp.Status, b)
					}
				}
				if err != nil {
					failed.Add(1)
					text := err.Error()
					first.CompareAndSwap(nil, &text)
				}
			}
		})
	}
	wg.Wait()
	if p := first.Load(); p != nil {
		return fmt.Errorf("%d of %d PUTs failed, one with %s", failed.Load(), n.Load(), *p)
	}
	rate := float64(n.Load()) / time.Since(began).Seconds()
	r.add(name+": PUT, 8 at once", ">= 300/s", rate >= 300, "%.0f/s", rate)
	return nil
}

// putting measures deposits on both backends, in stores that are empty.
func (r *run) putting(archive string) error {
	dir, err := os.MkdirTemp(out, "put-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := r.deposits("SQLite", filepath.Join(dir, "put.db"), archive); err != nil {
		return err
	}
	cluster, err := pgtest.New(pgtest.Options{Durable: true})
	if err != nil {
		return nil // it was told before
	}
	defer cluster.Stop()
	return r.deposits("PostgreSQL", cluster.URL("postgres"), archive)
}
