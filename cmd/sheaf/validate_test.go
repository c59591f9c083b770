package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/jats"
	"sheaf/ready"
)

// sound is an article that no profile finds wanting.
const sound = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Publishing DTD with MathML3 v1.3 20210610//EN" "JATS-journalpublishing1-3-mathml3.dtd">
<article xmlns:ali="http://www.niso.org/schemas/ali/1.0/" dtd-version="1.3" article-type="research-article" xml:lang="en">
<front>
<journal-meta><journal-id journal-id-type="publisher-id">jx</journal-id><journal-title-group><journal-title>Journal of X</journal-title></journal-title-group><issn>1234-5679</issn></journal-meta>
<article-meta><article-id pub-id-type="doi">10.5555/sound</article-id>
<title-group><article-title>On sound</article-title></title-group>
<pub-date date-type="pub" publication-format="electronic"><year>2024</year></pub-date>
<permissions><copyright-statement>© 2024 The Society</copyright-statement><copyright-year>2024</copyright-year><copyright-holder>The Society</copyright-holder>
<license><ali:license_ref>https://creativecommons.org/licenses/by/4.0/</ali:license_ref></license></permissions>
</article-meta>
</front>
</article>
`

// wanting is the same with a fault for each profile that can find one in a file: a wrong ISSN, no copyright year, and a year before the date type.
var wanting = strings.NewReplacer("1234-5679", "1234-5678", "<copyright-year>2024</copyright-year>", "", "<year>2024</year>", "<year>2024</year><day>1</day>").Replace(sound)

// validateFiles writes files and validates the folder with no DTD at hand unless schemas are named.
func validateFiles(t *testing.T, files map[string]string, args ...string) (out, errs string, code int) {
	t.Helper()
	t.Setenv("SHEAF_SCHEMAS", "")
	t.Chdir(t.TempDir())
	for name, data := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(data), 0o644))
	}
	return sheaf(t, "", append([]string{"validate"}, args...)...)
}

func TestValidate(t *testing.T) {
	out, errs, code := validateFiles(t, map[string]string{
		"a/1-sound.xml":   sound,
		"a/2-wanting.xml": wanting,
		"a/3-broken.xml":  "<article>\n<front>\n</article>",
		"a/4-lines.json":  `{"title":{"text":"A"},"permissions":{"licenses":[{"uri":"https://creativecommons.org/licenses/by/4.0/"}]}}` + "\n" + `{"lang":"en"}` + "\n",
		"a/5-words.txt":   "Nothing of ours",
	}, "a")
	assert.Equal(t, exitRefused, code, errs)
	assert.Equal(t, `a/2-wanting.xml:5: warning issn-invalid: ISSN "1234-5678" is not valid and was left out (issn)
