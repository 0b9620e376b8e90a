package task_test

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

var long = flag.Bool("long", false, "run the hand-written models up to 2^20 tokens, with 200 sequences a length up to 2^12")

// wipeBelow is the kept share under which the screen draws a reset mark ┃.
const wipeBelow = 0.05

// runner is a model with one state, for many sequences.
type runner struct {
	t    testing.TB
	m    *model.Model
	s    *model.State
	V, D int
}

func newRunner(t testing.TB, dtype scan.DType, cfg model.Config, w *model.Weights) *runner {
	t.Helper()
	m, err := model.New(scan.NewCPU(scan.Options{DType: dtype}), cfg, w)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Free(); m.Close() })
	return &runner{t: t, m: m, s: s, V: cfg.VocabSize, D: cfg.DInner}
}

func induction(t testing.TB) *runner {
	cfg, w, _ := task.InductionExact()
	return newRunner(t, scan.Float32, cfg, w)
}

func header(t testing.TB) *runner {
	cfg, w, _ := task.HeaderExact()
	return newRunner(t, scan.Float32, cfg, w)
}

// answers runs a sample from a fresh state and counts the questions whose most
// probable next token is the right one, and the least probability given to a
// right answer.
func (r *runner) answers(s task.Sample, tw *model.Tweaks) (right, asked int, least float64) {
	r.t.Helper()
	r.s.Reset()
	least = 1
	from := 0
	logits := make([]float32, r.V)
	for _, ask := range s.Asks {
		if err := r.m.Forward(r.s, s.Tokens[from:ask.At+1], model.Options{Logits: logits, Tweaks: tw}); err != nil {
			r.t.Fatal(err)
		}
		from = ask.At + 1
		asked++
		if best := model.Top(logits, 1)[0]; best.ID == ask.Answer {
			right++
		}
		least = min(least, model.Softmax(nil, logits)[ask.Answer])
	}
	return right, asked, least
}

// trace is what a run shows of the only layer: Δ and h of every token.
type trace struct{ delta, h, h0 []float32 }

func (r *runner) trace(tokens []int32) trace {
	r.t.Helper()
	r.s.Reset()
	var tr trace
	err := r.m.Forward(r.s, tokens, model.Options{Tap: &model.Tap{
		What: model.TapDelta | model.TapH,
		Func: func(rec *model.Record) {
			tr = trace{clone(rec.Delta), clone(rec.H), clone(rec.H0)}
		},
	}})
	if err != nil {
		r.t.Fatal(err)
	}
	return tr
}

func clone(s []float32) []float32 { return append([]float32(nil), s...) }

// frozen is Δ held at its mean over a clean run, per channel.
func (r *runner) frozen(tokens []int32) *model.Tweaks {
	tr := r.trace(tokens)
	mean := make([]float32, r.D)
	for d := range mean {
		var sum float64
		for t := range tokens {
			sum += float64(tr.delta[t*r.D+d])
		}
		mean[d] = float32(sum / float64(len(tokens)))
	}
	return &model.Tweaks{Layers: []model.LayerTweaks{{FreezeDelta: mean}}}
}

// kept is the share ρ = ‖Ā⊙h‖/‖h‖ of the state that each token keeps, NaN
// where there was no state.
func (r *runner) kept(tokens []int32) []float64 {
	tr := r.trace(tokens)
	A := r.m.A(0)
	rho := make([]float64, len(tokens))
	before := tr.h0
	for t := range tokens {
		var kept, all float64
		for d := range r.D { // N = 1
			h := float64(before[d])
			k := math.Exp(float64(tr.delta[t*r.D+d])*float64(A[d])) * h
			kept += k * k
			all += h * h
		}
		rho[t] = math.Sqrt(kept) / math.Sqrt(all) // 0/0 is NaN
		before = tr.h[t*r.D : (t+1)*r.D]
	}
	return rho
}

// lengths gives how many sequences of which length are run.
func lengths(long bool) map[int]int {
	n := map[int]int{}
	for p := 6; p <= 14; p++ {
		n[1<<p] = max(2, 1<<15>>p/2)
	}
	for p := 6; long && p <= 20; p++ {
		n[1<<p] = 8
		if p <= 12 {
			n[1<<p] = 200
		}
	}
	return n
}

