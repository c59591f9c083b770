package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi/datamodel"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const openapiURL = testSite + "/api/v1/openapi.json"

// described is the description of the API, with what is needed to hold answers against it.
type described struct {
	testing.TB
	doc      object
	compiler *jsonschema.Compiler
}

func describe(t testing.TB) *described {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPI(testSite)))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource(openapiURL, doc))
	return &described{t, doc.(object), c}
}

// at follows a path of keys, and references; it returns the JSON Pointer of what it found too.
func (d *described) at(keys ...string) (v object, pointer string) {
	d.Helper()
	v, pointer = d.doc, "#"
	for _, key := range keys {
		v, _ = v[key].(object)
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		if ref, ok := v["$ref"].(string); ok {
			parts := strings.Split(strings.TrimPrefix(ref, "#/"), "/")
			v, pointer = d.at(parts...)
		}
	}
	return v, pointer
}

func (d *described) schema(pointer string) *jsonschema.Schema {
	d.Helper()
	s, err := d.compiler.Compile(openapiURL + strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer))
	require.NoError(d, err, pointer)
	return s
}

// The document is OpenAPI 3.1 by its own schema, every reference in it leads somewhere, and every schema in it is one.
func TestOpenAPIIsValid(t *testing.T) {
	d := describe(t)
	meta, err := jsonschema.UnmarshalJSON(strings.NewReader(datamodel.OpenAPI31SchemaData))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("openapi-3.1.json", meta))
	s, err := c.Compile("openapi-3.1.json")
	require.NoError(t, err)
	assert.NoError(t, s.Validate(any(d.doc)))

	doc, err := libopenapi.NewDocument(openAPI(testSite))
	require.NoError(t, err)
	model, err := doc.BuildV3Model()
	require.NoError(t, err)
	assert.Equal(t, testSite+"/api/v1", model.Model.Servers[0].URL)
	for name := range d.doc["components"].(object)["schemas"].(object) {
		d.schema("#/components/schemas/" + name)
	}
	whole := articleSchema(t)
	article := d.schema("#/components/schemas/Article")
	for name, data := range fixtureFiles(t) {
		if strings.HasSuffix(name, ".json") {
			assert.NoError(t, article.Validate(instance(t, data)), name)
		}
	}
	wrong := instance(t, []byte(`{"contribs":[{"nmaes":[]}]}`))
	assert.Error(t, article.Validate(wrong))
	assert.Error(t, whole.Validate(wrong))
}

// The handler knows the paths and methods of the document, and no others.
func TestOpenAPIRoutes(t *testing.T) {
	d := describe(t)
	documented := map[string][]string{}
	for path, item := range d.doc["paths"].(object) {
		for method := range item.(object) {
			if method != "parameters" {
				documented[strings.TrimPrefix(path, "/")] = append(documented[strings.TrimPrefix(path, "/")], strings.ToUpper(method))
			}
		}
		slices.Sort(documented[strings.TrimPrefix(path, "/")])
	}
	known := map[string][]string{}
	for _, r := range New(Options{Site: testSite}).(*handler).routes {
		known[r.path] = slices.Sorted(maps.Keys(r.methods))
	}
	assert.Equal(t, known, documented)
	for _, k := range kinds {
		assert.Contains(t, string(openAPI(testSite)), k.code, "every problem is told of")
	}
}

