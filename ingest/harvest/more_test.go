package harvest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/ingest/harvest"
	"sheaf/ingest/oaipmh"
	"sheaf/oai/oaitest"
)

var jatsFormat = [2]string{"jats", "https://jats.nlm.nih.gov/publishing/1.3/"}

func TestBest(t *testing.T) {
	dc := [2]string{"oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc/"}
	for _, c := range []struct {
		want    string
		formats [][2]string
	}{
		{"oai_dc", nil},
		{"oai_dc", [][2]string{dc, {"rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}, {"didl", "urn:mpeg:mpeg21:2002:02-DIDL-NS"}}},
		{"jats", [][2]string{dc, {"nlm", "http://dtd.nlm.nih.gov/publishing/2.3"}, {"marcxml", "http://www.loc.gov/MARC21/slim"}, jatsFormat}},
		{"nlm", [][2]string{dc, {"nlm", "http://dtd.nlm.nih.gov/publishing/2.3"}, {"marcxml", "http://www.loc.gov/MARC21/slim"}}},
		{"pmc", [][2]string{{"pmc_fm", "https://jats.nlm.nih.gov/ns/archiving/1.4/"}, dc, {"pmc", "https://jats.nlm.nih.gov/ns/archiving/1.4/"}}},
		{"full", [][2]string{{"marc21", "http://www.loc.gov/MARC21/slim"}, {"full", "https://jats.nlm.nih.gov/ns/archiving/1.4/"}}}, // by its namespace alone
		{"marc21", [][2]string{dc, {"marc21", "http://www.loc.gov/MARC21/slim"}, {"mods", "http://www.loc.gov/mods/v3"}}},
		{"mods", [][2]string{dc, {"mods", "http://www.loc.gov/mods/v3"}}},
		{"oai_openaire", [][2]string{dc, {"marcxml", "http://www.loc.gov/MARC21/slim"}, {"oai_openaire", "http://namespace.openaire.eu/schema/oaire/"}}},
		{"oai_dc", [][2]string{dc, {"jats", "http://www.openarchives.org/OAI/2.0/oai_dc/"}}}, // it only says that it is jats
		{"jats", [][2]string{dc, {"jats", ""}}},
	} {
		var formats []oaipmh.MetadataFormat
		for _, f := range c.formats {
			formats = append(formats, oaipmh.MetadataFormat{Prefix: f[0], Namespace: f[1]})
		}
		assert.Equal(t, c.want, harvest.Best(formats), "%v", c.formats)
	}
}

// Items that lack the best format are taken in oai_dc: few one by one, many by a list.
func TestItemsWithoutTheFormat(t *testing.T) {
	for _, every := range []int{0, 1, 2, 40} { // each so-manieth item has only oai_dc
		t.Run(fmt.Sprint(every), func(t *testing.T) {
			e := newEndpoint(250)
			e.size = 20
			e.formats = append(e.formats, jatsFormat)
			lack := 0
			for i := range e.items {
				if every > 0 && i%every == 0 {
					e.items[i].only = "oai_dc"
					if !e.items[i].deleted {
						lack++
					}
				}
			}
			base, k := e.start(t), newKeeper(t)
			want := func() map[string]string {
				w := e.want("jats")
				for _, it := range e.items {
					if it.deleted && it.only == "oai_dc" {
						delete(w, it.id) // it never was here, and its deletion is none of the list that is harvested
					}
				}
				return w
			}
			h := k.harvester(base)
			came, err := k.walk(h)
			require.NoError(t, err)
			assert.Equal(t, want(), k.has)
			assert.Len(t, came, len(k.has), "each once")
			assert.Equal(t, lack, h.Summary().OtherForm)
			one := slices.ContainsFunc(e.asked, func(q string) bool { return strings.Contains(q, "GetRecord") })
			assert.Equal(t, lack > 0 && lack <= 100, one)
			if every == 0 {
				assert.Len(t, e.asked, 2+13+1, "the headers are not listed to the end: there are as many as came")
			}
			e.change()
			before := maps.Clone(k.has)
			_, err = k.walk(k.harvester(base))
			require.NoError(t, err)
			after := want()
			for id, text := range before {
				if after[id] == "" && e.want("jats")[id] == "deleted" {
					after[id] = "deleted"
					assert.NotEqual(t, "deleted", text)
				}
			}
			assert.Equal(t, after, k.has, "deletions of what has only oai_dc too")
		})
	}
}

// An endpoint that says when to come back is not asked before, be it in seconds or by its own clock.
func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{"20": 20 * time.Second, "1.5": 1500 * time.Millisecond, "Mon, 10 Mar 2025 12:00:30 GMT": 30 * time.Second, "Mon, 10 Mar 2025 11:00:00 GMT": time.Second} {
		for _, status := range []int{503, 429, 403, 202} {
			e := newEndpoint(5)
			e.instead = func(w http.ResponseWriter, _ *http.Request, n int) bool {
				if n == 2 {
					w.Header().Set("Retry-After", value)
					w.Header().Set("Date", "Mon, 10 Mar 2025 12:00:00 GMT")
					w.WriteHeader(status)
				}
				return n == 2
			}
			base, k := e.start(t), newKeeper(t)
			_, err := k.walk(k.harvester(base))
			require.NoError(t, err)
			assert.Equal(t, []time.Duration{want}, k.slept, "%d %s", status, value)
			assert.Equal(t, e.want("oai_dc"), k.has)
		}
	}
}

// Every answer of the shared material that is a list gives as many records as it has headers.
func TestRealAnswers(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixturetest.Shared(t, "data/oai-pmh"), "*.xml"))
	require.NoError(t, err)
	lists := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if !bytes.Contains(data, []byte("<ListRecords")) || !bytes.Contains(data, []byte("OAI-PMH")) {
			continue
		}
		lists++
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			switch q := req.URL.Query(); {
			case q.Get("verb") == "ListRecords" && q.Get("resumptionToken") == "":
				w.Write(data)
			case q.Get("verb") == "ListRecords":
				fmt.Fprint(w, `<OAI-PMH><error code="noRecordsMatch"/></OAI-PMH>`)
			default:
				fmt.Fprint(w, `<OAI-PMH><error code="badVerb"/></OAI-PMH>`)
			}
		}))
		k := newKeeper(t)
		h, n := k.harvester(s.URL), 0
		h.Prefix = "oai_dc"
		err = h.Walk(context.Background(), func(string, cut.Record) error { n++; return nil })
		s.Close()
		sum := h.Summary()
		t.Logf("%s: %d records, next from %s, %v, %v", filepath.Base(file), n, sum.Next, sum.Notes, err)
		if assert.NoError(t, err, file) {
			assert.Equal(t, len(regexp.MustCompile(`<(\w+:)?header[\s>]`).FindAll(data, -1)), n+sum.Repeated, file)
		}
	}
	assert.Greater(t, lists, 8)
}

