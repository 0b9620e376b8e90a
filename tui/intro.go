package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/session"
)

// stage is a step of the first minute.
type stage uint8

const (
	stagePlay   stage = iota // the prompt plays until something is wiped
	stageType                // i
	stageWalk                // esc ←
	stageCell                // enter
	stageFreeze              // f
)

// intro leads a newcomer through four keys. It only watches: every key does
// what it always does.
type intro struct {
	on     bool
	stage  stage
	wipe   int // the token at which the play stopped, −1: none did
	played bool
	wait   bool // the history of before is still on the screen
	branch session.Branch
}

// onFrame stops the play at the first wipe of something that was held.
func (in *intro) onFrame(m *Model) tea.Cmd {
	if !in.on || in.stage != stagePlay {
		return nil
	}
	if in.wait && m.frame.Tokens.Len() > 0 && m.frame.Branch == in.branch {
		return nil
	}
	in.wait = false
	if m.play.what == queued {
		in.played = true
	}
	wipe := m.firstWipe()
	switch {
	case wipe >= 0:
		in.wipe = wipe
		m.stop("")
	case in.played && m.play.what != queued && len(m.play.queue) == 0:
		in.wipe = -1 // a prompt without a wipe: begin with the keys all the same
	default:
		return nil
	}
	in.stage = stageType
	m.touch()
	return nil
}

// firstWipe is the first token that wiped what an earlier document had left,
// or −1. The wipe of a nearly empty state at the very start is no story.
func (m *Model) firstWipe() int {
	w := m.frame.Clean
	for _, e := range m.frame.Events {
		if e.Tick != session.TickWipe || e.T < 2 {
			continue
		}
		if w != nil && e.T > w.From && e.T < w.To && m.cursor.Layer < len(w.Lanes) {
			held := w.Lanes[m.cursor.Layer].HNorm
			most := float32(0)
			for _, h := range held[:e.T-w.From] {
				most = max(most, h)
			}
			if held[e.T-w.From-1] < most/100 {
				continue
			}
		}
		return e.T
	}
	return -1
}

// pressed advances the tour when the key of its stage was used.
func (in *intro) pressed(m *Model, id string) tea.Cmd {
	if !in.on {
		return nil
	}
	switch {
	case in.stage == stageType && id == "insert":
		in.stage = stageWalk
	case in.stage == stageWalk && id == "left":
		in.stage = stageCell
	case in.stage == stageCell && id == "arithmetic":
		in.stage = stageFreeze
	case in.stage == stageFreeze && id == "freeze":
		in.on = false
		return m.say(good, introDone)
	default:
		return nil
	}
	m.touch()
	return nil
}

// beforeFreeze brings the rest of the prompt and its question to the screen, so
// that there is an answer to watch.
func (in *intro) beforeFreeze(m *Model) {
	if in.on && in.stage == stageFreeze {
		m.over = overlay{}
		m.flushQueue()
		m.goLive()
	}
}

// skip ends the tour; what was still to be played is there at once.
func (in *intro) skip(m *Model) tea.Cmd {
	in.on = false
	m.stop("")
	m.flushQueue()
	return m.say(note, introSkipped)
}

// line is the newcomer's line: what happened and the one key to press.
func (in *intro) line(m *Model) string {
	switch in.stage {
	case stagePlay:
		return introPlay
	case stageType:
		if in.wipe >= 0 {
			return fmt.Sprintf(introTypeWipe, in.wipe)
		}
		return introType
	case stageWalk:
		if m.insert {
			return fmt.Sprintf(introWalkTyping, m.alphabet(14))
		}
		return introWalk
	case stageCell:
		return introCell
	}
	if m.over.kind == overArithmetic {
		return introFreezeOpen
	}
	return introFreeze
}

// restart plays the tour again, when somebody asks for it.
func (m *Model) restartIntro() tea.Cmd {
	m.intro = intro{on: true, wait: true, branch: m.frame.Branch}
	m.view, m.zoom, m.over = Watch, "", overlay{}
	if m.insert {
		m.leaveInsert()
	}
	if len(m.frame.Tweaks) > 0 {
		m.do(session.DefaultTweaks{})
	}
	text := m.opt.Prompt
	if list := m.prompts(); text == "" && len(list) > 0 {
		text = list[0].Text
	}
	if text == "" {
		m.intro.on = false
		return m.say(note, "this model brings no prompt to play")
	}
	m.do(session.Clear{})
	m.sent = 0
	return m.queuePrompt(text)
}
