package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sheaf/crosswalk"
	"sheaf/crosswalk/flat"
	"sheaf/ingest"
	"sheaf/jats/jats4r"
	"sheaf/ready"
)

// profile is one thing to check inputs and items by.
type profile struct {
	name    string         // as in --profile; a format and a service may share one, which then stands for both
	what    string         // for people
	service *ready.Service // whose rules these are; nil: none's
	asked   bool           // checked only when it is asked for by name
	check   func(ctx context.Context, v *validator, s *subject) []finding
}

// services as --profile stands for all indexing services.
const allServices = "services"

// allProfiles are all profiles, in the order in which they are checked.
func allProfiles() []profile {
	all := []profile{{name: "article", what: "what Sheaf had to mend or leave out on reading", check: checkArticle}}
	for _, f := range crosswalk.All() {
		all = append(all, profile{name: f.Prefix, what: "the " + f.Prefix + " record that Sheaf serves can be made, and is well-formed", check: checkFormat(f)})
	}
	all = append(all,
		profile{name: "jats4r", what: "JATS by the recommendations of JATS4R: the file itself, and what Sheaf serves", service: ready.Find("jats4r"), check: checkJATS4R},
		profile{name: "dtd", what: "JATS by its DTD: the file itself, and what Sheaf serves; needs xmllint and a folder of DTDs", check: checkDTD},
	)
	for i := range ready.Services() {
		if s := &ready.Services()[i]; s.Name != "jats4r" {
			all = append(all, profile{name: s.Name, what: "what " + s.Title + " would find wanting", service: s, asked: true, check: checkService(s)})
		}
	}
	return all
}

// chosen are the profiles of those names; without names, those that are not to be asked for. The error names one that is none.
func chosen(names []string) ([]profile, error) {
	all := allProfiles()
	known := []string{allServices}
	for _, p := range all {
		if !slices.Contains(known, p.name) {
			known = append(known, p.name)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%q: want one of %s", name, strings.Join(known, ", "))
		}
	}
	return slices.DeleteFunc(all, func(p profile) bool {
		if len(names) == 0 {
			return p.asked
		}
		return !slices.Contains(names, p.name) && !(p.service != nil && slices.Contains(names, allServices))
	}), nil
}

// checkService makes the check of what an indexing service would say.
func checkService(service *ready.Service) func(context.Context, *validator, *subject) []finding {
	return func(_ context.Context, _ *validator, s *subject) (found []finding) {
		for _, f := range service.Answer(s.flat()).Findings {
			message, advice, _ := strings.Cut(f.Rule.Says, ". ")
			if message = strings.TrimSuffix(message, "."); f.Found != "" {
				message += ": " + f.Found
			}
			found = append(found, finding{
				Line: s.line, Severity: severityOf(f.Rule), Code: f.Rule.Code, Message: message, Advice: advice,
				Rule: fmt.Sprintf("%s, %s: %s.", service.Title, f.Rule.Level, f.Rule.Source),
			})
		}
		return found
	}
}

func severityOf(r *ready.Rule) string {
	switch {
	case r.Stops():
		return severityError
	case r.Level == ready.Optional:
		return severityNote
	}
	return severityWarning
}

// answers are what the services among the profiles say of a subject in which that was found; none of one that could not be read.
func (v *validator) answers(s *subject, found []finding) (out []ready.Answer) {
	if s.err != nil {
		return nil
	}
	for _, p := range v.profiles {
		if p.service == nil {
			continue
		}
		a := ready.Answer{Service: p.service, Ready: true}
		for _, f := range found {
			if rule := p.service.Rule(f.Code); f.Profile == p.name && rule != nil {
				a.Findings = append(a.Findings, ready.Finding{Rule: rule, Found: f.Message})
				a.Ready = a.Ready && !rule.Stops()
			}
		}
		out = append(out, a)
	}
	return out
}

// checkArticle tells the warnings of reading.
func checkArticle(_ context.Context, _ *validator, s *subject) (found []finding) {
	for _, w := range append(s.warnings, s.article.Problems()...) {
		found = append(found, described(finding{Line: s.lineOf(w.Line), Severity: severityWarning, Code: w.Code, Message: w.Message, Element: w.Path}))
	}
	return found
}

