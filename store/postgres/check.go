package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sheaf/store"

	"github.com/jackc/pgx/v5"
)

// checkBatch is how many items one snapshot of Check covers: a long one would keep the server from reusing old versions.
const checkBatch = 200

// snapshot is a transaction in which all statements see the same.
var snapshot = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// Check reads everything and compares what is kept twice; see store.Store. It may run while others read and write.
func (db *DB) Check(ctx context.Context, report func(store.Problem)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return db.maintain(ctx, "check", func(ctx context.Context, conn *pgx.Conn) error { return db.check(ctx, conn, report) })
}

func (db *DB) check(ctx context.Context, conn *pgx.Conn, report func(store.Problem)) error {
	err := eachBatch(ctx, conn, report, func(batch []item) error {
		err := pgx.BeginTxFunc(ctx, conn, snapshot, func(tx pgx.Tx) error { return checkItems(ctx, tx, batch, false, report) })
		if !damage(err) {
			return err
		}
		for _, it := range batch {
			err := pgx.BeginTxFunc(ctx, conn, snapshot, func(tx pgx.Tx) error { return checkItems(ctx, tx, []item{it}, true, report) })
			if damage(err) {
				report(store.Problem{Local: it.local, Message: "it cannot be read: " + err.Error()})
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// Each of these is one statement, so it sees one snapshot.
	for _, sum := range []struct{ what, query string }{
		{"the clock is behind the newest datestamp", `SELECT 1 FROM clock WHERE hwm < (SELECT max(datestamp) FROM item)`},
		{"the count of items is wrong", `SELECT 1 FROM clock WHERE live <> (SELECT count(*) FROM item WHERE NOT deleted) OR deleted <> (SELECT count(*) FROM item WHERE deleted)`},
		{"an item is older than the first datestamp", `SELECT 1 FROM clock WHERE first > (SELECT min(datestamp) FROM item)`},
		{"an alias names no item", `SELECT 1 FROM alias a LEFT JOIN item i ON i.id = a.item WHERE i.id IS NULL LIMIT 1`},
		{"a source belongs to no item", `SELECT 1 FROM source s LEFT JOIN item i ON i.id = s.item WHERE i.id IS NULL LIMIT 1`},
		{"an article belongs to no item", `SELECT 1 FROM article a LEFT JOIN item i ON i.id = a.item WHERE i.id IS NULL LIMIT 1`},
		{"a record belongs to no item", `SELECT 1 FROM record r LEFT JOIN item i ON i.id = r.item WHERE i.id IS NULL LIMIT 1`},
		{"an entry is not where its item is", `SELECT 1 FROM entry e LEFT JOIN item i ON i.id = e.item WHERE i.local IS DISTINCT FROM e.local OR i.datestamp IS DISTINCT FROM e.datestamp LIMIT 1`},
		{"an item is in the lists of two classes", `SELECT 1 FROM entry e JOIN list l ON l.id = e.list WHERE l.spec = '' GROUP BY e.item HAVING count(*) > 1 LIMIT 1`},
	} {
		var one int
		err := orReport(report, conn.QueryRow(ctx, sum.query).Scan(&one))
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		if one != 0 {
			report(store.Problem{Message: sum.what})
		}
	}
	for level, shift := range store.TallyShifts {
		rows, err := conn.Query(ctx, `SELECT coalesce(l.class, ''), coalesce(l.spec, ''), o.bucket FROM (`+oddTallies+`) o LEFT JOIN list l ON l.id = o.list LIMIT 100`, level, int(shift))
		var class, spec string
		var bucket int64
		if err == nil {
			_, err = pgx.ForEachRow(rows, []any{&class, &spec, &bucket}, func() error {
				report(store.Problem{Message: fmt.Sprintf("tally: list %q of class %q, level %d, bucket %d does not hold the number of its entries", spec, class, level, bucket)})
				return nil
			})
		}
		if err := orReport(report, err); err != nil {
			return err
		}
	}
	var h, now int64
	if err := conn.QueryRow(ctx, lookClock).Scan(&h, &now); err != nil {
		return orReport(report, err)
	}
	if db.now != nil {
		now = db.now().Unix()
	}
	if h > now+int64(store.MaxJump.Seconds()) {
		report(store.Problem{Message: fmt.Sprintf("clock: the newest datestamp is %s and it is %s: all that is written until then is dated %[1]s",
			store.Time(h).Format("2006-01-02T15:04:05Z"), store.Time(now).Format("2006-01-02T15:04:05Z"))})
	}
	return nil
}

// oddTallies gives each tally of level $1, whose shift is $2, that does not hold the number of its entries, and what it should hold.
const oddTallies = `SELECT coalesce(k.list, c.list) AS list, coalesce(k.bucket, c.bucket) AS bucket, coalesce(c.n, 0) AS n
	FROM (SELECT list, bucket, n FROM tally WHERE level = $1) k
	FULL JOIN (SELECT list, datestamp >> $2 AS bucket, count(*) AS n FROM entry GROUP BY 1, 2) c ON c.list = k.list AND c.bucket = k.bucket
	WHERE k.n IS DISTINCT FROM c.n`

// orReport reports err if it is damage, and returns it otherwise.
func orReport(report func(store.Problem), err error) error {
	if damage(err) {
		report(store.Problem{Message: "database: " + err.Error()})
		return nil
	}
	return err
}

// beginner is a connection, where Begin begins a transaction, or a transaction, where it sets a savepoint.
type beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// eachBatch calls do with all items, at most checkBatch at a time, in the order of their ids. An item whose row cannot be read is told to
// report and left out.
func eachBatch(ctx context.Context, from beginner, report func(store.Problem), do func([]item) error) error {
	var last int64
	err := pgx.BeginFunc(ctx, from, func(tx pgx.Tx) error { return tx.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM item`).Scan(&last) })
	if err := orReport(report, err); err != nil {
		return err
	}
	read := func(after int64, limit int) (batch []item, err error) {
		err = pgx.BeginFunc(ctx, from, func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, `SELECT `+itemColumns+` FROM item i LEFT JOIN article a ON a.item = i.id WHERE i.id > $1 AND i.id <= $2 ORDER BY i.id`, after, after+int64(limit))
			if err == nil {
				batch, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (it item, err error) { return it, it.scan(r) })
			}
			return err
		})
		return batch, err
	}
	for after := int64(0); after < last; after += checkBatch {
		batch, err := read(after, checkBatch)
		if damage(err) {
			batch = nil
			for i := range int64(checkBatch) {
				one, err := read(after+i, 1)
				if err := orReport(report, err); err != nil {
					return err
				}
				batch = append(batch, one...)
			}
		} else if err != nil {
			return err
		}
		if len(batch) == 0 {
			continue
		}
		if err := do(batch); err != nil {
			return err
		}
	}
	return nil
}

// checkItems compares all that is kept of some items, in one snapshot. alone: there is one item; what of it cannot be read is told to report.
func checkItems(ctx context.Context, tx pgx.Tx, batch []item, alone bool, report func(store.Problem)) error {
	w, err := wholes(ctx, tx, batch, alone, report)
	if err != nil {
		return err
	}
	var classes, specs, locals []string
	var datestamps, items []int64
	for i := range w {
		w[i].check(func(format string, args ...any) {
			report(store.Problem{Local: w[i].local, Message: fmt.Sprintf(format, args...)})
		})
		for _, p := range w[i].places() {
			classes, specs, locals = append(classes, p.class), append(specs, p.spec), append(locals, w[i].local)
			datestamps, items = append(datestamps, w[i].datestamp), append(items, w[i].id)
		}
	}
	rows, err := tx.Query(ctx, `SELECT w.local, w.spec, w.class FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[]) w(class, spec, datestamp, local, item)
		LEFT JOIN list l ON l.class = w.class AND l.spec = w.spec LEFT JOIN entry e ON e.list = l.id AND e.datestamp = w.datestamp AND e.local = w.local
		WHERE e.item IS DISTINCT FROM w.item`, classes, specs, datestamps, locals, items)
	if err != nil {
		return err
	}
	var local, spec, class string
	_, err = pgx.ForEachRow(rows, []any{&local, &spec, &class}, func() error {
		report(store.Problem{Local: local, Message: fmt.Sprintf("entry: it is missing or wrong in list %q of class %q", spec, class)})
		return nil
	})
	return err
}

// whole is an item with all that is kept of it, packed.
type whole struct {
	item
	own     map[string]bool       // formats that have records of their own, and store.Bundle
	records map[string]keptRecord // by prefix, or store.Bundle
	article []byte                // nil: it is not there
	aliases []string
	sources []keptSource
}

type keptRecord struct {
	sets     string
	hash     []byte
	size     int32
	metadata []byte
}

type keptSource struct {
	name, kind string
	sum, data  []byte
}

// wholes reads items again, in the snapshot of tx, with all that is kept of them. One that is not there any more is told to report; and where
// there is one alone, what of it cannot be read is told too and left out.
func wholes(ctx context.Context, tx pgx.Tx, batch []item, alone bool, report func(store.Problem)) ([]whole, error) {
	// each calls do for each row that a query gives, once scan is filled.
	each := func(what, query string, args []any, scan []any, do func()) error {
		read := func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, query, args...)
			if err == nil {
				_, err = pgx.ForEachRow(rows, scan, func() error { do(); return nil })
			}
			return err
		}
		if !alone {
			return read(tx)
		}
		err := pgx.BeginFunc(ctx, tx, read) // a savepoint
		if damage(err) {
			report(store.Problem{Local: batch[0].local, Message: fmt.Sprintf("%s cannot be read: %v", what, err)})
			return nil
		}
		return err
	}
	locals := make([]string, len(batch))
	for i, it := range batch {
		locals[i] = it.local
	}
	rows, err := tx.Query(ctx, loadItems, locals)
	if err != nil {
		return nil, err
	}
	items, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (it item, err error) { return it, it.scan(r) })
	if err != nil {
		return nil, err
	}
	all, ids, at := make([]whole, len(items)), make([]int64, len(items)), make(map[int64]*whole, len(items))
	for i, it := range items {
		all[i] = whole{item: it, records: map[string]keptRecord{}}
		ids[i], at[it.id] = it.id, &all[i]
	}
	for _, it := range batch {
		if at[it.id] == nil {
			report(store.Problem{Local: it.local, Message: "item: it is not found by its identifier"})
		}
	}
	if rows, err = tx.Query(ctx, `SELECT prefix, id FROM format`); err != nil {
		return nil, err
	}
	own, names, parts := map[string]bool{}, map[int32]string{}, map[string][]int32{}
	var format int32
	var prefix string
	if _, err := pgx.ForEachRow(rows, []any{&prefix, &format}, func() error {
		own[prefix], names[format] = true, prefix
		what := "its records"
		if alone {
			what = "the record in " + strconv.Quote(prefix)
		}
		parts[what] = append(parts[what], format)
		return nil
	}); err != nil {
		return nil, err
	}
	for i := range all {
		all[i].own = own
	}
	for what, formats := range parts {
		var id int64
		var r keptRecord
		if err := each(what, `SELECT item, format, sets, hash, size, metadata FROM record WHERE format = ANY($2) AND item = ANY($1)`, []any{ids, formats},
			[]any{&id, &format, &r.sets, &r.hash, &r.size, &r.metadata}, func() {
				at[id].records[names[format]] = r
				r = keptRecord{}
			}); err != nil {
			return nil, err
		}
	}
	var id int64
	var data []byte
	if err := each("the article", `SELECT item, json FROM article WHERE item = ANY($1)`, []any{ids}, []any{&id, &data}, func() {
		at[id].article, data = data, nil
	}); err != nil {
		return nil, err
	}
	var name string
	if err := each("what it is also called", `SELECT item, coalesce(name, key) FROM alias WHERE item = ANY($1) ORDER BY key`, []any{ids}, []any{&id, &name}, func() {
		at[id].aliases = append(at[id].aliases, name)
	}); err != nil {
		return nil, err
	}
	var s keptSource
	if err := each("its sources", `SELECT item, name, type, sum, data FROM source WHERE item = ANY($1) ORDER BY item, seq`, []any{ids}, []any{&id, &s.name, &s.kind, &s.sum, &s.data}, func() {
		at[id].sources = append(at[id].sources, s)
		s = keptSource{}
	}); err != nil {
		return nil, err
	}
	return all, nil
}

// unpack gives the metadata of the records, by prefix or store.Bundle; nil where they are gone or damaged.
func (w *whole) unpack() map[string][]byte {
	all := map[string][]byte{}
	for prefix, r := range w.records {
		if r.metadata != nil {
			all[prefix] = store.UnpackRecord(nil, int64(r.size), r.metadata)
		}
	}
	return all
}

// served returns the metadata of the record in one format from those that were unpacked; nil where they are lost.
func (w *whole) served(unpacked map[string][]byte, prefix string) (metadata []byte, rare bool) {
	if w.own[prefix] {
		return unpacked[prefix], false
	}
	return store.Unbundle(new([]byte), unpacked[store.Bundle], prefix), true
}

// check compares what is kept twice of an item, its entries aside.
func (w *whole) check(report func(string, ...any)) {
	unpacked := w.unpack()
	var formats []string // of which it has records
	if !w.deleted {
		formats = strings.Fields(w.formats)
	}
	hashes, expected := make([][]byte, len(formats)), map[string]bool{}
	for i, prefix := range formats {
		metadata, rare := w.served(unpacked, prefix)
		if rare {
			sum := sha256.Sum256(metadata)
			prefix, hashes[i] = store.Bundle, sum[:]
		} else {
			hashes[i] = w.records[prefix].hash
		}
		expected[prefix] = true
		if _, ok := w.records[prefix]; !ok || rare && metadata == nil && unpacked[store.Bundle] != nil {
			report("record: the one in %q is missing", formats[i])
		}
	}
	for prefix, r := range w.records {
		sum := sha256.Sum256(unpacked[prefix])
		what := fmt.Sprintf("the one in %q", prefix)
		if prefix == store.Bundle {
			what = "the bundle of those that are rare"
		}
		switch {
		case !expected[prefix]:
			report("record: %s should not be there", what)
		case r.sets != w.sets:
			report("record: %s names other sets than the item", what)
		case r.metadata == nil:
			report("record: %s has lost its bytes", what)
		case unpacked[prefix] == nil:
			report("record: the bytes of %s are damaged", what)
		case !bytes.Equal(r.hash, sum[:]):
			report("record: the bytes of %s are not those that were stored", what)
		}
	}
	if !w.deleted && !bytes.Equal(w.hash, store.ServedHash(w.sets, formats, func(i int) []byte { return hashes[i] })) {
		report("item: its sets and records are not those that were stored")
	}
	packed := func(what string, hash, data []byte) {
		text, err := store.Unpack(data)
		sum := sha256.Sum256(text)
		if err != nil || !bytes.Equal(hash, sum[:]) {
			report("%s: the bytes are not those that were stored", what)
		}
	}
	if w.article == nil {
		report("article: it is missing")
	} else {
		packed("article", w.articleHash, w.article)
	}
	for _, s := range w.sources {
		packed(fmt.Sprintf("source %q", s.name), s.sum, s.data)
	}
}
