package web

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"

	"sheaf/crosswalk"
	"sheaf/oai"
	"sheaf/store"
)

// Manifest says what a dump holds. It is manifest.json of the dump's folder, written last.
type Manifest struct {
	RepositoryID string `json:"repositoryIdentifier"`
	Site         string `json:"site"` // in the addresses that the files hold
	ResponseDate string `json:"responseDate"`
	Files        []File `json:"files"`
}

// File is one file of a dump.
type File struct {
	Name         string `json:"name"`
	URL          string `json:"url"`
	Prefix       string `json:"metadataPrefix"`
	Type         string `json:"type"`
	Records      int    `json:"records"`           // live and deleted; of a package only live ones
	Deleted      int    `json:"deleted,omitempty"` // of Records
	Unreadable   int    `json:"unreadable,omitempty"`
	Size         int64  `json:"size"` // bytes
	SHA256       string `json:"sha256"`
	ResponseDate string `json:"responseDate"`       // where to go on from: all before is in the file
	Continue     string `json:"continue,omitempty"` // the OAI-PMH request that does
}

const (
	gzipType = "application/gzip"
	zipType  = "application/zip"

	manifestName = "manifest.json"
	partPrefix   = ".part-" // of the folder where a dump is before it is whole
	stampLayout  = "20060102T150405Z"
)

// dumpName has the metadataPrefix and the responseDate of a dump's file.
var dumpName = regexp.MustCompile(`^([A-Za-z0-9_.!~*'()-]+)-(\d{8}T\d{6}Z)(?:\.xml\.gz|\.\d{4}\.zip)$`)

// packages are the ResourceSync packages of a format.
func (m *Manifest) packages(prefix string) []File { return m.of(prefix, zipType) }

func (m *Manifest) of(prefix, kind string) (files []File) {
	for _, f := range m.Files {
		if f.Prefix == prefix && f.Type == kind {
			files = append(files, f)
		}
	}
	return files
}

func (m *Manifest) json() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // it has addresses
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		panic(err) // it is strings and numbers
	}
	return b.Bytes()
}

// readManifest returns the manifest of a folder, or nil if no dump is there.
func readManifest(dir string) (*Manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("feed/web: %s: %w", manifestName, err)
	}
	return m, nil
}

// Dumper makes dumps: for each format a file PREFIX-RESPONSEDATE.xml.gz, which is one ListRecords response with all records, those of tombstones among
// them, and if Document is set ResourceSync packages PREFIX-RESPONSEDATE.NNNN.zip. Several may not share a folder.
//
// All files of a dump have one responseDate, the clock of the store before the first was begun, and hold what is of earlier seconds: nothing can
// come into these any more, so no item is there twice. One that changes while the dump is made leaves the list, and is found by from=responseDate, as
// with any list of OAI-PMH.
type Dumper struct {
	Items        Items
	Formats      []crosswalk.Format
	RepositoryID string
	SiteURL      string // without a slash at the end
	Dir          string // made if it is not there
	Every        time.Duration
	// Document gives an item's document in a format, the same bytes as its address gives; store.ErrNotFound if it has none any more, store.ErrCorrupt
	// if it cannot be read. nil: make no packages.
	Document func(ctx context.Context, local, prefix string) ([]byte, error)
	Log      *slog.Logger     // nil: silence
	Now      func() time.Time // nil: time.Now

	packageSize int                         // tests make it small; 0: partSize
	settle      func(context.Context) error // lets a second pass; tests have a clock of their own
}

// retry is how long to wait after a dump that failed.
const retry = 5 * time.Minute

