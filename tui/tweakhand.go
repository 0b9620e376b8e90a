package tui

import (
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

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
