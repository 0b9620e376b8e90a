package tui

import (
	"fmt"
	"runtime"
	"slices"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/panel"
)

// show changes the view and leaves the zoom.
func (m *Model) show(v View) tea.Cmd {
	if m.view == v && m.zoom == "" {
		return m.say(note, "this is "+v.String()+" already")
	}
	m.view, m.zoom = v, ""
	m.hand.open = m.hand.open && v == WhatIf
	if v == Instruments {
		m.ctx.Heap = m.opt.heap()
	}
	m.turn()
	return m.ask()
}

// focusable are the panels of the view that can be focused, in reading order.
func (m *Model) focusable() []string {
	l := Arrange(m.w, m.h-m.lessonHeight(), m.view, "", m.layoutHints())
	ids := make([]string, 0, len(l.Places))
	for _, p := range l.Places {
		ids = append(ids, p.ID)
	}
	return ids
}

// focusBy moves the focus; in a zoom the panel shown changes with it.
func (m *Model) focusBy(by int) tea.Cmd {
	ids := m.focusable()
	if len(ids) == 0 {
		return nil
	}
	at := slices.Index(ids, m.focused())
	m.focus = ids[(at+by+len(ids))%len(ids)]
	if m.zoom != "" {
		m.zoom = m.focus
	}
	m.turn()
	return m.ask()
}

// toggleZoom gives the focused panel the screen, or takes it back.
func (m *Model) toggleZoom() tea.Cmd {
	if m.zoom != "" {
		m.zoom = ""
	} else {
		m.zoom = m.focused()
	}
	m.turn()
	return m.ask()
}

// zoomTime changes how many columns a token takes.
func (m *Model) zoomTime(by int) tea.Cmd {
	at := m.timeZm
	if at == 0 { // from automatic to the next fixed width
		at = max(slices.Index(cellWidths, m.ctx.Axis.CellW), 0)
	}
	next := at + by
	switch {
	case next >= len(cellWidths):
		return m.say(note, "a token takes 8 columns at most")
	case next < 1:
		m.timeZm = 0
		m.turn()
		return tea.Batch(m.ask(), m.say(note, "token columns as wide as fits"))
	}
	m.timeZm = next
	m.turn()
	return tea.Batch(m.ask(), m.say(note, count(cellWidths[next], "column")+" a token"))
}

// clearHistory begins anew; the engine keeps what was as a branch.
func (m *Model) clearHistory() tea.Cmd {
	m.stop("")
	m.play.queue = nil
	m.do(session.Clear{})
	m.sent = 0
	m.goLive()
	return nil
}

// toggleArithmetic opens or closes the cell's equation over the picture.
func (m *Model) toggleArithmetic() tea.Cmd {
	if m.over.kind == overArithmetic {
		return m.closeOver()
	}
	m.over = overlay{kind: overArithmetic}
	m.touch()
	return nil
}

func (m *Model) nextLane() tea.Cmd {
	m.ctx.Opt.LaneMode = (m.ctx.Opt.LaneMode + 1) % (panel.LaneHalfLife + 1)
	m.turn()
	return m.say(note, [...]string{
		"kept lane: the share of what h held that is kept",
		"kept lane: mean of exp(ΔA), whatever h held",
		"kept lane: half-life in tokens",
	}[m.ctx.Opt.LaneMode])
}

// reductions in the order of the key.
var reductions = []string{"max", "mean", "rms", "topk"}

func (m *Model) nextReduction() tea.Cmd {
	at := slices.Index(reductions, m.ctx.Opt.Reduction)
	m.ctx.Opt.Reduction = reductions[(at+1)%len(reductions)]
	m.turn()
	return m.say(note, "many channels in one row: "+map[string]string{
		"max": "the largest by absolute value", "mean": "their mean", "rms": "their root mean square",
		"topk": "only those that vary most are shown",
	}[m.ctx.Opt.Reduction])
}

func (m *Model) toggleChannels() tea.Cmd {
	D := m.frame.Info.Config.DInner
	if len(m.frame.Group.Channels) == 0 || len(m.frame.Group.Channels) >= D {
		return m.say(note, fmt.Sprintf("Δ varies alike in all %d channels: there is no smaller group to show", D))
	}
	if panel.OnlyGroup(&m.ctx, D) != nil {
		m.ctx.Opt.Channels = panel.ChannelsAll
		m.turn()
		return m.say(note, fmt.Sprintf("the maps show all %d channels", D))
	}
	m.ctx.Opt.Channels = panel.ChannelsGroup
	m.turn()
	return m.say(note, "the maps show "+oneLine(m.frame.Group.Name))
}

func (m *Model) toggleLog() tea.Cmd {
	m.ctx.Opt.LogDelta = !m.ctx.Opt.LogDelta
	m.turn()
	if m.ctx.Opt.LogDelta {
		return m.say(note, "Δ on a logarithmic scale")
	}
	return m.say(note, "Δ on a linear scale")
}

func (m *Model) toggleRanges() tea.Cmd {
	m.ctx.Opt.Frozen = !m.ctx.Opt.Frozen
	m.turn()
	if m.ctx.Opt.Frozen {
		return m.say(note, "ranges frozen: colours keep their numbers")
	}
	return m.say(note, "ranges move slowly with the data")
}

// nextMap changes the sequential colours; glyph ramps have none to change.
func (m *Model) nextMap() tea.Cmd {
	if d := depth(m.opt.Profile); d == heat.Mono || d == heat.ANSI16 {
		return m.say(note, "this terminal shows glyph ramps: there are no colour maps to choose from")
	}
	names := heat.Sequential()
	m.seqMap = names[(slices.Index(names, m.seqMap)+1)%len(names)]
	m.setTheme()
	return m.say(note, "colour map "+m.seqMap)
}

// out leaves one level: what is open, then the zoom, the tour, play, the view.
func (m *Model) out() tea.Cmd {
	switch {
	case m.over.kind != overNone:
		return m.closeOver()
	case m.zoom != "":
		return m.toggleZoom()
	case m.turning():
		return m.closeTweaks()
	case m.intro.on:
		return m.intro.skip(m)
	case m.play.what != stopped:
		return m.stop("")
	case m.frame.Pending > 1:
		m.engine.Stop()
		return m.say(note, "stopping: what is computed stays")
	case m.view != Watch:
		return m.show(Watch)
	case m.toast.text != "":
		m.hush()
		return nil
	}
	return m.say(note, "nothing to leave here; q quits")
}

func (m *Model) quit() tea.Cmd {
	m.quitting = true
	return tea.Quit
}

// canSuspend is the reason where there is no job control.
func canSuspend(*Model) string {
	if runtime.GOOS == "windows" {
		return "this system cannot suspend a program"
	}
	return ""
}
