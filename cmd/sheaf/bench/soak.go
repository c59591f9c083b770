package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"

	"sheaf/store/postgres/pgtest"
)

// load is a crowd for the server: harvesters of several kinds, writers through the deposit API, and clients that hang. Each has an
// address of its own on the loopback, so the server limits each by itself, with its default settings.
type load struct {
	length                time.Duration
	articles              int
	harvesters, writers   int
	db                    string // "": a temporary store
	base                  string
	token                 string
	pid                   int
	began                 time.Time
	mu                    sync.Mutex
	pages, slow, puts     []float64 // ms
	retried               map[string]int
	wrong                 map[string]int
	bytes, records, lists int64
	byWriter              []int
	longest               time.Duration // between two acknowledged writes of one writer
	rss, fds              []float64     // MB and number, one a second
}

// What the load must keep to.
const (
	pageBound = 2000.0 // ms, p99 of a page to a harvester that reads as fast as it can
	putBound  = 2000.0 // ms, p99 of a deposit
	gapBound  = 10 * time.Second
	slowRate  = 32 << 10 // bytes a second that a slow harvester reads
	flatBound = 1.25     // memory at the end, by that after the start
)

func soak(l *load) error {
	work, err := os.MkdirTemp("", "sheaf-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	bin := filepath.Join(work, "sheaf")
	build := exec.Command("go", "build", "-o", bin, "./cmd/sheaf")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	switch l.db {
	case "":
		l.db = filepath.Join(work, "sheaf.db")
	case "postgres":
		cluster, err := pgtest.New(pgtest.Options{Durable: true})
		if err != nil {
			return err
		}
		defer cluster.Stop()
		l.db = cluster.URL("postgres")
	}
	archive := filepath.Join(work, "articles.tar")
	if err := writeArticles(archive, l.articles); err != nil {
		return err
	}
	if err := command(".", bin, "import", "--db", l.db, archive); err != nil {
		return err
	}
	if l.writers > 0 {
		out, err := exec.Command(bin, "token", "create", "--db", l.db, "--scope", "write", fmt.Sprintf("load-%d", time.Now().UnixNano())).Output()
		if err != nil {
			return fmt.Errorf("token create: %w", err)
		}
		l.token = strings.TrimSpace(string(out))
	}
	s, err := start(bin, "serve", "--db", l.db, "--listen", "127.0.0.1:0", "--log-level", "warn")
	if err != nil {
		return err
	}
	defer s.cmd.Process.Kill() // does nothing when it has ended
	l.base, l.pid = s.base, s.cmd.Process.Pid
	l.retried, l.wrong, l.byWriter = map[string]int{}, map[string]int{}, make([]int, l.writers)

	l.began = time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), l.length)
	defer cancel()
	var crowd sync.WaitGroup
	for i := range l.harvesters {
		crowd.Go(func() { l.harvester(ctx, i) })
	}
	for i := range l.writers {
		crowd.Go(func() { l.writer(ctx, i) })
	}
	for i := range 4 {
		crowd.Go(func() { l.hang(ctx, i) })
	}
	crowd.Go(func() { l.watch(ctx) })
	crowd.Wait()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := s.cmd.Wait(); err != nil {
		l.wrong["the server's end: "+err.Error()]++
	}
	if err := command(".", bin, "check", "--db", l.db); err != nil {
		l.wrong["sheaf check: "+err.Error()]++
	}
	return l.report()
}

// client is one with an address of its own: 127.0.GROUP.N.
func client(group, n int, compress bool) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(group), byte(n+1))}}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableCompression: !compress}}
}

// note records what became of a request: "" when all is well.
func (l *load) note(what string, wrong bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if wrong {
		l.wrong[what]++
	} else {
		l.retried[what]++
	}
}

// wait does as a Retry-After says, or returns false when the time is over.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

var (
	responseDate = regexp.MustCompile(`<responseDate>([^<]*)<`)
	errorCode    = regexp.MustCompile(`<error code="([^"]*)"`)
)

