// Command sheaf keeps scholarly article records and serves them over OAI-PMH 2.0. This folder only parses flags, wires the packages
// together and prints; one file a subcommand.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"

	"sheaf/ingest"
	"sheaf/oai"
	"sheaf/store"
	"sheaf/store/postgres"
	"sheaf/store/sqlite"
)

// Exit codes, by the contract.
const (
	exitFailed  = 1 // could not do it
	exitUsage   = 2
	exitRefused = 3 // done, but some inputs were refused
)

// exit is an error that only carries an exit code: what there was to say has been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// stdio is where a command reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// settings are the flags that several commands share.
type settings struct {
	DB             string          `default:"sheaf.db" help:"Database: a file path (embedded SQLite), or postgres://USER:PASSWORD@HOST/DATABASE; of several hosts, HOST1,HOST2, the primary is used."`
	Replica        []string        `help:"URL of a PostgreSQL replica that harvesters are answered from; may be given several times." sep:"none" placeholder:"URL"`
	RepositoryID   string          `default:"sheaf.example.org" help:"Namespace of the oai: identifiers, a domain name."`
	RepositoryName string          `default:"Sheaf" help:"Name of the repository in Identify."`
	AdminEmail     []string        `default:"admin@sheaf.example.org" help:"E-mail address in Identify; may be given several times."`
	BaseURL        string          `help:"Public address of the site, without /oai; the default is http:// and the listen address."`
	PageSize       int             `default:"100" help:"Records in a list response, 1 to 1000."`
	TokenLife      time.Duration   `default:"168h" help:"How long a resumptionToken stays good."`
	Sets           string          `help:"TOML file that defines sets by queries over the articles, and says what the endpoints of journals tell of themselves (docs/sets.md)." placeholder:"FILE"`
	LogFormat      string          `enum:"text,json" default:"text" help:"Form of the log on standard error: text or json."`
	LogLevel       string          `enum:"debug,info,warn,error" default:"info" help:"Lowest level that is logged: debug, info, warn or error."`
	Verbose        bool            `short:"v" help:"Log more, warnings about inputs too: as --log-level debug."`
	Config         kong.ConfigFlag `help:"TOML file of settings, named as the flags." placeholder:"FILE"`
}