// Whatever comes for an answer, a harvest ends, and yields nothing that is not there.
func FuzzAnswers(f *testing.F) {
	const open = `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2025-01-01T00:00:00Z</responseDate><request>http://x/oai</request>`
	for _, seed := range []string{
		open + `<ListRecords><record><header><identifier>a</identifier><datestamp>2025-01-01</datestamp></header><metadata><dc/></metadata></record><resumptionToken>b%7C&amp;c</resumptionToken></ListRecords></OAI-PMH>`,
		open + `<ListRecords><record><header status="deleted"><identifier>a</identifier></header></record><record/><record><header>`, open + `<error code="badResumptionToken"/></OAI-PMH>`,
		open + `<ListIdentifiers><header><identifier>z</identifier></header><resumptionToken/></ListIdentifiers></OAI-PMH>`, "<html>", "", "\x1f\x8b\x08", open + `<Identify><granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify></OAI-PMH>`,
		open + `<ListMetadataFormats><metadataFormat><metadataPrefix>jats</metadataPrefix></metadataFormat></ListMetadataFormats></OAI-PMH>`,
	} {
		f.Add([]byte(seed), []byte(open+`<ListRecords><resumptionToken>2</resumptionToken></ListRecords></OAI-PMH>`), "gzip")
	}
	f.Fuzz(func(t *testing.T, first, then []byte, coding string) {
		asked := 0
		h := &harvest.Harvester{URL: "http://example.org/oai", Limits: harvest.Limits{Response: 1 << 16, Tries: 2}, Sleep: func(context.Context, time.Duration) error { return nil },
			Client: &http.Client{Transport: answers(func(*http.Request) (*http.Response, error) {
				body := first
				if asked++; asked > 1 {
					body = then
				}
				if asked > 2000 {
					t.Fatal("it does not end")
				}
				return &http.Response{StatusCode: 200, Status: "200 OK", Header: http.Header{"Content-Encoding": {coding}}, Body: io.NopCloser(bytes.NewReader(body))}, nil
			})}}
		h.Walk(context.Background(), func(name string, r cut.Record) error {
			if name == "" || r.Data == nil && r.Err == nil {
				t.Fatalf("%q %q", name, r.Data)
			}
			return nil
		})
	})
}

