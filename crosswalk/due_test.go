package crosswalk_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
)

// What is stored is rendered again only when Revision grows: so it must, whenever the record of a fixture changes.
func TestRevision(t *testing.T) {
	var lines []string
	sums := map[string]string{}
	for name, a := range articles(t) {
		for _, f := range crosswalk.All() {
			record, about := render(t, f, a)
			if record == nil {
				continue
			}
			name := name + "." + f.Prefix
			sums[name] = fmt.Sprintf("%x", sha256.Sum256(slices.Concat(record, []byte{0}, about)))
			lines = append(lines, fmt.Sprintf("%s %s\n", name, sums[name]))
		}
	}
	slices.Sort(lines)
	text := fmt.Sprintf("revision %d\n%s", crosswalk.Revision, strings.Join(lines, ""))
	kept, err := os.ReadFile(filepath.Join(fixturetest.Root(), "fixtures", "golden", "REVISION"))
	revision := 0
	if err == nil {
		for line := range strings.Lines(string(kept)) {
			var name, sum string
			if _, err := fmt.Sscanf(line, "revision %d", &revision); err == nil {
				continue
			}
			_, err := fmt.Sscan(line, &name, &sum)
			require.NoError(t, err)
			if now, ok := sums[name]; ok && now != sum || !ok {
				require.Greater(t, crosswalk.Revision, revision, "%s reads otherwise than in revision %d: raise crosswalk.Revision", name, revision)
			}
		}
	}
	if strings.Count(text, "\n") > strings.Count(string(kept), "\n") {
		require.Greater(t, crosswalk.Revision, revision, "there are records that revision %d did not have: raise crosswalk.Revision", revision)
	}
	fixturetest.Golden(t, "REVISION", []byte(text))
}

// An embargo ends at the beginning of its day, in the record and in Due alike.
func TestDue(t *testing.T) {
	pub := []jats.Date{{Type: "pub", Date: "2026-01-05"}}
	at := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return at
	}
	for _, c := range []struct {
		name  string
		p     jats.Permissions
		at    string
		want  string // rights
		until string // Due; "" never
	}{
		{"long before", jats.Permissions{Access: "embargoed", EmbargoEnd: "2026-11-24"}, "2026-02-01T00:00:00Z", "embargoedAccess", "2026-11-24T00:00:00Z"},
		{"the second before", jats.Permissions{Access: "embargoed", EmbargoEnd: "2026-11-24"}, "2026-11-23T23:59:59Z", "embargoedAccess", "2026-11-24T00:00:00Z"},
		{"on its day", jats.Permissions{Access: "embargoed", EmbargoEnd: "2026-11-24"}, "2026-11-24T00:00:00Z", "openAccess", ""},
		{"the day is UTC's", jats.Permissions{Access: "embargoed", EmbargoEnd: "2026-11-24"}, "2026-11-24T02:00:00+03:00", "embargoedAccess", "2026-11-24T00:00:00Z"},
		{"only an end", jats.Permissions{EmbargoEnd: "2026-11-24"}, "2026-11-25T00:00:00Z", "openAccess", ""},
		{"free from", jats.Permissions{FreeToRead: true, FreeFrom: "2026-12-01"}, "2026-11-25T00:00:00Z", "embargoedAccess", "2026-12-01T00:00:00Z"},
		{"embargo without an end", jats.Permissions{Access: "embargoed"}, "2026-11-25T00:00:00Z", "embargoedAccess", ""},
		{"open", jats.Permissions{Access: "open"}, "2026-11-25T00:00:00Z", "openAccess", ""},
		{"nothing known", jats.Permissions{}, "2026-11-25T00:00:00Z", "", ""},
	} {
		a := &jats.Article{Title: jats.Title{Text: "x"}, PubDates: pub, Permissions: c.p}
		f, _ := crosswalk.Find("oai_dc")
		b, err := crosswalk.Render(f, crosswalk.Record(a, "x", at(c.at)))
		require.NoError(t, err)
		if c.want == "" {
			assert.NotContains(t, string(b), "info:eu-repo/semantics/open", c.name)
		} else {
			assert.Contains(t, string(b), "info:eu-repo/semantics/"+c.want, c.name)
			assert.Equal(t, c.until != "", strings.Contains(string(b), "embargoEnd"), c.name)
		}
		due := int64(0)
		if c.until != "" {
			due = at(c.until).Unix()
		}
		assert.Equal(t, due, crosswalk.Due(a, at(c.at)), c.name)
	}
}
