// Command mamba-tui shows a Mamba (a selective state space model, arXiv
// 2312.00752) at work: type tokens, and watch Δ, B, C and h move. Without a
// terminal it reports the same numbers as text or JSON.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	// Libraries that ask NO_COLOR take only some values for yes; by
	// no-color.org any value that is not empty is one.
	if os.Getenv("NO_COLOR") != "" {
		os.Setenv("NO_COLOR", "1")
	}
	// On Windows the program may be started by a double click.
	cobra.MousetrapHelpText = ""
	// A reader that has seen enough (… | head) ends the program without a
	// word: the write fails and execute knows the error.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	// The first signal asks politely, a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(processApp().execute(ctx, os.Args[1:]))
}
