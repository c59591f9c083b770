package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
)

// script writes the completion script of a shell and returns its path.
func script(t testing.TB, shell string) string {
	t.Helper()
	out, errs, code := sheaf(t, "", "completion", shell)
	require.Zero(t, code, errs)
	path := filepath.Join(t.TempDir(), "sheaf."+shell)
	require.NoError(t, os.WriteFile(path, []byte(out), 0o644))
	return path
}

// What a line is completed to, in bash's words: it parts a line at "=" too.
func TestCompletionInBash(t *testing.T) {
	bash := fixturetest.Tool(t, "bash")
	path := script(t, "bash")
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "an article.xml"), nil, 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "an issue"), 0o755))
	for line, want := range map[string]string{
		"se":                                   "serve",
		"completion |":                         "bash|zsh|fish",
		"serve|--tls":                          "--tls-cert|--tls-key",
		"serve|--log-format|":                  "text|json",
		"--log-format|=|j":                     "json",
		"serve|--forwarded-header|=":           "X-Forwarded-For|Forwarded",
		"--db|x.db|import|--format|":           strings.Join(ingest.Kinds(), "|"),
		"--db|=|x.db|import|--form":            "--format",
		"serve|--page-size|":                   "",
		"serve|--db|import|--tls-c":            "--tls-cert", // import is a file here
		"import|" + folder + "/an":             folder + "/an article.xml|" + folder + "/an issue",
		"import|--config|" + folder + "/an":    folder + "/an article.xml|" + folder + "/an issue",
		"export|--out|" + folder + "/an":       folder + "/an issue",
		"import|--db|x.db|" + folder + "/an i": folder + "/an issue",
	} {
		var words strings.Builder
		for _, w := range strings.Split(strings.ReplaceAll(line, " |", "|"), "|") {
			fmt.Fprintf(&words, " %q", w)
		}
		out, err := exec.Command(bash, "-c", `source "$1"; COMP_WORDS=(sheaf`+words.String()+`); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _sheaf; IFS="|"; echo -n "${COMPREPLY[*]}"`, "bash", path).CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.ElementsMatch(t, strings.Split(want, "|"), strings.Split(string(out), "|"), line)
	}
}

func TestCompletionInFish(t *testing.T) {
	fish := fixturetest.Tool(t, "fish")
	path := script(t, "fish")
	for line, want := range map[string]string{
		"sheaf se":                      "serve",
		"sheaf serve --tls":             "--tls-cert --tls-key",
		"sheaf serve --log-format ":     "json text",
		"sheaf import --format j":       "jats json jes",
		"sheaf completion ":             "bash fish zsh",
		"sheaf --db x.db serve --acces": "--access-log",
	} {
		cmd := exec.Command(fish, "--no-config", "-c", `source $argv[1]; complete -C $argv[2]`, path, line)
		cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		var got []string
		for l := range strings.Lines(string(out)) {
			word, _, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "\t")
			got = append(got, word)
		}
		assert.ElementsMatch(t, strings.Fields(want), got, line)
	}
}

// The script loads, and has a function for each command.
func TestCompletionInZsh(t *testing.T) {
	zsh := fixturetest.Tool(t, "zsh")
	cmd := exec.Command(zsh, "-f", "-c", `autoload -Uz compinit; compinit -u -D; source "$1" && whence -w _sheaf _sheaf_serve _sheaf_import && print $_comps[sheaf]`, "zsh", script(t, "zsh"))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "_sheaf: function\n_sheaf_serve: function\n_sheaf_import: function\n_sheaf\n", string(out))
}

func TestCompletionUsage(t *testing.T) {
	_, errs, code := sheaf(t, "", "completion", "tcsh")
	assert.Equal(t, exitUsage, code)
	assert.Contains(t, errs, "bash")
}

// Every command has a page, and mandoc finds nothing to warn of.
func TestManPages(t *testing.T) {
	mandoc := fixturetest.Tool(t, "mandoc")
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	dir := filepath.Join(t.TempDir(), "man")
	_, errs, code := sheaf(t, "", "man", "--dir", dir)
	require.Zero(t, code, errs)
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	require.NoError(t, err)
	help, _, _ := sheaf(t, "", "--help")
	names := regexp.MustCompile(`(?m)^  ([a-z]+)( [a-z<\[].*)?$`).FindAllStringSubmatch(help[strings.Index(help, "Commands:"):], -1)
	require.Greater(t, len(names), 9)
	for _, name := range names {
		assert.Contains(t, pages, filepath.Join(dir, "sheaf-"+name[1]+".1"))
	}
	out, err := exec.Command(mandoc, append([]string{"-Tlint", "-Wwarning"}, pages...)...).CombinedOutput()
	assert.NoError(t, err, "%s", out)

	one, _, code := sheaf(t, "", "man", "serve")
	assert.Zero(t, code)
	file, err := os.ReadFile(filepath.Join(dir, "sheaf-serve.1"))
	require.NoError(t, err)
	assert.Equal(t, string(file), one)
	cmd := exec.Command(mandoc, "-Tutf8", "-O", "width=200")
	cmd.Stdin = strings.NewReader(one)
	out, err = cmd.Output()
	require.NoError(t, err)
	text := regexp.MustCompile(`.\x08`).ReplaceAllString(string(out), "") // bold and underlined as on a typewriter
	assert.Contains(t, text, "--tls-cert=FILE")
	assert.Contains(t, text, "The default is 127.0.0.1:8080.  In the environment: SHEAF_LISTEN.")
	assert.Contains(t, text, "November 14, 2023")
	assert.NotContains(t, text, "debug-listen")

	_, errs, code = sheaf(t, "", "man", "nonsense")
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, `"nonsense"`)
}
