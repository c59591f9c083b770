package ris_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/ingest/ris"
	"sheaf/ingest/ris/refmantest"
	"sheaf/jats"
)

func records(t testing.TB, data []byte) []cut.Record {
	t.Helper()
	var out []cut.Record
	require.NoError(t, ris.Cut(bytes.NewReader(data), func(r cut.Record) error {
		out = append(out, r)
		return nil
	}))
	return out
}

// notMapped are the tags that tell of the copy in a library and not of the article.
var notMapped = map[string]bool{"TY": true, "ER": true, "ID": true, "Y2": true, "DB": true, "DP": true, "LB": true, "CN": true, "AV": true, "U1": true, "U2": true}

// sourceWords reads a record by its own rules: every value of every tag. What two tags say alike is one fact: a value that was there already, a DOI behind "doi:"
// or an address beside DO, the year that a date begins with; and months in words are numbers.
func sourceWords(record string) []string {
	var out []string
	seen := map[string]bool{}
	doi, tag := "", ""
	for _, line := range strings.Split(record, "\n") {
		if strings.HasPrefix(line, "DO  -") {
			doi = bare(line[5:])
		}
	}
	for _, line := range strings.Split(record, "\n") {
		if len(line) >= 5 && line[2:5] == "  -" {
			tag, line = line[:2], line[5:]
		}
		value := strings.ToLower(strings.TrimSpace(line))
		switch {
		case notMapped[tag] || seen[value]:
			continue
		case tag == "DO":
			value = doi
		case doi != "" && bare(value) == doi && !strings.HasPrefix(value, "http"):
			continue
		case tag == "PY" && strings.Contains(record, "- "+value+"/"):
			continue
		}
		seen[value] = true
		for _, w := range refmantest.Words(value) {
			if w == "october" {
				w = "10"
			}
			out = append(out, w)
		}
	}
	return out
}

// bare is a DOI without what may stand before it.
func bare(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if i := strings.Index(s, "10."); i >= 0 {
		return s[i:]
	}
	return s
}

func TestRecall(t *testing.T) {
	dir := fixturetest.Shared(t, "data/ris")
	paths, err := filepath.Glob(filepath.Join(dir, "*.ris"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	refused := map[string]string{ // and why
		"rispy-example_custom_list_tags.ris": "no-title",
	}
	total, hits := 0, 0
	for _, path := range paths {
		name := filepath.Base(path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, ris.Recognise(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), name)
		assert.False(t, ris.RecogniseMEDLINE(data), name)
		all, found := 0, 0
		var lost []string
		recs := records(t, data)
		assert.NotEmpty(t, recs, name)
		for _, r := range recs {
			require.NoError(t, r.Err, name)
			a, _, err := ris.Read(r.Data)
			require.NoError(t, err, name)
			a.Clean()
			if refused[name] != "" {
				require.NotEmpty(t, a.Problems(), name)
				assert.Equal(t, refused[name], a.Problems()[0].Code)
				continue
			}
			assert.Empty(t, a.Problems(), name)
			words := sourceWords(string(r.Data))
			n, missing := refmantest.Recall(a, words)
			all, found, lost = all+len(words), found+n, append(lost, missing...)
			refmantest.Sound(t, name, a)
		}
		if all > 0 {
			t.Logf("%s: %d records, %.4f of %d words; missing %q", name, len(recs), float64(found)/float64(all), all, lost)
		}
		total, hits = total+all, hits+found
	}
	t.Logf("%d files; recall %.4f of %d words", len(paths), float64(hits)/float64(total), total)
	assert.GreaterOrEqual(t, float64(hits)/float64(total), 0.98)
}

func read(t testing.TB, record string) *jats.Article {
	t.Helper()
	a, _, err := ris.Read([]byte(record))
	require.NoError(t, err)
	return a
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return data
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"journal.ris", "types.ris"} {
		data := file(t, name)
		assert.True(t, ris.Recognise(data), name)
		var all []*jats.Article
		for _, r := range records(t, data) {
			require.NoError(t, r.Err, name)
			all = append(all, read(t, string(r.Data)))
		}
		refmantest.Golden(t, "ris", strings.TrimSuffix(name, ".ris"), all)
		for _, a := range all {
			refmantest.Sound(t, name, a)
		}
	}
}

func TestGoldenMEDLINE(t *testing.T) {
	data := file(t, "citation.nbib")
	assert.True(t, ris.RecogniseMEDLINE(data))
	assert.False(t, ris.Recognise(data))
	var all []*jats.Article
	var lines []int
	require.NoError(t, ris.CutMEDLINE(bytes.NewReader(data), func(r cut.Record) error {
		require.NoError(t, r.Err)
		lines = append(lines, r.Line)
		a, _, err := ris.ReadMEDLINE(r.Data)
		all = append(all, a)
		return err
	}))
	assert.Equal(t, []int{2, 53}, lines)
	refmantest.Golden(t, "ris", "citation", all)
	for _, a := range all {
		refmantest.Sound(t, "citation.nbib", a)
	}
}

// The same file in another encoding or with other line ends is the same file.
func TestForms(t *testing.T) {
	plain := string(file(t, "types.ris"))
	var want []string
	for _, r := range records(t, []byte(plain)) {
		want = append(want, fmt.Sprint(r.Line, string(r.Data)))
	}
	encode := func(e encoding.Encoding, s string) string {
		out, err := e.NewEncoder().String(s)
		require.NoError(t, err)
		return out
	}
	for name, form := range map[string]string{
		"CRLF": strings.ReplaceAll(plain, "\n", "\r\n"), "mark": "\ufeff" + plain,
		"UTF-16": encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), plain),
	} {
		var got []string
		for _, r := range records(t, []byte(form)) {
			got = append(got, fmt.Sprint(r.Line, string(r.Data)))
		}
		assert.Equal(t, want, got, name)
	}
	mac := records(t, []byte(strings.ReplaceAll(plain, "\n", "\r")))
	require.Len(t, mac, len(want))
	assert.Equal(t, read(t, want[3][2:]).Title, read(t, string(mac[3].Data)).Title)
	cyrillic := "TY  - JOUR\nTI  - О паромах и переправах на больших реках\nAU  - Иванов, И.\nER  - \n"
	chinese := records(t, []byte(encode(simplifiedchinese.GB18030, "TY  - JOUR\nTI  - 渡轮与大江大河上的渡口\nAU  - 李雷\nT2  - 渡轮学报\nER  - \n")))
	require.Len(t, chinese, 1)
	assert.Equal(t, jats.Rich("渡轮与大江大河上的渡口"), read(t, string(chinese[0].Data)).Title.Text)
	for _, e := range []encoding.Encoding{charmap.Windows1251, charmap.KOI8R} {
		r := records(t, []byte(encode(e, cyrillic)))
		require.Len(t, r, 1)
		assert.Equal(t, jats.Rich("О паромах и переправах на больших реках"), read(t, string(r[0].Data)).Title.Text, e)
	}
}