// answers is a network.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := a(req)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// An item that changes while the lists are read comes with the next run, in the better format, and not now in the poorer.
func TestChangeBetweenTheLists(t *testing.T) {
	e := newEndpoint(50)
	e.formats = append(e.formats, jatsFormat)
	e.alter = func(b []byte, q url.Values, n int) []byte {
		e.now = e.now.Add(time.Minute)
		if n == 5 {
			e.items = append(e.items, item{id: "oai:example.org:000", stamp: e.now, text: "late"}) // before all that was listed
		}
		return b
	}
	e.listSize = func(int) int { return 0 }
	base, k := e.start(t), newKeeper(t)
	_, err := k.walk(k.harvester(base))
	require.NoError(t, err)
	assert.NotContains(t, k.has, "oai:example.org:000")
	_, err = k.walk(k.harvester(base))
	require.NoError(t, err)
	assert.Equal(t, e.want("jats"), k.has)
}

// A run that is killed anywhere goes on where it was, and loses nothing that was not acknowledged; what is stored already comes as it is stored.
func TestKilled(t *testing.T) {
	r := rand.New(rand.NewPCG(oaitest.Seed(t), 4))
	killed := errors.New("killed")
	for round := range 24 {
		e := newEndpoint(100)
		if round%2 == 0 {
			e.formats = append(e.formats, jatsFormat)
			for i := 3; i < 100; i += 10 {
				e.items[i].only = "oai_dc"
				e.items[i].deleted = false
			}
		}
		if round%4 > 1 { // tokens do not live as long as that
			e.instead = func(w http.ResponseWriter, req *http.Request, n int) bool {
				if strings.Contains(req.URL.RawQuery, "resumptionToken") && r.IntN(15) == 0 {
					fmt.Fprint(w, `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="badResumptionToken">expired</error></OAI-PMH>`)
					return true
				}
				return false
			}
		}
		base, k := e.start(t), newKeeper(t)
		sources := map[string]string{}
		for {
			h := k.harvester(base)
			left := r.IntN(120)
			var waiting []func()
			err := h.Walk(context.Background(), func(name string, rec cut.Record) error {
				if left--; left < 0 {
					return killed
				}
				waiting = append(waiting, func() { // it is durable
					got := read(t, rec.Data)
					if was, ok := sources[name]; ok && got.Header.Status == "" {
						assert.Equal(t, was, string(rec.Data), "as it is stored")
					}
					sources[name] = string(rec.Data)
					k.has[got.Header.Identifier], k.data[name] = got.Title, rec.Data
					if got.Header.Status != "" {
						k.has[got.Header.Identifier] = "deleted"
					}
				})
				for len(waiting) > r.IntN(40) {
					waiting[0]()
					waiting = waiting[1:]
					h.Ack()
				}
				return nil
			})
			e.now = e.now.Add(time.Second) // another responseDate
			if err == nil {
				for _, f := range waiting {
					f()
					h.Ack()
				}
				break
			}
			if !errors.Is(err, killed) {
				require.ErrorContains(t, err, "was refused")
			}
		}
		require.Equal(t, e.want(map[bool]string{true: "jats", false: "oai_dc"}[round%2 == 0]), k.has)
		asked := len(e.asked)
		came, err := k.walk(k.harvester(base))
		require.NoError(t, err)
		assert.Empty(t, came)
		assert.LessOrEqual(t, len(e.asked)-asked, 4)
	}
}

