package pubmed

import (
	"regexp"
	"strings"
	"unicode"

	"sheaf/crosswalk/flat"
	"sheaf/jats"
)

// reviews are kinds of work that PubMed does not take.
//
// Source: NLM, Standard Publisher Data Format, Article.
var reviews = map[string]bool{"book-review": true, "books-received": true, "product-review": true, "announcement": true, "advertisement": true, "calendar": true}

// publicationTypes are the kinds of work that PubMed has a word for, by article/@article-type. "Journal Article" is what NLM gives where none is.
//
// Source: NLM, PubMed Help, PublicationType.
var publicationTypes = map[string]string{
	"research-article": "Journal Article", "article": "Journal Article", "data-paper": "Journal Article", "brief-report": "Journal Article",
	"rapid-communication": "Journal Article", "short-communication": "Journal Article", "methods-article": "Journal Article", "software-paper": "Journal Article",
	"review-article": "Review", "review": "Review", "systematic-review": "Systematic Review", "case-report": "Case Reports", "clinical-trial": "Clinical Trial",
	"letter": "Letter", "editorial": "Editorial", "news": "News", "interview": "Interview", "article-commentary": "Comment", "commentary": "Comment",
	"correction": "Published Erratum", "retraction": "Retraction Notice", "partial-retraction": "Retraction Notice", "expression-of-concern": "Expression of Concern",
}

// authors writes the authors in order, then the members of the groups among them.
func (w *writer) authors() {
	affs := make(map[string]*jats.Aff, len(w.r.Article.Affs))
	for i := range w.r.Article.Affs {
		affs[w.r.Article.Affs[i].ID] = &w.r.Article.Affs[i]
	}
	w.Open("AuthorList")
	for i := range w.r.Article.Contribs {
		c := &w.r.Article.Contribs[i]
		if !isAuthor(c) {
			continue
		}
		w.person("Author", c, affs)
		if g := english(c.Collab); g != "" {
			w.Open("Author")
			if w.must("CollectiveName", g) && len(c.Names) == 0 {
				w.affiliations(c, affs)
			}
			w.Close()
		}
	}
	w.Close()
	w.Open("GroupList")
	for i := range w.r.Article.Contribs {
		c := &w.r.Article.Contribs[i]
		if !isAuthor(c) || english(c.Collab) == "" {
			continue
		}
		w.Open("Group")
		start := len(w.B)
		if w.must("GroupName", english(c.Collab)) {
			alone := len(w.B)
			for k := range c.Members {
				w.person("IndividualName", &c.Members[k], affs)
			}
			if len(w.B) == alone {
				w.B = w.B[:start]
			}
		}
		w.Close()
	}
	w.Close()
}

func isAuthor(c *jats.Contrib) bool {
	return c.Type == "" || strings.EqualFold(c.Type, "author")
}

// person writes a person, unless there is no name.
func (w *writer) person(element string, c *jats.Contrib, affs map[string]*jats.Aff) {
	n := latin(c.Names)
	if n == nil {
		return
	}
	first, last := n.GivenNames, n.Surname
	switch {
	case strings.TrimSpace(last) != "":
	case strings.TrimSpace(first) != "":
		first, last = "", first
	default:
		first, last = "", n.Full
	}
	start := len(w.B)
	w.Open(element)
	if !w.must("FirstName", first) {
		w.Empty("FirstName", "EmptyYN", "Y")
	}
	named := w.must("LastName", last)
	w.Text("Suffix", n.Suffix)
	w.affiliations(c, affs)
	if element == "Author" {
		for _, id := range c.IDs {
			if strings.EqualFold(id.Type, "orcid") {
				w.Text("Identifier", id.Value, "Source", "ORCID")
				break
			}
		}
	}
	w.Close()
	if !named {
		w.B = w.B[:start]
	}
}

// affiliations writes the affiliations of c, in English where they have such a form.
func (w *writer) affiliations(c *jats.Contrib, affs map[string]*jats.Aff) {
	for _, id := range c.Affs {
		f := affs[id]
		if f == nil || len(f.Forms) == 0 {
			continue
		}
		form, best := &f.Forms[0], -1
		ror := ""
		for i := range f.Forms {
			x := &f.Forms[i]
			if n := romanised(x.Lang, printed(x)); n > best {
				form, best = x, n
			}
			for _, inst := range x.Institutions {
				for _, id := range inst.IDs {
					if strings.EqualFold(id.Type, "ror") {
						if ror != "" && ror != id.Value {
							ror = "-" // of several institutions none stands for the whole
						} else {
							ror = id.Value
						}
					}
				}
			}
		}
		w.Open("AffiliationInfo")
		if w.must("Affiliation", printed(form)) && ror != "-" {
			w.Text("Identifier", ror, "Source", "ROR")
		}
		w.Close()
	}
}

// printed is an affiliation as printed, without the addresses of e-mail and the identifiers that the source marks in it.
func printed(f *jats.AffForm) string {
	x := *f
	if strings.Contains(string(x.Text), "<email") || strings.Contains(string(x.Text), "<institution-id") {
		x.Text = jats.Rich(marks.ReplaceAllString(string(x.Text), ""))
	}
	return x.Plain()
}

var marks = regexp.MustCompile(`[\s,;]*<(?:email|institution-id)(?:\s[^<>]*)?>[^<]*</(?:email|institution-id)>`)

