package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"sheaf/jats"
	"sheaf/store"
)

// part is what one source says of an item.
type part struct {
	name, kind string
	a          *jats.Article
}

// rank is how far a source is to be trusted where two disagree; the lowest wins. It goes by who made the record and what the kind can carry: a
// deposit; the article's own file; the publisher's systems; what indexes made of it; what readers' tools keep of that.
func (p part) rank() int {
	if p.name == DepositSource { // somebody has said how it is to be
		return 0
	}
	switch p.kind {
	case "json", "jats":
		return 1
	case "ojs", "crossref", "table":
		return 2
	case "pubmed":
		return 3
	case "doaj":
		return 4
	case "jes":
		return 5
	case "oai":
		ns := ""
		if p.a.Origin != nil {
			ns = p.a.Origin.MetadataNamespace
		}
		switch {
		case strings.Contains(ns, "nlm.nih.gov"):
			return 1
		case strings.Contains(ns, "oai_dc"), ns == "":
			return 8
		}
		return 6
	}
	return 7
}

// From tells for each field of an article, by its name in JSON ("refs", "journal.issns"), which sources it came from, by their names.
type From map[string][]string

// has tells whether anything came from a source.
func (f From) has(name string) bool {
	for _, names := range f {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// compose makes the article of an item of all that it comes from, which is not empty. The source that is trusted most is the base, of equals the first; of landing
// pages that in lang, the language that the item has. The others, in the same order, add what is still lacking ([jats.Merge]); they change and take away nothing.
func compose(parts []part, lang string) (*jats.Article, From) {
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(x, y part) int {
		if x.kind == pageType && y.kind == pageType && x.a.Lang != y.a.Lang {
			switch lang {
			case x.a.Lang:
				return -1
			case y.a.Lang:
				return 1
			}
		}
		return x.rank() - y.rank()
	})
	a, from := parts[0].a, From{}
	told(from, parts[0].name, &jats.Article{}, a)
	for _, p := range parts[1:] {
		m := jats.Merge(a, p.a)
		told(from, p.name, a, m)
		a = m
	}
	if len(parts) > 1 {
		a.Clean()
	}
	return a, from
}

// told enters the fields in which after is not before.
func told(from From, name string, before, after *jats.Article) {
	var walk func(prefix string, x, y reflect.Value)
	walk = func(prefix string, x, y reflect.Value) {
		t := x.Type()
		for i := range t.NumField() {
			field, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			switch t.Field(i).Type {
			case reflect.TypeFor[jats.Journal](), reflect.TypeFor[jats.Permissions](), reflect.TypeFor[jats.Funding](), reflect.TypeFor[jats.Counts]():
				walk(field+".", x.Field(i), y.Field(i))
				continue
			}
			if !y.Field(i).IsZero() && !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
				from[prefix+field] = append(from[prefix+field], name)
			}
		}
	}
	walk("", reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem())
}

// parts reads the sources of an item, the latest first, but for those that skip names. A deposit stands for all that was there before it, landing pages apart:
// who hands in an article again without a wrong abstract does not get it back. newest is the name of a source that is yet to come, or "". One that an older
// version could read and this one cannot is left out.
func (im *Importer) parts(ctx context.Context, local, newest string, skip func(s store.Source) bool) ([]part, error) {
	sources, err := im.Store.Source(ctx, local)
	if err != nil {
		return nil, err
	}
	var parts []part
	deposited := newest == DepositSource
	for _, s := range sources {
		if skip != nil && skip(s) || deposited && s.Type != pageType {
			continue
		}
		deposited = deposited || s.Name == DepositSource
		if _, a, _, err := Parse(s.Data, s.Type); err == nil {
			parts = append(parts, part{s.Name, s.Type, a})
		}
	}
	return parts, nil
}

// Sources tells where an item comes from: its sources, the one first that stands where they disagree, and what each field came from. The error is
// store.ErrNotFound or another of the store.
func Sources(ctx context.Context, db store.Store, local string) (from From, sources []SourceOf, err error) {
	item, err := db.Get(ctx, local)
	if err != nil {
		return nil, nil, err
	}
	var kept struct{ Lang string }
	if err := json.Unmarshal(item.Article, &kept); err != nil {
		return nil, nil, fmt.Errorf("ingest: article of %q: %w", local, err)
	}
	im := &Importer{Store: db}
	parts, err := im.parts(ctx, local, "", nil)
	if err != nil || len(parts) == 0 {
		return nil, nil, err
	}
	_, from = compose(parts, kept.Lang)
	slices.SortStableFunc(parts, func(x, y part) int { return x.rank() - y.rank() })
	for _, p := range parts {
		s := SourceOf{Name: p.name, Kind: p.kind, Origin: p.a.Origin}
		for field, names := range from {
			if slices.Contains(names, p.name) {
				s.Fields = append(s.Fields, field)
			}
		}
		slices.Sort(s.Fields)
		sources = append(sources, s)
	}
	return from, sources, nil
}

// SourceOf is one source of an item.
type SourceOf struct {
	Name   string       `json:"name"`             // path or URL, as the store has it
	Kind   string       `json:"kind"`             // name of a Reader
	Fields []string     `json:"fields"`           // what the article has from it
	Origin *jats.Origin `json:"origin,omitempty"` // where it was harvested from
}
