package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An archive has its files in order, the program as one, and nothing of the machine or the hour that it was made.
func TestArchives(t *testing.T) {
	at := time.Unix(1_700_000_000, 0).UTC()
	files := map[string]file{"sheaf": {data: []byte("program"), program: true}, "README.md": {data: []byte("read")}, "docs/operate/x.conf": {data: []byte("x")}, "docs/a.md": {data: []byte("a")}}
	want := []string{"n/", "n/README.md", "n/docs/", "n/docs/a.md", "n/docs/operate/", "n/docs/operate/x.conf", "n/sheaf"}

	data, err := tarGz("n", files, at)
	require.NoError(t, err)
	again, err := tarGz("n", files, at)
	require.NoError(t, err)
	assert.Equal(t, data, again)
	z, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	assert.Zero(t, z.ModTime)
	var names []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		names = append(names, h.Name)
		assert.True(t, h.ModTime.Equal(at))
		assert.Zero(t, h.Uid+h.Gid)
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		switch h.Name {
		case "n/sheaf":
			assert.Equal(t, "program", string(b))
			assert.EqualValues(t, 0o755, h.Mode)
		case "n/README.md":
			assert.Equal(t, "read", string(b))
			assert.EqualValues(t, 0o644, h.Mode)
		}
	}
	assert.Equal(t, want, names)

	data, err = zipped("n", files, at)
	require.NoError(t, err)
	again, err = zipped("n", files, at)
	require.NoError(t, err)
	assert.Equal(t, data, again)
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	names = nil
	for _, f := range r.File {
		names = append(names, f.Name)
		assert.True(t, f.Modified.Equal(at))
	}
	assert.Equal(t, want, names)
}

func TestVersion(t *testing.T) {
	for _, bad := range []string{"", "1.2.3", "v1.2", "v1.2.3 x", "latest"} {
		assert.ErrorContains(t, release(bad, "HEAD", t.TempDir()), "v1.2.3", bad)
	}
}
