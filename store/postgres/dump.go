package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sheaf/store"

	"github.com/jackc/pgx/v5"
)

// Dump gives everything as it was at one moment; see store.Store. The snapshot is held to the end.
func (db *DB) Dump(ctx context.Context, state func(store.State) error, item func(*store.Kept) error, report func(store.Problem)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return db.maintain(ctx, "dump", func(ctx context.Context, conn *pgx.Conn) error {
		return pgx.BeginTxFunc(ctx, conn, snapshot, func(tx pgx.Tx) error { return dump(ctx, tx, state, item, report) })
	})
}

func dump(ctx context.Context, tx pgx.Tx, state func(store.State) error, give func(*store.Kept) error, report func(store.Problem)) error {
	var s store.State
	if err := tx.QueryRow(ctx, getState).Scan(&s.Clock, &s.First, &s.Created, &s.Secret); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT spec, name, description FROM setinfo ORDER BY spec`)
	if err != nil {
		return err
	}
	if s.Sets, err = pgx.CollectRows(rows, pgx.RowToStructByPos[store.Set]); err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, allTokens); err != nil {
		return err
	}
	if s.Tokens, err = pgx.CollectRows(rows, scanToken); err != nil {
		return err
	}
	if rows, err = tx.Query(ctx, selectMarks, ""); err != nil {
		return err
	}
	if s.Marks, err = pgx.CollectRows(rows, scanMark); err != nil {
		return err
	}
	if err := state(s); err != nil {
		return visitError{err}
	}
	return eachBatch(ctx, tx, report, func(batch []item) error {
		// Before something is given it must be known that all of the batch can be read.
		var all []whole
		err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) (err error) {
			all, err = wholes(ctx, tx, batch, false, report)
			return err
		})
		if damage(err) {
			all = all[:0]
			for _, it := range batch {
				one, err := wholes(ctx, tx, []item{it}, true, report)
				if err != nil {
					return err
				}
				all = append(all, one...)
			}
		} else if err != nil {
			return err
		}
		for i := range all {
			if err := give(all[i].kept(report)); err != nil {
				return visitError{err}
			}
		}
		return ctx.Err()
	})
}

// kept unpacks an item. What cannot be is told to report and left out.
func (w *whole) kept(report func(store.Problem)) *store.Kept {
	k := &store.Kept{
		Local: w.local, Datestamp: w.datestamp, Deleted: w.deleted, Sets: strings.Fields(w.sets), Prefixes: strings.Fields(w.formats),
		Aliases: w.aliases, Due: w.due, Revision: w.revision,
	}
	lost := func(what string) { report(store.Problem{Local: w.local, Message: what + " cannot be read"}) }
	unpacked := w.unpack()
	all, own := w.prefixes()
	for i, prefix := range all {
		if w.deleted || i >= own {
			k.Records = append(k.Records, store.Record{Prefix: prefix})
			continue
		}
		metadata, rare := w.served(unpacked, prefix)
		if metadata == nil {
			lost(fmt.Sprintf("the record in %q", prefix))
			continue
		}
		k.Records = append(k.Records, store.Record{Prefix: prefix, Metadata: metadata, Rare: rare})
	}
	var err error
	if k.Article, err = store.Unpack(w.article); err != nil {
		lost("the article")
	}
	for _, s := range w.sources {
		data, err := store.Unpack(s.data)
		if err != nil {
			lost(fmt.Sprintf("the source %q", s.name))
			continue
		}
		k.Sources = append(k.Sources, store.Source{Name: s.name, Type: s.kind, Data: data})
	}
	return k
}

// restoreBatch is how many items, or bytes of them, are written at a time.
const (
	restoreBatch = 200
	restoreBytes = 8 << 20
)

// exclusive calls do in a transaction that has the write lock for as long as it takes, and commits.
func (db *DB) exclusive(ctx context.Context, op string, do func(context.Context, pgx.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return db.maintain(ctx, op, func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, fmt.Sprintf(`SET lock_timeout = %d`, db.wait.Milliseconds())); err != nil {
			return err
		}
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, lock); err != nil {
				return err
			}
			return do(ctx, tx)
		})
	})
}

// Restore fills a store that holds no item; see store.Store.
func (db *DB) Restore(ctx context.Context, s store.State, next func() (*store.Kept, error)) error {
	err := db.exclusive(ctx, "restore", func(ctx context.Context, tx pgx.Tx) error {
		// The tables are as good as empty, and their statistics say nothing of what comes.
		if _, err := tx.Conn().PgConn().Exec(ctx, strings.ReplaceAll(plans, "SET ", "SET LOCAL ")).ReadAll(); err != nil {
			return err
		}
		var last int64
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(id), 0) FROM item`).Scan(&last); err != nil {
			return err
		}
		if last != 0 {
			return fmt.Errorf("%w: the store holds items", store.ErrExists)
		}
		var live, deleted int64
		for more := true; more; {
			f := newFold(nil)
			size := 0
			for n := 0; n < restoreBatch && size < restoreBytes; n++ {
				k, err := next()
				if err != nil {
					return visitError{err}
				}
				if k == nil {
					more = false
					break
				}
				if err := f.restore(k); err != nil {
					return fmt.Errorf("%q: %w", k.Local, err)
				}
				size += len(k.Article)
				for _, r := range k.Records {
					size += len(r.Metadata)
				}
				for _, src := range k.Sources {
					size += len(src.Data)
				}
			}
			rows := f.rows(last)
			last, live, deleted = last+int64(len(rows.items)), live+rows.live, deleted+rows.deleted
			b := &pgx.Batch{}
			rows.queue(b)
			if err := tx.SendBatch(ctx, b).Close(); err != nil {
				return err
			}
		}
		b := &pgx.Batch{}
		for _, t := range s.Tokens {
			b.Queue(insertToken, tokenColumns(t)...)
		}
		for _, m := range s.Marks {
			b.Queue(upsertMark, clean(m.Name), m.Value)
		}
		f := newFold(nil)
		f.putSets(s.Sets)
		f.rows(0).queue(b)
		b.Queue(`UPDATE meta SET value = $1 WHERE key = 'secret'`, s.Secret)
		b.Queue(`UPDATE meta SET value = $1 WHERE key = 'created'`, decimal(s.Created))
		b.Queue(`UPDATE clock SET hwm = $1, first = $2, live = $3, deleted = $4`, s.Clock, s.First, live, deleted)
		return tx.SendBatch(ctx, b).Close()
	})
	if err == nil {
		db.clock.Store(s.Clock)
	}
	return err
}

