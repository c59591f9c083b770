// Package jats holds an article in the vocabulary of JATS (ANSI/NISO Z39.96-2021, version 1.3) as plain Go data,
// and reads and writes it as JATS XML.
//
// [Article] is the record that Sheaf keeps. Its JSON form is the stable, documented deposit format: names are the lower-camel
// names of the fields, absent values are absent, and decoding what was encoded gives the same Article. Whatever a source states
// is kept as far as it fits here, in the source's order and spelling; nothing is added that the source lacks.
//
// Text that may carry inline markup is [Rich]; everything else is a plain string that is escaped when it is written.
// Languages are BCP 47 tags with hyphens ("ru", "zh-Hans", "ru-Latn"); an empty Lang means that the source names none
// and the article's language applies.
package jats

// Article is one scholarly article. The zero value is an empty article; only Title is needed for it to be kept.
type Article struct {
	ArticleType string   `json:"articleType,omitempty"` // article/@article-type, e.g. "research-article"; empty: not known
	Lang        string   `json:"lang,omitempty"`        // language of the article itself
	Status      string   `json:"status,omitempty"`      // publication status in the source's words, e.g. "Published"
	Version     *Version `json:"version,omitempty"`     // article-version by NISO JAV

	Journal Journal `json:"journal,omitzero"`

	IDs         []ID        `json:"ids,omitempty"` // article-id: "doi", "publisher-id", "pii", "pmid", "pmcid", "arxiv", "edn", "ark", "handle", ...
	SubjGroups  []SubjGroup `json:"subjGroups,omitempty"`
	Title       Title       `json:"title,omitzero"`        // in the article's language, as printed
	TransTitles []Title     `json:"transTitles,omitempty"` // translated and transliterated ("ru-Latn") titles
	AltTitles   []AltTitle  `json:"altTitles,omitempty"`

	Contribs []Contrib `json:"contribs,omitempty"` // in the order printed; authors, editors and all others
	Affs     []Aff     `json:"affs,omitempty"`     // pointed at by Contrib.Affs
	Notes    []Note    `json:"notes,omitempty"`    // author-notes and notes: conflict of interest, correspondence, data availability, ...

	PubDates     []Date   `json:"pubDates,omitempty"`
	Volume       string   `json:"volume,omitempty"`
	Issue        string   `json:"issue,omitempty"`
	Seq          string   `json:"seq,omitempty"` // position in the issue (volume/@seq or issue/@seq)
	VolumeIDs    []ID     `json:"volumeIds,omitempty"`
	VolumeSeries string   `json:"volumeSeries,omitempty"`
	IssueIDs     []ID     `json:"issueIds,omitempty"`
	IssueTitles  []Text   `json:"issueTitles,omitempty"` // special issue
	IssueSponsor []Rich   `json:"issueSponsors,omitempty"`
	IssuePart    string   `json:"issuePart,omitempty"`
	Supplement   Rich     `json:"supplement,omitempty"` // of the issue, e.g. "Suppl 2"
	ISBNs        []string `json:"isbns,omitempty"`
	FPage        string   `json:"fpage,omitempty"`
	LPage        string   `json:"lpage,omitempty"` // only with FPage
	PageRange    string   `json:"pageRange,omitempty"`
	ElocationID  string   `json:"elocationId,omitempty"` // never beside FPage in what is written

	Products      []Product       `json:"products,omitempty"`      // what a review reviews
	Supplementary []Supplementary `json:"supplementary,omitempty"` // files beside the article
	History       []Date          `json:"history,omitempty"`       // received, rev-recd, accepted, ...
	Permissions   Permissions     `json:"permissions,omitzero"`
	Links         []Link          `json:"links,omitempty"` // self-uri: the landing page and the full texts
	Related       []Related       `json:"related,omitempty"`

	Abstracts   []Abstract   `json:"abstracts,omitempty"` // of every language and kind
	KwdGroups   []KwdGroup   `json:"kwdGroups,omitempty"`
	Funding     Funding      `json:"funding,omitzero"`
	Conferences []Conference `json:"conferences,omitempty"`
	Counts      Counts       `json:"counts,omitzero"`
	CustomMeta  []CustomMeta `json:"customMeta,omitempty"`
	Metrics     []Metric     `json:"metrics,omitempty"` // views, purchasers, ratings: kept, never in the default output, never moving a datestamp

	Refs []Ref `json:"refs,omitempty"` // in the order printed

	FullText *FullText `json:"fullText,omitempty"` // served by jats_fulltext only

	Origin *Origin `json:"origin,omitempty"` // where the record was harvested from; told in OAI-PMH about containers, never in a record's metadata
}

