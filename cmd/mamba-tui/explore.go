package main

import (
	"context"
	"errors"
)

// explorer is what the screen is started with.
type explorer struct {
	*input
	strict    bool
	intro     bool // asked for
	ownPrompt bool // the command line brings one
}

// explore shows the screen until it is left.
func explore(ctx context.Context, a *app, o explorer) error {
	return errors.New("the screen is being built")
}
