package jats4r

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/beevik/etree"
	"golang.org/x/text/language"
)

// isAddress tells whether a text is an address, or begins with one.
func isAddress(s string) bool {
	for _, scheme := range []string{"http://", "https://", "ftp://", "sftp://"} {
		if strings.HasPrefix(s, scheme) {
			return true
		}
	}
	return false
}

var (
	links      = []string{"ext-link", "uri", "self-uri"}
	formulas   = []string{"disp-formula", "inline-formula"}
	metaFields = []string{"accessibilityFeature", "accessibilityHazard", "accessibilityStatement"}
)

// isAccessibility tells whether a custom-meta-group holds accessibility metadata.
func isAccessibility(e *etree.Element) bool {
	return e != nil && e.Tag == "custom-meta-group" && is(e, "content-type", "accessibility-metadata")
}

// altOf is the check that alt-text does not repeat what stands at a path in its figure.
func altOf(path, what string) func(*visit, *etree.Element) string {
	return func(v *visit, e *etree.Element) string {
		if !under(e, "graphic") {
			return ""
		}
		alt := folded(e)
		if other := v.kid(up(e, "fig"), path); alt != "" && other != nil && folded(other) == alt {
			return fmt.Sprintf("<alt-text> %.60q repeats the %s of the figure", alt, what)
		}
		return ""
	}
}

