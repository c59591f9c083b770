package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sheaf/store"

	"zombiezen.com/go/sqlite"
)

// Dump gives everything as it was at one moment; see store.Store. The snapshot is held to the end.
func (db *DB) Dump(ctx context.Context, state func(store.State) error, item func(*store.Kept) error, report func(store.Problem)) error {
	conn, err := db.open()
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetInterrupt(ctx.Done())
	err = db.dump(ctx, conn, state, item, report)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return db.wrap("dump", err)
}

func (db *DB) dump(ctx context.Context, conn *sqlite.Conn, state func(store.State) error, give func(*store.Kept) error, report func(store.Problem)) error {
	if err := run(conn, `BEGIN`); err != nil {
		return err
	}
	s, err := dumpState(conn)
	if err != nil {
		return err
	}
	if err := state(s); err != nil {
		return err
	}
	return itemBatches(ctx, conn, report, func(batch []item) error {
		for i := range batch {
			k, err := dumpItem(conn, &batch[i], report)
			if err != nil {
				return err
			}
			if err := give(k); err != nil {
				return err
			}
		}
		return nil
	})
}

func dumpState(conn *sqlite.Conn) (s store.State, err error) {
	if _, err := first(conn, func(q *sqlite.Stmt) { s.Clock, s.First = q.ColumnInt64(0), q.ColumnInt64(1) }, `SELECT hwm, first FROM clock`); err != nil {
		return s, err
	}
	if _, err := first(conn, func(q *sqlite.Stmt) { s.Secret = column(q, 0, nil) }, `SELECT value FROM meta WHERE key = 'secret'`); err != nil {
		return s, err
	}
	if s.Created, err = one(conn, `SELECT value FROM meta WHERE key = 'created'`); err != nil {
		return s, err
	}
	err = each(conn, func(q *sqlite.Stmt) error {
		s.Sets = append(s.Sets, store.Set{Spec: q.ColumnText(0), Name: q.ColumnText(1), Description: q.ColumnText(2)})
		return nil
	}, `SELECT spec, name, description FROM setinfo ORDER BY spec`)
	if err != nil {
		return s, err
	}
	if s.Tokens, err = allTokens(conn); err != nil {
		return s, err
	}
	s.Marks, err = allMarks(conn, "")
	return s, err
}

// dumpItem reads all of an item. What cannot be read is reported and left out.
func dumpItem(conn *sqlite.Conn, it *item, report func(store.Problem)) (*store.Kept, error) {
	k := &store.Kept{
		Local: it.local, Datestamp: it.datestamp, Deleted: it.deleted, Sets: strings.Fields(it.sets), Prefixes: strings.Fields(it.formats),
		Due: it.due, Revision: it.revision,
	}
	lost := func(what string) { report(store.Problem{Local: it.local, Message: what + " cannot be read"}) }
	records, err := readRecords(conn, it.id)
	if err != nil {
		return nil, err
	}
	for i, f := range slices.Concat(k.Prefixes, strings.Fields(it.gone)) {
		if it.deleted || i >= len(k.Prefixes) {
			k.Records = append(k.Records, store.Record{Prefix: f})
			continue
		}
		metadata, rare := records.served(f)
		if metadata == nil {
			lost(fmt.Sprintf("the record in %q", f))
			continue
		}
		k.Records = append(k.Records, store.Record{Prefix: f, Metadata: metadata, Rare: rare})
	}
	var packed []byte
	_, err = first(conn, func(s *sqlite.Stmt) { packed = column(s, 0, nil) }, `SELECT json FROM article WHERE item = ?`, it.id)
	if err := orReport(func(store.Problem) {}, err); err != nil {
		return nil, err
	}
	if k.Article, err = store.Unpack(packed); err != nil {
		lost("the article")
	}
	err = each(conn, func(s *sqlite.Stmt) error { k.Aliases = append(k.Aliases, s.ColumnText(0)); return nil }, `SELECT name FROM alias WHERE item = ? ORDER BY name`, it.id)
	if err := orReport(report, err); err != nil {
		return nil, err
	}
	err = each(conn, func(s *sqlite.Stmt) error {
		data, err := store.Unpack(column(s, 2, nil))
		if err != nil {
			lost(fmt.Sprintf("the source %q", s.ColumnText(0)))
			return nil
		}
		k.Sources = append(k.Sources, store.Source{Name: s.ColumnText(0), Type: s.ColumnText(1), Data: data})
		return nil
	}, `SELECT name, type, data FROM source WHERE item = ? ORDER BY id`, it.id)
	return k, orReport(report, err)
}

