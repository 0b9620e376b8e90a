package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

// freezeBox is one choice of the freeze row.
type freezeBox struct {
	name  string
	kinds []session.TweakKind
}

// freezeBoxes are what can be held constant; all three give the model that
// selects nothing: a linear time-invariant one.
var freezeBoxes = []freezeBox{
	{"Δ", []session.TweakKind{session.FreezeDelta}},
	{"B", []session.TweakKind{session.FreezeB}},
	{"C", []session.TweakKind{session.FreezeC}},
	{"all: LTI", []session.TweakKind{session.FreezeDelta, session.FreezeB, session.FreezeC}},
}

// frozenTweak is the change that holds a kind constant in the panel's scope.
func (m *Model) frozenTweak(kind session.TweakKind) *session.Tweak {
	k := knob{kind: kind, where: onLayers}
	if kind == session.FreezeDelta {
		k.where = onChannels
	}
	return m.aimed(&k)
}

// frozenBoxes has a bit for each of Δ, B and C that is held constant.
func (m *Model) frozenBoxes() (bits int) {
	for i, b := range freezeBoxes[:3] {
		if m.frozenTweak(b.kinds[0]) != nil {
			bits |= 1 << i
		}
	}
	return bits
}

// showFreeze draws the row's boxes; the chosen one stands in brackets.
func showFreeze(m *Model, _ *session.Tweak) string {
	bits := m.frozenBoxes()
	chosen := -1
	if k := m.chosenKnob(); m.turning() && k != nil && k.id == "freeze" {
		chosen = m.hand.box
	}
	var out []string
	for i, b := range freezeBoxes {
		mark := "·"
		if i < 3 && bits&(1<<i) != 0 || i == 3 && bits == 7 {
			mark = "✓"
		}
		s := mark + b.name
		if i == chosen {
			s = "[" + s + "]"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// freezeBox freezes what a box stands for, or frees it if all of it is frozen.
func (m *Model) freezeBox(b freezeBox) tea.Cmd {
	if m.frame.Tokens.Len() == 0 {
		return m.say(note, needTokens(m))
	}
	var cmds []tea.Cmd
	if m.frozen(b) {
		for _, kind := range b.kinds {
			cmds = append(cmds, m.takeBack(*m.frozenTweak(kind)))
		}
		return tea.Batch(cmds...)
	}
	for _, kind := range b.kinds {
		if m.frozenTweak(kind) != nil {
			continue
		}
		k := knob{kind: kind, where: onLayers}
		if kind == session.FreezeDelta {
			k.where = onChannels
		}
		cmds = append(cmds, m.add(m.aim(&k)))
	}
	return tea.Batch(cmds...)
}

// frozen says that everything a box stands for is held constant.
func (m *Model) frozen(b freezeBox) bool {
	for _, kind := range b.kinds {
		if m.frozenTweak(kind) == nil {
			return false
		}
	}
	return true
}

// freeNow frees whatever of Δ, B and C is frozen in the panel's scope.
func (m *Model) freeNow() tea.Cmd {
	var cmds []tea.Cmd
	for _, b := range freezeBoxes[:3] {
		if t := m.frozenTweak(b.kinds[0]); t != nil {
			cmds = append(cmds, m.takeBack(*t))
		}
	}
	if cmds == nil {
		return m.say(note, "Δ, B and C are selected: nothing is frozen")
	}
	return tea.Batch(cmds...)
}

// freeze is the key f: Δ at its clean mean everywhere, or selected again.
func (m *Model) freeze() tea.Cmd {
	m.intro.beforeFreeze(m)
	was := m.hand
	m.hand.here, m.hand.layer, m.hand.channel = false, false, false
	on := !m.frozen(freezeBoxes[0])
	cmd := m.freezeBox(freezeBoxes[0])
	m.hand.here, m.hand.layer, m.hand.channel = was.here, was.layer, was.channel
	m.turn()
	if !on {
		return tea.Batch(cmd, m.say(note, "Δ is selected again"))
	}
	return m.seeTweak(cmd)
}

// resetHere is the key r: the modes of a forced reset, one after another.
func (m *Model) resetHere() tea.Cmd {
	k := m.knobOf(session.ResetAt)
	was := m.hand.layer
	m.hand.layer = false
	t := m.aimed(k)
	aim := m.aim(k)
	m.hand.layer = was
	next, ok := k.step(m, t, 1)
	if t != nil {
		aim = *t
	}
	cmd := m.put(k, aim, next, ok)
	what := "no reset is forced here any more"
	if ok {
		what = "reset forced before this token: " + resetName(&next) + "; r again for the next mode"
	}
	return m.seeTweak(tea.Batch(cmd, m.say(note, what)))
}
