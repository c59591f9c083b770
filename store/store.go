// Package store says what is kept and what every keeper of it promises; there is no SQL here.
//
// An item is one article: its JSON form, the source it came from, its sets, and one record for each metadata format, rendered
// once at write time. A record's bytes are served as they are; nothing is parsed or built on the way out.
//
// # How a list never loses a change
//
// The store keeps one clock, H: the highest datestamp ever committed, in whole seconds. A write takes D = max(now, H) while it
// holds the one write lock, sets H = D, stamps with D all that it changes, and commits before it lets go. So commits happen in the order of
// their stamps, whatever the number of writers, processes and nodes: the lock is the writer's lock of the SQLite file, or the lock on
// the clock's row in PostgreSQL, which is held to the end of the transaction, and there now is the time of the database.
//
// Each answer is read from one snapshot together with H. Every transaction that this snapshot does not see took the lock after the one
// that set H, and so is stamped D >= H. Therefore H is a safe responseDate: from=H is inclusive and finds all that was not seen. An
// older H is as safe. So that H does not grow stale where nothing is written, a reader ticks it (H = max(now, H), under the same lock) at
// most once a second, and answers with the H that is there when a writer has the lock.
//
// A list is in the order (datestamp, local), where all items of one transaction share D. Its upper bound U is the H of its first
// page. An item that changes during the list leaves it (D' >= U) and is found by the next from=U; no other item moves, so every item
// that does not change meanwhile comes exactly once. One that changes in the very second U may come as it was and as it is.
//
// What may go wrong, and what then:
//
//   - A replica replays commits in their order, and the clock's row with them: H as read there is what it has seen. It answers with that,
//     and only pages whose upper bound it has seen; it never answers with less than the same process has told anybody before.
//   - A transaction that hangs with the lock held delays writers, never readers: these see the H before it. It is ended after a time
//     (PostgreSQL: idle_in_transaction_session_timeout; SQLite: the lock goes with the process), and nothing of it was there.
//   - A process that is killed between stamp and commit leaves nothing: H, stamps and entries are one transaction.
//   - A clock that is set back keeps D where it is, by max. One that is set forward by more than MaxJump is refused as [ErrClock]; by less,
//     D stays in the future until time has caught up, and Check tells of it.
//   - A record may read otherwise by the mere passing of time: an embargo ends. The item is then Due; whoever finds it first renders it
//     anew and puts it with Change.If, so that of many nodes one moves its datestamp, once, and no deposit is undone.
//
// Package oai/oaitest proves it by trial, with these faults made on purpose; with the build tag sheafmutation the stores take D before the
// lock, and the trial must fail.
//
// # Lists, entries and tallies
//
// A list is what a harvester may ask for: one metadata format, whole or in one set. Items that have the same formats are of one class
// ([Class]), and an item has one entry in each of its sets, kept by class and set, with the key (datestamp, local). A list is those of the
// classes that have the format, merged: each a seek and a scan of one index, at any depth and under any filter; and few, because
// what formats an article has hangs on what its journal tells of it. So a format more costs no entry more. How many entries
// there are between two datestamps is summed from a small tree of tallies kept beside them, never counted.
//
// # Records
//
// Each format that is asked for much has a record of its own, as it is served. Those that are asked for seldom ([Record].Rare) say the same in
// other words: they are kept together, packed in groups ([Bundle]).
package store

import (
	"context"
	"errors"
	"strings"
	"time"
)

var (
	ErrNotFound = errors.New("store: no such item")
	ErrClock    = errors.New("store: the clock jumped forward")
	ErrNewer    = errors.New("store: the database is newer than this program")
	ErrCorrupt  = errors.New("store: damaged")
	ErrBusy     = errors.New("store: locked by another writer")
	ErrFull     = errors.New("store: the disk is full")
	ErrReadOnly = errors.New("store: not writable")
	ErrExists   = errors.New("store: it is there already")
)

// MaxJump is how far the machine's clock may run ahead of the time that has passed before a write is refused as ErrClock.
const MaxJump = 10 * time.Minute

// MaxLocal is the greatest length of a local identifier, in bytes: a token that names one must stay under 500.
const MaxLocal = 200

// Key is a place in a list.
type Key struct {
	Datestamp int64  // seconds since 1970, UTC
	Local     string // the identifier after "oai:REPOSITORY-ID:"
}

// Row is one entry of a list, or one record. Its byte slices are good only until the visitor returns.
type Row struct {
	Local     []byte
	Datestamp int64 // seconds since 1970, UTC
	Deleted   bool
	Sets      []byte // setSpecs, parted by one blank, in byte order
	Metadata  []byte // as rendered; empty when Deleted, or when only headers were asked for
}

// Query asks for a stretch of one list.
type Query struct {
	Prefix  string // metadataPrefix
	Set     string // setSpec; "" for all. A set holds its descendants too.
	From    int64  // lowest datestamp, inclusive; 0: from the start
	Until   int64  // highest datestamp, inclusive; 0: up to the clock
	After   Key    // only entries strictly after it; the zero Key: from the start
	Limit   int    // most rows; at least 1
	Headers bool   // leave Metadata unread
	Count   bool   // fill Page.Total
}

