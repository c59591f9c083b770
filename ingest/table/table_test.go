package table

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/jats"
)

// cutAll returns the records of a table, or why there is none, by their lines.
func cutAll(t testing.TB, r io.Reader) (out []cut.Record) {
	t.Helper()
	require.NoError(t, Cut(r, func(r cut.Record) error {
		out = append(out, r)
		return nil
	}))
	return out
}

func readCSV(t testing.TB, s string) *jats.Article {
	t.Helper()
	a, _, err := Read([]byte(s))
	require.NoError(t, err)
	a.Clean()
	return a
}

type result struct {
	Line     int            `json:"line"`
	Article  *jats.Article  `json:"article,omitempty"`
	Warnings []jats.Warning `json:"warnings,omitempty"`
	Refused  string         `json:"refused,omitempty"`
}

func results(t testing.TB, records []cut.Record) (out []result) {
	for _, rec := range records {
		if rec.Err != nil {
			out = append(out, result{Line: rec.Line, Refused: rec.Err.Error()})
			continue
		}
		a, ws, err := Read(rec.Data)
		if err != nil {
			out = append(out, result{Line: rec.Line, Refused: err.Error()})
			continue
		}
		ws = append(ws, a.Clean()...)
		out = append(out, result{Line: rec.Line, Article: a, Warnings: ws})
	}
	return out
}

func golden(t *testing.T, name string, v any) {
	got, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	fixturetest.Golden(t, "../../ingest/table/testdata/"+name+".json", append(got, '\n'))
}

func fixtureFiles(t testing.TB) map[string][]byte {
	files := map[string][]byte{}
	for _, p := range []string{"testdata/*.csv", "testdata/*.tsv", "testdata/*.txt"} {
		paths, err := filepath.Glob(p)
		require.NoError(t, err)
		for _, path := range paths {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			files[filepath.Base(path)] = data
		}
	}
	require.NotEmpty(t, files)
	return files
}

func TestGolden(t *testing.T) {
	for name, data := range fixtureFiles(t) {
		text, err := io.ReadAll(cut.Text(bytes.NewReader(data)))
		require.NoError(t, err)
		assert.True(t, Recognise(text), name)
		records := cutAll(t, bytes.NewReader(data))
		golden(t, strings.TrimSuffix(name, filepath.Ext(name)), results(t, records))
		assert.Equal(t, records, cutAll(t, iotest.HalfReader(bytes.NewReader(data))), name)
	}
}

func TestRecognise(t *testing.T) {
	for head, want := range map[string]bool{
		"title,authors\n": true,
		"\n\nList of articles,,\nTitle;Journal;Year\n": true,
		"sep=;\r\ntitle;doi\r\n":                       true,
		"Название\tАвторы\tГод\n":                      true,
		"TI\tAU\tPY\n":           true,
		"title|doi\nx|10.5555/x": true,
		"title\nOnly titles\n":   false,
		"Journal title,Journal ISSN (print version),Publisher\n":                           false,
		"Country,Assign to...\nAlbania,Admin1\n":                                           false,
		"TY  - JOUR\nTI  - Title\nAU  - Author\n":                                          false,
		"@article{x,\n  title = {A, B},\n  author = {C},\n}\n":                             false,
		"<article><front/></article>":                                                      false,
		`{"title":{"text":"x"},"journal":{}}`:                                              false,
		"The title, the authors and the year of a text, which is prose, are here.\n":       false,
		"In this title, year, and more words, and still more, and again, and then some.\n": false,
		"": false,
	} {
		assert.Equal(t, want, Recognise([]byte(head)), head)
	}
}

// A table of something else is refused whole, and its columns are named.
func TestNoTitle(t *testing.T) {
	for in, want := range map[string]string{
		"Country,Assign to...\nAlbania,Admin1\n": `no column for a title: the first row has "Country", "Assign to..."`,
		"a;b;c\n1;2;3\n":                         `the first row has "a", "b", "c"`,
		"":                                       "the table is empty",
		"\n\n\n":                                 "the table is empty",
	} {
		records := cutAll(t, strings.NewReader(in))
		require.Len(t, records, 1, in)
		var f *jats.Fault
		require.ErrorAs(t, records[0].Err, &f, in)
		assert.Equal(t, "no-title-column", f.Code)
		assert.Contains(t, f.Message, want)
		_, _, err := Read([]byte(in))
		assert.EqualError(t, err, f.Error())
	}
	dir := fixturetest.Shared(t, "data/doaj")
	paths, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, p := range paths {
		data, err := os.ReadFile(p)
		require.NoError(t, err)
		assert.False(t, Recognise(data), p)
		records := cutAll(t, bytes.NewReader(data))
		require.Len(t, records, 1, p)
		assert.ErrorContains(t, records[0].Err, "no column for a title", p)
		t.Logf("%s: %v", filepath.Base(p), records[0].Err)
	}
}

