package learn

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/tui"
	"mamba-tui/tui/learn/history"
	"mamba-tui/tui/theme"
)

// Model is the screen, and the only tea.Model.
type Model struct {
	src  source
	opt  Options
	done chan struct{} // closed when the program ends
	h    *history.History

	// What is shown.
	live      bool // the newest step
	at        int  // the step that is shown otherwise
	layer     int
	selecting bool // means are over the selecting channels
	focus     string
	zoom      string
	logs      map[string]bool

	// What goes on.
	asking    question
	stopping  bool
	quitting  bool
	wantsOpen bool
	wished    bool // paused, as far as the person knows
	playing   int  // numbers the replay under way; 0: none
	plays     int
	saves     int // checkpoints on request that were told

	// How it looks.
	w, h2  int
	dark   bool
	theme  *theme.Theme
	layout layout
	help   bool
	scroll int
	toast  toast
	ranges map[string]*extremes
	told   map[string]bool // errors that were told
	dirty  bool
	shown  tea.View
	draws  int // screens assembled, for tests
	table  *table
}

// question is what the person is asked once.
type question string

const (
	askNothing question = ""
	askStop    question = "stop"
	askOpen    question = "open"
)

// newModel makes the screen of a source.
func newModel(src source, o Options) *Model {
	m := &Model{
		src: src, opt: o.withDefaults(), done: make(chan struct{}), h: src.History, live: true, focus: panelDelta,
		logs: map[string]bool{}, ranges: map[string]*extremes{}, told: map[string]bool{},
		dark: o.Dark == nil || *o.Dark,
	}
	m.opt.Others = slices.DeleteFunc(slices.Clone(o.Others), func(n *history.Named) bool {
		return n == nil || n.History == nil || n.Info == nil || n.Info.Recipe.Task != src.Info.Recipe.Task
	})
	t, err := newTable(commands())
	if err != nil { // a test holds that the table has no clash
		panic("learn: two commands share a key")
	}
	m.table = t
	m.setTheme()
	return m
}

// root is the model that the program runs.
func (m *Model) root() tea.Model {
	if m.opt.wrap != nil {
		return m.opt.wrap(m)
	}
	return m
}

// Close ends the commands under way. It may be called once.
func (m *Model) Close() { close(m.done) }

func (m *Model) setTheme() {
	t, err := theme.New(tui.Depth(m.opt.Profile), m.dark, "viridis", "blue-red")
	if err != nil { // the names are constants of this package
		panic("learn: unknown colour map")
	}
	m.theme = t
	clear(m.ranges)
	m.touch()
}

// touch says that the screen has to be assembled again.
func (m *Model) touch() { m.dirty = true }

type (
	historyMsg struct{}
	playMsg    struct{ n int }
	toastMsg   struct{ n int }
	savedMsg   struct {
		base string
		err  error
	}
)

// Init starts listening to the training.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.listen(0)}
	if m.opt.Dark == nil {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if m.src.live == nil && m.h.Torn {
		cmds = append(cmds, m.say(tui.Note, "the log ends in the middle of a line: the run was interrupted there"))
	}
	return tea.Batch(cmds...)
}

// listen waits for a newer history; exactly one such command is under way, and
// it delivers no more often than pictures are drawn.
func (m *Model) listen(pause time.Duration) tea.Cmd {
	if m.src.live == nil {
		return nil
	}
	changed, done := m.src.live.Changed(), m.done
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
			return historyMsg{}
		case <-done:
			return nil
		}
	}
}

// after delivers a message later, unless the program ends first.
func (m *Model) after(d time.Duration, msg tea.Msg) tea.Cmd {
	done := m.done
	return func() tea.Msg {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			return msg
		case <-done:
			return nil
		}
	}
}

