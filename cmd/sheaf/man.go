package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

type manCmd struct {
	Command []string `arg:"" optional:"" help:"A command, such as serve; without one, the page of sheaf itself."`
	Dir     string   `help:"Write all pages into this folder, as sheaf.1, sheaf-serve.1 and so on." placeholder:"DIR"`
}

// Help is printed by --help.
func (manCmd) Help() string { return "To read one: sheaf man serve | man -l -" }

func (c *manCmd) Run(k *kong.Context, io stdio) error {
	pages := commands(k.Model.Node)
	if c.Dir == "" {
		for _, n := range pages {
			if path(n) == strings.Join(c.Command, " ") {
				_, err := io.out.Write(manPage(n, dated()))
				return err
			}
		}
		return fmt.Errorf("man: there is no command %q; sheaf --help lists them", strings.Join(c.Command, " "))
	}
	if len(c.Command) > 0 {
		return fmt.Errorf("man: --dir %s gets all pages; leave out %q", c.Dir, strings.Join(c.Command, " "))
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	for _, n := range pages {
		if err := os.WriteFile(filepath.Join(c.Dir, pageName(n)+".1"), manPage(n, dated()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// dated is the day that the pages are of: that of the revision, so that the same program always writes the same.
func dated() time.Time {
	if epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(epoch, 0).UTC()
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return t
			}
		}
	}
	return time.Now()
}

// pageName is the name of a command's page: sheaf-token-create.
func pageName(n *kong.Node) string {
	root := n
	for root.Parent != nil {
		root = root.Parent
	}
	return strings.ReplaceAll(strings.TrimSpace(root.Name+" "+path(n)), " ", "-")
}

// page is a manual page on its way, in the mdoc macros.
type page struct{ strings.Builder }

// macro writes a line of a macro and its arguments.
func (p *page) macro(name string, args ...string) {
	p.WriteString("." + name)
	for _, a := range args {
		p.WriteString(" " + argument(a))
	}
	p.WriteString("\n")
}

// text writes running text, a sentence a line, as mdoc wants it for the space between them.
func (p *page) text(s string) {
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		for line != "" {
			sentence, rest, _ := strings.Cut(line, ". ")
			if rest != "" {
				sentence += "."
			}
			at := 0
			for i, word := range strings.Fields(sentence) {
				switch {
				case i == 0 && strings.HasPrefix(word, "."):
					p.WriteString(`\&`) // it is no macro
				case i > 0 && at+len(word) > 72:
					p.WriteString("\n")
					if at = 0; strings.HasPrefix(word, ".") {
						p.WriteString(`\&`)
					}
				case i > 0:
					p.WriteString(" ")
				}
				p.WriteString(escape(word))
				at += len(word) + 1
			}
			p.WriteString("\n")
			line = rest
		}
	}
}

// literal writes lines as they are.
func (p *page) literal(lines ...string) {
	p.WriteString(".Bd -literal -offset indent\n")
	for _, line := range lines {
		p.WriteString(`\&` + escape(line) + "\n")
	}
	p.WriteString(".Ed\n")
}

// escape makes text safe for roff.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\e`, `-`, `\-`, `"`, `\(dq`, "`", "\\(ga", "'", `\(aq`, "^", `\(ha`, "~", `\(ti`).Replace(s)
}

// argument makes a word safe as an argument of a macro, which must not take it for a macro or for punctuation.
func argument(s string) string { return `"\&` + escape(s) + `"` }

// manPage is the manual page of a command.
func manPage(n *kong.Node, date time.Time) []byte {
	app := n
	for app.Parent != nil {
		app = app.Parent
	}
	v, _ := build()
	p := &page{}
	fmt.Fprintf(p, ".Dd %s\n.Dt %s 1\n.Os \"%s %s\"\n", date.UTC().Format("January 2, 2006"), strings.ToUpper(pageName(n)), app.Name, v)
	what, _, _ := strings.Cut(n.Help, "\n")
	fmt.Fprintf(p, ".Sh NAME\n.Nm %s\n.Nd %s\n.Sh SYNOPSIS\n", pageName(n), escape(strings.TrimSuffix(lowerFirst(what), ".")))
	p.macro("Nm", strings.Fields(app.Name+" "+path(n))...)
	p.synopsis(n, app)
	p.macro("Sh", "DESCRIPTION")
	p.text(n.Help)
	if n.Detail != "" {
		p.literal(strings.Split(n.Detail, "\n")...)
	}
	if len(n.Positional) > 0 {
		p.macro("Pp")
		p.WriteString("The arguments are:\n")
		p.list(func() {
			for _, a := range n.Positional {
				p.macro("It Ar", strings.ToUpper(a.Name))
				p.text(a.Help)
			}
		})
	}
	if len(subcommands(n)) > 0 {
		p.macro("Ss", "Commands")
		p.list(func() {
			for _, c := range commands(n)[1:] {
				if c.Leaf() {
					fmt.Fprintf(p, ".It Xr %s 1\n", pageName(c))
					p.text(c.Help)
				}
			}
		})
	}
	if own := visible(n.Flags); len(own) > 0 {
		p.macro("Sh", "OPTIONS")
		p.flags(own)
	}
	if n != app {
		p.macro("Pp")
		fmt.Fprintf(p, "The options that all commands share are in\n.Xr %s 1 .\n", app.Name)
	} else {
		p.shared()
	}
	p.macro("Sh", "SEE ALSO")
	var others []string
	for _, c := range commands(app) {
		if c != n && (c.Leaf() || c == app) && (n == app || c == app || c.Parent == n.Parent && n.Parent != app) {
			others = append(others, pageName(c))
		}
	}
	slices.Sort(others)
	for i, name := range others {
		comma := ""
		if i < len(others)-1 {
			comma = " ,"
		}
		fmt.Fprintf(p, ".Xr %s 1%s\n", name, comma)
	}
	return []byte(p.String())
}

