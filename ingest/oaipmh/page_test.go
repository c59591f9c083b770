package oaipmh

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/jats"
)

func cutPage(t *testing.T, r io.Reader) (Page, []cut.Record) {
	t.Helper()
	var out []cut.Record
	p, err := CutPage(r, func(r cut.Record) error {
		out = append(out, r)
		return nil
	})
	require.NoError(t, err)
	return p, out
}

func TestCutPage(t *testing.T) {
	const open = `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-03-01T12:00:00Z</responseDate><request verb="ListRecords">https://a.example/oai</request>`
	const one = `<record><header><identifier>1</identifier></header></record>`
	page := func(p Page) Page {
		p.ResponseDate = "2026-03-01T12:00:00Z"
		return p
	}
	for name, c := range map[string]struct {
		doc  string
		want Page
	}{
		"the last page":     {open + "<ListRecords>" + one + "<resumptionToken/></ListRecords></OAI-PMH>", page(Page{HasToken: true, Cursor: -1, Records: 1, Complete: true})},
		"no token":          {open + "<ListRecords>" + one + one + "</ListRecords></OAI-PMH>\n<!-- 0.2 s -->\n", page(Page{Cursor: -1, Records: 2, Complete: true})},
		"a token":           {open + "<ListRecords>" + one + "<resumptionToken completeListSize='70' cursor='0'>\n a|b c&amp;d \n</resumptionToken></ListRecords></OAI-PMH>", page(Page{HasToken: true, Token: "a|b c&d", CompleteListSize: 70, Records: 1, Complete: true})},
		"a token of CDATA":  {open + "<ListRecords><resumptionToken completeListSize='-1' cursor='x'><![CDATA[a&b]]></resumptionToken>" + one + "</ListRecords></OAI-PMH>", page(Page{HasToken: true, Token: "a&b", Cursor: -1, Records: 1, Complete: true})},
		"errors":            {open + `<error code="badVerb">No.</error><error code='badArgument'/></OAI-PMH>`, page(Page{Cursor: -1, Errors: []Error{{"badVerb", "No."}, {"badArgument", ""}}, Complete: true})},
		"cut short":         {open + "<ListRecords>" + one + "<record><header>", page(Page{Cursor: -1, Records: 2})},
		"a prefix":          {`<o:OAI-PMH xmlns:o="x"><o:responseDate>2026-03-01 13:00:00+01:00</o:responseDate><o:ListRecords><o:record/><o:resumptionToken>t</o:resumptionToken></o:ListRecords></o:OAI-PMH >`, page(Page{HasToken: true, Token: "t", Cursor: -1, Records: 1, Complete: true})},
		"no date":           {"<OAI-PMH><ListRecords>" + one + "</ListRecords></OAI-PMH>", Page{Cursor: -1, Records: 1, Complete: true}},
		"an empty list":     {open + "<ListRecords/></OAI-PMH>", page(Page{Cursor: -1, Complete: true})},
		"warnings before":   {"<br />\n<b>Warning</b>: bad <b>3</b>\n" + open + "<ListRecords>" + one + "</ListRecords></OAI-PMH>", page(Page{Cursor: -1, Records: 1, Complete: true})},
		"a broken record":   {open + "<ListRecords>" + one + "<record><a></b></record>" + one + "</ListRecords></OAI-PMH>", page(Page{Cursor: -1, Records: 3, Complete: true})},
		"MARC inside":       {open + "<ListRecords><record><metadata><record xmlns='http://www.loc.gov/MARC21/slim'/></metadata></record></ListRecords></OAI-PMH>", page(Page{Cursor: -1, Records: 1, Complete: true})},
		"a record of error": {open + "<GetRecord><record><metadata><error>x</error></metadata></record></GetRecord></OAI-PMH>", page(Page{Cursor: -1, Records: 1, Complete: true})},
	} {
		t.Run(name, func(t *testing.T) {
			wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(c.doc)
			require.NoError(t, err)
			for i, r := range []io.Reader{strings.NewReader(c.doc), iotest.OneByteReader(strings.NewReader(c.doc)), strings.NewReader(wide)} {
				if i == 2 && name == "warnings before" {
					continue // what servers' scripts print is not UTF-16
				}
				got, recs := cutPage(t, r)
				assert.Equal(t, c.want, got)
				assert.Len(t, recs, got.Records)
				if name == "warnings before" {
					assert.Equal(t, 3, recs[0].Line)
					assert.True(t, bytes.HasPrefix(recs[0].Data, []byte("<OAI-PMH")))
				}
			}
		})
	}
}

