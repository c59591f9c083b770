package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sheaf/store"

	"github.com/klauspost/compress/s2"
	"zombiezen.com/go/sqlite"
)

// lockTry is how long one attempt at another process's lock lasts before the context is looked at.
const lockTry = 200 * time.Millisecond

// itemBits is how many bits of record.id are the item's.
const itemBits = 36

// shifts are the bits that a datestamp loses at each level of the tallies.
var shifts = [...]uint{0, 7, 14, 21}

type listKey struct{ prefix, spec string }

// tally is a place where a count moves.
type tally struct {
	list      int64
	level     int
	datestamp int64 // already shifted
}

// ready is a Change with all done that needs no lock.
type ready struct {
	*store.Change
	sets        string // as in item.sets
	specs       []string
	records     []record // sorted by prefix
	formats     string
	hash        []byte
	articleHash [32]byte
	article     []byte // packed
	source      []byte // packed
	sourceSum   [32]byte
}

type record struct {
	prefix string
	hash   [32]byte
	size   int64 // see pack
	packed []byte
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
}

const selectItem = `SELECT id, local, datestamp, deleted, sets, formats, gone, hash FROM item `

func (it *item) scan(s *sqlite.Stmt) {
	*it = item{
		id: s.ColumnInt64(0), local: s.ColumnText(1), datestamp: s.ColumnInt64(2), deleted: s.ColumnBool(3),
		sets: s.ColumnText(4), formats: s.ColumnText(5), gone: s.ColumnText(6), hash: column(s, 7, nil),
	}
}

// ownSets returns the specs of sets, sorted, without those that another one implies.
func ownSets(sets []store.Set) []string {
	var own []string
	for _, s := range sets {
		own = append(own, s.Spec)
	}
	slices.Sort(own)
	own = slices.Compact(own)
	return slices.DeleteFunc(slices.Clone(own), func(a string) bool {
		return slices.ContainsFunc(own, func(b string) bool { return strings.HasPrefix(b, a+":") })
	})
}

// withAncestors returns all the sets that an item whose item.sets is sets belongs to, and "" for the whole format.
func withAncestors(sets string) []string {
	var own []store.Set
	for _, spec := range strings.Fields(sets) {
		own = append(own, store.Set{Spec: spec})
	}
	return append([]string{""}, store.SetSpecs(own)...)
}

// servedHash is the hash of all that is served of an item. The hashes of the records come in the order of formats.
func servedHash(sets string, formats []string, hashes func(i int) []byte) []byte {
	h := sha256.New()
	h.Write([]byte(sets))
	for i, f := range formats {
		h.Write([]byte("\x00" + f + "\x00"))
		h.Write(hashes(i))
	}
	return h.Sum(nil)
}

