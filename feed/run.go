package feed

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	random "math/rand/v2"
	"os"
	"regexp"
	"slices"
	"time"

	"sheaf/store"
)

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// run is one call of Run.
type run struct {
	*Feed
	state    Status
	was      []byte    // state as it is in the store
	owner    string    // ID of this run
	kept     time.Time // when it was written there
	letters  []Refusal // the refusals that stand
	report   Report
	settle   time.Time       // when to ask a Settler next; zero: nothing is open
	lost     error           // why this run must end: the lease is another's
	failures int             // in a row
	failing  time.Time       // since when
	work     context.Context // outlives the end of Run's context by Grace
}

// Run sends what has changed since the cursor, and returns when all of it was taken; with Follow, when ctx ends, and then without an error. The end of
// ctx lets the batch under way be finished.
func (f *Feed) Run(ctx context.Context) (Report, error) {
	r := &run{Feed: f.filled()}
	if !validName.MatchString(f.Name) {
		return r.report, fmt.Errorf("feed: name %q: expected at most 40 letters, digits, dots, hyphens and underscores", f.Name)
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(r.Grace, cancel) })()
	r.work = work
	err := r.begin(ctx)
	if err == nil {
		err = errors.Join(r.loop(ctx), r.end())
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil && r.lost == nil && r.Follow {
		err = nil
	}
	return r.report, err
}

// filled is f with its defaults in place.
func (f *Feed) filled() *Feed {
	g := *f
	set := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&g.Every, 2*time.Second)
	set(&g.Grace, 30*time.Second)
	set(&g.Lease, time.Minute)
	set(&g.Pause, time.Second)
	set(&g.Patience, math.MaxInt64)
	if g.Items < 1 {
		g.Items = 1000
	}
	if g.Bytes < 1 {
		g.Bytes = 8 << 20
	}
	if g.Log == nil {
		g.Log = slog.New(slog.DiscardHandler)
	}
	if g.Refused == nil {
		g.Refused = func(Refusal) {}
	}
	if g.Sent == nil {
		g.Sent = func(Report) {}
	}
	if g.wait == nil {
		g.wait = time.After
	}
	if g.Reader.Store == nil {
		g.Reader.Store = g.Store
	}
	return &g
}

// begin reads where to go on and takes the lease. One that is to follow stands by while another has it.
func (r *run) begin(ctx context.Context) error {
	host, _ := os.Hostname()
	for waits := false; ; waits = true {
		now, err := r.Store.Tick(ctx)
		if err != nil {
			return err
		}
		r.state = Status{}
		known := false
		if !r.Dry {
			if r.was, err = r.Store.Mark(ctx, statusMark+r.Name); err != nil {
				return err
			}
			if known = r.was != nil; known {
				if err := json.Unmarshal(r.was, &r.state); err != nil {
					return fmt.Errorf("feed: mark %q cannot be read: %w", statusMark+r.Name, err)
				}
			}
		}
		if o := r.state.Owner; o != nil && o.Until >= now && !o.dead(host) {
			err = fmt.Errorf("%w: %q by process %d on %s, at least until %s", ErrRunning, r.Name, o.PID, o.Host, store.Time(o.Until).Format(time.RFC3339))
		} else {
			err = r.take(r.work, known, now, host)
		}
		if !errors.Is(err, ErrRunning) || !r.Follow {
			return err
		}
		if !waits {
			r.Log.Warn("feed: it stands by", "feed", r.Name, "reason", err)
		}
		if err := r.rest(ctx, r.Lease/4); err != nil {
			return err
		}
		r.lost = nil
	}
}

