package postgres

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sheaf/store"
	"sheaf/store/postgres/pgtest"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/s2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// old is an item as the first version of the schema held it.
type old struct {
	local, sets, formats, gone string
	datestamp                  int64
	deleted                    bool
}

func (o old) metadata(prefix string) []byte { return []byte("<" + prefix + ">" + o.local) }

// first1 makes a database as the first version of Sheaf did, with items in it.
func first1(t *testing.T, address string, items []old) {
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	text, err := migrations.ReadFile("migrations/001.sql")
	require.NoError(t, err)
	_, err = conn.PgConn().Exec(t.Context(), string(text)).ReadAll()
	require.NoError(t, err)
	exec := func(statement string, args ...any) {
		t.Helper()
		_, err := conn.Exec(t.Context(), statement, args...)
		require.NoError(t, err)
	}
	exec(`INSERT INTO meta (key, value) VALUES ('version', '1'), ('secret', $1), ('created', '1600000000')`, make([]byte, 32))
	list := func(prefix, spec string) (id int) {
		exec(`INSERT INTO list (prefix, spec) VALUES ($1, $2) ON CONFLICT DO NOTHING`, prefix, spec)
		require.NoError(t, conn.QueryRow(t.Context(), `SELECT id FROM list WHERE prefix = $1 AND spec = $2`, prefix, spec).Scan(&id))
		return id
	}
	sum := func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }
	list("once", "s") // what every item has left, in a format that none has any more
	live, deleted := 0, 0
	for i, o := range items {
		own := strings.Fields(o.formats)
		hash := store.ServedHash(o.sets, own, func(i int) []byte { return sum(o.metadata(own[i])) })
		exec(`INSERT INTO item (id, datestamp, due, revision, deleted, local, sets, formats, gone, hash) VALUES ($1, $2, 0, 1, $3, $4, $5, $6, $7, $8)`,
			i+1, o.datestamp, o.deleted, o.local, o.sets, o.formats, o.gone, hash)
		exec(`INSERT INTO article (item, hash, json) VALUES ($1, $2, $3)`, i+1, sum([]byte("{}")), s2.Encode(nil, []byte("{}")))
		if o.deleted {
			deleted++
		} else {
			live++
		}
		for n, prefix := range slices.Concat(own, strings.Fields(o.gone)) {
			dead := o.deleted || n >= len(own)
			for _, spec := range store.Lists(o.sets) {
				exec(`INSERT INTO entry (datestamp, item, list, deleted, local) VALUES ($1, $2, $3, $4, $5)`, o.datestamp, i+1, list(prefix, spec), dead, o.local)
				for level, shift := range store.TallyShifts {
					exec(`INSERT INTO tally (list, level, bucket, n) VALUES ($1, $2, $3, 1) ON CONFLICT (list, level, bucket) DO UPDATE SET n = tally.n + 1`, list(prefix, spec), level, o.datestamp>>shift)
				}
			}
			if dead {
				exec(`INSERT INTO record (item, list, size, sets, hash) VALUES ($1, $2, 0, $3, '')`, i+1, list(prefix, ""), o.sets)
			} else {
				exec(`INSERT INTO record (item, list, size, sets, hash, metadata) VALUES ($1, $2, 0, $3, $4, $5)`, i+1, list(prefix, ""), o.sets, sum(o.metadata(prefix)), o.metadata(prefix))
			}
		}
	}
	exec(`INSERT INTO clock (id, hwm, first, live, deleted) VALUES (1, 1700900000, 1700000000, $1, $2)`, live, deleted)
}

