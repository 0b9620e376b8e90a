package main

import (
	"runtime"

	"github.com/charmbracelet/colorprofile"
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

// colours is the colour profile that the screen would use, and why. It is the
// best that the environment, the terminal's description and tmux speak for.
// Unlike colorprofile.Detect it takes any value of NO_COLOR for yes, as
// no-color.org has it.
func (a *app) colours() (colorprofile.Profile, string) {
	term := a.getenv("TERM")
	switch {
	case term == "dumb":
		return colorprofile.NoTTY, "TERM is dumb"
	case a.getenv("NO_COLOR") != "":
		return colorprofile.ASCII, "NO_COLOR is set"
	}
	p, why := colorprofile.Env(a.environ), "TERM is "+quote(term)
	if c := a.getenv("COLORTERM"); c != "" {
		why += " and COLORTERM is " + quote(c)
	}
	if p < colorprofile.TrueColor && colorprofile.Terminfo(term) == colorprofile.TrueColor {
		p, why = colorprofile.TrueColor, "the terminal's description has RGB"
	}
	if p < colorprofile.TrueColor && a.outTerm && a.getenv("TMUX") != "" {
		if t := colorprofile.Tmux(a.environ); t > p {
			p, why = t, "tmux says so"
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
