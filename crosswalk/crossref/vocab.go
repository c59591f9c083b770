package crossref

import (
	"strings"

	"sheaf/crosswalk/flat"
)

// roles are what a contributor may be.
//
// Source: Crossref deposit schema 5.4.0, contributor.atts.
var roles = map[string]string{
	"author": "author", "editor": "editor", "guest-editor": "editor", "volume-editor": "editor", "series-editor": "editor", "chair": "chair",
	"reviewer": "reviewer", "review-assistant": "review-assistant", "stats-reviewer": "stats-reviewer", "reviewer-external": "reviewer-external",
	"reader": "reader", "translator": "translator",
}

// relation is a term of relations.xsd; intra: between forms of one work.
type relation struct {
	name  string
	intra bool
}

// related are the kinds of related articles and objects that have a term: those of JATS, and the terms themselves, which are "is-part-of" in an article.
//
// Source: JATS 1.3, @related-article-type; relations.xsd of Crossref.
var related = func() map[string]relation {
	m := map[string]relation{
		"preprint": {"hasPreprint", true}, "version-of-record": {"isPreprintOf", true}, "translated-article": {"isTranslationOf", true},
		"translation": {"hasTranslation", true}, "commentary-article": {"isCommentOn", false}, "commentary": {"hasComment", false},
		"peer-reviewed-article": {"isReviewOf", false}, "peer-review": {"hasReview", false}, "companion": {"hasRelatedMaterial", false},
		"article-reference": {"references", false},
		"dataset":           {"references", false}, "data": {"references", false}, "software": {"references", false},
		"code": {"references", false}, "supplement": {"isSupplementedBy", false}, "supplementary": {"isSupplementedBy", false},
	}
	add := func(intra bool, names string) {
		for _, n := range strings.Fields(names) {
			var kind strings.Builder
			for _, c := range n {
				if c >= 'A' && c <= 'Z' {
					kind.WriteByte('-')
					c += 'a' - 'A'
				}
				kind.WriteRune(c)
			}
			m[kind.String()] = relation{n, intra}
			m[strings.ToLower(n)] = relation{n, intra}
		}
	}
	add(false, `isDerivedFrom hasDerivation isReviewOf hasReview isCommentOn hasComment isReplyTo hasReply basedOnData isDataBasisFor hasRelatedMaterial
		isRelatedMaterial isCompiledBy compiles isDocumentedBy documents isSupplementTo isSupplementedBy isContinuedBy continues isPartOf hasPart
		references isReferencedBy isBasedOn isBasisFor requires isRequiredBy finances isFinancedBy`)
	add(true, `isTranslationOf hasTranslation isPreprintOf hasPreprint isManuscriptOf hasManuscript isExpressionOf hasExpression isManifestationOf
		hasManifestation isReplacedBy replaces isSameAs isIdenticalTo isVariantFormOf isOriginalFormOf isVersionOf hasVersion isFormatOf hasFormat`)
	return m
}()

// schemes are the identifiers that relations.xsd knows; the others are "other".
var schemes = map[string]bool{
	"doi": true, "issn": true, "isbn": true, "uri": true, "pmid": true, "pmcid": true, "purl": true, "arxiv": true, "ark": true, "handle": true, "uuid": true,
	"ecli": true, "accession": true,
}

// updates are the kinds of updates, and by what a notice is related to the article that it updates.
//
// Source: Crossref deposit schema 5.4.0, cm_update_type; JATS 1.3, @related-article-type.
var updates = map[string]string{
	"addendum": "", "clarification": "", "correction": "", "corrigendum": "", "erratum": "", "expression_of_concern": "", "new_edition": "", "new_version": "",
	"partial_retraction": "", "removal": "", "retraction": "", "withdrawal": "",
	"addended-article": "addendum", "corrected-article": "correction", "retracted-article": "retraction", "object-of-concern": "expression_of_concern",
}

// since is the schema that an archive came with.
type since int

const (
	since531 since = iota + 1
	since540
)

// archives are where content may be preserved.
//
// Source: Crossref deposit schemas 5.3.1 and 5.4.0, archive.
var archives = map[string]since{
	"CLOCKSS": since531, "LOCKSS": since531, "Portico": since531, "KB": since531, "Internet Archive": since531, "DWT": since531,
	"ADS": since540, "BL": since540, "Cariniana Network": since540, "HathiTrust": since540, "LOC": since540, "NAA": since540, "NARA": since540, "NDPP": since540,
	"NSK": since540, "PKP PN": since540, "PSNC": since540, "Scholars Portal": since540, "TNA": since540,
}

// media are kinds of files that both schemas know.
var media = map[string]bool{
	"application/pdf": true, "application/xml": true, "text/xml": true, "text/html": true, "text/plain": true, "application/epub+zip": true, "application/zip": true,
	"application/msword": true, "application/postscript": true, "application/rtf": true, "text/rtf": true,
}

// languages are the codes of two letters in the schema's list. Its codes of three letters are not used: the list is of 2007, and flat's is newer.
//
// Source: Crossref deposit schema 5.4.0, language.atts.
var languages = func() map[string]bool {
	m := map[string]bool{}
	for _, code := range strings.Fields(`aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu
		fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
		lo lt lu lv mg mh mi mk ml mn mr ms mt mu my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so
		sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu`) {
		m[code] = true
	}
	return m
}()

// language is the value of a language attribute; "" when there is none.
func language(tag string) string {
	if code := flat.ISO1(tag); languages[code] {
		return code
	}
	return ""
}
