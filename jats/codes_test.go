package jats_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
	"sheaf/jats/jats4r"
)

// Every code that a package gives a refusal or warning is in Codes, and each of Codes is given by some package.
func TestCodes(t *testing.T) {
	used := usedCodes(t)
	require.Greater(t, len(used), 40)
	known := map[string]bool{}
	for i, c := range jats.Codes {
		known[c.Code] = true
		assert.Contains(t, used, c.Code, "nothing gives this code any more")
		assert.Contains(t, []string{"refused", "warning", "error", "format"}, c.Severity, c.Code)
		for _, s := range []string{c.Sentence, c.Advice} {
			assert.True(t, len(s) > 10 && strings.HasSuffix(s, ".") && strings.ToUpper(s[:1]) == s[:1], "%s: %q is no sentence", c.Code, s)
		}
		assert.True(t, i == 0 || jats.Codes[i-1].Code < c.Code, "%s is not in order", c.Code)
	}
	for code, places := range used {
		assert.True(t, known[code], "%q is not in jats.Codes: %s", code, places)
	}
}

var codeForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// usedCodes finds the codes in the Go sources of the module, each with the places that it stands in: what is passed for a parameter called code, what is assigned
// to a variable called code, and the Code of a Warning.
func usedCodes(t *testing.T) map[string][]string {
	used := map[string][]string{}
	for _, top := range []string{"jats", "ingest", "crosswalk", "api", "cmd/sheaf"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(fixturetest.Root(), top), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && d.Name() != "testdata" {
				codesOf(t, path, used)
			}
			return err
		}))
	}
	return used
}

// codesOf finds the codes of one package.
func codesOf(t *testing.T, dir string, used map[string][]string) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, f)
	}
	where := map[string][]int{"Faultf": {0}, "Cannotf": {0}} // functions that take a code, and the places of that parameter: methods of one name may differ
	for range 3 {                                            // a function that only hands its code on is known after the one that it hands it to
		learn := func(name string, typ *ast.FuncType, fn ast.Node) {
			if at := codeParameter(typ); at >= 0 && gives(fn, where) && !slices.Contains(where[name], at) {
				where[name] = append(where[name], at)
				slices.Sort(where[name])
			}
		}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					learn(n.Name.Name, n.Type, n)
				case *ast.AssignStmt:
					for i, r := range n.Rhs {
						if fn, ok := r.(*ast.FuncLit); ok && len(n.Lhs) == len(n.Rhs) {
							learn(lastName(n.Lhs[i]), fn.Type, fn)
						}
					}
				}
				return true
			})
		}
	}
	for _, f := range files {
		add := func(e ast.Expr) bool {
			lit, ok := e.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return false
			}
			code, err := strconv.Unquote(lit.Value)
			require.NoError(t, err)
			if code == "" {
				return true
			}
			place := fset.Position(lit.Pos())
			rel, err := filepath.Rel(fixturetest.Root(), place.Filename)
			require.NoError(t, err)
			assert.Regexp(t, codeForm, code, "%s:%d", rel, place.Line)
			used[code] = append(used[code], fmt.Sprintf("%s:%d", filepath.ToSlash(rel), place.Line))
			return true
		}
		assigns := false // in a function that gives codes
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				assigns = gives(n, where)
			case *ast.CallExpr:
				for _, at := range where[lastName(n.Fun)] {
					if at < len(n.Args) && add(n.Args[at]) {
						break
					}
				}
			case *ast.AssignStmt:
				for i, l := range n.Lhs {
					if id, ok := l.(*ast.Ident); ok && id.Name == "code" && assigns && len(n.Lhs) == len(n.Rhs) {
						add(n.Rhs[i])
					}
				}
			case *ast.CompositeLit:
				warnings := []ast.Expr{n}
				if array, ok := n.Type.(*ast.ArrayType); ok && lastName(array.Elt) == "Warning" {
					warnings = n.Elts // whose type is left out
				} else if name := lastName(n.Type); name != "Warning" && name != "finding" { // finding: of sheaf validate
					return true
				}
				for _, w := range warnings {
					if w, ok := w.(*ast.CompositeLit); ok {
						for _, e := range w.Elts {
							if kv, ok := e.(*ast.KeyValueExpr); ok && lastName(kv.Key) == "Code" {
								add(kv.Value)
							}
						}
					}
				}
			}
			return true
		})
	}
}

