package crosswalk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/crosswalk/flat"
	"sheaf/fixtures"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
)

const site = "https://sheaf.example.org"

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// articles reads all fixtures, by name without the extension.
func articles(t testing.TB) map[string]*jats.Article {
	t.Helper()
	out := map[string]*jats.Article{}
	entries, err := fs.ReadDir(fixtures.FS, "articles")
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name() == "README.md" {
			continue
		}
		data, err := fs.ReadFile(fixtures.FS, "articles/"+e.Name())
		require.NoError(t, err)
		_, a, _, err := ingest.Parse(data, "")
		require.NoError(t, err, e.Name())
		out[strings.TrimSuffix(e.Name(), path.Ext(e.Name()))] = a
	}
	require.GreaterOrEqual(t, len(out), 13)
	return out
}

// render makes the record as it is stored, its root element with the site's address in it, and its about containers; nil where the format does not take
// the article.
func render(t testing.TB, f crosswalk.Format, a *jats.Article) (record, about []byte) {
	t.Helper()
	b, err := crosswalk.Render(f, crosswalk.Record(a, ingest.Local(a), today))
	var cannot *flat.Cannot
	if errors.As(err, &cannot) {
		require.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)+$|^script$`, cannot.Code)
		return nil, nil
	}
	require.NoError(t, err, f.Prefix)
	b = bytes.ReplaceAll(b, []byte(crosswalk.BaseURL), []byte(site))
	record, about, _ = bytes.Cut(b, []byte(crosswalk.AboutMark))
	return record, about
}

// archivingOnly are the fixtures whose journal lacks an ISSN or an id, which the Publishing DTD demands.
var archivingOnly = map[string]bool{"seed": true, "no-journal-data": true, "editorial": true}

// The records are as they are kept in fixtures/golden, and valid by themselves; TestResponses has them in answers.
func TestGoldenRecords(t *testing.T) {
	publishingRecords, byFormat := map[string][]byte{}, map[string]map[string][]byte{}
	publishing, archiving := map[string][]byte{}, map[string][]byte{}
	for name, a := range articles(t) {
		for _, f := range crosswalk.All() {
			record, about := render(t, f, a)
			if record == nil {
				continue
			}
			fixturetest.Golden(t, name+"."+f.Prefix+".xml", append(bytes.Clone(record), '\n'))
			if byFormat[f.Prefix] == nil {
				byFormat[f.Prefix] = map[string][]byte{}
			}
			byFormat[f.Prefix][name] = record
			if f.Prefix == "jats" && !archivingOnly[name] { // oai-jats.xsd holds the Publishing set
				publishingRecords[name] = fmt.Appendf(nil, "<metadata>%s</metadata>%s", record, about)
			}
		}
		f, ok := crosswalk.Find("jats")
		require.True(t, ok)
		doc, err := crosswalk.Document(f, a, ingest.Local(a), site, today)
		require.NoError(t, err)
		fixturetest.Golden(t, name+".article.xml", doc)
		archiving[name] = doc
		if !archivingOnly[name] {
			publishing[name] = doc
		}
	}
	assert.Empty(t, fixturetest.XSD(t, "oai/oai_dc.xsd", byFormat["oai_dc"]))
	assert.Empty(t, fixturetest.XSD(t, "oai/oai-jats.xsd", response(publishingRecords)))
	assert.Empty(t, fixturetest.DTD(t, fixturetest.Publishing, publishing))
	assert.Empty(t, fixturetest.DTD(t, fixturetest.Archiving, archiving))
}

// response puts all records into one ListRecords response, where no id may come twice.
func response(records map[string][]byte) map[string][]byte {
	var b bytes.Buffer
	b.WriteString(`<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-01-01T00:00:00Z</responseDate><request verb="ListRecords" metadataPrefix="jats">` + site + `/oai</request><ListRecords>`)
	for name, r := range records {
		fmt.Fprintf(&b, `<record><header><identifier>oai:sheaf.example.org:%s</identifier><datestamp>2026-01-01T00:00:00Z</datestamp></header>%s</record>`, name, r)
	}
	b.WriteString(`</ListRecords></OAI-PMH>`)
	return map[string][]byte{"all records in one response": b.Bytes()}
}

func TestAboutNamesTheLicence(t *testing.T) {
	all := articles(t)
	docs := map[string][]byte{}
	for _, f := range crosswalk.All() {
		for name, want := range map[string]string{
			"thin-films": "https://creativecommons.org/licenses/by/4.0/", // and not the CC0 of its data
			"data-paper": "https://creativecommons.org/publicdomain/zero/1.0/",
			"islands":    "", "book-review": "", "retraction": "",
		} {
			record, about := render(t, f, all[name])
			if record == nil {
				continue
			}
			if want == "" {
				assert.Empty(t, about, name)
				continue
			}
			assert.Contains(t, string(about), `<rightsReference ref="`+want+`"/>`, name)
			rights := strings.TrimSuffix(strings.TrimPrefix(string(about), "<about>"), "</about>")
			docs[name+" "+f.Prefix] = []byte(rights)
		}
	}
	assert.Empty(t, fixturetest.XSD(t, "oai/rights.xsd", docs))
}

// A record that was harvested says from where, and where that place had it from; what cannot be said validly is left out, and what has no origin keeps its bytes.
func TestAboutTellsTheOrigin(t *testing.T) {
	origin := func(n int) *jats.Origin {
		return &jats.Origin{BaseURL: fmt.Sprintf("https://%d.example.org/oai?a=b&c", n), Identifier: fmt.Sprintf("oai:%d.example.org:1/<2>", n), Datestamp: "2024-05-0" + fmt.Sprint(n%9+1),
			MetadataNamespace: "http://www.openarchives.org/OAI/2.0/oai_dc/", HarvestDate: "2025-01-02T03:04:05Z", Altered: n%2 == 0}
	}
	chain := func(n int) *jats.Origin {
		o := origin(n)
		for at, i := o, n-1; i > 0; i-- {
			at.Origin = origin(i)
			at = at.Origin
		}
		return o
	}
	a := articles(t)["thin-films"]
	f, _ := crosswalk.Find("jats")
	_, without := render(t, f, a)
	docs := map[string][]byte{}
	count := func(o *jats.Origin) int {
		a.Origin = o
		record, about := render(t, f, a)
		require.True(t, bytes.HasPrefix(about, without), "the licence comes first")
		rest := string(about[len(without):])
		docs[fmt.Sprint(len(docs))] = response(map[string][]byte{"x": fmt.Appendf(nil, "<metadata>%s</metadata>%s", record, about)})["all records in one response"]
		return strings.Count(rest, "<originDescription ")
	}
	assert.Equal(t, 0, count(nil))
	assert.Equal(t, 1, count(chain(1)))
	assert.Equal(t, 3, count(chain(3)))
	assert.Equal(t, 16, count(chain(40)))
	for _, spoil := range []func(*jats.Origin){
		func(o *jats.Origin) { o.HarvestDate = "" }, func(o *jats.Origin) { o.HarvestDate = "yesterday" }, func(o *jats.Origin) { o.Datestamp = "2024-13-01" },
		func(o *jats.Origin) { o.Datestamp = "2024-05-06T07:08:09+03:00" }, func(o *jats.Origin) { o.BaseURL = "" }, func(o *jats.Origin) { o.Identifier = "a b" },
		func(o *jats.Origin) { o.Identifier = "oai:x:%zz/\x01" }, func(o *jats.Origin) { o.MetadataNamespace = "http://[" },
	} {
		o := chain(3)
		spoil(o.Origin)
		assert.Equal(t, 1, count(o), "%+v", o.Origin)
		o = chain(3)
		spoil(o)
		assert.Equal(t, 0, count(o), "%+v", o)
	}
	a.Origin = chain(2)
	_, about := render(t, f, a)
	assert.Equal(t, `<about><provenance xmlns="http://www.openarchives.org/OAI/2.0/provenance" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" `+
		`xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/provenance http://www.openarchives.org/OAI/2.0/provenance.xsd">`+
		`<originDescription harvestDate="2025-01-02T03:04:05Z" altered="true"><baseURL>https://2.example.org/oai?a=b&amp;c</baseURL><identifier>oai:2.example.org:1/&lt;2&gt;</identifier>`+
		`<datestamp>2024-05-03</datestamp><metadataNamespace>http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace>`+
		`<originDescription harvestDate="2025-01-02T03:04:05Z" altered="false"><baseURL>https://1.example.org/oai?a=b&amp;c</baseURL><identifier>oai:1.example.org:1/&lt;2&gt;</identifier>`+
		`<datestamp>2024-05-02</datestamp><metadataNamespace>http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace></originDescription></originDescription></provenance></about>`, string(about[len(without):]))
	assert.Empty(t, fixturetest.Responses(t, docs))
}

