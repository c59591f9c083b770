package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"sheaf/crosswalk"
	"sheaf/ingest/cut"
	"sheaf/jats"
	"sheaf/store"
)

// prepared is an input that is ready to be stored, or refused.
type prepared struct {
	outcome   Outcome
	withdrawn bool          // the source has deleted it
	counted   bool          // in Importer.seen
	nth       int           // of the records that its file gives its item, from 0, once counted
	read      *jats.Article // the input
	article   *jats.Article // the item's: the input, composed with what else is known of it
	names     Names         // of the input
	by        match         // how the item was found
	source    *store.Source
	change    *store.Change // nil: refused, or unchanged
}

// match is how the item of an input was found.
type match int

const (
	byItself match = iota // it has the identifier that the input gives itself, or is new
	byWeak                // journal, year and title are the same
	byStrong              // it shares an identifier
	byName                // the depositor named it
)

// prepare takes inputs up to the door, and puts what became of each into out. The store is asked for the names of all of them at once. The error is that of
// the store or of ctx; what is wrong with an input is in its result.
func (im *Importer) prepare(ctx context.Context, inputs []Input, out []*prepared) error {
	var located []*prepared
	var names []string
	for i, in := range inputs {
		p, err := im.read(ctx, in)
		if err != nil {
			return err
		}
		if out[i] = p; p.read != nil && !p.withdrawn {
			located = append(located, p)
			names = append(names, p.names.all()...)
		}
	}
	if len(located) == 0 {
		return nil
	}
	owners, err := im.Store.Resolve(ctx, names)
	if err != nil {
		return err
	}
	for _, p := range located {
		n := len(p.names.all())
		if err := im.locate(ctx, p, owners[:n]); err != nil {
			return err
		}
		owners = owners[n:]
	}
	return nil
}

// read makes an article of an input, unless the very same is stored already.
func (im *Importer) read(ctx context.Context, in Input) (*prepared, error) {
	p := &prepared{outcome: Outcome{Name: in.Name, Line: in.Line, Err: in.Err}}
	if in.Err != nil {
		return p, nil
	}
	if len(im.Sets) == 0 && !im.Replace {
		local, stamp, known, err := im.Store.HasSource(ctx, sha256.Sum256(in.Data))
		if err != nil {
			return nil, err
		}
		if known {
			p.outcome.Local, p.outcome.Status, p.outcome.Datestamp = local, store.Unchanged, stamp
			return p, nil
		}
	}
	kind, a, warnings, err := Parse(in.Data, in.Kind)
	p.outcome.Warnings = warnings
	p.withdrawn = errors.Is(err, jats.ErrWithdrawn)
	if err != nil && !p.withdrawn {
		p.outcome.Err = err
		return p, nil
	}
	p.read, p.names = a, NamesOf(a)
	p.source = &store.Source{Name: in.Name, Type: kind, Data: in.Data}
	return p, nil
}

// relocate finds the item that p is of as it is now, and renders p for it.
func (im *Importer) relocate(ctx context.Context, p *prepared) error {
	owners, err := im.Store.Resolve(ctx, p.names.all())
	if err != nil {
		return err
	}
	return im.locate(ctx, p, owners)
}

// locate finds the item that p is of among the owners of its names, and renders p for it.
func (im *Importer) locate(ctx context.Context, p *prepared, owners []string) error {
	owner, free, by, err := im.choose(ctx, p.names, owners)
	if err != nil {
		var f *jats.Fault
		if errors.As(err, &f) {
			p.refuse(err)
			return nil
		}
		return err
	}
	if p.by = by; owner == "" {
		owner = Local(p.read)
	}
	p.article = p.read
	p.render(im, owner, free)
	return nil
}

// owner finds the item that has one of the names; see choose.
func (im *Importer) owner(ctx context.Context, n Names) (owner string, free []string, by match, err error) {
	owners, err := im.Store.Resolve(ctx, n.all())
	if err != nil {
		return "", nil, 0, err
	}
	return im.choose(ctx, n, owners)
}