// Page tells what a List gave.
type Page struct {
	Clock  int64 // H of the snapshot that the page was read from; the page and Total are of this snapshot
	Until  int64 // the lesser of Query.Until and Clock; Clock when Query.Until was 0. Later pages ask for it.
	Last   Key   // of the last row
	Rows   int
	More   bool // whether entries follow
	Total  int  // entries between From and Until, if Query.Count
	Faults int  // rows that could not be read and were left out
}

// Set is a set of items (OAI-PMH §2.6).
type Set struct {
	Spec        string `json:"spec"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// Record is an item in one format.
type Record struct {
	Prefix   string
	Metadata []byte
	Rare     bool // kept together with the item's other rare records; a format must be so always or never
}

// Source is an input as it came.
type Source struct {
	Name string // path or URL, for people
	Type string // the reader that understood it: "jats", "json", "crossref", ...
	Data []byte
}

// Item is one item whole.
type Item struct {
	Local     string
	Datestamp int64 // seconds since 1970, UTC
	Deleted   bool
	Sets      []string
	Article   []byte   // JSON; kept when Deleted
	Prefixes  []string // formats that it has, or had when it was deleted
	Version   string   // changes with the article and with all that is served, and with nothing else; ASCII letters and digits; "" when Deleted
}

// Change is one write: an item stored, or a tombstone left.
type Change struct {
	Local   string   // at most MaxLocal bytes
	Aliases []string // "doi:10.5555/x", "pii:S1": other names of the same article, in their comparison form; no two items share one
	Delete  bool     // leave a tombstone; all below is ignored
	Article []byte   // JSON
	Records []Record // every format of the item
	Sets    []Set    // the item's own sets; ancestors are implied. An empty Name leaves a name that is there as it is
	Source  *Source  // nil: keep what is there
	Drop    []string // names of sources that the item does not come from any more; "*": all but Source

	If       string // a Version: carry it out only if the item's is this one; IfAbsent: only if no live item is there; "": whatever is there. Counts for a Delete too
	Due      int64  // seconds since 1970: when the records must be rendered again, because what they say depends on the day; 0: never
	Revision int    // of the crosswalks that rendered the records
	Again    bool   // write every byte anew and stamp, though it may be there: a repair of what could not be read
}

// IfAbsent as Change.If: only if there is no item of that name, or it was deleted.
const IfAbsent = "*"

// Status is what a Change did.
type Status string

const (
	Created   Status = "created" // also: revived from a tombstone
	Updated   Status = "updated"
	Unchanged Status = "unchanged" // every byte was there already; the datestamp has not moved
	Deleted   Status = "deleted"
	Missing   Status = "missing"  // a Delete of an item that is not there
	Stale     Status = "stale"    // Change.If did not hold; nothing was written
	Conflict  Status = "conflict" // an alias belongs to Outcome.Local already; nothing was written, and the caller renders again for that Local
)

// Outcome is what became of one Change.
type Outcome struct {
	Status    Status
	Local     string
	Datestamp int64
	Version   string // as in Item; of the item as it is now, also when the change was Stale or a Conflict
}

// Token is a key to the deposit API. What opens is not kept, only its hash.
type Token struct {
	ID      string   // random and public: by it the token is found
	Name    string   // what people call it; no two that are not revoked share one
	Hash    [32]byte // SHA-256 of the secret
	Write   bool     // whether it may write; any may read
	Created int64    // seconds since 1970, UTC
	Used    int64    // when last, to the minute; 0: never
	Revoked int64    // 0: it is good
}

// Mark is something small that is kept by name: the cursor of a feed, say.
type Mark struct {
	Name  string // up to 200 bytes
	Value []byte // up to 1 MiB
}

// Kept is one item with everything that is kept of it, as Dump gives it and Restore takes it.
type Kept struct {
	Local     string
	Datestamp int64
	Deleted   bool
	Sets      []string // its own
	Records   []Record // of a live item; those whose Metadata is nil are tombstones of formats that it once had. Of a deleted one all are nil
	Prefixes  []string // as in Item: those of Records that are the item's own formats
	Article   []byte
	Aliases   []string
	Sources   []Source // the earliest first
	Due       int64
	Revision  int
}

// State is what a store keeps beside its items.
type State struct {
	Clock   int64
	First   int64 // the earliest datestamp that there ever was; 0: none
	Created int64 // when the store was made
	Secret  []byte
	Sets    []Set
	Tokens  []Token
	Marks   []Mark
}

// Problem is one thing that Check found.
type Problem struct {
	Local   string // "" when it is not about one item
	Message string
}

// Stats counts what is kept.
type Stats struct {
	Items    int            `json:"items"` // live
	Deleted  int            `json:"deleted"`
	Sets     int            `json:"sets"`
	Records  map[string]int `json:"records"` // live and deleted, by metadataPrefix
	Bytes    int64          `json:"bytes"`   // of the database
	Earliest int64          `json:"-"`
	Clock    int64          `json:"-"`
}

// Store is what a backend does. It is safe for use by many goroutines, and several processes may open the same database.
type Store interface {
	// Put carries out changes in one transaction, all with the same datestamp, and returns one Outcome each, in order. When it returns
	// without an error all of it is durable; with an error none of it is.
	Put(ctx context.Context, changes []Change) ([]Outcome, error)

	// Resolve returns for each of the aliases the Local of the item that owns it; "" where none does.
	Resolve(ctx context.Context, aliases []string) ([]string, error)

	// Get returns an item, also a deleted one, or ErrNotFound. Where only its article is damaged, the item comes without it, with ErrCorrupt.
	Get(ctx context.Context, local string) (*Item, error)

	// Source returns the inputs that an item came from, the latest first, or ErrNotFound.
	Source(ctx context.Context, local string) ([]Source, error)

	// HasSource tells whether this very input (by the SHA-256 of its bytes) was stored in an item that is still live, and in which.
	HasSource(ctx context.Context, sum [32]byte) (local string, datestamp int64, ok bool, err error)

	// Record calls visit with the record of an item in one format and returns the clock of the snapshot. It returns ErrNotFound when
	// there is no such item or it has no such format.
	Record(ctx context.Context, local, prefix string, visit func(*Row) error) (clock int64, err error)

	// List calls visit for each entry that q asks for, in order. Its cost depends on q.Limit, not on how deep the page is nor on the filter.
	// A row that cannot be read is left out, and counted in Page.Faults. An error of visit ends the list and is returned.
	List(ctx context.Context, q Query, visit func(*Row) error) (Page, error)

	// Sets returns at most limit sets whose Spec is greater than after, in byte order.
	Sets(ctx context.Context, after string, limit int) ([]Set, error)

	// PutSets defines sets, which may be empty of items.
	PutSets(ctx context.Context, sets []Set) error

	// Tick brings the clock up to now unless that was done within a second or a writer holds the lock, and returns it.
	Tick(ctx context.Context) (int64, error)

	// Earliest returns a datestamp that no item has or had an earlier one than; for a store that never held an item, when it was made.
	Earliest(ctx context.Context) (int64, error)

	// Secret returns the store's own random key, made when it was made: nodes over one store sign tokens alike.
	Secret(ctx context.Context) ([]byte, error)

	Stats(ctx context.Context) (Stats, error)

	// Outdated returns at most limit live items that must be rendered again: those with a Due that is not after now, and those
	// rendered by a Revision lower than this one.
	Outdated(ctx context.Context, now int64, revision, limit int) ([]string, error)

	// PutToken keeps a new token; ErrExists if one of its name is good. Token returns one by its ID, also a revoked one, or ErrNotFound.
	// Tokens returns all, the oldest first. RevokeToken ends the good one of that name or ID, or returns ErrNotFound. UseToken notes when it was used.
	PutToken(ctx context.Context, t Token) error
	Token(ctx context.Context, id string) (Token, error)
	Tokens(ctx context.Context) ([]Token, error)
	RevokeToken(ctx context.Context, nameOrID string, at int64) error
	UseToken(ctx context.Context, id string, at int64) error

	// Marks are what others keep of their way through the changes: small, and by name. Mark returns nil when there is none of the name; SetMark with a nil
	// value takes it away; SwapMark does so, or sets it, only if the value is still was (nil: none), and tells whether it was. Marks returns those whose
	// names begin with prefix, by name. No datestamp moves.
	Mark(ctx context.Context, name string) ([]byte, error)
	Marks(ctx context.Context, prefix string) ([]Mark, error)
	SetMark(ctx context.Context, name string, value []byte) error
	SwapMark(ctx context.Context, name string, was, value []byte) (bool, error)

	// Check reads everything and compares what is kept twice: hashes of the rendered bytes, entries, tallies, the backend's own check.
	Check(ctx context.Context, report func(Problem)) error

	// Rebuild makes anew, from the items and their records, all that can be: indexes, entries, tallies and counts. No datestamp moves.
	Rebuild(ctx context.Context) error

	// Dump gives everything as it was at one moment: the state, then each item, in no particular order. An item of which something
	// cannot be read is told to report and given without that part. Visitors may keep what they are given.
	Dump(ctx context.Context, state func(State) error, item func(*Kept) error, report func(Problem)) error

	// Restore fills a store that holds no item with what a Dump gave, with its datestamps, its clock and its secret: next
	// returns nil at the end. It is one transaction. ErrExists if there are items.
	Restore(ctx context.Context, s State, next func() (*Kept, error)) error

	Close() error
}

// SetSpecs returns each setSpec with all its ancestors: "a:b" gives "a" and "a:b". Sorted, each once.
func SetSpecs(sets []Set) []string { return setSpecs(sets) }

// InSet tells whether a setSpec is that of a set, or of one below it (OAI-PMH §2.6).
func InSet(spec, set string) bool {
	rest, ok := strings.CutPrefix(spec, set)
	return ok && (rest == "" || rest[0] == ':')
}

// Time makes a datestamp a time in UTC.
func Time(datestamp int64) time.Time { return time.Unix(datestamp, 0).UTC() }
