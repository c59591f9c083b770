package sqlite

import (
	"path/filepath"
	"testing"

	"sheaf/store"
	"sheaf/store/storetest"

	"github.com/stretchr/testify/require"
)

// damaged is a DB that can damage itself.
type damaged struct{ *DB }

func (d damaged) Garble(t *testing.T, local, prefix string) {
	d.exec(t, `UPDATE record SET metadata = substr(metadata, 1, length(metadata) - 1) WHERE id = (SELECT id FROM format WHERE prefix = ?) << 36 | (SELECT id FROM item WHERE local = ?)`, prefix, local)
}

func (d damaged) Lose(t *testing.T, local, prefix string) {
	d.exec(t, `DELETE FROM record WHERE id = (SELECT id FROM format WHERE prefix = ?) << 36 | (SELECT id FROM item WHERE local = ?)`, prefix, local)
}

func (d damaged) Mislay(t *testing.T, local string) {
	d.exec(t, `DELETE FROM entry WHERE list IN (SELECT id FROM list WHERE spec = '') AND local = ?`, local)
}

// exec runs a statement that must change one row.
func (db *DB) exec(t *testing.T, query string, args ...any) {
	conn := <-db.write
	defer func() { db.write <- conn }()
	require.NoError(t, run(conn, query, args...))
	require.Equal(t, 1, conn.Changes())
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, o storetest.Options) store.Store {
		db, err := Open(filepath.Join(o.Dir, "sheaf.db"), Options{Now: o.Now})
		require.NoError(t, err)
		t.Cleanup(func() { db.Close() })
		return damaged{db}
	})
}
