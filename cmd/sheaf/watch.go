package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"sheaf/ingest"
	"sheaf/ingest/watch"
	"sheaf/store"
)

// watchServe are the flags of serve for folders.
type watchServe struct {
	Watch       []string      `help:"Import the files of this folder, and those below it, as they appear and change; may be given several times." sep:"none" placeholder:"DIR"`
	WatchSettle time.Duration `default:"2s" help:"How long a file of --watch must stand still before it is read."`
	WatchDelete bool          `help:"Take back what a file of --watch gave when it vanishes: an item that has no other source becomes a tombstone."`
	WatchState  string        `help:"File that keeps which file gave what; the default is the --db file's name with .watch.json, or sheaf.watch.json here for PostgreSQL." placeholder:"FILE"`
}

// start begins to follow the folders; the function that it returns waits until that has stopped, after the end of ctx.
func (c *watchServe) start(ctx context.Context, s *settings, db store.Store, m *metrics, log *slog.Logger) (wait func(), err error) {
	var running sync.WaitGroup
	if len(c.Watch) == 0 {
		return running.Wait, nil
	}
	path := c.WatchState
	switch {
	case path != "":
	case isPostgres(s.DB):
		path = "sheaf.watch.json"
	default:
		path = s.DB + ".watch.json"
	}
	state, err := watch.OpenState(path)
	if err != nil {
		return nil, err
	}
	t := &taker{db: m.counted(db, byWatch), log: log}
	w := &watch.Watcher{Dirs: c.Watch, State: state, Take: t.take, Settle: c.WatchSettle, Log: log}
	if c.WatchDelete {
		w.Gone = t.gone
	}
	running.Go(func() {
		if err := w.Run(ctx); err != nil {
			log.Error("--watch: not followed", "error", err)
		}
	})
	return running.Wait, nil
}

// byWatch is who asks for changes: --watch.
const byWatch = "watch"

// A taker imports files of watched folders.
type taker struct {
	db  store.Store
	log *slog.Logger
}

// take imports files and returns what each gave.
func (t *taker) take(ctx context.Context, paths []string) (map[string][]watch.Piece, error) {
	took := map[string][]watch.Piece{}
	var o owed
	importer := &ingest.Importer{Store: t.db, Each: func(out ingest.Outcome) { o.told(out) }}
	walker := &ingest.Walker{}
	report, err := importer.Import(ctx, func(ctx context.Context, yield func(ingest.Input) error) error {
		for _, path := range paths {
			tell := func(out ingest.Outcome) {
				switch {
				case out.Err == nil:
					took[path] = append(took[path], watch.Piece{Local: out.Local, Name: out.Name, Stored: out.Status != store.Unchanged})
				case out.Rejection().Code == "not-recognised":
					t.log.Debug("watch: passed over", "file", out.Name)
				default:
					t.log.Warn("watch: refused", "file", out.Rejection().Place(), "reason", out.Rejection().Reason)
				}
			}
			err := walker.Walk(ctx, []string{path}, func(in ingest.Input) error {
				o.push(tell)
				return yield(in)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		took[path] = append([]watch.Piece{}, took[path]...) // one that gave nothing is taken too
	}
	t.log.Info("watch: imported", "files", len(paths), "created", report.Created, "updated", report.Updated, "unchanged", report.Unchanged, "deleted", report.Deleted, "rejected", report.Rejected)
	return took, nil
}

// gone takes back what vanished files gave.
func (t *taker) gone(ctx context.Context, pieces []watch.Piece) error {
	importer := &ingest.Importer{Store: t.db}
	for _, p := range pieces {
		out, err := importer.Remove(ctx, p.Local, p.Name)
		switch {
		case err != nil:
			return err
		case out.Status == store.Stale:
			return errors.New("the item is changed all the time by others")
		}
		t.log.Info("watch: its file has vanished", "local", p.Local, "file", p.Name, "status", out.Status)
	}
	return nil
}
