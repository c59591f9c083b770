package jats4r

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each rule finds its own example of a breach, and nothing but that; and nothing in the other.
func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		t.Run(r.ID, func(t *testing.T) {
			require.False(t, seen[r.ID], "the name is used twice")
			seen[r.ID] = true
			assert.True(t, strings.HasPrefix(r.ID, "jats4r-"+r.Topic+"-"), "the name begins with the topic %q", r.Topic)
			assert.Contains(t, Topics, r.Topic)
			assert.Contains(t, []Severity{Error, Warning}, r.Severity)
			assert.True(t, strings.HasSuffix(r.Demand, ".") && strings.HasSuffix(r.Advice, "."), "sentences")

			assert.Equal(t, append([]string{r.ID}, r.Also...), broken(t, r.ID, r.Fails), r.Fails)
			assert.Empty(t, broken(t, r.ID, r.Passes), r.Passes)
		})
	}
}

// broken names the rules that a document breaches, first the one of that name.
func broken(t *testing.T, first, doc string) []string {
	d, err := Parse([]byte(doc))
	require.NoError(t, err)
	var ids []string
	for _, f := range d.Check() {
		assert.NotEmpty(t, f.Message)
		assert.Equal(t, 1, f.Line)
		if !slices.Contains(ids, f.Rule.ID) {
			ids = append(ids, f.Rule.ID)
		}
	}
	if i := slices.Index(ids, first); i > 0 {
		ids = slices.Insert(slices.Delete(ids, i, i+1), 0, first)
	}
	return ids
}
