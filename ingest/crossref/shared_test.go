package crossref

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"maps"
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
	"sheaf/jats"
)

// words are the tokens of text: runs of letters and digits, without zeros in front of numbers. Tags and entities, also those that were escaped twice, are no text.
func words(s string) []string {
	s = html.UnescapeString(html.UnescapeString(s))
	s = tags.ReplaceAllString(s, " ")
	s = sameWords.Replace(s)
	if issns.MatchString(s) {
		s = s[:4] + "-" + s[4:]
	}
	list := strings.FieldsFunc(norm.NFC.String(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range list {
		if t := strings.TrimLeft(w, "0"); t != "" && strings.Trim(t, "0123456789") == "" {
			list[i] = t
		}
	}
	return list
}

// sameWords takes away what the parts of an identifier may be written with.
var sameWords = strings.NewReplacer("http://dx.doi.org/", "", "https://dx.doi.org/", "", "http://doi.org/", "", "https://doi.org/", "", "http://id.crossref.org/issn/", "",
	"http://id.crossref.org/isbn/", "", "http:", "https:", "\u00AD", "", "/legalcode", "/")

var issns = regexp.MustCompile(`^\d{7}[\dXx]$`)

var tags = regexp.MustCompile(`</?[a-zA-Z][a-zA-Z0-9:-]*(\s[^<>]*)?/?>`)

// said collects every string in v.
func said(v reflect.Value, add func(string)) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[jats.Rich]() && strings.Contains(v.String(), "xlink:href=") {
			for _, m := range hrefs.FindAllStringSubmatch(v.String(), -1) {
				add(m[1])
			}
		}
		add(v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			said(v.Field(i), add)
		}
	case reflect.Slice:
		for i := range v.Len() {
			said(v.Index(i), add)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			said(v.Elem(), add)
		}
	}
}

var hrefs = regexp.MustCompile(`xlink:href="([^"]*)"`)

// A source is the text that a record holds, read without this package: text counts each time, once each distinct string of what the article holds once only
// (affiliations of several authors, addresses with several purposes).
type source struct{ text, once []string }

// recall is the part of the source's words that are in the article.
func recall(a *jats.Article, s source) (hit, all int, lost []string) {
	have := map[string]int{}
	said(reflect.ValueOf(a), func(s string) {
		for _, w := range words(s) {
			have[w]++
		}
	})
	again := maps.Clone(have)
	for _, t := range s.text {
		for _, w := range words(t) {
			if all++; have[w] > 0 {
				have[w]--
				hit++
			} else {
				lost = append(lost, w)
			}
		}
	}
	slices.Sort(s.once)
	for _, t := range slices.Compact(s.once) {
		for _, w := range words(t) {
			if all++; again[w] > 0 {
				hit++
			} else {
				lost = append(lost, w)
			}
		}
	}
	return hit, all, lost
}

// notMapped are the fields of JSON that no field of an article is for; the package's comment says why.
var notMapped = func() map[string]bool {
	m := names(`indexed deposited created member prefix source score content-domain references-count asserted-by doi-asserted-by sequence key vocabulary
		timestamp date-time content-type delay-in-days message-type id-type order explanation reference-count is-referenced-by-count issued published
		type subtype content-version intended-application updated authenticated-orcid journal-issue issn-type isbn-type role`)
	return m
}()

// jsonSource collects the strings of a tree of JSON.
func jsonSource(v any, key string, once bool, s *source) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if k == "URL" && key == "" || notMapped[k] || k == "name" && key == "group" || k == "name" && key == "assertion" {
				continue // the DOI's own address; names that machines give to assertions
			}
			if k == "relation" {
				for _, list := range x.(map[string]any) {
					jsonSource(list, "", once, s)
				}
				continue
			}
			if k == "group" || k == "label" && key == "assertion" { // there are none of an assertion that has a field
				continue
			}
			jsonSource(x, k, once || k == "affiliation" || k == "link" || k == "resource" || k == "alternative-id" || k == "DOI" && key == "" || k == "funder" || k == "ISBN" || k == "title" && key == "" ||
				k == "original-title" || k == "assertion" || strings.HasSuffix(k, "container-title") || k == "edition-number" || k == "article-number" || k == "page" ||
				strings.HasPrefix(k, "published-"), s)
		}
	case []any:
		for _, x := range v {
			jsonSource(x, key, once, s)
		}
	case string:
		if once {
			s.once = append(s.once, v)
		} else {
			s.text = append(s.text, v)
		}
	case json.Number:
		if once {
			s.once = append(s.once, v.String())
		} else {
			s.text = append(s.text, v.String())
		}
	}
}

