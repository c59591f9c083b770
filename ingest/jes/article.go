package jes

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"sheaf/jats"
)

// articleTypes is the closed table from the platform's types, in lower case, to article/@article-type. "Article" is the platform's word
// for every original paper, as "research-article" is in JATS; the word that is printed stays in CustomMeta.
//
// Source: JATS 1.3, <article>, @article-type, suggested values.
var articleTypes = map[string]string{
	"article": "research-article", "статья": "research-article", "research article": "research-article", "original article": "research-article", "научная статья": "research-article", "оригинальная статья": "research-article",
	"review": "review-article", "review article": "review-article", "обзор": "review-article", "обзорная статья": "review-article",
	"book review": "book-review", "рецензия": "book-review", "рецензия на книгу": "book-review",
	"editorial": "editorial", "редакционная статья": "editorial", "от редакции": "editorial",
	"letter": "letter", "letter to the editor": "letter", "письмо": "letter", "письмо в редакцию": "letter",
	"short communication": "brief-report", "short message": "brief-report", "краткое сообщение": "brief-report",
	"correction": "correction", "erratum": "correction", "исправление": "correction", "retraction": "retraction", "ретракция": "retraction",
	"discussion": "discussion", "дискуссия": "discussion", "obituary": "obituary", "некролог": "obituary", "news": "news", "новости": "news",
	"announcement": "announcement", "анонс": "announcement", "interview": "interview", "интервью": "interview", "translation": "translation", "перевод": "translation",
	"case report": "case-report", "conference report": "meeting-report", "отчет о конференции": "meeting-report", "отчёт о конференции": "meeting-report",
}

// countries are the names that the platform prints as a whole address.
//
// Source: ISO 3166-1.
var countries = map[string]string{
	"russian federation": "RU", "russia": "RU", "российская федерация": "RU", "россия": "RU", "belarus": "BY", "беларусь": "BY", "республика беларусь": "BY",
	"kazakhstan": "KZ", "казахстан": "KZ", "uzbekistan": "UZ", "узбекистан": "UZ", "armenia": "AM", "армения": "AM", "azerbaijan": "AZ", "азербайджан": "AZ", "ukraine": "UA", "украина": "UA",
	"kyrgyzstan": "KG", "киргизия": "KG", "кыргызстан": "KG", "tajikistan": "TJ", "таджикистан": "TJ", "moldova": "MD", "молдова": "MD", "china": "CN", "китай": "CN", "people's republic of china": "CN", "кнр": "CN",
	"india": "IN", "индия": "IN", "japan": "JP", "япония": "JP", "mongolia": "MN", "монголия": "MN", "vietnam": "VN", "вьетнам": "VN", "germany": "DE", "германия": "DE", "france": "FR", "франция": "FR",
	"united states of america": "US", "united states": "US", "usa": "US", "сша": "US", "united kingdom": "GB", "великобритания": "GB", "italy": "IT", "италия": "IT", "poland": "PL", "польша": "PL", "serbia": "RS", "сербия": "RS",
	"bulgaria": "BG", "болгария": "BG", "turkey": "TR", "турция": "TR", "israel": "IL", "израиль": "IL", "latvia": "LV", "латвия": "LV", "lithuania": "LT", "литва": "LT", "estonia": "EE", "эстония": "EE", "finland": "FI", "финляндия": "FI",
}

// Article maps p to an article. Lang is the language of the page, which is that of its title; the article itself may be in another one,
// which the page does not tell. Where the title is in another script than the labels, Lang follows the title.
func (p *Page) Article() *jats.Article {
	a := &jats.Article{Lang: p.Language, Status: str(p.Status), Volume: str(p.Volume), Issue: str(p.Issue)}
	if title := str(p.Title); title != "" {
		switch latin := !cyrillic(title); {
		case latin && p.Language == "ru" && !strings.ContainsFunc(title, isCyrillic):
			a.Lang = "" // a Latin script does not say which language
		case !latin:
			a.Lang = "ru"
		}
		a.Title = jats.Title{Lang: a.Lang, Text: jats.Escape(title)}
	}
	if t := str(p.Type); t != "" {
		if a.ArticleType = articleTypes[strings.ToLower(t)]; a.ArticleType == "" {
			a.ArticleType = "other"
		}
		a.CustomMeta = append(a.CustomMeta, jats.CustomMeta{Name: "publication-type", Value: jats.Escape(t)})
	}
	if p.DOI != nil {
		a.IDs = append(a.IDs, jats.ID{Type: "doi", Value: *p.DOI})
	}
	if p.PII != nil {
		a.IDs = append(a.IDs, jats.ID{Type: "pii", Value: *p.PII})
	}
	if p.Journal != nil {
		a.Journal.Title = jats.Title{Text: jats.Escape(*p.Journal)}
	}
	p.classify(a)
	p.people(a)
	a.FPage, a.LPage, a.PageRange = pageRange(str(p.Pages))
	if p.Received != nil {
		a.History = append(a.History, jats.Date{Type: "received", Date: *p.Received})
	}
	if p.Published != nil {
		a.PubDates = append(a.PubDates, jats.Date{Type: "pub", Format: "electronic", Date: *p.Published})
	}
	if len(p.Abstract) > 0 {
		ab := jats.Abstract{Lang: p.langOf(strings.Join(p.Abstract, " "), a.Lang)}
		for _, para := range p.Abstract {
			ab.P = append(ab.P, jats.Escape(para))
		}
		a.Abstracts = append(a.Abstracts, ab)
	}
	if len(p.Keywords) > 0 {
		g := jats.KwdGroup{Type: "author", Lang: p.langOf(strings.Join(p.Keywords, " "), a.Lang)}
		for _, k := range p.Keywords {
			g.Kwds = append(g.Kwds, jats.Kwd{Text: jats.Escape(k)})
		}
		a.KwdGroups = append(a.KwdGroups, g)
	}
	a.Counts.Characters = p.Characters
	if p.Price != nil {
		a.Permissions.Price = &jats.Price{Amount: p.Price.Amount.String(), Currency: p.Price.Currency}
		if p.Subscribe {
			a.Permissions.Access = "restricted"
		}
	}
	p.metrics(a)
	for i, r := range p.References {
		a.Refs = append(a.Refs, jats.Ref{Label: strconv.Itoa(i + 1), Citations: []jats.Citation{jats.ParseCitation(r)}})
	}
	return a
}

