package model

import "fmt"

// Weights are the parameters as they stand in a checkpoint, row-major.
type Weights struct {
	Embedding []float32 // (V, M)
	Layers    []LayerWeights
	NormF     []float32 // (M)
	Head      []float32 // (V, M), or nil: tied to Embedding
}

// LayerWeights are the parameters of one block.
type LayerWeights struct {
	Norm    []float32 // (M)
	InProj  []float32 // (2D, M): rows 0..D-1 make x, rows D..2D-1 make z
	InBias  []float32 // (2D) or nil
	ConvW   []float32 // (D, K): tap K-1 is the current token
	ConvB   []float32 // (D) or nil
	XProj   []float32 // (R+2N, D): rows dt, B, C
	DtProj  []float32 // (D, R)
	DtBias  []float32 // (D), inside the softplus
	ALog    []float32 // (D, N): A = −exp(ALog)
	D       []float32 // (D): the skip
	OutProj []float32 // (M, D)
	OutBias []float32 // (M) or nil
}

// Tensor is one named array of Weights.
type Tensor struct {
	Name  string     // as in a checkpoint, without the prefix "backbone."
	Shape []int      // row-major; (D, K) for conv1d, which files store as (D, 1, K)
	Data  *[]float32 // the field of Weights
	// Use says whether a Config has this tensor at all: biases may be off.
	Use bool
	// Optional: Data may be nil although Use is true (the separate head).
	Optional bool
}

// Len is the number of elements that Shape asks for.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Tensors lists every array of w in the order of a checkpoint, with the shape
// that c asks for. It makes w.Layers c.NLayer long if it is nil, so that a
// reader can fill the fields; arrays themselves are left alone.
func (w *Weights) Tensors(c Config) []Tensor {
	if w.Layers == nil {
		w.Layers = make([]LayerWeights, c.NLayer)
	}
	V, M, D, N, K, R := c.VocabSize, c.DModel, c.DInner, c.DState, c.DConv, c.DtRank
	ts := make([]Tensor, 0, 3+12*len(w.Layers))
	ts = append(ts, Tensor{Name: "embeddings.weight", Shape: []int{V, M}, Data: &w.Embedding, Use: true})
	for i := range w.Layers {
		l := &w.Layers[i]
		add := func(name string, data *[]float32, use bool, shape ...int) {
			ts = append(ts, Tensor{Name: fmt.Sprintf("layers.%d.%s", i, name), Shape: shape, Data: data, Use: use})
		}
		add("norm.weight", &l.Norm, true, M)
		add("mixer.in_proj.weight", &l.InProj, true, 2*D, M)
		add("mixer.in_proj.bias", &l.InBias, c.Bias, 2*D)
		add("mixer.conv1d.weight", &l.ConvW, true, D, K)
		add("mixer.conv1d.bias", &l.ConvB, c.ConvBias, D)
		add("mixer.x_proj.weight", &l.XProj, true, R+2*N, D)
		add("mixer.dt_proj.weight", &l.DtProj, true, D, R)
		add("mixer.dt_proj.bias", &l.DtBias, true, D)
		add("mixer.A_log", &l.ALog, true, D, N)
		add("mixer.D", &l.D, true, D)
		add("mixer.out_proj.weight", &l.OutProj, true, M, D)
		add("mixer.out_proj.bias", &l.OutBias, c.Bias, M)
	}
	ts = append(ts, Tensor{Name: "norm_f.weight", Shape: []int{M}, Data: &w.NormF, Use: true})
	return append(ts, Tensor{Name: "lm_head.weight", Shape: []int{V, M}, Data: &w.Head, Use: true, Optional: true})
}

// NewWeights makes zeroed weights of c's shapes with a tied head.
func NewWeights(c Config) *Weights {
	w := &Weights{}
	for _, t := range w.Tensors(c) {
		if t.Use && !t.Optional {
			*t.Data = make([]float32, t.Len())
		}
	}
	return w
}

// Validate checks every array of w against c: the number of layers, the shape
// of each tensor, and that biases are there exactly where c says so.
func (w *Weights) Validate(c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if len(w.Layers) != c.NLayer {
		return fmt.Errorf("model: weights have %d layers, the config wants %d", len(w.Layers), c.NLayer)
	}
	for _, t := range w.Tensors(c) {
		have := len(*t.Data)
		switch {
		case !t.Use && have != 0:
			return fmt.Errorf("model: %s has %d elements, but the config says that there is no such bias", t.Name, have)
		case !t.Use || t.Optional && have == 0:
		case have == 0:
			return fmt.Errorf("model: %s is missing, want shape %v (%d elements)", t.Name, t.Shape, t.Len())
		case have != t.Len():
			return fmt.Errorf("model: %s has %d elements, want shape %v (%d elements)", t.Name, have, t.Shape, t.Len())
		}
	}
	return nil
}

// Parameters counts the values that are there, a separate head included.
func (w *Weights) Parameters() int {
	n := len(w.Embedding) + len(w.NormF) + len(w.Head)
	for i := range w.Layers {
		l := &w.Layers[i]
		for _, s := range [][]float32{l.Norm, l.InProj, l.InBias, l.ConvW, l.ConvB, l.XProj, l.DtProj, l.DtBias, l.ALog, l.D, l.OutProj, l.OutBias} {
			n += len(s)
		}
	}
	return n
}
