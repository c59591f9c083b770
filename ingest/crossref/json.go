package crossref

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fastjson"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// maxCommas bounds the values of a record of JSON, and so the memory that it takes when it is parsed: about 100 bytes each.
const maxCommas = 1 << 18

var parsers fastjson.ParserPool

// ReadJSON reads one work of the REST API, alone or in the message that it came in. Values of a wrong kind are left out with the warning bad-field. The error is a
// *jats.Fault (malformed, too-large, not-an-article, several-records) or, beside an article that has its IDs only, jats.ErrWithdrawn.
func ReadJSON(record []byte) (*jats.Article, []jats.Warning, error) {
	if len(record) > cut.MaxRecord || bytes.Count(record, []byte(",")) > maxCommas {
		return nil, nil, jats.Faultf("too-large", 0, "a work of %d bytes with %d commas, want at most %d bytes and %d commas", len(record),
			bytes.Count(record, []byte(",")), cut.MaxRecord, maxCommas)
	}
	p := parsers.Get()
	defer func() {
		if len(record) < 1<<20 { // what grew for a large one is not kept
			parsers.Put(p)
		}
	}()
	v, err := p.ParseBytes(record)
	if err != nil {
		return nil, nil, jats.Faultf("malformed", 0, "JSON: %.200s", err)
	}
	work, err := workOf(v)
	if err != nil {
		return nil, nil, err
	}
	r := jsonReader{maker: maker{a: new(jats.Article)}}
	r.kept.Grow(len(record) * 3 / 4)
	err = r.work(work)
	if err != nil && !errors.Is(err, jats.ErrWithdrawn) {
		return nil, r.warnings, err
	}
	return r.a, r.warnings, err
}

// workOf unwraps a work.
func workOf(v *fastjson.Value) (*fastjson.Value, error) {
	if v.Type() != fastjson.TypeObject {
		return nil, jats.Faultf("malformed", 0, "a JSON %s, want an object", v.Type())
	}
	kind := string(v.GetStringBytes("message-type"))
	if m := v.Get("message"); m != nil && m.Type() == fastjson.TypeObject {
		if kind != "" && kind != "work" && kind != "work-list" {
			return nil, jats.Faultf("not-an-article", 0, "a message of type %q, want one with a work", kind)
		}
		v = m
	}
	if v.Get("DOI") == nil && v.Get("items") != nil {
		items := v.GetArray("items")
		if len(items) != 1 {
			return nil, jats.Faultf("several-records", 0, "a list of %d works, want one", len(items))
		}
		v = items[0]
	}
	if v.Get("DOI") == nil && v.Get("title") == nil || v.Get("last-status-check-time") != nil || v.Get("agency") != nil && v.Get("title") == nil {
		return nil, jats.Faultf("not-an-article", 0, "an object of Crossref that is no work: it has no DOI with a title")
	}
	return v, nil
}

// RecogniseJSON tells by the beginning of a document, up to 64 KiB of it, whether it holds works of the REST API (or another message of that API, which ReadJSON
// refuses with the reason): by the names of fields in its first object that only Crossref has, or a DOI beside a title that is a list.
func RecogniseJSON(head []byte) bool {
	s := keyScanner{in: head}
	marks, doi, list := 0, false, false
	for marks < 3 {
		key, value, ok := s.next()
		if !ok {
			break
		}
		switch key {
		case "message-type":
			return true
		case "indexed", "deposited", "reference-count", "references-count", "is-referenced-by-count", "content-domain", "member", "prefix", "issn-type", "short-container-title":
			marks++
		case "last-status-check-time", "replaced-by":
			marks += 3
		case "DOI":
			doi = true
		case "title":
			list = value == '['
		}
	}
	return marks >= 3 || doi && (list || marks >= 2)
}

// A keyScanner gives the names in the first object that is not a mere envelope.
type keyScanner struct {
	in   []byte
	open bool // inside of that object
}

