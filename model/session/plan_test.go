package session

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// three is a configuration of two layers that is small enough to write down.
var three = model.Config{NLayer: 2, DInner: 3, DState: 2, DConv: 4}

// What several tweaks of one layer and token come to.
func TestPlanByHand(t *testing.T) {
	nan := float32(math.NaN())
	list := []Tweak{
		{Kind: DeltaGain, Layer: 1, Channel: -1, From: 4, To: End, Value: 2},
		{Kind: DeltaGain, Layer: -1, Channel: 2, From: 4, To: 8, Value: 3},
		{Kind: DeltaBias, Layer: 0, Channel: 1, From: 6, To: 8, Value: -0.5},
		{Kind: FreezeDelta, Layer: -1, Channel: -1, From: 6, To: 8, Vector: [][]float32{{7, 8, 9}, nil}},
		{Kind: SetDelta, Layer: -1, Channel: 0, From: 7, Value: 5},
		{Kind: ResetAt, Layer: -1, From: 8, Reset: ResetStateConv},
		{Kind: SetToken, Layer: -1, From: 2, Token: 9},
		{Kind: ConvTaps, Layer: 0, From: 8, To: End, Value: 3},
		{Kind: ConvTaps, Layer: 0, From: 8, To: End, Value: 2},
		{Kind: AScale, Layer: 0, From: 9, To: End, Value: 2},
		{Kind: AScale, Layer: 0, From: 9, To: End, Value: 0.25},
		{Kind: FirstStates, Layer: 1, From: 9, To: End, Value: 1},
		{Kind: SetH, Layer: 0, Channel: 1, State: -1, From: 9, Value: 4},
		{Kind: GateOff, Layer: -1, From: 0, To: End, Off: true},
	}
	a := [][]float32{{-1, -2, -3, -4, -5, -6}, {-1, -1, -1, -1, -1, -1}}
	p := newPlan(list, three, a)
	if p.first != 2 || !reflect.DeepEqual(p.tokens, map[int]int32{2: 9}) {
		t.Errorf("begins at token %d, tokens %v", p.first, p.tokens)
	}
	type layers = []model.LayerTweaks
	for _, c := range []struct {
		from, to int
		want     layers
		mark     int32
	}{
		{0, 2, nil, 0},
		{2, 3, nil, 0},
		{3, 4, nil, 0},
		{4, 6, layers{{DeltaGain: []float32{1, 1, 3}}, {DeltaGain: []float32{2, 2, 6}}}, 0},
		{6, 7, layers{{DeltaGain: []float32{1, 1, 3}, DeltaBias: []float32{0, -0.5, 0}, FreezeDelta: []float32{7, 8, 9}}, {DeltaGain: []float32{2, 2, 6}}}, 0},
		{7, 8, layers{{DeltaGain: []float32{1, 1, 3}, DeltaBias: []float32{0, -0.5, 0}, FreezeDelta: []float32{5, 8, 9}}, {DeltaGain: []float32{2, 2, 6}, FreezeDelta: []float32{5, nan, nan}}}, 0},
		{8, 9, layers{{ConvTaps: 2}, {DeltaGain: []float32{2, 2, 2}}}, scan.ResetState | scan.ResetConv},
		{9, 10, layers{{ConvTaps: 2, AScale: 0.5, SetH: []model.Cell{{D: 1, N: 0, V: 4}, {D: 1, N: 1, V: 4}}}, {DeltaGain: []float32{2, 2, 2}, States: 1}}, 0},
		{10, End, layers{{ConvTaps: 2, AScale: 0.5}, {DeltaGain: []float32{2, 2, 2}, States: 1}}, 0},
	} {
		for _, at := range []int{c.from, c.to - 1} {
			s := p.at(at)
			if s.from != c.from || s.to != c.to || s.mark != c.mark {
				t.Errorf("token %d is in [%d, %d) with mark %d, want [%d, %d) with %d", at, s.from, s.to, s.mark, c.from, c.to, c.mark)
				continue
			}
			var got layers
			if s.tweaks != nil {
				got = s.tweaks.Layers
			}
			if !same(reflect.ValueOf(got), reflect.ValueOf(c.want)) {
				t.Errorf("token %d:\n%+v, want\n%+v", at, got, c.want)
			}
		}
	}
	in := p.at(9).in(0, a[0])
	if !reflect.DeepEqual(in.a, []float32{-0.5, -1, -1.5, -2, -2.5, -3}) || in.off != nil || in.reset {
		t.Errorf("layer 0 is measured under %+v", in)
	}
	in = p.at(9).in(1, a[1])
	if got := in.taken([]float32{1, 2, 3, 4}); !reflect.DeepEqual(got, []float32{1, 0, 3, 0}) || &in.a[0] != &a[1][0] {
		t.Errorf("layer 1 takes %v with A %v", got, in.a)
	}
	if !p.at(8).in(0, a[0]).reset || p.at(7).in(0, a[0]).reset {
		t.Error("a reset is measured at another token")
	}
	if newPlan(list[len(list)-1:], three, a) != nil {
		t.Error("a plan of nothing in force")
	}
}

