// Package loc holds the code lists of the Library of Congress, as far as an article asks for them: what MARC 21, MODS and qualified Dublin Core have
// in common. A value that a list lacks gives "": codes are never made up.
package loc

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"sheaf/crosswalk/element"
	"sheaf/crosswalk/flat"
)

// languages are the codes of the MARC Code List for Languages, which are those of ISO 639-2/B, without the obsolete ones and without mis, mul, und
// and zxx, which name no language.
//
// Source: MARC Code List for Languages (loc.gov/marc/languages).
const languages = " aar abk ace ach ada ady afa afh afr ain aka akk alb ale alg alt amh ang anp apa ara arc arg arm arn arp art arw asm ast ath aus ava ave awa aym aze" +
	" bad bai bak bal bam ban baq bas bat bej bel bem ben ber bho bih bik bin bis bla bnt bos bra bre btk bua bug bul bur byn cad cai car cat cau ceb cel cha chb che chg chi" +
	" chk chm chn cho chp chr chu chv chy cmc cnr cop cor cos cpe cpf cpp cre crh crp csb cus cze dak dan dar day del den dgr din div doi dra dsb dua dum dut dyu dzo efi egy" +
	" eka elx eng enm epo est ewe ewo fan fao fat fij fil fin fiu fon fre frm fro frr frs fry ful fur gaa gay gba gem geo ger gez gil gla gle glg glv gmh goh gon gor got grb" +
	" grc gre grn gsw guj gwi hai hat hau haw heb her hil him hin hit hmn hmo hrv hsb hun hup iba ibo ice ido iii ijo iku ile ilo ina inc ind ine inh ipk ira iro ita jav jbo" +
	" jpn jpr jrb kaa kab kac kal kam kan kar kas kau kaw kaz kbd kha khi khm kho kik kin kir kmb kok kom kon kor kos kpe krc krl kro kru kua kum kur kut lad lah lam lao lat" +
	" lav lez lim lin lit lol loz ltz lua lub lug lui lun luo lus mac mad mag mah mai mak mal man mao map mar mas may mdf mdr men mga mic min mkh mlg mlt mnc mni mno moh mon" +
	" mos mun mus mwl mwr myn myv nah nai nap nau nav nbl nde ndo nds nep new nia nic niu nno nob nog non nor nqo nso nub nwc nya nym nyn nyo nzi oci oji ori orm osa oss ota" +
	" oto paa pag pal pam pan pap pau peo per phi phn pli pol pon por pra pro pus que raj rap rar roa roh rom rum run rup rus sad sag sah sai sal sam san sas sat scn sco sel" +
	" sem sga sgn shn sid sin sio sit sla slo slv sma sme smi smj smn smo sms sna snd snk sog som son sot spa srd srn srp srr ssa ssw suk sun sus sux swa swe syc syr tah tai" +
	" tam tat tel tem ter tet tgk tgl tha tib tig tir tiv tkl tlh tli tmh tog ton tpi tsi tsn tso tuk tum tup tur tut tvl twi tyv udm uga uig ukr umb urd uzb vai ven vie vol" +
	" vot wak wal war was wel wen wln wol xal xho yao yap yid yor ypk zap zbl zen zgh zha znd zul zun zza "

// macro gives, for languages that ISO 639-2 has no code for, the macrolanguage that it has.
//
// Source: ISO 639-3, macrolanguage mappings.
var macro = map[string]string{
	"cmn": "zho", "yue": "zho", "wuu": "zho", "nan": "zho", "hak": "zho", "gan": "zho", "hsn": "zho", "cdo": "zho", "cjy": "zho", "lzh": "zho",
	"arb": "ara", "arz": "ara", "ary": "ara", "apc": "ara", "pes": "fas", "prs": "fas", "ekk": "est", "lvs": "lav", "zsm": "msa", "khk": "mon", "swh": "swa",
	"uzn": "uzb", "azj": "aze", "azb": "aze", "als": "sqi", "kmr": "kur", "ckb": "kur", "npi": "nep", "ory": "ori", "plt": "mlg", "gug": "grn", "ydd": "yid",
	"pbt": "pus", "pbu": "pus", "fuf": "ful", "gom": "kok",
}

// Language is the code of the MARC Code List for Languages (ISO 639-2/B) for the language that a BCP 47 tag begins with, or for its macrolanguage; "" if
// the list has none.
func Language(tag string) string {
	code := flat.ISO2B(tag)
	if m := macro[code]; m != "" {
		code = flat.ISO2B(m)
	}
	if len(code) != 3 || !strings.Contains(languages, " "+code+" ") {
		return ""
	}
	return code
}

// ISO639 is Language in the terminological codes (ISO 639-2/T), which are those that ISO 639-3 has too.
func ISO639(tag string) string { return flat.ISO3(Language(tag)) }

