package jes

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"sheaf/jats"
)

func own(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return data
}

// The same page in another encoding, or with the blanks and line ends that copying leaves, is the same page.
func TestParseForms(t *testing.T) {
	for _, name := range []string{"compact-ru.txt", "long-en-dense.txt", "portal-ru.txt"} {
		plain := string(own(t, name))
		want, err := Parse([]byte(plain))
		require.NoError(t, err)
		encode := func(enc interface{ Bytes([]byte) ([]byte, error) }, s string) string {
			b, err := enc.Bytes([]byte(s))
			require.NoError(t, err)
			return string(b)
		}
		forms := map[string]string{
			"CRLF":             strings.ReplaceAll(plain, "\n", "\r\n"),
			"CR":               strings.ReplaceAll(plain, "\n", "\r"),
			"mark":             "\ufeff" + plain,
			"trailing blanks":  strings.ReplaceAll(plain, "\n", " \t\u00a0\n"),
			"leading blanks":   "\n \n\t" + strings.ReplaceAll(plain, "\n", "\n\t"),
			"soft hyphens":     strings.ReplaceAll(plain, "а", "а\u00ad"),
			"decomposed":       strings.ReplaceAll(plain, "й", "и\u0306"),
			"controls":         "\x00\x01" + plain,
			"UTF-16 LE":        encode(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder(), plain),
			"UTF-16 BE":        encode(unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder(), plain),
			"UTF-16, no mark":  encode(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder(), plain),
			"Windows-1251":     encode(charmap.Windows1251.NewEncoder(), plain),
			"no-break labels":  strings.NewReplacer("Тип публикации ", "Тип\u00a0публикации\u00a0", "Publication type", "Publication\u00a0type").Replace(plain),
			"labels, capitals": strings.NewReplacer("Ключевые слова", "КЛЮЧЕВЫЕ СЛОВА", "\nKeywords\n", "\nKEYWORDS\n").Replace(plain),
		}
		for form, data := range forms {
			t.Run(name+" "+form, func(t *testing.T) {
				assert.True(t, Recognise([]byte(data)))
				got, err := Parse([]byte(data))
				require.NoError(t, err)
				w, _ := json.Marshal(want)
				g, _ := json.Marshal(got)
				assert.JSONEq(t, string(w), string(g))
			})
		}
	}
}

// One line of a page, and what it says.
func TestParseLine(t *testing.T) {
	text := func(f func(*Page) *string) func(*Page) any {
		return func(p *Page) any {
			if v := f(p); v != nil {
				return *v
			}
			return nil
		}
	}
	doiOf, pagesOf := text(func(p *Page) *string { return p.DOI }), text(func(p *Page) *string { return p.Pages })
	publishedOf := text(func(p *Page) *string { return p.Published })
	edition := func(p *Page) any {
		s := ""
		if p.Volume != nil {
			s = *p.Volume
		}
		if p.Issue != nil {
			s += "/" + *p.Issue
		}
		return s
	}
	priceOf := func(p *Page) any {
		if p.Price == nil {
			return nil
		}
		return p.Price.Amount.String() + " " + p.Price.Currency
	}
	keywordsOf := func(p *Page) any { return strings.Join(p.Keywords, "|") }
	for _, c := range []struct {
		line string
		get  func(*Page) any
		want any
	}{
		{"DOIhttps://doi.org/10.55555/Ab.1", doiOf, "10.55555/Ab.1"}, {"DOI: 10.55555/ab.1", doiOf, "10.55555/ab.1"}, {"DOI\n10.55555/ab(1)", doiOf, "10.55555/ab(1)"}, {"DOI10.55/ab", doiOf, nil}, {"DOI none", doiOf, nil},
		{"Pages19-32", pagesOf, "19-32"}, {"Pages 19–32", pagesOf, "19–32"}, {"Страницы: С. 19-32", pagesOf, "19-32"}, {"Pages\n7", pagesOf, "7"}, {"Pages15-22, 30", pagesOf, "15-22, 30"}, {"Pages of history", pagesOf, nil},
		{"EditionVolume 57 Issue 1", edition, "57/1"}, {"EditionIssue 2", edition, "/2"}, {"ВыпускТом 57 Выпуск 1", edition, "57/1"}, {"Выпуск 3", edition, "/3"}, {"Edition № 3", edition, "/3"},
		{"Edition\nVol. 5, No. 3 (105)", edition, "5/3 (105)"}, {"Volume 57 Issue 1", edition, "57/1"}, {"Том 12", edition, "12"}, {"Edition57 (1)", edition, "57/1"}, {"Edition", edition, ""},
		{"100 rub.", priceOf, "100 RUB"}, {"1 500 руб.", priceOf, "1500 RUB"}, {"99,50 ₽", priceOf, "99.50 RUB"}, {"Цена: 500 руб.", priceOf, "500 RUB"}, {"Price 5 USD", priceOf, "5 USD"}, {"100", priceOf, nil},
		{"Publication date19.04.2022", publishedOf, "2022-04-19"}, {"Дата публикации: 1.2.2022 г.", publishedOf, "2022-02-01"}, {"Publication date31.02.2022", publishedOf, nil}, {"Publication date00.00.0000", publishedOf, nil}, {"Date of publication\n2022-04-19", publishedOf, "2022-04-19"},
		{"Public year\n2019", publishedOf, "2019"}, {"Date of publication\nPublic year", publishedOf, nil},
		{"Keywordsabstract, pages", keywordsOf, "abstract|pages"}, {"Keywords: a; b, c", keywordsOf, "a|b, c"}, {"Ключевые слова\nмодель (a, b), вывод.", keywordsOf, "модель (a, b)|вывод"},
	} {
		t.Run(c.line, func(t *testing.T) {
			p, err := Parse([]byte("A title of things\n\nPublication type Article\nStatus Published\n" + c.line + "\n"))
			require.NoError(t, err)
			assert.Equal(t, c.want, c.get(p))
		})
	}
}

