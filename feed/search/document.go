// Package search feeds search engines: OpenSearch and Elasticsearch by their bulk API, Solr by its JSON updates. An item is one document, made of
// what the flat formats see in an article; a deletion takes it out.
package search

import (
	"strings"
	"time"

	"golang.org/x/text/language"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/feed"
	"sheaf/store"
)

// Document is an item as an index holds it. What the article does not say is not there.
type Document struct {
	ID           string              `json:"id"` // the OAI identifier
	Local        string              `json:"local"`
	Title        string              `json:"title,omitempty"` // of the article as printed, without its subtitles
	Subtitle     []string            `json:"subtitle,omitempty"`
	TitleI18n    map[string][]string `json:"title_i18n,omitempty"` // whole titles by language, the printed one too
	Authors      []Person            `json:"authors,omitempty"`
	AuthorNames  []string            `json:"author_names,omitempty"` // in reading order, for search
	Contributors []Person            `json:"contributors,omitempty"` // all others
	Abstract     []string            `json:"abstract,omitempty"`     // of every language and kind
	AbstractI18n map[string][]string `json:"abstract_i18n,omitempty"`
	Subjects     []string            `json:"subjects,omitempty"`
	Codes        []string            `json:"subject_codes,omitempty"` // "udc:539.1"
	Journal      *Journal            `json:"journal,omitempty"`
	Volume       string              `json:"volume,omitempty"`
	Issue        string              `json:"issue,omitempty"`
	Pages        string              `json:"pages,omitempty"`
	FirstPage    string              `json:"first_page,omitempty"`
	Elocation    string              `json:"article_number,omitempty"`
	Published    string              `json:"published,omitempty"` // YYYY, YYYY-MM or YYYY-MM-DD, as far as it is known
	Year         int                 `json:"year,omitempty"`
	Lang         string              `json:"lang,omitempty"`  // BCP 47
	Type         string              `json:"type,omitempty"`  // label of COAR's concept
	Label        string              `json:"label,omitempty"` // what people call it
	License      []string            `json:"license,omitempty"`
	Access       string              `json:"access,omitempty"` // open, embargoed, restricted, closed
	DOI          string              `json:"doi,omitempty"`    // bare, in lower case
	URL          string              `json:"url,omitempty"`    // of the article's page
	Files        []string            `json:"files,omitempty"`  // addresses of full texts
	Funding      []Grant             `json:"funding,omitempty"`
	Cites        []string            `json:"cites,omitempty"` // DOIs, bare, in lower case, each once
	Stamp        string              `json:"stamp"`           // the datestamp
	Sets         []string            `json:"sets,omitempty"`

	full   string   // the title with its subtitles
	others []string // the translated titles, whole
}

// Person is an author or another contributor; of a group only the name is there.
type Person struct {
	Name        string   `json:"name"` // in reading order
	Family      string   `json:"family,omitempty"`
	Given       string   `json:"given,omitempty"`
	Role        string   `json:"role,omitempty"` // of a contributor
	ORCID       string   `json:"orcid,omitempty"`
	Affiliation []string `json:"affiliation,omitempty"`
	ROR         []string `json:"ror,omitempty"`

	inverted string
	group    bool
}

// Journal is where an article was published.
type Journal struct {
	Title     string   `json:"title,omitempty"`
	Titles    []string `json:"titles,omitempty"` // translated
	ISSN      []string `json:"issn,omitempty"`
	Publisher []string `json:"publisher,omitempty"`
}

// Grant is an award, or a funder without one.
type Grant struct {
	Funder  string `json:"funder,omitempty"`
	FundRef string `json:"fundref,omitempty"`
	ROR     string `json:"ror,omitempty"`
	Award   string `json:"award,omitempty"`
}

