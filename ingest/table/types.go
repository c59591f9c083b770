package table

import "strings"

// kind reads the word for the kind of article.
func (r *reader) kind(s string) {
	known := ""
	for _, p := range several(s) {
		n := normal(p)
		t := kinds[n]
		if t == "" {
			t = kinds[normal(camel(p))]
		}
		switch {
		case t != "" && known == "":
			known = t
		case t == "" && n != "early access" || t != "" && t != known: // "Article; Proceedings Paper"
			r.custom("type", p)
		}
	}
	switch {
	case r.a.ArticleType == "" || r.a.ArticleType == "other":
		if r.a.ArticleType = known; known == "" {
			r.a.ArticleType = "other"
		}
	case known != "" && known != r.a.ArticleType:
		r.custom("type", s)
	}
}

// kinds are the words for kinds of articles, by their normal forms.
var kinds = func() map[string]string {
	m := map[string]string{}
	for t, words := range map[string]string{
		"research-article": "article|original article|original research|research paper|full paper|journal article|journal paper|article in press|научная статья|статья|оригинальная статья|статья в журнале|" +
			"статья в журнале научная статья|оригинальное исследование|期刊论文|研究论文",
		"review-article":      "review|literature review|short survey|survey|обзор|обзорная статья|научный обзор|обзор литературы|статья в журнале обзорная статья|综述",
		"systematic-review":   "meta analysis|систематический обзор",
		"editorial":           "editorial material|редакционная статья|от редакции|передовая статья|редакторская заметка",
		"letter":              "letter to the editor|letters|correspondence|письмо|письмо в редакцию|переписка",
		"book-review":         "book review article|рецензия|рецензия на книгу",
		"case-report":         "case study|клинический случай|описание случая|клиническое наблюдение",
		"correction":          "erratum|corrigendum|исправление|поправка|опечатка",
		"retraction":          "retracted|retraction note|retraction notice|ретракция|отзыв статьи",
		"addendum":            "дополнение",
		"abstract":            "meeting abstract|conference abstract|тезисы|тезисы доклада|аннотация",
		"conference-paper":    "conference|proceeding|proceedings|proceedings paper|proceedings article|статья в сборнике трудов конференции|материалы конференции|доклад|доклад на конференции|会议论文",
		"preprint":            "posted content|препринт|预印本",
		"dissertation":        "thesis|phd thesis|master s thesis|диссертация|автореферат|学位论文",
		"book-chapter":        "chapter|book section|book part|глава|глава книги|глава в книге|статья в сборнике|статья в сборнике статей",
		"book":                "monograph|edited book|книга|монография|учебник",
		"report":              "technical report|отчет",
		"data-paper":          "dataset|data article|data descriptor|данные",
		"short-communication": "short report|short paper|communication|краткое сообщение|краткие сообщения|краткая статья",
		"brief-report":        "brief communication",
		"article-commentary":  "note|comment|commentary article|комментарий|заметка",
		"news":                "news item|новость|хроника",
		"obituary":            "некролог",
		"interview":           "интервью",
		"discussion":          "дискуссия",
		"translation":         "перевод",
		"technical-note":      "technical paper",
		"other":               "другое|прочее|разное|misc|miscellaneous",
	} {
		m[normal(t)] = t
		for _, w := range strings.Split(words, "|") {
			m[w] = t
		}
	}
	for _, t := range strings.Fields(`announcement books-received calendar clinical-trial commentary expression-of-concern in-brief introduction meeting-report methods-article opinion oration
		partial-retraction product-review protocol rapid-communication referee-report registered-report reply reprint reviewer-report software-paper working-paper`) {
		m[normal(t)] = t
	}
	return m
}()