// romanised tells how well a form of a name serves English readers: 3, it is English; 2, it is transliterated; 1, it is in Latin script; 0.
func romanised(lang, text string) int {
	isLatin := false
	for _, r := range text {
		if unicode.IsLetter(r) {
			isLatin = unicode.Is(unicode.Latin, r)
			break
		}
	}
	switch {
	case !isLatin:
		return 0
	case lang != "" && flat.SameScript(lang, "en"):
		return 3
	case strings.HasSuffix(lang, "-Latn"):
		return 2
	}
	return 1
}

// latin is the form of a name that is in Latin script, else the one as printed; nil if there is none.
func latin(names []jats.Name) (best *jats.Name) {
	rank := -1
	for i := range names {
		n := &names[i]
		if x := romanised(n.Lang, n.Surname+n.GivenNames+n.Full); x > rank {
			best, rank = n, x
		}
	}
	return best
}

// english is the form of a text that is in English or in Latin script, else the first.
func english(texts []jats.Text) string {
	best, rank := "", -1
	for _, t := range texts {
		p := strings.TrimSpace(t.Text.Plain())
		if x := romanised(t.Lang, p); x > rank {
			best, rank = p, x
		}
	}
	return best
}

// abstracts writes the English abstract, then the others and the summaries in plain language. Other kinds PubMed does not index.
func (w *writer) abstracts() {
	main := -1
	for i := range w.r.Article.Abstracts {
		if b := &w.r.Article.Abstracts[i]; main < 0 && b.Type == "" && isEnglish(w.lang(b.Lang)) {
			before := len(w.B)
			w.Open("Abstract")
			w.abstract(b)
			if w.Close(); len(w.B) > before {
				main = i
			}
		}
	}
	for i := range w.r.Article.Abstracts {
		b := &w.r.Article.Abstracts[i]
		code, kind := flat.ISO2B(w.lang(b.Lang)), strings.ToLower(b.Type)
		if i != main && code != "" && (kind == "plain-language-summary" || kind == "" && code != "eng") {
			w.Open("OtherAbstract", "Language", code, "Type", kind)
			w.abstract(b)
			w.Close()
		}
	}
}

func (w *writer) lang(own string) string {
	if own != "" {
		return own
	}
	return w.r.Lang
}

// abstract writes the text of an abstract, and each section with a title as a part with that label.
func (w *writer) abstract(b *jats.Abstract) {
	labels := false
	for i := range b.Secs {
		labels = labels || strings.TrimSpace(b.Secs[i].Title.Plain()) != ""
	}
	text := plain(b.P, nil)
	if !labels {
		w.B = w.appendText(strings.TrimSpace(text + "\n" + plain(nil, b.Secs)))
		return
	}
	w.Text("AbstractText", text)
	for i := range b.Secs {
		s := &b.Secs[i]
		w.Text("AbstractText", plain(s.P, s.Secs), "Label", s.Title.Plain())
	}
}

// appendText appends text into the element that is open.
func (w *writer) appendText(s string) []byte {
	start := len(w.B)
	w.Text("x", s)
	if len(w.B) == start {
		return w.B
	}
	return append(w.B[:start], w.B[start+len("<x>"):len(w.B)-len("</x>")]...)
}

// plain is the text of paragraphs and sections, titles of sections before what is in them.
func plain(ps []jats.Rich, secs []jats.Sec) string {
	var out []string
	for _, p := range ps {
		if t := strings.TrimSpace(p.Plain()); t != "" {
			out = append(out, t)
		}
	}
	for i := range secs {
		title, text := strings.TrimSpace(secs[i].Title.Plain()), plain(secs[i].P, secs[i].Secs)
		switch {
		case title != "" && text != "":
			out = append(out, flat.Join(title, ": ", text))
		case title+text != "":
			out = append(out, title+text)
		}
	}
	return strings.Join(out, "\n")
}

func (w *writer) conflicts() {
	for i := range w.r.Article.Notes {
		n := &w.r.Article.Notes[i]
		if n.Type == "coi-statement" && isEnglish(w.lang(n.Lang)) && w.must("CoiStatement", plain(n.P, nil)) {
			return
		}
	}
}

// notices are the Types of Object that name the article that a notice is about, by related-article-type.
//
// Source: NLM, PubMed Help, "How should I submit citations for errata, retractions, and comments?".
var notices = map[string]string{
	"corrected-article": "Erratum", "retracted-article": "Retraction", "object-of-concern": "Expression of Concern", "commentary-article": "Comment",
	"updated-article": "Update",
}

var trial = regexp.MustCompile(`^(NCT[0-9]{8}|ISRCTN[0-9]{8})$`)

func (w *writer) objects() {
	w.Open("ObjectList")
	all := len(w.B)
	object := func(kind string, params ...string) {
		start := len(w.B)
		w.Open("Object", "Type", kind)
		for i := 0; i < len(params); i += 2 {
			w.Text("Param", params[i+1], "Name", params[i])
		}
		w.Close()
		w.Once(all, start)
	}
	for _, k := range w.r.Keywords {
		if isEnglish(k.Lang) {
			object("keyword", "value", k.Text)
		}
	}
	for i := range w.r.Grants {
		g := &w.r.Grants[i]
		object("grant", "id", g.Award, "grantor", g.Funder)
	}
	for _, x := range w.r.Related {
		id := strings.ToUpper(strings.ReplaceAll(x.ID, " ", ""))
		switch kind := notices[x.Kind]; {
		case x.Object && trial.MatchString(id):
			object(strings.TrimRight(id, "0123456789"), "id", id)
		case kind == "" || x.Object:
		case x.Scheme == "doi":
			object(kind, "type", "doi", "id", x.ID)
		case x.Scheme == "pmid":
			object(kind, "type", "pmid", "id", x.ID)
		}
	}
	w.Close()
}
