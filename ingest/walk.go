package ingest

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"sheaf/ingest/cut"
	"sheaf/ingest/table"
	"sheaf/jats"
)

// Bounds of what is read.
const (
	MaxDocument = 64 << 20 // bytes of one document; larger ones are refused
	maxNesting  = 3        // archives inside archives
	maxEntries  = 50 << 20 // entries of all archives of one import
)

// Input is one document on its way in. Either Data or Err is set.
type Input struct {
	Name string // path; inside an archive "a.zip!/b/c.xml"
	Line int    // where it begins in a file of several, 1-based; 0 for a file of one
	Kind string // name of the Reader that it is for; empty: to be recognised
	Data []byte
	Err  error // why it could not be read
}

// Walker finds documents in files, folders and archives, one at a time, in a stable order; archives are read as streams.
type Walker struct {
	Stdin    io.Reader
	Format   string            // name of a Reader that all documents are for; empty: each is recognised by its content
	Progress func(bytes int64) // told of bytes read from files, as they are read; may be nil
	Skipped  int               // files in folders and archives that by their names are of other kinds
	entries  int

	unused []*bufio.Reader // of headSize: of small documents in an archive, making one for each took longer than reading
	whole  bytes.Buffer    // the document that is being read
}

// Walk calls yield for every document under paths; "-" is standard input. What cannot be read is yielded with Err, and the walk goes
// on. It returns the error of yield or of ctx.
func (w *Walker) Walk(ctx context.Context, paths []string, yield func(Input) error) error {
	for _, p := range paths {
		if err := w.path(ctx, p, yield); err != nil {
			return err
		}
	}
	return nil
}

func (w *Walker) path(ctx context.Context, p string, yield func(Input) error) error {
	if p == "-" {
		return w.stream(ctx, "-", w.Stdin, 0, yield)
	}
	info, err := os.Stat(p)
	if err != nil {
		return yield(Input{Name: p, Err: fileError(err)})
	}
	if !info.IsDir() {
		return w.file(ctx, p, yield)
	}
	return filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			if yerr := yield(Input{Name: name, Err: fileError(err)}); yerr != nil {
				return yerr
			}
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case name != p && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return ctx.Err()
		case !ours(name):
			w.Skipped++
			return nil
		}
		if d.Type()&fs.ModeSymlink != 0 { // a link to a folder could be a loop
			if info, err := os.Stat(name); err == nil && info.IsDir() {
				w.Skipped++
				return nil
			}
		}
		return w.file(ctx, name, yield)
	})
}

// fileError drops the path from an error of os, because Input.Name has it.
func fileError(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// ours tells by a file's name whether it may be an input; a name without an ending may.
func ours(name string) bool {
	switch strings.ToLower(path.Ext(filepath.ToSlash(name))) {
	case ".xml", ".nxml", ".jats", ".json", ".jsonl", ".ndjson", ".txt", ".text", ".zip", ".tar", ".gz", ".tgz", "",
		".ris", ".nbib", ".bib", ".bibtex", ".csv", ".tsv", ".tab", ".xlsx":
		return true
	}
	return false
}

type counter struct {
	r io.Reader
	f func(int64)
}

func (c counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.f(int64(n))
	return n, err
}

func (w *Walker) file(ctx context.Context, name string, yield func(Input) error) error {
	f, err := os.Open(name)
	if err != nil {
		return yield(Input{Name: name, Err: fileError(err)})
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return yield(Input{Name: name, Err: fileError(err)})
	}
	if !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0 {
		return yield(Input{Name: name, Err: errors.New("not a regular file")})
	}
	var magic [4]byte
	if n, _ := f.ReadAt(magic[:], 0); n == 4 && string(magic[:]) == "PK\x03\x04" {
		if w.Progress != nil {
			w.Progress(info.Size())
		}
		return w.zip(ctx, name, f, info.Size(), 0, yield)
	}
	var r io.Reader = f
	if w.Progress != nil {
		r = counter{f, w.Progress}
	}
	return w.stream(ctx, name, r, 0, yield)
}

// stream takes apart what r holds by its content: an archive, a file of many records, or one document.
func (w *Walker) stream(ctx context.Context, name string, in io.Reader, depth int, yield func(Input) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if depth > maxNesting {
		return yield(Input{Name: name, Err: jats.Faultf("too-deep", 0, "archives nested more than %d deep", maxNesting)})
	}
	br := w.buffered(in)
	defer func() { w.unused = append(w.unused, br) }()
	head, err := br.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return yield(Input{Name: name, Err: fileError(err)})
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")): // a zip in a stream: its directory is at its end
		return w.spool(ctx, name, br, depth, yield)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(br)
		if err != nil {
			return yield(Input{Name: name, Err: fileError(err)})
		}
		return w.stream(ctx, strings.TrimSuffix(name, ".gz"), z, depth+1, yield)
	}
	if c := first(head); c != '{' && c != '[' { // JSON lines are taken as they come; all else is looked at first
		if head, err = br.Peek(headSize); err != nil && !errors.Is(err, io.EOF) {
			return yield(Input{Name: name, Err: fileError(err)})
		}
		if len(head) > 262 && string(head[257:262]) == "ustar" {
			return w.tar(ctx, name, br, depth, yield)
		}
	} else if takesJSON(w.Format) {
		return w.records(ctx, name, w.Format, cut.JSON, br, yield)
	}
	kind := w.Format
	r := recognise(kind, head)
	switch strings.ToLower(path.Ext(filepath.ToSlash(name))) {
	case ".csv", ".tsv", ".tab": // of these the table's reader can say best what they lack
		if r == nil {
			r = recognise("table", head)
		}
	}
	if r != nil {
		if kind = r.Name; r.Cut != nil {
			return w.records(ctx, name, kind, r.Cut, br, yield)
		}
	}
	data, err := w.readAll(br)
	if err != nil {
		return yield(Input{Name: name, Err: fileError(err)})
	}
	return yield(Input{Name: name, Kind: kind, Data: data})
}