// Run makes a dump whenever the last one is older than Every, until ctx ends.
func (d *Dumper) Run(ctx context.Context) {
	d.setUp()
	for {
		wait := d.due()
		if wait <= 0 {
			began := time.Now()
			m, err := d.Make(ctx)
			switch wait = d.Every; {
			case ctx.Err() != nil:
				return
			case err != nil:
				d.Log.ErrorContext(ctx, "dump: not made; the one before stays", "error", err)
				wait = min(wait, retry)
			case m != nil:
				d.Log.InfoContext(ctx, "dump: made", "responseDate", m.ResponseDate, "files", len(m.Files), "seconds", time.Since(began).Seconds())
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (d *Dumper) setUp() {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.packageSize == 0 {
		d.packageSize = partSize
	}
	if d.settle == nil {
		d.settle = func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(1100 * time.Millisecond):
				return nil
			}
		}
	}
}

// due is how long the dump that is there will do.
func (d *Dumper) due() time.Duration {
	m, err := readManifest(d.Dir)
	if err != nil || m == nil || !d.same(m) {
		return 0
	}
	made, err := time.Parse(time.RFC3339, m.ResponseDate)
	if err != nil {
		return 0
	}
	return min(made.Add(d.Every).Sub(d.Now()), d.Every)
}

// same tells whether a dump has what this Dumper would put into it, whatever the store holds.
func (d *Dumper) same(m *Manifest) bool {
	for _, f := range d.Formats {
		if len(m.of(f.Prefix, gzipType)) != 1 {
			return false
		}
	}
	packages := slices.ContainsFunc(m.Files, func(f File) bool { return f.Type == zipType })
	return m.RepositoryID == d.RepositoryID && m.Site == d.SiteURL && (packages || d.Document == nil)
}

// Make makes a dump and takes away those before the last one, which stays for those who are still reading it. It returns nil when there
// is nothing to make: nothing has changed since the dump that is there.
func (d *Dumper) Make(ctx context.Context) (m *Manifest, err error) {
	d.setUp()
	if same, err := d.unchanged(ctx); err != nil || same {
		return nil, err
	}
	if err := d.settle(ctx); err != nil { // so that what was written up to now is of an earlier second
		return nil, err
	}
	clock, err := d.Items.Tick(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(d.Dir, 0o755); err != nil {
		return nil, err
	}
	d.remove(func(name string) bool { return strings.HasPrefix(name, partPrefix) }) // what a process that was killed left
	temp, err := os.MkdirTemp(d.Dir, partPrefix)                                    // beside what it will be, so that a rename does
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	m = &Manifest{RepositoryID: d.RepositoryID, Site: d.SiteURL, ResponseDate: datestamp(clock)}
	for _, f := range d.Formats {
		file, err := d.records(ctx, temp, f.Prefix, clock)
		if err != nil {
			return nil, fmt.Errorf("feed/web: dump of %s: %w", f.Prefix, err)
		}
		m.Files = append(m.Files, file)
		if d.Document == nil {
			continue
		}
		p := &packer{d: d, dir: temp, prefix: f.Prefix, clock: clock}
		if err := p.run(ctx); err != nil {
			return nil, fmt.Errorf("feed/web: packages of %s: %w", f.Prefix, err)
		}
		m.Files = append(m.Files, p.files...)
	}
	return m, d.publish(temp, m)
}

// unchanged tells whether nothing was written since the dump that is there.
func (d *Dumper) unchanged(ctx context.Context) (bool, error) {
	m, err := readManifest(d.Dir)
	if err != nil || m == nil || !d.same(m) {
		return false, nil // a manifest that cannot be read is replaced
	}
	since, err := time.Parse(time.RFC3339, m.ResponseDate)
	if err != nil {
		return false, nil
	}
	for _, file := range m.Files {
		if st, err := os.Stat(filepath.Join(d.Dir, file.Name)); err != nil || st.Size() != file.Size {
			return false, nil
		}
	}
	for _, f := range d.Formats {
		l := &list{items: d.Items, prefix: f.Prefix}
		n, _, err := l.count(ctx, since.Unix(), horizon)
		if err != nil || n > 0 {
			return false, err
		}
	}
	return true, nil
}

// publish puts the files of temp where they are looked for, and the manifest last.
func (d *Dumper) publish(temp string, m *Manifest) error {
	if err := os.WriteFile(filepath.Join(temp, manifestName), m.json(), 0o644); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := os.Rename(filepath.Join(temp, f.Name), filepath.Join(d.Dir, f.Name)); err != nil {
			return err
		}
	}
	before, err := readManifest(d.Dir)
	if err != nil {
		d.Log.Warn("dump: the manifest of the dump before cannot be read", "error", err)
	}
	if err := os.Rename(filepath.Join(temp, manifestName), filepath.Join(d.Dir, manifestName)); err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, m := range []*Manifest{before, m} {
		if m == nil {
			continue
		}
		for _, f := range m.Files {
			keep[f.Name] = true
		}
	}
	d.remove(func(name string) bool { return dumpName.MatchString(name) && !keep[name] })
	return nil
}

// remove takes away what is in the folder and old. What cannot be is logged, and tried again with the next dump.
func (d *Dumper) remove(old func(name string) bool) {
	there, err := os.ReadDir(d.Dir)
	for _, e := range there {
		if old(e.Name()) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(d.Dir, e.Name())))
		}
	}
	if err != nil {
		d.Log.Warn("dump: something of an earlier one stays", "error", err)
	}
}

