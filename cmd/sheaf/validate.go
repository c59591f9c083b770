package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"sheaf/crosswalk/flat"
	"sheaf/ingest"
	"sheaf/jats"
	"sheaf/jats/jats4r"
	"sheaf/ready"
	"sheaf/store"
)

type validateCmd struct {
	Path    []string `arg:"" optional:"" help:"Files, folders, archives, or - for standard input."`
	All     bool     `help:"Check everything that is stored, as it is served."`
	Profile []string `help:"Check by this profile only; may be given several times. The default is all but those of indexing services." sep:"," placeholder:"NAME"`
	Format  string   `enum:",${kinds}" default:"" help:"What the inputs are (${kinds}); the default is to recognise each by its content."`
	JSON    bool     `name:"json" help:"Write each finding as a line of JSON."`
	SARIF   bool     `name:"sarif" help:"Write all findings as one SARIF 2.1.0 document."`
	DTD     string   `name:"dtd" help:"Folder that holds the DTDs of JATS; the default is that of SHEAF_SCHEMAS, or .schemas." placeholder:"DIR"`
}

// Help is printed by --help.
func (validateCmd) Help() string {
	var b strings.Builder
	b.WriteString("The profiles are:\n")
	asked := false
	for _, p := range allProfiles() {
		if p.asked && !asked {
			fmt.Fprintf(&b, "and those of indexing services, which are to be asked for:\n  %-13s all of these, and jats4r\n", allServices)
		}
		asked = p.asked
		fmt.Fprintf(&b, "  %-13s %s\n", p.name, p.what)
	}
	b.WriteString("\nIt exits with 3 when an error was found; warnings and notes alone do not count.")
	return b.String()
}

func (c *validateCmd) Run(ctx context.Context, s *settings, io stdio) error {
	wrong := func(format string, args ...any) error {
		fmt.Fprintf(io.err, "sheaf: validate: "+format+"\n", args...)
		return exit(exitUsage)
	}
	switch {
	case c.All == (len(c.Path) > 0):
		return wrong("want either paths or --all")
	case c.JSON && c.SARIF:
		return wrong("want either --json or --sarif")
	}
	profiles, err := chosen(c.Profile)
	if err != nil {
		return wrong("--profile %v", err)
	}
	v := &validator{site: s.site(), profiles: profiles, named: len(c.Profile) > 0}
	if slices.ContainsFunc(v.profiles, func(p profile) bool { return p.name == "dtd" }) {
		v.dtds, err = findDTDs(c.DTD)
		if err != nil && (c.DTD != "" || slices.Contains(c.Profile, "dtd")) {
			return fmt.Errorf("validate: %w", err)
		}
		if err != nil {
			fmt.Fprintf(io.err, "sheaf: nothing is checked by its DTD: %v\n", err)
		}
	}
	out := bufio.NewWriter(io.out)
	var report reporter = textLines{out}
	switch {
	case c.JSON:
		report = jsonLines{out}
	case c.SARIF:
		report = newSARIF(out)
	}
	find := func(ctx context.Context, yield func(*subject) error) error {
		walker := &ingest.Walker{Stdin: io.in, Format: c.Format}
		return walker.Walk(ctx, c.Path, func(in ingest.Input) error {
			return yield(&subject{name: in.Name, line: in.Line, kind: in.Kind, source: in.Data, err: in.Err})
		})
	}
	if c.All {
		db, err := s.open(false)
		if err != nil {
			return err
		}
		defer db.Close()
		find = stored(db, s)
	}
	sum, err := v.run(ctx, find, report.finding)
	err = errors.Join(err, report.end(), out.Flush())
	what := "files"
	if c.All {
		what = "items"
	}
	if v.named { // else no service was asked for, but that jats4r is one too
		for i := range sum.ready.Sums {
			fmt.Fprintf(io.err, "sheaf: %s\n", &sum.ready.Sums[i])
		}
	}
	fmt.Fprintf(io.err, "sheaf: %d %s, %d records, %d errors, %d warnings\n", sum.files, what, sum.records, sum.errors, sum.warnings)
	switch {
	case err != nil:
		return err
	case sum.errors > 0:
		return exit(exitRefused)
	}
	return nil
}

