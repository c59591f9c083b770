package jats4r

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"
	"golang.org/x/text/language"
)

var abstractTypes = []string{"teaser", "extract", "editor-summary", "executive-summary", "interpretive-summary", "summary", "plain-language-summary", "graphical",
	"simple", "structured", "video", "audio"}

// figureWith tells whether a figure inside e holds an element that passes.
func figureWith(e *etree.Element, tag string, pass func(*etree.Element) bool) bool {
	for _, fig := range inner(e, "fig") {
		if slices.ContainsFunc(inner(fig, tag), pass) {
			return true
		}
	}
	return false
}

func anyElement(*etree.Element) bool { return true }

func mediaOf(kind string) func(*etree.Element) bool {
	return func(e *etree.Element) bool { return is(e, "mimetype", kind) }
}

// needsMedia is the check that a video or audio abstract has a figure with its file.
func needsMedia(kind string) func(*visit, *etree.Element) string {
	return func(_ *visit, e *etree.Element) string {
		if is(e, "abstract-type", kind) && !figureWith(e, "media", mediaOf(kind)) {
			return fmt.Sprintf("<%s abstract-type=%q> has no <fig> with <media mimetype=%q>", e.Tag, kind, kind)
		}
		return ""
	}
}

var abstracts = []string{"abstract", "trans-abstract"}

var abstractRules = []Rule{{
	ID: "jats4r-abstract-attributes", Topic: "abstract", Severity: Error,
	Demand: "Of several abstracts, each but the main one has an attribute abstract-type, xml:lang or specific-use.",
	Advice: "Say what sets the other abstracts apart, such as abstract-type=\"plain-language-summary\", and put those in other languages into trans-abstract.",
	Fails:  `<article-meta><permissions/><abstract><p>A.</p></abstract><abstract><p>B.</p></abstract></article-meta>`,
	Passes: `<article-meta><permissions/><abstract><p>A.</p></abstract><abstract abstract-type="summary"><p>B.</p></abstract></article-meta>`,
	on:     []string{"article-meta"},
	check: func(_ *visit, e *etree.Element) string {
		n := 0
		for _, a := range kids(e, "abstract") {
			if !stated(a, "abstract-type", "specific-use") && xmlLang(a) == "" {
				n++
			}
		}
		if n > 1 {
			return fmt.Sprintf("%d <abstract> have none of abstract-type, xml:lang and specific-use", n)
		}
		return ""
	},
}, {
	ID: "jats4r-abstract-single-section", Topic: "abstract", Severity: Error,
	Demand: "An abstract without paragraphs of its own has more than one section.",
	Advice: "Put the paragraphs of the only section into the abstract itself.",
	Fails:  `<abstract><sec><title>Aim</title><p>A.</p></sec></abstract>`,
	Passes: `<abstract><sec><title>Aim</title><p>A.</p></sec><sec><title>Results</title><p>B.</p></sec></abstract>`,
	on:     abstracts,
	check: func(_ *visit, e *etree.Element) string {
		if !has(e, "p") && len(kids(e, "sec")) == 1 {
			return "<" + e.Tag + "> has no <p> and only one <sec>"
		}
		return ""
	},
}, {
	ID: "jats4r-abstract-graphical-figure", Topic: "abstract", Severity: Error,
	Demand: "A graphical abstract has a figure with a graphic.",
	Advice: "Put the graphic into fig, or take abstract-type=\"graphical\" away.",
	Fails:  `<abstract abstract-type="graphical"><p>See the picture.</p></abstract>`,
	Passes: `<abstract abstract-type="graphical"><p><fig id="f1"><graphic><alt-text>A curve</alt-text></graphic></fig></p></abstract>`,
	on:     abstracts,
	check: func(_ *visit, e *etree.Element) string {
		if is(e, "abstract-type", "graphical") && !figureWith(e, "graphic", anyElement) {
			return "<" + e.Tag + ` abstract-type="graphical"> has no <fig> with a <graphic>`
		}
		return ""
	},
}, {
	ID: "jats4r-abstract-media-type", Topic: "abstract", Severity: Error,
	Demand: "An abstract with a media file is a video or audio abstract and says so in abstract-type.",
	Advice: "Write abstract-type=\"video\" or abstract-type=\"audio\".",
	Fails:  `<abstract><p><fig id="f1"><graphic><alt-text>A still</alt-text></graphic><media mimetype="video"/></fig></p></abstract>`,
	Passes: `<abstract abstract-type="video"><p><fig id="f1"><alternatives><graphic><alt-text>A still</alt-text></graphic><media mimetype="video"/></alternatives></fig></p></abstract>`,
	Also:   []string{"jats4r-abstract-graphical-type"},
	on:     abstracts,
	check: func(_ *visit, e *etree.Element) string {
		if !is(e, "abstract-type", "video", "audio") && len(inner(e, "media")) > 0 {
			return "<" + e.Tag + `> has <media>, and its abstract-type is neither "video" nor "audio"`
		}
		return ""
	},
}, {
	ID: "jats4r-abstract-video-figure", Topic: "abstract", Severity: Error,
	Demand: "A video abstract has a figure with a video.",
	Advice: "Put media with mimetype=\"video\" into a fig of the abstract.",
	Fails:  `<abstract abstract-type="video"><p>See the film.</p></abstract>`,
	Passes: `<abstract abstract-type="video"><p><fig id="f1"><alternatives><graphic><alt-text>A still</alt-text></graphic><media mimetype="video"/></alternatives></fig></p></abstract>`,
	on:     abstracts, check: needsMedia("video"),
}, {
	ID: "jats4r-abstract-audio-figure", Topic: "abstract", Severity: Error,
	Demand: "An audio abstract has a figure with a sound file.",
	Advice: "Put media with mimetype=\"audio\" into a fig of the abstract.",
	Fails:  `<abstract abstract-type="audio"><p>Listen.</p></abstract>`,
	Passes: `<abstract abstract-type="audio"><p><fig id="f1"><alternatives><graphic><alt-text>A speaker</alt-text></graphic><media mimetype="audio"/></alternatives></fig></p></abstract>`,
	on:     abstracts, check: needsMedia("audio"),
}, {
	ID: "jats4r-abstract-trans-lang", Topic: "abstract", Severity: Error,
	Demand: "A translated abstract names its language.",
	Advice: "Add xml:lang to trans-abstract.",
	Fails:  `<trans-abstract><p>Résumé.</p></trans-abstract>`,
	Passes: `<trans-abstract xml:lang="fr"><p>Résumé.</p></trans-abstract>`,
	on:     []string{"trans-abstract"},
	check: func(_ *visit, e *etree.Element) string {
		if xmlLang(e) == "" {
			return lacks(e, "xml:lang")
		}
		return ""
	},
}, {
	ID: "jats4r-abstract-section-title", Topic: "abstract", Severity: Error,
	Demand: "Each section of an abstract has a title.",
	Advice: "Put the heading of the section into title.",
	Fails:  `<abstract><p>A.</p><sec><p>B.</p></sec></abstract>`,
	Passes: `<abstract><p>A.</p><sec><title>Results</title><p>B.</p></sec></abstract>`,
	Also:   []string{"jats4r-accessibility-section-title"},
	on:     []string{"sec"},
	check: func(_ *visit, e *etree.Element) string {
		if up(e, "abstract") != nil && !has(e, "title") {
			return "<sec> in <abstract> has no <title>"
		}
		return ""
	},
}, {
	ID: "jats4r-abstract-object-in-figure", Topic: "abstract", Severity: Error,
	Demand: "A graphic or media file in an abstract stands in a figure, or in alternatives in a figure.",
	Advice: "Put a fig around it.",
	Fails:  `<abstract><p>A. <graphic><alt-text>A curve</alt-text></graphic></p></abstract>`,
	Passes: `<abstract abstract-type="graphical"><p>A. <fig id="f1"><graphic><alt-text>A curve</alt-text></graphic></fig></p></abstract>`,
	on:     []string{"graphic", "media"},
	check: func(_ *visit, e *etree.Element) string {
		if up(e, abstracts...) == nil || under(e, "fig") || under(e, "alternatives") && under(e.Parent(), "fig") {
			return ""
		}
		return "<" + e.Tag + "> in an abstract stands in no <fig>"
	},
}, {
	ID: "jats4r-abstract-graphical-type", Topic: "abstract", Severity: Warning,
	Demand: "An abstract with a graphic in a figure, no film or sound, has abstract-type=\"graphical\".",
	Advice: "Write abstract-type=\"graphical\".",
	Fails:  `<abstract><p><fig id="f1"><graphic><alt-text>A curve</alt-text></graphic></fig></p></abstract>`,
	Passes: `<abstract abstract-type="graphical"><p><fig id="f1"><graphic><alt-text>A curve</alt-text></graphic></fig></p></abstract>`,
	on:     abstracts,
	check: func(_ *visit, e *etree.Element) string {
		if !is(e, "abstract-type", "graphical", "video", "audio") && figureWith(e, "graphic", anyElement) {
			return "<" + e.Tag + `> has a <fig> with a <graphic>, and no abstract-type="graphical"`
		}
		return ""
	},
}, {
	ID: "jats4r-abstract-type-value", Topic: "abstract", Severity: Warning,
	Demand: "abstract-type is one of the recommended values.",
	Advice: "Use one of " + strings.Join(abstractTypes, ", ") + ".",
	Fails:  `<abstract abstract-type="highlights"><p>A.</p></abstract>`,
	Passes: `<abstract abstract-type="summary"><p>A.</p></abstract>`,
	on:     abstracts,
	check: func(_ *visit, e *etree.Element) string {
		if stated(e, "abstract-type") && !slices.Contains(abstractTypes, strings.Join(strings.Fields(attr(e, "abstract-type")), " ")) {
			return fmt.Sprintf("abstract-type %q is none of the recommended values", attr(e, "abstract-type"))
		}
		return ""
	},
}, {
	ID: "jats4r-abstract-sign-language", Topic: "abstract", Severity: Warning,
	Demand: "An abstract in a sign language that translates the main one is a trans-abstract.",
	Advice: "Use trans-abstract with abstract-type=\"video\" and the same xml:lang.",
	Fails:  `<abstract xml:lang="ase"><p>A.</p></abstract>`,
	Passes: `<trans-abstract xml:lang="ase"><p>A.</p></trans-abstract>`,
	on:     []string{"abstract"},
	check: func(_ *visit, e *etree.Element) string {
		if lang := xmlLang(e); signLanguages[lang] {
			return fmt.Sprintf("<abstract> is in the sign language %q", lang)
		}
		return ""
	},
}}

