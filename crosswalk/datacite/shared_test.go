package datacite_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/datacite"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/fixtures"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
)

const site = "https://sheaf.example.org"

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func record(a *jats.Article) *flat.Record { return flat.Of(a, "x", element.Site+"/records/x", now) }

// read reads all fixtures, by name without the extension.
func read(t testing.TB) map[string]*jats.Article {
	t.Helper()
	out := map[string]*jats.Article{}
	entries, err := fs.ReadDir(fixtures.FS, "articles")
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name() != "README.md" {
			data, err := fs.ReadFile(fixtures.FS, "articles/"+e.Name())
			require.NoError(t, err)
			_, a, _, err := ingest.Parse(data, "")
			require.NoError(t, err, e.Name())
			out[strings.TrimSuffix(e.Name(), path.Ext(e.Name()))] = a
		}
	}
	return out
}

// check validates records of oai_datacite by the schemas 4.6 and 4.7, many in one document. The envelope is checked by a schema of what DataCite's says of
// it; unlike theirs, it wants a valid resource in it.
func check(t testing.TB, records map[string][]byte) {
	t.Helper()
	docs := map[string][]byte{}
	n := 0
	for name, b := range records {
		key := fmt.Sprint("documents ", n/200)
		if n++; docs[key] == nil {
			docs[key] = []byte("<all>")
		}
		docs[key] = fmt.Appendf(docs[key], "\n<!-- %s -->\n%s", strings.ReplaceAll(name, "--", "- -"), bytes.ReplaceAll(b, []byte(element.Site), []byte(site)))
	}
	for key := range docs {
		docs[key] = append(docs[key], "</all>"...)
	}
	for _, kernel := range []string{"4.6", "4.7"} {
		xsd := filepath.Join(fixturetest.Schemas(t), "indexers", "datacite", "kernel-"+kernel, "metadata.xsd")
		if _, err := os.Stat(xsd); err != nil {
			t.Skipf("%s is not on this machine", xsd)
		}
		dir := t.TempDir()
		envelope := filepath.Join(dir, "envelope.xsd")
		require.NoError(t, os.WriteFile(envelope, []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="`+datacite.Namespace+`" elementFormDefault="qualified">
			<xs:import namespace="`+datacite.ResourceNamespace+`" schemaLocation="`+xsd+`"/>
			<xs:element name="oai_datacite"><xs:complexType><xs:all>
				<xs:element name="datacentreSymbol" type="xs:string"/><xs:element name="schemaVersion"/>
				<xs:element name="payload"><xs:complexType><xs:sequence><xs:any namespace="`+datacite.ResourceNamespace+`"/></xs:sequence></xs:complexType></xs:element>
			</xs:all></xs:complexType></xs:element></xs:schema>`), 0o644))
		all := filepath.Join(dir, "all.xsd")
		require.NoError(t, os.WriteFile(all, []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:import namespace="`+datacite.Namespace+`" schemaLocation="envelope.xsd"/>
			<xs:element name="all"><xs:complexType><xs:sequence><xs:any namespace="`+datacite.Namespace+`" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element></xs:schema>`), 0o644))
		assert.Empty(t, fixturetest.XSD(t, all, docs), kernel)
	}
}

func TestFixtures(t *testing.T) {
	records, refused := map[string][]byte{}, map[string]string{}
	for name, a := range read(t) {
		b, err := datacite.Append(nil, record(a))
		plain, err2 := datacite.AppendResource(nil, record(a))
		var cannot *flat.Cannot
		if errors.As(err, &cannot) {
			assert.Nil(t, b)
			assert.Nil(t, plain)
			assert.Equal(t, err, err2)
			refused[name] = cannot.Code
			continue
		}
		require.NoError(t, err, name)
		require.NoError(t, err2, name)
		assert.Contains(t, string(b), "<payload>"+string(plain)+"</payload>")
		records[name] = b
	}
	assert.Equal(t, map[string]string{"book-review": "no-publisher", "conference": "no-publisher", "retraction": "no-author", "editorial": "no-doi", "islands": "no-doi",
		"no-journal-data": "no-doi", "seed": "no-doi"}, refused)
	check(t, records)
}

// Every stored file is written and valid, or refused for a reason.
func TestSharedData(t *testing.T) {
	data := fixturetest.Shared(t, "data")
	kinds, err := os.ReadDir(data)
	require.NoError(t, err)
	most := 60
	if os.Getenv("SHEAF_ALL") != "" {
		most = 1 << 30
	}
	records := map[string][]byte{}
	for _, k := range kinds {
		counts, seen := map[string]int{}, 0
		w := &ingest.Walker{}
		enough := errors.New("enough")
		err := w.Walk(t.Context(), []string{filepath.Join(data, k.Name())}, func(in ingest.Input) error {
			if in.Err != nil {
				return nil
			}
			_, a, _, err := ingest.Parse(in.Data, in.Kind)
			if err != nil || a == nil {
				return nil
			}
			if seen == most {
				return enough
			}
			seen++
			b, err := datacite.Append(nil, record(a))
			var cannot *flat.Cannot
			if errors.As(err, &cannot) {
				counts["refused "+cannot.Code]++
				return nil
			}
			require.NoError(t, err)
			counts["valid"]++
			records[fmt.Sprintf("%s %06d %s", k.Name(), seen, in.Name)] = b
			return nil
		})
		if !errors.Is(err, enough) {
			require.NoError(t, err)
		}
		t.Logf("%s: %d articles: %v", k.Name(), seen, counts)
	}
	check(t, records)
}
