package datacite_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/crosswalktest"
	"sheaf/crosswalk/datacite"
	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

const site = "https://sheaf.example.org"

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func record(a *jats.Article) *flat.Record { return flat.Of(a, "x", element.Site+"/records/x", now) }

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

// Everything is written and valid, or refused for a reason; and what oai_datacite wraps is what datacite has, or the same refusal.
func TestEverything(t *testing.T) {
	both := func(dst []byte, r *flat.Record) ([]byte, error) {
		b, err := datacite.Append(dst, r)
		plain, err2 := datacite.AppendResource(nil, r)
		assert.Equal(t, err, err2)
		if err == nil {
			assert.Contains(t, string(b), "<payload>"+string(plain)+"</payload>")
		} else {
			assert.Nil(t, plain)
		}
		return b, err
	}
	records, refused := crosswalktest.Render(t, both, func(testing.TB, string, *flat.Record, []byte) {})
	assert.Equal(t, map[string]string{"book-review": "no-publisher", "conference": "no-publisher", "retraction": "no-author", "editorial": "no-doi", "islands": "no-doi",
		"no-journal-data": "no-doi", "seed": "no-doi"}, refused)
	check(t, records)
}