// Update handles one message.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h2 = msg.Width, msg.Height
		m.touch()
	case tea.BackgroundColorMsg:
		if m.opt.Dark == nil && m.dark != msg.IsDark() {
			m.dark = msg.IsDark()
			m.setTheme()
		}
	case tea.ColorProfileMsg:
		if m.opt.Profile != msg.Profile {
			m.opt.Profile = msg.Profile
			m.setTheme()
		}
	case tea.KeyPressMsg:
		return m, m.onKey(msg)
	case tea.MouseMsg:
		return m, m.onMouse(msg)
	case historyMsg:
		return m, m.onHistory()
	case playMsg:
		return m, m.onPlay(msg.n)
	case toastMsg:
		if msg.n == m.toast.n {
			m.hush()
		}
	case savedMsg:
		if msg.err != nil {
			return m, m.say(tui.Bad, "no picture: "+msg.err.Error())
		}
		return m, m.say(tui.Good, "saved "+msg.base+" as .png .svg .ansi")
	case tea.ResumeMsg:
		m.touch()
	case tui.SignalMsg:
		m.quitting = true
		return m, tea.Quit
	}
	return m, nil
}

// onHistory takes the newest history over and listens on.
func (m *Model) onHistory() tea.Cmd {
	before := m.h
	m.h = m.src.live.History()
	m.touch()
	if m.h.State == history.Ended && m.stopping {
		m.quitting = true
		return tea.Quit
	}
	return tea.Batch(m.tell(before), m.listen(time.Second/time.Duration(m.opt.FPS)))
}

// tell says what happened between two histories.
func (m *Model) tell(before *history.History) tea.Cmd {
	h := m.h
	switch {
	case h.Saved != m.saves && h.SaveErr != nil:
		m.saves = h.Saved
		return m.say(tui.Bad, "not saved: "+h.SaveErr.Error())
	case h.Saved != m.saves:
		m.saves = h.Saved
		return m.say(tui.Good, "saved step "+itoa(h.SavedStep)+m.inPlace())
	case h.LogErr != nil && !m.told["log"]:
		m.told["log"] = true
		return m.say(tui.Bad, "the log ends here: "+h.LogErr.Error())
	case h.State == history.Ended && before.State != history.Ended:
		m.asking = askNothing
		m.wished = false
		switch {
		case h.Err != nil:
			return m.say(tui.Bad, "the training failed: "+h.Err.Error())
		case h.Stopped:
			return m.say(tui.Note, "the training was stopped"+m.inPlace())
		}
		return m.say(tui.Good, "trained"+m.inPlace()+": o opens the model, space plays the run again")
	}
	return nil
}

func (m *Model) inPlace() string {
	if m.opt.Place == "" {
		return ""
	}
	return " in " + tui.OneLine(m.opt.Place)
}

// follows says that the newest step is shown.
func (m *Model) follows() bool { return m.live }

// shownStep is the step that is shown.
func (m *Model) shownStep() int {
	if m.live {
		return m.h.Step()
	}
	return m.at
}

// probe is the one that is shown, or nil.
func (m *Model) probe() *history.Probe {
	if i := m.probeIndex(); i >= 0 {
		return m.h.Probes[i]
	}
	return nil
}

func (m *Model) probeIndex() int {
	if m.live {
		return len(m.h.Probes) - 1
	}
	return m.h.ProbeAt(m.at)
}

// View returns the screen, assembled only when something on it changed.
func (m *Model) View() tea.View {
	if m.dirty || m.shown.Content == "" {
		m.dirty = false
		m.shown = tea.View{
			Content:     m.draw(),
			AltScreen:   true,
			MouseMode:   tea.MouseModeCellMotion,
			WindowTitle: "mamba-tui · learning " + tui.OneLine(m.src.Name),
		}
		if m.h.State != history.Ended {
			state := tea.ProgressBarDefault
			if m.h.State == history.Paused {
				state = tea.ProgressBarWarning
			}
			m.shown.ProgressBar = tea.NewProgressBar(state, 100*m.h.Step()/max(m.h.Steps(), 1))
		}
	}
	return m.shown
}
