// Package bibtex reads BibTeX and biblatex files.
//
//	file ──> [Cut]: one entry after another, with its strings resolved and what its crossref and xdata give it ──> [Read]: fields, TeX to Unicode ──> jats.Article
//
// A parser of our own does it, because none of the Go ones fits: github.com/nickng/bibtex parses whole files by a grammar that passes over entries whose keys are
// not plain ASCII, gives up at the first fault and knows no crossref; the others are unfinished. The grammar is that of bibtex.web, read leniently: a
// broken entry is told of with its line and the next one is read, since a line that begins with "@word{" begins an entry whatever was left open before it.
//
// What an entry says, by field of BibTeX, biblatex and of JabRef, Zotero, Mendeley and Web of Science:
//
//	entry type                    articleType; type, entrysubtype, pubtype override it and are customMeta "publication-type". Periodicals are refused: they are no article
//	title subtitle titleaddon     title with subtitles; customMeta "title addition"; shorttitle: altTitles (short)
//	author editor translator ...  contribs; by BibTeX's own rules "von Last, Jr, First" and "First von Last" are parts, {In braces} is a group, "and others" is left out;
//	                              editora-editorc by editortype; annotator, commentator, introduction, foreword, afterword, bookauthor, holder, investigator, advisor
//	affiliation author-email      affs, of the only author or of none in particular; e-mail address of the only author, else customMeta
//	journal journaltitle          journal.title (with journalsubtitle); shortjournal, journal-iso, journal-abbreviation: abbrevTitles
//	booktitle maintitle           journal.title, where there is no journal: the book or the proceedings; with booksubtitle
//	eventtitle venue eventdate    conferences (with location, where address is the publisher's, and organization)
//	publisher address location    journal.publishers, publisherLoc; publocation
//	school institution            customMeta "institution": who grants a degree or issues a report is not thereby its publisher; organization
//	year month day date season    pubDates; of a span its beginning; eventdate apart; origdate: customMeta "original date"; pubstate: status
//	volume number issue series    volume; issue of articles, else the number of the report, the patent or in the series; volumeSeries
//	pages eid articleno           fpage, lpage, elocationId; pagetotal, numpages: counts
//	doi url eprint pmid pii ...   ids (with archiveprefix, eprinttype), links; howpublished where it is an address; isbn, issn, eissn
//	abstract keywords             abstract, kwdGroups; keywords-plus, mesh: groups of their own; eprintclass, primaryclass: subjGroups (arxiv)
//	language langid               lang
//	copyright rights license      permissions
//	note addendum                 notes; cited-references: refs; number-of-cited-references: counts; times-cited: metrics
//
// Any other field is customMeta by its name. Left out are the fields in [housekeeping]: the state of somebody's library, of sorting and of cross-references, access dates,
// and links to files on somebody's own disk.
//
// Source: B. Beeton and others, bibtex.web 0.99d; biblatex manual 3.20, §2 and appendix B.
package bibtex

import (
	"bytes"
	"strings"
)

// notEntries are the commands and the types that make no record.
var notEntries = map[string]bool{"comment": true, "string": true, "preamble": true, "xdata": true, "set": true, "control": true, "ieeetranbstctl": true, "bstctl": true, "options": true}

// Recognise tells BibTeX by an entry, a string or a comment at the beginning of a line near the beginning of the file.
func Recognise(head []byte) bool {
	for n, line := range bytes.FieldsFunc(head, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = bytes.TrimLeft(line, " \t")
		switch {
		case n == 0 && len(line) > 0 && (line[0] == '{' || line[0] == '[' || line[0] == '<'):
			return false
		case len(line) > 0 && line[0] == '@':
			name, rest := entryStart(string(line[:min(len(line), 300)]))
			if name == "" {
				return false
			}
			if name == "comment" || name == "preamble" || name == "string" {
				return true
			}
			key, _, comma := strings.Cut(rest, ",")
			return comma || strings.TrimSpace(key) == "" || !strings.ContainsAny(strings.TrimSpace(key), " <>")
		case n > 400:
			return false
		}
	}
	return isOnlyComment(head)
}

// isOnlyComment tells the empty file that JabRef saves.
func isOnlyComment(head []byte) bool {
	line := bytes.TrimSpace(head)
	return bytes.HasPrefix(line, []byte("% Encoding:")) && bytes.IndexByte(line, '\n') < 0
}

// entryStart takes "@name {rest" apart, the name in small letters; "" if s does not begin so.
func entryStart(s string) (name, rest string) {
	s = strings.TrimLeft(strings.TrimPrefix(s, "@"), " \t")
	i := 0
	for i < len(s) && isNameByte(s[i]) {
		i++
	}
	name = strings.ToLower(s[:i])
	s = strings.TrimLeft(s[i:], " \t")
	if name == "" || name[0] < 'a' || s == "" || s[0] != '{' && s[0] != '(' {
		return "", ""
	}
	return name, s[1:]
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == ':' || c == '.' || c == '+' || c == '/' || c == '*' || c >= 0x80
}
