package ingest

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"
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
	Data []byte
	Err  error // why it could not be read
}

// Walker finds documents in files, folders and archives, one at a time, in a stable order; archives are read as streams.
type Walker struct {
	Stdin    io.Reader
	Progress func(bytes int64) // told of bytes read from files, as they are read; may be nil
	Skipped  int               // files in folders and archives that by their names are of other kinds
	entries  int
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
	case ".xml", ".nxml", ".jats", ".json", ".jsonl", ".ndjson", ".txt", ".text", ".zip", ".tar", ".gz", ".tgz", "":
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

// stream takes apart what r holds by its content: an archive, JSON of several articles, or one document.
func (w *Walker) stream(ctx context.Context, name string, r io.Reader, depth int, yield func(Input) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if depth > maxNesting {
		return yield(Input{Name: name, Err: fmt.Errorf("archives nested more than %d deep", maxNesting)})
	}
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return yield(Input{Name: name, Err: fileError(err)})
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")): // a zip in a stream: its directory is at its end
		return w.spool(ctx, name, br, depth, yield)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(br)
		if err != nil {
			return yield(Input{Name: name, Err: err})
		}
		return w.stream(ctx, strings.TrimSuffix(name, ".gz"), z, depth+1, yield)
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return w.tar(ctx, name, br, depth, yield)
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		return w.json(ctx, name, br, yield)
	}
	data, err := io.ReadAll(io.LimitReader(br, MaxDocument+1))
	if err == nil && len(data) > MaxDocument {
		err = fmt.Errorf("larger than %d MiB", MaxDocument>>20)
	}
	if err != nil {
		return yield(Input{Name: name, Err: fileError(err)})
	}
	return yield(Input{Name: name, Data: data})
}

// json yields each object of a file that holds one, several one after the other (JSON lines), or an array of them.
func (w *Walker) json(ctx context.Context, name string, r *bufio.Reader, yield func(Input) error) error {
	if bom, _ := r.Peek(3); string(bom) == "\xef\xbb\xbf" {
		r.Discard(3)
	}
	lines := &lineCounter{r: r, limit: MaxDocument}
	dec := json.NewDecoder(lines)
	var base int64 // where dec began
	broken := func(err error) error {
		return yield(Input{Name: name, Line: lines.at(base + dec.InputOffset()), Err: jsonError(err)})
	}
	var array, many bool
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		lines.limit = base + dec.InputOffset() + MaxDocument
		if !dec.More() {
			_, err := dec.Token() // the end, the array's closing bracket, or what is wrong
			switch {
			case errors.Is(err, io.EOF) && array:
				return broken(io.ErrUnexpectedEOF)
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return broken(err)
			}
			array = false
			continue
		}
		if !array && lines.next(dec) == '[' {
			if _, err := dec.Token(); err != nil {
				return broken(err)
			}
			array, many = true, true
			continue
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			if yerr := broken(err); yerr != nil || array || lines.n > lines.limit {
				return yerr
			}
			// One bad line of many: go on at the next that begins an object.
			rest := bufio.NewReader(io.MultiReader(dec.Buffered(), lines))
			skipped, ok := nextObject(rest)
			if !ok {
				return nil
			}
			base += dec.InputOffset() + skipped
			dec = json.NewDecoder(rest)
			continue
		}
		in := Input{Name: name, Line: lines.at(base + dec.InputOffset() - int64(len(raw))), Data: raw}
		if !many && !dec.More() { // one object: a document of its own
			in.Line = 0
		}
		many = true
		if err := yield(in); err != nil {
			return err
		}
	}
}

// nextObject reads up to the next line that begins with an opening brace, and tells how many bytes that took.
func nextObject(r *bufio.Reader) (skipped int64, ok bool) {
	for {
		part, err := r.ReadSlice('\n')
		skipped += int64(len(part))
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return skipped, false
		}
		if c, err := r.Peek(1); err == nil && c[0] == '{' {
			return skipped, true
		}
	}
}

func jsonError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("JSON ends in the middle of a value")
	}
	return fmt.Errorf("JSON: %w", err)
}

// lineCounter counts the lines that pass, and ends an endless value.
type lineCounter struct {
	r     io.Reader
	n     int64 // bytes passed
	limit int64
	marks []mark
	lines int
}

type mark struct {
	offset int64 // of a newline
	line   int   // that it ends
}

func (l *lineCounter) Read(p []byte) (int, error) {
	if l.n > l.limit {
		return 0, fmt.Errorf("a value is larger than %d MiB", MaxDocument>>20)
	}
	n, err := l.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.lines++
			l.marks = append(l.marks, mark{l.n + int64(i), l.lines})
		}
	}
	l.n += int64(n)
	return n, err
}

// next returns the byte that the next value begins with, after dec.More.
func (l *lineCounter) next(dec *json.Decoder) byte {
	b := make([]byte, 64)
	n, _ := dec.Buffered().Read(b)
	for _, c := range b[:n] {
		if !strings.ContainsRune(" \t\r\n,", rune(c)) {
			return c
		}
	}
	return 0
}

// at returns the line of an offset, which must not be less than that of an earlier call.
func (l *lineCounter) at(offset int64) int {
	i := 0
	for i < len(l.marks) && l.marks[i].offset < offset {
		i++
	}
	line := l.lines - len(l.marks) + i + 1
	l.marks = append(l.marks[:0], l.marks[i:]...)
	return line
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
