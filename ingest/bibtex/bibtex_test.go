package bibtex_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/bibtex"
	"sheaf/ingest/cut"
	"sheaf/ingest/ris/refmantest"
	"sheaf/jats"
)

func records(t testing.TB, data string) []cut.Record {
	t.Helper()
	var out []cut.Record
	require.NoError(t, bibtex.Cut(strings.NewReader(data), func(r cut.Record) error {
		out = append(out, r)
		return nil
	}))
	return out
}

var (
	fieldLine = regexp.MustCompile(`(?m)^[ \t]*([A-Za-z_0-9-]+)\s*=\s*`)
	noise     = regexp.MustCompile(`[^\s{},"]*[\\$][^\s]*`) // what TeX makes of these words is tested elsewhere
)

// notMapped are fields of the library that the file was saved by, not of the article, and what is said of them. Author lists are split at "and".
var notMapped = regexp.MustCompile(`^(file|timestamp|owner|groups|priority|readstatus|ranking|bibsource|biburl|crossref|xref|comment|citation-subset|pubmodel|completed|created|revised|medline-pst|doc-delivery-number|refid|status|pubstate|month)$`)

// sourceWords reads an entry by its lines: what stands behind "name =" up to the next.
func sourceWords(entry string) []string {
	entry = entry[strings.IndexByte(entry, '\n')+1:]
	var out []string
	marks := fieldLine.FindAllStringSubmatchIndex(entry, -1)
	for i, m := range marks {
		name, end := strings.ToLower(entry[m[2]:m[3]]), len(entry)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		if notMapped.MatchString(name) {
			continue
		}
		value := entry[m[1]:end]
		if name == "author" || name == "editor" {
			value = strings.ReplaceAll(strings.Join(strings.Fields(value), " "), " and ", " ")
		}
		if name != "doi" && !strings.HasPrefix(name, "url") && !strings.HasPrefix(name, "bdsk") {
			value = noise.ReplaceAllString(value, " ")
		} else if i := strings.Index(value, "10."); name == "doi" && i >= 0 {
			value = value[i:]
		}
		out = append(out, refmantest.Words(strings.NewReplacer("{", "", "}", "").Replace(value))...)
	}
	return out
}

