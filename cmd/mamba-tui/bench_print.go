package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"mamba-tui/scan/bench"
)

// benchHead is the first object of bench --json.
type benchHead struct {
	Schema  int      `json:"schema"`
	Type    string   `json:"type"`
	Version string   `json:"version"`
	Suites  []string `json:"suites"`
	Quick   bool     `json:"quick"`
	Machine machine  `json:"machine"`
}

// benchRow is every other one.
type benchRow struct {
	Type string `json:"type"`
	bench.Row
}

// benchJSON writes one object a line.
type benchJSON struct{ out *bufio.Writer }

func (w *benchJSON) begin(m machine, o benchOptions) error {
	return w.line(benchHead{schema, "bench", version(), o.suites, o.quick, m})
}

func (w *benchJSON) row(r bench.Row) error { return w.line(benchRow{"row", r}) }

func (w *benchJSON) end(machine) error {
	return w.line(struct {
		Type string `json:"type"`
		Load string `json:"load,omitempty"`
	}{"end", loadAverage()})
}

func (w *benchJSON) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.out.Write(append(escapeJSON(text), '\n'))
	return err
}

// benchPlain writes tables, and the curves over the length as a chart.
type benchPlain struct {
	a     *app
	out   *bufio.Writer
	group benchGroup
	sweep []bench.Row
}

// benchGroup is what the rows of one table have in common.
type benchGroup struct {
	suite, backend string
	threads        int
}

func (w *benchPlain) begin(m machine, o benchOptions) error {
	_, err := fmt.Fprintf(w.out, "mamba-tui bench %s, version %s\n%s\n", strings.Join(o.suites, " "), version(), sentence(m.String()))
	return err
}

func (w *benchPlain) row(r bench.Row) error {
	if r.Suite == "sweep" {
		w.sweep = append(w.sweep, r)
		return nil
	}
	if err := w.flushSweep(); err != nil {
		return err
	}
	if g := (benchGroup{r.Suite, r.Backend, r.Threads}); g != w.group {
		w.group = g
		if _, err := fmt.Fprintf(w.out, "\n%s on %s, %s\n%s\n", g.suite, sentence(g.backend), plural(g.threads, "thread"),
			columns("", "time", "GFLOP/s", "GB/s", "of limit", "")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w.out, rowText(r))
	return err
}

func (w *benchPlain) end(m machine) error {
	if err := w.flushSweep(); err != nil || m.loads() == "" {
		return err
	}
	_, err := fmt.Fprintf(w.out, "\n%s\n", sentence(m.loads()))
	return err
}

// flushSweep prints the curves once they are complete.
func (w *benchPlain) flushSweep() error {
	if len(w.sweep) == 0 {
		return nil
	}
	rows := w.sweep
	w.sweep = nil
	if _, err := fmt.Fprintf(w.out, "\n%s", sweepTable(rows)); err != nil {
		return err
	}
	lines, err := w.a.figureLines(rows)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.out, "\n%s\n", strings.Join(lines, "\n"))
	return err
}

// columns lays one line of a table out. What is long stands at the end, where a
// narrow terminal may break it.
func columns(name, time, flops, bytes, share, rest string) string {
	return strings.TrimRight(fmt.Sprintf("  %-28s %15s %8s %7s %10s  %s", name, time, flops, bytes, share, rest), " ")
}

// rowText is a row of a table.
func rowText(r bench.Row) string {
	rest := []string{}
	if r.Shape != "" {
		rest = append(rest, r.Shape)
	}
	if r.LeftOut != "" {
		return columns(r.Name, "left out", "", "", "", strings.Join(append(rest, sentence(r.LeftOut)), ": "))
	}
	time, share := "", ""
	if r.NSPerElement > 0 {
		time = perText(r.NSPerElement, r.Element)
	}
	if r.Share > 0 {
		share = fmt.Sprintf("%.0f %% %s", 100*r.Share, r.Limit)
	}
	if more := remarks(r); more != "" {
		rest = append(rest, more)
	}
	return columns(r.Name, time, rate(r.GFLOPS), rate(r.GBytes), share, strings.Join(rest, "; "))
}

// limitNames are the limits in words, for a document.
var limitNames = map[string]string{bench.LimitFMA: "multiply-adds", bench.LimitMemory: "reading memory"}

// remarks are what a row says beside its rates.
func remarks(r bench.Row) string {
	var say []string
	if r.PerSecond > 0 && r.Element == "token" {
		say = append(say, fmt.Sprintf("%.4g tokens/s", r.PerSecond))
	}
	if r.Error > 0 {
		say = append(say, fmt.Sprintf("error %.1g", r.Error))
	}
	if r.Note != "" {
		say = append(say, sentence(r.Note))
	}
	return strings.Join(say, ", ")
}

// perText is a time for one element.
func perText(ns float64, element string) string {
	unit := map[string]string{"state": "state", "multiply-add": "mul-add", "token": "token", "frame": "frame"}[element]
	return durationText(ns) + "/" + unit
}

// durationText is ns in the unit that fits.
func durationText(ns float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}} {
		if ns >= u.size {
			return fmt.Sprintf("%.3g %s", ns/u.size, u.name)
		}
	}
	return fmt.Sprintf("%.3g ns", ns)
}

// rate is a rate with three digits, or nothing.
func rate(v float64) string {
	switch {
	case v == 0:
		return ""
	case v >= 1000:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.*f", max(0, 2-int(math.Floor(math.Log10(math.Max(v, 0.01))))), v)
}

// sweepTable is the time of each way at each length.
func sweepTable(rows []bench.Row) string {
	names, lengths, cells := sweepOf(rows)
	var b strings.Builder
	fmt.Fprintf(&b, "time of one layer, one thread; %s\n", sweepShape(rows))
	for i, n := range names {
		fmt.Fprintf(&b, "  %c  %s\n", 'a'+i, n)
	}
	fmt.Fprintf(&b, "%-8s", "L")
	for i := range names {
		fmt.Fprintf(&b, " %12c", 'a'+i)
	}
	b.WriteByte('\n')
	var left []string
	for _, L := range lengths {
		fmt.Fprintf(&b, "%-8d", L)
		for _, n := range names {
			r := cells[n][L]
			text := ""
			switch {
			case r.LeftOut != "":
				text = "left out"
				left = append(left, fmt.Sprintf("%s at L=%d: %s", n, L, r.LeftOut))
			case r.NS > 0:
				text = durationText(r.NS)
			}
			fmt.Fprintf(&b, " %12s", text)
		}
		b.WriteByte('\n')
	}
	for _, l := range left {
		fmt.Fprintf(&b, "left out: %s\n", sentence(l))
	}
	return b.String()
}

// sweepOf arranges the rows of a sweep: the ways and the lengths as they came.
func sweepOf(rows []bench.Row) (names []string, lengths []int, cells map[string]map[int]bench.Row) {
	cells = map[string]map[int]bench.Row{}
	seen := map[int]bool{}
	for _, r := range rows {
		if r.Suite != "sweep" {
			continue
		}
		if cells[r.Name] == nil {
			cells[r.Name] = map[int]bench.Row{}
			names = append(names, r.Name)
		}
		cells[r.Name][r.Length] = r
		if !seen[r.Length] {
			seen[r.Length] = true
			lengths = append(lengths, r.Length)
		}
	}
	return names, lengths, cells
}

// sweepShape is what all rows of a sweep have in common.
func sweepShape(rows []bench.Row) string {
	for _, r := range rows {
		if _, rest, ok := strings.Cut(r.Shape, " "); ok && r.Suite == "sweep" {
			return "B=1 " + rest
		}
	}
	return ""
}
