package jats4r

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

var fundingRules = []Rule{{
	ID: "jats4r-funding-single-group", Topic: "funding", Severity: Error,
	Demand: "An article has one funding-group.",
	Advice: "Put all award groups and the statement into one funding-group.",
	Fails:  `<front-stub><funding-group/><funding-group/></front-stub>`,
	Passes: `<front-stub><funding-group/></front-stub>`,
	on:     []string{"article-meta", "front-stub"},
	check: func(_ *visit, e *etree.Element) string {
		if n := len(inner(e, "funding-group")); n > 1 {
			return fmt.Sprintf("<%s> has %d <funding-group>", e.Tag, n)
		}
		return ""
	},
}, {
	ID: "jats4r-funding-single-source", Topic: "funding", Severity: Error,
	Demand: "An award-group has at most one funding-source.",
	Advice: "Write an award-group for each funder.",
	Fails:  `<award-group><funding-source><institution-wrap/></funding-source><funding-source><institution-wrap/></funding-source></award-group>`,
	Passes: `<award-group><funding-source><institution-wrap/></funding-source></award-group>`,
	on:     []string{"award-group"},
	check: func(_ *visit, e *etree.Element) string {
		if n := len(kids(e, "funding-source")); n > 1 {
			return fmt.Sprintf("<award-group> has %d <funding-source>", n)
		}
		return ""
	},
}, {
	ID: "jats4r-funding-source-missing", Topic: "funding", Severity: Error,
	Demand: "An award-group names the funder.",
	Advice: "Add funding-source or support-source; where the funder is not known, keep the award in the funding statement only.",
	Fails:  `<award-group><award-id>A-1</award-id></award-group>`,
	Passes: `<award-group><funding-source><institution-wrap/></funding-source><award-id>A-1</award-id></award-group>`,
	on:     []string{"award-group"},
	check: func(_ *visit, e *etree.Element) string {
		if !has(e, "funding-source", "support-source") {
			return "<award-group> has neither <funding-source> nor <support-source>"
		}
		return ""
	},
}, {
	ID: "jats4r-funding-award-doi", Topic: "funding", Severity: Error,
	Demand: "An award-id with award-id-type=\"doi\" is a DOI.",
	Advice: "Write the bare DOI, beginning with 10.",
	Fails:  `<award-id award-id-type="doi">A-1</award-id>`,
	Passes: `<award-id award-id-type="doi">10.5555/a-1</award-id>`,
	on:     []string{"award-id"},
	check: func(_ *visit, e *etree.Element) string {
		if is(e, "award-id-type", "doi") && !strings.HasPrefix(text(e), "10") {
			return fmt.Sprintf("<award-id> %q is no DOI", folded(e))
		}
		return ""
	},
}, {
	ID: "jats4r-funding-institution-wrap", Topic: "funding", Severity: Error,
	Demand: "A funding-source holds its funder in one institution-wrap.",
	Advice: "Put an institution-wrap with institution around the name, and institution-id beside it.",
	Fails:  `<funding-source>Example Foundation</funding-source>`,
	Passes: `<funding-source><institution-wrap><institution>Example Foundation</institution></institution-wrap></funding-source>`,
	on:     []string{"funding-source"},
	check: func(_ *visit, e *etree.Element) string {
		if n := len(kids(e, "institution-wrap")); n != 1 {
			return fmt.Sprintf("<funding-source> %.60q has %d <institution-wrap>, want one", folded(e), n)
		}
		return ""
	},
}, {
	ID: "jats4r-funding-registry-identifier", Topic: "funding", Severity: Error,
	Demand: "From JATS 1.2 on, an identifier of the Open Funder Registry has vocab-identifier=\"10.13039/open_funder_registry\".",
	Advice: "Write it so.",
	Fails:  funderExample(`institution-id-type="doi" vocab-identifier="https://doi.org/10.13039/open_funder_registry"`, "10.13039/501100000001"),
	Passes: funderExample(`institution-id-type="doi" vocab-identifier="10.13039/open_funder_registry"`, "10.13039/501100000001"),
	on:     []string{"institution-id"},
	check: func(v *visit, e *etree.Element) string {
		if isFunder(v, e) && !is(e, "vocab-identifier", "10.13039/open_funder_registry") {
			return fmt.Sprintf(`vocab-identifier %q, want "10.13039/open_funder_registry"`, attr(e, "vocab-identifier"))
		}
		return ""
	},
}, {
	ID: "jats4r-funding-registry-type", Topic: "funding", Severity: Error,
	Demand: "From JATS 1.2 on, an identifier of the Open Funder Registry has institution-id-type=\"doi\".",
	Advice: "Write it so.",
	Fails:  funderExample(`institution-id-type="funder-id" vocab-identifier="10.13039/open_funder_registry"`, "10.13039/501100000001"),
	Passes: funderExample(`institution-id-type="doi" vocab-identifier="10.13039/open_funder_registry"`, "10.13039/501100000001"),
	on:     []string{"institution-id"},
	check: func(v *visit, e *etree.Element) string {
		if isFunder(v, e) && !is(e, "institution-id-type", "doi") {
			return fmt.Sprintf(`institution-id-type %q, want "doi"`, attr(e, "institution-id-type"))
		}
		return ""
	},
}, {
	ID: "jats4r-funding-registry-doi", Topic: "funding", Severity: Error,
	Demand: "From JATS 1.2 on, an identifier of the Open Funder Registry is a bare DOI that begins with 10.13039/.",
	Advice: "Write it without https://doi.org/.",
	Fails:  funderExample(`institution-id-type="doi" vocab-identifier="10.13039/open_funder_registry"`, "https://doi.org/10.13039/501100000001"),
	Passes: funderExample(`institution-id-type="doi" vocab-identifier="10.13039/open_funder_registry"`, "10.13039/501100000001"),
	on:     []string{"institution-id"},
	check: func(v *visit, e *etree.Element) string {
		if isFunder(v, e) && !strings.HasPrefix(text(e), "10.13039/") {
			return fmt.Sprintf("<institution-id> %q does not begin with 10.13039/", folded(e))
		}
		return ""
	},
}, {
	ID: "jats4r-funding-institution-doi", Topic: "funding", Severity: Error,
	Demand: "Before JATS 1.2, an identifier of a funder with institution-id-type=\"doi\" is a bare DOI.",
	Advice: "Write it without https://doi.org/.",
	Fails:  `<article dtd-version="1.1"><funding-group><institution-id institution-id-type="doi">https://doi.org/10.13039/501100000001</institution-id></funding-group></article>`,
	Passes: `<article dtd-version="1.1"><funding-group><institution-id institution-id-type="doi">10.13039/501100000001</institution-id></funding-group></article>`,
	on:     []string{"institution-id"},
	check: func(v *visit, e *etree.Element) string {
		if !v.version.from(withVocab) && is(e, "institution-id-type", "doi") && up(e, "funding-group") != nil && !strings.HasPrefix(text(e), "10") {
			return fmt.Sprintf("<institution-id> %q is no DOI", folded(e))
		}
		return ""
	},
}, {
	ID: "jats4r-funding-recipient", Topic: "funding", Severity: Error,
	Demand: "A principal-award-recipient is one person or institution.",
	Advice: "Write a principal-award-recipient for each, with name, string-name, institution or institution-wrap inside.",
	Fails:  `<funding-group><principal-award-recipient>A. Writer</principal-award-recipient></funding-group>`,
	Passes: `<funding-group><principal-award-recipient><string-name>A. Writer</string-name></principal-award-recipient></funding-group>`,
	on:     []string{"principal-award-recipient"},
	check: func(_ *visit, e *etree.Element) string {
		if n := len(kids(e, "name", "string-name", "institution", "institution-wrap")); n != 1 && up(e, "funding-group") != nil {
			return fmt.Sprintf("<principal-award-recipient> %.60q has %d persons and institutions, want one", folded(e), n)
		}
		return ""
	},
}}