// relators are the roles that contrib-type names, in relator codes; the role of an author of a group's is that of a contributor.
//
// Source: MARC Code List for Relators (loc.gov/marc/relators); JATS 1.3, @contrib-type.
var relators = map[string]string{
	"author": "aut", "co-author": "aut", "editor": "edt", "guest-editor": "edt", "guest editor": "edt", "editor-in-chief": "edt", "series-editor": "edt", "managing-editor": "edt",
	"associate-editor": "edt", "handling-editor": "edt", "translator": "trl", "reviewer": "rev", "illustrator": "ill", "compiler": "com", "photographer": "pht", "interviewer": "ivr",
	"interviewee": "ive", "inventor": "inv", "assignee": "asg", "director": "drt", "annotator": "ann", "transcriber": "trc", "speaker": "spk", "researcher": "res", "publisher": "pbl",
	"sponsor": "spn", "funder": "fnd", "advisor": "ths", "thesis-advisor": "ths", "supervisor": "ths", "cartographer": "ctg", "programmer": "prg", "data-manager": "dtm",
	"corrector": "crr", "proofreader": "pfr", "contributor": "ctb", "collaborator": "ctb",
}

// Relator is the relator code of a role; of one that the list lacks, and of the author in a group of authors (inGroup), it is that of a contributor.
func Relator(role string, inGroup bool) string {
	code := relators[role]
	if code == "" || inGroup && code == "aut" {
		return "ctb"
	}
	return code
}

// classifications are kinds of subject codes by their source codes.
//
// Source: Classification Scheme Source Codes (loc.gov/standards/sourcelist/classification.html). It has none for PACS and for the list of the Russian
// Higher Attestation Commission.
var classifications = map[string]string{
	"udc": "udc", "ddc": "ddc", "lcc": "lcc", "msc": "msc", "jel": "jelc", "bbk": "rubbk", "grnti": "rugasnti", "acm": "acmccs", "nlm": "nlm", "clc": "clc", "rvk": "rvk", "ipc": "ipc",
}

// Classification is the source code of a classification; "" if the list has none.
func Classification(scheme string) string { return classifications[strings.ToLower(scheme)] }

// subjects are vocabularies of subject terms by their source codes.
//
// Source: Subject Heading and Term Source Codes (loc.gov/standards/sourcelist/subject.html).
var subjects = map[string]string{
	"mesh": "mesh", "lcsh": "lcsh", "fast": "fast", "agrovoc": "agrovoc", "gnd": "gnd", "eurovoc": "eurovoc", "rameau": "ram", "aat": "aat", "unesco thesaurus": "unescot",
}

// Subjects is the source code of a vocabulary of subject terms; "" if it is not one that is known here.
func Subjects(vocabulary string) string {
	v := strings.ToLower(strings.TrimSpace(vocabulary))
	if v == "medical subject headings" {
		return "mesh"
	}
	return subjects[v]
}

// Licence is the short name of a Creative Commons licence, as "CC BY-SA 4.0" or "CC0 1.0", by its URI; "" for any other.
func Licence(uri string) string {
	_, rest, _ := strings.Cut(strings.ToLower(uri), "://")
	rest = strings.TrimPrefix(rest, "www.")
	path, ok := strings.CutPrefix(rest, "creativecommons.org/")
	if !ok {
		return ""
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) < 3 {
		return ""
	}
	kind, name, version := parts[0], parts[1], parts[2]
	port := ""
	if len(parts) > 3 && len(parts[3]) == 2 { // of a country, before 4.0
		port = " " + strings.ToUpper(parts[3])
	}
	switch {
	case strings.Trim(version, "0123456789.") != "":
	case kind == "publicdomain" && name == "zero":
		return "CC0 " + version + port
	case kind == "publicdomain" && name == "mark":
		return "PDM " + version + port
	case kind == "licenses":
		for _, element := range strings.Split(name, "-") {
			if element != "by" && element != "nc" && element != "nd" && element != "sa" {
				return ""
			}
		}
		return "CC " + strings.ToUpper(name) + " " + version + port
	}
	return ""
}

// Date is the longest beginning of s that is a year, a month or a day of the calendar: YYYY, YYYY-MM or YYYY-MM-DD; "" if there is none.
func Date(s string) string {
	for _, layout := range []string{time.DateOnly, "2006-01", "2006"} {
		if len(s) >= len(layout) && (len(s) == len(layout) || s[len(layout)] == '-') {
			if t, err := time.Parse(layout, s[:len(layout)]); err == nil && t.Year() > 0 {
				return s[:len(layout)]
			}
		}
	}
	return ""
}