func TestCutPageErrors(t *testing.T) {
	for _, doc := range []string{"", "<html><body>Error 500: OAI-PMH is down</body></html>", "503 Service Unavailable", `{"a":1}`, "\x00\x00"} {
		_, err := CutPage(strings.NewReader(doc), func(cut.Record) error { return errors.New("yielded") })
		var f *jats.Fault
		require.ErrorAs(t, err, &f, doc)
		assert.Equal(t, "not-recognised", f.Code)
	}
	broken := errors.New("connection reset")
	_, err := CutPage(iotest.ErrReader(broken), nil)
	assert.ErrorIs(t, err, broken)
	doc := "<OAI-PMH><responseDate>2026-03-01</responseDate><ListRecords><record/><record/></ListRecords></OAI-PMH>"
	p, err := CutPage(strings.NewReader(doc), func(cut.Record) error { return broken })
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, Page{ResponseDate: "2026-03-01", Cursor: -1, Records: 1, Complete: true}, p, "what was known by then")
	p, err = CutPage(io.MultiReader(strings.NewReader(doc[:80]), iotest.ErrReader(broken)), func(cut.Record) error { return nil })
	assert.ErrorIs(t, err, broken)
	assert.False(t, p.Complete)
}

func TestUTC(t *testing.T) {
	for in, want := range map[string]string{
		"2026-03-01T12:00:00Z": "2026-03-01T12:00:00Z", " 2026-03-01T12:00:00.123Z\n": "2026-03-01T12:00:00Z", "2023-03-30T16:02:12+05:45": "2023-03-30T10:17:12Z",
		"2026-03-01T12:00:00": "2026-03-01T12:00:00Z", "2026-03-01 12:00:00": "2026-03-01T12:00:00Z", "2026-03-01T12:00:00+0100": "2026-03-01T11:00:00Z",
		"2026-03-01": "2026-03-01", "Sun, 01 Mar 2026 12:00:00 GMT": "2026-03-01T12:00:00Z", "2026-02-30": "", "": "", "yesterday": "", "0000-01-01T00:00:00+14:00": "",
	} {
		got, ok := UTC(in)
		assert.Equal(t, want, got, in)
		assert.Equal(t, want != "", ok, in)
	}
}

func TestAnswers(t *testing.T) {
	golden := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(fixturetest.Root(), "fixtures", "golden", "oai", name))
		require.NoError(t, err)
		return data
	}
	id, err := ParseIdentify(golden("identify.xml"))
	require.NoError(t, err)
	assert.Equal(t, "2.0", id.ProtocolVersion)
	assert.Equal(t, "http://sheaf.example.org/oai", id.BaseURL)
	assert.Equal(t, "persistent", id.DeletedRecord)
	assert.Equal(t, "YYYY-MM-DDThh:mm:ssZ", id.Granularity)
	assert.Equal(t, "sheaf.example.org", id.RepositoryID)
	assert.NotEmpty(t, id.AdminEmails)
	assert.NotEmpty(t, id.ResponseDate)
	fs, err := ParseFormats(golden("listmetadataformats.xml"))
	require.NoError(t, err)
	assert.Equal(t, "oai_dc", fs[0].Prefix)
	assert.Equal(t, "https://jats.nlm.nih.gov/ns/archiving/1.3/", fs[1].Namespace)
	sets, p, err := ParseSets([]byte("junk <b>\n<OAI-PMH><ListSets><set><setSpec><![CDATA[a]]></setSpec><setName>A <![CDATA[set]]></setName></set><set/><resumptionToken>t</resumptionToken></ListSets></OAI-PMH>"))
	require.NoError(t, err)
	assert.Equal(t, []Set{{"a", "A set"}}, sets)
	assert.Equal(t, Page{HasToken: true, Token: "t", Cursor: -1, Records: 1, Complete: true}, p)

	var told Error
	_, _, err = ParseSets([]byte(`<OAI-PMH><error code="noSetHierarchy"> none
 here</error></OAI-PMH>`))
	require.ErrorAs(t, err, &told)
	assert.Equal(t, Error{"noSetHierarchy", "none here"}, told)
	assert.EqualError(t, err, "the repository answers noSetHierarchy: none here")
	var f *jats.Fault
	_, err = ParseIdentify(golden("listsets.xml"))
	require.ErrorAs(t, err, &f)
	assert.Equal(t, "not-recognised", f.Code)
	_, err = ParseFormats([]byte("<html>"))
	assert.ErrorAs(t, err, &f)
}

func TestSharedAnswers(t *testing.T) {
	dir := fixturetest.Shared(t, "data/oai-pmh")
	files, err := filepath.Glob(filepath.Join(dir, "*.xml"))
	require.NoError(t, err)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		p, _ := cutPage(t, bytes.NewReader(data))
		assert.True(t, p.Complete, path)
		assert.NotEmpty(t, p.ResponseDate, path)
		switch {
		case bytes.Contains(data, []byte("<Identify>")):
			id, err := ParseIdentify(data)
			require.NoError(t, err, path)
			assert.NotEmpty(t, id.BaseURL, path)
		case bytes.Contains(data, []byte("<ListSets>")):
			sets, _, err := ParseSets(data)
			require.NoError(t, err, path)
			assert.NotEmpty(t, sets, path)
		case bytes.Contains(data, []byte("<error ")):
			assert.Len(t, p.Errors, 1, path)
		case !bytes.Contains(data, []byte("<ListIdentifiers>")):
			assert.Equal(t, bytes.Count(data, []byte("<header")), p.Records, path)
		}
	}
}
