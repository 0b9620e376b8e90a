package tui

import (
	"fmt"
	"time"

	"mamba-tui/model/session"
	"mamba-tui/tui/panel"
)

// hand is the state of the tweak panel: what is chosen, and what a change will
// act on. What is changed is the session's.
type hand struct {
	open    bool
	more    bool // the rest of the knobs is shown
	at      int  // chosen row: a knob, or past them a tweak in force
	box     int  // chosen one of the freeze row
	here    bool // changes begin at the cursor, not at the first token
	layer   bool // they act on the cursor's layer alone
	channel bool // and on the cursor's channel alone
	typed   string
	// asked is the list as it will be once the session has done what was asked:
	// a second key steps on from there and not from what is still shown.
	asked  []session.Tweak
	upTo   uint64        // the operation after which the session's list is right again
	slid   session.Tweak // adjusted last
	slidAt time.Time
}

// slidePause is how long between two adjustments makes them two changes.
const slidePause = time.Second

// turning says that keys go to the panel: it is open, and to be seen.
func (m *Model) turning() bool {
	return m.hand.open && m.view == WhatIf && (m.zoom == "" || m.zoom == "tweaks")
}

// tweaks is the list of changes as it will be.
func (m *Model) tweaks() []session.Tweak {
	if m.frame.Done < m.hand.upTo {
		return m.hand.asked
	}
	return m.frame.Tweaks
}

// shownKnobs are the rows of the panel.
func (m *Model) shownKnobs() []*knob {
	var out []*knob
	for i := range m.knobs {
		if k := &m.knobs[i]; !k.more || m.hand.more {
			out = append(out, k)
		}
	}
	return out
}

// aim is a change of a kind of the knob with the scope that the panel has.
func (m *Model) aim(k *knob) session.Tweak {
	t := session.Tweak{Kind: k.kind, Layer: -1, Channel: -1, State: -1, To: session.End}
	if m.hand.layer {
		t.Layer = m.cursor.Layer
	}
	if m.hand.channel && k.where == onChannels {
		t.Channel = m.cursor.D
	}
	if m.hand.here {
		t.From = max(m.cursor.T, 0)
	}
	switch k.where {
	case onChannel:
		t.Channel = m.cursor.D
	case onState:
		t.State = m.cursor.N
	case onToken:
		t.From = max(m.cursor.T, 0)
	case onInput:
		t.Layer, t.From = -1, max(m.cursor.T, 0)
	case onCell:
		t.Layer, t.Channel, t.From = m.cursor.Layer, m.cursor.D, max(m.cursor.T, 0)
		if k.kind == session.SetH {
			t.State = m.cursor.N
		}
	}
	return t
}

// sameAim says that two changes are of one kind and act on the same, whatever
// their values. From when does not matter for those that last: there is one for
// each scope.
func sameAim(a, b session.Tweak, where target) bool {
	return a.Kind == b.Kind && a.Layer == b.Layer && a.Channel == b.Channel && a.State == b.State &&
		(where < onToken || a.From == b.From)
}

// aimed is the change in force that the knob stands for; nil: none.
func (m *Model) aimed(k *knob) *session.Tweak {
	want := m.aim(k)
	list := m.tweaks()
	for i := range list {
		if sameAim(list[i], want, k.where) {
			return &list[i]
		}
	}
	return nil
}

// knobOf is the knob of a kind of change.
func (m *Model) knobOf(kind session.TweakKind) *knob {
	for i := range m.knobs {
		if m.knobs[i].kind == kind {
			return &m.knobs[i]
		}
	}
	return nil
}

// fillKnobs writes what the panel shows of the hand.
func (m *Model) fillKnobs() {
	k := panel.Knobs{Open: m.turning(), At: m.hand.at, Typed: m.hand.typed}
	for _, knob := range m.shownKnobs() {
		t := m.aimed(knob)
		row := panel.Knob{Name: knob.name, Value: knob.show(m, t), Set: t != nil, Steps: true}
		if knob.id == "freeze" {
			row.Set = m.frozenBoxes() != 0
		}
		k.Rows = append(k.Rows, row)
	}
	more := panel.Knob{Name: "more …", Value: "gate, taps, A, cells"}
	if m.hand.more {
		more = panel.Knob{Name: "less"}
	}
	k.Rows = append(k.Rows, more)
	k.Scope = m.scope3()
	m.ctx.Knobs = k
}

// scope3 is what a new change acts on, and the keys that narrow it.
func (m *Model) scope3() []panel.Choice {
	layer, channel, from := "all layers", "all channels", "from t=0"
	if m.hand.layer {
		layer = fmt.Sprintf("layer %d", m.cursor.Layer)
	}
	if m.hand.channel {
		channel = fmt.Sprintf("channel %d", m.cursor.D)
	}
	if m.hand.here {
		from = fmt.Sprintf("from t=%d", max(m.cursor.T, 0))
	}
	list := []panel.Choice{{Key: "n", Value: from, Set: m.hand.here}, {Key: "d", Value: channel, Set: m.hand.channel}}
	if m.frame.Info.Config.NLayer > 1 {
		list = append(list, panel.Choice{Key: "l", Value: layer, Set: m.hand.layer})
	}
	return list
}

// handHints are the footer while keys go to the panel: what they do on the
// chosen row.
func (m *Model) handHints() []hint {
	move, done := hint{"↑↓", "choose"}, hint{"esc", "done"}
	undo, help := hint{"u", "undo"}, hint{"?", "help"}
	switch k, t := m.chosenKnob(), m.chosenTweak(); {
	case m.hand.typed != "":
		return []hint{{"enter", "takes " + m.hand.typed}, {"backspace", "erases"}, done}
	case t != nil:
		return []hint{move, {"←→", "adjust"}, {"backspace", "take back"}, {"o", "on/off"}, done, {"n", "from here"}, undo, help}
	case k == nil:
		return []hint{move, {"enter", "show them"}, done, undo, {"x", "all back"}, help}
	case k.id == "freeze":
		return []hint{move, {"←→", "which"}, {"enter", "freeze"}, done, {"n", "from here"}, undo, {"x", "all back"}, help}
	case k.kind == session.SetToken:
		return []hint{move, {"←→", "another"}, {"enter", "type one"}, done, undo, {"x", "all back"}, help}
	case k.unit != "":
		return []hint{move, {"←→", "adjust"}, {"0–9", "type"}, done, {"n", "from here"}, undo, {"x", "all back"}, {"c", "clean/changed"}, help}
	}
	return []hint{move, {"←→", "adjust"}, done, {"backspace", "take back"}, undo, {"x", "all back"}, {"c", "clean/changed"}, help}
}

// handRows is how many rows the panel has.
func (m *Model) handRows() int { return len(m.shownKnobs()) + 1 + len(m.tweaks()) }

// chosenKnob is the knob of the chosen row, nil: another row.
func (m *Model) chosenKnob() *knob {
	if list := m.shownKnobs(); m.hand.at < len(list) {
		return list[m.hand.at]
	}
	return nil
}

// chosenTweak is the change in force of the chosen row, nil: another row.
func (m *Model) chosenTweak() *session.Tweak {
	list := m.tweaks()
	if i := m.hand.at - len(m.shownKnobs()) - 1; i >= 0 && i < len(list) {
		return &list[i]
	}
	return nil
}
