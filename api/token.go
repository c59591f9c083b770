package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"sheaf/store"
)

// A token is "sheaf_ID_SECRET": 64 random bits that find it and 256 that open, in hexadecimal. Only the SHA-256 of the secret is kept. It
// needs no slow hash: nobody can try 2^256 secrets, as somebody could try the likely passwords of people.

const (
	idSize     = 8
	secretSize = 32
)

// NewToken makes a token and its text, which is not to be had again.
func NewToken(name string, write bool, now time.Time) (text string, t store.Token, err error) {
	if !tokenName.MatchString(name) || tokenID.MatchString(name) {
		return "", t, fmt.Errorf("api: token name %q: want 1 to 100 letters, digits, blanks or any of -_.@:+/, and not the form of a token's id", name)
	}
	var random [idSize + secretSize]byte
	rand.Read(random[:])
	t = store.Token{ID: hex.EncodeToString(random[:idSize]), Name: name, Write: write, Created: now.Unix()}
	secret := hex.EncodeToString(random[idSize:])
	t.Hash = sha256.Sum256([]byte(secret))
	return "sheaf_" + t.ID + "_" + secret, t, nil
}

var (
	tokenName = regexp.MustCompile(`^[\pL\pN_.@:+/-]([\pL\pN_.@:+/ -]{0,98}[\pL\pN_.@:+/-])?$`)
	tokenID   = regexp.MustCompile(`^[0-9a-f]{16}$`)
	tokenText = regexp.MustCompile(`^sheaf_([0-9a-f]{16})_([0-9a-f]{64})$`)
)

const needToken = "a good bearer token is needed, for writing one of scope write; the operator makes it with: sheaf token create NAME"

// admit looks at the token of a request: one that is sent must be good, and to write it needs the scope.
//
// Source: RFC 6750 §2.1, §3.
func (h *handler) admit(q *request, write bool) error {
	given := q.Header.Values("Authorization")
	if len(given) == 0 {
		if !write {
			return nil
		}
		p := fail("unauthorized", needToken)
		p.header("WWW-Authenticate", `Bearer realm="sheaf"`)
		return p
	}
	t, err := h.tokenOf(q.Context(), given)
	if err != nil {
		return err
	}
	if t == nil {
		p := fail("unauthorized", needToken)
		p.header("WWW-Authenticate", `Bearer realm="sheaf", error="invalid_token"`)
		return p
	}
	q.token = t
	h.note(q, t)
	if write && !t.Write {
		p := fail("forbidden", "this token may only read; the operator makes one that may write with: sheaf token create NAME --scope write")
		p.header("WWW-Authenticate", `Bearer realm="sheaf", error="insufficient_scope", scope="write"`)
		return p
	}
	return nil
}

// tokenOf returns the good token that an Authorization header carries, nil when it carries none. It does the same for every header: one look
// into the store, one hash, one comparison. The token is read each time, so that a revocation counts at once on every node.
func (h *handler) tokenOf(ctx context.Context, given []string) (*store.Token, error) {
	id, secret := strings.Repeat("0", 2*idSize), strings.Repeat("0", 2*secretSize)
	scheme, text, _ := strings.Cut(given[0], " ")
	m := tokenText.FindStringSubmatch(strings.TrimSpace(text))
	formed := m != nil && strings.EqualFold(scheme, "Bearer") && len(given) == 1
	if formed {
		id, secret = m[1], m[2]
	}
	t, err := h.Store.Token(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	known := err == nil // else t.Hash is no hash of anything
	hash := sha256.Sum256([]byte(secret))
	same := subtle.ConstantTimeCompare(hash[:], t.Hash[:]) == 1
	if !same || !known || !formed || t.Revoked != 0 {
		return nil, nil
	}
	return &t, nil
}

// note has the store keep when a token was last used, to the minute. It does not hold up the request: it waits for the write lock.
func (h *handler) note(q *request, t *store.Token) {
	minute := h.Now().Unix() / 60 * 60
	if t.Used >= minute {
		return
	}
	h.mu.Lock()
	noted := h.used[t.ID] >= minute
	h.used[t.ID] = minute
	h.mu.Unlock()
	if noted {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.Context()), time.Minute)
	go func() {
		defer cancel()
		if err := h.Store.UseToken(ctx, t.ID, max(minute, t.Created)); err != nil {
			q.log.DebugContext(ctx, "api: the use of a token was not noted", "token", t.Name, "error", err)
		}
	}()
}
