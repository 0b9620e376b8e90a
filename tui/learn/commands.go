package learn

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/tui"
	"mamba-tui/tui/learn/history"
)

// command is one thing a person can do.
type command struct {
	id    string
	title string // what it does, as the help says it
	short string // the footer's words; "" keeps it out of the footer
	group string
	keys  []string
	when  func(*Model) string // the reason why not, or ""; nil: always possible
	run   func(*Model) tea.Cmd
}

// Headings of the help.
const (
	groupTraining = "Training"
	groupSteps    = "Steps"
	groupPicture  = "Picture"
	groupLeave    = "Help and leaving"
)

var groups = []string{groupTraining, groupSteps, groupPicture, groupLeave}

// commands is the table: the only list of keys. Key handling, the help and the
// footer are read from it.
func commands() []command {
	return []command{
		{id: "pause", title: "pause the training, or go on; when it is over: play it again", short: "pause", group: groupTraining, keys: []string{"space"}, run: (*Model).pause},
		{id: "save", title: "save a checkpoint now", short: "save", group: groupTraining, keys: []string{"s"}, when: canSave, run: (*Model).save},
		{id: "open", title: "open the model in the explorer (this stops the training)", short: "open", group: groupTraining, keys: []string{"o"}, run: (*Model).open},
		{id: "quit", title: "stop the training, save and leave: asks once", short: "stop", group: groupTraining, keys: []string{"q"}, run: (*Model).quit},

		{id: "left", title: "one probe back: see what the model did then", short: "scrub", group: groupSteps, keys: []string{"left"}, when: needProbes, run: func(m *Model) tea.Cmd { return m.scrub(-1) }},
		{id: "right", title: "one probe on; after the last one: live", group: groupSteps, keys: []string{"right"}, when: needProbes, run: func(m *Model) tea.Cmd { return m.scrub(1) }},
		{id: "page-back", title: "ten probes back", group: groupSteps, keys: []string{"pgup"}, when: needProbes, run: func(m *Model) tea.Cmd { return m.scrub(-10) }},
		{id: "page-next", title: "ten probes on", group: groupSteps, keys: []string{"pgdown"}, when: needProbes, run: func(m *Model) tea.Cmd { return m.scrub(10) }},
		{id: "home", title: "the first probe", group: groupSteps, keys: []string{"home"}, when: needProbes, run: func(m *Model) tea.Cmd { return m.scrub(-len(m.h.Probes)) }},
		{id: "end", title: "live: the newest step", group: groupSteps, keys: []string{"end"}, run: (*Model).goLive},

		{id: "panel-next", title: "next panel", group: groupPicture, keys: []string{"tab"}, run: func(m *Model) tea.Cmd { return m.focusBy(1) }},
		{id: "panel-back", title: "previous panel", group: groupPicture, keys: []string{"shift+tab"}, run: func(m *Model) tea.Cmd { return m.focusBy(-1) }},
		{id: "zoom", title: "zoom the panel to the whole screen, and back", short: "zoom", group: groupPicture, keys: []string{"z"}, run: (*Model).toggleZoom},
		{id: "log", title: "logarithmic scale of the panel, or linear", short: "log", group: groupPicture, keys: []string{"l"}, when: canLog, run: (*Model).toggleLog},
		{id: "group", title: "means over all channels, or over those that select", short: "channels", group: groupPicture, keys: []string{"g"}, when: canGroup, run: (*Model).toggleGroup},
		{id: "layer-back", title: "previous layer", group: groupPicture, keys: []string{"<"}, when: needLayers, run: func(m *Model) tea.Cmd { return m.layerBy(-1) }},
		{id: "layer-next", title: "next layer", group: groupPicture, keys: []string{">"}, when: needLayers, run: func(m *Model) tea.Cmd { return m.layerBy(1) }},
		{id: "picture", title: "write a picture of the screen (PNG, SVG, ANSI)", short: "picture", group: groupPicture, keys: []string{"p"}, run: (*Model).takePicture},

		{id: "help", title: "this list", short: "help", group: groupLeave, keys: []string{"?"}, run: (*Model).toggleHelp},
		{id: "out", title: "out of what is open: question, help, zoom, scrubbing", group: groupLeave, keys: []string{"esc"}, run: (*Model).out},
		{id: "quit-now", title: "stop, save and leave without asking", group: groupLeave, keys: []string{"ctrl+c"}, run: (*Model).quitNow},
		{id: "suspend", title: "suspend the program", group: groupLeave, keys: []string{"ctrl+z"}, when: canSuspend, run: func(*Model) tea.Cmd { return tea.Suspend }},
	}
}

