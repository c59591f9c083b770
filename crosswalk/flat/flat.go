// Package flat says what the flat formats ask of an article: plain text, one form of each name, one date of publication, terms of the vocabularies that
// indexing services share. It is worked out once for an article, and each format only says where it puts what. Nothing is in it that the
// article does not say.
package flat

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sheaf/crosswalk/element"
	"sheaf/jats"
)

// Record is an article as it reads on a day. What the article does not say is empty.
type Record struct {
	Article *jats.Article // for what is not here
	Local   string        // the item's local identifier
	Page    string        // address of the item's page here; it may begin with [element.Site]
	Landing string        // address of the article's page: its own, else Page
	Day     string        // YYYY-MM-DD

	DOI       string // bare, in the case of the source
	Type      Type
	TypeLabel string // for people, in English: the type's name, else what the source calls it
	Lang      string // BCP 47
	Titles    []Title
	Authors   []Person // in order; only those that have a name
	Others    []Person // editors, translators and so on, and the members of author groups
	Abstracts []Text
	Keywords  []Keyword // keywords and subject codes; not the headings of an issue

	Journal    Journal
	Volume     string
	Issue      string
	FPage      string
	LPage      string // never equal to FPage
	Pages      string // as printed: "15-22, 30"; else of FPage and LPage
	Elocation  string // article number; only without FPage
	Conference *jats.Conference

	Published  string // YYYY, YYYY-MM or YYYY-MM-DD: the one date of publication
	Online     string // as Published
	Print      string
	Received   string
	Revised    string // the last revision
	Accepted   string
	Version    Version
	Access     Access
	EmbargoEnd string // YYYY-MM-DD, only when Access is Embargoed and it is known
	Licenses   []License
	Copyright  []Text // statements, else one of "©", year and holder; its Lang is its own only

	Grants  []Grant
	Files   []File // full texts
	Extra   []File // supplementary
	Related []Related
	Refs    []Ref
}

// Text is plain text in a language; Kind is that of an abstract: "" for the usual one, "plain-language-summary", "graphical", ...
type Text struct{ Lang, Kind, Text string }

// Title is a title. The first of a Record is that of the article as printed, the others are translations and transliterations.
type Title struct {
	Lang string // of its own, else the article's
	Text string // without the subtitles
	Subs []string
}

// Full is the title with its subtitles, as in "Title: subtitle".
func (t Title) Full() string {
	s := t.Text
	for _, sub := range t.Subs {
		if s = strings.TrimSpace(s); s == "" {
			s = sub
			continue
		}
		s = Join(s, ": ", sub)
	}
	return s
}

// Person is a person, or a group.
type Person struct {
	Group         string // name of a group; then all below but Affs, Groups and Role is empty
	Given         string
	Family        string
	Suffix        string
	Whole         string // the name as printed, when its parts are not known
	GivenFirst    bool   // sorted by the given name, as in Iceland
	FamilyFirst   bool   // read with the family name first, as in China and Hungary
	ORCID         string // https URI
	Verified      bool   // the ORCID was authenticated
	Role          string // contrib-type in lower case: "author", "editor", "translator", ...
	Corresponding bool
	Equal         bool
	Credit        []string // terms of CRediT
	Affs          []Affiliation
	Names         []jats.Name // of a person: every form of the name, in the order of the source
	Groups        []jats.Text // of a group: the same
}

// PersonOf is a person with the parts of one form of the name.
func PersonOf(n *jats.Name) Person {
	p := Person{Given: strings.TrimSpace(n.GivenNames), Family: strings.TrimSpace(n.Surname), Suffix: strings.TrimSpace(n.Suffix), GivenFirst: n.Style == "islensk"}
	p.FamilyFirst = n.Style == "eastern" || isHan(p.Family+p.Given)
	if p.Given == "" && p.Family == "" {
		p.Whole = strings.TrimSpace(n.Full)
	}
	return p
}

// Inverted is the name as "Family, Given, Suffix"; of a group, or where the parts are not known, the whole.
func (p *Person) Inverted() string {
	s := p.Family
	switch {
	case p.Group != "":
		return p.Group
	case p.Family == "" && p.Given == "":
		return p.Whole
	case p.Family == "":
		s = p.Given
	case p.Given == "":
	case p.GivenFirst:
		s = p.Given + " " + p.Family
	default:
		s = p.Family + ", " + p.Given
	}
	if p.Suffix != "" {
		s += ", " + p.Suffix
	}
	return s
}

