package table

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/ingest/ris/refmantest"
	"sheaf/jats"
)

// rowsIn cuts a table, and returns its articles and its faults as "LINE code".
func rowsIn(t testing.TB, table []byte) (articles []*jats.Article, faults []string) {
	read := func(r cut.Record) error {
		a, err := (*jats.Article)(nil), r.Err
		if err == nil {
			a, _, err = Read(r.Data)
		}
		if err != nil {
			var f *jats.Fault
			require.ErrorAs(t, err, &f)
			faults = append(faults, fmt.Sprint(r.Line, " ", f.Code))
			return nil
		}
		articles = append(articles, a)
		return nil
	}
	if bytes.HasPrefix(table, []byte("PK")) {
		require.NoError(t, CutXLSX(bytes.NewReader(table), int64(len(table)), read))
	} else {
		require.NoError(t, Cut(bytes.NewReader(table), read))
	}
	return articles, faults
}

func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.[ctw][ssx][vt]")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 8)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			head, err := io.ReadAll(cut.Text(bytes.NewReader(data)))
			require.NoError(t, err)
			assert.True(t, Recognise(head))
			articles, faults := rowsIn(t, data)
			if name == "plain" {
				assert.Equal(t, []string{"12 bad-row"}, faults, "one row of many")
			} else {
				assert.Empty(t, faults)
			}
			refmantest.Golden(t, "table", name, articles)
			for i, a := range articles {
				refmantest.Sound(t, fmt.Sprint(name, " ", i), a)
			}
		})
	}
}

// Each word of a table is in its articles, whichever delimiter it has and whether it is text or a workbook.
func TestTemplate(t *testing.T) {
	text := Template()
	require.True(t, bytes.HasPrefix(text, []byte("\xef\xbb\xbf")), "spreadsheets know the encoding by its mark")
	articles, faults := rowsIn(t, text)
	require.Empty(t, faults)
	require.Len(t, articles, len(templateRows))
	book, err := TemplateXLSX()
	require.NoError(t, err)
	fromBook, faults := rowsIn(t, book)
	require.Empty(t, faults)
	assert.Equal(t, articles, fromBook, "a workbook says the same")

	records, err := csv.NewReader(bytes.NewReader(text[3:])).ReadAll()
	require.NoError(t, err)
	for _, comma := range []rune{';', '\t', '|'} {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = comma
		require.NoError(t, w.WriteAll(records))
		same, faults := rowsIn(t, b.Bytes())
		assert.Empty(t, faults)
		assert.Equal(t, articles, same, "%q", comma)
	}
	found, all := 0, 0
	for i, a := range articles {
		a.Clean()
		words := refmantest.Words(strings.Join(records[i+1], " "))
		n, missing := refmantest.Recall(a, words)
		found, all = found+n, all+len(words)
		t.Log(missing)
	}
	assert.GreaterOrEqual(t, float64(found), 0.9*float64(all), "marks such as [1] and words such as en or open stand for something")
	a := articles[0]
	assert.Equal(t, "Фонари старой гавани", string(a.TransTitles[0].Text))
	require.Len(t, a.Contribs, 2)
	assert.Equal(t, []string{a.Affs[0].ID, a.Affs[1].ID}, a.Contribs[1].Affs)
	assert.True(t, a.Contribs[0].Corresp)
	assert.Equal(t, "https://orcid.org/0000-0002-1825-0097", a.Contribs[0].IDs[0].Value)
	assert.Len(t, a.Refs, 2)
}

// The columns of docs/tables.md are those of the code; -update rewrites it.
func TestColumnsPage(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Tables\n\n`sheaf import --template csv` (or `xlsx`) writes a table to begin with. A table is CSV (parted by commas, semicolons, tabulators or bars) or XLSX with a header row, one article a row.\n" +
		"A column is known by its name, in English or Russian, in any case of letters; columns that are not known are left out and told of once. This page is made from the code\n(`go test ./ingest/table -run TestColumnsPage -update`).\n\n" +
		"- A column in another language: `title@ru`, `Title (Russian)`, `Название на английском`. Marked *l* below.\n" +
		"- Several values in a cell are parted by `;` or line breaks; keywords also by commas where there is no semicolon; references by line breaks or ` || `. Marked *s* below.\n" +
		"- A person is `Surname, Given names`; without a comma the name stays whole. `Ogneva, Vera [1,2] {0000-0002-1825-0097}*` says affiliations, ORCID and who corresponds;\n  affiliations are `1: Institute of Lamps; 2: Paper University`. In columns beside the authors, `-` stands for nothing: `ogneva@example.org; -`.\n" +
		"- Dates are `2023-03-01`, `2023-03`, `2023`, `01.03.2023` or a date cell of a workbook.\n- `custom:NAME` keeps a column by its name; `ignore:NAME` leaves it out.\n\n| column | Russian | | what | example |\n| --- | --- | --- | --- | --- |\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ").Replace
	for _, c := range Columns() {
		assert.NotEmpty(t, c.Meaning, c.Name)
		marks := ""
		if c.Languages {
			marks += "l"
		}
		if c.Several {
			marks += "s"
		}
		example := ""
		if c.Example != "" {
			example = "`" + cell(c.Example) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c.Name, c.Russian, marks, cell(c.Meaning), example)
	}
	fixturetest.Golden(t, "../../docs/tables.md", []byte(b.String()))
}

