package search

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// field is one field of a Solr document.
type field struct {
	name  string
	value any // string, []string, int or int64
}

// fields collects those that hold something.
type fields []field

func (f *fields) text(name, value string) {
	if value != "" {
		*f = append(*f, field{name, value})
	}
}

func (f *fields) list(name string, values []string) {
	if len(values) > 0 {
		*f = append(*f, field{name, values})
	}
}

// profiles are the ways to name the fields of a Solr document.
var profiles = map[string]func(*Document) []field{"sheaf": own, "vufind": vufind, "blacklight": blacklight}

// stamps are the fields of the profiles that hold the datestamp.
var stamps = map[string]string{"sheaf": "stamp_dt", "vufind": "last_indexed", "blacklight": "stamp_dtsi"}

// Profiles returns the names of the ways to name the fields of a Solr document, sorted.
func Profiles() []string { return slices.Sorted(maps.Keys(profiles)) }

// own names the fields by the dynamic fields of Solr's default configset: *_t and *_txt are text, *_s and *_ss strings, *_i a number, *_dt a date. A date
// of publication is a string, because Solr's dates have days, which the article may not tell.
func own(d *Document) []field {
	var f fields
	f.text("id", d.ID)
	f.text("local_s", d.Local)
	f.text("title_t", d.Title)
	f.text("title_s", short(d.Title))
	f.list("subtitle_txt", d.Subtitle)
	for _, lang := range slices.Sorted(maps.Keys(d.TitleI18n)) {
		f.list("title_"+lang+"_txt", d.TitleI18n[lang])
	}
	f.list("author_txt", d.AuthorNames)
	f.list("author_ss", inverted(d.Authors, false))
	f.list("author_group_ss", inverted(d.Authors, true))
	f.list("contributor_ss", inverted(d.Contributors, false))
	f.list("orcid_ss", all(d.Authors, func(p *Person) []string { return one(p.ORCID) }))
	f.list("affiliation_txt", all(d.Authors, func(p *Person) []string { return p.Affiliation }))
	f.list("ror_ss", all(d.Authors, func(p *Person) []string { return p.ROR }))
	f.list("abstract_txt", d.Abstract)
	for _, lang := range slices.Sorted(maps.Keys(d.AbstractI18n)) {
		f.list("abstract_"+lang+"_txt", d.AbstractI18n[lang])
	}
	f.list("subject_txt", d.Subjects)
	f.list("subject_ss", d.Subjects)
	f.list("subject_code_ss", d.Codes)
	if j := d.Journal; j != nil {
		f.text("journal_t", j.Title)
		f.text("journal_s", j.Title)
		f.list("journal_title_txt", j.Titles)
		f.list("issn_ss", j.ISSN)
		f.list("publisher_ss", j.Publisher)
	}
	f.text("volume_s", d.Volume)
	f.text("issue_s", d.Issue)
	f.text("pages_s", d.Pages)
	f.text("article_number_s", d.Elocation)
	f.text("published_s", d.Published)
	if d.Year > 0 {
		f = append(f, field{"year_i", d.Year})
	}
	f.text("lang_s", d.Lang)
	f.text("type_s", d.Type)
	f.text("label_s", d.Label)
	f.list("license_ss", d.License)
	f.text("access_s", d.Access)
	f.text("doi_s", d.DOI)
	f.text("url_s", d.URL)
	f.list("file_ss", d.Files)
	f.list("funder_ss", granted(d, func(g *Grant) string { return g.Funder }))
	f.list("fundref_ss", granted(d, func(g *Grant) string { return g.FundRef }))
	f.list("award_ss", granted(d, func(g *Grant) string { return g.Award }))
	f.list("cites_ss", d.Cites)
	f.text("stamp_dt", d.Stamp)
	f.list("set_ss", d.Sets)
	return f
}

// vufind names the fields as VuFind's Solr schema does. The language and the form of a work are in English, as VuFind's own indexing writes and its
// translations expect them.
//
// Source: VuFind, solr/vufind/biblio/conf/schema.xml.
func vufind(d *Document) []field {
	var f fields
	f.text("id", d.ID)
	f.text("record_format", "sheaf")
	f.text("title", d.full)
	f.text("title_short", d.Title)
	f.text("title_sub", strings.Join(d.Subtitle, " : "))
	f.text("title_full", d.full)
	f.text("title_sort", short(sortable(d.full)))
	f.list("title_alt", d.others)
	f.list("author", inverted(d.Authors, false))
	f.list("author_facet", inverted(d.Authors, false))
	if len(d.Authors) > 0 {
		f.text("author_sort", short(strings.ToLower(d.Authors[0].inverted)))
	}
	f.list("author2", inverted(d.Contributors, false))
	f.list("author_corporate", append(inverted(d.Authors, true), inverted(d.Contributors, true)...))
	f.text("description", strings.Join(d.Abstract, "\n\n"))
	f.list("topic", d.Subjects)
	f.list("topic_facet", d.Subjects)
	if j := d.Journal; j != nil {
		f.text("container_title", j.Title)
		f.list("issn", j.ISSN)
		f.list("publisher", j.Publisher)
	}
	f.text("container_volume", d.Volume)
	f.text("container_issue", d.Issue)
	f.text("container_start_page", or(d.FirstPage, d.Elocation))
	f.list("publishDate", one(d.Published))
	if d.Year > 0 {
		f.text("publishDateSort", strconv.Itoa(d.Year))
	}
	f.list("language", one(english(d.Lang)))
	f.list("format", one(or(forms[d.Type], capital(or(d.Label, d.Type)))))
	f.list("doi_str_mv", one(d.DOI))
	f.list("url", slices.Concat(one(d.URL), d.Files))
	f.list("collection", d.Sets)
	f.text("last_indexed", d.Stamp)
	f.text("allfields", strings.Join(d.words(), " "))
	return f
}

