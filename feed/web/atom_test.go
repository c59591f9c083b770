package web

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/store"
)

type atomFeed struct {
	XMLName xml.Name  `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string    `xml:"id"`
	Title   string    `xml:"title"`
	Updated time.Time `xml:"updated"`
	Author  string    `xml:"author>name"`
	Archive *struct{} `xml:"http://purl.org/syndication/history/1.0 archive"`
	Links   []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		Lang    string    `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
		ID      string    `xml:"id"`
		Title   string    `xml:"title"`
		Updated time.Time `xml:"updated"`
		Authors []string  `xml:"author>name"`
		Summary string    `xml:"summary"`
		Links   []struct {
			Rel  string `xml:"rel,attr"`
			Href string `xml:"href,attr"`
		} `xml:"link"`
	} `xml:"entry"`
	Deleted []struct {
		Ref  string    `xml:"ref,attr"`
		When time.Time `xml:"when,attr"`
	} `xml:"http://purl.org/atompub/tombstones/1.0 deleted-entry"`
}

func (a *atomFeed) link(rel string) string {
	for _, l := range a.Links {
		if l.Rel == rel {
			return l.Href
		}
	}
	return ""
}

func (f *fixture) atom(target string) (a atomFeed) {
	w := f.get(target)
	require.Equal(f.t, http.StatusOK, w.Code, "%s: %s", target, w.Body)
	assert.Equal(f.t, "application/atom+xml; charset=utf-8", w.Header().Get("Content-Type"))
	require.NoError(f.t, xml.Unmarshal(w.Body.Bytes(), &a))
	return a
}

// From the feed every older page is reached, and so each item once, whatever the seconds in which they came.
func TestFeed(t *testing.T) { both(t, testFeed) }

func testFeed(t *testing.T, open opener) {
	const id = "oai:sheaf.example.org:"
	for seed := range uint64(2) {
		f := open(t)
		f.fill(300, seed)
		f.put(store.Change{Local: "10.5555/i00003", Delete: true})
		f.clock.Add(1)
		seen := map[string]string{}
		feed := f.atom("/atom.xml")
		assert.Equal(t, site+"/atom.xml", feed.ID)
		assert.Equal(t, "Tests & trials", feed.Title)
		assert.Equal(t, "Tests & trials", feed.Author)
		assert.Nil(t, feed.Archive)
		assert.Equal(t, site+"/atom.xml", feed.link("self"))
		assert.GreaterOrEqual(t, len(feed.Entries)+len(feed.Deleted), f.source.pageSize)
		for page, pages := feed, 1; ; pages++ {
			require.Less(t, pages, 400)
			before := page.Updated
			for _, e := range page.Entries {
				assert.NotContains(t, seen, e.ID)
				assert.False(t, before.Before(e.Updated), "the newest first")
				before, seen[e.ID] = e.Updated, datestamp(e.Updated.Unix())
			}
			for _, e := range page.Deleted {
				assert.NotContains(t, seen, e.Ref)
				seen[e.Ref] = "-" + datestamp(e.When.Unix())
			}
			older := page.link("prev-archive")
			assert.Equal(t, older, page.link("next"))
			if older == "" {
				break
			}
			page = f.atom(older)
			assert.LessOrEqual(t, len(page.Entries)+len(page.Deleted), f.source.pageSize)
			assert.NotNil(t, page.Archive)
			assert.Equal(t, older, page.link("self"))
			assert.Equal(t, site+"/atom.xml", page.link("current"))
			assert.Equal(t, feed.ID, page.ID)
		}
		want := map[string]string{}
		for local, state := range f.state("oai_dc") {
			want[id+local] = state
		}
		assert.Equal(t, want, seen)
	}
}

func TestFeedEntry(t *testing.T) {
	f := open(t)
	empty := f.atom("/atom.xml")
	assert.Empty(t, empty.Entries)
	assert.False(t, empty.Updated.IsZero())

	c := article("10.5555/a<b", 7)
	plain := article("odd", 1)
	plain.Records[0].Metadata = []byte(`<dc><identifier>x</identifier></dc>`)
	f.put(c, plain)
	feed := f.atom("/atom.xml")
	require.Len(t, feed.Entries, 2)
	e := feed.Entries[1]
	assert.Equal(t, "oai:sheaf.example.org:10.5555/a<b", e.ID)
	assert.Equal(t, "Of x & y, 7", e.Title)
	assert.Equal(t, "en", e.Lang)
	assert.Equal(t, []string{"Kurz, A.", "Lang, B."}, e.Authors)
	assert.Equal(t, "Short.", e.Summary)
	assert.Equal(t, site+"/records/10.5555/a%3Cb", e.Links[0].Href)
	assert.Equal(t, f.clock.Seconds(), e.Updated.Unix())
	assert.Equal(t, "oai:sheaf.example.org:odd", feed.Entries[0].Title, "an entry must have a title, and none is made up")
	assert.Empty(t, feed.Entries[0].Authors)
}

// A feed of one set has its items alone, and so have its older pages.
func TestFeedOfSet(t *testing.T) {
	f := open(t)
	f.fill(60, 1)
	f.put(article("even", 1), article("odd", 1))
	f.clock.Add(1)
	n := 0
	target := "/atom.xml?set=" + url.QueryEscape("type:0") // of the others each has a name of even length too
	for target != "" {
		page := f.atom(target)
		for _, e := range page.Entries {
			assert.NotEqual(t, "oai:sheaf.example.org:odd", e.ID)
			n++
		}
		if target = page.link("prev-archive"); target != "" {
			assert.Contains(t, target, "set=type%3A0")
		}
	}
	assert.Equal(t, 61, n)
	assert.Empty(t, f.atom("/atom.xml?set=nothing").Entries)
}
