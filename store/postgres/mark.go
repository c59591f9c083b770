package postgres

import (
	"context"

	"sheaf/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Marks returns the marks whose names begin with prefix, by name.
func (db *DB) Marks(ctx context.Context, prefix string) (marks []store.Mark, err error) {
	err = db.view(ctx, "mark", func(conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, selectMarks, clean(prefix))
		if err != nil {
			return err
		}
		marks, err = pgx.CollectRows(rows, scanMark)
		return err
	})
	return marks, err
}

const selectMarks = `SELECT name, value FROM mark WHERE name >= $1 AND starts_with(name, $1) ORDER BY name`

func scanMark(row pgx.CollectableRow) (m store.Mark, err error) {
	return m, row.Scan(&m.Name, &m.Value)
}

// Mark returns the value of a mark; nil when there is none.
func (db *DB) Mark(ctx context.Context, name string) (value []byte, err error) {
	err = db.view(ctx, "mark", func(conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, `SELECT value FROM mark WHERE name = $1`, clean(name))
		if err != nil {
			return err
		}
		values, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if len(values) > 0 {
			value = values[0]
		}
		return err
	})
	return value, err
}

// SetMark keeps a mark.
func (db *DB) SetMark(ctx context.Context, name string, value []byte) error {
	if value == nil {
		_, err := db.exec(ctx, "mark", `DELETE FROM mark WHERE name = $1`, clean(name))
		return err
	}
	_, err := db.exec(ctx, "mark", upsertMark, clean(name), value)
	return err
}

const insertMark = `INSERT INTO mark (name, value) VALUES ($1, $2)`
const upsertMark = insertMark + ` ON CONFLICT (name) DO UPDATE SET value = excluded.value`

// SwapMark keeps a mark if its value is still was.
func (db *DB) SwapMark(ctx context.Context, name string, was, value []byte) (bool, error) {
	var n int64
	var err error
	switch name = clean(name); {
	case was == nil && value == nil:
		value, err := db.Mark(ctx, name)
		return value == nil && err == nil, err
	case was == nil:
		n, err = db.exec(ctx, "mark", insertMark+` ON CONFLICT (name) DO NOTHING`, name, value)
	case value == nil:
		n, err = db.exec(ctx, "mark", `DELETE FROM mark WHERE name = $1 AND value = $2`, name, was)
	default:
		n, err = db.exec(ctx, "mark", `UPDATE mark SET value = $3 WHERE name = $1 AND value = $2`, name, was, value)
	}
	return n > 0, err
}
