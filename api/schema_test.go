package api

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
)

// comments.json is what the source says now; -update rewrites it.
func TestComments(t *testing.T) {
	found := map[string]string{}
	link := regexp.MustCompile(`\[([A-Z]\w*)\]`)
	keep := func(name string, groups ...*ast.CommentGroup) {
		for _, g := range groups {
			if s := strings.Join(strings.Fields(g.Text()), " "); s != "" {
				found[name] = link.ReplaceAllString(s, "$1")
				return
			}
		}
	}
	for _, file := range []string{"article.go", "rich.go", "fulltext.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(fixturetest.Root(), "jats", file), nil, parser.ParseComments)
		require.NoError(t, err)
		for _, d := range f.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range decl.Specs {
				spec, ok := s.(*ast.TypeSpec)
				if !ok {
					continue
				}
				keep(spec.Name.Name, spec.Doc, decl.Doc)
				if st, ok := spec.Type.(*ast.StructType); ok {
					for _, field := range st.Fields.List {
						for _, name := range field.Names {
							keep(spec.Name.Name+"."+name.Name, field.Doc, field.Comment)
						}
					}
				}
			}
		}
	}
	b, err := json.MarshalIndent(found, "", " ")
	require.NoError(t, err)
	fixturetest.Golden(t, "../../api/comments.json", append(b, '\n'))
}

const testSite = "https://example.org/sheaf"

func articleSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaDocument(testSite)))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource(testSite+"/api/v1/schema", doc))
	s, err := c.Compile(testSite + "/api/v1/schema") // also by the metaschema of its draft
	require.NoError(t, err)
	return s
}

func instance(t testing.TB, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	return v
}

// fixtureFiles returns the inputs that sheaf demo serves, by name.
func fixtureFiles(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	require.NoError(t, fs.WalkDir(fixtures.FS, "articles", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) == ".md" {
			return err
		}
		files[name], err = fixtures.FS.ReadFile(name)
		return err
	}))
	require.Greater(t, len(files), 10)
	return files
}

// What is kept of every fixture is as the schema says, and so are the JSON fixtures themselves; and every type and field is described.
func TestSchemaTakesArticles(t *testing.T) {
	s := articleSchema(t)
	for name, data := range fixtureFiles(t) {
		_, a, _, err := ingest.Parse(data, "")
		require.NoError(t, err, name)
		kept, err := json.Marshal(a)
		require.NoError(t, err)
		assert.NoError(t, s.Validate(instance(t, kept)), name)
		if filepath.Ext(name) == ".json" {
			assert.NoError(t, s.Validate(instance(t, data)), name)
		}
	}
	for name, d := range schemas("#/$defs/") {
		assert.NotEmpty(t, d.(object)["description"], "%s has no comment", name)
	}
}

// What the door refuses for its form, the schema refuses too, and the refusal names the place that the schema names.
func TestSchemaRefuses(t *testing.T) {
	s := articleSchema(t)
	for doc, place := range map[string]string{
		`{"tittle":{"text":"x"}}`:                        "tittle",
		`{"title":{"text":7}}`:                           "title/text",
		`{"title":{"text":null}}`:                        "title/text",
		`{"title":{"text":{}}}`:                          "title/text",
		`{"title":{"text":{"html":"x"}}}`:                "title/text",
		`{"title":{"text":{"markup":1}}}`:                "title/text/markup",
		`{"title":"x"}`:                                  "title",
		`{"lang":7}`:                                     "lang",
		`{"lang":["en"]}`:                                "lang",
		`{"contribs":{}}`:                                "contribs",
		`{"contribs":["x"]}`:                             "contribs/0",
		`{"contribs":[{},{"names":[{"surnam":"x"}]}]}`:   "contribs/1/names/0/surnam",
		`{"contribs":[{"members":[{"corresp":"yes"}]}]}`: "contribs/0/members/0/corresp",
		`{"contribs":[{"ids":[{"type":"orcid","value":"x","authenticated":"no"}]}]}`: "contribs/0/ids/0/authenticated",
		`{"counts":{"pages":"7"}}`: "counts/pages",
		`{"counts":{"pages":7.5}}`: "counts/pages",
		`{"refs":[{"citations":[{"text":{"markup":"x"},"personGroups":[{"etAl":1}]}]}]}`: "refs/0/citations/0/personGroups/0/etAl",
		`[]`:          "",
		`"x"`:         "",
		`{"a/b~c":1}`: "a~1b~0c",
	} {
		_, err := jats.DecodeJSON([]byte(doc))
		require.Error(t, err, doc)
		assert.Error(t, s.Validate(instance(t, []byte(doc))), doc)
		r := ingest.Explain([]byte(doc), "json", err)
		assert.False(t, r.Malformed, doc)
		require.Len(t, r.Faults, 1, doc)
		assert.Equal(t, place, r.Faults[0].Path, doc)
		assert.Equal(t, 1, r.Faults[0].Line, doc)
	}
}
