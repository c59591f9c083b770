package jats4r

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"
)

var (
	// linkedReviews are the kinds of peer review material that are about one document.
	linkedReviews = []string{"reviewer-report", "editor-report", "author-comment"}
	reviewTypes   = append(slices.Clone(linkedReviews), "community-comment", "aggregated-review-documents")
	reviewed      = append(slices.Clone(reviewTypes), "peer-reviewed-article", "peer-review-report")
	reviewEvents  = []string{"reviewer-report-received", "author-comment-received", "editor-decision-sent"}
)

// reviewOf is the article or sub-article that a part of its metadata is of, when it is of one of these kinds of peer review; e is that metadata or inside.
func reviewOf(e *etree.Element, types []string) *etree.Element {
	meta := e
	if e.Tag != "article-meta" && e.Tag != "front-stub" {
		meta = up(e, "article-meta", "front-stub")
	}
	if meta == nil {
		return nil
	}
	var of *etree.Element
	if meta.Tag == "article-meta" {
		of = up(meta, "article")
	} else if under(meta, "sub-article") {
		of = meta.Parent()
	}
	if of != nil && is(of, "article-type", types...) {
		return of
	}
	return nil
}

// foldType folds the spellings of an article type: case, and what stands between its words.
func foldType(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n_-–—", r) {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// review is a rule on all peer review material of some kinds.
func review(r Rule, types []string, check func(e *etree.Element) string) Rule {
	r.Topic = "peer-review"
	r.check = func(_ *visit, e *etree.Element) string {
		if reviewOf(e, types) == nil {
			return ""
		}
		return check(e)
	}
	return r
}

// reviewMeta is a rule on the value of one custom-meta of peer review material.
func reviewMeta(id, name, demand, wrong, right string, good func(string) bool) Rule {
	return review(Rule{
		ID: "jats4r-peer-review-" + id, Severity: Error, Demand: demand, Advice: "Write one of the values that are allowed.",
		Fails: reviewExample(exReviewMeta(name, wrong)), Passes: reviewExample(exReviewMeta(name, right)), on: []string{"custom-meta"},
	}, reviewTypes, func(e *etree.Element) string {
		if text(kid(e, "meta-name")) == name && !good(text(kid(e, "meta-value"))) {
			return fmt.Sprintf("%s is %q", name, text(kid(e, "meta-value")))
		}
		return ""
	})
}

func oneOf(values ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(values, s) }
}

func exReviewMeta(name, value string) string {
	return `<custom-meta-group><custom-meta><meta-name>` + name + `</meta-name><meta-value>` + value + `</meta-value></custom-meta></custom-meta-group>`
}

// The parts of a community comment, which is about no one document.
const (
	exDOI        = `<article-id pub-id-type="doi">10.5555/r</article-id>`
	exHeading    = `<title-group><article-title>Comment</article-title></title-group>`
	exReviewer   = `<contrib-group><contrib contrib-type="author"><role specific-use="reader">Reader</role></contrib></contrib-group>`
	exDate       = `<pub-date/>`
	exPermission = `<permissions/>`
)

// reviewExample is a community comment that breaches no rule but by what stands inside.
func reviewExample(inside string) string {
	return reviewArticle("community-comment", exDOI+exHeading+exReviewer+exDate+exPermission+inside)
}

func reviewArticle(kind, meta string) string {
	return `<article dtd-version="1.3" article-type="` + kind + `"><front><article-meta>` + meta + `</article-meta></front></article>`
}

var metaOrStub = []string{"article-meta", "front-stub"}

