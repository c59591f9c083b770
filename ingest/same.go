package ingest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sheaf/jats"
)

// facts are what two articles are compared by.
type facts struct {
	year          string
	author        []string // words of the first author's name in ASCII, of which one is the family name
	volume, issue string
	page          string
	doi, pmid     []string
	titles        [][]string // their words
}

func factsOf(a *jats.Article) facts {
	f := facts{year: year(a), volume: number(a.Volume), issue: number(a.Issue), page: lower(a.FPage)}
	for _, c := range a.Contribs {
		if c.Type == "" || c.Type == "author" {
			f.author = authorWords(c)
			break
		}
	}
	for _, id := range a.IDs {
		if d := bareDOI(id); d != "" {
			f.doi = append(f.doi, lower(d))
		}
		if id.Type == "pmid" {
			f.pmid = append(f.pmid, strings.TrimSpace(id.Value))
		}
	}
	for _, t := range append([]jats.Title{a.Title}, a.TransTitles...) {
		if words := titleWords(t); len(words) > 0 {
			f.titles = append(f.titles, words)
		}
	}
	return f
}

// authorWords are the words of which one is the family name, without initials and marks: a source may print it first or last.
func authorWords(c jats.Contrib) (words []string) {
	add := func(s string) {
		for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '.' || r == ',' }) {
			if t, _ := slug(w); len(t) > 1 {
				words = append(words, t)
			}
		}
	}
	for _, n := range c.Names {
		if add(n.Surname); n.Surname == "" {
			add(n.Full)
		}
	}
	for _, t := range c.Collab {
		add(t.Text.Plain())
	}
	return words
}

// number is a volume or issue without the word before it and without leading zeros.
func number(s string) string {
	s = numberWord.ReplaceAllString(strings.Join(strings.Fields(s), " "), "$2")
	if n := strings.TrimLeft(s, "0"); n != "" {
		s = n
	}
	return lower(s)
}

// contradiction tells in what a and b, which share journal, year and title, cannot be the same article; "" when nothing speaks against it. What only
// one of them says is no contradiction.
func contradiction(a, b facts) string {
	differ := func(what, x, y string) string {
		if x != "" && y != "" && x != y {
			return fmt.Sprintf("%s %q here, %q there", what, x, y)
		}
		return ""
	}
	for _, s := range []string{
		share("DOI", a.doi, b.doi), share("PMID", a.pmid, b.pmid), differ("volume", a.volume, b.volume), differ("issue", a.issue, b.issue),
		differ("first page", a.page, b.page), share("first author", a.author, b.author),
	} {
		if s != "" {
			return s
		}
	}
	return ""
}

// share tells that x and y have nothing in common, though both say something; "" when they have.
func share(what string, x, y []string) string {
	if len(x) > 0 && len(y) > 0 && !slices.ContainsFunc(x, func(s string) bool { return slices.Contains(y, s) }) {
		return fmt.Sprintf("%s %q here, %q there", what, x[0], y[0])
	}
	return ""
}

// doubt tells why a and b, which share an identifier, may yet be different articles: their titles have little in common, another fact differs, and none
// that would tell agrees. "" when they may well be one.
func doubt(a, b facts) string {
	if len(a.titles) == 0 || len(b.titles) == 0 {
		return ""
	}
	for _, x := range a.titles {
		for _, y := range b.titles {
			if alike(x, y) {
				return ""
			}
		}
	}
	others := share("first author", a.author, b.author)
	if len(a.author) > 0 && len(b.author) > 0 && others == "" || a.page != "" && a.page == b.page && a.volume == b.volume {
		return ""
	}
	var against []string
	if x, err := strconv.Atoi(a.year); err == nil {
		if y, err := strconv.Atoi(b.year); err == nil && max(x-y, y-x) > 1 {
			against = append(against, fmt.Sprintf("year %s here, %s there", a.year, b.year))
		}
	}
	if others != "" {
		against = append(against, others)
	}
	if a.page != "" && b.page != "" {
		against = append(against, fmt.Sprintf("first page %q here, %q there", a.page, b.page))
	}
	if len(against) == 0 {
		return ""
	}
	return fmt.Sprintf("title %q here, %q there; %s", strings.Join(a.titles[0], " "), strings.Join(b.titles[0], " "), strings.Join(against, "; "))
}

// alike tells whether two titles share a third of their words or more. In different scripts nothing can be told, and they may be alike.
func alike(x, y []string) bool {
	if !sameScript(x[0], y[0]) {
		return true
	}
	shared := 0
	for _, w := range x {
		if slices.Contains(y, w) {
			shared++
		}
	}
	return shared*3 >= min(len(x), len(y))
}

// sameScript tells whether two words are both of ASCII letters or both of others.
func sameScript(x, y string) bool { return (x[0] < 0x80) == (y[0] < 0x80) }
