package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"mamba-tui/model/task"
)

// Bounds of what is taken for real in a log.
const (
	maxLine   = 64 << 20 // bytes
	maxMatrix = 1 << 24  // values
	maxLayers = 1 << 10
	maxRows   = 1 << 20 // points, probes or evaluations
)

// Read reads a log. A last line that is not whole is left out, and Torn says
// so. Anything else that is wrong is an error with the number of the line.
func Read(r io.Reader) (*History, error) {
	h := &History{State: Ended, Stopped: true}
	in := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		text, whole, err := readLine(in)
		if err != nil {
			return nil, fmt.Errorf("history: line %d of the log: %w", n, err)
		}
		if !whole {
			h.Torn, h.torn = len(text) > 0, int64(len(text))
			break
		}
		var x line
		if err := json.Unmarshal(text, &x); err != nil {
			return nil, fmt.Errorf("history: line %d of the log: %w", n, err)
		}
		if err := h.take(&x); err != nil {
			return nil, fmt.Errorf("history: line %d of the log: %w", n, err)
		}
	}
	if h.Info == nil {
		return nil, errors.New("history: the log is empty: the run has not begun")
	}
	return h, nil
}

// readLine is the next line without its end; whole is false at the end of the
// file.
func readLine(in *bufio.Reader) (text []byte, whole bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case err == nil:
			return text, true, nil
		case err == io.EOF:
			return text, false, nil
		case err != bufio.ErrBufferFull:
			return nil, false, err
		case len(text) > maxLine:
			return nil, false, fmt.Errorf("it has more than %d bytes", maxLine)
		}
	}
}

// take adds one line.
func (h *History) take(x *line) error {
	if h.Info == nil && x.Kind != "run" {
		return fmt.Errorf("a log begins with the run, not with %q", x.Kind)
	}
	switch {
	case x.Kind == "run" && x.Run != nil:
		if x.Format != format {
			return fmt.Errorf("its format is %q, this program reads %q", x.Format, format)
		}
		if err := x.Run.check(); err != nil {
			return err
		}
		if h.Info != nil && !sameProbe(h.Info, x.Run) {
			return errors.New("the run goes on with another model or another probe")
		}
		h.Info, h.Stopped = x.Run, true
	case x.Kind == "steps" && x.Points != nil:
		return h.takePoints(x.Points)
	case x.Kind == "evaluation" && x.Eval != nil:
		if len(h.Evals) >= maxRows {
			return fmt.Errorf("more than %d evaluations", maxRows)
		}
		h.Evals = append(before(h.Evals, func(e Eval) bool { return e.Step < x.Eval.Step }), *x.Eval)
	case x.Kind == "probe" && x.Probe != nil:
		p, err := x.Probe.probe(h.Info)
		if err != nil {
			return err
		}
		if len(h.Probes) >= maxRows {
			return fmt.Errorf("more than %d probes", maxRows)
		}
		h.Probes = append(before(h.Probes, func(q *Probe) bool { return q.Step < p.Step }), p)
	case x.Kind == "end" && x.End != nil:
		h.Stopped = x.End.Stopped
	default:
		return fmt.Errorf("unknown or empty kind %q", x.Kind)
	}
	return nil
}

// sameProbe says that probes of the two can stand in one history.
func sameProbe(a, b *Info) bool {
	return a.Layers == b.Layers && a.Channels == b.Channels && a.States == b.States &&
		slices.Equal(a.Tokens, b.Tokens) && slices.Equal(a.Asks, b.Asks)
}

// check says what of an Info cannot be.
func (i *Info) check() error {
	T := len(i.Tokens)
	switch {
	case i.Layers < 1 || i.Layers > maxLayers || i.Channels < 1 || i.States < 1 || T < 1:
		return fmt.Errorf("%d layers of %d channels and %d states, a probe of %d tokens", i.Layers, i.Channels, i.States, T)
	case T > maxMatrix/i.Channels || T > maxMatrix/i.States || i.Channels > maxMatrix:
		return fmt.Errorf("%d tokens of %d channels and %d states are too many", T, i.Channels, i.States)
	case len(i.Classes) != T:
		return fmt.Errorf("%d classes of %d tokens", len(i.Classes), T)
	case len(i.Counted) != int(task.NumClasses):
		return fmt.Errorf("counts of %d classes, want %d", len(i.Counted), task.NumClasses)
	}
	for _, c := range slices.Concat(i.Classes, i.Events, i.Rest) {
		if classOf(c) == task.NumClasses {
			return fmt.Errorf("there is no class %q", c)
		}
	}
	for _, a := range i.Asks {
		if a.At < 0 || a.At >= T {
			return fmt.Errorf("a question at token %d of %d", a.At, T)
		}
	}
	return nil
}