var reviewRules = []Rule{{
	ID: "jats4r-peer-review-article-type", Topic: "peer-review", Severity: Error,
	Demand: "The type of peer review material is spelt " + strings.Join(reviewTypes, ", ") + ".",
	Advice: "Write it so, in small letters with hyphens.",
	Fails:  `<article article-type="Reviewer Report"/>`,
	Passes: `<article article-type="reviewer-report"/>`,
	on:     []string{"article", "sub-article"},
	check: func(_ *visit, e *etree.Element) string {
		t := attr(e, "article-type")
		for _, want := range reviewTypes {
			if t != want && foldType(t) == foldType(want) {
				return fmt.Sprintf("article-type %q, want %q", t, want)
			}
		}
		return ""
	},
}, review(Rule{
	ID: "jats4r-peer-review-doi", Severity: Error,
	Demand: "Peer review material has a DOI.",
	Advice: "Add article-id with pub-id-type=\"doi\".",
	Fails:  reviewArticle("community-comment", exHeading+exReviewer+exDate+exPermission), Passes: reviewExample(""), on: metaOrStub,
}, reviewTypes, func(e *etree.Element) string {
	if !slices.ContainsFunc(kids(e, "article-id"), func(k *etree.Element) bool { return is(k, "pub-id-type", "doi") }) {
		return "<" + e.Tag + `> has no <article-id pub-id-type="doi">`
	}
	return ""
}), review(Rule{
	ID: "jats4r-peer-review-contrib", Severity: Error,
	Demand: "Peer review material has a contributor.",
	Advice: "Add contrib-group with contrib; one who is not named is anonymous.",
	Fails:  reviewArticle("community-comment", exDOI+exHeading+exDate+exPermission), Passes: reviewExample(""), on: metaOrStub,
}, reviewTypes, func(e *etree.Element) string {
	if kid(e, "contrib-group", "contrib") == nil {
		return without(e, "contrib-group/contrib")
	}
	return ""
}), review(Rule{
	ID: "jats4r-peer-review-title", Severity: Error,
	Demand: "Peer review material has a title.",
	Advice: "Add title-group with article-title.",
	Fails:  reviewArticle("community-comment", exDOI+exReviewer+exDate+exPermission), Passes: reviewExample(""), on: metaOrStub,
}, reviewTypes, func(e *etree.Element) string {
	if kid(e, "title-group", "article-title") == nil {
		return without(e, "title-group/article-title")
	}
	return ""
}), func() Rule {
	r := review(Rule{
		ID: "jats4r-peer-review-permissions", Severity: Error,
		Demand: "A peer review article has permissions.",
		Advice: "Add permissions to article-meta.",
		Fails:  reviewArticle("community-comment", exDOI+exHeading+exReviewer+exDate), Passes: reviewExample(""), on: []string{"article-meta"},
	}, reviewTypes, func(e *etree.Element) string {
		if !has(e, "permissions") {
			return without(e, "permissions")
		}
		return ""
	})
	r.Also = []string{"jats4r-permissions-missing"}
	return r
}(), review(Rule{
	ID: "jats4r-peer-review-date", Severity: Error,
	Demand: "Peer review material has a date of publication; that of its article will do for a sub-article.",
	Advice: "Add pub-date.",
	Fails:  reviewArticle("community-comment", exDOI+exHeading+exReviewer+exPermission), Passes: reviewExample(""), on: metaOrStub,
}, reviewTypes, func(e *etree.Element) string {
	if has(e, "pub-date") || e.Tag == "front-stub" && kid(up(e, "article"), "front", "article-meta", "pub-date") != nil {
		return ""
	}
	return without(e, "pub-date")
}), review(Rule{
	ID: "jats4r-peer-review-role", Severity: Error,
	Demand: "A contributor to peer review material has a role with specific-use reviewer, reader, author or editor.",
	Advice: "Add such a role.",
	Fails:  reviewArticle("community-comment", exDOI+exHeading+`<contrib-group><contrib contrib-type="author"/></contrib-group>`+exDate+exPermission),
	Passes: reviewExample(""), on: []string{"contrib"},
}, reviewTypes, func(e *etree.Element) string {
	if up(e, "front-stub") != nil && up(e, "collab") != nil ||
		slices.ContainsFunc(kids(e, "role"), func(k *etree.Element) bool { return is(k, "specific-use", "reviewer", "reader", "author", "editor") }) {
		return ""
	}
	return "<contrib> has no <role> with specific-use reviewer, reader, author or editor"
}), review(Rule{
	ID: "jats4r-peer-review-related-object", Severity: Error,
	Demand: "A report or an author's comment on one document links to it.",
	Advice: "Add related-object with document-type, such as \"peer-reviewed-article\", and the DOI of the article in document-id.",
	Fails:  reviewArticle("reviewer-report", exDOI+exHeading+exReviewer+exDate+exPermission),
	Passes: reviewArticle("reviewer-report", exDOI+exHeading+exReviewer+exDate+exPermission+exReviewed(`document-id-type="doi"`)), on: []string{"article-meta"},
}, linkedReviews, func(e *etree.Element) string {
	if !slices.ContainsFunc(kids(e, "related-object"), isReviewed) {
		return "<article-meta> has no <related-object> to the document that the review is of"
	}
	return ""
}), review(Rule{
	ID: "jats4r-peer-review-related-id-type", Severity: Error,
	Demand: "The link to the document that a review is of has document-id-type=\"doi\".",
	Advice: "Link by its DOI.",
	Fails:  reviewArticle("reviewer-report", exDOI+exHeading+exReviewer+exDate+exPermission+exReviewed(`document-id-type="pmid"`)),
	Passes: reviewArticle("reviewer-report", exDOI+exHeading+exReviewer+exDate+exPermission+exReviewed(`document-id-type="doi"`)), on: []string{"related-object"},
}, linkedReviews, func(e *etree.Element) string {
	if under(e, metaOrStub...) && isReviewed(e) && !is(e, "document-id-type", "doi") {
		return fmt.Sprintf(`document-id-type %q, want "doi"`, attr(e, "document-id-type"))
	}
	return ""
}), review(Rule{
	ID: "jats4r-peer-review-event-date", Severity: Error,
	Demand: "An event of peer review material has one date.",
	Advice: "Write an event for each date.",
	Fails:  reviewExample(`<pub-history><event event-type="editor-decision-sent"/></pub-history>`),
	Passes: reviewExample(`<pub-history><event event-type="editor-decision-sent"><date/></event></pub-history>`), on: []string{"event"},
}, reviewTypes, func(e *etree.Element) string {
	if n := len(kids(e, "date")); isReviewEvent(e) && n != 1 {
		return fmt.Sprintf("<event> has %d <date>, want one", n)
	}
	return ""
}), review(Rule{
	ID: "jats4r-peer-review-event-type", Severity: Error,
	Demand: "An event of peer review material has an event-type.",
	Advice: "Add event-type, such as " + strings.Join(reviewEvents, " or ") + ".",
	Fails:  reviewExample(`<pub-history><event><date/></event></pub-history>`),
	Passes: reviewExample(`<pub-history><event event-type="editor-decision-sent"><date/></event></pub-history>`), on: []string{"event"},
}, reviewTypes, func(e *etree.Element) string {
	if isReviewEvent(e) && !stated(e, "event-type") {
		return lacks(e, "event-type")
	}
	return ""
}),
	reviewMeta("stage", "peer-review-stage", "peer-review-stage is pre-publication or post-publication.", "before", "pre-publication",
		oneOf("pre-publication", "post-publication")),
	reviewMeta("transfer", "transfer", "transfer is yes.", "true", "yes", oneOf("yes")),
	reviewMeta("revision-round", "peer-review-revision-round", "peer-review-revision-round is a number in digits.", "first", "1",
		func(s string) bool { return s != "" && digitsOnly.MatchString(s) }),
	reviewMeta("recommendation", "peer-review-recommendation",
		"peer-review-recommendation is revision, major-revision, minor-revision, reject, reject-with-resubmit, accept, formal-accept or accept-in-principle.", "publish", "accept",
		oneOf("revision", "major-revision", "minor-revision", "reject", "reject-with-resubmit", "accept", "formal-accept", "accept-in-principle")),
	reviewMeta("transparency", "peer-review-identity-transparency",
		"peer-review-identity-transparency is all-identities-visible, single-anonymized, double-anonymized or triple-anonymized.", "open", "all-identities-visible",
		oneOf("all-identities-visible", "single-anonymized", "double-anonymized", "triple-anonymized")),
	review(Rule{
		ID: "jats4r-peer-review-contrib-type", Severity: Warning,
		Demand: "A contributor to peer review material has contrib-type=\"author\".",
		Advice: "Write it so; what the person is stands in role.",
		Fails: reviewArticle("community-comment", exDOI+exHeading+exReviewer+
			`<contrib-group><contrib contrib-type="reviewer"><role specific-use="reviewer">Reviewer</role></contrib></contrib-group>`+exDate+exPermission),
		Passes: reviewExample(""), on: []string{"contrib"},
	}, reviewTypes, func(e *etree.Element) string {
		if !is(e, "contrib-type", "author") {
			return fmt.Sprintf(`contrib-type %q, want "author"`, attr(e, "contrib-type"))
		}
		return ""
	}),
	review(Rule{
		ID: "jats4r-peer-review-sub-article-link", Severity: Warning,
		Demand: "A report or an author's comment that is a sub-article links to the document that it is of.",
		Advice: "Add related-object with document-type, such as \"peer-reviewed-article\", and the DOI of the article in document-id.",
		Fails:  `<sub-article article-type="reviewer-report"><front-stub>` + exDOI + exHeading + exReviewer + exDate + `</front-stub></sub-article>`,
		Passes: `<sub-article article-type="reviewer-report"><front-stub>` + exDOI + exHeading + exReviewer + exDate + exReviewed(`document-id-type="doi"`) + `</front-stub></sub-article>`,
		on:     []string{"front-stub"},
	}, linkedReviews, func(e *etree.Element) string {
		if !slices.ContainsFunc(kids(e, "related-object"), isReviewed) {
			return "<front-stub> has no <related-object> to the document that the review is of"
		}
		return ""
	}),
	review(Rule{
		ID: "jats4r-peer-review-event-value", Severity: Warning,
		Demand: "event-type is one of the suggested values.",
		Advice: "Use " + strings.Join(reviewEvents, ", ") + ".",
		Fails:  reviewExample(`<pub-history><event event-type="decision"><date/></event></pub-history>`),
		Passes: reviewExample(`<pub-history><event event-type="editor-decision-sent"><date/></event></pub-history>`), on: []string{"event"},
	}, reviewTypes, func(e *etree.Element) string {
		if isReviewEvent(e) && stated(e, "event-type") && !is(e, "event-type", reviewEvents...) {
			return fmt.Sprintf("event-type %q is none of the suggested values", attr(e, "event-type"))
		}
		return ""
	}),
	reviewHistory,
	review(Rule{
		ID: "jats4r-peer-review-source-id-type", Severity: Warning,
		Demand: "A link with source-id to the document that a review is of has a source-id-type.",
		Advice: "Add source-id-type.",
		Fails:  reviewArticle("reviewer-report", exDOI+exHeading+exReviewer+exDate+exPermission+exReviewed(`document-id-type="doi" source-id="x"`)),
		Passes: reviewArticle("reviewer-report", exDOI+exHeading+exReviewer+exDate+exPermission+exReviewed(`document-id-type="doi" source-id="x" source-id-type="issn"`)),
		on:     []string{"related-object"},
	}, linkedReviews, func(e *etree.Element) string {
		if under(e, metaOrStub...) && isReviewed(e) && stated(e, "source-id") && !stated(e, "source-id-type") {
			return lacks(e, "source-id-type")
		}
		return ""
	}),
}

