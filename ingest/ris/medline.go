package ris

import (
	"io"
	"strconv"
	"strings"

	"sheaf/ingest/cut"
	"sheaf/ingest/ris/refman"
	"sheaf/jats"
)

// RecogniseMEDLINE tells PubMed's tagged format by its first line, "PMID- 12345".
func RecogniseMEDLINE(head []byte) bool {
	line, _, _ := strings.Cut(strings.TrimLeft(string(head[:min(len(head), 4096)]), " \t\r\n"), "\n")
	tag, value, ok := medlineLine(strings.TrimRight(line, "\r"))
	return ok && tag == "PMID" && strings.Trim(value, "0123456789") == ""
}

// medlineLine takes a line apart: a tag of two to four capitals or digits, filled up to four with blanks, a hyphen and a blank.
func medlineLine(line string) (tag, value string, ok bool) {
	if len(line) < 5 || line[4] != '-' || len(line) > 5 && line[5] != ' ' {
		return "", "", false
	}
	tag = strings.TrimRight(line[:4], " ")
	if len(tag) < 2 {
		return "", "", false
	}
	for i := 0; i < len(tag); i++ {
		if c := tag[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return "", "", false
		}
	}
	return tag, strings.TrimSpace(line[5:]), true
}

// CutMEDLINE takes a file apart; each record begins with its PMID.
func CutMEDLINE(r io.Reader, yield func(cut.Record) error) error {
	c := cutter{yield: yield}
	return c.run(r, func(line string) bounds {
		tag, value, ok := medlineLine(line)
		switch {
		case ok && tag == "PMID":
			return begins
		case ok && value != "":
			return says
		}
		return inside
	}, `no citation: want lines such as "PMID- 12345"`)
}

// related are the tags that name another article, and how it is related.
//
// Source: NLM, "MEDLINE/PubMed Data Element (Field) Descriptions", Comments/Corrections; JATS 1.3, @related-article-type.
var related = map[string]string{
	"CIN": "commentary", "CON": "commentary-article", "EIN": "correction-forward", "EFR": "corrected-article", "CRI": "corrected-article", "CRF": "republished-article", "ECI": "concern-raised",
	"ECF": "object-of-concern", "DRIN": "data-reference", "DDIN": "data-reference", "PRIN": "partial-retraction-forward", "PROF": "retracted-article", "RIN": "retraction-forward", "ROF": "retracted-article",
	"RPI": "republication", "RPF": "republished-article", "UIN": "updated-article", "UOF": "updated-article", "SPIN": "companion", "ORI": "companion",
}

// ReadMEDLINE makes an article of one record of PubMed's tagged format:
//
//	PMID PMC MID AID LID    ids: pmid, pmcid, manuscript, doi, pii ("[doi]" and "[pii]" tell which)
//	TI BTI CTI TT           title, of a book where there is no TI; else journal.title; transTitles, the title in the article's language
//	FAU AU CN AUID AD       contribs (AU where there is no FAU), collab, ORCID, affs with their e-mail addresses
//	FED ED FIR IR           contribs: editors, investigators
//	JT TA JID IS PL PB      journal: title, abbrevTitles, ids (nlm-ta, nlm-id), ISSNs; place where PB has a publisher
//	DP DEP PHST             pubDates (DEP: electronic), history: received, revised, accepted
//	VI IP PG ISBN           volume, issue, pages, ISBNs
//	AB OAB CI COIS          abstracts, copyright statement, conflict of interest
//	OT MH RN NM GS          kwdGroups: the author's, MeSH, substances, supplementary concepts, genes
//	PT LA                   articleType by the kind that says most, customMeta "publication-type"; lang
//	GR SI                   funding; customMeta "databank"
//	CIN CON EIN ..          related
//	SB STAT OWN DCOM LR EDAT MHDA CRDT PST SO AUTR OTO PS RF and other housekeeping of PubMed are left out.
//
// Source: NLM, "MEDLINE/PubMed Data Element (Field) Descriptions".
func ReadMEDLINE(record []byte) (*jats.Article, []jats.Warning, error) {
	text, err := decoded(record)
	if err != nil {
		return nil, nil, err
	}
	fs := make([]field, 0, 64)
	at, start := 0, 0
	for n := 1; at < len(text); n++ {
		line, next := text[at:], len(text)
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line, next = line[:i], at+i+1
		}
		if tag, value, ok := medlineLine(line); ok {
			if tag == "PMID" && len(fs) > 0 {
				break
			}
			fs = append(fs, field{tag, value, n})
			start = at + len("PMID-")
		} else if len(fs) > 0 {
			fs[len(fs)-1].value = strings.TrimSpace(text[start : at+len(line)])
		}
		at = next
	}
	if len(fs) == 0 {
		return nil, nil, jats.Faultf("malformed", 1, `no tag: want lines such as "PMID- 12345"`)
	}
	m := medline{reader: reader{a: new(jats.Article)}}
	for _, f := range fs {
		if f.tag == "FAU" {
			m.full = true
		}
	}
	for _, f := range fs {
		if f.value != "" {
			m.field(f)
		}
	}
	m.finish()
	return m.a, m.warnings, nil
}

