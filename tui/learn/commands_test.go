package learn

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/tui"
	"mamba-tui/tui/learn/history"
)

// No two commands share a key, an id, or have none.
func TestNoTwoKeysClash(t *testing.T) {
	if _, err := newTable(commands()); err != nil {
		t.Fatal(err)
	}
	for _, extra := range []command{{id: "extra", keys: []string{"q"}}, {id: "quit", keys: []string{"f9"}}} {
		if _, err := newTable(append(commands(), extra)); err == nil {
			t.Errorf("%+v was taken", extra)
		}
	}
	for _, c := range commands() {
		if len(c.keys) == 0 || c.run == nil || c.title == "" || !slices.Contains(groups, c.group) {
			t.Errorf("command %s is not complete", c.id)
		}
	}
}

// The keys of the screen's description never change their meaning.
func TestFixedKeys(t *testing.T) {
	tab, err := newTable(commands())
	if err != nil {
		t.Fatal(err)
	}
	for key, id := range map[string]string{
		"space": "pause", "s": "save", "q": "quit", "o": "open", "left": "left", "right": "right", "end": "end",
		"tab": "panel-next", "z": "zoom", "l": "log", "?": "help", "p": "picture", "esc": "out", "ctrl+c": "quit-now", "ctrl+z": "suspend",
	} {
		if c := tab.byKey[key]; c == nil || c.id != id {
			t.Errorf("%s means %v, want %s", key, c, id)
		}
	}
}

// still is the model of a finished run, drawn once.
func still(t testing.TB, run *history.Named, w, h int, o Options) *Model {
	dark := true
	o.Dark = &dark
	m := newModel(source{Named: *run}, o)
	t.Cleanup(m.Close)
	m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	m.draw()
	return m
}

// The help lists every command; the footer names only commands of the table.
func TestHelpAndFooter(t *testing.T) {
	m := still(t, recorded(t), 100, 60, Options{})
	m.Update(keyMsg("?"))
	text := plain(m.draw())
	for _, c := range commands() {
		for _, k := range c.keys {
			if !strings.Contains(text, tui.KeyName(k)) || !strings.Contains(text, strings.Fields(c.title)[0]) {
				t.Errorf("the help does not list %s (%s)", k, c.title)
			}
		}
	}
	m.Update(keyMsg("esc"))
	if m.help {
		t.Error("esc does not close the help")
	}
	words := []string{"go on", "play", "quit", "live", "back", "next panel"}
	for _, c := range commands() {
		words = append(words, c.short)
	}
	for _, h := range m.hints() {
		if !slices.Contains(words, h.Word) {
			t.Errorf("the footer says %q, which no command is called", h.Word)
		}
	}
}

// Every key of a keyboard does something or says why it does not.
func TestEveryKeyAnswers(t *testing.T) {
	var keys []string
	for c := '!'; c <= '~'; c++ {
		keys = append(keys, string(c))
	}
	keys = append(keys, "space", "up", "down", "left", "right", "home", "end", "pgup", "pgdown", "enter", "esc", "tab", "f5", "ctrl+x", "shift+tab")
	for _, key := range keys {
		m := still(t, recorded(t), 100, 30, Options{SnapshotDir: t.TempDir()})
		before := m.draw()
		_, cmd := m.Update(keyMsg(key))
		if m.draw() == before && cmd == nil {
			t.Errorf("%s did nothing and said nothing", key)
		}
	}
}
