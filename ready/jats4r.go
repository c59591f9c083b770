package ready

import (
	"strings"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
	"sheaf/jats/jats4r"
)

// jats4R takes the rules of package jats4r. They look at the JATS that is written of an article, all of them in one walk.
var jats4R = func() Service {
	s := Service{Name: "jats4r", Title: "JATS4R", URL: "https://jats4r.niso.org/"}
	for _, r := range jats4r.Rules() {
		level := Recommended
		if r.Severity == jats4r.Error {
			level = Mandatory
		}
		brief := strings.ReplaceAll(strings.TrimPrefix(r.ID, "jats4r-"), "-", " ")
		s.Rules = append(s.Rules, Rule{
			Code: r.ID, Level: level, Brief: brief, Says: r.Demand + " " + r.Advice, Source: "JATS4R, " + jats4r.Topics[r.Topic],
			Check: func(rec *flat.Record) (bool, string) {
				message, broken := breaches(rec)[r.ID]
				return !broken, message
			},
		})
	}
	rules := s.Rules
	s.all = func(rec *flat.Record) (found []Finding) {
		broken := breaches(rec)
		for i := range rules {
			if message, ok := broken[rules[i].Code]; ok {
				found = append(found, Finding{&rules[i], message})
			}
		}
		return found
	}
	return s
}()

// breaches are the rules that the JATS of a record breaks, each with what is told of the first place.
func breaches(r *flat.Record) map[string]string {
	page := r.Page
	if rest, ok := strings.CutPrefix(page, element.Site); ok {
		page = "https://repository.example.org" + rest // no rule asks what it is
	}
	doc := jats.AppendXML(nil, r.Article, jats.WriteOptions{LandingURL: page})
	var breached []jats4r.Finding
	t := trees.Get().(*tree)
	defer t.done()
	if root := t.read(string(doc)); root != nil {
		breached = jats4r.Check(root)
	} else if d, err := jats4r.Parse(doc); err == nil { // else it is not well-formed, and the door refuses it
		breached = d.Check()
	}
	if len(breached) == 0 {
		return nil
	}
	broken := map[string]string{}
	for _, f := range breached {
		if _, told := broken[f.Rule.ID]; !told {
			broken[f.Rule.ID] = f.Message
		}
	}
	return broken
}