// codeParameter is the place of a function's parameter called code; -1: it has none.
func codeParameter(fn *ast.FuncType) int {
	i := 0
	for _, field := range fn.Params.List {
		for _, name := range field.Names {
			if name.Name == "code" {
				return i
			}
			i++
		}
	}
	return -1
}

// gives tells whether a function makes a Warning or a Fault, or calls one that does and takes a code.
func gives(fn ast.Node, where map[string][]int) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			found = found || where[lastName(n.Fun)] != nil
		case *ast.CompositeLit:
			found = found || lastName(n.Type) == "Warning"
		}
		return !found
	})
	return found
}

// lastName is the name of an identifier, or of what is selected.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// The page for people, docs/codes.md, is made of Codes and of the rules of JATS4R.
func TestCodesPage(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`# What Sheaf refuses and warns of

<!-- Made by go test ./jats -run TestCodesPage -update; do not edit. -->

Every refusal and warning has a code, which never changes its meaning. It stands in the reports of ` + "`sheaf import --rejects`, `sheaf validate --json`" + ` and
` + "`--sarif`" + `, and in the answers of the deposit API. Refused is an input that Sheaf cannot keep, or not without inventing something; with a warning it is kept, and
the warning tells what was mended or left out.

## Refusals

| code | what it means | what to do |
| --- | --- | --- |
`)
	row := func(c jats.Code) { fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Code, cell(c.Sentence), cell(c.Advice)) }
	for _, c := range jats.Codes {
		if c.Severity == "refused" {
			row(c)
		}
	}
	b.WriteString("\n## Findings of sheaf validate alone\n\n| code | what it means | what to do |\n| --- | --- | --- |\n")
	for _, c := range jats.Codes {
		if c.Severity == "error" {
			row(c)
		}
	}
	b.WriteString("\n## What a format does not take\n\nThe item then does not have that format (`cannotDisseminateFormat`), or is not sent to that service; nothing else is lost.\n\n| code | what it means | what to do |\n| --- | --- | --- |\n")
	for _, c := range jats.Codes {
		if c.Severity == "format" {
			row(c)
		}
	}
	b.WriteString("\n## Warnings\n\n| code | what it means | what to do |\n| --- | --- | --- |\n")
	for _, c := range jats.Codes {
		if c.Severity == "warning" {
			row(c)
		}
	}
	b.WriteString(`
## Recommendations of JATS4R

What ` + "`sheaf validate`" + ` finds in JATS by the recommendations of JATS for Reuse (jats4r.org). An error is what a recommendation demands, a warning what it advises.
`)
	topic := ""
	for _, r := range jats4r.Rules() {
		if r.Topic != topic {
			topic = r.Topic
			fmt.Fprintf(&b, "\n### %s\n\n| code | | what it demands | what to do |\n| --- | --- | --- | --- |\n", jats4r.Topics[topic])
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.ID, r.Severity, cell(r.Demand), cell(r.Advice))
	}
	fixturetest.Golden(t, "../../docs/codes.md", b.Bytes())
}

// cell is a text as a cell of a table in Markdown.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "`<", ">", ">`").Replace(s)
}

func TestFindCode(t *testing.T) {
	c, ok := jats.FindCode("doi-invalid")
	assert.True(t, ok)
	assert.Equal(t, "warning", c.Severity)
	_, ok = jats.FindCode("no-such-code")
	assert.False(t, ok)
	assert.True(t, slices.IsSortedFunc(jats.Codes, func(a, b jats.Code) int { return strings.Compare(a.Code, b.Code) }))
}
