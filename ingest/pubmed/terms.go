package pubmed

import (
	"strings"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// articleTypes give the kind of article by PubMed's publication types, of which a citation has several: the first of these that it has. A type that is not
// among them tells nothing of the kind ("English Abstract").
//
// Source: NLM, publication characteristics (publication types) of MeSH.
var articleTypes = []struct{ pubType, articleType string }{
	{"retraction of publication", "retraction"},
	{"retraction notice", "retraction"},
	{"partial retraction", "partial-retraction"},
	{"expression of concern", "expression-of-concern"},
	{"published erratum", "correction"},
	{"preprint", "preprint"},
	{"editorial", "editorial"},
	{"systematic review", "systematic-review"},
	{"letter", "letter"},
	{"comment", "article-commentary"},
	{"book review", "book-review"},
	{"obituary", "obituary"},
	{"news", "news"},
	{"newspaper article", "news"},
	{"interview", "interview"},
	{"lecture", "oration"},
	{"address", "oration"},
	{"introductory journal article", "introduction"},
	{"meeting abstract", "abstract"},
	{"congress", "meeting-report"},
	{"consensus development conference", "meeting-report"},
	{"clinical conference", "meeting-report"},
	{"clinical trial protocol", "protocol"},
	{"case reports", "case-report"},
	{"dataset", "data-paper"},
	{"review", "review-article"},
	{"scientific integrity review", "review-article"},
	{"technical report", "report"},
	{"academic dissertation", "dissertation"},
	{"clinical trial", "research-article"},
	{"randomized controlled trial", "research-article"},
	{"journal article", "research-article"},
}

// types reads the publication types; all of them are kept.
func (r *reader) types(list []*etree.Element) {
	g := jats.SubjGroup{Type: "article-type", Lang: r.english(), Vocab: "MeSH", VocabID: meshURI}
	have := map[string]bool{}
	coded := false
	for _, e := range list {
		s := text(e)
		if s == "" {
			continue
		}
		have[strings.ToLower(s)] = true
		g.Subjects = append(g.Subjects, jats.Subject{Text: jats.Escape(s), Code: attr(e, "UI")})
		coded = coded || attr(e, "UI") != ""
	}
	if len(g.Subjects) == 0 {
		return
	}
	if !coded { // a publisher's own words
		g.Vocab, g.VocabID = "", ""
	}
	r.a.SubjGroups = append(r.a.SubjGroups, g)
	r.a.ArticleType = "other"
	for _, t := range articleTypes {
		if have[t.pubType] {
			r.a.ArticleType = t.articleType
			return
		}
	}
}

const meshURI = "http://id.nlm.nih.gov/mesh/"

// group adds keywords of one kind, if there are any.
func (r *reader) group(kind, vocab string, kwds []jats.Kwd) {
	if len(kwds) == 0 {
		return
	}
	g := jats.KwdGroup{Type: kind, Vocab: vocab, Kwds: kwds}
	if vocab != "" {
		g.Lang = r.english()
	}
	if vocab == "MeSH" {
		g.VocabID = meshURI
	}
	r.a.KwdGroups = append(r.a.KwdGroups, g)
}

func (r *reader) keywords(list *etree.Element) {
	var kwds []jats.Kwd
	for _, e := range children(list, "Keyword") {
		if t := r.rich(e, jats.InlineMarkup); t != "" {
			kwds = append(kwds, jats.Kwd{Text: t})
		}
	}
	kind := lower(attr(list, "Owner"))
	switch kind {
	case "notnlm":
		kind = "author"
	case "":
		kind = "nlm" // the DTD's default
	}
	r.group(kind, "", kwds)
}

// headings reads the lists of terms that PubMed gives an article.
func (r *reader) headings(c *etree.Element) {
	var mesh, major, chemicals, registry []jats.Kwd
	add := func(text, code string, e *etree.Element) {
		if k := (jats.Kwd{Text: jats.Escape(text), Code: code}); attr(e, "MajorTopicYN") == "Y" {
			major = append(major, k)
		} else {
			mesh = append(mesh, k)
		}
	}
	for _, h := range children(child(c, "MeshHeadingList"), "MeshHeading") {
		d := child(h, "DescriptorName")
		term, ui := text(d), attr(d, "UI")
		if term == "" {
			continue
		}
		pairs := children(h, "QualifierName")
		if len(pairs) == 0 || attr(d, "MajorTopicYN") == "Y" {
			add(term, ui, d)
		}
		for _, q := range pairs {
			add(term+"/"+text(q), ui+attr(q, "UI"), q)
		}
	}
	r.group("mesh-major", "MeSH", major)
	r.group("mesh", "MeSH", mesh)
	r.group("mesh-supplementary", "MeSH", terms(child(c, "SupplMeshList"), "SupplMeshName"))
	for _, e := range children(child(c, "ChemicalList"), "Chemical") {
		n := child(e, "NameOfSubstance")
		if text(n) == "" {
			continue
		}
		chemicals = append(chemicals, jats.Kwd{Text: jats.Escape(text(n)), Code: attr(n, "UI")})
		if number := textAt(e, "RegistryNumber"); number != "" && number != "0" { // 0: it has none
			registry = append(registry, jats.Kwd{Text: jats.Escape(text(n)), Code: number})
		}
	}
	r.group("chemical", "MeSH", chemicals)
	r.group("registry-number", "UNII, CAS, EC", registry)
	r.group("gene-symbol", "", terms(child(c, "GeneSymbolList"), "GeneSymbol"))
	var persons []jats.Kwd
	for _, e := range children(child(c, "PersonalNameSubjectList"), "PersonalNameSubject") {
		n := name(e)
		s := n.Surname
		for _, part := range [...]string{n.GivenNames, n.Suffix} {
			if part != "" {
				s += ", " + part
			}
		}
		if s != "" {
			persons = append(persons, jats.Kwd{Text: jats.Escape(s)})
		}
	}
	r.group("personal-name-subject", "", persons)
	r.group("space-flight-mission", "", terms(c, "SpaceFlightMission"))
}

// terms are the children of a name with their UI.
func terms(e *etree.Element, name string) []jats.Kwd {
	var out []jats.Kwd
	for _, k := range children(e, name) {
		if s := text(k); s != "" {
			out = append(out, jats.Kwd{Text: jats.Escape(s), Code: attr(k, "UI")})
		}
	}
	return out
}