// harvester harvests until the time is over, in one of several manners.
func (l *load) harvester(ctx context.Context, i int) {
	slow, incremental := i%8 == 7, i%4 == 2
	prefix := []string{"oai_dc", "jats"}[i/2%2]
	c := client(1+i/200, i%200, !slow && i%3 != 0)
	verb := "ListRecords"
	if i%16 == 4 {
		verb = "ListIdentifiers"
	}
	from := ""
	for ctx.Err() == nil {
		args := url.Values{"verb": {verb}, "metadataPrefix": {prefix}}
		if incremental && from != "" {
			args.Set("from", from)
		}
		began := ""
		for {
			body, ok := l.page(ctx, c, args, slow)
			if !ok {
				return
			}
			if began == "" {
				if m := responseDate.FindSubmatch(body[:min(len(body), 1024)]); m != nil {
					began = string(m[1])
				}
			}
			m := token.FindSubmatch(body[max(0, len(body)-1024):])
			if m == nil {
				break
			}
			args = url.Values{"verb": {verb}, "resumptionToken": {string(m[1])}}
		}
		from = began
		l.mu.Lock()
		l.lists++
		l.mu.Unlock()
		if incremental && !wait(ctx, time.Second) {
			return
		}
	}
}

// page gets one response, again as often as the server says "later"; ok is false when the time is over.
func (l *load) page(ctx context.Context, c *http.Client, args url.Values, slow bool) (body []byte, ok bool) {
	for ctx.Err() == nil {
		began := time.Now()
		resp, err := c.Get(l.base + "/oai?" + args.Encode()) // not under ctx: what has begun ends
		if err != nil {
			l.note("page: "+reason(err), true)
			continue
		}
		if resp.StatusCode == http.StatusServiceUnavailable {
			after, err := strconv.Atoi(resp.Header.Get("Retry-After"))
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			l.note("page: 503 with Retry-After", err != nil)
			if !wait(ctx, time.Duration(after)*time.Second) {
				return nil, false
			}
			continue
		}
		if slow {
			body, err = readSlowly(resp.Body)
		} else {
			body, err = io.ReadAll(resp.Body)
		}
		resp.Body.Close()
		took := float64(time.Since(began).Microseconds()) / 1000
		code := errorCode.FindSubmatch(body[:min(len(body), 4096)])
		switch {
		case err != nil:
			l.note("page: cut: "+reason(err), true)
			continue
		case resp.StatusCode != http.StatusOK:
			l.note("page: "+resp.Status, true)
		case !bytes.HasSuffix(body, []byte("</OAI-PMH>\n")):
			l.note("page: not whole", true)
		case code != nil && string(code[1]) != "noRecordsMatch":
			l.note("page: "+string(code[1]), true)
		}
		l.mu.Lock()
		l.bytes += int64(len(body))
		l.records += int64(bytes.Count(body, []byte("<header")))
		if slow {
			l.slow = append(l.slow, took)
		} else {
			l.pages = append(l.pages, took)
		}
		l.mu.Unlock()
		return body, true
	}
	return nil, false
}

// readSlowly reads as somebody at the end of a long thin line.
func readSlowly(r io.Reader) ([]byte, error) {
	var all bytes.Buffer
	for {
		_, err := io.CopyN(&all, r, slowRate/8)
		if errors.Is(err, io.EOF) {
			return all.Bytes(), nil
		}
		if err != nil {
			return all.Bytes(), err
		}
		time.Sleep(time.Second / 8)
	}
}

