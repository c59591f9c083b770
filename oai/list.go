package oai

import (
	"bytes"
	"context"
	"fmt"

	"sheaf/crosswalk"
	"sheaf/store"
)

// list answers ListRecords and ListIdentifiers: at most PageSize entries, read in stretches. Between them
// no snapshot is held; that the whole is still one list follows from the upper bound, as with the responses of one list.
//
// Source: OAI-PMH 2.0 §3.5, §4.3, §4.5.
func (r *Repository) list(ctx context.Context, a *answer, q *request) error {
	t := &token{verb: q.verb, prefix: q.prefix, set: q.args[argSet], from: q.from, until: q.until}
	first := q.args[argToken] == ""
	if !first {
		var err error
		if t, err = r.resume(ctx, q); err != nil {
			return err
		}
		a.told.Prefix = t.prefix
	}
	nothing := errorf(NoRecordsMatch, "nothing matches")
	if !first {
		nothing = errorf(NoRecordsMatch, "all that was left of the list has changed since it began: harvest again from its first responseDate")
	}
	if first && q.args[argUntil] != "" && q.until <= 0 {
		return nothing // a bound that store.Query cannot say, before all datestamps
	}
	if first && t.set != "" && r.scope == "" { // a journal has a set, its own
		sets, err := r.Items.Sets(ctx, "", 1)
		if err != nil {
			return err
		}
		if len(sets) == 0 {
			return errorf(NoSetHierarchy, "this repository has no sets")
		}
	}

	headers := q.verb == "ListIdentifiers"
	size := &r.sizes[2*r.format(t.prefix)]
	if headers {
		size = &r.sizes[2*r.format(t.prefix)+1]
	}
	entry := &entries{r: r, a: a, prefix: t.prefix, headers: headers}
	visit := func(row *store.Row) error { return entry.append(ctx, row) }
	given, more := 0, true // entries passed, also those that could not be read
	// A response must have an entry.
	for more && (given < r.PageSize || entry.rows == 0) {
		query := store.Query{
			Prefix: t.prefix, Set: t.set, From: t.from, Until: t.until, After: t.after, Headers: headers,
			Limit: stretch(size.Load(), r.PageSize-given%r.PageSize), Count: first && given == 0,
		}
		entry.whole = given == 0 && query.Limit == r.PageSize
		before, rows := entry.bytes, entry.rows
		page, err := r.Items.List(ctx, query, visit)
		if err != nil {
			return err
		}
		if query.Count {
			t.total, t.until = page.Total, min(page.Until, page.Clock)
		}
		if page.Faults > 0 {
			r.faults.Add(int64(page.Faults))
			r.Log.ErrorContext(ctx, "oai: records left out: they cannot be read", "count", page.Faults, "prefix", t.prefix, "after", query.After, "upto", page.Last)
		}
		given += page.Rows + page.Faults
		t.after, more = page.Last, page.More
		if more && t.after == query.After {
			return fmt.Errorf("oai: the list stands still after %+v", t.after)
		}
		if n := entry.rows - rows; n > 0 {
			size.Store((entry.bytes - before) / int64(n))
		}
		if more && given < r.PageSize {
			if err := a.send(); err != nil {
				return err
			}
		}
	}
	if entry.rows == 0 {
		return nothing
	}
	a.told.Entries, a.told.First, a.told.Last = entry.rows, first, !more
	cursor := t.cursor
	t.cursor += given
	if more || !first {
		var err error
		if a.buf, err = r.appendToken(ctx, a.buf, t, cursor, more); err != nil {
			return err
		}
	}
	a.buf = append(append(append(a.buf, "</"...), q.verb...), ">\n"...)
	return nil
}

// stretchSize is about how many bytes of XML are read and sent at a time. Each reading costs a few calls to the system and each sending
// one, on both sides.
const stretchSize = 512 << 10

// stretch is how many rows to read at a time, of most that are wanted, when one makes size bytes: equal parts, none much larger than stretchSize.
func stretch(size int64, most int) int {
	if size <= 0 {
		return min(most, 8) // not known yet
	}
	rows := max(1, int(stretchSize/size))
	parts := (most + rows - 1) / rows
	return (most + parts - 1) / parts
}

// entries appends the rows of a list to an answer.
type entries struct {
	r       *Repository
	a       *answer
	prefix  string
	headers bool
	rows    int   // appended so far
	bytes   int64 // that they made
	whole   bool  // one stretch is all: it is sent at once, which costs least on both sides
}

// append appends a row as a record or a header element, with the start tag of the list before the first.
func (e *entries) append(ctx context.Context, row *store.Row) error {
	if !e.headers && !e.r.sound(row) {
		e.r.faults.Add(1)
		e.r.Log.ErrorContext(ctx, "oai: record left out: it holds no element", "local", string(row.Local), "prefix", e.prefix)
		return nil
	}
	b := e.a.buf
	if e.headers {
		if e.rows == 0 {
			b = append(b, "<ListIdentifiers>\n"...)
		}
		b = append(e.r.appendHeader(b, row), '\n')
	} else {
		if e.rows == 0 {
			b = append(b, "<ListRecords>\n"...)
		}
		b = e.r.appendRecord(b, row)
	}
	e.bytes += int64(len(b) - len(e.a.buf))
	e.a.buf = b
	e.rows++
	if e.whole && len(b) < 2*stretchSize {
		return nil
	}
	return e.a.offer()
}

// sound tells whether a row can make a valid record: a live one must have an element.
func (r *Repository) sound(row *store.Row) bool {
	return row.Deleted || len(row.Metadata) > 0 && row.Metadata[0] == '<'
}

// appendHeader appends a header element.
//
// Source: OAI-PMH 2.0 §2.5, §2.5.1.
func (r *Repository) appendHeader(dst []byte, row *store.Row) []byte {
	if row.Deleted {
		dst = append(dst, `<header status="deleted"><identifier>`...)
	} else {
		dst = append(dst, `<header><identifier>`...)
	}
	dst = r.appendIdentifier(dst, row.Local)
	dst = append(dst, `</identifier><datestamp>`...)
	dst = appendDatestamp(dst, row.Datestamp)
	dst = append(dst, `</datestamp>`...)
	for sets := row.Sets; len(sets) > 0; {
		set := sets
		if i := bytes.IndexByte(sets, ' '); i >= 0 {
			set, sets = sets[:i], sets[i+1:]
		} else {
			sets = nil
		}
		dst = append(append(append(dst, `<setSpec>`...), set...), `</setSpec>`...) // a setSpec has nothing to escape
	}
	return append(dst, `</header>`...)
}

// appendRecord appends a record element; a deleted one is its header alone.
//
// Source: OAI-PMH 2.0 §2.5.
func (r *Repository) appendRecord(dst []byte, row *store.Row) []byte {
	dst = append(dst, "<record>"...)
	dst = r.appendHeader(dst, row)
	if !row.Deleted {
		metadata, about := row.Metadata, []byte(nil)
		if i := bytes.IndexByte(metadata, crosswalk.AboutMark[0]); i >= 0 {
			metadata, about = metadata[:i], metadata[i+1:]
		}
		dst = append(dst, "<metadata>"...)
		dst = r.appendStored(dst, metadata)
		dst = append(dst, "</metadata>"...)
		dst = r.appendStored(dst, about)
	}
	return append(dst, "</record>\n"...)
}

// appendStored appends rendered bytes with the address of the site in its places.
func (r *Repository) appendStored(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, crosswalk.BaseURL[0])
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(append(dst, b[:i]...), r.site...)
		b = b[i+1:]
	}
}
