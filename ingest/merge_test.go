package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/jats"
	"sheaf/store"
	"sheaf/store/sqlite"
)

// sources is a store into which articles come from named files.
type sources struct {
	*testing.T
	db store.Store
	im Importer
}

func newSources(t *testing.T) *sources {
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return &sources{t, db, Importer{Store: db}}
}

func (s *sources) input(in Input) Outcome {
	s.Helper()
	var out Outcome
	im := s.im
	im.Each = func(o Outcome) { out = o }
	_, err := im.Import(s.Context(), func(_ context.Context, yield func(Input) error) error { return yield(in) })
	require.NoError(s, err)
	return out
}

// jats imports an article as JATS.
func (s *sources) jats(name string, a jats.Article) Outcome {
	s.Helper()
	a.Clean()
	return s.input(Input{Name: name, Data: jats.AppendXML(nil, &a, jats.WriteOptions{})})
}

func (s *sources) json(name string, a jats.Article) Outcome {
	s.Helper()
	data, err := json.Marshal(a)
	require.NoError(s, err)
	return s.input(Input{Name: name, Data: data})
}

func (s *sources) article(local string) jats.Article {
	s.Helper()
	item, err := s.db.Get(s.Context(), local)
	require.NoError(s, err)
	require.False(s, item.Deleted)
	var a jats.Article
	require.NoError(s, json.Unmarshal(item.Article, &a))
	return a
}

func codes(o Outcome) (codes []string) {
	for _, w := range o.Warnings {
		codes = append(codes, w.Code)
	}
	return codes
}

func article(doi, title string) jats.Article {
	a := jats.Article{Lang: "en", Title: jats.Title{Text: jats.Rich(title)}, Journal: jats.Journal{Title: jats.Title{Text: "Notes on Things"}, ISSNs: []jats.ISSN{{Type: "print", Value: "0378-5955"}}},
		PubDates: []jats.Date{{Type: "pub", Date: "2020"}}, Volume: "7", FPage: "11"}
	if doi != "" {
		a.IDs = []jats.ID{{Type: "doi", Value: doi}}
	}
	return a
}

// What makes two inputs the same item.
func TestSameItem(t *testing.T) {
	with := func(a jats.Article, change func(*jats.Article)) jats.Article {
		change(&a)
		return a
	}
	id := func(kind, value string) func(*jats.Article) {
		return func(a *jats.Article) { a.IDs = append(a.IDs, jats.ID{Type: kind, Value: value}) }
	}
	const title = "On the nature of many things"
	whole := with(with(with(article("10.5555/a", title), id("pmid", "123")), id("publisher-id", "NT-2020-11")), id("arxiv", "2001.00001v2"))
	for name, c := range map[string]struct {
		second jats.Article
		same   bool
		code   string
	}{
		"DOI in capitals":              {article("10.5555/A", "On the nature of things"), true, ""},
		"PMID":                         {with(article("", "On the nature of things"), id("pmid", "123")), true, ""},
		"own id in the journal":        {with(article("", "On the nature of things"), id("publisher-id", "nt-2020-11")), true, ""},
		"arXiv, another version":       {with(jats.Article{Title: jats.Title{Text: "On the nature"}}, id("arxiv", "arXiv:2001.00001")), true, ""},
		"journal, year and title":      {article("", "On the Nature of many things"), true, ""},
		"journal by its ISSN alone":    {with(article("", title), func(a *jats.Article) { a.Journal.Title = jats.Title{} }), true, ""},
		"journal by its title alone":   {with(article("", title), func(a *jats.Article) { a.Journal.ISSNs = nil }), true, ""},
		"no page is no contradiction":  {with(article("", title), func(a *jats.Article) { a.FPage, a.Volume = "", "" }), true, ""},
		"another page":                 {with(article("", title), func(a *jats.Article) { a.FPage = "12" }), false, "kept-apart"},
		"another DOI":                  {article("10.5555/b", title), false, "kept-apart"},
		"another year":                 {with(article("", title), func(a *jats.Article) { a.PubDates[0].Date = "2021" }), false, ""},
		"another journal":              {with(article("", title), func(a *jats.Article) { a.Journal = jats.Journal{Title: jats.Title{Text: "Other notes"}} }), false, ""},
		"no journal":                   {with(article("", title), func(a *jats.Article) { a.Journal = jats.Journal{} }), false, ""},
		"the DOI of something else":    {with(article("10.5555/a", "Salt in soups"), func(a *jats.Article) { a.FPage = "99" }), false, "doubtful-merge"},
		"retitled, on the same page":   {article("10.5555/a", "Salt in soups"), true, ""},
		"a title in another script":    {with(article("10.5555/a", "О природе вещей"), func(a *jats.Article) { a.Lang, a.FPage = "ru", "99" }), true, ""},
		"the PMID of one, another DOI": {with(article("10.5555/b", title), id("pmid", "123")), false, "kept-apart"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSources(t)
			second := c.second
			second.PubDates = append([]jats.Date(nil), second.PubDates...)
			first := s.json("first", whole)
			require.NoError(t, first.Err)
			got := s.json("second", second)
			if c.code == "doubtful-merge" {
				require.Error(t, got.Err)
				assert.Equal(t, c.code, got.Rejection().Code)
				assert.Equal(t, title, string(s.article(first.Local).Title.Text), "nothing was done")
				s.im.Replace = true
				got = s.json("second", second)
				require.NoError(t, got.Err)
				assert.Equal(t, "Salt in soups", string(s.article(first.Local).Title.Text), "but when asked")
				return
			}
			require.NoError(t, got.Err)
			assert.Equal(t, c.same, first.Local == got.Local, "%s and %s: %v", first.Local, got.Local, got.Warnings)
			if c.code != "" {
				assert.Contains(t, codes(got), c.code)
			}
			again := s.json("second, elsewhere", second)
			require.NoError(t, again.Err)
			assert.Equal(t, got.Local, again.Local, "the same input gives the same identifier always")
		})
	}
}

