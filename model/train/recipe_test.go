package train

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/model/task"
	"mamba-tui/scan"
)

// TestDefaults: every named task has a recipe that can be followed.
func TestDefaults(t *testing.T) {
	for _, tk := range task.All() {
		r := Defaults(tk.Name())
		if err := r.Validate(tk); err != nil {
			t.Errorf("%s: %v", tk.Name(), err)
		}
		if err := r.Config(tk.Vocab()).Validate(); err != nil {
			t.Errorf("%s: %v", tk.Name(), err)
		}
	}
}

func TestRecipeRefuses(t *testing.T) {
	for what, change := range map[string]func(r *Recipe){
		"no steps":             func(r *Recipe) { r.Steps = 0 },
		"a batch of none":      func(r *Recipe) { r.Batch = 0 },
		"no length":            func(r *Recipe) { r.Lengths = nil },
		"falling lengths":      func(r *Recipe) { r.Lengths = []int{64, 32} },
		"a length too short":   func(r *Recipe) { r.Lengths = []int{1} },
		"a rate of NaN":        func(r *Recipe) { r.LearningRate = math.NaN() },
		"a negative rate":      func(r *Recipe) { r.LearningRate = -1 },
		"β2 of one":            func(r *Recipe) { r.Beta2 = 1 },
		"no clip":              func(r *Recipe) { r.Clip = 0 },
		"Δ the wrong way":      func(r *Recipe) { r.DtMin, r.DtMax = 1, 0.1 },
		"an unknown conv":      func(r *Recipe) { r.Conv = "curved" },
		"an unknown A":         func(r *Recipe) { r.A = "hippo" },
		"too many states":      func(r *Recipe) { r.DState = 100000 },
		"an infinite clipping": func(r *Recipe) { r.Clip = math.Inf(1) },
	} {
		r := Defaults("header")
		change(&r)
		if err := r.Validate(task.Header{}); err == nil {
			t.Errorf("%s is accepted", what)
		} else if !strings.HasPrefix(err.Error(), "train: ") {
			t.Errorf("%s: %q does not say where it comes from", what, err)
		}
	}
}

func TestSelective(t *testing.T) {
	for text, want := range map[string]Selective{
		"delta,b,c": {true, true, true}, "none": {}, "": {}, "c": {C: true}, "B, delta": {Delta: true, B: true},
	} {
		s, err := ParseSelective(text)
		if err != nil || s != want {
			t.Errorf("%q is %+v, %v; want %+v", text, s, err, want)
		}
		again, err := ParseSelective(s.String())
		if err != nil || again != s {
			t.Errorf("%+v is written as %q and read as %+v, %v", s, s, again, err)
		}
	}
	if _, err := ParseSelective("delta,d"); err == nil {
		t.Error(`"d" is accepted`)
	}
	r := Defaults("header")
	r.Selective = Selective{B: true}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Recipe
	if err := json.Unmarshal(text, &back); err != nil || !back.equal(r) {
		t.Errorf("a recipe comes back from JSON as %+v, %v", back, err)
	}
}

// TestRate: a tenth of the way up at a tenth of the warm-up, the greatest rate
// times the cosine at its end, half way down in the middle, the floor at the
// end.
func TestRate(t *testing.T) {
	r := Recipe{Steps: 1000, WarmUp: 100, LearningRate: 2, Floor: 0.1}
	for step, want := range map[int]float64{
		10:   0.2 * (0.1 + 0.9*(1+math.Cos(math.Pi/100))/2),
		100:  2 * (0.1 + 0.9*(1+math.Cos(math.Pi/10))/2),
		500:  2 * 0.55,
		1000: 2 * 0.1,
	} {
		if have := r.rate(step); math.Abs(have-want) > 1e-12 {
			t.Errorf("rate of step %d is %g, want %g", step, have, want)
		}
	}
}