// Each answer that the document tells of is given so: status, media type and form; and each that is given here is told of.
func TestOpenAPIAnswers(t *testing.T) {
	s := serve(t, func(o *Options) { o.MaxRecord, o.MaxImport = 1000, 2000 })
	d := describe(t)
	ok := article("Title", doi("10.5555/a"))
	require.Equal(t, 201, s.put("/records/gone", article("Gone")).status)
	require.Equal(t, 204, s.do("DELETE", "/records/gone", "").status)
	require.Equal(t, 201, s.put("/records/owner", article("Owner", doi("10.5555/owned"))).status)
	big, readOnly, badToken := strings.Repeat(" ", 3000), "Authorization: Bearer "+s.read, "Authorization: Bearer x"
	asJSON, asXML := "Content-Type: application/json", "Content-Type: application/jats+xml"
	jatsText := s.do("GET", "/records/owner", "", "Accept: application/xml").body
	type ask struct {
		method, path, at, body string
		header                 []string
		status                 int
	}
	asks := []ask{
		{"GET", "/records", "/records", "", nil, 200},
		{"GET", "/records?limit=1&deleted=false", "/records", "", nil, 200},
		{"GET", "/records?limit=0", "/records", "", nil, 400},
		{"GET", "/records", "/records", "", []string{badToken}, 401},
		{"PATCH", "/records", "/records", "", nil, 405},
		{"GET", "/records/a", "/records/{local}", "", nil, 200},
		{"GET", "/records/a", "/records/{local}", "", []string{"Accept: application/jats+xml"}, 200},
		{"GET", "/records/a", "/records/{local}", "", []string{"Accept: application/xml"}, 200},
		{"GET", "/records/a", "/records/{local}", "", []string{"If-None-Match: *"}, 304},
		{"GET", "/records/a", "/records/{local}", "", []string{badToken}, 401},
		{"GET", "/records/nothing", "/records/{local}", "", nil, 404},
		{"GET", "/records/a", "/records/{local}", "", []string{"Accept: image/png"}, 406},
		{"GET", "/records/gone", "/records/{local}", "", nil, 410},
		{"GET", "/records/a", "/records/{local}", "", []string{`If-Match: "x"`}, 412},
		{"PUT", "/records/b", "/records/{local}", article("b"), []string{asJSON}, 201},
		{"PUT", "/records/b", "/records/{local}", article("b"), []string{asJSON}, 200},
		{"PUT", "/records/b", "/records/{local}", article("c"), []string{asJSON}, 200},
		{"PUT", "/records/owner", "/records/{local}", jatsText, []string{asXML}, 200},
		{"PUT", "/records/b", "/records/{local}", "{", []string{asJSON}, 400},
		{"PUT", "/records/.", "/records/{local}", article("b"), []string{asJSON}, 400},
		{"PUT", "/records/b", "/records/{local}", article("b"), []string{asJSON, "If-Match: x"}, 400},
		{"PUT", "/records/b", "/records/{local}", ok, []string{asJSON, "Authorization:"}, 401},
		{"PUT", "/records/b", "/records/{local}", ok, []string{asJSON, readOnly}, 403},
		{"PUT", "/records/b", "/records/{local}", article("b", doi("10.5555/owned")), []string{asJSON}, 409},
		{"PUT", "/records/b", "/records/{local}", article("b"), []string{asJSON, `If-Match: "x"`}, 412},
		{"PUT", "/records/b", "/records/{local}", big, []string{asJSON}, 413},
		{"PUT", "/records/b", "/records/{local}", ok, []string{"Content-Type: text/html"}, 415},
		{"PUT", "/records/b", "/records/{local}", "{}", []string{asJSON}, 422},
		{"DELETE", "/records/b", "/records/{local}", "", []string{"If-Match: x"}, 400},
		{"DELETE", "/records/b", "/records/{local}", "", []string{"Authorization:"}, 401},
		{"DELETE", "/records/b", "/records/{local}", "", []string{readOnly}, 403},
		{"DELETE", "/records/nothing", "/records/{local}", "", nil, 404},
		{"DELETE", "/records/b", "/records/{local}", "", []string{`If-Match: "x"`}, 412},
		{"DELETE", "/records/b", "/records/{local}", "", nil, 204},
		{"DELETE", "/records/b", "/records/{local}", "", nil, 204},
		{"POST", "/records", "/records", ok, []string{asJSON}, 201},
		{"POST", "/records", "/records", ok, []string{asJSON}, 200},
		{"POST", "/records", "/records", "", []string{asJSON}, 400},
		{"POST", "/records", "/records", ok, []string{asJSON, "Authorization:"}, 401},
		{"POST", "/records", "/records", ok, []string{asJSON, readOnly}, 403},
		{"POST", "/records", "/records", article("x", `"ids":[{"type":"doi","value":"10.5555/a"},{"type":"doi","value":"10.5555/owned"}]`), []string{asJSON}, 409},
		{"POST", "/records", "/records", ok, []string{asJSON, "If-None-Match: *"}, 412},
		{"POST", "/records", "/records", big, []string{asJSON}, 413},
		{"POST", "/records", "/records", ok, []string{"Content-Type:"}, 415},
		{"POST", "/records", "/records", `{"tittle":1}`, []string{asJSON}, 422},
		{"POST", "/import", "/import", ok + "\n{\"lang\":\"en_us\",\"tittle\":1}\n" + strings.ReplaceAll(ok, `"en"`, `"en_us"`), nil, 200},
		{"POST", "/import?name=%01", "/import", ok, nil, 400},
		{"POST", "/import", "/import", ok, []string{"Authorization:"}, 401},
		{"POST", "/import", "/import", ok, []string{readOnly}, 403},
		{"POST", "/import", "/import", big, nil, 413},
		{"POST", "/import", "/import", ok, []string{"Content-Type: image/png"}, 415},
		{"GET", "/records/a/readiness", "/records/{local}/readiness", "", nil, 200},
		{"GET", "/records/a/readiness?service=doaj", "/records/{local}/readiness", "", nil, 200},
		{"GET", "/records/a/readiness?service=none", "/records/{local}/readiness", "", nil, 400},
		{"GET", "/records/a/readiness", "/records/{local}/readiness", "", []string{badToken}, 401},
		{"GET", "/records/nothing/readiness", "/records/{local}/readiness", "", nil, 404},
		{"GET", "/records/gone/readiness", "/records/{local}/readiness", "", nil, 410},
		{"GET", "/readiness", "/readiness", "", nil, 200},
		{"GET", "/readiness?x=1", "/readiness", "", nil, 400},
		{"GET", "/readiness", "/readiness", "", []string{badToken}, 401},
		{"GET", "/readiness/doaj-author?limit=1", "/readiness/{rule}", "", nil, 200},
		{"GET", "/readiness/doaj-issn", "/readiness/{rule}", "", nil, 200},
		{"GET", "/readiness/doaj-issn?limit=x", "/readiness/{rule}", "", nil, 400},
		{"GET", "/readiness/doaj-issn", "/readiness/{rule}", "", []string{badToken}, 401},
		{"GET", "/readiness/none", "/readiness/{rule}", "", nil, 404},
	}
	for _, path := range []string{"/schema", "/openapi.json", "/problems"} {
		asks = append(asks, ask{"GET", path, path, "", nil, 200}, ask{"GET", path, path, "", []string{"If-None-Match: " + s.do("GET", path, "").head.Get("ETag")}, 304},
			ask{"GET", path, path, "", []string{badToken}, 401}, ask{"POST", path, path, "", nil, 405})
	}
	require.Equal(t, 201, s.put("/records/a", article("a")).status)
	seen := map[string]bool{}
	for _, a := range asks {
		r := s.do(a.method, a.path, a.body, a.header...)
		if strings.HasSuffix(a.path, "/import") && a.status == 200 {
			r = s.do(a.method, a.path, a.body, "Content-Type: application/x-ndjson")
		}
		require.Equal(t, a.status, r.status, "%s %s %v: %s", a.method, a.path, a.header, r.body)
		method := strings.ToLower(a.method)
		if a.status == 405 {
			method = "get"
			if a.at == "/records" {
				method = "post"
			}
		}
		name := [2]string{a.at, method}
		code := status(r)
		if _, told := d.doc["paths"].(object)[a.at].(object)[method].(object)["responses"].(object)[code]; !told {
			require.Equal(t, 405, r.status, "%v: %d is not told of", name, r.status)
			code = "default"
		}
		seen[a.at+" "+method+" "+code] = true
		response, pointer := d.at("paths", a.at, method, "responses", code)
		content, _ := response["content"].(object)
		if len(content) == 0 {
			assert.Empty(t, r.body, name)
			continue
		}
		kind, _, err := mime.ParseMediaType(r.head.Get("Content-Type"))
		require.NoError(t, err)
		require.Contains(t, content, kind, "%v %s", name, code)
		for header := range response["headers"].(object) {
			if header == "Link" && !strings.Contains(r.body, `"next"`) || header == "ETag" && code == "412" && !strings.Contains(r.body, `"etag"`) {
				continue
			}
			assert.NotEmpty(t, r.head.Get(header), "%v %s: %s", name, code, header)
		}
		schema := d.schema(pointer + "/content/" + strings.ReplaceAll(kind, "/", "~1") + "/schema")
		var bodies []any
		switch {
		case kind == "application/x-ndjson":
			for text := range strings.Lines(r.body) {
				bodies = append(bodies, instance(t, []byte(text)))
			}
			require.Len(t, bodies, 4)
		case strings.HasSuffix(kind, "json"):
			bodies = append(bodies, instance(t, []byte(r.body)))
		default:
			bodies = append(bodies, r.body)
		}
		for _, body := range bodies {
			assert.NoError(t, schema.Validate(body), "%v %s", name, code)
		}
	}
	for path, item := range d.doc["paths"].(object) {
		for method, op := range item.(object) {
			if method == "parameters" {
				continue
			}
			for code := range op.(object)["responses"].(object) {
				assert.True(t, seen[path+" "+method+" "+code] || code == "default", "%s %s %s is told of and not tried", method, path, code)
			}
		}
	}
	var any405 bool
	for at := range seen {
		any405 = any405 || strings.HasSuffix(at, "default")
	}
	assert.True(t, any405)
}

func status(r reply) string {
	b, _ := json.Marshal(r.status)
	return string(b)
}