// The record of an article never shows an e-mail address or what changes daily, and never a price as a right.
func TestRecordsLeaveOutWhatIsNotForAll(t *testing.T) {
	all := articles(t)
	for _, f := range crosswalk.All() {
		for name, a := range all {
			record, _ := render(t, f, a)
			assert.NotContains(t, string(record), "@", name)
			assert.NotContains(t, string(record), ">views<", name)
			if f.Prefix == "oai_dc" {
				assert.NotContains(t, string(record), "RUB", name)
				assert.NotContains(t, string(record), "rub.", name)
			}
		}
	}
}

// Rendering is a function of the article: an importer that runs twice finds nothing changed.
func TestRenderIsStable(t *testing.T) {
	first, second := articles(t), articles(t)
	for name := range first {
		for _, f := range crosswalk.All() {
			x, _ := render(t, f, first[name])
			y, _ := render(t, f, second[name])
			assert.Equal(t, string(x), string(y), name)
		}
	}
}

// An article with an id that is no XML name, twice, or pointing nowhere never gets past the door in a broken record.
// What was rendered stays as it is when others are, at a time too: the store keeps it for a while.
func TestRenderedBytesAreTheCallers(t *testing.T) {
	all := articles(t)
	for _, f := range crosswalk.All() {
		first, want := map[string][]byte{}, map[string]string{}
		for name, a := range all {
			b, err := crosswalk.Render(f, crosswalk.Record(a, name, today))
			if f.Rare && err != nil { // the format does not take it
				continue
			}
			require.NoError(t, err)
			first[name], want[name] = b, string(b)
		}
		var wg sync.WaitGroup
		for name, a := range all {
			if first[name] == nil {
				continue
			}
			wg.Go(func() {
				b, err := crosswalk.Render(f, crosswalk.Record(a, name, today))
				assert.NoError(t, err)
				assert.Equal(t, want[name], string(b))
			})
		}
		wg.Wait()
		for name := range all {
			assert.Equal(t, want[name], string(first[name]))
		}
	}
}

