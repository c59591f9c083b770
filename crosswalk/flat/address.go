package flat

import (
	"net/url"
	"strings"
)

// HandleURL is a Handle, bare or with "hdl:" before it, as a link; "" when it is none.
func HandleURL(handle string) string {
	if handle = strings.TrimPrefix(handle, "hdl:"); handle == "" {
		return ""
	}
	if !IsHTTP(handle) {
		handle = "https://hdl.handle.net/" + handle
	}
	if !IsHTTP(handle) {
		return ""
	}
	return handle
}

// MediaType is the type that the source gives, else the one that the address ends with; "" when not known.
func (f *File) MediaType() string {
	if strings.Contains(f.MIME, "/") {
		return f.MIME
	}
	u := strings.ToLower(f.URL)
	switch {
	case strings.HasSuffix(u, ".pdf"):
		return "application/pdf"
	case strings.HasSuffix(u, ".xml"):
		return "application/xml"
	case strings.HasSuffix(u, ".epub"):
		return "application/epub+zip"
	}
	return ""
}

// IsEscape tells whether s begins with an octet percent-encoded.
//
// Source: RFC 3986 §2.1.
func IsEscape(s string) bool { return len(s) > 2 && s[0] == '%' && isHex(s[1]) && isHex(s[2]) }

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// HasHost tells whether what follows "//" in an address begins with a host, its user before it and its port behind it or not, that xs:anyURI takes.
//
// Source: RFC 3986 §3.2; XML Schema 1.0 part 2 §3.2.17.
func HasHost(rest string) bool {
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	_, err := url.Parse("http://" + rest)
	return err == nil && strings.Count(rest, "@") < 2
}