// buffered is in with a buffer of headSize; an unused one where there is one.
func (w *Walker) buffered(in io.Reader) *bufio.Reader {
	n := len(w.unused)
	if n == 0 {
		return bufio.NewReaderSize(in, headSize)
	}
	br := w.unused[n-1]
	w.unused = w.unused[:n-1]
	br.Reset(in)
	return br
}

// readAll reads one document, of at most MaxDocument bytes.
func (w *Walker) readAll(r io.Reader) ([]byte, error) {
	defer func() {
		if w.whole.Reset(); w.whole.Cap() > 1<<20 { // what grew for a large one is not kept
			w.whole = bytes.Buffer{}
		}
	}()
	if _, err := w.whole.ReadFrom(io.LimitReader(r, MaxDocument+1)); err != nil {
		return nil, err
	}
	if w.whole.Len() > MaxDocument {
		return nil, jats.Faultf("too-large", 0, "larger than %d MiB", MaxDocument>>20)
	}
	return bytes.Clone(w.whole.Bytes()), nil
}

// headSize is how much of a document is looked at to recognise it, in bytes.
const headSize = 64 << 10

// records yields the records of a file of many, which take finds.
func (w *Walker) records(ctx context.Context, name, kind string, take func(io.Reader, func(cut.Record) error) error, r io.Reader, yield func(Input) error) error {
	stopped := error(nil)
	err := take(r, func(r cut.Record) error {
		if stopped = ctx.Err(); stopped == nil {
			stopped = yield(Input{Name: name, Line: r.Line, Kind: kind, Data: r.Data, Err: r.Err})
		}
		return stopped
	})
	if err == nil || stopped != nil {
		return stopped
	}
	return yield(Input{Name: name, Err: fileError(err)}) // of reading: a damaged archive, a broken disk
}

func (w *Walker) tar(ctx context.Context, name string, r io.Reader, depth int, yield func(Input) error) error {
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return yield(Input{Name: name, Err: fmt.Errorf("damaged archive: %w", err)})
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := w.entry(ctx, name, h.Name, tr, depth, yield); err != nil {
			return err
		}
	}
}

func (w *Walker) zip(ctx context.Context, name string, r io.ReaderAt, size int64, depth int, yield func(Input) error) error {
	zr, err := zip.NewReader(r, size)
	if err != nil {
		return yield(Input{Name: name, Err: fmt.Errorf("damaged archive: %w", err)})
	}
	if slices.ContainsFunc(zr.File, func(f *zip.File) bool { return f.Name == "xl/workbook.xml" }) {
		return w.records(ctx, name, "table", func(_ io.Reader, yield func(cut.Record) error) error { return table.CutXLSX(r, size, yield) }, nil, yield)
	}
	for _, f := range zr.File {
		if f.FileInfo().IsDir() {
			continue
		}
		rc, err := f.Open()
		if err != nil {
			if err := yield(Input{Name: name + "!/" + cleanName(f.Name), Err: err}); err != nil {
				return err
			}
			continue
		}
		err = w.entry(ctx, name, f.Name, rc, depth, yield)
		rc.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *Walker) entry(ctx context.Context, archive, name string, r io.Reader, depth int, yield func(Input) error) error {
	base := path.Base(name)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(name, "__MACOSX/") || !ours(base) {
		w.Skipped++
		return nil
	}
	if w.entries++; w.entries > maxEntries {
		return fmt.Errorf("ingest: %s: more than %d entries", archive, maxEntries)
	}
	return w.stream(ctx, archive+"!/"+cleanName(name), r, depth+1, yield)
}

// cleanName makes the name of an archive's entry fit for a line of a report. Nothing is ever written under it.
func cleanName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return '_'
		}
		return r
	}, name)
}

// spool keeps a zip that comes as a stream in a temporary file, because its directory is at its end.
func (w *Walker) spool(ctx context.Context, name string, r io.Reader, depth int, yield func(Input) error) error {
	f, err := os.CreateTemp("", "sheaf-*.zip")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	n, err := io.Copy(f, r)
	if err != nil {
		return yield(Input{Name: name, Err: err})
	}
	return w.zip(ctx, name, f, n, depth, yield)
}
