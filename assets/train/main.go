// Command train makes the trained built-in models: several seeds of each, of
// which it measures every one and keeps the best by a stated rule
// (measured.Rule).
//
//	go run ./assets/train                            all that need no text
//	go run ./assets/train --only chars --text FILE   the character model
//
// It computes sequences side by side on every processor; the result does not
// depend on how many there are. Runs are kept in --runs, so that it goes on
// where it was when it was stopped, and makes no run twice. Afterwards
//
//	go generate ./assets
//
// writes the table of what was measured. Tests check the committed models and
// never train them again.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

func main() {
	var o options
	flag.StringVar(&o.out, "out", "assets/models", "folder of the built-in models")
	flag.StringVar(&o.runs, "runs", filepath.Join(os.TempDir(), "mamba-tui-builtins"), "folder to keep the runs of all seeds in")
	flag.StringVar(&o.only, "only", "", "models to make, with commas between (default: all that need no text)")
	flag.StringVar(&o.text, "text", "", "text file of the character model")
	flag.StringVar(&o.seeds, "seeds", "", "seeds to try, with commas between (default: each model's own)")
	flag.IntVar(&o.steps, "steps", 0, "steps of every run (default: each model's own)")
	flag.IntVar(&o.threads, "threads", runtime.GOMAXPROCS(0), "sequences computed at the same time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "train: %s is not a flag\n", strings.Join(flag.Args(), " "))
		os.Exit(2)
	}
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}
