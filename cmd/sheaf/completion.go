package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is printed by --help.
func (completionCmd) Help() string {
	return `bash: sheaf completion bash > /etc/bash_completion.d/sheaf
zsh: sheaf completion zsh > "${fpath[1]}/_sheaf"
fish: sheaf completion fish > ~/.config/fish/completions/sheaf.fish`
}

func (c *completionCmd) Run(k *kong.Context, io stdio) error {
	switch c.Shell {
	case "bash":
		bashCompletion(io.out, k.Model.Node)
	case "zsh":
		zshCompletion(io.out, k.Model.Node)
	case "fish":
		fishCompletion(io.out, k.Model.Node)
	}
	return nil
}

// The scripts hold all that the definitions of the commands say, so a shell need not run the program to complete a word.

// commands returns a command and all below it that people are told of, each before its own.
func commands(n *kong.Node) []*kong.Node {
	all := []*kong.Node{n}
	for _, child := range n.Children {
		if !child.Hidden {
			all = append(all, commands(child)...)
		}
	}
	return all
}

// path is the words that name a command, parted by a blank; "" for the program itself.
func path(n *kong.Node) string {
	if n.Parent == nil {
		return ""
	}
	return strings.TrimSpace(path(n.Parent) + " " + n.Name)
}

// flagsOf returns the flags that a command takes, its own last.
func flagsOf(n *kong.Node) []*kong.Flag { return slices.Concat(n.AllFlags(true)...) }

// subcommands are the names below a command.
func subcommands(n *kong.Node) (names []string) {
	for _, child := range n.Children {
		if !child.Hidden {
			names = append(names, child.Name)
		}
	}
	return names
}

// What can be offered for a value.
const (
	offerNothing = ""
	offerFiles   = "file"
	offerFolders = "dir"
)

// offer says what to offer for the value of a flag or an argument: the words that it may be, or else files or folders or nothing.
func offer(v *kong.Value) (words []string, kind string) {
	if v.Enum != "" {
		return slices.DeleteFunc(v.EnumSlice(), func(s string) bool { return s == "" }), offerNothing
	}
	placeholder := ""
	if v.Flag != nil {
		placeholder = v.Flag.PlaceHolder
	}
	switch {
	case placeholder == "DIR":
		return nil, offerFolders
	case placeholder == "FILE", v.Name == "db", v.Flag == nil && (v.Name == "path" || v.Name == "file"):
		return nil, offerFiles
	}
	return nil, offerNothing
}

func bashCompletion(w io.Writer, app *kong.Node) {
	var valued, paths []string
	values := map[string][]string{} // for a bash expression that offers values: "COMMAND:--FLAG"
	var cases strings.Builder
	for _, n := range commands(app) {
		var flags []string
		for _, f := range flagsOf(n) {
			flags = append(flags, "--"+f.Name)
			if f.IsBool() {
				continue
			}
			valued = append(valued, "--"+f.Name)
			words, kind := offer(f.Value)
			do := bashOffer(words, kind)
			values[do] = append(values[do], fmt.Sprintf("%q", path(n)+":--"+f.Name))
		}
		rest := ""
		if names := subcommands(n); len(names) > 0 {
			rest = bashOffer(names, offerNothing)
		} else {
			for _, p := range n.Positional {
				rest = bashOffer(offer(p))
			}
		}
		if p := path(n); p != "" {
			paths = append(paths, fmt.Sprintf("%q", p))
		}
		fmt.Fprintf(&cases, "\t%q) flags=%q; %s ;;\n", path(n), strings.Join(flags, " "), cmp.Or(rest, ":"))
	}
	slices.Sort(valued)
	fmt.Fprintf(w, `# bash completion of %[1]s, made by "%[1]s completion bash"
_%[1]s() {
	local IFS=$' \t\n' cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path= flags= value= word i
	if [[ $cur == = ]]; then # bash parts --flag=value in three
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $value ]]; then
			[[ $word == = ]] || value=
			continue
		fi
		case $word in
		%[2]s) value=1 ;;
		-*) ;;
		*)
			case "${path:+$path }$word" in
			%[3]s) path="${path:+$path }$word" ;;
			esac
			;;
		esac
	done
	COMPREPLY=()
	case "$path:$prev" in
`, app.Name, strings.Join(slices.Compact(valued), "|"), strings.Join(paths, "|"))
	for _, do := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(w, "\t%s)\n\t\t%s\n\t\treturn\n\t\t;;\n", strings.Join(values[do], "|"), cmp.Or(do, ":"))
	}
	fmt.Fprintf(w, "\tesac\n\tcase $path in\n%s\tesac\n", cases.String())
	fmt.Fprintf(w, `	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$flags" -- "$cur"))
	fi
}
complete -F _%[1]s %[1]s
`, app.Name)
}