// choose tells which of the owners, one for each of n.all(), is the item of an article with these names; "" when there is none. free are those of the names that
// the item has or may have: not the weak ones that another item has. Identifiers that belong to several live items are a *jats.Fault, and owner is one of these.
func (im *Importer) choose(ctx context.Context, n Names, owners []string) (owner string, free []string, by match, err error) {
	strong := fields(owners[:len(n.Strong)])
	slices.Sort(strong)
	strong = slices.Compact(strong)
	if len(strong) > 1 { // tombstones keep their names, and give way
		strong = slices.DeleteFunc(strong, func(local string) bool {
			item, gerr := im.Store.Get(ctx, local)
			if gerr != nil && !errors.Is(gerr, store.ErrNotFound) && !errors.Is(gerr, store.ErrCorrupt) {
				err = gerr
			}
			return item == nil || item.Deleted
		})
		if err != nil {
			return "", nil, 0, err
		}
	}
	weak := owners[len(n.Strong):]
	switch len(strong) {
	case 0:
		if found := fields(weak); len(found) > 0 {
			owner, by = found[0], byWeak
		}
	case 1:
		owner, by = strong[0], byStrong
	default:
		return strong[0], nil, 0, jats.Faultf("several-items", 0, "its identifiers (%s) belong to several items: %s", strings.Join(n.Strong, ", "), strings.Join(strong, ", "))
	}
	free = slices.Clone(n.Strong)
	for i, name := range n.Weak {
		if weak[i] == "" || weak[i] == owner {
			free = append(free, name)
		}
	}
	return owner, free, by, nil
}

func (p *prepared) refuse(err error) { p.outcome.Err, p.change = err, nil }

// Parse recognises a document of one record, and reads it. format names a [Reader]; empty: by content. An error is a *jats.Fault, or jats.ErrWithdrawn
// beside an article that only has names.
func Parse(data []byte, format string) (kind string, a *jats.Article, warnings []jats.Warning, err error) {
	r := recognise(format, data)
	switch {
	case r == nil && format != "":
		return "", nil, nil, fmt.Errorf("ingest: no reader is called %q", format)
	case len(bytes.TrimSpace(data)) == 0:
		return "", nil, nil, jats.Faultf("empty", 0, "empty file")
	case r == nil:
		return "", nil, nil, jats.Faultf("not-recognised", 0, "not recognised: none of the kinds that Sheaf reads (%s)", strings.Join(Kinds(), ", "))
	}
	if format == "" && r.Cut != nil {
		if data, err = only(r, data); err != nil {
			return r.Name, nil, nil, err
		}
	}
	a, warnings, err = r.Read(data)
	if err != nil {
		return r.Name, a, warnings, err
	}
	if problems := a.Problems(); len(problems) > 0 {
		return r.Name, nil, warnings, &jats.Fault{Warning: problems[0]}
	}
	return r.Name, a, warnings, nil
}

