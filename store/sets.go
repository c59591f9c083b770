package store

import (
	"regexp"
	"slices"
	"strings"
)

var setSpec = regexp.MustCompile(`^[A-Za-z0-9\-_.!~*'()]+(:[A-Za-z0-9\-_.!~*'()]+)*$`)

// ValidSetSpec tells whether s is a setSpec by OAI-PMH.xsd, the whole of it.
func ValidSetSpec(s string) bool { return !strings.HasSuffix(s, "\n") && setSpec.MatchString(s) }

func setSpecs(sets []Set) []string {
	var all []string
	for _, s := range sets {
		for i, c := range s.Spec {
			if c == ':' {
				all = append(all, s.Spec[:i])
			}
		}
		all = append(all, s.Spec)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
