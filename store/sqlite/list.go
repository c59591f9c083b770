package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"

	"sheaf/store"

	"zombiezen.com/go/sqlite"
)

// The bounds are row values on both sides, so that each list is one seek and one scan of the entries' key: with
// "datestamp BETWEEN" SQLite seeks by date alone and then scans. There is no LIMIT, because SQLite prepares a statement again each
// time that the value bound to its LIMIT may have changed; whoever steps stops in time.
const (
	entryRange = ` e.list = ?1 AND (e.datestamp, e.local) > (?2, ?3) AND (e.datestamp, e.local) < (?4, '') ORDER BY e.datestamp, e.local`

	listRecords = `SELECT e.datestamp, e.local, r.sets, r.size, r.metadata FROM entry e LEFT JOIN record r ON r.id = (?5 | e.item) WHERE` + entryRange
	listHeaders = `SELECT e.datestamp, e.local, i.sets FROM entry e LEFT JOIN item i ON i.id = e.item WHERE` + entryRange
	listEntries = `SELECT e.datestamp, e.local, e.item FROM entry e WHERE` + entryRange
)

// arm is a list that is merged with others into the one that was asked for: the items of one class.
type arm struct {
	list    int64
	deleted bool // the items have the format as a tombstone only

	stmt      *sqlite.Stmt
	datestamp int64 // of the row that stmt is at; and local
	local     []byte
	more      bool // it is at one
	stale     bool // that row was given: step on
}

// merge gives the rows of several arms in the order of their keys.
type merge []*arm

// begin makes the statement of each arm, which is that of query for it, and binds the stretch to it.
func (m merge) begin(conn *sqlite.Conn, s stretch, query func(*arm) string) error {
	for i, a := range m {
		text := query(a)
		if i > 0 {
			text += " -- " + strconv.Itoa(i) // a connection keeps one statement for each text
		}
		stmt, err := conn.Prepare(text)
		if err != nil {
			return err
		}
		stmt.BindInt64(1, a.list)
		stmt.BindInt64(2, s.after.Datestamp)
		stmt.BindText(3, s.after.Local)
		stmt.BindInt64(4, s.end)
		if stmt.BindParamCount() > 4 {
			stmt.BindInt64(5, s.format<<itemBits)
		}
		a.stmt, a.stale, a.more = stmt, true, false
	}
	return nil
}

// next returns the arm that is at the next row; nil at the end.
func (m merge) next() (next *arm, err error) {
	for _, a := range m {
		if a.stale {
			if a.more, err = a.stmt.Step(); err != nil {
				return nil, err
			}
			if a.stale = false; a.more {
				a.datestamp, a.local = a.stmt.ColumnInt64(0), column(a.stmt, 1, a.local)
			}
		}
		if a.more && (next == nil || cmp.Or(cmp.Compare(a.datestamp, next.datestamp), bytes.Compare(a.local, next.local)) < 0) {
			next = a
		}
	}
	if next != nil {
		next.stale = true
	}
	return next, nil
}

func (m merge) end() {
	for _, a := range m {
		if a.stmt != nil {
			a.stmt.Reset() // tells the error of the last step again
		}
	}
}

// stretch is the part of one list that a Query asks for.
type stretch struct {
	prefix string
	format int64 // its id, or that of the bundle
	rare   bool  // it is in the bundle
	arms   merge
	after  store.Key
	end    int64 // first datestamp after it
	limit  int
}

// visitError tells an error of the visitor from one of the store.
type visitError struct{ error }

// List calls visit for each entry that q asks for; see store.Store. The snapshot is held while visit runs.
func (db *DB) List(ctx context.Context, q store.Query, visit func(*store.Row) error) (page store.Page, err error) {
	if q.Limit < 1 {
		return page, fmt.Errorf("store/sqlite: list: limit %d: expected at least 1", q.Limit)
	}
	err = db.view(ctx, "list", func(conn *sqlite.Conn) error {
		page, err = db.page(ctx, conn, q, visit)
		return err
	})
	var v visitError
	switch {
	case err == nil:
	case errors.As(err, &v):
		err = v.error
	case ctx.Err() != nil:
		err = ctx.Err()
	default:
		err = db.wrap("list", err)
	}
	return page, err
}

