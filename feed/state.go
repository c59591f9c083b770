package feed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Status is what is kept of a feed.
type Status struct {
	Name    string `json:"name"`
	To      string `json:"to"`
	Set     string `json:"set,omitempty"`
	From    int64  `json:"from,omitempty"`   // lowest datestamp that it began with
	Cursor  Cursor `json:"cursor"`           // all up to this place, itself included, was taken; an empty Local: all before that second
	Again   int64  `json:"again,omitempty"`  // up to this datestamp, what the target has is written anew: the feed was restarted then
	Sent    int    `json:"sent"`             // since it began
	Deleted int    `json:"deleted"`          // likewise
	Refused int    `json:"refused"`          // likewise; the refusals that still stand are fewer
	Saved   int64  `json:"saved"`            // seconds of the store's clock
	Error   string `json:"error,omitempty"`  // the last, until a batch was taken
	Failed  int64  `json:"failed,omitempty"` // when, seconds of the store's clock
	Owner   *Owner `json:"owner,omitempty"`  // who runs it
}

// Cursor is a place in the log.
type Cursor struct {
	Datestamp int64  `json:"datestamp"` // seconds since 1970, UTC
	Local     string `json:"local,omitempty"`
}

// Owner is who runs a feed.
type Owner struct {
	ID    string `json:"id"` // random, one for each run
	Host  string `json:"host"`
	PID   int    `json:"pid"`
	Until int64  `json:"until"` // of the lease, seconds of the store's clock
}

// dead tells whether o ran on this machine and is no more, as far as this can be told.
func (o *Owner) dead(host string) bool {
	if o.Host != host || host == "" || o.PID == 0 {
		return false
	}
	if o.PID == os.Getpid() { // two runs in one process share its number
		return false
	}
	p, err := os.FindProcess(o.PID)
	if err != nil {
		return true
	}
	err = p.Signal(syscall.Signal(0))
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}

// What the names of marks begin with: of what is kept of a feed, of its refusals that stand, and of what its target keeps.
const (
	statusMark  = "feed/"
	refusedMark = "feed-refused/"
	stateMark   = "feed-state/"
)

// List returns what is kept of each feed, by name.
func List(ctx context.Context, marks Marks) ([]Status, error) {
	found, err := marks.Marks(ctx, statusMark)
	all := make([]Status, len(found))
	for i, m := range found {
		if err := json.Unmarshal(m.Value, &all[i]); err != nil {
			return nil, fmt.Errorf("feed: mark %q cannot be read: %w", m.Name, err)
		}
	}
	return all, err
}

// Refusals returns those of a feed that stand, the earliest first.
func Refusals(ctx context.Context, marks Marks, name string) (list []Refusal, err error) {
	_, err = load(ctx, marks, refusedMark+name, &list)
	return list, err
}

// State is what a target keeps for itself in the store: values of up to 1 MiB in JSON, by key, each a mark "feed-state/FEED/KEY". That of an
// item has the key "item/" and its Local. Restarting a feed leaves them as they are.
type State struct {
	Marks Marks
	Feed  string // Feed.Name
}

// Load reads the value of key into v; false when there is none.
func (s State) Load(ctx context.Context, key string, v any) (bool, error) {
	return load(ctx, s.Marks, s.name(key), v)
}

// Save keeps v. It is durable when Save returns.
func (s State) Save(ctx context.Context, key string, v any) error {
	return save(ctx, s.Marks, s.name(key), v)
}

// Forget takes the value of key away.
func (s State) Forget(ctx context.Context, key string) error {
	return s.Marks.SetMark(ctx, s.name(key), nil)
}

// Each calls visit with each value whose key begins with prefix, as JSON, in the order of the keys. Of a long key only the beginning is given.
func (s State) Each(ctx context.Context, prefix string, visit func(key string, value []byte) error) error {
	begin := stateMark + s.Feed + "/"
	marks, err := s.Marks.Marks(ctx, begin+prefix)
	if err != nil {
		return err
	}
	for _, m := range marks {
		if err := visit(m.Name[len(begin):], m.Value); err != nil {
			return err
		}
	}
	return nil
}

// name is that of a key's mark, which must not be longer than a store takes: of a long one the end is told by its hash.
func (s State) name(key string) string {
	const longest = 200
	name := stateMark + s.Feed + "/" + key
	if len(name) <= longest {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return strings.ToValidUTF8(name[:longest-33], "") + "~" + hex.EncodeToString(sum[:16])
}

func load(ctx context.Context, marks Marks, name string, v any) (bool, error) {
	b, err := marks.Mark(ctx, name)
	if err != nil || b == nil {
		return false, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return false, fmt.Errorf("feed: mark %q cannot be read: %w", name, err)
	}
	return true, nil
}

func save(ctx context.Context, marks Marks, name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("feed: mark %q: %w", name, err)
	}
	return marks.SetMark(ctx, name, b)
}