a/2-wanting.xml:9: error jats4r-permissions-copyright-year: <permissions> has no <copyright-year> (/article/front/article-meta/permissions)
`, between(out, "a/2", "a/3"))
	assert.Regexp(t, `^a/3-broken\.xml:3: error malformed: `, between(out, "a/3", "a/4"))
	assert.Contains(t, out, "a/4-lines.json:2: error no-title: ")
	assert.Contains(t, out, "a/5-words.txt: error not-recognised: ")
	assert.NotContains(t, out, "1-sound")
	assert.Contains(t, errs, "sheaf: nothing is checked by its DTD: ")
	assert.Regexp(t, `(?m)^sheaf: 5 files, 6 records, \d+ errors, \d+ warnings$`, errs)

	out, errs, code = validateFiles(t, map[string]string{"sound.xml": sound}, "sound.xml")
	assert.Zero(t, code)
	assert.Empty(t, out)
	assert.Contains(t, errs, "sheaf: 1 files, 1 records, 0 errors, 0 warnings")

	out, _, code = validateFiles(t, map[string]string{"w.xml": wanting}, "w.xml", "--profile", "article,oai_dc")
	assert.Zero(t, code, "warnings alone are no failure")
	assert.Equal(t, 1, strings.Count(out, "\n"), out)

	t.Chdir(t.TempDir())
	out, _, code = sheaf(t, wanting, "validate", "-", "--profile", "jats4r", "--format", "jats")
	assert.Equal(t, exitRefused, code)
	assert.True(t, strings.HasPrefix(out, "-:9: error jats4r-permissions-copyright-year"), out)

	_, errs, code = sheaf(t, "", "validate", "none.xml", "--profile", "article")
	assert.Equal(t, exitRefused, code)
	assert.Contains(t, errs, "1 errors")
}

// between is the part of s from the first line that begins with one text to the first that begins with another.
func between(s, from, to string) string {
	_, s, _ = strings.Cut("\n"+s, "\n"+from)
	s, _, _ = strings.Cut(s, "\n"+to)
	return from + s + "\n"
}

func TestValidateUsage(t *testing.T) {
	for want, args := range map[string][]string{
		"want either paths or --all":    {},
		"want either paths or --all ":   {"--all", "a.xml"},
		"want either --json or --sarif": {"a.xml", "--json", "--sarif"},
		`--profile "scopus": want one`:  {"a.xml", "--profile", "scopus"},
	} {
		_, errs, code := sheaf(t, "", append([]string{"validate"}, args...)...)
		assert.Equal(t, exitUsage, code, "%q", args)
		assert.Contains(t, errs, strings.TrimSpace(want))
	}
	_, errs, code := sheaf(t, "", "validate", "a.xml", "--dtd", t.TempDir())
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "--dtd")
	help, _, _ := sheaf(t, "", "validate", "--help")
	for _, p := range allProfiles() {
		assert.Contains(t, help, "  "+p.name)
	}
}

func TestValidateJSON(t *testing.T) {
	out, _, _ := validateFiles(t, map[string]string{"w.xml": wanting}, "w.xml", "--json")
	var found []finding
	for line := range strings.Lines(out) {
		var f finding
		require.NoError(t, json.Unmarshal([]byte(line), &f))
		found = append(found, f)
	}
	require.Len(t, found, 2)
	assert.Equal(t, finding{
		Path: "w.xml", Line: 9, Severity: "error", Code: "jats4r-permissions-copyright-year", Message: "<permissions> has no <copyright-year>",
		Advice: "Add copyright-year with the four digits of the year.", Rule: "What is under copyright has a copyright-year.",
		Element: "/article/front/article-meta/permissions", Profile: "jats4r",
	}, found[1])
	assert.NotEmpty(t, found[0].Advice)
}

// The form is that of SARIF 2.1.0: what its schema requires, and what a reader of it follows.
func TestValidateSARIF(t *testing.T) {
	type level = string
	type log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID               string
						ShortDescription struct{ Text string }
						Help             struct{ Text string }
						Default          struct{ Level level } `json:"defaultConfiguration"`
					}
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex *int
				Level     level
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
					LogicalLocations []struct{ FullyQualifiedName string }
				}
			}
		}
	}
	out, _, code := validateFiles(t, map[string]string{"a b/w.xml": wanting, "a b/x.xml": "<article>\n</b>", "a b/y.xml": wanting}, "a b", "--sarif")
	assert.Equal(t, exitRefused, code)
	var l log
	dec := json.NewDecoder(strings.NewReader(out))
	require.NoError(t, dec.Decode(&l))
	assert.False(t, dec.More(), "one document")
	assert.Equal(t, "2.1.0", l.Version)
	assert.Contains(t, l.Schema, "sarif-schema-2.1.0.json")
	require.Len(t, l.Runs, 1)
	r := l.Runs[0]
	assert.Equal(t, "sheaf", r.Tool.Driver.Name)
	require.Len(t, r.Results, 5)
	require.Len(t, r.Tool.Driver.Rules, 3, "each rule once")
	for _, res := range r.Results {
		require.NotNil(t, res.RuleIndex)
		rule := r.Tool.Driver.Rules[*res.RuleIndex]
		assert.Equal(t, res.RuleID, rule.ID)
		assert.Contains(t, []string{"error", "warning"}, res.Level)
		assert.Equal(t, res.Level, rule.Default.Level)
		assert.NotEmpty(t, res.Message.Text)
		assert.NotEmpty(t, rule.ShortDescription.Text)
		assert.NotEmpty(t, rule.Help.Text)
		require.Len(t, res.Locations, 1)
		assert.Regexp(t, `^a%20b/[wxy]\.xml$`, res.Locations[0].PhysicalLocation.ArtifactLocation.URI)
		assert.Positive(t, res.Locations[0].PhysicalLocation.Region.StartLine)
	}
	assert.Equal(t, "/article/front/article-meta/permissions", r.Results[1].Locations[0].LogicalLocations[0].FullyQualifiedName)

	out, _, code = validateFiles(t, map[string]string{"sound.xml": sound}, "sound.xml", "--sarif")
	assert.Zero(t, code)
	l = log{}
	require.NoError(t, json.Unmarshal([]byte(out), &l))
	require.Len(t, l.Runs, 1)
	assert.NotNil(t, l.Runs[0].Results, "an empty list says that all is well; none, that nothing was looked at")
	assert.NotNil(t, l.Runs[0].Tool.Driver.Rules)
}

func TestValidateDTD(t *testing.T) {
	fixturetest.Tool(t, "xmllint")
	schemas, err := filepath.Abs(fixturetest.Schemas(t))
	require.NoError(t, err)
	secret := filepath.Join(t.TempDir(), "secret.txt")
	require.NoError(t, os.WriteFile(secret, []byte("<p>xyzzy</p>"), 0o644))
	subset := strings.Replace(sound, `mathml3.dtd">`, "mathml3.dtd\" [\n<!ENTITY sound 'noise'>\n<!-- ]> -->]>", 1)
	entity := strings.Replace(sound, `mathml3.dtd">`, `mathml3.dtd" [<!ENTITY x SYSTEM "file://`+secret+`">]>`, 1)
	files := map[string]string{
		"1-sound.xml":   sound,
		"2-wanting.xml": wanting,
		"3-subset.xml":  strings.Replace(subset, "On sound", "On &sound;", 1),
		"4-entity.xml":  strings.Replace(entity, "On sound", "On &x;", 1),
		"5-old.xml":     "<!DOCTYPE article PUBLIC \"-//NLM//DTD Journal Publishing DTD v2.3 20070202//EN\" \"journalpublishing.dtd\">\n" + sound[strings.Index(sound, "<article"):],
		"6-1.1.xml":     strings.ReplaceAll(strings.Replace(sound, "v1.3 20210610", "v1.1 20151215", 1), `dtd-version="1.3"`, `dtd-version="1.1"`),
		"7-none.xml":    sound[strings.Index(sound, "<article"):],
	}
	out, errs, code := validateFiles(t, files, ".", "--profile", "dtd", "--dtd", schemas)
	assert.Equal(t, exitRefused, code, errs)
	assert.Regexp(t, `^2-wanting\.xml:8: error dtd-invalid: Element pub-date content does not follow the DTD, `, out)
	assert.Contains(t, out, "4-entity.xml:7: error malformed: Entity 'x' not defined")
	assert.NotContains(t, out, "xyzzy")
	assert.Contains(t, out, "5-old.xml:1: warning dtd-unknown: ")
	for _, name := range []string{"1-sound", "3-subset", "6-1.1", "7-none"} {
		assert.NotContains(t, out, name)
	}
	t.Setenv("SHEAF_SCHEMAS", schemas)
	_, errs, code = sheaf(t, "", "validate", "1-sound.xml", "--profile", "dtd")
	assert.Zero(t, code)
	assert.NotContains(t, errs, "nothing is checked")
}

