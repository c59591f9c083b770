package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/ingest"
)

// What import --template writes can be imported as it is, and get --sources tells what came from where.
func TestTemplateImports(t *testing.T) {
	dir := t.TempDir()
	db := filepath.Join(dir, "t.db")
	do := func(args ...string) (out, err bytes.Buffer, code int) {
		code = run(context.Background(), args, stdio{nil, &out, &err})
		return out, err, code
	}
	for _, kind := range []string{"csv", "xlsx"} {
		table, _, code := do("import", "--template", kind)
		require.Zero(t, code)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "table."+kind), table.Bytes(), 0o644))
	}
	out, _, code := do("import", "--db", db, filepath.Join(dir, "table.csv"))
	require.Zero(t, code)
	assert.Equal(t, "read=2 created=2 updated=0 unchanged=0 rejected=0\n", out.String())
	out, _, code = do("import", "--db", db, filepath.Join(dir, "table.xlsx"))
	require.Zero(t, code)
	assert.Contains(t, out.String(), "read=2 created=0 ")

	out, _, code = do("get", "--db", db, "10.5555/lanterns.12", "--sources")
	require.Zero(t, code)
	var told struct {
		Sources []ingest.SourceOf
		Fields  ingest.From
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &told))
	require.NotEmpty(t, told.Sources)
	assert.Equal(t, "table", told.Sources[0].Kind)
	assert.Equal(t, []string{told.Sources[0].Name}, told.Fields["title"])
	_, _, code = do("get", "--db", db, "10.5555/nothing", "--sources")
	assert.Equal(t, exitFailed, code)
	_, err, code := do("import")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, err.String(), "--template")
}