// What an endpoint that keeps no deletions no longer lists is told, and deleted only if asked, and only if it says that it does not know it.
func TestVanished(t *testing.T) {
	for _, policy := range []string{"no", "transient", "persistent"} {
		e := newEndpoint(60)
		e.policy = policy
		base, k := e.start(t), newKeeper(t)
		_, err := k.walk(k.harvester(base))
		require.NoError(t, err)
		require.Equal(t, e.want("oai_dc"), k.has)
		var bases []string
		k.with = func(h *harvest.Harvester) {
			h.Full = true
			h.Known = func(_ context.Context, of []string, yield func(string) error) error {
				bases = of
				for _, id := range slices.Sorted(maps.Keys(k.has)) {
					if k.has[id] == "deleted" {
						continue
					}
					if err := yield(id); err != nil {
						return err
					}
				}
				return nil
			}
		}
		gone, hidden := e.items[11], e.items[30]
		e.items = slices.Delete(e.items, 11, 12)
		e.alter = func(b []byte, q url.Values, _ int) []byte { // one record is left out of lists, by a fault
			if strings.HasPrefix(q.Get("verb"), "List") {
				if i := strings.Index(string(b), esc(hidden.id)); i > 0 {
					tag := map[string]string{"ListRecords": "record>", "ListIdentifiers": "header>"}[q.Get("verb")]
					from, to := strings.LastIndex(string(b[:i]), "<"+tag), i+strings.Index(string(b[i:]), "</"+tag)+len("</"+tag)
					return slices.Concat(b[:from], b[to:])
				}
			}
			return b
		}
		h := k.harvester(base)
		came, err := k.walk(h)
		require.NoError(t, err)
		if policy == "persistent" {
			assert.Zero(t, h.Summary().Gone)
			continue
		}
		assert.ElementsMatch(t, []string{gone.id, hidden.id}, h.Summary().Vanished)
		assert.Equal(t, 2, h.Summary().Gone)
		assert.Contains(t, bases, base)
		assert.NotContains(t, came, gone.id, "only told")

		h = k.harvester(base)
		h.DeleteVanished = true
		came, err = k.walk(h)
		require.NoError(t, err)
		assert.Contains(t, came, gone.id)
		assert.Equal(t, "deleted", k.has[gone.id])
		assert.Equal(t, hidden.text+" in oai_dc", k.has[hidden.id], "GetRecord still has it")
		delete(k.has, gone.id)
		assert.Equal(t, e.want("oai_dc"), k.has)

		// A full run that is stopped lists the headers too, for it has not seen all.
		e.items = slices.Delete(e.items, 5, 6)
		h = k.harvester(base)
		stop, n := errors.New("stop"), 0
		require.ErrorIs(t, h.Walk(context.Background(), func(string, cut.Record) error {
			if n++; n > 25 {
				return stop
			}
			h.Ack()
			return nil
		}), stop)
		h = k.harvester(base)
		_, err = k.walk(h)
		require.NoError(t, err)
		assert.True(t, h.Summary().Resumed)
		assert.GreaterOrEqual(t, h.Summary().Gone, 1)
		assert.LessOrEqual(t, h.Summary().Gone, 2, "the one of the fault may be in the part that was read before")
	}
}

