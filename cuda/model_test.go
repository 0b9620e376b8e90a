package cuda

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"mamba-tui/cuda/internal/simdriver"
	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// parity is what an interpreter that rounds as a GPU does, but for the special
// functions, may be away from float64, relative to a tensor's largest value.
const parity = 1e-5

// apart is max|a−b| / max|b|.
func apart(t testing.TB, a, b []float32) float64 {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d values, want %d", len(a), len(b))
	}
	worst, most := 0.0, 0.0
	for i, x := range b {
		d := math.Abs(float64(a[i]) - float64(x))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		worst, most = max(worst, d), max(most, math.Abs(float64(x)))
	}
	if worst == 0 {
		return 0
	}
	return worst / most
}

// sides are one model on the device and on the float64 CPU backend.
type sides struct {
	t      testing.TB
	cfg    model.Config
	m, ref *model.Model
	s, r   *model.State
}

func newSides(t testing.TB, b scan.Backend, cfg model.Config, w *model.Weights) *sides {
	t.Helper()
	one := func(b scan.Backend) (*model.Model, *model.State) {
		m, err := model.New(b, cfg, w)
		if err != nil {
			t.Fatal(err)
		}
		s, err := m.NewState()
		if err != nil {
			t.Fatal(err)
		}
		return m, s
	}
	x := &sides{t: t, cfg: cfg}
	x.m, x.s = one(b)
	x.ref, x.r = one(scan.NewCPU(scan.Options{DType: scan.Float64}))
	return x
}

func (x *sides) close() {
	x.s.Free()
	x.m.Close()
}

// forward runs tokens on both sides and compares the logits of every one.
func (x *sides) forward(what string, tokens []int32, o model.Options) {
	x.t.Helper()
	got, want := make([]float32, len(tokens)*x.cfg.VocabSize), make([]float32, len(tokens)*x.cfg.VocabSize)
	o.Logits = got
	err := x.m.Forward(x.s, tokens, o)
	o.Logits = want
	if err := errors.Join(err, x.ref.Forward(x.r, tokens, o)); err != nil {
		x.t.Fatalf("%s: %v", what, err)
	}
	if d := apart(x.t, got, want); d > parity {
		x.t.Errorf("%s: logits are %.2g from float64", what, d)
	}
}

// states compares h and the windows.
func (x *sides) states(what string) {
	x.t.Helper()
	var got, want model.Snapshot
	if err := errors.Join(x.s.Save(&got), x.r.Save(&want)); err != nil {
		x.t.Fatalf("%s: %v", what, err)
	}
	for i := range got.H {
		if d := apart(x.t, got.H[i], want.H[i]); d > parity {
			x.t.Errorf("%s: h of layer %d is %.2g from float64", what, i, d)
		}
		if d := apart(x.t, got.Conv[i], want.Conv[i]); d > parity {
			x.t.Errorf("%s: the window of layer %d is %.2g from float64", what, i, d)
		}
	}
}

// odd is a configuration whose widths are no multiple of anything.
var odd = model.Config{VocabSize: 37, DModel: 19, DInner: 42, DState: 5, DConv: 4, DtRank: 3, NLayer: 2, Eps: 1e-5, ConvBias: true}

// usual has the proportions of a real model.
var usual = model.Config{VocabSize: 64, DModel: 32, DInner: 64, DState: 16, DConv: 4, DtRank: 2, NLayer: 2, Eps: 1e-5, ConvBias: true}

func tokensOf(cfg model.Config, n int) []int32 {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = r.Int32N(int32(cfg.VocabSize))
	}
	return ids
}

// TestModel: a model on the device agrees with float64 over chunks, steps and
// taps, with reset marks and tweaks.
func TestModel(t *testing.T) {
	for name, cfg := range map[string]model.Config{"odd": odd, "usual": usual} {
		t.Run(name, func(t *testing.T) {
			x := newSides(t, simulated(t), cfg, model.RandomWeights(cfg, 5))
			defer x.close()
			x.forward("a chunk", tokensOf(cfg, 70), model.Options{})
			x.states("after a chunk")
			resets := make([]int32, 20)
			resets[0], resets[7], resets[12] = scan.ResetState, scan.ResetState|scan.ResetConv, scan.ResetConv
			x.forward("with marks", tokensOf(cfg, 20), model.Options{Resets: resets})
			x.states("with marks")
			x.forward("with a rule", tokensOf(cfg, 5), model.Options{Tweaks: model.Everywhere(cfg, model.LayerTweaks{Rule: scan.Bilinear, ConvTaps: 1})})
			for i, id := range tokensOf(cfg, 6) {
				x.forward("a step", []int32{id}, model.Options{})
				if i == 2 {
					x.states("after a step")
				}
			}
			x.states("after steps")
			x.tap(tokensOf(cfg, 9))
		})
	}
}

