// Package jats4r checks JATS documents by the recommendations of JATS for Reuse (jats4r.org, since 2021 of NISO).
//
// The rules say what the schematron of JATS4R, version 0.0.16 of 2024-09-06, says in its errors and warnings, and are written anew over [etree]; each has
// a stable name, a demand, an advice, and an example that fails and one that passes. Its one "info" (an aff without institution) is left out. A rule looks
// at the attributes that the document states: defaults of a DTD are not read, but the version of JATS is taken from the document type where
// article/@dtd-version is absent, and an id is an id without a DTD.
//
// # Where the rules differ from the schematron
//
// Both were run over 190 articles of eighteen publishers, and compared by file and topic. What differs is meant:
//
//   - Versions. The schematron takes NLM 3.0 for later than JATS 1.2, a draft ("1.1d3") for neither, and a document without a version for old and new at once.
//     Here NLM comes before JATS 1.0, a draft before its version, and a document that names no version is taken for a new one, whose licence may have its
//     URI in either place.
//   - display-object-caption-label for tables: a slip in the regular expression ("||") makes the schematron warn of every unlabelled table with a caption.
//   - auths-affs-aff-label: the label of an aff inside the aff-alternatives that an xref points at counts.
//   - abstract-graphical-type: the schematron wants a graphic in the figure of a video or audio abstract, and warns of it there; here it may stand there.
//   - Several values where the schematron's XPath allows one (xref/@rid with two ids, two copyright-holders, two licence addresses): it stops with an error or
//     compares the first; here every value counts.
//   - accessibility-alt-text-title and -caption: an empty alt-text is no copy of a title that is not there.
//   - credit: "Formal analysis", as credit.niso.org spells it, is as good as "Formal Analysis"; and a role whose term and address are both none of CRediT, of which the
//     schematron says nothing, is wrong.
//   - Tables of OASIS and formulas of MathML are known by their prefix too, whatever namespace it stands for.
//   - Place. What is wrong with a copyright-statement or a license-p is told once, at the permissions or license that it stands in.
//   - xml-lang: a whole tag ("en-GB") is a language, not only one subtag; a country alone ("US") is none.
//   - Shadows. In a schematron the first rule of a pattern that matches hides the later ones, so that it does not look at xml:lang of a subj-group that has inner
//     groups. Here each rule looks at each element.
//
// [etree]: https://github.com/beevik/etree
package jats4r

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/beevik/etree"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"sheaf/jats"
)

// Severity tells how grave a breach is.
type Severity string

const (
	Error   Severity = "error"   // the recommendation demands it
	Warning Severity = "warning" // the recommendation advises it
)

// Rule is one demand of a recommendation.
type Rule struct {
	ID       string // "jats4r-permissions-copyright-year"; stable
	Topic    string // a key of [Topics]
	Severity Severity
	Demand   string   // one sentence
	Advice   string   // what to do
	Fails    string   // an example that breaches it
	Passes   string   // the same without the breach
	Also     []string // the other rules that Fails cannot but breach

	on    []string // names of the elements that it looks at; "*": all
	check func(v *visit, e *etree.Element) string
}

// Topics are the recommendations by the key that rules name them with, with their titles.
var Topics = map[string]string{
	"abstract":           "Abstracts",
	"accessibility":      "Accessibility",
	"auths-affs":         "Authors and affiliations",
	"clinical-trial":     "Clinical trials",
	"coi":                "Conflict of interest statements",
	"credit":             "CRediT taxonomy",
	"data-availability":  "Data availability statements",
	"data-citations":     "Data citations",
	"display-object":     "Display objects",
	"ethics":             "Ethics statements",
	"funding":            "Funding",
	"general-citations":  "Citations",
	"kwd":                "Keywords",
	"math":               "Mathematical expressions",
	"peer-review":        "Peer review materials",
	"permissions":        "Permissions",
	"preprint-citations": "Preprint citations",
	"subj":               "Subjects",
	"xml-lang":           "Languages of display objects",
}

// Rules are all rules, by topic.
func Rules() []Rule { return rules }

var rules = slices.Concat(abstractRules, accessibilityRules, affiliationRules, trialRules, interestRules, creditRules, availabilityRules, dataCitationRules,
	displayRules, ethicsRules, fundingRules, citationRules, keywordRules, mathRules, reviewRules, permissionsRules, preprintRules, subjectRules, languageRules)

// byTag are the rules that look at an element, by its name.
var byTag = func() map[string][]*Rule {
	m := map[string][]*Rule{}
	for i := range rules {
		for _, tag := range rules[i].on {
			m[tag] = append(m[tag], &rules[i])
		}
	}
	return m
}()

