package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"sheaf/crosswalk"
	"sheaf/crosswalk/flat"
	"sheaf/store"
)

// SetDefinition is a set whose items are those that a query holds for, as in
//
//	lang == "ru" and year >= 2020 and any(keywords, # contains "plasma")
//
// The query is an expression of github.com/expr-lang/expr over the fields of [Traits].
type SetDefinition struct {
	Spec        string `json:"spec" toml:"spec"` // setSpec (OAI-PMH §2.6), of a root that Sheaf does not give by itself
	Name        string `json:"name" toml:"name"`
	Description string `json:"description,omitempty" toml:"description"`
	Query       string `json:"query" toml:"query"`
}

// Traits are what a query may ask of an article. What the article does not say is empty.
type Traits struct {
	ID           string   `expr:"id"` // the local identifier
	DOI          string   `expr:"doi"`
	Title        string   `expr:"title"`
	Titles       []string `expr:"titles"` // in all languages
	Abstract     string   `expr:"abstract"`
	Authors      []string `expr:"authors"` // as "Family, Given"
	ORCIDs       []string `expr:"orcids"`
	Affiliations []string `expr:"affiliations"`
	Countries    []string `expr:"countries"` // of affiliations, ISO 3166-1 alpha-2
	Keywords     []string `expr:"keywords"`
	Journal      string   `expr:"journal"`
	ISSNs        []string `expr:"issns"`
	Publisher    string   `expr:"publisher"`
	Volume       string   `expr:"volume"`
	Issue        string   `expr:"issue"`
	Published    string   `expr:"published"` // YYYY, YYYY-MM or YYYY-MM-DD
	Year         int      `expr:"year"`      // of publication; 0: not known
	Lang         string   `expr:"lang"`      // ISO 639-1, else 639-3
	Type         string   `expr:"type"`      // article-type, as the source has it
	Version      string   `expr:"version"`   // AO, SMUR, AM, P, VoR, CVoR, EVoR
	Access       string   `expr:"access"`    // open, embargoed, restricted, closed
	License      string   `expr:"license"`   // URI
	Funders      []string `expr:"funders"`
	Awards       []string `expr:"awards"`
	References   int      `expr:"references"` // how many
	FullText     bool     `expr:"fulltext"`   // whether a file of it is known
	Sets         []string `expr:"sets"`       // those that the article gives by itself
}

func traitsOf(r *flat.Record, sets []store.Set) *Traits {
	f := &Traits{ID: r.Local, DOI: r.DOI, Journal: r.Journal.Title, ISSNs: r.Journal.ISSNs, Publisher: r.Journal.Publisher(), Volume: r.Volume, Issue: r.Issue, Published: r.Published,
		Lang: flat.ISO1(r.Lang), Type: strings.ToLower(strings.TrimSpace(r.Article.ArticleType)), Version: r.Version.JAV, Access: r.Access.Name, References: len(r.Refs), FullText: len(r.Files) > 0}
	f.Year, _ = strconv.Atoi(r.Year())
	for i, t := range r.Titles {
		if i == 0 {
			f.Title = t.Full()
		}
		f.Titles = append(f.Titles, t.Full())
	}
	if len(r.Abstracts) > 0 {
		f.Abstract = r.Abstracts[0].Text
	}
	for i := range r.Authors {
		p := &r.Authors[i]
		f.Authors = append(f.Authors, p.Inverted())
		if p.ORCID != "" {
			f.ORCIDs = append(f.ORCIDs, p.ORCID)
		}
		for _, aff := range p.Affs {
			f.Affiliations = append(f.Affiliations, aff.Name)
			if aff.Code != "" && !slices.Contains(f.Countries, aff.Code) {
				f.Countries = append(f.Countries, aff.Code)
			}
		}
	}
	for _, k := range r.Keywords {
		if k.Text != "" {
			f.Keywords = append(f.Keywords, k.Text)
		}
		if k.Code != "" {
			f.Keywords = append(f.Keywords, strings.TrimPrefix(k.Scheme+":"+k.Code, ":"))
		}
	}
	if l := r.License(); l != nil {
		f.License = l.URI
	}
	for _, g := range r.Grants {
		if g.Funder != "" && !slices.Contains(f.Funders, g.Funder) {
			f.Funders = append(f.Funders, g.Funder)
		}
		if g.Award != "" {
			f.Awards = append(f.Awards, g.Award)
		}
	}
	for _, s := range sets {
		f.Sets = append(f.Sets, s.Spec)
	}
	return f
}

// Definitions are the sets that were defined for a store. They are kept in it, so that whoever writes puts items into the same sets.
type Definitions struct {
	Generation int             `json:"generation"` // grows with each change
	Sets       []SetDefinition `json:"sets"`
	Retired    []string        `json:"retired,omitempty"` // specs that were defined once: no item stays in them

	kept     []byte // as in the store
	programs []*vm.Program
}