// Whatever the zone in which an endpoint writes its responseDate, and with a day's overlap also its datestamps, nothing is missed.
func TestLocalTime(t *testing.T) {
	west, east := time.FixedZone("", -5*3600), time.FixedZone("", 8*3600)
	for _, c := range []struct {
		name         string
		zone, stamps *time.Location
		overlap      time.Duration
		plain        bool // the offset is left out: local time that passes for UTC
	}{
		{name: "responseDate in the west", zone: west}, {name: "responseDate in the east", zone: east},
		{name: "both in the west", zone: west, stamps: west}, {name: "both in the east", zone: east, stamps: east},
		{name: "both in the west without an offset", zone: west, stamps: west, plain: true}, {name: "both in the east without an offset", zone: east, stamps: east, plain: true},
		{name: "datestamps in the east", stamps: east},
		{name: "datestamps in the west", stamps: west, overlap: 24 * time.Hour},
	} {
		for _, days := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, " ", days), func(t *testing.T) {
				e := newEndpoint(40)
				e.zone, e.stamps, e.days = c.zone, c.stamps, days
				if c.plain {
					e.alter = func(b []byte, _ url.Values, _ int) []byte {
						at := e.now.In(c.zone)
						return []byte(strings.ReplaceAll(string(b), at.Format(time.RFC3339), at.Format("2006-01-02T15:04:05")))
					}
				}
				base, k := e.start(t), newKeeper(t)
				k.with = func(h *harvest.Harvester) { h.Overlap = c.overlap }
				r := rand.New(rand.NewPCG(1, 1))
				for range 8 {
					_, err := k.walk(k.harvester(base))
					require.NoError(t, err)
					require.Equal(t, e.want("oai_dc"), k.has)
					for range 3 {
						e.now = e.now.Add(time.Duration(r.IntN(4000)) * time.Second)
						it := &e.items[r.IntN(len(e.items))]
						it.stamp, it.text, it.deleted = e.now, it.text+".", r.IntN(4) == 0
					}
				}
			})
		}
	}
}

func TestRedirects(t *testing.T) {
	e := newEndpoint(30)
	real := e.start(t)
	for _, c := range []struct {
		name string
		to   func(req *http.Request) string
		fail string
	}{
		{"with the query", func(req *http.Request) string { return real + "?" + req.URL.RawQuery }, ""},
		{"without the query", func(*http.Request) string { return real }, ""},
		{"in a circle", func(req *http.Request) string { return req.URL.String() }, "redirects in a circle"},
		{"for ever", func(req *http.Request) string { return "/" + fmt.Sprint(len(req.URL.Path)) + req.URL.RequestURI() }, "more than 10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				http.Redirect(w, req, c.to(req), http.StatusMovedPermanently)
			}))
			defer s.Close()
			k := newKeeper(t)
			_, err := k.walk(k.harvester(s.URL + "/oai"))
			if c.fail != "" {
				assert.ErrorContains(t, err, c.fail)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, e.want("oai_dc"), k.has)
			for name := range k.data {
				assert.True(t, strings.HasPrefix(name, s.URL+"/oai?verb=GetRecord"), "records keep the name that was asked for: %s", name)
			}
		})
	}
}

