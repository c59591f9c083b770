package postgres

import (
	"cmp"
	"slices"
	"strings"

	"sheaf/store"

	"github.com/jackc/pgx/v5"
)

// The statements of a write. Those that touch many rows take them as arrays, so that their number does not depend on how much is
// written. Each unnest stands in a select list, where it is read as it goes; in FROM, several would be copied into a temporary file first.
// What is looked up is a sub-select by itself, so that it can only be looked up by its key (see joinRecord); nobody else moves a row that was
// found under the lock, so it is deleted by its place.

// lock is the first statement of every write; those after it see all that was committed by who had the lock before.
const lock = `SELECT hwm FROM clock WHERE id = 1 FOR UPDATE`

const (
	dbNow  = `floor(extract(epoch FROM clock_timestamp()))::bigint`
	dbTime = `SELECT ` + dbNow

	itemColumns = `i.id, i.local, i.datestamp, i.deleted, i.sets, i.formats, i.gone, i.hash, i.due, i.revision, a.hash`
	joinArticle = ` LEFT JOIN LATERAL (SELECT hash, json FROM article WHERE item = i.id LIMIT 1) a ON true`

	loadLast   = dbTime + `, coalesce((SELECT max(id) FROM item), 0)`
	loadItems  = `SELECT ` + itemColumns + ` FROM unnest($1::text[]) l JOIN LATERAL (SELECT * FROM item WHERE local = l LIMIT 1) i ON true` + joinArticle
	loadOwners = `SELECT ` + itemColumns + `, n.key FROM unnest($1::text[]) k JOIN LATERAL (SELECT key, item FROM alias WHERE key = k LIMIT 1) n ON true
		JOIN LATERAL (SELECT * FROM item WHERE id = n.item LIMIT 1) i ON true` + joinArticle
	loadOrigins = `SELECT i.local, s.name, s.seq, s.sum FROM unnest($1::text[]) l JOIN LATERAL (SELECT id, local FROM item WHERE local = l LIMIT 1) i ON true
		JOIN LATERAL (SELECT name, seq, sum FROM source WHERE item = i.id OFFSET 0) s ON true`
)

// lists gives the ids of the lists whose classes are $1 and whose specs are $2, as an array, and formats those of the formats $1.
const (
	lists   = `(SELECT array_agg(l.id ORDER BY k.n) FROM unnest($1::text[], $2::text[]) WITH ORDINALITY k(class, spec, n) LEFT JOIN list l ON l.class = k.class AND l.spec = k.spec)`
	formats = `(SELECT array_agg(f.id ORDER BY k.n) FROM unnest($1::text[]) WITH ORDINALITY k(prefix, n) LEFT JOIN format f ON f.prefix = k.prefix)`
)

