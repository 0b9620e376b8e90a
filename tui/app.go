package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/model"
	"mamba-tui/model/session"
	"mamba-tui/model/tokenizer"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/theme"
)

// Model is the whole screen, and the only tea.Model.
type Model struct {
	engine Engine
	opt    Options
	done   chan struct{} // closed when the program ends: no command outlives it

	// What is computed, and what was asked for.
	frame    *session.Frame
	asked    session.Look
	askNo    int                 // numbers the questions, so that a late answer is known as such
	held     bool                // the changed run is of an older list than what is in force
	stale    bool                // the picture is older than what was asked for, and it shows
	sent     int                 // tokens the history will have when what was typed is computed
	split    tokenizer.Tokenizer // the model's symbols; nil: tokens are numbers
	did      uint64              // number of the newest operation given to the engine
	errShown error
	notice   uint64

	// Where the reader is.
	view             View
	focus            string
	zoom             string
	over             overlay
	insert           bool
	key              string // the key being handled
	digits           string // insert mode of a model without symbols: the id being written
	cursor           panel.Cursor
	chosen           bool   // the reader chose a channel or state
	follow           bool   // live: the cursor is the newest token
	from             int    // first visible token while still
	measured, widest int    // tokens looked at, and the widest of their texts
	known            []bool // ids measured
	timeZm           int    // index into cellWidths
	strip            int    // how often the timeline's stretch was halved, in steps of four
	search           search

	// What is changed.
	knobs      []knob
	hand       hand
	difference bool // What-if shows the difference of the runs

	// Who moves the cursor.
	play  player
	intro intro
	tutor tutor

	// How it looks.
	w, h     int
	dark     bool
	seqMap   string
	theme    *theme.Theme
	ctx      panel.Context
	layout   Layout
	screen   *screen
	table    *table
	toast    toast
	dirty    bool // something on the screen changed
	relay    bool // something the layout depends on changed
	shown    tea.View
	renders  int // screens assembled, for tests
	quitting bool
}

// NewModel makes the screen's model. Run is what programs want; a test that
// drives Update itself calls Close when done.
func NewModel(e Engine, o Options) *Model {
	o = o.withDefaults()
	m := &Model{
		engine:     e,
		opt:        o,
		done:       make(chan struct{}),
		frame:      e.Frame(),
		focus:      "delta",
		follow:     true,
		knobs:      knobs(),
		dark:       o.Dark == nil || *o.Dark,
		seqMap:     "viridis",
		screen:     newScreen(),
		play:       player{speed: defaultSpeed},
		difference: true,
	}
	m.ctx.Opt = panel.Options{Reduction: "max"}
	m.sent = m.frame.Tokens.Len()
	m.notice = m.frame.NoticeSeq
	m.cursor.T = m.frame.Tokens.Len() - 1
	if o.At != nil && *o.At < m.cursor.T {
		m.follow, m.cursor.T = false, max(*o.At, 0)
	}
	if card := m.frame.Info.Card; len(card.Symbols) > 0 {
		t, err := tokenizer.For(card, m.frame.Info.Config.VocabSize)
		if err == nil { // an error is the session's to report: it reads the same card
			m.split = t
		}
	}
	t, err := newTable(commands())
	if err != nil { // a test holds that the table has no clash
		panic("tui: two commands share a key")
	}
	m.table = t
	m.setTheme()
	m.intro.on = o.Intro
	m.touch()
	return m
}

// Close ends the commands under way. It may be called once.
func (m *Model) Close() { close(m.done) }

// Init starts listening to the engine, asks for the background unless it is
// known, and begins with the prompt.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.listen(0), m.watchDevice()}
	if m.opt.Dark == nil {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if m.opt.Lesson != "" {
		cmds = append(cmds, m.openLesson(m.opt.Lesson))
	} else if m.frame.Tokens.Len() == 0 {
		cmds = append(cmds, m.begin())
	} else {
		m.intro.on = false
	}
	return tea.Batch(cmds...)
}

// begin plays the first prompt for a newcomer and loads it for everybody else.
func (m *Model) begin() tea.Cmd {
	text := m.opt.Prompt
	if text == "" && !m.opt.Blank {
		if list := m.prompts(); len(list) > 0 {
			text = list[0].Text
		}
	}
	if text == "" {
		m.intro.on = false
		return nil
	}
	if m.intro.on {
		return m.queuePrompt(text)
	}
	m.typeAt(session.End, text, session.FromPrompt)
	return nil
}

// prompts are what `p` offers.
func (m *Model) prompts() []model.Example {
	if m.opt.Prompts != nil {
		return m.opt.Prompts
	}
	return m.frame.Info.Card.Prompts
}

// touch says that the screen has to be assembled again.
func (m *Model) touch() { m.dirty = true }

// turn says that something panels draw from changed which neither the frame
// nor the cursor shows.
func (m *Model) turn() {
	m.ctx.Rev++
	m.relay = true
	m.touch()
}

// setTheme makes the theme for the depth, the background and the colour map.
func (m *Model) setTheme() {
	t, err := theme.New(depth(m.opt.Profile), m.dark, m.seqMap, "blue-red")
	if err != nil { // the names are constants of this package
		panic("tui: unknown colour map")
	}
	m.theme = t
	m.turn()
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
