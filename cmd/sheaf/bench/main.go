// Command bench measures Sheaf as its users would: it imports generated articles, serves them, harvests them over one connection, and
// sets each figure beside that of harvestbench's "replay", which serves the very same bytes from memory. Both are measured in
// turns in one run, because on a shared machine only their ratio means something.
//
// It is run by "make bench" from the top folder, needs ../shared/tools/harvestbench, and writes to bench-out: the table, each
// measurement as a line of JSON, and with -profile the CPU profiles of the server.
//
// With -soak ("make load") it needs nothing else, and puts the server under load instead: many harvesters, fast, slow, hanging and
// incremental, and writers beside them, and tells whether all were served, how fast, and what memory it took.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"sheaf/crosswalk"
)

const (
	out    = "bench-out"
	source = "../shared/tools/harvestbench"
	tool   = ".tools/harvestbench"
)

func main() {
	n := flag.Int("n", 100000, "articles")
	rounds := flag.Int("rounds", 3, "times that each harvest is measured; the median counts")
	replay := flag.Bool("replay", true, "measure beside the same answers served from memory; else only PostgreSQL beside SQLite")
	profile := flag.Bool("profile", false, "write CPU profiles of the server too")
	l := &load{}
	flag.DurationVar(&l.length, "soak", 0, "instead, put the server under load for so long")
	flag.IntVar(&l.articles, "articles", 5000, "with -soak: articles at the start")
	flag.IntVar(&l.harvesters, "harvesters", 64, "with -soak")
	flag.IntVar(&l.writers, "writers", 8, "with -soak")
	flag.StringVar(&l.db, "db", "", "with -soak: an empty store instead of a temporary one, or postgres for a server of its own")
	flag.Parse()
	if l.length > 0 {
		if err := soak(l); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := bench(*n, *rounds, *replay, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is one run of the bench: where it puts measurements, and the rows of its table.
type run struct {
	n, rounds int
	raw       *json.Encoder
	rows      []row
}

// row is one line of the table.
type row struct {
	what, bar, figure string
	pass              bool
}

func (r *run) add(what, bar string, pass bool, figure string, args ...any) {
	r.rows = append(r.rows, row{what, bar, fmt.Sprintf(figure, args...), pass})
	fmt.Fprintf(os.Stderr, "bench: %s: %s\n", what, r.rows[len(r.rows)-1].figure)
}

func bench(n, rounds int, replay, profile bool) error {
	if _, err := os.Stat(source); err != nil {
		return fmt.Errorf("%s is not on this machine, and the bench needs it", source)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	raw, err := os.Create(filepath.Join(out, "raw.jsonl"))
	if err != nil {
		return err
	}
	defer raw.Close()
	r := &run{n: n, rounds: rounds, raw: json.NewEncoder(raw)}

	top, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := command(source, "go", "build", "-o", filepath.Join(top, tool), "."); err != nil {
		return err
	}
	if err := command(".", "make", "sheaf"); err != nil {
		return err
	}
	info, err := os.Stat("sheaf")
	if err != nil {
		return err
	}
	size := float64(info.Size()) / 1e6
	r.add("binary", "<= 40 MB", size <= 40, "%.1f MB", size)

	archive := filepath.Join(out, fmt.Sprintf("articles-%d.tar", n))
	if _, err := os.Stat(archive); err != nil {
		if err := command(".", tool, "gen", "-n", strconv.Itoa(n), "-format", "jats", "-out", archive+".part"); err != nil {
			return err
		}
		if err := os.Rename(archive+".part", archive); err != nil {
			return err
		}
	}
	db := filepath.Join(out, "bench.db")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(db + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := r.importing(db, archive); err != nil {
		return err
	}
	if replay {
		for _, prefix := range []string{"oai_dc", "jats"} {
			if err := r.serving(db, prefix, profile); err != nil {
				return err
			}
		}
	}
	if err := r.others(db); err != nil {
		return err
	}
	if err := r.postgres(db, archive); err != nil {
		return err
	}
	if err := r.putting(archive); err != nil {
		return err
	}
	return r.table()
}

// importing times the import of the archive into a new store.
func (r *run) importing(db, archive string) error {
	cmd := exec.Command("./sheaf", "import", "--db", db, archive)
	cmd.Stderr = os.Stderr
	began := time.Now()
	summary, err := cmd.Output()
	took := time.Since(began).Seconds()
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	fmt.Fprintf(os.Stderr, "bench: %s", summary)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	info, err := os.Stat(db)
	if err != nil {
		return err
	}
	rate := float64(r.n) / took
	r.add("import of JATS", ">= 1500/s", rate >= 1500, "%.0f/s (%.0f s, %.0f us CPU each, peak %.0f MB, store %.0f MB)", rate, took,
		(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()).Seconds()/float64(r.n)*1e6, float64(usage.Maxrss)/1024, float64(info.Size())/1e6)
	return nil
}

// serving measures all that a harvester of one format sees, against a replay of the same answers.
func (r *run) serving(db, prefix string, profile bool) error {
	const debug = "127.0.0.1:6061"
	args := []string{"serve", "--db", db, "--listen", "127.0.0.1:0", "--rate-limit", "0"}
	if profile {
		args = append(args, "--debug-listen", debug)
	}
	sheaf, err := start("./sheaf", args...)
	if err != nil {
		return err
	}
	defer sheaf.stop()
	sheaf.base += "/oai"
	tokens, ids := filepath.Join(out, "tokens-"+prefix), filepath.Join(out, "ids-"+prefix)
	first, err := r.measure(sheaf, prefix, "full", "-tokens", tokens, "-ids", ids)
	if err != nil {
		return err
	}
	if first.Records != int64(r.n) {
		return fmt.Errorf("%s: harvested %d of %d records", prefix, first.Records, r.n)
	}
	some, err := sample(ids, 5000)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "bench: copying the answers of %s into replay\n", prefix)
	replay, err := start(tool, "replay", "-url", sheaf.base, "-prefix", prefix, "-ids", some)
	if err != nil {
		return err
	}
	defer replay.stop()

	var peak float64
	var cpu, depth []float64
	for _, mode := range []struct {
		name string
		args []string
	}{{"plain", []string{"full"}}, {"gzip", []string{"full", "-gzip"}}, {"GetRecord, 8 at once", []string{"get", "-ids", some, "-c", "8", "-d", "4s"}}} {
		var ratios, ours, theirs []float64
		for range r.rounds {
			a, err := r.measure(sheaf, prefix, mode.args...)
			if err != nil {
				return err
			}
			b, err := r.measure(replay, prefix, mode.args...)
			if err != nil {
				return err
			}
			ratios = append(ratios, a.RecordsPerS/b.RecordsPerS)
			ours, theirs = append(ours, a.RecordsPerS), append(theirs, b.RecordsPerS)
			peak = max(peak, a.PeakMB)
			if mode.name == "plain" {
				cpu, depth = append(cpu, a.CPU), append(depth, a.Depth)
			}
		}
		ratio, rate := median(ratios), median(ours)
		bar, pass := ">= 0.40 x replay", ratio >= 0.4
		if mode.args[0] == "get" {
			bar, pass = ">= 8000/s or 0.40 x", pass || rate >= 8000
		}
		r.add(prefix+" "+mode.name, bar, pass, "%.2f x (%.0f/s, replay %.0f/s)", ratio, rate, median(theirs))
	}
	r.add(prefix+" last 20 / first 20 pages", "<= 1.20", median(depth) <= 1.2, "%.2f", median(depth))
	r.add(prefix+" server peak memory", "<= 96 MB", peak <= 96, "%.0f MB", peak)
	r.add(prefix+" server CPU, plain", "", true, "%.1f us a record", median(cpu))
	if err := r.filters(sheaf, prefix, tokens); err != nil {
		return err
	}
	if profile {
		return profiles(sheaf, prefix, tokens, debug)
	}
	return nil
}

// others measures a full harvest of each format that is kept packed, over one connection.
func (r *run) others(db string) error {
	sheaf, err := start("./sheaf", "serve", "--db", db, "--listen", "127.0.0.1:0", "--rate-limit", "0")
	if err != nil {
		return err
	}
	defer sheaf.stop()
	sheaf.base += "/oai"
	for _, f := range crosswalk.All() {
		if !f.Rare {
			continue
		}
		if _, _, err := sheaf.page(url.Values{"verb": {"ListIdentifiers"}, "metadataPrefix": {f.Prefix}}); err != nil {
			r.add(f.Prefix+" full", "", true, "not measured: %.120v", err) // the articles have no body, and so no jats_fulltext
			continue
		}
		var rates, cpu []float64
		var records int64
		for range r.rounds {
			m, err := r.measure(sheaf, f.Prefix, "full")
			if err != nil {
				return err
			}
			records = m.Records
			rates, cpu = append(rates, m.RecordsPerS), append(cpu, m.CPU)
		}
		rate := median(rates)
		r.add(f.Prefix+" full", ">= 15000/s", rate >= 15000, "%.0f/s (%d records, %.1f us of the server a record)", rate, records, median(cpu))
	}
	return nil
}

// filters sets the first page of selective lists beside the median page of the whole list. Each request asks for another set or
// another time, so that none profits from the one before.
func (r *run) filters(s *server, prefix, tokens string) error {
	const tries = 25
	lines, err := readLines(tokens)
	if err != nil {
		return err
	}
	var pages []float64
	var times []string
	for i := range tries {
		took, body, err := s.page(url.Values{"verb": {"ListRecords"}, "resumptionToken": {lines[i*len(lines)/tries]}})
		if err != nil {
			return err
		}
		pages = append(pages, took)
		times = append(times, string(datestamp.FindSubmatch(body)[1]))
	}
	sets, err := s.sets()
	if err != nil {
		return err
	}
	usual := median(pages)
	last := len(times) - 1
	worst, all := 0.0, []string{}
	for _, f := range []struct {
		name string
		args func(i int) url.Values
	}{
		{"set", func(i int) url.Values { return url.Values{"set": {sets[i*len(sets)/tries]}} }},
		{"from", func(i int) url.Values { return url.Values{"from": {times[i]}} }},
		{"until", func(i int) url.Values { return url.Values{"until": {times[i]}} }},
		{"from+until", func(i int) url.Values { return url.Values{"from": {times[i/2]}, "until": {times[last-i/2]}} }},
		{"set+from+until", func(i int) url.Values {
			return url.Values{"set": {sets[i*len(sets)/tries]}, "from": {times[i/3]}, "until": {times[last-i/3]}}
		}},
	} {
		var took []float64
		for i := range tries {
			args := f.args(i)
			args.Set("verb", "ListRecords")
			args.Set("metadataPrefix", prefix)
			d, _, err := s.page(args)
			if err != nil {
				return err
			}
			took = append(took, d)
		}
		ratio := median(took) / usual
		worst = max(worst, ratio)
		all = append(all, fmt.Sprintf("%s %.2f", f.name, ratio))
	}
	r.add(prefix+" first page / median page", "<= 1.50", worst <= 1.5, "%.2f (%s; page %.2f ms)", worst, strings.Join(all, ", "), usual)
	return nil
}

var (
	datestamp = regexp.MustCompile(`<datestamp>([^<]*)<`)
	setSpec   = regexp.MustCompile(`<setSpec>(journal:[^<:]*)<`)
	token     = regexp.MustCompile(`<resumptionToken[^>]*>([^<]+)<`)
)

// sets returns the sets of journals, which hold enough items for a page.
func (s *server) sets() (specs []string, err error) {
	args := url.Values{"verb": {"ListSets"}}
	for {
		_, body, err := s.page(args)
		if err != nil {
			return nil, err
		}
		for _, m := range setSpec.FindAllSubmatch(body, -1) {
			specs = append(specs, string(m[1]))
		}
		m := token.FindSubmatch(body)
		if m == nil {
			break
		}
		args = url.Values{"verb": {"ListSets"}, "resumptionToken": {string(m[1])}}
	}
	if len(specs) == 0 {
		return nil, errors.New("ListSets: no set of a journal")
	}
	return specs, nil
}

// page makes one request and returns how many milliseconds the whole answer took.
func (s *server) page(args url.Values) (float64, []byte, error) {
	began := time.Now()
	resp, err := http.Get(s.base + "?" + args.Encode())
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, err
	}
	took := float64(time.Since(began).Microseconds()) / 1000
	if bytes.Contains(body, []byte("<error")) || resp.StatusCode != http.StatusOK {
		return 0, nil, fmt.Errorf("%s: %s %.300s", args.Encode(), resp.Status, body)
	}
	return took, body, nil
}

// result is what harvestbench prints of a measurement, as far as it is used here.
type result struct {
	Records     int64   `json:"records"`
	RecordsPerS float64 `json:"records_per_s"`
	Errors      int     `json:"errors"`
	FirstError  string  `json:"first_error"`
	Depth       float64 `json:"depth_ratio"`
	PeakMB      float64 `json:"server_peak_rss_mb"`
	CPU         float64 `json:"server_cpu_us_per_record"`
}

// measure runs harvestbench in the mode args[0] against s.
func (r *run) measure(s *server, prefix string, args ...string) (res result, err error) {
	args = append(args, "-url", s.base, "-prefix", prefix, "-pid", strconv.Itoa(s.cmd.Process.Pid))
	stdout, err := exec.Command(tool, args...).Output()
	if err != nil {
		return res, fmt.Errorf("harvestbench %s: %w", strings.Join(args, " "), err)
	}
	lines := strings.Split(strings.TrimSpace(string(stdout)), "\n")
	line := lines[len(lines)-1]
	if err := json.Unmarshal([]byte(line), &res); err != nil {
		return res, err
	}
	if res.Errors > 0 {
		return res, fmt.Errorf("harvestbench %s: %d errors: %s", strings.Join(args, " "), res.Errors, res.FirstError)
	}
	return res, r.raw.Encode(map[string]any{"args": args, "result": json.RawMessage(line)})
}

// profiles writes CPU profiles of the server while pages are read in random order, plain and zipped.
func profiles(s *server, prefix, tokens, debug string) error {
	for name, flags := range map[string][]string{"plain": nil, "gzip": {"-gzip"}} {
		client := exec.Command(tool, append([]string{"pages", "-tokens", tokens, "-d", "4s", "-c", "1", "-url", s.base}, flags...)...)
		if err := client.Start(); err != nil {
			return err
		}
		resp, err := http.Get("http://" + debug + "/debug/pprof/profile?seconds=3")
		if err != nil {
			return err
		}
		data, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		if err := client.Wait(); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, "cpu-"+prefix+"-"+name+".pprof"), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// server is a process that serves.
type server struct {
	cmd  *exec.Cmd
	base string
}

// start runs a server; the last word of its first line is its address.
func start(name string, args ...string) (*server, error) {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return nil, fmt.Errorf("%s %s: no address: %w", name, strings.Join(args, " "), err)
	}
	words := strings.Fields(line)
	return &server{cmd, words[len(words)-1]}, nil
}

func (s *server) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
}

func command(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

// sample writes at most n of the lines of a file, evenly spread, to another, and returns its name.
func sample(name string, n int) (string, error) {
	lines, err := readLines(name)
	if err != nil {
		return "", err
	}
	n = min(n, len(lines))
	var b strings.Builder
	for i := range n {
		b.WriteString(lines[i*len(lines)/n] + "\n")
	}
	return name + "-some", os.WriteFile(name+"-some", []byte(b.String()), 0o644)
}

func readLines(name string) ([]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	lines := strings.Fields(string(data))
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s is empty", name)
	}
	return lines, nil
}

func median(in []float64) float64 {
	s := slices.Sorted(slices.Values(in))
	return s[len(s)/2]
}

// table prints all rows, also to bench-out/table.txt, and returns an error if a bar was missed.
func (r *run) table() error {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%d articles\tbar\tmeasured\t\n", r.n)
	missed := 0
	for _, row := range r.rows {
		verdict := "pass"
		switch {
		case row.bar == "":
			verdict = ""
		case !row.pass:
			verdict = "FAIL"
			missed++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", row.what, row.bar, row.figure, verdict)
	}
	w.Flush()
	os.Stdout.Write(b.Bytes())
	if err := os.WriteFile(filepath.Join(out, "table.txt"), b.Bytes(), 0o644); err != nil {
		return err
	}
	if missed > 0 {
		return fmt.Errorf("%d figures miss their bar", missed)
	}
	return nil
}
