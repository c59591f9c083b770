package ready

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
)

// The tables of docs/readiness.md are made of the rules; -update writes them anew.
func TestDocumented(t *testing.T) {
	const begin, end = "<!-- rules: made by go test ./ready -update -->\n", "<!-- end of rules -->\n"
	page, err := os.ReadFile(filepath.Join(fixturetest.Root(), "docs", "readiness.md"))
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(page), begin)
	require.True(t, ok, begin)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok, end)
	var b strings.Builder
	short := map[Level]string{Mandatory: "M", MandatoryIfApplicable: "MA", Recommended: "R", Optional: "O"}
	for _, s := range Services() {
		fmt.Fprintf(&b, "\n### %s (`%s`)\n\n<%s>\n\n", s.Title, s.Name, s.URL)
		if s.Name == "jats4r" {
			fmt.Fprintf(&b, "The %d rules of the profile `jats4r`, of the JATS that is served; errors are M, warnings R.\n", len(s.Rules))
			continue
		}
		b.WriteString("| code | | what is wrong, and what to do | source |\n| --- | --- | --- | --- |\n")
		for _, r := range s.Rules {
			level := short[r.Level]
			if r.Unsure {
				level += "?"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Code, level, strings.ReplaceAll(r.Says, "|", `\|`), r.Source)
		}
	}
	fixturetest.Golden(t, "../../docs/readiness.md", []byte(before+begin+b.String()+"\n"+end+after))
}
