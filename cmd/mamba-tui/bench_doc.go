package main

import (
	"bufio"
	"fmt"
	"strings"
	"time"

	"mamba-tui/scan/bench"
)

// benchDoc writes a run as a document in Markdown, for the record. It is
// written at the end: the tables stand by suite, not as they came.
type benchDoc struct {
	out   *bufio.Writer
	asked string
	rows  []bench.Row
}

func (w *benchDoc) begin(m machine, o benchOptions) error {
	w.asked = "mamba-tui bench"
	if len(o.suites) == 1 {
		w.asked += " " + o.suites[0]
	}
	if o.quick {
		w.asked += " --quick"
	}
	return nil
}

func (w *benchDoc) row(r bench.Row) error {
	w.rows = append(w.rows, r)
	return nil
}

const benchDocIntro = `One run of this machine, made by

    %s --markdown

on %s with version %s.

* Machine: %s.
%s* Nothing here is compared with another machine or another program.
* FLOP and bytes are counted by formula (` + "`go doc mamba-tui/scan/bench`, `go doc mamba-tui/model/bench`" + `), the best repetition counts.
  A row of one thread on the CPU counts the processor time of the process, a row of several threads the time of a clock, in which
  other programs' work is contained.
* "of the limit" is the share of what the same instructions on as many threads reached in the same run, in multiply-adds from registers
  or in reading an array larger than the caches. Above 100 %% the machine was busier while the limit was measured.
`

func (w *benchDoc) end(m machine) error {
	load := ""
	if m.loads() != "" {
		load = "* Other work: " + sentence(m.loads()) + ".\n"
	}
	if _, err := fmt.Fprintf(w.out, "# What the machine reaches: one recorded run\n\n"+benchDocIntro,
		w.asked, time.Now().UTC().Format("2006-01-02"), version(), sentence(m.String()), load); err != nil {
		return err
	}
	for _, s := range []struct{ suite, title string }{
		{"limits", "Limits"}, {"scan", "The scan and the matrices of a layer of mamba-130m"},
		{"model", "Models"}, {"screen", "The screen"},
	} {
		if err := w.table(s.suite, s.title); err != nil {
			return err
		}
	}
	return w.figure()
}

// table is the rows of a suite.
func (w *benchDoc) table(suite, title string) error {
	var b strings.Builder
	for _, r := range w.rows {
		if r.Suite != suite {
			continue
		}
		if b.Len() == 0 {
			fmt.Fprintf(&b, "\n## %s\n\n| | shape | where | threads | time | GFLOP/s | GB/s | of the limit | |\n|---|---|---|---|---|---|---|---|---|\n", title)
		}
		time, share := "", ""
		if r.NSPerElement > 0 {
			time = perText(r.NSPerElement, r.Element)
		}
		if r.Share > 0 {
			share = fmt.Sprintf("%.0f %% of %s", 100*r.Share, limitNames[r.Limit])
		}
		note := remarks(r)
		if r.LeftOut != "" {
			note = "left out: " + sentence(r.LeftOut)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %s | %s | %s | %s | %s |\n", r.Name, r.Shape, r.Backend, r.Threads, time, rate(r.GFLOPS), rate(r.GBytes), share, note)
	}
	_, err := w.out.WriteString(b.String())
	return err
}

// figure is the sweep.
func (w *benchDoc) figure() error {
	names, _, _ := sweepOf(w.rows)
	if len(names) == 0 {
		return nil
	}
	lines, err := figureText(w.rows)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.out, "\n## The time of a layer over the length of its sequence\n\n```text\n%s\n%s\n```\n", sweepTable(w.rows), strings.Join(lines, "\n"))
	return err
}
