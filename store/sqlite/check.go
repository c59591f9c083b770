package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"sheaf/store"

	"zombiezen.com/go/sqlite"
)

// checkBatch is how many items one snapshot of Check covers: a long one would keep the WAL from being reused.
const checkBatch = 200

// Check reads everything and compares what is kept twice; see store.Store. It may run while others read and write.
func (db *DB) Check(ctx context.Context, report func(store.Problem)) error {
	conn, err := db.open()
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetInterrupt(ctx.Done())
	err = db.check(ctx, conn, report)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return db.wrap("check", err)
}

func (db *DB) check(ctx context.Context, conn *sqlite.Conn, report func(store.Problem)) error {
	if err := orReport(report, each(conn, func(s *sqlite.Stmt) error {
		if text := s.ColumnText(0); text != "ok" {
			report(store.Problem{Message: "file: " + text})
		}
		return nil
	}, `PRAGMA integrity_check(100)`)); err != nil {
		return err
	}
	if err := itemBatches(ctx, conn, report, func(batch []item) error { return db.checkBatch(conn, batch, report) }); err != nil {
		return err
	}
	// Each of these is one statement, so it sees one snapshot.
	for _, sum := range []struct{ what, query string }{
		{"the clock is behind the newest datestamp", `SELECT 1 FROM clock WHERE hwm < (SELECT max(datestamp) FROM item)`},
		{"the count of items is wrong", `SELECT 1 FROM clock WHERE live <> (SELECT count(*) FROM item WHERE NOT deleted) OR deleted <> (SELECT count(*) FROM item WHERE deleted)`},
		{"an item is older than the first datestamp", `SELECT 1 FROM clock WHERE first > (SELECT min(datestamp) FROM item)`},
		{"an alias names no item", `SELECT 1 FROM alias WHERE item NOT IN (SELECT id FROM item) LIMIT 1`},
		{"a source belongs to no item", `SELECT 1 FROM source WHERE item NOT IN (SELECT id FROM item) LIMIT 1`},
		{"a record belongs to no item", fmt.Sprintf(`SELECT 1 FROM record WHERE id & %d NOT IN (SELECT id FROM item) LIMIT 1`, 1<<itemBits-1)},
		{"an entry is not where its item is", `SELECT 1 FROM entry e LEFT JOIN item i ON i.id = e.item WHERE i.local IS NOT e.local OR i.datestamp IS NOT e.datestamp LIMIT 1`},
	} {
		n, err := one(conn, sum.query)
		if err := orReport(report, err); err != nil {
			return err
		}
		if n != 0 {
			report(store.Problem{Message: sum.what})
		}
	}
	for level, shift := range store.TallyShifts {
		err := each(conn, func(s *sqlite.Stmt) error {
			report(store.Problem{Message: fmt.Sprintf("tally: list %q of class %q, level %d, bucket %d does not hold the number of its entries", s.ColumnText(1), s.ColumnText(0), level, s.ColumnInt64(2))})
			return nil
		}, `WITH kept AS (SELECT list, bucket, n FROM tally WHERE level = ?1),
			counted AS (SELECT list, datestamp >> ?2 AS bucket, count(*) AS n FROM entry GROUP BY 1, 2),
			odd AS (SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM counted) UNION SELECT * FROM (SELECT * FROM counted EXCEPT SELECT * FROM kept))
			SELECT DISTINCT l.class, l.spec, o.bucket FROM odd o LEFT JOIN list l ON l.id = o.list LIMIT 100`, level, int64(shift))
		if err := orReport(report, err); err != nil {
			return err
		}
	}
	h, err := one(conn, `SELECT hwm FROM clock`)
	if err := orReport(report, err); err != nil {
		return err
	}
	if now := db.now(); h > now.Add(store.MaxJump).Unix() {
		report(store.Problem{Message: fmt.Sprintf("clock: the newest datestamp is %s and it is %s: all that is written until then is dated %[1]s",
			store.Time(h).Format("2006-01-02T15:04:05Z"), now.UTC().Format("2006-01-02T15:04:05Z"))})
	}
	return ctx.Err()
}

