package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sheaf/store"

	"zombiezen.com/go/sqlite"
)

// lockTry is how long one attempt at another process's lock lasts before the context is looked at.
const lockTry = 200 * time.Millisecond

// itemBits is how many bits of record.id are the item's; the others are the format's.
const itemBits = 36

// listKey names a list: the items of one class that are in one set. See store.Class.
type listKey struct{ class, spec string }

// tally is a place where a count moves.
type tally struct {
	list      int64
	level     int
	datestamp int64 // already shifted
}

// item is a row of item.
type item struct {
	id        int64
	local     string
	datestamp int64
	deleted   bool
	sets      string
	formats   string
	gone      string
	hash      []byte
	due       int64
	revision  int
}

const selectItem = `SELECT id, local, datestamp, deleted, sets, formats, gone, hash, due, revision FROM item `

func (it *item) scan(s *sqlite.Stmt) {
	*it = item{
		id: s.ColumnInt64(0), local: s.ColumnText(1), datestamp: s.ColumnInt64(2), deleted: s.ColumnBool(3),
		sets: s.ColumnText(4), formats: s.ColumnText(5), gone: s.ColumnText(6), hash: column(s, 7, nil),
		due: s.ColumnInt64(8), revision: s.ColumnInt(9),
	}
}

// inOrder returns the order to carry out changes in: by Local, so that neighbours in a list are neighbours in the file; as they
// came where one may bear on another.
func inOrder(changes []store.Change) []int {
	order := make([]int, len(changes))
	seen := make(map[string]bool, 4*len(changes))
	given := false
	for i, c := range changes {
		order[i] = i
		for _, name := range append([]string{"\x00" + c.Local}, c.Aliases...) {
			given = given || seen[name]
		}
		seen["\x00"+c.Local] = true
		for _, name := range c.Aliases {
			seen[name] = true
		}
	}
	if !given {
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(changes[a].Local, changes[b].Local) })
	}
	return order
}

// PutSets defines sets, which may be empty of items.
func (db *DB) PutSets(ctx context.Context, sets []store.Set) error {
	for _, s := range sets {
		if !store.ValidSetSpec(s.Spec) {
			return fmt.Errorf("store/sqlite: sets: setSpec %q is not one of OAI-PMH", s.Spec)
		}
	}
	return db.update(ctx, "sets", func(w *writer) error { return w.putSets(sets) })
}

// writer is one write transaction.
type writer struct {
	db    *DB
	conn  *sqlite.Conn
	hwm   int64 // H before it
	began int64 // when it was asked for; not used but by a mutation
	stamp int64 // D; 0 until something is stamped

	lists         map[listKey]int64 // first seen in this transaction
	formats       map[string]int64  // as lists
	sets          map[store.Set]bool
	tallies       map[tally]int64 // at level 0
	entries       []entry         // to be written
	live, deleted int64
}

