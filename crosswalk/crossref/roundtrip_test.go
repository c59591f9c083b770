package crossref_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crossref"
	"sheaf/crosswalk/flat"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
)

// doi is the form of a DOI in the schema.
var doi = regexp.MustCompile(`^10\.[0-9]{4,9}/.{1,200}$`)

// facts is what a deposit must keep of a record. The affiliations of groups, grants without a funder or without a number and references without anything have no place in it.
func facts(r *flat.Record) map[string]string {
	fold := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	m := map[string]string{"doi": r.DOI, "volume": r.Volume, "issue": r.Issue, "first page": r.FPage, "last page": r.LPage, "article number": r.Elocation,
		"year": r.Year(), "print": r.Journal.Print, "electronic": r.Journal.Electronic, "accepted": r.Accepted}
	if r.Type.Crossref != "report" { // one in a series would lose its funding: they are written without it
		m["journal"] = r.Journal.Title
	}
	if r.Online != "" || r.Print != "" {
		m["online"], m["printed"] = r.Online, r.Print
	}
	list := func(name string, n *int, v string) {
		m[fmt.Sprint(name, " ", *n)] = v
		*n++
	}
	var titles, people, abstracts, grants, licences, refs int
	for _, t := range r.Titles {
		list("title", &titles, t.Text)
	}
	for _, p := range r.Authors {
		list("author", &people, fold(p.Inverted())+" "+p.ORCID)
		for _, a := range p.Affs {
			if p.Group == "" {
				m["affiliation "+fold(a.Name)] = "ROR " + a.ROR[strings.LastIndexByte(a.ROR, '/')+1:]
			}
		}
	}
	for _, a := range r.Abstracts {
		list("abstract", &abstracts, fold(a.Text))
	}
	for _, g := range r.Grants {
		if g.Funder != "" && g.Award != "" {
			list("grant", &grants, g.Funder+"|"+g.FundRef+"|"+g.Award)
		}
	}
	for _, l := range r.Licenses {
		if l.URI != "" {
			list("licence", &licences, l.URI+" "+l.Start)
		}
	}
	for _, x := range r.Refs {
		if doi.MatchString(x.DOI) {
			list("reference", &refs, x.DOI)
		}
	}
	return m
}

// A deposit that is read again tells the same.
func TestReadAgain(t *testing.T) {
	again := func(a *jats.Article) (before, after map[string]string) {
		r := record(a)
		b, err := crossref.Append(nil, r)
		if err != nil {
			return nil, nil
		}
		doc, err := crossref.AppendBatch(nil, head, [][]byte{b})
		require.NoError(t, err)
		kind, got, _, err := ingest.Parse(doc, "")
		require.NoError(t, err, "%s", doc)
		require.Equal(t, "crossref", kind)
		return facts(r), facts(record(got))
	}
	lost := map[string]int{}
	n, most := 0, 300
	if os.Getenv("SHEAF_ALL") != "" {
		most = 1 << 30
	}
	enough := errors.New("enough")
	w := &ingest.Walker{}
	data := fixturetest.Shared(t, "data")
	err := w.Walk(t.Context(), []string{filepath.Join(data, "jats"), filepath.Join(data, "pubmed"), filepath.Join(data, "crossref-xml")}, func(in ingest.Input) error {
		if in.Err != nil {
			return nil
		}
		_, a, _, err := ingest.Parse(in.Data, in.Kind)
		if err != nil {
			return nil
		}
		before, after := again(a)
		if before == nil {
			return nil
		}
		if n++; n > most {
			return enough
		}
		for k, v := range before {
			if after[k] != v {
				kind, _, _ := strings.Cut(k, " ")
				if lost[kind]++; lost[kind] < 8 {
					t.Logf("%s: %s: %q became %q", filepath.Base(in.Name), k, v, after[k])
				}
			}
		}
		return nil
	})
	if !errors.Is(err, enough) {
		require.NoError(t, err)
	}
	t.Logf("%d deposits read again", n)
	assert.Empty(t, lost)
}