// Text is rich text in one language.
type Text struct {
	Lang string `json:"lang,omitempty"`
	Text Rich   `json:"text"`
}

// ID is an identifier with its kind, as in article-id, journal-id and pub-id. A DOI is bare ("10.5555/x") and keeps its case.
type ID struct {
	Type  string `json:"type,omitempty"`
	Value string `json:"value"`
}

// Version is the stage of publication (JAV, NISO RP-8-2008).
type Version struct {
	Type string `json:"type,omitempty"` // AO, SMUR, AM, P, VoR, CVoR, EVoR, or what the source says
	Text string `json:"text,omitempty"` // the version as printed, e.g. "1.1"
}

// Title is a title in one language, with its subtitles.
type Title struct {
	Lang      string `json:"lang,omitempty"`
	Text      Rich   `json:"text"`
	Subtitles []Rich `json:"subtitles,omitempty"`
}

// AltTitle is a title for a purpose: a running head, a short title.
type AltTitle struct {
	Type string `json:"type,omitempty"` // alt-title/@alt-title-type, e.g. "running-head"
	Lang string `json:"lang,omitempty"`
	Text Rich   `json:"text"`
}

// Journal is the journal that the article stands in (journal-meta).
type Journal struct {
	IDs         []ID       `json:"ids,omitempty"` // journal-id: "publisher-id", "nlm-ta", "doi", ...
	Title       Title      `json:"title,omitzero"`
	TransTitles []Title    `json:"transTitles,omitempty"`
	AbbrevTitle []AltTitle `json:"abbrevTitles,omitempty"`
	ISSNs       []ISSN     `json:"issns,omitempty"`
	Publishers  []Text     `json:"publishers,omitempty"`   // publisher-name; several languages or several houses
	PubLoc      Rich       `json:"publisherLoc,omitempty"` // written only beside a publisher
	Contribs    []Contrib  `json:"contribs,omitempty"`     // editors of the journal
	Notes       []Note     `json:"notes,omitempty"`
	Links       []Link     `json:"links,omitempty"`
}

// ISSN is an ISSN in the form NNNN-NNNC.
type ISSN struct {
	Type  string `json:"type,omitempty"` // "print", "electronic", "linking"; empty: not known
	Value string `json:"value"`
}

// SubjGroup is one group of subjects: the section of the issue ("heading") or codes of one vocabulary.
type SubjGroup struct {
	Type     string      `json:"type,omitempty"` // subj-group/@subj-group-type: "heading", "udc", "msc", ...
	Lang     string      `json:"lang,omitempty"`
	Vocab    string      `json:"vocab,omitempty"`
	VocabID  string      `json:"vocabId,omitempty"` // a URI
	Subjects []Subject   `json:"subjects,omitempty"`
	Groups   []SubjGroup `json:"groups,omitempty"` // narrower subjects
}

// Subject is one subject or subject code.
type Subject struct {
	Text Rich   `json:"text"`
	Code string `json:"code,omitempty"` // subject/@vocab-term or a compound-subject part that is a code
	URI  string `json:"uri,omitempty"`  // subject/@vocab-term-identifier
}