func (db *DB) ready(c *store.Change) (*ready, error) {
	switch {
	case c.Local == "" || len(c.Local) > store.MaxLocal || !utf8.ValidString(c.Local):
		return nil, fmt.Errorf("store/sqlite: put: identifier %q: expected 1 to %d bytes of UTF-8", c.Local, store.MaxLocal)
	case c.Delete:
		return &ready{Change: c}, nil
	}
	for _, s := range c.Sets {
		if !store.ValidSetSpec(s.Spec) {
			return nil, fmt.Errorf("store/sqlite: put: %q: setSpec %q is not one of OAI-PMH", c.Local, s.Spec)
		}
	}
	own := ownSets(c.Sets)
	r := &ready{Change: c, sets: strings.Join(own, " "), articleHash: sha256.Sum256(c.Article), article: s2.Encode(nil, c.Article)}
	for _, rec := range c.Records {
		if rec.Prefix == "" || strings.ContainsAny(rec.Prefix, " \x00") {
			return nil, fmt.Errorf("store/sqlite: put: %q: metadataPrefix %q: expected a word", c.Local, rec.Prefix)
		}
		if rec.Metadata == nil {
			rec.Metadata = []byte{}
		}
		size, packed := pack(rec.Metadata)
		r.records = append(r.records, record{rec.Prefix, sha256.Sum256(rec.Metadata), size, packed})
	}
	slices.SortFunc(r.records, func(a, b record) int { return cmp.Compare(a.prefix, b.prefix) })
	var formats []string
	for i, rec := range r.records {
		if i > 0 && rec.prefix == r.records[i-1].prefix {
			return nil, fmt.Errorf("store/sqlite: put: %q: two records in format %q", c.Local, rec.prefix)
		}
		formats = append(formats, rec.prefix)
	}
	r.formats = strings.Join(formats, " ")
	r.specs = withAncestors(r.sets)
	r.hash = servedHash(r.sets, formats, func(i int) []byte { return r.records[i].hash[:] })
	if c.Source != nil {
		r.source, r.sourceSum = s2.Encode(nil, c.Source.Data), sha256.Sum256(c.Source.Data)
	}
	return r, nil
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

// Put carries out changes in one transaction; see store.Store. An alias stays with its item when a later change does not name it.
func (db *DB) Put(ctx context.Context, changes []store.Change) ([]store.Outcome, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	all := make([]*ready, len(changes))
	for i := range changes {
		var err error
		if all[i], err = db.ready(&changes[i]); err != nil {
			return nil, err
		}
	}
	out := make([]store.Outcome, len(changes))
	err := db.update(ctx, "put", func(w *writer) error {
		for _, i := range inOrder(changes) {
			if err := ctx.Err(); err != nil {
				return err
			}
			var err error
			if out[i], err = w.change(all[i]); err != nil {
				return fmt.Errorf("%q: %w", changes[i].Local, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
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
	stamp int64 // D; 0 until something is stamped

	lists         map[listKey]int64 // first seen in this transaction
	sets          map[store.Set]bool
	tallies       map[tally]int64 // at level 0
	live, deleted int64
}

// update runs do in a write transaction.
func (db *DB) update(ctx context.Context, op string, do func(*writer) error) (err error) {
	conn, err := db.lock(ctx, op)
	if err != nil {
		return err
	}
	defer func() { db.write <- conn }()
	defer func() {
		if !conn.AutocommitEnabled() {
			run(conn, `ROLLBACK`) // the error that led here is the one to tell
		}
	}()
	w := &writer{db: db, conn: conn, lists: map[listKey]int64{}, sets: map[store.Set]bool{}, tallies: map[tally]int64{}}
	if w.hwm, err = one(conn, `SELECT hwm FROM clock`); err != nil {
		return db.wrap(op, err)
	}
	if err := do(w); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return db.wrap(op, err)
	}
	if err := w.finish(); err != nil {
		return db.wrap(op, err)
	}
	if err := run(conn, `COMMIT`); err != nil {
		return db.wrap(op, err)
	}
	db.remember(w.lists)
	if w.stamp != 0 {
		db.clock.Store(w.stamp)
	}
	return nil
}

// lock waits for the write lock: that of this process, then that of the file.
func (db *DB) lock(ctx context.Context, op string) (*sqlite.Conn, error) {
	if db.closed.Load() {
		return nil, errClosed
	}
	var conn *sqlite.Conn
	select {
	case conn = <-db.write:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conn.SetBusyTimeout(lockTry)
	for begun := time.Now(); ; {
		err := ctx.Err()
		if err == nil {
			if err = run(conn, `BEGIN IMMEDIATE`); err == nil {
				return conn, nil
			}
			if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultBusy && time.Since(begun) < db.wait {
				continue
			}
			err = db.wrap(op, err)
		}
		db.write <- conn
		return nil, err
	}
}

// datestamp is D of this transaction.
func (w *writer) datestamp() (int64, error) {
	if w.stamp == 0 {
		now, err := w.db.checkedNow()
		if err != nil {
			return 0, err
		}
		w.stamp = max(now, w.hwm)
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

// change carries out one change.
func (w *writer) change(c *ready) (store.Outcome, error) {
	old, err := find(w.conn, c.Local)
	if err != nil {
		return store.Outcome{}, err
	}
	if c.Delete {
		return w.delete(c.Local, old)
	}
	for _, name := range c.Aliases {
		var owner store.Outcome
		ok, err := first(w.conn, func(s *sqlite.Stmt) {
			owner = store.Outcome{Status: store.Conflict, Local: s.ColumnText(0), Datestamp: s.ColumnInt64(1)}
		},
			`SELECT i.local, i.datestamp FROM alias a JOIN item i ON i.id = a.item WHERE a.name = ?`, name)
		if err != nil {
			return store.Outcome{}, err
		}
		if ok && owner.Local != c.Local {
			return owner, nil
		}
	}
	out := store.Outcome{Local: c.Local}
	var id int64
	switch {
	case old != nil && !old.deleted && bytes.Equal(old.hash, c.hash):
		id, out.Status, out.Datestamp = old.id, store.Unchanged, old.datestamp
		same, err := one(w.conn, `SELECT hash = ? FROM article WHERE item = ?`, c.articleHash[:], id)
		if err != nil {
			return out, err
		}
		if same == 0 {
			out.Status = store.Updated
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
		if err := run(w.conn, `INSERT OR REPLACE INTO article (item, hash, json) VALUES (?, ?, ?)`, id, c.articleHash[:], c.article); err != nil {
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
	return out, w.source(id, c, out.Status)
}

// save writes the item and its records, and moves its entries to D. Formats that it no longer has become tombstones.
func (w *writer) save(c *ready, old *item) (id, stamp int64, err error) {
	if stamp, err = w.datestamp(); err != nil {
		return 0, 0, err
	}
	var gone []string
	if old == nil {
		if err = run(w.conn, `INSERT INTO item (local, datestamp, deleted, sets, formats, gone, hash) VALUES (?, ?, 0, ?, ?, '', ?)`,
			c.Local, stamp, c.sets, c.formats, c.hash); err != nil {
			return 0, 0, err
		}
		id = w.conn.LastInsertRowID()
	} else {
		id = old.id
		has := strings.Fields(c.formats)
		for _, f := range strings.Fields(old.formats + " " + old.gone) {
			if !slices.Contains(has, f) {
				gone = append(gone, f)
			}
		}
		slices.Sort(gone)
		if err = w.unlist(old); err != nil {
			return 0, 0, err
		}
		if err = run(w.conn, `UPDATE item SET datestamp = ?, deleted = 0, sets = ?, formats = ?, gone = ?, hash = ? WHERE id = ?`,
			stamp, c.sets, c.formats, strings.Join(gone, " "), c.hash, id); err != nil {
			return 0, 0, err
		}
		if old.deleted {
			w.deleted--
		}
	}
	if old == nil || old.deleted {
		w.live++
	}
	for _, r := range c.records {
		base, err := w.enlist(r.prefix, c.specs, c.Local, id, false)
		if err != nil {
			return 0, 0, err
		}
		if err := run(w.conn, `INSERT OR REPLACE INTO record (id, sets, hash, size, metadata) VALUES (?, ?, ?, ?, ?)`,
			base<<itemBits|id, c.sets, r.hash[:], r.size, r.packed); err != nil {
			return 0, 0, err
		}
	}
	return id, stamp, w.bury(gone, c.sets, c.specs, c.Local, id)
}

// pack makes large metadata small where that saves an eighth or more: a page of the file then holds several records, and a list is read
// with few calls to the system, which cost more than unpacking does. size is 0 where the bytes stay as they are.
func pack(metadata []byte) (size int64, data []byte) {
	if len(metadata) < 8<<10 {
		return 0, metadata
	}
	if p := s2.Encode(nil, metadata); len(p) <= len(metadata)-len(metadata)/8 {
		return int64(len(metadata)), p
	}
	return 0, metadata
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
	if err := run(w.conn, `UPDATE item SET datestamp = ?, deleted = 1 WHERE id = ?`, stamp, old.id); err != nil {
		return store.Outcome{}, err
	}
	w.live--
	w.deleted++
	err = w.bury(strings.Fields(old.formats+" "+old.gone), old.sets, withAncestors(old.sets), local, old.id)
	return store.Outcome{Status: store.Deleted, Local: local, Datestamp: stamp}, err
}

// bury makes the item's records in formats tombstones, dated D.
func (w *writer) bury(formats []string, sets string, specs []string, local string, id int64) error {
	for _, f := range formats {
		base, err := w.enlist(f, specs, local, id, true)
		if err != nil {
			return err
		}
		if err := run(w.conn, `INSERT OR REPLACE INTO record (id, sets, hash) VALUES (?, ?, x'')`, base<<itemBits|id, sets); err != nil {
			return err
		}
	}
	return nil
}

// enlist enters the item in the lists of a format, dated D, and returns the id of the format's whole list.
func (w *writer) enlist(prefix string, specs []string, local string, id int64, deleted bool) (base int64, err error) {
	for i, spec := range specs {
		list, err := w.list(prefix, spec)
		if err != nil {
			return 0, err
		}
		if i == 0 {
			base = list
		}
		if err := run(w.conn, `INSERT INTO entry (list, datestamp, local, item, deleted) VALUES (?, ?, ?, ?, ?)`, list, w.stamp, local, id, deleted); err != nil {
			return 0, err
		}
		w.tallies[tally{list: list, datestamp: w.stamp}]++
	}
	return base, nil
}

// unlist takes the item out of every list.
func (w *writer) unlist(old *item) error {
	for _, f := range strings.Fields(old.formats + " " + old.gone) {
		for _, spec := range withAncestors(old.sets) {
			list, err := w.list(f, spec)
			if err != nil {
				return err
			}
			if err := run(w.conn, `DELETE FROM entry WHERE list = ? AND datestamp = ? AND local = ?`, list, old.datestamp, old.local); err != nil {
				return err
			}
			w.tallies[tally{list: list, datestamp: old.datestamp}] -= int64(w.conn.Changes())
		}
	}
	return nil
}

// list returns the id of a list, new or not.
func (w *writer) list(prefix, spec string) (int64, error) {
	key := listKey{prefix, spec}
	if id, ok := w.lists[key]; ok {
		return id, nil
	}
	id, err := w.db.list(w.conn, prefix, spec)
	if err == nil && id == 0 {
		if err = run(w.conn, `INSERT INTO list (prefix, spec) VALUES (?, ?)`, prefix, spec); err == nil {
			id = w.conn.LastInsertRowID()
		}
	}
	if err == nil {
		w.lists[key] = id
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

// source keeps the input that the change came from, under its name, unless it is there and nothing was changed by it.
func (w *writer) source(id int64, c *ready, status store.Status) error {
	if c.Source == nil {
		return nil
	}
	if status == store.Unchanged {
		same, err := one(w.conn, `SELECT sum = ? FROM source WHERE item = ? AND name = ?`, c.sourceSum[:], id, c.Source.Name)
		if err != nil || same == 1 {
			return err
		}
	}
	return run(w.conn, `INSERT OR REPLACE INTO source (item, name, type, sum, data) VALUES (?, ?, ?, ?, ?)`,
		id, c.Source.Name, c.Source.Type, c.sourceSum[:], c.source)
}

// finish writes what was gathered: tallies, counts and, if anything was stamped, the clock.
func (w *writer) finish() error {
	sums := make(map[tally]int64, len(w.tallies)*len(shifts))
	for t, n := range w.tallies {
		for level, shift := range shifts {
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
func (db *DB) list(conn *sqlite.Conn, prefix, spec string) (int64, error) {
	key := listKey{prefix, spec}
	db.mu.Lock()
	id := db.lists[key]
	db.mu.Unlock()
	if id != 0 {
		return id, nil
	}
	return one(conn, `SELECT id FROM list WHERE prefix = ? AND spec = ?`, prefix, spec)
}

// remember keeps the ids of committed lists, which never change, for the next call.
func (db *DB) remember(lists map[listKey]int64) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if len(db.lists)+len(lists) > maxLists {
		clear(db.lists)
	}
	for key, id := range lists {
		db.lists[key] = id
	}
}

// maxLists bounds the ids of lists held in memory.
const maxLists = 20000