// forms are VuFind's words for kinds of works.
var forms = map[string]string{"journal article": "Article", "research article": "Article", "review article": "Article", "data paper": "Article", "book": "Book", "book part": "Book Chapter"}

// blacklight names the fields by the dynamic fields that Blacklight's Solr configurations share: *_tesim text, *_ssim strings, *_ssi one string, *_dtsi a date.
func blacklight(d *Document) []field {
	var f fields
	f.text("id", d.ID)
	f.list("title_tesim", one(d.full))
	f.text("title_ssi", short(sortable(d.full)))
	f.list("alternative_title_tesim", d.others)
	f.list("author_tesim", d.AuthorNames)
	f.list("author_ssim", inverted(d.Authors, false))
	f.list("author_group_ssim", inverted(d.Authors, true))
	f.list("contributor_ssim", inverted(d.Contributors, false))
	f.list("orcid_ssim", all(d.Authors, func(p *Person) []string { return one(p.ORCID) }))
	f.list("affiliation_tesim", all(d.Authors, func(p *Person) []string { return p.Affiliation }))
	f.list("abstract_tesim", d.Abstract)
	f.list("subject_tesim", d.Subjects)
	f.list("subject_ssim", d.Subjects)
	if j := d.Journal; j != nil {
		f.list("journal_tesim", one(j.Title))
		f.text("journal_ssi", j.Title)
		f.list("issn_ssim", j.ISSN)
		f.list("publisher_ssim", j.Publisher)
	}
	f.text("volume_ssi", d.Volume)
	f.text("issue_ssi", d.Issue)
	f.text("pages_ssi", d.Pages)
	f.text("article_number_ssi", d.Elocation)
	f.text("published_ssi", d.Published)
	if d.Year > 0 {
		f.text("pub_year_ssi", strconv.Itoa(d.Year))
	}
	f.list("language_ssim", one(english(d.Lang)))
	f.list("format_ssim", one(capital(or(d.Label, d.Type))))
	f.list("license_ssim", d.License)
	f.text("access_ssi", d.Access)
	f.list("doi_ssim", one(d.DOI))
	f.list("url_ssim", slices.Concat(one(d.URL), d.Files))
	f.list("funder_ssim", granted(d, func(g *Grant) string { return g.Funder }))
	f.list("cites_ssim", d.Cites)
	f.text("stamp_dtsi", d.Stamp)
	f.list("set_ssim", d.Sets)
	return f
}

// words are all texts that a search for anything looks in.
func (d *Document) words() []string {
	w := slices.Concat(one(d.full), d.others, d.AuthorNames, inverted(d.Contributors, false), inverted(d.Contributors, true), d.Abstract, d.Subjects, d.Codes)
	if d.Journal != nil {
		w = slices.Concat(w, one(d.Journal.Title), d.Journal.Titles, d.Journal.ISSN, d.Journal.Publisher)
	}
	return slices.Concat(w, one(d.Volume), one(d.Issue), one(d.Published), one(d.DOI))
}

// inverted are the names of the persons, or of the groups, as they are sorted.
func inverted(people []Person, groups bool) (out []string) {
	for i := range people {
		if people[i].group == groups {
			once(&out, people[i].inverted)
		}
	}
	return out
}

func all(people []Person, of func(*Person) []string) (out []string) {
	for i := range people {
		for _, s := range of(&people[i]) {
			once(&out, s)
		}
	}
	return out
}

func granted(d *Document, of func(*Grant) string) (out []string) {
	for i := range d.Funding {
		if s := of(&d.Funding[i]); s != "" {
			once(&out, s)
		}
	}
	return out
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// short cuts a text to what a string field takes: Lucene's terms end at 32766 bytes.
func short(s string) string {
	const most = 8191
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}

// sortable is a title as it is sorted: in lower case, without the marks that it begins with.
func sortable(s string) string {
	return strings.ToLower(strings.TrimLeftFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }))
}

func capital(s string) string {
	for i, r := range s {
		return string(unicode.ToUpper(r)) + s[i+len(string(r)):]
	}
	return s
}

// english is the English name of a language; the tag itself when there is none.
func english(tag string) string {
	t, err := language.Parse(tag)
	if tag == "" || err != nil {
		return tag
	}
	base, _ := t.Base()
	return or(display.English.Languages().Name(base), tag)
}