type medline struct {
	reader
	full  bool // FAU is given, and AU says the same again
	book  string
	place string
	types []string
}

func (m *medline) field(f field) {
	a, v := m.a, one(f)
	switch f.tag {
	case "PMID":
		refman.ID(a, "pmid", v)
	case "PMC":
		refman.ID(a, "pmcid", v)
	case "MID":
		refman.ID(a, "manuscript", v)
	case "AID", "LID":
		m.id(v)
	case "TI":
		a.Title.Text = m.rich(f, jats.InlineMarkup)
	case "BTI", "CTI":
		m.book = v
	case "TT":
		a.TransTitles = append(a.TransTitles, jats.Title{Text: m.rich(f, jats.InlineMarkup)})
	case "FAU":
		m.people("author", v)
	case "AU":
		if !m.full {
			m.people("author", v)
		}
	case "CN":
		a.Contribs = append(a.Contribs, jats.Contrib{Type: "author", Collab: []jats.Text{{Text: jats.Escape(v)}}})
	case "FED", "ED":
		if f.tag == "FED" || !m.full {
			m.people("editor", v)
		}
	case "FIR":
		m.people("investigator", v)
	case "AUID":
		if id, ok := strings.CutPrefix(v, "ORCID:"); ok && len(a.Contribs) > 0 {
			last := &a.Contribs[len(a.Contribs)-1]
			last.IDs = append(last.IDs, jats.ContribID{Type: "orcid", Value: strings.TrimSpace(id)})
		}
	case "AD":
		id := refman.Aff(a, v)
		if len(a.Contribs) > 0 {
			last := &a.Contribs[len(a.Contribs)-1]
			last.Affs = append(last.Affs, id)
		}
	case "JT":
		a.Journal.Title.Text = jats.Escape(v)
	case "TA":
		a.Journal.AbbrevTitle = append(a.Journal.AbbrevTitle, jats.AltTitle{Text: jats.Escape(v)})
		a.Journal.IDs = append(a.Journal.IDs, jats.ID{Type: "nlm-ta", Value: v})
	case "JID":
		a.Journal.IDs = append(a.Journal.IDs, jats.ID{Type: "nlm-id", Value: v})
	case "IS", "ISBN":
		if rest := refman.Serials(a, v); rest != "" {
			refman.Custom(a, "serial number", rest)
		}
	case "PB":
		a.Journal.Publishers = append(a.Journal.Publishers, jats.Text{Text: jats.Escape(v)})
	case "PL":
		m.place = v
	case "DP":
		d := jats.ParseDate(v)
		d.Type = "pub"
		a.PubDates = append(a.PubDates, d)
	case "DEP":
		d := jats.ParseDate(v)
		d.Type, d.Format = "pub", "electronic"
		a.PubDates = append(a.PubDates, d)
	case "PHST":
		m.history(v)
	case "VI":
		a.Volume = v
	case "IP":
		a.Issue = v
	case "PG":
		refman.Pages(a, v)
	case "AB", "OAB":
		a.Abstracts = append(a.Abstracts, jats.Abstract{P: []jats.Rich{m.rich(f, jats.ParaMarkup)}})
	case "CI":
		a.Permissions.Statements = append(a.Permissions.Statements, jats.Text{Text: jats.Escape(v)})
	case "COIS":
		a.Notes = append(a.Notes, jats.Note{Type: "coi-statement", P: []jats.Rich{jats.Escape(v)}})
	case "OT":
		m.keyword("author", "", v)
	case "MH":
		m.keyword("", "MeSH", v)
	case "RN":
		m.keyword("substance", "", v)
	case "NM":
		m.keyword("supplementary-concept", "MeSH", v)
	case "GS":
		m.keyword("gene-symbol", "", v)
	case "PT":
		m.types = append(m.types, v)
	case "LA":
		if a.Lang == "" {
			a.Lang = refman.Lang(v)
		}
	case "GR":
		id, _, _ := strings.Cut(v, "/")
		parts := strings.Split(v, "/")
		aw := jats.Award{IDs: []string{id}}
		if len(parts) > 1 {
			aw.Funders = []jats.Funder{{Name: strings.Trim(strings.Join(parts[1:], ", "), ", ")}}
		}
		a.Funding.Awards = append(a.Funding.Awards, aw)
	case "SI":
		refman.Custom(a, "databank", v)
	default:
		if how := related[f.tag]; how != "" {
			m.related(how, v)
		}
	}
}

