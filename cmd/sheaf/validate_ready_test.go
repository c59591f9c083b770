package main

import (
	"context"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
	"sheaf/ready"
)

// madeFor are the formats that are made for one service each: of an article that is ready for the service there is the record.
var madeFor = map[string]string{"openaire4": "oai_openaire", "crossref": "crossref", "datacite": "oai_datacite", "doaj": "oai_doaj"}

// agree tells of each service that calls an article ready, and whose format refuses it.
func agree(t *testing.T, name string, a *jats.Article, taken map[string]int) {
	r := crosswalk.Record(a, ingest.Local(a), time.Now())
	for service, prefix := range madeFor {
		f, ok := crosswalk.Find(prefix)
		require.True(t, ok, prefix)
		if !ready.Find(service).Answer(r).Ready {
			continue
		}
		taken[service]++
		_, err := crosswalk.Render(f, r)
		assert.NoError(t, err, "%s: ready for %s", name, service)
	}
}

// The rules of a service and the format that is made for it are written apart: the one must not promise what the other refuses.
func TestReadyIsRendered(t *testing.T) {
	files, err := fs.Glob(fixtures.FS, "articles/*")
	require.NoError(t, err)
	taken := map[string]int{}
	for _, name := range files {
		data, err := fs.ReadFile(fixtures.FS, name)
		require.NoError(t, err)
		if _, a, _, err := ingest.Parse(data, ""); err == nil {
			agree(t, name, a, taken)
		}
	}
	for service := range madeFor {
		assert.Positive(t, taken[service], "no fixture is ready for %s", service)
	}
}

func TestReadyIsRenderedOfShared(t *testing.T) {
	path := fixturetest.Shared(t, "data")
	n, taken := 0, map[string]int{}
	require.NoError(t, (&ingest.Walker{}).Walk(context.Background(), []string{path}, func(in ingest.Input) error {
		if n++; n%5 != 0 || in.Err != nil { // a part of them says as much, and takes less time
			return nil
		}
		if _, a, _, err := ingest.Parse(in.Data, in.Kind); err == nil {
			agree(t, in.Name, a, taken)
		}
		return nil
	}))
	for service := range madeFor {
		assert.Greater(t, taken[service], 10, service)
	}
}