// articles are the initial definite and indefinite articles by language. Those of Arabic and Hebrew (al-, ha-) are left out:
// there the letters alone do not tell an article from the beginning of a word. Greek and Yiddish ones count in their own script or in Latin, as listed.
//
// Source: MARC 21 Bibliographic, appendix F.
var articles = map[string]string{
	"en": "the a an", "de": "der die das dem den des ein eine einem einen einer eines", "fr": "le la les l' un une", "es": "el la los las lo un una", "pt": "o a os as um uma",
	"gl": "o a os as un unha", "it": "il lo la i gli le l' gl' un uno una un'", "ca": "el la els les l' un una", "nl": "de het een 't 'n", "da": "den det de en et",
	"sv": "den det de en ett", "no": "den det de dei en et ei ein eit", "nb": "den det de en et ei", "nn": "den det dei ein ei eit", "hu": "a az egy", "ro": "un o", "af": "die 'n",
	"oc": "lo la los las l' le les un una", "eo": "la", "fy": "de it in", "yi": "der di dos a an", "ga": "an na", "gd": "an na", "cy": "y yr", "sco": "the a an ane",
	"el": "ο η το οι τα ένας μια ένα",
}

// proper are words that make of the article before them a part of a name, or of "a" a preposition.
var proper = map[string]string{
	"en": " priori posteriori fortiori la to and or vs & hague ", "es": " salvador niño niña angeles ángeles habana paz plata pampa rioja palmas laguna cairo mancha coruña ",
	"fr": " rochelle havre mans réunion haye caire ", "it": " spezia aquila ", "pt": " porto priori posteriori ", "de": " haag ",
}

// Unsorted parts a title from what is passed over when titles are sorted: an article of the title's language, with what stands before and after it, at
// most 9 characters; "" without an article. White space is folded.
//
// Source: MARC 21 Bibliographic, field 245, second indicator; appendix F.
func Unsorted(lang, title string) (skipped, rest string) {
	title = strings.Join(strings.Fields(title), " ")
	base, script, _ := strings.Cut(strings.ToLower(lang), "-")
	if base = flat.ISO1(base); script == "latn" && (base == "el" || base == "yi") {
		return "", title
	}
	list := articles[base]
	if list == "" {
		return "", title
	}
	runes := []rune(title)
	text := make([]rune, len(runes))
	for i, r := range runes {
		if text[i] = unicode.ToLower(r); r == '’' {
			text[i] = '\''
		}
	}
	start := slices.IndexFunc(text, isFiling)
	if start < 0 {
		return "", title
	}
	n := 0
	if start > 0 && text[start-1] == '\'' { // 't, 'n
		n = article(list, proper[base], text, start-1)
	}
	if n == 0 {
		n = article(list, proper[base], text, start)
	}
	return string(runes[:n]), string(runes[n:])
}

// article is where the first word after an article begins in text, in lower case, if one of the list stands at that place; 0 if not.
func article(list, proper string, text []rune, at int) int {
	for _, word := range strings.Fields(list) {
		a := []rune(word)
		end := at + len(a)
		if end >= len(text) || !slices.Equal(text[at:end], a) || a[len(a)-1] != '\'' && text[end] != ' ' {
			continue
		}
		filing := slices.IndexFunc(text[end:], isFiling)
		if filing < 0 || end+filing > 9 {
			return 0
		}
		next, _, _ := strings.Cut(string(text[end+filing:]), " ")
		if proper != "" && strings.Contains(proper, " "+strings.TrimRight(next, ".,:;)?!")+" ") {
			return 0
		}
		return end + filing
	}
	return 0
}

func isFiling(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsSymbol(r) }

// URI is an address with what a URI cannot hold percent-encoded, and nothing else changed: letters beyond ASCII stay, as XML Schema lets them.
//
// Source: RFC 3986 §2-3; RFC 3987 §3.1; XML Schema 1.0 part 2 §3.2.17.
func URI(s string) string {
	const hex = "0123456789ABCDEF"
	bad := func(i int) bool {
		switch c := s[i]; {
		case c == '%':
			return !flat.IsEscape(s[i:])
		case c == '#':
			return strings.IndexByte(s[:i], '#') >= 0
		case c == '[' || c == ']': // in the host only
			_, rest, _ := strings.Cut(s[:i], "://")
			return strings.IndexByte(s[:i], ':') < 0 || strings.ContainsAny(rest, "/?#")
		default:
			return c <= ' ' && c != element.Site[0] || c == 0x7f || strings.IndexByte("<>\"{}|\\^`", c) >= 0
		}
	}
	var b []byte
	for i := 0; i < len(s); i++ {
		switch {
		case bad(i):
			if b == nil {
				b = append(b, s[:i]...)
			}
			b = append(b, '%', hex[s[i]>>4], hex[s[i]&15])
		case b != nil:
			b = append(b, s[i])
		}
	}
	if b == nil {
		return s
	}
	return string(b)
}