// sink is a file that is being written, with the hash and the size of what was.
type sink struct {
	file *os.File
	buf  *bufio.Writer
	sum  hash.Hash
	size int64
}

func newSink(path string) (*sink, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	s := &sink{file: f, sum: sha256.New()}
	s.buf = bufio.NewWriterSize(io.MultiWriter(f, s.sum), 256<<10)
	return s, nil
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.buf.Write(b)
	s.size += int64(n)
	return n, err
}

// close makes the file durable and readable for all who may read the folder.
func (s *sink) close() error {
	return errors.Join(s.buf.Flush(), s.file.Chmod(0o644), s.file.Sync(), s.file.Close())
}

// rows calls visit for each entry of a format before clock, and pause after each stretch, and returns how many could not be read.
func (d *Dumper) rows(ctx context.Context, prefix string, clock int64, headers bool, visit func(*store.Row) error, pause func() error) (faults int, err error) {
	q := store.Query{Prefix: prefix, Until: clock - 1, Limit: stretch, Headers: headers}
	for {
		page, err := d.Items.List(ctx, q, visit)
		faults += page.Faults
		if err == nil {
			err = pause()
		}
		if err != nil || !page.More {
			return faults, err
		}
		if page.Last == q.After {
			return faults, fmt.Errorf("the list stands still after %+v", page.Last)
		}
		q.After = page.Last
	}
}

// press compresses what is passed to it beside the reading of what comes next, which takes about as long.
type press struct {
	full  chan []byte
	empty chan []byte
	done  chan error
	ended bool
	err   error
	fails atomic.Bool
}

func newPress(w io.Writer) *press {
	p := &press{full: make(chan []byte), empty: make(chan []byte, 2), done: make(chan error, 1)}
	p.empty <- nil // one of three buffers: one is filled, one is pressed, one waits
	p.empty <- nil
	go func() {
		var err error
		for b := range p.full {
			if err == nil {
				_, err = w.Write(b)
				p.fails.Store(err != nil)
			}
			p.empty <- b[:0]
		}
		p.done <- err
	}()
	return p
}

// pass gives b away and returns a buffer in its place. It waits while what was passed before is pressed: a disk takes it soon, so the snapshot
// that the caller holds is not held for long.
func (p *press) pass(b []byte) []byte {
	p.full <- b
	return <-p.empty
}

// failed returns the first error as soon as it is known, so that nothing more need be read.
func (p *press) failed() error {
	if p.fails.Load() {
		return p.end()
	}
	return nil
}

// end waits until all is pressed and returns the first error.
func (p *press) end() error {
	if !p.ended {
		p.ended = true
		close(p.full)
		p.err = <-p.done
	}
	return p.err
}

// records writes the file of a format.
func (d *Dumper) records(ctx context.Context, dir, prefix string, clock int64) (f File, err error) {
	f = d.file(prefix, ".xml.gz", gzipType, clock)
	out, err := newSink(filepath.Join(dir, f.Name))
	if err != nil {
		return f, err
	}
	defer out.file.Close()
	z, err := gzip.NewWriterLevel(out, 6)
	if err != nil {
		return f, err
	}
	z.ModTime = store.Time(clock)
	e := oai.NewEncoder(d.RepositoryID, d.SiteURL)
	p := newPress(z)
	defer p.end()
	buf := e.AppendOpen(nil, clock, prefix)
	f.Unreadable, err = d.rows(ctx, prefix, clock, false, func(row *store.Row) error {
		f.Records++
		if row.Deleted {
			f.Deleted++
		}
		if buf = e.AppendRecord(buf, row); len(buf) < 1<<20 {
			return nil
		}
		buf = p.pass(buf)
		return nil
	}, p.failed)
	if err != nil {
		return f, err
	}
	if f.Unreadable > 0 {
		d.Log.ErrorContext(ctx, "dump: records left out: they cannot be read", "prefix", prefix, "count", f.Unreadable)
	}
	p.pass(e.AppendClose(buf))
	if err := errors.Join(p.end(), z.Close(), out.close()); err != nil {
		return f, err
	}
	f.Size, f.SHA256 = out.size, hex.EncodeToString(out.sum.Sum(nil))
	f.Continue = d.SiteURL + "/oai?" + url.Values{"verb": {"ListRecords"}, "metadataPrefix": {prefix}, "from": {f.ResponseDate}}.Encode()
	return f, nil
}