// TestAdamW: two steps worked out by hand. With β1 = 0.5, β2 = 0.75 and
// gradients 1 then 3: m̂ = 1 then (0.25+1.5)/0.75 = 7/3, v̂ = 1 then
// (0.1875+2.25)/0.4375 = 39/7.
func TestAdamW(t *testing.T) {
	p := NewParameters(model.Config{VocabSize: 1, DModel: 1, DInner: 1, DState: 1, DConv: 1, DtRank: 1, NLayer: 1, Eps: 1e-5}, false)
	fill(p.Flat, 2)
	n := len(p.Flat)
	opt := adamW{m: make([]float32, n), v: make([]float32, n), frozen: make([]bool, n)}
	opt.frozen[p.segment("norm_f.weight").Off] = true
	r := Recipe{Beta1: 0.5, Beta2: 0.75, WeightDecay: 0.25, Clip: 1e6}
	plain, decayed := 2.0, 2.0
	for _, g := range []struct{ grad, m, v float64 }{{1, 1, 1}, {3, 7.0 / 3, 39.0 / 7}} {
		grad := make([]float32, n)
		fill(grad, float32(g.grad))
		norm := opt.update(p, grad, 0.1, r)
		if want := g.grad * math.Sqrt(float64(n-1)); math.Abs(norm-want) > 1e-9 {
			t.Errorf("norm %g, want %g: what is frozen has no gradient", norm, want)
		}
		plain -= 0.1 * g.m / math.Sqrt(g.v)
		decayed -= 0.1*g.m/math.Sqrt(g.v) + 0.1*0.25*decayed
	}
	for _, s := range p.Tensors {
		want := plain
		switch s.Name {
		case "norm_f.weight":
			want = 2
		case "layers.0.mixer.in_proj.weight", "layers.0.mixer.x_proj.weight", "layers.0.mixer.out_proj.weight", "lm_head.weight":
			want = decayed
		}
		if have := float64(p.Flat[s.Off]); math.Abs(have-want) > 1e-6 {
			t.Errorf("%s is %g, want %g", s.Name, have, want)
		}
	}
}

// TestClip: the direction of a long gradient is kept, its length cut; AdamW
// sees the cut one, and one that is no number changes nothing.
func TestClip(t *testing.T) {
	p := NewParameters(tiny, true)
	n := len(p.Flat)
	opt := adamW{m: make([]float32, n), v: make([]float32, n)}
	grad := make([]float32, n)
	grad[3], grad[4] = 30, 40
	if norm := opt.update(p, grad, 1e-3, Recipe{Beta1: 0.5, Beta2: 0.5, Clip: 5}); norm != 50 {
		t.Errorf("norm %g, want 50", norm)
	}
	if opt.m[3] != 1.5 || opt.m[4] != 2 {
		t.Errorf("AdamW saw half of (%g, %g), want of (3, 4)", 2*opt.m[3], 2*opt.m[4])
	}
	before := slices.Clone(p.Flat)
	grad[0] = float32(math.NaN())
	if norm := opt.update(p, grad, 1e-3, Recipe{Clip: 1}); !math.IsNaN(norm) || !slices.Equal(before, p.Flat) || opt.step != 1 {
		t.Error("a gradient that is no number changes something")
	}
}

// TestInitialise: what each choice of a recipe begins with.
func TestInitialise(t *testing.T) {
	r := Defaults("header")
	begin := func(change func(r *Recipe)) (*Parameters, []bool) {
		r := r
		change(&r)
		p := NewParameters(r.Config(18), r.Tied)
		return p, initialise(p, r)
	}
	p, frozen := begin(func(*Recipe) {})
	if frozen != nil {
		t.Error("something is frozen without an ablation")
	}
	l := &p.Weights.Layers[0]
	D, N, K := p.Config.DInner, p.Config.DState, p.Config.DConv
	for d := range D {
		if delta := math.Log1p(math.Exp(float64(l.DtBias[d]))); delta < r.DtMin*0.999 || delta > r.DtMax*1.001 {
			t.Errorf("Δ of channel %d begins at %g", d, delta)
		}
		for n := range N {
			if a := math.Exp(float64(l.ALog[d*N+n])); math.Abs(a-float64(n+1)) > 1e-5 {
				t.Errorf("A[%d][%d] begins at −%g, want −%d", d, n, a, n+1)
			}
		}
		for k, w := range l.ConvW[d*K : (d+1)*K] {
			if last := k == K-1; last && w != 1 || !last && (math.Abs(float64(w)) > 0.1 || w == 0) {
				t.Errorf("tap %d of channel %d begins at %g", k, d, w)
			}
		}
	}
	if std := deviation(p.Weights.Embedding); math.Abs(std-1) > 0.1 {
		t.Errorf("the embedding begins with standard deviation %g, want 1", std)
	}
	if p, _ = begin(func(r *Recipe) { r.Conv = ConvStandard }); deviation(p.Weights.Layers[0].ConvW) < 0.2 || p.Weights.Layers[0].ConvB[3] == 0 {
		t.Error("the standard convolution does not begin at random")
	}
	if p, _ = begin(func(r *Recipe) { r.A = AConstant }); math.Abs(math.Exp(float64(p.Weights.Layers[0].ALog[5]))-0.5) > 1e-6 {
		t.Error("constant A is not −1/2")
	}
	if p, _ = begin(func(r *Recipe) { r.A = ARandom }); math.Abs(deviation(p.Weights.Layers[0].ALog)-1) > 0.15 {
		t.Error("random A_log is not N(0, 1)")
	}
	a, _ := begin(func(*Recipe) {})
	b, _ := begin(func(r *Recipe) { r.Seed++ })
	c, _ := begin(func(*Recipe) {})
	if !slices.Equal(a.Flat, c.Flat) || slices.Equal(a.Flat, b.Flat) {
		t.Error("the seed does not decide what a run begins with")
	}
}

