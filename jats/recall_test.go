package jats

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/unicode/norm"

	"sheaf/fixtures/fixturetest"
)

// refused are the files of the collection that Read rightly refuses: tests for a style checker that hold one fragment of an article and no title of it.
var refused = oneOf(`samples/display-object.xml samples/funding-test1.xml samples/funding-test2.xml samples/clinical-trials.xml samples/kwd-test.xml
	samples/preprint-test.xml samples/credit-test1.xml samples/credit-test2.xml samples/ethics.xml samples/subj-test.xml`)

// words are the tokens of text: runs of letters and digits.
func words(s string) []string {
	s = strings.ReplaceAll(s, "http:", "https:") // the ORCIDs and licences of the source may have either
	return strings.FieldsFunc(norm.NFC.String(strings.ReplaceAll(s, "\u00AD", "")), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// sourceWords leaves out the text of a contributor's xref, which is the mark of an affiliation or note and comes from its label again.
// It reads the tokens of front and of the reference lists in the back with the standard decoder, not with this package's.
func sourceWords(t *testing.T, data []byte) []string {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		if label == "ISO646-US" { // ASCII
			return r, nil
		}
		return charset.NewReaderLabel(label, r)
	}
	var out []string
	var stack []string
	inside := 0
	var text strings.Builder
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		switch tok := tok.(type) {
		case xml.StartElement:
			stack = append(stack, tok.Name.Local)
			top := len(stack) == 2 && tok.Name.Local == "front"
			list := tok.Name.Local == "ref-list" && len(stack) > 1 && stack[1] == "back"
			if tok.Name.Local == "xref" && len(stack) > 1 && (stack[len(stack)-2] == "contrib" || stack[len(stack)-2] == "collab") {
				require.NoError(t, d.Skip())
				stack = stack[:len(stack)-1]
				continue
			}
			if top || list || inside > 0 {
				inside++
			}
			text.WriteByte(' ')
		case xml.EndElement:
			stack = stack[:len(stack)-1]
			if inside > 0 {
				inside--
			}
			text.WriteByte(' ')
		case xml.CharData:
			if inside > 0 {
				text.Write(tok)
			}
		}
	}
	out = words(text.String())
	return out
}

// allStrings collects every string in v.
func allStrings(v reflect.Value, add func(string)) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[Rich]() {
			r := Rich(v.String())
			if r.HasMarkup() {
				n, err := (&parser{data: []byte(r)}).fragment()
				if err == nil {
					addText(n, add)
				}
				return
			}
			add(r.Plain())
			return
		}
		add(v.String())
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

func addText(n *node, add func(string)) {
	for _, k := range n.kids {
		if k.name == "" {
			add(k.text)
		} else {
			addText(k, add)
		}
	}
}

func collection(t testing.TB) map[string][]byte {
	dir := fixturetest.Shared(t, "data/jats")
	files := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.xml"))
	require.NoError(t, err)
	for _, p := range paths {
		data, err := os.ReadFile(p)
		require.NoError(t, err)
		rel, _ := filepath.Rel(dir, p)
		files[rel] = data
	}
	require.NotEmpty(t, files)
	return files
}

func TestRecall(t *testing.T) {
	type score struct {
		name string
		got  float64
	}
	var scores []score
	bad := 0
	files := collection(t)
	for name, data := range files {
		a, ws, err := Read(data)
		if err != nil {
			if refused[name] {
				assert.ErrorContains(t, err, "has no title", name)
				continue
			}
			bad++
			t.Logf("%s: %v", name, err)
			continue
		}
		for _, w := range ws {
			if w.Code == "element-dropped" {
				t.Logf("%s: %d %s", name, w.Line, w.Message)
			}
		}
		have := map[string]int{}
		allStrings(reflect.ValueOf(a), func(s string) {
			for _, w := range words(s) {
				have[w]++
			}
		})
		missing := map[string]int{}
		source := sourceWords(t, data)
		hit := 0
		for _, w := range source {
			if have[w] > 0 {
				have[w]--
				hit++
			} else {
				missing[w]++
			}
		}
		s := score{name, float64(hit) / float64(max(1, len(source)))}
		scores = append(scores, s)
		if s.got < 0.97 {
			var top []string
			for w := range missing {
				top = append(top, w)
			}
			sort.Slice(top, func(i, j int) bool { return missing[top[i]] > missing[top[j]] })
			t.Logf("%s: %.3f of %d; missing %v", name, s.got, len(source), top[:min(len(top), 25)])
		}
	}
	sort.Slice(scores, func(i, j int) bool { return scores[i].got < scores[j].got })
	t.Logf("%d files, %d refused; recall: median %.4f, lowest %.4f (%s)", len(files), bad, scores[len(scores)/2].got, scores[0].got, scores[0].name)
	assert.LessOrEqual(t, float64(bad), 0.02*float64(len(files)))
	assert.GreaterOrEqual(t, scores[len(scores)/2].got, 0.98)
	assert.GreaterOrEqual(t, scores[0].got, 0.90)
}

// What is read is clean, and its JSON form gives it back.
func TestRoundTripOfCollection(t *testing.T) {
	for name, data := range collection(t) {
		a, _, err := Read(data)
		if err != nil {
			continue
		}
		js, err := json.Marshal(a)
		require.NoError(t, err, name)
		var back Article
		require.NoError(t, json.Unmarshal(js, &back), name)
		if !assert.ObjectsAreEqual(a, &back) {
			js2, _ := json.Marshal(&back)
			i := 0
			for i < len(js) && i < len(js2) && js[i] == js2[i] {
				i++
			}
			t.Errorf("%s: %.300s\n   became %.300s", name, js[max(0, i-100):], js2[max(0, i-100):])
			continue
		}
		require.Empty(t, back.Clean(), name)
		if !assert.ObjectsAreEqual(a, &back) {
			js2, _ := json.Marshal(&back)
			i := 0
			for i < len(js) && i < len(js2) && js[i] == js2[i] {
				i++
			}
			t.Errorf("%s: Clean changed %.300s\n   to %.300s", name, js[max(0, i-100):], js2[max(0, i-100):])
		}
		assert.Empty(t, a.Problems(), name)
	}
}
