package ingest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type file struct{ name, data string }

func tarOf(t *testing.T, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data))}))
		_, err := io.WriteString(w, f.data)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func zipOf(t *testing.T, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		e, err := w.Create(f.name)
		require.NoError(t, err)
		_, err = io.WriteString(e, f.data)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func gz(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func walk(t *testing.T, w *Walker, paths ...string) []Input {
	t.Helper()
	var all []Input
	require.NoError(t, w.Walk(context.Background(), paths, func(in Input) error {
		in.Data = bytes.Clone(in.Data)
		all = append(all, in)
		return nil
	}))
	return all
}

// names lists name:line=data of each input, or name: error.
func names(dir string, all []Input) []string {
	var s []string
	for _, in := range all {
		x := Rejection{Path: strings.TrimPrefix(strings.TrimPrefix(in.Name, dir), "/"), Line: in.Line}.Place()
		if in.Err != nil {
			s = append(s, x+" error")
		} else {
			s = append(s, x+"="+string(in.Data))
		}
	}
	return s
}

func TestWalk(t *testing.T) {
	inner := tarOf(t, file{"x/b.xml", "<b/>"}, file{"x/pic.png", "no"}, file{"x/.hidden.xml", "<no/>"}, file{"c.xml", "<c/>"})
	tests := []struct {
		name    string
		data    []byte
		want    []string
		skipped int
	}{
		{"a.xml", []byte("<a/>"), []string{"a.xml=<a/>"}, 0},
		{"empty.xml", nil, []string{"empty.xml="}, 0},
		{"a.tar", inner, []string{"a.tar!/x/b.xml=<b/>", "a.tar!/c.xml=<c/>"}, 2},
		{"a.tar.gz", gz(t, inner), []string{"a.tar!/x/b.xml=<b/>", "a.tar!/c.xml=<c/>"}, 2},
		{"a.xml.gz", gz(t, []byte("<a/>")), []string{"a.xml=<a/>"}, 0},
		{"a.zip", zipOf(t, file{"b.xml", "<b/>"}, file{"in.tar", string(inner)}, file{"read.me", "no"}),
			[]string{"a.zip!/b.xml=<b/>", "a.zip!/in.tar!/x/b.xml=<b/>", "a.zip!/in.tar!/c.xml=<c/>"}, 3},
		{"in.tar", tarOf(t, file{"a.zip", string(zipOf(t, file{"../../b.xml", "<b/>"}))}), []string{"in.tar!/a.zip!/../../b.xml=<b/>"}, 0},
		{"cut.tar", inner[:len(inner)-1600], []string{"cut.tar!/x/b.xml=<b/>", "cut.tar error"}, 2},
		{"cut.tar.gz", gz(t, inner)[:60], []string{"cut.tar error"}, 0},
		{"bad.zip", []byte("PK\x03\x04 and no more"), []string{"bad.zip error"}, 0},
		{"one.json", []byte(" {\"a\":\n1}\n"), []string{"one.json={\"a\":\n1}"}, 0},
		{"list.json", []byte("\xef\xbb\xbf[\n{\"a\":1},\n\n{\"a\":2}]"), []string{`list.json:2={"a":1}`, `list.json:4={"a":2}`}, 0},
		{"empty.json", []byte("[]"), nil, 0},
		{"lines.jsonl", []byte("{\"a\":1}\n{\"a\":2}\n\n{\"a\":3}"), []string{`lines.jsonl:1={"a":1}`, `lines.jsonl:2={"a":2}`, `lines.jsonl:4={"a":3}`}, 0},
		{"bad.jsonl", []byte("{nonsense}\n{\"a\":1}\n{\"a\":2 ]\nmore\n{\"a\":3}\n{\"a\":"), []string{`bad.jsonl:1 error`, `bad.jsonl:2={"a":1}`, `bad.jsonl:3 error`, `bad.jsonl:5={"a":3}`, `bad.jsonl:6 error`}, 0},
		{"bad.json", []byte("{nonsense"), []string{`bad.json:1 error`}, 0},
		{"cut.json", []byte(`[{"a":1},`), []string{`cut.json:1={"a":1}`, `cut.json:1 error`}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, tt.name)
			require.NoError(t, os.WriteFile(path, tt.data, 0o644))
			var w Walker
			assert.Equal(t, tt.want, names(dir, walk(t, &w, path)), "as a file")
			assert.Equal(t, tt.skipped, w.Skipped)

			in := Walker{Stdin: iotest.OneByteReader(bytes.NewReader(tt.data))}
			var want []string
			for _, s := range tt.want {
				plain := strings.TrimSuffix(tt.name, ".gz")
				want = append(want, "-"+strings.TrimPrefix(s, plain))
			}
			assert.Equal(t, want, names("", walk(t, &in, "-")), "as a stream")
		})
	}
}

func TestWalkFolder(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{"b/2.xml": "<2/>", "a.xml": "<1/>", ".git/x.xml": "<no/>", "b/notes.md": "no", "z.txt": "text"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644))
	}
	require.NoError(t, os.Symlink(dir, filepath.Join(dir, "b", "loop")))
	var w Walker
	var read int64
	w.Progress = func(n int64) { read += n }
	assert.Equal(t, []string{"a.xml=<1/>", "b/2.xml=<2/>", "z.txt=text", "nothing.xml error"},
		names(dir, walk(t, &w, dir, filepath.Join(dir, "nothing.xml"))))
	assert.Equal(t, 2, w.Skipped, "notes.md and the loop")
	assert.Equal(t, int64(12), read)
}

func TestWalkBounds(t *testing.T) {
	deep := []byte("<a/>")
	for range maxNesting + 2 {
		deep = gz(t, deep)
	}
	all := walk(t, &Walker{Stdin: bytes.NewReader(deep)}, "-")
	require.Len(t, all, 1)
	assert.ErrorContains(t, all[0].Err, "nested")

	all = walk(t, &Walker{Stdin: io.LimitReader(endless('x'), MaxDocument+10)}, "-")
	require.Len(t, all, 1)
	assert.ErrorContains(t, all[0].Err, "MiB")

	all = walk(t, &Walker{Stdin: io.MultiReader(strings.NewReader(`{"a":"`), io.LimitReader(endless('x'), 3*MaxDocument))}, "-")
	require.Len(t, all, 1)
	assert.ErrorContains(t, all[0].Err, "MiB")
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestWalkStops(t *testing.T) {
	stop := errors.New("stop")
	w := Walker{Stdin: bytes.NewReader(tarOf(t, file{"a.xml", "<a/>"}, file{"b.xml", "<b/>"}))}
	n := 0
	err := w.Walk(context.Background(), []string{"-"}, func(Input) error { n++; return stop })
	assert.ErrorIs(t, err, stop)
	assert.Equal(t, 1, n)
}