// table is the command table with its indexes.
type table struct {
	all   []command
	byKey map[string]*command
	byID  map[string]*command
}

// newTable indexes the commands; two with the same key or id are a mistake.
func newTable(all []command) (*table, error) {
	t := &table{all: all, byKey: map[string]*command{}, byID: map[string]*command{}}
	for i := range all {
		c := &all[i]
		if t.byID[c.id] != nil {
			return nil, fmt.Errorf("learn: two commands are called %s", c.id)
		}
		t.byID[c.id] = c
		for _, k := range c.keys {
			if old := t.byKey[k]; old != nil {
				return nil, fmt.Errorf("learn: key %s means %s and %s", k, old.id, c.id)
			}
			t.byKey[k] = c
		}
	}
	return t, nil
}

// onKey runs the command of a key, or says why it does nothing.
func (m *Model) onKey(k tea.KeyPressMsg) tea.Cmd {
	key := k.String()
	if m.layout.tooSmall { // nothing can be seen: only leaving makes sense
		switch key {
		case "q", "ctrl+c":
			return m.quitNow()
		case "ctrl+z":
			return m.run(m.table.byID["suspend"])
		}
		return nil
	}
	if m.help {
		if handled := m.helpKey(key); handled {
			return nil
		}
	}
	c := m.table.byKey[key]
	if m.asking != askNothing {
		switch {
		case key == "y" || key == "enter" || c != nil && (c.id == "quit" && m.asking == askStop || c.id == "open" && m.asking == askOpen):
			return m.confirmed()
		case key == "n" || key == "esc":
			m.asking = askNothing
			m.touch()
			return nil
		}
		m.asking = askNothing // any other key means what it means
		m.touch()
	}
	if c == nil {
		return m.say(tui.Note, tui.KeyName(key)+" does nothing here: ? lists every key")
	}
	return m.run(c)
}

// run runs a command, or says why it cannot.
func (m *Model) run(c *command) tea.Cmd {
	m.hush()
	if c.when != nil {
		if why := c.when(m); why != "" {
			return m.say(tui.Note, why)
		}
	}
	return c.run(m)
}

func needProbes(m *Model) string {
	if len(m.h.Probes) == 0 {
		return "no probe yet: the first one comes after the first step"
	}
	return ""
}

func needLayers(m *Model) string {
	if m.h.Info.Layers == 1 {
		return "this model has one layer"
	}
	return ""
}

func canSave(m *Model) string {
	switch {
	case m.src.live == nil:
		return "a replay has nothing to save; p writes a picture"
	case m.h.State == history.Ended:
		return "the training is over" + savedThen(m)
	case !m.src.live.Keeps():
		return "there is no folder to save into: train with --out"
	}
	return ""
}

func savedThen(m *Model) string {
	if m.src.live.Keeps() {
		return ": its last step is saved" + m.inPlace()
	}
	return ", and there is no folder to save into: train with --out"
}

// canLog is the reason of panels that have no scale to change.
func canLog(m *Model) string {
	switch m.focused() {
	case panelLoss, panelNorm, panelClasses, panelDelta:
		return ""
	case panelB, panelC:
		return "B and C have a sign: their scale is centred on 0. tab goes to Δ"
	}
	return "this panel has no scale to change: tab goes to loss, mean Δ, gradient norm or Δ"
}

func canGroup(m *Model) string {
	if !m.selecting && m.selected() == nil {
		return fmt.Sprintf("no channel selects yet (AUC > %g)", selects)
	}
	return ""
}
