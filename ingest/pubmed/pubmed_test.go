package pubmed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/ingest/pubmed"
	"sheaf/jats"
	"sheaf/jats/jatstest"
)

// outcome is what becomes of a record.
type outcome struct {
	Line      int            `json:"line"`
	Withdrawn bool           `json:"withdrawn,omitempty"`
	Article   *jats.Article  `json:"article"`
	Warnings  []jats.Warning `json:"warnings,omitempty"`
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.xml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	docs := map[string][]byte{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.True(t, pubmed.Recognise(data))
			var all []outcome
			require.NoError(t, pubmed.Cut(bytes.NewReader(data), func(r cut.Record) error {
				require.NoError(t, r.Err)
				a, warnings, err := pubmed.Read(r.Data)
				o := outcome{Line: r.Line, Withdrawn: errors.Is(err, jats.ErrWithdrawn), Article: a, Warnings: warnings}
				if !o.Withdrawn {
					require.NoError(t, err)
					o.Warnings = append(warnings, a.Clean()...)
					checkServed(t, file, a)
					docs[file+":"+strconv.Itoa(r.Line)] = jats.AppendXML(nil, a, jats.WriteOptions{Standalone: true})
				}
				all = append(all, o)
				return nil
			}))
			got, err := json.MarshalIndent(all, "", "\t")
			require.NoError(t, err)
			fixturetest.Golden(t, "../../ingest/pubmed/"+strings.TrimSuffix(file, ".xml")+".json", append(got, '\n'))
		})
	}
	assert.Empty(t, fixturetest.DTD(t, fixturetest.Archiving, docs))
}

func TestRecognise(t *testing.T) {
	for doc, want := range map[string]bool{
		"<PubmedArticleSet/>": true,
		"<?xml version='1.0'?><!DOCTYPE MedlineCitationSet><MedlineCitationSet>": true,
		"<PubmedArticle>":              true,
		"<DeleteCitation>":             true,
		"<ArticleSet>\n<Article>":      false,
		"<Article>":                    false,
		"<article/>":                   false,
		"<records>":                    false,
		"PMID- 1":                      false,
		"":                             false,
		"<PubmedArticleSet xmlns='x'>": false,
		"<ArticleSet><Article><Journal><PublisherName>x</PublisherName><JournalTitle>y</JournalTitle>": true,
		`<!DOCTYPE ArticleSet PUBLIC "-//NLM//DTD PubMed 2.0//EN" "http://x"><ArticleSet>`:             true,
	} {
		assert.Equal(t, want, pubmed.Recognise([]byte(doc)), doc)
	}
}

func TestReadRefuses(t *testing.T) {
	for doc, code := range map[string]string{
		"<PubmedArticleSet><PubmedArticle>": "malformed",
		"<PubmedArticleSet/>":               "not-recognised",
		"<PMID>1</PMID>":                    "not-recognised",
		"<PubmedArticleSet><PubmedArticle/><PubmedArticle/></PubmedArticleSet>": "several-records",
		strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300):                "too-deep",
	} {
		a, _, err := pubmed.Read([]byte(doc))
		assert.Nil(t, a)
		var fault *jats.Fault
		require.ErrorAs(t, err, &fault, doc)
		assert.Equal(t, code, fault.Code, doc)
	}
}

// read is the article of what stands in Article.
func read(t testing.TB, article string) *jats.Article {
	t.Helper()
	a, _, err := pubmed.Read([]byte("<PubmedArticle><MedlineCitation><Article>" + article + "</Article></MedlineCitation></PubmedArticle>"))
	require.NoError(t, err)
	a.Clean()
	return a
}

func TestPages(t *testing.T) {
	for in, want := range map[string][4]string{ // first, last, range, e-location
		"12":               {"12", "", "", ""},
		"12-12":            {"12", "", "", ""},
		"764-9":            {"764", "769", "", ""},
		"1199-202":         {"1199", "1202", "", ""},
		"S10-5":            {"S10", "S15", "", ""},
		"S10-S15":          {"S10", "S15", "", ""},
		"ii-iv":            {"ii", "iv", "", ""},
		"e104":             {"", "", "", "e104"},
		"e104-9":           {"e104", "e109", "", ""},
		"12-4, 30":         {"12", "14", "12-4, 30", ""},
		"P1-10; quiz 11-2": {"P1", "P10", "P1-10; quiz 11-2", ""},
		"suppl 3 p 1-10":   {"", "", "suppl 3 p 1-10", ""},
		"following 12":     {"", "", "following 12", ""},
		"1-2-3":            {"", "", "1-2-3", ""},
	} {
		a := read(t, "<Pagination><MedlinePgn>"+in+"</MedlinePgn></Pagination>")
		assert.Equal(t, want, [4]string{a.FPage, a.LPage, a.PageRange, a.ElocationID}, in)
	}
}

