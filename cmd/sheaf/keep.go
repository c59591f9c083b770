package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"sheaf/ingest"
	"sheaf/store"
	"sheaf/store/sqlite"
)

type checkCmd struct {
	Repair bool `help:"Render damaged records anew from their articles, and make lists and counts anew. Stop sheaf serve before."`
}

func (c *checkCmd) Run(ctx context.Context, s *settings, io stdio) error {
	db, err := s.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	problems, err := c.check(ctx, s, db, io)
	if err != nil {
		return err
	}
	if c.Repair && len(problems) > 0 {
		if err := repair(ctx, s, db, problems, io); err != nil {
			return err
		}
		fmt.Fprintln(io.err, "sheaf: checking again")
		if problems, err = c.check(ctx, s, db, io); err != nil {
			return err
		}
		if len(problems) > 0 {
			return fmt.Errorf("check: %d problems are left in %s: sheaf backup FILE makes a new store of all that can be read; or restore a backup", len(problems), s.place())
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("check: %d problems in %s: sheaf check --repair mends what can be mended", len(problems), s.place())
	}
	st, err := db.Stats(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "ok items=%d deleted=%d\n", st.Items, st.Deleted)
	return nil
}

// check tells every problem of db.
func (c *checkCmd) check(ctx context.Context, s *settings, db store.Store, io stdio) (problems []store.Problem, err error) {
	err = db.Check(ctx, func(p store.Problem) {
		problems = append(problems, p)
		fmt.Fprintln(io.err, s.problem(p))
	})
	return problems, err
}

// problem is p for people.
func (s *settings) problem(p store.Problem) string {
	if p.Local == "" {
		return p.Message
	}
	return fmt.Sprintf("oai:%s:%s: %s", s.RepositoryID, p.Local, p.Message)
}

// repair mends items one by one, then what is made of them.
func repair(ctx context.Context, s *settings, db store.Store, problems []store.Problem, io stdio) error {
	refresher := &ingest.Refresher{Store: db, Log: s.log(io.err)}
	seen := map[string]bool{"": true}
	for _, p := range problems {
		if seen[p.Local] {
			continue
		}
		seen[p.Local] = true
		switch err := refresher.Repair(ctx, p.Local); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			fmt.Fprintf(io.err, "oai:%s:%s: not repaired: %v\n", s.RepositoryID, p.Local, err)
		default:
			fmt.Fprintf(io.out, "repaired oai:%s:%s\n", s.RepositoryID, p.Local)
		}
	}
	return db.Rebuild(ctx)
}

type backupCmd struct {
	File string `arg:"" help:"New file to write: an SQLite store, whatever --db is."`
}

// Run copies the store as it is at one moment. It may be served and written to meanwhile.
func (c *backupCmd) Run(ctx context.Context, s *settings, io stdio) error {
	db, err := s.open(false)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := os.Stat(c.File); err == nil {
		return fmt.Errorf("backup: %s is there already: name another file", c.File)
	}
	lost := 0
	if file, ok := db.(*sqlite.DB); ok {
		err := file.Backup(ctx, c.File)
		if !errors.Is(err, store.ErrCorrupt) {
			return c.done(io, err)
		}
		fmt.Fprintf(io.err, "sheaf: %v\nsheaf: copying what can be read\n", err)
	}
	if err := c.copy(ctx, db, func(p store.Problem) {
		lost++
		fmt.Fprintln(io.err, s.problem(p))
	}); err != nil {
		return err
	}
	if lost > 0 {
		fmt.Fprintf(io.err, "sheaf: %d parts could not be read; sheaf check --repair --db %s mends what can be mended\n", lost, c.File)
		return exit(exitRefused)
	}
	return c.done(io, nil)
}

func (c *backupCmd) done(io stdio, err error) error {
	if err == nil {
		fmt.Fprintln(io.out, "backup", c.File)
	}
	return err
}

// copy writes c.File item by item, under another name until it is whole.
func (c *backupCmd) copy(ctx context.Context, db store.Store, report func(store.Problem)) (err error) {
	dir, err := os.MkdirTemp(filepath.Dir(c.File), ".sheaf-backup-")
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer os.RemoveAll(dir)
	part := filepath.Join(dir, "part")
	to, err := sqlite.Open(part, sqlite.Options{})
	if err != nil {
		return err
	}
	err = store.Copy(ctx, db, to, report)
	if cerr := to.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(part, c.File); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return syncFolder(filepath.Dir(c.File))
}

// syncFolder makes a rename durable.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // there is no such call
	}
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

type restoreCmd struct {
	File string `arg:"" type:"existingfile" help:"A backup, or any SQLite store of Sheaf."`
}

// Run fills the store that --db names, which must hold no item: datestamps, tombstones, tokens and the key of resumptionTokens come along.
func (c *restoreCmd) Run(ctx context.Context, s *settings, io stdio) error {
	from, err := sqlite.Open(c.File, sqlite.Options{})
	if err != nil {
		return err
	}
	defer from.Close()
	db, err := s.open(true)
	if err != nil {
		return err
	}
	defer db.Close()
	lost := 0
	err = store.Copy(ctx, from, db, func(p store.Problem) {
		lost++
		fmt.Fprintln(io.err, s.problem(p))
	})
	if errors.Is(err, store.ErrExists) {
		return fmt.Errorf("restore: %s holds items: name a store that is empty or not there yet", s.place())
	}
	if err != nil {
		return err
	}
	st, err := db.Stats(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(io.out, "restored items=%d deleted=%d\n", st.Items, st.Deleted)
	if lost > 0 {
		return exit(exitRefused)
	}
	return nil
}
