package rioxx_test

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

	"github.com/beevik/etree"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/crosswalk/rioxx"
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

// All that there is makes a record, or is refused for a reason that the package comment names; and what of a record the XML schema admits at all
// validates by it: names, namespaces, and the values that it has types for. [admitted] says what it does not admit.
func TestSchema(t *testing.T) {
	docs, table := map[string][]byte{}, map[string]map[string]int{}
	var order []string
	corpus(t, func(kind string, a *jats.Article) {
		if table[kind] == nil {
			table[kind], docs[kind], order = map[string]int{}, []byte("<records>\n"), append(order, kind)
		}
		b, err := rioxx.Append(nil, flat.Of(a, "x", page, day))
		if err != nil {
			var cannot *flat.Cannot
			require.ErrorAs(t, err, &cannot)
			table[kind][cannot.Code]++
			return
		}
		table[kind]["valid"]++
		b = bytes.ReplaceAll(b, []byte(element.Site), []byte("https://sheaf.example.org"))
		b = bytes.ReplaceAll(admitted(t, b), []byte("\n"), []byte(" ")) // a line each, so that errors lead to the record
		docs[kind] = append(append(docs[kind], b...), '\n')
	})
	for _, kind := range order {
		docs[kind] = append(docs[kind], "</records>\n"...)
		t.Logf("%s: %v", kind, table[kind])
	}
	assert.Positive(t, table["fixtures"]["valid"])
	xsd := filepath.Join(fixturetest.Schemas(t), "indexers", "rioxx", "v3.0", "rioxx", "rioxx.xsd")
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

// admitted is what of a record the schema can hold, with what it demands and the article does not say.
func admitted(t testing.TB, record []byte) []byte {
	t.Helper()
	d := etree.NewDocument()
	require.NoError(t, d.ReadFromBytes(record))
	root, seen := d.Root(), map[string]bool{}
	for _, e := range root.ChildElements() {
		again := seen[e.FullTag()] // nothing may be repeated
		seen[e.FullTag()] = true
		switch e.FullTag() {
		case "dc:relation": // no attributes
			e.Attr = nil
		case "rioxxterms:ext_relation": // no cite-as, no content, and names of versions
			again = true
		case "rioxxterms:grant": // no content, and both attributes
			e.SetText("")
			if e.SelectAttr("funder_id") == nil {
				e.CreateAttr("funder_id", "https://ror.org/0zzzz0258")
			}
			if e.SelectAttr("funder_name") == nil {
				e.CreateAttr("funder_name", "F")
			}
		case "rioxxterms:publication_date": // whole days only
			again = again || len(e.Text()) != 10
		case "rioxxterms:creator", "rioxxterms:contributor", "rioxxterms:publisher": // an id
			if e.SelectElement("rioxxterms:id") == nil {
				e.CreateElement("rioxxterms:id").SetText("https://orcid.org/0000-0001-0000-1116")
			}
		}
		if again {
			root.RemoveChild(e)
		}
	}
	for _, name := range []string{"rioxxterms:project", "dcterms:dateAccepted"} {
		if !seen[name] {
			root.CreateElement(name).SetText("2026-02-01")
		}
	}
	b, err := d.WriteToBytes()
	require.NoError(t, err)
	return b
}

// What the schema says of whole records, so that the day when it is mended is seen: the profile's own form does not validate by it.
func TestTheSchemaContradictsTheProfile(t *testing.T) {
	says := fixturetest.XSD(t, "indexers/rioxx/v3.0/rioxx/rioxx.xsd", map[string][]byte{
		"creators": rendered(t, open(func(a *jats.Article) { a.Contribs = append(a.Contribs, a.Contribs[0]) })),
		"relation": rendered(t, open(func(a *jats.Article) { a.IDs = []jats.ID{{Type: "doi", Value: "10.5555/A"}} })),
	})
	assert.Contains(t, says["creators"], "creator")
	assert.Contains(t, says["relation"], "'rel' is not allowed")
}

// envelope is a schema of many records in one document: xmllint is slow to begin.
func envelope(t testing.TB, xsd string) string {
	path := filepath.Join(t.TempDir(), "records.xsd")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:import namespace=%q schemaLocation=%q/><xs:element name="records">
<xs:complexType><xs:sequence><xs:any namespace=%q maxOccurs="unbounded" minOccurs="0" processContents="strict"/></xs:sequence></xs:complexType></xs:element></xs:schema>`,
		rioxx.Namespace, filepath.ToSlash(xsd), rioxx.Namespace), 0o644))
	return path
}
