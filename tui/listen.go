package tui

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

type (
	frameMsg struct{}        // the engine has a newer frame
	staleMsg struct{ n int } // the picture asked for is late
)

// lateAfter is how long an answer may take before the old picture is dimmed:
// long enough that a fast model never flickers.
const lateAfter = 120 * time.Millisecond

// listen waits for a newer frame. Exactly one such command is under way; it
// never delivers more often than the frame rate, however fast frames come.
func (m *Model) listen(pause time.Duration) tea.Cmd {
	changed, done := m.engine.Changed(), m.done
	return func() tea.Msg {
		if pause > 0 {
			t := time.NewTimer(pause)
			defer t.Stop()
			select {
			case <-t.C:
			case <-done:
				return nil
			}
		}
		select {
		case <-changed:
			return frameMsg{}
		case <-done:
			return nil
		}
	}
}

// onFrame takes the newest frame over and listens on: the first frame after a
// rest is shown at once, those after it at the frame rate.
func (m *Model) onFrame() tea.Cmd {
	return tea.Batch(m.take(m.engine.Frame()), m.listen(time.Second/time.Duration(m.opt.FPS)))
}

// take makes a frame the one that is shown.
func (m *Model) take(f *session.Frame) tea.Cmd {
	if f == m.frame || f.Seq < m.frame.Seq {
		return nil
	}
	before := m.frame
	m.held = false
	f = m.hold(before, f)
	m.frame = f
	m.measure(before, f)
	if f.Pending == 0 {
		m.sent = f.Tokens.Len()
	} else {
		m.sent = max(m.sent, f.Tokens.Len())
	}
	if f.Branch != before.Branch {
		m.measured = max(0, f.Tokens.Len()-longText) // other tokens stand at the same places
	}
	if f.Tokens.Len() != before.Tokens.Len() || f.Branch != before.Branch || len(f.Tweaks) != len(before.Tweaks) || f.Versus != before.Versus {
		m.relay = true
	}
	if m.view == WhatIf && f.Changed != before.Changed {
		m.relay = true // heights follow what differs
	}
	n := f.Tokens.Len()
	if m.follow || m.cursor.T >= n {
		m.cursor.T = n - 1
	}
	m.clampCursor()
	m.autoChannel()
	m.tutor.onFrame(m)
	cmds := []tea.Cmd{m.ask(), m.tellFrame()}
	if cmd := m.intro.onFrame(m); cmd != nil {
		cmds = append(cmds, cmd)
	}
	m.touch()
	return tea.Batch(cmds...)
}

// hold keeps the last changed run on the screen while a newer one is on its way:
// an old picture, dimmed, is better than none.
func (m *Model) hold(before, f *session.Frame) *session.Frame {
	if f.Changed != nil || f.Versus.Kind == session.VersusNothing || before.Changed == nil ||
		f.Versus.Kind != before.Versus.Kind || f.Versus.Branch != before.Versus.Branch || f.Clean == nil || f.Clean.Layer != before.Changed.Layer {
		return f
	}
	old := *f
	old.Changed, old.Divergence = before.Changed, before.Divergence
	m.held, m.stale = true, true
	return &old
}

// tellFrame shows what the engine wants to say: an error, a notice.
func (m *Model) tellFrame() tea.Cmd {
	f := m.frame
	if f.Err != nil && f.Err != m.errShown {
		m.errShown = f.Err
		m.notice = f.NoticeSeq
		m.stop("")
		m.sent = f.Tokens.Len()
		return m.say(bad, f.Err.Error())
	}
	if f.Err == nil {
		m.errShown = nil
	}
	if f.NoticeSeq != m.notice {
		m.notice = f.NoticeSeq
		if f.Notice != "" {
			return m.say(note, f.Notice)
		}
	}
	return nil
}

// ask tells the engine what the screen wants to see, if that changed.
func (m *Model) ask() tea.Cmd {
	m.arrange()
	want := session.Look{T: m.cursor.T, Layer: m.cursor.Layer, From: m.ctx.Axis.From, To: m.ctx.Axis.To}
	if m.follow { // the engine moves the window on by itself: no request per token
		want = session.Look{Layer: m.cursor.Layer, To: max(m.ctx.Axis.Slots(), 1), Follow: true}
	}
	want.Overview = m.span()
	if want == m.asked {
		m.stale = m.stale && !m.settled()
		return nil
	}
	m.asked = want
	m.askNo++
	m.engine.Look(want)
	return m.after(lateAfter, staleMsg{m.askNo})
}

// settled says that the frame is the answer to what was asked for.
func (m *Model) settled() bool {
	f := m.frame
	if f.Pending > 0 || !m.acked() || m.held || f.Versus.Kind != session.VersusNothing && f.Changed == nil {
		return false
	}
	if f.Clean == nil {
		return true
	}
	if f.Clean.Layer != m.cursor.Layer {
		return false
	}
	return f.Clean.At == nil || f.Clean.At.T == m.cursor.T
}

// onStale dims the picture if the answer is still not there.
func (m *Model) onStale(n int) {
	if n == m.askNo && !m.settled() {
		m.stale = true
		m.touch()
	}
}

// typeAt appends text after token at and makes the screen follow it.
func (m *Model) typeAt(at int, text string, flags session.Flags) {
	m.do(session.Type{At: at, Text: text, Flags: flags})
	m.sent = min(at, max(m.sent, m.frame.Tokens.Len())-1) + 1 + m.tokensIn(text)
	m.goLive()
}

// count writes "1 token", "2 tokens".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