// One tag and what it says.
func TestTags(t *testing.T) {
	pages := func(a *jats.Article) any {
		return strings.Join([]string{a.FPage, a.LPage, a.PageRange, a.ElocationID}, "|")
	}
	date := func(a *jats.Article) any {
		var out []string
		for _, d := range a.PubDates {
			out = append(out, strings.Trim(d.Date+" "+d.Season+" "+d.Text, " "))
		}
		return strings.Join(out, ", ")
	}
	doi := func(a *jats.Article) any {
		for _, id := range a.IDs {
			if id.Type == "doi" {
				return id.Value
			}
		}
		return ""
	}
	serials := func(a *jats.Article) any { return fmt.Sprint(a.Journal.ISSNs, a.ISBNs, len(a.CustomMeta)) }
	kwds := func(a *jats.Article) any { return fmt.Sprint(a.KwdGroups) }
	for _, c := range []struct {
		lines string
		get   func(*jats.Article) any
		want  any
	}{
		{"SP  - 110-118", pages, "110|118||"}, {"SP  - 110\nEP  - 118", pages, "110|118||"}, {"SP  - 1141\nEP  - 8", pages, "1141|1148|1141-8|"}, {"SP  - e17", pages, "|||e17"}, {"SP  - 034708", pages, "|||034708"},
		{"SP  - 7", pages, "7|||"}, {"SP  - 15-22, 30", pages, "15|30|15-22, 30|"}, {"EP  - 9", pages, "9|||"}, {"SP  - n/a\nEP  - n/a", pages, "|||"}, {"SP  - 110-118\nEP  - 118", pages, "110|118||"}, {"SP  - S1\nEP  - S9", pages, "S1|S9||"},
		{"PY  - 2001/09/01/", date, "2001-09-01"}, {"PY  - 2006///Spring", date, "2006 Spring"}, {"PY  - 2012///", date, "2012"}, {"Y1  - 2005/07/15\nPY  - 2005\nDA  - 2005/07/15", date, "2005-07-15"},
		{"Y1  - 2013/07/22\nPY  - 2013\nDA  - 2013/07/28", date, "2013-07-22, 2013-07-28"}, {"PY  - 2013\nDA  - Nov 12", date, "2013-11-12"}, {"PY  - 2015/october", date, "2015-10"}, {"PY  - 2015/02/31", date, "2015-02  2015/02/31"},
		{"PY  - 2013 Sep 5", date, "2013-09-05"}, {"PY  - 2009 Feb-Mar", date, "2009 Feb-Mar"}, {"PY  - in press", date, "in press"}, {"PY  - 2020/Summer", date, "2020 Summer"}, {"DA  - 2011-05-06", date, "2011-05-06"}, {"PY  - 2011\nDA  - 2012/01", date, "2012-01, 2011"},
		{"M3  - doi:10.5555/x", doi, "doi:10.5555/x"}, {"N1  - doi: 10.5555/x", doi, "doi: 10.5555/x"}, {"UR  - https://doi.org/10.5555/x", doi, "https://doi.org/10.5555/x"}, {"DO  - 10.5555/y\nM3  - 10.5555/x", doi, "10.5555/y"}, {"DO  - see http://x.example/10.5555/y", doi, "10.5555/y"},
		{"SN  - 2325-9671 (electronic)", serials, "[{electronic 2325-9671}] [] 0"}, {"SN  - 00012345 (ISSN); 9783161484100 (ISBN)", serials, "[{ 00012345}] [9783161484100] 0"}, {"SN  - 978 3 16 148410 0", serials, "[] [978 3 16 148410 0] 0"}, {"SN  - 12345", serials, "[] [] 1"},
		{"KW  - a; b\nKW  - *c\nd", kwds, "[{     [{a } {b } {c } {d }]}]"}, {"KW  - R&amp;D", kwds, "[{     [{R&amp;D }]}]"},
	} {
		assert.Equal(t, c.want, c.get(read(t, "TY  - JOUR\nTI  - T\n"+c.lines+"\nER  - \n")), c.lines)
	}
}

