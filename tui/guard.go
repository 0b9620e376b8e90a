package tui

import (
	"runtime/debug"

	tea "charm.land/bubbletea/v2"
)

// guard is the root model of the program: it recovers commands that panic.
// Bubble Tea does so too, but for commands of a batch it writes the stack
// before the terminal is restored, where nobody can read it.
type guard struct {
	tea.Model
	fall func(v any, stack []byte)
}

func (g *guard) Init() tea.Cmd { return g.wrap(g.Model.Init()) }

func (g *guard) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	_, cmd := g.Model.Update(msg)
	return g, g.wrap(cmd)
}

// wrap recovers a command, and those of the batch it may return.
func (g *guard) wrap(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if v := recover(); v != nil {
				g.fall(v, debug.Stack())
			}
		}()
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			wrapped := make(tea.BatchMsg, len(batch))
			for i, c := range batch {
				wrapped[i] = g.wrap(c)
			}
			return wrapped
		}
		return msg
	}
}
