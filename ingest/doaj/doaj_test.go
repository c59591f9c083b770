package doaj_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
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
	"sheaf/ingest/doaj"
	"sheaf/jats"
	"sheaf/jats/jatstest"
)

// outcome is what becomes of a record.
type outcome struct {
	Line     int            `json:"line,omitempty"`
	Article  *jats.Article  `json:"article"`
	Warnings []jats.Warning `json:"warnings,omitempty"`
}

// readAll reads each record of a document, XML or one object of JSON.
func readAll(t testing.TB, data []byte) (all []outcome, records [][]byte) {
	t.Helper()
	each := func(line int, data []byte, read func([]byte) (*jats.Article, []jats.Warning, error)) {
		a, warnings, err := read(data)
		require.NoError(t, err)
		all = append(all, outcome{line, a, append(warnings, a.Clean()...)})
		records = append(records, bytes.Clone(data))
	}
	if doaj.RecogniseJSON(data) {
		each(0, data, doaj.ReadJSON)
		return all, records
	}
	require.NoError(t, doaj.CutXML(bytes.NewReader(data), func(r cut.Record) error {
		require.NoError(t, r.Err)
		each(r.Line, r.Data, doaj.ReadXML)
		return nil
	}))
	return all, records
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	require.NoError(t, err)
	docs := map[string][]byte{}
	for _, file := range files {
		if strings.HasSuffix(file, ".golden.json") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, filepath.Ext(file) == ".xml", doaj.RecogniseXML(data))
			all, _ := readAll(t, data)
			for _, o := range all {
				checkServed(t, file, o.Article)
				docs[file+":"+strconv.Itoa(o.Line)] = jats.AppendXML(nil, o.Article, jats.WriteOptions{Standalone: true})
			}
			got, err := json.MarshalIndent(all, "", "\t")
			require.NoError(t, err)
			fixturetest.Golden(t, "../../ingest/doaj/"+strings.TrimSuffix(file, filepath.Ext(file))+".golden.json", append(got, '\n'))
		})
	}
	assert.Empty(t, fixturetest.DTD(t, fixturetest.Archiving, docs))
}

func TestRecognise(t *testing.T) {
	for doc, want := range map[string]bool{
		`{"id": "x", "bibjson" : {`: true, "\n{\"bibjson\":\n{}}": true, `{"_source": {"bibjson": {"title": "x"`: true,
		`{"keywords": ["bibjson"]}`: false, `{"bibjson": "x"}`: false, `{"title": "x"}`: false, `[{"bibjson": {}}]`: false, "": false,
		`{"keywords": ["bibjson"], "bibjson": {}}`: true,
	} {
		assert.Equal(t, want, doaj.RecogniseJSON([]byte(doc)), doc)
	}
	for doc, want := range map[string]bool{
		"<records><record><journalTitle>x</journalTitle>": true, "<d:doajArticle xmlns:d='x'>": true, "<record><journalTitle>": true,
		"<records><REC>": false, "<xml><records><record>": false, "<record><leader>": false, "<article>": false, "x": false,
	} {
		assert.Equal(t, want, doaj.RecogniseXML([]byte(doc)), doc)
	}
}

func TestReadRefuses(t *testing.T) {
	for doc, code := range map[string]string{
		`{"bibjson": {`:  "malformed",
		`{"bibjson": 1}`: "not-recognised",
		`{"bibjson": {"title": "Acta", "pid_scheme": {"has_pid_scheme": true}, "eissn": "2049-3630"}}`: "not-an-article",
		`<records>`:                             "malformed",
		`<records/>`:                            "not-recognised",
		`<records><record/><record/></records>`: "several-records",
	} {
		read := doaj.ReadXML
		if doc[0] == '{' {
			read = doaj.ReadJSON
		}
		a, _, err := read([]byte(doc))
		assert.Nil(t, a)
		var fault *jats.Fault
		require.ErrorAs(t, err, &fault, doc)
		assert.Equal(t, code, fault.Code, doc)
	}
}