// What is no table of articles is refused whole, with the reason; what is wrong with one row is told of that row.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		table  string
		kept   int
		faults []string
	}{
		"no title":       {"name,issn\nA,1234-5679\n", 0, []string{"1 no-title-column"}},
		"empty":          {"", 0, []string{"1 no-title-column"}},
		"header alone":   {"title,doi\n", 0, nil},
		"a row too long": {"title,doi\nOne,10.5555/1\nTwo,10.5555/2,more\nThree,10.5555/3\n", 2, []string{"3 bad-row"}},
		"empty surplus":  {"title,doi\nOne,10.5555/1,,\n", 1, nil},
		"short rows":     {"title,doi,year\nOne\nTwo,10.5555/2\n", 2, nil},
		"a stray quote":  {"title,doi\nOne \" inch,10.5555/1\nTwo,10.5555/2\n", 2, nil},
		"an open quote":  {"title,doi\n\"One,10.5555/1\nTwo,10.5555/2\nThree,10.5555/3\n", 3, nil},
	} {
		t.Run(name, func(t *testing.T) {
			articles, faults := rowsIn(t, []byte(c.table))
			assert.Len(t, articles, c.kept)
			assert.Equal(t, c.faults, faults)
		})
	}
	for _, other := range []string{"TY  - JOUR\nTI  - x\n", "@article{a, title={x}}", "<xml/>", `{"title":"x"}`, "A title\nand text, more text", ""} {
		assert.False(t, Recognise([]byte(other)), other)
	}
}

// The lists of journals and editors of the collection are no articles.
func TestSharedTables(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(fixturetest.Shared(t, "data/doaj"), "*.csv"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		articles, faults := rowsIn(t, data)
		assert.Empty(t, articles, path)
		assert.Equal(t, []string{"1 no-title-column"}, faults, path)
	}
}

// A workbook with dates, numbers, merged cells, a formula, a hidden sheet and one that is no table.
func TestWorkbook(t *testing.T) {
	w := excelize.NewFile()
	set := func(sheet, cell string, v any) { require.NoError(t, w.SetCellValue(sheet, cell, v)) }
	for i, row := range [][]any{{"Articles of 2023"}, {}, {"Title", "Journal", "Year", "Pages", "DOI"}, {"One", "Lamps", 2023, "1-9", "10.5555/1"}, {"Two", nil, 2023.0, 12, "10.5555/2"}} {
		for j, v := range row {
			name, err := excelize.CoordinatesToCellName(j+1, i+1)
			require.NoError(t, err)
			set("Sheet1", name, v)
		}
	}
	require.NoError(t, w.MergeCell("Sheet1", "B4", "B5"))
	for _, name := range []string{"Hidden", "Notes"} {
		_, err := w.NewSheet(name)
		require.NoError(t, err)
	}
	set("Hidden", "A1", "title")
	set("Hidden", "B1", "doi")
	set("Hidden", "A2", "Not to be seen")
	require.NoError(t, w.SetSheetVisible("Hidden", false))
	set("Notes", "A1", "Only words")
	var b bytes.Buffer
	require.NoError(t, w.Write(&b))
	articles, faults := rowsIn(t, b.Bytes())
	assert.Empty(t, faults)
	require.Len(t, articles, 2)
	assert.Equal(t, "2023", articles[1].PubDates[0].Date)
	assert.Equal(t, "12", articles[1].FPage)
	assert.Equal(t, "Lamps", string(articles[1].Journal.Title.Text), "a merged cell counts for each of its rows")
	for _, bad := range [][]byte{b.Bytes()[:b.Len()/2], []byte("PK\x03\x04 and no more")} {
		_, faults := rowsIn(t, bad)
		assert.Equal(t, []string{"1 malformed"}, faults)
	}
}

func FuzzCut(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.[ctw][ssx][vt]")
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add(Template())
	f.Fuzz(func(t *testing.T, data []byte) {
		Recognise(data)
		articles, _ := rowsIn(t, bytes.TrimPrefix(data, []byte("PK")))
		for _, a := range articles {
			a.Clean()
			if len(a.Problems()) == 0 {
				_, _, err := jats.Read(jats.AppendXML(nil, a, jats.WriteOptions{}))
				require.NoError(t, err)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var records [][]byte
	require.NoError(b, Cut(bytes.NewReader(Template()), func(r cut.Record) error {
		records = append(records, r.Data)
		return r.Err
	}))
	b.SetBytes(int64(len(records[0])))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Read(records[0]); err != nil {
			b.Fatal(err)
		}
	}
}
