package jes

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// field is what a label names.
type field int

const (
	none field = iota
	pii
	doi
	pubType
	status
	authors
	about // authors, on the aggregator's page
	position
	affiliation
	address
	journal
	edition
	volume
	issue
	pages
	abstract
	keywords
	classifier
	received
	published
	pubYear
	characters
	price
	purchasers
	views
	rating
	references
	nav     // part of the site: no fact
	bodyNav // nav that the full text follows
	foot    // what stands under a page
	gate    // tells that the full text is for subscribers
)

// form is how a label stands on its line.
type form int

const (
	alone  form = iota // nothing else on the line
	colon              // a colon and a value
	glued              // a value follows without a blank
	spaced             // a value follows after a blank
)

// label is one spelling of a label.
type label struct {
	field field
	lang  string
	text  string
}

// The spellings of the labels. Russian ones that no page seen has are those that the platform's own help uses or that translate the
// English label word for word.
var labels = sorted([]label{
	{pii, "", "PII"}, {pii, "ru", "Код статьи (PII)"}, {pii, "ru", "Код статьи"},
	{doi, "", "DOI"}, {doi, "ru", "Идентификатор DOI"},
	{pubType, "en", "Publication type"}, {pubType, "en", "Type of publication"}, {pubType, "ru", "Тип публикации"}, {pubType, "ru", "Вид публикации"}, {pubType, "ru", "Тип статьи"},
	{status, "en", "Publication status"}, {status, "en", "Status"}, {status, "ru", "Статус публикации"}, {status, "ru", "Статус"},
	{authors, "en", "Authors"}, {authors, "en", "Author"}, {authors, "en", "Author(s)"}, {authors, "ru", "Авторы"}, {authors, "ru", "Автор"}, {authors, "ru", "Автор(ы)"},
	{about, "en", "About the authors"}, {about, "en", "About authors"}, {about, "en", "About the author"}, {about, "en", "About author"},
	{about, "ru", "Об авторах"}, {about, "ru", "Об авторе"}, {about, "ru", "Сведения об авторах"}, {about, "ru", "Сведения об авторе"}, {about, "ru", "Информация об авторах"}, {about, "ru", "Информация об авторе"},
	{position, "en", "Occupation"}, {position, "en", "Position"}, {position, "ru", "Должность"},
	{affiliation, "en", "Affiliation"}, {affiliation, "en", "Affiliations"}, {affiliation, "ru", "Аффилиация"}, {affiliation, "ru", "Аффилиации"}, {affiliation, "ru", "Место работы"}, {affiliation, "ru", "Организация"},
	{address, "en", "Address"}, {address, "ru", "Адрес"},
	{journal, "en", "Journal name"}, {journal, "en", "Journal title"}, {journal, "en", "Name of journal"}, {journal, "en", "Name of the journal"}, {journal, "en", "Journal"},
	{journal, "ru", "Название журнала"}, {journal, "ru", "Наименование журнала"}, {journal, "ru", "Имя журнала"}, {journal, "ru", "Журнал"},
	{edition, "en", "Edition"}, {edition, "ru", "Издание"}, {edition, "ru", "Выпуск"}, {edition, "ru", "Номер журнала"},
	{volume, "en", "Volume"}, {volume, "ru", "Том"}, {issue, "en", "Issue"}, {issue, "ru", "Номер выпуска"}, {issue, "ru", "Номер"},
	{pages, "en", "Pages"}, {pages, "en", "Page"}, {pages, "ru", "Страницы"}, {pages, "ru", "Страница"},
	{abstract, "en", "Abstract"}, {abstract, "en", "Annotation"}, {abstract, "en", "Summary"}, {abstract, "ru", "Аннотация"}, {abstract, "ru", "Резюме"},
	{keywords, "en", "Keywords"}, {keywords, "en", "Key words"}, {keywords, "ru", "Ключевые слова"},
	{classifier, "en", "Classifier"}, {classifier, "ru", "Классификатор"}, {classifier, "ru", "УДК"}, {classifier, "en", "UDC"},
	{received, "en", "Received"}, {received, "en", "Date received"}, {received, "en", "Date of receipt"}, {received, "ru", "Получено"}, {received, "ru", "Дата получения"},
	{received, "ru", "Дата поступления"}, {received, "ru", "Поступила в редакцию"}, {received, "ru", "Поступила"},
	{published, "en", "Publication date"}, {published, "en", "Date of publication"}, {published, "en", "Published"}, {published, "ru", "Дата публикации"}, {published, "ru", "Опубликовано"}, {published, "ru", "Опубликована"},
	{pubYear, "en", "Public year"}, {pubYear, "en", "Publication year"}, {pubYear, "en", "Year of publication"}, {pubYear, "ru", "Год публикации"}, {pubYear, "ru", "Год издания"}, {pubYear, "ru", "Год выхода"},
	{characters, "en", "Number of characters"}, {characters, "ru", "Количество символов"}, {characters, "ru", "Кол-во символов"}, {characters, "ru", "Число символов"}, {characters, "ru", "Количество знаков"}, {characters, "ru", "Число знаков"},
	{price, "en", "Price"}, {price, "ru", "Цена"}, {price, "ru", "Стоимость"},
	{purchasers, "en", "Number of purchasers"}, {purchasers, "en", "Purchasers"}, {purchasers, "ru", "Всего подписок"}, {purchasers, "ru", "Количество покупателей"}, {purchasers, "ru", "Количество подписок"},
	{purchasers, "ru", "Количество подписчиков"}, {purchasers, "ru", "Количество покупок"}, {purchasers, "ru", "Число покупателей"}, {purchasers, "ru", "Число подписок"}, {purchasers, "ru", "Покупателей"}, {purchasers, "ru", "Подписок"},
	{views, "en", "Views"}, {views, "en", "Number of views"}, {views, "ru", "Всего просмотров"}, {views, "ru", "Количество просмотров"}, {views, "ru", "Число просмотров"}, {views, "ru", "Просмотров"}, {views, "ru", "Просмотры"},
	{views, "ru", "Всего п..."}, {views, "ru", "Всего п…"},
	{rating, "en", "Readers community rating"}, {rating, "en", "Reader community rating"}, {rating, "en", "Readers' community rating"}, {rating, "ru", "Оценка читателей"}, {rating, "ru", "Рейтинг читателей"},
	{rating, "ru", "Оценка читательского сообщества"}, {rating, "ru", "Рейтинг читательского сообщества"}, {rating, "ru", "Оценка сообщества читателей"}, {rating, "ru", "Рейтинг сообщества читателей"},
	{references, "en", "References"}, {references, "en", "Bibliography"}, {references, "en", "Reference list"}, {references, "en", "List of references"},
	{references, "ru", "Литература"}, {references, "ru", "Список литературы"}, {references, "ru", "Библиография"}, {references, "ru", "Библиографический список"}, {references, "ru", "Список источников"}, {references, "ru", "Источники и литература"}, {references, "ru", "Список источников и литературы"},
	{nav, "en", "Table of contents"}, {nav, "en", "Share"}, {nav, "", "QR"}, {nav, "en", "Metrics"}, {nav, "ru", "Оглавление"}, {nav, "ru", "Содержание"}, {nav, "ru", "Поделиться"}, {nav, "ru", "Метрика"}, {nav, "ru", "Метрики"},
	{bodyNav, "en", "Cite Download pdf"}, {bodyNav, "en", "Cite"}, {bodyNav, "en", "Download pdf"}, {bodyNav, "ru", "Цитировать Скачать pdf"}, {bodyNav, "ru", "Цитировать"}, {bodyNav, "ru", "Скачать pdf"},
	{bodyNav, "en", "Additional services access"}, {bodyNav, "en", "Additional services for the article"}, {bodyNav, "en", "Additional services for the whole issue"}, {bodyNav, "en", "Additional services for all issues"},
	{bodyNav, "ru", "Доступ к дополнительным сервисам"}, {bodyNav, "ru", "Дополнительные сервисы только на эту статью"}, {bodyNav, "ru", "Дополнительные сервисы для статьи"}, {bodyNav, "ru", "Дополнительные сервисы на весь выпуск"}, {bodyNav, "ru", "Дополнительные сервисы на все выпуски"},
	{foot, "ru", "Система Orphus"}, {foot, "en", "Orphus system"}, {foot, "en", "System Orphus"}, {foot, "", "Orphus"}, {foot, "en", "No posts found"}, {foot, "en", "Comments"}, {foot, "ru", "Комментарии"},
	{foot, "ru", "Сообщения не найдены"}, {foot, "ru", "Сообщений не найдено"}, {foot, "ru", "Записей не найдено"}, {foot, "ru", "Комментарии не найдены"}, {foot, "ru", "Комментариев не найдено"}, {foot, "en", "No comments found"}, {foot, "en", "Write a comment"}, {foot, "ru", "Написать комментарий"}, {foot, "ru", "Написать отзыв"},
})

