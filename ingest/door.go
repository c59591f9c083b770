package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sheaf/crosswalk"
	"sheaf/ingest/cut"
	"sheaf/jats"
	"sheaf/store"
)

// prepared is an input that is ready to be stored, or refused.
type prepared struct {
	outcome Outcome
	read    *jats.Article // the input
	article *jats.Article // the item's: the input, completed by what is there
	source  *store.Source
	change  *store.Change // nil: refused, or unchanged
}

// prepare takes one input up to the door. The error is that of the store or of ctx; what is wrong with the input is in the result.
func (im *Importer) prepare(ctx context.Context, in Input) (*prepared, error) {
	p := &prepared{outcome: Outcome{Name: in.Name, Line: in.Line, Err: in.Err}}
	if in.Err != nil {
		return p, nil
	}
	if len(im.Sets) == 0 {
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
	if err != nil {
		p.outcome.Err = err
		return p, nil
	}
	p.read, p.article = a, a
	p.source = &store.Source{Name: in.Name, Type: kind, Data: in.Data}
	if in.Line > 0 {
		p.source.Name = fmt.Sprintf("%s:%d", in.Name, in.Line)
	}
	aliases := Aliases(a)
	local, err := im.Store.Resolve(ctx, aliases)
	if err != nil {
		return nil, err
	}
	if local == "" {
		local = Local(a)
	}
	p.render(im, local, aliases)
	return p, nil
}

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
		return "", nil, nil, jats.Faultf("not-recognised", 0, "not recognised: none of the kinds that Sheaf reads (%s)", kinds())
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
	c, err := NewChange(p.article, local, im.Formats, im.now())
	if err != nil {
		p.outcome.Err, p.change = err, nil
		return
	}
	c.Aliases, c.Source = aliases, p.source
	c.Sets = append(c.Sets, im.Sets...)
	p.change = c
	p.outcome.Local = local
}

// NewChange renders a in every format, as it reads at a time, and returns the write that stores it as local, with the sets that the
// article itself gives. An error says which record could not be made and why; then nothing is to be stored.
func NewChange(a *jats.Article, local string, formats []crosswalk.Format, at time.Time) (*store.Change, error) {
	if len(local) > store.MaxLocal {
		return nil, fmt.Errorf("ingest: identifier %.40q... is longer than %d bytes", local, store.MaxLocal)
	}
	c := &store.Change{Local: local, Sets: Sets(a), Due: crosswalk.Due(a, at), Revision: crosswalk.Revision}
	for _, f := range formats {
		b, err := crosswalk.Render(f, a, local, at)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Prefix, err)
		}
		c.Records = append(c.Records, store.Record{Prefix: f.Prefix, Metadata: b})
	}
	var err error
	if c.Article, err = json.Marshal(a); err != nil {
		return nil, fmt.Errorf("ingest: article as JSON: %w", err)
	}
	return c, nil
}

// put stores a batch, in order, and reports on it.
func (im *Importer) put(ctx context.Context, batch []*prepared, report *Report) error {
	var todo []*prepared
	names := map[string]bool{} // of the items in todo
	for _, p := range batch {
		if p.change == nil {
			continue
		}
		again := names[p.change.Local]
		for _, alias := range p.change.Aliases {
			again = again || names[alias]
		}
		if again { // the same article twice in one batch: the first must be there before the second is completed by it
			if err := im.store(ctx, todo); err != nil {
				return err
			}
			todo, names = nil, map[string]bool{}
			local, err := im.Store.Resolve(ctx, p.change.Aliases)
			if err != nil {
				return err
			}
			if local != "" && local != p.change.Local {
				p.render(im, local, p.change.Aliases)
			}
		}
		if err := im.complete(ctx, p); err != nil {
			return err
		}
		if p.change == nil {
			continue
		}
		names[p.change.Local] = true
		for _, alias := range p.change.Aliases {
			names[alias] = true
		}
		todo = append(todo, p)
	}
	if err := im.store(ctx, todo); err != nil {
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
		default:
			report.Unchanged++
		}
		if im.Each != nil {
			im.Each(o)
		}
	}
	return nil
}

// complete makes the article of p that of all sources of its item, when a landing page is among them: the platform shows one article
// on several pages, one for each language and host, and a page knows less than a deposited file. The file that came last, or else
// the page in the item's own language, is the base; the pages add what it lacks. A file that follows a file replaces it.
//
// The change is bound to what was seen here (Change.If): where another process comes between, it is done once more.
func (im *Importer) complete(ctx context.Context, p *prepared) error {
	item, err := im.Store.Get(ctx, p.change.Local)
	if errors.Is(err, store.ErrNotFound) || err == nil && item.Deleted {
		p.change.If = store.IfAbsent
		return nil
	}
	if err != nil {
		return err
	}
	if err := im.merge(ctx, p, item); err != nil {
		return err
	}
	if p.change != nil {
		p.change.If = item.Version
	}
	return nil
}

func (im *Importer) merge(ctx context.Context, p *prepared, item *store.Item) error {
	sources, err := im.Store.Source(ctx, item.Local)
	if err != nil || len(sources) == 0 {
		return err
	}
	var kept struct{ Lang string }
	if err := json.Unmarshal(item.Article, &kept); err != nil {
		return fmt.Errorf("ingest: article of %q: %w", item.Local, err)
	}
	base, pages := (*jats.Article)(nil), []*jats.Article(nil)
	if p.source.Type == pageType {
		pages = append(pages, p.article)
	} else {
		base = p.article
	}
	for _, s := range sources { // the latest first
		if s.Name == p.source.Name || s.Type != pageType && base != nil {
			continue
		}
		_, a, _, err := Parse(s.Data, s.Type)
		if err != nil {
			continue // an older version could read it; the item's article then stands on what can be read now
		}
		if s.Type == pageType {
			pages = append(pages, a)
		} else {
			base = a
		}
	}
	if len(pages) == 0 || base == nil && len(pages) == 1 {
		return nil
	}
	if base == nil {
		i := max(0, slices.IndexFunc(pages, func(a *jats.Article) bool { return a.Lang == kept.Lang }))
		base = pages[i]
		pages = slices.Delete(pages, i, i+1)
	}
	for _, a := range pages {
		base = jats.Merge(base, a)
	}
	base.Clean()
	p.article = base
	p.render(im, p.change.Local, Aliases(base))
	return nil
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
				p.outcome.Err = fmt.Errorf("ingest: its identifiers belong to several items: %s", strings.Join(p.change.Aliases, ", "))
				if o.Status == store.Stale {
					p.outcome.Err = fmt.Errorf("ingest: %q is changed all the time by others: import it again", o.Local)
				}
				continue
			}
			p.article = p.read
			if p.render(im, o.Local, p.change.Aliases); p.change == nil {
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
