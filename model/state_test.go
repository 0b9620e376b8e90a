package model_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// TestSaveLoad: a state that was saved goes on exactly as the one it was taken
// from, in the same model or in another with the same weights.
func TestSaveLoad(t *testing.T) {
	for shape, cfg := range oddShapes() {
		w := livelyWeights(cfg, uint64(shape))
		m, s := open(t, scan.Float32, cfg, w)
		_, elsewhere := open(t, scan.Float32, cfg, w)
		tokens := randomTokens(rand.New(rand.NewPCG(12, uint64(shape))), cfg, 60)
		if err := m.Forward(s, tokens[:25], model.Options{}); err != nil {
			t.Fatal(err)
		}
		snap := save(t, s)
		if err := m.Forward(s, tokens[25:], model.Options{}); err != nil {
			t.Fatal(err)
		}
		want := save(t, s)

		if err := s.Load(&snap); err != nil {
			t.Fatal(err)
		}
		sameState(t, "just loaded", save(t, s), snap)
		if err := m.Forward(s, tokens[25:], model.Options{}); err != nil {
			t.Fatal(err)
		}
		sameState(t, "rolled back", save(t, s), want)

		if err := elsewhere.Load(&snap); err != nil {
			t.Fatal(err)
		}
		sameState(t, "in another model", save(t, elsewhere), snap)
	}
}

// TestSaveReuses: slices that fit are written to, others replaced.
func TestSaveReuses(t *testing.T) {
	cfg := oddShapes()[0]
	m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 1))
	snap := save(t, s)
	h := &snap.H[1][0]
	if err := m.Step(s, 1, nil); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(5, func() {
		if err := s.Save(&snap); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Save to a snapshot that fits allocates %g times", n)
	}
	if &snap.H[1][0] != h || *h == 0 {
		t.Error("Save did not write to the slice that was there")
	}
	small := model.Snapshot{H: [][]float32{make([]float32, 1)}}
	if err := s.Save(&small); err != nil {
		t.Fatal(err)
	}
	sameState(t, "from a small snapshot", small, snap)
}

// TestReset: a reset state is a new one.
func TestReset(t *testing.T) {
	cfg := oddShapes()[2]
	m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 1))
	fresh := save(t, s)
	if err := m.Forward(s, []int32{1, 2, 3}, model.Options{}); err != nil {
		t.Fatal(err)
	}
	if identical(save(t, s).H[0], fresh.H[0]) < 0 {
		t.Fatal("three tokens left h at zero")
	}
	s.Reset()
	sameState(t, "reset", save(t, s), fresh)
	for _, x := range save(t, s).H[0] {
		if x != 0 {
			t.Fatalf("h is %g after a reset", x)
		}
	}
}

// TestStatesAreApart: two states of a model do not touch each other.
func TestStatesAreApart(t *testing.T) {
	cfg := oddShapes()[0]
	m, a := open(t, scan.Float32, cfg, livelyWeights(cfg, 1))
	b, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Free()
	if err := m.Step(a, 1, nil); err != nil {
		t.Fatal(err)
	}
	before := save(t, a)
	if err := m.Forward(b, []int32{2, 3}, model.Options{}); err != nil {
		t.Fatal(err)
	}
	sameState(t, "the other state", save(t, a), before)
}

// TestLoadErrors: a snapshot of other shapes is refused and changes nothing.
func TestLoadErrors(t *testing.T) {
	cfg := oddShapes()[0] // D 9, N 3, K 4, 2 layers
	m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 1))
	if err := m.Step(s, 1, nil); err != nil {
		t.Fatal(err)
	}
	before := save(t, s)
	for want, damage := range map[string]func(*model.Snapshot){
		"1 layers of h and 2 of windows, want 2":           func(x *model.Snapshot) { x.H = x.H[:1] },
		"2 layers of h and 0 of windows, want 2":           func(x *model.Snapshot) { x.Conv = nil },
		"h of layer 1 has 26 elements, want 27 (9 × 3)":    func(x *model.Snapshot) { x.H[1] = x.H[1][:26] },
		"window of layer 0 has 0 elements, want 27":        func(x *model.Snapshot) { x.Conv[0] = nil },
		"window of layer 1 has 28 elements, want 27 (3 × ": func(x *model.Snapshot) { x.Conv[1] = make([]float32, 28) },
	} {
		var snap model.Snapshot
		s.Reset() // damaged zeros, so that a partial load would show
		if err := s.Save(&snap); err != nil {
			t.Fatal(err)
		}
		if err := s.Load(&before); err != nil {
			t.Fatal(err)
		}
		damage(&snap)
		if err := s.Load(&snap); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
		sameState(t, want, save(t, s), before)
	}
}

// TestFreedState: errors, no panic, and Free again is nothing.
func TestFreedState(t *testing.T) {
	cfg := oddShapes()[0]
	_, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 1))
	snap := save(t, s)
	s.Free()
	s.Free()
	if err := s.Save(&snap); err == nil {
		t.Error("Save of a freed state gave no error")
	}
	if err := s.Load(&snap); err == nil {
		t.Error("Load to a freed state gave no error")
	}
	defer func() {
		if recover() == nil {
			t.Error("Reset of a freed state did not panic")
		}
	}()
	s.Reset()
}

