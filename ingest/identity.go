package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"sheaf/jats"
	"sheaf/store"
)

// Local is the local identifier that an article gives itself: its DOI in lower case; else its PII; else the publisher's own number within
// the journal; else a slug of journal, year and title. The same article gives the same one always. It holds only characters that an OAI
// identifier may hold, the others percent-encoded, and at most store.MaxLocal bytes.
//
// Source: the scheme oai-identifier (OAI guidelines, version 2006-04-09) §2.
func Local(a *jats.Article) string {
	for _, id := range a.IDs {
		if d := bareDOI(id); d != "" {
			return local(lower(d))
		}
	}
	for _, id := range a.IDs {
		if _, printed := pii(id); printed != "" {
			return local(printed)
		}
	}
	key := journalKey(&a.Journal)
	for _, id := range a.IDs {
		// Such a number is particular to the journal at best; a very short one is often only a place in the issue.
		if v := strings.TrimSpace(id.Value); (id.Type == "pii" || id.Type == "publisher-id") && len(v) > 4 && key != "" {
			return local(key + "/" + v)
		}
	}
	return local(slugOf(a, key))
}

// Names are what an article is known by when it comes from elsewhere, in their comparison form.
type Names struct {
	// Strong names are identifiers; an article that shares one is the same: "doi:10.5555/x" in lower case, "pii:S0999999900200011" without punctuation
	// and version, "pmid:1", "pmcid:1", "arxiv:2001.00001" without version, "edn:ABCDEF", "hdl:1/2", "ark:/1/2", "oai:IDENTIFIER" of where it was harvested from,
	// and "id:JOURNAL/NUMBER", the publisher's own number within the journal.
	Strong []string

	// Weak names are made of journal, year and title; an article that shares one is the same unless the two contradict each other.
	Weak []string
}

// all are the strong names, then the weak ones.
func (n Names) all() []string { return slices.Concat(n.Strong, n.Weak) }

// NamesOf are the names that an article gives itself.
func NamesOf(a *jats.Article) Names {
	var n Names
	add := func(list *[]string, s string) {
		for _, o := range *list {
			if o == s {
				return
			}
		}
		if len(s) <= maxName {
			*list = append(*list, s)
		}
	}
	for _, id := range a.IDs {
		if d := bareDOI(id); d != "" {
			add(&n.Strong, "doi:"+lower(d))
			// The Academy's platform makes its DOIs of the PII, so that a page which gives only the PII is known by it.
			if _, suffix, ok := strings.Cut(d, "/"); ok {
				if compact, _ := piiForms(suffix); compact != "" {
					add(&n.Strong, "pii:"+compact)
				}
			}
		}
		if compact, _ := pii(id); compact != "" {
			add(&n.Strong, "pii:"+compact)
		}
	}
	for _, id := range a.IDs {
		v := strings.TrimSpace(id.Value)
		if v == "" {
			continue
		}
		switch strings.ToLower(id.Type) {
		case "pmid":
			if digits(v) {
				add(&n.Strong, "pmid:"+v)
			}
		case "pmcid", "pmc":
			if d := strings.TrimPrefix(strings.ToUpper(v), "PMC"); digits(d) {
				add(&n.Strong, "pmcid:"+d)
			}
		case "arxiv":
			add(&n.Strong, "arxiv:"+arxivVersion.ReplaceAllString(lower(strings.TrimPrefix(lower(v), "arxiv:")), ""))
		case "edn":
			add(&n.Strong, "edn:"+strings.ToUpper(v))
		case "handle":
			add(&n.Strong, "hdl:"+lower(handlePrefix.ReplaceAllString(v, "")))
		case "ark":
			if i := strings.Index(v, "ark:"); i >= 0 {
				add(&n.Strong, "ark:/"+strings.TrimLeft(v[i+4:], "/"))
			}
		}
	}
	for o, i := a.Origin, 0; o != nil && i < maxChain; o, i = o.Origin, i+1 {
		if o.Identifier != "" {
			add(&n.Strong, "oai:"+o.Identifier)
		}
	}
	key := journalKey(&a.Journal)
	for _, id := range a.IDs {
		if v := strings.TrimSpace(id.Value); (id.Type == "pii" || id.Type == "publisher-id") && len(v) > 4 && key != "" {
			add(&n.Strong, "id:"+key+"/"+lower(v))
		}
	}
	if y, title := year(a), titleKey(a); y != "" && title != "" {
		for _, j := range journalNames(&a.Journal) {
			add(&n.Weak, "title:"+hash(j+"\x00"+y+"\x00"+title, 20))
		}
	}
	return n
}