// Each row is found whatever the ones before it are like.
func TestRows(t *testing.T) {
	big := strings.Repeat("x", maxCell/2)
	for name, c := range map[string]struct {
		in   string
		want []string // "LINE:cell|cell", or "LINE!what is wrong"
	}{
		"plain":                           {"a,b\r\nc,d\n", []string{"1:a|b", "2:c|d"}},
		"no end of line":                  {"a,b", []string{"1:a|b"}},
		"empty cells":                     {",,\n,x,\n", []string{"1:||", "2:|x|"}},
		"quoted":                          {"\"a,b\",\"c\"\"d\"\n", []string{`1:a,b|c"d`}},
		"lines in a cell":                 {"\"a\nb\r\n\nc\",d\ne,f\n", []string{"1:a\nb\n\nc|d", "5:e|f"}},
		"doubled marks in lines":          {"\"a \"\"b\n\"\"c\"\" d\",e\nf\n", []string{"1:a \"b\n\"c\" d|e", "3:f"}},
		"mark inside":                     {"5\" disk,x\n", []string{`1:5" disk|x`}},
		"marks not doubled":               {"\"a \"b\" c\",d\n", []string{`1:a "b" c|d`}},
		"a mark too many":                 {"\"a,b\nc,d\ne,f\n", []string{`1:"a|b`, "2:c|d", "3:e|f"}},
		"a mark too many before quoted":   {"\"a,b\n\"c\",\"d\"\n", []string{`1:"a|b`, "2:c|d"}},
		"marks too many in each line":     {"\"a,b\n\"c,d\n\"e,f\n", []string{`1:"a|b`, `2:"c|d`, `3:"e|f`}},
		"text behind the mark":            {"\"a\" b,c\n", []string{`1:"a" b|c`}},
		"blanks behind the mark":          {"\"a\" ,c\n", []string{"1:a|c"}},
		"only a mark":                     {"\"\nb\n", []string{`1:"`, "2:b"}},
		"empty quoted":                    {"\"\",\"\"\n", []string{"1:|"}},
		"a cell without end, then others": {"\"" + big + "\n" + big + "\n" + big + "\nnext,row\n", []string{"1!does not end within 1 MiB", "2:" + big, "3:" + big, "4:next|row"}},
		"too many cells":                  {strings.Repeat(",", maxColumns) + "\na\n", []string{"1!more than 4096 cells", "2:a"}},
		"a line without end":              {strings.Repeat("x", cut.MaxRecord+1) + "\na\n", []string{"1!more than 16 MiB", "2:a"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := newRows(strings.NewReader(c.in))
			var got []string
			for {
				line, cells, err := in.next()
				if errors.Is(err, io.EOF) {
					break
				}
				s := strings.TrimSpace(strings.Join(cells, "|"))
				mark := ":"
				if err != nil {
					s, mark = err.Error(), "!"
				}
				got = append(got, string(rune('0'+line))+mark+s)
			}
			require.Len(t, got, len(c.want))
			for i, w := range c.want {
				if strings.Contains(w, "!") {
					assert.Equal(t, w[:2], got[i][:2])
					assert.Contains(t, got[i], w[2:])
				} else {
					assert.True(t, w == got[i], "%.80q, want %.80q", got[i], w)
				}
			}
		})
	}
}

// What a proper reader of CSV reads is read the same.
func TestRowsAsCSV(t *testing.T) {
	for name, data := range map[string][]byte{"template": Template()[3:], "scopus": fixtureFiles(t)["scopus.csv"][3:], "zotero": fixtureFiles(t)["zotero.csv"]} {
		want, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		require.NoError(t, err)
		in := newRows(bytes.NewReader(data))
		for _, row := range want {
			_, cells, err := in.next()
			require.NoError(t, err)
			assert.Equal(t, row, cells, name)
		}
	}
}

// Tables of quotation marks end: were a line looked at more than twice, these would take hours.
func TestRowsAreLinear(t *testing.T) {
	for _, line := range []string{"\"a,b\n", "x,\"\"\"\"y\n", "x,\"\"\"y\n", "\"\n", "\"\"\"\n", "a,\"b\"\"c\n"} {
		in := newRows(strings.NewReader(strings.Repeat(line, 2<<20/len(line))))
		last := 0
		for {
			n, _, err := in.next()
			if errors.Is(err, io.EOF) {
				break
			}
			last = n
		}
		assert.GreaterOrEqual(t, last, 2<<20/len(line)-1, line)
	}
}

func TestColumnNames(t *testing.T) {
	for name, want := range map[string]key{
		"title":            {col: cTitle},
		"Title ":           {col: cTitle},
		"TITLE*":           {col: cTitle},
		"title@ru":         {col: cTitle, lang: "ru"},
		"title@zh-Hans":    {col: cTitle, lang: "zh-Hans"},
		"title@ru-Latn":    {col: cTitle, lang: "ru-Latn"},
		"Title (Russian)":  {col: cTitle, lang: "ru"},
		"title_en":         {col: cTitle, lang: "en"},
		"Title [EN]":       {col: cTitle, lang: "en"},
		"Title in English": {col: cTitle, lang: "en"},
		"English title":    {col: cTitle, lang: "en"},
		"Название (англ.)": {col: cTitle, lang: "en"},
		"Название на английском языке":  {col: cTitle, lang: "en"},
		"Название статьи на английском": {col: cTitle, lang: "en"},
		"Ключевые слова (рус)":          {col: cKeywords, lang: "ru"},
		"Author 2":                      {col: cAuthors},
		"Journal ID":                    {col: cJournalID, kind: "publisher-id"},
		"Author(s) ID":                  {col: cAuthorIDs, kind: "scopus"},
		"ISSN (online)":                 {col: cISSN, kind: "electronic"},
		"Сокращённое название журнала":  {col: cAbbrev},
		"custom:Editor of the article":  {col: cCustom, kind: "Editor of the article"},
		"ignore:x":                      {col: cIgnored},
		"issueTitle":                    {col: cIssueTitle},
		"year@en":                       {},
		"title@nonsense!":               {},
		"Height":                        {},
		"№":                             {},
		"":                              {},
		strings.Repeat("title ", 1000):  {},
	} {
		assert.Equal(t, want, keyOf(name), name)
	}
}

