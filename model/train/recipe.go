package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"mamba-tui/model"
	"mamba-tui/model/task"
)

// Conv is how the short convolution begins.
type Conv string

// The choices of Conv.
const (
	ConvIdentity Conv = "identity" // last tap 1, the others within ±0.2/√K, bias 0
	ConvStandard Conv = "standard" // taps and bias U(±1/√K), as in the released code
	ConvOff      Conv = "off"      // only the current tap, which begins at 1
)

// AInit is how A = −exp(A_log) begins.
type AInit string

// The choices of AInit (paper, table 8).
const (
	AS4DReal  AInit = "s4d-real" // A_n = −(n+1)
	ARandom   AInit = "random"   // A = −exp(N(0, 1))
	AConstant AInit = "constant" // A = −1/2
)

// Selective says which of Δ, B and C may depend on the token (paper, table 7).
// The others are learned constants.
type Selective struct{ Delta, B, C bool }

// AllSelective is Mamba.
var allSelective = Selective{true, true, true}

// ParseSelective reads a list such as "delta,b,c"; "none" or "" is LTI.
func ParseSelective(list string) (Selective, error) {
	var s Selective
	if list == "" || list == "none" {
		return s, nil
	}
	for _, name := range strings.Split(list, ",") {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "delta", "Δ", "δ", "dt":
			s.Delta = true
		case "b":
			s.B = true
		case "c":
			s.C = true
		default:
			return s, fmt.Errorf("train: %q cannot be selective: use a list of delta, b, c, or none", name)
		}
	}
	return s, nil
}

