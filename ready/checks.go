package ready

import (
	"fmt"
	"iter"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
)

// check is what rules of several services share: a question, and what to call the answer no.
type check struct {
	brief string
	ok    func(*flat.Record) (ok bool, found string)
}

// rule makes a rule of c.
func (c check) rule(code string, level Level, says, source string) Rule {
	return Rule{Code: code, Level: level, Brief: c.brief, Says: says, Source: source, Check: c.ok}
}

// unsure makes a rule of c that is mandatory if applicable, where an article cannot tell whether it applies.
func (c check) unsure(code, says, source string) Rule {
	r := c.rule(code, MandatoryIfApplicable, says, source)
	r.Unsure = true
	return r
}

// has makes a check of a condition that has nothing to quote.
func has(brief string, ok func(*flat.Record) bool) check {
	return check{brief, func(r *flat.Record) (bool, string) { return ok(r), "" }}
}

var (
	hasTitle    = has("no title", func(r *flat.Record) bool { return len(r.Titles) > 0 && strings.TrimSpace(r.Titles[0].Full()) != "" })
	hasAuthor   = has("no author", func(r *flat.Record) bool { return len(r.Authors) > 0 })
	hasJournal  = has("no journal title", func(r *flat.Record) bool { return r.Journal.Title != "" })
	hasLicense  = check{"no licence address", licensed}
	hasAccess   = has("access not known", func(r *flat.Record) bool { return r.Access != flat.Access{} })
	hasAbstract = has("no abstract", func(r *flat.Record) bool { return len(r.Abstracts) > 0 || !wantsAbstract(r) })
	hasKeywords = has("no keywords", func(r *flat.Record) bool { return len(r.Keywords) > 0 || !wantsAbstract(r) })
	hasRefs     = has("no references", func(r *flat.Record) bool { return len(r.Refs) > 0 || !wantsAbstract(r) })
	hasFile     = has("no file of the full text", func(r *flat.Record) bool { return len(r.Files) > 0 })
	hasOpenFile = has("no file of the full text", func(r *flat.Record) bool { return len(r.Files) > 0 || r.Access != flat.Open })
	hasPDF      = has("no PDF", func(r *flat.Record) bool { return pdf(r) != "" })
	hasType     = check{"kind of work not known", func(r *flat.Record) (bool, string) { return want(r.Type.Name != "other", r.Article.ArticleType) }}
	hasVolume   = has("neither volume nor issue", func(r *flat.Record) bool { return r.Volume != "" || r.Issue != "" })
	hasPlace    = has("neither page nor article number", func(r *flat.Record) bool { return r.FPage != "" || r.Pages != "" || r.Elocation != "" })
	hasVersion  = has("version not known", func(r *flat.Record) bool { return r.Version.COAR != "" })

	// A work that appeared in a journal has a publisher; a manuscript may have none.
	hasPublisher = has("no publisher", func(r *flat.Record) bool { return r.Journal.Publisher() != "" || r.Journal.Title == "" })
	anyPublisher = has("no publisher", func(r *flat.Record) bool { return r.Journal.Publisher() != "" })
)

// wantsAbstract tells whether works of this kind have an abstract, keywords and references: editorials, letters, notices and reviews of books mostly have none.
func wantsAbstract(r *flat.Record) bool {
	switch r.Type.Name {
	case "editorial", "letter to the editor", "contribution to journal", "book review", "review":
		return false
	}
	return true
}

func quoted(s string) string {
	if s == "" {
		return ""
	}
	return strconv.Quote(s)
}

// want is the answer of a check that quotes s when it is not ok.
func want(ok bool, s string) (bool, string) {
	if ok {
		return true, ""
	}
	return false, quoted(s)
}

var hasLang = check{"language not known", func(r *flat.Record) (bool, string) { return want(flat.ISO3(r.Lang) != "", r.Lang) }}

func licensed(r *flat.Record) (bool, string) {
	l := r.License()
	switch {
	case l == nil:
		return false, ""
	case l.URI == "":
		return false, "a licence in words only"
	}
	return true, ""
}

// hasDate wants a date of publication that is in the calendar, to whatever precision.
var hasDate = check{"no date of publication", func(r *flat.Record) (bool, string) {
	for _, layout := range []string{"2006", "2006-01", "2006-01-02"} {
		if _, err := time.Parse(layout, r.Published); err == nil {
			return true, ""
		}
	}
	return false, quoted(r.Published)
}}

// precise wants at least so much of the date of publication as a layout of so many bytes holds: 7 for the month, 10 for the day.
func precise(brief string, n int) check {
	return check{brief, func(r *flat.Record) (bool, string) {
		return want(r.Published == "" || len(r.Published) >= n, r.Published)
	}}
}

var (
	hasMonth = precise("month of publication not known", 7)
	hasDay   = precise("day of publication not known", 10)
)

// doiForm is what the schemas of Crossref and DataCite take for a DOI; DOI prefixes may be subdivided.
var doiForm = regexp.MustCompile(`^10\.[0-9]{4,9}(\.[0-9]+)*/\S{1,200}$`)

// hasDOI wants a DOI, and one that is well-formed; soundDOI only that what is given as a DOI is one.
var (
	hasDOI   = check{"no DOI", func(r *flat.Record) (bool, string) { return want(doiForm.MatchString(r.DOI), r.DOI) }}
	soundDOI = check{"DOI not well-formed", func(r *flat.Record) (bool, string) { return want(r.DOI == "" || doiForm.MatchString(r.DOI), r.DOI) }}
)

// hasISSN wants one ISSN at least that is well-formed with the right check digit.
var hasISSN = check{"no ISSN", func(r *flat.Record) (bool, string) {
	for _, s := range r.Journal.ISSNs {
		if isISSN(s) {
			return true, ""
		}
	}
	return false, quoted(strings.Join(r.Journal.ISSNs, ", "))
}}

