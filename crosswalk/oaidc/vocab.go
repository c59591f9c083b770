package oaidc

import (
	"strings"

	"sheaf/jats"
)

// articleType is what Dublin Core says of a kind of article.
type articleType struct {
	term  string // of info:eu-repo/semantics
	label string // for people
}

const (
	article      = "article"
	review       = "review"
	conference   = "conferenceObject"
	contribution = "contributionToPeriodical"
	other        = "other"
)

// articleTypes are the suggested values of article/@article-type and others in use.
//
// Source: JATS 1.3, @article-type; OpenAIRE guidelines 3.0, publication type.
var articleTypes = map[string]articleType{
	"abstract":              {conference, "abstract"},
	"addendum":              {other, "addendum"},
	"announcement":          {contribution, "announcement"},
	"article":               {article, "article"},
	"article-commentary":    {contribution, "commentary"},
	"book-chapter":          {"bookPart", "book chapter"},
	"book-review":           {review, "book review"},
	"books-received":        {contribution, "books received"},
	"brief-report":          {article, "brief report"},
	"calendar":              {contribution, "calendar"},
	"case-report":           {article, "case report"},
	"chapter-article":       {"bookPart", "book chapter"},
	"clinical-trial":        {article, "clinical trial"},
	"commentary":            {contribution, "commentary"},
	"conference-paper":      {conference, "conference paper"},
	"correction":            {other, "correction"},
	"data-paper":            {article, "data paper"},
	"discussion":            {contribution, "discussion"},
	"dissertation":          {"doctoralThesis", "dissertation"},
	"editorial":             {contribution, "editorial"},
	"expression-of-concern": {other, "expression of concern"},
	"in-brief":              {contribution, "in brief"},
	"interview":             {contribution, "interview"},
	"introduction":          {contribution, "introduction"},
	"letter":                {contribution, "letter"},
	"meeting-report":        {contribution, "meeting report"},
	"methods-article":       {article, "methods article"},
	"news":                  {contribution, "news"},
	"obituary":              {contribution, "obituary"},
	"opinion":               {contribution, "opinion"},
	"oration":               {"lecture", "oration"},
	"other":                 {other, "other"},
	"partial-retraction":    {other, "partial retraction"},
	"preprint":              {"preprint", "preprint"},
	"proceedings-paper":     {conference, "conference paper"},
	"product-review":        {review, "product review"},
	"protocol":              {article, "protocol"},
	"rapid-communication":   {article, "rapid communication"},
	"referee-report":        {review, "peer review"},
	"registered-report":     {article, "registered report"},
	"reply":                 {contribution, "reply"},
	"report":                {"report", "report"},
	"reprint":               {article, "reprint"},
	"research-article":      {article, "research article"},
	"retraction":            {other, "retraction"},
	"review":                {review, "review article"},
	"review-article":        {review, "review article"},
	"reviewer-report":       {review, "peer review"},
	"short-communication":   {article, "short communication"},
	"software-paper":        {article, "software paper"},
	"systematic-review":     {review, "systematic review"},
	"technical-note":        {article, "technical note"},
	"translation":           {article, "translation"},
	"working-paper":         {"workingPaper", "working paper"},
}

// typeOf never fails: an unknown kind is "other" with its own words beside it.
func typeOf(s string) articleType {
	s = strings.TrimSpace(s)
	if t, ok := articleTypes[strings.ToLower(s)]; ok {
		return t
	}
	return articleType{term: other, label: s}
}

// versions turns the stages of publication (NISO RP-8-2008) into terms of info:eu-repo/semantics. A proof has none.
var versions = map[string]string{
	"AO": "draft", "SMUR": "submittedVersion", "AM": "acceptedVersion", "VOR": "publishedVersion", "CVOR": "updatedVersion", "EVOR": "updatedVersion",
}

const (
	open       = "openAccess"
	embargoed  = "embargoedAccess"
	restricted = "restrictedAccess"
	closed     = "closedAccess"
)

var accessTerms = map[string]string{"open": open, "embargoed": embargoed, "restricted": restricted, "closed": closed}

// EmbargoEnd is the day on which the record of a will read otherwise than on day, because an embargo ends, both YYYY-MM-DD; "" if it never does.
func EmbargoEnd(a *jats.Article, day string) string {
	if term, end := accessOf(a, day); term == embargoed {
		return end
	}
	return ""
}

// accessOf is the access term that the article's permissions bear out on a day, and with embargoedAccess the day when the embargo ends, if
// known: from that day on it is openAccess, because harvesters take the term for the state of now. It is "" when nothing is known.
func accessOf(a *jats.Article, day string) (term, embargoEnd string) {
	if term, embargoEnd = accessSaid(a); term == embargoed && embargoEnd != "" && embargoEnd <= day {
		return open, ""
	}
	return term, embargoEnd
}

// accessSaid is accessOf for somebody who does not know the day.
func accessSaid(a *jats.Article) (term, embargoEnd string) {
	p := &a.Permissions
	end := ""
	if len(p.EmbargoEnd) == 10 && isDate(p.EmbargoEnd) {
		end = p.EmbargoEnd
	}
	if t := accessTerms[strings.ToLower(p.Access)]; t != "" {
		if t == embargoed && end == "" && later(p.FreeFrom, a.PubDates) {
			end = p.FreeFrom
		}
		return t, end
	}
	if end != "" {
		return embargoed, end
	}
	free, from := p.FreeToRead && p.FreeUntil == "", p.FreeFrom
	for i := range p.Licenses {
		if l := &p.Licenses[i]; l.AppliesTo == "" && isOpen(l) && (!free || l.Start == "" || from != "" && l.Start < from) {
			free, from = true, l.Start
		}
	}
	switch {
	case free && later(from, a.PubDates):
		return embargoed, from
	case free:
		return open, ""
	case p.Price != nil && strings.Trim(p.Price.Amount, "0., ") != "":
		return restricted, ""
	}
	return "", ""
}

