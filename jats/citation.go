package jats

// ParseCitation keeps a printed reference whole.
func ParseCitation(printed string) Citation { return Citation{Text: Escape(printed)} }