// isISSN tells whether s is NNNN-NNNC with the right check character.
//
// Source: ISO 3297 Annex A.
func isISSN(s string) bool {
	if len(s) != 9 || s[4] != '-' || s == "0000-0000" { // that is put where there is none
		return false
	}
	sum, weight := 0, 8
	for i := range s[:8] {
		if i == 4 {
			continue
		}
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		sum += int(s[i]-'0') * weight
		weight--
	}
	want := byte('0' + (11-sum%11)%11)
	if want == '0'+10 {
		return s[8] == 'X' || s[8] == 'x'
	}
	return s[8] == want
}

// people are the authors who are persons.
func people(r *flat.Record) iter.Seq[*flat.Person] {
	return func(yield func(*flat.Person) bool) {
		for i := range r.Authors {
			if p := &r.Authors[i]; p.Group == "" && !yield(p) {
				return
			}
		}
	}
}

// hasParts wants every author who is a person to have a family name that is told from the rest.
var hasParts = check{"author's name not in parts", func(r *flat.Record) (bool, string) {
	for p := range people(r) {
		if p.Family == "" {
			return false, quoted(p.Inverted())
		}
	}
	return true, ""
}}

var hasORCID = has("no ORCID", func(r *flat.Record) bool {
	any := false
	for p := range people(r) {
		if any = true; p.ORCID != "" {
			return true
		}
	}
	return !any
})

// hasAffiliations wants one of every author who is a person.
var hasAffiliations = check{"author without affiliation", func(r *flat.Record) (bool, string) {
	without, all := 0, 0
	for p := range people(r) {
		if all++; len(p.Affs) == 0 {
			without++
		}
	}
	if without == 0 {
		return true, ""
	}
	return false, fmt.Sprintf("%d of %d authors have none", without, all)
}}

var hasROR = has("no ROR of an affiliation", func(r *flat.Record) bool {
	any := false
	for i := range r.Authors {
		for _, f := range r.Authors[i].Affs {
			if any = true; f.ROR != "" {
				return true
			}
		}
	}
	return !any
})

// hasEmbargoEnd wants the day on which an embargo ends.
var hasEmbargoEnd = has("end of the embargo not known", func(r *flat.Record) bool { return r.Access != flat.Embargoed || r.EmbargoEnd != "" })

// hasFunder wants a funder's name beside every award.
var hasFunder = check{"award without a funder", func(r *flat.Record) (bool, string) {
	for i := range r.Grants {
		if g := &r.Grants[i]; g.Award != "" && g.Funder == "" {
			return false, quoted(g.Award)
		}
	}
	return true, ""
}}

// hasFunderID wants an identifier of every funder.
var hasFunderID = check{"funder without an identifier", func(r *flat.Record) (bool, string) {
	for i := range r.Grants {
		if g := &r.Grants[i]; g.Funder != "" && g.FundRef == "" && g.ROR == "" && g.ISNI == "" && g.GRID == "" {
			return false, quoted(g.Funder)
		}
	}
	return true, ""
}}

// hasProject wants the number of a project in the form of the European Commission's, where it is the funder.
var hasProject = check{"award of the European Commission that is no project number", func(r *flat.Record) (bool, string) {
	for i := range r.Grants {
		name := strings.ToLower(r.Grants[i].Funder)
		if r.Grants[i].Award == "" || r.Grants[i].EURepo != "" {
			continue
		}
		for _, ec := range []string{"european commission", "european research council", "horizon 2020", "horizon europe", "seventh framework"} {
			if strings.Contains(name, ec) {
				return false, quoted(r.Grants[i].Award)
			}
		}
	}
	return true, ""
}}

// hasCitation wants what one cites the article by: journal, volume or issue, and page or article number.
var hasCitation = check{"citation not complete", func(r *flat.Record) (bool, string) {
	var missing []string
	for _, c := range []check{hasJournal, hasVolume, hasPlace} {
		if ok, _ := c.ok(r); !ok {
			missing = append(missing, c.brief)
		}
	}
	return len(missing) == 0, strings.Join(missing, ", ")
}}

// hasPage wants an address of the article that others can open.
var hasPage = check{"no public address", func(r *flat.Record) (bool, string) { return want(public(r.Landing), r.Landing) }}

// publicFiles wants the files to be where others can open them.
var publicFiles = check{"file without a public address", func(r *flat.Record) (bool, string) {
	for _, f := range r.Files {
		if !public(f.URL) {
			return false, quoted(f.URL)
		}
	}
	return true, ""
}}

// public tells whether an address may be opened from elsewhere: it is one of the web, and its host neither a bare name nor a private number. One below the site
// of the repository is left to whoever runs it.
func public(address string) bool {
	if strings.HasPrefix(address, element.Site) {
		return true
	}
	u, err := url.Parse(address)
	if err != nil || !flat.IsHTTP(address) {
		return false
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified()
	}
	_, top, dots := strings.Cut(strings.TrimSuffix(host, "."), ".")
	return dots && !strings.HasSuffix("."+top, ".localhost") && !strings.HasSuffix("."+top, ".local")
}

// pdf is the address of the first PDF; "" if there is none.
func pdf(r *flat.Record) string {
	for _, f := range r.Files {
		if f.MIME == "application/pdf" || strings.HasSuffix(strings.ToLower(f.URL), ".pdf") {
			return f.URL
		}
	}
	return ""
}

// letters counts the letters and digits of s.
func letters(s string) (n int) {
	for _, c := range s {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			n++
		}
	}
	return n
}

// inLang tells whether a tag is of a language, told by its ISO 639-3 code.
func inLang(tag, iso3 string) bool { return flat.ISO3(tag) == iso3 }