// Contrib is a person or group. All of its fields may be empty but one; a Contrib with no name at all is legal and stays nameless.
type Contrib struct {
	Type         string      `json:"type,omitempty"`  // contrib/@contrib-type: "author", "editor", "translator", "reviewer", ...; empty means author
	Names        []Name      `json:"names,omitempty"` // one person in several languages and scripts; the first is as printed
	Collab       []Text      `json:"collab,omitempty"`
	Anonymous    bool        `json:"anonymous,omitempty"` // known to be anonymous, which is not the same as nameless
	IDs          []ContribID `json:"ids,omitempty"`
	Roles        []Role      `json:"roles,omitempty"`     // CRediT and other roles
	Positions    []Text      `json:"positions,omitempty"` // post or occupation
	Degrees      []string    `json:"degrees,omitempty"`
	Emails       []string    `json:"emails,omitempty"` // personal data: kept, not written unless asked
	URIs         []string    `json:"uris,omitempty"`
	Corresp      bool        `json:"corresp,omitempty"`
	EqualContrib bool        `json:"equalContrib,omitempty"`
	Deceased     bool        `json:"deceased,omitempty"`
	Affs         []string    `json:"affs,omitempty"`  // Aff.ID
	Notes        []string    `json:"notes,omitempty"` // Note.ID
	Bio          []Rich      `json:"bio,omitempty"`   // paragraphs
	OnBehalfOf   Rich        `json:"onBehalfOf,omitempty"`
	Comments     []Rich      `json:"comments,omitempty"` // author-comment
	Members      []Contrib   `json:"members,omitempty"`  // of a Collab
}

// Name is one form of a person's name. Either its parts are known or Full is given; parts are never guessed.
type Name struct {
	Lang       string `json:"lang,omitempty"`
	Style      string `json:"style,omitempty"` // name/@name-style: "western", "eastern", "islensk", "given-only"
	Surname    string `json:"surname,omitempty"`
	GivenNames string `json:"givenNames,omitempty"`
	Prefix     string `json:"prefix,omitempty"`
	Suffix     string `json:"suffix,omitempty"`
	Full       string `json:"full,omitempty"` // string-name: the name as printed, when its parts are not known
}

// ContribID identifies a person. An ORCID is the full https URI.
type ContribID struct {
	Type          string `json:"type"` // "orcid", "scopus", "researcherid", "spin", ...
	Value         string `json:"value"`
	Authenticated *bool  `json:"authenticated,omitempty"` // nil: the source does not say
}

// Role is what a contributor did.
type Role struct {
	Credit string `json:"credit,omitempty"` // the CRediT term in the spelling of credit.niso.org, when it is one
	Degree string `json:"degree,omitempty"` // degree-contribution: Lead, Equal, Supporting
	Lang   string `json:"lang,omitempty"`
	Text   Rich   `json:"text,omitempty"` // as printed; may be empty when Credit is set
}

// Aff is an affiliation, in one or more languages.
type Aff struct {
	ID    string    `json:"id"` // unique in the article; Contrib.Affs names it
	Label string    `json:"label,omitempty"`
	Forms []AffForm `json:"forms,omitempty"` // the same affiliation in several languages; the first is as printed
}

// AffForm is an affiliation in one language. Text is the whole as printed, with the elements of an affiliation marked inside it
// where the source marks them ([AffMarkup]); the other fields are its parts. When Text is empty the parts are written alone.
type AffForm struct {
	Lang         string        `json:"lang,omitempty"`
	Text         Rich          `json:"text,omitempty"`
	Institutions []Institution `json:"institutions,omitempty"`
	Address      []string      `json:"address,omitempty"` // addr-line
	City         string        `json:"city,omitempty"`
	State        string        `json:"state,omitempty"`
	PostalCode   string        `json:"postalCode,omitempty"`
	Country      string        `json:"country,omitempty"`     // as printed
	CountryCode  string        `json:"countryCode,omitempty"` // ISO 3166-1 alpha-2, in capitals
}

// Institution is an institution or one of its departments, from the whole to the part or as printed.
type Institution struct {
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"` // institution/@content-type, e.g. "dept"
	IDs  []ID   `json:"ids,omitempty"`  // "ROR" (full https URI), "ISNI", "GRID", "doi" (funder), ...
}

// Note is a footnote to the authors or a note to the article.
type Note struct {
	ID    string `json:"id,omitempty"`    // unique in the article; Contrib.Notes names it
	Type  string `json:"type,omitempty"`  // fn/@fn-type ("coi-statement", "con", ...), "corresp", or notes/@notes-type
	Place string `json:"place,omitempty"` // "author-notes" (the default) or "notes"
	Label string `json:"label,omitempty"`
	Lang  string `json:"lang,omitempty"`
	Title Rich   `json:"title,omitempty"`
	P     []Rich `json:"p,omitempty"`
}

