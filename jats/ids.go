package jats

import (
	"net/url"
	"strings"
)

// bareDOI is the DOI in s ("https://doi.org/10.5555/x", "doi:10.5555/x", "10.5555/x"), its case kept, or "" when there is none.
//
// Source: DOI Handbook §2.2.
func bareDOI(s string) string {
	i := strings.Index(s, "10.")
	if i < 0 {
		return ""
	}
	if i > 0 {
		switch p := strings.ToLower(strings.TrimSpace(s[:i])); p {
		case "doi:", "doi", "doi.org/", "dx.doi.org/", "http://doi.org/", "https://doi.org/", "http://dx.doi.org/", "https://dx.doi.org/",
			"http://www.doi.org/", "https://www.doi.org/", "info:doi/", "urn:doi:", "doi:https://doi.org/", "doi: https://doi.org/", "https://doi.org/doi:":
		default:
			return ""
		}
		if strings.Contains(s[:i], "/") && strings.Contains(s[i:], "%") {
			if u, err := url.PathUnescape(s[i:]); err == nil {
				s, i = u, 0
			}
		}
	}
	s = strings.TrimSpace(s[i:])
	slash := strings.IndexByte(s, '/')
	if slash < 5 || slash == len(s)-1 || !digits(strings.ReplaceAll(s[3:slash], ".", "")) || strings.ContainsAny(s, " \t\n") {
		return ""
	}
	return s
}

// orcid is the full https URI of the ORCID in s; ok is false when its form or check digit is wrong.
//
// Source: ISO/IEC 7064 MOD 11-2, as the structure of an ORCID iD is published by ORCID.
func orcid(s string) (uri string, ok bool) {
	s = strings.TrimRight(strings.TrimSpace(s), "/")
	if i := strings.LastIndexAny(s, "/:"); i >= 0 {
		s = s[i+1:]
	}
	d := make([]byte, 0, 16)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			d = append(d, c)
		case (c == 'x' || c == 'X') && len(d) == 15:
			d = append(d, 'X')
		case c == '-' || c == ' ':
		case strings.HasPrefix(s[i:], "\u2010"), strings.HasPrefix(s[i:], "\u2011"), strings.HasPrefix(s[i:], "\u2013"):
			i += 2
		default:
			return "", false
		}
	}
	if len(d) != 16 {
		return "", false
	}
	total := 0
	for _, c := range d[:15] {
		total = (total + int(c-'0')) * 2
	}
	check := (12 - total%11) % 11
	if want := byte('0' + check); d[15] != want && !(check == 10 && d[15] == 'X') {
		return "", false
	}
	return "https://orcid.org/" + string(d[:4]) + "-" + string(d[4:8]) + "-" + string(d[8:12]) + "-" + string(d[12:]), true
}

// issn is s in the form NNNN-NNNC; ok is false when its form or check digit is wrong.
//
// Source: ISO 3297, the check digit modulo 11.
func issn(s string) (form string, ok bool) {
	var d [8]byte
	n := 0
	s = strings.TrimPrefix(strings.TrimSpace(s), "ISSN")
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9' && n < 8, (r == 'X' || r == 'x' || r == 'Х' || r == 'х') && n == 7:
			c := byte('X')
			if r <= '9' {
				c = byte(r)
			}
			d[n] = c
			n++
		case r == '-' || r == ' ' || r == ':' || r == '–' || r == '‐' || r == '‑' || r == '−':
		default:
			return "", false
		}
	}
	if n != 8 {
		return "", false
	}
	total := 0
	for i, c := range d[:7] {
		total += int(c-'0') * (8 - i)
	}
	check := (11 - total%11) % 11
	if d[7] != "0123456789X"[check] {
		return "", false
	}
	return string(d[:4]) + "-" + string(d[4:]), true
}

