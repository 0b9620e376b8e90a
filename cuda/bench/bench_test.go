package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/internal/machine"
	"mamba-tui/cuda/internal/simdriver"
)

// TestRows: the benchmark's own arguments, sets of inputs and graphs, on the
// interpreter, where every launch is checked and no time means anything.
func TestRows(t *testing.T) {
	f := simdriver.New(t)
	f.Run = true
	f.Attributes[driver.L2Bytes], f.Attributes[driver.ClockRate] = 20000, 1980000
	oldRows, oldFloats, oldBlock, oldRuns, oldLayer, oldSteps := rows, copyFloats, blockSize, *runs, layer, steps
	defer func() {
		rows, copyFloats, blockSize, *runs, layer, steps = oldRows, oldFloats, oldBlock, oldRuns, oldLayer, oldSteps
	}()
	layer, steps = [][2]int{{130, 7}}, []int{1, 70}
	rows, copyFloats, blockSize, *runs = [][3]int{{1, 6, 40}, {2, 10, 50}, {1, 1 << 20, 1 << 10}}, 1<<14, 1<<10, 2

	m, err := machine.Open(f, 0)
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGPU(m)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "figures.jsonl")
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	r := &report{device: g.Info.Name, out: json.NewEncoder(out)}
	if err := g.scans(r); err != nil {
		t.Fatal(err)
	}
	if err := g.backwards(r); err != nil {
		t.Fatal(err)
	}
	if err := g.products(r); err != nil {
		t.Fatal(err)
	}
	g.close()
	f.Left()
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	// The lines that one run writes can stand beside another's.
	again := &report{}
	if err := again.read(name); err != nil {
		t.Fatal(err)
	}
	if len(again.others) != 7 || again.others[0].What != "forward" || again.others[3].What != "backward" ||
		again.others[1].B != 2 || again.others[1].L != 50 || again.others[0].Micros <= 0 || again.others[0].Floor <= 0 ||
		again.others[5].In != 130 || again.others[6].What != "linear gradient" {
		t.Errorf("%+v", again.others)
	}
}

// TestBadLines: a file that is not JSON lines is refused with its line.
func TestBadLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.jsonl")
	if err := os.WriteFile(name, []byte("some words\n{\"us\": 3}\n{\"us\": \"x\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := new(report).read(name); err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Error(err)
	}
}