// The lines of a document stay where they are.
func TestWithDocType(t *testing.T) {
	for doc, want := range map[string]string{
		"<a/>": `<!DOCTYPE a SYSTEM "file:///d.dtd"><a/>`,
		"<?xml version='1.0'?>\n<!-- <b/> -->\n<a/>":  "<?xml version='1.0'?>\n<!-- <!DOCTYPE b SYSTEM \"file:///d.dtd\"><b/> -->\n<a/>",
		"<!DOCTYPE a>\n<a/>":                          "<!DOCTYPE a SYSTEM \"file:///d.dtd\" >\n<a/>",
		"<!DOCTYPE a PUBLIC 'x>'\n \"y\"\n>\n<a/>":    "<!DOCTYPE a SYSTEM \"file:///d.dtd\" >\n\n\n<a/>",
		"<!DOCTYPE a [\n<!ENTITY b ']>'>]\n><a/>":     "<!DOCTYPE a SYSTEM \"file:///d.dtd\" [\n<!ENTITY b ']>'>]>\n<a/>",
		"<!DOCTYPE a [<!ENTITY b SYSTEM 'c'>\n]><a/>": "<!DOCTYPE a SYSTEM \"file:///d.dtd\" >\n<a/>",
		"\ufeff<a/>": `<!DOCTYPE a SYSTEM "file:///d.dtd"><a/>`,
		"no markup":  "no markup",
		"":           "",
	} {
		assert.Equal(t, want, string(withDocType([]byte(doc), "/d.dtd")), doc)
	}
}

