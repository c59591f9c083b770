package dtd_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/jats/dtd"
)

var variants = map[dtd.Variant]string{dtd.Publishing: fixturetest.Publishing, dtd.Archiving: fixturetest.Archiving}

// shared are the articles of the shared collection that are in UTF-8.
func shared(t testing.TB) map[string][]byte {
	dir := fixturetest.Shared(t, "data/jats")
	all := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".xml" {
			return err
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		name, _ := filepath.Rel(dir, path)
		if head, _, _ := bytes.Cut(data, []byte("?>")); !bytes.Contains(head, []byte("encoding=")) || bytes.Contains(bytes.ToLower(head), []byte("utf-8")) {
			all[filepath.ToSlash(name)] = data
		}
		return nil
	}))
	require.NotEmpty(t, all)
	return all
}

// Of every file of the shared collection, xmllint and this package say the same: valid or not, by either DTD.
func TestAgreesWithXmllint(t *testing.T) {
	if testing.Short() {
		t.Skip("short: half a minute of xmllint")
	}
	docs := shared(t)
	for v, file := range variants {
		bad := fixturetest.DTD(t, file, docs)
		valid := 0
		for name, data := range docs {
			faults := dtd.Validate(data, v)
			if len(faults) == 0 {
				valid++
			}
			if _, wrong := bad[name]; wrong != (len(faults) > 0) {
				t.Errorf("%s: %s: xmllint: %.600s\nhere: %.600v", v, name, bad[name], faults)
			}
		}
		t.Logf("%s: %d files, %d of them valid", v, len(docs), valid)
		assert.NotZero(t, valid)
		assert.Less(t, valid, len(docs))
	}
}
