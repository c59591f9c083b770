package loc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

// The forms of a name are those of its own contributor, be there two of one name.
func TestForms(t *testing.T) {
	wei := func(other string) jats.Contrib {
		return jats.Contrib{Names: []jats.Name{{Lang: "en", Surname: "Li", GivenNames: "Wei"}, {Lang: "zh", Full: other}}}
	}
	r := flat.Of(&jats.Article{Lang: "en", Contribs: []jats.Contrib{wei("李伟"), wei("黎薇"), {Collab: []jats.Text{{Lang: "ru", Text: "Группа"}, {Lang: "en", Text: "Group"}}}}}, "x", "", time.Now())
	require.Len(t, r.Authors, 3)
	var got []string
	for i := range r.Authors {
		for _, f := range Forms(&r.Authors[i]) {
			got = append(got, r.Authors[i].Inverted()+"|"+f.Inverted()+"|"+f.Lang+"|"+f.Script)
		}
	}
	assert.Equal(t, []string{"Li, Wei|李伟|zh|Hani", "Li, Wei|黎薇|zh|Hani", "Group|Группа|ru|Cyrl"}, got)
}
