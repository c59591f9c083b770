// Package ojs reads the native XML of Open Journal Systems: what its plug-in "Native XML" exports and imports, in the namespace http://pkp.sfu.ca.
//
// Known are the forms of OJS 3.0 and 3.1 (the metadata stand in article itself), of 3.2 to 3.4 (they stand in publication, of which there may be several), and what
// the later schema adds (affiliations with ROR, keywords with identifiers, the journal's name in the publication).
//
// The files do not name the journal, save for those of the newest schema, so an article made of one comes without it and has the warning no-journal. Files that are
// embedded are left out before anything is read, and named in a warning.
//
//	source                                        article
//	article/@locale                               Lang
//	article/@date_submitted                       History, "received"
//	article/@status, publication/@status          Status when it is published; else the article is refused
//	article/@stage                                only "production" is read where no status is given
//	article/@current_publication_id               which publication is read; the others are left out with a warning
//	publication/@version, @version_stage,
//	  @version_major, @version_minor              Version
//	@date_published                               PubDates, "pub"; else that of the issue
//	@access_status                                Permissions.Access; 0 is the issue's
//	@seq                                          Seq
//	@section_ref                                  SubjGroups, "heading", by the issue's sections; CustomMeta "section" when they are not there
//	@primary_contact_id, author/@primary_contact  Contrib.Corresp
//	id (doi, publisher-id, other types)           IDs; internal ones are numbers of that installation and left out
//	prefix, title, subtitle                       Title, TransTitles
//	abstract                                      Abstracts, one a language; a paragraph for each p
//	licenseUrl, copyrightHolder, copyrightYear    Permissions
//	rights                                        Permissions.Statements
//	keywords                                      KwdGroups, one a language
//	subjects, disciplines, coverage               SubjGroups of type "subject", "discipline", "coverage"
//	type                                          ArticleType where it means a value of JATS, else CustomMeta "type"
//	source                                        CustomMeta "source"
//	languages                                     CustomMeta "language", when it is another than Lang
//	agencies                                      Funding.Awards, one a funder
//	authors/author                                Contribs
//	  @user_group_ref                             Type for authors, editors and translators in the languages of OJS, else a Role
//	  @seq                                        their order
//	  @contributor_type                           Collab, Anonymous
//	  givenname, familyname, preferred-
//	    PublicName; firstname, middlename,
//	    lastname (3.1)                            Names, one a language
//	  affiliation, rorAffiliation                 Affs
//	  country                                     AffForm.CountryCode
//	  email, url, orcid, biography                Emails, URIs, IDs, Bio
//	  competingInterests                          Notes, "coi-statement"
//	article_galley with remote or a linked file   Links
//	other submission files that are linked        Supplementary
//	pages                                         FPage, LPage, PageRange, or ElocationID ("e5")
//	issue_identification/volume, number, title    Volume, Issue, IssueTitles
//	issue_identification/year                     PubDates, "collection"
//	issue/id                                      IssueIDs
//	issue/@access_status, open_access_date        Permissions.Access, EmbargoEnd
//	citations/citation                            Refs, one each, taken apart by jats.ParseCitation
//	contextName, contextAbbreviation              Journal.Title, TransTitles, AbbrevTitle
//	publisherLocation                             Journal.PubLoc
//
// Left out: covers, embedded files and galleys without an address, the issue's description and galleys, section policies, numbers of roles, url_path,
// @include_in_browse, dates of files.
//
// Source: plugins/importexport/native/native.xsd of OJS and pkp-native.xsd of pkp-lib, releases 3.1 to 3.5.
package ojs

import (
	"io"
	"strings"

	"sheaf/ingest/cut"
	"sheaf/jats"
)

// Recognise tells by the beginning of a document whether it is of this kind.
func Recognise(head []byte) bool {
	name, namespace := cut.Root(head)
	switch name {
	case "article", "articles", "issue", "issues":
		return strings.TrimRight(namespace, "/") == "http://pkp.sfu.ca"
	}
	return false
}

// Cut takes a stream apart into its articles. Each record has the issue around it, without the other articles, and no content of embedded files.
func Cut(r io.Reader, yield func(cut.Record) error) error {
	return cut.XML{Records: []string{"article"}, Drop: []string{"embed"}}.Cut(r, yield)
}

// Read makes an article of one record. A submission that is not published is refused with the code not-published.
func Read(record []byte) (*jats.Article, []jats.Warning, error) {
	root, err := cut.Document(record)
	if err != nil {
		return nil, nil, err
	}
	source := root
	for source.Tag != "article" {
		inner := child(source, "issue", "articles", "article")
		if inner == nil {
			return nil, nil, jats.Faultf("not-recognised", 0, "OJS: no article in %q", root.Tag)
		}
		source = inner
	}
	r := reader{source: source, a: new(jats.Article)}
	for e := source.Parent(); e != nil; e = e.Parent() {
		if e.Tag == "issue" {
			r.issue = e
		}
	}
	if err := r.read(); err != nil {
		return nil, r.warnings, err
	}
	return r.a, r.warnings, nil
}
