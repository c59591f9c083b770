package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/store"
)

// served is all that is served of an item.
func served(t testing.TB, db store.Store, local string) map[string]string {
	t.Helper()
	item, err := db.Get(context.Background(), local)
	require.NoError(t, err)
	all := map[string]string{"article": string(item.Article), "sets": strings.Join(item.Sets, " "), "version": item.Version}
	for _, f := range crosswalk.All() {
		_, err := db.Record(context.Background(), local, f.Prefix, func(r *store.Row) error {
			all[f.Prefix] = string(r.Metadata)
			return nil
		})
		if !errors.Is(err, store.ErrNotFound) { // the format does not take it
			require.NoError(t, err)
		}
	}
	require.Contains(t, all, "oai_dc")
	return all
}

// fileImport does what sheaf import does with one file, and returns the local identifiers.
func fileImport(t testing.TB, db store.Store, path string) (locals []string) {
	t.Helper()
	im := &ingest.Importer{Store: db, Each: func(o ingest.Outcome) {
		if o.Err == nil {
			locals = append(locals, o.Local)
		}
	}}
	w := &ingest.Walker{}
	_, err := im.Import(context.Background(), func(ctx context.Context, yield func(ingest.Input) error) error {
		return w.Walk(ctx, []string{path}, yield)
	})
	require.NoError(t, err)
	return locals
}

// The same article gets the same identifier and the same bytes in every format, whichever way it comes: as a file of sheaf import; over
// POST, PUT and import as that file; and as the JSON that GET gives. As the JATS that GET gives it is the same item.
func TestSameBytes(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for name, data := range fixtureFiles(t) {
		p := filepath.Join(dir, filepath.Base(name))
		require.NoError(t, os.WriteFile(p, data, 0o644))
		paths = append(paths, p)
	}
	taken := map[string]int{}
	shared := filepath.Join(fixturetest.Root(), "..", "shared", "data") // not on a user's machine
	filepath.WalkDir(shared, func(path string, d fs.DirEntry, err error) error {
		kind, _, _ := strings.Cut(strings.TrimPrefix(filepath.ToSlash(path), filepath.ToSlash(shared)+"/"), "/")
		ext := filepath.Ext(path)
		if err == nil && !d.IsDir() && (kind == "jats" && ext == ".xml" && taken[filepath.Dir(path)] < 2 || kind == "jes" && ext == ".txt") {
			taken[filepath.Dir(path)]++ // of each publisher some
			paths = append(paths, path)
		}
		return nil
	})
	files, native, over := openStore(t), serve(t), serve(t)
	n := 0
	for _, path := range paths {
		locals := fileImport(t, files, path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		_, lines, _ := native.importNamed(path, string(data))
		if len(locals) == 0 {
			assert.Equal(t, "rejected", lines[0].Status, path)
			continue
		}
		n++
		local := locals[0]
		address := address(local)
		want := served(t, files, local)
		same := func(how string, s *service, r reply, status ...store.Status) {
			t.Helper()
			if assert.Contains(t, []int{200, 201}, r.status, "%s: %s: %s", path, how, r.body) {
				d := r.stored(t)
				assert.Equal(t, local, d.Local, "%s: %s", path, how)
				assert.Contains(t, status, d.Status, "%s: %s", path, how)
				assert.Equal(t, want, served(t, s.db, local), "%s: %s", path, how)
			}
		}
		require.Len(t, lines, 1)
		assert.Equal(t, local, lines[0].Local)
		assert.Equal(t, want, served(t, native.db, local), "%s: import", path)
		kind := map[byte]string{'<': "application/jats+xml", '{': "application/json"}[bytes.TrimLeft(data, "\xef\xbb\xbf \r\n\t")[0]]
		if kind != "" {
			same("PUT as it is", native, native.do("PUT", address, string(data), "Content-Type: "+kind), store.Unchanged)
			same("POST as it is", native, native.do("POST", "/records", string(data), "Content-Type: "+kind), store.Unchanged)
		}
		asJSON := native.do("GET", address, "").body
		same("POST as JSON", over, over.do("POST", "/records", asJSON, "Content-Type: application/json"), store.Created, store.Updated)
		var spread bytes.Buffer
		require.NoError(t, json.Indent(&spread, []byte(asJSON), "", "  "))
		same("PUT as spread JSON", over, over.do("PUT", address, spread.String(), "Content-Type: application/json"), store.Unchanged)
		_, lines, _ = over.imports(asJSON)
		assert.Equal(t, "unchanged", lines[0].Status, "%s: import as JSON", path)
		asJATS := native.do("GET", address, "", "Accept: application/jats+xml")
		r := over.do("POST", "/records", asJATS.body, "Content-Type: application/jats+xml")
		if assert.Equal(t, 200, r.status, "%s: %s", path, r.body) {
			assert.Equal(t, local, r.stored(t).Local, path)
		}
	}
	assert.Greater(t, n, 10)
}

// address is the path of an item below /api/v1.
func address(local string) string { return strings.TrimPrefix(new(handler).self(local), "/api/v1") }
