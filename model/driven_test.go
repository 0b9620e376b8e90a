package model_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// drivenRig is a model, tokens, and what a tap saw of them.
type drivenRig struct {
	cfg    model.Config
	live   *model.Model
	driven *model.Model
	tokens []int32
	drive  model.Drive
}

func newDrivenRig(t *testing.T) *drivenRig {
	t.Helper()
	cfg := model.Config{VocabSize: 11, DModel: 6, DInner: 12, DState: 5, DConv: 4, DtRank: 2, NLayer: 2, Eps: 1e-5, ConvBias: true}
	b := scan.NewCPU(scan.Options{})
	live, err := model.New(b, cfg, model.RandomWeights(cfg, 3))
	if err != nil {
		t.Fatal(err)
	}
	r := &drivenRig{cfg: cfg, live: live}
	var a, skip [][]float32
	for l := range cfg.NLayer {
		a, skip = append(a, live.A(l)), append(skip, live.Skip(l))
	}
	if r.driven, err = model.NewDriven(scan.NewCPU(scan.Options{}), cfg, a, skip); err != nil {
		t.Fatal(err)
	}
	for i := range 300 { // more than one chunk of Forward
		r.tokens = append(r.tokens, int32(i*7%11))
	}
	r.drive = model.Drive{Delta: make([][]float32, 2), U: make([][]float32, 2), B: make([][]float32, 2), C: make([][]float32, 2)}
	s, err := live.NewState()
	if err != nil {
		t.Fatal(err)
	}
	err = live.Forward(s, r.tokens, model.Options{Tap: &model.Tap{What: model.TapDrive, Func: func(rec *model.Record) {
		r.drive.Delta[rec.Layer] = append([]float32(nil), rec.Delta...)
		r.drive.U[rec.Layer] = append([]float32(nil), rec.U...)
		r.drive.B[rec.Layer] = append([]float32(nil), rec.B...)
		r.drive.C[rec.Layer] = append([]float32(nil), rec.C...)
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// part is tokens [from, to) of a drive.
func (r *drivenRig) part(from, to int) *model.Drive {
	cut := func(a [][]float32, cols int) [][]float32 {
		out := make([][]float32, len(a))
		for l := range a {
			out[l] = a[l][from*cols : to*cols]
		}
		return out
	}
	return &model.Drive{Delta: cut(r.drive.Delta, r.cfg.DInner), U: cut(r.drive.U, r.cfg.DInner), B: cut(r.drive.B, r.cfg.DState), C: cut(r.drive.C, r.cfg.DState)}
}

// run is everything that a driven model can tap, over tokens [from, to), and
// the state after.
func (r *drivenRig) run(t *testing.T, m *model.Model, from, to int, tw *model.Tweaks, resets []int32) ([]model.Record, model.Snapshot) {
	t.Helper()
	s, err := m.NewState()
	if err != nil {
		t.Fatal(err)
	}
	var recs []model.Record
	o := model.Options{Tweaks: tw, Resets: resets, Tap: &model.Tap{What: model.DrivenTaps, Func: func(rec *model.Record) {
		c := *rec
		for _, a := range []*[]float32{&c.Delta, &c.U, &c.B, &c.C, &c.Y, &c.H, &c.H0} {
			*a = append([]float32(nil), *a...)
		}
		recs = append(recs, c)
	}}}
	if m == r.driven {
		o.Drive = r.part(from, to)
	}
	if err := m.Forward(s, r.tokens[from:to], o); err != nil {
		t.Fatal(err)
	}
	var snap model.Snapshot
	if err := s.Save(&snap); err != nil {
		t.Fatal(err)
	}
	return recs, snap
}

// Without tweaks, every array and state of a driven model is bit for bit that of
// the model whose drive it is given; so is the first layer with tweaks, and every
// layer with a reset.
func TestDriven(t *testing.T) {
	r := newDrivenRig(t)
	gain := make([]float32, r.cfg.DInner)
	frozen := make([]float32, r.cfg.DInner)
	for d := range gain {
		gain[d], frozen[d] = 0.5+float32(d), float32(math.NaN())
	}
	gain[3], frozen[5], frozen[6] = 0, 0, 0.25
	first := func(l model.LayerTweaks) *model.Tweaks { return &model.Tweaks{Layers: []model.LayerTweaks{l}} }
	resets := make([]int32, len(r.tokens))
	resets[17], resets[270] = scan.ResetState, scan.ResetState
	for _, c := range []struct {
		name   string
		tw     *model.Tweaks
		resets []int32
		layers int
	}{
		{"clean", nil, nil, 2},
		{"reset", nil, resets, 1}, // y of layer 0 changes what layer 1 reads
		{"gain", first(model.LayerTweaks{DeltaGain: gain}), nil, 1},
		{"frozen", first(model.LayerTweaks{FreezeDelta: frozen}), resets, 1},
		{"B, C", first(model.LayerTweaks{FreezeB: make([]float32, 5), FreezeC: []float32{1, 2, 3, 4, 5}}), nil, 1},
		{"A", first(model.LayerTweaks{AScale: 1.5}), nil, 1},
		{"rule", first(model.LayerTweaks{Rule: scan.ZOH}), nil, 1},
		{"states", first(model.LayerTweaks{States: 4, OffStates: []int{1}}), nil, 1},
	} {
		want, wantSnap := r.run(t, r.live, 0, len(r.tokens), c.tw, c.resets)
		got, gotSnap := r.run(t, r.driven, 0, len(r.tokens), c.tw, c.resets)
		for l := range c.layers {
			if !reflect.DeepEqual(got[l], want[l]) {
				t.Errorf("%s: what is tapped of layer %d is not the same", c.name, l)
			}
			if !reflect.DeepEqual(gotSnap.H[l], wantSnap.H[l]) {
				t.Errorf("%s: h of layer %d is not the same", c.name, l)
			}
		}
		if !reflect.DeepEqual(got[1].Delta, want[1].Delta) != (c.layers < 2) {
			t.Errorf("%s: layer 1 follows a tweak of layer 0, or the clean run does not agree", c.name)
		}
	}
	set := first(model.LayerTweaks{SetH: []model.Cell{{D: 2, N: 1, V: 7}}})
	want, _ := r.run(t, r.live, 0, 1, set, nil)
	got, snap := r.run(t, r.driven, 0, 1, set, nil)
	if !reflect.DeepEqual(got[0], want[0]) || snap.H[0][2*r.cfg.DState+1] != 7 {
		t.Error("a cell that is set is not the same")
	}
}

// A bias goes through the softplus and back: exact up to the rounding of Δ.
func TestDrivenBias(t *testing.T) {
	r := newDrivenRig(t)
	bias := make([]float32, r.cfg.DInner)
	for d := range bias {
		bias[d] = float32(d) - 4
	}
	tw := &model.Tweaks{Layers: []model.LayerTweaks{{DeltaBias: bias}}}
	want, _ := r.run(t, r.live, 0, len(r.tokens), tw, nil)
	got, _ := r.run(t, r.driven, 0, len(r.tokens), tw, nil)
	worst := 0.0
	for i, x := range want[0].Delta {
		worst = max(worst, math.Abs(float64(got[0].Delta[i]-x))/float64(x))
	}
	if worst > 1e-5 || worst == 0 && reflect.DeepEqual(want[0].Delta, r.drive.Delta[0]) {
		t.Errorf("Δ with a bias is off by %g of it", worst)
	}
}

func TestDrivenRefuses(t *testing.T) {
	r := newDrivenRig(t)
	s, err := r.driven.NewState()
	if err != nil {
		t.Fatal(err)
	}
	live, err := r.live.NewState()
	if err != nil {
		t.Fatal(err)
	}
	d := r.part(0, 2)
	short := *d
	short.B = [][]float32{d.B[0], d.B[1][1:]}
	tap := func(w model.What) *model.Tap { return &model.Tap{What: w, Func: func(*model.Record) {}} }
	layer := func(l model.LayerTweaks) *model.Tweaks { return &model.Tweaks{Layers: []model.LayerTweaks{l}} }
	for _, c := range []struct {
		m    *model.Model
		s    *model.State
		o    model.Options
		want string
	}{
		{r.driven, s, model.Options{}, "needs a Drive"},
		{r.live, live, model.Options{Drive: d}, "computes its own"},
		{r.driven, s, model.Options{Drive: d, Logits: make([]float32, 11)}, "need the weights"},
		{r.driven, s, model.Options{Drive: &short}, "B of layer 1 has 9 elements, want 2 × 5"},
		{r.driven, s, model.Options{Drive: d, Tap: tap(model.TapZ)}, "to tap"},
		{r.driven, s, model.Options{Drive: d, Tweaks: layer(model.LayerTweaks{GateOff: true})}, "need the weights"},
		{r.driven, s, model.Options{Drive: d, Tweaks: layer(model.LayerTweaks{ConvTaps: 1})}, "need the weights"},
		{r.driven, s, model.Options{Drive: d, Tweaks: layer(model.LayerTweaks{OffChannels: []int{0}})}, "need the weights"},
	} {
		if err := c.m.Forward(c.s, r.tokens[:2], c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	if _, err := model.NewDriven(scan.NewCPU(scan.Options{}), r.cfg, nil, nil); err == nil {
		t.Error("a model without A was made")
	}
	if _, err := model.NewDriven(scan.NewCPU(scan.Options{}), r.cfg, [][]float32{{1}, {2}}, [][]float32{{1}, {2}}); err == nil {
		t.Error("a model with a short A was made")
	}
}
