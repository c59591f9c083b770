package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sheaf/crosswalk"
	"sheaf/oai"
	"sheaf/store"
)

type exportCmd struct {
	Prefix string `required:"" help:"metadataPrefix, e.g. oai_dc or jats."`
	Set    string `help:"Only items in this set."`
	From   string `help:"Lowest datestamp, YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ."`
	Until  string `help:"Highest datestamp, likewise."`
	Out    string `help:"Write one file for each record into this folder." type:"path" placeholder:"DIR"`
}

const exportPage = 500

func (c *exportCmd) Run(ctx context.Context, s *settings, io stdio) error {
	f, ok := crosswalk.Find(c.Prefix)
	if !ok {
		fmt.Fprintln(io.err, "sheaf:", unknownPrefix(c.Prefix))
		return exit(exitUsage)
	}
	q := store.Query{Prefix: f.Prefix, Set: c.Set, Limit: exportPage}
	for flag, v := range map[string]string{"--from": c.From, "--until": c.Until} {
		if v == "" {
			continue
		}
		first, last, err := oai.ParseDatestamp(v)
		if err != nil {
			fmt.Fprintf(io.err, "sheaf: %s: %v\n", flag, err)
			return exit(exitUsage)
		}
		if flag == "--from" {
			q.From = first
		} else {
			q.Until = last
		}
	}
	db, err := s.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	if c.Out != "" {
		return c.files(ctx, s, db, q, io)
	}

	w := bufio.NewWriterSize(io.out, 1<<20)
	e := oai.NewEncoder(s.RepositoryID, s.site())
	opened := false
	var b []byte
	faults, err := each(ctx, db, q, func(clock int64, row *store.Row) error {
		if !opened {
			opened = true
			w.Write(e.AppendOpen(nil, clock, f.Prefix))
		}
		if row.Deleted {
			return nil
		}
		b = e.AppendRecord(b[:0], row)
		_, err := w.Write(b)
		return err
	}, func() error { return ctx.Err() })
	if err != nil {
		return err
	}
	if !opened {
		fmt.Fprintln(io.err, "sheaf: no records match")
		return exit(exitFailed)
	}
	w.Write(e.AppendClose(nil))
	if err := w.Flush(); err != nil {
		return err
	}
	return faulty(faults)
}

func faulty(n int) error {
	if n > 0 {
		return fmt.Errorf("export: %d records could not be read and were left out; sheaf check tells which", n)
	}
	return nil
}

// each visits the rows of a query, whatever its length, with the clock of the first page as its upper bound, and calls after at the end
// of each page.
func each(ctx context.Context, db store.Store, q store.Query, visit func(clock int64, row *store.Row) error, after func() error) (faults int, err error) {
	if q.Until == 0 {
		if q.Until, err = db.Tick(ctx); err != nil {
			return 0, err
		}
	}
	until := q.Until
	for {
		page, err := db.List(ctx, q, func(row *store.Row) error { return visit(until, row) })
		if err != nil {
			return faults, err
		}
		faults += page.Faults
		if err := after(); err != nil {
			return faults, err
		}
		if !page.More {
			return faults, nil
		}
		q.After = page.Last
	}
}

// files writes each record as a document of its own, DIR/LOCAL.xml.
func (c *exportCmd) files(ctx context.Context, s *settings, db store.Store, q store.Query, io stdio) error {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	q.Headers = true
	n := 0
	var page []string // written once the page's own read is over
	write := func() error {
		for _, local := range page {
			item, err := db.Get(ctx, local)
			if err != nil {
				return err
			}
			b, err := document(item, c.Prefix, s.site())
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(c.Out, fileName(local)+".xml"), b, 0o644); err != nil {
				return err
			}
			n++
		}
		page = page[:0]
		return nil
	}
	faults, err := each(ctx, db, q, func(_ int64, row *store.Row) error {
		if !row.Deleted {
			page = append(page, string(row.Local))
		}
		return nil
	}, write)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "records=%d\n", n)
	return faulty(faults)
}

// fileName makes a file name of a local identifier: what no file system minds stays, all else is percent-encoded.
func fileName(local string) string {
	var b strings.Builder
	for i := 0; i < len(local); i++ {
		c := local[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-_()", c) >= 0 || c == '.' && i > 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	if b.Len() > 200 { // file systems stop at 255
		return fmt.Sprintf("%s-%x", b.String()[:180], sha256.Sum256([]byte(local)))[:200]
	}
	return b.String()
}
