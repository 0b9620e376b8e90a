package trace

import (
	"context"
	"fmt"

	"mamba-tui/model"
	"mamba-tui/model/trace/npz"
)

// snapshot reads the state that a keyframe holds.
func (t *Trace) snapshot(k *keyframe) (*model.Snapshot, error) {
	b, err := t.file.Bytes(k.entry, 1<<32)
	if err != nil {
		return nil, err
	}
	row := b[k.header:]
	s := &model.Snapshot{}
	for _, a := range []struct {
		name string
		dst  *[][]float32
	}{{fieldH, &s.H}, {fieldConv, &s.Conv}} {
		f, _ := k.dtype.Field(a.name) // the index has checked it
		L := t.Meta.Dims.L
		for l := range L {
			*a.dst = append(*a.dst, npz.GetFloat32s([]float32{}, row[f.Offset+l*f.Bytes/L:][:f.Bytes/L]))
		}
	}
	return s, nil
}

// before is the newest keyframe at or before step n of a line, or nil.
func (l *line) before(n int) *keyframe {
	_, keys := l.cut(n)
	if len(keys) == 0 {
		return nil
	}
	return &keys[len(keys)-1]
}

// Resume brings a state of m, which has the weights, to where the recording was
// after the first n steps of a branch (0: the newest): from the nearest keyframe,
// and the steps after it computed again. It returns the tokens of those n steps.
func (t *Trace) Resume(ctx context.Context, m *model.Model, s *model.State, branch, n int) ([]int32, error) {
	b, err := t.Branch(branch)
	if err != nil {
		return nil, err
	}
	if n < 0 || n > b.Len {
		return nil, fmt.Errorf("trace: resume after %d steps: branch %d has %d", n, b.ID, b.Len)
	}
	if m.Config() != t.Meta.config() {
		return nil, fmt.Errorf("trace: the model's configuration %+v is not the recording's %+v", m.Config(), t.Meta.config())
	}
	s.Reset()
	at := 0
	if k := t.x.lines[b.ID].before(n); k != nil {
		snap, err := t.snapshot(k)
		if err != nil {
			return nil, err
		}
		if err := s.Load(snap); err != nil {
			return nil, fmt.Errorf("trace: %s: %w", k.entry.Name, err)
		}
		at = k.step
	}
	var tokens []int32
	for from := 0; from < n; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		to := min(n, from+readSteps)
		rows, err := t.Rows(b.ID, from, to, 0)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, rows.Token...)
		if to > at {
			if err := m.Forward(s, rows.Token[max(at-from, 0):], model.Options{}); err != nil {
				return nil, err
			}
		}
		from = to
	}
	return tokens, nil
}

// readSteps is how many steps are read at a time.
const readSteps = 256
