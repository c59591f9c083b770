package fulltext_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html/charset"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/fulltext"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

var today = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// seen is what stands in the parts of an article: words in their order, ids, and what points at ids and addresses.
type seen struct {
	words       []string
	ids         map[string]bool
	rids, hrefs []string
}

// look reads a document with the standard decoder, not with this project's, and returns what is in its body and floats, and the words of its back outside of
// reference lists.
func look(t testing.TB, data []byte) (text seen, back []string, all seen) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	d.Entity = map[string]string{}
	for k, v := range xml.HTMLEntity {
		d.Entity[k] = v
	}
	for _, m := range regexp.MustCompile(`<!ENTITY\s+(\S+)\s+SYSTEM`).FindAllSubmatch(data, -1) {
		d.Entity[string(m[1])] = "" // another file, which is never opened
	}
	for _, m := range regexp.MustCompile(`<!ENTITY\s+(\S+)\s+"([^"]*)"`).FindAllSubmatch(data, -1) {
		d.Entity[string(m[1])] = string(m[2])
	}
	d.CharsetReader = charset.NewReaderLabel
	text.ids, all.ids = map[string]bool{}, map[string]bool{}
	var inText, inBack, inAll strings.Builder
	var stack []string
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		part := ""
		at := slices.Index(stack, "article")
		if at >= 0 && len(stack) > at+1 {
			part = stack[at+1]
		}
		if part == "floats-wrap" || part == "floats-group" {
			part = "body"
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			stack = append(stack, tok.Name.Local)
			for _, a := range tok.Attr {
				switch {
				case a.Name.Local == "id":
					id := strings.TrimSpace(a.Value)
					all.ids[id] = true
					if part == "body" {
						text.ids[id] = true
					}
				case a.Name.Local == "href" && a.Name.Space == "" && part == "body": // of no element of JATS: it becomes a pointer
					text.rids = append(text.rids, strings.TrimPrefix(a.Value, "#"))
				case a.Name.Local == "rid" && part == "body":
					text.rids = append(text.rids, strings.Fields(a.Value)...)
				case a.Name.Local == "href" && a.Name.Space != "" && part == "body":
					text.hrefs = append(text.hrefs, strings.TrimSpace(a.Value))
				}
			}
			inText.WriteByte(' ')
			inBack.WriteByte(' ')
			inAll.WriteByte(' ')
		case xml.EndElement:
			stack = stack[:len(stack)-1]
			inText.WriteByte(' ')
			inBack.WriteByte(' ')
			inAll.WriteByte(' ')
		case xml.CharData:
			inAll.Write(tok)
			if part == "body" {
				inText.Write(tok)
			}
			if part == "back" && !slices.Contains(stack, "ref-list") {
				inBack.Write(tok)
			}
		}
	}
	text.words, back, all.words = words(inText.String()), words(inBack.String()), words(inAll.String())
	return text, back, all
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// response is a whole OAI-PMH response with one record.
func response(record []byte) []byte {
	const head = `<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">` +
		`<responseDate>2026-11-24T00:00:00Z</responseDate><request verb="GetRecord">https://sheaf.example.org/oai</request><GetRecord><record><header><identifier>oai:sheaf.example.org:x</identifier>` +
		`<datestamp>2026-11-24T00:00:00Z</datestamp></header><metadata>`
	return append(append([]byte(head), bytes.ReplaceAll(record, []byte(element.Site), []byte("https://sheaf.example.org"))...), "</metadata></record></GetRecord></OAI-PMH>"...)
}

// Every article of the shared collection that has a body is served whole and valid, with its ids, pointers and addresses, or refused for a stated reason.
// Those that are not open are looked at as if they were. It takes every third; SHEAF_ALL=1: all.
func TestShared(t *testing.T) {
	dir := fixturetest.Shared(t, "data/jats")
	publishing, archiving, responses := map[string][]byte{}, map[string][]byte{}, map[string][]byte{}
	files := 0
	count, headings := map[string]int{}, map[string]int{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".xml" {
			return err
		}
		if files++; files%3 != 0 && os.Getenv("SHEAF_ALL") == "" {
			return nil
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		name, _ := filepath.Rel(dir, path)
		a, _, err := jats.Read(data)
		if err != nil {
			count["not read"]++
			return nil
		}
		r := flat.Of(a, name, "https://sheaf.example.org/records/x", today)
		if _, err := fulltext.Append(nil, r); err != nil {
			var cannot *flat.Cannot
			require.ErrorAs(t, err, &cannot)
			count["as it is: "+cannot.Code]++
		} else {
			count["as it is: served"]++
		}
		if a.FullText == nil {
			return nil
		}
		r.Access = flat.Open
		record, err := fulltext.Append([]byte("before"), r)
		if err != nil {
			count["open: refused"]++
			t.Logf("%s: %v", name, err)
			return nil
		}
		count["open: served"]++
		require.True(t, bytes.HasPrefix(record, []byte("before<article ")))
		doc, err := fulltext.AppendDocument(nil, r)
		require.NoError(t, err, name)
		if bytes.Contains(doc[:200], []byte("Journal Publishing DTD")) {
			publishing[name] = doc
			if len(responses) < 40 { // the schema is that of Publishing
				responses[name] = response(record[len("before"):])
			}
		} else {
			archiving[name] = doc
		}

		want, wantBack, source := look(t, data)
		got, _, all := look(t, doc)
		assert.Equal(t, want.words, got.words, name)
		assert.Equal(t, want.hrefs, got.hrefs, name)
		for id := range want.ids {
			assert.True(t, got.ids[id] || !slices.Contains(want.rids, id), "%s: id %q", name, id)
			if !got.ids[id] {
				count["ids lost that nothing points at"]++
			}
		}
		var rids []string
		for _, id := range want.rids {
			if all.ids[id] {
				rids = append(rids, id)
			} else if source.ids[id] {
				count["pointers out of the text"]++
			} else {
				count["pointers to nothing in the source"]++
			}
		}
		assert.Equal(t, rids, got.rids, name)
		have := map[string]int{}
		for _, w := range all.words {
			have[w]++
		}
		for _, w := range wantBack {
			if have[w] == 0 {
				headings[w]++ // of footnotes that are all among the article's notes
			}
			have[w]--
		}

		again, _, err := jats.Read(doc)
		require.NoError(t, err, name)
		r = flat.Of(again, name, r.Page, today)
		r.Access = flat.Open
		second, err := fulltext.AppendDocument(nil, r)
		require.NoError(t, err, name)
		assert.True(t, bytes.Equal(doc, second), "%s: read and written again it is another", name)
		if *again.FullText == *a.FullText {
			count["as in the source"]++
		} else {
			count["mended"]++
		}
		third, _, err := jats.Read(second)
		require.NoError(t, err, name)
		assert.Equal(t, again, third, name)
		return nil
	}))
	t.Logf("lost from the backs: %v", headings)
	assert.Less(t, len(headings), 12)
	for name, what := range fixturetest.DTD(t, fixturetest.Publishing, publishing) {
		t.Errorf("%s: %.600s", name, what)
	}
	for name, what := range fixturetest.DTD(t, fixturetest.Archiving, archiving) {
		t.Errorf("%s: %.600s", name, what)
	}
	for name, what := range fixturetest.XSD(t, "oai/oai-jats.xsd", responses) {
		t.Errorf("%s: in a response: %.600s", name, what)
	}
	t.Logf("%v; %d by Publishing, %d by Archiving, %d responses", fmt.Sprint(count), len(publishing), len(archiving), len(responses))
	assert.Greater(t, count["open: served"], 40)
}
