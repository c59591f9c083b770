// Package postgres keeps items in a PostgreSQL database, for any number of nodes beside each other. PostgreSQL 13 or later; tested with 15.
//
// # Order
//
// The table clock has one row, and it holds H. A write is one READ COMMITTED transaction whose first statement locks that row, which
// is held to the commit. Only then D = max(now, H) is taken, by the server's clock, and all that the changes bear on is read; each statement of
// READ COMMITTED has a snapshot of its own, so those see all that was committed by who had the lock before. The changes are carried out in
// memory, and what they come to is written by a number of statements that does not depend on theirs, with H = D, in one round trip
// together with COMMIT.
//
// So of two writes, on whatever nodes, the one with the lock first commits first and has the lower D or the same; and a reader that sees
// H in its snapshot sees all of the transaction that wrote it and of those before, while every other one will take the lock after
// that and be stamped D >= H. That is what package store asks for. Writers never wait for each other but for that one row, so there is no
// deadlock, and no race for an alias, an id or a list. Puts of one process that would wait share one transaction instead.
//
// A page and its H come from one statement, which is one snapshot. On a replica that is as good: commits are replayed in their order,
// the clock's row with them. See [Reads].
//
// # When something hangs
//
// Whoever waits for the lock gives up after Options.LockWait, as store.ErrBusy. A process that stands still in the middle of a write is cut
// off after 10 seconds: between two round trips by the server (idle_in_transaction_session_timeout), within one by whoever waits; a machine
// that is gone, after half a minute (TCP keepalives). Readers wait for no writer. A server that fails over is looked for until LockWait is
// over, unless the commit was under way: then the caller is told that the outcome is not known. synchronous_commit is "on" or stronger.
//
// A snapshot that lasts, of a Dump or a long query by hand, keeps the server from reusing the versions of the clock's row, so
// that each reading of it takes longer while there are many writes: take dumps from a replica where that matters.
package postgres

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sheaf/store"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationLock is the key of the advisory lock under which the schema is made: "SHAF".
const migrationLock = 0x53484146

// Options is how to open a DB; the zero value works.
type Options struct {
	Now      func() time.Time // nil: the clock of the server, guarded against jumps
	Log      *slog.Logger     // nil: silence
	Readers  int              // most connections that read, of each server; 0: 8
	LockWait time.Duration    // how long a write waits for another one, or for a server that fails over; 0: 30 s
	Replicas []string         // URLs of replicas that Reads answers from

	Hold func()        // for tests: called between stamp and commit
	idle time.Duration // for tests: in place of idleWait
}

var _ store.Store = (*DB)(nil)

// DB is a store.Store in a PostgreSQL database.
type DB struct {
	log     *slog.Logger
	now     func() time.Time // nil: the server's
	wait    time.Duration    // for the lock, or for the primary
	look    time.Duration    // of a reader for a server that answers; no longer than wait
	idle    time.Duration    // how long a transaction may stand still
	hold    func()
	address string

	write  *pool // one connection writes, another ticks
	read   *pool
	ahead  ahead
	arms   knownArms
	closed atomic.Bool

	mu      sync.Mutex
	waiting []*call // Puts, in their order
	leading bool    // one of them is carrying out a transaction, or is about to

	clock  atomic.Int64 // a committed H
	uptime func() time.Duration
	wallMu sync.Mutex
	wall   time.Time // of the server, and our uptime, when last looked at
	wallUp time.Duration

	tickMu   sync.Mutex
	ticked   time.Time // when last tried
	tickSaid bool

	reads  *Reads
	secret atomic.Pointer[[]byte] // of the primary, when last read
}

