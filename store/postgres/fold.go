package postgres

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"sheaf/store"
)

// item is a row of item, with the hash of its article.
type item struct {
	id          int64
	local       string
	datestamp   int64
	deleted     bool
	sets        string
	formats     string
	gone        string
	hash        []byte
	due         int64
	revision    int
	articleHash []byte // nil: it has no article
}

// prefixes are those of all records of the item; the first own are its formats, the others it had once.
func (it *item) prefixes() (all []string, own int) {
	formats := strings.Fields(it.formats)
	return append(formats, strings.Fields(it.gone)...), len(formats)
}

// version is that of store.Item.
func (it *item) version() string {
	if it == nil || it.deleted {
		return ""
	}
	return store.Version(it.hash, it.articleHash)
}

// origin is an input of an item, as far as it must be known to write another.
type origin struct {
	seq int
	sum []byte
}

// target is an item that a transaction touches: as it was, and as it is after the changes so far.
type target struct {
	item
	old     *item // nil: it was not there
	exists  bool  // item is of use: it was there, or a change has made it
	stamped bool  // its records and entries are written anew
	dirty   bool  // its row is written

	records []store.PackedRecord // if stamped; all that it has, unless a Kept has lost one
	article *store.Ready         // whose article is written; nil: none
	aliases []string             // to be written
	origins map[string]origin    // by name, with those that are to be written
	sources []source             // to be written
	dropped []int                // seq of those to be deleted
}

type source struct {
	*store.Ready
	name     string
	seq      int
	replaces int // seq of the one of the same name; 0: none
}

// fold carries out changes one after another in memory, on what the transaction has read under the lock. Only the last state of
// each item is then written; the outcome of each change is as if all had been.
type fold struct {
	targets map[string]*target // all that changes name, and the owners of their aliases
	owners  map[string]*target // by alias key
	sets    map[string]store.Set
	stamp   int64                 // D; 0 until something is stamped
	now     func() (int64, error) // gives D
}

func newFold(now func() (int64, error)) *fold {
	return &fold{targets: map[string]*target{}, owners: map[string]*target{}, sets: map[string]store.Set{}, now: now}
}

// target returns that of a local identifier, one of an item that is not there if nothing is known of it.
func (f *fold) target(local string) *target {
	t := f.targets[local]
	if t == nil {
		t = &target{item: item{local: local}, origins: map[string]origin{}}
		f.targets[local] = t
	}
	return t
}

// know enters an item as it is in the database.
func (f *fold) know(it item) *target {
	t := f.target(it.local)
	if t.old == nil {
		t.item, t.old, t.exists = it, &it, true
	}
	return t
}

// datestamp is D of this transaction.
func (f *fold) datestamp() (int64, error) {
	var err error
	if f.stamp == 0 {
		f.stamp, err = f.now()
	}
	return f.stamp, err
}

// change carries out one change.
func (f *fold) change(c *store.Ready) (store.Outcome, error) {
	t := f.target(c.Local)
	out := store.Outcome{Local: c.Local, Datestamp: t.datestamp}
	if t.exists {
		out.Version = t.version()
	}
	if c.If == store.IfAbsent && out.Version != "" || c.If != "" && c.If != store.IfAbsent && out.Version != c.If {
		out.Status = store.Stale
		return out, nil
	}
	if c.Delete {
		return f.delete(t)
	}
	for _, name := range c.Aliases {
		if owner := f.owners[aliasKey(name)]; owner != nil && owner != t {
			return store.Outcome{Status: store.Conflict, Local: owner.local, Datestamp: owner.datestamp, Version: owner.version()}, nil
		}
	}
	out.Version = c.Version()
	if t.exists && !t.deleted && bytes.Equal(t.hash, c.Hash) && !c.Again {
		out.Status = store.Unchanged
		if !bytes.Equal(t.articleHash, c.ArticleHash[:]) {
			out.Status = store.Updated
		}
	} else {
		out.Status = store.Updated
		if !t.exists || t.deleted {
			out.Status = store.Created
		}
		if err := f.save(t, c); err != nil {
			return out, err
		}
		out.Datestamp = t.datestamp
	}
	if t.due != c.Due || t.revision != c.Revision {
		t.due, t.revision, t.dirty = c.Due, c.Revision, true
	}
	if out.Status != store.Unchanged {
		t.article, t.articleHash = c, c.ArticleHash[:]
	}
	for _, name := range c.Aliases {
		if key := aliasKey(name); f.owners[key] == nil {
			f.owners[key] = t
			t.aliases = append(t.aliases, name)
		}
	}
	f.putSets(c.Sets)
	t.source(c, out.Status)
	return out, nil
}

