package oaipmh

import (
	"strings"

	"github.com/beevik/etree"

	"sheaf/jats"
)

// A field is a data field of MARC 21.
type field struct {
	tag        string
	ind1, ind2 string
	subs       []sub
	linked     *field // the same in another script (880)
}

type sub struct{ code, text string }

// all are the texts of the subfields with one of the codes, in order.
func (f *field) all(codes string) []string {
	var out []string
	for _, s := range f.subs {
		if strings.Contains(codes, s.code) && s.text != "" {
			out = append(out, s.text)
		}
	}
	return out
}

// one is the first of all.
func (f *field) one(code string) string {
	for _, s := range f.subs {
		if s.code == code {
			return s.text
		}
	}
	return ""
}

// marcFields reads the fields of a record, and gives each that has one its counterpart in another script.
//
// Source: MARC 21, Appendix A, control subfield $6; field 880.
func marcFields(e *etree.Element) (leader string, control map[string]string, fields []*field) {
	control = map[string]string{}
	links := map[string]*field{} // "245-01" to the field
	var others []*field
	for _, k := range e.ChildElements() {
		switch k.Tag {
		case "leader":
			leader = k.Text()
		case "controlfield":
			control[attr(k, "tag")] = k.Text()
		case "datafield":
			f := &field{tag: attr(k, "tag")}
			for _, a := range k.Attr {
				switch a.Key {
				case "ind1":
					f.ind1 = a.Value
				case "ind2":
					f.ind2 = a.Value
				}
			}
			for _, s := range children(k, "subfield") {
				f.subs = append(f.subs, sub{attr(s, "code"), textIn(s)})
			}
			link := f.one("6")
			if len(link) >= 6 && f.tag == "880" {
				others = append(others, f)
				continue
			}
			if len(link) >= 6 && link[4:6] != "00" {
				links[f.tag+link[3:6]] = f
			}
			fields = append(fields, f)
		}
	}
	for _, f := range others {
		link := f.one("6")
		f.tag = link[:3]
		if to := links[link[:6]]; to != nil && to.linked == nil {
			to.linked = f
		} else { // a field in that script alone
			fields = append(fields, f)
		}
	}
	return leader, control, fields
}

// isbd takes off the punctuation that catalogues put before the next part.
func isbd(s string) string {
	s = strings.TrimSpace(s)
	for {
		t := strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(s, " /"), " :"), " ;"), " ="), " ,")
		if t == s {
			return s
		}
		s = t
	}
}

// unstopped is isbd without the full stop at the end, unless it belongs to an abbreviation or initial.
func unstopped(s string) string {
	s = isbd(s)
	t, ok := strings.CutSuffix(s, ".")
	if !ok {
		return s
	}
	word := t[strings.LastIndexAny(t, " .-")+1:]
	if len([]rune(word)) <= 3 || strings.HasSuffix(t, ".") {
		return s
	}
	return t
}

// marc reads a record of MARC 21.
func (r *reader) marc(e *etree.Element) {
	a := r.a
	leader, control, fields := marcFields(e)
	if len(leader) > 7 {
		switch leader[7] {
		case 'b':
			a.ArticleType, r.typed = "research-article", 1
		case 'a':
			if leader[6] == 'a' {
				a.ArticleType, r.typed = "book-chapter", 1
			}
		case 'm', 's', 'c', 'i', 'd':
			a.ArticleType = "other"
		}
	}
	fixed := control["008"]
	for _, f := range fields { // first: other fields need it
		if f.tag == "041" {
			for _, l := range f.all("ad") {
				for len(l) > 3 && len(l)%3 == 0 && !strings.Contains(l, " ") && f.ind2 != "7" { // "engfre" in old records
					r.language(l[:3])
					l = l[3:]
				}
				r.language(l)
			}
		}
	}
	if l := trimmed(fixed, 35, 38); len(l) == 3 && a.Lang == "" && strings.Trim(l, "|#") != "" {
		if l := jats.ParseLang(l); len(l) == 2 || len(l) == 3 {
			r.language(l)
		}
	}
	if n := blanks(control["001"]); n != "" {
		r.id("publisher-id", n)
	}
	for _, f := range fields {
		r.marcField(f)
	}
	if len(a.PubDates) == 0 {
		if y := trimmed(fixed, 7, 11); len(y) == 4 && strings.Trim(y, "0123456789") == "" && (fixed[6] == 's' || fixed[6] == 't' || fixed[6] == 'e') {
			r.date("pub", y)
		}
	}
}