func str(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func isCyrillic(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }

// langOf is the language of a part of the page: lang, unless its script is another one's.
func (p *Page) langOf(text, lang string) string {
	switch {
	case cyrillic(text):
		return "ru"
	case lang == "ru" && strings.ContainsFunc(text, unicode.IsLetter):
		if p.Language == "en" {
			return "en"
		}
		return ""
	}
	return lang
}

var codeRE = regexp.MustCompile(`^(?i:(УДК|UDC|JEL|ББК|MSC)[\s:]*)?([0-9A-Z][0-9A-Za-z.:()+/\-–, ;="']*)$`)

// vocabularies names the kinds of subject codes, by what is printed before them.
var vocabularies = map[string]string{"УДК": "udc", "UDC": "udc", "JEL": "jel", "ББК": "bbk", "MSC": "msc"}

// classify keeps the classifier: as subject codes where the vocabulary is named, and else as it is.
func (p *Page) classify(a *jats.Article) {
	v := str(p.Classifier)
	if v == "" {
		return
	}
	if m := codeRE.FindStringSubmatch(v); m != nil && m[1] != "" {
		g := jats.SubjGroup{Type: vocabularies[strings.ToUpper(m[1])]}
		for _, c := range strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' || r == ';' }) {
			if c = strings.TrimSpace(c); c != "" {
				g.Subjects = append(g.Subjects, jats.Subject{Text: jats.Escape(c), Code: c})
			}
		}
		a.SubjGroups = append(a.SubjGroups, g)
		return
	}
	a.CustomMeta = append(a.CustomMeta, jats.CustomMeta{Name: "classifier", Value: jats.Escape(v)})
}

// metrics keeps what changes daily.
func (p *Page) metrics(a *jats.Article) {
	add := func(name string, n *int) {
		if n != nil {
			a.Metrics = append(a.Metrics, jats.Metric{Name: name, Value: strconv.Itoa(*n)})
		}
	}
	add("views", p.Views)
	add("purchasers", p.Purchasers)
	if p.Rating != nil {
		if p.Rating.Value != nil {
			a.Metrics = append(a.Metrics, jats.Metric{Name: "rating", Value: *p.Rating.Value})
		}
		add("votes", p.Rating.Votes)
	}
}

var simpleRange = regexp.MustCompile(`^([\p{L}]{0,2}\d+|[IVXLCMivxlcm]+)(?:\s*[-–—−]\s*([\p{L}]{0,2}\d+|[IVXLCMivxlcm]+))?$`)

