package table

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"

	"sheaf/crosswalk"
	"sheaf/ingest/cut"
	"sheaf/jats"
)

// words are the tokens of text: runs of letters and digits.
func words(s string) []string {
	s = strings.NewReplacer("http:", "https:", "\u00AD", "").Replace(s)
	return strings.FieldsFunc(norm.NFC.String(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// articleWords are the words of all strings of an article.
func articleWords(t *testing.T, a *jats.Article) map[string]int {
	js, err := json.Marshal(a)
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(js, &tree))
	have := map[string]int{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			for _, w := range words(v) {
				have[w]++
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(tree)
	return have
}

// Every word of a row is in its article, but for those of the columns that are left out and those that are said in other words. A word counts as kept when it is there at all,
// because exports repeat names in up to five columns.
func TestRecall(t *testing.T) {
	leftOut := map[string]bool{} // columns that are left out, or that are compared elsewhere: dates, types, languages, currencies and words for access are written in other words
	for _, s := range strings.Split(`Key|Item Type|Date Added|Access Date|Library Catalog|Conference code|Source|Rank|articleGalleyFilename|PT|AU|C3|J9|NR|DA|Document Type|Publication Type|DT|
Open Access|OA|Language|LA|PD|EA|Тип|Язык|Доступ|Цена|access|Дата публикации|Дата поступления|Дата принятия|PG|Page count|Неизвестная колонка|ignore:служебное|type|language`, "|") {
		leftOut[strings.TrimSpace(s)] = true
	}
	files, allHits, all := fixtureFiles(t), 0, 0
	files["template"] = Template()
	for name, data := range files {
		text, err := io.ReadAll(cut.Text(bytes.NewReader(data)))
		require.NoError(t, err)
		in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
		in.LazyQuotes, in.FieldsPerRecord = true, -1
		skip := 0
		switch {
		case name == "plain.csv":
			in.Comma, skip = ';', 2
		case name == "plain1251.csv":
			in.Comma = ';'
		case strings.HasSuffix(name, ".tsv") || strings.HasSuffix(name, ".txt"):
			in.Comma = '\t'
		}
		rows, err := in.ReadAll()
		if name == "wos.txt" { // quotation marks are text
			rows, err = nil, nil
			for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
				rows = append(rows, strings.Split(strings.TrimRight(line, "\r\n"), "\t"))
			}
		}
		require.NoError(t, err)
		rows = rows[skip:]
		if name == "plain.csv" {
			rows = rows[:3] // what follows is damaged, and compared in TestGolden
		}
		hits, total := 0, 0
		records := cutAll(t, bytes.NewReader(data))
		for i, row := range rows[1:] {
			a, _, err := Read(records[i].Data)
			require.NoError(t, err)
			a.Clean()
			have := articleWords(t, a)
			var lost []string
			for k, s := range row {
				if leftOut[rows[0][k]] {
					continue
				}
				for _, w := range words(strings.NewReplacer("<p>", " ", "</p>", " ", "<em>", " ", "</em>", " ").Replace(s)) {
					if total++; have[w] > 0 {
						hits++
					} else {
						lost = append(lost, w)
					}
				}
			}
			if len(lost) > 0 {
				t.Logf("%s row %d: lost %q", name, i+1, lost)
			}
			check(t, name, a)
		}
		t.Logf("%s: %d rows, %d of %d words, %.4f", name, len(rows)-1, hits, total, float64(hits)/float64(total))
		allHits, all = allHits+hits, all+total
		assert.GreaterOrEqual(t, float64(hits)/float64(total), 0.95, name)
	}
	t.Logf("recall %.4f of %d words", float64(allHits)/float64(all), all)
	assert.GreaterOrEqual(t, float64(allHits)/float64(all), 0.98)
}

// check holds an article to what every article that is let in must bear: a JSON form that gives it back, a record in every format, and JATS that is read back.
func check(t *testing.T, name string, a *jats.Article) {
	js, err := json.Marshal(a)
	require.NoError(t, err)
	back := new(jats.Article)
	require.NoError(t, json.Unmarshal(js, back))
	assert.Equal(t, a, back, name)
	assert.Empty(t, back.Clean(), name)
	for _, f := range crosswalk.All() {
		_, err := crosswalk.Render(f, a, "x", time.Unix(0, 0))
		assert.NoError(t, err, "%s as %s", name, f.Prefix)
	}
	again, _, err := jats.Read(jats.AppendXML(nil, a, jats.WriteOptions{}))
	require.NoError(t, err, name)
	assert.Equal(t, a.Title.Text, again.Title.Text, name)
	assert.Equal(t, a.TransTitles, again.TransTitles, name)
	assert.Equal(t, len(a.Contribs), len(again.Contribs), name)
	assert.Equal(t, len(a.Affs), len(again.Affs), name)
	assert.Equal(t, len(a.Refs), len(again.Refs), name)
	once := jats.AppendXML(nil, again, jats.WriteOptions{})
	third, _, err := jats.Read(once)
	require.NoError(t, err, name)
	assert.Equal(t, string(once), string(jats.AppendXML(nil, third, jats.WriteOptions{})), "%s: what JATS can say of it is stable", name)
}

// sound holds an article of any input to its promises.
func sound(t *testing.T, a *jats.Article) {
	a.Clean()
	if len(a.Problems()) > 0 {
		return
	}
	js, err := json.Marshal(a)
	require.NoError(t, err)
	back := new(jats.Article)
	require.NoError(t, json.Unmarshal(js, back))
	require.Equal(t, a, back)
	_, _, err = jats.Read(jats.AppendXML(nil, a, jats.WriteOptions{}))
	require.NoError(t, err)
}

func FuzzRead(f *testing.F) {
	for _, data := range fixtureFiles(f) {
		f.Add(data)
		for _, rec := range cutAll(f, bytes.NewReader(data)) {
			if rec.Err == nil {
				f.Add(rec.Data)
			}
		}
	}
	f.Add(Template())
	f.Add([]byte("title,authors,affiliations,orcid\nT,\"A, B [1]{0000-0002-1825-0097}*; C\",1: X; 2: Y,-;-\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Recognise(data)
		require.NoError(t, Cut(bytes.NewReader(data), func(r cut.Record) error {
			if r.Err != nil {
				return nil
			}
			a, _, err := Read(r.Data)
			require.NoError(t, err, "%q: what Cut made can be read", r.Data)
			sound(t, a)
			return nil
		}))
		if a, _, err := Read(data); err == nil {
			sound(t, a)
		}
	})
}

func FuzzCutXLSX(f *testing.F) {
	template, err := TemplateXLSX()
	require.NoError(f, err)
	f.Add(template)
	f.Add(workbook(f, func(w *excelize.File) {
		require.NoError(f, w.SetSheetRow("Sheet1", "A1", &[]string{"title", "doi"}))
		require.NoError(f, w.SetSheetRow("Sheet1", "A2", &[]string{"A", "10.5555/a"}))
		require.NoError(f, w.MergeCell("Sheet1", "A2", "A3"))
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		require.NoError(t, CutXLSX(bytes.NewReader(data), int64(len(data)), func(r cut.Record) error {
			if r.Err == nil {
				_, _, err := Read(r.Data)
				require.NoError(t, err)
			}
			return nil
		}))
	})
}

func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"template", "scopus.csv"} {
		data := Template()
		if name != "template" {
			data = fixtureFiles(b)[name]
		}
		rec := cutAll(b, bytes.NewReader(data))[0].Data
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(rec)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Read(rec); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCut(b *testing.B) {
	data := fixtureFiles(b)["scopus.csv"]
	head, rows, _ := bytes.Cut(data, []byte("\n"))
	data = append(append(head, '\n'), bytes.Repeat(rows, 1000)...)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Cut(bytes.NewReader(data), func(cut.Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