// trimmed is a stretch of a fixed field; "" when it is shorter.
func trimmed(s string, from, to int) string {
	if len(s) < to {
		return ""
	}
	return strings.TrimSpace(s[from:to])
}

// noteNames are what the note fields are called among the custom-meta.
var noteNames = map[string]string{
	"500": "note", "501": "with", "504": "bibliography note", "505": "contents", "508": "credits", "511": "participants", "515": "numbering", "516": "type of file", "518": "date and place",
	"521": "audience", "522": "coverage", "524": "preferred citation", "525": "supplement", "530": "other form", "533": "reproduction", "534": "original version", "538": "system details",
	"541": "acquisition", "545": "biographical note", "546": "language note", "550": "issuing body", "555": "index", "561": "ownership", "580": "linking note", "581": "publications", "586": "awards",
	"588": "source of description", "590": "local note", "250": "edition", "254": "musical presentation", "255": "mathematical data", "256": "file characteristics", "257": "country of production",
	"310": "frequency", "321": "former frequency", "362": "dates of publication", "336": "content type", "337": "media type", "338": "carrier type", "340": "medium", "347": "file characteristics",
	"240": "uniform title", "243": "uniform title", "130": "uniform title", "028": "publisher number", "027": "report number", "088": "report number", "074": "item number", "086": "document number",
	"507": "scale", "513": "report type", "514": "data quality", "526": "study program", "535": "location of originals", "544": "location of other materials", "547": "former title note", "552": "entities",
	"556": "documentation", "562": "copies", "563": "binding", "565": "file characteristics", "567": "methodology", "583": "action", "584": "accumulation", "585": "exhibitions",
	"351": "arrangement", "352": "digital graphic", "355": "security", "357": "originator control", "363": "dates of publication", "365": "price", "366": "availability", "380": "form of work",
	"381": "characteristics", "382": "medium of performance", "383": "number of musical work", "384": "key", "385": "audience", "386": "creators", "388": "time of creation", "307": "hours", "263": "projected date",
}

// linkNames are how works of the linking fields are related.
var linkNames = map[string]string{
	"760": "main series", "762": "subseries", "765": "original language", "767": "translation", "770": "supplement", "772": "supplement parent", "774": "constituent unit", "775": "other edition",
	"776": "other form", "777": "issued with", "780": "preceding", "785": "succeeding", "786": "data source", "787": "related",
}