var initials = regexp.MustCompile(`^\p{L}\.?(?:\p{L}?\.?){5}$`)

// isCountry tells whether s is a code of ISO 3166-1 alpha-2, in capitals.
func isCountry(s string) bool {
	if len(s) != 2 || s != strings.ToUpper(s) {
		return false
	}
	r, err := language.ParseRegion(s)
	return err == nil && r.IsCountry() && r.String() == s
}

var affiliationRules = []Rule{{
	ID: "jats4r-auths-affs-aff-link", Topic: "auths-affs", Severity: Error,
	Demand: "With several authors and several affiliations, each affiliation is pointed at by those that it is of.",
	Advice: "Give the aff an id, and each of its contributors an xref with ref-type=\"aff\" and that id in rid.",
	Fails: `<contrib-group><contrib contrib-type="author"/><contrib contrib-type="author"/>` +
		`<aff>First Institute</aff><aff>Second Institute</aff></contrib-group>`,
	Passes: `<contrib-group><contrib contrib-type="author"><xref ref-type="aff" rid="a1"/></contrib><contrib contrib-type="author"/>` +
		`<aff id="a1">First Institute</aff><aff>Second Institute</aff></contrib-group>`,
	on: []string{"aff"},
	check: func(v *visit, e *etree.Element) string {
		if id := attr(e, "id"); id != "" && v.pointed[id] || !under(e, "article-meta", "contrib-group") {
			return ""
		}
		contribs := v.siblings[e.Parent()]
		if under(e, "article-meta") {
			contribs = v.contribs
		}
		if v.last[e.Parent()] != e && contribs > 1 {
			return fmt.Sprintf("<aff> %.60q is one of several and none of the %d contributors points at it", folded(e), contribs)
		}
		return ""
	},
}, {
	ID: "jats4r-auths-affs-label-sup", Topic: "auths-affs", Severity: Error,
	Demand: "The label of an affiliation is a label, not a superscript.",
	Advice: "Write label in place of sup.",
	Fails:  `<aff id="a1"><sup>1</sup>Institute</aff>`,
	Passes: `<aff id="a1"><label>1</label>Institute</aff>`,
	on:     []string{"aff"},
	check: func(_ *visit, e *etree.Element) string {
		if len(e.Child) == 0 {
			return ""
		}
		if sup, ok := e.Child[0].(*etree.Element); ok && sup.Tag == "sup" && utf8.RuneCountInString(text(sup)) == 1 {
			return fmt.Sprintf("<aff> begins with <sup>%s</sup>", text(sup))
		}
		return ""
	},
}, {
	ID: "jats4r-auths-affs-xref-type", Topic: "auths-affs", Severity: Error,
	Demand: "An xref to an affiliation has ref-type=\"aff\".",
	Advice: "Write ref-type=\"aff\".",
	Fails:  `<front-stub><xref rid="a1"/><aff id="a1">Institute</aff></front-stub>`,
	Passes: `<front-stub><xref ref-type="aff" rid="a1"/><aff id="a1">Institute</aff></front-stub>`,
	on:     []string{"xref"},
	check: func(v *visit, e *etree.Element) string {
		for _, id := range strings.Fields(attr(e, "rid")) {
			if to := v.ids[id]; to != nil && to.Tag == "aff" && attr(e, "ref-type") != "aff" {
				return fmt.Sprintf("<xref> points at the <aff> %q and has ref-type %q", id, attr(e, "ref-type"))
			}
		}
		return ""
	},
}, {
	ID: "jats4r-auths-affs-institution-id-type", Topic: "auths-affs", Severity: Error,
	Demand: "An identifier of an institution says what kind it is.",
	Advice: "Add institution-id-type, such as \"ROR\" or \"Ringgold\".",
	Fails:  `<institution-id>https://ror.org/05gq02987</institution-id>`,
	Passes: `<institution-id institution-id-type="ROR">https://ror.org/05gq02987</institution-id>`,
	on:     []string{"institution-id"},
	check: func(_ *visit, e *etree.Element) string {
		if !stated(e, "institution-id-type") {
			return lacks(e, "institution-id-type")
		}
		return ""
	},
}, {
	ID: "jats4r-auths-affs-contrib-id-type", Topic: "auths-affs", Severity: Error,
	Demand: "An identifier of a contributor says what kind it is.",
	Advice: "Add contrib-id-type, such as \"orcid\".",
	Fails:  `<contrib-id>https://orcid.org/0000-0002-1825-0097</contrib-id>`,
	Passes: `<contrib-id contrib-id-type="orcid">https://orcid.org/0000-0002-1825-0097</contrib-id>`,
	on:     []string{"contrib-id"},
	check: func(_ *visit, e *etree.Element) string {
		if strings.TrimSpace(attr(e, "contrib-id-type")) == "" {
			return "<contrib-id> has no contrib-id-type, or an empty one"
		}
		return ""
	},
}, {
	ID: "jats4r-auths-affs-equal-contrib", Topic: "auths-affs", Severity: Error,
	Demand: "No author alone has contributed equally.",
	Advice: "Give equal-contrib=\"yes\" to the others who are meant, or take it away.",
	Fails: `<article><front><article-meta><contrib-group><contrib contrib-type="author" equal-contrib="yes"/><contrib contrib-type="author"/></contrib-group>` +
		`<permissions/></article-meta></front></article>`,
	Passes: `<article><front><article-meta><contrib-group><contrib contrib-type="author" equal-contrib="yes"/><contrib contrib-type="author" equal-contrib="yes"/></contrib-group>` +
		`<permissions/></article-meta></front></article>`,
	on: []string{"article-meta"},
	check: func(_ *visit, e *etree.Element) string {
		n := 0
		for _, c := range inner(e, "contrib") {
			if is(c, "contrib-type", "author") && is(c, "equal-contrib", "yes") {
				n++
			}
		}
		if n == 1 && under(e, "front") {
			return `only one author has equal-contrib="yes"`
		}
		return ""
	},
}, {
	ID: "jats4r-auths-affs-author-in-collab", Topic: "auths-affs", Severity: Error,
	Demand: "A member of a group is no author of its own.",
	Advice: "Write another contrib-type for the members inside collab, such as \"collab-author\", or none.",
	Fails:  `<contrib contrib-type="author"><collab>The Group<contrib-group><contrib contrib-type="author"/></contrib-group></collab></contrib>`,
	Passes: `<contrib contrib-type="author"><collab>The Group<contrib-group><contrib contrib-type="member"/></contrib-group></collab></contrib>`,
	on:     []string{"contrib"},
	check: func(_ *visit, e *etree.Element) string {
		if is(e, "contrib-type", "author") && up(e, "collab") != nil {
			return `<contrib contrib-type="author"> stands inside <collab>`
		}
		return ""
	},
}, {
	ID: "jats4r-auths-affs-authors", Topic: "auths-affs", Severity: Warning,
	Demand: "Authors are contributors with contrib-type=\"author\".",
	Advice: "Write contrib-type=\"author\" for the authors.",
	Fails:  `<article><front><article-meta><contrib-group><contrib/></contrib-group><permissions/></article-meta></front></article>`,
	Passes: `<article><front><article-meta><contrib-group><contrib contrib-type="author"/></contrib-group><permissions/></article-meta></front></article>`,
	on:     []string{"article-meta"},
	check: func(_ *visit, e *etree.Element) string {
		contribs := inner(e, "contrib")
		if len(contribs) == 0 || !under(e, "front") || slices.ContainsFunc(contribs, func(c *etree.Element) bool { return is(c, "contrib-type", "author") }) {
			return ""
		}
		return `no <contrib> has contrib-type="author"`
	},
}, {
	ID: "jats4r-auths-affs-aff-label", Topic: "auths-affs", Severity: Warning,
	Demand: "The affiliation that an xref with a mark points at has a label.",
	Advice: "Add a label with that mark to the aff, or take the mark out of the xref.",
	Fails:  `<front-stub><contrib contrib-type="author"><xref ref-type="aff" rid="a1">1</xref></contrib><aff id="a1">Institute</aff></front-stub>`,
	Passes: `<front-stub><contrib contrib-type="author"><xref ref-type="aff" rid="a1">1</xref></contrib><aff id="a1"><label>1</label>Institute</aff></front-stub>`,
	on:     []string{"xref"},
	check: func(v *visit, e *etree.Element) string {
		if !is(e, "ref-type", "aff") || !under(e, "contrib") || !is(e.Parent(), "contrib-type", "author") || !says(e) {
			return ""
		}
		for _, id := range strings.Fields(attr(e, "rid")) {
			if to := v.ids[id]; v.kid(to, "label") != nil || v.kid(to, "aff/label") != nil {
				return ""
			}
		}
		return fmt.Sprintf("<xref> %q points at %q, which has no <label>", folded(e), attr(e, "rid"))
	},
}, {
	ID: "jats4r-auths-affs-initials", Topic: "auths-affs", Severity: Warning,
	Demand: "Initials are up to six letters, each with or without a full stop, and no blanks.",
	Advice: "Write initials such as \"J.R.R.T.\" or \"JRRT\".",
	Fails:  `<contrib initials="J. R."/>`,
	Passes: `<contrib initials="J.R."/>`,
	on:     []string{"contrib"},
	check: func(_ *visit, e *etree.Element) string {
		if stated(e, "initials") && !initials.MatchString(attr(e, "initials")) {
			return fmt.Sprintf("initials %q, want letters with or without full stops", attr(e, "initials"))
		}
		return ""
	},
}, {
	ID: "jats4r-auths-affs-country-code", Topic: "auths-affs", Severity: Warning,
	Demand: "The country of an affiliation has its code of ISO 3166-1 in the attribute country.",
	Advice: "Add country with the two capitals of ISO 3166-1, such as country=\"FR\".",
	Fails:  `<aff><country>France</country></aff>`,
	Passes: `<aff><country country="FR">France</country></aff>`,
	on:     []string{"country"},
	check: func(_ *visit, e *etree.Element) string {
		switch {
		case up(e, "aff") == nil || isCountry(attr(e, "country")):
			return ""
		case !stated(e, "country"):
			return fmt.Sprintf("<country> %q has no attribute country", folded(e))
		}
		return fmt.Sprintf("country code %q is none of ISO 3166-1 alpha-2", attr(e, "country"))
	},
}, {
	ID: "jats4r-auths-affs-collab-parent", Topic: "auths-affs", Severity: Warning,
	Demand: "A group author stands in contrib with contrib-type=\"author\".",
	Advice: "Put collab into such a contrib.",
	Fails:  `<article-meta><contrib-group><contrib contrib-type="author"/><contrib><collab>The Group</collab></contrib></contrib-group><permissions/></article-meta>`,
	Passes: `<article-meta><contrib-group><contrib contrib-type="author"><collab>The Group</collab></contrib></contrib-group><permissions/></article-meta>`,
	on:     []string{"collab"},
	check: func(_ *visit, e *etree.Element) string {
		if up(e, "article-meta") != nil && !(under(e, "contrib") && is(e.Parent(), "contrib-type", "author")) {
			return fmt.Sprintf(`<collab> %.60q stands in no <contrib contrib-type="author">`, folded(e))
		}
		return ""
	},
}}

