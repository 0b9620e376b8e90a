package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mamba-tui/cuda"
	"mamba-tui/model"
	modelbench "mamba-tui/model/bench"
	"mamba-tui/scan"
	"mamba-tui/scan/bench"
	"mamba-tui/tui/snapshot"
)

// benchOptions are the flags of bench.
type benchOptions struct {
	suites []string
	json   bool
	doc    bool
	quick  bool
	plot   string
	length int // of the longest sequence of the sweep

	// Tests make everything small.
	budget, perPoint time.Duration
	array            int
	layer            bench.Layer
	large            model.Config
	sizes            [][2]int
}

// The suites, in their order.
var benchSuites = []string{"scan", "model", "screen"}

const benchLong = `Measure what this machine reaches, beside what it can do at most: multiply-adds
that need nothing but registers, and reading memory. Nothing is compared with
another machine or another program.

scan    the scan and the matrices of a layer of mamba-130m on every kernel set;
        then the time of a layer over the length of its sequence: the scan, the
        scan that writes every state out, plain Go, a convolution by FFT, and
        attention of the same width (the paper's Figure 8)
model   one step and a re-scan of a small model; a prompt and a decoded token of
        the shape of mamba-130m with random weights, in every weight format,
        with its error against float64
screen  a typed token, a step of the cursor and a whole redraw

Without a name all of them run: a few minutes, and 2 GB of memory for the
large model. FLOP and bytes are counted by formula; what was left out says why.
A row of one thread counts the processor time of this process, so that other
programs disturb it less; rows of several threads count time by the clock.`

func (a *app) benchCommand() *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "bench [scan|model|screen]",
		Short: "Measure what this machine reaches beside its limits",
		Long:  benchLong,
		Example: `mamba-tui bench --quick
mamba-tui bench scan --plot figure8.png
mamba-tui bench model --json > bench.jsonl`,
		Args: cobra.MaximumNArgs(1),
		RunE: a.commandArg(func(cmd *cobra.Command, suite string) error {
			o.suites = benchSuites
			if suite != "" {
				o.suites = []string{suite}
			}
			return a.bench(cmd.Context(), o)
		}),
		ValidArgs: benchSuites,
	}
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "one JSON object a line")
	f.BoolVar(&o.doc, "markdown", false, "a document to keep")
	cmd.MarkFlagsMutuallyExclusive("json", "markdown")
	f.BoolVar(&o.quick, "quick", false, "a tenth of the time: shorter shapes, fewer repetitions")
	f.StringVar(&o.plot, "plot", "", "write the curves over the length to a new file: .png, .svg or .ansi")
	f.IntVar(&o.length, "length", 1<<16, "the longest sequence of the curves, 256 to 1048576")
	return cmd
}

// benchWriter prints rows as they come.
type benchWriter interface {
	begin(m machine, o benchOptions) error
	row(r bench.Row) error
	end(m machine) error
}

