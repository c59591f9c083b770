package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sheaf/store"
	"sheaf/store/postgres/pgtest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func openTest(t *testing.T, address string, o Options) *DB {
	db, err := Open(address, o)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// change has a record of size bytes that cannot be packed.
func change(local string, size int) store.Change {
	metadata := make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(metadata)
	return store.Change{Local: local, Article: []byte("{}"), Sets: []store.Set{{Spec: "j"}},
		Records: []store.Record{{Prefix: "jats", Metadata: metadata}}}
}

func put(t *testing.T, db *DB, changes ...store.Change) []store.Outcome {
	t.Helper()
	out, err := db.Put(t.Context(), changes)
	require.NoError(t, err)
	return out
}

func nothing(*store.Row) error { return nil }

// sound fails the test if Check finds something.
func sound(t *testing.T, db *DB) {
	t.Helper()
	require.NoError(t, db.Check(t.Context(), func(p store.Problem) { t.Errorf("%+v", p) }))
}

func locals(t *testing.T, s interface {
	List(context.Context, store.Query, func(*store.Row) error) (store.Page, error)
}, q store.Query) (names []string) {
	t.Helper()
	q.Prefix, q.Limit = "jats", 10000
	_, err := s.List(t.Context(), q, func(r *store.Row) error { names = append(names, string(r.Local)); return nil })
	require.NoError(t, err)
	return names
}

