// Package csl reads CSL-JSON, the data of the Citation Style Language, as Zotero, Mendeley, Pandoc and others write it. A record is one item; whoever calls takes
// arrays apart.
//
//	type, genre                         articleType; genre is customMeta "publication-type"; a periodical is refused: it is no article
//	title, title-short, shortTitle      title, with its HTML-like markup; altTitles (short)
//	translated-title                    transTitles; original-title: customMeta
//	author editor translator chair ...  contribs by role. non-dropping-particle goes to the surname, dropping-particle to the given names, as CSL sorts them; literal is a group;
//	                                    static-ordering: eastern order. ORCID and affiliation, which are not of the schema, are read
//	container-title, -short,            journal.title, abbrevTitles
//	journalAbbreviation
//	collection-title, collection-editor volumeSeries, contribs (series-editor); collection-number: customMeta
//	event, event-title, event-place,    conferences
//	event-date
//	publisher, publisher-place          journal.publishers, publisherLoc
//	issued, available-date, submitted   pubDates (available-date: electronic), history (received)
//	volume issue page page-first        volume, issue, fpage, lpage, elocationId; supplement, supplement-number: supplement; part, part-number: issuePart
//	number-of-pages                     counts
//	DOI PMID PMCID ISSN ISBN URL        ids, ISSNs, ISBNs, links
//	number                              ids of reports, patents and standards, else customMeta
//	abstract, keyword, categories       abstract; kwdGroups; subjGroups
//	language, status, version           lang, status, version
//	note                                notes, but for lines "PMID: 1" and the like, which are ids
//	reviewed-title                      products
//	section                             subjGroups (heading) of articles, else customMeta
//	custom, and any other variable      customMeta by its name
//
// Left out, because they tell of a library's copy or of a citation: id, citation-key, citation-label, citation-number, first-reference-note-number, locator, year-suffix,
// call-number, source, accessed, annote.
//
// Source: CSL 1.0.2, appendices III and IV; csl-data.json of 1.0.2.
package csl

import (
	"bytes"
	"encoding/json"
	"strings"
)

// types are the item types and the article types that they are.
//
// Source: CSL 1.0.2, appendix III.
var types = func() map[string]string {
	m := map[string]string{}
	for _, line := range []string{
		"research-article=article-journal", "article=article article-magazine", "news=article-newspaper", "book=book classic collection", "book-chapter=chapter entry entry-dictionary entry-encyclopedia",
		"conference-paper=paper-conference", "dissertation=thesis", "report=report", "dataset=dataset", "software=software", "patent=patent", "standard=standard", "oration=speech", "interview=interview",
		"letter=personal_communication", "book-review=review-book", "product-review=review",
		"other=bill broadcast document event figure graphic hearing legal_case legislation manuscript map motion_picture musical_score pamphlet performance post post-weblog regulation song treaty webpage",
		"periodical=periodical",
	} {
		t, names, _ := strings.Cut(line, "=")
		for _, n := range strings.Fields(names) {
			m[n] = t
		}
	}
	return m
}()

// foreign are names that CSL has not: of Sheaf's own form, Crossref's works, DOAJ, DataCite, Zotero's own and JSON-LD.
var foreign = map[string]bool{
	"articleType": true, "contribs": true, "pubDates": true, "journal": true, "indexed": true, "deposited": true, "member": true, "prefix": true, "score": true, "reference-count": true, "references-count": true,
	"is-referenced-by-count": true, "content-domain": true, "bibjson": true, "itemType": true, "message": true, "@context": true, "@type": true, "attributes": true, "creators": true,
}

// Recognise tells an item, or a list of items, by a type of CSL and other variables in the form that CSL has them. head may end anywhere.
func Recognise(head []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(head))
	t, err := dec.Token()
	if t == json.Delim('[') && err == nil {
		t, err = dec.Token()
	}
	if err != nil || t != json.Delim('{') {
		return false
	}
	var typed, marked bool
	for {
		key, err := dec.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			break
		}
		value, err := dec.Token()
		if err != nil {
			break
		}
		text, isText := value.(string)
		open, isOpen := value.(json.Delim)
		switch {
		case foreign[name]:
			return false
		case name == "type":
			if typed = isText && types[text] != ""; !typed {
				return false
			}
			marked = marked || strings.ContainsAny(text, "-_")
		case name == "title", name == "container-title", name == "DOI", name == "publisher":
			if isOpen {
				return false
			}
			marked = marked || name == "container-title"
		case name == "issued":
			marked = marked || isText || open == '{'
		case name == "author", name == "editor":
			marked = marked || open == '['
		case name == "id", name == "citation-key", name == "publisher-place", name == "title-short", name == "collection-title", name == "event-place", name == "URL":
			marked = true
		}
		if isOpen && skip(dec) != nil {
			break
		}
	}
	return typed && marked
}

// skip reads to the end of what was opened last.
func skip(dec *json.Decoder) error {
	for depth := 1; depth > 0; {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}
