package machine

import (
	"fmt"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/scan"
)

// Failed is the error of a call of the driver.
func Failed(what string, r driver.Result) error {
	e := &Error{What: what, Code: int(r), Sentence: r.String()}
	switch {
	case r.Sticky():
		e.class = scan.ErrLost
	case r == driver.OutOfMemory:
		e.class = scan.ErrNoMemory
	}
	return e
}

// Error is a failure that the driver reported.
type Error struct {
	What     string // what was being done
	Code     int    // the CUresult; negative: there is no driver to ask
	Sentence string // what it means and what to do
	class    error
}

// Error is one line.
func (e *Error) Error() string { return fmt.Sprintf("cuda: %s: %s", e.What, e.Sentence) }

// Unwrap is scan.ErrLost, scan.ErrNoMemory or nil.
func (e *Error) Unwrap() error { return e.class }