func (r *reader) marcField(f *field) {
	a := r.a
	forms := []*field{f}
	if f.linked != nil {
		forms = []*field{f.linked, f} // as printed, then as transliterated
	}
	switch f.tag {
	case "020":
		for _, s := range f.all("a") {
			s, _, _ = strings.Cut(s, " ")
			r.isbn(isbd(s))
		}
	case "022":
		for _, s := range f.subs {
			switch s.code {
			case "a", "l":
				if !r.issn(map[string]string{"l": "linking"}[s.code], s.text) {
					r.meta("ISSN", s.text)
				}
			}
		}
	case "024":
		kind := strings.ToLower(f.one("2"))
		for _, s := range f.all("a") {
			if kind == "doi" || kind == "hdl" || kind == "uri" || kind == "urn" {
				r.identifier("", hdl(kind, s))
			} else {
				r.identifier(kind, s)
			}
		}
	case "041": // read before
	case "050", "060", "080", "082", "084":
		scheme := map[string]string{"050": "lcc", "060": "nlm", "080": "udc", "082": "ddc"}[f.tag]
		if f.tag == "084" {
			if scheme = classifications[strings.ToLower(f.one("2"))]; scheme == "" {
				scheme = f.one("2")
			}
		}
		for _, s := range f.all("a") {
			r.subjGroup(scheme, "", jats.Subject{Text: jats.Escape(s)})
		}
	case "100", "700":
		if f.one("t") != "" { // a work, not a person of this one
			r.work("related", f)
			return
		}
		r.marcPerson(f, forms)
	case "110", "710", "111", "711":
		if f.one("t") != "" {
			r.work("related", f)
			return
		}
		r.marcGroup(f, forms)
	case "245":
		r.marcTitle(forms)
	case "242":
		t := jats.Title{Lang: jats.ParseLang(f.one("y")), Text: r.rich(unstopped(strings.Join(f.all("anp"), " ")), jats.InlineMarkup)}
		for _, s := range f.all("b") {
			t.Subtitles = append(t.Subtitles, r.rich(unstopped(s), jats.InlineMarkup))
		}
		if t.Text != "" {
			a.TransTitles = append(a.TransTitles, t)
		}
	case "210", "222", "246", "247", "740":
		for _, form := range forms {
			s := unstopped(strings.Join(form.all("anpb"), " "))
			if label := f.one("i"); label != "" && s != "" {
				s = label + " " + s
			}
			switch {
			case s == "":
			case f.tag == "246" && f.ind2 == "1" && a.Title.Text != "":
				a.TransTitles = append(a.TransTitles, jats.Title{Text: r.rich(s, jats.InlineMarkup)})
			default:
				kind := map[string]string{"210": "abbreviated", "222": "key", "247": "former", "740": "uncontrolled"}[f.tag]
				if kind == "" {
					kind = "alternative"
				}
				a.AltTitles = append(a.AltTitles, jats.AltTitle{Type: kind, Text: r.rich(s, jats.InlineMarkup)})
			}
			r.meta("medium", form.one("h"))
		}
	case "260", "264":
		r.marcImprint(f, forms)
	case "300":
		r.meta("extent", strings.Join(f.all("abce"), " "))
	case "490", "830", "440":
		r.meta("series", strings.Join(f.all("anpvx"), " "))
		for _, s := range f.all("x") {
			if a.Journal.Title.Text == "" {
				r.issn("", s)
			}
		}
	case "400", "410", "411", "800", "810", "811":
		r.meta("series", joined(f, "0124568"))
	case "502":
		if a.ArticleType, r.typed = "dissertation", 3; f.one("a") != "" {
			r.meta("dissertation note", f.one("a"))
		}
		r.meta("dissertation note", strings.Join(f.all("bcdgo"), ", "))
	case "506":
		for _, s := range f.all("af2") {
			if access := accessOf(isbd(strings.TrimSuffix(s, "."))); access != "" {
				set(&a.Permissions.Access, access)
			} else if s != "star" {
				r.meta("access", s)
			}
		}
		for _, u := range f.all("u") {
			r.rights("", "", u)
		}
	case "520":
		if f.ind1 == "4" {
			r.meta("content advice", f.one("a"))
			return
		}
		for i, form := range forms {
			if s := strings.Join(form.all("ab"), "\n\n"); s != "" {
				kind := map[string]string{"1": "review"}[f.ind1]
				r.abstract(r.scriptLang(forms, i), kind, s)
			}
		}
	case "536":
		w := jats.Award{IDs: f.all("cdf")}
		if s := f.one("a"); s != "" {
			w.Funders = []jats.Funder{{Name: unstopped(s)}}
		}
		if len(w.IDs)+len(w.Funders) > 0 {
			a.Funding.Awards = append(a.Funding.Awards, w)
		}
		r.meta("funding", strings.Join(f.all("begh"), " "))
	case "540":
		r.rights("", strings.Join(f.all("abcd"), " "), f.one("u"))
	case "542":
		r.marcCopyright(f)
	case "600", "610", "611", "630", "647", "648", "650", "651", "653", "654", "656", "657", "658", "662", "690", "691":
		r.marcSubject(f, forms)
	case "655":
		r.typ(unstopped(f.one("a")))
	case "720":
		for _, s := range f.all("a") {
			c := person("contributor", unstopped(s))
			if kind := relatorOf(f.one("e")); kind != "" {
				c.Type = kind
			}
			a.Contribs = append(a.Contribs, c)
		}
	case "773":
		r.marcHost(f, forms)
	case "856":
		r.marcLink(f)
	case "980": // Invenio: the kind of record
		for _, s := range f.all("ab") {
			if _, known := typeTerms[strings.ToLower(s)]; known {
				r.typ(s)
			}
		}
	default:
		if kind := linkNames[f.tag]; kind != "" {
			r.work(kind, f)
		} else if name := noteNames[f.tag]; name != "" {
			for _, form := range forms {
				r.meta(name, joined(form, "05678"))
			}
		} else if len(f.tag) == 3 && strings.Contains("23567", f.tag[:1]) {
			for _, form := range forms {
				r.meta("MARC "+f.tag, joined(form, "05678"))
			}
		}
	}
}

