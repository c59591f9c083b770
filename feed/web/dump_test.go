package web

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/oai"
	"sheaf/store"
)

var datetime = regexp.MustCompile(` datetime="[^"]*"`)

func (f *fixture) dumper(dir string, packages bool) *Dumper {
	d := &Dumper{Items: f.Store, Formats: formats(), RepositoryID: "sheaf.example.org", SiteURL: site, Dir: dir, Every: time.Hour, Now: f.clock.Now, packageSize: 40,
		settle: func(context.Context) error { f.clock.Add(1); return nil }}
	if packages {
		d.Document = func(ctx context.Context, local, prefix string) ([]byte, error) {
			item, err := f.Get(ctx, local)
			if err != nil || item.Deleted {
				return nil, errors.Join(err, store.ErrNotFound)
			}
			return append([]byte(prefix+" "), item.Article...), nil
		}
	}
	return d
}

// oaiList is a ListRecords response.
type oaiList struct {
	ResponseDate string `xml:"responseDate"`
	Error        struct {
		Code string `xml:"code,attr"`
	} `xml:"error"`
	Records []struct {
		Header struct {
			Status     string   `xml:"status,attr"`
			Identifier string   `xml:"identifier"`
			Datestamp  string   `xml:"datestamp"`
			Sets       []string `xml:"setSpec"`
		} `xml:"header"`
		Metadata struct {
			XML string `xml:",innerxml"`
		} `xml:"metadata"`
		About struct {
			XML string `xml:",innerxml"`
		} `xml:"about"`
	} `xml:"ListRecords>record"`
	Token string `xml:"ListRecords>resumptionToken"`
}

// into keeps the records by their identifiers, as a harvester does.
func (l *oaiList) into(records map[string]string) {
	for _, r := range l.Records {
		records[r.Header.Identifier] = fmt.Sprint(r.Header, r.Metadata.XML, r.About.XML)
	}
}

// harvest asks an endpoint until the end of the list.
func harvest(t *testing.T, r *oai.Repository, query string, records map[string]string) {
	for query != "" {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest("GET", "/oai?verb=ListRecords&"+query, nil))
		var l oaiList
		require.NoError(t, xml.Unmarshal(w.Body.Bytes(), &l))
		if l.Error.Code != "" {
			require.Equal(t, "noRecordsMatch", l.Error.Code)
		}
		l.into(records)
		if query = ""; l.Token != "" {
			query = "resumptionToken=" + strings.ReplaceAll(strings.ReplaceAll(l.Token, "+", "%2B"), "&", "%26")
		}
	}
}

func unpack(t *testing.T, path string) []byte {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	z, err := gzip.NewReader(bytes.NewReader(b))
	require.NoError(t, err)
	out, err := io.ReadAll(z)
	require.NoError(t, err)
	return out
}

// A dump, and a harvest from its responseDate, is a full harvest, whatever was written while the dump was made.
func TestDumpAndContinue(t *testing.T) { both(t, testDumpAndContinue) }

func testDumpAndContinue(t *testing.T, open opener) {
	for seed := range uint64(2) {
		f := open(t)
		const n = stretch + 500
		f.fill(n, seed)
		dir := t.TempDir()
		d := f.dumper(dir, false)
		d.Items = &busy{f.Store, f.writer(n, seed)}
		m, err := d.Make(bg)
		require.NoError(t, err)
		write := f.writer(n, seed+100)
		for range 60 {
			write()
		}
		f.clock.Add(1)
		r := &oai.Repository{Items: f.Store, Formats: formats(), BaseURL: site + "/oai", SiteURL: site, RepositoryID: "sheaf.example.org", PageSize: 1000, Now: f.clock.Now}
		for _, prefix := range []string{"oai_dc", "jats"} {
			file := m.of(prefix, gzipType)[0]
			var l oaiList
			require.NoError(t, xml.Unmarshal(unpack(t, filepath.Join(dir, file.Name)), &l))
			assert.Equal(t, m.ResponseDate, l.ResponseDate)
			assert.Len(t, l.Records, file.Records)
			got, want := map[string]string{}, map[string]string{}
			l.into(got)
			assert.Len(t, got, len(l.Records), "none twice")
			harvest(t, r, "metadataPrefix="+prefix, want)
			assert.NotEqual(t, want, got)
			query, ok := strings.CutPrefix(file.Continue, site+"/oai?")
			require.True(t, ok)
			harvest(t, r, strings.Replace(query, "verb=ListRecords", "", 1), got)
			assert.Equal(t, want, got)
		}
	}
}

