package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mamba-tui/model/tokenizer"
	"mamba-tui/model/trace"
)

const traceLong = `Look into recordings: what "--record" and the explorer's key R have written.

A recording is an .npz that NumPy opens (see assets/docs/trace-format.md). It can
be read while it is written and after a crash; demo is one that the program
brings along.`

func (a *app) traceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trace",
		Short: "Describe, check, repair and export recordings",
		Long:  traceLong,
		Args:  cobra.NoArgs,
		RunE: a.command(func(cmd *cobra.Command) error {
			return usagef("trace info, verify, repair or export: see mamba-tui trace --help")
		}),
	}
	cmd.AddCommand(a.traceInfoCommand(), a.traceVerifyCommand(), a.traceRepairCommand(), a.traceExportCommand())
	return cmd
}

// traceInfo is what "trace info" says.
type traceInfo struct {
	Schema    int          `json:"schema"`
	Type      string       `json:"type"`
	File      string       `json:"file"`
	Bytes     int64        `json:"bytes"`
	Closed    bool         `json:"closed"`
	Fault     string       `json:"fault"` // "" for a closed one
	Steps     int          `json:"steps"` // rolled back ones included
	Keyframes int          `json:"keyframes"`
	Events    int          `json:"events"`
	Branches  []branchInfo `json:"branches"`
	First     string       `json:"first"`
	Last      string       `json:"last"`
	Meta      *trace.Meta  `json:"trace"`
	span      time.Duration
}

type branchInfo struct {
	ID     int  `json:"id"`
	Parent int  `json:"parent"`
	At     int  `json:"at"`
	Len    int  `json:"len"`
	Newest bool `json:"newest"`
}

