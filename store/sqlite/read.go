package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sheaf/store"

	"zombiezen.com/go/sqlite"
)

// Resolve returns for each of the aliases the Local of the item that owns it; "" where none does.
func (db *DB) Resolve(ctx context.Context, aliases []string) (locals []string, err error) {
	locals = make([]string, len(aliases))
	err = db.view(ctx, "resolve", func(conn *sqlite.Conn) error { // one snapshot: a lock for each name would cost more than finding it
		for i, name := range aliases {
			_, err := first(conn, func(s *sqlite.Stmt) { locals[i] = s.ColumnText(0) }, `SELECT i.local FROM alias a JOIN item i ON i.id = a.item WHERE a.name = ?`, name)
			if err != nil {
				return db.wrap("resolve", err)
			}
		}
		return nil
	})
	return locals, err
}

// Get returns an item, also a deleted one, or store.ErrNotFound; see store.Store.
func (db *DB) Get(ctx context.Context, local string) (it *store.Item, err error) {
	err = db.view(ctx, "get", func(conn *sqlite.Conn) error {
		row, err := db.item(conn, "get", local)
		if err != nil {
			return err
		}
		it = &store.Item{Local: row.local, Datestamp: row.datestamp, Deleted: row.deleted, Sets: strings.Fields(row.sets), Prefixes: strings.Fields(row.formats)}
		var packed []byte
		_, err = first(conn, func(s *sqlite.Stmt) {
			packed = column(s, 0, nil)
			if !row.deleted {
				it.Version = store.Version(row.hash, column(s, 1, nil))
			}
		}, `SELECT json, hash FROM article WHERE item = ?`, row.id)
		if err != nil {
			return db.wrap("get", err)
		}
		if it.Article, err = store.Unpack(packed); err != nil {
			return fmt.Errorf("store/sqlite: get: %q: its article: %w", local, err)
		}
		return nil
	})
	if err != nil && !errors.Is(err, store.ErrCorrupt) {
		return nil, err
	}
	return it, err
}

// item returns the row of an item, or store.ErrNotFound.
func (db *DB) item(conn *sqlite.Conn, op, local string) (*item, error) {
	row, err := find(conn, local)
	if err != nil {
		return nil, db.wrap(op, err)
	}
	if row == nil {
		return nil, fmt.Errorf("store/sqlite: %s: %q: %w", op, local, store.ErrNotFound)
	}
	return row, nil
}

// Source returns the inputs that an item came from, the latest first, or store.ErrNotFound.
func (db *DB) Source(ctx context.Context, local string) (sources []store.Source, err error) {
	err = db.view(ctx, "source", func(conn *sqlite.Conn) error {
		row, err := db.item(conn, "source", local)
		if err != nil {
			return err
		}
		err = each(conn, func(s *sqlite.Stmt) error {
			data, err := store.Unpack(column(s, 2, nil))
			sources = append(sources, store.Source{Name: s.ColumnText(0), Type: s.ColumnText(1), Data: data})
			return err
		}, `SELECT name, type, data FROM source WHERE item = ? ORDER BY id DESC`, row.id)
		return db.wrap("source", err)
	})
	return sources, err
}

// HasSource tells whether this very input was stored in an item that is still live, and in which. An input that a later one of
// the same name replaced is no longer stored.
func (db *DB) HasSource(ctx context.Context, sum [32]byte) (local string, datestamp int64, ok bool, err error) {
	err = db.glance(ctx, func(conn *sqlite.Conn) (err error) {
		ok, err = first(conn, func(s *sqlite.Stmt) { local, datestamp = s.ColumnText(0), s.ColumnInt64(1) },
			`SELECT i.local, i.datestamp FROM source s JOIN item i ON i.id = s.item
			WHERE substr(s.sum, 1, 8) = ?1 AND s.sum = ?2 AND NOT i.deleted LIMIT 1`, sum[:8], sum[:])
		return db.wrap("source", err)
	})
	return local, datestamp, ok, err
}

// Record calls visit with the record of an item in one format; see store.Store. A record of a format that the item had once is deleted. It is
// one statement, which is a snapshot of its own: that a transaction costs more than the rest shows at thousands of requests a second.
func (db *DB) Record(ctx context.Context, local, prefix string, visit func(*store.Row) error) (clock int64, err error) {
	conn, err := db.reader(ctx)
	if err != nil {
		return 0, err
	}
	defer db.done(conn)
	format, rare, err := db.place(conn, prefix)
	if err != nil {
		return 0, db.wrap("record", err)
	}
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	row := store.Row{Local: append(buf.local[:0], local...)}
	buf.local = row.Local
	var known bool
	found, err := first(conn, func(s *sqlite.Stmt) {
		clock, row.Datestamp = s.ColumnInt64(0), s.ColumnInt64(1)
		gone := hasWord(s.ColumnText(4), prefix)
		known = gone || hasWord(s.ColumnText(3), prefix)
		row.Deleted = s.ColumnBool(2) || gone
		buf.sets = column(s, 5, buf.sets)
		if row.Sets = buf.sets; !row.Deleted {
			row.Metadata = buf.unpack(s, 6, rare, prefix)
		}
	}, `SELECT (SELECT hwm FROM clock), i.datestamp, i.deleted, i.formats, i.gone, i.sets, r.size, r.metadata
		FROM item i LEFT JOIN record r ON r.id = (?1 | i.id) WHERE i.local = ?2`, format<<itemBits, local)
	switch {
	case err != nil:
		return 0, db.wrap("record", err)
	case !found || !known:
		return 0, fmt.Errorf("store/sqlite: record: %q in %q: %w", local, prefix, store.ErrNotFound)
	case !row.Deleted && row.Metadata == nil:
		return 0, fmt.Errorf("store/sqlite: record: %q in %q: %w: its bytes are gone", local, prefix, store.ErrCorrupt)
	}
	return clock, visit(&row)
}