func TestRecall(t *testing.T) {
	dir := fixturetest.Shared(t, "data/bibtex")
	paths, err := filepath.Glob(filepath.Join(dir, "*.bib"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	total, hits, entries := 0, 0, 0
	refused := map[string]int{}
	for _, path := range paths {
		name := filepath.Base(path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		head := data
		if !utf8.Valid(head) {
			head = bytes.ToValidUTF8(head, []byte("?"))
		}
		assert.True(t, bibtex.Recognise(head), name)
		all, found := 0, 0
		var lost []string
		recs := records(t, string(data))
		for _, r := range recs {
			require.NoError(t, r.Err, "%s:%d", name, r.Line)
			a, _, err := bibtex.Read(r.Data)
			require.NoError(t, err, "%s:%d", name, r.Line)
			a.Clean()
			if p := a.Problems(); p != nil {
				refused[name+": "+p[0].Code]++
				continue
			}
			entries++
			words := sourceWords(string(r.Data))
			n, missing := refmantest.Recall(a, words)
			all, found, lost = all+len(words), found+n, append(lost, missing...)
			refmantest.Sound(t, name, a)
		}
		if all > 0 {
			t.Logf("%s: %d records, %.4f of %d words; missing %q", name, len(recs), float64(found)/float64(all), all, lost[:min(len(lost), 60)])
		}
		total, hits = total+all, hits+found
	}
	t.Logf("%d files, %d entries; recall %.4f of %d words; without a title: %v", len(paths), entries, float64(hits)/float64(total), total, refused)
	assert.GreaterOrEqual(t, float64(hits)/float64(total), 0.98)
	// These have no title, nor has the entry that they point at one.
	assert.Equal(t, map[string]int{"jabref-articleWithMonths.bib: no-title": 2, "jabref-othertype.bib: no-title": 1}, refused)
}

func read(t testing.TB, entry string) *jats.Article {
	t.Helper()
	a, _, err := bibtex.Read([]byte(entry))
	require.NoError(t, err)
	return a
}

func library(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile("testdata/library.bib")
	require.NoError(t, err)
	return string(data)
}

func TestGolden(t *testing.T) {
	assert.True(t, bibtex.Recognise([]byte(library(t))))
	var all []*jats.Article
	var keys []string
	for _, r := range records(t, library(t)) {
		require.NoError(t, r.Err)
		key, _, _ := strings.Cut(string(r.Data), ",")
		keys = append(keys, fmt.Sprint(r.Line, key))
		all = append(all, read(t, string(r.Data)))
	}
	// Entries that point at later ones come at the end.
	assert.Equal(t, []string{"8@article{primerova:2026/1", "35@proceedings{conf", "36@book(book", "37@phdthesis{t", "38@online{arx", "39@techreport{r", "41@article{title = {No key}",
		"32@inproceedings{paper", "33@inbook{pages", "40@misc{lost"}, keys)
	refmantest.Golden(t, "bibtex", "library", all)
	for _, a := range all {
		refmantest.Sound(t, string(a.Title.Text), a)
	}
}

// TeX and what it says.
func TestTeX(t *testing.T) {
	for tex, want := range map[string]string{
		`{\"u}ber \'{\i}le \v{c}aj \c c {\c{c}} \ss{} Stra{\ss}e \O re {\AA}ngstr\"om \'E`: "über íle čaj ç ç ß Straße Øre Ångström É", `\H{o}\k{a}\u{g}\r{u}\d{s}\b{b}\.z\=a\~n\^o\` + "`e": "őąğůṣḇżāñôè",
		`a--b---c ` + "``x'' `y'": "a–b—c “x” ‘y'", `10\,000\% R\&D \$5 \#1 a\_b`: "10 000% R&amp;D $5 #1 a_b", `A~B`: "A\u00a0B", `\emph{Homo {Sapiens}} {\it et al.} x`: "<italic>Homo Sapiens</italic> <italic>et al.</italic> x",
		`$H_2O$ and $x^{2n}$`: "H<sub>2</sub>O and x<sup>2n</sup>", `$\alpha\to\beta$, $50^\circ$C`: "α→β, 50°C", `$\sqrt{2}$`: `<inline-formula><tex-math>\sqrt{2}</tex-math></inline-formula>`, `costs $5`: "costs $5", `$\bar{p}p$`: "p̄p",
		`$a<b$ & c`: "a&lt;b &amp; c", `\textsuperscript{3}He \textsubscript{2}`: "<sup>3</sup>He <sub>2</sub>", `\textbf{a} \textsc{b} \texttt{c}`: "<bold>a</bold> <sc>b</sc> <monospace>c</monospace>", `\cyra\cyrshch \CYRZH`: "ащЖ",
		`<i>Salmo</i> &amp; x`: "<italic>Salmo</italic> &amp; x", `\noopsort{1973b}1973 \relax{x} \unknown{y} \cite{z}`: "1973 x y", `{{{{a}}}}`: "a", `a } b { c`: "a b c", `\`: "", `\'`: "", `{\~{}}x \^{}`: "~x ^", `$$x$$`: "x", `\(x_1\)`: "x<sub>1</sub>",
		`\href{https://example.org/}{here}`: `<ext-link ext-link-type="uri" xlink:href="https://example.org/">here</ext-link>`, `\url{https://example.org/a_b}`: "https://example.org/a_b", `\TeX{} and \LaTeX`: "TeX and LaTeX", `\textless{}b\textgreater`: "&lt;b&gt;", `\ensuremath{\mu}m`: "μm",
		`{\em a {\bf b}} c`: "<italic>a <bold>b</bold></italic> c", `日本\textbf{語}`: "日本<bold>語</bold>", `\"{\i}`: "ï", `\mbox{G-Animal's}`: "G-Animal's",
	} {
		a := read(t, "@misc{k, title = {"+tex+"}}")
		if strings.ContainsAny(tex, "{}") && strings.Count(tex, "{") != strings.Count(tex, "}") || tex == "a } b { c" {
			continue // no value of a field; only that it does not fail
		}
		a.Clean()
		assert.Equal(t, want, string(a.Title.Text), tex)
	}
}

// Names by the rules of BibTeX.
func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"Donald E. Knuth": "Knuth|Donald E.|", "Knuth, Donald E.": "Knuth|Donald E.|", "Ludwig van Beethoven": "van Beethoven|Ludwig|", "van Beethoven, Ludwig": "van Beethoven|Ludwig|", "King, Jr, Martin Luther": "King|Martin Luther|Jr",
		"{World Health Organization}": "[World Health Organization]", "Charles Louis Xavier Joseph de la Vall{\\'e}e Poussin": "de la Vallée Poussin|Charles Louis Xavier Joseph|", "Plato": "Plato||", "{\\'E}mile Zola": "Zola|Émile|",
		"{van der Berg}, Jan": "van der Berg|Jan|", "Jan {van der Berg}": "van der Berg|Jan|", "family=Hasselt, given=Jan, prefix=van": "van Hasselt|Jan|", "Иванов, Иван": "Иванов|Иван|", "Иван Иванов": "Иванов|Иван|", "王小明": "王小明||",
		"A, B, C, D": "(A, B, C, D)", "others": "", "Anonymous": "?", "jean d'Alembert": "jean d'Alembert||", "Anna~B. Primerova": "Primerova|Anna B.|", "{Barnes} and {Noble, Inc.}": "[Barnes] [Noble, Inc.]", "Aziz, J. and\n Genov, R.": "Aziz|J.| Genov|R.|", "Sand and and Co": "Sand|| Co||",
	} {
		var got []string
		for _, c := range read(t, "@misc{k, author = {"+in+"}}").Contribs {
			switch {
			case c.Anonymous:
				got = append(got, "?")
			case c.Collab != nil:
				got = append(got, "["+string(c.Collab[0].Text)+"]")
			case c.Names[0].Full != "":
				got = append(got, "("+c.Names[0].Full+")")
			default:
				got = append(got, c.Names[0].Surname+"|"+c.Names[0].GivenNames+"|"+c.Names[0].Suffix)
			}
		}
		assert.Equal(t, want, strings.Join(got, " "), in)
	}
}

func TestDates(t *testing.T) {
	for in, want := range map[string]string{
		"year=2005": "2005||", "year={2005}, month=feb": "2005-02||", `year=2005, month="1~feb"`: "2005-02-01||", "year=2005, month={Juni}": "2005-06||", "year=2005, month={MAR}, day=7": "2005-03-07||", "year=2005, month={Jan-Feb}": "2005|Jan-Feb|", "year=2005, month={2}, day={31}": "2005-02||",
		"date={2020-03-12}": "2020-03-12||", "date={2020-03}": "2020-03||", "date={2020/2021}": "2020||2020/2021", "date={2020-21}": "2020|Spring|", "date={1999~}": "1999||1999~", "date={2004-06-uu}": "2004-06||", "date={2020-03-12T10:00:00Z}": "2020-03-12||", "year={in press}": "||in press", "year={c. 2001}": "2001||c. 2001",
		"year={1999/2000}": "1999||1999/2000", "year={2020-05-06}": "2020-05-06||", "date={unknown}": "||unknown", "year=2005, season=Spring": "2005|Spring|", "month=jan": "",
	} {
		got := ""
		for _, d := range read(t, "@misc{k, title={T}, "+in+"}").PubDates {
			got += d.Date + "|" + d.Season + "|" + d.Text
		}
		assert.Equal(t, want, got, in)
	}
}

// A broken entry is told of with its line; the others are read.
func TestBroken(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"never closed":        {"@article{a, title = {x\n@article{b, title = {y}}\n", []string{"1!malformed", "2 y"}},
		"ends inside":         {"@article{a, title = {x}}\n@article{b, title = {y", []string{"1 x", "2!malformed"}},
		"a comma missing":     {"@article{a, title = {x} volume = 3}", []string{"1 x"}},
		"no equals sign":      {"@article{a, nonsense, title = {x}}", []string{"1 x"}},
		"a sign in text":      {"me@example.org wrote @ this\n@misc(a, title = {x (y)})", []string{"2 x (y)"}},
		"quotes":              {`@misc{a, title = "x {"}y{"} \"u"}`, []string{`1 x "y" ü`}},
		"comment not closed":  {"@comment{ open\n@misc{a, title={x}}\n", []string{"2 x"}},
		"comments":            {"@comment @misc{a, title={x}}\n% @misc{b, title={y}}\n@comment{@misc{c, title={z}}}", []string{"1 x"}},
		"line comment inside": {"@misc{a,\n% title = {old},\n title = {x}}", []string{"1 x"}},
		"twice":               {"@misc{a, title={x}, TITLE={z}}", []string{"1 x"}},
		"key with blanks":     {"@misc{a b c, title={x}}", []string{"1 x"}},
		"no entry":            {"nothing here", []string{"1!malformed"}},
		"nothing said":        {"@misc{a}\n@misc{b,}\n@misc{c, title={x}}", []string{"3 x"}},
		"strings":             {"@string{a = \"x\" # b}@string{b = {y}}@misc{k, title = a # b # c}", []string{"1 xbyc"}},
		"a cycle":             {"@misc{a, crossref={b}, title={x}}@misc{b, crossref={a}, title={y}}@misc{c, title={z}}", []string{"1!crossref-cycle", "1 z", "1!crossref-cycle"}},
		"itself":              {"@misc{a, xdata={a}, title={x}}", []string{"1!crossref-cycle"}},
		"carriage returns":    {"@misc{a,\r\n title = {x\r\n y}}\r\n@misc{b, title={z}}", []string{"1 x y", "4 z"}},
	} {
		var got []string
		for _, r := range records(t, c.in) {
			var f *jats.Fault
			if errors.As(r.Err, &f) {
				got = append(got, fmt.Sprintf("%d!%s", r.Line, f.Code))
				continue
			}
			got = append(got, fmt.Sprintf("%d %s", r.Line, read(t, string(r.Data)).Title.Text))
		}
		assert.Equal(t, c.want, got, name)
	}
}

