package tui

import (
	"fmt"
	"math"
	"strconv"

	"mamba-tui/model/session"
	"mamba-tui/scan"
)

// target is what a kind of change acts on.
type target uint8

const (
	onChannels target = iota // layers and channels, over time
	onLayers                 // layers, over time
	onChannel                // the cursor's channel, over time
	onState                  // the cursor's state, over time
	onToken                  // the cursor's token, in all layers or one
	onInput                  // the cursor's token itself
	onCell                   // a cell at the cursor's token
)

// knob is one kind of change: what it stands at, and how a key changes it. It
// knows nothing of the screen.
type knob struct {
	id    string
	name  string
	kind  session.TweakKind
	more  bool // behind "more"
	where target
	unit  string // what a typed number is, "" where none can be typed
	// show is the value in words; t is nil where the model is as it was.
	show func(m *Model, t *session.Tweak) string
	// step is the next value in a direction, and whether that is a change at
	// all; t is nil where there is none yet.
	step func(m *Model, t *session.Tweak, by int) (session.Tweak, bool)
	// typed is the value of a number; nil where none can be typed.
	typed func(m *Model, v float64) (session.Tweak, bool, error)
}

// knobs are all of them, in the order of the panel: four come first.
func knobs() []knob {
	return []knob{
		{id: "delta-gain", name: "Δ gain", kind: session.DeltaGain, where: onChannels, unit: "gain",
			show: func(_ *Model, t *session.Tweak) string { return "×" + number(value(t, 1)) },
			step: func(_ *Model, t *session.Tweak, by int) (session.Tweak, bool) {
				v := ladder(value(t, 1), by)
				return session.Tweak{Value: v}, v != 1
			},
			typed: within(0, 1000, 1, "a gain of Δ")},
		{id: "freeze", name: "freeze", where: onLayers, show: showFreeze},
		{id: "reset", name: "reset here", kind: session.ResetAt, where: onToken,
			show: func(_ *Model, t *session.Tweak) string { return resetName(t) }, step: stepReset},
		{id: "rule", name: "rule", kind: session.UseRule, where: onLayers,
			show: func(_ *Model, t *session.Tweak) string { return ruleOf(t).String() },
			step: func(_ *Model, t *session.Tweak, by int) (session.Tweak, bool) {
				n := len(scan.Rules())
				r := scan.Rule((int(ruleOf(t)) + by%n + n) % n)
				return session.Tweak{Rule: r}, r != scan.Released
			}},
		{id: "delta-bias", name: "Δ bias", kind: session.DeltaBias, more: true, where: onChannels, unit: "bias",
			show:  func(_ *Model, t *session.Tweak) string { return signed(value(t, 0)) },
			step:  additive(0, 0.25, -100, 100),
			typed: within(-100, 100, 0, "a bias inside the softplus")},
		{id: "a-scale", name: "A scale", kind: session.AScale, more: true, where: onLayers, unit: "factor",
			show: func(_ *Model, t *session.Tweak) string { return "×" + number(value(t, 1)) },
			step: func(_ *Model, t *session.Tweak, by int) (session.Tweak, bool) {
				v := max(ladder(value(t, 1), by), 0.01)
				return session.Tweak{Value: v}, v != 1
			},
			typed: within(1e-3, 1000, 1, "a factor of A")},
		{id: "conv-taps", name: "conv taps", kind: session.ConvTaps, more: true, where: onLayers, unit: "taps", show: showTaps,
			step: counted(func(m *Model) int { return m.frame.Info.Config.DConv }), typed: countTyped(func(m *Model) int { return m.frame.Info.Config.DConv }, "taps")},
		{id: "states", name: "states", kind: session.FirstStates, more: true, where: onLayers, unit: "states", show: showStates,
			step: counted(func(m *Model) int { return m.frame.Info.Config.DState }), typed: countTyped(func(m *Model) int { return m.frame.Info.Config.DState }, "states")},
		{id: "gate-off", name: "gate", kind: session.GateOff, more: true, where: onLayers, show: onOff("off", "on"), step: flip},
		{id: "knock-channel", name: "channel out", kind: session.KnockChannel, more: true, where: onChannel,
			show: func(m *Model, t *session.Tweak) string {
				return fmt.Sprintf("d = %d %s", m.cursor.D, onOff("knocked out", "in")(m, t))
			}, step: flip},
		{id: "knock-state", name: "state out", kind: session.KnockState, more: true, where: onState,
			show: func(m *Model, t *session.Tweak) string {
				return fmt.Sprintf("n = %d %s", m.cursor.N, onOff("knocked out", "in")(m, t))
			}, step: flip},
		{id: "ignore", name: "ignore here", kind: session.Ignore, more: true, where: onToken, show: onOff("Δ = 0", "no"), step: flip},
		{id: "token", name: "token here", kind: session.SetToken, more: true, where: onInput, show: showToken, step: stepToken},
		{id: "set-h", name: "h cell", kind: session.SetH, more: true, where: onCell, unit: "value",
			show: showCell(session.SetH), step: stepCell(session.SetH), typed: within(-1e30, 1e30, math.NaN(), "a value of h")},
		{id: "set-delta", name: "Δ cell", kind: session.SetDelta, more: true, where: onCell, unit: "value",
			show: showCell(session.SetDelta), step: stepCell(session.SetDelta), typed: within(0, 1e6, math.NaN(), "a step size")},
	}
}

