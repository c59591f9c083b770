// Package ready tells what an indexing service would find wanting in an article, before it does.
//
// Each service has a list of rules. They are Sheaf's own and written from what the service publishes, because a schema alone proves little: that of OpenAIRE
// accepts a record which holds only a language. A rule looks at a [flat.Record], that is at what every format is made of, and so judges the article and not
// one way of writing it. What depends on the server and not on the article (its address, its time-outs, its sets) is not judged here: an address under
// [element.Site] is taken to be sound.
//
// An article is ready for a service when no rule that stops it fails: see [Rule.Stops].
package ready

import (
	"slices"

	"sheaf/crosswalk/flat"
)

// Level is how much a service wants what a rule asks for.
type Level string

const (
	Mandatory             Level = "mandatory"               // without it the service refuses the record, or leaves it out
	MandatoryIfApplicable Level = "mandatory-if-applicable" // the service wants it of every work that has it
	Recommended           Level = "recommended"             // the record is taken without it, but found less, or shown worse
	Optional              Level = "optional"                // a gain
)

// Service is one that indexes articles.
type Service struct {
	Name  string // as in --profile: letters and digits in lower case
	Title string // for people
	URL   string // where it says what it wants
	Rules []Rule

	all func(*flat.Record) []Finding // where the rules are tried together; nil: each by its Check
}

// Rule is one demand of a service.
type Rule struct {
	Code   string // the service's name and a word or two: "openaire4-author"; stable
	Level  Level
	Unsure bool   // of MandatoryIfApplicable: an article cannot tell whether it applies, so that its absence is told but stops nothing
	Brief  string // what is wrong, in a few words, to be counted: "no author"
	Says   string // for an editor: what is missing, and what to do
	Source string // document and section; "general knowledge: ..." where no document of the service was at hand

	// Check tells whether a record does what is asked; found quotes what it has instead, and is empty where there is nothing to quote.
	Check func(*flat.Record) (ok bool, found string)
}

// Stops tells whether an article that fails the rule is not ready.
func (r *Rule) Stops() bool {
	return r.Level == Mandatory || r.Level == MandatoryIfApplicable && !r.Unsure
}

// Finding is a rule that an article fails.
type Finding struct {
	Rule  *Rule
	Found string // as Check tells it
}

// Answer is what one service would say of an article.
type Answer struct {
	Service  *Service
	Ready    bool
	Findings []Finding // in the order of the rules
}

var services = []Service{openAIRE3, openAIRE4, base, core, doaj, crossref, pubMed, pmc, scholar, dataCite, unpaywall, eLibrary, jats4R}

// Services are all services. They are not to be changed.
func Services() []Service { return services }

// Find returns the service of a name; nil if there is none.
func Find(name string) *Service {
	i := slices.IndexFunc(services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &services[i]
}

// Rule returns the rule of a code; nil if there is none.
func (s *Service) Rule(code string) *Rule {
	i := slices.IndexFunc(s.Rules, func(r Rule) bool { return r.Code == code })
	if i < 0 {
		return nil
	}
	return &s.Rules[i]
}

// Record is the answer of every service, in the order of [Services].
func Record(r *flat.Record) []Answer {
	out := make([]Answer, len(services))
	for i := range services {
		out[i] = services[i].Answer(r)
	}
	return out
}

// Answer is what s would say of r.
func (s *Service) Answer(r *flat.Record) Answer {
	a := Answer{Service: s, Ready: true}
	if s.all != nil {
		a.Findings = s.all(r)
	} else {
		for i := range s.Rules {
			if ok, found := s.Rules[i].Check(r); !ok {
				a.Findings = append(a.Findings, Finding{&s.Rules[i], found})
			}
		}
	}
	a.Ready = !slices.ContainsFunc(a.Findings, func(f Finding) bool { return f.Rule.Stops() })
	return a
}
