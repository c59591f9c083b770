package doaj

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"sheaf/jats"
)

// RecogniseJSON tells whether an object of JSON begins as one of DOAJ's: it holds an object "bibjson".
func RecogniseJSON(head []byte) bool {
	if t := bytes.TrimLeft(head, " \t\r\n"); len(t) == 0 || t[0] != '{' {
		return false
	}
	for rest := head; ; {
		_, after, ok := bytes.Cut(rest, []byte(`"bibjson"`))
		if !ok {
			return false
		}
		rest = after
		if after, ok = bytes.CutPrefix(bytes.TrimLeft(after, " \t\r\n"), []byte(":")); ok && bytes.HasPrefix(bytes.TrimLeft(after, " \t\r\n"), []byte("{")) {
			return true
		}
	}
}

// object is an object of JSON, of which every value may be of the wrong type.
type object map[string]any

// object is the object of a name; nil if there is none.
func (o object) object(name string) object {
	m, _ := o[name].(map[string]any)
	return m
}

// list is the list of a name; one value alone is a list of one.
func (o object) list(name string) []any {
	switch v := o[name].(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

// text is a text or number.
func (r *reader) text(path string, v any) string {
	switch v := v.(type) {
	case nil:
	case string:
		return strings.TrimSpace(v)
	case json.Number:
		return v.String()
	default:
		r.warn("bad-field", path, fmt.Sprintf("a text was expected, not %T", v))
	}
	return ""
}

// texts are the texts of a list.
func (r *reader) texts(path string, list []any) []string {
	var out []string
	for _, v := range list {
		if s := r.text(path, v); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// objects are the objects of a list.
func (r *reader) objects(path string, list []any) []object {
	var out []object
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		} else if v != nil {
			r.warn("bad-field", path, fmt.Sprintf("an object was expected, not %T", v))
		}
	}
	return out
}

// ReadJSON reads one article: an object with bibjson in it, also inside "_source". A journal of DOAJ has one too, and is refused. The error is a *jats.Fault
// ("malformed", "not-recognised", "not-an-article").
func ReadJSON(record []byte) (*jats.Article, []jats.Warning, error) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(record, []byte("\xef\xbb\xbf"))))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return nil, nil, jats.Faultf("malformed", 0, "JSON ends in the middle of a value")
		}
		return nil, nil, jats.Faultf("malformed", 0, "JSON: %v", err)
	}
	r := newReader()
	if s := o.object("_source"); s != nil && s["bibjson"] != nil {
		if s["id"] == nil {
			s["id"] = o["_id"]
		}
		o = s
	}
	b := o.object("bibjson")
	if b == nil {
		return nil, nil, jats.Faultf("not-recognised", 0, `JSON without an object "bibjson", in which DOAJ has an article`)
	}
	if isJournal(b) {
		return nil, nil, jats.Faultf("not-an-article", 0, "the DOAJ record of a journal (%.80q), want one of an article", r.text("bibjson/title", b["title"]))
	}
	r.bibjson(o, b)
	return r.a, r.warnings, nil
}

// isJournal tells a journal or an application for one by what only they have; an article names its journal in an object.
func isJournal(b object) bool {
	if b["journal"] != nil || b["author"] != nil || b["abstract"] != nil {
		return false
	}
	for _, name := range [...]string{"apc", "apc_url", "author_pays", "editorial", "editorial_review", "oa_start", "pid_scheme", "plagiarism", "preservation", "publication_time", "publisher", "ref", "eissn", "pissn"} {
		if b[name] != nil {
			return true
		}
	}
	return false
}