func (a *app) traceInfoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info FILE|demo",
		Short: "Describe a recording, and check every checksum in it",
		Args:  cobra.ExactArgs(1),
		RunE: a.commandArg(func(_ *cobra.Command, name string) error {
			t, err := openTrace(name)
			if err != nil {
				return err
			}
			defer t.Close()
			i, damage := infoOfTrace(name, t)
			if asJSON {
				err = a.printJSON(i)
			} else {
				err = a.describeTrace(i)
			}
			return errors.Join(err, damage)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// infoOfTrace describes a recording. damage is what is wrong with the bytes
// themselves: a recording that was only cut off has none.
func infoOfTrace(name string, t *trace.Trace) (i traceInfo, damage error) {
	i = traceInfo{Schema: schema, Type: "trace", File: name, Bytes: t.Bytes(), Closed: t.Closed(), Meta: t.Meta, Events: len(t.Events())}
	i.Steps, i.Keyframes = t.Counts()
	newest, err := t.Branch(0)
	for _, b := range t.Branches() {
		i.Branches = append(i.Branches, branchInfo{b.ID, b.Parent, b.At, b.Len, err == nil && b.ID == newest.ID})
	}
	first, last := t.Span()
	if i.Steps > 0 {
		i.First, i.Last = first.UTC().Format(time.RFC3339), last.UTC().Format(time.RFC3339)
		i.span = last.Sub(first)
	}
	if err := t.Check(); err != nil {
		i.Fault = err.Error()
		if t.Fault() == nil || err.Error() != t.Fault().Error() || !trace.Torn(err) {
			damage = err
		}
	}
	return i, damage
}

func (a *app) describeTrace(i traceInfo) error {
	m := i.Meta
	weights := "not inside: needs --model to go on"
	if m.Model.Weights != "" {
		weights = "inside"
	}
	state := "closed"
	if i.Fault != "" {
		state = "not closed: " + i.Fault
	}
	rows := [][2]string{
		{"recording", quote(i.File) + ", " + bytesText(i.Bytes)},
		{"state", state},
		{"model", fmt.Sprintf("%s, %s, %s", sentence(m.Model.Card.Name), provenance(m.Model.Card.Kind), plural(m.Model.Parameters, "parameter"))},
		{"weights", weights + ", sha256 " + tokenizer.Visible(clip(m.Model.SHA256, 12))},
		{"shape", fmt.Sprintf("%s, d_inner %d, d_state %d, d_conv %d, %s", plural(m.Dims.L, "layer"), m.Dims.D, m.Dims.N, m.Dims.K, plural(m.Dims.V, "id"))},
		{"backend", fmt.Sprintf("%s, %s on %s", sentence(m.Backend.Name), sentence(m.Backend.OS), sentence(m.Backend.Arch))},
		{"level", sentence(fmt.Sprintf("%s: %s; without %s", m.Level, strings.Join(m.Recorded, ", "), strings.Join(m.Missing, ", ")))},
		{"steps", fmt.Sprintf("%d, on %s; %s, %s", i.Steps, branches(len(i.Branches)), plural(i.Keyframes, "keyframe"), plural(i.Events, "event"))},
		{"made", fmt.Sprintf("%s by %s", sentence(m.Created), sentence(m.Generator))},
		{"command", sentence(clip(m.Command, 200))},
	}
	if m.Parent != nil {
		rows = append(rows, [2]string{"goes on", fmt.Sprintf("from step %d of branch %d of recording %s", m.Parent.Step, m.Parent.Branch, tokenizer.Visible(clip(m.Parent.ID, 40)))})
	}
	for _, b := range i.Branches {
		text := fmt.Sprintf("branch %d: %s", b.ID, plural(b.Len, "step"))
		if b.Parent > 0 {
			text += fmt.Sprintf(", %d of them shared with branch %d", b.At+1, b.Parent)
		}
		if b.Newest {
			text += ", the newest"
		}
		rows = append(rows, [2]string{"", text})
	}
	for _, r := range rows {
		if r[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(a.out, "%-10s %s\n", r[0], r[1]); err != nil {
			return err
		}
	}
	return nil
}

// branches is a number of branches.
func branches(n int) string {
	if n == 1 {
		return "1 branch"
	}
	return fmt.Sprintf("%d branches", n)
}

// acrossTolerance is the relative difference that is allowed between two
// backends: each is within 1e-5 of the float64 oracle for one step, and
// differences of a step go on into the next.
const acrossTolerance = 1e-4

const verifyLong = `Compute every step of a recording again, on all branches and with what was rolled
back, and compare: Δ, u, B, C, h by its checksum, and the keyframes with the
convolution's windows. It prints "bit-exact", or the first step that differs and
the largest difference of each array, max|a−b|/max|b|.

The exit code is 1 if anything differs; between two backends, if an array differs
by more than the tolerance.`

func (a *app) traceVerifyCommand() *cobra.Command {
	var o replayOptions
	var asJSON bool
	tolerance := -1.0
	cmd := &cobra.Command{
		Use:   "verify FILE|demo",
		Short: "Compute a recording again and compare every number",
		Long:  verifyLong,
		Args:  cobra.ExactArgs(1),
		RunE: a.commandArg(func(cmd *cobra.Command, name string) error {
			if cmd.Flags().Changed("tolerance") && !(tolerance >= 0) {
				return usagef("--tolerance is %v, want a number of 0 or more", tolerance)
			}
			return a.verify(cmd.Context(), name, o, tolerance, asJSON)
		}),
	}
	o.input.flags = cmd
	f := cmd.Flags()
	f.StringVarP(&o.input.model, "model", "m", "", "the model that was recorded, where its weights are not inside")
	f.StringVarP(&o.input.backend, "backend", "b", "auto", "where to compute: auto (as recorded, where that is a CPU), cpu, cuda or cuda:INDEX")
	o.input.cpu.addTo(cmd)
	f.Float64Var(&tolerance, "tolerance", tolerance, fmt.Sprintf("allowed difference of an array; −1: 0 on the backend that recorded, %g on another", acrossTolerance))
	f.BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// verdict is what "trace verify" says.
type verdict struct {
	Schema    int         `json:"schema"`
	Type      string      `json:"type"`
	File      string      `json:"file"`
	Steps     int         `json:"steps"`
	Keyframes int         `json:"keyframes"`
	Backend   string      `json:"backend"`
	Recorded  string      `json:"recorded_on"`
	Exact     bool        `json:"bit_exact"`
	Tolerance float64     `json:"tolerance"`
	Within    bool        `json:"within_tolerance"`
	First     *difference `json:"first_difference"`
	Largest   []largest   `json:"largest_differences"`
	Fault     string      `json:"fault"`
}

type difference struct {
	Branch int    `json:"branch"`
	Step   int    `json:"step"`
	Layer  int    `json:"layer"`
	Array  string `json:"array"`
	text   string
}

type largest struct {
	Array string  `json:"array"`
	Layer int     `json:"layer"`
	Step  int     `json:"step"`
	Abs   float64 `json:"abs"`
	Rel   float64 `json:"rel"`
}

func (a *app) verify(ctx context.Context, name string, o replayOptions, tolerance float64, asJSON bool) error {
	p := &replayed{place: place{file: name}}
	var err error
	if p.trace, err = openTrace(name); err != nil {
		return err
	}
	p.free = append(p.free, p.trace.Close)
	defer p.close()
	m, err := p.open(o.input)
	if err != nil {
		return err
	}
	r, err := trace.Verify(ctx, p.trace, m, nil)
	if err != nil {
		return err
	}
	if tolerance < 0 {
		tolerance = 0
		if r.Backend != r.Recorded {
			tolerance = acrossTolerance
		}
	}
	v := verdict{
		Schema: schema, Type: "verdict", File: name, Steps: r.Steps, Keyframes: r.Keyframes, Backend: r.Backend, Recorded: r.Recorded,
		Exact: r.Exact(), Tolerance: tolerance, Within: r.Within(tolerance), Largest: []largest{},
	}
	if f := r.First; f != nil {
		v.First = &difference{f.Branch, f.Step, f.Layer, f.Array, f.String()}
	}
	for _, w := range r.Worst {
		v.Largest = append(v.Largest, largest{w.Array, w.Layer, w.Step, w.Abs, w.Rel})
	}
	if f := p.trace.Fault(); f != nil {
		v.Fault = f.Error()
	}
	if asJSON {
		err = a.printJSON(v)
	} else {
		err = a.tellVerdict(v)
	}
	if err == nil && !v.Within {
		err = fmt.Errorf("%s is not what this model computes: the first difference is at %s", quote(name), v.First.text)
	}
	return err
}

func (a *app) tellVerdict(v verdict) error {
	w := &textWriter{w: a.out}
	w.print("%s and %s compared, recorded on %s, computed on %s.\n", plural(v.Steps, "step"), plural(v.Keyframes, "keyframe"), sentence(v.Recorded), v.Backend)
	if v.Fault != "" {
		w.print("The recording was not closed: %s.\n", oneLine(errors.New(v.Fault)))
	}
	if v.Steps == 0 {
		w.print("there is nothing to compare\n")
		return w.err
	}
	if v.Exact {
		w.print("bit-exact\n")
		return w.err
	}
	w.print("First difference: %s.\n", v.First.text)
	for _, l := range v.Largest {
		w.print("%-6s layer %d: %.2e of its largest value, %.3g at step %d\n", l.Array, l.Layer, l.Rel, l.Abs, l.Step)
	}
	if v.Within {
		w.print("within the tolerance of %g\n", v.Tolerance)
	} else {
		w.print("not within the tolerance of %g\n", v.Tolerance)
	}
	return w.err
}

// textWriter keeps the first error.
type textWriter struct {
	w   io.Writer
	err error
}

func (t *textWriter) print(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format, args...)
	}
}

func (a *app) traceRepairCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "repair FILE OUT",
		Short: "Write what is complete of a recording as a closed one",
		Long: `Write what is complete of a recording to OUT, closed, so that every program that
reads zip files opens it. FILE stays as it is; an existing OUT is not replaced.

The exit code is 1 if bytes of FILE are damaged, and not only missing at its end;
OUT then holds everything before them.`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			a.failed = a.repair(args[0], args[1])
			return nil
		},
	}
}

func (a *app) repair(name, out string) error {
	t, err := openTrace(name)
	if err != nil {
		return err
	}
	defer t.Close()
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return usagef("%s is there already: name another file, or move it away", quote(out))
	}
	if err != nil {
		return usage(err)
	}
	damage := t.Repair(f)
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		os.Remove(out)
		return err
	}
	again, err := trace.OpenFile(out)
	if err != nil {
		os.Remove(out)
		return errors.Join(damage, err)
	}
	defer again.Close()
	steps, _ := again.Counts()
	lost := ""
	if fault := t.Fault(); fault != nil {
		lost = ": " + oneLine(fault)
	}
	if _, err := fmt.Fprintf(a.out, "%s in %s%s\n", plural(steps, "step"), quote(out), lost); err != nil {
		return err
	}
	if damage == nil && t.Fault() != nil && !trace.Torn(t.Fault()) {
		damage = t.Fault()
	}
	return damage
}
