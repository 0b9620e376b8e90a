package panel

import (
	"slices"

	"mamba-tui/model/session"
	"mamba-tui/tui/theme"
)

// Panel is one rectangle of the screen: a plain struct, drawn from a Context,
// that keeps its lines until something it shows has changed.
type Panel interface {
	// ID names the panel for focus, zoom, snapshots and tests: "tokens",
	// "kept", "delta", "write", "b", "c", "htime", "h", "answer", "inspector",
	// "caption", "xray", "diverge", "tweaks", "inforce", "timeline".
	ID() string
	// SetSize sets the outer size in cells, title line included.
	SetSize(w, h int)
	// Lines returns exactly h lines, each exactly w cells wide, ending with a
	// reset. They must not be changed.
	Lines(c *Context) []string
	// Hit maps a cell of the panel to the cursor it stands for.
	Hit(c *Context, x, y int) (Cursor, bool)
}

// Sizer is a Panel that knows how many lines it can do with and how many show
// everything it has, at its current width. Every panel of this package is one.
type Sizer interface {
	Wants(c *Context) (least, best int)
}

// All makes one of every panel.
func All() []Panel {
	return []Panel{
		NewTokens(), NewKept(), NewDelta(), NewWrite(), NewB(), NewC(), NewHTime(), NewState(), NewAnswer(),
		NewInspector(), NewCaption(), NewXray(), NewDiverge(), NewTweaks(), NewInForce(), NewTimeline(),
		NewParity(), NewTiming(), NewMemory(), NewBackend(), NewDevice(),
	}
}

// Context is what panels draw from. Rev grows whenever Options, Knobs, Theme or
// Axis change in a way that Frame.Seq and Cursor do not show.
type Context struct {
	Frame  *session.Frame
	Cursor Cursor
	Axis   Axis
	Theme  *theme.Theme
	Opt    Options
	Knobs  Knobs     // of the tweak panel
	Steps  []float64 // the newest step times, µs a token
	Heap   uint64    // bytes of the program's heap; 0: not measured
	Device *Device   // the newest reading of the GPU; nil: none is in use
	Rev    uint64
	Focus  string // ID of the focused panel
	Stale  bool   // a newer result is being computed: draw dimmed
	Typing bool   // insert mode
}

// Cursor is the one linked cursor.
type Cursor struct{ T, Layer, D, N int }

// Axis maps tokens to columns; every time panel shares it, so that one token
// stands in one column from the ribbon down to h.
type Axis struct {
	Gutter int  // columns of labels at the left of every time panel
	Cols   int  // columns of data, to the right of the gutter
	CellW  int  // columns a token takes (≥ 1)
	From   int  // first visible token
	To     int  // one past the last visible token
	Sweep  bool // live: token t stands at slot t mod Slots, and the newest column is "now"
}

// Slots is the number of tokens that fit.
func (a Axis) Slots() int {
	if a.CellW < 1 {
		return 0
	}
	return a.Cols / a.CellW
}

// Slot is where token t is drawn, and whether it is visible.
func (a Axis) Slot(t int) (int, bool) {
	n := a.Slots()
	if n <= 0 || t < a.From || t >= a.To {
		return 0, false
	}
	if a.Sweep {
		return t % n, true
	}
	s := t - a.From
	return s, s < n
}

// TokenAt is the token drawn at data column x (gutter not included).
func (a Axis) TokenAt(x int) (int, bool) {
	n := a.Slots()
	if x < 0 || n <= 0 || x/a.CellW >= n {
		return 0, false
	}
	s := x / a.CellW
	t := a.From + s
	if a.Sweep {
		t = a.From - a.From%n + s
		if t < a.From {
			t += n
		}
	}
	return t, t >= a.From && t < a.To
}

// Options are what keys change about the picture, never about the model.
type Options struct {
	LaneMode  LaneMode
	Reduction string // heat.Reduction's name: "max", "mean", "rms", "topk"
	LogDelta  bool   // Δ on a log scale
	Frozen    bool   // ranges do not move
	Changed   bool   // show the changed run where both exist
	// Compare puts what the second run does to the answer into the caption.
	Compare bool
	// Difference makes the maps over time show the second run minus the first.
	Difference bool
	Channels   Channels
	State      int // n shown in h over time
}

// Channels is which channels the maps show.
type Channels uint8

// The choices of Channels.
const (
	// ChannelsAuto shows the named group alone where it is worth a picture: at
	// least 8 channels, at most half of all, the cursor's among them.
	ChannelsAuto Channels = iota
	ChannelsAll
	ChannelsGroup
)

// OnlyGroup is the channels that the maps show if they show a group of D
// alone, ascending; nil where they show all.
func OnlyGroup(c *Context, D int) []int {
	g := c.Frame.Group.Channels
	if len(g) == 0 || len(g) >= D || g[len(g)-1] >= D {
		return nil
	}
	_, has := slices.BinarySearch(g, c.Cursor.D)
	switch {
	case c.Opt.Channels == ChannelsGroup:
		return g
	case c.Opt.Channels == ChannelsAuto && has && len(g) >= 8 && 2*len(g) <= D:
		return g
	}
	return nil
}

// LaneMode is what the kept lane shows.
type LaneMode uint8

// Lane modes.
const (
	LaneKept      LaneMode = iota // ρ, weighted by what h held
	LaneRetention                 // unweighted mean exp(ΔA)
	LaneHalfLife                  // tokens
)