// What is no page of one article is refused, and the reason says why.
func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ in, why string }{
		"empty":          {" \n\t\n", "empty"},
		"markup":         {"<html><body>Publication type Article</body></html>", "markup"},
		"prose":          {"Dear reader,\n\nthe rooms are quiet.\n\n1. First.\n2. Second.\n", "no label"},
		"no title":       {"Publication type Article\nStatus Published\nKeywordsa, b\n", "no title"},
		"stripped":       {string(own(t, "stripped-ru.txt")), "no title, only what follows it"},
		"front page":     {"Journal of Ferries\nTable of contents\nJournal nameJournal of Ferries\nNumber of purchasers: 1, views: 2\n", "nothing of an article"},
		"two articles":   {"One\nPIIS088888880034567-8-1\nPublication type Article\nTwo\nPIIS088888880034568-9-1\nPublication type Article\n", "second article"},
		"binary":         {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no label"},
		"a JSON article": {`{"title":"x"}`, "JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			a, _, err := Read([]byte(c.in))
			assert.Nil(t, a)
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.why)
			var fault *jats.Fault
			assert.ErrorAs(t, err, &fault)
		})
	}
}

func TestRecogniseOthers(t *testing.T) {
	for name, in := range map[string]string{
		"JATS": "<article><front/></article>", "JSON": `{"status":"Published","authors":[]}`, "empty": "", "BibTeX": "@article{x,\n title={Keywords}\n}",
		"paper":   "A paper\n\nAbstract\n\nWe show.\n\nKeywords\nquiet\n\nReceived 01.02.2020\n\nReferences\n1. Smith J. X. 1990.\n",
		"letter":  "Dear Sir,\nComments\nare welcome.",
		"RIS":     "TY  - JOUR\nTI  - Status\nER  -\n",
		"readme":  "# Status\n\nPublished. Pages: 3\n\nAuthors\n\nJ. Smith\n",
		"CSV row": "title,status\nx,Published\n",
	} {
		assert.False(t, Recognise([]byte(in)), name)
	}
}

func TestArticle(t *testing.T) {
	a, warnings, err := Read(own(t, "compact-ru.txt"))
	require.NoError(t, err)
	assert.Equal(t, "ru", a.Lang)
	assert.Equal(t, "review-article", a.ArticleType)
	assert.Equal(t, []jats.ID{{Type: "doi", Value: "10.55555/S088888880034567-8"}, {Type: "pii", Value: "S088888880034567-8-1"}}, a.IDs)
	assert.Equal(t, "7", a.FPage)
	assert.Equal(t, "15", a.LPage)
	require.Len(t, a.Contribs, 2)
	assert.Empty(t, a.Contribs[0].Names, "the name was lost and none is made up")
	assert.Equal(t, []jats.Text{{Lang: "ru", Text: "Ведущий научный сотрудник"}}, a.Contribs[0].Positions)
	assert.Equal(t, []jats.Aff{
		{ID: "aff1", Forms: []jats.AffForm{{Lang: "ru", Institutions: []jats.Institution{{Name: "Институт несуществующих рек РАН"}}, Address: []string{"Российская Федерация, Омск"}}}},
		{ID: "aff2", Forms: []jats.AffForm{{Lang: "ru", Institutions: []jats.Institution{{Name: "Школа придуманных мостов"}}, Country: "Российская Федерация", CountryCode: "RU"}}},
	}, a.Affs)
	assert.Equal(t, []jats.Date{{Type: "pub", Format: "electronic", Date: "2021-07-05"}}, a.PubDates)
	assert.Empty(t, a.History, "31 April is in no calendar")
	require.Len(t, warnings, 1)
	assert.Equal(t, "date-refused", warnings[0].Code)
	assert.Equal(t, &jats.Price{Amount: "500", Currency: "RUB"}, a.Permissions.Price)
	assert.Equal(t, "restricted", a.Permissions.Access)
	assert.Equal(t, 31942, *a.Counts.Characters)
	assert.Equal(t, []jats.Metric{{Name: "views", Value: "1045"}, {Name: "purchasers", Value: "2"}, {Name: "votes", Value: "3"}}, a.Metrics)
	require.Len(t, a.Refs, 3)
	assert.Equal(t, "journal", a.Refs[0].Citations[0].PublicationType)
	assert.Equal(t, jats.Rich("1917 год в истории переправ. М.: Вымысел, 1977. 120 с."), a.Refs[1].Citations[0].Text)
}