func TestRefuses(t *testing.T) {
	for in, code := range map[string]string{"": "malformed", "text": "malformed", "@periodical{a, title={x}}": "not-an-article", "@string{a=\"b\"}": "not-an-article", "@comment{x}": "not-an-article"} {
		_, _, err := bibtex.Read([]byte(in))
		var f *jats.Fault
		require.ErrorAs(t, err, &f, in)
		assert.Equal(t, code, f.Code, in)
	}
}

// Strings and cross-references that are woven to grow without bound are told of, and cost no more than their file.
func TestBombs(t *testing.T) {
	var b strings.Builder
	b.WriteString("@string{s0 = {" + strings.Repeat("lol ", 100) + "}}\n")
	for i := range 40 {
		fmt.Fprintf(&b, "@string{s%d = s%d # s%d # s%d}\n", i+1, i, i, i)
	}
	b.WriteString("@misc{a, title = " + strings.Repeat("s4 # ", 2000) + "s4}\n@misc{b, title={x}}\n")
	codes := map[string]int{}
	for _, r := range records(t, b.String()) {
		var f *jats.Fault
		if errors.As(r.Err, &f) {
			codes[f.Code]++
		}
	}
	assert.Greater(t, codes["too-large"], 0)

	b.Reset() // each entry points at the two next ones, by two ways
	for i := range 40 {
		fmt.Fprintf(&b, "@xdata{x%d, xdata = {x%d, y%d}, note = {n}}\n@xdata{y%d, xdata = {x%d, y%d}, a%d = {%s}}\n", i, i+1, i+1, i, i+1, i+1, i, strings.Repeat("z", 1000))
	}
	b.WriteString("@misc{a, xdata = {x0, y0}, title = {x}}\n@misc{b, title = {y}}")
	r := records(t, b.String())
	require.Len(t, r, 2)
	assert.ErrorContains(t, r[0].Err, "leads back to itself")
	assert.NoError(t, r[1].Err)

	comments := records(t, strings.Repeat("@comment{", 20_000))
	assert.NotEmpty(t, comments)
	deep := read(t, "@misc{a, title={"+strings.Repeat("{", 100_000)+"x"+strings.Repeat("}", 100_000)+"}, author={"+strings.Repeat(`\'{`, 50_000)+strings.Repeat("}", 50_000)+"}}")
	assert.Equal(t, jats.Rich("x"), deep.Title.Text)
}

