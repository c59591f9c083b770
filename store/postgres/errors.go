package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"sheaf/store"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
)

var errClosed = errors.New("store/postgres: the store is closed")

// trouble is an error of a kind that callers test for, whose text says more than the kind's.
type trouble struct {
	kind  error
	text  string
	cause error
}

func (t *trouble) Error() string        { return t.text }
func (t *trouble) Is(target error) bool { return target == t.kind }
func (t *trouble) Unwrap() error        { return t.cause }

const (
	idleTooLong = "25P03" // idle_in_transaction_session_timeout
	lockTimeout = "55P03"
)

func pgError(err error) *pgconn.PgError {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// gone tells that the server or the way to it is gone, or that it is not the primary any more: another connection may work.
func gone(err error) bool {
	var unknown *unknownError
	if errors.As(err, &unknown) {
		return false
	}
	if e := pgError(err); e != nil {
		switch e.Code {
		case "57P01", "57P02", "57P03", "57P05", "25006", idleTooLong, "53300":
			return true
		}
		return strings.HasPrefix(e.Code, "08")
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) && !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrReadOnlyConnection)
}

// damage tells that the server could not read what it had written.
func damage(err error) bool {
	e := pgError(err)
	return e != nil && (e.Code == "XX001" || e.Code == "XX002")
}

// known tells that an error is of a kind that has nothing to do with what was asked for.
func known(err error) bool {
	for _, kind := range []error{store.ErrBusy, store.ErrFull, store.ErrReadOnly, store.ErrClock, store.ErrCorrupt, errClosed} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// wrap makes err, which came of doing op, one that callers can test and that tells a person what to do.
func (db *DB) wrap(op string, err error) error { return wrap(db.write.name, op, err) }

func wrap(where, op string, err error) error {
	if err == nil {
		return nil
	}
	at := fmt.Sprintf("store/postgres: %s: %s: ", op, where)
	var unknown *unknownError
	if errors.As(err, &unknown) {
		return &trouble{store.ErrBusy, at + "the connection broke during the commit, so it is not known whether that was written; to send the same again does no harm (" + unknown.Error() + ")", err}
	}
	if errors.Is(err, puddle.ErrClosedPool) {
		return errClosed
	}
	if errors.Is(err, pgconn.ErrReadOnlyConnection) {
		var unreached *net.OpError
		if errors.As(err, &unreached) { // of several servers
			return &trouble{store.ErrBusy, at + "the primary does not answer, and no standby has taken its place yet (" + err.Error() + ")", err}
		}
		return fmt.Errorf("%s%w: this server is a standby: name the primary, or all servers parted by commas (%w)", at, store.ErrReadOnly, err)
	}
	e := pgError(err)
	if e == nil {
		if gone(err) {
			return &trouble{store.ErrBusy, at + "the server does not answer; see that it runs and that host, port and firewall are right (" + err.Error() + ")", err}
		}
		return fmt.Errorf("%s%w", at, err)
	}
	kind := func(kind error, advice string) error { return fmt.Errorf("%s%w: %s (%w)", at, kind, advice, err) }
	switch {
	case e.Code == "53100":
		return kind(store.ErrFull, "nothing was written; make room on the server's disk and try again")
	case e.Code == "25006":
		return kind(store.ErrReadOnly, "this server is a standby, or set to read only: name the primary, or all servers parted by commas")
	case e.Code == "42501":
		return kind(store.ErrReadOnly, "the database user must own the tables of Sheaf, or the schema that they are to be made in")
	case damage(err) || e.Code == "58030" || e.Code == "58P01":
		return kind(store.ErrCorrupt, "see the server's log, run sheaf check, and restore a backup if it finds damage")
	case e.Code == lockTimeout:
		return kind(store.ErrBusy, "another process held the write lock for too long; try again, or end it")
	case e.Code == "57014":
		return &trouble{store.ErrBusy, at + "it took too long, or an administrator cancelled it; try again (" + err.Error() + ")", err}
	case e.Code == "53300":
		return &trouble{store.ErrBusy, at + "the server has no connection to spare: let each process use fewer, or raise max_connections (" + err.Error() + ")", err}
	case e.Code == idleTooLong:
		return &trouble{store.ErrBusy, at + "this process stood still while it had the write lock, and the server ended the transaction; nothing was written (" + err.Error() + ")", err}
	case strings.HasPrefix(e.Code, "28") || e.Code == "3D000":
		return fmt.Errorf("%sthe server refuses: look at user, password and database in the URL, and at pg_hba.conf (%w)", at, err)
	case e.Code == "3F000":
		return fmt.Errorf("%sthe search_path names no schema that is there: make it, or name another one (%w)", at, err)
	case e.Code == "42P01" || e.Code == "42703":
		return fmt.Errorf("%sthe tables are not as this Sheaf made them: another program, or another Sheaf, has changed them (%w)", at, err)
	case gone(err):
		return &trouble{store.ErrBusy, at + "the server is starting or shutting down; try again (" + err.Error() + ")", err}
	}
	return fmt.Errorf("%s%w", at, err)
}
