package ingest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
	"sheaf/store"
	"sheaf/store/sqlite"
)

func open(t testing.TB) store.Store {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// inputs makes a walk of documents; their names are 0, 1, 2...
func inputs(docs ...string) func(context.Context, func(ingest.Input) error) error {
	return func(_ context.Context, yield func(ingest.Input) error) error {
		for i, d := range docs {
			if err := yield(ingest.Input{Name: fmt.Sprint(i), Data: []byte(d)}); err != nil {
				return err
			}
		}
		return nil
	}
}

func load(t testing.TB, im *ingest.Importer, docs ...string) (ingest.Report, []ingest.Outcome) {
	t.Helper()
	var all []ingest.Outcome
	im.Each = func(o ingest.Outcome) { all = append(all, o) }
	report, err := im.Import(context.Background(), inputs(docs...))
	require.NoError(t, err)
	return report, all
}

// doc is a small article: JSON with these identifiers and this title.
func doc(t testing.TB, title string, ids ...jats.ID) string {
	t.Helper()
	b, err := json.Marshal(jats.Article{Lang: "en", Title: jats.Title{Text: jats.Escape(title)}, IDs: ids})
	require.NoError(t, err)
	return string(b)
}

func doi(s string) jats.ID { return jats.ID{Type: "doi", Value: s} }
func pii(s string) jats.ID { return jats.ID{Type: "pii", Value: s} }

func TestOneBadInputStopsNoOther(t *testing.T) {
	im := &ingest.Importer{Store: open(t)}
	report, all := load(t, im,
		doc(t, "Good one", doi("10.5555/a")),
		"<article><front><article-meta>",
		doc(t, "Good two", doi("10.5555/b")),
		"",
		"some text that is nothing that we know",
		`{"lang":"en"}`,
		`{"title":{"text":"X"},"tittle":{}}`,
		"<html><body/></html>",
		doc(t, "Good three", doi("10.5555/c")),
	)
	assert.Equal(t, ingest.Report{Read: 9, Created: 3, Rejected: 6}, report)
	for i, want := range map[int]string{1: "", 3: "empty", 4: "not recognised", 5: "title", 6: "tittle", 7: "article"} {
		require.Error(t, all[i].Err, i)
		assert.Contains(t, all[i].Err.Error(), want)
		assert.Contains(t, all[i].Rejection().String(), fmt.Sprint(i))
	}
	for i, o := range all {
		assert.Equal(t, fmt.Sprint(i), o.Name, "in the order they came")
	}
}

func TestAgainIsUnchanged(t *testing.T) {
	db := open(t)
	im := &ingest.Importer{Store: db}
	docs := []string{doc(t, "One", doi("10.5555/a")), doc(t, "Two"), doc(t, "One, second host", doi("10.5555/A"))}
	report, all := load(t, im, docs...)
	assert.Equal(t, ingest.Report{Read: 3, Created: 2, Updated: 1}, report)
	assert.Equal(t, all[0].Local, all[2].Local, "a DOI is the same in capitals")
	before, err := db.Get(context.Background(), all[0].Local)
	require.NoError(t, err)

	report, _ = load(t, im, docs...)
	assert.Equal(t, ingest.Report{Read: 3, Unchanged: 3}, report, "also where two sources feed one item")
	after, err := db.Get(context.Background(), all[0].Local)
	require.NoError(t, err)
	assert.Equal(t, before.Datestamp, after.Datestamp)
}

func TestSameArticleFromTwoHostsIsOneItem(t *testing.T) {
	for _, apart := range []bool{false, true} {
		t.Run(fmt.Sprint("apart=", apart), func(t *testing.T) {
			db := open(t)
			im := &ingest.Importer{Store: db}
			first, second := doc(t, "Page without a DOI", pii("S12345-6-1")), doc(t, "Page with one", pii("S12345-6-1"), doi("10.5555/S12345-6"))
			var all []ingest.Outcome
			if apart {
				_, a := load(t, im, first)
				_, b := load(t, im, second)
				all = append(a, b...)
			} else {
				_, all = load(t, im, first, second)
			}
			assert.Equal(t, store.Created, all[0].Status)
			assert.Equal(t, store.Updated, all[1].Status)
			assert.Equal(t, all[0].Local, all[1].Local, "its identifier stays the first")
			st, err := db.Stats(context.Background())
			require.NoError(t, err)
			assert.Equal(t, 1, st.Items)
		})
	}
}

func TestDeletedComesBack(t *testing.T) {
	db := open(t)
	im := &ingest.Importer{Store: db}
	d := doc(t, "One", doi("10.5555/a"))
	_, all := load(t, im, d)
	_, err := db.Put(context.Background(), []store.Change{{Local: all[0].Local, Delete: true}})
	require.NoError(t, err)
	report, _ := load(t, im, d)
	assert.Equal(t, 1, report.Created, "the source is known, but its item is deleted")
}

func TestDryRunStoresNothing(t *testing.T) {
	db := open(t)
	load(t, &ingest.Importer{Store: db}, doc(t, "One", doi("10.5555/a")), doc(t, "Two", doi("10.5555/b")))
	report, _ := load(t, &ingest.Importer{Store: db, DryRun: true},
		doc(t, "One", doi("10.5555/a")), doc(t, "Two, changed", doi("10.5555/b")), doc(t, "Three", doi("10.5555/c")), "nonsense")
	assert.Equal(t, ingest.Report{Read: 4, Created: 1, Updated: 1, Unchanged: 1, Rejected: 1}, report)
	st, err := db.Stats(context.Background())
	require.NoError(t, err)
	assert.Equal(t, 2, st.Items)
}

func TestSetsGivenAtImport(t *testing.T) {
	db := open(t)
	load(t, &ingest.Importer{Store: db, Sets: []store.Set{{Spec: "news:spring", Name: "Spring"}}}, doc(t, "One", doi("10.5555/a")))
	page, err := db.List(context.Background(), store.Query{Prefix: "oai_dc", Set: "news", Limit: 10}, func(*store.Row) error { return nil })
	require.NoError(t, err)
	assert.Equal(t, 1, page.Rows)
}

func TestManyBatches(t *testing.T) {
	db := open(t)
	var docs []string
	for i := range 1500 {
		docs = append(docs, doc(t, fmt.Sprintf("Article %d", i), doi(fmt.Sprintf("10.5555/%d", i%1000))))
	}
	report, _ := load(t, &ingest.Importer{Store: db}, docs...)
	assert.Equal(t, ingest.Report{Read: 1500, Created: 1000, Updated: 500}, report)
}

func TestStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	im := &ingest.Importer{Store: open(t)}
	_, err := im.Import(ctx, func(ctx context.Context, yield func(ingest.Input) error) error {
		for i := 0; ; i++ {
			if i == 2000 {
				cancel()
			}
			if err := yield(ingest.Input{Name: fmt.Sprint(i), Data: []byte(doc(t, fmt.Sprint("Article ", i)))}); err != nil {
				return err
			}
		}
	})
	assert.ErrorIs(t, err, context.Canceled)
}