var accessibilityRules = []Rule{{
	ID: "jats4r-accessibility-alt-text", Topic: "accessibility", Severity: Error,
	Demand: "Each graphic has alt-text.",
	Advice: "Say in alt-text what the picture shows; \"null\" for a decoration.",
	Fails:  `<p><graphic/></p>`,
	Passes: `<p><graphic><alt-text>A curve that rises and falls</alt-text></graphic></p>`,
	on:     []string{"graphic"},
	check: func(_ *visit, e *etree.Element) string {
		if !has(e, "alt-text") {
			return without(e, "alt-text")
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-long-desc", Topic: "accessibility", Severity: Error,
	Demand: "long-desc is given for the whole object or for each of its pictures, not for both.",
	Advice: "Take one of them away.",
	Fails:  `<fig id="f1"><long-desc>A.</long-desc><graphic><alt-text>A curve</alt-text><long-desc>B.</long-desc></graphic></fig>`,
	Passes: `<fig id="f1"><graphic><alt-text>A curve</alt-text><long-desc>B.</long-desc></graphic></fig>`,
	on:     []string{"graphic"},
	check: func(v *visit, e *etree.Element) string {
		if !has(e, "long-desc") {
			return ""
		}
		outer := e.Parent()
		if under(e, "alternatives") && v.kid(outer, "long-desc") == nil {
			outer = outer.Parent()
		}
		if v.kid(outer, "long-desc") != nil {
			return fmt.Sprintf("<graphic> and the <%s> around it both have <long-desc>", outer.Tag)
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-oasis-table", Topic: "accessibility", Severity: Error,
	Demand: "A table is of the XHTML model of JATS, not of OASIS (CALS).",
	Advice: "Write table without the namespace of OASIS.",
	Fails:  `<p xmlns:oasis="http://www.niso.org/standards/z39-96/ns/oasis-exchange/table"><oasis:table/></p>`,
	Passes: `<p><table><tr><th>A</th></tr></table></p>`,
	on:     []string{"table"},
	check: func(_ *visit, e *etree.Element) string {
		if isOASIS(e) {
			return "<oasis:table> is an OASIS table"
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-table", Topic: "accessibility", Severity: Error,
	Demand: "A table-wrap has a table.",
	Advice: "Write the table as markup; a picture of it may stand beside it in alternatives.",
	Fails:  `<table-wrap id="t1"><graphic><alt-text>A table</alt-text></graphic></table-wrap>`,
	Passes: `<table-wrap id="t1"><table><tr><th>A</th></tr></table></table-wrap>`,
	on:     []string{"table-wrap"},
	check: func(_ *visit, e *etree.Element) string {
		for _, at := range append(kids(e, "alternatives"), e) {
			for _, t := range kids(at, "table") {
				if !isOASIS(t) {
					return ""
				}
			}
		}
		return without(e, "table")
	},
}, {
	ID: "jats4r-accessibility-table-header", Topic: "accessibility", Severity: Error,
	Demand: "A table has header cells.",
	Advice: "Write th for the cells that head a row or column.",
	Fails:  `<table><tr><td>A</td></tr></table>`,
	Passes: `<table><tr><th>A</th></tr></table>`,
	on:     []string{"table"},
	check: func(_ *visit, e *etree.Element) string {
		if !isOASIS(e) && len(inner(e, "th")) == 0 {
			return without(e, "th")
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-link-text", Topic: "accessibility", Severity: Error,
	Demand: "A link has a text or an xlink:title that tells what it leads to.",
	Advice: "Write what the link leads to into the element, or into xlink:title.",
	Fails:  `<ext-link xlink:href="https://example.org/a"/>`,
	Passes: `<ext-link xlink:href="https://example.org/a">The data</ext-link>`,
	on:     links,
	check: func(_ *visit, e *etree.Element) string {
		uri, linked := href(e)
		if _, titled := spaced(e, "title"); !titled && (!says(e) || linked && text(e) == uri || isAddress(text(e))) {
			return fmt.Sprintf("<%s> to %q has no text or xlink:title that tells what it is", e.Tag, firstOf(uri, folded(e)))
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-section-title", Topic: "accessibility", Severity: Error,
	Demand: "Each section has a title.",
	Advice: "Add title.",
	Fails:  `<body><sec><p>A.</p></sec></body>`,
	Passes: `<body><sec><title>Methods</title><p>A.</p></sec></body>`,
	on:     []string{"sec"},
	check: func(_ *visit, e *etree.Element) string {
		if !has(e, "title") {
			return without(e, "title")
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-disp-level", Topic: "accessibility", Severity: Error,
	Demand: "The level of a section is that of its place, not of disp-level.",
	Advice: "Put the sections into each other and take disp-level away.",
	Fails:  `<sec disp-level="2"><title>Methods</title></sec>`,
	Passes: `<sec><title>Methods</title></sec>`,
	on:     []string{"sec"},
	check: func(_ *visit, e *etree.Element) string {
		if stated(e, "disp-level") {
			return fmt.Sprintf("<sec> has disp-level %q", attr(e, "disp-level"))
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-private-char", Topic: "accessibility", Severity: Error,
	Demand: "A special character is one of Unicode, not a private-char.",
	Advice: "Write the character itself.",
	Fails:  `<p><private-char/></p>`,
	Passes: `<p>ﬀ</p>`,
	on:     []string{"private-char"},
	check:  func(*visit, *etree.Element) string { return "<private-char> is used" },
}, {
	ID: "jats4r-accessibility-math-graphic", Topic: "accessibility", Severity: Error,
	Demand: "A formula is not a picture alone.",
	Advice: "Write it in MathML or TeX; the picture may stand beside it in alternatives.",
	Fails:  `<inline-formula><alternatives><graphic><alt-text>x squared</alt-text></graphic></alternatives></inline-formula>`,
	Passes: `<inline-formula><mml:math/></inline-formula>`,
	on:     formulas,
	check: func(_ *visit, e *etree.Element) string {
		alone := func(a *etree.Element) bool {
			n := 0
			for range elements(a) {
				n++
			}
			return n == 1 && has(a, "graphic")
		}
		if has(e, "graphic") {
			return "<" + e.Tag + "> has a <graphic>"
		}
		for _, a := range kids(e, "alternatives") {
			if alone(a) {
				return "<" + e.Tag + "> has nothing but a <graphic>"
			}
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-metadata-place", Topic: "accessibility", Severity: Error,
	Demand: "Accessibility metadata stands in processing-meta.",
	Advice: "Move the custom-meta-group there.",
	Fails:  `<article-meta><permissions/><custom-meta-group content-type="accessibility-metadata"/></article-meta>`,
	Passes: `<processing-meta><custom-meta-group content-type="accessibility-metadata"/></processing-meta>`,
	on:     []string{"custom-meta-group"},
	check: func(_ *visit, e *etree.Element) string {
		if isAccessibility(e) && !under(e, "processing-meta") {
			return "accessibility metadata stands outside of <processing-meta>"
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-metadata-name", Topic: "accessibility", Severity: Error,
	Demand: "The name of accessibility metadata is " + strings.Join(metaFields, ", ") + ".",
	Advice: "Use one of these names.",
	Fails:  accessibilityExample(`vocab="schema.org"`, "hazard"),
	Passes: accessibilityExample(`vocab="schema.org"`, "accessibilityHazard"),
	on:     []string{"custom-meta"},
	check: func(_ *visit, e *etree.Element) string {
		if !isAccessibility(e.Parent()) || !under(e.Parent(), "processing-meta") {
			return ""
		}
		for _, n := range kids(e, "meta-name") {
			for _, f := range metaFields {
				if text(n) == f {
					return ""
				}
			}
		}
		return fmt.Sprintf("<meta-name> %q is none of accessibility metadata", folded(kid(e, "meta-name")))
	},
}, {
	ID: "jats4r-accessibility-metadata-vocab", Topic: "accessibility", Severity: Error,
	Demand: "Accessibility metadata has vocab=\"schema.org\".",
	Advice: "Write it so.",
	Fails:  accessibilityExample(``, "accessibilityHazard"),
	Passes: accessibilityExample(`vocab="schema.org"`, "accessibilityHazard"),
	on:     []string{"custom-meta"},
	check: func(_ *visit, e *etree.Element) string {
		if isAccessibility(e.Parent()) && under(e.Parent(), "processing-meta") && !is(e, "vocab", "schema.org") {
			return fmt.Sprintf(`vocab %q, want "schema.org"`, attr(e, "vocab"))
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-textual-math", Topic: "accessibility", Severity: Error,
	Demand: "A formula is not given as textual-form.",
	Advice: "Write it in MathML.",
	Fails:  `<inline-formula><alternatives><mml:math/><textual-form>x</textual-form></alternatives></inline-formula>`,
	Passes: `<inline-formula><alternatives><mml:math/><tex-math>x</tex-math></alternatives></inline-formula>`,
	on:     []string{"textual-form"},
	check: func(_ *visit, e *etree.Element) string {
		if under(e, "alternatives") && up(e, formulas...) != nil {
			return "<textual-form> stands in a formula"
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-textual-figure", Topic: "accessibility", Severity: Error,
	Demand: "A figure is not given as textual-form.",
	Advice: "Write alt-text or long-desc, or add a transcript of sound and film.",
	Fails:  `<fig id="f1"><alternatives><graphic><alt-text>A curve</alt-text></graphic><textual-form>A curve</textual-form></alternatives></fig>`,
	Passes: `<fig id="f1"><alternatives><graphic><alt-text>A curve</alt-text></graphic></alternatives></fig>`,
	on:     []string{"textual-form"},
	check: func(_ *visit, e *etree.Element) string {
		if under(e, "alternatives") && up(e, "fig", "fig-group") != nil {
			return "<textual-form> stands in a figure"
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-alt-text-title", Topic: "accessibility", Severity: Warning,
	Demand: "alt-text does not repeat the title of the figure.",
	Advice: "Say what the picture shows.",
	Fails:  `<fig id="f1"><label>1</label><caption><title>Growth</title></caption><graphic><alt-text>Growth</alt-text></graphic></fig>`,
	Passes: `<fig id="f1"><label>1</label><caption><title>Growth</title></caption><graphic><alt-text>A rising curve</alt-text></graphic></fig>`,
	on:     []string{"alt-text"}, check: altOf("caption/title", "title"),
}, {
	ID: "jats4r-accessibility-alt-text-caption", Topic: "accessibility", Severity: Warning,
	Demand: "alt-text does not repeat the caption of the figure.",
	Advice: "Say what the picture shows.",
	Fails:  `<fig id="f1"><label>1</label><caption><p>Growth</p></caption><graphic><alt-text>Growth</alt-text></graphic></fig>`,
	Passes: `<fig id="f1"><label>1</label><caption><p>Growth</p></caption><graphic><alt-text>A rising curve</alt-text></graphic></fig>`,
	on:     []string{"alt-text"}, check: altOf("caption/p", "caption"),
}, {
	ID: "jats4r-accessibility-alt-text-empty", Topic: "accessibility", Severity: Warning,
	Demand: "The alt-text of a decoration is \"null\", not empty.",
	Advice: "Write null, or what the picture shows.",
	Fails:  `<p><graphic><alt-text/></graphic></p>`,
	Passes: `<p><graphic><alt-text>null</alt-text></graphic></p>`,
	on:     []string{"alt-text"},
	check: func(_ *visit, e *etree.Element) string {
		if under(e, "graphic") && folded(e) == "" {
			return "<alt-text> is empty"
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-link-uri", Topic: "accessibility", Severity: Warning,
	Demand: "The text of a link is not an address.",
	Advice: "Write what the link leads to.",
	Fails:  `<ext-link xlink:href="https://example.org/a" xlink:title="The data">https://example.org/a</ext-link>`,
	Passes: `<ext-link xlink:href="https://example.org/a">The data</ext-link>`,
	on:     links,
	check: func(_ *visit, e *etree.Element) string {
		if uri, linked := href(e); linked && text(e) == uri || isAddress(text(e)) {
			return fmt.Sprintf("the text of <%s> is the address %q", e.Tag, folded(e))
		}
		return ""
	},
}, {
	ID: "jats4r-accessibility-list-label", Topic: "accessibility", Severity: Warning,
	Demand: "The items of a list have the marks of its list-type, not labels.",
	Advice: "Take the labels away and set list-type.",
	Fails:  `<list><list-item><label>1</label><p>A.</p></list-item></list>`,
	Passes: `<list list-type="order"><list-item><p>A.</p></list-item></list>`,
	on:     []string{"list-item"},
	check: func(_ *visit, e *etree.Element) string {
		if has(e, "label") {
			return "<list-item> has a <label>"
		}
		return ""
	},
}}

func accessibilityExample(attrs, name string) string {
	return `<processing-meta><custom-meta-group content-type="accessibility-metadata"><custom-meta ` + attrs + `><meta-name>` + name +
		`</meta-name><meta-value>none</meta-value></custom-meta></custom-meta-group></processing-meta>`
}

// isOASIS tells whether a table is of the OASIS model.
func isOASIS(e *etree.Element) bool {
	return e.Space != "" && strings.Contains(e.NamespaceURI(), "oasis-exchange") || e.Space == "oasis"
}

// firstOf is a, or b when a is empty.
func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// captioned tells whether an object has a label or a caption that says something.
func captioned(e *etree.Element) bool {
	if l := kid(e, "label"); l != nil && says(l) {
		return true
	}
	for _, c := range kids(e, "caption") {
		for _, k := range kids(c, "title", "p") {
			if says(k) {
				return true
			}
		}
	}
	return false
}

var (
	groupOf = map[string]string{"fig-group": "fig", "table-wrap-group": "table-wrap", "disp-formula-group": "disp-formula"}
	groups  = []string{"fig-group", "table-wrap-group", "disp-formula-group"}
	objects = []string{"fig", "fig-group", "table-wrap", "table-wrap-group", "disp-formula", "disp-formula-group", "boxed-text"}

	objectDOI  = regexp.MustCompile(`10\.[0-9]{4,9}/[-._;()/:A-Za-z0-9]+$`)
	figLabel   = regexp.MustCompile(`^\s*(?:fig(?:ure)?\.?\s*[0-9]|scheme\.?\s*[0-9]|supplement(?:al|ary)?\.?\s*[0-9]|supplement(?:al|ary)?\s*fig(?:ure)?\.?\s*[0-9])`)
	tableLabel = regexp.MustCompile(`^\s*(?:supplement(?:al|ary)?\s*)?table\.?\s*[0-9]`)
	boxLabel   = regexp.MustCompile(`^\s*box\.?\s*[0-9]`)
)

var displayRules = []Rule{{
	ID: "jats4r-display-object-group", Topic: "display-object", Severity: Error,
	Demand: "A group of figures, tables or formulas has more than one, figures and tables each with a label or caption.",
	Advice: "Use the object without the group, or give each of the group its label.",
	Fails:  `<fig-group id="g1"><caption><p>Both</p></caption><fig id="f1"><label>1</label><graphic><alt-text>A</alt-text></graphic></fig></fig-group>`,
	Passes: `<fig-group id="g1"><caption><p>Both</p></caption><fig id="f1"><label>1</label><graphic><alt-text>A</alt-text></graphic></fig>` +
		`<fig id="f2"><label>2</label><graphic><alt-text>B</alt-text></graphic></fig></fig-group>`,
	on: groups,
	check: func(_ *visit, e *etree.Element) string {
		n := 0
		for _, k := range kids(e, groupOf[e.Tag]) {
			if k.Tag == "disp-formula" || captioned(k) {
				n++
			}
		}
		if n < 2 {
			return fmt.Sprintf("<%s> has %d <%s> that count, want two or more", e.Tag, n, groupOf[e.Tag])
		}
		return ""
	},
}, {
	ID: "jats4r-display-object-group-caption", Topic: "display-object", Severity: Error,
	Demand: "A group of figures, tables or formulas has a label or caption.",
	Advice: "Add it.",
	Fails:  `<disp-formula-group><disp-formula><mml:math/></disp-formula><disp-formula><mml:math/></disp-formula></disp-formula-group>`,
	Passes: `<disp-formula-group id="g1"><label>1</label><disp-formula><mml:math/></disp-formula><disp-formula><mml:math/></disp-formula></disp-formula-group>`,
	on:     groups,
	check: func(_ *visit, e *etree.Element) string {
		if !captioned(e) {
			return "<" + e.Tag + "> has neither <label> nor <caption>, or they are empty"
		}
		return ""
	},
}, {
	ID: "jats4r-display-object-graphic", Topic: "display-object", Severity: Error,
	Demand: "A figure has a graphic.",
	Advice: "Put the picture into graphic, in the fig or in its alternatives.",
	Fails:  `<fig id="f1"><label>1</label><p>A.</p></fig>`,
	Passes: `<fig id="f1"><label>1</label><graphic><alt-text>A curve</alt-text></graphic></fig>`,
	on:     []string{"fig"},
	check: func(_ *visit, e *etree.Element) string {
		if !has(e, "graphic") && kid(e, "alternatives", "graphic") == nil {
			return without(e, "graphic")
		}
		return ""
	},
}, {
	ID: "jats4r-display-object-doi", Topic: "display-object", Severity: Error,
	Demand: "An object-id with pub-id-type=\"doi\" is a DOI.",
	Advice: "Write the DOI, beginning with 10.",
	Fails:  `<boxed-text id="b1"><object-id pub-id-type="doi">b1</object-id></boxed-text>`,
	Passes: `<boxed-text id="b1"><object-id pub-id-type="doi">10.5555/b1</object-id></boxed-text>`,
	on:     []string{"object-id"},
	check: func(_ *visit, e *etree.Element) string {
		if is(e, "pub-id-type", "doi") && under(e, objects...) && !objectDOI.MatchString(text(e)) {
			return fmt.Sprintf("<object-id> %q is no DOI", folded(e))
		}
		return ""
	},
}, {
	ID: "jats4r-display-object-caption-label", Topic: "display-object", Severity: Warning,
	Demand: "The label of a figure, table or box is in label, not at the beginning of its caption.",
	Advice: "Move it there.",
	Fails:  `<fig id="f1"><caption><p>Figure 1. Growth</p></caption><graphic><alt-text>A curve</alt-text></graphic></fig>`,
	Passes: `<fig id="f1"><label>Figure 1</label><caption><p>Growth</p></caption><graphic><alt-text>A curve</alt-text></graphic></fig>`,
	on:     []string{"fig", "fig-group", "table-wrap", "table-wrap-group", "boxed-text"},
	check: func(_ *visit, e *etree.Element) string {
		caption, label := kid(e, "caption"), kid(e, "label")
		if caption == nil || label != nil && (says(label) || strings.HasSuffix(e.Tag, "-group")) {
			return ""
		}
		re := figLabel
		switch e.Tag {
		case "table-wrap", "table-wrap-group":
			re = tableLabel
		case "boxed-text":
			re = boxLabel
		}
		if re.MatchString(strings.ToLower(text(caption))) {
			return fmt.Sprintf("<%s> has no label, and its caption begins with %.12q", e.Tag, folded(caption))
		}
		return ""
	},
}, {
	ID: "jats4r-display-object-id", Topic: "display-object", Severity: Warning,
	Demand: "Figures, tables and boxes, and groups with a label or caption, have an id.",
	Advice: "Add id.",
	Fails:  `<boxed-text><p>A.</p></boxed-text>`,
	Passes: `<boxed-text id="b1"><p>A.</p></boxed-text>`,
	on:     []string{"fig", "fig-group", "table-wrap", "table-wrap-group", "boxed-text", "disp-formula-group", "chem-struct-wrap"},
	check: func(_ *visit, e *etree.Element) string {
		switch e.Tag {
		case "fig", "table-wrap", "boxed-text":
		default:
			if kid(e, "label") == nil && kid(e, "caption", "title") == nil && kid(e, "caption", "p") == nil {
				return ""
			}
		}
		if !stated(e, "id") {
			return lacks(e, "id")
		}
		return ""
	},
}}

var mathRules = []Rule{{
	ID: "jats4r-math-place", Topic: "math", Severity: Error,
	Demand: "MathML and TeX stand in disp-formula or inline-formula, or in their alternatives.",
	Advice: "Put inline-formula or disp-formula around it.",
	Fails:  `<p><mml:math/></p>`,
	Passes: `<p><inline-formula><mml:math/></inline-formula></p>`,
	on:     []string{"math", "tex-math"},
	check: func(_ *visit, e *etree.Element) string {
		if under(e, formulas...) || under(e, "alternatives") && under(e.Parent(), formulas...) || e.Parent() == nil {
			return ""
		}
		return fmt.Sprintf("<%s> stands in <%s>, not in a formula", e.Tag, e.Parent().Tag)
	},
}, {
	ID: "jats4r-math-single", Topic: "math", Severity: Error,
	Demand: "A formula holds one expression.",
	Advice: "Put several forms of one expression into alternatives, and several expressions into a formula each.",
	Fails:  `<inline-formula><mml:math/><tex-math>x</tex-math></inline-formula>`,
	Passes: `<inline-formula><alternatives><mml:math/><tex-math>x</tex-math></alternatives></inline-formula>`,
	on:     formulas,
	check: func(_ *visit, e *etree.Element) string {
		if n := len(kids(e, "graphic", "tex-math", "math")); n > 1 {
			return fmt.Sprintf("<%s> has %d expressions", e.Tag, n)
		}
		return ""
	},
}, {
	ID: "jats4r-math-alternatives", Topic: "math", Severity: Error,
	Demand: "The alternatives of a formula have at most one of each kind: picture, TeX, MathML.",
	Advice: "Take the others away, or put them into a formula each.",
	Fails:  `<inline-formula><alternatives><mml:math/><mml:math/></alternatives></inline-formula>`,
	Passes: `<inline-formula><alternatives><mml:math/><tex-math>x</tex-math></alternatives></inline-formula>`,
	on:     []string{"alternatives"},
	check: func(_ *visit, e *etree.Element) string {
		if under(e, formulas...) && (len(kids(e, "graphic", "inline-graphic")) > 1 || len(kids(e, "tex-math")) > 1 || len(kids(e, "math")) > 1) {
			return "<alternatives> of a formula has two of a kind"
		}
		return ""
	},
}, {
	ID: "jats4r-math-graphic-only", Topic: "math", Severity: Warning,
	Demand: "A formula is written in MathML or TeX.",
	Advice: "Write it so; a picture alone is for what no markup can say.",
	Fails:  `<inline-formula><inline-graphic/></inline-formula>`,
	Passes: `<inline-formula><mml:math/></inline-formula>`,
	on:     formulas,
	check: func(_ *visit, e *etree.Element) string {
		if has(e, "graphic", "inline-graphic") && !has(e, "math", "tex-math") {
			return "<" + e.Tag + "> is a picture"
		}
		return ""
	},
}}

var languageRules = []Rule{{
	ID: "jats4r-xml-lang-object", Topic: "xml-lang", Severity: Error,
	Demand: "The language of a figure, table, formula or box is one of RFC 5646.",
	Advice: "Write a tag such as \"en\", \"pt-BR\" or \"zh-Hans\".",
	Fails:  `<boxed-text id="b1" xml:lang="english"><p>A.</p></boxed-text>`,
	Passes: `<boxed-text id="b1" xml:lang="en"><p>A.</p></boxed-text>`,
	on:     objects,
	check: func(_ *visit, e *etree.Element) string {
		for _, a := range e.Attr {
			if a.Space != "xml" || a.Key != "lang" {
				continue
			}
			if _, err := language.Parse(a.Value); err != nil || strings.Contains(a.Value, "_") {
				return fmt.Sprintf("xml:lang %q is no language tag", a.Value)
			}
		}
		return ""
	},
}}
