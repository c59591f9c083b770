package pubmed

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/feed"
	"sheaf/feed/deposit"
	. "sheaf/feed/deposit/deposittest"
	"sheaf/store"
)

var bg = context.Background()

// folder is where files are written.
type folder struct {
	dir  string
	seen map[string]bool
}

// fresh returns the files that were not there when it was last asked, in the order of their names.
func (f *folder) fresh(t *testing.T) (docs []string) {
	t.Helper()
	entries, err := os.ReadDir(f.dir)
	require.NoError(t, err)
	for _, e := range entries {
		if f.seen[e.Name()] {
			continue
		}
		f.seen[e.Name()] = true
		assert.Regexp(t, `^sheaf-\d{14}-[0-9X]+-[0-9a-f]{12}\.xml$`, e.Name())
		b, err := os.ReadFile(filepath.Join(f.dir, e.Name()))
		require.NoError(t, err)
		docs = append(docs, string(b))
	}
	return docs
}

func TestFiles(t *testing.T) {
	db, log := Store(t), &Log{}
	files := &folder{filepath.Join(t.TempDir(), "out"), map[string]bool{}}
	p := &PubMed{Dir: files.dir, State: feed.State{Marks: db, Feed: "test"}}
	f := Feed(db, p, log)
	run := func() feed.Report {
		t.Helper()
		rep, err := f.Run(bg)
		require.NoError(t, err)
		return rep
	}
	withPMID := func(n int, title string) store.Change {
		return Full(Local(n), strings.Replace(string(Article(n, title).Article), `"ids": [`, `"ids": [{"type": "pmid", "value": "12345678"}, `, 1))
	}
	other := Full("other", strings.ReplaceAll(strings.ReplaceAll(string(Article(5, "Of another journal").Article), "1234-5679", "2434-561X"), "2049-3630", ""))
	Put(t, db, Article(1, "One"), withPMID(2, "Two"), other, Full("none", `{"title": {"text": "In no journal"}}`))
	rep := run()
	assert.Equal(t, 3, rep.Sent)
	assert.Equal(t, 1, rep.Refused)
	docs := files.fresh(t)
	require.Len(t, docs, 2, "one file for each journal")
	for _, d := range docs {
		assert.Contains(t, d, `<!DOCTYPE ArticleSet PUBLIC "-//NLM//DTD PubMed 2.8//EN"`)
		assert.NotContains(t, d, "<Replaces")
	}
	assert.Contains(t, docs[0], "<ArticleTitle>One</ArticleTitle>")
	assert.Contains(t, docs[0], "<ArticleTitle>Two</ArticleTitle>")

	// What was in a file before is replaced, what is deleted is deleted by its PMID.
	Put(t, db, Article(1, "One, corrected"), Delete(2))
	rep = run()
	assert.Equal(t, 1, rep.Deleted)
	docs = files.fresh(t)
	require.Len(t, docs, 1)
	assert.Contains(t, docs[0], `<Replaces IdType="doi">10.5555/test.1</Replaces>`)
	assert.Contains(t, docs[0], "<DeleteCitation><PMID>12345678</PMID></DeleteCitation>")
	it, err := deposit.Load(bg, p.State, Local(2))
	require.NoError(t, err)
	assert.Equal(t, "deleted", it.Status)

	Put(t, db, Delete(1), store.Change{Local: "none", Delete: true})
	rep = run()
	assert.Equal(t, 1, rep.Refused, "without a PMID nobody can delete it, and what never was in a file needs nothing")
	assert.Empty(t, files.fresh(t))
	run()
	assert.Empty(t, files.fresh(t))
}

// A batch that is written again after a crash is the same file.
func TestTheSameBatchIsTheSameFile(t *testing.T) {
	db := Store(t)
	files := &folder{t.TempDir(), map[string]bool{}}
	Put(t, db, Article(1, "One"))
	_, err := Feed(db, &PubMed{Dir: files.dir, State: feed.State{Marks: db, Feed: "test"}}, &Log{}).Run(bg)
	require.NoError(t, err)
	require.Len(t, files.fresh(t), 1)
	marks, err := db.Marks(bg, "")
	require.NoError(t, err)
	for _, m := range marks { // as if it had crashed before anything was kept
		require.NoError(t, db.SetMark(bg, m.Name, nil))
	}
	_, err = Feed(db, &PubMed{Dir: files.dir, State: feed.State{Marks: db, Feed: "test"}}, &Log{}).Run(bg)
	require.NoError(t, err)
	assert.Empty(t, files.fresh(t))
}

func TestDryRun(t *testing.T) {
	db, dir := Store(t), t.TempDir()
	Put(t, db, Article(1, "One"))
	f := Feed(db, &PubMed{Dir: dir, Dry: true, State: feed.State{Marks: db, Feed: "test"}}, &Log{})
	f.Dry = true
	_, err := f.Run(bg)
	require.NoError(t, err)
	assert.Len(t, (&folder{dir, map[string]bool{}}).fresh(t), 1)
	marks, err := db.Marks(bg, "")
	require.NoError(t, err)
	assert.Empty(t, marks)
}

// A folder that cannot be written is an error, and nothing counts as written.
func TestAFolderThatCannotBeWritten(t *testing.T) {
	db := Store(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	Put(t, db, Article(1, "One"))
	f := Feed(db, &PubMed{Dir: filepath.Join(file, "out"), State: feed.State{Marks: db, Feed: "test"}}, &Log{})
	f.Patience = time.Nanosecond
	_, err := f.Run(bg)
	require.ErrorIs(t, err, feed.ErrPatience)
	it, err := deposit.Load(bg, feed.State{Marks: db, Feed: "test"}, Local(1))
	require.NoError(t, err)
	assert.Zero(t, it)
}
