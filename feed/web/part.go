package web

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"sheaf/store"
)

const (
	// partSize is how many entries a part may hold when an index names it. Even if all names and the site's address are as long as they may be,
	// so many make no more than the 50 MiB that a sitemap may have.
	partSize = 30000
	// horizon is the end of time, in seconds since 1970: a power of two, in the year 4147.
	horizon = 1 << 36
	// stretch is how many rows are read at a time.
	stretch = 1000
)

// Limits of a sitemap file, which ResourceSync keeps to.
//
// Source: sitemaps.org protocol, "Sitemap index files".
const (
	mostEntries = 50000
	mostBytes   = 50 << 20
)

// span is a part of a list: the entries of some seconds, whose number is a power of two; or of one second, those whose names are after one name and not after
// another. Any two spans are one in the other, or have nothing in common.
type span struct {
	first, last int64  // datestamps, both inclusive, in seconds since 1970
	after, upto string // of one second: locals; "": no bound
}

// whole is the span of all seconds.
var whole = span{first: 0, last: horizon - 1}

// halves cuts a span of more than one second.
func (v span) halves() (earlier, later span) {
	middle := v.first + (v.last-v.first+1)/2
	return span{first: v.first, last: middle - 1}, span{first: middle, last: v.last}
}

// name is the span in an address: FIRST-LAST, or FIRST-LAST.AFTER.UPTO.
func (v span) name() string {
	name := strconv.FormatInt(v.first, 10) + "-" + strconv.FormatInt(v.last, 10)
	if v.after == "" && v.upto == "" {
		return name
	}
	code := base64.RawURLEncoding
	return name + "." + code.EncodeToString([]byte(v.after)) + "." + code.EncodeToString([]byte(v.upto))
}

// parseSpan reads what name gave; it takes nothing else, so that there are not two addresses of the same thing.
func parseSpan(name string) (span, bool) {
	var v span
	var err error
	seconds, names, cut := strings.Cut(name, ".")
	first, last, _ := strings.Cut(seconds, "-")
	if v.first, err = strconv.ParseInt(first, 10, 64); err != nil {
		return v, false
	}
	if v.last, err = strconv.ParseInt(last, 10, 64); err != nil {
		return v, false
	}
	if cut {
		after, upto, _ := strings.Cut(names, ".")
		a, err := base64.RawURLEncoding.DecodeString(after)
		if err != nil {
			return v, false
		}
		u, err := base64.RawURLEncoding.DecodeString(upto)
		if err != nil {
			return v, false
		}
		v.after, v.upto = string(a), string(u)
	}
	size := v.last - v.first + 1
	ok := v.first >= 0 && v.last < horizon && size > 0 && size&(size-1) == 0 && v.first%size == 0 && (!cut || size == 1) &&
		len(v.after) <= store.MaxLocal && len(v.upto) <= store.MaxLocal
	return v, ok && v.name() == name
}

// list is the list of one format, whole or in one set, as parts of at most size entries.
type list struct {
	items  Items
	prefix string
	set    string
	size   int
	cuts   *cuts
}

func (l *list) query(first, last int64) store.Query {
	return store.Query{Prefix: l.prefix, Set: l.set, From: first, Until: last, Headers: true}
}

// count tells how many entries there are between two datestamps, inclusive, and the clock of the snapshot that says so.
func (l *list) count(ctx context.Context, first, last int64) (n int, clock int64, err error) {
	if last <= 0 || first > last { // store.Query cannot say it
		return 0, 0, nil
	}
	q := l.query(first, last)
	q.Limit, q.Count = 1, true
	page, err := l.items.List(ctx, q, func(*store.Row) error { return nil })
	return page.Total, page.Clock, err
}

// spans calls visit for each part that has entries between two datestamps, inclusive, in order.
func (l *list) spans(ctx context.Context, first, last int64, visit func(span) error) error {
	return l.split(ctx, whole, first, last, visit)
}

func (l *list) split(ctx context.Context, v span, first, last int64, visit func(span) error) error {
	if v.last < first || v.first > last {
		return nil
	}
	n, clock, err := l.count(ctx, v.first, v.last)
	switch {
	case err != nil || n == 0:
		return err
	case n <= l.size:
		return visit(v)
	case v.first == v.last:
		parts, err := l.within(ctx, v.first, clock)
		if err != nil {
			return err
		}
		for _, part := range parts {
			if err := visit(part); err != nil {
				return err
			}
		}
		return nil
	}
	earlier, later := v.halves()
	if err := l.split(ctx, earlier, first, last, visit); err != nil {
		return err
	}
	return l.split(ctx, later, first, last, visit)
}

// alive tells whether a part has an entry that is not deleted.
func (l *list) alive(ctx context.Context, v span) (alive bool, err error) {
	err = l.read(ctx, v, true, func(row *store.Row) error {
		if alive = !row.Deleted; alive {
			return errEnough
		}
		return nil
	}, func() error { return nil })
	return alive, err
}

// cuts remembers where seconds were cut, because it takes reading all their entries. Once a second is over it only loses entries, so the cuts stay good.
type cuts struct {
	mu   sync.Mutex
	made map[cut][]span
}

