// Package deposittest has what the tests of the feeds that deposit share: a store whose time passes when it is asked, articles that every service takes, and a feed.
package deposittest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sheaf/feed"
	"sheaf/store"
	"sheaf/store/sqlite"
)

// Site is the public address in the tests.
const Site = "https://journal.example.org"

// Store is an empty store. Its clock moves by a second whenever it is asked, so no feed waits for a second to be over.
func Store(t *testing.T) *sqlite.DB {
	t.Helper()
	var mu sync.Mutex
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "sheaf.db"), sqlite.Options{Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}})
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// Local is the local identifier of article n, and its DOI.
func Local(n int) string { return fmt.Sprintf("10.5555/test.%d", n) }

// Article is article n of a journal, with a title. It stands in issue 1 to 9, ten articles in each, from page 10 n on.
func Article(n int, title string) store.Change {
	return Full(Local(n), fmt.Sprintf(`{"lang": "en", "articleType": "research-article",
		"journal": {"title": {"text": "Journal of Tests"}, "issns": [{"type": "print", "value": "1234-5679"}, {"type": "electronic", "value": "2049-3630"}], "publishers": [{"text": "Example Press"}]},
		"ids": [{"type": "doi", "value": %q}], "title": {"text": %q}, "volume": "7", "issue": "%d", "fpage": "%d", "lpage": "%d",
		"contribs": [{"type": "author", "names": [{"surname": "Author", "givenNames": "Anna"}]}],
		"pubDates": [{"type": "pub", "format": "electronic", "date": "2026-02-03"}]}`, Local(n), title, n/10+1, 10*n, 10*n+9))
}

// Full is an item of an article in JSON.
func Full(local, article string) store.Change {
	record := fmt.Appendf(nil, "<dc>%x</dc>", sha256.Sum256([]byte(article))) // it moves the datestamp when the article changes
	return store.Change{Local: local, Article: []byte(article), Records: []store.Record{{Prefix: "oai_dc", Metadata: record}}}
}

// Delete is the deletion of article n.
func Delete(n int) store.Change { return store.Change{Local: Local(n), Delete: true} }

// Put stores changes, each in a second of its own.
func Put(t *testing.T, db store.Store, changes ...store.Change) {
	t.Helper()
	for _, c := range changes {
		_, err := db.Put(context.Background(), []store.Change{c})
		require.NoError(t, err)
	}
}

// Log is a log of every level that can be read while it is written.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Feed is a feed "test" of a store to a target, that fails fast and writes into log.
func Feed(db feed.Store, to feed.Target, log *Log) *feed.Feed {
	return &feed.Feed{Store: db, Target: to, Name: "test", To: "here", Reader: feed.Reader{RepositoryID: "x.org", Site: Site}, Pause: time.Millisecond,
		Patience: 20 * time.Second, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
}