const (
	maxName  = 500 // bytes of a name
	maxChain = 16  // origins behind each other
)

var (
	arxivVersion = regexp.MustCompile(`v\d+$`)
	handlePrefix = regexp.MustCompile(`(?i)^(https?://hdl\.handle\.net/|hdl:|info:hdl/)`)
)

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// titleKey is the title by which an article is compared; of a title of few words the place in the journal is a part, and "" where that is not known.
func titleKey(a *jats.Article) string {
	words := titleWords(a.Title)
	key := strings.Join(words, " ")
	if len(words) <= 3 && len(key) < 40 {
		if a.FPage+a.ElocationID == "" || len(words) == 0 {
			return ""
		}
		key += "\x00" + a.Volume + "\x00" + a.Issue + "\x00" + a.FPage + a.ElocationID
	}
	return key
}

// titleWords are the words of a title and its subtitles in lower case, without marks.
func titleWords(t jats.Title) []string {
	text := t.Text.Plain()
	for _, s := range t.Subtitles {
		text += " " + s.Plain()
	}
	return strings.FieldsFunc(strings.ToLower(norm.NFKC.String(text)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// journalNames are the forms by which a journal may be known elsewhere: its ISSNs and its titles.
func journalNames(j *jats.Journal) []string {
	var names []string
	for _, i := range j.ISSNs {
		names = append(names, i.Value)
	}
	for i, t := range append([]jats.Title{j.Title}, j.TransTitles...) {
		if words := titleWords(t); len(words) > 0 && i < 3 {
			names = append(names, strings.TrimPrefix(strings.Join(words, " "), "the "))
		}
	}
	return names
}

// bareDOI is the DOI that id holds, without a resolver; "" if it holds none.
func bareDOI(id jats.ID) string {
	if !strings.EqualFold(id.Type, "doi") {
		return ""
	}
	v := strings.TrimSpace(id.Value)
	i := strings.Index(v, "10.")
	if i < 0 || i > 0 && !doiPrefix.MatchString(v[:i]) {
		return ""
	}
	if _, suffix, ok := strings.Cut(v[i:], "/"); !ok || suffix == "" {
		return ""
	}
	return v[i:]
}

var doiPrefix = regexp.MustCompile(`(?i)^(https?://(dx\.)?doi\.org/|doi:\s*)$`)

// pii returns the two forms of the PII that id holds; "" if it holds none.
func pii(id jats.ID) (compact, printed string) {
	if id.Type != "pii" && id.Type != "publisher-id" {
		return "", ""
	}
	return piiForms(id.Value)
}

// piiShape is a PII of a serial: S, ISSN, two digits of the year, five of the item, a check character; platformPII is what the Academy's
// platform calls so: S, a number, the check character after a hyphen, then the version of the text, sometimes cut to its hyphen. In addresses
// both are in lower case.
var (
	piiShape    = regexp.MustCompile(`^S(\d{4})-?(\d{3}[\dX])\(?(\d{2})\)?(\d{5})-?([\dX])$`)
	platformPII = regexp.MustCompile(`^S(\d{5,}X?\d*)-([\dX])(?:-\d{0,2})?$`)
)

func piiForms(s string) (compact, printed string) {
	s = strings.ToUpper(strings.TrimSpace(s))
	stem, check := "", ""
	if m := piiShape.FindStringSubmatch(s); m != nil {
		stem, check = m[1]+m[2]+m[3]+m[4], m[5]
	} else if m := platformPII.FindStringSubmatch(s); m != nil {
		stem, check = m[1], m[2]
	} else {
		return "", ""
	}
	return "S" + stem + check, "S" + stem + "-" + check
}

// lower lowers ASCII letters only: that is how DOIs are compared (DOI Handbook §2.4).
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// slugOf makes an identifier of journal, year and title. A hash of the whole follows where letters were lost or the title was cut; a title of
// few words, such as "Editorial", is told from its like by issue and page.
func slugOf(a *jats.Article, key string) string {
	const most = 80 // bytes of title
	title := a.Title
	if title.Text == "" && len(a.TransTitles) > 0 {
		title = a.TransTitles[0]
	}
	text := title.Text.Plain()
	for _, s := range title.Subtitles {
		text += " " + s.Plain()
	}
	s, whole := slug(text)
	parts := []string{key, year(a)}
	if len(strings.Fields(text)) <= 3 {
		v, _ := slug(a.Volume)
		i, _ := slug(a.Issue)
		p, _ := slug(a.FPage + a.ElocationID)
		parts = append(parts, v, i, p)
	}
	full := strings.Join(append(parts, text), "\x00")
	if len(s) > most {
		whole = false
		s = s[:most]
		if i := strings.LastIndexByte(s, '-'); i > most/2 {
			s = s[:i]
		}
	}
	parts = append(parts, s)
	if !whole || s == "" {
		parts = append(parts, hash(full, 8))
	}
	return strings.Join(fields(parts), "-")
}

func fields(ss []string) []string {
	var out []string
	for _, s := range ss {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// year is the earliest year of publication; "" when none is known.
func year(a *jats.Article) string {
	y := ""
	for _, d := range a.PubDates {
		if len(d.Date) >= 4 && (y == "" || d.Date[:4] < y) {
			y = d.Date[:4]
		}
	}
	return y
}

// hash is the first n hexadecimal digits of the SHA-256 of s.
func hash(s string, n int) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:n]
}

// local percent-encodes what an OAI identifier may not hold, and cuts what is too long, with a hash of the whole in place of the rest.
func local(s string) string {
	const allowed = "-_.!~*'();/?:@&=+$,"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(allowed, c) >= 0 {
			b.WriteByte(c)
		} else {
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	out := b.String()
	if len(out) <= store.MaxLocal {
		return out
	}
	out = out[:store.MaxLocal-17]
	if i := strings.LastIndexByte(out, '%'); i > len(out)-3 {
		out = out[:i]
	}
	return out + "-" + hash(s, 16)
}

// slug is s in lower-case ASCII letters and digits, its words joined by hyphens. whole tells whether no letter or digit was lost.
func slug(s string) (out string, whole bool) {
	var b strings.Builder
	whole, gap := true, false
	write := func(t string) {
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		b.WriteString(t)
	}
	for _, r := range norm.NFKC.String(s) {
		r = unicode.ToLower(r)
		switch t, known := latin[r]; {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			write(string(r))
		case known:
			if t != "" {
				write(t)
			}
		case r == '\'' || r == '’' || r == 'ʹ' || r == 'ʼ' || unicode.Is(unicode.Cf, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if d := norm.NFD.String(string(r)); d[0] >= 'a' && d[0] <= 'z' { // a letter with marks
				write(d[:1])
				continue
			}
			whole, gap = false, true
		case unicode.Is(unicode.Mn, r): // a mark that has no composed letter
		default:
			gap = true
		}
	}
	return b.String(), whole
}

// latin writes Cyrillic letters, and the Latin ones that are no letter with a mark, in ASCII.
//
// Source: BGN/PCGN romanisation of Russian, simplified: no apostrophes.
var latin = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "e", 'ж': "zh", 'з': "z", 'и': "i", 'й': "y", 'к': "k", 'л': "l", 'м': "m", 'н': "n",
	'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts", 'ч': "ch", 'ш': "sh", 'щ': "shch", 'ъ': "", 'ы': "y",
	'ь': "", 'э': "e", 'ю': "yu", 'я': "ya", 'і': "i", 'ї': "yi", 'є': "ye", 'ґ': "g", 'ў': "w", 'ј': "j", 'љ': "lj", 'њ': "nj", 'ћ': "c", 'ђ': "dj",
	'џ': "dz", 'ә': "a", 'ғ': "g", 'қ': "q", 'ң': "n", 'ө': "o", 'ұ': "u", 'ү': "u", 'һ': "h", 'җ': "j",
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ħ': "h", 'ŋ': "n",
}