// Every file of the shared material is stored or refused for a reason, and all that is refused is refused alone.
func TestSharedJATS(t *testing.T) {
	dir := fixturetest.Shared(t, "data/jats")
	db := open(t)
	var refused []string
	im := &ingest.Importer{Store: db, Each: func(o ingest.Outcome) {
		if o.Err != nil {
			refused = append(refused, o.Rejection().String())
		}
	}}
	report, err := im.Import(context.Background(), func(ctx context.Context, yield func(ingest.Input) error) error {
		return (&ingest.Walker{}).Walk(ctx, []string{dir}, yield)
	})
	require.NoError(t, err)
	t.Logf("%s\n%s", report, strings.Join(refused, "\n"))
	assert.Greater(t, report.Read, 180)
	for _, path := range refused { // the one good reason: there is no title in the file, which is a sample for some rule
		assert.Contains(t, path, "no title")
		data, err := os.ReadFile(path[:strings.LastIndex(path, ".xml")+4])
		require.NoError(t, err)
		front, _, _ := strings.Cut(string(data), "</front>")
		assert.NotContains(t, front, "<title-group", path)
	}
	require.NoError(t, db.Check(context.Background(), func(p store.Problem) { t.Errorf("%s: %s", p.Local, p.Message) }))
}

// One article on its pages in two languages.
const (
	pageRU = "Счётные модели\nСчётные модели\nАннотация\nКод статьи\nS099999990020001-1-1\nТип публикации\nСтатья\nСтатус публикации\nОпубликовано\nАвторы\nПримерова Анна Сергеевна \nДолжность: Профессор\nАффилиация: Институт примеров\nАдрес: Российская Федерация, Томск\nСтраницы\n24-35\nАннотация\n\nКраткий обзор моделей.\n\nКлючевые слова\nмодели, города\nПолучено\n30.11.2021\nДата публикации\n03.03.2022\nВсего подписок\n13\nВсего просмотров\n1064\n"
	pageEN = "Counting models\nTable of contents\nShare\nQR\nMetrics\nCounting models\nAnnotation\nPII\nS099999990020001-1-1\nPublication type\nArticle\nStatus\nPublished\nAuthors\nAnna Primerova \nOccupation: Professor\nAffiliation: Institute of Examples\nAddress: Russian Federation, Tomsk\nPages\n24-35\nAbstract\n\nA short review of models.\n\nKeywords\nmodels, towns\nReceived\n30.11.2021\nDate of publication\n03.03.2022\nNumber of purchasers\n13\nViews\n1064\nReaders community rating\n0.0 (0 votes)\n"
)

