package postgres

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"sheaf/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// stamp returns D, where h is the clock under the lock and now the server's time. It is never behind what this process has seen: after
// a failover that lost the last commits, what was told of them stays true.
func (db *DB) stamp(h, now int64) (int64, error) {
	if db.now != nil {
		now = db.now().Unix()
	} else if err := db.believe(time.Unix(now, 0)); err != nil {
		return 0, err
	}
	return max(now, h, db.clock.Load()), nil
}

// believe returns ErrClock when the server's clock ran ahead of the time that has passed here, and else remembers it.
func (db *DB) believe(now time.Time) error {
	db.wallMu.Lock()
	defer db.wallMu.Unlock()
	up := db.uptime()
	if ahead := now.Sub(db.wall) - (up - db.wallUp); ahead > store.MaxJump {
		return fmt.Errorf("%w by %s, to %s, on the database server: set it right, or restart Sheaf if this is the right time", store.ErrClock, ahead.Round(time.Second), now.UTC().Format(time.RFC3339))
	}
	db.wall, db.wallUp = now, up
	return nil
}

// saw notes a committed clock.
func (db *DB) saw(h int64) { raise(&db.clock, h) }

// tickEvery is how often a process brings the clock up to now, when it is asked to.
const tickEvery = time.Second

// tickWait is how long that may take: a list can be dated by an older clock.
const tickWait = 2 * time.Second

// Tick brings the clock up to now; see store.Store. It waits for no writer, and where the clock cannot be written the older one is good.
func (db *DB) Tick(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if db.closed.Load() {
		return 0, errClosed
	}
	due := db.tickMu.TryLock() // else another one is at it
	if due {
		defer db.tickMu.Unlock()
		if db.now == nil {
			due = time.Since(db.ticked) >= tickEvery
		} else {
			due = db.now().Unix() > db.clock.Load()
		}
	}
	if !due {
		return db.clock.Load(), nil
	}
	db.ticked = time.Now()
	err := db.tick(ctx)
	if err != nil && !db.tickSaid {
		db.log.Warn("store/postgres: the clock could not be brought up to now; lists are dated by the last write", "error", db.wrap("tick", err))
	}
	db.tickSaid = err != nil
	return db.clock.Load(), nil
}

// The lock is not waited for: then the sub-select gives no row.
const (
	ifFree    = ` WHERE id = (SELECT id FROM clock WHERE id = 1 FOR UPDATE SKIP LOCKED) `
	moveClock = `UPDATE clock SET hwm = greatest(` + dbNow + `, $1)` + ifFree + `AND hwm < greatest(` + dbNow + `, $1) AND ` + dbNow + ` <= $2`
	setClock  = `UPDATE clock SET hwm = greatest($1::bigint, $2::bigint)` + ifFree + `AND hwm < greatest($1::bigint, $2::bigint)`
	lookClock = `SELECT hwm, ` + dbNow + ` FROM clock WHERE id = 1`
)

func (db *DB) tick(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tickWait) // that one caller goes away is no reason to lose the connection
	defer cancel()
	var h, now int64
	err := db.write.once(ctx, func(conn *pgxpool.Conn) error {
		b := &pgx.Batch{} // one transaction, as it has no BEGIN
		if seen := db.clock.Load(); db.now != nil {
			b.Queue(setClock, db.now().Unix(), seen)
		} else {
			b.Queue(moveClock, seen, db.latest().Unix())
		}
		b.Queue(lookClock).QueryRow(func(row pgx.Row) error { return row.Scan(&h, &now) })
		return conn.SendBatch(ctx, b).Close()
	})
	if err != nil {
		return err
	}
	db.saw(h)
	if db.now != nil {
		return nil
	}
	return db.believe(time.Unix(now, 0))
}

// latest is the latest time that the server's clock may show.
func (db *DB) latest() time.Time {
	db.wallMu.Lock()
	defer db.wallMu.Unlock()
	return db.wall.Add(db.uptime() - db.wallUp + store.MaxJump)
}

// raise makes v at least n.
func raise(v *atomic.Int64, n int64) {
	for {
		old := v.Load()
		if n <= old || v.CompareAndSwap(old, n) {
			return
		}
	}
}
