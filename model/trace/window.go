package trace

import (
	"context"
	"fmt"

	"mamba-tui/model"
	"mamba-tui/model/session"
)

// maxWindow bounds the elements of a Window.
const maxWindow = 1 << 28

// Tensors are the names that Window knows.
func Tensors() []string { return []string{fieldDelta, fieldU, fieldB, fieldC, fieldH, "y"} }

// Window is an array of a branch (0: the newest) over steps [from, to), of one
// layer or, with layer −1, of all: Δ and u (T, D), B and C (T, N), h (T, D, N)
// after each step, y (T, D) before the gate; with all layers (T, L, …). h and y
// are computed from the keyframe before from.
func (t *Trace) Window(ctx context.Context, name string, branch, from, to, layer int) (data []float32, shape []int, err error) {
	b, err := t.Branch(branch)
	if err != nil {
		return nil, nil, err
	}
	d := t.Meta.Dims
	if from < 0 || to < from || to > b.Len {
		return nil, nil, fmt.Errorf("trace: steps %d to %d of branch %d, which has %d", from, to, b.ID, b.Len)
	}
	if layer < -1 || layer >= d.L {
		return nil, nil, fmt.Errorf("trace: layer %d, want 0 to %d, or -1 for all", layer, d.L-1)
	}
	tensor, ok := map[string]struct {
		what model.What
		cols []int
		of   func(*model.Record) []float32
	}{
		fieldDelta: {model.TapDelta, []int{d.D}, func(r *model.Record) []float32 { return r.Delta }},
		fieldU:     {model.TapU, []int{d.D}, func(r *model.Record) []float32 { return r.U }},
		fieldB:     {model.TapB, []int{d.N}, func(r *model.Record) []float32 { return r.B }},
		fieldC:     {model.TapC, []int{d.N}, func(r *model.Record) []float32 { return r.C }},
		fieldH:     {model.TapH, []int{d.D, d.N}, func(r *model.Record) []float32 { return r.H }},
		"y":        {model.TapY, []int{d.D}, func(r *model.Record) []float32 { return r.Y }},
	}[name]
	if !ok {
		return nil, nil, fmt.Errorf("trace: no array %q: there are %v", clip(name), Tensors())
	}
	shape, layers, first := []int{to - from}, 1, layer
	if layer < 0 {
		shape, layers, first = append(shape, d.L), d.L, 0
	}
	cols := 1
	for _, n := range tensor.cols {
		cols *= n
	}
	shape = append(shape, tensor.cols...)
	if n := to - from; n > maxWindow/(layers*cols) {
		return nil, nil, fmt.Errorf("trace: %d steps of %s are more than %d numbers: ask for fewer steps or one layer", n, name, maxWindow)
	}
	p, err := NewPlayer(t)
	if err != nil {
		return nil, nil, err
	}
	defer p.Close()
	s, at, err := p.near(b.ID, from)
	if err != nil {
		return nil, nil, err
	}
	defer s.Free()
	data = make([]float32, (to-from)*layers*cols)
	for at < to {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		end := min(to, at+p.chunk())
		if at < from {
			end = min(end, from)
		}
		tokens, err := t.Rows(b.ID, at, end, 0)
		if err != nil {
			return nil, nil, err
		}
		o := model.Options{}
		if at >= from {
			o.Tap = &model.Tap{What: tensor.what, Func: func(r *model.Record) {
				if r.Layer < first || r.Layer >= first+layers {
					return
				}
				for i := range r.To - r.From {
					copy(data[((at-from+i)*layers+r.Layer-first)*cols:][:cols], tensor.of(r)[i*cols:])
				}
			}}
		}
		if err := p.Forward(s, session.Place{ID: b.ID, T: at}, tokens.Token, o); err != nil {
			return nil, nil, err
		}
		at = end
	}
	return data, shape, nil
}

// chunk bounds the memory of a tap of h.
func (p *Player) chunk() int {
	d := p.t.Meta.Dims
	return max(1, min(readSteps, (1<<22)/(d.L*d.D*d.N)))
}

// near is a state at the keyframe before step n of a branch, and its step.
func (p *Player) near(branch, n int) (session.MachineState, int, error) {
	s, err := p.NewState()
	if err != nil {
		return nil, 0, err
	}
	k := p.t.x.lines[branch].before(n)
	if k == nil {
		return s, 0, nil
	}
	snap, err := p.t.snapshot(k)
	if err == nil {
		err = s.Load(snap)
	}
	if err != nil {
		s.Free()
		return nil, 0, err
	}
	return s, k.step, nil
}

// Tweaks are those over a branch (0: the newest), as they were last told.
func (t *Trace) Tweaks(branch int) ([]session.Tweak, error) {
	b, err := t.Branch(branch)
	if err != nil {
		return nil, err
	}
	if x := t.x.lines[b.ID].beside; x != nil {
		return x.Tweaks, nil
	}
	return nil, nil
}