// mendURL is s when it is a link that may be kept: http, https or ftp with a host, or mailto. A DOI becomes its https address, "www." gets http. Anything
// else, javascript: above all, is "".
func mendURL(s string) string {
	s = strings.TrimSpace(s)
	if len(s) < 4 {
		return ""
	}
	scheme, rest, ok := strings.Cut(s, ":")
	low := strings.ToLower(scheme)
	switch {
	case ok && (low == "http" || low == "https" || low == "ftp"):
		if !strings.HasPrefix(rest, "//") || len(rest) < 3 || rest[2] == '/' {
			return ""
		}
		if low != scheme {
			s = low + ":" + rest
		}
	case ok && low == "mailto":
		if !strings.Contains(rest, "@") {
			return ""
		}
		s = low + ":" + rest
	case ok && low == "doi" || strings.HasPrefix(s, "10."):
		d := bareDOI(s)
		if d == "" {
			return ""
		}
		s = "https://doi.org/" + d
	case strings.HasPrefix(strings.ToLower(s), "www.") && strings.Count(s, ".") > 1:
		s = "http://" + s
	default:
		return ""
	}
	if strings.IndexByte(s, ' ') >= 0 || strings.IndexByte(s, '<') >= 0 || strings.IndexByte(s, '>') >= 0 || strings.IndexByte(s, '"') >= 0 {
		s = strings.NewReplacer(" ", "%20", "<", "%3C", ">", "%3E", `"`, "%22").Replace(s)
	}
	return s
}

// licenseURI is the canonical form of the address of a licence: for Creative Commons https, no www, lower case and a slash at the end; others as mendURL has them.
func licenseURI(s string) string {
	u := mendURL(strings.TrimRight(strings.TrimSpace(s), ".,;)"))
	if u == "" && strings.HasPrefix(s, "creativecommons.org/") {
		u = "https://" + s
	}
	_, rest, ok := strings.Cut(u, "://")
	if !ok {
		return ""
	}
	low := strings.TrimPrefix(strings.ToLower(rest), "www.")
	path, ok := strings.CutPrefix(low, "creativecommons.org/")
	if !ok {
		return u
	}
	path, _, _ = strings.Cut(path, "#")
	path, _, _ = strings.Cut(path, "?")
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	path = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(path, "legalcode"), "deed.en"), "/")
	path = strings.TrimSuffix(path, "/deed")
	path = strings.Replace(path, "license/", "licenses/", 1)
	return "https://creativecommons.org/" + path + "/"
}

// creditTerms are the fourteen roles of CRediT as credit.niso.org spells them.
//
// Source: ANSI/NISO Z39.104-2022 §3.
var creditTerms = []string{"Conceptualization", "Data curation", "Formal analysis", "Funding acquisition", "Investigation", "Methodology", "Project administration",
	"Resources", "Software", "Supervision", "Validation", "Visualization", "Writing – original draft", "Writing – review & editing"}

// creditKey folds the spellings of a role to one.
func creditKey(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if c := s[i] | 0x20; c >= 'a' && c <= 'z' {
			b = append(b, c)
		}
	}
	return string(b)
}

var creditKeys = func() map[string]string {
	m := map[string]string{}
	for _, t := range creditTerms {
		m[creditKey(t)] = t
	}
	m["conceptualisation"], m["visualisation"] = "Conceptualization", "Visualization"
	m["writingreviewandediting"], m["writingreviewediting"] = creditTerms[13], creditTerms[13]
	m["writingoriginaldraftpreparation"], m["originaldraft"] = creditTerms[12], creditTerms[12]
	m["fundingaquisition"] = "Funding acquisition"
	return m
}()

// credit is the CRediT term that s names, by term or by address, or "".
func credit(s string) string {
	s = strings.TrimRight(s, "/")
	if i := strings.LastIndexByte(s, '/'); i >= 0 && strings.Contains(s, "credit") {
		s = s[i+1:]
	}
	if len(s) > 60 {
		return ""
	}
	return creditKeys[creditKey(s)]
}
