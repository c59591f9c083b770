package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"

	"sheaf/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A list statement is one snapshot: it gives the clock in each row, and one row with the clock alone where there are no entries. The
// entries are one range of their key, bounded on both sides, and stop at the limit; each record is found by its key.
//
// $1 prefix, $2 spec, $3 and $4 the entry to begin after, $5 the last datestamp, $6 the limit, $7 the lowest clock that will do,
// $8 the first datestamp that is counted.
var (
	listRecords  = listStatement(`r.sets, r.size, r.metadata`, joinRecord, false)
	listHeaders  = listStatement(`i.sets`, joinItem, false)
	countRecords = listStatement(`r.sets, r.size, r.metadata`, joinRecord, true)
	countHeaders = listStatement(`i.sets`, joinItem, true)
	listEntries  = listStatement(`e.item`, ``, false)
)

const (
	thisList  = `(SELECT id FROM list WHERE prefix = $1 AND spec = $2)`
	wholeList = `(SELECT id FROM list WHERE prefix = $1 AND spec = '')`
)

// A join that is a sub-select by itself can only be looked up by its key: between tables that seem to be empty the planner would as soon read an
// index through. OFFSET keeps it from being dissolved.
const (
	joinRecord = `LEFT JOIN LATERAL (SELECT sets, size, metadata FROM record WHERE list = ` + wholeList + ` AND item = e.item OFFSET 0) r ON true`
	joinItem   = `LEFT JOIN LATERAL (SELECT sets FROM item WHERE id = e.item OFFSET 0) i ON true`
)

func listStatement(columns, join string, count bool) string {
	total := `0::bigint`
	if count {
		total = sumBefore(`least($5::bigint, hwm) + 1`) + ` - (` + sumBefore(`least($8::bigint, $5::bigint + 1, hwm + 1)`) + `)`
	}
	return `SELECT c.hwm, c.total, x.* FROM (SELECT hwm, ` + total + ` AS total FROM clock WHERE id = 1 OFFSET 0) c LEFT JOIN LATERAL (
		SELECT e.datestamp, e.local, e.deleted, ` + columns + ` FROM entry e ` + join + `
		WHERE c.hwm >= $7 AND e.list = ` + thisList + ` AND (e.datestamp, e.local) > ($3, $4) AND e.datestamp <= least($5::bigint, c.hwm)
		ORDER BY e.datestamp, e.local LIMIT $6) x ON true`
}

// sumBefore is how many entries of the list have a datestamp < end: whole buckets of the highest level, and at each lower one those
// that are left over. It reads at most 127 rows a level, and one for each 24 days at the highest.
func sumBefore(end string) string {
	var sums []string
	for level, shift := range store.TallyShifts {
		low := ``
		if level+1 < len(store.TallyShifts) {
			up := store.TallyShifts[level+1]
			low = fmt.Sprintf(` AND bucket >= (%s >> %d << %d)`, end, up, up-shift)
		}
		sums = append(sums, fmt.Sprintf(`(SELECT coalesce(sum(n), 0)::bigint FROM tally WHERE list = %s AND level = %d%s AND bucket < (%s >> %d))`, thisList, level, low, end, shift))
	}
	return strings.Join(sums, ` + `)
}

// visitError tells an error of the visitor from one of the store.
type visitError struct{ error }

func (v visitError) Unwrap() error { return v.error }

// errLags says that a snapshot is older than what was told already.
var errLags = errors.New("the replica lags")

// listing is one List on its way. It can be carried on by another connection, as a list is carried on by the next request: the upper
// bound is fixed, and no entry up to it comes again.
type listing struct {
	q     store.Query
	visit func(*store.Row) error
	need  int64 // the lowest clock that will do
	most  int64 // the highest clock to tell of; 0: that of the snapshot
	page  store.Page
	begun bool
	seen  int // entries passed
	local []byte
}

func newListing(q store.Query, visit func(*store.Row) error) (*listing, error) {
	if q.Limit < 1 {
		return nil, fmt.Errorf("store/postgres: list: limit %d: expected at least 1", q.Limit)
	}
	return &listing{q: q, visit: visit}, nil
}

// List calls visit for each entry that q asks for; see store.Store. The connection is held while visit runs.
func (db *DB) List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	return db.ahead.list(ctx, q, visit, db.list)
}

func (db *DB) list(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	l, err := newListing(q, visit)
	if err != nil {
		return store.Page{}, err
	}
	err = db.read.again(ctx, db.look, func(conn *pgxpool.Conn) error { return l.read(ctx, conn) })
	return l.page, db.fault(ctx, "list", err)
}

// fault is wrap for an operation with a visitor.
func (db *DB) fault(ctx context.Context, op string, err error) error {
	var v visitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &v):
		return v.error
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return db.wrap(op, err)
}

// read gives what is left of the page.
func (l *listing) read(ctx context.Context, conn *pgxpool.Conn) error {
	err := l.scan(ctx, conn)
	if damage(err) {
		err = l.salvage(ctx, conn)
	}
	return err
}

// arguments are those of a list statement; count adds the last.
func (l *listing) arguments() []any {
	after, until, need := store.Key{Datestamp: l.q.From}, int64(math.MaxInt64-1), l.need
	if l.q.After.Datestamp >= l.q.From && l.q.After.Local != "" {
		after = l.q.After
	}
	if l.seen > 0 {
		after = l.page.Last
	}
	if l.q.Until != 0 {
		until = l.q.Until
	}
	if l.most != 0 {
		until = min(until, l.most)
	}
	if l.begun {
		until, need = l.page.Until, max(need, l.page.Clock)
	}
	return []any{clean(l.q.Prefix), clean(l.q.Set), after.Datestamp, clean(after.Local), until, l.q.Limit - l.seen + 1, need}
}

