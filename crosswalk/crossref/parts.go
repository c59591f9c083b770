package crossref

import (
	"bytes"
	"strings"
	"unicode"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

// journalLang is the language of the title of the journal or book.
func (w *writer) journalLang() string {
	if len(w.r.Journal.Titles) == 0 {
		return ""
	}
	return w.r.Journal.Titles[0].Lang
}

// title is the i-th title of the record as rich text.
func (w *writer) title(i int) *jats.Title {
	a := w.r.Article
	if len(w.r.Titles) == 1+len(a.TransTitles) { // flat left none out
		if i == 0 {
			return &a.Title
		}
		return &a.TransTitles[i-1]
	}
	for k := -1; ; k++ {
		t := &a.Title
		if k >= 0 {
			t = &a.TransTitles[k]
		}
		if visible(t) {
			if i--; i < 0 {
				return t
			}
		}
	}
}

// visible tells whether flat takes a title.
func visible(t *jats.Title) bool {
	if !blank(t.Text) {
		return true
	}
	for _, s := range t.Subtitles {
		if !blank(s) {
			return true
		}
	}
	return false
}

// blank tells whether there is no text in t.
func blank(t jats.Rich) bool {
	in := false
	for i := 0; i < len(t); i++ {
		switch c := t[i]; {
		case c == '<':
			in = true
		case c == '>':
			in = false
		case !in && c > ' ':
			return (c == 0xc2 || c == 0xe1 || c == 0xe2 || c == 0xe3) && strings.TrimSpace(t.Plain()) == "" // the first byte of other blanks
		}
	}
	return true
}

// original is the place of the title in the language that the article was translated from, where the article says that it is a translation and just one
// title is in another language than its own; else -1. It stands beside the first title only, and not again by itself.
func (w *writer) original(i int) int {
	r := w.r
	translation := strings.EqualFold(r.Article.ArticleType, "translation")
	for k := range r.Related {
		translation = translation || related[r.Related[k].Kind].name == "isTranslationOf"
	}
	at := -1
	if !translation || i > 0 {
		return at
	}
	for k := 1; k < len(r.Titles); k++ {
		if l := language(r.Titles[k].Lang); l != "" && l != language(r.Lang) && !strings.Contains(r.Titles[k].Lang, "-Latn") {
			if at >= 0 {
				return -1
			}
			at = k
		}
	}
	return at
}

// titles writes the i-th title, and beside it the one in the original language, if original is its place.
func (w *writer) titles(i, original int) {
	if i > 0 && w.original(0) == i {
		return
	}
	w.Open("titles")
	w.titleParts("title", w.title(i))
	if original >= 0 {
		w.titleParts("original_language_title", w.title(original), "language", language(w.r.Titles[original].Lang))
	}
	w.Close()
}

// titleParts writes a title and its subtitles, which are one element.
func (w *writer) titleParts(name string, t *jats.Title, attrs ...string) {
	subs := t.Subtitles
	text := t.Text
	for len(subs) > 0 && blank(text) {
		text, subs = subs[0], subs[1:]
	}
	w.rich(name, text, attrs...)
	w.Open("subtitle")
	from := len(w.B)
	for _, s := range subs {
		if blank(s) {
			continue
		}
		if len(w.B) > from {
			w.B = append(w.B, ": "...)
		}
		w.B = appendFace(w.B, s)
	}
	w.Close()
}

// checkNames refuses names that the schema does not take: a deposit without one of the authors would say that he is none.
//
// Source: Crossref deposit schema 5.4.0, surname, given_name, name, organization.
func (w *writer) checkNames() error {
	for k, people := range [2][]flat.Person{w.r.Authors, w.r.Others} {
		for i := range people {
			p := &people[i]
			if k > 0 && (p.Role == "author" || roles[p.Role] == "") { // is not written
				continue
			}
			for _, s := range [...]string{p.Given, p.Family, p.Whole} {
				if s != "" && !isName(s) {
					return flat.Cannotf("name-form", "name %q: Crossref wants at most 60 characters, and none like a number or a question", s)
				}
			}
			if p.Group != "" && !between(1, 511, p.Group) {
				return flat.Cannotf("name-form", "name %q: Crossref wants at most 511 characters", p.Group)
			}
		}
	}
	return nil
}

// isName tells whether a name has the form that the schema wants: at most 60 characters, before the first digit or question mark no other, and
// digits in one run only.
func isName(s string) bool {
	if strings.IndexFunc(s, func(r rune) bool { return r == '?' || unicode.Is(unicode.Nd, r) }) < 0 {
		return between(1, 60, s)
	}
	s = strings.Join(strings.Fields(s), " ")
	if !between(1, 60, s) {
		return false
	}
	rs := []rune(s)
	digit := func(r rune) bool { return unicode.Is(unicode.Nd, r) }
	// [^\d\?]*[^\?\s]+[^\d]*: some run without blanks and question marks has no digit or question mark before it and no digit after it.
	before := 0
	for before < len(rs) && !digit(rs[before]) && rs[before] != '?' {
		before++
	}
	after := len(rs)
	for after > 0 && !digit(rs[after-1]) {
		after--
	}
	for start := 0; start <= before && start < len(rs); start++ {
		end := start
		for end < len(rs) && rs[end] != '?' && !unicode.IsSpace(rs[end]) {
			end++
		}
		if end > start && end >= after {
			return true
		}
	}
	return false
}

// contributors writes the authors, and then the others whose part Crossref knows.
func (w *writer) contributors() {
	r := w.r
	w.Open("contributors")
	n := 0
	for i := range r.Authors {
		w.person(&r.Authors[i], "author", &n)
	}
	for i := range r.Others {
		if p := &r.Others[i]; p.Role != "author" && roles[p.Role] != "" { // the members of a group are no authors by themselves
			w.person(p, roles[p.Role], &n)
		}
	}
	if n == 0 {
		for i := range r.Article.Contribs {
			if c := &r.Article.Contribs[i]; c.Anonymous && roles[strings.ToLower(orAuthor(c.Type))] != "" {
				w.Empty("anonymous", "sequence", "first", "contributor_role", roles[strings.ToLower(orAuthor(c.Type))])
				break
			}
		}
	}
	w.Close()
}

func orAuthor(s string) string {
	if s == "" {
		return "author"
	}
	return s
}

func (w *writer) person(p *flat.Person, role string, n *int) {
	sequence := "additional"
	if *n++; *n == 1 {
		sequence = "first"
	}
	if p.Group != "" {
		w.Text("organization", p.Group, "sequence", sequence, "contributor_role", role)
		return
	}
	style := ""
	if p.GivenFirst {
		style = "islensk"
	}
	w.Open("person_name", "sequence", sequence, "contributor_role", role, "name-style", style)
	switch {
	case p.Family != "":
		w.Text("given_name", p.Given)
		w.Text("surname", p.Family)
	case p.Given != "":
		w.Text("name", p.Given)
	default:
		w.Text("name", p.Whole)
	}
	w.upTo(10, "suffix", p.Suffix)
	w.Open("affiliations")
	for i := range p.Affs {
		w.institution(&p.Affs[i])
	}
	w.Close()
	if p.ORCID != "" && isORCID(p.ORCID) {
		verified := ""
		if p.Verified {
			verified = "true"
		}
		w.Text("ORCID", p.ORCID, "authenticated", verified)
	}
	w.Close()
}

// institution writes an affiliation: its name as printed, and the identifiers of the institution where it is one.
func (w *writer) institution(a *flat.Affiliation) {
	w.Open("institution")
	w.upTo(1024, "institution_name", a.Name)
	if n := ror(a.ROR); n != "" {
		w.Text("institution_id", "https://ror.org/"+n, "type", "ror")
	}
	if n := isni(a.ISNI); n != "" {
		w.Text("institution_id", "https://isni.org/isni/"+n, "type", "isni")
	}
	w.Close()
}

// ror is the last part of a ROR, 9 characters that begin with a zero; "" if s does not end with such.
func ror(s string) string {
	s = strings.ToLower(s[strings.LastIndexByte(s, '/')+1:])
	if len(s) != 9 || s[0] != '0' || strings.Trim(s, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
		return ""
	}
	return s
}

// isni is an ISNI as 16 characters; "" if s has not that many.
func isni(s string) string {
	if s == "" {
		return ""
	}
	s = ungrouped.Replace(s[strings.LastIndexByte(s, '/')+1:])
	if len(s) != 16 || strings.Trim(s[:15], "0123456789") != "" || strings.IndexByte("0123456789X", s[15]) < 0 {
		return ""
	}
	return s
}

var ungrouped = strings.NewReplacer(" ", "", "-", "")

func isORCID(s string) bool {
	n, ok := strings.CutPrefix(s, "https://orcid.org/")
	if !ok || len(n) != 19 || n[4] != '-' || n[9] != '-' || n[14] != '-' {
		return false
	}
	return strings.Trim(n[:18], "0123456789-") == "" && strings.IndexByte("0123456789X", n[18]) >= 0
}

// abstracts writes the abstracts with all their markup.
func (w *writer) abstracts() {
	for i := range w.r.Article.Abstracts {
		b := &w.r.Article.Abstracts[i]
		lang := b.Lang
		if lang == "" {
			lang = w.r.Lang
		}
		if !flat.IsLang(lang) {
			lang = ""
		}
		start := len(w.B)
		w.Open("jats:abstract", "abstract-type", b.Type, "xml:lang", lang)
		head := len(w.B)
		w.jats("jats:title", b.Title)
		titled := len(w.B)
		w.paragraphs(b.P)
		w.sections(b.Secs)
		if len(w.B) == titled { // a heading alone
			w.B = w.B[:head]
		}
		w.Close()
		if !seen(w.B[start:]) {
			w.B = w.B[:start]
		}
	}
}

// seen tells whether there is more than tags and blanks.
func seen(b []byte) bool {
	for len(b) > 0 {
		if b[0] == '<' {
			b = b[max(bytes.IndexByte(b, '>'), 0)+1:]
			continue
		}
		end := bytes.IndexByte(b, '<')
		if end < 0 {
			end = len(b)
		}
		if len(bytes.TrimSpace(b[:end])) > 0 {
			return true
		}
		b = b[end:]
	}
	return false
}

func (w *writer) jats(name string, t jats.Rich) {
	w.Open(name)
	w.B = appendJATS(w.B, t)
	w.Close()
}

func (w *writer) paragraphs(ps []jats.Rich) {
	for _, p := range ps {
		w.jats("jats:p", p)
	}
}

func (w *writer) sections(secs []jats.Sec) {
	for i := range secs {
		w.Open("jats:sec")
		start := len(w.B)
		w.jats("jats:title", secs[i].Title)
		if len(w.B) == start {
			w.Empty("jats:title") // must be there
		}
		titled := len(w.B)
		w.paragraphs(secs[i].P)
		w.sections(secs[i].Secs)
		if secs[i].Title == "" && len(w.B) == titled {
			w.B = w.B[:start]
		}
		w.Close()
	}
}

// dates writes the dates of publication of each medium.
func (w *writer) dates(name string) {
	r := w.r
	n := len(w.B)
	if isYear(r.Online) {
		w.date(name, "online", r.Online)
	}
	if isYear(r.Print) {
		w.date(name, "print", r.Print)
	}
	if len(w.B) == n {
		w.date(name, w.medium, r.Published)
	}
}

// date writes a date to the precision that is known; nothing when the schema does not take its year.
func (w *writer) date(name, medium, date string) {
	if !isYear(date) {
		return
	}
	w.Open(name, "media_type", medium)
	if len(date) >= 7 {
		w.Text("month", date[5:7])
	}
	if len(date) == 10 {
		w.Text("day", date[8:])
	}
	w.Text("year", date[:4])
	w.Close()
}

// pages writes the pages; what is printed after the first range is other_pages.
func (w *writer) pages() {
	r := w.r
	if !between(1, 32, r.FPage) {
		return
	}
	w.Open("pages")
	w.Text("first_page", r.FPage)
	w.upTo(32, "last_page", r.LPage)
	if _, rest, ok := strings.Cut(r.Pages, ","); ok && strings.HasPrefix(r.Pages, r.FPage) {
		w.upTo(100, "other_pages", rest)
	}
	w.Close()
}

// identifiers are those of the publisher's that have a type.
var identifiers = map[string]string{"pii": "pii", "sici": "sici", "pmid": "pmid", "publisher-id": "other", "dai": "dai", "report-number": "report-number"}

// item writes the article number and the publisher's own identifiers.
func (w *writer) item() {
	w.Open("publisher_item")
	w.upTo(32, "item_number", w.r.Elocation, "item_number_type", "article_number")
	n := 0
	for _, id := range w.r.Article.IDs {
		if t := identifiers[strings.ToLower(id.Type)]; t != "" && n < 10 && between(1, 255, id.Value) {
			w.Text("identifier", id.Value, "id_type", t)
			n++
		}
	}
	w.Close()
}

// programs writes funding and access, in crossmark where the article says which policy it is under and the kind of content has it.
func (w *writer) programs(mark bool) {
	policy := w.meta("crossmark-policy")
	if !mark || !isDOI(policy) && !(isDOI(w.policy) && w.updates(true)) {
		w.funding()
		w.access()
		return
	}
	if !isDOI(policy) {
		policy = w.policy
	}
	w.Open("crossmark")
	w.Text("crossmark_policy", policy)
	w.Open("updates")
	w.updates(false)
	w.Close()
	w.Open("custom_metadata")
	w.funding()
	w.access()
	w.Close()
	w.Close()
}

// updates writes which articles this one updates, or with dry only tells whether there is any. Crossref wants the day, which is that of this notice.
func (w *writer) updates(dry bool) (any bool) {
	if len(w.r.Published) != 10 {
		return false
	}
	for i := range w.r.Article.Related {
		x := &w.r.Article.Related[i]
		if !strings.EqualFold(x.IDType, "doi") || !isDOI(strings.TrimSpace(x.ID)) {
			continue
		}
		kind := w.update(x)
		if any = any || kind != ""; kind != "" && !dry {
			w.Text("update", x.ID, "type", kind, "date", w.r.Published)
		}
	}
	return any
}

// update is the kind of update that this article is to another; "" if it is none. What the relation is called in print goes before what it is in JATS.
func (w *writer) update(x *jats.Related) string {
	kind := updates[strings.ToLower(x.Type)]
	if kind == "" {
		return ""
	}
	said := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(x.Text.Plain())), " ", "_")
	if own, ok := updates[said]; ok && own == "" {
		return said
	}
	if kind == "retraction" && w.r.Article.ArticleType == "partial-retraction" {
		return "partial_retraction"
	}
	return kind
}

