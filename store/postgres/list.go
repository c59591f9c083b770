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

// A list is merged of those of the classes that have the format, its arms. A list statement is one snapshot: it gives the clock in each row, and one
// row with the clock alone where there are no entries. Each arm is one range of the key of the entries, bounded on both sides, of which no more
// is read than the merged list takes; each record is found by its key. A tombstone has none, and its sets are the item's. Which arms there are is
// known from before; a statement tells (its total is NULL) where they are not those of its snapshot, because somebody has written the first item
// of a class.
//
// $1 prefix, $2 spec, $3 and $4 the entry to begin after, $5 the last datestamp, $6 the limit, $7 the lowest clock that will do, $8 the arms, $9
// those that are of tombstones, $10 the first datestamp that is counted.

// listKind is what a list statement gives of each entry: its record, its header or its item; and whether it counts.
type listKind int

const (
	listRecords listKind = iota
	listHeaders
	listEntries
	countRecords
	countHeaders
)

// listStatements are those of each kind for 1, 2, 4, 8 and 16 arms; an arm that is not there has no id, and costs next to nothing.
var listStatements = func() (all [countHeaders + 1][5]string) {
	for kind := range all {
		for i := range all[kind] {
			all[kind][i] = listStatement(listKind(kind), 1<<i)
		}
	}
	return all
}()

// A join that is a sub-select by itself can only be looked up by its key: between tables that seem to be empty the planner would as soon read an
// index through. OFFSET keeps it from being dissolved.
const (
	joinRecord = `LEFT JOIN LATERAL (SELECT sets, size, metadata FROM record WHERE format = coalesce(c.own, ` + bundle + `) AND item = e.item OFFSET 0) r ON true`
	joinItem   = `LEFT JOIN LATERAL (SELECT sets FROM item WHERE id = e.item OFFSET 0) i ON true`

	salvageRecord = `SELECT ` + ownFormat + `, sets, size, metadata FROM record WHERE format = coalesce(` + ownFormat + `, ` + bundle + `) AND item = $2`

	ownFormat = `(SELECT id FROM format WHERE prefix = $1)` // NULL: the format is rare
	bundle    = `(SELECT id FROM format WHERE prefix = '')`

	// theArms gives the arms of the list $2 of $1, and which of them are of tombstones.
	theArms = `SELECT coalesce(array_agg(id), '{}'), coalesce(array_agg(id) FILTER (WHERE ` + isGone + `), '{}') FROM list WHERE ` + isArm
	isArm   = `spec = $2 AND $1 = ANY (string_to_array(ltrim(replace(' ' || class, ' -', ' ')), ' '))` // a word of a class without its mark
	isGone  = `'-' || $1 = ANY (string_to_array(class, ' '))`
	fits    = `SELECT count(*) = cardinality($8::integer[]) AND coalesce(bool_and(id = ANY ($8::integer[]) AND (id = ANY ($9::integer[])) = (` + isGone + `)), true) AS fits FROM list WHERE ` + isArm
)

func listStatement(kind listKind, arms int) string {
	columns, join := `e.item`, ``
	switch kind {
	case listRecords, countRecords:
		columns, join = `coalesce(r.sets, (SELECT sets FROM item WHERE id = e.item)), r.size, r.metadata, c.own`, joinRecord
	case listHeaders, countHeaders:
		columns, join = `i.sets`, joinItem
	}
	total := `0::bigint`
	if kind == countRecords || kind == countHeaders {
		total = sumBefore(`least($5::bigint, hwm) + 1`) + ` - (` + sumBefore(`least($10::bigint, $5::bigint + 1, hwm + 1)`) + `)`
	}
	entries := make([]string, arms)
	for i := range entries {
		entries[i] = fmt.Sprintf(`(SELECT e.datestamp, e.local, e.list = ANY ($9::integer[]) AS deleted, e.item FROM entry e
			WHERE e.list = ($8::integer[])[%d] AND (e.datestamp, e.local) > ($3, $4) AND e.datestamp <= least($5::bigint, c.hwm) ORDER BY e.datestamp, e.local)`, i+1)
	}
	return `SELECT c.hwm, c.total, x.* FROM (SELECT hwm, CASE WHEN fits THEN ` + total + ` END AS total, ` + ownFormat + ` AS own
		FROM clock CROSS JOIN (` + fits + `) a WHERE id = 1 OFFSET 0) c LEFT JOIN LATERAL (
		SELECT e.datestamp, e.local, e.deleted, ` + columns + ` FROM (` + strings.Join(entries, ` UNION ALL `) + `) e ` + join + `
		WHERE c.hwm >= $7 AND c.total IS NOT NULL ORDER BY e.datestamp, e.local LIMIT $6) x ON true`
}

// sumBefore is how many entries of the arms have a datestamp < end: whole buckets of the highest level, and at each lower one those
// that are left over. It reads at most 127 rows a level, and one for each 24 days at the highest.
func sumBefore(end string) string {
	var sums []string
	for level, shift := range store.TallyShifts {
		low := ``
		if level+1 < len(store.TallyShifts) {
			up := store.TallyShifts[level+1]
			low = fmt.Sprintf(` AND bucket >= (%s >> %d << %d)`, end, up, up-shift)
		}
		sums = append(sums, fmt.Sprintf(`(SELECT coalesce(sum(n), 0)::bigint FROM tally WHERE list = ANY ($8::integer[]) AND level = %d%s AND bucket < (%s >> %d))`, level, low, end, shift))
	}
	return strings.Join(sums, ` + `)
}

