package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// dtds checks documents by their DTDs with xmllint, which never opens anything but the files of one folder of DTDs: a document's own internal subset is left
// out when it names other files.
type dtds struct {
	tool                  string            // xmllint
	byPublic              map[string]string // public identifier to file
	publishing, archiving string            // JATS 1.3 with MathML 3
	plain                 map[string]string // the same without MathML 3, by "Publishing" and "Archiving"; a file may be absent
}

const (
	lintTime    = time.Minute // for one document
	maxFound    = 200         // kept of one document
	maxDTDFiles = 50000       // looked at under the folder
)

// findDTDs looks for xmllint, and for DTDs under dir or, when that is "", where they usually are.
func findDTDs(dir string) (*dtds, error) {
	tool, err := exec.LookPath("xmllint")
	if err != nil {
		return nil, errors.New("xmllint is not installed")
	}
	dirs := []string{dir}
	if dir == "" {
		dirs = []string{os.Getenv("SHEAF_SCHEMAS"), ".schemas"}
	}
	for _, at := range dirs {
		if at == "" {
			continue
		}
		d := &dtds{tool: tool, byPublic: map[string]string{}, plain: map[string]string{}}
		if err := d.look(at); err != nil {
			if dir != "" {
				return nil, fmt.Errorf("--dtd %s: %w", dir, err)
			}
			continue
		}
		return d, nil
	}
	return nil, errors.New("no folder of DTDs: name it with --dtd or SHEAF_SCHEMAS")
}

// look finds the DTDs of JATS 1.3 under a folder, and all that catalogues there name.
func (d *dtds) look(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	files := 0
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if files++; files > maxDTDFiles {
			return errors.New("too many files to look for DTDs in")
		}
		switch name := e.Name(); {
		case name == "JATS-journalpublishing1-3-mathml3.dtd":
			d.publishing = path
		case name == "JATS-archivearticle1-3-mathml3.dtd":
			d.archiving = path
		case name == "JATS-journalpublishing1-3.dtd":
			d.plain["Publishing"] = path
		case name == "JATS-archivearticle1-3.dtd":
			d.plain["Archiving"] = path
		case strings.HasPrefix(name, "catalog") && filepath.Ext(name) == ".xml":
			d.catalogue(path)
		}
		return nil
	})
	if err == nil && (d.publishing == "" || d.archiving == "") {
		err = errors.New("it has no JATS-journalpublishing1-3-mathml3.dtd and JATS-archivearticle1-3-mathml3.dtd")
	}
	return err
}

// catalogue takes the public identifiers of DTDs from an OASIS catalogue. One that cannot be read is passed over.
func (d *dtds) catalogue(path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		return
	}
	var c struct {
		Public []struct {
			ID  string `xml:"publicId,attr"`
			URI string `xml:"uri,attr"`
		} `xml:"public"`
	}
	if xml.Unmarshal(data, &c) != nil {
		return
	}
	for _, p := range c.Public {
		file := filepath.Join(filepath.Dir(path), filepath.FromSlash(p.URI))
		if _, err := os.Stat(file); err == nil && filepath.Ext(file) == ".dtd" {
			d.byPublic[strings.Join(strings.Fields(p.ID), " ")] = file
		}
	}
}

// choose is the DTD of a document, by the public identifier of its document type: that one if it is here, else JATS 1.3, which all versions of JATS before it are
// a part of. "" is one of NLM, which are not.
func (d *dtds) choose(public string) string {
	public = strings.Join(strings.Fields(public), " ")
	if file := d.byPublic[public]; file != "" {
		return file
	}
	switch {
	case public == "":
		return d.archiving
	case !strings.Contains(public, "JATS (Z39.96)"):
		return ""
	case strings.Contains(public, "Publishing") && strings.Contains(public, "MathML3"):
		return d.publishing
	case strings.Contains(public, "Publishing"):
		return cmp.Or(d.plain["Publishing"], d.publishing)
	case strings.Contains(public, "MathML3"):
		return d.archiving
	}
	return cmp.Or(d.plain["Archiving"], d.archiving)
}

// source checks a JATS file.
func (d *dtds) source(ctx context.Context, s *subject) []finding {
	doc, err := s.document()
	if err != nil { // told by the profile of JATS4R, unless that is left out
		return []finding{s.broken(err, "")}
	}
	if doc.Root.Tag != "article" || doc.Root.Space != "" { // an envelope, or a namespace, which no DTD has
		return nil
	}
	dtd := d.choose(doc.PubID)
	if dtd == "" {
		return []finding{described(finding{Line: s.lineOf(1), Severity: severityWarning, Code: "dtd-unknown",
			Message: fmt.Sprintf("the DTD of its document type %q is not at hand", doc.PubID)})}
	}
	found := d.lint(ctx, s.source, dtd)
	for i := range found {
		found[i].Line = s.lineOf(found[i].Line)
	}
	return found
}

