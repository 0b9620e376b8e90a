package model_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// arrays are the arrays of a Record, or those of the equations, by name.
type arrays map[string][]float32

// keep copies a record, which is only valid during its call.
func keep(r *model.Record) arrays {
	a := arrays{
		"In": r.In, "Norm": r.Norm, "X": r.X, "U": r.U, "Delta": r.Delta, "B": r.B, "C": r.C, "Z": r.Z,
		"Y": r.Y, "Gated": r.Gated, "Out": r.Out, "H": r.H, "Window": r.Window, "H0": r.H0,
	}
	for name, s := range a {
		if s != nil {
			a[name] = append(make([]float32, 0, len(s)), s...)
		}
	}
	return a
}

// tapped runs tokens from a fresh state and keeps every record.
func tapped(t *testing.T, m *model.Model, s *model.State, tokens []int32, o model.Options, tap model.Tap) []arrays {
	t.Helper()
	var out []arrays
	tap.Func = func(r *model.Record) { out = append(out, keep(r)) }
	o.Tap = &tap
	s.Reset()
	if err := m.Forward(s, tokens, o); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTapAgainstNaive: every array of every layer, against the equations
// written down a second time, over a range that starts in one chunk and ends
// in the next, with reset marks and tweaks.
func TestTapAgainstNaive(t *testing.T) {
	const L, from, to = 262, 249, 261
	for shape, cfg := range oddShapes() {
		all := knobs(cfg, rand.New(rand.NewPCG(55, uint64(shape))))
		for variant := range 1 + len(all) {
			r := rand.New(rand.NewPCG(5, uint64(shape)))
			w := livelyWeights(cfg, uint64(shape))
			m, s := open(t, scan.Float32, cfg, w)
			ref := newNaive(cfg, w)
			var tw *model.Tweaks
			if variant > 0 {
				tw = all[variant-1].tweaks
			}
			ref.tweaks = tw
			tokens := randomTokens(r, cfg, L)
			resets := make([]int32, L)
			resets[252], resets[255], resets[257] = scan.ResetConv, scan.ResetState, scan.ResetState|scan.ResetConv
			if variant%2 == 1 { // the first token of Forward's second chunk
				resets[256], resets[257] = scan.ResetConv, 0
			}
			want := make([]arrays, cfg.NLayer)
			for i := range want {
				want[i] = arrays{}
			}
			for i, id := range tokens {
				_, did := ref.step(id, resets[i])
				for l, d := range did {
					if i == from {
						want[l]["H0"] = rounded(d.h0)
					}
					if i < from || i >= to {
						continue
					}
					for name, x := range map[string][]float64{
						"In": d.in, "Norm": d.norm, "X": d.x, "U": d.u, "Delta": d.delta, "B": d.b, "C": d.c, "Z": d.z,
						"Y": d.y, "Gated": d.gated, "Out": d.out, "H": d.h, "Window": d.window,
					} {
						want[l][name] = append(want[l][name], rounded(x)...)
					}
				}
			}
			have := tapped(t, m, s, tokens, model.Options{Resets: resets, Tweaks: tw}, model.Tap{From: from, To: to, What: model.TapAll})
			if len(have) != cfg.NLayer {
				t.Fatalf("%d records of %d layers", len(have), cfg.NLayer)
			}
			for l := range have {
				for name, x := range want[l] {
					if d := relative(have[l][name], x); !(d <= parity) {
						t.Errorf("shape %d variant %d layer %d: %s (%d values for %d) is %.2e from the equations",
							shape, variant, l, name, len(have[l][name]), len(x), d)
					}
				}
			}
		}
	}
}

// TestTapChangesNothing: with and without a tap, of any range and layers, a
// run gives the same bits; and any range is the same rows of the whole.
func TestTapChangesNothing(t *testing.T) {
	const L = 280
	for shape, cfg := range oddShapes() {
		r := rand.New(rand.NewPCG(6, uint64(shape)))
		m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, uint64(shape)))
		tokens := randomTokens(r, cfg, L)
		resets := make([]int32, L)
		for i := range resets {
			if r.IntN(20) == 0 {
				resets[i] = r.Int32N(4)
			}
		}
		V := cfg.VocabSize
		plain := make([]float32, L*V)
		if err := m.Forward(s, tokens, model.Options{Logits: plain, Resets: resets}); err != nil {
			t.Fatal(err)
		}
		want := save(t, s)
		whole := tapped(t, m, s, tokens, model.Options{Resets: resets}, model.Tap{What: model.TapAll})
		for range 20 {
			from := r.IntN(L + 1)
			to := from + r.IntN(L+1-from)
			if to == 0 {
				continue // 0 means all
			}
			tap := model.Tap{From: from, To: to, What: model.What(r.IntN(int(model.TapAll) + 1))}
			if r.IntN(2) == 0 {
				tap.Layers = []int{r.IntN(cfg.NLayer)}
			}
			logits := make([]float32, L*V)
			part := tapped(t, m, s, tokens, model.Options{Logits: logits, Resets: resets}, tap)
			what := fmt.Sprintf("shape %d, tap %d to %d", shape, from, to)
			if at := identical(logits, plain); at >= 0 {
				t.Fatalf("%s: logit %d changed", what, at)
			}
			sameState(t, what, save(t, s), want)
			layers := tap.Layers
			if layers == nil {
				for l := range cfg.NLayer {
					layers = append(layers, l)
				}
			}
			if len(part) != len(layers) {
				t.Fatalf("%s: %d records, want %d", what, len(part), len(layers))
			}
			for i, l := range layers {
				for name, x := range part[i] {
					all := whole[l][name]
					cols := len(all) / L
					row := all[from*cols : to*cols]
					if name == "H0" && x != nil {
						row = whole[l]["H0"]
						if from > 0 {
							DN := cfg.DInner * cfg.DState
							row = whole[l]["H"][(from-1)*DN : from*DN]
						}
					}
					if x == nil {
						continue
					}
					if at := identical(x, row); at >= 0 {
						t.Fatalf("%s: layer %d: %s differs at %d of %d", what, l, name, at, len(x))
					}
				}
			}
		}
	}
}

