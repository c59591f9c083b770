package ingest_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/unicode/norm"

	"sheaf/crosswalk"
	"sheaf/fixtures/fixturetest"
	"sheaf/ingest"
	"sheaf/jats"
	"sheaf/oai"
	"sheaf/store"
)

// What is served is compared here with the source as a reader of its own sees it: encoding/xml and the helpers below, nothing of package jats.
// What Sheaf rightly mends or leaves out is said by rule at the helper concerned:
//
//   - e-mail addresses, and telephone and fax numbers of contributors, are personal data and not in public output;
//   - an ISSN or ORCID with a wrong check digit is left out;
//   - a date is written in numbers, to the precision that is sound;
//   - authors come first and all other contributors after them, each in their order;
//   - the marks that link a contributor to an affiliation or note are those of its label;
//   - what is empty is not written.

const servedSite = "https://sheaf.example.org"

// An el is an element, or a text when it has no name. Names are without namespaces.
type el struct {
	name string
	text string
	attr map[string]string
	up   *el
	kids []*el
}

// parseXML reads a document leniently.
func parseXML(t testing.TB, data []byte) *el {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		if strings.HasPrefix(label, "ISO646") { // ASCII
			return r, nil
		}
		return charset.NewReaderLabel(label, r)
	}
	root := &el{name: "#document"}
	at := root
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return root
		}
		require.NoError(t, err)
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &el{name: tok.Name.Local, up: at, attr: map[string]string{}}
			for _, a := range tok.Attr {
				n.attr[a.Name.Local] = a.Value
			}
			at.kids = append(at.kids, n)
			at = n
		case xml.EndElement:
			at = at.up
		case xml.CharData:
			at.kids = append(at.kids, &el{text: string(tok), up: at})
		}
	}
}

// all returns the elements inside e with one of these names, in order. It does not look inside one that it found, nor inside stop.
func (e *el) all(names string, stop ...string) []*el {
	var out []*el
	if e == nil {
		return nil
	}
	for _, k := range e.kids {
		switch {
		case k.name == "" || slices.Contains(stop, k.name):
		case has(names, k.name):
			out = append(out, k)
		default:
			out = append(out, k.all(names, stop...)...)
		}
	}
	return out
}

func has(names, name string) bool { return slices.Contains(strings.Fields(names), name) }

// child returns the first child of a name, or nil.
func (e *el) child(name string) *el {
	if e != nil {
		for _, k := range e.kids {
			if k.name == name {
				return k
			}
		}
	}
	return nil
}

// in tells whether e stands inside an element of one of these names.
func (e *el) in(names string) bool {
	for u := e.up; u != nil; u = u.up {
		if has(names, u.name) {
			return true
		}
	}
	return false
}

// inline are elements that may stand inside a word.
const inline = "italic bold sub sup sc underline overline roman sans-serif monospace strike named-content styled-content ext-link uri xref email abbrev target milestone-start milestone-end"

// A drop tells which elements are left out of a text.
type drop func(*el) bool

func nothing(*el) bool { return false }

func named(names string) drop { return func(e *el) bool { return has(names, e.name) } }

// say appends the text of e but for what is dropped. Days and months are numbers.
func (e *el) say(b *strings.Builder, out drop) {
	if e == nil || e.name != "" && out(e) {
		return
	}
	if e.name == "" {
		b.WriteString(e.text)
		return
	}
	if e.name == "month" || e.name == "day" {
		s := e.child("")
		if s != nil {
			b.WriteString(" " + number(s.text) + " ")
		}
		return
	}
	edge := !has(inline, e.name) || e.name == "named-content" && e.in("aff")
	if edge {
		b.WriteByte(' ')
	}
	for _, k := range e.kids {
		k.say(b, out)
	}
	if edge {
		b.WriteByte(' ')
	}
}

// plain is the text of e as it stands.
func (e *el) plain() string {
	var b strings.Builder
	e.say(&b, nothing)
	return strings.TrimSpace(b.String())
}

// number makes "09", "Sep." and "September" "9"; what is neither stays.
func number(s string) string {
	s = strings.TrimSpace(s)
	for m := time.January; m <= time.December; m++ {
		if w := strings.TrimRight(s, "."); len(w) >= 3 && len(w) <= len(m.String()) && strings.EqualFold(w, m.String()[:len(w)]) {
			return strconv.Itoa(int(m))
		}
	}
	if n, err := strconv.Atoi(s); err == nil {
		return strconv.Itoa(n)
	}
	return s
}

