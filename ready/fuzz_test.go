package ready

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/flat"
	"sheaf/fixtures"
	"sheaf/jats"
	"sheaf/jats/jats4r"
)

// Whatever an article holds, each service has an answer, and the small reader of its JATS reads what any reader does.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(whole))
	names, err := fs.Glob(fixtures.FS, "articles/*.json")
	require.NoError(f, err)
	for _, name := range names {
		data, err := fs.ReadFile(fixtures.FS, name)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := jats.DecodeJSON(data)
		if err != nil {
			return
		}
		a.Clean()
		r := flat.Of(a, "x", ownPage, day)
		for _, answer := range Record(r) {
			for _, finding := range answer.Findings {
				require.True(t, strings.HasPrefix(finding.Rule.Code, answer.Service.Name+"-"))
			}
		}
		doc := jats.AppendXML(nil, a, jats.WriteOptions{})
		d, err := jats4r.Parse(doc)
		if err != nil {
			return
		}
		small := trees.Get().(*tree)
		defer small.done()
		root := small.read(string(doc))
		require.NotNil(t, root, "%s", doc)
		want, got := d.Check(), jats4r.Check(root)
		require.Len(t, got, len(want), "%s", doc)
		for i := range want {
			require.Equal(t, want[i].Message, got[i].Message)
		}
	})
}