// Outdated returns live items that must be rendered again; see store.Store.
func (db *DB) Outdated(ctx context.Context, now int64, revision, limit int) (locals []string, err error) {
	err = db.view(ctx, "outdated", func(conn *sqlite.Conn) error {
		for _, q := range []struct {
			query string
			bound int64
		}{
			{`SELECT local FROM item WHERE deleted = 0 AND due <> 0 AND due <= ? ORDER BY due LIMIT ?`, now},
			{`SELECT local FROM item WHERE deleted = 0 AND revision < ? LIMIT ?`, int64(revision)},
		} {
			err := each(conn, func(s *sqlite.Stmt) error {
				if local := s.ColumnText(0); len(locals) < limit && !slices.Contains(locals, local) {
					locals = append(locals, local)
				}
				return nil
			}, q.query, q.bound, limit)
			if err != nil {
				return db.wrap("outdated", err)
			}
		}
		return nil
	})
	return locals, err
}

// hasWord tells whether word is one of words, which are parted by one blank.
func hasWord(words, word string) bool {
	for w := range strings.SplitSeq(words, " ") {
		if w == word && w != "" {
			return true
		}
	}
	return false
}

// Sets returns at most limit sets whose Spec is greater than after, in byte order. A set that nobody named has an empty Name.
func (db *DB) Sets(ctx context.Context, after string, limit int) (sets []store.Set, err error) {
	err = db.view(ctx, "sets", func(conn *sqlite.Conn) error {
		return db.wrap("sets", each(conn, func(s *sqlite.Stmt) error {
			sets = append(sets, store.Set{Spec: s.ColumnText(0), Name: s.ColumnText(1), Description: s.ColumnText(2)})
			return nil
		}, `SELECT spec, name, description FROM setinfo WHERE spec > ? ORDER BY spec LIMIT ?`, after, max(limit, 0)))
	})
	return sets, err
}

// Earliest returns a datestamp that no item has or had an earlier one than: of the first write, or of the making of the store.
func (db *DB) Earliest(ctx context.Context) (stamp int64, err error) {
	err = db.view(ctx, "earliest", func(conn *sqlite.Conn) (err error) {
		stamp, err = earliest(conn)
		return db.wrap("earliest", err)
	})
	return stamp, err
}

func earliest(conn *sqlite.Conn) (int64, error) {
	return one(conn, `SELECT iif(first, first, (SELECT value FROM meta WHERE key = 'created')) FROM clock`)
}

// Secret returns the store's own random key of 32 bytes.
func (db *DB) Secret(ctx context.Context) (secret []byte, err error) {
	err = db.view(ctx, "secret", func(conn *sqlite.Conn) error {
		_, err := first(conn, func(s *sqlite.Stmt) { secret = column(s, 0, nil) }, `SELECT value FROM meta WHERE key = 'secret'`)
		return db.wrap("secret", err)
	})
	return secret, err
}

// Stats counts what is kept, from the counts kept beside it.
func (db *DB) Stats(ctx context.Context) (st store.Stats, err error) {
	st.Records = map[string]int{}
	err = db.view(ctx, "stats", func(conn *sqlite.Conn) error {
		pages, err := pragma(conn, "page_count")
		if err != nil {
			return db.wrap("stats", err)
		}
		size, err := pragma(conn, "page_size")
		if err != nil {
			return db.wrap("stats", err)
		}
		st.Bytes = pages * size
		if _, err := first(conn, func(s *sqlite.Stmt) {
			st.Clock, st.Items, st.Deleted, st.Sets = s.ColumnInt64(0), s.ColumnInt(1), s.ColumnInt(2), s.ColumnInt(3)
		}, `SELECT hwm, live, deleted, (SELECT count(*) FROM setinfo) FROM clock`); err != nil {
			return db.wrap("stats", err)
		}
		if st.Earliest, err = earliest(conn); err != nil {
			return db.wrap("stats", err)
		}
		return db.wrap("stats", each(conn, func(s *sqlite.Stmt) error {
			for word := range strings.SplitSeq(s.ColumnText(0), " ") {
				st.Records[strings.TrimPrefix(word, "-")] += s.ColumnInt(1)
			}
			return nil
		}, `SELECT l.class, sum(t.n) FROM list l JOIN tally t ON t.list = l.id AND t.level = ? WHERE l.spec = '' GROUP BY 1`, len(store.TallyShifts)-1))
	})
	return st, err
}