func (db *DB) page(ctx context.Context, conn *sqlite.Conn, q store.Query, visit func(*store.Row) error) (page store.Page, err error) {
	if page.Clock, err = one(conn, `SELECT hwm FROM clock`); err != nil {
		return page, err
	}
	page.Until = page.Clock
	if q.Until != 0 {
		page.Until = min(q.Until, page.Clock)
	}
	s := stretch{prefix: q.Prefix, after: store.Key{Datestamp: q.From}, end: page.Until + 1, limit: q.Limit}
	if q.After.Datestamp >= q.From && q.After.Local != "" {
		s.after = q.After
	}
	if s.arms, err = db.arms(conn, q.Prefix, q.Set); err != nil || len(s.arms) == 0 {
		return page, err
	}
	if s.format, s.rare, err = db.place(conn, q.Prefix); err != nil {
		return page, err
	}
	for _, a := range s.arms {
		if !q.Count {
			break
		}
		n, err := count(conn, a.list, q.From, s.end)
		if err != nil {
			return page, err
		}
		page.Total += n
	}
	seen, err := scan(ctx, conn, s, q.Headers, visit, &page)
	if seen > 0 {
		s.after = page.Last
	}
	if err != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCorrupt && seen < q.Limit {
		s.limit -= seen
		seen, err = salvage(ctx, conn, s, q.Headers, visit, &page)
		if s.after, seen = page.Last, seen+q.Limit-s.limit; err != nil {
			return page, err
		}
	}
	if err != nil || seen < q.Limit {
		return page, err
	}
	defer s.arms.end()
	if err := s.arms.begin(conn, s, func(*arm) string { return listEntries }); err != nil {
		return page, err
	}
	next, err := s.arms.next()
	page.More = next != nil
	return page, err
}

// arms returns the lists that the one of a format, whole or in a set, is made of.
func (db *DB) arms(conn *sqlite.Conn, prefix, spec string) (arms merge, err error) {
	err = each(conn, func(s *sqlite.Stmt) error {
		if deleted, ok := store.InClass(s.ColumnText(1), prefix); ok {
			arms = append(arms, &arm{list: s.ColumnInt64(0), deleted: deleted})
		}
		return nil
	}, `SELECT id, class FROM list WHERE spec = ?`, spec)
	return arms, err
}

// place returns where the records of a format are: under its own id, or in the bundle.
func (db *DB) place(conn *sqlite.Conn, prefix string) (format int64, rare bool, err error) {
	for _, rare := range []bool{false, true} {
		if rare {
			prefix = store.Bundle
		}
		if format, err = db.format(conn, prefix); err != nil || format != 0 {
			db.remember(nil, map[string]int64{prefix: format}) // it is of a snapshot, so it is committed
			return format, rare, err
		}
	}
	return 0, false, fmt.Errorf("the bundle has no format (%w)", store.ErrCorrupt)
}

// scan calls visit with each row of s and returns how many entries it went through. Nothing in it allocates for a row.
func scan(ctx context.Context, conn *sqlite.Conn, s stretch, headers bool, visit func(*store.Row) error, page *store.Page) (seen int, err error) {
	defer s.arms.end()
	err = s.arms.begin(conn, s, func(a *arm) string {
		if headers || a.deleted {
			return listHeaders
		}
		return listRecords
	})
	if err != nil {
		return 0, err
	}
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	row := store.Row{Sets: buf.sets}
	defer func() { buf.sets = row.Sets }()
	defer func() {
		if seen > 0 {
			page.Last = store.Key{Datestamp: row.Datestamp, Local: string(row.Local)}
		}
	}()
	for seen < s.limit {
		a, err := s.arms.next()
		if a == nil || err != nil {
			return seen, err
		}
		seen++
		buf.local = append(buf.local[:0], a.local...) // that of the arm changes with the next step
		row.Datestamp, row.Local, row.Deleted, row.Metadata = a.datestamp, buf.local, a.deleted, nil
		if a.stmt.ColumnType(2) == sqlite.TypeNull { // the entry is there and what it points to is not
			page.Faults++
			continue
		}
		row.Sets = column(a.stmt, 2, row.Sets)
		if !headers && !a.deleted {
			if row.Metadata = buf.unpack(a.stmt, 3, s.rare, s.prefix); row.Metadata == nil {
				page.Faults++
				continue
			}
		}
		if err := visit(&row); err != nil {
			return seen, visitError{err}
		}
		page.Rows++
		if seen%64 == 0 {
			if err := ctx.Err(); err != nil {
				return seen, err
			}
		}
	}
	return seen, nil
}