// funding writes who paid: one group for each funder, with all its awards.
//
// Source: fundref.xsd of Crossref.
func (w *writer) funding() {
	gs := w.r.Grants
	w.Open("fr:program", "name", "fundref")
	for i := 0; i < len(gs); {
		g := &gs[i]
		end := i + 1
		for end < len(gs) && gs[end].Funder == g.Funder && gs[end].FundRef == g.FundRef {
			end++
		}
		if g.Funder != "" {
			w.Raw(`<fr:assertion name="fundgroup"><fr:assertion name="funder_name">`)
			w.B, _ = element.AppendText(w.B, g.Funder)
			if g.FundRef != "" {
				w.Text("fr:assertion", "https://doi.org/"+g.FundRef, "name", "funder_identifier")
			}
			w.Raw("</fr:assertion>")
			for k := i; k < end; k++ {
				w.Text("fr:assertion", gs[k].Award, "name", "award_number")
			}
			w.Raw("</fr:assertion>")
		}
		i = end
	}
	w.Close()
}

// versions are what a licence may apply to.
var versions = map[string]bool{"vor": true, "am": true, "tdm": true, "stm-asf": true}

// access writes who may read it and under which licences. One for the article itself is for the version that is known to be here.
//
// Source: AccessIndicators.xsd of Crossref.
func (w *writer) access() {
	p := &w.r.Article.Permissions
	w.Open("ai:program", "name", "AccessIndicators")
	if p.FreeToRead {
		w.Empty("ai:free_to_read", "end_date", day(p.FreeUntil), "start_date", day(p.FreeFrom))
	}
	for i := range p.Licenses {
		l := &p.Licenses[i]
		to := l.AppliesTo
		if to == "" {
			to = w.r.Version.Crossref
		} else if !versions[to] {
			continue
		}
		if uri := address(l.URI); flat.IsHTTP(uri) && len(uri) >= 10 {
			w.Text("ai:license_ref", uri, "start_date", day(l.Start), "applies_to", to)
		}
	}
	w.Close()
}

