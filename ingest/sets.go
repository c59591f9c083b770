package ingest

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"sheaf/crosswalk"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
	"sheaf/store"
)

// givenRoots are the first parts of the setSpecs that the articles themselves give.
var givenRoots = map[string]bool{"journal": true, "type": true, "lang": true, "license": true, "open_access": true, "openaire": true, "openaire_data": true, "driver": true,
	"ec_fundedresources": true, "rioxx": true}

// Sets are the sets that an article is in by what it says of itself, each with the sets above it, so that these have a name too. What the article does not
// say gives no set.
//
//	journal:KEY              its journal, and journal:KEY:YEAR-ISSUE the issue
//	type:research-article    its kind
//	lang:ru                  its language
//	license:cc-by            its licence, whatever the version
//	open_access              everybody may read it
//	openaire                 the same, or it is the outcome of a project (OpenAIRE guidelines 3.0)
//	openaire_data            it is a dataset (OpenAIRE guidelines for data archives)
//	driver                   everybody may read a full text that it names (DRIVER guidelines 2.0)
//	ec_fundedresources       the European Commission paid for it: the name that openaire had before
//	rioxx                    it has a record in that format
//
// Source: OAI-PMH 2.0 §2.6.
func Sets(r *flat.Record, rendered []crosswalk.Rendered) []store.Set {
	a := r.Article
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
	if l := r.License(); l != nil {
		if spec, name := license(l.URI); spec != "" {
			add("license", "Licences")
			add("license:"+spec, name)
		}
	}
	open, funded, byEC := r.Access == flat.Open, false, false
	for i := range r.Grants {
		funded = funded || r.Grants[i].Award != ""
		byEC = byEC || strings.HasPrefix(r.Grants[i].EURepo, "info:eu-repo/grantAgreement/EC/")
	}
	if open {
		add("open_access", "Open access")
	}
	if open || funded {
		add("openaire", "OpenAIRE")
	}
	if r.Type.DataCite == "Dataset" {
		add("openaire_data", "OpenAIRE data")
	}
	if open && len(r.Files) > 0 {
		add("driver", "Open Access DRIVERset")
	}
	if byEC {
		add("ec_fundedresources", "EC funded resources")
	}
	if slices.ContainsFunc(rendered, func(x crosswalk.Rendered) bool { return x.Format.Prefix == "rioxx" }) {
		add("rioxx", "Rioxx set")
	}
	return out
}

// license is the last part of a licence's setSpec, and its name. Those of Creative Commons are known by their short names, without the version and the
// country; every other by its address.
func license(uri string) (spec, name string) {
	_, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return "", ""
	}
	rest = strings.TrimPrefix(strings.ToLower(rest), "www.")
	if path, ok := strings.CutPrefix(rest, "creativecommons.org/"); ok {
		part := strings.Split(path, "/")
		switch {
		case len(part) > 1 && part[0] == "licenses" && part[1] != "":
			if s, whole := slug(part[1]); whole {
				return "cc-" + s, "CC " + strings.ToUpper(s)
			}
		case len(part) > 1 && part[0] == "publicdomain" && part[1] == "zero":
			return "cc0", "CC0"
		case len(part) > 1 && part[0] == "publicdomain" && part[1] == "mark":
			return "public-domain", "Public Domain Mark"
		}
	}
	return key(rest), uri
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
