package oai

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"sheaf/fixtures/fixturetest"
	"sheaf/store"
)

func gunzip(t testing.TB, r io.Reader) string {
	t.Helper()
	z, err := gzip.NewReader(r)
	require.NoError(t, err)
	b, err := io.ReadAll(z)
	require.NoError(t, err)
	return string(b)
}

func readAll(res *http.Response) ([]byte, error) {
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}

// noise is text that does not pack well.
func noise(seed int) []byte {
	b := make([]byte, 30_000)
	random := rand.New(rand.NewSource(int64(seed)))
	for i := range b {
		b[i] = byte('a' + random.Intn(26))
	}
	return append(append([]byte("<!--"), b...), "-->"...)
}

// known is a store whose secret is known, so that its tokens are.
type known struct{ Items }

func (known) Secret(context.Context) ([]byte, error) { return []byte("secret"), nil }

func TestGolden(t *testing.T) {
	g := repoA(t, answersSeen)
	g.Items = known{g.db}
	g.PageSize = 4
	for name, query := range map[string]string{
		"identify":              "verb=Identify",
		"listmetadataformats":   "verb=ListMetadataFormats",
		"listsets":              "verb=ListSets",
		"listidentifiers":       "verb=ListIdentifiers&metadataPrefix=oai_dc&set=k",
		"listrecords-dc":        "verb=ListRecords&metadataPrefix=oai_dc&from=" + stamp(9),
		"listrecords-jats":      "verb=ListRecords&metadataPrefix=jats&from=" + stamp(9),
		"getrecord-dc":          "verb=GetRecord&metadataPrefix=oai_dc&identifier=" + id + "r5",
		"getrecord-jats":        "verb=GetRecord&metadataPrefix=jats&identifier=" + id + "r5",
		"getrecord-deleted":     "verb=GetRecord&metadataPrefix=jats&identifier=" + id + "d1",
		"errors":                "verb=ListRecords&metadataPrefix=nope&from=2026-02-30&x=%3C%26",
		"error-norecordsmatch":  "verb=ListRecords&metadataPrefix=oai_dc&until=2000-01-01",
		"error-iddoesnotexists": "verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:x:a%26b",
	} {
		t.Run(name, func(t *testing.T) { fixturetest.Golden(t, "oai/"+name+".xml", g.get(query).Body.Bytes()) })
	}
}

// The page shows the same answer as the XML, every verb, format, set, identifier and token in it a link that works, and nothing that
// stands in a record becomes markup.
func TestHTML(t *testing.T) {
	g := repoA(t, nil)
	evil := dc("x")
	evil.Metadata = []byte(strings.Replace(string(evil.Metadata), "Title of x", "&lt;script>alert(1)&lt;/script>", 1))
	evil.Metadata = []byte(strings.Replace(string(evil.Metadata), "\x00/records/x", "javascript:alert(1)", 1))
	g.putAs("evil", []store.Record{evil}, "k")

	open := func(address string) (string, []string) {
		req := httptest.NewRequest("GET", address, nil)
		req.Header.Set("Accept", "text/html")
		req.Header.Set("Sec-Fetch-Dest", "document")
		w := g.serve(req)
		require.Equal(t, 200, w.Code, address)
		if strings.Contains(address, "/oai/xml?") {
			require.Equal(t, "text/xml; charset=utf-8", w.Header().Get("Content-Type"))
			return w.Body.String(), nil
		}
		require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
		policy := w.Header().Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.NotContains(t, policy, "unsafe")
		doc, err := html.Parse(strings.NewReader(w.Body.String()))
		require.NoError(t, err)
		var links []string
		for n := range doc.Descendants() {
			require.NotEqual(t, "script", n.Data, address)
			if n.Data == "style" && n.FirstChild != nil {
				require.Equal(t, pageCSS, n.FirstChild.Data, "the policy allows this text only")
			}
			for _, a := range n.Attr {
				require.NotContains(t, a.Val, "javascript:")
				if a.Key == "href" && strings.HasPrefix(a.Val, baseURL) {
					links = append(links, a.Val)
				}
			}
		}
		return w.Body.String(), links
	}

	seen, queue, pages := map[string]bool{}, []string{baseURL + "?verb=Identify"}, ""
	for len(queue) > 0 {
		address := queue[0]
		queue = queue[1:]
		body, links := open(address)
		pages += body
		for _, l := range links {
			if !seen[l] {
				seen[l] = true
				queue = append(queue, l)
			}
		}
	}
	for _, want := range []string{
		"verb=ListSets", "verb=ListMetadataFormats", "verb=ListRecords&metadataPrefix=jats", "verb=ListRecords&metadataPrefix=oai_dc&set=j%3As1",
		"verb=GetRecord&identifier=" + url.QueryEscape(id+"r10") + "&metadataPrefix=jats", "verb=ListMetadataFormats&identifier=" + url.QueryEscape(id+"d1"),
	} {
		assert.True(t, seen[baseURL+"?"+want], want)
	}
	assert.Contains(t, pages, "Title of r10")
	assert.Contains(t, pages, "&lt;script&gt;alert(1)")
	assert.Contains(t, pages, "Empty &lt;set&gt; &amp; co")
	resumed := false
	for l := range seen {
		resumed = resumed || strings.Contains(l, "resumptionToken=")
	}
	assert.True(t, resumed)

	body, _ := open("/oai?verb=%3Cscript%3E")
	assert.Contains(t, body, "badVerb")
	assert.NotContains(t, body, "<script")
}

