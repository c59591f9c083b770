// Package jatstest holds what the tests of every reader ask of an article.
package jatstest

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"sheaf/jats"
)

// Sound cleans a, which was made of any input, and holds it to its promises: its JSON form gives it back, and where it may be kept, the JATS that is
// written of it can be read.
func Sound(t testing.TB, a *jats.Article) {
	t.Helper()
	a.Clean()
	js, err := json.Marshal(a)
	require.NoError(t, err)
	back := new(jats.Article)
	require.NoError(t, json.Unmarshal(js, back))
	require.Equal(t, a, back)
	if len(a.Problems()) > 0 {
		return
	}
	_, _, err = jats.Read(jats.AppendXML(nil, a, jats.WriteOptions{}))
	require.NoError(t, err)
}