// What never ends, never comes, or never gets anywhere is given up with a clear error, in bounded time, and the state says where to go on.
func TestGivesUp(t *testing.T) {
	noise := strings.Repeat("x", 1<<10)
	for name, c := range map[string]struct {
		fault func(e *endpoint)
		want  string
	}{
		"an answer without end": {func(e *endpoint) {
			e.send = func(w http.ResponseWriter, body []byte, n int) bool {
				if n < 4 {
					return false
				}
				w.Write(body[:len(body)/2])
				for {
					if _, err := fmt.Fprint(w, noise); err != nil {
						return true
					}
				}
			}
		}, "larger than is taken"},
		"an answer that stands still": {func(e *endpoint) {
			e.send = func(w http.ResponseWriter, body []byte, n int) bool {
				if n < 4 {
					return false
				}
				w.Write(body[:len(body)/2])
				w.(http.Flusher).Flush()
				panic(stall{})
			}
		}, "no byte came"},
		"an answer a byte at a time": {func(e *endpoint) {
			e.send = func(w http.ResponseWriter, body []byte, n int) bool {
				if n < 4 {
					return false
				}
				for {
					if _, err := w.Write(body[:1]); err != nil {
						return true
					}
					w.(http.Flusher).Flush()
				}
			}
		}, "takes too long"},
		"tomorrow": {func(e *endpoint) {
			e.instead = func(w http.ResponseWriter, _ *http.Request, n int) bool {
				if n < 4 {
					return false
				}
				w.Header().Set("Retry-After", "86400")
				w.WriteHeader(503)
				return true
			}
		}, "asked again in 24h0m0s"},
		"always the same token": {func(e *endpoint) { e.token = func(string) string { return "A" }; e.given = again(e) }, "came before"},
		"tokens without end": {func(e *endpoint) {
			n := 0
			e.token = func(string) string { n++; return fmt.Sprint("A", n) }
			e.given = again(e)
		}, "brought nothing new"},
		"always refused": {func(e *endpoint) {
			e.given = func(string) (string, bool) { return "", false }
		}, "was refused 4 times"},
		"a page for ever": {func(e *endpoint) {
			e.instead = func(w http.ResponseWriter, _ *http.Request, n int) bool {
				if n > 3 {
					fmt.Fprint(w, "<html><title>Moved</title></html>")
				}
				return n > 3
			}
		}, `a web page, "Moved"`},
		"no such format": {func(e *endpoint) {
			e.alter = func(b []byte, q url.Values, _ int) []byte {
				if q.Get("verb") == "ListRecords" {
					return []byte(`<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="cannotDisseminateFormat">no</error></OAI-PMH>`)
				}
				return b
			}
		}, "cannotDisseminateFormat"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEndpoint(50)
			c.fault(e)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				defer func() {
					switch v := recover(); v.(type) {
					case nil:
					case stall: // the lock of e is free again
						<-req.Context().Done()
					default:
						panic(v)
					}
				}()
				e.ServeHTTP(w, req)
			}))
			defer s.Close()
			k := newKeeper(t)
			k.with = func(h *harvest.Harvester) {
				h.Limits = harvest.Limits{Response: 1 << 20, Idle: 100 * time.Millisecond, Time: 500 * time.Millisecond}
			}
			_, err := k.walk(k.harvester(s.URL + "/oai"))
			require.ErrorContains(t, err, c.want)
			t.Log(err)
			e.faulty, e.token, e.given = faulty{}, nil, nil // it is mended
			k.with = nil
			k.settle(s.URL + "/oai")
			assert.Equal(t, e.want("oai_dc"), k.has)
		})
	}
}

type stall struct{}

// again reads every token as one for the second answer of the list.
func again(e *endpoint) func(string) (string, bool) {
	return func(string) (string, bool) {
		return "bWV0YWRhdGFQcmVmaXg9b2FpX2RjJm9mZnNldD0xMA==", true // metadataPrefix=oai_dc&offset=10
	}
}

// What is no endpoint is told at once, and is not asked again and again.
func TestNoEndpoint(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked++
		if strings.HasPrefix(req.URL.Path, "/none") {
			http.NotFound(w, req)
			return
		}
		fmt.Fprint(w, "<html><head><title>Our\n journal</title></head></html>")
	}))
	defer s.Close()
	for url, want := range map[string]string{
		s.URL + "/": `a web page, "Our journal", not with OAI-PMH`, s.URL + "/none": "404 Not Found", "ftp://example.org/oai": "want http://", "http://": "want http://",
		"http://no-such-host.invalid/oai": "no such host",
	} {
		asked = 0
		k := newKeeper(t)
		_, err := k.walk(k.harvester(url))
		require.Error(t, err, url)
		if !strings.Contains(url, "invalid") { // what the network says of an unknown name is its own affair
			assert.ErrorContains(t, err, want)
		}
		assert.LessOrEqual(t, asked, 1, url)
	}
}