// No two columns share a name, and each is found by all of its own.
func TestColumns(t *testing.T) {
	seen := map[string]string{}
	for _, c := range columns {
		for _, name := range append([]string{c.Name, c.Russian}, c.Also...) {
			if was, ok := seen[normal(name)]; ok && was != c.Name {
				t.Errorf("%q is both %q and %q", name, was, c.Name)
			}
			seen[normal(name)] = c.Name
			k := keyOf(name)
			assert.Equal(t, [2]any{c.col, c.kind}, [2]any{k.col, k.kind}, name)
			assert.Empty(t, k.lang, name)
		}
		assert.NotEmpty(t, c.Russian, c.Name)
		assert.NotEmpty(t, c.Meaning, c.Name)
		assert.NotEmpty(t, c.Example, c.Name)
	}
	for _, n := range strings.Split(ignored, "|") {
		assert.Empty(t, seen[n], n)
		assert.Equal(t, n, normal(n), "names are kept in their normal form")
	}
	for words := range kinds {
		assert.Equal(t, words, normal(words), "names are kept in their normal form")
	}
}

func TestAuthors(t *testing.T) {
	for in, want := range map[string][]string{ // "surname/given" or "full"
		"Ogneva, Vera; Li, Wei":         {"Ogneva/Vera", "Li/Wei"},
		"Ogneva, Vera\nLi, Wei":         {"Ogneva/Vera", "Li/Wei"},
		"Ogneva, Vera | Li, Wei":        {"Ogneva/Vera", "Li/Wei"},
		"Ogneva, Vera":                  {"Ogneva/Vera"},
		"García Márquez, Gabriel":       {"García Márquez/Gabriel"},
		"Ogneva V.P., Li W.":            {"Ogneva V.P.", "Li W."},
		"Огнева В.П., Ли В.":            {"Огнева В.П.", "Ли В."},
		"В.П. Огнева, В. Ли":            {"В.П. Огнева", "В. Ли"},
		"Smith JP, Doe A":               {"Smith JP", "Doe A"},
		"Smith, J., Doe, A. B.":         {"Smith/J.", "Doe/A. B."},
		"Vera Ogneva, Wei Li, Ida Glow": {"Vera Ogneva", "Wei Li", "Ida Glow"},
		"Иванов Иван Иванович, Петров Пётр Петрович": {"Иванов Иван Иванович", "Петров Пётр Петрович"},
		"Vera Ogneva, Wei Li":                   {"Vera Ogneva/Wei Li"}, // with a warning
		"Smith, John, Jr.":                      {"Smith/John"},
		"Smith, John, Doe, Jane":                {"Smith, John, Doe, Jane"},
		"Vera Ogneva":                           {"Vera Ogneva"},
		"王小明；李伟":                                {"王小明", "李伟"},
		"Ogneva, Vera; et al.":                  {"Ogneva/Vera"},
		"Ogneva, Vera [1,2]*; Li, Wei (editor)": {"Ogneva/Vera", "Li/Wei (editor)"},
		";; ;":                                  nil,
	} {
		a := readCSV(t, "title,authors,affiliations\nT,"+string(appendCell(nil, in))+",1: A; 2: B\n")
		var got []string
		for _, c := range a.Contribs {
			n := c.Names[0]
			s := n.Full
			if s == "" {
				s = n.Surname + "/" + n.GivenNames
			}
			got = append(got, s)
		}
		if in == "Vera Ogneva, Wei Li" {
			_, ws, err := Read([]byte("title,authors\nT,\"" + in + "\"\n"))
			require.NoError(t, err)
			require.Len(t, ws, 1)
			assert.Equal(t, "bad-field", ws[0].Code)
		}
		assert.Equal(t, want, got, in)
	}
}