// buffer is what one list or record is read into.
type buffer struct{ local, sets, packed, metadata, piece []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// unpack returns the metadata of a record whose columns size and metadata are i and i+1, or, if rare, of the one in prefix from such a bundle; nil if they
// are gone or damaged. The result is good until the next call.
func (b *buffer) unpack(s *sqlite.Stmt, i int, rare bool, prefix string) []byte {
	m := b.whole(s, i)
	if rare && m != nil {
		return store.Unbundle(&b.piece, m, prefix)
	}
	return m
}

func (b *buffer) whole(s *sqlite.Stmt, i int) []byte {
	if s.ColumnType(i+1) == sqlite.TypeNull {
		return nil
	}
	size := s.ColumnInt64(i)
	if size == 0 {
		if b.metadata = column(s, i+1, b.metadata); b.metadata == nil {
			b.metadata = []byte{}
		}
		return b.metadata
	}
	b.packed = column(s, i+1, b.packed)
	m := store.UnpackRecord(b.metadata, size, b.packed)
	if m != nil {
		b.metadata = m
	}
	return m
}

// salvage is scan where something cannot be read: by the entries alone, and what each points to by itself. What is damaged is left out.
func salvage(ctx context.Context, conn *sqlite.Conn, s stretch, headers bool, visit func(*store.Row) error, page *store.Page) (seen int, err error) {
	defer s.arms.end()
	if err := s.arms.begin(conn, s, func(*arm) string { return listEntries }); err != nil {
		return 0, err
	}
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	for seen < s.limit {
		a, err := s.arms.next()
		if a == nil || err != nil {
			return seen, err
		}
		if err := ctx.Err(); err != nil {
			return seen, err
		}
		seen++
		page.Last = store.Key{Datestamp: a.datestamp, Local: string(a.local)}
		row := store.Row{Local: a.local, Datestamp: a.datestamp, Deleted: a.deleted}
		id, query := s.format<<itemBits|a.stmt.ColumnInt64(2), `SELECT sets, size, metadata FROM record WHERE id = ?`
		if headers || a.deleted {
			id, query = a.stmt.ColumnInt64(2), `SELECT sets FROM item WHERE id = ?`
		}
		ok, err := first(conn, func(r *sqlite.Stmt) {
			if row.Sets = column(r, 0, nil); !headers && !a.deleted {
				row.Metadata = buf.unpack(r, 1, s.rare, s.prefix)
			}
		}, query, id)
		switch {
		case err != nil && sqlite.ErrCode(err).ToPrimary() != sqlite.ResultCorrupt:
			return seen, err
		case err != nil, !ok, !headers && !a.deleted && row.Metadata == nil:
			page.Faults++
			continue
		}
		if err := visit(&row); err != nil {
			return seen, visitError{err}
		}
		page.Rows++
	}
	return seen, nil
}

// count returns how many entries of a list have from <= datestamp < end.
func count(conn *sqlite.Conn, list, from, end int64) (int, error) {
	upTo, err := countBefore(conn, list, end)
	if err != nil || from <= 0 || upTo == 0 {
		return int(upTo), err
	}
	before, err := countBefore(conn, list, min(from, end))
	return int(upTo - before), err
}

// countBefore returns how many entries of a list have datestamp < end: whole buckets of the highest level, and at each lower one
// those buckets that are left over. It reads at most 127 rows a level, and one for each 24 days at the highest.
func countBefore(conn *sqlite.Conn, list, end int64) (sum int64, err error) {
	for level, shift := range store.TallyShifts {
		low := int64(math.MinInt64)
		if level+1 < len(store.TallyShifts) {
			up := store.TallyShifts[level+1]
			low = end >> up << (up - shift)
		}
		n, err := one(conn, `SELECT coalesce(sum(n), 0) FROM tally WHERE list = ? AND level = ? AND bucket >= ? AND bucket < ?`, list, level, low, end>>shift)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}
