// Package feed pushes what a store keeps to those who want it brought: search engines, deposit services, folders of files. A [Feed] follows the
// same log of changes that harvesters read, and hands it, in order and in batches, to a [Target].
//
// # What is sent, and when
//
// The log is the store's list of oai_dc headers, which has every item, in the order (datestamp, local). A datestamp has whole seconds, so an
// item may change twice under one datestamp; but no commit is ever stamped lower than the clock H of the store (package store). So a second
// that lies before H is over: what an item was at its end, nobody changes any more. A feed sends only seconds that are over. It follows:
//
//   - (local, datestamp) names one state of one item, for ever. The datestamp is a version that grows with each state that is sent, and two
//     that send the same version send the same. It is what an external version of a search engine must be.
//   - No second needs to be read again: the next pass begins with the first second that was not over.
//   - An item that has changed since it was listed is passed over, as its new place in the log is still to come.
//   - What is sent lags behind a commit by up to a second, or as long as the store's clock runs ahead of the time.
//
// A set is followed through the whole log too, because an item that has left the set is no longer in the set's list: it is sent as deleted.
//
// # At least once, never out of order
//
// The cursor is kept in the store, as the mark "feed/NAME", and moves only when the target has taken a batch: each item of it was taken, or
// refused for good. A process that is killed, or whose answer was lost, sends the batch again. Items that the target asks to be sent
// again hold their batch back, so no later state of an item overtakes an earlier one.
//
// # One runner
//
// The mark carries a lease in the seconds of the store's clock, which all nodes share, and is only ever changed by the one who read it last
// (SwapMark). So of two runs of a feed one has the lease and the other is told who has it, or, if it is to follow, stands by. A runner that
// is dead on this machine is replaced at once, any other when its lease is over. One that finds the mark changed by another stops, and has moved nothing. What it had
// sent just then, and what a killed one left on the wire, may arrive after what its successor sends: a target that can is told the
// datestamp as a version (the search engines), and loses nothing by it.
//
// # What a target remembers
//
// The refusals that stand are kept by the feed, as the mark "feed-refused/NAME", at most [MaxRefusals] of them. What a target itself must know of
// an item - the identifier it has there, the submission that is open - it keeps with [State], one mark for each item, "feed-state/NAME/item/LOCAL".
// They are in the store because they must be backed up and restored with it, and be there on every node. A target saves what it must know before it says
// that it has taken an item; then a crash can only make it send again what it finds there.
package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"sheaf/crosswalk"
	"sheaf/crosswalk/flat"
	"sheaf/jats"
	"sheaf/store"
)

// Store is the part of a store that a feed reads, and where it keeps its marks.
type Store interface {
	List(ctx context.Context, q store.Query, visit func(*store.Row) error) (store.Page, error)
	Get(ctx context.Context, local string) (*store.Item, error)
	Tick(ctx context.Context) (int64, error)
	Marks
}

// Marks are the part of a store that keeps small values by name, as package store says.
type Marks interface {
	Mark(ctx context.Context, name string) ([]byte, error)
	Marks(ctx context.Context, prefix string) ([]store.Mark, error)
	SetMark(ctx context.Context, name string, value []byte) error
	SwapMark(ctx context.Context, name string, was, value []byte) (bool, error)
}

// Target is where a feed goes.
type Target interface {
	// Send brings changes, and returns one Outcome for each, in their order. No item is there twice. An error means that what became of them
	// is not known, and all will be sent again: after a time as [Later] asks for, or, of a [Fatal] one, not before somebody has mended the cause.
	// Send is not called again before it has returned. It must return soon after the end of ctx, which comes some time after the feed was
	// asked to stop, so that a batch under way can be finished.
	//
	// A service that answers later has taken an item when it has accepted the submission and the target has saved its number; what became of
	// it, a [Settler] finds out.
	Send(ctx context.Context, changes []*Change) ([]Outcome, error)
}

// Settler is a target whose service tells later what became of what it took. Settle is called before the first batch and then, when it is time,
// between batches; never at the same time as Send. A run that does not follow goes on until nothing is open.
type Settler interface {
	// Settle asks for what is open, and returns what the service has refused, and when to ask again; 0: nothing is open.
	Settle(ctx context.Context) (refused []Refusal, again time.Duration, err error)
}

// Outcome is what became of one change. The zero value: it was taken.
type Outcome struct {
	Refused string        // why the target will never take it as it is; the feed goes on
	Retry   bool          // not now: send it again
	After   time.Duration // with Retry: not before; 0: the feed's own pause
}

