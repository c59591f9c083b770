package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sheaf/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// view calls read with a connection and no transaction: each statement sees a snapshot of its own.
func (db *DB) view(ctx context.Context, op string, read func(*pgxpool.Conn) error) error {
	return db.fault(ctx, op, db.read.again(ctx, db.look, read))
}

const (
	getOwners = `SELECT a.key, (SELECT local FROM item WHERE id = a.item) FROM unnest($1::text[]) k JOIN LATERAL (SELECT key, item FROM alias WHERE key = k LIMIT 1) a ON true`

	// getSources gives a row for the item, if it has none.
	getSources = `SELECT s.name, s.type, s.data FROM (SELECT id FROM item WHERE local = $1 LIMIT 1) i
		LEFT JOIN LATERAL (SELECT name, type, data FROM source WHERE item = i.id ORDER BY item DESC, seq DESC OFFSET 0) s ON true`

	getHolder = `SELECT i.local, i.datestamp FROM (SELECT item, sum FROM source WHERE substr(sum, 1, 8) = $1 OFFSET 0) s
		JOIN LATERAL (SELECT local, datestamp, deleted FROM item WHERE id = s.item LIMIT 1) i ON true WHERE s.sum = $2 AND NOT i.deleted LIMIT 1`
)

// Resolve returns for each of the aliases the Local of the item that owns it; "" where none does.
func (db *DB) Resolve(ctx context.Context, aliases []string) ([]string, error) {
	locals := make([]string, len(aliases))
	if len(aliases) == 0 {
		return nil, ctx.Err()
	}
	keys := make([]string, len(aliases))
	for i, name := range aliases {
		keys[i] = aliasKey(clean(name))
	}
	err := db.view(ctx, "resolve", func(conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, getOwners, keys)
		if err != nil {
			return err
		}
		owners := map[string]string{}
		var key, owner string
		if _, err = pgx.ForEachRow(rows, []any{&key, &owner}, func() error { owners[key] = owner; return nil }); err != nil {
			return err
		}
		for i, k := range keys {
			locals[i] = owners[k]
		}
		return nil
	})
	return locals, err
}

// getItem gives the clock, and the item if there is one.
const getItem = `SELECT c.hwm, i.datestamp, i.deleted, i.sets, i.formats, i.hash, a.hash, a.json
	FROM clock c LEFT JOIN LATERAL (SELECT * FROM item WHERE local = $1 LIMIT 1) i ON true` + joinArticle + ` WHERE c.id = 1`

// Get returns an item, also a deleted one, or store.ErrNotFound; see store.Store.
func (db *DB) Get(ctx context.Context, local string) (*store.Item, error) {
	g := getting{local: local}
	err := db.view(ctx, "get", func(conn *pgxpool.Conn) error { return g.read(ctx, conn) })
	return g.item, err
}

// getting is one Get.
type getting struct {
	local string
	need  int64 // the lowest clock that will do
	item  *store.Item
}

func (g *getting) read(ctx context.Context, conn *pgxpool.Conn) error {
	var clock int64
	var datestamp *int64
	var deleted *bool
	var sets, formats *string
	var hash, articleHash, packed []byte
	err := conn.QueryRow(ctx, getItem, clean(g.local)).Scan(&clock, &datestamp, &deleted, &sets, &formats, &hash, &articleHash, &packed)
	switch {
	case err != nil:
		return err
	case clock < g.need:
		return errLags
	case datestamp == nil || clean(g.local) != g.local:
		return fmt.Errorf("%q: %w", g.local, store.ErrNotFound)
	}
	g.item = &store.Item{Local: g.local, Datestamp: *datestamp, Deleted: *deleted, Sets: strings.Fields(*sets), Prefixes: strings.Fields(*formats)}
	if !g.item.Deleted {
		g.item.Version = store.Version(hash, articleHash)
	}
	if g.item.Article, err = store.Unpack(packed); err != nil {
		return fmt.Errorf("%q: its article: %w", g.local, err)
	}
	return nil
}

// Source returns the inputs that an item came from, the latest first, or store.ErrNotFound.
func (db *DB) Source(ctx context.Context, local string) (sources []store.Source, err error) {
	err = db.view(ctx, "source", func(conn *pgxpool.Conn) error {
		sources = nil
		found := false
		rows, err := conn.Query(ctx, getSources, clean(local))
		if err != nil {
			return err
		}
		var name, kind *string
		var packed []byte
		_, err = pgx.ForEachRow(rows, []any{&name, &kind, &packed}, func() error {
			if found = true; name == nil {
				return nil // the item has none
			}
			data, err := store.Unpack(packed)
			sources = append(sources, store.Source{Name: *name, Type: *kind, Data: data})
			return err
		})
		if err == nil && !found {
			return fmt.Errorf("%q: %w", local, store.ErrNotFound)
		}
		return err
	})
	return sources, err
}

