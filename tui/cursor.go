package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
	"mamba-tui/tui/panel"
)

// clampCursor keeps the cursor inside the model and the history.
func (m *Model) clampCursor() {
	c := m.frame.Info.Config
	m.cursor.T = clamp(m.cursor.T, min(0, m.frame.Tokens.Len()-1), m.frame.Tokens.Len()-1)
	m.cursor.Layer = clamp(m.cursor.Layer, 0, max(c.NLayer-1, 0))
	m.cursor.D = clamp(m.cursor.D, 0, max(c.DInner-1, 0))
	m.cursor.N = clamp(m.cursor.N, 0, max(c.DState-1, 0))
	if m.ctx.Opt.State != m.cursor.N {
		m.ctx.Opt.State = m.cursor.N
	}
}

// autoChannel puts a cursor nobody has moved on the channel that the story is
// about: the one that holds most of h after the newest token.
func (m *Model) autoChannel() {
	w := m.frame.Clean
	if m.chosen || !m.follow || w == nil || w.At == nil || w.N == 0 {
		return
	}
	best, at := float32(0), -1
	for i, h := range w.At.H {
		if h = max(h, -h); h > best {
			best, at = h, i
		}
	}
	if at >= 0 {
		m.cursor.D, m.cursor.N = at/w.N, at%w.N
		m.clampCursor()
	}
}

// pause holds the picture still where it is: the first visible token stays.
func (m *Model) pause() {
	if m.follow {
		m.follow = false
		m.from = m.ctx.Axis.From
		m.relay = true
	}
}

// goLive makes the cursor the newest token again.
func (m *Model) goLive() {
	m.follow = true
	m.cursor.T = m.frame.Tokens.Len() - 1
	m.relay = true
	m.touch()
}

// seek puts the cursor on token t; the last token is live.
func (m *Model) seek(t int) tea.Cmd {
	n := m.frame.Tokens.Len()
	t = clamp(t, 0, n-1)
	if t == n-1 {
		m.goLive()
	} else {
		m.pause()
		m.cursor.T = t
		m.centre()
		m.relay = true
	}
	m.touch()
	return m.ask()
}

// centre puts a cursor that jumped far out of sight into the middle; one that
// stepped over the edge moves the picture only as far as it has to.
func (m *Model) centre() {
	slots := m.ctx.Axis.Slots()
	if t := m.cursor.T; t < m.from-slots/2 || t >= m.from+slots+slots/2 {
		m.from = t - slots/2
	}
}

// walk moves the cursor in time; it says where history ends.
func (m *Model) walk(by int) tea.Cmd {
	n := m.frame.Tokens.Len()
	switch {
	case n == 0:
		return m.say(note, "no tokens yet: i types, p loads a prompt")
	case by < 0 && m.cursor.T <= 0:
		return m.say(note, "this is the first token")
	case by > 0 && m.cursor.T >= n-1:
		return m.say(note, "this is the newest token: i types after it, g generates")
	}
	return m.seek(m.cursor.T + by)
}

// move changes one coordinate of the cursor within [0, size).
func (m *Model) move(at *int, by, size int, what string) tea.Cmd {
	if size <= 1 {
		return m.say(note, fmt.Sprintf("this model has only one %s", what))
	}
	next := *at + by
	if next < 0 {
		return m.say(note, fmt.Sprintf("%s 0 is the first", what))
	}
	if next >= size {
		return m.say(note, fmt.Sprintf("%s %d is the last", what, size-1))
	}
	*at = next
	m.chosen = true
	m.clampCursor()
	m.touch()
	return m.ask()
}

// moveChannel moves the cursor to the next channel that the maps show.
func (m *Model) moveChannel(by int) tea.Cmd {
	D := m.frame.Info.Config.DInner
	only := panel.OnlyGroup(&m.ctx, D)
	if only == nil {
		return m.move(&m.cursor.D, by, D, "channel")
	}
	at, found := slices.BinarySearch(only, m.cursor.D)
	if by > 0 && !found { // at is the next one already
		at--
	}
	if at+by < 0 || at+by >= len(only) {
		which := "first"
		if by > 0 {
			which = "last"
		}
		return m.say(note, fmt.Sprintf("channel %d is the %s of %s; n shows all", m.cursor.D, which, oneLine(m.frame.Group.Name)))
	}
	return m.move(&m.cursor.D, only[at+by]-m.cursor.D, D, "channel")
}

// pan moves what is visible, and the cursor only as far as it has to.
func (m *Model) pan(by int) tea.Cmd {
	n, slots := m.frame.Tokens.Len(), m.ctx.Axis.Slots()
	if n <= slots {
		return m.walk(sign(by))
	}
	m.pause()
	m.from = clamp(m.from+by, 0, n-slots)
	m.cursor.T = clamp(m.cursor.T, m.from, m.from+slots-1)
	m.relay = true
	m.touch()
	return m.ask()
}

// nextEvent jumps to the nearest reset tick or mark in a direction.
func (m *Model) nextEvent(by int) tea.Cmd {
	stops := make([]int, 0, len(m.frame.Events)+len(m.frame.Marks))
	for _, e := range m.frame.Events {
		stops = append(stops, e.T)
	}
	for _, k := range m.frame.Marks {
		stops = append(stops, k.T)
	}
	slices.Sort(stops)
	if len(stops) == 0 {
		return m.say(note, "no reset ticks in this history yet; m sets a mark")
	}
	if by > 0 {
		for _, t := range stops {
			if t > m.cursor.T {
				return m.seekEvent(t)
			}
		}
		return m.say(note, "no event after this token")
	}
	for _, t := range slices.Backward(stops) {
		if t < m.cursor.T {
			return m.seekEvent(t)
		}
	}
	return m.say(note, "no event before this token")
}

// seekEvent jumps and says what is there.
func (m *Model) seekEvent(t int) tea.Cmd {
	what := "mark"
	if k, ok := m.markAt(t); ok && k.Name != "" {
		what = "mark “" + k.Name + "”"
	}
	for _, e := range m.frame.Events {
		if e.T == t {
			switch e.Tick {
			case session.TickWipe:
				what = fmt.Sprintf("┃ less than %g of h kept", session.WipeBelow)
			case session.TickHalf:
				what = fmt.Sprintf("┆ less than %g of h kept", session.HalfBelow)
			}
		}
	}
	return tea.Batch(m.seek(t), m.say(note, fmt.Sprintf("token %d: %s", t, what)))
}

func sign(v int) int {
	if v < 0 {
		return -1
	}
	return 1
}
