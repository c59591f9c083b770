// Package sqlite keeps items in one SQLite file, through the engine's own interface and without C.
//
// The file is in WAL mode with synchronous=FULL: a Put that returned is on the disk. One connection writes; a few others read, each
// from a snapshot of its own, and wait for nobody. Several processes may open the same file.
//
// On writing, the datestamp is taken once the write lock is held, so no other write or tick can commit between stamp and commit.
package sqlite

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"sheaf/store"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	applicationID = 0x53484146 // "SHAF"

	// pageSize holds several packed records, so that a list is read with few calls to the system; each of those costs more than
	// the bytes that it brings. See shareCaches for what so large a page costs elsewhere.
	pageSize = 32768

	readCache  = 3 << 20 // bytes a reader
	writeCache = 4 << 20

	// checkpointPages is how far the WAL grows before its pages go to the file: 1,000 pages of 32 KB.
	checkpointPages = 1000
)

// Options is how to open a DB; the zero value works.
type Options struct {
	Now      func() time.Time // nil: time.Now, guarded against jumps
	Log      *slog.Logger     // nil: silence
	Readers  int              // most reads at a time; 0: 8. Each may hold 3 MB of cache.
	LockWait time.Duration    // how long a write waits for another process; 0: 30 s
	Hold     func()           // called between stamp and commit, for tests of what happens then; nil: nothing
}

// DB is a store.Store in an SQLite file.
type DB struct {
	path    string
	log     *slog.Logger
	now     func() time.Time
	guarded bool // now is the machine's clock
	uptime  func() time.Duration
	wait    time.Duration
	hold    func()

	write   chan *sqlite.Conn // holds the writer when nobody writes
	jobs    jobs
	reading chan struct{} // a place for each reader
	idle    idle
	closed  atomic.Bool
	closing chan struct{} // closed with it: nobody waits for a connection any more

	mu      sync.Mutex
	lists   map[listKey]int64 // committed ones
	formats map[string]int64  // as lists, by prefix

	clock    atomic.Int64 // a committed H
	wall     time.Time    // wall clock and uptime when last looked at; under the write lock
	wallUp   time.Duration
	jumpSaid atomic.Bool
}

var _ store.Store = (*DB)(nil)

// Open opens the database at path and makes it if there is none, but not its folder. A database of a later version gives
// store.ErrNewer; a file that is something else is left as it is.
func Open(path string, o Options) (*DB, error) {
	if err := look(path); err != nil {
		return nil, err
	}
	db := &DB{
		path: path, log: o.Log, now: o.Now, guarded: o.Now == nil, uptime: store.Uptime, wait: o.LockWait, hold: o.Hold,
		write: make(chan *sqlite.Conn, 1), lists: map[listKey]int64{}, formats: map[string]int64{}, closing: make(chan struct{}),
	}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if db.now == nil {
		db.now = time.Now
	}
	if db.wait == 0 {
		db.wait = 30 * time.Second
	}
	if o.Readers == 0 {
		o.Readers = 8
	}
	shareCaches()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return nil, wrap(path, "open", err)
	}
	if err := db.prepare(conn); err != nil {
		conn.Close()
		return nil, err
	}
	db.write <- conn
	db.reading = make(chan struct{}, o.Readers)
	db.wall, db.wallUp = db.now(), db.uptime()
	if ahead := db.clock.Load() - db.wall.Unix(); ahead > int64(store.MaxJump/time.Second) {
		db.log.Warn("store/sqlite: the newest datestamp is in the future, and every new one will be equal to it until then",
			"datestamp", store.Time(db.clock.Load()), "now", db.wall.UTC())
	}
	return db, nil
}

// look refuses what SQLite would refuse with less to say.
func look(path string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return fmt.Errorf("store/sqlite: open: %q is a folder: name a file in it", path)
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return fmt.Errorf("store/sqlite: open: there is no folder %q: make it, or name another file (%w)", filepath.Dir(path), err)
		}
		return nil
	case err != nil:
		return fmt.Errorf("store/sqlite: open: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("store/sqlite: open: %w", err)
	}
	defer f.Close()
	magic := []byte("SQLite format 3\x00")
	head := make([]byte, len(magic))
	n, err := io.ReadFull(f, head)
	if err == io.EOF || bytes.Equal(head[:n], magic) {
		return nil
	}
	return fmt.Errorf("store/sqlite: open: %q is not a database of Sheaf, nor of SQLite: name another file", path)
}

