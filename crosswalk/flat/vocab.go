package flat

import (
	"strings"

	"golang.org/x/text/language"

	"sheaf/jats"
)

// Type is a kind of work in the words of the vocabularies. A vocabulary that has none for it gives its nearest wider term.
type Type struct {
	COAR     string // the last part of http://purl.org/coar/resource_type/..., of version 3.0, which OpenAIRE's schema 4.0 has
	Name     string // the label of that concept
	EURepo   string // info:eu-repo/semantics/...
	DataCite string // resourceTypeGeneral
	Crossref string // the kind of content that a deposit makes of it
	Schema   string // schema.org
}

// The kinds that several names below share.
var (
	article      = Type{"c_6501", "journal article", "article", "JournalArticle", "journal_article", "ScholarlyArticle"}
	research     = Type{"c_2df8fbb1", "research article", "article", "JournalArticle", "journal_article", "ScholarlyArticle"}
	review       = Type{"c_dcae04bc", "review article", "review", "JournalArticle", "journal_article", "ScholarlyArticle"}
	bookReview   = Type{"c_ba08", "book review", "review", "JournalArticle", "journal_article", "Review"}
	dataPaper    = Type{"c_beb9", "data paper", "article", "DataPaper", "journal_article", "ScholarlyArticle"}
	editorial    = Type{"c_b239", "editorial", "contributionToPeriodical", "JournalArticle", "journal_article", "ScholarlyArticle"}
	letter       = Type{"c_545b", "letter to the editor", "contributionToPeriodical", "JournalArticle", "journal_article", "ScholarlyArticle"}
	contribution = Type{"c_3e5a", "contribution to journal", "contributionToPeriodical", "JournalArticle", "journal_article", "ScholarlyArticle"}
	notice       = Type{"c_3e5a", "contribution to journal", "other", "JournalArticle", "journal_article", "ScholarlyArticle"}
	preprint     = Type{"c_816b", "preprint", "preprint", "Preprint", "posted_content", "ScholarlyArticle"}
	working      = Type{"c_8042", "working paper", "workingPaper", "Text", "posted_content", "ScholarlyArticle"}
	conference   = Type{"c_5794", "conference paper", "conferenceObject", "ConferencePaper", "conference_paper", "ScholarlyArticle"}
	abstract     = Type{"c_c94f", "conference object", "conferenceObject", "ConferencePaper", "journal_article", "ScholarlyArticle"}
	peerReview   = Type{"c_efa0", "review", "review", "PeerReview", "peer_review", "Review"}
	thesis       = Type{"c_db06", "doctoral thesis", "doctoralThesis", "Dissertation", "dissertation", "Thesis"}
	book         = Type{"c_2f33", "book", "book", "Book", "book", "Book"}
	chapter      = Type{"c_3248", "book part", "bookPart", "BookChapter", "book", "Chapter"}
	report       = Type{"c_93fc", "report", "report", "Report", "report", "Report"}
	lecture      = Type{"c_8544", "lecture", "lecture", "Text", "journal_article", "CreativeWork"}
	patent       = Type{"c_15cd", "patent", "patent", "Text", "journal_article", "CreativeWork"}
	dataset      = Type{"c_ddb1", "dataset", "other", "Dataset", "dataset", "Dataset"}
	software     = Type{"c_5ce6", "software", "other", "Software", "dataset", "SoftwareSourceCode"}
	standard     = Type{"c_1843", "other", "other", "Standard", "standard", "CreativeWork"}
	other        = Type{"c_1843", "other", "other", "Text", "journal_article", "CreativeWork"}
)

// kind is a value of article/@article-type: what it is, and its label for people.
type kind struct {
	Type
	label string
}