// An item that was read already and changes within the second of the responseDate does not come again: that second is not in the dump.
func TestDumpNoneTwice(t *testing.T) {
	f := open(t)
	var many []store.Change
	for i := range stretch + 10 {
		many = append(many, article(fmt.Sprintf("10.5555/i%05d", i), 1))
	}
	f.put(many...)
	f.clock.Add(1)
	dir := t.TempDir()
	d := f.dumper(dir, false)
	n := 0
	d.Items = &busy{f.Store, func() {
		f.put(article(fmt.Sprintf("10.5555/i%05d", n), 2))
		n++
	}}
	m, err := d.Make(bg)
	require.NoError(t, err)
	for _, file := range m.Files {
		var l oaiList
		require.NoError(t, xml.Unmarshal(unpack(t, filepath.Join(dir, file.Name)), &l))
		seen := map[string]bool{}
		for _, r := range l.Records {
			assert.False(t, seen[r.Header.Identifier], r.Header.Identifier)
			seen[r.Header.Identifier] = true
		}
	}
}

// The mutation: with the clock of after the dump as responseDate, changes are missed.
func TestDumpTooLate(t *testing.T) {
	f := open(t)
	const n = stretch + 500
	f.fill(n, 1)
	dir := t.TempDir()
	d := f.dumper(dir, false)
	d.Items = &busy{f.Store, f.writer(n, 1)}
	m, err := d.Make(bg)
	require.NoError(t, err)
	f.clock.Add(1)
	late := datestamp(f.clock.Seconds())
	var l oaiList
	require.NoError(t, xml.Unmarshal(unpack(t, filepath.Join(dir, m.Files[0].Name)), &l))
	got, want := map[string]string{}, map[string]string{}
	l.into(got)
	r := &oai.Repository{Items: f.Store, Formats: formats(), BaseURL: site + "/oai", SiteURL: site, RepositoryID: "sheaf.example.org", Now: f.clock.Now}
	harvest(t, r, "metadataPrefix=oai_dc", want)
	harvest(t, r, "metadataPrefix=oai_dc&from="+late, got)
	assert.NotEqual(t, want, got)
}

