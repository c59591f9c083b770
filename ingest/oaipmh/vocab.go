package oaipmh

import (
	"strings"

	"sheaf/jats"
)

// A typeTerm is the article-type of JATS that is nearest to a word, and how much the word tells: a particular one goes before a general one.
type typeTerm struct {
	jats string
	rank int
}

// typeTerms are the words for kinds of publication in info:eu-repo, COAR, DCMI, DRIVER, DSpace, EPrints, OJS, MARC and MODS, in lower case and with blanks
// for all punctuation.
//
// Source: info:eu-repo/semantics; COAR Resource Types 3.1; OpenAIRE guidelines 3.0 and 4.0; MARC genre terms.
var typeTerms = func() map[string]typeTerm {
	m := map[string]typeTerm{}
	for _, row := range []struct {
		jats  string
		rank  int
		words string
	}{
		{"research-article", 3, "research article|original article|original research|original paper|peer reviewed article|c_2df8fbb1|исследовательская статья|научная статья|оригинальная статья"},
		{"research-article", 2, "article|journal article|journalarticle|c_6501|journal paper|contribution to journal|статья|journal:article|article journal|text serial journal|期刊论文|doctype article|doc type article|publication article|artículo|artigo|aufsatz|zeitschriftenartikel"},
		{"review-article", 3, "review article|review|c_dcae04bc|c_efa0|survey|literature review|обзор|обзорная статья|综述"},
		{"systematic-review", 4, "systematic review"},
		{"book-review", 3, "book review|bookreview|c_ba08|рецензия|书评"},
		{"editorial", 3, "editorial|c_b239|редакционная статья|от редакции"},
		{"letter", 3, "letter|letter to the editor|letter to editor|c_545b|c_0857|письмо|письмо в редакцию"},
		{"correction", 3, "correction|corrigendum|erratum|c_7acd|исправление"},
		{"retraction", 3, "retraction|retraction notice"},
		{"case-report", 3, "case report|case study"},
		{"data-paper", 3, "data paper|datapaper|data article|c_beb9"},
		{"software-paper", 3, "software paper|c_7bab"},
		{"abstract", 3, "abstract|conference abstract|meeting abstract"},
		{"conference-paper", 3, "conference paper|conferencepaper|conferenceobject|conference object|conference item|conference or workshop item|conference proceeding|conference proceedings|conference contribution|" +
			"c_5794|c_c94f|proceedings paper|proceeding paper|proceedings article|inproceedings|conferencecontribution|материалы конференции|会议论文|conference publication|c_f744|c_18cp|c_18co|c_6670|conference poster|poster"},
		{"book-chapter", 3, "book chapter|bookpart|book part|bookchapter|book section|booksection|c_3248|chapter|book item|part of book|глава"},
		{"dissertation", 3, "dissertation|thesis|doctoral thesis|doctoralthesis|phd thesis|ph d thesis|master thesis|masterthesis|master s thesis|bachelor thesis|bachelorthesis|c_46ec|c_db06|c_bdcc|c_7a1f|" +
			"theses|dissertations|диссертация|学位论文|electronic thesis or dissertation|etd|doctoral dissertation|thesis doctoral"},
		{"report", 3, "report|technical report|research report|reportpart|c_93fc|c_18gh|c_18ws|c_18op|internalreport|external research report|отчёт|отчет"},
		{"working-paper", 3, "working paper|workingpaper|discussion paper|c_8042"},
		{"preprint", 3, "preprint|preprints|c_816b|препринт|publication preprint"},
		{"technical-note", 3, "technical note|technicalnote"},
		{"reviewer-report", 3, "peer review|h9bq-739p"},
		{"clinical-trial", 3, "clinical trial|c_cb28"},
		{"protocol", 3, "protocol|research protocol|study protocol|yz1n-zft9"},
		{"oration", 2, "lecture|c_8544"},
		{"news", 3, "news|news item|newspaper article|c_998f"},
		{"interview", 3, "interview|c_26e4"},
		{"obituary", 3, "obituary"},
		{"announcement", 3, "announcement"},
		{"introduction", 3, "introduction|preface"},
		{"article-commentary", 3, "commentary|comment|annotation|d97f-vb57"},
		{"other", 1, "other|book|monograph|dataset|data set|software|image|video|sound|moving image|movingimage|still image|stillimage|patent|c_1843|c_2f33|c_ddb1|c_5ce6|c_15cd|c_18cf|c_ecc8|c_12ce|c_12cc|c_8a7e|" +
			"interactive resource|interactiveresource|interactive simulation|instructional material|learning object|c_e059|c_0640|c_3e5a|c_2659|c_71bd|c_baaf|c_0040|c_e9a0|c_18cc|c_c513|c_18cw|c_393c|qh80-2r4e|contribution to periodical|contributiontoperiodical|" +
			"collection|event|service|physical object|physicalobject|presentation|journal|periodical|map|cartographic|notated music|mixed material|three dimensional object|software multimedia|studentthesis"},
	} {
		for w := range strings.SplitSeq(row.words, "|") {
			m[w] = typeTerm{row.jats, row.rank}
		}
	}
	return m
}()

