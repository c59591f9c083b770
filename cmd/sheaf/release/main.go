// Command release makes the archives of a release, the same bytes for the same commit, version and Go, wherever it is run.
//
// It builds what is committed, not what lies in the folder, and gives nothing of this machine to the result: no paths, no user, no
// time but that of the commit (or SOURCE_DATE_EPOCH). It is run by "make release VERSION=v1.2.3" from the top folder.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// targets are what a release is made for.
var targets = []target{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"}}

type target struct{ os, arch string }

func (t target) program() string {
	if t.os == "windows" {
		return "sheaf.exe"
	}
	return "sheaf"
}

// papers are what of the sources goes into every archive, files and whole folders.
var papers = []string{"README.md", "LICENSE", "docs", "oai/CONFORMANCE.md"}

func main() {
	version := flag.String("version", "", "version, such as v1.2.3")
	commit := flag.String("commit", "HEAD", "what to build")
	out := flag.String("out", "dist", "folder for the archives")
	flag.Parse()
	if err := release(*version, *commit, *out); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

var semver = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

func release(version, commit, out string) error {
	if !semver.MatchString(version) {
		return fmt.Errorf("version %q: want one such as v1.2.3 or v1.2.3-rc.1", version)
	}
	revision, err := output("git", "rev-parse", "--verify", commit+"^{commit}")
	if err != nil {
		return err
	}
	epoch := os.Getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		if epoch, err = output("git", "log", "-1", "--format=%ct", revision); err != nil {
			return err
		}
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH %q: want seconds since 1970", epoch)
	}
	work, err := os.MkdirTemp("", "sheaf-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	source := filepath.Join(work, "source")
	if err := export(revision, source); err != nil {
		return err
	}

	b := &builder{version: version, revision: revision, epoch: epoch, source: source}
	programs := map[target][]byte{}
	modules := map[string]string{} // path and version
	for _, t := range targets {
		fmt.Fprintf(os.Stderr, "release: building for %s/%s\n", t.os, t.arch)
		if programs[t], err = b.build(t, filepath.Join(work, t.os+"-"+t.arch)); err != nil {
			return err
		}
		info, err := buildinfo.Read(bytes.NewReader(programs[t]))
		if err != nil {
			return err
		}
		for _, m := range info.Deps {
			modules[m.Path] = m.Version
		}
	}
	common, err := b.common(filepath.Join(work, "here"))
	if err != nil {
		return err
	}
	licences, err := b.licences(modules)
	if err != nil {
		return err
	}
	common["LICENSES-OF-MODULES.txt"] = file{data: licences}

	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var sums strings.Builder
	for _, t := range targets {
		name := fmt.Sprintf("sheaf-%s-%s-%s", version, t.os, t.arch)
		files := maps.Clone(common)
		files[t.program()] = file{data: programs[t], program: true}
		pack, suffix := tarGz, ".tar.gz"
		if t.os == "windows" {
			pack, suffix = zipped, ".zip"
		}
		data, err := pack(name, files, time.Unix(seconds, 0).UTC())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name+suffix), data, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name+suffix)
	}
	if err := os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o644); err != nil {
		return err
	}
	fmt.Print(sums.String())
	return nil
}

// output runs a command and returns what it printed, without the end of the line.
func output(name string, args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// export writes the files of a commit into dir.
func export(revision, dir string) error {
	cmd := exec.Command("git", "archive", "--format=tar", revision)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	r := tar.NewReader(out)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return cmd.Wait()
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		name := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			return err
		}
	}
}

type builder struct{ version, revision, epoch, source string }

// environment is this one without what would change the result.
func (b *builder) environment(t target) []string {
	env := slices.DeleteFunc(os.Environ(), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return slices.Contains([]string{"GOFLAGS", "GOEXPERIMENT", "GOWORK", "GOAMD64", "GOARM64", "GODEBUG", "GOFIPS140"}, name)
	})
	return append(env, "CGO_ENABLED=0", "GOOS="+t.os, "GOARCH="+t.arch, "GOAMD64=v1", "GOARM64=v8.0", "GOWORK=off", "SOURCE_DATE_EPOCH="+b.epoch)
}

