package tui

import (
	"fmt"
	"slices"
	"strconv"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

// handSwitch switches the chosen change on or off without forgetting it.
func (m *Model) handSwitch() tea.Cmd {
	t := m.chosenTweak()
	if k := m.chosenKnob(); t == nil && k != nil {
		t = m.aimed(k)
	}
	if t == nil {
		return m.say(note, "nothing on this line to switch off")
	}
	other := *t
	other.Off = !other.Off
	return m.add(other)
}

// ofRow are the changes in force that the chosen row stands for.
func (m *Model) ofRow() []session.Tweak {
	if t := m.chosenTweak(); t != nil {
		return []session.Tweak{*t}
	}
	var at []session.Tweak
	if k := m.chosenKnob(); k != nil && k.id == "freeze" {
		for _, b := range freezeBoxes[:3] {
			if t := m.frozenTweak(b.kinds[0]); t != nil {
				at = append(at, *t)
			}
		}
	} else if k != nil {
		if t := m.aimed(k); t != nil {
			at = append(at, *t)
		}
	}
	return at
}

// narrow makes changes begin at the cursor, or at the first token again: the
// chosen one in force, and those to come.
func (m *Model) narrow() tea.Cmd {
	m.hand.here = !m.hand.here
	from := 0
	if m.hand.here {
		from = max(m.cursor.T, 0)
	}
	at := m.ofRow()
	if len(at) == 0 {
		m.turn()
		return m.say(note, fmt.Sprintf("the next change acts from token %d on", from))
	}
	if k := m.knobOf(at[0].Kind); k != nil && k.where >= onToken {
		m.turn()
		return m.say(note, "this acts on one token; the next lasting change begins at token "+strconv.Itoa(from))
	}
	list := slices.Clone(m.tweaks())
	for i := range list {
		if slices.ContainsFunc(at, func(t session.Tweak) bool { return same(list[i], t) }) {
			list[i].From = from
		}
	}
	if len(at) > 1 || at[0].ID == 0 {
		return m.tweak(session.SetTweaks{List: list}, list)
	}
	return m.tweak(session.ScopeTweak{ID: at[0].ID, From: from, To: at[0].To}, list)
}

// toggleLayer makes changes act on the cursor's layer alone, or on all: the
// chosen ones in force, and those to come.
func (m *Model) toggleLayer() tea.Cmd {
	if m.frame.Info.Config.NLayer < 2 {
		return m.say(note, "this model has only one layer")
	}
	at := m.ofRow()
	m.hand.layer = !m.hand.layer
	layer, what := -1, "all layers"
	if m.hand.layer {
		layer, what = m.cursor.Layer, fmt.Sprintf("layer %d", m.cursor.Layer)
	}
	return m.rescope(at, what, func(t *session.Tweak, where target) {
		if where < onInput {
			t.Layer = layer
		}
	})
}

// toggleChannel makes changes act on the cursor's channel alone, or on all: the
// chosen ones in force, and those to come.
func (m *Model) toggleChannel() tea.Cmd {
	at := m.ofRow()
	m.hand.channel = !m.hand.channel
	channel, what := -1, "all channels"
	if m.hand.channel {
		channel, what = m.cursor.D, fmt.Sprintf("channel %d", m.cursor.D)
	}
	return m.rescope(at, what, func(t *session.Tweak, where target) {
		if where == onChannels {
			t.Channel = channel
		}
	})
}

// rescope gives changes in force another scope, the place of those that had it.
func (m *Model) rescope(at []session.Tweak, what string, set func(t *session.Tweak, where target)) tea.Cmd {
	list := slices.Clone(m.tweaks())
	moved := false
	for _, t := range at {
		next := t
		set(&next, m.targetOf(t.Kind))
		if same(next, t) {
			continue
		}
		moved = true
		list = slices.DeleteFunc(list, func(x session.Tweak) bool { return same(x, next) })
		for i := range list {
			if same(list[i], t) {
				list[i] = next
			}
		}
	}
	if !moved {
		m.turn()
		return m.say(note, "the next change that can acts on "+what)
	}
	return m.tweak(session.SetTweaks{List: list}, list)
}

// targetOf is what a kind of change acts on.
func (m *Model) targetOf(kind session.TweakKind) target {
	switch k := m.knobOf(kind); {
	case k != nil:
		return k.where
	case kind == session.FreezeDelta:
		return onChannels
	}
	return onLayers // B and C frozen
}

// noTweaks takes everything back; undo brings it again.
func (m *Model) noTweaks() tea.Cmd {
	if len(m.tweaks()) == 0 {
		return m.say(note, "nothing is changed: this is the model as it is")
	}
	return tea.Batch(m.tweak(session.DefaultTweaks{}, nil), m.say(note, "everything is as the model has it; u brings the changes back"))
}

// layerOff switches all changes off or on again without forgetting them.
func (m *Model) layerOff() tea.Cmd {
	list := m.tweaks()
	if len(list) == 0 {
		return m.say(note, "nothing is changed: there is nothing to switch off")
	}
	on, word := m.frame.TweaksHidden, "off"
	if on {
		word = "on"
	}
	return tea.Batch(m.tweak(session.ToggleTweaks{On: on}, list), m.say(note, "all changes are "+word+"; the list stays"))
}