// visitError tells an error of the visitor from one of the store.
type visitError struct{ error }

func (v visitError) Unwrap() error { return v.error }

// errArms says that a list has other arms in the snapshot than was known.
var errArms = errors.New("another class has come")

// errLags says that a snapshot is older than what was told already.
var errLags = errors.New("the replica lags")

// listing is one List on its way. It can be carried on by another connection, as a list is carried on by the next request: the upper
// bound is fixed, and no entry up to it comes again.
type listing struct {
	q     store.Query
	visit func(*store.Row) error
	known *knownArms
	arms  arms
	need  int64 // the lowest clock that will do
	most  int64 // the highest clock to tell of; 0: that of the snapshot
	page  store.Page
	begun bool
	seen  int // entries passed
	local []byte
}

func (db *DB) newListing(q store.Query, visit func(*store.Row) error) (*listing, error) {
	if q.Limit < 1 {
		return nil, fmt.Errorf("store/postgres: list: limit %d: expected at least 1", q.Limit)
	}
	return &listing{q: q, visit: visit, known: &db.arms, arms: db.arms.of(q)}, nil
}

// arms are the ids of the lists that one list is merged of.
type arms struct {
	lists []int32
	gone  []int32 // those of them that are of tombstones
}

// knownArms remembers those of the lists that were asked for. They may be out of date.
type knownArms struct {
	mu   sync.Mutex
	arms map[[2]string]arms // by prefix and spec
}

// maxKnown is for how many lists; nobody can fill it with lists that are not there.
const maxKnown = 10_000

// none are the arms of a list that is not there, or of which nothing is known.
var none = arms{[]int32{}, []int32{}}

func (k *knownArms) of(q store.Query) arms {
	k.mu.Lock()
	defer k.mu.Unlock()
	if a, ok := k.arms[[2]string{q.Prefix, q.Set}]; ok {
		return a
	}
	return none
}

func (k *knownArms) put(q store.Query, a arms) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.arms == nil || len(k.arms) >= maxKnown {
		k.arms = map[[2]string]arms{}
	}
	if len(a.lists) > 0 {
		k.arms[[2]string{q.Prefix, q.Set}] = a
	}
}

// List calls visit for each entry that q asks for; see store.Store. The connection is held while visit runs.
func (db *DB) List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	return db.ahead.list(ctx, q, visit, db.list)
}

func (db *DB) list(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error) {
	l, err := db.newListing(q, visit)
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
	for errors.Is(err, errArms) {
		if err = l.look(ctx, conn); err == nil {
			err = l.scan(ctx, conn)
		}
	}
	if damage(err) {
		err = l.salvage(ctx, conn)
	}
	return err
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, statement string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, statement string, args ...any) pgx.Row
}

// look finds the arms.
func (l *listing) look(ctx context.Context, from querier) error {
	var a arms
	if err := from.QueryRow(ctx, theArms, clean(l.q.Prefix), clean(l.q.Set)).Scan(&a.lists, &a.gone); err != nil {
		return err
	}
	l.arms = a
	l.known.put(l.q, a)
	return nil
}

// query asks a list statement.
func (l *listing) query(ctx context.Context, from querier, kind listKind) (pgx.Rows, error) {
	size := 0
	for 1<<size < len(l.arms.lists) {
		size++
	}
	var statement string
	if size < len(listStatements[kind]) {
		statement = listStatements[kind][size]
	} else {
		statement = listStatement(kind, 1<<size)
	}
	args := l.arguments()
	if kind == countRecords || kind == countHeaders {
		args = append(args, l.q.From)
	}
	return from.Query(ctx, statement, args...)
}

// arguments are those of a list statement; one that counts has another.
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
	return []any{clean(l.q.Prefix), clean(l.q.Set), after.Datestamp, clean(after.Local), until, l.q.Limit - l.seen + 1, need, l.arms.lists, l.arms.gone}
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
	kind := listRecords
	if l.q.Headers {
		kind = listHeaders
	}
	if l.q.Count && !l.begun {
		kind += countRecords - listRecords
	}
	rows, err := l.query(ctx, conn, kind)
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
			if raw[1] == nil {
				return errArms
			}
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
			if row.Metadata = buf.unpack(integer(raw[6]), raw[7], raw[8] == nil, l.q.Prefix); row.Metadata == nil {
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
	if err := l.look(ctx, tx); err != nil {
		return err
	}
	rows, err := l.query(ctx, tx, listEntries)
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
			if l.q.Headers || e.row.Deleted {
				return tx.QueryRow(ctx, `SELECT sets FROM item WHERE id = $1`, e.item).Scan(&e.row.Sets)
			}
			var own *int32
			var size int32
			var data []byte
			err := tx.QueryRow(ctx, salvageRecord, clean(l.q.Prefix), e.item).Scan(&own, &e.row.Sets, &size, &data)
			if err == nil {
				if e.row.Metadata = buf.unpack(int64(size), data, own == nil, l.q.Prefix); e.row.Metadata == nil {
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
type buffer struct{ local, metadata, piece []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// unpack returns the metadata of a record from its columns size and metadata, or out of the bundle that they are where the format is rare; nil if
// they are gone or damaged. The result is good until the next call, and no longer than data.
func (b *buffer) unpack(size int64, data []byte, rare bool, prefix string) []byte {
	if data == nil {
		return nil
	}
	m := data
	if size != 0 {
		if m = store.UnpackRecord(b.metadata, size, data); m != nil {
			b.metadata = m
		}
	}
	if rare {
		return store.Unbundle(&b.piece, m, prefix)
	}
	return m
}