func words(s string) []string {
	return strings.FieldsFunc(norm.NFC.String(strings.ReplaceAll(s, "\u00AD", "")), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// left are the names of values that no article has: kinds, which a field is chosen by; links between elements; what DOAJ keeps for itself.
var left = map[string]bool{"type": true, "content_type": true, "scheme": true, "upload_id": true, "created_date": true, "last_updated": true, "language": true,
	"affiliationId": true, "in_doaj": true}

var htmlTag = regexp.MustCompile(`</?[a-z][^<>]*>`)

// sourceWords are the words of every value in a record: of JSON all texts and numbers, of XML all text.
func sourceWords(t testing.TB, data []byte) (out []string) {
	add := func(name, s string) {
		switch {
		case left[name]:
			return
		case name == "publicationDate":
			s = strings.ReplaceAll(s, "-01", "") // where DOAJ fills up
		case name == "month":
			if m, err := time.Parse("January", s); err == nil {
				s = m.Format("01")
			}
		case name == "fullTextUrl" && !strings.HasPrefix(s, "http"), name == "issn" && !goodISSN(s), name == "eissn" && !goodISSN(s),
			name == "id" && len(s) == 9 && !goodISSN(s), strings.HasPrefix(name, "orcid") && !goodORCID(s): // what is wrong, which Clean tells of
			return
		}
		out = append(out, words(htmlTag.ReplaceAllString(s, " "))...)
	}
	if data[0] == '{' {
		var v any
		require.NoError(t, json.Unmarshal(data, &v))
		var walk func(name string, v any)
		walk = func(name string, v any) {
			switch v := v.(type) {
			case string:
				add(name, v)
			case []any:
				for _, x := range v {
					walk(name, x)
				}
			case map[string]any:
				for k, x := range v {
					walk(k, x)
				}
			}
		}
		walk("", v)
		return out
	}
	d := xml.NewDecoder(bytes.NewReader(data))
	name, b := "", strings.Builder{}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		switch tok := tok.(type) {
		case xml.StartElement:
			name = tok.Name.Local
			b.Reset()
		case xml.CharData:
			b.Write(tok)
		case xml.EndElement:
			if tok.Name.Local == name {
				add(name, strings.TrimSpace(b.String()))
			}
			b.Reset()
		}
	}
}

// goodISSN tells whether the check digit is right (ISO 3297).
func goodISSN(s string) bool {
	sum, n := 0, 0
	for _, c := range strings.ToUpper(s) {
		switch {
		case c >= '0' && c <= '9':
			sum += (8 - n) * int(c-'0')
			n++
		case c == 'X' && n == 7:
			sum += 10
			n++
		}
	}
	return n == 8 && sum%11 == 0
}

// goodORCID tells whether the check digit is right (ISO/IEC 7064 MOD 11-2).
func goodORCID(s string) bool {
	total, n := 0, 0
	for _, c := range strings.ToUpper(s) {
		switch {
		case c >= '0' && c <= '9' && n < 15:
			total = (total + int(c-'0')) * 2
			n++
		case n == 15:
			return (12-total%11)%11 == strings.IndexRune("0123456789X", c)
		}
	}
	return false
}

// allStrings collects every text and number in v.
func allStrings(v reflect.Value, add func(string)) {
	switch v.Kind() {
	case reflect.String:
		s := v.String()
		if v.Type() == reflect.TypeFor[jats.Rich]() {
			s = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(s, " "))
		}
		add(s)
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

func missing(want []string, a *jats.Article) (out []string) {
	have := map[string]int{}
	allStrings(reflect.ValueOf(a), func(s string) {
		for _, w := range words(s) {
			have[w]++
		}
	})
	for _, w := range want {
		if have[w]--; have[w] < 0 {
			out = append(out, w)
		}
	}
	return out
}

// notDOAJ are the files that are rightly not recognised, and why.
var notDOAJ = map[string]string{
	"superlong_fail.xml":        "the text of an abstract, no XML",
	"superlong_success.xml":     "the text of an abstract, no XML",
	"upload-schema_invalid.xml": "another element than records, with nothing of an article",
}

// Everything that a record says and an article has a place for is in the article, and what is written of it can be served and reads back equal.
func TestSharedDOAJ(t *testing.T) {
	dir := fixturetest.Shared(t, "data/doaj")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	files = append(files, filepath.Join(dir, "..", "oai-pmh", "vufindharvest-oai_doaj.xml"))
	all, lost, records, refused := 0, 0, 0, 0
	for _, file := range files {
		name := filepath.Base(file)
		if ext := filepath.Ext(name); ext != ".xml" && ext != ".json" {
			continue // tables of journals and editors
		}
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		known := doaj.RecogniseJSON(data) || doaj.RecogniseXML(data) || strings.HasPrefix(name, "vufind")
		if why := notDOAJ[name]; why != "" {
			assert.False(t, known, name)
			t.Logf("%s: not recognised: %s", name, why)
			refused++
			continue
		}
		require.True(t, known, name)
		read, sources := readAll(t, oaiRecords(data))
		require.NotEmpty(t, read, name)
		want := 0
		var gone []string
		for i, o := range read {
			records++
			w := sourceWords(t, sources[i])
			want += len(w)
			gone = append(gone, missing(w, o.Article)...)
			checkServed(t, name, o.Article)
		}
		all, lost = all+want, lost+len(gone)
		t.Logf("%s: %d records, %.4f of %d, without %q", name, len(read), 1-float64(len(gone))/float64(max(1, want)), want, gone[:min(len(gone), 30)])
	}
	recall := 1 - float64(lost)/float64(all)
	t.Logf("%d records read, %d files refused; recall %.4f of %d", records, refused, recall, all)
	assert.GreaterOrEqual(t, recall, 0.98)
}

// No file of another kind is taken for one of DOAJ's.
func TestRecogniseOthers(t *testing.T) {
	require.NoError(t, filepath.WalkDir(fixturetest.Shared(t, "data"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Base(filepath.Dir(path)) == "doaj" {
			return err
		}
		data, err := os.ReadFile(path)
		if head := data[:min(len(data), 64<<10)]; err == nil && (doaj.RecogniseJSON(head) || doaj.RecogniseXML(head)) {
			t.Errorf("%s is recognised", path)
		}
		return err
	}))
}

// oaiRecords takes the metadata out of the records of an OAI-PMH answer.
func oaiRecords(data []byte) []byte {
	if !bytes.Contains(data, []byte("<OAI-PMH")) {
		return data
	}
	out := []byte("<list xmlns:oai_doaj='http://doaj.org/features/oai_doaj/1.0/' xmlns:xsi='x'>")
	for _, m := range regexp.MustCompile(`(?s)<oai_doaj:doajArticle.*?</oai_doaj:doajArticle>`).FindAll(data, -1) {
		out = append(out, m...)
	}
	return append(out, "</list>"...)
}

// checkServed checks that a can be stored and served: it has a title, renders in every format, and its JSON and its JATS read back equal.
func checkServed(t *testing.T, name string, a *jats.Article) {
	t.Helper()
	assert.Empty(t, a.Problems(), name)
	assert.Empty(t, a.Clean(), "%s: clean is clean", name)
	_, err := crosswalk.RenderAll(crosswalk.All(), crosswalk.Record(a, "10.5555/x", time.Now()))
	assert.NoError(t, err, name)
	js, err := json.Marshal(a)
	require.NoError(t, err)
	var back jats.Article
	require.NoError(t, json.Unmarshal(js, &back))
	require.Equal(t, a, &back, name)

	again, _, err := jats.Read(jats.AppendXML(nil, a, jats.WriteOptions{Emails: true}))
	require.NoError(t, err, name)
	for _, x := range []*jats.Article{&back, again} { // the writer gives a title to a link and a style to a Chinese name
		for i := range x.Links {
			x.Links[i].Title = ""
		}
		for _, c := range x.Contribs {
			for i := range c.Names {
				c.Names[i].Style = ""
			}
		}
	}
	if len(a.Journal.Publishers) == 0 {
		back.Journal.PubLoc = ""
	}
	want, err := json.MarshalIndent(back, "", "\t")
	require.NoError(t, err)
	got, err := json.MarshalIndent(again, "", "\t")
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), name)
}

