package openaire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/openaire"
	"sheaf/fixtures"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
)

// corpus gives the articles of the fixtures and of the shared data, where that is there: of each kind of file a sample, or all with SHEAF_ALL=1.
func corpus(t testing.TB, yield func(kind string, a *jats.Article)) {
	t.Helper()
	entries, err := fs.ReadDir(fixtures.FS, "articles")
	require.NoError(t, err)
	for _, e := range entries {
		data, err := fs.ReadFile(fixtures.FS, "articles/"+e.Name())
		require.NoError(t, err)
		if _, a, _, err := ingest.Parse(data, ""); err == nil {
			yield("fixtures", a)
		}
	}
	data := filepath.Join(fixturetest.Root(), "..", "shared", "data")
	kinds, err := os.ReadDir(data)
	if err != nil {
		t.Logf("%s is not on this machine: the fixtures alone", data)
		return
	}
	all := os.Getenv("SHEAF_ALL") != ""
	for _, kind := range kinds {
		var files []string
		require.NoError(t, filepath.WalkDir(filepath.Join(data, kind.Name()), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		}))
		step, each := 1, 1<<30
		if !all {
			step, each = 1+len(files)/60, 1+60/max(1, len(files))
		}
		enough := errors.New("enough")
		for i := 0; i < len(files); i += step {
			n := 0
			err := (&ingest.Walker{}).Walk(context.Background(), files[i:i+1], func(in ingest.Input) error {
				if n == each {
					return enough
				}
				if in.Err == nil {
					if _, a, _, err := ingest.Parse(in.Data, in.Kind); err == nil {
						n++
						yield(kind.Name(), a)
					}
				}
				return nil
			})
			if !errors.Is(err, enough) {
				require.NoError(t, err)
			}
		}
	}
}

// All that there is validates by the schema 4.0, or is refused for a reason that the package comment names.
func TestSchema(t *testing.T) {
	docs, table := map[string][]byte{}, map[string]map[string]int{}
	var order []string
	corpus(t, func(kind string, a *jats.Article) {
		if table[kind] == nil {
			table[kind], docs[kind], order = map[string]int{}, []byte("<records>\n"), append(order, kind)
		}
		b, err := openaire.Append(nil, flat.Of(a, "x", page, day))
		if err != nil {
			var cannot *flat.Cannot
			require.ErrorAs(t, err, &cannot)
			table[kind][cannot.Code]++
			return
		}
		table[kind]["valid"]++
		b = bytes.ReplaceAll(b, []byte("\n"), []byte(" ")) // a line each, so that errors lead to the record
		docs[kind] = append(append(docs[kind], bytes.ReplaceAll(b, []byte(element.Site), []byte("https://sheaf.example.org"))...), '\n')
	})
	for _, kind := range order {
		docs[kind] = append(docs[kind], "</records>\n"...)
		t.Logf("%s: %v", kind, table[kind])
	}
	assert.Positive(t, table["fixtures"]["valid"])
	xsd := filepath.Join(fixturetest.Schemas(t), "indexers", "openaire", "4.0", "openaire.xsd")
	if _, err := os.Stat(xsd); err != nil {
		t.Skipf("%s is not on this machine", xsd)
	}
	for kind, errs := range fixturetest.XSD(t, envelope(t, xsd), docs) {
		for line := range strings.Lines(errs) {
			n := 0
			fmt.Sscanf(line, ":%d:", &n)
			t.Errorf("%s: %s\n%.600s", kind, line, bytes.Split(docs[kind], []byte("\n"))[max(0, n-1)])
			break
		}
	}
}

// Every kind of article has a type of the list in the schema, and every access and version theirs.
func TestVocabulariesAreOfTheSchema(t *testing.T) {
	docs := map[string][]byte{}
	for _, kind := range strings.Fields(`abstract addendum announcement article article-commentary book book-chapter book-review books-received brief-report calendar case-report clinical-trial commentary
		conference-paper correction data-paper dataset discussion dissertation editorial expression-of-concern in-brief interview introduction letter meeting-report methods-article news obituary opinion oration other
		partial-retraction patent preprint proceedings-paper product-review protocol rapid-communication referee-report registered-report reply report reprint research-article retraction review review-article
		reviewer-report short-communication software software-paper standard systematic-review technical-note translation working-paper unheard-of`) {
		docs[kind] = rendered(t, open(func(a *jats.Article) { a.ArticleType = kind }))
	}
	for _, version := range strings.Fields("AO SMUR AM P VoR CVoR EVoR NA") {
		docs[version] = rendered(t, open(func(a *jats.Article) { a.Version = &jats.Version{Type: version} }))
	}
	for _, access := range strings.Fields("open embargoed restricted closed") {
		docs[access] = rendered(t, open(func(a *jats.Article) { a.Permissions = jats.Permissions{Access: access, EmbargoEnd: "2030-01-01"} }))
	}
	for _, a := range []*jats.Article{rich()} {
		docs["rich"] = rendered(t, a)
	}
	assert.Empty(t, fixturetest.XSD(t, "indexers/openaire/4.0/openaire.xsd", docs))
}

// envelope is a schema of many records in one document: xmllint is slow to begin.
func envelope(t testing.TB, xsd string) string {
	path := filepath.Join(t.TempDir(), "records.xsd")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:import namespace=%q schemaLocation=%q/><xs:element name="records">
<xs:complexType><xs:sequence><xs:any namespace=%q maxOccurs="unbounded" minOccurs="0" processContents="strict"/></xs:sequence></xs:complexType></xs:element></xs:schema>`,
		openaire.Namespace, filepath.ToSlash(xsd), openaire.Namespace), 0o644))
	return path
}