func TestRecognise(t *testing.T) {
	for head, want := range map[string]bool{
		"@article{a,\n": true, "% x\n\n @Book (b, title": true, "@comment{x}": true, "@string{a = {b}}": true, "@article{,": true, "words\n@misc{key\n": true, "% Encoding: UTF-8": true,
		"": false, "@": false, "me@example.org": false, "@import url(x);": false, "@media (max-width: 5px) {": false, "{\"@article{\"": false, "<a>\n@article{x,": false, "@param x {y z}": false, "TY  - JOUR": false, "% a comment": false,
	} {
		assert.Equal(t, want, bibtex.Recognise([]byte(head)), "%q", head)
	}
}

func FuzzRead(f *testing.F) {
	for _, r := range records(f, library(f)) {
		f.Add(r.Data)
	}
	f.Add([]byte(`@misc{a, title = "$\frac{\'{\i}}{2}$ \emph{ {\bf", author = {a and , and {x}}, pages = {--}, month = x # 1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		bibtex.Recognise(data)
		a, _, err := bibtex.Read(data)
		if err != nil {
			var fault *jats.Fault
			require.ErrorAs(t, err, &fault)
			return
		}
		a.Clean()
		refmantest.Survives(t, a)
	})
}

// What is cut out is an entry that stands alone: cut again, it is the same.
func FuzzCut(f *testing.F) {
	f.Add(library(f))
	f.Add("@string{a={b}}@misc{k,crossref={l},x=a#a}@comment{@misc{l,y={z}}")
	f.Fuzz(func(t *testing.T, data string) {
		for _, r := range records(t, data) {
			require.True(t, (r.Err == nil) != (r.Data == nil))
			if r.Err != nil {
				continue
			}
			a, _, err := bibtex.Read(r.Data)
			if err != nil {
				var fault *jats.Fault
				require.ErrorAs(t, err, &fault)
				require.Equal(t, "not-an-article", fault.Code, "%q", r.Data)
				continue
			}
			a.Clean()
			require.NoError(t, bibtex.Cut(bytes.NewReader(r.Data), func(again cut.Record) error {
				if again.Err == nil && again.Line == 1 && bytes.HasPrefix(r.Data, []byte("@")) && !bytes.Contains(r.Data, []byte("xref")) {
					require.NotEmpty(t, again.Data)
				}
				return nil
			}))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	record := records(b, library(b))[0].Data
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := bibtex.Read(record); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCut(b *testing.B) {
	data := []byte(strings.Repeat(library(b), 50))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := bibtex.Cut(bytes.NewReader(data), func(cut.Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
