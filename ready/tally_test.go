package ready

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

func TestTally(t *testing.T) {
	sound, old, bare := record(t, nil), record(t, func(a *jats.Article) { a.PubDates, a.Version = nil, nil }), record(t, func(a *jats.Article) { a.PubDates, a.Contribs = nil, nil })
	s := Find("openaire4")
	tally := Tally{Keep: 2}
	for i := range 10 {
		r := sound
		switch {
		case i >= 7:
			r = old
		case i == 0:
			r = bare
		}
		tally.Add(fmt.Sprint("oai:x:", i), []Answer{s.Answer(r)})
	}
	require.Len(t, tally.Sums, 1)
	sum := &tally.Sums[0]
	assert.Equal(t, 10, tally.Records)
	assert.Equal(t, 10, sum.Records)
	assert.Equal(t, 6, sum.Ready)
	assert.Equal(t, "OpenAIRE v4: 6 of 10 ready; 4 no date of publication, 1 no author", sum.String())
	var counts []string
	for _, c := range sum.Counts {
		counts = append(counts, fmt.Sprint(c.Rule.Code, " ", c.Records, " ", c.Identifiers))
	}
	assert.Equal(t, []string{"openaire4-author 1 [oai:x:0]", "openaire4-date 4 [oai:x:0 oai:x:7]", "openaire4-version 3 [oai:x:7 oai:x:8]"}, counts,
		"in the order of the rules, whatever came first")
}

// Answers may come in any order, and not each article need be asked of every service.
func TestTallyOrder(t *testing.T) {
	r := record(t, nil)
	var tally Tally
	tally.Add("a", []Answer{Find("doaj").Answer(r), Find("base").Answer(r)})
	tally.Add("b", []Answer{Find("base").Answer(r)})
	tally.Add("c", nil)
	require.Len(t, tally.Sums, 2)
	assert.Equal(t, "DOAJ: 1 of 1 ready", tally.Sums[0].String())
	assert.Equal(t, "BASE: 2 of 2 ready", tally.Sums[1].String())
	assert.Equal(t, 3, tally.Records)
}

func BenchmarkRecord(b *testing.B) {
	a, err := jats.DecodeJSON([]byte(whole))
	require.NoError(b, err)
	stored := a.AppendJSON(nil)
	b.ReportAllocs()
	for b.Loop() {
		benchOne(b, stored)
	}
}

func benchOne(b *testing.B, stored []byte) {
	a, err := jats.LoadJSON(stored)
	if err != nil {
		b.Fatal(err)
	}
	Record(flat.Of(a, "x", ownPage, day))
}
