package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mamba-tui/assets"
	"mamba-tui/model"
	"mamba-tui/model/checkpoint"
	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
	"mamba-tui/model/trace"
)

// fromFlags say where a run begins, and where its last state goes.
type fromFlags struct {
	resume, state, saveState string

	what  string // in words, once it is known
	steps int    // tokens read before the run
}

func (o *fromFlags) addTo(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.resume, "resume", "", "go on from a recording: FILE, FILE@STEP or FILE@BRANCH:STEP; its weights, if they are inside")
	f.StringVar(&o.state, "state", "", "begin with the state in this file")
	f.StringVar(&o.saveState, "save-state", "", "file for the state after the last token; an existing one is not replaced")
	cmd.MarkFlagsMutuallyExclusive("resume", "state")
}

func (o *fromFlags) check(r recordFlags) error {
	if o.state != "" && r.file != "" {
		return usagef("a recording needs all of the past, which a state by itself does not have: use --resume FILE@STEP")
	}
	if o.saveState == "" {
		return nil
	}
	// The state is written last: that it cannot be should not be said after hours.
	if _, err := os.Lstat(o.saveState); err == nil {
		return usagef("%s is there already: name another file, or move it away", quote(o.saveState))
	}
	if dir, err := os.Stat(filepath.Dir(o.saveState)); err != nil {
		return fmt.Errorf("--save-state: %w", err)
	} else if !dir.IsDir() {
		return usagef("--save-state: %s is no folder", quote(filepath.Dir(o.saveState)))
	}
	return nil
}

// place is a step of a recording on the command line.
type place struct {
	file         string
	branch, step int // 0: the newest; −1: the end
}

// parsePlace reads FILE, FILE@STEP or FILE@BRANCH:STEP. What follows the last @
// is a part of the file's name unless it is numbers.
func parsePlace(text string) place {
	p := place{file: text, step: -1}
	at := strings.LastIndexByte(text, '@')
	if at < 1 {
		return p
	}
	branch, step, two := strings.Cut(text[at+1:], ":")
	if !two {
		branch, step = "0", branch
	}
	b, err1 := strconv.ParseUint(branch, 10, 31)
	t, err2 := strconv.ParseUint(step, 10, 62)
	if err1 != nil || err2 != nil || two && b == 0 {
		return p
	}
	return place{text[:at], int(b), int(t)}
}

// openTrace opens a recording, or the one that the program brings along.
func openTrace(name string) (*trace.Trace, error) {
	if name == "demo" {
		return trace.Open(bytes.NewReader(assets.Demo), int64(len(assets.Demo)))
	}
	t, err := trace.OpenFile(name)
	if at := strings.LastIndexByte(name, '@'); at > 0 && errors.Is(err, fs.ErrNotExist) {
		if _, is := os.Stat(name[:at]); is == nil {
			return nil, usagef("%s: there is no such file, and after %s comes no step: want FILE@STEP or FILE@BRANCH:STEP with numbers from 0",
				quote(name), quote(name[:at]))
		}
	}
	return t, usage(err)
}

// weightsOf are the weights of a recording: those that are named, which must be
// the same, or those inside.
func weightsOf(t *trace.Trace, o inputFlags) (file *checkpoint.File, builtin bool, err error) {
	if !o.flags.Flags().Changed("model") {
		if file, err = t.Weights(); !errors.Is(err, trace.ErrNoWeights) {
			return file, false, usage(err)
		}
		if dir, ok := assets.Dir(t.Meta.Model.Card.Name); ok {
			if file, err := checkpoint.Load(assets.FS, dir); err == nil && t.SameModel(file) {
				return file, true, nil
			}
		}
		return nil, false, usage(trace.ErrNoWeights)
	}
	if file, builtin, err = loadModel(o.model); err != nil {
		return nil, false, usage(err)
	}
	if !t.SameModel(file) {
		return nil, false, usagef("%s has weights with sha256 %.12s, the recording is of %s with %.12s: they are not the same model",
			quote(o.model), file.SHA256, quote(t.Meta.Model.Card.Name), tokenizer.Visible(t.Meta.Model.SHA256))
	}
	return file, builtin, nil
}

// noStep says that the branch of a recording ends before a place.
func noStep(p place, b trace.BranchInfo) error {
	return usagef("%s has no step %d: branch %d ends with step %d", quote(p.file), p.step, b.ID, b.Len-1)
}

// start is where a run begins.
type start struct {
	steps  int
	state  *model.Snapshot // nil: nothing was read
	past   []session.Token
	parent *trace.Parent
}

