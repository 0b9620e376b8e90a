package tui

import (
	"io"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"mamba-tui/model"
	"mamba-tui/model/lesson"
	"mamba-tui/tui/heat"
	"mamba-tui/tui/panel"
	"mamba-tui/tui/snapshot"
)

// Options say how the screen starts. The zero value is a dark truecolor screen
// on the process's terminal.
type Options struct {
	// Prompt is the history to start with, if the session has none yet; empty
	// is the first of Prompts.
	Prompt string
	// Blank starts with an empty history instead.
	Blank bool
	// At is the token that the cursor begins at, in a session that has a history;
	// nil is the newest.
	At *int
	// Prompts are offered by `p`; nil offers those of the model's card.
	Prompts []model.Example
	// Intro plays the prompt and leads through four keys.
	Intro bool
	// Strict refuses characters outside the model's alphabet.
	Strict bool

	// Recorder is what `R` starts and stops; nil: nothing can be recorded.
	Recorder Recorder

	// Device is the newest reading of the GPU that the model computes on, and
	// whether there is one just now; nil: it computes elsewhere. It must not wait.
	Device func() (panel.Device, bool)

	// Lesson is the one to begin with, by name; "" is none. Language is that of
	// lessons; "" is English.
	Lesson   string
	Language lesson.Language
	// Reopen is told of a lesson that was chosen and is about another model; the
	// screen then ends, and the program opens it. nil: the screen cannot.
	Reopen func(lesson string)

	// Profile is what colours the terminal can show; 0 is TrueColor.
	Profile colorprofile.Profile
	// Dark is the background; nil asks the terminal and assumes dark until it
	// answers.
	Dark *bool
	// FPS bounds how often computed frames are taken over; 0 is 30.
	FPS int
	// SnapshotDir is where `s` writes; empty is the working directory.
	SnapshotDir string
	// Badge stands in the status line: that the screen shows a recording, and how
	// it compares with what is computed.
	Badge string
	// Notes are added to what a picture says of itself in its file, and Remake is
	// the command that makes one again; nil leaves it out.
	Notes  []snapshot.Note
	Remake func(Scene) string
	// Version stands in the help.
	Version string

	// Input and Output replace the process's terminal; nil keeps it.
	Input  io.Reader
	Output io.Writer
	// Stderr receives the stack of a panic after the terminal is restored; nil
	// is the process's.
	Stderr io.Writer
	// Now is the clock of names and of mouse coalescing; nil is time.Now.
	Now func() time.Time
	// Tea is appended to the options of the Bubble Tea program.
	Tea []tea.ProgramOption

	// wrap lets tests put a model of their own around the screen's.
	wrap func(tea.Model) tea.Model
	// started lets tests hold the program before it runs.
	started func(*tea.Program)
	// heap measures the program's memory; nil reads the runtime.
	heap func() uint64
	// exit ends the process when nothing else does; nil is os.Exit.
	exit func(code int)
}

// defaultFPS keeps up with a held key and a full repaint of a big terminal under
// a third of a core.
const defaultFPS = 30

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Profile == colorprofile.Unknown {
		o.Profile = colorprofile.TrueColor
	}
	if o.FPS <= 0 {
		o.FPS = defaultFPS
	}
	if o.exit == nil {
		o.exit = os.Exit
	}
	if o.heap == nil {
		o.heap = heapBytes
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// depth is the heatmap encoding for a colour profile.
func depth(p colorprofile.Profile) heat.Depth {
	switch p {
	case colorprofile.TrueColor:
		return heat.TrueColor
	case colorprofile.ANSI256:
		return heat.ANSI256
	case colorprofile.ANSI:
		return heat.ANSI16
	}
	return heat.Mono
}
