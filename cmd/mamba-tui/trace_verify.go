package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mamba-tui/model/trace"
)

// acrossTolerance is the relative difference that is allowed between two
// backends, and on a GPU, where a product of one row and of many are summed in
// different orders: each is within 1e-5 of the float64 oracle for one step, and
// differences of a step go on into the next.
const acrossTolerance = 1e-4

const verifyLong = `Compute every step of a recording again, on all branches and with what was rolled
back, and compare: Δ, u, B, C, h by its checksum, and the keyframes with the
convolution's windows. It prints "bit-exact", or the first step that differs and
the largest difference of each array, max|a−b|/max|b|.

The exit code is 1 if anything differs; between two backends, and on a GPU, where a
token that was typed and a prompt are computed in different orders, if an array
differs by more than the tolerance. It is 1, too, if bytes are damaged, and not only
missing at the end.`

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
	f.Float64Var(&tolerance, "tolerance", tolerance, fmt.Sprintf("allowed difference of an array; −1: 0 on the CPU kernels that recorded, %g elsewhere", acrossTolerance))
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
	damaged   bool        // the fault is more than a missing end
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
		if r.Backend != r.Recorded || !strings.HasPrefix(r.Backend, "cpu") {
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
		v.Fault, v.damaged = f.Error(), !trace.Torn(f)
	}
	if asJSON {
		err = a.printJSON(v)
	} else {
		err = a.tellVerdict(v)
	}
	switch {
	case err != nil:
		return err
	case !v.Within:
		return fmt.Errorf("%s is not what this model computes: the first difference is at %s", quote(name), v.First.text)
	case v.damaged:
		return fmt.Errorf("%s is damaged, and only what stands before that was compared: %w", quote(name), p.trace.Fault())
	}
	return nil
}

func (a *app) tellVerdict(v verdict) error {
	w := &textWriter{w: a.out}
	w.print("%s and %s compared, recorded on %s, computed on %s.\n", plural(v.Steps, "step"), plural(v.Keyframes, "keyframe"), sentence(v.Recorded), v.Backend)
	if v.Fault != "" && !v.damaged { // damage is the error
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
