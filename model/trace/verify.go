package trace

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"mamba-tui/model"
)

// verifier runs a trace again, as a tree: every block follows another one.
type verifier struct {
	t        *Trace
	m        *model.Model
	s        *model.State
	children [][]int // of a block, ascending by where they leave it
	report   *Report
	sizes    map[string]*size
	progress func(done int)
}

// size collects max|a−b| and max|b| of an array of a layer.
type size struct {
	diff, most float64
	step       int
}

// Verify computes every step of t with m, which has the weights, and compares
// what was recorded: Δ, u, B, C where they were, h by its checksum or itself, and
// the keyframes with the convolution's windows. All branches are computed, and
// what was rolled back. progress, if not nil, is told how many steps are done.
//
// A damaged block is an error, as is a trace that ends before its end only if
// nothing of it can be compared.
func Verify(ctx context.Context, t *Trace, m *model.Model, progress func(done int)) (*Report, error) {
	if m.Config() != t.Meta.config() {
		return nil, fmt.Errorf("trace: the model's configuration %+v is not the recording's %+v", m.Config(), t.Meta.config())
	}
	s, err := m.NewState()
	if err != nil {
		return nil, err
	}
	defer s.Free()
	v := &verifier{
		t: t, m: m, s: s, children: make([][]int, len(t.x.blocks)), progress: progress, sizes: map[string]*size{},
		report: &Report{Backend: m.Backend().Name(), Recorded: t.Meta.Backend.Name},
	}
	type start struct {
		block int
		snap  *model.Snapshot // before it; nil: zero
	}
	var pending []start
	for i := len(t.x.blocks) - 1; i >= 0; i-- {
		if b := &t.x.blocks[i]; b.before < 0 {
			pending = append(pending, start{i, nil})
		} else {
			v.children[b.before] = append(v.children[b.before], i)
		}
	}
	for _, c := range v.children {
		slices.SortFunc(c, func(a, b int) int { return t.x.blocks[a].beforeStep - t.x.blocks[b].beforeStep })
	}
	for len(pending) > 0 {
		next := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if next.snap == nil {
			s.Reset()
		} else if err := s.Load(next.snap); err != nil {
			return nil, err
		}
		for block := next.block; block >= 0; {
			follow := -1
			err := v.block(ctx, block, func(child int, snap *model.Snapshot) {
				if snap == nil {
					follow = child
					return
				}
				pending = append(pending, start{child, snap})
			})
			if err != nil {
				return nil, err
			}
			block = follow
		}
	}
	v.finish()
	return v.report, nil
}

