package store

import "context"

// Copy fills to, which must hold no item, with all that from holds, as it is at one moment: also from one backend to another. What cannot
// be read is told to report and left out. With an error nothing was written.
func Copy(ctx context.Context, from, to Store, report func(Problem)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var state State
	ready, items, dumped := make(chan struct{}), make(chan *Kept, 64), make(chan error, 1)
	go func() {
		defer close(items)
		dumped <- from.Dump(ctx, func(s State) error {
			state = s
			close(ready)
			return nil
		}, func(k *Kept) error {
			select {
			case items <- k:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}, report)
	}()
	select {
	case <-ready:
	case err := <-dumped:
		return err
	}
	return to.Restore(ctx, state, func() (*Kept, error) {
		if k := <-items; k != nil {
			return k, nil
		}
		return nil, <-dumped // the end, or why there is no more: then nothing is committed
	})
}