// reason is an error without what differs from one to the next.
func reason(err error) string {
	for _, known := range []error{syscall.ECONNREFUSED, syscall.ECONNRESET, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return regexp.MustCompile(`[0-9.:]*->[0-9.:]*|"[^"]*"`).ReplaceAllString(err.Error(), "...")
}

// writer puts, changes and deletes articles of its own until the time is over.
func (l *load) writer(ctx context.Context, i int) {
	c := client(10, i, false)
	random := rand.New(rand.NewPCG(uint64(i), 7))
	last := time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		item := random.IntN(100)
		method, body := http.MethodPut, io.Reader(bytes.NewReader(articleXML(1_000_000+i*1000+item, n)))
		if n%20 == 19 {
			method, body = http.MethodDelete, nil
		}
		req, err := http.NewRequest(method, fmt.Sprintf("%s/api/v1/records/load-%d-%d", l.base, i, item), body)
		if err != nil {
			l.note("write: "+reason(err), true)
			return
		}
		req.Header.Set("Authorization", "Bearer "+l.token)
		req.Header.Set("Content-Type", "application/jats+xml")
		began := time.Now()
		resp, err := c.Do(req)
		if err != nil {
			l.note("write: "+reason(err), true)
			continue
		}
		answer, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		took := time.Since(began)
		switch code := resp.StatusCode; {
		case err != nil:
			l.note("write: cut: "+reason(err), true)
			continue
		case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
			after, err := strconv.Atoi(resp.Header.Get("Retry-After"))
			l.note(fmt.Sprintf("write: %d with Retry-After", code), err != nil)
			if !wait(ctx, time.Duration(after)*time.Second) {
				return
			}
			continue
		case method == http.MethodDelete && code == http.StatusNotFound: // it was not made yet
		case code != http.StatusOK && code != http.StatusCreated && code != http.StatusNoContent:
			l.note(fmt.Sprintf("write: %s: %.200s", resp.Status, answer), true)
			continue
		}
		l.mu.Lock()
		l.puts = append(l.puts, float64(took.Microseconds())/1000)
		l.byWriter[i]++
		l.longest = max(l.longest, time.Since(last))
		l.mu.Unlock()
		last = time.Now()
	}
}

// hang is a client that half asks, or asks and does not read.
func (l *load) hang(ctx context.Context, i int) {
	address := strings.TrimPrefix(l.base, "http://")
	for ctx.Err() == nil {
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 20, byte(i+1))}}
		var open []net.Conn
		for j := range 8 {
			c, err := dialer.Dial("tcp", address)
			if err != nil {
				l.note("hanging client: "+reason(err), true)
				continue
			}
			open = append(open, c)
			if j%2 == 0 {
				fmt.Fprint(c, "GET /oai?verb=ListRecords&metadataPrefix=jats HTTP/1.1\r\nHost: x\r\n\r\n")
			} else {
				fmt.Fprint(c, "GET /oai?verb=Identify HTTP/1.1\r\nHo")
			}
		}
		wait(ctx, 20*time.Second)
		for _, c := range open {
			c.Close()
		}
	}
}

// watch measures the server every second.
func (l *load) watch(ctx context.Context) {
	for tick := 1; wait(ctx, time.Until(l.began.Add(time.Duration(tick)*time.Second))); tick++ {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.pid))
		files, err2 := os.ReadDir(fmt.Sprintf("/proc/%d/fd", l.pid))
		m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
		if err != nil || err2 != nil || m == nil {
			l.note("the server has gone", true)
			return
		}
		kb, _ := strconv.Atoi(string(m[1])) // digits
		l.mu.Lock()
		l.rss, l.fds = append(l.rss, float64(kb)/1024), append(l.fds, float64(len(files)))
		if tick%30 == 0 {
			fmt.Fprintf(os.Stderr, "load: %4d s: %d pages, %d writes, %.0f MB, %d files\n", tick, len(l.pages)+len(l.slow), len(l.puts), float64(kb)/1024, len(files))
		}
		l.mu.Unlock()
	}
}

func percentile(a []float64, p float64) float64 {
	if len(a) == 0 {
		return 0
	}
	a = slices.Sorted(slices.Values(a))
	return a[min(len(a)-1, int(p*float64(len(a))))]
}