// isFunder tells whether an institution-id is marked as one of the Open Funder Registry, in a version of JATS that can.
func isFunder(v *visit, e *etree.Element) bool {
	return v.version.from(withVocab) && is(e, "vocab", "open-funder-registry") && up(e, "funding-group") != nil
}

func funderExample(attrs, id string) string {
	return `<funding-group><institution-id vocab="open-funder-registry" ` + attrs + `>` + id + `</institution-id></funding-group>`
}

// plainGroups is the check that a parent has no two groups of a kind that nothing sets apart.
func plainGroups(tag, key string) func(*visit, *etree.Element) string {
	return func(_ *visit, e *etree.Element) string {
		n := 0
		for k := range elements(e) {
			if k.Tag == tag && !stated(k, key) && xmlLang(k) == "" {
				n++
			}
		}
		if n > 1 {
			return fmt.Sprintf("<%s> has %d <%s> without %s and xml:lang", e.Tag, n, tag, key)
		}
		return ""
	}
}

// sameLang is the check that an element does not repeat the language of its article.
func sameLang(v *visit, e *etree.Element) string {
	if lang := xmlLang(e); lang != "" && lang == v.lang {
		return fmt.Sprintf("<%s> has the xml:lang of the article, %q", e.Tag, lang)
	}
	return ""
}

