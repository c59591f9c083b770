package table

import "strings"

// Column describes a column of a table.
type Column struct {
	Name      string   // in English, as in the template
	Russian   string   // in Russian
	Also      []string // other names, most of them of exports
	Languages bool     // may be given in several languages: "title@ru"
	Several   bool     // a cell may hold several values
	Meaning   string   // one sentence, without the full stop
	Example   string   // a value
}

// Columns lists the columns that are known, in the order of the documentation.
func Columns() []Column {
	out := make([]Column, 0, len(columns))
	for _, c := range columns {
		out = append(out, c.Column)
	}
	return out
}

// A col is what a column holds.
type col uint8

const (
	cUnknown col = iota
	cIgnored
	cTold
	cCustom
	cTitle
	cPrefix
	cSubtitle
	cShortTitle
	cJournal
	cDatabase
	cBookTitle
	cAbbrev
	cISSN
	cJournalID
	cPublisher
	cPlace
	cYear
	cDate
	cMonth
	cHistory
	cVolume
	cIssue
	cIssueTitle
	cPart
	cSupplement
	cSeries
	cPages
	cFPage
	cLPage
	cArticleNumber
	cPageCount
	cID
	cURL
	cPDF
	cLanguage
	cType
	cStatus
	cAuthors
	cFullNames
	cAuthorIDs
	cAuthorsAffs
	cAffs
	cORCID
	cResearcherID
	cEmails
	cCorresp
	cGroup
	cEditors
	cTranslators
	cAbstract
	cKeywords
	cIndexed
	cSubjects
	cSection
	cFunding
	cFunder
	cAward
	cLicence
	cHolder
	cCopyrightYear
	cCopyright
	cAccess
	cEmbargo
	cPrice
	cCurrency
	cRefs
	cConference
	cConfDate
	cConfPlace
	cConfSponsor
	cISBN
	cNote
	cRemark
	cCitedBy
	cEID // Scopus: an identifier, and the sign of its tables
	cols
)

// A column with what it is inside.
type column struct {
	Column
	col  col
	kind string
}

// counts tells whether a column makes a table one of articles.
func (c col) counts() bool { return c > cCustom }

func (c col) inLanguages() bool { return flags[c]&1 != 0 }
func (c col) isList() bool      { return flags[c]&2 != 0 }

var flags = func() (f [cols]uint8) {
	for _, c := range columns {
		if c.Languages {
			f[c.col] |= 1
		}
		if c.Several {
			f[c.col] |= 2
		}
	}
	return f
}()

// names finds a column by its normal name.
var names = func() map[string]key {
	m := map[string]key{}
	add := func(name string, k key) {
		if n := normal(name); n != "" {
			if _, ok := m[n]; !ok {
				m[n] = k
			}
		}
	}
	for _, c := range columns {
		k := key{col: c.col, kind: c.kind}
		add(c.Name, k)
		add(c.Russian, k)
		for _, n := range c.Also {
			add(n, k)
		}
	}
	for _, n := range strings.Split(ignored, "|") {
		add(n, key{col: cIgnored})
	}
	return m
}()

func also(s string) []string { return strings.Split(s, "|") }