// openFrom opens the input of a run and what it goes on from.
func (a *app) openFrom(ctx context.Context, o *runOptions) (*input, *start, error) {
	if o.from.resume != "" {
		return a.openResumed(ctx, o)
	}
	in, err := a.open(o.input)
	if err != nil || o.from.state == "" {
		return in, &start{}, err
	}
	snap, info, err := readState(o.from.state, in.file)
	if err != nil {
		in.close()
		return nil, nil, usage(err)
	}
	o.from.steps = info.Steps
	o.from.what = "Begins with the state in " + quote(o.from.state) + ", after " + plural(info.Steps, "token")
	return in, &start{steps: info.Steps, state: snap}, nil
}

func (a *app) openResumed(ctx context.Context, o *runOptions) (*input, *start, error) {
	p := parsePlace(o.from.resume)
	t, err := openTrace(p.file)
	if err != nil {
		return nil, nil, err
	}
	defer t.Close()
	b, err := t.Branch(p.branch)
	if err != nil {
		return nil, nil, usage(err)
	}
	if p.step < 0 {
		p.step = b.Len - 1
	}
	if p.step >= b.Len {
		return nil, nil, noStep(p, b)
	}
	file, builtin, err := weightsOf(t, o.input)
	if err != nil {
		return nil, nil, err
	}
	o.input.bare = true
	in, err := a.openFile(o.input, file, builtin)
	if err != nil {
		return nil, nil, err
	}
	s := &start{steps: p.step + 1, parent: &trace.Parent{ID: t.Meta.ID, Branch: b.ID, Step: p.step}}
	if err := s.load(ctx, t, b.ID, in.model); err != nil {
		in.close()
		return nil, nil, usage(err)
	}
	o.from.steps = s.steps
	o.from.what = fmt.Sprintf("Goes on from %s after step %d of branch %d", quote(p.file), p.step, b.ID)
	if t.Meta.Backend.Name != in.backend.Name() {
		o.from.what += ", which was computed on " + sentence(t.Meta.Backend.Name)
	}
	return in, s, nil
}

// load brings the state and the past of a branch of a recording.
func (s *start) load(ctx context.Context, t *trace.Trace, branch int, m *model.Model) error {
	state, err := m.NewState()
	if err != nil {
		return err
	}
	defer state.Free()
	if _, err := t.Resume(ctx, m, state, branch, s.steps); err != nil {
		return err
	}
	s.state = &model.Snapshot{}
	if err := state.Save(s.state); err != nil {
		return err
	}
	s.past, err = t.Tokens(branch, 0, s.steps)
	return err
}

// put makes a walk begin here.
func (s *start) put(w *walk) error {
	if s.state == nil {
		return nil
	}
	w.done = s.steps
	return w.state.Load(s.state)
}

// record begins the recording that the flags ask for, with the past first: it is
// computed again.
func (s *start) record(ctx context.Context, o *runOptions, in *input) (*trace.Recorder, error) {
	rec, err := o.record.create(in, s.parent)
	if rec == nil || err != nil {
		return nil, err
	}
	state, err := in.model.NewState()
	if err != nil {
		return nil, errors.Join(err, rec.Close())
	}
	defer state.Free()
	if err := rec.Feed(ctx, in.model, state, session.BranchInfo{ID: 1, At: -1}, 0, s.past); err != nil {
		return nil, errors.Join(err, rec.Close())
	}
	return rec, nil
}

// endRecording closes the recording of a run and says what is in it.
func (a *app) endRecording(w *walk, file string) error {
	if w.record == nil {
		return nil
	}
	if err := errors.Join(w.failed, w.record.Close()); err != nil {
		if w.failed != nil {
			err = w.failed // the other is the same
		}
		return fmt.Errorf("the recording in %s has stopped, what is in it can be read: %w", quote(file), err)
	}
	fmt.Fprintln(a.err, "mamba-tui: "+recorded(w.record, file))
	return nil
}

// save writes the state that the flags ask for.
func (o *fromFlags) save(w *walk) error {
	if o.saveState == "" {
		return nil
	}
	var snap model.Snapshot
	if err := w.state.Save(&snap); err != nil {
		return err
	}
	var b bytes.Buffer
	f := w.in.file
	if err := trace.WriteState(&b, f.Config, &snap, trace.StateInfo{Model: f.Card.Name, SHA256: f.SHA256, Steps: w.done}); err != nil {
		return err
	}
	return create(o.saveState, b.Bytes())
}

// readState reads a state by itself, which must be of the same weights.
func readState(name string, of *checkpoint.File) (*model.Snapshot, trace.StateInfo, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, trace.StateInfo{}, fmt.Errorf("state: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, trace.StateInfo{}, fmt.Errorf("state: %w", err)
	}
	snap, i, err := trace.ReadState(io.Reader(f), info.Size(), of.Config)
	if err != nil {
		return nil, i, err
	}
	if i.SHA256 != of.SHA256 {
		return nil, i, fmt.Errorf("state: %s is of %s with sha256 %.12s, the model's is %.12s: a state means nothing to other weights",
			quote(name), quote(i.Model), tokenizer.Visible(i.SHA256), of.SHA256)
	}
	return snap, i, nil
}
