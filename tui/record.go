package tui

import (
	"path/filepath"

	tea "charm.land/bubbletea/v2"
)

// Recorder writes what happens to a file. Its methods are called from
// goroutines of their own, but for Recording, which is called with every
// picture and must return at once.
type Recorder interface {
	// Start begins a recording and returns the file's name.
	Start() (file string, err error)
	// Stop ends it and says what was written, in one sentence.
	Stop() (summary string, err error)
	// Recording is the file that is being written, or "" when none is: also
	// after a recording has ended by itself.
	Recording() string
}

// recordMsg is what starting or stopping a recording came to.
type recordMsg struct {
	text string
	err  error
}

// canRecord is the reason where nothing can be recorded.
func canRecord(m *Model) string {
	if m.opt.Recorder == nil {
		return "recording is not available on this screen"
	}
	return ""
}

// toggleRecord starts or ends a recording, in the background.
func (m *Model) toggleRecord() tea.Cmd {
	r := m.opt.Recorder
	if m.recording() != "" {
		return func() tea.Msg {
			text, err := r.Stop()
			return recordMsg{text, err}
		}
	}
	return func() tea.Msg {
		file, err := r.Start()
		return recordMsg{"recording to " + file + ": R ends it", err}
	}
}

// onRecord says what came of it.
func (m *Model) onRecord(msg recordMsg) tea.Cmd {
	m.turn()
	if msg.err != nil {
		return m.say(bad, "recording: "+msg.err.Error())
	}
	return m.say(good, msg.text)
}

// recording is the file being written, or "".
func (m *Model) recording() string {
	if m.opt.Recorder == nil {
		return ""
	}
	return m.opt.Recorder.Recording()
}

// recordText is the badge of the status line.
func (m *Model) recordText() string {
	if file := m.recording(); file != "" {
		return "● REC " + oneLine(filepath.Base(file))
	}
	return ""
}