// only returns the one record of a document.
func only(r *Reader, data []byte) (record []byte, err error) {
	several := jats.Faultf("several-records", 0, "more than one record, want a document of one; sheaf import takes any number")
	cerr := r.Cut(bytes.NewReader(data), func(c cut.Record) error {
		if record != nil || err != nil {
			record, err = nil, several
			return several
		}
		record, err = c.Data, c.Err
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case cerr != nil:
		return nil, jats.Faultf("malformed", 0, "%v", cerr)
	case record == nil:
		return nil, jats.Faultf("empty", 0, "no record in it")
	}
	return record, nil
}

// render makes every record of the article under local and the change that stores them, or the reason why it cannot be.
func (p *prepared) render(im *Importer, local string, aliases []string) {
	c, err := NewChange(p.article, local, im.Formats, im.defined, im.now())
	if err != nil {
		p.refuse(err)
		return
	}
	c.Aliases, c.Source = aliases, p.source
	c.Sets = append(c.Sets, im.Sets...)
	p.change = c
	p.outcome.Local = local
}

// NewChange renders a in every format that takes it, as it reads at a time, and returns the write that stores it as local, with the sets that the
// article itself gives and those of the defined ones (nil: none) that it is in. An error says which record could not be made and why; then nothing is to
// be stored.
func NewChange(a *jats.Article, local string, formats []crosswalk.Format, defined *Definitions, at time.Time) (*store.Change, error) {
	if len(local) > store.MaxLocal {
		return nil, jats.Faultf("bad-name", 0, "identifier %.40q... is longer than %d bytes", local, store.MaxLocal)
	}
	r := crosswalk.Record(a, local, at)
	rendered, err := crosswalk.RenderAll(formats, r)
	if err != nil {
		return nil, jats.Faultf("record-invalid", 0, "a record of it would not be valid: %v", err)
	}
	c := &store.Change{Local: local, Sets: Sets(r, rendered), Due: crosswalk.Due(a, at), Revision: defined.revision()}
	c.Sets = append(c.Sets, defined.sets(r, c.Sets)...)
	for _, x := range rendered {
		c.Records = append(c.Records, store.Record{Prefix: x.Format.Prefix, Metadata: x.Metadata, Rare: x.Format.Rare})
	}
	buf := forms.Get().(*[]byte)
	*buf = a.AppendJSON((*buf)[:0])
	c.Article = bytes.Clone(*buf)
	if cap(*buf) < 1<<20 { // what grew for a large one is not kept
		forms.Put(buf)
	}
	return c, nil
}

// forms are buffers in which the JSON form of an article grows.
var forms = sync.Pool{New: func() any { return new([]byte) }}

// put stores a batch, in order, and reports on it.
func (im *Importer) put(ctx context.Context, batch []*prepared, report *Report) error {
	var todo []*prepared
	names := map[string]*prepared{} // of the items in todo
	flush := func() error {
		err := im.store(ctx, todo)
		todo = nil
		clear(names)
		return err
	}
	for _, p := range batch {
		if p.withdrawn && p.outcome.Err == nil {
			if err := flush(); err != nil {
				return err
			}
			if err := im.withdraw(ctx, p); err != nil {
				return err
			}
		}
		if p.change == nil {
			if p.outcome.Status == store.Unchanged {
				im.count(p)
			}
			continue
		}
		again := names[p.change.Local] != nil
		p.change.Aliases = slices.DeleteFunc(p.change.Aliases, func(alias string) bool {
			other := names[alias]
			if other != nil && slices.Contains(p.names.Weak, alias) && contradiction(factsOf(p.read), factsOf(other.read)) != "" {
				return true // it only looks like the other
			}
			again = again || other != nil
			return false
		})
		if again { // the same article twice in one batch: the first must be there before the second is completed by it
			if err := flush(); err != nil {
				return err
			}
			if err := im.relocate(ctx, p); err != nil {
				return err
			}
			if p.change == nil {
				continue
			}
		}
		if p.by == byItself && !im.DryRun { // new, as far as one knows; else Put tells
			p.change.If, p.change.Drop = store.IfAbsent, []string{"*"}
		} else if err := im.complete(ctx, p); err != nil {
			return err
		}
		if p.change == nil {
			continue
		}
		im.count(p)
		names[p.change.Local] = p
		for _, alias := range p.change.Aliases {
			names[alias] = p
		}
		todo = append(todo, p)
	}
	if err := flush(); err != nil {
		return err
	}
	for _, p := range batch {
		o := p.outcome
		report.Read++
		switch {
		case o.Err != nil:
			report.Rejected++
			o.Status = ""
		case o.Status == store.Created:
			report.Created++
		case o.Status == store.Updated:
			report.Updated++
		case o.Status == store.Deleted:
			report.Deleted++
		default:
			report.Unchanged++
		}
		if im.Each != nil {
			im.Each(o)
		}
	}
	return nil
}

// complete looks at the item of p, if it is there: whether p is of the same article, and what its other sources add to it.
//
// The change is bound to what was seen here (Change.If): where another process comes between, it is done once more.
func (im *Importer) complete(ctx context.Context, p *prepared) error {
	item, err := im.Store.Get(ctx, p.change.Local)
	if errors.Is(err, store.ErrNotFound) || err == nil && item.Deleted {
		p.change.If, p.change.Drop = store.IfAbsent, []string{"*"}
		return nil
	}
	if errors.Is(err, store.ErrCorrupt) && item != nil {
		p.refuse(jats.Faultf("item-damaged", 0, "its item %q is damaged in the store: %v", item.Local, err))
		return nil
	}
	if err != nil {
		return err
	}
	there, err := jats.LoadJSON(item.Article)
	if err != nil {
		return fmt.Errorf("ingest: article of %q: %w", item.Local, err)
	}
	if !im.Replace {
		ours, theirs := factsOf(p.read), factsOf(there)
		switch p.by {
		case byName:
		case byItself, byWeak:
			if why := contradiction(ours, theirs); why != "" {
				return im.apart(ctx, p, why)
			}
		case byStrong:
			if why := share("DOI", ours.doi, theirs.doi); why != "" { // the DOI decides before all other identifiers
				return im.apart(ctx, p, why)
			}
			if why := doubt(ours, theirs); why != "" && !im.known(ctx, item.Local, p.source.Name) {
				p.refuse(jats.Faultf("doubtful-merge", 0, "it has an identifier of %s and yet seems another article (%s)", item.Local, why))
				return nil
			}
		}
	}
	if err := im.merge(ctx, p, item.Local, there); err != nil {
		return err
	}
	if p.change != nil {
		p.change.If = item.Version
	}
	return nil
}

// known tells whether an item has a source of that name: what comes is a new version of it.
func (im *Importer) known(ctx context.Context, local, name string) bool {
	sources, err := im.Store.Source(ctx, local)
	return err == nil && slices.ContainsFunc(sources, func(s store.Source) bool { return s.Name == name })
}

// apart gives p an item of its own, because it only looks like the one that was found; without the names that another item has.
func (im *Importer) apart(ctx context.Context, p *prepared, why string) error {
	looks := p.change.Local
	own := Local(p.read)
	if own == looks {
		f := factsOf(p.read)
		own = local(own + "-" + hash(fmt.Sprint(f.volume, f.issue, f.page, f.author, p.names.Strong), 8))
	}
	owners, err := im.Store.Resolve(ctx, p.names.Strong)
	if err != nil {
		return err
	}
	var free []string
	for i, name := range p.names.Strong {
		if owners[i] == "" || owners[i] == own {
			free = append(free, name)
		}
	}
	p.outcome.Warnings = append(p.outcome.Warnings, jats.Warning{Code: "kept-apart", Message: fmt.Sprintf("it looks like %s, but not by its %s: it is an item of its own", looks, why)})
	p.by = byName // which tells it apart
	if p.render(im, own, free); p.change == nil {
		return nil
	}
	return im.complete(ctx, p)
}

// merge composes the article of p with what its item's other sources say.
func (im *Importer) merge(ctx context.Context, p *prepared, local string, there *jats.Article) error {
	n := p.nth
	if !p.counted {
		n = im.seen[p.place()]
	}
	if n > 0 { // the file holds the article more than once
		p.source.Name = fmt.Sprintf("%s#%d", p.outcome.Name, n+1)
	}
	if im.Replace {
		p.change.Drop = []string{"*"}
		return nil
	}
	var drop []string
	others, err := im.parts(ctx, local, p.source.Name, func(s store.Source) bool {
		if s.Name == p.source.Name {
			return true
		}
		if line, ok := strings.CutPrefix(s.Name, p.source.Name+":"); ok && digits(line) { // an earlier version of Sheaf named records by their line
			drop = append(drop, s.Name)
			return true
		}
		return false
	})
	if err != nil {
		return err
	}
	p.change.Drop = drop
	if len(others) > 0 {
		a, from := compose(append([]part{{p.source.Name, p.source.Type, p.read}}, others...), there.Lang)
		p.outcome.Warnings = append(p.outcome.Warnings, composed(from, p.source.Name)...)
		p.article = a
		for i := len(others) - 1; i >= 0 && len(others) >= maxSources; i-- { // the oldest that tell nothing
			if name := others[i].name; !from.has(name) {
				drop = append(drop, name)
				others = slices.Delete(others, i, i+1)
			}
		}
		p.change.Drop = drop
	}
	if o := p.article.Origin; o != nil && there.Origin != nil { // that it was harvested once more changes nothing
		same := *o
		if same.HarvestDate = there.Origin.HarvestDate; reflect.DeepEqual(&same, there.Origin) {
			a := *p.article
			a.Origin, p.article = &same, &a
		}
	}
	if p.article == p.read {
		return nil
	}
	p.render(im, local, p.change.Aliases)
	if p.change != nil {
		p.change.Drop = drop
	}
	return nil
}

// maxSources is how many sources are kept of one item, more only if each of them has something of its own.
const maxSources = 16

// composed tells what an item has from sources other than the one that came.
func composed(from From, name string) []jats.Warning {
	var own, others []string
	for _, field := range slices.Sorted(maps.Keys(from)) {
		if from[field][0] == name {
			own = append(own, field)
		}
		if i := slices.IndexFunc(from[field], func(s string) bool { return s != name }); i >= 0 {
			others = append(others, field+" ("+from[field][i]+")")
		}
	}
	switch {
	case len(others) == 0:
		return nil
	case len(own) == 0:
		return []jats.Warning{{Code: "not-the-base", Message: "the item has a source that is trusted more; this one completes it"}}
	}
	return []jats.Warning{{Code: "completed", Message: "the item has from its other sources: " + strings.Join(others, ", ")}}
}

// count notes that a file of many records gave an item.
func (im *Importer) count(p *prepared) {
	if p.outcome.Line == 0 || p.counted {
		return
	}
	if im.seen == nil || len(im.seen) > maxSeen {
		im.seen = map[string]int{}
	}
	p.nth, p.counted = im.seen[p.place()], true
	im.seen[p.place()]++
}

// maxSeen bounds what is remembered of the records of one import, so that of a larger file only articles that come twice within so many are told to be two.
const maxSeen = 1 << 18

// place is what an item has from a file.
func (p *prepared) place() string { return hash(p.outcome.Local+"\x00"+p.outcome.Name, 16) }

// withdraw takes what the source of p said out of its item: with its only source an item becomes a tombstone.
func (im *Importer) withdraw(ctx context.Context, p *prepared) error {
	p.outcome.Status = store.Unchanged
	for round := 0; ; round++ {
		local, _, _, err := im.owner(ctx, Names{Strong: p.names.Strong})
		if err != nil || local == "" {
			var f *jats.Fault
			if errors.As(err, &f) {
				p.refuse(err)
				return nil
			}
			return err
		}
		p.outcome.Local = local
		out, err := im.remove(ctx, local, func(s store.Source) bool {
			if s.Type != p.source.Type {
				return false
			}
			_, a, _, err := Parse(s.Data, s.Type)
			return err == nil && slices.ContainsFunc(NamesOf(a).Strong, func(n string) bool { return slices.Contains(p.names.Strong, n) })
		})
		if err != nil {
			return err
		}
		if out.Status == store.Stale && round < maxRounds {
			continue
		}
		if p.outcome.Status, p.outcome.Datestamp = out.Status, out.Datestamp; out.Status == store.Stale {
			p.refuse(jats.Faultf("busy", 0, "%q is changed all the time by others: import it again", local))
		}
		return nil
	}
}

// Remove takes a source, by its name, out of an item. An item that has no other becomes a tombstone; another is composed anew of those it has. An item that never came
// from it is Unchanged, one that is not there Missing.
func (im *Importer) Remove(ctx context.Context, local, source string) (store.Outcome, error) {
	im, err := im.ready(ctx)
	if err != nil {
		return store.Outcome{}, err
	}
	for round := 0; ; round++ {
		out, err := im.remove(ctx, local, func(s store.Source) bool { return s.Name == source })
		if err != nil || out.Status != store.Stale || round == maxRounds {
			return out, err
		}
	}
}

func (im *Importer) remove(ctx context.Context, local string, which func(store.Source) bool) (store.Outcome, error) {
	item, err := im.Store.Get(ctx, local)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && item.Deleted:
		return store.Outcome{Status: store.Missing, Local: local}, nil
	case err != nil:
		return store.Outcome{}, err
	}
	var drop []string
	kept := 0
	left, err := im.parts(ctx, local, "", func(s store.Source) bool {
		if which(s) {
			drop = append(drop, s.Name)
			return true
		}
		kept++
		return false
	})
	if err != nil || len(drop) == 0 {
		return store.Outcome{Status: store.Unchanged, Local: local, Datestamp: item.Datestamp}, err
	}
	change := &store.Change{Local: local, Delete: true}
	if kept > 0 {
		if len(left) == 0 {
			return store.Outcome{}, fmt.Errorf("ingest: %q: none of its other sources can be read", local)
		}
		var there struct{ Lang string }
		if err := json.Unmarshal(item.Article, &there); err != nil {
			return store.Outcome{}, fmt.Errorf("ingest: article of %q: %w", local, err)
		}
		a, _ := compose(left, there.Lang)
		if change, err = NewChange(a, local, im.Formats, im.defined, im.now()); err != nil {
			return store.Outcome{}, err
		}
		change.Drop = drop
		change.Sets = append(change.Sets, im.defined.others(item.Sets)...)
	}
	if change.If = item.Version; im.DryRun {
		if change.Delete {
			return store.Outcome{Status: store.Deleted, Local: local}, nil
		}
		return store.Outcome{Status: store.Updated, Local: local}, nil
	}
	outcomes, err := im.Store.Put(ctx, []store.Change{*change})
	if err != nil {
		return store.Outcome{}, err
	}
	return outcomes[0], nil
}