// update runs do in a write transaction.
func (db *DB) update(ctx context.Context, op string, do func(*writer) error) error {
	began := db.now().Unix()
	conn, err := db.lock(ctx, op, nil)
	if err != nil {
		return err
	}
	defer func() { db.write <- conn }()
	if err = db.transact(conn, op, began, do); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// transact runs do in the transaction that conn has begun, and commits.
func (db *DB) transact(conn *sqlite.Conn, op string, began int64, do func(*writer) error) (err error) {
	defer func() {
		if !conn.AutocommitEnabled() {
			run(conn, `ROLLBACK`) // the error that led here is the one to tell
		}
	}()
	w := &writer{db: db, conn: conn, began: began, lists: map[listKey]int64{}, formats: map[string]int64{}, sets: map[store.Set]bool{}, tallies: map[tally]int64{}}
	if w.hwm, err = one(conn, `SELECT hwm FROM clock`); err != nil {
		return db.wrap(op, err)
	}
	if err := do(w); err != nil {
		return db.wrap(op, err)
	}
	if err := w.finish(); err != nil {
		return db.wrap(op, err)
	}
	if db.hold != nil {
		db.hold()
	}
	if err := run(conn, `COMMIT`); err != nil {
		return db.wrap(op, err)
	}
	db.remember(w.lists, w.formats)
	if w.stamp != 0 {
		db.clock.Store(w.stamp)
	}
	return nil
}

// lock waits for the write lock, that of this process, then that of the file, and returns the writer with a transaction begun; nil if
// done was closed before.
func (db *DB) lock(ctx context.Context, op string, done <-chan struct{}) (*sqlite.Conn, error) {
	if db.closed.Load() {
		return nil, errClosed
	}
	begun := time.Now()
	select {
	case conn := <-db.write:
		select {
		case <-done: // both were ready
			db.write <- conn
			return nil, nil
		default:
		}
		if err := db.begin(ctx, conn, op, begun); err != nil {
			db.write <- conn
			return nil, err
		}
		return conn, nil
	case <-done:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-db.closing:
		return nil, errClosed
	}
}

// begin waits for the write lock of the file; begun is when the waiting began.
func (db *DB) begin(ctx context.Context, conn *sqlite.Conn, op string, begun time.Time) error {
	conn.SetBusyTimeout(lockTry)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := run(conn, `BEGIN IMMEDIATE`)
		if err == nil {
			return nil
		}
		if sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy || time.Since(begun) >= db.wait {
			return db.wrap(op, err)
		}
	}
}

// datestamp is D of this transaction.
func (w *writer) datestamp() (int64, error) {
	if w.stamp == 0 {
		now, err := w.db.checkedNow()
		if err != nil {
			return 0, err
		}
		if w.stamp = max(now, w.hwm); mutated {
			w.stamp = w.began
		}
	}
	return w.stamp, nil
}

// checkedNow returns the time in seconds, or ErrClock when the clock ran ahead of the time that has passed. The write lock is held.
func (db *DB) checkedNow() (int64, error) {
	now := db.now()
	if db.guarded {
		up := db.uptime()
		ahead := now.Round(0).Sub(db.wall.Round(0)) - (up - db.wallUp) // Round(0): the wall clock alone
		if ahead > store.MaxJump {
			return 0, fmt.Errorf("%w by %s, to %s: set it right, or restart Sheaf if this is the right time", store.ErrClock, ahead.Round(time.Second), now.UTC().Format(time.RFC3339))
		}
		db.wall, db.wallUp = now, up
	}
	return now.Unix(), nil
}

// Tick brings the clock up to now; see store.Store. It waits for nobody, and where the clock cannot be written the older one is good.
func (db *DB) Tick(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	h := db.clock.Load()
	if db.now().Unix() <= h {
		return h, nil
	}
	select {
	case conn := <-db.write:
		defer func() { db.write <- conn }()
		if err := db.tick(conn); err != nil && sqlite.ErrCode(err).ToPrimary() != sqlite.ResultBusy && !db.jumpSaid.Swap(true) {
			db.log.Warn("store/sqlite: the clock could not be brought up to now; lists are dated by the last write", "error", db.wrap("tick", err))
		} else if err == nil {
			db.jumpSaid.Store(false)
		}
	default:
	}
	if db.closed.Load() {
		return 0, errClosed
	}
	if h == db.clock.Load() { // a writer has the lock: what other processes have committed is good too
		err := db.glance(ctx, func(conn *sqlite.Conn) (err error) {
			h, err = one(conn, `SELECT hwm FROM clock`)
			return db.wrap("tick", err)
		})
		return h, err
	}
	return db.clock.Load(), nil
}