func onePart(tag string) func(*visit, *etree.Element) string {
	return func(_ *visit, e *etree.Element) string {
		if len(kids(e, tag)) == 1 {
			return fmt.Sprintf("<%s> %.60q has only one <%s>", e.Tag, folded(e), tag)
		}
		return ""
	}
}

var keywordRules = []Rule{{
	ID: "jats4r-kwd-group-type", Topic: "kwd", Severity: Warning,
	Demand: "Of several keyword groups, all but one have kwd-group-type or xml:lang.",
	Advice: "Say what sets the groups apart, such as kwd-group-type=\"author\".",
	Fails:  `<front-stub><kwd-group><kwd>a</kwd></kwd-group><kwd-group><kwd>b</kwd></kwd-group></front-stub>`,
	Passes: `<front-stub><kwd-group><kwd>a</kwd></kwd-group><kwd-group kwd-group-type="MeSH"><kwd>b</kwd></kwd-group></front-stub>`,
	on:     []string{"*"}, check: plainGroups("kwd-group", "kwd-group-type"),
}, {
	ID: "jats4r-kwd-lang", Topic: "kwd", Severity: Warning,
	Demand: "A keyword group in the language of the article does not say so.",
	Advice: "Take xml:lang away.",
	Fails:  `<article xml:lang="en"><kwd-group xml:lang="en"><kwd>a</kwd></kwd-group></article>`,
	Passes: `<article xml:lang="en"><kwd-group xml:lang="ru"><kwd>а</kwd></kwd-group></article>`,
	on:     []string{"kwd-group"}, check: sameLang,
}, {
	ID: "jats4r-kwd-content-type", Topic: "kwd", Severity: Warning,
	Demand: "Where there are several keyword groups and some keywords of one have content-type, all of it have.",
	Advice: "Add content-type to the others.",
	Fails:  `<front-stub><kwd-group><kwd content-type="taxon">a</kwd><kwd>b</kwd></kwd-group><kwd-group xml:lang="ru"><kwd>а</kwd></kwd-group></front-stub>`,
	Passes: `<front-stub><kwd-group><kwd content-type="taxon">a</kwd><kwd content-type="place">b</kwd></kwd-group><kwd-group xml:lang="ru"><kwd>а</kwd></kwd-group></front-stub>`,
	on:     []string{"*"},
	check: func(_ *visit, e *etree.Element) string {
		groups := kids(e, "kwd-group")
		if len(groups) < 2 {
			return ""
		}
		for _, g := range groups {
			n, typed := 0, 0
			for _, k := range kids(g, "kwd") {
				if n++; stated(k, "content-type") {
					typed++
				}
			}
			if typed > 0 && typed < n {
				return fmt.Sprintf("%d of %d keywords of a <kwd-group> have content-type", typed, n)
			}
		}
		return ""
	},
}, {
	ID: "jats4r-kwd-compound", Topic: "kwd", Severity: Warning,
	Demand: "A compound keyword has several parts.",
	Advice: "Write kwd for a keyword of one part.",
	Fails:  `<kwd-group><compound-kwd><compound-kwd-part>a</compound-kwd-part></compound-kwd></kwd-group>`,
	Passes: `<kwd-group><compound-kwd><compound-kwd-part>a</compound-kwd-part><compound-kwd-part>b</compound-kwd-part></compound-kwd></kwd-group>`,
	on:     []string{"compound-kwd"}, check: onePart("compound-kwd-part"),
}}

