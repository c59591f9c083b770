package oai

import (
	"fmt"
	"regexp"
	"strings"

	"sheaf/store"
)

// Encoder writes records outside a response, in the shape of a ListRecords answer, for exports.
type Encoder struct{ r Repository }

// NewEncoder makes an Encoder for a repository; siteURL has no slash at the end.
func NewEncoder(repositoryID, siteURL string) *Encoder {
	e := &Encoder{}
	e.r.RepositoryID, e.r.SiteURL, e.r.BaseURL = repositoryID, siteURL, siteURL+"/oai"
	e.r.setUp()
	return e
}

// AppendOpen appends everything before the first record of an answer of this clock, in seconds since 1970, UTC.
func (e *Encoder) AppendOpen(dst []byte, clock int64, prefix string) []byte {
	dst = appendDatestamp(append(dst, envelope...), clock)
	dst = append(dst, "</responseDate>\n"...)
	q := request{verb: "ListRecords"}
	q.args[argPrefix] = prefix
	return append(e.r.appendRequest(dst, &q), "<ListRecords>\n"...)
}

// AppendRecord appends one record.
func (e *Encoder) AppendRecord(dst []byte, row *store.Row) []byte { return e.r.appendRecord(dst, row) }

// AppendClose appends what follows the last record.
func (e *Encoder) AppendClose(dst []byte) []byte {
	return append(dst, "</ListRecords>\n</OAI-PMH>\n"...)
}

// ParseDatestamp reads a from or until argument; first and last are the seconds that it means as a lower and as an upper bound, since 1970, UTC.
//
// Source: OAI-PMH 2.0 §2.7.1, §3.3.
func ParseDatestamp(s string) (first, last int64, err error) {
	seconds, day, ok := parseDatestamp(s)
	if !ok {
		return 0, 0, fmt.Errorf("oai: %q is no datestamp: want YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ", s)
	}
	if day {
		return seconds, seconds + 24*60*60 - 1, nil
	}
	return seconds, seconds, nil
}

var (
	repositoryID = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9\-]*(\.[a-zA-Z][a-zA-Z0-9\-]*)+$`)
	email        = regexp.MustCompile(`^\S+@(\S+\.)+\S+$`)
)

// ValidRepositoryID tells whether s may be the namespace of oai identifiers: a domain name.
//
// Source: OAI guidelines, oai-identifier.xsd, repositoryIdentifierType.
func ValidRepositoryID(s string) bool {
	return repositoryID.MatchString(s) && !strings.HasSuffix(s, "\n")
}

// ValidEmail tells whether s may be an adminEmail.
//
// Source: OAI-PMH.xsd, emailType.
func ValidEmail(s string) bool { return email.MatchString(s) && !strings.HasSuffix(s, "\n") }