func day(s string) string {
	if len(s) == 10 && flat.IsDate(s) && isYear(s) {
		return s
	}
	return ""
}

// relations writes the works that this one is related to. Updates are not among them.
func (w *writer) relations() {
	w.Open("rel:program", "name", "relations")
	from := len(w.B)
	n := 0
	for i := range w.r.Article.Related {
		said := &w.r.Article.Related[i]
		if n == len(w.r.Related) || strings.TrimSpace(said.ID) != w.r.Related[n].ID {
			continue
		}
		x := &w.r.Related[n]
		n++
		term, ok := related[x.Kind]
		if !ok {
			continue
		}
		element, scheme := "rel:inter_work_relation", x.Scheme
		if term.intra {
			element = "rel:intra_work_relation"
		}
		if !schemes[scheme] {
			scheme = "other"
		}
		start := len(w.B)
		w.Open("rel:related_item")
		if !blank(said.Text) {
			w.Text("rel:description", said.Text.Plain())
		}
		w.Text(element, x.ID, "relationship-type", term.name, "identifier-type", scheme)
		w.Close()
		w.Once(from, start)
	}
	w.Close()
}

// archive writes where the article is preserved, as far as the article says so.
func (w *writer) archive() {
	w.Open("archive_locations")
	for i := range w.r.Article.CustomMeta {
		if m := &w.r.Article.CustomMeta[i]; m.Name == "archive" {
			if name := strings.TrimSpace(m.Value.Plain()); archives[name] != 0 {
				w.Empty("archive", "name", name)
			}
		}
	}
	w.Close()
}

