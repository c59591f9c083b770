package oaipmh_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest/cut"
	"sheaf/ingest/oaipmh"
	"sheaf/jats"
)

// seeds are the documents of testdata and of Sheaf's own answers, whole and by their records.
func seeds(f *testing.F, add func([]byte)) {
	for _, pattern := range []string{"testdata/*.xml", filepath.Join(fixturetest.Root(), "fixtures", "golden", "oai", "*.xml")} {
		paths, err := filepath.Glob(pattern)
		require.NoError(f, err)
		require.NotEmpty(f, paths)
		for _, p := range paths {
			data, err := os.ReadFile(p)
			require.NoError(f, err)
			add(data)
		}
	}
	for _, s := range []string{
		"<record><header status='deleted'/></record>", "<dc><title>x</title><date>info:eu-repo/date/embargoEnd/</date><relation>info:eu-repo/semantics/reference/</relation></dc>",
		"<record><datafield tag='880'><subfield code='6'>245-0</subfield></datafield><datafield tag=''/></record>", "<mods><titleInfo/></mods>", "<OAI-PMH><error/></OAI-PMH>",
		"<record><metadata>&lt;dc>&lt;title>a&lt;/title>&lt;/dc></metadata></record>",
	} {
		add([]byte(s))
	}
}

// sound checks an article as the door does.
func sound(t *testing.T, a *jats.Article) {
	a.Clean()
	js, err := json.Marshal(a)
	require.NoError(t, err)
	var back jats.Article
	require.NoError(t, json.Unmarshal(js, &back))
	again, err := json.Marshal(&back)
	require.NoError(t, err)
	require.Equal(t, string(js), string(again))
	require.Empty(t, back.Clean(), "clean is clean")
	if len(a.Problems()) > 0 {
		return
	}
	out := jats.AppendXML(nil, a, jats.WriteOptions{})
	_, _, err = jats.Read(out)
	require.NoError(t, err, "%s", out)
	_, err = crosswalk.RenderAll(crosswalk.All(), crosswalk.Record(a, "x", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)))
	require.NoError(t, err)
}

func FuzzRead(f *testing.F) {
	seeds(f, func(data []byte) {
		cut := oaipmh.Cut(bytes.NewReader(data), func(r cut.Record) error {
			f.Add(r.Data)
			return nil
		})
		require.NoError(f, cut)
	})
	f.Fuzz(func(t *testing.T, data []byte) {
		oaipmh.Recognise(data)
		oaipmh.HeaderOf(data)
		a, _, err := oaipmh.Read(data)
		if err != nil {
			assert.True(t, a == nil || errors.Is(err, jats.ErrWithdrawn))
			return
		}
		sound(t, a)
	})
}

func FuzzCut(f *testing.F) {
	seeds(f, func(data []byte) { f.Add(data) })
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		require.NoError(t, oaipmh.Cut(bytes.NewReader(data), func(r cut.Record) error {
			n++
			require.True(t, (r.Data == nil) != (r.Err == nil))
			require.Positive(t, r.Line)
			if r.Err != nil {
				return nil
			}
			a, _, err := oaipmh.Read(r.Data)
			if err != nil {
				return nil
			}
			require.NoError(t, oaipmh.Cut(bytes.NewReader(r.Data), func(one cut.Record) error {
				require.NoError(t, one.Err)
				require.Equal(t, string(r.Data), string(one.Data), "a record stands alone")
				return nil
			}))
			sound(t, a)
			return nil
		}))
		require.Positive(t, n, "what is read or refused is told")
		p, err := oaipmh.CutPage(bytes.NewReader(data), func(cut.Record) error { return nil })
		var fault *jats.Fault
		require.True(t, err == nil || errors.As(err, &fault), "%v", err)
		require.LessOrEqual(t, len(p.Errors), 100)
		oaipmh.ParseIdentify(data)
		oaipmh.ParseFormats(data)
		oaipmh.ParseSets(data)
	})
}

func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"oai_dc", "openaire", "marcxml", "mods"} {
		data, err := os.ReadFile("testdata/" + name + ".xml")
		require.NoError(b, err)
		var records [][]byte
		size := 0
		require.NoError(b, oaipmh.Cut(bytes.NewReader(data), func(r cut.Record) error {
			records, size = append(records, r.Data), size+len(r.Data)
			return nil
		}))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size) / int64(len(records)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				a, _, err := oaipmh.Read(records[i%len(records)])
				if err == nil {
					a.Clean()
				}
			}
		})
	}
}
