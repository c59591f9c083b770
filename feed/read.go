package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sheaf/jats"
	"sheaf/store"
)

// Reader reads items as changes.
type Reader struct {
	Store        Store
	RepositoryID string
	Site         string // public address, without a slash at its end
	Set          string // setSpec: what is not in it, or in a set below it, reads as deleted; "": all
}

// Read returns an item as it is now, or store.ErrNotFound. A live item whose article cannot be read is an error.
func (r *Reader) Read(ctx context.Context, local string) (*Change, error) {
	item, err := r.Store.Get(ctx, local)
	if err != nil && !(errors.Is(err, store.ErrCorrupt) && item != nil && item.Deleted) {
		return nil, err
	}
	c := &Change{
		Local: item.Local, Identifier: "oai:" + r.RepositoryID + ":" + item.Local, Datestamp: item.Datestamp, Sets: specs(item.Sets),
		Deleted: item.Deleted || !within(item.Sets, r.Set), Bytes: len(item.Article), site: r.Site,
	}
	if len(item.Article) == 0 && c.Deleted {
		return c, nil
	}
	if c.Article, err = jats.LoadJSON(item.Article); err != nil && !c.Deleted {
		return nil, fmt.Errorf("feed: %s: its article cannot be read: %w", local, err)
	}
	return c, nil
}

// specs returns each setSpec with its ancestors.
func specs(own []string) []string {
	sets := make([]store.Set, len(own))
	for i, s := range own {
		sets[i].Spec = s
	}
	return store.SetSpecs(sets)
}

// within tells whether one of specs is set, or a set below it.
func within(specs []string, set string) bool {
	return set == "" || slices.ContainsFunc(specs, func(s string) bool { return store.InSet(s, set) })
}

// batch is a stretch of the log: what is to be sent of it, and where it ends.
type batch struct {
	changes []*Change
	damaged []Refusal // live items that cannot be read
	end     store.Key
}

// listPage is how many headers are read at a time.
const listPage = 1000

// stretch reads the log strictly after the cursor up to the second bound, which is over, and gives it in batches, the last of which may be empty.
func (f *Feed) stretch(ctx context.Context, after store.Key, bound int64, give func(*batch) error) error {
	type header struct {
		local     string
		datestamp int64
	}
	b, bytes := &batch{}, 0
	for more := true; more; {
		var headers []header
		q := store.Query{Prefix: "oai_dc", From: after.Datestamp, After: after, Until: bound, Limit: listPage, Headers: true}
		page, err := f.Store.List(ctx, q, func(row *store.Row) error {
			headers = append(headers, header{string(row.Local), row.Datestamp})
			return nil
		})
		if err != nil {
			return err
		}
		if page.Clock <= bound { // a replica that lags: for it, the second of its clock is not over
			return fmt.Errorf("feed: the store answers as of %d: expected it to have seen %d", page.Clock, bound)
		}
		if page.Faults > 0 {
			return fmt.Errorf("feed: %d entries of the log cannot be read: sheaf check tells which", page.Faults)
		}
		for _, h := range headers {
			c, err := f.read(ctx, h.local, h.datestamp)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, store.ErrNotFound):
				return fmt.Errorf("feed: %s is in the log and not in the store: sheaf check tells more", h.local)
			case err != nil && (errors.Is(err, store.ErrBusy) || errors.Is(err, errLags)):
				return err
			case err != nil:
				b.damaged = append(b.damaged, Refusal{Local: h.local, Datestamp: h.datestamp, Reason: err.Error()})
			case c.Datestamp == h.datestamp: // else it has a later place in the log
				b.changes = append(b.changes, c)
				bytes += c.Bytes
			}
			b.end = store.Key{Datestamp: h.datestamp, Local: h.local}
			if len(b.changes) >= f.Items || bytes >= f.Bytes {
				if err := give(b); err != nil {
					return err
				}
				b, bytes = &batch{}, 0
			}
		}
		after, more = page.Last, page.More
	}
	b.end = store.Key{Datestamp: bound + 1}
	return give(b)
}

var errLags = errors.New("feed: the store answers with an item that is older than its place in the log")

// read reads an item that the log has at a datestamp. A replica that is behind the one that answered with the log is given some time.
func (f *Feed) read(ctx context.Context, local string, datestamp int64) (*Change, error) {
	for try := 0; ; try++ {
		c, err := f.Reader.Read(ctx, local)
		if err != nil || c.Datestamp >= datestamp {
			return c, err
		}
		if try == 20 {
			return nil, fmt.Errorf("%w: %s", errLags, local)
		}
		select {
		case <-f.wait(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