// Identifiers of two items in one input are told, and nothing is done.
func TestSeveralItems(t *testing.T) {
	s := newSources(t)
	s.json("1", article("10.5555/a", "On the nature of many things"))
	b := article("", "On quite other things than these")
	b.IDs = []jats.ID{{Type: "pmid", Value: "5"}}
	two := s.json("2", b)
	b.IDs = append(b.IDs, jats.ID{Type: "doi", Value: "10.5555/a"})
	out := s.json("3", b)
	require.Error(t, out.Err)
	assert.Equal(t, "several-items", out.Rejection().Code)
	_, err := s.db.Put(t.Context(), []store.Change{{Local: two.Local, Delete: true}})
	require.NoError(t, err)
	b.Title.Text, b.FPage = "On the nature of many things", "11"
	assert.Equal(t, "10.5555/a", s.json("3", b).Local, "a tombstone gives way")
}

// The richer source stands whichever comes first, the poorer adds what is lacking, and each field tells where it is from.
func TestRicherStands(t *testing.T) {
	rich, poor := article("10.5555/a", "On the nature of things"), article("10.5555/a", "On the nature of Things.")
	rich.Contribs = []jats.Contrib{{Type: "author", Names: []jats.Name{{Surname: "Doe", GivenNames: "Jo"}}}}
	rich.KwdGroups = []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "things"}}}}
	rich.PubDates[0].Date = "2020-03"
	poor.Abstracts = []jats.Abstract{{P: []jats.Rich{"What is known of it."}}}
	poor.PubDates[0].Date = "2020-03-05"
	poor.Contribs = []jats.Contrib{{Type: "author", Names: []jats.Name{{Surname: "Doe", GivenNames: "J."}}, IDs: []jats.ContribID{{Type: "orcid", Value: "https://orcid.org/0000-0002-1825-0097"}}}}
	poor.Volume = "8"
	for _, order := range []string{"rich first", "poor first"} {
		t.Run(order, func(t *testing.T) {
			s := newSources(t)
			// The kinds differ: a page of the platform is trusted less than a file.
			page := strings.NewReplacer("Счётные модели", "On the nature of things").Replace(pageOf("10.5555/a", "What is known of it."))
			steps := []func() Outcome{func() Outcome { return s.jats("rich.xml", rich) }, func() Outcome { return s.input(Input{Name: "page.txt", Data: []byte(page)}) }}
			if order == "poor first" {
				steps[0], steps[1] = steps[1], steps[0]
			}
			for _, step := range steps {
				require.NoError(t, step().Err)
			}
			a := s.article("10.5555/a")
			assert.Equal(t, "Doe", a.Contribs[0].Names[0].Surname)
			assert.Equal(t, "2020-03-05", a.PubDates[0].Date, "more precise, and the same")
			require.Len(t, a.Abstracts, 1)
			from, of, err := Sources(t.Context(), s.db, "10.5555/a")
			require.NoError(t, err)
			assert.Equal(t, []string{"page.txt"}, from["abstracts"])
			assert.Equal(t, []string{"rich.xml", "page.txt"}, from["pubDates"])
			assert.Equal(t, []string{"rich.xml"}, from["title"])
			require.Len(t, of, 2)
			assert.Equal(t, "rich.xml", of[0].Name, "the one that stands comes first")

			report := s.jats("rich.xml", rich)
			assert.Equal(t, store.Unchanged, report.Status)
			poorer := article("10.5555/a", "On the nature of things")
			out := s.jats("newer.xml", poorer)
			require.NoError(t, out.Err)
			assert.Contains(t, codes(out), "completed")
			assert.Len(t, s.article("10.5555/a").Abstracts, 1, "what a newer file lacks stays")
			assert.NotEmpty(t, s.article("10.5555/a").KwdGroups)
			s.im.Replace = true
			require.NoError(t, s.jats("newer.xml", poorer).Err)
			assert.Empty(t, s.article("10.5555/a").Abstracts, "but when asked it goes")
			from, of, err = Sources(t.Context(), s.db, "10.5555/a")
			require.NoError(t, err)
			assert.Len(t, of, 1)
			assert.Equal(t, []string{"newer.xml"}, from["title"])
		})
	}
}

