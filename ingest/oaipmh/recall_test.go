package oaipmh_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/ingest/oaipmh"
	"sheaf/jats"
)

// words are the tokens of text, runs of letters and digits. What formats spell in two ways is folded: case, http and https, the time of day of a date, the
// resolver of a DOI, and the prefixes of the info:eu-repo vocabulary.
func words(s string) []string {
	s = clock.ReplaceAllString(strings.ToLower(norm.NFC.String(strings.ReplaceAll(s, "\u00AD", ""))), "$1")
	s = doiResolver.ReplaceAllString(strings.ReplaceAll(s, "http:", "https:"), "10.")
	for _, p := range []string{"info:eu-repo/semantics/", "info:eu-repo/", "semantics/altidentifier/"} {
		s = strings.ReplaceAll(s, p, "")
	}
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

var (
	clock       = regexp.MustCompile(`(\d{4}-\d\d-\d\d)[t ]\d\d:\d\d(:\d\d)?(\.\d+)?(z|[+-]\d\d:\d\d)?`)
	doiResolver = regexp.MustCompile(`(https?://(dx\.)?doi\.org/|doi:\s*)10\.`)
)

// An entry is one record as an independent reader sees it: the text of each leaf of its metadata.
type entry struct {
	deleted bool
	texts   []string
}

// unmapped are elements that no field of an article is for, by name, or tag of MARC. The language of a record is its code, and is compared by itself.
var unmapped = map[string]bool{
	"language": true, "languageTerm": true, "recordInfo": true, "extension": true,
	"leader": true, "003": true, "005": true, "006": true, "007": true, "008": true, "035": true, "039": true, "040": true, "041": true, "909": true, "910": true, "945": true, "999": true, "AVD": true,
}

// unmappedSubfields are codes of MARC subfields for control and links of the catalogue.
const unmappedSubfields = "02568w"

// entries reads the records of an answer with the standard decoder.
func entries(t testing.TB, data []byte) (out []entry) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	var stack []string
	var text strings.Builder
	inside, skip := 0, 0
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		switch tok := tok.(type) {
		case xml.StartElement:
			name, code := tok.Name.Local, ""
			for _, a := range tok.Attr {
				switch {
				case a.Name.Local == "tag":
					name = a.Value
				case a.Name.Local == "code" && name == "subfield":
					code = a.Value
				case name == "header" && a.Name.Local == "status":
					defer func(n int) { out[n].deleted = true }(len(out))
				}
			}
			stack = append(stack, name)
			if name == "metadata" && inside == 0 {
				inside = len(stack)
			}
			if skip == 0 && inside > 0 && (unmapped[name] || code != "" && strings.Contains(unmappedSubfields, code)) {
				skip = len(stack)
			}
			text.WriteByte(' ')
			if name == "header" {
				out = append(out, entry{})
			}
		case xml.EndElement:
			if inside > 0 && skip == 0 && strings.TrimSpace(text.String()) != "" {
				out[len(out)-1].texts = append(out[len(out)-1].texts, text.String())
			}
			text.Reset()
			if len(stack) == skip {
				skip = 0
			}
			if len(stack) == inside {
				inside = 0
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			text.Write(tok)
		}
	}
}

// allStrings collects every string in v.
func allStrings(v reflect.Value, add func(string)) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[jats.Rich]() {
			add(jats.Rich(v.String()).Plain())
			return
		}
		add(v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			allStrings(v.Field(i), add)
		}
	case reflect.Slice:
		for i := range v.Len() {
			allStrings(v.Index(i), add)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			allStrings(v.Elem(), add)
		}
	}
}

// missing are the words of the source that the article has not, each as often as it is wanting.
func missing(texts []string, a *jats.Article) (lost []string, total int) {
	have := map[string]int{}
	b := *a
	b.Origin = nil
	allStrings(reflect.ValueOf(b), func(s string) {
		for _, w := range words(s) {
			have[w]++
		}
	})
	seen := map[string]bool{} // a statement that the source repeats is one
	for _, s := range texts {
		s = strings.Join(strings.Fields(s), " ")
		if seen[s] {
			continue
		}
		seen[s] = true
		for _, w := range words(s) {
			total++
			if have[w] > 0 {
				have[w]--
			} else {
				lost = append(lost, w)
			}
		}
	}
	return lost, total
}