// TestTapOnlyWhatIsAsked: arrays that were not asked for are nil, the others
// have their shape.
func TestTapOnlyWhatIsAsked(t *testing.T) {
	cfg := oddShapes()[0]
	m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 1))
	M, D, N, K := cfg.DModel, cfg.DInner, cfg.DState, cfg.DConv
	shapes := map[string]struct {
		bit  model.What
		cols int
	}{
		"In": {model.TapIn, M}, "Norm": {model.TapNorm, M}, "X": {model.TapX, D}, "U": {model.TapU, D},
		"Delta": {model.TapDelta, D}, "B": {model.TapB, N}, "C": {model.TapC, N}, "Z": {model.TapZ, D},
		"Y": {model.TapY, D}, "Gated": {model.TapGated, D}, "Out": {model.TapOut, M}, "H": {model.TapH, D * N},
		"Window": {model.TapWindow, K * D},
	}
	tokens := []int32{1, 2, 3, 4, 5}
	for asked, shape := range shapes {
		for _, rec := range tapped(t, m, s, tokens, model.Options{}, model.Tap{What: shape.bit}) {
			for name, x := range rec {
				switch {
				case name == asked:
					if len(x) != len(tokens)*shape.cols {
						t.Errorf("%s has %d values, want %d × %d", name, len(x), len(tokens), shape.cols)
					}
				case name == "H0" && asked == "H":
					if len(x) != D*N {
						t.Errorf("H0 has %d values, want %d × %d", len(x), D, N)
					}
				case x != nil:
					t.Errorf("%s has %d values, but only %s was asked for", name, len(x), asked)
				}
			}
		}
	}
}

// TestTapRecomputes: the arithmetic that an inspector prints gives the h that
// it shows: h = exp(Δ·A)·h0 + Δ·B·u.
func TestTapRecomputes(t *testing.T) {
	cfg := oddShapes()[2]
	w := livelyWeights(cfg, 3)
	m, s := open(t, scan.Float32, cfg, w)
	D, N := cfg.DInner, cfg.DState
	tokens := randomTokens(rand.New(rand.NewPCG(8, 8)), cfg, 40)
	for layer, rec := range tapped(t, m, s, tokens, model.Options{}, model.Tap{From: 30, To: 31, What: model.TapDrive | model.TapH | model.TapY}) {
		A, skip := m.A(layer), m.Skip(layer)
		h, y := make([]float64, D*N), make([]float64, D)
		for d := range D {
			delta, u := float64(rec["Delta"][d]), float64(rec["U"][d])
			for n := range N {
				keep, write := discretise(scan.Released, delta, float64(A[d*N+n]))
				h[d*N+n] = keep*float64(rec["H0"][d*N+n]) + write*float64(rec["B"][n])*u
				y[d] += float64(rec["C"][n]) * h[d*N+n]
			}
			y[d] += float64(skip[d]) * u
		}
		if d := relative(rounded(h), rec["H"]); !(d <= 1e-6) {
			t.Errorf("layer %d: the printed equation is %.2e from h", layer, d)
		}
		if d := relative(rounded(y), rec["Y"]); !(d <= 1e-6) {
			t.Errorf("layer %d: Σ C·h + D·u is %.2e from y", layer, d)
		}
	}
	// The copies are the caller's own.
	m.A(0)[0], m.Skip(0)[0] = 77, 77
	if m.A(0)[0] == 77 || m.Skip(0)[0] == 77 {
		t.Error("A and Skip hand out the model's own memory")
	}
}

// TestTapOfLargeStates: h of every token, where one chunk of it would not fit
// the bound of the tap's memory, comes in smaller chunks with the same bits.
func TestTapOfLargeStates(t *testing.T) {
	cfg := model.Config{VocabSize: 4, DModel: 2, DInner: 900, DState: 128, DConv: 2, DtRank: 1, NLayer: 1, Eps: 1e-5}
	m, s := open(t, scan.Float32, cfg, livelyWeights(cfg, 2))
	tokens := randomTokens(rand.New(rand.NewPCG(9, 9)), cfg, 80)
	rec := tapped(t, m, s, tokens, model.Options{}, model.Tap{What: model.TapH})[0]
	DN := cfg.DInner * cfg.DState
	s.Reset()
	for i, id := range tokens {
		if err := m.Step(s, id, nil); err != nil {
			t.Fatal(err)
		}
		if at := identical(save(t, s).H[0], rec["H"][i*DN:(i+1)*DN]); at >= 0 {
			t.Fatalf("h after token %d differs from the stepped state at %d", i, at)
		}
	}
}
