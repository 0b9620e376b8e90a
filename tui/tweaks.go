package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

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

// openTweaks gives the keys to the panel, in the view that shows what they do.
func (m *Model) openTweaks() tea.Cmd {
	if m.turning() {
		return m.closeTweaks()
	}
	m.stop("")
	m.over = overlay{}
	m.hand.open, m.hand.typed = true, ""
	m.turn()
	if m.view != WhatIf || m.zoom != "" {
		return m.show(WhatIf)
	}
	return m.ask()
}

// closeTweaks gives the keys back; what is changed stays.
func (m *Model) closeTweaks() tea.Cmd {
	m.hand.open, m.hand.typed = false, ""
	m.turn()
	return m.ask()
}

// handClick chooses the row that was clicked, and does what it is for when it
// was chosen already.
func (m *Model) handClick(y int) tea.Cmd {
	p, ok := m.screen.panels["tweaks"].(interface{ Row(y int) int })
	if !ok {
		return nil
	}
	row := -1
	for _, at := range m.layout.Places {
		if at.ID == "tweaks" {
			row = p.Row(y - at.Rect.Min.Y)
		}
	}
	if !m.turning() {
		cmd := m.openTweaks()
		if row >= 0 {
			m.hand.at = row
			m.turn()
		}
		return cmd
	}
	switch {
	case row < 0:
		return nil
	case row == m.hand.at:
		return m.handEnter()
	}
	m.hand.at, m.hand.typed = row, ""
	m.turn()
	return nil
}

// handMove chooses another row.
func (m *Model) handMove(by int) tea.Cmd {
	m.hand.typed = ""
	m.hand.at = clamp(m.hand.at+by, 0, m.handRows()-1)
	m.turn()
	return nil
}

// handStep adjusts the chosen row.
func (m *Model) handStep(by int) tea.Cmd {
	m.hand.typed = ""
	if t := m.chosenTweak(); t != nil {
		k := m.knobOf(t.Kind)
		if k == nil {
			return m.say(note, "this has no value to adjust: o switches it off, backspace takes it back")
		}
		next, ok := k.step(m, t, by)
		return m.put(k, *t, next, ok)
	}
	k := m.chosenKnob()
	switch {
	case k == nil:
		return m.toggleMore()
	case k.id == "freeze":
		m.hand.box = clamp(m.hand.box+sign(by), 0, len(freezeBoxes)-1)
		m.turn()
		return nil
	}
	t := m.aimed(k)
	next, ok := k.step(m, t, by)
	aim := m.aim(k)
	if t != nil {
		aim = *t
	}
	return m.put(k, aim, next, ok)
}

// put brings a change in force at aim with next's value, or takes it back where
// that is what the model does anyway.
func (m *Model) put(k *knob, aim, next session.Tweak, change bool) tea.Cmd {
	if m.frame.Tokens.Len() == 0 {
		return m.say(note, "no tokens yet: there is nothing to change; i types, p loads a prompt")
	}
	if !change {
		return m.takeBack(aim)
	}
	aim.Value, aim.Rule, aim.Reset, aim.Token, aim.Off = next.Value, next.Rule, next.Reset, next.Token, false
	return m.add(aim)
}

// add brings a change in force; one of the same kind and scope is replaced.
func (m *Model) add(t session.Tweak) tea.Cmd {
	list := slices.Clone(m.tweaks())
	at := slices.IndexFunc(list, func(x session.Tweak) bool { return t.ID != 0 && x.ID == t.ID || t.ID == 0 && same(x, t) })
	if at >= 0 {
		list[at] = t
	} else {
		list = append(list, t)
	}
	// What slides under a held key is one change for undo, until a pause.
	now := m.opt.Now()
	more := at >= 0 && m.hand.slid.Kind == t.Kind && same(m.hand.slid, t) && now.Sub(m.hand.slidAt) < slidePause
	m.hand.slid, m.hand.slidAt = t, now
	return m.tweak(session.AddTweak{Tweak: t, More: more}, list)
}

// same says that two changes have one kind and scope.
func same(a, b session.Tweak) bool {
	return a.Kind == b.Kind && a.Layer == b.Layer && a.Channel == b.Channel && a.State == b.State && a.From == b.From && a.To == b.To
}