// checkFormat makes the check that a record can be served. Most formats do not take every article, and an item then does not have them: that is told only when the
// format was asked for by name, and where a service shares the name its rules tell it.
func checkFormat(f crosswalk.Format) func(context.Context, *validator, *subject) []finding {
	return func(_ context.Context, v *validator, s *subject) []finding {
		_, err := crosswalk.Render(f, s.flat())
		var cannot *flat.Cannot
		switch {
		case err == nil:
			return nil
		case errors.As(err, &cannot) && (!v.named || ready.Find(f.Prefix) != nil):
			return nil
		case cannot != nil:
			return []finding{described(finding{Line: s.line, Severity: severityError, Code: cannot.Code, Message: "no " + f.Prefix + " record: " + cannot.Message})}
		}
		return []finding{described(finding{Line: s.line, Severity: severityError, Code: "record-invalid", Message: strings.TrimPrefix(err.Error(), "crosswalk: ")})}
	}
}

// flat is what the formats and services ask of the article.
func (s *subject) flat() *flat.Record {
	if s.record == nil {
		s.record = crosswalk.Record(s.article, s.local, s.at)
	}
	return s.record
}

// served is the article as the jats document that Sheaf serves.
func (s *subject) served(v *validator) ([]byte, error) {
	f, _ := crosswalk.Find("jats")
	return crosswalk.Document(f, s.article, s.local, v.site, s.at)
}

// isJATS tells whether the source is a JATS document itself.
func (s *subject) isJATS() bool { return s.kind == "jats" && s.source != nil }

// document is the source as a tree; only of a JATS document.
func (s *subject) document() (*jats4r.Document, error) {
	if s.tree == nil && s.treeErr == nil {
		s.tree, s.treeErr = jats4r.Parse(s.source)
	}
	return s.tree, s.treeErr
}

// checkJATS4R checks a JATS source, and what is served. Of what is served only that is told which the source does not have as well.
func checkJATS4R(_ context.Context, v *validator, s *subject) (found []finding) {
	var known []string
	if s.isJATS() {
		d, err := s.document()
		if err != nil {
			return []finding{s.broken(err, "")}
		}
		for _, f := range d.Check() {
			known = append(known, f.Rule.ID)
			found = append(found, ruleFinding(f, s.lineOf(f.Line), ""))
		}
	}
	b, err := s.served(v)
	if err != nil { // told by the profile of the format
		return found
	}
	d, err := jats4r.Parse(b)
	if err != nil {
		return append(found, s.broken(err, asServed))
	}
	for _, f := range d.Check() {
		if !slices.Contains(known, f.Rule.ID) {
			found = append(found, ruleFinding(f, s.line, asServed))
		}
	}
	return found
}

const asServed = "as served: "

func ruleFinding(f jats4r.Finding, line int, prefix string) finding {
	return finding{Line: line, Severity: string(f.Rule.Severity), Code: f.Rule.ID, Message: prefix + f.Message, Advice: f.Rule.Advice, Rule: f.Rule.Demand, Element: f.Path}
}

// broken is the finding that a document is not well-formed: the source, or what is served of it.
func (s *subject) broken(err error, prefix string) finding {
	r := ingest.Outcome{Name: s.name, Line: s.line, Err: err}.Rejection()
	if prefix != "" { // the line is not one of the source
		r.Line = s.line
	}
	return described(finding{Line: r.Line, Severity: severityError, Code: r.Code, Message: prefix + r.Reason})
}

// checkDTD checks a JATS source, and what is served, by their DTDs.
func checkDTD(ctx context.Context, v *validator, s *subject) (found []finding) {
	if v.dtds == nil {
		return nil
	}
	if s.isJATS() {
		found = v.dtds.source(ctx, s)
	}
	b, err := s.served(v)
	if err != nil { // told by the profile of the format
		return found
	}
	dtd := v.dtds.archiving
	if s.article.Publishing() {
		dtd = v.dtds.publishing
	}
	for _, f := range v.dtds.lint(ctx, b, dtd) {
		f.Line, f.Message = s.line, asServed+f.Message
		found = append(found, f)
	}
	return found
}
