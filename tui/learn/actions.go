package learn

import (
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/tui"
	"mamba-tui/tui/learn/history"
)

func itoa(n int) string { return strconv.Itoa(n) }

// toast is one short sentence about what a key did, or why it did nothing.
type toast struct {
	text string
	tone tui.Tone
	n    int // an old timer ends no newer one
}

// maxToast bounds what a toast holds: an error may quote a file.
const maxToast = 400

// say shows a toast for as long as it takes to read it.
func (m *Model) say(t tui.Tone, text string) tea.Cmd {
	text = tui.OneLine(text)
	if r := []rune(text); len(r) > maxToast {
		text = string(r[:maxToast]) + "…"
	}
	m.toast = toast{text: text, tone: t, n: m.toast.n + 1}
	m.touch()
	stay := 2500*time.Millisecond + time.Duration(len(text))*30*time.Millisecond
	if t == tui.Bad {
		stay *= 2
	}
	return m.after(stay, toastMsg{m.toast.n})
}

// hush ends the toast that is shown.
func (m *Model) hush() {
	if m.toast.text != "" {
		m.toast.text = ""
		m.touch()
	}
}

// active says that there is a training that has not ended.
func (m *Model) active() bool { return m.src.live != nil && m.h.State != history.Ended }

// pause stops the training or lets it go on; what is over is played again.
func (m *Model) pause() tea.Cmd {
	if !m.active() {
		return m.togglePlay()
	}
	if m.stopping {
		return m.say(tui.Note, "the training is being stopped")
	}
	m.wished = !m.wished
	m.src.live.Pause(m.wished)
	m.touch()
	return nil
}

// playGap is how long a probe stays when a run is played.
const playGap = 80 * time.Millisecond

// togglePlay walks through the probes by itself.
func (m *Model) togglePlay() tea.Cmd {
	if len(m.h.Probes) < 2 {
		return m.say(tui.Note, "there is nothing to play: the run has "+itoa(len(m.h.Probes))+" probes")
	}
	if m.playing != 0 {
		m.playing = 0
		m.touch()
		return nil
	}
	if m.live {
		m.live, m.at = false, m.h.Probes[0].Step
	}
	m.plays++
	m.playing = m.plays
	m.touch()
	return m.after(playGap, playMsg{m.playing})
}

// onPlay goes one probe on, until the last.
func (m *Model) onPlay(n int) tea.Cmd {
	if n != m.playing || n == 0 {
		return nil
	}
	i := m.probeIndex() + 1
	m.touch()
	if i >= len(m.h.Probes)-1 {
		m.live, m.playing = true, 0
		return nil
	}
	m.at = m.h.Probes[i].Step
	return m.after(playGap, playMsg{n})
}

// save asks for a checkpoint.
func (m *Model) save() tea.Cmd {
	m.src.live.Keep()
	return nil
}

// open leaves for the explorer; a training that goes on is stopped for it.
func (m *Model) open() tea.Cmd {
	if m.active() && !m.stopping {
		m.asking = askOpen
		m.touch()
		return nil
	}
	if m.h.Err != nil {
		return m.say(tui.Bad, "there is no model to open: the training failed")
	}
	m.wantsOpen = true
	return m.leave()
}

// quit asks once whether to stop; what is over needs no question.
func (m *Model) quit() tea.Cmd {
	if m.active() && !m.stopping {
		m.asking = askStop
		m.touch()
		return nil
	}
	return m.leave()
}

// confirmed does what was asked about.
func (m *Model) confirmed() tea.Cmd {
	m.wantsOpen = m.asking == askOpen
	return m.quitNow()
}

// quitNow stops the training; the screen stays until it has saved.
func (m *Model) quitNow() tea.Cmd {
	m.asking = askNothing
	m.touch()
	if m.active() && !m.stopping {
		m.stopping = true
		m.src.stop()
		return nil
	}
	if m.active() {
		return m.say(tui.Note, "the last step is being finished and saved")
	}
	return m.leave()
}

func (m *Model) leave() tea.Cmd {
	if m.active() {
		return m.say(tui.Note, "the last step is being finished and saved")
	}
	m.quitting = true
	return tea.Quit
}

