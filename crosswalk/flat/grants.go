package flat

import (
	"strings"

	"sheaf/jats"
)

// funder is a funder whose grants have a name in info:eu-repo/grantAgreement.
type funder struct {
	name      string
	programme string
}

// funders are found by the number of their entry in the Open Funder Registry, after "10.13039/".
//
// Source: OpenAIRE guidelines 3.0, project identifier.
var funders = map[string]funder{
	"501100000780": {"EC", ""}, "501100000781": {"EC", ""},
	"501100004963": {"EC", "FP7"}, "100011102": {"EC", "FP7"}, "100011199": {"EC", "FP7"}, "100011264": {"EC", "FP7"},
	"501100007601": {"EC", "H2020"}, "100010661": {"EC", "H2020"}, "100010663": {"EC", "H2020"}, "100010665": {"EC", "H2020"},
	"100018693": {"EC", "HE"}, "100018694": {"EC", "HE"}, "100019180": {"EC", "HE"},
	"100004440": {"WT", ""}, "100010269": {"WT", ""},
	"501100001871": {"FCT", ""}, "501100000923": {"ARC", ""}, "501100000925": {"NHMRC", ""},
	"100000001": {"NSF", ""}, "100000002": {"NIH", ""}, "501100001711": {"SNSF", ""}, "501100002428": {"FWF", ""},
	"501100001602": {"SFI", ""}, "501100002341": {"AKA", ""}, "501100001659": {"DFG", ""}, "501100001665": {"ANR", ""},
	"501100003246": {"NWO", ""}, "501100004410": {"TUBITAK", ""}, "501100000024": {"CIHR", ""}, "501100000038": {"NSERC", ""},
	"501100000155": {"SSHRC", ""}, "501100004488": {"HRZZ", ""}, "501100004564": {"MESTD", ""},
}

func (r *Record) grants() {
	for i := range r.Article.Funding.Awards {
		w := &r.Article.Funding.Awards[i]
		for k := -1; k < len(w.Funders); k++ {
			if k < 0 && len(w.Funders) > 0 {
				continue
			}
			g := Grant{}
			var known funder
			var ok bool
			if k >= 0 {
				f := &w.Funders[k]
				g = Grant{Funder: strings.TrimSpace(f.Name), Country: f.Country}
				for _, id := range f.IDs {
					switch _, n, found := strings.Cut(id.Value, "10.13039/"); {
					case found:
						g.FundRef = "10.13039/" + strings.TrimSpace(n)
					case strings.EqualFold(id.Type, "ror"):
						g.ROR = id.Value
					case strings.EqualFold(id.Type, "isni"):
						g.ISNI = id.Value
					case strings.EqualFold(id.Type, "grid"):
						g.GRID = id.Value
					}
				}
				known, ok = funderOf(f)
			}
			if len(w.IDs) == 0 && g.Funder != "" {
				r.Grants = append(r.Grants, g)
			}
			for _, id := range w.IDs {
				if g.Award, g.EURepo = strings.TrimSpace(id), ""; g.Award == "" {
					continue
				}
				if ok && !strings.ContainsAny(g.Award, " \t\n;,") && (known.name != "EC" || isProject(g.Award)) { // the bare number
					g.EURepo = "info:eu-repo/grantAgreement/" + known.name + "/" + known.programme + "/" + slot.Replace(g.Award)
				}
				r.Grants = append(r.Grants, g)
			}
		}
	}
}

var slot = strings.NewReplacer("/", "%2F", "%", "%25")

// isProject tells whether id looks like the number of a project of the European Commission: six digits, or nine since 2021.
func isProject(id string) bool {
	return (len(id) == 6 || len(id) == 9) && strings.Trim(id, "0123456789") == ""
}

func funderOf(f *jats.Funder) (funder, bool) {
	for _, id := range f.IDs {
		if _, n, ok := strings.Cut(id.Value, "10.13039/"); ok {
			if x, ok := funders[strings.TrimSpace(n)]; ok {
				return x, true
			}
		}
	}
	name := strings.ToLower(f.Name)
	switch {
	case strings.Contains(name, "horizon 2020"):
		return funder{"EC", "H2020"}, true
	case strings.Contains(name, "horizon europe"):
		return funder{"EC", "HE"}, true
	case strings.Contains(name, "european union seventh framework") || strings.Contains(name, "ec fp7"):
		return funder{"EC", "FP7"}, true
	case name == "european commission" || name == "european research council":
		return funder{"EC", ""}, true
	}
	return funder{}, false
}