// Date is a date of the article's life, to the precision that is known.
type Date struct {
	Type   string `json:"type,omitempty"`   // @date-type: "pub", "collection", "received", "rev-recd", "accepted", ...
	Format string `json:"format,omitempty"` // @publication-format: "electronic", "print"; only for publication dates
	Date   string `json:"date,omitempty"`   // "2006", "2006-01" or "2006-01-02"
	Season string `json:"season,omitempty"` // "Spring", "Jan-Feb"
	Text   string `json:"text,omitempty"`   // as printed, when it could not be read as a date
}

// Product is a thing that the article reviews.
type Product struct {
	Type string `json:"type,omitempty"` // product/@product-type
	Text Rich   `json:"text"`           // as printed, with the elements of a citation marked ([CitationMarkup])
}

// Supplementary is a file beside the article.
type Supplementary struct {
	URL     string `json:"url,omitempty"`
	MIME    string `json:"mime,omitempty"` // "application/zip"
	Lang    string `json:"lang,omitempty"`
	Label   string `json:"label,omitempty"`
	Title   Rich   `json:"title,omitempty"`
	Caption []Rich `json:"caption,omitempty"` // paragraphs
}

// Permissions are the rights in the article.
type Permissions struct {
	Statements []Text    `json:"statements,omitempty"` // copyright-statement
	Year       string    `json:"year,omitempty"`       // copyright-year, four digits
	Holders    []Text    `json:"holders,omitempty"`
	Licenses   []License `json:"licenses,omitempty"`
	Access     string    `json:"access,omitempty"`     // "open", "embargoed", "restricted", "closed"; empty: not known
	FreeFrom   string    `json:"freeFrom,omitempty"`   // ali:free_to_read/@start_date, YYYY-MM-DD
	FreeUntil  string    `json:"freeUntil,omitempty"`  // ali:free_to_read/@end_date, YYYY-MM-DD
	FreeToRead bool      `json:"freeToRead,omitempty"` // the source says ali:free_to_read
	EmbargoEnd string    `json:"embargoEnd,omitempty"` // YYYY-MM-DD
	Price      *Price    `json:"price,omitempty"`
}

// License is a licence of the article or, with AppliesTo "data", of its data.
type License struct {
	URI       string `json:"uri,omitempty"` // canonical: https and, for Creative Commons, a trailing slash
	Type      string `json:"type,omitempty"`
	Lang      string `json:"lang,omitempty"`
	Start     string `json:"start,omitempty"` // ali:license_ref/@start_date, YYYY-MM-DD
	AppliesTo string `json:"appliesTo,omitempty"`
	P         []Rich `json:"p,omitempty"`
}

// Price is what a copy costs.
type Price struct {
	Amount   string `json:"amount"`   // decimal, e.g. "100" or "500.00"
	Currency string `json:"currency"` // ISO 4217
}

// Link is a self-uri: a place where the article itself is found.
type Link struct {
	URL   string `json:"url"`
	MIME  string `json:"mime,omitempty"` // "text/html" is the landing page
	Lang  string `json:"lang,omitempty"`
	Title string `json:"title,omitempty"`
	Text  Rich   `json:"text,omitempty"`
}

// Related is another article or object and how this one is related to it.
type Related struct {
	Object bool   `json:"object,omitempty"` // related-object (a dataset, software, book) instead of related-article
	Type   string `json:"type,omitempty"`   // @related-article-type or @content-type
	IDType string `json:"idType,omitempty"` // @ext-link-type: "doi", "uri", "pmid", ...
	ID     string `json:"id,omitempty"`
	Lang   string `json:"lang,omitempty"`
	Text   Rich   `json:"text,omitempty"` // as printed ([CitationMarkup])
}

// Abstract is one abstract. It holds paragraphs, or sections, or both in that order.
type Abstract struct {
	Type  string `json:"type,omitempty"` // abstract/@abstract-type: "plain-language-summary", "graphical", "key-points", ...
	Lang  string `json:"lang,omitempty"`
	Title Rich   `json:"title,omitempty"`
	P     []Rich `json:"p,omitempty"`
	Secs  []Sec  `json:"secs,omitempty"`
}