const trialNumber = "clinical-trial-number"

var doi = regexp.MustCompile(`^10\.[0-9]{4,9}/[-._;+()#/:A-Za-z0-9<>\[\]]+$`)

// isTrial tells whether a related object is a link to a clinical trial.
func isTrial(e *etree.Element) bool {
	if stated(e, "content-type") {
		return is(e, "content-type", "pre-results", "results", "post-results")
	}
	return is(e, "source-id-type", "crossref-doi", "registry-name")
}

var trialRules = []Rule{{
	ID: "jats4r-clinical-trial-registry-doi", Topic: "clinical-trial", Severity: Error,
	Demand: "A registry named by its DOI is one that the World Health Organization approves.",
	Advice: "Write the DOI of the registry in source-id, such as 10.18810/isrctn.",
	Fails:  `<related-object source-type="clinical-trials-registry" source-id-type="crossref-doi" source-id="10.5555/trials" document-id-type="clinical-trial-number" document-id="T1"/>`,
	Passes: `<related-object source-type="clinical-trials-registry" source-id-type="crossref-doi" source-id="10.18810/isrctn" document-id-type="clinical-trial-number" document-id="T1"/>`,
	on:     []string{"related-object"},
	check: func(_ *visit, e *etree.Element) string {
		if isTrial(e) && is(e, "source-id-type", "crossref-doi") && !registryDOIs[attr(e, "source-id")] {
			return fmt.Sprintf("source-id %q is the DOI of no approved registry", attr(e, "source-id"))
		}
		return ""
	},
}, {
	ID: "jats4r-clinical-trial-source-id-type", Topic: "clinical-trial", Severity: Error,
	Demand: "A link to a clinical trial says whether it names the registry by DOI or by name.",
	Advice: "Write source-id-type=\"crossref-doi\" or source-id-type=\"registry-name\".",
	Fails:  `<related-object content-type="results" source-type="clinical-trials-registry" source-id="ISRCTN" document-id-type="clinical-trial-number" document-id="T1"/>`,
	Passes: `<related-object content-type="results" source-type="clinical-trials-registry" source-id-type="registry-name" source-id="ISRCTN" document-id-type="clinical-trial-number" document-id="T1"/>`,
	on:     []string{"related-object"},
	check: func(_ *visit, e *etree.Element) string {
		if isTrial(e) && !is(e, "source-id-type", "crossref-doi", "registry-name") {
			return fmt.Sprintf(`source-id-type %q, want "crossref-doi" or "registry-name"`, attr(e, "source-id-type"))
		}
		return ""
	},
}, {
	ID: "jats4r-clinical-trial-document-id", Topic: "clinical-trial", Severity: Error,
	Demand: "A link to a clinical trial has the number of the trial.",
	Advice: "Add document-id with the number that the registry gave.",
	Fails:  `<related-object source-type="clinical-trials-registry" source-id-type="registry-name" source-id="ISRCTN" document-id-type="clinical-trial-number"/>`,
	Passes: `<related-object source-type="clinical-trials-registry" source-id-type="registry-name" source-id="ISRCTN" document-id-type="clinical-trial-number" document-id="T1"/>`,
	on:     []string{"related-object"},
	check: func(_ *visit, e *etree.Element) string {
		if isTrial(e) && !stated(e, "document-id") {
			return lacks(e, "document-id")
		}
		return ""
	},
}, {
	ID: "jats4r-clinical-trial-document-id-type", Topic: "clinical-trial", Severity: Error,
	Demand: "A link to a clinical trial says whether document-id is a number or a DOI.",
	Advice: "Write document-id-type=\"clinical-trial-number\" or document-id-type=\"doi\".",
	Fails:  `<related-object source-type="clinical-trials-registry" source-id-type="registry-name" source-id="ISRCTN" document-id="T1"/>`,
	Passes: `<related-object source-type="clinical-trials-registry" source-id-type="registry-name" source-id="ISRCTN" document-id-type="clinical-trial-number" document-id="T1"/>`,
	on:     []string{"related-object"},
	check: func(_ *visit, e *etree.Element) string {
		if isTrial(e) && !is(e, "document-id-type", trialNumber, "doi") {
			return fmt.Sprintf(`document-id-type %q, want "clinical-trial-number" or "doi"`, attr(e, "document-id-type"))
		}
		return ""
	},
}, {
	ID: "jats4r-clinical-trial-source-id-single", Topic: "clinical-trial", Severity: Error,
	Demand: "A link to a clinical trial names one registry.",
	Advice: "Write a related-object for each.",
	Fails:  `<related-object source-type="clinical-trials-registry" source-id-type="crossref-doi" source-id="10.18810/isrctn 10.18810/drks" document-id-type="clinical-trial-number" document-id="T1"/>`,
	Passes: `<related-object source-type="clinical-trials-registry" source-id-type="crossref-doi" source-id="10.18810/drks" document-id-type="clinical-trial-number" document-id="T1"/>`,
	Also:   []string{"jats4r-clinical-trial-registry-doi"},
	on:     []string{"related-object"},
	check: func(_ *visit, e *etree.Element) string {
		if !stated(e, "content-type") && is(e, "source-id-type", "crossref-doi") && strings.Contains(attr(e, "source-id"), " ") {
			return fmt.Sprintf("source-id %q is more than one", attr(e, "source-id"))
		}
		return ""
	},
}, {
	ID: "jats4r-clinical-trial-document-doi", Topic: "clinical-trial", Severity: Error,
	Demand: "A document-id with document-id-type=\"doi\" is a DOI.",
	Advice: "Write the bare DOI, beginning with 10.",
	Fails:  `<related-object document-id-type="doi" document-id="https://doi.org/10.5555/t1"/>`,
	Passes: `<related-object document-id-type="doi" document-id="10.5555/t1"/>`,
	on:     []string{"related-object"},
	check: func(_ *visit, e *etree.Element) string {
		if stated(e, "document-id") && is(e, "document-id-type", "doi") && !doi.MatchString(attr(e, "document-id")) {
			return fmt.Sprintf("document-id %q is no DOI", attr(e, "document-id"))
		}
		return ""
	},
}, {
	ID: "jats4r-clinical-trial-document-id-single", Topic: "clinical-trial", Severity: Error,
	Demand: "A related object has one number.",
	Advice: "Write a related-object for each.",
	Fails:  `<related-object document-id-type="clinical-trial-number" document-id="T1 T2"/>`,
	Passes: `<related-object document-id-type="clinical-trial-number" document-id="T1"/>`,
	on:     []string{"related-object"},
	check: func(_ *visit, e *etree.Element) string {
		if (!stated(e, "document-id-type") || is(e, "document-id-type", "doi", trialNumber)) && strings.Contains(attr(e, "document-id"), " ") {
			return fmt.Sprintf("document-id %q is more than one", attr(e, "document-id"))
		}
		return ""
	},
}, {
	ID: "jats4r-clinical-trial-repeated", Topic: "clinical-trial", Severity: Error,
	Demand: "Each clinical trial is linked once.",
	Advice: "Take the second related-object away.",
	Fails:  `<p><related-object document-id-type="clinical-trial-number" document-id="T1"/><related-object document-id-type="clinical-trial-number" document-id="T1"/></p>`,
	Passes: `<p><related-object document-id-type="clinical-trial-number" document-id="T1"/><related-object document-id-type="clinical-trial-number" document-id="T2"/></p>`,
	on:     []string{"related-object"},
	check: func(v *visit, e *etree.Element) string {
		if id := attr(e, "document-id"); id != "" && (!stated(e, "document-id-type") || is(e, "document-id-type", trialNumber)) && v.trials[id] {
			return fmt.Sprintf("document-id %q is there already", id)
		}
		return ""
	},
}, {
	ID: "jats4r-clinical-trial-registry-name", Topic: "clinical-trial", Severity: Warning,
	Demand: "A registry given by name is one that the World Health Organization approves.",
	Advice: "Write its name as the WHO has it, such as \"ISRCTN\" or \"ClinicalTrials.gov\".",
	Fails:  `<related-object source-type="clinical-trials-registry" source-id-type="registry-name" source-id="Our trials" document-id-type="clinical-trial-number" document-id="T1"/>`,
	Passes: `<related-object source-type="clinical-trials-registry" source-id-type="registry-name" source-id="ISRCTN" document-id-type="clinical-trial-number" document-id="T1"/>`,
	on:     []string{"related-object"},
	check: func(_ *visit, e *etree.Element) string {
		if is(e, "source-id-type", "registry-name") && !registryNames[attr(e, "source-id")] {
			return fmt.Sprintf("source-id %q is the name of no approved registry", attr(e, "source-id"))
		}
		return ""
	},
}, {
	ID: "jats4r-clinical-trial-source-type", Topic: "clinical-trial", Severity: Warning,
	Demand: "A link to a clinical trial has source-type=\"clinical-trials-registry\".",
	Advice: "Add it.",
	Fails:  `<related-object source-id-type="registry-name" source-id="ISRCTN" document-id-type="clinical-trial-number" document-id="T1"/>`,
	Passes: `<related-object source-type="clinical-trials-registry" source-id-type="registry-name" source-id="ISRCTN" document-id-type="clinical-trial-number" document-id="T1"/>`,
	on:     []string{"related-object"},
	check: func(_ *visit, e *etree.Element) string {
		id := attr(e, "source-id")
		if !is(e, "source-type", "clinical-trials-registry") && (is(e, "source-id-type", "registry-name") || registryDOIs[id] || registryNames[id]) {
			return fmt.Sprintf(`source-type %q, want "clinical-trials-registry"`, attr(e, "source-type"))
		}
		return ""
	},
}}

