package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"sheaf/store"

	"zombiezen.com/go/sqlite"
)

// The bounds are row values on both sides, so that each list verb is one seek and one scan of the entries' key: with
// "datestamp BETWEEN" SQLite seeks by date alone and then scans. There is no LIMIT, because SQLite prepares a statement again each
// time that the value bound to its LIMIT may have changed; whoever steps stops in time.
const (
	entryRange = ` e.list = ?1 AND (e.datestamp, e.local) > (?2, ?3) AND (e.datestamp, e.local) < (?4, '') ORDER BY e.datestamp, e.local`

	listRecords = `SELECT e.datestamp, e.local, e.deleted, r.sets, r.size, r.metadata FROM entry e LEFT JOIN record r ON r.id = (?5 | e.item) WHERE` + entryRange
	listHeaders = `SELECT e.datestamp, e.local, e.deleted, i.sets FROM entry e LEFT JOIN item i ON i.id = e.item WHERE` + entryRange
	listEntries = `SELECT e.datestamp, e.local, e.deleted, e.item FROM entry e WHERE` + entryRange
)

// stretch is the part of one list that a Query asks for.
type stretch struct {
	list, base int64
	after      store.Key
	end        int64 // first datestamp after it
	limit      int
}

func (s stretch) prep(conn *sqlite.Conn, query string) (*sqlite.Stmt, error) {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	stmt.BindInt64(1, s.list)
	stmt.BindInt64(2, s.after.Datestamp)
	stmt.BindText(3, s.after.Local)
	stmt.BindInt64(4, s.end)
	if stmt.BindParamCount() > 4 {
		stmt.BindInt64(5, s.base<<itemBits)
	}
	return stmt, nil
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
	s := stretch{after: store.Key{Datestamp: q.From}, end: page.Until + 1, limit: q.Limit}
	if q.After.Datestamp >= q.From && q.After.Local != "" {
		s.after = q.After
	}
	if s.list, err = db.known(conn, q.Prefix, q.Set); err != nil || s.list == 0 {
		return page, err
	}
	if s.base, err = db.known(conn, q.Prefix, ""); err != nil {
		return page, err
	}
	if q.Count {
		if page.Total, err = count(conn, s.list, q.From, s.end); err != nil {
			return page, err
		}
	}
	seen, err := scan(ctx, conn, s, q.Headers, visit, &page)
	for err != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCorrupt && seen < q.Limit {
		// The row after page.Last cannot be read: step over it by its entry alone, and go on.
		if seen > 0 {
			s.after = page.Last
		}
		s.limit = q.Limit - seen
		n := 0
		if n, err = skip(conn, s, &page); n > 0 && err == nil {
			s.after, s.limit = page.Last, s.limit-n
			seen += n
			if s.limit > 0 {
				n, err = scan(ctx, conn, s, q.Headers, visit, &page)
				seen += n
			}
		}
	}
	if err != nil {
		return page, err
	}
	if seen < q.Limit {
		return page, nil
	}
	s.after = page.Last
	stmt, err := s.prep(conn, listEntries)
	if err != nil {
		return page, err
	}
	if page.More, err = stmt.Step(); err != nil {
		return page, err
	}
	return page, stmt.Reset()
}

// known returns the id of a list and remembers it; 0 if there is none.
func (db *DB) known(conn *sqlite.Conn, prefix, spec string) (int64, error) {
	id, err := db.list(conn, prefix, spec)
	if err == nil && id != 0 {
		db.remember(map[listKey]int64{{prefix, spec}: id}) // it is of a snapshot, so it is committed
	}
	return id, err
}

// scan calls visit with each row of s and returns how many entries it went through. Nothing in it allocates for a row.
func scan(ctx context.Context, conn *sqlite.Conn, s stretch, headers bool, visit func(*store.Row) error, page *store.Page) (seen int, err error) {
	query := listRecords
	if headers {
		query = listHeaders
	}
	stmt, err := s.prep(conn, query)
	if err != nil {
		return 0, err
	}
	defer stmt.Reset()
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	row := store.Row{Local: buf.local, Sets: buf.sets}
	defer func() { buf.local, buf.sets = row.Local, row.Sets }()
	defer func() {
		if seen > 0 {
			page.Last = store.Key{Datestamp: row.Datestamp, Local: string(row.Local)}
		}
	}()
	for seen < s.limit {
		more, err := stmt.Step()
		if !more || err != nil {
			return seen, err
		}
		seen++
		row.Datestamp, row.Local, row.Deleted = stmt.ColumnInt64(0), column(stmt, 1, row.Local), stmt.ColumnInt64(2) != 0
		if stmt.ColumnType(3) == sqlite.TypeNull { // the entry is there and what it points to is not
			page.Faults++
			continue
		}
		row.Sets = column(stmt, 3, row.Sets)
		row.Metadata = nil
		if !headers && !row.Deleted {
			if row.Metadata = buf.unpack(stmt, 4); row.Metadata == nil {
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
type buffer struct{ local, sets, packed, metadata []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// unpack returns the metadata of a record whose columns size and metadata are i and i+1; nil if they are gone or damaged. The result is
// good until the next call.
func (b *buffer) unpack(s *sqlite.Stmt, i int) []byte {
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

// skip steps over the first entry of s, whose record cannot be read, and returns how many entries it went over.
func skip(conn *sqlite.Conn, s stretch, page *store.Page) (int, error) {
	stmt, err := s.prep(conn, listEntries)
	if err != nil {
		return 0, err
	}
	more, err := stmt.Step()
	if !more || err != nil {
		return 0, err
	}
	page.Last = store.Key{Datestamp: stmt.ColumnInt64(0), Local: stmt.ColumnText(1)}
	page.Faults++
	return 1, stmt.Reset()
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