func (db *DB) tick(conn *sqlite.Conn) error {
	conn.SetBusyTimeout(0)
	if err := run(conn, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	defer func() {
		if !conn.AutocommitEnabled() {
			run(conn, `ROLLBACK`)
		}
	}()
	now, err := db.checkedNow()
	if err != nil {
		return err
	}
	h, err := one(conn, `SELECT hwm FROM clock`)
	if err != nil {
		return err
	}
	if now > h {
		h = now
		if err := run(conn, `UPDATE clock SET hwm = ?`, h); err != nil {
			return err
		}
		if err := run(conn, `COMMIT`); err != nil {
			return err
		}
	}
	db.clock.Store(h)
	return nil
}

// find returns the item, nil if there is none.
func find(conn *sqlite.Conn, local string) (*item, error) {
	var it item
	ok, err := first(conn, it.scan, selectItem+`WHERE local = ?`, local)
	if !ok || err != nil {
		return nil, err
	}
	return &it, nil
}

// version is that of an item as it is now; "" when it is deleted.
func version(conn *sqlite.Conn, it *item) (v string, err error) {
	if it.deleted {
		return "", nil
	}
	_, err = first(conn, func(s *sqlite.Stmt) { v = store.Version(it.hash, column(s, 0, nil)) }, `SELECT hash FROM article WHERE item = ?`, it.id)
	return v, err
}

// change carries out one change.
func (w *writer) change(c *store.Ready) (store.Outcome, error) {
	old, err := find(w.conn, c.Local)
	if err != nil {
		return store.Outcome{}, err
	}
	if c.If != "" {
		out := store.Outcome{Status: store.Stale, Local: c.Local}
		if old != nil {
			out.Datestamp = old.datestamp
			if out.Version, err = version(w.conn, old); err != nil {
				return out, err
			}
		}
		if c.If == store.IfAbsent && out.Version != "" || c.If != store.IfAbsent && out.Version != c.If {
			return out, nil
		}
	}
	if c.Delete {
		return w.delete(c.Local, old)
	}
	for _, name := range c.Aliases {
		var owner item
		ok, err := first(w.conn, owner.scan, selectItem+`WHERE id = (SELECT item FROM alias WHERE name = ?)`, name)
		if err != nil {
			return store.Outcome{}, err
		}
		if ok && owner.local != c.Local {
			v, err := version(w.conn, &owner)
			return store.Outcome{Status: store.Conflict, Local: owner.local, Datestamp: owner.datestamp, Version: v}, err
		}
	}
	out := store.Outcome{Local: c.Local, Version: c.Version()}
	var id int64
	switch {
	case old != nil && !old.deleted && bytes.Equal(old.hash, c.Hash) && !c.Again:
		id, out.Status, out.Datestamp = old.id, store.Unchanged, old.datestamp
		same, err := one(w.conn, `SELECT hash = ? FROM article WHERE item = ?`, c.ArticleHash[:], id)
		if err != nil {
			return out, err
		}
		if same == 0 {
			out.Status = store.Updated
		}
		if old.due != c.Due || old.revision != c.Revision {
			if err := run(w.conn, `UPDATE item SET due = ?, revision = ? WHERE id = ?`, c.Due, c.Revision, id); err != nil {
				return out, err
			}
		}
	default:
		out.Status = store.Updated
		if old == nil || old.deleted {
			out.Status = store.Created
		}
		if id, out.Datestamp, err = w.save(c, old); err != nil {
			return out, err
		}
	}
	if out.Status != store.Unchanged {
		if err := run(w.conn, `INSERT OR REPLACE INTO article (item, hash, json) VALUES (?, ?, ?)`, id, c.ArticleHash[:], c.PackedJSON); err != nil {
			return out, err
		}
	}
	for _, name := range c.Aliases {
		if err := run(w.conn, `INSERT OR IGNORE INTO alias (name, item) VALUES (?, ?)`, name, id); err != nil {
			return out, err
		}
	}
	if err := w.putSets(c.Sets); err != nil {
		return out, err
	}
	drop := c.Drop
	if old == nil {
		drop = nil // there is none
	}
	return out, w.source(id, c, out.Status, drop)
}

// save writes the item and its records, and moves its entries to D. Formats that it no longer has become tombstones, which are entries without a record.
func (w *writer) save(c *store.Ready, old *item) (id, stamp int64, err error) {
	if stamp, err = w.datestamp(); err != nil {
		return 0, 0, err
	}
	var gone []string
	if old == nil {
		if err = run(w.conn, `INSERT INTO item (local, datestamp, deleted, sets, formats, gone, hash, due, revision) VALUES (?, ?, 0, ?, ?, '', ?, ?, ?)`,
			c.Local, stamp, c.Own, c.Formats, c.Hash, c.Due, c.Revision); err != nil {
			return 0, 0, err
		}
		id = w.conn.LastInsertRowID()
	} else {
		id = old.id
		has := strings.Fields(c.Formats)
		for _, f := range strings.Fields(old.formats + " " + old.gone) {
			if !slices.Contains(has, f) {
				gone = append(gone, f)
			}
		}
		slices.Sort(gone)
		if err = w.unlist(old); err != nil {
			return 0, 0, err
		}
		if err = run(w.conn, `UPDATE item SET datestamp = ?, deleted = 0, sets = ?, formats = ?, gone = ?, hash = ?, due = ?, revision = ? WHERE id = ?`,
			stamp, c.Own, c.Formats, strings.Join(gone, " "), c.Hash, c.Due, c.Revision, id); err != nil {
			return 0, 0, err
		}
		if old.deleted {
			w.deleted--
		}
	}
	if old == nil || old.deleted {
		w.live++
	}
	if err := w.records(c, id); err != nil {
		return 0, 0, err
	}
	if old != nil && !old.deleted {
		lost := gone
		if len(c.Packed) == 0 || c.Packed[0].Prefix != store.Bundle {
			lost = append(slices.Clone(gone), store.Bundle)
		}
		if err := w.drop(id, lost...); err != nil {
			return 0, 0, err
		}
	}
	return id, stamp, w.enlist(store.Class(c.Formats, strings.Join(gone, " "), false), c.Specs, c.Local, id)
}

// records writes the records of an item.
func (w *writer) records(c *store.Ready, id int64) error {
	for _, r := range c.Packed {
		format, err := w.format(r.Prefix)
		if err != nil {
			return err
		}
		if err := run(w.conn, `INSERT OR REPLACE INTO record (id, sets, hash, size, metadata) VALUES (?, ?, ?, ?, ?)`,
			format<<itemBits|id, c.Own, r.Hash[:], r.Size, r.Data); err != nil {
			return err
		}
	}
	return nil
}

// drop takes away the records that an item has in formats; those that are not there, or rare, are passed over.
func (w *writer) drop(id int64, formats ...string) error {
	for _, f := range formats {
		if err := run(w.conn, `DELETE FROM record WHERE id = (SELECT id FROM format WHERE prefix = ?) << ? | ?`, f, itemBits, id); err != nil {
			return err
		}
	}
	return nil
}

// delete leaves a tombstone in every list that the item is in.
func (w *writer) delete(local string, old *item) (store.Outcome, error) {
	switch {
	case old == nil:
		return store.Outcome{Status: store.Missing, Local: local}, nil
	case old.deleted:
		return store.Outcome{Status: store.Unchanged, Local: local, Datestamp: old.datestamp}, nil
	}
	stamp, err := w.datestamp()
	if err != nil {
		return store.Outcome{}, err
	}
	if err := w.unlist(old); err != nil {
		return store.Outcome{}, err
	}
	if err := run(w.conn, `UPDATE item SET datestamp = ?, deleted = 1, due = 0 WHERE id = ?`, stamp, old.id); err != nil {
		return store.Outcome{}, err
	}
	if err := run(w.conn, `DELETE FROM record WHERE id IN (SELECT id << ? | ? FROM format)`, itemBits, old.id); err != nil {
		return store.Outcome{}, err
	}
	w.live--
	w.deleted++
	err = w.enlist(store.Class(old.formats, old.gone, true), store.Lists(old.sets), local, old.id)
	return store.Outcome{Status: store.Deleted, Local: local, Datestamp: stamp}, err
}

// enlist enters an item of a class in the lists of its sets, dated D.
func (w *writer) enlist(class string, specs []string, local string, id int64) error {
	if class == "" {
		return nil // nobody can ask for it
	}
	for _, spec := range specs {
		list, err := w.list(class, spec)
		if err != nil {
			return err
		}
		w.entries = append(w.entries, entry{list, w.stamp, local, id})
		w.tallies[tally{list: list, datestamp: w.stamp}]++
	}
	if len(w.entries) > maxEntries {
		return w.enter()
	}
	return nil
}

// entry is a row of the table of that name.
type entry struct {
	list, datestamp int64
	local           string
	item            int64
}

const (
	maxEntries = 16384 // that wait to be written
	entryRows  = 64    // of them in one statement
)

var insertEntries = `INSERT INTO entry (list, datestamp, local, item) VALUES ` + strings.Repeat("(?, ?, ?, ?), ", entryRows-1) + "(?, ?, ?, ?)"

// enter writes the entries that wait, in the order of the table and many at a time, which takes a fraction of the time of one by one.
func (w *writer) enter() error {
	slices.SortFunc(w.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.list, b.list), cmp.Compare(a.datestamp, b.datestamp), strings.Compare(a.local, b.local))
	})
	for rest := w.entries; len(rest) > 0; {
		n, query := entryRows, insertEntries
		if len(rest) < n {
			n, query = 1, `INSERT INTO entry (list, datestamp, local, item) VALUES (?, ?, ?, ?)`
		}
		stmt, err := w.conn.Prepare(query)
		if err != nil {
			return err
		}
		for i, e := range rest[:n] {
			at := 4 * i
			stmt.BindInt64(at+1, e.list)
			stmt.BindInt64(at+2, e.datestamp)
			stmt.BindText(at+3, e.local)
			stmt.BindInt64(at+4, e.item)
		}
		if _, err := stmt.Step(); err != nil {
			return err
		}
		rest = rest[n:]
	}
	w.entries = w.entries[:0]
	return nil
}