func (b *builder) build(t target, to string) ([]byte, error) {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+b.version+" -X main.revision="+b.revision, "-o", to, "./cmd/sheaf")
	cmd.Dir, cmd.Env, cmd.Stderr = b.source, b.environment(t), os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("build for %s/%s: %w", t.os, t.arch, err)
	}
	return os.ReadFile(to)
}

// file is one of an archive.
type file struct {
	data    []byte
	program bool
}

// common returns the files that all archives have, by their paths. The program is built for this machine too, because it makes some of them.
func (b *builder) common(program string) (map[string]file, error) {
	files := map[string]file{}
	for _, paper := range papers {
		err := fs.WalkDir(os.DirFS(b.source), paper, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(filepath.Join(b.source, filepath.FromSlash(name)))
			files[name] = file{data: data}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	here := target{runtime.GOOS, runtime.GOARCH}
	if _, err := b.build(here, program); err != nil {
		return nil, err
	}
	run := func(args ...string) ([]byte, error) {
		cmd := exec.Command(program, args...)
		cmd.Env, cmd.Stderr = b.environment(here), os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("sheaf %s: %w", strings.Join(args, " "), err)
		}
		return out, nil
	}
	for shell, name := range map[string]string{"bash": "sheaf.bash", "zsh": "_sheaf", "fish": "sheaf.fish"} {
		data, err := run("completion", shell)
		if err != nil {
			return nil, err
		}
		files["completions/"+name] = file{data: data}
	}
	man := filepath.Join(filepath.Dir(program), "man")
	if _, err := run("man", "--dir", man); err != nil {
		return nil, err
	}
	pages, err := os.ReadDir(man)
	if err != nil {
		return nil, err
	}
	for _, p := range pages {
		data, err := os.ReadFile(filepath.Join(man, p.Name()))
		if err != nil {
			return nil, err
		}
		files["man/"+p.Name()] = file{data: data}
	}
	return files, nil
}

// licences returns the licences of Go and of the modules that are in the programs, as they want to be given with them.
func (b *builder) licences(modules map[string]string) ([]byte, error) {
	var all bytes.Buffer
	fmt.Fprintf(&all, "Sheaf is made with the modules below. The licence of each follows its name.\n")
	add := func(name, dir string) error {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		found := false
		for _, e := range entries {
			if !licence.MatchString(e.Name()) || e.IsDir() {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				return err
			}
			found = true
			fmt.Fprintf(&all, "\n%s\n%s: %s\n\n%s\n", strings.Repeat("=", 80), name, e.Name(), bytes.TrimSpace(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))))
		}
		if !found {
			return fmt.Errorf("%s: no licence in %s", name, dir)
		}
		return nil
	}
	root, err := output("go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	if err := add("Go "+runtime.Version(), root); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", name)
		cmd.Dir, cmd.Stderr = b.source, os.Stderr
		dir, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go list -m %s: %w", name, err)
		}
		if err := add(name+" "+modules[name], strings.TrimSpace(string(dir))); err != nil {
			return nil, err
		}
	}
	return all.Bytes(), nil
}

var licence = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|unlicense|copyright)`)

// sorted returns every file and every folder above one, which ends with a slash, in order.
func sorted(files map[string]file) []string {
	seen := map[string]bool{}
	for name := range files {
		seen[name] = true
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			seen[dir+"/"] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// tarGz packs files below a folder called name, owned by nobody in particular.
func tarGz(name string, files map[string]file, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(z)
	for _, p := range append([]string{""}, sorted(files)...) {
		h := &tar.Header{Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Name: name + "/" + p, Mode: 0o644, Size: int64(len(files[p].data)), ModTime: at, Uname: "root", Gname: "root"}
		switch {
		case p == "" || strings.HasSuffix(p, "/"):
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		case files[p].program:
			h.Mode = 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(files[p].data); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// zipped is tarGz for those who have no tar.
func zipped(name string, files map[string]file, at time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, p := range append([]string{""}, sorted(files)...) {
		h := &zip.FileHeader{Name: name + "/" + p, Method: zip.Deflate, Modified: at}
		h.SetMode(0o644)
		switch {
		case p == "" || strings.HasSuffix(p, "/"):
			h.Method = zip.Store
			h.SetMode(fs.ModeDir | 0o755)
		case files[p].program:
			h.SetMode(0o755)
		}
		out, err := w.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := out.Write(files[p].data); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}
