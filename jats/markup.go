package jats

// MarkupKind says which elements a piece of rich text may hold.
type MarkupKind int

const (
	InlineMarkup   MarkupKind = iota // a title, a keyword: emphasis, sub- and superscript, links, formulas
	ParaMarkup                       // the inside of a p: InlineMarkup, lists and display formulas
	AffMarkup                        // the inside of an aff: InlineMarkup, institution, country, ...
	CitationMarkup                   // the inside of a citation: InlineMarkup, person-group, source, year, ...
	AnyMarkup                        // all of them; Article.Clean narrows it to what the field may hold
)

// ParseMarkup makes rich text of a fragment of JATS or HTML.
func ParseMarkup(s string, kind MarkupKind) (Rich, []Warning, error) {
	return Escape(Rich(s).Plain()), nil, nil
}