func TestRecognise(t *testing.T) {
	for head, want := range map[string]bool{
		"TY  - JOUR\nTI  - x": true, "\n\n1.\nTY  - JOUR\n": true, "ty  - jour\n": true, "TY - BOOK\nTI - x": true, "Provider: x\n\nTY  - CHAP\n": true, "JF  - X\nT1  - Y\nER  -\n": true,
		"JF  - X\nT1  - Y\n": false, "PMID- 12\nTI  - x\nER  - ": false, "@article{TY,\nTY  - JOUR": false, "{\"TY  - JOUR\"": false, "": false, "In - vitro\n": false, "TY  - 2020 12 12\n": false,
		"FN Clarivate\nPT J\nTI x\nER\n": false, "Title,Author\nx,y": false,
	} {
		assert.Equal(t, want, ris.Recognise([]byte(head)), "%q", head)
	}
}

func TestRefuses(t *testing.T) {
	for in, code := range map[string]string{"": "malformed", "just text": "malformed", "TY  - JFULL\nTI  - x\nER  - ": "not-an-article", "ER  - ": "malformed"} {
		_, _, err := ris.Read([]byte(in))
		var f *jats.Fault
		require.ErrorAs(t, err, &f, in)
		assert.Equal(t, code, f.Code, in)
	}
	none := records(t, []byte("no tags\nat all\n"))
	require.Len(t, none, 1)
	assert.ErrorContains(t, none[0].Err, "no reference")
	assert.Empty(t, records(t, []byte("TY  - JOUR\nER  - \n")), "an empty reference is none")
}

// A record that is too large is told of, and the next one is read.
func TestTooLarge(t *testing.T) {
	long := "TY  - JOUR\nTI  - x\nAB  - " + strings.Repeat("word ", 4<<20) + "\nER  - \nTY  - JOUR\nTI  - y\nER  - \n"
	lines := "TY  - JOUR\n" + strings.Repeat("AU  - A, B\n", 100_001) + "ER  - \nTY  - JOUR\nTI  - y\nER  - \n"
	for _, in := range []string{long, lines} {
		r := records(t, []byte(in))
		require.Len(t, r, 2)
		var f *jats.Fault
		require.ErrorAs(t, r[0].Err, &f)
		assert.Equal(t, "too-large", f.Code)
		assert.Equal(t, jats.Rich("y"), read(t, string(r[1].Data)).Title.Text)
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"journal.ris", "types.ris", "citation.nbib"} {
		f.Add(file(f, name))
		for _, r := range records(f, file(f, name)) {
			f.Add(r.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ris.Recognise(data)
		ris.RecogniseMEDLINE(data)
		for _, read := range []func([]byte) (*jats.Article, []jats.Warning, error){ris.Read, ris.ReadMEDLINE} {
			a, _, err := read(data)
			if err != nil {
				var fault *jats.Fault
				require.ErrorAs(t, err, &fault)
				continue
			}
			a.Clean()
			refmantest.Survives(t, a)
		}
	})
}

// What is cut out is read, whatever the file.
func FuzzCut(f *testing.F) {
	for _, name := range []string{"journal.ris", "types.ris", "citation.nbib"} {
		f.Add(file(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, r := range records(t, data) {
			require.True(t, (r.Err == nil) != (r.Data == nil))
			if r.Err == nil {
				if _, _, err := ris.Read(r.Data); err != nil {
					var fault *jats.Fault
					require.ErrorAs(t, err, &fault)
					require.Contains(t, []string{"not-an-article"}, fault.Code)
				}
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	record := records(b, file(b, "journal.ris"))[0].Data
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ris.Read(record); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCut(b *testing.B) {
	data := bytes.Repeat(file(b, "journal.ris"), 100)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := ris.Cut(bytes.NewReader(data), func(cut.Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