// refusedJSON are the files that hold no works.
var refusedJSON = map[string]string{
	"commonmeta-10.1017_9781108348843.json":      "not recognised", // the form of another program
	"commonmeta-10.14264_uql.2020.791.json":      "not recognised",
	"commonmeta-10.5555_12345678.json":           "not recognised",
	"rcrossref-cr_cn_different_base_urls-4.json": "not-an-article", // the agency of a DOI
}

func TestSharedJSON(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixturetest.Shared(t, "data/crossref-json"), "*.json"))
	require.NoError(t, err)
	total := score{}
	for _, path := range files {
		name := filepath.Base(path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		if refusedJSON[name] == "not recognised" {
			assert.False(t, RecogniseJSON(data[:min(len(data), 64<<10)]), name)
			continue
		}
		assert.True(t, RecogniseJSON(data[:min(len(data), 64<<10)]), name)
		s := score{}
		require.NoError(t, cut.JSON(bytes.NewReader(data), func(r cut.Record) error {
			require.NoError(t, r.Err, name)
			assert.True(t, RecogniseJSON(r.Data), "%s: %.200s", name, r.Data)
			a, _, err := ReadJSON(r.Data)
			if s.refused(t, name, err, refusedJSON[name] != "") {
				return nil
			}
			var tree any
			d := json.NewDecoder(bytes.NewReader(r.Data))
			d.UseNumber()
			require.NoError(t, d.Decode(&tree))
			var src source
			jsonSource(tree, "", false, &src)
			s.article(t, name, a, src)
			return nil
		}))
		s.log(t, name)
		total.add(s)
	}
	total.log(t, "all")
	assert.GreaterOrEqual(t, float64(total.hit)/float64(total.all), 0.98)
}

// A score is what came of a file or of all.
type score struct {
	read, hit, all int
	reasons        map[string]int
	lost           map[string]int
}

func (s *score) add(o score) {
	s.read, s.hit, s.all = s.read+o.read, s.hit+o.hit, s.all+o.all
	for k, n := range o.reasons {
		if s.reasons == nil {
			s.reasons = map[string]int{}
		}
		s.reasons[k] += n
	}
	for k, n := range o.lost {
		if s.lost == nil {
			s.lost = map[string]int{}
		}
		s.lost[k] += n
	}
}

func (s *score) log(t *testing.T, name string) {
	top := slices.Collect(maps.Keys(s.lost))
	slices.SortFunc(top, func(a, b string) int { return s.lost[b] - s.lost[a] })
	t.Logf("%s: %d read, refused %v, recall %.4f of %d; lost %q", name, s.read, s.reasons, float64(s.hit)/float64(max(1, s.all)), s.all, top[:min(len(top), 12)])
}

// refused counts a refusal, which must be one that this package means to make.
func (s *score) refused(t *testing.T, name string, err error, may bool) bool {
	if err == nil {
		return false
	}
	reason := "withdrawn"
	if !errors.Is(err, jats.ErrWithdrawn) {
		var f *jats.Fault
		require.ErrorAs(t, err, &f, name)
		reason = f.Code
		assert.Equal(t, "not-an-article", reason, "%s: %v", name, err)
	}
	if s.reasons == nil {
		s.reasons = map[string]int{}
	}
	s.reasons[reason]++
	return true
}

// article counts what an article holds of its source, and sees that it can be stored, served and read again.
func (s *score) article(t *testing.T, name string, a *jats.Article, src source) {
	a.Clean()
	if len(a.Problems()) > 0 {
		if s.reasons == nil {
			s.reasons = map[string]int{}
		}
		s.reasons[a.Problems()[0].Code]++
		assert.NotContains(t, strings.Join(src.text, "\x00"), "\x00title", name)
		return
	}
	s.read++
	hit, all, lost := recall(a, src)
	s.hit, s.all = s.hit+hit, s.all+all
	if s.lost == nil {
		s.lost = map[string]int{}
	}
	for _, w := range lost {
		s.lost[w]++
	}
	serve(t, name, a)
}

