package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model/tokenizer"
)

// table is the command table with its indexes.
type table struct {
	all   []command
	byKey [everywhere + 1]map[string]*command
	byID  map[string]*command
}

// newTable indexes the commands. Two commands of one scope with the same key
// are a mistake in this package.
func newTable(all []command) (*table, error) {
	t := &table{all: all, byID: make(map[string]*command, len(all))}
	for s := range t.byKey {
		t.byKey[s] = map[string]*command{}
	}
	for i := range all {
		c := &all[i]
		if t.byID[c.id] != nil {
			return nil, fmt.Errorf("tui: two commands are called %s", c.id)
		}
		t.byID[c.id] = c
		for _, k := range c.keys {
			for s := range t.byKey {
				if s != int(c.scope) && s != int(everywhere) && c.scope != everywhere {
					continue
				}
				if old := t.byKey[s][k]; old != nil {
					return nil, fmt.Errorf("tui: key %s means %s and %s (%s)", k, old.id, c.id, scope(s))
				}
			}
			t.byKey[c.scope][k] = c
		}
	}
	return t, nil
}

// find is what a key means in a scope; what holds everywhere comes first.
func (t *table) find(s scope, key string) *command {
	if c := t.byKey[everywhere][key]; c != nil {
		return c
	}
	return t.byKey[s][key]
}

// scope is where keys go at this moment.
func (m *Model) scope() scope {
	switch m.over.kind {
	case overHelp, overLesson:
		return inPage
	case overPalette, overPrompts, overMarks, overLessons:
		return inList
	case overBranches:
		return inBranches
	case overQuestion:
		return inQuestion
	case overGenerate:
		return inGenerate
	}
	switch {
	case m.insert:
		return inInsert
	case m.turning() && m.over.kind == overNone:
		return inTweaks
	}
	return inNormal
}

// onKey runs the command of a key, types it, or says why it does nothing.
func (m *Model) onKey(k tea.KeyPressMsg) tea.Cmd {
	key := k.String()
	m.key = key
	if m.layout.TooSmall { // nothing can be seen: only leaving makes sense
		switch key {
		case "q", "ctrl+c":
			return m.quit()
		case "ctrl+z":
			return m.runID("suspend")
		}
		return nil
	}
	s := m.scope()
	if s == inTweaks && k.Text != "" && m.handText(k.Text) {
		return nil
	}
	if c := m.table.find(s, key); c != nil {
		return m.run(c)
	}
	switch {
	case s == inInsert && k.Text != "":
		return m.insertKey(k.Text)
	case s == inInsert:
		return m.say(note, keyName(key)+" is not text here: esc leaves insert mode")
	case s == inList && k.Text != "":
		m.over.filter += k.Text
		m.filterChanged()
		return nil
	case s == inQuestion && k.Text != "":
		return m.questionText(k.Text)
	case s == inQuestion:
		return m.say(note, keyName(key)+" does nothing in this line: enter takes it, esc closes")
	case s == inTweaks:
		if c := m.table.find(inNormal, key); c != nil {
			return m.run(c)
		}
	case s == inBranches:
		return m.say(note, keyName(key)+" does nothing in this list: enter switches, c compares, esc closes")
	case s == inGenerate:
		// A command of the normal mode ends generating.
		if c := m.table.find(inNormal, key); c != nil {
			m.over = overlay{}
			return tea.Batch(m.stop(""), m.run(c))
		}
	case m.over.kind == overLesson:
		return m.say(note, keyName(key)+" does nothing in this page: esc closes it")
	case s == inPage:
		return m.say(note, keyName(key)+" does nothing in the help: esc closes it")
	case s == inList:
		return m.say(note, keyName(key)+" does nothing in this list: enter takes, esc closes")
	}
	return m.say(note, keyName(key)+" does nothing here: ? lists every key")
}

// runID runs a command by name.
func (m *Model) runID(id string) tea.Cmd { return m.run(m.table.byID[id]) }

// run runs a command, or says why it cannot.
func (m *Model) run(c *command) tea.Cmd {
	m.hush()
	if c.when != nil {
		if why := c.when(m); why != "" {
			return m.say(note, why)
		}
	}
	if stopsPlay[c.id] {
		m.stop("")
	}
	cmd := c.run(m)
	return tea.Batch(cmd, m.intro.pressed(m, c.id))
}

// stopsPlay are the commands that take time into the reader's own hand.
var stopsPlay = map[string]bool{
	"left": true, "right": true, "page-back": true, "page-next": true,
	"home": true, "event-back": true, "event-next": true,
	"search-back": true, "search-next": true,
}

// keyName is a key as people read it.
func keyName(key string) string {
	switch key {
	case "shift+left":
		return "shift+←"
	case "shift+right":
		return "shift+→"
	case "left":
		return "←"
	case "right":
		return "→"
	case "up":
		return "↑"
	case "down":
		return "↓"
	}
	return tokenizer.Visible(key)
}

// keysDoc is assets/docs/keys.md, generated from the table.
func keysDoc(all []command) string {
	var b strings.Builder
	b.WriteString("# Keys\n\nGenerated from the command table (tui/commands.go) by `go generate ./tui`.\n" +
		"Inside the program `?` shows the same list and `ctrl+p` finds a command by its name.\n")
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n| Key | What it does |\n|---|---|\n", g)
		for _, c := range all {
			if c.group != g {
				continue
			}
			names := make([]string, len(c.keys))
			for i, k := range c.keys {
				names[i] = "`" + keyName(k) + "`"
			}
			key := strings.Join(names, " ")
			if key == "" {
				key = "(`ctrl+p`)"
			}
			fmt.Fprintf(&b, "| %s | %s |\n", key, strings.ReplaceAll(c.title, "|", "\\|"))
		}
	}
	return b.String()
}