// prepare makes conn the writer: it sets it up and brings the schema up to date.
func (db *DB) prepare(conn *sqlite.Conn) error {
	conn.SetBusyTimeout(db.wait)
	id, err := pragma(conn, "application_id")
	if err != nil {
		return db.wrap("open", err)
	}
	tables, err := one(conn, `SELECT count(*) FROM sqlite_master`)
	if err != nil {
		return db.wrap("open", err)
	}
	if id != applicationID && (id != 0 || tables != 0) {
		return fmt.Errorf("store/sqlite: open: %q is an SQLite database, but not one of Sheaf: name another file", db.path)
	}
	for _, p := range []string{
		"PRAGMA page_size = " + strconv.Itoa(pageSize),
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL",
		"PRAGMA cache_size = -" + strconv.Itoa(writeCache>>10),
		"PRAGMA wal_autocheckpoint = " + strconv.Itoa(checkpointPages),
		"PRAGMA journal_size_limit = 67108864",
		"PRAGMA cell_size_check = ON",
	} {
		if err := sqlitex.ExecuteTransient(conn, p, nil); err != nil {
			return db.wrap("open", err)
		}
	}
	if err := db.migrate(conn); err != nil {
		return err
	}
	h, err := one(conn, `SELECT hwm FROM clock`)
	if err != nil {
		return db.wrap("open", err)
	}
	db.clock.Store(h)
	return nil
}

// migrate brings the schema to the newest version, in one transaction.
func (db *DB) migrate(conn *sqlite.Conn) (err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted
	if err != nil {
		return fmt.Errorf("store/sqlite: open: %w", err)
	}
	version, err := pragma(conn, "user_version")
	if err != nil {
		return db.wrap("open", err)
	}
	if version == int64(len(files)) {
		return nil
	}
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return db.wrap("migrate", err)
	}
	defer func() { end(&err) }()
	if version, err = pragma(conn, "user_version"); err != nil { // again: another process may have been faster
		return db.wrap("migrate", err)
	}
	if version > int64(len(files)) {
		return fmt.Errorf("store/sqlite: open: %q: %w: it is of version %d and this program knows %d: run a newer Sheaf, or restore the backup made before the upgrade",
			db.path, store.ErrNewer, version, len(files))
	}
	for _, name := range files[version:] {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return fmt.Errorf("store/sqlite: migrate: %w", err)
		}
		if err := script(conn, string(text)); err != nil {
			return db.wrap("migrate "+name, err)
		}
	}
	if version == 0 {
		secret := make([]byte, 32)
		rand.Read(secret) // never fails
		now := db.now().Unix()
		if err := run(conn, `INSERT INTO clock (id, hwm) VALUES (1, ?)`, now); err != nil {
			return db.wrap("migrate", err)
		}
		for key, value := range map[string]any{"secret": secret, "created": now} {
			if err := run(conn, `INSERT INTO meta (key, value) VALUES (?, ?)`, key, value); err != nil {
				return db.wrap("migrate", err)
			}
		}
	}
	if err := script(conn, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, len(files))); err != nil {
		return db.wrap("migrate", err)
	}
	return nil
}

// reader lends a connection that reads; give it back with done.
func (db *DB) reader(ctx context.Context) (*sqlite.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if db.closed.Load() {
		return nil, errClosed
	}
	select {
	case db.reading <- struct{}{}:
		if conn := db.idle.take(); conn != nil {
			return conn, nil
		}
		conn, err := db.open()
		if err != nil {
			<-db.reading
			return nil, err
		}
		return conn, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-db.closing:
		return nil, errClosed
	}
}

// done gives back what reader lent.
func (db *DB) done(conn *sqlite.Conn) {
	db.idle.put(conn)
	<-db.reading
}

// idle holds the connections that nobody reads with. The one that was used last is lent first: its cache has what is wanted next.
type idle struct {
	mu    sync.Mutex
	conns []*sqlite.Conn
}

func (i *idle) put(conn *sqlite.Conn) {
	i.mu.Lock()
	i.conns = append(i.conns, conn)
	i.mu.Unlock()
}

// take returns nil when there is none.
func (i *idle) take() *sqlite.Conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := len(i.conns)
	if n == 0 {
		return nil
	}
	conn := i.conns[n-1]
	i.conns = i.conns[:n-1]
	return conn
}

var errClosed = errors.New("store/sqlite: the store is closed")

// open makes one more connection that reads.
func (db *DB) open() (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(db.path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, db.wrap("open", err)
	}
	conn.SetBusyTimeout(db.wait)
	if err := script(conn, fmt.Sprintf("PRAGMA query_only = ON; PRAGMA cache_size = -%d;", readCache>>10)); err != nil {
		conn.Close()
		return nil, db.wrap("open", err)
	}
	return conn, nil
}

// glance calls read with a connection and no transaction: each statement sees a snapshot of its own.
func (db *DB) glance(ctx context.Context, read func(*sqlite.Conn) error) error {
	conn, err := db.reader(ctx)
	if err != nil {
		return err
	}
	defer db.done(conn)
	return read(conn)
}

// view calls read with a connection in a read transaction: all that it sees is one snapshot.
func (db *DB) view(ctx context.Context, op string, read func(*sqlite.Conn) error) (err error) {
	conn, err := db.reader(ctx)
	if err != nil {
		return err
	}
	defer db.done(conn)
	if err := run(conn, `BEGIN`); err != nil {
		return db.wrap(op, err)
	}
	defer func() {
		if conn.AutocommitEnabled() {
			return
		}
		if e := run(conn, `ROLLBACK`); e != nil && err == nil {
			err = db.wrap(op, e)
		}
	}()
	return read(conn)
}

