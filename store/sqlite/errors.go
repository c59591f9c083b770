package sqlite

import (
	"fmt"

	"sheaf/store"

	"zombiezen.com/go/sqlite"
)

// wrap makes err, which came of doing op, one that callers can test and that tells a person what to do.
func (db *DB) wrap(op string, err error) error { return wrap(db.path, op, err) }

func wrap(path, op string, err error) error {
	if err == nil {
		return nil
	}
	var kind error
	var advice string
	code := sqlite.ErrCode(err)
	switch code.ToPrimary() {
	case sqlite.ResultFull:
		kind, advice = store.ErrFull, "nothing was written; make room on the disk and try again"
	case sqlite.ResultReadOnly, sqlite.ResultPerm, sqlite.ResultCantOpen, sqlite.ResultAuth:
		kind, advice = store.ErrReadOnly, "the file and its folder must be writable by this user"
	case sqlite.ResultBusy, sqlite.ResultLocked:
		kind, advice = store.ErrBusy, "another process holds the write lock; try again, or end it"
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		kind, advice = store.ErrCorrupt, "run sheaf check, and restore a backup if it finds damage"
	default:
		return fmt.Errorf("store/sqlite: %s: %q: %w", op, path, err)
	}
	return fmt.Errorf("store/sqlite: %s: %q: %w: %s (%w)", op, path, kind, advice, err)
}
