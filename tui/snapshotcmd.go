package tui

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"

	"mamba-tui/tui/snapshot"
)

// snapshotMsg is what writing the files came to.
type snapshotMsg struct {
	base string // path without its ending
	err  error
}

// picture is a screen to be written: text with escape codes and how to see it.
type picture struct {
	text  string
	w, h  int
	dark  bool
	title string
}

// takeSnapshot writes the picture as it is now, without toasts, in the
// background.
func (m *Model) takeSnapshot() tea.Cmd {
	what := m.view.String()
	if m.zoom != "" {
		what = m.zoom
	}
	p := picture{w: m.w, h: m.h, dark: m.dark,
		title: "mamba-tui: " + strings.ToLower(what) + " of " + oneLine(m.frame.Info.Card.Name)}
	m.hush()
	if m.zoom != "" {
		p.text = strings.Join(m.zoomedLines(), "\n")
		p.h = m.layout.Caption.Min.Y - m.layout.Status.Max.Y
	} else {
		p.text = m.draw()
	}
	dir, at := m.opt.SnapshotDir, m.opt.Now()
	name := "mamba-tui-" + strings.ToLower(what) + "-" + at.Format("20060102-150405")
	return func() tea.Msg {
		base, err := p.write(dir, name)
		return snapshotMsg{base, err}
	}
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

// write makes the three files next to each other and returns their common
// path. An existing file is never replaced; a name that is taken gets a number.
func (p picture) write(dir, name string) (string, error) {
	s := snapshot.Parse(p.text, p.w, p.h)
	o := snapshot.Options{Title: p.title, Scale: 2}
	if !p.dark {
		o.Foreground, o.Background = color.RGBA{0x20, 0x22, 0x2c, 0xff}, color.RGBA{0xfb, 0xfb, 0xf8, 0xff}
	}
	files := []struct {
		end   string
		write func(io.Writer) error
	}{
		{".png", func(w io.Writer) error { return snapshot.PNG(w, s, o) }},
		{".svg", func(w io.Writer) error { return snapshot.SVG(w, s, o) }},
		{".ansi", func(w io.Writer) error { return snapshot.ANSI(w, s) }},
	}
	for n := 1; ; n++ {
		base := filepath.Join(dir, name)
		if n > 1 {
			base = fmt.Sprintf("%s-%d", base, n)
		}
		taken := false
		for _, f := range files {
			if _, err := os.Lstat(base + f.end); err == nil {
				taken = true
			}
		}
		if taken && n < 1000 {
			continue
		}
		for _, f := range files {
			var b bytes.Buffer
			if err := f.write(&b); err != nil {
				return "", err
			}
			if err := create(base+f.end, b.Bytes()); err != nil {
				return "", err
			}
		}
		return base, nil
	}
}

// create writes a new file; half a file is not left behind.
func create(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}