// serve renders an article in every format and reads its JATS again.
func serve(t testing.TB, name string, a *jats.Article) {
	id := name
	if len(a.IDs) > 0 {
		id += " " + a.IDs[0].Value
	}
	_, err := crosswalk.RenderAll(crosswalk.All(), crosswalk.Record(a, "local", time.Unix(0, 0)))
	require.NoError(t, err, id)
	written := jats.AppendXML(nil, a, jats.WriteOptions{Standalone: true, Emails: true, Metrics: true})
	back, _, err := jats.Read(written)
	require.NoError(t, err, id)
	again := jats.AppendXML(nil, back, jats.WriteOptions{Standalone: true, Emails: true, Metrics: true})
	if !bytes.Equal(written, again) {
		i := 0
		for i < min(len(written), len(again)) && written[i] == again[i] {
			i++
		}
		t.Errorf("%s: %.160q became %.160q", id, written[max(0, i-40):], again[max(0, i-40):])
	}
}

// leftOut are the elements that no field of an article is for.
var leftOut = names(`head header request responseDate resumptionToken timestamp crossmark_domains crossmark_domain_exclusive crossmark_version scn_policies crm-item noisbn
	doi_batch_id registrant`)

// xmlSource collects the text of the elements of a record, and of attributes that say something of a work.
func xmlSource(t *testing.T, data []byte) (s source) {
	d := xml.NewDecoder(bytes.NewReader(data))
	var stack []string
	var buf strings.Builder
	once := 0
	flush := func() {
		if text := strings.Join(strings.Fields(buf.String()), " "); text != "" {
			if once > 0 {
				s.once = append(s.once, text)
			} else {
				s.text = append(s.text, text)
			}
		}
		buf.Reset()
	}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return s
		}
		require.NoError(t, err)
		switch tok := tok.(type) {
		case xml.StartElement:
			name := tok.Name.Local
			flush()
			skip := leftOut[name]
			for _, a := range tok.Attr {
				switch name + "@" + a.Name.Local {
				case "item@crawler":
					skip = skip || a.Value != "iParadigms"
				case "archive@name", "update@label", "format@mime_type", "clinical-trial-number@registry":
					s.once = append(s.once, a.Value)
				}
			}
			if n := len(stack); n > 1 && name == "doi" && stack[n-2] == "component" || name == "resource" && slices.Contains(stack, "journal_issue") {
				skip = true
			}
			if skip {
				require.NoError(t, d.Skip())
				continue
			}
			stack = append(stack, name)
			switch name {
			case "affiliation", "affiliations", "publisher_item", "collection", "resource", "issn", "abbrev_title", "full_title", "doi_data", "isbn", "assertion", "program", "date", "publication_date", "institution":
				once++
			}
		case xml.EndElement:
			flush()
			switch tok.Name.Local {
			case "affiliation", "affiliations", "publisher_item", "collection", "resource", "issn", "abbrev_title", "full_title", "doi_data", "isbn", "assertion", "program", "date", "publication_date", "institution":
				once--
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			buf.Write(tok)
		}
	}
}

func TestSharedXML(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixturetest.Shared(t, "data/crossref-xml"), "*.xml"))
	require.NoError(t, err)
	total := score{}
	for _, path := range files {
		name := filepath.Base(path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.True(t, RecogniseXML(data[:min(len(data), 64<<10)]), name)
		s := score{}
		require.NoError(t, CutXML(bytes.NewReader(data), func(r cut.Record) error {
			require.NoError(t, r.Err, name)
			assert.True(t, RecogniseXML(r.Data[:min(len(r.Data), 64<<10)]), "%s: %.200s", name, r.Data)
			a, _, err := ReadXML(r.Data)
			if s.refused(t, name, err, false) {
				t.Log(name, err)
				return nil
			}
			s.article(t, name, a, xmlSource(t, r.Data))
			return nil
		}))
		assert.Positive(t, s.read, name)
		s.log(t, name)
		total.add(s)
	}
	total.log(t, "all")
	assert.GreaterOrEqual(t, float64(total.hit)/float64(total.all), 0.98)
}