// sorted puts the longer spelling first, so that "Journal name" is not taken for "Journal".
func sorted(ls []label) []label {
	slices.SortStableFunc(ls, func(a, b label) int { return len(b.text) - len(a.text) })
	return ls
}

// labelsBy has the labels by their first letter.
var labelsBy = func() map[rune][]label {
	by := map[rune][]label{}
	for _, l := range labels {
		first, _ := utf8.DecodeRuneInString(l.text)
		by[first] = append(by[first], l)
	}
	return by
}()

// gates begin the sentences that tell that the full text is for subscribers.
var gates = []struct{ lang, text string }{
	{"en", "When subscribing to an article"}, {"en", "When you subscribe to an article"}, {"en", "Full text is available"}, {"en", "The full text is available"}, {"en", "Full version is available"}, {"en", "The full version is available"},
	{"en", "Subscribe right now"}, {"en", "Subscribe now"}, {"en", "To access the full text"}, {"en", "Need to register"},
	{"ru", "При подписке на статью"}, {"ru", "Оформив подписку"}, {"ru", "При оформлении подписки"}, {"ru", "Полная версия доступна"}, {"ru", "Полный текст доступен"}, {"ru", "Подпишитесь"}, {"ru", "Для доступа к полному тексту"}, {"ru", "Необходимо зарегистрироваться"}, {"ru", "Требуется регистрация"},
}