func TestAuthorMarks(t *testing.T) {
	a := readCSV(t, "title,authors,affiliations,affiliations@ru,orcid,emails\n"+
		`T,"Ogneva, Vera [1]{0000-0002-1825-0097}; Li, Wei [1,2]* <li@example.org>; Glow, Ida²","1: Institute, City; 2. University; Dept","2: Университет; 1: Институт",,`+"\n")
	require.Len(t, a.Contribs, 3)
	assert.Equal(t, []string{"aff1"}, a.Contribs[0].Affs)
	assert.Equal(t, []jats.ContribID{{Type: "orcid", Value: "https://orcid.org/0000-0002-1825-0097"}}, a.Contribs[0].IDs)
	assert.Equal(t, []string{"aff1", "aff2"}, a.Contribs[1].Affs)
	assert.True(t, a.Contribs[1].Corresp)
	assert.Equal(t, []string{"li@example.org"}, a.Contribs[1].Emails)
	assert.Equal(t, []string{"aff2"}, a.Contribs[2].Affs)
	assert.Equal(t, []jats.Aff{
		{ID: "aff1", Label: "1", Forms: []jats.AffForm{{Text: "Institute, City"}, {Lang: "ru", Text: "Институт"}}},
		{ID: "aff2", Label: "2", Forms: []jats.AffForm{{Text: "University; Dept"}, {Lang: "ru", Text: "Университет"}}},
	}, a.Affs)

	for _, c := range []struct {
		column, in string
		want       []string // the value of each of three authors
		lost       bool
	}{
		{"orcid", "0000-0002-1825-0097; -; 0000-0001-5109-3700", []string{"https://orcid.org/0000-0002-1825-0097", "", "https://orcid.org/0000-0001-5109-3700"}, false},
		{"orcid", "https://orcid.org/0000-0002-1825-0097; -; -", []string{"https://orcid.org/0000-0002-1825-0097", "", ""}, false},
		{"orcid", "Li, Wei: 0000-0002-1825-0097", []string{"", "https://orcid.org/0000-0002-1825-0097", ""}, false},
		{"orcid", "Li, W: https://orcid.org/0000-0002-1825-0097", []string{"", "https://orcid.org/0000-0002-1825-0097", ""}, false},
		{"orcid", "Glow, I/0000-0002-1825-0097; Li, Wei/0000-0001-5109-3700", []string{"", "https://orcid.org/0000-0001-5109-3700", "https://orcid.org/0000-0002-1825-0097"}, false},
		{"orcid", "0000-0002-1825-0097", []string{"", "", ""}, true},
		{"orcid", "Nobody, X: 0000-0002-1825-0097", []string{"", "", ""}, true},
		{"spin", "1234-5678; -; -", []string{"1234-5678", "", ""}, false},
		{"spin", "SPIN: 1234-5678; SPIN: 2345-6789; -", []string{"1234-5678", "2345-6789", ""}, false},
	} {
		a, ws, err := Read([]byte("title,authors," + c.column + "\nT,\"Ogneva, Vera; Li, Wei; Glow, Ida\"," + string(appendCell(nil, c.in)) + "\n"))
		require.NoError(t, err)
		a.Clean()
		require.Len(t, a.Contribs, 3)
		for i, w := range c.want {
			got := ""
			if ids := a.Contribs[i].IDs; len(ids) > 0 {
				got = ids[0].Value
			}
			assert.Equal(t, w, got, "%s %d", c.in, i)
		}
		assert.Equal(t, c.lost, len(ws) > 0, "%s: %v", c.in, ws)
		assert.Equal(t, c.lost, len(a.CustomMeta) > 0, c.in)
	}
	for in, want := range map[string][3]string{
		"a@example.org; b@example.org; -":     {"a@example.org", "b@example.org"},
		"Li, Wei: b@example.org":              {"", "b@example.org"},
		"a@example.org":                       {"", "", "a@example.org"}, // who answers letters
		"a@example.org, b@example.org":        {},
		"a@example.org,b@example.org,c@d.org": {"a@example.org", "b@example.org", "c@d.org"},
	} {
		a := readCSV(t, "title,authors,corresponding author,emails\nT,\"Ogneva, Vera; Li, Wei; Glow, Ida\",I. Glow,\""+in+"\"\n")
		assert.True(t, a.Contribs[2].Corresp)
		for i, w := range want {
			assert.Equal(t, w, strings.Join(a.Contribs[i].Emails, " "), in)
		}
	}
}

