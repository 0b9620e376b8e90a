package train

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// tiny is a model of odd shapes with every kind of tensor.
var tiny = model.Config{VocabSize: 7, DModel: 9, DInner: 17, DState: 3, DConv: 4, DtRank: 2, NLayer: 2,
	Eps: 1e-5, Bias: true, ConvBias: true}

// tinyLength is more than one chunk of the scan.
const tinyLength = scan.ChunkSteps + 17

// randomise gives every tensor values that no shortcut would survive, with Δ
// large enough for its gradients to be measured. They are multiples of 2^-14.
func randomise(p *Parameters, rng *rand.Rand) {
	for _, s := range p.Tensors {
		data := p.Flat[s.Off : s.Off+s.Len]
		fan := 1.0
		if len(s.Shape) == 2 {
			fan = float64(s.Shape[1])
		}
		for i := range data {
			data[i] = float32(rng.NormFloat64() / math.Sqrt(fan))
		}
	}
	fillAround := func(x []float32, mean, spread float64) {
		for i := range x {
			x[i] = float32(mean + spread*(2*rng.Float64()-1))
		}
	}
	fillAround(p.Weights.NormF, 1, 0.5)
	for i := range p.Weights.Layers {
		l := &p.Weights.Layers[i]
		fillAround(l.Norm, 1, 0.5)
		fillAround(l.DtBias, -0.5, 1.5)
		fillAround(l.ALog, -0.5, 1)
	}
	for i, x := range p.Flat {
		p.Flat[i] = float32(math.Round(float64(x)*(1<<14)) / (1 << 14))
	}
}

// question is a random sequence, asked at two thirds of its tokens.
func question(rng *rand.Rand, vocab, length int) (tokens, targets []int32) {
	for range length {
		tokens = append(tokens, rng.Int32N(int32(vocab)))
		target := int32(-1)
		if rng.IntN(3) > 0 {
			target = rng.Int32N(int32(vocab))
		}
		targets = append(targets, target)
	}
	return tokens, targets
}

func newNet(t testing.TB, dtype scan.DType, p *Parameters, rows int) *Network {
	t.Helper()
	n, err := NewNetwork(scan.NewCPU(scan.Options{DType: dtype, Threads: 1}), p.Config, p.Tied(), rows)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	n.SetWeights(p.Weights)
	return n
}

// relativeL2 is ‖a−b‖/‖b‖.
func relativeL2(a, b []float64) float64 {
	var d, n float64
	for i := range a {
		d += (a[i] - b[i]) * (a[i] - b[i])
		n += b[i] * b[i]
	}
	return math.Sqrt(d) / math.Sqrt(n)
}

func to64(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// variants are the kinds of model whose gradient is checked.
func variants(t *testing.T, f func(t *testing.T, p *Parameters, rng *rand.Rand)) {
	plain := tiny
	plain.Bias, plain.ConvBias, plain.NLayer, plain.DConv = false, false, 1, 1
	for _, v := range []struct {
		name string
		cfg  model.Config
		tied bool
	}{{"own head", tiny, false}, {"tied", tiny, true}, {"no biases", plain, false}} {
		t.Run(v.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(31, 7))
			p := NewParameters(v.cfg, v.tied)
			randomise(p, rng)
			f(t, p, rng)
		})
	}
}

