package oai

import (
	"net/url"
	"regexp"
	"strings"
)

// An oai identifier is "oai:REPOSITORY-ID:LOCAL". LOCAL stands in it as the store has it; only characters that the scheme does not
// allow are percent-encoded.
//
// Source: OAI Implementation Guidelines, Specification and XML Schema for the OAI Identifier Format.

// inIdentifier has true for the bytes that may stand in the local part of an oai identifier.
var inIdentifier = func() (t [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'();/?:@&=+$,%") {
		t[c] = true
	}
	return t
}()

// inPlainIdentifier leaves out those that XML escapes, and the percent sign, which has to be looked at.
var inPlainIdentifier = func() (t [256]bool) {
	t = inIdentifier
	t['&'], t['%'] = false, false
	return t
}()

// oaiIdentifier is what the schema of oai-identifier takes.
var oaiIdentifier = regexp.MustCompile(`^oai:[a-zA-Z][a-zA-Z0-9\-]*(\.[a-zA-Z][a-zA-Z0-9\-]*)+:[a-zA-Z0-9\-_.!~*'();/?:@&=+$,%]+$`)

// appendIdentifier appends the oai identifier of an item, escaped for XML.
func (r *Repository) appendIdentifier(dst, local []byte) []byte {
	dst = append(dst, r.prefix...)
	for _, c := range local {
		if !inPlainIdentifier[c] {
			return appendText(dst, encodeLocal(string(local)))
		}
	}
	return append(dst, local...)
}

// encodeLocal percent-encodes what the scheme does not allow, and a percent sign that begins no encoded byte.
func encodeLocal(local string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(local); i++ {
		c := local[i]
		if inIdentifier[c] && (c != '%' || isEncoded(local[i:])) {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return b.String()
}

// isEncoded tells whether s begins with an encoded byte.
func isEncoded(s string) bool { return len(s) >= 3 && isHex(s[1]) && isHex(s[2]) }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// locals returns what the store may call the item with this identifier: the local part as it is, and decoded where that is
// another way to write it; nothing when the identifier is not of this repository.
func (r *Repository) locals(identifier string) []string {
	local, ok := strings.CutPrefix(identifier, r.prefix)
	if !ok || local == "" {
		return nil
	}
	if decoded, err := url.PathUnescape(local); err == nil && decoded != local && encodeLocal(decoded) == local {
		return []string{local, decoded}
	}
	return []string{local}
}

// isURI tells whether s may be an identifier: a URI, or what could be a part of one, in ASCII.
//
// Source: OAI-PMH 2.0 §2.4; RFC 3986.
func isURI(s string) bool {
	for i := 0; i < len(s); i++ {
		if !inIdentifier[s[i]] && s[i] != '#' || s[i] == '%' && !isEncoded(s[i:]) {
			return false
		}
	}
	_, err := url.Parse(s)
	return err == nil && strings.Count(s, "#") <= 1
}
