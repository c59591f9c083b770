package doaj

import (
	"encoding/json"
	"net/netip"
	"net/url"
	"strings"
	"unicode"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
)

// The article of the API, in the order in which DOAJ documents it. All values are strings, numbers too.
type (
	apiArticle struct {
		Admin   *apiAdmin  `json:"admin,omitempty"`
		Bibjson apiBibjson `json:"bibjson"`
	}
	apiAdmin struct {
		PublisherRecordID string `json:"publisher_record_id"`
	}
	apiBibjson struct {
		Title      string          `json:"title"`
		Identifier []apiIdentifier `json:"identifier"`
		Journal    apiJournal      `json:"journal,omitzero"`
		Year       string          `json:"year,omitempty"`
		Month      string          `json:"month,omitempty"`
		Abstract   string          `json:"abstract,omitempty"`
		Author     []apiAuthor     `json:"author,omitempty"`
		Keywords   []string        `json:"keywords,omitempty"`
		Link       []apiLink       `json:"link,omitempty"`
	}
	apiIdentifier struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	apiJournal struct {
		Title     string   `json:"title,omitempty"`
		Publisher string   `json:"publisher,omitempty"`
		Language  []string `json:"language,omitempty"`
		Volume    string   `json:"volume,omitempty"`
		Number    string   `json:"number,omitempty"`
		StartPage string   `json:"start_page,omitempty"`
		EndPage   string   `json:"end_page,omitempty"`
	}
	apiAuthor struct {
		Name        string `json:"name"`
		Affiliation string `json:"affiliation,omitempty"`
		ORCID       string `json:"orcid_id,omitempty"`
	}
	apiLink struct {
		Type        string `json:"type"`
		URL         string `json:"url"`
		ContentType string `json:"content_type,omitempty"`
	}
)

// contentTypes are the formats as the API spells them.
var contentTypes = map[string]string{"pdf": "PDF", "html": "HTML", "xml": "XML", "epub": "ePUB"}

// JSON is r as an article of DOAJ's API v4: the body of POST /api/v4/articles and of PUT /api/v4/articles/ID, and one entry of the list that
// /api/v4/bulk/articles takes. The error is a *flat.Cannot.
func JSON(r *flat.Record) ([]byte, error) {
	f, err := factsOf(r)
	if err != nil {
		return nil, err
	}
	var a apiArticle
	b := &a.Bibjson
	if r.Local != "" {
		a.Admin = &apiAdmin{r.Local}
	}
	for _, t := range r.Titles {
		if s := clean(t.Full()); b.Title == "" && visible(s) {
			b.Title = fold(s)
		}
	}
	for _, id := range []apiIdentifier{{"doi", f.doi}, {"pissn", f.print}, {"eissn", f.electronic}} {
		if id.ID != "" {
			b.Identifier = append(b.Identifier, id)
		}
	}
	b.Journal = apiJournal{Title: fold(r.Journal.Title), Publisher: fold(r.Journal.Publisher()), Volume: fold(r.Volume), Number: fold(r.Issue),
		StartPage: fold(firstPage(r)), EndPage: fold(r.LPage)}
	if code := flat.ISO1(r.Lang); len(code) == 2 {
		b.Journal.Language = []string{strings.ToUpper(code)}
	}
	if b.Year = r.Year(); len(r.Published) >= 7 {
		b.Month = r.Published[5:7]
	}
	if i := mainAbstract(r); i >= 0 {
		b.Abstract = cut(fold(withoutMail(r.Abstracts[i].Text)))
	}
	for i := range r.Authors {
		p := &r.Authors[i]
		if name := clean(p.Direct()); visible(name) {
			b.Author = append(b.Author, apiAuthor{fold(name), fold(affiliation(p)), orcid(p)})
		}
	}
	b.Keywords = mainKeywords(r)
	if f.link != "" {
		b.Link = []apiLink{{"fulltext", f.link, contentTypes[f.format]}}
	}
	out, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	if hasScript(out, `\u003c`) {
		return nil, errScript
	}
	return out, nil
}

// mainKeywords are the keywords in the article's language, else in the language that comes first.
func mainKeywords(r *flat.Record) (words []string) {
	groups := keywords(r)
	if len(groups) == 0 {
		return nil
	}
	g := groups[0]
	for _, x := range groups {
		if x.lang == language(r.Lang) {
			g = x
			break
		}
	}
	for _, k := range g.words {
		words = append(words, fold(k))
	}
	return words
}

// fold is s as the API takes it: without markup, white space and characters of control; paragraphs are parted by a line end.
func fold(s string) string {
	var out []string
	for p := range strings.SplitSeq(clean(s), element.LineBreak) {
		words := strings.FieldsFunc(p, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
		if len(words) > 0 {
			out = append(out, strings.Join(words, " "))
		}
	}
	return strings.Join(out, "\n")
}

// reachable tells whether others can reach an address: the host has a name of two parts or more, or a public number. DOAJ refuses "localhost".
//
// Source: doajArticles.xsd 1.3, fullUrl.
func reachable(address string) bool {
	if !flat.IsHTTP(address) {
		return false
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Is4() && !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsUnspecified() && !ip.IsLinkLocalUnicast()
	}
	labels := strings.Split(host, ".")
	if len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" {
			return false
		}
	}
	top := labels[len(labels)-1]
	if top == "localhost" || top == "local" || top == "localdomain" || host == "localhost" {
		return false
	}
	n := 0
	for _, r := range top {
		if n++; n <= 2 && !unicode.IsLetter(r) {
			return false
		}
	}
	return n >= 2
}