// joined are the subfields of f but for some, with blanks between them.
func joined(f *field, but string) string {
	var out []string
	for _, s := range f.subs {
		if !strings.Contains(but, s.code) {
			out = append(out, s.text)
		}
	}
	return strings.Join(out, " ")
}

func hdl(kind, s string) string {
	if kind == "hdl" && !isURL(s) && !strings.HasPrefix(strings.ToLower(s), "hdl:") {
		return "hdl:" + s
	}
	return s
}

// scriptLang is the language of a form in the language of the article; the second of two forms is transliterated.
func (r *reader) scriptLang(forms []*field, i int) string {
	switch {
	case len(forms) == 1 || r.a.Lang == "" || strings.Contains(r.a.Lang, "-"):
		return ""
	case i == 0:
		return r.a.Lang
	}
	return r.a.Lang + "-Latn"
}

func (r *reader) marcTitle(forms []*field) {
	for i, f := range forms {
		t := jats.Title{Lang: r.scriptLang(forms, i)}
		text := ""
		for _, s := range f.subs {
			switch s.code {
			case "a":
				text = unstopped(s.text)
			case "n", "p":
				text += ". " + unstopped(s.text)
			case "b":
				t.Subtitles = append(t.Subtitles, r.rich(unstopped(s.text), jats.InlineMarkup))
			case "c":
				r.meta("statement of responsibility", unstopped(s.text))
			case "h":
				r.meta("medium", isbd(s.text))
			case "f", "g", "k", "s":
				r.meta("title information", unstopped(s.text))
			}
		}
		if text = strings.TrimPrefix(text, ". "); text == "" && len(t.Subtitles) > 0 {
			t.Text, t.Subtitles = t.Subtitles[0], t.Subtitles[1:]
		} else {
			t.Text = r.rich(text, jats.InlineMarkup)
		}
		switch {
		case t.Text == "":
		case r.a.Title.Text == "":
			r.a.Title = t
		default:
			r.a.TransTitles = append(r.a.TransTitles, t)
		}
	}
}

// marcIDs are the identifiers of a person or group.
func marcIDs(f *field) []jats.ContribID {
	var out []jats.ContribID
	for _, s := range f.all("01") {
		id := jats.ContribID{Type: "uri", Value: s}
		if strings.HasPrefix(s, "(") {
			if kind, value, ok := strings.Cut(s[1:], ")"); ok {
				id = jats.ContribID{Type: strings.ToLower(kind), Value: value}
			}
		} else if !isURL(s) {
			id.Type = "authority"
		}
		if strings.Contains(s, "orcid.org/") {
			id.Type = "orcid"
		}
		out = append(out, id)
	}
	return out
}

// marcRoles gives a contributor what its relators say.
func (r *reader) marcRoles(c *jats.Contrib, f *field) {
	if c.Type = "contributor"; f.tag[0] == '1' {
		c.Type = "author"
	}
	found := false
	for _, s := range f.all("e4j") {
		if kind := relatorOf(s); kind != "" {
			if !found {
				c.Type, found = kind, true
			}
		} else if !strings.HasPrefix(s, "http") {
			c.Roles = append(c.Roles, jats.Role{Text: jats.Escape(unstopped(s))})
		}
	}
	for _, s := range f.all("u") {
		if isURL(s) {
			c.URIs = append(c.URIs, s)
		} else {
			c.Affs = append(c.Affs, r.aff("", s))
		}
	}
	c.IDs = marcIDs(f)
}

func (r *reader) marcPerson(f *field, forms []*field) {
	c := jats.Contrib{}
	r.marcRoles(&c, f)
	for i, form := range forms {
		s := unstopped(form.one("a"))
		if s == "" {
			continue
		}
		n := jats.Name{Full: s}
		if f.ind1 != "0" {
			n = jats.ParseName(s)
		}
		n.Lang = r.scriptLang(forms, i)
		c.Names = append(c.Names, n)
	}
	if more := strings.Join(f.all("bcdq"), " "); more != "" {
		c.Comments = []jats.Rich{jats.Escape(isbd(more))}
	}
	r.a.Contribs = append(r.a.Contribs, c)
}