func TestDates(t *testing.T) {
	for in, want := range map[string]jats.Date{
		"<Year>2020</Year>":                               {Date: "2020"},
		"<Year>2020</Year><Month>Sep</Month>":             {Date: "2020-09"},
		"<Year>2020</Year><Month>9</Month><Day>7</Day>":   {Date: "2020-09-07"},
		"<Year>2020</Year><Month>02</Month><Day>31</Day>": {Date: "2020-02"},
		"<Year>2020</Year><Day>7</Day>":                   {Date: "2020"},
		"<Year>2020</Year><Season>Spring</Season>":        {Date: "2020", Season: "Spring"},
		"<Year>2020</Year><Month>Jan-Feb</Month>":         {Date: "2020", Season: "Jan-Feb"},
		"<MedlineDate>2000 Spring</MedlineDate>":          {Date: "2000", Season: "Spring"},
		"<MedlineDate>2000 Nov-Dec</MedlineDate>":         {Date: "2000", Season: "Nov-Dec"},
		"<MedlineDate>1998 Dec-1999 Jan</MedlineDate>":    {Date: "1998", Season: "Dec-1999 Jan"},
		"<MedlineDate>2015 Dec 23-30</MedlineDate>":       {Date: "2015", Season: "Dec 23-30"},
		"<MedlineDate>1975-1976</MedlineDate>":            {Date: "1975", Season: "1975-1976"},
		"<MedlineDate>Winter</MedlineDate>":               {Text: "Winter"},
	} {
		a := read(t, "<Journal><JournalIssue><PubDate>"+in+"</PubDate></JournalIssue></Journal>")
		want.Type = "pub"
		assert.Equal(t, []jats.Date{want}, a.PubDates, in)
	}
	// The way of publication tells what the dates are of.
	dates := func(model string) string {
		a, _, err := pubmed.Read([]byte(`<MedlineCitation><Article PubModel="` + model + `"><Journal><JournalIssue><PubDate><Year>2020</Year></PubDate></JournalIssue></Journal>` +
			`<ArticleDate><Year>2019</Year><Month>12</Month><Day>30</Day></ArticleDate></Article></MedlineCitation>`))
		require.NoError(t, err)
		var out []string
		for _, d := range a.PubDates {
			out = append(out, strings.TrimSpace(d.Type+" "+d.Format)+" "+d.Date)
		}
		return strings.Join(out, ", ")
	}
	assert.Equal(t, "pub electronic 2019-12-30, pub print 2020", dates("Print-Electronic"))
	assert.Equal(t, "pub electronic 2019-12-30, collection electronic 2020", dates("Electronic-eCollection"))
	assert.Equal(t, "pub electronic 2019-12-30, collection electronic 2020", dates("Electronic"))
	assert.Equal(t, "pub electronic 2019-12-30, pub 2020", dates(""))
}

func TestTitles(t *testing.T) {
	for in, want := range map[string]string{
		"<ArticleTitle>Of mice.</ArticleTitle>":                                                                         " Of mice",
		"<ArticleTitle>Of mice?</ArticleTitle>":                                                                         " Of mice?",
		"<ArticleTitle>Of mice...</ArticleTitle>":                                                                       " Of mice...",
		"<ArticleTitle>Of <i>Mus</i>.</ArticleTitle>":                                                                   " Of <italic>Mus</italic>",
		"<ArticleTitle>Mice of the U.S.</ArticleTitle>":                                                                 " Mice of the U.S.",
		"<ArticleTitle>[Of mice].</ArticleTitle><Language>ger</Language>":                                               "en Of mice",
		"<ArticleTitle>[Mice] and [men].</ArticleTitle>":                                                                " [Mice] and [men]",
		"<ArticleTitle>[Of mice].</ArticleTitle><Language>ger</Language><VernacularTitle>Mäuse.</VernacularTitle>":      " Mäuse|en Of mice",
		"<ArticleTitle>Of mice.</ArticleTitle><Language>eng</Language><VernacularTitle>Mäuse.</VernacularTitle>":        " Of mice| Mäuse",
		"<ArticleTitle>[Not Available].</ArticleTitle><Language>ger</Language><VernacularTitle>Mäuse</VernacularTitle>": " Mäuse",
	} {
		a := read(t, in)
		var got []string
		for _, x := range append([]jats.Title{a.Title}, a.TransTitles...) {
			got = append(got, x.Lang+" "+string(x.Text))
		}
		assert.Equal(t, want, strings.Join(got, "|"), in)
	}
}