// TestExactSolves: every answer right, at every length.
func TestExactSolves(t *testing.T) {
	for _, c := range []struct {
		name string
		r    *runner
		task task.Task
		long bool
	}{
		{"induction", induction(t), task.Induction{}, false},
		{"induction from the start", induction(t), task.Induction{Within: 10}, *long},
		{"induction with five pairs", induction(t), task.Induction{Pairs: 5}, false},
		{"header", header(t), task.Header{}, *long},
		{"header, one document", header(t), task.Header{Documents: 1}, false},
	} {
		for L, n := range lengths(c.long) {
			rng := rand.New(rand.NewPCG(1, uint64(L)))
			for range n {
				right, asked, least := c.r.answers(c.task.Draw(rng, L), nil)
				if right != asked || least < 0.9 {
					t.Fatalf("%s: %d of %d answers right at %d tokens, least probability %.3f", c.name, right, asked, L, least)
				}
			}
			t.Logf("%s: all right in %d sequences of %d tokens", c.name, n, L)
		}
	}
}

// TestConvOff: without the earlier taps the token after the key cannot be told
// from any other, nothing is written, and no answer is right.
func TestConvOff(t *testing.T) {
	off := &model.Tweaks{Layers: []model.LayerTweaks{{ConvTaps: 1}}}
	rng := rand.New(rand.NewPCG(2, 0))
	for _, c := range []struct {
		r    *runner
		task task.Task
	}{{induction(t), task.Induction{}}, {header(t), task.Header{Documents: 2}}} {
		right, asked := 0, 0
		for range 200 {
			s := c.task.Draw(rng, 64)
			n, m, _ := c.r.answers(s, off)
			right, asked = right+n, asked+m
		}
		t.Logf("%s: %d of %d right with the convolution off", c.task.Name(), right, asked)
		if right != 0 {
			t.Errorf("%s: %d of %d right with the convolution off, want 0", c.task.Name(), right, asked)
		}
	}
}

// chance is the interval that a binomial count of n tries at probability p
// leaves with probability below 1e-6 at each side.
func chance(n int, p float64) (low, high int) {
	const tail = 1e-6
	pmf := make([]float64, n+1)
	for k := range pmf {
		ln, _ := math.Lgamma(float64(n + 1))
		lk, _ := math.Lgamma(float64(k + 1))
		lm, _ := math.Lgamma(float64(n - k + 1))
		pmf[k] = math.Exp(ln - lk - lm + float64(k)*math.Log(p) + float64(n-k)*math.Log(1-p))
	}
	for sum := pmf[0]; sum < tail; sum += pmf[low] {
		low++
	}
	high = n
	for sum := pmf[n]; sum < tail; sum += pmf[high] {
		high--
	}
	return low, high
}

func TestChanceBound(t *testing.T) {
	// Symmetric at one half, and around the mean of 25 for 400 tries in 16.
	if low, high := chance(100, 0.5); low+high != 100 || low < 25 || low > 30 {
		t.Errorf("chance(100, 1/2) = %d to %d", low, high)
	}
	if low, high := chance(400, 1.0/16); low < 4 || low > 9 || high < 45 || high > 55 {
		t.Errorf("chance(400, 1/16) = %d to %d", low, high)
	}
}

// TestDeltaConstant: with Δ held at its clean mean the induction model is at
// chance, and the header model has lost what it held.
func TestDeltaConstant(t *testing.T) {
	const n = 400
	r, rng := induction(t), rand.New(rand.NewPCG(3, 0))
	right := 0
	for range n {
		s := task.Induction{Within: 10}.Draw(rng, 256)
		k, _, _ := r.answers(s, r.frozen(s.Tokens))
		right += k
	}
	low, high := chance(n, 1.0/task.Symbols)
	t.Logf("induction: %d of %d right with Δ constant; chance is %d to %d", right, n, low, high)
	if right < low || right > high {
		t.Errorf("induction: %d of %d right with Δ constant, want chance: %d to %d", right, n, low, high)
	}

	r, right = header(t), 0
	for range n {
		s := task.Header{Documents: 1}.Draw(rng, 256)
		k, _, _ := r.answers(s, r.frozen(s.Tokens))
		right += k
	}
	t.Logf("header: %d of %d right with Δ constant", right, n)
	if _, high := chance(n, 1.0/task.Symbols); right > high {
		t.Errorf("header: %d of %d right with Δ constant, want at most %d", right, n, high)
	}
}