func FuzzToken(f *testing.F) {
	key := []byte("key")
	t := &token{verb: "ListRecords", prefix: "oai_dc", set: "a:b", from: 5, until: 1 << 40, after: store.Key{Datestamp: 7, Local: "10.5555/x"}, cursor: 3, total: 9, expires: 11}
	f.Add(string(t.append(nil, key)), "ListSets", "x", int64(1), 2)
	f.Add("", "", "", int64(-1), 0)
	f.Fuzz(func(tt *testing.T, s, prefix, local string, n int64, i int) {
		if got, err := parseToken(s, key); err == nil {
			require.Equal(tt, s, string(got.append(nil, key)), "what is read is what was made")
		}
		want := &token{verb: tokenVerbs[uint(i)%3], prefix: prefix, set: s, from: n, until: -n, after: store.Key{Datestamp: n, Local: local}, cursor: i, total: i, expires: n}
		text := string(want.append(nil, key))
		got, err := parseToken(text, key)
		require.NoError(tt, err)
		require.Equal(tt, want, got)
		_, err = parseToken(text, []byte("other"))
		require.Error(tt, err)
	})
}

func FuzzDatestamp(f *testing.F) {
	for _, s := range []string{"2026-03-01", "2026-03-01T12:00:00Z", "2026-02-29", "2024-02-29", "junk", "0001-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		seconds, day, ok := parseDatestamp(s)
		if !ok {
			return
		}
		got := string(appendDatestamp(nil, seconds))
		if day {
			require.Equal(t, s+"T00:00:00Z", got)
		} else {
			require.Equal(t, s, got)
		}
	})
}

// Whatever is asked, the answer is one well-formed document.
func FuzzRequest(f *testing.F) {
	for _, q := range []string{"verb=Identify", "verb=GetRecord&identifier=oai:sheaf.example.org:r1&metadataPrefix=oai_dc", "verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01&set=j", "verb=ListSets&resumptionToken=x", "%00=%ff&;"} {
		f.Add(q)
	}
	g := repoA(f, nil)
	f.Fuzz(func(t *testing.T, query string) {
		if len(query) > maxQuery {
			return
		}
		g.t = t
		for _, page := range []bool{false, true} {
			req := httptest.NewRequest("GET", "/oai", nil)
			req.URL.RawQuery = query
			if page {
				req.Header.Set("Accept", "text/html")
				req.Header.Set("Sec-Fetch-Dest", "document")
				require.Equal(t, 200, g.serve(req).Code)
				continue
			}
			g.read(query, g.serve(req))
		}
	})
}

// discard is a client that takes everything.
type discard struct {
	header http.Header
	n      int64
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { d.n += int64(len(b)); return len(b), nil }

func BenchmarkListRecords(b *testing.B) {
	for _, format := range []struct {
		name string
		size int
	}{{"oai_dc", 1300}, {"jats", 18_000}} {
		g := newRig(b, nil)
		g.PageSize = 100
		var changes []store.Change
		for i := range 200 {
			local := fmt.Sprintf("10.5555/%d", i)
			r := dc(local)
			if format.name == "jats" {
				r = article(local)
			}
			pad := words(i, format.size-len(r.Metadata))
			r.Metadata = []byte(strings.Replace(string(r.Metadata), "Title of", pad, 1))
			changes = append(changes, store.Change{Local: local, Records: []store.Record{r}, Sets: named([]string{"journal:x", "lang:en"})})
		}
		g.now = g.now.Add(time.Second)
		g.change(changes...)
		token := g.get("verb=ListRecords&metadataPrefix=" + format.name).token().Text()
		for _, coding := range []string{"identity", "gzip"} {
			b.Run(format.name+"/"+coding, func(b *testing.B) {
				req := httptest.NewRequest("GET", "/oai?verb=ListRecords&resumptionToken="+token, nil)
				req.Header.Set("Accept-Encoding", coding)
				w := &discard{header: http.Header{}}
				b.ReportAllocs()
				for b.Loop() {
					clear(w.header)
					g.ServeHTTP(w, req)
				}
				b.ReportMetric(float64(b.N)*100/b.Elapsed().Seconds(), "records/s")
				b.ReportMetric(float64(w.n)/float64(b.N), "wire-B/page")
			})
		}
	}
}

// words is prose of about n bytes.
func words(seed, n int) string {
	random := rand.New(rand.NewSource(int64(seed)))
	var b strings.Builder
	for b.Len() < n {
		for range 2 + random.Intn(8) {
			b.WriteByte("etaoinshrdlucmfwypvbg"[int(random.ExpFloat64()*4)%21])
		}
		b.WriteByte(' ')
	}
	return b.String()
}