func pageOf(doi, abstract string) string {
	return "Счётные модели\nTable of contents\nShare\nQR\nMetrics\nСчётные модели\nAnnotation\nDOI\n" + doi + "\nPublication type\nArticle\nStatus\nPublished\nPages\n11-15\nAbstract\n\n" + abstract +
		"\n\nKeywords\nmodels, towns\nReceived\n30.11.2019\nDate of publication\n05.03.2020\nNumber of purchasers\n13\nViews\n1064\nReaders community rating\n0.0 (0 votes)\n"
}

// A new version of a file takes the place of its older one whole, also where it says less.
func TestNewVersionOfFile(t *testing.T) {
	s := newSources(t)
	a := article("10.5555/a", "On the nature of things")
	a.Abstracts = []jats.Abstract{{P: []jats.Rich{"Wrong."}}}
	s.jats("a.xml", a)
	a.Abstracts = nil
	s.jats("a.xml", a)
	assert.Empty(t, s.article("10.5555/a").Abstracts)
}

// A file that holds an article twice loses neither, and importing it again changes nothing, also after it was edited elsewhere.
func TestTwiceInOneFile(t *testing.T) {
	s := newSources(t)
	one, two := article("10.5555/a", "On the nature of things"), article("10.5555/a", "On the nature of things")
	one.KwdGroups = []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "things"}}}}
	two.Abstracts = []jats.Abstract{{P: []jats.Rich{"Known."}}}
	line := func(a jats.Article) []byte {
		data, err := json.Marshal(a)
		require.NoError(t, err)
		return data
	}
	run := func(docs ...[]byte) Report {
		im := Importer{Store: s.db}
		r, err := im.Import(t.Context(), func(_ context.Context, yield func(Input) error) error {
			for i, d := range docs {
				if err := yield(Input{Name: "all.jsonl", Line: i + 1, Data: d}); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, err)
		return r
	}
	assert.Equal(t, Report{Read: 2, Created: 1, Updated: 1}, run(line(one), line(two)))
	a := s.article("10.5555/a")
	assert.NotEmpty(t, a.KwdGroups)
	assert.NotEmpty(t, a.Abstracts)
	assert.Equal(t, Report{Read: 2, Unchanged: 2}, run(line(one), line(two)))
	other := article("10.5555/b", "On other things")
	two.Abstracts[0].P[0] = "Better known."
	assert.Equal(t, Report{Read: 3, Created: 1, Updated: 1, Unchanged: 1}, run(line(other), line(one), line(two)), "the lines have moved")
	a = s.article("10.5555/a")
	assert.Equal(t, "Better known.", string(a.Abstracts[0].P[0]))
	src, err := s.db.Source(t.Context(), "10.5555/a")
	require.NoError(t, err)
	assert.Len(t, src, 2)

	one, two = jats.Article{Title: jats.Title{Text: "Things without any names at all"}, Volume: "1"}, jats.Article{Title: jats.Title{Text: "Things without any names at all"}, FPage: "5"}
	assert.Equal(t, Report{Read: 2, Created: 1, Updated: 1}, run(line(one), line(two)))
	assert.Equal(t, Report{Read: 2, Unchanged: 2}, run(line(one), line(two)), "also where nothing but the title tells what it is")
	a = s.article(Local(&one))
	assert.Equal(t, "1 5", a.Volume+" "+a.FPage)
}

// The sources of an item do not grow without bound: of those that tell nothing the oldest go.
func TestManySources(t *testing.T) {
	s := newSources(t)
	a := article("10.5555/a", "On the nature of things")
	a.KwdGroups = []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "things"}}}}
	s.json("first", a)
	a.KwdGroups = nil
	for i := range 3 * maxSources {
		a.Volume = fmt.Sprint(i)
		require.NoError(t, s.json(fmt.Sprint("day ", i), a).Err)
	}
	src, err := s.db.Source(t.Context(), "10.5555/a")
	require.NoError(t, err)
	assert.LessOrEqual(t, len(src), maxSources)
	assert.NotEmpty(t, s.article("10.5555/a").KwdGroups, "the first still has the keywords")
	assert.Equal(t, fmt.Sprint(3*maxSources-1), s.article("10.5555/a").Volume)
}