func seeds(f *testing.F) (all [][]byte) {
	files, err := filepath.Glob("testdata/*")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		if !strings.HasSuffix(file, ".golden.json") {
			_, records := readAll(f, data)
			all = append(all, records...)
		}
	}
	require.NotEmpty(f, all)
	return all
}

func FuzzReadJSON(f *testing.F) {
	for _, s := range seeds(f) {
		if s[0] == '{' {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doaj.RecogniseJSON(data)
		a, _, err := doaj.ReadJSON(data)
		if err == nil {
			jatstest.Sound(t, a)
		}
	})
}

func FuzzReadXML(f *testing.F) {
	for _, s := range seeds(f) {
		if s[0] == '<' {
			f.Add(s)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doaj.RecogniseXML(data)
		a, _, err := doaj.ReadXML(data)
		if err == nil {
			jatstest.Sound(t, a)
		}
		require.NoError(t, doaj.CutXML(bytes.NewReader(data), func(cut.Record) error { return nil }))
	})
}

func BenchmarkReadJSON(b *testing.B) { benchmark(b, "testdata/article.json", doaj.ReadJSON) }

func BenchmarkReadXML(b *testing.B) { benchmark(b, "testdata/records.xml", doaj.ReadXML) }

func benchmark(b *testing.B, file string, read func([]byte) (*jats.Article, []jats.Warning, error)) {
	data, err := os.ReadFile(file)
	require.NoError(b, err)
	_, records := readAll(b, data)
	b.SetBytes(int64(len(records[0])))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := read(records[0]); err != nil {
			b.Fatal(err)
		}
	}
}
