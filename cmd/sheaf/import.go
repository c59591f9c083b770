package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"sheaf/ingest"
	"sheaf/ingest/harvest"
	"sheaf/ingest/table"
	"sheaf/store"
)

type importCmd struct {
	Path     []string `arg:"" optional:"" help:"Files, folders, archives, base URLs of OAI-PMH endpoints, or - for standard input."`
	Template string   `enum:",csv,xlsx" default:"" help:"Instead of importing, write a table to begin with to standard output: csv or xlsx; docs/tables.md tells what the columns mean."`
	Format   string   `enum:",${kinds}" default:"" help:"What the inputs are (${kinds}); the default is to recognise each by its content."`
	Set      []string `help:"Put every item in this set too: SPEC or SPEC=NAME; may be given several times." sep:"none" placeholder:"SPEC[=NAME]"`
	Replace  bool     `help:"Each input takes the place of all that its item came from, also where it says less."`
	DryRun   bool     `help:"Read, check and render, but store nothing."`
	JSON     bool     `name:"json" help:"Print the summary as a JSON object."`
	Rejects  string   `help:"Write each refusal to this file as a line of JSON." placeholder:"FILE"`
	harvestFlags

	harvests []*harvest.Harvester
	stopped  error // why harvests did
}

func (c *importCmd) Run(ctx context.Context, s *settings, io stdio) error {
	switch {
	case c.Template != "":
		return c.template(io)
	case len(c.Path) == 0:
		fmt.Fprintln(io.err, "sheaf: import: want files, folders, archives, base URLs or - for standard input; or --template")
		return exit(exitUsage)
	}
	sets, err := parseSets(c.Set)
	if err != nil {
		fmt.Fprintln(io.err, "sheaf:", err)
		return exit(exitUsage)
	}
	db, err := s.open(true)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := s.define(ctx, db); err != nil {
		return err
	}
	return c.into(ctx, s, db, sets, io)
}

// template writes a table that an editor can fill in.
func (c *importCmd) template(io stdio) error {
	data, err := table.Template(), error(nil)
	if c.Template == "xlsx" {
		data, err = table.TemplateXLSX()
	}
	if err == nil {
		_, err = io.out.Write(data)
	}
	return err
}

// into imports c.Path into db and reports.
func (c *importCmd) into(ctx context.Context, s *settings, db store.Store, sets []store.Set, io stdio) (err error) {
	verbose := s.Verbose
	var rejects *json.Encoder
	if c.Rejects != "" {
		f, err := os.Create(c.Rejects)
		if err != nil {
			return err
		}
		defer func() {
			if cerr := f.Close(); err == nil && cerr != nil {
				err = cerr
			}
		}()
		rejects = json.NewEncoder(f)
		rejects.SetEscapeHTML(false)
	}
	debug.SetGCPercent(300) // an import makes garbage and keeps little
	debug.SetMemoryLimit(224 << 20)
	bar := newBar(c.Path, io.err)
	if slices.ContainsFunc(c.Path, isAddress) {
		bar = newHarvestBar(io.err)
	}
	var owed owed
	walker := &ingest.Walker{Stdin: io.in, Format: c.Format, Progress: bar.add}
	warnings := 0
	var writing error
	importer := &ingest.Importer{Store: db, Sets: sets, DryRun: c.DryRun, Replace: c.Replace, Each: func(o ingest.Outcome) {
		owed.told(o)
		bar.items(1)
		warnings += len(o.Warnings)
		if o.Err == nil && !verbose {
			return
		}
		bar.clear()
		if verbose {
			for _, w := range o.Warnings {
				fmt.Fprintf(io.err, "%s: warning: %s\n", ingest.Rejection{Path: o.Name, Line: w.Line}.Place(), strings.TrimSpace(w.Path+" "+w.Message))
			}
		}
		if o.Err != nil {
			r := o.Rejection()
			fmt.Fprintln(io.err, r)
			if rejects != nil && writing == nil {
				writing = rejects.Encode(r)
			}
		}
	}}
	report, err := importer.Import(ctx, func(ctx context.Context, yield func(ingest.Input) error) error {
		return c.walk(ctx, s, db, walker, &owed, bar, io.err, yield)
	})
	bar.finish()
	err = errors.Join(err, c.finished())
	if c.JSON {
		json.NewEncoder(io.out).Encode(report)
	} else {
		fmt.Fprintln(io.out, report)
	}
	if walker.Skipped > 0 {
		fmt.Fprintf(io.err, "sheaf: %d files of other kinds were passed over\n", walker.Skipped)
	}
	if warnings > 0 && !verbose {
		fmt.Fprintf(io.err, "sheaf: %d warnings; --verbose shows them\n", warnings)
	}
	switch {
	case err != nil:
		return err
	case writing != nil:
		return fmt.Errorf("--rejects: %w", writing)
	case report.Rejected > 0:
		return exit(exitRefused)
	}
	return nil
}

// parseSets reads SPEC[=NAME].
func parseSets(args []string) ([]store.Set, error) {
	var sets []store.Set
	for _, a := range args {
		spec, name, _ := strings.Cut(a, "=")
		if !store.ValidSetSpec(spec) {
			return nil, fmt.Errorf("--set %q: want a setSpec such as news or news:2026, without blanks or slashes", a)
		}
		if ingest.Gives(spec) {
			return nil, fmt.Errorf("--set %q: sets under %q are given by the articles themselves", a, strings.SplitN(spec, ":", 2)[0])
		}
		sets = append(sets, store.Set{Spec: spec, Name: name})
	}
	return sets, nil
}

// bar is the progress of an import, on a terminal only.
type bar struct {
	b    *progressbar.ProgressBar
	n    int
	last time.Time
}

func newBar(paths []string, w io.Writer) *bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	var total int64
	for _, p := range paths {
		if p == "-" {
			total = -1
			break
		}
		filepath.WalkDir(p, func(_ string, d os.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				if info, err := d.Info(); err == nil {
					total += info.Size()
				}
			}
			return nil
		})
	}
	return &bar{b: progressbar.NewOptions64(total, progressbar.OptionSetWriter(f), progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetDescription("0 articles"), progressbar.OptionClearOnFinish(), progressbar.OptionFullWidth())}
}

func (b *bar) add(bytes int64) {
	if b.b != nil {
		b.b.Add64(bytes)
	}
}

func (b *bar) items(n int) {
	b.n += n
	if b.b != nil && time.Since(b.last) > 100*time.Millisecond {
		b.last = time.Now()
		b.b.Describe(fmt.Sprintf("%d articles", b.n))
	}
}

func (b *bar) clear() {
	if b.b != nil {
		b.b.Clear()
	}
}

func (b *bar) finish() {
	if b.b != nil {
		b.b.Finish()
		b.b.Clear()
	}
}