func TestOpenRefuses(t *testing.T) {
	c := pgtest.Shared(t)
	other, half := c.Database(t), c.Database(t)
	c.Exec(t, nameOf(other), `CREATE TABLE item (a text); INSERT INTO item VALUES ('mine')`)
	c.Exec(t, nameOf(half), `CREATE TABLE meta (key text, value bytea)`)
	newer := c.Database(t)
	openTest(t, newer, Options{})
	c.Exec(t, nameOf(newer), `UPDATE meta SET value = '99' WHERE key = 'version'`)
	c.Exec(t, "postgres", `CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0`)
	c.Exec(t, "postgres", `CREATE ROLE guest LOGIN PASSWORD 'hush-hush'`)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := l.Addr().String()
	require.NoError(t, l.Close())
	for _, c := range []struct {
		address, want string
		kind          error
	}{
		{other, `tables called item that are not Sheaf's`, nil},
		{half, `tables called meta that are not Sheaf's`, nil},
		{newer, "run a newer Sheaf", store.ErrNewer},
		{c.URL("latin"), `encoded in "LATIN1"`, nil},
		{c.URL("nowhere"), "look at user, password and database", nil},
		{strings.Replace(c.Database(t), "postgres@", "guest:hush-hush@", 1), "must own the tables", store.ErrReadOnly},
		{c.Database(t) + "?default_transaction_read_only=on", "name the primary", store.ErrReadOnly},
		{c.Database(t) + "?search_path=none", "the search_path names no schema", nil},
		{"postgres://u:hush-hush@" + nobody + "/x", nobody, store.ErrBusy},
		{"postgres://u:hush-hush@host:port/x", "expected postgres://", nil},
		{"postgres://u:hush-hush@host/x?sslmode=maybe", "expected postgres://", nil},
		{"postgres://u:hush-hush@ho st/x", "expected postgres://", nil},
		{"host=h password=hush-hush port=none", "expected postgres://", nil},
	} {
		_, err := Open(c.address, Options{})
		require.ErrorContains(t, err, c.want, c.address)
		assert.True(t, c.kind == nil || errors.Is(err, c.kind), "%v", err)
		assert.NotContains(t, err.Error(), "hush-hush")
	}
	conn, err := pgx.Connect(t.Context(), other)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`).Scan(&n))
	assert.Equal(t, 1, n, "it is left as it was")
}

// A schema of its own keeps two stores in one database apart.
func TestSearchPath(t *testing.T) {
	address := pgtest.Shared(t).Database(t)
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `CREATE SCHEMA one`)
	require.NoError(t, err)
	a, b := openTest(t, address, Options{}), openTest(t, address+"?search_path=one", Options{})
	put(t, a, change("a", 10))
	put(t, b, change("b", 10))
	assert.Equal(t, []string{"a"}, locals(t, a, store.Query{}))
	assert.Equal(t, []string{"b"}, locals(t, b, store.Query{}))
	require.NoError(t, b.Rebuild(t.Context()))
	sound(t, b)
}

func TestOpenAtOnce(t *testing.T) {
	address := pgtest.Shared(t).Database(t)
	var wg sync.WaitGroup
	secrets := make([][]byte, 10)
	for i := range secrets {
		wg.Go(func() {
			db, err := Open(address, Options{})
			if !assert.NoError(t, err) {
				return
			}
			defer db.Close()
			secrets[i], err = db.Secret(t.Context())
			assert.NoError(t, err)
			_, err = db.Put(t.Context(), []store.Change{change(fmt.Sprint(i), 10)})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	for _, s := range secrets {
		assert.Equal(t, secrets[0], s, "it was made once")
	}
	db := openTest(t, address, Options{})
	assert.Len(t, locals(t, db, store.Query{}), 10)
	sound(t, db)
}

// In the plan of a list verb, all that is not a look into an index by its whole condition: the arms are merged, and the classes of one set are looked through.
const (
	merged  = "Merge Append\nSort Key: e.datestamp, e.local COLLATE \"C\"\n"
	classes = "\nFilter: ($N = ANY (string_to_array(ltrim(replace((' '::text || class), ' -'::text, ' '::text)), ' '::text)))\n"
)

// Whatever the tables hold and whatever the server knows of them, a list verb is one range of the entries' key, bounded on both sides, and
// one look into an index for each record; and no statement reads a table through, or sorts.
func TestPlans(t *testing.T) {
	db := openTest(t, pgtest.Shared(t).Database(t), Options{})
	conn := db.conn(t)
	_, err := conn.PgConn().Exec(t.Context(), plans).ReadAll()
	require.NoError(t, err)
	statements := map[string]string{
		"theArms": theArms, "getRecord": getRecord, "getItem": getItem, "getSets": getSets, "getState": getState, "loadLast": loadLast, "loadItems": loadItems, "loadOwners": loadOwners, "loadOrigins": loadOrigins,
		"insertLists": insertLists, "insertFormats": insertFormats, "deleteRecords": deleteRecords, "upsertItems": upsertItems, "deleteEntries": deleteEntries, "insertEntries": insertEntries, "upsertRecords": upsertRecords,
		"upsertArticles": upsertArticles, "insertAliases": insertAliases, "deleteSources": deleteSources, "insertSources": insertSources, "upsertSets": upsertSets,
		"upsertTallies": upsertTallies, "deleteTallies": deleteTallies, "updateClock": updateClock, "lock": lock, "moveClock": moveClock, "getOwners": getOwners, "getSources": getSources, "getHolder": getHolder,
		"getDue": getDue, "getRevised": getRevised,
	}
	numbers := regexp.MustCompile(`\$\d+`)
	aliases := regexp.MustCompile(`\be_\d+\b`)
	arm := regexp.MustCompile(`Index Only Scan using entry_pkey on entry e\nIndex Cond: ` +
		`\(\(list = \(\$N\)\[\d+\]\) AND \(ROW\(datestamp, local\) > ROW\(\$N, \$N\)\) AND \(datestamp <= LEAST\(\$N, clock\.hwm\)\)\)`)
	record := "record_pkey on record\nIndex Cond: ((format = COALESCE(($N), $N)) AND (item = e.item))"
	header := "item_pkey on item\nIndex Cond: (id = e.item)"
	beside := map[string]string{}
	for arms := 1; arms <= 16; arms *= 4 {
		for kind, want := range map[listKind]string{listRecords: record, countRecords: record, listHeaders: header, countHeaders: header, listEntries: ""} {
			name := fmt.Sprint("list", kind, "x", arms)
			statements[name], beside[name] = listStatement(kind, arms), want
		}
	}
	for name, statement := range statements {
		_, err := conn.Prepare(t.Context(), name, statement)
		require.NoError(t, err, name)
	}
	look := func(when string) {
		_, err := conn.Exec(t.Context(), `DISCARD PLANS`)
		require.NoError(t, err)
		for name, statement := range statements {
			var nulls []string
			seen := map[string]bool{}
			for _, p := range numbers.FindAllString(statement, -1) {
				if !seen[p] {
					nulls = append(nulls, "NULL")
				}
				seen[p] = true
			}
			query := `EXPLAIN (COSTS OFF) EXECUTE "` + name + `"`
			if len(nulls) > 0 {
				query += `(` + strings.Join(nulls, ", ") + `)`
			}
			results, err := conn.PgConn().Exec(t.Context(), query).ReadAll()
			require.NoError(t, err, name)
			var plan []string
			for _, row := range results[0].Rows {
				plan = append(plan, strings.TrimSpace(string(row[0])))
			}
			text := strings.Join(plan, "\n")
			text = aliases.ReplaceAllString(numbers.ReplaceAllString(text, "$$N"), "e")
			if want, isList := beside[name]; isList {
				arms, err := strconv.Atoi(name[strings.IndexByte(name, 'x')+1:])
				require.NoError(t, err)
				assert.Contains(t, text, want, "%s: %s", when, name)
				assert.Len(t, arm.FindAllString(text, -1), arms, "%s: %s: %s", when, name, text)
				assert.Equal(t, arms > 1, strings.Contains(text, merged), "%s: %s: %s", when, name, text)
				text = strings.Replace(strings.Replace(text, merged, "", 1), classes, "\n", 1)
				assert.NotContains(t, text, "\nFilter: ", "%s: %s", when, name)
			}
			assert.NotRegexp(t, `(Seq Scan|Bitmap|Hash|Merge|Sort|Materialize|Gather|JIT|Join Filter|\n(-> +)?Index (Only )?Scan.*\n[^I])`, text+"\n", "%s: %s", when, name)
		}
	}
	look("empty")
	analyze := func() {
		_, err := conn.Exec(t.Context(), `ANALYZE`)
		require.NoError(t, err)
	}
	analyze()
	look("empty, analyzed")
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 6 {
		put(t, db, batch(r, i*200, 200, 300)...)
	}
	look("filled")
	analyze()
	look("filled, analyzed")
}

// A node lists what another one has written in classes that it has not seen yet, also in the middle of a list; and however many there are.
func TestArms(t *testing.T) {
	address := pgtest.Shared(t).Database(t)
	writer, reader := openTest(t, address, Options{}), openTest(t, address, Options{})
	formats := []string{"a", "b", "c", "d", "e"}
	var want []string
	for i := range 1 << len(formats) {
		c := change(fmt.Sprintf("%02d", i), 10)
		for bit, f := range formats {
			if i>>bit&1 == 1 {
				c.Records = append(c.Records, store.Record{Prefix: f, Metadata: []byte(f), Rare: bit > 2})
			}
		}
		put(t, writer, c)
		want = append(want, c.Local)
		for _, set := range []string{"", "j"} {
			var got []string
			page, err := reader.list(t.Context(), store.Query{Prefix: "jats", Set: set, Limit: 50, Count: i%2 == 0, Headers: i%3 == 0}, func(r *store.Row) error {
				got = append(got, string(r.Local))
				return nil
			})
			require.NoError(t, err)
			require.ElementsMatch(t, want, got)
			require.True(t, i%2 == 1 || page.Total == len(want))
		}
	}
	for bit, f := range formats {
		page, err := reader.list(t.Context(), store.Query{Prefix: f, Limit: 50, Count: true}, func(r *store.Row) error {
			assert.Equal(t, f, string(r.Metadata))
			assert.Equal(t, "j", string(r.Sets))
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, 16, page.Rows, bit)
		assert.Equal(t, 16, page.Total, bit)
	}
	q := store.Query{Prefix: "jats", Limit: 3}
	page, err := reader.list(t.Context(), q, nothing)
	require.NoError(t, err)
	put(t, writer, store.Change{Local: want[0], Delete: true})
	c := change("new", 10)
	c.Records = append(c.Records, store.Record{Prefix: "f", Metadata: []byte("f")})
	put(t, writer, c)
	q.Until, q.After, q.Limit = page.Until, page.Last, 100
	got := map[string]int{}
	page, err = reader.list(t.Context(), q, func(r *store.Row) error { got[string(r.Local)]++; return nil })
	require.NoError(t, err)
	assert.Equal(t, page.Rows, len(got), "each once")
	for _, local := range want[3:] {
		assert.Equal(t, 1, got[local])
	}
	page, err = reader.list(t.Context(), store.Query{Prefix: "jats", Limit: 50, Count: true}, func(r *store.Row) error {
		assert.Equal(t, string(r.Local) == want[0], r.Deleted)
		assert.Equal(t, "j", string(r.Sets))
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, 33, page.Total)
	assert.Equal(t, 33, page.Rows)
	sound(t, writer)
}

// What stands where it should not is found and goes.
func TestMisplaced(t *testing.T) {
	db := openTest(t, pgtest.Shared(t).Database(t), Options{})
	rare := change("rare", 10)
	rare.Records = append(rare.Records, store.Record{Prefix: "mods", Metadata: []byte("<mods/>"), Rare: true})
	both := change("both", 10)
	both.Records = append(both.Records, store.Record{Prefix: "oai_dc", Metadata: []byte("<dc/>")})
	put(t, db, change("plain", 10), rare, both, change("gone", 10))
	put(t, db, store.Change{Local: "gone", Delete: true})
	const copied = `INSERT INTO record (item, format, size, sets, hash, metadata) SELECT i.id, r.format, r.size, r.sets, r.hash, r.metadata
		FROM item i, record r JOIN format f ON f.id = r.format `
	for _, damage := range []string{
		`INSERT INTO entry (datestamp, item, list, local) SELECT i.datestamp, i.id, l.id, i.local FROM item i, list l WHERE i.local = 'plain' AND l.class = 'jats oai_dc' AND l.spec = ''`,
		copied + `WHERE i.local = 'plain' AND f.prefix = 'oai_dc'`,
		copied + `WHERE i.local = 'plain' AND f.prefix = ''`,
		copied + `WHERE i.local = 'gone' AND r.item = (SELECT id FROM item WHERE local = 'plain') AND f.prefix = 'jats'`,
		`UPDATE record SET sets = '' WHERE item = (SELECT id FROM item WHERE local = 'rare') AND format = (SELECT id FROM format WHERE prefix = '')`,
		`UPDATE entry SET list = (SELECT id FROM list WHERE class = 'jats oai_dc' AND spec = 'j') WHERE local = 'rare' AND list = (SELECT id FROM list WHERE class = 'jats mods' AND spec = 'j')`,
	} {
		sound(t, db)
		db.run(t, damage)
		found := 0
		require.NoError(t, db.Check(t.Context(), func(store.Problem) { found++ }))
		assert.NotZero(t, found, damage)
		require.NoError(t, db.Rebuild(t.Context()))
	}
	sound(t, db)
	for prefix, want := range map[string][]string{"jats": {"both", "gone", "plain", "rare"}, "mods": {"rare"}, "oai_dc": {"both"}} {
		var got []string
		page, err := db.list(t.Context(), store.Query{Prefix: prefix, Limit: 10}, func(r *store.Row) error { got = append(got, string(r.Local)); return nil })
		require.NoError(t, err)
		assert.ElementsMatch(t, want, got)
		assert.Zero(t, page.Faults)
	}
}

// A node that stands still with the lock held keeps nobody from reading, and is cut off so that others write on. When it goes on, its
// transaction is done again and dated anew.
func TestHang(t *testing.T) {
	address := pgtest.Shared(t).Database(t)
	held, release := make(chan struct{}), make(chan struct{})
	var times atomic.Int32
	a := openTest(t, address, Options{idle: 2 * time.Second, Hold: func() {
		if times.Add(1) == 1 {
			close(held)
			<-release
		}
	}})
	b, impatient := openTest(t, address, Options{}), openTest(t, address, Options{LockWait: 100 * time.Millisecond})
	put(t, b, change("0", 10))
	type result struct {
		out []store.Outcome
		err error
	}
	done := make(chan result)
	go func() {
		out, err := a.Put(t.Context(), []store.Change{change("a", 10)})
		done <- result{out, err}
	}()
	<-held
	before := b.clock.Load()
	_, err := impatient.Put(t.Context(), []store.Change{change("c", 10)})
	assert.ErrorIs(t, err, store.ErrBusy)
	h, err := b.Tick(t.Context())
	require.NoError(t, err)
	assert.Equal(t, before, h, "no more than what is committed")
	assert.Equal(t, []string{"0"}, locals(t, b, store.Query{}))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = b.Put(ctx, []store.Change{change("c", 10)})
	assert.ErrorIs(t, err, context.DeadlineExceeded)

	out := put(t, b, change("b", 10))
	close(release)
	r := <-done
	require.NoError(t, r.err)
	assert.GreaterOrEqual(t, r.out[0].Datestamp, out[0].Datestamp)
	assert.EqualValues(t, 2, times.Load())
	assert.ElementsMatch(t, []string{"0", "a", "b"}, locals(t, b, store.Query{}))
	sound(t, b)
}

// So is a process that was frozen in the middle of sending, which the server waits for without end.
func TestFrozen(t *testing.T) {
	address := pgtest.Shared(t).Database(t)
	db := openTest(t, address, Options{idle: time.Second})
	put(t, db, change("1", 10))
	frozen := db.conn(t).PgConn()
	pipeline := frozen.StartPipeline(t.Context())
	pipeline.SendQueryParams(`BEGIN`, nil, nil, nil, nil)
	pipeline.SendQueryParams(lock, nil, nil, nil, nil)
	pipeline.SendFlushRequest()
	require.NoError(t, pipeline.Flush())
	for range 2 {
		_, err := pipeline.GetResults()
		require.NoError(t, err)
	}
	put(t, db, change("2", 10))
	sound(t, db)
}

// A broken index is made anew.
func TestDamagedIndex(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{})
	address := c.Database(t)
	db := openTest(t, address, Options{})
	for i := range 10 {
		put(t, db, change(fmt.Sprint(i), 10))
	}
	require.NoError(t, db.Close())
	c.Damage(t, nameOf(address), "entry_pkey", 1)
	db = openTest(t, address, Options{})
	_, err := db.List(t.Context(), store.Query{Prefix: "jats", Limit: 10}, nothing)
	require.ErrorIs(t, err, store.ErrCorrupt)
	var found []store.Problem
	require.NoError(t, db.Check(t.Context(), func(p store.Problem) { found = append(found, p) }))
	assert.NotEmpty(t, found)
	require.NoError(t, db.Rebuild(t.Context()))
	assert.Len(t, locals(t, db, store.Query{}), 10)
	sound(t, db)
}

// Puts that wait share a transaction; what is wrong with one of them is told to it alone, and who has gone away is left out.
func TestShare(t *testing.T) {
	address := pgtest.Shared(t).Database(t)
	first, release := make(chan struct{}), make(chan struct{})
	var transactions atomic.Int32
	db := openTest(t, address, Options{Hold: func() {
		if transactions.Add(1) == 1 {
			close(first)
			<-release
		}
	}})
	var wg sync.WaitGroup
	results := make([]error, 12)
	go1 := func(i int, ctx context.Context, c store.Change) {
		wg.Go(func() { _, results[i] = db.Put(ctx, []store.Change{c}) })
	}
	waiting := func(n int) {
		require.Eventually(t, func() bool { db.mu.Lock(); defer db.mu.Unlock(); return len(db.waiting) == n }, 10*time.Second, time.Millisecond)
	}
	go1(0, t.Context(), change("0", 10))
	<-first
	ctx, cancel := context.WithCancel(t.Context())
	for i := 1; i < 11; i++ {
		c := change(fmt.Sprint(i), 10)
		switch i {
		case 5: // more than an index can hold
			for range 4000 {
				c.Sets[0].Spec += string(rune('a' + rand.IntN(26)))
			}
			go1(i, t.Context(), c)
		case 6:
			go1(i, ctx, c)
		default:
			go1(i, t.Context(), c)
		}
	}
	waiting(10)
	cancel()
	waiting(9)
	close(release)
	wg.Wait()
	for i, err := range results {
		switch i {
		case 5:
			assert.Error(t, err)
		case 6:
			assert.ErrorIs(t, err, context.Canceled)
		default:
			assert.NoError(t, err)
		}
	}
	got := locals(t, db, store.Query{})
	assert.NotContains(t, got, "5")
	assert.NotContains(t, got, "6")
	assert.Len(t, got, 9)
	before := transactions.Load()
	release, first = nil, nil
	hold := make(chan struct{})
	db.hold = func() { transactions.Add(1); <-hold }
	go1(0, t.Context(), change("a", 10))
	require.Eventually(t, func() bool { return transactions.Load() == before+1 }, 10*time.Second, time.Millisecond)
	for i := 1; i < 11; i++ {
		go1(i, t.Context(), change(fmt.Sprint("b", i), 10))
	}
	waiting(10)
	close(hold)
	wg.Wait()
	assert.Equal(t, before+2, transactions.Load(), "ten calls, one transaction")
	sound(t, db)
}

func TestClockJump(t *testing.T) {
	db := openTest(t, pgtest.Shared(t).Database(t), Options{})
	var shift atomic.Int64 // how much less time has passed here than on the server
	db.uptime = func() time.Duration { return store.Uptime() - time.Duration(shift.Load()) }
	put(t, db, change("1", 10))
	shift.Add(int64(store.MaxJump - 10*time.Second))
	put(t, db, change("2", 10))
	shift.Add(int64(store.MaxJump + time.Second))
	_, err := db.Put(t.Context(), []store.Change{change("3", 10)})
	assert.ErrorIs(t, err, store.ErrClock)
	good := db.clock.Load()
	db.ticked = time.Time{}
	time.Sleep(time.Until(store.Time(good + 1))) // so that there is something to tick
	h, err := db.Tick(t.Context())
	require.NoError(t, err)
	assert.Equal(t, good, h, "nor does a tick follow it")
	shift.Add(-int64(store.MaxJump + time.Second))
	put(t, db, change("3", 10))
	shift.Add(-int64(time.Hour))
	put(t, db, change("4", 10))
	sound(t, db)
}

// Connections that break, whatever they were doing, are replaced.
func TestBrokenConnections(t *testing.T) {
	address := pgtest.Shared(t).Database(t)
	db := openTest(t, address, Options{})
	for i := range 300 {
		put(t, db, change(fmt.Sprintf("%03d", i), 10))
	}
	cut := func() {
		_, err := db.conn(t).Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		require.NoError(t, err)
	}
	for i := range 5 {
		cut()
		put(t, db, change(fmt.Sprint("x", i), 10))
		cut()
		assert.Len(t, locals(t, db, store.Query{}), 301+i)
		_, err := db.Tick(t.Context())
		require.NoError(t, err)
	}
	n, once := 0, false
	page, err := db.List(t.Context(), store.Query{Prefix: "jats", Limit: 200}, func(*store.Row) error {
		if n++; n == 50 && !once {
			once = true
			cut()
		}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, 200, n, "each once")
	assert.Equal(t, 200, page.Rows)
	assert.True(t, page.More)
	sound(t, db)
}

// A damaged page of the database costs its own records only, rare or not.
func TestDamagedPage(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{})
	for _, rare := range []bool{false, true} {
		t.Run(fmt.Sprint("rare ", rare), func(t *testing.T) { testDamagedPage(t, c, rare) })
	}
}

func testDamagedPage(t *testing.T, c *pgtest.Cluster, rare bool) {
	address := c.Database(t)
	db := openTest(t, address, Options{})
	for i := range 10 {
		c := change(fmt.Sprint(i), 5000) // one a page
		c.Records[0].Rare = rare
		put(t, db, c)
	}
	require.NoError(t, db.Close())
	for _, page := range []int{0, 4, 5} {
		c.Damage(t, nameOf(address), "record", page)
	}
	db = openTest(t, address, Options{})
	for limit := 1; limit < 12; limit++ {
		var got []string
		faults := 0
		q := store.Query{Prefix: "jats", Limit: limit}
		for more := true; more; {
			page, err := db.List(t.Context(), q, func(r *store.Row) error {
				assert.Len(t, r.Metadata, 5000)
				got = append(got, string(r.Local))
				return nil
			})
			require.NoError(t, err)
			faults += page.Faults
			more, q.After, q.Until = page.More, page.Last, page.Until
		}
		assert.Equal(t, []string{"1", "2", "3", "6", "7", "8", "9"}, got, "limit %d", limit)
		assert.Equal(t, 3, faults, "limit %d", limit)
	}
	_, err := db.Record(t.Context(), "4", "jats", nothing)
	assert.ErrorIs(t, err, store.ErrCorrupt)
	found := map[string]bool{}
	require.NoError(t, db.Check(t.Context(), func(p store.Problem) { found[p.Local] = true }))
	assert.True(t, found["0"] && found["4"] && found["5"], "%v", found)
	assert.False(t, found["1"])
	var kept []string
	lost := map[string]bool{}
	require.NoError(t, db.Dump(t.Context(), func(store.State) error { return nil }, func(k *store.Kept) error {
		kept = append(kept, k.Local)
		if len(k.Records) == 0 {
			lost[k.Local] = true
		}
		return nil
	}, func(p store.Problem) { assert.True(t, p.Local == "0" || p.Local == "4" || p.Local == "5", "%+v", p) }))
	assert.Len(t, kept, 10)
	assert.Equal(t, map[string]bool{"0": true, "4": true, "5": true}, lost)
}

// The server is killed between stamp and commit: nothing acknowledged is lost, and nothing else is there.
func TestCrash(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{Durable: true})
	address := c.Database(t)
	var kill atomic.Bool
	db := openTest(t, address, Options{LockWait: 500 * time.Millisecond, Hold: func() {
		if kill.Swap(false) {
			c.Kill(t)
		}
	}})
	var want []string
	for i := range 3 {
		name := fmt.Sprint("good", i)
		put(t, db, change(name, 10))
		want = append(want, name)
		kill.Store(true)
		_, err := db.Put(t.Context(), []store.Change{change(fmt.Sprint("bad", i), 10)})
		require.ErrorIs(t, err, store.ErrBusy)
		assert.ErrorContains(t, err, c.Host())
		_, err = db.Put(t.Context(), []store.Change{change("away", 10)})
		require.ErrorIs(t, err, store.ErrBusy)
		_, err = db.List(t.Context(), store.Query{Prefix: "jats", Limit: 1}, nothing)
		require.ErrorIs(t, err, store.ErrBusy)
		_, err = db.Tick(t.Context())
		require.NoError(t, err, "an older clock is good")
		c.Restart(t)
		assert.Equal(t, want, locals(t, db, store.Query{}), "by itself")
	}
	sound(t, db)
}

// What PostgreSQL cannot hold is made so that it can.
func TestText(t *testing.T) {
	db := openTest(t, pgtest.Shared(t).Database(t), Options{})
	c := change("1", 10)
	long := "doi:10.5555/" + strings.Repeat("ж", 3000)
	c.Aliases = []string{long, long + "2"}
	c.Sets = []store.Set{{Spec: "j", Name: "A\x00B\xff", Description: "\xc3"}}
	c.Source = &store.Source{Name: "a\x00\xffb" + strings.Repeat("x", 5000), Type: "\x00", Data: []byte("1")}
	put(t, db, c)
	c.Source.Data = []byte("2")
	put(t, db, c)
	sources, err := db.Source(t.Context(), "1")
	require.NoError(t, err)
	require.Len(t, sources, 1, "of the same name")
	assert.Equal(t, "2", string(sources[0].Data))
	sets, err := db.Sets(t.Context(), "", 9)
	require.NoError(t, err)
	assert.Equal(t, []store.Set{{Spec: "j", Name: "A\uFFFDB\uFFFD", Description: "\uFFFD"}}, sets)
	for _, alias := range c.Aliases {
		locals, err := db.Resolve(t.Context(), []string{alias})
		require.NoError(t, err)
		assert.Equal(t, []string{"1"}, locals)
	}
	locals, err := db.Resolve(t.Context(), []string{long + "3", "\x00", "\xff"})
	require.NoError(t, err)
	assert.Equal(t, []string{"", "", ""}, locals)
	d := change("2", 10)
	d.Aliases = []string{long + "2"}
	assert.Equal(t, store.Conflict, put(t, db, d)[0].Status)
	for _, odd := range []string{"\x00", "\xff"} {
		_, err = db.Get(t.Context(), odd)
		assert.ErrorIs(t, err, store.ErrNotFound)
		_, err = db.Record(t.Context(), odd, "jats", nothing)
		assert.ErrorIs(t, err, store.ErrNotFound)
		_, err = db.Token(t.Context(), odd)
		assert.ErrorIs(t, err, store.ErrNotFound)
		page, err := db.List(t.Context(), store.Query{Prefix: odd, Set: odd, After: store.Key{Datestamp: 1, Local: odd}, Limit: 1}, nothing)
		require.NoError(t, err)
		assert.Zero(t, page.Rows)
	}
	var aliases []string
	require.NoError(t, db.Dump(t.Context(), func(store.State) error { return nil }, func(k *store.Kept) error { aliases = k.Aliases; return nil }, func(p store.Problem) { t.Error(p) }))
	assert.ElementsMatch(t, c.Aliases, aliases, "whole")
	sound(t, db)
}

// Each error tells callers of what kind it is, and people where and what to do.
func TestWrap(t *testing.T) {
	for code, kind := range map[string]error{
		"53100": store.ErrFull, "25006": store.ErrReadOnly, "42501": store.ErrReadOnly, "XX001": store.ErrCorrupt, "XX002": store.ErrCorrupt, "58030": store.ErrCorrupt,
		"55P03": store.ErrBusy, "57014": store.ErrBusy, "57P01": store.ErrBusy, "57P03": store.ErrBusy, "08006": store.ErrBusy, "53300": store.ErrBusy, "25P03": store.ErrBusy,
	} {
		err := wrap("db:5432/sheaf", "put", fmt.Errorf("deep: %w", &pgconn.PgError{Code: code, Severity: "ERROR", Message: "m"}))
		assert.ErrorIs(t, err, kind, code)
		assert.ErrorContains(t, err, "store/postgres: put: db:5432/sheaf: ")
	}
	assert.NotErrorIs(t, wrap("db", "put", &pgconn.PgError{Code: "22021"}), store.ErrBusy)
	unknown := wrap("db", "put", &unknownError{&pgconn.PgError{Code: "57P01", Severity: "FATAL"}})
	assert.ErrorIs(t, unknown, store.ErrBusy)
	assert.ErrorContains(t, unknown, "not known whether")
}

// synchronous_commit is on, whatever the server says, unless that is stronger.
func TestDurable(t *testing.T) {
	c := pgtest.Shared(t)
	for set, want := range map[string]string{"off": "on", "local": "on", "remote_write": "on", "on": "on", "remote_apply": "remote_apply"} {
		address := c.Database(t)
		c.Exec(t, "postgres", `ALTER DATABASE `+nameOf(address)+` SET synchronous_commit = `+set)
		db := openTest(t, address, Options{})
		var got string
		require.NoError(t, db.write.QueryRow(t.Context(), `SHOW synchronous_commit`).Scan(&got))
		assert.Equal(t, want, got, set)
	}
}