// kinds are the suggested values of article/@article-type and others in use.
//
// Source: JATS 1.3, @article-type; OpenAIRE guidelines 3.0, publication type; COAR Resource Types 3.0.
var kinds = map[string]kind{
	"abstract":              {abstract, "abstract"},
	"addendum":              {notice, "addendum"},
	"announcement":          {contribution, "announcement"},
	"article":               {article, "article"},
	"article-commentary":    {contribution, "commentary"},
	"book":                  {book, "book"},
	"book-chapter":          {chapter, "book chapter"},
	"book-review":           {bookReview, "book review"},
	"books-received":        {contribution, "books received"},
	"brief-report":          {research, "brief report"},
	"calendar":              {contribution, "calendar"},
	"case-report":           {research, "case report"},
	"chapter-article":       {chapter, "book chapter"},
	"clinical-trial":        {research, "clinical trial"},
	"commentary":            {contribution, "commentary"},
	"conference-paper":      {conference, "conference paper"},
	"correction":            {notice, "correction"},
	"data-paper":            {dataPaper, "data paper"},
	"dataset":               {dataset, "dataset"},
	"discussion":            {contribution, "discussion"},
	"dissertation":          {thesis, "dissertation"},
	"editorial":             {editorial, "editorial"},
	"expression-of-concern": {notice, "expression of concern"},
	"in-brief":              {contribution, "in brief"},
	"interview":             {contribution, "interview"},
	"introduction":          {editorial, "introduction"},
	"letter":                {letter, "letter"},
	"meeting-report":        {contribution, "meeting report"},
	"methods-article":       {research, "methods article"},
	"news":                  {contribution, "news"},
	"obituary":              {contribution, "obituary"},
	"opinion":               {contribution, "opinion"},
	"oration":               {lecture, "oration"},
	"other":                 {other, "other"},
	"partial-retraction":    {notice, "partial retraction"},
	"patent":                {patent, "patent"},
	"preprint":              {preprint, "preprint"},
	"proceedings-paper":     {conference, "conference paper"},
	"product-review":        {bookReview, "product review"},
	"protocol":              {research, "protocol"},
	"rapid-communication":   {research, "rapid communication"},
	"referee-report":        {peerReview, "peer review"},
	"registered-report":     {research, "registered report"},
	"reply":                 {contribution, "reply"},
	"report":                {report, "report"},
	"reprint":               {article, "reprint"},
	"research-article":      {research, "research article"},
	"retraction":            {notice, "retraction"},
	"review":                {review, "review article"},
	"review-article":        {review, "review article"},
	"reviewer-report":       {peerReview, "peer review"},
	"short-communication":   {research, "short communication"},
	"software":              {software, "software"},
	"software-paper":        {article, "software paper"},
	"standard":              {standard, "standard"},
	"systematic-review":     {review, "systematic review"},
	"technical-note":        {research, "technical note"},
	"translation":           {article, "translation"},
	"working-paper":         {working, "working paper"},
}

// typeOf never fails: an unknown kind is "other" with its own words beside it.
func typeOf(s string) (t Type, label string) {
	s = strings.TrimSpace(s)
	if k, ok := kinds[strings.ToLower(s)]; ok {
		return k.Type, k.label
	}
	return other, s
}

// Version is a stage of publication in the words of the vocabularies (NISO RP-8-2008, COAR Version Types 1.0).
type Version struct {
	JAV      string // AO, SMUR, AM, P, VoR, CVoR, EVoR
	COAR     string // the last part of http://purl.org/coar/version/...
	EURepo   string // info:eu-repo/semantics/...; a proof has none
	Crossref string // applies_to of a licence: "vor", "am", ""
}

var versions = map[string]Version{
	"AO":   {"AO", "c_b1a7d7d4d402bcce", "draft", ""},
	"SMUR": {"SMUR", "c_71e4c1898caa6e32", "submittedVersion", ""},
	"AM":   {"AM", "c_ab4af688f83e57aa", "acceptedVersion", "am"},
	"P":    {"P", "c_fa2ee174bc00049f", "", ""},
	"VOR":  {"VoR", "c_970fb48d4fbd8a85", "publishedVersion", "vor"},
	"CVOR": {"CVoR", "c_e19f295774971610", "updatedVersion", "vor"},
	"EVOR": {"EVoR", "c_dc82b40f9837b551", "updatedVersion", "vor"},
}

// Access is who may read the full text, in the words of the vocabularies; the zero Access: not known.
type Access struct {
	Name   string // open, embargoed, restricted, closed
	COAR   string // the last part of http://purl.org/coar/access_right/...
	Label  string // of that concept
	EURepo string // info:eu-repo/semantics/...
}

var (
	Open       = Access{"open", "c_abf2", "open access", "openAccess"}
	Embargoed  = Access{"embargoed", "c_f1cf", "embargoed access", "embargoedAccess"}
	Restricted = Access{"restricted", "c_16ec", "restricted access", "restrictedAccess"}
	Closed     = Access{"closed", "c_14cb", "metadata only access", "closedAccess"}
)

var accesses = map[string]Access{"open": Open, "embargoed": Embargoed, "restricted": Restricted, "closed": Closed}

// EmbargoEnd is the day on which the record of a will read otherwise than on day, because an embargo ends, both YYYY-MM-DD; "" if it never does.
func EmbargoEnd(a *jats.Article, day string) string {
	if access, end := accessOf(a, day); access == Embargoed {
		return end
	}
	return ""
}

