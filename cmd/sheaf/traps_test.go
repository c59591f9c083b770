package main

import (
	"encoding/xml"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
)

// lists is every record that an endpoint gives in a format, each as text.
func lists(t *testing.T, base, query string) (records []string) {
	record := regexp.MustCompile(`(?s)<record><header.*?</record>\n`)
	more := regexp.MustCompile(`<resumptionToken[^>]*>([^<]+)<`)
	for query != "" {
		body := fetch(t, base+"/oai?verb=ListRecords&"+query)
		records = append(records, record.FindAllString(body, -1)...)
		query = ""
		if m := more.FindStringSubmatch(body); m != nil {
			query = "resumptionToken=" + m[1]
		}
	}
	return records
}

// What harvesters are known to stumble over, seen in what is served.
func TestTraps(t *testing.T) {
	base, _ := start(t, "demo", "--rate-limit", "0")
	values := func(record, element string) (all []string) {
		for _, m := range regexp.MustCompile(`<dc:`+element+`[^>]*>([^<]*)<`).FindAllStringSubmatch(record, -1) {
			all = append(all, m[1])
		}
		return all
	}
	doi := regexp.MustCompile(`10\.\d`)

	t.Run("UnpaywallTakesTheLastDOI", func(t *testing.T) { // of all relations, then of all identifiers
		own := 0
		for _, r := range lists(t, base, "metadataPrefix=oai_dc") {
			last := ""
			for _, v := range append(values(r, "relation"), values(r, "identifier")...) {
				if doi.MatchString(v) && !strings.HasPrefix(v, base) {
					last = v
				}
			}
			local := regexp.MustCompile(`<identifier>oai:sheaf.example.org:([^<]*)<`).FindStringSubmatch(r)[1]
			if strings.HasPrefix(local, "10.") {
				own++
				assert.Equal(t, "https://doi.org/"+strings.ToLower(local), strings.ToLower(last), "the article's own DOI")
			} else {
				assert.Empty(t, last, "%s has no DOI, and no other's may be taken for it", local)
			}
			assert.True(t, strings.HasPrefix(values(r, "identifier")[0], "http"), "a page comes first: %s", r)
			assert.NotContains(t, strings.Join(values(r, "relation"), " "), "/reference/")
			if rights := values(r, "rights"); len(rights) > 0 && slices.ContainsFunc(rights, func(s string) bool { return strings.HasPrefix(s, "info:eu-repo/semantics/") }) {
				assert.True(t, strings.HasPrefix(rights[0], "info:eu-repo/semantics/"), "the access right comes first: %v", rights)
			}
			dates := slices.DeleteFunc(values(r, "date"), func(s string) bool { return strings.HasPrefix(s, "info:eu-repo/date/embargoEnd/") })
			assert.LessOrEqual(t, len(dates), 1)
			for _, l := range values(r, "language") {
				assert.Len(t, l, 3, "ISO 639-3")
			}
		}
		assert.Greater(t, own, 5)
	})
	t.Run("NoReferenceIsARelation", func(t *testing.T) { // the cited DOIs of the fixtures are none that the articles relate to
		cited := regexp.MustCompile(`<pub-id pub-id-type="doi"[^>]*>([^<]*)<`)
		found := 0
		dc := strings.Join(lists(t, base, "metadataPrefix=oai_dc"), "")
		for _, r := range lists(t, base, "metadataPrefix=jats") {
			_, refs, _ := strings.Cut(r, "<ref-list")
			for _, m := range cited.FindAllStringSubmatch(refs, -1) {
				found++
				if !strings.Contains(r[:len(r)-len(refs)], m[1]) {
					assert.NotContains(t, dc, m[1])
				}
			}
		}
		assert.Greater(t, found, 3)
	})
	t.Run("COARIsHTTP", func(t *testing.T) { // https only where Rioxx has it so
		for _, f := range crosswalk.All() {
			all := strings.Join(lists(t, base, "metadataPrefix="+f.Prefix), "")
			if f.Prefix == "rioxx" {
				assert.NotContains(t, all, "http://purl.org/coar/")
				continue
			}
			assert.NotContains(t, all, "https://purl.org/coar/", f.Prefix)
		}
	})
	t.Run("ISSNsAreExact", func(t *testing.T) {
		journal := regexp.MustCompile(`<issn[^>]*>([^<]*)</issn>`)
		issn := regexp.MustCompile(`\b\d{4}-?\d{3}[\dXx]\b`)
		known := map[string]bool{}
		for _, m := range journal.FindAllStringSubmatch(strings.Join(lists(t, base, "metadataPrefix=jats"), ""), -1) {
			known[m[1]] = true
		}
		require.NotEmpty(t, known)
		for _, r := range lists(t, base, "metadataPrefix=oai_dc") {
			for _, v := range values(r, "source") {
				if issn.FindString(v) == v {
					assert.True(t, known[v], v)
				}
			}
		}
		for _, m := range regexp.MustCompile(`<(?:\w+:)?issn[^>]*>([^<]*)<`).FindAllStringSubmatch(strings.Join(lists(t, base, "metadataPrefix=crossref"), ""), -1) {
			assert.Regexp(t, `^\d{4}-\d{3}[\dX]$`, m[1])
		}
	})
	t.Run("DayWindowsFrom2000", func(t *testing.T) { // as Unpaywall asks: windows of days, also where there is nothing
		want := len(lists(t, base, "metadataPrefix=oai_dc"))
		got := map[string]int{}
		for day := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); day.Before(time.Now().Add(48 * time.Hour)); day = day.AddDate(0, 0, 7) {
			query := "metadataPrefix=oai_dc&from=" + day.Format(time.DateOnly) + "&until=" + day.AddDate(0, 0, 6).Format(time.DateOnly)
			body := fetch(t, base+"/oai?verb=ListIdentifiers&"+query)
			var answer struct {
				Error *struct {
					Code string `xml:"code,attr"`
				} `xml:"error"`
			}
			require.NoError(t, xml.Unmarshal([]byte(body), &answer))
			if answer.Error != nil {
				require.Equal(t, "noRecordsMatch", answer.Error.Code, query)
				continue
			}
			for _, r := range lists(t, base, query) {
				got[r]++
			}
		}
		assert.Len(t, got, want)
		for r, n := range got {
			assert.Equal(t, 1, n, r)
		}
	})
}
