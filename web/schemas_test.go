package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/web"
)

var location = regexp.MustCompile(`<xs:(?:import|include)[^>]* schemaLocation="([^"]+)"`)

// Each schema that a format names at the site's own address is served, and what it imports from there too, down to the last.
func TestSchemas(t *testing.T) {
	server := httptest.NewServer(web.Schemas())
	defer server.Close()
	var queue []string
	for _, f := range crosswalk.All() {
		if strings.HasPrefix(f.Schema, crosswalk.BaseURL) {
			queue = append(queue, server.URL+strings.TrimPrefix(f.Schema, crosswalk.BaseURL))
		}
	}
	require.GreaterOrEqual(t, len(queue), 3)
	seen := map[string]bool{}
	for ; len(queue) > 0; queue = queue[1:] {
		address := queue[0]
		if seen[address] {
			continue
		}
		seen[address] = true
		at, err := url.Parse(address)
		require.NoError(t, err)
		res, err := http.Get(address)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, http.StatusOK, res.StatusCode, address)
		assert.Equal(t, "application/xml; charset=utf-8", res.Header.Get("Content-Type"), address)
		require.Contains(t, string(body), "<xs:schema", address)
		for _, m := range location.FindAllStringSubmatch(string(body), -1) {
			next, err := at.Parse(m[1])
			require.NoError(t, err, m[1])
			if next.Host == at.Host { // the others are public
				queue = append(queue, next.String())
			}
		}
	}
	names := map[string]bool{}
	for address := range seen {
		names[filepath.Base(address)] = true
	}
	for _, name := range []string{"sheaf-jats-1.3.xsd", "mathml.xsd", "ali.xsd", "xml.xsd", "xlink.xsd", "qualifieddc.xsd", "oai_doaj.xsd"} {
		assert.Contains(t, names, name)
	}
}

func TestSchemasThatAreNotThere(t *testing.T) {
	for _, path := range []string{"/schemas/", "/schemas/jats/", "/schemas/qdc/", "/schemas/doaj/oai.xsd", "/schemas/jats/oai_doaj.xsd", "/schemas/other/oai_doaj.xsd", "/schemas/jats"} {
		w := httptest.NewRecorder()
		web.Schemas().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		assert.Contains(t, []int{http.StatusNotFound, http.StatusMovedPermanently, http.StatusTemporaryRedirect}, w.Code, path)
		if w.Code != http.StatusNotFound {
			assert.Equal(t, path+"/", w.Header().Get("Location"), "to what is not found: %s", path)
		}
	}
}
