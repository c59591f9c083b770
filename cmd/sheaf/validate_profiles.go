package main

import (
	"context"
	"slices"
	"strings"

	"sheaf/crosswalk"
	"sheaf/ingest"
	"sheaf/jats/jats4r"
)

// profile is one thing to check inputs and items by. A service that harvests Sheaf, with demands of its own, is another profile: add it to [allProfiles].
type profile struct {
	name  string // as in --profile
	what  string // for people
	check func(ctx context.Context, v *validator, s *subject) []finding
}

// allProfiles are all profiles, in the order in which they are checked.
func allProfiles() []profile {
	all := []profile{{
		"article", "what Sheaf had to mend or leave out on reading", checkArticle,
	}}
	for _, f := range crosswalk.All() {
		all = append(all, profile{f.Prefix, "the " + f.Prefix + " record that Sheaf serves can be made, and is well-formed", checkFormat(f)})
	}
	return append(all,
		profile{"jats4r", "JATS by the recommendations of JATS4R: the file itself, and what Sheaf serves", checkJATS4R},
		profile{"dtd", "JATS by its DTD: the file itself, and what Sheaf serves; needs xmllint and a folder of DTDs", checkDTD},
	)
}

// checkArticle tells the warnings of reading.
func checkArticle(_ context.Context, _ *validator, s *subject) (found []finding) {
	for _, w := range append(s.warnings, s.article.Problems()...) {
		found = append(found, described(finding{Line: s.lineOf(w.Line), Severity: severityWarning, Code: w.Code, Message: w.Message, Element: w.Path}))
	}
	return found
}

// checkFormat makes the check that a record can be served.
func checkFormat(f crosswalk.Format) func(context.Context, *validator, *subject) []finding {
	return func(_ context.Context, _ *validator, s *subject) []finding {
		if _, err := crosswalk.Render(f, crosswalk.Record(s.article, s.local, s.at)); err != nil {
			return []finding{described(finding{Line: s.line, Severity: severityError, Code: "record-invalid", Message: strings.TrimPrefix(err.Error(), "crosswalk: ")})}
		}
		return nil
	}
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