func deviation(x []float32) float64 {
	var sum, squares float64
	for _, v := range x {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(x))
	return math.Sqrt(squares/n - sum/n*sum/n)
}

// TestAblations: after training steps, what a recipe takes away is constant
// over tokens, and what it leaves is not; the model is a checkpoint like any
// other, run by package model.
func TestAblations(t *testing.T) {
	for _, c := range []struct {
		selective Selective
		conv      Conv
	}{
		{allSelective, ConvIdentity}, {Selective{B: true, C: true}, ConvIdentity}, {Selective{Delta: true, C: true}, ConvStandard},
		{Selective{Delta: true, B: true}, ConvIdentity}, {Selective{}, ConvOff}, {allSelective, ConvOff},
	} {
		r := Defaults("header")
		r.Selective, r.Conv, r.Steps, r.Batch, r.Lengths, r.WarmUp = c.selective, c.conv, 5, 2, []int{32}, 0
		res, err := Run(t.Context(), r, Options{})
		if err != nil {
			t.Fatal(err)
		}
		first := NewParameters(res.Config, false)
		initialise(first, r)
		if slices.Equal(first.Flat, res.Checkpoint.Parameters.Flat) {
			t.Fatal("nothing was trained")
		}
		m, err := model.New(scan.NewCPU(scan.Options{}), res.Config, res.Weights)
		if err != nil {
			t.Fatal(err)
		}
		s, err := m.NewState()
		if err != nil {
			t.Fatal(err)
		}
		tokens := task.Header{}.Draw(rand.New(rand.NewPCG(1, 1)), 40).Tokens
		var rec model.Record
		if err := m.Forward(s, tokens, model.Options{Tap: &model.Tap{What: model.TapDrive, Func: func(x *model.Record) {
			rec.Delta, rec.B, rec.C = slices.Clone(x.Delta), slices.Clone(x.B), slices.Clone(x.C)
		}}}); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			name      string
			rows      []float32
			selective bool
		}{{"Δ", rec.Delta, c.selective.Delta}, {"B", rec.B, c.selective.B}, {"C", rec.C, c.selective.C}} {
			cols := len(x.rows) / len(tokens)
			constant := true
			for i, v := range x.rows {
				constant = constant && v == x.rows[i%cols]
			}
			if constant == x.selective {
				t.Errorf("%v, conv %s: %s is constant: %v", c.selective, c.conv, x.name, constant)
			}
			if slices.Max(x.rows) == 0 && slices.Min(x.rows) == 0 {
				t.Errorf("%v: %s is zero", c.selective, x.name)
			}
		}
		if c.conv == ConvOff {
			for k, w := range res.Weights.Layers[0].ConvW {
				if (w == 0) != (k%res.Config.DConv != res.Config.DConv-1) {
					t.Fatalf("without a convolution tap %d is %g", k, w)
				}
			}
		}
	}
}

// TestAUC: by hand, and against counting every pair.
func TestAUC(t *testing.T) {
	for _, c := range []struct {
		a, b []float32
		want float64
	}{
		{[]float32{3, 4}, []float32{1, 2}, 1}, {[]float32{1}, []float32{1}, 0.5}, {nil, []float32{1}, 0.5}, {[]float32{1}, nil, 0.5},
		{[]float32{1, 2}, []float32{2, 3}, 0.125}, {[]float32{0}, []float32{1, 2, 3}, 0}, {[]float32{5, 1}, []float32{3}, 0.5},
	} {
		if have := AUC(c.a, c.b); have != c.want {
			t.Errorf("AUC(%v, %v) is %g, want %g", c.a, c.b, have, c.want)
		}
	}
	rng := rand.New(rand.NewPCG(6, 6))
	for range 100 {
		a, b := make([]float32, 1+rng.IntN(20)), make([]float32, 1+rng.IntN(20))
		for _, s := range [][]float32{a, b} {
			for i := range s {
				s[i] = float32(rng.IntN(8))
			}
		}
		var wins float64
		for _, x := range a {
			for _, y := range b {
				if x > y {
					wins++
				} else if x == y {
					wins += 0.5
				}
			}
		}
		if have, want := AUC(a, b), wins/float64(len(a)*len(b)); math.Abs(have-want) > 1e-12 {
			t.Fatalf("AUC(%v, %v) is %g, want %g", a, b, have, want)
		}
	}
}