// finding is one thing that is wrong with an input or item.
type finding struct {
	Path     string `json:"path"`           // file, or oai: identifier
	Line     int    `json:"line,omitempty"` // 1-based; 0: not known
	Severity string `json:"severity"`       // "error", "warning" or "note"
	Code     string `json:"code"`           // as in docs/codes.md and docs/readiness.md
	Message  string `json:"message"`
	Advice   string `json:"advice,omitempty"`  // what to do
	Rule     string `json:"rule,omitempty"`    // what is demanded, in a sentence
	Element  string `json:"element,omitempty"` // path of the element, or of the field of the article
	Profile  string `json:"profile,omitempty"` // "": the input cannot be read
}

const (
	severityError   = "error"
	severityWarning = "warning"
	severityNote    = "note" // what an indexing service would gain by
)

// reporter writes findings.
type reporter interface {
	finding(finding) error
	end() error
}

// textLines writes a finding as a line for people and compilers: "PATH:LINE: severity code: message".
type textLines struct{ w io.Writer }

func (l textLines) finding(f finding) error {
	where := ""
	if f.Element != "" {
		where = " (" + f.Element + ")"
	}
	_, err := fmt.Fprintf(l.w, "%s: %s %s: %s%s\n", ingest.Rejection{Path: f.Path, Line: f.Line}.Place(), f.Severity, f.Code, oneLine(f.Message), where)
	return err
}

func (l textLines) end() error { return nil }

// oneLine keeps a message in its line, whatever it quotes.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

type jsonLines struct{ w io.Writer }

func (l jsonLines) finding(f finding) error {
	e := json.NewEncoder(l.w)
	e.SetEscapeHTML(false)
	return e.Encode(f)
}

func (l jsonLines) end() error { return nil }

// tally counts what was checked and found, and what the services would say of it.
type tally struct {
	files, records, errors, warnings int
	ready                            ready.Tally
}

// validator checks subjects by profiles. It is safe for concurrent use once made.
type validator struct {
	site     string
	profiles []profile
	named    bool  // the profiles were asked for by name
	dtds     *dtds // nil: nothing is checked by its DTD
}

const (
	maxInHand = 48 << 20 // bytes of the inputs that are checked at a time; one larger than that is checked alone
	perInput  = 256 << 10
)

