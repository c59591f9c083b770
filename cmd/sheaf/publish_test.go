package main

import (
	"archive/zip"
	"compress/gzip"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/feed/web"
	"sheaf/fixtures/fixturetest"
)

// From /.well-known/resourcesync a crawler comes to every list, from these to every document, and the packages hold what the addresses give; the sitemap
// leads to the pages; the dump is a valid response.
func TestPublished(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dump")
	base, stop := start(t, "demo", "--rate-limit=0", "--dump-dir="+dir, "--dump-packages")
	require.Eventually(t, func() bool { _, err := os.Stat(filepath.Join(dir, "manifest.json")); return err == nil }, time.Minute, 20*time.Millisecond)

	type list struct {
		Entries []struct {
			Loc string `xml:"loc"`
			MD  struct {
				Path string `xml:"path,attr"`
			} `xml:"http://www.openarchives.org/rs/terms/ md"`
		} `xml:",any"`
	}
	read := func(body string) (l list) {
		require.NoError(t, xml.Unmarshal([]byte(body), &l), body)
		return l
	}
	documents, packed, seen := map[string]string{}, map[string]string{}, map[string]bool{}
	var crawl func(url string)
	crawl = func(url string) {
		if url == "" || seen[url] {
			return
		}
		seen[url] = true
		body := fetch(t, url)
		if strings.HasSuffix(url, ".zip") {
			z, err := zip.NewReader(strings.NewReader(body), int64(len(body)))
			require.NoError(t, err)
			get := func(name string) string {
				f, err := z.Open(name)
				require.NoError(t, err)
				b, err := io.ReadAll(f)
				require.NoError(t, err)
				return string(b)
			}
			for _, e := range read(get("manifest.xml")).Entries {
				if e.Loc != "" {
					packed[e.Loc] = get(strings.TrimPrefix(e.MD.Path, "/"))
				}
			}
			return
		}
		if !web.Serves(strings.TrimPrefix(url, base)) {
			documents[url] = body
			return
		}
		for _, e := range read(body).Entries {
			crawl(e.Loc)
		}
	}
	crawl(base + "/.well-known/resourcesync")
	assert.NotEmpty(t, documents)
	assert.Equal(t, documents, packed)

	robots := fetch(t, base+"/robots.txt")
	_, sitemap, _ := strings.Cut(strings.TrimSpace(robots), "Sitemap: ")
	clear(documents)
	crawl(sitemap)
	for url, page := range documents {
		assert.Contains(t, page, "<h1>", url)
	}
	assert.Len(t, documents, strings.Count(fetch(t, base+"/oai?verb=ListIdentifiers&metadataPrefix=oai_dc"), "<header>"))
	assert.Contains(t, fetch(t, base+"/atom.xml"), "The views of Chinese and Russian experts")

	dumps := map[string][]byte{}
	for _, prefix := range []string{"oai_dc", "jats"} {
		z, err := gzip.NewReader(strings.NewReader(fetch(t, base+"/dump/"+prefix+".xml.gz"))) // the front must not pack it twice
		require.NoError(t, err)
		dumps[prefix], err = io.ReadAll(z)
		require.NoError(t, err)
	}
	assert.Empty(t, fixturetest.Responses(t, dumps))
	assert.Zero(t, stop())
}

func TestPublishedFlags(t *testing.T) {
	for flag, reason := range map[string]string{"--dump-prefix=nothing": `--dump-prefix "nothing"`, "--dump-every=1s": "--dump-every 1s"} {
		_, errs, code := sheaf(t, "", "serve", tempDB(t), flag)
		assert.Equal(t, exitUsage, code)
		assert.Contains(t, errs, reason)
	}
	dir := t.TempDir()
	_, stop := serve(t, "--dump-dir="+dir, "--dump-prefix=jats", "--dump-prefix=jats")
	var files []string
	require.Eventually(t, func() bool { files, _ = filepath.Glob(filepath.Join(dir, "*.json")); return len(files) == 1 }, time.Minute, 20*time.Millisecond)
	files, err := filepath.Glob(filepath.Join(dir, "*.gz"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	assert.Contains(t, files[0], "jats-")
	assert.Zero(t, stop())
}
