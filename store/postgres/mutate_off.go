//go:build !sheafmutation

package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
)

// earlyStamp is where the tag sheafmutation makes a write wrong, so that tests can show that they notice. It does nothing.
func (db *DB) earlyStamp(context.Context, *pgxpool.Conn) (int64, error) { return 0, nil }
