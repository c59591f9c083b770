package postgres

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sheaf/store"
	"sheaf/store/postgres/pgtest"

	"github.com/stretchr/testify/require"
)

// text gives n bytes that pack about as well as an article does.
func text(r *rand.Rand, n int) []byte {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "<mixed-citation publication-type=\"journal\">%x %s</mixed-citation>", r.Uint64(), words[r.IntN(len(words))])
	}
	return []byte(b.String()[:n])
}

var words = strings.Fields("on the measure of sediments in arctic rivers after spring floods by remote sensing and field work")

// batch makes n articles of the sizes that performance.md names: dc 1.3 KB, jats bytes of JATS, and a source as big.
func batch(r *rand.Rand, first, n, jats int) []store.Change {
	changes := make([]store.Change, n)
	for i := range changes {
		local := fmt.Sprintf("10.5555/bench.%07d", first+i)
		journal := (first + i) / 1000 % 50
		changes[i] = store.Change{
			Local: local, Aliases: []string{"doi:" + local},
			Article: text(r, jats),
			Records: []store.Record{{Prefix: "oai_dc", Metadata: text(r, 1300)}, {Prefix: "jats", Metadata: text(r, jats)}},
			Sets: []store.Set{{Spec: fmt.Sprintf("journal:j%d", journal), Name: "Journal"}, {Spec: fmt.Sprintf("journal:j%d:2024-%d", journal, r.IntN(4))},
				{Spec: "type:research-article"}, {Spec: "lang:en"}},
			Source: &store.Source{Name: "/data/" + local + ".xml", Type: "jats", Data: text(r, jats)},
		}
	}
	return changes
}

func openBench(b *testing.B, o Options) *DB {
	db, err := Open(pgtest.Start(b, pgtest.Options{Durable: true}).Database(b), o)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	return db
}

// BenchmarkPut is the write path, for one item of a batch of 100 with 18 KB of JATS.
func BenchmarkPut(b *testing.B) {
	db := openBench(b, Options{})
	r := rand.New(rand.NewPCG(1, 2))
	made := batch(r, 0, 100, 18000)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%100 == 0 {
			b.StopTimer()
			for i, c := range batch(r, n, 100, 200) {
				c.Article, c.Records, c.Source = made[i].Article, made[i].Records, &store.Source{Name: c.Source.Name, Type: "jats", Data: made[i].Source.Data}
				made[i] = c
			}
			b.StartTimer()
			_, err := db.Put(b.Context(), made)
			require.NoError(b, err)
		}
	}
}

// BenchmarkList gives pages of 100 at the start and the end of a list of n items.
func BenchmarkList(b *testing.B) {
	for _, size := range []struct {
		prefix  string
		n, jats int
	}{{"oai_dc", 120_000, 300}, {"jats", 10_000, 18000}} {
		now := time.Unix(1790000000, 0)
		db := openBench(b, Options{Now: func() time.Time { return now }})
		r := rand.New(rand.NewPCG(1, 2))
		for i := 0; i < size.n; i += 500 {
			_, err := db.Put(b.Context(), batch(r, i, 500, size.jats))
			require.NoError(b, err)
			now = now.Add(time.Second)
		}
		begin := int64(1790000000)
		span := now.Unix() - begin
		for _, c := range []struct {
			name  string
			q     store.Query
			pages int
		}{
			{"first20", store.Query{}, 20},
			{"last20", store.Query{From: begin + span - 5, After: store.Key{Datestamp: begin + span - 5, Local: "10.5555/bench." + fmt.Sprintf("%07d", size.n-2000-1)}}, 20},
			{"whole", store.Query{}, 1 << 30},
			{"headers", store.Query{Headers: true}, 1 << 30},
			{"set", store.Query{Set: "type"}, 20},
			{"first page", store.Query{Count: true}, 1},
			{"first page of set", store.Query{Count: true, Set: "journal:j3"}, 1},
			{"first page from", store.Query{Count: true, From: begin + span/2}, 1},
			{"first page from until set", store.Query{Count: true, From: begin + span/3, Until: begin + span*2/3, Set: "lang:en"}, 1},
		} {
			b.Run(size.prefix+"/"+c.name, func(b *testing.B) {
				rows, bytes := 0, 0
				buf := make([]byte, 0, 4<<20)
				b.ReportAllocs()
				for b.Loop() {
					q := c.q
					q.Prefix, q.Limit = size.prefix, 100
					for range c.pages {
						buf = buf[:0]
						page, err := db.List(b.Context(), q, func(r *store.Row) error { buf = append(buf, r.Metadata...); return nil })
						require.NoError(b, err)
						rows += page.Rows
						bytes += len(buf)
						if q.After, q.Until, q.Count = page.Last, page.Until, false; !page.More {
							break
						}
					}
				}
				b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
				b.ReportMetric(float64(bytes)/1e6/b.Elapsed().Seconds(), "MB/s")
			})
		}
	}
}

// BenchmarkPutAlone is a deposit: clients that each put one item of 18 KB of JATS at a time, durable when it returns.
func BenchmarkPutAlone(b *testing.B) {
	for _, clients := range []int{1, 8, 32} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			db := openBench(b, Options{})
			r := rand.New(rand.NewPCG(1, 2))
			made := batch(r, 0, 1, 18000)[0]
			var n atomic.Int64
			b.ReportAllocs()
			b.SetParallelism((clients + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			b.ResetTimer() // of making the cluster
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					c := made
					c.Local = fmt.Sprintf("10.5555/alone.%07d", n.Add(1))
					c.Aliases = []string{"doi:" + c.Local}
					_, err := db.Put(b.Context(), []store.Change{c})
					require.NoError(b, err)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
		})
	}
}