// Finding is one breach of a rule.
type Finding struct {
	Rule    *Rule
	Line    int    // of the element's start tag, 1-based; 0: not known
	Path    string // of the element: /article/front[1]/article-meta
	Message string
}

// maxFindings bounds what is told of one document; no real article comes near it.
const maxFindings = 20000

// Document is a parsed document that knows its lines.
type Document struct {
	Root    *etree.Element
	PubID   string // public identifier of its document type; "" without
	lines   map[*etree.Element]int
	version version
}

const (
	maxDepth    = 256      // elements inside each other
	maxElements = 1 << 19  // the largest real articles have a fifth of that
	maxSize     = 64 << 20 // bytes in UTF-8
)

// Parse reads a document in the encoding that its byte order mark or declaration names. The entities of HTML are known; all others stay as they are written,
// and nothing else is ever opened. The error is a *[jats.Fault] with the line: "malformed", "too-large" or "too-deep".
func Parse(data []byte) (*Document, error) {
	d := &Document{lines: map[*etree.Element]int{}}
	in := &io.LimitedReader{R: transform.NewReader(bytes.NewReader(data), unicode.BOMOverride(transform.Nop)), N: maxSize + 1}
	dec := xml.NewDecoder(in)
	dec.Strict = false
	dec.Entity = xml.HTMLEntity
	dec.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		if l := strings.ToLower(label); strings.HasPrefix(l, "utf-16") || bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) || strings.HasPrefix(l, "iso646") {
			return r, nil // UTF-8 by now, or ASCII
		}
		return charset.NewReaderLabel(label, r)
	}
	var at *etree.Element
	depth := 0
	for {
		line, _ := dec.InputPos()
		t, err := dec.RawToken()
		if errors.Is(err, io.EOF) && in.N > 0 {
			break
		}
		if in.N <= 0 {
			return nil, jats.Faultf("too-large", 0, "more than %d MiB", maxSize>>20)
		}
		if err != nil {
			var syntax *xml.SyntaxError
			if errors.As(err, &syntax) {
				return nil, jats.Faultf("malformed", syntax.Line, "XML: %s", syntax.Msg)
			}
			return nil, jats.Faultf("malformed", line, "XML: %v", err)
		}
		switch t := t.(type) {
		case xml.Directive:
			if at == nil && d.Root == nil {
				d.docType(string(t))
			}
		case xml.StartElement:
			if at == nil && d.Root != nil {
				return nil, jats.Faultf("malformed", line, "XML: a second root element %q", t.Name.Local)
			}
			if depth++; depth > maxDepth {
				return nil, jats.Faultf("too-deep", line, "elements more than %d inside each other", maxDepth)
			}
			if len(d.lines) == maxElements {
				return nil, jats.Faultf("too-large", line, "more than %d elements", maxElements)
			}
			e := etree.NewElement(t.Name.Local)
			e.Space = t.Name.Space
			e.Attr = make([]etree.Attr, len(t.Attr))
			for i, a := range t.Attr {
				e.Attr[i] = etree.Attr{Space: a.Name.Space, Key: a.Name.Local, Value: a.Value}
			}
			if at == nil {
				d.Root = e
			} else {
				at.AddChild(e)
			}
			at = e
			d.lines[e] = line
		case xml.EndElement:
			if at == nil || at.Tag != t.Name.Local || at.Space != t.Name.Space {
				return nil, jats.Faultf("malformed", line, "XML: </%s> ends no element that is open", t.Name.Local)
			}
			at = at.Parent()
			depth--
		case xml.CharData:
			if at != nil {
				at.CreateText(string(t))
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, jats.Faultf("malformed", line, "XML: text %.20q outside of the root element", bytes.TrimSpace(t))
			}
		}
	}
	if at != nil {
		return nil, jats.Faultf("malformed", d.lines[at], "XML: <%s> is never ended", at.Tag)
	}
	if d.Root == nil {
		return nil, jats.Faultf("malformed", 0, "XML without an element")
	}
	return d, nil
}

var (
	publicID    = regexp.MustCompile(`^DOCTYPE\s+\S+\s+PUBLIC\s+["']\s*([^"']*?)\s*["']`)
	docVersion  = regexp.MustCompile(`\bv([0-9.]+(?:d[0-9]+)?)\b`)
	pathVersion = regexp.MustCompile(`/(?:publishing|archiving|articleauthoring)/([0-9.]+(?:d[0-9]+)?)/`)
)