// save makes the records those of c. Formats that it no longer has become tombstones.
func (f *fold) save(t *target, c *store.Ready) error {
	stamp, err := f.datestamp()
	if err != nil {
		return err
	}
	var gone []string
	had, _ := t.prefixes()
	has := strings.Fields(c.Formats)
	for _, p := range had {
		if !slices.Contains(has, p) {
			gone = append(gone, p)
		}
	}
	slices.Sort(gone)
	t.datestamp, t.deleted, t.sets, t.formats, t.gone, t.hash = stamp, false, c.Own, c.Formats, strings.Join(gone, " "), c.Hash
	t.records = c.Packed
	t.exists, t.stamped, t.dirty = true, true, true
	return nil
}

// delete leaves a tombstone in every list that the item is in.
func (f *fold) delete(t *target) (store.Outcome, error) {
	switch {
	case !t.exists:
		return store.Outcome{Status: store.Missing, Local: t.local}, nil
	case t.deleted:
		return store.Outcome{Status: store.Unchanged, Local: t.local, Datestamp: t.datestamp}, nil
	}
	stamp, err := f.datestamp()
	t.datestamp, t.deleted, t.due, t.records = stamp, true, 0, nil
	t.stamped, t.dirty = true, true
	return store.Outcome{Status: store.Deleted, Local: t.local, Datestamp: stamp}, err
}

// source drops the inputs that the change says, and keeps the one that it came from, under its name, unless it is there and nothing was changed by it.
func (t *target) source(c *store.Ready, status store.Status) {
	for _, name := range c.Drop {
		for had := range t.origins {
			if had == clean(name) || name == "*" && (c.Source == nil || had != clean(c.Source.Name)) {
				t.drop(had)
			}
		}
	}
	if c.Source == nil {
		return
	}
	name := clean(c.Source.Name)
	had, known := t.origins[name]
	if status == store.Unchanged && known && bytes.Equal(had.sum, c.SourceSum[:]) {
		return
	}
	seq := 1
	for _, o := range t.origins {
		seq = max(seq, o.seq+1)
	}
	t.origins[name] = origin{seq, c.SourceSum[:]}
	for i, s := range t.sources {
		if s.name == name { // of this transaction: it was never there
			t.sources = slices.Delete(t.sources, i, i+1)
			had.seq = s.replaces
			break
		}
	}
	t.sources = append(t.sources, source{c, name, seq, had.seq})
}

// drop forgets an input.
func (t *target) drop(name string) {
	seq := t.origins[name].seq
	delete(t.origins, name)
	for i, s := range t.sources {
		if s.name == name { // of this transaction: it was never there, but for the one that it replaces
			t.sources, seq = slices.Delete(t.sources, i, i+1), s.replaces
			break
		}
	}
	if seq != 0 {
		t.dropped = append(t.dropped, seq)
	}
}

// putSets keeps names and descriptions of sets, and that their ancestors are there.
func (f *fold) putSets(sets []store.Set) {
	for _, s := range sets {
		all := f.sets[s.Spec]
		all.Spec = s.Spec
		if s.Name != "" {
			all.Name = clean(s.Name)
		}
		if s.Description != "" {
			all.Description = clean(s.Description)
		}
		f.sets[s.Spec] = all
	}
	for _, spec := range store.SetSpecs(sets) {
		if _, ok := f.sets[spec]; !ok {
			f.sets[spec] = store.Set{Spec: spec}
		}
	}
}

// restore enters an item of a Dump, under its own datestamp.
func (f *fold) restore(k *store.Kept) error {
	c, gone := k.Change()
	ready, err := store.Prepare(c)
	if err != nil {
		return err
	}
	shrink(ready)
	t := f.target(k.Local)
	if t.exists {
		return fmt.Errorf("%q is there twice", k.Local)
	}
	t.item = item{
		local: k.Local, datestamp: k.Datestamp, deleted: k.Deleted, sets: ready.Own, formats: strings.Join(k.Prefixes, " "), gone: strings.Join(gone, " "),
		hash: ready.Hash, due: k.Due, revision: k.Revision,
	}
	t.exists, t.stamped, t.dirty, t.aliases = true, true, true, k.Aliases
	if !k.Deleted {
		t.records = ready.Packed
	}
	if k.Article != nil {
		t.article = ready
	}
	for i := range k.Sources {
		with, err := store.Prepare(&store.Change{Local: k.Local, Source: &k.Sources[i]})
		if err != nil {
			return err
		}
		t.source(with, store.Created)
	}
	return nil
}
