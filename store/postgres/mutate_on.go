//go:build sheafmutation

package postgres

import (
	"context"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
)

// earlyStamp takes D before the lock, as nobody must, when the environment says SHEAF_MUTATION=early-stamp; else it gives 0.
func (db *DB) earlyStamp(ctx context.Context, conn *pgxpool.Conn) (d int64, err error) {
	if os.Getenv("SHEAF_MUTATION") != "early-stamp" {
		return 0, nil
	}
	err = conn.QueryRow(ctx, dbTime).Scan(&d)
	if db.now != nil {
		d = db.now().Unix()
	}
	return d, err
}