// takeBack ends a change.
func (m *Model) takeBack(t session.Tweak) tea.Cmd {
	list := slices.Clone(m.tweaks())
	at := slices.IndexFunc(list, func(x session.Tweak) bool { return t.ID != 0 && x.ID == t.ID || t.ID == 0 && same(x, t) })
	if at < 0 {
		return m.say(note, "this is as the model has it")
	}
	id := list[at].ID
	list = slices.Delete(list, at, at+1)
	if id == 0 { // asked for and not yet in force: it has no number
		return m.tweak(session.SetTweaks{List: list}, list)
	}
	return m.tweak(session.RemoveTweak{ID: id}, list)
}

// tweak asks the session for another list of changes and shows what they do.
func (m *Model) tweak(op session.Op, list []session.Tweak) tea.Cmd {
	first := len(m.tweaks()) == 0 && len(list) > 0
	m.do(op)
	m.hand.asked, m.hand.upTo = list, m.did
	m.hand.at = clamp(m.hand.at, 0, m.handRows()-1)
	if first {
		m.ctx.Opt.Changed, m.difference = true, true
	}
	m.askNo++
	m.turn()
	return tea.Batch(m.ask(), m.after(lateAfter, staleMsg{m.askNo}))
}

// seeTweak brings a change in force from outside the panel, in the view where
// both runs are.
func (m *Model) seeTweak(cmd tea.Cmd) tea.Cmd {
	if m.view == WhatIf && m.zoom == "" {
		return cmd
	}
	return tea.Batch(cmd, m.show(WhatIf))
}

// handEnter does what the chosen row is for.
func (m *Model) handEnter() tea.Cmd {
	if m.hand.typed != "" {
		return m.handNumber()
	}
	if m.chosenTweak() != nil {
		return m.handSwitch()
	}
	k := m.chosenKnob()
	switch {
	case k == nil:
		return m.toggleMore()
	case k.id == "freeze":
		return m.freezeBox(freezeBoxes[m.hand.box])
	case k.kind == session.SetToken:
		return m.askToken(k)
	case k.unit != "":
		return m.say(note, "type a number for the "+k.unit+", or use ←→")
	}
	return m.handStep(1)
}

func (m *Model) toggleMore() tea.Cmd {
	m.hand.more = !m.hand.more
	if !m.hand.more {
		m.hand.at = min(m.hand.at, len(m.shownKnobs()))
	}
	m.turn()
	return nil
}

// handText collects a number on a row that takes one.
func (m *Model) handText(text string) bool {
	k := m.chosenKnob()
	if t := m.chosenTweak(); t != nil {
		k = m.knobOf(t.Kind)
	}
	if k == nil || k.typed == nil || len(text) != 1 || !strings.Contains("0123456789.-e", text) || len(m.hand.typed) >= 12 {
		return false
	}
	if text == "e" && m.hand.typed == "" || text == "." && m.hand.typed == "" {
		return false // commands unless a number has begun
	}
	m.hand.typed += text
	m.turn()
	return true
}

// handNumber takes the typed number.
func (m *Model) handNumber() tea.Cmd {
	text := m.hand.typed
	m.hand.typed = ""
	m.turn()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return m.say(bad, text+" is no number")
	}
	k, t := m.chosenKnob(), m.chosenTweak()
	if t != nil {
		k = m.knobOf(t.Kind)
	} else if k != nil {
		t = m.aimed(k)
	}
	if k == nil || k.typed == nil {
		return nil
	}
	next, change, err := k.typed(m, v)
	if err != nil {
		return m.say(bad, err.Error())
	}
	aim := m.aim(k)
	if t != nil {
		aim = *t
	}
	return m.put(k, aim, next, change)
}

// handBack erases a digit, or takes the chosen change back.
func (m *Model) handBack() tea.Cmd {
	if n := len(m.hand.typed); n > 0 {
		m.hand.typed = m.hand.typed[:n-1]
		m.turn()
		return nil
	}
	if t := m.chosenTweak(); t != nil {
		return m.takeBack(*t)
	}
	k := m.chosenKnob()
	switch {
	case k == nil:
		return m.say(note, "nothing to take back on this line")
	case k.id == "freeze":
		return m.freeNow()
	}
	if t := m.aimed(k); t != nil {
		return m.takeBack(*t)
	}
	return m.say(note, k.name+" is as the model has it")
}

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