const pageType = "jes"

// store stores what is ready. An input that turns out to be an item that is there, or whose item was changed since it was looked at,
// is completed once more and tried again.
func (im *Importer) store(ctx context.Context, todo []*prepared) error {
	for round := 0; len(todo) > 0; round++ {
		if im.DryRun {
			for _, p := range todo {
				if err := im.foresee(ctx, p); err != nil {
					return err
				}
			}
			return nil
		}
		of := todo
		changes := make([]store.Change, len(of))
		for i, p := range of {
			changes[i] = *p.change
		}
		todo = nil
		outcomes, err := im.Store.Put(ctx, changes)
		if err != nil {
			return err
		}
		for i, o := range outcomes {
			p := of[i]
			if o.Status != store.Conflict && o.Status != store.Stale {
				p.outcome.Status, p.outcome.Datestamp, p.outcome.Version = o.Status, o.Datestamp, o.Version
				continue
			}
			if round == maxRounds {
				p.refuse(jats.Faultf("several-items", 0, "its names belong to several items: %s", strings.Join(p.change.Aliases, ", ")))
				if o.Status == store.Stale {
					p.refuse(jats.Faultf("busy", 0, "%q is changed all the time by others: import it again", o.Local))
				}
				continue
			}
			if err := im.relocate(ctx, p); err != nil {
				return err
			}
			if p.change == nil {
				continue
			}
			if err := im.complete(ctx, p); err != nil {
				return err
			}
			if p.change != nil {
				todo = append(todo, p)
			}
		}
	}
	return nil
}

// maxRounds is how often a change is tried again when others come between.
const maxRounds = 8

// foresee tells, for a dry run, what a Put would do.
func (im *Importer) foresee(ctx context.Context, p *prepared) error {
	item, err := im.Store.Get(ctx, p.outcome.Local)
	switch {
	case errors.Is(err, store.ErrNotFound):
		p.outcome.Status = store.Created
	case err != nil:
		return err
	case item.Deleted:
		p.outcome.Status = store.Created
	case string(item.Article) == string(p.change.Article):
		p.outcome.Status = store.Unchanged
	default:
		p.outcome.Status = store.Updated
	}
	return nil
}