// begin takes the clock of a snapshot.
func (l *listing) begin(clock, total int64) error {
	if l.most != 0 {
		clock = min(clock, l.most)
	}
	if clock < l.need || l.begun && clock < l.page.Clock {
		return errLags
	}
	if l.begun {
		return nil
	}
	l.begun = true
	l.page.Clock, l.page.Until, l.page.Total = clock, clock, int(total)
	if l.q.Until != 0 {
		l.page.Until = min(l.q.Until, clock)
	}
	return nil
}

// scan calls visit with each row of one list statement. Nothing in it allocates for a row.
func (l *listing) scan(ctx context.Context, conn *pgxpool.Conn) error {
	count := l.q.Count && !l.begun
	statement := listRecords
	switch {
	case count && l.q.Headers:
		statement = countHeaders
	case count:
		statement = countRecords
	case l.q.Headers:
		statement = listHeaders
	}
	args := l.arguments()
	if count {
		args = append(args, l.q.From)
	}
	rows, err := conn.Query(ctx, statement, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	var row store.Row
	l.local = buf.local
	seen := l.seen
	defer func() {
		if l.seen > seen {
			l.page.Last = store.Key{Datestamp: row.Datestamp, Local: string(l.local)}
		}
		buf.local = l.local
	}()
	for first := true; rows.Next(); first = false {
		raw := rows.RawValues()
		if first {
			if err := l.begin(integer(raw[0]), integer(raw[1])); err != nil {
				return err
			}
		}
		if raw[3] == nil {
			break // there are no entries
		}
		if l.seen == l.q.Limit {
			l.page.More = true
			break
		}
		l.seen++
		row = store.Row{Datestamp: integer(raw[2]), Local: raw[3], Deleted: raw[4][0] != 0, Sets: raw[5]}
		l.local = append(l.local[:0], row.Local...)
		if raw[5] == nil { // the entry is there and what it points to is not
			l.page.Faults++
			continue
		}
		if !l.q.Headers && !row.Deleted {
			if row.Metadata = buf.unpack(raw[6], raw[7]); row.Metadata == nil {
				l.page.Faults++
				continue
			}
		}
		if err := l.visit(&row); err != nil {
			return visitError{err}
		}
		l.page.Rows++
	}
	rows.Close()
	return rows.Err()
}

// salvage goes on where a row could not be read: by the entries alone, and each record by itself, in one snapshot.
func (l *listing) salvage(ctx context.Context, conn *pgxpool.Conn) error {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	var clock int64
	if err := tx.QueryRow(ctx, `SELECT hwm FROM clock WHERE id = 1`).Scan(&clock); err != nil {
		return err
	}
	if err := l.begin(clock, 0); err != nil {
		return err
	}
	type entry struct {
		row  store.Row
		item int64
	}
	rows, err := tx.Query(ctx, listEntries, l.arguments()...)
	if err != nil {
		return err
	}
	entries, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (e entry, err error) {
		raw := r.RawValues()
		if raw[3] != nil {
			e = entry{store.Row{Datestamp: integer(raw[2]), Local: append([]byte{}, raw[3]...), Deleted: raw[4][0] != 0}, integer(raw[5])}
		}
		return e, nil
	})
	if err != nil {
		return err
	}
	var buf buffer
	for _, e := range entries {
		if e.row.Local == nil {
			break
		}
		if l.seen == l.q.Limit {
			l.page.More = true
			break
		}
		l.seen++
		l.page.Last = store.Key{Datestamp: e.row.Datestamp, Local: string(e.row.Local)}
		err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { // a savepoint
			if l.q.Headers {
				return tx.QueryRow(ctx, `SELECT sets FROM item WHERE id = $1`, e.item).Scan(&e.row.Sets)
			}
			var size int32
			var data []byte
			err := tx.QueryRow(ctx, `SELECT sets, size, metadata FROM record WHERE list = (SELECT id FROM list WHERE prefix = $1 AND spec = '') AND item = $2`, l.q.Prefix, e.item).
				Scan(&e.row.Sets, &size, &data)
			if err == nil && !e.row.Deleted {
				if e.row.Metadata = store.UnpackRecord(buf.metadata, int64(size), data); data == nil || e.row.Metadata == nil {
					return pgx.ErrNoRows
				}
			}
			return err
		})
		if damage(err) || errors.Is(err, pgx.ErrNoRows) {
			l.page.Faults++
			continue
		}
		if err != nil {
			return err
		}
		if err := l.visit(&e.row); err != nil {
			return visitError{err}
		}
		l.page.Rows++
	}
	return nil
}

// integer reads a bigint or an integer in binary form; NULL is 0.
func integer(raw []byte) int64 {
	switch len(raw) {
	case 8:
		return int64(binary.BigEndian.Uint64(raw))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(raw)))
	}
	return 0
}

// buffer is what one list or record is read into.
type buffer struct{ local, metadata []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// unpack returns the metadata of a record from its columns size and metadata; nil if they are gone or damaged. The result is good
// until the next call, and no longer than data.
func (b *buffer) unpack(size, data []byte) []byte {
	n := integer(size)
	if data == nil || n == 0 {
		return data
	}
	m := store.UnpackRecord(b.metadata, n, data)
	if m != nil {
		b.metadata = m
	}
	return m
}