// versionTerms are stages of publication by their names in info:eu-repo and in the COAR vocabulary of versions.
var versionTerms = map[string]string{
	"draft": "AO", "submittedversion": "SMUR", "acceptedversion": "AM", "publishedversion": "VoR", "updatedversion": "updatedVersion", "preprintversion": "SMUR",
	"c_b1a7d7d4d402bcce": "AO", "c_71e4c1898caa6e32": "SMUR", "c_ab4af688f83e57aa": "AM", "c_fa2ee174bc00049f": "P", "c_970fb48d4fbd8a85": "VoR", "c_e19f295774971610": "CVoR", "c_dc82b40f9837b551": "EVoR",
}

// typ takes in a type of the publication. Of several the most particular becomes the article type; words that no value of JATS says, or not all of, are kept.
func (r *reader) typ(s string) {
	s = blanks(s)
	if s == "" {
		return
	}
	word, controlled := s, false
	if rest, ok := strings.CutPrefix(s, "info:eu-repo/semantics/"); ok {
		word, controlled = rest, true
	} else if isURL(s) {
		word, controlled = lastPart(s), true
	}
	key := strings.ToLower(word)
	if v := versionTerms[key]; v != "" {
		if r.a.Version == nil {
			r.a.Version = &jats.Version{Type: v}
		}
		return
	}
	if access := accessOf(s); access != "" && controlled {
		r.rights("", s, "")
		return
	}
	t, known := typeTerms[key]
	if !known {
		key = strings.Join(strings.FieldsFunc(key, func(c rune) bool { return strings.ContainsRune(" -_/.,:'’()", c) }), " ")
		t, known = typeTerms[key]
	}
	if known && t.rank > r.typed {
		r.a.ArticleType, r.typed = t.jats, t.rank
	}
	switch {
	case key == "text" || key == "info:eu repo" || controlled && known:
	case known && sameWords(key, t.jats):
	default:
		if r.once("type", s) {
			r.types = append(r.types, s)
		}
	}
}

// sameWords tells whether an article-type says all words of key.
func sameWords(key, articleType string) bool {
	for w := range strings.FieldsSeq(key) {
		if !strings.Contains(articleType, w) {
			return false
		}
	}
	return true
}

// accessTerms are the access rights by their names in info:eu-repo, COAR and in words.
//
// Source: COAR Access Rights 1.0; OpenAIRE guidelines 3.0, access level.
var accessTerms = map[string]string{
	"openaccess": "open", "embargoedaccess": "embargoed", "restrictedaccess": "restricted", "closedaccess": "closed",
	"open access": "open", "embargoed access": "embargoed", "restricted access": "restricted", "closed access": "closed", "metadata only access": "closed",
	"c_abf2": "open", "c_f1cf": "embargoed", "c_16ec": "restricted", "c_14cb": "closed", "открытый доступ": "open", "unrestricted online access": "open",
}

// accessOf is the value of Permissions.Access that s says and nothing else; "" if it says none.
func accessOf(s string) string {
	s = strings.ToLower(strings.TrimRight(strings.TrimSpace(s), "/"))
	s = strings.TrimPrefix(s, "info:eu-repo/semantics/")
	if i := strings.LastIndexByte(s, '/'); i >= 0 && strings.Contains(s, "coar/access_right") {
		s = s[i+1:]
	}
	return accessTerms[s]
}

// relators are the codes and terms of roles that JATS has a contrib-type for.
//
// Source: MARC Code List for Relators; DataCite contributorType.
var relators = map[string]string{
	"aut": "author", "author": "author", "creator": "author", "cre": "author", "edt": "editor", "editor": "editor", "ed": "editor", "eds": "editor", "trl": "translator", "translator": "translator",
	"rev": "reviewer", "reviewer": "reviewer", "ths": "advisor", "advisor": "advisor", "adviser": "advisor", "thesis advisor": "advisor", "degree supervisor": "advisor", "supervisor": "advisor", "dgs": "advisor",
	"ill": "illustrator", "illustrator": "illustrator", "com": "compiler", "compiler": "compiler", "aui": "author of introduction", "dgg": "degree-granting institution",
	"degree granting institution": "degree-granting institution", "fnd": "funder", "funder": "funder", "spn": "sponsor", "sponsor": "sponsor", "ctb": "contributor", "contributor": "contributor",
	"редактор": "editor", "переводчик": "translator", "рецензент": "reviewer", "hrsg": "editor", "научный руководитель": "advisor",
}

// relatorOf is the contrib-type of a role, and what of it that does not say.
func relatorOf(role string) string {
	role = strings.ToLower(strings.Trim(blanks(role), ".,;:() "))
	if i := strings.LastIndexByte(role, '/'); i >= 0 { // an address
		role = role[i+1:]
	}
	return relators[role]
}