// Direct is the name in reading order: "Given Family Suffix", "Family Given" of [Person.FamilyFirst], without a blank in Han characters.
func (p *Person) Direct() string {
	switch {
	case p.Group != "":
		return p.Group
	case p.Family == "" && p.Given == "":
		return p.Whole
	case p.FamilyFirst && isHan(p.Family+p.Given):
		return p.Family + p.Given
	case p.FamilyFirst:
		return strings.Join(nonEmpty(p.Family, p.Given, p.Suffix), " ")
	}
	return strings.Join(nonEmpty(p.Given, p.Family, p.Suffix), " ")
}

// isHan tells whether s is written in Chinese characters only.
func isHan(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) < 0
}

// Affiliation is one place where a person works, in one language.
type Affiliation struct {
	ID      string // Aff.ID: unique in the article
	Name    string // the whole as printed, else its parts joined with ", "
	ROR     string // https URI; "" when not known, or when several institutions are named
	ISNI    string // as the source has it
	City    string
	Country string // as printed
	Code    string // ISO 3166-1 alpha-2
}

// Keyword is a keyword, or a code of a classification.
type Keyword struct {
	Lang   string
	Scheme string // in lower case: the classification that Code is of ([IsScheme]), else the name of the vocabulary
	Code   string
	URI    string // of the term
	Text   string
}

// Journal is where the article was published.
type Journal struct {
	Title      string // with its subtitle
	Abbrev     string
	Titles     []Title // Title and its translations
	ISSNs      []string
	Print      string // ISSN
	Electronic string // ISSN
	Publishers []Text
	Place      string // of the publisher
}

// Publisher is the first publisher.
func (j *Journal) Publisher() string {
	if len(j.Publishers) == 0 {
		return ""
	}
	return j.Publishers[0].Text
}

// License is a licence of the article itself.
type License struct {
	URI   string
	Lang  string
	Text  string // in words
	Start string // YYYY-MM-DD
}

// Grant is an award, or a funder without one.
type Grant struct {
	Funder  string
	Country string // ISO 3166-1 alpha-2
	FundRef string // of the Open Funder Registry: "10.13039/..."
	ROR     string // https URI
	ISNI    string
	GRID    string
	Award   string // the number
	EURepo  string // info:eu-repo/grantAgreement/...; "" when the funder has no such names
}

// File is a file of the article.
type File struct {
	URL   string
	MIME  string
	Lang  string
	Label string
}

// Related is another work.
type Related struct {
	Kind   string // related-article-type or content-type, in lower case
	Object bool   // a dataset, software or the like
	Scheme string // "doi", "uri", "pmid", ... in lower case
	ID     string
}

// Ref is a reference, as far as the flat formats ask.
type Ref struct {
	Key  string // unique in the article: "ref1", ...
	DOI  string
	Text string // as printed, or put together from its parts
	Cite *jats.Citation
}

// Of works out the record of a, which is kept as local and has its page here at that address.
func Of(a *jats.Article, local, page string, at time.Time) *Record {
	r := &Record{Article: a, Local: local, Page: page, Landing: page, Day: at.UTC().Format(time.DateOnly), DOI: FirstID(a.IDs, "doi"), Lang: a.Lang}
	r.Type, r.TypeLabel = typeOf(a.ArticleType)
	r.titles()
	r.people()
	r.abstracts()
	r.keywords()
	r.journal()
	r.dates()
	r.rights()
	r.grants()
	r.links()
	r.refs()
	return r
}

// IDPrefix is what every XML id of the item's record begins with, so that no two records of one response share an id.
func (r *Record) IDPrefix() string {
	h := fnv.New64a()
	h.Write([]byte(r.Local))
	return "r" + hex.EncodeToString(h.Sum(nil)) + "-"
}

// lang is the language of a part: its own, else the article's.
func (r *Record) lang(own string) string {
	if own != "" {
		return own
	}
	return r.Lang
}