const (
	insertLists = `INSERT INTO list (class, spec) SELECT k.class, k.spec FROM unnest($1::text[], $2::text[]) k(class, spec)
		LEFT JOIN list l ON l.class = k.class AND l.spec = k.spec WHERE l.id IS NULL`
	insertFormats = `INSERT INTO format (prefix) SELECT k.prefix FROM unnest($1::text[]) k(prefix) LEFT JOIN format f ON f.prefix = k.prefix WHERE f.id IS NULL`
	upsertItems   = `INSERT INTO item (id, local, datestamp, deleted, sets, formats, gone, hash, due, revision)
		SELECT unnest($1::bigint[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::boolean[]), unnest($5::text[]), unnest($6::text[]), unnest($7::text[]),
			unnest($8::bytea[]), unnest($9::bigint[]), unnest($10::integer[])
		ON CONFLICT (id) DO UPDATE SET datestamp = excluded.datestamp, deleted = excluded.deleted, sets = excluded.sets, formats = excluded.formats, gone = excluded.gone,
			hash = excluded.hash, due = excluded.due, revision = excluded.revision`
	deleteEntries = `DELETE FROM entry WHERE ctid = ANY (ARRAY(SELECT (SELECT e.ctid FROM entry e WHERE e.list = o.list AND e.datestamp = o.datestamp AND e.local = o.local)
		FROM (SELECT ` + lists + `[unnest($3::integer[])] AS list, unnest($4::bigint[]) AS datestamp, unnest($5::text[]) AS local) o))`
	insertEntries = `INSERT INTO entry (list, datestamp, local, item)
		SELECT ` + lists + `[unnest($3::integer[])], unnest($4::bigint[]), unnest($5::text[]), unnest($6::bigint[])`
	upsertRecords = `INSERT INTO record (format, item, sets, hash, size, metadata)
		SELECT ` + formats + `[unnest($2::integer[])], unnest($3::bigint[]), unnest($4::text[]), unnest($5::bytea[]), unnest($6::integer[]), unnest($7::bytea[])
		ON CONFLICT (format, item) DO UPDATE SET sets = excluded.sets, hash = excluded.hash, size = excluded.size, metadata = excluded.metadata`
	deleteRecords = `DELETE FROM record WHERE ctid = ANY (ARRAY(SELECT (SELECT r.ctid FROM record r WHERE r.format = o.format AND r.item = o.item)
		FROM (SELECT ` + formats + `[unnest($2::integer[])] AS format, unnest($3::bigint[]) AS item) o))`
	upsertArticles = `INSERT INTO article (item, hash, json) SELECT unnest($1::bigint[]), unnest($2::bytea[]), unnest($3::bytea[])
		ON CONFLICT (item) DO UPDATE SET hash = excluded.hash, json = excluded.json`
	insertAliases = `INSERT INTO alias (key, item, name) SELECT unnest($1::text[]), unnest($2::bigint[]), unnest($3::text[])`
	deleteSources = `DELETE FROM source WHERE ctid = ANY (ARRAY(SELECT (SELECT s.ctid FROM source s WHERE s.item = o.item AND s.seq = o.seq)
		FROM (SELECT unnest($1::bigint[]) AS item, unnest($2::integer[]) AS seq) o))`
	insertSources = `INSERT INTO source (item, seq, name, type, sum, data)
		SELECT unnest($1::bigint[]), unnest($2::integer[]), unnest($3::text[]), unnest($4::text[]), unnest($5::bytea[]), unnest($6::bytea[])`
	upsertSets = `INSERT INTO setinfo AS s (spec, name, description)
		SELECT n.spec, n.name, n.description FROM unnest($1::text[], $2::text[], $3::text[]) n(spec, name, description) LEFT JOIN setinfo o ON o.spec = n.spec
		WHERE o.spec IS NULL OR n.name NOT IN ('', o.name) OR n.description NOT IN ('', o.description)
		ON CONFLICT (spec) DO UPDATE SET name = CASE excluded.name WHEN '' THEN s.name ELSE excluded.name END,
			description = CASE excluded.description WHEN '' THEN s.description ELSE excluded.description END`
	upsertTallies = `INSERT INTO tally AS t (list, level, bucket, n)
		SELECT ` + lists + `[unnest($3::integer[])], unnest($4::integer[]), unnest($5::bigint[]), unnest($6::bigint[])
		ON CONFLICT (list, level, bucket) DO UPDATE SET n = t.n + excluded.n`
	deleteTallies = `DELETE FROM tally WHERE ctid = ANY (ARRAY(SELECT (SELECT t.ctid FROM tally t WHERE t.list = o.list AND t.level = o.level AND t.bucket = o.bucket AND t.n = 0)
		FROM (SELECT ` + lists + `[unnest($3::integer[])] AS list, unnest($4::integer[]) AS level, unnest($5::bigint[]) AS bucket) o))`
	updateClock = `UPDATE clock SET hwm = greatest(hwm, $1), first = CASE first WHEN 0 THEN $1 ELSE first END, live = live + $2, deleted = deleted + $3 WHERE id = 1`
)

// listKey names a list: the items of one class that are in one set. See store.Class.
type listKey struct{ class, spec string }

func (k listKey) compare(l listKey) int {
	return cmp.Or(strings.Compare(k.class, l.class), strings.Compare(k.spec, l.spec))
}

// place is one entry of a list.
type place struct {
	listKey
	*item
}

type tally struct {
	listKey
	level  int
	bucket int64
}

// kept is one row of record, or one that goes, with no more than its key.
type kept struct {
	store.PackedRecord
	*target
}

// rows are what a fold comes to. All that lies together in a table is in that order, and so are the ids of new items.
type rows struct {
	items         []*target // dirty ones, by local
	all           []*target // touched ones, by local
	lists         []listKey
	gone, entries []place
	records, lost []kept
	tallies       []tally
	sums          map[tally]int64
	sets          []store.Set
	live, deleted int64
	size          int // bytes of records, articles and sources, about
}