// columns is the list that everything else is made of.
var columns = []column{
	{col: cTitle, Column: Column{Name: "title", Russian: "Название", Languages: true, Meaning: "title of the article; the only column that must be there, with one other",
		Example: "Lanterns of the old harbour", Also: also("article title|document title|paper title|item title|title of article|title of the article|original title|название статьи|название публикации|название работы|название документа|наименование статьи|наименование|заглавие|заглавие статьи|заголовок|заголовок статьи|标题|题名|篇名|论文题目")}},
	{col: cPrefix, Column: Column{Name: "title prefix", Russian: "Начало названия", Languages: true, Meaning: "article that stands before the title and is not sorted by", Example: "The", Also: also("article prefix")}},
	{col: cSubtitle, Column: Column{Name: "subtitle", Russian: "Подзаголовок", Languages: true, Meaning: "subtitle", Example: "An attempt at a list",
		Also: also("sub title|article subtitle|подзаголовок статьи|副标题")}},
	{col: cShortTitle, Column: Column{Name: "short title", Russian: "Колонтитул", Languages: true, Meaning: "running head", Example: "Harbour lanterns", Also: also("running head|running title|краткое название")}},
	{col: cAuthors, Column: Column{Name: "authors", Russian: "Авторы", Languages: true, Several: true, Meaning: "authors, as below", Example: "Ogneva, Vera [1] {0000-0002-1825-0097}; Li, Wei [1,2]*",
		Also: also("author|author s|author names|list of authors|автор|автор ы|авторы статьи|список авторов|фио авторов|фио автора|фио|作者")}},
	{col: cGroup, Column: Column{Name: "group author", Russian: "Коллективный автор", Languages: true, Several: true, Meaning: "groups and bodies that are authors", Example: "Lantern Guild",
		Also: also("group authors|corporate author|collaboration|collective author|организация автор")}},
	{col: cAffs, Column: Column{Name: "affiliations", Russian: "Организации", Languages: true, Several: true, Meaning: "affiliations, with the numbers that authors have in square brackets", Example: "1: Institute of Lamps, Old Harbour; 2: Paper University",
		Also: also("affiliation|author affiliations|author affiliation|authors affiliations|authors affiliation|addresses|organizations|organisations|institutions|организация|аффилиация|аффилиации|место работы|места работы|место работы авторов|организации авторов|учреждение|учреждения|单位|机构|作者单位")}},
	{col: cORCID, Column: Column{Name: "orcid", Russian: "ORCID авторов", Several: true, Meaning: "ORCID iDs in the order of the authors, as many as they; \"-\" for none. Or \"Name: ORCID\"", Example: "0000-0002-1825-0097; -",
		Also: also("orcids|orcid id|orcid ids|orcid s|author orcid|authors orcid|author orcids|orcid автора")}},
	{col: cEmails, Column: Column{Name: "emails", Russian: "E-mail авторов", Several: true, Meaning: "e-mail addresses in the order of the authors, as many as they; \"-\" for none. Kept, not published", Example: "ogneva@example.org; -",
		Also: also("email|e mail|e mails|author email|author emails|email addresses|email address|e mail автора|электронная почта|почта|эл почта|адрес электронной почты")}},
	{col: cCorresp, Column: Column{Name: "corresponding author", Russian: "Автор для корреспонденции", Several: true, Meaning: "who answers letters: a name as in the list of authors, or its number in the list", Example: "Ogneva, Vera",
		Also: also("corresponding authors|correspondence address|correspondence|correspondence author|автор для переписки|ответственный автор|контактное лицо|корреспондирующий автор|通讯作者")}},
	{col: cEditors, Column: Column{Name: "editors", Russian: "Редакторы", Languages: true, Several: true, Meaning: "editors of the volume, written as authors are", Example: "Primer, Anna", Also: also("editor|editor s|book editors|редактор|ответственный редактор")}},
	{col: cTranslators, Column: Column{Name: "translators", Russian: "Переводчики", Languages: true, Several: true, Meaning: "translators, written as authors are", Example: "Li, Wei", Also: also("translator|translator s|переводчик")}},
	{col: cFullNames, Column: Column{Name: "author full names", Russian: "Полные имена авторов", Several: true, Meaning: "authors of Scopus with their numbers there; used instead of authors", Example: "Ogneva, Vera (57200000001)", Also: also("authors full names|full names of authors|author full name")}},
	{col: cAuthorIDs, kind: "scopus", Column: Column{Name: "scopus author ids", Russian: "Scopus ID авторов", Several: true, Meaning: "numbers of the authors in Scopus, in their order", Example: "57200000001; 57200000002", Also: also("author s id|authors id|author ids|author id|scopus author id|scopus id автора")}},
	{col: cAuthorIDs, kind: "spin", Column: Column{Name: "spin", Russian: "SPIN-код", Several: true, Meaning: "SPIN codes of the authors, in their order", Example: "1234-5678", Also: also("spin codes|spin code|spin коды|spin код автора|spin коды авторов")}},
	{col: cResearcherID, kind: "researcherid", Column: Column{Name: "researcherid", Russian: "ResearcherID авторов", Several: true, Meaning: "ResearcherIDs of the authors, in their order or as \"Name: ID\"", Example: "A-1234-2020", Also: also("researcher id|researcher ids|researcherids|wos researcherid")}},
	{col: cAuthorsAffs, Column: Column{Name: "authors with affiliations", Russian: "Авторы с организациями", Several: true, Meaning: "each author with the affiliation behind it, as Scopus has it, or in brackets, as Dimensions has it", Example: "Ogneva V., Institute of Lamps, Old Harbour",
		Also: also("authors raw affiliation|authors raw affiliations|authors and affiliations|авторы и организации|авторы с аффилиацией|авторы с указанием места работы")}},
	{col: cAbstract, Column: Column{Name: "abstract", Russian: "Аннотация", Languages: true, Meaning: "abstract; an empty line begins a new paragraph", Example: "Twelve lanterns are described.",
		Also: also("abstracts|article abstract|abstract note|summary|description abstract|аннотации|аннотация статьи|реферат|резюме|摘要")}},
	{col: cKeywords, Column: Column{Name: "keywords", Russian: "Ключевые слова", Languages: true, Several: true, Meaning: "keywords, parted by semicolons or lines, or, where there are none, by commas", Example: "lantern; harbour",
		Also: also("keyword|key words|author keywords|author keyword|article keywords|manual tags|tags|ключевое слово|ключевые слова и фразы|ключ слова|关键词|关键字")}},
	{col: cIndexed, Column: Column{Name: "index keywords", Russian: "Индексные термины", Several: true, Meaning: "terms that an index gave", Example: "Street lighting", Also: also("indexed keywords|automatic tags|keywords plus|mesh terms|mesh|index terms")}},
	{col: cJournal, Column: Column{Name: "journal", Russian: "Журнал", Languages: true, Meaning: "title of the journal or of the book that the article stands in", Example: "Journal of Lanterns",
		Also: also("journal title|journal name|source title|publication title|publication name|periodical|container title|serial title|name of journal|название журнала|наименование журнала|название источника|издание|название издания|刊名|期刊|期刊名称")}},
	{col: cDatabase, Column: Column{Name: "source", Russian: "Источник", Meaning: "title of the journal where no other column has it; names of databases (Scopus, PubMed) are left out", Example: "Journal of Lanterns", Also: also("publication|来源")}},
	{col: cBookTitle, Column: Column{Name: "book title", Russian: "Название книги", Meaning: "title of the book or proceedings, where there is no journal", Example: "Lights of the North",
		Also: also("proceedings title|anthology title|source book|booktitle|title of book|название сборника|сборник|книга")}},
	{col: cAbbrev, Column: Column{Name: "abbreviated journal", Russian: "Журнал (сокращённо)", Languages: true, Meaning: "the journal's title abbreviated", Example: "J. Lant.",
		Also: also("abbreviated source title|journal abbreviation|abbreviated journal title|abbrev journal|abbreviated title|journal abbrev|journal iso abbreviation|сокращенное название журнала|краткое название журнала")}},
	{col: cISSN, Column: Column{Name: "issn", Russian: "ISSN журнала", Several: true, Meaning: "ISSNs of any kind", Example: "1234-5679", Also: also("issns|journal issn|issn s|issn issn")}},
	{col: cISSN, kind: "print", Column: Column{Name: "pissn", Russian: "ISSN печатный", Several: true, Meaning: "ISSN of the print edition", Example: "1234-5679", Also: also("print issn|issn print|p issn|journal issn print version|issn print version|issn печатной версии|issn print")}},
	{col: cISSN, kind: "electronic", Column: Column{Name: "eissn", Russian: "ISSN электронный", Several: true, Meaning: "ISSN of the electronic edition", Example: "2434-561X", Also: also("online issn|issn online|e issn|electronic issn|journal eissn online version|eissn online version|issn electronic|issn онлайн|issn электронной версии")}},
	{col: cJournalID, kind: "publisher-id", Column: Column{Name: "journal id", Russian: "Код журнала", Meaning: "the publisher's own id of the journal", Example: "jlant", Also: also("journal code|journal path|id журнала")}},
	{col: cJournalID, kind: "coden", Column: Column{Name: "coden", Russian: "CODEN журнала", Meaning: "CODEN", Example: "JLANTE"}},
	{col: cPublisher, Column: Column{Name: "publisher", Russian: "Издатель", Languages: true, Meaning: "publisher", Example: "Harbour Press", Also: also("publisher name|publishing house|издательство|出版社|出版者")}},
	{col: cPlace, Column: Column{Name: "publisher place", Russian: "Место издания", Meaning: "where the publisher is", Example: "Old Harbour", Also: also("place|place of publication|publisher location|publisher city|publisher address city|город|город издания|出版地")}},
	{col: cYear, Column: Column{Name: "year", Russian: "Год", Meaning: "year of the issue", Example: "2023", Also: also("publication year|year published|year of publication|pubyear|pub year|issue year|год издания|год публикации|год выпуска|год выхода|出版年|年份|年")}},
	{col: cDate, Column: Column{Name: "date", Russian: "Дата публикации", Meaning: "when the article was published: 2023-03-01, 01.03.2023, March 2023", Example: "2023-03-01",
		Also: also("publication date|date published|published|pub date|date of publication|cover date|published date|issue date|дата выхода|дата издания|дата выпуска|опубликовано|опубликована|出版日期|发表日期")}},
	{col: cDate, kind: "electronic", Column: Column{Name: "date online", Russian: "Дата публикации онлайн", Meaning: "when it was published online", Example: "2023-02-20",
		Also: also("online date|published online|publication date online|online publication date|epub date|early access date|date published online|date of online publication|дата онлайн публикации|дата электронной публикации|опубликовано онлайн")}},
	{col: cDate, kind: "print", Column: Column{Name: "date print", Russian: "Дата печатной публикации", Meaning: "when it was published in print", Example: "2023-03-15", Also: also("print date|published print|publication date print|date published print|published in print")}},
	{col: cMonth, Column: Column{Name: "month", Russian: "Месяц", Meaning: "month of the issue, by number or name, beside a year", Example: "3", Also: also("publication month|issue month")}},
	{col: cHistory, kind: "received", Column: Column{Name: "received", Russian: "Дата поступления", Meaning: "when the manuscript came", Example: "2022-11-05", Also: also("date received|received date|submitted|date submitted|submission date|поступила|поступила в редакцию|дата получения|дата подачи|收稿日期")}},
	{col: cHistory, kind: "rev-recd", Column: Column{Name: "revised", Russian: "Дата доработки", Meaning: "when its revision came", Example: "2022-12-20", Also: also("date revised|revised date|revision received|поступила после доработки|после рецензирования|修回日期")}},
	{col: cHistory, kind: "accepted", Column: Column{Name: "accepted", Russian: "Дата принятия", Meaning: "when it was accepted", Example: "2023-01-12", Also: also("date accepted|accepted date|acceptance date|принята|принята к публикации|принята к печати|录用日期")}},
	{col: cVolume, Column: Column{Name: "volume", Russian: "Том", Meaning: "volume", Example: "4", Also: also("vol|issue volume|номер тома|卷")}},
	{col: cIssue, Column: Column{Name: "issue", Russian: "Номер", Meaning: "issue", Example: "1", Also: also("issue number|issue no|number|issue num|выпуск|номер выпуска|номер журнала|журнал номер|期")}},
	{col: cIssueTitle, Column: Column{Name: "issue title", Russian: "Название выпуска", Languages: true, Meaning: "title of a special issue", Example: "Lights", Also: also("special issue|special issue title|спецвыпуск|тематический выпуск")}},
	{col: cPart, Column: Column{Name: "part", Russian: "Часть", Meaning: "part of the issue", Example: "2", Also: also("part number|issue part")}},
	{col: cSupplement, Column: Column{Name: "supplement", Russian: "Приложение", Meaning: "supplement", Example: "Suppl. 1", Also: also("suppl")}},
	{col: cSeries, Column: Column{Name: "series", Russian: "Серия", Meaning: "series of the journal or book", Example: "B", Also: also("series title|book series title|volume series|book series")}},
	{col: cPages, Column: Column{Name: "pages", Russian: "Страницы", Meaning: "pages as printed", Example: "15-22", Also: also("page|page range|pagination|page numbers|pages from to|стр|страницы статьи|диапазон страниц|页码")}},
	{col: cFPage, Column: Column{Name: "first page", Russian: "Начальная страница", Meaning: "first page", Example: "15", Also: also("page start|start page|begin page|beginning page|fpage|from page|page from|страница начала|первая страница|起始页")}},
	{col: cLPage, Column: Column{Name: "last page", Russian: "Конечная страница", Meaning: "last page", Example: "22", Also: also("page end|end page|ending page|lpage|to page|page to|страница окончания|последняя страница|终止页")}},
	{col: cArticleNumber, Column: Column{Name: "article number", Russian: "Номер статьи", Meaning: "number that stands for pages", Example: "e0123", Also: also("art no|article no|elocation id|elocator|e location|elocation|article num")}},
	{col: cPageCount, Column: Column{Name: "page count", Russian: "Число страниц", Meaning: "how many pages", Example: "8", Also: also("num pages|number of pages|pages count|количество страниц|кол во страниц")}},
	{col: cID, kind: "doi", Column: Column{Name: "doi", Russian: "DOI статьи", Meaning: "DOI, bare or as an address", Example: "10.5555/lanterns.12", Also: also("digital object identifier|article doi|doi link|doi url|identifier doi|код doi")}},
	{col: cID, kind: "pmid", Column: Column{Name: "pmid", Russian: "PubMed ID", Meaning: "number in PubMed", Example: "12345678", Also: also("pubmed")}},
	{col: cID, kind: "pmcid", Column: Column{Name: "pmcid", Russian: "PMC ID", Meaning: "number in PubMed Central", Example: "PMC1234567", Also: also("pmc")}},
	{col: cID, kind: "arxiv", Column: Column{Name: "arxiv", Russian: "arXiv ID", Meaning: "number in arXiv", Example: "2301.00001", Also: also("arxiv number")}},
	{col: cID, kind: "edn", Column: Column{Name: "edn", Russian: "Код EDN", Meaning: "eLIBRARY Document Number", Example: "ABCDEF", Also: also("elibrary document number")}},
	{col: cID, kind: "elibrary", Column: Column{Name: "elibrary", Russian: "eLIBRARY ID", Meaning: "number in eLIBRARY", Example: "50000001", Also: also("elibrary number|id elibrary|номер в elibrary")}},
	{col: cID, kind: "pii", Column: Column{Name: "pii", Russian: "PII статьи", Meaning: "publisher item identifier", Example: "S123456790001234-5"}},
	{col: cEID, kind: "eid", Column: Column{Name: "eid", Russian: "Scopus EID", Meaning: "number of the record in Scopus", Example: "2-s2.0-85000000001"}},
	{col: cID, kind: "wos", Column: Column{Name: "wos", Russian: "Номер Web of Science", Meaning: "number of the record in Web of Science", Example: "WOS:000900000000001", Also: also("ut unique wos id|unique wos id|accession number|wos id|ut")}},
	{col: cID, kind: "dimensions", Column: Column{Name: "dimensions", Russian: "Dimensions ID", Meaning: "number of the record in Dimensions", Example: "pub.1150000001", Also: also("publication id")}},
	{col: cID, kind: "handle", Column: Column{Name: "handle", Russian: "Handle статьи", Meaning: "handle", Example: "20.500.12345/1"}},
	{col: cID, kind: "publisher-id", Column: Column{Name: "id", Russian: "Идентификатор", Meaning: "the journal's own id of the article; the record is known by it where there is no DOI", Example: "LAN-2023-12",
		Also: also("own id|publisher id|article id|submission id|manuscript number|manuscript id|id статьи|код статьи|внутренний номер|шифр статьи")}},
	{col: cURL, Column: Column{Name: "url", Russian: "Ссылка", Meaning: "address of the article's page", Example: "https://lanterns.example.org/12", Also: also("link|landing page|article url|web page|page url|url статьи|адрес страницы|ссылка на статью|страница статьи|source linkout|链接|网址")}},
	{col: cPDF, Column: Column{Name: "pdf", Russian: "PDF статьи", Several: true, Meaning: "address of the full text as PDF", Example: "https://lanterns.example.org/12.pdf", Also: also("pdf url|pdf link|full text url|fulltext url|fulltext|full text|full text link|ссылка на pdf|полный текст|ссылка на полный текст|全文")}},
	{col: cLanguage, Column: Column{Name: "language", Russian: "Язык", Several: true, Meaning: "language of the article: a code or a word; further ones are notes", Example: "en", Also: also("lang|languages|language of original document|original language|locale|язык статьи|язык публикации|язык текста|语言|语种")}},
	{col: cType, Column: Column{Name: "type", Russian: "Тип", Meaning: "kind of article, in words or as JATS has it", Example: "research-article", Also: also("document type|article type|item type|publication type|type of document|doc type|type of publication|тип статьи|тип публикации|тип документа|вид публикации|вид статьи|文献类型|类型")}},
	{col: cStatus, Column: Column{Name: "status", Russian: "Статус", Meaning: "stage of publication, in words", Example: "Final", Also: also("publication stage|publication status|статус публикации")}},
	{col: cSection, Column: Column{Name: "section", Russian: "Раздел", Languages: true, Meaning: "section of the issue", Example: "Articles", Also: also("section title|journal section|раздел журнала|рубрика журнала|рубрика выпуска|栏目")}},
	{col: cSubjects, kind: "subject", Column: Column{Name: "subjects", Russian: "Рубрики", Languages: true, Several: true, Meaning: "subjects", Example: "Street lighting; Local history",
		Also: also("subject|subject area|subject areas|categories|category|discipline|disciplines|research areas|research area|wos categories|fields of research|fields of research anzsrc 2020|fields of research for|topics|рубрика|тематика|тема|предметная область|отрасль знаний|学科|分类")}},
	{col: cSubjects, kind: "coverage", Column: Column{Name: "coverage", Russian: "Охват", Languages: true, Several: true, Meaning: "place and time that the article is about", Example: "Old Harbour, 1890-1910"}},
	{col: cSubjects, kind: "udc", Column: Column{Name: "udc", Russian: "УДК", Several: true, Meaning: "UDC", Example: "628.9", Also: also("код удк|индекс удк")}},
	{col: cSubjects, kind: "bbk", Column: Column{Name: "bbk", Russian: "ББК", Several: true, Meaning: "the Russian library classification", Example: "31.294", Also: also("код ббк")}},
	{col: cSubjects, kind: "grnti", Column: Column{Name: "grnti", Russian: "ГРНТИ", Several: true, Meaning: "the Russian rubricator of scientific information", Example: "45.53.33", Also: also("код грнти|рубрика грнти|коды грнти")}},
	{col: cSubjects, kind: "vak", Column: Column{Name: "vak", Russian: "Специальность ВАК", Several: true, Meaning: "speciality of the Russian list of scientific professions", Example: "5.6.1", Also: also("вак|шифр специальности|научная специальность|код вак")}},
	{col: cSubjects, kind: "oecd", Column: Column{Name: "oecd", Russian: "OECD код", Several: true, Meaning: "field of science by OECD", Example: "6.1", Also: also("oecd fos|рубрика oecd")}},
	{col: cSubjects, kind: "msc", Column: Column{Name: "msc", Russian: "MSC код", Several: true, Meaning: "Mathematics Subject Classification", Example: "78A55", Also: also("msc 2020|msc2020|msc2010")}},
	{col: cSubjects, kind: "jel", Column: Column{Name: "jel", Russian: "JEL код", Several: true, Meaning: "classification of the Journal of Economic Literature", Example: "N90", Also: also("jel classification|jel codes|jel code|коды jel")}},
	{col: cSubjects, kind: "pacs", Column: Column{Name: "pacs", Russian: "PACS код", Several: true, Meaning: "Physics and Astronomy Classification Scheme", Example: "42.72.-g", Also: also("pacs codes")}},
	{col: cFunding, Column: Column{Name: "funding", Russian: "Финансирование", Languages: true, Meaning: "who paid, in a sentence", Example: "The work was paid for by the Fund for Old Lights.", Also: also("funding text|funding texts|funding statement|funding information|acknowledgement of funding|источник финансирования|сведения о финансировании|благодарности и финансирование|基金项目")}},
	{col: cFunder, Column: Column{Name: "funder", Russian: "Грантодатель", Several: true, Meaning: "funders, each with its grants in square brackets", Example: "Fund for Old Lights [FOL-7, FOL-9]; Paper Fund", Also: also("funders|funding agency|funding agencies|funding details|funding orgs|sponsor|funder name|грантодатели|фонд|спонсор|资助机构")}},
	{col: cAward, Column: Column{Name: "award", Russian: "Номер гранта", Several: true, Meaning: "numbers of grants, in the order of the funders, as many as they, or all of the one funder", Example: "FOL-7", Also: also("awards|award number|award numbers|grant|grants|grant number|grant numbers|supporting grants|грант|гранты|номера грантов")}},
	{col: cLicence, Column: Column{Name: "licence", Russian: "Лицензия", Several: true, Meaning: "address or name of the licence", Example: "https://creativecommons.org/licenses/by/4.0/", Also: also("license|licence url|license url|licenses|cc license|creative commons license|ссылка на лицензию|тип лицензии")}},
	{col: cHolder, Column: Column{Name: "copyright holder", Russian: "Правообладатель", Languages: true, Several: true, Meaning: "who holds the copyright", Example: "The Authors", Also: also("copyright holders|copyright owner|правообладатели")}},
	{col: cCopyrightYear, Column: Column{Name: "copyright year", Russian: "Год копирайта", Meaning: "year of the copyright", Example: "2023", Also: also("год авторского права")}},
	{col: cCopyright, Column: Column{Name: "copyright", Russian: "Копирайт", Languages: true, Meaning: "the statement as printed", Example: "© The Authors, 2023", Also: also("copyright statement|rights|права|авторские права")}},
	{col: cAccess, Column: Column{Name: "access", Russian: "Доступ", Meaning: "open, embargoed, restricted or closed; yes in a column \"open access\"", Example: "open", Also: also("open access|access status|access type|access rights|oa|oa status|открытый доступ|тип доступа|开放获取")}},
	{col: cEmbargo, Column: Column{Name: "embargo", Russian: "Эмбарго до", Meaning: "day from which it is free to read", Example: "2024-03-01", Also: also("embargo date|embargo until|embargo end|end of embargo|эмбарго")}},
	{col: cPrice, Column: Column{Name: "price", Russian: "Цена", Meaning: "price of a copy, with the currency or beside a column for it", Example: "500.00 RUB", Also: also("стоимость|цена статьи")}},
	{col: cCurrency, Column: Column{Name: "currency", Russian: "Валюта", Meaning: "currency of the price", Example: "RUB"}},
	{col: cRefs, Column: Column{Name: "references", Russian: "Список литературы", Languages: true, Several: true, Meaning: "references, one a line or parted by \" || \"", Example: "Wick B. On oil. J. Lant. 1999;3(2):1-9.",
		Also: also("reference|reference list|bibliography|cited references|citations list|citations|литература|библиография|пристатейный список литературы|список источников|библиографический список|参考文献")}},
	{col: cConference, Column: Column{Name: "conference", Russian: "Конференция", Meaning: "name of the conference", Example: "5th Meeting on Lamps", Also: also("conference name|conference title|meeting name|meeting|название конференции|会议名称")}},
	{col: cConfDate, Column: Column{Name: "conference date", Russian: "Дата конференции", Meaning: "when it was, as printed", Example: "1-3 June 2022", Also: also("conference dates|meeting date|даты конференции")}},
	{col: cConfPlace, Column: Column{Name: "conference place", Russian: "Место конференции", Meaning: "where it was", Example: "Old Harbour", Also: also("conference location|meeting location|meeting place|место проведения")}},
	{col: cConfSponsor, Column: Column{Name: "conference sponsor", Russian: "Спонсор конференции", Meaning: "who paid for it", Example: "Lamp Society", Also: also("sponsors|conference sponsors|meeting sponsor|meeting sponsors")}},
	{col: cISBN, Column: Column{Name: "isbn", Russian: "ISBN книги", Several: true, Meaning: "ISBNs", Example: "978-0-00-000000-2", Also: also("isbns")}},
	{col: cNote, kind: "coi-statement", Column: Column{Name: "conflict of interest", Russian: "Конфликт интересов", Languages: true, Meaning: "statement on conflicts of interest", Example: "None.", Also: also("conflicts of interest|competing interests|coi statement|declaration of interests|利益冲突")}},
	{col: cNote, kind: "data-availability", Column: Column{Name: "data availability", Russian: "Доступность данных", Languages: true, Meaning: "where the data are", Example: "With the authors.", Also: also("data availability statement|data statement|数据可用性")}},
	{col: cNote, kind: "acknowledgements", Column: Column{Name: "acknowledgements", Russian: "Благодарности", Languages: true, Meaning: "thanks", Example: "We thank the harbour master.", Also: also("acknowledgments|acknowledgement|acknowledgment|благодарность|致谢")}},
	{col: cNote, kind: "contributions", Column: Column{Name: "author contributions", Russian: "Вклад авторов", Languages: true, Meaning: "who did what", Example: "V. O. counted, W. L. drew.", Also: also("contributions|contribution of authors|credit statement|作者贡献")}},
	{col: cRemark, Column: Column{Name: "note", Russian: "Примечание", Meaning: "anything else; kept with the record as a fact of its own", Example: "Reprinted", Also: also("notes|comment|comments|remarks|примечания|комментарий|комментарии|备注")}},
	{col: cCitedBy, Column: Column{Name: "cited by", Russian: "Цитирований", Meaning: "how often it is cited; kept, not published", Example: "3", Also: also("times cited|citation count|cited by count|times cited wos core|times cited all databases|число цитирований|цитирования|цитирований в ринц|被引频次")}},
}