func TestEmails(t *testing.T) {
	for in, want := range map[string][2]string{
		"Ferry Office, Omsk. a@b.example.":                       {"Ferry Office, Omsk.", "a@b.example"},
		"Ferry Office, Omsk. Electronic address: a@b.example.":   {"Ferry Office, Omsk.", "a@b.example"},
		"Ferry Office, Omsk (e-mail: a@b.example).":              {"Ferry Office, Omsk", "a@b.example"},
		"Ferry Office &lt;a@b.example&gt;; Bridge Office, Pskov": {"Ferry Office; Bridge Office, Pskov", "a@b.example"},
		"a@b.example":                            {"", "a@b.example"},
		"Ferry Office @ Omsk":                    {"Ferry Office @ Omsk", ""},
		"Ferry Office. a@b.example; c@d.example": {"Ferry Office.", "a@b.example c@d.example"},
	} {
		a := read(t, "<AuthorList><Author><LastName>X</LastName><AffiliationInfo><Affiliation>"+in+"</Affiliation></AffiliationInfo></Author></AuthorList>")
		got := ""
		if len(a.Affs) > 0 {
			got = a.Affs[0].Forms[0].Text.Plain()
		}
		assert.Equal(t, want, [2]string{got, strings.Join(a.Contribs[0].Emails, " ")}, in)
	}
}

// Whose the investigators are is only known when there is one group, or when the group names their list.
func TestInvestigators(t *testing.T) {
	group := func(attr, name string) string {
		return "<Author><CollectiveName" + attr + ">" + name + "</CollectiveName></Author>"
	}
	for authors, want := range map[string]string{
		"": "I, J",
		"<Author><LastName>X</LastName></Author>": "X, I, J",
		group("", "A"):                                       "A(I J)",
		group("", "A") + group("", "B"):                      "A, B, I, J",
		group(` Investigators="j"`, "A") + group("", "B"):    "A(J), B, I",
		group(` Investigators="none"`, "A") + group("", "B"): "A, B, I, J",
	} {
		a, _, err := pubmed.Read([]byte("<MedlineCitation><Article><AuthorList>" + authors + "</AuthorList></Article><InvestigatorList><Investigator><LastName>I</LastName></Investigator></InvestigatorList>" +
			`<InvestigatorList ID="j"><Investigator><LastName>J</LastName></Investigator></InvestigatorList></MedlineCitation>`))
		require.NoError(t, err)
		var got []string
		for _, c := range a.Contribs {
			s := ""
			if len(c.Collab) > 0 {
				s = string(c.Collab[0].Text)
			} else {
				s = c.Names[0].Surname
			}
			var members []string
			for _, m := range c.Members {
				members = append(members, m.Names[0].Surname)
			}
			if len(members) > 0 {
				s += "(" + strings.Join(members, " ") + ")"
			}
			got = append(got, s)
		}
		assert.Equal(t, want, strings.Join(got, ", "), authors)
	}
}

func TestFormula(t *testing.T) {
	a := read(t, `<Abstract><AbstractText>So <DispFormula><mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:mi>x</mml:mi></mml:math></DispFormula> it is.</AbstractText></Abstract>`)
	assert.Equal(t, jats.Rich("So<disp-formula><mml:math><mml:mi>x</mml:mi></mml:math></disp-formula> it is."), a.Abstracts[0].P[0])
}

// A file of any length takes the memory of one record.
func TestCutLong(t *testing.T) {
	record := "<PubmedArticle><MedlineCitation><PMID>1</PMID></MedlineCitation></PubmedArticle>\n"
	n := 0
	require.NoError(t, pubmed.Cut(io.MultiReader(strings.NewReader("<PubmedArticleSet>\n"), strings.NewReader(strings.Repeat(record, 30000)), strings.NewReader("</PubmedArticleSet>")), func(r cut.Record) error {
		require.NoError(t, r.Err)
		assert.Less(t, len(r.Data), 200)
		n++
		return nil
	}))
	assert.Equal(t, 30000, n)
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.xml")
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		require.NoError(f, pubmed.Cut(bytes.NewReader(data), func(r cut.Record) error {
			f.Add(r.Data)
			return nil
		}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pubmed.Recognise(data)
		if a, _, err := pubmed.Read(data); err == nil {
			jatstest.Sound(t, a)
		}
	})
}

func FuzzCut(f *testing.F) {
	for _, s := range []string{"<PubmedArticleSet><PubmedArticle/></PubmedArticleSet>", "<DeleteCitation><PMID>1</PMID>", "<ArticleSet><Article><a></Article>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		require.NoError(t, pubmed.Cut(bytes.NewReader(data), func(r cut.Record) error {
			if r.Err == nil {
				pubmed.Read(r.Data)
			}
			return nil
		}))
	})
}

func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile("testdata/citation.xml")
	require.NoError(b, err)
	var record []byte
	require.NoError(b, pubmed.Cut(bytes.NewReader(data), func(r cut.Record) error {
		if record == nil {
			record = bytes.Clone(r.Data)
		}
		return nil
	}))
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := pubmed.Read(record); err != nil {
			b.Fatal(err)
		}
	}
}