// A run with a window is for itself: the next one without takes everything.
func TestWindow(t *testing.T) {
	for _, days := range []bool{false, true} {
		e := newEndpoint(100)
		e.days = days
		base, k := e.start(t), newKeeper(t)
		k.with = func(h *harvest.Harvester) { h.From, h.Until = "2025-03-08T00:00:00Z", "2025-03-09" }
		_, err := k.walk(k.harvester(base))
		require.NoError(t, err)
		want := map[string]string{}
		for id, text := range e.want("oai_dc") {
			i := slices.IndexFunc(e.items, func(it item) bool { return it.id == id })
			if at := e.date(e.items[i].stamp); at >= "2025-03-08" && at < "2025-03-10" {
				want[id] = text
			}
		}
		assert.Equal(t, want, k.has)
		require.NotEmpty(t, want)
		k.with = func(h *harvest.Harvester) { h.Set = "odd" }
		before := len(e.asked)
		_, err = k.walk(k.harvester(base))
		require.NoError(t, err)
		assert.Equal(t, "verb=ListRecords&metadataPrefix=oai_dc&set=odd", e.asked[before+2])
		k.with = nil
		_, err = k.walk(k.harvester(base))
		require.NoError(t, err)
		assert.Equal(t, e.want("oai_dc"), k.has)
	}
}

// The base URL may have a query of its own, and the request says who asks.
func TestRequests(t *testing.T) {
	e := newEndpoint(25)
	var agents, accepts []string
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		mu.Lock()
		agents, accepts = append(agents, req.UserAgent()), append(accepts, req.Header.Get("Accept-Encoding"))
		mu.Unlock()
		if req.URL.Query().Get("page") != "oai" {
			http.NotFound(w, req)
			return
		}
		q := req.URL.Query()
		q.Del("page")
		req.URL.RawQuery = q.Encode()
		e.ServeHTTP(w, req)
	}))
	defer s.Close()
	k := newKeeper(t)
	k.with = func(h *harvest.Harvester) { h.UserAgent = "Sheaf/1 (+https://example.org; mailto:a@example.org)" }
	var progress [][2]int
	h := k.harvester(s.URL + "/index.php?page=oai")
	h.Progress = func(n, size int) { progress = append(progress, [2]int{n, size}) }
	_, err := k.walk(h)
	require.NoError(t, err)
	assert.Equal(t, e.want("oai_dc"), k.has)
	assert.Equal(t, []string{"Sheaf/1 (+https://example.org; mailto:a@example.org)"}, slices.Compact(agents))
	assert.Equal(t, []string{"gzip, deflate"}, slices.Compact(accepts))
	assert.Equal(t, [][2]int{{10, 25}, {20, 25}, {25, 25}}, progress)
	for name := range k.data {
		resp, err := http.Get(name)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Contains(t, e.asked[len(e.asked)-1], "verb=GetRecord", "a name is the address of the record")
	}
}

// The state is a file of one's own to look at; a damaged one is told of, never written over.
func TestState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "h.json")
	state, err := harvest.OpenState(path)
	require.NoError(t, err)
	e := newEndpoint(25)
	base, k := e.start(t), newKeeper(t)
	k.state = state
	key := harvest.Source{URL: base}
	assert.Zero(t, state.Due(key, time.Hour), "at once")
	_, err = k.walk(k.harvester(base))
	require.NoError(t, err)
	assert.Equal(t, k.clock.Add(time.Hour), state.Due(key, time.Hour))
	k.with = func(h *harvest.Harvester) { h.Set = "odd" }
	_, err = k.walk(k.harvester(base))
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.JSONEq(t, fmt.Sprintf(`{"version":1,"sources":[
		{"url":%[1]q,"format":"oai_dc","since":"2025-03-10T12:00:00Z","completed":%[2]q},
		{"url":%[1]q,"set":"odd","format":"oai_dc","since":"2025-03-10T12:00:00Z","completed":%[2]q}]}`, base, k.clock.Format("2006-01-02T15:04:05Z")), string(data))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, left, 1, "nothing else is left")

	for _, bad := range []string{"{", `{"version":2}`, "[]"} {
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o644))
		_, err = harvest.OpenState(path)
		assert.ErrorContains(t, err, path)
		_, err := k.walkErr(base)
		assert.Error(t, err)
		now, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, bad, string(now))
	}
}

// walkErr is walk where the state cannot be kept.
func (k *keeper) walkErr(base string) (int, error) {
	h, n := k.harvester(base), 0
	err := h.Walk(context.Background(), func(string, cut.Record) error {
		n++
		h.Ack()
		return nil
	})
	return n, errors.Join(err, h.Finish())
}