// id takes "10.5555/x [doi]" and "S0000-0000(00)00000-0 [pii]".
func (m *medline) id(v string) {
	value, kind, _ := strings.Cut(v, " [")
	kind = strings.TrimSuffix(kind, "]")
	switch kind {
	case "doi":
		refman.FieldDOI(m.a, value)
	case "pii", "bookaccession":
		refman.ID(m.a, "pii", value)
	default:
		refman.Custom(m.a, "identifier", v)
	}
}

// history takes "2012/08/23 00:00 [received]"; of PubMed's own dates none.
func (m *medline) history(v string) {
	date, kind, _ := strings.Cut(v, " [")
	as := map[string]string{"received]": "received", "revised]": "rev-recd", "accepted]": "accepted"}[kind]
	if as == "" {
		return
	}
	day, _, _ := strings.Cut(date, " ")
	d := jats.ParseDate(day)
	d.Type = as
	m.a.History = append(m.a.History, d)
}

// keyword adds to the group of a kind and vocabulary. A star marks what the article is mainly about.
func (m *medline) keyword(kind, vocab, v string) {
	v = strings.TrimPrefix(v, "*")
	groups := m.a.KwdGroups
	for i := range groups {
		if groups[i].Type == kind && groups[i].Vocab == vocab {
			groups[i].Kwds = append(groups[i].Kwds, jats.Kwd{Text: jats.Escape(v)})
			return
		}
	}
	m.a.KwdGroups = append(groups, jats.KwdGroup{Type: kind, Vocab: vocab, Kwds: []jats.Kwd{{Text: jats.Escape(v)}}})
}

// related takes "J Exam Sci. 2014 Jan;1(1):2-3. doi: 10.5555/x. PMID: 12345".
func (m *medline) related(how, v string) {
	r := jats.Related{Type: how, Text: jats.Escape(v)}
	if _, id, ok := strings.Cut(v, "PMID: "); ok {
		r.IDType, r.ID = "pmid", strings.TrimRight(id, ". ")
		if _, err := strconv.Atoi(r.ID); err != nil {
			r.IDType, r.ID = "", ""
		}
	}
	m.a.Related = append(m.a.Related, r)
}

func (m *medline) finish() {
	a := m.a
	switch {
	case a.Title.Text == "":
		a.Title.Text = jats.Escape(m.book)
	case m.book != "":
		a.Journal.Title.Text = jats.Escape(m.book)
	}
	if len(a.TransTitles) > 0 && strings.HasPrefix(string(a.Title.Text), "[") { // "[Title in English].": TT is what is printed
		english := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(string(a.Title.Text), "["), "."), "]")
		a.Title.Text, a.TransTitles[0] = a.TransTitles[0].Text, jats.Title{Lang: "en", Text: jats.Rich(english)}
	}
	if len(a.Journal.Publishers) > 0 {
		a.Journal.PubLoc = jats.Escape(m.place)
	} else {
		refman.Custom(a, "country", m.place)
	}
	for _, t := range m.types { // the first that is more than "Journal Article" tells most
		if k := refman.Type(t); k != "" && (a.ArticleType == "" || a.ArticleType == "research-article") {
			a.ArticleType = k
		}
		refman.Custom(a, "publication-type", t)
	}
}
