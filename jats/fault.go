package jats

import (
	"errors"
	"fmt"
)

// Fault is why an input is refused: a Warning that keeps it out. Its Code is in [Codes].
type Fault struct{ Warning }

func (f *Fault) Error() string {
	if f.Line > 0 {
		return fmt.Sprintf("line %d: %s", f.Line, f.Message)
	}
	return f.Message
}

// Faultf makes a *Fault. line is 1-based within the document; 0: not known. The message names what was found, quoted, and what was expected.
func Faultf(code string, line int, format string, args ...any) error {
	return &Fault{Warning{Code: code, Line: line, Message: fmt.Sprintf(format, args...)}}
}

// ErrWithdrawn is what a reader returns beside an article that its source has deleted. Of the article only the IDs and the Origin count: they tell which it is.
var ErrWithdrawn = errors.New("jats: the source has withdrawn this article")