// scrub walks through the probes; past the last one the screen is live again.
func (m *Model) scrub(by int) tea.Cmd {
	m.playing = 0
	i := m.probeIndex()
	if m.live && by > 0 {
		return m.say(tui.Note, "this is the newest step")
	}
	if !m.live && i == 0 && by < 0 {
		return m.say(tui.Note, "this is the first probe")
	}
	i += by
	m.live = i >= len(m.h.Probes)-1
	if !m.live {
		m.at = m.h.Probes[max(i, 0)].Step
	}
	m.touch()
	return nil
}

// goLive shows the newest step.
func (m *Model) goLive() tea.Cmd {
	if m.live {
		return m.say(tui.Note, "this is the newest step")
	}
	m.live, m.playing = true, 0
	m.touch()
	return nil
}

// focused is the panel that has the focus: the chosen one, or the first.
func (m *Model) focused() string {
	for _, p := range m.layout.places {
		if p.id == m.focus {
			return m.focus
		}
	}
	if len(m.layout.places) > 0 {
		return m.layout.places[0].id
	}
	return ""
}

// focusBy moves the focus among the panels on the screen; a zoom walks through
// all, also those the screen has no room for.
func (m *Model) focusBy(by int) tea.Cmd {
	ids := panelNames
	if m.zoom == "" {
		ids = nil
		for _, p := range m.layout.places {
			ids = append(ids, p.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	at := slices.Index(ids, m.focused())
	if m.zoom != "" {
		at = slices.Index(ids, m.zoom)
	}
	m.focus = ids[(at+by+len(ids))%len(ids)]
	if m.zoom != "" {
		m.zoom = m.focus
	}
	m.touch()
	return nil
}

// toggleZoom gives the focused panel the screen, or takes it back.
func (m *Model) toggleZoom() tea.Cmd {
	if m.zoom != "" {
		m.zoom = ""
	} else {
		m.zoom = m.focused()
	}
	m.touch()
	return nil
}

// toggleLog changes the scale of the focused panel.
func (m *Model) toggleLog() tea.Cmd {
	id := m.focused()
	m.logs[id] = !m.logs[id]
	m.touch()
	return nil
}

func (m *Model) toggleGroup() tea.Cmd {
	m.selecting = !m.selecting
	m.touch()
	return m.say(tui.Note, "means "+m.groupName())
}

func (m *Model) layerBy(by int) tea.Cmd {
	n := m.h.Info.Layers
	if next := m.layer + by; next < 0 || next >= n {
		return m.say(tui.Note, "there are "+itoa(n)+" layers")
	}
	m.layer += by
	m.touch()
	return nil
}

// takePicture writes the screen as it is, without toasts, in the background.
func (m *Model) takePicture() tea.Cmd {
	m.hush()
	pic := tui.Picture{Text: m.draw(), W: m.w, H: m.h2, Dark: m.dark,
		Title: "mamba-tui: learning " + tui.OneLine(m.src.Name) + ", step " + itoa(m.shownStep())}
	dir := m.opt.SnapshotDir
	name := "mamba-tui-learn-" + m.h.Info.Recipe.Task + "-" + m.opt.Now().Format("20060102-150405")
	return func() tea.Msg {
		base, err := pic.Save(dir, name)
		return savedMsg{base, err}
	}
}

func (m *Model) toggleHelp() tea.Cmd {
	m.help, m.scroll = !m.help, 0
	m.touch()
	return nil
}

// helpKey handles what keys mean while the help is open.
func (m *Model) helpKey(key string) bool {
	switch key {
	case "up":
		m.scroll--
	case "down":
		m.scroll++
	case "pgup":
		m.scroll -= 10
	case "pgdown":
		m.scroll += 10
	case "q":
		m.help = false
	default:
		return false
	}
	m.touch()
	return true
}

// out leaves one level: the question, the help, the zoom, the past.
func (m *Model) out() tea.Cmd {
	switch {
	case m.help:
		return m.toggleHelp()
	case m.zoom != "":
		return m.toggleZoom()
	case m.playing != 0:
		m.playing = 0
		m.touch()
		return nil
	case !m.live:
		return m.goLive()
	case strings.TrimSpace(m.toast.text) != "":
		m.hush()
		return nil
	}
	return m.say(tui.Note, "nothing to leave here; q "+m.quitWord()+"s")
}

// quitWord is what q does now.
func (m *Model) quitWord() string {
	if m.active() {
		return "stop"
	}
	return "quit"
}

func canSuspend(*Model) string {
	if runtime.GOOS == "windows" {
		return "this system cannot suspend a program"
	}
	return ""
}