func TestFields(t *testing.T) {
	for _, c := range []struct {
		column, in string
		get        func(*jats.Article) any
		want       any
	}{
		{"pages", "15-22", func(a *jats.Article) any { return a.FPage + "/" + a.LPage }, "15/22"},
		{"pages", "С. 15–22", func(a *jats.Article) any { return a.FPage + "/" + a.LPage }, "15/22"},
		{"pages", "pp. 15-22", func(a *jats.Article) any { return a.FPage + "/" + a.LPage }, "15/22"},
		{"pages", "15-22, 30", func(a *jats.Article) any { return a.FPage + "/" + a.PageRange }, "15/15-22, 30"},
		{"pages", "7.0", func(a *jats.Article) any { return a.FPage }, "7"},
		{"pages", "e12", func(a *jats.Article) any { return a.ElocationID }, "e12"},
		{"pages", "2023-09-01", func(a *jats.Article) any { return a.FPage + "/" + a.PageRange }, "/2023-09-01"},
		{"year", "2019.0", func(a *jats.Article) any { return a.PubDates }, []jats.Date{{Type: "pub", Date: "2019"}}},
		{"date", "15/06/2020", func(a *jats.Article) any { return a.PubDates }, []jats.Date{{Type: "pub", Date: "2020-06-15"}}},
		{"date", "6/15/2020", func(a *jats.Article) any { return a.PubDates }, []jats.Date{{Type: "pub", Date: "2020-06-15"}}},
		{"date", "05/06/2020", func(a *jats.Article) any { return a.PubDates }, []jats.Date{{Type: "pub", Date: "2020"}}},
		{"date", "31.12.2020", func(a *jats.Article) any { return a.PubDates }, []jats.Date{{Type: "pub", Date: "2020-12-31"}}},
		{"date online", "soon", func(a *jats.Article) any { return a.PubDates }, []jats.Date{{Type: "pub", Format: "electronic", Text: "soon"}}},
		{"licence", "CC BY 4.0", func(a *jats.Article) any { return a.Permissions.Licenses }, []jats.License{{URI: "https://creativecommons.org/licenses/by/4.0/"}}},
		{"licence", "CC-BY-NC-ND 3.0", func(a *jats.Article) any { return a.Permissions.Licenses }, []jats.License{{URI: "https://creativecommons.org/licenses/by-nc-nd/3.0/"}}},
		{"licence", "CC0", func(a *jats.Article) any { return a.Permissions.Licenses }, []jats.License{{URI: "https://creativecommons.org/publicdomain/zero/1.0/"}}},
		{"licence", "CC BY", func(a *jats.Article) any { return a.Permissions.Licenses }, []jats.License{{P: []jats.Rich{"CC BY"}}}},
		{"licence", "http://creativecommons.org/licenses/by/4.0", func(a *jats.Article) any { return a.Permissions.Licenses }, []jats.License{{URI: "https://creativecommons.org/licenses/by/4.0/"}}},
		{"access", "Open Access", func(a *jats.Article) any { return a.Permissions.Access }, "open"},
		{"open access", "да", func(a *jats.Article) any { return a.Permissions.Access }, "open"},
		{"open access", "нет", func(a *jats.Article) any { return a.Permissions.Access }, ""},
		{"access", "по подписке", func(a *jats.Article) any { return a.Permissions.Access }, "restricted"},
		{"access", "бесплатный", func(a *jats.Article) any { return a.Permissions.Access }, "open"},
		{"embargo", "01.03.2024", func(a *jats.Article) any { return a.Permissions.EmbargoEnd }, "2024-03-01"},
		{"embargo", "2024", func(a *jats.Article) any { return a.Permissions.EmbargoEnd }, ""},
		{"price", "500,00 руб.", func(a *jats.Article) any { return a.Permissions.Price }, &jats.Price{Amount: "500.00", Currency: "RUB"}},
		{"price", "100 USD", func(a *jats.Article) any { return a.Permissions.Price }, &jats.Price{Amount: "100", Currency: "USD"}},
		{"price", "much", func(a *jats.Article) any { return a.Permissions.Price }, (*jats.Price)(nil)},
		{"keywords", "a; b, c", func(a *jats.Article) any { return len(a.KwdGroups[0].Kwds) }, 2},
		{"keywords", "a, b (c, d), e.", func(a *jats.Article) any { return a.KwdGroups[0].Kwds }, []jats.Kwd{{Text: "a"}, {Text: "b (c, d)"}, {Text: "e"}}},
		{"funder", "Fund [A-1, A-2]; Other", func(a *jats.Article) any { return a.Funding.Awards },
			[]jats.Award{{Funders: []jats.Funder{{Name: "Fund"}}, IDs: []string{"A-1", "A-2"}}, {Funders: []jats.Funder{{Name: "Other"}}}}},
		{"award", "A-1, A-2", func(a *jats.Article) any { return a.Funding.Awards }, []jats.Award{{IDs: []string{"A-1", "A-2"}}}},
		{"type", "Обзорная статья", func(a *jats.Article) any { return a.ArticleType }, "review-article"},
		{"type", "journalArticle", func(a *jats.Article) any { return a.ArticleType }, "research-article"},
		{"type", "haiku", func(a *jats.Article) any { return a.ArticleType + string(a.CustomMeta[0].Value) }, "otherhaiku"},
		{"language", "Russian; English", func(a *jats.Article) any { return a.Lang + string(a.CustomMeta[0].Value) }, "ruEnglish"},
		{"references", "[1] A. B. || 2. C. D.", func(a *jats.Article) any { return a.Refs[0].Label + a.Refs[1].Label }, "12"},
		{"references", "2001. A year is no number", func(a *jats.Article) any { return a.Refs[0].Label }, ""},
		{"url", "https://a.example.org/1", func(a *jats.Article) any { return a.Links }, []jats.Link{{URL: "https://a.example.org/1", MIME: "text/html"}}},
		{"issn", "1234-5679 (печатный); 2434-561X (онлайн, эл.)", func(a *jats.Article) any { return a.Journal.ISSNs }, []jats.ISSN{{Type: "print", Value: "1234-5679"}, {Value: "2434-561X"}}},
		{"abstract", "p<0.05 & q>1", func(a *jats.Article) any { return a.Abstracts[0].P[0] }, jats.Rich("p&lt;0.05 &amp; q&gt;1")},
		{"abstract", "a<b and c>d, H<sub>2</sub>O", func(a *jats.Article) any { return strings.Contains(string(a.Abstracts[0].P[0]), "H<sub>2</sub>O") }, true},
		{"source", "Scopus", func(a *jats.Article) any { return a.Journal.Title.Text }, jats.Rich("")},
		{"source", "Journal of Lanterns", func(a *jats.Article) any { return a.Journal.Title.Text }, jats.Rich("Journal of Lanterns")},
	} {
		a := readCSV(t, "title,doi,"+c.column+"\nT,10.5555/x,"+string(appendCell(nil, c.in))+"\n")
		assert.Equal(t, c.want, c.get(a), "%s: %s", c.column, c.in)
	}
}