func (r *reader) marcGroup(f *field, forms []*field) {
	if strings.HasSuffix(f.tag, "11") { // a meeting
		x := jats.Conference{Name: jats.Escape(unstopped(f.one("a"))), Num: unbracketed(f.one("n")), Date: unbracketed(f.one("d")), Loc: jats.Escape(unbracketed(f.one("c")))}
		if r.once("conference", string(x.Name), x.Num, x.Date+string(x.Loc)) {
			r.a.Conferences = append(r.a.Conferences, x)
		}
		return
	}
	c := jats.Contrib{}
	r.marcRoles(&c, f)
	for i, form := range forms {
		var parts []string
		for _, s := range form.all("ab") {
			parts = append(parts, unstopped(s))
		}
		s := strings.Join(parts, ". ")
		if more := strings.Join(form.all("ncd"), " "); more != "" {
			s += " " + more
		}
		if s != "" {
			c.Collab = append(c.Collab, jats.Text{Lang: r.scriptLang(forms, i), Text: jats.Escape(s)})
		}
	}
	r.a.Contribs = append(r.a.Contribs, c)
}

func unbracketed(s string) string { return strings.Trim(unstopped(s), "() :;,") }

func (r *reader) marcImprint(f *field, forms []*field) {
	a := r.a
	kind := map[string]string{"0": "production", "2": "distribution", "3": "manufacture"}[f.ind2]
	if f.tag == "264" && f.ind2 == "4" {
		set(&a.Permissions.Year, strings.Trim(f.one("c"), "©℗c. "))
		return
	}
	if f.tag == "264" && kind != "" {
		r.meta(kind, joined(f, "68"))
		return
	}
	for i, form := range forms {
		for _, s := range form.all("b") {
			r.publisher(r.scriptLang(forms, i), isbd(s))
		}
		if place := isbd(form.one("a")); a.Journal.PubLoc == "" {
			a.Journal.PubLoc = jats.Escape(place)
		} else {
			r.meta("place", place)
		}
	}
	for _, s := range f.all("c") {
		r.date("pub", s)
	}
	r.meta("imprint", strings.Join(f.all("3efg"), " "))
}

func (r *reader) marcCopyright(f *field) {
	p := &r.a.Permissions
	for _, s := range f.subs {
		switch s.code {
		case "d", "k":
			p.Holders = append(p.Holders, jats.Text{Text: jats.Escape(isbd(s.text))})
		case "f":
			p.Statements = append(p.Statements, jats.Text{Text: r.rich(s.text, jats.InlineMarkup)})
		case "g", "i":
			set(&p.Year, s.text)
		case "l":
			if access := accessOf(s.text); access != "" {
				set(&p.Access, access)
			} else if access := accessOf(s.text + " access"); access != "" { // Invenio: "open", "embargoed"
				set(&p.Access, access)
			} else {
				r.meta("copyright status", s.text)
			}
		case "u":
			r.rights("", "", s.text)
		case "n", "o", "q", "r":
			r.meta("copyright note", s.text)
		}
	}
}

// thesauri are the vocabularies that the second indicator of a subject names.
var thesauri = map[string]string{"0": "lcsh", "1": "lcshac", "2": "mesh", "3": "nal", "5": "csh", "6": "rvm"}

func (r *reader) marcSubject(f *field, forms []*field) {
	vocab := strings.Trim(f.one("2"), "[]")
	if vocab == "" {
		vocab = thesauri[f.ind2]
	}
	if f.tag == "653" {
		for _, form := range forms {
			for _, s := range form.all("a") {
				for _, s := range split(s) {
					r.subject("", "", "", unstopped(s), "")
				}
			}
		}
		return
	}
	for _, form := range forms {
		var main, sub []string
		for _, s := range form.subs {
			switch s.code {
			case "v", "x", "y", "z":
				sub = append(sub, unstopped(s.text))
			case "0", "1", "2", "3", "4", "5", "6", "8", "w":
			default:
				main = append(main, s.text)
			}
		}
		if text := strings.Join(append([]string{unstopped(strings.Join(main, " "))}, sub...), " -- "); text != "" {
			r.subject("", vocab, "", text, strings.Join(f.all("0")[:min(1, len(f.all("0")))], ""))
		}
	}
}