func (r *Record) title(t *jats.Title) (out Title) {
	out = Title{Lang: r.lang(t.Lang), Text: strings.TrimSpace(t.Text.Plain())}
	for _, s := range t.Subtitles {
		if p := strings.TrimSpace(s.Plain()); p != "" {
			out.Subs = append(out.Subs, p)
		}
	}
	return out
}

func (r *Record) titles() {
	for i := -1; i < len(r.Article.TransTitles); i++ {
		t := &r.Article.Title
		if i >= 0 {
			t = &r.Article.TransTitles[i]
		}
		if x := r.title(t); x.Text != "" || len(x.Subs) > 0 {
			r.Titles = append(r.Titles, x)
		}
	}
}

func (r *Record) people() {
	affs := make(map[string]*jats.Aff, len(r.Article.Affs))
	for i := range r.Article.Affs {
		affs[r.Article.Affs[i].ID] = &r.Article.Affs[i]
	}
	for i := range r.Article.Contribs {
		c := &r.Article.Contribs[i]
		author := c.Type == "" || strings.EqualFold(c.Type, "author")
		for _, p := range r.persons(c, affs) {
			if author {
				r.Authors = append(r.Authors, p)
			} else {
				r.Others = append(r.Others, p)
			}
		}
		for j := range c.Members {
			r.Others = append(r.Others, r.persons(&c.Members[j], affs)...)
		}
	}
}

// persons are a contributor: a person, a group, or a person and the group that he stands for; none when there is no name.
func (r *Record) persons(c *jats.Contrib, affs map[string]*jats.Aff) (out []Person) {
	p := Person{Role: strings.ToLower(c.Type), Corresponding: c.Corresp, Equal: c.EqualContrib}
	if p.Role == "" {
		p.Role = "author"
	}
	for _, id := range c.Affs {
		if f := affs[id]; f != nil {
			p.Affs = append(p.Affs, r.affiliation(f))
		}
	}
	if n := r.name(c.Names); n != nil {
		q := PersonOf(n)
		q.Role, q.Corresponding, q.Equal, q.Affs, q.Names = p.Role, p.Corresponding, p.Equal, p.Affs, c.Names
		for _, id := range c.IDs {
			if strings.EqualFold(id.Type, "orcid") && q.ORCID == "" {
				q.ORCID, q.Verified = id.Value, id.Authenticated != nil && *id.Authenticated
			}
		}
		for _, role := range c.Roles {
			if role.Credit != "" {
				q.Credit = append(q.Credit, role.Credit)
			}
		}
		if q.Inverted() != "" {
			out = append(out, q)
		}
	}
	if t := r.Pick(c.Collab); t != nil {
		if p.Group = strings.TrimSpace(t.Text.Plain()); p.Group != "" {
			p.Groups = c.Collab
			out = append(out, p)
		}
	}
	return out
}

