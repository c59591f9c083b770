// Package pubmed reads the XML of PubMed: what the National Library of Medicine gives out (baseline and update files, E-utilities), and what publishers send to it.
//
// Formats: PubmedArticleSet by pubmed_250101.dtd and every version of it since 2001, whose elements are a subset; MedlineCitationSet, its form before 2017;
// PubmedBookArticle and BookDocument (bookdoc DTD); ArticleSet by the DTD of deposit, PubMed/JOURNAL 2.0 to 2.8 (NLM, "PubMed XML Tagged Format").
// A PMID inside DeleteCitation or DeleteDocument is a record of its own: the article that PubMed has taken back.
//
//	stream ──> cut: one element of a record each ──> etree ──> jats.Article
//
// A citation of PubMed (MedlineCitation and PubmedData):
//
//	PMID, ArticleId: pubmed, doi, pii, pmc, pmcid, mid   IDs: pmid, doi, pii, pmcid, manuscript; others by their own name, addresses to Links
//	PMID/@Version above 1, else @VersionID               Version.Text
//	OtherID                                              IDs: pmcid, manuscript, else by its Source
//	Journal: Title, ISOAbbreviation, ISSN                Journal.Title, AbbrevTitle "iso", ISSNs by IssnType
//	MedlineTA, NlmUniqueID, ISSNLinking, Country         Journal.IDs "nlm-ta", "nlm-journal-id"; ISSNs "linking"; Journal.PubLoc
//	MedlineJournalInfo/VernacularTitle                   Journal.TransTitles (in no DTD, but in files)
//	JournalIssue: Volume, Issue, PubDate                 Volume, Issue, PubDates; Season and MedlineDate to Season
//	@PubModel                                            type and format of PubDate: print, electronic, or the collection's
//	ArticleDate                                          PubDates, electronic
//	ArticleTitle, VernacularTitle                        Title, TransTitles: what stands in [brackets] is PubMed's English translation; the brackets
//	                                                     and the full stop that PubMed ends every title with are left out
//	Pagination                                           FPage, LPage, PageRange; "e123" ElocationID; of MedlinePgn "764-9" the last page is 769
//	ELocationID                                          IDs; a pii that is a number of its own, ElocationID where there are no pages. ValidYN="N" is left out
//	Abstract, OtherAbstract                              Abstracts: Label begins a section; OtherAbstract by Type and Language
//	CopyrightInformation                                 Permissions.Statements
//	Author                                               Contribs; by ListType or Type "editor"; ValidYN="N" is left out
//	CollectiveName, Investigator                         Contribs with Collab and its Members, or of type "investigator" where it is not said whose they are
//	Identifier, Affiliation                              ContribID, Affs (ROR, GRID, ISNI, Ringgold); e-mail addresses in it to Contrib.Emails;
//	                                                     that of the Article itself (before 2003) is the first author's
//	AuthorList/@CompleteYN="N"                           CustomMeta "author-list"
//	Language                                             Lang; further ones CustomMeta "language"
//	PublicationType                                      ArticleType by the table in terms.go; all of them SubjGroups "article-type", code the UI
//	DataBank                                             Related objects: "clinical-trial" or "dataset"
//	Grant                                                Funding.Awards; Acronym an id of the funder; Country its ISO code
//	MeshHeading                                          KwdGroups "mesh", "mesh-major" (MajorTopicYN), one for each pair "Descriptor/qualifier", code "D012345Q000123"
//	SupplMeshName, Chemical, GeneSymbol                  KwdGroups "mesh-supplementary", "chemical" (by UI), "registry-number" (UNII, CAS, EC), "gene-symbol"
//	PersonalNameSubject, SpaceFlightMission              KwdGroups "personal-name-subject", "space-flight-mission"
//	Keyword                                              KwdGroups "author" (Owner NOTNLM), else by the Owner
//	CoiStatement, GeneralNote                            Notes "coi-statement", "general"
//	CommentsCorrections                                  Related by RefType; "Cites" Refs where there is no ReferenceList
//	NumberOfReferences, ReferenceList                    Counts.Refs, Refs
//	PubMedPubDate                                        History: received, revised (rev-recd), accepted, retracted, pmc-release; of publication: PubDates
//	PublicationStatus                                    Status
//	Object                                               as in a deposit
//
// Left out, being PubMed's own housekeeping: Status, Owner, IndexingMethod, DateCreated, DateCompleted, DateRevised, CitationSubset, the dates
// pubmed, medline, entrez; hours and minutes; NlmCategory (PubMed's word for a Label); MajorTopicYN of keywords; Type of SupplMeshName and DescriptorName;
// CompleteYN of grants and data banks; and sentences that say only that a title or abstract is not there.
//
// A book or chapter (BookDocument):
//
//	ArticleTitle; BookTitle                     a chapter: Title, and the book Journal.Title; else the book Title
//	Publisher                                   Journal.Publishers, PubLoc
//	Book/AuthorList, Author                     of a chapter: Journal.Contribs; else Contribs
//	PubDate, ContributionDate, DateRevised      PubDates (a chapter's own date first, the book's "collection"), History "updated"
//	CollectionTitle, Volume, Isbn               VolumeSeries, Volume, ISBNs
//	ELocationID, ReportNumber                   of a chapter: Journal.IDs; else IDs
//	VolumeTitle, Edition, Medium, BeginningDate, EndingDate, LocationLabel   CustomMeta
//	Section                                     CustomMeta "contents", one each
//	ItemList                                    KwdGroups by ListType
//
// A deposit (ArticleSet/Article) has the same with other names: PublisherName, JournalTitle, Issn, PubDate/@PubStatus, FirstPage, LastPage, FirstName and
// MiddleName, GroupList, History/PubDate, PlainLanguageSummary, ArchiveCopySource (Links), Replaces (IDs: it names the same article), and
//
//	Object: keyword, grant, DataBank names      KwdGroups "author", Funding.Awards, Related objects
//	Object: Erratum, Retraction, Comment, ...   Related: the article that this one is about
//	Object of any other Type                    CustomMeta
package pubmed