// An affiliation that authors share is one; each of several has its own address.
func TestArticleAffiliations(t *testing.T) {
	a, warnings, err := Read(own(t, "long-en-dense.txt"))
	require.NoError(t, err)
	require.Len(t, a.Affs, 2)
	assert.Equal(t, []string{"aff1", "aff2"}, a.Contribs[0].Affs)
	assert.Equal(t, []string{"aff1"}, a.Contribs[1].Affs)
	assert.Equal(t, []string{"Russian Federation, Pskov"}, a.Affs[1].Forms[0].Address)
	assert.Equal(t, "book-review", a.ArticleType)
	require.Len(t, warnings, 1)
	assert.Equal(t, "pii-damaged", warnings[0].Code)
}

func TestSplitName(t *testing.T) {
	for in, want := range map[string]jats.Name{
		"Примерова Анна Сергеевна": {Lang: "ru", Surname: "Примерова", GivenNames: "Анна Сергеевна"},
		"Анна Сергеевна Примерова": {Lang: "ru", Surname: "Примерова", GivenNames: "Анна Сергеевна"},
		"Образцов Пётр Ильич":      {Lang: "ru", Surname: "Образцов", GivenNames: "Пётр Ильич"},
		"Примерова А.С.":           {Lang: "ru", Surname: "Примерова", GivenNames: "А.С."},
		"А. С. Примерова":          {Lang: "ru", Surname: "Примерова", GivenNames: "А. С."},
		"Анна Мария Петрович":      {Lang: "ru", Full: "Анна Мария Петрович"}, // a surname like a father's name
		"Иван Петрович Станкевич":  {Lang: "ru", Full: "Иван Петрович Станкевич"},
		"Примерова Анна":           {Lang: "ru", Full: "Примерова Анна"},
		"Anna Primerova":           {Full: "Anna Primerova"},
		"王测试":                      {Full: "王测试"},
	} {
		assert.Equal(t, want, splitName(in, "ru"), in)
	}
}

func TestTitled(t *testing.T) {
	assert.True(t, titled("Is the river quiet?", none))
	assert.True(t, titled("Letters of the XIX в.", none))
	assert.True(t, titled("The river and its towns.", pubType), "a period is a slip when labels follow")
	assert.False(t, titled("The river and its towns are described in the paper, which is short.", keywords))
	assert.False(t, titled("The river is quiet. The towns are not. "+strings.Repeat("So it goes on and on. ", 8), pubType))
}

// A text made to be slow takes time in proportion to its length: four times the text, four times as long; sixteen times would be
// its square. The best of a few tries is what counts.
func TestParseTime(t *testing.T) {
	for _, piece := range []string{"1. x\n", "\n1. x\n", "Affiliation: Affiliation: ", "Authors\nAnna Primerova\n", "(", "Keywords(", "A\n", "1\n", "Volume 1 "} {
		took := func(size int) time.Duration {
			data := []byte("Title\nPublication type Article\nAbstract\n" + strings.Repeat(piece, size/len(piece)))
			start := time.Now()
			_, _ = Parse(data)
			return time.Since(start)
		}
		ratio := 1e9
		for range 4 {
			ratio = min(ratio, float64(took(32_000))/float64(took(8_000)))
		}
		assert.Less(t, ratio, 11.0, piece)
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal("no pages to begin with")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("T\nPII\nS1234567\nAuthors\nAffiliation:\nX\nAddress:\n\nDOI\n10.5555/x\nRating\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Recognise(data)
		p, err := Parse(data)
		if err != nil {
			return
		}
		if _, err := json.Marshal(p); err != nil {
			t.Fatal(err)
		}
		for _, a := range p.Authors {
			if a.Name != nil && *a.Name == "" {
				t.Fatal("a name with nothing in it")
			}
		}
		for _, s := range append(append([]string{}, p.Abstract...), append(p.Keywords, p.References...)...) {
			if s == "" || !utf8.ValidString(s) {
				t.Fatalf("bad text %q", s)
			}
		}
		a, _, err := Read(data)
		if err != nil {
			return
		}
		if a.Title.Text == "" || len(a.Refs) != len(p.References) {
			t.Fatal("something was lost")
		}
		ids := map[string]bool{}
		for _, aff := range a.Affs {
			ids[aff.ID] = true
		}
		for _, c := range a.Contribs {
			for _, id := range c.Affs {
				if !ids[id] {
					t.Fatalf("no affiliation %q", id)
				}
			}
		}
	})
}