// doiData writes the DOI, where it leads, and the full texts: one for the crawler that looks for copies, all for text mining.
func (w *writer) doiData() {
	r := w.r
	w.Open("doi_data")
	w.Text("doi", r.DOI)
	landing := address(r.Landing)
	if landing == "" {
		landing = address(r.Page)
	}
	w.Text("resource", landing)
	copyOf := ""
	for i := range r.Files {
		f := &r.Files[i]
		if at := address(f.URL); at != "" && (copyOf == "" || f.MIME == "application/pdf") {
			if copyOf = at; f.MIME == "application/pdf" {
				break
			}
		}
	}
	if copyOf != "" {
		w.Open("collection", "property", "crawler-based")
		w.Open("item", "crawler", "iParadigms")
		w.Text("resource", copyOf)
		w.Close()
		w.Close()
	}
	w.Open("collection", "property", "text-mining")
	for i := range r.Files {
		f := &r.Files[i]
		at := address(f.URL)
		if at == "" {
			continue
		}
		mime := f.MIME
		if !media[mime] {
			mime = ""
		}
		w.Open("item")
		w.Text("resource", at, "mime_type", mime, "content_version", r.Version.Crossref)
		w.Close()
	}
	w.Close()
	w.Close()
}

// citations writes the references: the parts that are known, and each as printed.
func (w *writer) citations() {
	w.Open("citation_list")
	for i := range w.r.Refs {
		w.citation(&w.r.Refs[i])
	}
	w.Close()
}