// definitionsMark is the store's mark that holds them.
const definitionsMark = "sets"

// lastDefinitions spares compiling them again: they are a function of what is kept.
var lastDefinitions atomic.Pointer[Definitions]

// LoadDefinitions gives the sets that are defined for a store.
func LoadDefinitions(ctx context.Context, s interface {
	Mark(ctx context.Context, name string) ([]byte, error)
}) (*Definitions, error) {
	kept, err := s.Mark(ctx, definitionsMark)
	if err != nil {
		return nil, err
	}
	if d := lastDefinitions.Load(); d != nil && bytes.Equal(d.kept, kept) {
		return d, nil
	}
	d := &Definitions{kept: kept}
	if kept != nil {
		if err := json.Unmarshal(kept, d); err != nil {
			return nil, fmt.Errorf("ingest: the definitions of sets in the store: %w", err)
		}
		if err := d.compile(); err != nil {
			return nil, err
		}
	}
	lastDefinitions.Store(d)
	return d, nil
}

func (d *Definitions) compile() error {
	d.programs = make([]*vm.Program, len(d.Sets))
	seen := map[string]bool{}
	for i := range d.Sets {
		s := &d.Sets[i]
		switch {
		case !store.ValidSetSpec(s.Spec):
			return fmt.Errorf("set %q: want a setSpec such as physics or physics:plasma, without blanks or slashes", s.Spec)
		case Gives(s.Spec):
			return fmt.Errorf("set %q: sets under %q are given by the articles themselves", s.Spec, strings.SplitN(s.Spec, ":", 2)[0])
		case seen[s.Spec]:
			return fmt.Errorf("set %q: defined twice", s.Spec)
		case strings.TrimSpace(s.Name) == "":
			return fmt.Errorf("set %q: it has no name", s.Spec)
		}
		seen[s.Spec] = true
		var err error
		if d.programs[i], err = expr.Compile(s.Query, expr.Env(Traits{}), expr.AsBool()); err != nil {
			return fmt.Errorf("set %q: query: %w", s.Spec, err)
		}
	}
	return nil
}

// Define makes these the sets that are defined for a store, and tells whether that changed anything. The items are put in and taken out by the
// [Refresher]; those whose sets do change get a new datestamp.
func Define(ctx context.Context, s store.Store, sets []SetDefinition) (changed bool, err error) {
	next := &Definitions{Sets: sets}
	if err := next.compile(); err != nil {
		return false, err
	}
	for {
		now, err := LoadDefinitions(ctx, s)
		if err != nil {
			return false, err
		}
		if slices.Equal(now.Sets, sets) {
			return false, nil
		}
		next.Generation, next.Retired = now.Generation+1, nil
		defined := map[string]bool{}
		for _, d := range sets {
			defined[d.Spec] = true
		}
		for _, spec := range now.Retired {
			if !defined[spec] {
				next.Retired = append(next.Retired, spec)
			}
		}
		for _, d := range now.Sets {
			if !defined[d.Spec] {
				next.Retired = append(next.Retired, d.Spec)
			}
		}
		kept, err := json.Marshal(next)
		if err != nil {
			return false, err
		}
		if ok, err := s.SwapMark(ctx, definitionsMark, now.kept, kept); err != nil {
			return false, err
		} else if !ok { // somebody else came between
			continue
		}
		var named []store.Set
		for _, d := range sets {
			named = append(named, store.Set{Spec: d.Spec, Name: d.Name, Description: d.Description})
		}
		return true, s.PutSets(ctx, named)
	}
}

// sets are those of the defined sets that a record is in; given are those that its article gives. Where a query comes to nothing (titles[1] of an article
// with one title), it does not hold.
func (d *Definitions) sets(r *flat.Record, given []store.Set) (out []store.Set) {
	if d == nil || len(d.Sets) == 0 {
		return nil
	}
	traits := traitsOf(r, given)
	for i, p := range d.programs {
		if in, err := expr.Run(p, traits); err == nil && in == true {
			out = append(out, store.Set{Spec: d.Sets[i].Spec, Name: d.Sets[i].Name, Description: d.Sets[i].Description})
		}
	}
	return out
}

// Gives tells whether a set is one that items are put into and taken out of by what their articles say ([Sets]).
func Gives(spec string) bool {
	root, _, _ := strings.Cut(spec, ":")
	return givenRoots[root]
}

// gives tells whether a set is one that Sheaf puts items into and takes them out of by itself.
func (d *Definitions) gives(spec string) bool {
	return Gives(spec) || d != nil && (slices.Contains(d.Retired, spec) || slices.ContainsFunc(d.Sets, func(s SetDefinition) bool { return s.Spec == spec }))
}

// revision is what an item was made by: the crosswalks, and the definitions of sets.
func (d *Definitions) revision() int {
	if d == nil {
		return crosswalk.Revision << 16
	}
	return crosswalk.Revision<<16 + d.Generation&0xffff
}