// lintLine is how xmllint tells an error.
var lintLine = regexp.MustCompile(`^-:(\d+): (?:element ([^ ]+): )?(validity|parser|namespace|I/O) error : (.*)$`)

// lint checks a document by a DTD.
func (d *dtds) lint(ctx context.Context, doc []byte, dtd string) []finding {
	ctx, cancel := context.WithTimeout(ctx, lintTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, d.tool, "--nonet", "--noout", "--valid", "-")
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES=")
	cmd.Stdin = bytes.NewReader(withDocType(doc, dtd))
	var out bytes.Buffer
	cmd.Stderr = &limited{&out, 4 << 20}
	failed := cmd.Run()
	if ctx.Err() != nil {
		return []finding{described(finding{Severity: severityError, Code: "dtd-invalid", Message: "xmllint took too long"})}
	}
	var found []finding
	for line := range strings.Lines(out.String()) {
		m := lintLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil || strings.Contains(m[4], "attribute dtd-version") || len(found) == maxFound {
			continue
		}
		n, _ := strconv.Atoi(m[1])
		text := m[4]
		if r := []rune(text); len(r) > 300 {
			text = string(r[:300]) + "..."
		}
		f := finding{Line: n, Severity: severityError, Code: "dtd-invalid", Message: text, Element: m[2]}
		if m[3] != "validity" {
			f.Code = "malformed"
		}
		found = append(found, described(f))
	}
	if failed != nil && out.Len() == 0 {
		found = append(found, described(finding{Severity: severityError, Code: "dtd-invalid", Message: "xmllint: " + failed.Error()}))
	}
	return found
}

// limited passes on up to n bytes and drops the rest.
type limited struct {
	b *bytes.Buffer
	n int
}

func (l *limited) Write(p []byte) (int, error) {
	l.b.Write(p[:max(0, min(len(p), l.n-l.b.Len()))])
	return len(p), nil
}

var (
	docTypeBegin = regexp.MustCompile(`<!DOCTYPE\s+([^\s>\[]+)`)
	firstElement = regexp.MustCompile(`<([^\s!?/>]+)`)
	xmlDecl      = regexp.MustCompile(`^<\?xml\s[^>]*\?>`)
)

// withDocType gives a document the DTD of a file as its document type, in the same lines. An internal subset stays, unless it names other files.
func withDocType(doc []byte, dtd string) []byte {
	if bytes.HasPrefix(doc, []byte("\xff\xfe")) || bytes.HasPrefix(doc, []byte("\xfe\xff")) { // UTF-16
		if b, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), doc); err == nil {
			doc = xmlDecl.ReplaceAllFunc(b, func(decl []byte) []byte { return bytes.Repeat([]byte("\n"), bytes.Count(decl, []byte("\n"))) })
		}
	}
	doc = bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf"))
	system := (&url.URL{Scheme: "file", Path: filepath.ToSlash(dtd)}).String()
	root := firstElement.FindSubmatchIndex(doc)
	at := docTypeBegin.FindSubmatchIndex(doc)
	if at == nil || root != nil && root[0] < at[0] { // none: it is put before the root element
		if root == nil {
			return doc
		}
		return slices.Concat(doc[:root[0]], []byte(fmt.Sprintf("<!DOCTYPE %s SYSTEM %q>", doc[root[2]:root[3]], system)), doc[root[0]:])
	}
	name := doc[at[2]:at[3]]
	subset, end := []byte(nil), len(doc)
	depth, quote, open := 0, byte(0), 0
scan:
	for i := at[1]; i < len(doc); i++ {
		switch c := doc[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case depth > 0 && bytes.HasPrefix(doc[i:], []byte("<!--")):
			j := bytes.Index(doc[i:], []byte("-->"))
			if j < 0 {
				break scan
			}
			i += j + 2
		case c == '"' || c == '\'':
			quote = c
		case c == '[':
			if depth++; depth == 1 {
				open = i
			}
		case c == ']':
			if depth--; depth == 0 {
				subset = doc[open : i+1]
			}
		case c == '>' && depth == 0:
			end = i + 1
			break scan
		}
	}
	lines := bytes.Count(doc[at[0]:end], []byte("\n"))
	if bytes.Contains(subset, []byte("SYSTEM")) || bytes.Contains(subset, []byte("PUBLIC")) || bytes.IndexByte(subset, '%') >= 0 {
		subset = nil
	}
	decl := slices.Concat([]byte(fmt.Sprintf("<!DOCTYPE %s SYSTEM %q ", name, system)), subset, []byte(">"))
	return slices.Concat(doc[:at[0]], decl, bytes.Repeat([]byte("\n"), lines-bytes.Count(subset, []byte("\n"))), doc[end:])
}
