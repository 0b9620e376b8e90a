package cuda

import (
	"testing"

	"mamba-tui/cuda/internal/simdriver"
	"mamba-tui/model"
	"mamba-tui/model/train"
	"mamba-tui/scan"
)

// compareGradients holds the loss and the gradient of one sequence against the
// float64 CPU backend, tensor by tensor, and demands the same bits twice.
func compareGradients(t *testing.T, b scan.Differentiable, cfg model.Config, tied bool, L int) {
	t.Helper()
	w := model.RandomWeights(cfg, 9)
	if !tied {
		w.Head = append([]float32(nil), w.Embedding...)
	}
	p := train.NewParameters(cfg, tied)
	tokens := tokensOf(cfg, L)
	targets := make([]int32, L)
	for i := range targets {
		targets[i] = -1
		if i%3 != 0 {
			targets[i] = tokens[(i*5+1)%L]
		}
	}
	gradient := func(b scan.Differentiable) ([]float32, train.Score) {
		t.Helper()
		n, err := train.NewNetwork(b, cfg, tied, L)
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		n.SetWeights(w)
		g := make([]float32, len(p.Flat))
		s, err := n.Gradient(tokens, targets, 1/float64(L), g)
		if err != nil {
			t.Fatal(err)
		}
		return g, s
	}
	got, score := gradient(b)
	again, _ := gradient(b)
	want, exact := gradient(scan.NewCPU(scan.Options{DType: scan.Float64}))
	if score.Asked != exact.Asked || score.Right != exact.Right || !(abs(score.Loss-exact.Loss) <= parity*exact.Loss) {
		t.Errorf("L %d: score %+v, want %+v", L, score, exact)
	}
	for _, s := range p.Tensors {
		if d := apart(t, got[s.Off:s.Off+s.Len], want[s.Off:s.Off+s.Len]); !(d <= parity) {
			t.Errorf("L %d: the gradient of %s is %.2g from float64", L, s.Name, d)
		}
	}
	for i := range got {
		if got[i] != again[i] {
			t.Fatalf("L %d: the gradient has other bits the second time, at %d", L, i)
		}
	}
}

func abs(x float64) float64 { return max(x, -x) }

// TestTraining: a training step's gradient.
func TestTraining(t *testing.T) {
	compareGradients(t, simulated(t), odd, false, 40)
	compareGradients(t, simulated(t), usual, true, 33)
}

// TestHardwareTraining is TestTraining on the device, and at lengths where the
// kernels split time.
func TestHardwareTraining(t *testing.T) {
	b := onDevice(t)
	wide := model.Config{VocabSize: 100, DModel: 96, DInner: 192, DState: 16, DConv: 4, DtRank: 6, NLayer: 2, Eps: 1e-5, ConvBias: true}
	for _, L := range []int{1, 33, 700} {
		compareGradients(t, b, odd, false, L)
		compareGradients(t, b, wide, true, L)
	}
}

// TestTrainer: a run whose sequences are computed side by side on two backends,
// against the float64 CPU.
func TestTrainer(t *testing.T) {
	r := train.Defaults("header")
	r.DModel, r.DState, r.DtRank, r.Steps, r.Batch, r.Lengths = 8, 4, 2, 2, 3, []int{16}
	losses := func(open func() (scan.Differentiable, error)) (all []float64) {
		t.Helper()
		seen := seenLosses{&all}
		if _, err := train.Run(t.Context(), r, train.Options{Threads: 2, Backend: open, Observer: seen, EvalEvery: 100}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	got := losses(func() (scan.Differentiable, error) {
		f := simdriver.New(t)
		f.Run = true
		return open(f, Options{})
	})
	want := losses(func() (scan.Differentiable, error) { return scan.NewCPU(scan.Options{DType: scan.Float64}), nil })
	if len(got) != r.Steps || len(want) != r.Steps {
		t.Fatalf("%d and %d losses of %d steps", len(got), len(want), r.Steps)
	}
	for i := range got {
		if !(abs(got[i]-want[i]) <= 1e-4*want[i]) {
			t.Errorf("step %d: loss %v, want %v", i, got[i], want[i])
		}
	}
}

// seenLosses keeps the loss of each step.
type seenLosses struct{ all *[]float64 }

func (s seenLosses) Progress(p train.Progress)                   { *s.all = append(*s.all, p.Loss) }
func (s seenLosses) Evaluated(*train.Evaluation, *model.Weights) {}
