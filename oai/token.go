package oai

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"sheaf/store"
)

// token is all that is needed to go on with a list, on any node over the same store and after any restart.
//
// Its text form is base64url without padding, which holds only unreserved characters of URIs, of
//
//	version(1 byte) verb(1) prefix set from until after.Datestamp after.Local cursor total expires mac(16)
//
// where numbers are varints, strings follow their length, and mac is the beginning of the HMAC-SHA256 of all before it. With a Local of
// store.MaxLocal bytes and a set of 80 it stays under 500 characters.
//
// Source: OAI-PMH 2.0 §3.5.
type token struct {
	verb    string
	prefix  string
	set     string
	from    int64     // seconds since 1970, inclusive; 0: from the start
	until   int64     // upper bound of the list, inclusive; fixed when it began
	after   store.Key // the last entry given; of ListSets its setSpec, as Local
	cursor  int       // entries given so far
	total   int       // completeListSize; 0: not known
	expires int64     // seconds since 1970; the last second in which the token is good
}

const (
	tokenVersion = 1
	macSize      = 16
)

// tokenVerbs are the verbs of lists; a token has their place here.
var tokenVerbs = []string{"ListIdentifiers", "ListRecords", "ListSets"}

var errToken = errors.New("oai: not a token of this repository")

func (t *token) append(dst, key []byte) []byte {
	b := make([]byte, 0, 512)
	b = append(b, tokenVersion)
	for i, v := range tokenVerbs {
		if v == t.verb {
			b = append(b, byte(i))
		}
	}
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	text(t.prefix)
	text(t.set)
	b = binary.AppendVarint(b, t.from)
	b = binary.AppendVarint(b, t.until)
	b = binary.AppendVarint(b, t.after.Datestamp)
	text(t.after.Local)
	b = binary.AppendVarint(b, int64(t.cursor))
	b = binary.AppendVarint(b, int64(t.total))
	b = binary.AppendVarint(b, t.expires)
	b = append(b, mac(b, key)...)
	return base64.RawURLEncoding.AppendEncode(dst, b)
}

func mac(b, key []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(b)
	return h.Sum(nil)[:macSize]
}

// parseToken reads a token that was made with this key. It does not look at the life of the token.
func parseToken(s string, key []byte) (*token, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || base64.RawURLEncoding.EncodedLen(len(b)) != len(s) || len(b) < 2+macSize { // the decoder skips line ends
		return nil, errToken
	}
	b, sum := b[:len(b)-macSize], b[len(b)-macSize:]
	if !hmac.Equal(sum, mac(b, key)) || b[0] != tokenVersion || int(b[1]) >= len(tokenVerbs) {
		return nil, errToken
	}
	t := &token{verb: tokenVerbs[b[1]]}
	b = b[2:]
	ok := true
	number := func() int64 {
		n, size := binary.Varint(b)
		if size <= 0 {
			ok = false
			return 0
		}
		b = b[size:]
		return n
	}
	text := func() string {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			ok = false
			return ""
		}
		s := string(b[size : size+int(n)])
		b = b[size+int(n):]
		return s
	}
	t.prefix, t.set = text(), text()
	t.from, t.until = number(), number()
	t.after = store.Key{Datestamp: number(), Local: text()}
	t.cursor, t.total, t.expires = int(number()), int(number()), number()
	if !ok || len(b) > 0 {
		return nil, errToken
	}
	return t, nil
}

// tokenKey returns the key that tokens are signed with: the same on all nodes over one store, another for each repository and journal.
func (r *Repository) tokenKey(ctx context.Context) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key == nil {
		secret, err := r.Items.Secret(ctx)
		if err != nil {
			return nil, fmt.Errorf("oai: key of tokens: %w", err)
		}
		h := hmac.New(sha256.New, secret)
		h.Write([]byte("sheaf resumptionToken\n" + r.RepositoryID))
		if r.scope != "" {
			h.Write([]byte("\n" + r.scope))
		}
		r.key = h.Sum(nil)
	}
	return r.key, nil
}

// resume returns the token of a request. One that is damaged, foreign, expired or of another verb is a badResumptionToken.
func (r *Repository) resume(ctx context.Context, q *request) (*token, error) {
	key, err := r.tokenKey(ctx)
	if err != nil {
		return nil, err
	}
	t, err := parseToken(q.args[argToken], key)
	switch {
	case err != nil:
		return nil, errorf(BadResumptionToken, "the resumptionToken was not made here, or was damaged on its way")
	case t.verb != q.verb:
		return nil, errorf(BadResumptionToken, "the resumptionToken belongs to %s, not to %s", t.verb, q.verb)
	case r.Now().Unix() > t.expires:
		return nil, errorf(BadResumptionToken, "the resumptionToken expired at %s", appendDatestamp(nil, t.expires))
	case t.verb != "ListSets" && r.format(t.prefix) < 0:
		return nil, errorf(BadResumptionToken, "the resumptionToken is of a format, %q, that is served no longer", t.prefix)
	}
	return t, nil
}

// appendToken appends the resumptionToken element that ends a list response: t's, or an empty one after the last part. cursor is the
// place of the response's first entry in the list.
func (r *Repository) appendToken(ctx context.Context, dst []byte, t *token, cursor int, more bool) ([]byte, error) {
	dst = append(dst, "<resumptionToken"...)
	if more {
		t.expires = r.Now().Add(r.TokenLife).Unix()
		dst = append(dst, ` expirationDate="`...)
		dst = append(appendDatestamp(dst, t.expires), '"')
	}
	if t.total > 0 {
		dst = fmt.Appendf(dst, ` completeListSize="%d"`, t.total)
	}
	dst = fmt.Appendf(dst, ` cursor="%d">`, cursor)
	if more {
		key, err := r.tokenKey(ctx)
		if err != nil {
			return dst, err
		}
		dst = t.append(dst, key)
	}
	return append(dst, "</resumptionToken>\n"...), nil
}