// misplaced makes the check that a statement of some kind is marked by the one element and attribute that its recommendation names: it finds it where
// another kind of element, or another spelling, is used.
func misplaced(what, want string, right func(*etree.Element) bool, meant func(string) bool) func(*visit, *etree.Element) string {
	return func(_ *visit, e *etree.Element) string {
		if right(e) {
			return ""
		}
		for _, key := range placeAttrs[e.Tag] {
			if v := attr(e, key); meant(v) {
				return fmt.Sprintf("<%s %s=%q> is %s, want %s", e.Tag, key, v, what, want)
			}
		}
		return ""
	}
}

var placeAttrs = map[string][]string{"fn": {"content-type", "fn-type"}, "notes": {"notes-type"}, "p": {"content-type"}, "sec": {"sec-type"}}

// interestTypes are what authors of XML call a statement of interests.
var interestTypes = map[string]bool{"coi-statement": true, "COI_statement": true, "COI-statement": true, "coi_statement": true, "conflict-statement": true,
	"conflict_statement": true, "conflict-of-interests": true, "conflict_of_interests": true, "conflict-of-interest": true, "conflict_of_interest": true,
	"competing-interests": true, "competing_interests": true, "competing-interest": true, "competing_interest": true, "conflict": true}

var interestTitles = map[string]bool{"CONFLICT OF INTEREST": true, "CONFLICTS OF INTEREST": true, "CONFLICT OF INTEREST STATEMENT": true,
	"CONFLICT OF INTEREST STATEMENTS": true, "AUTHOR CONFLICTS": true, "COMPETING INTERESTS": true, "CONFLICTS": true}