func (r *reader) bibjson(o, b object) {
	a, j := r.a, b.object("journal")
	if b["journal"] != nil && j == nil {
		r.warn("bad-field", "bibjson/journal", "an object was expected")
	}
	languages := r.texts("bibjson/journal/language", append(b.list("language"), j.list("language")...))
	if len(languages) == 1 {
		a.Lang = jats.ParseLang(languages[0])
	}
	if a.Lang == "" {
		for _, l := range languages { // of the journal: which is the article's is not said
			r.meta("language", l)
		}
	}
	r.id("doaj", r.text("id", o["id"]))
	r.id("publisher-id", r.text("admin/publisher_record_id", o.object("admin")["publisher_record_id"]))
	for _, x := range r.objects("bibjson/identifier", b.list("identifier")) {
		switch kind, id := strings.ToLower(r.text("bibjson/identifier", x["type"])), r.text("bibjson/identifier", x["id"]); kind {
		case "pissn", "issn":
			r.issn("print", id)
		case "eissn":
			r.issn("electronic", id)
		default:
			r.id(kind, id)
		}
	}
	typed := map[string]bool{}
	for _, i := range a.Journal.ISSNs {
		typed[strings.ReplaceAll(i.Value, "-", "")] = true
	}
	for _, s := range r.texts("bibjson/journal/issns", j.list("issns")) {
		if !typed[strings.ReplaceAll(s, "-", "")] {
			r.issn("", s)
		}
	}
	a.Title.Text = r.rich("bibjson/title", r.text("bibjson/title", b["title"]), jats.InlineMarkup)
	a.Journal.Title.Text = r.rich("bibjson/journal/title", r.text("bibjson/journal/title", j["title"]), jats.InlineMarkup)
	if s := r.text("bibjson/journal/publisher", j["publisher"]); s != "" {
		a.Journal.Publishers = []jats.Text{{Text: jats.Escape(s)}}
	}
	a.Journal.PubLoc = jats.Escape(r.text("bibjson/journal/country", j["country"]))
	for _, x := range r.objects("bibjson/journal/license", j.list("license")) {
		kind, url := r.text("bibjson/journal/license", x["type"]), r.text("bibjson/journal/license", x["url"])
		r.meta("journal-license", strings.TrimSpace(kind+" "+url))
	}
	a.Volume, a.Issue = r.text("bibjson/journal/volume", j["volume"]), r.text("bibjson/journal/number", j["number"])
	a.FPage, a.LPage = r.text("bibjson/start_page", b["start_page"]), r.text("bibjson/end_page", b["end_page"])
	r.published(r.text("bibjson/year", b["year"]), r.text("bibjson/month", b["month"]))
	for _, x := range r.objects("bibjson/author", b.list("author")) {
		r.author(r.text("bibjson/author/name", x["name"]), r.texts("bibjson/author/affiliation", x.list("affiliation")),
			r.text("bibjson/author/orcid_id", x["orcid_id"]), r.text("bibjson/author/email", x["email"]))
	}
	r.abstract(r.text("bibjson/abstract", b["abstract"]), "")
	r.keywords(r.texts("bibjson/keywords", b.list("keywords")), "")
	for _, x := range r.objects("bibjson/link", b.list("link")) {
		r.link(r.text("bibjson/link/url", x["url"]), r.text("bibjson/link/content_type", x["content_type"]))
	}
	r.subjects(r.objects("bibjson/subject", b.list("subject")))
}

func (r *reader) meta(name, value string) {
	if value != "" {
		r.a.CustomMeta = append(r.a.CustomMeta, jats.CustomMeta{Name: jats.Rich(name), Value: jats.Escape(value)})
	}
}

// published reads a year, and a month that is a number or a name.
func (r *reader) published(year, month string) {
	if year == "" {
		return
	}
	d := jats.ParseDate(year)
	if m := jats.ParseMonth(month); m > 0 && len(d.Date) == 4 {
		d.Date = fmt.Sprintf("%s-%02d", d.Date, m)
	} else if month != "" && m == 0 && len(d.Date) == 4 {
		d.Season = month
	}
	d.Type = "pub"
	r.a.PubDates = append(r.a.PubDates, d)
}

// subjects groups subjects by their scheme. Those of the Library of Congress, which DOAJ gives, are in English.
func (r *reader) subjects(list []object) {
	groups := map[string]int{}
	for _, x := range list {
		scheme := r.text("bibjson/subject/scheme", x["scheme"])
		s := jats.Subject{Text: jats.Escape(r.text("bibjson/subject/term", x["term"])), Code: r.text("bibjson/subject/code", x["code"])}
		if s.Text == "" && s.Code == "" {
			continue
		}
		i, ok := groups[scheme]
		if !ok {
			g := jats.SubjGroup{Type: strings.ToLower(scheme), Vocab: scheme}
			if scheme == "LCC" {
				g.Lang = r.lang("en")
			}
			i = len(r.a.SubjGroups)
			groups[scheme] = i
			r.a.SubjGroups = append(r.a.SubjGroups, g)
		}
		r.a.SubjGroups[i].Subjects = append(r.a.SubjGroups[i].Subjects, s)
	}
}