func TestRenderOfOddIDs(t *testing.T) {
	a := &jats.Article{Title: jats.Title{Text: "T"}, Contribs: []jats.Contrib{{Names: []jats.Name{{Full: "A"}}, Affs: []string{"1 x", "gone"}, Notes: []string{"gone"}}},
		Affs: []jats.Aff{{ID: "1 x", Forms: []jats.AffForm{{Text: "Here"}}}, {ID: "1 x", Forms: []jats.AffForm{{Text: "There"}}}}}
	a.Clean()
	for _, f := range crosswalk.All() {
		render(t, f, a)
	}
}

var nul = regexp.MustCompile(`\x00[^"< ]*`)

// The public address is not known when records are made: it stands as a placeholder, only before a path of the site.
func TestThePublicAddressIsAPlaceholder(t *testing.T) {
	for name, a := range articles(t) {
		for _, f := range crosswalk.All() {
			b, err := crosswalk.Render(f, crosswalk.Record(a, ingest.Local(a), today))
			var cannot *flat.Cannot
			if errors.As(err, &cannot) {
				continue
			}
			require.NoError(t, err, name)
			for _, m := range nul.FindAllString(string(b), -1) {
				assert.Regexp(t, `^\x00/(records|schemas)/.`, m, name)
			}
			assert.NotContains(t, string(b), site)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	a := articles(b)["thin-films"]
	b.ReportAllocs()
	for b.Loop() {
		crosswalk.Record(a, "10.5555/x", today)
	}
}

func BenchmarkRender(b *testing.B) {
	a := articles(b)["thin-films"]
	for _, f := range crosswalk.All() {
		b.Run(f.Prefix, func(b *testing.B) {
			r := crosswalk.Record(a, "10.5555/x", today)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := crosswalk.Render(f, r); err != nil {
					b.Skip(err)
				}
			}
		})
	}
}
