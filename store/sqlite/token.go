package sqlite

import (
	"context"
	"fmt"

	"sheaf/store"

	"zombiezen.com/go/sqlite"
)

const selectToken = `SELECT id, name, hash, write, created, used, revoked FROM token `

func scanToken(s *sqlite.Stmt) (t store.Token) {
	t = store.Token{ID: s.ColumnText(0), Name: s.ColumnText(1), Write: s.ColumnBool(3), Created: s.ColumnInt64(4), Used: s.ColumnInt64(5), Revoked: s.ColumnInt64(6)}
	s.ColumnBytes(2, t.Hash[:])
	return t
}

// PutToken keeps a new token.
func (db *DB) PutToken(ctx context.Context, t store.Token) error {
	return db.update(ctx, "token", func(w *writer) error {
		n, err := one(w.conn, `SELECT count(*) FROM token WHERE id = ? OR name = ? AND revoked = 0`, t.ID, t.Name)
		if err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%w: a token called %q", store.ErrExists, t.Name)
		}
		return w.putToken(t)
	})
}

func (w *writer) putToken(t store.Token) error {
	return run(w.conn, `INSERT INTO token (id, name, hash, write, created, used, revoked) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		t.ID, t.Name, t.Hash[:], t.Write, t.Created, t.Used, t.Revoked)
}

// Token returns a token by its ID, also a revoked one, or store.ErrNotFound.
func (db *DB) Token(ctx context.Context, id string) (t store.Token, err error) {
	err = db.glance(ctx, func(conn *sqlite.Conn) error {
		ok, err := first(conn, func(s *sqlite.Stmt) { t = scanToken(s) }, selectToken+`WHERE id = ?`, id)
		if err == nil && !ok {
			return fmt.Errorf("store/sqlite: token: %w", store.ErrNotFound)
		}
		return db.wrap("token", err)
	})
	return t, err
}

// Tokens returns all tokens, the oldest first.
func (db *DB) Tokens(ctx context.Context) (tokens []store.Token, err error) {
	err = db.glance(ctx, func(conn *sqlite.Conn) error {
		tokens, err = allTokens(conn)
		return db.wrap("token", err)
	})
	return tokens, err
}

func allTokens(conn *sqlite.Conn) (tokens []store.Token, err error) {
	err = each(conn, func(s *sqlite.Stmt) error { tokens = append(tokens, scanToken(s)); return nil }, selectToken+`ORDER BY created, rowid`)
	return tokens, err
}

// RevokeToken ends the good token of a name or an ID.
func (db *DB) RevokeToken(ctx context.Context, nameOrID string, at int64) error {
	return db.update(ctx, "token", func(w *writer) error {
		if err := run(w.conn, `UPDATE token SET revoked = ?1 WHERE revoked = 0 AND (name = ?2 OR id = ?2)`, max(at, 1), nameOrID); err != nil {
			return err
		}
		if w.conn.Changes() == 0 {
			return fmt.Errorf("%w: no good token is called %q", store.ErrNotFound, nameOrID)
		}
		return nil
	})
}

// UseToken notes when a token was used.
func (db *DB) UseToken(ctx context.Context, id string, at int64) error {
	return db.update(ctx, "token", func(w *writer) error {
		return run(w.conn, `UPDATE token SET used = max(used, ?) WHERE id = ?`, at, id)
	})
}