// Restore fills a store that holds no item; see store.Store.
func (db *DB) Restore(ctx context.Context, s store.State, next func() (*store.Kept, error)) error {
	return db.update(ctx, "restore", func(w *writer) error {
		n, err := one(w.conn, `SELECT count(*) FROM (SELECT 1 FROM item LIMIT 1)`)
		if err != nil {
			return err
		}
		if n != 0 {
			return fmt.Errorf("%w: the store holds items", store.ErrExists)
		}
		for {
			k, err := next()
			if err != nil {
				return err
			}
			if k == nil {
				break
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := w.restore(k); err != nil {
				return fmt.Errorf("%q: %w", k.Local, err)
			}
		}
		for _, t := range s.Tokens {
			if err := w.putToken(t); err != nil {
				return err
			}
		}
		for _, m := range s.Marks {
			if err := w.setMark(m.Name, m.Value); err != nil {
				return err
			}
		}
		if err := w.putSets(s.Sets); err != nil {
			return err
		}
		for key, value := range map[string]any{"secret": s.Secret, "created": s.Created} {
			if err := run(w.conn, `UPDATE meta SET value = ? WHERE key = ?`, value, key); err != nil {
				return err
			}
		}
		w.stamp = s.Clock
		return run(w.conn, `UPDATE clock SET first = ?`, s.First)
	})
}

// restore writes one item under its own datestamp.
func (w *writer) restore(k *store.Kept) error {
	c, gone := k.Change()
	ready, err := store.Prepare(c)
	if err != nil {
		return err
	}
	w.stamp = k.Datestamp
	if err := run(w.conn, `INSERT INTO item (local, datestamp, deleted, sets, formats, gone, hash, due, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		k.Local, k.Datestamp, k.Deleted, ready.Own, strings.Join(k.Prefixes, " "), strings.Join(gone, " "), ready.Hash, k.Due, k.Revision); err != nil {
		return err
	}
	id := w.conn.LastInsertRowID()
	if k.Deleted {
		w.deleted++
	} else {
		w.live++
		if err := w.records(ready, id); err != nil {
			return err
		}
	}
	// One that was lost stays a format of the item, so that it is found to be missing.
	class := store.Class(strings.Join(k.Prefixes, " "), strings.Join(gone, " "), k.Deleted)
	if err := w.enlist(class, ready.Specs, k.Local, id); err != nil {
		return err
	}
	if k.Article != nil {
		if err := run(w.conn, `INSERT INTO article (item, hash, json) VALUES (?, ?, ?)`, id, ready.ArticleHash[:], ready.PackedJSON); err != nil {
			return err
		}
	}
	for _, name := range k.Aliases {
		if err := run(w.conn, `INSERT INTO alias (name, item) VALUES (?, ?)`, name, id); err != nil {
			return err
		}
	}
	for _, s := range k.Sources {
		with, err := store.Prepare(&store.Change{Local: k.Local, Source: &s})
		if err != nil {
			return err
		}
		if err := w.source(id, with, store.Created, nil); err != nil {
			return err
		}
	}
	return nil
}

// Rebuild makes the indexes, entries, tallies and counts anew from the items; see store.Store.
func (db *DB) Rebuild(ctx context.Context) error {
	return db.update(ctx, "rebuild", func(w *writer) error {
		if err := script(w.conn, `REINDEX; DELETE FROM entry; DELETE FROM tally; UPDATE clock SET live = 0, deleted = 0;`); err != nil {
			return err
		}
		newest := w.hwm
		err := itemBatches(ctx, w.conn, nil, func(batch []item) error {
			for _, it := range batch {
				if it.deleted {
					w.deleted++
				} else {
					w.live++
				}
				newest = max(newest, it.datestamp)
				w.stamp = it.datestamp
				if err := w.enlist(store.Class(it.formats, it.gone, it.deleted), store.Lists(it.sets), it.local, it.id); err != nil {
					return err
				}
				if err := run(w.conn, `UPDATE record SET sets = ?3 WHERE id IN (SELECT id << ?1 | ?2 FROM format) AND sets <> ?3`, itemBits, it.id, it.sets); err != nil {
					return err
				}
				lost := strings.Fields(it.gone)
				if it.deleted {
					lost = append(lost, append(strings.Fields(it.formats), store.Bundle)...)
				}
				if err := w.drop(it.id, lost...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		w.stamp = newest
		return script(w.conn, `DELETE FROM record WHERE (id & (1 << 36) - 1) NOT IN (SELECT id FROM item);
			DELETE FROM alias WHERE item NOT IN (SELECT id FROM item);
			DELETE FROM source WHERE item NOT IN (SELECT id FROM item);
			UPDATE clock SET first = min(first, (SELECT min(datestamp) FROM item)) WHERE first > 0;`)
	})
}
