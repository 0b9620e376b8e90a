package tui

import (
	"image"
	"strings"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"mamba-tui/tui/heat"
	"mamba-tui/tui/snapshot"
	"mamba-tui/tui/theme"
)

// What follows is the explorer's look for the other screens of the program.

// Hint is one entry of a footer: keys and a word.
type Hint struct{ Keys, Word string }

// Footer draws the hints that fit into w cells; ? before any other.
func Footer(t *theme.Theme, hints []Hint, w int) string {
	list := make([]hint, len(hints))
	for i, h := range hints {
		list[i] = hint{h.Keys, h.Word}
	}
	return fill(paint(t, list, w), w)
}

// Box is a framed piece of text over the picture.
type Box struct {
	Title, Foot string
	Lines       []string // styled, at most the inner width
}

// Splice puts the box over the screen's lines, which are w cells wide, centred,
// and returns where.
func (b Box) Splice(t *theme.Theme, screen []string, w, inner int) image.Rectangle {
	x := box{title: b.Title, foot: b.Foot, lines: b.Lines}
	return x.splice(t, screen, w, inner)
}

// Good and Bad are how a toast is meant; Note is neither.
const (
	Note = note
	Good = good
	Bad  = bad
)

// Tone is how a toast is meant.
type Tone = tone

// Toast puts a short sentence at the right above the line at, over lines that
// are w cells wide.
func Toast(t *theme.Theme, lines []string, w, at int, tone Tone, text string) {
	room := w - 6
	parts := strings.Split(ansi.Wrap(text, room, ""), "\n")
	wide := 0
	for _, s := range parts {
		wide = max(wide, ansi.StringWidth(s))
	}
	wide = min(wide, room)
	for i, s := range parts {
		y := at - len(parts) + i
		if y < 1 {
			continue
		}
		s = t.Paint(tone.role(), "▌ ") + t.Paint(theme.Bar, fill(s, wide)+" ")
		lines[y] = over(lines[y], s, w-wide-3, wide+3, w)
	}
}

// Fill makes s, which may hold escape codes, exactly w cells wide.
func Fill(s string, w int) string { return fill(s, w) }

// OneLine makes text safe and single-lined; spaces stay spaces.
func OneLine(text string) string { return oneLine(text) }

// KeyName is a key as people read it.
func KeyName(key string) string { return keyName(key) }

// Depth is the heatmap encoding for a colour profile.
func Depth(p colorprofile.Profile) heat.Depth { return depth(p) }

// TooSmall is the screen of a w×h terminal that is smaller than MinWidth by
// MinHeight.
func TooSmall(w, h int) string { return tooSmall(w, h) }

// Picture is a screen to be written: text with escape codes and how to see it.
type Picture struct {
	Text  string
	W, H  int
	Dark  bool
	Title string
	Notes []snapshot.Note // what the file says of itself
}

// Screen are the picture's cells, and how they are drawn.
func (p Picture) Screen() (snapshot.Screen, snapshot.Options) { return p.screen() }
