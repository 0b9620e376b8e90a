package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"mamba-tui/assets"
	"mamba-tui/cuda"
	"mamba-tui/model"
	"mamba-tui/model/lesson"
	"mamba-tui/model/session"
	"mamba-tui/scan"
	"mamba-tui/tui"
	"mamba-tui/tui/snapshot"
)

// maxOracle is the parameters up to which the screen keeps a copy of the model
// in float64 and shows the distance to it. A larger one would double the
// memory, and be too slow to compare.
const maxOracle = 32_000_000

// explorer is what the screen is started with.
type explorer struct {
	*input
	strict    bool
	intro     bool // asked for
	ownPrompt bool // the command line brings one
	record    recordFlags
	lesson    string
	language  lesson.Language
	reopen    func(lesson string) // is told the lesson that was chosen, if it needs another model
}

// explore shows the screen until it is left. While it is up, signals are the
// screen's business: it restores the terminal and then ends.
func explore(ctx context.Context, a *app, o explorer) error {
	s, free, err := newSession(o.input, o.strict)
	if err != nil {
		return err
	}
	defer free()
	rec, err := o.record.observe(ctx, o.input, s)
	if err != nil {
		s.Close()
		return err
	}
	device, stop := watchDevice(o.input)
	defer stop()
	return a.show(ctx, s, rec, tui.Options{
		Prompt: o.prompt,
		Blank:  o.ownPrompt && o.prompt == "",
		Intro:  o.lesson == "" && (o.intro || !o.ownPrompt && o.file.Card.Name == assets.Default && o.builtin && a.firstStart()),
		Strict: o.strict,
		Notes:  []snapshot.Note{{Name: "sha256", Text: o.file.SHA256}},
		Remake: o.remake,
		Device: device,
		Lesson: o.lesson, Language: o.language, Reopen: o.reopen,
	})
}

// remake is the command that makes a picture of the explorer again, but for changes
// of one channel or cell, which it does not name: the tweaks stand beside it.
func (o explorer) remake(s tui.Scene) string {
	words := []string{"", "snapshot", "--model", cmp.Or(o.name, o.file.Card.Name), "--prompt", s.Text, "--size", fmt.Sprintf("%dx%d", s.W, s.H)}
	if s.Keys != "" {
		words = append(words, "--keys", s.Keys)
	}
	if !s.Dark {
		words = append(words, "--light")
	}
	return commandLine(append(words, "--out", "picture.png"))
}

// show shows the screen on a session, which it closes, and ends a recording
// that goes on.
func (a *app) show(ctx context.Context, s *session.Session, rec *recording, o tui.Options) error {
	o.Profile, _ = a.colours()
	o.Version = version()
	if o.Language == "" {
		o.Language = a.locale()
	}
	engine := session.Start(s)
	if rec != nil {
		rec.do = func(op session.Op) { engine.Do(op) }
		o.Recorder = rec
	}
	err := tui.Run(context.WithoutCancel(ctx), engine, o)
	if rec != nil {
		err = errors.Join(err, a.endExplored(rec))
	}
	var signal *tui.SignalError
	if errors.As(err, &signal) {
		return errInterrupted
	}
	return err
}

// newSession is an empty session on the input's model, with an oracle beside it
// where that is affordable. free is for after the session's end.
func newSession(in *input, strict bool) (s *session.Session, free func(), err error) {
	oracle, free, err := newOracle(in)
	if err != nil {
		return nil, nil, err
	}
	in.tokens = nil // the session encodes what it is given: a million tokens are 40 MB
	lean()
	fallback, freeFallback := in.fallback()
	freeOracle := free
	free = func() {
		freeOracle()
		freeFallback()
	}
	s, err = session.New(in.model, session.Options{
		Fallback: fallback,
		Card:     in.file.Card, Tokenizer: in.tokenizer, Oracle: oracle, BackendNote: in.note,
		Parameters: in.file.Parameters, Strict: strict,
	})
	if err != nil {
		free()
		return nil, nil, err
	}
	return s, free, nil
}

// lean lets the heap grow by a quarter of what lives before it is collected, instead
// of by all of it: a long history is large and has next to no pointers, so that
// collecting costs nothing and memory is what there is to save.
func lean() {
	const usual, less = 100, 25
	if was := debug.SetGCPercent(less); was != usual {
		debug.SetGCPercent(was) // GOGC says something else
	}
}

// fallback is where a session goes on when its GPU is lost or full: nowhere if it
// has none. free is for after the session's end.
func (in *input) fallback() (open session.Fallback, free func()) {
	if _, gpu := in.backend.(*cuda.Backend); !gpu {
		return nil, func() {}
	}
	return in.onCPU()
}

// onCPU opens the same weights on the CPU when it is asked to, and frees them if
// it was.
func (in *input) onCPU() (open session.Fallback, free func()) {
	var opened func()
	open = func(cause error) (*model.Model, string, error) {
		b, m, _, err := openModel("cpu", in.cpu, in.file)
		if err != nil {
			return nil, "", err
		}
		opened = func() {
			m.Close()
			b.Close()
		}
		if errors.Is(cause, scan.ErrNoMemory) {
			return m, "the GPU's memory is full", nil
		}
		return m, "the GPU was lost", nil
	}
	return open, func() {
		if opened != nil {
			opened()
		}
	}
}

// newOracle opens the same weights on the float64 backend, or none where the
// model is too large.
func newOracle(in *input) (oracle *model.Model, free func(), err error) {
	if in.file.Parameters > maxOracle {
		return nil, func() {}, nil
	}
	b := scan.NewCPU(scan.Options{DType: scan.Float64})
	if oracle, err = model.New(b, in.file.Config, in.file.Weights); err != nil {
		return nil, nil, errors.Join(err, b.Close())
	}
	return oracle, func() {
		oracle.Close()
		b.Close()
	}, nil
}

// firstStart says whether the introduction was never shown on this account,
// and remembers that it is now. Where nothing can be remembered the person
// gets no introduction: it must not return unasked.
func (a *app) firstStart() bool {
	dir := a.stateDir()
	if dir == "" {
		return false
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return false
	}
	// O_EXCL: the file is made once, whoever starts first.
	f, err := os.OpenFile(filepath.Join(dir, "introduced"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// stateDir is the folder for what the program remembers, or "".
func (a *app) stateDir() string {
	for _, place := range []struct{ env, below string }{
		{"XDG_STATE_HOME", ""},
		{"LOCALAPPDATA", ""},
		{"HOME", ".local/state"},
	} {
		if place.env == "LOCALAPPDATA" && runtime.GOOS != "windows" {
			continue
		}
		if dir := a.getenv(place.env); filepath.IsAbs(dir) {
			return filepath.Join(dir, place.below, "mamba-tui")
		}
	}
	return ""
}
