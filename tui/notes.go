package tui

import (
	"fmt"
	"strings"

	"mamba-tui/tui/snapshot"
)

// maxNoted is how many tokens of a history a picture names.
const maxNoted = 2000

// notes are what a picture of the screen says of itself in its file: everything
// that one needs to know to make it again.
func (m *Model) notes() []snapshot.Note {
	f := m.frame
	notes := append([]snapshot.Note{
		{Name: "Software", Text: "mamba-tui " + m.opt.Version},
		{Name: "model", Text: fmt.Sprintf("%s (%s) on %s", f.Info.Card.Name, f.Info.Card.Kind, f.Info.Backend)},
	}, m.opt.Notes...)
	text := m.historyText()
	notes = append(notes, snapshot.Note{Name: "text", Text: text})
	tweaks := "none"
	if len(f.Tweaks) > 0 {
		var list []string
		for _, t := range f.Tweaks {
			s := t.Name() + " · " + t.Scope()
			if t.Off || f.TweaksHidden {
				s += " (off)"
			}
			list = append(list, s)
		}
		tweaks = strings.Join(list, "; ")
	}
	c := m.cursor
	notes = append(notes,
		snapshot.Note{Name: "tweaks", Text: tweaks},
		snapshot.Note{Name: "cursor", Text: fmt.Sprintf("token %d of branch %d, layer %d, channel %d, state %d", c.T, f.Branch.ID, c.Layer, c.D, c.N)})
	scale := fmt.Sprintf("colours %s, channels and states that share a cell: %s", m.seqMap, m.ctx.Opt.Reduction)
	if w := f.Clean; w != nil {
		l := w.Largest
		scale += fmt.Sprintf("; largest of layer %d so far: Δ %g, write %g, |B| %g, |C| %g, |h| %g", w.Layer, l.Delta, l.Write, l.B, l.C, l.H)
	}
	notes = append(notes, snapshot.Note{Name: "scale", Text: scale})
	if m.opt.Remake != nil {
		notes = append(notes, snapshot.Note{Name: "command", Text: m.opt.Remake(Scene{
			Text: text, Whole: f.Tokens.Len() <= maxNoted, Branch: f.Branch.ID, W: m.w, H: m.h, T: c.T, Keys: m.wayHere(), Dark: m.dark,
		})})
	}
	return notes
}

// Scene is a picture as a command line can make it again.
type Scene struct {
	Text   string // the history
	Whole  bool   // that is all of it
	Branch int
	T      int // the cursor's token
	W, H   int
	Keys   string // that lead to the changes, the view, the layer and, from the end, the token
	Dark   bool
}

// historyText is the history as one would type it, its newest part if it is
// long.
func (m *Model) historyText() string {
	f := m.frame
	n := f.Tokens.Len()
	var parts []string
	for i := max(0, n-maxNoted); i < n; i++ {
		parts = append(parts, f.TextOf(i))
	}
	sep := ""
	if f.Info.Texts == nil { // numbers
		sep = " "
	}
	return strings.Join(parts, sep)
}