func TestDumpServed(t *testing.T) {
	f := open(t)
	f.fill(300, 2)
	f.put(store.Change{Local: "10.5555/i00001", Delete: true})
	f.clock.Add(1)
	dir := filepath.Join(t.TempDir(), "made", "here")
	f.source.DumpDir = dir
	assert.Equal(t, http.StatusNotFound, f.get("/dump/oai_dc.xml.gz").Code, "nothing is there yet")
	_, err := f.dumper(dir, false).Make(bg)
	require.NoError(t, err)

	var m Manifest
	require.NoError(t, json.Unmarshal(f.get("/dump/manifest.json").Body.Bytes(), &m))
	assert.Equal(t, datestamp(f.clock.Seconds()), m.ResponseDate)
	require.Len(t, m.Files, 2)
	for _, file := range m.Files {
		assert.Equal(t, 300, file.Records)
		assert.Equal(t, 1, file.Deleted)
		w := f.get(file.URL)
		b := w.Body.Bytes()
		assert.Equal(t, file.Size, int64(len(b)))
		assert.Equal(t, file.SHA256, fmt.Sprintf("%x", sha256.Sum256(b)))
		assert.Equal(t, "application/gzip", w.Header().Get("Content-Type"))
		assert.Empty(t, w.Header().Get("Content-Encoding"))
		assert.NotEmpty(t, w.Header().Get("Last-Modified"))
		assert.Contains(t, f.get("/dump/SHA256SUMS").Body.String(), file.SHA256+"  "+file.Name+"\n")

		newest := f.get("/dump/" + file.Prefix + ".xml.gz")
		assert.Equal(t, b, newest.Body.Bytes())
		assert.Equal(t, file.URL, newest.Header().Get("Content-Location"))

		tag := w.Header().Get("ETag")
		assert.Equal(t, http.StatusNotModified, f.get(file.URL, "If-None-Match", tag).Code)
		part := f.get(file.URL, "Range", "bytes=100-199", "If-Range", tag)
		assert.Equal(t, http.StatusPartialContent, part.Code)
		assert.Equal(t, b[100:200], part.Body.Bytes())
		assert.Equal(t, http.StatusOK, f.get(file.URL, "Range", "bytes=100-199", "If-Range", `"another"`).Code)
	}
	assert.Equal(t, "application/json", f.get("/dump/").Header().Get("Content-Type"))
	page := f.get("/dump/", "Accept", "text/html,*/*")
	assert.Equal(t, "text/html; charset=utf-8", page.Header().Get("Content-Type"))
	assert.Contains(t, page.Body.String(), m.Files[0].URL)
	assert.Equal(t, http.StatusMovedPermanently, f.get("/dump").Code)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o644))
	for _, name := range []string{"secret", "../here/secret", "mods.xml.gz", "oai_dc-20200101T000000Z.xml.gz", ".part-1/x"} {
		assert.Equal(t, http.StatusNotFound, f.get("/dump/"+name).Code, name)
	}
}

func names(t *testing.T, dir string) (names []string) {
	there, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range there {
		names = append(names, e.Name())
	}
	return names
}

// The dump before stays for those who are reading it, under the same tag; those before it go, and so does what a killed process left. Where nothing was written
// none is made.
func TestDumpGenerations(t *testing.T) {
	f := open(t)
	f.put(article("x", 1))
	f.clock.Add(2)
	dir := t.TempDir()
	f.source.DumpDir = dir
	d := f.dumper(dir, false)
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".part-killed"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README"), nil, 0o644))
	first, err := d.Make(bg)
	require.NoError(t, err)
	tag := f.get(first.Files[0].URL).Header().Get("ETag")
	assert.Len(t, names(t, dir), 4)

	f.clock.Add(2)
	none, err := d.Make(bg)
	require.NoError(t, err)
	assert.Nil(t, none)
	for i := range 2 {
		f.put(article("x", 2+i))
		f.clock.Add(2)
		m, err := d.Make(bg)
		require.NoError(t, err)
		require.NotNil(t, m)
		if i == 0 {
			assert.Equal(t, tag, f.get(first.Files[0].URL).Header().Get("ETag"))
		}
	}
	assert.Equal(t, http.StatusNotFound, f.get(first.Files[0].URL).Code)
	assert.Len(t, names(t, dir), 6, "two dumps, the manifest, and what is not ours")

	moved := f.dumper(dir, false)
	moved.SiteURL = "https://elsewhere.example.org"
	m, err := moved.Make(bg)
	require.NoError(t, err)
	require.NotNil(t, m, "the addresses in it are others")
	require.NoError(t, os.Remove(filepath.Join(dir, m.Files[1].Name)))
	m, err = moved.Make(bg)
	require.NoError(t, err)
	assert.NotNil(t, m, "a file is gone")
}

// A dump that fails leaves the one before as it was.
func TestDumpFails(t *testing.T) {
	f := open(t)
	f.fill(50, 1)
	dir := t.TempDir()
	d := f.dumper(dir, false)
	_, err := d.Make(bg)
	require.NoError(t, err)
	before := names(t, dir)
	f.put(article("x", 1))
	f.clock.Add(1)
	for _, items := range []Items{&broken{f.Store, 1}, &broken{f.Store, 2}} { // one read tells that there is something to do
		d.Items = items
		_, err = d.Make(bg)
		assert.ErrorIs(t, err, store.ErrBusy)
	}
	assert.Equal(t, before, names(t, dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, manifestName), []byte("{"), 0o644))
	d.Items = f.Store
	m, err := d.Make(bg)
	require.NoError(t, err)
	assert.NotNil(t, m, "a manifest that cannot be read is replaced")
}

