package ingest

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"sheaf/jats"
	"sheaf/store"
)

// Sets are the sets that an article is in by what it says of itself: its journal (journal:KEY), the issue (journal:KEY:YEAR-ISSUE), its kind
// (type:research-article) and its language (lang:ru), each with the sets above it, so that these have a name too. What the article does
// not say gives no set.
//
// Source: OAI-PMH 2.0 §2.6.
func Sets(a *jats.Article) []store.Set {
	var out []store.Set
	add := func(spec, name string) { out = append(out, store.Set{Spec: spec, Name: name}) }
	if key := journalKey(&a.Journal); key != "" {
		title := journalTitle(&a.Journal)
		if title == "" {
			title = key
		}
		add("journal", "Journals")
		add("journal:"+key, title)
		if spec, name := issue(a); spec != "" {
			add("journal:"+key+":"+spec, title+", "+name)
		}
	}
	if kind, _ := slug(a.ArticleType); kind != "" {
		name := strings.ReplaceAll(strings.TrimSpace(a.ArticleType), "-", " ")
		first := []rune(name)
		first[0] = unicode.ToUpper(first[0])
		add("type", "Article types")
		add("type:"+kind, string(first))
	}
	if base, name := languageOf(a.Lang); base != "" {
		add("lang", "Languages")
		add("lang:"+base, name)
	}
	return out
}

// issue is the last part of an issue's setSpec, and its name without that of the journal. Both leave the volume out where there is an issue.
func issue(a *jats.Article) (spec, name string) {
	y := year(a)
	for _, d := range a.PubDates {
		if d.Type == "collection" && len(d.Date) >= 4 {
			y = d.Date[:4]
		}
	}
	if y == "" {
		return "", ""
	}
	label, number := "No ", a.Issue
	if strings.TrimSpace(number) == "" {
		label, number = "Vol. ", a.Volume
	}
	number = numberWord.ReplaceAllString(strings.Join(strings.Fields(number), " "), "$2")
	s, whole := slug(number)
	switch {
	case number == "":
		return "", ""
	case !whole:
		s = strings.Trim(s+"-"+hash(number, 8), "-")
	case s == "":
		return "", ""
	}
	if n := strings.TrimLeft(s, "0"); n != "" && strings.Trim(n, "0123456789") == "" {
		s, number = n, n // "06" and "6" are one issue
	}
	if label == "Vol. " {
		s = "v" + s
	}
	return y + "-" + s, y + ", " + label + number
}

// numberWord is a word for "number" or "volume" before the number itself: "№ 4" and "4" are one issue.
var numberWord = regexp.MustCompile(`(?i)^(№|no\.?|n°|nr\.?|issue|iss\.|выпуск|вып\.|volume|vol\.|том|т\.)\s*(\d)`)

// languageOf is the language that a tag begins with, as its shortest code, and its English name; "" when there is none.
func languageOf(tag string) (code, name string) {
	base, _, _ := strings.Cut(tag, "-")
	b, err := language.ParseBase(base)
	if err != nil || b.String() == "und" {
		return "", ""
	}
	code = strings.ToLower(b.String())
	if name = display.English.Languages().Name(b); name == "" {
		name = code
	}
	return code, name
}

// journalKey is what a journal is known by in setSpecs and slugs: the publisher's id for it, else its abbreviation, its ISSN or its title,
// in characters that a setSpec may hold; "" when there is none of them.
func journalKey(j *jats.Journal) string {
	for _, kind := range []string{"publisher-id", "publisher", "nlm-ta", "iso-abbrev", "doi"} {
		for _, id := range j.IDs {
			if id.Type == kind {
				if k := key(id.Value); k != "" {
					return k
				}
			}
		}
	}
	for _, t := range j.AbbrevTitle {
		if k := key(t.Text.Plain()); k != "" {
			return k
		}
	}
	for _, kind := range []string{"linking", "print", "electronic", ""} {
		for _, i := range j.ISSNs {
			if i.Type == kind {
				if k := key(i.Value); k != "" {
					return k
				}
			}
		}
	}
	if k := key(journalTitle(j)); k != "" {
		return k
	}
	for _, id := range j.IDs {
		if k := key(id.Value); k != "" {
			return k
		}
	}
	return ""
}

// key is the slug of s, with a hash where letters were lost or it was cut.
func key(s string) string {
	const most = 48
	k, whole := slug(s)
	if whole && len(k) <= most {
		return k
	}
	if len(k) > most {
		k = strings.TrimRight(k[:most], "-")
	}
	return strings.TrimLeft(k+"-"+hash(s, 8), "-")
}

func journalTitle(j *jats.Journal) string {
	t := strings.TrimSpace(j.Title.Text.Plain())
	for i := 0; t == "" && i < len(j.TransTitles); i++ {
		t = strings.TrimSpace(j.TransTitles[i].Text.Plain())
	}
	for i := 0; t == "" && i < len(j.AbbrevTitle); i++ {
		t = strings.TrimSpace(j.AbbrevTitle[i].Text.Plain())
	}
	return t
}
