package demo

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	"mamba-tui/assets"
	"mamba-tui/model"
	"mamba-tui/model/trace"
	"mamba-tui/scan"
)

// The demo is what the generator makes, and what the program says of it is so:
// the answers are right, and the wipe is where the mark says.
func TestDemo(t *testing.T) {
	if runtime.GOOS == "linux" && runtime.GOARCH == "amd64" {
		want, err := Make()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, assets.Demo) {
			t.Error("assets/demo.npz is not what the generator makes: run go generate ./assets")
		}
	}
	if len(assets.Demo) > 200<<10 {
		t.Errorf("the demo has %d bytes", len(assets.Demo))
	}
	tr, err := trace.Open(bytes.NewReader(assets.Demo), int64(len(assets.Demo)))
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Check(); err != nil || !tr.Closed() {
		t.Fatal(err)
	}
	file, err := tr.Weights()
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New(scan.NewCPU(scan.Options{Kernels: scan.Generic}), file.Config, file.Weights)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	report, err := trace.Verify(context.Background(), tr, m, nil)
	if err != nil || !report.Within(1e-5) || runtime.GOARCH == "amd64" && !report.Exact() {
		t.Errorf("%v %+v", err, report)
	}
	if b, err := tr.Branch(0); err != nil || b.ID != 1 {
		t.Errorf("the demo ends on branch %d: %v", b.ID, err)
	}
	for branch, want := range map[int]string{1: answer, 2: reply} {
		b, err := tr.Branch(branch)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := tr.Rows(branch, 0, b.Len, 0)
		if err != nil {
			t.Fatal(err)
		}
		ask := b.Len - 2 // the question mark, before the generated answer
		guess := rows.Guesses(ask, tr.Meta.Top)[0]
		if got := file.Card.Symbols[guess.ID]; got != want || rows.Token[ask+1] != guess.ID {
			t.Errorf("branch %d answers %s, want %s", branch, got, want)
		}
	}
	rows, err := tr.Rows(1, 12, 13, 0)
	if err != nil {
		t.Fatal(err)
	}
	if kept := rows.Lane[0][1]; !(kept < 0.05) { // the lane "kept"
		t.Errorf("the marked token keeps %g of the state", kept)
	}
}