// TestGradientAgainstDifferences: each tensor's gradient in float64 against
// fourth-order central differences of the loss, at up to 12 entries.
func TestGradientAgainstDifferences(t *testing.T) {
	const tolerance = 1e-4
	variants(t, func(t *testing.T, p *Parameters, rng *rand.Rand) {
		n := newNet(t, scan.Float64, p, tinyLength)
		tokens, targets := question(rng, p.Config.VocabSize, tinyLength)
		const scale = 0.125
		grad := make([]float32, len(p.Flat))
		if _, err := n.Gradient(tokens, targets, scale, grad); err != nil {
			t.Fatal(err)
		}
		loss := func() float64 {
			n.SetWeights(p.Weights)
			n.forward(tokens)
			if _, err := n.score(targets, 0, scan.View{}); err != nil {
				t.Fatal(err)
			}
			each := make([]float64, tinyLength)
			if err := n.b.ReadFloat64(each, n.loss, 0); err != nil {
				t.Fatal(err)
			}
			var sum float64
			for _, x := range each {
				sum += x
			}
			return scale * sum
		}
		for _, s := range p.Tensors {
			places := rng.Perm(s.Len)
			places = places[:min(12, s.Len)]
			have, want := make([]float64, len(places)), make([]float64, len(places))
			// Weights are multiples of 2^-14: a step of 2^-10 is exact. A is
			// rounded to float32, which a step of A_log must drown.
			h := float32(1.0 / 1024)
			if strings.HasSuffix(s.Name, "A_log") {
				h = 1.0 / 64
			}
			for k, i := range places {
				w := &p.Flat[s.Off+i]
				kept := *w
				at := func(x float32) float64 {
					*w = kept + x
					return loss()
				}
				want[k] = (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * float64(h))
				*w = kept
				have[k] = float64(grad[s.Off+i])
			}
			if d := relativeL2(have, want); !(d <= tolerance) {
				t.Errorf("%s: gradient %.3g, differences %.3g: relative distance %.1e, want at most %.0e", s.Name, have, want, d, tolerance)
			} else {
				t.Logf("%s: %.1e", s.Name, d)
			}
		}
	})
}

// TestGradientFloat32: each tensor's gradient in float32 against float64.
func TestGradientFloat32(t *testing.T) {
	const tolerance = 1e-5
	variants(t, func(t *testing.T, p *Parameters, rng *rand.Rand) {
		tokens, targets := question(rng, p.Config.VocabSize, tinyLength)
		have, want := make([]float32, len(p.Flat)), make([]float32, len(p.Flat))
		a, err := newNet(t, scan.Float32, p, tinyLength).Gradient(tokens, targets, 1, have)
		if err != nil {
			t.Fatal(err)
		}
		b, err := newNet(t, scan.Float64, p, tinyLength).Gradient(tokens, targets, 1, want)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(a.Loss-b.Loss) > tolerance*b.Loss || a.Asked != b.Asked {
			t.Errorf("score %+v in float32, %+v in float64", a, b)
		}
		for _, s := range p.Tensors {
			x, y := to64(have[s.Off:s.Off+s.Len]), to64(want[s.Off:s.Off+s.Len])
			if d := relativeL2(x, y); !(d <= tolerance) {
				t.Errorf("%s: relative distance %.1e, want at most %.0e", s.Name, d, tolerance)
			}
		}
	})
}

// TestForwardIsTheModels: logits have the bits of model.Forward, so that what
// is trained is what is run.
func TestForwardIsTheModels(t *testing.T) {
	variants(t, func(t *testing.T, p *Parameters, rng *rand.Rand) {
		tokens, _ := question(rng, p.Config.VocabSize, tinyLength)
		m, err := model.New(scan.NewCPU(scan.Options{}), p.Config, p.Weights)
		if err != nil {
			t.Fatal(err)
		}
		s, err := m.NewState()
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float32, tinyLength*p.Config.VocabSize)
		if err := m.Forward(s, tokens, model.Options{Logits: want}); err != nil {
			t.Fatal(err)
		}
		if have := logits(t, newNet(t, scan.Float32, p, tinyLength), tokens); !slices.Equal(have, want) {
			t.Error("logits differ from model.Forward")
		}
	})
}

// logits of every token.
func logits(t *testing.T, n *Network, tokens []int32) []float32 {
	t.Helper()
	n.forward(tokens)
	x := make([]float32, len(tokens)*n.cfg.VocabSize)
	if err := n.b.Read(x, n.logits, 0); err != nil {
		t.Fatal(err)
	}
	return x
}