// All that is stored is checked as it is served; a tombstone is not.
func TestValidateAll(t *testing.T) {
	t.Setenv("SHEAF_SCHEMAS", "")
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("sound.xml", []byte(sound), 0o644))
	require.NoError(t, os.WriteFile("gone.xml", []byte(strings.ReplaceAll(sound, "10.5555/sound", "10.5555/gone")), 0o644))
	require.NoError(t, os.WriteFile("bare.json", []byte(`{"title":{"text":"Bare"},"ids":[{"type":"doi","value":"10.5555/bare"}]}`), 0o644))
	db := tempDB(t)
	_, errs, code := sheaf(t, "", "import", db, "sound.xml", "gone.xml", "bare.json")
	require.Zero(t, code, errs)
	_, _, code = sheaf(t, "", "delete", db, "10.5555/gone")
	require.Zero(t, code)
	out, errs, code := sheaf(t, "", "validate", "--all", db)
	assert.Equal(t, exitRefused, code, errs)
	assert.Equal(t, "oai:sheaf.example.org:10.5555/bare: error jats4r-permissions-missing: as served: <article-meta> has no <permissions> (/article/front/article-meta)\n", out)
	assert.Contains(t, errs, "sheaf: 2 items, 2 records, 1 errors, 0 warnings")

	_, errs, code = sheaf(t, "", "validate", "--all", "--db", filepath.Join(t.TempDir(), "none.db"))
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "no store there")
}