import (
	"bytes"
	"io"

	"github.com/beevik/etree"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// records are the elements that are a record each. PMID is one only where it stands outside of the others, among the deleted.
var records = cut.XML{Records: []string{"PubmedArticle", "PubmedBookArticle", "MedlineCitation", "BookDocument", "Article", "PMID"}}

// Recognise tells whether a document begins as one of PubMed's.
func Recognise(head []byte) bool {
	name, namespace := cut.Root(head)
	if namespace != "" {
		return false
	}
	switch name {
	case "PubmedArticleSet", "PubmedBookArticleSet", "PubmedArticle", "PubmedBookArticle", "MedlineCitationSet", "MedlineCitation", "BookDocumentSet", "BookDocument", "DeleteCitation":
		return true
	case "ArticleSet", "Article": // names that others may use
		return bytes.Contains(head, []byte("//NLM//DTD PubMed")) || bytes.Contains(head, []byte("<Journal>")) && bytes.Contains(head, []byte("<JournalTitle"))
	}
	return false
}

// Cut yields each citation, book, deposited article and deleted PMID of r.
func Cut(r io.Reader, yield func(cut.Record) error) error { return records.Cut(r, yield) }

// Read makes an article of one record that [Cut] gave, or of a document that holds one. For a PMID that PubMed has deleted it returns jats.ErrWithdrawn beside
// an article with that id alone. Other errors are of type *jats.Fault: "malformed", "too-large", "too-deep", "not-recognised", "several-records".
func Read(record []byte) (*jats.Article, []jats.Warning, error) {
	root, err := cut.Document(record)
	if err != nil {
		return nil, nil, err
	}
	found := find(root, nil)
	if len(found) != 1 {
		if len(found) == 0 {
			return nil, nil, jats.Faultf("not-recognised", 0, "XML %q without a PubmedArticle, PubmedBookArticle, MedlineCitation or Article in it", root.Tag)
		}
		return nil, nil, jats.Faultf("several-records", 0, "more than one record, want one")
	}
	r := reader{a: &jats.Article{}, affs: map[string]string{}, seen: map[string]bool{}}
	r.noGroups()
	switch e := found[0]; e.Tag {
	case "PMID":
		r.id("pmid", text(e))
		return r.a, nil, jats.ErrWithdrawn
	case "PubmedArticle":
		r.citation(child(e, "MedlineCitation"), child(e, "PubmedData"))
	case "MedlineCitation":
		r.citation(e, nil)
	case "PubmedBookArticle":
		r.book(child(e, "BookDocument"), child(e, "PubmedBookData"))
	case "BookDocument":
		r.book(e, nil)
	case "Article":
		r.deposit(e)
	}
	return r.a, r.warnings, nil
}

// find appends the records in e to found, and stops after the second.
func find(e *etree.Element, found []*etree.Element) []*etree.Element {
	switch e.Tag {
	case "PubmedArticle", "PubmedBookArticle", "MedlineCitation", "BookDocument", "Article":
		return append(found, e)
	case "PMID":
		if p := e.Parent(); p != nil && (p.Tag == "DeleteCitation" || p.Tag == "DeleteDocument") {
			found = append(found, e)
		}
		return found
	}
	for _, k := range e.Child {
		if k, ok := k.(*etree.Element); ok && len(found) < 2 {
			found = find(k, found)
		}
	}
	return found
}

// A reader fills one article.
type reader struct {
	a        *jats.Article
	warnings []jats.Warning
	affs     map[string]string // ids by what the affiliation says
	seen     map[string]bool   // what is to be kept once, by its kind and what it says
	people   int               // how many contributors were read

	lists map[string]int    // where in Contribs a group is, by the list of investigators that it names
	named map[jats.Rich]int // and by its name
	sole  int               // the only group; -1: there is none, or more than one
}

// noGroups forgets the groups: those that follow are others'.
func (r *reader) noGroups() {
	r.lists, r.named, r.sole = map[string]int{}, map[jats.Rich]int{}, -1
}

// once tells whether this is the first time that what is said.
func (r *reader) once(kind, what string) bool {
	key := kind + "\x00" + what
	if r.seen[key] {
		return false
	}
	r.seen[key] = true
	return true
}

func (r *reader) warn(code, path, message string) {
	r.warnings = append(r.warnings, jats.Warning{Code: code, Path: path, Message: message})
}

// id adds an identifier unless it is there.
func (r *reader) id(kind, value string) {
	if value != "" && r.once("id "+kind, value) {
		r.a.IDs = append(r.a.IDs, jats.ID{Type: kind, Value: value})
	}
}

func (r *reader) hasID(kind string) bool {
	for _, id := range r.a.IDs {
		if id.Type == kind {
			return true
		}
	}
	return false
}

// meta keeps a fact that the model has no field for.
func (r *reader) meta(name, value string) {
	if value != "" {
		r.a.CustomMeta = append(r.a.CustomMeta, jats.CustomMeta{Name: jats.Rich(name), Value: jats.Escape(value)})
	}
}

// english is the language of what PubMed writes or demands in English: "" where that is the article's language, "en" elsewhere.
func (r *reader) english() string {
	if r.a.Lang == "" || r.a.Lang == "en" || len(r.a.Lang) > 2 && r.a.Lang[:3] == "en-" {
		return ""
	}
	return "en"
}