// cutFold is strings.CutPrefix without regard to case, but the first letter must be a capital, as in a label.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	if r, _ := utf8.DecodeRuneInString(s); unicode.IsLower(r) {
		return "", false
	}
	return s[len(prefix):], true
}

// hit is a label found on a line.
type hit struct {
	label
	form  form
	value string
}

// match finds the label that s begins with. A value on the line must be one that the label can have, so that a sentence which begins
// with a label's word is not taken for it.
func match(s string) (hit, bool) {
	s = flat(s)
	first, _ := utf8.DecodeRuneInString(s)
	for _, l := range labelsBy[first] {
		rest, ok := cutFold(s, l.text)
		if !ok {
			continue
		}
		h := hit{label: l}
		value := strings.TrimLeft(rest, " ")
		switch {
		case value == "":
			h.form = alone
			return h, true
		case value[0] == ':' || value[0] == '.' && (l.field == abstract || l.field == keywords):
			h.form, h.value = colon, strings.TrimSpace(value[1:])
			if h.value == "" {
				h.form = alone
			}
		case rest[0] == ' ':
			h.form, h.value = spaced, value
		default:
			h.form, h.value = glued, value
		}
		if h.form == alone || fits(h) {
			return h, true
		}
	}
	if len(s) < 400 {
		for _, g := range gates {
			if _, ok := cutFold(s, g.text); ok {
				return hit{label: label{field: gate, lang: g.lang, text: g.text}}, true
			}
		}
	}
	if len(s) >= 60 || unicode.IsLower(first) {
		return hit{}, false
	}
	if amount, currency := parsePrice(s); amount != "" && currency != "" {
		return hit{label: label{field: price}, form: spaced, value: s}, true
	}
	if strings.ContainsAny(s, "0123456789IVXLC") && editionRE.MatchString(s) {
		return hit{label: label{field: edition}, form: spaced, value: s}, true
	}
	return hit{}, false
}

var (
	piiRE     = regexp.MustCompile(`^[A-Za-z]?[0-9][0-9A-Za-z()/–-]{6,}$`)
	doiRE     = regexp.MustCompile(`^(?i:(?:https?://)?(?:dx\.)?doi\.org/|doi:?\s*)?(10\.\S+)$`)
	dateRE    = regexp.MustCompile(`^\d[\d./-]{3,11}(?:\s*(?:г\.?|года))?$`)
	yearRE    = regexp.MustCompile(`^(\d{4})(?:\s*(?:г\.?|год))?$`)
	pagesRE   = regexp.MustCompile(`^(?i:pp?\.|[сc]\.|стр\.)?\s*((?:[A-Za-zА-Яа-я]{0,2}\d+|[ivxlcmIVXLCM]+)(?:\s*[-–—−,;]\s*(?:[A-Za-zА-Яа-я]{0,2}\d+|[ivxlcmIVXLCM]+))*)$`)
	numbersRE = regexp.MustCompile(`^(\d+[\p{L}]?(?:\s*[-–/]\s*\d+)?)(?:\s*\((\d+(?:\s*[-–/]\s*\d+)?)\))?$`)
	priceRE   = regexp.MustCompile(`^(?:(?i:price|цена|стоимость)\s*:?\s*)?([$€₽]?)\s*(\d[\d ]*(?:[.,]\d{1,2})?)\s*((?i:rubles?|roubles?|rub\.?|rur\.?|руб(?:\.|лей|ля|ль)?|р\.)|₽|USD|EUR|CNY|[$€])?$`)
	// editionRE: volume, issue, or both, and nothing else; a year may stand before or after.
	editionRE = regexp.MustCompile(`^(?:\d{4}[.,]?\s+)?(?:` + volumePart + `(?:[\s.,;]+` + issuePart + `)?|` + issuePart + `)\.?(?:[\s,]+\(?\d{4}\)?)?$`)
	volumeRE  = regexp.MustCompile(volumePart)
	issueRE   = regexp.MustCompile(issuePart)
	votesRE   = regexp.MustCompile(`(?i)(?:(\d+)\s*(?:votes?|голос\p{L}*)|(?:votes?|голос\p{L}*)\s*:?\s*(\d+))`)
	scoreRE   = regexp.MustCompile(`^(\d+(?:[.,]\d+)?)(?:\s*\(|\s*$|\s*/)`)
	viewsRE   = regexp.MustCompile(`(?i)(?:views|просмотр\p{L}*)\s*:?\s*(\d[\d ]*)`)
)