// ignored are columns of exports that say nothing of the article, by their normal names.
const ignored = "key|date added|date modified|access date|file attachments|link attachments|library catalog|call number|extra|archive|archive location|conference code|" +
	"molecular sequence numbers|chemicals cas|tradenames|manufacturers|column1|rank|recent citations|rcr|fcr|altmetric|dimensions url|п п|row|row number|usage count|" +
	"highly cited status|hot paper status|date of export|ids number|web of science index|cited reference count|180 day usage count|since 2013 usage count|open access designations key|" +
	"article galley filename|galley filename|article galley label|cover image filename|cover image alt text|issue description|username|section abbrev|article views|unnamed 0|index|number of volumes|attorney agent|cast member|commenter|composer|cosponsor|counsel|interviewer|producer|recipient|reviewed author|scriptwriter|words by|guest|running time|scale|" +
	"artwork size|filing date|application number|assignee|issuing authority|court|reporter|legal status|priority numbers|programming language|system|code number|legislative body"

// wosTags are the field tags of Web of Science.
//
// Source: Clarivate, Web of Science Core Collection Field Tags.
var wosTags = map[string]key{
	"TI": {col: cTitle}, "AU": {col: cAuthors}, "AF": {col: cFullNames}, "CA": {col: cGroup}, "GP": {col: cGroup}, "BE": {col: cEditors}, "ED": {col: cEditors}, "BA": {col: cIgnored},
	"BF": {col: cIgnored}, "SO": {col: cJournal}, "SE": {col: cSeries}, "BS": {col: cSeries}, "LA": {col: cLanguage}, "DT": {col: cType}, "CT": {col: cConference}, "CY": {col: cConfDate},
	"CL": {col: cConfPlace}, "SP": {col: cConfSponsor}, "HO": {col: cConfPlace}, "DE": {col: cKeywords}, "ID": {col: cIndexed}, "AB": {col: cAbstract}, "C1": {col: cAffs}, "C3": {col: cIgnored},
	"RP": {col: cCorresp}, "EM": {col: cEmails}, "RI": {col: cResearcherID, kind: "researcherid"}, "OI": {col: cORCID}, "FU": {col: cFunder}, "FP": {col: cIgnored}, "FX": {col: cFunding},
	"CR": {col: cRefs}, "NR": {col: cIgnored}, "TC": {col: cCitedBy}, "Z9": {col: cIgnored}, "U1": {col: cIgnored}, "U2": {col: cIgnored}, "PU": {col: cPublisher}, "PI": {col: cPlace},
	"PA": {col: cIgnored}, "SN": {col: cISSN}, "EI": {col: cISSN, kind: "electronic"}, "BN": {col: cISBN}, "J9": {col: cIgnored}, "JI": {col: cAbbrev}, "PD": {col: cMonth}, "PY": {col: cYear},
	"VL": {col: cVolume}, "IS": {col: cIssue}, "PN": {col: cPart}, "SU": {col: cSupplement}, "SI": {col: cIgnored}, "MA": {col: cIgnored}, "BP": {col: cFPage}, "EP": {col: cLPage},
	"AR": {col: cArticleNumber}, "DI": {col: cID, kind: "doi"}, "DL": {col: cIgnored}, "D2": {col: cIgnored}, "EA": {col: cDate, kind: "electronic"}, "PG": {col: cPageCount},
	"WC": {col: cSubjects, kind: "subject"}, "SC": {col: cSubjects, kind: "subject"}, "WE": {col: cIgnored}, "GA": {col: cIgnored}, "PM": {col: cID, kind: "pmid"},
	"UT": {col: cID, kind: "wos"}, "OA": {col: cAccess}, "HC": {col: cIgnored}, "HP": {col: cIgnored}, "DA": {col: cIgnored}, "PT": {col: cIgnored}, "ER": {col: cIgnored}, "EF": {col: cIgnored},
}
