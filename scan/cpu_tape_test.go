package scan

import (
	"slices"
	"testing"
)

// TestCapture: a recording runs nothing while it is made, gives the bits of the
// same operations, on what the buffers hold at every Launch, and allocates
// nothing.
func TestCapture(t *testing.T) {
	for _, o := range append([]Options{{DType: Float64}, {Threads: 2}}, setOptions()...) {
		k := newKit(t, o)
		linear, conv, scan := k.linearArgs(3, 70, 9), k.convArgs(3, 37, 4), k.trial(Released, 3, 37, 16)
		run := func() {
			k.c.Linear(linear)
			k.c.Conv(conv)
			k.c.Scan(scan)
			k.c.RMSNorm(linear.Y, linear.Y, linear.Bias, 3, 70, 1e-5)
		}
		parts := []View{linear.Y, conv.Y, conv.Window, scan.Y, scan.H}
		state := func() (all [][]float64) {
			for _, v := range parts {
				all = append(all, k.read(v.Buf))
			}
			return all
		}
		put := func(all [][]float64) {
			for i, v := range parts {
				x := make([]float32, len(all[i]))
				for j := range x {
					x[j] = float32(all[i][j])
				}
				k.c.Write(v.Buf, 0, x)
			}
		}
		start := state()
		g, err := k.c.Capture(run)
		if err != nil || g == nil {
			t.Fatalf("%s: %v, %v", k.c.Name(), g, err)
		}
		same := func(what string, a, b [][]float64) {
			t.Helper()
			if !slices.EqualFunc(a, b, func(a, b []float64) bool { return slices.Equal(a, b) }) {
				t.Fatalf("%s: %s differs", k.c.Name(), what)
			}
		}
		same("what was there before the first launch", state(), start)
		put(start)
		run()
		run()
		want := state()
		put(start)
		g.Launch()
		g.Launch()
		same("a launch", state(), want)
		if n := testing.AllocsPerRun(10, g.Launch); n != 0 {
			t.Errorf("%s: a launch allocates %v times", k.c.Name(), n)
		}
		g.Free()
		k.c.Close()
	}
}

// setOptions are one backend for each kernel set.
func setOptions() (o []Options) {
	for _, set := range KernelSets() {
		o = append(o, Options{Kernels: set})
	}
	return o
}

// TestCaptureRefuses: what cannot be recorded is an error, and the backend
// computes as before.
func TestCaptureRefuses(t *testing.T) {
	k := newKit(t, Options{})
	defer k.c.Close()
	x, ids := k.buffer(8, -1, 1), k.buffer(8, -1, 1)
	for name, f := range map[string]func(){
		"Write":   func() { k.c.Write(x, 0, []float32{1}) },
		"Read":    func() { k.c.Read(make([]float32, 1), x, 0) },
		"Alloc":   func() { k.c.Alloc(Float32, 1) },
		"Zero":    func() { k.c.Zero(x) },
		"Capture": func() { k.c.Capture(func() {}); k.c.Sync() },
	} {
		if g, err := k.c.Capture(f); err == nil || g != nil {
			t.Errorf("%s was recorded", name)
		}
	}
	mustPanic(t, "a recording that panics", func() {
		k.c.Capture(func() { panic("scan: from outside") })
	})
	k.c.Copy(Dense(ids, 8), Dense(x, 8), 1, 8)
	if !slices.Equal(k.read(ids), k.read(x)) {
		t.Error("after a recording that panicked a Copy does nothing")
	}
	padded := k.trial(Released, 2, 5, 3)
	g, err := k.c.Capture(func() { k.c.Scan(padded) })
	if fused := k.c.backend.(*cpu[float32]).kernels.fused != nil; err != nil || (g == nil) != fused {
		t.Errorf("a scan of 3 states: %v, %v", g, err)
	}
}