func (a *app) bench(ctx context.Context, o benchOptions) error {
	for _, s := range o.suites {
		switch s {
		case "scan", "model", "screen":
		default:
			return usagef("unknown suite %s: want scan, model or screen", quote(s))
		}
	}
	if o.length < 256 || o.length > 1<<20 {
		return usagef("--length is %d, want 256 to %d", o.length, 1<<20)
	}
	kind := snapshot.Kind(strings.TrimPrefix(filepath.Ext(o.plot), "."))
	if o.plot != "" {
		switch kind {
		case snapshot.KindPNG, snapshot.KindSVG, snapshot.KindANSI:
		default:
			return usagef("--plot %s has no ending that says the format: .png, .svg or .ansi", quote(o.plot))
		}
		if o.suites[0] != "scan" {
			return usagef("--plot draws the curves of bench scan, which is not asked for")
		}
		if _, err := os.Lstat(o.plot); err == nil { // before minutes have gone by
			return usagef("%s is there already: name another file, or move it away", quote(o.plot))
		}
	}
	out := bufio.NewWriter(a.out)
	defer out.Flush()
	p := a.newProgress()
	defer p.clear()
	w := a.benchWriter(out, o)
	machine := thisMachine()
	if err := w.begin(machine, o); err != nil {
		return err
	}
	var rows []bench.Row
	var failed error
	tick := newTicker(o)
	options := bench.Options{Quick: o.quick, Budget: o.budget, PerPoint: o.perPoint, MaxLength: o.length, Layer: o.layer, Array: o.array,
		Progress: func(what string) { p.show(what, tick.next(), tick.total) },
		Row: func(r bench.Row) {
			p.clear()
			rows = append(rows, r)
			if err := first(w.row(r), out.Flush()); err != nil && failed == nil {
				failed = err
			}
		}}
	var fast, plain *bench.Backend
	for _, suite := range o.suites {
		var err error
		switch suite {
		case "scan", "model":
			if options.Backends == nil {
				if options.Backends, err = bench.CPUBackends(ctx, &options); err != nil {
					return err
				}
				fast, plain = &options.Backends[0], &options.Backends[len(options.Backends)-1]
				options.Backends = append(options.Backends, gpuBackends()...)
			}
			if suite == "model" {
				err = modelbench.Run(ctx, &modelbench.Options{Options: options, Large: o.large})
				break
			}
			if err = bench.Scan(ctx, &options); err == nil {
				err = bench.Sweep(ctx, &options, fast, plain)
			}
		case "screen":
			err = a.benchScreen(ctx, &options, o)
		}
		if err = first(err, failed); err != nil {
			return err
		}
	}
	p.clear()
	if err := w.end(machine); err != nil {
		return err
	}
	if o.plot == "" {
		return nil
	}
	data, err := encodeFigure(rows, machine, kind)
	if err != nil {
		return err
	}
	return create(o.plot, data)
}

// gpuBackends is the GPU that --backend cuda takes, if there is one. What it can
// do at most is not measured.
func gpuBackends() []bench.Backend {
	b, err := cuda.Open(cuda.Options{})
	if err != nil {
		return nil
	}
	defer b.Close()
	return []bench.Backend{{Name: b.Name(), Threads: 1, Elsewhere: true,
		Open: func(scan.WeightFormat) (scan.Backend, error) { return cuda.Open(cuda.Options{}) }}}
}

func (a *app) benchWriter(out *bufio.Writer, o benchOptions) benchWriter {
	switch {
	case o.json:
		return &benchJSON{out: out}
	case o.doc:
		return &benchDoc{out: out}
	}
	return &benchPlain{a: a, out: out}
}

// first is the first error that is one.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// ticker counts measurements for the progress bar; their number is an estimate
// that the bar never passes.
type ticker struct{ done, total int64 }

func newTicker(o benchOptions) *ticker {
	t := &ticker{total: 4}
	backends := int64(len(scan.KernelSets()) + 1)
	for _, s := range o.suites {
		switch s {
		case "scan":
			t.total += backends*8 + 5*9
		case "model":
			t.total += backends * 10
		case "screen":
			t.total += 9
		}
	}
	return t
}

func (t *ticker) next() int64 {
	t.done = min(t.done+1, t.total-1)
	return t.done
}

// machine is what the figures are figures of.
type machine struct {
	CPU        string   `json:"cpu"`
	Features   []string `json:"features"`
	Logical    int      `json:"logical"`
	GOMAXPROCS int      `json:"gomaxprocs"`
	OS         string   `json:"os"`
	Arch       string   `json:"arch"`
	Go         string   `json:"go"`
	Kernels    string   `json:"kernels"`
	Load       string   `json:"load,omitempty"` // of the last minutes, when the run began
}

func thisMachine() machine {
	sets := scan.KernelSets()
	return machine{
		CPU: cpuName(), Features: cpuFeatures(), Logical: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0),
		OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(), Kernels: sets[len(sets)-1].String(), Load: loadAverage(),
	}
}

func (m machine) String() string {
	return fmt.Sprintf("%s, %d logical, GOMAXPROCS %d, %s/%s, %s, kernel set %s", m.CPU, m.Logical, m.GOMAXPROCS, m.OS, m.Arch, m.Go, m.Kernels)
}

// loads says how busy the machine was when the run began and when it ended, or
// nothing where that is not known.
func (m machine) loads() string {
	if m.Load == "" {
		return ""
	}
	return fmt.Sprintf("load %s at the start, %s at the end", m.Load, loadAverage())
}