// bashOffer is the bash that offers words, files or folders.
func bashOffer(words []string, kind string) string {
	switch {
	case len(words) > 0:
		return fmt.Sprintf(`COMPREPLY=($(compgen -W %q -- "$cur"))`, strings.Join(words, " "))
	case kind == offerFiles:
		return `IFS=$'\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); IFS=$' \t\n'`
	case kind == offerFolders:
		return `IFS=$'\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$cur")); IFS=$' \t\n'`
	}
	return ""
}

func zshCompletion(w io.Writer, app *kong.Node) {
	fmt.Fprintf(w, "#compdef %[1]s\n# zsh completion of %[1]s, made by \"%[1]s completion zsh\"\n", app.Name)
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
	plain := strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `:`, `\:`)
	action := func(v *kong.Value) string {
		words, kind := offer(v)
		switch {
		case len(words) > 0:
			return "(" + strings.Join(words, " ") + ")"
		case kind == offerFiles:
			return "_files"
		case kind == offerFolders:
			return "_files -/"
		}
		return " "
	}
	function := func(n *kong.Node) string {
		return strings.ReplaceAll("_"+strings.TrimSpace(app.Name+" "+path(n)), " ", "_")
	}
	for _, n := range commands(app) {
		fmt.Fprintf(w, "\n%s() {\n\tlocal line state\n\t_arguments -C -S", function(n))
		for _, f := range flagsOf(n) {
			spec := "--" + f.Name
			if f.IsCumulative() {
				spec = "*" + spec
			}
			if !f.IsBool() {
				spec += "="
			}
			spec += "[" + plain.Replace(f.Help) + "]"
			if !f.IsBool() {
				spec += ":" + plain.Replace(strings.ToLower(f.FormatPlaceHolder())) + ":" + action(f.Value)
			}
			fmt.Fprintf(w, " \\\n\t\t%s", quote(spec))
		}
		if len(n.Children) == 0 {
			for i, p := range n.Positional {
				place := fmt.Sprint(i + 1)
				if p.IsCumulative() {
					place = "*"
				}
				fmt.Fprintf(w, " \\\n\t\t%s", quote(place+":"+p.Name+":"+action(p)))
			}
			fmt.Fprintf(w, "\n}\n")
			continue
		}
		fmt.Fprintf(w, " \\\n\t\t'1: :->command' \\\n\t\t'*::argument:->arguments'\n\tcase $state in\n\tcommand)\n\t\tlocal -a commands=(")
		for _, child := range n.Children {
			if !child.Hidden {
				fmt.Fprintf(w, "\n\t\t\t%s", quote(plain.Replace(child.Name)+":"+child.Help))
			}
		}
		fmt.Fprintf(w, "\n\t\t)\n\t\t_describe command commands\n\t\t;;\n\targuments)\n\t\tcase $line[1] in\n")
		for _, child := range n.Children {
			if !child.Hidden {
				fmt.Fprintf(w, "\t\t%s) %s ;;\n", child.Name, function(child))
			}
		}
		fmt.Fprintf(w, "\t\tesac\n\t\t;;\n\tesac\n}\n")
	}
	fmt.Fprintf(w, "\nif [ \"$funcstack[1]\" = _%[1]s ]; then\n\t_%[1]s\nelse\n\tcompdef _%[1]s %[1]s\nfi\n", app.Name)
}

func fishCompletion(w io.Writer, app *kong.Node) {
	fmt.Fprintf(w, "# fish completion of %[1]s, made by \"%[1]s completion fish\"\ncomplete -c %[1]s -f\n", app.Name)
	quote := func(s string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
	}
	for _, n := range commands(app) {
		var when []string // the words of the command are there, and none of those below it
		for c := n; c.Parent != nil; c = c.Parent {
			when = append([]string{"__fish_seen_subcommand_from " + c.Name}, when...)
		}
		if names := subcommands(n); len(names) > 0 {
			when = append(when, "not __fish_seen_subcommand_from "+strings.Join(names, " "))
		}
		condition := strings.Join(when, "; and ")
		line := func(format string, args ...any) {
			fmt.Fprintf(w, "complete -c %s -n %s %s\n", app.Name, quote(condition), fmt.Sprintf(format, args...))
		}
		value := func(v *kong.Value) string {
			words, kind := offer(v)
			switch {
			case len(words) > 0:
				return " -a " + quote(strings.Join(words, " "))
			case kind == offerFiles:
				return " -F"
			case kind == offerFolders:
				return " -a '(__fish_complete_directories)'"
			}
			return ""
		}
		for _, child := range n.Children {
			if !child.Hidden {
				line("-a %s -d %s", child.Name, quote(child.Help))
			}
		}
		for _, f := range flagsOf(n) {
			short, needs := "", ""
			if f.Short != 0 {
				short = " -s " + string(f.Short)
			}
			if !f.IsBool() {
				needs = " -x"
				if _, kind := offer(f.Value); kind == offerFiles {
					needs = " -r"
				}
				needs += value(f.Value)
			}
			line("-l %s%s%s -d %s", f.Name, short, needs, quote(f.Help))
		}
		for _, p := range n.Positional {
			if v := value(p); v != "" {
				line("%s", strings.TrimSpace(v))
			}
		}
	}
}