// blank skips white space and what parts values.
func (s *keyScanner) blank() byte {
	for len(s.in) > 0 && strings.IndexByte(" \t\r\n,:", s.in[0]) >= 0 {
		s.in = s.in[1:]
	}
	if len(s.in) == 0 {
		return 0
	}
	return s.in[0]
}

// str reads a string, up to its end.
func (s *keyScanner) str() (string, bool) {
	for i := 1; i < len(s.in); i++ {
		switch s.in[i] {
		case '\\':
			i++
		case '"':
			key := string(s.in[1:i])
			s.in = s.in[i+1:]
			return key, true
		}
	}
	return "", false
}

// next gives a name and the first byte of its value; ok is false at the end of the object or of head.
func (s *keyScanner) next() (key string, value byte, ok bool) {
	if !s.open {
		if s.blank() == '[' {
			s.in = s.in[1:]
		}
		if s.blank() != '{' {
			return "", 0, false
		}
		s.in, s.open = s.in[1:], true
	}
	if s.blank() != '"' {
		return "", 0, false
	}
	if key, ok = s.str(); !ok {
		return "", 0, false
	}
	value = s.blank()
	switch {
	case key == "message" && value == '{', key == "items" && value == '[':
		s.open = false
		if value == '{' {
			return s.next()
		}
		if s.in = s.in[1:]; s.blank() == '{' {
			return s.next()
		}
		return "", 0, false
	}
	return key, value, s.skip()
}

// skip reads past a value.
func (s *keyScanner) skip() bool {
	depth := 0
	for len(s.in) > 0 {
		switch c := s.in[0]; c {
		case '"':
			if _, ok := s.str(); !ok {
				return true // the head ends here: the name counts
			}
			if depth == 0 {
				return true
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return true
			}
			if depth == 0 {
				s.in = s.in[1:]
				return true
			}
		case ',':
			if depth == 0 {
				return true
			}
		}
		s.in = s.in[1:]
	}
	return true
}

// A jsonReader fills the article of maker from a work.
type jsonReader struct {
	maker
	cited reference       // that is being read
	kept  strings.Builder // the strings of the article, one after the other: one piece of memory instead of hundreds
}

// str is the text of a value; numbers count as text. Of a list it is the first.
func (r *jsonReader) str(v *fastjson.Value) string {
	if v == nil {
		return ""
	}
	switch v.Type() {
	case fastjson.TypeString:
		b, _ := v.StringBytes()
		from := r.kept.Len()
		r.kept.Write(bytes.TrimSpace(b))
		return r.kept.String()[from:]
	case fastjson.TypeNumber:
		return v.String()
	case fastjson.TypeArray:
		if list, _ := v.Array(); len(list) > 0 && list[0].Type() != fastjson.TypeArray {
			return r.str(list[0])
		}
	case fastjson.TypeObject:
		r.wrong(v)
	}
	return ""
}

func (r *jsonReader) wrong(v *fastjson.Value) {
	if len(r.warnings) < 100 {
		r.warn("bad-field", "", "a JSON "+v.Type().String()+" where text was expected was left out")
	}
}