// NewDocument makes the document of a change that has an article.
func NewDocument(c *feed.Change) *Document {
	r := c.Record()
	d := &Document{
		ID: c.Identifier, Local: c.Local, Volume: r.Volume, Issue: r.Issue, Pages: r.Pages, FirstPage: r.FPage, Elocation: r.Elocation,
		Published: r.Published, Lang: r.Lang, Type: r.Type.Name, Label: r.TypeLabel, Access: r.Access.Name, DOI: strings.ToLower(r.DOI), URL: r.Landing,
		Stamp: store.Time(c.Datestamp).Format(time.RFC3339), Sets: c.Sets,
	}
	for i, t := range r.Titles {
		if i == 0 {
			d.Title, d.Subtitle, d.full = t.Text, t.Subs, t.Full()
		} else {
			once(&d.others, t.Full())
		}
		put(&d.TitleI18n, t.Lang, t.Full())
	}
	for i := range r.Authors {
		p := person(&r.Authors[i])
		p.Role = ""
		d.Authors = append(d.Authors, p)
		d.AuthorNames = append(d.AuthorNames, p.Name)
	}
	for i := range r.Others {
		d.Contributors = append(d.Contributors, person(&r.Others[i]))
	}
	for _, a := range r.Abstracts {
		text := plain(a.Text)
		d.Abstract = append(d.Abstract, text)
		put(&d.AbstractI18n, a.Lang, text)
	}
	for _, k := range r.Keywords {
		if k.Text != "" {
			once(&d.Subjects, k.Text)
		}
		if k.Code != "" && k.Scheme != "" {
			once(&d.Codes, k.Scheme+":"+k.Code)
		}
	}
	j := Journal{Title: r.Journal.Title}
	for _, issn := range r.Journal.ISSNs {
		once(&j.ISSN, issn)
	}
	for i, t := range r.Journal.Titles {
		if i > 0 {
			once(&j.Titles, t.Full())
		}
	}
	for _, p := range r.Journal.Publishers {
		once(&j.Publisher, p.Text)
	}
	if j.Title != "" || len(j.ISSN)+len(j.Titles)+len(j.Publisher) > 0 {
		d.Journal = &j
	}
	for _, c := range r.Year() {
		d.Year = d.Year*10 + int(c-'0')
	}
	for _, l := range r.Licenses {
		if l.URI != "" {
			once(&d.License, l.URI)
		}
	}
	for _, f := range r.Files {
		once(&d.Files, f.URL)
	}
	for _, g := range r.Grants {
		d.Funding = append(d.Funding, Grant{g.Funder, g.FundRef, g.ROR, g.Award})
	}
	seen := map[string]bool{}
	for _, ref := range r.Refs {
		if doi := strings.ToLower(ref.DOI); doi != "" && !seen[doi] {
			seen[doi] = true
			d.Cites = append(d.Cites, doi)
		}
	}
	return d
}

func person(p *flat.Person) Person {
	q := Person{Name: p.Direct(), Family: p.Family, Given: p.Given, Role: p.Role, ORCID: p.ORCID, inverted: p.Inverted(), group: p.Group != ""}
	for _, a := range p.Affs {
		if a.Name != "" {
			once(&q.Affiliation, a.Name)
		}
		if a.ROR != "" {
			once(&q.ROR, a.ROR)
		}
	}
	return q
}

// plain is a text with its paragraphs on lines of their own.
func plain(s string) string { return strings.ReplaceAll(s, element.LineBreak, "\n") }

// put adds a text to those of its language. The language is cut to its first subtag, so that the fields of an index stay few; a text whose language is not known is
// under none.
func put(m *map[string][]string, lang, text string) {
	tag, err := language.Parse(lang)
	if lang == "" || err != nil {
		return
	}
	base, sure := tag.Base()
	if sure == language.No {
		return
	}
	if *m == nil {
		*m = map[string][]string{}
	}
	(*m)[base.String()] = append((*m)[base.String()], text)
}

// once adds s unless it is there.
func once(list *[]string, s string) {
	for _, t := range *list {
		if t == s {
			return
		}
	}
	*list = append(*list, s)
}
