package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

// Whatever source an article comes from, the JATS that it is written as reads back to the same JATS, byte for byte, and to the same article, but for what JATS does not
// carry (metrics, origin, e-mail addresses that are not written) and what is only written for JATS4R's sake (years in numbers, a holder told in words).
func TestRoundTrip(t *testing.T) {
	dir := fixturetest.Shared(t, "data")
	for _, kind := range []string{"jats", "jes", "bibtex", "crossref-json", "crossref-xml", "doaj", "pubmed", "oai-pmh", "ojs-native", "ris"} {
		t.Run(kind, func(t *testing.T) {
			n, same := 0, 0
			w := Walker{}
			require.NoError(t, w.Walk(context.Background(), []string{filepath.Join(dir, kind)}, func(in Input) error {
				if in.Err != nil {
					return nil
				}
				_, a, _, err := Parse(in.Data, in.Kind)
				if err != nil {
					return nil
				}
				n++
				xml := jats.AppendXML(nil, a, jats.WriteOptions{Standalone: true})
				back, _, err := jats.Read(xml)
				require.NoError(t, err, "%s:%d", in.Name, in.Line)
				if again := jats.AppendXML(nil, back, jats.WriteOptions{Standalone: true}); !bytes.Equal(xml, again) {
					i := 0
					for i < len(xml) && i < len(again) && xml[i] == again[i] {
						i++
					}
					t.Errorf("%s:%d: %.200q became %.200q", in.Name, in.Line, xml[max(0, i-80):], again[max(0, i-80):])
				}
				if string(carried(t, a)) == string(carried(t, back)) {
					same++
				}
				return nil
			}))
			t.Logf("%d of %d articles are equal", same, n)
			assert.Positive(t, n)
		})
	}
}

// carried is an article without what JATS is not asked to carry.
func carried(t *testing.T, a *jats.Article) []byte {
	b := *a
	b.Metrics, b.Origin = nil, nil
	b.Contribs = append([]jats.Contrib(nil), b.Contribs...)
	for i := range b.Contribs {
		b.Contribs[i].Emails = nil
	}
	data, err := json.Marshal(&b)
	require.NoError(t, err)
	return data
}
