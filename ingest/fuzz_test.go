package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures"
	"sheaf/jats"
	"sheaf/store"
)

// Whatever is let in has a name that a token can hold, valid records in every format, sets that OAI-PMH allows, and a JSON form that
// gives the same article back.
func FuzzDoor(f *testing.F) {
	files, err := fs.Glob(fixtures.FS, "articles/*")
	require.NoError(f, err)
	for _, name := range files {
		data, err := fs.ReadFile(fixtures.FS, name)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"title":{"text":{"markup":"<i>x</i> &lt; y"}},"ids":[{"type":"doi","value":"10.5555/<\u0001>"}],"contribs":[{}],"refs":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, a, _, err := Parse(data, "")
		if err != nil {
			return
		}
		local := Local(a)
		assert.NotEmpty(t, local)
		assert.LessOrEqual(t, len(local), store.MaxLocal)
		c, err := NewChange(a, local, crosswalk.All(), nil, time.Now())
		require.NoError(t, err, "what is clean can be written")
		for _, s := range c.Sets {
			assert.True(t, store.ValidSetSpec(s.Spec), s.Spec)
		}
		b := new(jats.Article)
		require.NoError(t, json.Unmarshal(c.Article, b))
		again, err := json.Marshal(b)
		require.NoError(t, err)
		assert.Equal(t, string(c.Article), string(again))
	})
}

// Hostile archives and JSON end, whatever they are, with documents or reasons.
func FuzzWalk(f *testing.F) {
	for _, seed := range []string{"PK\x03\x04", "\x1f\x8b\x08", "[{},{\"a\":[1,2]}]", "{}\n{]\n{}", "text"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := Walker{Stdin: bytes.NewReader(data)}
		n := 0
		require.NoError(t, w.Walk(context.Background(), []string{"-"}, func(in Input) error {
			n++
			assert.True(t, (in.Err == nil) != (in.Data == nil) || in.Err == nil && len(in.Data) == 0, "either data or a reason")
			return nil
		}))
		assert.LessOrEqual(t, n, len(data)+1)
	})
}