// take takes the lease, which is free, and settles where to begin.
func (r *run) take(ctx context.Context, known bool, now int64, host string) error {
	switch {
	case !known, r.Restart:
		again := int64(0)
		if r.Restart {
			again = now
		}
		r.state = Status{Name: r.Name, To: r.To, Set: r.Reader.Set, From: r.From, Cursor: Cursor{Datestamp: r.From}, Again: again}
	case r.state.To != r.To || r.state.Set != r.Reader.Set:
		return fmt.Errorf("%w: %q goes to %s with set %q, not to %s with set %q: choose another name for this, or restart it",
			ErrOther, r.Name, r.state.To, r.state.Set, r.To, r.Reader.Set)
	case r.From != 0 && r.From != r.state.From:
		return fmt.Errorf("%w: %q began with another datestamp and has come to %s: choose another name for this, or restart it",
			ErrOther, r.Name, store.Time(r.state.Cursor.Datestamp).Format(time.RFC3339))
	case r.state.Cursor.Datestamp > now+1:
		return fmt.Errorf("feed: %q has come to %s and the store only to %s: restart it",
			r.Name, store.Time(r.state.Cursor.Datestamp).Format(time.RFC3339), store.Time(now).Format(time.RFC3339))
	}
	if r.Dry {
		return nil
	}
	r.owner = rand.Text()
	r.state.Owner = &Owner{ID: r.owner, Host: host, PID: os.Getpid()}
	if err := r.keep(ctx); err != nil {
		return err
	}
	r.settle = time.Now()
	if r.Restart {
		return r.Store.SetMark(ctx, refusedMark+r.Name, nil)
	}
	_, err := load(ctx, r.Store, refusedMark+r.Name, &r.letters)
	return err
}

// keep saves the state, and with it the lease for another while. It sets lost when another has changed what is there.
func (r *run) keep(ctx context.Context) error {
	if r.Dry {
		return nil
	}
	now, err := r.Store.Tick(ctx)
	if err != nil {
		return err
	}
	r.state.Saved = now
	if r.state.Owner != nil {
		r.state.Owner.Until = now + int64(r.Lease/time.Second)
	}
	b, err := json.Marshal(&r.state)
	if err != nil {
		return err
	}
	ok, err := r.Store.SwapMark(ctx, statusMark+r.Name, r.was, b)
	if err == nil && !ok {
		// An earlier writing that seemed to fail may have come through.
		var is []byte
		if is, err = r.Store.Mark(ctx, statusMark+r.Name); err == nil && r.wrote(is) {
			ok, err = r.Store.SwapMark(ctx, statusMark+r.Name, is, b)
		}
	}
	if err != nil {
		return err
	}
	if !ok {
		r.lost = fmt.Errorf("%w: %q was taken over", ErrRunning, r.Name)
		return r.lost
	}
	r.was, r.kept = b, time.Now()
	return nil
}

// wrote tells whether a value of the mark is this run's.
func (r *run) wrote(value []byte) bool {
	var s Status
	return json.Unmarshal(value, &s) == nil && s.Owner != nil && s.Owner.ID == r.owner
}

// keepIfDue renews the lease when a third of it has passed.
func (r *run) keepIfDue(ctx context.Context) error {
	if time.Since(r.kept) < r.Lease/3 {
		return nil
	}
	return r.keep(ctx)
}

// end gives the lease back.
func (r *run) end() error {
	if r.lost != nil {
		return nil
	}
	r.state.Owner = nil
	return r.keep(r.work)
}