// Unknown columns are named once a file, and kept in the source of each row.
func TestUnknownColumns(t *testing.T) {
	records := cutAll(t, strings.NewReader("title,doi,Height,ignore:x\nA,10.5555/a,,1\nB,10.5555/b,3,2\n"))
	require.Len(t, records, 2)
	_, ws, err := Read(records[0].Data)
	require.NoError(t, err)
	require.Len(t, ws, 1)
	assert.Equal(t, "unknown-column", ws[0].Code)
	assert.Contains(t, ws[0].Message, `"Height"`)
	_, ws, err = Read(records[1].Data)
	require.NoError(t, err)
	assert.Empty(t, ws)
	assert.Equal(t, "title,doi,ignore:Height,ignore:x\nB,10.5555/b,3,2\n", string(records[1].Data))
	_, ws, err = Read([]byte("title,doi,Height\nB,10.5555/b,3\n"))
	require.NoError(t, err)
	assert.Len(t, ws, 1, "a table that Cut did not see")
}

// Two columns for the same are told apart by the languages of their names, also in a row where one is empty.
func TestLanguageByName(t *testing.T) {
	records := cutAll(t, strings.NewReader("Название,Title,Аннотация,Abstract,Keywords\nА,B,В,D,k\nА,B,,D,k\n"))
	require.Len(t, records, 2)
	for i, want := range []string{"ru en", "en"} {
		a, ws, err := Read(records[i].Data)
		require.NoError(t, err)
		assert.Empty(t, ws)
		var langs []string
		for _, ab := range a.Abstracts {
			langs = append(langs, ab.Lang)
		}
		assert.Equal(t, want, strings.Join(langs, " "))
		assert.Equal(t, "ru", a.Title.Lang)
		assert.Equal(t, "en", a.TransTitles[0].Lang)
		assert.Empty(t, a.KwdGroups[0].Lang)
	}
}

// The template says everything in two languages and imports without a warning.
func TestTemplate(t *testing.T) {
	for _, name := range templateColumns {
		k := keyOf(name)
		assert.NotEqual(t, cUnknown, k.col, name)
	}
	records := cutAll(t, bytes.NewReader(Template()))
	require.Len(t, records, len(templateRows))
	for _, rec := range records {
		require.NoError(t, rec.Err)
		a, ws, err := Read(rec.Data)
		require.NoError(t, err)
		assert.Empty(t, append(ws, a.Clean()...))
		assert.Empty(t, a.Problems())
	}
	data, err := TemplateXLSX()
	require.NoError(t, err)
	var sheet []cut.Record
	require.NoError(t, CutXLSX(bytes.NewReader(data), int64(len(data)), func(r cut.Record) error {
		sheet = append(sheet, r)
		return nil
	}))
	got, want := results(t, sheet), results(t, records)
	require.Len(t, got, len(want))
	for i := range want {
		assert.Equal(t, want[i].Article, got[i].Article)
	}
	require.Len(t, got[0].Warnings, 1)
	assert.Contains(t, got[0].Warnings[0].Message, `"Columns"`)
}

// The delimiter does not matter.
func TestDelimiters(t *testing.T) {
	want := results(t, cutAll(t, bytes.NewReader(Template())))
	rows, err := csv.NewReader(bytes.NewReader(Template()[3:])).ReadAll()
	require.NoError(t, err)
	for _, comma := range []rune{';', '\t', '|'} {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = comma
		require.NoError(t, w.WriteAll(rows))
		assert.Equal(t, want, results(t, cutAll(t, &b)), "%q", comma)
	}
}

// What is wrong with one row is told of that row.
func TestBadRows(t *testing.T) {
	for name, c := range map[string]struct {
		table string
		want  []string // "LINE TITLE", or "LINE !CODE"
	}{
		"header alone":   {"title,doi\n", nil},
		"a row too long": {"title,doi\nOne,10.5555/1\nTwo,10.5555/2,more\nThree,10.5555/3\n", []string{"2 One", "3 !bad-row", "4 Three"}},
		"empty surplus":  {"title,doi\nOne,10.5555/1,,\n", []string{"2 One"}},
		"short rows":     {"title,doi,year\nOne\nTwo,10.5555/2\n", []string{"2 One", "3 Two"}},
		"blank rows":     {"title,doi\n\n,,\nOne,10.5555/1\n \n", []string{"4 One"}},
		"an open quote":  {"title,doi\n\"One,10.5555/1\nTwo,10.5555/2\n", []string{`2 "One`, "3 Two"}},
		"no title":       {"title,doi,Height\n,10.5555/1,\n,,3\n", []string{"2 ", "3 "}},
		"many unknown":   {"title,doi,year,volume,a1,a2,a3,a4,a5,a6,a7,a8,a9\nOne,10.5555/1,,,1,1,1,1,1,1,1,1,1\n", []string{"2 One"}},
		"header again":   {"title,doi\nOne,10.5555/1\ntitle,doi\nTwo,10.5555/2\n", []string{"2 One", "4 Two"}},
	} {
		var got []string
		for _, rec := range cutAll(t, strings.NewReader(c.table)) {
			var f *jats.Fault
			if errors.As(rec.Err, &f) {
				got = append(got, fmt.Sprint(rec.Line, " !", f.Code))
				continue
			}
			require.NoError(t, rec.Err)
			got = append(got, fmt.Sprint(rec.Line, " ", readCSV(t, string(rec.Data)).Title.Text.Plain()))
		}
		assert.Equal(t, c.want, got, name)
	}
}