// unlist takes the item out of every list.
func (w *writer) unlist(old *item) error {
	if len(w.entries) > 0 && old.datestamp == w.stamp { // its entries may be among those that wait
		if err := w.enter(); err != nil {
			return err
		}
	}
	class := store.Class(old.formats, old.gone, old.deleted)
	if class == "" {
		return nil
	}
	for _, spec := range store.Lists(old.sets) {
		list, err := w.list(class, spec)
		if err != nil {
			return err
		}
		if err := run(w.conn, `DELETE FROM entry WHERE list = ? AND datestamp = ? AND local = ?`, list, old.datestamp, old.local); err != nil {
			return err
		}
		w.tallies[tally{list: list, datestamp: old.datestamp}] -= int64(w.conn.Changes())
	}
	return nil
}

// list returns the id of a list, new or not.
func (w *writer) list(class, spec string) (int64, error) {
	key := listKey{class, spec}
	if id, ok := w.lists[key]; ok {
		return id, nil
	}
	id, err := w.db.list(w.conn, class, spec)
	if err == nil && id == 0 {
		if err = run(w.conn, `INSERT INTO list (class, spec) VALUES (?, ?)`, class, spec); err == nil {
			id = w.conn.LastInsertRowID()
		}
	}
	if err == nil {
		w.lists[key] = id
	}
	return id, err
}

