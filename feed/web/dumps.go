package web

import (
	"bytes"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// manifest is that of the dump that is there, or nil.
func (s *Source) manifest() *Manifest {
	if s.DumpDir == "" {
		return nil
	}
	m, err := readManifest(s.DumpDir)
	if err != nil {
		s.Log.Error("feed/web: no dump is served", "error", err)
		return nil
	}
	return m
}

// dump answers below /dump/: manifest.json, SHA256SUMS, each file by its name, PREFIX.xml.gz for the newest file of a format, and a page for people.
func (s *Source) dump(w http.ResponseWriter, r *http.Request) {
	m := s.manifest()
	if m == nil {
		http.NotFound(w, r)
		return
	}
	switch name := strings.TrimPrefix(r.URL.Path, "/dump"); name {
	case "":
		http.Redirect(w, r, s.SiteURL+"/dump/", http.StatusMovedPermanently)
	case "/":
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			s.dumpPage(w, m)
			return
		}
		fallthrough
	case "/" + manifestName:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Add("Vary", "Accept")
		w.Write(m.json())
	case "/SHA256SUMS":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		for _, f := range m.Files {
			fmt.Fprintf(w, "%s  %s\n", f.SHA256, f.Name)
		}
	default:
		s.dumpFile(w, r, m, name[1:])
	}
}

// dumpFile serves a file, whole or in ranges. The name of a format's newest file is told, so that who was cut off can go on with the same one.
func (s *Source) dumpFile(w http.ResponseWriter, r *http.Request, m *Manifest, name string) {
	if prefix, ok := strings.CutSuffix(name, ".xml.gz"); ok {
		if files := m.of(prefix, gzipType); len(files) == 1 {
			name = files[0].Name
			w.Header().Set("Content-Location", files[0].URL)
			w.Header().Set("Cache-Control", "no-cache")
		}
	}
	if !dumpName.MatchString(name) {
		http.NotFound(w, r)
		return
	}
	f, err := os.Open(filepath.Join(s.DumpDir, name))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		http.NotFound(w, r)
		return
	}
	kind := gzipType
	if strings.HasSuffix(name, ".zip") {
		kind = zipType
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("ETag", fmt.Sprintf(`"%x-%x"`, st.ModTime().UnixNano(), st.Size()))
	http.ServeContent(w, r, name, st.ModTime(), f)
}

var dumpPage = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Dumps of {{.Name}}</title><meta name="viewport" content="width=device-width"></head>
<body><h1>Dumps of {{.Name}}</h1>
<p>Everything up to {{.M.ResponseDate}}, one file for each format. Go on from there with the OAI-PMH request that stands beside it.
Also as <a href="manifest.json">JSON</a> and as <a href="SHA256SUMS">SHA256SUMS</a>.</p>
<table><tr><th>Format<th>File<th>Records<th>Bytes<th>SHA-256<th>Go on</tr>
{{range .M.Files}}<tr><td>{{.Prefix}}<td><a href="{{.URL}}">{{.Name}}</a><td>{{.Records}}<td>{{.Size}}<td><code>{{.SHA256}}</code><td>{{with .Continue}}<a href="{{.}}">from</a>{{end}}</tr>
{{end}}</table></body></html>
`))

func (s *Source) dumpPage(w http.ResponseWriter, m *Manifest) {
	var b bytes.Buffer
	if err := dumpPage.Execute(&b, map[string]any{"Name": s.Name, "M": m}); err != nil {
		s.Log.Error("feed/web: page of dumps", "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Add("Vary", "Accept")
	w.Write(b.Bytes())
}

// resourceDump names the packages of a format.
//
// Source: ResourceSync 1.1 §11.1.
func (s *Source) resourceDump(d *document, prefix string) error {
	m := s.manifest()
	if m == nil || len(m.packages(prefix)) == 0 {
		return errNoFile
	}
	at := `at="` + m.ResponseDate + `"`
	d.open("urlset", s.capabilities(prefix), `capability="resourcedump" `+at)
	for _, f := range m.packages(prefix) {
		d.add("<url><loc>")
		d.text(f.URL)
		d.add("</loc><lastmod>", f.ResponseDate, "</lastmod>", fmt.Sprintf(`<rs:md hash="sha-256:%s" length="%d" type="%s" %s/>`, f.SHA256, f.Size, f.Type, at), "</url>\n")
	}
	d.add("</urlset>\n")
	return nil
}