func (w *writer) citation(ref *flat.Ref) {
	c := ref.Cite
	w.Open("citation", "key", ref.Key)
	start := len(w.B)
	if isISSN(c.ISSN) {
		w.Text("issn", c.ISSN)
	}
	journal := c.PublicationType == "journal" || c.PublicationType == "article"
	if journal {
		w.Text("journal_title", first(c.Sources))
	}
	w.Text("author", firstAuthor(c))
	w.upTo(32, "volume", c.Volume)
	w.upTo(32, "issue", c.Issue)
	w.upTo(32, "first_page", c.FPage)
	w.Text("elocation_id", c.ElocationID)
	if len(c.Date) >= 4 {
		w.Text("cYear", c.Date[:4])
	} else {
		w.Text("cYear", c.Year)
	}
	if isDOI(ref.DOI) {
		w.Text("doi", ref.DOI)
	}
	if isISBN(c.ISBN) {
		w.Text("isbn", c.ISBN)
	}
	w.Text("series_title", c.Series)
	if !journal {
		w.Text("volume_title", first(c.Sources))
	}
	w.upTo(15, "edition_number", c.Edition)
	if title := first(c.Titles); title != "" {
		w.Text("article_title", title)
	} else {
		w.Text("article_title", first(c.ChapterTitles))
	}
	if len(w.B) == start || !c.Elements && !blank(c.Text) { // what is put together from the parts says no more than they do
		w.Text("unstructured_citation", ref.Text)
	}
	w.Close()
}

func first(texts []jats.Text) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0].Text.Plain()
}

// firstAuthor is the surname of the first author, as Crossref matches by it.
func firstAuthor(c *jats.Citation) string {
	for i := range c.PersonGroups {
		g := &c.PersonGroups[i]
		if g.Type != "" && g.Type != "author" {
			continue
		}
		for k := range g.Persons {
			if p := &g.Persons[k]; len(p.Names) > 0 {
				if n := &p.Names[0]; n.Surname != "" {
					return n.Surname
				} else if n.Full != "" {
					return n.Full
				}
			} else if p.Collab != "" {
				return p.Collab
			}
		}
	}
	return ""
}