// refusedFiles are the files of the collection that hold no record, with the code of the fault and a word of the reason.
var refusedFiles = map[string][2]string{
	"janeway-identify_data_dc-v2.xml": {"no-records", "Identify"}, "janeway-identify_data_dc.xml": {"no-records", "Identify"}, "sickle-Identify.xml": {"no-records", "Identify"},
	"vufindharvest-identify_response.xml": {"no-records", "Identify"}, "xoai-identify.xml": {"no-records", "Identify"},
	"janeway-list_identifiers_jats-v2.xml": {"no-records", "ListIdentifiers"}, "janeway-list_identifiers_jats.xml": {"no-records", "ListIdentifiers"}, "pyoai-00003.xml": {"no-records", "ListIdentifiers"},
	"sickle-ListIdentifiers.xml": {"no-records", "ListIdentifiers"}, "sickle-ListIdentifiers2.xml": {"no-records", "ListIdentifiers"},
	"phpoaipmh-GoodResponseFourPage_1.xml": {"no-records", "ListIdentifiers"}, "phpoaipmh-GoodResponseFourPage_2.xml": {"no-records", "ListIdentifiers"},
	"phpoaipmh-GoodResponseFourPage_3.xml": {"no-records", "ListIdentifiers"}, "phpoaipmh-GoodResponseFourPage_4.xml": {"no-records", "ListIdentifiers"},
	"pyoai-00000.xml": {"no-records", "ListSets"}, "sickle-ListSets.xml": {"no-records", "ListSets"}, "xoai-oai_dc-sets-CDATA.xml": {"no-records", "ListSets"}, "xoai-oai_dc-sets.xml": {"no-records", "ListSets"},
	"phpoaipmh-BadResponseInvalidRecord.xml": {"oai-error", "idDoesNotExist"}, "sickle-badResumptionToken.xml": {"oai-error", "badResumptionToken"},
	"sickle-cannotDisseminateFormat.xml": {"oai-error", "cannotDisseminateFormat"}, "sickle-idDoesNotExist.xml": {"oai-error", "idDoesNotExist"},
	"vufindharvest-token_error_response.xml":        {"oai-error", "badResumptionToken"},
	"vufindharvest-list_records_token_response.xml": {"metadata-format", `"foo"`},       // its one record
	"vufindharvest-oai_doaj.xml":                    {"metadata-format", "doajArticle"}, // package ingest hands them to the reader of DOAJ
}

func TestRecall(t *testing.T) {
	dir := fixturetest.Shared(t, "data/oai-pmh")
	paths, err := filepath.Glob(filepath.Join(dir, "*.xml"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	total, lostAll, read, withdrawn := 0, 0, 0, 0
	for _, path := range paths {
		name := filepath.Base(path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, oaipmh.Recognise(data[:min(len(data), 64<<10)]), name)
		want, isRefused := refusedFiles[name]
		source := entries(t, data)
		n, fileTotal, fileLost := 0, 0, 0
		var lostWords []string
		require.NoError(t, oaipmh.Cut(bytes.NewReader(data), func(rec cut.Record) error {
			err := rec.Err
			var a *jats.Article
			if err == nil {
				a, _, err = oaipmh.Read(rec.Data)
			}
			if isRefused {
				var f *jats.Fault
				require.ErrorAs(t, err, &f, name)
				assert.Equal(t, want[0], f.Code, name)
				assert.Contains(t, f.Message, want[1], name)
				n++
				return nil
			}
			e := source[n]
			n++
			if e.deleted {
				withdrawn++
				assert.ErrorIs(t, err, jats.ErrWithdrawn, name)
				require.NotNil(t, a)
				assert.NotEmpty(t, a.Origin.Identifier)
				return nil
			}
			require.NoError(t, err, "%s, record %d", name, n)
			a.Clean()
			read++
			lost, all := missing(e.texts, a)
			fileTotal, fileLost = fileTotal+all, fileLost+len(lost)
			lostWords = append(lostWords, lost...)
			check(t, name, a)
			return nil
		}))
		if isRefused {
			assert.Positive(t, n, name)
			continue
		}
		assert.Equal(t, len(source), n, "%s: records", name)
		t.Logf("%s: %d records, %.4f of %d; lost %.400q", name, n, 1-float64(fileLost)/float64(max(1, fileTotal)), fileTotal, lostWords)
		if !strings.Contains(name, "jats") { // package jats has its own measure
			total, lostAll = total+fileTotal, lostAll+fileLost
		}
	}
	recall := 1 - float64(lostAll)/float64(max(1, total))
	t.Logf("%d files, %d refused whole; %d records read, %d withdrawn; recall %.4f of %d", len(paths), len(refusedFiles), read, withdrawn, recall, total)
	assert.GreaterOrEqual(t, recall, 0.98)
}

// check tells whether an article may be stored: it renders in every format, and its JATS says the same again.
func check(t testing.TB, name string, a *jats.Article) {
	t.Helper()
	require.Empty(t, a.Problems(), name)
	_, err := crosswalk.RenderAll(crosswalk.All(), crosswalk.Record(a, "x", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)))
	require.NoError(t, err, name)
	if strings.Contains(name, "jats") {
		return // package jats is held to this by its own tests
	}
	out := jats.AppendXML(nil, a, jats.WriteOptions{})
	back, _, err := jats.Read(out)
	require.NoError(t, err, "%s: %s", name, out)
	again := jats.AppendXML(nil, back, jats.WriteOptions{})
	assert.Equal(t, string(out), string(again), "%s: JATS read and written again", name)
}

// A fault of one record is no fault of the next.
func TestCutFaults(t *testing.T) {
	doc := `<OAI-PMH><ListRecords><record><header><identifier>1</identifier></header><metadata><dc><title>One</title></dc></metadata></record>
<record><header></metadata></record><record><header><identifier>3</identifier></header><metadata><dc><title>Three</title></dc></metadata></record></ListRecords></OAI-PMH>`
	var got []string
	require.NoError(t, oaipmh.Cut(strings.NewReader(doc), func(r cut.Record) error {
		if r.Err != nil {
			got = append(got, r.Err.Error())
			return nil
		}
		a, _, err := oaipmh.Read(r.Data)
		require.NoError(t, err)
		got = append(got, string(a.Title.Text))
		return nil
	}))
	require.Len(t, got, 3)
	assert.Equal(t, []string{"One", "Three"}, []string{got[0], got[2]})
	stop := errors.New("stop")
	assert.ErrorIs(t, oaipmh.Cut(strings.NewReader(doc), func(cut.Record) error { return stop }), stop)
	assert.False(t, slices.Contains(got, ""))
}