// String is the list that ParseSelective reads.
func (s Selective) String() string {
	var names []string
	for _, n := range []struct {
		on   bool
		name string
	}{{s.Delta, "delta"}, {s.B, "b"}, {s.C, "c"}} {
		if n.on {
			names = append(names, n.name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ",")
}

// MarshalText is String, so that JSON holds the list.
func (s Selective) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is ParseSelective.
func (s *Selective) UnmarshalText(text []byte) error {
	parsed, err := ParseSelective(string(text))
	if err == nil {
		*s = parsed
	}
	return err
}

// Recipe is everything that decides what a training run gives, together with
// the kernel set of the backend.
type Recipe struct {
	Task string `json:"task"` // a name of package task
	Seed uint64 `json:"seed"`

	Layers int `json:"layers"`
	DModel int `json:"d_model"` // M; D = 2M
	DState int `json:"d_state"` // N
	DConv  int `json:"d_conv"`  // K
	DtRank int `json:"dt_rank"` // R
	// Tied makes the head the embedding. With an embedding of standard
	// deviation 1 the residual stream is then its own first guess.
	Tied bool `json:"tied,omitempty"`

	Steps int `json:"steps"`
	Batch int `json:"batch"` // sequences a step
	// MostTokens bounds the tokens of a step: of long sequences there are fewer
	// than Batch, at least one. 0 is no bound.
	MostTokens int `json:"most_tokens,omitempty"`
	// Lengths of the sequences: the next one comes when the moving average of
	// the accuracy reaches Advance. A fifth of the batches of a later stage
	// have an earlier length.
	Lengths []int   `json:"lengths"`
	Advance float64 `json:"advance"`

	LearningRate float64 `json:"learning_rate"` // the greatest
	WarmUp       int     `json:"warm_up"`       // steps
	Floor        float64 `json:"floor"`         // the last rate, as a share of the greatest
	Beta1        float64 `json:"beta1"`
	Beta2        float64 `json:"beta2"`
	WeightDecay  float64 `json:"weight_decay"`
	Clip         float64 `json:"clip"` // of the gradient's norm

	Conv         Conv      `json:"conv"`
	A            AInit     `json:"a"`
	DtMin        float64   `json:"dt_min"` // Δ begins log-uniform in [DtMin, DtMax]
	DtMax        float64   `json:"dt_max"`
	EmbeddingStd float64   `json:"embedding_std"`
	Selective    Selective `json:"selective"`
}

// Bounds of what a recipe may ask for. Far below them training in plain Go
// takes days.
const (
	mostSteps  = 10_000_000
	mostBatch  = 4096
	mostLength = 1 << 20
	mostWidth  = 4096
	mostLayers = 64
	mostStates = 256
	mostTaps   = 64
)

// base is what all recipes share: reference 4 of the measurements, AdamW
// (0.9, 0.98), decay 0.1, clip 1, 100 steps of warm-up, cosine to 5 %.
func base(name string) Recipe {
	return Recipe{
		Task: name, Seed: 1, Layers: 1, DModel: 32, DState: 8, DConv: 4, DtRank: 4,
		Steps: 800, Batch: 16, Lengths: []int{128}, Advance: 0.95,
		LearningRate: 5e-3, WarmUp: 100, Floor: 0.05, Beta1: 0.9, Beta2: 0.98, WeightDecay: 0.1, Clip: 1,
		Conv: ConvIdentity, A: AS4DReal, DtMin: 1e-3, DtMax: 1e-1, EmbeddingStd: 1, Selective: allSelective,
	}
}

// Defaults is the recipe for a task by its name. A task without a recipe of
// its own gets that of the header latch. The lengths are those that the task
// names itself.
func Defaults(name string) Recipe {
	r := base(name)
	if t, err := task.ByName(name); err == nil {
		if s, ok := t.(task.Sized); ok {
			r.Lengths = s.Lengths()
		}
	}
	switch name {
	case "recall":
		r.Steps = 2500
	case "induction":
		r.Steps, r.Batch = 1000, 8
	case "selective-copying":
		r.Layers, r.DState, r.Steps, r.LearningRate, r.Advance = 2, 16, 6000, 4e-3, 0.9
	case "copying":
		r.Layers, r.DState, r.Steps, r.LearningRate, r.Advance = 2, 16, 3000, 4e-3, 0.9
	case "chars":
		r.Layers, r.DModel, r.DState, r.Steps, r.LearningRate = 2, 64, 16, 4500, 4e-3
	}
	return r
}

// sequences is how many sequences of a length a step has.
func (r Recipe) sequences(length int) int {
	if r.MostTokens == 0 {
		return r.Batch
	}
	return max(1, min(r.Batch, r.MostTokens/length))
}

// Config is the model's configuration for a vocabulary of that size.
func (r Recipe) Config(vocab int) model.Config {
	return model.Config{
		VocabSize: vocab, DModel: r.DModel, DInner: 2 * r.DModel, DState: r.DState, DConv: r.DConv,
		DtRank: r.DtRank, NLayer: r.Layers, Eps: 1e-5, ConvBias: true,
	}
}

// Validate says what of the recipe cannot be, for the task it is used with.
func (r Recipe) Validate(t task.Task) error {
	for _, n := range []struct {
		name              string
		have, least, most int
	}{
		{"steps", r.Steps, 1, mostSteps}, {"batch", r.Batch, 1, mostBatch}, {"most_tokens", r.MostTokens, 0, mostBatch * mostLength}, {"layers", r.Layers, 1, mostLayers},
		{"d_model", r.DModel, 1, mostWidth}, {"d_state", r.DState, 1, mostStates}, {"d_conv", r.DConv, 1, mostTaps},
		{"dt_rank", r.DtRank, 1, mostWidth}, {"warm_up", r.WarmUp, 0, mostSteps},
	} {
		if n.have < n.least || n.have > n.most {
			return fmt.Errorf("train: %s is %d, want %d to %d", n.name, n.have, n.least, n.most)
		}
	}
	if len(r.Lengths) == 0 || !slices.IsSorted(r.Lengths) {
		return fmt.Errorf("train: lengths are %v, want at least one, ascending", r.Lengths)
	}
	for _, l := range r.Lengths {
		if l < t.Shortest() || l > mostLength {
			return fmt.Errorf("train: a sequence of %d tokens, the task %s needs %d to %d", l, t.Name(), t.Shortest(), mostLength)
		}
	}
	for _, x := range []struct {
		name              string
		have, least, most float64
	}{
		{"learning_rate", r.LearningRate, 0, 1}, {"advance", r.Advance, 0, 1}, {"floor", r.Floor, 0, 1},
		{"beta1", r.Beta1, 0, 0.9999}, {"beta2", r.Beta2, 0, 0.99999}, {"weight_decay", r.WeightDecay, 0, 10},
		{"clip", r.Clip, 1e-6, 1e6}, {"dt_min", r.DtMin, 1e-8, 100}, {"dt_max", r.DtMax, r.DtMin, 100},
		{"embedding_std", r.EmbeddingStd, 0, 100},
	} {
		if !(x.have >= x.least && x.have <= x.most) || math.IsNaN(x.have) {
			return fmt.Errorf("train: %s is %g, want %g to %g", x.name, x.have, x.least, x.most)
		}
	}
	switch r.Conv {
	case ConvIdentity, ConvStandard, ConvOff:
	default:
		return fmt.Errorf("train: conv is %q, want %s, %s or %s", r.Conv, ConvIdentity, ConvStandard, ConvOff)
	}
	switch r.A {
	case AS4DReal, ARandom, AConstant:
	default:
		return fmt.Errorf("train: a is %q, want %s, %s or %s", r.A, AS4DReal, ARandom, AConstant)
	}
	return nil
}