// value is the number of a tweak, or what the model has without one.
func value(t *session.Tweak, neutral float64) float64 {
	if t == nil {
		return neutral
	}
	return t.Value
}

// number writes a factor: "0.5", "1", "12.5".
func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

func signed(v float64) string {
	if v < 0 {
		return "−" + number(-v)
	}
	return "+" + number(v)
}

// rungs are the gains that the arrows stop at.
var rungs = []float64{0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1,
	1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 50, 100, 200, 500, 1000}

// ladder is the rung by steps from v.
func ladder(v float64, by int) float64 {
	at := 0
	for i, r := range rungs {
		if r <= v+1e-9 {
			at = i
		}
	}
	if by < 0 && rungs[at] < v-1e-9 { // between two: down is the lower one
		by++
	}
	return rungs[clamp(at+by, 0, len(rungs)-1)]
}

// additive steps a number whose neutral value is zero.
func additive(neutral, by, lo, hi float64) func(*Model, *session.Tweak, int) (session.Tweak, bool) {
	return func(_ *Model, t *session.Tweak, n int) (session.Tweak, bool) {
		v := math.Round((value(t, neutral)+float64(n)*by)/by) * by
		v = max(lo, min(v, hi))
		return session.Tweak{Value: v}, v != neutral
	}
}

// within takes a typed number between two bounds.
func within(lo, hi, neutral float64, what string) func(*Model, float64) (session.Tweak, bool, error) {
	return func(_ *Model, v float64) (session.Tweak, bool, error) {
		if !(v >= lo && v <= hi) {
			return session.Tweak{}, false, fmt.Errorf("%s is %s to %s, not %s", what, number(lo), number(hi), number(v))
		}
		return session.Tweak{Value: v}, v != neutral, nil
	}
}

// counted steps a count from 1 to all, which is neutral.
func counted(all func(*Model) int) func(*Model, *session.Tweak, int) (session.Tweak, bool) {
	return func(m *Model, t *session.Tweak, by int) (session.Tweak, bool) {
		n := clamp(int(value(t, float64(all(m))))+by, 1, all(m))
		return session.Tweak{Value: float64(n)}, n != all(m)
	}
}

func countTyped(all func(*Model) int, what string) func(*Model, float64) (session.Tweak, bool, error) {
	return func(m *Model, v float64) (session.Tweak, bool, error) {
		if n := all(m); v != math.Trunc(v) || v < 1 || int(v) > n {
			return session.Tweak{}, false, fmt.Errorf("this model has 1 to %d %s, not %s", n, what, number(v))
		}
		return session.Tweak{Value: v}, int(v) != all(m), nil
	}
}

// flip turns on what is off.
func flip(_ *Model, t *session.Tweak, _ int) (session.Tweak, bool) { return session.Tweak{}, t == nil }

func onOff(on, off string) func(*Model, *session.Tweak) string {
	return func(_ *Model, t *session.Tweak) string {
		if t != nil {
			return on
		}
		return off
	}
}