var subjectRules = []Rule{{
	ID: "jats4r-subj-group-type", Topic: "subj", Severity: Warning,
	Demand: "Of several subject groups, all but one have subj-group-type or xml:lang.",
	Advice: "Say what sets the groups apart, such as subj-group-type=\"heading\".",
	Fails:  `<article-categories><subj-group><subject>a</subject></subj-group><subj-group><subject>b</subject></subj-group></article-categories>`,
	Passes: `<article-categories><subj-group><subject>a</subject></subj-group><subj-group subj-group-type="heading"><subject>b</subject></subj-group></article-categories>`,
	on:     []string{"*"}, check: plainGroups("subj-group", "subj-group-type"),
}, {
	ID: "jats4r-subj-lang", Topic: "subj", Severity: Warning,
	Demand: "A subject group in the language of the article does not say so.",
	Advice: "Take xml:lang away.",
	Fails:  `<article xml:lang="en"><subj-group xml:lang="en"><subject>a</subject></subj-group></article>`,
	Passes: `<article xml:lang="en"><subj-group xml:lang="ru"><subject>а</subject></subj-group></article>`,
	on:     []string{"subj-group"}, check: sameLang,
}, {
	ID: "jats4r-subj-compound", Topic: "subj", Severity: Warning,
	Demand: "A compound subject has several parts.",
	Advice: "Write subject for a subject of one part.",
	Fails:  `<subj-group><compound-subject><compound-subject-part>a</compound-subject-part></compound-subject></subj-group>`,
	Passes: `<subj-group><compound-subject><compound-subject-part>a</compound-subject-part><compound-subject-part>b</compound-subject-part></compound-subject></subj-group>`,
	on:     []string{"compound-subject"}, check: onePart("compound-subject-part"),
}}

var (
	commons = regexp.MustCompile(`https://creativecommons\.org/(?:licenses/by(?:-sa|-nd|-nc|-nc-sa|-nc-nd)?/(?:4\.0/|[123]\.[0-9]/|[123]\.[0-9]/` +
		`(?:am|at|au|az|br|ca|ch|cl|cn|cr|cz|de|ec|ee|eg|es|fr|ge|gr|gt|hk|hr|ie|igo|it|lu|nl|no|nz|ph|pl|pr|pt|ro|rs|sg|th|tw|ug|us|ve|vn|za)/)|publicdomain/(?:zero|mark)/1\.0/)`)
	digits4 = regexp.MustCompile(`^\s*[1-9][0-9]{3}(?:\.0*)?\s*$`)
)

// licenceURIs are the addresses that a licence has: those of its license_ref, or else its xlink:href.
func licenceURIs(e *etree.Element) (uris []string) {
	refs := kids(e, "license_ref")
	for _, r := range refs[:min(len(refs), maxCompared)] {
		uris = append(uris, text(r))
	}
	if uri, ok := href(e); ok && len(uris) == 0 {
		uris = append(uris, uri)
	}
	return uris
}