// What its source withdraws becomes a tombstone when nothing else is known of it, and else loses what came from there.
func TestRemove(t *testing.T) {
	s := newSources(t)
	a := article("10.5555/a", "On the nature of things")
	b := a
	b.KwdGroups = []jats.KwdGroup{{Kwds: []jats.Kwd{{Text: "things"}}}}
	s.jats("a.xml", a)
	s.jats("b.xml", b)
	out, err := s.im.Remove(t.Context(), "10.5555/a", "nothing.xml")
	require.NoError(t, err)
	assert.Equal(t, store.Unchanged, out.Status)
	out, err = s.im.Remove(t.Context(), "10.5555/a", "b.xml")
	require.NoError(t, err)
	assert.Equal(t, store.Updated, out.Status)
	assert.Empty(t, s.article("10.5555/a").KwdGroups)
	out, err = s.im.Remove(t.Context(), "10.5555/a", "a.xml")
	require.NoError(t, err)
	assert.Equal(t, store.Deleted, out.Status)
	out, err = s.im.Remove(t.Context(), "10.5555/a", "a.xml")
	require.NoError(t, err)
	assert.Equal(t, store.Missing, out.Status)
	s.jats("b.xml", b)
	assert.NotEmpty(t, s.article("10.5555/a").KwdGroups, "it comes back")
	src, err := s.db.Source(t.Context(), "10.5555/a")
	require.NoError(t, err)
	assert.Len(t, src, 1, "without what was there before")
}

// A batch in which an article comes twice and can be no item the second time goes on.
func TestRefusedOnTheSecondLook(t *testing.T) {
	s := newSources(t)
	a, b := article("10.5555/a", "On the nature of things"), article("", "On quite other things than these")
	b.IDs = []jats.ID{{Type: "pmid", Value: "5"}}
	both := a
	both.IDs = append(both.IDs, b.IDs...)
	var all []Outcome
	im := Importer{Store: s.db, Each: func(o Outcome) { all = append(all, o) }}
	report, err := im.Import(t.Context(), func(_ context.Context, yield func(Input) error) error {
		for i, x := range []jats.Article{a, b, both, article("10.5555/c", "On further things of all kinds")} {
			data, err := json.Marshal(x)
			require.NoError(t, err)
			if err := yield(Input{Name: fmt.Sprint(i), Data: data}); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, Report{Read: 4, Created: 3, Rejected: 1}, report)
	assert.Equal(t, "several-items", all[2].Rejection().Code)
}
