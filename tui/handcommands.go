package tui

import tea "charm.land/bubbletea/v2"

// knobCommands has one command for each knob, for the palette: it opens the
// panel at the knob.
func knobCommands() []command {
	var out []command
	for _, k := range knobs() {
		if k.id == "freeze" || k.id == "reset" {
			continue // keys of their own
		}
		out = append(out, command{id: "tweak-" + k.id, title: "change: " + knobTitle(k), group: groupWhatIf, when: needTokens,
			run: func(m *Model) tea.Cmd { return m.openKnob(k.id) }})
	}
	for i, name := range []string{"freeze-delta", "freeze-b", "freeze-c", "freeze-all"} {
		out = append(out, command{id: "tweak-" + name, title: freezeTitles[i], group: groupWhatIf, when: needTokens,
			run: func(m *Model) tea.Cmd { return m.seeTweak(m.freezeBox(freezeBoxes[i])) }})
	}
	return out
}

// freezeTitles are the titles of the commands of freezeBoxes.
var freezeTitles = []string{
	"freeze or free Δ in the panel's scope", "freeze or free B", "freeze or free C",
	"freeze or free Δ, B and C: the time-invariant (LTI) model",
}

// knobTitle is a knob in the words of the palette.
func knobTitle(k knob) string {
	return map[string]string{
		"delta-gain": "Δ gain, outside the softplus", "rule": "the discretisation rule",
		"delta-bias": "Δ bias, inside the softplus", "a-scale": "A scale: how fast everything decays",
		"conv-taps": "taps of the short convolution", "states": "only the first k states",
		"gate-off": "the gate off", "knock-channel": "this channel knocked out", "knock-state": "this state knocked out",
		"ignore": "ignore this token: Δ = 0", "token": "another token here",
		"set-h": "set this cell of h", "set-delta": "set this cell of Δ",
	}[k.id]
}

// openKnob opens the panel at a knob.
func (m *Model) openKnob(id string) tea.Cmd {
	var cmd tea.Cmd
	if !m.turning() {
		cmd = m.openTweaks()
	}
	for pass := range 2 {
		for i, k := range m.shownKnobs() {
			if k.id == id {
				m.hand.at = i
				m.turn()
				return cmd
			}
		}
		m.hand.more = pass == 0
	}
	return cmd
}

// handCommands are the keys of the tweak panel.
func handCommands() []command {
	cmd := func(id, title string, run func(*Model) tea.Cmd, keys ...string) command {
		return command{id: id, title: title, group: groupHand, keys: keys, scope: inTweaks, run: run}
	}
	return []command{
		cmd("hand-up", "previous line", func(m *Model) tea.Cmd { return m.handMove(-1) }, "up"),
		cmd("hand-down", "next line", func(m *Model) tea.Cmd { return m.handMove(1) }, "down"),
		cmd("hand-less", "less, or the one before", func(m *Model) tea.Cmd { return m.handStep(-1) }, "left"),
		cmd("hand-more", "more, or the next one", func(m *Model) tea.Cmd { return m.handStep(1) }, "right"),
		cmd("hand-much-less", "much less", func(m *Model) tea.Cmd { return m.handStep(-5) }, "shift+left"),
		cmd("hand-much-more", "much more", func(m *Model) tea.Cmd { return m.handStep(5) }, "shift+right"),
		cmd("hand-enter", "freeze, switch, take a typed number, show more", (*Model).handEnter, "enter"),
		cmd("hand-back", "take this change back; erase a digit", (*Model).handBack, "backspace"),
		cmd("hand-switch", "switch this change off or on; it stays in the list", (*Model).handSwitch, "o"),
		cmd("hand-narrow", "act from the cursor's token on, or from the first", (*Model).narrow, "n"),
		cmd("hand-layer", "act on the cursor's layer, or on all", (*Model).toggleLayer, "l"),
		cmd("hand-channel", "act on the cursor's channel, or on all", (*Model).toggleChannel, "d"),
		cmd("hand-default", "take every change back", (*Model).noTweaks, "x"),
		cmd("hand-off", "switch all changes off or on; the list stays", (*Model).layerOff, "a"),
		cmd("hand-keep", "keep the changes under a name", (*Model).keepTweaks, "k"),
		cmd("hand-leave", "back to the other keys; the changes stay", (*Model).closeTweaks, "esc", "t"),
	}
}

func branchCommands() []command {
	cmd := func(id, title string, run func(*Model) tea.Cmd, keys ...string) command {
		return command{id: id, title: title, group: groupTree, keys: keys, scope: inBranches, run: run}
	}
	return []command{
		cmd("tree-up", "previous branch", func(m *Model) tea.Cmd { m.listMove(-1); return nil }, "up"),
		cmd("tree-down", "next branch", func(m *Model) tea.Cmd { m.listMove(1); return nil }, "down"),
		cmd("tree-switch", "go on from this branch", (*Model).branchSwitch, "enter"),
		cmd("tree-compare", "compare it with the one you are on, or end that", (*Model).branchCompare, "c"),
		cmd("tree-name", "name it", (*Model).branchName, "n"),
		cmd("tree-leave", "close the list", (*Model).closeOver, "esc", "b", "q"),
	}
}

func questionCommands() []command {
	cmd := func(id, title string, run func(*Model) tea.Cmd, keys ...string) command {
		return command{id: id, title: title, group: groupAsk, keys: keys, scope: inQuestion, run: run}
	}
	return []command{
		cmd("ask-take", "take it", (*Model).questionDone, "enter"),
		cmd("ask-erase", "erase a character", (*Model).questionErase, "backspace"),
		cmd("ask-up", "search: previous place", func(m *Model) tea.Cmd { return m.questionStep(-1) }, "up"),
		cmd("ask-down", "search: next place", func(m *Model) tea.Cmd { return m.questionStep(1) }, "down"),
		cmd("ask-leave", "leave it as it was", (*Model).questionLeave, "esc"),
	}
}