// strs are the texts of a list, or of a value alone.
func (r *jsonReader) strs(v *fastjson.Value) (out []string) {
	if v == nil {
		return nil
	}
	if v.Type() != fastjson.TypeArray {
		if s := r.str(v); s != "" {
			out = append(out, s)
		}
		return out
	}
	for _, x := range v.GetArray() {
		if x.Type() == fastjson.TypeArray {
			r.wrong(x)
		} else if s := r.str(x); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func (r *jsonReader) plains(v *fastjson.Value) []string {
	out := r.strs(v)
	for i := range out {
		out[i] = plain(out[i])
	}
	return out
}

// date reads {"date-parts": [[2020, 3, 14]]}.
func (r *jsonReader) date(v *fastjson.Value) jats.Date {
	if v == nil {
		return jats.Date{}
	}
	parts := v.GetArray("date-parts")
	if len(parts) == 0 {
		return jats.Date{}
	}
	var n [3]int
	for i, p := range parts[0].GetArray() {
		if i == len(n) {
			break
		}
		n[i], _ = p.Int()
		if p.Type() == fastjson.TypeString { // content negotiation may give these as strings
			n[i], _ = strconv.Atoi(r.str(p))
		}
	}
	return makeDate(n[0], n[1], n[2])
}

func (r *jsonReader) work(w *fastjson.Value) error {
	a := r.a
	r.id("doi", r.str(w.Get("DOI")))
	kind := r.str(w.Get("type"))
	resource := r.str(w.Get("resource", "primary", "URL"))
	containers := r.strs(w.Get("container-title"))
	if deleted(resource) || len(containers) > 0 && strings.ToLower(containers[0]) == deletedTitle {
		return jats.ErrWithdrawn
	}
	review := w.Get("review")
	sub := r.str(w.Get("subtype"))
	if review != nil {
		sub = r.str(review.Get("type"))
	}
	if err := r.kind(kind, sub); err != nil {
		return err
	}
	a.Lang = r.str(w.Get("language"))
	a.Status = r.str(w.Get("status"))
	version := w.Get("version")
	if version != nil && version.Type() == fastjson.TypeObject {
		version = version.Get("version")
	}
	if s := r.str(version); s != "" {
		a.Version = &jats.Version{Text: s}
	}
	r.titles(w, kind, containers)
	r.where(w)
	r.people(w)
	r.dates(w)
	r.abstract("", "", r.str(w.Get("abstract")))
	if s := r.str(w.Get("description")); s != "" {
		r.abstract("", "", s)
	}
	r.rights(w)
	for _, f := range w.GetArray("funder") {
		var ids []jats.ID
		if s := r.str(f.Get("DOI")); s != "" {
			ids = append(ids, institutionID("doi", s))
		}
		for _, id := range f.GetArray("id") {
			if id.Type() == fastjson.TypeObject {
				ids = append(ids, institutionID(r.str(id.Get("id-type")), r.str(id.Get("id"))))
			}
		}
		r.funder(plain(r.str(f.Get("name"))), ids, r.plains(f.Get("award")))
	}
	r.related(w)
	for _, x := range w.GetArray("assertion") {
		as := assertion{name: r.str(x.Get("name")), label: r.str(x.Get("label")), value: r.str(x.Get("value")), url: r.str(x.Get("URL"))}
		if as.group = r.str(x.Get("group", "label")); as.group == "" {
			as.group = r.str(x.Get("group", "name"))
		}
		r.asserted = append(r.asserted, as)
	}
	r.rest(w, review)
	refs := w.GetArray("reference")
	if err := r.expect(len(refs)); err != nil {
		return err
	}
	if n := w.GetInt("reference-count"); n > 0 && len(refs) == 0 {
		a.Counts.Refs = &n
	}
	for _, x := range refs {
		r.ref(x)
	}
	r.finish()
	return nil
}

func (r *jsonReader) titles(w *fastjson.Value, kind string, containers []string) {
	titles, subtitles := r.strs(w.Get("title")), r.strs(w.Get("subtitle"))
	for i, s := range titles {
		if i == 0 {
			r.title("", s, subtitles)
		} else {
			r.title("", s, nil)
		}
	}
	if len(titles) == 0 && len(subtitles) > 0 {
		r.title("", "", subtitles)
	}
	for _, s := range r.strs(w.Get("original-title")) {
		r.title("", s, nil)
	}
	for _, s := range r.strs(w.Get("short-title")) {
		r.a.AltTitles = append(r.a.AltTitles, jats.AltTitle{Type: "short", Text: r.rich("altTitles", s, jats.InlineMarkup)})
	}
	var all []jats.Title
	for _, s := range containers {
		all = append(all, jats.Title{Text: r.rich("journal/title", s, jats.InlineMarkup)})
	}
	r.containers(kind, all)
	for _, key := range [...]string{"short-container-title", "container-title-short"} {
		for _, s := range r.strs(w.Get(key)) {
			r.abbrev(s)
		}
	}
}

// where reads the place of publication, with the numbers of the work in it.
func (r *jsonReader) where(w *fastjson.Value) {
	a, j := r.a, &r.a.Journal
	for _, t := range w.GetArray("issn-type") {
		r.issn(r.str(t.Get("type")), r.str(t.Get("value")))
	}
	for _, s := range r.strs(w.Get("ISSN")) {
		r.issn("", s)
	}
	for _, s := range r.strs(w.Get("ISBN")) {
		r.isbn(s)
	}
	for _, t := range w.GetArray("isbn-type") {
		r.isbn(r.str(t.Get("value")))
	}
	if s := r.rich("journal/publishers", r.str(w.Get("publisher")), jats.InlineMarkup); s != "" {
		j.Publishers = []jats.Text{{Text: s}}
	}
	j.PubLoc = r.rich("journal/publisherLoc", r.str(w.Get("publisher-location")), jats.InlineMarkup)
	a.Volume, a.Issue = r.str(w.Get("volume")), r.str(w.Get("issue"))
	if a.Issue == "" {
		a.Issue = r.str(w.Get("journal-issue", "issue"))
	}
	a.Supplement = r.rich("supplement", r.str(w.Get("special-numbering")), jats.InlineMarkup)
	r.pages(r.str(w.Get("page")))
	a.ElocationID = r.str(w.Get("article-number"))
	for _, s := range r.strs(w.Get("alternative-id")) {
		r.id("publisher-id", s)
	}
}

func (r *jsonReader) people(w *fastjson.Value) {
	for _, role := range [...]string{"author", "editor", "chair", "translator", "reviewer", "review-assistant", "stats-reviewer", "reviewer-external", "reader"} {
		list := w.GetArray(role)
		r.a.Contribs = slices.Grow(r.a.Contribs, len(list))
		for _, p := range list {
			if p.Type() != fastjson.TypeObject {
				r.wrong(p)
				continue
			}
			r.person(role, p)
		}
	}
}

func (r *jsonReader) person(role string, p *fastjson.Value) {
	c := jats.Contrib{Type: role}
	n := jats.Name{Surname: plain(r.str(p.Get("family"))), GivenNames: plain(r.str(p.Get("given"))), Suffix: plain(r.str(p.Get("suffix"))), Prefix: plain(r.str(p.Get("prefix"))),
		Full: plain(r.str(p.Get("literal")))}
	if n.Surname != "" || n.GivenNames != "" {
		n.Full = ""
	}
	if n != (jats.Name{}) {
		c.Names = []jats.Name{n}
	}
	if s := r.str(p.Get("name")); s != "" {
		c.Collab = []jats.Text{{Text: jats.Escape(plain(s))}}
	}
	if s := r.str(p.Get("ORCID")); s != "" {
		id := jats.ContribID{Type: "orcid", Value: s}
		if v := p.Get("authenticated-orcid"); v != nil && (v.Type() == fastjson.TypeTrue || v.Type() == fastjson.TypeFalse) {
			yes := v.Type() == fastjson.TypeTrue
			id.Authenticated = &yes
		}
		c.IDs = []jats.ContribID{id}
	}
	for _, x := range p.GetArray("role") {
		contribRole(&c, r.str(x.Get("vocabulary")), r.str(x.Get("role")))
	}
	for _, x := range p.GetArray("affiliation") {
		if x.Type() == fastjson.TypeObject {
			if id := r.affOf(r.institution(x)); id != "" {
				c.Affs = append(c.Affs, id)
			}
		}
	}
	r.contrib(&r.a.Contribs, c)
}

func (r *jsonReader) institution(x *fastjson.Value) institution {
	i := institution{name: plain(r.str(x.Get("name"))), acronyms: r.plains(x.Get("acronym")), departments: r.plains(x.Get("department")), places: r.plains(x.Get("place"))}
	for _, id := range x.GetArray("id") {
		if id.Type() == fastjson.TypeObject {
			i.ids = append(i.ids, institutionID(r.str(id.Get("id-type")), r.str(id.Get("id"))))
		}
	}
	return i
}

func (r *jsonReader) dates(w *fastjson.Value) {
	for _, d := range [...][2]string{{"published-print", "print"}, {"published-online", "online"}, {"posted", "online"}, {"published-other", "other"}} {
		r.pubDate("pub", d[1], r.date(w.Get(d[0])))
	}
	if issue := w.Get("journal-issue"); issue != nil {
		r.pubDate("collection", "print", r.date(issue.Get("published-print")))
		r.pubDate("collection", "online", r.date(issue.Get("published-online")))
	}
	r.fallback = []jats.Date{r.date(w.Get("published")), r.date(w.Get("issued"))}
	for _, h := range [...][2]string{{"accepted", "accepted"}, {"approved", "approved"}, {"content-created", "created"}, {"content-updated", "updated"}} {
		r.history(h[1], r.date(w.Get(h[0])))
	}
}

func (r *jsonReader) rights(w *fastjson.Value) {
	published := r.date(w.Get("published")).Date
	if published == "" {
		published = r.date(w.Get("issued")).Date
	}
	for _, l := range w.GetArray("license") {
		start := r.date(l.Get("start")).Date
		delay := l.GetInt("delay-in-days")
		switch whole, err := time.Parse(time.DateOnly, published); {
		case len(start) == len(time.DateOnly) && delay == 0 && l.Get("delay-in-days") != nil && err != nil:
			start = "" // Crossref makes it of the date of publication, and that has no day
		case start == "" && delay > 0 && delay < 100000 && err == nil:
			start = whole.AddDate(0, 0, delay).Format(time.DateOnly)
		case len(start) != len(time.DateOnly):
			start = ""
		}
		r.license(r.str(l.Get("URL")), r.str(l.Get("content-version")), start)
	}
	if v := w.Get("free-to-read"); v != nil && v.Type() == fastjson.TypeObject {
		p := &r.a.Permissions
		p.FreeToRead, p.FreeFrom, p.FreeUntil = true, r.date(v.Get("start-date")).Date, r.date(v.Get("end-date")).Date
	}
	for _, l := range w.GetArray("link") {
		r.link(r.str(l.Get("URL")), r.str(l.Get("content-type")), r.str(l.Get("intended-application")), r.str(l.Get("content-version")))
	}
	r.landing(r.str(w.Get("resource", "primary", "URL")))
	for _, x := range w.GetArray("resource", "secondary") {
		r.link(r.str(x.Get("URL")), "", r.str(x.Get("label")), "")
	}
}

func (r *jsonReader) related(w *fastjson.Value) {
	if rel := w.GetObject("relation"); rel != nil {
		rel.Visit(func(key []byte, list *fastjson.Value) {
			for _, x := range list.GetArray() {
				if x.Type() == fastjson.TypeObject {
					r.relation(string(key), r.str(x.Get("id-type")), r.str(x.Get("id")), "")
				}
			}
		})
	}
	for i, key := range [...]string{"update-to", "updated-by"} {
		for _, u := range w.GetArray(key) {
			if u.Type() == fastjson.TypeObject {
				r.update(i == 1, r.str(u.Get("type")), r.str(u.Get("DOI")), r.str(u.Get("label")), r.date(u.Get("updated")))
			}
		}
	}
}

// rest reads what has no place but CustomMeta, and subjects, conferences and counts.
func (r *jsonReader) rest(w, review *fastjson.Value) {
	a := r.a
	r.meta("crossmark-policy", doiOf(r.str(w.Get("update-policy"))))
	for _, t := range w.GetArray("clinical-trial-number") {
		r.trial(r.str(t.Get("clinical-trial-number")), r.str(t.Get("registry")), r.str(t.Get("type")))
	}
	r.subjects("", r.plains(w.Get("subject")))
	r.subjects("heading", r.plains(w.Get("group-title")))
	if e := w.Get("event"); e != nil && e.Type() == fastjson.TypeObject {
		a.Conferences = append(a.Conferences, jats.Conference{
			Name: jats.Escape(plain(r.str(e.Get("name")))), Acronym: plain(r.str(e.Get("acronym"))), Num: r.str(e.Get("number")),
			Date: span(r.date(e.Get("start")), r.date(e.Get("end"))), Loc: jats.Escape(plain(r.str(e.Get("location")))),
			Theme: jats.Escape(plain(r.str(e.Get("theme")))), Sponsor: jats.Escape(strings.Join(r.plains(e.Get("sponsor")), "; ")),
		})
	}
	institutions := w.GetArray("institution")
	if v := w.Get("institution"); v != nil && v.Type() == fastjson.TypeObject {
		institutions = []*fastjson.Value{v}
	}
	for _, x := range institutions {
		if x.Type() == fastjson.TypeObject {
			r.meta("institution", r.institution(x).String())
		}
	}
	if b := w.Get("standards-body"); b != nil {
		list := b.GetArray()
		if b.Type() == fastjson.TypeObject {
			list = []*fastjson.Value{b}
		}
		for _, x := range list {
			r.meta("standards-body", institution{name: plain(r.str(x.Get("name"))), acronyms: r.plains(x.Get("acronym"))}.String())
		}
	}
	for _, key := range [...]string{"degree", "edition-number", "part-number", "component-number", "contract-number", "archive"} {
		for _, s := range r.plains(w.Get(key)) {
			r.meta(key, s)
		}
	}
	if review != nil && review.Type() == fastjson.TypeObject {
		for _, key := range [...]string{"type", "stage", "recommendation", "revision-round", "running-number"} {
			r.meta("review "+key, r.str(review.Get(key)))
		}
		r.note("coi-statement", "", "", r.str(review.Get("competing-interest-statement")))
	}
	if v := w.Get("is-referenced-by-count"); v != nil && v.Type() == fastjson.TypeNumber {
		a.Metrics = append(a.Metrics, jats.Metric{Name: "citations", Value: v.String()})
	}
}

// subjects adds a group of subjects.
func (m *maker) subjects(kind string, list []string) {
	var g jats.SubjGroup
	for _, s := range list {
		g.Subjects = append(g.Subjects, jats.Subject{Text: jats.Escape(s)})
	}
	if g.Type = kind; len(g.Subjects) > 0 {
		m.a.SubjGroups = append(m.a.SubjGroups, g)
	}
}

// span writes the days of a conference ("2020-03-01/2020-03-04").
func span(start, end jats.Date) string {
	return strings.Join(nonEmpty(start.Date, end.Date), "/")
}

// doiOf takes the resolver from a DOI.
func doiOf(s string) string {
	if i := strings.Index(s, "doi.org/10."); i >= 0 {
		return s[i+len("doi.org/"):]
	}
	return s
}

func (r *jsonReader) ref(v *fastjson.Value) {
	o, err := v.Object()
	if err != nil {
		r.wrong(v)
		return
	}
	x := &r.cited
	*x = reference{}
	o.Visit(func(key []byte, v *fastjson.Value) {
		var to *string
		switch string(key) {
		case "DOI":
			to = &x.doi
		case "type":
			to = &x.kind
		case "unstructured":
			to = &x.unstructured
		case "author":
			to = &x.author
		case "year":
			to = &x.year
		case "article-title":
			to = &x.articleTitle
		case "journal-title":
			to = &x.journalTitle
		case "volume-title":
			to = &x.volumeTitle
		case "series-title":
			to = &x.seriesTitle
		case "volume":
			to = &x.volume
		case "issue":
			to = &x.issue
		case "first-page":
			to = &x.firstPage
		case "elocation-id":
			to = &x.elocation
		case "edition":
			to = &x.edition
		case "component":
			to = &x.component
		case "ISSN":
			to = &x.issn
		case "ISBN":
			to = &x.isbn
		case "standard-designator":
			to = &x.designator
		case "standards-body":
			to = &x.body
		default:
			return
		}
		*to = r.str(v)
	})
	r.reference(x)
}
