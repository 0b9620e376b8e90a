package main

import (
	"errors"
	"fmt"
)

// Exit codes of the program.
const (
	exitOK          = 0
	exitFailed      = 1   // it ran and failed
	exitUsage       = 2   // the command line or a file it names is not right
	exitInterrupted = 130 // stopped by SIGINT, SIGTERM or SIGHUP
)

// exitError is an error that knows the exit code it stands for. An error that
// is none means exitFailed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

// usage marks err as the fault of the command line or of a file it names; nil
// stays nil.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{code: exitUsage, err: err}
}

// usagef is usage of a new error.
func usagef(format string, args ...any) error {
	return usage(fmt.Errorf(format, args...))
}

// errInterrupted ends a command that a signal stopped.
var errInterrupted = &exitError{code: exitInterrupted, err: errors.New("interrupted")}

// exitCode is the code for what a command returned.
func exitCode(err error) int {
	var e *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.code
	}
	return exitFailed
}

// brokenPipe says that err is a reader that went away.
func brokenPipe(err error) bool {
	for _, e := range pipeErrors {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