// The packages hold each document of a live item once, and their manifests tell of each what it is.
func TestPackages(t *testing.T) {
	f := open(t)
	f.fill(100, 1)
	f.put(store.Change{Local: "10.5555/i00001", Delete: true})
	f.clock.Add(1)
	dir := t.TempDir()
	f.source.DumpDir = dir
	_, err := f.dumper(dir, true).Make(bg)
	require.NoError(t, err)
	got := map[string]string{}
	set := f.urls("/resourcesync/jats/resourcedump.xml")
	assert.Equal(t, "resourcedump", set.MD.Capability)
	require.Len(t, set.URLs, 3)
	manifests := map[string][]byte{}
	for _, u := range set.URLs {
		b := f.get(u.Loc).Body.Bytes()
		assert.Equal(t, u.MD.Length, len(b))
		assert.Equal(t, u.MD.Hash, fmt.Sprintf("sha-256:%x", sha256.Sum256(b)))
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		require.NoError(t, err)
		read := func(name string) []byte {
			r, err := z.Open(name)
			require.NoError(t, err)
			b, err := io.ReadAll(r)
			require.NoError(t, err)
			return b
		}
		var manifest urlset
		manifests[u.Loc] = read("manifest.xml")
		require.NoError(t, xml.Unmarshal(manifests[u.Loc], &manifest))
		assert.Equal(t, "resourcedump-manifest", manifest.MD.Capability)
		assert.Equal(t, set.MD.At, manifest.MD.At)
		n := 0
		for _, e := range manifest.URLs {
			if e.Loc == "" {
				continue
			}
			n++
			doc := read(strings.TrimPrefix(e.MD.Path, "/"))
			local := localOf(t, e.Loc, "/jats.xml")
			assert.Equal(t, fmt.Sprintf(`jats {"local":%q,"version":1}`, local), string(doc))
			assert.Equal(t, e.MD.Hash, fmt.Sprintf("sha-256:%x", sha256.Sum256(doc)))
			assert.Equal(t, e.MD.Length, len(doc))
			assert.NotContains(t, got, local)
			got[local] = e.LastMod
		}
		assert.Len(t, z.File, n+1)
	}
	assert.Equal(t, live(f.state("jats")), got)
	assert.Empty(t, fixturetest.XSD(t, "indexers/resourcesync/sitemap-plus-rs.xsd", manifests))
}

// Run makes a dump at once, and again when the last is too old and something has changed.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &steady{}
		f.clock.Store(1000)
		dir := t.TempDir()
		d := &Dumper{Items: f, Formats: formats(), RepositoryID: "sheaf.example.org", SiteURL: site, Dir: dir, Every: time.Hour, Now: func() time.Time { return store.Time(f.clock.Load()) }}
		ctx, cancel := context.WithCancel(bg)
		done := make(chan struct{})
		go func() { d.Run(ctx); close(done) }()
		synctest.Wait()
		date := func() string {
			m, err := readManifest(dir)
			require.NoError(t, err)
			require.NotNil(t, m)
			return m.ResponseDate
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Equal(t, datestamp(1000), date())
		f.clock.Add(1800)
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		assert.Equal(t, datestamp(1000), date())
		f.clock.Add(1801)
		time.Sleep(31 * time.Minute)
		synctest.Wait()
		assert.Equal(t, datestamp(4601), date())
		cancel()
		<-done
	})
}

// steady is a list with nothing in it that always claims to have changed.
type steady struct{ clock atomic.Int64 }

func (s *steady) Tick(context.Context) (int64, error) { return s.clock.Load(), nil }
func (s *steady) List(_ context.Context, q store.Query, _ func(*store.Row) error) (store.Page, error) {
	return store.Page{Clock: s.clock.Load(), Until: s.clock.Load(), Total: 1}, nil
}