var interestPlace = misplaced("a statement of interests", `<fn fn-type="coi-statement"> in <author-notes>`,
	func(e *etree.Element) bool {
		return e.Tag == "fn" && is(e, "fn-type", "coi-statement") && under(e, "author-notes")
	},
	func(v string) bool { return interestTypes[v] })

var interestRules = []Rule{{
	ID: "jats4r-coi-place", Topic: "coi", Severity: Error,
	Demand: "A statement of conflicting interests is a footnote with fn-type=\"coi-statement\" in author-notes.",
	Advice: "Move it there.",
	Fails:  `<fn-group><fn fn-type="conflict"><p>None.</p></fn></fn-group>`,
	Passes: `<author-notes><fn fn-type="coi-statement"><p>None.</p></fn></author-notes>`,
	on:     []string{"fn", "notes", "p", "sec"},
	check: func(v *visit, e *etree.Element) string {
		if title := folded(kid(e, "title")); e.Tag == "sec" && interestTitles[strings.ToUpper(title)] && !interestTypes[attr(e, "sec-type")] {
			return fmt.Sprintf(`<sec> %q is a statement of interests, want <fn fn-type="coi-statement"> in <author-notes>`, title)
		}
		return interestPlace(v, e)
	},
}}

// isRole tells whether a role is that of a contributor.
func isRole(e *etree.Element) bool { return under(e, "contrib", "collab", "contrib-group") }