// words are the tokens of a text: runs of letters and digits in NFC; blanks and punctuation only part them, and http is https.
func words(s string) []string {
	s = strings.NewReplacer("http:", "https:", "\u00AD", "", "\u200B", "", "\uFEFF", "").Replace(s)
	return strings.FieldsFunc(norm.NFC.String(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

// words are the tokens of e but for what is dropped.
func (e *el) words(out drop) []string {
	var b strings.Builder
	e.say(&b, out)
	return words(b.String())
}

// line is the words of e but for what is dropped, as one line.
func (e *el) line(out drop) string { return strings.Join(e.words(out), " ") }

// bag is line with the words sorted.
func (e *el) bag(out drop) string {
	w := e.words(out)
	sort.Strings(w)
	return strings.Join(w, " ")
}

// missing tells which words of want are not in have, as a multiset.
func missing(want, have []string) []string {
	n := map[string]int{}
	for _, w := range have {
		n[w]++
	}
	var out []string
	for _, w := range want {
		if n[w]--; n[w] < 0 {
			out = append(out, w)
		}
	}
	return out
}

// An article1 is the article of a document and its parts, without those of sub-articles and responses.
type article1 struct {
	article, front, journal, meta, back *el
	refs                                []*el // that say anything
	refLists                            []*el
	served                              bool // by Sheaf
}

// articleOf finds the article of a document.
func articleOf(t testing.TB, doc *el, served bool) article1 {
	t.Helper()
	found := doc.all("article")
	require.Len(t, found, 1)
	a := article1{article: found[0], front: found[0].child("front"), back: found[0].child("back"), served: served}
	a.journal, a.meta = a.front.child("journal-meta"), a.front.child("article-meta")
	a.refLists = a.back.all("ref-list", "sub-article", "response")
	for _, l := range a.refLists {
		for _, r := range l.all("ref") {
			if len(r.words(named("label"))) > 0 {
				a.refs = append(a.refs, r)
			}
		}
	}
	return a
}

// isMark tells whether e is the mark in a title or at a contributor of a note or affiliation, whose label it repeats, or that note itself.
func isMark(e *el) bool {
	return e.name == "fn" || e.name == "xref" && has("aff fn corresp author-notes other", e.attr["ref-type"])
}

// frontWords are the tokens of the front but for what is rightly left out. What is served of notes stands in the back.
func (a article1) frontWords() []string {
	var b strings.Builder
	out := func(e *el) bool {
		switch e.name {
		case "email", "ref-list":
			return true
		case "phone", "fax", "x": // x is what stands between names in print
			return e.in("contrib")
		case "xref":
			return isMark(e) && e.in("contrib article-title trans-title")
		case "issn", "issn-l":
			return !goodISSN(e.plain())
		case "object-id": // of a part of the article, such as its abstract
			return e.in("abstract trans-abstract")
		case "self-uri": // an address is its own text
			if a.served && len(words(e.plain())) == 0 {
				b.WriteString(" " + e.attr["href"] + " ")
			}
		}
		return false
	}
	a.front.say(&b, out)
	if a.served {
		a.back.say(&b, out)
	}
	return words(b.String())
}

// refWords are the tokens of the reference lists. The title of the only list ("References") is not the article's.
func (a article1) refWords() []string {
	var out []string
	for _, l := range a.refLists {
		out = append(out, l.words(func(e *el) bool {
			return e.name == "title" && e.up == l && len(a.refLists) == 1 && len(l.all("ref-list")) == 0
		})...)
	}
	return out
}

// goodISSN tells whether the check digit of an ISSN is right.
//
// Source: ISO 3297.
func goodISSN(s string) bool {
	s = strings.ToUpper(strings.Join(words(s), ""))
	if len(s) != 8 {
		return false
	}
	sum := 0
	for i, c := range s {
		switch {
		case c >= '0' && c <= '9':
			sum += (8 - i) * int(c-'0')
		case c == 'X' && i == 7:
			sum += 10
		default:
			return false
		}
	}
	return sum%11 == 0
}

var orcidText = regexp.MustCompile(`(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dXx])`)

// goodORCID is the ORCID in s, or "".
//
// Source: ISO/IEC 7064 mod 11-2.
func goodORCID(s string) string {
	m := orcidText.FindStringSubmatch(s)
	if m == nil {
		return ""
	}
	id := strings.ToUpper(strings.Join(m[1:], ""))
	total := 0
	for _, c := range id[:15] {
		total = (total + int(c-'0')) * 2
	}
	if digit := (12 - total%11) % 11; digit == 10 && id[15] != 'X' || digit < 10 && int(id[15]-'0') != digit {
		return ""
	}
	return strings.Join([]string{id[:4], id[4:8], id[8:12], id[12:]}, "-")
}

var doiText = regexp.MustCompile(`(?i)10\.\d{4,9}(\.\d+)*/\S+`)

func bareDOI(s string) string { return strings.ToLower(doiText.FindString(s)) }

// dateOf is a date to the precision that is sound: "2006", "2006-01" or "2006-01-02"; "" without a year of four digits.
func dateOf(e *el) string {
	part := func(name string) int {
		n, err := strconv.Atoi(number(e.child(name).plain()))
		if err != nil {
			return 0
		}
		return n
	}
	y, m, d := part("year"), part("month"), part("day")
	if y < 1000 || y > 9999 {
		return ""
	}
	switch when := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC); {
	case m < 1 || m > 12:
		return fmt.Sprintf("%04d", y)
	case d == 0 || int(when.Month()) != m || when.Day() != d:
		return fmt.Sprintf("%04d-%02d", y, m)
	}
	return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
}

// pubTypes are the pub-types of NLM and JATS before 1.1 in the words of JATS 1.3.
var pubTypes = map[string]string{"epub": "pub electronic", "ppub": "pub print", "collection": "collection", "epub-ppub": "pub", "pub": "pub"}

// nameOf is a name in its parts, or as printed when there is text beside them or one of them twice.
func nameOf(e *el) string {
	parts := map[string]string{}
	for _, k := range e.kids {
		w := k.line(nothing)
		if w == "" || k.name == "x" {
			continue
		}
		if !has("surname given-names prefix suffix", k.name) || parts[k.name] != "" {
			return e.line(named("x"))
		}
		parts[k.name] = w
	}
	if parts["surname"]+parts["given-names"] == "" {
		return e.line(named("x"))
	}
	return strings.Join([]string{parts["surname"], parts["given-names"], parts["prefix"], parts["suffix"]}, "|")
}

// contribs says who contributed, authors first: each name in all its forms, its ORCID, and the affiliations that it is linked to. Members
// of a group follow the group. Who has no name is not told of.
func (a article1) contribs() (people []string) {
	affs := map[string]string{}
	for _, f := range a.front.all("aff-alternatives aff") {
		for _, k := range append(f.all("aff"), f) {
			if id := k.attr["id"]; id != "" {
				affs[id] = affLine(f)
			}
		}
	}
	const own = "contrib contrib-group aff aff-alternatives fn corresp bio author-comment on-behalf-of"
	var others []string
	var walk func(e *el, list *[]string)
	person := func(c *el, list *[]string) {
		var said, ids, at []string
		stop := strings.Fields(own)
		for _, n := range c.all("name string-name collab collab-name", stop...) {
			if has("collab collab-name", n.name) {
				w := n.line(named("contrib-group contrib xref aff aff-alternatives email fn address"))
				if w != "" {
					said = append(said, w)
				}
				continue
			}
			if w := nameOf(n); w != "" {
				said = append(said, w)
			}
		}
		for _, n := range c.all("contrib-id uri ext-link", stop...) {
			s := n.plain() + " " + n.attr["href"]
			if strings.EqualFold(n.attr["contrib-id-type"], "orcid") || strings.Contains(s, "orcid.org") {
				if id := goodORCID(s); id != "" && !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
		}
		for _, x := range append([]*el{c}, c.all("xref", stop...)...) {
			for _, id := range strings.Fields(x.attr["rid"]) {
				if w := affs[id]; w != "" && !slices.Contains(at, w) {
					at = append(at, w)
				}
			}
		}
		for _, f := range c.all("aff aff-alternatives", "contrib-group", "contrib") {
			if w := affLine(f); w != "" && !slices.Contains(at, w) {
				at = append(at, w)
			}
		}
		if len(said) > 0 {
			sort.Strings(at)
			*list = append(*list, strings.Join(said, " = ")+" ORCID "+strings.Join(ids, " ")+" AT "+strings.Join(at, "; "))
		}
	}
	walk = func(e *el, list *[]string) {
		if e == nil {
			return
		}
		for _, k := range e.kids {
			if k.name == "contrib" {
				to := list
				if to == nil {
					t := k.attr["contrib-type"]
					if t == "" {
						t = strings.TrimSuffix(k.up.attr["content-type"], "s")
					}
					to = &people
					if has("editor section senior-editor", t) || t != "" && t != "author" && t != "person" && k.attr["contrib-type"] != "" {
						to = &others
					}
				}
				person(k, to)
				walk(k, to)
				continue
			}
			if k.name != "" {
				walk(k, list)
			}
		}
	}
	walk(a.meta, nil)
	return append(people, others...)
}

// affLine is the words of an affiliation, sorted, without its mark: a label, or what is raised before all other text.
func affLine(e *el) string {
	return e.bag(func(k *el) bool {
		if k.name == "sup" && k.up.name == "aff" {
			for _, before := range k.up.kids {
				if before == k {
					return true
				}
				if before.name != "label" && len(words(before.plain())) > 0 {
					break
				}
			}
		}
		return k.name == "label" && has("aff aff-alternatives", k.up.name) || k.name == "email"
	})
}

// licenseKey is an address of a licence without what makes no difference: the scheme, www, a slash at the end, and the page of a Creative
// Commons licence that is shown.
func licenseKey(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(strings.TrimPrefix(s, "http://"), "https://")
	s = strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
	if strings.HasPrefix(s, "creativecommons.org/") {
		for _, page := range []string{"/legalcode", "/deed.en", "/deed"} {
			s = strings.TrimSuffix(s, page)
		}
	}
	return s
}

// funderLine is the name of a funder without its identifier.
func funderLine(e *el) string {
	return e.line(func(k *el) bool {
		return k.name == "institution-id" || k.name == "named-content" && strings.Contains(k.attr["content-type"], "id")
	})
}

var funderID = regexp.MustCompile(`10\.13039/\d+`)

// facts are what a harvester looks for, by name; each a list. Those whose order matters are ordered.
func (a article1) facts() map[string][]string {
	f := map[string][]string{}
	add := func(name string, s string) {
		if s != "" {
			f[name] = append(f[name], s)
		}
	}
	add("article type", a.article.attr["article-type"])
	lang, _, _ := strings.Cut(strings.ReplaceAll(a.article.attr["lang"], "_", "-"), "-")
	add("language", strings.ToLower(lang))
	for _, e := range a.meta.all("article-id", "pub-history", "related-article", "product", "related-object") {
		switch e.attr["pub-id-type"] {
		case "doi":
			add("DOI", bareDOI(e.plain()))
		case "pmid", "pmcid", "publisher-id":
			add(e.attr["pub-id-type"], e.line(nothing))
		}
	}
	for _, e := range a.meta.child("title-group").all("article-title") {
		add("title", e.line(isMark))
	}
	for _, e := range a.meta.child("title-group").all("subtitle") {
		add("subtitle", e.line(isMark))
	}
	for _, e := range a.meta.child("title-group").all("trans-title trans-subtitle") {
		add("translated title", e.line(isMark))
	}
	f["contributors"] = a.contribs()
	for _, e := range a.front.all("aff-alternatives aff") {
		add("affiliations", affLine(e))
	}
	for _, e := range a.meta.kids {
		switch e.name {
		case "pub-date":
			kind := pubTypes[e.attr["pub-type"]]
			if e.attr["pub-type"] == "" {
				kind = strings.Replace(strings.TrimSpace(e.attr["date-type"]+" "+e.attr["publication-format"]), "publication", "pub", 1)
			}
			if kind == "" {
				kind = strings.TrimSpace(e.attr["pub-type"] + " " + e.attr["publication-format"])
			}
			if kind == "" {
				kind = "pub"
			}
			if d := dateOf(e); d != "" {
				add("publication dates", kind+" "+d)
			}
		case "history":
			for _, d := range e.all("date") {
				if s := dateOf(d); s != "" {
					add("history", d.attr["date-type"]+" "+s)
				}
			}
		case "fpage", "lpage", "elocation-id", "volume", "issue":
			add(e.name, e.line(nothing))
		}
	}
	for _, e := range a.journal.all("issn issn-l") {
		if s := e.plain(); goodISSN(s) {
			add("ISSN", strings.ToUpper(strings.Join(words(s), "")))
		}
	}
	for _, e := range a.journal.all("journal-title journal-subtitle trans-title trans-subtitle") {
		add("journal title", e.line(nothing))
	}
	for _, e := range a.journal.all("publisher-name") {
		add("publisher", e.line(nothing))
	}
	for _, l := range a.meta.all("license") {
		add("licence", licenseKey(l.attr["href"]))
		if links := l.all("ext-link uri"); len(links) > 0 && l.attr["href"] == "" && len(l.all("license_ref")) == 0 {
			if u := licenseKey(links[0].attr["href"]); strings.HasPrefix(u, "creativecommons.org/licenses/") {
				add("licence", u)
			}
		}
		for _, e := range l.all("license_ref") {
			add("licence", licenseKey(e.plain()))
		}
	}
	for _, e := range a.front.all("award-id contract-num") {
		add("award ids", e.line(nothing))
	}
	for _, e := range a.front.all("funding-source contract-sponsor") {
		add("funders", funderLine(e))
		add("funder identifiers", funderID.FindString(e.plain()+" "+e.attr["href"]))
	}
	for _, e := range a.meta.all("kwd compound-kwd") {
		add("keywords", e.bag(nothing))
	}
	for _, e := range a.meta.all("abstract trans-abstract") {
		add("abstracts", e.bag(named("object-id")))
	}
	return f
}

// A servedItem is one item that came of a file, with its record.
type servedItem struct {
	name   string // of the file
	round  int    // of the store that it is in
	source []byte
	row    store.Row // of jats
	item   *store.Item
}

// serveShared imports the shared collection and returns what can be asked for of each file. A file of an article that another file of the
// collection replaced goes to a store of its own, so none escapes.
func serveShared(t *testing.T) (all []servedItem, refused int) {
	ctx, dir := context.Background(), fixturetest.Shared(t, "data/jats")
	var todo []ingest.Input
	require.NoError(t, (&ingest.Walker{}).Walk(ctx, []string{dir}, func(in ingest.Input) error {
		todo = append(todo, in)
		return nil
	}))
	files := len(todo)
	for round := 0; len(todo) > 0; round++ {
		require.Less(t, round, 5)
		db := open(t)
		last, source := map[string]string{}, map[string]ingest.Input{} // local: name of the file; name: input
		for _, in := range todo {
			source[in.Name] = in
		}
		var replaced []ingest.Input
		im := &ingest.Importer{Store: db, Each: func(o ingest.Outcome) {
			if o.Err != nil {
				refused++ // TestSharedJATS tells which, and why
				return
			}
			if before, ok := last[o.Local]; ok {
				replaced = append(replaced, source[before])
			}
			last[o.Local] = o.Name
		}}
		_, err := im.Import(ctx, func(_ context.Context, yield func(ingest.Input) error) error {
			for _, in := range todo {
				if err := yield(in); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, err)
		for local, path := range last {
			s := servedItem{round: round, source: source[path].Data}
			s.name, err = filepath.Rel(dir, path)
			require.NoError(t, err)
			_, err = db.Record(ctx, local, "jats", func(r *store.Row) error {
				s.row = store.Row{Local: bytes.Clone(r.Local), Datestamp: r.Datestamp, Sets: bytes.Clone(r.Sets), Metadata: bytes.Clone(r.Metadata)}
				return nil
			})
			require.NoError(t, err, s.name)
			s.item, err = db.Get(ctx, local)
			require.NoError(t, err, s.name)
			all = append(all, s)
		}
		todo = replaced
	}
	require.Equal(t, files, len(all)+refused, "no file is lost")
	slices.SortFunc(all, func(a, b servedItem) int {
		return cmp.Or(cmp.Compare(a.round, b.round), strings.Compare(a.name, b.name))
	})
	return all, refused
}

// What is served of an article says all that its source says, and is valid.
func TestServedRecords(t *testing.T) {
	type score struct {
		name   string
		recall float64
		lost   []string
	}
	var scores []score
	alone, told := 0, map[string]int{}                      // facts
	docs := map[bool]map[string][]byte{true: {}, false: {}} // by whether the Publishing DTD holds them
	all, refused := serveShared(t)
	f, ok := crosswalk.Find("jats")
	require.True(t, ok)
	for i, s := range all {
		record, _, _ := bytes.Cut(s.row.Metadata, []byte(crosswalk.AboutMark))
		from, to := articleOf(t, parseXML(t, s.source), false), articleOf(t, parseXML(t, bytes.ReplaceAll(record, []byte(crosswalk.BaseURL), []byte(servedSite))), true)
		frontWords, refWords := from.frontWords(), from.refWords()
		lost := append(missing(frontWords, to.frontWords()), missing(refWords, to.refWords())...)
		scores = append(scores, score{s.name, 1 - float64(len(lost))/float64(max(1, len(frontWords)+len(refWords))), lost})
		assert.Empty(t, from.differences(to), s.name)
		for fact, list := range from.facts() {
			told[fact] += len(list)
		}
		told["references"] += len(from.refs)

		if i%18 == 0 {
			alone++
			var a jats.Article
			require.NoError(t, json.Unmarshal(s.item.Article, &a))
			doc, err := crosswalk.Document(f, &a, s.item.Local, servedSite, time.Now())
			require.NoError(t, err)
			assert.Empty(t, from.differences(articleOf(t, parseXML(t, doc), true)), "%s, alone", s.name)
			docs[a.Publishing()][s.name] = doc
		}
	}
	sort.Slice(scores, func(i, j int) bool { return scores[i].recall < scores[j].recall })
	for i, s := range scores {
		if i < 10 {
			t.Logf("%s: %.4f, lost %q", s.name, s.recall, s.lost[:min(40, len(s.lost))])
		}
		assert.GreaterOrEqual(t, s.recall, 0.90, s.name)
	}
	median := scores[len(scores)/2].recall
	t.Logf("%d records, %d files refused, %d documents alone; recall of the words of front and ref-list: median %.4f, lowest %.4f", len(scores), refused, alone, median, scores[0].recall)
	assert.GreaterOrEqual(t, median, 0.98)
	t.Logf("facts compared: %v", told)

	// Package jats holds every stand-alone document to the DTDs and every article element to the schemas (TestCorpusIsValid); here it is
	// what leaves the store, in responses with headers, sets and rights.
	responses := map[string][]byte{}
	e := oai.NewEncoder("sheaf.example.org", servedSite)
	for len(all) > 0 {
		n := 0
		for n < len(all) && n < 50 && all[n].round == all[0].round {
			n++
		}
		b := e.AppendOpen(nil, all[0].row.Datestamp, "jats")
		for i := range all[:n] {
			b = e.AppendRecord(b, &all[i].row)
		}
		responses[fmt.Sprintf("%s and %d more", all[0].name, n-1)] = e.AppendClose(b)
		all = all[n:]
	}
	assert.Empty(t, fixturetest.Responses(t, responses))
	assert.Empty(t, fixturetest.DTD(t, fixturetest.Publishing, docs[true]))
	assert.Empty(t, fixturetest.DTD(t, fixturetest.Archiving, docs[false]))
}

// ordered are the facts that are served whole and in their order; of the others, all are there.
const ordered = "title,subtitle,translated title,contributors,keywords,abstracts,fpage,lpage,elocation-id,volume,issue,article type,language"

// differences tells what of the facts of a is not in what is served.
func (a article1) differences(served article1) (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	want, have := a.facts(), served.facts()
	for _, fact := range slices.Sorted(maps.Keys(want)) {
		w, h := want[fact], have[fact]
		if !slices.Contains(strings.Split(ordered, ","), fact) {
			if lost := missing(w, h); len(lost) > 0 {
				say("%s: lost %.300q; instead %.300q", fact, lost, missing(h, w))
			}
			continue
		}
		for i := range max(len(w), len(h)) {
			switch {
			case i >= len(h):
				say("%s: %d became %d, lost %.300q", fact, len(w), len(h), w[i:])
			case i >= len(w):
				say("%s: %d became %d, added %.300q", fact, len(w), len(h), h[i:])
			case w[i] != h[i]:
				say("%s %d: %.300q became %.300q; lost %.300q", fact, i+1, w[i], h[i], missing(words(w[i]), words(h[i])))
			default:
				continue
			}
			break
		}
	}
	if w, h := len(want["affiliations"]), len(have["affiliations"]); w != h {
		say("affiliations: %d became %d", w, h)
	}
	if len(a.refs) != len(served.refs) {
		say("references: %d became %d", len(a.refs), len(served.refs))
		return out
	}
	for i, r := range a.refs {
		w, h := r.words(nothing), served.refs[i].words(nothing)
		if lost := missing(w, h); float64(len(lost)) > 0.1*float64(len(w)) {
			say("reference %d: lost %q of %q", i+1, lost, w)
		}
		for _, p := range r.all("pub-id") {
			if t := strings.ToLower(p.attr["pub-id-type"]); has("doi pmid", t) {
				id := p.line(nothing)
				if t == "doi" && bareDOI(p.plain()) != "" {
					id = strings.Join(words(bareDOI(p.plain())), " ")
				}
				if !strings.Contains(strings.ToLower(served.refs[i].line(nothing)), strings.ToLower(id)) {
					say("reference %d: %s %q is lost", i+1, t, id)
				}
			}
		}
	}
	return out
}

// Each fact that a record loses, or that it tells of another, is seen.
func TestDifferences(t *testing.T) {
	const source = `<!DOCTYPE article SYSTEM "x.dtd"><article article-type="research-article" xml:lang="en"><front><journal-meta><journal-id>j</journal-id><journal-title>Journal</journal-title><issn>1234-5679</issn><issn>1234-5678</issn></journal-meta>
<article-meta><article-id pub-id-type="doi">10.5555/a</article-id><title-group><article-title>One H<sub>2</sub>O &eacute;<xref ref-type="fn" rid="f">1</xref></article-title><trans-title-group xml:lang="fr"><trans-title>Un</trans-title></trans-title-group></title-group>
<contrib-group><contrib contrib-type="editor"><name><surname>Ed</surname><given-names>E</given-names></name></contrib><contrib contrib-type="author"><contrib-id contrib-id-type="orcid">http://orcid.org/0000-0002-1825-0097</contrib-id><name><surname>Au</surname><given-names>A B</given-names></name><xref ref-type="aff" rid="a1">1</xref><email>a@b.example</email></contrib>
<contrib contrib-type="author"><collab>The Group</collab></contrib></contrib-group><aff id="a1"><label>1</label>Institute, <country>Chad</country></aff><aff id="a2">Elsewhere</aff>
<pub-date pub-type="epub"><day>31</day><month>September</month><year>2020</year></pub-date><volume>1</volume><issue>2</issue><fpage>3</fpage><lpage>5</lpage>
<history><date date-type="received"><day>2</day><month>Jan</month><year>2020</year></date></history><permissions><license xlink:href="http://creativecommons.org/licenses/by/4.0"><license-p>L</license-p></license></permissions>
<abstract><p>Some words.</p></abstract><kwd-group><kwd>one</kwd><kwd>two</kwd></kwd-group><funding-group><award-group><funding-source>Fund</funding-source><award-id>A-1</award-id></award-group></funding-group></article-meta></front>
<body><p>not asked for</p></body><back><ref-list><ref><label>1</label><mixed-citation>Smith <source>Nature</source> 2001 <pub-id pub-id-type="doi">10.5555/r</pub-id></mixed-citation></ref></ref-list></back><sub-article><front-stub><title-group><article-title>X</article-title></title-group></front-stub></sub-article></article>`
	const good = `<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/" xmlns:ali="http://www.niso.org/schemas/ali/1.0/" article-type="research-article" xml:lang="en"><front><journal-meta><journal-id>j</journal-id><journal-title-group><journal-title>Journal</journal-title></journal-title-group><issn>1234-5679</issn></journal-meta>
<article-meta><article-id pub-id-type="doi">10.5555/a</article-id><title-group><article-title>One H<sub>2</sub>O é</article-title><trans-title-group xml:lang="fr"><trans-title>Un</trans-title></trans-title-group></title-group>
<contrib-group><contrib contrib-type="author"><contrib-id contrib-id-type="orcid">https://orcid.org/0000-0002-1825-0097</contrib-id><name><surname>Au</surname><given-names>A B</given-names></name><xref ref-type="aff" rid="r-1">1</xref></contrib><contrib contrib-type="author"><collab>The Group</collab></contrib></contrib-group>
<contrib-group><contrib contrib-type="editor"><name><surname>Ed</surname><given-names>E</given-names></name></contrib></contrib-group><aff id="r-1"><label>1</label>Institute, <country country="TD">Chad</country></aff><aff id="r-2">Elsewhere</aff>
<pub-date date-type="pub" publication-format="electronic"><month>09</month><year>2020</year></pub-date><volume>1</volume><issue>2</issue><fpage>3</fpage><lpage>5</lpage>
<history><date date-type="received"><day>02</day><month>01</month><year>2020</year></date></history><permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/"><ali:license_ref>https://creativecommons.org/licenses/by/4.0/</ali:license_ref><license-p>L</license-p></license></permissions>
<abstract><p>Some words.</p></abstract><kwd-group><kwd>one</kwd><kwd>two</kwd></kwd-group><funding-group><award-group><funding-source><institution-wrap><institution>Fund</institution></institution-wrap></funding-source><award-id>A-1</award-id></award-group></funding-group></article-meta></front>
<back><ref-list><ref id="r-R1"><label>1</label><mixed-citation>Smith <source>Nature</source> 2001 <pub-id pub-id-type="doi">10.5555/r</pub-id></mixed-citation></ref></ref-list></back></article>`
	from := articleOf(t, parseXML(t, []byte(source)), false)
	to := articleOf(t, parseXML(t, []byte(good)), true)
	assert.Empty(t, from.differences(to))
	assert.Equal(t, []string{"31"}, missing(from.frontWords(), to.frontWords()), "September has 30 days")
	assert.Empty(t, missing(from.refWords(), to.refWords()))
	for _, c := range []struct{ old, new, want string }{
		{"10.5555/a", "10.5555/b", "DOI"},
		{"<sub>2</sub>", "", "title"},
		{"<trans-title>Un</trans-title>", "<trans-title>Une</trans-title>", "translated title"},
		{"<given-names>A B</given-names>", "<given-names>A</given-names>", "contributors"},
		{"The Group", "Group", "contributors"},
		{"0097", "0098", "contributors"},
		{`rid="r-1"`, `rid="r-2"`, "contributors"},
		{`<collab>The Group</collab>`, "", "contributors"},
		{", <country", "<country", ""}, // punctuation is not looked at
		{"Chad", "Mali", "affiliations"},
		{`<aff id="r-2">Elsewhere</aff>`, "", "affiliations: 2 became 1"},
		{"<month>09</month>", "<day>30</day><month>09</month>", "publication dates"},
		{`"electronic"`, `"print"`, "publication dates"},
		{"<day>02</day>", "", "history"},
		{"<volume>1</volume>", "", "volume"},
		{"<issue>2</issue>", "", "issue"},
		{"<lpage>5</lpage>", "", "lpage"},
		{"<fpage>3</fpage>", "<elocation-id>3</elocation-id>", "fpage"},
		{"1234-5679", "2434-561X", "ISSN"},
		{"licenses/by/4.0/", "licenses/by/3.0/", "licence"},
		{"A-1", "", "award ids"},
		{">Fund<", "><", "funders"},
		{"<kwd>two</kwd>", "", "keywords"},
		{"<kwd>one</kwd><kwd>two</kwd>", "<kwd>two</kwd><kwd>one</kwd>", "keywords"},
		{"Some words", "Words", "abstracts"},
		{"Smith ", "", "reference 1"},
		{"10.5555/r<", "10.5555/s<", "reference 1: doi"},
		{`<ref id="r-R1">`, `<ref><mixed-citation>More</mixed-citation></ref><ref>`, "references: 1 became 2"},
		{`"research-article"`, `"other"`, "article type"},
	} {
		require.Contains(t, good, c.old)
		to := articleOf(t, parseXML(t, []byte(strings.ReplaceAll(good, c.old, c.new))), true)
		got := strings.Join(from.differences(to), "\n")
		if c.want == "" {
			assert.Empty(t, got, "%s", c.old)
			continue
		}
		assert.Contains(t, got, c.want, "%s became %s", c.old, c.new)
	}
}
