// Command bench measures the kernels of package cuda on this machine's NVIDIA
// device, beside the floor that its memory and its special function units set,
// and beside state-spaces/mamba where its figures are given.
//
//	go run ./cuda/bench                     # everything
//	go run ./cuda/bench -only scan          # one part: scan, backward, linear, token
//	python3 cuda/bench/mamba_ssm.py > mamba.jsonl
//	python3 cuda/bench/pytorch.py >> mamba.jsonl
//	go run ./cuda/bench -beside mamba.jsonl
//
// Every figure is the median of many runs, timed by events of the device.
// Inputs are random, and where one set of them would fit in the cache, several
// are used in turn. The calls of a run are one CUDA graph, so that what is
// measured is the device and not the program that feeds it; the script does the
// same on its side.
//
// The exit code is 1 when there is no device or a kernel fails.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
)

var (
	ordinal = flag.Int("device", 0, "number of the device")
	only    = flag.String("only", "", "measure only some parts: scan, backward, linear, token (separated by commas)")
	shape   = flag.String("row", "", "measure only this row of a scan: BxDxL, 1x1536x2048 for instance")
	early   = flag.Bool("early", true, "launch kernels before those ahead of them have ended, where the device can (not for -only token)")
	runs    = flag.Int("runs", 30, "runs that a median is of")
	beside  = flag.String("beside", "", "file of JSON lines by mamba_ssm.py or pytorch.py to show beside")
	lines   = flag.String("json", "", "file to write each figure to, as a JSON line")
	largest = flag.Float64("largest", 0.9, "share of the free memory that a row may take; larger rows are left out")
)

// figure is one measured time.
type figure struct {
	What   string  `json:"what"` // forward, backward, linear, linear gradient, decode, prefill
	By     string  `json:"by"`
	Device string  `json:"device"`
	B      int     `json:"B"`
	D      int     `json:"D"`
	L      int     `json:"L"`
	N      int     `json:"N"`
	In     int     `json:"In,omitzero"`
	Out    int     `json:"Out,omitzero"`
	DType  string  `json:"dtype"`
	Micros float64 `json:"us"`              // median of a call
	Low    float64 `json:"us_low"`          // the fastest run
	High   float64 `json:"us_high"`         // the slowest
	Floor  float64 `json:"us_floor"`        // what the device could do
	Kernel string  `json:"kernel,omitzero"` // the first that is launched
}

func main() {
	// The context of the device belongs to this thread.
	runtime.LockOSThread()
	flag.Parse()
	if err := bench(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func wants(part string) bool {
	if *only == "" {
		return true
	}
	for _, p := range strings.Split(*only, ",") {
		if p == part {
			return true
		}
	}
	return false
}

func bench() error {
	r := &report{}
	if *beside != "" {
		if err := r.read(*beside); err != nil {
			return err
		}
	}
	if *lines != "" {
		f, err := os.Create(*lines)
		if err != nil {
			return err
		}
		defer f.Close()
		r.out = json.NewEncoder(f)
	}
	if *shape != "" {
		var row [3]int
		if n, err := fmt.Sscanf(*shape, "%dx%dx%d", &row[0], &row[1], &row[2]); n < 3 || err != nil || min(row[0], row[1], row[2]) < 1 {
			return fmt.Errorf("-row %q is not BxDxL, three positive numbers", *shape)
		}
		rows = [][3]int{row}
	}
	if wants("scan") || wants("backward") || wants("linear") {
		g, err := openGPU(*ordinal)
		if err != nil {
			return err
		}
		defer g.close()
		g.Early = g.Early && *early
		r.device = g.Info.Name
		fmt.Println(g.describe())
		if wants("scan") {
			if err := g.scans(r); err != nil {
				return err
			}
		}
		if wants("backward") {
			if err := g.backwards(r); err != nil {
				return err
			}
		}
		if wants("linear") {
			if err := g.products(r); err != nil {
				return err
			}
		}
	}
	if wants("token") {
		return tokens(r)
	}
	return nil
}

// report prints figures as they come and keeps those of others.
type report struct {
	device string
	others []figure
	out    *json.Encoder
}

// read takes in figures of JSON lines.
func (r *report) read(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for n := 1; s.Scan(); n++ {
		if len(s.Bytes()) == 0 || s.Bytes()[0] != '{' {
			continue
		}
		var x figure
		if err := json.Unmarshal(s.Bytes(), &x); err != nil {
			return fmt.Errorf("%s, line %d: %w", name, n, err)
		}
		r.others = append(r.others, x)
	}
	return s.Err()
}

// heading begins a table.
func (r *report) heading(what string) {
	fmt.Printf("\n%s\n%3s %5s %6s %4s  %-15s %21s %9s %6s %10s %8s\n", what,
		"B", "D", "L", "N", "kernel", "µs (fastest, slowest)", "floor µs", "of it", "other µs", "speed-up")
}

// add prints a row and writes its line.
func (r *report) add(x figure) error {
	x = x.signed(r)
	row := fmt.Sprintf("%3d %5d %6d %4d  %-15s %9.1f (%.1f, %.1f)", x.B, x.D, x.L, x.N, x.Kernel, x.Micros, x.Low, x.High)
	fmt.Printf("%-63s", row)
	if x.Floor > 0 {
		fmt.Printf(" %9.1f %5.0f%%", x.Floor, 100*x.Floor/x.Micros)
	}
	return r.write(x)
}

// say prints a figure that is no row of a table, and writes its line.
func (r *report) say(what string, x figure) error {
	x = x.signed(r)
	fmt.Printf("%-28s %9.1f µs (%.1f, %.1f), %.0f tokens/s", what, x.Micros, x.Low, x.High, 1e6*float64(x.L)/x.Micros)
	return r.write(x)
}

// signed is x with who measured it where.
func (x figure) signed(r *report) figure {
	x.By, x.Device, x.DType = "mamba-tui", r.device, "float32"
	return x
}

// write ends a line with what others have of the same, and writes the JSON line.
func (r *report) write(x figure) error {
	for _, o := range r.others {
		if o.What == x.What && o.B == x.B && o.D == x.D && o.L == x.L && o.N == x.N && o.In == x.In && o.Out == x.Out && o.DType == x.DType && o.Micros > 0 {
			fmt.Printf(" %10.1f %7.2f×", o.Micros, o.Micros/x.Micros)
			if o.Device != x.Device {
				fmt.Printf(" (on %s)", o.Device)
			}
		}
	}
	fmt.Println()
	if r.out == nil {
		return nil
	}
	return r.out.Encode(x)
}
