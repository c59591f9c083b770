package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// clean makes s one that PostgreSQL can hold: UTF-8 without NUL.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// maxKey is the longest alias that is its own key: an entry of an index has at most 2,704 bytes.
const maxKey = 1000

// aliasKey is what an alias is found by: itself, or for a very long one its beginning and its hash.
func aliasKey(name string) string {
	if len(name) <= maxKey {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	n := maxKey - 2*len(sum)
	for !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n] + hex.EncodeToString(sum[:])
}
