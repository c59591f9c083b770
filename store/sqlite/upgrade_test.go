package sqlite

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"

	"sheaf/store"

	"github.com/klauspost/compress/s2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
)

// first1 makes a database as the first version of Sheaf did, with one item in it.
func first1(t *testing.T, path string) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, script(conn, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;"))
	text, err := migrations.ReadFile("migrations/001.sql")
	require.NoError(t, err)
	require.NoError(t, script(conn, string(text)))
	const stamp = 1700000000
	metadata, article := []byte("<dc/>"), []byte("{}")
	sum := func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
	for _, q := range []struct {
		query string
		args  []any
	}{
		{`INSERT INTO clock (id, hwm, first, live) VALUES (1, ?, ?, 1)`, []any{stamp, stamp}},
		{`INSERT INTO meta (key, value) VALUES ('secret', ?), ('created', ?)`, []any{make([]byte, 32), stamp}},
		{`INSERT INTO item (id, local, datestamp, deleted, sets, formats, gone, hash) VALUES (1, 'old', ?, 0, '', 'oai_dc', '', ?)`,
			[]any{stamp, store.ServedHash("", []string{"oai_dc"}, func(int) []byte { return sum(metadata) })}},
		{`INSERT INTO article (item, hash, json) VALUES (1, ?, ?)`, []any{sum(article), s2.Encode(nil, article)}},
		{`INSERT INTO list (id, prefix, spec) VALUES (1, 'oai_dc', '')`, nil},
		{`INSERT INTO entry (list, datestamp, local, item, deleted) VALUES (1, ?, 'old', 1, 0)`, []any{stamp}},
		{`INSERT INTO record (id, sets, hash, metadata) VALUES (?, '', ?, ?)`, []any{1<<itemBits | 1, sum(metadata), metadata}},
	} {
		require.NoError(t, run(conn, q.query, q.args...))
	}
	for level, shift := range store.TallyShifts {
		require.NoError(t, run(conn, `INSERT INTO tally (list, level, bucket, n) VALUES (1, ?, ?, 1)`, level, int64(stamp)>>shift))
	}
	require.NoError(t, script(conn, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = 1;", applicationID)))
}

func TestUpgrade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	first1(t, path)
	db := openTest(t, path, Options{})
	require.NoError(t, db.Check(t.Context(), func(p store.Problem) { t.Error(p) }))
	outdated, err := db.Outdated(t.Context(), 1800000000, 1, 10)
	require.NoError(t, err)
	assert.Equal(t, []string{"old"}, outdated, "it is to be rendered by the crosswalks of today")
	_, err = db.Record(t.Context(), "old", "oai_dc", func(r *store.Row) error {
		assert.Equal(t, int64(1700000000), r.Datestamp)
		assert.Equal(t, "<dc/>", string(r.Metadata))
		return nil
	})
	require.NoError(t, err)
	_, err = db.Put(t.Context(), []store.Change{change("new", 100)})
	require.NoError(t, err)
	require.NoError(t, db.Check(t.Context(), func(p store.Problem) { t.Error(p) }))
}

// An upgrade that fails leaves the file as it was.
func TestUpgradeIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	first1(t, path)
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	require.NoError(t, err)
	require.NoError(t, script(conn, "CREATE TABLE token (a);")) // in the way of the last part
	_, err = Open(path, Options{})
	assert.ErrorContains(t, err, "002.sql")
	version, err := pragma(conn, "user_version")
	require.NoError(t, err)
	assert.Equal(t, int64(1), version)
	n, err := one(conn, `SELECT count(*) FROM pragma_table_info('item') WHERE name IN ('due', 'revision')`)
	require.NoError(t, err)
	assert.Zero(t, n)
	require.NoError(t, conn.Close())
}