// The platform shows one article on a page for each language: the item has both, whichever comes first, and importing them again
// changes nothing.
func TestPagesInTwoLanguagesAreOneItem(t *testing.T) {
	ru, en := pageRU, pageEN
	for _, order := range [][]string{{ru, en}, {en, ru}} {
		db := open(t)
		im := &ingest.Importer{Store: db}
		report, all := load(t, im, order...)
		require.Equal(t, ingest.Report{Read: 2, Created: 1, Updated: 1}, report, "%v", all)
		item, err := db.Get(context.Background(), all[0].Local)
		require.NoError(t, err)
		var a jats.Article
		require.NoError(t, json.Unmarshal(item.Article, &a))
		titles := []string{a.Title.Text.Plain()}
		for _, tt := range a.TransTitles {
			titles = append(titles, tt.Text.Plain())
		}
		assert.ElementsMatch(t, []string{"Счётные модели", "Counting models"}, titles)
		assert.Len(t, a.Abstracts, 2)
		assert.Len(t, a.KwdGroups, 2)
		require.Len(t, a.Contribs, 1)
		assert.Len(t, a.Contribs[0].Names, 2)

		report, _ = load(t, im, order...)
		assert.Equal(t, ingest.Report{Read: 2, Unchanged: 2}, report)

		changed := strings.Replace(en, "short", "very short", 1)
		im.Each = nil
		report, err = im.Import(context.Background(), func(_ context.Context, yield func(ingest.Input) error) error {
			return yield(ingest.Input{Name: map[bool]string{true: "0", false: "1"}[order[0] == en], Data: []byte(changed)})
		})
		require.NoError(t, err)
		assert.Equal(t, 1, report.Updated)
		item, err = db.Get(context.Background(), all[0].Local)
		require.NoError(t, err)
		assert.Contains(t, string(item.Article), "very short", "a page that changed replaces its own older form")
		assert.Contains(t, string(item.Article), "Краткий обзор", "and the other stays")
	}
}