// Close waits for what is under way, moves the WAL into the file and closes it.
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return nil
	}
	close(db.closing)
	var first error
	for range cap(db.reading) {
		db.reading <- struct{}{}
		if conn := db.idle.take(); conn != nil {
			if err := conn.Close(); err != nil && first == nil {
				first = db.wrap("close", err)
			}
		}
	}
	conn := <-db.write
	conn.SetBusyTimeout(time.Second)
	// Another process may be reading: then the WAL stays, and is as good.
	if err := script(conn, "PRAGMA wal_checkpoint(TRUNCATE);"); err != nil && sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy && first == nil {
		first = db.wrap("close", err)
	}
	if err := conn.Close(); err != nil && first == nil {
		first = db.wrap("close", err)
	}
	return first
}

// Backup writes a consistent copy of the database to path, which must not be there yet, while others read and write.
func (db *DB) Backup(ctx context.Context, path string) (err error) {
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("store/sqlite: backup: %q is there already: name another file", path)
	}
	conn, err := db.open()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := script(conn, "PRAGMA query_only = OFF;"); err != nil { // VACUUM INTO counts as a write
		return db.wrap("backup", err)
	}
	conn.SetInterrupt(ctx.Done())
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store/sqlite: backup: %w", err)
	}
	defer os.Remove(part)
	if err := run(conn, `VACUUM INTO ?`, part); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return wrap(path, "backup", err)
	}
	for _, name := range []string{part, filepath.Dir(path)} { // the second time after the rename
		if name != part {
			if err := os.Rename(part, path); err != nil {
				return fmt.Errorf("store/sqlite: backup: %w", err)
			}
		}
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("store/sqlite: backup: %w", err)
		}
		err = f.Sync()
		f.Close()
		if err != nil {
			return fmt.Errorf("store/sqlite: backup: %w", err)
		}
	}
	return nil
}

// script runs statements parted by semicolons that return nothing of use.
func script(conn *sqlite.Conn, text string) error {
	for {
		stmt, trailing, err := conn.PrepareTransient(text)
		if err != nil {
			return err
		}
		if stmt == nil {
			return nil
		}
		for more := true; more && err == nil; {
			more, err = stmt.Step()
		}
		stmt.Finalize()
		if err != nil || trailing == 0 {
			return err
		}
		text = text[len(text)-trailing:]
		if len(bytes.TrimSpace([]byte(text))) == 0 {
			return nil
		}
	}
}

// prep returns the statement ready to step, with args bound: int64, int, string or []byte.
func prep(conn *sqlite.Conn, query string, args ...any) (*sqlite.Stmt, error) {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	for i, a := range args {
		switch a := a.(type) {
		case int64:
			stmt.BindInt64(i+1, a)
		case int:
			stmt.BindInt64(i+1, int64(a))
		case bool:
			stmt.BindBool(i+1, a)
		case string:
			stmt.BindText(i+1, a)
		case []byte:
			stmt.BindBytes(i+1, a)
		case nil:
			stmt.BindNull(i + 1)
		default:
			return nil, fmt.Errorf("store/sqlite: cannot bind %T", a)
		}
	}
	return stmt, nil
}

// run executes a statement that gives no rows of use.
func run(conn *sqlite.Conn, query string, args ...any) error {
	stmt, err := prep(conn, query, args...)
	if err != nil {
		return err
	}
	for {
		if more, err := stmt.Step(); err != nil || !more {
			return err
		}
	}
}

// first steps to the first row and calls scan with it; ok tells whether there was one.
func first(conn *sqlite.Conn, scan func(*sqlite.Stmt), query string, args ...any) (ok bool, err error) {
	stmt, err := prep(conn, query, args...)
	if err != nil {
		return false, err
	}
	if ok, err = stmt.Step(); !ok || err != nil {
		return false, err
	}
	scan(stmt)
	return true, stmt.Reset()
}

// one returns the integer that the query gives; 0 where it gives none.
func one(conn *sqlite.Conn, query string, args ...any) (n int64, err error) {
	_, err = first(conn, func(s *sqlite.Stmt) { n = s.ColumnInt64(0) }, query, args...)
	return n, err
}

// each calls scan with every row, until it returns an error.
func each(conn *sqlite.Conn, scan func(*sqlite.Stmt) error, query string, args ...any) error {
	stmt, err := prep(conn, query, args...)
	if err != nil {
		return err
	}
	for {
		if more, err := stmt.Step(); err != nil || !more {
			return err
		}
		if err := scan(stmt); err != nil {
			stmt.Reset()
			return err
		}
	}
}

func pragma(conn *sqlite.Conn, name string) (int64, error) { return one(conn, "PRAGMA "+name) }

// column copies column i into buf, grown as needed.
func column(s *sqlite.Stmt, i int, buf []byte) []byte {
	n := s.ColumnLen(i)
	if cap(buf) < n {
		buf = make([]byte, n, n+n/4)
	}
	buf = buf[:n]
	return buf[:s.ColumnBytes(i, buf)]
}
