package tui

import (
	"image/color"
	"strings"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/tui/snapshot"
)

// snapshotMsg is what writing the files came to.
type snapshotMsg struct {
	base string // path without its ending
	err  error
}

// takeSnapshot writes the picture as it is now, without toasts, in the
// background.
func (m *Model) takeSnapshot() tea.Cmd {
	p := m.picture()
	dir, at := m.opt.SnapshotDir, m.opt.Now()
	name := "mamba-tui-" + m.subject() + "-" + at.Format("20060102-150405")
	return func() tea.Msg {
		base, err := p.Save(dir, name)
		return snapshotMsg{base, err}
	}
}

// subject is what the screen shows: the panel when it is zoomed, else the view.
func (m *Model) subject() string {
	if m.zoom != "" {
		return m.zoom
	}
	return strings.ToLower(m.view.String())
}

// picture is the screen as it is now, without toasts; of a zoomed panel it is
// the panel alone.
func (m *Model) picture() Picture {
	m.hush()
	p := Picture{W: m.w, H: m.h, Dark: m.dark, Title: "mamba-tui: " + m.subject() + " of " + oneLine(m.frame.Info.Card.Name), Notes: m.notes()}
	if m.zoom != "" {
		p.Text = strings.Join(m.zoomedLines(), "\n")
		p.H = m.layout.Caption.Min.Y - m.layout.Status.Max.Y
	} else {
		p.Text = m.draw()
	}
	return p
}

// zoomedLines are the lines between the status and the caption.
func (m *Model) zoomedLines() []string {
	m.draw()
	return m.screen.lines[m.layout.Status.Max.Y:m.layout.Caption.Min.Y]
}

// onSnapshot says where the files are, or why there are none.
func (m *Model) onSnapshot(msg snapshotMsg) tea.Cmd {
	if msg.err != nil {
		return m.say(bad, "no snapshot: "+msg.err.Error())
	}
	return m.say(good, "saved "+msg.base+" as .png .svg .ansi")
}

// screen is the picture's cells, and how they are drawn.
func (p Picture) screen() (snapshot.Screen, snapshot.Options) {
	o := snapshot.Options{Title: p.Title, Scale: 2, Notes: p.Notes}
	if !p.Dark {
		o.Foreground, o.Background = color.RGBA{0x20, 0x22, 0x2c, 0xff}, color.RGBA{0xfb, 0xfb, 0xf8, 0xff}
	}
	return snapshot.Parse(p.Text, p.W, p.H), o
}

// Save writes the picture to dir as name.png, .svg and .ansi and returns their
// common path. An existing file is never replaced: a name that is taken gets a
// number.
func (p Picture) Save(dir, name string) (base string, err error) {
	s, o := p.screen()
	return snapshot.SaveAll(dir, name, s, o)
}

// Encode is the picture in one format.
func (p Picture) Encode(kind snapshot.Kind) ([]byte, error) {
	s, o := p.screen()
	return snapshot.Encode(s, kind, o)
}
