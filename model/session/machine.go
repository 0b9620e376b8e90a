package session

import "mamba-tui/model"

// Machine is what a Session computes with: a model, or something that plays
// back what a model once computed. It belongs to one goroutine at a time.
type Machine interface {
	Config() model.Config
	A(layer int) []float32    // (D, N), every element negative
	Skip(layer int) []float32 // (D)
	Backend() string          // name, for people
	NewState() (MachineState, error)
	// Forward is model.Model.Forward with s at place: the tokens after the first
	// at.T of the branch at.ID. Any split of a sequence into calls must give the
	// same bits. What the machine is Missing is left nil in records.
	Forward(s MachineState, at Place, tokens []int32, o model.Options) error
	// Missing says what the machine cannot give.
	Missing() Missing
	// Guesses are the n most probable tokens, or those that are known, after each
	// of tokens [at.T, at.T+count), best first. It is only asked of a machine
	// whose logits are Missing, and for a run without tweaks.
	Guesses(at Place, count, n int) ([][]Guess, error)
}

// MachineState is the state of a Machine; *model.State is one.
type MachineState interface {
	Save(dst *model.Snapshot) error
	Load(src *model.Snapshot) error
	Reset()
	Free()
}

// Place is a position on a branch: after its first T tokens.
type Place struct {
	ID int // of the branch
	T  int
}

// Missing is what a Machine cannot give; its zero value is nothing. The arrays
// of a Window and a Moment that would need it are nil.
type Missing struct {
	Gate     bool // z, the gated output
	Conv     bool // the convolution's window and its input x
	Residual bool // the residual stream: In, Norm, Out
	Logits   bool // logits: guesses are those that were recorded, none with tweaks
	Later    bool // layers cannot follow a tweak in an earlier one
	Tokens   bool // it reads the tokens it knows and no others: nothing can be typed
	Why      string
}

// live is a model as a Machine.
type live struct{ *model.Model }

// Live is m as a Machine, which has everything.
func Live(m *model.Model) Machine { return live{m} }

func (l live) Backend() string { return l.Model.Backend().Name() }

func (l live) NewState() (MachineState, error) {
	s, err := l.Model.NewState()
	if err != nil {
		return nil, err // and not a nil *State in an interface
	}
	return s, nil
}

func (l live) Forward(s MachineState, _ Place, tokens []int32, o model.Options) error {
	return l.Model.Forward(s.(*model.State), tokens, o)
}

func (live) Missing() Missing { return Missing{} }

func (live) Guesses(Place, int, int) ([][]Guess, error) { return nil, nil }