var creditRules = []Rule{{
	ID: "jats4r-credit-vocab-identifier", Topic: "credit", Severity: Error,
	Demand: "From JATS 1.2 on, a role of CRediT has vocab-identifier=\"" + creditScheme + "\".",
	Advice: "Write it so, with https and the slash at the end.",
	Fails:  creditExample(`vocab-identifier="http://credit.niso.org" vocab-term="Software" vocab-term-identifier="https://credit.niso.org/contributor-roles/software/"`),
	Passes: creditExample(`vocab-identifier="https://credit.niso.org/" vocab-term="Software" vocab-term-identifier="https://credit.niso.org/contributor-roles/software/"`),
	on:     []string{"role"},
	check: func(v *visit, e *etree.Element) string {
		if isRole(e) && is(e, "vocab", "credit") && v.version.from(withVocab) && !is(e, "vocab-identifier", creditScheme) {
			return fmt.Sprintf("vocab-identifier %q, want %q", attr(e, "vocab-identifier"), creditScheme)
		}
		return ""
	},
}, {
	ID: "jats4r-credit-term-identifier", Topic: "credit", Severity: Error,
	Demand: "From JATS 1.2 on, a role of CRediT has the address of its term in vocab-term-identifier.",
	Advice: "Write " + creditRoot + " and the term in small letters, such as " + creditRoot + "data-curation/.",
	Fails:  creditExample(`vocab-identifier="https://credit.niso.org/" vocab-term="Software"`),
	Passes: creditExample(`vocab-identifier="https://credit.niso.org/" vocab-term="Software" vocab-term-identifier="https://credit.niso.org/contributor-roles/software/"`),
	on:     []string{"role"},
	check: func(v *visit, e *etree.Element) string {
		if isRole(e) && is(e, "vocab", "credit") && v.version.from(withVocab) && creditSlug(attr(e, "vocab-term-identifier")) == "" {
			return fmt.Sprintf("vocab-term-identifier %q is the address of no CRediT role", attr(e, "vocab-term-identifier"))
		}
		return ""
	},
}, {
	ID: "jats4r-credit-term", Topic: "credit", Severity: Error,
	Demand: "From JATS 1.2 on, a role of CRediT has its term in vocab-term, as CRediT spells it.",
	Advice: "Write one of the fourteen terms, such as \"Data curation\" or \"Writing – original draft\".",
	Fails:  creditExample(`vocab-identifier="https://credit.niso.org/" vocab-term="Programming" vocab-term-identifier="https://credit.niso.org/contributor-roles/software/"`),
	Passes: creditExample(`vocab-identifier="https://credit.niso.org/" vocab-term="Software" vocab-term-identifier="https://credit.niso.org/contributor-roles/software/"`),
	on:     []string{"role"},
	check: func(v *visit, e *etree.Element) string {
		if isRole(e) && is(e, "vocab", "credit") && v.version.from(withVocab) && creditByTerm[attr(e, "vocab-term")] == "" {
			return fmt.Sprintf("vocab-term %q is no term of CRediT", attr(e, "vocab-term"))
		}
		return ""
	},
}, {
	ID: "jats4r-credit-mismatch", Topic: "credit", Severity: Error,
	Demand: "The term of a role of CRediT and its address are of the same role.",
	Advice: "Correct the one that is wrong.",
	Fails:  creditExample(`vocab-identifier="https://credit.niso.org/" vocab-term="Software" vocab-term-identifier="https://credit.niso.org/contributor-roles/validation/"`),
	Passes: creditExample(`vocab-identifier="https://credit.niso.org/" vocab-term="Validation" vocab-term-identifier="https://credit.niso.org/contributor-roles/validation/"`),
	on:     []string{"role"},
	check: func(v *visit, e *etree.Element) string {
		term, slug := creditByTerm[attr(e, "vocab-term")], creditSlug(attr(e, "vocab-term-identifier"))
		if isRole(e) && is(e, "vocab", "credit") && v.version.from(withVocab) && term != "" && slug != "" && term != slug {
			return fmt.Sprintf("vocab-term %q and vocab-term-identifier %q are different roles", attr(e, "vocab-term"), attr(e, "vocab-term-identifier"))
		}
		return ""
	},
}, {
	ID: "jats4r-credit-vocab", Topic: "credit", Severity: Error,
	Demand: "From JATS 1.2 on, a role with a term of CRediT has vocab=\"credit\".",
	Advice: "Write it so, in small letters.",
	Fails:  `<contrib contrib-type="author"><role vocab="CRediT" vocab-identifier="https://credit.niso.org/" vocab-term="Software" vocab-term-identifier="https://credit.niso.org/contributor-roles/software/">Software</role></contrib>`,
	Passes: creditExample(`vocab-identifier="https://credit.niso.org/" vocab-term="Software" vocab-term-identifier="https://credit.niso.org/contributor-roles/software/"`),
	on:     []string{"role"},
	check: func(v *visit, e *etree.Element) string {
		if isRole(e) && !is(e, "vocab", "credit") && v.version.from(withVocab) && (creditByTerm[attr(e, "vocab-term")] != "" || creditSlug(attr(e, "vocab-term-identifier")) != "") {
			return fmt.Sprintf(`vocab %q, want "credit"`, attr(e, "vocab"))
		}
		return ""
	},
}, {
	ID: "jats4r-credit-content-type", Topic: "credit", Severity: Error,
	Demand: "Before JATS 1.2, a role of CRediT has the address of its term in content-type.",
	Advice: "Write " + creditRoot + " and the term in small letters, such as " + creditRoot + "data-curation/.",
	Fails:  `<article dtd-version="1.1"><contrib><role content-type="https://credit.niso.org/software">Software</role></contrib></article>`,
	Passes: `<article dtd-version="1.1"><contrib><role content-type="https://credit.niso.org/contributor-roles/software/">Software</role></contrib></article>`,
	on:     []string{"role"},
	check: func(v *visit, e *etree.Element) string {
		t := attr(e, "content-type")
		if isRole(e) && !v.version.from(withVocab) && strings.Contains(t, "credit.niso.org") && creditSlug(t) == "" {
			return fmt.Sprintf("content-type %q is the address of no CRediT role", t)
		}
		return ""
	},
}, {
	ID: "jats4r-credit-attributes", Topic: "credit", Severity: Warning,
	Demand: "From JATS 1.2 on, a role that reads like one of CRediT is marked as such.",
	Advice: "Add vocab=\"credit\", vocab-identifier=\"" + creditScheme + "\", vocab-term and vocab-term-identifier.",
	Fails:  `<contrib><role>Data Curation</role></contrib>`,
	Passes: creditExample(`vocab-identifier="https://credit.niso.org/" vocab-term="Software" vocab-term-identifier="https://credit.niso.org/contributor-roles/software/"`),
	on:     []string{"role"},
	check: func(v *visit, e *etree.Element) string {
		if isRole(e) && v.version.from(withVocab) && !stated(e, "vocab", "vocab-identifier", "vocab-term", "vocab-term-identifier") && creditByText[creditText(text(e))] != "" {
			return fmt.Sprintf("<role> %q is not marked as a role of CRediT", folded(e))
		}
		return ""
	},
}, {
	ID: "jats4r-credit-content-type-missing", Topic: "credit", Severity: Warning,
	Demand: "Before JATS 1.2, a role that reads like one of CRediT has the address of the term in content-type.",
	Advice: "Add content-type, such as " + creditRoot + "data-curation/.",
	Fails:  `<article dtd-version="1.1"><contrib><role>Data curation</role></contrib></article>`,
	Passes: `<article dtd-version="1.1"><contrib><role content-type="https://credit.niso.org/contributor-roles/data-curation/">Data curation</role></contrib></article>`,
	on:     []string{"role"},
	check: func(v *visit, e *etree.Element) string {
		if isRole(e) && !v.version.from(withVocab) && !stated(e, "content-type") && creditByText[creditText(text(e))] != "" {
			return fmt.Sprintf("<role> %q is not marked as a role of CRediT", folded(e))
		}
		return ""
	},
}}