// TestCausality: a changed token changes no logit before it, to the bit, and
// some from there on; and no gradient of the embedding of a token after the
// last question.
func TestCausality(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	p := NewParameters(tiny, false)
	randomise(p, rng)
	n := newNet(t, scan.Float32, p, tinyLength)
	tokens, targets := question(rng, tiny.VocabSize, tinyLength)
	before := logits(t, n, tokens)
	for _, at := range []int{0, 1, 20, scan.ChunkSteps, tinyLength - 1} {
		changed := slices.Clone(tokens)
		changed[at] = (changed[at] + 1) % int32(tiny.VocabSize)
		after := logits(t, n, changed)
		V := tiny.VocabSize
		if !slices.Equal(before[:at*V], after[:at*V]) {
			t.Errorf("token %d changes a logit before it", at)
		}
		if slices.Equal(before[at*V:], after[at*V:]) {
			t.Errorf("token %d changes nothing", at)
		}
	}
	// Token 6 stands only after the last question.
	for i := range tokens {
		tokens[i] %= 6
		if i >= 30 {
			tokens[i], targets[i] = 6, -1
		}
	}
	grad := make([]float32, len(p.Flat))
	if _, err := n.Gradient(tokens, targets, 1, grad); err != nil {
		t.Fatal(err)
	}
	e, M := p.segment("embeddings.weight"), tiny.DModel
	for i, g := range grad[e.Off : e.Off+e.Len] {
		if late := i/M == 6; late && g != 0 || !late && g == 0 {
			t.Errorf("gradient of the embedding of token %d is %g", i/M, g)
		}
	}
}

// TestGradientGolden: against PyTorch's autograd on the reference recurrence;
// see testdata/golden.py.
func TestGradientGolden(t *testing.T) {
	data, err := os.ReadFile("testdata/gradient.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Config model.Config
		Cases  []struct {
			Tied            bool
			Tokens, Targets []int32
			Loss            float64
			Weights         map[string][]float32
			Gradients       map[string][]float64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		p := NewParameters(golden.Config, c.Tied)
		for _, s := range p.Tensors {
			if copy(p.Flat[s.Off:s.Off+s.Len], c.Weights[s.Name]) != s.Len {
				t.Fatalf("%s: %d weights in the golden, want %d", s.Name, len(c.Weights[s.Name]), s.Len)
			}
		}
		asked := 0
		for _, x := range c.Targets {
			if x >= 0 {
				asked++
			}
		}
		for dtype, tolerance := range map[scan.DType]float64{scan.Float64: 1e-7, scan.Float32: 1e-5} {
			n := newNet(t, dtype, p, len(c.Tokens))
			grad := make([]float32, len(p.Flat))
			score, err := n.Gradient(c.Tokens, c.Targets, 1/float64(asked), grad)
			if err != nil {
				t.Fatal(err)
			}
			if have := score.Loss / float64(asked); math.Abs(have-c.Loss) > tolerance*c.Loss || score.Asked != asked {
				t.Errorf("%v, tied %v: loss %.9g over %d questions, PyTorch's %.9g over %d", dtype, c.Tied, have, score.Asked, c.Loss, asked)
			}
			for _, s := range p.Tensors {
				if d := relativeL2(to64(grad[s.Off:s.Off+s.Len]), c.Gradients[s.Name]); !(d <= tolerance) {
					t.Errorf("%v, tied %v: %s: relative distance %.1e to PyTorch's, want at most %.0e", dtype, c.Tied, s.Name, d, tolerance)
				}
			}
		}
	}
}

// TestGradientReuse: a network gives the same for a sequence whatever it
// computed before, in what room, and allocates nothing.
func TestGradientReuse(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	p := NewParameters(tiny, false)
	randomise(p, rng)
	used := newNet(t, scan.Float32, p, 90)
	have, want := make([]float32, len(p.Flat)), make([]float32, len(p.Flat))
	for _, length := range []int{90, 1, 70, 33, 32, 5} {
		tokens, targets := question(rng, tiny.VocabSize, length)
		a, err := used.Gradient(tokens, targets, 1, have)
		if err != nil {
			t.Fatal(err)
		}
		b, err := newNet(t, scan.Float32, p, length).Gradient(tokens, targets, 1, want)
		if err != nil {
			t.Fatal(err)
		}
		if a != b || !slices.Equal(have, want) {
			t.Errorf("%d tokens: a network that was used gives another gradient than a fresh one", length)
		}
	}
	tokens, targets := question(rng, tiny.VocabSize, 60)
	if n := testing.AllocsPerRun(3, func() {
		used.SetWeights(p.Weights)
		if _, err := used.Gradient(tokens, targets, 1, have); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a step, want 0", n)
	}
}

func TestNewNetworkRefuses(t *testing.T) {
	b := scan.NewCPU(scan.Options{})
	if _, err := NewNetwork(b, model.Config{}, false, 5); err == nil {
		t.Error("an impossible config is accepted")
	}
	if _, err := NewNetwork(b, tiny, false, 0); err == nil {
		t.Error("room for no token is accepted")
	}
}