// tap compares everything that happens inside a block.
func (x *sides) tap(tokens []int32) {
	x.t.Helper()
	collect := func(m *model.Model, s *model.State) map[string][]float32 {
		all := map[string][]float32{}
		tap := &model.Tap{What: model.TapAll, From: 2, To: 8, Func: func(r *model.Record) {
			for name, v := range map[string][]float32{"In": r.In, "Norm": r.Norm, "X": r.X, "U": r.U, "Delta": r.Delta, "B": r.B,
				"C": r.C, "Z": r.Z, "Y": r.Y, "Gated": r.Gated, "Out": r.Out, "H": r.H, "Window": r.Window, "H0": r.H0} {
				key := name + " of layer " + string(rune('0'+r.Layer))
				all[key] = append([]float32(nil), v...)
			}
		}}
		if err := m.Forward(s, tokens, model.Options{Tap: tap}); err != nil {
			x.t.Fatal(err)
		}
		return all
	}
	got, want := collect(x.m, x.s), collect(x.ref, x.r)
	for name := range want {
		if d := apart(x.t, got[name], want[name]); d > parity {
			x.t.Errorf("%s is %.2g from float64", name, d)
		}
	}
}

// TestRecordedSteps: steps after the second are one launch of a graph each, and
// the bits are those of the kernels launched one by one.
func TestRecordedSteps(t *testing.T) {
	f := simdriver.New(t)
	f.Run = true
	b, err := open(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := model.RandomWeights(usual, 5)
	x := newSides(t, b, usual, w)
	y := newSides(t, unrecorded{b}, usual, w)
	one, two := make([]float32, usual.VocabSize), make([]float32, usual.VocabSize)
	for i, id := range tokensOf(usual, 8) {
		launches := f.Count("Launch")
		if err := x.m.Step(x.s, id, one); err != nil {
			t.Fatal(err)
		}
		if n := f.Count("Launch") - launches; i > 1 && n != 0 {
			t.Errorf("step %d launched %d kernels one by one", i, n)
		}
		if err := y.m.Step(y.s, id, two); err != nil {
			t.Fatal(err)
		}
		for k := range one {
			if math.Float32bits(one[k]) != math.Float32bits(two[k]) {
				t.Fatalf("step %d: logit %d is %v recorded and %v one by one", i, k, one[k], two[k])
			}
		}
	}
	if n := f.Count("LaunchGraph"); n != 7 {
		t.Errorf("%d graphs launched in 8 steps, want 7", n)
	}
	x.close()
	y.close()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	f.Left()
	if f.Execs() != 0 {
		t.Errorf("%d graphs were not freed", f.Execs())
	}
}

// unrecorded hides Capture.
type unrecorded struct{ scan.Backend }

// TestHeaderExact: the hand-written model answers on the device what it answers
// on the CPU.
func TestHeaderExact(t *testing.T) {
	cfg, w, _ := task.HeaderExact()
	x := newSides(t, simulated(t), cfg, w)
	defer x.close()
	x.forward("header-exact", tokensOf(cfg, 30), model.Options{})
	x.states("header-exact")
}

// TestTapWaitsOnce: everything that happens at a token comes back with one
// wait, but for the convolution's windows.
func TestTapWaitsOnce(t *testing.T) {
	f := simdriver.New(t)
	b, err := open(f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	m, err := model.New(b, usual, model.RandomWeights(usual, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Free()
	before, reads := f.Count("Query")+f.Count("Synchronize"), f.Count("CopyToHost")
	tap := &model.Tap{What: model.TapAll &^ model.TapWindow, Func: func(*model.Record) {}}
	if err := m.Forward(s, []int32{1, 2, 3}, model.Options{Tap: tap}); err != nil {
		t.Fatal(err)
	}
	waits := f.Count("Query") + f.Count("Synchronize") - before
	if reads := f.Count("CopyToHost") - reads; waits > 3 || reads < 20 {
		t.Errorf("%d arrays were waited for %d times", reads, waits)
	}
}