// creditExample is a role of CRediT with these attributes.
func creditExample(attrs string) string {
	return `<contrib contrib-type="author"><role vocab="credit" ` + attrs + `>Software</role></contrib>`
}

// isAvailability tells whether a type is one of the ways to write data-availability.
func isAvailability(s string) bool {
	switch folded := strings.NewReplacer("_", " ", "-", " ").Replace(strings.ToLower(s)); folded {
	case "data availability", "data availability statement", "data accessibility":
		return true
	}
	return false
}

var availabilityRules = []Rule{{
	ID: "jats4r-data-availability-place", Topic: "data-availability", Severity: Error,
	Demand: "A statement on the availability of data is a section with sec-type=\"data-availability\" in back.",
	Advice: "Move it there.",
	Fails:  `<fn-group><fn fn-type="data-availability"><p>On request.</p></fn></fn-group>`,
	Passes: `<back><sec sec-type="data-availability"><title>Data availability</title><p>On request.</p></sec></back>`,
	on:     []string{"fn", "notes", "p", "sec"},
	check: misplaced("a statement on data", `<sec sec-type="data-availability"> in <back>`,
		func(e *etree.Element) bool {
			return e.Tag == "sec" && is(e, "sec-type", "data-availability") && under(e, "back")
		}, isAvailability),
}}

