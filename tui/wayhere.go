package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mamba-tui/model/session"
	"mamba-tui/scan"
)

// wayHere are the keys that lead from the first screen to the changes in force,
// the view, the layer and the token of the cursor. Changes of one channel, state
// or cell, and means of another time, have no such keys: they are named beside.
func (m *Model) wayHere() string {
	w := way{m: m}
	for _, t := range m.frame.Tweaks {
		if !t.Off && !m.frame.TweaksHidden {
			w.change(t)
		}
	}
	if w.more && !m.hand.more { // the list has the room that it had
		w.enter()
		w.to(len(m.knobs))
		w.press("enter")
	}
	w.leave()
	if w.moved {
		w.press("end")
	}
	for i, v := range views {
		if v == m.view && (i > 0 || w.began) {
			w.press(fmt.Sprint(i + 1))
		}
	}
	w.toLayer(m.cursor.Layer)
	if back := m.frame.Tokens.Len() - 1 - m.cursor.T; back > 0 && back <= maxNoted {
		w.press(strings.Fields(strings.Repeat("left ", back))...)
	}
	return strings.Join(w.keys, " ")
}

// way is where a person stands who pressed keys.
type way struct {
	m           *Model
	keys        []string
	began, open bool // the panel of changes
	more        bool // and all its rows
	moved       bool // the cursor is not at the end
	row, box    int
	here, layer bool // the panel's scope
	at          int  // the cursor's layer
}

func (w *way) press(keys ...string) { w.keys = append(w.keys, keys...) }

// times presses more or less by times.
func (w *way) times(by int, less, more string) {
	for range max(by, -by) {
		if by < 0 {
			w.press(less)
		} else {
			w.press(more)
		}
	}
}

func (w *way) toLayer(l int) {
	w.times(l-w.at, "<", ">")
	w.at = l
}

func (w *way) leave() {
	if w.open {
		w.press("esc")
		w.open = false
	}
}

// enter opens the panel.
func (w *way) enter() {
	if w.open {
		return
	}
	w.press("t")
	w.open = true
	if !w.began && w.m.opt.Blank { // the history may have come with changes
		w.press("x")
	}
	w.began = true
}

// to goes to a row, which may be one of those behind "more".
func (w *way) to(row int) {
	if few := w.few(); row >= few && !w.more {
		w.times(few-w.row, "up", "down")
		w.press("enter")
		w.more, w.row = true, few
	}
	w.times(row-w.row, "up", "down")
	w.row = row
}

// few is how many rows stand before "more".
func (w *way) few() int { return slices.IndexFunc(w.m.knobs, func(k knob) bool { return k.more }) }

// change brings a change in force, if there are keys for it.
func (w *way) change(t session.Tweak) {
	row, value, ok := w.value(t)
	if !ok {
		return
	}
	where := w.m.targetOf(t.Kind)
	if t.From > 0 || where >= onToken {
		w.leave()
		w.press(":")
		w.press(strings.Split(strconv.Itoa(t.From), "")...)
		w.press("enter")
		w.moved = true
	}
	if t.Layer >= 0 && t.Layer != w.at {
		w.leave()
		w.toLayer(t.Layer)
	}
	w.enter()
	w.to(row)
	if here := t.From > 0; where < onToken && here != w.here {
		w.press("n")
		w.here = here
	}
	if layer := t.Layer >= 0; where < onInput && layer != w.layer {
		w.press("l")
		w.layer = layer
	}
	if box := slices.IndexFunc(freezeBoxes, func(b freezeBox) bool { return b.kinds[0] == t.Kind }); box >= 0 {
		w.times(box-w.box, "left", "right")
		w.box = box
	}
	w.press(value...)
}

// value is the row of a change and the keys that set it there.
func (w *way) value(t session.Tweak) (row int, keys []string, ok bool) {
	m := w.m
	row = slices.IndexFunc(m.knobs, func(k knob) bool { return k.kind == t.Kind })
	if t.Channel >= 0 || t.State >= 0 || t.To != session.End && m.targetOf(t.Kind) < onToken {
		return 0, nil, false
	}
	switch t.Kind {
	case session.FreezeDelta, session.FreezeB, session.FreezeC:
		row = slices.IndexFunc(m.knobs, func(k knob) bool { return k.id == "freeze" })
		return row, []string{"enter"}, t.MeanTokens == m.frame.Tokens.Len() && t.MeanBranch == m.frame.Branch.ID
	case session.UseRule:
		n := len(scan.Rules())
		for range (int(t.Rule) - int(scan.Released) + n) % n {
			keys = append(keys, "right")
		}
	case session.ResetAt:
		for range slices.Index(resetModes, t.Reset) {
			keys = append(keys, "right")
		}
	case session.GateOff, session.Ignore:
		keys = []string{"right"}
	case session.SetToken:
		text := m.frame.Text(t.Token)
		if len([]rune(text)) != 1 || strings.TrimSpace(text) == "" {
			return 0, nil, false
		}
		keys = []string{"enter", text, "enter"}
	default:
		text := strconv.FormatFloat(t.Value, 'g', -1, 64)
		if len(text) > 12 || strings.Contains(text, "+") {
			return 0, nil, false
		}
		keys = append(strings.Split(text, ""), "enter")
	}
	return row, keys, row >= 0
}
