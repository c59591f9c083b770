package sqlite

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"sheaf/store"

	"github.com/klauspost/compress/s2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
)

// first1 makes a database as the first version of Sheaf did, with three items in it: one lives, one is deleted, one has lost a format.
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
		{`INSERT INTO clock (id, hwm, first, live, deleted) VALUES (1, ?, ?, 2, 1)`, []any{stamp, stamp}},
		{`INSERT INTO meta (key, value) VALUES ('secret', ?), ('created', ?)`, []any{make([]byte, 32), stamp}},
		{`INSERT INTO list (id, prefix, spec) VALUES (1, 'oai_dc', ''), (2, 'jats', ''), (3, 'oai_dc', 's'), (4, 'jats', 's')`, nil},
	} {
		require.NoError(t, run(conn, q.query, q.args...))
	}
	lists := map[string][]int{"oai_dc": {1, 3}, "jats": {2, 4}}
	for i, it := range []struct{ local, sets, formats, gone string }{{"old", "", "oai_dc", ""}, {"dead", "s", "jats oai_dc", ""}, {"half", "s", "oai_dc", "jats"}} {
		hash := store.ServedHash(it.sets, strings.Fields(it.formats), func(int) []byte { return sum(metadata) })
		dead := it.local == "dead"
		require.NoError(t, run(conn, `INSERT INTO item (id, local, datestamp, deleted, sets, formats, gone, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			i+1, it.local, stamp, dead, it.sets, it.formats, it.gone, hash))
		require.NoError(t, run(conn, `INSERT INTO article (item, hash, json) VALUES (?, ?, ?)`, i+1, sum(article), s2.Encode(nil, article)))
		for _, f := range strings.Fields(it.formats + " " + it.gone) {
			deleted := dead || f == it.gone
			for n, list := range lists[f] {
				if n == 0 || it.sets != "" {
					require.NoError(t, run(conn, `INSERT INTO entry (list, datestamp, local, item, deleted) VALUES (?, ?, ?, ?, ?)`, list, stamp, it.local, i+1, deleted))
				}
			}
			if deleted {
				require.NoError(t, run(conn, `INSERT INTO record (id, sets, hash) VALUES (?, ?, x'')`, lists[f][0]<<itemBits|(i+1), it.sets))
			} else {
				require.NoError(t, run(conn, `INSERT INTO record (id, sets, hash, metadata) VALUES (?, ?, ?, ?)`, lists[f][0]<<itemBits|(i+1), it.sets, sum(metadata), metadata))
			}
		}
	}
	for level, shift := range store.TallyShifts {
		for list, n := range []int{3, 2, 2, 2} {
			require.NoError(t, run(conn, `INSERT INTO tally (list, level, bucket, n) VALUES (?, ?, ?, ?)`, list+1, level, int64(stamp)>>shift, n))
		}
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
	assert.Equal(t, []string{"old", "half"}, outdated, "they are to be rendered by the crosswalks of today")
	for query, want := range map[store.Query]string{
		{Prefix: "oai_dc"}: "-dead half old", {Prefix: "jats"}: "-dead -half", {Prefix: "oai_dc", Set: "s"}: "-dead half", {Prefix: "jats", Set: "s"}: "-dead -half",
	} {
		var got []string
		query.Limit, query.Count = 9, true
		page, err := db.List(t.Context(), query, func(r *store.Row) error {
			local := string(r.Local)
			if r.Deleted {
				local = "-" + local
			} else {
				assert.Equal(t, "<dc/>", string(r.Metadata))
			}
			assert.Equal(t, local != "old", string(r.Sets) == "s")
			got = append(got, local)
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, want, strings.Join(got, " "), "%+v", query)
		assert.Equal(t, len(got), page.Total)
	}
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