const ethicsStatement = "ethics-statement"

// inEthics is the ethics statement that e stands in, or nil.
func inEthics(e *etree.Element) *etree.Element {
	for p := up(e, "sec"); p != nil; p = up(p, "sec") {
		if is(p, "sec-type", ethicsStatement) {
			return p
		}
	}
	return nil
}

var ethicsRules = []Rule{{
	ID: "jats4r-ethics-repeated", Topic: "ethics", Severity: Error,
	Demand: "A document has one section with sec-type=\"ethics-statement\".",
	Advice: "Put all that is said on ethics into one section, and give its inner sections types that begin with \"ethics-\".",
	Fails:  `<back><sec sec-type="ethics-statement"><title>A</title></sec><sec sec-type="ethics-statement"><title>B</title></sec></back>`,
	Passes: `<back><sec sec-type="ethics-statement"><title>A</title><sec sec-type="ethics-consent"><title>B</title></sec></sec></back>`,
	on:     []string{"sec"},
	check: func(v *visit, e *etree.Element) string {
		if is(e, "sec-type", ethicsStatement) && v.ethics {
			return `there is a <sec sec-type="ethics-statement"> already`
		}
		return ""
	},
}, {
	ID: "jats4r-ethics-spelling", Topic: "ethics", Severity: Error,
	Demand: "The type of an ethics statement is spelt \"ethics-statement\".",
	Advice: "Write it in small letters.",
	Fails:  `<sec sec-type="Ethics-Statement"><title>Ethics</title></sec>`,
	Passes: `<sec sec-type="ethics-statement"><title>Ethics</title></sec>`,
	on:     []string{"sec"},
	check: func(_ *visit, e *etree.Element) string {
		if t := attr(e, "sec-type"); t != ethicsStatement && strings.ToLower(t) == ethicsStatement {
			return fmt.Sprintf("sec-type %q, want %q", t, ethicsStatement)
		}
		return ""
	},
}, {
	ID: "jats4r-ethics-content-type", Topic: "ethics", Severity: Error,
	Demand: "A part of an ethics statement has a content-type of its own, not \"ethics-statement\" again.",
	Advice: "Write \"ethics-\" and what the part is about.",
	Fails:  `<sec sec-type="ethics-statement"><title>Ethics</title><p content-type="ethics-statement">A.</p></sec>`,
	Passes: `<sec sec-type="ethics-statement"><title>Ethics</title><p content-type="ethics-consent">A.</p></sec>`,
	on:     []string{"p", "named-content"},
	check: func(_ *visit, e *etree.Element) string {
		if is(e, "content-type", ethicsStatement) && inEthics(e) != nil {
			return "<" + e.Tag + ` content-type="ethics-statement"> stands in a section that is the ethics statement`
		}
		return ""
	},
}, {
	ID: "jats4r-ethics-title", Topic: "ethics", Severity: Warning,
	Demand: "The heading of an ethics statement is its title, not its label.",
	Advice: "Write title in place of label.",
	Fails:  `<sec sec-type="ethics-statement"><label>Ethics</label><p>A.</p></sec>`,
	Passes: `<sec sec-type="ethics-statement"><title>Ethics</title><p>A.</p></sec>`,
	Also:   []string{"jats4r-accessibility-section-title"},
	on:     []string{"sec"},
	check: func(_ *visit, e *etree.Element) string {
		if is(e, "sec-type", ethicsStatement) && has(e, "label") && !has(e, "title") {
			return "the ethics statement has a <label> and no <title>"
		}
		return ""
	},
}, {
	ID: "jats4r-ethics-section-type", Topic: "ethics", Severity: Warning,
	Demand: "The type of a section inside an ethics statement begins with \"ethics-\".",
	Advice: "Write \"ethics-\" before it.",
	Fails:  `<sec sec-type="ethics-statement"><title>Ethics</title><sec sec-type="consent"><title>B</title></sec></sec>`,
	Passes: `<sec sec-type="ethics-statement"><title>Ethics</title><sec sec-type="ethics-consent"><title>B</title></sec></sec>`,
	on:     []string{"sec"},
	check: func(_ *visit, e *etree.Element) string {
		if t := attr(e, "sec-type"); stated(e, "sec-type") && !strings.HasPrefix(t, "ethics-") && inEthics(e) != nil {
			return fmt.Sprintf(`sec-type %q inside an ethics statement does not begin with "ethics-"`, t)
		}
		return ""
	},
}, {
	ID: "jats4r-ethics-content-type-prefix", Topic: "ethics", Severity: Warning,
	Demand: "The content-type of a part of an ethics statement begins with \"ethics-\".",
	Advice: "Write \"ethics-\" before it.",
	Fails:  `<sec sec-type="ethics-statement"><title>Ethics</title><p content-type="consent">A.</p></sec>`,
	Passes: `<sec sec-type="ethics-statement"><title>Ethics</title><p content-type="ethics-consent">A.</p></sec>`,
	on:     []string{"p", "named-content"},
	check: func(_ *visit, e *etree.Element) string {
		t, in := attr(e, "content-type"), inEthics(e)
		if in == nil || e.Tag == "p" && !is(e.Parent(), "sec-type", ethicsStatement) {
			return ""
		}
		if stated(e, "content-type") && !strings.HasPrefix(t, "ethics-") {
			return fmt.Sprintf(`content-type %q inside an ethics statement does not begin with "ethics-"`, t)
		}
		return ""
	},
}}