// synopsis writes what may stand behind the name.
func (p *page) synopsis(n, app *kong.Node) {
	p.WriteString(".Op Ar options\n")
	if len(subcommands(n)) > 0 {
		p.WriteString(".Ar command\n.Op Ar arguments\n")
		return
	}
	for _, a := range n.Positional {
		name := strings.ToUpper(a.Name)
		if a.IsCumulative() {
			name += " ..."
		}
		if a.Required {
			fmt.Fprintf(p, ".Ar %s\n", name)
		} else {
			fmt.Fprintf(p, ".Op Ar %s\n", name)
		}
	}
}

// list writes a list of terms.
func (p *page) list(items func()) {
	p.WriteString(".Bl -tag -width Ds\n")
	items()
	p.WriteString(".El\n")
}

func visible(flags []*kong.Flag) (some []*kong.Flag) {
	for _, f := range flags {
		if !f.Hidden {
			some = append(some, f)
		}
	}
	return some
}

func (p *page) flags(flags []*kong.Flag) {
	p.list(func() {
		for _, f := range flags {
			p.WriteString(".It ")
			if f.Short != 0 {
				fmt.Fprintf(p, "Fl %c , ", f.Short)
			}
			p.WriteString("Fl \\-" + escape(f.Name))
			if !f.IsBool() {
				p.WriteString(" Ns = Ns Ar " + argument(placeholder(f)))
			}
			p.WriteString("\n")
			p.text(f.Help)
			var notes []string
			if f.HasDefault && f.Default != "" && !f.IsBool() {
				notes = append(notes, "The default is "+escape(f.Default)+".")
			}
			if len(f.Envs) > 0 {
				notes = append(notes, "In the environment:\n.Ev "+strings.Join(f.Envs, " , ")+" .")
			}
			if len(notes) > 0 {
				p.WriteString(strings.Join(notes, "\n") + "\n")
			}
		}
	})
}

// placeholder is what stands for the value of a flag: its kind, where the definition says nothing.
func placeholder(f *kong.Flag) string {
	if f.PlaceHolder != "" {
		return f.PlaceHolder
	}
	if words, _ := offer(f.Value); len(words) > 0 {
		return strings.Join(words, "|")
	}
	switch t := f.Target.Type(); {
	case t == reflect.TypeFor[time.Duration]():
		return "DURATION"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return "NUMBER"
	}
	return strings.ToUpper(f.Name)
}

func lowerFirst(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// shared writes what all commands have in common.
func (p *page) shared() {
	p.macro("Sh", "ENVIRONMENT")
	p.text("Every option may be set by a variable: SHEAF_ and the option in capitals, with _ for -. An option on the command line comes before the variable, and that before the file of --config.")
	p.macro("Sh", "FILES")
	p.text("The file of --config is TOML, and its keys are named as the options:")
	p.literal(`db = "/var/lib/sheaf/sheaf.db"`, `base-url = "https://oai.example.org"`, `admin-email = ["admin@example.org"]`)
	p.macro("Sh", "EXIT STATUS")
	p.list(func() {
		for code, what := range []string{"All good.", "It could not be done.", "Wrong usage.", "Done, but some inputs were refused."} {
			fmt.Fprintf(p, ".It %d\n%s\n", code, what)
		}
	})
	p.macro("Sh", "EXAMPLES")
	p.text("From nothing to a harvested record:")
	p.literal("sheaf import articles/", "sheaf serve --listen 127.0.0.1:8080 &", "curl 'http://127.0.0.1:8080/oai?verb=ListRecords&metadataPrefix=oai_dc'")
}