// rows works out what to write. New items get the ids after last.
func (f *fold) rows(last int64) *rows {
	r := &rows{sums: map[tally]int64{}}
	for _, t := range f.targets {
		if t.exists {
			r.all = append(r.all, t)
		}
	}
	slices.SortFunc(r.all, func(a, b *target) int { return strings.Compare(a.local, b.local) })
	seen := map[listKey]bool{}
	count := func(p place, n int64) {
		seen[p.listKey] = true
		for level, shift := range store.TallyShifts {
			r.sums[tally{p.listKey, level, p.datestamp >> shift}] += n
		}
	}
	for _, t := range r.all {
		if !t.dirty {
			continue
		}
		if t.old == nil {
			last++
			t.id = last
		}
		r.items = append(r.items, t)
		if !t.stamped {
			continue
		}
		r.change(t.old, -1)
		r.change(&t.item, 1)
		if t.old != nil {
			for _, p := range t.old.places() {
				r.gone = append(r.gone, p)
				count(p, -1)
			}
		}
		for _, p := range t.places() {
			r.entries = append(r.entries, p)
			count(p, 1)
		}
		for _, p := range t.records {
			r.records = append(r.records, kept{p, t})
			r.size += len(p.Data)
		}
		if t.old != nil && !t.old.deleted {
			for _, prefix := range append(strings.Fields(t.old.formats), store.Bundle) { // what of these is rare has no row
				if !slices.ContainsFunc(t.records, func(p store.PackedRecord) bool { return p.Prefix == prefix }) {
					r.lost = append(r.lost, kept{store.PackedRecord{Prefix: prefix}, t})
				}
			}
		}
	}
	for k := range seen {
		r.lists = append(r.lists, k)
	}
	slices.SortFunc(r.lists, listKey.compare)
	byList := func(a, b place) int {
		return cmp.Or(a.compare(b.listKey), cmp.Compare(a.datestamp, b.datestamp), strings.Compare(a.local, b.local))
	}
	slices.SortFunc(r.gone, byList)
	slices.SortFunc(r.entries, byList)
	byFormat := func(a, b kept) int { return strings.Compare(a.Prefix, b.Prefix) }
	slices.SortStableFunc(r.records, byFormat)
	slices.SortStableFunc(r.lost, byFormat)
	for t, n := range r.sums {
		if n != 0 {
			r.tallies = append(r.tallies, t)
		}
	}
	slices.SortFunc(r.tallies, func(a, b tally) int {
		return cmp.Or(a.compare(b.listKey), cmp.Compare(a.level, b.level), cmp.Compare(a.bucket, b.bucket))
	})
	for _, s := range f.sets {
		r.sets = append(r.sets, s)
	}
	slices.SortFunc(r.sets, func(a, b store.Set) int { return strings.Compare(a.Spec, b.Spec) })
	return r
}

// places are the entries of an item; none where it never had a record.
func (it *item) places() (all []place) {
	class := store.Class(it.formats, it.gone, it.deleted)
	if class == "" {
		return nil
	}
	for _, spec := range store.Lists(it.sets) {
		all = append(all, place{listKey{class, spec}, it})
	}
	return all
}

// change counts an item that comes (n = 1) or goes (n = -1); nil is none.
func (r *rows) change(it *item, n int64) {
	switch {
	case it == nil:
	case it.deleted:
		r.deleted += n
	default:
		r.live += n
	}
}

// queue puts the statements that write r into b, without the clock.
func (r *rows) queue(b *pgx.Batch) {
	r.queueItems(b)
	if len(r.lists) > 0 {
		r.queueLists(b)
	}
	r.queueRecords(b)
	var id []int64
	var hashes, jsons [][]byte
	var keys []string
	var keyItems []int64
	var names []*string
	var oldItems, newItems []int64
	var oldSeqs, newSeqs []int32
	var sourceNames, types []string
	var sums, data [][]byte
	for _, t := range r.all {
		if t.article != nil {
			id, hashes, jsons = append(id, t.id), append(hashes, t.article.ArticleHash[:]), append(jsons, t.article.PackedJSON)
		}
		for _, name := range t.aliases {
			key := aliasKey(name)
			keys, keyItems = append(keys, key), append(keyItems, t.id)
			if key == name {
				names = append(names, nil)
			} else {
				names = append(names, &name)
			}
		}
		for _, seq := range t.dropped {
			oldItems, oldSeqs = append(oldItems, t.id), append(oldSeqs, int32(seq))
		}
		for _, s := range t.sources {
			if s.replaces != 0 {
				oldItems, oldSeqs = append(oldItems, t.id), append(oldSeqs, int32(s.replaces))
			}
			newItems, newSeqs = append(newItems, t.id), append(newSeqs, int32(s.seq))
			sourceNames, types = append(sourceNames, s.name), append(types, clean(s.Source.Type))
			sums, data = append(sums, s.SourceSum[:]), append(data, s.PackedInput)
		}
	}
	if len(id) > 0 {
		b.Queue(upsertArticles, id, hashes, jsons)
	}
	if len(keys) > 0 {
		b.Queue(insertAliases, keys, keyItems, names)
	}
	if len(oldItems) > 0 {
		b.Queue(deleteSources, oldItems, oldSeqs)
	}
	if len(newItems) > 0 {
		b.Queue(insertSources, newItems, newSeqs, sourceNames, types, sums, data)
	}
	if len(r.sets) > 0 {
		specs, names, descriptions := setColumns(r.sets)
		b.Queue(upsertSets, specs, names, descriptions)
	}
}