type cli struct {
	settings

	Demo       demoCmd       `cmd:"" help:"Serve the fixtures from a temporary store."`
	Serve      serveCmd      `cmd:"" help:"Serve OAI-PMH, the deposit API and the pages."`
	Import     importCmd     `cmd:"" help:"Store articles from files, folders, .zip, .tar, .tar.gz or - (standard input)."`
	Export     exportCmd     `cmd:"" help:"Write live records to standard output or a folder."`
	Get        getCmd        `cmd:"" help:"Write one record; without a prefix, the article as JSON."`
	Delete     deleteCmd     `cmd:"" help:"Delete items, leaving tombstones."`
	Validate   validateCmd   `cmd:"" help:"Tell what an indexing service would refuse of files, or of everything stored."`
	Feed       feedCmd       `cmd:"" help:"Bring what has changed to search engines and deposit services."`
	Check      checkCmd      `cmd:"" help:"Check the integrity of the store."`
	Backup     backupCmd     `cmd:"" help:"Write a consistent copy of the store to a new file, while it is served and written to."`
	Restore    restoreCmd    `cmd:"" help:"Fill an empty store from a backup, also one on another kind of database."`
	Token      tokenCmd      `cmd:"" help:"Make, list and revoke tokens for the deposit API."`
	Stats      statsCmd      `cmd:"" help:"Count what is stored."`
	Completion completionCmd `cmd:"" help:"Write a script that completes commands and flags in a shell."`
	Man        manCmd        `cmd:"" help:"Write a manual page."`
	Version    versionCmd    `cmd:"" help:"Print what build this is."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
}

// run does one command line and returns the exit code.
func run(ctx context.Context, args []string, io stdio) int {
	var c cli
	code := -1
	parser, err := kong.New(&c,
		kong.Name("sheaf"),
		kong.Description("Keeps scholarly article records and serves them as Dublin Core and JATS XML over OAI-PMH 2.0.\n\n"+
			"Every flag may also be set in the environment (SHEAF_DB for --db) or in a file (--config)."),
		kong.DefaultEnvars("SHEAF"),
		kong.Configuration(readTOML),
		kong.Vars{"kinds": strings.Join(ingest.Kinds(), ",")},
		kong.UsageOnError(),
		kong.Writers(io.out, io.err),
		kong.Exit(func(n int) { code = n }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(&c.settings, io),
	)
	if err != nil {
		fmt.Fprintln(io.err, "sheaf:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if code >= 0 { // --help has printed
		return code
	}
	if err == nil {
		err = c.settings.check()
	}
	if err != nil {
		fmt.Fprintf(io.err, "sheaf: %v\nsheaf: try sheaf --help\n", err)
		return exitUsage
	}
	err = parsed.Run()
	var e exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return int(e)
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(io.err, "sheaf: stopped")
		return exitFailed
	}
	fmt.Fprintln(io.err, "sheaf:", err)
	return exitFailed
}

// tomlFile is a file of settings: "page-size = 50" sets --page-size.
type tomlFile map[string]any

func readTOML(r io.Reader) (kong.Resolver, error) {
	values := tomlFile{}
	_, err := toml.NewDecoder(r).Decode(&values)
	return values, err
}

// Validate finds settings that are no flag of any command.
func (values tomlFile) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, n := range commands(app.Node) {
		for _, f := range n.Flags {
			known[f.Name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !known[name] {
			return fmt.Errorf("--config: %q is no setting: want the name of a flag without --, such as page-size", name)
		}
	}
	return nil
}

func (values tomlFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	v, ok := values[flag.Name]
	if !ok {
		return nil, nil
	}
	for _, name := range flag.Envs { // kong would let the file win
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	switch list := v.(type) {
	case []any:
		return list, nil
	case []map[string]any:
		return harvestTables(list) // the only flag that tables are read for
	}
	return fmt.Sprint(v), nil
}

func (s *settings) check() error {
	if s.PageSize < 1 || s.PageSize > 1000 {
		return fmt.Errorf("--page-size %d: want 1 to 1000", s.PageSize)
	}
	if s.TokenLife < time.Minute {
		return fmt.Errorf("--token-life %s: want a minute or more", s.TokenLife)
	}
	if !oai.ValidRepositoryID(s.RepositoryID) {
		return fmt.Errorf("--repository-id %q: want a domain name such as journal.example.org", s.RepositoryID)
	}
	for _, a := range s.AdminEmail {
		if !oai.ValidEmail(a) {
			return fmt.Errorf("--admin-email %q: want an address such as admin@journal.example.org", a)
		}
	}
	if len(s.Replica) > 0 && !isPostgres(s.DB) {
		return errors.New("--replica: only a PostgreSQL --db has replicas")
	}
	s.BaseURL = strings.TrimRight(s.BaseURL, "/")
	if s.BaseURL != "" && !strings.HasPrefix(s.BaseURL, "http://") && !strings.HasPrefix(s.BaseURL, "https://") {
		return fmt.Errorf("--base-url %q: want an http or https address", s.BaseURL)
	}
	return nil
}

func (s *settings) log(w io.Writer) *slog.Logger {
	var level slog.Level
	level.UnmarshalText([]byte(s.LogLevel)) // one of four, by its enum
	if s.Verbose {
		level = slog.LevelDebug
	}
	return newLog(w, s.LogFormat, level)
}

// open opens the store that --db names; create makes it if it is not there.
func (s *settings) open(create bool) (store.Store, error) {
	if isPostgres(s.DB) {
		return postgres.Open(s.DB, postgres.Options{Log: s.log(os.Stderr), Replicas: s.Replica})
	}
	if !create {
		if _, err := os.Stat(s.DB); err != nil {
			return nil, fmt.Errorf("--db %s: no store there; sheaf import or sheaf serve makes one", s.DB)
		}
	}
	return sqlite.Open(s.DB, sqlite.Options{Log: s.log(os.Stderr)})
}

func isPostgres(db string) bool {
	return strings.HasPrefix(db, "postgres://") || strings.HasPrefix(db, "postgresql://")
}

// place is --db without a password, for messages.
func (s *settings) place() string {
	if u, err := url.Parse(s.DB); err == nil && u.User != nil {
		return u.Redacted()
	}
	return s.DB
}

// local cuts "oai:REPOSITORY-ID:" from an identifier; what has no such prefix is a local identifier already.
func (s *settings) local(identifier string) string {
	return strings.TrimPrefix(identifier, "oai:"+s.RepositoryID+":")
}
