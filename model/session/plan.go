package session

import (
	"math"
	"slices"

	"mamba-tui/model"
	"mamba-tui/scan"
)

// plan is a list of tweaks made ready for the model: stretches of tokens over
// which the same tweaks act, because a model's Tweaks are constant over a call.
// A nil plan changes nothing.
type plan struct {
	first    int // the first token that anything acts on
	segments []segment
	tokens   map[int]int32 // replaced ids
}

// segment is what acts on tokens [from, to). What is zero or nil is as it is.
type segment struct {
	from, to int
	tweaks   *model.Tweaks
	mark     int32       // scan.ResetState | scan.ResetConv, on a segment of one token
	a        [][]float32 // A of a layer where it is scaled
	off      [][]bool    // states of a layer that are off
}

// untouched is the only segment of no plan.
var untouched = segment{to: End}

// resetDelta is the Δ of a reset by Δ where none is given: exp(−1000·|A|) is 0
// for every A of a trained model.
const resetDelta = 1000

// newPlan compiles the tweaks of list that are in force for a model with A a.
func newPlan(list []Tweak, cfg model.Config, a [][]float32) *plan {
	p := &plan{first: End, tokens: map[int]int32{}}
	borders := []int{0, End}
	var on []Tweak
	for _, t := range list {
		if t.Off {
			continue
		}
		on = append(on, t)
		p.first = min(p.first, t.From)
		borders = append(borders, t.From, t.end())
		if t.Kind == SetToken {
			p.tokens[t.From] = t.Token
		}
	}
	if len(on) == 0 {
		return nil
	}
	slices.Sort(borders)
	borders = slices.Compact(borders)
	for i, from := range borders[:len(borders)-1] {
		s := segment{from: from, to: borders[i+1]}
		for _, t := range on {
			if t.From <= from && from < t.end() {
				s.apply(t, cfg)
			}
		}
		s.measure(cfg, a)
		p.segments = append(p.segments, s)
	}
	return p
}

// end is the position after the last token that t acts on.
func (t Tweak) end() int {
	if t.Kind.atToken() {
		return t.From + 1
	}
	return t.To
}

// at is the segment of token t.
func (p *plan) at(t int) *segment {
	if p == nil {
		return &untouched
	}
	i, _ := slices.BinarySearchFunc(p.segments, t, func(s segment, t int) int {
		switch {
		case s.to <= t:
			return -1
		case s.from > t:
			return 1
		}
		return 0
	})
	return &p.segments[i]
}

// apply adds one tweak to what acts.
func (s *segment) apply(t Tweak, cfg model.Config) {
	switch t.Kind {
	case SetToken:
		return
	case ResetAt:
		switch t.Reset {
		case ResetState:
			s.mark |= scan.ResetState
			return
		case ResetStateConv:
			s.mark |= scan.ResetState | scan.ResetConv
			return
		}
	}
	if s.tweaks == nil {
		s.tweaks = &model.Tweaks{Layers: make([]model.LayerTweaks, cfg.NLayer)}
	}
	for l := range s.tweaks.Layers {
		if t.Layer < 0 || t.Layer == l {
			change(&s.tweaks.Layers[l], t, l, cfg)
		}
	}
}