func TestTweaksSayWhatTheyDo(t *testing.T) {
	for _, c := range []struct {
		t           Tweak
		name, scope string
	}{
		{Tweak{Kind: DeltaGain, Layer: 1, Channel: -1, From: 14, To: End, Value: 2}, "Δ×2.0", "layer 1 · all channels · from t=14"},
		{Tweak{Kind: DeltaBias, Layer: -1, Channel: 3, To: 6, Value: -0.25}, "Δ bias -0.25", "all layers · channel 3 · t=0 to 5"},
		{Tweak{Kind: FreezeB, Layer: -1, Channel: -1, To: End, MeanTokens: 1, MeanBranch: 2}, "freeze B at its clean mean", "all layers · from t=0 · mean of 1 token of branch 2"},
		{Tweak{Kind: ConvTaps, Layer: -1, Channel: -1, To: End, Value: 1}, "convolution off", "all layers · from t=0"},
		{Tweak{Kind: ConvTaps, Layer: -1, Channel: -1, To: End, Value: 3}, "convolution: newest 3 taps", "all layers · from t=0"},
		{Tweak{Kind: ResetAt, Layer: -1, Channel: -1, From: 7, To: End, Reset: ResetStateConv}, "reset: Ā = 0, convolution cleared", "all layers · at t=7"},
		{Tweak{Kind: SetH, Layer: 0, Channel: 2, State: 1, From: 3, To: End, Value: 1.5}, "h set to 1.5", "layer 0 · channel 2 · state 1 · at t=3"},
		{Tweak{Kind: SetToken, Layer: -1, Channel: -1, From: 3, Text: "x"}, "token replaced by x", "at t=3"},
		{Tweak{Kind: UseRule, Layer: -1, Channel: -1, To: End, Rule: scan.ZOH}, "rule zoh", "all layers · from t=0"},
	} {
		if c.t.Name() != c.name || c.t.Scope() != c.scope {
			t.Errorf("%q · %q, want %q · %q", c.t.Name(), c.t.Scope(), c.name, c.scope)
		}
	}
	seen := map[string]TweakKind{}
	for _, k := range Kinds() {
		x := all(k, 2)
		name := x.Name() + x.Scope()
		if other, ok := seen[name]; ok || x.Name() == string(k) {
			t.Errorf("%s and %s are both called %q", k, other, name)
		}
		seen[name] = k
	}
}

func TestImpossibleTweaksAreRefused(t *testing.T) {
	s := newSession(t, newModel(t, small, scan.Float32), Options{})
	nan := float32(math.NaN())
	for _, c := range []struct {
		t    Tweak
		want string
	}{
		{all("x", 1), "unknown"},
		{Tweak{Kind: GateOff, Layer: 2}, "layer 2, want 0 to 1"},
		{Tweak{Kind: DeltaGain, Layer: -2, Value: 1}, "layer -2"},
		{Tweak{Kind: DeltaGain, Channel: 14, Value: 1}, "channel 14, want 0 to 13"},
		{Tweak{Kind: KnockState, State: 3}, "state 3"},
		{Tweak{Kind: GateOff, From: -1}, "tokens -1"},
		{Tweak{Kind: GateOff, From: 5, To: 5}, "tokens 5 to 5"},
		{all(DeltaGain, -1), "value -1"},
		{all(DeltaGain, math.NaN()), "value NaN"},
		{all(AScale, math.Inf(1)), "value +Inf"},
		{all(ConvTaps, 0), "value 0"},
		{all(ConvTaps, 5), "value 5"},
		{all(FirstStates, 1.5), "whole"},
		{all(SetDelta, 1e10), "value 1e+10"},
		{Tweak{Kind: UseRule, Rule: 99}, "rule 99"},
		{all(KnockChannel, 0), "name one"},
		{all(KnockState, 0), "name one"},
		{Tweak{Kind: ResetAt, Layer: -1, Reset: "x"}, `mode "x"`},
		{Tweak{Kind: ResetAt, Layer: 1, Reset: ResetState}, "layer 1 alone"},
		{Tweak{Kind: SetToken, Token: 11}, "id 11"},
		{all(FreezeC, 0), "empty"},
		{Tweak{Kind: FreezeDelta, Layer: -1, Channel: -1, Vector: [][]float32{{1}}}, "of 1 layers"},
		{Tweak{Kind: FreezeB, Layer: -1, Vector: [][]float32{{1, 2}, nil}}, "2 constants, want 3"},
		{Tweak{Kind: FreezeB, Layer: -1, Vector: [][]float32{{1, 2, nan}, nil}}, "NaN at 2"},
	} {
		if err := s.Do(t.Context(), AddTweak{Tweak: c.t}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", c.t, err, c.want)
		}
		if err := s.Do(t.Context(), SetTweaks{[]Tweak{c.t}}); err == nil {
			t.Errorf("%+v was accepted in a list", c.t)
		}
	}
	if len(s.overlay().list) != 0 || s.overlay().undo != nil {
		t.Error("a refused tweak left something")
	}
	for i := range maxTweaks {
		do(t, s, AddTweak{Tweak: Tweak{Kind: SetToken, From: i, Token: 1}})
	}
	if err := s.Do(t.Context(), AddTweak{Tweak: Tweak{Kind: SetToken, From: 999, Token: 1}}); err == nil {
		t.Error("a list without end")
	}
}