// block computes a block and compares it. fork is told of every block that
// follows, with the state before it; nil for the last, which goes on from the
// state as it is.
func (v *verifier) block(ctx context.Context, n int, fork func(child int, snap *model.Snapshot)) error {
	b := &v.t.x.blocks[n]
	children, keys := v.children[n], b.keys
	at, end := b.from, b.from+b.n
	for {
		for len(keys) > 0 && keys[0].step == at {
			if err := v.key(n, &keys[0]); err != nil {
				return err
			}
			keys = keys[1:]
		}
		for len(children) > 0 && v.t.x.blocks[children[0]].beforeStep+1 == at {
			child := children[0]
			children = children[1:]
			if at == end && len(children) == 0 {
				fork(child, nil)
				break
			}
			snap := &model.Snapshot{}
			if err := v.s.Save(snap); err != nil {
				return err
			}
			fork(child, snap)
		}
		if at == end {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(end, at+v.chunk())
		if len(children) > 0 {
			to = min(to, v.t.x.blocks[children[0]].beforeStep+1)
		}
		if len(keys) > 0 {
			to = min(to, keys[0].step)
		}
		if err := v.steps(n, at, to); err != nil {
			return err
		}
		at = to
	}
}

// chunk bounds the memory of a tap of h.
func (v *verifier) chunk() int {
	d := v.t.Meta.Dims
	return max(1, min(readSteps, (1<<22)/(d.L*d.D*d.N)))
}

// steps computes steps [from, to) of a block and compares them.
func (v *verifier) steps(n, from, to int) error {
	b := &v.t.x.blocks[n]
	raw, err := v.t.block(n)
	if err != nil {
		return err
	}
	d := v.t.Meta.Dims
	want := &Rows{Branch: b.branch, From: from, T: to - from, Reset: make([][]byte, d.L), Rule: make([][]byte, d.L), Lane: make([][]float32, d.L)}
	arrays := want.arrays(v.t.Meta, model.TapDrive|model.TapH)
	for _, a := range arrays {
		*a.dst = make([][]float32, d.L)
	}
	if err := want.add(v.t.Meta, b, raw, from-b.from, to-from, arrays); err != nil {
		return fmt.Errorf("%w: %s", err, b.entry.Name)
	}
	marks, err := want.resets(nil)
	if err != nil {
		return err
	}
	sums := make([]uint32, want.T)
	var scratch []byte
	err = v.m.Forward(v.s, want.Token, model.Options{Resets: marks, Tap: &model.Tap{
		What: model.TapDrive | model.TapH,
		Func: func(rec *model.Record) {
			for i := range sums {
				sums[i] = hCRC(sums[i], rec.H[i*d.D*d.N:][:d.D*d.N], &scratch)
			}
			for _, a := range []struct {
				name string
				got  []float32
				want [][]float32
				cols int
			}{
				{fieldDelta, rec.Delta, want.Delta, d.D}, {fieldU, rec.U, want.U, d.D}, {fieldB, rec.B, want.B, d.N},
				{fieldC, rec.C, want.C, d.N}, {fieldH, rec.H, want.H, d.D * d.N},
			} {
				if a.want != nil {
					v.compare(n, rec.Layer, a.name, a.got, a.want[rec.Layer], from, a.cols)
				}
			}
		},
	}})
	if err != nil {
		return err
	}
	for i, sum := range sums {
		if sum != want.HCRC[i] {
			v.differ(Difference{Branch: b.branch, Step: from + i, Array: fieldHCRC, block: n, row: from + i - b.from})
		}
	}
	v.report.Steps += want.T
	if v.progress != nil {
		v.progress(v.report.Steps)
	}
	return nil
}

// key compares the state with a keyframe.
func (v *verifier) key(n int, k *keyframe) error {
	want, err := v.t.snapshot(k)
	if err != nil {
		return err
	}
	var got model.Snapshot
	if err := v.s.Save(&got); err != nil {
		return err
	}
	d := v.t.Meta.Dims
	for l := range d.L {
		v.compare(n, l, fieldH, got.H[l], want.H[l], k.step-1, d.D*d.N)
		if len(want.Conv[l]) > 0 {
			v.compare(n, l, fieldConv, got.Conv[l], want.Conv[l], k.step-1, len(want.Conv[l]))
		}
	}
	v.report.Keyframes++
	return nil
}

// compare adds the differences of an array of a layer, whose first row is step
// from.
func (v *verifier) compare(n, layer int, name string, got, want []float32, from, cols int) {
	id := fmt.Sprintf("%s %d", name, layer)
	s := v.sizes[id]
	if s == nil {
		s = &size{}
		v.sizes[id] = s
	}
	v.report.compared = true
	b := &v.t.x.blocks[n]
	for i, w := range want {
		g := got[i]
		if x := math.Abs(float64(w)); !math.IsNaN(x) && !math.IsInf(x, 0) {
			s.most = max(s.most, x)
		}
		if math.Float32bits(g) == math.Float32bits(w) {
			continue
		}
		step := from + i/cols
		v.differ(Difference{Branch: b.branch, Step: step, Layer: layer, Array: name, Got: g, Want: w, block: n, row: step - b.from})
		diff := math.Abs(float64(g) - float64(w))
		if math.IsNaN(diff) && g != g && w != w { // two kinds of NaN
			diff = 0
		} else if math.IsNaN(diff) {
			diff = math.Inf(1)
		}
		if diff > s.diff {
			s.diff, s.step = diff, step
		}
	}
}

// differ keeps the earliest difference; of one step, an array before the
// checksum and the lower layer first.
func (v *verifier) differ(d Difference) {
	f := v.report.First
	if f != nil {
		if f.block < d.block || f.block == d.block && (f.row < d.row || f.row == d.row && (d.Array == fieldHCRC || f.Array != fieldHCRC && f.Layer <= d.Layer)) {
			return
		}
	}
	v.report.First = &d
}

// finish lists the arrays that differ.
func (v *verifier) finish() {
	for id, s := range v.sizes {
		if s.diff == 0 {
			continue
		}
		w := Worst{Abs: s.diff, Rel: s.diff / s.most, Step: s.step}
		w.Array, _, _ = strings.Cut(id, " ")
		fmt.Sscanf(id, w.Array+" %d", &w.Layer)
		v.report.Worst = append(v.report.Worst, w)
	}
	slices.SortFunc(v.report.Worst, func(a, b Worst) int {
		if c := strings.Compare(a.Array, b.Array); c != 0 {
			return c
		}
		return a.Layer - b.Layer
	})
}
