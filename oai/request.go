package oai

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"sheaf/store"
)

// argument is the place of an argument other than verb.
type argument int

const (
	argIdentifier argument = iota
	argPrefix
	argFrom
	argUntil
	argSet
	argToken
	numArguments
)

var argumentNames = [numArguments]string{"identifier", "metadataPrefix", "from", "until", "set", "resumptionToken"}

// verbs says which arguments each verb takes.
//
// Source: OAI-PMH 2.0 §4.
var verbs = map[string]struct{ required, optional []argument }{
	"GetRecord":           {required: []argument{argIdentifier, argPrefix}},
	"Identify":            {},
	"ListIdentifiers":     {[]argument{argPrefix}, []argument{argFrom, argUntil, argSet, argToken}},
	"ListMetadataFormats": {optional: []argument{argIdentifier}},
	"ListRecords":         {[]argument{argPrefix}, []argument{argFrom, argUntil, argSet, argToken}},
	"ListSets":            {optional: []argument{argToken}},
}

// request is one whose arguments are legal, each given at most once and not empty.
type request struct {
	verb   string
	args   [numArguments]string // as given; "" when absent
	prefix string               // of the format that is asked for: the metadataPrefix, or what it is an alias of
	from   int64                // seconds since 1970, inclusive; 0: from the start
	until  int64                // inclusive: of a day its last second; 0: not given
}

// parse reads the arguments of a request and reports every fault that can be seen without the store.
//
// Source: OAI-PMH 2.0 §3.1.1, §3.3, §3.6.
func (r *Repository) parse(query string) (request, Errors) {
	var q request
	var faults Errors
	pairs := split(query)

	seen := 0
	for _, p := range pairs {
		if p.name == "verb" && p.ok {
			q.verb = p.value
			seen++
		}
	}
	verb, known := verbs[q.verb]
	switch {
	case seen == 0:
		faults.add(BadVerb, "the verb argument is missing")
	case seen > 1:
		faults.add(BadVerb, "the verb argument is repeated")
	case !known:
		faults.add(BadVerb, "%.100q is not a verb of OAI-PMH (verbs are case-sensitive)", q.verb)
	}
	if len(faults) > 0 {
		return request{}, faults
	}

	legal := map[string]argument{}
	for _, list := range [][]argument{verb.required, verb.optional} {
		for _, arg := range list {
			legal[argumentNames[arg]] = arg
		}
	}
	var given [numArguments]bool
	others := 0
	for _, p := range pairs {
		if p.name == "verb" && p.ok {
			continue
		}
		arg, ok := legal[p.name]
		if !ok || p.name != argumentNames[argToken] {
			others++
		}
		switch {
		case !p.ok:
			faults.add(BadArgument, "the argument %.100q is not percent-encoded UTF-8 text that XML can hold", p.name)
		case !ok:
			faults.add(BadArgument, "the argument %.100q is not one of %s", p.name, q.verb)
		case given[arg]:
			faults.add(BadArgument, "the argument %s is repeated", p.name)
		case p.value == "" && arg == argToken:
			faults.add(BadResumptionToken, "the resumptionToken is empty")
		case p.value == "":
			faults.add(BadArgument, "the argument %s is empty", p.name)
		default:
			q.args[arg] = p.value
		}
		if ok {
			given[arg] = true
		}
	}
	if given[argToken] {
		if others > 0 {
			faults.add(BadArgument, "resumptionToken is exclusive: no other argument may stand beside it")
		}
	} else {
		for _, arg := range verb.required {
			if !given[arg] {
				faults.add(BadArgument, "%s needs the argument %s", q.verb, argumentNames[arg])
			}
		}
	}
	r.check(&q, &faults)
	return q, faults
}

// check reports what is wrong with the values of the arguments, and reads the dates.
func (r *Repository) check(q *request, faults *Errors) {
	if id := q.args[argIdentifier]; id != "" && !isURI(id) {
		faults.add(BadArgument, "the identifier %.100q is not a URI", id)
	}
	switch prefix := q.args[argPrefix]; {
	case prefix == "":
	case !store.ValidSetSpec(prefix) || strings.Contains(prefix, ":"): // the characters of a metadataPrefix are those of a setSpec without colons
		faults.add(BadArgument, "the metadataPrefix %.100q has a character that is not allowed in one", prefix)
	case r.format(prefix) < 0:
		faults.add(CannotDisseminateFormat, "the metadataPrefix %.100q is unknown here", prefix)
	default:
		q.prefix = r.Formats[r.format(prefix)].Prefix
	}
	if set := q.args[argSet]; set != "" && !store.ValidSetSpec(set) {
		faults.add(BadArgument, "the set %.100q is not a setSpec", set)
	}

	from, fromDay, fromOK := parseDatestamp(q.args[argFrom])
	until, untilDay, untilOK := parseDatestamp(q.args[argUntil])
	for _, arg := range []argument{argFrom, argUntil} {
		if ok := [...]bool{argFrom: fromOK, argUntil: untilOK}[arg]; q.args[arg] != "" && !ok {
			faults.add(BadArgument, "the argument %s, %.100q, is not a date of the form YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ", argumentNames[arg], q.args[arg])
		}
	}
	if untilOK && untilDay {
		until += 24*60*60 - 1
	}
	if fromOK && untilOK {
		switch {
		case fromDay != untilDay:
			faults.add(BadArgument, "from and until differ in granularity")
		case from > until:
			faults.add(BadArgument, "from is later than until")
		}
	}
	if fromOK {
		q.from = max(from, 0)
	}
	if untilOK {
		q.until = until
	}
}

// format returns the place of a metadataPrefix, or of an alias of one, in Formats, or -1.
func (r *Repository) format(prefix string) int {
	for i := range r.Formats {
		if r.Formats[i].Prefix == prefix || slices.Contains(r.Formats[i].Aliases, prefix) {
			return i
		}
	}
	return -1
}

type pair struct {
	name, value string
	ok          bool // decoded well
}

// split decodes the arguments. In an identifier and a resumptionToken a plus sign is itself and not a blank, which neither may hold: so
// identifiers that a client did not encode still work.
//
// Source: OAI-PMH 2.0 §3.1.1.3; RFC 3986 §2.
func split(query string) []pair {
	var pairs []pair
	for query != "" {
		var part string
		part, query, _ = strings.Cut(query, "&")
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		p := pair{name: name, value: value}
		decodedName, err1 := url.QueryUnescape(name)
		if err1 == nil {
			p.name = decodedName
		}
		decode := url.QueryUnescape
		if p.name == "identifier" || p.name == "resumptionToken" {
			decode = url.PathUnescape
		}
		decoded, err2 := decode(value)
		if err2 == nil {
			p.value = decoded
		}
		p.ok = err1 == nil && err2 == nil && isXML(p.name) && isXML(p.value)
		pairs = append(pairs, p)
	}
	return pairs
}

// isXML tells whether s is UTF-8 and holds only characters of XML 1.0.
//
// Source: XML 1.0 §2.2.
func isXML(s string) bool {
	for i, c := range s {
		if !isXMLChar(c) || (c == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD")) {
			return false
		}
	}
	return true
}

func isXMLChar(c rune) bool {
	return c >= 0x20 && c <= 0xD7FF || c == '\t' || c == '\n' || c == '\r' || c >= 0xE000 && c <= 0xFFFD || c >= 0x10000
}