// change adds t to the tweaks w of layer l. Gains multiply, biases add, cuts
// leave what every cut leaves; of constants and rules the later tweak has its
// way.
func change(w *model.LayerTweaks, t Tweak, l int, cfg model.Config) {
	D, N := cfg.DInner, cfg.DState
	value := float32(t.Value)
	channels := func(dst *[]float32, neutral float32, f func(x *float32)) {
		if *dst == nil {
			*dst = slices.Repeat([]float32{neutral}, D)
		}
		for d := range *dst {
			if t.Channel < 0 || t.Channel == d {
				f(&(*dst)[d])
			}
		}
	}
	nan := float32(math.NaN())
	switch t.Kind {
	case DeltaGain:
		channels(&w.DeltaGain, 1, func(x *float32) { *x = min(*x*value, math.MaxFloat32) })
	case DeltaBias:
		channels(&w.DeltaBias, 0, func(x *float32) { *x += value })
	case FreezeDelta:
		if v := t.vector(l); v != nil {
			channels(&w.FreezeDelta, nan, func(*float32) {})
			for d, x := range v {
				if t.Channel < 0 || t.Channel == d {
					w.FreezeDelta[d] = x
				}
			}
		}
	case FreezeB:
		if v := t.vector(l); v != nil {
			w.FreezeB = v
		}
	case FreezeC:
		if v := t.vector(l); v != nil {
			w.FreezeC = v
		}
	case GateOff:
		w.GateOff = true
	case ConvTaps:
		if k := int(t.Value); w.ConvTaps == 0 || k < w.ConvTaps {
			w.ConvTaps = k
		}
	case AScale:
		if w.AScale == 0 {
			w.AScale = 1
		}
		w.AScale = min(w.AScale*value, math.MaxFloat32)
	case UseRule:
		w.Rule = t.Rule
	case FirstStates:
		if k := int(t.Value); w.States == 0 || k < w.States {
			w.States = k
		}
	case KnockChannel:
		w.OffChannels = append(w.OffChannels, t.Channel)
	case KnockState:
		w.OffStates = append(w.OffStates, t.State)
	case ResetAt: // by Δ
		channels(&w.FreezeDelta, nan, func(x *float32) { *x = value })
	case Ignore:
		channels(&w.FreezeDelta, nan, func(x *float32) { *x = 0 })
	case SetDelta:
		channels(&w.FreezeDelta, nan, func(x *float32) { *x = value })
	case SetH:
		for d := range D {
			for n := range N {
				if (t.Channel < 0 || t.Channel == d) && (t.State < 0 || t.State == n) {
					w.SetH = append(w.SetH, model.Cell{D: d, N: n, V: value})
				}
			}
		}
	}
}

// vector is the constant of layer l, or nil.
func (t Tweak) vector(l int) []float32 {
	if l >= len(t.Vector) {
		return nil
	}
	return t.Vector[l]
}

// measure prepares what the summaries need to know of the tweaks.
func (s *segment) measure(cfg model.Config, a [][]float32) {
	if s.tweaks == nil {
		return
	}
	s.a, s.off = make([][]float32, cfg.NLayer), make([][]bool, cfg.NLayer)
	for l, w := range s.tweaks.Layers {
		if w.AScale != 0 && w.AScale != 1 {
			s.a[l] = make([]float32, len(a[l]))
			for i, x := range a[l] {
				s.a[l][i] = w.AScale * x
			}
		}
		if w.States == 0 && len(w.OffStates) == 0 {
			continue
		}
		s.off[l] = make([]bool, cfg.DState)
		for n := range s.off[l] {
			s.off[l][n] = w.States > 0 && n >= w.States || slices.Contains(w.OffStates, n)
		}
	}
}

// marks are the reset marks of n tokens of the segment, or nil.
func (s *segment) marks(n int) []int32 {
	if s.mark == 0 || n == 0 {
		return nil
	}
	return slices.Repeat([]int32{s.mark}, n)
}

// in says how layer l measures: its A, rule, states that are off and whether h
// is forgotten before the token.
func (s *segment) in(l int, a []float32) conditions {
	c := conditions{a: a, rule: s.tweaks.Layer(l).Rule, reset: s.mark&scan.ResetState != 0}
	if s.a != nil && s.a[l] != nil {
		c.a = s.a[l]
	}
	if s.off != nil {
		c.off = s.off[l]
	}
	return c
}

// conditions are those under which a layer's tokens are measured.
type conditions struct {
	a     []float32 // (D, N)
	rule  scan.Rule
	off   []bool // (N) states that stay 0; nil: none
	reset bool   // h is forgotten before the token: Ā = 0
}

// taken is B (T, N) with zeros for the states that are off: what writes.
func (c *conditions) taken(b []float32) []float32 {
	if c.off == nil {
		return b
	}
	b = slices.Clone(b)
	for i := range b {
		if c.off[i%len(c.off)] {
			b[i] = 0
		}
	}
	return b
}