// docs/tables.md is made of Columns; -update writes it.
func TestDocs(t *testing.T) {
	fixturetest.Golden(t, "../../docs/tables.md", []byte(docs()))
}

func docs() string {
	var b strings.Builder
	b.WriteString(`# Tables of articles

Sheaf imports CSV, TSV, tables parted by semicolons or bars, and XLSX: one article a row, below a header row that names the columns. ` + "`sheaf import --template csv`" + ` writes a table
to begin with. This page is made of the source by ` + "`go test ./ingest/table -run Docs -update`" + `.

A table needs a column for the title and one more that is known. Columns may stand in any order; case, blanks and punctuation of their names do not matter. Columns that are
not known are left out and named in one warning a file; ` + "`custom:NAME`" + ` keeps a column as a fact of its own, ` + "`ignore:NAME`" + ` leaves it out without a warning.

## Languages
Where a column stands twice, once under an English and once under a Russian name (` + "`Abstract`, `Аннотация`" + `), these are the languages. Columns marked "lang" may be given several times, once a language: ` + "`title@ru`, `title@zh-Hans`, `Title (Russian)`, `title_en`, `Название на английском`" + `. A column without a language is in
that of the column ` + "`language`" + `.

## Several values in a cell
Columns marked "list" take several values, parted by semicolons or by lines; where there are neither, by bars. Semicolons in brackets part nothing. Keywords, subject codes and grants may
be parted by commas where there is nothing else.

## Authors
` + "```" + `
Ogneva, Vera [1] {0000-0002-1825-0097}; Li, Wei [1,2] <li@example.org>*
` + "```" + `
A comma parts the surname from the given names. Without a comma the name stays whole, because its parts would be a guess. ` + "`[1,2]`" + ` are marks of affiliations, ` + "`{}`" + ` an ORCID, ` + "`<>`" + ` an e-mail
address, ` + "`*`" + ` marks who answers letters. Affiliations have their marks in front: ` + "`1: Institute of Lamps, Old Harbour; 2: Paper University`" + `. Without marks they are not given to anybody, unless there
is but one author. Where people are parted by commas, it must be plain which commas do that: ` + "`Ogneva V.P., Li W.`" + ` is; ` + "`Vera Ogneva, Wei Li`" + ` is not and stays one name, with a warning.

The lists of ORCIDs and e-mail addresses have as many entries as there are authors, with ` + "`-`" + ` for none, or say whose each is: ` + "`Li, Wei: 0000-0002-1825-0097`" + `. Authors in another language
(` + "`authors@ru`" + `) are as many and in the same order.

## References
One a line, or parted by ` + "` || `" + `.

## Dates and numbers
` + "`2023-03-01`, `01.03.2023`, `1 March 2023`, `March 2023`, `2023`" + `. Of ` + "`05/06/2023`" + ` only the year is kept, because it has two readings. In XLSX a date counts as far as its cell shows it. Write pages as text:
spreadsheets make dates of ` + "`1-9`" + `.

## What is done with a file that is not in order
Encoding and delimiter are found out. Rows of title may stand above the header, within the first 25. Short rows are filled up; a row that is longer than the header is refused with its line.
A cell in quotation marks may have lines and must be right: one that does not end, or has a mark in it that is not doubled and goes over a line, counts as text that begins with a mark,
and the next line is the next row. Of a workbook every visible sheet with such a header is read. Bounds: a cell of 1 MiB, a row of 16 MiB, 4096 columns; a workbook of 64 MiB, 512 MiB
unzipped.

## Columns

| column | по-русски | | meaning | example |
| --- | --- | --- | --- | --- |
`)
	for _, c := range Columns() {
		var marks []string
		if c.Languages {
			marks = append(marks, "lang")
		}
		if c.Several {
			marks = append(marks, "list")
		}
		b.WriteString("| `" + c.Name + "` | " + c.Russian + " | " + strings.Join(marks, ", ") + " | " + c.Meaning + " | " + strings.ReplaceAll(c.Example, "|", `\|`) + " |\n")
	}
	b.WriteString("\n## Other names of columns\n\n| column | other names |\n| --- | --- |\n")
	for _, c := range Columns() {
		if len(c.Also) > 0 {
			b.WriteString("| `" + c.Name + "` | " + strings.Join(c.Also, ", ") + " |\n")
		}
	}
	b.WriteString("\nTables of Web of Science are known by their two-letter tags.\n")
	return b.String()
}

// workbook makes a workbook of sheets of cells.
func workbook(t testing.TB, fill func(w *excelize.File)) []byte {
	w := excelize.NewFile()
	defer w.Close()
	fill(w)
	b, err := w.WriteToBuffer()
	require.NoError(t, err)
	return b.Bytes()
}

