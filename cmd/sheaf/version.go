package main

import "runtime/debug"

// Set by make release; else both come from what Go has put in.
var version, revision string

// build returns the version and the revision of this program; "devel" and "" when they are not known.
func build() (v, rev string) {
	v, rev = version, revision
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	if main := info.Main.Version; v == "" && main != "(devel)" {
		v = main
	}
	if v == "" {
		v = "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && rev == "" {
			rev = s.Value
		}
	}
	return v, rev
}