// loop makes passes over the log until all is sent, or ctx ends. Failures of the store and of the target are tried again.
func (r *run) loop(ctx context.Context) error {
	for {
		err := r.pass(ctx)
		var fatal *Fatal
		switch {
		case err == nil:
			r.failures = 0
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &fatal):
			r.state.Error, r.state.Failed = err.Error(), r.state.Saved
			return err
		case r.lost != nil, errors.Is(err, ErrPatience):
			return err
		default:
			if err := r.failed(ctx, err, 0); err != nil {
				return err
			}
			continue
		}
		switch {
		case r.Follow:
			err = r.idle(ctx, r.Every)
		case !r.settle.IsZero() && !r.NoWait && !r.Dry:
			err = r.idle(ctx, time.Until(r.settle))
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// idle rests, and renews the lease meanwhile.
func (r *run) idle(ctx context.Context, d time.Duration) error {
	for d > 0 {
		step := min(d, r.Lease/3)
		if err := r.rest(ctx, step); err != nil {
			return err
		}
		if d -= step; d > 0 {
			if err := r.keep(ctx); err != nil && r.lost != nil {
				return err
			}
		}
	}
	return nil
}

// rest waits for d or the end of ctx.
func (r *run) rest(ctx context.Context, d time.Duration) error {
	select {
	case <-r.wait(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// failed notes a failure and rests until it is time to try again: for as long as the target asked, else longer each time, and no two feeds alike.
func (r *run) failed(ctx context.Context, err error, after time.Duration) error {
	var later *Later
	if errors.As(err, &later) {
		after = max(after, later.After)
	}
	if r.failures++; r.failures == 1 {
		r.failing = time.Now()
	}
	r.state.Error, r.state.Failed = err.Error(), r.state.Saved
	if since := time.Since(r.failing); since > r.Patience {
		return fmt.Errorf("%w for %s: %w", ErrPatience, since.Round(time.Second), err)
	}
	r.report.Retries++
	if after <= 0 {
		d := r.Pause << min(r.failures-1, 8)
		after = d/2 + random.N(d/2+1)
	} else {
		after += random.N(after/10 + 1)
	}
	r.Log.Warn("feed: to be tried again", "feed", r.Name, "error", err, "in", after.Round(time.Millisecond).String())
	if r.keep(ctx); r.lost != nil { // else it is kept with the next batch
		return r.lost
	}
	return r.idle(ctx, after)
}

// pass sends all that lies between the cursor and the last second that is over.
func (r *run) pass(ctx context.Context) error {
	if err := r.settled(ctx); err != nil {
		return err
	}
	bound, err := r.bound(ctx)
	if err != nil {
		return err
	}
	if r.Retry {
		if err := r.again(ctx, bound); err != nil {
			return err
		}
		r.Retry = false
	}
	if r.state.Cursor.Datestamp > bound {
		return r.keepIfDue(ctx)
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	batches := make(chan *batch) // one is read while another is sent
	read := make(chan error, 1)
	go func() {
		defer close(batches)
		read <- r.stretch(reading, store.Key(r.state.Cursor), bound, func(b *batch) error {
			select {
			case batches <- b:
				return nil
			case <-reading.Done():
				return reading.Err()
			}
		})
	}()
	var sent error
	for b := range batches {
		if sent != nil {
			continue // until the reader has seen that it is to stop
		}
		if sent = r.deliver(ctx, b); sent != nil {
			stop()
		}
	}
	if sent != nil {
		return sent
	}
	return <-read
}

// bound returns the last second that is over. A run that does not follow waits until all that was there at its beginning lies before it.
func (r *run) bound(ctx context.Context) (int64, error) {
	first, err := r.Store.Tick(ctx)
	if err != nil || r.Follow {
		return first - 1, err
	}
	for told := false; ; {
		now, err := r.Store.Tick(ctx)
		if err != nil || now > first {
			return now - 1, err
		}
		if ahead := time.Until(store.Time(now)); ahead > 2*time.Second && !told {
			told = true
			r.Log.Warn("feed: the store's clock is ahead of the time: what was written last is sent when time has caught up", "feed", r.Name, "by", ahead.Round(time.Second).String())
		}
		if err := r.rest(ctx, 100*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// again sends once more what was refused, as it is now.
func (r *run) again(ctx context.Context, bound int64) error {
	for letters := range slices.Chunk(slices.Clone(r.letters), r.Items) {
		b := &batch{end: store.Key(r.state.Cursor)}
		for _, l := range letters {
			c, err := r.read(ctx, l.Local, l.Datestamp)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				b.damaged = append(b.damaged, Refusal{Local: l.Local, Datestamp: l.Datestamp, Reason: err.Error()})
			case c.Datestamp <= bound: // else the log has it
				b.changes = append(b.changes, c)
			}
		}
		if err := r.deliver(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// deliver sends a batch until each of its changes is taken or refused, and moves the cursor behind it.
func (r *run) deliver(ctx context.Context, b *batch) error {
	if err := r.settled(ctx); err != nil {
		return err
	}
	if err := r.keepIfDue(ctx); err != nil {
		return err
	}
	if r.settle.IsZero() && len(b.changes) > 0 {
		r.settle = time.Now()
	}
	for _, c := range b.changes {
		c.Again = c.Datestamp <= r.state.Again
	}
	refused := b.damaged
	for open := b.changes; len(open) > 0; {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		outcomes, err := r.send(open)
		for _, c := range open {
			c.Tries++
		}
		var fatal *Fatal
		switch {
		case errors.As(err, &fatal):
			return err
		case err == nil && len(outcomes) != len(open):
			return Fatalf("feed: the target told of %d changes: expected %d", len(outcomes), len(open))
		}
		var left []*Change
		var after time.Duration
		for i, o := range outcomes {
			switch {
			case err != nil:
			case o.Refused != "":
				refused = append(refused, Refusal{open[i].Local, open[i].Datestamp, o.Refused})
			case o.Retry:
				left, after = append(left, open[i]), max(after, o.After)
			case open[i].Deleted:
				r.report.Deleted++
				r.state.Deleted++
			default:
				r.report.Sent++
				r.state.Sent++
			}
		}
		if err == nil {
			if len(left) < len(open) { // it moves
				r.failures = 0
			}
			if open = left; len(open) == 0 {
				break
			}
			err = fmt.Errorf("%d of %d items were not taken now", len(left), len(outcomes))
		}
		if err := r.failed(ctx, err, after); err != nil {
			return err
		}
	}
	r.failures = 0
	if err := r.remember(r.work, b.changes, refused); err != nil {
		return err
	}
	r.state.Cursor = Cursor(b.end)
	r.state.Error, r.state.Failed = "", 0
	if len(b.changes)+len(refused) > 0 {
		r.report.Batches++
		r.Sent(r.report)
		return r.keep(r.work)
	}
	return r.keepIfDue(r.work)
}

// send calls the target, and renews the lease while it takes its time.
func (r *run) send(changes []*Change) (outcomes []Outcome, err error) {
	ctx, cancel := context.WithCancel(r.work)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		outcomes, err = r.Target.Send(ctx, changes)
	}()
	renew := time.NewTicker(max(r.Lease/3, time.Millisecond))
	defer renew.Stop()
	for {
		select {
		case <-done:
			if r.lost != nil {
				return nil, r.lost
			}
			return outcomes, err
		case <-renew.C:
			if r.keep(r.work); r.lost != nil {
				cancel()
			}
		}
	}
}

// remember brings the refusals that stand up to date: what was taken now is no longer refused.
func (r *run) remember(ctx context.Context, changes []*Change, refused []Refusal) error {
	for _, l := range refused {
		r.report.Refused++
		r.state.Refused++
		r.Log.Debug("feed: refused", "feed", r.Name, "local", l.Local, "reason", l.Reason)
		r.Refused(l)
	}
	if r.Dry || len(r.letters)+len(refused) == 0 {
		return nil
	}
	sent := make(map[string]bool, len(changes)+len(refused))
	for _, c := range changes {
		sent[c.Local] = true
	}
	for _, l := range refused {
		sent[l.Local] = true
	}
	before := len(r.letters)
	r.letters = slices.DeleteFunc(r.letters, func(l Refusal) bool { return sent[l.Local] })
	if len(r.letters) == before && len(refused) == 0 {
		return nil
	}
	for _, l := range refused {
		if len(l.Reason) > 500 {
			l.Reason = l.Reason[:500]
		}
		if len(r.letters) < MaxRefusals {
			r.letters = append(r.letters, l)
		}
	}
	return save(ctx, r.Store, refusedMark+r.Name, r.letters)
}

// settled asks a target that is answered later, when it is time.
func (r *run) settled(ctx context.Context) error {
	s, ok := r.Target.(Settler)
	if !ok || r.Dry {
		r.settle = time.Time{}
		return nil
	}
	if r.settle.IsZero() || time.Now().Before(r.settle) {
		return nil
	}
	refused, again, err := s.Settle(r.work)
	if rememberErr := r.remember(r.work, nil, refused); err == nil {
		err = rememberErr
	}
	if err != nil {
		return err
	}
	if r.settle = (time.Time{}); again > 0 {
		r.settle = time.Now().Add(again)
	}
	return nil
}
