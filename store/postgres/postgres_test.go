package postgres

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"sheaf/store"
	"sheaf/store/postgres/pgtest"
	"sheaf/store/storetest"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// damaged is a DB that can damage itself.
type damaged struct{ *DB }

const whichRecord = ` WHERE format = (SELECT id FROM format WHERE prefix = $1) AND item = (SELECT id FROM item WHERE local = $2)`

func (d damaged) Garble(t *testing.T, local, prefix string) {
	d.run(t, `UPDATE record SET metadata = substr(metadata, 1, length(metadata) - 1)`+whichRecord, prefix, local)
}

func (d damaged) Lose(t *testing.T, local, prefix string) {
	d.run(t, `DELETE FROM record`+whichRecord, prefix, local)
}

func (d damaged) Mislay(t *testing.T, local string) {
	d.run(t, `DELETE FROM entry WHERE list IN (SELECT id FROM list WHERE spec = '') AND local = $1`, local)
}

// run runs a statement that must change one row.
func (db *DB) run(t *testing.T, statement string, args ...any) {
	n, err := db.exec(t.Context(), "test", statement, args...)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

// conn is a connection to the database of db that is none of its own.
func (db *DB) conn(t *testing.T) *pgx.Conn {
	conn, err := pgx.Connect(t.Context(), db.address)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}

func TestStore(t *testing.T) {
	var mu sync.Mutex
	c := pgtest.Shared(t)
	database := c.Database(t)
	schemas := map[string]string{}
	storetest.Run(t, func(t *testing.T, o storetest.Options) store.Store {
		mu.Lock()
		defer mu.Unlock()
		if schemas[o.Dir] == "" { // which takes less time than a database of its own
			schemas[o.Dir] = fmt.Sprint("s", len(schemas))
			c.Exec(t, nameOf(database), "CREATE SCHEMA "+schemas[o.Dir])
		}
		db, err := Open(database+"?search_path="+schemas[o.Dir], Options{Now: o.Now})
		require.NoError(t, err)
		t.Cleanup(func() { db.Close() })
		return damaged{db}
	})
}

// nameOf is the name of the database at a URL.
func nameOf(address string) string { return address[strings.LastIndexByte(address, '/')+1:] }
