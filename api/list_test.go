package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/store"
)

// pages follows a list to its end, by the Link header, which says the same as next.
func (s *service) pages(query string) (all []listed, pages int) {
	s.Helper()
	for path := "/records" + query; path != ""; pages++ {
		r := s.do("GET", path, "", "Authorization:")
		require.Equal(s, 200, r.status, r.body)
		var l listing
		require.NoError(s, json.Unmarshal([]byte(r.body), &l))
		all = append(all, l.Records...)
		link := ""
		if l.Next != "" {
			link = "<" + l.Next + `>; rel="next"`
		}
		assert.Equal(s, link, r.head.Get("Link"))
		path = strings.TrimPrefix(l.Next, testSite+"/api/v1")
		require.Less(s, pages, 1000)
	}
	return all, pages
}

func TestList(t *testing.T) {
	s := serve(t)
	all, pages := s.pages("")
	assert.Empty(t, all)
	assert.Equal(t, 1, pages)
	want := map[string]bool{} // deleted?
	for i := range 23 {
		name := fmt.Sprintf("10.5555/%d", i)
		lang := []string{"en", "ru"}[i%2]
		require.Equal(t, 201, s.put("/records/"+name, strings.ReplaceAll(article(fmt.Sprint("Title ", i)), `"en"`, `"`+lang+`"`)).status)
		if want[name] = i%5 == 0; want[name] {
			require.Equal(t, 204, s.do("DELETE", "/records/"+name, "").status)
		}
	}
	for _, limit := range []int{1, 7, 23, 100} {
		all, pages := s.pages(fmt.Sprint("?limit=", limit))
		assert.Equal(t, (23+limit-1)/limit, pages)
		got := map[string]bool{}
		for _, l := range all {
			got[l.Local] = l.Deleted
			assert.Equal(t, "oai:sheaf.example.org:"+l.Local, l.Identifier)
			assert.Equal(t, testSite+"/api/v1/records/"+l.Local, l.URL)
			assert.NotEmpty(t, l.Sets)
		}
		assert.Equal(t, want, got)
		assert.Len(t, all, 23, "each once")
		assert.True(t, slices.IsSortedFunc(all, func(a, b listed) int { return strings.Compare(a.Datestamp+" "+a.Local, b.Datestamp+" "+b.Local) }))
	}
	count := func(query string) int {
		all, _ := s.pages(query)
		return len(all)
	}
	assert.Equal(t, 5, count("?deleted=true&limit=2"))
	assert.Equal(t, 18, count("?deleted=false&limit=2"))
	assert.Equal(t, 11, count("?set=lang:ru&limit=3"))
	assert.Equal(t, 0, count("?set=nothing"))
	assert.Equal(t, 23, count("?from=2020-01-01&limit=9"))
	assert.Equal(t, 0, count("?until=2020-01-01"))
	assert.Equal(t, 0, count("?until=1970-01-01"))
	first, _ := s.pages("")
	last := first[len(first)-1].Datestamp
	assert.Equal(t, 23, count("?until="+last+"&from="+first[0].Datestamp), "both ends are in")
	assert.Equal(t, 23, count("?until="+last[:10]), "a day to its end")

	for query, name := range map[string]string{
		"limit=0": "limit", "limit=1001": "limit", "limit=x": "limit", "limit=": "limit", "set=a%20b": "set", "from=yesterday": "from", "from=2026-02-30": "from",
		"until=2026-01-01T00:00:00.5Z": "until", "until=2026-01-01T00:00:00%2B01:00": "until", "from=2026-01-02&until=2026-01-01": "until", "from=1969-12-31": "from",
		"deleted=yes": "deleted", "form=2026-01-01": "form", "set=a&set=b": "set", "cursor=x": "cursor", "cursor=e30": "cursor", "%zz": "query",
	} {
		r := s.do("GET", "/records?"+query, "")
		assert.Equal(t, 400, r.status, query)
		p := r.problem(t)
		require.Len(t, p.Errors, 1, query)
		assert.Equal(t, name, p.Errors[0].Path)
	}
}

// A list is of one moment: what changes while it is read leaves it, and a later list from its bound has that.
func TestListWhileRecordsChange(t *testing.T) {
	s := serve(t)
	const n = 12
	for i := range n {
		require.Equal(t, 201, s.put(fmt.Sprintf("/records/%02d", i), article(fmt.Sprint(i))).status)
	}
	r := s.do("GET", "/records?limit=5&set=lang", "")
	var page listing
	require.NoError(t, json.Unmarshal([]byte(r.body), &page))
	until := page.Until
	require.Eventually(t, func() bool { // the next second
		clock, err := s.db.Tick(context.Background())
		return err == nil && datestamp(clock) > until
	}, 10*time.Second, 10*time.Millisecond)
	changed := []string{"00", "07", "11"}
	for _, name := range changed {
		require.Equal(t, 200, s.put("/records/"+name, article("Changed")).status)
	}
	require.Equal(t, 201, s.put("/records/new", article("New")).status)
	seen := page.Records
	next := strings.TrimPrefix(page.Next, testSite+"/api/v1")
	assert.Contains(t, next, "limit=5")
	rest, _ := s.pages(strings.TrimPrefix(next, "/records"))
	seen = append(seen, rest...)
	var names []string
	for _, l := range seen {
		names = append(names, l.Local)
	}
	for i := range n {
		name := fmt.Sprintf("%02d", i)
		times := 1
		if slices.Contains(changed[1:], name) { // "00" had been given already
			times = 0
		}
		assert.Len(t, slices.DeleteFunc(slices.Clone(names), func(s string) bool { return s != name }), times, name)
	}
	assert.NotContains(t, names, "new")
	later, _ := s.pages("?from=" + until)
	names = nil
	for _, l := range later {
		names = append(names, l.Local)
	}
	for _, name := range append(changed, "new") {
		assert.Contains(t, names, name)
	}

	cursor := next[strings.Index(next, "cursor=")+7:]
	cursor, _, _ = strings.Cut(cursor, "&")
	for query, status := range map[string]int{"&set=lang": 200, "&set=type": 400, "&deleted=true": 400, "&from=2020-01-01": 400, "&until=2020-01-01": 400, "&limit=1": 200} {
		assert.Equal(t, status, s.do("GET", "/records?cursor="+cursor+query, "").status, query)
	}
	for i := range len(cursor) { // whatever a cursor is made into, it is a list or a 400
		r := s.do("GET", "/records?cursor="+cursor[:i]+"A"+cursor[i+1:], "")
		assert.Contains(t, []int{200, 400}, r.status)
	}
}

// Where a filter leaves out nearly all, a page is given all the same, in bounded time.
func TestListScansInBounds(t *testing.T) {
	s := serve(t)
	var changes []store.Change
	for i := range maxScan + 10 {
		changes = append(changes, store.Change{Local: fmt.Sprintf("%06d", i), Article: []byte("{}"), Records: []store.Record{{Prefix: "oai_dc", Metadata: []byte("<x/>")}}})
	}
	_, err := s.db.Put(context.Background(), changes)
	require.NoError(t, err)
	require.Equal(t, 204, s.do("DELETE", fmt.Sprintf("/records/%06d", maxScan+9), "").status)
	all, pages := s.pages("?deleted=true&limit=1000")
	assert.Len(t, all, 1)
	assert.Equal(t, 2, pages)
}