// Sec is a section of an abstract.
type Sec struct {
	Title Rich   `json:"title,omitempty"`
	P     []Rich `json:"p,omitempty"`
	Secs  []Sec  `json:"secs,omitempty"`
}

// KwdGroup is the keywords of one language and kind.
type KwdGroup struct {
	Type    string `json:"type,omitempty"` // kwd-group/@kwd-group-type, e.g. "author"
	Lang    string `json:"lang,omitempty"`
	Title   Rich   `json:"title,omitempty"`
	Vocab   string `json:"vocab,omitempty"`
	VocabID string `json:"vocabId,omitempty"`
	Kwds    []Kwd  `json:"kwds"`
}

// Kwd is a keyword.
type Kwd struct {
	Text Rich   `json:"text"`
	Code string `json:"code,omitempty"` // the code of a compound keyword
}

// Funding tells who paid.
type Funding struct {
	Awards     []Award `json:"awards,omitempty"`
	Statements []Text  `json:"statements,omitempty"`
	OpenAccess []Rich  `json:"openAccess,omitempty"` // paragraphs of open-access/p
}

// Award is money from one funder.
type Award struct {
	Funders    []Funder `json:"funders,omitempty"`
	IDs        []string `json:"ids,omitempty"`        // award-id
	Recipients []Text   `json:"recipients,omitempty"` // principal-award-recipient, as printed
	Leaders    []Text   `json:"leaders,omitempty"`    // principal-investigator, as printed
}

// Funder is a funding source.
type Funder struct {
	Lang    string `json:"lang,omitempty"`
	Name    string `json:"name,omitempty"`
	Country string `json:"country,omitempty"` // ISO 3166-1 alpha-2
	IDs     []ID   `json:"ids,omitempty"`     // "doi" 10.13039/..., "ROR", "GRID", "ISNI"
}

// Conference is the conference that the article was given at.
type Conference struct {
	Name    Rich   `json:"name,omitempty"`
	Acronym string `json:"acronym,omitempty"`
	Num     string `json:"num,omitempty"`
	Date    string `json:"date,omitempty"` // as printed
	Loc     Rich   `json:"loc,omitempty"`
	Sponsor Rich   `json:"sponsor,omitempty"`
	Theme   Rich   `json:"theme,omitempty"`
}

// Counts are what the source counted. A nil field was not counted.
type Counts struct {
	Characters *int    `json:"characters,omitempty"` // in Unicode code points
	Figs       *int    `json:"figs,omitempty"`
	Tables     *int    `json:"tables,omitempty"`
	Equations  *int    `json:"equations,omitempty"`
	Refs       *int    `json:"refs,omitempty"`
	Pages      *int    `json:"pages,omitempty"`
	Words      *int    `json:"words,omitempty"`
	Others     []Count `json:"others,omitempty"`
}

// Count is a count of something that JATS has no element for.
type Count struct {
	Type  string `json:"type"`
	Count int    `json:"count"`
}

// CustomMeta is a fact that JATS has no element for.
type CustomMeta struct {
	Name        Rich   `json:"name"`
	Value       Rich   `json:"value"`
	SpecificUse string `json:"specificUse,omitempty"`
}

// Metric is a number that changes daily, such as views.
type Metric struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Ref is an entry of the reference list.
type Ref struct {
	ID        string     `json:"id,omitempty"`   // by which FullText points at it; only where it does
	List      Rich       `json:"list,omitempty"` // title of the list that it stands in, when that is not the article's only list
	Label     string     `json:"label,omitempty"`
	Citations []Citation `json:"citations,omitempty"` // one work in several languages or forms, or several works under one label
	Distinct  bool       `json:"distinct,omitempty"`  // the Citations are different works, not forms of one
	Notes     []Rich     `json:"notes,omitempty"`     // paragraphs that are no citation
}

