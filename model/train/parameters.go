package train

import (
	"strconv"
	"strings"

	"mamba-tui/model"
)

// Parameters are the weights of a model, or something of the same shapes such
// as a gradient, in one run of memory: Weights' slices are parts of Flat, in
// the order of model.Weights.Tensors.
type Parameters struct {
	Config  model.Config
	Flat    []float32
	Weights *model.Weights
	// Tensors are the arrays that are there.
	Tensors []Segment
}

// Segment is one tensor's part of Parameters.Flat.
type Segment struct {
	Name     string // as in model.Tensor
	Shape    []int
	Off, Len int
	// Decay says that AdamW shrinks the tensor: the projections and a separate
	// head; not A_log, D, dt_proj, the convolution, biases, norms and the
	// embedding.
	Decay bool
}

// NewParameters makes zeros of c's shapes. A tied model has no head of its
// own. c must be valid.
func NewParameters(c model.Config, tied bool) *Parameters {
	p := &Parameters{Config: c, Weights: &model.Weights{}}
	tensors := p.Weights.Tensors(c)
	n := 0
	for _, t := range tensors {
		if !t.Use || t.Optional && tied {
			continue
		}
		p.Tensors = append(p.Tensors, Segment{Name: t.Name, Shape: t.Shape, Off: n, Len: t.Len(), Decay: decays(t.Name)})
		n += t.Len()
	}
	p.Flat = make([]float32, n)
	k := 0
	for _, t := range tensors {
		if t.Use && !(t.Optional && tied) {
			s := p.Tensors[k]
			*t.Data = p.Flat[s.Off : s.Off+s.Len : s.Off+s.Len]
			k++
		}
	}
	return p
}

// decays says which tensors weight decay acts on.
func decays(name string) bool {
	for _, end := range []string{"in_proj.weight", "x_proj.weight", "out_proj.weight", "lm_head.weight"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// Tied says that the head is the embedding.
func (p *Parameters) Tied() bool { return p.Weights.Head == nil }

// segment is the tensor of that name.
func (p *Parameters) segment(name string) Segment {
	for _, s := range p.Tensors {
		if s.Name == name {
			return s
		}
	}
	panic("train: no such tensor")
}

// copyOf is a deep copy.
func (p *Parameters) copyOf() *Parameters {
	q := NewParameters(p.Config, p.Tied())
	copy(q.Flat, p.Flat)
	return q
}

// layerName is the name of a tensor of layer i.
func layerName(i int, name string) string { return "layers." + strconv.Itoa(i) + "." + name }