// run checks what find yields, several at a time, and tells the findings in the order of the inputs. The error is that of find, of tell or of ctx.
func (v *validator) run(ctx context.Context, find func(ctx context.Context, yield func(*subject) error) error, tell func(finding) error) (tally, error) {
	type job struct {
		s       *subject
		found   []finding
		answers []ready.Answer
		size    int64
		done    chan struct{}
	}
	g, ctx := errgroup.WithContext(ctx)
	room := semaphore.NewWeighted(maxInHand)
	jobs := make(chan *job, 64)
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	g.Go(func() error {
		defer close(jobs)
		defer work.Wait()
		return find(ctx, func(s *subject) error {
			j := &job{s: s, size: min(int64(len(s.source)+len(s.stored)+perInput), maxInHand), done: make(chan struct{})}
			if err := room.Acquire(ctx, j.size); err != nil {
				return err
			}
			work.Go(func() error {
				defer close(j.done)
				j.found = v.check(ctx, s)
				j.answers = v.answers(s, j.found)
				s.source, s.stored, s.article, s.record, s.tree = nil, nil, nil, nil, nil
				return nil
			})
			select {
			case jobs <- j:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	})
	var sum tally
	g.Go(func() error {
		last := ""
		for j := range jobs {
			<-j.done
			room.Release(j.size)
			if sum.records++; j.s.name != last || sum.files == 0 {
				sum.files++
				last = j.s.name
			}
			if j.answers != nil {
				sum.ready.Add(j.s.name, j.answers)
			}
			for _, f := range j.found {
				switch f.Severity {
				case severityError:
					sum.errors++
				case severityWarning:
					sum.warnings++
				}
				if err := tell(f); err != nil {
					return err
				}
			}
		}
		return ctx.Err()
	})
	err := g.Wait()
	return sum, err
}

// subject is what is checked: an input, or a stored item.
type subject struct {
	name   string
	line   int // where it begins in a file of several; 0 for a file of one
	kind   string
	source []byte // of an input
	err    error  // why it could not be read
	stored []byte // the article as JSON, of an item
	local  string // of an item

	article  *jats.Article
	record   *flat.Record // of the article, once asked for
	warnings []jats.Warning
	at       time.Time
	tree     *jats4r.Document // of the source, once asked for
	treeErr  error
}

// check returns what is wrong with s.
func (v *validator) check(ctx context.Context, s *subject) []finding {
	s.at = time.Now()
	switch {
	case s.err != nil:
	case s.stored != nil:
		var err error
		if s.article, err = jats.LoadJSON(s.stored); err != nil {
			s.err = jats.Faultf("record-invalid", 0, "its article cannot be read: %v", err)
		}
	default:
		s.kind, s.article, s.warnings, s.err = ingest.Parse(s.source, s.kind)
		if s.err == nil {
			s.local = ingest.Local(s.article)
		}
	}
	if errors.Is(s.err, jats.ErrWithdrawn) { // there is nothing to check
		return nil
	}
	if s.err != nil {
		r := ingest.Outcome{Name: s.name, Line: s.line, Err: s.err}.Rejection()
		return []finding{described(finding{Path: s.name, Line: r.Line, Severity: severityError, Code: cmp.Or(r.Code, "refused"), Message: r.Reason})}
	}
	var found []finding
	for _, p := range v.profiles {
		for _, f := range p.check(ctx, v, s) {
			f.Path, f.Profile = s.name, p.name
			if documentFault[f.Code] && slices.ContainsFunc(found, func(g finding) bool { return g.Code == f.Code && g.Line == f.Line }) { // another profile has told it
				continue
			}
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b finding) int { return a.Line - b.Line })
	return found
}

// documentFault are the codes of what keeps a whole document from being checked, which every profile meets.
var documentFault = map[string]bool{"malformed": true, "too-large": true, "too-deep": true}

// lineOf is the line in the file of a line in the record; 0, not known, is that of the record.
func (s *subject) lineOf(line int) int {
	switch {
	case s.line == 0:
		return line
	case line == 0:
		return s.line
	}
	return s.line + line - 1
}

// described completes a finding by its code.
func described(f finding) finding {
	if c, ok := jats.FindCode(f.Code); ok {
		f.Rule, f.Advice = c.Sentence, c.Advice
	}
	return f
}

// stored finds all live items.
func stored(db store.Store, s *settings) func(ctx context.Context, yield func(*subject) error) error {
	return func(ctx context.Context, yield func(*subject) error) error {
		var page []string
		faults, err := each(ctx, db, store.Query{Prefix: "oai_dc", Limit: exportPage, Headers: true}, func(_ int64, row *store.Row) error {
			if !row.Deleted {
				page = append(page, string(row.Local))
			}
			return nil
		}, func() error {
			for _, local := range page {
				item, err := db.Get(ctx, local)
				switch {
				case errors.Is(err, store.ErrNotFound) || err == nil && item.Deleted: // since the page was read
				case err != nil:
					return err
				default:
					if err := yield(&subject{name: "oai:" + s.RepositoryID + ":" + local, local: local, stored: item.Article}); err != nil {
						return err
					}
				}
			}
			page = page[:0]
			return ctx.Err()
		})
		if err == nil && faults > 0 {
			err = fmt.Errorf("validate: %d records could not be read; sheaf check tells which", faults)
		}
		return err
	}
}