// docType takes the public identifier and the version from a document type declaration.
func (d *Document) docType(directive string) {
	if m := publicID.FindStringSubmatch(directive); m != nil {
		d.PubID = m[1]
	}
	if i := strings.IndexByte(directive, '['); i >= 0 {
		directive = directive[:i]
	}
	if m := docVersion.FindStringSubmatch(directive); m != nil {
		d.version = parseVersion(m[1])
	} else if m := pathVersion.FindStringSubmatch(directive); m != nil {
		d.version = parseVersion(m[1])
	}
}

// Check returns what the rules find in d, in document order.
func (d *Document) Check() []Finding { return check(d.Root, d.lines, d.version) }

// Line is the line of e's start tag; 0 when it is no element of d.
func (d *Document) Line(e *etree.Element) int { return d.lines[e] }

// Check returns what the rules find in an article, or in a document that holds articles, in document order. The findings know no lines.
func Check(root *etree.Element) []Finding { return check(root, nil, version{}) }

func check(root *etree.Element, lines map[*etree.Element]int, docType version) []Finding {
	v := &visit{lines: lines, docType: docType, version: docType, ids: map[string]*etree.Element{}, pointed: map[string]bool{},
		siblings: map[*etree.Element]int{}, last: map[*etree.Element]*etree.Element{}, trials: map[string]bool{}, seen: map[place]*etree.Element{}}
	v.index(root)
	v.walk(root, "/"+root.Tag)
	return v.found
}

// place is a path of names below an element.
type place struct {
	e    *etree.Element
	path string
}

// kid is the first element at a path ("caption/title") below e, or nil. It remembers what it found, for rules that ask the same of many siblings: else
// time would go with the square of their number.
func (v *visit) kid(e *etree.Element, path string) *etree.Element {
	if e == nil {
		return nil
	}
	at := place{e, path}
	k, ok := v.seen[at]
	if !ok {
		k = kid(e, strings.Split(path, "/")...)
		v.seen[at] = k
	}
	return k
}

// visit is one walk over a document.
type visit struct {
	lines   map[*etree.Element]int
	docType version
	version version // of the article that is being looked at
	lang    string  // of that article
	ids     map[string]*etree.Element
	pointed map[string]bool // ids that a rid names

	contribs int                               // passed so far
	siblings map[*etree.Element]int            // contribs passed so far, by their parent
	last     map[*etree.Element]*etree.Element // the last aff of a parent
	ethics   bool                              // an ethics statement was passed
	trials   map[string]bool                   // clinical trial numbers passed so far
	seen     map[place]*etree.Element          // what kid found
	found    []Finding
}

func (v *visit) index(e *etree.Element) {
	if id := attr(e, "id"); id != "" && v.ids[id] == nil {
		v.ids[id] = e
	}
	for _, id := range strings.Fields(attr(e, "rid")) {
		v.pointed[id] = true
	}
	for k := range elements(e) {
		if k.Tag == "aff" {
			v.last[e] = k
		}
		v.index(k)
	}
}

func (v *visit) walk(e *etree.Element, path string) {
	if e.Tag == "article" {
		outer, lang := v.version, v.lang
		defer func() { v.version, v.lang = outer, lang }()
		v.version, v.lang = cmp.Or(parseVersion(attr(e, "dtd-version")), v.docType), xmlLang(e)
	}
	for _, tag := range [2]string{"*", e.Tag} {
		for _, r := range byTag[tag] {
			if msg := r.check(v, e); msg != "" && len(v.found) < maxFindings {
				v.found = append(v.found, Finding{Rule: r, Line: v.lines[e], Path: path, Message: msg})
			}
		}
	}
	v.pass(e)
	if e.Tag == "math" { // MathML has elements of its own by names such as sec and list
		return
	}
	n := map[string]int{}
	for k := range elements(e) {
		n[k.Tag]++
		p := path + "/" + k.Tag
		if n[k.Tag] > 1 {
			p = fmt.Sprintf("%s[%d]", p, n[k.Tag])
		}
		v.walk(k, p)
	}
}

// pass remembers what later elements are compared with.
func (v *visit) pass(e *etree.Element) {
	switch e.Tag {
	case "contrib":
		v.contribs++
		v.siblings[e.Parent()]++
	case "sec":
		v.ethics = v.ethics || attr(e, "sec-type") == ethicsStatement
	case "related-object":
		if attr(e, "document-id-type") == trialNumber {
			v.trials[attr(e, "document-id")] = true
		}
	}
}
