package pubmed_test

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
	"sheaf/ingest/pubmed"
	"sheaf/jats"
)

// left are the elements that no field of an article takes: PubMed's own housekeeping, and what says a second time, in short, what another element says.
var left = map[string]bool{
	"DateCreated": true, "DateCompleted": true, "DateRevised": true, "CitationSubset": true, "Hour": true, "Minute": true, "Second": true,
	"MedlinePgn": true, // the pages once more
	"Initials":   true, // of a ForeName that is there
}

// taken are the texts that become codes.
var taken = map[string]bool{"Grant/Country": true, "Chemical/RegistryNumber": true}

// parts are identifiers of which a source and an article may each have a part or the whole.
var pmc, mesh = regexp.MustCompile(`PMC(\d)`), regexp.MustCompile(`(D\d+)(Q\d+)`)

func words(s string) []string {
	s = mesh.ReplaceAllString(pmc.ReplaceAllString(s, "$1"), "$1 $2")
	return strings.FieldsFunc(norm.NFC.String(strings.ReplaceAll(s, "\u00AD", "")), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// sourceWords reads the tokens of a document with the standard decoder, and those of attributes that carry facts. Months are numbers.
func sourceWords(t testing.TB, data []byte) []string {
	d := xml.NewDecoder(bytes.NewReader(data))
	var out []string
	var stack []string
	var b strings.Builder
	add := func(s string) { out = append(out, words(s)...) }
	said := map[string]bool{} // affiliations, which each author has again, and identifiers, which PubMed has twice
	once := func(s string) {
		if !said[s] {
			said[s] = true
			add(s)
		}
	}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		switch tok := tok.(type) {
		case xml.StartElement:
			attrs := map[string]string{}
			for _, a := range tok.Attr {
				attrs[a.Name.Local] = a.Value
			}
			name := tok.Name.Local
			status := attrs["PubStatus"]
			housekeeping := name == "PubMedPubDate" && (status == "pubmed" || status == "medline" || status == "entrez")
			if left[name] || housekeeping || attrs["ValidYN"] == "N" {
				require.NoError(t, d.Skip())
				continue
			}
			if inline := map[string]bool{"i": true, "b": true, "sub": true, "sup": true, "u": true}; !inline[name] {
				add(b.String())
				b.Reset()
			}
			stack = append(stack, name)
			add(attrs["UI"])
			if name == "AbstractText" && attrs["Label"] != "UNLABELLED" {
				add(attrs["Label"])
			}
		case xml.EndElement:
			name := stack[len(stack)-1]
			up := ""
			if len(stack) > 1 {
				up = stack[len(stack)-2]
			}
			stack = stack[:len(stack)-1]
			if slices.Contains([]string{"i", "b", "sub", "sup", "u"}, name) {
				continue
			}
			text := strings.TrimSpace(b.String())
			b.Reset()
			switch {
			case taken[up+"/"+name]:
			case name == "Month":
				m, err := time.Parse("Jan", text)
				if err != nil {
					m, err = time.Parse("1", strings.TrimLeft(text, "0"))
				}
				if err == nil {
					text = m.Format("01")
				}
				add(text)
			case name == "Day" && len(text) == 1:
				add("0" + text)
			case name == "Language": // a code of two letters
			case name == "Affiliation":
				text = strings.ReplaceAll(text, "Electronic address:", "")
				for _, s := range email.FindAllString(text, -1) {
					once(s)
				}
				once(strings.Join(words(email.ReplaceAllString(text, "")), " "))
			case name == "PMID", name == "ELocationID", name == "ArticleId", name == "Identifier":
				once(text)
			default:
				add(text)
			}
		case xml.CharData:
			b.Write(tok)
		}
	}
}

var email = regexp.MustCompile(`[^\s@]+@[^\s@]+`)

var tag = regexp.MustCompile(`<[^>]*>`)

// allStrings collects every string in v.
func allStrings(v reflect.Value, add func(string)) {
	switch v.Kind() {
	case reflect.String:
		s := v.String()
		if v.Type() == reflect.TypeFor[jats.Rich]() {
			s = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&").Replace(tag.ReplaceAllString(s, ""))
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
	case reflect.Int:
		b, _ := json.Marshal(v.Int())
		add(string(b))
	}
}

// missing are the words of want that have lacks, each as often as it lacks it.
func missing(want []string, a *jats.Article) []string {
	have := map[string]int{}
	allStrings(reflect.ValueOf(a), func(s string) {
		for _, w := range words(s) {
			have[w]++
		}
	})
	var out []string
	for _, w := range want {
		if have[w]--; have[w] < 0 {
			out = append(out, w)
		}
	}
	return out
}

// readAll reads each record of a document.
func readAll(t testing.TB, data []byte, each func(record []byte, a *jats.Article)) {
	require.NoError(t, pubmed.Cut(bytes.NewReader(data), func(r cut.Record) error {
		require.NoError(t, r.Err)
		a, _, err := pubmed.Read(r.Data)
		require.NoError(t, err)
		a.Clean()
		each(r.Data, a)
		return nil
	}))
}

// Everything that a citation says and an article has a place for is in the article, and what is written of it can be served and reads back equal.
func TestSharedPubMed(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixturetest.Shared(t, "data/pubmed"), "*.xml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all, lost, records := 0, 0, 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, pubmed.Recognise(data[:min(len(data), 64<<10)]), file)
		want := 0
		var gone []string
		readAll(t, data, func(record []byte, a *jats.Article) {
			records++
			w := sourceWords(t, record)
			m := missing(w, a)
			want += len(w)
			gone = append(gone, m...)
			checkServed(t, filepath.Base(file), a)
		})
		all, lost = all+want, lost+len(gone)
		t.Logf("%s: %.4f of %d, without %q", filepath.Base(file), 1-float64(len(gone))/float64(want), want, gone[:min(len(gone), 30)])
	}
	recall := 1 - float64(lost)/float64(all)
	t.Logf("%d files, %d records, all read; recall %.4f of %d", len(files), records, recall, all)
	assert.GreaterOrEqual(t, recall, 0.98)
}

// No file of another kind is taken for one of PubMed's.
func TestRecogniseOthers(t *testing.T) {
	require.NoError(t, filepath.WalkDir(fixturetest.Shared(t, "data"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Base(filepath.Dir(path)) == "pubmed" {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && pubmed.Recognise(data[:min(len(data), 64<<10)]) {
			t.Errorf("%s is recognised", path)
		}
		return err
	}))
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
	// What the writer derives, or has no element for: the year and holder that a statement says, and a place without a publisher.
	if p := &again.Permissions; a.Permissions.Year == "" && len(a.Permissions.Holders) == 0 {
		p.Year, p.Holders = "", nil
	}
	if len(a.Journal.Publishers) == 0 {
		back.Journal.PubLoc = ""
	}
	normal(&back)
	normal(again)
	if a, b := pretty(t, &back), pretty(t, again); a != b {
		t.Errorf("%s: the JATS reads back otherwise:\n%s", name, differ(a, b))
	}
}

// normal gives what JATS can say in two ways one form: a reference as printed with its identifiers beside it, which is read back as two forms of a citation, and a
// copyright statement without a year, which stands as words of a
// licence. A link without a title is given one,
// and a Chinese name its style.
func normal(a *jats.Article) {
	for i := range a.Refs {
		r := &a.Refs[i]
		if c := r.Citations; len(c) == 2 && c[1].Elements && !c[0].Text.HasMarkup() {
			c[0].IDs = c[1].IDs
			r.Citations = c[:1]
		}
		for k := range r.Citations {
			c := &r.Citations[k]
			c.PublicationType = strings.TrimPrefix(c.PublicationType, "other")
			if len(c.IDs) > 0 && c.Text.Plain() == "" {
				c.Text, c.Elements = "", false
			}
		}
	}
	p := &a.Permissions
	for _, l := range p.Licenses {
		for _, t := range l.P {
			p.Statements = append(p.Statements, jats.Text{Text: t})
		}
	}
	p.Licenses = nil
	for i := range a.Links {
		a.Links[i].Title = ""
	}
	for _, c := range a.Contribs {
		for i := range c.Names {
			c.Names[i].Style = ""
		}
	}
}

// differ shows the first lines that differ.
func differ(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	i := 0
	for i < len(x) && i < len(y) && x[i] == y[i] {
		i++
	}
	return "- " + strings.Join(x[max(i-3, 0):min(i+8, len(x))], "\n- ") + "\n+ " + strings.Join(y[max(i-3, 0):min(i+8, len(y))], "\n+ ")
}

func pretty(t testing.TB, a *jats.Article) string {
	b, err := json.MarshalIndent(a, "", "\t")
	require.NoError(t, err)
	return string(b) + "\n"
}