// TestResetMarks: a mark ┃ (kept share below 0.05) on every token that
// overwrites a memory, and on no other. The first write has nothing to wipe.
func TestResetMarks(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 0))
	for _, c := range []struct {
		r     *runner
		draw  func() task.Sample
		key   int32
		first float64 // kept share at the first write: NaN when h was exactly 0
	}{
		{induction(t), func() task.Sample { return task.Induction{Pairs: 1 + rng.IntN(6)}.Draw(rng, 13+rng.IntN(150)) }, task.InductionKey, 1},
		{header(t), func() task.Sample { return task.Header{}.Draw(rng, 3+rng.IntN(160)) }, task.HeaderMark, math.NaN()},
	} {
		var overwrites, hits, others, falseMarks, firsts int
		for range 100 {
			s := c.draw()
			written := false
			for i, rho := range c.r.kept(s.Tokens) {
				write := i > 0 && s.Tokens[i-1] == c.key
				mark := rho < wipeBelow
				switch {
				case write && written:
					overwrites++
					if mark {
						hits++
					}
				case mark:
					others++
					falseMarks++
				case write:
					firsts++
					if math.IsNaN(c.first) != math.IsNaN(rho) || rho < 0.5 {
						t.Errorf("key %d: kept share at the first write is %g, want about %g", c.key, rho, c.first)
					}
				default:
					others++
					if rho < 0.999 {
						t.Errorf("key %d: token %d keeps %g of h, want 1", c.key, i, rho)
					}
				}
				written = written || write
			}
		}
		t.Logf("key %d: %d of %d overwrites marked, %d false marks on %d other tokens, %d first writes", c.key, hits, overwrites, falseMarks, others, firsts)
		if hits != overwrites || overwrites < 100 || falseMarks != 0 || firsts != 100 {
			t.Errorf("key %d: %d of %d overwrites marked, %d false marks, %d first writes of 100", c.key, hits, overwrites, falseMarks, firsts)
		}
	}
}

// TestRolelessChannels: channels without a role keep what they hold. Left at a
// dt bias of 0 they would forget at Δ = 0.69.
func TestRolelessChannels(t *testing.T) {
	for name, exact := range map[string]func() (model.Config, *model.Weights, model.Card){
		"induction": task.InductionExact, "header": task.HeaderExact,
	} {
		cfg, w, _ := exact()
		for d, bias := range w.Layers[0].DtBias {
			if bias != -20 {
				t.Errorf("%s: dt bias of channel %d is %g, want −20", name, d, bias)
			}
		}
		r := newRunner(t, scan.Float32, cfg, w)
		tokens := make([]int32, 500)
		rng := rand.New(rand.NewPCG(5, 0))
		for i := range tokens {
			tokens[i] = rng.Int32N(int32(cfg.VocabSize))
		}
		tr := r.trace(tokens)
		for i, delta := range tr.delta {
			if d := i % cfg.DInner; d >= task.Symbols && delta > 1e-8 {
				t.Fatalf("%s: Δ of channel %d is %g at token %d, want 2e-9", name, d, delta, i/cfg.DInner)
			}
		}
	}
}

// TestConstructionsAreDeterministic: two calls give the same weights and the same card, and
// they fit their config.
func TestConstructionsAreDeterministic(t *testing.T) {
	for name, exact := range map[string]func() (model.Config, *model.Weights, model.Card){
		"induction-exact": task.InductionExact, "header-exact": task.HeaderExact,
	} {
		cfg, w, card := exact()
		cfg2, w2, card2 := exact()
		if cfg != cfg2 || card.Note != card2.Note {
			t.Errorf("%s: two calls differ", name)
		}
		if err := w.Validate(cfg); err != nil {
			t.Error(err)
		}
		again := w2.Tensors(cfg)
		for i, x := range w.Tensors(cfg) {
			for j := range *x.Data {
				if (*x.Data)[j] != (*again[i].Data)[j] {
					t.Fatalf("%s: %s differs between two calls", name, x.Name)
				}
			}
		}
		if card.Name != name || card.Kind != model.HandWritten || len(card.Symbols) != cfg.VocabSize {
			t.Errorf("%s: card %q %q with %d symbols for %d tokens", name, card.Name, card.Kind, len(card.Symbols), cfg.VocabSize)
		}
	}
}