// report prints what was measured, and returns an error when something was not kept to.
func (l *load) report() error {
	seconds := l.length.Seconds()
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	failed := false
	line := func(what, bar string, good bool, figure string, args ...any) {
		verdict := "ok"
		if !good {
			verdict, failed = "FAILED", true
		}
		if bar == "" {
			verdict = ""
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", what, fmt.Sprintf(figure, args...), bar, verdict)
	}
	fmt.Fprintf(w, "%d harvesters, %d writers, %s, %d articles\n", l.harvesters, l.writers, l.length, l.articles)
	line("pages", "", true, "%.0f/s, %.0f records/s, %.1f MB/s of XML (%d lists)", float64(len(l.pages)+len(l.slow))/seconds, float64(l.records)/seconds, float64(l.bytes)/seconds/1e6, l.lists)
	line("page", fmt.Sprintf("p99 <= %.0f ms", pageBound), len(l.pages) > 0 && percentile(l.pages, .99) <= pageBound, "p50 %.0f ms, p99 %.0f ms, max %.0f ms", percentile(l.pages, .5), percentile(l.pages, .99), percentile(l.pages, 1))
	line("page to a slow harvester", "", true, "p50 %.1f s, max %.1f s (%d)", percentile(l.slow, .5)/1000, percentile(l.slow, 1)/1000, len(l.slow))
	if l.writers > 0 {
		line("writes", "", true, "%.0f/s; of one writer %d to %d", float64(len(l.puts))/seconds, slices.Min(l.byWriter), slices.Max(l.byWriter))
		line("write", fmt.Sprintf("p99 <= %.0f ms", putBound), len(l.puts) > 0 && percentile(l.puts, .99) <= putBound, "p50 %.0f ms, p99 %.0f ms, max %.0f ms", percentile(l.puts, .5), percentile(l.puts, .99), percentile(l.puts, 1))
		line("longest wait of a writer", fmt.Sprintf("<= %s", gapBound), l.longest <= gapBound, "%.1f s", l.longest.Seconds())
	}
	if n := len(l.rss); n >= 10 {
		early, late := percentile(l.rss[n/5:2*n/5], .5), percentile(l.rss[4*n/5:], .5)
		var marks []string
		for i := 59; i < n; i += 60 {
			marks = append(marks, fmt.Sprintf("%.0f", l.rss[i]))
		}
		line("memory", fmt.Sprintf("<= %.2f x", flatBound), late <= flatBound*early, "%.2f x (%.0f MB, then %.0f MB; peak %.0f; each minute %s)", late/early, early, late, slices.Max(l.rss), strings.Join(marks, " "))
		line("files", "", true, "%.0f, then %.0f", percentile(l.fds[n/5:2*n/5], .5), percentile(l.fds[4*n/5:], .5))
	}
	for what, n := range l.retried {
		line(what, "", true, "%d", n)
	}
	for what, n := range l.wrong {
		line(what, "0", false, "%d", n)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if failed {
		return errors.New("load: not all was kept to")
	}
	return nil
}

// writeArticles writes a tar of n articles.
func writeArticles(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	for i := range n {
		doc := articleXML(i, 0)
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d.xml", i), Mode: 0o644, Size: int64(len(doc))}); err != nil {
			return err
		}
		if _, err := w.Write(doc); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), f.Close())
}

// articleXML is article i in its version v, of some 4 KB.
func articleXML(i, v int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<article article-type="research-article" dtd-version="1.3" xml:lang="en"><front>
<journal-meta><journal-id journal-id-type="publisher-id">load%[1]d</journal-id><journal-title-group><journal-title>Journal of Load %[1]d</journal-title></journal-title-group>
<issn publication-format="electronic">2049-3630</issn><publisher><publisher-name>Maker</publisher-name></publisher></journal-meta>
<article-meta><article-id pub-id-type="doi">10.5555/load.%[2]d</article-id>
<title-group><article-title>Of the made thing number %[2]d, as seen the %[3]dth time</article-title></title-group><contrib-group>`, i%7, i, v)
	for a := range 4 {
		fmt.Fprintf(&b, `<contrib contrib-type="author"><name><surname>Maker-%d</surname><given-names>Ann %c.</given-names></name></contrib>`, i%28+a, 'A'+a)
	}
	fmt.Fprintf(&b, `</contrib-group><pub-date date-type="pub" publication-format="electronic"><day>%02d</day><month>03</month><year>2024</year></pub-date>
<volume>%d</volume><issue>1</issue><elocation-id>e%d</elocation-id>
<abstract>`, i%28+1, i%28+1, i)
	for p := range 3 {
		fmt.Fprintf(&b, "<p>%s</p>", strings.Repeat(fmt.Sprintf("What was made the %dth time was not what had been made before, version %d. ", i+p, v), 6))
	}
	fmt.Fprintf(&b, `</abstract></article-meta></front></article>`)
	return b.Bytes()
}