// A database of the first version gives the same lists when it was opened, and goes on.
func TestUpgrade(t *testing.T) {
	address := pgtest.Shared(t).Database(t)
	var items []old
	for i := range 40 {
		o := old{local: fmt.Sprintf("n%02d", i), datestamp: 1700000000 + int64(i*i)*500, deleted: i%4 == 3}
		o.formats, o.gone = []string{"jats oai_dc", "oai_dc", "jats oai_dc z", "", "jats"}[i%5], []string{"", "jats", "a", "jats", "oai_dc"}[i%5]
		o.sets = []string{"", "s", "s:x:1 t", "s:x:1 s:x:2 s:y"}[i/5%4]
		items = append(items, o)
	}
	items = append(items, old{local: "bare", datestamp: 1700000000})
	first1(t, address, items)
	db := openTest(t, address, Options{})
	sound(t, db)
	check := func() {
		t.Helper()
		records := map[string]int{}
		for _, prefix := range []string{"jats", "oai_dc", "z", "a", "once"} {
			for _, set := range []string{"", "s", "s:x", "s:x:1", "s:x:2", "s:y", "t"} {
				var want, got []string
				for _, o := range items {
					own, gone := slices.Contains(strings.Fields(o.formats), prefix), slices.Contains(strings.Fields(o.gone), prefix)
					if (own || gone) && slices.Contains(store.Lists(o.sets), set) {
						e := fmt.Sprintf("%s %d %q ", o.local, o.datestamp, o.sets)
						if own && !o.deleted {
							e += string(o.metadata(prefix))
						}
						want = append(want, e)
					}
				}
				page, err := db.list(t.Context(), store.Query{Prefix: prefix, Set: set, Limit: 100, Count: true}, func(r *store.Row) error {
					got = append(got, fmt.Sprintf("%s %d %q %s", r.Local, r.Datestamp, r.Sets, r.Metadata))
					return nil
				})
				require.NoError(t, err)
				assert.Equal(t, want, got, "%q in %q", prefix, set)
				assert.Equal(t, len(want), page.Total, "%q in %q", prefix, set)
				if set == "" && len(want) > 0 {
					records[prefix] = len(want)
				}
			}
		}
		stats, err := db.Stats(t.Context())
		require.NoError(t, err)
		assert.Equal(t, records, stats.Records)
	}
	check()
	var rows int
	require.NoError(t, db.read.QueryRow(t.Context(), `SELECT count(*) FROM record`).Scan(&rows))
	want := 0
	for _, o := range items {
		if !o.deleted {
			want += len(strings.Fields(o.formats))
		}
	}
	assert.Equal(t, want, rows, "a tombstone has none")
	require.NoError(t, db.Rebuild(t.Context()))
	check()

	fresh := change("n00", 10)
	fresh.Records = append(fresh.Records, store.Record{Prefix: "mods", Metadata: []byte("<mods/>"), Rare: true})
	fresh.Records = append(fresh.Records, store.Record{Prefix: "new", Metadata: []byte("<new/>")})
	put(t, db, fresh)
	for prefix, want := range map[string]string{"mods": "<mods/>", "new": "<new/>", "oai_dc": ""} {
		_, err := db.Record(t.Context(), "n00", prefix, func(r *store.Row) error { assert.Equal(t, want, string(r.Metadata)); return nil })
		require.NoError(t, err)
	}
	put(t, db, store.Change{Local: "n01", Delete: true}, change("bare", 10))
	sound(t, db)
}

// An upgrade that fails leaves the database as it was.
func TestUpgradeIsWhole(t *testing.T) {
	address := pgtest.Shared(t).Database(t)
	first1(t, address, []old{{local: "a", formats: "jats", datestamp: 1700000000}})
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `CREATE VIEW theirs AS SELECT local FROM entry`) // in the way of the last part
	require.NoError(t, err)
	_, err = Open(address, Options{})
	require.ErrorContains(t, err, "002.sql")
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM theirs`).Scan(&n))
	assert.Equal(t, 1, n)
	_, err = conn.Exec(t.Context(), `DROP VIEW theirs`)
	require.NoError(t, err)
	db := openTest(t, address, Options{})
	assert.Equal(t, []string{"a"}, locals(t, db, store.Query{}))
	sound(t, db)
}