type cut struct {
	prefix, set string
	size        int
	second      int64
}

// within cuts one second by the names of its entries.
func (l *list) within(ctx context.Context, second, clock int64) ([]span, error) {
	key := cut{l.prefix, l.set, l.size, second}
	l.cuts.mu.Lock()
	parts := l.cuts.made[key]
	l.cuts.mu.Unlock()
	if parts != nil {
		return parts, nil
	}
	n, last, after := 0, "", ""
	q := l.query(second, second)
	q.Limit = stretch
	for more := true; more; {
		page, err := l.items.List(ctx, q, func(row *store.Row) error {
			if n > 0 && n%l.size == 0 {
				parts = append(parts, span{second, second, after, last})
				after = last
			}
			n++
			last = string(row.Local)
			return nil
		})
		if err != nil {
			return nil, err
		}
		more, q.After = page.More, page.Last
	}
	parts = append(parts, span{second, second, after, ""})
	if second < clock {
		l.cuts.mu.Lock()
		if l.cuts.made == nil || len(l.cuts.made) >= 64 {
			l.cuts.made = map[cut][]span{}
		}
		l.cuts.made[key] = parts
		l.cuts.mu.Unlock()
	}
	return parts, nil
}

// latest returns the highest datestamp between two, inclusive, or 0 if there are no entries.
func (l *list) latest(ctx context.Context, first, last int64) (int64, error) {
	n, clock, err := l.count(ctx, first, last)
	if err != nil || n == 0 {
		return 0, err
	}
	last = min(last, clock)
	low, high := first, last // there are entries from low on
	for low < high {
		middle := low + (high-low+1)/2
		n, _, err := l.count(ctx, middle, last)
		if err != nil {
			return 0, err
		}
		if n > 0 {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low, nil
}

// at returns the part that a second is in, and how many entries it has about; of a second that is cut, the last one.
func (l *list) at(ctx context.Context, second int64) (span, int, error) {
	v := whole
	for {
		n, clock, err := l.count(ctx, v.first, v.last)
		if err != nil || n <= l.size {
			return v, n, err
		}
		if v.first == v.last {
			parts, err := l.within(ctx, second, clock)
			if err != nil {
				return v, 0, err
			}
			return parts[len(parts)-1], max(1, n-l.size*(len(parts)-1)), nil
		}
		earlier, later := v.halves()
		if v = earlier; second >= later.first {
			v = later
		}
	}
}

// before returns the part before v that has entries, and how many about; n is 0 if there is none.
func (l *list) before(ctx context.Context, v span) (before span, n int, err error) {
	if v.after != "" {
		parts, err := l.within(ctx, v.first, v.first)
		if err != nil {
			return v, 0, err
		}
		for i := range parts {
			if parts[i].upto == v.after {
				return parts[i], l.size, nil
			}
		}
		return span{first: v.first, last: v.first, upto: v.after}, l.size, nil // cut elsewhere by another node: all that is before
	}
	second, err := l.latest(ctx, 0, v.first-1)
	if err != nil || second == 0 {
		return v, 0, err
	}
	return l.at(ctx, second)
}

// version returns what changes whenever the entries of v do; "" when that cannot be told, because the part is being written to. See the package on
// why the number of entries tells it for a time that is over; of a span that the clock is in it tells it together with the latest datestamp.
func (l *list) version(ctx context.Context, v span) (string, error) {
	n, clock, err := l.count(ctx, v.first, v.last)
	if err != nil || v.last < clock {
		return strconv.Itoa(n), err
	}
	now, _, err := l.count(ctx, clock, v.last)
	if err != nil || now > 0 {
		return "", err
	}
	latest, err := l.latest(ctx, v.first, clock-1)
	if err != nil {
		return "", err
	}
	again, _, err := l.count(ctx, v.first, v.last)
	if err != nil || again != n {
		return "", err
	}
	return fmt.Sprintf("%d-%d", n, latest), nil
}

var errEnough = errors.New("feed/web: enough")

// read calls visit for each entry of v until it says errEnough, and pause after each stretch, when no snapshot is held.
func (l *list) read(ctx context.Context, v span, headers bool, visit func(*store.Row) error, pause func() error) error {
	if v.last <= 0 {
		return nil
	}
	q := l.query(v.first, v.last)
	q.Headers, q.Limit = headers, stretch
	if v.after != "" {
		q.After = store.Key{Datestamp: v.first, Local: v.after}
	}
	for {
		page, err := l.items.List(ctx, q, func(row *store.Row) error {
			if v.upto != "" && string(row.Local) > v.upto {
				return errEnough
			}
			return visit(row)
		})
		enough := errors.Is(err, errEnough)
		if err != nil && !enough {
			return err
		}
		if err := pause(); err != nil {
			return err
		}
		if enough || !page.More {
			return nil
		}
		if page.Last == q.After {
			return fmt.Errorf("feed/web: the list stands still after %+v", page.Last)
		}
		q.After = page.Last
	}
}