// later tells whether day is after every known date of publication, as far as those are known. Without any of them it is not.
func later(day string, pub []jats.Date) bool {
	if len(day) != 10 || !isDate(day) {
		return false
	}
	known := false
	for _, d := range pub {
		if isDate(d.Date) {
			if known = true; day[:len(d.Date)] <= d.Date {
				return false
			}
		}
	}
	return known
}

// isOpen tells whether a licence lets everybody read: one of Creative Commons, by its URI or by its words, or one that the source calls open access.
func isOpen(l *jats.License) bool {
	if t := strings.ToLower(strings.TrimSpace(l.Type)); strings.HasPrefix(t, "open-access") || t == "openaccess" || t == "open access" {
		return true
	}
	if l.URI == "" {
		for _, p := range l.P {
			t := strings.ToLower(p.Plain())
			if strings.Contains(t, "creative commons") && (strings.Contains(t, "open access") || strings.Contains(t, "open-access")) {
				return true
			}
		}
		return false
	}
	_, rest, _ := strings.Cut(strings.ToLower(l.URI), "://")
	rest = strings.TrimPrefix(rest, "www.")
	return strings.HasPrefix(rest, "creativecommons.org/licenses/") || strings.HasPrefix(rest, "creativecommons.org/publicdomain/")
}

// funder is a funder whose grants have a name in info:eu-repo/grantAgreement.
type funder struct {
	name      string
	programme string
}

// funders are found by the number of their entry in the Open Funder Registry, after "10.13039/".
//
// Source: OpenAIRE guidelines 3.0, project identifier.
var funders = map[string]funder{
	"501100000780": {"EC", ""}, "501100000781": {"EC", ""},
	"501100004963": {"EC", "FP7"}, "100011102": {"EC", "FP7"}, "100011199": {"EC", "FP7"}, "100011264": {"EC", "FP7"},
	"501100007601": {"EC", "H2020"}, "100010661": {"EC", "H2020"}, "100010663": {"EC", "H2020"}, "100010665": {"EC", "H2020"},
	"100018693": {"EC", "HE"}, "100018694": {"EC", "HE"}, "100019180": {"EC", "HE"},
	"100004440": {"WT", ""}, "100010269": {"WT", ""},
	"501100001871": {"FCT", ""}, "501100000923": {"ARC", ""}, "501100000925": {"NHMRC", ""},
	"100000001": {"NSF", ""}, "100000002": {"NIH", ""}, "501100001711": {"SNSF", ""}, "501100002428": {"FWF", ""},
	"501100001602": {"SFI", ""}, "501100002341": {"AKA", ""}, "501100001659": {"DFG", ""}, "501100001665": {"ANR", ""},
	"501100003246": {"NWO", ""}, "501100004410": {"TUBITAK", ""}, "501100000024": {"CIHR", ""}, "501100000038": {"NSERC", ""},
	"501100000155": {"SSHRC", ""}, "501100004488": {"HRZZ", ""}, "501100004564": {"MESTD", ""},
}

// grants are the names of an award in info:eu-repo/grantAgreement, one for each award number, when its funder has such names.
func grants(w *jats.Award) []string {
	var out []string
	for i := range w.Funders {
		f, ok := funderOf(&w.Funders[i])
		if !ok {
			continue
		}
		for _, id := range w.IDs {
			id = strings.TrimSpace(id)
			if id == "" || strings.ContainsAny(id, " \t\n;,") || f.name == "EC" && !isProject(id) {
				continue // not the bare number
			}
			out = append(out, "info:eu-repo/grantAgreement/"+f.name+"/"+f.programme+"/"+slot.Replace(id))
		}
	}
	return out
}

var slot = strings.NewReplacer("/", "%2F", "%", "%25")

// isProject tells whether id looks like the number of a project of the European Commission: six digits, or nine since 2021.
func isProject(id string) bool {
	return (len(id) == 6 || len(id) == 9) && strings.Trim(id, "0123456789") == ""
}

func funderOf(f *jats.Funder) (funder, bool) {
	for _, id := range f.IDs {
		if _, n, ok := strings.Cut(id.Value, "10.13039/"); ok {
			if x, ok := funders[strings.TrimSpace(n)]; ok {
				return x, true
			}
		}
	}
	name := strings.ToLower(f.Name)
	switch {
	case strings.Contains(name, "horizon 2020"):
		return funder{"EC", "H2020"}, true
	case strings.Contains(name, "horizon europe"):
		return funder{"EC", "HE"}, true
	case strings.Contains(name, "european union seventh framework") || strings.Contains(name, "ec fp7"):
		return funder{"EC", "FP7"}, true
	case name == "european commission" || name == "european research council":
		return funder{"EC", ""}, true
	}
	return funder{}, false
}

// bibliographic are the codes of ISO 639-2/B that differ from ISO 639-3.
//
// Source: ISO 639-2, bibliographic codes.
var bibliographic = map[string]string{
	"alb": "sqi", "arm": "hye", "baq": "eus", "bur": "mya", "chi": "zho", "cze": "ces", "dut": "nld", "fre": "fra", "geo": "kat", "ger": "deu",
	"gre": "ell", "ice": "isl", "mac": "mkd", "mao": "mri", "may": "msa", "per": "fas", "rum": "ron", "slo": "slk", "tib": "bod", "wel": "cym",
}