// takePoints adds rows of the curves.
func (h *History) takePoints(x *pointLine) error {
	n := len(x.Step)
	cols := [][]float32{x.Loss, x.Right, x.MeanLoss, x.MeanRight, x.Norm, x.Rate}
	for _, c := range cols {
		if len(c) != n || len(x.Length) != n {
			return fmt.Errorf("curves of different length: %d and %d rows", len(c), n)
		}
	}
	if n == 0 {
		return nil
	}
	if h.Points.Len()+n > maxRows {
		return fmt.Errorf("more than %d points", maxRows)
	}
	for i, s := range x.Step {
		if s < 0 || i > 0 && s <= x.Step[i-1] {
			return fmt.Errorf("step %d after step %d", s, x.Step[max(i-1, 0)])
		}
	}
	h.Points.cut(x.Step[0])
	p := &h.Points
	p.Step, p.Length = append(p.Step, x.Step...), append(p.Length, x.Length...)
	for i, c := range p.columns() {
		*c = append(*c, cols[i]...)
	}
	return nil
}

// probe checks the sizes of a probe and is it.
func (x *probeLine) probe(info *Info) (*Probe, error) {
	T, D, N := info.T(), info.Channels, info.States
	if len(x.Layers) != info.Layers || len(x.Best) != len(info.Asks) || len(x.P) != len(info.Asks) {
		return nil, fmt.Errorf("a probe of %d layers and %d answers, want %d and %d", len(x.Layers), len(x.Best), info.Layers, len(info.Asks))
	}
	p := &Probe{Step: x.Step, Best: x.Best, P: x.P}
	for _, l := range x.Layers {
		for _, m := range []struct {
			name       string
			have, want int
		}{
			{"delta", len(l.Delta), T * D}, {"b", len(l.B), T * N}, {"c", len(l.C), T * N}, {"kept", len(l.Kept), T},
			{"means", len(l.Means), int(task.NumClasses) * D}, {"auc", len(l.AUC), D},
		} {
			if m.have != m.want {
				return nil, fmt.Errorf("%s of the probe of step %d has %d values, want %d", m.name, x.Step, m.have, m.want)
			}
		}
		p.Layers = append(p.Layers, Layer{Delta: l.Delta, B: l.B, C: l.C, Kept: l.Kept, Means: l.Means, AUC: l.AUC})
	}
	return p, nil
}

// Named is a run with the name of its folder.
type Named struct {
	Name string
	*History
}

// Open reads the log of the run in dir.
func Open(dir string) (*Named, error) {
	f, err := os.Open(filepath.Join(dir, FileName))
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer f.Close()
	h, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, f.Name())
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	return &Named{Name: filepath.Base(abs), History: h}, nil
}

// maxRuns bounds how many runs of a folder are read.
const maxRuns = 16

// Siblings reads the runs in the folders beside dir, those that were changed
// last first and 16 at most; folders without a log are passed over, logs that
// cannot be read are named in skipped.
func Siblings(dir string) (runs []*Named, skipped []error, err error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("history: %w", err)
	}
	parent := filepath.Dir(abs)
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("history: %w", err)
	}
	type place struct {
		dir  string
		when int64
	}
	var places []place
	for _, e := range entries {
		p := filepath.Join(parent, e.Name())
		if p == abs {
			continue
		}
		if s, err := os.Stat(filepath.Join(p, FileName)); err == nil && s.Mode().IsRegular() {
			places = append(places, place{p, s.ModTime().UnixNano()})
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return int(max(-1, min(1, b.when-a.when))) })
	for _, p := range places[:min(len(places), maxRuns)] {
		r, err := Open(p.dir)
		if err != nil {
			skipped = append(skipped, err)
			continue
		}
		runs = append(runs, r)
	}
	return runs, skipped, nil
}
