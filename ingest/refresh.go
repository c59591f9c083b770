package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sheaf/crosswalk"
	"sheaf/jats"
	"sheaf/store"
)

// Refresher renders again what is stored, when its records would read otherwise today: an embargo has ended (store.Change.Due), or the
// crosswalks (crosswalk.Revision) or the definitions of sets have changed since. Only an item whose bytes do change gets a new datestamp.
//
// Any number of nodes may run one over the same store. Each write is bound to the version of the item that was rendered, so of two nodes
// that render the same item the second finds it done, and a deposit that comes between is never undone.
type Refresher struct {
	Store   store.Store
	Formats []crosswalk.Format // empty: all
	Now     func() time.Time   // nil: time.Now
	Log     *slog.Logger       // nil: silence
	Every   time.Duration      // pause between two passes; 0: a minute

	defined *Definitions    // sets of the store
	refused map[string]bool // items that the door refuses today: told once, and left as they are
}

// Refreshed counts what a pass did.
type Refreshed struct {
	Rendered int // items rendered again
	Moved    int // of these, items whose bytes changed: they have a new datestamp
	Refused  int // items that cannot be rendered any more; they are served as they were
}

// refreshBatch is how many items are rendered for one transaction.
const refreshBatch = 64

func (r *Refresher) setUp(ctx context.Context) (err error) {
	if len(r.Formats) == 0 {
		r.Formats = crosswalk.All()
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	if r.Every == 0 {
		r.Every = time.Minute
	}
	if r.refused == nil {
		r.refused = map[string]bool{}
	}
	if r.defined, err = LoadDefinitions(ctx, r.Store); err != nil {
		return fmt.Errorf("ingest: %w", err)
	}
	return nil
}

// Run makes a pass at once and then again and again, until ctx ends.
func (r *Refresher) Run(ctx context.Context) {
	for {
		done, err := r.Pass(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.Log.Error("ingest: rendering anew stopped; it is tried again", "error", err, "in", r.Every)
		case done.Rendered > 0:
			r.Log.Info("ingest: rendered anew", "items", done.Rendered, "changed", done.Moved, "revision", crosswalk.Revision)
		}
		select {
		case <-time.After(r.Every):
		case <-ctx.Done():
			return
		}
	}
}

// Pass renders all that is outdated now. Half of the time it rests, so that depositors are not kept waiting.
func (r *Refresher) Pass(ctx context.Context) (done Refreshed, err error) {
	if err := r.setUp(ctx); err != nil {
		return done, err
	}
	for {
		began := time.Now()
		locals, err := r.Store.Outdated(ctx, r.Now().Unix(), r.defined.revision(), refreshBatch+len(r.refused))
		if err != nil {
			return done, err
		}
		var changes []store.Change
		for _, local := range locals {
			if r.refused[local] || len(changes) == refreshBatch {
				continue
			}
			c, err := r.again(ctx, local)
			switch {
			case err == nil && c != nil:
				changes = append(changes, *c)
			case ctx.Err() != nil:
				return done, ctx.Err()
			case err != nil:
				done.Refused++
				r.refused[local] = true
				r.Log.Warn("ingest: an item cannot be rendered anew and is served as it was", "local", local, "error", err)
			}
		}
		if len(changes) == 0 {
			return done, nil
		}
		outcomes, err := r.Store.Put(ctx, changes)
		if err != nil {
			return done, err
		}
		for _, o := range outcomes {
			if o.Status == store.Unchanged || o.Status == store.Updated {
				done.Rendered++
			}
			if o.Status == store.Updated {
				done.Moved++
			}
		}
		select {
		case <-time.After(time.Since(began)):
		case <-ctx.Done():
			return done, ctx.Err()
		}
	}
}

// again makes the change that renders an item anew; nil if it is gone by now.
func (r *Refresher) again(ctx context.Context, local string) (*store.Change, error) {
	item, err := r.Store.Get(ctx, local)
	if errors.Is(err, store.ErrNotFound) || err == nil && item.Deleted {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a, err := jats.LoadJSON(item.Article)
	if err != nil {
		return nil, fmt.Errorf("ingest: article of %q: %w", local, err)
	}
	c, err := NewChange(a, local, r.Formats, r.defined, r.Now())
	if err != nil {
		return nil, err
	}
	c.Article = item.Article // as it was deposited, also what this version has no field for
	c.Sets = append(c.Sets, r.defined.others(item.Sets)...)
	c.If = item.Version
	// Names that an earlier version did not know of; what belongs to another item is left to the next import to tell.
	if owner, free, _, err := (&Importer{Store: r.Store}).owner(ctx, NamesOf(a)); err == nil && (owner == local || owner == "") {
		c.Aliases = free
	}
	return c, nil
}

// others are those of an item's sets that Sheaf does not put it in by itself: somebody put it there.
func (d *Definitions) others(specs []string) (sets []store.Set) {
	for _, spec := range specs {
		if !d.gives(spec) {
			sets = append(sets, store.Set{Spec: spec})
		}
	}
	return sets
}

// Repair writes all records of an item anew from its article, or where that is damaged from the inputs that it came from. The item gets
// a new datestamp, because a harvester may have been given wrong bytes, or none. The error says what is lost.
func (r *Refresher) Repair(ctx context.Context, local string) error {
	if err := r.setUp(ctx); err != nil {
		return err
	}
	item, err := r.Store.Get(ctx, local)
	var c *store.Change
	switch {
	case item != nil && item.Deleted:
		return nil // a tombstone has nothing that Rebuild does not make
	case err == nil:
		if c, err = r.again(ctx, local); err != nil {
			return err
		}
	case item != nil && errors.Is(err, store.ErrCorrupt):
		if c, err = r.fromSources(ctx, item); err != nil {
			return fmt.Errorf("its article is damaged, and %w: import it again, or restore a backup", err)
		}
	default:
		return err
	}
	if c == nil {
		return nil
	}
	c.Again = true
	out, err := r.Store.Put(ctx, []store.Change{*c})
	if err == nil && out[0].Status == store.Stale {
		return r.Repair(ctx, local)
	}
	return err
}

// fromSources makes the change of an item whose article is damaged.
func (r *Refresher) fromSources(ctx context.Context, item *store.Item) (*store.Change, error) {
	parts, err := (&Importer{Store: r.Store}).parts(ctx, item.Local, "", nil)
	if err != nil {
		return nil, fmt.Errorf("its inputs too (%w)", err)
	}
	if len(parts) == 0 {
		return nil, errors.New("none of its inputs was kept that can be read")
	}
	base, _ := compose(parts, "")
	base.Clean()
	c, err := NewChange(base, item.Local, r.Formats, r.defined, r.Now())
	if err == nil {
		c.Sets = append(c.Sets, r.defined.others(item.Sets)...)
	}
	return c, err
}
