package postgres

import (
	"context"
	"fmt"

	"sheaf/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const selectToken = `SELECT id, name, hash, write, created, used, revoked FROM token `

func scanToken(row pgx.CollectableRow) (t store.Token, err error) {
	var hash []byte
	err = row.Scan(&t.ID, &t.Name, &hash, &t.Write, &t.Created, &t.Used, &t.Revoked)
	copy(t.Hash[:], hash)
	return t, err
}

const insertToken = `INSERT INTO token (id, name, hash, write, created, used, revoked) VALUES ($1, $2, $3, $4, $5, $6, $7)`

func tokenColumns(t store.Token) []any {
	return []any{clean(t.ID), clean(t.Name), t.Hash[:], t.Write, t.Created, t.Used, t.Revoked}
}

// PutToken keeps a new token.
func (db *DB) PutToken(ctx context.Context, t store.Token) error {
	_, err := db.exec(ctx, "token", insertToken, tokenColumns(t)...)
	if e := pgError(err); e != nil && e.Code == "23505" {
		return fmt.Errorf("store/postgres: token: %w: a token called %q", store.ErrExists, t.Name)
	}
	return err
}

// Token returns a token by its ID, also a revoked one, or store.ErrNotFound.
func (db *DB) Token(ctx context.Context, id string) (t store.Token, err error) {
	tokens, err := db.tokens(ctx, selectToken+`WHERE id = $1`, clean(id))
	if err == nil && (len(tokens) == 0 || tokens[0].ID != id) {
		err = fmt.Errorf("store/postgres: token: %w", store.ErrNotFound)
	}
	if err != nil {
		return t, err
	}
	return tokens[0], nil
}

// Tokens returns all tokens, the oldest first.
func (db *DB) Tokens(ctx context.Context) ([]store.Token, error) {
	return db.tokens(ctx, allTokens)
}

const allTokens = selectToken + `ORDER BY created, id`

func (db *DB) tokens(ctx context.Context, query string, args ...any) (tokens []store.Token, err error) {
	err = db.view(ctx, "token", func(conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		tokens, err = pgx.CollectRows(rows, scanToken)
		return err
	})
	return tokens, err
}

// RevokeToken ends the good token of a name or an ID.
func (db *DB) RevokeToken(ctx context.Context, nameOrID string, at int64) error {
	n, err := db.exec(ctx, "token", `UPDATE token SET revoked = $1 WHERE revoked = 0 AND (name = $2 OR id = $2)`, max(at, 1), clean(nameOrID))
	if err == nil && n == 0 {
		err = fmt.Errorf("store/postgres: token: %w: no good token is called %q", store.ErrNotFound, nameOrID)
	}
	return err
}

// UseToken notes when a token was used.
func (db *DB) UseToken(ctx context.Context, id string, at int64) error {
	_, err := db.exec(ctx, "token", `UPDATE token SET used = $1 WHERE id = $2 AND used < $1`, at, clean(id))
	return err
}
