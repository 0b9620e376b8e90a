package model

import "mamba-tui/scan"

// CONTRACT (to be replaced by the implementation; signatures are fixed):
//
//	func New(b scan.Backend, cfg Config, w *Weights) (*Model, error)
//	func (m *Model) Config() Config
//	func (m *Model) Backend() scan.Backend
//	func (m *Model) Close() error
//	func (m *Model) A(layer int) []float32          // (D, N) host copy, negative
//	func (m *Model) Skip(layer int) []float32       // (D) host copy
//	func (m *Model) NewState() (*State, error)      // zero h and conv windows on the backend
//	func (m *Model) Forward(s *State, tokens []int32, o Options) error
//	func (m *Model) Step(s *State, token int32, logits []float32) error // Forward over one token, no allocation
//
//	func (s *State) Reset()
//	func (s *State) Save(dst *Snapshot) error       // dst's slices are reused when they fit
//	func (s *State) Load(src *Snapshot) error
//	type Snapshot struct { H, Conv [][]float32 }    // per layer (D, N) and (K-1, D), host memory
//	func (s *State) Free()
//
// Options, Tweaks, Tap and Record are below.

// Options of one Forward.
type Options struct {
	// Logits: nil none; len V those after the last token; len L·V every token's.
	Logits []float32
	// Resets holds one mark (scan.ResetState | scan.ResetConv) a token, or is nil.
	Resets []int32
	// Tweaks change the pass; nil or the zero value is bit-identical to none.
	Tweaks *Tweaks
	// Tap receives what happens; nil copies nothing.
	Tap *Tap
}

// Tap asks for what happens in a range of tokens of one Forward call.
type Tap struct {
	Layers   []int // ascending; nil = every layer
	From, To int   // tokens of this call; To = 0 means all
	What     What  // which arrays
	// Func is called once a layer, in order. The Record and its slices are
	// valid only during the call.
	Func func(r *Record)
}

// What is a set of arrays of a Record.
type What uint32

// The arrays a Tap can ask for.
const (
	TapIn     What = 1 << iota // residual stream into the block (T, M)
	TapNorm                    // after RMSNorm (T, M)
	TapX                       // in_proj's x half: the convolution's input (T, D)
	TapU                       // after convolution and SiLU (T, D)
	TapDelta                   // Δ after softplus and tweaks (T, D)
	TapB                       // (T, N)
	TapC                       // (T, N)
	TapZ                       // in_proj's z half (T, D)
	TapY                       // Σ_n C·h + D·u, before the gate (T, D)
	TapGated                   // after the gate: y·SiLU(z) (T, D)
	TapOut                     // residual stream after the block (T, M)
	TapH                       // h after each step (T, D, N)
	TapWindow                  // the convolution's window (T, K, D), last row current
	TapDrive  = TapU | TapDelta | TapB | TapC
	TapAll    = TapWindow<<1 - 1
)

// Record is what a Tap receives for one layer: T = To−From rows of each array
// asked for, nil otherwise.
type Record struct {
	Layer, From, To                int
	In, Norm, X, U, Delta, B, C, Z []float32
	Y, Gated, Out, H, Window       []float32
	H0                             []float32 // (D, N): h before token From (with TapH)
}

// Tweaks change a forward pass. The zero value changes nothing.
type Tweaks struct {
	// FreezeDelta[layer] is a constant Δ (D) used at every token instead of
	// the selected one; a nil slice or entry leaves the layer alone.
	FreezeDelta [][]float32
	// ConvOff keeps only the current tap of the short convolution, its bias
	// and SiLU.
	ConvOff bool
	// GateOff leaves y as it is instead of multiplying by SiLU(z).
	GateOff bool
	// Rule replaces the released discretisation.
	Rule scan.Rule
}