// However many are checked at a time, findings come in the order of the inputs.
func TestValidateOrder(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 300 {
		w, err := z.Create(fmt.Sprintf("%03d.xml", i))
		require.NoError(t, err)
		data := wanting
		if i%3 == 0 {
			data = "<article>"
		}
		_, err = w.Write([]byte(data))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	out, errs, _ := validateFiles(t, map[string]string{"a.zip": b.String()}, "a.zip", "--profile", "article")
	n := 0
	for line := range strings.Lines(out) {
		assert.True(t, strings.HasPrefix(line, fmt.Sprintf("a.zip!/%03d.xml", n)), line)
		n++
	}
	assert.Equal(t, 300, n)
	assert.Contains(t, errs, "300 files, 300 records, 100 errors, 200 warnings")
}

// A reader of the findings that goes away ends the work, and is told of as an error.
func TestValidateStops(t *testing.T) {
	v := &validator{profiles: allProfiles()}
	stop := fmt.Errorf("enough")
	_, err := v.run(context.Background(), func(ctx context.Context, yield func(*subject) error) error {
		for {
			if err := yield(&subject{name: "x", source: []byte("<x")}); err != nil {
				return err
			}
		}
	}, func(finding) error { return stop })
	assert.ErrorIs(t, err, stop)
}

// Each format that is served is a profile, and each profile finds nothing in a sound article.
func TestProfiles(t *testing.T) {
	names, services := map[string]bool{}, map[string]bool{}
	for _, p := range allProfiles() {
		seen := names
		if p.asked {
			seen = services
		}
		assert.False(t, seen[p.name], p.name)
		seen[p.name] = true
		assert.NotEmpty(t, p.what)
	}
	for _, s := range ready.Services() {
		assert.True(t, services[s.Name] || names[s.Name], s.Name)
	}
	for _, f := range crosswalk.All() {
		assert.True(t, names[f.Prefix], f.Prefix)
	}
	// An article that cannot be rendered: its stored JSON was made by hand.
	usual, err := chosen(nil)
	require.NoError(t, err)
	v := &validator{profiles: usual}
	found := v.check(context.Background(), &subject{name: "x", stored: []byte(`{"title":{"text":"a < b"}}`)})
	codes := map[string]bool{}
	for _, f := range found {
		codes[f.Code] = true
		_, known := jats.FindCode(f.Code)
		assert.True(t, known || strings.HasPrefix(f.Code, "jats4r-"), f.Code)
	}
	assert.True(t, codes["jats4r-permissions-missing"] || codes["record-invalid"], "%v", found)
	found = v.check(context.Background(), &subject{name: "x", stored: []byte(`{`)})
	require.Len(t, found, 1)
	assert.Equal(t, "record-invalid", found[0].Code)
}

// An indexing service is a profile that is asked for by name: its findings as those of any other, and a sum at the end.
func TestValidateServices(t *testing.T) {
	files := map[string]string{
		"1.xml": sound,
		"2.json": `{"articleType":"research-article","lang":"en","title":{"text":"A"},"journal":{"title":{"text":"J"},"publishers":[{"text":"P"}]},"contribs":[{"collab":[{"text":"G"}]}],
"ids":[{"type":"doi","value":"10.5555/b"}],"pubDates":[{"type":"pub","date":"2024"}],"permissions":{"licenses":[{"uri":"https://creativecommons.org/licenses/by/4.0/"}]}}`,
		"3.xml": "<article>",
	}
	out, errs, code := validateFiles(t, files, "1.xml", "2.json", "3.xml", "--profile", "openaire4", "--profile", "base")
	assert.Equal(t, exitRefused, code)
	assert.Contains(t, out, "1.xml: error openaire4-author: No author is named\n")
	assert.Contains(t, out, "1.xml: warning openaire4-abstract: There is no abstract\n")
	assert.Contains(t, out, "1.xml: note openaire4-day: The day of publication is not known: \"2024\"\n")
	assert.Contains(t, out, "1.xml: warning base-author: ")
	assert.NotRegexp(t, `(?m)^2.json: error`, out)
	assert.Regexp(t, `(?m)^3\.xml:1: error malformed`, out)
	assert.Contains(t, errs, "sheaf: OpenAIRE v4: 1 of 2 ready; 1 no author, 1 no publisher\nsheaf: BASE: 2 of 2 ready\nsheaf: 3 files, 3 records, 3 errors, ")

	out, _, _ = validateFiles(t, files, "1.xml", "--profile", "openaire4", "--json")
	var f finding
	line, _, _ := strings.Cut(out, "\n")
	require.NoError(t, json.Unmarshal([]byte(line), &f))
	assert.Equal(t, finding{Path: "1.xml", Severity: "error", Code: "openaire4-author", Message: "No author is named",
		Advice: "Name the authors, or the body that speaks in the article.", Profile: "openaire4",
		Rule: "OpenAIRE v4, mandatory: OpenAIRE Guidelines for Literature Repository Managers 4.0, 2 Creator (M)."}, f)

	out, _, _ = validateFiles(t, files, "1.xml", "--profile", "openaire4", "--sarif")
	assert.Contains(t, out, `"ruleId":"openaire4-day","ruleIndex":`)
	assert.Contains(t, out, `"level":"note"`)

	_, errs, code = validateFiles(t, files, "1.xml", "--profile", "services")
	assert.Equal(t, exitRefused, code)
	for _, s := range ready.Services() {
		assert.Contains(t, errs, "sheaf: "+s.Title+": ")
	}
	_, errs, _ = validateFiles(t, files, "1.xml")
	assert.NotContains(t, errs, " ready", "they are to be asked for")

	out, errs, _ = validateFiles(t, files, "1.xml", "--profile", "oai_datacite")
	assert.Regexp(t, `^1\.xml: error no-author: no oai_datacite record: .*\n$`, out, "what a format does not take is told of one that is named")
	assert.NotContains(t, errs, " ready")
	out, _, _ = validateFiles(t, files, "1.xml", "--profile", "crossref")
	assert.NotContains(t, out, "no crossref record", "its rules tell it")
	_, errs, _ = validateFiles(t, map[string]string{"w.xml": wanting}, "w.xml", "--profile", "jats4r")
	assert.Contains(t, errs, "sheaf: JATS4R: 0 of 1 ready; 1 permissions copyright year\n")
}

// Of what is stored the same is told, by identifier.
func TestValidateServicesAll(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("sound.xml", []byte(sound), 0o644))
	db := tempDB(t)
	_, errs, code := sheaf(t, "", "import", db, "sound.xml")
	require.Zero(t, code, errs)
	out, errs, code := sheaf(t, "", "validate", "--all", db, "--profile", "doaj,scholar")
	assert.Equal(t, exitRefused, code, errs)
	assert.Contains(t, out, "oai:sheaf.example.org:10.5555/sound: error scholar-author: No author is named")
	assert.Contains(t, errs, "sheaf: DOAJ: 0 of 1 ready; 1 ISSN of unknown kind\nsheaf: Google Scholar: 0 of 1 ready; 1 no author, 1 nothing to read\n")
}