// failing is a backend whose n-th allocation, weight or read fails.
type failing struct {
	scan.Backend
	allocs, weights, reads int // how many still succeed
}

var errDevice = errors.New("the device is gone")

func (f *failing) Alloc(t scan.DType, n int) (scan.Buffer, error) {
	if f.allocs--; f.allocs < 0 {
		return nil, errDevice
	}
	return f.Backend.Alloc(t, n)
}

func (f *failing) LoadWeight(out, in int, w []float32) (scan.Weight, error) {
	if f.weights--; f.weights < 0 {
		return nil, errDevice
	}
	return f.Backend.LoadWeight(out, in, w)
}

func (f *failing) Read(dst []float32, src scan.Buffer, off int) error {
	if f.reads--; f.reads < 0 {
		return errDevice
	}
	return f.Backend.Read(dst, src, off)
}

// TestBackendFailures: wherever the backend fails, the error comes back with
// what was being done, and the model works again once the backend does.
func TestBackendFailures(t *testing.T) {
	const plenty = 1 << 20
	cfg := oddShapes()[2]
	w := livelyWeights(cfg, 1)
	f := &failing{Backend: scan.NewCPU(scan.Options{})}

	// New: as many allocations and weights as it needs, one less fails.
	for _, count := range []*int{&f.allocs, &f.weights} {
		for n := 0; ; n++ {
			f.allocs, f.weights, f.reads = plenty, plenty, plenty
			*count = n
			m, err := model.New(f, cfg, w)
			if err == nil {
				if n < 13 {
					t.Errorf("New needs only %d of them", n)
				}
				m.Close()
				break
			}
			if !errors.Is(err, errDevice) || !strings.HasPrefix(err.Error(), "model: ") {
				t.Fatalf("New with %d: %v", n, err)
			}
		}
	}
	f.allocs, f.weights = plenty, plenty
	m, err := model.New(f, cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 * cfg.NLayer {
		f.allocs = n
		if _, err := m.NewState(); !errors.Is(err, errDevice) {
			t.Errorf("NewState with %d allocations: %v", n, err)
		}
	}
	f.allocs = plenty
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}

	// Forward with everything asked for: allocations and reads.
	calls := 0
	logits := make([]float32, 3*cfg.VocabSize)
	half := make([]float32, cfg.DInner)
	half[3] = float32(math.NaN())
	all := model.Options{
		Logits: logits, Tweaks: &model.Tweaks{Layers: []model.LayerTweaks{{}, {
			FreezeDelta: half, DeltaGain: half[:0], FreezeB: make([]float32, cfg.DState), AScale: 2, ConvTaps: 2, OffStates: []int{1},
		}}},
		Tap: &model.Tap{From: 1, To: 2, What: model.TapAll, Func: func(*model.Record) { calls++ }},
	}
	for _, count := range []*int{&f.allocs, &f.reads} {
		failed := 0
		for n := 0; ; n++ {
			f.allocs, f.reads = plenty, plenty
			*count = n
			err := m.Forward(s, []int32{1, 2, 3}, all)
			if err == nil {
				break
			}
			failed++
			if !errors.Is(err, errDevice) || !strings.HasPrefix(err.Error(), "model: ") {
				t.Fatalf("Forward with %d: %v", n, err)
			}
			if calls != 0 {
				t.Fatalf("Forward with %d delivered records and failed", n)
			}
		}
		if failed == 0 {
			t.Error("Forward with everything asked for never failed")
		}
		if calls != cfg.NLayer {
			t.Errorf("%d records of %d layers", calls, cfg.NLayer)
		}
		calls = 0
	}
	var snap model.Snapshot
	for n := range 2 * cfg.NLayer {
		f.reads = n
		if err := s.Save(&snap); !errors.Is(err, errDevice) {
			t.Errorf("Save with %d reads: %v", n, err)
		}
	}
	// A tap of no tokens at the end reads the state alone.
	f.reads = 0
	end := model.Options{Tap: &model.Tap{From: 3, To: 3, What: model.TapH, Func: func(*model.Record) {}}}
	if err := m.Forward(s, []int32{1, 2, 3}, end); !errors.Is(err, errDevice) {
		t.Errorf("an empty tap without reads: %v", err)
	}
	f.reads = plenty
	s.Reset()
	if err := m.Forward(s, []int32{1, 2, 3}, model.Options{Logits: logits}); err != nil {
		t.Fatal(err)
	}
	m2, s2 := open(t, scan.Float32, cfg, w)
	want := make([]float32, len(logits))
	if err := m2.Forward(s2, []int32{1, 2, 3}, model.Options{Logits: want}); err != nil {
		t.Fatal(err)
	}
	if at := identical(logits, want); at >= 0 {
		t.Errorf("after the failures logit %d is %g, want %g", at, logits[at], want[at])
	}
}