// format returns the id of a format, new or not.
func (w *writer) format(prefix string) (int64, error) {
	if id, ok := w.formats[prefix]; ok {
		return id, nil
	}
	id, err := w.db.format(w.conn, prefix)
	if err == nil && id == 0 {
		if err = run(w.conn, `INSERT INTO format (prefix) VALUES (?)`, prefix); err == nil {
			id = w.conn.LastInsertRowID()
		}
	}
	if err == nil {
		w.formats[prefix] = id
	}
	return id, err
}

// putSets keeps names and descriptions of sets, and that their ancestors are there.
func (w *writer) putSets(sets []store.Set) error {
	put := func(s store.Set) error {
		if w.sets[s] {
			return nil
		}
		w.sets[s] = true
		return run(w.conn, `INSERT INTO setinfo (spec, name, description) VALUES (?1, ?2, ?3) ON CONFLICT (spec) DO UPDATE
			SET name = iif(?2 = '', name, ?2), description = iif(?3 = '', description, ?3)
			WHERE ?2 NOT IN ('', name) OR ?3 NOT IN ('', description)`, s.Spec, s.Name, s.Description)
	}
	for _, s := range sets {
		if err := put(s); err != nil {
			return err
		}
	}
	for _, spec := range store.SetSpecs(sets) {
		if err := put(store.Set{Spec: spec}); err != nil {
			return err
		}
	}
	return nil
}

