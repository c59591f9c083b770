package jats4r

import "strings"

// registries are the clinical trial registries of the World Health Organization's network: DOI, name, short name, and other name.
var registries = [][]string{
	{"10.18810/utn", "Uniform Trial Number", "UTN"},
	{"10.18810/clinical-trials-gov", "ClinicalTrials.gov"},
	{"10.18810/isrctn", "ISRCTN.org", "ISRCTN"},
	{"10.18810/anzctr", "Australian New Zealand Clinical Trials Registry", "ANZCTR"},
	{"10.18810/drks", "German Clinical Trials Register", "DRKS"},
	{"10.18810/chictr", "Chinese Clinical Trial Registry", "ChiCTR"},
	{"10.18810/rebec", "Brazilian Clinical Trials Registry", "ReBec", "Registro Brasileiro de Ensaios Clínicos"},
	{"10.18810/dutch-trial-register", "Netherlands National Trial Register", "NTR"},
	{"10.18810/clinical-trial-registry-india", "Clinical Trials Registry India", "CTRI"},
	{"10.18810/umin-japan", "UMIN Japan", "UMIN"},
	{"10.18810/pactr", "Pan African Clinical Trial Registry", "PACTR"},
	{"10.18810/slctr", "Sri Lanka Clinical Trials Registry", "SLCTR"},
	{"10.18810/jma", "Japan Medical Association Clinical Trial Registry", "JMACCT"},
	{"10.18810/irct", "Iranian Registry of Clinical Trials", "IRCT"},
	{"10.18810/cris", "Clinical Research Information Service, Republic of Korea", "CRiS"},
	{"10.18810/rpec", "Cuban Public Registry of Clinical Trials", "RPCEC"},
	{"10.18810/euctr", "EU Clinical Trials Register", "EU-CTR"},
	{"10.18810/jprn", "Japan Primary Registries Network", "JPRN"},
	{"10.18810/tctr", "Thai Clinical Trials Registry", "TCTR"},
}

var registryDOIs, registryNames = func() (dois, names map[string]bool) {
	dois, names = map[string]bool{}, map[string]bool{}
	for _, r := range registries {
		dois[r[0]] = true
		for _, n := range r[1:] {
			names[n] = true
		}
	}
	return dois, names
}()

// signLanguages are the ISO 639-3 codes of sign languages.
var signLanguages = func() map[string]bool {
	m := map[string]bool{}
	for _, c := range strings.Fields(`ads aed aen afg ajs ase asp asq asw bfi bfk bog bqn bqy bvl bzs cds csc csd cse csf csg csl csn csq csr csx doq dse dsl dsz ecs ehs
		esl esn eso eth fcs fse fsl fss gds gse gsg gsm gss gus hab haf hds hks hos hps hsh hsl icl iks inl ins ise isg isr jcs jhs jks jls jos jsl jus kgi kvk lbs
		lls lsb lsc lsl lsn lso lsp lst lsv lsw lsy lws mdl mfs mre msd msr mzc mzg mzy nbs ncs nsi nsl nsp nsr nzs okl pgz pks prl prz psc psd psg psl pso psp psr
		pys rib rms rnb rsl rsm rsn sdl sfs sgg sgx slf sls sqk sqs sqx ssp ssr svk swl syy szs tse tsm tsq tss tsy tza ugn ugy ukl uks vsi vsl vsv wbs xki xml xms
		ygs yhs ysl ysm zib zsl`) {
		m[c] = true
	}
	return m
}()

// creditTerms are the fourteen roles of CRediT by the last part of their address.
var creditTerms = map[string]string{
	"conceptualization":      "Conceptualization",
	"data-curation":          "Data curation",
	"formal-analysis":        "Formal Analysis",
	"funding-acquisition":    "Funding acquisition",
	"investigation":          "Investigation",
	"methodology":            "Methodology",
	"project-administration": "Project administration",
	"resources":              "Resources",
	"software":               "Software",
	"supervision":            "Supervision",
	"validation":             "Validation",
	"visualization":          "Visualization",
	"writing-original-draft": "Writing – original draft",
	"writing-review-editing": "Writing – review & editing",
}

const (
	creditScheme = "https://credit.niso.org/"
	creditRoot   = "https://credit.niso.org/contributor-roles/"
)

var creditByTerm, creditByText = func() (byTerm, byText map[string]string) {
	byTerm, byText = map[string]string{"Formal analysis": "formal-analysis"}, map[string]string{}
	for slug, term := range creditTerms {
		byTerm[term] = slug
		byText[creditText(term)] = slug
	}
	return byTerm, byText
}()

// creditText folds what a role may differ in from a term and still be meant for it: case, blanks and the kind of dash.
func creditText(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\n', '\r':
			return -1
		case '-', '—':
			return '–'
		}
		return r
	}, strings.ToLower(s))
}

// creditSlug is the role that an address is of, in any case of its letters; "" when it is none.
func creditSlug(uri string) string {
	slug, ok := strings.CutPrefix(strings.ToLower(uri), creditRoot)
	slug, slash := strings.CutSuffix(slug, "/")
	if !ok || !slash || creditTerms[slug] == "" {
		return ""
	}
	return slug
}