func setColumns(sets []store.Set) (specs, names, descriptions []string) {
	for _, s := range sets {
		specs, names, descriptions = append(specs, s.Spec), append(names, s.Name), append(descriptions, s.Description)
	}
	return specs, names, descriptions
}

func (r *rows) queueItems(b *pgx.Batch) {
	n := len(r.items)
	if n == 0 {
		return
	}
	id, datestamp, due, revision := make([]int64, n), make([]int64, n), make([]int64, n), make([]int32, n)
	local, sets, formats, gone := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	deleted, hash := make([]bool, n), make([][]byte, n)
	for i, t := range r.items {
		id[i], local[i], datestamp[i], deleted[i], due[i], revision[i] = t.id, t.local, t.datestamp, t.deleted, t.due, int32(t.revision)
		sets[i], formats[i], gone[i], hash[i] = t.sets, t.formats, t.gone, t.hash
	}
	b.Queue(upsertItems, id, local, datestamp, deleted, sets, formats, gone, hash, due, revision)
}

// queueRecords puts the statements that write records into b.
func (r *rows) queueRecords(b *pgx.Batch) {
	if n := len(r.lost); n > 0 {
		prefixes, format, item := byPrefix(r.lost)
		b.Queue(deleteRecords, prefixes, format, item)
	}
	if n := len(r.records); n > 0 {
		prefixes, format, item := byPrefix(r.records)
		sets, hash, size, metadata := make([]string, n), make([][]byte, n), make([]int32, n), make([][]byte, n)
		for i, k := range r.records {
			sets[i], hash[i], size[i], metadata[i] = k.sets, k.Hash[:], int32(k.Size), k.Data
		}
		b.Queue(insertFormats, prefixes)
		b.Queue(upsertRecords, prefixes, format, item, sets, hash, size, metadata)
	}
}

// byPrefix gives the formats of records, which are sorted by them, and of each its place among those, from 1, and the item.
func byPrefix(records []kept) (prefixes []string, format []int32, item []int64) {
	for _, k := range records {
		if len(prefixes) == 0 || prefixes[len(prefixes)-1] != k.Prefix {
			prefixes = append(prefixes, k.Prefix)
		}
		format, item = append(format, int32(len(prefixes))), append(item, k.id)
	}
	return prefixes, format, item
}

// queueLists puts the statements that write what refers to lists into b.
func (r *rows) queueLists(b *pgx.Batch) {
	classes, specs, at := make([]string, len(r.lists)), make([]string, len(r.lists)), make(map[listKey]int32, len(r.lists))
	for i, k := range r.lists {
		classes[i], specs[i], at[k] = k.class, k.spec, int32(i+1)
	}
	b.Queue(insertLists, classes, specs)
	if n := len(r.gone); n > 0 {
		list, datestamp, local := make([]int32, n), make([]int64, n), make([]string, n)
		for i, p := range r.gone {
			list[i], datestamp[i], local[i] = at[p.listKey], p.datestamp, p.local
		}
		b.Queue(deleteEntries, classes, specs, list, datestamp, local)
	}
	if n := len(r.entries); n > 0 {
		list, datestamp, local, item := make([]int32, n), make([]int64, n), make([]string, n), make([]int64, n)
		for i, p := range r.entries {
			list[i], datestamp[i], local[i], item[i] = at[p.listKey], p.datestamp, p.local, p.id
		}
		b.Queue(insertEntries, classes, specs, list, datestamp, local, item)
	}
	if n := len(r.tallies); n > 0 {
		list, level, bucket, sum := make([]int32, n), make([]int32, n), make([]int64, n), make([]int64, n)
		less := false
		for i, t := range r.tallies {
			list[i], level[i], bucket[i], sum[i] = at[t.listKey], int32(t.level), t.bucket, r.sums[t]
			less = less || sum[i] < 0
		}
		b.Queue(upsertTallies, classes, specs, list, level, bucket, sum)
		if less {
			b.Queue(deleteTallies, classes, specs, list, level, bucket)
		}
	}
}

// empty tells that there is nothing to write.
func (r *rows) empty() bool {
	if len(r.items) > 0 || len(r.sets) > 0 {
		return false
	}
	return !slices.ContainsFunc(r.all, func(t *target) bool {
		return t.article != nil || len(t.aliases) > 0 || len(t.sources) > 0 || len(t.dropped) > 0
	})
}