func (d *Dumper) file(prefix, suffix, kind string, clock int64) File {
	name := prefix + "-" + store.Time(clock).Format(stampLayout) + suffix
	return File{Name: name, URL: d.SiteURL + "/dump/" + name, Prefix: prefix, Type: kind, ResponseDate: datestamp(clock)}
}

// packer writes the ResourceSync packages of a format: ZIP files of documents, each with a manifest of its own.
//
// Source: ResourceSync 1.1 §11.
type packer struct {
	d      *Dumper
	dir    string
	prefix string
	clock  int64
	files  []File

	out      *sink // of the package that is being written; nil: none is
	zip      *zip.Writer
	manifest *document
	n        int // documents in it
}

func (p *packer) run(ctx context.Context) error {
	type entry struct {
		local     string
		datestamp int64
	}
	var page []entry // read once no snapshot is held
	_, err := p.d.rows(ctx, p.prefix, p.clock, true, func(row *store.Row) error {
		if !row.Deleted {
			page = append(page, entry{string(row.Local), row.Datestamp})
		}
		return nil
	}, func() error {
		for _, e := range page {
			b, err := p.d.Document(ctx, e.local, p.prefix)
			switch {
			case errors.Is(err, store.ErrNotFound): // it was deleted meanwhile
				continue
			case errors.Is(err, store.ErrCorrupt):
				p.d.Log.ErrorContext(ctx, "dump: document left out: its article cannot be read", "local", e.local, "prefix", p.prefix)
				continue
			case err != nil:
				return err
			}
			if err := p.add(e.local, e.datestamp, b); err != nil {
				return err
			}
		}
		page = page[:0]
		return nil
	})
	if err == nil {
		err = p.end()
	}
	if p.out != nil {
		p.out.file.Close()
	}
	return err
}

// add puts a document into the package.
func (p *packer) add(local string, stamp int64, b []byte) (err error) {
	if p.out == nil {
		f := p.d.file(p.prefix, fmt.Sprintf(".%04d.zip", len(p.files)+1), zipType, p.clock)
		p.files = append(p.files, f)
		if p.out, err = newSink(filepath.Join(p.dir, f.Name)); err != nil {
			return err
		}
		p.zip, p.manifest = zip.NewWriter(p.out), &document{}
		p.manifest.open("urlset", p.d.SiteURL+"/resourcesync/"+p.prefix+"/capabilitylist.xml", `capability="resourcedump-manifest" at="`+f.ResponseDate+`"`)
	}
	p.n++
	name := fmt.Sprintf("resources/%06d.xml", p.n)
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: store.Time(stamp)})
	if err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	s := &Source{SiteURL: p.d.SiteURL}
	s.resource(p.manifest, p.prefix, &store.Row{Local: []byte(local), Datestamp: stamp},
		fmt.Sprintf(`hash="sha-256:%x" length="%d" path="/%s" type="application/xml"`, sum, len(b), name))
	if p.n == p.d.packageSize {
		return p.end()
	}
	return nil
}

// end finishes the package that is being written.
func (p *packer) end() error {
	if p.out == nil {
		return nil
	}
	p.manifest.add("</urlset>\n")
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: "manifest.xml", Method: zip.Deflate, Modified: store.Time(p.clock)})
	if err == nil {
		_, err = w.Write(p.manifest.buf)
	}
	if err := errors.Join(err, p.zip.Close(), p.out.close()); err != nil {
		return err
	}
	f := &p.files[len(p.files)-1]
	f.Records, f.Size, f.SHA256 = p.n, p.out.size, hex.EncodeToString(p.out.sum.Sum(nil))
	p.out, p.zip, p.manifest, p.n = nil, nil, nil, 0
	return nil
}