// Change is one item as it is to be at the target.
type Change struct {
	Local      string
	Identifier string        // "oai:REPOSITORY-ID:LOCAL"
	Datestamp  int64         // seconds since 1970, UTC; with Local it names this state of the item for ever
	Deleted    bool          // it is deleted, or not in the feed's set any more
	Sets       []string      // setSpecs, each with its ancestors
	Article    *jats.Article // also of a deleted item, as far as it is kept; else nil
	Bytes      int           // of the article's JSON form
	Again      bool          // the feed was told to write everything anew: also what the target has in this very version
	Tries      int           // how often it was sent before, since the feed was started

	site   string
	record *flat.Record
}

// Record is the article as the flat formats see it, with absolute addresses, on the day of the datestamp: the store moves the datestamp when a
// day changes what an article says. nil when there is no Article.
func (c *Change) Record() *flat.Record {
	if c.record == nil && c.Article != nil {
		c.record = crosswalk.Record(c.Article, c.Local, store.Time(c.Datestamp))
		c.record.Page = strings.Replace(c.record.Page, crosswalk.BaseURL, c.site, 1)
		c.record.Landing = strings.Replace(c.record.Landing, crosswalk.BaseURL, c.site, 1)
	}
	return c.record
}

// Refusal is an item that the target will not take as it is.
type Refusal struct {
	Local     string `json:"local"`
	Datestamp int64  `json:"datestamp"`
	Reason    string `json:"reason"`
}

// MaxRefusals is how many refusals a feed remembers. Further ones are told and counted.
const MaxRefusals = 200

// Later is an error that says when to try again.
type Later struct {
	Err   error
	After time.Duration // 0: the feed's own pause
}

func (l *Later) Error() string { return l.Err.Error() }
func (l *Later) Unwrap() error { return l.Err }

// Fatal is an error that no new try mends: credentials that are refused, an index of another shape.
type Fatal struct{ Err error }

func (f *Fatal) Error() string { return f.Err.Error() }
func (f *Fatal) Unwrap() error { return f.Err }

// Fatalf makes a Fatal.
func Fatalf(format string, args ...any) error { return &Fatal{fmt.Errorf(format, args...)} }

var (
	ErrRunning  = errors.New("feed: it is run by another process")
	ErrOther    = errors.New("feed: it was begun with other settings")
	ErrPatience = errors.New("feed: the target does not answer")
)

// Feed is one way out. The zero values of its settings work.
type Feed struct {
	Store  Store
	Reader Reader // its Store may be nil: then it is the feed's
	Target Target
	Name   string // of the feed: at most 40 ASCII letters, digits, "-", "_" and "."
	To     string // where it goes, for people and to tell two targets apart; without credentials

	From     int64         // lowest datestamp that a feed begins with; counts only when it begins
	Restart  bool          // begin anew, and write also what the target has in the same version
	Retry    bool          // send what was refused once more, first
	Follow   bool          // go on when all is sent, until ctx ends
	NoWait   bool          // without Follow: end while answers of a Settler are open
	Dry      bool          // keep nothing: no cursor, no lease; the target must see to it that it sends nothing
	Items    int           // most changes in a batch; 0: 1000
	Bytes    int           // a batch ends when its articles have so many bytes in JSON; 0: 8 MiB
	Every    time.Duration // with Follow: how long it rests when all is sent; 0: 2 s
	Patience time.Duration // how long the target may fail before Run gives up; 0: for ever
	Grace    time.Duration // how long a batch under way may still take when ctx has ended; 0: 30 s
	Lease    time.Duration // how long the lease holds without being renewed, in whole seconds; 0: 60 s
	Pause    time.Duration // the first pause after a failure; it doubles up to 256 times its length; 0: 1 s

	Refused func(Refusal)                        // told each refusal; nil: nobody
	Sent    func(Report)                         // told after each batch; nil: nobody
	Log     *slog.Logger                         // nil: silent
	wait    func(time.Duration) <-chan time.Time // tests
}

// Report counts what a run did.
type Report struct {
	Sent    int `json:"sent"`    // live items that the target took
	Deleted int `json:"deleted"` // deletions that it took
	Refused int `json:"refused"`
	Batches int `json:"batches"`
	Retries int `json:"retries"` // sendings that had to be repeated, whole or in part
}