// Citation is a cited work: as printed in Text, as parts in the other fields, or both.
//
// Text may have the elements of a citation marked inside it ([CitationMarkup]); it is then written as it stands, and the parts
// are what was marked. With a Text that has none and with parts, both are written, as alternatives.
type Citation struct {
	Lang            string        `json:"lang,omitempty"`            // of the cited work
	PublicationType string        `json:"publicationType,omitempty"` // "journal", "book", "confproc", "thesis", "web", "data", ...
	Text            Rich          `json:"text,omitempty"`
	Elements        bool          `json:"elements,omitempty"` // Text holds elements only and no loose text: element-citation
	PersonGroups    []PersonGroup `json:"personGroups,omitempty"`
	Titles          []Text        `json:"titles,omitempty"`        // article-title, then trans-title; original, transliterated ("ru-Latn") and translated, each by its Lang
	ChapterTitles   []Text        `json:"chapterTitles,omitempty"` // chapter-title or part-title
	DataTitle       Rich          `json:"dataTitle,omitempty"`
	Sources         []Text        `json:"sources,omitempty"` // source, then trans-source: the journal or the book
	Edition         string        `json:"edition,omitempty"`
	Series          string        `json:"series,omitempty"`
	ConfName        string        `json:"confName,omitempty"`
	PublisherName   string        `json:"publisherName,omitempty"`
	PublisherLoc    string        `json:"publisherLoc,omitempty"`
	Date            string        `json:"date,omitempty"` // "2006", "2006-01" or "2006-01-02"
	Year            string        `json:"year,omitempty"` // as printed, when it is more than the year of Date ("2001a", "in press")
	Season          string        `json:"season,omitempty"`
	Volume          string        `json:"volume,omitempty"`
	Issue           string        `json:"issue,omitempty"`
	Supplement      string        `json:"supplement,omitempty"`
	FPage           string        `json:"fpage,omitempty"`
	LPage           string        `json:"lpage,omitempty"`
	PageRange       string        `json:"pageRange,omitempty"`
	ElocationID     string        `json:"elocationId,omitempty"`
	Size            string        `json:"size,omitempty"` // "656 p."
	ISBN            string        `json:"isbn,omitempty"`
	ISSN            string        `json:"issn,omitempty"`
	Version         string        `json:"version,omitempty"`
	IDs             []ID          `json:"ids,omitempty"`        // pub-id: "doi", "pmid", "pmcid", "arxiv", ...
	URLs            []string      `json:"urls,omitempty"`       // ext-link, uri
	AccessDate      string        `json:"accessDate,omitempty"` // as Date
	LangNote        string        `json:"langNote,omitempty"`   // "In Russ.", "In Chin.", as printed and without brackets
	Comments        []Rich        `json:"comments,omitempty"`
}

// PersonGroup is the people of a citation in one part.
type PersonGroup struct {
	Type    string   `json:"type,omitempty"` // "author", "editor", "translator", ...
	Persons []Person `json:"persons,omitempty"`
	EtAl    bool     `json:"etAl,omitempty"`
}

// Person is a person or group in a citation.
type Person struct {
	Names  []Name `json:"names,omitempty"` // in several scripts; the first is as printed
	Collab string `json:"collab,omitempty"`
}

// Origin tells where a record was harvested from, and where that place had it from.
//
// Source: OAI-PMH 2.0 implementation guidelines, "XML schema for the provenance of a record" (originDescription).
type Origin struct {
	BaseURL           string  `json:"baseURL"`
	Identifier        string  `json:"identifier"`
	Datestamp         string  `json:"datestamp"`         // as the origin gave it
	MetadataNamespace string  `json:"metadataNamespace"` // of what was harvested
	HarvestDate       string  `json:"harvestDate"`       // UTCdatetime
	Altered           bool    `json:"altered,omitempty"` // the record served here differs from the one harvested
	Origin            *Origin `json:"origin,omitempty"`  // where the origin had harvested it
}

// Warning is something that was mended or left aside while an input was read.
type Warning struct {
	Code    string `json:"code"`           // stable, lower-case, hyphenated: "lang-mended"
	Path    string `json:"path,omitempty"` // the element or field, e.g. "article-meta/pub-date[2]/month"
	Line    int    `json:"line,omitempty"` // 1-based; 0: not known
	Message string `json:"message"`
}