func cutBook(t testing.TB, data []byte) (out []cut.Record) {
	require.NoError(t, CutXLSX(bytes.NewReader(data), int64(len(data)), func(r cut.Record) error {
		out = append(out, r)
		return nil
	}))
	return out
}

func TestXLSX(t *testing.T) {
	data := workbook(t, func(w *excelize.File) {
		must := func(err error) { require.NoError(t, err) }
		set := func(sheet, cell string, v any) { must(w.SetCellValue(sheet, cell, v)) }
		style := func(cell, code string) {
			id, err := w.NewStyle(&excelize.Style{CustomNumFmt: &code})
			must(err)
			must(w.SetCellStyle("Sheet1", cell, cell, id))
		}
		set("Sheet1", "A1", "Статьи за 2023 год")
		for i, h := range []string{"Название", "Авторы", "Журнал", "Год", "Дата публикации", "Дата поступления", "Дата принятия", "Страницы", "DOI", "PMID", "Примечание", "Аннотация"} {
			cell, _ := excelize.CoordinatesToCellName(i+1, 3)
			set("Sheet1", cell, h)
		}
		set("Sheet1", "A4", "Фонари")
		set("Sheet1", "B4", "Огнева, Вера; Ли, Вэй")
		set("Sheet1", "C4", "Фонарный журнал")
		set("Sheet1", "D4", 2023)
		set("Sheet1", "E4", 44986.75) // 2023-03-01 18:00
		style("E4", "dd.mm.yyyy hh:mm")
		set("Sheet1", "F4", 44870)
		style("F4", "mmm yyyy")
		set("Sheet1", "G4", 44938)
		style("G4", "yyyy")
		set("Sheet1", "H4", "15-22")
		set("Sheet1", "I4", "10.5555/lanterns.12")
		set("Sheet1", "J4", 12345678)
		style("J4", "#,##0")
		must(w.SetCellFormula("Sheet1", "K4", `"a"&"b"`))
		set("Sheet1", "L4", "Первая строка\nвторая")
		set("Sheet1", "A6", "Лампы")
		set("Sheet1", "D6", "2023.0")
		id, err := w.NewStyle(&excelize.Style{NumFmt: 14})
		must(err)
		set("Sheet1", "E6", 44986)
		must(w.SetCellStyle("Sheet1", "E6", "E6", id))
		set("Sheet1", "J6", "#N/A")
		must(w.MergeCell("Sheet1", "C4", "C6"))
		set("Sheet1", "A7", "Лишнее")
		set("Sheet1", "P7", "x")
		set("Sheet1", "A8", "Название") // the header once more
		for i, h := range []string{"Название", "Авторы", "Журнал", "Год", "Дата публикации", "Дата поступления", "Дата принятия", "Страницы", "DOI", "PMID", "Примечание", "Аннотация"} {
			cell, _ := excelize.CoordinatesToCellName(i+1, 8)
			set("Sheet1", cell, h)
		}
		for _, name := range []string{"Second", "Other", "Hidden"} {
			_, err := w.NewSheet(name)
			must(err)
		}
		must(w.SetSheetRow("Second", "A1", &[]string{"title", "doi"}))
		must(w.SetSheetRow("Second", "A2", &[]string{"From the second sheet", "10.5555/second"}))
		must(w.SetSheetRow("Other", "A1", &[]string{"Country", "Editor"}))
		must(w.SetSheetRow("Hidden", "A1", &[]string{"title", "doi"}))
		must(w.SetSheetRow("Hidden", "A2", &[]string{"Hidden", "10.5555/hidden"}))
		must(w.SetSheetVisible("Hidden", false))
	})
	records := cutBook(t, data)
	golden(t, "workbook", results(t, records))
}

func TestXLSXRefused(t *testing.T) {
	one := func(data []byte) error {
		records := cutBook(t, data)
		require.Len(t, records, 1)
		return records[0].Err
	}
	assert.ErrorContains(t, one([]byte("no zip")), "XLSX")
	template, err := TemplateXLSX()
	require.NoError(t, err)
	assert.ErrorContains(t, one(template[:len(template)/2]), "XLSX")
	assert.ErrorContains(t, one(workbook(t, func(w *excelize.File) {})), "the table is empty")
	assert.ErrorContains(t, one(workbook(t, func(w *excelize.File) {
		require.NoError(t, w.SetSheetRow("Sheet1", "A1", &[]string{"Country", "Editor"}))
	})), `no column for a title: the first row has "Country", "Editor"`)
	records := 0
	require.NoError(t, CutXLSX(bytes.NewReader(nil), maxWorkbook+1, func(r cut.Record) error {
		records++
		assert.ErrorContains(t, r.Err, "64 MiB")
		return nil
	}))
	assert.Equal(t, 1, records)
}

func TestDatePrecision(t *testing.T) {
	for code, want := range map[string]int{"yyyy-mm-dd": 3, "dd.mm.yyyy": 3, "m/d/yy h:mm": 3, "[$-419]d mmm yyyy;@": 3, "mmm yyyy": 2, "yyyy": 1, "h:mm:ss": 0, "0.00": 0, "General": 0,
		`#,##0" day"`: 0, `0.00\d`: 0, "d mmm": 3, "[Red]0": 0, `"`: 0} {
		assert.Equal(t, want, datePrecision(code), code)
	}
}
