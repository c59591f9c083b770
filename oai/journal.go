package oai

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"sheaf/store"
)

// Journal returns the repository of one journal of this one, at an address of its own below BaseURL: its items are those of the set journal:KEY, its sets are
// those that they are in, and Identify gives the journal's name and, if mails are given, its own addresses. ErrNotFound when there is no such journal.
// The identifiers are the same in both, and so are the datestamps.
func (r *Repository) Journal(ctx context.Context, key string, name string, emails []string) (*Repository, error) {
	spec := "journal:" + key
	if strings.Contains(key, ":") || !store.ValidSetSpec(spec) {
		return nil, store.ErrNotFound
	}
	last := len(spec) - 1
	sets, err := r.Items.Sets(ctx, spec[:last]+string(spec[last]-1)+"\U0010ffff", 1) // what follows all that is less: no spec has such a character
	if err != nil {
		return nil, err
	}
	if len(sets) == 0 || sets[0].Spec != spec {
		return nil, store.ErrNotFound
	}
	name = cmp.Or(name, sets[0].Name, key)
	if len(emails) == 0 {
		emails = r.AdminEmails
	}
	r.journals.Lock()
	defer r.journals.Unlock()
	if j := r.journals.by[key]; j != nil && j.Name == name && slices.Equal(emails, j.AdminEmails) {
		return j, nil
	}
	j := &Repository{Items: &scoped{Items: r.Items, scope: spec}, scope: spec, Formats: r.Formats, BaseURL: r.BaseURL + "/" + key, SiteURL: r.SiteURL, RepositoryID: r.RepositoryID,
		Name: name, AdminEmails: emails, PageSize: r.PageSize, TokenLife: r.TokenLife, Log: r.Log, Now: r.Now, Observe: r.Observe}
	if r.journals.by == nil {
		r.journals.by = map[string]*Repository{}
	}
	r.journals.by[key] = j
	return j, nil
}

// journals are the repositories that Journal made.
type journals struct {
	sync.Mutex
	by map[string]*Repository
}

// scoped are the items of one set. A list of them in another set is read from the list of the scope, and what is not in that set passed by.
type scoped struct {
	Items
	scope string

	mu   sync.Mutex
	sets []store.Set // those of seen; nil: not looked yet
	seen time.Time
}

// in tells whether setSpecs, as in store.Row, have a set or a descendant of it.
func in(specs []byte, set string) bool {
	for spec := range strings.FieldsSeq(string(specs)) {
		if store.InSet(spec, set) {
			return true
		}
	}
	return false
}

func (s *scoped) Get(ctx context.Context, local string) (*store.Item, error) {
	item, err := s.Items.Get(ctx, local)
	if item != nil && !in([]byte(strings.Join(item.Sets, " ")), s.scope) {
		return nil, store.ErrNotFound
	}
	return item, err
}

func (s *scoped) Record(ctx context.Context, local, prefix string, visit func(*store.Row) error) (int64, error) {
	return s.Items.Record(ctx, local, prefix, func(row *store.Row) error {
		if !in(row.Sets, s.scope) {
			return store.ErrNotFound
		}
		return visit(row)
	})
}

func (s *scoped) List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	asked := q.Set
	if asked == "" || !store.InSet(asked, s.scope) {
		q.Set = s.scope
	}
	if asked == "" || store.InSet(q.Set, asked) { // the whole scope, or what is below it
		return s.Items.List(ctx, q, visit)
	}
	passed := 0
	page, err := s.Items.List(ctx, q, func(row *store.Row) error {
		if !in(row.Sets, asked) {
			passed++
			return nil
		}
		return visit(row)
	})
	page.Rows -= passed
	page.Total = 0 // it is that of the whole scope
	return page, err
}

// setsLife is how long the sets of a journal are taken to be what they were.
const setsLife = time.Minute

// Sets are those that items of the scope are in, with the sets above them: found by going through the headers of all, at most once in setsLife.
func (s *scoped) Sets(ctx context.Context, after string, limit int) ([]store.Set, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sets == nil || time.Since(s.seen) > setsLife {
		if err := s.find(ctx); err != nil {
			return nil, err
		}
	}
	i, _ := slices.BinarySearchFunc(s.sets, after+"\x00", func(x store.Set, spec string) int { return strings.Compare(x.Spec, spec) })
	return s.sets[i:min(len(s.sets), i+limit)], nil
}

func (s *scoped) find(ctx context.Context) error {
	specs := map[string]bool{}
	q := store.Query{Prefix: "oai_dc", Set: s.scope, Limit: 1000, Headers: true}
	for more := true; more; {
		page, err := s.Items.List(ctx, q, func(row *store.Row) error {
			for spec := range strings.FieldsSeq(string(row.Sets)) {
				for ; spec != "" && !specs[spec]; spec = spec[:max(0, strings.LastIndexByte(spec, ':'))] {
					specs[spec] = true
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		q.After, q.Until, more = page.Last, page.Until, page.More
	}
	found := []store.Set{}
	for after, more := "", true; more; {
		some, err := s.Items.Sets(ctx, after, 1000)
		if err != nil {
			return err
		}
		for _, x := range some {
			if specs[x.Spec] {
				found = append(found, x)
			}
			after = x.Spec
		}
		more = len(some) == 1000
	}
	s.sets, s.seen = found, time.Now()
	return nil
}
