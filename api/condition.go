package api

import (
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"sheaf/store"
)

// digest is enough of a SHA-256 to tell two documents apart.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// tags are the entity tags of If-Match or If-None-Match.
type tags struct {
	any bool // "*"
	all []string
}

// parseTags reads the values of such a header; ok is false when they are not of its form, and when there are none.
//
// Source: RFC 9110 §8.8.3, §13.1.1, §13.1.2.
func parseTags(values []string) (t tags, ok bool) {
	s := strings.TrimSpace(strings.Join(values, ","))
	if s == "*" {
		return tags{any: true}, true
	}
	for s != "" {
		weak := strings.HasPrefix(s, "W/")
		rest, quoted := strings.CutPrefix(strings.TrimPrefix(s, "W/"), `"`)
		tag, rest, closed := strings.Cut(rest, `"`)
		if !quoted || !closed {
			return tags{}, false
		}
		tag = `"` + tag + `"`
		if weak {
			tag = "W/" + tag
		}
		t.all = append(t.all, tag)
		s = strings.TrimLeft(rest, " \t")
		if s != "" && s[0] != ',' {
			return tags{}, false
		}
		s = strings.TrimLeft(s, ", \t")
	}
	return t, len(t.all) > 0
}

// weakly tells whether tag is one of t by weak comparison.
func (t tags) weakly(tag string) bool {
	for _, one := range t.all {
		if strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return t.any
}

// version tells whether the item is there and the tag of any form of this version of it is one of t; a weak tag counts only if weak is true.
func (t tags) version(version string, weak bool) bool {
	if version == "" {
		return false
	}
	for _, one := range t.all {
		tag, isWeak := strings.CutPrefix(one, "W/")
		if v, _, _ := strings.Cut(strings.Trim(tag, `"`), "-"); v == version && (weak || !isWeak) {
			return true
		}
	}
	return t.any
}

// condition is what the headers of a write ask of the item's version, "" for one that is not there or was deleted; nil: nothing.
func condition(r *http.Request) (func(version string) bool, error) {
	var match, noneMatch *tags
	for name, into := range map[string]**tags{"If-Match": &match, "If-None-Match": &noneMatch} {
		values := r.Header.Values(name)
		if len(values) == 0 {
			continue
		}
		t, ok := parseTags(values)
		if !ok {
			return nil, badParameter(name, `%.60q is not * nor a list of entity tags, each in double quotes as in ETag`, strings.Join(values, ", "))
		}
		*into = &t
	}
	if match == nil && noneMatch == nil {
		return nil, nil
	}
	return func(version string) bool {
		return (match == nil || match.version(version, false)) && (noneMatch == nil || !noneMatch.version(version, true))
	}, nil
}

// failed is the problem of a condition that did not hold for this version of an item.
func (h *handler) failed(local, version string) *problem {
	p := fail("precondition-failed", "%s is not as If-Match or If-None-Match asks", h.identifier(local))
	p.Identifier = h.identifier(local)
	if version == "" {
		p.Detail += ": it is not there"
	} else {
		p.ETag = `"` + version + `"`
		p.Detail += ": it is now " + p.ETag
		p.header("ETag", p.ETag)
	}
	return p
}

// gone is the problem of reading a tombstone.
func (h *handler) gone(item *store.Item) *problem {
	p := fail("gone", "%s was deleted at %s", h.identifier(item.Local), datestamp(item.Datestamp))
	p.Identifier, p.Datestamp = h.identifier(item.Local), datestamp(item.Datestamp)
	p.header("Last-Modified", store.Time(item.Datestamp).Format(http.TimeFormat))
	return p
}

// accepted returns which of the media types on offer the Accept header likes best, the first of equals; "" if none. No header: the first.
//
// Source: RFC 9110 §12.5.1.
func accepted(values []string, offers ...string) string {
	header := strings.Join(values, ",")
	if strings.TrimSpace(header) == "" {
		return offers[0]
	}
	best, quality := "", 0.0
	for _, offer := range offers {
		q, exactness := 0.0, -1
		for part := range strings.SplitSeq(header, ",") {
			kind, params, err := mime.ParseMediaType(part)
			if err != nil {
				continue
			}
			n := -1
			major, _, _ := strings.Cut(offer, "/")
			switch kind {
			case offer:
				n = 2
			case major + "/*":
				n = 1
			case "*/*":
				n = 0
			}
			if n <= exactness {
				continue
			}
			exactness, q = n, 1
			if s, ok := params["q"]; ok {
				if q, err = strconv.ParseFloat(s, 64); err != nil {
					q = 0
				}
			}
		}
		if q > quality {
			best, quality = offer, q
		}
	}
	return best
}
