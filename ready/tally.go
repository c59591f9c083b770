package ready

import (
	"fmt"
	"slices"
	"strings"
)

// Tally sums answers over many articles. Its size does not depend on how many. The zero Tally is ready for use; it is not safe for concurrent use.
type Tally struct {
	Keep    int // how many identifiers are kept of each rule, the first that were added; 0: none
	Records int
	Sums    []Sum // of each service that answered, in the order of their first answers
}

// Sum is what one service said of the articles of a Tally.
type Sum struct {
	Service *Service
	Records int // that were asked about
	Ready   int
	Counts  []Count // of the rules that some article failed, in the order of the service's rules
}

// Count is how many articles failed a rule.
type Count struct {
	Rule        *Rule
	Records     int
	Identifiers []string // of the first of them, at most Tally.Keep
}

// Add adds the answers about one article.
func (t *Tally) Add(identifier string, answers []Answer) {
	t.Records++
	for i := range answers {
		a := &answers[i]
		at := i
		if at >= len(t.Sums) || t.Sums[at].Service != a.Service { // the answers mostly come in one order
			if at = slices.IndexFunc(t.Sums, func(s Sum) bool { return s.Service == a.Service }); at < 0 {
				at = len(t.Sums)
				t.Sums = append(t.Sums, Sum{Service: a.Service})
			}
		}
		s := &t.Sums[at]
		s.Records++
		if a.Ready {
			s.Ready++
		}
		var told *Rule
		for _, f := range a.Findings {
			if f.Rule == told { // a rule that fails in several places of an article counts once
				continue
			}
			told = f.Rule
			s.count(f.Rule, identifier, t.Keep)
		}
	}
}

func (s *Sum) count(r *Rule, identifier string, keep int) {
	i := slices.IndexFunc(s.Counts, func(c Count) bool { return c.Rule == r })
	if i < 0 {
		place := s.Service.place(r)
		if i = slices.IndexFunc(s.Counts, func(c Count) bool { return s.Service.place(c.Rule) > place }); i < 0 {
			i = len(s.Counts)
		}
		s.Counts = slices.Insert(s.Counts, i, Count{Rule: r})
	}
	c := &s.Counts[i]
	c.Records++
	if len(c.Identifiers) < keep {
		c.Identifiers = append(c.Identifiers, identifier)
	}
}

// place is where a rule stands among those of s.
func (s *Service) place(r *Rule) int {
	return slices.IndexFunc(s.Rules, func(x Rule) bool { return x.Code == r.Code })
}

// String says it in a line: "OpenAIRE v4: 412 of 430 ready; 18 no author, 3 no date of publication". Only what stops articles is named, the most frequent first.
func (s *Sum) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d of %d ready", s.Service.Title, s.Ready, s.Records)
	stopping := slices.DeleteFunc(slices.Clone(s.Counts), func(c Count) bool { return !c.Rule.Stops() })
	slices.SortStableFunc(stopping, func(a, b Count) int { return b.Records - a.Records })
	before := "; "
	for _, c := range stopping {
		fmt.Fprintf(&b, "%s%d %s", before, c.Records, c.Rule.Brief)
		before = ", "
	}
	return b.String()
}
