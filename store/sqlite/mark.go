package sqlite

import (
	"bytes"
	"context"

	"sheaf/store"

	"zombiezen.com/go/sqlite"
)

// Marks returns the marks whose names begin with prefix, by name.
func (db *DB) Marks(ctx context.Context, prefix string) (marks []store.Mark, err error) {
	err = db.glance(ctx, func(conn *sqlite.Conn) error {
		marks, err = allMarks(conn, prefix)
		return db.wrap("mark", err)
	})
	return marks, err
}

func allMarks(conn *sqlite.Conn, prefix string) (marks []store.Mark, err error) {
	err = each(conn, func(s *sqlite.Stmt) error {
		marks = append(marks, store.Mark{Name: s.ColumnText(0), Value: column(s, 1, []byte{})})
		return nil
	}, `SELECT name, value FROM mark WHERE name >= ?1 AND substr(name, 1, length(?1)) = ?1 ORDER BY name`, prefix)
	return marks, err
}

// Mark returns the value of a mark; nil when there is none.
func (db *DB) Mark(ctx context.Context, name string) (value []byte, err error) {
	err = db.glance(ctx, func(conn *sqlite.Conn) error {
		value, err = oneMark(conn, name)
		return db.wrap("mark", err)
	})
	return value, err
}

func oneMark(conn *sqlite.Conn, name string) (value []byte, err error) {
	_, err = first(conn, func(s *sqlite.Stmt) { value = column(s, 0, []byte{}) }, `SELECT value FROM mark WHERE name = ?`, name)
	return value, err
}

// SetMark keeps a mark.
func (db *DB) SetMark(ctx context.Context, name string, value []byte) error {
	return db.update(ctx, "mark", func(w *writer) error { return w.setMark(name, value) })
}

// SwapMark keeps a mark if its value is still was.
func (db *DB) SwapMark(ctx context.Context, name string, was, value []byte) (ok bool, err error) {
	err = db.update(ctx, "mark", func(w *writer) error {
		is, err := oneMark(w.conn, name)
		if ok = err == nil && bytes.Equal(is, was) && (is == nil) == (was == nil); !ok {
			return err
		}
		return w.setMark(name, value)
	})
	return ok && err == nil, err
}

func (w *writer) setMark(name string, value []byte) error {
	if value == nil {
		return run(w.conn, `DELETE FROM mark WHERE name = ?`, name)
	}
	return run(w.conn, `INSERT INTO mark (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
}