// work adds a work that a linking or added entry names.
func (r *reader) work(kind string, f *field) {
	x := jats.Related{Object: true, Type: kind, Text: jats.Escape(joined(f, "0124567839"))}
	for _, s := range f.all("o24") {
		if d := doiOf(s); d != "" {
			x.Object, x.IDType, x.ID = false, "doi", d
		}
	}
	if x.ID != "" || x.Text != "" {
		r.a.Related = append(r.a.Related, x)
	}
}

// marcHost takes in the host of an article, its parts in subfields of their own (Invenio: p, v, n, c, y) or in $g as printed.
func (r *reader) marcHost(f *field, forms []*field) {
	a := r.a
	if f.one("n") == "doi" && f.one("t")+f.one("p") == "" { // Invenio: a relation
		r.related(f.one("i"), f.one("a"))
		return
	}
	for i, form := range forms {
		for _, s := range form.all("t") {
			r.journal(r.scriptLang(forms, i), unstopped(s))
		}
		if s := form.one("p"); s != "" {
			if len(form.all("t")) > 0 {
				a.Journal.AbbrevTitle = append(a.Journal.AbbrevTitle, jats.AltTitle{Text: jats.Escape(isbd(s))})
			} else {
				r.journal(r.scriptLang(forms, i), isbd(s))
			}
		}
		for _, s := range form.all("g") {
			r.hostParts(isbd(s))
		}
	}
	for _, s := range f.subs {
		switch s.code {
		case "x":
			if !r.issn("", s.text) {
				r.meta("ISSN", s.text)
			}
		case "z":
			r.isbn(s.text)
		case "v":
			set(&a.Volume, s.text)
		case "n":
			set(&a.Issue, s.text)
		case "c":
			if m := pagesIn.FindStringSubmatch(s.text); m != nil {
				r.pages(m[1], m[2])
			} else {
				set(&a.PageRange, s.text)
			}
		case "y":
			r.date("collection", s.text)
		case "a", "b", "d", "h", "k", "m", "r", "s", "u", "o", "i":
			r.meta("host", isbd(s.text))
		case "q":
			r.enumeration(s.text)
		}
	}
}

// enumeration reads $q, "12:3<101": levels of the volume, then the first page.
func (r *reader) enumeration(s string) {
	levels, page, _ := strings.Cut(s, "<")
	volume, issue, _ := strings.Cut(levels, ":")
	set(&r.a.Volume, volume)
	set(&r.a.Issue, issue)
	r.pages(blanks(page), "")
}

// hostParts reads the related parts of a host, "Vol. 12, no. 3 (2019), p. 101-110"; what is not understood whole is kept whole.
func (r *reader) hostParts(s string) {
	p, rest := place{}, unstopped(s)
	for _, sep := range []string{", p. ", ", pp. ", ", с. ", ", s. ", "; p. ", ", S. ", ", С. ", " p. ", ". С. ", ". - С. ", ". — С. ", "第"} {
		before, after, ok := strings.Cut(rest, sep)
		if !ok {
			continue
		}
		if m := pagesIn.FindStringSubmatch(after); m != nil {
			p.first, p.last, rest = m[1], m[2], before
			break
		}
	}
	if p.first == "" {
		if at := strings.LastIndex(rest, "<"); at > 0 {
			if m := pagesIn.FindStringSubmatch(rest[at+1:]); m != nil {
				p.first, p.last, rest = m[1], m[2], rest[:at]
			}
		}
	}
	if !p.number(rest) {
		r.meta("host", s)
		return
	}
	r.place("", p)
}

func (r *reader) marcLink(f *field) {
	title := strings.Join(f.all("y3z"), ": ")
	for _, u := range f.all("u") {
		switch {
		case f.ind2 == "2":
			r.a.Related = append(r.a.Related, jats.Related{IDType: "uri", ID: u, Text: jats.Escape(title)})
		case isURL(u) || strings.HasPrefix(u, "www."):
			l := jats.Link{URL: strings.ReplaceAll(u, " ", "%20"), Title: isbd(title)}
			if q := f.one("q"); strings.Contains(q, "/") {
				l.MIME = q
			}
			if strings.HasPrefix(u, "www.") {
				l.URL = "http://" + l.URL
			}
			if doiOf(u) != "" {
				r.id("doi", doiOf(u))
			} else {
				r.link(l)
			}
		default:
			r.meta("address", u)
		}
	}
}