// Open opens the database at a URL, postgres://USER:PASSWORD@HOST:PORT/DATABASE, and makes its tables if there are none; any
// number of processes may do so at once. Of several hosts, parted by commas, the primary is used. A database of a later version gives
// store.ErrNewer; one that holds other tables of the same names is left as it is.
func Open(address string, o Options) (*DB, error) {
	db := &DB{log: o.Log, now: o.Now, wait: o.LockWait, hold: o.Hold, address: address, uptime: store.Uptime}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if db.wait == 0 {
		db.wait = 30 * time.Second
	}
	db.look = min(readWait, db.wait)
	if o.Readers == 0 {
		o.Readers = 8
	}
	if db.idle = o.idle; db.idle == 0 {
		db.idle = idleWait
	}
	var err error
	if db.write, err = connect(address, 2, true, writing(db.wait, db.idle)); err != nil {
		return nil, err
	}
	if db.read, err = connect(address, o.Readers, true, reading()); err != nil {
		db.write.Close()
		return nil, err
	}
	if err = db.prepare(); err == nil {
		db.reads, err = newReads(db, o)
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// prepare looks at the server and brings the schema up to date.
func (db *DB) prepare() error {
	ctx, cancel := context.WithTimeout(context.Background(), db.wait)
	defer cancel()
	for {
		err := db.maintain(ctx, "open", db.migrate)
		if e := pgError(err); e == nil || e.Code != "57P03" || ctx.Err() != nil { // it is starting
			return err
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// maintain calls do with a connection of its own to the primary, with the server's own settings but for durability.
func (db *DB) maintain(ctx context.Context, op string, do func(context.Context, *pgx.Conn) error) error {
	if db.closed.Load() {
		return errClosed
	}
	cfg := db.write.Config().ConnConfig
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err == nil {
		defer conn.Close(context.WithoutCancel(ctx))
		if _, err = conn.PgConn().Exec(ctx, tcpKeep+durable).ReadAll(); err == nil {
			err = do(ctx, conn)
		}
	}
	var visit visitError
	switch {
	case errors.As(err, &visit):
		return visit.error
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	}
	return db.wrap(op, err)
}

// migrate brings the schema to the newest version, in one transaction.
func (db *DB) migrate(ctx context.Context, conn *pgx.Conn) error {
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted
	if err != nil {
		return err
	}
	var encoding, fsync string
	var release int
	var now time.Time
	if err := conn.QueryRow(ctx, `SELECT current_setting('server_encoding'), current_setting('server_version_num')::integer, current_setting('fsync'), clock_timestamp()`).
		Scan(&encoding, &release, &fsync, &now); err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database is encoded in %q: make one with ENCODING 'UTF8'", encoding)
	}
	if release < 130000 {
		return fmt.Errorf("the server is of version %d: expected PostgreSQL 13 or later", release/10000)
	}
	if fsync != "on" {
		db.log.Warn("store/postgres: the server has fsync off: a crash may lose what was acknowledged, and the database", "server", db.write.name)
	}
	db.wall, db.wallUp = now, db.uptime()
	if db.now != nil {
		now = db.now()
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // after a commit it does nothing
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, migrationLock); err != nil {
		return err
	}
	version, err := schemaVersion(ctx, tx)
	if err != nil {
		return err
	}
	if version > len(files) {
		return fmt.Errorf("%w: it is of version %d and this program knows %d: run a newer Sheaf, or restore the backup made before the upgrade", store.ErrNewer, version, len(files))
	}
	if version > 0 && version < len(files) {
		db.log.Info("store/postgres: the database is brought to a newer version, which may take minutes where it is large", "from", version, "to", len(files))
		ctx = context.WithoutCancel(ctx) // it takes as long as it takes
	}
	for _, name := range files[version:] {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := tx.Conn().PgConn().Exec(ctx, string(text)).ReadAll(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if version == 0 {
		secret := make([]byte, 32)
		rand.Read(secret) // never fails
		if _, err := tx.Exec(ctx, `INSERT INTO meta (key, value) VALUES ('secret', $1), ('created', $2)`, secret, decimal(now.Unix())); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO clock (id, hwm) VALUES (1, $1)`, now.Unix()); err != nil {
			return err
		}
	}
	if version < len(files) {
		if _, err := tx.Exec(ctx, `INSERT INTO meta (key, value) VALUES ('version', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, decimal(int64(len(files)))); err != nil {
			return err
		}
	}
	var h int64
	if err := tx.QueryRow(ctx, `SELECT hwm FROM clock`).Scan(&h); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	db.clock.Store(h)
	if ahead := h - now.Unix(); ahead > int64(store.MaxJump/time.Second) {
		db.log.Warn("store/postgres: the newest datestamp is in the future, and every new one will be equal to it until then",
			"datestamp", store.Time(h), "now", now.UTC())
	}
	return nil
}

func decimal(n int64) []byte { return strconv.AppendInt(nil, n, 10) }

// schemaVersion returns the version of the schema; 0 if there is none. Tables of the same names that are somebody else's are an error.
func schemaVersion(ctx context.Context, tx pgx.Tx) (int, error) {
	rows, err := tx.Query(ctx, `SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
		AND c.relname IN ('meta', 'clock', 'item', 'article', 'list', 'entry', 'format', 'record', 'tally', 'alias', 'source', 'setinfo', 'token', 'mark') ORDER BY 1`)
	if err != nil {
		return 0, err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) == 0 {
		return 0, err
	}
	foreign := fmt.Errorf("the database holds tables called %s that are not Sheaf's: name another database, or a schema of its own by ?search_path=SCHEMA", strings.Join(tables, ", "))
	var columns string
	if err := tx.QueryRow(ctx, `SELECT coalesce(string_agg(attname || ' ' || atttypid::regtype::text, ',' ORDER BY attnum), '') FROM pg_attribute
		WHERE attrelid = to_regclass(quote_ident(current_schema()) || '.meta') AND attnum > 0`).Scan(&columns); err != nil {
		return 0, err
	}
	if columns != "key text,value bytea" {
		return 0, foreign
	}
	var text []byte
	if err := tx.QueryRow(ctx, `SELECT value FROM meta WHERE key = 'version'`).Scan(&text); errors.Is(err, pgx.ErrNoRows) {
		return 0, foreign
	} else if err != nil {
		return 0, err
	}
	version, err := strconv.Atoi(string(text))
	if err != nil || version < 1 || !slices.Contains(tables, "clock") {
		return 0, foreign
	}
	return version, nil
}

// Close waits for what is under way and closes all connections.
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return nil
	}
	if db.reads != nil {
		db.reads.close()
	}
	db.write.Close()
	db.read.Close()
	return nil
}
