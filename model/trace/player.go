package trace

import (
	"errors"
	"fmt"
	"strings"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/scan"
)

// Player is a session.Machine made of a trace, without the weights: it knows
// what every recorded step computed, and computes h from that with the scans of
// a CPU backend. With the backend that recorded, h has the recorded bits.
//
// It cannot read what was not recorded: other tokens, more tokens. Tweaks that
// act inside a layer's scan work, and later layers do not follow them.
type Player struct {
	t *Trace
	b scan.Backend
	m *model.Model
}

var _ session.Machine = (*Player)(nil)

// ErrNoDrive says that a trace holds no Δ, u, B and C: it can be computed again
// with the weights, not played without them.
var ErrNoDrive = errors.New("trace: recorded at level script, without Δ, u, B and C: it needs the weights to be replayed")

// NewPlayer plays t, which stays the caller's. Close it.
func NewPlayer(t *Trace) (*Player, error) {
	for _, name := range []string{fieldDelta, fieldU, fieldB, fieldC} {
		if !t.Meta.has(name) {
			return nil, ErrNoDrive
		}
	}
	p := &Player{t: t, b: backendLike(t.Meta.Backend.Name)}
	var err error
	if p.m, err = model.NewDriven(p.b, t.Meta.config(), t.A, t.Skip); err != nil {
		return nil, errors.Join(fmt.Errorf("trace: %w", err), p.b.Close())
	}
	return p, nil
}

// backendLike is the CPU backend of a name, or the best one where the name is
// that of a GPU or of another machine's kernels.
func backendLike(name string) scan.Backend {
	name, _, _ = strings.Cut(name, ",") // the format of the weights
	for _, k := range scan.KernelSets() {
		b := scan.NewCPU(scan.Options{Kernels: k})
		if b.Name() == name {
			return b
		}
		b.Close()
	}
	return scan.NewCPU(scan.Options{})
}

// config is the model's configuration.
func (m *Meta) config() model.Config { return model.Config(m.Model.Config) }

// Close frees what the player computes with. The trace stays open.
func (p *Player) Close() error { return errors.Join(p.m.Close(), p.b.Close()) }

// Config implements session.Machine.
func (p *Player) Config() model.Config { return p.m.Config() }

// A implements session.Machine.
func (p *Player) A(layer int) []float32 { return p.m.A(layer) }

// Skip implements session.Machine.
func (p *Player) Skip(layer int) []float32 { return p.m.Skip(layer) }

// Backend implements session.Machine: where the drive was computed, and where h
// is.
func (p *Player) Backend() string {
	if have := p.t.Meta.Backend.Name; have != p.b.Name() && !strings.HasPrefix(have, p.b.Name()+",") {
		return fmt.Sprintf("replay of %s on %s", clip(have), p.b.Name())
	}
	return "replay of " + p.b.Name()
}

// Missing implements session.Machine.
func (p *Player) Missing() session.Missing {
	return session.Missing{
		Gate: true, Conv: true, Residual: true, Logits: true, Later: true, Tokens: true,
		Why: "a recording without the weights: it holds Δ, u, B and C of each step",
	}
}

// NewState implements session.Machine.
func (p *Player) NewState() (session.MachineState, error) {
	s, err := p.m.NewState()
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Forward implements session.Machine.
func (p *Player) Forward(s session.MachineState, at session.Place, tokens []int32, o model.Options) error {
	state, ok := s.(*model.State)
	if !ok {
		return errors.New("trace: the state is not of this player")
	}
	b, err := p.t.Branch(at.ID)
	if err != nil {
		return err
	}
	if end := at.T + len(tokens); end > b.Len {
		return fmt.Errorf("trace: the recording has %d steps of branch %d: step %d needs the weights (--model)", b.Len, b.ID, b.Len)
	}
	rows, err := p.t.Rows(at.ID, at.T, at.T+len(tokens), model.TapDrive)
	if err != nil {
		return err
	}
	for i, id := range tokens {
		if rows.Token[i] != id {
			return fmt.Errorf("trace: step %d read token %d in the recording: what token %d would have done there needs the weights (--model)", at.T+i, rows.Token[i], id)
		}
	}
	if o.Resets, err = rows.resets(o.Resets); err != nil {
		return err
	}
	if o.Tap != nil {
		tap := *o.Tap
		tap.What &= model.DrivenTaps
		o.Tap = &tap
	}
	o.Logits = nil // Missing
	o.Drive = &model.Drive{Delta: rows.Delta, U: rows.U, B: rows.B, C: rows.C}
	return p.m.Forward(state, tokens, o)
}

// resets are the marks asked for and those that were recorded.
func (r *Rows) resets(asked []int32) ([]int32, error) {
	marks := asked
	for l := range r.Reset {
		for i, mark := range r.Reset[l] {
			if rule := scan.Rule(r.Rule[l][i]); rule != scan.Released {
				return nil, fmt.Errorf("trace: step %d was recorded under the rule %s: this version plays the released rule", r.From+i, rule)
			}
			if mark != r.Reset[0][i] {
				return nil, fmt.Errorf("trace: step %d was recorded with a reset of some layers: this version plays resets of all", r.From+i)
			}
			if mark == 0 || l > 0 {
				continue
			}
			if len(marks) == 0 || &marks[0] == &asked[0] {
				marks = append(make([]int32, 0, r.T), asked...)[:r.T]
			}
			marks[i] |= int32(mark)
		}
	}
	return marks, nil
}

// Guesses implements session.Machine: those that were recorded.
func (p *Player) Guesses(at session.Place, count, n int) ([][]session.Guess, error) {
	rows, err := p.t.Rows(at.ID, at.T, at.T+count, 0)
	if err != nil {
		return nil, err
	}
	list := make([][]session.Guess, count)
	for i := range list {
		g := rows.Guesses(i, p.t.Meta.Top)
		list[i] = g[:min(n, len(g))]
	}
	return list, nil
}
