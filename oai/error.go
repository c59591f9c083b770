package oai

import (
	"fmt"
	"strings"
)

// Code is the kind of a fault of a request, as it is spelled on the wire.
//
// Source: OAI-PMH 2.0 §3.6.
type Code string

const (
	BadArgument             Code = "badArgument"
	BadResumptionToken      Code = "badResumptionToken"
	BadVerb                 Code = "badVerb"
	CannotDisseminateFormat Code = "cannotDisseminateFormat"
	IDDoesNotExist          Code = "idDoesNotExist"
	NoRecordsMatch          Code = "noRecordsMatch"
	NoMetadataFormats       Code = "noMetadataFormats"
	NoSetHierarchy          Code = "noSetHierarchy"
)

// Error is a fault of the request, told to the harvester inside a 200 response.
// Any other error is Sheaf's own: it is logged, and answered with a bare 503 or 500.
type Error struct {
	Code    Code
	Message string // for a person: names the argument and what was wrong with it
}

// Errors are all the faults of one request; at least one.
type Errors []Error

func (e Errors) Error() string {
	all := make([]string, len(e))
	for i, f := range e {
		all[i] = string(f.Code) + ": " + f.Message
	}
	return "oai: " + strings.Join(all, "; ")
}

func (e *Errors) add(code Code, format string, args ...any) {
	*e = append(*e, Error{code, fmt.Sprintf(format, args...)})
}

// errorf is one fault as an error.
func errorf(code Code, format string, args ...any) error {
	var e Errors
	e.add(code, format, args...)
	return e
}