// accessOf is the access term that the article's permissions bear out on a day, and with embargoedAccess the day when the embargo ends, if
// known: from that day on it is openAccess, because harvesters take the term for the state of now. It is "" when nothing is known.
func accessOf(a *jats.Article, day string) (access Access, embargoEnd string) {
	if access, embargoEnd = accessSaid(a); access == Embargoed && embargoEnd != "" && embargoEnd <= day {
		return Open, ""
	}
	return access, embargoEnd
}

// accessSaid is accessOf for somebody who does not know the day.
func accessSaid(a *jats.Article) (access Access, embargoEnd string) {
	p := &a.Permissions
	end := ""
	if len(p.EmbargoEnd) == 10 && IsDate(p.EmbargoEnd) {
		end = p.EmbargoEnd
	}
	if t := accesses[strings.ToLower(p.Access)]; t != (Access{}) {
		if t == Embargoed && end == "" && later(p.FreeFrom, a.PubDates) {
			end = p.FreeFrom
		}
		return t, end
	}
	if end != "" {
		return Embargoed, end
	}
	free, from := p.FreeToRead && p.FreeUntil == "", p.FreeFrom
	for i := range p.Licenses {
		if l := &p.Licenses[i]; l.AppliesTo == "" && isOpen(l) && (!free || l.Start == "" || from != "" && l.Start < from) {
			free, from = true, l.Start
		}
	}
	switch {
	case free && later(from, a.PubDates):
		return Embargoed, from
	case free:
		return Open, ""
	case p.Price != nil && strings.Trim(p.Price.Amount, "0., ") != "":
		return Restricted, ""
	}
	return Access{}, ""
}

// later tells whether day is after every known date of publication, as far as those are known. Without any of them it is not.
func later(day string, pub []jats.Date) bool {
	if len(day) != 10 || !IsDate(day) {
		return false
	}
	known := false
	for _, d := range pub {
		if IsDate(d.Date) {
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

// bibliographic are the codes of ISO 639-2/B that differ from ISO 639-3, by these.
//
// Source: ISO 639-2, bibliographic codes.
var bibliographic = map[string]string{
	"sqi": "alb", "hye": "arm", "eus": "baq", "mya": "bur", "zho": "chi", "ces": "cze", "nld": "dut", "fra": "fre", "kat": "geo", "deu": "ger",
	"ell": "gre", "isl": "ice", "mkd": "mac", "mri": "mao", "msa": "may", "fas": "per", "ron": "rum", "slk": "slo", "bod": "tib", "cym": "wel",
}

var terminological = func() map[string]string {
	m := map[string]string{}
	for t, b := range bibliographic {
		m[b] = t
	}
	return m
}()

// ISO3 is the ISO 639-3 code of the language that a BCP 47 tag begins with; "" when there is none.
func ISO3(tag string) string {
	base, _ := baseScript(tag)
	if len(base) != 2 && len(base) != 3 {
		return ""
	}
	base = strings.ToLower(base)
	if code := terminological[base]; code != "" {
		return code
	}
	b, err := language.ParseBase(base)
	if err != nil {
		return ""
	}
	if code := b.ISO3(); len(code) == 3 && code != "und" {
		return code
	}
	return ""
}

// ISO2B is the ISO 639-2/B code of the language that a BCP 47 tag begins with; "" when there is none.
func ISO2B(tag string) string {
	code := ISO3(tag)
	if b := bibliographic[code]; b != "" {
		return b
	}
	return code
}

// ISO1 is the two-letter code of the language that a BCP 47 tag begins with, else its three-letter code; "" when there is none.
func ISO1(tag string) string {
	base, _ := baseScript(tag)
	if code := terminological[strings.ToLower(base)]; code != "" {
		base = code
	}
	if b, err := language.ParseBase(base); err == nil && b.String() != "und" {
		return b.String()
	}
	return ""
}

// SameScript tells whether two language tags have the same base, and the same script as far as they name one: "en-GB" and "en" do,
// "ru" and "ru-Latn" do not.
func SameScript(a, b string) bool {
	ab, as := baseScript(a)
	bb, bs := baseScript(b)
	return strings.EqualFold(ab, bb) && strings.EqualFold(as, bs)
}

func baseScript(tag string) (base, script string) {
	base, rest, _ := strings.Cut(tag, "-")
	if sub, _, _ := strings.Cut(rest, "-"); len(sub) == 4 {
		script = sub
	}
	return base, script
}

// IsLang tells whether s may stand in xml:lang.
//
// Source: XML Schema 1.0 part 2 §3.3.3, language.
func IsLang(s string) bool {
	n, parts := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '-':
			if n == 0 {
				return false
			}
			n = 0
			parts++
			continue
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', parts > 0 && c >= '0' && c <= '9':
		default:
			return false
		}
		if n++; n > 8 {
			return false
		}
	}
	return n > 0
}