// HasSource tells whether this very input was stored in an item that is still live, and in which. An input that a later one of
// the same name replaced is no longer stored.
func (db *DB) HasSource(ctx context.Context, sum [32]byte) (local string, datestamp int64, ok bool, err error) {
	err = db.view(ctx, "source", func(conn *pgxpool.Conn) error {
		err := conn.QueryRow(ctx, getHolder, sum[:8], sum[:]).Scan(&local, &datestamp)
		ok = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return local, datestamp, ok, err
}

// getRecord gives the clock, and the item and its record if they are there.
const getRecord = `SELECT c.hwm, i.datestamp, i.deleted, i.formats, i.gone, i.sets, ` + ownFormat + `, r.size, r.metadata
	FROM clock c LEFT JOIN LATERAL (SELECT * FROM item WHERE local = $2 LIMIT 1) i ON true
	LEFT JOIN LATERAL (SELECT size, metadata FROM record WHERE format = coalesce(` + ownFormat + `, ` + bundle + `) AND item = i.id LIMIT 1) r ON true WHERE c.id = 1`

// Record calls visit with the record of an item in one format; see store.Store. A record of a format that the item had once is deleted.
func (db *DB) Record(ctx context.Context, local, prefix string, visit func(*store.Row) error) (clock int64, err error) {
	r := recording{local: local, prefix: prefix, visit: visit}
	err = db.view(ctx, "record", func(conn *pgxpool.Conn) error { return r.read(ctx, conn) })
	if err != nil {
		return 0, err
	}
	return r.clock, nil
}

// recording is one Record.
type recording struct {
	local, prefix string
	visit         func(*store.Row) error
	need          int64 // the lowest clock that will do
	clock         int64
}

func (r *recording) read(ctx context.Context, conn *pgxpool.Conn) error {
	if clean(r.local) != r.local || clean(r.prefix) != r.prefix {
		return fmt.Errorf("%q in %q: %w", r.local, r.prefix, store.ErrNotFound)
	}
	rows, err := conn.Query(ctx, getRecord, r.prefix, r.local)
	if err != nil {
		return err
	}
	defer rows.Close()
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	if !rows.Next() {
		return rows.Err()
	}
	raw := rows.RawValues()
	if r.clock = integer(raw[0]); r.clock < r.need {
		return errLags
	}
	gone := hasWord(raw[4], r.prefix)
	if raw[1] == nil || !gone && !hasWord(raw[3], r.prefix) {
		return fmt.Errorf("%q in %q: %w", r.local, r.prefix, store.ErrNotFound)
	}
	buf.local = append(buf.local[:0], r.local...)
	row := store.Row{Local: buf.local, Datestamp: integer(raw[1]), Deleted: raw[2][0] != 0 || gone, Sets: raw[5]}
	if !row.Deleted {
		row.Metadata = buf.unpack(integer(raw[7]), raw[8], raw[6] == nil, r.prefix)
	}
	if !row.Deleted && row.Metadata == nil {
		return fmt.Errorf("%q in %q: %w: its bytes are gone", r.local, r.prefix, store.ErrCorrupt)
	}
	if err := r.visit(&row); err != nil {
		return visitError{err}
	}
	rows.Close()
	return rows.Err()
}

// hasWord tells whether word is one of words, which are parted by one blank.
func hasWord(words []byte, word string) bool {
	for w := range strings.SplitSeq(string(words), " ") {
		if w == word && w != "" {
			return true
		}
	}
	return false
}

const getSets = `SELECT c.hwm, s.spec, s.name, s.description FROM clock c LEFT JOIN LATERAL (
	SELECT spec, name, description FROM setinfo WHERE spec > $1 ORDER BY spec LIMIT $2) s ON true WHERE c.id = 1`

// Sets returns at most limit sets whose Spec is greater than after, in byte order. A set that nobody named has an empty Name.
func (db *DB) Sets(ctx context.Context, after string, limit int) ([]store.Set, error) {
	s := setting{after: after, limit: limit}
	err := db.view(ctx, "sets", func(conn *pgxpool.Conn) error { return s.read(ctx, conn) })
	return s.sets, err
}

// setting is one Sets.
type setting struct {
	after string
	limit int
	need  int64 // the lowest clock that will do
	sets  []store.Set
}

func (s *setting) read(ctx context.Context, conn *pgxpool.Conn) error {
	s.sets = nil
	rows, err := conn.Query(ctx, getSets, clean(s.after), max(s.limit, 0))
	if err != nil {
		return err
	}
	var clock int64
	var spec, name, description *string
	_, err = pgx.ForEachRow(rows, []any{&clock, &spec, &name, &description}, func() error {
		if clock < s.need {
			return errLags
		}
		if spec != nil {
			s.sets = append(s.sets, store.Set{Spec: *spec, Name: *name, Description: *description})
		}
		return nil
	})
	return err
}

// getState gives the clock, the earliest datestamp and the secret.
const getState = `SELECT c.hwm, c.first, convert_from(m.value, 'UTF8')::bigint, s.value FROM clock c, meta m, meta s WHERE c.id = 1 AND m.key = 'created' AND s.key = 'secret'`

// standing is what getState gives.
type standing struct {
	clock, first, created int64
	secret                []byte
}

func (s *standing) read(ctx context.Context, conn *pgxpool.Conn) error {
	return conn.QueryRow(ctx, getState).Scan(&s.clock, &s.first, &s.created, &s.secret)
}

func (s *standing) earliest() int64 {
	if s.first != 0 {
		return s.first
	}
	return s.created
}

func (db *DB) standing(ctx context.Context, op string) (s standing, err error) {
	err = db.view(ctx, op, func(conn *pgxpool.Conn) error { return s.read(ctx, conn) })
	return s, err
}

// Earliest returns a datestamp that no item has or had an earlier one than: of the first write, or of the making of the store.
func (db *DB) Earliest(ctx context.Context) (int64, error) {
	s, err := db.standing(ctx, "earliest")
	return s.earliest(), err
}

// Secret returns the store's own random key of 32 bytes.
func (db *DB) Secret(ctx context.Context) ([]byte, error) {
	s, err := db.standing(ctx, "secret")
	return s.secret, err
}

// Stats counts what is kept, from the counts kept beside it.
func (db *DB) Stats(ctx context.Context) (st store.Stats, err error) {
	err = db.view(ctx, "stats", func(conn *pgxpool.Conn) error {
		st = store.Stats{Records: map[string]int{}}
		var class *string
		var n *int64
		rows, err := conn.Query(ctx, `SELECT c.hwm, CASE c.first WHEN 0 THEN convert_from(m.value, 'UTF8')::bigint ELSE c.first END, c.live, c.deleted,
				(SELECT count(*) FROM setinfo), pg_database_size(current_database()), p.class, p.n
			FROM clock c JOIN meta m ON m.key = 'created' LEFT JOIN LATERAL (
				SELECT l.class, (SELECT sum(t.n)::bigint FROM tally t WHERE t.list = l.id AND t.level = `+strconv.Itoa(len(store.TallyShifts)-1)+`) AS n FROM list l WHERE l.spec = '') p ON true
			WHERE c.id = 1`)
		if err != nil {
			return err
		}
		_, err = pgx.ForEachRow(rows, []any{&st.Clock, &st.Earliest, &st.Items, &st.Deleted, &st.Sets, &st.Bytes, &class, &n}, func() error {
			if class == nil || n == nil {
				return nil
			}
			for prefix := range strings.FieldsSeq(*class) {
				st.Records[strings.TrimPrefix(prefix, "-")] += int(*n)
			}
			return nil
		})
		return err
	})
	return st, err
}

const (
	getDue     = `SELECT local FROM item WHERE NOT deleted AND due <> 0 AND due <= $1 ORDER BY due LIMIT $2`
	getRevised = `SELECT local FROM item WHERE NOT deleted AND revision < $1 ORDER BY revision LIMIT $2`
)

// Outdated returns live items that must be rendered again; see store.Store.
func (db *DB) Outdated(ctx context.Context, now int64, revision, limit int) (locals []string, err error) {
	err = db.view(ctx, "outdated", func(conn *pgxpool.Conn) error {
		locals = nil
		for _, q := range []struct {
			query string
			bound int64
		}{
			{getDue, now}, {getRevised, int64(revision)},
		} {
			rows, err := conn.Query(ctx, q.query, q.bound, limit)
			if err != nil {
				return err
			}
			var local string
			if _, err = pgx.ForEachRow(rows, []any{&local}, func() error {
				if len(locals) < limit && !slices.Contains(locals, local) {
					locals = append(locals, local)
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return locals, err
}