// pageRange cuts printed pages into the first and the last. What is more than one range is kept as printed beside them.
func pageRange(s string) (first, last, printed string) {
	if s == "" {
		return "", "", ""
	}
	if m := simpleRange.FindStringSubmatch(s); m != nil {
		return m[1], m[2], ""
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' })
	if len(parts) > 0 {
		if m := simpleRange.FindStringSubmatch(strings.TrimSpace(parts[0])); m != nil {
			return m[1], m[2], s
		}
	}
	return "", "", s
}

// people maps the authors. An affiliation that several share is one Aff. An address belongs to the only affiliation that stands before
// it; where several do, it goes to the one that another author has with this address, or else stands for itself.
func (p *Page) people(a *jats.Article) {
	pairs := map[string][]string{} // affiliation: addresses that surely are its own
	for _, au := range p.Authors {
		for _, pl := range au.places {
			if pl.aff != "" && pl.address != "" && !slices.Contains(pairs[pl.aff], pl.address) {
				pairs[pl.aff] = append(pairs[pl.aff], pl.address)
			}
		}
	}
	ids := map[place]string{}
	add := func(pl place) string {
		if id, ok := ids[pl]; ok {
			return id
		}
		id := "aff" + strconv.Itoa(len(ids)+1)
		ids[pl] = id
		form := jats.AffForm{Lang: p.affLang(pl, a.Lang)}
		if pl.aff != "" {
			form.Institutions = []jats.Institution{{Name: pl.aff}}
		}
		if code := countries[strings.ToLower(pl.address)]; code != "" {
			form.Country, form.CountryCode = pl.address, code
		} else if pl.address != "" {
			form.Address = []string{pl.address}
		}
		a.Affs = append(a.Affs, jats.Aff{ID: id, Forms: []jats.AffForm{form}})
		return id
	}
	for _, au := range p.Authors {
		c := jats.Contrib{Type: "author"}
		if au.Name != nil && *au.Name != "" {
			c.Names = []jats.Name{splitName(*au.Name, p.Language)}
		}
		if au.Position != nil {
			c.Positions = []jats.Text{{Lang: p.langOf(*au.Position, a.Lang), Text: jats.Escape(*au.Position)}}
		}
		places := au.places
		if places == nil { // a Page that was not parsed
			for i, aff := range au.Affiliations {
				pl := place{aff: aff}
				if i == 0 && len(au.Affiliations) == 1 {
					pl.address = str(au.Address)
				}
				places = append(places, pl)
			}
			if au.Address != nil && len(au.Affiliations) != 1 {
				places = append(places, place{address: *au.Address})
			}
		}
		loose := "" // an address that stands after several affiliations
		for _, pl := range places {
			if pl.aff == "" {
				loose = pl.address
			}
		}
		used := false
		for _, pl := range places {
			if pl.aff == "" {
				continue
			}
			if pl.address == "" && loose != "" && slices.Contains(pairs[pl.aff], loose) {
				pl.address, used = loose, true
			}
			if id := add(pl); !slices.Contains(c.Affs, id) {
				c.Affs = append(c.Affs, id)
			}
		}
		for _, pl := range places {
			if pl.aff == "" && pl.address != "" && !(used && pl.address == loose) {
				if id := add(pl); !slices.Contains(c.Affs, id) {
					c.Affs = append(c.Affs, id)
				}
			}
		}
		if len(c.Names)+len(c.Positions)+len(c.Affs) > 0 {
			a.Contribs = append(a.Contribs, c)
		}
	}
}

func (p *Page) affLang(pl place, lang string) string { return p.langOf(pl.aff+" "+pl.address, lang) }

var (
	initials    = `(?:\p{Lu}\p{Ll}?\.[ -]?){1,3}`
	initialLast = regexp.MustCompile(`^(\p{Lu}[\p{L}'’-]+) (` + initials + `)$`)
	initialHead = regexp.MustCompile(`^(` + initials + `) ?(\p{Lu}[\p{L}'’-]+)$`)
	fatherHer   = regexp.MustCompile(`\p{L}(?:овна|евна|ична|инична|ovna|evna|ichna)$`)
	fatherHis   = regexp.MustCompile(`\p{L}(?:ович|евич|ьич|ovich|evich|yich|'ich|’ich)$`)
)

// splitName parts a name only where its form leaves no doubt: by initials, or by a patronymic, which follows the given name. All else
// is kept whole.
func splitName(s, lang string) jats.Name {
	n := jats.Name{Lang: lang}
	if cyrillic(s) != (lang == "ru") {
		n.Lang = ""
		if cyrillic(s) {
			n.Lang = "ru"
		}
	}
	if m := initialLast.FindStringSubmatch(s); m != nil {
		n.Surname, n.GivenNames = m[1], strings.TrimSpace(m[2])
		return n
	}
	if m := initialHead.FindStringSubmatch(s); m != nil {
		n.Surname, n.GivenNames = m[2], strings.TrimSpace(m[1])
		return n
	}
	if w := strings.Fields(s); len(w) == 3 {
		father := func(given, s string) bool {
			return fatherHer.MatchString(s) || fatherHis.MatchString(s) && !feminine(given)
		}
		middle, last := father(w[0], w[1]), father(w[1], w[2])
		switch {
		case middle && !last:
			n.Surname, n.GivenNames = w[2], w[0]+" "+w[1]
			return n
		case last && !middle && !fatherHis.MatchString(w[1]):
			n.Surname, n.GivenNames = w[0], w[1]+" "+w[2]
			return n
		}
	}
	n.Full = s
	return n
}

// feminine tells a given name that ends like a woman's, before which a father's name in -vich would be a surname.
func feminine(given string) bool {
	return strings.HasSuffix(given, "а") || strings.HasSuffix(given, "я") || strings.HasSuffix(given, "a")
}
