package table

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"sheaf/ingest/cut"
	"sheaf/ingest/ris/refmantest"
	"sheaf/jats/jatstest"
)

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
			var lost []string
			for k, s := range row {
				if leftOut[rows[0][k]] {
					continue
				}
				for _, w := range refmantest.Words(strings.NewReplacer("<p>", " ", "</p>", " ", "<em>", " ", "</em>", " ").Replace(s)) {
					n, missing := refmantest.Recall(a, []string{w})
					total, hits, lost = total+1, hits+n, append(lost, missing...)
				}
			}
			if len(lost) > 0 {
				t.Logf("%s row %d: lost %q", name, i+1, lost)
			}
			refmantest.Sound(t, fmt.Sprint(name, " ", i+1), a)
		}
		t.Logf("%s: %d rows, %d of %d words, %.4f", name, len(rows)-1, hits, total, float64(hits)/float64(total))
		allHits, all = allHits+hits, all+total
		assert.GreaterOrEqual(t, float64(hits)/float64(total), 0.95, name)
	}
	t.Logf("recall %.4f of %d words", float64(allHits)/float64(all), all)
	assert.GreaterOrEqual(t, float64(allHits)/float64(all), 0.98)
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
			jatstest.Sound(t, a)
			return nil
		}))
		if a, _, err := Read(data); err == nil {
			jatstest.Sound(t, a)
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
	for name, table := range map[string]string{
		"ten columns": "title,authors,journal,year,volume,issue,pages,doi,abstract,keywords\n" + `Lanterns of the old harbour,"Ogneva, Vera; Li, Wei",Journal of Lanterns,2023,4,1,15-22,10.5555/x,"` +
			strings.Repeat("Twelve lanterns are described. ", 30) + "\",lantern; harbour\n",
		"all columns, two references": string(Template()),
		"Scopus":                      string(fixtureFiles(b)["scopus.csv"]),
	} {
		rec := cutAll(b, strings.NewReader(table))[0].Data
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
