package api

import (
	"embed"
	"encoding/json"
	"reflect"
	"strings"

	"sheaf/jats"
)

// files holds comments.json, the comments of the Go types by "Type" and "Type.Field" (TestComments keeps it current), and openapi.json, the description
// of the API without the schemas of the article.
//
//go:embed comments.json openapi.json
var files embed.FS

type object = map[string]any

// read returns a file of files as T.
func read[T any](name string) T {
	var v T
	b, err := files.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		panic("api: " + name + ": " + err.Error()) // it is compiled in, and a test reads it
	}
	return v
}

// schemas makes the JSON Schema of jats.Article and of every type in it, by name. refs is what a reference to one begins with.
//
// No field is required, as the door asks only that there be a title in some language, which Clean may find among the translated ones. A name that the
// form does not have is refused, null too.
func schemas(refs string) object {
	g := generator{refs: refs, comments: read[map[string]string]("comments.json"), all: object{}}
	g.ref(reflect.TypeFor[jats.Article]())
	return g.all
}

type generator struct {
	refs     string
	comments map[string]string
	all      object
}

// ref returns a reference to the schema of a named type, which is made if it is not there.
func (g *generator) ref(t reflect.Type) object {
	name := t.Name()
	if g.all[name] == nil {
		s := object{"description": g.comments[name]}
		g.all[name] = s // before its fields, which may be of the same type
		if t.Kind() == reflect.String {
			s["anyOf"] = []any{
				object{"type": "string", "description": "plain text; nothing in it is read as markup"},
				object{"type": "object", "properties": object{"markup": object{"type": "string", "description": "a well-formed fragment of JATS or HTML"}},
					"required": []string{"markup"}, "additionalProperties": false},
			}
		} else {
			s["type"], s["properties"], s["additionalProperties"] = "object", g.properties(t), false
		}
	}
	return object{"$ref": g.refs + name}
}

func (g *generator) properties(t reflect.Type) object {
	all := object{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		s := g.schema(f.Type)
		if c := g.comments[t.Name()+"."+f.Name]; c != "" {
			s["description"] = c
		}
		all[name] = s
	}
	return all
}

func (g *generator) schema(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Pointer:
		return g.schema(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": g.schema(t.Elem())}
	case reflect.Struct:
		return g.ref(t)
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int:
		return object{"type": "integer"}
	case reflect.String:
		if t.Name() != "string" {
			return g.ref(t)
		}
		return object{"type": "string"}
	}
	panic("api: no JSON Schema for " + t.String()) // a new kind of field in package jats: the tests make every schema
}

// schemaDocument is the JSON Schema of the article as a document of its own.
func schemaDocument(site string) []byte {
	all := schemas("#/$defs/")
	article := all["Article"].(object)
	delete(all, "Article")
	article["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	article["$id"] = site + "/api/v1/schema"
	article["title"] = "Article"
	article["$defs"] = all
	return document(article)
}

// openAPI is the description of the API, with the schemas of the article among its components.
func openAPI(site string) []byte {
	doc := read[object]("openapi.json")
	doc["servers"] = []any{object{"url": site + "/api/v1"}}
	components := doc["components"].(object)["schemas"].(object)
	for name, s := range schemas("#/components/schemas/") {
		components[name] = s
	}
	return document(doc)
}

func document(v any) []byte {
	b, err := encode(v)
	if err != nil {
		panic("api: " + err.Error())
	}
	return b
}
