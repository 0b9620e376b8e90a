package model_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// mamba130m are the dimensions of state-spaces/mamba-130m.
func mamba130m() model.Config {
	return model.Config{
		VocabSize: 50280, DModel: 768, DInner: 1536, DState: 16, DConv: 4, DtRank: 48,
		NLayer: 24, Eps: 1e-5, ConvBias: true,
	}
}

// TestParameters: the published number of mamba-130m, and the sum of what the
// tensors hold for every odd shape.
func TestParameters(t *testing.T) {
	if have := mamba130m().Parameters(); have != 129_135_360 {
		t.Errorf("mamba-130m has %d parameters, want 129,135,360", have)
	}
	for _, cfg := range oddShapes() {
		w := model.NewWeights(cfg)
		if w.Parameters() != cfg.Parameters() {
			t.Errorf("%+v: %d parameters in the tensors, %d by the config", cfg, w.Parameters(), cfg.Parameters())
		}
		w.Head = make([]float32, cfg.VocabSize*cfg.DModel)
		if w.Parameters() != cfg.Parameters()+cfg.VocabSize*cfg.DModel {
			t.Errorf("%+v: a separate head adds %d", cfg, w.Parameters()-cfg.Parameters())
		}
	}
}

func TestConfigValidate(t *testing.T) {
	if err := mamba130m().Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*model.Config){
		"vocab_size is 0, want 1 to ":     func(c *model.Config) { c.VocabSize = 0 },
		"d_model is -1":                   func(c *model.Config) { c.DModel = -1 },
		"d_inner is 0":                    func(c *model.Config) { c.DInner = 0 },
		"d_state is 0":                    func(c *model.Config) { c.DState = 0 },
		"d_conv is 0":                     func(c *model.Config) { c.DConv = 0 },
		"dt_rank is 0":                    func(c *model.Config) { c.DtRank = 0 },
		"n_layer is 0":                    func(c *model.Config) { c.NLayer = 0 },
		"n_layer is 9999":                 func(c *model.Config) { c.NLayer = 9999 },
		"d_inner is 2097152":              func(c *model.Config) { c.DInner = 1 << 21 },
		"eps is 0":                        func(c *model.Config) { c.Eps = 0 },
		"eps is NaN":                      func(c *model.Config) { c.Eps = math.NaN() },
		"eps is +Inf":                     func(c *model.Config) { c.Eps = math.Inf(1) },
		"the dimensions ask for 4.95e+13": func(c *model.Config) { c.DModel, c.DInner = 1<<20, 1<<20; c.NLayer = 15 },
	} {
		c := mamba130m()
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), "model: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// TestTensors: names, shapes and order of mamba-130m (§3's table), and that
// Data points into the weights.
func TestTensors(t *testing.T) {
	cfg := mamba130m()
	cfg.NLayer = 1
	w := &model.Weights{}
	var have []string
	for _, x := range w.Tensors(cfg) {
		have = append(have, fmt.Sprint(x.Name, x.Shape, x.Use, x.Optional))
	}
	want := []string{
		"embeddings.weight[50280 768] true false",
		"layers.0.norm.weight[768] true false",
		"layers.0.mixer.in_proj.weight[3072 768] true false",
		"layers.0.mixer.in_proj.bias[3072] false false",
		"layers.0.mixer.conv1d.weight[1536 4] true false",
		"layers.0.mixer.conv1d.bias[1536] true false",
		"layers.0.mixer.x_proj.weight[80 1536] true false",
		"layers.0.mixer.dt_proj.weight[1536 48] true false",
		"layers.0.mixer.dt_proj.bias[1536] true false",
		"layers.0.mixer.A_log[1536 16] true false",
		"layers.0.mixer.D[1536] true false",
		"layers.0.mixer.out_proj.weight[768 1536] true false",
		"layers.0.mixer.out_proj.bias[768] false false",
		"norm_f.weight[768] true false",
		"lm_head.weight[50280 768] true true",
	}
	if !slices.Equal(have, want) {
		t.Errorf("tensors are\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
	*w.Tensors(cfg)[9].Data = []float32{1, 2, 3}
	if len(w.Layers) != 1 || len(w.Layers[0].ALog) != 3 {
		t.Error("Data does not point to the field")
	}
}

// TestWeightsValidate: every tensor with one element too few, too many, and
// missing is named with both numbers, by Validate and by New.
func TestWeightsValidate(t *testing.T) {
	b := scan.NewCPU(scan.Options{})
	for _, cfg := range oddShapes() {
		w := livelyWeights(cfg, 1) // with a head of its own
		if err := w.Validate(cfg); err != nil {
			t.Fatal(err)
		}
		for _, x := range w.Tensors(cfg) {
			full := *x.Data
			for _, n := range []int{0, x.Len() - 1, x.Len() + 1} {
				*x.Data = make([]float32, n)
				err := w.Validate(cfg)
				switch {
				case n == 0 && (!x.Use || x.Optional):
					if err != nil {
						t.Errorf("%s may be missing: %v", x.Name, err)
					}
				case err == nil || !strings.Contains(err.Error(), x.Name):
					t.Errorf("%s with %d elements for %d: %v", x.Name, n, x.Len(), err)
				case n != 0 && !strings.Contains(err.Error(), fmt.Sprint(n, " elements")):
					t.Errorf("%s with %d elements for %d: %v", x.Name, n, x.Len(), err)
				case n != 0 && x.Use && !strings.Contains(err.Error(), fmt.Sprint("want shape ", x.Shape)):
					t.Errorf("%s with %d elements for %d: %v", x.Name, n, x.Len(), err)
				}
				if _, newErr := model.New(b, cfg, w); (newErr == nil) != (err == nil) {
					t.Errorf("%s with %d elements: New says %v, Validate %v", x.Name, n, newErr, err)
				}
			}
			*x.Data = full
		}
		w.Layers = append(w.Layers, model.LayerWeights{})
		if err := w.Validate(cfg); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d layers, the config wants %d", cfg.NLayer+1, cfg.NLayer)) {
			t.Errorf("one layer too many: %v", err)
		}
	}
	cfg := oddShapes()[0]
	if _, err := model.New(nil, cfg, model.NewWeights(cfg)); err == nil {
		t.Error("New without a backend gave no error")
	}
	if _, err := model.New(b, cfg, nil); err == nil {
		t.Error("New without weights gave no error")
	}
	if _, err := model.New(b, model.Config{}, model.NewWeights(cfg)); err == nil {
		t.Error("New with an empty config gave no error")
	}
}

// TestNewKeepsNothing: the model has its own copy of the weights.
func TestNewKeepsNothing(t *testing.T) {
	cfg := oddShapes()[0]
	w := livelyWeights(cfg, 1)
	m, s := open(t, scan.Float32, cfg, w)
	want, _ := run(t, m, s, []int32{1, 2, 3}, nil)
	for _, x := range w.Tensors(cfg) {
		for i := range *x.Data {
			(*x.Data)[i] = float32(math.NaN())
		}
	}
	have, _ := run(t, m, s, []int32{1, 2, 3}, nil)
	if at := identical(have, want); at >= 0 {
		t.Errorf("logit %d changed from %g to %g with the caller's weights", at, want[at], have[at])
	}
}

// TestNaNPropagates: a NaN in one weight reaches the logits; it is not an
// error, and nothing hides it.
func TestNaNPropagates(t *testing.T) {
	cfg := oddShapes()[0]
	w := livelyWeights(cfg, 1)
	w.Layers[0].OutProj[0] = float32(math.NaN())
	m, s := open(t, scan.Float32, cfg, w)
	logits, _ := run(t, m, s, []int32{1}, nil)
	for i, x := range logits {
		if x == x {
			t.Errorf("logit %d is %g, want NaN", i, x)
		}
	}
}

// TestRandomWeights: the statistics of the released initialisation, and the
// same numbers for the same seed.
func TestRandomWeights(t *testing.T) {
	cfg := model.Config{
		VocabSize: 500, DModel: 64, DInner: 128, DState: 16, DConv: 4, DtRank: 4, NLayer: 4, Eps: 1e-5,
		Bias: true, ConvBias: true,
	}
	w := model.RandomWeights(cfg, 7)
	if err := w.Validate(cfg); err != nil {
		t.Fatal(err)
	}
	if w.Head != nil {
		t.Error("the head is not tied")
	}
	uniform := func(name string, s []float32, bound float64) {
		t.Helper()
		var top, sum, square float64
		for _, x := range s {
			top = max(top, math.Abs(float64(x)))
			sum += float64(x)
			square += float64(x) * float64(x)
		}
		n := float64(len(s))
		if top > bound*1.000001 || top < bound*0.95 {
			t.Errorf("%s reaches %g, want ±%g", name, top, bound)
		}
		// Mean 0 and variance bound²/3, each within six standard errors.
		if math.Abs(sum/n) > 6*bound/math.Sqrt(3*n) || math.Abs(square/n-bound*bound/3) > 6*bound*bound*math.Sqrt(4.0/45/n) {
			t.Errorf("%s: mean %g, mean square %g for a bound of %g", name, sum/n, square/n, bound)
		}
	}
	var sum, square float64
	for _, x := range w.Embedding {
		sum += float64(x)
		square += float64(x) * float64(x)
	}
	n := float64(len(w.Embedding))
	if std := math.Sqrt(square / n); math.Abs(std-0.02) > 0.001 || math.Abs(sum/n) > 0.001 {
		t.Errorf("embedding: mean %g, standard deviation %g, want 0 and 0.02", sum/n, std)
	}
	below := 0
	for i := range w.Layers {
		l := &w.Layers[i]
		uniform("in_proj", l.InProj, 1.0/8)
		uniform("conv1d", l.ConvW, 0.5)
		uniform("conv1d bias", l.ConvB, 0.5)
		uniform("x_proj", l.XProj, 1/math.Sqrt(128))
		uniform("dt_proj", l.DtProj, 0.5)
		uniform("out_proj", l.OutProj, 1/math.Sqrt(128)/2)
		for d, bias := range l.DtBias {
			// Log-uniform: half of them below the geometric mean 0.01.
			dt := softplus(float64(bias))
			if dt < 0.001*0.9999 || dt > 0.1*1.0001 {
				t.Errorf("dt bias %g of channel %d is Δ = %g, want 0.001 to 0.1", bias, d, dt)
			}
			if dt < 0.01 {
				below++
			}
		}
		for j, x := range l.ALog {
			if want := float32(math.Log(float64(j%16 + 1))); x != want {
				t.Fatalf("A_log[%d] is %g, want %g", j, x, want)
			}
		}
		for _, s := range [][]float32{l.D, l.Norm} {
			if slices.Max(s) != 1 || slices.Min(s) != 1 {
				t.Error("D or a norm weight is not one")
			}
		}
		for _, s := range [][]float32{l.InBias, l.OutBias} {
			if slices.Max(s) != 0 || slices.Min(s) != 0 {
				t.Error("a projection's bias is not zero")
			}
		}
	}
	if all := 4 * 128; below < all*2/5 || below > all*3/5 {
		t.Errorf("%d of %d Δ are below 0.01, want about half (log-uniform)", below, all)
	}
	same, other := model.RandomWeights(cfg, 7), model.RandomWeights(cfg, 8)
	if !slices.Equal(same.Layers[3].OutProj, w.Layers[3].OutProj) {
		t.Error("two draws of one seed differ")
	}
	if slices.Equal(other.Layers[3].OutProj, w.Layers[3].OutProj) {
		t.Error("two seeds gave the same weights")
	}
}

func TestInverseSoftplus(t *testing.T) {
	for _, y := range []float64{1e-12, 1e-4, 0.001, 0.1, 0.6931, 5, 20, 700} {
		if have := softplus(model.InverseSoftplus(y)); math.Abs(have-y) > 1e-9*y {
			t.Errorf("softplus(inverse(%g)) is %g", y, have)
		}
	}
	// §1.4: softplus(−20) = 2.1e-9.
	if x := model.InverseSoftplus(2.0611536e-9); math.Abs(x+20) > 1e-6 {
		t.Errorf("inverse softplus of 2.06e-9 is %g, want −20", x)
	}
}