func ruleOf(t *session.Tweak) scan.Rule {
	if t == nil {
		return scan.Released
	}
	return t.Rule
}

func showTaps(m *Model, t *session.Tweak) string {
	all := m.frame.Info.Config.DConv
	switch n := int(value(t, float64(all))); {
	case n >= all:
		return fmt.Sprintf("all %d", all)
	case n == 1:
		return "the token's own: no short memory"
	default:
		return fmt.Sprintf("newest %d of %d", n, all)
	}
}

func showStates(m *Model, t *session.Tweak) string {
	all := m.frame.Info.Config.DState
	if n := int(value(t, float64(all))); n < all {
		return fmt.Sprintf("first %d of %d", n, all)
	}
	return fmt.Sprintf("all %d", all)
}

// resetModes in the order of the keys; "" is none.
var resetModes = []session.ResetMode{"", session.ResetStateConv, session.ResetState, session.ResetDelta}

func resetName(t *session.Tweak) string {
	if t == nil {
		return "none"
	}
	switch t.Reset {
	case session.ResetStateConv:
		return "Ā = 0, conv cleared"
	case session.ResetState:
		return "Ā = 0"
	case session.ResetDelta:
		return "Δ → ∞"
	}
	return "none"
}

func stepReset(_ *Model, t *session.Tweak, by int) (session.Tweak, bool) {
	at := 0
	for i, mode := range resetModes {
		if t != nil && t.Reset == mode {
			at = i
		}
	}
	n := len(resetModes)
	mode := resetModes[(at+by%n+n)%n]
	return session.Tweak{Reset: mode}, mode != ""
}

// showToken is the symbol that stands at the cursor instead.
func showToken(m *Model, t *session.Tweak) string {
	if t == nil {
		return "as it is"
	}
	return "→ " + oneLine(m.frame.Text(t.Token))
}

func stepToken(m *Model, t *session.Tweak, by int) (session.Tweak, bool) {
	own, at := int32(-1), m.cursor.T
	if t != nil { // it may stand elsewhere than the cursor
		at = t.From
	}
	if at >= 0 && at < m.length() {
		own = m.tokenAt(at).ID
	}
	n := int32(m.vocabulary())
	id := own
	if t != nil {
		id = t.Token
	}
	if n < 1 {
		return session.Tweak{}, false
	}
	id = (id + int32(by)%n + n) % n
	return session.Tweak{Token: id}, id != own
}

// cellValue is what the clean run has in the cell under the cursor.
func cellValue(m *Model, kind session.TweakKind) (float64, bool) {
	w := m.frame.Clean
	if w == nil || w.At == nil || w.At.T != m.cursor.T || w.At.Layer != m.cursor.Layer {
		return 0, false
	}
	list, i := w.At.Delta, m.cursor.D
	if kind == session.SetH {
		list, i = w.At.H, m.cursor.D*w.N+m.cursor.N
	}
	if i < 0 || i >= len(list) {
		return 0, false
	}
	return float64(list[i]), true
}

// showCell is the cell's value, the model's own or another.
func showCell(kind session.TweakKind) func(*Model, *session.Tweak) string {
	return func(m *Model, t *session.Tweak) string {
		if t != nil {
			return "= " + number(t.Value)
		}
		name := fmt.Sprintf("d = %d", m.cursor.D)
		if kind == session.SetH {
			name = fmt.Sprintf("h[%d,%d]", m.cursor.D, m.cursor.N)
		}
		if v, ok := cellValue(m, kind); ok {
			return name + ": " + number(v)
		}
		return name
	}
}

// stepCell moves a cell's value by a tenth of its size, from what the model has.
func stepCell(kind session.TweakKind) func(*Model, *session.Tweak, int) (session.Tweak, bool) {
	return func(m *Model, t *session.Tweak, by int) (session.Tweak, bool) {
		v, _ := cellValue(m, kind)
		if t != nil {
			v = t.Value
		}
		step := math.Pow(10, math.Floor(math.Log10(max(math.Abs(v), 0.01)))) / 10
		v = (math.Round(v/step) + float64(by)) * step
		if kind == session.SetDelta {
			v = max(v, 0)
		}
		return session.Tweak{Value: float64(float32(v))}, true
	}
}
