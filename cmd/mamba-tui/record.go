package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"mamba-tui/model/session"
	"mamba-tui/model/trace"
)

// recordFlags are the flags of commands that can write down what they do.
type recordFlags struct{ file, level string }

func (o *recordFlags) addTo(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.file, "record", "", "file to record to, as an .npz that NumPy opens; an existing one is not replaced")
	f.StringVar(&o.level, "record-level", string(trace.Drive), "script (tokens and events), drive (and Δ, u, B, C) or full (and h)")
	cmd.RegisterFlagCompletionFunc("record-level", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{string(trace.Script), string(trace.Drive), string(trace.Full)}, cobra.ShellCompDirectiveNoFileComp
	})
}

// check says what is wrong with the flags.
func (o *recordFlags) check() error {
	_, err := trace.ParseLevel(o.level)
	if err != nil {
		return usagef("--record-level is %s, want script, drive or full", quote(o.level))
	}
	return nil
}

// create begins a recording of in, or none without a file.
func (o *recordFlags) create(in *input, parent *trace.Parent) (*trace.Recorder, error) {
	if o.file == "" {
		return nil, nil
	}
	return createRecording(o.file, in, trace.Level(o.level), parent)
}

func createRecording(name string, in *input, level trace.Level, parent *trace.Parent) (*trace.Recorder, error) {
	r, err := trace.Create(name, trace.Options{
		Model: in.file, Machine: session.Live(in.model), Vocab: in.tokenizer.Size(), Level: level, Parent: parent,
		Generator: "mamba-tui " + version(), Command: commandLine(os.Args),
	})
	if errors.Is(err, os.ErrExist) {
		return nil, usagef("%s is there already: name another file, or move it away", quote(name))
	}
	return r, usage(err)
}

// commandLine is args as a person would type them.
func commandLine(args []string) string {
	words := []string{"mamba-tui"}
	for _, a := range args[min(1, len(args)):] {
		if a == "" || strings.ContainsAny(a, " \t\n'\"\\$&|;<>()*?#~`!{}[]") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

// recorded is a recording in words.
func recorded(rec *trace.Recorder, file string) string {
	size, steps := rec.Size()
	return fmt.Sprintf("recorded %s, %s, in %s", plural(steps, "step"), bytesText(size), quote(file))
}

// recording is what the explorer's key R starts and stops, and --record starts
// before it. It is the session's observer while it goes on.
type recording struct {
	in    *input
	level trace.Level
	do    func(session.Op) // queues an operation of the session

	mu   sync.Mutex
	rec  *trace.Recorder // nil: none goes on
	file string
}

// Act implements session.Observer.
func (r *recording) Act(op session.Op, at session.Place) error {
	if rec := r.current(); rec != nil {
		return rec.Act(op, at)
	}
	return nil
}

// Steps implements session.Observer.
func (r *recording) Steps(s *session.Steps) error {
	if rec := r.current(); rec != nil {
		return rec.Steps(s)
	}
	return nil
}

// Beside implements session.Observer.
func (r *recording) Beside(b *session.Beside) error {
	if rec := r.current(); rec != nil {
		return rec.Beside(b)
	}
	return nil
}

func (r *recording) current() *trace.Recorder {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rec
}

// begin opens a file; the observer is set by the caller.
func (r *recording) begin(name string) error {
	rec, err := createRecording(name, r.in, r.level, nil)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rec, r.file = rec, name
	return nil
}

// Start begins a recording in the working folder, the past first.
func (r *recording) Start() (file string, err error) {
	if r.Recording() != "" {
		return "", fmt.Errorf("%s is being written already", quote(r.Recording()))
	}
	name := "mamba-tui-" + time.Now().Format("20060102-150405") + ".npz"
	if err := r.begin(name); err != nil {
		return "", err
	}
	r.do(session.Record{To: r})
	return name, nil
}

// Stop ends it and says what was written.
func (r *recording) Stop() (summary string, err error) {
	r.mu.Lock()
	rec, file := r.rec, r.file
	r.rec = nil
	r.mu.Unlock()
	if rec == nil {
		return "nothing was recorded", nil
	}
	r.do(session.Record{})
	if err := rec.Close(); err != nil {
		return "", fmt.Errorf("%s is not complete, what is in it can be read: %w", quote(file), err)
	}
	return recorded(rec, file), nil
}

// Recording is the file that is being written, or "".
func (r *recording) Recording() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rec == nil || r.rec.Err() != nil {
		return ""
	}
	return r.file
}

// observe makes s tell r everything, if the flags ask for a recording.
func (o *recordFlags) observe(ctx context.Context, in *input, s *session.Session) (*recording, error) {
	r := &recording{in: in, level: trace.Level(o.level)}
	if o.file == "" {
		return r, nil
	}
	if err := r.begin(o.file); err != nil {
		return nil, err
	}
	return r, s.Do(ctx, session.Record{To: r})
}

// endExplored ends the recording of an explorer that was left.
func (a *app) endExplored(r *recording) error {
	if r.current() == nil {
		return nil
	}
	summary, err := r.Stop()
	if err == nil {
		fmt.Fprintln(a.err, "mamba-tui: "+summary)
	}
	return err
}
