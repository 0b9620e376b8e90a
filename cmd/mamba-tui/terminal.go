package main

import (
	"runtime"

	"github.com/charmbracelet/colorprofile"

	"mamba-tui/tui/theme"
)

// screenless says why the screen cannot be shown, or "".
func (a *app) screenless() string {
	switch term := a.getenv("TERM"); {
	case term == "dumb":
		return "TERM is dumb"
	case term == "" && runtime.GOOS != "windows": // where consoles set none
		return "TERM is not set"
	case !a.outTerm:
		return "standard output is not a terminal"
	case !a.inTerm:
		return "standard input is not a terminal"
	}
	return ""
}

// colours is the colour profile that a screen on this terminal uses, and why:
// what the environment announces, or more if the terminal's description or tmux
// speak for it.
func (a *app) colours() (colorprofile.Profile, string) {
	p, why := theme.Resolve(a.environ, true)
	if p != colorprofile.ANSI && p != colorprofile.ANSI256 {
		return p, why
	}
	if colorprofile.Terminfo(a.getenv("TERM")) == colorprofile.TrueColor {
		return colorprofile.TrueColor, "the terminal's description has RGB"
	}
	if a.outTerm && a.getenv("TMUX") != "" {
		if t := colorprofile.Tmux(a.environ); t > p {
			return t, "tmux says so"
		}
	}
	return p, why
}

// profileName is how many colours a profile has.
func profileName(p colorprofile.Profile) string {
	switch p {
	case colorprofile.TrueColor:
		return "truecolor"
	case colorprofile.ANSI256:
		return "256"
	case colorprofile.ANSI:
		return "16"
	}
	return "none"
}