// name returns the form of a name that is in the article's language and script, else the one as printed; nil if there is none.
func (r *Record) name(names []jats.Name) *jats.Name {
	for i := range names {
		if names[i].Lang == "" || strings.EqualFold(names[i].Lang, r.Lang) {
			return &names[i]
		}
	}
	for i := range names {
		if SameScript(names[i].Lang, r.Lang) {
			return &names[i]
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &names[0]
}

// Pick returns the text that is in the article's language, else the first; nil if there is none.
func (r *Record) Pick(texts []jats.Text) *jats.Text {
	for i := range texts {
		if texts[i].Lang == "" || SameScript(texts[i].Lang, r.Lang) {
			return &texts[i]
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return &texts[0]
}

func (r *Record) affiliation(f *jats.Aff) Affiliation {
	out := Affiliation{ID: f.ID}
	if len(f.Forms) == 0 {
		return out
	}
	form := &f.Forms[0]
	for i := range f.Forms {
		if f.Forms[i].Lang == "" || SameScript(f.Forms[i].Lang, r.Lang) {
			form = &f.Forms[i]
			break
		}
	}
	out.City, out.Country, out.Code = form.City, form.Country, form.CountryCode
	rors := map[string]bool{}
	for i := range f.Forms {
		if out.Code == "" {
			out.Code = f.Forms[i].CountryCode
		}
		for _, inst := range f.Forms[i].Institutions {
			for _, id := range inst.IDs {
				switch strings.ToUpper(id.Type) {
				case "ROR":
					rors[id.Value] = true
				case "ISNI":
					out.ISNI = id.Value
				}
			}
		}
	}
	if len(rors) == 1 {
		for out.ROR = range rors {
		}
	}
	if out.Name = placeName(form.Text); out.Name == "" {
		var parts []string
		for _, inst := range form.Institutions {
			parts = append(parts, inst.Name)
		}
		parts = append(append(parts, form.Address...), form.City, form.State, form.PostalCode, form.Country)
		out.Name = strings.Join(nonEmpty(parts...), ", ")
	}
	return out
}

// placeName is an affiliation as printed, without the identifiers and the addresses of people that stand in it.
func placeName(text jats.Rich) string {
	s := string(text)
	for _, name := range []string{"institution-id", "email"} {
		for {
			from := strings.Index(s, "<"+name)
			if from < 0 {
				break
			}
			to := strings.Index(s[from:], "</"+name+">")
			if to < 0 {
				break
			}
			s = s[:from] + " " + s[from+to+len(name)+3:]
		}
	}
	if len(s) == len(text) {
		return strings.TrimSpace(text.Plain())
	}
	s = strings.Join(strings.Fields(jats.Rich(s).Plain()), " ")
	s = strings.NewReplacer(" ,", ",", " ;", ";", " .", ".").Replace(s)
	return strings.Trim(s, " ,;")
}

// abstracts gives each abstract as plain text, its paragraphs parted by [element.LineBreak].
func (r *Record) abstracts() {
	for i := range r.Article.Abstracts {
		b := &r.Article.Abstracts[i]
		var s strings.Builder
		paragraphs(&s, "", b.P)
		sections(&s, b.Secs)
		if s.Len() > 0 {
			r.Abstracts = append(r.Abstracts, Text{Lang: r.lang(b.Lang), Kind: b.Type, Text: s.String()})
		}
	}
}

func sections(s *strings.Builder, secs []jats.Sec) {
	for i := range secs {
		paragraphs(s, secs[i].Title.Plain(), secs[i].P)
		sections(s, secs[i].Secs)
	}
}

func paragraphs(s *strings.Builder, title string, ps []jats.Rich) {
	title = strings.TrimSpace(title)
	add := func(t string) {
		if s.Len() > 0 {
			s.WriteString(element.LineBreak)
		}
		s.WriteString(t)
	}
	for _, p := range ps {
		t := strings.TrimSpace(p.Plain())
		if t == "" {
			continue
		}
		if title != "" {
			t, title = Join(title, ": ", t), ""
		}
		add(t)
	}
	if title != "" { // a heading over narrower sections, or over nothing
		add(title)
	}
}

// headings are kinds of subject group that tell where in the issue an article stands or what sort of article it is, not what it is about.
var headings = map[string]bool{"heading": true, "toc-heading": true, "section": true, "article-type": true, "display-channel": true, "display-channel-group": true, "subheading": true}

// schemes are kinds of subject group that hold codes.
var schemes = map[string]bool{"udc": true, "msc": true, "pacs": true, "jel": true, "lcc": true, "oecd": true, "grnti": true, "vak": true, "bbk": true, "ddc": true, "acm": true}

// IsScheme tells whether s is a classification whose codes are known by its name: "udc", "ddc", "msc", ...
func IsScheme(s string) bool { return schemes[s] }

func (r *Record) keywords() {
	for i := range r.Article.KwdGroups {
		g := &r.Article.KwdGroups[i]
		for _, k := range g.Kwds {
			if t := strings.TrimSpace(k.Text.Plain()); t != "" || k.Code != "" {
				r.Keywords = append(r.Keywords, Keyword{Lang: r.lang(g.Lang), Scheme: strings.ToLower(g.Vocab), Code: k.Code, Text: t})
			}
		}
	}
	for i := range r.Article.SubjGroups {
		r.subjects(&r.Article.SubjGroups[i])
	}
}

func (r *Record) subjects(g *jats.SubjGroup) {
	scheme := strings.ToLower(g.Type)
	if headings[scheme] {
		return
	}
	if !schemes[scheme] {
		scheme = strings.ToLower(g.Vocab)
	}
	for _, s := range g.Subjects {
		k := Keyword{Lang: r.lang(g.Lang), Scheme: scheme, Code: s.Code, URI: s.URI, Text: strings.TrimSpace(s.Text.Plain())}
		if schemes[scheme] && k.Code == "" {
			k.Code, k.Text = k.Text, ""
		}
		if k.Text == k.Code {
			k.Text = ""
		}
		if k.Text != "" || k.Code != "" || k.URI != "" {
			r.Keywords = append(r.Keywords, k)
		}
	}
	for i := range g.Groups {
		r.subjects(&g.Groups[i])
	}
}

func (r *Record) journal() {
	a, j := r.Article, &r.Journal
	for i := -1; i < len(a.Journal.TransTitles); i++ {
		t := &a.Journal.Title
		if i >= 0 {
			t = &a.Journal.TransTitles[i]
		}
		if x := r.title(t); x.Text != "" {
			j.Titles = append(j.Titles, x)
		}
	}
	if len(j.Titles) > 0 {
		j.Title = j.Titles[0].Full()
	}
	for _, t := range a.Journal.AbbrevTitle {
		if s := strings.TrimSpace(t.Text.Plain()); s != "" && j.Abbrev == "" {
			j.Abbrev = s
		}
	}
	if j.Title == "" {
		j.Title = j.Abbrev
	}
	for _, i := range a.Journal.ISSNs {
		if !slices.Contains(j.ISSNs, i.Value) {
			j.ISSNs = append(j.ISSNs, i.Value)
		}
		switch {
		case i.Type == "print" && j.Print == "":
			j.Print = i.Value
		case i.Type == "electronic" && j.Electronic == "":
			j.Electronic = i.Value
		}
	}
	for _, p := range a.Journal.Publishers {
		if s := strings.TrimSpace(p.Text.Plain()); s != "" {
			j.Publishers = append(j.Publishers, Text{Lang: p.Lang, Text: s})
		}
	}
	j.Place = strings.TrimSpace(a.Journal.PubLoc.Plain())
	r.Volume, r.Issue = strings.TrimSpace(a.Volume), strings.TrimSpace(a.Issue)
	r.FPage, r.Pages = a.FPage, a.PageRange
	if a.LPage != a.FPage {
		r.LPage = a.LPage
	}
	switch {
	case a.FPage == "":
		r.Elocation = a.ElocationID
	case r.Pages != "":
	case r.LPage != "":
		r.Pages = r.FPage + "-" + r.LPage
	default:
		r.Pages = r.FPage
	}
	if len(a.Conferences) > 0 {
		r.Conference = &a.Conferences[0]
	}
}

// dates works out the dates. The date of publication is, to the precision that is known, the electronic one before the printed one, and
// the year of the collection only when there is nothing else.
func (r *Record) dates() {
	rank := 0
	for _, d := range r.Article.PubDates {
		if !IsDate(d.Date) {
			continue
		}
		kind, n := strings.ToLower(d.Type), 0
		switch kind {
		case "pub", "epub", "ppub", "epub-ppub", "":
			switch {
			case d.Format == "electronic" || strings.HasPrefix(kind, "epub"):
				n = 5
				r.Online = cmpOr(r.Online, d.Date)
			case d.Format == "":
				n = 4
			default:
				n = 3
				r.Print = cmpOr(r.Print, d.Date)
			}
		case "issue-pub":
			n = 2
		case "collection":
			n = 1
		}
		if n > rank {
			r.Published, rank = d.Date, n
		}
	}
	for _, d := range r.Article.History {
		if !IsDate(d.Date) {
			continue
		}
		switch strings.ToLower(d.Type) {
		case "received":
			r.Received = cmpOr(r.Received, d.Date)
		case "rev-recd", "revised":
			r.Revised = d.Date
		case "accepted":
			r.Accepted = cmpOr(r.Accepted, d.Date)
		}
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Year is the year of publication; "" when it is not known.
func (r *Record) Year() string {
	if r.Published == "" {
		return ""
	}
	return r.Published[:4]
}

// IssueYear is the year of the issue, else that of publication.
func (r *Record) IssueYear() string {
	for _, d := range r.Article.PubDates {
		if d.Type == "collection" && IsDate(d.Date) {
			return d.Date[:4]
		}
	}
	return r.Year()
}

// IsDate tells whether s is YYYY, YYYY-MM or YYYY-MM-DD.
func IsDate(s string) bool {
	if len(s) != 4 && len(s) != 7 && len(s) != 10 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if i == 4 || i == 7 {
			if s[i] != '-' {
				return false
			}
		} else if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (r *Record) rights() {
	a := r.Article
	r.Access, r.EmbargoEnd = accessOf(a, r.Day)
	if a.Version != nil {
		r.Version = versions[strings.ToUpper(a.Version.Type)]
	}
	for i := range a.Permissions.Licenses {
		l := &a.Permissions.Licenses[i]
		if l.AppliesTo != "" {
			continue
		}
		var s strings.Builder
		paragraphs(&s, "", l.P)
		r.Licenses = append(r.Licenses, License{URI: l.URI, Lang: r.lang(l.Lang), Text: s.String(), Start: l.Start})
	}
	for _, s := range a.Permissions.Statements {
		if t := strings.TrimSpace(s.Text.Plain()); t != "" {
			r.Copyright = append(r.Copyright, Text{Lang: s.Lang, Text: t})
		}
	}
	if h := r.Pick(a.Permissions.Holders); len(a.Permissions.Statements) == 0 && h != nil {
		r.Copyright = []Text{{Text: "© " + strings.Join(nonEmpty(a.Permissions.Year, h.Text.Plain()), " ")}}
	}
}

// License is the first licence with a URI, else the first; nil if there is none.
func (r *Record) License() *License {
	for i := range r.Licenses {
		if r.Licenses[i].URI != "" {
			return &r.Licenses[i]
		}
	}
	if len(r.Licenses) == 0 {
		return nil
	}
	return &r.Licenses[0]
}

func (r *Record) links() {
	own := ""
	for i := range r.Article.Links {
		l := &r.Article.Links[i]
		if IsFullText(l) {
			r.Files = append(r.Files, File{URL: l.URL, MIME: l.MIME, Lang: l.Lang, Label: l.Title})
		}
		if own == "" && IsHTTP(l.URL) && !OnDOI(l.URL) && strings.HasPrefix(l.MIME, "text/html") {
			own = l.URL
		}
	}
	for i := range r.Article.Links {
		if l := &r.Article.Links[i]; own == "" && IsHTTP(l.URL) && !OnDOI(l.URL) && l.MIME == "" && !isFile(l.URL) {
			own = l.URL
		}
	}
	if own != "" {
		r.Landing = own
	}
	for i := range r.Article.Supplementary {
		if s := &r.Article.Supplementary[i]; IsHTTP(s.URL) {
			r.Extra = append(r.Extra, File{URL: s.URL, MIME: s.MIME, Lang: s.Lang, Label: cmpOr(strings.TrimSpace(s.Title.Plain()), s.Label)})
		}
	}
	for i := range r.Article.Related {
		x := &r.Article.Related[i]
		id, scheme := strings.TrimSpace(x.ID), strings.ToLower(x.IDType)
		if id == "" {
			continue
		}
		if scheme == "" && IsHTTP(id) {
			scheme = "uri"
		}
		r.Related = append(r.Related, Related{Kind: strings.ToLower(x.Type), Object: x.Object, Scheme: scheme, ID: id})
	}
}

// IsFullText tells whether a link leads to a file that holds the article.
func IsFullText(l *jats.Link) bool {
	if !IsHTTP(l.URL) || strings.HasPrefix(l.MIME, "text/html") {
		return false
	}
	return l.MIME != "" || isFile(l.URL)
}

func isFile(url string) bool {
	u := strings.ToLower(url)
	return strings.HasSuffix(u, ".pdf") || strings.HasSuffix(u, ".xml") || strings.HasSuffix(u, ".epub")
}

// IsHTTP tells whether s is a whole web address, without blanks.
func IsHTTP(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(s, "http://")
	}
	return ok && rest != "" && strings.IndexFunc(rest, func(r rune) bool { return r <= ' ' || unicode.IsSpace(r) }) < 0
}

// OnDOI tells whether an address is one of the DOI resolver.
func OnDOI(url string) bool {
	_, host, _ := strings.Cut(url, "://")
	return strings.HasPrefix(host, "doi.org/") || strings.HasPrefix(host, "dx.doi.org/")
}

// FirstID is the first identifier of a kind; "" if there is none.
func FirstID(ids []jats.ID, kind string) string {
	for _, id := range ids {
		if v := strings.TrimSpace(id.Value); v != "" && strings.EqualFold(id.Type, kind) {
			return v
		}
	}
	return ""
}

// Join puts sep between a and b, or only a blank where a ends with a mark that does sep's work.
func Join(a, sep, b string) string {
	a = strings.TrimSpace(a)
	if last, _ := utf8.DecodeLastRuneInString(a); strings.ContainsRune(":?!.…：？！。", last) {
		sep = " "
	}
	return a + sep + b
}

func nonEmpty(ss ...string) []string {
	out := ss[:0]
	for _, s := range ss {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (r *Record) refs() {
	for i := range r.Article.Refs {
		ref := &r.Article.Refs[i]
		n := 1
		if ref.Distinct {
			n = len(ref.Citations)
		}
		for k := 0; k < n && k < len(ref.Citations); k++ {
			c := &ref.Citations[k]
			x := Ref{Key: "ref" + strconv.Itoa(len(r.Refs)+1), Cite: c, DOI: FirstID(c.IDs, "doi"), Text: printed(c)}
			for m := 0; x.DOI == "" && !ref.Distinct && m < len(ref.Citations); m++ {
				x.DOI = FirstID(ref.Citations[m].IDs, "doi")
			}
			r.Refs = append(r.Refs, x)
		}
	}
}

// printed is a citation as printed, else put together from its parts.
func printed(c *jats.Citation) string {
	if !c.Elements {
		if s := strings.TrimSpace(c.Text.Plain()); s != "" {
			return s
		}
	}
	var people []string
	for i := range c.PersonGroups {
		for k := range c.PersonGroups[i].Persons {
			p := &c.PersonGroups[i].Persons[k]
			if len(p.Names) > 0 {
				n := &p.Names[0]
				people = append(people, cmpOr(strings.Join(nonEmpty(n.Surname, n.GivenNames), " "), n.Full))
			} else {
				people = append(people, p.Collab)
			}
		}
	}
	first := func(texts []jats.Text) string {
		if len(texts) == 0 {
			return ""
		}
		return strings.TrimSpace(texts[0].Text.Plain())
	}
	place := strings.TrimSpace(c.Volume)
	if issue := strings.TrimSpace(c.Issue); issue != "" {
		place += "(" + issue + ")"
	}
	pages := c.FPage
	if c.LPage != "" && c.LPage != c.FPage {
		pages += "-" + c.LPage
	}
	if pages = cmpOr(cmpOr(c.PageRange, pages), c.ElocationID); pages != "" {
		place = strings.Join(nonEmpty(place, pages), ": ")
	}
	parts := nonEmpty(strings.Join(nonEmpty(people...), ", "), first(c.ChapterTitles), first(c.Titles), c.DataTitle.Plain(), first(c.Sources), c.ConfName,
		strings.Join(nonEmpty(c.PublisherLoc, c.PublisherName), ": "), strings.Join(nonEmpty(cmpOr(c.Date, c.Year), place), "; "))
	s := ""
	for i, p := range parts {
		if i == 0 {
			s = p
		} else {
			s = Join(s, ". ", p)
		}
	}
	if s == "" && len(c.URLs) > 0 {
		s = c.URLs[0]
	}
	return s
}

// Cannot is why an article has no record of a format: what the format must have is not there, or it does not take such works.
type Cannot struct {
	Code    string // of the reason, as in docs/codes.md
	Message string
}

func (c *Cannot) Error() string { return c.Message }

// Cannotf makes a Cannot.
func Cannotf(code, format string, args ...any) error {
	return &Cannot{Code: code, Message: fmt.Sprintf(format, args...)}
}

// DOIURL is a DOI as an address, with what an address cannot hold percent-encoded.
//
// Source: DOI Handbook §2.5.2.4; RFC 3986 §2.
func DOIURL(doi string) string {
	const prefix, hex = "https://doi.org/", "0123456789ABCDEF"
	b := []byte(prefix)
	for i := 0; i < len(doi); i++ {
		if c := doi[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("%\"#?<>[]{}|\\^`", c) >= 0 {
			b = append(b, '%', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}
