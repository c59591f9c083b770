package table

import (
	"strings"

	"sheaf/jats"
)

func (r *reader) rights() {
	p := &r.a.Permissions
	for _, c := range r.ours(r.all(cHolder)) {
		for _, s := range several(c.text) {
			p.Holders = append(p.Holders, jats.Text{Lang: r.other(c.lang), Text: r.rich(c.name, s, jats.InlineMarkup)})
		}
	}
	for _, c := range r.ours(r.all(cCopyright)) {
		p.Statements = append(p.Statements, jats.Text{Lang: r.other(c.lang), Text: r.rich(c.name, c.text, jats.InlineMarkup)})
	}
	p.Year = number(r.one(cCopyrightYear))
	for _, c := range r.all(cLicence) {
		for _, s := range several(c.text) {
			p.Licenses = append(p.Licenses, licence(s))
		}
	}
	for _, c := range r.all(cAccess) {
		r.access(c)
	}
	if s := r.one(cEmbargo); s != "" {
		if d := parseDate(s); len(d.Date) == len("2006-01-02") {
			p.EmbargoEnd = d.Date
		} else {
			r.warn("bad-field", "embargo", "%q is no day and was left out, want YYYY-MM-DD", s)
		}
	}
	if s := r.one(cPrice); s != "" {
		r.price(s, r.one(cCurrency))
	}
}

// licence reads an address, or the name of a licence of Creative Commons with its version; anything else is its text.
func licence(s string) jats.License {
	low := strings.ToLower(s)
	if strings.Contains(low, "://") && !strings.Contains(s, " ") || strings.HasPrefix(low, "creativecommons.org/") {
		return jats.License{URI: s}
	}
	words := strings.Fields(strings.NewReplacer("-", " ", "_", " ", "/", " ").Replace(low))
	if len(words) > 1 && words[0] == "cc" || len(words) > 0 && words[0] == "cc0" {
		kind, version, rest := "", "", 0
		for _, w := range words {
			switch {
			case w == "by" || w == "nc" || w == "nd" || w == "sa" || w == "zero" || w == "0" || w == "cc0":
				kind += "-" + w
			case len(w) == 3 && w[1] == '.' && isDigits(w[:1]) && isDigits(w[2:]):
				version = w
			case w != "cc":
				rest++
			}
		}
		switch kind = strings.TrimPrefix(kind, "-"); {
		case rest > 0:
		case kind == "cc0" || kind == "0" || kind == "zero":
			if version == "" || version == "1.0" { // there is no other
				return jats.License{URI: "https://creativecommons.org/publicdomain/zero/1.0/"}
			}
		case version != "" && strings.Contains("|by|by-nc|by-nd|by-sa|by-nc-nd|by-nc-sa|", "|"+kind+"|"):
			return jats.License{URI: "https://creativecommons.org/licenses/" + kind + "/" + version + "/"}
		}
	}
	return jats.License{P: []jats.Rich{jats.Escape(s)}}
}

// access reads the word for it. A column "open access" says yes or the colour; "no" there tells nothing of how else it may be had.
func (r *reader) access(c cell) {
	p := &r.a.Permissions
	low := strings.ToLower(c.text)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(low, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("embargo", "эмбарго"):
		p.Access = "embargoed"
	case has("restrict", "subscri", "подпис", "огранич", "paid", "платн") && !has("бесплатн"):
		p.Access = "restricted"
	case has("closed", "закрыт"):
		p.Access = "closed"
	case has("open", "gold", "green", "bronze", "hybrid", "diamond", "открыт", "свободн", "бесплатн") || low == "yes" || low == "true" || low == "1" || low == "да" || low == "+":
		p.Access = "open"
	case low == "no" || low == "false" || low == "0" || low == "нет" || low == "-":
	default:
		r.warn("bad-field", c.name, "access %q is none of open, embargoed, restricted, closed", c.text)
	}
}

// currencies are those that stand beside prices by other names than their codes.
var currencies = map[string]string{"руб": "RUB", "руб.": "RUB", "рублей": "RUB", "₽": "RUB", "€": "EUR", "£": "GBP"}

func (r *reader) price(s, currency string) {
	amount := strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9' || c == '.':
			return c
		case c == ',':
			return '.'
		}
		return -1
	}, s)
	amount = strings.Trim(amount, ".")
	if currency == "" {
		currency = strings.TrimSpace(strings.Trim(strings.TrimSpace(s), "0123456789., \u00a0"))
	}
	if c := currencies[strings.ToLower(currency)]; c != "" {
		currency = c
	}
	if strings.Count(amount, ".") > 1 || amount == "" || currency == "" {
		r.warn("price-dropped", "price", "%q is no price, want an amount and a code of ISO 4217, as \"500.00 RUB\"", s)
		return
	}
	r.a.Permissions.Price = &jats.Price{Amount: amount, Currency: currency}
}

// funding reads sentences on who paid, and funders with their grants: "Fund [A-1, A-2]"; of Scopus "Fund: A-1".
func (r *reader) funding() {
	f := &r.a.Funding
	for _, c := range r.ours(r.all(cFunding)) {
		for _, p := range blocks(c.text) {
			f.Statements = append(f.Statements, jats.Text{Lang: r.other(c.lang), Text: r.rich(c.name, p, jats.InlineMarkup)})
		}
	}
	for _, c := range r.all(cFunder) {
		for _, s := range several(c.text) {
			name, grants, ok := strings.Cut(s, " [")
			if ok && strings.HasSuffix(grants, "]") {
				grants = strings.TrimSuffix(grants, "]")
			} else if i := strings.LastIndex(s, ": "); r.dialect == scopus && i > 0 {
				name, grants = s[:i], s[i+2:]
			} else {
				name, grants = s, ""
			}
			w := jats.Award{Funders: []jats.Funder{{Name: strings.TrimSpace(name)}}}
			if grants != "" {
				w.IDs = cutAt(grants, ",;")
			}
			f.Awards = append(f.Awards, w)
		}
	}
	var grants []string
	for _, c := range r.all(cAward) {
		list := several(c.text)
		if len(list) == 1 && len(f.Awards) <= 1 {
			list = parts(list[0], ",")
		}
		grants = append(grants, list...)
	}
	switch {
	case len(grants) == 0:
	case len(f.Awards) == 1:
		f.Awards[0].IDs = append(f.Awards[0].IDs, grants...)
	case len(grants) == len(f.Awards):
		for i, g := range grants {
			if g != "-" {
				f.Awards[i].IDs = append(f.Awards[i].IDs, g)
			}
		}
	default:
		if len(f.Awards) > 0 {
			r.warn("bad-field", "award", "%d grants beside %d funders: which is whose is not told", len(grants), len(f.Awards))
		}
		f.Awards = append(f.Awards, jats.Award{IDs: grants})
	}
}
