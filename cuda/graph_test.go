package cuda

import (
	"strings"
	"testing"

	"mamba-tui/cuda/internal/driver"
	"mamba-tui/cuda/internal/simdriver"
	"mamba-tui/scan"
)

// TestCapture: what f enqueues runs when the graph is launched and not before,
// each time on what the buffers then hold.
func TestCapture(t *testing.T) {
	b := simulated(t)
	x, err := b.Alloc(scan.Float32, 8)
	if err != nil {
		t.Fatal(err)
	}
	read := func() float32 {
		t.Helper()
		one := make([]float32, 1)
		if err := b.Read(one, x, 0); err != nil {
			t.Fatal(err)
		}
		return one[0]
	}
	b.Write(x, 0, []float32{1, 0, 0, 0, 5, 6, 7, 8})
	g, err := b.Capture(func() { add(b, x) })
	if err != nil {
		t.Fatal(err)
	}
	if v := read(); v != 1 {
		t.Errorf("recording ran: %v", v)
	}
	g.Launch()
	if v := read(); v != 5 {
		t.Errorf("after the first launch: %v, want 5", v)
	}
	b.Write(x, 4, []float32{9})
	g.Launch()
	if v := read(); v != 9 {
		t.Errorf("after the second launch: %v, want 9", v)
	}
	g.Free()
}

// TestCaptureRefuses: what cannot be recorded is an error, and the backend goes
// on.
func TestCaptureRefuses(t *testing.T) {
	f := simdriver.New(t)
	b, err := open(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := b.Alloc(scan.Float32, 8)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := b.Capture(func() { add(b, x) })
	if err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]func(){
		"Write":                         func() { b.Write(x, 0, []float32{1}) },
		"Read":                          func() { _ = b.Read(make([]float32, 1), x, 0) },
		"Sync":                          func() { _ = b.Sync() },
		"Launch":                        func() { inner.Launch() },
		"of a larger shape than before": func() { b.scratch(1<<20, "Scan") },
	} {
		if g, err := b.Capture(f); err == nil || g != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a recording with %s: %v, %v", want, g, err)
		}
	}
	var second error
	if _, err := b.Capture(func() { _, second = b.Capture(func() {}) }); err == nil || second == nil {
		t.Error("a recording inside a recording")
	}
	for _, call := range []string{"BeginCapture", "EndCapture", "Instantiate", "Launch"} {
		f.Fail(call, 0, driver.CaptureInvalidated)
		if _, err := b.Capture(func() { add(b, x) }); err == nil || !strings.Contains(err.Error(), "(CUDA error 901)") {
			t.Errorf("%s fails: %v", call, err)
		}
		if err := b.Sync(); err != nil {
			t.Errorf("%s failed, and the backend with it: %v", call, err)
		}
	}
	inner.Free()
	inner.Free()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	f.Left()
}