// Rebuild makes the indexes, entries, tallies and counts anew from the items; see store.Store. What is right already stays as it is, and a
// reader sees the old or the new, but waits while an index is made.
func (db *DB) Rebuild(ctx context.Context) error {
	err := db.maintain(ctx, "rebuild", func(ctx context.Context, conn *pgx.Conn) error {
		for _, table := range []string{"meta", "clock", "item", "article", "list", "entry", "format", "record", "tally", "alias", "source", "setinfo", "token", "mark"} {
			if _, err := conn.Exec(ctx, `REINDEX TABLE `+table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return db.exclusive(ctx, "rebuild", rebuild)
}

func rebuild(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `CREATE TEMPORARY TABLE want (datestamp bigint, item bigint, list integer, local text COLLATE "C") ON COMMIT DROP`); err != nil {
		return err
	}
	lists := map[listKey]int32{}
	var id int32
	var key listKey
	rows, err := tx.Query(ctx, `SELECT id, class, spec FROM list`)
	if err != nil {
		return err
	}
	if _, err := pgx.ForEachRow(rows, []any{&id, &key.class, &key.spec}, func() error { lists[key] = id; return nil }); err != nil {
		return err
	}
	strict := func(p store.Problem) { err = fmt.Errorf("%s: %w", p.Message, store.ErrCorrupt) }
	if e := eachBatch(ctx, tx, strict, func(batch []item) error {
		if err != nil {
			return err
		}
		return want(ctx, tx, batch, lists)
	}); e != nil || err != nil {
		return errors.Join(e, err)
	}
	for _, statement := range []string{
		`ANALYZE want`,
		`DELETE FROM entry e WHERE NOT EXISTS (SELECT FROM want w WHERE w.list = e.list AND w.datestamp = e.datestamp AND w.local = e.local AND w.item = e.item)`,
		`INSERT INTO entry (list, datestamp, local, item) SELECT list, datestamp, local, item FROM want w
			WHERE NOT EXISTS (SELECT FROM entry e WHERE w.list = e.list AND w.datestamp = e.datestamp AND w.local = e.local)`,
		`UPDATE record r SET sets = i.sets FROM item i WHERE i.id = r.item AND r.sets <> i.sets`,
		`DELETE FROM record r USING item i, format f WHERE i.id = r.item AND f.id = r.format AND (i.deleted OR CASE f.prefix
			WHEN '' THEN NOT EXISTS (SELECT unnest(string_to_array(i.formats, ' ')) EXCEPT SELECT prefix FROM format) ELSE f.prefix <> ALL (string_to_array(i.formats, ' ')) END)`,
		`DELETE FROM record r WHERE NOT EXISTS (SELECT FROM item i WHERE i.id = r.item)`,
		`DELETE FROM article a WHERE NOT EXISTS (SELECT FROM item i WHERE i.id = a.item)`,
		`DELETE FROM alias a WHERE NOT EXISTS (SELECT FROM item i WHERE i.id = a.item)`,
		`DELETE FROM source s WHERE NOT EXISTS (SELECT FROM item i WHERE i.id = s.item)`,
		`UPDATE clock SET hwm = greatest(hwm, (SELECT max(datestamp) FROM item)), first = CASE first WHEN 0 THEN 0 ELSE least(first, (SELECT min(datestamp) FROM item)) END,
			live = (SELECT count(*) FROM item WHERE NOT deleted), deleted = (SELECT count(*) FROM item WHERE deleted)`,
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	for level, shift := range store.TallyShifts {
		if _, err := tx.Exec(ctx, `INSERT INTO tally (list, level, bucket, n) SELECT list, $1, bucket, n FROM (`+oddTallies+`) o
			ON CONFLICT (list, level, bucket) DO UPDATE SET n = excluded.n`, level, int(shift)); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `DELETE FROM tally WHERE n = 0`)
	return err
}

// want notes where the entries of items must be.
func want(ctx context.Context, tx pgx.Tx, batch []item, lists map[listKey]int32) error {
	var entries [][]any
	for _, it := range batch {
		for _, p := range it.places() {
			list, ok := lists[p.listKey]
			if !ok {
				if err := tx.QueryRow(ctx, `INSERT INTO list (class, spec) VALUES ($1, $2) RETURNING id`, p.class, p.spec).Scan(&list); err != nil {
					return err
				}
				lists[p.listKey] = list
			}
			entries = append(entries, []any{it.datestamp, it.id, list, it.local})
		}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"want"}, []string{"datestamp", "item", "list", "local"}, pgx.CopyFromRows(entries))
	return err
}