const (
	volumePart = `(?i:volume|vol\.?|том|т\.)\s*(?:№\s*)?(\d+[\p{L}]?(?:\s*[-–/]\s*\d+)?|[IVXLC]+\b)`
	issuePart  = `(?i:issues?|iss\.|no\.|номер|выпуски?|вып\.|№№?)\s*(?i:№|no\.)?\s*(\d+[\p{L}]?(?:\s*[-–/,]\s*\d+)*(?:\s*\(\d+\))?)`
)

// fits tells whether h's label can have h's value, in h's form.
func fits(h hit) bool {
	v := h.value
	first, _ := utf8.DecodeRuneInString(v)
	short := utf8.RuneCountInString(v) <= 60 && !strings.HasSuffix(v, ".")
	switch h.field {
	case pii:
		return piiRE.MatchString(v) && strings.ContainsAny(v, "0123456789")
	case doi:
		return doiRE.MatchString(v)
	case received, published:
		return dateRE.MatchString(v)
	case pubYear:
		return yearRE.MatchString(v)
	case pages:
		return pagesRE.MatchString(v) && (h.form != glued || unicode.IsDigit(first))
	case characters, purchasers, views:
		return v[0] >= '0' && v[0] <= '9' && len(v) < 80
	case price:
		amount, _ := parsePrice(v)
		return amount != ""
	case rating:
		return votesRE.MatchString(v) || scoreRE.MatchString(v)
	case edition:
		return editionRE.MatchString(v) || numbersRE.MatchString(v)
	case volume, issue:
		return h.form != glued && numbersRE.MatchString(v)
	case classifier:
		return h.form == colon || unicode.IsDigit(first) || h.form == glued && unicode.IsUpper(first)
	case position, affiliation, address:
		return h.form == colon || h.form == glued && unicode.IsUpper(first)
	case pubType, status:
		return h.form == colon || h.form == glued && unicode.IsUpper(first) && short || h.form == spaced && short && len(strings.Fields(v)) <= 3 && unicode.IsUpper(first)
	case journal:
		if l := strings.ToLower(h.text); l == "journal" || l == "журнал" {
			return h.form == colon
		}
		return h.form == colon || h.form == glued || unicode.IsUpper(first) || first == '«'
	case abstract, authors:
		return h.form == colon || h.form == glued && unicode.IsUpper(first)
	case keywords:
		return h.form != spaced || strings.ContainsAny(v, ",;") && !strings.HasSuffix(v, ".") || short
	case foot:
		return h.form == colon || strings.HasPrefix(v, "(") && len(v) < 8
	}
	return false
}

// parsePrice reads an amount with its currency. The currency is empty when none is printed; the amount is empty when s is no price.
//
// Source: ISO 4217.
func parsePrice(s string) (amount, currency string) {
	m := priceRE.FindStringSubmatch(s)
	if m == nil || len(s) > 60 {
		return "", ""
	}
	amount = strings.ReplaceAll(strings.ReplaceAll(m[2], " ", ""), ",", ".")
	if amount = strings.TrimLeft(amount, "0"); amount == "" || amount[0] == '.' {
		amount = "0" + amount
	}
	switch c := strings.ToLower(m[1] + m[3]); {
	case c == "":
	case c == "$" || c == "usd":
		currency = "USD"
	case c == "€" || c == "eur":
		currency = "EUR"
	case c == "cny":
		currency = "CNY"
	default:
		currency = "RUB"
	}
	return amount, currency
}