// itemBatches calls do with all items, some at a time. Where the table cannot be read on it ends there, if report is there to be told.
func itemBatches(ctx context.Context, conn *sqlite.Conn, report func(store.Problem), do func([]item) error) error {
	for after := int64(0); ; {
		var batch []item
		err := each(conn, func(s *sqlite.Stmt) error {
			var it item
			it.scan(s)
			batch = append(batch, it)
			return nil
		}, selectItem+`WHERE id > ? ORDER BY id LIMIT ?`, after, checkBatch)
		if report != nil {
			err = orReport(report, err)
		}
		if err != nil || len(batch) == 0 {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		after = batch[len(batch)-1].id
		if err := do(batch); err != nil {
			return err
		}
	}
}

// orReport reports err if it is damage, and returns it otherwise.
func orReport(report func(store.Problem), err error) error {
	if err != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCorrupt {
		report(store.Problem{Message: "file: " + err.Error()})
		return nil
	}
	return err
}

// checkBatch checks items in one snapshot.
func (db *DB) checkBatch(conn *sqlite.Conn, batch []item, report func(store.Problem)) error {
	if err := run(conn, `BEGIN`); err != nil {
		return err
	}
	defer run(conn, `ROLLBACK`)
	for i := range batch {
		it, err := find(conn, batch[i].local) // again: it may have changed since
		if err == nil && it == nil {
			report(store.Problem{Local: batch[i].local, Message: "item: it is not found by its identifier"})
			continue
		}
		if err == nil {
			err = db.checkItem(conn, it, func(format string, args ...any) {
				report(store.Problem{Local: it.local, Message: fmt.Sprintf(format, args...)})
			})
		}
		if err == nil {
			continue
		}
		if sqlite.ErrCode(err).ToPrimary() != sqlite.ResultCorrupt {
			return err
		}
		report(store.Problem{Local: batch[i].local, Message: "it cannot be read: " + err.Error()})
	}
	return nil
}

func (db *DB) checkItem(conn *sqlite.Conn, it *item, report func(string, ...any)) error {
	class := store.Class(it.formats, it.gone, it.deleted)
	for _, spec := range store.Lists(it.sets) {
		list, err := db.list(conn, class, spec)
		if err != nil {
			return err
		}
		ok, err := one(conn, `SELECT item = ? FROM entry WHERE list = ? AND datestamp = ? AND local = ?`, it.id, list, it.datestamp, it.local)
		if err != nil {
			return err
		}
		if ok == 0 && class != "" {
			report("entry: it is missing or wrong in list %q of class %q", spec, class)
		}
	}
	records, err := readRecords(conn, it.id)
	if err != nil {
		return err
	}
	var formats []string // of which it has records
	if !it.deleted {
		formats = strings.Fields(it.formats)
	}
	hashes, expected := make([][]byte, len(formats)), map[string]bool{}
	for i, f := range formats {
		metadata, rare := records.served(f)
		if rare && metadata == nil || !rare && records[f] == nil {
			report("record: the one in %q is missing", f)
		}
		sum := sha256.Sum256(metadata)
		hashes[i] = sum[:]
		if rare {
			f = store.Bundle
		}
		expected[f] = true
	}
	for f, r := range records {
		if r == nil {
			continue
		}
		if r.err != nil {
			return r.err
		}
		name := fmt.Sprintf("the one in %q", f)
		if f == store.Bundle {
			name = "the bundle"
		}
		sum := sha256.Sum256(r.metadata)
		switch {
		case !expected[f]:
			report("record: %s should not be there", name)
		case r.sets != it.sets:
			report("record: %s names other sets than the item", name)
		case r.metadata == nil:
			report("record: %s has lost its bytes", name)
		case !bytes.Equal(r.hash, sum[:]):
			report("record: the bytes of %s are not those that were stored", name)
		}
	}
	if !it.deleted && !bytes.Equal(it.hash, store.ServedHash(it.sets, formats, func(i int) []byte { return hashes[i] })) {
		report("item: its sets and records are not those that were stored")
	}
	var hash, packed []byte
	ok, err := first(conn, func(s *sqlite.Stmt) { hash, packed = column(s, 0, nil), column(s, 1, nil) }, `SELECT hash, json FROM article WHERE item = ?`, it.id)
	if err != nil {
		return err
	}
	if !ok {
		report("article: it is missing")
	} else {
		db.checkPacked("article", hash, packed, report)
	}
	return each(conn, func(s *sqlite.Stmt) error {
		db.checkPacked(fmt.Sprintf("source %q", s.ColumnText(0)), column(s, 1, nil), column(s, 2, nil), report)
		return nil
	}, `SELECT name, sum, data FROM source WHERE item = ?`, it.id)
}

// keptRecord is a row of record.
type keptRecord struct {
	sets     string
	hash     []byte
	metadata []byte // nil when damaged
	err      error  // why the row cannot be read
}

// keptRecords are those of one item, by prefix or store.Bundle; nil for a format of which it has none.
type keptRecords map[string]*keptRecord

// readRecords reads the records of an item.
func readRecords(conn *sqlite.Conn, item int64) (keptRecords, error) {
	all := keptRecords{}
	if err := each(conn, func(s *sqlite.Stmt) error { all[s.ColumnText(0)] = nil; return nil }, `SELECT prefix FROM format`); err != nil {
		return nil, err
	}
	for f := range all {
		_, err := first(conn, func(s *sqlite.Stmt) {
			all[f] = &keptRecord{sets: s.ColumnText(0), hash: column(s, 1, nil), metadata: new(buffer).whole(s, 2)}
		}, `SELECT sets, hash, size, metadata FROM record WHERE id = (SELECT id FROM format WHERE prefix = ?) << ? | ?`, f, itemBits, item)
		switch {
		case err == nil:
		case sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCorrupt:
			all[f] = &keptRecord{err: err}
		default:
			return nil, err
		}
	}
	return all, nil
}

// served returns the metadata of the record in one format; nil where they are lost.
func (k keptRecords) served(prefix string) (metadata []byte, rare bool) {
	r, own := k[prefix]
	if rare = !own; rare {
		r = k[store.Bundle]
	}
	switch {
	case r == nil:
		return nil, rare
	case rare:
		return store.Unbundle(new([]byte), r.metadata, prefix), true
	}
	return r.metadata, false
}

func (db *DB) checkPacked(what string, hash, packed []byte, report func(string, ...any)) {
	data, err := store.Unpack(packed)
	sum := sha256.Sum256(data)
	if err != nil || !bytes.Equal(hash, sum[:]) {
		report("%s: the bytes are not those that were stored", what)
	}
}