var permissionsRules = []Rule{{
	ID: "jats4r-permissions-missing", Topic: "permissions", Severity: Error,
	Demand: "An article has permissions.",
	Advice: "Add permissions to article-meta, with the copyright and the licence.",
	Fails:  `<article-meta/>`,
	Passes: `<article-meta><permissions/></article-meta>`,
	on:     []string{"article-meta"},
	check: func(_ *visit, e *etree.Element) string {
		if !has(e, "permissions") {
			return without(e, "permissions")
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-copyright-year", Topic: "permissions", Severity: Error,
	Demand: "What is under copyright has a copyright-year.",
	Advice: "Add copyright-year with the four digits of the year.",
	Fails:  `<permissions><copyright-statement>© The Society</copyright-statement><copyright-holder>The Society</copyright-holder></permissions>`,
	Passes: `<permissions><copyright-statement>© 2024 The Society</copyright-statement><copyright-year>2024</copyright-year><copyright-holder>The Society</copyright-holder></permissions>`,
	on:     []string{"permissions"},
	check: func(_ *visit, e *etree.Element) string {
		if has(e, "copyright-statement", "copyright-holder") && !has(e, "copyright-year") {
			return without(e, "copyright-year")
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-copyright-holder", Topic: "permissions", Severity: Error,
	Demand: "What is under copyright has a copyright-holder.",
	Advice: "Add copyright-holder with the person or institution that holds it.",
	Fails:  `<permissions><copyright-statement>© 2024</copyright-statement><copyright-year>2024</copyright-year></permissions>`,
	Passes: `<permissions><copyright-statement>© 2024 The Society</copyright-statement><copyright-year>2024</copyright-year><copyright-holder>The Society</copyright-holder></permissions>`,
	on:     []string{"permissions"},
	check: func(_ *visit, e *etree.Element) string {
		if has(e, "copyright-statement", "copyright-year") && !has(e, "copyright-holder") {
			return without(e, "copyright-holder")
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-year-digits", Topic: "permissions", Severity: Error,
	Demand: "copyright-year is a year of four digits.",
	Advice: "Write the year alone; a second year goes into the statement.",
	Fails:  `<copyright-year>2023–24</copyright-year>`,
	Passes: `<copyright-year>2024</copyright-year>`,
	on:     []string{"copyright-year"},
	check: func(_ *visit, e *etree.Element) string {
		if !digits4.MatchString(text(e)) {
			return fmt.Sprintf("<copyright-year> %q, want four digits", folded(e))
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-year-space", Topic: "permissions", Severity: Error,
	Demand: "copyright-year has no blanks at its ends.",
	Advice: "Take them away.",
	Fails:  `<copyright-year> 2024</copyright-year>`,
	Passes: `<copyright-year>2024</copyright-year>`,
	on:     []string{"copyright-year"},
	check: func(_ *visit, e *etree.Element) string {
		if s := text(e); s != folded(e) {
			return fmt.Sprintf("<copyright-year> %q has blanks", s)
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-uri-match", Topic: "permissions", Severity: Error,
	Demand: "Where a licence has both xlink:href and ali:license_ref, they are the same.",
	Advice: "Take xlink:href away, or make it the same.",
	Fails:  `<license xlink:href="https://example.org/a"><ali:license_ref>https://example.org/b</ali:license_ref></license>`,
	Passes: `<license xlink:href="https://example.org/b"><ali:license_ref>https://example.org/b</ali:license_ref></license>`,
	on:     []string{"license"},
	check: func(_ *visit, e *etree.Element) string {
		uri, ok := href(e)
		if refs := kids(e, "license_ref"); ok && len(refs) > 0 && !slices.ContainsFunc(refs, func(r *etree.Element) bool { return text(r) == uri }) {
			return fmt.Sprintf("xlink:href %q and <ali:license_ref> %q differ", uri, text(refs[0]))
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-license-start", Topic: "permissions", Severity: Error,
	Demand: "Of several ali:license_ref, each has the day from which it holds.",
	Advice: "Add start_date to each.",
	Fails:  `<license><ali:license_ref start_date="2024-01-01">https://example.org/a</ali:license_ref><ali:license_ref>https://example.org/b</ali:license_ref></license>`,
	Passes: `<license><ali:license_ref start_date="2024-01-01">https://example.org/a</ali:license_ref><ali:license_ref start_date="2025-01-01">https://example.org/b</ali:license_ref></license>`,
	on:     []string{"license"},
	check: func(_ *visit, e *etree.Element) string {
		refs := kids(e, "license_ref")
		if len(refs) > 1 && slices.ContainsFunc(refs, func(r *etree.Element) bool { return !stated(r, "start_date") }) {
			return "one of several <ali:license_ref> has no start_date"
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-free-dates", Topic: "permissions", Severity: Error,
	Demand: "ali:free_to_read ends after it begins.",
	Advice: "Correct start_date and end_date.",
	Fails:  `<ali:free_to_read start_date="2025-01-01" end_date="2024-01-01"/>`,
	Passes: `<ali:free_to_read start_date="2024-01-01" end_date="2025-01-01"/>`,
	on:     []string{"free_to_read"},
	check: func(_ *visit, e *etree.Element) string {
		if from, to := attr(e, "start_date"), attr(e, "end_date"); stated(e, "start_date") && stated(e, "end_date") && from > to {
			return fmt.Sprintf("end_date %q is before start_date %q", to, from)
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-date-format", Topic: "permissions", Severity: Error,
	Demand: "start_date and end_date are days in the form YYYY-MM-DD.",
	Advice: "Write the day so.",
	Fails:  `<license><ali:license_ref start_date="15.01.2024">https://example.org/a</ali:license_ref></license>`,
	Passes: `<license><ali:license_ref start_date="2024-01-15">https://example.org/a</ali:license_ref></license>`,
	on:     []string{"*"},
	check: func(_ *visit, e *etree.Element) string {
		for _, a := range e.Attr {
			if a.Space == "" && (a.Key == "start_date" || a.Key == "end_date") {
				if _, err := time.Parse(time.DateOnly, a.Value); err != nil {
					return fmt.Sprintf("%s %q, want YYYY-MM-DD", a.Key, a.Value)
				}
			}
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-creative-commons", Topic: "permissions", Severity: Warning,
	Demand: "The address of a Creative Commons licence is the canonical one, with https and the slash at the end.",
	Advice: "Write it as in https://creativecommons.org/licenses/by/4.0/.",
	Fails:  `<license><ali:license_ref>http://creativecommons.org/licenses/by/4.0</ali:license_ref></license>`,
	Passes: `<license><ali:license_ref>https://creativecommons.org/licenses/by/4.0/</ali:license_ref></license>`,
	on:     []string{"license"},
	check: func(_ *visit, e *etree.Element) string {
		for _, uri := range licenceURIs(e) {
			if strings.Contains(uri, "creativecommons.org") && !commons.MatchString(uri) {
				return fmt.Sprintf("%q is not how Creative Commons writes the address of a licence", uri)
			}
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-empty-href", Topic: "permissions", Severity: Warning,
	Demand: "xlink:href of a licence is not empty.",
	Advice: "Write the address of the licence, or take the attribute away.",
	Fails:  `<license xlink:href=""><ali:license_ref/></license>`,
	Passes: `<license><ali:license_ref>https://example.org/a</ali:license_ref></license>`,
	Also:   []string{"jats4r-permissions-empty-ref"},
	on:     []string{"license"},
	check: func(_ *visit, e *etree.Element) string {
		if uri, ok := href(e); ok && strings.TrimSpace(uri) == "" {
			return "xlink:href of <license> is empty"
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-empty-ref", Topic: "permissions", Severity: Warning,
	Demand: "ali:license_ref is not empty.",
	Advice: "Write the address of the licence into it, or take it away.",
	Fails:  `<license><ali:license_ref/></license>`,
	Passes: `<license><ali:license_ref>https://example.org/a</ali:license_ref></license>`,
	on:     []string{"license"},
	check: func(_ *visit, e *etree.Element) string {
		if slices.ContainsFunc(kids(e, "license_ref"), func(r *etree.Element) bool { return folded(r) == "" }) {
			return "<ali:license_ref> is empty"
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-uri-missing", Topic: "permissions", Severity: Warning,
	Demand: "A licence has its address: from JATS 1.1d3 on in ali:license_ref, before in xlink:href.",
	Advice: "Add the address, if the licence has one.",
	Fails:  `<article dtd-version="1.3"><license><license-p>Ask us.</license-p></license></article>`,
	Passes: `<article dtd-version="1.3"><license><ali:license_ref>https://example.org/a</ali:license_ref></license></article>`,
	on:     []string{"license"},
	check: func(v *visit, e *etree.Element) string {
		_, linked := href(e)
		ref := has(e, "license_ref")
		switch {
		case !v.version.known() && !ref && !linked:
			return "<license> has neither <ali:license_ref> nor xlink:href"
		case v.version.known() && v.version.from(withLicenceRef) && !ref:
			return without(e, "ali:license_ref")
		case !v.version.from(withLicenceRef) && !linked:
			return lacks(e, "xlink:href")
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-uri-place", Topic: "permissions", Severity: Warning,
	Demand: "From JATS 1.1d3 on, the address of a licence stands in ali:license_ref, not in xlink:href.",
	Advice: "Move it there.",
	Fails:  `<article dtd-version="1.3"><license xlink:href="https://example.org/a"/></article>`,
	Passes: `<article dtd-version="1.3"><license><ali:license_ref>https://example.org/a</ali:license_ref></license></article>`,
	Also:   []string{"jats4r-permissions-uri-missing"},
	on:     []string{"license"},
	check: func(v *visit, e *etree.Element) string {
		if uri, ok := href(e); ok && v.version.known() && v.version.from(withLicenceRef) && !has(e, "license_ref") {
			return fmt.Sprintf("the address %q stands in xlink:href only", uri)
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-text-uri", Topic: "permissions", Severity: Warning,
	Demand: "An address in the text of a licence is that of the licence.",
	Advice: "Make them the same, or take the link out of license-p.",
	Fails:  `<license><ali:license_ref>https://example.org/a</ali:license_ref><license-p>See <ext-link xlink:href="https://example.org/b">here</ext-link>.</license-p></license>`,
	Passes: `<license><ali:license_ref>https://example.org/a</ali:license_ref><license-p>See <ext-link xlink:href="https://example.org/a">here</ext-link>.</license-p></license>`,
	on:     []string{"license"},
	check: func(_ *visit, e *etree.Element) string {
		uris := licenceURIs(e)
		if len(uris) == 0 {
			return ""
		}
		for _, p := range kids(e, "license-p") {
			for _, link := range kids(p, "ext-link") {
				if uri, ok := href(link); ok && !slices.Contains(uris, uri) {
					return fmt.Sprintf("the address %q in <license-p> is not that of the licence, %q", uri, uris[0])
				}
			}
		}
		return ""
	},
}, {
	ID: "jats4r-permissions-statement-year", Topic: "permissions", Severity: Warning,
	Demand: "The copyright statement names the copyright year.",
	Advice: "Make the two agree.",
	Fails:  `<permissions><copyright-statement>© The Society</copyright-statement><copyright-year>2024</copyright-year><copyright-holder>The Society</copyright-holder></permissions>`,
	Passes: `<permissions><copyright-statement>© 2024 The Society</copyright-statement><copyright-year>2024</copyright-year><copyright-holder>The Society</copyright-holder></permissions>`,
	on:     []string{"permissions"},
	check: func(_ *visit, e *etree.Element) string {
		return disagreement(e, "copyright-year")
	},
}, {
	ID: "jats4r-permissions-statement-holder", Topic: "permissions", Severity: Warning,
	Demand: "The copyright statement names the copyright holder.",
	Advice: "Make the two agree.",
	Fails:  `<permissions><copyright-statement>© 2024 The Authors</copyright-statement><copyright-year>2024</copyright-year><copyright-holder>The Society</copyright-holder></permissions>`,
	Passes: `<permissions><copyright-statement>© 2024 The Society</copyright-statement><copyright-year>2024</copyright-year><copyright-holder>The Society</copyright-holder></permissions>`,
	on:     []string{"permissions"},
	check: func(_ *visit, e *etree.Element) string {
		return disagreement(e, "copyright-holder")
	},
}}

// maxCompared bounds what is compared each with each.
const maxCompared = 100

// disagreement tells which copyright statement names none of the years or holders beside it, in any case of the letters.
func disagreement(e *etree.Element, tag string) string {
	facts := kids(e, tag)
	facts = facts[:min(len(facts), maxCompared)]
	if len(facts) == 0 {
		return ""
	}
	for _, s := range kids(e, "copyright-statement") {
		statement := strings.ToLower(text(s))
		if !slices.ContainsFunc(facts, func(f *etree.Element) bool { return strings.Contains(statement, strings.ToLower(text(f))) }) {
			return fmt.Sprintf("<copyright-statement> %.80q does not name the <%s> %q", folded(s), tag, folded(facts[0]))
		}
	}
	return ""
}