// source drops the inputs that the change says, and keeps the one that it came from, under its name, unless it is there and nothing was changed by it.
func (w *writer) source(id int64, c *store.Ready, status store.Status, drop []string) error {
	for _, name := range drop {
		err := error(nil)
		switch {
		case name != "*":
			err = run(w.conn, `DELETE FROM source WHERE item = ? AND name = ?`, id, name)
		case c.Source == nil:
			err = run(w.conn, `DELETE FROM source WHERE item = ?`, id)
		default:
			err = run(w.conn, `DELETE FROM source WHERE item = ? AND name <> ?`, id, c.Source.Name)
		}
		if err != nil {
			return err
		}
	}
	if c.Source == nil {
		return nil
	}
	if status == store.Unchanged {
		same, err := one(w.conn, `SELECT sum = ? FROM source WHERE item = ? AND name = ?`, c.SourceSum[:], id, c.Source.Name)
		if err != nil || same == 1 {
			return err
		}
	}
	return run(w.conn, `INSERT OR REPLACE INTO source (item, name, type, sum, data) VALUES (?, ?, ?, ?, ?)`,
		id, c.Source.Name, c.Source.Type, c.SourceSum[:], c.PackedInput)
}

// finish writes what was gathered: tallies, counts and, if anything was stamped, the clock.
func (w *writer) finish() error {
	if err := w.enter(); err != nil {
		return err
	}
	sums := make(map[tally]int64, len(w.tallies)*len(store.TallyShifts))
	for t, n := range w.tallies {
		for level, shift := range store.TallyShifts {
			sums[tally{t.list, level, t.datestamp >> shift}] += n
		}
	}
	keys := make([]tally, 0, len(sums))
	for t, n := range sums {
		if n != 0 {
			keys = append(keys, t)
		}
	}
	slices.SortFunc(keys, func(a, b tally) int {
		return cmp.Or(cmp.Compare(a.list, b.list), cmp.Compare(a.level, b.level), cmp.Compare(a.datestamp, b.datestamp))
	})
	for _, t := range keys {
		if err := run(w.conn, `INSERT INTO tally (list, level, bucket, n) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET n = n + ?4`,
			t.list, t.level, t.datestamp, sums[t]); err != nil {
			return err
		}
		if sums[t] < 0 {
			if err := run(w.conn, `DELETE FROM tally WHERE list = ? AND level = ? AND bucket = ? AND n = 0`, t.list, t.level, t.datestamp); err != nil {
				return err
			}
		}
	}
	if w.stamp == 0 {
		return nil
	}
	return run(w.conn, `UPDATE clock SET hwm = ?1, first = iif(first = 0, ?1, first), live = live + ?2, deleted = deleted + ?3`, w.stamp, w.live, w.deleted)
}

// list returns the id of a list, 0 if there is none.
func (db *DB) list(conn *sqlite.Conn, class, spec string) (int64, error) {
	db.mu.Lock()
	id := db.lists[listKey{class, spec}]
	db.mu.Unlock()
	if id != 0 {
		return id, nil
	}
	return one(conn, `SELECT id FROM list WHERE spec = ? AND class = ?`, spec, class)
}

// format returns the id of a format that has records of its own, or of the bundle; 0 if there is none.
func (db *DB) format(conn *sqlite.Conn, prefix string) (int64, error) {
	db.mu.Lock()
	id := db.formats[prefix]
	db.mu.Unlock()
	if id != 0 {
		return id, nil
	}
	return one(conn, `SELECT id FROM format WHERE prefix = ?`, prefix)
}

// remember keeps the ids of committed lists and formats, which never change, for the next call.
func (db *DB) remember(lists map[listKey]int64, formats map[string]int64) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if len(db.lists)+len(lists) > maxLists {
		clear(db.lists)
	}
	maps.Copy(db.lists, lists)
	maps.Copy(db.formats, formats)
}

// maxLists bounds the ids of lists held in memory.
const maxLists = 20000