var reviewHistory = Rule{
	ID: "jats4r-peer-review-history", Topic: "peer-review", Severity: Warning,
	Demand: "Before JATS 1.2, the dates of the history of peer review material have one of the suggested types.",
	Advice: "Use " + strings.Join(reviewEvents, ", ") + ".",
	Fails:  strings.Replace(reviewExample(`<history><date date-type="received"/></history>`), `"1.3"`, `"1.1"`, 1),
	Passes: strings.Replace(reviewExample(`<history><date date-type="editor-decision-sent"/></history>`), `"1.3"`, `"1.1"`, 1), on: []string{"date"},
	check: func(v *visit, e *etree.Element) string {
		if !v.version.from(withVocab) && under(e, "history") && reviewOf(e, reviewTypes) != nil && !is(e, "date-type", reviewEvents...) {
			return fmt.Sprintf("date-type %q is none of the suggested values", attr(e, "date-type"))
		}
		return ""
	},
}

func exReviewed(attrs string) string {
	return `<related-object document-type="peer-reviewed-article" document-id="10.5555/a" ` + attrs + `/>`
}

func isReviewed(e *etree.Element) bool { return is(e, "document-type", reviewed...) }

// isReviewEvent tells whether an event is one of the publication history.
func isReviewEvent(e *etree.Element) bool { return under(e, "pub-history") }
